/*-------------------------------------------------------------------------
 *
 * registers.c
 *		The estimate that a HyperLogLog's registers give; see registers.h.
 *
 * src/sketch/registers.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "sketch/registers.h"

/* x + sum of x^(2^k) * 2^(k-1) */
static double
sigma(double x)
{
	double		y = 1;
	double		z = x;
	double		last;

	if (x >= 1)
		return INFINITY;
	do
	{
		x *= x;
		last = z;
		z += x * y;
		y += y;
	} while (z > last);
	return z;
}

/* (1 - x - sum of (1 - x^(2^-k))^2 * 2^-k) / 3 */
static double
tau(double x)
{
	double		y = 1;
	double		z = 1 - x;
	double		last;

	if (x <= 0 || x >= 1)
		return 0;
	do
	{
		x = sqrt(x);
		last = z;
		y /= 2;
		z -= (1 - x) * (1 - x) * y;
	} while (z < last);
	return z / 3;
}

double
olap_registers_estimate(const uint32 *counts, int max_rank, double m)
{
	double		sum = m * tau(1 - counts[max_rank] / m);

	for (int k = max_rank - 1; k > 0; k--)
		sum = 0.5 * (sum + counts[k]);
	sum += m * sigma(counts[0] / m);
	return isinf(sum) ? 0 : 0.5 / log(2) * m * m / sum;
}

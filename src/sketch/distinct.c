/*-------------------------------------------------------------------------
 *
 * distinct.c
 *		About how many distinct values there are; see distinct.h.
 *
 * src/sketch/distinct.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "sketch/distinct.h"

/* Greatest rank with 2,048 registers; after folding, 4 more. */
#define MAX_RANK (64 - OLAP_DISTINCT_BITS + 1)
#define FOLD_BITS (OLAP_DISTINCT_BITS - OLAP_DISTINCT_KEPT_BITS)
#define MAX_NIBBLE 15

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

/* Algorithm 6 of Ertl 2017. */
static double
estimate(const uint8 *registers, int m, int max_rank)
{
	uint32		counts[MAX_RANK + FOLD_BITS + 1] = {0};
	double		sum;

	for (int i = 0; i < m; i++)
		counts[Min(registers[i], max_rank)]++;
	sum = m * tau(1 - (double) counts[max_rank] / m);
	for (int k = max_rank - 1; k > 0; k--)
		sum = 0.5 * (sum + counts[k]);
	sum += m * sigma((double) counts[0] / m);
	return isinf(sum) ? 0 : 0.5 / log(2) * m * m / sum;
}

double
olap_distinct_estimate(const OlapDistinct *d)
{
	return estimate(d->registers, OLAP_DISTINCT_REGISTERS, MAX_RANK);
}

double
olap_distinct_kept_estimate(const OlapDistinctKept *kept)
{
	return estimate(kept->registers, OLAP_DISTINCT_KEPT, MAX_RANK + FOLD_BITS);
}

/* A register of fewer: the index bits that go are the first bits of the rest. */
static uint8
fold(const uint8 *registers)
{
	uint8		most = 0;

	for (int i = 0; i < 1 << FOLD_BITS; i++)
	{
		uint8		rank;

		if (registers[i] == 0)
			continue;
		rank = i == 0 ? registers[i] + FOLD_BITS
			: (uint8) (__builtin_clz(i) - (32 - FOLD_BITS) + 1);
		most = Max(most, rank);
	}
	return most;
}

void
olap_distinct_pack(const OlapDistinct *d, OlapDistinctPacked *packed)
{
	uint8		kept[OLAP_DISTINCT_KEPT];

	memset(packed, 0, sizeof(*packed));
	packed->base = PG_UINT8_MAX;
	for (int i = 0; i < OLAP_DISTINCT_KEPT; i++)
	{
		kept[i] = fold(d->registers + (i << FOLD_BITS));
		packed->base = Min(packed->base, kept[i]);
	}
	for (int i = 0; i < OLAP_DISTINCT_KEPT; i++)
	{
		uint8		above = Min(kept[i] - packed->base, MAX_NIBBLE);

		packed->nibbles[i / 2] |= (uint8) (above << i % 2 * 4);
	}
}

void
olap_distinct_merge(OlapDistinctKept *kept, const OlapDistinctPacked *packed)
{
	for (int i = 0; i < OLAP_DISTINCT_KEPT; i++)
	{
		int			rank = packed->base +
			(packed->nibbles[i / 2] >> i % 2 * 4 & MAX_NIBBLE);

		if (rank > kept->registers[i])
			kept->registers[i] = (uint8) Min(rank, MAX_RANK + FOLD_BITS);
	}
}

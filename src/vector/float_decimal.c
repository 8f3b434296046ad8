/*-------------------------------------------------------------------------
 *
 * float_decimal.c
 *		Floats as numeric(precision, scale) without their text.
 *
 * The server prints a float with D significant digits (15, or 6 of a real),
 * reads the text and rounds it to the scale, halves away from zero.  Rounded
 * twice, what matters is on which side of a tie the printed value lies.
 *
 * Let x >= 0 be the float, X = x * 10^scale exactly, a the double nearest to X,
 * Y the printed value times 10^scale, and g the distance at which printed values
 * of x's decade lie, times 10^scale.  Then
 *
 *	|a - X| <= 1.2e-16 a	one rounding: 10^scale is a double up to 10^22;
 *							a <= 10^-290, where doubles get coarse, is
 *							nowhere near a tie
 *	|Y - X| <= g / 2		printf() rounds correctly
 *	10^-D X < g <= 10^(1-D) X
 *
 * Let h be the distance of a from the next tie (a number with the fraction .5).
 * Both h and the fraction are exact, or off by less than 1.2e-16 where a is
 * small and no tie near; a fused multiply-add only makes them better.
 *
 * 1. h > far a with far = 7e-15 (D = 15) or 5.1e-6 (D = 6): Y is on the same side
 *	  of the tie as a, as |Y - a| <= 5 * 10^-D X + 1.2e-16 a < far a.
 * 2. h <= tiny a with tiny = 3e-16 (D = 15) or 4e-7 (D = 6), and a < 10^(D-1):
 *	  then g <= 0.1 is a power of 10, so the tie itself is a number that can be
 *	  printed, and X is nearer to it than g / 2 > 5 * 10^(-D-1) X:
 *	  3e-16 + 1.2e-16 < 5e-16.  So Y is the tie.
 * 3. Else (or a >= 10^(D-1), where ties can't be told by 2), the D digits
 *	  themselves are computed, a row at a time.
 *
 * Numbers that were decimals of few digits before they became floats are all
 * decided by 1 and 2.
 *
 * src/vector/float_decimal.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "base/kernel.h"
#include "vector/float_decimal.h"

#define MAX_POWER 22			/* the greatest power of 10 that is a double */
#define MAX_SHIFT 18			/* ... that is an int64 */

/* The row is to be looked at by itself. */
#define UNDECIDED PG_INT64_MIN

/*
 * 2^52: added to a double below that, it leaves the integer nearest to it in the
 * low bits of the sum.
 */
#define MAGIC 4503599627370496.0
#define MAGIC_MASK ((INT64CONST(1) << 52) - 1)

static const double powers[MAX_POWER + 1] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13,
	1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
};

/* Cases 1 and 2; returns how many rows are left. */
#define FLOAT_DECIMAL(name, ctype, far, tiny, bound) \
OLAP_KERNEL static uint32 \
name(int64 *restrict out, const ctype *restrict values, uint32 n, \
	 double power, double limit) \
{ \
	uint32		left = 0; \
	for (uint32 i = 0; i < n; i++) \
	{ \
		double		x = (double) values[i]; \
		double		a = fabs(x) * power; \
		double		whole = (a + MAGIC) - MAGIC; \
		double		fraction = a - whole; \
		double		h = 0.5 - fabs(fraction); \
		bool		tie = h <= a * (tiny); \
		bool		known = (a < (bound)) & (tie | (h > a * (far))); \
		double		rounded = whole + ((tie & (fraction > 0)) ? 1.0 : 0.0); \
		double		sum = rounded + MAGIC; \
		int64		bits; \
		memcpy(&bits, &sum, sizeof(bits)); \
		bits &= MAGIC_MASK; \
		known &= rounded < limit; \
		bits = x < 0 ? -bits : bits; \
		out[i] = known ? bits : UNDECIDED; \
		left += !known; \
	} \
	return left; \
}

FLOAT_DECIMAL(f64_loop, double, 7e-15, 3e-16, 1e14)
FLOAT_DECIMAL(f32_loop, float, 5.1e-6, 4e-7, 1e5)

/*
 * x > 0 is coefficient / 10^exponent when printed with so many digits.  Here q,
 * x with all of them in front of the point, is off by 1.2e-16 q at most, so the
 * nearest integer is known if q is further than that from a tie.  Where q is
 * taken for the wrong decade it is that close to a power of 10, which then is
 * what is printed.
 */
static bool
digits_by_product(double x, int digits, int64 *coefficient, int *exponent)
{
	int			e2;
	int			k;
	double		q;
	double		nearest;

	(void) frexp(x, &e2);
	k = digits - 1 - (int) floor((e2 - 1) * 0.30102999566398120);
	for (int tries = 0;; tries++)
	{
		if (k < -MAX_POWER || k > MAX_POWER || tries > 2)
			return false;
		q = k >= 0 ? x * powers[k] : x / powers[-k];
		if (q >= powers[digits])
			k--;
		else if (q < powers[digits - 1])
			k++;
		else
			break;
	}
	nearest = rint(q);
	*coefficient = (int64) nearest;
	*exponent = k;
	return 0.5 - fabs(q - nearest) > q * 1.2e-16;
}

/* The same by printing. */
static void
digits_by_text(double x, int digits, int64 *coefficient, int *exponent)
{
	char		text[64];
	char	   *p = text;

	snprintf(text, sizeof(text), "%.*e", digits - 1, x);
	*coefficient = 0;
	for (; *p != 'e'; p++)
		if (*p != '.')
			*coefficient = *coefficient * 10 + (*p - '0');
	*exponent = digits - 1 - atoi(p + 1);
}

/* Case 3; false if the server is to be asked. */
static bool
decide_row(double x, int digits, int scale, int64 limit, int64 *out)
{
	int64		value;
	int64		power = 1;
	int			exponent;
	int			shift;

	if (isnan(x) || isinf(x))
		return false;
	*out = 0;
	if (x == 0)
		return true;
	if (!digits_by_product(fabs(x), digits, &value, &exponent))
		digits_by_text(fabs(x), digits, &value, &exponent);
	shift = scale - exponent;
	if (shift > MAX_SHIFT)
		return false;
	if (shift < -MAX_SHIFT)
		return true;
	for (int i = 0; i < abs(shift); i++)
		power *= 10;
	if (shift < 0)
		value = (value + power / 2) / power;
	else if (__builtin_mul_overflow(value, power, &value))
		return false;
	if (value >= limit)
		return false;
	*out = x < 0 ? -value : value;
	return true;
}

static inline bool
is_null(const uint64 *valid, uint32 row)
{
	return valid != NULL && ((valid[row >> 6] >> (row & 63)) & 1) == 0;
}

/* The rows that a loop left. */
#define DECIDE_ROWS(name, loop, ctype, digits) \
bool \
name(int64 *out, const ctype *values, const uint64 *valid, uint32 n, \
	 int scale, int64 limit) \
{ \
	if (loop(out, values, n, powers[scale], (double) limit) == 0) \
		return true; \
	for (uint32 i = 0; i < n; i++) \
	{ \
		if (out[i] != UNDECIDED) \
			continue; \
		if (is_null(valid, i)) \
			out[i] = 0; \
		else if (!decide_row(values[i], digits, scale, limit, &out[i])) \
			return false; \
	} \
	return true; \
}

DECIDE_ROWS(olap_decimal_from_f32, f32_loop, float, FLT_DIG)
DECIDE_ROWS(olap_decimal_from_f64, f64_loop, double, DBL_DIG)

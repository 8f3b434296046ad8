/*-------------------------------------------------------------------------
 *
 * decimal_float.c
 *		Floats that are decimals at heart, as whole numbers.
 *
 * Prices and ratios reach a float column through decimal text, so value * 10^e
 * is a whole number for a small e, and whole number / 10^e gives the same float
 * back: division is correctly rounded, and 10^e is exact up to e = 22.  Rows for
 * which it does not (other numbers, -0, NaN, infinities) are kept aside bit for
 * bit.
 *
 * Source: Afroozeh, Kuffo & Boncz 2023, "ALP: Adaptive lossless floating-point
 * compression".  Division takes the place of ALP's second factor: the exponent
 * alone is then enough, at the price of a slower but still vectorized decoder.
 *
 * src/codec/decimal_float.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/kernel.h"
#include "codec/codec_internal.h"

#define MAX_EXPONENT 15
#define SAMPLE 256
/* Whole numbers beyond this may not be exact. */
#define MAX_WHOLE 4503599627370496.0

static const double powers[MAX_EXPONENT + 1] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7,
	1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
};

/* Adding and subtracting this rounds to a whole number (below 2^51). */
#define ROUNDER 6755399441055744.0

/*
 * The whole number for value, and whether it gives the same bits back.  The
 * comparison of bits refuses -0 and NaN as well.
 */
#define ENCODE_ONE(ftype, btype) \
static inline bool \
encode_##ftype(ftype value, double power, int64 *whole) \
{ \
	double		scaled = (double) value * power; \
	double		rounded; \
	ftype		back; \
	btype		a; \
	btype		b; \
\
	if (!(scaled > -MAX_WHOLE / 2 && scaled < MAX_WHOLE / 2)) \
		return false; \
	rounded = (scaled + ROUNDER) - ROUNDER; \
	*whole = (int64) rounded; \
	back = (ftype) ((double) *whole / power); \
	memcpy(&a, &value, sizeof(a)); \
	memcpy(&b, &back, sizeof(b)); \
	return a == b; \
}

ENCODE_ONE(double, uint64)
ENCODE_ONE(float, uint32)

static inline bool
encode_row(const OlapVector *v, uint32 row, double power, int64 *whole)
{
	if (v->phys == OLAP_PHYS_F32)
		return encode_float(((const float *) v->values)[row], power, whole);
	return encode_double(((const double *) v->values)[row], power, whole);
}

int
olap_alp_exponent(const OlapVector *v)
{
	uint32		m = Min(v->n, SAMPLE);
	uint32		best = m - m / 8;
	int			exponent = -1;

	for (int e = 0; e <= MAX_EXPONENT; e++)
	{
		uint32		good = 0;
		int64		whole;

		for (uint32 k = 0; k < m; k++)
			good += encode_row(v, (uint32) ((uint64) k * v->n / m), powers[e],
							   &whole);
		if (good > best || (good == best && exponent < 0))
		{
			best = good;
			exponent = e;
		}
		if (good == m)
			break;
	}
	return exponent;
}

uint32
olap_alp_encode(const OlapVector *v, uint32 first, uint32 n, int exponent,
				int64 *out, uint16 *odd)
{
	double		power = powers[exponent];
	uint32		nodd = 0;
	int64		last = 0;

	for (uint32 i = 0; i < n; i++)
	{
		if (encode_row(v, first + i, power, &out[i]))
			last = out[i];
		else
		{
			odd[nodd++] = (uint16) i;
			out[i] = last;
		}
	}
	return nodd;
}

OLAP_KERNEL static void
to_double(const int64 *restrict in, uint32 n, double power,
		  double *restrict out)
{
	for (uint32 i = 0; i < n; i++)
		out[i] = (double) in[i] / power;
}

OLAP_KERNEL static void
to_float(const int64 *restrict in, uint32 n, double power, float *restrict out)
{
	for (uint32 i = 0; i < n; i++)
		out[i] = (float) ((double) in[i] / power);
}

void
olap_alp_decode(const int64 *in, uint32 n, int exponent, OlapPhys phys,
				void *out)
{
	if (exponent > MAX_EXPONENT)
		exponent = MAX_EXPONENT;
	if (phys == OLAP_PHYS_F32)
		to_float(in, n, powers[exponent], out);
	else
		to_double(in, n, powers[exponent], out);
}

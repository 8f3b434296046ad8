/*
 * test/unit/test_float_decimal.c
 *		Floats as numeric(precision, scale), against their text rounded by hand.
 */
#include "postgres.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "unit.h"
#include "vector/float_decimal.h"

#undef snprintf

#define ROWS 2048
#define LIMIT INT64CONST(1000000000000000000)

/*
 * The server's way: the text of a float with so many digits, rounded to the
 * scale.  false: beyond limit, or no number.
 */
static bool
reference(double x, int digits, int scale, int64 limit, int64 *out)
{
	char		text[64];
	char	   *p = text;
	__int128	value = 0;
	int			decimals = 0;
	int			exponent = 0;
	bool		negative;

	if (isnan(x) || isinf(x))
		return false;
	snprintf(text, sizeof(text), "%.*g", digits, x);
	if ((negative = *p == '-'))
		p++;
	for (bool point = false; *p != '\0' && *p != 'e'; p++)
	{
		if (*p == '.')
			point = true;
		else
		{
			value = value * 10 + (*p - '0');
			decimals += point;
		}
	}
	if (*p == 'e')
		exponent = atoi(p + 1);
	for (decimals -= exponent; decimals < scale; decimals++)
	{
		value *= 10;
		if (value >= limit)
			return false;
	}
	for (; decimals > scale + 1; decimals--)
		value /= 10;
	if (decimals > scale)
		value = (value + 5) / 10;
	if (value >= limit)
		return false;
	*out = (int64) (negative ? -value : value);
	return true;
}

/* Compare a vector; where the whole of it is refused, row by row. */
static int64
differences(const double *values, bool single, uint32 n, int scale, int64 limit)
{
	float		singles[ROWS];
	int64		out[ROWS];
	int64		want;
	int64		wrong = 0;
	bool		taken;

	for (uint32 i = 0; i < n; i++)
		singles[i] = (float) values[i];
	taken = single ? olap_decimal_from_f32(out, singles, NULL, n, scale, limit) :
		olap_decimal_from_f64(out, values, NULL, n, scale, limit);
	if (!taken && n > 1)
	{
		for (uint32 i = 0; i < n; i++)
			wrong += differences(&values[i], single, 1, scale, limit);
		return wrong;
	}
	for (uint32 i = 0; i < n; i++)
	{
		double		x = single ? singles[i] : values[i];
		bool		fits = reference(x, single ? FLT_DIG : DBL_DIG, scale, limit,
									 &want);

		if (fits != taken || (fits && want != out[i]))
		{
			if (wrong++ == 0)
				printf("# %.20g, scale %d: %lld, not %lld\n", x, scale,
					   taken ? (long long) out[i] : -1,
					   fits ? (long long) want : -1);
		}
	}
	return wrong;
}

static double
random_bits(void)
{
	uint64		bits = unit_random();
	double		x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* About a random number of decimals, a few units in the last place beside it. */
static double
near_decimal(void)
{
	double		power = pow(10, (double) (unit_random() % 16));
	double		x = (double) (int64) (unit_random() % UINT64CONST(2000000000000000) -
									  UINT64CONST(1000000000000000));

	x = rint(x / pow(10, (double) (unit_random() % 15))) / power;
	for (int ulps = (int) (unit_random() % 20) - 10; ulps != 0;
		 ulps += ulps < 0 ? 1 : -1)
		x = nextafter(x, ulps < 0 ? -DBL_MAX : DBL_MAX);
	return x;
}

/* Numbers of the size that a scale is for, near ties or not. */
static double
near_tie(int scale)
{
	double		x = ((double) (unit_random() >> (14 + unit_random() % 50)) + 0.5) /
		pow(10, scale);

	if (unit_random() % 2 == 0)
		x *= 1 + ((double) (int64) (unit_random() % 4001) - 2000) *
			pow(10, -9 - (double) (unit_random() % 10));
	return unit_random() % 2 == 0 ? x : -x;
}

static double
any_value(int kind, int scale)
{
	switch (kind)
	{
		case 0:
			return near_decimal();
		case 1:
			return near_tie(scale);
		case 2:
			return (double) (int64) unit_random() / pow(10, (double) (unit_random() % 24));
		default:
			return random_bits();
	}
}

static void
random_values(void)
{
	double		values[ROWS];
	int64		wrong = 0;

	for (int round = 0; round < 1520; round++)
	{
		int			scale = round % 19;
		int			kind = round % 4;
		int64		limit = 1;

		for (uint32 i = 0; i < ROWS; i++)
			values[i] = any_value(kind, scale);
		for (int p = round % 5 == 0 ? (int) (unit_random() % 18) + 1 : 18; p > 0; p--)
			limit *= 10;
		wrong += differences(values, round % 8 >= 4, ROWS, scale, limit);
	}
	CHECK_INT(wrong, 0);
}

/* Every decimal of up to five digits is what it is called, and rounds as such. */
static void
short_decimals(void)
{
	double		values[ROWS];
	int64		wrong = 0;

	for (int decimals = 0; decimals <= 5; decimals++)
		for (int64 first = -30000; first <= 30000; first += ROWS)
			for (int scale = 0; scale <= 4; scale += 2)
			{
				for (uint32 i = 0; i < ROWS; i++)
					values[i] = (double) (first + i) / pow(10, decimals);
				wrong += differences(values, false, ROWS, scale, LIMIT);
				wrong += differences(values, true, ROWS, scale, LIMIT);
			}
	CHECK_INT(wrong, 0);
}

static void
edges(void)
{
	static const double values[] = {
		0, -0.0, 0.5, -0.5, 1.5, 2.5, 0.49999999999999994, 0.05, 0.005, 1.005, -1.005,
		0.1 + 0.2, 0.29999999999999998, 0.99999999999999989, 0.999999999999995,
		999999999999999, 1000000000000000, 9007199254740993, 99999999999999.5,
		99999999999999.94, 100000000000000.5, 123456789012345.5, 4503599627370495.5,
		4503599627370496, 4503599627370497.5, 999999.5, 100000.5, 1234567.5,
		99999.95, 16777217, 1e15, 1e17, 999999999999999999, 1e18, 1e19,
		9223372036854775807, -9223372036854775808.0, 1e22, 1e23, 1e100,
		DBL_MAX, -DBL_MAX, DBL_MIN, DBL_MIN / 2, 4.9e-324, FLT_MAX, FLT_MIN,
		1e-18, 5e-19, 4.9999999999999999e-19, 1e-19, 1e-22, 1e-23, 1e-37, 1e-45,
		INFINITY, -INFINITY, NAN, 2.675, 1.0000000000000002, 8.345, 1e14, 1e14 - 0.5,
		72057594037927945, 0.000000000000000015, 9.5e-7, 9.9999949, 9.9999951
	};
	int64		wrong = 0;

	for (int scale = 0; scale <= 18; scale++)
		for (int64 limit = 10; limit <= LIMIT / 10; limit *= 10)
			for (int single = 0; single <= 1; single++)
				wrong += differences(values, single != 0, lengthof(values), scale,
									 limit * 10);
	CHECK_INT(wrong, 0);
}

/* What a NULL's row holds is nobody's business. */
static void
nulls(void)
{
	double		values[64];
	int64		out[64];
	uint64		valid = ~UINT64CONST(1);

	for (int i = 0; i < 64; i++)
		values[i] = i / 4.0;
	values[0] = NAN;
	CHECK(!olap_decimal_from_f64(out, values, NULL, 64, 2, LIMIT));
	CHECK(olap_decimal_from_f64(out, values, &valid, 64, 2, LIMIT));
	CHECK_INT(out[63], 1575);
	valid = 1;
	CHECK(!olap_decimal_from_f64(out, values, &valid, 64, 2, LIMIT));
}

int
main(void)
{
	RUN(random_values);
	RUN(short_decimals);
	RUN(edges);
	RUN(nulls);
	return DONE();
}

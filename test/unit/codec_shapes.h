/*
 * test/unit/codec_shapes.h
 *		How the values of a column may lie: a number for each row, which data_append()
 *		makes a value of the column's type.
 */
#ifndef CODEC_SHAPES_H
#define CODEC_SHAPES_H

#include <math.h>

static inline uint64
scramble(uint64 x)
{
	x = (x + 1) * UINT64CONST(0x9E3779B97F4A7C15);
	x = (x ^ (x >> 29)) * UINT64CONST(0xBF58476D1CE4E5B9);
	return x ^ (x >> 32);
}

static inline int64
shape_constant(uint32 row)
{
	return 77;
}

static inline int64
shape_sorted(uint32 row)
{
	return (int64) row - 1000;
}

static inline int64
shape_random(uint32 row)
{
	return (int64) scramble(row);
}

static inline int64
shape_small(uint32 row)
{
	return (int64) (scramble(row) % 100);
}

static inline int64
shape_runs(uint32 row)
{
	return (int64) scramble(row / 500);
}

static inline int64
shape_few(uint32 row)
{
	return (int64) scramble(scramble(row) % 50);
}

static inline int64
shape_extremes(uint32 row)
{
	switch (row % 7)
	{
		case 0:
			return PG_INT64_MIN;
		case 1:
			return PG_INT64_MAX;
		case 2:
			return -1;
		case 3:
			return PG_INT32_MIN;
		case 4:
			return PG_INT32_MAX;
		default:
			return (int64) scramble(row);
	}
}

static inline int64
shape_outliers(uint32 row)
{
	if (scramble(row) % 100 == 0)
		return row % 2 == 0 ? PG_INT64_MIN + row : PG_INT64_MAX - row;
	return 1000000 + (int64) (scramble(row) % 1000);
}

/* Microseconds, about 0.26 s apart, up to 5 s late, few up to 600 s. */
static inline int64
shape_timestamps(uint32 row)
{
	uint64		late = scramble(row) % 1000 < 5 ? 600000000 : 5000000;

	return INT64CONST(823000000000000) + (int64) row * 259200 -
		(int64) (scramble(row + 1000000) % late);
}

static inline int64
shape_gaps(uint32 row)
{
	static int64 last;

	last = row == 0 ? 0 : last + 1 + (int64) (scramble(row) % 8);
	return last;
}

static inline int64
shape_prices(uint32 row)
{
	double		price = scramble(row) % 60 == 0
		? (double) (scramble(row) % 10000) / 100 : 0;
	int64		bits;

	memcpy(&bits, &price, sizeof(bits));
	return bits;
}

static inline int64
shape_decimals(uint32 row)
{
	double		price = (double) (scramble(row) % 10000000) / 1000;
	int64		bits;

	memcpy(&bits, &price, sizeof(bits));
	return bits;
}

/* Decimals among which all odd floats occur. */
static inline int64
shape_odd_floats(uint32 row)
{
	double		value = (double) (scramble(row) % 1000) / 8;
	int64		bits;

	if (row % 50 == 7)
		value = -0.0;
	else if (row % 50 == 17)
		value = row % 100 == 17 ? INFINITY : -INFINITY;
	else if (row % 50 == 27)
		value = 5e-324;
	memcpy(&bits, &value, sizeof(bits));
	if (row % 50 == 37)
		bits = INT64CONST(0x7FF8000000000000) | row;	/* NaN with a payload */
	if (row % 50 == 47)
		bits = INT64CONST(0xFFF0000000000001);	/* signalling, negative */
	return bits;
}

static inline int64
shape_floats32(uint32 row)
{
	float		value = (float) (scramble(row) % 10000) / 10;
	int32		bits;

	if (row % 40 == 3)
		value = -0.0f;
	if (row % 40 == 13)
		value = 1e-40f;
	memcpy(&bits, &value, sizeof(bits));
	return row % 40 == 23 ? 0x7FC00001 : bits;
}

/* About as many values of each length in bits, as with Zipf's law. */
static inline int64
shape_skewed(uint32 row)
{
	int			bits = (int) (scramble(row) >> 40) % 16;

	return (INT64CONST(1) << bits) +
		(int64) (scramble(row + 77) & ((UINT64CONST(1) << bits) - 1));
}

/* The same, with values that are far apart. */
static inline int64
shape_popular(uint32 row)
{
	return (int64) scramble((uint64) shape_skewed(row) % 5000) >> 8;
}

/* Few narrow ranges at both ends of 64 bits, and some zeros. */
static inline int64
shape_islands(uint32 row)
{
	uint64		r = scramble(row);
	int64		at[] = {PG_INT64_MIN + 3, -1, 0, 70000, PG_INT64_MAX - 5000};

	return row % 3 == 0 ? 0 : at[r % 5] + (int64) (r >> 20) % 3 * (r % 5 != 4);
}

/* A measured double: few exponents, all bits of the mantissa in use. */
static inline int64
shape_gauge(uint32 row)
{
	double		value = 20;
	int64		bits;

	for (int i = 0; i < 6; i++)
		value += (double) (scramble(row * 6 + i) >> 11) / 9007199254740992.0;
	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

#endif							/* CODEC_SHAPES_H */

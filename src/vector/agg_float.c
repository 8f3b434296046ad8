/*-------------------------------------------------------------------------
 *
 * agg_float.c
 *		Sums and moments of floats, to the digit as the server has them.
 *
 * Values are added one by one in the order of the rows.  No kernel here is
 * compiled for other instruction sets: with a fused multiply-add the moments
 * would have other digits than the server's.
 *
 * The server raises an error when finite numbers make an infinite one.  A sum
 * that was infinite or NaN once never becomes finite again, so it is enough to
 * look at the end of a vector; if something is there, the vector is gone
 * through again from the states before, with a test at every row.
 *
 * src/vector/agg_float.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "vector/agg_kernels.h"

static void
raise_overflow(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("value out of range: overflow")));
}

/* The values as doubles, -0 (which changes no sum) where NULL. */
static const double *
float_values(OlapAgg *agg, const OlapVector *arg, const uint8 *live, uint32 n)
{
	const double *values = arg->values;

	if (arg->phys == OLAP_PHYS_F32)
	{
		olap_widen_f32(agg->floating, arg->values, n);
		values = agg->floating;
	}
	if (live != NULL)
	{
		olap_mask_f64((double *) agg->masked, values, live, n, -0.0);
		values = (double *) agg->masked;
	}
	return values;
}

/* Sums ---------------------------------------------------------------------- */

static inline double
add_double(double sum, double value)
{
	return sum + value;
}

static inline double
add_single(double sum, double value)
{
	return (float) sum + (float) value;
}

static inline uint64
bits_of(const double *value)
{
	uint64		bits;

	memcpy(&bits, value, sizeof(bits));
	return bits;
}

/*
 * Are the next eight values 0, and not -0?  Then adding them is adding one: an
 * addition waits for the one before, and amounts are often 0.
 */
static inline bool
all_zero(const double *v)
{
	return (bits_of(v) | bits_of(v + 1) | bits_of(v + 2) | bits_of(v + 3) |
			bits_of(v + 4) | bits_of(v + 5) | bits_of(v + 6) |
			bits_of(v + 7)) == 0;
}

/*
 * Four loops for each way of adding: one group or many, with or without a test
 * of every row.  Those without a test return whether the sums are finite.
 */
#define SUMS(name) \
static bool \
name##_one(OlapFloatState *state, const double *values, uint32 n) \
{ \
	double		sum = state->sum; \
	uint32		i = 0; \
	for (; i + 8 <= n; i += 8) \
		if (all_zero(values + i)) \
			sum = add_##name(sum, 0.0); \
		else \
			for (uint32 k = 0; k < 8; k++) \
				sum = add_##name(sum, values[i + k]); \
	for (; i < n; i++) \
		sum = add_##name(sum, values[i]); \
	if (!(fabs(sum) <= DBL_MAX)) \
		return false; \
	state->sum = sum; \
	return true; \
} \
static bool \
name##_many(OlapFloatState *states, const uint32 *gids, const double *values, \
			uint32 n) \
{ \
	bool		good = true; \
	for (uint32 i = 0; i < n; i++) \
	{ \
		OlapFloatState *state = &states[gids[i]]; \
		state->sum = add_##name(state->sum, values[i]); \
		state->count++; \
		good &= fabs(state->sum) <= DBL_MAX; \
	} \
	return good; \
} \
static void \
name##_checked(OlapFloatState *states, const uint32 *gids, \
			   const double *values, const uint8 *live, uint32 n) \
{ \
	for (uint32 i = 0; i < n; i++) \
	{ \
		OlapFloatState *state = &states[gids[i]]; \
		double		sum = add_##name(state->sum, values[i]); \
		if (unlikely(isinf(sum)) && !isinf(values[i]) && !isinf(state->sum)) \
			raise_overflow(); \
		state->sum = sum; \
		state->count += live == NULL || live[i]; \
	} \
}

SUMS(double)
SUMS(single)

void
olap_agg_float_update(OlapAgg *agg, const uint32 *gids, uint32 gid,
					  const OlapVector *arg, uint32 n)
{
	const uint8 *live = olap_vector_live(arg, n, agg->live);
	const double *values = float_values(agg, arg, live, n);
	bool		is_single = arg->phys == OLAP_PHYS_F32;

	if (gids == NULL && (is_single ?
						 single_one(&agg->floats[gid], values, n) :
						 double_one(&agg->floats[gid], values, n)))
	{
		agg->floats[gid].count += live == NULL ? n : olap_count_live(live, n);
		return;
	}
	agg->has_infinite |= !olap_all_finite(values, n);
	if (gids != NULL && live == NULL && !agg->has_infinite)
	{
		/* all was finite so far: what is not now has overflowed */
		if (!(is_single ? single_many(agg->floats, gids, values, n) :
			  double_many(agg->floats, gids, values, n)))
			raise_overflow();
		return;
	}
	gids = olap_agg_gids(agg, gids, gid, n);
	if (is_single)
		single_checked(agg->floats, gids, values, live, n);
	else
		double_checked(agg->floats, gids, values, live, n);
}

/* Moments ------------------------------------------------------------------- */

/*
 * One step of Youngs and Cramer's method, as the server's float8_accum takes it:
 * infinite inputs make sxx a NaN, infinite results of finite ones are an error.
 */
static inline void
accumulate(OlapMomentState *state, double value)
{
	double		before = state->n;
	double		sum = state->sum + value;

	state->n = before + 1.0;
	if (before > 0.0)
	{
		double		delta = value * state->n - sum;
		double		sxx = state->sxx + delta * delta / (state->n * before);

		if (unlikely(isinf(sum) || isinf(sxx)))
		{
			if (!isinf(state->sum) && !isinf(value))
				raise_overflow();
			sxx = NAN;
		}
		state->sxx = sxx;
	}
	else if (unlikely(isnan(value) || isinf(value)))
		state->sxx = NAN;
	state->sum = sum;
}

/* Without NULLs, from row first on; false if something is not finite. */
static bool
moments_one(OlapMomentState *state, const double *values, uint32 first,
			uint32 n)
{
	OlapMomentState s = *state;

	for (uint32 i = first; i < n; i++)
	{
		double		before = s.n;
		double		delta;

		s.n = before + 1.0;
		s.sum += values[i];
		delta = values[i] * s.n - s.sum;
		s.sxx += delta * delta / (s.n * before);
	}
	if (!(fabs(s.sum) <= DBL_MAX && fabs(s.sxx) <= DBL_MAX))
		return false;
	*state = s;
	return true;
}

void
olap_agg_moments_update(OlapAgg *agg, const uint32 *gids, uint32 gid,
						const OlapVector *arg, uint32 n)
{
	const uint8 *live = olap_vector_live(arg, n, agg->live);
	const double *values = float_values(agg, arg, NULL, n);
	OlapMomentState *one = &agg->moments[gid];
	uint32		first = 0;

	if (gids == NULL && live == NULL)
	{
		if (one->n == 0)
			accumulate(one, values[first++]);
		if (moments_one(one, values, first, n))
			return;
	}
	for (uint32 i = first; i < n; i++)
		if (live == NULL || live[i])
			accumulate(&agg->moments[gids == NULL ? gid : gids[i]], values[i]);
}

/*-------------------------------------------------------------------------
 *
 * agg_float.c
 *		Sums and moments of floats, to the digit as the server has them.
 *
 * Values are added one by one in the order of the rows.  No kernel here is
 * compiled for other instruction sets: with a fused multiply-add the moments
 * would have other digits than the server's.
 *
 * src/vector/agg_float.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "vector/agg_internal.h"

static void
raise_overflow(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("value out of range: overflow")));
}

void
olap_agg_float_update(OlapAgg *agg, const uint32 *gids, const OlapVector *arg,
					  uint32 n)
{
	const uint8 *live = olap_vector_live(arg, n, agg->live);

	for (uint32 i = 0; i < n; i++)
	{
		OlapFloatState *state = &agg->floats[gids[i]];
		double		value;
		double		sum;

		if (live != NULL && !live[i])
			continue;
		if (arg->phys == OLAP_PHYS_F32)
		{
			value = ((const float *) arg->values)[i];
			sum = (float) state->sum + (float) value;
		}
		else
		{
			value = ((const double *) arg->values)[i];
			sum = state->sum + value;
		}
		if (unlikely(isinf(sum)) && !isinf(value) && !isinf(state->sum))
			raise_overflow();
		state->sum = sum;
		state->count++;
	}
}

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

void
olap_agg_moments_update(OlapAgg *agg, const uint32 *gids,
						const OlapVector *arg, uint32 n)
{
	const uint8 *live = olap_vector_live(arg, n, agg->live);

	for (uint32 i = 0; i < n; i++)
	{
		if (live != NULL && !live[i])
			continue;
		accumulate(&agg->moments[gids[i]], arg->phys == OLAP_PHYS_F32 ?
				   (double) ((const float *) arg->values)[i] :
				   ((const double *) arg->values)[i]);
	}
}

/*-------------------------------------------------------------------------
 *
 * agg_order.c
 *		States as words that sort: for those who look for the first groups.
 *
 * src/vector/agg_order.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "port/pg_bitutils.h"

#include "vector/agg_internal.h"
#include "vector/order_words.h"

/* Sums beyond 64 bits are all the same. */
static void
sum_words(const OlapAgg *agg, uint32 first, uint32 n, int64 *words, uint8 *nulls)
{
	const OlapSumState *states = agg->sums + first;

	for (uint32 i = 0; i < n; i++)
	{
		words[i] = states[i].sum;
		nulls[i] = states[i].count == 0;
	}
	for (uint32 i = 0; agg->wide != NULL && i < n; i++)
	{
		__int128	sum = agg->wide[first + i] + states[i].sum;

		words[i] = sum > PG_INT64_MAX ? PG_INT64_MAX :
			sum < PG_INT64_MIN ? PG_INT64_MIN : (int64) sum;
	}
}

/* sum / count, of which count > 0, as the nearest double. */
static double
nearest_quotient(__int128 sum, int64 count)
{
	unsigned __int128 magnitude = sum < 0 ? -(unsigned __int128) sum : sum;
	unsigned __int128 quotient;
	uint64		high = (uint64) (magnitude >> 64);
	double		result;
	int			shift;

	if (sum == 0)
		return 0;
	/* 64 bits or more of it: what is behind them only says to which side it is */
	shift = high != 0 ? 63 - pg_leftmost_one_pos64(high) :
		127 - pg_leftmost_one_pos64((uint64) magnitude);
	magnitude <<= shift;
	quotient = magnitude / (uint64) count;
	if (quotient * (uint64) count != magnitude)
		quotient |= 1;
	result = ldexp((double) quotient, -shift);
	return sum < 0 ? -result : result;
}

/* All sums are of one scale, so it changes nothing. */
static void
mean_words(const OlapAgg *agg, uint32 first, uint32 n, int64 *words, uint8 *nulls)
{
	const int64 exact = INT64CONST(1) << DBL_MANT_DIG;

	for (uint32 i = 0; i < n; i++)
	{
		const OlapSumState *state = &agg->sums[first + i];
		__int128	sum = state->sum;

		if (agg->wide != NULL)
			sum += agg->wide[first + i];
		nulls[i] = state->count == 0;
		if (nulls[i])
			words[i] = 0;
		else if (sum >= -exact && sum <= exact && state->count <= exact)
			words[i] = olap_float_order_word((double) (int64) sum / (double) state->count);
		else
			words[i] = olap_float_order_word(nearest_quotient(sum, state->count));
	}
}

static bool
value_words(const OlapAgg *agg, uint32 first, uint32 n, int64 *words,
			uint8 *nulls)
{
	const uint8 *seen = agg->seen + first;

	if (agg->mode == OLAP_VALUE_FLOAT)
		for (uint32 i = 0; i < n; i++)
		{
			words[i] = olap_float_order_word(agg->doubles[first + i]);
			nulls[i] = !seen[i];
		}
	else if (agg->mode == OLAP_VALUE_WORD)
		for (uint32 i = 0; i < n; i++)
		{
			words[i] = agg->values[first + i];
			nulls[i] = !seen[i] && words[i] == olap_agg_neutral(agg);
		}
	else
		return false;
	return true;
}

bool
olap_agg_order_words(const OlapAgg *agg, OlapWordsOf what, uint32 first,
					 uint32 n, int64 *words, uint8 *nulls)
{
	Assert((uint64) first + n <= agg->ngroups);
	switch (agg->kind)
	{
		case OLAP_AGG_COUNT:
			memcpy(words, agg->counts + first, n * sizeof(int64));
			memset(nulls, 0, n);
			return true;
		case OLAP_AGG_SUM_INT:
			if (what == OLAP_WORDS_OF_MEAN)
				mean_words(agg, first, n, words, nulls);
			else
				sum_words(agg, first, n, words, nulls);
			return true;
		case OLAP_AGG_MOMENTS_FLOAT:
			for (uint32 i = 0; i < n; i++)
			{
				const OlapMomentState *state = &agg->moments[first + i];

				words[i] = olap_float_order_word(state->sum / state->n);
				nulls[i] = state->n == 0;
			}
			return what == OLAP_WORDS_OF_MEAN;
		case OLAP_AGG_SUM_FLOAT:
			for (uint32 i = 0; i < n; i++)
			{
				words[i] = olap_float_order_word(agg->floats[first + i].sum);
				nulls[i] = agg->floats[first + i].count == 0;
			}
			return true;
		case OLAP_AGG_MIN:
		case OLAP_AGG_MAX:
			return value_words(agg, first, n, words, nulls);
		default:
			return false;
	}
}

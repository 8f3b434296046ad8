/*-------------------------------------------------------------------------
 *
 * agg_order.c
 *		States as words that sort: for those who look for the first groups.
 *
 * src/vector/agg_order.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "vector/agg_internal.h"

/* NaN above all, -0 as 0. */
static inline int64
float_word(double value)
{
	int64		word;

	if (value != value)
		return PG_INT64_MAX;
	value += 0.0;
	memcpy(&word, &value, sizeof(word));
	return word < 0 ? word ^ PG_INT64_MAX : word;
}

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

static bool
value_words(const OlapAgg *agg, uint32 first, uint32 n, int64 *words,
			uint8 *nulls)
{
	const uint8 *seen = agg->seen + first;

	if (agg->mode == OLAP_VALUE_FLOAT)
		for (uint32 i = 0; i < n; i++)
		{
			words[i] = float_word(agg->doubles[first + i]);
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
olap_agg_order_words(const OlapAgg *agg, uint32 first, uint32 n, int64 *words,
					 uint8 *nulls)
{
	Assert((uint64) first + n <= agg->ngroups);
	switch (agg->kind)
	{
		case OLAP_AGG_COUNT:
			memcpy(words, agg->counts + first, n * sizeof(int64));
			memset(nulls, 0, n);
			return true;
		case OLAP_AGG_SUM_INT:
			sum_words(agg, first, n, words, nulls);
			return true;
		case OLAP_AGG_SUM_FLOAT:
			for (uint32 i = 0; i < n; i++)
			{
				words[i] = float_word(agg->floats[first + i].sum);
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

/*-------------------------------------------------------------------------
 *
 * agg_merge.c
 *		States of some groups added to those of others.
 *
 * What is counted for each (country, device) need not be counted again for each
 * country.  Only of kinds whose result is the same whatever the order: exact sums,
 * bounds, sketches; floats are added in the order of the rows, so not them.
 *
 * src/vector/agg_merge.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "vector/agg_internal.h"

bool
olap_agg_kind_merges(OlapAggKind kind)
{
	switch (kind)
	{
		case OLAP_AGG_COUNT:
		case OLAP_AGG_SUM_INT:
		case OLAP_AGG_SUM_SQUARES_INT:
		case OLAP_AGG_MIN:
		case OLAP_AGG_MAX:
		case OLAP_AGG_BOOL_AND:
		case OLAP_AGG_BOOL_OR:
		case OLAP_AGG_HLL:
			return true;
		case OLAP_AGG_SUM_FLOAT:
		case OLAP_AGG_MOMENTS_FLOAT:
		case OLAP_AGG_FIRST:
		case OLAP_AGG_FIRST_BY:	/* of equal times the row met first wins */
		case OLAP_AGG_LAST_BY:
			break;
	}
	return false;
}

/* Sums of one scale that fit 64 bits, however they are put together. */
static bool
merge_sums(OlapAgg *agg, const uint32 *gids, const OlapAgg *from, uint32 first,
		   uint32 n)
{
	const OlapSumState *sums = from->sums + first;
	uint64		most = 0;

	if (from->wide != NULL || from->squares != NULL)
		return false;
	if (agg->order == OLAP_ORDER_NUMERIC &&
		(from->scales != NULL || agg->scales != NULL || !from->has_scale ||
		 (agg->has_scale && agg->scale != from->scale)))
		return false;
	for (uint32 i = 0; i < n; i++)
		most |= (uint64) (sums[i].sum < 0 ? -(sums[i].sum + 1) : sums[i].sum);
	/* what is above every magnitude, times the number of states */
	if (most >= (uint64) PG_INT64_MAX / (2 * OLAP_VECTOR_ROWS))
		return false;
	most = (2 * most + 1) * n;
	if (agg->bound + most > (uint64) PG_INT64_MAX)
		olap_agg_sum_flush(agg);
	agg->bound += most;
	if (from->has_scale)
	{
		agg->scale = from->scale;
		agg->has_scale = true;
	}
	for (uint32 i = 0; i < n; i++)
	{
		agg->sums[gids[i]].sum += sums[i].sum;
		agg->sums[gids[i]].count += sums[i].count;
	}
	return true;
}

static OlapUint128
magnitude(__int128 value)
{
	return (OlapUint128) (value < 0 ? -value : value);
}

/* A sum of any size, in its own scale. */
static bool
merge_sum(OlapAgg *agg, uint32 gid, const OlapAgg *from, uint32 from_gid)
{
	OlapAggValue value;
	__int128	factor = 1;

	olap_agg_get(from, from_gid, &value);
	if (value.count == 0)
		return true;
	if (agg->order == OLAP_ORDER_NUMERIC)
		factor = olap_agg_decimal_join(agg, gid, value.scale);
	if (factor == 0 || magnitude(value.sum) >= OLAP_WIDE_LIMIT / magnitude(factor))
		return false;
	value.sum *= factor;
	if (agg->squares != NULL)
	{
		OlapUint128 squares = magnitude(value.squares);

		if (squares >= OLAP_WIDE_LIMIT / magnitude(factor) / magnitude(factor) ||
			agg->square_bound + squares * factor * factor >= OLAP_WIDE_LIMIT)
			return false;
		value.squares *= factor * factor;
	}
	if (agg->wide == NULL)
		olap_agg_sum_flush(agg);
	if (magnitude(agg->wide[gid] + value.sum) >= OLAP_WIDE_LIMIT)
		return false;
	agg->wide[gid] += value.sum;
	agg->sums[gid].count += value.count;
	if (agg->squares != NULL)
	{
		agg->squares[gid] += value.squares;
		agg->square_bound += (OlapUint128) value.squares;
	}
	return true;
}

static void
merge_sketches(OlapAgg *agg, const uint32 *gids, const OlapAgg *from,
			   uint32 first, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
		if (from->hlls[first + i].cxt != NULL)
			olap_hll_merge(olap_agg_hll(agg, gids[i]), &from->hlls[first + i]);
}

bool
olap_agg_merge(OlapAgg *agg, const uint32 *gids, const OlapAgg *from,
			   uint32 first, uint32 n)
{
	Assert(agg->kind == from->kind && n <= OLAP_VECTOR_ROWS);
	Assert(first + n <= from->ngroups);
	switch (agg->kind)
	{
		case OLAP_AGG_COUNT:
			for (uint32 i = 0; i < n; i++)
				agg->counts[gids[i]] += from->counts[first + i];
			return true;
		case OLAP_AGG_SUM_INT:
		case OLAP_AGG_SUM_SQUARES_INT:
			return merge_sums(agg, gids, from, first, n);
		case OLAP_AGG_HLL:
			merge_sketches(agg, gids, from, first, n);
			return true;
		default:
			Assert(olap_agg_kind_merges(agg->kind));
			olap_agg_value_merge(agg, gids, from, first, n);
			return true;
	}
}

bool
olap_agg_merge_one(OlapAgg *agg, uint32 gid, const OlapAgg *from, uint32 from_gid)
{
	if (agg->kind == OLAP_AGG_SUM_INT || agg->kind == OLAP_AGG_SUM_SQUARES_INT)
		return merge_sum(agg, gid, from, from_gid);
	return olap_agg_merge(agg, &gid, from, from_gid, 1);
}

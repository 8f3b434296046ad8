/*-------------------------------------------------------------------------
 *
 * agg.c
 *		Aggregate states: memory, counts, and the way to the kinds' own files.
 *
 * src/vector/agg.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "base/errors.h"
#include "base/large.h"
#include "vector/agg_kernels.h"

#define MIN_GROUPS 16
/* From so many on, the caller's guess at their number is believed. */
#define MANY_GROUPS 65536

OlapAgg *
olap_agg_create(OlapAggKind kind, const OlapColumnType *type, OlapOrder order,
				MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "olap aggregate",
											  ALLOCSET_DEFAULT_SIZES);
	OlapAgg    *agg = MemoryContextAllocZero(cxt, sizeof(OlapAgg));

	agg->cxt = cxt;
	agg->kind = kind;
	agg->order = order;
	if (type != NULL)
		agg->type = *type;
	olap_byte_arena_init(&agg->arena, cxt);
	return agg;
}

void
olap_agg_free(OlapAgg *agg)
{
	MemoryContextDelete(agg->cxt);
}

size_t
olap_agg_memory(const OlapAgg *agg)
{
	return MemoryContextMemAllocated(agg->cxt, true);
}

/* Array *array of width bytes a group, ngroups used, gets room for capacity. */
static void
grow_array(OlapAgg *agg, void **array, size_t width, uint32 capacity)
{
	if (*array == NULL)
		*array = olap_large_alloc(agg->cxt, capacity * width);
	else
		*array = olap_large_realloc(*array, agg->ngroups * width,
									capacity * width);
}

/* The same for sums, which must not lie across cache lines. */
static void
grow_sums(OlapAgg *agg, uint32 capacity)
{
	size_t		width = sizeof(OlapSumState);
	char	   *raw = olap_large_alloc(agg->cxt, capacity * width + width);
	OlapSumState *sums = (OlapSumState *) TYPEALIGN(width, raw);

	if (agg->sums != NULL)
	{
		memcpy(sums, agg->sums, agg->ngroups * width);
		pfree(agg->raw_sums);
	}
	agg->raw_sums = raw;
	agg->sums = sums;
}

/* Make the arrays that the kind has hold capacity groups. */
static void
grow_arrays(OlapAgg *agg, uint32 capacity)
{
	switch (agg->kind)
	{
		case OLAP_AGG_COUNT:
			grow_array(agg, (void **) &agg->counts, sizeof(int64), capacity);
			break;
		case OLAP_AGG_SUM_SQUARES_INT:
			grow_array(agg, (void **) &agg->squares, sizeof(__int128),
					   capacity);
			/* FALLTHROUGH */
		case OLAP_AGG_SUM_INT:
			grow_sums(agg, capacity);
			if (agg->wide != NULL)
				grow_array(agg, (void **) &agg->wide, sizeof(__int128),
						   capacity);
			if (agg->scales != NULL)
				grow_array(agg, (void **) &agg->scales, 1, capacity);
			break;
		case OLAP_AGG_SUM_FLOAT:
			grow_array(agg, (void **) &agg->floats, sizeof(OlapFloatState),
					   capacity);
			break;
		case OLAP_AGG_MOMENTS_FLOAT:
			grow_array(agg, (void **) &agg->moments, sizeof(OlapMomentState),
					   capacity);
			break;
		case OLAP_AGG_HLL:
			grow_array(agg, (void **) &agg->hlls, sizeof(OlapHll), capacity);
			break;
		default:
			if (agg->mode == OLAP_VALUE_UNKNOWN)
				break;
			if (agg->mode == OLAP_VALUE_WORD)
				grow_array(agg, (void **) &agg->values, sizeof(int64),
						   capacity);
			else if (agg->mode == OLAP_VALUE_FLOAT)
				grow_array(agg, (void **) &agg->doubles, sizeof(double),
						   capacity);
			else
				grow_array(agg, (void **) &agg->strings,
						   sizeof(OlapStringState), capacity);
			if (agg->mode != OLAP_VALUE_BYTES)
				grow_array(agg, (void **) &agg->seen, 1, capacity);
	}
}

/* Empty states. */
static void
clear_states(OlapAgg *agg, uint32 first, uint32 n)
{
	if (agg->counts != NULL)
		memset(agg->counts + first, 0, n * sizeof(int64));
	if (agg->sums != NULL)
		memset(agg->sums + first, 0, n * sizeof(OlapSumState));
	if (agg->wide != NULL)
		memset(agg->wide + first, 0, n * sizeof(__int128));
	if (agg->squares != NULL)
		memset(agg->squares + first, 0, n * sizeof(__int128));
	if (agg->moments != NULL)
		memset(agg->moments + first, 0, n * sizeof(OlapMomentState));
	if (agg->hlls != NULL)
		memset(agg->hlls + first, 0, n * sizeof(OlapHll));
	if (agg->strings != NULL)
		memset(agg->strings + first, 0, n * sizeof(OlapStringState));
	if (agg->seen != NULL)
		memset(agg->seen + first, 0, n);
	if (agg->scales != NULL)
		memset(agg->scales + first, 0, n);
	if (agg->turns != NULL)
		memset(agg->turns + first, 0, n * sizeof(uint64));
	for (uint32 g = first; agg->values != NULL && g < first + n; g++)
		agg->values[g] = olap_agg_neutral(agg);
	for (uint32 g = first; agg->doubles != NULL && g < first + n; g++)
		agg->doubles[g] = agg->kind == OLAP_AGG_MIN ? NAN : -INFINITY;
	/* -0 is what leaves every first value as it is, -0 included */
	if (agg->floats != NULL)
		for (uint32 g = first; g < first + n; g++)
			agg->floats[g] = (OlapFloatState) {.count = 0, .sum = -0.0};
}

void
olap_agg_expect(OlapAgg *agg, double ngroups)
{
	agg->expected = (uint32) Min(Max(ngroups, 0.0), (double) OLAP_NUMBER_LIMIT);
}

void
olap_agg_grow(OlapAgg *agg, uint32 ngroups)
{
	if (ngroups <= agg->ngroups)
		return;
	if (ngroups > agg->capacity)
	{
		uint64		capacity = Max((uint64) agg->capacity * 2, MIN_GROUPS);

		if (ngroups > MANY_GROUPS)
			capacity = Max(capacity, agg->expected);
		capacity = Min(Max(capacity, ngroups), PG_UINT32_MAX);
		grow_arrays(agg, (uint32) capacity);
		olap_agg_grow_times(agg, (uint32) capacity);
		olap_agg_grow_turns(agg, (uint32) capacity);
		agg->capacity = (uint32) capacity;
	}
	clear_states(agg, agg->ngroups, ngroups - agg->ngroups);
	olap_agg_clear_times(agg, agg->ngroups, ngroups - agg->ngroups);
	agg->ngroups = ngroups;
}

void
olap_agg_set_mode(OlapAgg *agg, OlapValueMode mode)
{
	agg->mode = mode;
	if (agg->capacity > 0)
		grow_arrays(agg, agg->capacity);
	clear_states(agg, 0, agg->ngroups);
}

void
olap_agg_reset(OlapAgg *agg)
{
	agg->ngroups = 0;
	agg->bound = 0;
	agg->square_bound = 0;
	agg->has_infinite = false;
	agg->has_scale = false;
	if (agg->wide != NULL)
		pfree(agg->wide);
	agg->wide = NULL;
	if (agg->scales != NULL)
		pfree(agg->scales);
	agg->scales = NULL;
	if (agg->hll_cxt != NULL)
		MemoryContextReset(agg->hll_cxt);
	if (agg->mode != OLAP_VALUE_UNKNOWN)
		olap_agg_drop_values(agg);
	olap_agg_string_dict_free(agg);
	olap_byte_arena_reset(&agg->arena);
}

void
olap_agg_drop_values(OlapAgg *agg)
{
	if (agg->values != NULL)
		pfree(agg->values);
	if (agg->doubles != NULL)
		pfree(agg->doubles);
	if (agg->strings != NULL)
		pfree(agg->strings);
	if (agg->seen != NULL)
		pfree(agg->seen);
	agg->values = NULL;
	agg->doubles = NULL;
	agg->strings = NULL;
	agg->seen = NULL;
	agg->mode = OLAP_VALUE_UNKNOWN;
}

static void
count_rows(OlapAgg *agg, const uint32 *gids, uint32 gid, const OlapVector *arg,
		   uint32 n)
{
	const uint8 *live = arg == NULL ? NULL :
		olap_vector_live(arg, n, agg->live);

	if (gids != NULL)
		olap_group_count(agg->counts, agg->ngroups, gids, live, n);
	else
		agg->counts[gid] += live == NULL ? n : olap_count_live(live, n);
}

/* gids: NULL: all rows are of group gid. */
static bool
update(OlapAgg *agg, const uint32 *gids, uint32 gid, const OlapVector *arg,
	   uint32 n)
{
	Assert(n <= OLAP_VECTOR_ROWS);
	if (n == 0)
		return true;
	switch (agg->kind)
	{
		case OLAP_AGG_COUNT:
			count_rows(agg, gids, gid, arg, n);
			return true;
		case OLAP_AGG_SUM_INT:
		case OLAP_AGG_SUM_SQUARES_INT:
			return olap_agg_sum_update(agg, gids, gid, arg, n);
		case OLAP_AGG_SUM_FLOAT:
			olap_agg_float_update(agg, gids, gid, arg, n);
			return true;
		case OLAP_AGG_MOMENTS_FLOAT:
			olap_agg_moments_update(agg, gids, gid, arg, n);
			return true;
		case OLAP_AGG_HLL:
			olap_agg_hll_update(agg, gids, gid, arg, n);
			return true;
		default:
			olap_agg_value_update(agg, gids, gid, arg, n);
			return true;
	}
}

void
olap_agg_count_rows(OlapAgg *agg, uint32 gid, uint64 n)
{
	Assert(agg->kind == OLAP_AGG_COUNT);
	agg->counts[gid] += n;
}

bool
olap_agg_update(OlapAgg *agg, const uint32 *gids, const OlapVector *arg,
				uint32 n)
{
	return update(agg, gids, 0, arg, n);
}

bool
olap_agg_update_one(OlapAgg *agg, uint32 gid, const OlapVector *arg, uint32 n)
{
	return update(agg, NULL, gid, arg, n);
}

const uint32 *
olap_agg_gids(OlapAgg *agg, const uint32 *gids, uint32 gid, uint32 n)
{
	if (gids != NULL)
		return gids;
	for (uint32 i = 0; i < n; i++)
		agg->gids[i] = gid;
	return agg->gids;
}

void
olap_agg_get(const OlapAgg *agg, uint32 gid, OlapAggValue *value)
{
	memset(value, 0, sizeof(*value));
	Ensure(gid < agg->ngroups, "group %u of %u", gid, agg->ngroups);
	switch (agg->kind)
	{
		case OLAP_AGG_COUNT:
			value->count = agg->counts[gid];
			break;
		case OLAP_AGG_SUM_INT:
		case OLAP_AGG_SUM_SQUARES_INT:
			value->count = agg->sums[gid].count;
			value->sum = agg->sums[gid].sum;
			if (agg->wide != NULL)
				value->sum += agg->wide[gid];
			if (agg->squares != NULL)
				value->squares = agg->squares[gid];
			olap_agg_decimal_get(agg, gid, value);
			break;
		case OLAP_AGG_SUM_FLOAT:
			value->count = agg->floats[gid].count;
			value->f[0] = agg->floats[gid].sum;
			break;
		case OLAP_AGG_MOMENTS_FLOAT:
			value->count = (int64) agg->moments[gid].n;
			value->f[0] = agg->moments[gid].sum;
			value->f[1] = agg->moments[gid].sxx;
			break;
		case OLAP_AGG_HLL:
			value->hll = agg->hlls[gid].cxt == NULL ? NULL : &agg->hlls[gid];
			break;
		case OLAP_AGG_FIRST_BY:
		case OLAP_AGG_LAST_BY:
			olap_agg_time_get(agg, gid, value);
			break;
		default:
			olap_agg_value_get(agg, gid, value);
	}
}

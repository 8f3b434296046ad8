/*-------------------------------------------------------------------------
 *
 * agg_value.c
 *		States that are one of the values: MIN, MAX, FIRST; bool_and, bool_or.
 *
 * Equal values may differ to the eye (1.0 and 1.00, 'a' and 'a ', 0 and -0).
 * The one shown is the one the server's larger and smaller functions return:
 * the later one of floats and numerics, the earlier one of bpchar.
 *
 * src/vector/agg_value.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "vector/agg_internal.h"
#include "vector/expr_internal.h"

/* Does a new value take a state's place?  By the order of both, -1, 0, 1. */
static inline bool
takes_place(const OlapAgg *agg, int order)
{
	switch (agg->kind)
	{
		case OLAP_AGG_MIN:
			return order < 0 ||
				(order == 0 && agg->order != OLAP_ORDER_BPCHAR);
		case OLAP_AGG_MAX:
			return order > 0 ||
				(order == 0 && agg->order != OLAP_ORDER_BPCHAR);
		default:
			return false;
	}
}

/* Words ------------------------------------------------------------------- */

static void
update_words(OlapAgg *agg, const uint32 *gids, const int64 *words,
			 const uint8 *live, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
	{
		int64	   *state = &agg->values[gids[i]];
		uint8	   *seen = &agg->seen[gids[i]];
		int64		word = words[i];

		if (live != NULL && !live[i])
			continue;
		if (!*seen)
			*state = word;
		else if (agg->kind == OLAP_AGG_MIN || agg->kind == OLAP_AGG_BOOL_AND)
			*state = Min(*state, word);
		else if (agg->kind == OLAP_AGG_MAX || agg->kind == OLAP_AGG_BOOL_OR)
			*state = Max(*state, word);
		*seen = 1;
	}
}

/* Floats ------------------------------------------------------------------ */

static inline int
compare_doubles(double a, double b)
{
	if (isnan(a) || isnan(b))
		return (int) isnan(a) - (int) isnan(b);
	return a < b ? -1 : a > b;
}

static void
update_floats(OlapAgg *agg, const uint32 *gids, const OlapVector *v,
			  const uint8 *live, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
	{
		double	   *state = &agg->doubles[gids[i]];
		uint8	   *seen = &agg->seen[gids[i]];
		double		value = v->phys == OLAP_PHYS_F32 ?
			(double) ((const float *) v->values)[i] :
			((const double *) v->values)[i];

		if (live != NULL && !live[i])
			continue;
		if (!*seen || takes_place(agg, compare_doubles(value, *state)))
			*state = value;
		*seen = 1;
	}
}

/* Bytes ------------------------------------------------------------------- */

/* A longer string gets room for as much again, so that waste stays bounded. */
static void
set_string(OlapAgg *agg, OlapStringState *state, const uint8 *data, size_t len)
{
	if (state->data == NULL || state->room < len)
	{
		size_t		room = state->data == NULL ? len :
			Max(len, Min((size_t) state->room * 2, MaxAllocSize / 2));

		state->data = olap_byte_arena_take(&agg->arena, room);
		state->room = (uint32) room;
	}
	memcpy(state->data, data, len);
	state->len = (uint32) len;
}

static void
update_strings(OlapAgg *agg, const uint32 *gids, const OlapVector *v, uint32 n)
{
	OlapNumericScratch scratch;
	size_t		len;

	for (uint32 i = 0; i < n; i++)
	{
		OlapStringState *state = &agg->strings[gids[i]];
		const uint8 *data;

		if (olap_vector_is_null(v, i) ||
			(agg->kind == OLAP_AGG_FIRST && state->data != NULL))
			continue;
		data = olap_vector_bytes(v, i, &scratch, &len);
		if (state->data == NULL ||
			takes_place(agg, olap_value_compare(agg->order, data, len,
												(uint8 *) state->data,
												state->len)))
			set_string(agg, state, data, len);
	}
}

/*
 * Scaled integers no longer do: the states become numerics.
 */
static void
words_to_strings(OlapAgg *agg)
{
	int64	   *values = agg->values;
	uint8	   *seen = agg->seen;
	OlapVector	v = {.phys = OLAP_PHYS_DEC64, .scale = agg->scale};
	OlapNumericScratch scratch;

	agg->values = NULL;
	agg->seen = NULL;
	olap_agg_set_mode(agg, OLAP_VALUE_BYTES);
	for (uint32 g = 0; g < agg->ngroups; g++)
	{
		const uint8 *data;
		size_t		len;

		if (!seen[g])
			continue;
		v.values = &values[g];
		data = olap_vector_bytes(&v, 0, &scratch, &len);
		set_string(agg, &agg->strings[g], data, len);
	}
	pfree(values);
	pfree(seen);
	agg->phys = OLAP_PHYS_VAR;
}

static OlapValueMode
mode_of(OlapPhys phys)
{
	switch (phys)
	{
		case OLAP_PHYS_F32:
		case OLAP_PHYS_F64:
			return OLAP_VALUE_FLOAT;
		case OLAP_PHYS_VAR:
		case OLAP_PHYS_FIXED:
			return OLAP_VALUE_BYTES;
		default:
			return OLAP_VALUE_WORD;
	}
}

void
olap_agg_value_update(OlapAgg *agg, const uint32 *gids, const OlapVector *arg,
					  uint32 n)
{
	const uint8 *live = olap_vector_live(arg, n, agg->live);

	if (agg->mode == OLAP_VALUE_UNKNOWN)
	{
		olap_agg_set_mode(agg, mode_of(arg->phys));
		agg->phys = arg->phys;
		agg->scale = arg->scale;
	}
	else if (agg->mode == OLAP_VALUE_WORD && agg->phys == OLAP_PHYS_DEC64 &&
			 (arg->phys != OLAP_PHYS_DEC64 || arg->scale != agg->scale))
		words_to_strings(agg);
	if (agg->mode == OLAP_VALUE_WORD)
		update_words(agg, gids, olap_vector_words(arg, agg->order ==
												  OLAP_ORDER_UINT, n,
												  agg->words), live, n);
	else if (agg->mode == OLAP_VALUE_FLOAT)
		update_floats(agg, gids, arg, live, n);
	else
		update_strings(agg, gids, arg, n);
}

void
olap_agg_value_get(const OlapAgg *agg, uint32 gid, OlapAggValue *value)
{
	if (agg->mode == OLAP_VALUE_UNKNOWN)
		return;
	value->phys = agg->phys;
	value->scale = agg->scale;
	if (agg->mode == OLAP_VALUE_BYTES)
	{
		value->count = agg->strings[gid].data != NULL;
		value->data = (const uint8 *) agg->strings[gid].data;
		value->len = agg->strings[gid].len;
		return;
	}
	value->count = agg->seen[gid];
	if (agg->mode == OLAP_VALUE_FLOAT)
		value->f[0] = agg->doubles[gid];
	else
		value->i = agg->values[gid];
}

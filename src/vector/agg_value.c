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

#include "utils/memutils.h"

#include "base/large.h"
#include "vector/agg_kernels.h"
#include "vector/expr_internal.h"

/* Turns ------------------------------------------------------------------- */

void
olap_agg_grow_turns(OlapAgg *agg, uint32 capacity)
{
	size_t		size = (size_t) capacity * sizeof(uint64);

	if (!agg->keeps_turns)
		return;
	agg->turns = agg->turns == NULL ? olap_large_alloc(agg->cxt, size) :
		olap_large_realloc(agg->turns, agg->ngroups * sizeof(uint64), size);
}

void
olap_agg_keep_turns(OlapAgg *agg)
{
	if ((agg->kind != OLAP_AGG_MIN && agg->kind != OLAP_AGG_MAX) ||
		(agg->order != OLAP_ORDER_FLOAT && agg->order != OLAP_ORDER_BPCHAR &&
		 (agg->order != OLAP_ORDER_NUMERIC || agg->type.phys == OLAP_PHYS_DEC64)))
		return;
	agg->keeps_turns = true;
	if (agg->capacity == 0)
		return;
	olap_agg_grow_turns(agg, agg->capacity);
	memset(agg->turns, 0, agg->ngroups * sizeof(uint64));
}

/* Words ------------------------------------------------------------------- */

static void
first_words(OlapAgg *agg, const uint32 *gids, const int64 *words,
			const uint8 *live, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
	{
		if (agg->seen[gids[i]] || (live != NULL && !live[i]))
			continue;
		agg->values[gids[i]] = words[i];
		agg->seen[gids[i]] = 1;
	}
}

/* Values that are the neutral one must be told from no value. */
static void
see_neutral(OlapAgg *agg, const uint32 *gids, uint32 gid, const int64 *words,
			const uint8 *live, uint32 n, int64 neutral)
{
	for (uint32 i = 0; i < n; i++)
		if (words[i] == neutral && (live == NULL || live[i]))
			agg->seen[gids == NULL ? gid : gids[i]] = 1;
}

static void
update_words(OlapAgg *agg, const uint32 *gids, uint32 gid, const int64 *words,
			 const uint8 *live, uint32 n)
{
	bool		least = agg->kind == OLAP_AGG_MIN ||
		agg->kind == OLAP_AGG_BOOL_AND;
	int64		neutral = olap_agg_neutral(agg);
	const int64 *masked = words;

	if (agg->kind == OLAP_AGG_FIRST)
	{
		first_words(agg, olap_agg_gids(agg, gids, gid, n), words, live, n);
		return;
	}
	if (live != NULL)
	{
		olap_mask_i64(agg->masked, words, live, n, neutral);
		masked = agg->masked;
	}
	if (agg->phys == OLAP_PHYS_I64 || agg->phys == OLAP_PHYS_DEC64)
		see_neutral(agg, gids, gid, words, live, n, neutral);
	if (gids == NULL)
	{
		int64		best = least ? olap_min_i64(masked, n) :
			olap_max_i64(masked, n);

		agg->values[gid] = least ? Min(best, agg->values[gid]) :
			Max(best, agg->values[gid]);
	}
	else if (least)
		olap_group_min(agg->values, agg->ngroups, gids, masked, n);
	else
		olap_group_max(agg->values, agg->ngroups, gids, masked, n);
}

/* Floats ------------------------------------------------------------------ */

/*
 * What the server's float8smaller and float8larger return: NaN is above all, of
 * equal values the later one.
 */
static inline double
smaller(double state, double value)
{
	bool		stays = (state == state) & ((value != value) | (state < value));

	return stays ? state : value;
}

static inline double
larger(double state, double value)
{
	bool		stays = (value == value) & ((state != state) | (state > value));

	return stays ? state : value;
}

static void
update_floats(OlapAgg *agg, const uint32 *gids, const double *values,
			  const uint8 *live, uint32 n)
{
	double	   *doubles = agg->doubles;

	for (uint32 i = 0; i < n; i++)
	{
		uint32		g = gids[i];

		if (live != NULL && !live[i])
			continue;
		if (agg->kind == OLAP_AGG_MIN)
			doubles[g] = smaller(doubles[g], values[i]);
		else if (agg->kind == OLAP_AGG_MAX)
			doubles[g] = larger(doubles[g], values[i]);
		else if (!agg->seen[g])
			doubles[g] = values[i];
		agg->seen[g] = 1;
		/* of floats that are equal only zeros look different */
		if (agg->turns != NULL && values[i] == 0 && doubles[g] == 0)
			agg->turns[g] = agg->turn + i;
	}
}

/*
 * One group, without NULLs: the best of the vector first, in an order of
 * integers; of zeros, the last.
 */
static void
update_one_float(OlapAgg *agg, uint32 gid, const double *values, uint32 n)
{
	bool		least = agg->kind == OLAP_AGG_MIN;
	uint64		turn = 0;
	double		best;

	if (agg->kind == OLAP_AGG_FIRST)
	{
		if (!agg->seen[gid])
			agg->doubles[gid] = values[0];
		agg->seen[gid] = 1;
		return;
	}
	best = olap_best_float(values, n, least);
	if (best == 0)
		for (uint32 i = n; i-- > 0;)
			if (values[i] == 0)
			{
				best = values[i];
				turn = agg->turn + i;
				break;
			}
	agg->doubles[gid] = least ? smaller(agg->doubles[gid], best) :
		larger(agg->doubles[gid], best);
	agg->seen[gid] = 1;
	if (agg->turns != NULL && best == 0 && agg->doubles[gid] == 0)
		agg->turns[gid] = turn;
}

/* Bytes ------------------------------------------------------------------- */

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

		if (!seen[g] && (olap_agg_keeps_seen(agg) ||
						 values[g] == olap_agg_neutral(agg)))
			continue;
		v.values = &values[g];
		data = olap_vector_bytes(&v, 0, &scratch, &len);
		olap_agg_set_string(agg, &agg->strings[g], data, len);
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
olap_agg_value_prepare(OlapAgg *agg, const OlapVector *arg)
{
	if (agg->mode == OLAP_VALUE_UNKNOWN)
	{
		olap_agg_set_mode(agg, mode_of(arg->phys));
		agg->phys = arg->phys;
		agg->scale = arg->scale;
	}
	else if (agg->mode == OLAP_VALUE_WORD && agg->phys == OLAP_PHYS_DEC64 &&
			 (arg->phys != OLAP_PHYS_DEC64 || arg->scale != agg->scale))
		words_to_strings(agg);
}

void
olap_agg_value_update(OlapAgg *agg, const uint32 *gids, uint32 gid,
					  const OlapVector *arg, uint32 n)
{
	const uint8 *live = olap_vector_live(arg, n, agg->live);
	const double *values = arg->values;

	olap_agg_value_prepare(agg, arg);
	if (agg->mode == OLAP_VALUE_WORD)
		update_words(agg, gids, gid,
					 olap_vector_words(arg, agg->order == OLAP_ORDER_UINT, n,
									   agg->words), live, n);
	else if (agg->mode == OLAP_VALUE_BYTES)
		olap_agg_string_update(agg, gids, gid, arg, live, n);
	else
	{
		if (arg->phys == OLAP_PHYS_F32)
		{
			olap_widen_f32(agg->floating, arg->values, n);
			values = agg->floating;
		}
		if (gids == NULL && live == NULL)
			update_one_float(agg, gid, values, n);
		else
			update_floats(agg, olap_agg_gids(agg, gids, gid, n), values, live,
						  n);
	}
	agg->turn += n;
}

/* Is there a value in group gid, in a mode with words or floats? */
static inline bool
has_value(const OlapAgg *agg, uint32 gid)
{
	return agg->seen[gid] || (agg->mode == OLAP_VALUE_WORD &&
							  !olap_agg_keeps_seen(agg) &&
							  agg->values[gid] != olap_agg_neutral(agg));
}

static void
merge_floats(OlapAgg *agg, const uint32 *gids, const OlapAgg *from, uint32 first,
			 uint32 n)
{
	for (uint32 i = 0; i < n; i++)
	{
		uint32		g = gids[i];
		double		other = from->doubles[first + i];

		if (!from->seen[first + i])
			continue;
		if (agg->seen[g] && agg->turns != NULL && other == 0 && agg->doubles[g] == 0)
		{
			if (!olap_agg_takes_turn(agg, agg->turns[g], from->turns[first + i]))
				continue;
			agg->doubles[g] = other;
		}
		else if (agg->kind == OLAP_AGG_MIN)
			agg->doubles[g] = smaller(agg->doubles[g], other);
		else
			agg->doubles[g] = larger(agg->doubles[g], other);
		agg->seen[g] = 1;
		if (agg->turns != NULL && other == 0 && agg->doubles[g] == 0)
			agg->turns[g] = from->turns[first + i];
	}
}

void
olap_agg_value_merge(OlapAgg *agg, const uint32 *gids, const OlapAgg *from,
					 uint32 first, uint32 n)
{
	uint64		valid[OLAP_VECTOR_ROWS / 64] = {0};
	OlapVector	v = {.n = n, .width = sizeof(int64), .valid = valid,
		.scale = from->scale};
	uint64		turn;

	if (from->mode == OLAP_VALUE_UNKNOWN)
		return;
	if (agg->mode == OLAP_VALUE_UNKNOWN)
	{
		olap_agg_set_mode(agg, from->mode);
		agg->phys = from->phys;
		agg->scale = from->scale;
	}
	agg->turn = Max(agg->turn, from->turn);
	if (from->mode == OLAP_VALUE_BYTES)
	{
		if (agg->mode == OLAP_VALUE_WORD)
			words_to_strings(agg);
		olap_agg_string_merge(agg, gids, from, first, n);
		return;
	}
	if (from->mode == OLAP_VALUE_FLOAT)
	{
		merge_floats(agg, gids, from, first, n);
		return;
	}
	for (uint32 i = 0; i < n; i++)
		if (has_value(from, first + i))
			valid[i / 64] |= UINT64CONST(1) << (i % 64);
	v.phys = from->phys == OLAP_PHYS_DEC64 ? OLAP_PHYS_DEC64 : OLAP_PHYS_I64;
	v.values = from->values + first;
	turn = agg->turn;
	olap_agg_value_update(agg, gids, 0, &v, n);
	agg->turn = turn;
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
	value->count = has_value(agg, gid);
	if (agg->mode == OLAP_VALUE_FLOAT)
		value->f[0] = agg->doubles[gid];
	else
		value->i = agg->values[gid];
}

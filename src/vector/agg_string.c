/*-------------------------------------------------------------------------
 *
 * agg_string.c
 *		States that are a byte string: MIN, MAX and FIRST of text and numerics.
 *
 * A state has a copy of its string, in memory that serves the next one too.  In the
 * order of bytes the first eight of them, kept as a number beside the pointer, settle
 * most rows; in that of a collation comparing costs far more, so bytes that are the same
 * are looked for before.
 *
 * src/vector/agg_string.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "vector/agg_internal.h"
#include "vector/order_words.h"
#include "vector/expr_internal.h"

void
olap_agg_collate(OlapAgg *agg, OlapStringCompare compare, Oid collation)
{
	Assert(agg->kind == OLAP_AGG_MIN || agg->kind == OLAP_AGG_MAX);
	Assert(agg->order == OLAP_ORDER_BYTES || agg->order == OLAP_ORDER_BPCHAR);
	agg->compare = compare;
	agg->collation = collation;
}

int
olap_agg_string_compare(const OlapAgg *agg, const uint8 *a, size_t alen,
						const uint8 *b, size_t blen)
{
	if (agg->compare == NULL)
		return olap_value_compare(agg->order, a, alen, b, blen);
	if (agg->order == OLAP_ORDER_BPCHAR)
	{
		alen = olap_bpchar_length(a, alen);
		blen = olap_bpchar_length(b, blen);
	}
	return agg->compare(agg->collation, a, alen, b, blen);
}

/* A longer string gets room for as much again, so that waste stays bounded. */
void
olap_agg_set_string(OlapAgg *agg, OlapStringState *state, const uint8 *data,
					size_t len)
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

void
olap_agg_string_take(OlapAgg *agg, uint32 gid, const uint8 *data, size_t len,
					 uint64 turn)
{
	OlapStringState *state = &agg->strings[gid];

	olap_agg_set_string(agg, state, data, len);
	state->prefix = olap_prefix_word(data, len);
	state->ranking = 0;
	if (agg->turns != NULL)
		agg->turns[gid] = turn;
}

/*
 * Does a new string take a state's place?  Of equal ones that look different the
 * server's functions return the later numeric, the earlier bpchar.
 */
static inline bool
takes_place(const OlapAgg *agg, const OlapStringState *state, const uint8 *data,
			size_t len)
{
	bool		least = agg->kind == OLAP_AGG_MIN;
	int			order;

	if (agg->order == OLAP_ORDER_BYTES && agg->compare == NULL)
	{
		uint64		prefix = olap_prefix_word(data, len);

		if (prefix != state->prefix)
			return (prefix < state->prefix) == least;
	}
	else if (agg->order != OLAP_ORDER_NUMERIC && len == state->len &&
			 memcmp(data, state->data, len) == 0)
		return false;
	order = olap_agg_string_compare(agg, data, len, (uint8 *) state->data,
									state->len);
	if (order == 0)
		return agg->order == OLAP_ORDER_NUMERIC;
	return (order < 0) == least;
}

void
olap_agg_string_row(OlapAgg *agg, uint32 gid, const OlapVector *v, uint32 i)
{
	OlapStringState *state = &agg->strings[gid];
	OlapNumericScratch scratch;
	const uint8 *data;
	size_t		len;

	if (state->data != NULL && agg->kind == OLAP_AGG_FIRST)
		return;
	data = olap_vector_bytes(v, i, &scratch, &len);
	if (state->data == NULL || takes_place(agg, state, data, len))
		olap_agg_string_take(agg, gid, data, len, agg->turn + i);
}

void
olap_agg_string_update(OlapAgg *agg, const uint32 *gids, uint32 gid,
					   const OlapVector *v, const uint8 *live, uint32 n)
{
	if (v->codes != NULL && v->dict != NULL &&
		(agg->kind == OLAP_AGG_MIN || agg->kind == OLAP_AGG_MAX) &&
		olap_agg_string_dict_update(agg, gids, gid, v, live, n))
		return;
	for (uint32 i = 0; i < n; i++)
		if (live == NULL || live[i])
			olap_agg_string_row(agg, gids == NULL ? gid : gids[i], v, i);
}

/* ---- merging ---- */

/* Is a merged string better, of group gid and from's from_gid? */
static bool
wins(const OlapAgg *agg, uint32 gid, const OlapAgg *from, uint32 from_gid)
{
	const OlapStringState *state = &agg->strings[gid];
	const OlapStringState *other = &from->strings[from_gid];

	if (state->data == NULL)
		return true;
	if (agg->turns != NULL &&
		olap_agg_string_compare(agg, (uint8 *) other->data, other->len,
								(uint8 *) state->data, state->len) == 0)
		return olap_agg_takes_turn(agg, agg->turns[gid], from->turns[from_gid]);
	return takes_place(agg, state, (uint8 *) other->data, other->len);
}

void
olap_agg_string_merge(OlapAgg *agg, const uint32 *gids, const OlapAgg *from,
					  uint32 first, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
	{
		const OlapStringState *other = &from->strings[first + i];

		if (other->data != NULL && wins(agg, gids[i], from, first + i))
			olap_agg_string_take(agg, gids[i], (uint8 *) other->data, other->len,
								 from->turns == NULL ? 0 : from->turns[first + i]);
	}
}

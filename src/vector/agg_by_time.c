/*-------------------------------------------------------------------------
 *
 * agg_by_time.c
 *		States that are the value of the first or last row by time.
 *
 * Values may take much longer to read than times, and few rows win: so an update has
 * two steps.  The first finds the rows of a vector that win, by their times alone; the
 * second is given the values of these rows.  A group's winner that a later row of the
 * same vector beats gives its slot in the list of winners to that row; a slot is a
 * group's own if the list says so, so nothing has to be cleared between vectors.
 *
 * src/vector/agg_by_time.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/errors.h"
#include "base/large.h"
#include "vector/agg_kernels.h"
#include "vector/expr_internal.h"
#include "vector/program.h"

/* Of a string state: the winner's value is NULL, its memory serves later ones. */
#define NULL_STRING PG_UINT32_MAX

struct OlapContest
{
	uint32		n;				/* winners of the vector at work */
	uint32		groups[OLAP_VECTOR_ROWS];	/* one each */
	uint16		rows[OLAP_VECTOR_ROWS];
	OlapVector	values;
	bool		has_values;		/* values has arrays */
};

static inline bool
is_by_time(const OlapAgg *agg)
{
	return agg->kind == OLAP_AGG_FIRST_BY || agg->kind == OLAP_AGG_LAST_BY;
}

/* The order of keys is that of times, or its reverse. */
static inline int64
key_flip(const OlapAgg *agg)
{
	return agg->kind == OLAP_AGG_LAST_BY ? -1 : 0;
}

/* ---- memory ---- */

void
olap_agg_grow_times(OlapAgg *agg, uint32 capacity)
{
	size_t		size = (size_t) capacity * sizeof(OlapTimeState);

	if (!is_by_time(agg))
		return;
	agg->times = agg->times == NULL ? olap_large_alloc(agg->cxt, size) :
		olap_large_realloc(agg->times, agg->ngroups * sizeof(OlapTimeState), size);
}

void
olap_agg_clear_times(OlapAgg *agg, uint32 first, uint32 n)
{
	if (agg->times != NULL)
		memset(agg->times + first, 0, n * sizeof(OlapTimeState));
}

static struct OlapContest *
get_contest(OlapAgg *agg)
{
	if (agg->contest == NULL)
	{
		agg->contest = MemoryContextAlloc(agg->cxt, sizeof(struct OlapContest));
		agg->contest->has_values = false;
	}
	return agg->contest;
}

/* ---- who wins ---- */

bool
olap_agg_time_wins(const OlapAgg *agg, uint32 gid, int64 time)
{
	const OlapTimeState *state = &agg->times[gid];
	int64		key = time ^ key_flip(agg);

	/* of equal times that of the row before, which reversed is met later */
	return !state->timed || key < state->key ||
		(key == state->key && agg->reversed);
}

void
olap_agg_reverse(OlapAgg *agg)
{
	Assert(is_by_time(agg) && agg->ngroups <= 1);
	agg->reversed = true;
}

/* All rows are of one group: at most one wins. */
static void
contest_one(OlapAgg *agg, uint32 gid, const int64 *words, const uint8 *live,
			uint32 n)
{
	struct OlapContest *contest = agg->contest;
	OlapTimeState *state = &agg->times[gid];
	bool		last = agg->kind == OLAP_AGG_LAST_BY;
	uint32		row = 0;
	int64		best;

	if (live != NULL)
	{
		if (memchr(live, 1, n) == NULL)
			return;
		olap_mask_i64(agg->masked, words, live, n,
					  last ? PG_INT64_MIN : PG_INT64_MAX);
		words = agg->masked;
	}
	best = last ? olap_max_i64(words, n) : olap_min_i64(words, n);
	if (!olap_agg_time_wins(agg, gid, best))
		return;
	while (words[row] != best || (live != NULL && !live[row]))
		row++;
	state->key = best ^ key_flip(agg);
	state->timed = true;
	contest->groups[0] = gid;
	contest->rows[0] = (uint16) row;
	contest->n = 1;
}

static void
contest_groups(OlapAgg *agg, const uint32 *gids, const int64 *words,
			   const uint8 *live, uint32 n)
{
	struct OlapContest *contest = agg->contest;
	int64		flip = key_flip(agg);
	uint32		winners = 0;

	Assert(!agg->reversed);
	for (uint32 i = 0; i < n; i++)
	{
		OlapTimeState *state = &agg->times[gids[i]];
		int64		key = words[i] ^ flip;

		if ((state->timed && key >= state->key) || (live != NULL && !live[i]))
			continue;
		state->key = key;
		state->timed = true;
		if (state->slot >= winners || contest->groups[state->slot] != gids[i])
		{
			contest->groups[winners] = gids[i];
			state->slot = winners++;
		}
		contest->rows[state->slot] = (uint16) i;
	}
	contest->n = winners;
}

/* Winners in the order of their rows, as readers of few rows want them. */
static void
order_winners(struct OlapContest *contest, const uint32 *gids)
{
	uint64		bits[OLAP_VECTOR_ROWS / 64] = {0};
	uint32		n = 0;

	for (uint32 i = 0; i < contest->n; i++)
		bits[contest->rows[i] / 64] |= UINT64CONST(1) << (contest->rows[i] % 64);
	for (uint32 w = 0; w < lengthof(bits); w++)
		for (uint64 word = bits[w]; word != 0; word &= word - 1)
		{
			uint32		row = w * 64 + (uint32) __builtin_ctzll(word);

			contest->rows[n] = (uint16) row;
			contest->groups[n++] = gids[row];
		}
}

uint32
olap_agg_contest(OlapAgg *agg, const uint32 *gids, uint32 gid,
				 const OlapVector *time, uint32 n, const uint16 **rows)
{
	struct OlapContest *contest = get_contest(agg);
	const uint8 *live = olap_vector_live(time, n, agg->live);
	const int64 *words = olap_vector_words(time, false, n, agg->words);

	Assert(is_by_time(agg) && n <= OLAP_VECTOR_ROWS);
	contest->n = 0;
	*rows = contest->rows;
	if (n == 0)
		return 0;
	if (gids == NULL)
		contest_one(agg, gid, words, live, n);
	else
	{
		contest_groups(agg, gids, words, live, n);
		order_winners(contest, gids);
	}
	return contest->n;
}

/* ---- what they have ---- */

static void
settle_words(OlapAgg *agg, const OlapVector *v, uint32 n)
{
	const int64 *words = olap_vector_words(v, agg->order == OLAP_ORDER_UINT, n,
										   agg->words);

	for (uint32 i = 0; i < n; i++)
	{
		uint32		g = agg->contest->groups[i];

		agg->values[g] = words[i];
		agg->seen[g] = !olap_vector_is_null(v, i);
	}
}

static void
settle_floats(OlapAgg *agg, const OlapVector *v, uint32 n)
{
	const double *values = v->values;

	if (v->phys == OLAP_PHYS_F32)
	{
		olap_widen_f32(agg->floating, v->values, n);
		values = agg->floating;
	}
	for (uint32 i = 0; i < n; i++)
	{
		uint32		g = agg->contest->groups[i];

		agg->doubles[g] = values[i];
		agg->seen[g] = !olap_vector_is_null(v, i);
	}
}

static void
settle_strings(OlapAgg *agg, const OlapVector *v, uint32 n)
{
	OlapNumericScratch scratch;
	size_t		len;

	for (uint32 i = 0; i < n; i++)
	{
		OlapStringState *state = &agg->strings[agg->contest->groups[i]];
		const uint8 *data;

		if (olap_vector_is_null(v, i))
		{
			state->len = NULL_STRING;
			continue;
		}
		data = olap_vector_bytes(v, i, &scratch, &len);
		olap_agg_set_string(agg, state, data, len);
	}
}

void
olap_agg_settle(OlapAgg *agg, const OlapVector *value, const uint16 *at)
{
	struct OlapContest *contest = agg->contest;
	OlapVector	plain = *value;

	/* codes need not be gathered */
	plain.codes = NULL;
	plain.dict = NULL;
	if (!contest->has_values)
		olap_vector_init(&contest->values, &agg->type, OLAP_VECTOR_ROWS, agg->cxt);
	contest->has_values = true;
	olap_vector_gather(&contest->values, &plain, at, contest->n);
	olap_agg_value_prepare(agg, value);
	switch (agg->mode)
	{
		case OLAP_VALUE_WORD:
			settle_words(agg, &contest->values, contest->n);
			break;
		case OLAP_VALUE_FLOAT:
			settle_floats(agg, &contest->values, contest->n);
			break;
		default:
			settle_strings(agg, &contest->values, contest->n);
	}
}

void
olap_agg_time_get(const OlapAgg *agg, uint32 gid, OlapAggValue *value)
{
	const OlapTimeState *state = &agg->times[gid];

	olap_agg_value_get(agg, gid, value);
	if (agg->mode == OLAP_VALUE_BYTES && value->len == NULL_STRING)
		value->count = 0;
	value->timed = state->timed;
	value->time = state->key ^ key_flip(agg);
}

/*-------------------------------------------------------------------------
 *
 * agg_string_dict.c
 *		MIN and MAX of text that has a dictionary.
 *
 * An entry that was compared with a group's state need not be compared with it again:
 * the state only gets better.  Where all rows are of one group, a mark an entry says
 * so.  Of many groups, entries get ranks in their order once the rows that were
 * compared one by one have cost as much as ranking does, which bounds the loss of
 * guessing wrong either way; a group's state has a place among the ranks from its first
 * row on, and behind that rows are compared as numbers.
 *
 * src/vector/agg_string_dict.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "base/errors.h"
#include "vector/agg_internal.h"

struct OlapStringDict
{
	const OlapVector *dict;		/* NULL: none */
	uint32		n;				/* its entries, at most OLAP_ROWGROUP_ROWS */
	uint32		capacity;		/* entries that the arrays have room for */

	uint8	   *marks;			/* [n]: compared with marked_gid's state */
	bool		marked;
	uint32		marked_gid;

	uint64		rows;			/* compared one by one */
	uint32		ranking;		/* number of the ranks, of all dictionaries */
	bool		ranked;
	uint32	   *sorted;			/* [n] codes in their order */
	uint32	   *ranks;			/* [n] by code: twice the place of its equals, + 1 */
};

void
olap_agg_new_dictionaries(OlapAgg *agg)
{
	if (agg->dict != NULL)
		agg->dict->dict = NULL;
}

static void
free_arrays(struct OlapStringDict *d)
{
	if (d->marks != NULL)
		pfree(d->marks);
	if (d->sorted != NULL)
		pfree(d->sorted);
	if (d->ranks != NULL)
		pfree(d->ranks);
	d->marks = NULL;
	d->sorted = d->ranks = NULL;
	d->capacity = 0;
}

void
olap_agg_string_dict_free(OlapAgg *agg)
{
	if (agg->dict == NULL)
		return;
	free_arrays(agg->dict);
	/* states are gone, so a later ranking may have a number again */
	pfree(agg->dict);
	agg->dict = NULL;
}

/* What is known of dict; nothing if it has got further entries. */
static struct OlapStringDict *
get_dict(OlapAgg *agg, const OlapVector *dict)
{
	struct OlapStringDict *d = agg->dict;

	if (d == NULL)
		agg->dict = d = MemoryContextAllocZero(agg->cxt,
											   sizeof(struct OlapStringDict));
	if (d->dict == dict && d->n == dict->n)
		return d;
	if (d->capacity < dict->n)
	{
		free_arrays(d);
		d->capacity = dict->n;
	}
	d->dict = dict;
	d->n = dict->n;
	d->marked = d->ranked = false;
	d->rows = 0;
	return d;
}

/* ---- marks ---- */

static void
update_marked(OlapAgg *agg, struct OlapStringDict *d, uint32 gid,
			  const OlapVector *v, const uint8 *live, uint32 n)
{
	if (d->marks == NULL)
		d->marks = MemoryContextAlloc(agg->cxt, d->capacity);
	if (!d->marked || d->marked_gid != gid)
		memset(d->marks, 0, d->n);
	d->marked = true;
	d->marked_gid = gid;
	for (uint32 i = 0; i < n; i++)
	{
		uint32		code = v->codes[i];

		if (live != NULL && !live[i])
			continue;
		Ensure(code < d->n, "code %u of a dictionary of %u entries", code, d->n);
		if (d->marks[code])
			continue;
		d->marks[code] = 1;
		olap_agg_string_row(agg, gid, v, i);
	}
}

/* ---- ranks ---- */

static int
compare_entries(const void *a, const void *b, void *arg)
{
	const OlapAgg *agg = arg;
	OlapNumericScratch scratch;
	size_t		xlen,
				ylen;
	const uint8 *x = olap_vector_bytes(agg->dict->dict, *(const uint32 *) a,
									   &scratch, &xlen);
	const uint8 *y = olap_vector_bytes(agg->dict->dict, *(const uint32 *) b,
									   &scratch, &ylen);

	return olap_agg_string_compare(agg, x, xlen, y, ylen);
}

static void
rank_entries(OlapAgg *agg, struct OlapStringDict *d)
{
	if (d->sorted == NULL)
	{
		d->sorted = MemoryContextAlloc(agg->cxt, d->capacity * sizeof(uint32));
		d->ranks = MemoryContextAlloc(agg->cxt, d->capacity * sizeof(uint32));
	}
	for (uint32 i = 0; i < d->n; i++)
		d->sorted[i] = i;
	qsort_arg(d->sorted, d->n, sizeof(uint32), compare_entries, agg);
	for (uint32 i = 0, first = 0; i < d->n; i++)
	{
		/* entries that differ may be equal: trailing blanks */
		if (i > 0 && compare_entries(&d->sorted[i - 1], &d->sorted[i], agg) != 0)
			first = i;
		d->ranks[d->sorted[i]] = 2 * first + 1;
	}
	d->ranked = true;
	d->ranking++;
}

/* A state's rank: that of the entry that equals it, or between two entries. */
static uint32
find_rank(const OlapAgg *agg, const OlapStringState *state)
{
	const struct OlapStringDict *d = agg->dict;
	OlapNumericScratch scratch;
	uint32		low = 0,
				high = d->n;

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;
		size_t		len;
		const uint8 *data = olap_vector_bytes(d->dict, d->sorted[middle], &scratch,
											  &len);
		int			order = olap_agg_string_compare(agg, (uint8 *) state->data,
													state->len, data, len);

		if (order == 0)
			return d->ranks[d->sorted[middle]];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return 2 * low;
}

static void
update_ranked(OlapAgg *agg, const struct OlapStringDict *d, const uint32 *gids,
			  const OlapVector *v, const uint8 *live, uint32 n)
{
	bool		least = agg->kind == OLAP_AGG_MIN;

	for (uint32 i = 0; i < n; i++)
	{
		OlapStringState *state = &agg->strings[gids[i]];
		OlapNumericScratch scratch;
		const uint8 *data;
		size_t		len;
		uint32		rank;

		if (live != NULL && !live[i])
			continue;
		Ensure(v->codes[i] < d->n, "code %u of a dictionary of %u entries",
			   v->codes[i], d->n);
		rank = d->ranks[v->codes[i]];
		if (state->data != NULL)
		{
			if (state->ranking != d->ranking)
				state->rank = find_rank(agg, state);
			state->ranking = d->ranking;
			if (least ? rank >= state->rank : rank <= state->rank)
				continue;
		}
		data = olap_vector_bytes(v, i, &scratch, &len);
		olap_agg_string_take(agg, gids[i], data, len, agg->turn + i);
		state->ranking = d->ranking;
		state->rank = rank;
	}
}

bool
olap_agg_string_dict_update(OlapAgg *agg, const uint32 *gids, uint32 gid,
							const OlapVector *v, const uint8 *live, uint32 n)
{
	struct OlapStringDict *d;

	if (agg->order == OLAP_ORDER_NUMERIC || v->dict->n == 0 ||
		v->dict->n > OLAP_ROWGROUP_ROWS)
		return false;
	d = get_dict(agg, v->dict);
	if (gids == NULL)
	{
		update_marked(agg, d, gid, v, live, n);
		return true;
	}
	/* sorting the entries, and finding the place of each state */
	if (!d->ranked && d->rows >= ((uint64) d->n + agg->ngroups) *
		(pg_leftmost_one_pos32(d->n) + 1))
		rank_entries(agg, d);
	if (d->ranked)
		update_ranked(agg, d, gids, v, live, n);
	else
		d->rows += n;
	return d->ranked;
}

/*-------------------------------------------------------------------------
 *
 * distinct_on_contest.c
 *		OlapDistinctOn: the winner of each group.
 *
 * A row's sort keys are integers that compare as ORDER BY does, each with a bit that
 * tells NULL from the value whose integer it shares (index/sortkey.h).  A group that
 * has no winner has integers that every row is before.  Of rows that tie, the one met
 * first stays; all columns are read of that row later, so they belong together.
 *
 * src/exec/distinct_on_contest.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "exec/distinct_on_internal.h"
#include "segment/page.h"

/* ---- memory ---- */

static void *
resize(MemoryContext cxt, void *array, size_t size)
{
	return array == NULL ? MemoryContextAllocHuge(cxt, size) :
		repalloc_huge(array, size);
}

void
olap_distinct_on_grow(OlapDistinctOnNode *node, uint32 ngroups)
{
	DistinctOnWinners *w = &node->winners;
	uint32		more = ngroups - w->ngroups;

	if (ngroups > w->capacity)
	{
		size_t		n = Max(ngroups, Min((uint64) w->capacity * 2, PG_UINT32_MAX));

		n = Max(n, OLAP_VECTOR_ROWS);
		for (int o = 0; o < node->norders; o++)
		{
			w->keys[o] = resize(node->cxt, w->keys[o], n * sizeof(uint64));
			w->seconds[o] = resize(node->cxt, w->seconds[o], n);
		}
		w->where = resize(node->cxt, w->where, n * sizeof(uint64));
		w->capacity = n;
	}
	for (int o = 0; o < node->norders; o++)
	{
		memset(w->keys[o] + w->ngroups, 0xFF, more * sizeof(uint64));
		memset(w->seconds[o] + w->ngroups, DISTINCT_ON_NO_SECOND, more);
	}
	memset(w->where + w->ngroups, 0xFF, more * sizeof(uint64));
	w->ngroups = ngroups;
}

static void
release(void *array)
{
	if (array != NULL)
		pfree(array);
}

/* Room is given back: what many keys took would count against the few of a part. */
void
olap_distinct_on_forget(OlapDistinctOnNode *node)
{
	DistinctOnWinners *w = &node->winners;

	for (int o = 0; o < node->norders; o++)
	{
		release(w->keys[o]);
		release(w->seconds[o]);
	}
	release(w->where);
	memset(w, 0, sizeof(*w));
	release(node->out);
	node->out = NULL;
}

/* Those on their way out included. */
size_t
olap_distinct_on_memory(const OlapDistinctOnNode *node)
{
	return olap_groups_memory(node->groups) +
		node->winners.capacity * (node->norders * (sizeof(uint64) + 1) +
								  sizeof(uint64)) +
		node->winners.ngroups * sizeof(OlapSortPos);
}

/* ---- sort keys ---- */

static void
load_keys(OlapDistinctOnNode *node, DistinctOnOrder *order, OlapBatch *batch)
{
	const OlapVector *v = olap_program_eval(node->program, order->out, batch);

	if (!olap_sort_keys(&order->sort, v, order->keys))
		olap_corrupted(node->scan->ss.ss_currentRelation,
					   "A value to sort by is none that its type can hold.");
	memset(order->seconds, olap_sort_second(&order->sort, false) != 0, batch->nsel);
	for (uint32 i = 0; v->valid != NULL && i < batch->nsel; i++)
		order->seconds[i] = olap_sort_second(&order->sort,
											 olap_vector_is_null(v, i)) != 0;
}

/* Row i against the winner of gid by sort key o: < 0 if it is before that. */
static inline int
compare(const OlapDistinctOnNode *node, int o, uint32 i, uint32 gid)
{
	const DistinctOnOrder *order = &node->orders[o];
	uint64		key = node->winners.keys[o][gid];

	if (order->keys[i] != key)
		return order->keys[i] < key ? -1 : 1;
	return (int) order->seconds[i] - (int) node->winners.seconds[o][gid];
}

/* ---- who wins ---- */

static inline void
set_winner(OlapDistinctOnNode *node, uint32 i, uint32 gid, uint64 where)
{
	DistinctOnWinners *w = &node->winners;

	for (int o = 0; o < node->norders; o++)
	{
		w->keys[o][gid] = node->orders[o].keys[i];
		w->seconds[o][gid] = node->orders[o].seconds[i];
	}
	w->nwon += w->where[gid] == DISTINCT_ON_NOWHERE;
	w->where[gid] = where;
}

/* Without a sort key, the first row that comes wins. */
static bool
wins_first(const OlapDistinctOnNode *node, uint32 gid)
{
	return node->winners.where[gid] == DISTINCT_ON_NOWHERE;
}

static bool
wins(const OlapDistinctOnNode *node, uint32 i, uint32 gid)
{
	int			cmp = 0;

	for (int o = 0; o < node->norders && cmp == 0; o++)
		cmp = compare(node, o, i, gid);
	return node->norders == 0 ? wins_first(node, gid) : cmp < 0;
}

/* Does any row win or tie by the first sort key?  The others are read only then. */
static bool
any_contender(const OlapDistinctOnNode *node, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
		if (compare(node, 0, i, node->gids[i]) <= 0)
			return true;
	return false;
}

void
olap_distinct_on_contest(OlapDistinctOnNode *node, OlapBatch *batch, uint64 where)
{
	uint32		n = batch->nsel;

	if (node->norders > 0)
		load_keys(node, &node->orders[0], batch);
	if (node->norders > 1)
	{
		if (!any_contender(node, n))
			return;
		for (int o = 1; o < node->norders; o++)
			load_keys(node, &node->orders[o], batch);
	}
	for (uint32 i = 0; i < n; i++)
		if (wins(node, i, node->gids[i]))
			set_winner(node, i, node->gids[i],
					   where + (batch->sel == NULL ? i : batch->sel[i]));
}

bool
olap_distinct_on_beats(const OlapDistinctOnNode *node, uint32 gid,
					   const OlapSortPos *first)
{
	const DistinctOnWinners *w = &node->winners;
	uint8		second = (first->ref & OLAP_SORT_SECOND) != 0;

	if (w->where[gid] == DISTINCT_ON_NOWHERE || node->norders == 0)
		return w->where[gid] != DISTINCT_ON_NOWHERE;
	if (w->keys[0][gid] != first->key)
		return w->keys[0][gid] < first->key;
	/* of rows that tie by the first sort key, the others decide */
	return node->norders == 1 ? w->seconds[0][gid] <= second :
		w->seconds[0][gid] < second;
}

void
olap_distinct_on_collect(OlapDistinctOnNode *node)
{
	const DistinctOnWinners *w = &node->winners;

	release(node->out);
	node->out = MemoryContextAllocHuge(node->cxt, Max(w->nwon, 1) *
									   sizeof(OlapSortPos));
	node->nout = 0;
	for (uint32 g = 0; g < w->ngroups; g++)
		if (w->where[g] != DISTINCT_ON_NOWHERE)
			node->out[node->nout++] = (OlapSortPos) {.key = w->where[g]};
	olap_sort_positions(node->out, node->nout);
}

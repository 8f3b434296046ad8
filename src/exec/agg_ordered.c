/*-------------------------------------------------------------------------
 *
 * agg_ordered.c
 *		OlapAgg: collect values for aggregates that want them in order.
 *
 * Words, and rows that have groups, go to lists in memory; if memory is spent, the
 * largest set goes to a tuplesort, and what comes later follows it.  Rows without
 * groups go there at once.
 *
 * src/exec/agg_ordered.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_operator_d.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/memutils.h"

#include "exec/agg_ordered.h"

/* The least that a tuplesort works with, in kB. */
#define SORT_MIN_KB 64

/* Above it per column, in bytes of a tuple in the sort: header and pointer. */
#define SORT_TUPLE_BYTES 48

/* ---- the server's sort ---- */

Tuplesortstate *
olap_ordered_sort(OlapAggNode *node, OlapOrderedSet *set, bool by_group)
{
	MemoryContext old = MemoryContextSwitchTo(node->cxt);
	const Aggref *aggref = set->leader->aggref;
	List	   *clauses = olap_ordered_clauses(aggref);
	int			nkeys = list_length(clauses) + 1;
	AttrNumber *cols = palloc(nkeys * sizeof(AttrNumber));
	Oid		   *ops = palloc(nkeys * sizeof(Oid));
	Oid		   *collations = palloc0(nkeys * sizeof(Oid));
	bool	   *nulls_first = palloc0(nkeys * sizeof(bool));
	size_t		kb = node->memory_limit / 1024 / 2 / list_length(node->ordered);
	int			key = 0;
	Tuplesortstate *sort;
	ListCell   *lc;

	if (by_group)
	{
		cols[key] = 1;
		ops[key++] = Int4LessOperator;
	}
	foreach(lc, clauses)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);
		TargetEntry *tle = get_sortgroupclause_tle(clause, aggref->args);

		cols[key] = set->places[tle->resno - 1] + 1;
		ops[key] = set->has_words ? Int8LessOperator : clause->sortop;
		if (!set->has_words)
			collations[key] = exprCollation((Node *) tle->expr);
		nulls_first[key++] = clause->nulls_first;
	}
	kb = Min(Max(kb, SORT_MIN_KB), INT_MAX / 2);
	if (set->by_datum)
		sort = tuplesort_begin_datum(TupleDescAttr(set->desc, 0)->atttypid,
									 ops[0], collations[0], nulls_first[0],
									 (int) kb, NULL, TUPLESORT_NONE);
	else
		sort = tuplesort_begin_heap(set->desc, key, cols, ops, collations,
									nulls_first, (int) kb, NULL,
									TUPLESORT_NONE);
	MemoryContextSwitchTo(old);
	return sort;
}

/* One more row of group gid in the sort. */
static void
count_row(OlapAggNode *node, OlapOrderedSet *set, uint32 gid)
{
	if (gid >= set->ncounts)
	{
		uint32		n = Max(64, Max(gid + 1, node->ngroups));

		n = Max(n, set->ncounts + set->ncounts / 2);
		set->counts = set->counts == NULL ?
			MemoryContextAllocHuge(node->cxt, (size_t) n * sizeof(uint64)) :
			repalloc_huge(set->counts, (size_t) n * sizeof(uint64));
		memset(set->counts + set->ncounts, 0,
			   (size_t) (n - set->ncounts) * sizeof(uint64));
		set->ncounts = n;
	}
	set->counts[gid]++;
	set->sort_bytes += SORT_TUPLE_BYTES + 8 * set->ncols;
}

typedef struct DrainArg
{
	OlapAggNode *node;
	OlapOrderedSet *set;
} DrainArg;

static void
put_listed(uint32 gid, int64 word, void *arg)
{
	DrainArg   *to = arg;
	OlapOrderedSet *set = to->set;
	TupleTableSlot *slot = set->in;

	CHECK_FOR_INTERRUPTS();
	count_row(to->node, set, gid);
	if (set->by_datum)
	{
		tuplesort_putdatum(set->sort, Int64GetDatum(word), false);
		return;
	}
	if (set->has_words)
	{
		if (set->first > 0)
		{
			slot->tts_values[0] = Int32GetDatum((int32) gid);
			slot->tts_isnull[0] = false;
		}
		slot->tts_values[set->first] = Int64GetDatum(word);
		slot->tts_isnull[set->first] = false;
		ExecStoreVirtualTuple(slot);
	}
	else
	{
		slot = set->out;
		ExecStoreMinimalTuple((MinimalTuple) (uintptr_t) word, slot, false);
	}
	tuplesort_puttupleslot(set->sort, slot);
	ExecClearTuple(slot);
}

/* What is listed goes to the sort. */
static void
drain(OlapAggNode *node, OlapOrderedSet *set)
{
	DrainArg	to = {node, set};

	if (set->sort == NULL)
		set->sort = olap_ordered_sort(node, set, set->first > 0);
	olap_value_lists_drain(set->lists, put_listed, &to);
	if (set->rows_cxt != NULL)
		MemoryContextReset(set->rows_cxt);
}

/* ---- rows ---- */

/* Row i in set->in; false if no aggregate looks at it. */
static bool
make_row(OlapOrderedSet *set, uint32 gid, const OlapVector *const *args,
		 uint32 i)
{
	TupleTableSlot *slot = set->in;

	/* percentiles and modes are over values */
	if (set->leader->call.shape != OLAP_SHAPE_SORTED_ROWS &&
		olap_vector_is_null(args[0], i))
		return false;
	if (set->first > 0)
	{
		slot->tts_values[0] = Int32GetDatum((int32) gid);
		slot->tts_isnull[0] = false;
	}
	for (int a = 0; a < set->ncols; a++)
	{
		bool		isnull = olap_vector_is_null(args[a], i);
		int			place = set->places[a];

		slot->tts_isnull[place] = isnull;
		slot->tts_values[place] = isnull ? (Datum) 0 :
			olap_vector_datum(args[a], i, set->scratch[a]);
	}
	ExecStoreVirtualTuple(slot);
	return true;
}

/* Without groups: to the sort at once. */
static void
put_rows(OlapAggNode *node, OlapOrderedSet *set, const OlapVector *const *args,
		 uint32 n)
{
	if (set->sort == NULL)
		set->sort = olap_ordered_sort(node, set, false);
	for (uint32 i = 0; i < n; i++)
	{
		if (!make_row(set, 0, args, i))
			continue;
		if (set->by_datum)
			tuplesort_putdatum(set->sort, set->in->tts_values[0],
							   set->in->tts_isnull[0]);
		else
			tuplesort_puttupleslot(set->sort, set->in);
		ExecClearTuple(set->in);
		count_row(node, set, 0);
	}
}

static void
list_rows(OlapOrderedSet *set, const uint32 *gids,
		  const OlapVector *const *args, uint32 n)
{
	int64		rows[OLAP_VECTOR_ROWS];
	uint32		row_gids[OLAP_VECTOR_ROWS];
	OlapVector	v = {.phys = OLAP_PHYS_I64, .width = sizeof(int64), .values = rows};
	uint32		nrows = 0;
	MemoryContext old = MemoryContextSwitchTo(set->rows_cxt);

	for (uint32 i = 0; i < n; i++)
	{
		if (!make_row(set, gids[i], args, i))
			continue;
		row_gids[nrows] = gids[i];
		rows[nrows++] = (int64) (uintptr_t) ExecCopySlotMinimalTuple(set->in);
		ExecClearTuple(set->in);
	}
	MemoryContextSwitchTo(old);
	olap_value_lists_add(set->lists, row_gids, &v, nrows);
}

/* ---- input ---- */

void
olap_agg_update_ordered(OlapAggNode *node, AggWork *work, const uint32 *gids,
						const OlapVector *const *args, uint32 n)
{
	OlapOrderedSet *set = work->ordered;

	if (set->has_words)
		olap_value_lists_add(set->lists, gids, args[0], n);
	else if (gids != NULL)
		list_rows(set, gids, args, n);
	else
		put_rows(node, set, args, n);
	if (set->sort != NULL && set->lists != NULL)
		drain(node, set);
}

/* Of what is listed. */
static size_t
listed_memory(const OlapOrderedSet *set)
{
	if (set->lists == NULL)
		return 0;
	return olap_value_lists_memory(set->lists) +
		(set->rows_cxt == NULL ? 0 :
		 MemoryContextMemAllocated(set->rows_cxt, false));
}

size_t
olap_agg_ordered_memory(const OlapAggNode *node)
{
	size_t		share = node->ordered == NIL ? 0 :
		Max(node->memory_limit / 2 / list_length(node->ordered),
			SORT_MIN_KB * 1024);
	size_t		used = 0;
	ListCell   *lc;

	foreach(lc, node->ordered)
	{
		const OlapOrderedSet *set = lfirst(lc);

		used += listed_memory(set);
		if (set->sort != NULL)
			used += Min(set->sort_bytes, share) + set->ncounts * sizeof(uint64);
	}
	return used;
}

/*
 * Lists that would not give back much, all together, stay, lest small ones leave
 * because of the groups' own memory.
 */
void
olap_agg_limit_ordered(OlapAggNode *node)
{
	while (olap_agg_memory_used(node) > node->memory_limit)
	{
		OlapOrderedSet *largest = NULL;
		size_t		most = node->memory_limit / 8 / list_length(node->ordered);
		ListCell   *lc;

		foreach(lc, node->ordered)
		{
			OlapOrderedSet *set = lfirst(lc);

			if (set->sort != NULL || listed_memory(set) < most)
				continue;
			most = listed_memory(set);
			largest = set;
		}
		if (largest == NULL)
			return;
		drain(node, largest);
	}
}

void
olap_agg_end_ordered(OlapAggNode *node)
{
	ListCell   *lc;

	foreach(lc, node->ordered)
	{
		OlapOrderedSet *set = lfirst(lc);
		TuplesortInstrumentation stats;

		if (set->sort == NULL)
		{
			if (set->lists != NULL)
				olap_value_lists_finish(set->lists, Max(node->ngroups, 1));
			continue;
		}
		tuplesort_performsort(set->sort);
		tuplesort_get_stats(set->sort, &stats);
		if (stats.spaceType != SORT_SPACE_TYPE_DISK)
			continue;
		node->ordered_sorts++;
		node->ordered_kb += stats.spaceUsed;
	}
}

/* ---- end ---- */

bool
olap_agg_ordered_repeats(const OlapAggNode *node)
{
	ListCell   *lc;

	/* a sort is read once, and its values go with the row that went up */
	foreach(lc, node->ordered)
		if (((OlapOrderedSet *) lfirst(lc))->sort != NULL ||
			!((OlapOrderedSet *) lfirst(lc))->has_words)
			return false;
	return true;
}

static void
end_sorts(OlapOrderedSet *set)
{
	if (set->sort != NULL)
		tuplesort_end(set->sort);
	if (set->group_sort != NULL)
		tuplesort_end(set->group_sort);
	set->sort = set->group_sort = NULL;
}

void
olap_agg_reset_ordered(OlapAggNode *node)
{
	ListCell   *lc;

	foreach(lc, node->ordered)
	{
		OlapOrderedSet *set = lfirst(lc);

		ExecClearTuple(set->out);
		end_sorts(set);
		if (set->rows_cxt != NULL)
			MemoryContextReset(set->rows_cxt);
		if (set->lists != NULL)
			olap_value_lists_reset(set->lists);
		if (set->ncounts > 0)
			memset(set->counts, 0, (size_t) set->ncounts * sizeof(uint64));
		set->sort_bytes = 0;
		set->next = 0;
		set->loaded = false;
	}
}

void
olap_agg_discard_ordered(OlapAggNode *node)
{
	ListCell   *lc,
			   *call;

	foreach(lc, node->ordered)
	{
		OlapOrderedSet *set = lfirst(lc);

		ExecDropSingleTupleTableSlot(set->in);
		ExecDropSingleTupleTableSlot(set->out);
		end_sorts(set);
		foreach(call, set->calls)
		{
			OrderedCall *ordered = lfirst(call);

			if (ordered->server != NULL)
				olap_generic_free(ordered->server);
		}
	}
	node->ordered = NIL;
	for (int i = 0; i < node->nworks; i++)
		node->works[i].ordered = NULL;
}

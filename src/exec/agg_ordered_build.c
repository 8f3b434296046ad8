/*-------------------------------------------------------------------------
 *
 * agg_ordered_build.c
 *		OlapAgg: sets of values for aggregates that want them in order.
 *
 * Aggregates over the same column under the same FILTER share a set.
 *
 * src/exec/agg_ordered_build.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "exec/agg_ordered.h"

/* The set that work can share, NULL if there is none. */
static OlapOrderedSet *
find_set(OlapAggNode *node, const AggWork *work, bool has_words)
{
	ListCell   *lc;

	foreach(lc, node->ordered)
	{
		OlapOrderedSet *set = lfirst(lc);
		const AggWork *leader = set->leader;

		if (leader->call.filter != work->call.filter ||
			set->has_words != has_words)
			continue;
		if (has_words ? leader->call.args[0] == work->call.args[0] :
			leader->call.shape != OLAP_SHAPE_SORTED_ROWS &&
			work->call.shape != OLAP_SHAPE_SORTED_ROWS &&
			equal(leader->aggref->args, work->aggref->args) &&
			equal(leader->aggref->aggorder, work->aggref->aggorder))
			return set;
	}
	return NULL;
}

/* DISTINCT: the columns by which rows are the same. */
static void
init_distinct(OlapOrderedSet *set, const Aggref *aggref)
{
	ListCell   *lc;
	int			n = list_length(aggref->aggdistinct);

	set->equal_cols = palloc(Max(n, 1) * sizeof(AttrNumber));
	set->equal_fns = palloc(Max(n, 1) * sizeof(FmgrInfo));
	set->equal_collations = palloc(Max(n, 1) * sizeof(Oid));
	foreach(lc, aggref->aggdistinct)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);
		TargetEntry *tle = get_sortgroupclause_tle(clause, aggref->args);

		fmgr_info(get_opcode(clause->eqop), &set->equal_fns[set->nequal]);
		set->equal_collations[set->nequal] = exprCollation((Node *) tle->expr);
		set->equal_cols[set->nequal++] = set->places[tle->resno - 1];
	}
}

/*
 * Columns that sort come first: what stands behind a value of variable length is
 * found by walking over it, in every comparison.
 */
static void
place_columns(OlapOrderedSet *set, const Aggref *aggref)
{
	ListCell   *lc;
	int			place = set->first;

	set->places = palloc0(set->ncols * sizeof(int));
	foreach(lc, olap_ordered_clauses(aggref))
	{
		TargetEntry *tle = get_sortgroupclause_tle(lfirst(lc), aggref->args);

		if (set->places[tle->resno - 1] == 0)
			set->places[tle->resno - 1] = ++place;
	}
	for (int a = 0; a < set->ncols; a++)
	{
		if (set->places[a] == 0)
			set->places[a] = ++place;
		set->places[a]--;
	}
}

/* What is sorted: the group's number, if there are groups, and the columns. */
static void
init_columns(OlapAggNode *node, OlapOrderedSet *set)
{
	const Aggref *aggref = set->leader->aggref;
	ListCell   *lc;

	set->first = node->groups != NULL ? 1 : 0;
	set->ncols = list_length(aggref->args);
	set->desc = CreateTemplateTupleDesc(set->first + set->ncols);
	set->scratch = palloc(set->ncols * sizeof(set->scratch[0]));
	place_columns(set, aggref);
	set->by_datum = set->first == 0 && set->ncols == 1;
	if (set->first > 0)
		TupleDescInitEntry(set->desc, 1, NULL, INT4OID, -1, 0);
	foreach(lc, aggref->args)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		TupleDescInitEntry(set->desc, set->places[tle->resno - 1] + 1, NULL,
						   set->has_words ? INT8OID :
						   exprType((Node *) tle->expr), -1, 0);
	}
	set->typlen = TupleDescAttr(set->desc, set->first)->attlen;
	set->typbyval = TupleDescAttr(set->desc, set->first)->attbyval;
	set->in = MakeSingleTupleTableSlot(set->desc, &TTSOpsVirtual);
	set->out = MakeSingleTupleTableSlot(set->desc, &TTSOpsMinimalTuple);
	init_distinct(set, aggref);
}

static OlapOrderedSet *
make_set(OlapAggNode *node, AggWork *work, bool has_words,
		 const OlapOrderedWords *words)
{
	OlapOrderedSet *set = palloc0(sizeof(OlapOrderedSet));
	SortGroupClause *clause = linitial(olap_ordered_clauses(work->aggref));

	set->leader = work;
	set->has_words = has_words;
	if (has_words)
	{
		set->words = *words;
		set->lists = olap_value_lists_create(words->phys, words->order, node->cxt);
	}
	init_columns(node, set);
	if (!has_words && set->first > 0)
	{
		set->lists = olap_value_lists_create(OLAP_PHYS_I64, OLAP_ORDER_INT,
											 node->cxt);
		set->rows_cxt = AllocSetContextCreate(node->cxt, "OlapAgg ordered rows",
											  ALLOCSET_DEFAULT_SIZES);
	}
	fmgr_info(get_opcode(clause->eqop), &set->mode_equal);
	set->mode_collation = work->aggref->inputcollid;
	return set;
}

void
olap_agg_build_ordered(OlapAggNode *node)
{
	node->ordered = NIL;
	for (int i = 0; i < node->nworks; i++)
	{
		AggWork    *work = &node->works[i];
		OrderedCall *call;
		OlapOrderedWords words = {0};
		bool		has_words;

		work->ordered = NULL;
		if (work->call.kind != OLAP_CALL_ORDERED)
			continue;
		has_words = olap_ordered_has_words(work->aggref, work->call.shape, &words);
		work->ordered = find_set(node, work, has_words);
		if (work->ordered == NULL)
		{
			work->ordered = make_set(node, work, has_words, &words);
			node->ordered = lappend(node->ordered, work->ordered);
		}
		call = palloc0(sizeof(OrderedCall));
		call->work = work;
		call->descending = has_words && words.descending;
		if (work->call.shape == OLAP_SHAPE_SORTED_ROWS)
		{
			call->server = olap_generic_create(work->aggref,
											   node->css.ss.ps.state);
			call->nargs = list_length(work->aggref->aggargtypes);
		}
		work->ordered->has_mode |= work->call.shape == OLAP_SHAPE_MODE;
		work->ordered->calls = lappend(work->ordered->calls, call);
		work->ordered_call = call;
	}
}

bool
olap_agg_leads_ordered(const AggWork *work)
{
	return work->ordered->leader == work;
}

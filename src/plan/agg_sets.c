/*-------------------------------------------------------------------------
 *
 * agg_sets.c
 *		GROUPING SETS, ROLLUP and CUBE of an aggregation by OlapAgg.
 *
 * The planner has expanded them to a list of sets when the hook is called.
 *
 * src/plan/agg_sets.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type_d.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "utils/selfuncs.h"
#include "utils/syscache.h"

#include "exec/agg_call.h"
#include "plan/agg_join.h"
#include "plan/agg_sets.h"
#include "vector/vector.h"

/*
 * A set that finds no room for more groups has those of a vector, and its files'
 * buffers: many sets are beyond every limit with that alone.  Some excess is
 * worth a scan, as PostgreSQL sorts the rows many times.  States that keep values are
 * the other: each set has all of them, while PostgreSQL's sorted groups have those of
 * one group a set.
 */
#define MOST_EXCESS 4
#define LEAST_LIMIT (2 * 1024 * 1024)

/* Number of the key that ref stands for: clauses and keys are in one order. */
static int
key_of(List *clauses, int ref)
{
	ListCell   *lc;
	int			i = 0;

	foreach(lc, clauses)
	{
		if (lfirst_node(SortGroupClause, lc)->tleSortGroupRef == (Index) ref)
			return i;
		i++;
	}
	elog(ERROR, "grouping set refers to an expression that is not grouped by");
}

static List *
keys_of(List *clauses, List *refs)
{
	List	   *keys = NIL;
	ListCell   *lc;

	foreach(lc, refs)
		keys = list_append_unique_int(keys, key_of(clauses, lfirst_int(lc)));
	return keys;
}

/* Of GROUPING() every argument has a bit, once more if it is there twice. */
static List *
bits_of(List *clauses, List *refs)
{
	List	   *bits = NIL;
	ListCell   *lc;

	foreach(lc, refs)
		bits = lappend_int(bits, key_of(clauses, lfirst_int(lc)));
	return bits;
}

/* Rows that are grouped. */
static double
rows_of(const OlapAggQuery *query)
{
	return query->join != NULL ? query->join->rows : query->rel->rows;
}

static double
count_groups(PlannerInfo *root, const OlapAggQuery *query, List *set)
{
	List	   *exprs = NIL;
	ListCell   *lc;

	if (set == NIL)
		return 1;
	foreach(lc, set)
		exprs = lappend(exprs, list_nth(query->keys, lfirst_int(lc)));
	return estimate_num_groups(root, exprs, rows_of(query), NULL, NULL);
}

/* Is there memory for the groups of one vector in each set? */
static bool
least_fits(const OlapAggQuery *query)
{
	double		bytes = 0;
	ListCell   *lc;

	foreach(lc, query->sets)
	{
		List	   *set = lfirst(lc);
		double		groups = Min(linitial_int(set), OLAP_VECTOR_ROWS);

		/* keys, states, and the places in two tables */
		bytes += groups * 2 * sizeof(int64) *
			(list_length(set) + list_length(query->calls) + 1);
	}
	return bytes <= MOST_EXCESS *
		(double) Max(get_hash_memory_limit(), LEAST_LIMIT);
}

/*
 * Does a state keep all values (array_agg, string_agg, ...)?  An internal one without
 * a size, as far as the catalog says.
 */
static bool
keeps_values(const Aggref *aggref)
{
	HeapTuple	tuple;
	int32		space;

	if (aggref->aggtranstype != INTERNALOID)
		return false;
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggref->aggfnoid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", aggref->aggfnoid);
	space = ((Form_pg_aggregate) GETSTRUCT(tuple))->aggtransspace;
	ReleaseSysCache(tuple);
	return space == 0;
}

/* Bytes of the values in one row that go to states that keep all of them. */
static double
kept_width(PlannerInfo *root, const OlapAggQuery *query)
{
	double		width = 0;
	ListCell   *agg,
			   *list;

	forboth(agg, query->aggs, list, query->calls)
	{
		const Aggref *aggref = lfirst_node(Aggref, agg);
		PathTarget *target = create_empty_pathtarget();
		OlapAggCall call;
		ListCell   *arg;

		olap_agg_call_from_list(lfirst(list), &call);
		if (call.kind != OLAP_CALL_GENERIC || !keeps_values(aggref))
			continue;
		foreach(arg, aggref->args)
			add_column_to_pathtarget(target,
									 copyObject(lfirst_node(TargetEntry, arg)->expr),
									 0);
		width += Max(set_pathtarget_cost_width(root, target)->width,
					 (int) sizeof(Datum));
	}
	return width;
}

/* Is there memory for the values that all sets keep at once? */
static bool
values_fit(PlannerInfo *root, const OlapAggQuery *query)
{
	return kept_width(root, query) * rows_of(query) * list_length(query->sets) <=
		MOST_EXCESS * (double) Max(get_hash_memory_limit(), LEAST_LIMIT);
}

bool
olap_agg_sets_plan(PlannerInfo *root, OlapAggQuery *query, List *clauses)
{
	ListCell   *lc;

	/* an expression under two names is NULL in some sets under one of them */
	if (list_length(query->keys) != list_length(clauses))
		return false;
	/* as is a constant, which a target list takes for itself */
	foreach(lc, query->keys)
		if (!contain_var_clause(lfirst(lc)))
			return false;
	foreach(lc, root->parse->groupingSets)
	{
		List	   *set = keys_of(clauses, lfirst(lc));
		double		groups = count_groups(root, query, set);

		query->sets = lappend(query->sets,
							  lcons_int((int) Min(groups, (double) PG_INT32_MAX),
										set));
	}
	if (!least_fits(query) || !values_fit(root, query))
		return false;
	foreach(lc, query->groupings)
	{
		GroupingFunc *func = lfirst_node(GroupingFunc, lc);

		if (func->agglevelsup != 0)
			return false;
		query->grouping_keys = lappend(query->grouping_keys,
									   bits_of(clauses, func->refs));
	}
	return true;
}

static bool
has_grouping(Node *node, void *context)
{
	return node != NULL &&
		(IsA(node, GroupingFunc) ||
		 expression_tree_walker(node, has_grouping, context));
}

bool
olap_agg_has_grouping(Node *node)
{
	return has_grouping(node, NULL);
}

double
olap_agg_sets_groups(const OlapAggQuery *query)
{
	double		groups = 0;
	ListCell   *lc;

	foreach(lc, query->sets)
		groups += linitial_int(lfirst(lc));
	return groups;
}

/*
 * One set is fed in any case, with all keys.  Others are rolled up from it, if
 * states can be added.
 */
double
olap_agg_sets_updates(const OlapAggQuery *query)
{
	ListCell   *lc;
	bool		merge = true;
	double		updates = 0;

	foreach(lc, query->calls)
	{
		OlapAggCall call;

		olap_agg_call_from_list(lfirst(lc), &call);
		merge &= call.kind >= 0 && !call.distinct &&
			olap_agg_kind_merges(call.kind);
	}
	if (merge)
		return 0;
	foreach(lc, query->sets)
		updates += list_length(lfirst(lc)) + list_length(query->calls);
	return updates;
}

/*
 * The server's own plan of grouping sets makes such a map, from references to
 * columns, and setrefs.c asks it for each GROUPING(), which is only shown.
 */
void
olap_agg_sets_set_map(PlannerInfo *root, List *groupings)
{
	ListCell   *lc;
	int			most = 0,
				column = 1;

	if (groupings == NIL || root->grouping_map != NULL)
		return;
	foreach(lc, root->parse->groupClause)
		most = Max(most, (int) lfirst_node(SortGroupClause, lc)->tleSortGroupRef);
	root->grouping_map = palloc0((most + 1) * sizeof(AttrNumber));
	foreach(lc, root->parse->groupClause)
		root->grouping_map[lfirst_node(SortGroupClause, lc)->tleSortGroupRef] =
			column++;
}

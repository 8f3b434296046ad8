/*-------------------------------------------------------------------------
 *
 * agg_join_core.c
 *		The way out of OlapAgg's joins: PostgreSQL's own aggregation, for when the
 *		sides take more memory than they may.
 *
 * Its columns are those of OlapAgg's rows: keys, aggregates, and GROUPING()s.
 *
 * src/plan/agg_join_core.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"

#include "base/compat_planner.h"
#include "plan/agg_join_internal.h"
#include "plan/agg_parts.h"

/* The rows, with references where clauses have them. */
static PathTarget *
core_target(PlannerInfo *root, const OlapAggQuery *query, List *aggs, List *tlist)
{
	PathTarget *target = create_empty_pathtarget();
	ListCell   *lc;

	foreach(lc, query->keys)
	{
		Index		ref = 0;
		ListCell   *clause;

		foreach(clause, root->parse->groupClause)
			if (equal(get_sortgroupclause_expr(lfirst(clause), tlist), lfirst(lc)))
				ref = ((SortGroupClause *) lfirst(clause))->tleSortGroupRef;
		add_column_to_pathtarget(target, lfirst(lc), ref);
	}
	foreach(lc, list_concat_copy(aggs, query->groupings))
		add_column_to_pathtarget(target, lfirst(lc), 0);
	return set_pathtarget_cost_width(root, target);
}

/* Of path's joined rows; split: what is made of them. */
static Path *
core_path(PlannerInfo *root, const OlapAggQuery *query, Path *path,
		  RelOptInfo *output, List *aggs, AggSplit split, List *tlist)
{
	AggClauseCosts costs = {0};
	AggStrategy strategy = AGG_PLAIN;
	double		groups = olap_agg_count_groups(root, query, path->rows);

	get_agg_clause_costs(root, split, &costs);
	if (root->parse->groupClause != NIL)
		strategy = AGG_SORTED;
	/* without GROUP BY that is an order that aggregates rely on */
	if (root->group_pathkeys != NIL)
		path = (Path *) create_sort_path(root, output, path,
										 root->group_pathkeys, -1);
	return (Path *) create_agg_path(root, output, path,
									core_target(root, query, aggs, tlist),
									strategy, split, olap_group_clauses(root),
									NIL, &costs, groups);
}

/*
 * Grouping sets.  How PostgreSQL divides them into sorts and hash tables is known only
 * by the paths that it made, which come before ours.
 */
static Path *
core_sets_path(PlannerInfo *root, const OlapAggQuery *query, RelOptInfo *output,
			   List *tlist)
{
	GroupingSetsPath *best = NULL;
	GroupingSetsPath *copy;
	ListCell   *lc;

	foreach(lc, output->pathlist)
	{
		GroupingSetsPath *path = lfirst(lc);

		if (IsA(path, GroupingSetsPath) && olap_join_plans_twice(path->subpath) &&
			(best == NULL || path->path.total_cost < best->path.total_cost))
			best = path;
	}
	if (best == NULL)
		return NULL;
	copy = makeNode(GroupingSetsPath);
	*copy = *best;
	copy->path.pathtarget = core_target(root, query, query->aggs, tlist);
	copy->qual = NIL;			/* HAVING is above OlapAgg's rows */
	return &copy->path;
}

Path *
olap_join_core_path(PlannerInfo *root, const OlapAggQuery *query,
					RelOptInfo *input, RelOptInfo *output, List *tlist)
{
	Path	   *path = input->cheapest_total_path;

	if (root->parse->groupingSets != NIL)
		return core_sets_path(root, query, output, tlist);
	if (!olap_join_plans_twice(path))
		return NULL;
	return core_path(root, query, path, output, query->aggs, AGGSPLIT_SIMPLE,
					 tlist);
}

Path *
olap_join_partial_core_path(PlannerInfo *root, const OlapAggQuery *query,
							RelOptInfo *input, RelOptInfo *output, List *aggs,
							List *tlist)
{
	ListCell   *lc;

	foreach(lc, input->partial_pathlist)
	{
		Path	   *path = lfirst(lc);

		if (olap_join_plans_twice(path))
			return core_path(root, query, path, output, aggs,
							 AGGSPLIT_INITIAL_SERIAL, tlist);
	}
	return NULL;
}

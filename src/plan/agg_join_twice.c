/*-------------------------------------------------------------------------
 *
 * agg_join_twice.c
 *		May the sides of a join become plans twice, and run twice?
 *
 * OlapAgg has plans of the sides, and a plan of PostgreSQL's that joins them itself
 * for when they do not fit in memory; PostgreSQL makes one plan of a path, and
 * some of it in place:
 *
 * - relations of a subquery are numbered when a plan of it is finished, children
 *   of appended relations where they stand, so that a second plan would have
 *   numbers of no relation;
 * - a plan of MIN and MAX by index adds to the subquery's plans, one of grouping
 *   sets leaves a map for its GROUPING();
 * - what a foreign data wrapper or another extension makes of its path is its own
 *   business.
 *
 * So only kinds of paths pass that are known to do no more than make their plan.
 *
 * src/plan/agg_join_twice.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/extensible.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"

#include "plan/agg_join_internal.h"
#include "plan/agg_query.h"

static bool
all_plan_twice(List *paths)
{
	ListCell   *lc;

	foreach(lc, paths)
		if (!olap_join_plans_twice(lfirst(lc)))
			return false;
	return true;
}

static bool
subquery_plans_twice(SubqueryScanPath *path)
{
	const PlannerInfo *subroot = path->path.parent->subroot;

	return subroot != NULL && subroot->append_rel_list == NIL &&
		subroot->rowMarks == NIL && !subroot->hasAlternativeSubPlans &&
		olap_join_plans_twice(path->subpath);
}

static bool
custom_plans_twice(CustomPath *path)
{
	if (strcmp(path->methods->CustomName, "OlapScan") != 0 &&
		strcmp(path->methods->CustomName, "OlapDistinctOn") != 0 &&
		(!olap_is_agg_path(path) || !olap_agg_path_plans_twice(path)))
		return false;
	return all_plan_twice(path->custom_paths);
}

bool
olap_join_plans_twice(Path *path)
{
	check_stack_depth();
	switch (nodeTag(path))
	{
		case T_Path:
			return path->pathtype != T_WorkTableScan &&
				path->pathtype != T_ForeignScan;
		case T_IndexPath:
		case T_BitmapHeapPath:
		case T_BitmapAndPath:
		case T_BitmapOrPath:
		case T_TidPath:
		case T_TidRangePath:
		case T_GroupResultPath:
			return true;
		case T_SubqueryScanPath:
			return subquery_plans_twice((SubqueryScanPath *) path);
		case T_CustomPath:
			return custom_plans_twice((CustomPath *) path);
		case T_NestPath:
		case T_MergePath:
		case T_HashPath:
			return olap_join_plans_twice(((JoinPath *) path)->outerjoinpath) &&
				olap_join_plans_twice(((JoinPath *) path)->innerjoinpath);
		case T_AppendPath:
			return all_plan_twice(((AppendPath *) path)->subpaths);
		case T_MergeAppendPath:
			return all_plan_twice(((MergeAppendPath *) path)->subpaths);
		case T_MaterialPath:
			return olap_join_plans_twice(((MaterialPath *) path)->subpath);
		case T_MemoizePath:
			return olap_join_plans_twice(((MemoizePath *) path)->subpath);
		case T_UniquePath:
			return olap_join_plans_twice(((UniquePath *) path)->subpath);
		case T_GatherPath:
			return olap_join_plans_twice(((GatherPath *) path)->subpath);
		case T_GatherMergePath:
			return olap_join_plans_twice(((GatherMergePath *) path)->subpath);
		case T_ProjectionPath:
			return olap_join_plans_twice(((ProjectionPath *) path)->subpath);
		case T_ProjectSetPath:
			return olap_join_plans_twice(((ProjectSetPath *) path)->subpath);
		case T_SortPath:
		case T_IncrementalSortPath:
			return olap_join_plans_twice(((SortPath *) path)->subpath);
		case T_GroupPath:
			return olap_join_plans_twice(((GroupPath *) path)->subpath);
		case T_UpperUniquePath:
			return olap_join_plans_twice(((UpperUniquePath *) path)->subpath);
		case T_AggPath:
			return olap_join_plans_twice(((AggPath *) path)->subpath);
		case T_WindowAggPath:
			return olap_join_plans_twice(((WindowAggPath *) path)->subpath);
		case T_LimitPath:
			return olap_join_plans_twice(((LimitPath *) path)->subpath);
		default:
			return false;
	}
}

/*
 * A volatile function may not be called for the rows of a side, and once more by
 * PostgreSQL's plan.
 */
bool
olap_join_runs_twice(PlannerInfo *root)
{
	ListCell   *lc;

	/* subqueries are in there as they were before they were planned */
	if (contain_volatile_functions((Node *) root->parse))
		return false;
	foreach(lc, root->glob->subroots)
		if (contain_volatile_functions((Node *)
									   ((PlannerInfo *) lfirst(lc))->parse))
			return false;
	return true;
}

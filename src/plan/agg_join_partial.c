/*-------------------------------------------------------------------------
 *
 * agg_join_partial.c
 *		OlapAgg above a join, in parallel workers.
 *
 *		Finalize Agg -> Gather -> OlapAgg -> parallel OlapScan, sides
 *
 * Each participant takes row groups of the olap table and hashes the sides for
 * itself, as PostgreSQL's hash join does whose inner side is not a parallel one: that
 * is for nothing where sides are small, and where they are not, their cost counts in
 * full.  So a side needs a plan that workers may run, and PostgreSQL's own plan, for
 * when sides do not fit, is one of participants that share out the rows as well
 * (src/exec/agg_join_shared.c).
 *
 * src/plan/agg_join_partial.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"

#include "base/compat_planner.h"
#include "plan/agg_join_internal.h"
#include "plan/agg_parts.h"

/*
 * Sides are hashed by all participants at once, which have one memory and maybe fewer
 * processors than they are.  That is a part of getting them started, so it costs so much
 * more where parallel_setup_cost has its default.  Measured on two cores with other work:
 * 35,000 rows hashed in 12 ms of 57 in one process took three processes 70 ms in all.
 */
#define SIDES_FACTOR 1.5

/* dims as workers may run them, NIL if they may not run one. */
static List *
parallel_dims(List *dims)
{
	List	   *parallel = NIL;
	ListCell   *lc;

	foreach(lc, dims)
	{
		Path	   *dim = lfirst(lc);
		Path	   *path = get_cheapest_parallel_safe_total_inner(dim->parent->pathlist);

		/* joined columns are numbered as the first one puts them out */
		if (path == NULL || path->param_info != NULL ||
			!olap_join_plans_twice(path) ||
			!equal(path->pathtarget->exprs, dim->pathtarget->exprs))
			return NIL;
		parallel = lappend(parallel, path);
	}
	return parallel;
}

/* One participant's part; NULL if there is none. */
static Path *
partial_path(PlannerInfo *root, OlapAggQuery *query, RelOptInfo *input,
			 RelOptInfo *output, PathTarget *target, List *aggs, List *tlist,
			 int workers)
{
	OlapAggPath *agg = olap_agg_path_create(query, output, NIL, aggs);
	Path	   *path = &agg->path.path;
	Path	   *scan = olap_join_fact_path(root, query, workers);
	Path	   *core = olap_join_partial_core_path(root, query, input, output, aggs,
												   tlist);
	Cost		setup;

	if (scan == NULL || core == NULL || !scan->parallel_safe ||
		!core->parallel_safe)
		return NULL;
	path->pathtarget = target;
	path->parallel_aware = true;
	path->parallel_workers = workers;
	path->parallel_safe = true;
	agg->path.custom_paths = lappend(lcons(scan, list_copy(query->join->dims)),
									 core);
	agg->join = olap_join_plan_list(query, scan);
	olap_path_inherit_enabled(path, scan);
	olap_join_cost(root, query,
				   input->rows * scan->rows / Max(query->join->fact->rows, 1), NIL,
				   path, scan);
	setup = SIDES_FACTOR * olap_join_sides_cost(query) * parallel_setup_cost /
		DEFAULT_PARALLEL_SETUP_COST;
	path->startup_cost += setup;
	path->total_cost += setup;
	return path;
}

void
olap_agg_join_partial_path(PlannerInfo *root, const OlapAggQuery *serial,
						   RelOptInfo *input, RelOptInfo *output,
						   GroupPathExtraData *extra)
{
	List	   *clauses = olap_group_clauses(root);
	List	   *exprs = get_sortgrouplist_exprs(clauses, extra->targetList);
	OlapJoinQuery join = *serial->join;
	OlapAggQuery query = *serial;
	List	   *aggs;
	Path	   *path;
	int			workers;

	if ((extra->flags & GROUPING_CAN_PARTIAL_AGG) == 0 || join.fact->nparts > 0 ||
		!input->consider_parallel || !output->consider_parallel ||
		(root->parse->groupClause != NIL && clauses == NIL) ||
		!olap_agg_parts_allowed(&query))
		return;
	workers = compute_parallel_worker(join.fact, join.fact->pages, -1,
									  max_parallel_workers_per_gather);
	join.dims = parallel_dims(join.dims);
	if (workers <= 0 || join.dims == NIL)
		return;
	query.join = &join;
	aggs = olap_agg_partial_aggs(query.aggs);
	/* keys that depend on others are no clauses' */
	path = partial_path(root, &query, input, output,
						olap_agg_partial_target(root, clauses, exprs,
												list_concat(list_difference(query.keys,
																			exprs),
															aggs)),
						aggs, extra->targetList, workers);
	if (path != NULL)
		olap_agg_add_final_paths(root, output,
								 olap_agg_gather_parts(root, output, path), clauses,
								 (List *) extra->havingQual, extra->targetList,
								 olap_agg_count_groups(root, &query, input->rows));
}

/*-------------------------------------------------------------------------
 *
 * distinct_on.c
 *		OlapDistinctOn paths: DISTINCT ON over one olap table.
 *
 * DISTINCT ON (k) ... ORDER BY k, ts DESC has PostgreSQL sort all rows with all
 * columns.  The path beside that finds the first row of each key by keys and sort keys
 * alone, in no order; PostgreSQL sorts the few rows it gives.
 *
 * src/plan/distinct_on.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "executor/nodeHash.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"

#include "base/compat_planner.h"
#include "exec/agg_call.h"
#include "exec/compile.h"
#include "exec/distinct_on.h"
#include "plan/agg_query.h"
#include "plan/distinct_on.h"
#include "plan/order_paths.h"
#include "plan/paths.h"

/*
 * Work a row, in operator calls, beside finding its group: comparing it with the
 * winner.  Work a winner, in units of cpu_tuple_cost: reading its columns.
 */
#define CONTEST_FACTOR 0.1
#define WINNER_FACTOR 1.0
/* Building programs and tables, likewise. */
#define START_TUPLES 100

/* Bytes of a key's group and winner, beside those of strings. */
#define GROUP_BYTES 64

typedef struct DistinctOnPath
{
	CustomPath	path;
	List	   *keys;			/* DISTINCT ON's expressions */
	List	   *key_orders;		/* OlapOrder of each */
	List	   *orders;			/* expressions of ORDER BY beside them */
	List	   *directions;		/* of each a list: descending, NULLs first */
	List	   *checks;			/* expressions that all rows are computed of */
	List	   *columns;		/* Vars of the rows that go up */
} DistinctOnPath;

static Plan *plan_distinct_on(PlannerInfo *root, RelOptInfo *rel, CustomPath *best,
							  List *tlist, List *clauses, List *custom_plans);

static const CustomPathMethods path_methods = {
	.CustomName = "OlapDistinctOn",
	.PlanCustomPath = plan_distinct_on,
};

/* ---- what is asked ---- */

static bool
add_key(DistinctOnPath *path, Index relid, const SortGroupClause *clause, Expr *expr)
{
	OlapOrder	order;

	if (list_member(path->keys, expr))
		return true;
	if (!olap_equality_order(clause->eqop, exprType((Node *) expr),
							 exprCollation((Node *) expr), &order) ||
		!olap_compile_supported(expr, relid))
		return false;
	path->keys = lappend(path->keys, expr);
	path->key_orders = lappend_int(path->key_orders, order);
	return true;
}

static bool
add_order(DistinctOnPath *path, Index relid, const SortGroupClause *clause,
		  Expr *expr)
{
	OlapColumnType type = olap_expr_type((Node *) expr);
	OlapSortSpec sort;
	bool		descending;

	if (list_member(path->keys, expr) || list_member(path->orders, expr))
		return true;
	/* only a column's numerics are all of one scale */
	if (!olap_sort_kind(&type, &sort) ||
		(sort.kind == OLAP_ZONE_DEC && !IsA(expr, Var)) ||
		!olap_operator_sorts(clause->sortop, type.typid, &sort, &descending) ||
		!olap_compile_supported(expr, relid) ||
		list_length(path->orders) == OLAP_DISTINCT_ON_ORDERS)
		return false;
	path->orders = lappend(path->orders, expr);
	path->directions = lappend(path->directions,
							   list_make2_int(descending, clause->nulls_first));
	return true;
}

/* What the rows that go up are made of. */
static bool
add_outputs(DistinctOnPath *path, Index relid, PathTarget *target)
{
	ListCell   *lc;

	foreach(lc, target->exprs)
	{
		Expr	   *expr = lfirst(lc);

		if (IsA(expr, Var) || IsA(expr, Const) || list_member(path->keys, expr) ||
			list_member(path->orders, expr))
			continue;
		if (!olap_compile_supported(expr, relid))
			return false;
		path->checks = list_append_unique(path->checks, expr);
	}
	foreach(lc, pull_var_clause((Node *) target->exprs, PVC_RECURSE_AGGREGATES |
								PVC_RECURSE_WINDOWFUNCS |
								PVC_INCLUDE_PLACEHOLDERS))
	{
		Var		   *var = lfirst(lc);

		if (!IsA(var, Var) || var->varno != (int) relid || var->varattno <= 0)
			return false;
		path->columns = list_append_unique(path->columns, var);
	}
	return path->columns != NIL;
}

/* False: not what OlapDistinctOn computes. */
static bool
fill(DistinctOnPath *path, PlannerInfo *root, RelOptInfo *input)
{
	List	   *tlist = root->processed_tlist;
	ListCell   *lc;

	foreach(lc, root->parse->distinctClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);

		if (!add_key(path, input->relid, clause,
					 (Expr *) get_sortgroupclause_expr(clause, tlist)))
			return false;
	}
	foreach(lc, root->parse->sortClause)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);

		if (!add_order(path, input->relid, clause,
					   (Expr *) get_sortgroupclause_expr(clause, tlist)))
			return false;
	}
	return path->keys != NIL &&
		add_outputs(path, input->relid, path->path.path.pathtarget);
}

/* ---- costs ---- */

static Path *
scan_path(PlannerInfo *root, RelOptInfo *rel, List *exprs)
{
	PathTarget *target = create_empty_pathtarget();

	add_new_columns_to_pathtarget(target, exprs);
	set_pathtarget_cost_width(root, target);
	return olap_batch_scan_path(root, rel, target, 0);
}

/*
 * Keys and sort keys are read of all rows, as no statistics say which keys have a row
 * among the newest; once for each part that the keys are divided into for want of
 * memory.  The other columns are read of vectors that have a winner.
 */
static void
cost(PlannerInfo *root, DistinctOnPath *path, RelOptInfo *rel, const Path *keys,
	 const Path *all)
{
	Path	   *p = &path->path.path;
	OlapAggQuery query = {.rel = rel, .keys = path->keys, .orders = path->key_orders};
	double		rows = keys->rows;
	double		groups = olap_agg_count_groups(root, &query, rows);
	double		bytes = groups * (GROUP_BYTES + keys->pathtarget->width);
	double		passes = ceil(Max(bytes / get_hash_memory_limit(), 1));
	double		late = Min(groups * OLAP_VECTOR_ROWS / Max(rel->tuples, 1), 1);
	Cost		work = rows * (CONTEST_FACTOR * (list_length(path->keys) +
												 list_length(path->orders)) *
							   cpu_operator_cost +
							   CONTEST_FACTOR * all->pathtarget->cost.per_tuple) +
		olap_agg_group_work(root, &query, rows);

	p->startup_cost = passes * (keys->total_cost + work) +
		all->pathtarget->cost.startup + START_TUPLES * cpu_tuple_cost;
	p->rows = groups;
	p->total_cost = p->startup_cost +
		late * Max(all->total_cost - keys->total_cost, 0) +
		groups * WINNER_FACTOR * cpu_tuple_cost;
	p->startup_cost += p->pathtarget->cost.startup;
	p->total_cost += p->pathtarget->cost.startup +
		p->pathtarget->cost.per_tuple * groups;
}

/* ---- path and plan ---- */

void
olap_distinct_on_paths(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output)
{
	DistinctOnPath *path;
	Path	   *p,
			   *keys,
			   *all;
	PathTarget *target = input->cheapest_total_path->pathtarget;

	if (root->parse->hasTargetSRFs || root->hasPseudoConstantQuals ||
		!olap_rel_is_ours(root, input) || !olap_filters_supported(input) ||
		contain_volatile_functions((Node *) target->exprs))
		return;
	path = (DistinctOnPath *) newNode(sizeof(DistinctOnPath), T_CustomPath);
	p = &path->path.path;
	p->pathtype = T_CustomScan;
	p->parent = output;
	p->pathtarget = target;
	path->path.flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->path.methods = &path_methods;
	if (!fill(path, root, input))
		return;
	keys = scan_path(root, input, list_concat_copy(path->keys, path->orders));
	all = scan_path(root, input,
					list_concat(list_concat_copy(path->keys, path->orders),
								list_concat_copy(path->checks, path->columns)));
	if (keys == NULL || all == NULL)
		return;
	p->parallel_safe = output->consider_parallel && all->parallel_safe;
	path->path.custom_paths = list_make1(all);
	olap_path_inherit_enabled(p, all);
	cost(root, path, input, keys, all);
	add_path(output, p);
}

static Plan *
plan_distinct_on(PlannerInfo *root, RelOptInfo *rel, CustomPath *best, List *tlist,
				 List *clauses, List *custom_plans)
{
	const DistinctOnPath *path = (const DistinctOnPath *) best;
	CustomScan *scan = makeNode(CustomScan);
	ListCell   *lc;

	foreach(lc, path->columns)
		scan->custom_scan_tlist = lappend(scan->custom_scan_tlist,
										  makeTargetEntry(copyObject(lfirst(lc)),
														  list_length(scan->custom_scan_tlist) + 1,
														  NULL, false));
	scan->scan.plan.targetlist = tlist;
	scan->flags = best->flags;
	scan->custom_plans = custom_plans;
	scan->custom_private = olap_distinct_on_private(path->key_orders, path->directions,
													list_length(path->checks));
	scan->methods = &olap_distinct_on_plan_methods;
	return &scan->scan.plan;
}

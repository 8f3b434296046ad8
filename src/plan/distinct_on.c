/*-------------------------------------------------------------------------
 *
 * distinct_on.c
 *		OlapDistinctOn paths: DISTINCT ON over one olap table.
 *
 * DISTINCT ON (k) ... ORDER BY k, ts DESC has PostgreSQL sort all rows with all
 * columns.  The path beside that finds the first row of each key by keys and sort keys
 * alone, in no order; PostgreSQL sorts the few rows it gives.  Of a partitioned table
 * each partition gives its own, and PostgreSQL's Unique takes the first of these.
 *
 * src/plan/distinct_on.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "executor/nodeHash.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
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

		/* what reads no column fails for a row that wins, if there is any, or for none */
		if (IsA(expr, Var) || !contain_var_clause((Node *) expr) ||
			list_member(path->keys, expr) || list_member(path->orders, expr))
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

/* False: not what OlapDistinctOn computes.  keys, orders: of the query's clauses. */
static bool
fill(DistinctOnPath *path, const Query *parse, Index relid, List *keys, List *orders)
{
	ListCell   *clause,
			   *expr;

	forboth(clause, parse->distinctClause, expr, keys)
	{
		if (!add_key(path, relid, lfirst_node(SortGroupClause, clause), lfirst(expr)))
			return false;
	}
	forboth(clause, parse->sortClause, expr, orders)
	{
		if (!add_order(path, relid, lfirst_node(SortGroupClause, clause), lfirst(expr)))
			return false;
	}
	return path->keys != NIL && add_outputs(path, relid, path->path.path.pathtarget);
}

/* ---- costs ---- */

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

/* ---- paths and plan ---- */

/* A path over rel, a table or a partition; NULL if there is none. */
static Path *
table_path(PlannerInfo *root, RelOptInfo *rel, RelOptInfo *parent, List *key_exprs,
		   List *order_exprs, PathTarget *target)
{
	DistinctOnPath *path = (DistinctOnPath *) newNode(sizeof(DistinctOnPath),
													  T_CustomPath);
	Path	   *p = &path->path.path;
	Path	   *keys,
			   *all;

	if (!olap_rel_is_ours(root, rel) || !olap_filters_supported(rel))
		return NULL;
	p->pathtype = T_CustomScan;
	p->parent = parent;
	p->pathtarget = target;
	path->path.flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->path.methods = &path_methods;
	if (!fill(path, root->parse, rel->relid, key_exprs, order_exprs))
		return NULL;
	keys = olap_batch_scan_path(root, rel,
								list_concat_copy(path->keys, path->orders), 0);
	all = olap_batch_scan_path(root, rel,
							   list_concat(list_concat_copy(path->keys, path->orders),
										   list_concat_copy(path->checks,
															path->columns)), 0);
	if (keys == NULL || all == NULL)
		return NULL;
	p->parallel_safe = parent->consider_parallel && all->parallel_safe;
	path->path.custom_paths = list_make1(all);
	olap_path_inherit_enabled(p, all);
	cost(root, path, rel, keys, all);
	return p;
}

/* Add to *paths one for each partition of rel; false if there is none of some. */
static bool
add_partitions(PlannerInfo *root, RelOptInfo *rel, List *keys, List *orders,
			   PathTarget *target, List **paths)
{
	Path	   *path;

	if (rel->nparts <= 0)
	{
		path = table_path(root, rel, rel, keys, orders, target);
		*paths = lappend(*paths, path);
		return path != NULL;
	}
	for (int i = 0; i < rel->nparts; i++)
	{
		RelOptInfo *child = rel->part_rels[i];
		AppendRelInfo *info;
		PathTarget *own;

		if (child == NULL || IS_DUMMY_REL(child))
			continue;
		info = root->append_rel_array[child->relid];
		own = copy_pathtarget(target);
		own->exprs = (List *) adjust_appendrel_attrs(root, (Node *) own->exprs, 1,
													 &info);
		if (!add_partitions(root, child,
							(List *) adjust_appendrel_attrs(root, (Node *) keys, 1,
															&info),
							(List *) adjust_appendrel_attrs(root, (Node *) orders, 1,
															&info),
							own, paths))
			return false;
	}
	return true;
}

/* The rows of partitions, of which there may be several with equal keys, made unique. */
static Path *
join_partitions(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output, List *paths,
				List *keys, PathTarget *target)
{
	List	   *order = list_length(root->distinct_pathkeys) <
		list_length(root->sort_pathkeys) ? root->sort_pathkeys : root->distinct_pathkeys;
	Path	   *append = (Path *) create_append_path(root, input, paths, NIL, NIL, NULL,
													 0, false, -1);
	Path	   *sorted;

	append->pathtarget = target;
	sorted = (Path *) create_sort_path(root, output, append, order, -1);
	return (Path *) create_upper_unique_path(root, output, sorted,
											 list_length(root->distinct_pathkeys),
											 estimate_num_groups(root, keys, append->rows,
																 NULL, NULL));
}

void
olap_distinct_on_paths(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output)
{
	List	   *tlist = root->processed_tlist;
	List	   *keys = get_sortgrouplist_exprs(root->parse->distinctClause, tlist);
	List	   *orders = get_sortgrouplist_exprs(root->parse->sortClause, tlist);
	PathTarget *target = input->cheapest_total_path->pathtarget;
	List	   *paths = NIL;
	Path	   *path = NULL;

	if (root->parse->hasTargetSRFs || root->hasPseudoConstantQuals ||
		IS_DUMMY_REL(input) || contain_volatile_functions((Node *) target->exprs))
		return;
	if (input->nparts <= 0)
		path = table_path(root, input, output, keys, orders, target);
	else if (root->distinct_pathkeys != NIL &&
			 add_partitions(root, input, keys, orders, target, &paths) && paths != NIL)
		path = join_partitions(root, input, output, paths, keys, target);
	if (path != NULL)
		add_path(output, path);
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

/*-------------------------------------------------------------------------
 *
 * agg_join_paths.c
 *		OlapAgg paths above joins.
 *
 * src/plan/agg_join_paths.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "executor/nodeHash.h"
#include "nodes/extensible.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"

#include "base/compat_planner.h"
#include "exec/agg_join.h"
#include "plan/agg_join_internal.h"
#include "plan/agg_query.h"
#include "plan/agg_topn.h"
#include "plan/paths.h"

/* Hashing a row and looking one up, in units of cpu_operator_cost. */
#define HASH_FACTOR 4
#define PROBE_FACTOR 0.25

/* Part of the memory that sides may take by estimate. */
#define MEMORY_PART 0.5

/* ---- the way out ---- */

/*
 * PostgreSQL's own aggregation, for when the sides take more memory than they may.
 * Its columns are those of OlapAgg's rows: keys, then aggregates.
 */
static Path *
core_path(PlannerInfo *root, OlapAggQuery *query, RelOptInfo *input,
		  RelOptInfo *output, List *tlist)
{
	List	   *clauses = olap_group_clauses(root);
	Path	   *path = input->cheapest_total_path;
	PathTarget *target = create_empty_pathtarget();
	AggClauseCosts costs = {0};
	AggStrategy strategy = AGG_PLAIN;
	double		groups = olap_agg_count_groups(root, query, input->rows);
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
	foreach(lc, query->aggs)
		add_column_to_pathtarget(target, lfirst(lc), 0);
	set_pathtarget_cost_width(root, target);
	get_agg_clause_costs(root, AGGSPLIT_SIMPLE, &costs);
	if (root->parse->groupClause != NIL)
		strategy = AGG_SORTED;
	/* without GROUP BY that is an order that aggregates rely on */
	if (root->group_pathkeys != NIL)
		path = (Path *) create_sort_path(root, output, path,
										 root->group_pathkeys, -1);
	return (Path *) create_agg_path(root, output, path, target, strategy,
									AGGSPLIT_SIMPLE, clauses, NIL, &costs, groups);
}

/* ---- the olap table ---- */

/* Joined columns in node. */
static bool
joined_columns(Node *node, PathTarget *target)
{
	if (node == NULL || IsA(node, IntList))
		return false;
	if (IsA(node, Var))
	{
		add_new_column_to_pathtarget(target, (Expr *) node);
		return false;
	}
	return expression_tree_walker(node, joined_columns, (void *) target);
}

/* A scan of what the join and the aggregates read of the table. */
static Path *
fact_path(PlannerInfo *root, OlapAggQuery *query)
{
	RelOptInfo *fact = query->join->fact;
	PathTarget *all = create_empty_pathtarget();
	PathTarget *target = create_empty_pathtarget();
	ListCell   *lc;

	(void) joined_columns((Node *) list_make2(query->columns, query->join->steps),
						all);
	foreach(lc, all->exprs)
	{
		const Var  *var = lfirst(lc);

		if (var->varattno <= fact->max_attr)
			add_column_to_pathtarget(target, (Expr *)
									 makeVar(fact->relid, var->varattno,
											 var->vartype, var->vartypmod,
											 var->varcollid, 0), 0);
	}
	set_pathtarget_cost_width(root, target);
	return olap_batch_scan_path(root, fact, target, 0);
}

/* ---- dependencies ---- */

static Node *
nulls_for_vars(Node *node, void *arg)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
		return (Node *) makeNullConst(((Var *) node)->vartype,
									  ((Var *) node)->vartypmod,
									  ((Var *) node)->varcollid);
	return expression_tree_mutator(node, nulls_for_vars, arg);
}

/*
 * Joined columns mean nothing to PostgreSQL, so their expressions are out of its
 * sight; but it must know the parameters and functions in them.
 */
static void
add_expressions(List **exprs, List *list)
{
	ListCell   *lc;

	foreach(lc, list)
		*exprs = lappend(*exprs, nulls_for_vars(lfirst(lc), NULL));
}

List *
olap_join_dependencies(List *join)
{
	List	   *exprs = NIL;
	ListCell   *lc;

	add_expressions(&exprs, linitial(join));
	foreach(lc, lsecond(join))
	{
		add_expressions(&exprs, lsecond(lfirst(lc)));
		add_expressions(&exprs, lthird(lfirst(lc)));
		add_expressions(&exprs, list_nth(lfirst(lc), 4));
	}
	return exprs;
}

/* ---- path ---- */

static void
cost_path(PlannerInfo *root, OlapAggQuery *query, RelOptInfo *input, List *having,
		  Path *path, Path *scan)
{
	Path		joined = *scan;
	PathTarget	target = *scan->pathtarget;
	ListCell   *lc;

	foreach(lc, query->join->dims)
		joined.total_cost += ((Path *) lfirst(lc))->total_cost;
	joined.total_cost += query->join->dim_rows * HASH_FACTOR * cpu_operator_cost +
		scan->rows * list_length(query->join->dims) * PROBE_FACTOR *
		cpu_operator_cost;
	joined.rows = input->rows;
	cost_qual_eval(&target.cost, query->columns, root);
	joined.pathtarget = &target;
	olap_agg_cost(root, query, having, path, &joined);
}

static void
add_join_path(PlannerInfo *root, OlapAggQuery *query, RelOptInfo *input,
			  RelOptInfo *output, GroupPathExtraData *extra)
{
	List	   *having = (List *) extra->havingQual;
	OlapAggPath *path = olap_agg_path_create(query, output, having, query->aggs);
	Path	   *scan = fact_path(root, query);

	if (scan == NULL)
		return;
	path->path.path.pathtarget = output->reltarget;
	path->path.custom_paths = lappend(lcons(scan, list_copy(query->join->dims)),
									  core_path(root, query, input, output,
												extra->targetList));
	path->join = list_make3(query->columns, query->join->steps,
							lcons(list_make1_int(query->join->fact->relid),
								  query->join->names));
	path->topn = olap_agg_topn_plan(root, input, having, query->aggs,
									query->calls);
	olap_path_inherit_enabled(&path->path.path, scan);
	cost_path(root, query, input, having, &path->path.path, scan);
	add_path(output, &path->path.path);
}

/*
 * A way to do the join: PostgreSQL's cheapest one may look rows up in an index,
 * where another one hashes them.
 */
static bool
find_join(PlannerInfo *root, RelOptInfo *input, OlapJoinQuery *join)
{
	RelOptInfo *fact = olap_join_fact(root, input);
	ListCell   *lc;

	if (fact == NULL)
		return false;
	foreach(lc, input->pathlist)
	{
		memset(join, 0, sizeof(*join));
		join->root = root;
		join->fact = fact;
		if (olap_join_add_path(join, lfirst(lc)) && join->steps != NIL)
			return true;
	}
	return false;
}

void
olap_agg_join_paths(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output,
					GroupPathExtraData *extra)
{
	OlapJoinQuery join;
	OlapAggQuery query;
	List	   *clauses = root->parse->groupClause;
	List	   *outputs = list_make2(output->reltarget->exprs, extra->havingQual);

	if (IS_DUMMY_REL(input) || (clauses != NIL && root->group_pathkeys == NIL) ||
		!olap_join_plans_twice(input->cheapest_total_path) ||
		!olap_join_runs_twice(root) ||
		!find_join(root, input, &join) ||
		join.bytes > MEMORY_PART * get_hash_memory_limit() ||
		!olap_agg_join_query_fill(&query, &join, clauses,
								  get_sortgrouplist_exprs(clauses, extra->targetList),
								  outputs))
		return;
	add_join_path(root, &query, input, output, extra);
}

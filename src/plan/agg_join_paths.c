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
#include "optimizer/tlist.h"

#include "base/compat_planner.h"
#include "exec/agg_join.h"
#include "plan/agg_append.h"
#include "plan/agg_join_internal.h"
#include "plan/agg_parts.h"
#include "plan/agg_sets.h"
#include "plan/agg_topn.h"
#include "plan/paths.h"

/* Hashing a row and looking one up, in units of cpu_operator_cost. */
#define HASH_FACTOR 4
#define PROBE_FACTOR 0.25

/* Part of the memory that sides may take by estimate. */
#define MEMORY_PART 0.5

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

/* The olap table's columns that are read. */
static List *
fact_columns(const OlapAggQuery *query)
{
	RelOptInfo *fact = query->join->fact;
	PathTarget *all = create_empty_pathtarget();
	List	   *columns = NIL;
	ListCell   *lc;

	(void) joined_columns((Node *) list_make2(query->columns, query->join->steps),
						all);
	foreach(lc, all->exprs)
	{
		const Var  *var = lfirst(lc);

		if (var->varattno <= fact->max_attr)
			columns = lappend(columns, makeVar(fact->relid, var->varattno,
											   var->vartype, var->vartypmod,
											   var->varcollid, 0));
	}
	return columns;
}

Path *
olap_join_fact_path(PlannerInfo *root, const OlapAggQuery *query, int workers)
{
	RelOptInfo *fact = query->join->fact;

	if (fact->nparts > 0)
		return olap_tables_path(root, fact, fact_columns(query));
	return olap_batch_scan_path(root, fact, fact_columns(query), workers);
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

List *
olap_join_plan_list(const OlapAggQuery *query, const Path *scan)
{
	List	   *places = list_make1_int(query->join->fact->max_attr);
	Index		relid;
	ListCell   *lc;

	foreach(lc, scan->pathtarget->exprs)
		places = lappend_int(places, lfirst_node(Var, lc)->varattno);
	if (IsA(scan, AppendPath))
		scan = linitial(((const AppendPath *) scan)->subpaths);
	relid = scan->parent->relid;
	return list_make4(query->columns, query->join->steps,
					  lcons(list_make1_int(relid), query->join->names), places);
}

Cost
olap_join_sides_cost(const OlapAggQuery *query)
{
	Cost		cost = query->join->dim_rows * HASH_FACTOR * cpu_operator_cost;
	ListCell   *lc;

	foreach(lc, query->join->dims)
		cost += ((Path *) lfirst(lc))->total_cost;
	return cost;
}

void
olap_join_cost(PlannerInfo *root, const OlapAggQuery *query, double rows,
			   List *having, Path *path, const Path *scan)
{
	Path		joined = *scan;
	PathTarget	target = *scan->pathtarget;

	joined.total_cost += olap_join_sides_cost(query) +
		scan->rows * list_length(query->join->dims) * PROBE_FACTOR *
		cpu_operator_cost;
	joined.rows = rows;
	cost_qual_eval(&target.cost, query->columns, root);
	joined.pathtarget = &target;
	olap_agg_cost(root, query, having, path, &joined);
}

/* The path, in one process; NULL if there is none. */
static Path *
join_path(PlannerInfo *root, OlapAggQuery *query, RelOptInfo *input,
		  RelOptInfo *output, GroupPathExtraData *extra)
{
	List	   *having = (List *) extra->havingQual;
	OlapAggPath *path = olap_agg_path_create(query, output, having, query->aggs);
	Path	   *scan = olap_join_fact_path(root, query, 0);
	Path	   *core = olap_join_core_path(root, query, input, output,
										   extra->targetList);

	if (scan == NULL || core == NULL)
		return NULL;
	path->path.path.pathtarget = output->reltarget;
	path->path.custom_paths = lappend(lcons(scan, list_copy(query->join->dims)),
									  core);
	path->join = olap_join_plan_list(query, scan);
	path->topn = olap_agg_topn_plan(root, input, query, having);
	olap_path_inherit_enabled(&path->path.path, scan);
	olap_join_cost(root, query, input->rows, having, &path->path.path, scan);
	return &path->path.path;
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
		join->rows = input->rows;
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
	Path	   *path;
	bool		cheap;

	if (IS_DUMMY_REL(input) ||
		(root->parse->groupingSets == NIL && clauses != NIL &&
		 root->group_pathkeys == NIL) ||
		!olap_join_runs_twice(root) ||
		!find_join(root, input, &join) ||
		join.bytes > MEMORY_PART * get_hash_memory_limit() ||
		!olap_agg_join_query_fill(&query, &join, clauses,
								  get_sortgrouplist_exprs(clauses, extra->targetList),
								  outputs) ||
		(root->parse->groupingSets != NIL &&
		 !olap_agg_sets_plan(root, &query, clauses)))
		return;
	path = join_path(root, &query, input, output, extra);
	if (path == NULL)
		return;
	/* add_path() may free it */
	cheap = olap_agg_is_cheap(path);
	add_path(output, path);
	if (!cheap)
		olap_agg_join_partial_path(root, &query, input, output, extra);
}

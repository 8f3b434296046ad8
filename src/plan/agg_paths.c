/*-------------------------------------------------------------------------
 *
 * agg_paths.c
 *		OlapAgg paths: grouping and aggregation of one olap table in vectors.
 *
 * The path stands beside PostgreSQL's own for the same upper relation, and wins
 * by cost.  What it cannot do (see collect()) is left to PostgreSQL, with the
 * OlapScan below.
 *
 * src/plan/agg_paths.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"
#include "utils/typcache.h"

#include "base/compat_planner.h"
#include "base/guc.h"
#include "exec/agg_call.h"
#include "exec/agg_join.h"
#include "exec/agg_node.h"
#include "exec/compile.h"
#include "plan/agg_append.h"
#include "plan/agg_join.h"
#include "plan/agg_query.h"
#include "plan/agg_sets.h"
#include "plan/agg_topn.h"
#include "plan/distinct_on.h"
#include "plan/paths.h"
#include "plan/qual_order.h"
#include "vector/vector.h"

static create_upper_paths_hook_type previous_hook = NULL;

static Plan *plan_agg(PlannerInfo *root, RelOptInfo *rel, CustomPath *best,
					  List *tlist, List *clauses, List *custom_plans);

static const CustomPathMethods path_methods = {
	.CustomName = "OlapAgg",
	.PlanCustomPath = plan_agg,
};

/* ---- what is asked ---- */

/* The column of the scan's target list that is expr; -1 if it can't be one. */
static int
scan_column(OlapAggQuery *query, Expr *expr)
{
	Index		varno = query->join == NULL ? query->rel->relid : OLAP_JOIN_VARNO;
	ListCell   *lc;
	int			i = 0;

	if (query->join != NULL)
		expr = olap_join_rewrite(query->join, expr);
	if (expr == NULL)
		return -1;
	foreach(lc, query->columns)
	{
		if (equal(lfirst(lc), expr))
			return i;
		i++;
	}
	if (!olap_compile_supported(expr, varno))
		return -1;
	query->columns = lappend(query->columns, expr);
	return i;
}

static bool
add_key(OlapAggQuery *query, SortGroupClause *clause, Expr *expr)
{
	OlapOrder	order;

	if (list_member(query->keys, expr))
		return true;
	if (!olap_group_order(clause->eqop, exprType((Node *) expr),
						  exprCollation((Node *) expr), &order) ||
		scan_column(query, olap_without_grouping_nulls(expr)) !=
		list_length(query->keys))
		return false;			/* keys are the first columns */
	query->keys = lappend(query->keys, expr);
	query->orders = lappend_int(query->orders, order);
	return true;
}

static bool
add_aggregate(OlapAggQuery *query, Aggref *aggref)
{
	OlapAggCall call;
	ListCell   *lc;

	if (list_member(query->aggs, aggref))
		return true;
	if (!olap_agg_call_plan(aggref, &call))
		return false;
	foreach(lc, aggref->args)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);

		Assert(!tle->resjunk || call.kind == OLAP_CALL_ORDERED);
		call.args[call.nargs] = scan_column(query, tle->expr);
		if (call.args[call.nargs++] < 0)
			return false;
	}
	if (aggref->aggfilter != NULL)
	{
		call.filter = scan_column(query, aggref->aggfilter);
		if (call.filter < 0)
			return false;
	}
	/* a sort inside an aggregate costs the same in every plan, and none counts it */
	if (call.kind == OLAP_CALL_GENERIC)
		query->ngeneric++;
	else if (olap_agg_call_collated(&call, aggref))
		query->ncollated++;
	query->aggs = lappend(query->aggs, aggref);
	query->calls = lappend(query->calls, olap_agg_call_to_list(&call));
	return true;
}

/*
 * Add the aggregates in node.  True if there is something that is neither made
 * of group expressions and aggregates nor constant: a single table's column that
 * depends on the group functionally, ...
 */
static bool
collect(Node *node, OlapAggQuery *query)
{
	if (node == NULL || list_member(query->keys, node))
		return false;
	if (IsA(node, Aggref))
		return !add_aggregate(query, (Aggref *) node);
	if (IsA(node, GroupingFunc))
	{
		query->groupings = list_append_unique(query->groupings, node);
		return false;
	}
	if (IsA(node, Var) || IsA(node, PlaceHolderVar))
		return true;
	return expression_tree_walker(node, collect, query);
}

/*
 * Columns that depend on the group: in a join a side's key is often grouped by
 * together with what it stands for, and PostgreSQL drops the latter from GROUP BY.
 * As further keys they make no more groups.  True if one can't be a key.
 */
static bool
add_dependents(Node *node, OlapAggQuery *query)
{
	SortGroupClause clause = {.type = T_SortGroupClause};

	if (node == NULL || IsA(node, Aggref) || IsA(node, GroupingFunc) ||
		list_member(query->keys, node))
		return false;
	if (!IsA(node, Var))
		return expression_tree_walker(node, add_dependents, query);
	clause.eqop = lookup_type_cache(((Var *) node)->vartype,
									TYPECACHE_EQ_OPR)->eq_opr;
	return !OidIsValid(clause.eqop) || !add_key(query, &clause, (Expr *) node);
}

bool
olap_filters_supported(RelOptInfo *rel)
{
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst(lc);

		if (rinfo->pseudoconstant ||
			!olap_compile_supported(rinfo->clause, rel->relid))
			return false;
	}
	return true;
}

/* ---- path ---- */

OlapAggPath *
olap_agg_path_create(const OlapAggQuery *query, RelOptInfo *parent, List *having,
					 List *aggs)
{
	OlapAggPath *path = (OlapAggPath *) newNode(sizeof(OlapAggPath), T_CustomPath);

	path->path.path.pathtype = T_CustomScan;
	path->path.path.parent = parent;
	path->path.flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->path.methods = &path_methods;
	path->query = *query;
	path->having = having;
	path->aggs = aggs;
	return path;
}

OlapAggPath *
olap_agg_path(PlannerInfo *root, OlapAggQuery *query, RelOptInfo *parent,
			  PathTarget *target, List *having, List *aggs, int workers)
{
	OlapAggPath *agg = olap_agg_path_create(query, parent, having, aggs);
	Path	   *path = &agg->path.path;
	Path	   *scan;

	if (query->rel->nparts > 0)
		scan = olap_agg_tables_path(root, query);
	else
		scan = olap_batch_scan_path(root, query->rel, query->columns, workers);
	if (scan == NULL)
		return NULL;
	path->pathtarget = target;
	path->parallel_aware = workers > 0;
	path->parallel_workers = workers;
	path->parallel_safe = parent->consider_parallel && scan->parallel_safe;
	agg->path.custom_paths = list_make1(scan);
	olap_path_inherit_enabled(path, scan);
	olap_agg_cost(root, query, having, path, scan);
	return agg;
}

static void
add_agg_path(PlannerInfo *root, OlapAggQuery *query, RelOptInfo *output,
			 PathTarget *target, List *having)
{
	OlapAggPath *path = olap_agg_path(root, query, output, target, having,
									  query->aggs, 0);

	if (path == NULL)
		return;
	/* only of whole groups: parts of a group that lose may win together */
	path->topn = olap_agg_topn_plan(root, query->rel, query, having);
	add_path(output, &path->path.path);
	if (query->sets == NIL)
		olap_agg_divided_paths(root, query, output, target, having);
}

bool
olap_is_agg_path(const CustomPath *path)
{
	return path->methods == &path_methods;
}

bool
olap_agg_path_plans_twice(const CustomPath *path)
{
	const OlapAggPath *agg = (const OlapAggPath *) path;

	/* the sides of a join would be planned four times; sets leave a map */
	return agg->join == NIL && agg->query.groupings == NIL;
}

/* derived: those of exprs that are no keys. */
static bool
fill(OlapAggQuery *query, List *clauses, List *exprs, List *derived,
	 List *outputs)
{
	ListCell   *clause,
			   *expr;

	if (!olap_filters_supported(query->rel))
		return false;
	forboth(clause, clauses, expr, exprs)
	{
		if (!list_member(derived, lfirst(expr)) &&
			!add_key(query, lfirst_node(SortGroupClause, clause), lfirst(expr)))
			return false;
	}
	foreach(expr, derived)
	{
		int			column = scan_column(query, lfirst(expr));

		if (column < 0)
			return false;
		query->derived = lappend_int(query->derived, column);
	}
	if (query->join != NULL && query->keys != NIL &&
		add_dependents((Node *) outputs, query))
		return false;
	return !collect((Node *) outputs, query);
}

bool
olap_agg_query_fill(OlapAggQuery *query, RelOptInfo *rel, List *clauses,
					List *exprs, List *outputs, bool sets)
{
	memset(query, 0, sizeof(*query));
	query->rel = rel;
	return fill(query, clauses, exprs,
				sets ? NIL : olap_agg_derived_keys(clauses, exprs), outputs);
}

bool
olap_agg_join_query_fill(OlapAggQuery *query, OlapJoinQuery *join, List *clauses,
						 List *exprs, List *outputs)
{
	memset(query, 0, sizeof(*query));
	query->rel = join->fact;
	query->join = join;
	return fill(query, clauses, exprs, NIL, outputs);
}

/* GROUP BY and aggregates, of a base relation or a partition. */
static void
group_agg_paths(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output,
				GroupPathExtraData *extra)
{
	OlapAggQuery query;
	List	   *clauses = root->parse->groupClause;
	List	   *having = (List *) extra->havingQual;

	if ((root->parse->groupingSets == NIL &&
		 olap_agg_has_grouping((Node *) list_make2(output->reltarget->exprs,
												   having))) ||
		root->hasPseudoConstantQuals ||
		contain_volatile_functions((Node *) output->reltarget->exprs) ||
		contain_volatile_functions((Node *) having))
		return;
	if (input->reloptkind == RELOPT_JOINREL)
	{
		olap_agg_join_paths(root, input, output, extra);
		return;
	}
	if (olap_first_part_is_ours(root, input) &&
		olap_agg_query_fill(&query, input, clauses,
							get_sortgrouplist_exprs(clauses, extra->targetList),
							list_make2(output->reltarget->exprs, having),
							root->parse->groupingSets != NIL) &&
		(root->parse->groupingSets == NIL ||
		 olap_agg_sets_plan(root, &query, clauses)))
		add_agg_path(root, &query, output, output->reltarget, having);
	if (input->reloptkind == RELOPT_BASEREL && root->parse->groupingSets == NIL)
		olap_agg_partial_paths(root, input, output, extra);
}

/* SELECT DISTINCT of a base relation: groups without aggregates. */
static void
distinct_paths(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output)
{
	OlapAggQuery query;
	PathTarget *target = input->cheapest_total_path->pathtarget;
	List	   *clauses = root->parse->distinctClause;

	if (root->parse->hasDistinctOn)
	{
		olap_distinct_on_paths(root, input, output);
		return;
	}
	if (root->parse->hasTargetSRFs ||
		root->hasPseudoConstantQuals || clauses == NIL ||
		contain_volatile_functions((Node *) target->exprs))
		return;
	if (olap_rel_is_ours(root, input) &&
		olap_agg_query_fill(&query, input, clauses,
							get_sortgrouplist_exprs(clauses, root->processed_tlist),
							target->exprs, false))
		add_agg_path(root, &query, output, target, NIL);
	if (input->reloptkind == RELOPT_BASEREL)
		olap_distinct_partial_paths(root, input, output, target);
}

static void
upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
			RelOptInfo *output, void *extra)
{
	if (previous_hook)
		previous_hook(root, stage, input, output, extra);
	if (!olap_guc_enable_vector_agg ||
		(stage != UPPERREL_GROUP_AGG && stage != UPPERREL_DISTINCT) ||
		(input->reloptkind != RELOPT_BASEREL &&
		 input->reloptkind != RELOPT_OTHER_MEMBER_REL &&
		 (input->reloptkind != RELOPT_JOINREL || stage != UPPERREL_GROUP_AGG)))
		return;
	if (stage == UPPERREL_GROUP_AGG)
		group_agg_paths(root, input, output, extra);
	else
		distinct_paths(root, input, output);
}

/* ---- plan ---- */

static Plan *
plan_agg(PlannerInfo *root, RelOptInfo *rel, CustomPath *best, List *tlist,
		 List *clauses, List *custom_plans)
{
	const OlapAggPath *path = (const OlapAggPath *) best;
	const OlapAggQuery *query = &path->query;
	CustomScan *scan = makeNode(CustomScan);
	List	   *rows = NIL;
	ListCell   *lc;

	olap_agg_sets_set_map(root, query->groupings);
	foreach(lc, list_concat(list_concat_copy(query->keys, path->aggs),
							query->groupings))
		rows = lappend(rows, makeTargetEntry(copyObject(lfirst(lc)),
											 list_length(rows) + 1, NULL, false));
	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = olap_order_quals(root, path->having);
	scan->flags = best->flags;
	scan->custom_plans = custom_plans;
	scan->custom_scan_tlist = rows;
	scan->custom_private = olap_agg_plan_private(query->orders, query->derived,
												 query->calls, path->topn,
												 query->sets, query->grouping_keys,
												 path->join, path->division);
	if (path->join != NIL)
		scan->custom_exprs = olap_join_dependencies(path->join);
	scan->custom_exprs = list_concat(scan->custom_exprs,
									 olap_agg_topn_exprs(root, path->topn));
	scan->methods = &olap_agg_plan_methods;
	return &scan->scan.plan;
}

void
olap_agg_paths_init(void)
{
	previous_hook = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}

/*-------------------------------------------------------------------------
 *
 * runtime_find.c
 *		Runtime filters: which scans are below which hash joins.
 *
 * A filter goes from a join down its outer side as long as every row that a node
 * gives comes from one row of its input and has that row's key: then an input
 * row whose key has no partner above is of no use to anybody. Nodes that keep
 * rows over a rescan (Material, Sort, Memoize) end the way: what they keep was
 * left by the hash table of another round.
 *
 * src/exec/runtime_find.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "parser/parsetree.h"

#include "base/compat_planner.h"
#include "base/guc.h"
#include "exec/runtime_internal.h"
#include "exec/scan_node.h"

static ExecutorStart_hook_type previous_executor_start = NULL;

static Var *
as_var(Expr *expr)
{
	while (expr != NULL && IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	return expr != NULL && IsA(expr, Var) ? (Var *) expr : NULL;
}

static void descend(PlanState *ps, AttrNumber attno, OlapJoinKey *key);

/* A column of the scan itself: is it stored in a form that the order reads? */
static void
reach_scan(PlanState *ps, const Var *var, OlapJoinKey *key)
{
	if (var->varno != (int) ((Scan *) ps->plan)->scanrelid || var->varattno <= 0)
		return;
	/* as in qual.c: a column of a domain over float is kept as plain bytes */
	if (key->op.order == OLAP_ORDER_FLOAT && var->vartype != FLOAT4OID &&
		var->vartype != FLOAT8OID)
		return;
	olap_scan_node_filter((CustomScanState *) ps, key, var->varattno);
}

/* Joins of which each row has one outer row's columns. */
static void
reach_join(PlanState *ps, const Var *var, OlapJoinKey *key)
{
	switch (((JoinState *) ps)->jointype)
	{
		case JOIN_INNER:
		case JOIN_LEFT:
		case JOIN_SEMI:
		case JOIN_ANTI:
			if (var->varno == OUTER_VAR)
				descend(outerPlanState(ps), var->varattno, key);
			break;
		default:
			break;
	}
}

static void
reach_append(AppendState *append, const Var *var, OlapJoinKey *key)
{
	for (int i = 0; var->varno == OUTER_VAR && i < append->as_nplans; i++)
		descend(append->appendplans[i], var->varattno, key);
}

/* Column attno of what ps gives must have a partner: bring it to the scans. */
static void
descend(PlanState *ps, AttrNumber attno, OlapJoinKey *key)
{
	TargetEntry *tle = get_tle_by_resno(ps->plan->targetlist, attno);
	Var		   *var = tle == NULL ? NULL : as_var(tle->expr);

	check_stack_depth();
	if (var == NULL)
		return;
	if (olap_is_scan_node(ps))
		reach_scan(ps, var, key);
	else if (IsA(ps, HashJoinState) || IsA(ps, NestLoopState))
		reach_join(ps, var, key);
	else if (IsA(ps, AppendState))
		reach_append((AppendState *) ps, var, key);
	else if (IsA(ps, ResultState) && outerPlanState(ps) != NULL &&
			 var->varno == OUTER_VAR)
		descend(outerPlanState(ps), var->varattno, key);
	else if (IsA(ps, SubqueryScanState) &&
			 var->varno == (int) ((Scan *) ps->plan)->scanrelid &&
			 var->varattno > 0)
		descend(((SubqueryScanState *) ps)->subplan, var->varattno, key);
}

/* One "outer = inner" of a join. */
static void
look_at_clause(HashJoinState *join, OpExpr *clause)
{
	MemoryContext old;
	OlapJoinKey *key;
	OlapCompareOp op;
	Var		   *outer;

	if (!IsA(clause, OpExpr) || list_length(clause->args) != 2)
		return;
	set_opfuncid(clause);
	outer = as_var(linitial(clause->args));
	if (outer == NULL || outer->varno != OUTER_VAR ||
		!olap_compare_op(clause->opfuncid, &op) || op.cmp != OLAP_CMP_EQ ||
		!olap_compare_collation_fits(&op, clause->inputcollid) ||
		contain_subplans(lsecond(clause->args)))
		return;
	/* days and microseconds: no hash operator compares them, but who knows */
	if (olap_compare_converts(&op))
		return;

	old = MemoryContextSwitchTo(join->js.ps.state->es_query_cxt);
	key = palloc0(sizeof(OlapJoinKey));
	key->join = join;
	key->inner = lsecond(clause->args);
	key->op = op;
	descend(outerPlanState(join), outer->varattno, key);
	MemoryContextSwitchTo(old);
}

static bool
find_joins(PlanState *ps, void *context)
{
	if (ps == NULL)
		return false;
	if (IsA(ps, HashJoinState) &&
		olap_join_ignores_outer(((HashJoinState *) ps)->js.jointype))
	{
		ListCell   *lc;

		foreach(lc, ((HashJoin *) ps->plan)->hashclauses)
			look_at_clause((HashJoinState *) ps, lfirst(lc));
	}
	return planstate_tree_walker(ps, find_joins, context);
}

static void
executor_start(QueryDesc *query, int eflags)
{
	uint64		before = olap_scan_nodes_begun;

	if (previous_executor_start)
		previous_executor_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
	if (olap_guc_enable_runtime_filters && olap_scan_nodes_begun != before)
		find_joins(query->planstate, NULL);
}

void
olap_runtime_init(void)
{
	previous_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = executor_start;
}

/*-------------------------------------------------------------------------
 *
 * agg_derived.c
 *		Group expressions that other ones determine.
 *
 * GROUP BY ip, ip - 1 has the groups of GROUP BY ip.  So ip - 1 need not be hashed: a
 * group's is computed of its ip when it goes up.  Before that it is computed of every
 * row all the same, in vectors, where it might raise an error: groups that go up are
 * fewer.
 *
 * src/plan/agg_derived.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"

#include "exec/agg_call.h"
#include "plan/agg_query.h"

/* What costs more to compute once more than to hash is a key, in operator calls. */
#define MAX_CALLS 10

/* Columns of which equal values are the same bytes (not 1.0 and 1.00, 0 and -0). */
static List *
exact_columns(List *clauses, List *exprs)
{
	List	   *exact = NIL;
	ListCell   *clause,
			   *expr;

	forboth(clause, clauses, expr, exprs)
	{
		Node	   *node = lfirst(expr);
		OlapOrder	order;

		if (IsA(node, Var) &&
			olap_equality_order(lfirst_node(SortGroupClause, clause)->eqop,
								exprType(node), exprCollation(node), &order) &&
			olap_order_is_exact(order))
			exact = lappend(exact, node);
	}
	return exact;
}

static bool
is_derived(Node *expr, List *exact)
{
	List	   *vars;
	QualCost	cost;

	if (IsA(expr, Var) || !get_typbyval(exprType(expr)) ||
		contain_mutable_functions(expr) || contain_subplans(expr))
		return false;
	vars = pull_var_clause(expr, PVC_INCLUDE_PLACEHOLDERS);
	if (vars == NIL || list_difference(vars, exact) != NIL)
		return false;
	cost_qual_eval_node(&cost, expr, NULL);
	return cost.startup + cost.per_tuple <= MAX_CALLS * cpu_operator_cost;
}

List *
olap_agg_derived_keys(List *clauses, List *exprs)
{
	List	   *exact = exact_columns(clauses, exprs);
	List	   *derived = NIL;
	ListCell   *lc;

	if (exact == NIL)
		return NIL;
	foreach(lc, exprs)
		if (is_derived(lfirst(lc), exact))
			derived = list_append_unique(derived, lfirst(lc));
	return derived;
}

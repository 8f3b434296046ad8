/*-------------------------------------------------------------------------
 *
 * agg_ordered_plan.c
 *		Which aggregates over the values of a group in order OlapAgg computes.
 *
 * percentile_cont(), percentile_disc() and mode() are known by their numbers; with
 * ORDER BY or DISTINCT inside, every other aggregate takes its rows sorted.
 * Hypothetical-set aggregates and ordered-set ones of users are left to
 * PostgreSQL, as are direct arguments that depend on the group and aggregates with
 * more columns than functions have arguments.
 *
 * src/exec/agg_ordered_plan.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_aggregate.h"
#include "catalog/pg_type_d.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "exec/agg_ordered.h"
#include "exec/qual.h"

/* Values are the same for all groups and known without the executor's help. */
static bool
depends_on_group(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
		case T_PlaceHolderVar:
		case T_Aggref:
		case T_GroupingFunc:
		case T_SubLink:
		case T_SubPlan:
		case T_AlternativeSubPlan:
			return true;
		case T_Param:
			return ((Param *) node)->paramkind != PARAM_EXTERN;
		default:
			return expression_tree_walker(node, depends_on_group, context);
	}
}

static bool
plan_ordered_set(const Aggref *aggref, OlapAggCall *call)
{
	switch (aggref->aggfnoid)
	{
		case F_PERCENTILE_DISC_FLOAT8_ANYELEMENT:
		case F_PERCENTILE_DISC__FLOAT8_ANYELEMENT:
			call->shape = OLAP_SHAPE_PERCENTILE_DISC;
			break;
		case F_PERCENTILE_CONT_FLOAT8_FLOAT8:
		case F_PERCENTILE_CONT__FLOAT8_FLOAT8:
			call->shape = OLAP_SHAPE_PERCENTILE_FLOAT;
			break;
		case F_PERCENTILE_CONT_FLOAT8_INTERVAL:
		case F_PERCENTILE_CONT__FLOAT8_INTERVAL:
			call->shape = OLAP_SHAPE_PERCENTILE_INTERVAL;
			break;
		case F_MODE:
			call->shape = OLAP_SHAPE_MODE;
			break;
		default:
			return false;
	}
	return !depends_on_group((Node *) aggref->aggdirectargs, NULL);
}

List *
olap_ordered_clauses(const Aggref *aggref)
{
	return aggref->aggdistinct != NIL ? aggref->aggdistinct : aggref->aggorder;
}

bool
olap_agg_ordered_plan(const Aggref *aggref, OlapAggCall *call)
{
	ListCell   *lc;

	call->kind = OLAP_CALL_ORDERED;
	/* columns that only sort are not arguments of a function: no limit is theirs */
	if (list_length(aggref->args) > lengthof(call->args))
		return false;
	if (aggref->aggkind == AGGKIND_ORDERED_SET)
		return plan_ordered_set(aggref, call);
	if (aggref->aggkind != AGGKIND_NORMAL ||
		olap_ordered_clauses(aggref) == NIL)
		return false;
	foreach(lc, aggref->aggdistinct)
	{
		SortGroupClause *clause = lfirst_node(SortGroupClause, lc);

		/* which of 1.0 and 1.00 is kept would show */
		if (!OidIsValid(clause->sortop) ||
			getBaseType(exprType(get_sortgroupclause_expr(clause,
														  aggref->args))) == NUMERICOID)
			return false;
	}
	call->shape = OLAP_SHAPE_SORTED_ROWS;
	return true;
}

bool
olap_ordered_has_words(const Aggref *aggref, int shape, OlapOrderedWords *words)
{
	SortGroupClause *clause;
	OlapColumnType type = {.typmod = -1};
	OlapCompareOp op;
	Node	   *arg;

	if (shape == OLAP_SHAPE_SORTED_ROWS)
		return false;
	clause = linitial_node(SortGroupClause, aggref->aggorder);
	arg = (Node *) linitial_node(TargetEntry, aggref->args)->expr;
	type.typid = exprType(arg);
	get_typlenbyvalalign(type.typid, &type.typlen, &type.typbyval,
						 &type.typalign);
	olap_column_type_resolve(&type);
	if (!olap_compare_op(get_opcode(clause->sortop), &op) ||
		op.left != op.right ||
		(op.cmp != OLAP_CMP_LT && op.cmp != OLAP_CMP_GT) ||
		!olap_value_has_word(type.phys, op.order))
		return false;
	words->phys = type.phys;
	words->order = op.order;
	words->descending = op.cmp == OLAP_CMP_GT;
	return true;
}

bool
olap_agg_ordered_by_words(const Aggref *aggref, const OlapAggCall *call)
{
	OlapOrderedWords words;

	return olap_ordered_has_words(aggref, call->shape, &words);
}

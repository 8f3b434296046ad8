/*-------------------------------------------------------------------------
 *
 * agg_topn.c
 *		Is an aggregation below an ORDER BY, by what it computes, and a LIMIT?
 *
 * Groups must be whole: those of a partition, or of a worker's part, that lose may
 * win together.
 *
 * src/plan/agg_topn.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "utils/lsyscache.h"

#include "exec/agg_call.h"
#include "exec/qual.h"
#include "plan/agg_topn.h"

static bool
has_exec_param(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param))
		return ((Param *) node)->paramkind != PARAM_EXTERN;
	return expression_tree_walker(node, has_exec_param, context);
}

/* Is it the same whenever it is evaluated, in a worker too? */
static bool
is_fixed(PlannerInfo *root, Node *node)
{
	return !contain_mutable_functions(node) && !contain_subplans(node) &&
		!has_exec_param(node, NULL) && is_parallel_safe(root, node);
}

/* No row count is 0. */
static int64
constant_rows(const Const *value)
{
	if (value == NULL || value->constisnull)
		return 0;
	return Min(DatumGetInt64(value->constvalue), OLAP_TOPN_MAX_ROWS + 1);
}

/* Rows that the query asks for, in order; 0: nobody knows. */
static int
limit_of(PlannerInfo *root)
{
	Node	   *count = root->parse->limitCount;
	Node	   *offset = root->parse->limitOffset;
	int64		rows[2];

	if (count == NULL || !is_fixed(root, count) || !is_fixed(root, offset))
		return 0;
	if (!IsA(count, Const) || (offset != NULL && !IsA(offset, Const)))
		return OLAP_TOPN_BY_EXPRS;
	rows[0] = constant_rows((const Const *) count);
	rows[1] = constant_rows((const Const *) offset);
	return rows[0] <= 0 || rows[1] < 0 || rows[0] + rows[1] > OLAP_TOPN_MAX_ROWS ?
		0 : (int) (rows[0] + rows[1]);
}

List *
olap_agg_topn_exprs(PlannerInfo *root, const List *list)
{
	OlapAggTopN topn;
	Node	   *offset = root->parse->limitOffset;

	olap_agg_topn_from_list(list, &topn);
	if (topn.limit != OLAP_TOPN_BY_EXPRS)
		return NIL;
	if (offset == NULL)
		offset = (Node *) makeConst(INT8OID, -1, InvalidOid, sizeof(int64),
									Int64GetDatum(0), false, FLOAT8PASSBYVAL);
	return list_make2(copyObject(root->parse->limitCount), copyObject(offset));
}

/* Do results of call compare under the operator as its states do? */
static bool
sorts_as_states(Oid sortop, const OlapAggCall *call, OlapCompareOp *op)
{
	if (!olap_compare_op(get_opcode(sortop), op) || op->left != op->right ||
		(op->cmp != OLAP_CMP_LT && op->cmp != OLAP_CMP_GT))
		return false;
	switch ((OlapAggShape) call->shape)
	{
		case OLAP_SHAPE_COUNT:
		case OLAP_SHAPE_INT8:
			return op->order == OLAP_ORDER_INT;
		case OLAP_SHAPE_SUM:
		case OLAP_SHAPE_AVG:
			return op->order == OLAP_ORDER_NUMERIC &&
				call->kind == OLAP_AGG_SUM_INT;
		case OLAP_SHAPE_FLOAT4:
		case OLAP_SHAPE_FLOAT8:
			return op->order == OLAP_ORDER_FLOAT &&
				call->kind == OLAP_AGG_SUM_FLOAT;
		case OLAP_SHAPE_FLOAT_AVG:
			return op->order == OLAP_ORDER_FLOAT;
		case OLAP_SHAPE_VALUE:
			return op->order == call->order && op->order < OLAP_ORDER_BYTES &&
				(call->kind == OLAP_AGG_MIN || call->kind == OLAP_AGG_MAX);
		default:
			return false;
	}
}

/* check_function_callback */
static bool
function_may_fail(Oid funcid, void *context)
{
	OlapCompareOp op;

	return !olap_compare_op(funcid, &op) && !get_func_leakproof(funcid);
}

static bool
depends_on_group(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var) || IsA(node, Aggref) || IsA(node, SubPlan) ||
		IsA(node, PlaceHolderVar))
		return true;
	return expression_tree_walker(node, depends_on_group, context);
}

/*
 * Can HAVING raise an error of one group and not of another?  That of a group which
 * is left out would not be raised.
 */
static bool
may_fail(Node *node, List *keys)
{
	if (node == NULL || IsA(node, Aggref) || list_member(keys, node) ||
		!depends_on_group(node, NULL))
		return false;
	switch (nodeTag(node))
	{
		case T_List:
		case T_BoolExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_RelabelType:
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
		case T_ScalarArrayOpExpr:
		case T_FuncExpr:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CoalesceExpr:
			return check_functions_in_node(node, function_may_fail, NULL) ||
				expression_tree_walker(node, may_fail, keys);
		default:
			return true;
	}
}

/* Are values of a key's type ordered by the operator as their words are? */
static bool
sorts_as_key(Oid sortop, Node *key, OlapOrder order, OlapCompareOp *op)
{
	return olap_compare_op(get_opcode(sortop), op) && op->left == op->right &&
		(op->cmp == OLAP_CMP_LT || op->cmp == OLAP_CMP_GT) && op->order == order &&
		olap_compare_collation_fits(op, exprCollation(key));
}

/* Is expr an aggregate or a group key with words? */
static bool
find_item(const OlapAggQuery *query, Node *expr, Oid sortop, OlapAggTopN *topn,
		  OlapCompareOp *op)
{
	ListCell   *lc,
			   *list;

	topn->item = 0;
	forboth(lc, query->aggs, list, query->calls)
	{
		OlapAggCall call;

		if (equal(lfirst(lc), expr))
		{
			olap_agg_call_from_list(lfirst(list), &call);
			return call.kind != OLAP_CALL_GENERIC && sorts_as_states(sortop, &call, op);
		}
		topn->item++;
	}
	topn->by_key = true;
	topn->item = 0;
	forboth(lc, query->keys, list, query->orders)
	{
		if (equal(lfirst(lc), expr))
			return sorts_as_key(sortop, expr, lfirst_int(list), op);
		topn->item++;
	}
	return false;
}

List *
olap_agg_topn_plan(PlannerInfo *root, const RelOptInfo *input,
				   const OlapAggQuery *query, List *having)
{
	const Query *parse = root->parse;
	OlapAggTopN topn = {0};
	OlapCompareOp op;
	SortGroupClause *clause;
	Expr	   *expr;

	/* of the groups of GROUP BY nothing is left out below DISTINCT */
	if (parse->sortClause == NIL || query->keys == NIL ||
		(parse->groupClause != NIL && parse->distinctClause != NIL) ||
		parse->groupingSets != NIL ||
		(input->reloptkind != RELOPT_BASEREL &&
		 input->reloptkind != RELOPT_JOINREL) || parse->hasWindowFuncs ||
		parse->hasTargetSRFs)
		return NIL;
	clause = linitial_node(SortGroupClause, parse->sortClause);
	expr = get_sortgroupclause_tle(clause, root->processed_tlist)->expr;
	if (!find_item(query, (Node *) expr, clause->sortop, &topn, &op) ||
		may_fail((Node *) having, query->keys))
		return NIL;
	topn.descending = op.cmp == OLAP_CMP_GT;
	topn.nulls_first = clause->nulls_first;
	topn.limit = limit_of(root);
	return olap_agg_topn_to_list(&topn);
}

/*-------------------------------------------------------------------------
 *
 * compile_logic.c
 *		SQL constructs that are no functions: AND, CASE, COALESCE, IN, ...
 *
 * src/exec/compile_logic.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "exec/compile_internal.h"
#include "exec/qual.h"

/* ---- what may run for rows that do not need it ---- */

/*
 * Can no error come of evaluating node?  done is evaluated for all rows anyway.
 * Bridges are left out as well: they cost too much to run without need.
 */
static bool
is_safe(Node *node, Node *done)
{
	OlapCompareOp op;
	List	   *args;

	if (node == NULL || (done != NULL && equal(node, done)))
		return true;
	switch (nodeTag(node))
	{
		case T_Var:
		case T_Const:
			return true;
		case T_RelabelType:
			return is_safe((Node *) ((RelabelType *) node)->arg, done);
		case T_NullTest:
			return !((NullTest *) node)->argisrow &&
				is_safe((Node *) ((NullTest *) node)->arg, done);
		case T_BooleanTest:
			return is_safe((Node *) ((BooleanTest *) node)->arg, done);
		case T_BoolExpr:
			args = ((BoolExpr *) node)->args;
			break;
		case T_OpExpr:
		case T_DistinctExpr:
			set_opfuncid((OpExpr *) node);
			args = ((OpExpr *) node)->args;
			if (!olap_compare_op(((OpExpr *) node)->opfuncid, &op) ||
				!olap_compare_collation_fits(&op, ((OpExpr *) node)->inputcollid))
				return false;
			break;
		default:
			return false;
	}
	foreach_ptr(Node, arg, args)
	{
		if (!is_safe(arg, done))
			return false;
	}
	return true;
}

/* In scope if that can do no harm, else in a branch. */
static OlapNode *
compile_branch(OlapCompiler *compiler, OlapScope *scope, Node *node, Node *done)
{
	if (!is_safe(node, done))
		scope = olap_scope_branch(scope);
	return olap_compile_node(compiler, scope, node);
}

/* ---- constructs ---- */

static OlapNode *
compile_bool(OlapCompiler *compiler, OlapScope *scope, BoolExpr *expr)
{
	OlapNode  **args = palloc(list_length(expr->args) * sizeof(OlapNode *));
	int			n = 0;

	if (expr->boolop == NOT_EXPR)
		return olap_node_test(scope, OLAP_TEST_NOT,
							  olap_compile_node(compiler, scope,
												linitial(expr->args)));
	foreach_ptr(Node, arg, expr->args)
	{
		args[n] = n == 0 ? olap_compile_node(compiler, scope, arg) :
			compile_branch(compiler, scope, arg, NULL);
		n++;
	}
	return olap_node_logic(scope, expr->boolop == OR_EXPR, args, n);
}

static OlapNode *
compile_boolean_test(OlapCompiler *compiler, OlapScope *scope, BooleanTest *test)
{
	static const OlapTruthTest tests[] = {
		[IS_TRUE] = OLAP_TEST_TRUE,
		[IS_NOT_TRUE] = OLAP_TEST_NOT_TRUE,
		[IS_FALSE] = OLAP_TEST_FALSE,
		[IS_NOT_FALSE] = OLAP_TEST_NOT_FALSE,
		[IS_UNKNOWN] = OLAP_TEST_NULL,
		[IS_NOT_UNKNOWN] = OLAP_TEST_NOT_NULL,
	};

	return olap_node_test(scope, tests[test->booltesttype],
						  olap_compile_node(compiler, scope,
											(Node *) test->arg));
}

static OlapNode *
compile_null_test(OlapCompiler *compiler, OlapScope *scope, NullTest *test)
{
	/* IS NULL of a row looks into it */
	if (test->argisrow)
		return NULL;
	return olap_node_test(scope, test->nulltesttype == IS_NULL ?
						  OLAP_TEST_NULL : OLAP_TEST_NOT_NULL,
						  olap_compile_node(compiler, scope,
											(Node *) test->arg));
}

/*
 * WHEN value of CASE arg WHEN value, as a condition on arg; NULL if it has
 * another form than arg = value.
 */
static Node *
when_condition(Node *when, Node *arg)
{
	OpExpr	   *op;
	int			n = 0;

	if (!IsA(when, OpExpr) || list_length(((OpExpr *) when)->args) != 2)
		return NULL;
	op = copyObject((OpExpr *) when);
	for (int i = 0; i < 2; i++)
	{
		ListCell   *cell = list_nth_cell(op->args, i);
		Node	   *node = lfirst(cell);

		if (IsA(node, CaseTestExpr))
		{
			lfirst(cell) = arg;
			n++;
		}
		else if (IsA(node, RelabelType) &&
				 IsA(((RelabelType *) node)->arg, CaseTestExpr))
		{
			((RelabelType *) node)->arg = (Expr *) arg;
			n++;
		}
		else if (!IsA(node, Const))
			return NULL;
	}
	return n == 1 && is_safe((Node *) op, arg) ? (Node *) op : NULL;
}

static OlapNode *
compile_case(OlapCompiler *compiler, OlapScope *scope, CaseExpr *expr)
{
	OlapColumnType type = olap_expr_type((Node *) expr);
	int			nconds = list_length(expr->args);
	OlapNode  **conds = palloc(nconds * sizeof(OlapNode *));
	OlapNode  **results = palloc((nconds + 1) * sizeof(OlapNode *));
	Node	   *arg = (Node *) expr->arg;
	Node	   *last = (Node *) expr->defresult;
	int			n = 0;

	if (arg != NULL)
		foreach_ptr(CaseWhen, when, expr->args)
		{
			if (when_condition((Node *) when->expr, arg) == NULL)
				return NULL;
		}
	foreach_ptr(CaseWhen, when, expr->args)
	{
		Node	   *cond = (Node *) when->expr;

		if (arg != NULL)
			cond = when_condition(cond, arg);
		conds[n] = n == 0 ? olap_compile_node(compiler, scope, cond) :
			compile_branch(compiler, scope, cond, arg);
		results[n++] = compile_branch(compiler, scope, (Node *) when->result,
									  NULL);
	}
	if (last == NULL)
		last = (Node *) makeNullConst(type.typid, type.typmod, type.collation);
	results[n] = compile_branch(compiler, scope, last, NULL);
	return olap_node_case(scope, &type, conds, results, nconds);
}

static OlapNode *
compile_coalesce(OlapCompiler *compiler, OlapScope *scope, CoalesceExpr *expr)
{
	OlapColumnType type = olap_expr_type((Node *) expr);
	OlapNode  **args = palloc(list_length(expr->args) * sizeof(OlapNode *));
	int			n = 0;

	foreach_ptr(Node, arg, expr->args)
	{
		args[n] = n == 0 ? olap_compile_node(compiler, scope, arg) :
			compile_branch(compiler, scope, arg, NULL);
		n++;
	}
	return olap_node_coalesce(scope, &type, args, n);
}

/* Both are an OpExpr of "=" under another tag. */
static OlapNode *
compile_equal(OlapCompiler *compiler, OlapScope *scope, OpExpr *expr)
{
	OlapCall	call = {.expr = (Node *) expr,.collation = expr->inputcollid,
	.args = expr->args};
	OlapColumnType type = olap_expr_type((Node *) expr);
	OlapNode   *equal;
	OlapNode   *a;

	set_opfuncid(expr);
	call.funcid = expr->opfuncid;
	equal = olap_compile_compare(compiler, scope, &call);
	if (equal == NULL)
		return NULL;
	a = olap_compile_node(compiler, scope, linitial(expr->args));
	if (IsA(expr, NullIfExpr))
		return olap_node_nullif(scope, &type, a, equal);
	return olap_node_distinct(scope, a,
							  olap_compile_node(compiler, scope,
												lsecond(expr->args)), equal);
}

static OlapNode *
compile_extreme(OlapCompiler *compiler, OlapScope *scope, MinMaxExpr *expr)
{
	OlapColumnType type = olap_expr_type((Node *) expr);
	OlapNode  **args = palloc(list_length(expr->args) * sizeof(OlapNode *));
	int			n = 0;

	switch (expr->minmaxtype)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case FLOAT4OID:
		case FLOAT8OID:
		case OIDOID:
			break;
		default:
			return NULL;
	}
	foreach_ptr(Node, arg, expr->args)
	{
		args[n] = olap_compile_node(compiler, scope, arg);
		if (olap_node_type(args[n++])->phys != type.phys)
			return NULL;
	}
	return olap_node_extreme(scope, &type, expr->op == IS_GREATEST,
							 expr->minmaxtype == OIDOID, args, n);
}

/* ---- = ANY (constant array) of integers ---- */

static int64
element_value(Datum datum, Oid typid)
{
	switch (typid)
	{
		case BOOLOID:
			return DatumGetBool(datum);
		case INT2OID:
			return DatumGetInt16(datum);
		case INT4OID:
		case DATEOID:
			return DatumGetInt32(datum);
		default:
			return DatumGetInt64(datum);
	}
}

static OlapNode *
compile_list(OlapCompiler *compiler, OlapScope *scope, ScalarArrayOpExpr *expr)
{
	OlapCompareOp op;
	OlapNode   *a;
	int64	   *values;
	Datum	   *elems,
				datum;
	bool	   *nulls,
				byval,
				isnull,
				has_null = false;
	ArrayType  *array;
	int16		len;
	char		align;
	int			nelems,
				n = 0;

	set_sa_opfuncid(expr);
	if (!olap_compare_op(expr->opfuncid, &op) || op.order != OLAP_ORDER_INT ||
		olap_compare_converts(&op) ||
		op.cmp != (expr->useOr ? OLAP_CMP_EQ : OLAP_CMP_NE) ||
		!olap_known_value(compiler, lsecond(expr->args), &datum, &isnull) ||
		isnull)
		return NULL;
	array = DatumGetArrayTypeP(datum);
	if (ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) == 0)
		return NULL;			/* even of a NULL, false or true */
	a = olap_compile_node(compiler, scope, linitial(expr->args));
	if (!olap_order_reads(op.order, olap_node_type(a)->phys))
		return NULL;
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &len, &byval, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), len, byval, align, &elems,
					  &nulls, &nelems);
	values = palloc(nelems * sizeof(int64));
	for (int i = 0; i < nelems; i++)
	{
		if (nulls[i])
			has_null = true;
		else
			values[n++] = element_value(elems[i], op.right);
	}
	return olap_node_list(scope, a, !expr->useOr, values, n, has_null);
}

OlapNode *
olap_compile_logic(OlapCompiler *compiler, OlapScope *scope, Node *node)
{
	switch (nodeTag(node))
	{
		case T_BoolExpr:
			return compile_bool(compiler, scope, (BoolExpr *) node);
		case T_BooleanTest:
			return compile_boolean_test(compiler, scope, (BooleanTest *) node);
		case T_NullTest:
			return compile_null_test(compiler, scope, (NullTest *) node);
		case T_CaseExpr:
			return compile_case(compiler, scope, (CaseExpr *) node);
		case T_CoalesceExpr:
			return compile_coalesce(compiler, scope, (CoalesceExpr *) node);
		case T_NullIfExpr:
		case T_DistinctExpr:
			return compile_equal(compiler, scope, (OpExpr *) node);
		case T_MinMaxExpr:
			return compile_extreme(compiler, scope, (MinMaxExpr *) node);
		case T_ScalarArrayOpExpr:
			return compile_list(compiler, scope, (ScalarArrayOpExpr *) node);
		default:
			return NULL;
	}
}

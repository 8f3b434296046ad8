/*-------------------------------------------------------------------------
 *
 * qual.c
 *		From PostgreSQL's clauses to vector predicates.
 *
 * One walk serves planning (is there a vector form?) and execution (build it),
 * so the two can't disagree on what is supported.  Negations are driven down
 * to the tests on the way, as vector/expr.h asks for.
 *
 * src/exec/qual.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type_d.h"
#include "executor/executor.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/cash.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/compat_planner.h"
#include "exec/qual.h"
#include "exec/qual_time.h"

static OlapExpr *translate_node(Node *node, const OlapQualContext *cxt, bool negate,
						   int depth);

/* A column of the scanned relation, through binary-compatible relabeling. */
static Var *
as_column(Node *node, const OlapQualContext *cxt)
{
	while (node != NULL && IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	if (node != NULL && IsA(node, Var) &&
		((Var *) node)->varno == (int) cxt->varno &&
		((Var *) node)->varlevelsup == 0 && ((Var *) node)->varattno > 0)
		return (Var *) node;
	return NULL;
}

/* Something with one value for the whole scan. */
static bool
is_constant(Node *node, const OlapQualContext *cxt)
{
	if (IsA(node, Const))
		return true;
	return !bms_is_member(cxt->varno, pull_varnos(NULL, node)) &&
		!contain_var_clause(node) && !contain_volatile_functions(node) &&
		!contain_subplans(node);
}

static Datum
evaluate(Node *node, const OlapQualContext *cxt, bool *isnull)
{
	ExprState  *state;

	if (IsA(node, Const))
	{
		*isnull = ((Const *) node)->constisnull;
		return ((Const *) node)->constvalue;
	}
	state = ExecInitExpr((Expr *) node, cxt->parent);
	return ExecEvalExpr(state, cxt->econtext, isnull);
}

void
olap_qual_value(Datum datum, Oid typid, OlapExprValue *value)
{
	struct varlena *v;

	memset(value, 0, sizeof(*value));
	switch (typid)
	{
		case BOOLOID:
			value->i = DatumGetBool(datum);
			break;
		case CHAROID:
			value->i = (uint8) DatumGetChar(datum);
			break;
		case INT2OID:
			value->i = DatumGetInt16(datum);
			break;
		case INT4OID:
		case DATEOID:
			value->i = DatumGetInt32(datum);
			break;
		case OIDOID:
			value->i = DatumGetObjectId(datum);
			break;
		case FLOAT4OID:
			value->f = DatumGetFloat4(datum);
			break;
		case FLOAT8OID:
			value->f = DatumGetFloat8(datum);
			break;
		case UUIDOID:
			value->data = (const uint8 *) DatumGetPointer(datum);
			value->len = UUID_LEN;
			break;
		case NUMERICOID:
		case TEXTOID:
		case BPCHAROID:
		case BYTEAOID:
			v = PG_DETOAST_DATUM_COPY(datum);
			value->data = (const uint8 *) VARDATA(v);
			value->len = VARSIZE(v) - VARHDRSZ;
			break;
		default:
			value->i = DatumGetInt64(datum);
			break;
	}
}

/*
 * Is var stored in a representation that this order reads?  A column of a
 * domain over float is kept as plain bytes, not as a float.
 */
static bool
order_fits(const OlapCompareOp *op, const Var *var)
{
	return op->order != OLAP_ORDER_FLOAT || var->vartype == FLOAT4OID ||
		var->vartype == FLOAT8OID;
}

/* ---- tests ---- */

static OlapExpr *
compare_constant(Var *var, const OlapCompareOp *op, OlapCompare cmp, Node *other,
				 Oid type, const OlapQualContext *cxt)
{
	OlapExprValue value;
	bool		isnull;
	Datum		datum;

	if (cxt->parent == NULL)
		return olap_expr_const(true);
	datum = evaluate(other, cxt, &isnull);
	if (isnull)
		return olap_expr_const(false);
	if (olap_compare_converts(op))
		return olap_qual_compare_time(var->varattno - 1,
									  type == op->right ? op->left : op->right,
									  cmp, type, datum);
	olap_qual_value(datum, type, &value);
	return olap_expr_compare(var->varattno - 1, op->order, cmp, &value);
}

static OlapExpr *
translate_like(Var *var, Node *pattern, Oid collation, bool negated,
			   const OlapQualContext *cxt)
{
	bool		utf8 = GetDatabaseEncoding() == PG_UTF8;
	struct varlena *v;
	bool		isnull;
	Datum		datum;

	if (!OidIsValid(collation) || !get_collation_isdeterministic(collation) ||
		(!utf8 && pg_database_encoding_max_length() > 1) ||
		!is_constant(pattern, cxt))
		return NULL;
	if (cxt->parent == NULL)
		return olap_expr_const(true);
	datum = evaluate(pattern, cxt, &isnull);
	if (isnull)
		return olap_expr_const(false);
	v = PG_DETOAST_DATUM_COPY(datum);
	return olap_expr_like(var->varattno - 1, negated, (uint8 *) VARDATA(v),
						  VARSIZE(v) - VARHDRSZ, utf8);
}

static OlapExpr *
translate_prefix(Node *left, Node *right, Oid collation, bool negated,
				 const OlapQualContext *cxt)
{
	Var		   *var = as_column(left, cxt);
	OlapExprValue value;
	bool		isnull;
	Datum		datum;

	if (var == NULL || !is_constant(right, cxt) || !OidIsValid(collation) ||
		!get_collation_isdeterministic(collation))
		return NULL;
	if (cxt->parent == NULL)
		return olap_expr_const(true);
	datum = evaluate(right, cxt, &isnull);
	if (isnull)
		return olap_expr_const(false);
	olap_qual_value(datum, TEXTOID, &value);
	return olap_expr_prefix(var->varattno - 1, negated, &value);
}

/* The column of a cast of a timestamp to the day it falls into. */
static Var *
as_day_of_column(Node *node, const OlapQualContext *cxt, bool *with_zone)
{
	FuncExpr   *call = (FuncExpr *) node;

	if (!IsA(node, FuncExpr) || (call->funcid != F_DATE_TIMESTAMP &&
								 call->funcid != F_DATE_TIMESTAMPTZ))
		return NULL;
	*with_zone = call->funcid == F_DATE_TIMESTAMPTZ;
	return as_column(linitial(call->args), cxt);
}

static OlapExpr *
translate_day(OpExpr *expr, const OlapCompareOp *op, OlapCompare cmp,
			  const OlapQualContext *cxt)
{
	Node	   *other = lsecond(expr->args);
	bool		with_zone;
	Var		   *var = as_day_of_column(linitial(expr->args), cxt, &with_zone);
	bool		isnull;
	Datum		datum;

	if (var == NULL)
	{
		other = linitial(expr->args);
		cmp = olap_compare_commute(cmp);
		var = as_day_of_column(lsecond(expr->args), cxt, &with_zone);
	}
	if (op->left != DATEOID || op->right != DATEOID || var == NULL ||
		!is_constant(other, cxt))
		return NULL;
	if (cxt->parent == NULL)
		return olap_expr_const(true);
	datum = evaluate(other, cxt, &isnull);
	if (isnull)
		return olap_expr_const(false);
	return olap_qual_compare_day(var->varattno - 1, with_zone, cmp,
								 DatumGetDateADT(datum));
}

static OlapExpr *
translate_op(OpExpr *expr, const OlapQualContext *cxt, bool negate)
{
	OlapCompareOp op;
	OlapCompare cmp;
	Node	   *left,
			   *right;
	Var		   *lvar,
			   *rvar;

	if (list_length(expr->args) != 2)
		return NULL;
	set_opfuncid(expr);
	left = linitial(expr->args);
	right = lsecond(expr->args);
	lvar = as_column(left, cxt);
	rvar = as_column(right, cxt);

	if (expr->opfuncid == F_TEXTLIKE || expr->opfuncid == F_TEXTNLIKE)
		return lvar == NULL ? NULL :
			translate_like(lvar, right, expr->inputcollid,
						   (expr->opfuncid == F_TEXTNLIKE) != negate, cxt);
	if (expr->opfuncid == F_STARTS_WITH)
		return translate_prefix(left, right, expr->inputcollid, negate, cxt);
	if (!olap_compare_op(expr->opfuncid, &op) ||
		!olap_compare_collation_fits(&op, expr->inputcollid))
		return NULL;

	if ((lvar != NULL && !order_fits(&op, lvar)) ||
		(rvar != NULL && !order_fits(&op, rvar)))
		return NULL;

	cmp = negate ? olap_compare_negate(op.cmp) : op.cmp;
	if (lvar != NULL && rvar != NULL)
	{
		/* fixed-width representations must be the same; others need not */
		if (op.left != op.right ||
			(op.order < OLAP_ORDER_NUMERIC && lvar->vartype != rvar->vartype))
			return NULL;
		return olap_expr_columns(lvar->varattno - 1, op.order, cmp,
								 rvar->varattno - 1);
	}
	if (lvar != NULL && is_constant(right, cxt))
		return compare_constant(lvar, &op, cmp, right, op.right, cxt);
	if (rvar != NULL && is_constant(left, cxt))
		return compare_constant(rvar, &op, olap_compare_commute(cmp), left,
								op.left, cxt);
	return translate_day(expr, &op, cmp, cxt);
}

/* col IS [NOT] DISTINCT FROM constant, which is never NULL itself. */
static OlapExpr *
translate_distinct(DistinctExpr *expr, const OlapQualContext *cxt, bool negate)
{
	OpExpr		equal = *(OpExpr *) expr;
	Var		   *var = as_column(linitial(expr->args), cxt);
	Node	   *other = lsecond(expr->args);
	OlapExpr   *arg;
	bool		isnull;

	equal.xpr.type = T_OpExpr;
	if (var == NULL)
	{
		var = as_column(lsecond(expr->args), cxt);
		other = linitial(expr->args);
	}
	if (var == NULL || !is_constant(other, cxt))
		return NULL;
	arg = translate_op(&equal, cxt, false);
	if (arg == NULL || cxt->parent == NULL)
		return arg;
	(void) evaluate(other, cxt, &isnull);
	if (isnull)
		return olap_expr_null(var->varattno - 1, negate);
	return negate ? arg : olap_expr_not_true(arg);
}

static OlapExpr *
translate_array(ScalarArrayOpExpr *expr, const OlapQualContext *cxt, bool negate)
{
	Var		   *var = as_column(linitial(expr->args), cxt);
	Node	   *array = lsecond(expr->args);
	OlapCompareOp op;
	OlapExprValue *values;
	ArrayType  *arr;
	Datum	   *elems,
				datum;
	bool	   *nulls,
				isnull,
				byval,
				has_null = false;
	int16		len;
	char		align;
	int			nelems,
				n = 0;

	set_sa_opfuncid(expr);
	if (var == NULL || !is_constant(array, cxt) ||
		!olap_compare_op(expr->opfuncid, &op) || !order_fits(&op, var) ||
		olap_compare_converts(&op) ||
		!olap_compare_collation_fits(&op, expr->inputcollid))
		return NULL;
	/* = ANY is IN; <> ALL is NOT IN, the negation of the other */
	if (!(expr->useOr && op.cmp == OLAP_CMP_EQ) &&
		!(!expr->useOr && op.cmp == OLAP_CMP_NE))
		return NULL;
	if (cxt->parent == NULL)
		return olap_expr_const(true);

	datum = evaluate(array, cxt, &isnull);
	if (isnull)
		return olap_expr_const(false);
	arr = DatumGetArrayTypeP(datum);
	get_typlenbyvalalign(ARR_ELEMTYPE(arr), &len, &byval, &align);
	deconstruct_array(arr, ARR_ELEMTYPE(arr), len, byval, align, &elems, &nulls,
					  &nelems);
	values = palloc(Max(nelems, 1) * sizeof(OlapExprValue));
	for (int i = 0; i < nelems; i++)
	{
		if (nulls[i])
			has_null = true;
		else
			olap_qual_value(elems[i], op.right, &values[n++]);
	}
	return olap_expr_in(var->varattno - 1, op.order, expr->useOr == negate,
						values, n, has_null);
}

static OlapExpr *
translate_bool(BoolExpr *expr, const OlapQualContext *cxt, bool negate, int depth)
{
	OlapExpr  **args;
	ListCell   *lc;
	int			n = 0;

	if (expr->boolop == NOT_EXPR)
		return translate_node(linitial(expr->args), cxt, !negate, depth + 1);
	args = palloc(list_length(expr->args) * sizeof(OlapExpr *));
	foreach(lc, expr->args)
	{
		args[n] = translate_node(lfirst(lc), cxt, negate, depth + 1);
		if (args[n++] == NULL)
			return NULL;
	}
	if ((expr->boolop == AND_EXPR) != negate)
		return olap_expr_and(args, n);
	return olap_expr_or(args, n);
}

static OlapExpr *
translate_boolean_test(BooleanTest *test, const OlapQualContext *cxt,
					   bool negate, int depth)
{
	bool		want_false = test->booltesttype == IS_FALSE ||
		test->booltesttype == IS_NOT_FALSE;
	bool		complement = test->booltesttype == IS_NOT_TRUE ||
		test->booltesttype == IS_NOT_FALSE;
	OlapExpr   *arg;

	if (test->booltesttype == IS_UNKNOWN || test->booltesttype == IS_NOT_UNKNOWN)
		return NULL;
	arg = translate_node((Node *) test->arg, cxt, want_false, depth + 1);
	if (arg == NULL)
		return NULL;
	/* the test itself is never NULL, so its negation is its complement */
	return complement != negate ? olap_expr_not_true(arg) : arg;
}

static OlapExpr *
translate_constant(Node *node, const OlapQualContext *cxt, bool negate)
{
	bool		isnull;
	Datum		datum;

	if (cxt->parent == NULL)
		return olap_expr_const(true);
	datum = evaluate(node, cxt, &isnull);
	return olap_expr_const(!isnull && DatumGetBool(datum) != negate);
}

static OlapExpr *
translate_node(Node *node, const OlapQualContext *cxt, bool negate, int depth)
{
	OlapExprValue yes = {.i = 1};
	Var		   *var;

	if (depth >= OLAP_EXPR_MAX_DEPTH)
		return NULL;
	switch (nodeTag(node))
	{
		case T_OpExpr:
			return translate_op((OpExpr *) node, cxt, negate);
		case T_DistinctExpr:
			return translate_distinct((DistinctExpr *) node, cxt, negate);
		case T_ScalarArrayOpExpr:
			return translate_array((ScalarArrayOpExpr *) node, cxt, negate);
		case T_BoolExpr:
			return translate_bool((BoolExpr *) node, cxt, negate, depth);
		case T_BooleanTest:
			return translate_boolean_test((BooleanTest *) node, cxt, negate,
										  depth);
		case T_NullTest:
			var = as_column((Node *) ((NullTest *) node)->arg, cxt);
			if (var == NULL || ((NullTest *) node)->argisrow)
				return NULL;
			return olap_expr_null(var->varattno - 1,
								  (((NullTest *) node)->nulltesttype == IS_NULL) != negate);
		case T_FuncExpr:
			if (((FuncExpr *) node)->funcid == F_STARTS_WITH)
				return translate_prefix(linitial(((FuncExpr *) node)->args),
										lsecond(((FuncExpr *) node)->args),
										((FuncExpr *) node)->inputcollid,
										negate, cxt);
			return NULL;
		case T_Var:
			var = as_column(node, cxt);
			if (var == NULL || var->vartype != BOOLOID)
				return NULL;
			return olap_expr_compare(var->varattno - 1, OLAP_ORDER_INT,
									 negate ? OLAP_CMP_NE : OLAP_CMP_EQ, &yes);
		case T_Const:
			return translate_constant(node, cxt, negate);
		default:
			return NULL;
	}
}

OlapExpr *
olap_qual_translate(Expr *clause, const OlapQualContext *cxt)
{
	return translate_node((Node *) clause, cxt, false, 0);
}

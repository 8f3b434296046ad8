/*-------------------------------------------------------------------------
 *
 * compile_funcs.c
 *		The whitelist of functions with a kernel.
 *
 * By function, not by operator: an operator of any schema that calls one of
 * these does the same thing.
 *
 * src/exec/compile_funcs.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "mb/pg_wchar.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"

#include "base/compat.h"
#include "exec/compile_internal.h"
#include "exec/qual.h"

typedef enum Kind
{
	KIND_INT,					/* op of two integers, in type */
	KIND_INT_UNARY,				/* SUB: - a; else |a| */
	KIND_FLOAT,
	KIND_FLOAT_UNARY,
	KIND_FLOAT_FUNCTION,		/* op is an OlapFloatFunction */
	KIND_CAST,
	KIND_DECIMAL,
	KIND_DECIMAL_UNARY,			/* op is an OlapDecimalOp */
	KIND_DECIMAL_LENGTH
} Kind;

typedef struct FuncRow
{
	Oid			funcid;
	Kind		kind;
	int			op;
	Oid			type;			/* of the result and, but for casts, operands */
} FuncRow;

#define ARITH(kind, op, type, suffix) \
	{F_##suffix, KIND_##kind, OLAP_ARITH_##op, type##OID}
#define FOUR(kind, p, type) \
	ARITH(kind, ADD, type, p##PL), ARITH(kind, SUB, type, p##MI), \
	ARITH(kind, MUL, type, p##MUL), ARITH(kind, DIV, type, p##DIV)

static const FuncRow rows[] = {
	FOUR(INT, INT2, INT2), FOUR(INT, INT4, INT4), FOUR(INT, INT8, INT8),
	FOUR(INT, INT24, INT4), FOUR(INT, INT42, INT4), FOUR(INT, INT28, INT8),
	FOUR(INT, INT82, INT8), FOUR(INT, INT48, INT8), FOUR(INT, INT84, INT8),
	ARITH(INT, MOD, INT2, INT2MOD), ARITH(INT, MOD, INT2, MOD_INT2_INT2),
	ARITH(INT, MOD, INT4, INT4MOD), ARITH(INT, MOD, INT4, MOD_INT4_INT4),
	ARITH(INT, MOD, INT8, INT8MOD), ARITH(INT, MOD, INT8, MOD_INT8_INT8),
	ARITH(INT_UNARY, SUB, INT2, INT2UM), ARITH(INT_UNARY, SUB, INT4, INT4UM),
	ARITH(INT_UNARY, SUB, INT8, INT8UM),
	ARITH(INT_UNARY, ADD, INT2, INT2ABS), ARITH(INT_UNARY, ADD, INT2, ABS_INT2),
	ARITH(INT_UNARY, ADD, INT4, INT4ABS), ARITH(INT_UNARY, ADD, INT4, ABS_INT4),
	ARITH(INT_UNARY, ADD, INT8, INT8ABS), ARITH(INT_UNARY, ADD, INT8, ABS_INT8),

	FOUR(FLOAT, FLOAT4, FLOAT4), FOUR(FLOAT, FLOAT8, FLOAT8),
	FOUR(FLOAT, FLOAT48, FLOAT8), FOUR(FLOAT, FLOAT84, FLOAT8),
	ARITH(FLOAT_UNARY, SUB, FLOAT4, FLOAT4UM),
	ARITH(FLOAT_UNARY, SUB, FLOAT8, FLOAT8UM),
	ARITH(FLOAT_UNARY, ADD, FLOAT4, FLOAT4ABS),
	ARITH(FLOAT_UNARY, ADD, FLOAT4, ABS_FLOAT4),
	ARITH(FLOAT_UNARY, ADD, FLOAT8, FLOAT8ABS),
	ARITH(FLOAT_UNARY, ADD, FLOAT8, ABS_FLOAT8),

	{F_ROUND_FLOAT8, KIND_FLOAT_FUNCTION, OLAP_FLOAT_ROUND, FLOAT8OID},
	{F_DROUND, KIND_FLOAT_FUNCTION, OLAP_FLOAT_ROUND, FLOAT8OID},
	{F_CEIL_FLOAT8, KIND_FLOAT_FUNCTION, OLAP_FLOAT_CEIL, FLOAT8OID},
	{F_CEILING_FLOAT8, KIND_FLOAT_FUNCTION, OLAP_FLOAT_CEIL, FLOAT8OID},
	{F_FLOOR_FLOAT8, KIND_FLOAT_FUNCTION, OLAP_FLOAT_FLOOR, FLOAT8OID},
	{F_TRUNC_FLOAT8, KIND_FLOAT_FUNCTION, OLAP_FLOAT_TRUNC, FLOAT8OID},
	{F_DTRUNC, KIND_FLOAT_FUNCTION, OLAP_FLOAT_TRUNC, FLOAT8OID},
	{F_SQRT_FLOAT8, KIND_FLOAT_FUNCTION, OLAP_FLOAT_SQRT, FLOAT8OID},
	{F_DSQRT, KIND_FLOAT_FUNCTION, OLAP_FLOAT_SQRT, FLOAT8OID},

	{F_INT4_INT2, KIND_CAST, 0, INT4OID}, {F_INT8_INT2, KIND_CAST, 0, INT8OID},
	{F_INT2_INT4, KIND_CAST, 0, INT2OID}, {F_INT8_INT4, KIND_CAST, 0, INT8OID},
	{F_INT2_INT8, KIND_CAST, 0, INT2OID}, {F_INT4_INT8, KIND_CAST, 0, INT4OID},
	{F_FLOAT4_INT2, KIND_CAST, 0, FLOAT4OID},
	{F_FLOAT4_INT4, KIND_CAST, 0, FLOAT4OID},
	{F_FLOAT4_INT8, KIND_CAST, 0, FLOAT4OID},
	{F_FLOAT8_INT2, KIND_CAST, 0, FLOAT8OID},
	{F_FLOAT8_INT4, KIND_CAST, 0, FLOAT8OID},
	{F_FLOAT8_INT8, KIND_CAST, 0, FLOAT8OID},
	{F_FLOAT8_FLOAT4, KIND_CAST, 0, FLOAT8OID},
	{F_FLOAT4_FLOAT8, KIND_CAST, 0, FLOAT4OID},
	{F_INT2_FLOAT4, KIND_CAST, 0, INT2OID},
	{F_INT4_FLOAT4, KIND_CAST, 0, INT4OID},
	{F_INT8_FLOAT4, KIND_CAST, 0, INT8OID},
	{F_INT2_FLOAT8, KIND_CAST, 0, INT2OID},
	{F_INT4_FLOAT8, KIND_CAST, 0, INT4OID},
	{F_INT8_FLOAT8, KIND_CAST, 0, INT8OID},
	{F_INT4_BOOL, KIND_CAST, 0, INT4OID}, {F_BOOL_INT4, KIND_CAST, 0, BOOLOID},
	{F_NUMERIC_INT2, KIND_CAST, 0, NUMERICOID},
	{F_NUMERIC_INT4, KIND_CAST, 0, NUMERICOID},
	{F_NUMERIC_INT8, KIND_CAST, 0, NUMERICOID},

	ARITH(DECIMAL, ADD, NUMERIC, NUMERIC_ADD),
	ARITH(DECIMAL, SUB, NUMERIC, NUMERIC_SUB),
	ARITH(DECIMAL, MUL, NUMERIC, NUMERIC_MUL),
	{F_NUMERIC_UMINUS, KIND_DECIMAL_UNARY, OLAP_DECIMAL_NEGATE, NUMERICOID},
	{F_NUMERIC_ABS, KIND_DECIMAL_UNARY, OLAP_DECIMAL_ABS, NUMERICOID},
	{F_ABS_NUMERIC, KIND_DECIMAL_UNARY, OLAP_DECIMAL_ABS, NUMERICOID},
	{F_ROUND_NUMERIC_INT4, KIND_DECIMAL_UNARY, OLAP_DECIMAL_ROUND, NUMERICOID},
	{F_TRUNC_NUMERIC_INT4, KIND_DECIMAL_UNARY, OLAP_DECIMAL_TRUNC, NUMERICOID},
	{F_CEIL_NUMERIC, KIND_DECIMAL_UNARY, OLAP_DECIMAL_CEIL, NUMERICOID},
	{F_CEILING_NUMERIC, KIND_DECIMAL_UNARY, OLAP_DECIMAL_CEIL, NUMERICOID},
	{F_FLOOR_NUMERIC, KIND_DECIMAL_UNARY, OLAP_DECIMAL_FLOOR, NUMERICOID},
	{F_INT2_NUMERIC, KIND_DECIMAL_UNARY, OLAP_DECIMAL_TO_INT, INT2OID},
	{F_INT4_NUMERIC, KIND_DECIMAL_UNARY, OLAP_DECIMAL_TO_INT, INT4OID},
	{F_INT8_NUMERIC, KIND_DECIMAL_UNARY, OLAP_DECIMAL_TO_INT, INT8OID},
	{F_FLOAT8_NUMERIC, KIND_DECIMAL_UNARY, OLAP_DECIMAL_TO_DOUBLE, FLOAT8OID},
	{F_NUMERIC_NUMERIC_INT4, KIND_DECIMAL_LENGTH, 0, NUMERICOID},
};

static const FuncRow *
find_row(Oid funcid)
{
	for (size_t i = 0; i < lengthof(rows); i++)
		if (rows[i].funcid == funcid)
			return &rows[i];
	return NULL;
}

/* An operand in the representation that type has. */
static OlapNode *
compile_as(OlapCompiler *compiler, OlapScope *scope, Node *arg,
		   const OlapColumnType *type)
{
	return olap_node_cast(scope, type, olap_compile_node(compiler, scope, arg));
}

static bool
is_number(Node *node)
{
	switch (exprType(node))
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
		case BOOLOID:
			return true;
		default:
			return false;
	}
}

/* The operand of a cast of a float to a numeric without a length; else NULL. */
static Node *
float_of_numeric(Node *node)
{
	FuncExpr   *cast = (FuncExpr *) node;

	if (!IsA(node, FuncExpr) || (cast->funcid != F_NUMERIC_FLOAT8 &&
								 cast->funcid != F_NUMERIC_FLOAT4))
		return NULL;
	return linitial(cast->args);
}

/*
 * call, which gives numbers of the scale digits and precision: numeric(x, typmod)
 * and round(x, digits).  The cast of a float, which has no kernel alone, is part
 * of it.
 */
static OlapNode *
compile_to_scale(OlapCompiler *compiler, OlapScope *scope, const OlapCall *call,
				 int precision, int digits)
{
	OlapColumnType type = olap_expr_type(call->expr);
	Node	   *arg = linitial(call->args);
	Node	   *number = float_of_numeric(arg);

	return olap_node_decimal_length(scope, precision, digits, &type,
									olap_compile_node(compiler, scope,
													  number != NULL ? number : arg),
									olap_compile_bridge(compiler, scope,
														call->expr));
}

/* round(x, digits) or trunc(x, digits), digits known */
static OlapNode *
compile_round(OlapCompiler *compiler, OlapScope *scope, const OlapCall *call,
			  OlapDecimalOp op)
{
	OlapColumnType type = olap_expr_type(call->expr);
	OlapBridge	bridge = olap_argument_bridge(compiler, call, 0);
	Datum		digits;
	bool		isnull;

	if (!IsA(lsecond(call->args), Const) ||
		!olap_known_value(compiler, lsecond(call->args), &digits, &isnull) ||
		isnull || DatumGetInt32(digits) < 0 || DatumGetInt32(digits) > 18)
		return NULL;
	if (op == OLAP_DECIMAL_ROUND &&
		float_of_numeric(linitial(call->args)) != NULL)
		return compile_to_scale(compiler, scope, call, NUMERIC_MAX_PRECISION,
								DatumGetInt32(digits));
	return olap_node_decimal_unary(scope, op, DatumGetInt32(digits), &type,
								   olap_compile_node(compiler, scope,
													 linitial(call->args)),
								   &bridge);
}

static OlapNode *
compile_decimal(OlapCompiler *compiler, OlapScope *scope, const OlapCall *call,
				const FuncRow *row)
{
	OlapColumnType type = olap_expr_type(call->expr);
	OlapNode   *a;
	OlapBridge	bridge;

	if (row->kind == KIND_DECIMAL_UNARY && list_length(call->args) == 2)
		return compile_round(compiler, scope, call, row->op);
	a = olap_compile_node(compiler, scope, linitial(call->args));
	if (row->kind == KIND_DECIMAL)
	{
		bridge = olap_call_bridge(compiler, call);
		return olap_node_decimal_arith(scope, row->op, &type, a,
									   olap_compile_node(compiler, scope,
														 lsecond(call->args)),
									   &bridge);
	}
	bridge = olap_argument_bridge(compiler, call, 0);
	return olap_node_decimal_unary(scope, row->op, 0, &type, a, &bridge);
}

/* numeric(x, typmod), what a cast to numeric(precision, scale) ends with. */
static OlapNode *
compile_length(OlapCompiler *compiler, OlapScope *scope, const OlapCall *call)
{
	Const	   *length = lsecond(call->args);
	int			precision;
	int			digits;

	if (!IsA(length, Const) || length->constisnull ||
		!olap_numeric_length(DatumGetInt32(length->constvalue), &precision,
							 &digits) || digits < 0 || digits > 18)
		return NULL;
	return compile_to_scale(compiler, scope, call, precision, digits);
}

static OlapNode *
compile_row(OlapCompiler *compiler, OlapScope *scope, const OlapCall *call,
			const FuncRow *row)
{
	OlapColumnType type = olap_expr_type(call->expr);
	OlapNode   *a;
	OlapNode   *b = NULL;

	foreach_ptr(Node, arg, call->args)
	{
		if (!is_number(arg))
			return NULL;
	}
	if (row->kind == KIND_DECIMAL || row->kind == KIND_DECIMAL_UNARY)
		return compile_decimal(compiler, scope, call, row);
	if (row->kind == KIND_DECIMAL_LENGTH)
		return compile_length(compiler, scope, call);
	a = compile_as(compiler, scope, linitial(call->args), &type);
	if (list_length(call->args) > 1)
		b = compile_as(compiler, scope, lsecond(call->args), &type);
	if (a == NULL || (b == NULL && (row->kind == KIND_INT ||
									row->kind == KIND_FLOAT)))
		return NULL;
	switch (row->kind)
	{
		case KIND_INT:
			return olap_node_int_arith(scope, row->op, &type, a, b);
		case KIND_FLOAT:
			return olap_node_float_arith(scope, row->op, &type, a, b);
		case KIND_INT_UNARY:
			return olap_node_int_unary(scope, row->op == OLAP_ARITH_SUB, &type,
									   a);
		case KIND_FLOAT_FUNCTION:
			return olap_node_float_function(scope, row->op, &type, a);
		case KIND_FLOAT_UNARY:
			return olap_node_float_unary(scope, row->op == OLAP_ARITH_SUB,
										 &type, a);
		default:
			return a;
	}
}

/* Operands of a comparison in one representation; false if there is none. */
static bool
make_alike(OlapScope *scope, OlapOrder order, OlapNode **a, OlapNode **b)
{
	const OlapColumnType *left = olap_node_type(*a);
	const OlapColumnType *right = olap_node_type(*b);

	if (order >= OLAP_ORDER_NUMERIC || left->phys == right->phys)
		return true;
	if (left->width < right->width)
		*a = olap_node_cast(scope, right, *a);
	else
		*b = olap_node_cast(scope, left, *b);
	return *a != NULL && *b != NULL;
}

bool
olap_order_reads(OlapOrder order, OlapPhys phys)
{
	switch (order)
	{
		case OLAP_ORDER_INT:
			return phys == OLAP_PHYS_BOOL ||
				(phys >= OLAP_PHYS_I16 && phys <= OLAP_PHYS_I64);
		case OLAP_ORDER_UINT:
			return phys == OLAP_PHYS_I8 || phys == OLAP_PHYS_I32;
		case OLAP_ORDER_FLOAT:
			return phys == OLAP_PHYS_F32 || phys == OLAP_PHYS_F64;
		case OLAP_ORDER_NUMERIC:
			return phys == OLAP_PHYS_DEC64 || phys == OLAP_PHYS_VAR;
		default:
			return phys == OLAP_PHYS_FIXED || phys == OLAP_PHYS_VAR;
	}
}

OlapNode *
olap_compile_compare(OlapCompiler *compiler, OlapScope *scope,
					 const OlapCall *call)
{
	OlapCompareOp op;
	OlapNode   *a;
	OlapNode   *b;

	if (list_length(call->args) != 2 || !olap_compare_op(call->funcid, &op) ||
		!olap_compare_collation_fits(&op, call->collation))
		return NULL;
	/* a date is not a timestamp's number */
	if (olap_compare_converts(&op))
		return NULL;
	a = olap_compile_node(compiler, scope, linitial(call->args));
	b = olap_compile_node(compiler, scope, lsecond(call->args));
	if (!olap_order_reads(op.order, olap_node_type(a)->phys) ||
		!olap_order_reads(op.order, olap_node_type(b)->phys) ||
		!make_alike(scope, op.order, &a, &b))
		return NULL;
	return olap_node_compare(scope, op.order, op.cmp, a, b);
}

/* length() and octet_length() of text and bytea. */
static OlapNode *
compile_text_length(OlapCompiler *compiler, OlapScope *scope,
					const OlapCall *call)
{
	OlapColumnType type = olap_expr_type(call->expr);
	bool		utf8 = false;
	OlapNode   *a;

	switch (call->funcid)
	{
		case F_LENGTH_TEXT:
		case F_CHAR_LENGTH_TEXT:
		case F_CHARACTER_LENGTH_TEXT:
			utf8 = GetDatabaseEncoding() == PG_UTF8;
			if (!utf8 && pg_database_encoding_max_length() > 1)
				return NULL;
			break;
		case F_OCTET_LENGTH_TEXT:
		case F_OCTET_LENGTH_BPCHAR:
		case F_OCTET_LENGTH_BYTEA:
		case F_LENGTH_BYTEA:
			break;
		default:
			return NULL;
	}
	a = olap_compile_node(compiler, scope, linitial(call->args));
	return olap_node_type(a)->phys == OLAP_PHYS_VAR ?
		olap_node_length(scope, utf8, &type, a) : NULL;
}

OlapNode *
olap_compile_call(OlapCompiler *compiler, OlapScope *scope,
				  const OlapCall *call)
{
	const FuncRow *row = find_row(call->funcid);
	OlapNode   *node;

	if (row != NULL)
		return compile_row(compiler, scope, call, row);
	node = compile_text_length(compiler, scope, call);
	if (node == NULL)
		node = olap_compile_compare(compiler, scope, call);
	return node != NULL ? node : olap_compile_time(compiler, scope, call);
}

/*-------------------------------------------------------------------------
 *
 * program_float.c
 *		Float arithmetic with the server's checks, and functions of one float.
 *
 * As in program_int.c, loops report that some row failed, and rows are looked
 * at one by one only then.
 *
 * src/vector/program_float.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/kernel.h"
#include "vector/program_internal.h"

typedef bool (*BinaryLoop) (void *restrict out, const void *restrict a,
							const void *restrict b, uint32 n);

typedef struct FloatNode
{
	OlapNode	node;
	OlapArith	op;
	BinaryLoop	loop;
} FloatNode;

/*
 * What the server takes for an error: an infinite result of finite operands; a
 * zero product of numbers that are not; a zero quotient likewise, unless of an
 * infinite divisor.
 */
#define FLOATS(ctype, suffix) \
static inline bool \
is_bad_##suffix(OlapArith op, ctype a, ctype b, ctype value) \
{ \
	bool		inf = isinf(value); \
	switch (op) \
	{ \
		case OLAP_ARITH_MUL: \
			return (inf & !isinf(a) & !isinf(b)) | \
				((value == 0) & (a != 0) & (b != 0)); \
		case OLAP_ARITH_DIV: \
			return ((b == 0) & !isnan(a)) | (inf & !isinf(a)) | \
				((value == 0) & (a != 0) & !isinf(b)); \
		default: \
			return inf & !isinf(a) & !isinf(b); \
	} \
} \
FLOAT_LOOP(ctype, suffix, add, OLAP_ARITH_ADD, +) \
FLOAT_LOOP(ctype, suffix, sub, OLAP_ARITH_SUB, -) \
FLOAT_LOOP(ctype, suffix, mul, OLAP_ARITH_MUL, *) \
FLOAT_LOOP(ctype, suffix, div, OLAP_ARITH_DIV, /)

#define FLOAT_LOOP(ctype, suffix, name, op, sign) \
OLAP_KERNEL static bool \
name##_##suffix(void *restrict out, const void *restrict a, \
				const void *restrict b, uint32 n) \
{ \
	const ctype *x = a; \
	const ctype *y = b; \
	ctype	   *r = out; \
	uint32		bad = 0; \
	for (uint32 i = 0; i < n; i++) \
	{ \
		ctype		value = x[i] sign y[i]; \
		r[i] = value; \
		bad |= is_bad_##suffix(op, x[i], y[i], value); \
	} \
	return bad != 0; \
}

FLOATS(float, f32)
FLOATS(double, f64)

void
olap_raise_float(bool underflow)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 underflow ? errmsg("value out of range: underflow") :
			 errmsg("value out of range: overflow")));
}

static void
check_row(OlapArith op, double a, double b, double value, bool single)
{
	bool		bad = single ?
		is_bad_f32(op, (float) a, (float) b, (float) value) :
		is_bad_f64(op, a, b, value);

	if (!bad)
		return;
	if (op == OLAP_ARITH_DIV && b == 0 && !isnan(a))
		olap_raise_zero_divide();
	olap_raise_float(!isinf(value));
}

static inline double
float_at(const OlapVector *v, uint32 row)
{
	return v->phys == OLAP_PHYS_F32 ? (double) ((const float *) v->values)[row] :
		((const double *) v->values)[row];
}

static const OlapVector *
eval_float(OlapNode *node)
{
	FloatNode  *self = (FloatNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	const OlapVector *b = olap_node_eval(node->args[1]);
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result(node, n);
	bool		bad = self->loop(out->values, a->values, b->values, n);

	olap_node_strict(node, a, b);
	if (unlikely(bad))
		for (uint32 i = 0; i < n; i++)
			if (!olap_vector_is_null(out, i))
				check_row(self->op, float_at(a, i), float_at(b, i),
						  float_at(out, i), out->phys == OLAP_PHYS_F32);
	return out;
}

OlapNode *
olap_node_float_arith(OlapScope *scope, OlapArith op,
					  const OlapColumnType *type, OlapNode *a, OlapNode *b)
{
	static const BinaryLoop loops[][2] = {
		[OLAP_ARITH_ADD] = {add_f32, add_f64},
		[OLAP_ARITH_SUB] = {sub_f32, sub_f64},
		[OLAP_ARITH_MUL] = {mul_f32, mul_f64},
		[OLAP_ARITH_DIV] = {div_f32, div_f64},
	};
	OlapNode   *args[] = {a, b};
	FloatNode  *self = olap_node_make(scope, sizeof(FloatNode), eval_float,
									  type, args, 2);

	self->op = op;
	self->loop = loops[op][type->phys == OLAP_PHYS_F32 ? 0 : 1];
	return &self->node;
}

#define FLOAT_UNARY(ctype, bits, suffix) \
OLAP_KERNEL static void \
unary_##suffix(bits *restrict out, const bits *restrict a, uint32 n, \
			   bits flip, bits keep) \
{ \
	for (uint32 i = 0; i < n; i++) \
		out[i] = (a[i] ^ flip) & keep; \
}

FLOAT_UNARY(float, uint32, f32)
FLOAT_UNARY(double, uint64, f64)

/* -a flips the sign bit, |a| clears it; op says which. */
static const OlapVector *
eval_unary(OlapNode *node)
{
	FloatNode  *self = (FloatNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result(node, n);
	bool		negate = self->op == OLAP_ARITH_SUB;
	uint64		sign = UINT64CONST(1) << 63;

	if (out->phys == OLAP_PHYS_F32)
		unary_f32(out->values, a->values, n, negate ? (uint32) (sign >> 32) : 0,
				  negate ? PG_UINT32_MAX : ~(uint32) (sign >> 32));
	else
		unary_f64(out->values, a->values, n, negate ? sign : 0,
				  negate ? PG_UINT64_MAX : ~sign);
	olap_node_strict(node, a, NULL);
	return out;
}

OlapNode *
olap_node_float_unary(OlapScope *scope, bool negate, const OlapColumnType *type,
					  OlapNode *a)
{
	FloatNode  *self = olap_node_make(scope, sizeof(FloatNode), eval_unary,
									  type, &a, 1);

	self->op = negate ? OLAP_ARITH_SUB : OLAP_ARITH_ADD;
	self->node.safe = a->safe;
	return &self->node;
}

/* ---- functions ---- */

#define FLOAT_FUNCTION(name, function) \
OLAP_KERNEL static void \
name##_loop(double *restrict out, const double *restrict a, uint32 n) \
{ \
	for (uint32 i = 0; i < n; i++) \
		out[i] = function(a[i]); \
}

FLOAT_FUNCTION(rint, rint)
FLOAT_FUNCTION(ceil, ceil)
FLOAT_FUNCTION(floor, floor)
FLOAT_FUNCTION(trunc, trunc)
FLOAT_FUNCTION(sqrt, sqrt)

typedef struct FunctionNode
{
	OlapNode	node;
	OlapFloatFunction function;
	void		(*loop) (double *restrict out, const double *restrict a, uint32 n);
} FunctionNode;

static const OlapVector *
eval_function(OlapNode *node)
{
	FunctionNode *self = (FunctionNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	const double *values = a->values;
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result(node, n);

	self->loop(out->values, values, n);
	olap_node_strict(node, a, NULL);
	if (self->function == OLAP_FLOAT_SQRT)
		for (uint32 i = 0; i < n; i++)
			if (unlikely(values[i] < 0) && !olap_vector_is_null(a, i))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_ARGUMENT_FOR_POWER_FUNCTION),
						 errmsg("cannot take square root of a negative number")));
	return out;
}

OlapNode *
olap_node_float_function(OlapScope *scope, OlapFloatFunction function,
						 const OlapColumnType *type, OlapNode *a)
{
	static void (*const loops[]) (double *restrict, const double *restrict,
								  uint32) = {
		[OLAP_FLOAT_ROUND] = rint_loop,
		[OLAP_FLOAT_CEIL] = ceil_loop,
		[OLAP_FLOAT_FLOOR] = floor_loop,
		[OLAP_FLOAT_TRUNC] = trunc_loop,
		[OLAP_FLOAT_SQRT] = sqrt_loop,
	};
	FunctionNode *self = olap_node_make(scope, sizeof(FunctionNode),
										eval_function, type, &a, 1);

	self->function = function;
	self->loop = loops[function];
	self->node.safe = function != OLAP_FLOAT_SQRT && a->safe;
	return &self->node;
}

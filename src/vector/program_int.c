/*-------------------------------------------------------------------------
 *
 * program_int.c
 *		Integer arithmetic with the server's checks.
 *
 * Loops compute every row, NULL rows' leftovers included, and report whether
 * any of them failed; only then rows are looked at one by one, to raise the
 * error of the first that is not NULL.
 *
 * src/vector/program_int.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/kernel.h"
#include "vector/program_internal.h"

typedef bool (*BinaryLoop) (void *restrict out, const void *restrict a,
							const void *restrict b, uint32 n);

typedef struct IntNode
{
	OlapNode	node;
	OlapArith	op;
	BinaryLoop	loop;
} IntNode;

/* ---- loops: true if some row overflowed, or was divided by zero ---- */

#define NARROW(name, ctype, wide, sign) \
OLAP_KERNEL static bool \
name(void *restrict out, const void *restrict a, const void *restrict b, \
	 uint32 n) \
{ \
	const ctype *x = a; \
	const ctype *y = b; \
	ctype	   *r = out; \
	wide		bad = 0; \
	for (uint32 i = 0; i < n; i++) \
	{ \
		wide		value = (wide) x[i] sign (wide) y[i]; \
		r[i] = (ctype) value; \
		bad |= value ^ (wide) (ctype) value; \
	} \
	return bad != 0; \
}

NARROW(add_i16, int16, int32, +)
NARROW(sub_i16, int16, int32, -)
NARROW(mul_i16, int16, int32, *)
NARROW(add_i32, int32, int64, +)
NARROW(sub_i32, int32, int64, -)
NARROW(mul_i32, int32, int64, *)

OLAP_KERNEL static bool
add_i64(void *restrict out, const void *restrict a, const void *restrict b,
		uint32 n)
{
	const uint64 *x = a;
	const uint64 *y = b;
	uint64	   *r = out;
	uint64		bad = 0;

	for (uint32 i = 0; i < n; i++)
	{
		uint64		value = x[i] + y[i];

		r[i] = value;
		bad |= (x[i] ^ value) & (y[i] ^ value);
	}
	return (bad >> 63) != 0;
}

OLAP_KERNEL static bool
sub_i64(void *restrict out, const void *restrict a, const void *restrict b,
		uint32 n)
{
	const uint64 *x = a;
	const uint64 *y = b;
	uint64	   *r = out;
	uint64		bad = 0;

	for (uint32 i = 0; i < n; i++)
	{
		uint64		value = x[i] - y[i];

		r[i] = value;
		bad |= (x[i] ^ y[i]) & (x[i] ^ value);
	}
	return (bad >> 63) != 0;
}

/* All ones in the bits that the magnitudes of v take. */
OLAP_KERNEL static uint64
magnitude_bits(const int64 *restrict v, uint32 n)
{
	uint64		bits = 0;

	for (uint32 i = 0; i < n; i++)
		bits |= (uint64) (v[i] ^ (v[i] >> 63));
	return bits;
}

OLAP_KERNEL static void
mul_small(int64 *restrict out, const int64 *restrict a, const int64 *restrict b,
		  uint32 n)
{
	for (uint32 i = 0; i < n; i++)
		out[i] = (int64) ((uint64) a[i] * (uint64) b[i]);
}

bool
olap_mul_i64(void *restrict out, const void *restrict a, const void *restrict b,
			 uint32 n)
{
	const int64 *x = a;
	const int64 *y = b;
	int64	   *r = out;
	bool		bad = false;

	/* -2^k <= x < 2^k and the same of y: |xy| <= 2^(k + l) */
	if ((magnitude_bits(x, n) >> 31) == 0 && (magnitude_bits(y, n) >> 31) == 0)
	{
		mul_small(r, x, y, n);
		return false;
	}
	for (uint32 i = 0; i < n; i++)
		bad |= __builtin_mul_overflow(x[i], y[i], &r[i]);
	return bad;
}

/*
 * Quotients of doubles, cut off, are those of the integers: they are nearer to
 * their true value than a fraction with such a divisor can be to an integer.
 */
#define DIVIDE(ctype, suffix, min) \
OLAP_KERNEL static bool \
div_##suffix(void *restrict out, const void *restrict a, \
			 const void *restrict b, uint32 n) \
{ \
	const ctype *x = a; \
	const ctype *y = b; \
	ctype	   *r = out; \
	uint32		bad = 0; \
	for (uint32 i = 0; i < n; i++) \
	{ \
		double		divisor = y[i] == 0 ? 1.0 : (double) y[i]; \
		bad |= (y[i] == 0) | ((y[i] == -1) & (x[i] == (min))); \
		r[i] = (ctype) (int64) ((double) x[i] / divisor); \
	} \
	return bad != 0; \
} \
OLAP_KERNEL static bool \
mod_##suffix(void *restrict out, const void *restrict a, \
			 const void *restrict b, uint32 n) \
{ \
	const ctype *x = a; \
	const ctype *y = b; \
	ctype	   *r = out; \
	uint32		bad = 0; \
	for (uint32 i = 0; i < n; i++) \
	{ \
		int32		divisor = y[i] == 0 ? 1 : y[i]; \
		int32		q = (int32) (uint32) (int64) ((double) x[i] / (double) divisor); \
		bad |= (y[i] == 0); \
		r[i] = (ctype) ((uint32) x[i] - (uint32) q * (uint32) divisor); \
	} \
	return bad != 0; \
}

DIVIDE(int16, i16, PG_INT16_MIN)
DIVIDE(int32, i32, PG_INT32_MIN)

static bool
div_i64(void *restrict out, const void *restrict a, const void *restrict b,
		uint32 n)
{
	const int64 *x = a;
	const int64 *y = b;
	int64	   *r = out;
	bool		bad = false;

	for (uint32 i = 0; i < n; i++)
	{
		bad |= y[i] == 0 || (y[i] == -1 && x[i] == PG_INT64_MIN);
		if (y[i] == 0 || y[i] == -1)
			r[i] = (int64) (0 - (uint64) x[i]);
		else
			r[i] = x[i] / y[i];
	}
	return bad;
}

static bool
mod_i64(void *restrict out, const void *restrict a, const void *restrict b,
		uint32 n)
{
	const int64 *x = a;
	const int64 *y = b;
	int64	   *r = out;
	bool		bad = false;

	for (uint32 i = 0; i < n; i++)
	{
		bad |= y[i] == 0;
		r[i] = y[i] == 0 || y[i] == -1 ? 0 : x[i] % y[i];
	}
	return bad;
}

/* ---- errors ---- */

void
olap_raise_int_range(OlapPhys phys)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s out of range", phys == OLAP_PHYS_I16 ? "smallint" :
					phys == OLAP_PHYS_I32 ? "integer" : "bigint")));
}

void
olap_raise_zero_divide(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DIVISION_BY_ZERO),
			 errmsg("division by zero")));
}

int64
olap_vector_int(const OlapVector *v, uint32 row)
{
	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
			return ((const uint8 *) v->values)[row];
		case OLAP_PHYS_I8:
			return ((const int8 *) v->values)[row];
		case OLAP_PHYS_I16:
			return ((const int16 *) v->values)[row];
		case OLAP_PHYS_I32:
			return ((const int32 *) v->values)[row];
		default:
			return ((const int64 *) v->values)[row];
	}
}

static void
check_row(OlapArith op, OlapPhys phys, int64 a, int64 b)
{
	__int128	value;
	__int128	limit = phys == OLAP_PHYS_I16 ? PG_INT16_MAX :
		phys == OLAP_PHYS_I32 ? PG_INT32_MAX : PG_INT64_MAX;

	if (b == 0 && (op == OLAP_ARITH_DIV || op == OLAP_ARITH_MOD))
		olap_raise_zero_divide();
	switch (op)
	{
		case OLAP_ARITH_ADD:
			value = (__int128) a + b;
			break;
		case OLAP_ARITH_SUB:
			value = (__int128) a - b;
			break;
		case OLAP_ARITH_MUL:
			value = (__int128) a * b;
			break;
		case OLAP_ARITH_DIV:
			value = (__int128) a / b;
			break;
		default:
			return;
	}
	if (value > limit || value < -limit - 1)
		olap_raise_int_range(phys);
}

static const OlapVector *
eval_int(OlapNode *node)
{
	IntNode    *self = (IntNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	const OlapVector *b = olap_node_eval(node->args[1]);
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result(node, n);
	bool		bad = self->loop(out->values, a->values, b->values, n);

	olap_node_strict(node, a, b);
	if (unlikely(bad))
		for (uint32 i = 0; i < n; i++)
			if (!olap_vector_is_null(out, i))
				check_row(self->op, node->type.phys, olap_vector_int(a, i),
						  olap_vector_int(b, i));
	return out;
}

OlapNode *
olap_node_int_arith(OlapScope *scope, OlapArith op, const OlapColumnType *type,
					OlapNode *a, OlapNode *b)
{
	static const BinaryLoop loops[][3] = {
		[OLAP_ARITH_ADD] = {add_i16, add_i32, add_i64},
		[OLAP_ARITH_SUB] = {sub_i16, sub_i32, sub_i64},
		[OLAP_ARITH_MUL] = {mul_i16, mul_i32, olap_mul_i64},
		[OLAP_ARITH_DIV] = {div_i16, div_i32, div_i64},
		[OLAP_ARITH_MOD] = {mod_i16, mod_i32, mod_i64},
	};
	OlapNode   *args[] = {a, b};
	IntNode    *self = olap_node_make(scope, sizeof(IntNode), eval_int, type,
									  args, 2);

	self->op = op;
	self->loop = loops[op][type->phys == OLAP_PHYS_I16 ? 0 :
						   type->phys == OLAP_PHYS_I32 ? 1 : 2];
	return &self->node;
}

/* ---- - a and |a| ---- */

#define UNARY(ctype, utype, suffix, min) \
OLAP_KERNEL static bool \
neg_##suffix(ctype *restrict out, const ctype *restrict a, uint32 n) \
{ \
	uint32		bad = 0; \
	for (uint32 i = 0; i < n; i++) \
	{ \
		bad |= a[i] == (min); \
		out[i] = (ctype) (0 - (utype) a[i]); \
	} \
	return bad != 0; \
} \
OLAP_KERNEL static bool \
abs_##suffix(ctype *restrict out, const ctype *restrict a, uint32 n) \
{ \
	uint32		bad = 0; \
	for (uint32 i = 0; i < n; i++) \
	{ \
		bad |= a[i] == (min); \
		out[i] = a[i] < 0 ? (ctype) (0 - (utype) a[i]) : a[i]; \
	} \
	return bad != 0; \
}

UNARY(int16, uint16, i16, PG_INT16_MIN)
UNARY(int32, uint32, i32, PG_INT32_MIN)
UNARY(int64, uint64, i64, PG_INT64_MIN)

static const OlapVector *
eval_unary(OlapNode *node)
{
	IntNode    *self = (IntNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result(node, n);
	bool		neg = self->op == OLAP_ARITH_SUB;
	int64		min = PG_INT64_MIN;
	bool		bad;

	switch (node->type.phys)
	{
		case OLAP_PHYS_I16:
			bad = (neg ? neg_i16 : abs_i16) (out->values, a->values, n);
			min = PG_INT16_MIN;
			break;
		case OLAP_PHYS_I32:
			bad = (neg ? neg_i32 : abs_i32) (out->values, a->values, n);
			min = PG_INT32_MIN;
			break;
		default:
			bad = (neg ? neg_i64 : abs_i64) (out->values, a->values, n);
			break;
	}
	olap_node_strict(node, a, NULL);
	if (unlikely(bad))
		for (uint32 i = 0; i < n; i++)
			if (!olap_vector_is_null(a, i) && olap_vector_int(a, i) == min)
				olap_raise_int_range(node->type.phys);
	return out;
}

OlapNode *
olap_node_int_unary(OlapScope *scope, bool negate, const OlapColumnType *type,
					OlapNode *a)
{
	IntNode    *self = olap_node_make(scope, sizeof(IntNode), eval_unary, type,
									  &a, 1);

	self->op = negate ? OLAP_ARITH_SUB : OLAP_ARITH_ADD;
	return &self->node;
}

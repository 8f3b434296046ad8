/*-------------------------------------------------------------------------
 *
 * program_decimal.c
 *		numeric as scaled int64.
 *
 * Display scales follow numeric.c: of a sum or difference the greater of the
 * operands', of a product their sum, of a rounded number, and of a cast to
 * numeric(precision, scale), what was asked for.
 * Whatever does not fit (a NaN, a result beyond int64 or 18 decimals, a number
 * too big for the cast's target) sends the whole vector to the bridge, which
 * has the answer, or raises the error.
 *
 * src/vector/program_decimal.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/kernel.h"
#include "vector/float_decimal.h"
#include "vector/program_internal.h"

#define MAX_SCALE 18

/* Integers up to here are doubles. */
#define MAX_EXACT_DOUBLE INT64CONST(9007199254740992)

typedef struct DecimalNode
{
	OlapNode	node;
	OlapArith	op;
	OlapDecimalOp unary;
	int			digits;			/* scale of what is rounded, or of a length */
	int64		limit;			/* of a length: 10^precision, at most 10^18 */
	OlapNode   *fallback;		/* the same by the bridge */
	int64	   *scaled;			/* an operand at the other's scale */
} DecimalNode;

static int64
power_of_10(int digits)
{
	int64		power = 1;

	for (int i = 0; i < digits; i++)
		power *= 10;
	return power;
}

OLAP_KERNEL static bool
add_loop(int64 *restrict out, const int64 *restrict a, const int64 *restrict b,
		 uint32 n)
{
	uint64		bad = 0;

	for (uint32 i = 0; i < n; i++)
	{
		uint64		r = (uint64) a[i] + (uint64) b[i];

		out[i] = (int64) r;
		bad |= ((uint64) a[i] ^ r) & ((uint64) b[i] ^ r);
	}
	return (bad >> 63) != 0;
}

OLAP_KERNEL static bool
sub_loop(int64 *restrict out, const int64 *restrict a, const int64 *restrict b,
		 uint32 n)
{
	uint64		bad = 0;

	for (uint32 i = 0; i < n; i++)
	{
		uint64		r = (uint64) a[i] - (uint64) b[i];

		out[i] = (int64) r;
		bad |= ((uint64) a[i] ^ (uint64) b[i]) & ((uint64) a[i] ^ r);
	}
	return (bad >> 63) != 0;
}

/* v times 10^digits in memory of the node; NULL if something does not fit. */
static const int64 *
rescale(DecimalNode *self, const int64 *values, int digits, uint32 n)
{
	int64		factor = power_of_10(digits);
	bool		bad = false;

	if (self->scaled == NULL)
		self->scaled = MemoryContextAlloc(self->node.scope->program->cxt,
										  OLAP_VECTOR_ROWS * sizeof(int64));
	for (uint32 i = 0; i < n; i++)
		bad |= __builtin_mul_overflow(values[i], factor, &self->scaled[i]);
	return bad ? NULL : self->scaled;
}

static bool
compute(DecimalNode *self, const OlapVector *a, const OlapVector *b,
		OlapVector *out, uint32 n)
{
	const int64 *x = a->values;
	const int64 *y = b->values;

	if (self->op == OLAP_ARITH_MUL)
	{
		if (a->scale + b->scale > MAX_SCALE)
			return false;
		out->scale = (uint8) (a->scale + b->scale);
		return !olap_mul_i64(out->values, x, y, n);
	}
	if (a->scale < b->scale)
		x = rescale(self, x, b->scale - a->scale, n);
	else if (b->scale < a->scale)
		y = rescale(self, y, a->scale - b->scale, n);
	if (x == NULL || y == NULL)
		return false;
	out->scale = Max(a->scale, b->scale);
	return self->op == OLAP_ARITH_ADD ? !add_loop(out->values, x, y, n) :
		!sub_loop(out->values, x, y, n);
}

static const OlapVector *
eval_decimal(OlapNode *node)
{
	DecimalNode *self = (DecimalNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	const OlapVector *b = olap_node_eval(node->args[1]);
	uint32		n = node->scope->n;
	OlapVector *out;

	if (a->phys == OLAP_PHYS_DEC64 && b->phys == OLAP_PHYS_DEC64)
	{
		out = olap_node_result_as(node, OLAP_PHYS_DEC64, sizeof(int64), n);
		if (compute(self, a, b, out, n))
		{
			olap_node_strict(node, a, b);
			return out;
		}
	}
	return olap_node_eval(self->fallback);
}

OlapNode *
olap_node_decimal_arith(OlapScope *scope, OlapArith op,
						const OlapColumnType *type, OlapNode *a, OlapNode *b,
						const OlapBridge *bridge)
{
	OlapNode   *args[] = {a, b};
	DecimalNode *self = olap_node_make(scope, sizeof(DecimalNode),
									   eval_decimal, type, args, 2);

	Assert(op <= OLAP_ARITH_MUL);
	self->op = op;
	self->fallback = olap_node_bridge(scope, type, bridge, args, 2);
	return &self->node;
}

/* ---- one operand ---- */

static bool
negate_loop(int64 *out, const int64 *a, uint32 n, bool absolute)
{
	bool		bad = false;

	for (uint32 i = 0; i < n; i++)
	{
		bad |= a[i] == PG_INT64_MIN;
		out[i] = absolute && a[i] >= 0 ? a[i] : (int64) (0 - (uint64) a[i]);
	}
	return !bad;
}

/* v / 10^digits, halves away from zero */
static inline int64
round_half(int64 v, int64 power)
{
	int64		rest = v % power;
	int64		quotient = v / power;

	if (rest >= power / 2 && power > 1)
		quotient++;
	else if (rest <= -(power / 2) && power > 1)
		quotient--;
	return quotient;
}

/* v / 10^digits, rounded as op says */
static inline int64
round_as(OlapDecimalOp op, int64 v, int64 power)
{
	switch (op)
	{
		case OLAP_DECIMAL_TRUNC:
			return v / power;
		case OLAP_DECIMAL_CEIL:
			return v / power + (v % power > 0);
		case OLAP_DECIMAL_FLOOR:
			return v / power - (v % power < 0);
		default:
			return round_half(v, power);
	}
}

static bool
round_loop(DecimalNode *self, OlapVector *out, const OlapVector *a, uint32 n)
{
	const int64 *x = a->values;
	int64	   *r = out->values;
	int64		power;

	out->scale = (uint8) self->digits;
	if (self->digits >= a->scale)
	{
		x = rescale(self, x, self->digits - a->scale, n);
		if (x != NULL)
			memcpy(r, x, n * sizeof(int64));
		return x != NULL;
	}
	power = power_of_10(a->scale - self->digits);
	for (uint32 i = 0; i < n; i++)
		r[i] = round_as(self->unary, x[i], power);
	return true;
}

static bool
to_int_loop(OlapVector *out, const OlapVector *a, uint32 n)
{
	const int64 *x = a->values;
	int64		power = power_of_10(a->scale);
	bool		bad = false;

	for (uint32 i = 0; i < n; i++)
	{
		int64		value = round_half(x[i], power);

		switch (out->phys)
		{
			case OLAP_PHYS_I16:
				((int16 *) out->values)[i] = (int16) value;
				bad |= value != (int16) value;
				break;
			case OLAP_PHYS_I32:
				((int32 *) out->values)[i] = (int32) value;
				bad |= value != (int32) value;
				break;
			default:
				((int64 *) out->values)[i] = value;
				break;
		}
	}
	return !bad;
}

/*
 * A quotient of two doubles is the double nearest to the true value, as what
 * the server reads from the decimal text is.
 */
OLAP_KERNEL static bool
to_double_loop(double *restrict out, const int64 *restrict a, double power,
			   uint32 n)
{
	uint32		bad = 0;

	for (uint32 i = 0; i < n; i++)
	{
		bad |= (a[i] > MAX_EXACT_DOUBLE) | (a[i] < -MAX_EXACT_DOUBLE);
		out[i] = (double) a[i] / power;
	}
	return bad == 0;
}

static bool
compute_unary(DecimalNode *self, const OlapVector *a, OlapVector *out, uint32 n)
{
	switch (self->unary)
	{
		case OLAP_DECIMAL_NEGATE:
		case OLAP_DECIMAL_ABS:
			out->scale = a->scale;
			return negate_loop(out->values, a->values, n,
							   self->unary == OLAP_DECIMAL_ABS);
		case OLAP_DECIMAL_ROUND:
		case OLAP_DECIMAL_TRUNC:
		case OLAP_DECIMAL_CEIL:
		case OLAP_DECIMAL_FLOOR:
			return round_loop(self, out, a, n);
		case OLAP_DECIMAL_TO_INT:
			return to_int_loop(out, a, n);
		case OLAP_DECIMAL_TO_DOUBLE:
			return to_double_loop(out->values, a->values,
								  (double) power_of_10(a->scale), n);
	}
	return false;
}

static const OlapVector *
eval_unary(OlapNode *node)
{
	DecimalNode *self = (DecimalNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	uint32		n = node->scope->n;
	bool		number = self->unary <= OLAP_DECIMAL_FLOOR;
	OlapVector *out;

	if (a->phys == OLAP_PHYS_DEC64)
	{
		out = number ? olap_node_result_as(node, OLAP_PHYS_DEC64,
										   sizeof(int64), n) :
			olap_node_result(node, n);
		if (compute_unary(self, a, out, n))
		{
			olap_node_strict(node, a, NULL);
			return out;
		}
	}
	return olap_node_eval(self->fallback);
}

OlapNode *
olap_node_decimal_unary(OlapScope *scope, OlapDecimalOp op, int digits,
						const OlapColumnType *type, OlapNode *a,
						const OlapBridge *bridge)
{
	DecimalNode *self = olap_node_make(scope, sizeof(DecimalNode), eval_unary,
									   type, &a, 1);

	Assert(digits >= 0 && digits <= MAX_SCALE);
	self->unary = op;
	self->digits = digits;
	self->fallback = olap_node_bridge(scope, type, bridge, &a, 1);
	return &self->node;
}

/* ---- numeric(precision, scale) ---- */

OLAP_KERNEL static bool
within(const int64 *restrict a, int64 limit, uint32 n)
{
	uint32		bad = 0;

	for (uint32 i = 0; i < n; i++)
		bad |= (a[i] >= limit) | (a[i] <= -limit);
	return bad == 0;
}

static const OlapVector *
eval_length(OlapNode *node)
{
	DecimalNode *self = (DecimalNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result_as(node, OLAP_PHYS_DEC64, sizeof(int64),
										  n);
	bool		fits = false;

	out->scale = (uint8) self->digits;
	if (a->phys == OLAP_PHYS_F64)
		fits = olap_decimal_from_f64(out->values, a->values, a->valid, n,
									 self->digits, self->limit);
	else if (a->phys == OLAP_PHYS_F32)
		fits = olap_decimal_from_f32(out->values, a->values, a->valid, n,
									 self->digits, self->limit);
	else if (a->phys == OLAP_PHYS_DEC64)
		fits = round_loop(self, out, a, n) && within(out->values, self->limit, n);
	if (!fits)
		return olap_node_eval(self->fallback);
	olap_node_strict(node, a, NULL);
	return out;
}

OlapNode *
olap_node_decimal_length(OlapScope *scope, int precision, int scale,
						 const OlapColumnType *type, OlapNode *a,
						 OlapNode *fallback)
{
	DecimalNode *self = olap_node_make(scope, sizeof(DecimalNode), eval_length,
									   type, &a, 1);

	Assert(scale >= 0 && scale <= MAX_SCALE);
	self->unary = OLAP_DECIMAL_ROUND;
	self->digits = scale;
	self->limit = power_of_10(Min(precision, MAX_SCALE));
	self->fallback = fallback;
	return &self->node;
}

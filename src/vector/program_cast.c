/*-------------------------------------------------------------------------
 *
 * program_cast.c
 *		Casts between numbers, and of booleans and integers.
 *
 * src/vector/program_cast.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type_d.h"

#include "base/kernel.h"
#include "vector/program_internal.h"

/* True if some row does not fit. */
typedef bool (*CastLoop) (void *restrict out, const void *restrict a, uint32 n);

typedef struct CastNode
{
	OlapNode	node;
	CastLoop	loop;
	OlapPhys	from;
} CastNode;

#define WIDEN(name, from, to) \
OLAP_KERNEL static bool \
name(void *restrict out, const void *restrict a, uint32 n) \
{ \
	const from *x = a; \
	to		   *r = out; \
	for (uint32 i = 0; i < n; i++) \
		r[i] = (to) x[i]; \
	return false; \
}

WIDEN(i16_i32, int16, int32)
WIDEN(i16_i64, int16, int64)
WIDEN(i32_i64, int32, int64)
WIDEN(i16_f32, int16, float)
WIDEN(i32_f32, int32, float)
WIDEN(i64_f32, int64, float)
WIDEN(i16_f64, int16, double)
WIDEN(i32_f64, int32, double)
WIDEN(i64_f64, int64, double)
WIDEN(f32_f64, float, double)
WIDEN(u8_i32, uint8, int32)

#define NARROW(name, from, to) \
OLAP_KERNEL static bool \
name(void *restrict out, const void *restrict a, uint32 n) \
{ \
	const from *x = a; \
	to		   *r = out; \
	from		bad = 0; \
	for (uint32 i = 0; i < n; i++) \
	{ \
		r[i] = (to) x[i]; \
		bad |= x[i] ^ (from) (to) x[i]; \
	} \
	return bad != 0; \
}

NARROW(i32_i16, int32, int16)
NARROW(i64_i16, int64, int16)
NARROW(i64_i32, int64, int32)

OLAP_KERNEL static bool
i32_bool(void *restrict out, const void *restrict a, uint32 n)
{
	const int32 *x = a;
	uint8	   *r = out;

	for (uint32 i = 0; i < n; i++)
		r[i] = x[i] != 0;
	return false;
}

static inline bool
float_fails(double x, float r)
{
	return (isinf(r) & !isinf(x)) | ((r == 0) & (x != 0));
}

OLAP_KERNEL static bool
f64_f32(void *restrict out, const void *restrict a, uint32 n)
{
	const double *x = a;
	float	   *r = out;
	uint32		bad = 0;

	for (uint32 i = 0; i < n; i++)
	{
		r[i] = (float) x[i];
		bad |= float_fails(x[i], r[i]);
	}
	return bad != 0;
}

/* Rounded to even, as rint() does; limit is the first integer that is too big. */
#define ROUND(name, from, to, limit) \
static bool \
name(void *restrict out, const void *restrict a, uint32 n) \
{ \
	const from *x = a; \
	to		   *r = out; \
	bool		bad = false; \
	for (uint32 i = 0; i < n; i++) \
	{ \
		double		value = rint((double) x[i]); \
		bool		fits = value >= -(limit) && value < (limit); \
		r[i] = fits ? (to) value : 0; \
		bad |= !fits; \
	} \
	return bad; \
}

ROUND(f32_i16, float, int16, 32768.0)
ROUND(f32_i32, float, int32, 2147483648.0)
ROUND(f32_i64, float, int64, 9223372036854775808.0)
ROUND(f64_i16, double, int16, 32768.0)
ROUND(f64_i32, double, int32, 2147483648.0)
ROUND(f64_i64, double, int64, 9223372036854775808.0)

typedef struct CastRow
{
	OlapPhys	from;
	OlapPhys	to;
	CastLoop	loop;
	bool		safe;
} CastRow;

static const CastRow casts[] = {
	{OLAP_PHYS_I16, OLAP_PHYS_I32, i16_i32, true},
	{OLAP_PHYS_I16, OLAP_PHYS_I64, i16_i64, true},
	{OLAP_PHYS_I32, OLAP_PHYS_I64, i32_i64, true},
	{OLAP_PHYS_I16, OLAP_PHYS_DEC64, i16_i64, true},
	{OLAP_PHYS_I32, OLAP_PHYS_DEC64, i32_i64, true},
	{OLAP_PHYS_I16, OLAP_PHYS_F32, i16_f32, true},
	{OLAP_PHYS_I32, OLAP_PHYS_F32, i32_f32, true},
	{OLAP_PHYS_I64, OLAP_PHYS_F32, i64_f32, true},
	{OLAP_PHYS_I16, OLAP_PHYS_F64, i16_f64, true},
	{OLAP_PHYS_I32, OLAP_PHYS_F64, i32_f64, true},
	{OLAP_PHYS_I64, OLAP_PHYS_F64, i64_f64, true},
	{OLAP_PHYS_F32, OLAP_PHYS_F64, f32_f64, true},
	{OLAP_PHYS_BOOL, OLAP_PHYS_I32, u8_i32, true},
	{OLAP_PHYS_I32, OLAP_PHYS_BOOL, i32_bool, true},
	{OLAP_PHYS_I32, OLAP_PHYS_I16, i32_i16, false},
	{OLAP_PHYS_I64, OLAP_PHYS_I16, i64_i16, false},
	{OLAP_PHYS_I64, OLAP_PHYS_I32, i64_i32, false},
	{OLAP_PHYS_F64, OLAP_PHYS_F32, f64_f32, false},
	{OLAP_PHYS_F32, OLAP_PHYS_I16, f32_i16, false},
	{OLAP_PHYS_F32, OLAP_PHYS_I32, f32_i32, false},
	{OLAP_PHYS_F32, OLAP_PHYS_I64, f32_i64, false},
	{OLAP_PHYS_F64, OLAP_PHYS_I16, f64_i16, false},
	{OLAP_PHYS_F64, OLAP_PHYS_I32, f64_i32, false},
	{OLAP_PHYS_F64, OLAP_PHYS_I64, f64_i64, false},
};

/* Raise the error of a row's cast, if it is one. */
static void
check_row(const CastNode *self, const OlapVector *a, const OlapVector *out,
		  uint32 row)
{
	OlapPhys	to = self->node.type.phys;
	double		value;
	double		limit;

	if (self->from == OLAP_PHYS_F64 && to == OLAP_PHYS_F32)
	{
		double		x = ((const double *) a->values)[row];
		float		r = ((const float *) out->values)[row];

		if (float_fails(x, r))
			olap_raise_float(!isinf(r));
	}
	else if (self->from == OLAP_PHYS_F32 || self->from == OLAP_PHYS_F64)
	{
		value = rint(self->from == OLAP_PHYS_F32 ?
					 (double) ((const float *) a->values)[row] :
					 ((const double *) a->values)[row]);
		limit = to == OLAP_PHYS_I16 ? 32768.0 :
			to == OLAP_PHYS_I32 ? 2147483648.0 : 9223372036854775808.0;
		if (!(value >= -limit && value < limit))
			olap_raise_int_range(to);
	}
	else if (olap_vector_int(a, row) != olap_vector_int(out, row))
		olap_raise_int_range(to);
}

static const OlapVector *
eval_cast(OlapNode *node)
{
	CastNode   *self = (CastNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result(node, n);
	bool		bad = self->loop(out->values, a->values, n);

	olap_node_strict(node, a, NULL);
	if (unlikely(bad))
		for (uint32 i = 0; i < n; i++)
			if (!olap_vector_is_null(a, i))
				check_row(self, a, out, i);
	return out;
}

/* bigint as numeric: the same numbers */
static const OlapVector *
eval_same(OlapNode *node)
{
	const OlapVector *a = olap_node_eval(node->args[0]);

	node->result = *a;
	node->result.phys = OLAP_PHYS_DEC64;
	node->result.scale = 0;
	node->result.codes = NULL;
	node->result.dict = NULL;
	return &node->result;
}

OlapNode *
olap_node_cast(OlapScope *scope, const OlapColumnType *type, OlapNode *a)
{
	OlapColumnType to = *type;
	OlapPhys	from = a->type.phys;
	CastNode   *self;

	if (type->typid == NUMERICOID)
	{
		to.phys = OLAP_PHYS_DEC64;
		to.scale = 0;
		to.width = sizeof(int64);
	}
	if (to.phys == from)
		return a;
	if (from == OLAP_PHYS_I64 && to.phys == OLAP_PHYS_DEC64)
	{
		self = olap_node_make(scope, sizeof(CastNode), eval_same, &to, &a, 1);
		self->node.safe = a->safe;
		return &self->node;
	}
	for (size_t i = 0; i < lengthof(casts); i++)
		if (casts[i].from == from && casts[i].to == to.phys)
		{
			self = olap_node_make(scope, sizeof(CastNode), eval_cast, &to, &a,
								  1);
			self->loop = casts[i].loop;
			self->from = from;
			self->node.safe = casts[i].safe && a->safe;
			return &self->node;
		}
	return NULL;
}

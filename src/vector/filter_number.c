/*-------------------------------------------------------------------------
 *
 * filter_number.c
 *		Tests of numbers against constants.
 *
 * Integers of any width, decimals and booleans come down to one question: does
 * the value lie in a range?  So six comparisons of nine representations need one
 * kernel a representation. Constants outside of what the representation holds
 * are settled before it runs.
 *
 * src/vector/filter_number.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "vector/expr_kernels.h"
#include "vector/filter_internal.h"

/* Lists of up to this many numbers are tried one by one. */
#define SHORT_LIST 8

static void
apply_range(const OlapVector *v, bool is_unsigned, uint8 *mask, uint32 n,
			int64 lo, int64 hi, uint8 flip)
{
	uint64		span = (uint64) hi - (uint64) lo;

	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
			olap_range_u8(mask, v->values, n, (uint8) lo, (uint8) span, flip);
			break;
		case OLAP_PHYS_I8:
			if (is_unsigned)
				olap_range_u8(mask, v->values, n, (uint8) lo, (uint8) span, flip);
			else
				olap_range_i8(mask, v->values, n, (int8) lo, (uint8) span, flip);
			break;
		case OLAP_PHYS_I16:
			olap_range_i16(mask, v->values, n, (int16) lo, (uint16) span, flip);
			break;
		case OLAP_PHYS_I32:
			if (is_unsigned)
				olap_range_u32(mask, v->values, n, (uint32) lo, (uint32) span,
							   flip);
			else
				olap_range_i32(mask, v->values, n, (int32) lo, (uint32) span,
							   flip);
			break;
		default:
			olap_range_i64(mask, v->values, n, lo, span, flip);
			break;
	}
}

/* Least and greatest value of v's representation; false if it is no integer. */
static bool
int_bounds(const OlapVector *v, bool is_unsigned, int64 *min, int64 *max)
{
	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
			*min = 0;
			*max = PG_UINT8_MAX;
			return true;
		case OLAP_PHYS_I8:
			*min = is_unsigned ? 0 : PG_INT8_MIN;
			*max = is_unsigned ? PG_UINT8_MAX : PG_INT8_MAX;
			return true;
		case OLAP_PHYS_I16:
			*min = PG_INT16_MIN;
			*max = PG_INT16_MAX;
			return !is_unsigned;
		case OLAP_PHYS_I32:
			*min = is_unsigned ? 0 : PG_INT32_MIN;
			*max = is_unsigned ? PG_UINT32_MAX : PG_INT32_MAX;
			return true;
		case OLAP_PHYS_I64:
		case OLAP_PHYS_DEC64:
			*min = PG_INT64_MIN;
			*max = PG_INT64_MAX;
			return !is_unsigned;
		default:
			return false;
	}
}

/* v cmp c, where c may lie outside of what v's representation holds. */
void
olap_filter_int(const OlapVector *v, bool is_unsigned, OlapCompare cmp, int64 c,
				uint8 *mask, uint32 n)
{
	uint8		flip = cmp == OLAP_CMP_NE || cmp == OLAP_CMP_GE ||
		cmp == OLAP_CMP_GT;
	int64		min;
	int64		max;
	int64		lo;
	int64		hi;

	if (!int_bounds(v, is_unsigned, &min, &max))
		olap_filter_unexpected(v);

	/* what is left of the six: v < c, v <= c, v = c, flipped or not */
	lo = min;
	hi = max;
	if (cmp == OLAP_CMP_EQ || cmp == OLAP_CMP_NE)
		lo = hi = c;
	else if (cmp == OLAP_CMP_LE || cmp == OLAP_CMP_GT)
		hi = c;
	else if (c == PG_INT64_MIN)
		hi = min - (min > PG_INT64_MIN);
	else
		hi = c - 1;
	if (hi < min || lo > max || hi < lo ||
		(c == PG_INT64_MIN && (cmp == OLAP_CMP_LT || cmp == OLAP_CMP_GE)))
	{
		/* nothing lies in the range */
		if (!flip)
			memset(mask, 0, n);
		return;
	}
	apply_range(v, is_unsigned, mask, n, lo, Min(hi, max), flip);
}

void
olap_filter_float(const OlapVector *v, OlapCompare cmp, double c, uint8 *mask,
				  uint32 n)
{
	uint8		flip = cmp == OLAP_CMP_NE || cmp == OLAP_CMP_GE ||
		cmp == OLAP_CMP_GT;
	bool		strict = cmp == OLAP_CMP_LT || cmp == OLAP_CMP_GE;
	bool		equal = cmp == OLAP_CMP_EQ || cmp == OLAP_CMP_NE;
	bool		single = v->phys == OLAP_PHYS_F32;

	if (!single && v->phys != OLAP_PHYS_F64)
		olap_filter_unexpected(v);
	if (isnan(c))
	{
		/* nothing is above a NaN: v <= NaN holds always, v < NaN unless NaN */
		if (!equal && !strict)
		{
			if (flip)
				memset(mask, 0, n);
			return;
		}
		if (strict)
			flip ^= 1;
		if (single)
			olap_nan_f32(mask, v->values, n, flip);
		else
			olap_nan_f64(mask, v->values, n, flip);
	}
	else if (equal)
	{
		if (single)
			olap_eq_f32(mask, v->values, n, c, flip);
		else
			olap_eq_f64(mask, v->values, n, c, flip);
	}
	else if (strict)
	{
		if (single)
			olap_lt_f32(mask, v->values, n, c, flip);
		else
			olap_lt_f64(mask, v->values, n, c, flip);
	}
	else if (single)
		olap_le_f32(mask, v->values, n, c, flip);
	else
		olap_le_f64(mask, v->values, n, c, flip);
}

void
olap_filter_decimal(const OlapExpr *expr, const OlapVector *v, uint8 *mask,
					uint32 n)
{
	OlapCompare cmp = expr->cmp;
	bool		all = false;
	int64		c;

	switch (olap_numeric_floor(expr->values[0].data, expr->values[0].len,
							   v->scale, &c))
	{
		case OLAP_DECIMAL_EXACT:
			olap_filter_int(v, false, cmp, c, mask, n);
			return;
		case OLAP_DECIMAL_INEXACT:
			/* the constant lies between c and c + 1 */
			if (cmp != OLAP_CMP_EQ && cmp != OLAP_CMP_NE)
			{
				olap_filter_int(v, false, cmp == OLAP_CMP_LT || cmp == OLAP_CMP_LE ?
								OLAP_CMP_LE : OLAP_CMP_GT, c, mask, n);
				return;
			}
			all = cmp == OLAP_CMP_NE;
			break;
		case OLAP_DECIMAL_BELOW:
			all = cmp == OLAP_CMP_NE || cmp == OLAP_CMP_GE ||
				cmp == OLAP_CMP_GT;
			break;
		case OLAP_DECIMAL_ABOVE:
			all = cmp == OLAP_CMP_NE || cmp == OLAP_CMP_LE ||
				cmp == OLAP_CMP_LT;
			break;
	}
	if (!all)
		memset(mask, 0, n);
}

/* The constants of a list as sorted integers that v can hold at all. */
static void
prepare_ints(OlapFilter *filter, OlapExpr *expr, const OlapVector *v)
{
	OlapExprState *state = expr->state;
	int			scale = v->phys == OLAP_PHYS_DEC64 ? v->scale : -1;
	bool		is_unsigned = expr->order == OLAP_ORDER_UINT;
	int64		min;
	int64		max;

	if (state->ints_ready && state->ints_scale == scale)
		return;
	if (!int_bounds(v, is_unsigned, &min, &max))
		olap_filter_unexpected(v);
	if (state->ints == NULL)
		state->ints = MemoryContextAllocHuge(filter->cxt, expr->nvalues *
											 sizeof(int64));
	state->nints = 0;
	for (int i = 0; i < expr->nvalues; i++)
	{
		int64		value = expr->values[i].i;

		if (scale >= 0 &&
			olap_numeric_floor(expr->values[i].data, expr->values[i].len,
							   scale, &value) != OLAP_DECIMAL_EXACT)
			continue;
		if (value >= min && value <= max)
			state->ints[state->nints++] = value;
	}
	state->ints_scale = scale;
	state->ints_ready = true;
}

static int64
int_at(const OlapVector *v, bool is_unsigned, uint32 row)
{
	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
			return ((const uint8 *) v->values)[row];
		case OLAP_PHYS_I8:
			return is_unsigned ? (int64) ((const uint8 *) v->values)[row] :
				(int64) ((const int8 *) v->values)[row];
		case OLAP_PHYS_I16:
			return ((const int16 *) v->values)[row];
		case OLAP_PHYS_I32:
			return is_unsigned ? (int64) ((const uint32 *) v->values)[row] :
				(int64) ((const int32 *) v->values)[row];
		default:
			return ((const int64 *) v->values)[row];
	}
}

/* OR of one equality a value; cheap as long as the list is short. */
static void
in_short_list(OlapFilter *filter, OlapExpr *expr, const OlapVector *v,
			  uint8 *mask, uint32 n)
{
	bool		is_float = expr->order == OLAP_ORDER_FLOAT;
	int			nvalues = is_float ? expr->nvalues : expr->state->nints;
	uint8		found[OLAP_VECTOR_ROWS];
	uint8		one[OLAP_VECTOR_ROWS];

	memset(found, 0, n);
	for (int i = 0; i < nvalues; i++)
	{
		memset(one, 1, n);
		if (is_float)
			olap_filter_float(v, OLAP_CMP_EQ, expr->values[i].f, one, n);
		else
			olap_filter_int(v, expr->order == OLAP_ORDER_UINT, OLAP_CMP_EQ,
							expr->state->ints[i], one, n);
		olap_mask_or(found, one, n);
	}
	if (expr->negated)
		olap_mask_and_not(mask, found, n);
	else
		for (uint32 i = 0; i < n; i++)
			mask[i] &= found[i];
}

static void
in_long_list(OlapExpr *expr, const OlapVector *v, uint8 *mask, uint32 n)
{
	const int64 *ints = expr->state->ints;
	bool		is_unsigned = expr->order == OLAP_ORDER_UINT;

	for (uint32 i = 0; i < n; i++)
	{
		const int64 *base = ints;
		int64		value;

		if (!mask[i])
			continue;
		value = int_at(v, is_unsigned, i);
		for (int left = expr->state->nints; left > 1; left -= left / 2)
			base = base[left / 2] <= value ? base + left / 2 : base;
		mask[i] = (uint8) (*base == value) ^ (uint8) expr->negated;
	}
}

void
olap_filter_in(OlapFilter *filter, OlapExpr *expr, const OlapVector *v,
			   uint8 *mask, uint32 n)
{
	if (expr->order == OLAP_ORDER_FLOAT)
	{
		if (v->phys != OLAP_PHYS_F32 && v->phys != OLAP_PHYS_F64)
			olap_filter_unexpected(v);
		in_short_list(filter, expr, v, mask, n);
		return;
	}
	prepare_ints(filter, expr, v);
	if (expr->state->nints <= SHORT_LIST)
		in_short_list(filter, expr, v, mask, n);
	else
		in_long_list(expr, v, mask, n);
}

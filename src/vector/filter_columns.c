/*-------------------------------------------------------------------------
 *
 * filter_columns.c
 *		Comparisons of one column with another.
 *
 * src/vector/filter_columns.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/varlena.h"
#include "vector/expr_kernels.h"
#include "vector/filter_internal.h"

#define COLUMN_CASE(phys_name, name) \
	case phys_name: \
		if (equal) \
			olap_col_eq_##name(mask, a->values, b->values, n, flip); \
		else \
			olap_col_lt_##name(mask, a->values, b->values, n, flip); \
		return

/* a < b or a = b of two vectors of one fixed-width representation. */
static void
compare_fixed_columns(const OlapVector *a, const OlapVector *b, bool equal,
					  bool is_unsigned, uint8 flip, uint8 *mask, uint32 n)
{
	switch (a->phys)
	{
		case OLAP_PHYS_I8:
			if (is_unsigned && equal)
				olap_col_eq_u8(mask, a->values, b->values, n, flip);
			else if (is_unsigned)
				olap_col_lt_u8(mask, a->values, b->values, n, flip);
			else if (equal)
				olap_col_eq_i8(mask, a->values, b->values, n, flip);
			else
				olap_col_lt_i8(mask, a->values, b->values, n, flip);
			return;
		COLUMN_CASE(OLAP_PHYS_BOOL, u8);
		COLUMN_CASE(OLAP_PHYS_I16, i16);
		case OLAP_PHYS_I32:
			if (is_unsigned && equal)
				olap_col_eq_u32(mask, a->values, b->values, n, flip);
			else if (is_unsigned)
				olap_col_lt_u32(mask, a->values, b->values, n, flip);
			else if (equal)
				olap_col_eq_i32(mask, a->values, b->values, n, flip);
			else
				olap_col_lt_i32(mask, a->values, b->values, n, flip);
			return;
		COLUMN_CASE(OLAP_PHYS_I64, i64);
		COLUMN_CASE(OLAP_PHYS_DEC64, i64);
		COLUMN_CASE(OLAP_PHYS_F32, f32);
		COLUMN_CASE(OLAP_PHYS_F64, f64);
		default:
			olap_filter_unexpected(a);
	}
}

/* Content of a by-reference value, or of a DEC64 as a numeric in scratch. */
static const uint8 *
value_bytes(const OlapVector *v, uint32 row, char *scratch, size_t *len)
{
	const char *value;

	if (v->phys == OLAP_PHYS_FIXED)
	{
		*len = v->width;
		return (const uint8 *) v->values + (size_t) row * v->width;
	}
	if (v->phys == OLAP_PHYS_DEC64)
	{
		*len = olap_decimal_from_i64(((const int64 *) v->values)[row],
									 v->scale, scratch) - VARHDRSZ;
		return (const uint8 *) scratch + VARHDRSZ;
	}
	value = v->heap + ((const uint32 *) v->values)[row];
	*len = VARSIZE(value) - VARHDRSZ;
	return (const uint8 *) VARDATA(value);
}

static bool
is_by_reference(const OlapVector *v)
{
	return v->phys == OLAP_PHYS_VAR || v->phys == OLAP_PHYS_FIXED ||
		v->phys == OLAP_PHYS_DEC64;
}

void
olap_filter_columns(OlapExpr *expr, const OlapVector *a, const OlapVector *b,
					uint8 *mask, uint32 n)
{
	OlapCompare cmp = expr->cmp;
	union
	{
		char		bytes[OLAP_DECIMAL_MAX_SIZE];
		uint32		align;
	}			sa,
				sb;
	bool		same = a->phys == b->phys && a->scale == b->scale;
	bool		equal;
	uint8		flip;

	/* of the six, keep a < b and a = b, flipped or not */
	if (cmp == OLAP_CMP_GT || cmp == OLAP_CMP_LE)
	{
		const OlapVector *t = a;

		a = b;
		b = t;
		cmp = olap_compare_commute(cmp);
	}
	equal = cmp == OLAP_CMP_EQ || cmp == OLAP_CMP_NE;
	flip = cmp == OLAP_CMP_NE || cmp == OLAP_CMP_GE;

	if (same && a->phys != OLAP_PHYS_VAR && a->phys != OLAP_PHYS_FIXED)
	{
		compare_fixed_columns(a, b, equal, expr->order == OLAP_ORDER_UINT,
							  flip, mask, n);
		return;
	}
	if (!is_by_reference(a) || !is_by_reference(b))
		olap_filter_unexpected(a);
	for (uint32 i = 0; i < n; i++)
	{
		size_t		alen;
		size_t		blen;
		const uint8 *x;
		const uint8 *y;
		int			order;

		if (!mask[i])
			continue;
		x = value_bytes(a, i, sa.bytes, &alen);
		y = value_bytes(b, i, sb.bytes, &blen);
		order = olap_value_compare(expr->order, x, alen, y, blen);
		mask[i] = (uint8) (equal ? order == 0 : order < 0) ^ flip;
	}
}

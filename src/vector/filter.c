/*-------------------------------------------------------------------------
 *
 * filter.c
 *		Run trees of predicates over batches.
 *
 * A tree narrows a mask of one byte a row.  Fixed-width tests run over the
 * whole vector, dead rows included, because that loop is faster than picking
 * rows; tests of byte strings look at live rows only.
 *
 * src/vector/filter.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "base/varlena.h"
#include "vector/expr_internal.h"
#include "vector/expr_kernels.h"

/* Lists of up to this many numbers are tried one by one. */
#define SHORT_LIST 8
/* Of a batch that comes with so few rows, columns are decoded for these alone. */
#define FEW_ROWS 8
/* A dictionary of at most this many entries is always answered whole. */
#define SMALL_DICT 256

struct OlapFilter
{
	MemoryContext cxt;
	int			n;
	OlapExpr  **exprs;			/* cheapest first */
	OlapBatch  *batch;			/* of the run in progress */
	uint64		place;
	uint16		sel[OLAP_VECTOR_ROWS];
};

static void eval(OlapFilter *filter, OlapExpr *expr, uint8 *mask);

/* Make the states of a tree; returns its cost in units of an integer test. */
static int
prepare(OlapExpr *expr)
{
	int			cost = 0;

	if (expr->state == NULL)
		expr->state = palloc0(sizeof(OlapExprState));
	switch (expr->kind)
	{
		case OLAP_EXPR_CONST:
			break;
		case OLAP_EXPR_AND:
		case OLAP_EXPR_OR:
		case OLAP_EXPR_NOT_TRUE:
			for (int i = 0; i < expr->nargs; i++)
				cost += prepare(expr->args[i]) + 1;
			break;
		case OLAP_EXPR_NULL:
			cost = 1;
			break;
		case OLAP_EXPR_LIKE:
			cost = 40;
			break;
		default:
			cost = expr->order >= OLAP_ORDER_BYTES ? 20 :
				expr->order == OLAP_ORDER_NUMERIC ? 4 : 2;
			if (expr->kind == OLAP_EXPR_IN)
				cost += Min(expr->nvalues, 16);
			break;
	}
	expr->state->test = olap_byte_test(expr);
	expr->state->cost = cost;
	return cost;
}

OlapFilter *
olap_filter_create(OlapExpr **exprs, int n, MemoryContext cxt)
{
	MemoryContext own = AllocSetContextCreate(cxt, "olap filter",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(own);
	OlapFilter *filter = palloc0(sizeof(OlapFilter));

	filter->cxt = own;
	filter->n = n;
	filter->place = 1;
	filter->exprs = palloc(Max(n, 1) * sizeof(OlapExpr *));
	for (int i = 0; i < n; i++)
	{
		int			at = i;

		prepare(exprs[i]);
		/* insertion keeps the given order among equals */
		for (; at > 0 && filter->exprs[at - 1]->state->cost >
			 exprs[i]->state->cost; at--)
			filter->exprs[at] = filter->exprs[at - 1];
		filter->exprs[at] = exprs[i];
	}
	MemoryContextSwitchTo(old);
	return filter;
}

void
olap_filter_free(OlapFilter *filter)
{
	MemoryContextDelete(filter->cxt);
}

void
olap_filter_new_place(OlapFilter *filter)
{
	filter->place++;
}

static void
unexpected_phys(const OlapVector *v)
{
	elog(ERROR, "unexpected representation %d of a filtered column",
		 (int) v->phys);
}

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
static void
compare_int(const OlapVector *v, bool is_unsigned, OlapCompare cmp, int64 c,
			uint8 *mask, uint32 n)
{
	uint8		flip = cmp == OLAP_CMP_NE || cmp == OLAP_CMP_GE ||
		cmp == OLAP_CMP_GT;
	int64		min;
	int64		max;
	int64		lo;
	int64		hi;

	if (!int_bounds(v, is_unsigned, &min, &max))
		unexpected_phys(v);

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

static void
compare_float(const OlapVector *v, OlapCompare cmp, double c, uint8 *mask,
			  uint32 n)
{
	uint8		flip = cmp == OLAP_CMP_NE || cmp == OLAP_CMP_GE ||
		cmp == OLAP_CMP_GT;
	bool		strict = cmp == OLAP_CMP_LT || cmp == OLAP_CMP_GE;
	bool		equal = cmp == OLAP_CMP_EQ || cmp == OLAP_CMP_NE;
	bool		single = v->phys == OLAP_PHYS_F32;

	if (!single && v->phys != OLAP_PHYS_F64)
		unexpected_phys(v);
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

static void
compare_decimal(const OlapExpr *expr, const OlapVector *v, uint8 *mask, uint32 n)
{
	OlapCompare cmp = expr->cmp;
	bool		all = false;
	int64		c;

	switch (olap_numeric_floor(expr->values[0].data, expr->values[0].len,
							   v->scale, &c))
	{
		case OLAP_DECIMAL_EXACT:
			compare_int(v, false, cmp, c, mask, n);
			return;
		case OLAP_DECIMAL_INEXACT:
			/* the constant lies between c and c + 1 */
			if (cmp != OLAP_CMP_EQ && cmp != OLAP_CMP_NE)
			{
				compare_int(v, false, cmp == OLAP_CMP_LT || cmp == OLAP_CMP_LE ?
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

/* Apply a byte test to the rows of v that mask leaves; no NULL among them. */
static void
test_rows(const OlapExpr *expr, const OlapVector *v, uint8 *mask, uint32 n)
{
	OlapByteTest test = expr->state->test;
	uint8		flip = expr->kind != OLAP_EXPR_COMPARE && expr->negated;

	if (v->phys == OLAP_PHYS_VAR)
	{
		const uint32 *offsets = v->values;

		for (uint32 i = 0; i < n; i++)
		{
			const char *value;

			if (!mask[i])
				continue;
			value = v->heap + offsets[i];
			mask[i] = (uint8) test(expr, (const uint8 *) VARDATA(value),
								   VARSIZE(value) - VARHDRSZ) ^ flip;
		}
	}
	else if (v->phys == OLAP_PHYS_FIXED)
	{
		const uint8 *values = v->values;

		for (uint32 i = 0; i < n; i++)
			if (mask[i])
				mask[i] = (uint8) test(expr, values + (size_t) i * v->width,
									   v->width) ^ flip;
	}
	else
		unexpected_phys(v);
}

/* The same through the dictionary, row by row: v may have no values. */
static void
test_coded_rows(const OlapExpr *expr, const OlapVector *v, uint8 *mask, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
	{
		OlapVector	entry = *v->dict;

		if (!mask[i])
			continue;
		entry.values = (char *) v->dict->values + (size_t) v->codes[i] * entry.width;
		test_rows(expr, &entry, mask + i, 1);
	}
}

static void
count_matches(OlapExprState *state, uint32 n)
{
	state->nmatches = 0;
	for (uint32 code = 0; code < n; code++)
		if (state->answers[code])
		{
			state->nmatches++;
			state->match = code;
		}
}

/*
 * Apply a byte test through the dictionary where that is less work: each
 * entry is tested once, then codes look their answer up.
 */
static void
test_bytes(OlapFilter *filter, OlapExpr *expr, const OlapVector *v, uint8 *mask,
		   uint32 n)
{
	OlapExprState *state = expr->state;
	const OlapVector *dict = v->codes != NULL ? v->dict : NULL;

	if (dict == NULL || dict->n == 0 || dict->valid != NULL)
	{
		test_rows(expr, v, mask, n);
		return;
	}
	if (state->dict != dict || state->dict_place != filter->place)
	{
		if (dict->n > SMALL_DICT && dict->n / 4 > olap_mask_count(mask, n))
		{
			test_coded_rows(expr, v, mask, n);
			return;
		}
		if (state->answers_cap < dict->n)
		{
			if (state->answers != NULL)
				pfree(state->answers);
			state->answers_cap = 0;
			state->answers = MemoryContextAllocHuge(filter->cxt, dict->n);
			state->answers_cap = dict->n;
		}
		state->dict = NULL;
		memset(state->answers, 1, dict->n);
		test_rows(expr, dict, state->answers, dict->n);
		count_matches(state, dict->n);
		state->dict = dict;
		state->dict_place = filter->place;
	}
	if (state->nmatches == 0)
		memset(mask, 0, n);
	else if (state->nmatches == 1)
		olap_range_u32(mask, v->codes, n, state->match, 0, 0);
	else if (state->nmatches < dict->n)
		olap_mask_codes(mask, v->codes, n, state->answers, dict->n, 0);
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
		unexpected_phys(v);
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
			compare_float(v, OLAP_CMP_EQ, expr->values[i].f, one, n);
		else
			compare_int(v, expr->order == OLAP_ORDER_UINT, OLAP_CMP_EQ,
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

static void
eval_in(OlapFilter *filter, OlapExpr *expr, const OlapVector *v, uint8 *mask,
		uint32 n)
{
	if (expr->order == OLAP_ORDER_FLOAT)
	{
		if (v->phys != OLAP_PHYS_F32 && v->phys != OLAP_PHYS_F64)
			unexpected_phys(v);
		in_short_list(filter, expr, v, mask, n);
		return;
	}
	prepare_ints(filter, expr, v);
	if (expr->state->nints <= SHORT_LIST)
		in_short_list(filter, expr, v, mask, n);
	else
		in_long_list(expr, v, mask, n);
}

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
			unexpected_phys(a);
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

static void
eval_columns(OlapExpr *expr, const OlapVector *a, const OlapVector *b,
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
		unexpected_phys(a);
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

/* How much of a column a test looks at. */
typedef enum Look
{
	LOOK_VALUES,				/* at values, while another column is loaded */
	LOOK_ROWS,					/* at values of rows in play */
	LOOK_CODES					/* the same, or at codes */
} Look;

/* Load a column; its NULL rows leave the mask. */
static const OlapVector *
load_valid(OlapFilter *filter, int col, Look look, uint8 *mask)
{
	OlapBatch  *batch = filter->batch;
	const OlapVector *v;

	if (look != LOOK_VALUES && batch->sel != NULL && batch->nsel <= FEW_ROWS)
		v = olap_batch_column_of_rows(batch, col);
	else if (look == LOOK_CODES)
		v = olap_batch_codes(batch, col);
	else
		v = olap_batch_column(batch, col);

	if (v->valid != NULL)
		olap_mask_valid(mask, v->valid, filter->batch->nrows, 0);
	return v;
}

static void
eval_leaf(OlapFilter *filter, OlapExpr *expr, uint8 *mask)
{
	uint32		n = filter->batch->nrows;
	const OlapVector *v;

	if (expr->kind == OLAP_EXPR_NULL && !expr->negated)
	{
		v = olap_batch_codes(filter->batch, expr->col);
		if (v->valid != NULL)
			olap_mask_valid(mask, v->valid, n, 1);
		else
			memset(mask, 0, n);
		return;
	}
	v = load_valid(filter, expr->col,
				   expr->kind == OLAP_EXPR_COLUMNS ? LOOK_VALUES :
				   expr->kind == OLAP_EXPR_NULL || expr->order >= OLAP_ORDER_BYTES ?
				   LOOK_CODES : LOOK_ROWS, mask);
	if (expr->kind == OLAP_EXPR_NULL)
		return;
	if (expr->kind == OLAP_EXPR_COLUMNS)
	{
		eval_columns(expr, v, load_valid(filter, expr->col2, LOOK_VALUES, mask), mask, n);
		return;
	}
	if (expr->order >= OLAP_ORDER_BYTES ||
		(expr->order == OLAP_ORDER_NUMERIC && v->phys != OLAP_PHYS_DEC64))
		test_bytes(filter, expr, v, mask, n);
	else if (expr->kind == OLAP_EXPR_IN)
		eval_in(filter, expr, v, mask, n);
	else if (expr->order == OLAP_ORDER_NUMERIC)
		compare_decimal(expr, v, mask, n);
	else if (expr->order == OLAP_ORDER_FLOAT)
		compare_float(v, expr->cmp, expr->values[0].f, mask, n);
	else
		compare_int(v, expr->order == OLAP_ORDER_UINT, expr->cmp,
					expr->values[0].i, mask, n);
}

static void
eval_or(OlapFilter *filter, OlapExpr *expr, uint8 *mask)
{
	uint32		n = filter->batch->nrows;
	uint8		found[OLAP_VECTOR_ROWS];
	uint8		one[OLAP_VECTOR_ROWS];

	/* mask holds the rows that no argument has been true of yet */
	memset(found, 0, n);
	for (int i = 0; i < expr->nargs; i++)
	{
		memcpy(one, mask, n);
		eval(filter, expr->args[i], one);
		olap_mask_or(found, one, n);
		olap_mask_and_not(mask, one, n);
		if (olap_mask_count(mask, n) == 0)
			break;
	}
	memcpy(mask, found, n);
}

/* Narrow mask to the rows for which expr is true. */
static void
eval(OlapFilter *filter, OlapExpr *expr, uint8 *mask)
{
	uint32		n = filter->batch->nrows;

	switch (expr->kind)
	{
		case OLAP_EXPR_CONST:
			if (!expr->truth)
				memset(mask, 0, n);
			break;
		case OLAP_EXPR_AND:
			for (int i = 0; i < expr->nargs; i++)
			{
				eval(filter, expr->args[i], mask);
				if (olap_mask_count(mask, n) == 0)
					break;
			}
			break;
		case OLAP_EXPR_OR:
			eval_or(filter, expr, mask);
			break;
		case OLAP_EXPR_NOT_TRUE:
			{
				uint8		one[OLAP_VECTOR_ROWS];

				memcpy(one, mask, n);
				eval(filter, expr->args[0], one);
				olap_mask_and_not(mask, one, n);
				break;
			}
		default:
			eval_leaf(filter, expr, mask);
			break;
	}
}

uint32
olap_filter_run(OlapFilter *filter, OlapBatch *batch)
{
	uint32		n = batch->nrows;
	uint32		left = batch->nsel;
	uint8		mask[OLAP_VECTOR_ROWS];

	Assert(n <= OLAP_VECTOR_ROWS);
	if (filter->n == 0 || left == 0)
		return left;
	filter->batch = batch;
	memset(mask, batch->sel == NULL, n);
	for (uint32 i = 0; batch->sel != NULL && i < batch->nsel; i++)
		mask[batch->sel[i]] = 1;
	for (int i = 0; i < filter->n && left > 0; i++)
	{
		eval(filter, filter->exprs[i], mask);
		left = olap_mask_count(mask, n);
	}
	if (left < batch->nsel)
	{
		batch->sel = filter->sel;
		batch->nsel = left;
		if (left > 0)
			olap_mask_to_sel(mask, n, filter->sel);
	}
	return left;
}

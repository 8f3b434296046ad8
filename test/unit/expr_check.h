/*
 * test/unit/expr_check.h
 *		Does a filter keep the rows that it is to keep?  For the tests of predicates:
 *		columns of numbers and words with NULLs, batches with and without a selection.
 */
#ifndef EXPR_CHECK_H
#define EXPR_CHECK_H

#include <math.h>

#include "catalog/pg_type_d.h"

#include "base/varlena.h"
#include "unit.h"
#include "vector/expr.h"

#define ROWS 700
#define NUMERIC_TYPMOD(p, s) ((((p) << 16) | ((s) & 0x7FF)) + VARHDRSZ)

/* How NULLs lie in a column. */
typedef enum Nulls
{
	NULLS_NONE, NULLS_SOME, NULLS_RUNS, NULLS_ALL
} Nulls;

static inline bool
null_at(Nulls nulls, uint32 row)
{
	return nulls == NULLS_ALL ||
		(nulls == NULLS_SOME && (row * 2654435761u) % 5 == 0) ||
		(nulls == NULLS_RUNS && (row / 64) % 2 == 0);
}

static inline OlapColumnType
make_type(Oid typid, int32 typmod, int typlen, bool byval, char align)
{
	OlapColumnType type = {.typid = typid, .typmod = typmod, .typlen = typlen,
		.typbyval = byval, .typalign = align};

	olap_column_type_resolve(&type);
	return type;
}

static inline OlapBatch *
make_batch(OlapVector *cols, int ncols)
{
	OlapBatch  *batch = palloc0(sizeof(OlapBatch));

	batch->ncols = ncols;
	batch->cols = cols;
	batch->nrows = batch->nsel = cols[0].n;
	return batch;
}

/* A pattern is compiled once and stays. */
static inline void
forget_state(OlapExpr *expr)
{
	if (expr->kind != OLAP_EXPR_LIKE)
		expr->state = NULL;
	for (int i = 0; i < expr->nargs; i++)
		forget_state(expr->args[i]);
}

/* Does the filter keep exactly the rows for which expected is set? */
static inline void
check_filter(OlapExpr *expr, OlapVector *cols, int ncols, const bool *expected)
{
	for (int selected = 0; selected < 2; selected++)
	{
		OlapBatch  *batch = make_batch(cols, ncols);
		OlapFilter *filter = olap_filter_create(&expr, 1, CurrentMemoryContext);
		uint16		sel[OLAP_VECTOR_ROWS];
		uint32		kept = 0;
		uint32		wrong = 0;

		/* the second time only every third row is in play */
		if (selected)
		{
			batch->sel = sel;
			batch->nsel = 0;
			for (uint32 i = 0; i < batch->nrows; i += 3)
				sel[batch->nsel++] = (uint16) i;
		}
		olap_filter_run(filter, batch);
		for (uint32 i = 0; i < batch->nrows; i++)
		{
			bool		in_play = !selected || i % 3 == 0;

			if (!in_play || !expected[i])
				continue;
			if (kept >= batch->nsel ||
				(batch->sel != NULL ? batch->sel[kept] : kept) != i)
			{
				wrong++;
				break;
			}
			kept++;
		}
		CHECK_INT(wrong, 0);
		CHECK_INT(batch->nsel, kept);
		/* trees belong to one filter; these ones are used again */
		forget_state(expr);
	}
}

static inline bool
truth(OlapCompare cmp, int order)
{
	switch (cmp)
	{
		case OLAP_CMP_LT:
			return order < 0;
		case OLAP_CMP_LE:
			return order <= 0;
		case OLAP_CMP_EQ:
			return order == 0;
		case OLAP_CMP_NE:
			return order != 0;
		case OLAP_CMP_GE:
			return order >= 0;
		case OLAP_CMP_GT:
			return order > 0;
	}
	return false;
}

static const int64 ints[] = {
	PG_INT64_MIN, PG_INT64_MIN + 1, (int64) PG_INT32_MIN - 1, PG_INT32_MIN,
	PG_INT16_MIN - 1, PG_INT16_MIN, -129, -128, -2, -1, 0, 1, 2, 77, 127, 128,
	255, 256, PG_INT16_MAX, PG_INT16_MAX + 1, PG_UINT16_MAX, PG_INT32_MAX,
	(int64) PG_INT32_MAX + 1, PG_UINT32_MAX, (int64) PG_UINT32_MAX + 1,
	PG_INT64_MAX - 1, PG_INT64_MAX
};

/* Store value in v as its representation cuts it; returns what it reads as. */
static inline int64
append_int(OlapVector *v, int64 value, bool is_unsigned, bool isnull)
{
	OlapColumnType unused = {0};

	if (isnull)
	{
		olap_vector_append_null(v);
		return 0;
	}
	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
			olap_vector_append_bool(v, value & 1);
			return value & 1;
		case OLAP_PHYS_I8:
			olap_vector_append_datum(v, &unused, CharGetDatum((char) value),
									 false);
			return is_unsigned ? (int64) (uint8) value : (int64) (int8) value;
		case OLAP_PHYS_I16:
			olap_vector_append_i16(v, (int16) value);
			return (int16) value;
		case OLAP_PHYS_I32:
			olap_vector_append_i32(v, (int32) value);
			return is_unsigned ? (int64) (uint32) value :
				(int64) (int32) value;
		default:
			olap_vector_append_i64(v, value);
			return value;
	}
}

static inline int64
some_int(void)
{
	return unit_random() % 3 == 0 ? (int64) (unit_random() % 7) - 3 :
		ints[unit_random() % lengthof(ints)];
}

static inline int
order_double(double a, double b)
{
	if (isnan(a) || isnan(b))
		return (int) isnan(a) - (int) isnan(b);
	return a < b ? -1 : a > b;
}

static const double floats[] = {
	-INFINITY, -1e30, -1.5, -0.1, -0.0, 0.0, 1e-30, 0.1, 1, 1.5, 1e30, INFINITY,
	NAN
};

/* NaN = NaN above all, -0 = 0, float4 compares as float8. */

static const char *const words[] = {
	"", " ", "a", "a ", "aa", "ab", "abc", "abcabc", "b", "ba", "\\", "%", "_",
	"a%c", "cbaaa", "\xc3\xa4", "\xc3\xa4\xc3\xb6", "x\xe2\x82\xac", "xyz", "zzzz", "\xff"
};

static inline int
order_text(const char *a, const char *b, bool blanks)
{
	size_t		alen = strlen(a);
	size_t		blen = strlen(b);
	int			order;

	while (!blanks && alen > 0 && a[alen - 1] == ' ')
		alen--;
	while (!blanks && blen > 0 && b[blen - 1] == ' ')
		blen--;
	order = memcmp(a, b, Min(alen, blen));
	return order != 0 ? order : alen < blen ? -1 : alen > blen;
}

/* words of n rows, plain or through a dictionary */
static inline void
make_words(OlapVector *v, OlapVector *dict, int *word, Nulls nulls)
{
	OlapColumnType type = make_type(TEXTOID, -1, -1, false, 'i');
	uint32	   *codes = palloc(ROWS * sizeof(uint32));

	olap_vector_init(v, &type, ROWS, CurrentMemoryContext);
	if (dict != NULL)
	{
		olap_vector_init(dict, &type, ROWS, CurrentMemoryContext);
		for (int i = 0; i < lengthof(words); i++)
			olap_vector_append_var(dict, words[i], strlen(words[i]));
	}
	for (uint32 i = 0; i < ROWS; i++)
	{
		word[i] = (int) (unit_random() % lengthof(words));
		codes[i] = null_at(nulls, i) ? 0xFFFFFFFF : word[i];
		if (null_at(nulls, i))
			olap_vector_append_null(v);
		else
			olap_vector_append_var(v, words[word[i]], strlen(words[word[i]]));
	}
	if (dict != NULL)
	{
		v->codes = codes;
		v->dict = dict;
	}
}

#endif							/* EXPR_CHECK_H */

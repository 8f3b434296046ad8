/*
 * test/unit/test_expr.c
 *		Filters keep exactly the rows a scalar reference keeps: every test, every
 *		representation, with and without NULLs, dictionaries and selections.
 */
#include "postgres.h"

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

static bool
null_at(Nulls nulls, uint32 row)
{
	return nulls == NULLS_ALL ||
		(nulls == NULLS_SOME && (row * 2654435761u) % 5 == 0) ||
		(nulls == NULLS_RUNS && (row / 64) % 2 == 0);
}

static OlapColumnType
make_type(Oid typid, int32 typmod, int typlen, bool byval, char align)
{
	OlapColumnType type = {.typid = typid, .typmod = typmod, .typlen = typlen,
		.typbyval = byval, .typalign = align};

	olap_column_type_resolve(&type);
	return type;
}

static OlapBatch *
make_batch(OlapVector *cols, int ncols)
{
	OlapBatch  *batch = palloc0(sizeof(OlapBatch));

	batch->ncols = ncols;
	batch->cols = cols;
	batch->nrows = batch->nsel = cols[0].n;
	return batch;
}

/* A pattern is compiled once and stays. */
static void
forget_state(OlapExpr *expr)
{
	if (expr->kind != OLAP_EXPR_LIKE)
		expr->state = NULL;
	for (int i = 0; i < expr->nargs; i++)
		forget_state(expr->args[i]);
}

/* Does the filter keep exactly the rows for which expected is set? */
static void
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

static bool
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
static int64
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

static int64
some_int(void)
{
	return unit_random() % 3 == 0 ? (int64) (unit_random() % 7) - 3 :
		ints[unit_random() % lengthof(ints)];
}

static void
check_ints(const OlapColumnType *type, bool is_unsigned, Nulls nulls)
{
	OlapOrder	order = is_unsigned ? OLAP_ORDER_UINT : OLAP_ORDER_INT;
	OlapVector	v;
	int64		values[ROWS];
	bool		expected[ROWS];

	olap_vector_init(&v, type, ROWS, CurrentMemoryContext);
	for (uint32 i = 0; i < ROWS; i++)
		values[i] = append_int(&v, some_int(), is_unsigned, null_at(nulls, i));
	for (int c = 0; c < lengthof(ints); c++)
	{
		OlapExprValue value = {.i = ints[c]};

		if (is_unsigned && ints[c] < 0)
			continue;
		for (OlapCompare cmp = OLAP_CMP_LT; cmp <= OLAP_CMP_GT; cmp++)
		{
			for (uint32 i = 0; i < ROWS; i++)
				expected[i] = !null_at(nulls, i) &&
					truth(cmp, values[i] < ints[c] ? -1 : values[i] > ints[c]);
			check_filter(olap_expr_compare(0, order, cmp, &value), &v, 1,
						 expected);
		}
	}

	/* lists of all lengths, in any order, with repetitions */
	for (int n = 1; n < 30; n += 4)
		for (int negated = 0; negated < 2; negated++)
		{
			OlapExprValue list[30];

			for (int j = 0; j < n; j++)
			{
				list[j].i = some_int();
				if (is_unsigned)
					list[j].i = (int64) (uint32) list[j].i;
			}
			for (uint32 i = 0; i < ROWS; i++)
			{
				bool		in = false;

				for (int j = 0; j < n; j++)
					in |= list[j].i == values[i];
				expected[i] = !null_at(nulls, i) && in != (bool) negated;
			}
			check_filter(olap_expr_in(0, order, negated, list, n, false), &v,
						 1, expected);
		}
}

static void
integers_compare_with_any_constant(void)
{
	OlapColumnType types[] = {
		make_type(BOOLOID, -1, 1, true, 'c'),
		make_type(CHAROID, -1, 1, true, 'c'),
		make_type(INT2OID, -1, 2, true, 's'),
		make_type(INT4OID, -1, 4, true, 'i'),
		make_type(INT8OID, -1, 8, true, 'd')
	};

	for (Nulls nulls = NULLS_NONE; nulls <= NULLS_ALL; nulls++)
	{
		for (int t = 0; t < lengthof(types); t++)
			check_ints(&types[t], false, nulls);
		check_ints(&types[1], true, nulls);
		check_ints(&types[3], true, nulls);
	}
}

static int
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
static void
floats_compare_as_the_server_does(void)
{
	OlapColumnType types[] = {
		make_type(FLOAT4OID, -1, 4, true, 'i'),
		make_type(FLOAT8OID, -1, 8, true, 'd')
	};

	for (int t = 0; t < 2; t++)
		for (Nulls nulls = NULLS_NONE; nulls <= NULLS_ALL; nulls++)
		{
			OlapVector	v;
			double		values[ROWS];
			bool		expected[ROWS];

			olap_vector_init(&v, &types[t], ROWS, CurrentMemoryContext);
			for (uint32 i = 0; i < ROWS; i++)
			{
				values[i] = floats[unit_random() % lengthof(floats)];
				if (t == 0)
					values[i] = (float) values[i];
				if (null_at(nulls, i))
					olap_vector_append_null(&v);
				else if (t == 0)
					olap_vector_append_f32(&v, (float) values[i]);
				else
					olap_vector_append_f64(&v, values[i]);
			}
			for (int c = 0; c < lengthof(floats); c++)
			{
				OlapExprValue list[2] = {{.f = floats[c]}, {.f = 1.5}};

				for (OlapCompare cmp = OLAP_CMP_LT; cmp <= OLAP_CMP_GT; cmp++)
				{
					for (uint32 i = 0; i < ROWS; i++)
						expected[i] = !null_at(nulls, i) &&
							truth(cmp, order_double(values[i], floats[c]));
					check_filter(olap_expr_compare(0, OLAP_ORDER_FLOAT, cmp,
												   list), &v, 1, expected);
				}
				for (uint32 i = 0; i < ROWS; i++)
					expected[i] = !null_at(nulls, i) &&
						order_double(values[i], floats[c]) != 0 &&
						values[i] != 1.5;
				check_filter(olap_expr_in(0, OLAP_ORDER_FLOAT, true, list, 2,
										  false), &v, 1, expected);
			}
		}
}

/* A numeric content written by hand: digits of 10 ^ (4 * weight), ... */
typedef struct Handmade
{
	uint8		bytes[20];
	size_t		len;
} Handmade;

static Handmade
numeric_of(int64 value, int scale)
{
	Handmade	result;
	uint32		scratch[OLAP_DECIMAL_MAX_SIZE / 4];

	result.len = olap_decimal_from_i64(value, scale, (char *) scratch) -
		VARHDRSZ;
	memcpy(result.bytes, (char *) scratch + VARHDRSZ, result.len);
	return result;
}

static Handmade
numeric_special(uint16 header)
{
	Handmade	result = {.len = 2};

	memcpy(result.bytes, &header, 2);
	return result;
}

/* One digit in the long form. */
static Handmade
numeric_digit(uint16 sign, int16 weight, uint16 digit)
{
	Handmade	result = {.len = 6};

	memcpy(result.bytes, &sign, 2);
	memcpy(result.bytes + 2, &weight, 2);
	memcpy(result.bytes + 4, &digit, 2);
	return result;
}

/*
 * A decimal column against constants of other scales, of more digits than it
 * has, beyond int64, infinite and NaN.
 */
static void
decimals_compare_exactly(void)
{
	struct
	{
		Handmade	constant;
		double		place;		/* against values, in units of 0.01 */
	}			cases[] = {
		{numeric_of(0, 0), 0},
		{numeric_of(5, 0), 500},
		{numeric_of(-5, 0), -500},
		{numeric_of(1234, 2), 1234},
		{numeric_of(12345, 3), 1234.5},
		{numeric_of(-12345, 3), -1234.5},
		{numeric_of(1, 18), 1e-16},
		{numeric_of(-1, 18), -1e-16},
		{numeric_of(PG_INT64_MAX, 0), 1e300},
		{numeric_of(PG_INT64_MIN, 0), -1e300},
		{numeric_digit(0, 30, 1), 1e300},
		{numeric_digit(0x4000, 30, 1), -1e300},
		{numeric_digit(0x4000, -30, 1), -1e-100},
		{numeric_digit(0, -30, 1), 1e-100},
		{numeric_special(0xD000), INFINITY},
		{numeric_special(0xF000), -INFINITY},
		{numeric_special(0xC000), NAN},
	};
	OlapColumnType type = make_type(NUMERICOID, NUMERIC_TYPMOD(18, 2), -1,
									false, 'i');

	for (int as_var = 0; as_var < 2; as_var++)
		for (Nulls nulls = NULLS_NONE; nulls <= NULLS_SOME; nulls++)
		{
			OlapVector	v;
			int64		values[ROWS];
			bool		expected[ROWS];

			olap_vector_init(&v, &type, ROWS, CurrentMemoryContext);
			for (uint32 i = 0; i < ROWS; i++)
			{
				static const int64 some[] = {0, 1, -1, 500, -500, 1234, 1235,
					-1234, -1235, PG_INT64_MAX, PG_INT64_MIN, 99999999999};

				values[i] = some[unit_random() % lengthof(some)];
				if (null_at(nulls, i))
					olap_vector_append_null(&v);
				else
					olap_vector_append_i64(&v, values[i]);
			}
			if (as_var)
				olap_vector_to_numeric(&v);
			for (int c = 0; c < lengthof(cases); c++)
			{
				OlapExprValue list[2] = {
					{.data = cases[c].constant.bytes,
					.len = cases[c].constant.len},
					{.data = cases[1].constant.bytes,
					.len = cases[1].constant.len}
				};
				int			order[ROWS];

				for (uint32 i = 0; i < ROWS; i++)
					order[i] = order_double((double) values[i], cases[c].place);
				for (OlapCompare cmp = OLAP_CMP_LT; cmp <= OLAP_CMP_GT; cmp++)
				{
					for (uint32 i = 0; i < ROWS; i++)
						expected[i] = !null_at(nulls, i) && truth(cmp, order[i]);
					check_filter(olap_expr_compare(0, OLAP_ORDER_NUMERIC, cmp,
												   list), &v, 1, expected);
				}
				for (uint32 i = 0; i < ROWS; i++)
					expected[i] = !null_at(nulls, i) &&
						(order[i] == 0 || values[i] == 500);
				check_filter(olap_expr_in(0, OLAP_ORDER_NUMERIC, false, list, 2,
										  false), &v, 1, expected);
			}
		}
}

static void
numerics_round_towards_minus_infinity(void)
{
	Handmade	n;
	int64		out;

	n = numeric_of(-12345, 3);
	CHECK_INT(olap_numeric_floor(n.bytes, n.len, 2, &out),
			  OLAP_DECIMAL_INEXACT);
	CHECK_INT(out, -1235);
	CHECK_INT(olap_numeric_floor(n.bytes, n.len, 3, &out), OLAP_DECIMAL_EXACT);
	CHECK_INT(out, -12345);
	CHECK_INT(olap_numeric_floor(n.bytes, n.len, 18, &out), OLAP_DECIMAL_BELOW);
	n = numeric_of(PG_INT64_MIN, 0);
	CHECK_INT(olap_numeric_floor(n.bytes, n.len, 0, &out), OLAP_DECIMAL_EXACT);
	CHECK(out == PG_INT64_MIN);
	n = numeric_of(PG_INT64_MAX, 0);
	CHECK_INT(olap_numeric_floor(n.bytes, n.len, 1, &out), OLAP_DECIMAL_ABOVE);
	n = numeric_digit(0x4000, -100, 1);
	CHECK_INT(olap_numeric_floor(n.bytes, n.len, 6, &out),
			  OLAP_DECIMAL_INEXACT);
	CHECK_INT(out, -1);

	/* numerics of any form against each other */
	for (int i = 0; i < 2000; i++)
	{
		int64		x = some_int();
		int64		y = some_int();
		int			scale = (int) (unit_random() % 19);
		Handmade	a = numeric_of(x, scale);
		Handmade	b = numeric_of(y, scale);

		CHECK_INT(olap_numeric_compare(a.bytes, a.len, b.bytes, b.len),
				  x < y ? -1 : x > y);
	}
	/* cut and empty contents have some order and read nothing beyond */
	CHECK_INT(olap_numeric_compare(n.bytes, 0, n.bytes, 1), 0);
	olap_numeric_compare(n.bytes, 3, n.bytes, 5);
}

static const char *const words[] = {
	"", " ", "a", "a ", "aa", "ab", "abc", "abcabc", "b", "ba", "\\", "%", "_",
	"a%c", "\xc3\xa4", "\xc3\xa4\xc3\xb6", "x\xe2\x82\xac", "xyz", "zzzz", "\xff"
};

static int
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
static void
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

static void
check_text(bool with_dict, Nulls nulls)
{
	OlapVector	v;
	OlapVector	dict;
	int			word[ROWS];
	bool		expected[ROWS];

	make_words(&v, with_dict ? &dict : NULL, word, nulls);
	for (int c = 0; c < lengthof(words); c++)
	{
		OlapExprValue list[] = {
			{.data = (const uint8 *) words[c], .len = strlen(words[c])},
			{.data = (const uint8 *) "zzzz", .len = 4},
			{.data = (const uint8 *) "none", .len = 4}
		};

		for (int blanks = 0; blanks < 2; blanks++)
			for (OlapCompare cmp = OLAP_CMP_LT; cmp <= OLAP_CMP_GT; cmp++)
			{
				for (uint32 i = 0; i < ROWS; i++)
					expected[i] = !null_at(nulls, i) &&
						truth(cmp, order_text(words[word[i]], words[c], blanks));
				check_filter(olap_expr_compare(0, blanks ? OLAP_ORDER_BYTES :
											   OLAP_ORDER_BPCHAR, cmp, list),
							 &v, 1, expected);
			}
		for (int negated = 0; negated < 2; negated++)
		{
			for (uint32 i = 0; i < ROWS; i++)
				expected[i] = !null_at(nulls, i) &&
					(word[i] == c || strcmp(words[word[i]], "zzzz") == 0) !=
					(bool) negated;
			check_filter(olap_expr_in(0, OLAP_ORDER_BYTES, negated, list, 3,
									  false), &v, 1, expected);
			for (uint32 i = 0; i < ROWS; i++)
				expected[i] = !null_at(nulls, i) &&
					(strncmp(words[word[i]], words[c], strlen(words[c])) == 0) !=
					(bool) negated;
			check_filter(olap_expr_prefix(0, negated, list), &v, 1, expected);
		}
	}
}

static void
texts_compare_bytewise(void)
{
	for (Nulls nulls = NULLS_NONE; nulls <= NULLS_ALL; nulls++)
	{
		check_text(false, nulls);
		check_text(true, nulls);
	}
}

/* LIKE by its definition: recursion over pattern and value. */
static bool
like(const char *p, const char *s)
{
	if (*p == '\0')
		return *s == '\0';
	if (*p == '%')
		return like(p + 1, s) || (*s != '\0' && like(p, s + 1));
	if (*s == '\0')
		return false;
	if (*p == '_')
	{
		s++;
		while ((*s & 0xC0) == 0x80)
			s++;
		return like(p + 1, s);
	}
	if (*p == '\\')
		p++;
	return *p == *s && like(p + 1, s + 1);
}

static void
like_matches_by_its_definition(void)
{
	static const char *const fixed[] = {
		"", "%", "%%", "_", "__", "%_", "_%", "a%", "%c", "%b%", "a%c", "a_c%",
		"%abc", "abc%abc", "%a%b%c%", "\\%", "a\\%c", "\\_", "\\\\", "_\xc3\xb6",
		"%\xc3\xb6", "x_", "x\xe2\x82\xac", "%_c", "%a_c_b%", "a%\\%%", "_%_%_"
	};

	for (int i = 0; i < lengthof(fixed) + 3000; i++)
	{
		static const char alphabet[] = "aabbc%%__";
		char		random[12];
		char		value[16];
		const char *pattern = random;
		bool		expected[lengthof(words) + 1];
		OlapColumnType type = make_type(TEXTOID, -1, -1, false, 'i');
		OlapVector	v;
		int			n = (int) (unit_random() % sizeof(random));

		for (int j = 0; j < n; j++)
			random[j] = alphabet[unit_random() % (sizeof(alphabet) - 1)];
		random[Min(n, (int) sizeof(random) - 1)] = '\0';
		if (i < lengthof(fixed))
			pattern = fixed[i];
		n = (int) (unit_random() % sizeof(value));
		for (int j = 0; j < n; j++)
			value[j] = "abc"[unit_random() % 3];
		value[Min(n, (int) sizeof(value) - 1)] = '\0';

		olap_vector_init(&v, &type, ROWS, CurrentMemoryContext);
		for (int w = 0; w <= lengthof(words); w++)
		{
			const char *word = w < lengthof(words) ? words[w] : value;

			olap_vector_append_var(&v, word, strlen(word));
			expected[w] = like(pattern, word);
		}
		check_filter(olap_expr_like(0, false, (const uint8 *) pattern,
									strlen(pattern), true), &v, 1, expected);
		for (int w = 0; w <= lengthof(words); w++)
			expected[w] = !expected[w];
		check_filter(olap_expr_like(0, true, (const uint8 *) pattern,
									strlen(pattern), true), &v, 1, expected);
		olap_vector_free(&v);
	}
	CHECK(olap_expr_like(0, false, (const uint8 *) "a\\", 2, true) == NULL);
}

/* A byte is a character where the encoding says so. */
static void
like_counts_bytes_in_single_byte_encodings(void)
{
	OlapColumnType type = make_type(TEXTOID, -1, -1, false, 'i');
	OlapVector	v;
	bool		expected[1] = {true};

	olap_vector_init(&v, &type, 1, CurrentMemoryContext);
	olap_vector_append_var(&v, "\xc3\xa4", 2);
	check_filter(olap_expr_like(0, false, (const uint8 *) "__", 2, false), &v,
				 1, expected);
	expected[0] = false;
	check_filter(olap_expr_like(0, false, (const uint8 *) "__", 2, true), &v, 1,
				 expected);
}

static void
uuids_compare_bytewise(void)
{
	OlapColumnType type = make_type(UUIDOID, -1, 16, false, 'c');
	uint8		constant[16] = {1, 2, 3};
	OlapExprValue value = {.data = constant, .len = 16};
	OlapVector	v;
	int			order[ROWS];
	bool		expected[ROWS];

	olap_vector_init(&v, &type, ROWS, CurrentMemoryContext);
	for (uint32 i = 0; i < ROWS; i++)
	{
		uint8		id[16] = {1, 2, (uint8) (unit_random() % 5)};

		id[15] = (uint8) (unit_random() % 2);
		olap_vector_append_fixed(&v, id);
		order[i] = memcmp(id, constant, 16);
	}
	for (OlapCompare cmp = OLAP_CMP_LT; cmp <= OLAP_CMP_GT; cmp++)
	{
		for (uint32 i = 0; i < ROWS; i++)
			expected[i] = truth(cmp, order[i]);
		check_filter(olap_expr_compare(0, OLAP_ORDER_BYTES, cmp, &value), &v, 1,
					 expected);
	}
}

static void
check_columns(OlapVector *cols, OlapOrder order, const int *orders,
			  Nulls a_nulls, Nulls b_nulls)
{
	bool		expected[ROWS];

	for (OlapCompare cmp = OLAP_CMP_LT; cmp <= OLAP_CMP_GT; cmp++)
	{
		for (uint32 i = 0; i < ROWS; i++)
			expected[i] = !null_at(a_nulls, i) && !null_at(b_nulls, i) &&
				truth(cmp, orders[i]);
		check_filter(olap_expr_columns(0, order, cmp, 1), cols, 2, expected);
	}
}

static void
columns_compare_with_columns(void)
{
	OlapColumnType types[] = {
		make_type(BOOLOID, -1, 1, true, 'c'),
		make_type(CHAROID, -1, 1, true, 'c'),
		make_type(INT2OID, -1, 2, true, 's'),
		make_type(INT4OID, -1, 4, true, 'i'),
		make_type(INT8OID, -1, 8, true, 'd')
	};
	OlapColumnType dec = make_type(NUMERICOID, NUMERIC_TYPMOD(18, 2), -1, false,
								   'i');
	OlapColumnType f8 = make_type(FLOAT8OID, -1, 8, true, 'd');
	OlapVector	cols[2];
	int			orders[ROWS];
	int			a[ROWS];
	int			b[ROWS];

	for (int t = 0; t < 2 * lengthof(types); t++)
	{
		OlapColumnType *type = &types[t / 2];
		bool		is_unsigned = t % 2 == 1;

		if (is_unsigned && type->typid != CHAROID && type->typid != INT4OID)
			continue;
		olap_vector_init(&cols[0], type, ROWS, CurrentMemoryContext);
		olap_vector_init(&cols[1], type, ROWS, CurrentMemoryContext);
		for (uint32 i = 0; i < ROWS; i++)
		{
			int64		x = append_int(&cols[0], some_int(), is_unsigned,
									   null_at(NULLS_RUNS, i));
			int64		y = append_int(&cols[1], some_int(), is_unsigned,
									   null_at(NULLS_SOME, i));

			orders[i] = x < y ? -1 : x > y;
		}
		check_columns(cols, is_unsigned ? OLAP_ORDER_UINT : OLAP_ORDER_INT,
					  orders, NULLS_RUNS, NULLS_SOME);
	}

	olap_vector_init(&cols[0], &f8, ROWS, CurrentMemoryContext);
	olap_vector_init(&cols[1], &f8, ROWS, CurrentMemoryContext);
	for (uint32 i = 0; i < ROWS; i++)
	{
		double		x = floats[unit_random() % lengthof(floats)];
		double		y = floats[unit_random() % lengthof(floats)];

		olap_vector_append_f64(&cols[0], x);
		olap_vector_append_f64(&cols[1], y);
		orders[i] = order_double(x, y);
	}
	check_columns(cols, OLAP_ORDER_FLOAT, orders, NULLS_NONE, NULLS_NONE);

	/* both scaled, and one of them a varlena */
	for (int as_var = 0; as_var < 2; as_var++)
	{
		olap_vector_init(&cols[0], &dec, ROWS, CurrentMemoryContext);
		olap_vector_init(&cols[1], &dec, ROWS, CurrentMemoryContext);
		for (uint32 i = 0; i < ROWS; i++)
		{
			int64		x = some_int();
			int64		y = some_int();

			olap_vector_append_i64(&cols[0], x);
			olap_vector_append_i64(&cols[1], y);
			orders[i] = x < y ? -1 : x > y;
		}
		if (as_var)
			olap_vector_to_numeric(&cols[1]);
		check_columns(cols, OLAP_ORDER_NUMERIC, orders, NULLS_NONE, NULLS_NONE);
	}

	make_words(&cols[0], NULL, a, NULLS_SOME);
	make_words(&cols[1], NULL, b, NULLS_RUNS);
	for (uint32 i = 0; i < ROWS; i++)
		orders[i] = order_text(words[a[i]], words[b[i]], true);
	check_columns(cols, OLAP_ORDER_BYTES, orders, NULLS_SOME, NULLS_RUNS);
}

/* AND, OR and IS NOT TRUE over a column that is NULL in places. */
static void
logic_is_three_valued(void)
{
	OlapColumnType type = make_type(INT4OID, -1, 4, true, 'i');
	OlapExprValue zero = {.i = 0};
	OlapExprValue one = {.i = 1};
	OlapVector	v;
	bool		expected[ROWS];
	OlapExpr   *args[2];

	olap_vector_init(&v, &type, ROWS, CurrentMemoryContext);
	for (uint32 i = 0; i < ROWS; i++)
		if (null_at(NULLS_SOME, i))
			olap_vector_append_null(&v);
		else
			olap_vector_append_i32(&v, (int32) i % 3);
#define GE(c) olap_expr_compare(0, OLAP_ORDER_INT, OLAP_CMP_GE, c)
#define EQ(c) olap_expr_compare(0, OLAP_ORDER_INT, OLAP_CMP_EQ, c)
#define IS(test) \
	for (uint32 i = 0; i < ROWS; i++) \
	{ \
		bool isnull = null_at(NULLS_SOME, i); \
		int x = (int) i % 3; \
		(void) x; (void) isnull; \
		expected[i] = (test); \
	}
	IS(!isnull && x == 1);
	args[0] = GE(&zero);
	args[1] = EQ(&one);
	check_filter(olap_expr_and(args, 2), &v, 1, expected);
	IS(isnull || x == 1);
	args[0] = olap_expr_null(0, true);
	args[1] = EQ(&one);
	check_filter(olap_expr_or(args, 2), &v, 1, expected);
	IS(isnull || x != 1);
	check_filter(olap_expr_not_true(EQ(&one)), &v, 1, expected);
	IS(!isnull);
	check_filter(olap_expr_null(0, false), &v, 1, expected);
	IS(true);
	check_filter(olap_expr_const(true), &v, 1, expected);
	IS(false);
	check_filter(olap_expr_const(false), &v, 1, expected);
	check_filter(olap_expr_or(args, 0), &v, 1, expected);

	/* x = ANY ('{}') is false and x <> ALL ('{}') true, even for NULL */
	check_filter(olap_expr_in(0, OLAP_ORDER_INT, false, NULL, 0, false), &v, 1,
				 expected);
	/* a NULL among the elements: <> ALL is never true */
	check_filter(olap_expr_in(0, OLAP_ORDER_INT, true, &one, 1, true), &v, 1,
				 expected);
	IS(true);
	check_filter(olap_expr_in(0, OLAP_ORDER_INT, true, NULL, 0, false), &v, 1,
				 expected);
	IS(!isnull && x == 1);
	check_filter(olap_expr_in(0, OLAP_ORDER_INT, false, &one, 1, true), &v, 1,
				 expected);
}

static int	loads;

static void
count_loads(OlapBatch *batch, int col)
{
	loads++;
}

/* A column is loaded only if rows are left for its test. */
static void
columns_without_survivors_are_not_loaded(void)
{
	OlapColumnType type = make_type(INT4OID, -1, 4, true, 'i');
	OlapExprValue seven = {.i = 7};
	OlapExprValue text = {.data = (const uint8 *) "x", .len = 1};
	OlapVector	cols[2];
	OlapExpr   *exprs[2];
	OlapBatch  *batch;
	bool		loaded[2] = {false, false};

	olap_vector_init(&cols[0], &type, 1, CurrentMemoryContext);
	olap_vector_append_i32(&cols[0], 1);
	cols[1] = cols[0];
	exprs[0] = olap_expr_compare(1, OLAP_ORDER_BYTES, OLAP_CMP_EQ, &text);
	exprs[1] = olap_expr_compare(0, OLAP_ORDER_INT, OLAP_CMP_EQ, &seven);
	batch = make_batch(cols, 2);
	batch->loaded = loaded;
	batch->load = count_loads;
	loads = 0;
	CHECK_INT(olap_filter_run(olap_filter_create(exprs, 2,
												 CurrentMemoryContext), batch),
			  0);
	CHECK_INT(loads, 1);
	CHECK(loaded[0] && !loaded[1]);
}

/* A new dictionary at the old address is not answered from memory. */
static void
answers_do_not_outlive_their_dictionary(void)
{
	OlapExprValue value = {.data = (const uint8 *) "b", .len = 1};
	OlapExpr   *expr = olap_expr_compare(0, OLAP_ORDER_BYTES, OLAP_CMP_EQ,
										 &value);
	OlapFilter *filter = olap_filter_create(&expr, 1, CurrentMemoryContext);
	OlapColumnType type = make_type(TEXTOID, -1, -1, false, 'i');
	OlapVector	v;
	OlapVector	dict;
	uint32		codes[1] = {0};

	olap_vector_init(&dict, &type, 1, CurrentMemoryContext);
	olap_vector_append_var(&dict, "a", 1);
	olap_vector_init(&v, &type, 1, CurrentMemoryContext);
	olap_vector_append_var(&v, "a", 1);
	v.codes = codes;
	v.dict = &dict;
	CHECK_INT(olap_filter_run(filter, make_batch(&v, 1)), 0);
	memcpy(VARDATA(dict.heap), "b", 1);
	olap_filter_new_place(filter);
	CHECK_INT(olap_filter_run(filter, make_batch(&v, 1)), 1);
}

int
main(void)
{
	RUN(integers_compare_with_any_constant);
	RUN(floats_compare_as_the_server_does);
	RUN(decimals_compare_exactly);
	RUN(numerics_round_towards_minus_infinity);
	RUN(texts_compare_bytewise);
	RUN(like_matches_by_its_definition);
	RUN(like_counts_bytes_in_single_byte_encodings);
	RUN(uuids_compare_bytewise);
	RUN(columns_compare_with_columns);
	RUN(logic_is_three_valued);
	RUN(columns_without_survivors_are_not_loaded);
	RUN(answers_do_not_outlive_their_dictionary);
	return DONE();
}

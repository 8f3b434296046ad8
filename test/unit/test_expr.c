/*
 * test/unit/test_expr.c
 *		Filters of numbers keep exactly the rows a scalar reference keeps: every test,
 *		every representation, with and without NULLs and selections.
 */
#include "postgres.h"

#include "expr_check.h"

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

int
main(void)
{
	RUN(integers_compare_with_any_constant);
	RUN(floats_compare_as_the_server_does);
	RUN(decimals_compare_exactly);
	RUN(numerics_round_towards_minus_infinity);
	return DONE();
}

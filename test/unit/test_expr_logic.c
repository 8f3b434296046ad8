/*
 * test/unit/test_expr_logic.c
 *		Columns compared with columns, AND, OR and IS NOT TRUE over NULLs, and that no
 *		column is loaded without need.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "expr_check.h"

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

/* A cancelled query ends within the next arm of an OR, however many it has. */
static void
interrupts_within_an_or(void)
{
	enum
	{
		ARMS = 3000
	};
	OlapColumnType type = make_type(INT4OID, -1, 4, true, 'i');
	OlapExpr  **arms = palloc(ARMS * sizeof(OlapExpr *));
	OlapVector	v;
	OlapExpr   *expr;

	olap_vector_init(&v, &type, ROWS, CurrentMemoryContext);
	for (uint32 i = 0; i < ROWS; i++)
		olap_vector_append_i32(&v, -1);
	for (int i = 0; i < ARMS; i++)
	{
		OlapExprValue lo = {.i = i * 2};
		OlapExprValue hi = {.i = i * 2 + 1};
		OlapExpr   *args[2];

		args[0] = olap_expr_compare(0, OLAP_ORDER_INT, OLAP_CMP_GE, &lo);
		args[1] = olap_expr_compare(0, OLAP_ORDER_INT, OLAP_CMP_LE, &hi);
		arms[i] = olap_expr_and(args, 2);
	}
	expr = olap_expr_or(arms, ARMS);
	InterruptPending = 1;
	unit_interrupts = 0;
	CHECK_INT(olap_filter_run(olap_filter_create(&expr, 1, CurrentMemoryContext),
							  make_batch(&v, 1)), 0);
	CHECK(unit_interrupts >= ARMS);
	InterruptPending = 0;
}

int
main(void)
{
	RUN(interrupts_within_an_or);
	RUN(columns_compare_with_columns);
	RUN(logic_is_three_valued);
	RUN(columns_without_survivors_are_not_loaded);
	return DONE();
}

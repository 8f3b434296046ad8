/*
 * test/unit/test_row_tests.c
 *		Trees asked of indexes find every row that the filter passes, however little the
 *		indexes know.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "index/row_tests.h"
#include "unit.h"
#include "vector/vector_hash.h"

#define NCOLS 3
#define NROWS 5000
#define VALUES 50				/* of a column, from 0 on */

static uint64
below(uint64 n)
{
	return unit_random() % n;
}

typedef struct World
{
	OlapColumnType types[NCOLS];
	int			values[NCOLS][NROWS];	/* -1: NULL */
	OlapZone	zones[NCOLS];
	int			knows;			/* percent of questions that get an answer */
	int			asked;
	bool		zones_only;
} World;

static void
make_world(World *w)
{
	memset(w, 0, sizeof(*w));
	for (int c = 0; c < NCOLS; c++)
	{
		OlapVector	v;
		int			nulls = (int) below(3) * 30;

		w->types[c] = (OlapColumnType) {.typid = 23,.typmod = -1,.typlen = 4,
			.typbyval = true,.typalign = 'i'};
		olap_column_type_resolve(&w->types[c]);
		olap_vector_init(&v, &w->types[c], NROWS, CurrentMemoryContext);
		for (int row = 0; row < NROWS; row++)
		{
			int			value = below(100) < nulls ? -1 : (int) below(VALUES);

			w->values[c][row] = value;
			if (value < 0)
				olap_vector_append_null(&v);
			else
				olap_vector_append_i32(&v, value);
		}
		olap_zone_build(&w->zones[c], &w->types[c], &v);
		olap_vector_free(&v);
	}
}

/* ---- trees ---- */

static OlapExpr *
random_test(int col)
{
	OlapExprValue values[4];
	int			n = 1 + (int) below(4);

	for (int i = 0; i < n; i++)
		values[i] = (OlapExprValue) {.i = (int64) below(VALUES + 10) - 5};
	switch (below(5))
	{
		case 0:
			return olap_expr_null(col, below(2) == 0);
		case 1:
			return olap_expr_in(col, OLAP_ORDER_INT, below(2) == 0, values, n, false);
		default:
			return olap_expr_compare(col, OLAP_ORDER_INT, (OlapCompare) below(6), values);
	}
}

static OlapExpr *
random_tree(int depth)
{
	OlapExpr   *args[3];
	int			n = 1 + (int) below(3);

	if (depth == 0 || below(4) == 0)
	{
		if (below(12) == 0)
			return olap_expr_const(below(2) == 0);
		if (below(12) == 0)
			return olap_expr_columns(0, OLAP_ORDER_INT, OLAP_CMP_LT, 1);
		return random_test((int) below(NCOLS));
	}
	for (int i = 0; i < n; i++)
		args[i] = random_tree(depth - 1);
	switch (below(8))
	{
		case 0:
			return olap_expr_not_true(args[0]);
		case 1:
		case 2:
		case 3:
			return olap_expr_and(args, n);
		default:
			return olap_expr_or(args, n);
	}
}

static bool
compare(OlapCompare cmp, int64 a, int64 b)
{
	switch (cmp)
	{
		case OLAP_CMP_LT:
			return a < b;
		case OLAP_CMP_LE:
			return a <= b;
		case OLAP_CMP_EQ:
			return a == b;
		case OLAP_CMP_NE:
			return a != b;
		case OLAP_CMP_GE:
			return a >= b;
		case OLAP_CMP_GT:
			return a > b;
	}
	return false;
}

/* Is a tree true of a row?  Written apart from the filter. */
static bool
passes(const World *w, const OlapExpr *e, int row)
{
	int			value = olap_expr_is_list(e) ? 0 : w->values[e->col][row];
	bool		any = false;

	switch (e->kind)
	{
		case OLAP_EXPR_CONST:
			return e->truth;
		case OLAP_EXPR_AND:
			for (int i = 0; i < e->nargs; i++)
				if (!passes(w, e->args[i], row))
					return false;
			return true;
		case OLAP_EXPR_OR:
			for (int i = 0; i < e->nargs; i++)
				any |= passes(w, e->args[i], row);
			return any;
		case OLAP_EXPR_NOT_TRUE:
			return !passes(w, e->args[0], row);
		case OLAP_EXPR_NULL:
			return (value < 0) != e->negated;
		case OLAP_EXPR_COLUMNS:
			return value >= 0 && w->values[e->col2][row] >= 0 &&
				compare(e->cmp, value, w->values[e->col2][row]);
		case OLAP_EXPR_IN:
			for (int i = 0; i < e->nvalues; i++)
				any |= value == e->values[i].i;
			return value >= 0 && any != e->negated;
		default:
			return value >= 0 && compare(e->cmp, value, e->values[0].i);
	}
}

/* ---- an index ---- */

static bool
has_hash(const uint64 *hashes, uint32 n, uint64 hash)
{
	for (uint32 i = 0; i < n; i++)
		if (hashes[i] == hash)
			return true;
	return false;
}

/* OlapAskColumn: exact, but for answers that are refused and rows that hash alike. */
static OlapRowsAnswer
ask(void *arg, OlapColumnTest *test, const OlapRowSet *among, OlapRowSet *rows)
{
	World	   *w = arg;
	OlapZoneMatch match = olap_column_test_probe(test, &w->zones[test->col]);
	uint64		hashes[VALUES];
	const uint64 *wanted = hashes;
	uint32		n;
	bool		any = false;
	bool		dirty = false;

	for (int i = 0; i < OLAP_BITMAP_WORDS; i++)
		dirty |= rows->words[i] != 0 || rows->filled[i / 64] != 0;
	CHECK(!dirty);
	w->asked++;
	if (match != OLAP_MATCH_SOME)
		return match == OLAP_MATCH_NONE ? OLAP_ROWS_NONE : OLAP_ROWS_ALL;
	if (w->zones_only || (int) below(100) >= w->knows)
	{
		olap_rows_fill_word(rows, 7, 5);	/* it may have begun */
		return OLAP_ROWS_ALL;
	}
	if (test->listed)
	{
		wanted = test->hashes;
		n = test->nhashes;
	}
	else
	{
		OlapVector	v;
		int			lo = 0;
		int			hi = VALUES - 1;

		if (test->bounds_kind == OLAP_ZONE_INT)
		{
			lo = (int) Max((int64) lo, test->lo);
			hi = (int) Min((int64) hi, test->hi);
		}
		olap_vector_init(&v, &w->types[test->col], VALUES, CurrentMemoryContext);
		for (int value = lo; value <= hi; value++)
			olap_vector_append_i32(&v, value);
		n = olap_column_test_hashes(test, &v, OLAP_HASH_INT, hashes);
		olap_vector_free(&v);
	}
	for (int row = 0; row < NROWS; row++)
	{
		int			value = w->values[test->col][row];

		if (value < 0 ? test->nulls :
			has_hash(wanted, n, olap_value_hash_u64((uint64) value)) || below(200) == 0)
		{
			olap_rows_add(rows, row);
			any = true;
		}
	}
	return any ? OLAP_ROWS_SOME : OLAP_ROWS_NONE;
}

static bool
has(const OlapRowSet *rows, int row)
{
	return (rows->words[row / 64] >> row % 64 & 1) != 0;
}

/* What is said of a set is what its words say. */
static void
check_set(const OlapRowSet *rows, uint32 n)
{
	const int	words = OLAP_VECTOR_ROWS / 64;
	uint32		count = 0;
	uint32		vectors = 0;
	uint32		wrong = 0;

	for (int i = 0; i < OLAP_BITMAP_WORDS; i++)
	{
		count += pg_popcount64(rows->words[i]);
		wrong += rows->words[i] != 0 && (rows->filled[i / 64] >> i % 64 & 1) == 0;
	}
	for (int v = 0; v < OLAP_BITMAP_WORDS / words; v++)
	{
		bool		any = false;

		for (int i = v * words; i < (v + 1) * words; i++)
			any |= rows->words[i] != 0;
		vectors += any;
		wrong += any == olap_rows_empty(rows, v);
	}
	CHECK_INT(wrong, 0);
	CHECK_INT(n, count);
	CHECK_INT(olap_rows_count(rows), count);
	CHECK_INT(olap_rows_vectors(rows), vectors);
}

/* Every row that passes is in the answer; some answers are of use. */
static void
check_random(int knows, bool zones_only)
{
	uint32		useful = 0;
	uint32		lost = 0;
	World	   *w = palloc(sizeof(World));

	make_world(w);
	w->knows = knows;
	w->zones_only = zones_only;
	for (int round = 0; round < 200; round++)
	{
		OlapExpr   *exprs[2] = {random_tree((int) below(4)), random_tree((int) below(3))};
		OlapRowTests *tests = olap_row_tests_create(exprs, 1 + round % 2, w->types, NCOLS,
													NULL, 0, CurrentMemoryContext);

		/* twice: scratch sets are used again */
		for (int again = 0; tests != NULL && again < 2; again++)
		{
			OlapRowSet *rows;
			uint32		n;
			OlapRowsAnswer answer = olap_row_tests_ask(tests, ask, w, &rows, &n);

			useful += answer != OLAP_ROWS_ALL;
			if (answer == OLAP_ROWS_SOME)
				check_set(rows, n);
			for (int row = 0; row < NROWS; row++)
				if (passes(w, exprs[0], row) && (round % 2 == 0 || passes(w, exprs[1], row)))
					lost += answer == OLAP_ROWS_NONE || (answer == OLAP_ROWS_SOME && !has(rows, row));
		}
	}
	CHECK(lost == 0);
	CHECK(useful > (zones_only ? 5 : 50));
	pfree(w);
}

static void
random_trees(void)
{
	for (int i = 0; i < 20; i++)
	{
		check_random(100, false);
		check_random(70, false);
	}
}

static void
trees_of_zones(void)
{
	for (int i = 0; i < 5; i++)
		check_random(0, true);
}

/* ---- what is found out about a column ---- */

/* OlapAskColumn: remember the test. */
static OlapRowsAnswer
remember(void *arg, OlapColumnTest *test, const OlapRowSet *among, OlapRowSet *rows)
{
	*(OlapColumnTest **) arg = test;
	return OLAP_ROWS_ALL;
}

static OlapColumnTest *
column_test(OlapExpr *expr, const OlapColumnType *type)
{
	OlapColumnTest *test = NULL;
	OlapRowSet *rows;
	uint32		n;
	OlapRowTests *tests = olap_row_tests_create(&expr, 1, type, 1, NULL, 0, CurrentMemoryContext);

	if (tests != NULL)
		(void) olap_row_tests_ask(tests, remember, &test, &rows, &n);
	return test;
}

static OlapExpr *
cmp(OlapCompare op, int64 value)
{
	OlapExprValue v = {.i = value};

	return olap_expr_compare(0, OLAP_ORDER_INT, op, &v);
}

static OlapExpr *
two(bool is_and, OlapExpr *a, OlapExpr *b)
{
	OlapExpr   *args[2] = {a, b};

	return is_and ? olap_expr_and(args, 2) : olap_expr_or(args, 2);
}

static void
lists_and_bounds(void)
{
	OlapColumnType type = {.typid = 23,.typmod = -1,.typlen = 4,.typbyval = true,.typalign = 'i'};
	OlapColumnTest *test;

	olap_column_type_resolve(&type);

	/* x = 3 OR x = 5 OR x IS NULL */
	test = column_test(two(false, cmp(OLAP_CMP_EQ, 3), two(false, cmp(OLAP_CMP_EQ, 5), olap_expr_null(0, true))), &type);
	CHECK(test != NULL && test->listed && test->nhashes == 2 && test->nulls);

	/* x = 3 AND x <> 7: the list is enough */
	test = column_test(two(true, cmp(OLAP_CMP_EQ, 3), cmp(OLAP_CMP_NE, 7)), &type);
	CHECK(test != NULL && test->listed && test->nhashes == 1 && !test->nulls);

	/* x > 3 AND x <= 9; OR x = 20 */
	test = column_test(two(true, cmp(OLAP_CMP_GT, 3), cmp(OLAP_CMP_LE, 9)), &type);
	CHECK(test != NULL && !test->listed && test->bounds_kind == OLAP_ZONE_INT && test->lo == 4 && test->hi == 9);
	test = column_test(two(false, two(true, cmp(OLAP_CMP_GT, 3), cmp(OLAP_CMP_LE, 9)), cmp(OLAP_CMP_EQ, 20)), &type);
	CHECK(test != NULL && !test->listed && test->bounds_kind == OLAP_ZONE_INT && test->lo == 4 && test->hi == 20);

	/* x < least and x > greatest do not wrap around */
	test = column_test(cmp(OLAP_CMP_LT, PG_INT64_MIN), &type);
	CHECK(test != NULL && test->lo == PG_INT64_MIN && test->hi == PG_INT64_MIN);
	test = column_test(cmp(OLAP_CMP_GT, PG_INT64_MAX), &type);
	CHECK(test != NULL && test->lo == PG_INT64_MAX);

	/* x <> 3 bounds nothing, IS NOT TRUE neither, and that is true of NULL */
	test = column_test(cmp(OLAP_CMP_NE, 3), &type);
	CHECK(test != NULL && test->bounds_kind == OLAP_ZONE_NONE && !test->nulls);
	test = column_test(olap_expr_not_true(cmp(OLAP_CMP_LT, 3)), &type);
	CHECK(test != NULL && test->bounds_kind == OLAP_ZONE_NONE && test->nulls && !test->listed);

	/* an OR with something that is not of one column says nothing */
	CHECK(column_test(two(false, cmp(OLAP_CMP_EQ, 3), olap_expr_columns(0, OLAP_ORDER_INT, OLAP_CMP_EQ, 1)), &type) == NULL);
	CHECK(column_test(two(true, cmp(OLAP_CMP_EQ, 3), olap_expr_columns(0, OLAP_ORDER_INT, OLAP_CMP_EQ, 1)), &type) != NULL);
}

/* ---- thousands of tests ---- */

/* A cancelled query ends within the next test, however many an OR has. */
static void
interrupts(void)
{
	enum
	{
		ARMS = 3000
	};
	OlapExpr  **arms = palloc(ARMS * sizeof(OlapExpr *));
	World	   *w = palloc(sizeof(World));
	OlapRowSet *rows;
	OlapExpr   *expr;
	OlapRowTests *tests;
	uint32		n;

	make_world(w);
	w->knows = 100;
	for (int i = 0; i < ARMS; i++)
	{
		OlapExprValue x = {.i = i % VALUES};
		OlapExprValue y = {.i = i / VALUES % VALUES};

		arms[i] = two(true, olap_expr_compare(0, OLAP_ORDER_INT, OLAP_CMP_EQ, &x),
					  olap_expr_compare(1, OLAP_ORDER_INT, OLAP_CMP_EQ, &y));
	}
	expr = olap_expr_or(arms, ARMS);
	tests = olap_row_tests_create(&expr, 1, w->types, NCOLS, NULL, 0, CurrentMemoryContext);
	CHECK(tests != NULL);
	InterruptPending = 1;
	unit_interrupts = 0;
	CHECK(olap_row_tests_ask(tests, ask, w, &rows, &n) == OLAP_ROWS_SOME);
	CHECK(unit_interrupts >= ARMS);
	InterruptPending = 0;
	pfree(w);
}

int
main(void)
{
	RUN(random_trees);
	RUN(interrupts);
	RUN(trees_of_zones);
	RUN(lists_and_bounds);
	return DONE();
}

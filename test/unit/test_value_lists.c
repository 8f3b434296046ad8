/*
 * test/unit/test_value_lists.c
 *		Values picked by rank, against a sort of all of them.
 */
#include "postgres.h"

#include <math.h>
#include <stdlib.h>

#include "miscadmin.h"

#include "unit.h"
#include "vector/value_lists.h"

static int
compare_int64(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* Shapes that make partitions bad: few values, runs, extremes. */
static void
fill(int64 *words, uint64 n, int shape)
{
	for (uint64 i = 0; i < n; i++)
		switch (shape)
		{
			case 0:
				words[i] = (int64) unit_random();
				break;
			case 1:
				words[i] = unit_random() % 3;
				break;
			case 2:
				words[i] = i;
				break;
			case 3:
				words[i] = n - i;
				break;
			case 4:
				words[i] = i < n / 2 ? i : n - i;
				break;
			case 5:
				words[i] = unit_random() % 2 ? PG_INT64_MIN : PG_INT64_MAX;
				break;
			default:
				words[i] = 7;
				break;
		}
}

static void
select_and_sort(void)
{
	static const uint64 sizes[] = {0, 1, 2, 23, 24, 25, 26, 100, 511, 512, 5000, 70000};

	for (int s = 0; s < lengthof(sizes); s++)
		for (int shape = 0; shape < 7; shape++)
		{
			uint64		n = sizes[s];
			int64	   *words = palloc((n + 1) * sizeof(int64));
			int64	   *sorted = palloc((n + 1) * sizeof(int64));
			uint64		ranks[8];
			uint32		nranks = 0;

			fill(words, n, shape);
			memcpy(sorted, words, n * sizeof(int64));
			qsort(sorted, n, sizeof(int64), compare_int64);
			for (uint64 r = unit_random() % 3; r < n && nranks < 8;
				 r += 1 + unit_random() % (n / 4 + 1))
				ranks[nranks++] = r;
			olap_words_select(words, n, ranks, nranks);
			for (uint32 r = 0; r < nranks; r++)
				CHECK(words[ranks[r]] == sorted[ranks[r]]);
			/* nothing is lost */
			olap_words_sort(words, n);
			CHECK(memcmp(words, sorted, n * sizeof(int64)) == 0);
		}
}

/* Words compare as floats do, and give them back. */
static void
float_words(void)
{
	OlapColumnType type = {.phys = OLAP_PHYS_F64, .width = 8};
	static const double values[] = {-INFINITY, -1e300, -1, -1e-310, -0.0, 0.0,
	1e-310, 1, 1e300, INFINITY, NAN};
	OlapValueLists *lists = olap_value_lists_create(OLAP_PHYS_F64,
													OLAP_ORDER_FLOAT,
													CurrentMemoryContext);
	OlapVector	v;
	uint64		n;
	int64	   *words;

	olap_vector_init(&v, &type, 16, CurrentMemoryContext);
	for (int i = lengthof(values) - 1; i >= 0; i--)
		olap_vector_append_f64(&v, values[i]);
	olap_vector_append_f64(&v, -NAN);
	olap_value_lists_add(lists, NULL, &v, v.n);
	olap_value_lists_finish(lists, 1);
	words = olap_value_lists_group(lists, 0, &n);
	CHECK_INT(n, lengthof(values) + 1);
	olap_words_sort(words, n);
	for (uint64 i = 0; i < n; i++)
	{
		double		expected = values[Min(i, lengthof(values) - 1)];
		double		got = DatumGetFloat8(olap_value_of_word(OLAP_PHYS_F64,
															OLAP_ORDER_FLOAT, words[i]));

		CHECK(isnan(expected) ? isnan(got) :
			  got == expected && signbit(got) == signbit(expected));
	}
	CHECK(olap_value_words_equal(OLAP_ORDER_FLOAT, words[4], words[5]));
	CHECK(!olap_value_words_equal(OLAP_ORDER_FLOAT, words[5], words[6]));
	CHECK(!olap_value_words_equal(OLAP_ORDER_INT, -1, 0));
}

typedef struct Drained
{
	uint32	   *gids;
	int64	   *words;
	uint64		n;
} Drained;

static void
take(uint32 gid, int64 word, void *arg)
{
	Drained    *drained = arg;

	CHECK_INT(gid, drained->gids[drained->n]);
	CHECK(word == drained->words[drained->n]);
	drained->n++;
}

#define ROWS 50000

/* Groups and NULLs over many blocks, finished or drained. */
static void
groups(OlapPhys phys, OlapOrder order, int width)
{
	OlapColumnType type = {.phys = phys, .width = width};
	OlapValueLists *lists = olap_value_lists_create(phys, order,
													CurrentMemoryContext);
	uint32	   *gids = palloc(ROWS * sizeof(uint32));
	Drained		drained = {palloc(ROWS * sizeof(uint32)), palloc(ROWS * sizeof(int64)), 0};
	uint64		n,
				total = 0;
	OlapVector	v;

	for (int round = 0; round < 2; round++)
	{
		uint64		kept = 0;

		for (uint32 row = 0; row < ROWS; row += 1000)
		{
			olap_vector_init(&v, &type, 1000, CurrentMemoryContext);
			for (uint32 i = 0; i < 1000; i++)
			{
				int64		value = (int64) unit_random();

				gids[i] = unit_random() % 7 * 3;
				if (unit_random() % 5 == 0)
				{
					olap_vector_append_null(&v);
					continue;
				}
				if (phys == OLAP_PHYS_I16)
					olap_vector_append_i16(&v, value = (int16) value);
				else if (phys == OLAP_PHYS_I64)
					olap_vector_append_i64(&v, value);
				else
				{
					olap_vector_append_i32(&v, (int32) value);
					value = order == OLAP_ORDER_UINT ? (int64) (uint32) value : (int32) value;
				}
				drained.gids[kept] = gids[i];
				drained.words[kept++] = value;
			}
			olap_value_lists_add(lists, gids, &v, 1000);
		}
		CHECK_INT(olap_value_lists_count(lists), kept);
		CHECK(olap_value_lists_memory(lists) >= kept * 20);
		drained.n = 0;
		if (round == 0)
		{
			olap_value_lists_drain(lists, take, &drained);
			CHECK_INT(drained.n, kept);
			CHECK_INT(olap_value_lists_count(lists), 0);
			continue;
		}
		olap_value_lists_finish(lists, 20);
		for (uint32 g = 0; g < 20; g++)
		{
			int64	   *words = olap_value_lists_group(lists, g, &n);
			uint64		i = 0;

			for (uint64 r = 0; r < kept; r++)
				if (drained.gids[r] == g)
				{
					CHECK(i < n && words[i] == drained.words[r]);
					i++;
				}
			CHECK_INT(i, n);
			total += n;
		}
		CHECK_INT(total, kept);
		olap_value_lists_reset(lists);
		CHECK_INT(olap_value_lists_memory(lists), 0);
	}
}

static void
groups_of_each_type(void)
{
	groups(OLAP_PHYS_I16, OLAP_ORDER_INT, 2);
	groups(OLAP_PHYS_I32, OLAP_ORDER_INT, 4);
	groups(OLAP_PHYS_I32, OLAP_ORDER_UINT, 4);
	groups(OLAP_PHYS_I64, OLAP_ORDER_INT, 8);
	CHECK(!olap_value_has_word(OLAP_PHYS_VAR, OLAP_ORDER_BYTES));
}

/* A cancelled query ends within what some ten thousand values take. */
static void
interrupts(void)
{
	enum
	{
		N = 200000
	};
	OlapValueLists *lists = olap_value_lists_create(OLAP_PHYS_I64, OLAP_ORDER_INT,
													CurrentMemoryContext);
	OlapColumnType type = {.typid = 20, .typlen = 8, .typbyval = true, .typalign = 'd', .phys = OLAP_PHYS_I64, .width = 8};
	OlapVector	v;
	uint64		n,
				rank = N / 3;
	int64	   *words;

	olap_vector_init(&v, &type, 0, CurrentMemoryContext);
	for (int i = 0; i < N; i++)
		olap_vector_append_i64(&v, (int64) unit_random());
	olap_value_lists_add(lists, NULL, &v, N);
	InterruptPending = 1;
	unit_interrupts = 0;
	olap_value_lists_finish(lists, 1);
	CHECK(unit_interrupts > 2 * (N / 65536));
	words = olap_value_lists_group(lists, 0, &n);
	unit_interrupts = 0;
	olap_words_select(words, n, &rank, 1);
	CHECK(unit_interrupts > 0);
	unit_interrupts = 0;
	olap_words_sort(words, n);
	CHECK(unit_interrupts > 9 * (N / 65536));
	InterruptPending = 0;
	olap_value_lists_reset(lists);
}

int
main(void)
{
	RUN(select_and_sort);
	RUN(float_words);
	RUN(groups_of_each_type);
	RUN(interrupts);
	return DONE();
}

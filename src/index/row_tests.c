/*-------------------------------------------------------------------------
 *
 * row_tests.c
 *		Ask indexes which rows of a row group a filter can be true of.
 *
 * Most row groups are answered "none" by the first column asked: sets are 8 kB, so
 * they are made zeros again only after something was put into them.
 *
 * src/index/row_tests.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "index/row_tests_internal.h"
#include "vector/vector_hash.h"

#define VECTOR_WORDS (OLAP_VECTOR_ROWS / 64)

void
olap_rows_clear(OlapRowSet *rows)
{
	for (uint32 i = olap_rows_next_word(rows, 0); i < OLAP_BITMAP_WORDS;
		 i = olap_rows_next_word(rows, i + 1))
		rows->words[i] = 0;
	memset(rows->filled, 0, sizeof(rows->filled));
}

StaticAssertDecl(64 % VECTOR_WORDS == 0, "a vector's words are noted in one of filled");

bool
olap_rows_empty(const OlapRowSet *rows, uint32 vector)
{
	uint32		first = vector * VECTOR_WORDS;
	uint64		left = rows->filled[first / 64] >> first % 64;

	for (left &= PG_UINT64_MAX >> (64 - VECTOR_WORDS); left != 0; left &= left - 1)
		if (rows->words[first + pg_rightmost_one_pos64(left)] != 0)
			return false;
	return true;
}

uint32
olap_rows_count(const OlapRowSet *rows)
{
	uint32		n = 0;

	for (uint32 i = olap_rows_next_word(rows, 0); i < OLAP_BITMAP_WORDS;
		 i = olap_rows_next_word(rows, i + 1))
		n += pg_popcount64(rows->words[i]);
	return n;
}

uint32
olap_rows_vectors(const OlapRowSet *rows)
{
	uint32		n = 0;

	for (int vector = 0; vector < OLAP_BITMAP_WORDS / VECTOR_WORDS; vector++)
		n += !olap_rows_empty(rows, vector);
	return n;
}

/* ---- zones ---- */

static OlapZoneMatch
probe(const OlapZoneTest *test, const OlapZone *zone)
{
	OlapZoneMatch weak = test->kind == OLAP_ZONE_TEST_OR ? OLAP_MATCH_NONE : OLAP_MATCH_ALL;
	OlapZoneMatch strong = test->kind == OLAP_ZONE_TEST_OR ? OLAP_MATCH_ALL : OLAP_MATCH_NONE;
	OlapZoneMatch match = weak;

	switch (test->kind)
	{
		case OLAP_ZONE_TEST_UNKNOWN:
			return OLAP_MATCH_SOME;
		case OLAP_ZONE_TEST_QUAL:
			return olap_zone_probe(zone, &test->qual);
		case OLAP_ZONE_TEST_NOT:
			/* of all rows true is of none NULL or false, and the other way round */
			match = probe(test->args[0], zone);
			return match == OLAP_MATCH_ALL ? OLAP_MATCH_NONE :
				match == OLAP_MATCH_NONE ? OLAP_MATCH_ALL : OLAP_MATCH_SOME;
		case OLAP_ZONE_TEST_AND:
		case OLAP_ZONE_TEST_OR:
			break;
	}
	for (int i = 0; i < test->nargs; i++)
	{
		OlapZoneMatch one = probe(test->args[i], zone);

		if (one == strong)
			return strong;
		if (one == OLAP_MATCH_SOME)
			match = OLAP_MATCH_SOME;
	}
	return match;
}

OlapZoneMatch
olap_column_test_probe(const OlapColumnTest *test, const OlapZone *zone)
{
	return probe(test->zones, zone);
}

/* ---- values ---- */

uint32
olap_column_test_hashes(OlapColumnTest *test, const OlapVector *values,
						OlapHashKind kind, uint64 *hashes)
{
	uint32		n = 0;

	for (uint32 first = 0; first < values->n; first += OLAP_VECTOR_ROWS)
	{
		OlapVector	slice = *values;
		OlapBatch	batch = {.ncols = 1,.cols = &slice};

		slice.n = Min(values->n - first, OLAP_VECTOR_ROWS);
		slice.values = (char *) values->values + (size_t) first * values->width;
		slice.codes = NULL;
		slice.dict = NULL;
		batch.nrows = batch.nsel = slice.n;
		if (test->filter != NULL)
			(void) olap_filter_run(test->filter, &batch);
		if (batch.nsel > 0)
			n += olap_vector_hash_values(&slice, kind, batch.sel, batch.nsel,
										 hashes + n);
	}
	return n;
}

/* ---- trees ---- */

typedef struct Asking
{
	OlapAskColumn ask;
	void	   *arg;
} Asking;

static OlapRowsAnswer ask_node(OlapRowNode *node, const Asking *asking,
							   const OlapRowSet *among, OlapScratchRows *out);

static void
clear(OlapScratchRows *set)
{
	if (set->dirty)
		olap_rows_clear(&set->rows);
	set->dirty = false;
}

static OlapRowsAnswer
ask_column(OlapRowNode *node, const Asking *asking, const OlapRowSet *among,
		   OlapScratchRows *out)
{
	OlapRowsAnswer answer;

	/* each may test all values of a dictionary, and they may be thousands */
	CHECK_FOR_INTERRUPTS();
	clear(out);
	answer = asking->ask(asking->arg, &node->test, among, &out->rows);
	out->dirty = answer != OLAP_ROWS_NONE;
	return answer;
}

static bool
intersect(OlapRowSet *set, const OlapRowSet *with)
{
	uint64		any = 0;

	for (uint32 i = olap_rows_next_word(set, 0); i < OLAP_BITMAP_WORDS;
		 i = olap_rows_next_word(set, i + 1))
	{
		set->words[i] &= with->words[i];
		any |= set->words[i];
	}
	return any != 0;
}

static void
unite(OlapRowSet *set, const OlapRowSet *with)
{
	for (uint32 i = olap_rows_next_word(with, 0); i < OLAP_BITMAP_WORDS;
		 i = olap_rows_next_word(with, i + 1))
		olap_rows_fill_word(set, i, with->words[i]);
}

static OlapRowsAnswer
ask_and(OlapRowNode *node, const Asking *asking, const OlapRowSet *among,
		OlapScratchRows *out)
{
	bool		known = false;

	for (int i = 0; i < node->nargs; i++)
	{
		OlapScratchRows *set = known ? node->scratch : out;
		OlapRowsAnswer answer = ask_node(node->args[i], asking,
										 known ? &out->rows : among, set);

		if (answer == OLAP_ROWS_NONE)
			return OLAP_ROWS_NONE;
		if (answer == OLAP_ROWS_ALL)
			continue;
		if (known && !intersect(&out->rows, &set->rows))
			return OLAP_ROWS_NONE;
		known = true;
	}
	return known ? OLAP_ROWS_SOME : OLAP_ROWS_ALL;
}

static OlapRowsAnswer
ask_or(OlapRowNode *node, const Asking *asking, const OlapRowSet *among,
	   OlapScratchRows *out)
{
	bool		known = false;

	for (int i = 0; i < node->nargs; i++)
	{
		OlapScratchRows *set = known ? node->scratch : out;
		OlapRowsAnswer answer = ask_node(node->args[i], asking, among, set);

		if (answer == OLAP_ROWS_ALL)
			return OLAP_ROWS_ALL;
		if (answer == OLAP_ROWS_NONE)
			continue;
		if (known)
			unite(&out->rows, &set->rows);
		known = true;
	}
	return known ? OLAP_ROWS_SOME : OLAP_ROWS_NONE;
}

static OlapRowsAnswer
ask_node(OlapRowNode *node, const Asking *asking, const OlapRowSet *among,
		 OlapScratchRows *out)
{
	switch (node->kind)
	{
		case OLAP_ROW_AND:
			return ask_and(node, asking, among, out);
		case OLAP_ROW_OR:
			return ask_or(node, asking, among, out);
		case OLAP_ROW_COLUMN:
			break;
	}
	return ask_column(node, asking, among, out);
}

OlapRowsAnswer
olap_row_tests_ask(OlapRowTests *tests, OlapAskColumn ask, void *arg,
				   OlapRowSet **rows, uint32 *n)
{
	Asking		asking = {ask, arg};
	OlapRowsAnswer answer = ask_node(tests->root, &asking, NULL, &tests->found);

	*rows = &tests->found.rows;
	*n = 0;
	if (answer == OLAP_ROWS_SOME)
	{
		*n = olap_rows_count(&tests->found.rows);
		if (*n == 0)
			return OLAP_ROWS_NONE;
	}
	return answer;
}

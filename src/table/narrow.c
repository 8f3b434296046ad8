/*-------------------------------------------------------------------------
 *
 * narrow.c
 *		Which rows of a row group a scan's filter leaves, by bitmap indexes.
 *
 * For each column that the filter asks of (index/row_tests.h): values that are named
 * are looked up in its index. For other tests (ranges, <>, NOT IN, LIKE) the index has no
 * answer, as it knows values by hash; there the column's different values are
 * taken, from the dictionary or between the zone's bounds, tested one by one, and those
 * that pass are looked up, unless reading their rows is dearer than reading
 * the vectors they would save. NULLs are in no index: their rows are in the chunk's
 * own bitmap.
 *
 * A scan in the order of a column asks twice, before it knows whether it will come to a
 * row group and when it does; short answers are kept for that.
 *
 * src/table/narrow.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "base/guc.h"
#include "index/bloom.h"
#include "segment/parts.h"
#include "table/narrow.h"

#define VECTOR_WORDS (OLAP_VECTOR_ROWS / 64)

/* Answers of up to so many rows are kept, ... */
#define KEEP_ROWS 256
/* ... and so many rows in all. */
#define KEEP_TOTAL (1024 * 1024)

/* An answer that was kept. */
typedef struct Kept
{
	OlapRowsAnswer answer;
	uint32		n;
	uint16		rows[FLEXIBLE_ARRAY_MEMBER];
} Kept;

struct OlapNarrow
{
	MemoryContext cxt;
	MemoryContext temp;			/* of one column's question */
	OlapRowTests *tests;
	uint64		nunits;
	Kept	  **kept;			/* [nunits]; NULL: nothing yet */
	uint64		total;			/* rows of all kept */
	uint32		n;				/* rows in *set, if it is one */
	OlapRowSet *set;			/* of tests, or recalled */
	OlapRowSet *recalled;

	/* of the question being asked */
	OlapSegment *segment;
	int			rg;
	OlapScanStats *stats;
	bool		read;			/* an index was, or a dictionary */
	uint32		length;			/* of the column's chunk */
};

OlapNarrow *
olap_narrow_create(const OlapNarrowSpec *spec, uint64 nunits, MemoryContext parent)
{
	MemoryContext cxt;
	OlapRowTests *tests;
	OlapNarrow *narrow;

	if (spec->nexprs == 0 && spec->nquals == 0)
		return NULL;
	cxt = AllocSetContextCreate(parent, "olap bitmap indexes",
								ALLOCSET_SMALL_SIZES);
	tests = olap_row_tests_create(spec->exprs, spec->nexprs, spec->types,
								  spec->natts, spec->quals, spec->nquals, cxt);
	if (tests == NULL)
	{
		MemoryContextDelete(cxt);
		return NULL;
	}
	narrow = MemoryContextAllocZero(cxt, sizeof(OlapNarrow));
	narrow->cxt = cxt;
	narrow->temp = AllocSetContextCreate(cxt, "olap values of a column",
										 ALLOCSET_SMALL_SIZES);
	narrow->tests = tests;
	narrow->nunits = nunits;
	return narrow;
}

void
olap_narrow_free(OlapNarrow *narrow)
{
	MemoryContextDelete(narrow->cxt);
}

/* ---- does asking pay? ---- */

/* Of what could be saved at best, an index is worth so much before anything is known. */
#define FIRST_PART 0.4
/* The work of reading a column's NULLs. */
#define NULLS_WORK 10.0
/* After so many times in vain, a test rests, the longer the more often, up to ... */
#define IN_VAIN 2
/* ... so many row groups. */
#define MAX_REST 64

/*
 * The work that is saved if so many rows of the row group are left, which are taken to be
 * anywhere: that of vectors without any, of those with rows in among. It is
 * the column's own that counts: others are read only where the filter lets rows pass.
 */
static double
saving(OlapNarrow *narrow, double rows, const OlapRowSet *among)
{
	double		nrows = olap_segment_rowgroup_rows(narrow->segment, narrow->rg);
	double		nvectors = ceil(nrows / OLAP_VECTOR_ROWS);
	double		vectors = nvectors;

	if (among != NULL)
	{
		vectors = olap_rows_vectors(among);
		rows *= olap_rows_count(among) / nrows;
	}
	return vectors == 0 ? 0 : (double) narrow->length / BLCKSZ / nvectors * OLAP_NARROW_PAGE_WORK *
		vectors * exp(-rows / vectors);
}

/*
 * Is looking n values up in an index less work than that?  How many rows they have
 * is known from the row groups before: as common as a value may be in an index, or as rare,
 * an average over all of its values would say nothing.
 */
static bool
pays(OlapNarrow *narrow, const OlapColumnTest *test, const OlapSegPart *part, uint32 n,
	 const OlapRowSet *among)
{
	double		rows = test->values_found <= 0 ? 0 :
		n * test->rows_found / test->values_found;
	double		buckets = 1 << part->bits;
	double		visited = part->length * (1 - exp(-(double) n / buckets));
	double		cost = olap_segment_bitmap_work(part, n) + visited / BLCKSZ * OLAP_NARROW_BUCKET_WORK;

	return (test->values_found <= 0 ? FIRST_PART : 1) * saving(narrow, rows, among) > cost;
}

/* What looking n values up told: rows, if some was found. */
static void
note_found(OlapColumnTest *test, uint32 n, const OlapRowSet *rows)
{
	test->values_found += n;
	test->rows_found += rows == NULL ? 0 : olap_rows_count(rows);
	test->in_vain = 0;
}

/* It told nothing, or was not worth it: try again with less prejudice, but later. */
static void
note_in_vain(OlapColumnTest *test)
{
	test->rows_found /= 2;
	if (++test->in_vain >= IN_VAIN)
		test->resting = Min(1 << Min(test->in_vain, 16), MAX_REST);
}

/* ---- asking ---- */

static void
note_index(OlapNarrow *narrow, int col, uint64 bytes)
{
	OlapScanStats *stats = narrow->stats;

	narrow->read = true;
	stats->bytes_indexes += bytes;
	olap_scan_note_index(stats, col + 1);
}

static OlapRowsAnswer
find_hashes(OlapNarrow *narrow, const OlapSegPart *part, const uint64 *hashes,
			uint32 n, OlapRowSet *rows)
{
	uint64		before = olap_segment_bytes_read(narrow->segment);
	OlapBitmapAnswer answer = olap_segment_find_rows(narrow->segment, part,
													 hashes, n, rows);

	note_index(narrow, part->col, olap_segment_bytes_read(narrow->segment) - before);
	return answer == OLAP_BITMAP_MANY ? OLAP_ROWS_ALL :
		answer == OLAP_BITMAP_NONE ? OLAP_ROWS_NONE : OLAP_ROWS_SOME;
}

static int
compare_hashes(const void *a, const void *b)
{
	uint64		x = *(const uint64 *) a;
	uint64		y = *(const uint64 *) b;

	return x < y ? -1 : x > y;
}

/*
 * The hashes of the column's values that pass, ascending, or false if the values
 * cannot be had, or are too many.
 */
static bool
test_values(OlapNarrow *narrow, OlapColumnTest *test, const OlapSegPart *part,
			uint64 **hashes, uint32 *n)
{
	uint32		max = olap_segment_rowgroup_rows(narrow->segment, narrow->rg) / OLAP_NARROW_VALUES_PART;
	const OlapVector *values;

	values = olap_segment_chunk_values(narrow->segment, test->col, narrow->rg,
									   test->bounds_kind, test->scale, test->lo,
									   test->hi, max);
	if (values == NULL)
		return false;
	*hashes = palloc(Max(values->n, 1) * sizeof(uint64));
	*n = olap_column_test_hashes(test, values, part->hash, *hashes);
	qsort(*hashes, *n, sizeof(uint64), compare_hashes);
	return true;
}

/* The rows that are not NULL and pass. */
static OlapRowsAnswer
find_values(OlapNarrow *narrow, OlapColumnTest *test, const OlapRowSet *among,
			OlapRowSet *rows)
{
	const OlapSegPart *part;
	OlapRowsAnswer answer;
	uint64	   *hashes = test->hashes;
	uint32		n = test->nhashes;

	if (test->listed && n == 0)
		return OLAP_ROWS_NONE;
	if (test->resting > 0)
	{
		test->resting--;
		return OLAP_ROWS_ALL;
	}
	part = olap_segment_bitmap(narrow->segment, test->col, narrow->rg);
	if (part == NULL || part->state != OLAP_PART_BUILT)
		return OLAP_ROWS_ALL;
	if (test->listed)
	{
		if (!olap_bloom_fits(test->kind, part->hash))
			return OLAP_ROWS_ALL;
		if (n <= OLAP_BITMAP_MAX_PROBES)
			return find_hashes(narrow, part, hashes, n, rows);
	}
	else if (!test_values(narrow, test, part, &hashes, &n))
	{
		note_in_vain(test);
		return OLAP_ROWS_ALL;
	}
	if (n == 0)
	{
		note_index(narrow, test->col, 0);
		return OLAP_ROWS_NONE;
	}
	answer = pays(narrow, test, part, n, among) ?
		find_hashes(narrow, part, hashes, n, rows) : OLAP_ROWS_ALL;
	if (answer == OLAP_ROWS_ALL)
		note_in_vain(test);
	else
		note_found(test, n, answer == OLAP_ROWS_SOME ? rows : NULL);
	return answer;
}

/*
 * The rows that are NULL, or those that are not, are few: add them.  False: they are
 * not, or it does not pay.
 */
static bool
find_nulls(OlapNarrow *narrow, const OlapColumnTest *test, uint32 n,
		   const OlapRowSet *among, OlapRowSet *rows)
{
	if (saving(narrow, n, among) <= NULLS_WORK)
		return false;
	olap_segment_find_nulls(narrow->segment, test->col, narrow->rg, test->nulls, rows);
	note_index(narrow, test->col, 0);
	return true;
}

static OlapRowsAnswer
answer_column(OlapNarrow *narrow, OlapColumnTest *test, const OlapRowSet *among,
			  OlapRowSet *rows)
{
	uint32		nrows = olap_segment_rowgroup_rows(narrow->segment, narrow->rg);
	const OlapZone *zone = olap_segment_zone(narrow->segment, test->col, narrow->rg);
	OlapZoneMatch match;
	OlapRowsAnswer answer;
	uint32		nulls;

	if (zone == NULL ||
		!olap_segment_nulls(narrow->segment, test->col, narrow->rg, &nulls, &narrow->length))
		return OLAP_ROWS_ALL;
	match = olap_column_test_probe(test, zone);
	if (match != OLAP_MATCH_SOME)
		return match == OLAP_MATCH_NONE ? OLAP_ROWS_NONE : OLAP_ROWS_ALL;
	if (!olap_guc_enable_bitmap)
		return OLAP_ROWS_ALL;
	/* of NULLs that are common no rows are listed either */
	if (test->nulls && (uint64) nulls * OLAP_BITMAP_COMMON > nrows)
		return OLAP_ROWS_ALL;
	answer = find_values(narrow, test, among, rows);
	if (answer == OLAP_ROWS_ALL)
		/* a test that is not true of NULL leaves the others at most */
		return !test->nulls && find_nulls(narrow, test, nrows - nulls, among, rows) ?
			OLAP_ROWS_SOME : OLAP_ROWS_ALL;
	if (!test->nulls || nulls == 0)
		return answer;
	return find_nulls(narrow, test, nulls, among, rows) ? OLAP_ROWS_SOME : OLAP_ROWS_ALL;
}

/* OlapAskColumn.  There may be thousands: what one took is given back before the next. */
static OlapRowsAnswer
ask_column(void *arg, OlapColumnTest *test, const OlapRowSet *among, OlapRowSet *rows)
{
	OlapNarrow *narrow = arg;
	OlapRowsAnswer answer;

	answer = answer_column(narrow, test, among, rows);
	MemoryContextReset(narrow->temp);
	return answer;
}

static void
keep_answer(OlapNarrow *narrow, uint64 unit, OlapRowsAnswer answer)
{
	uint32		n = answer == OLAP_ROWS_SOME ? narrow->n : 0;
	Kept	   *kept;

	if (n > KEEP_ROWS || narrow->total + n > KEEP_TOTAL)
		return;
	if (narrow->kept == NULL)
		narrow->kept = MemoryContextAllocExtended(narrow->cxt,
												  narrow->nunits * sizeof(Kept *),
												  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	kept = MemoryContextAlloc(narrow->cxt, offsetof(Kept, rows) + n * sizeof(uint16));
	kept->answer = answer;
	kept->n = 0;
	for (uint32 i = n == 0 ? OLAP_BITMAP_WORDS : olap_rows_next_word(narrow->set, 0);
		 i < OLAP_BITMAP_WORDS; i = olap_rows_next_word(narrow->set, i + 1))
		for (uint64 word = narrow->set->words[i]; word != 0; word &= word - 1)
			kept->rows[kept->n++] = (uint16) (i * 64 + pg_rightmost_one_pos64(word));
	narrow->kept[unit] = kept;
	narrow->total += n;
}

static OlapRowsAnswer
recall(OlapNarrow *narrow, const Kept *kept)
{
	if (kept->answer != OLAP_ROWS_SOME)
		return kept->answer;
	if (narrow->recalled == NULL)
		narrow->recalled = MemoryContextAllocZero(narrow->cxt, sizeof(OlapRowSet));
	narrow->set = narrow->recalled;
	olap_rows_clear(narrow->set);
	for (uint32 i = 0; i < kept->n; i++)
		olap_rows_add(narrow->set, kept->rows[i]);
	narrow->n = kept->n;
	return OLAP_ROWS_SOME;
}

OlapRowsAnswer
olap_narrow_ask(OlapNarrow *narrow, OlapSegment *segment, int rg, uint64 unit,
				bool keep, OlapScanStats *stats, bool *read)
{
	OlapRowsAnswer answer;
	MemoryContext old;

	Assert(unit < narrow->nunits);
	*read = true;
	if (narrow->kept != NULL && narrow->kept[unit] != NULL)
		return recall(narrow, narrow->kept[unit]);
	narrow->segment = segment;
	narrow->rg = rg;
	narrow->stats = stats;
	narrow->read = false;
	old = MemoryContextSwitchTo(narrow->temp);
	answer = olap_row_tests_ask(narrow->tests, ask_column, narrow, &narrow->set,
								&narrow->n);
	MemoryContextSwitchTo(old);
	*read = narrow->read;
	if (keep)
		keep_answer(narrow, unit, answer);
	return answer;
}

const OlapRowSet *
olap_narrow_set(const OlapNarrow *narrow, uint32 *n)
{
	*n = narrow->n;
	return narrow->set;
}

/* ---- the rows of a vector ---- */

uint32
olap_rows_select(const OlapRowSet *rows, const uint64 *deleted, uint32 vector,
				 uint32 nrows, uint16 *sel)
{
	uint32		n = 0;

	for (uint32 first = 0; first < nrows; first += 64)
	{
		uint64		word = rows == NULL ? PG_UINT64_MAX :
			rows->words[vector * VECTOR_WORDS + first / 64];

		if (deleted != NULL)
			word &= ~deleted[first / 64];
		if (nrows - first < 64)
			word &= (UINT64CONST(1) << (nrows - first)) - 1;
		for (; word != 0; word &= word - 1)
			sel[n++] = (uint16) (first + pg_rightmost_one_pos64(word));
	}
	return n;
}

/*-------------------------------------------------------------------------
 *
 * narrow.c
 *		Which rows of a row group a scan's quals leave, by bitmap indexes.
 *
 * The quals are ANDed, so the rows that each of them finds are intersected. A scan
 * in the order of a column asks twice, before it knows whether it will come to a
 * row group and when it does; short answers are kept for that.
 *
 * src/table/narrow.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "base/guc.h"
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
	OlapNarrowAnswer answer;
	uint32		n;
	uint16		rows[FLEXIBLE_ARRAY_MEMBER];
} Kept;

struct OlapNarrow
{
	MemoryContext cxt;
	const OlapZoneQual *quals;
	int			nquals;
	uint64		nunits;
	Kept	  **kept;			/* [nunits]; NULL: nothing yet */
	uint64		total;			/* rows of all kept */
	uint32		n;				/* rows in set, if it is one */
	bool		set_dirty;		/* set, or found, has bits */
	bool		found_dirty;
	OlapRowSet	set;
	OlapRowSet	found;			/* by one qual */
};

OlapNarrow *
olap_narrow_create(const OlapZoneQual *quals, int nquals, uint64 nunits,
				   MemoryContext parent)
{
	MemoryContext cxt;
	OlapNarrow *narrow;
	bool		any = false;

	for (int q = 0; q < nquals; q++)
		any |= quals[q].op == OLAP_ZONE_EQ || quals[q].op == OLAP_ZONE_IN;
	if (!any || !olap_guc_enable_bitmap)
		return NULL;
	cxt = AllocSetContextCreate(parent, "olap bitmap indexes",
								ALLOCSET_SMALL_SIZES);
	narrow = MemoryContextAlloc(cxt, sizeof(OlapNarrow));
	memset(narrow, 0, offsetof(OlapNarrow, set));
	narrow->set_dirty = narrow->found_dirty = true;
	narrow->cxt = cxt;
	narrow->quals = quals;
	narrow->nquals = nquals;
	narrow->nunits = nunits;
	return narrow;
}

void
olap_narrow_free(OlapNarrow *narrow)
{
	MemoryContextDelete(narrow->cxt);
}

/* Intersect what the quals find; false if none of them finds anything out. */
static bool
probe(OlapNarrow *narrow, OlapSegment *segment, int rg)
{
	bool		known = false;

	narrow->n = 0;
	for (int q = 0; q < narrow->nquals; q++)
	{
		OlapRowSet *rows = known ? &narrow->found : &narrow->set;
		bool	   *dirty = known ? &narrow->found_dirty : &narrow->set_dirty;
		const OlapZoneQual *qual = &narrow->quals[q];
		bool		any;

		if (qual->op != OLAP_ZONE_EQ && qual->op != OLAP_ZONE_IN)
			continue;
		if (*dirty)
			memset(rows, 0, sizeof(*rows));
		*dirty = true;
		if (!olap_segment_find_rows(segment, qual, rg, rows, &any))
			continue;
		*dirty = any;
		known = true;
		narrow->n = 0;
		/* most row groups have none of the values: the set need not be looked at */
		if (!any)
			break;
		for (int i = 0; rows == &narrow->found && i < OLAP_BITMAP_WORDS; i++)
			narrow->set.words[i] &= rows->words[i];
		narrow->n = (uint32) pg_popcount((const char *) narrow->set.words,
										 sizeof(narrow->set));
		if (narrow->n == 0)
			break;
	}
	return known;
}

static void
keep_answer(OlapNarrow *narrow, uint64 unit, OlapNarrowAnswer answer)
{
	uint32		n = answer == OLAP_NARROW_SOME ? narrow->n : 0;
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
	for (int i = 0; n > 0 && i < OLAP_BITMAP_WORDS; i++)
		for (uint64 word = narrow->set.words[i]; word != 0; word &= word - 1)
			kept->rows[kept->n++] = (uint16) (i * 64 + pg_rightmost_one_pos64(word));
	narrow->kept[unit] = kept;
	narrow->total += n;
}

static OlapNarrowAnswer
recall(OlapNarrow *narrow, const Kept *kept)
{
	if (kept->answer != OLAP_NARROW_SOME)
		return kept->answer;
	memset(&narrow->set, 0, sizeof(narrow->set));
	narrow->set_dirty = true;
	for (uint32 i = 0; i < kept->n; i++)
		narrow->set.words[kept->rows[i] / 64] |= UINT64CONST(1) << kept->rows[i] % 64;
	narrow->n = kept->n;
	return OLAP_NARROW_SOME;
}

OlapNarrowAnswer
olap_narrow_ask(OlapNarrow *narrow, OlapSegment *segment, int rg, uint64 unit,
				bool keep)
{
	OlapNarrowAnswer answer;

	Assert(unit < narrow->nunits);
	if (narrow->kept != NULL && narrow->kept[unit] != NULL)
		return recall(narrow, narrow->kept[unit]);
	answer = !probe(narrow, segment, rg) ? OLAP_NARROW_ALL :
		narrow->n == 0 ? OLAP_NARROW_NONE : OLAP_NARROW_SOME;
	if (keep)
		keep_answer(narrow, unit, answer);
	return answer;
}

const OlapRowSet *
olap_narrow_set(const OlapNarrow *narrow, uint32 *n)
{
	*n = narrow->n;
	return &narrow->set;
}

/* ---- the rows of a vector ---- */

bool
olap_rows_empty(const OlapRowSet *rows, uint32 vector)
{
	const uint64 *words = rows->words + vector * VECTOR_WORDS;
	uint64		any = 0;

	for (int i = 0; i < VECTOR_WORDS; i++)
		any |= words[i];
	return any == 0;
}

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

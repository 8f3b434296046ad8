/*-------------------------------------------------------------------------
 *
 * narrow.h
 *		Which rows of a row group a scan's filter leaves, by bitmap indexes.
 *
 * src/table/narrow.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_NARROW_H
#define OLAP_NARROW_H

#include "index/row_tests.h"
#include "segment/segment.h"
#include "table/scan.h"

/*
 * Does asking pay?  Work is measured in visits of pages for a few bytes. Decoding and
 * filtering what a page of a column holds takes about as long as so many, ...
 */
#define OLAP_NARROW_PAGE_WORK 24.0
/* ... what a page of an index' buckets lists about so many, row for row. */
#define OLAP_NARROW_BUCKET_WORK 100.0
/* A column with more different values than a row in so many has is not asked one by one. */
#define OLAP_NARROW_VALUES_PART 8

typedef struct OlapNarrow OlapNarrow;

/* What the rows are tested for; all of it must stay as long as the narrow. */
typedef struct OlapNarrowSpec
{
	OlapExpr  **exprs;			/* [nexprs], ANDed */
	int			nexprs;
	const OlapZoneQual *quals;	/* [nquals], ANDed to them */
	int			nquals;
	const OlapColumnType *types;	/* [natts] */
	int			natts;
} OlapNarrowSpec;

/* NULL: nothing that an index or a zone could answer. */
extern OlapNarrow *olap_narrow_create(const OlapNarrowSpec *spec, uint64 nunits,
									  MemoryContext parent);
extern void olap_narrow_free(OlapNarrow *narrow);

/*
 * Ask about row group rg of segment, which is unit number `unit` of the scan.  The
 * set is the narrow's until the next call.  keep: the unit will be asked for again.
 * *read: more than zones was looked at.
 */
extern OlapRowsAnswer olap_narrow_ask(OlapNarrow *narrow, OlapSegment *segment,
									  int rg, uint64 unit, bool keep,
									  OlapScanStats *stats, bool *read);

/* The set after SOME, and the number of rows in it. */
extern const OlapRowSet *olap_narrow_set(const OlapNarrow *narrow, uint32 *n);

/*
 * The rows of a vector of nrows that are in the set (NULL: all) and not in the bits
 * deleted (NULL: none) into sel; returns how many.
 */
extern uint32 olap_rows_select(const OlapRowSet *rows, const uint64 *deleted,
							   uint32 vector, uint32 nrows, uint16 *sel);

#endif							/* OLAP_NARROW_H */

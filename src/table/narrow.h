/*-------------------------------------------------------------------------
 *
 * narrow.h
 *		Which rows of a row group a scan's quals leave, by bitmap indexes.
 *
 * src/table/narrow.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_NARROW_H
#define OLAP_NARROW_H

#include "index/bitmap.h"
#include "index/zone.h"
#include "segment/segment.h"

typedef struct OlapNarrow OlapNarrow;

/* NULL: no qual that an index could answer, or they are switched off. */
extern OlapNarrow *olap_narrow_create(const OlapZoneQual *quals, int nquals,
									  uint64 nunits, MemoryContext parent);
extern void olap_narrow_free(OlapNarrow *narrow);

typedef enum OlapNarrowAnswer
{
	OLAP_NARROW_ALL,			/* nothing is known */
	OLAP_NARROW_NONE,			/* no row matches */
	OLAP_NARROW_SOME			/* rows that are not in the set do not match */
} OlapNarrowAnswer;

/*
 * Look all quals up in row group rg of segment, which is unit number `unit` of the
 * scan.  The set is the narrow's until the next call.  keep: the unit will be
 * asked for again.
 */
extern OlapNarrowAnswer olap_narrow_ask(OlapNarrow *narrow, OlapSegment *segment,
										int rg, uint64 unit, bool keep);

/* The set after SOME, and the number of rows in it. */
extern const OlapRowSet *olap_narrow_set(const OlapNarrow *narrow, uint32 *n);

/* Has vector number `vector` no row in the set? */
extern bool olap_rows_empty(const OlapRowSet *rows, uint32 vector);

/*
 * The rows of a vector of nrows that are in the set (NULL: all) and not in the bits
 * deleted (NULL: none) into sel; returns how many.
 */
extern uint32 olap_rows_select(const OlapRowSet *rows, const uint64 *deleted,
							   uint32 vector, uint32 nrows, uint16 *sel);

#endif							/* OLAP_NARROW_H */

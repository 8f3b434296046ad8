/*-------------------------------------------------------------------------
 *
 * rownums.h
 *		Row numbers that are not one run: ranges, and finding a row by number.
 *
 * A segment written by a compaction holds rows in the order of its sort key,
 * with the row numbers they always had.  Where a number is, is found through a
 * map of a row group: its numbers in ascending order, each with its position.
 * Maps cost about a millisecond to make and are kept per backend, because many
 * callers (uniqueness checks, foreign keys) look up one row at a time.
 *
 * src/segment/rownums.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_ROWNUMS_H
#define OLAP_ROWNUMS_H

#include "segment/format.h"
#include "segment/segment.h"

/* The column type of stored row numbers. */
extern void olap_row_number_type(OlapColumnType *type);

/*
 * Ranges of virtual blocks that cover rows[n], ascending, at most
 * OLAP_SEG_MAX_RANGES; returns their number.  Sorts rows.
 */
extern int	olap_row_ranges(uint64 *rows, uint32 n, OlapSegRange *ranges);

/* Sort values that differ in few bits, in linear time; scratch[n]. */
extern void olap_sort_u64(uint64 *values, uint64 *scratch, uint32 n);

/*
 * Where row is in a numbered segment of rel: *index counts from the segment's
 * first row.  False if it is not there.
 */
extern bool olap_rownum_find(Relation rel, OlapSegment *segment,
							 const OlapDirEntry *entry, uint64 row,
							 uint32 *index);

/*
 * Can a numbered segment of rel hold rows of this virtual block?  Answered from
 * its ranges, which are kept as maps are.
 */
extern bool olap_rownum_covers(Relation rel, const OlapDirEntry *entry,
							   BlockNumber vblock);

/* Forget the maps of a relation file (its entry ids start anew). */
extern void olap_rownum_forget(Relation rel);

#endif							/* OLAP_ROWNUMS_H */

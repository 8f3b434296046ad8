/*-------------------------------------------------------------------------
 *
 * parts.h
 *		Sketches, blooms and bitmap indexes of a segment's columns: made with it,
 *		read from it.
 *
 * Which columns get them is what the table's options say at the time a segment
 * is written; compaction writes segments anew that lack some.
 *
 * src/segment/parts.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_SEGMENT_PARTS_H
#define OLAP_SEGMENT_PARTS_H

#include "index/bitmap.h"
#include "meta/options.h"
#include "segment/segment.h"
#include "sketch/hll.h"
#include "sketch/value_hash.h"

/* ---- making ---- */

typedef struct OlapParts OlapParts;

/* What options want for columns types[ncols]; NULL: nothing. */
extern OlapParts *olap_parts_create(const OlapOptions *options,
									const OlapColumnType *types, int ncols,
									MemoryContext cxt);

/* Take the next row group in; chunks are the descriptors of its columns. */
extern void olap_parts_add(OlapParts *parts, const OlapVector *cols,
						   const OlapSegChunk *chunks);

/* How many parts come out, after the last row group. */
extern uint32 olap_parts_count(OlapParts *parts);

/* The version of a segment that has them. */
extern uint32 olap_parts_version(const OlapParts *parts);

/*
 * Finish: descriptors[count] with offsets from the first part's first byte, and
 * the bytes.
 */
extern void olap_parts_finish(OlapParts *parts, OlapSegPart *descriptors,
							  OlapBytes *bytes);

/* ---- reading ---- */

/* Descriptors; NULL and 0 if there are none. */
extern const OlapSegPart *olap_segment_parts(OlapSegment *segment, int *n);

/*
 * Add the segment's sketch of a column to h.  False, and nothing done, if it
 * has none, or one of values hashed otherwise.
 *
 * A sketch is of all rows stored, deleted or not, visible or not: whoever uses
 * it knows that the snapshot sees all of them.
 */
extern bool olap_segment_hll(OlapSegment *segment, int col, OlapHashKind kind,
							 OlapHll *h);

/* Does the bloom of a chunk prove that no row of it matches qual? */
extern bool olap_segment_bloom_excludes(OlapSegment *segment,
										const OlapZoneQual *qual, int rg);

/* The bitmap index of a chunk; NULL if it has none. */
extern const OlapSegPart *olap_segment_bitmap(OlapSegment *segment, int col, int rg);

/* The work of getting at n values of it, in visits of pages for a few bytes. */
extern double olap_segment_bitmap_work(const OlapSegPart *part, uint32 n);

/*
 * Add the rows of hashes[n], which ascend, to *rows.  ROWS: of some of them; NONE:
 * no row has any; MANY: one is too common to be listed, and *rows is undefined.
 */
extern OlapBitmapAnswer olap_segment_find_rows(OlapSegment *segment,
											   const OlapSegPart *part,
											   const uint64 *hashes, uint32 n,
											   OlapRowSet *rows);

/* ---- what else tells rows without decoding: chunk_values.c ---- */

/*
 * How many rows of a chunk are NULL, and its bytes; false if the segment has no such
 * column.
 */
extern bool olap_segment_nulls(OlapSegment *segment, int col, int rg,
							   uint32 *nulls, uint32 *length);

/* Add the rows that are NULL, or those that are not, to *rows. */
extern void olap_segment_find_nulls(OlapSegment *segment, int col, int rg,
									bool nulls, OlapRowSet *rows);

/*
 * The different values of a chunk, and perhaps some that it does not have; of
 * numbers (kind INT, UINT, or DEC at this scale; NONE: of any) those from lo to hi.
 * Its dictionary, or numbers between the bounds of its zone, in CurrentMemoryContext.
 * NULL: there are more than max, or they cannot be told.
 */
extern const OlapVector *olap_segment_chunk_values(OlapSegment *segment, int col,
												   int rg, OlapZoneKind kind,
												   uint8 scale, int64 lo, int64 hi,
												   uint32 max);

/* Was the segment written before options wanted one of its parts? */
extern bool olap_segment_lacks_parts(OlapSegment *segment,
									 const OlapOptions *options);

#endif							/* OLAP_SEGMENT_PARTS_H */

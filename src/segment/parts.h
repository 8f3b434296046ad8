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

/*
 * Which rows of a chunk may match qual, by its bitmap index: added to *rows, zeros
 * at first.  False, and *rows undefined, if there is none for such a qual or all may.
 * *any: some row was added.
 */
extern bool olap_segment_find_rows(OlapSegment *segment,
								   const OlapZoneQual *qual, int rg,
								   OlapRowSet *rows, bool *any);

/* Was the segment written before options wanted one of its parts? */
extern bool olap_segment_lacks_parts(OlapSegment *segment,
									 const OlapOptions *options);

#endif							/* OLAP_SEGMENT_PARTS_H */

/*-------------------------------------------------------------------------
 *
 * segment.h
 *		Write and read segments: immutable column chunks by row group.
 *
 * A segment's extent is one byte stream over its pages' payloads: a header
 * (fixed part, one descriptor a column, one a chunk with its zone), then the
 * chunks, column by column, so that a query reads a column's bytes in one go.
 * docs/format.md has the bytes.
 *
 * src/segment/segment.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_SEGMENT_H
#define OLAP_SEGMENT_H

#include "base/stopwatch.h"
#include "codec/codec.h"
#include "index/zone.h"
#include "meta/options.h"
#include "segment/directory.h"
#include "segment/format.h"
#include "sketch/distinct.h"

#define OLAP_SEGMENT_MAX_ROWGROUPS 16
#define OLAP_SEGMENT_MAX_ROWS (OLAP_SEGMENT_MAX_ROWGROUPS * OLAP_ROWGROUP_ROWS)

/* ---- writing ---- */

typedef struct OlapSegmentBuilder OlapSegmentBuilder;

/*
 * Start a segment of columns types[ncols] (dropped columns take no space), with
 * the sketches that options want.  All memory is in a context below parent.
 */
extern OlapSegmentBuilder *olap_segment_builder_create(const OlapColumnType *types,
													   int ncols,
													   const OlapOptions *options,
													   MemoryContext parent);

/*
 * Encode cols[ncols], nrows rows each (1 .. OLAP_ROWGROUP_ROWS), as the next
 * row group.  The vectors stay the caller's.
 */
extern void olap_segment_builder_add(OlapSegmentBuilder *builder,
									 const OlapVector *cols, uint32 nrows);

/*
 * The same for rows that have numbers already, rows[nrows], in any order. All
 * row groups of a segment are added one way.
 */
extern void olap_segment_builder_add_numbered(OlapSegmentBuilder *builder,
											  const OlapVector *cols,
											  const uint64 *rows, uint32 nrows);

/*
 * Row groups that are encoded elsewhere (encoder.h): may it have some (no parts,
 * no row numbers)?  Of which types; how many are not back yet.
 */
extern bool olap_segment_builder_plain(const OlapSegmentBuilder *builder);
extern const OlapColumnType *olap_segment_builder_types(const OlapSegmentBuilder *builder,
														int *ncols);
extern int	olap_segment_builder_pending(const OlapSegmentBuilder *builder);

/* For the encoder: one more is pending; one less, which is added next. */
extern void olap_segment_builder_hand_over(OlapSegmentBuilder *builder);
extern void olap_segment_builder_came_back(OlapSegmentBuilder *builder);

/*
 * Add one that came back, encoded (chunks[ncols] with offsets in bytes) or raw;
 * later ones may be pending still.
 */
extern void olap_segment_builder_take(OlapSegmentBuilder *builder,
									  const OlapSegChunk *chunks,
									  const uint8 *bytes, uint32 nrows);
extern void olap_segment_builder_take_raw(OlapSegmentBuilder *builder,
										  const OlapVector *cols, uint32 nrows);

/* Rows of all row groups that are not pending. */
extern uint32 olap_segment_builder_rows(const OlapSegmentBuilder *builder);
extern size_t olap_segment_builder_memory(const OlapSegmentBuilder *builder);

/*
 * Write the segment: entry, pages, zone pages, then mark it complete.
 *
 * In:	*entry with xmin, cmin, time bounds and flag OUTPUT set (an output is
 *		not counted in the metapage's hints: its rows were before).  If ref is not NULL the
 *		entry stands already at *ref with its row numbers reserved (nvblocks
 *		at least enough), else one is inserted.
 * Out: *entry as written.  Returns where it is.
 */
extern OlapDirRef olap_segment_builder_write(OlapSegmentBuilder *builder,
											 Relation rel, OlapDirEntry *entry,
											 const OlapDirRef *ref);

extern void olap_segment_builder_free(OlapSegmentBuilder *builder);

/* ---- reading ---- */

typedef struct OlapSegment OlapSegment;

/*
 * Open a complete segment.  Reads and validates its header only.  All memory
 * is in a context below parent.  natts: columns the table has now.
 * Errors: ERRCODE_DATA_CORRUPTED naming segment and table.
 */
extern OlapSegment *olap_segment_open(Relation rel, const OlapDirEntry *entry,
									  MemoryContext parent,
									  BufferAccessStrategy strategy);

extern void olap_segment_close(OlapSegment *segment);

/* Its number in the directory, not 0. */
extern uint32 olap_segment_id(const OlapSegment *segment);

extern int	olap_segment_rowgroups(const OlapSegment *segment);
/* Rows of a row group, and the index of its first row in the segment. */
extern uint32 olap_segment_rowgroup_rows(const OlapSegment *segment, int rg);
extern uint32 olap_segment_rowgroup_first(const OlapSegment *segment, int rg);

/* Columns stored; columns from there on were added to the table later. */
extern int	olap_segment_ncols(const OlapSegment *segment);

/* Does the segment store row numbers (entry flag ROWNUMS)? */
extern bool olap_segment_numbered(const OlapSegment *segment);

/*
 * The row numbers of vector vecno of row group rg into rows[OLAP_VECTOR_ROWS];
 * returns how many there are.  Only for numbered segments; numbers outside the
 * entry's range are corruption.
 */
extern uint32 olap_segment_row_numbers(OlapSegment *segment, int rg,
									   uint32 vecno, uint64 *rows);

/*
 * The ranges of virtual blocks that a numbered segment has rows of,
 * ascending; NULL if it is not numbered.
 */
extern const OlapSegRange *olap_segment_ranges(const OlapSegment *segment,
													  int *nranges);

/* ... and row group rg this row? */
extern bool olap_segment_rowgroup_covers(const OlapSegment *segment, int rg,
										 uint64 row);

/* The type a column was stored with (dropped = true: it holds nothing). */
extern const OlapColumnType *olap_segment_type(const OlapSegment *segment, int col);

/* Zone of a chunk; NULL if the segment has no such column. */
extern const OlapZone *olap_segment_zone(const OlapSegment *segment, int col,
										 int rg);

/* Encoding and sizes of a chunk; false if there is none. */
extern bool olap_segment_chunk_info(OlapSegment *segment, int col, int rg,
									OlapEncoding *encoding, uint32 *stored,
									uint64 *raw);

/*
 * About how many distinct values a chunk has, and what counts them together
 * with those of other chunks, added to *kept.
 */
extern uint32 olap_segment_distinct(OlapSegment *segment, int col, int rg,
									OlapDistinctKept *kept);

/*
 * The opened chunk of (col, rg), NULL if the segment has no such column or it
 * was dropped when written.  Stays open until olap_segment_release().
 * Errors: ERRCODE_DATA_CORRUPTED.
 */
extern OlapChunk *olap_segment_chunk(OlapSegment *segment, int col, int rg);

/* Decode vector vecno of a chunk into out; corruption is an error. */
extern void olap_segment_decode(OlapSegment *segment, int col, int rg,
								uint32 vecno, OlapVector *out);

/* Likewise olap_chunk_decodes_rows() and olap_chunk_decode_rows(). */
extern bool olap_segment_decodes_rows(OlapSegment *segment, int col, int rg,
									  uint32 n);
extern void olap_segment_decode_rows(OlapSegment *segment, int col, int rg,
									 uint32 vecno, const uint16 *rows,
									 uint32 n, OlapVector *out);

/*
 * Columns needed[ncols] (NULL: all) of a row will be decoded so, with the segment set
 * sparse: open their chunks and let what is far away come meanwhile.
 */
extern void olap_segment_expect_row(OlapSegment *segment, int rg, uint32 row,
									const bool *needed, int ncols);

/*
 * Likewise olap_chunk_decode_codes() (false: the chunk has no dictionary) and
 * olap_chunk_fill_values().
 */
extern bool olap_segment_decode_codes(OlapSegment *segment, int col, int rg,
									  uint32 vecno, OlapVector *out);
extern void olap_segment_fill_values(OlapSegment *segment, int col, int rg,
									 OlapVector *out);

/*
 * From now on few rows of a row group are (or are not) wanted: what is read of a
 * chunk is then little more than what is decoded, instead of pages.
 */
extern void olap_segment_set_sparse(OlapSegment *segment, bool sparse);

/* Close all chunks of row group rg, or of all row groups but rg. */
extern void olap_segment_release(OlapSegment *segment, int rg);
extern void olap_segment_release_others(OlapSegment *segment, int rg);

/*
 * As long as this number is the same, so are the chunks of row group rg, and
 * their dictionaries where they were; no other row group ever has it.
 */
extern uint64 olap_segment_serial(const OlapSegment *segment, int rg);

/* Add the chunks opened since the last call, by encoding, to sums[OLAP_ENC_MAX + 1]. */
extern void olap_segment_take_opened(OlapSegment *segment, uint64 *sums);

/* Bytes of chunks read so far. */
extern uint64 olap_segment_bytes_read(const OlapSegment *segment);

/* From now on add the reading of pages to times (NULL: no longer), the caller's. */
extern void olap_segment_measure(OlapSegment *segment, OlapScanTimes *times);

/*
 * Read everything of a segment and compare what the header and zones claim
 * with the data; ERROR at the first fault.
 */
extern void olap_segment_verify(Relation rel, const OlapDirEntry *entry);

#endif							/* OLAP_SEGMENT_H */

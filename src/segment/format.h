/*-------------------------------------------------------------------------
 *
 * format.h
 *		On-disk structs of a segment's header.
 *
 * A segment's extent is one byte stream over its pages' payloads:
 *
 *		OlapSegHeader
 *		OlapSegColumn[ncols]
 *		uint32 rows[nrowgroups], padded with zeros to a multiple of 8 bytes
 *		OlapSegChunk[ncols][nrowgroups]
 *		OlapSegRange[nranges]
 *		OlapSegPartCount, OlapSegPart[n] (from version 3 on)
 *		chunk bytes, column by column, row group by row group, without gaps
 *		bytes of parts, in the order of their descriptors, without gaps
 *
 * Chunk descriptors are column-major so that a reader of few columns of a wide
 * table reads few of them.
 *
 * A segment that a compaction wrote stores its row numbers (version 2): they
 * are one more column behind the table's own, in the order of the rows, and
 * the ranges say which virtual blocks they are in, so that a search by TID
 * can pass a segment by without reading them.
 *
 * What is kept about the values of columns beyond zones are parts: sketches,
 * blooms and bitmap indexes for the columns that options name. A segment that has some is of
 * version 3, or 4 if bitmap indexes are among them, with or without row numbers.
 *
 * All integers are in the server's byte order;
 * docs/format.md is the specification.
 *
 * src/segment/format.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_SEGMENT_FORMAT_H
#define OLAP_SEGMENT_FORMAT_H

#include "index/zone.h"
#include "sketch/distinct.h"

#define OLAP_SEG_MAGIC 0x47455351	/* "QSEG" */
#define OLAP_SEG_VERSION 1
#define OLAP_SEG_VERSION_ROWNUMS 2
#define OLAP_SEG_VERSION_PARTS 3
#define OLAP_SEG_VERSION_BITMAPS 4
/* More columns than any PostgreSQL table can have. */
#define OLAP_SEG_MAX_COLUMNS 1664
/* Ranges of virtual blocks that a segment lists; the closest are joined. */
#define OLAP_SEG_MAX_RANGES 512

typedef struct OlapSegHeader
{
	uint32		magic;
	uint32		version;
	uint32		id;				/* of the directory entry */
	uint32		header_len;		/* bytes before the first chunk */
	uint32		ncols;
	uint32		nrowgroups;
	uint32		nrows;			/* of all row groups */
	uint32		nranges;		/* 0: row numbers are those of the entry */
	uint64		total_len;		/* bytes of header and chunks */
} OlapSegHeader;

#define OLAP_SEGCOL_DROPPED 0x01	/* dropped when written: has no chunks */
#define OLAP_SEGCOL_BYVAL 0x02
#define OLAP_SEGCOL_ROWNUMS 0x04	/* row numbers: the last column, hidden */

typedef struct OlapSegColumn
{
	Oid			typid;
	int32		typmod;
	Oid			collation;
	int16		typlen;
	uint16		width;			/* bytes a value in a vector */
	uint8		phys;			/* OlapPhys that the type prefers */
	uint8		scale;
	char		typalign;
	uint8		flags;
	uint32		unused;
} OlapSegColumn;

typedef struct OlapSegChunk
{
	uint64		offset;			/* from the start of the segment */
	uint32		length;			/* bytes; 0: the column has no chunk */
	uint32		distinct;		/* values, estimated */
	uint64		raw_bytes;		/* before encoding */
	uint32		nulls;
	uint8		encoding;		/* OlapEncoding */
	uint8		phys;			/* of this chunk's values */
	uint8		scale;
	uint8		unused;
	OlapZone	zone;
	OlapDistinctPacked sketch;	/* for distinct values of several chunks */
	uint8		unused2[7];
} OlapSegChunk;

/* Virtual blocks [first, first + n). */
typedef struct OlapSegRange
{
	uint32		first;
	uint32		n;
} OlapSegRange;

/* What a part is.  On disk: never renumber. */
typedef enum OlapPartKind
{
	OLAP_PART_HLL = 1,			/* olap_hll_store() of a column of the segment */
	OLAP_PART_BLOOM = 2,		/* olap_bloom_add() of a chunk */
	OLAP_PART_BITMAP = 3		/* olap_bitmap_build() of a chunk */
} OlapPartKind;

/* Whether it was built, or why not.  Likewise. */
typedef enum OlapPartState
{
	OLAP_PART_BUILT = 0,
	OLAP_PART_TYPE = 1,			/* the type has no hash of ours */
	OLAP_PART_FEW_VALUES = 2,	/* it would hardly exclude anything */
	OLAP_PART_ORDERED = 3		/* zones exclude nearly as much */
} OlapPartState;

#define OLAP_PART_KIND_MAX OLAP_PART_BITMAP
#define OLAP_PART_STATE_MAX OLAP_PART_ORDERED
#define OLAP_PART_WHOLE 0xFFFF	/* of all row groups */

/* Parts ascend by kind, column, row group. */
typedef struct OlapSegPart
{
	uint8		kind;			/* OlapPartKind */
	uint8		state;			/* OlapPartState */
	uint8		hash;			/* OlapHashKind of the values */
	uint8		bits;			/* log2 of the buckets (bitmaps) */
	uint16		col;
	uint16		rowgroup;
	uint32		length;			/* bytes; 0 if it was not built */
	uint32		values;			/* different ones, about; 0 of sketches */
	uint64		offset;			/* from the start of the segment */
} OlapSegPart;

typedef struct OlapSegPartCount
{
	uint32		n;
	uint32		unused;
} OlapSegPartCount;

/* Is vblock in one of ranges[n], which ascend? */
static inline bool
olap_seg_in_ranges(const OlapSegRange *ranges, int n, uint32 vblock)
{
	int			low = 0,
				high = n;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (vblock < ranges[middle].first)
			high = middle;
		else if (vblock - ranges[middle].first >= ranges[middle].n)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

StaticAssertDecl(sizeof(OlapSegPart) == 24, "OlapSegPart is part of the format");
StaticAssertDecl(sizeof(OlapSegPartCount) == 8, "OlapSegPartCount is part of the format");
StaticAssertDecl(sizeof(OlapSegRange) == 8, "OlapSegRange is part of the format");
StaticAssertDecl(sizeof(OlapSegHeader) == 40, "OlapSegHeader is part of the format");
StaticAssertDecl(sizeof(OlapSegColumn) == 24, "OlapSegColumn is part of the format");
StaticAssertDecl(sizeof(OlapSegChunk) == 168, "OlapSegChunk is part of the format");

/* Offsets within a header. */
static inline uint64
olap_seg_rows_offset(uint32 ncols)
{
	return sizeof(OlapSegHeader) + (uint64) ncols * sizeof(OlapSegColumn);
}

static inline uint64
olap_seg_chunks_offset(uint32 ncols, uint32 nrowgroups)
{
	return olap_seg_rows_offset(ncols) +
		TYPEALIGN(8, (uint64) nrowgroups * sizeof(uint32));
}

static inline uint64
olap_seg_ranges_offset(uint32 ncols, uint32 nrowgroups)
{
	return olap_seg_chunks_offset(ncols, nrowgroups) +
		(uint64) ncols * nrowgroups * sizeof(OlapSegChunk);
}

/* Of the count of parts, in version 3; the end of the header in the others. */
static inline uint64
olap_seg_parts_offset(uint32 ncols, uint32 nrowgroups, uint32 nranges)
{
	return olap_seg_ranges_offset(ncols, nrowgroups) +
		(uint64) nranges * sizeof(OlapSegRange);
}

static inline uint64
olap_seg_header_len(uint32 ncols, uint32 nrowgroups, uint32 nranges,
					uint32 nparts)
{
	return olap_seg_parts_offset(ncols, nrowgroups, nranges) +
		(nparts == 0 ? 0 : sizeof(OlapSegPartCount) +
		 (uint64) nparts * sizeof(OlapSegPart));
}

#endif							/* OLAP_SEGMENT_FORMAT_H */

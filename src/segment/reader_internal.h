/*-------------------------------------------------------------------------
 *
 * reader_internal.h
 *		What the files that read segments share.
 *
 * src/segment/reader_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_READER_INTERNAL_H
#define OLAP_READER_INTERNAL_H

#include "base/compat.h"
#include "segment/format.h"
#include "segment/segment.h"

/* Chunks of one row group that are open. */
typedef struct RowGroup
{
	uint32		rows;
	uint32		first;			/* index of its first row in the segment */
	MemoryContext cxt;			/* NULL: no chunk is open */
	OlapChunk **chunks;			/* [ncols], in cxt */
	uint64		serial;			/* another one after every release */
} RowGroup;

/* Bytes of the header that are on one page. */
typedef struct OlapHeaderPage
{
	uint8	   *bytes;			/* NULL: none are read */
	uint64		page;
} OlapHeaderPage;

/* A page that stays pinned. */
typedef struct OlapHeldPage
{
	Buffer		buffer;			/* InvalidBuffer: none */
	uint64		page;			/* of the segment's */
	uint64		used;
} OlapHeldPage;

#define OLAP_HELD_PAGES 8

struct OlapSegment
{
	Relation	rel;
	OlapDirEntry entry;
	MemoryContext cxt;
	BufferAccessStrategy strategy;
	OlapHeaderPage head[2];		/* the first page, another one */
	OlapSegHeader header;
	int			ncols;			/* of the table: without row numbers */
	OlapColumnType *types;		/* [header.ncols] */
	OlapSegChunk **descs;		/* likewise, each [nrowgroups]; NULL: not read */
	OlapSegRange *ranges;		/* [header.nranges] */
	uint32		nparts;
	OlapSegPart *parts;			/* [nparts]; NULL: not read */
	uint8	   *bucket;			/* scratch of bitmap indexes */
	Size		bucket_size;
	uint8	   *ends;			/* the same */
	Size		ends_size;
	bool		sparse;			/* few rows of a row group are wanted */
	OlapHeldPage held[OLAP_HELD_PAGES]; /* of who reads so */
	int			nopen;			/* row groups that have chunks open */
	uint64		held_clock;		/* 0: none is held */
	MemoryContextCallback held_callback;
	OlapVector	numbers;		/* scratch for row numbers; values NULL: none */
	RowGroup	rowgroups[OLAP_SEGMENT_MAX_ROWGROUPS];
	uint64		bytes_read;
	OlapScanTimes *times;		/* NULL: nobody measures */
	uint64		opened[OLAP_ENC_MAX + 1];	/* chunks, by encoding */
};

/* The segment does not hold what its header says; detail as a format. */
pg_noreturn extern void olap_segment_corrupted(const OlapSegment *s,
											   const char *format,...)
			pg_attribute_printf(2, 3);

#define CORRUPTED(segment, ...) \
	olap_segment_corrupted((segment), __VA_ARGS__)

/* Bytes of the segment, which are within its extent or corruption. */
extern void olap_segment_read(OlapSegment *s, uint64 offset, uint64 len,
							  void *dst);

/*
 * The same, and the pages stay pinned, as far as there is place for them, until they
 * are let go: with the row group, and before the caller's resource owner is another.
 */
extern void olap_segment_read_held(OlapSegment *s, uint64 offset, uint64 len,
								   uint8 *dst);
extern void olap_segment_let_go(OlapSegment *s);

/* These bytes will be read soon: a hint. */
extern void olap_segment_expect(OlapSegment *s, uint64 offset, size_t len);

/* Before any of it, once. */
extern void olap_segment_prepare_held(OlapSegment *s);

/* Memory for len bytes of a chunk of which little is read, as long as group->cxt. */
extern uint8 *olap_sparse_room(RowGroup *group, size_t len);

/*
 * The same for what is in the header: with the first bytes of a page of it all of
 * them are read, for what is small and asked for one by one.
 */
extern void olap_segment_read_header(OlapSegment *s, uint64 offset, uint64 len,
									 void *dst);

/* Read the header's fixed part, columns, row groups and ranges of row numbers, checked. */
extern void olap_segment_check_header(OlapSegment *s);

/*
 * Descriptors of a column's chunks, of the hidden column of row numbers as well;
 * NULL if the segment does not have the column.
 */
extern const OlapSegChunk *olap_segment_descs(const OlapSegment *s, int col);

/* Descriptors of the parts, checked; NULL if there are none. */
extern const OlapSegPart *olap_segment_part_descs(OlapSegment *s);

#endif							/* OLAP_READER_INTERNAL_H */

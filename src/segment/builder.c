/*-------------------------------------------------------------------------
 *
 * builder.c
 *		Encode row groups and write them as one segment.
 *
 * Chunks are encoded as their row group comes, into one byte string a column,
 * so a segment in the making costs its encoded size and not its raw one, and
 * is written without ever being copied into one piece.
 *
 * Row groups that another process encodes (encoder.c) are taken in as they come
 * back.  One that failed half way leaves a builder that refuses to go on: the
 * error may have been caught by somebody who knows nothing of it.
 *
 * Order of writing (protocol: I4): entry, extent, zone pages, "complete".  A
 * crash or an abort in between leaves an entry that says what it is.
 *
 * src/segment/builder.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "segment/encode_internal.h"
#include "segment/encoder.h"
#include "segment/format.h"
#include "segment/parts.h"
#include "segment/rownums.h"
#include "segment/segment.h"

struct OlapSegmentBuilder
{
	MemoryContext cxt;
	int			ncols;			/* of the table */
	int			stored;			/* ncols, one more with row numbers */
	int			nrowgroups;
	int			pending;		/* row groups handed over, not back yet */
	bool		adding;			/* within a row group, or stopped there */
	MemoryContextCallback gone;
	uint32		nrows;
	uint64		raw_bytes;
	OlapColumnType *types;		/* [ncols + 1], as are the next four */
	OlapBytes  *bytes;			/* chunks of all row groups */
	OlapSegChunk *chunks;		/* [nrowgroups][]; offset: in the column */
	OlapZone   *zones;			/* of the whole segment */
	OlapParts  *parts;			/* NULL: none */
	OlapBytes	part_bytes;
	uint64	   *numbers;		/* [nrows] row numbers; NULL: consecutive */
	uint32		rows[OLAP_SEGMENT_MAX_ROWGROUPS];
};

static void
forget_pending(void *arg)
{
	OlapSegmentBuilder *b = arg;

	if (b->pending > 0)
		olap_encoder_forget(b);
}

OlapSegmentBuilder *
olap_segment_builder_create(const OlapColumnType *types, int ncols,
							const OlapOptions *options, MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "olap segment builder",
											  ALLOCSET_DEFAULT_SIZES);
	OlapSegmentBuilder *b = MemoryContextAllocZero(cxt, sizeof(*b));
	Size		n = ncols + 1;

	if (ncols < 0 || ncols > OLAP_SEG_MAX_COLUMNS)
		elog(ERROR, "a segment cannot have %d columns", ncols);
	b->cxt = cxt;
	b->gone.func = forget_pending;
	b->gone.arg = b;
	MemoryContextRegisterResetCallback(cxt, &b->gone);
	b->ncols = b->stored = ncols;
	b->types = MemoryContextAllocZero(cxt, n * sizeof(OlapColumnType));
	if (ncols > 0)
		memcpy(b->types, types, ncols * sizeof(OlapColumnType));
	olap_row_number_type(&b->types[ncols]);
	b->bytes = MemoryContextAlloc(cxt, n * sizeof(OlapBytes));
	for (Size i = 0; i < n; i++)
		olap_bytes_init(&b->bytes[i], cxt);
	b->chunks = MemoryContextAllocHuge(cxt, n * sizeof(OlapSegChunk));
	b->zones = MemoryContextAllocZero(cxt, n * sizeof(OlapZone));
	b->parts = olap_parts_create(options, types, ncols, cxt);
	olap_bytes_init(&b->part_bytes, cxt);
	return b;
}

/* Count a chunk in that is the builder's now. */
static void
count_chunk(OlapSegmentBuilder *b, int col, const OlapSegChunk *chunk)
{
	if (b->types[col].dropped)
		return;
	b->raw_bytes += chunk->raw_bytes;
	if (b->nrowgroups == 0)
		b->zones[col] = chunk->zone;
	else
		olap_zone_merge(&b->zones[col], &chunk->zone);
}

static void
add_chunk(OlapSegmentBuilder *b, int col, const OlapVector *v, uint32 nrows,
		  OlapSegChunk *chunk)
{
	if (!b->types[col].dropped && v->n != nrows)
		elog(ERROR, "column %d of a row group has %u rows, expected %u",
			 col, v->n, nrows);
	olap_encode_column(&b->types[col], v, &b->bytes[col], chunk);
	count_chunk(b, col, chunk);
}

/* Row numbers as one more column. */
static void
add_numbers(OlapSegmentBuilder *b, const uint64 *rows, uint32 nrows,
			OlapSegChunk *chunk)
{
	OlapVector	v;

	olap_vector_init(&v, &b->types[b->ncols], nrows, CurrentMemoryContext);
	memcpy(v.values, rows, nrows * sizeof(uint64));
	v.n = nrows;
	add_chunk(b, b->ncols, &v, nrows, chunk);
	if (b->numbers == NULL)
		b->numbers = MemoryContextAllocHuge(b->cxt, nrows * sizeof(uint64));
	else
		b->numbers = repalloc_huge(b->numbers, ((Size) b->nrows + nrows) *
								   sizeof(uint64));
	memcpy(b->numbers + b->nrows, rows, nrows * sizeof(uint64));
}

static void
refuse_broken(const OlapSegmentBuilder *b)
{
	if (b->adding)
		ereport(ERROR,
				(errcode(ERRCODE_IN_FAILED_SQL_TRANSACTION),
				 errmsg("rows could not be encoded by an earlier attempt"),
				 errhint("Roll the whole transaction back and repeat it.")));
}

/* The descriptors of one more row group. */
static OlapSegChunk *
begin_rowgroup(OlapSegmentBuilder *b, uint32 nrows)
{
	Size		stride = b->ncols + 1;

	refuse_broken(b);
	if (b->nrowgroups >= OLAP_SEGMENT_MAX_ROWGROUPS ||
		nrows == 0 || nrows > OLAP_ROWGROUP_ROWS)
		elog(ERROR, "row group %d of %u rows cannot be added to a segment",
			 b->nrowgroups, nrows);
	b->adding = true;
	if (b->nrowgroups > 0)
		b->chunks = repalloc_huge(b->chunks, (Size) (b->nrowgroups + 1) *
								  stride * sizeof(OlapSegChunk));
	return b->chunks + b->nrowgroups * stride;
}

static void
end_rowgroup(OlapSegmentBuilder *b, uint32 nrows)
{
	b->rows[b->nrowgroups++] = nrows;
	b->nrows += nrows;
	b->adding = false;
}

static void
add_rowgroup(OlapSegmentBuilder *b, const OlapVector *cols, const uint64 *rows,
			 uint32 nrows)
{
	MemoryContext scratch;
	MemoryContext old;
	OlapSegChunk *chunks;

	if (b->nrowgroups > 0 && (rows != NULL) != (b->numbers != NULL))
		elog(ERROR, "a segment has row numbers in all row groups or in none");
	chunks = begin_rowgroup(b, nrows);

	scratch = AllocSetContextCreate(b->cxt, "olap chunk encoding",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(scratch);
	for (int col = 0; col < b->ncols; col++)
	{
		CHECK_FOR_INTERRUPTS();
		add_chunk(b, col, &cols[col], nrows, &chunks[col]);
	}
	if (rows != NULL)
	{
		b->stored = b->ncols + 1;
		add_numbers(b, rows, nrows, &chunks[b->ncols]);
	}
	if (b->parts != NULL)
		olap_parts_add(b->parts, cols, chunks);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	end_rowgroup(b, nrows);
}

void
olap_segment_builder_add(OlapSegmentBuilder *b, const OlapVector *cols,
						 uint32 nrows)
{
	if (b->pending > 0)
		elog(ERROR, "a row group is added before those that are pending");
	add_rowgroup(b, cols, NULL, nrows);
}

void
olap_segment_builder_add_numbered(OlapSegmentBuilder *b, const OlapVector *cols,
								  const uint64 *rows, uint32 nrows)
{
	add_rowgroup(b, cols, rows, nrows);
}

/* ---- row groups that others encode ---- */

bool
olap_segment_builder_plain(const OlapSegmentBuilder *b)
{
	return b->parts == NULL && b->numbers == NULL;
}

const OlapColumnType *
olap_segment_builder_types(const OlapSegmentBuilder *b, int *ncols)
{
	*ncols = b->ncols;
	return b->types;
}

int
olap_segment_builder_pending(const OlapSegmentBuilder *b)
{
	return b->pending;
}

void
olap_segment_builder_hand_over(OlapSegmentBuilder *b)
{
	b->pending++;
}

void
olap_segment_builder_take(OlapSegmentBuilder *b, const OlapSegChunk *chunks,
						  const uint8 *bytes, uint32 nrows)
{
	OlapSegChunk *own = begin_rowgroup(b, nrows);

	for (int col = 0; col < b->ncols; col++)
	{
		own[col] = chunks[col];
		own[col].offset = b->bytes[col].len;
		olap_bytes_append(&b->bytes[col], bytes + chunks[col].offset,
						  chunks[col].length);
		count_chunk(b, col, &own[col]);
	}
	end_rowgroup(b, nrows);
}

void
olap_segment_builder_take_raw(OlapSegmentBuilder *b, const OlapVector *cols,
							  uint32 nrows)
{
	add_rowgroup(b, cols, NULL, nrows);
}

void
olap_segment_builder_came_back(OlapSegmentBuilder *b)
{
	Assert(b->pending > 0);
	b->pending--;
}

uint32
olap_segment_builder_rows(const OlapSegmentBuilder *b)
{
	return b->nrows;
}

size_t
olap_segment_builder_memory(const OlapSegmentBuilder *b)
{
	return MemoryContextMemAllocated(b->cxt, true);
}

/*
 * Finish the parts, of which the first starts at offset, and put their count and
 * descriptors to out; returns where the last one ends.
 */
static uint64
put_parts(OlapSegmentBuilder *b, uint32 n, uint64 offset, uint8 *out)
{
	OlapSegPartCount count = {.n = n};
	OlapSegPart *parts = (OlapSegPart *) (out + sizeof(count));

	memcpy(out, &count, sizeof(count));
	olap_parts_finish(b->parts, parts, &b->part_bytes);
	for (uint32 i = 0; i < n; i++)
		parts[i].offset += offset;
	return offset + b->part_bytes.len;
}

/* The header of the finished segment; its chunks get their final offsets. */
static uint8 *
make_header(OlapSegmentBuilder *b, const OlapSegRange *ranges,
			int nranges, OlapSegHeader *fixed)
{
	uint32		nparts = b->parts == NULL ? 0 : olap_parts_count(b->parts);
	uint64		header_len = olap_seg_header_len(b->stored, b->nrowgroups,
												 nranges, nparts);
	uint64		offset = header_len;
	uint8	   *header = MemoryContextAllocExtended(b->cxt, header_len,
													MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	OlapSegColumn *columns = (OlapSegColumn *) (header + sizeof(OlapSegHeader));
	OlapSegChunk *chunks = (OlapSegChunk *)
		(header + olap_seg_chunks_offset(b->stored, b->nrowgroups));

	for (int col = 0; col < b->stored; col++)
	{
		const OlapColumnType *type = &b->types[col];

		columns[col].typid = type->typid;
		columns[col].typmod = type->typmod;
		columns[col].collation = type->collation;
		columns[col].typlen = type->typlen;
		columns[col].width = type->width;
		columns[col].phys = type->phys;
		columns[col].scale = type->scale;
		columns[col].typalign = type->typalign;
		columns[col].flags = (type->dropped ? OLAP_SEGCOL_DROPPED : 0) |
			(type->typbyval ? OLAP_SEGCOL_BYVAL : 0) |
			(col == b->ncols ? OLAP_SEGCOL_ROWNUMS : 0);
		for (int rg = 0; rg < b->nrowgroups; rg++)
		{
			OlapSegChunk *chunk = &chunks[(Size) col * b->nrowgroups + rg];

			*chunk = b->chunks[(Size) rg * (b->ncols + 1) + col];
			if (chunk->length > 0)
				chunk->offset += offset;
		}
		offset += b->bytes[col].len;
	}
	memcpy(header + olap_seg_rows_offset(b->stored), b->rows,
		   b->nrowgroups * sizeof(uint32));
	if (nranges > 0)
		memcpy(header + olap_seg_ranges_offset(b->stored, b->nrowgroups),
			   ranges, nranges * sizeof(OlapSegRange));
	if (nparts > 0)
		offset = put_parts(b, nparts, offset, header +
						   olap_seg_parts_offset(b->stored, b->nrowgroups, nranges));

	fixed->magic = OLAP_SEG_MAGIC;
	fixed->version = nparts > 0 ? olap_parts_version(b->parts) :
		nranges > 0 ? OLAP_SEG_VERSION_ROWNUMS : OLAP_SEG_VERSION;
	fixed->header_len = header_len;
	fixed->ncols = b->stored;
	fixed->nranges = nranges;
	fixed->nrowgroups = b->nrowgroups;
	fixed->nrows = b->nrows;
	fixed->total_len = offset;
	return header;
}

/* The ranges of the row numbers, which also are the entry's; NULL: has none. */
static OlapSegRange *
number_ranges(OlapSegmentBuilder *b, OlapDirEntry *entry, int *nranges)
{
	OlapSegRange *ranges;

	*nranges = 0;
	if (b->numbers == NULL)
		return NULL;
	ranges = MemoryContextAlloc(b->cxt, OLAP_SEG_MAX_RANGES * sizeof(OlapSegRange));
	*nranges = olap_row_ranges(b->numbers, b->nrows, ranges);
	entry->flags |= OLAP_ENTRY_ROWNUMS;
	entry->first_vblock = ranges[0].first;
	entry->nvblocks = ranges[*nranges - 1].first + ranges[*nranges - 1].n -
		ranges[0].first;
	return ranges;
}

/* Make the entry stand in the directory with its extent, not complete yet. */
static void
place_entry(Relation rel, OlapDirEntry *entry, OlapDirRef *ref, bool reserved,
			int ncols)
{
	if (!reserved)
	{
		olap_directory_insert(rel, entry, ref, ncols);
		return;
	}
	olap_directory_place(rel, ref, entry);
}

OlapDirRef
olap_segment_builder_write(OlapSegmentBuilder *b, Relation rel,
						   OlapDirEntry *entry, const OlapDirRef *ref)
{
	OlapSegHeader fixed = {0};
	uint8	   *header;
	OlapSegRange *ranges;
	int			nranges;
	uint32		vblocks = (b->nrows + OLAP_VBLOCK_ROWS - 1) / OLAP_VBLOCK_ROWS;
	uint64		pages;
	OlapSpan   *spans;
	OlapDirRef	own;

	refuse_broken(b);
	if (b->nrows == 0 || b->pending > 0)
		elog(ERROR, "a segment of %u rows with %d pending row groups cannot be written",
			 b->nrows, b->pending);
	entry->kind = OLAP_ENTRY_SEGMENT;
	entry->flags &= OLAP_ENTRY_OUTPUT | OLAP_ENTRY_FULL;
	ranges = number_ranges(b, entry, &nranges);
	header = make_header(b, ranges, nranges, &fixed);
	pages = (fixed.total_len + OLAP_PAGE_PAYLOAD - 1) / OLAP_PAGE_PAYLOAD;
	if (ref != NULL && entry->nvblocks < vblocks)
		elog(ERROR, "%u rows do not fit %u reserved virtual blocks",
			 b->nrows, entry->nvblocks);
	if (pages > MaxBlockNumber)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a segment of \"%s\" would have " UINT64_FORMAT " blocks",
						RelationGetRelationName(rel), pages)));

	entry->nblocks = (uint32) pages;
	entry->nrows = b->nrows;
	entry->header_len = fixed.header_len;
	if (ref != NULL)
		own = *ref;
	else if (ranges == NULL)
		entry->nvblocks = vblocks;
	place_entry(rel, entry, &own, ref != NULL, b->ncols);

	fixed.id = entry->id;
	memcpy(header, &fixed, sizeof(fixed));
	spans = MemoryContextAlloc(b->cxt, (b->stored + 2) * sizeof(OlapSpan));
	spans[0].data = header;
	spans[0].len = fixed.header_len;
	for (int col = 0; col < b->stored; col++)
	{
		spans[col + 1].data = b->bytes[col].data;
		spans[col + 1].len = b->bytes[col].len;
	}
	spans[b->stored + 1].data = b->part_bytes.data;
	spans[b->stored + 1].len = b->part_bytes.len;
	olap_extent_writev(rel, entry->first_block, entry->nblocks, entry->id,
					   spans, b->stored + 2);
	olap_zones_write(rel, &own, b->zones, b->ncols);

	entry->flags |= OLAP_ENTRY_COMPLETE;
	olap_directory_update(rel, &own, entry);
	if ((entry->flags & OLAP_ENTRY_OUTPUT) == 0)
		olap_meta_count(rel, b->nrows, 1, b->raw_bytes);
	pfree(spans);
	pfree(header);
	return own;
}

void
olap_segment_builder_free(OlapSegmentBuilder *b)
{
	MemoryContextDelete(b->cxt);
}

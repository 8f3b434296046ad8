/*-------------------------------------------------------------------------
 *
 * builder.c
 *		Encode row groups and write them as one segment.
 *
 * Chunks are encoded as their row group comes, into one byte string a column,
 * so a segment in the making costs its encoded size and not its raw one, and
 * is written without ever being copied into one piece.
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

#include "segment/format.h"
#include "segment/segment.h"

struct OlapSegmentBuilder
{
	MemoryContext cxt;
	int			ncols;
	int			nrowgroups;
	uint32		nrows;
	uint64		raw_bytes;
	OlapColumnType *types;		/* [ncols] */
	OlapBytes  *bytes;			/* [ncols], chunks of all row groups */
	OlapSegChunk *chunks;		/* [nrowgroups][ncols]; offset: in the column */
	OlapZone   *zones;			/* [ncols], of the whole segment */
	uint32		rows[OLAP_SEGMENT_MAX_ROWGROUPS];
};

OlapSegmentBuilder *
olap_segment_builder_create(const OlapColumnType *types, int ncols,
							MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "olap segment builder",
											  ALLOCSET_DEFAULT_SIZES);
	OlapSegmentBuilder *b = MemoryContextAllocZero(cxt, sizeof(*b));
	Size		n = Max(ncols, 1);

	if (ncols < 0 || ncols > OLAP_SEG_MAX_COLUMNS)
		elog(ERROR, "a segment cannot have %d columns", ncols);
	b->cxt = cxt;
	b->ncols = ncols;
	b->types = MemoryContextAlloc(cxt, n * sizeof(OlapColumnType));
	if (ncols > 0)
		memcpy(b->types, types, ncols * sizeof(OlapColumnType));
	b->bytes = MemoryContextAlloc(cxt, n * sizeof(OlapBytes));
	for (int i = 0; i < ncols; i++)
		olap_bytes_init(&b->bytes[i], cxt);
	b->chunks = MemoryContextAllocHuge(cxt, n * sizeof(OlapSegChunk));
	b->zones = MemoryContextAllocZero(cxt, n * sizeof(OlapZone));
	return b;
}

static void
add_chunk(OlapSegmentBuilder *b, int col, const OlapVector *v, uint32 nrows,
		  OlapSegChunk *chunk)
{
	OlapBytes  *bytes = &b->bytes[col];
	OlapChunkInfo info;

	memset(chunk, 0, sizeof(*chunk));
	if (b->types[col].dropped)
		return;
	if (v->n != nrows)
		elog(ERROR, "column %d of a row group has %u rows, expected %u",
			 col, v->n, nrows);

	chunk->offset = bytes->len;
	olap_chunk_encode(v, bytes, &info);
	chunk->length = bytes->len - chunk->offset;
	chunk->raw_bytes = info.raw_bytes;
	chunk->nulls = info.nulls;
	chunk->encoding = info.encoding;
	chunk->phys = info.phys;
	chunk->scale = info.scale;
	b->raw_bytes += info.raw_bytes;

	olap_zone_build(&chunk->zone, &b->types[col], v);
	if (b->nrowgroups == 0)
		b->zones[col] = chunk->zone;
	else
		olap_zone_merge(&b->zones[col], &chunk->zone);
}

void
olap_segment_builder_add(OlapSegmentBuilder *b, const OlapVector *cols,
						 uint32 nrows)
{
	MemoryContext scratch;
	MemoryContext old;
	OlapSegChunk *chunks;

	if (b->nrowgroups >= OLAP_SEGMENT_MAX_ROWGROUPS ||
		nrows == 0 || nrows > OLAP_ROWGROUP_ROWS)
		elog(ERROR, "row group %d of %u rows cannot be added to a segment",
			 b->nrowgroups, nrows);

	if (b->nrowgroups > 0 && b->ncols > 0)
		b->chunks = repalloc_huge(b->chunks, (Size) (b->nrowgroups + 1) *
								  b->ncols * sizeof(OlapSegChunk));
	chunks = b->chunks + (Size) b->nrowgroups * b->ncols;

	scratch = AllocSetContextCreate(b->cxt, "olap chunk encoding",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(scratch);
	for (int col = 0; col < b->ncols; col++)
	{
		CHECK_FOR_INTERRUPTS();
		add_chunk(b, col, &cols[col], nrows, &chunks[col]);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);

	b->rows[b->nrowgroups++] = nrows;
	b->nrows += nrows;
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

/* The header of the finished segment; its chunks get their final offsets. */
static uint8 *
make_header(const OlapSegmentBuilder *b, OlapSegHeader *fixed)
{
	uint64		header_len = olap_seg_header_len(b->ncols, b->nrowgroups);
	uint64		offset = header_len;
	uint8	   *header = MemoryContextAllocExtended(b->cxt, header_len,
													MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	OlapSegColumn *columns = (OlapSegColumn *) (header + sizeof(OlapSegHeader));
	OlapSegChunk *chunks = (OlapSegChunk *)
		(header + olap_seg_chunks_offset(b->ncols, b->nrowgroups));

	for (int col = 0; col < b->ncols; col++)
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
			(type->typbyval ? OLAP_SEGCOL_BYVAL : 0);
		for (int rg = 0; rg < b->nrowgroups; rg++)
		{
			OlapSegChunk *chunk = &chunks[(Size) col * b->nrowgroups + rg];

			*chunk = b->chunks[(Size) rg * b->ncols + col];
			if (chunk->length > 0)
				chunk->offset += offset;
		}
		offset += b->bytes[col].len;
	}
	memcpy(header + olap_seg_rows_offset(b->ncols), b->rows,
		   b->nrowgroups * sizeof(uint32));

	fixed->magic = OLAP_SEG_MAGIC;
	fixed->version = OLAP_SEG_VERSION;
	fixed->header_len = header_len;
	fixed->ncols = b->ncols;
	fixed->nrowgroups = b->nrowgroups;
	fixed->nrows = b->nrows;
	fixed->total_len = offset;
	return header;
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
	entry->first_block = olap_blocks_allocate(rel, entry->nblocks);
	olap_directory_update(rel, ref, entry);
}

void
olap_segment_builder_write(OlapSegmentBuilder *b, Relation rel,
						   OlapDirEntry *entry, const OlapDirRef *ref)
{
	OlapSegHeader fixed = {0};
	uint8	   *header = make_header(b, &fixed);
	uint32		vblocks = (b->nrows + OLAP_VBLOCK_ROWS - 1) / OLAP_VBLOCK_ROWS;
	uint64		pages = (fixed.total_len + OLAP_PAGE_PAYLOAD - 1) /
		OLAP_PAGE_PAYLOAD;
	OlapSpan   *spans;
	OlapDirRef	own;

	if (b->nrows == 0)
		elog(ERROR, "a segment without rows cannot be written");
	if (ref != NULL && entry->nvblocks < vblocks)
		elog(ERROR, "%u rows do not fit %u reserved virtual blocks",
			 b->nrows, entry->nvblocks);
	if (pages > MaxBlockNumber)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a segment of \"%s\" would have " UINT64_FORMAT " blocks",
						RelationGetRelationName(rel), pages)));

	entry->kind = OLAP_ENTRY_SEGMENT;
	entry->flags = 0;
	entry->nblocks = (uint32) pages;
	entry->nrows = b->nrows;
	entry->header_len = fixed.header_len;
	if (ref != NULL)
		own = *ref;
	else
		entry->nvblocks = vblocks;
	place_entry(rel, entry, &own, ref != NULL, b->ncols);

	fixed.id = entry->id;
	memcpy(header, &fixed, sizeof(fixed));
	spans = MemoryContextAlloc(b->cxt, (b->ncols + 1) * sizeof(OlapSpan));
	spans[0].data = header;
	spans[0].len = fixed.header_len;
	for (int col = 0; col < b->ncols; col++)
	{
		spans[col + 1].data = b->bytes[col].data;
		spans[col + 1].len = b->bytes[col].len;
	}
	olap_extent_writev(rel, entry->first_block, entry->nblocks, entry->id,
					   spans, b->ncols + 1);
	olap_zones_write(rel, &own, b->zones, b->ncols);

	entry->flags |= OLAP_ENTRY_COMPLETE;
	olap_directory_update(rel, &own, entry);
	olap_meta_count(rel, b->nrows, 1, b->raw_bytes);
	pfree(spans);
	pfree(header);
}

void
olap_segment_builder_free(OlapSegmentBuilder *b)
{
	MemoryContextDelete(b->cxt);
}

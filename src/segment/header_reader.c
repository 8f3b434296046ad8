/*-------------------------------------------------------------------------
 *
 * header_reader.c
 *		Read and check the header of a segment.
 *
 * Nothing of it is believed: whatever the bytes are, the header fits the segment's
 * extent, and agrees with its entry in the directory, or it is an error.
 *
 * src/segment/header_reader.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/rel.h"

#include "segment/reader_internal.h"

void
olap_segment_read_header(OlapSegment *s, uint64 offset, uint64 len, void *dst)
{
	uint64		page = offset / OLAP_PAGE_PAYLOAD;
	uint64		start = page * OLAP_PAGE_PAYLOAD;
	uint64		end = Min(start + OLAP_PAGE_PAYLOAD, s->entry.header_len);
	OlapHeaderPage *head = &s->head[page == 0 ? 0 : 1];

	if (len > end || offset > end - len)
	{
		olap_segment_read(s, offset, len, dst);
		return;
	}
	if (head->bytes == NULL)
	{
		head->bytes = MemoryContextAlloc(s->cxt, page == 0 ? end - start :
										 OLAP_PAGE_PAYLOAD);
		head->page = PG_UINT64_MAX;
	}
	if (head->page != page)
	{
		head->page = PG_UINT64_MAX;
		olap_segment_read(s, start, end - start, head->bytes);
		head->page = page;
	}
	memcpy(dst, head->bytes + (offset - start), len);
}

/* Row numbers: the entry, the version and the header must agree. */
static void
check_version(OlapSegment *s)
{
	OlapSegHeader *h = &s->header;
	bool		numbered = (s->entry.flags & OLAP_ENTRY_ROWNUMS) != 0;

	if (h->version < OLAP_SEG_VERSION || h->version > OLAP_SEG_VERSION_BITMAPS)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("segment %u of \"%s\" has format version %u, this release reads %d",
						s->entry.id, RelationGetRelationName(s->rel),
						h->version, OLAP_SEG_VERSION_BITMAPS),
				 errhint("Install the release of olap that wrote the table.")));
	if ((h->version < OLAP_SEG_VERSION_PARTS &&
		 numbered != (h->version == OLAP_SEG_VERSION_ROWNUMS)) ||
		numbered != (h->nranges > 0) || h->nranges > OLAP_SEG_MAX_RANGES ||
		(numbered && h->ncols == 0))
		CORRUPTED(s, "The header has version %u, %u columns and %u ranges of row numbers for a directory entry with flags %04X.",
				  h->version, h->ncols, h->nranges, s->entry.flags);
	s->ncols = (int) h->ncols - (numbered ? 1 : 0);
}

static void
read_part_count(OlapSegment *s, uint64 room)
{
	OlapSegHeader *h = &s->header;
	uint64		offset = olap_seg_parts_offset(h->ncols, h->nrowgroups, h->nranges);
	OlapSegPartCount count;

	if (h->version < OLAP_SEG_VERSION_PARTS)
		return;
	if (offset + sizeof(count) > room)
		CORRUPTED(s, "The header has no room for the number of its parts.");
	olap_segment_read_header(s, offset, sizeof(count), &count);
	if (count.n == 0)
		CORRUPTED(s, "The header has version %u and no parts.", h->version);
	s->nparts = count.n;
}

static void
read_fixed_header(OlapSegment *s)
{
	OlapSegHeader *h = &s->header;
	uint64		room = (uint64) s->entry.nblocks * OLAP_PAGE_PAYLOAD;

	if (s->entry.kind != OLAP_ENTRY_SEGMENT ||
		(s->entry.flags & OLAP_ENTRY_COMPLETE) == 0)
		CORRUPTED(s, "Its directory entry has kind %u and flags %04X, expected a complete segment.",
				  s->entry.kind, s->entry.flags);
	if (s->entry.nblocks == 0)
		CORRUPTED(s, "It has no blocks.");

	olap_segment_read_header(s, 0, sizeof(*h), h);
	if (h->magic != OLAP_SEG_MAGIC)
		CORRUPTED(s, "The header has magic number %08X, expected %08X.",
				  h->magic, OLAP_SEG_MAGIC);
	check_version(s);
	if (h->id != s->entry.id)
		CORRUPTED(s, "The header is of segment %u.", h->id);
	if (h->ncols > OLAP_SEG_MAX_COLUMNS)
		CORRUPTED(s, "The header has %u columns, expected at most %d.",
				  h->ncols, OLAP_SEG_MAX_COLUMNS);
	if (h->nrowgroups == 0 || h->nrowgroups > OLAP_SEGMENT_MAX_ROWGROUPS)
		CORRUPTED(s, "The header has %u row groups, expected 1 to %d.",
				  h->nrowgroups, OLAP_SEGMENT_MAX_ROWGROUPS);
	read_part_count(s, room);
	if (h->header_len != s->entry.header_len ||
		h->header_len != olap_seg_header_len(h->ncols, h->nrowgroups, h->nranges, s->nparts))
		CORRUPTED(s, "The header has %u bytes, expected " UINT64_FORMAT " (directory: %u).",
				  h->header_len,
				  olap_seg_header_len(h->ncols, h->nrowgroups, h->nranges, s->nparts),
				  s->entry.header_len);
	if (h->total_len < h->header_len || h->total_len > room)
		CORRUPTED(s, "The header says " UINT64_FORMAT " bytes, expected %u to " UINT64_FORMAT ".",
				  h->total_len, h->header_len, room);
	if (h->nrows != s->entry.nrows ||
		h->nrows > (uint64) s->entry.nvblocks * OLAP_VBLOCK_ROWS)
		CORRUPTED(s, "The header has %u rows, expected %u.", h->nrows,
				  s->entry.nrows);
}

/* Does a value's form agree with its type's length and passing? */
static bool
column_is_sane(const OlapSegColumn *c)
{
	bool		byval = (c->flags & OLAP_SEGCOL_BYVAL) != 0;

	if (c->typalign != TYPALIGN_CHAR && c->typalign != TYPALIGN_SHORT &&
		c->typalign != TYPALIGN_INT && c->typalign != TYPALIGN_DOUBLE)
		return false;
	switch (c->phys)
	{
		case OLAP_PHYS_BOOL:
		case OLAP_PHYS_I8:
			return byval && c->typlen == 1 && c->width == 1;
		case OLAP_PHYS_I16:
			return byval && c->typlen == 2 && c->width == 2;
		case OLAP_PHYS_I32:
		case OLAP_PHYS_F32:
			return byval && c->typlen == 4 && c->width == 4;
		case OLAP_PHYS_I64:
		case OLAP_PHYS_F64:
			return byval && c->typlen == 8 && c->width == 8;
		case OLAP_PHYS_DEC64:
			return !byval && c->typlen == -1 && c->width == 8 && c->scale <= 18;
		case OLAP_PHYS_FIXED:
			return !byval && c->typlen > 0 && c->width == c->typlen;
		case OLAP_PHYS_VAR:
			return !byval && (c->typlen == -1 || c->typlen == -2) &&
				c->width == sizeof(uint32);
	}
	return false;
}

static void
read_columns(OlapSegment *s)
{
	uint32		ncols = s->header.ncols;
	OlapSegColumn *columns;

	s->types = MemoryContextAllocZero(s->cxt, Max(ncols, 1) *
									  sizeof(OlapColumnType));
	s->descs = MemoryContextAllocZero(s->cxt, Max(ncols, 1) *
									  sizeof(OlapSegChunk *));
	if (ncols == 0)
		return;
	columns = MemoryContextAlloc(s->cxt, ncols * sizeof(OlapSegColumn));
	olap_segment_read_header(s, sizeof(OlapSegHeader), ncols * sizeof(OlapSegColumn),
			   columns);
	for (uint32 i = 0; i < ncols; i++)
	{
		const OlapSegColumn *c = &columns[i];
		OlapColumnType *type = &s->types[i];

		type->typid = c->typid;
		type->typmod = c->typmod;
		type->collation = c->collation;
		type->typlen = c->typlen;
		type->typbyval = (c->flags & OLAP_SEGCOL_BYVAL) != 0;
		type->typalign = c->typalign;
		type->dropped = (c->flags & OLAP_SEGCOL_DROPPED) != 0;
		type->phys = c->phys;
		type->scale = c->scale;
		type->width = c->width;
		if (((c->flags & OLAP_SEGCOL_ROWNUMS) != 0) != (i == s->ncols) ||
			(i == s->ncols && (type->dropped || c->phys != OLAP_PHYS_I64)))
			CORRUPTED(s, "Column %u of %d has flags %02X and representation %u.",
					  i + 1, s->ncols, c->flags, c->phys);
		if (!type->dropped && !column_is_sane(c))
			CORRUPTED(s, "Column %u has representation %u of %u bytes for a type of length %d.",
					  i + 1, c->phys, c->width, c->typlen);
	}
	pfree(columns);
}

static void
read_rowgroups(OlapSegment *s)
{
	uint32		rows[OLAP_SEGMENT_MAX_ROWGROUPS];
	uint32		first = 0;

	olap_segment_read_header(s, olap_seg_rows_offset(s->header.ncols),
			   s->header.nrowgroups * sizeof(uint32), rows);
	for (uint32 rg = 0; rg < s->header.nrowgroups; rg++)
	{
		if (rows[rg] == 0 || rows[rg] > OLAP_ROWGROUP_ROWS)
			CORRUPTED(s, "Row group %u has %u rows, expected 1 to %d.", rg,
					  rows[rg], OLAP_ROWGROUP_ROWS);
		s->rowgroups[rg].rows = rows[rg];
		s->rowgroups[rg].first = first;
		first += rows[rg];
	}
	if (first != s->header.nrows)
		CORRUPTED(s, "Its row groups have %u rows, expected %u.", first,
				  s->header.nrows);
}

/* Ascending and within the entry's row numbers. */
static void
read_ranges(OlapSegment *s)
{
	uint32		n = s->header.nranges;
	uint64		end = s->entry.first_vblock;

	if (n == 0)
		return;
	s->ranges = MemoryContextAlloc(s->cxt, n * sizeof(OlapSegRange));
	olap_segment_read_header(s, olap_seg_ranges_offset(s->header.ncols, s->header.nrowgroups),
			   n * sizeof(OlapSegRange), s->ranges);
	for (uint32 i = 0; i < n; i++)
	{
		if (s->ranges[i].first < end || s->ranges[i].n == 0 ||
			(uint64) s->ranges[i].first + s->ranges[i].n >
			(uint64) s->entry.first_vblock + s->entry.nvblocks)
			CORRUPTED(s, "Range %u of row numbers has %u virtual blocks from %u, expected some from " UINT64_FORMAT " on, below " UINT64_FORMAT ".",
					  i, s->ranges[i].n, s->ranges[i].first, end,
					  (uint64) s->entry.first_vblock + s->entry.nvblocks);
		end = (uint64) s->ranges[i].first + s->ranges[i].n;
	}
}

void
olap_segment_check_header(OlapSegment *s)
{
	read_fixed_header(s);
	read_columns(s);
	read_rowgroups(s);
	read_ranges(s);
}

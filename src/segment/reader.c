/*-------------------------------------------------------------------------
 *
 * reader.c
 *		Open segments, read what their headers say.
 *
 * Why lazily: a query touches few columns.  Opening reads the header's fixed
 * part and columns; a column's chunk descriptors are read and checked on the
 * column's first use, of a chunk's bytes those that are decoded (chunk_reader.c).
 *
 * Pages are checked by their CRC when read; everything taken from them is
 * nevertheless checked against the extent before it is used, so that bytes
 * which a correct writer never wrote are an error and not a crash.
 *
 * src/segment/reader.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "segment/reader_internal.h"
#include "segment/rownums.h"

/* Serials of row groups, never used twice in a backend. */
static uint64 last_serial = 0;

void
olap_segment_corrupted(const OlapSegment *s, const char *format,...)
{
	char		detail[512];
	va_list		args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("segment %u of \"%s\" is corrupted", s->entry.id,
					RelationGetRelationName(s->rel)),
			 errdetail_internal("%s", detail),
			 errhint("Run olap.verify('%s') for a full report; restore the table from a backup or replay its source.",
					 RelationGetRelationName(s->rel))));
}

void
olap_segment_read(OlapSegment *s, uint64 offset, uint64 len, void *dst)
{
	olap_extent_read(s->rel, s->entry.first_block, s->entry.nblocks,
					 s->entry.id, offset, len, dst, s->strategy);
}

/* ---- header ---- */

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
		s->rowgroups[rg].serial = ++last_serial;
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

OlapSegment *
olap_segment_open(Relation rel, const OlapDirEntry *entry,
				  MemoryContext parent, BufferAccessStrategy strategy)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "olap segment",
											  ALLOCSET_SMALL_SIZES);
	OlapSegment *s = MemoryContextAllocZero(cxt, sizeof(*s));

	s->rel = rel;
	s->entry = *entry;
	s->cxt = cxt;
	s->strategy = strategy;
	olap_segment_prepare_held(s);
	read_fixed_header(s);
	read_columns(s);
	read_rowgroups(s);
	read_ranges(s);
	return s;
}

void
olap_segment_close(OlapSegment *s)
{
	olap_segment_let_go(s);
	MemoryContextDelete(s->cxt);
}

/* ---- what the header says ---- */

int
olap_segment_rowgroups(const OlapSegment *s)
{
	return s->header.nrowgroups;
}

uint32
olap_segment_rowgroup_rows(const OlapSegment *s, int rg)
{
	return s->rowgroups[rg].rows;
}

uint32
olap_segment_rowgroup_first(const OlapSegment *s, int rg)
{
	return s->rowgroups[rg].first;
}

int
olap_segment_ncols(const OlapSegment *s)
{
	return s->ncols;
}

bool
olap_segment_numbered(const OlapSegment *s)
{
	return s->ranges != NULL;
}

const OlapColumnType *
olap_segment_type(const OlapSegment *s, int col)
{
	return &s->types[col];
}

uint64
olap_segment_bytes_read(const OlapSegment *s)
{
	return s->bytes_read;
}

static void
check_chunk_desc(const OlapSegment *s, int col, int rg, const OlapSegChunk *d)
{
	const OlapColumnType *type = &s->types[col];
	uint32		rows = s->rowgroups[rg].rows;

	if (d->length == 0 || d->offset < s->header.header_len ||
		d->offset > s->header.total_len ||
		d->length > s->header.total_len - d->offset)
		CORRUPTED(s, "The chunk of column %d, row group %d has %u bytes at " UINT64_FORMAT ", expected it between %u and " UINT64_FORMAT ".",
				  col + 1, rg, d->length, d->offset, s->header.header_len,
				  s->header.total_len);
	if (d->phys != type->phys &&
		!(type->phys == OLAP_PHYS_DEC64 && d->phys == OLAP_PHYS_VAR))
		CORRUPTED(s, "The chunk of column %d, row group %d has representation %u, expected %u.",
				  col + 1, rg, d->phys, type->phys);
	if (d->distinct > rows - Min(d->nulls, rows))
		CORRUPTED(s, "The chunk of column %d, row group %d claims %u distinct values in %u rows.",
				  col + 1, rg, d->distinct, rows);
	if (d->nulls > rows || d->zone.nrows != rows || d->zone.nulls != d->nulls)
		CORRUPTED(s, "The chunk of column %d, row group %d claims %u NULLs, its zone %u of %u rows, expected %u rows.",
				  col + 1, rg, d->nulls, d->zone.nulls, d->zone.nrows, rows);
}

/*
 * Descriptors of a column's chunks, read on first use; NULL if the segment
 * does not have the column.  (The cast is for callers that see the segment as
 * constant: what they see does not change.)
 */
const OlapSegChunk *
olap_segment_descs(const OlapSegment *segment, int col)
{
	OlapSegment *s = (OlapSegment *) segment;
	uint32		n = s->header.nrowgroups;
	OlapSegChunk *descs;

	if (col < 0 || col >= (int) s->header.ncols || s->types[col].dropped)
		return NULL;
	if (s->descs[col] != NULL)
		return s->descs[col];

	descs = MemoryContextAlloc(s->cxt, n * sizeof(OlapSegChunk));
	olap_segment_read_header(s, olap_seg_chunks_offset(s->header.ncols, n) +
			   (uint64) col * n * sizeof(OlapSegChunk),
			   n * sizeof(OlapSegChunk), descs);
	for (uint32 rg = 0; rg < n; rg++)
		check_chunk_desc(s, col, rg, &descs[rg]);
	s->descs[col] = descs;
	return descs;
}

const OlapZone *
olap_segment_zone(const OlapSegment *s, int col, int rg)
{
	const OlapSegChunk *descs = col < s->ncols ? olap_segment_descs(s, col) : NULL;

	return descs == NULL ? NULL : &descs[rg].zone;
}

bool
olap_segment_chunk_info(OlapSegment *s, int col, int rg,
						OlapEncoding *encoding, uint32 *stored, uint64 *raw)
{
	const OlapSegChunk *descs = col < s->ncols ? olap_segment_descs(s, col) : NULL;

	if (descs == NULL)
		return false;
	*encoding = descs[rg].encoding;
	*stored = descs[rg].length;
	*raw = descs[rg].raw_bytes;
	return true;
}

uint32
olap_segment_distinct(OlapSegment *s, int col, int rg, OlapDistinctKept *kept)
{
	const OlapSegChunk *descs = col < s->ncols ? olap_segment_descs(s, col) : NULL;

	if (descs == NULL)
		return 0;
	olap_distinct_merge(kept, &descs[rg].sketch);
	return descs[rg].distinct;
}

/* ---- row numbers ---- */

const OlapSegRange *
olap_segment_ranges(const OlapSegment *s, int *nranges)
{
	*nranges = (int) s->header.nranges;
	return s->ranges;
}

bool
olap_segment_rowgroup_covers(const OlapSegment *s, int rg, uint64 row)
{
	const OlapZone *zone = &olap_segment_descs(s, s->ncols)[rg].zone;

	return zone->kind != OLAP_ZONE_INT ||
		((int64) row >= zone->min.i && (int64) row <= zone->max.i);
}

uint32
olap_segment_row_numbers(OlapSegment *s, int rg, uint32 vecno, uint64 *rows)
{
	uint64		first = (uint64) s->entry.first_vblock * OLAP_VBLOCK_ROWS;
	uint64		n = (uint64) s->entry.nvblocks * OLAP_VBLOCK_ROWS;
	OlapVector *v = &s->numbers;
	bool		bad = false;

	if (!olap_segment_numbered(s))
		elog(ERROR, "segment %u has no row numbers", s->entry.id);
	if (v->values == NULL)
		olap_vector_init(v, &s->types[s->ncols], OLAP_VECTOR_ROWS, s->cxt);
	else
		olap_vector_reset(v, &s->types[s->ncols]);
	olap_segment_decode(s, s->ncols, rg, vecno, v);
	if (v->n > OLAP_VECTOR_ROWS || v->valid != NULL ||
		v->n != Min(s->rowgroups[rg].rows - vecno * OLAP_VECTOR_ROWS,
					OLAP_VECTOR_ROWS))
		CORRUPTED(s, "Vector %u of row group %d has %u row numbers%s.", vecno,
				  rg, v->n, v->valid != NULL ? ", some NULL" : "");
	memcpy(rows, v->values, v->n * sizeof(uint64));
	for (uint32 i = 0; i < v->n; i++)
		bad |= rows[i] - first >= n;
	if (bad)
		CORRUPTED(s, "Vector %u of row group %d has row numbers outside of " UINT64_FORMAT " to " UINT64_FORMAT ".",
				  vecno, rg, first, first + n - 1);
	return v->n;
}

void
olap_segment_release(OlapSegment *s, int rg)
{
	RowGroup   *group = &s->rowgroups[rg];

	if (group->cxt == NULL)
		return;
	olap_segment_let_go(s);
	MemoryContextDelete(group->cxt);
	group->cxt = NULL;
	group->chunks = NULL;
	group->serial = ++last_serial;
}

uint64
olap_segment_serial(const OlapSegment *s, int rg)
{
	return s->rowgroups[rg].serial;
}

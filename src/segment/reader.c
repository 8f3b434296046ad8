/*-------------------------------------------------------------------------
 *
 * reader.c
 *		Open segments, say what is in them.
 *
 * Why lazily: a query touches few columns.  Opening reads the header's fixed
 * part and columns (header_reader.c); a column's chunk descriptors are read and
 * checked on the column's first use, of a chunk's bytes those that are decoded
 * (chunk_reader.c).
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
	OlapWatch	watch;

	olap_watch_start(s->times, &watch);
	olap_extent_read(s->rel, s->entry.first_block, s->entry.nblocks,
					 s->entry.id, offset, len, dst, s->strategy);
	olap_watch_stop(s->times, &watch, OLAP_PART_READ);
}

void
olap_segment_measure(OlapSegment *s, OlapScanTimes *times)
{
	s->times = times;
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
	olap_segment_check_header(s);
	for (uint32 rg = 0; rg < s->header.nrowgroups; rg++)
		s->rowgroups[rg].serial = ++last_serial;
	return s;
}

void
olap_segment_close(OlapSegment *s)
{
	olap_segment_let_go(s);
	MemoryContextDelete(s->cxt);
}

/* ---- what the header says ---- */

uint32
olap_segment_id(const OlapSegment *segment)
{
	return segment->entry.id;
}

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
	s->nopen--;
}

void
olap_segment_release_others(OlapSegment *s, int rg)
{
	for (int i = 0; i < (int) s->header.nrowgroups && s->nopen > 0; i++)
		if (i != rg)
			olap_segment_release(s, i);
}

uint64
olap_segment_serial(const OlapSegment *s, int rg)
{
	return s->rowgroups[rg].serial;
}

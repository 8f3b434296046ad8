/*-------------------------------------------------------------------------
 *
 * segment_verify.c
 *		Compare all that a segment claims with what it holds.
 *
 * src/segment/segment_verify.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "index/bloom.h"
#include "segment/parts.h"
#include "segment/reader_internal.h"
#include "segment/rownums.h"
#include "vector/vector_hash.h"

/* The parts of a segment, made anew while its chunks are read. */
typedef struct PartCheck
{
	OlapSegPart part;			/* as stored */
	OlapHll		hll;
	bool		seen;			/* of a row group: it was compared */
} PartCheck;

typedef struct Parts
{
	int			n;
	PartCheck  *checks;			/* [n] */
} Parts;

static void
begin_parts(OlapSegment *s, Parts *parts)
{
	const OlapSegPart *stored = olap_segment_parts(s, &parts->n);

	parts->checks = MemoryContextAllocZero(s->cxt, Max(parts->n, 1) * sizeof(PartCheck));
	for (int i = 0; i < parts->n; i++)
	{
		PartCheck  *check = &parts->checks[i];
		const OlapColumnType *type = &s->types[stored[i].col];

		check->part = stored[i];
		if (stored[i].state == OLAP_PART_BUILT &&
			!olap_vector_hashable(type, stored[i].hash))
			CORRUPTED(s, "Part %d of column %d has values hashed as %u, which representation %u has not.",
					  i, stored[i].col + 1, stored[i].hash, type->phys);
	}
}

/* A bloom of the same size with these values must be the stored one. */
static void
verify_bloom(OlapSegment *s, PartCheck *check, const OlapVector *v)
{
	Size		size = check->part.length;
	uint8	   *have = palloc_extended(size, MCXT_ALLOC_HUGE);
	uint8	   *want = palloc_extended(size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	uint64	   *hashes = palloc_extended(v->n * sizeof(uint64), MCXT_ALLOC_HUGE);

	olap_bloom_add(want, size, hashes,
				   olap_vector_hash_values(v, check->part.hash, NULL, v->n, hashes));
	olap_segment_read(s, check->part.offset, size, have);
	if (memcmp(have, want, size) != 0)
		CORRUPTED(s, "The bloom of column %d, row group %d does not describe its values.",
				  check->part.col + 1, check->part.rowgroup);
	check->seen = true;
}

/* Likewise an index with as many buckets. */
static void
verify_bitmap(OlapSegment *s, PartCheck *check, const OlapVector *v)
{
	uint64	   *hashes = palloc_extended(v->n * sizeof(uint64), MCXT_ALLOC_HUGE);
	OlapBytes	want;
	uint8	   *have;

	olap_bytes_init(&want, CurrentMemoryContext);
	olap_vector_hash(v, check->part.hash, hashes);
	olap_bitmap_build(hashes, v->valid, v->n, check->part.bits, &want);
	have = palloc_extended(check->part.length, MCXT_ALLOC_HUGE);
	olap_segment_read(s, check->part.offset, check->part.length, have);
	if (check->part.length != want.len || memcmp(have, want.data, want.len) != 0)
		CORRUPTED(s, "The bitmap index of column %d, row group %d does not describe its values.",
				  check->part.col + 1, check->part.rowgroup);
	check->seen = true;
}

static void
add_to_parts(OlapSegment *s, Parts *parts, int col, int rg, const OlapVector *v)
{
	for (int i = 0; i < parts->n; i++)
	{
		PartCheck  *check = &parts->checks[i];

		if (check->part.col != col || check->part.state != OLAP_PART_BUILT)
			continue;
		if (check->part.kind != OLAP_PART_HLL)
		{
			if (check->part.rowgroup == rg && check->part.kind == OLAP_PART_BLOOM)
				verify_bloom(s, check, v);
			else if (check->part.rowgroup == rg)
				verify_bitmap(s, check, v);
			continue;
		}
		if (check->hll.bits == 0)
			olap_hll_init(&check->hll, OLAP_HLL_DEFAULT_BITS, s->cxt);
		olap_vector_count(v, check->part.hash, NULL, v->n, &check->hll);
	}
}

/* Byte by byte, but for the flag, which the values do not tell. */
static void
verify_parts(OlapSegment *s, const Parts *parts)
{
	for (int i = 0; i < parts->n; i++)
	{
		const PartCheck *check = &parts->checks[i];
		size_t		len = olap_hll_stored_size(&check->hll);
		uint8	   *want;
		uint8	   *have;

		if (check->part.state != OLAP_PART_BUILT)
			continue;
		if (check->part.kind != OLAP_PART_HLL)
		{
			if (!check->seen)
				CORRUPTED(s, "The part of column %d, row group %d is of no chunk.",
						  check->part.col + 1, check->part.rowgroup);
			continue;
		}
		want = MemoryContextAlloc(s->cxt, len);
		have = MemoryContextAllocHuge(s->cxt, check->part.length);
		olap_hll_store(&check->hll, want);
		olap_segment_read(s, check->part.offset, check->part.length, have);
		want[OLAP_HLL_FLAGS_AT] = have[OLAP_HLL_FLAGS_AT] & OLAP_HLL_NOT_PORTABLE;
		if (check->part.length != len || memcmp(have, want, len) != 0)
			CORRUPTED(s, "The stored sketch of column %d does not describe its values.",
					  check->part.col + 1);
		pfree(want);
		pfree(have);
	}
}

/* Decode a whole chunk and compare it with what the header says of it. */
static void
verify_chunk(OlapSegment *s, int col, int rg, const OlapSegChunk *desc,
			 Parts *parts)
{
	const OlapColumnType *type = &s->types[col];
	MemoryContext cxt = AllocSetContextCreate(s->cxt, "olap verification",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	uint32		rows = s->rowgroups[rg].rows;
	uint32		nvectors = (rows + OLAP_VECTOR_ROWS - 1) / OLAP_VECTOR_ROWS;
	OlapVector	part;
	OlapVector	all;
	OlapDistinctPacked sketch;
	OlapDistinct *distinct;
	OlapZone	zone;

	olap_vector_init(&part, type, OLAP_VECTOR_ROWS, cxt);
	olap_vector_init(&all, type, rows, cxt);
	for (uint32 vecno = 0; vecno < nvectors; vecno++)
	{
		CHECK_FOR_INTERRUPTS();
		olap_segment_decode(s, col, rg, vecno, &part);
		olap_vector_append_rows(&all, type, &part, NULL, part.n);
	}
	if (all.n != rows)
		CORRUPTED(s, "Column %d, row group %d decodes to %u rows, expected %u.",
				  col + 1, rg, all.n, rows);
	distinct = palloc0(sizeof(OlapDistinct));
	olap_count_values(distinct, &all);
	olap_distinct_pack(distinct, &sketch);
	if (memcmp(&sketch, &desc->sketch, sizeof(sketch)) != 0)
		CORRUPTED(s, "The sketch of column %d, row group %d does not describe its values.",
				  col + 1, rg);
	memset(&zone, 0, sizeof(zone));
	olap_zone_build(&zone, type, &all);
	if (memcmp(&zone, &desc->zone, sizeof(zone)) != 0)
		CORRUPTED(s, "The zone of column %d, row group %d does not describe its values (kind %u, %u NULLs; expected kind %u, %u NULLs).",
				  col + 1, rg, desc->zone.kind, desc->zone.nulls, zone.kind,
				  zone.nulls);
	add_to_parts(s, parts, col, rg, &all);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

/* Chunks, then parts, must follow each other without gap or overlap up to total_len. */
static void
verify_layout(OlapSegment *s)
{
	uint64		end = s->header.header_len;
	int			nparts;
	const OlapSegPart *parts = olap_segment_parts(s, &nparts);

	for (int col = 0; col < (int) s->header.ncols; col++)
	{
		const OlapSegChunk *descs = olap_segment_descs(s, col);

		if (descs == NULL)
			continue;
		for (int rg = 0; rg < (int) s->header.nrowgroups; rg++)
		{
			if (descs[rg].offset != end)
				CORRUPTED(s, "The chunk of column %d, row group %d is at " UINT64_FORMAT ", expected " UINT64_FORMAT ".",
						  col + 1, rg, descs[rg].offset, end);
			end += descs[rg].length;
		}
	}
	for (int i = 0; i < nparts; i++)
	{
		if (parts[i].offset != end)
			CORRUPTED(s, "Part %d is at " UINT64_FORMAT ", expected " UINT64_FORMAT ".",
					  i, parts[i].offset, end);
		end += parts[i].length;
	}
	if (end != s->header.total_len)
		CORRUPTED(s, "Its chunks and parts end at " UINT64_FORMAT ", expected " UINT64_FORMAT ".",
				  end, s->header.total_len);
}

/* No number twice, and all in the listed ranges. */
static void
verify_numbers(OlapSegment *s)
{
	uint32		nrows = s->header.nrows;
	uint64	   *rows;
	uint64	   *scratch;

	if (!olap_segment_numbered(s))
		return;
	rows = MemoryContextAllocHuge(s->cxt, ((Size) nrows + OLAP_VECTOR_ROWS) *
								  sizeof(uint64));
	scratch = MemoryContextAllocHuge(s->cxt, (Size) nrows * sizeof(uint64));
	for (int rg = 0; rg < (int) s->header.nrowgroups; rg++)
	{
		CHECK_FOR_INTERRUPTS();
		for (uint32 done = 0; done < s->rowgroups[rg].rows;)
			done += olap_segment_row_numbers(s, rg, done / OLAP_VECTOR_ROWS,
											 rows + s->rowgroups[rg].first + done);
		olap_segment_release(s, rg);
	}
	olap_sort_u64(rows, scratch, nrows);
	for (uint32 i = 0; i < nrows; i++)
	{
		if (i > 0 && rows[i] == rows[i - 1])
			CORRUPTED(s, "Row number " UINT64_FORMAT " occurs twice.", rows[i]);
		if (!olap_seg_in_ranges(s->ranges, s->header.nranges,
								(uint32) (rows[i] / OLAP_VBLOCK_ROWS)))
			CORRUPTED(s, "Row number " UINT64_FORMAT " is in none of its ranges.",
					  rows[i]);
	}
	pfree(rows);
	pfree(scratch);
}

void
olap_segment_verify(Relation rel, const OlapDirEntry *entry)
{
	OlapSegment *s;
	Parts		parts;

	/* every page, also where no descriptor points */
	for (uint32 i = 0; i < entry->nblocks; i++)
	{
		CHECK_FOR_INTERRUPTS();
		UnlockReleaseBuffer(olap_page_read(rel, entry->first_block + i,
										   OLAP_PAGE_SEGMENT, entry->id,
										   BUFFER_LOCK_SHARE));
	}
	s = olap_segment_open(rel, entry, CurrentMemoryContext, NULL);
	verify_layout(s);
	begin_parts(s, &parts);
	for (int rg = 0; rg < (int) s->header.nrowgroups; rg++)
	{
		for (int col = 0; col < (int) s->header.ncols; col++)
		{
			const OlapSegChunk *descs = olap_segment_descs(s, col);

			if (descs != NULL)
				verify_chunk(s, col, rg, &descs[rg], &parts);
			olap_segment_release(s, rg);
		}
	}
	verify_parts(s, &parts);
	verify_numbers(s);
	olap_segment_close(s);
}

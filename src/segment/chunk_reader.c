/*-------------------------------------------------------------------------
 *
 * chunk_reader.c
 *		Open and decode the column chunks of a segment.
 *
 * Of a chunk the pages are read that hold what is decoded: the heads of the
 * encoding, a dictionary, and the vectors that are asked for.  A filter leaves few
 * vectors of the other columns, and a full scan finds what it decodes in the
 * cache.
 *
 * src/segment/chunk_reader.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "segment/page.h"
#include "segment/reader_internal.h"
#include "segment/recent.h"

/*
 * Where few rows are wanted, this is read at least: the heads of an encoding, as a
 * rule.  The last few reads of a chunk are remembered: heads of what is inside of it
 * are side by side.
 */
#define SPARSE_READ OLAP_EXPECT_BYTES
#define SPARSE_READS 4

/* Bytes of the segment. */
typedef struct Range
{
	uint64		from;
	uint64		to;
} Range;

/* A chunk's bytes, of which some are there. */
typedef struct Pieces
{
	OlapSegment *segment;
	uint64		offset;			/* of the chunk in the segment */
	uint64		end;
	uint64		first_page;		/* of the segment's: the one with offset */
	uint8	   *bytes;			/* [end - offset] */
	uint64	   *have;			/* bitmap of pages, from first_page on */
	Range		sparse[SPARSE_READS];	/* what read_sparse() read last */
	uint32		nsparse;		/* reads so far */
} Pieces;

static inline bool
has_page(const Pieces *pieces, uint64 page)
{
	uint64		i = page - pieces->first_page;

	return (pieces->have[i / 64] >> i % 64 & 1) != 0;
}

/* Read the pages [page, end), as far as they are the chunk's. */
static void
read_pages(Pieces *pieces, uint64 page, uint64 end)
{
	uint64		from = Max(page * OLAP_PAGE_PAYLOAD, pieces->offset);
	uint64		to = Min(end * OLAP_PAGE_PAYLOAD, pieces->end);

	olap_segment_read(pieces->segment, from, to - from,
					  pieces->bytes + (from - pieces->offset));
	pieces->segment->bytes_read += to - from;
	for (; page < end; page++)
	{
		uint64		i = page - pieces->first_page;

		pieces->have[i / 64] |= UINT64CONST(1) << i % 64;
	}
}

/*
 * Read from .. to without the rest of its pages: copying that takes longer than finding
 * the page again, which stays pinned.
 */
static void
read_sparse(Pieces *pieces, uint64 from, uint64 to)
{
	uint64		page_end = ((to - 1) / OLAP_PAGE_PAYLOAD + 1) * OLAP_PAGE_PAYLOAD;

	for (int i = 0; i < SPARSE_READS; i++)
		if (from >= pieces->sparse[i].from && to <= pieces->sparse[i].to)
			return;
	to = Max(to, Min(from + SPARSE_READ, Min(page_end, pieces->end)));
	olap_segment_read_held(pieces->segment, from, to - from,
						   pieces->bytes + (from - pieces->offset));
	pieces->segment->bytes_read += to - from;
	pieces->sparse[pieces->nsparse++ % SPARSE_READS] = (Range) {from, to};
}

/* OlapChunkFetch */
static void
fetch_pieces(void *arg, size_t offset, size_t len)
{
	Pieces	   *pieces = arg;
	uint64		from = pieces->offset + offset;
	uint64		page = from / OLAP_PAGE_PAYLOAD;
	uint64		end = (from + len + OLAP_PAGE_PAYLOAD - 1) / OLAP_PAGE_PAYLOAD;

	if (len == 0)
		return;
	if (pieces->segment->sparse &&
		!(has_page(pieces, page) && has_page(pieces, end - 1)))
	{
		read_sparse(pieces, from, from + len);
		return;
	}
	while (page < end)
	{
		uint64		next = page;

		while (next < end && !has_page(pieces, next))
			next++;
		if (next > page)
			read_pages(pieces, page, next);
		page = next + 1;
	}
}

/* The same of what will be asked for. */
static void
expect_pieces(void *arg, size_t offset, size_t len)
{
	Pieces	   *pieces = arg;

	olap_segment_expect(pieces->segment, pieces->offset + offset, len);
}

static OlapChunk *
open_chunk(OlapSegment *s, int col, int rg, const OlapSegChunk *desc)
{
	RowGroup   *group = &s->rowgroups[rg];
	Pieces	   *pieces = MemoryContextAlloc(group->cxt, sizeof(Pieces));
	const char *reason = NULL;
	const OlapChunkInfo *info;
	OlapChunk  *chunk;

	pieces->segment = s;
	pieces->offset = desc->offset;
	pieces->end = desc->offset + desc->length;
	pieces->first_page = desc->offset / OLAP_PAGE_PAYLOAD;
	memset(pieces->sparse, 0, sizeof(pieces->sparse));
	pieces->nsparse = 0;
	pieces->bytes = s->sparse ? olap_sparse_room(group, desc->length) :
		MemoryContextAllocHuge(group->cxt, desc->length);
	pieces->have = MemoryContextAllocZero(group->cxt, sizeof(uint64) *
										  ((pieces->end / OLAP_PAGE_PAYLOAD -
											pieces->first_page) / 64 + 1));
	chunk = olap_chunk_open_pieces(pieces->bytes, desc->length, fetch_pieces,
								   s->sparse ? expect_pieces : NULL, pieces,
								   &s->types[col], group->rows,
								   group->cxt, &reason);
	if (chunk == NULL)
		CORRUPTED(s, "The chunk of column %d, row group %d does not open: %s.",
				  col + 1, rg, reason);
	info = olap_chunk_info(chunk);
	if (info->encoding != desc->encoding || info->phys != desc->phys ||
		info->nulls != desc->nulls)
		CORRUPTED(s, "The chunk of column %d, row group %d has encoding %d, representation %d and %u NULLs, expected %u, %u and %u.",
				  col + 1, rg, info->encoding, info->phys, info->nulls,
				  desc->encoding, desc->phys, desc->nulls);
	s->opened[info->encoding]++;
	return chunk;
}

void
olap_segment_set_sparse(OlapSegment *s, bool sparse)
{
	s->sparse = sparse;
	if (!sparse)
		olap_segment_let_go(s);
}

void
olap_segment_take_opened(OlapSegment *s, uint64 *sums)
{
	for (int e = 0; e <= OLAP_ENC_MAX; e++)
	{
		sums[e] += s->opened[e];
		s->opened[e] = 0;
	}
}

OlapChunk *
olap_segment_chunk(OlapSegment *s, int col, int rg)
{
	RowGroup   *group = &s->rowgroups[rg];
	const OlapSegChunk *descs = olap_segment_descs(s, col);

	if (descs == NULL)
		return NULL;
	if (group->cxt == NULL)
	{
		MemoryContext cxt = AllocSetContextCreate(s->cxt, "olap row group",
												  ALLOCSET_DEFAULT_SIZES);

		group->chunks = MemoryContextAllocZero(cxt, s->header.ncols *
											   sizeof(OlapChunk *));
		group->cxt = cxt;
		s->nopen++;
	}
	if (group->chunks[col] == NULL)
		group->chunks[col] = open_chunk(s, col, rg, &descs[rg]);
	return group->chunks[col];
}

void
olap_segment_decode(OlapSegment *s, int col, int rg, uint32 vecno,
					OlapVector *out)
{
	OlapChunk  *chunk = olap_segment_chunk(s, col, rg);
	const char *reason = NULL;

	if (chunk == NULL)
		elog(ERROR, "segment %u has no column %d", s->entry.id, col + 1);
	if (!olap_chunk_decode(chunk, vecno, out, &reason))
		CORRUPTED(s, "Vector %u of column %d, row group %d does not decode: %s.",
				  vecno, col + 1, rg, reason);
}

bool
olap_segment_decodes_rows(OlapSegment *s, int col, int rg, uint32 n)
{
	OlapChunk  *chunk = olap_segment_chunk(s, col, rg);

	return chunk != NULL && olap_chunk_decodes_rows(chunk, n);
}

void
olap_segment_expect_row(OlapSegment *s, int rg, uint32 row, const bool *needed,
						int ncols)
{
	ncols = Min(ncols, s->ncols);
	for (int col = 0; col < ncols; col++)
	{
		const OlapSegChunk *descs = needed == NULL || needed[col] ?
			olap_segment_descs(s, col) : NULL;

		if (descs != NULL)
			olap_segment_expect(s, descs[rg].offset, SPARSE_READ);
	}
	/* the heads say where the rest is */
	for (int col = 0; col < ncols; col++)
	{
		OlapChunk  *chunk = needed == NULL || needed[col] ?
			olap_segment_chunk(s, col, rg) : NULL;

		if (chunk != NULL)
			olap_chunk_expect_row(chunk, row / OLAP_VECTOR_ROWS, row % OLAP_VECTOR_ROWS);
	}
}

void
olap_segment_decode_rows(OlapSegment *s, int col, int rg, uint32 vecno,
						 const uint16 *rows, uint32 n, OlapVector *out)
{
	const char *reason = NULL;

	if (!olap_chunk_decode_rows(olap_segment_chunk(s, col, rg), vecno, rows, n,
								out, &reason))
		CORRUPTED(s, "Rows of vector %u of column %d, row group %d do not decode: %s.",
				  vecno, col + 1, rg, reason);
}

bool
olap_segment_decode_codes(OlapSegment *s, int col, int rg, uint32 vecno,
						  OlapVector *out)
{
	OlapChunk  *chunk = olap_segment_chunk(s, col, rg);
	const char *reason = NULL;

	if (chunk == NULL || olap_chunk_info(chunk)->encoding != OLAP_ENC_DICT ||
		olap_chunk_info(chunk)->phys == OLAP_PHYS_BOOL)
		return false;
	if (!olap_chunk_decode_codes(chunk, vecno, out, &reason))
		CORRUPTED(s, "Vector %u of column %d, row group %d does not decode: %s.",
				  vecno, col + 1, rg, reason);
	return true;
}

void
olap_segment_fill_values(OlapSegment *s, int col, int rg, OlapVector *out)
{
	olap_chunk_fill_values(olap_segment_chunk(s, col, rg), out);
}

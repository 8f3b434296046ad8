/*-------------------------------------------------------------------------
 *
 * parts_reader.c
 *		Read the sketches, blooms and bitmap indexes of a segment's columns.
 *
 * src/segment/parts_reader.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "index/bloom.h"
#include "segment/page.h"
#include "segment/parts.h"
#include "segment/reader_internal.h"

static int
compare_keys(const OlapSegPart *a, const OlapSegPart *b)
{
	if (a->kind != b->kind)
		return a->kind - b->kind;
	if (a->col != b->col)
		return a->col - b->col;
	return a->rowgroup - b->rowgroup;
}

static bool
part_is_sane(const OlapSegment *s, const OlapSegPart *part)
{
	bool		bloom = part->kind == OLAP_PART_BLOOM;
	bool		bitmap = part->kind == OLAP_PART_BITMAP;
	bool		whole = part->rowgroup == OLAP_PART_WHOLE;

	if ((part->kind != OLAP_PART_HLL && !bloom && !bitmap) || part->col >= s->ncols ||
		s->types[part->col].dropped || part->state > OLAP_PART_STATE_MAX ||
		part->hash > OLAP_HASH_KIND_MAX ||
		(bitmap && s->header.version < OLAP_SEG_VERSION_BITMAPS))
		return false;
	if (whole != (part->kind == OLAP_PART_HLL || part->state != OLAP_PART_BUILT) ||
		(!whole && part->rowgroup >= s->header.nrowgroups) ||
		(bloom && part->length % OLAP_BLOOM_BLOCK != 0) ||
		part->bits > (bitmap ? OLAP_BITMAP_MAX_BITS : 0) ||
		(bitmap && !whole && part->length < olap_bitmap_directory(part->bits)))
		return false;
	if ((part->state == OLAP_PART_BUILT) !=
		(part->length > 0 && part->hash != OLAP_HASH_NONE))
		return false;
	return part->offset >= s->header.header_len &&
		part->offset <= s->header.total_len &&
		part->length <= s->header.total_len - part->offset;
}

const OlapSegPart *
olap_segment_part_descs(OlapSegment *s)
{
	const OlapSegHeader *h = &s->header;
	OlapSegPart *parts;

	if (s->nparts == 0 || s->parts != NULL)
		return s->parts;
	parts = MemoryContextAllocHuge(s->cxt, (Size) s->nparts * sizeof(OlapSegPart));
	olap_segment_read_header(s, olap_seg_parts_offset(h->ncols, h->nrowgroups, h->nranges) +
					  sizeof(OlapSegPartCount),
					  (Size) s->nparts * sizeof(OlapSegPart), parts);
	for (uint32 i = 0; i < s->nparts; i++)
	{
		if (!part_is_sane(s, &parts[i]))
			CORRUPTED(s, "Part %u is of kind %u, column %u, row group %u, in state %u, with %u bytes at " UINT64_FORMAT ".",
					  i, parts[i].kind, parts[i].col + 1, parts[i].rowgroup,
					  parts[i].state, parts[i].length, parts[i].offset);
		if (i > 0 && compare_keys(&parts[i - 1], &parts[i]) >= 0)
			CORRUPTED(s, "Part %u is not behind the one before it.", i);
	}
	s->parts = parts;
	return parts;
}

const OlapSegPart *
olap_segment_parts(OlapSegment *s, int *n)
{
	*n = (int) s->nparts;
	return olap_segment_part_descs(s);
}

/* NULL if there is none. */
static const OlapSegPart *
find_part(OlapSegment *s, OlapPartKind kind, int col, int rowgroup)
{
	const OlapSegPart *parts = olap_segment_part_descs(s);
	OlapSegPart key = {.kind = kind,.col = (uint16) col,.rowgroup = (uint16) rowgroup};
	uint32		low = 0;
	uint32		high = s->nparts;

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;
		int			order = compare_keys(&key, &parts[middle]);

		if (order == 0)
			return &parts[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* The bytes of a part that was built, for the caller to free. */
static uint8 *
read_part(OlapSegment *s, const OlapSegPart *part)
{
	uint8	   *bytes = MemoryContextAllocHuge(s->cxt, part->length);

	olap_segment_read(s, part->offset, part->length, bytes);
	s->bytes_read += part->length;
	return bytes;
}

bool
olap_segment_hll(OlapSegment *s, int col, OlapHashKind kind, OlapHll *h)
{
	const OlapSegPart *part = find_part(s, OLAP_PART_HLL, col, OLAP_PART_WHOLE);
	const char *reason;
	OlapHll		stored;
	uint8	   *bytes;

	if (part == NULL || part->state != OLAP_PART_BUILT || part->hash != kind)
		return false;
	bytes = read_part(s, part);
	if (!olap_hll_load(&stored, bytes, part->length, s->cxt, &reason))
		CORRUPTED(s, "The sketch of column %d cannot be read: %s.", col + 1, reason);
	olap_hll_merge(h, &stored);
	olap_hll_free(&stored);
	pfree(bytes);
	return true;
}

bool
olap_segment_bloom_excludes(OlapSegment *s, const OlapZoneQual *qual, int rg)
{
	const OlapSegPart *part;

	if (s->nparts == 0 || (qual->op != OLAP_ZONE_EQ && qual->op != OLAP_ZONE_IN) ||
		qual->nvalues > OLAP_BLOOM_MAX_PROBES)
		return false;
	part = find_part(s, OLAP_PART_BLOOM, qual->col, rg);
	if (part == NULL || !olap_bloom_fits(qual->kind, part->hash))
		return false;
	for (int i = 0; i < qual->nvalues; i++)
	{
		uint64		hash = olap_bloom_hash(qual, i);
		uint8		block[OLAP_BLOOM_BLOCK];

		olap_segment_read(s, part->offset + olap_bloom_block(part->length, hash),
						  sizeof(block), block);
		s->bytes_read += sizeof(block);
		if (olap_bloom_block_has(block, hash))
			return false;
	}
	return true;
}

/* ---- bitmap indexes ---- */

/* How the bytes of an index are had. */
typedef enum ReadMode
{
	READ_PIECES,				/* of each bucket, its ends and itself */
	READ_DIRECTORY,				/* all ends, and buckets one by one */
	READ_WHOLE
} ReadMode;

/* An index of up to so many bytes is read whole for any value. */
#define SMALL_INDEX 2048
/* Copying a page takes about as long as visiting so many more for a few bytes. */
#define COPY_WORK 4.0

static inline double
pages_work(size_t len)
{
	return (len / OLAP_PAGE_PAYLOAD + 1) * (1 + COPY_WORK * Min(len, OLAP_PAGE_PAYLOAD) / OLAP_PAGE_PAYLOAD);
}

/* The way that is least work for n values, and how much, in visits of pages. */
static ReadMode
choose_mode(const OlapSegPart *part, uint32 n, double *work)
{
	double		pieces = 2.0 * n;
	double		directory = n + pages_work(olap_bitmap_directory(part->bits));
	double		whole = pages_work(part->length);

	*work = Min(Min(pieces, directory), whole);
	return part->length <= SMALL_INDEX || *work == whole ? READ_WHOLE :
		*work == pieces ? READ_PIECES : READ_DIRECTORY;
}

const OlapSegPart *
olap_segment_bitmap(OlapSegment *s, int col, int rg)
{
	return s->nparts == 0 ? NULL : find_part(s, OLAP_PART_BITMAP, col, rg);
}

double
olap_segment_bitmap_work(const OlapSegPart *part, uint32 n)
{
	double		work;

	(void) choose_mode(part, n, &work);
	return work;
}

/* Scratch memory for so many bytes. */
static uint8 *
scratch(OlapSegment *s, uint8 **bytes, Size *size, Size need)
{
	if (*size < need)
	{
		if (*bytes != NULL)
			pfree(*bytes);
		*size = 0;
		*bytes = MemoryContextAllocHuge(s->cxt, Max(need, 1024));
		*size = Max(need, 1024);
	}
	return *bytes;
}

/* len bytes of an index, from offset on, and the padding behind them. */
static const uint8 *
read_index(OlapSegment *s, const OlapSegPart *part, size_t offset, size_t len)
{
	uint8	   *bytes = scratch(s, &s->bucket, &s->bucket_size, len + OLAP_BITMAP_PADDING);

	olap_segment_read(s, part->offset + offset, len, bytes);
	memset(bytes + len, 0, OLAP_BITMAP_PADDING);
	s->bytes_read += len;
	return bytes;
}

/* The ends of all buckets. */
static const uint8 *
read_directory(OlapSegment *s, const OlapSegPart *part)
{
	size_t		len = olap_bitmap_directory(part->bits);
	uint8	   *bytes = scratch(s, &s->ends, &s->ends_size, len);

	olap_segment_read(s, part->offset, len, bytes);
	s->bytes_read += len;
	return bytes;
}

/*
 * Look n hashes of one bucket up; the index's bytes may be there, or its first ones
 * with the ends of buckets; else NULL.
 */
static OlapBitmapAnswer
find_in_bucket(OlapSegment *s, const OlapSegPart *part, const uint8 *whole,
			   const uint8 *directory, const uint64 *hashes, uint32 n,
			   OlapRowSet *rows)
{
	size_t		at = olap_bitmap_ends_offset(part->bits, hashes[0]);
	uint32		ends[2];
	size_t		offset;
	size_t		len;

	if (whole != NULL || directory != NULL)
		memcpy(ends, (whole != NULL ? whole : directory) + at, sizeof(ends));
	else
	{
		olap_segment_read(s, part->offset + at, sizeof(ends), ends);
		s->bytes_read += sizeof(ends);
	}
	if (!olap_bitmap_bucket(part->bits, part->length, ends, &offset, &len))
		return OLAP_BITMAP_BAD;
	return olap_bitmap_find_list(whole != NULL ? whole + offset :
								 read_index(s, part, offset, len),
								 len, part->bits, hashes, n,
								 s->rowgroups[part->rowgroup].rows, rows);
}

OlapBitmapAnswer
olap_segment_find_rows(OlapSegment *s, const OlapSegPart *part,
					   const uint64 *hashes, uint32 n, OlapRowSet *rows)
{
	OlapBitmapAnswer answer = OLAP_BITMAP_NONE;
	double		work;
	ReadMode	mode = choose_mode(part, n, &work);
	const uint8 *whole = mode == READ_WHOLE ? read_index(s, part, 0, part->length) : NULL;
	const uint8 *directory = mode == READ_DIRECTORY ? read_directory(s, part) : NULL;

	for (uint32 i = 0, same; i < n; i += same)
	{
		OlapBitmapAnswer one;

		same = olap_bitmap_same_bucket(part->bits, hashes + i, n - i);
		one = find_in_bucket(s, part, whole, directory, hashes + i, same, rows);
		if (one == OLAP_BITMAP_BAD)
			CORRUPTED(s, "The bitmap index of column %d, row group %d cannot be read.",
					  part->col + 1, part->rowgroup);
		if (one == OLAP_BITMAP_MANY)
			return one;
		if (one == OLAP_BITMAP_ROWS)
			answer = one;
	}
	return answer;
}

/* A column that is younger than the segment has nothing there to sketch. */
static bool
lacks(OlapSegment *s, OlapPartKind kind, AttrNumber attno)
{
	int			col = attno - 1;

	return col < s->ncols && !s->types[col].dropped &&
		find_part(s, kind, col, OLAP_PART_WHOLE) == NULL &&
		find_part(s, kind, col, 0) == NULL;
}

bool
olap_segment_lacks_parts(OlapSegment *s, const OlapOptions *options)
{
	for (int i = 0; i < options->nhll; i++)
		if (lacks(s, OLAP_PART_HLL, options->hll[i]))
			return true;
	for (int i = 0; i < options->nbloom; i++)
		if (lacks(s, OLAP_PART_BLOOM, options->bloom[i]))
			return true;
	for (int i = 0; i < options->nbitmap; i++)
		if (lacks(s, OLAP_PART_BITMAP, options->bitmap[i]))
			return true;
	return false;
}

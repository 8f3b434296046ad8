/*-------------------------------------------------------------------------
 *
 * chunk.c
 *		Column chunks: choice of encoding, header, NULLs, the way back.
 *
 * Every codec scores the analyzed values as estimated bytes plus what a reader
 * pays for decoding; they are tried from the cheapest on until one goes through.
 * RAW always does.
 *
 * src/codec/chunk.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "base/kernel.h"
#include "codec/codec_internal.h"

static const OlapCodec *const codecs[] = {
	&olap_codec_const, &olap_codec_raw, &olap_codec_for, &olap_codec_delta,
	&olap_codec_rle, &olap_codec_dict, &olap_codec_lz, &olap_codec_bins
};

static const OlapCodec *
find_codec(uint8 encoding)
{
	for (int i = 0; i < (int) lengthof(codecs); i++)
		if (codecs[i]->encoding == encoding)
			return codecs[i];
	return NULL;
}

const char *
olap_encoding_name(OlapEncoding encoding)
{
	const OlapCodec *codec = find_codec((uint8) encoding);

	return codec != NULL ? codec->name : "unknown";
}

/* Byte strings ------------------------------------------------------------ */

void
olap_bytes_init(OlapBytes *b, MemoryContext cxt)
{
	memset(b, 0, sizeof(OlapBytes));
	b->cxt = cxt;
}

uint8 *
olap_bytes_reserve(OlapBytes *b, size_t len)
{
	if (b->cap - b->len < len)
	{
		size_t		cap = Max(Max(b->cap * 2, b->len + len), 1024);

		b->data = b->data == NULL ? MemoryContextAllocHuge(b->cxt, cap)
			: repalloc_huge(b->data, cap);
		b->cap = cap;
	}
	return b->data + b->len;
}

void
olap_bytes_append(OlapBytes *b, const void *src, size_t len)
{
	uint8	   *dst = olap_bytes_reserve(b, len);

	if (len > 0)
		memcpy(dst, src, len);
	b->len += len;
}

/* Vector index ------------------------------------------------------------ */

size_t
olap_index_begin(OlapBytes *out, uint32 nrows)
{
	size_t		index = out->len;
	size_t		len = (olap_vector_count(nrows) + 1) * sizeof(uint32);

	memset(olap_bytes_reserve(out, len), 0, len);
	out->len += len;
	return index;
}

void
olap_index_set(OlapBytes *out, size_t index, uint32 nrows, uint32 vecno)
{
	size_t		base = index + (olap_vector_count(nrows) + 1) * sizeof(uint32);
	uint32		offset = (uint32) (out->len - base);

	if (out->len - base > PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a column chunk exceeds 4 GB")));
	memcpy(out->data + index + vecno * sizeof(uint32), &offset,
		   sizeof(offset));
}

static uint32
index_entry(const uint8 *index, uint32 vecno)
{
	uint32		offset;

	memcpy(&offset, index + vecno * sizeof(uint32), sizeof(offset));
	return offset;
}

bool
olap_index_open(OlapChunk *chunk, const uint8 *src, size_t len,
				const char **reason)
{
	uint32		nvec = olap_vector_count(chunk->info.nrows);
	size_t		index_len = (nvec + 1) * sizeof(uint32);

	if (len < index_len)
		OLAP_REJECT("a vector index is cut short");
	olap_chunk_need(&chunk->source, src, index_len);
	for (uint32 i = 0; i < nvec; i++)
		if (index_entry(src, i) > index_entry(src, i + 1))
			OLAP_REJECT("a vector index is out of order");
	if (index_entry(src, 0) != 0 || index_entry(src, nvec) != len - index_len)
		OLAP_REJECT("a vector index does not cover the chunk");
	chunk->index = src;
	chunk->vectors = src + index_len;
	chunk->vectors_len = len - index_len;
	return true;
}

const uint8 *
olap_index_get(const OlapChunk *chunk, uint32 vecno, size_t *len)
{
	uint32		start = index_entry(chunk->index, vecno);

	*len = index_entry(chunk->index, vecno + 1) - start;
	olap_chunk_need(&chunk->source, chunk->vectors + start,
					*len + OLAP_INDEX_SLACK);
	return chunk->vectors + start;
}

const uint8 *
olap_index_get_rows(const OlapChunk *chunk, uint32 vecno, uint32 n, size_t *len)
{
	uint32		start = index_entry(chunk->index, vecno);

	if (n > OLAP_SINGLE_ROWS)
		return olap_index_get(chunk, vecno, len);
	*len = index_entry(chunk->index, vecno + 1) - start;
	return chunk->vectors + start;
}

/* Encoding ---------------------------------------------------------------- */

/* The bitmap's words with the bits beyond the last row cleared. */
static inline uint64
valid_word(const uint64 *valid, uint32 n, uint32 word)
{
	uint64		bits = valid[word];

	if (n - word * 64 < 64)
		bits &= (UINT64CONST(1) << (n - word * 64)) - 1;
	return bits;
}

static uint32
count_nulls(const OlapVector *v)
{
	uint32		valid = 0;

	if (v->valid == NULL)
		return 0;
	for (uint32 word = 0; word < (v->n + 63) / 64; word++)
		valid += (uint32) __builtin_popcountll(valid_word(v->valid, v->n,
														  word));
	return v->n - valid;
}

/*
 * A copy of v's values in which each NULL row repeats the row before it, and
 * the first rows, if NULL, the first value there is.
 */
static void *
fill_nulls(const OlapVector *v)
{
	size_t		width = v->width;
	char	   *values = MemoryContextAllocHuge(CurrentMemoryContext,
												v->n * width);
	uint32		first = 0;

	memcpy(values, v->values, v->n * width);
	while (olap_vector_is_null(v, first))
		first++;
	for (uint32 row = 0; row < first; row++)
		memcpy(values + row * width, values + first * width, width);
	for (uint32 word = first / 64; word < (v->n + 63) / 64; word++)
	{
		uint64		nulls = ~valid_word(v->valid, v->n, word);

		for (; nulls != 0; nulls &= nulls - 1)
		{
			uint32		row = word * 64 + (uint32) __builtin_ctzll(nulls);

			if (row >= v->n)
				break;
			if (row > first)
				memcpy(values + row * width, values + (row - 1) * width,
					   width);
		}
	}
	return values;
}

/* Try the codecs, the cheapest first. */
static const OlapCodec *
encode_best(const OlapAnalysis *a, OlapBytes *out, OlapChunkInfo *info)
{
	double		costs[lengthof(codecs)];
	size_t		start = out->len;

	for (int i = 0; i < (int) lengthof(codecs); i++)
		costs[i] = codecs[i]->score(a) + codecs[i]->decode_cost * a->n;
	for (;;)
	{
		int			best = 1;	/* RAW */

		for (int i = 0; i < (int) lengthof(codecs); i++)
			if (costs[i] < costs[best])
				best = i;
		if (codecs[best]->encode(a, out, info))
		{
			if (codecs[best] == &olap_codec_raw ||
				a->v->phys == OLAP_PHYS_VAR ||
				out->len - start <= a->raw_bytes + 64)
				return codecs[best];
		}
		/* the estimate was wrong */
		out->len = start;
		info->distinct = 0;
		costs[best] = INFINITY;
	}
}

void
olap_chunk_put_header(OlapBytes *out, OlapEncoding encoding, OlapPhys phys,
					  uint16 width, uint32 nrows, uint64 raw_bytes)
{
	OlapChunkHeader header = {.version = OLAP_CHUNK_VERSION,
		.encoding = (uint8) encoding, .phys = (uint8) phys, .width = width,
		.nrows = nrows, .raw_bytes = raw_bytes};

	olap_bytes_append(out, &header, sizeof(header));
}

static void
encode_chunk(const OlapVector *v, int depth, OlapBytes *out,
			 OlapChunkInfo *info, OlapDistinct *count)
{
	size_t		start = out->len;
	OlapChunkHeader header = {.version = OLAP_CHUNK_VERSION,
		.phys = (uint8) v->phys, .scale = v->scale, .width = v->width,
		.nrows = v->n};
	OlapVector	filled = *v;
	OlapAnalysis analysis;
	const OlapCodec *codec = &olap_codec_const;

	Assert(v->n >= 1 && v->n <= OLAP_ROWGROUP_ROWS);
	memset(info, 0, sizeof(OlapChunkInfo));
	header.nulls = count_nulls(v);
	if (header.nulls == v->n)
		header.flags = OLAP_CHUNK_ALL_NULL;
	else if (header.nulls > 0)
		header.flags = OLAP_CHUNK_HAS_NULLS;
	olap_bytes_append(out, &header, sizeof(header));

	if (header.flags == OLAP_CHUNK_HAS_NULLS)
	{
		for (uint32 word = 0; word < (v->n + 63) / 64; word++)
		{
			uint64		bits = valid_word(v->valid, v->n, word);

			olap_bytes_append(out, &bits, sizeof(bits));
		}
		filled.values = fill_nulls(v);
	}
	filled.valid = NULL;
	if (header.flags != OLAP_CHUNK_ALL_NULL)
	{
		olap_analyze(&analysis, &filled, header.nulls > 0 ? v->valid : NULL,
					 depth);
		analysis.count = count;
		header.raw_bytes = analysis.raw_bytes;
		codec = encode_best(&analysis, out, info);
	}
	if (filled.values != v->values)
		pfree(filled.values);
	if (count != NULL && codec != &olap_codec_dict)
		olap_count_values(count, v);

	header.encoding = (uint8) codec->encoding;
	memcpy(out->data + start, &header, sizeof(header));
	info->encoding = codec->encoding;
	info->phys = v->phys;
	info->scale = v->scale;
	info->nrows = v->n;
	info->nulls = header.nulls;
	info->raw_bytes = header.raw_bytes;
}

void
olap_chunk_encode_at(const OlapVector *v, int depth, OlapBytes *out,
					 OlapChunkInfo *info)
{
	encode_chunk(v, depth, out, info, NULL);
}

void
olap_chunk_encode(const OlapVector *v, OlapBytes *out, OlapChunkInfo *info)
{
	encode_chunk(v, OLAP_DEPTH_COLUMN, out, info, NULL);
}

void
olap_chunk_encode_counted(const OlapVector *v, OlapBytes *out,
						  OlapChunkInfo *info, OlapDistinct *count)
{
	encode_chunk(v, OLAP_DEPTH_COLUMN, out, info, count);
}

/* Decoding ---------------------------------------------------------------- */

/* Take the validity bitmap off the payload, and check the count of NULLs. */
static bool
open_validity(OlapChunk *chunk, uint8 flags, const char **reason)
{
	uint32		nrows = chunk->info.nrows;
	uint32		words = (nrows + 63) / 64;
	uint32		valid = 0;

	if (flags == OLAP_CHUNK_ALL_NULL)
	{
		chunk->all_null = true;
		if (chunk->info.nulls != nrows ||
			chunk->info.encoding != OLAP_ENC_CONST)
			OLAP_REJECT("a chunk of NULLs has a wrong header");
		return true;
	}
	if (flags == 0)
	{
		if (chunk->info.nulls != 0)
			OLAP_REJECT("a chunk without a bitmap claims NULLs");
		return true;
	}
	if (flags != OLAP_CHUNK_HAS_NULLS)
		OLAP_REJECT("a chunk has unknown flags");
	if (chunk->payload_len < words * sizeof(uint64))
		OLAP_REJECT("a chunk is cut short");
	olap_chunk_need(&chunk->source, chunk->payload, words * sizeof(uint64));
	chunk->valid = chunk->payload;
	chunk->payload += words * sizeof(uint64);
	chunk->payload_len -= words * sizeof(uint64);
	for (uint32 word = 0; word < words; word++)
	{
		uint64		bits;

		memcpy(&bits, chunk->valid + word * sizeof(bits), sizeof(bits));
		valid += (uint32) __builtin_popcountll(bits);
	}
	if (valid == 0 || valid >= nrows || nrows - valid != chunk->info.nulls)
		OLAP_REJECT("a chunk's bitmap does not match its count of NULLs");
	return true;
}

static bool
check_header(const OlapChunkHeader *header, OlapPhys phys, uint8 scale,
			 uint16 width, uint32 nrows, const char **reason)
{
	if (header->version != OLAP_CHUNK_VERSION)
		OLAP_REJECT("a chunk has an unknown version");
	if (header->phys != phys || header->width != width ||
		header->scale != scale)
		OLAP_REJECT("a chunk holds another type");
	if (header->nrows != nrows || nrows == 0 || nrows > OLAP_ROWGROUP_ROWS)
		OLAP_REJECT("a chunk has another number of rows");
	if (find_codec(header->encoding) == NULL)
		OLAP_REJECT("a chunk has an unknown encoding");
	return true;
}

static bool
open_payload(OlapChunk *chunk, const char **reason)
{
	if (!chunk->codec->pieces)
		olap_chunk_need(&chunk->source, chunk->payload, chunk->payload_len);
	return chunk->codec->open(chunk, reason);
}

OlapChunk *
olap_chunk_open_at(const uint8 *src, size_t len, OlapPhys phys, uint8 scale,
				   uint16 width, char typalign, uint32 nrows, int depth,
				   const OlapChunkSource *source, MemoryContext cxt,
				   const char **reason)
{
	OlapChunkHeader header;
	OlapChunk  *chunk;

	*reason = "a chunk is cut short";
	if (len < sizeof(header))
		return NULL;
	if (source != NULL)
		olap_chunk_need(source, src, sizeof(header));
	memcpy(&header, src, sizeof(header));
	if (!check_header(&header, phys, scale, width, nrows, reason))
		return NULL;

	chunk = MemoryContextAllocZero(cxt, sizeof(OlapChunk));
	chunk->info.encoding = (OlapEncoding) header.encoding;
	chunk->info.phys = phys;
	chunk->info.scale = scale;
	chunk->info.nrows = nrows;
	chunk->info.nulls = header.nulls;
	chunk->info.raw_bytes = header.raw_bytes;
	chunk->codec = find_codec(header.encoding);
	chunk->payload = src + sizeof(header);
	chunk->payload_len = len - sizeof(header);
	chunk->width = width;
	chunk->typalign = typalign;
	chunk->depth = depth;
	chunk->cxt = cxt;
	if (source != NULL)
		chunk->source = *source;
	if (!open_validity(chunk, header.flags, reason) ||
		!open_payload(chunk, reason))
	{
		olap_chunk_close(chunk);
		return NULL;
	}
	if (depth != OLAP_DEPTH_COLUMN && chunk->info.nulls != 0)
	{
		*reason = "a chunk inside a chunk has NULLs";
		olap_chunk_close(chunk);
		return NULL;
	}
	return chunk;
}

OlapChunk *
olap_chunk_open_pieces(const uint8 *src, size_t len, OlapChunkFetch fetch,
					   void *arg, const OlapColumnType *type, uint32 nrows,
					   MemoryContext cxt, const char **reason)
{
	OlapChunkSource source = {fetch, arg, src, src + len};

	olap_chunk_need(&source, src, sizeof(OlapChunkHeader));
	/* a numeric column's chunk may hold varlenas instead of scaled integers */
	if (type->phys == OLAP_PHYS_DEC64 && len > 2 && src[2] == OLAP_PHYS_VAR)
		return olap_chunk_open_at(src, len, OLAP_PHYS_VAR, type->scale,
								  sizeof(uint32), type->typalign, nrows,
								  OLAP_DEPTH_COLUMN, &source, cxt, reason);
	return olap_chunk_open_at(src, len, type->phys, type->scale, type->width,
							  type->typalign, nrows, OLAP_DEPTH_COLUMN,
							  &source, cxt, reason);
}

OlapChunk *
olap_chunk_open(const uint8 *src, size_t len, const OlapColumnType *type,
				uint32 nrows, MemoryContext cxt, const char **reason)
{
	return olap_chunk_open_pieces(src, len, NULL, NULL, type, nrows, cxt, reason);
}

const OlapChunkInfo *
olap_chunk_info(const OlapChunk *chunk)
{
	return &chunk->info;
}

void
olap_chunk_close(OlapChunk *chunk)
{
	if (chunk->has_dict)
		olap_vector_free(&chunk->dict);
	olap_dict_close(chunk);
	if (chunk->inner_out.cxt != NULL)
		olap_vector_free(&chunk->inner_out);
	if (chunk->inner != NULL)
		olap_chunk_close(chunk->inner);
	if (chunk->bins != NULL)
		pfree(chunk->bins);
	pfree(chunk);
}

/* The part of the bitmap that belongs to a vector, if it has NULLs at all. */
static void
decode_validity(const OlapChunk *chunk, uint32 vecno, OlapVector *out)
{
	uint32		n = out->n;
	uint32		words = (n + 63) / 64;
	const uint8 *src;
	bool		nulls = false;

	if (chunk->all_null)
	{
		olap_vector_make_valid(out);
		memset(out->valid, 0, words * sizeof(uint64));
		return;
	}
	if (chunk->valid == NULL)
		return;
	src = chunk->valid + (size_t) vecno * (OLAP_VECTOR_ROWS / 8);
	for (uint32 word = 0; word < words && !nulls; word++)
	{
		uint64		bits;
		uint64		all = n - word * 64 >= 64 ? PG_UINT64_MAX
			: (UINT64CONST(1) << (n - word * 64)) - 1;

		memcpy(&bits, src + word * sizeof(bits), sizeof(bits));
		nulls = (bits & all) != all;
	}
	if (nulls)
	{
		olap_vector_make_valid(out);
		memcpy(out->valid, src, words * sizeof(uint64));
	}
}

OLAP_KERNEL static void
normalize_bools(uint8 *values, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
		values[i] = values[i] != 0;
}

void
olap_chunk_finish(const OlapChunk *chunk, uint32 vecno, OlapVector *out)
{
	if (out->phys == OLAP_PHYS_BOOL)
		normalize_bools(out->values, out->n);
	decode_validity(chunk, vecno, out);
}

bool
olap_chunk_decode(OlapChunk *chunk, uint32 vecno, OlapVector *out,
				  const char **reason)
{
	OlapColumnType type = {.phys = chunk->info.phys, .width = chunk->width,
		.scale = chunk->info.scale, .typalign = chunk->typalign};

	olap_vector_reset(out, &type);
	if (vecno >= olap_vector_count(chunk->info.nrows))
		OLAP_REJECT("a chunk has no such vector");
	olap_vector_reserve(out, olap_vector_rows_of(chunk->info.nrows, vecno));
	if (!chunk->codec->decode(chunk, vecno, out, reason))
	{
		olap_vector_reset(out, &type);
		return false;
	}
	olap_chunk_finish(chunk, vecno, out);
	return true;
}

bool
olap_chunk_decode_all(OlapChunk *chunk, OlapVector *out, const char **reason)
{
	uint32		nvec = olap_vector_count(chunk->info.nrows);

	olap_vector_reserve(out, chunk->info.nrows);
	/* one piece of memory instead of many, as far as the size is believable */
	if (out->phys == OLAP_PHYS_VAR)
		olap_vector_reserve_heap(out, Min(chunk->info.raw_bytes +
										  chunk->info.nrows * MAXIMUM_ALIGNOF,
										  Min(chunk->payload_len * 32,
											  (size_t) 256 * 1024 * 1024)));
	for (uint32 vecno = 0; vecno < nvec; vecno++)
		if (!chunk->codec->decode(chunk, vecno, out, reason))
			return false;
	return true;
}

/*-------------------------------------------------------------------------
 *
 * chunk.c
 *		Column chunks: the codecs there are, and the way from bytes to vectors.
 *
 * src/codec/chunk.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/kernel.h"
#include "codec/codec_internal.h"

const OlapCodec *const olap_codecs[OLAP_CODECS] = {
	&olap_codec_const, &olap_codec_raw, &olap_codec_for, &olap_codec_delta,
	&olap_codec_rle, &olap_codec_dict, &olap_codec_lz, &olap_codec_bins
};

static const OlapCodec *
find_codec(uint8 encoding)
{
	for (int i = 0; i < OLAP_CODECS; i++)
		if (olap_codecs[i]->encoding == encoding)
			return olap_codecs[i];
	return NULL;
}

const char *
olap_encoding_name(OlapEncoding encoding)
{
	const OlapCodec *codec = find_codec((uint8) encoding);

	return codec != NULL ? codec->name : "unknown";
}

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
					   OlapChunkFetch expect, void *arg,
					   const OlapColumnType *type, uint32 nrows,
					   MemoryContext cxt, const char **reason)
{
	OlapChunkSource source = {fetch, expect, arg, src, src + len};

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
	return olap_chunk_open_pieces(src, len, NULL, NULL, NULL, type, nrows, cxt, reason);
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

void
olap_chunk_valid(const OlapChunk *chunk, uint64 *valid)
{
	uint32		words = (chunk->info.nrows + 63) / 64;

	if (chunk->valid != NULL)
		memcpy(valid, chunk->valid, words * sizeof(uint64));
	else
	{
		memset(valid, chunk->all_null ? 0 : 0xFF, words * sizeof(uint64));
		if (!chunk->all_null && chunk->info.nrows % 64 != 0)
			valid[words - 1] = (UINT64CONST(1) << chunk->info.nrows % 64) - 1;
	}
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

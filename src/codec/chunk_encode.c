/*-------------------------------------------------------------------------
 *
 * chunk_encode.c
 *		Column chunks: choice of encoding, header, NULLs.
 *
 * Every codec scores the analyzed values as estimated bytes plus what a reader
 * pays for decoding; they are tried from the cheapest on until one goes through.
 * RAW always does.
 *
 * src/codec/chunk_encode.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "codec/codec_internal.h"

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
	double		costs[OLAP_CODECS];
	size_t		start = out->len;

	for (int i = 0; i < (int) OLAP_CODECS; i++)
		costs[i] = olap_codecs[i]->score(a) + olap_codecs[i]->decode_cost * a->n;
	for (;;)
	{
		int			best = 1;	/* RAW */

		for (int i = 0; i < (int) OLAP_CODECS; i++)
			if (costs[i] < costs[best])
				best = i;
		if (olap_codecs[best]->encode(a, out, info))
		{
			if (olap_codecs[best] == &olap_codec_raw ||
				a->v->phys == OLAP_PHYS_VAR ||
				out->len - start <= a->raw_bytes + 64)
				return olap_codecs[best];
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

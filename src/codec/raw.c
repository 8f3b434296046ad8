/*-------------------------------------------------------------------------
 *
 * raw.c
 *		The RAW and CONST encodings.
 *
 * RAW payload: fixed widths: the values; text: the vector index and the string
 * blocks, not compressed.  CONST payload: one value, text as a string block of
 * one row; nothing if all rows are NULL.
 *
 * src/codec/raw.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "codec/codec_internal.h"

static double
raw_score(const OlapAnalysis *a)
{
	return (double) a->raw_bytes;
}

static bool
raw_encode(const OlapAnalysis *a, OlapBytes *out, OlapChunkInfo *info)
{
	uint32		nvec = olap_vector_count(a->n);
	size_t		index;

	if (a->v->phys != OLAP_PHYS_VAR)
	{
		olap_bytes_append(out, a->v->values, (size_t) a->n * a->v->width);
		return true;
	}
	index = olap_index_begin(out, a->n);
	for (uint32 vecno = 0; vecno < nvec; vecno++)
	{
		olap_index_set(out, index, a->n, vecno);
		olap_strings_encode(a->v, vecno * OLAP_VECTOR_ROWS,
							olap_vector_rows_of(a->n, vecno),
							a->depth == OLAP_DEPTH_CODES, false, out);
	}
	olap_index_set(out, index, a->n, nvec);
	return true;
}

static bool
raw_open(OlapChunk *chunk, const char **reason)
{
	if (chunk->info.phys == OLAP_PHYS_VAR)
		return olap_index_open(chunk, chunk->payload, chunk->payload_len,
							   reason);
	if (chunk->payload_len != (size_t) chunk->info.nrows * chunk->width)
		OLAP_REJECT("a raw chunk has the wrong length");
	return true;
}

static bool
raw_decode(OlapChunk *chunk, uint32 vecno, OlapVector *out,
		   const char **reason)
{
	uint32		n = olap_vector_rows_of(chunk->info.nrows, vecno);
	size_t		width = chunk->width;
	size_t		len;
	const uint8 *src;

	if (chunk->info.phys == OLAP_PHYS_VAR)
	{
		src = olap_index_get(chunk, vecno, &len);
		return olap_strings_decode(src, len, n, out, reason);
	}
	src = chunk->payload + (size_t) vecno * OLAP_VECTOR_ROWS * width;
	olap_chunk_need(&chunk->source, src, n * width);
	memcpy((uint8 *) out->values + out->n * width, src, n * width);
	out->n += n;
	return true;
}

/* Of fixed widths. */
static bool
raw_decode_rows(OlapChunk *chunk, uint32 vecno, const uint16 *rows, uint32 n,
				void *out, const char **reason)
{
	size_t		width = chunk->width;
	const uint8 *src = chunk->payload + (size_t) vecno * OLAP_VECTOR_ROWS * width;

	if (n > OLAP_SINGLE_ROWS)
	{
		uint16		first = rows[0];
		uint16		last = rows[0];

		for (uint32 i = 1; i < n; i++)
		{
			first = Min(first, rows[i]);
			last = Max(last, rows[i]);
		}
		olap_chunk_need(&chunk->source, src + first * width, (last - first + 1) * width);
	}
	for (uint32 i = 0; i < n; i++)
	{
		if (n <= OLAP_SINGLE_ROWS)
			olap_chunk_need(&chunk->source, src + rows[i] * width, width);
		memcpy((uint8 *) out + i * width, src + rows[i] * width, width);
	}
	return true;
}

const OlapCodec olap_codec_raw = {
	.encoding = OLAP_ENC_RAW,
	.name = "raw",
	.decode_cost = 0,
	.pieces = true,
	.score = raw_score,
	.encode = raw_encode,
	.open = raw_open,
	.decode = raw_decode,
	.decode_rows = raw_decode_rows,
};

static double
const_score(const OlapAnalysis *a)
{
	/* always better than what the others guess their size to be */
	return a->runs == 1 ? 0 : INFINITY;
}

static bool
const_encode(const OlapAnalysis *a, OlapBytes *out, OlapChunkInfo *info)
{
	if (a->v->phys == OLAP_PHYS_VAR)
		olap_strings_encode(a->v, 0, 1, false, true, out);
	else
		olap_bytes_append(out, a->v->values, a->v->width);
	return true;
}

static bool
const_open(OlapChunk *chunk, const char **reason)
{
	size_t		want = chunk->all_null ? 0 : chunk->width;

	if (!chunk->all_null && chunk->info.phys == OLAP_PHYS_VAR)
		return true;
	if (chunk->payload_len != want)
		OLAP_REJECT("a constant chunk has the wrong length");
	return true;
}

#define FILL(ctype) \
	do { \
		ctype	   *values = (ctype *) dst; \
		ctype		value; \
\
		memcpy(&value, src, sizeof(value)); \
		for (uint32 i = 0; i < n; i++) \
			values[i] = value; \
	} while (0)

static bool
const_decode(OlapChunk *chunk, uint32 vecno, OlapVector *out,
			 const char **reason)
{
	uint32		n = olap_vector_rows_of(chunk->info.nrows, vecno);
	size_t		width = chunk->width;
	uint8	   *dst = (uint8 *) out->values + out->n * width;
	const uint8 *src = chunk->payload;

	if (chunk->all_null)
	{
		memset(dst, 0, n * width);
		out->n += n;
		return true;
	}
	if (chunk->info.phys == OLAP_PHYS_VAR)
	{
		if (!olap_strings_decode(src, chunk->payload_len, 1, out, reason))
			return false;
		out->n--;
		src = dst;				/* the offset */
	}
	switch (width)
	{
		case 1:
			memset(dst, src[0], n);
			break;
		case 2:
			FILL(uint16);
			break;
		case 4:
			FILL(uint32);
			break;
		case 8:
			FILL(uint64);
			break;
		default:
			for (uint32 i = 0; i < n; i++)
				memcpy(dst + i * width, src, width);
	}
	out->n += n;
	return true;
}

const OlapCodec olap_codec_const = {
	.encoding = OLAP_ENC_CONST,
	.name = "const",
	.decode_cost = 0,
	.score = const_score,
	.encode = const_encode,
	.open = const_open,
	.decode = const_decode,
};

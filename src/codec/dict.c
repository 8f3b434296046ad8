/*-------------------------------------------------------------------------
 *
 * dict.c
 *		The DICT encoding: sorted distinct values and a code for every row.
 *
 * Payload: count of entries (4 bytes), length of the first inner chunk (4
 * bytes), a chunk with the entries, and a chunk of int32 with the codes.
 * Entries are distinct and ascend: integers by value, all else byte by byte
 * (floats by the unsigned number that their bits are).  So an order of the
 * values is an order of the codes, and sorted neighbours compress well.
 *
 * src/codec/dict.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/kernel.h"
#include "codec/codec_internal.h"
#include "codec/dict_build.h"

#define DICT_HEADER 8
/* A dictionary that names more of the rows than this does not pay. */
#define MAX_SHARE 0.65

static double
dict_score(const OlapAnalysis *a)
{
	double		bits = ceil(log2(Max(a->distinct, 2)));
	double		entry = (double) a->raw_bytes / a->n;

	if (a->depth != OLAP_DEPTH_COLUMN || a->n < 16 ||
		a->distinct > MAX_SHARE * a->n || a->v->phys == OLAP_PHYS_BOOL)
		return INFINITY;
	/* sorted entries compress: integers to their gaps, text by about 4 */
	if (a->v->phys == OLAP_PHYS_VAR)
		entry = entry / 4 + 1;
	else if (olap_phys_is_integer(a->v->phys))
		entry = entry / 2;
	return DICT_HEADER + 64 + bits / 8 * a->n + a->distinct * entry;
}

static bool
dict_encode(const OlapAnalysis *a, OlapBytes *out, OlapChunkInfo *info)
{
	uint32		max = (uint32) (MAX_SHARE * a->n) + 1;
	OlapVector	entries;
	OlapVector	codes = {.phys = OLAP_PHYS_I32, .width = sizeof(uint32),
		.typalign = TYPALIGN_INT, .n = a->n};
	OlapChunkInfo inner;
	uint32		inner_len;
	size_t		start = out->len;

	codes.values = palloc(a->n * sizeof(uint32));
	if (!olap_dict_build(a->v, max, &entries, codes.values))
	{
		pfree(codes.values);
		return false;
	}
	olap_bytes_append(out, &entries.n, sizeof(uint32));
	olap_bytes_append(out, &entries.n, sizeof(uint32)); /* room for a length */
	olap_chunk_encode_at(&entries, OLAP_DEPTH_CODES, out, &inner);
	inner_len = (uint32) (out->len - start - DICT_HEADER);
	memcpy(out->data + start + 4, &inner_len, sizeof(inner_len));
	olap_chunk_encode_at(&codes, OLAP_DEPTH_CODES, out, &inner);
	info->distinct = entries.n;
	olap_vector_free(&entries);
	pfree(codes.values);
	return true;
}

static bool
dict_open(OlapChunk *chunk, const char **reason)
{
	const uint8 *src = chunk->payload;
	OlapColumnType type = {.phys = chunk->info.phys, .width = chunk->width,
		.scale = chunk->info.scale, .typalign = chunk->typalign};
	OlapChunk  *entries;
	uint32		count;
	uint32		entries_len;
	bool		ok;

	if (chunk->depth != OLAP_DEPTH_COLUMN)
		OLAP_REJECT("a dictionary is not allowed here");
	if (chunk->payload_len < DICT_HEADER)
		OLAP_REJECT("a dictionary chunk is cut short");
	memcpy(&count, src, sizeof(count));
	memcpy(&entries_len, src + 4, sizeof(entries_len));
	if (count == 0 || count > chunk->info.nrows ||
		entries_len > chunk->payload_len - DICT_HEADER)
		OLAP_REJECT("a dictionary chunk has a header out of range");
	src += DICT_HEADER;

	entries = olap_chunk_open_at(src, entries_len, type.phys, type.scale,
								 type.width, type.typalign, count,
								 OLAP_DEPTH_CODES, chunk->cxt, reason);
	if (entries == NULL)
		return false;
	olap_vector_init(&chunk->dict, &type, count, chunk->cxt);
	chunk->has_dict = true;
	ok = olap_chunk_decode_all(entries, &chunk->dict, reason);
	olap_chunk_close(entries);
	if (!ok)
		return false;

	chunk->inner = olap_chunk_open_at(src + entries_len, chunk->payload_len -
									  DICT_HEADER - entries_len, OLAP_PHYS_I32,
									  0, sizeof(uint32), TYPALIGN_INT,
									  chunk->info.nrows, OLAP_DEPTH_CODES,
									  chunk->cxt, reason);
	if (chunk->inner == NULL)
		return false;
	type = (OlapColumnType) {.phys = OLAP_PHYS_I32, .width = sizeof(uint32),
		.typalign = TYPALIGN_INT};
	olap_vector_init(&chunk->inner_out, &type, OLAP_VECTOR_ROWS, chunk->cxt);
	chunk->info.distinct = count;
	return true;
}

OLAP_KERNEL static uint32
max_code(const uint32 *codes, uint32 n)
{
	uint32		max = 0;

	for (uint32 i = 0; i < n; i++)
		max = codes[i] > max ? codes[i] : max;
	return max;
}

#define GATHER(bits) \
OLAP_KERNEL static void \
gather_##bits(const uint##bits *restrict entries, \
			  const uint32 *restrict codes, uint32 n, \
			  uint##bits *restrict out) \
{ \
	for (uint32 i = 0; i < n; i++) \
		out[i] = entries[codes[i]]; \
}

GATHER(8)
GATHER(16)
GATHER(32)
GATHER(64)

static bool
dict_decode(OlapChunk *chunk, uint32 vecno, OlapVector *out,
			const char **reason)
{
	uint32		n = olap_vector_rows_of(chunk->info.nrows, vecno);
	size_t		width = chunk->width;
	uint8	   *dst = (uint8 *) out->values + out->n * width;
	const OlapVector *dict = &chunk->dict;
	const uint32 *codes;

	chunk->inner_out.n = 0;
	if (!chunk->inner->codec->decode(chunk->inner, vecno, &chunk->inner_out,
									 reason))
		return false;
	codes = chunk->inner_out.values;
	if (max_code(codes, n) >= dict->n)
		OLAP_REJECT("a dictionary code is out of range");
	switch (width)
	{
		case 1:
			gather_8(dict->values, codes, n, dst);
			break;
		case 2:
			gather_16(dict->values, codes, n, (uint16 *) dst);
			break;
		case 4:
			gather_32(dict->values, codes, n, (uint32 *) dst);
			break;
		case 8:
			gather_64(dict->values, codes, n, (uint64 *) dst);
			break;
		default:
			for (uint32 i = 0; i < n; i++)
				memcpy(dst + i * width, (const char *) dict->values +
					   codes[i] * width, width);
	}
	if (out->phys == OLAP_PHYS_VAR)
	{
		if (out->heap_cap != 0)
			pfree(out->heap);
		out->heap = dict->heap;
		out->heap_len = dict->heap_len;
		out->heap_cap = 0;
	}
	out->codes = codes;
	out->dict = dict;
	out->n += n;
	return true;
}

const OlapCodec olap_codec_dict = {
	.encoding = OLAP_ENC_DICT,
	.name = "dict",
	.decode_cost = 0.25,
	.score = dict_score,
	.encode = dict_encode,
	.open = dict_open,
	.decode = dict_decode,
};

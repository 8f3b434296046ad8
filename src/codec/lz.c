/*-------------------------------------------------------------------------
 *
 * lz.c
 *		General compression: blocks of bytes, and the LZ encoding.
 *
 * A block is a method byte, the size of its content (4 bytes) and the bytes.
 * The content is never more than 255 times the stored bytes, so hostile sizes
 * cannot make a reader allocate more than that.
 *
 * The LZ encoding of text compresses the bytes of one vector together.  For
 * fixed widths byte k of all values is stored together, which is what makes
 * floats and keys with common prefixes compressible at all.
 *
 * src/codec/lz.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <lz4.h>
#include <math.h>
#include <zstd.h>

#include "utils/memutils.h"

#include "base/kernel.h"
#include "codec/codec_internal.h"

#define BLOCK_HEADER 5
#define ZSTD_LEVEL 1
/*
 * Shorter contents are not worth a try: some tens of bytes are saved, and to read one
 * takes more than a microsecond.
 */
#define MIN_CONTENT 512
/* Few rows are not worth it, unless they have at least so many bytes. */
#define FEW_ROWS 32
#define LONG_BYTES 16384

/*
 * One context each for the life of the process: creating one costs more than
 * compressing a block.
 */
static ZSTD_CCtx *zstd_compressor;
static ZSTD_DCtx *zstd_extractor;

static bool
ratio_is_legal(size_t stored, size_t content)
{
	return content <= stored * OLAP_LZ_MAX_RATIO;
}

/* zstd, or lz4 where zstd would pass the ratio that the format allows. */
static size_t
compress_bytes(uint8 *dst, size_t room, const uint8 *src, size_t len,
			   OlapLzMethod *method)
{
	size_t		stored;

	if (zstd_compressor == NULL)
		zstd_compressor = ZSTD_createCCtx();
	if (zstd_compressor != NULL)
	{
		*method = OLAP_LZ_ZSTD;
		stored = ZSTD_compressCCtx(zstd_compressor, dst, room, src, len,
								   ZSTD_LEVEL);
		if (ZSTD_isError(stored))
			return 0;
		if (ratio_is_legal(stored, len))
			return stored;
	}
	if (len > LZ4_MAX_INPUT_SIZE)
		return 0;
	*method = OLAP_LZ_LZ4;
	stored = (size_t) LZ4_compress_default((const char *) src, (char *) dst,
										   (int) len,
										   (int) Min(room, PG_INT32_MAX));
	return ratio_is_legal(stored, len) ? stored : 0;
}

int64
olap_lz_append(OlapBytes *out, const uint8 *src, size_t len, bool compress)
{
	OlapLzMethod method = OLAP_LZ_NONE;
	uint32		content = (uint32) len;
	uint8	   *dst = olap_bytes_reserve(out, BLOCK_HEADER + len);
	size_t		stored = 0;

	Assert(len <= PG_UINT32_MAX);
	if (compress && len >= MIN_CONTENT)
		stored = compress_bytes(dst + BLOCK_HEADER, len - len / 16, src, len,
								&method);
	if (stored == 0)
	{
		method = OLAP_LZ_NONE;
		if (len > 0)
			memcpy(dst + BLOCK_HEADER, src, len);
		stored = len;
	}
	dst[0] = (uint8) method;
	memcpy(dst + 1, &content, sizeof(content));
	out->len += BLOCK_HEADER + stored;
	return (int64) len - (int64) stored;
}

bool
olap_lz_size(const uint8 *src, size_t len, size_t *raw_len)
{
	uint32		content;

	if (len < BLOCK_HEADER)
		return false;
	memcpy(&content, src + 1, sizeof(content));
	*raw_len = content;
	len -= BLOCK_HEADER;
	switch (src[0])
	{
		case OLAP_LZ_NONE:
			return content == len;
		case OLAP_LZ_LZ4:
			return content <= LZ4_MAX_INPUT_SIZE && len <= PG_INT32_MAX &&
				ratio_is_legal(len, content);
		case OLAP_LZ_ZSTD:
			return ratio_is_legal(len, content);
		default:
			return false;
	}
}

bool
olap_lz_extract(const uint8 *src, size_t len, uint8 *dst, size_t raw_len)
{
	const uint8 *stored = src + BLOCK_HEADER;

	len -= BLOCK_HEADER;
	switch (src[0])
	{
		case OLAP_LZ_NONE:
			if (len > 0)
				memcpy(dst, stored, len);
			return true;
		case OLAP_LZ_LZ4:
			return LZ4_decompress_safe((const char *) stored, (char *) dst,
									   (int) len, (int) raw_len) ==
				(int) raw_len;
		default:
			if (zstd_extractor == NULL)
				zstd_extractor = ZSTD_createDCtx();
			return zstd_extractor != NULL &&
				ZSTD_decompressDCtx(zstd_extractor, dst, raw_len, stored,
									len) == raw_len;
	}
}

/* Byte k of all n values together. */
static void
shuffle(const uint8 *restrict values, uint32 n, uint32 width,
		uint8 *restrict out)
{
	for (uint32 k = 0; k < width; k++)
		for (uint32 i = 0; i < n; i++)
			out[(size_t) k * n + i] = values[(size_t) i * width + k];
}

static void
unshuffle(const uint8 *restrict bytes, uint32 n, uint32 width,
		  uint8 *restrict out)
{
	for (uint32 k = 0; k < width; k++)
		for (uint32 i = 0; i < n; i++)
			out[(size_t) i * width + k] = bytes[(size_t) k * n + i];
}

/* Try one vector with the quick method: is there anything to gain? */
static double
sampled_ratio(const OlapAnalysis *a)
{
	uint32		width = a->v->width;
	uint32		n = Min(a->n, Max(65536 / width, 16));
	size_t		len = (size_t) n * width;
	uint8	   *shuffled = palloc(len * 2);
	int			stored;

	n = Min(n, OLAP_VECTOR_ROWS);
	len = (size_t) n * width;
	shuffle((const uint8 *) a->v->values + (size_t) (a->n - n) / 2 * width, n,
			width, shuffled);
	stored = LZ4_compress_default((const char *) shuffled,
								  (char *) shuffled + len, (int) len,
								  (int) len);
	pfree(shuffled);
	return stored == 0 ? 1.0 : (double) stored / (double) len;
}

static double
lz_score(const OlapAnalysis *a)
{
	if (a->n < FEW_ROWS && (a->v->phys != OLAP_PHYS_VAR ||
							a->raw_bytes < LONG_BYTES))
		return INFINITY;
	if (a->v->phys == OLAP_PHYS_VAR)
		return 0.35 * (double) a->raw_bytes + a->n;
	if (a->v->phys == OLAP_PHYS_FIXED || olap_phys_is_float(a->v->phys))
	{
		double		ratio = sampled_ratio(a);

		return ratio < 0.85 ? ratio * (double) a->raw_bytes : INFINITY;
	}
	return INFINITY;
}

static bool
lz_encode(const OlapAnalysis *a, OlapBytes *out, OlapChunkInfo *info)
{
	size_t		index = olap_index_begin(out, a->n);
	uint32		nvec = olap_vector_count(a->n);
	uint8	   *shuffled = NULL;
	int64		saved = 0;

	if (a->v->phys != OLAP_PHYS_VAR)
		shuffled = palloc((size_t) OLAP_VECTOR_ROWS * a->v->width);
	for (uint32 vecno = 0; vecno < nvec; vecno++)
	{
		uint32		first = vecno * OLAP_VECTOR_ROWS;
		uint32		n = olap_vector_rows_of(a->n, vecno);

		olap_index_set(out, index, a->n, vecno);
		if (shuffled == NULL)
			saved += olap_strings_encode(a->v, first, n,
										 a->depth == OLAP_DEPTH_CODES,
										 true, out);
		else
		{
			shuffle((const uint8 *) a->v->values +
					(size_t) first * a->v->width, n, a->v->width, shuffled);
			saved += olap_lz_append(out, shuffled, (size_t) n * a->v->width,
									true);
		}
		/* the first vectors tell whether the rest is worth the time */
		if (vecno % 8 == 0 && saved <= 0)
			break;
	}
	olap_index_set(out, index, a->n, nvec);
	if (shuffled != NULL)
		pfree(shuffled);
	/* numbers decode ten times slower than raw: that must be worth it */
	return saved > (a->v->phys == OLAP_PHYS_VAR ? 0
					: (int64) (a->raw_bytes / 6));
}

static bool
lz_open(OlapChunk *chunk, const char **reason)
{
	return olap_index_open(chunk, chunk->payload, chunk->payload_len, reason);
}

static bool
lz_decode(OlapChunk *chunk, uint32 vecno, OlapVector *out, const char **reason)
{
	uint32		n = olap_vector_rows_of(chunk->info.nrows, vecno);
	size_t		bytes = (size_t) n * chunk->width;
	size_t		len;
	const uint8 *src = olap_index_get(chunk, vecno, &len);
	size_t		raw_len;
	uint8	   *shuffled;
	bool		ok;

	if (chunk->info.phys == OLAP_PHYS_VAR)
		return olap_strings_decode(src, len, n, out, reason);
	if (!olap_lz_size(src, len, &raw_len) || raw_len != bytes)
		OLAP_REJECT("a compressed block has the wrong size");
	shuffled = palloc(bytes);
	ok = olap_lz_extract(src, len, shuffled, raw_len);
	if (ok)
		unshuffle(shuffled, n, chunk->width,
				  (uint8 *) out->values + (size_t) out->n * chunk->width);
	pfree(shuffled);
	if (!ok)
		OLAP_REJECT("a compressed block cannot be extracted");
	out->n += n;
	return true;
}

static bool
lz_decode_row(OlapChunk *chunk, uint32 vecno, uint32 row, OlapVector *out,
			  const char **reason)
{
	size_t		len;
	const uint8 *src = olap_index_get_rows(chunk, vecno, 1, &len);

	return olap_strings_decode_row(&chunk->source, src, len,
								   olap_vector_rows_of(chunk->info.nrows, vecno),
								   row, out, reason);
}

const OlapCodec olap_codec_lz = {
	.encoding = OLAP_ENC_LZ,
	.name = "lz",
	.decode_cost = 0.5,
	.pieces = true,
	.score = lz_score,
	.encode = lz_encode,
	.open = lz_open,
	.decode = lz_decode,
	.decode_row = lz_decode_row,
};

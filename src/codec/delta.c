/*-------------------------------------------------------------------------
 *
 * delta.c
 *		The DELTA encoding: differences of neighbours, as frames.
 *
 * Payload: the vector index and the vectors.  A vector is its first value (8
 * bytes) and a frame of the n - 1 differences to the row before.  A frame's base
 * may be negative, which makes zig-zag coding unnecessary.  For sequences with
 * gaps and other sums of small steps, which a line (frame_encode.c) does not follow.
 *
 * src/codec/delta.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "codec/codec_internal.h"

static double
delta_score(const OlapAnalysis *a)
{
	return 4 + a->delta_bits / 8 * a->n;
}

static bool
delta_encode(const OlapAnalysis *a, OlapBytes *out, OlapChunkInfo *info)
{
	uint32		nvec = olap_vector_count(a->n);
	size_t		index = olap_index_begin(out, a->n);

	for (uint32 vecno = 0; vecno < nvec; vecno++)
	{
		uint32		n = olap_vector_rows_of(a->n, vecno);
		int64		values[OLAP_VECTOR_ROWS];
		int64		first;
		OlapFrame	frame;

		olap_index_set(out, index, a->n, vecno);
		olap_load_integers(a->v, vecno * OLAP_VECTOR_ROWS, n, values);
		first = values[0];
		olap_bytes_append(out, &first, sizeof(first));
		for (uint32 i = 0; i + 1 < n; i++)
			values[i] = (int64) ((uint64) values[i + 1] - (uint64) values[i]);
		if (n > 1)
		{
			olap_frame_fit(&frame, values, n - 1, false);
			olap_frame_encode(&frame, values, n - 1, out);
		}
	}
	olap_index_set(out, index, a->n, nvec);
	return true;
}

static bool
delta_open(OlapChunk *chunk, const char **reason)
{
	if (!olap_phys_is_integer(chunk->info.phys))
		OLAP_REJECT("deltas hold integers only");
	return olap_index_open(chunk, chunk->payload, chunk->payload_len, reason);
}

#define SUM_UP(utype) \
	do { \
		utype	   *values = (utype *) out->values + out->n; \
		utype		sum = (utype) first; \
\
		values[0] = sum; \
		for (uint32 i = 1; i < n; i++) \
		{ \
			sum += values[i]; \
			values[i] = sum; \
		} \
	} while (0)

static bool
delta_decode(OlapChunk *chunk, uint32 vecno, OlapVector *out,
			 const char **reason)
{
	uint32		n = olap_vector_rows_of(chunk->info.nrows, vecno);
	uint8	   *dst = (uint8 *) out->values + (size_t) out->n * chunk->width;
	size_t		len;
	const uint8 *src = olap_index_get(chunk, vecno, &len);
	uint64		first;

	if (len < sizeof(first))
		OLAP_REJECT("a vector of deltas is cut short");
	memcpy(&first, src, sizeof(first));
	src += sizeof(first);
	len -= sizeof(first);
	if (n > 1 ? !olap_frame_decode(src, len, n - 1, dst + chunk->width,
								   chunk->width, reason) : len != 0)
	{
		if (n == 1)
			*reason = "a vector of deltas has the wrong length";
		return false;
	}
	switch (chunk->width)
	{
		case 1:
			SUM_UP(uint8);
			break;
		case 2:
			SUM_UP(uint16);
			break;
		case 4:
			SUM_UP(uint32);
			break;
		default:
			SUM_UP(uint64);
	}
	out->n += n;
	return true;
}

const OlapCodec olap_codec_delta = {
	.encoding = OLAP_ENC_DELTA,
	.name = "delta",
	.decode_cost = 0.15,
	.pieces = true,
	.score = delta_score,
	.encode = delta_encode,
	.open = delta_open,
	.decode = delta_decode,
};

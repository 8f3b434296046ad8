/*-------------------------------------------------------------------------
 *
 * frame_rows.c
 *		Single values of a frame.
 *
 * src/codec/frame_rows.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/kernel.h"
#include "codec/codec_internal.h"

typedef uint16 Half __attribute__((aligned(1), may_alias));

/* Does a patch name a row beyond the n? */
OLAP_KERNEL static bool
beyond(const Half *rows, uint32 npatches, uint32 n)
{
	uint32		bad = 0;

	for (uint32 i = 0; i < npatches; i++)
		bad |= rows[i] >= n;
	return bad != 0;
}

/* The sum of row's patches: there is one at most, unless the bytes are hostile. */
static uint64
patch_of(const OlapFrame *frame, const uint8 *src, uint32 row)
{
	const Half *rows = (const Half *) src;
	const uint8 *values = src + frame->npatches * sizeof(uint16);
	int			spare = 64 - 8 * frame->patch_bytes;
	uint64		sum = 0;

	if (frame->width == 64 || spare == 64)
		return 0;
	for (uint32 i = 0; i < frame->npatches; i++)
	{
		uint64		patch = 0;

		if (rows[i] != row)
			continue;
		memcpy(&patch, values + (size_t) i * frame->patch_bytes, frame->patch_bytes);
		sum += (uint64) ((int64) (patch << spare) >> spare) << frame->width;
	}
	return sum;
}

bool
olap_frame_decode_rows(const OlapChunkSource *source, const uint8 *src,
					   size_t len, uint32 n, const uint16 *rows, uint32 nrows,
					   uint64 *out, const char **reason)
{
	OlapFrame	frame;
	const uint8 *patches;

	olap_chunk_need(source, src, Min(len, OLAP_FRAME_HEADER));
	if (!olap_frame_open(&frame, src, len, n, reason))
		return false;
	src += OLAP_FRAME_HEADER;
	patches = src + olap_bitpack_size(n, frame.width);
	olap_chunk_need(source, patches, frame.npatches *
					(sizeof(uint16) + frame.patch_bytes));
	if (beyond((const Half *) patches, frame.npatches, n))
		OLAP_REJECT("a frame patches a row beyond its end");
	for (uint32 i = 0; i < nrows; i++)
	{
		int64		line = (int64) ((uint64) frame.slope * rows[i]) >>
			OLAP_FRAME_SLOPE_SHIFT;
		size_t		offset;
		size_t		bytes;

		olap_bitpack_where(n, frame.width, rows[i], &offset, &bytes);
		olap_chunk_need(source, src + offset, bytes);
		out[i] = (uint64) frame.base + (uint64) line +
			olap_bitpack_get(src, n, frame.width, rows[i]) +
			patch_of(&frame, patches, rows[i]);
	}
	return true;
}

void
olap_store_integers(const uint64 *in, uint32 n, void *out, int width)
{
	for (uint32 i = 0; i < n; i++)
		memcpy((char *) out + (size_t) i * width,
#ifdef WORDS_BIGENDIAN
			   (const char *) &in[i] + sizeof(uint64) - width,
#else
			   &in[i],
#endif
			   width);
}

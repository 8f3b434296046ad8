/*-------------------------------------------------------------------------
 *
 * frame.c
 *		Frames, read whole: unpack, add the line, patch.
 *
 * What a frame is: frame_encode.c.
 *
 * src/codec/frame.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/kernel.h"
#include "codec/codec_internal.h"

#define SLOPE_SHIFT OLAP_FRAME_SLOPE_SHIFT
#define FRAME_HEADER OLAP_FRAME_HEADER

typedef uint16 Half __attribute__((aligned(1), may_alias));

/* out[i] = base + in[i], in out's width */
#define ADD_BASE(outbits, inbits) \
OLAP_KERNEL static void \
add_base_##outbits##_##inbits(const uint##inbits *restrict in, uint32 n, \
							  uint64 base, uint##outbits *restrict out) \
{ \
	uint##outbits b = (uint##outbits) base; \
\
	for (uint32 i = 0; i < n; i++) \
		out[i] = (uint##outbits) (b + (uint##outbits) in[i]); \
}

ADD_BASE(8, 32)
ADD_BASE(16, 32)
ADD_BASE(32, 32)
ADD_BASE(64, 32)
ADD_BASE(8, 64)
ADD_BASE(16, 64)
ADD_BASE(32, 64)
ADD_BASE(64, 64)

#define ADD_LINE(outbits) \
OLAP_KERNEL static void \
add_line_##outbits(uint##outbits *out, uint32 n, int64 slope) \
{ \
	for (uint32 i = 0; i < n; i++) \
		out[i] += (uint##outbits) ((int64) ((uint64) slope * i) >> SLOPE_SHIFT); \
}

ADD_LINE(8)
ADD_LINE(16)
ADD_LINE(32)
ADD_LINE(64)

#define ADD_BASE_TO(inbits) \
void \
olap_add_base##inbits(const uint##inbits *in, uint32 n, uint64 base, void *out, \
					  int width) \
{ \
	switch (width) \
	{ \
		case 1: \
			add_base_8_##inbits(in, n, base, out); \
			break; \
		case 2: \
			add_base_16_##inbits(in, n, base, out); \
			break; \
		case 4: \
			add_base_32_##inbits(in, n, base, out); \
			break; \
		default: \
			add_base_64_##inbits(in, n, base, out); \
	} \
}

ADD_BASE_TO(32)
ADD_BASE_TO(64)

static void
unpack(const OlapFrame *frame, const uint8 *src, uint32 n, void *out, int width)
{
	union
	{
		uint32		narrow[OLAP_VECTOR_ROWS];
		uint64		wide[OLAP_VECTOR_ROWS];
	}			low;
	uint64		base = (uint64) frame->base;

	if (frame->width <= 32)
	{
		olap_bitunpack32(src, n, frame->width, low.narrow);
		olap_add_base32(low.narrow, n, base, out, width);
	}
	else
	{
		olap_bitunpack64(src, n, frame->width, low.wide);
		olap_add_base64(low.wide, n, base, out, width);
	}
}

static void
add_line(const OlapFrame *frame, uint32 n, void *out, int width)
{
	switch (width)
	{
		case 1:
			add_line_8(out, n, frame->slope);
			break;
		case 2:
			add_line_16(out, n, frame->slope);
			break;
		case 4:
			add_line_32(out, n, frame->slope);
			break;
		default:
			add_line_64(out, n, frame->slope);
	}
}

static bool
apply_patches(const OlapFrame *frame, const uint8 *src, uint32 n, void *out,
			  int width)
{
	const Half *rows = (const Half *) src;
	const uint8 *values = src + frame->npatches * sizeof(uint16);
	int			spare = 64 - 8 * frame->patch_bytes;

	for (uint32 i = 0; i < frame->npatches; i++)
	{
		uint32		row = rows[i];
		uint64		patch = 0;

		if (row >= n)
			return false;
		memcpy(&patch, values, frame->patch_bytes);
		values += frame->patch_bytes;
		if (frame->width == 64 || spare == 64)
			continue;
		patch = (uint64) ((int64) (patch << spare) >> spare) << frame->width;
		switch (width)
		{
			case 1:
				((uint8 *) out)[row] += (uint8) patch;
				break;
			case 2:
				((uint16 *) out)[row] += (uint16) patch;
				break;
			case 4:
				((uint32 *) out)[row] += (uint32) patch;
				break;
			default:
				((uint64 *) out)[row] += patch;
		}
	}
	return true;
}

bool
olap_frame_open(OlapFrame *frame, const uint8 *src, size_t len, uint32 n,
				const char **reason)
{
	if (len < FRAME_HEADER)
		OLAP_REJECT("a frame is cut short");
	memcpy(&frame->base, src, 8);
	memcpy(&frame->slope, src + 8, 8);
	frame->width = src[16];
	frame->patch_bytes = src[17];
	memcpy(&frame->npatches, src + 18, 2);
	if (frame->width > 64 || frame->patch_bytes > 8 || frame->npatches > n)
		OLAP_REJECT("a frame's header is out of range");
	frame->size = FRAME_HEADER + olap_bitpack_size(n, frame->width) +
		(size_t) frame->npatches * (sizeof(uint16) + frame->patch_bytes);
	if (len != frame->size)
		OLAP_REJECT("a frame has the wrong length");
	return true;
}

bool
olap_frame_decode(const uint8 *src, size_t len, uint32 n, void *out, int width,
				  const char **reason)
{
	OlapFrame	frame;

	if (!olap_frame_open(&frame, src, len, n, reason))
		return false;
	src += FRAME_HEADER;
	unpack(&frame, src, n, out, width);
	if (frame.slope != 0)
		add_line(&frame, n, out, width);
	src += olap_bitpack_size(n, frame.width);
	if (!apply_patches(&frame, src, n, out, width))
		OLAP_REJECT("a frame patches a row beyond its end");
	return true;
}

#define WIDEN(ctype) \
	for (uint32 i = 0; i < n; i++) \
		out[i] = ((const ctype *) v->values)[first + i]

void
olap_load_integers(const OlapVector *v, uint32 first, uint32 n, int64 *out)
{
	switch (v->width)
	{
		case 1:
			WIDEN(int8);
			break;
		case 2:
			WIDEN(int16);
			break;
		case 4:
			WIDEN(int32);
			break;
		default:
			memcpy(out, (const int64 *) v->values + first, n * sizeof(int64));
	}
}

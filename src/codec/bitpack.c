/*-------------------------------------------------------------------------
 *
 * bitpack.c
 *		Integers of any bit width, packed so that unpacking is plain SIMD.
 *
 * Blocks of 512 values are dealt out over lanes: 16 lanes of 32-bit words for
 * widths up to 32, 8 lanes of 64-bit words above.  Value v is in lane v % lanes,
 * and each lane is a bit stream of its own, least significant bit first; word w
 * of all lanes is stored side by side.  So one load, shift and mask handles one
 * value of every lane, and compilers make vector code of it for any target.
 * The fewer than 512 values at the end are one plain bit stream.
 *
 * Source: the interleaved layout follows Afroozeh & Boncz 2023, "The FastLanes
 * compression layout"; lane counts are ours.
 *
 * src/codec/bitpack.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/kernel.h"
#include "codec/codec_internal.h"

#define BLOCK OLAP_BITPACK_BLOCK
#define LANES32 16
#define LANES64 8

/* Packed words lie at any address. */
typedef uint32 Word32 __attribute__((aligned(1), may_alias));
typedef uint64 Word64 __attribute__((aligned(1), may_alias));

#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

#define BLOCK_KERNELS(bits, lanes) \
static pg_attribute_always_inline void \
unpack_rows##bits(const Word##bits *restrict in, const int width, \
				  uint##bits *restrict out) \
{ \
	uint##bits	mask = ~(uint##bits) 0 >> (bits - width); \
\
	UNROLL \
	for (int row = 0; row < BLOCK / lanes; row++) \
	{ \
		int			bit = row * width; \
		int			shift = bit % bits; \
		const Word##bits *lo = in + bit / bits * lanes; \
		uint##bits *o = out + row * lanes; \
\
		if (shift + width <= bits) \
		{ \
			for (int l = 0; l < lanes; l++) \
				o[l] = (lo[l] >> shift) & mask; \
		} \
		else \
		{ \
			for (int l = 0; l < lanes; l++) \
				o[l] = (lo[l] >> shift | lo[l + lanes] << (bits - shift)) & mask; \
		} \
	} \
} \
\
OLAP_KERNEL static void \
pack_block##bits(const uint##bits *restrict in, int width, \
				 Word##bits *restrict out) \
{ \
	for (int w = 0; w < width * lanes; w++) \
		out[w] = 0; \
	for (int row = 0; row < BLOCK / lanes; row++) \
	{ \
		int			bit = row * width; \
		int			shift = bit % bits; \
		Word##bits *lo = out + bit / bits * lanes; \
		const uint##bits *i = in + row * lanes; \
\
		for (int l = 0; l < lanes; l++) \
			lo[l] |= i[l] << shift; \
		if (shift + width > bits) \
		{ \
			for (int l = 0; l < lanes; l++) \
				lo[l + lanes] |= i[l] >> (bits - shift); \
		} \
	} \
}

BLOCK_KERNELS(32, LANES32)
BLOCK_KERNELS(64, LANES64)

OLAP_KERNEL static void
unpack_block64(const Word64 *restrict in, int width, uint64 *restrict out)
{
	unpack_rows64(in, width, out);
}

/* One for each width up to 32: with known shifts they are twice as fast. */
#define UNPACK(width) \
OLAP_KERNEL static void \
unpack_block_##width(const Word32 *restrict in, uint32 *restrict out) \
{ \
	unpack_rows32(in, width, out); \
}

UNPACK(1) UNPACK(2) UNPACK(3) UNPACK(4) UNPACK(5) UNPACK(6) UNPACK(7) UNPACK(8)
UNPACK(9) UNPACK(10) UNPACK(11) UNPACK(12) UNPACK(13) UNPACK(14) UNPACK(15)
UNPACK(16) UNPACK(17) UNPACK(18) UNPACK(19) UNPACK(20) UNPACK(21) UNPACK(22)
UNPACK(23) UNPACK(24) UNPACK(25) UNPACK(26) UNPACK(27) UNPACK(28) UNPACK(29)
UNPACK(30) UNPACK(31) UNPACK(32)

#define CASE(width) \
	case width: \
		unpack_block_##width(in, out); \
		break;

static void
unpack_block32(const Word32 *in, int width, uint32 *out)
{
	switch (width)
	{
		CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
		CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14) CASE(15)
		CASE(16) CASE(17) CASE(18) CASE(19) CASE(20) CASE(21) CASE(22)
		CASE(23) CASE(24) CASE(25) CASE(26) CASE(27) CASE(28) CASE(29)
		CASE(30) CASE(31) CASE(32)
	}
}

size_t
olap_bitpack_size(uint32 n, int width)
{
	return (size_t) (n / BLOCK) * (BLOCK / 8) * width +
		((size_t) (n % BLOCK) * width + 7) / 8;
}

/*
 * The tail, value by value.  A value of up to 64 bits at any bit touches at
 * most 9 bytes.
 */
static void
pack_tail(uint64 value, uint32 i, int width, uint8 *dst)
{
	size_t		bit = (size_t) i * width;
	int			shift = bit % 8;
	int			left = width;

	for (uint8 *p = dst + bit / 8; left > 0; p++)
	{
		*p |= (uint8) (value << shift);
		value >>= 8 - shift;
		left -= 8 - shift;
		shift = 0;
	}
}

static inline uint64
unpack_tail_at(const uint8 *p, int shift, int width)
{
	uint64		value;

	memcpy(&value, p, sizeof(value));
	value >>= shift;
	if (shift + width > 64)
		value |= (uint64) p[8] << (64 - shift);
	return value & (~UINT64CONST(0) >> (64 - width));
}

/* Eight values of at most 8 bits are one word. */
OLAP_KERNEL static void
unpack_tail_narrow(const uint8 *restrict padded, uint32 n, int width,
				   uint32 *restrict out)
{
	uint64		mask = (UINT64CONST(1) << width) - 1;

	for (uint32 i = 0; i < n; i += 8)
	{
		uint64		word = *(const Word64 *) (padded + (size_t) i / 8 * width);

		for (int k = 0; k < 8; k++)
			out[i + k] = (uint32) (word >> k * width & mask);
	}
}

static void
unpack_tail32(const uint8 *padded, uint32 n, int width, uint32 *out)
{
	uint64		mask = (UINT64CONST(1) << width) - 1;
	uint32		i = 0;

	if (width <= 8)
	{
		i = n - n % 8;
		unpack_tail_narrow(padded, i, width, out);
	}
	for (; i < n; i++)
	{
		size_t		bit = (size_t) i * width;

		out[i] = (uint32) (*(const Word64 *) (padded + bit / 8) >> bit % 8 & mask);
	}
}

static void
unpack_tail64(const uint8 *padded, uint32 n, int width, uint64 *out)
{
	for (uint32 i = 0; i < n; i++)
	{
		size_t		bit = (size_t) i * width;

		out[i] = unpack_tail_at(padded + bit / 8, bit % 8, width);
	}
}

#define STREAMS(bits) \
void \
olap_bitpack##bits(const uint##bits *in, uint32 n, int width, uint8 *dst) \
{ \
	uint32		i = 0; \
\
	if (width == 0) \
		return; \
	for (; i + BLOCK <= n; i += BLOCK) \
	{ \
		pack_block##bits(in + i, width, (Word##bits *) dst); \
		dst += BLOCK / 8 * width; \
	} \
	memset(dst, 0, ((n - i) * width + 7) / 8); \
	for (uint32 k = 0; k < n - i; k++) \
		pack_tail(in[i + k], k, width, dst); \
} \
\
void \
olap_bitunpack##bits(const uint8 *src, uint32 n, int width, uint##bits *out) \
{ \
	uint8		padded[BLOCK * sizeof(uint##bits) + 16]; \
	uint32		i = 0; \
	size_t		len; \
\
	if (width == 0) \
	{ \
		memset(out, 0, n * sizeof(uint##bits)); \
		return; \
	} \
	for (; i + BLOCK <= n; i += BLOCK) \
	{ \
		unpack_block##bits((const Word##bits *) src, width, out + i); \
		src += BLOCK / 8 * width; \
	} \
	if (i == n) \
		return; \
	len = ((n - i) * width + 7) / 8; \
	memcpy(padded, src, len); \
	memset(padded + len, 0, 16); \
	unpack_tail##bits(padded, n - i, width, out + i); \
}

STREAMS(32)
STREAMS(64)

/* A value's bits in its lane, from the block that starts at src. */
#define GET(bits, lanes) \
static inline uint64 \
get##bits(const Word##bits *block, int width, uint32 i) \
{ \
	int			bit = (int) (i / lanes) * width; \
	int			shift = bit % bits; \
	const Word##bits *lo = block + bit / bits * lanes + i % lanes; \
	uint64		value = *lo >> shift; \
\
	if (shift + width > bits) \
		value |= (uint64) lo[lanes] << (bits - shift); \
	return value & (~UINT64CONST(0) >> (64 - width)); \
}

GET(32, LANES32)
GET(64, LANES64)

void
olap_bitpack_where(uint32 n, int width, uint32 i, size_t *offset, size_t *len)
{
	int			bits = width <= 32 ? 32 : 64;
	uint32		lanes = width <= 32 ? LANES32 : LANES64;
	bool		tail = i / BLOCK == n / BLOCK;
	uint32		bit = tail ? i % BLOCK * width : i % BLOCK / lanes * width;

	*offset = *len = 0;
	if (width == 0)
		return;
	*offset = (size_t) (i / BLOCK) * (BLOCK / 8) * width + (tail ? bit / 8 :
															(bit / bits * lanes + i % lanes) *
															(bits / 8));
	/* two words of a lane, or the bytes that a value may touch */
	*len = tail ? 9 : (lanes + 1) * (bits / 8);
	*len = Min(*len, olap_bitpack_size(n, width) - *offset);
}

uint64
olap_bitpack_get(const uint8 *src, uint32 n, int width, uint32 i)
{
	const uint8 *block = src + (size_t) (i / BLOCK) * (BLOCK / 8) * width;
	uint8		padded[16] = {0};
	size_t		bit;
	size_t		end;

	if (width == 0)
		return 0;
	if (i / BLOCK < n / BLOCK)
		return width <= 32 ? get32((const Word32 *) block, width, i % BLOCK) :
			get64((const Word64 *) block, width, i % BLOCK);
	bit = (size_t) (i % BLOCK) * width;
	end = ((size_t) (n % BLOCK) * width + 7) / 8;
	memcpy(padded, block + bit / 8, Min(end - bit / 8, 9));
	return unpack_tail_at(padded, bit % 8, width);
}

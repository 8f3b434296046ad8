/*-------------------------------------------------------------------------
 *
 * expr_kernels.c
 *		Inner loops of predicates.
 *
 * Every comparison of integers is a range test, lo <= v <= hi, perhaps
 * flipped: one loop a type serves all six operators and BETWEEN.
 *
 * src/vector/expr_kernels.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/kernel.h"
#include "vector/expr_kernels.h"

#define RANGE(name, ctype, utype) \
OLAP_KERNEL void \
olap_range_##name(uint8 *restrict mask, const ctype *restrict v, uint32 n, \
				  ctype lo, utype span, uint8 flip) \
{ \
	for (uint32 i = 0; i < n; i++) \
		mask[i] &= \
			(uint8) ((utype) ((utype) v[i] - (utype) lo) <= span) ^ flip; \
}

RANGE(i8, int8, uint8)
RANGE(u8, uint8, uint8)
RANGE(i16, int16, uint16)
RANGE(i32, int32, uint32)
RANGE(u32, uint32, uint32)
RANGE(i64, int64, uint64)

#define FLOATS(name, ctype) \
OLAP_KERNEL void \
olap_lt_##name(uint8 *restrict mask, const ctype *restrict v, uint32 n, \
			   double c, uint8 flip) \
{ \
	for (uint32 i = 0; i < n; i++) \
		mask[i] &= (uint8) ((double) v[i] < c) ^ flip; \
} \
OLAP_KERNEL void \
olap_le_##name(uint8 *restrict mask, const ctype *restrict v, uint32 n, \
			   double c, uint8 flip) \
{ \
	for (uint32 i = 0; i < n; i++) \
		mask[i] &= (uint8) ((double) v[i] <= c) ^ flip; \
} \
OLAP_KERNEL void \
olap_eq_##name(uint8 *restrict mask, const ctype *restrict v, uint32 n, \
			   double c, uint8 flip) \
{ \
	for (uint32 i = 0; i < n; i++) \
		mask[i] &= (uint8) ((double) v[i] == c) ^ flip; \
} \
OLAP_KERNEL void \
olap_nan_##name(uint8 *restrict mask, const ctype *restrict v, uint32 n, \
				uint8 flip) \
{ \
	for (uint32 i = 0; i < n; i++) \
		mask[i] &= (uint8) (v[i] != v[i]) ^ flip; \
}

FLOATS(f32, float)
FLOATS(f64, double)

#define COLUMNS(name, ctype) \
OLAP_KERNEL void \
olap_col_lt_##name(uint8 *restrict mask, const ctype *restrict a, \
				   const ctype *restrict b, uint32 n, uint8 flip) \
{ \
	for (uint32 i = 0; i < n; i++) \
		mask[i] &= (uint8) (a[i] < b[i]) ^ flip; \
} \
OLAP_KERNEL void \
olap_col_eq_##name(uint8 *restrict mask, const ctype *restrict a, \
				   const ctype *restrict b, uint32 n, uint8 flip) \
{ \
	for (uint32 i = 0; i < n; i++) \
		mask[i] &= (uint8) (a[i] == b[i]) ^ flip; \
}

#define FLOAT_COLUMNS(name, ctype) \
OLAP_KERNEL void \
olap_col_lt_##name(uint8 *restrict mask, const ctype *restrict a, \
				   const ctype *restrict b, uint32 n, uint8 flip) \
{ \
	for (uint32 i = 0; i < n; i++) \
		mask[i] &= (uint8) ((a[i] < b[i]) | \
							((b[i] != b[i]) & (a[i] == a[i]))) ^ flip; \
} \
OLAP_KERNEL void \
olap_col_eq_##name(uint8 *restrict mask, const ctype *restrict a, \
				   const ctype *restrict b, uint32 n, uint8 flip) \
{ \
	for (uint32 i = 0; i < n; i++) \
		mask[i] &= (uint8) ((a[i] == b[i]) | \
							((b[i] != b[i]) & (a[i] != a[i]))) ^ flip; \
}

COLUMNS(i8, int8)
COLUMNS(u8, uint8)
COLUMNS(i16, int16)
COLUMNS(i32, int32)
COLUMNS(u32, uint32)
COLUMNS(i64, int64)
FLOAT_COLUMNS(f32, float)
FLOAT_COLUMNS(f64, double)

/* Bit i in byte i, as these lie in memory. */
#ifdef WORDS_BIGENDIAN
#define BIT_OF_BYTE UINT64CONST(0x0102040810204080)
#else
#define BIT_OF_BYTE UINT64CONST(0x8040201008040201)
#endif

/* Bits 0 .. 7 of byte as bytes 0 .. 7, each 0 or 1. */
static inline uint64
spread_bits(uint64 byte)
{
	uint64		bits = byte * UINT64CONST(0x0101010101010101) & BIT_OF_BYTE;

	/* one bit a byte, which the addition carries to the top of its byte */
	return ((bits + UINT64CONST(0x7f7f7f7f7f7f7f7f)) >> 7) &
		UINT64CONST(0x0101010101010101);
}

/* Not a kernel: vectors have no cheap multiplication of 64 bits. */
void
olap_mask_valid(uint8 *restrict mask, const uint64 *restrict valid, uint32 n,
				uint8 flip)
{
	uint64		dull = flip ? 0 : ~UINT64CONST(0);
	uint64		all = flip * UINT64CONST(0x0101010101010101);

	for (uint32 base = 0; base < n; base += 64)
	{
		uint64		word = valid[base / 64];
		uint32		end = n - base < 64 ? n : base + 64;
		uint32		i = base;

		if (word == dull)
			continue;
		for (; i + 8 <= end; i += 8, word >>= 8)
		{
			uint64		rows;

			memcpy(&rows, mask + i, sizeof(rows));
			rows &= spread_bits(word & 0xff) ^ all;
			memcpy(mask + i, &rows, sizeof(rows));
		}
		for (; i < end; i++, word >>= 1)
			mask[i] &= (uint8) (word & 1) ^ flip;
	}
}

OLAP_KERNEL void
olap_mask_codes(uint8 *restrict mask, const uint32 *restrict codes, uint32 n,
				const uint8 *restrict answers, uint32 limit, uint8 flip)
{
	for (uint32 i = 0; i < n; i++)
	{
		uint32		code = codes[i] < limit ? codes[i] : 0;

		mask[i] &= answers[code] ^ flip;
	}
}

OLAP_KERNEL void
olap_mask_or(uint8 *restrict to, const uint8 *restrict from, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
		to[i] |= from[i];
}

OLAP_KERNEL void
olap_mask_and_not(uint8 *restrict to, const uint8 *restrict from, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
		to[i] &= from[i] ^ 1;
}

OLAP_KERNEL uint32
olap_mask_count(const uint8 *restrict mask, uint32 n)
{
	uint32		count = 0;

	for (uint32 i = 0; i < n; i++)
		count += mask[i];
	return count;
}

/* Branch-free: a branch costs six times as much at middling selectivity. */
uint32
olap_mask_to_sel(const uint8 *restrict mask, uint32 n, uint16 *restrict sel)
{
	uint32		k = 0;

	for (uint32 i = 0; i < n; i++)
	{
		sel[k] = (uint16) i;
		k += mask[i];
	}
	return k;
}

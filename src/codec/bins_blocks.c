/*-------------------------------------------------------------------------
 *
 * bins_blocks.c
 *		Decode blocks of 64 values in bins, by AVX-512.
 *
 * Sums of sixteen widths of up to 15 bits fit a byte, so the places of 64
 * distances are found by a few additions of bytes.  Sixteen distances are within
 * one load of 64 bytes, from which each takes the four bytes that it touches: a
 * gather costs more (unpack_avx2() in bins_unpack.c takes 1.6 to 1.9 times as long).
 *
 * src/codec/bins_blocks.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#if defined(__x86_64__) && !defined(OLAP_NO_CLONES)
#include <immintrin.h>
#define BINS_AVX512
#endif

#include "codec/bins.h"

#ifdef BINS_AVX512

#define BLOCK 64
#define STEP 16					/* distances of one load */
#define MAX_WIDTH 15
#define MAX_BYTES (OLAP_VECTOR_ROWS * MAX_WIDTH / 8 + 1)

#define AVX512 \
	__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")))

typedef struct Kernel
{
	__m512i		starts;
	__m512i		masks;
	__m512i		widths;			/* bytes, the same in each 16 of them */
	__m512i		bytes;			/* 0, 1, 2, 3 in the bytes of each word */
	__m512i		spread;			/* a word's low byte to all four */
	__m512i		order;			/* of words, after packing */
} Kernel;

AVX512 static inline void
kernel_init(Kernel *k, const OlapBinTable *table)
{
	__m256i		widths = _mm256_loadu_si256((const __m256i *) table->width);

	k->starts = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)
														  table->start32));
	k->masks = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)
														 table->mask32));
	k->widths = _mm512_broadcast_i32x4(_mm256_cvtepi32_epi8(widths));
	k->bytes = _mm512_set1_epi32(0x03020100);
	k->spread = _mm512_broadcast_i32x4(_mm_setr_epi32(0, 0x04040404, 0x08080808,
													  0x0c0c0c0c));
	k->order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7,
								 11, 15);
}

/* Where 64 distances start and end, in bits behind the start of their sixteen. */
AVX512 static inline void
place_block(const Kernel *k, const uint32 *ids, uint8 *starts, uint8 *ends)
{
	__m512i		low = _mm512_packus_epi32(_mm512_loadu_si512(ids),
										  _mm512_loadu_si512(ids + 16));
	__m512i		high = _mm512_packus_epi32(_mm512_loadu_si512(ids + 32),
										   _mm512_loadu_si512(ids + 48));
	__m512i		id = _mm512_permutexvar_epi32(k->order,
											  _mm512_packus_epi16(low, high));
	__m512i		width = _mm512_shuffle_epi8(k->widths, id);
	__m512i		sum = width;

	sum = _mm512_add_epi8(sum, _mm512_bslli_epi128(sum, 1));
	sum = _mm512_add_epi8(sum, _mm512_bslli_epi128(sum, 2));
	sum = _mm512_add_epi8(sum, _mm512_bslli_epi128(sum, 4));
	sum = _mm512_add_epi8(sum, _mm512_bslli_epi128(sum, 8));
	_mm512_storeu_si512(ends, sum);
	_mm512_storeu_si512(starts, _mm512_sub_epi8(sum, width));
}

/* Sixteen values, whose distances start at bit pos of src. */
AVX512 static inline void
unpack_step(const Kernel *k, const uint32 *ids, const uint8 *starts,
			const uint8 *src, uint32 pos, uint32 *out)
{
	__m512i		id = _mm512_loadu_si512(ids);
	__m512i		at = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *) starts));
	__m512i		from;
	__m512i		word;

	at = _mm512_add_epi32(at, _mm512_set1_epi32((int) (pos % 8)));
	from = _mm512_shuffle_epi8(_mm512_srli_epi32(at, 3), k->spread);
	from = _mm512_add_epi8(from, k->bytes);
	word = _mm512_permutexvar_epi8(from, _mm512_loadu_si512(src + pos / 8));
	word = _mm512_srlv_epi32(word, _mm512_and_si512(at, _mm512_set1_epi32(7)));
	word = _mm512_and_si512(word, _mm512_permutexvar_epi32(id, k->masks));
	word = _mm512_add_epi32(word, _mm512_permutexvar_epi32(id, k->starts));
	_mm512_storeu_si512(out, word);
}

/* Distances start at bit end at most: so far and BLOCK bytes on, src is readable. */
AVX512 static uint32
unpack_blocks(const OlapBinTable *table, const uint32 *ids, const uint8 *src,
			  uint32 end, uint32 n, uint32 pos, uint32 *out)
{
	Kernel		k;
	uint8		starts[BLOCK];
	uint8		ends[BLOCK];

	kernel_init(&k, table);
	for (uint32 i = 0; i < n; i += BLOCK)
	{
		place_block(&k, ids + i, starts, ends);
		for (int at = 0; at < BLOCK; at += STEP)
		{
			unpack_step(&k, ids + i + at, starts + at, src, Min(pos, end),
						out + i + at);
			pos += ends[at + STEP - 1];
		}
	}
	return pos;
}

uint32
olap_bins_unpack_blocks(const OlapBinTable *table, const uint32 *ids,
						const uint8 *src, size_t len, uint32 n, uint32 *out,
						uint32 *pos)
{
	/* loads are whole */
	uint8		padded[MAX_BYTES + BLOCK];
	size_t		used;

	n -= n % BLOCK;
	used = Min(len, n * MAX_WIDTH / 8 + 1);
	for (int b = 0; b < OLAP_BINS_MAX; b++)
		if (table->width[b] > MAX_WIDTH)
			n = 0;
	if (n == 0 || !__builtin_cpu_supports("avx512vbmi") ||
		!__builtin_cpu_supports("avx512vl"))
		return 0;
	memcpy(padded, src, used);
	memset(padded + used, 0, BLOCK);
	*pos = unpack_blocks(table, ids, padded, (uint32) used * 8, n, *pos, out);
	return n;
}

#else

uint32
olap_bins_unpack_blocks(const OlapBinTable *table, const uint32 *ids,
						const uint8 *src, size_t len, uint32 n, uint32 *out,
						uint32 *pos)
{
	return 0;
}

#endif

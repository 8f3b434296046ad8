/*-------------------------------------------------------------------------
 *
 * dict_gather.c
 *		The values that a dictionary's codes stand for.
 *
 * Entries of 4 bytes, as those of texts are (places in a heap), are looked up
 * sixteen at a time by AVX-512: in eight registers of 64 bytes where they fit, else
 * by a gather, which takes three times as long.
 *
 * src/codec/dict_gather.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#if defined(__x86_64__) && !defined(OLAP_NO_CLONES)
#include <immintrin.h>
#define GATHER_AVX512
#endif

#include "base/kernel.h"
#include "codec/dict_entries.h"

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

#ifdef GATHER_AVX512

#define AVX512 __attribute__((target("avx512f")))
#define MAX_ENTRIES 128
#define STEP 16
/* Filling the registers costs as much as some gathers. */
#define MIN_ROWS 256

/* Of sixteen codes, the entries by their low five bits. */
#define LOOK_UP(pair) \
	_mm512_permutex2var_epi32(table[2 * (pair)], code, table[2 * (pair) + 1])

AVX512 static void
look_up_32(const __m512i *table, const uint32 *restrict codes, uint32 n,
		   uint32 *restrict out)
{
	for (uint32 i = 0; i < n; i += STEP)
	{
		__m512i		code = _mm512_loadu_si512(codes + i);

		_mm512_storeu_si512(out + i, LOOK_UP(0));
	}
}

AVX512 static void
look_up_128(const __m512i *table, const uint32 *restrict codes, uint32 n,
			uint32 *restrict out)
{
	__m512i		bit5 = _mm512_set1_epi32(32);
	__m512i		bit6 = _mm512_set1_epi32(64);

	for (uint32 i = 0; i < n; i += STEP)
	{
		__m512i		code = _mm512_loadu_si512(codes + i);
		__mmask16	odd = _mm512_test_epi32_mask(code, bit5);
		__m512i		low = _mm512_mask_mov_epi32(LOOK_UP(0), odd, LOOK_UP(1));
		__m512i		high = _mm512_mask_mov_epi32(LOOK_UP(2), odd, LOOK_UP(3));

		low = _mm512_mask_mov_epi32(low, _mm512_test_epi32_mask(code, bit6), high);
		_mm512_storeu_si512(out + i, low);
	}
}

/* gcc makes single loads of the plain loop, which take a third longer. */
AVX512 static void
gather_blocks(const uint32 *entries, const uint32 *restrict codes, uint32 n,
			  uint32 *restrict out)
{
	for (uint32 i = 0; i < n; i += STEP)
	{
		__m512i		code = _mm512_loadu_si512(codes + i);

		_mm512_storeu_si512(out + i, _mm512_i32gather_epi32(code, entries, 4));
	}
}

/* Gather from entries[nentries]; returns of how many codes, from the first on. */
AVX512 static uint32
look_up(const uint32 *entries, uint32 nentries, const uint32 *codes, uint32 n,
		uint32 *out)
{
	__m512i		table[MAX_ENTRIES / STEP];

	if (n < MIN_ROWS || !__builtin_cpu_supports("avx512f"))
		return 0;
	n -= n % STEP;
	if (nentries > MAX_ENTRIES)
	{
		gather_blocks(entries, codes, n, out);
		return n;
	}
	memset(table, 0, sizeof(table));
	memcpy(table, entries, nentries * sizeof(uint32));
	if (nentries <= 2 * STEP)
		look_up_32(table, codes, n, out);
	else
		look_up_128(table, codes, n, out);
	return n;
}

#else

static uint32
look_up(const uint32 *entries, uint32 nentries, const uint32 *codes, uint32 n,
		uint32 *out)
{
	return 0;
}

#endif

void
olap_dict_gather(const OlapVector *dict, const uint32 *codes, uint32 n,
				 size_t width, void *dst)
{
	uint32		done;

	switch (width)
	{
		case 1:
			gather_8(dict->values, codes, n, dst);
			break;
		case 2:
			gather_16(dict->values, codes, n, dst);
			break;
		case 4:
			done = look_up(dict->values, dict->n, codes, n, dst);
			gather_32(dict->values, codes + done, n - done, (uint32 *) dst + done);
			break;
		case 8:
			gather_64(dict->values, codes, n, dst);
			break;
		default:
			for (uint32 i = 0; i < n; i++)
				memcpy((char *) dst + i * width, (const char *) dict->values +
					   codes[i] * width, width);
	}
}

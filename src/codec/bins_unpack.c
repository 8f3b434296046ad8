/*-------------------------------------------------------------------------
 *
 * bins_unpack.c
 *		Decode vectors of bins.
 *
 * Where a distance starts is the sum of the widths before it.  That sum is all
 * that ties a value to its neighbours, so the scalar loop keeps several values
 * in flight, and AVX2 takes eight at a time: eight bins are as many as a
 * register can look up at once, which is why there are no more.  Positions are
 * cut off at the vector's end: hostile bin numbers read nothing beyond the
 * trailer, and are found out by the sum.
 *
 * src/codec/bins_unpack.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#if defined(__x86_64__) && !defined(OLAP_NO_CLONES)
#include <immintrin.h>
#define BINS_AVX2
#endif

#include "base/kernel.h"
#include "codec/bins.h"

typedef uint64 Word64 __attribute__((aligned(1), may_alias));

/* Decode the values from row first on, the distances from bit pos on. */
#define UNPACK(name, type, starts, masks) \
OLAP_KERNEL static uint32 \
name(const OlapBinTable *table, const uint32 *restrict ids, \
	 const uint8 *restrict src, uint32 bits, uint32 first, uint32 n, \
	 uint32 pos, type *restrict out) \
{ \
	for (uint32 i = first; i < n; i++) \
	{ \
		uint32		id = ids[i]; \
		uint32		at = pos < bits ? pos : bits; \
		uint64		word = *(const Word64 *) (src + at / 8) >> at % 8; \
\
		out[i] = table->starts[id] + ((type) word & table->masks[id]); \
		pos += table->width[id]; \
	} \
	return pos; \
}

UNPACK(unpack_narrow, uint32, start32, mask32)
UNPACK(unpack_wide, uint64, start, mask)

#ifdef BINS_AVX2

/* As unpack_narrow; n - first is a multiple of 8. */
__attribute__((target("avx2"))) static uint32
unpack_avx2(const OlapBinTable *table, const uint32 *restrict ids,
			const uint8 *restrict src, uint32 bits, uint32 first, uint32 n,
			uint32 bit, uint32 *restrict out)
{
	__m256i		widths = _mm256_loadu_si256((const __m256i *) table->width);
	__m256i		starts = _mm256_loadu_si256((const __m256i *) table->start32);
	__m256i		masks = _mm256_loadu_si256((const __m256i *) table->mask32);
	__m256i		end = _mm256_set1_epi32((int) bits);
	__m256i		seven = _mm256_set1_epi32(7);
	__m256i		pos = _mm256_set1_epi32((int) bit);

	for (uint32 i = first; i < n; i += 8)
	{
		__m256i		id = _mm256_loadu_si256((const __m256i *) (ids + i));
		__m256i		width = _mm256_permutevar8x32_epi32(widths, id);
		__m256i		sum = width;
		__m256i		low;
		__m256i		at;
		__m256i		word;

		/* sums of the widths up to each, within halves and then across */
		sum = _mm256_add_epi32(sum, _mm256_slli_si256(sum, 4));
		sum = _mm256_add_epi32(sum, _mm256_slli_si256(sum, 8));
		low = _mm256_shuffle_epi32(sum, 0xff);
		sum = _mm256_add_epi32(sum, _mm256_permute2x128_si256(low, low, 0x08));
		at = _mm256_add_epi32(pos, _mm256_sub_epi32(sum, width));
		pos = _mm256_add_epi32(pos, _mm256_permutevar8x32_epi32(sum, seven));

		at = _mm256_min_epu32(at, end);
		word = _mm256_i32gather_epi32((const int *) src,
									  _mm256_srli_epi32(at, 3), 1);
		word = _mm256_srlv_epi32(word, _mm256_and_si256(at, seven));
		word = _mm256_and_si256(word, _mm256_permutevar8x32_epi32(masks, id));
		word = _mm256_add_epi32(word, _mm256_permutevar8x32_epi32(starts, id));
		_mm256_storeu_si256((__m256i *) (out + i), word);
	}
	return (uint32) _mm256_cvtsi256_si32(pos);
}

/* The widths of n values (a multiple of 8), summed up. */
__attribute__((target("avx2"))) static uint32
sum_avx2(const OlapBinTable *table, const uint32 *ids, uint32 n)
{
	__m256i		widths = _mm256_loadu_si256((const __m256i *) table->width);
	__m256i		sum = _mm256_setzero_si256();
	uint32		sums[8];
	uint32		all = 0;

	for (uint32 i = 0; i < n; i += 8)
	{
		__m256i		id = _mm256_loadu_si256((const __m256i *) (ids + i));

		sum = _mm256_add_epi32(sum, _mm256_permutevar8x32_epi32(widths, id));
	}
	_mm256_storeu_si256((__m256i *) sums, sum);
	for (int i = 0; i < 8; i++)
		all += sums[i];
	return all;
}

static bool
have_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

#else

static uint32
unpack_avx2(const OlapBinTable *table, const uint32 *ids, const uint8 *src,
			uint32 bits, uint32 first, uint32 n, uint32 bit, uint32 *out)
{
	return bit;
}

static uint32
sum_avx2(const OlapBinTable *table, const uint32 *ids, uint32 n)
{
	return 0;
}

static bool
have_avx2(void)
{
	return false;
}

#endif

/*
 * Decode n values of a narrow table, whose distances begin at bit pos < 8; returns the
 * bit behind them.
 */
static uint32
unpack_words(const OlapBinTable *table, const uint32 *ids, const uint8 *src,
			 size_t len, uint32 n, uint32 pos, uint32 *out)
{
	uint32		bits = (uint32) len * 8;
	uint32		first = olap_bins_unpack_blocks(table, ids, src, len, n, out, &pos);

	if (have_avx2())
	{
		pos = unpack_avx2(table, ids, src, bits, first, n - n % 8, pos, out);
		first = n - n % 8;
	}
	return unpack_narrow(table, ids, src, bits, first, n, pos, out);
}

/* Step over the bin numbers of n values; false if the vector's length is not possible. */
static bool
skip_ids(const OlapBinTable *table, const uint8 **src, size_t *len, uint32 n)
{
	size_t		ids_len = olap_bitpack_size(n, table->id_bits);

	if (*len < ids_len ||
		*len - ids_len > OLAP_VECTOR_ROWS * OLAP_BINS_MAX_WIDTH / 8)
		return false;
	*src += ids_len;
	*len -= ids_len;
	return true;
}

/* The values of n bin numbers, whose distances begin at bit pos < 8; returns their end. */
static uint32
unpack_values(const OlapBinTable *table, const uint32 *ids, const uint8 *src,
			  size_t len, uint32 n, uint32 pos, void *out, int width)
{
	union
	{
		uint32		narrow[OLAP_VECTOR_ROWS];
		uint64		wide[OLAP_VECTOR_ROWS];
	}			offsets;
	uint32	   *dst = width == sizeof(uint32) ? out : offsets.narrow;

	if (!table->narrow)
	{
		pos = unpack_wide(table, ids, src, (uint32) len * 8, 0, n, pos,
						  offsets.wide);
		olap_add_base64(offsets.wide, n, table->base, out, width);
		return pos;
	}
	pos = unpack_words(table, ids, src, len, n, pos, dst);
	/* the base of 4-byte values is in the table already */
	if (width != sizeof(uint32))
		olap_add_base32(dst, n, table->base, out, width);
	return pos;
}

bool
olap_bins_unpack(const OlapBinTable *table, const uint8 *src, size_t len,
				 uint32 n, void *out, int width)
{
	uint32		ids[OLAP_VECTOR_ROWS];
	const uint8 *packed = src;
	uint32		pos;

	if (!skip_ids(table, &src, &len, n))
		return false;
	olap_bitunpack32(packed, n, table->id_bits, ids);
	pos = unpack_values(table, ids, src, len, n, 0, out, width);
	return (pos + 7) / 8 == len;
}

bool
olap_bins_unpack_block(const OlapBinTable *table, const uint8 *src, size_t len,
					   uint32 n, uint32 first, uint32 *pos, void *out, int width)
{
	uint32		ids[OLAP_BITPACK_BLOCK];
	uint32		count = Min(n - first, OLAP_BITPACK_BLOCK);
	const uint8 *packed = src + olap_bitpack_size(first, table->id_bits);
	size_t		skip = *pos / 8;

	if (!skip_ids(table, &src, &len, n) || skip > len)
		return false;
	olap_bitunpack32(packed, count, table->id_bits, ids);
	*pos = (uint32) skip * 8 + unpack_values(table, ids, src + skip, len - skip, count,
											 *pos % 8, out, width);
	return first + count == n ? (*pos + 7) / 8 == len : (*pos + 7) / 8 <= len;
}

bool
olap_bins_take(const OlapBinTable *table, const uint32 *ids, const uint8 **src,
			   size_t *len, uint32 n, uint32 *out)
{
	size_t		used = Min(*len, OLAP_VECTOR_ROWS * sizeof(uint32));
	uint32		pos = unpack_words(table, ids, *src, used, n, 0, out);

	if (pos > used * 8)
		return false;
	*src += (pos + 7) / 8;
	*len -= (pos + 7) / 8;
	return true;
}

/* Bits that the distances of n values take. */
static uint32
sum_widths(const OlapBinTable *table, const uint32 *ids, uint32 n)
{
	uint32		whole = have_avx2() ? n - n % 8 : 0;
	uint32		sum = sum_avx2(table, ids, whole);

	for (uint32 i = whole; i < n; i++)
		sum += table->width[ids[i]];
	return sum;
}

/* As far as the last of rows[nrows], bin numbers of n values, and step over all of them. */
static bool
unpack_first_ids(const OlapBinTable *table, const OlapChunkSource *source,
				 const uint8 **src, size_t *len, uint32 n, const uint16 *rows,
				 uint32 nrows, uint32 *ids)
{
	const uint8 *packed = *src;
	uint32		last = 0;

	for (uint32 i = 0; i < nrows; i++)
		last = Max(last, rows[i]);
	if (!skip_ids(table, src, len, n))
		return false;
	n = Min(n, last - last % OLAP_BITPACK_BLOCK + OLAP_BITPACK_BLOCK);
	olap_chunk_need(source, packed, olap_bitpack_size(n, table->id_bits));
	olap_bitunpack32(packed, n, table->id_bits, ids);
	return true;
}

bool
olap_bins_unpack_rows(const OlapBinTable *table, const OlapChunkSource *source,
					  const uint8 *src, size_t len, uint32 n,
					  const uint16 *rows, uint32 nrows, uint64 *out)
{
	uint32		ids[OLAP_VECTOR_ROWS];
	uint32		bits;
	uint32		row = 0;
	uint32		pos = 0;

	if (!unpack_first_ids(table, source, &src, &len, n, rows, nrows, ids))
		return false;
	bits = (uint32) len * 8;
	for (uint32 i = 0; i < nrows; i++)
	{
		uint32		id = ids[rows[i]];
		uint32		at;

		if (rows[i] < row)
			row = pos = 0;
		pos += sum_widths(table, ids + row, rows[i] - row);
		row = rows[i];
		at = Min(pos, bits);
		olap_chunk_need(source, src + at / 8, sizeof(Word64));
		out[i] = table->base + table->start[id] +
			(*(const Word64 *) (src + at / 8) >> at % 8 & table->mask[id]);
	}
	return (pos + 7) / 8 <= len;
}

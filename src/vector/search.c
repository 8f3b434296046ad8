/*-------------------------------------------------------------------------
 *
 * search.c
 *		Find a byte string in another one.
 *
 * Two bytes of the needle, those that are rarest in the usual texts, are looked for
 * at their places, 16 or 64 places of the hay at a time; where both are, the needle is
 * compared.  Long needles go to memmem(), whose time is bounded whatever the bytes
 * are: only for them would comparing at each place cost much.
 *
 * Source: W. Muła, "SIMD-friendly algorithms for substring searching".
 *
 * src/vector/search.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "vector/search.h"

/* Longer needles are memmem()'s, which takes linear time for them. */
#define LONG_NEEDLE 256
/* Places that are looked at together. */
#define STEP 16
#define WIDE_STEP 64

/* How rare a byte is, roughly: of texts, URLs and what headers of values hold. */
static int
rarity(uint8 byte)
{
	static const char common[] = "e/ta0oi1ns2r.l3c-h4dp5u6=m78g9f_b:y&wv?kxjzq";
	const char *at;

	if (byte == 0 || byte == ' ' || byte >= 0xC0)
		return 0;
	if (byte >= 0x80)
		return 20;
	at = strchr(common, byte);
	return at == NULL ? lengthof(common) : (int) (at - common);
}

void
olap_needle_init(OlapNeedle *needle, const uint8 *bytes, size_t len)
{
	size_t		last = Min(len, LONG_NEEDLE) - 1;
	size_t		best = 0;
	size_t		second = last;

	/* the first byte and the last one, if no others are rarer */
	if (rarity(bytes[last]) > rarity(bytes[0]))
	{
		best = last;
		second = 0;
	}
	for (size_t i = 1; i < last; i++)
	{
		if (rarity(bytes[i]) > rarity(bytes[best]))
		{
			second = best;
			best = i;
		}
		else if (rarity(bytes[i]) > rarity(bytes[second]))
			second = i;
	}
	needle->bytes = bytes;
	needle->len = len;
	needle->probes[0] = (uint32) best;
	needle->probes[1] = (uint32) second;
}

/* At each place from `first` on, of count. */
static const uint8 *
find_slowly(const OlapNeedle *needle, const uint8 *hay, size_t first, size_t count)
{
	uint32		probe = needle->probes[0];
	uint8		byte = needle->bytes[probe];

	for (size_t i = first; i < count; i++)
		if (hay[i + probe] == byte && olap_same_bytes(hay + i, needle->bytes, needle->len))
			return hay + i;
	return NULL;
}

#ifdef __x86_64__

/* The needle at one of the places from at on that are set in mask. */
#define TRY(mask, at) \
	for (; (mask) != 0; (mask) &= (mask) - 1) \
	{ \
		const uint8 *place = (at) + __builtin_ctzll(mask); \
\
		if (olap_same_bytes(place, needle->bytes, needle->len)) \
			return place; \
	}

/* From place `first` on, of count; all of STEP places or more. */
static const uint8 *
find_sse2(const OlapNeedle *needle, const uint8 *hay, size_t first, size_t count)
{
	const uint8 *a = hay + needle->probes[0];
	const uint8 *b = hay + needle->probes[1];
	__m128i		a_byte = _mm_set1_epi8((char) needle->bytes[needle->probes[0]]);
	__m128i		b_byte = _mm_set1_epi8((char) needle->bytes[needle->probes[1]]);

	for (size_t i = first;; i += STEP)
	{
		__m128i		found;
		uint64		mask;

		/* the last step may look at places again */
		i = Min(i, count - STEP);
		found = _mm_and_si128(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *) (a + i)), a_byte),
							  _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *) (b + i)), b_byte));
		mask = (uint32) _mm_movemask_epi8(found);
		TRY(mask, hay + i);
		if (i + STEP >= count)
			return NULL;
	}
}

/* Which of the 32 places from i on have both bytes? */
#define BOTH(i) \
	_mm256_and_si256(_mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *) (a + (i))), a_byte), \
					 _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *) (b + (i))), b_byte))

/* Whole steps of count places; *done gets how many places these are. */
__attribute__((target("avx2"))) static const uint8 *
find_avx2(const OlapNeedle *needle, const uint8 *hay, size_t count, size_t *done)
{
	const uint8 *a = hay + needle->probes[0];
	const uint8 *b = hay + needle->probes[1];
	__m256i		a_byte = _mm256_set1_epi8((char) needle->bytes[needle->probes[0]]);
	__m256i		b_byte = _mm256_set1_epi8((char) needle->bytes[needle->probes[1]]);
	size_t		i;

	for (i = 0; i + WIDE_STEP <= count; i += WIDE_STEP)
	{
		__m256i		low = BOTH(i);
		__m256i		high = BOTH(i + 32);
		uint64		mask;

		if (_mm256_testz_si256(_mm256_or_si256(low, high), _mm256_or_si256(low, high)))
			continue;
		mask = (uint64) (uint32) _mm256_movemask_epi8(low) |
			(uint64) (uint32) _mm256_movemask_epi8(high) << 32;
		TRY(mask, hay + i);
	}
	*done = i;
	return NULL;
}

#endif

const uint8 *
olap_needle_find(const OlapNeedle *needle, const uint8 *hay, size_t len)
{
	size_t		first = 0;
	size_t		count;

	if (needle->len > len)
		return NULL;
	if (needle->len == 1)
		return memchr(hay, needle->bytes[0], len);
	if (needle->len > LONG_NEEDLE)
		return memmem(hay, len, needle->bytes, needle->len);
	count = len - needle->len + 1;
#ifdef __x86_64__
	if (count >= WIDE_STEP && __builtin_cpu_supports("avx2"))
	{
		const uint8 *at = find_avx2(needle, hay, count, &first);

		if (at != NULL || first == count)
			return at;
	}
	if (count >= STEP)
		return find_sse2(needle, hay, first, count);
#endif
	return find_slowly(needle, hay, first, count);
}

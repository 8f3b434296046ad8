/*-------------------------------------------------------------------------
 *
 * strings_spread.c
 *		From the bytes of a string block to varlenas in a vector's heap.
 *
 * Values are copied in steps of a fixed size, so that most take one without a
 * branch on their length. Lengths and prefixes were checked (strings_decode.c).
 *
 * src/codec/strings_spread.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/kernel.h"
#include "codec/strings.h"

/*
 * As olap_strings_spread() for the values that move down by OLAP_SPREAD_STEP bytes or more: what is
 * written behind the end of such a value was read before, or is written again.
 * Returns how many these are; all others come after them.  Up to OLAP_SPREAD_STEP bytes
 * are read behind src's end.
 */
OLAP_KERNEL static uint32
spread_far(char *heap, size_t *start, const uint8 **from, const uint32 *lengths,
		   uint32 n, size_t align, uint32 *offsets)
{
	const uint8 *src = *from;
	size_t		at = *start;
	uint32		i;

	for (i = 0; i < n && src - (const uint8 *) (heap + at + VARHDRSZ) >= OLAP_SPREAD_STEP; i++)
	{
		size_t		len = lengths[i];
		size_t		done = 0;
		char	   *value = heap + at + VARHDRSZ;

		offsets[i] = (uint32) at;
		SET_VARSIZE(heap + at, len + VARHDRSZ);
		do
		{
			char		step[OLAP_SPREAD_STEP];

			memcpy(step, src + done, OLAP_SPREAD_STEP);
			memcpy(value + done, step, OLAP_SPREAD_STEP);
			done += OLAP_SPREAD_STEP;
		}
		while (done < len);
		memset(value + len, 0, MAXIMUM_ALIGNOF);
		src += len;
		at = TYPEALIGN(align, at + VARHDRSZ + len);
	}
	*from = src;
	*start = at;
	return i;
}

void
olap_strings_spread(char *heap, size_t start, const uint8 *src, const uint32 *lengths,
					uint32 n, size_t align, uint32 *offsets)
{
	size_t		at = start;

	for (uint32 i = spread_far(heap, &at, &src, lengths, n, align, offsets); i < n; i++)
	{
		size_t		len = lengths[i];
		size_t		end = at + VARHDRSZ + len;
		size_t		next = TYPEALIGN(align, end);

		offsets[i] = (uint32) at;
		memmove(heap + at + VARHDRSZ, src, len);
		SET_VARSIZE(heap + at, len + VARHDRSZ);
		src += len;
		while (end < next)
			heap[end++] = 0;
		at = next;
	}
}

/* A step, and which of its bytes are of a prefix. */
typedef uint8 Step __attribute__((vector_size(OLAP_SPREAD_STEP)));
typedef int8 StepMask __attribute__((vector_size(OLAP_SPREAD_STEP)));

static inline void
load_step(Step *step, const void *src)
{
	memcpy(step, src, sizeof(*step));
}

/*
 * A step of a value: the first prefix bytes as they are in *step, those behind from
 * src.  More bytes of a prefix than a step has are as good as a step's.
 */
static inline void
continue_step(Step *step, const Step *places, const uint8 *src, size_t prefix)
{
	size_t		kept = Min(prefix, OLAP_SPREAD_STEP);
	Step		mask;
	Step		rest;

	/* places are up to 63: all are positive in 8 bits */
	mask = (Step) ((StepMask) *places < (int8) kept);
	load_step(&rest, src - kept);
	*step = (*step & mask) | (rest & ~mask);
}

/*
 * The first step of the value before stays in a register: read from where it was just
 * written it would have to be waited for.
 */
OLAP_KERNEL static void
unfold(char *heap, size_t start, const uint8 *src, const uint32 *lengths,
	   const uint32 *prefixes, uint32 n, size_t align, uint32 *offsets)
{
	static const uint8 numbers[OLAP_SPREAD_STEP] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
		32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
		48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63
	};
	size_t		at = start;
	const char *last = heap + start;
	Step		places;
	Step		head = {0};

	load_step(&places, numbers);
	for (uint32 i = 0; i < n; i++)
	{
		size_t		len = lengths[i];
		size_t		prefix = prefixes[i];
		char	   *value = heap + at + VARHDRSZ;

		offsets[i] = (uint32) at;
		SET_VARSIZE(heap + at, len + VARHDRSZ);
		continue_step(&head, &places, src, prefix);
		memcpy(value, &head, sizeof(head));
		for (size_t k = OLAP_SPREAD_STEP; k < len; k += OLAP_SPREAD_STEP)
		{
			Step		step;

			load_step(&step, last + k);
			if (k < prefix)
				continue_step(&step, &places, src, prefix - k);
			else
				load_step(&step, src + k - prefix);
			memcpy(value + k, &step, sizeof(step));
		}
		memset(value + len, 0, MAXIMUM_ALIGNOF);
		src += len - prefix;
		last = value;
		at = TYPEALIGN(align, at + VARHDRSZ + len);
	}
}

void
olap_strings_unfold(char *heap, size_t start, const uint8 *src, const uint32 *lengths,
					const uint32 *prefixes, uint32 n, size_t align, uint32 *offsets)
{
	unfold(heap, start, src, lengths, prefixes, n, align, offsets);
}

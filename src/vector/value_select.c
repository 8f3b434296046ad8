/*-------------------------------------------------------------------------
 *
 * value_select.c
 *		Select by rank, and sort, among 64-bit words.
 *
 * Quickselect for several ranks at once: a part without a wanted rank is left as
 * it is.  The pivot is a median of medians of nine samples; parts that still do
 * not shrink are sorted, so no order of the input takes quadratic time.
 *
 * src/vector/value_select.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "vector/value_lists.h"

/* Parts of this size are sorted by insertion. */
#define SMALL_PART 24
/* Groups of this size and more are sorted by their digits. */
#define RADIX_MIN 512
/* Words between two looks at whether the query was cancelled. */
#define STRETCH 65536

#define ST_SORT sort_words
#define ST_ELEMENT_TYPE int64
#define ST_COMPARE(a, b) ((*(a) > *(b)) - (*(a) < *(b)))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static void
insertion_sort(int64 *words, uint64 n)
{
	for (uint64 i = 1; i < n; i++)
	{
		int64		word = words[i];
		uint64		j = i;

		for (; j > 0 && words[j - 1] > word; j--)
			words[j] = words[j - 1];
		words[j] = word;
	}
}

static inline int64
median3(int64 a, int64 b, int64 c)
{
	return Max(Min(a, b), Min(Max(a, b), c));
}

static int64
choose_pivot(const int64 *words, uint64 n)
{
	uint64		step = n / 9;
	const int64 *w = words + step / 2;

	return median3(median3(w[0], w[step], w[2 * step]),
				   median3(w[3 * step], w[4 * step], w[5 * step]),
				   median3(w[6 * step], w[7 * step], w[8 * step]));
}

/*
 * Words up to *below are no greater than the pivot, those from *above on no
 * less, those between equal to it.
 */
static void
partition(int64 *words, uint64 n, int64 pivot, uint64 *below, uint64 *above)
{
	int64		i = 0;
	int64		j = (int64) n - 1;

	/* the pivot is among the words, so neither walk leaves the array */
	while (i <= j)
	{
		while (words[i] < pivot)
			i++;
		while (words[j] > pivot)
			j--;
		if (i <= j)
		{
			int64		word = words[i];

			words[i++] = words[j];
			words[j--] = word;
		}
	}
	*below = j + 1;
	*above = i;
}

/* words[0] has rank base. */
static void
select_part(int64 *words, uint64 n, uint64 base, const uint64 *ranks,
			uint32 nranks, int depth)
{
	while (nranks > 0)
	{
		uint64		below,
					above;
		uint32		nbelow = 0,
					nabove;

		CHECK_FOR_INTERRUPTS();
		if (n <= SMALL_PART)
		{
			insertion_sort(words, n);
			return;
		}
		if (depth-- == 0)
		{
			olap_words_sort(words, n);
			return;
		}
		partition(words, n, choose_pivot(words, n), &below, &above);
		while (nbelow < nranks && ranks[nbelow] < base + below)
			nbelow++;
		for (nabove = nbelow; nabove < nranks && ranks[nabove] < base + above;)
			nabove++;
		select_part(words, below, base, ranks, nbelow, depth);
		words += above;
		base += above;
		n -= above;
		ranks += nabove;
		nranks -= nabove;
	}
}

void
olap_words_select(int64 *words, uint64 n, const uint64 *ranks, uint32 nranks)
{
	if (n > 1)
		select_part(words, n, 0, ranks, nranks,
					2 * pg_leftmost_one_pos64(n) + 4);
}

/* ---- sorting ---- */

/* How often each byte has each value. */
static void
count_bytes(const int64 *words, uint64 n, uint64 (*counts)[256])
{
	for (uint64 i = 0; i < n; i++)
	{
		uint64		key = (uint64) words[i] ^ ((uint64) 1 << 63);

		if (i % STRETCH == 0)
			CHECK_FOR_INTERRUPTS();
		for (int b = 0; b < 8; b++)
			counts[b][(key >> (8 * b)) & 255]++;
	}
}

/* One pass by the byte at shift; starts[b] is where byte b's words begin. */
static void
radix_pass(const int64 *from, int64 *to, uint64 n, int shift, uint64 *starts)
{
	for (uint64 i = 0; i < n; i++)
	{
		uint64		key = (uint64) from[i] ^ ((uint64) 1 << 63);

		if (i % STRETCH == 0)
			CHECK_FOR_INTERRUPTS();
		to[starts[(key >> shift) & 255]++] = from[i];
	}
}

static void
radix_sort(int64 *words, uint64 n)
{
	uint64		(*counts)[256] = palloc0(8 * sizeof(counts[0]));
	int64	   *from = words;
	int64	   *other = palloc_extended(n * sizeof(int64), MCXT_ALLOC_HUGE);
	int64	   *to = other;

	count_bytes(words, n, counts);
	for (int b = 0; b < 8; b++)
	{
		uint64		key = (uint64) words[0] ^ ((uint64) 1 << 63);
		uint64		start = 0;

		/* a byte that all have in common orders nothing */
		if (counts[b][(key >> (8 * b)) & 255] == n)
			continue;
		for (int d = 0; d < 256; d++)
		{
			uint64		count = counts[b][d];

			counts[b][d] = start;
			start += count;
		}
		radix_pass(from, to, n, 8 * b, counts[b]);
		to = from;
		from = from == words ? other : words;
	}
	if (from != words)
		memcpy(words, from, n * sizeof(int64));
	pfree(other);
	pfree(counts);
}

void
olap_words_sort(int64 *words, uint64 n)
{
	bool		sorted = true;

	for (uint64 i = 1; i < n && sorted; i++)
		sorted = words[i - 1] <= words[i];
	if (sorted)
		return;
	if (n < RADIX_MIN)
		sort_words(words, n);
	else
		radix_sort(words, n);
}

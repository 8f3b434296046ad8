/*-------------------------------------------------------------------------
 *
 * dict_classes.c
 *		Dictionary codes in bins: entries in classes by how often they occur.
 *
 * Sorted entries have their frequent values anywhere, so bins over their codes
 * find little.  Numbering entries by frequency instead would cost the whole
 * permutation, as much as the dictionary itself.  In between: up to eight
 * classes of entries of about equal frequency, and order kept within a class.
 * An entry's class is 3 bits or less, codes are numbers in the order of (class,
 * entry), and each class is a bin.  Readers put the entries in that order once,
 * so decoding a row costs nothing for it, and finds common values close together.
 *
 * src/codec/dict_classes.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/kernel.h"
#include "codec/bins.h"
#include "codec/dict_build.h"

/* Entries whose classes are counted at a time, where one of them is sought, ... */
#define CLASS_STEP 512
/* ... and then, since looking at them one by one branches on each. */
#define CLASS_SMALL_STEP 64

/* Where classes may end: all small ranks, then four to each doubling. */
static uint32
next_cut(uint32 rank)
{
	uint32		step = 1;

	while (rank >= step * 8)
		step *= 2;
	return rank + step;
}

/* Entry numbers, the most frequent first. */
static uint32 *
rank_entries(const uint32 *counts, uint32 entries)
{
	uint64	   *keys = palloc(entries * 2 * sizeof(uint64));
	uint32	   *ranked = palloc(entries * sizeof(uint32));
	uint64		max = 0;

	for (uint32 e = 0; e < entries; e++)
	{
		keys[e] = (uint64) (OLAP_ROWGROUP_ROWS - counts[e]) << 32 | e;
		max = Max(max, keys[e]);
	}
	olap_radix_sort(keys, entries, max, keys + entries);
	for (uint32 e = 0; e < entries; e++)
		ranked[e] = (uint32) keys[e];
	pfree(keys);
	return ranked;
}

/* Number the entries by class and, within a class, in their order. */
static void
number_entries(OlapClasses *classes, const uint32 *ranked, uint32 entries)
{
	const OlapBins *bins = &classes->bins;
	uint32		next[OLAP_BINS_MAX];

	for (int b = 0; b < bins->n; b++)
	{
		uint32		end = b + 1 < bins->n ? (uint32) bins->start[b + 1]
			: entries;

		next[b] = (uint32) bins->start[b];
		for (uint32 rank = next[b]; rank < end; rank++)
			classes->class_of[ranked[rank]] = (int16) b;
	}
	for (uint32 e = 0; e < entries; e++)
		classes->code_of[e] = next[classes->class_of[e]]++;
}

double
olap_classes_choose(const uint32 *codes, const uint64 *valid, uint32 n,
					uint32 entries, OlapClasses *classes)
{
	uint32	   *counts = palloc0(entries * sizeof(uint32));
	uint32	   *ranked;
	OlapBinGroup groups[OLAP_BIN_GROUPS];
	int			ngroups = 0;
	uint32		nulls = 0;
	double		bits;

	for (uint32 i = 0; i < n; i++)
	{
		if (valid == NULL || (valid[i / 64] >> i % 64 & 1) != 0)
			counts[codes[i]]++;
		else
			nulls++;
	}
	ranked = rank_entries(counts, entries);
	for (uint32 rank = 0, cut; rank < entries; rank = cut)
	{
		OlapBinGroup *group = &groups[ngroups++];

		cut = Min(next_cut(rank), entries);
		*group = (OlapBinGroup) {.lo = rank, .hi = cut - 1};
		for (uint32 r = rank; r < cut; r++)
			group->count += counts[ranked[r]];
	}
	bits = olap_bins_choose(groups, ngroups, nulls, &classes->bins);
	classes->class_of = palloc(entries * sizeof(int16));
	classes->code_of = palloc(entries * sizeof(uint32));
	number_entries(classes, ranked, entries);
	pfree(counts);
	pfree(ranked);
	return bits;
}

/* n: few enough for sums of 16 bits, in which they are made */
OLAP_KERNEL static uint32
count_some(const int16 *classes, uint32 n, int16 class)
{
	uint16		count = 0;

	for (uint32 e = 0; e < n; e++)
		count += classes[e] == class;
	return count;
}

bool
olap_classes_count(const OlapVector *class_of, const uint8 *stored, uint32 *counts)
{
	const int16 *classes = class_of->values;
	uint32		sum = 0;

	memset(counts, 0, OLAP_BINS_MAX * sizeof(uint32));
	for (uint32 first = 0; first < class_of->n; first += OLAP_VECTOR_ROWS)
		for (int b = 0; b < OLAP_BINS_MAX; b++)
		{
			uint32		count = count_some(classes + first,
										   Min(class_of->n - first, OLAP_VECTOR_ROWS),
										   (int16) b);

			if (stored != NULL &&
				count != olap_classes_stored(stored, first / OLAP_VECTOR_ROWS, b))
				return false;
			counts[b] += count;
			sum += count;
		}
	return sum == class_of->n;
}

void
olap_classes_put_counts(const int16 *classes, uint32 n, OlapBytes *out)
{
	for (uint32 first = 0; first < n; first += OLAP_VECTOR_ROWS)
		for (int b = 0; b < OLAP_BINS_MAX; b++)
		{
			uint16		count = (uint16) count_some(classes + first,
													Min(n - first, OLAP_VECTOR_ROWS),
													(int16) b);

			olap_bytes_append(out, &count, sizeof(count));
		}
}

void
olap_classes_order(const OlapVector *class_of, const uint32 *counts, uint32 *order)
{
	const int16 *classes = class_of->values;
	uint32		next[OLAP_BINS_MAX];
	uint32		sum = 0;

	for (int b = 0; b < OLAP_BINS_MAX; b++)
	{
		next[b] = sum;
		sum += counts[b];
	}
	for (uint32 e = 0; e < class_of->n; e++)
		order[next[classes[e]]++] = e;
}

bool
olap_classes_find(const int16 *classes, uint32 n, int16 class, uint32 *number,
				  uint32 *entry)
{
	uint32		e = 0;
	uint32		step = CLASS_STEP;

	while (e < n)
	{
		uint32		some = Min(n - e, step);
		uint32		count = count_some(classes + e, some, class);

		if (*number >= count)
		{
			*number -= count;
			e += some;
		}
		else if (step == CLASS_SMALL_STEP)
			break;
		else
			step = CLASS_SMALL_STEP;
	}
	if (e >= n)
		return false;
	for (;; e++)
		if (classes[e] == class && (*number)-- == 0)
		{
			*entry = e;
			return true;
		}
}

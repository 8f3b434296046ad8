/*-------------------------------------------------------------------------
 *
 * distinct.c
 *		About how many distinct values there are; see distinct.h.
 *
 * src/sketch/distinct.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "sketch/distinct.h"
#include "sketch/registers.h"

/* Greatest rank with 2,048 registers; after folding, 4 more. */
#define MAX_RANK (64 - OLAP_DISTINCT_BITS + 1)
#define FOLD_BITS (OLAP_DISTINCT_BITS - OLAP_DISTINCT_KEPT_BITS)
#define MAX_NIBBLE 15

static double
estimate(const uint8 *registers, int m, int max_rank)
{
	uint32		counts[MAX_RANK + FOLD_BITS + 1] = {0};

	for (int i = 0; i < m; i++)
		counts[Min(registers[i], max_rank)]++;
	return olap_registers_estimate(counts, max_rank, m);
}

double
olap_distinct_estimate(const OlapDistinct *d)
{
	return estimate(d->registers, OLAP_DISTINCT_REGISTERS, MAX_RANK);
}

double
olap_distinct_kept_estimate(const OlapDistinctKept *kept)
{
	return estimate(kept->registers, OLAP_DISTINCT_KEPT, MAX_RANK + FOLD_BITS);
}

/* A register of fewer: the index bits that go are the first bits of the rest. */
static uint8
fold(const uint8 *registers)
{
	uint8		most = 0;

	for (int i = 0; i < 1 << FOLD_BITS; i++)
	{
		uint8		rank;

		if (registers[i] == 0)
			continue;
		rank = i == 0 ? registers[i] + FOLD_BITS
			: (uint8) (__builtin_clz(i) - (32 - FOLD_BITS) + 1);
		most = Max(most, rank);
	}
	return most;
}

void
olap_distinct_pack(const OlapDistinct *d, OlapDistinctPacked *packed)
{
	uint8		kept[OLAP_DISTINCT_KEPT];

	memset(packed, 0, sizeof(*packed));
	packed->base = PG_UINT8_MAX;
	for (int i = 0; i < OLAP_DISTINCT_KEPT; i++)
	{
		kept[i] = fold(d->registers + (i << FOLD_BITS));
		packed->base = Min(packed->base, kept[i]);
	}
	for (int i = 0; i < OLAP_DISTINCT_KEPT; i++)
	{
		uint8		above = Min(kept[i] - packed->base, MAX_NIBBLE);

		packed->nibbles[i / 2] |= (uint8) (above << i % 2 * 4);
	}
}

void
olap_distinct_merge(OlapDistinctKept *kept, const OlapDistinctPacked *packed)
{
	for (int i = 0; i < OLAP_DISTINCT_KEPT; i++)
	{
		int			rank = packed->base +
			(packed->nibbles[i / 2] >> i % 2 * 4 & MAX_NIBBLE);

		if (rank > kept->registers[i])
			kept->registers[i] = (uint8) Min(rank, MAX_RANK + FOLD_BITS);
	}
}

/*-------------------------------------------------------------------------
 *
 * hll.c
 *		HyperLogLog: add, merge, estimate; see hll.h.
 *
 * src/sketch/hll.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "base/kernel.h"
#include "sketch/hll_internal.h"
#include "sketch/registers.h"

#define MIN_SLOTS 16

void
olap_hll_init(OlapHll *h, int bits, MemoryContext cxt)
{
	if (bits < OLAP_HLL_MIN_BITS || bits > OLAP_HLL_MAX_BITS)
		elog(ERROR, "a sketch cannot have %d bits", bits);
	memset(h, 0, sizeof(*h));
	h->bits = (uint8) bits;
	h->cxt = cxt;
}

void
olap_hll_free(OlapHll *h)
{
	if (h->registers != NULL)
		pfree(h->registers);
	if (h->table != NULL)
		pfree(h->table);
	h->registers = NULL;
	h->table = NULL;
	h->mask = h->n = 0;
}

size_t
olap_hll_memory(const OlapHll *h)
{
	if (h->registers != NULL)
		return (size_t) 1 << h->bits;
	return h->table == NULL ? 0 : ((size_t) h->mask + 1) * sizeof(uint32);
}

/* ---- the sparse form ---- */

/* Where in table the position of entry is, or would be. */
static inline uint32
slot_of(const uint32 *table, uint32 mask, uint32 entry)
{
	uint32		position = entry >> OLAP_HLL_RANK_BITS;
	uint32		slot = position & mask;

	while (table[slot] != 0 && table[slot] >> OLAP_HLL_RANK_BITS != position)
		slot = (slot + 1) & mask;
	return slot;
}

static void
grow(OlapHll *h)
{
	uint32		slots = h->table == NULL ? MIN_SLOTS : (h->mask + 1) * 2;
	uint32	   *table = MemoryContextAllocZero(h->cxt, slots * sizeof(uint32));

	if (h->table != NULL)
	{
		for (uint32 i = 0; i <= h->mask; i++)
			if (h->table[i] != 0)
				table[slot_of(table, slots - 1, h->table[i])] = h->table[i];
		pfree(h->table);
	}
	h->table = table;
	h->mask = slots - 1;
}

/* Rank and register that a sparse entry stands for with so many bits. */
static inline void
add_entry(uint8 *registers, int bits, uint32 entry)
{
	uint32		position = entry >> OLAP_HLL_RANK_BITS;
	int			more = OLAP_HLL_SPARSE_BITS - bits;
	uint32		rest = position << (32 - more);
	uint8		rank = rest != 0 ? (uint8) (__builtin_clz(rest) + 1) :
		(uint8) (more + (entry & OLAP_HLL_RANK_MASK));
	uint8	   *reg = &registers[position >> more];

	*reg = Max(*reg, rank);
}

static void
make_dense(OlapHll *h)
{
	uint8	   *registers = MemoryContextAllocZero(h->cxt, (Size) 1 << h->bits);

	for (uint32 i = 0; h->table != NULL && i <= h->mask; i++)
		if (h->table[i] != 0)
			add_entry(registers, h->bits, h->table[i]);
	if (h->table != NULL)
		pfree(h->table);
	h->table = NULL;
	h->mask = h->n = 0;
	h->registers = registers;
}

void
olap_hll_put_entry(OlapHll *h, uint32 entry)
{
	uint32		slot;

	if (h->registers != NULL)
	{
		add_entry(h->registers, h->bits, entry);
		return;
	}
	if (h->table == NULL)
		grow(h);
	slot = slot_of(h->table, h->mask, entry);
	if (h->table[slot] != 0)
	{
		h->table[slot] = Max(h->table[slot], entry);
		return;
	}
	if (h->n >= olap_hll_sparse_limit(h->bits))
	{
		make_dense(h);
		add_entry(h->registers, h->bits, entry);
		return;
	}
	h->table[slot] = entry;
	/* at most three quarters full: then a dense one is not larger */
	if (++h->n > (h->mask + 1) / 4 * 3)
		grow(h);
}

void
olap_hll_add_sparse(OlapHll *h, uint64 hash)
{
	uint64		rest = hash << OLAP_HLL_SPARSE_BITS |
		UINT64CONST(1) << (OLAP_HLL_SPARSE_BITS - 1);

	olap_hll_put_entry(h, (uint32) (hash >> (64 - OLAP_HLL_SPARSE_BITS)) << OLAP_HLL_RANK_BITS |
					   (uint32) (__builtin_clzll(rest) + 1));
}

/* ---- adding many ---- */

OLAP_KERNEL static void
add_dense(uint8 *registers, int bits, const uint64 *hashes, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
	{
		uint8		rank = (uint8) (__builtin_clzll(hashes[i] << bits |
													UINT64CONST(1) << (bits - 1)) + 1);
		uint8	   *reg = &registers[hashes[i] >> (64 - bits)];

		/* nearly never so after the first few thousands */
		if (unlikely(rank > *reg))
			*reg = rank;
	}
}

void
olap_hll_add_hashes(OlapHll *h, const uint64 *hashes, uint32 n)
{
	while (n > 0 && h->registers == NULL)
	{
		olap_hll_add_sparse(h, *hashes++);
		n--;
	}
	if (n > 0)
		add_dense(h->registers, h->bits, hashes, n);
}

/* ---- merging ---- */

OLAP_KERNEL static void
max_registers(uint8 *a, const uint8 *b, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
		a[i] = a[i] > b[i] ? a[i] : b[i];
}

/*
 * Add registers of more bits to those of fewer: the index bits that go are the
 * first bits of the rest.
 */
static void
fold_registers(uint8 *dst, int bits, const uint8 *src, int src_bits)
{
	int			more = src_bits - bits;

	for (uint32 i = 0; i < (uint32) 1 << src_bits; i++)
	{
		uint32		rest = i & (((uint32) 1 << more) - 1);
		uint8		rank;

		if (src[i] == 0)
			continue;
		rank = rest == 0 ? (uint8) (src[i] + more) :
			(uint8) (__builtin_clz(rest) - (32 - more) + 1);
		dst[i >> more] = Max(dst[i >> more], rank);
	}
}

static void
reduce_bits(OlapHll *h, int bits)
{
	if (h->registers != NULL)
	{
		uint8	   *registers = MemoryContextAllocZero(h->cxt, (Size) 1 << bits);

		fold_registers(registers, bits, h->registers, h->bits);
		pfree(h->registers);
		h->registers = registers;
	}
	h->bits = (uint8) bits;
	if (h->registers == NULL && h->n > olap_hll_sparse_limit(bits))
		make_dense(h);
}

void
olap_hll_merge(OlapHll *h, const OlapHll *other)
{
	h->flags |= other->flags;
	if (other->bits < h->bits)
		reduce_bits(h, other->bits);
	if (other->registers == NULL)
	{
		for (uint32 i = 0; other->table != NULL && i <= other->mask; i++)
			if (other->table[i] != 0)
				olap_hll_put_entry(h, other->table[i]);
		return;
	}
	if (h->registers == NULL)
		make_dense(h);
	if (other->bits == h->bits)
		max_registers(h->registers, other->registers, (uint32) 1 << h->bits);
	else
		fold_registers(h->registers, h->bits, other->registers, other->bits);
}

/* ---- estimating ---- */

double
olap_hll_estimate(const OlapHll *h)
{
	uint32		counts[2][OLAP_HLL_RANK_MASK + 1] = {{0}};
	int			max_rank = 64 - h->bits + 1;
	double		m = (double) ((uint32) 1 << h->bits);

	if (h->registers == NULL)
	{
		max_rank = 64 - OLAP_HLL_SPARSE_BITS + 1;
		m = (double) ((uint32) 1 << OLAP_HLL_SPARSE_BITS);
		for (uint32 i = 0; h->table != NULL && i <= h->mask; i++)
			if (h->table[i] != 0)
				counts[0][Min(h->table[i] & OLAP_HLL_RANK_MASK, max_rank)]++;
		counts[0][0] = (uint32) m - h->n;
	}
	else
	{
		for (uint32 i = 0; i < (uint32) 1 << h->bits; i += 2)
		{
			counts[0][Min(h->registers[i], max_rank)]++;
			counts[1][Min(h->registers[i + 1], max_rank)]++;
		}
		for (int k = 0; k <= max_rank; k++)
			counts[0][k] += counts[1][k];
	}
	return olap_registers_estimate(counts[0], max_rank, m);
}

int64
olap_hll_cardinality(const OlapHll *h)
{
	return (int64) rint(Min(olap_hll_estimate(h), 9e18));
}

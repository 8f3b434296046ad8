/*-------------------------------------------------------------------------
 *
 * hll.h
 *		HyperLogLog: how many different values there are, in a few kilobytes.
 *
 * A value's 64-bit hash (value_hash.h) chooses a register by its first bits;
 * the register keeps the greatest position of the first set bit in the rest.
 * With 2^bits registers the relative standard error is 1.04 / 2^(bits / 2):
 * 0.8 % with the usual 14 bits.
 *
 * Few values are kept sparse: as positions among 2^26 registers, of which each
 * value practically has its own, so that the count is exact or nearly so, until
 * they would need more room than the registers themselves.
 *
 * Two sketches of the same values are the same, however values were added and
 * sketches merged; the stored form is canonical, too.  Of sketches with
 * different precisions the finer one is folded to the coarser one.
 *
 * Stored form, little-endian on every machine:
 *
 *		0	1	version, 1
 *		1	1	form: 1 sparse, 2 dense
 *		2	1	bits, 4 to 18
 *		3	1	flags: 1 some hash is not portable
 *		sparse:	4 bytes each, ascending: position (26 bits), rank (6 bits)
 *		dense:	2^bits registers of 6 bits, one bit stream from the lowest bit
 *
 * Sources: Flajolet, Fusy, Gandouet & Meunier 2007, "HyperLogLog"; Heule,
 * Nunkesser & Hall 2013, "HyperLogLog in practice", for the sparse form.
 *
 * src/sketch/hll.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_HLL_H
#define OLAP_HLL_H

#define OLAP_HLL_VERSION 1
#define OLAP_HLL_MIN_BITS 4
#define OLAP_HLL_MAX_BITS 18
#define OLAP_HLL_DEFAULT_BITS 14

/* Hashed by a function that may change with the server's version. */
#define OLAP_HLL_NOT_PORTABLE 0x01

#define OLAP_HLL_HEADER 4
#define OLAP_HLL_FLAGS_AT 3
#define OLAP_HLL_SPARSE_BITS 26
#define OLAP_HLL_RANK_BITS 6
#define OLAP_HLL_RANK_MASK 63

/* In memory; everything in cxt. */
typedef struct OlapHll
{
	uint8		bits;
	uint8		flags;
	uint8	   *registers;		/* [2^bits]; NULL: sparse */
	uint32	   *table;			/* sparse: a hash set of entries, 0 is free */
	uint32		mask;			/* slots of table - 1 */
	uint32		n;				/* entries in it */
	MemoryContext cxt;
} OlapHll;

/* An empty sketch, at h.  bits: 4 to 18. */
extern void olap_hll_init(OlapHll *h, int bits, MemoryContext cxt);
extern void olap_hll_free(OlapHll *h);

/* Bytes of memory, without the struct. */
extern size_t olap_hll_memory(const OlapHll *h);

/* Add hashes[n]. */
extern void olap_hll_add_hashes(OlapHll *h, const uint64 *hashes, uint32 n);

/* Not for callers: add to a sparse sketch. */
extern void olap_hll_add_sparse(OlapHll *h, uint64 hash);

static inline void
olap_hll_add(OlapHll *h, uint64 hash)
{
	uint64		rest;
	uint8		rank;
	uint8	   *reg;

	if (h->registers == NULL)
	{
		olap_hll_add_sparse(h, hash);
		return;
	}
	rest = hash << h->bits | UINT64CONST(1) << (h->bits - 1);
	rank = (uint8) (__builtin_clzll(rest) + 1);
	reg = &h->registers[hash >> (64 - h->bits)];
	*reg = rank > *reg ? rank : *reg;
}

/* Make h sketch what both sketch.  It may lose precision, see above. */
extern void olap_hll_merge(OlapHll *h, const OlapHll *other);

extern double olap_hll_estimate(const OlapHll *h);

/* Whole, for SQL. */
extern int64 olap_hll_cardinality(const OlapHll *h);

/* Bytes of the stored form, and write it. */
extern size_t olap_hll_stored_size(const OlapHll *h);
extern void olap_hll_store(const OlapHll *h, uint8 *out);

/*
 * Read the stored form into h, which is made anew in cxt; any bytes.  False,
 * and *reason, if they are not a sketch as olap_hll_store() writes it.
 */
extern bool olap_hll_load(OlapHll *h, const uint8 *src, size_t len,
						  MemoryContext cxt, const char **reason);

/* Check only. */
extern bool olap_hll_check(const uint8 *src, size_t len, const char **reason);

#endif							/* OLAP_HLL_H */

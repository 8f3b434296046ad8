/*-------------------------------------------------------------------------
 *
 * distinct.h
 *		About how many distinct values there are, in 64 bytes.
 *
 * A HyperLogLog counter: values are hashed, the first bits of a hash choose a
 * register, which keeps the greatest position of the first set bit in the rest.
 * Counting is done with 2,048 registers (2.3 % standard error).  What is kept for
 * merging is folded to 128 registers of 4 bits above a common base (9 %).
 *
 * Sources: Flajolet, Fusy, Gandouet & Meunier 2007, "HyperLogLog"; the estimator
 * is that of Ertl 2017, "New cardinality estimation algorithms for HyperLogLog
 * sketches", which needs neither tables nor thresholds.
 *
 * src/sketch/distinct.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DISTINCT_H
#define OLAP_DISTINCT_H

#define OLAP_DISTINCT_BITS 11
#define OLAP_DISTINCT_REGISTERS (1 << OLAP_DISTINCT_BITS)
#define OLAP_DISTINCT_KEPT_BITS 7
#define OLAP_DISTINCT_KEPT (1 << OLAP_DISTINCT_KEPT_BITS)

/* For counting. All zeros: no values yet. */
typedef struct OlapDistinct
{
	uint8		registers[OLAP_DISTINCT_REGISTERS];
} OlapDistinct;

/* For merging. All zeros: no values yet. */
typedef struct OlapDistinctKept
{
	uint8		registers[OLAP_DISTINCT_KEPT];
} OlapDistinctKept;

/* On disk: register 2i is in the low half of nibbles[i]. */
typedef struct OlapDistinctPacked
{
	uint8		base;			/* the least register */
	uint8		nibbles[OLAP_DISTINCT_KEPT / 2];	/* above the base */
} OlapDistinctPacked;

static inline void
olap_distinct_add(OlapDistinct *d, uint64 hash)
{
	uint64		rest = hash << OLAP_DISTINCT_BITS |
		UINT64CONST(1) << (OLAP_DISTINCT_BITS - 1);
	uint8		rank = (uint8) (__builtin_clzll(rest) + 1);
	uint8	   *reg = &d->registers[hash >> (64 - OLAP_DISTINCT_BITS)];

	*reg = rank > *reg ? rank : *reg;
}

extern double olap_distinct_estimate(const OlapDistinct *d);
extern void olap_distinct_pack(const OlapDistinct *d,
							   OlapDistinctPacked *packed);

/* Add what packed counted, any bytes, to kept. */
extern void olap_distinct_merge(OlapDistinctKept *kept,
								const OlapDistinctPacked *packed);
extern double olap_distinct_kept_estimate(const OlapDistinctKept *kept);

#endif							/* OLAP_DISTINCT_H */

/*-------------------------------------------------------------------------
 *
 * hll_internal.h
 *		What hll.c and hll_store.c share.
 *
 * src/sketch/hll_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_HLL_INTERNAL_H
#define OLAP_HLL_INTERNAL_H

#include "sketch/hll.h"

/* Bytes of a stored dense sketch behind the header. */
static inline size_t
olap_hll_dense_bytes(int bits)
{
	return ((size_t) 1 << bits) / 8 * OLAP_HLL_RANK_BITS;
}

/* Most entries of a sparse sketch: those that take less room than a dense one. */
static inline uint32
olap_hll_sparse_limit(int bits)
{
	return (uint32) (olap_hll_dense_bytes(bits) / sizeof(uint32));
}

/* Add an entry: position << 6 | rank. */
extern void olap_hll_put_entry(OlapHll *h, uint32 entry);

#endif							/* OLAP_HLL_INTERNAL_H */

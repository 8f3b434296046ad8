/*-------------------------------------------------------------------------
 *
 * vector_hash.h
 *		Hashes of a vector's values, the same as SQL functions compute.
 *
 * For sketches and blooms: they are stored, so hashes are those of
 * sketch/value_hash.h, which depend on the value and the kind of its type alone,
 * and not on the vector's representation.
 *
 * src/vector/vector_hash.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_VECTOR_HASH_H
#define OLAP_VECTOR_HASH_H

#include "sketch/hll.h"
#include "sketch/value_hash.h"
#include "vector/vector.h"

/* Can values of this representation be hashed as kind (not NONE)? */
extern bool olap_vector_hashable(const OlapColumnType *type, OlapHashKind kind);

/*
 * The hash of every row of v into hashes[v->n]; those of NULL rows mean
 * nothing.  Dictionary entries are hashed once if that is less work.
 */
extern void olap_vector_hash(const OlapVector *v, OlapHashKind kind,
							 uint64 *hashes);

/*
 * The hashes of rows sel[nsel] (sel NULL: the first nsel) that are not NULL into
 * hashes, which has room for v->n; returns how many.
 */
extern uint32 olap_vector_hash_values(const OlapVector *v, OlapHashKind kind,
									  const uint16 *sel, uint32 nsel,
									  uint64 *hashes);

/*
 * Add the rows sel[nsel] of v that are not NULL (sel NULL: the first nsel) to h.
 */
extern void olap_vector_count(const OlapVector *v, OlapHashKind kind,
							  const uint16 *sel, uint32 nsel, OlapHll *h);

#endif							/* OLAP_VECTOR_HASH_H */

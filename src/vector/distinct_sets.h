/*-------------------------------------------------------------------------
 *
 * distinct_sets.h
 *		Sets of distinct values, one a group: what DISTINCT aggregates filter
 *		by.
 *
 * Equality is that of group.h.  Integers are members as they are, other values
 * by a number that they get once for all groups (dictionary entries are looked
 * up once); see pair_set.h for how members are kept.
 *
 * Memory is bounded: when the limit is reached, values that are not in the sets
 * are set aside from then on, and it is up to the caller to come back with them
 * after a reset.
 *
 * src/vector/distinct_sets.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DISTINCT_SETS_H
#define OLAP_DISTINCT_SETS_H

#include "vector/expr.h"
#include "vector/vector.h"

typedef struct OlapDistinctSets OlapDistinctSets;

/*
 * Sets of values of a type, all memory in a context below parent.  grouped:
 * there are groups; else all rows are of one.
 */
extern OlapDistinctSets *olap_distinct_sets_create(const OlapColumnType *type,
												   OlapOrder order,
												   bool grouped,
												   MemoryContext parent);

/*
 * Add n rows' values.  gids: the groups, NULL if there are none.  Rows whose
 * value was new to their group, and is not NULL, are listed in fresh (room for
 * n), ascending; returns how many.  Rows set aside, none of them in fresh, are
 * listed in aside.
 */
extern uint32 olap_distinct_sets_add(OlapDistinctSets *sets,
									 const uint32 *gids, const OlapVector *arg,
									 uint32 n, uint16 *fresh, uint16 *aside,
									 uint32 *naside);

/*
 * The memory that the sets may have from now on, in bytes.  They take some
 * values even if it is less than they need for that.
 */
extern void olap_distinct_sets_limit(OlapDistinctSets *sets, size_t limit);

/*
 * A hash of each row's group and value, equal for equal ones whatever their
 * representation; seed gives independent hashes.
 */
extern void olap_distinct_sets_hash(OlapDistinctSets *sets, const uint32 *gids,
									const OlapVector *arg, uint32 n,
									uint32 seed, uint32 *hashes);

/* Dictionaries may have been freed or replaced. */
extern void olap_distinct_sets_new_place(OlapDistinctSets *sets);

/* Forget all values; memory is freed, the limit stays. */
extern void olap_distinct_sets_reset(OlapDistinctSets *sets);
extern size_t olap_distinct_sets_memory(const OlapDistinctSets *sets);
extern void olap_distinct_sets_free(OlapDistinctSets *sets);

#endif							/* OLAP_DISTINCT_SETS_H */

/*-------------------------------------------------------------------------
 *
 * group.h
 *		From key vectors to group numbers.
 *
 * Groups are numbered 0, 1, 2, ... in order of their first row, so an
 * aggregate keeps its states in plain arrays indexed by the number, and the
 * inner loop of an update is an array access without a pointer chase.
 *
 * How a number is found depends on what is known of the keys, cheapest first:
 * a vector of one value; dictionary codes mapped once per dictionary entry;
 * a direct array over the range of the (combined) keys; an open-addressing hash
 * table on the packed keys.  The strategy may change between vectors (a range
 * grows, a dictionary appears); numbers given stay.
 *
 * Equality is the type's own: text and other bytes by memcmp (deterministic
 * collations only; the caller refuses others), floats with NaN = NaN and
 * -0 = 0, numerics by value (1.0 = 1.00), bpchar without trailing blanks, NULL
 * is a key of its own.  A group shows the key values of its first row.
 *
 * src/vector/group.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_GROUP_H
#define OLAP_GROUP_H

#include "vector/expr.h"
#include "vector/vector.h"

typedef struct OlapGroupKey
{
	OlapColumnType type;
	OlapOrder	order;			/* how values compare; equality is all it means */

	/*
	 * INT and UINT: what is known of the values beforehand (zone maps), a hint
	 * for the choice of the strategy; values outside are no error.
	 */
	bool		bounded;
	int64		min;
	int64		max;
} OlapGroupKey;

/* The number of a row whose group is not in a frozen table. */
#define OLAP_GROUP_NONE PG_UINT32_MAX

typedef struct OlapGroups OlapGroups;

/*
 * A table for nkeys >= 1 keys, all memory in a context below parent.
 * memory_limit in bytes: a hint by which direct arrays are chosen; the table
 * itself grows as it must, see olap_groups_memory().
 */
extern OlapGroups *olap_groups_create(const OlapGroupKey *keys, int nkeys,
									  size_t memory_limit,
									  MemoryContext parent);

/* Another limit, from the next choice on. */
extern void olap_groups_limit(OlapGroups *groups, size_t memory_limit);

/*
 * About how many groups there will be, for a table without groups: a hint by
 * which a large array is chosen before they are seen.
 */
extern void olap_groups_expect(OlapGroups *groups, double count);

/*
 * gids[i] becomes the number of the group of row i < n, n <=
 * OLAP_VECTOR_ROWS; keys[k] are dense vectors of n rows.  Returns whether all
 * rows are of one group (gids is filled all the same).
 */
extern bool olap_groups_assign(OlapGroups *groups,
							   const OlapVector *const *keys,
							   uint32 n, uint32 *gids);

/* Dictionaries may have been freed or replaced. */
extern void olap_groups_new_place(OlapGroups *groups);

/*
 * No new groups from now on: rows of others get OLAP_GROUP_NONE.  For callers
 * who put such rows aside when memory is spent.
 */
extern void olap_groups_freeze(OlapGroups *groups);

/* New groups are made again: those numbered meanwhile were only looked up. */
extern void olap_groups_thaw(OlapGroups *groups);

extern uint32 olap_groups_count(const OlapGroups *groups);
extern size_t olap_groups_memory(const OlapGroups *groups);

/*
 * What olap_groups_assign() of these rows may take at a time beside
 * olap_groups_memory(), at most.
 */
extern size_t olap_groups_growth(OlapGroups *groups,
								 const OlapVector *const *keys, uint32 n);

/*
 * A hash of each row's keys, equal for equal keys whatever their
 * representation; seed gives independent hashes.
 */
extern void olap_groups_hash(OlapGroups *groups, const OlapVector *const *keys,
							 uint32 n, uint32 seed, uint32 *hashes);

/*
 * The values of key number key of groups first .. first + n - 1, appended to
 * out, which olap_vector_init() made for the key's type.
 */
extern void olap_groups_keys(const OlapGroups *groups, int key, uint32 first,
							 uint32 n, OlapVector *out);

/* Forget all groups (and the freeze), keep the memory for the next round. */
extern void olap_groups_reset(OlapGroups *groups);
extern void olap_groups_free(OlapGroups *groups);

#endif							/* OLAP_GROUP_H */

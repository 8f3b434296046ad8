/*-------------------------------------------------------------------------
 *
 * pair_internal.h
 *		What the files of the set of pairs share.
 *
 * src/vector/pair_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PAIR_INTERNAL_H
#define OLAP_PAIR_INTERNAL_H

#include "vector/pair_set.h"

/* Memory that a set may always have. */
#define OLAP_PAIR_MIN_LIMIT 16384

/* ---- keys of the table ---- */

static inline uint64
olap_pair_key(const OlapPairSet *set, uint32 gid, int64 word)
{
	if (set->single)
		return (uint64) word ^ UINT64CONST(1) << 63;
	return (uint64) gid << OLAP_PAIR_WORD_BITS |
		((uint64) word - (uint64) set->base);
}

static inline uint32
olap_pair_gid(const OlapPairSet *set, uint64 key)
{
	return set->single ? 0 : (uint32) (key >> OLAP_PAIR_WORD_BITS);
}

static inline int64
olap_pair_word(const OlapPairSet *set, uint64 key)
{
	if (set->single)
		return (int64) (key ^ UINT64CONST(1) << 63);
	return (int64) ((key & ((UINT64CONST(1) << OLAP_PAIR_WORD_BITS) - 1)) +
					(uint64) set->base);
}

/* ---- maps ---- */

static inline bool
olap_pair_in_map(const OlapPairMap *map, int64 word)
{
	return (uint64) word - (uint64) map->first < map->nbits;
}

/* Set the bit of a word that map covers; was it unset? */
static inline bool
olap_pair_set_bit(const OlapPairMap *map, int64 word)
{
	uint64		off = (uint64) word - (uint64) map->first;
	uint64		bit = UINT64CONST(1) << (off & 63);
	uint64		old = map->bits[off >> 6];

	map->bits[off >> 6] = old | bit;
	return (old & bit) == 0;
}

/* May the set have as many bytes more? */
static inline bool
olap_pair_set_has_room(const OlapPairSet *set, size_t bytes)
{
	size_t		used = olap_pair_set_memory(set);

	return used + bytes <= Max(set->limit, OLAP_PAIR_MIN_LIMIT);
}

/*
 * pair_maps.c: have maps for the groups of the table for which they pay, and
 * move to them what they cover.  Returns whether there is such; the table then
 * has holes and is to be built anew.
 */
extern bool olap_pair_move_to_maps(OlapPairSet *set);

#endif							/* OLAP_PAIR_INTERNAL_H */

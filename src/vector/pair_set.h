/*-------------------------------------------------------------------------
 *
 * pair_set.h
 *		A set of pairs of a group number and a word.
 *
 * Words that are dense within their group are bits of a map of the group;
 * the others are entries of 8 bytes in one hash table.  All start in the table.
 * When it is about to grow, the groups whose entries take more of it than a map
 * of their range would are moved to maps; so memory is at most about that of the
 * table, and neither ranges nor counts need be known beforehand.
 *
 * A word that a map's range does not cover goes to the table still; if there
 * are many of them, the map is made larger in the same way.
 *
 * src/vector/pair_set.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PAIR_SET_H
#define OLAP_PAIR_SET_H

#include "vector/vector.h"

/* Words of a set of many groups lie in a window of so many bits. */
#define OLAP_PAIR_WORD_BITS 33

/* What became of a row. */
#define OLAP_PAIR_OLD 0
#define OLAP_PAIR_NEW 1
#define OLAP_PAIR_ASIDE 2		/* not in the set, for which memory is spent */

typedef struct OlapPairMap
{
	uint64	   *bits;
	uint64		nbits;			/* 0: no map */
	int64		first;			/* the word of bit 0 */
} OlapPairMap;

typedef struct OlapPairSet
{
	MemoryContext cxt;			/* holds nothing else */
	size_t		limit;			/* bytes */
	bool		single;			/* all pairs are of group 0 */
	int64		base;			/* of the window, not single */
	bool		frozen;			/* no more entries, maps are still written */

	uint64	   *slots;			/* 0: free */
	uint64		mask;
	int			shift;
	uint64		seed;
	uint32		max_probes;
	uint64		count;			/* entries */
	bool		has_lowest;		/* single: the word without a key is there */

	OlapPairMap *maps;			/* [nmaps], by group */
	uint32		nmaps;
	uint32		used_maps;		/* of them with bits */
} OlapPairSet;

/*
 * An empty set, all memory in a context below parent.  single: of one group,
 * words are any; else of words base + 1 .. base + 2^33 - 1.
 */
extern void olap_pair_set_init(OlapPairSet *set, bool single, int64 base,
							   MemoryContext parent);
extern void olap_pair_set_free(OlapPairSet *set);

static inline bool
olap_pair_set_takes(const OlapPairSet *set, int64 word)
{
	uint64		code = (uint64) word - (uint64) set->base;

	return set->single || (code >> OLAP_PAIR_WORD_BITS == 0 && code != 0);
}

/*
 * Add the pairs of rows[0 .. n) (NULL: of rows 0 .. n - 1): gids[row] (NULL: 0)
 * and words[row], which the set takes; state[row] becomes what happened to it.
 * Group numbers are below 2^31.
 *
 * A pair that was set aside once is never in the set later.
 */
extern void olap_pair_set_add(OlapPairSet *set, const uint32 *gids,
							  const int64 *words, const uint16 *rows, uint32 n,
							  uint8 *state);

extern size_t olap_pair_set_memory(const OlapPairSet *set);

#endif							/* OLAP_PAIR_SET_H */

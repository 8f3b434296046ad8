/*-------------------------------------------------------------------------
 *
 * pair_set.c
 *		A set of pairs of a group number and a word.
 *
 * The table is open addressing with linear probing, at most five eighths full,
 * by the upper bits of a hash, so that it is read and written in order when it
 * doubles.  Probes are bounded as in group_table.h.
 *
 * src/vector/pair_set.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/hash.h"
#include "base/large.h"
#include "vector/pair_internal.h"

#define MIN_SLOTS 512
#define MAX_PROBES 1024
/* Tables of less slots grow by four. */
#define LONG_STEPS (UINT64CONST(1) << 21)
/* Rows whose slots are fetched ahead. */
#define BATCH 64

/* No map covers the row; the table is to be asked. */
#define STATE_REST 3

static void
new_slots(OlapPairSet *set, uint64 mask)
{
	set->slots = olap_large_alloc_zero(set->cxt, (mask + 1) * sizeof(uint64));
	set->mask = mask;
	set->shift = __builtin_clzll(mask);
}

void
olap_pair_set_init(OlapPairSet *set, bool single, int64 base,
				   MemoryContext parent)
{
	memset(set, 0, sizeof(*set));
	set->cxt = AllocSetContextCreate(parent, "olap pair set",
									 ALLOCSET_DEFAULT_SIZES);
	set->limit = SIZE_MAX;
	set->single = single;
	set->base = base;
	set->seed = UINT64CONST(0x9E3779B97F4A7C15);
	set->max_probes = MAX_PROBES;
	new_slots(set, MIN_SLOTS - 1);
}

void
olap_pair_set_free(OlapPairSet *set)
{
	MemoryContextDelete(set->cxt);
	set->cxt = NULL;
}

size_t
olap_pair_set_memory(const OlapPairSet *set)
{
	return MemoryContextMemAllocated(set->cxt, true);
}

static inline uint64
home_of(const OlapPairSet *set, uint64 key)
{
	return olap_hash_mix(key ^ set->seed,
						 UINT64CONST(0xD6E8FEB86659FD93)) >> set->shift;
}

static inline bool
is_full(const OlapPairSet *set)
{
	return set->count * 8 > (set->mask + 1) * 5;
}

/* ---- maps ---- */

/* Returns how many rows the map does not cover. */
static uint32
add_to_map(const OlapPairMap *map, const int64 *words, uint32 n, uint8 *state)
{
	uint32		rest = 0;

	for (uint32 i = 0; i < n; i++)
	{
		if (likely(olap_pair_in_map(map, words[i])))
			state[i] = olap_pair_set_bit(map, words[i]);
		else
		{
			state[i] = STATE_REST;
			rest++;
		}
	}
	return rest;
}

static uint32
add_to_maps(const OlapPairSet *set, const uint32 *gids, const int64 *words,
			const uint16 *rows, uint32 n, uint8 *state)
{
	uint32		rest = 0;

	for (uint32 i = 0; i < n; i++)
	{
		uint32		row = rows == NULL ? i : rows[i];
		uint32		gid = gids == NULL ? 0 : gids[row];

		if (gid < set->nmaps && olap_pair_in_map(&set->maps[gid], words[row]))
			state[row] = olap_pair_set_bit(&set->maps[gid], words[row]);
		else
		{
			state[row] = STATE_REST;
			rest++;
		}
	}
	return rest;
}

/* ---- the table ---- */

static bool
move_slots(OlapPairSet *set, const uint64 *from, uint64 nfrom)
{
	for (uint64 i = 0; i < nfrom; i++)
	{
		uint64		at;
		uint32		probes = 0;

		if (from[i] == 0)
			continue;
		for (at = home_of(set, from[i]); set->slots[at] != 0;
			 at = (at + 1) & set->mask)
			if (++probes > set->max_probes)
				return false;
		set->slots[at] = from[i];
	}
	return true;
}

/* Build the table anew, with another seed where chains get too long. */
static void
rebuild(OlapPairSet *set, uint64 mask, bool reseed)
{
	uint64	   *from = set->slots;
	uint64		nfrom = set->mask + 1;

	new_slots(set, mask);
	for (;;)
	{
		if (reseed)
		{
			set->seed = olap_hash_u64(set->seed);
			set->max_probes = Min(set->max_probes, PG_UINT32_MAX / 2) * 2;
			memset(set->slots, 0, (mask + 1) * sizeof(uint64));
		}
		if (move_slots(set, from, nfrom))
			break;
		reseed = true;
	}
	pfree(from);
}

/*
 * The table is full: move what goes to maps, else make it larger, else freeze it.
 * Small ones take longer steps: to move all entries, and to look at them for maps,
 * takes as long as to add them. A single group is not among them: it soon has a map.
 */
static void
grow(OlapPairSet *set)
{
	uint64		slots = set->mask + 1;

	if (olap_pair_move_to_maps(set))
	{
		rebuild(set, set->mask, false);
		if (set->count * 2 <= set->mask + 1)
			return;
	}
	if (slots < LONG_STEPS && !set->single &&
		olap_pair_set_has_room(set, slots * 4 * sizeof(uint64)))
		rebuild(set, slots * 4 - 1, false);
	else if (olap_pair_set_has_room(set, slots * 2 * sizeof(uint64)))
		rebuild(set, slots * 2 - 1, false);
	else
		set->frozen = is_full(set);
}

/* A key that the table, which has room, does not have. */
static void
insert(OlapPairSet *set, uint64 key)
{
	uint32		probes = 0;
	uint64		at = home_of(set, key);

	while (set->slots[at] != 0)
	{
		at = (at + 1) & set->mask;
		if (++probes > set->max_probes)
		{
			rebuild(set, set->mask, true);
			at = home_of(set, key);
			probes = 0;
		}
	}
	set->slots[at] = key;
	set->count++;
}

/* A pair that is not in the table. */
static uint8
add_new(OlapPairSet *set, uint32 gid, int64 word, uint64 key)
{
	if (!set->frozen && is_full(set))
	{
		grow(set);
		if (gid < set->nmaps && olap_pair_in_map(&set->maps[gid], word))
			return olap_pair_set_bit(&set->maps[gid], word);
	}
	if (set->frozen)
		return OLAP_PAIR_ASIDE;
	if (key == 0)
		set->has_lowest = true;
	else
		insert(set, key);
	return OLAP_PAIR_NEW;
}

static inline uint8
add_pair(OlapPairSet *set, uint32 gid, int64 word)
{
	uint64		key = olap_pair_key(set, gid, word);
	const uint64 *slots = set->slots;

	for (uint64 at = home_of(set, key); slots[at] != 0;
		 at = (at + 1) & set->mask)
		if (slots[at] == key)
			return OLAP_PAIR_OLD;
	if (key == 0 && set->has_lowest)
		return OLAP_PAIR_OLD;
	return add_new(set, gid, word, key);
}

/* The rows that state says no map covers; maps may be made on the way. */
static void
add_rest(OlapPairSet *set, const uint32 *gids, const int64 *words,
		 const uint16 *rest, uint32 n, uint8 *state)
{
	for (uint32 first = 0; first < n; first += BATCH)
	{
		uint32		end = Min(n, first + BATCH);

		for (uint32 i = first; i < end; i++)
		{
			uint32		gid = gids == NULL ? 0 : gids[rest[i]];
			uint64		key = olap_pair_key(set, gid, words[rest[i]]);

			__builtin_prefetch(&set->slots[home_of(set, key)]);
		}
		for (uint32 i = first; i < end; i++)
		{
			uint32		row = rest[i];
			uint32		gid = gids == NULL ? 0 : gids[row];

			if (set->used_maps > 0 && gid < set->nmaps &&
				olap_pair_in_map(&set->maps[gid], words[row]))
				state[row] = olap_pair_set_bit(&set->maps[gid], words[row]);
			else
				state[row] = add_pair(set, gid, words[row]);
		}
	}
}

static bool
is_one_group(const uint32 *gids, uint32 n)
{
	return gids == NULL ||
		memcmp(gids, gids + 1, (n - 1) * sizeof(uint32)) == 0;
}

void
olap_pair_set_add(OlapPairSet *set, const uint32 *gids, const int64 *words,
				  const uint16 *rows, uint32 n, uint8 *state)
{
	uint16		rest[OLAP_VECTOR_ROWS];
	uint32		nrest = n;

	Assert(n <= OLAP_VECTOR_ROWS);
	if (n == 0)
		return;
	if (set->used_maps > 0)
	{
		uint32		gid = gids == NULL ? 0 : gids[0];

		if (rows == NULL && gid < set->nmaps && is_one_group(gids, n))
			nrest = add_to_map(&set->maps[gid], words, n, state);
		else
			nrest = add_to_maps(set, gids, words, rows, n, state);
		if (nrest == 0)
			return;
	}
	if (nrest < n)
	{
		nrest = 0;
		for (uint32 i = 0; i < n; i++)
		{
			uint32		row = rows == NULL ? i : rows[i];

			rest[nrest] = (uint16) row;
			nrest += state[row] == STATE_REST;
		}
		rows = rest;
	}
	else if (rows == NULL)
	{
		for (uint32 i = 0; i < n; i++)
			rest[i] = (uint16) i;
		rows = rest;
	}
	add_rest(set, gids, words, rows, nrest, state);
}

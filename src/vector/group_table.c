/*-------------------------------------------------------------------------
 *
 * group_table.c
 *		Numbers for words and for rows of words.
 *
 * Open addressing with linear probing, at most five eighths full.  Rows are
 * taken a vector at a time in two passes: the first hashes and prefetches, so
 * that the misses of many rows overlap, the second probes.
 *
 * src/vector/group_table.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/hash.h"
#include "base/large.h"
#include "vector/group_table.h"

#define MIN_SLOTS 256
/* Rows whose slots are fetched ahead. */
#define BATCH 64
/*
 * Longest chain that is taken for chance: at five eighths of 2 ^ 32 slots the
 * longest cluster of a random function is about 400.
 */
#define MAX_PROBES 1024

static inline bool
is_full(uint32 count, uint64 mask)
{
	return (uint64) count * 8 > (mask + 1) * 5;
}

/* The next of a fixed sequence of hash functions; see the header. */
static void
reseed(uint64 *seed, uint32 *max_probes)
{
	*seed = olap_hash_u64(*seed);
	*max_probes = Min(*max_probes, PG_UINT32_MAX / 2) * 2;
}

static void
check_count(uint32 count)
{
	if (count >= OLAP_NUMBER_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many groups in memory")));
}

/* Words ------------------------------------------------------------------- */

static void
clear_words(OlapWordTable *table)
{
	memset(table->slots, 0xFF, (table->mask + 1) * sizeof(OlapWordSlot));
	table->count = 0;
	table->null_number = OLAP_NUMBER_NONE;
	table->frozen = false;
}

void
olap_word_table_init(OlapWordTable *table, MemoryContext cxt)
{
	table->cxt = cxt;
	table->mask = MIN_SLOTS - 1;
	table->shift = __builtin_clzll(table->mask);
	table->seed = UINT64CONST(0x9E3779B97F4A7C15);
	table->max_probes = MAX_PROBES;
	table->expected = 0;
	table->slots = MemoryContextAlloc(cxt, MIN_SLOTS * sizeof(OlapWordSlot));
	clear_words(table);
}

void
olap_word_table_free(OlapWordTable *table)
{
	if (table->slots != NULL)
		pfree(table->slots);
	table->slots = NULL;
}

void
olap_word_table_reset(OlapWordTable *table)
{
	clear_words(table);
}

/*
 * The slot where a key's chain starts.  It is the upper bits of the hash, so
 * that a table that doubles is read and written in order.
 */
static inline uint64
home_of_word(const OlapWordTable *table, uint64 key)
{
	return olap_hash_mix(key ^ table->seed,
						 UINT64CONST(0xD6E8FEB86659FD93)) >> table->shift;
}

/* Put all slots into a larger table; false: a chain is too long. */
static bool
move_words(OlapWordTable *table, OlapWordSlot *to, uint64 mask)
{
	uint64		old = table->mask + 1;

	memset(to, 0xFF, (mask + 1) * sizeof(OlapWordSlot));
	for (uint64 i = 0; i < old; i++)
	{
		const OlapWordSlot *slot = &table->slots[i];
		uint64		at;
		uint32		probes = 0;

		if (slot->number == OLAP_NUMBER_NONE)
			continue;
		at = home_of_word(table, slot->key);
		while (to[at].number != OLAP_NUMBER_NONE)
		{
			at = (at + 1) & mask;
			if (++probes > table->max_probes)
				return false;
		}
		to[at] = *slot;
	}
	return true;
}

static void
rebuild_words(OlapWordTable *table, uint64 mask)
{
	OlapWordSlot *to = olap_large_alloc(table->cxt, (mask + 1) *
										sizeof(OlapWordSlot));

	table->shift = __builtin_clzll(mask);
	while (!move_words(table, to, mask))
		reseed(&table->seed, &table->max_probes);
	pfree(table->slots);
	table->slots = to;
	table->mask = mask;
}

/* A key that is not in the table. */
static uint32
add_word(OlapWordTable *table, uint64 key)
{
	uint64		at;
	uint32		probes = 0;

	if (table->frozen)
		return OLAP_NUMBER_NONE;
	check_count(table->count);
	if (is_full(table->count, table->mask))
		rebuild_words(table, olap_table_grown(table->mask, table->count,
											  table->expected));
	for (at = home_of_word(table, key);
		 table->slots[at].number != OLAP_NUMBER_NONE;
		 at = (at + 1) & table->mask)
	{
		if (++probes > table->max_probes)
		{
			reseed(&table->seed, &table->max_probes);
			rebuild_words(table, table->mask);
			at = (home_of_word(table, key) - 1) & table->mask;
			probes = 0;
		}
	}
	table->slots[at].key = key;
	table->slots[at].number = table->count;
	return table->count++;
}

static inline uint32
find_word(OlapWordTable *table, uint64 key)
{
	const OlapWordSlot *slots = table->slots;
	uint64		mask = table->mask;
	uint64		at = home_of_word(table, key);

	for (;; at = (at + 1) & mask)
	{
		if (slots[at].number == OLAP_NUMBER_NONE)
			return add_word(table, key);
		if (slots[at].key == key)
			return slots[at].number;
	}
}

static uint32
null_word(OlapWordTable *table)
{
	if (table->null_number == OLAP_NUMBER_NONE && !table->frozen)
	{
		check_count(table->count);
		table->null_number = table->count++;
	}
	return table->null_number;
}

void
olap_word_table_assign(OlapWordTable *table, const uint64 *keys,
					   const uint8 *live, uint32 n, uint32 *numbers)
{
	for (uint32 base = 0; base < n; base += BATCH)
	{
		uint32		end = Min(n, base + BATCH);

		for (uint32 i = base; i < end; i++)
			__builtin_prefetch(&table->slots[home_of_word(table, keys[i])]);
		for (uint32 i = base; i < end; i++)
		{
			if (live != NULL && !live[i])
				numbers[i] = null_word(table);
			else
				numbers[i] = find_word(table, keys[i]);
		}
	}
}

/* Rows of words ----------------------------------------------------------- */

void
olap_wide_table_init(OlapWideTable *table, int width, MemoryContext cxt)
{
	memset(table, 0, sizeof(*table));
	table->cxt = cxt;
	table->width = width;
	table->mask = MIN_SLOTS - 1;
	table->shift = __builtin_clz((uint32) table->mask);
	table->seed = UINT64CONST(0x9E3779B97F4A7C15);
	table->max_probes = MAX_PROBES;
	table->slots = MemoryContextAlloc(cxt, MIN_SLOTS * sizeof(OlapWideSlot));
	memset(table->slots, 0xFF, MIN_SLOTS * sizeof(OlapWideSlot));
	table->capacity = MIN_SLOTS;
	table->keys = MemoryContextAlloc(cxt, (size_t) MIN_SLOTS * width *
									 sizeof(uint64));
}

void
olap_wide_table_free(OlapWideTable *table)
{
	if (table->slots != NULL)
	{
		pfree(table->slots);
		pfree(table->keys);
	}
	table->slots = NULL;
}

static inline uint32
hash_wide(uint64 seed, const uint64 *key, int width)
{
	uint64		hash = seed;

	for (int w = 0; w < width; w++)
		hash = olap_hash_mix(key[w] ^ hash, UINT64CONST(0xD6E8FEB86659FD93) ^
							 (uint64) w << 32);
	return (uint32) (hash ^ hash >> 32);
}

/*
 * Put all slots into to, in their order if the seed is the one they were made
 * with; false: a chain is too long.
 */
static bool
move_wide(OlapWideTable *table, OlapWideSlot *to, uint64 mask, bool reseeded)
{
	memset(to, 0xFF, (mask + 1) * sizeof(OlapWideSlot));
	for (uint64 i = 0; i <= table->mask; i++)
	{
		OlapWideSlot slot = table->slots[i];
		uint64		at;
		uint32		probes = 0;

		if (slot.number == OLAP_NUMBER_NONE)
			continue;
		if (reseeded)
			slot.hash = hash_wide(table->seed, table->keys +
								  (size_t) slot.number * table->width,
								  table->width);
		at = slot.hash >> table->shift;
		while (to[at].number != OLAP_NUMBER_NONE)
		{
			at = (at + 1) & mask;
			if (++probes > table->max_probes)
				return false;
		}
		to[at] = slot;
	}
	return true;
}

static void
rebuild_wide(OlapWideTable *table, uint64 mask, bool reseeded)
{
	OlapWideSlot *to = olap_large_alloc(table->cxt, (mask + 1) *
										sizeof(OlapWideSlot));

	table->shift = __builtin_clz((uint32) mask);
	while (!move_wide(table, to, mask, reseeded))
	{
		reseed(&table->seed, &table->max_probes);
		reseeded = true;
	}
	pfree(table->slots);
	table->slots = to;
	table->mask = mask;
}

static uint32
add_wide(OlapWideTable *table, const uint64 *key)
{
	uint32		number = table->count;
	uint32		hash;
	uint64		at;
	uint32		probes = 0;

	if (table->frozen)
		return OLAP_NUMBER_NONE;
	check_count(number);
	if (is_full(number, table->mask))
		rebuild_wide(table, olap_table_grown(table->mask, number,
											 table->expected), false);
	if (number == table->capacity)
	{
		size_t		width = table->width * sizeof(uint64);

		table->capacity = (uint32) Min((uint64) number * 2,
									   (uint64) OLAP_NUMBER_NONE);
		table->keys = olap_large_realloc(table->keys, number * width,
										 table->capacity * width);
	}
	memcpy(table->keys + (size_t) number * table->width, key,
		   table->width * sizeof(uint64));
	hash = hash_wide(table->seed, key, table->width);
	for (at = hash >> table->shift;
		 table->slots[at].number != OLAP_NUMBER_NONE;
		 at = (at + 1) & table->mask)
	{
		if (++probes > table->max_probes)
		{
			reseed(&table->seed, &table->max_probes);
			rebuild_wide(table, table->mask, true);
			hash = hash_wide(table->seed, key, table->width);
			at = ((hash >> table->shift) - 1) & table->mask;
			probes = 0;
		}
	}
	table->slots[at].hash = hash;
	table->slots[at].number = number;
	table->count++;
	return number;
}

static inline uint32
find_wide(OlapWideTable *table, const uint64 *key, uint32 hash)
{
	size_t		bytes = table->width * sizeof(uint64);

	for (uint64 at = hash >> table->shift;; at = (at + 1) & table->mask)
	{
		const OlapWideSlot *slot = &table->slots[at];

		if (slot->number == OLAP_NUMBER_NONE)
			return add_wide(table, key);
		if (slot->hash == hash &&
			memcmp(table->keys + (size_t) slot->number * table->width, key,
				   bytes) == 0)
			return slot->number;
	}
}

void
olap_wide_table_assign(OlapWideTable *table, uint64 *const *keys, uint32 n,
					   uint32 *numbers)
{
	int			width = table->width;
	uint64	   *rows = MemoryContextAlloc(table->cxt,
										  (size_t) BATCH * width * 8);
	uint32		hashes[BATCH];

	for (uint32 base = 0; base < n; base += BATCH)
	{
		uint32		batch = Min(n - base, BATCH);
		uint64		seed = table->seed;

		for (uint32 i = 0; i < batch; i++)
		{
			for (int w = 0; w < width; w++)
				rows[i * width + w] = keys[w][base + i];
			hashes[i] = hash_wide(seed, rows + i * width, width);
			__builtin_prefetch(&table->slots[hashes[i] >> table->shift]);
		}
		for (uint32 i = 0; i < batch; i++)
			__builtin_prefetch(table->keys + (size_t) width *
							   Min(table->slots[hashes[i] >> table->shift].number,
								   table->count));
		for (uint32 i = 0; i < batch; i++)
		{
			/* a chain too long has given the table another seed */
			if (table->seed != seed)
				hashes[i] = hash_wide(table->seed, rows + i * width, width);
			numbers[base + i] = find_wide(table, rows + i * width, hashes[i]);
		}
	}
	pfree(rows);
}

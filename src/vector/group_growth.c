/*-------------------------------------------------------------------------
 *
 * group_growth.c
 *		What a group table may take in memory for the rows that come next.
 *
 * Tables double, and the old one stays until the new one is filled: who may not
 * pass a limit must know before.  The answer is an upper bound, near the truth for
 * tables that are large.
 *
 * src/vector/group_growth.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "vector/group_internal.h"

/* Slots and entries that tables start with. */
#define START 256

/* The smallest block of an allocation is of no interest here. */
#define FIXED_BYTES 8192

/*
 * Entries allocated while an array of capacity doubles until need of them have
 * room: the last one, and the one before if that is not there yet.
 */
static size_t
doubled(uint64 capacity, uint64 need)
{
	uint64		size = Max(capacity, 1);

	while (size < need)
		size *= 2;
	if (size == capacity)
		return 0;
	return size + (size > 2 * capacity ? size / 2 : 0);
}

/* The same of the slots of a hash table for count entries. */
static size_t
slots_growth(uint64 slots, uint64 count, size_t slot)
{
	return doubled(slots, (count * 8 + 4) / 5) * slot;
}

/* The row and everything that is new of a table made anew. */
static size_t
new_slots(uint64 count, size_t slot)
{
	return START * slot + slots_growth(START, count, slot);
}

/* ---- keys ---- */

/* Bytes of the strings of n rows of v at most, each in an arena. */
static size_t
string_bytes(const OlapVector *v, uint32 n)
{
	OlapNumericScratch scratch;
	size_t		sum = 0;
	size_t		len;

	for (uint32 i = 0; i < n; i++)
		if (!olap_vector_is_null(v, i))
		{
			(void) olap_vector_bytes(v, i, &scratch, &len);
			sum += TYPEALIGN(4, len + VARHDRSZ);
		}
	return sum;
}

static size_t
arena_growth(const OlapByteArena *arena, size_t bytes)
{
	/* what is left of a block is lost to a string that does not fit */
	return bytes <= arena->left ? 0 : bytes + 2 * arena->block;
}

/* Must a key of scaled integers become one of byte strings for v? */
static bool
becomes_bytes(const OlapKeyState *key, const OlapVector *v)
{
	return key->mode != OLAP_KEY_BYTES && key->mode != OLAP_KEY_UNKNOWN &&
		key->def.order == OLAP_ORDER_NUMERIC &&
		(v->phys != OLAP_PHYS_DEC64 || v->scale != key->values.scale);
}

static size_t
key_growth(const OlapGroups *groups, const OlapKeyState *key,
		   const OlapVector *v, uint32 n)
{
	uint64		count = groups->count + (uint64) n;
	size_t		sum = 0;

	if (becomes_bytes(key, v))
		return new_slots(count, sizeof(OlapByteSlot)) +
			doubled(START, count) * 3 * sizeof(char *) +
			2 * (count * (OLAP_DECIMAL_MAX_SIZE + VARHDRSZ) + string_bytes(v, n));
	if (key->mode != OLAP_KEY_BYTES)
	{
		if (key->mode == OLAP_KEY_WORDS)
			sum += slots_growth(key->words.mask + 1, (uint64) key->words.count + n,
								sizeof(OlapWordSlot));
		return sum + olap_vector_growth(&key->values, n, 0);
	}
	sum += slots_growth(key->bytes.mask + 1, (uint64) key->bytes.count + n,
						sizeof(OlapByteSlot)) +
		doubled(key->bytes.capacity, (uint64) key->bytes.count + n) * sizeof(char *);
	/* with other keys, equal values that look different are kept as well */
	sum += arena_growth(&key->bytes.arena, string_bytes(v, n));
	if (groups->nkeys > 1)
		sum += doubled(key->capacity, Max(count, START)) *
			(sizeof(uint32) + sizeof(char *));
	if (v->codes != NULL && v->dict != NULL && key->map.capacity < v->dict->n)
		sum += Max(v->dict->n, key->map.capacity * 2) * sizeof(uint32);
	return sum;
}

/* ---- layouts ---- */

/* What key will have seen with v; whether the layout has codes for all of v. */
static bool
look_ahead(OlapGroups *groups, const OlapKeyState *key, const OlapVector *v,
		   uint32 n, OlapKeyState *seen)
{
	*seen = *key;
	if (key->mode == OLAP_KEY_RAW)
	{
		const uint8 *live;
		const int64 *words = olap_key_words(groups, key, v, n, &live);

		olap_key_extend(seen, words, live, n);
		return groups->layout != OLAP_LAYOUT_NONE &&
			(!seen->has_word ||
			 ((uint64) seen->min - (uint64) key->base <= key->last &&
			  (uint64) seen->max - (uint64) key->base <= key->last)) &&
			(!seen->has_null || key->null_offset > 0);
	}
	if (key->mode == OLAP_KEY_WORDS)
		return key->limit == 0 || (uint64) key->words.count + n <= key->limit;
	return key->limit == 0 || (uint64) key->bytes.count + n <= key->limit;
}

/* Codes that a key may have in an array. */
static double
array_codes(const OlapGroups *groups, OlapKeyState *seen, uint32 n)
{
	double		min,
				max;

	if (seen->mode == OLAP_KEY_BYTES)
		return 1.5 * ((double) seen->bytes.count + n) + 16;
	if (seen->mode == OLAP_KEY_WORDS)
	{
		if (groups->nkeys > 1)
			return 1.5 * ((double) seen->words.count + n) + 16;
		olap_key_scan_words(seen);
	}
	else if (groups->count > 0)
	{
		/* the groups have codes, so they are in the range of them */
		seen->min = Min(seen->min, seen->base);
		seen->max = Max(seen->max, (int64) ((uint64) seen->base + seen->last));
	}
	min = seen->has_word ? (double) seen->min : 0;
	max = seen->has_word ? (double) seen->max : 0;
	if (seen->def.bounded)
	{
		min = Min(min, (double) seen->def.min);
		max = Max(max, (double) seen->def.max);
	}
	return 1.5 * (max - min) + 4;
}

/* Tables by which keys with few values are numbered, after one in vain. */
static size_t
numbering_growth(const OlapGroups *groups, uint64 count)
{
	size_t		sum = 0;

	for (int k = 0; k < groups->nkeys; k++)
	{
		const OlapKeyState *key = &groups->keys[k];

		if (key->mode != OLAP_KEY_RAW || key->many)
			continue;
		if (sum == 0)
			sum = new_slots(count, sizeof(OlapWordSlot));
		sum += new_slots(Min(count, OLAP_MANY_WORDS), sizeof(OlapWordSlot));
	}
	return sum;
}

/* What the layout holds. */
static size_t
layout_memory(const OlapGroups *groups)
{
	switch (groups->layout)
	{
		case OLAP_LAYOUT_DIRECT:
			return groups->map_size * sizeof(uint32);
		case OLAP_LAYOUT_WORD:
			return (groups->word.mask + 1) * sizeof(OlapWordSlot);
		case OLAP_LAYOUT_WIDE:
			return (groups->wide.mask + 1) * sizeof(OlapWideSlot) +
				(size_t) groups->wide.capacity * groups->wide.width * sizeof(uint64);
		default:
			return 0;
	}
}

/* A new layout; the old one is freed before. */
static size_t
layout_growth(const OlapGroups *groups, double array, uint32 n)
{
	uint64		count = groups->count + (uint64) n;
	double		most = Max(OLAP_SMALL_ARRAY * sizeof(uint32),
						   groups->memory_limit / 4);
	size_t		table = new_slots(count, sizeof(OlapWordSlot));
	size_t		old = layout_memory(groups);
	size_t		sum = 0;

	/* a small array is taken in any case */
	if (array <= OLAP_SMALL_ARRAY)
		return (size_t) array * sizeof(uint32);
	if (groups->nkeys > 1)
	{
		table = Max(table, new_slots(count, sizeof(OlapWideSlot)) +
					(START + doubled(START, count)) * groups->nkeys * sizeof(uint64));
		sum = numbering_growth(groups, count) +
			groups->nkeys * OLAP_VECTOR_ROWS * sizeof(uint64);
	}
	sum += Max(table, (size_t) Min(array * sizeof(uint32), most));
	return sum - Min(sum, old);
}

size_t
olap_groups_growth(OlapGroups *groups, const OlapVector *const *keys, uint32 n)
{
	uint64		count = groups->count + (uint64) n;
	size_t		sum = FIXED_BYTES;
	double		array = 1;
	bool		stays = groups->layout != OLAP_LAYOUT_NONE && count < groups->review;

	for (int k = 0; k < groups->nkeys; k++)
	{
		OlapKeyState *key = &groups->keys[k];
		OlapKeyState seen;

		if (key->mode == OLAP_KEY_UNKNOWN)
			olap_key_prepare(groups, key, keys[k]);
		sum += key_growth(groups, key, keys[k], n);
		if (becomes_bytes(key, keys[k]))
		{
			stays = false;
			array *= 1.5 * (double) count + 16;
			continue;
		}
		stays &= look_ahead(groups, key, keys[k], n, &seen);
		array *= array_codes(groups, &seen, n);
	}
	if (!stays)
		return sum + layout_growth(groups, array, n);
	if (groups->layout == OLAP_LAYOUT_WORD)
		sum += slots_growth(groups->word.mask + 1, count, sizeof(OlapWordSlot));
	else if (groups->layout == OLAP_LAYOUT_WIDE)
		sum += slots_growth(groups->wide.mask + 1, count, sizeof(OlapWideSlot)) +
			doubled(groups->wide.capacity, count) * groups->width * sizeof(uint64) +
			64 * groups->width * sizeof(uint64);
	return sum;
}

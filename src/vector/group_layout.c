/*-------------------------------------------------------------------------
 *
 * group_layout.c
 *		Choose how a row's codes make a group number.
 *
 * In order of preference: a direct array over all combinations of RAW codes; the
 * same with wide integer keys (time buckets, say) numbered in WORDS, as long as
 * they have few distinct values; packed words in a hash table.  An array larger
 * than the cache pays only when a good part of it is in use, so it is taken
 * when the number of groups shows that, or the caller expects as many.
 *
 * src/vector/group_layout.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/errors.h"
#include "base/large.h"
#include "vector/group_internal.h"

/* Arrays of so many entries, if memory allows; ... */
#define MEDIUM_ARRAY (1 << 18)
/* ... of more, if one of so many entries is in use. */
#define LARGE_ARRAY (1 << 28)
#define LARGE_ARRAY_USE 32
/* A RAW key of more codes may be numbered. */
#define MANY_CODES 256
/* Numbers a key may grow by before the layout is chosen anew. */
#define ROOM(count) ((uint64) (count) + (count) / 2 + 16)

/* Ranges -------------------------------------------------------------------- */

/* How generous a RAW key's range is. */
typedef enum Slack
{
	SLACK_HINT,					/* what the caller said */
	SLACK_SOME,					/* half as much again */
	SLACK_NONE
} Slack;

static void
set_range(OlapKeyState *key, Slack slack)
{
	__int128	min = key->has_word ? key->min : 0;
	__int128	max = key->has_word ? key->max : 0;

	if (slack == SLACK_HINT && key->def.bounded)
	{
		min = Min(min, key->def.min);
		max = Max(max, key->def.max);
	}
	else if (slack == SLACK_SOME && min != max)
	{
		__int128	room = (max - min) / 4 + 1;

		min = Max(min - room, (__int128) PG_INT64_MIN);
		max = Min(max + room, (__int128) PG_INT64_MAX);
	}
	if (key->values.width <= 4 && key->values.phys != OLAP_PHYS_F32)
	{
		/* where 32 bits number the values one to one */
		bool		is_unsigned = key->def.order == OLAP_ORDER_UINT;

		min = Max(min, is_unsigned ? 0 : PG_INT32_MIN);
		max = Min(max, is_unsigned ? (__int128) PG_UINT32_MAX : PG_INT32_MAX);
	}
	key->base = (int64) min;
	key->last = (uint64) (max - min);
	key->null_offset = key->has_null ? 1 : 0;
}

/* Codes of key, or a number beyond any array. */
static uint64
code_count(const OlapKeyState *key)
{
	if (key->mode == OLAP_KEY_WORDS)
		return ROOM(key->words.count);
	if (key->mode == OLAP_KEY_BYTES)
		return ROOM(key->bytes.count);
	return Min(key->last, (uint64) LARGE_ARRAY) + 1 + key->null_offset;
}

/* May an array of size entries be used? */
static bool
array_pays(const OlapGroups *groups, uint64 size)
{
	if (size <= OLAP_SMALL_ARRAY)
		return true;
	if (size > LARGE_ARRAY ||
		size * sizeof(uint32) > groups->memory_limit / 4)
		return false;
	return size <= MEDIUM_ARRAY ||
		Max(groups->count, groups->expected) > size / LARGE_ARRAY_USE;
}

/* Lay out an array by the keys' ranges and numbers; false if none pays. */
static bool
try_direct(OlapGroups *groups, Slack slack)
{
	uint64		size = 1;

	for (int k = 0; k < groups->nkeys; k++)
	{
		OlapKeyState *key = &groups->keys[k];

		if (key->mode == OLAP_KEY_RAW)
			set_range(key, slack);
		key->limit = code_count(key);
		key->radix = (uint32) size;
		key->starts = k == 0;
		if (key->limit > LARGE_ARRAY / size + 1)
			return false;
		size *= key->limit;
	}
	if (!array_pays(groups, size))
		return false;
	groups->layout = OLAP_LAYOUT_DIRECT;
	groups->map_size = (uint32) size;
	return true;
}

static bool
try_direct_any(OlapGroups *groups)
{
	/* a large array that is made early needs room for values to come */
	if (groups->nkeys == 1 && groups->expected > MEDIUM_ARRAY &&
		!groups->keys[0].def.bounded && try_direct(groups, SLACK_SOME))
		return true;
	return try_direct(groups, SLACK_HINT) || try_direct(groups, SLACK_SOME) ||
		try_direct(groups, SLACK_NONE);
}

/* The RAW key with the widest range that may be numbered, or NULL. */
static OlapKeyState *
widest_raw(OlapGroups *groups)
{
	OlapKeyState *widest = NULL;

	for (int k = 0; k < groups->nkeys; k++)
	{
		OlapKeyState *key = &groups->keys[k];

		if (key->mode == OLAP_KEY_RAW && !key->many &&
			key->last >= MANY_CODES &&
			(widest == NULL || key->last > widest->last))
			widest = key;
	}
	return widest;
}

/* Number wide keys until an array does; several keys. */
static bool
try_numbers(OlapGroups *groups)
{
	OlapKeyState *key;

	if (try_direct_any(groups))
		return true;
	while ((key = widest_raw(groups)) != NULL)
	{
		olap_key_to_words(groups, key);
		if (key->words.count > OLAP_MANY_WORDS)
		{
			olap_key_to_raw(key);
			key->many = true;
		}
		else if (try_direct_any(groups))
			return true;
	}
	return false;
}

static int
bits_of(uint64 value)
{
	return value == 0 ? 0 : 64 - __builtin_clzll(value);
}

/*
 * Bits for the codes a key has; more than 64 if a RAW one has too many.  Numbers
 * are counted with those that the vector at work may add, none of which need be known
 * here: else a layout that is too small for it could be chosen again and again.
 */
static int
code_bits(OlapKeyState *key)
{
	if (key->mode == OLAP_KEY_WORDS)
		return Min(bits_of(ROOM(key->words.count) + OLAP_VECTOR_ROWS), 32);
	if (key->mode == OLAP_KEY_BYTES)
		return Min(bits_of(ROOM(key->bytes.count) + OLAP_VECTOR_ROWS), 32);
	set_range(key, SLACK_NONE);
	if (key->last == PG_UINT64_MAX && key->null_offset > 0)
		return 65;
	return Max(bits_of(key->last + key->null_offset), 1);
}

/* Give key bits bits; a RAW range is put in the middle of what they hold. */
static void
set_bits(OlapKeyState *key, int bits)
{
	uint64		codes = bits >= 64 ? PG_UINT64_MAX :
		(UINT64CONST(1) << bits) - 1;
	__int128	min;

	key->limit = bits >= 64 ? 0 : codes + 1;
	if (key->mode != OLAP_KEY_RAW)
		return;
	codes -= key->null_offset;
	min = (__int128) key->base - (codes - key->last) / 2;
	min = Max(min, (__int128) PG_INT64_MIN);
	key->base = (int64) Min(min, (__int128) PG_INT64_MAX - codes);
	key->last = codes;
}

/* Pack all codes into as few words as they take. */
static void
pack(OlapGroups *groups)
{
	int			total = 0;
	int			room = 0;
	int			used = 0;

	for (int k = 0; k < groups->nkeys; k++)
	{
		OlapKeyState *key = &groups->keys[k];

		if (code_bits(key) > 64)
			olap_key_to_words(groups, key);
		total += code_bits(key);
	}
	if (total <= 64)
		room = (64 - total) / groups->nkeys;
	groups->width = 1;
	for (int k = 0; k < groups->nkeys; k++)
	{
		OlapKeyState *key = &groups->keys[k];
		int			most = key->mode == OLAP_KEY_RAW ? 64 : 32;
		int			bits = code_bits(key);

		bits = total <= 64 ? Min(bits + room, most) :
			Min(bits + 8, most);
		set_bits(key, bits);
		if (used + bits > 64)
		{
			groups->width++;
			used = 0;
		}
		key->word = groups->width - 1;
		key->shift = used;
		key->starts = used == 0;
		used += bits;
	}
	groups->layout = groups->width == 1 ? OLAP_LAYOUT_WORD : OLAP_LAYOUT_WIDE;
}

/* Layouts ------------------------------------------------------------------- */

static void
free_layout(OlapGroups *groups)
{
	if (groups->layout == OLAP_LAYOUT_DIRECT)
		pfree(groups->map);
	else if (groups->layout == OLAP_LAYOUT_WORD)
		olap_word_table_free(&groups->word);
	else if (groups->layout == OLAP_LAYOUT_WIDE)
		olap_wide_table_free(&groups->wide);
	groups->layout = OLAP_LAYOUT_NONE;
}

static void
choose_one_key(OlapGroups *groups)
{
	OlapKeyState *key = &groups->keys[0];
	bool		was_words = key->mode == OLAP_KEY_WORDS;

	groups->layout = OLAP_LAYOUT_NUMBERS;
	key->limit = 0;
	if (key->mode == OLAP_KEY_BYTES)
		return;
	if (was_words)
	{
		/* the table is kept unless an array is better now */
		olap_key_scan_words(key);
		key->mode = OLAP_KEY_RAW;
	}
	if (try_direct_any(groups))
	{
		if (was_words)
			olap_word_table_free(&key->words);
		return;
	}
	groups->layout = OLAP_LAYOUT_NUMBERS;
	key->limit = 0;
	if (was_words)
		key->mode = OLAP_KEY_WORDS;
	else
		olap_key_to_words(groups, key);
}

static void
choose_many_keys(OlapGroups *groups)
{
	for (int k = 0; k < groups->nkeys; k++)
	{
		OlapKeyState *key = &groups->keys[k];

		if (key->mode == OLAP_KEY_WORDS)
		{
			key->many = key->words.count > OLAP_MANY_WORDS;
			if (key->many)
				olap_key_to_raw(key);
		}
	}
	if (try_numbers(groups))
		return;
	for (int k = 0; k < groups->nkeys; k++)
		if (groups->keys[k].mode == OLAP_KEY_WORDS)
			olap_key_to_raw(&groups->keys[k]);
	pack(groups);
}

static void
start_layout(OlapGroups *groups)
{
	if (groups->layout == OLAP_LAYOUT_DIRECT)
	{
		groups->map = olap_large_alloc(groups->cxt, groups->map_size *
									   sizeof(uint32));
		memset(groups->map, 0xFF, groups->map_size * sizeof(uint32));
		return;
	}
	if (groups->packed != NULL)
		pfree(groups->packed);
	groups->packed = MemoryContextAlloc(groups->cxt, groups->width *
										(sizeof(uint64 *) + OLAP_VECTOR_ROWS *
										 sizeof(uint64)));
	for (int w = 0; w < groups->width; w++)
		groups->packed[w] = (uint64 *) (groups->packed + groups->width) +
			(size_t) w * OLAP_VECTOR_ROWS;
	if (groups->layout == OLAP_LAYOUT_WORD)
		olap_word_table_init(&groups->word, groups->cxt);
	else
		olap_wide_table_init(&groups->wide, groups->width, groups->cxt);
	groups->word.expected = groups->wide.expected =
		Max(olap_groups_table_expected(groups), groups->count);
}

/* Enter the groups first .. first + n - 1. */
static void
enter(OlapGroups *groups, uint32 first, uint32 n)
{
	uint32		numbers[OLAP_VECTOR_ROWS];

	olap_groups_codes_of_groups(groups, first, n);
	if (groups->layout == OLAP_LAYOUT_DIRECT)
	{
		for (uint32 i = 0; i < n; i++)
			groups->map[groups->index[i]] = first + i;
		return;
	}
	if (groups->layout == OLAP_LAYOUT_WORD)
		olap_word_table_assign(&groups->word, groups->packed[0], NULL, n,
							   numbers);
	else
		olap_wide_table_assign(&groups->wide, groups->packed, n, numbers);
	Ensure(numbers[0] == first && numbers[n - 1] == first + n - 1,
		   "groups changed their numbers");
}

/*
 * Let a key see the values of all groups: while they had codes, nobody looked
 * at them.
 */
static void
see_groups(OlapGroups *groups, OlapKeyState *key)
{
	for (uint32 first = 0; first < groups->count; first += OLAP_VECTOR_ROWS)
	{
		uint32		n = Min(groups->count - first, OLAP_VECTOR_ROWS);
		OlapVector	slice = olap_vector_slice(&key->values, first, n);
		const uint8 *live;
		const int64 *words = olap_key_words(groups, key, &slice, n, &live);

		olap_key_extend(key, words, live, n);
	}
}

void
olap_groups_layout(OlapGroups *groups)
{
	bool		frozen = groups->frozen;

	groups->frozen = false;
	for (int k = 0; k < groups->nkeys; k++)
		if (groups->keys[k].mode == OLAP_KEY_RAW)
			see_groups(groups, &groups->keys[k]);
	free_layout(groups);
	if (groups->nkeys == 1)
		choose_one_key(groups);
	else
		choose_many_keys(groups);
	if (groups->layout != OLAP_LAYOUT_NUMBERS)
	{
		start_layout(groups);
		for (uint32 first = 0; first < groups->count;
			 first += OLAP_VECTOR_ROWS)
			enter(groups, first, Min(groups->count - first, OLAP_VECTOR_ROWS));
	}
	groups->frozen = frozen;
	groups->word.frozen = groups->wide.frozen = frozen;
	for (int k = 0; k < groups->nkeys; k++)
	{
		groups->keys[k].words.frozen = frozen;
		groups->keys[k].bytes.frozen = frozen;
	}
	/* an array is left only when it must be */
	groups->review = groups->layout == OLAP_LAYOUT_DIRECT ? PG_UINT32_MAX :
		Max(4096, (uint32) Min((uint64) groups->count * 2,
							   (uint64) PG_UINT32_MAX));
}

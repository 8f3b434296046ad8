/*-------------------------------------------------------------------------
 *
 * group_key.c
 *		One key of a group table: words and numbers of its values, and the
 *		values of the groups.
 *
 * src/vector/group_key.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/errors.h"
#include "vector/group_internal.h"
#include "vector/group_kernels.h"

/* From so many on, the guess at the number of groups is believed. */
#define MANY_GROUPS 65536

/* In a code map: not looked up yet; looked up, and not in a frozen table. */
#define MAP_UNSET OLAP_NUMBER_NONE
#define MAP_UNKNOWN (OLAP_NUMBER_NONE - 1)

/* Modes ------------------------------------------------------------------- */

/* Can equal values of key differ to the eye? */
static bool
has_many_forms(const OlapKeyState *key)
{
	return key->def.order == OLAP_ORDER_BPCHAR ||
		key->def.order == OLAP_ORDER_NUMERIC ||
		key->def.order == OLAP_ORDER_INTERVAL;
}

static void
start(OlapGroups *groups, OlapKeyState *key, const OlapVector *v)
{
	if (olap_order_is_bytes(key->def.order) ||
		(key->def.order == OLAP_ORDER_NUMERIC && v->phys == OLAP_PHYS_VAR))
	{
		key->mode = OLAP_KEY_BYTES;
		olap_byte_table_init(&key->bytes, key->def.order, groups->cxt);
		if (groups->nkeys == 1)
			key->bytes.expected = olap_groups_table_expected(groups);
		return;
	}
	key->mode = OLAP_KEY_RAW;
	olap_vector_reset(&key->values, &key->def.type);
	olap_vector_set_phys(&key->values, v->phys, v->width);
	key->values.scale = v->scale;
}

static void
grow_arrays(OlapGroups *groups, OlapKeyState *key, uint32 count)
{
	uint32		capacity = Max(key->capacity, 256);

	if (count <= key->capacity)
		return;
	while (capacity < count)
		capacity = (uint32) Min((uint64) capacity * 2,
								(uint64) OLAP_NUMBER_NONE);
	if (key->capacity == 0)
	{
		key->numbers = MemoryContextAllocHuge(groups->cxt, (size_t) capacity *
											  sizeof(uint32));
		if (has_many_forms(key))
			key->firsts = MemoryContextAllocHuge(groups->cxt, (size_t)
												 capacity * sizeof(char *));
	}
	else
	{
		key->numbers = repalloc_huge(key->numbers, (size_t) capacity *
									 sizeof(uint32));
		if (key->firsts != NULL)
			key->firsts = repalloc_huge(key->firsts, (size_t) capacity *
										sizeof(char *));
	}
	key->capacity = capacity;
}

/*
 * A scaled integer no longer does for a numeric key: from now on numerics are
 * byte strings.
 */
static void
to_bytes(OlapGroups *groups, OlapKeyState *key)
{
	OlapNumericScratch scratch;

	if (key->mode == OLAP_KEY_WORDS)
		olap_word_table_free(&key->words);
	key->mode = OLAP_KEY_BYTES;
	olap_byte_table_init(&key->bytes, key->def.order, groups->cxt);
	if (groups->nkeys > 1)
		grow_arrays(groups, key, groups->count);
	for (uint32 g = 0; g < groups->count; g++)
	{
		uint32		number;
		size_t		len;

		if (olap_vector_is_null(&key->values, g))
			number = olap_byte_table_null(&key->bytes);
		else
		{
			const uint8 *data = olap_vector_bytes(&key->values, g, &scratch,
												  &len);

			number = olap_byte_table_find(&key->bytes, data, len);
		}
		if (groups->nkeys > 1)
		{
			/* all of one scale: equal values do not differ here */
			key->numbers[g] = number;
			key->firsts[g] = key->bytes.strings[number];
		}
	}
	key->bytes.frozen = groups->frozen;
	olap_vector_free(&key->values);
	if (groups->layout != OLAP_LAYOUT_NONE)
		olap_groups_layout(groups);
}

void
olap_key_prepare(OlapGroups *groups, OlapKeyState *key, const OlapVector *v)
{
	if (key->mode == OLAP_KEY_UNKNOWN)
		start(groups, key, v);
	else if (key->mode != OLAP_KEY_BYTES &&
			 key->def.order == OLAP_ORDER_NUMERIC &&
			 (v->phys != OLAP_PHYS_DEC64 || v->scale != key->values.scale))
		to_bytes(groups, key);
	Ensure(key->mode == OLAP_KEY_BYTES || v->phys == key->values.phys,
		   "a key's representation changed from %d to %d",
		   (int) key->values.phys, (int) v->phys);
}

/* Words ------------------------------------------------------------------- */

const int64 *
olap_key_words(OlapGroups *groups, const OlapKeyState *key,
			   const OlapVector *v, uint32 n, const uint8 **live)
{
	*live = olap_vector_live(v, n, groups->live);
	return olap_vector_words(v, key->def.order == OLAP_ORDER_UINT, n,
							 groups->words);
}

void
olap_key_extend(OlapKeyState *key, const int64 *words, const uint8 *live,
				uint32 n)
{
	for (uint32 i = 0; i < n; i++)
	{
		if (live != NULL && !live[i])
		{
			key->has_null = true;
			continue;
		}
		if (!key->has_word)
			key->min = key->max = words[i];
		key->has_word = true;
		key->min = Min(key->min, words[i]);
		key->max = Max(key->max, words[i]);
	}
}

void
olap_key_scan_words(OlapKeyState *key)
{
	for (uint64 i = 0; i <= key->words.mask; i++)
	{
		const OlapWordSlot *slot = &key->words.slots[i];
		int64		word = (int64) slot->key;

		if (slot->number != OLAP_NUMBER_NONE)
			olap_key_extend(key, &word, NULL, 1);
	}
	key->has_null |= key->words.null_number != OLAP_NUMBER_NONE;
}

void
olap_key_to_words(OlapGroups *groups, OlapKeyState *key)
{
	uint32		numbers[OLAP_VECTOR_ROWS];

	key->mode = OLAP_KEY_WORDS;
	olap_word_table_init(&key->words, groups->cxt);
	if (groups->nkeys == 1)
		key->words.expected = olap_groups_table_expected(groups);
	for (uint32 first = 0; first < groups->count; first += OLAP_VECTOR_ROWS)
	{
		uint32		n = Min(groups->count - first, OLAP_VECTOR_ROWS);
		OlapVector	slice = olap_vector_slice(&key->values, first, n);

		olap_key_numbers(groups, key, &slice, n, numbers);
	}
	key->words.frozen = groups->frozen;
}

void
olap_key_to_raw(OlapKeyState *key)
{
	olap_key_scan_words(key);
	olap_word_table_free(&key->words);
	key->mode = OLAP_KEY_RAW;
}

/* Numbers ----------------------------------------------------------------- */

/*
 * Make map be that of dict; entries are looked up when they occur.  A dictionary
 * may have got further entries since the last vector.
 */
static void
prepare_map(OlapGroups *groups, OlapCodeMap *map, const OlapVector *dict)
{
	if (map->dict != dict || map->place != groups->place)
		map->known = 0;
	if (map->capacity < dict->n)
	{
		uint32		capacity = Max(dict->n, map->capacity * 2);
		uint32	   *numbers = MemoryContextAllocHuge(groups->cxt,
													 capacity * sizeof(uint32));

		if (map->known > 0)
			memcpy(numbers, map->numbers, map->known * sizeof(uint32));
		if (map->numbers != NULL)
			pfree(map->numbers);
		map->numbers = numbers;
		map->capacity = capacity;
	}
	if (map->known < dict->n)
	{
		memset(map->numbers + map->known, 0xFF,
			   (dict->n - map->known) * sizeof(uint32));
		map->known = dict->n;
	}
	map->dict = dict;
	map->place = groups->place;
}

static uint32
number_of_code(OlapKeyState *key, const OlapVector *dict, uint32 code)
{
	OlapNumericScratch scratch;
	const uint8 *data;
	size_t		len;
	uint32		number;

	Ensure(code < dict->n, "code %u of a dictionary of %u entries", code,
		   dict->n);
	if (key->map.numbers[code] == MAP_UNKNOWN)
		return OLAP_NUMBER_NONE;
	if (key->map.numbers[code] != MAP_UNSET)
		return key->map.numbers[code];
	data = olap_vector_bytes(dict, code, &scratch, &len);
	number = olap_byte_table_find(&key->bytes, data, len);
	key->map.numbers[code] = number == OLAP_NUMBER_NONE ? MAP_UNKNOWN : number;
	return number;
}

/* Codes whose entries have not been looked up yet, or were just now. */
static void
look_up_codes(OlapKeyState *key, const OlapVector *dict, const uint32 *codes,
			  uint32 n)
{
	uint32		numbers[OLAP_BYTE_BATCH];

	olap_byte_table_find_rows(&key->bytes, dict, codes, n, numbers);
	for (uint32 i = 0; i < n; i++)
		key->map.numbers[codes[i]] = numbers[i] == OLAP_NUMBER_NONE ?
			MAP_UNKNOWN : numbers[i];
}

/*
 * Look up what is new among the rows' codes, and NULL, as they come.  numbers[] is
 * what the map said before.
 */
static void
number_new_codes(OlapKeyState *key, const OlapVector *v, const uint8 *live,
				 uint32 n, const uint32 *numbers)
{
	uint32		fresh[OLAP_BYTE_BATCH];
	uint32		count = 0;

	for (uint32 i = 0; i < n; i++)
	{
		uint32		code = v->codes[i];

		if (live != NULL && !live[i])
		{
			if (key->bytes.null_number != OLAP_NUMBER_NONE)
				continue;
			look_up_codes(key, v->dict, fresh, count);
			count = 0;
			olap_byte_table_null(&key->bytes);
			continue;
		}
		if (numbers[i] != MAP_UNSET)
			continue;
		Ensure(code < v->dict->n, "code %u of a dictionary of %u entries", code,
			   v->dict->n);
		if (key->map.numbers[code] != MAP_UNSET)
			continue;
		fresh[count++] = code;
		if (count == OLAP_BYTE_BATCH)
		{
			look_up_codes(key, v->dict, fresh, count);
			count = 0;
		}
	}
	look_up_codes(key, v->dict, fresh, count);
}

static void
dict_numbers(OlapGroups *groups, OlapKeyState *key, const OlapVector *v,
			 uint32 n, uint32 *numbers)
{
	const uint8 *live = olap_vector_live(v, n, groups->live);
	uint32		highest = MAP_UNSET;

	prepare_map(groups, &key->map, v->dict);
	if (v->dict->n > 0)
		highest = olap_look_up_codes(numbers, key->map.numbers, v->dict->n,
									 v->codes, n);
	else
		memset(numbers, 0xFF, n * sizeof(uint32));
	if (highest == MAP_UNSET ||
		(live != NULL && key->bytes.null_number == OLAP_NUMBER_NONE))
	{
		number_new_codes(key, v, live, n, numbers);
		if (v->dict->n > 0)
			highest = olap_look_up_codes(numbers, key->map.numbers, v->dict->n,
										 v->codes, n);
	}
	/* in a frozen table those that it has not stay out */
	if (highest >= MAP_UNKNOWN)
		for (uint32 i = 0; i < n; i++)
			if (numbers[i] == MAP_UNKNOWN)
				numbers[i] = OLAP_NUMBER_NONE;
	if (live != NULL)
		olap_set_dead(numbers, live, n, key->bytes.null_number);
}

void
olap_key_numbers(OlapGroups *groups, OlapKeyState *key, const OlapVector *v,
				 uint32 n, uint32 *numbers)
{
	if (key->mode == OLAP_KEY_WORDS)
	{
		const uint8 *live;
		const int64 *words = olap_key_words(groups, key, v, n, &live);

		olap_word_table_assign(&key->words, (const uint64 *) words, live, n,
							   numbers);
	}
	else if (v->codes != NULL && v->dict != NULL)
		dict_numbers(groups, key, v, n, numbers);
	else
		olap_byte_table_assign(&key->bytes, v, n, numbers);
}

/* Values of the groups ---------------------------------------------------- */

/*
 * The string of row of v as its group shows it: the table's own where the bytes
 * are the same.
 */
static const char *
first_form(OlapKeyState *key, const OlapVector *v, uint32 row, uint32 number)
{
	const char *string = key->bytes.strings[number];
	OlapNumericScratch scratch;
	const uint8 *data;
	size_t		len;

	if (string == NULL)
		return NULL;
	data = olap_vector_bytes(v, row, &scratch, &len);
	if (len == OLAP_ARENA_LENGTH(string) &&
		memcmp(data, OLAP_ARENA_DATA(string), len) == 0)
		return string;
	return olap_byte_arena_add(&key->bytes.arena, data, len);
}

void
olap_key_store(OlapGroups *groups, OlapKeyState *key, const OlapVector *v,
			   uint32 nfresh)
{
	uint32		first = groups->count - nfresh;

	if (key->mode != OLAP_KEY_BYTES)
	{
		/* many groups, and the caller said so: room for all of them at once */
		if (groups->count > key->values.capacity && first > MANY_GROUPS &&
			groups->expected > groups->count)
			olap_vector_reserve(&key->values, groups->expected - first);
		olap_vector_append_rows(&key->values, &key->def.type, v, groups->fresh,
								nfresh);
		return;
	}
	if (groups->nkeys == 1)
		return;
	grow_arrays(groups, key, groups->count);
	for (uint32 i = 0; i < nfresh; i++)
	{
		uint32		row = groups->fresh[i];
		uint32		number;

		/* known by now: the vector's rows have just been looked up */
		if (olap_vector_is_null(v, row))
			number = olap_byte_table_null(&key->bytes);
		else if (v->codes != NULL && v->dict != NULL)
			number = number_of_code(key, v->dict, v->codes[row]);
		else
		{
			OlapNumericScratch scratch;
			size_t		len;
			const uint8 *data = olap_vector_bytes(v, row, &scratch, &len);

			number = olap_byte_table_find(&key->bytes, data, len);
		}
		key->numbers[first + i] = number;
		if (key->firsts != NULL)
			key->firsts[first + i] = first_form(key, v, row, number);
	}
}

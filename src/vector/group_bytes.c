/*-------------------------------------------------------------------------
 *
 * group_bytes.c
 *		Numbers for byte strings: text, bpchar, uuid, numerics.
 *
 * A string is copied when it is new and stays where it is; a slot holds half of
 * its hash beside the pointer, so that a probe reads the bytes of the string it
 * is looking for and hardly of any other.
 *
 * src/vector/group_bytes.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/errors.h"
#include "base/hash.h"
#include "base/large.h"
#include "vector/expr_internal.h"
#include "vector/group_table.h"

#define MIN_SLOTS 256
#define MAX_PROBES 1024
#define MIN_BLOCK 1024
#define MAX_BLOCK (1024 * 1024)

/* Arena ------------------------------------------------------------------- */

void
olap_byte_arena_init(OlapByteArena *arena, MemoryContext parent)
{
	arena->cxt = AllocSetContextCreate(parent, "olap byte strings",
									   ALLOCSET_SMALL_SIZES);
	arena->at = NULL;
	arena->left = 0;
	arena->block = MIN_BLOCK;
}

void
olap_byte_arena_reset(OlapByteArena *arena)
{
	MemoryContextReset(arena->cxt);
	arena->at = NULL;
	arena->left = 0;
	arena->block = MIN_BLOCK;
}

char *
olap_byte_arena_take(OlapByteArena *arena, size_t size)
{
	char	   *bytes;

	size = Max(TYPEALIGN(4, size), 4);
	if (size > arena->left)
	{
		/* a long one has a block of its own */
		if (size > arena->block / 4)
			return MemoryContextAllocHuge(arena->cxt, size);
		arena->at = MemoryContextAlloc(arena->cxt, arena->block);
		arena->left = arena->block;
		arena->block = Min(arena->block * 2, MAX_BLOCK);
	}
	bytes = arena->at;
	arena->at += size;
	arena->left -= size;
	return bytes;
}

const char *
olap_byte_arena_add(OlapByteArena *arena, const uint8 *data, size_t len)
{
	char	   *string = olap_byte_arena_take(arena, len + VARHDRSZ);

	SET_VARSIZE(string, len + VARHDRSZ);
	memcpy(VARDATA(string), data, len);
	return string;
}

/* Values ------------------------------------------------------------------ */

bool
olap_bytes_equal(OlapOrder order, const uint8 *a, size_t alen,
				 const uint8 *b, size_t blen)
{
	if (alen == blen && memcmp(a, b, alen) == 0)
		return true;
	if (order == OLAP_ORDER_BYTES)
		return false;
	return olap_value_compare(order, a, alen, b, blen) == 0;
}

uint64
olap_bytes_hash(OlapOrder order, const uint8 *data, size_t len)
{
	if (order == OLAP_ORDER_NUMERIC)
		return olap_numeric_hash(data, len);
	if (order == OLAP_ORDER_INTERVAL)
	{
		__int128	span = olap_interval_span(data);

		return olap_hash_mix((uint64) span ^ UINT64CONST(0x9E3779B97F4A7C15),
							 (uint64) (span >> 64) ^
							 UINT64CONST(0xD6E8FEB86659FD93));
	}
	if (order == OLAP_ORDER_BPCHAR)
		len = olap_bpchar_length(data, len);
	return olap_hash_bytes(data, len);
}

const uint8 *
olap_vector_bytes(const OlapVector *v, uint32 row, OlapNumericScratch *scratch,
				  size_t *len)
{
	const char *value;

	if (v->phys == OLAP_PHYS_VAR)
		value = v->heap + ((const uint32 *) v->values)[row];
	else if (v->phys == OLAP_PHYS_FIXED)
	{
		*len = v->width;
		return (const uint8 *) v->values + (size_t) row * v->width;
	}
	else
	{
		Ensure(v->phys == OLAP_PHYS_DEC64, "values of representation %d are not bytes",
			   (int) v->phys);
		olap_decimal_from_i64(((const int64 *) v->values)[row], v->scale,
							  scratch->bytes);
		value = scratch->bytes;
	}
	*len = VARSIZE(value) - VARHDRSZ;
	return (const uint8 *) VARDATA(value);
}

/* Table ------------------------------------------------------------------- */

static void
clear(OlapByteTable *table)
{
	memset(table->slots, 0xFF, (table->mask + 1) * sizeof(OlapByteSlot));
	table->count = 0;
	table->null_number = OLAP_NUMBER_NONE;
	table->frozen = false;
}

void
olap_byte_table_init(OlapByteTable *table, OlapOrder order, MemoryContext cxt)
{
	table->cxt = cxt;
	table->order = order;
	table->mask = MIN_SLOTS - 1;
	table->shift = __builtin_clz((uint32) table->mask);
	table->seed = UINT64CONST(0x9E3779B97F4A7C15);
	table->max_probes = MAX_PROBES;
	table->expected = 0;
	table->slots = MemoryContextAlloc(cxt, MIN_SLOTS * sizeof(OlapByteSlot));
	table->capacity = MIN_SLOTS;
	table->strings = MemoryContextAlloc(cxt, MIN_SLOTS * sizeof(char *));
	olap_byte_arena_init(&table->arena, cxt);
	clear(table);
}

void
olap_byte_table_free(OlapByteTable *table)
{
	if (table->slots == NULL)
		return;
	pfree(table->slots);
	pfree(table->strings);
	MemoryContextDelete(table->arena.cxt);
	table->slots = NULL;
}

void
olap_byte_table_reset(OlapByteTable *table)
{
	clear(table);
	olap_byte_arena_reset(&table->arena);
}

static inline uint32
hash_string(const OlapByteTable *table, const uint8 *data, size_t len)
{
	uint64		hash = olap_hash_mix(olap_bytes_hash(table->order, data, len) ^
									 table->seed,
									 UINT64CONST(0xD6E8FEB86659FD93));

	return (uint32) (hash ^ hash >> 32);
}

/* New numbers take room in strings. */
static uint32
next_number(OlapByteTable *table, const char *string)
{
	if (table->count >= OLAP_NUMBER_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many groups in memory")));
	if (table->count == table->capacity)
	{
		table->capacity = (uint32) Min((uint64) table->capacity * 2,
									   (uint64) OLAP_NUMBER_NONE);
		table->strings = repalloc_huge(table->strings, (size_t)
									   table->capacity * sizeof(char *));
	}
	table->strings[table->count] = string;
	return table->count++;
}

/* With the seed as it is, or by the hashes at hand. */
static bool
move_slots(OlapByteTable *table, OlapByteSlot *to, uint64 mask, bool reseeded)
{
	memset(to, 0xFF, (mask + 1) * sizeof(OlapByteSlot));
	for (uint64 i = 0; i <= table->mask; i++)
	{
		OlapByteSlot slot = table->slots[i];
		uint32		probes = 0;
		uint64		at;

		if (slot.number == OLAP_NUMBER_NONE)
			continue;
		if (reseeded)
			slot.hash = hash_string(table, OLAP_ARENA_DATA(slot.string),
									OLAP_ARENA_LENGTH(slot.string));
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
rebuild(OlapByteTable *table, uint64 mask, bool reseeded)
{
	OlapByteSlot *to = olap_large_alloc(table->cxt, (mask + 1) *
										sizeof(OlapByteSlot));

	table->shift = __builtin_clz((uint32) mask);
	while (!move_slots(table, to, mask, reseeded))
	{
		table->seed = olap_hash_u64(table->seed);
		table->max_probes = Min(table->max_probes, PG_UINT32_MAX / 2) * 2;
		reseeded = true;
	}
	pfree(table->slots);
	table->slots = to;
	table->mask = mask;
}

/* A string that is not in the table. */
static uint32
add_string(OlapByteTable *table, const uint8 *data, size_t len, uint32 hash)
{
	uint32		probes = 0;
	OlapByteSlot *slot;
	uint64		at;

	if (table->frozen)
		return OLAP_NUMBER_NONE;
	if ((uint64) table->count * 8 > (table->mask + 1) * 5)
		rebuild(table, olap_table_grown(table->mask, table->count, table->expected),
				false);
	for (at = hash >> table->shift;
		 table->slots[at].number != OLAP_NUMBER_NONE;
		 at = (at + 1) & table->mask)
	{
		if (++probes > table->max_probes)
		{
			table->seed = olap_hash_u64(table->seed);
			table->max_probes = Min(table->max_probes, PG_UINT32_MAX / 2) * 2;
			rebuild(table, table->mask, true);
			hash = hash_string(table, data, len);
			at = ((hash >> table->shift) - 1) & table->mask;
			probes = 0;
		}
	}
	slot = &table->slots[at];
	slot->string = olap_byte_arena_add(&table->arena, data, len);
	slot->hash = hash;
	slot->number = next_number(table, slot->string);
	return slot->number;
}

static inline uint32
find_string(OlapByteTable *table, const uint8 *data, size_t len, uint32 hash)
{
	for (uint64 at = hash >> table->shift;; at = (at + 1) & table->mask)
	{
		const OlapByteSlot *slot = &table->slots[at];

		if (slot->number == OLAP_NUMBER_NONE)
			return add_string(table, data, len, hash);
		if (slot->hash == hash &&
			olap_bytes_equal(table->order, OLAP_ARENA_DATA(slot->string),
							 OLAP_ARENA_LENGTH(slot->string), data, len))
			return slot->number;
	}
}

uint32
olap_byte_table_find(OlapByteTable *table, const uint8 *data, size_t len)
{
	return find_string(table, data, len, hash_string(table, data, len));
}

uint32
olap_byte_table_null(OlapByteTable *table)
{
	if (table->null_number == OLAP_NUMBER_NONE && !table->frozen)
		table->null_number = next_number(table, NULL);
	return table->null_number;
}

/*
 * Where the string of this hash may be, if anywhere: its bytes are asked of
 * memory before they are compared.
 */
static inline void
prefetch_string(const OlapByteTable *table, uint32 hash)
{
	for (uint64 at = hash >> table->shift;
		 table->slots[at].number != OLAP_NUMBER_NONE;
		 at = (at + 1) & table->mask)
	{
		if (table->slots[at].hash == hash)
		{
			__builtin_prefetch(table->slots[at].string);
			return;
		}
	}
}

/*
 * A large table and a large dictionary are in no cache: the value's bytes, its
 * slot and the string found there would each be waited for, one value after the
 * other.  In steps over a batch they are asked for together.
 */
void
olap_byte_table_find_rows(OlapByteTable *table, const OlapVector *v,
						  const uint32 *rows, uint32 n, uint32 *numbers)
{
	OlapNumericScratch scratch;
	uint32		hashes[OLAP_BYTE_BATCH];
	uint64		seed = table->seed;
	const uint8 *data;
	size_t		len;

	Assert(n <= OLAP_BYTE_BATCH);
	if (v->phys == OLAP_PHYS_VAR)
		for (uint32 i = 0; i < n; i++)
			__builtin_prefetch(v->heap + ((const uint32 *) v->values)[rows[i]]);
	for (uint32 i = 0; i < n; i++)
	{
		data = olap_vector_bytes(v, rows[i], &scratch, &len);
		hashes[i] = hash_string(table, data, len);
		__builtin_prefetch(&table->slots[hashes[i] >> table->shift]);
	}
	for (uint32 i = 0; i < n; i++)
		prefetch_string(table, hashes[i]);
	for (uint32 i = 0; i < n; i++)
	{
		data = olap_vector_bytes(v, rows[i], &scratch, &len);
		/* a chain too long has given the table another seed */
		if (table->seed != seed)
			hashes[i] = hash_string(table, data, len);
		numbers[i] = find_string(table, data, len, hashes[i]);
	}
}

void
olap_byte_table_assign(OlapByteTable *table, const OlapVector *v, uint32 n,
					   uint32 *numbers)
{
	uint32		rows[OLAP_BYTE_BATCH];
	uint32		found[OLAP_BYTE_BATCH];

	for (uint32 i = 0; i < n;)
	{
		uint32		count = 0;

		/* NULL's number, where it is new, is between those of its neighbours */
		for (; i < n && count < OLAP_BYTE_BATCH; i++)
		{
			if (!olap_vector_is_null(v, i))
				rows[count++] = i;
			else if (table->null_number != OLAP_NUMBER_NONE || count == 0)
				numbers[i] = olap_byte_table_null(table);
			else
				break;
		}
		olap_byte_table_find_rows(table, v, rows, count, found);
		for (uint32 k = 0; k < count; k++)
			numbers[rows[k]] = found[k];
	}
}

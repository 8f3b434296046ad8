/*-------------------------------------------------------------------------
 *
 * division.c
 *		Which rows' groups are one process's own.
 *
 * src/vector/division.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/kernel.h"
#include "sketch/value_hash.h"
#include "vector/division.h"
#include "vector/group_table.h"
#include "vector/words.h"

/* Of a dictionary's entry that has not occurred yet. */
#define PART_UNKNOWN PG_UINT8_MAX

struct OlapDivision
{
	OlapOrder	order;
	uint32		nparts;
	const OlapVector *dict;		/* whose entries' parts are known so far */
	uint32		known;
	uint32		capacity;
	uint8	   *entries;
	int64		words[OLAP_VECTOR_ROWS];
	uint8		live[OLAP_VECTOR_ROWS];
	uint8		parts[OLAP_VECTOR_ROWS];
	MemoryContext cxt;
};

OlapDivision *
olap_division_create(OlapOrder order, uint32 nparts, MemoryContext cxt)
{
	OlapDivision *division = MemoryContextAllocZero(cxt, sizeof(OlapDivision));

	Assert(olap_order_is_exact(order));
	Assert(nparts >= 1 && nparts <= OLAP_DIVISION_MAX_PARTS);
	division->order = order;
	division->nparts = nparts;
	division->cxt = cxt;
	return division;
}

void
olap_division_new_place(OlapDivision *division)
{
	division->dict = NULL;
	division->known = 0;
}

static inline uint8
part_of(uint64 hash, uint32 nparts)
{
	return (uint8) ((hash >> 32) * nparts >> 32);
}

OLAP_KERNEL static void
word_parts(const int64 *words, uint32 n, uint32 nparts, uint8 *parts)
{
	for (uint32 i = 0; i < n; i++)
		parts[i] = part_of(olap_value_hash_u64((uint64) words[i]), nparts);
}

static uint8
bytes_part(const OlapDivision *division, const OlapVector *v, uint32 row)
{
	OlapNumericScratch scratch;
	size_t		len;
	const uint8 *data = olap_vector_bytes(v, row, &scratch, &len);

	return part_of(olap_value_hash_bytes(data, len), division->nparts);
}

/* Have room for the parts of dict, which may have got further entries. */
static void
prepare_entries(OlapDivision *division, const OlapVector *dict)
{
	if (division->dict != dict)
		division->known = 0;
	division->dict = dict;
	if (division->capacity < dict->n)
	{
		uint32		capacity = Max(dict->n, 2 * division->capacity);
		uint8	   *entries = MemoryContextAllocHuge(division->cxt, capacity);

		if (division->known > 0)
			memcpy(entries, division->entries, division->known);
		if (division->entries != NULL)
			pfree(division->entries);
		division->entries = entries;
		division->capacity = capacity;
	}
	if (division->known < dict->n)
		memset(division->entries + division->known, PART_UNKNOWN,
			   dict->n - division->known);
	division->known = dict->n;
}

/* Neighbours often share a value: then its bytes are hashed once. */
static void
string_parts(OlapDivision *division, const OlapVector *v, uint32 n)
{
	const uint32 *offsets = v->phys == OLAP_PHYS_VAR ? v->values : NULL;
	uint8	   *parts = division->parts;

	if (v->codes != NULL)
		prepare_entries(division, v->dict);
	for (uint32 i = 0; i < n; i++)
	{
		uint8	   *entry;

		if (olap_vector_is_null(v, i))
			parts[i] = 0;
		else if (v->codes != NULL)
		{
			entry = &division->entries[v->codes[i]];
			if (*entry == PART_UNKNOWN)
				*entry = bytes_part(division, v->dict, v->codes[i]);
			parts[i] = *entry;
		}
		else if (i > 0 && offsets != NULL && offsets[i] == offsets[i - 1] &&
				 !olap_vector_is_null(v, i - 1))
			parts[i] = parts[i - 1];
		else
			parts[i] = bytes_part(division, v, i);
	}
}

uint32
olap_division_rows(OlapDivision *division, const OlapVector *key, uint32 n,
				   uint32 part, uint16 *positions)
{
	const uint8 *parts = division->parts;
	const uint8 *live;
	uint32		count = 0;

	if (division->order == OLAP_ORDER_BYTES)
		string_parts(division, key, n);
	else
	{
		word_parts(olap_vector_words(key, division->order == OLAP_ORDER_UINT, n,
									 division->words),
				   n, division->nparts, division->parts);
		live = olap_vector_live(key, n, division->live);
		for (uint32 i = 0; live != NULL && i < n; i++)
			if (!live[i])
				division->parts[i] = 0;
	}
	for (uint32 i = 0; i < n; i++)
	{
		positions[count] = i;
		count += parts[i] == part;
	}
	return count;
}

/*-------------------------------------------------------------------------
 *
 * key_set.c
 *		Sets of join keys: made key by key, probed by key_set_probe.c.
 *
 * A key becomes a 64-bit number that is the same for equal keys: integers are
 * themselves, the others a hash. Numbers wait in an array until all are there, as
 * a bitmap needs the bounds; if the array gets too large, a bloom filter of the
 * expected size takes their place.
 *
 * src/vector/key_set.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "vector/key_set_internal.h"

/* Numbers wait in at most this part of the memory. */
#define WAITING_PART 2
/* Bits of a bloom filter a key: as many as there is memory for, at least ... */
#define BLOOM_BITS_MIN 6
/* A bitmap up to this size is always worth it, ... */
#define BITMAP_SMALL (32 * 1024)
/* ... a larger one with so many bits a key at most. */
#define BITMAP_BITS_MAX 64

#define NSLOTS (4 * OLAP_KEY_LIST_MAX)

OlapKeySet *
olap_key_set_create(OlapOrder order, int scale, double expected, size_t memory,
					MemoryContext cxt)
{
	OlapKeySet *set = MemoryContextAllocZero(cxt, sizeof(OlapKeySet));

	set->cxt = cxt;
	set->order = order;
	set->scale = scale;
	set->integers = order == OLAP_ORDER_INT || order == OLAP_ORDER_UINT ||
		(order == OLAP_ORDER_NUMERIC && scale >= 0);
	set->expected = (uint64) Min(Max(expected, 1.0), 1e15);
	set->memory = memory;
	set->summary.bounded = true;
	set->lo = PG_INT64_MAX;
	set->hi = PG_INT64_MIN;
	set->slots = MemoryContextAllocZero(cxt, NSLOTS * sizeof(uint16));
	set->list = MemoryContextAlloc(cxt, OLAP_KEY_LIST_MAX * sizeof(OlapExprValue));
	set->list_keys = MemoryContextAlloc(cxt, OLAP_KEY_LIST_MAX * sizeof(uint64));
	return set;
}

const OlapKeySummary *
olap_key_set_summary(const OlapKeySet *set)
{
	return &set->summary;
}

/* ---- bloom ---- */

/* A filter for n keys; RANGE if there is no memory for one that excludes much. */
static void
make_bloom(OlapKeySet *set, uint64 n)
{
	uint64		words = 64;

	/* a word for four keys is 16 bits a key, up to twice as many by rounding */
	while (words * 4 < n && words * 2 * sizeof(uint64) <= set->memory)
		words *= 2;
	if (words * 64 / BLOOM_BITS_MIN < n)
		return;
	set->bits = MemoryContextAllocExtended(set->cxt, words * sizeof(uint64),
										   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	set->shift = 64 - pg_leftmost_one_pos64(words);
	set->summary.kind = OLAP_KEYS_BLOOM;
}

static void
add_to_bloom(OlapKeySet *set, uint64 key)
{
	uint64		hash = olap_hash_u64(key);

	set->bits[hash >> set->shift] |= olap_key_bloom_mask(hash);
}

/* The array is full: go on without it. */
static void
leave_array(OlapKeySet *set)
{
	make_bloom(set, Max(set->expected, set->nvalues));
	if (set->summary.kind == OLAP_KEYS_BLOOM)
		for (uint64 i = 0; i < set->nvalues; i++)
			add_to_bloom(set, set->values[i]);
	pfree(set->values);
	set->values = NULL;
	set->streaming = true;
}

/* ---- keys as values ---- */

static void
copy_value(OlapKeySet *set, OlapExprValue *to, const OlapExprValue *from)
{
	*to = *from;
	if (set->order < OLAP_ORDER_NUMERIC)
		return;
	to->data = MemoryContextAlloc(set->cxt, Max(from->len, 1));
	if (from->len > 0)
		memcpy((uint8 *) to->data, from->data, from->len);
}

/* A bound; its bytes are in buffer. */
static void
set_bound(OlapKeySet *set, OlapExprValue *to, const OlapExprValue *from,
		  uint8 *buffer)
{
	*to = *from;
	if (set->order < OLAP_ORDER_NUMERIC)
		return;
	Assert(from->len <= OLAP_KEY_BYTES_MAX);
	to->data = buffer;
	if (from->len > 0)
		memcpy(buffer, from->data, from->len);
}

/* Remember the value for the list, if it is a new one. */
static void
add_to_list(OlapKeySet *set, const OlapExprValue *value, uint64 key)
{
	OlapKeySummary *sum = &set->summary;
	uint32		slot = (uint32) (olap_hash_u64(key) % NSLOTS);

	while (set->slots[slot] != 0)
	{
		if (set->list_keys[set->slots[slot] - 1] == key)
			return;
		slot = (slot + 1) % NSLOTS;
	}
	if (sum->nlist == OLAP_KEY_LIST_MAX ||
		(set->order >= OLAP_ORDER_NUMERIC && value->len > OLAP_KEY_BYTES_MAX))
	{
		sum->nlist = -1;
		return;
	}
	copy_value(set, &set->list[sum->nlist], value);
	set->list_keys[sum->nlist] = key;
	set->slots[slot] = (uint16) ++sum->nlist;
}

static int
compare_bytes(const OlapExprValue *a, const OlapExprValue *b)
{
	int			cmp = memcmp(a->data, b->data, Min(a->len, b->len));

	return cmp != 0 ? cmp : a->len < b->len ? -1 : a->len > b->len;
}

static void
widen_bytes(OlapKeySet *set, const OlapExprValue *value)
{
	OlapKeySummary *sum = &set->summary;

	if (value->len > OLAP_KEY_BYTES_MAX)
		sum->bounded = false;
	if (!sum->bounded)
		return;
	if (sum->n == 0 || compare_bytes(value, &sum->lo) < 0)
		set_bound(set, &sum->lo, value, set->lo_bytes);
	if (sum->n == 0 || compare_bytes(value, &sum->hi) > 0)
		set_bound(set, &sum->hi, value, set->hi_bytes);
}

static void
widen_float(OlapKeySet *set, const OlapExprValue *value)
{
	OlapKeySummary *sum = &set->summary;

	if (value->f != value->f)
		sum->bounded = false;
	else
	{
		if (sum->n == 0 || value->f < sum->lo.f)
			sum->lo = *value;
		if (sum->n == 0 || value->f > sum->hi.f)
			sum->hi = *value;
	}
}

static void
widen_integer(OlapKeySet *set, const OlapExprValue *value, int64 number)
{
	OlapKeySummary *sum = &set->summary;
	bool		fits = set->order < OLAP_ORDER_NUMERIC ||
		value->len <= OLAP_KEY_BYTES_MAX;

	sum->bounded &= fits;
	if (number < set->lo)
	{
		set->lo = number;
		if (fits)
			set_bound(set, &sum->lo, value, set->lo_bytes);
	}
	if (number > set->hi)
	{
		set->hi = number;
		if (fits)
			set_bound(set, &sum->hi, value, set->hi_bytes);
	}
}

static void
widen(OlapKeySet *set, const OlapExprValue *value, uint64 key)
{
	if (set->integers)
		widen_integer(set, value, (int64) key);
	else if (set->order == OLAP_ORDER_FLOAT)
		widen_float(set, value);
	else if (set->order == OLAP_ORDER_BYTES)
		widen_bytes(set, value);
	else
		set->summary.bounded = false;
}

/* The number of a key; false: no column of the kind has an equal value. */
static bool
number_of(const OlapKeySet *set, const OlapExprValue *value, uint64 *key)
{
	int64		scaled;

	switch (set->order)
	{
		case OLAP_ORDER_INT:
		case OLAP_ORDER_UINT:
			*key = (uint64) value->i;
			return true;
		case OLAP_ORDER_FLOAT:
			*key = olap_key_of_float(value->f);
			return true;
		case OLAP_ORDER_NUMERIC:
			if (set->scale < 0)
			{
				*key = olap_numeric_hash(value->data, value->len);
				return true;
			}
			if (olap_numeric_floor(value->data, value->len, set->scale,
								   &scaled) != OLAP_DECIMAL_EXACT)
				return false;
			*key = (uint64) scaled;
			return true;
		default:
			*key = olap_key_of_bytes(set->order, value->data, value->len);
			return true;
	}
}

void
olap_key_set_add(OlapKeySet *set, const OlapExprValue *value)
{
	uint64		key;

	if (!number_of(set, value, &key))
	{
		/* vectors that are no decimals, and what zones say of them, may have it */
		set->summary.bounded = false;
		set->summary.nlist = -1;
		return;
	}
	widen(set, value, key);
	set->summary.n++;
	if (set->summary.nlist >= 0)
		add_to_list(set, value, key);
	if (!set->streaming && set->nvalues == set->capacity)
	{
		uint64		capacity = Max(set->capacity * 2, 1024);

		if (set->nvalues * sizeof(uint64) * WAITING_PART >= set->memory)
			leave_array(set);
		else if (set->values == NULL)
			set->values = MemoryContextAlloc(set->cxt, capacity * sizeof(uint64));
		else
			set->values = repalloc_huge(set->values, capacity * sizeof(uint64));
		set->capacity = capacity;
	}
	if (!set->streaming)
		set->values[set->nvalues++] = key;
	else if (set->summary.kind == OLAP_KEYS_BLOOM)
		add_to_bloom(set, key);
}

/* A bitmap of the integers that wait; false if it is not worth its memory. */
static bool
make_bitmap(OlapKeySet *set)
{
	uint64		words = set->span / 64 + 1;

	if (!set->integers || words * sizeof(uint64) > set->memory ||
		(words * sizeof(uint64) > BITMAP_SMALL &&
		 words * 64 / BITMAP_BITS_MAX > set->nvalues))
		return false;
	set->bits = MemoryContextAllocExtended(set->cxt, words * sizeof(uint64),
										   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 i = 0; i < set->nvalues; i++)
	{
		uint64		bit = set->values[i] - (uint64) set->lo;

		set->bits[bit / 64] |= UINT64CONST(1) << bit % 64;
	}
	set->summary.kind = OLAP_KEYS_BITMAP;
	return true;
}

void
olap_key_set_finish(OlapKeySet *set)
{
	OlapKeySummary *sum = &set->summary;

	if (sum->n == 0)
	{
		/* no bit is set: no row has a partner */
		set->bits = MemoryContextAllocZero(set->cxt, 2 * sizeof(uint64));
		set->lo = set->hi = 0;
		set->shift = 63;
		sum->kind = set->integers ? OLAP_KEYS_BITMAP : OLAP_KEYS_BLOOM;
		sum->bounded = false;
		return;
	}
	set->span = set->integers ? (uint64) set->hi - (uint64) set->lo : 0;
	sum->list = sum->nlist > 0 ? set->list : NULL;
	if (set->streaming)
		return;
	if (!make_bitmap(set))
	{
		make_bloom(set, set->nvalues);
		if (sum->kind == OLAP_KEYS_BLOOM)
			for (uint64 i = 0; i < set->nvalues; i++)
				add_to_bloom(set, set->values[i]);
	}
	if (set->values != NULL)
		pfree(set->values);
	set->values = NULL;
}

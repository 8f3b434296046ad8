/*-------------------------------------------------------------------------
 *
 * dict_build.c
 *		Find the distinct values of a vector and number them in order.
 *
 * Rows are hashed once; the table holds the number of the value's first row's
 * entry next to the hash, so a repeated value costs one probe and one
 * comparison.  Only the distinct values are sorted, by 8 bytes at a time: texts
 * of one column tend to share long prefixes, which are then skipped together.
 *
 * src/codec/dict_build.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bswap.h"

#include "codec/codec_internal.h"
#include "codec/dict_build.h"

/* After this many rows, a share of distinct values above the limit ends it. */
#define EARLY_ROWS 8192
#define EARLY_SHARE 0.85

/* A distinct value, and what it is compared by while sorting. */
typedef struct Entry
{
	const uint8 *data;
	uint64		key;			/* 8 bytes from the current depth on */
	uint32		len;
	uint32		number;			/* in order of appearance */
} Entry;

typedef struct Slot
{
	uint32		hash;			/* upper half of the hash */
	uint32		number;			/* of the entry + 1; 0: free */
} Slot;

typedef struct Builder
{
	Slot	   *slots;
	uint32		mask;
	Entry	   *entries;
	uint32		count;
	uint32		capacity;
} Builder;

static void
grow_builder(Builder *b)
{
	uint32		size = (b->mask + 1) * 2;
	Slot	   *slots = palloc0((Size) size * sizeof(Slot));

	for (uint32 i = 0; i <= b->mask; i++)
	{
		uint32		at = b->slots[i].hash & (size - 1);

		if (b->slots[i].number == 0)
			continue;
		while (slots[at].number != 0)
			at = (at + 1) & (size - 1);
		slots[at] = b->slots[i];
	}
	pfree(b->slots);
	b->slots = slots;
	b->mask = size - 1;
	b->capacity = size / 2;
	b->entries = repalloc(b->entries, b->capacity * sizeof(Entry));
}

/* The entry of a value, a new one if it was not there. */
static inline uint32
lookup(Builder *b, const uint8 *data, uint32 len, uint64 hash64)
{
	uint32		hash = (uint32) (hash64 >> 32);
	uint32		at = hash & b->mask;
	Entry	   *entry;

	for (; b->slots[at].number != 0; at = (at + 1) & b->mask)
	{
		entry = &b->entries[b->slots[at].number - 1];
		if (b->slots[at].hash == hash && entry->len == len &&
			memcmp(entry->data, data, len) == 0)
			return b->slots[at].number - 1;
	}
	if (b->count == b->capacity)
	{
		grow_builder(b);
		for (at = hash & b->mask; b->slots[at].number != 0;)
			at = (at + 1) & b->mask;
	}
	entry = &b->entries[b->count];
	entry->data = data;
	entry->len = len;
	entry->number = b->count;
	b->slots[at].hash = hash;
	b->slots[at].number = ++b->count;
	return b->count - 1;
}

/* Number all rows by first appearance. false: too many distinct values. */
static bool
collect(Builder *b, const OlapVector *v, uint32 max, uint32 *codes)
{
	const uint32 *offsets = v->values;
	const uint8 *values = v->values;
	uint32		len = v->width;

	for (uint32 i = 0; i < v->n; i++)
	{
		const uint8 *data = values + (size_t) i * v->width;
		uint64		hash;

		if (v->phys == OLAP_PHYS_VAR)
		{
			const char *p = v->heap + offsets[i];

			if (i > 0 && offsets[i] == offsets[i - 1])
			{
				codes[i] = codes[i - 1];
				continue;
			}
			data = (const uint8 *) VARDATA(p);
			len = VARSIZE(p) - VARHDRSZ;
		}
		if (len == 8)
		{
			memcpy(&hash, data, 8);
			hash = olap_hash_u64(hash);
		}
		else
			hash = olap_hash_bytes(data, len);
		codes[i] = lookup(b, data, len, hash);
		if (b->count > max ||
			(i + 1 == EARLY_ROWS && v->n >= 2 * EARLY_ROWS &&
			 b->count > EARLY_SHARE * EARLY_ROWS))
			return false;
	}
	return true;
}

static inline uint64
key_at(const Entry *e, uint32 depth)
{
	uint64		key = 0;
	uint32		left = e->len - depth;

	if (left >= 8)
		memcpy(&key, e->data + depth, 8);
	else
		memcpy(&key, e->data + depth, left);
	return pg_ntoh64(key);
}

/* By key, then by how many bytes the key stands for. */
static inline bool
entry_below(const Entry *a, const Entry *b, uint32 depth)
{
	if (a->key != b->key)
		return a->key < b->key;
	return Min(a->len - depth, 8) < Min(b->len - depth, 8);
}

static void
sift_down(Entry *e, uint32 root, uint32 n, uint32 depth)
{
	Entry		top = e[root];

	for (uint32 child; (child = 2 * root + 1) < n; root = child)
	{
		if (child + 1 < n && entry_below(&e[child], &e[child + 1], depth))
			child++;
		if (!entry_below(&top, &e[child], depth))
			break;
		e[root] = e[child];
	}
	e[root] = top;
}

static void
heap_sort(Entry *e, uint32 n, uint32 depth)
{
	for (uint32 i = n / 2; i-- > 0;)
		sift_down(e, i, n, depth);
	for (uint32 i = n; i-- > 1;)
	{
		Entry		last = e[i];

		e[i] = e[0];
		e[0] = last;
		sift_down(e, 0, i, depth);
	}
}

/* Quicksort by the keys at one depth; heapsort where it degenerates. */
static void
sort_keys(Entry *e, uint32 n, uint32 depth, int budget)
{
	while (n > 16)
	{
		Entry		pivot = e[n / 2];
		uint32		lo = 0;
		uint32		hi = n - 1;

		if (budget-- == 0)
		{
			heap_sort(e, n, depth);
			return;
		}
		for (;;)
		{
			while (entry_below(&e[lo], &pivot, depth))
				lo++;
			while (entry_below(&pivot, &e[hi], depth))
				hi--;
			if (lo >= hi)
				break;
			{
				Entry		swap = e[lo];

				e[lo++] = e[hi];
				e[hi--] = swap;
			}
		}
		if (lo == 0)
			lo = 1;
		sort_keys(e, lo, depth, budget);
		e += lo;
		n -= lo;
	}
	for (uint32 i = 1; i < n; i++)
	{
		Entry		value = e[i];
		uint32		k = i;

		for (; k > 0 && entry_below(&value, &e[k - 1], depth); k--)
			e[k] = e[k - 1];
		e[k] = value;
	}
}

/* Bytes from depth on that all entries share. */
static uint32
shared_prefix(const Entry *e, uint32 n, uint32 depth)
{
	uint32		shared = e[0].len - depth;

	for (uint32 i = 1; i < n && shared > 0; i++)
	{
		uint32		left = Min(shared, e[i].len - depth);
		const uint8 *a = e[0].data + depth;
		const uint8 *b = e[i].data + depth;

		if (left == shared && memcmp(a, b, left) == 0)
			continue;
		for (shared = 0; shared < left && a[shared] == b[shared];)
			shared++;
	}
	return shared;
}

/* Sort byte strings that are equal up to depth, and at least that long. */
static void
sort_bytes(Entry *e, uint32 n, uint32 depth)
{
	depth += shared_prefix(e, n, depth);
	for (uint32 i = 0; i < n; i++)
		e[i].key = key_at(&e[i], depth);
	sort_keys(e, n, depth, 2 * olap_bits_for(n));
	for (uint32 i = 0, end; i < n; i = end)
	{
		for (end = i + 1; end < n && e[end].key == e[i].key; end++)
			;
		/* those that end within the key come first, and are in order */
		while (i < end && e[i].len - depth < 8)
			i++;
		if (end - i > 1)
			sort_bytes(e + i, end - i, depth + 8);
	}
}

/* Integers sort by value, floats by their bits. */
static void
sort_numbers(const OlapVector *v, Entry *e, uint32 n)
{
	int			bits = v->width * 8;
	uint64		flip = olap_phys_is_integer(v->phys)
		? UINT64CONST(1) << (bits - 1) : 0;

	for (uint32 i = 0; i < n; i++)
	{
		uint64		key = 0;

		memcpy(&key, e[i].data, v->width);
		e[i].key = key ^ flip;
	}
	sort_keys(e, n, 0, 2 * olap_bits_for(n));
}

static void
fill_entries(const Builder *b, const OlapVector *v, OlapVector *entries)
{
	OlapColumnType type = {.phys = v->phys, .scale = v->scale,
		.width = v->width, .typalign = v->typalign};

	olap_vector_init(entries, &type, b->count, CurrentMemoryContext);
	for (uint32 i = 0; i < b->count; i++)
	{
		const Entry *e = &b->entries[i];

		if (v->phys == OLAP_PHYS_VAR)
			olap_vector_append_var(entries, (const char *) e->data, e->len);
		else
			memcpy((char *) entries->values + (size_t) i * v->width, e->data,
				   v->width);
	}
	entries->n = b->count;
}

bool
olap_dict_build(const OlapVector *v, uint32 max, OlapVector *entries,
				uint32 *codes)
{
	Builder		b = {.mask = 4095, .capacity = 2048};
	bool		ok;

	b.slots = palloc0((b.mask + 1) * sizeof(Slot));
	b.entries = palloc(b.capacity * sizeof(Entry));
	ok = collect(&b, v, max, codes);
	if (ok)
	{
		uint32	   *rank = palloc(b.count * sizeof(uint32));

		if (v->phys == OLAP_PHYS_VAR || v->phys == OLAP_PHYS_FIXED)
			sort_bytes(b.entries, b.count, 0);
		else
			sort_numbers(v, b.entries, b.count);
		for (uint32 i = 0; i < b.count; i++)
			rank[b.entries[i].number] = i;
		for (uint32 i = 0; i < v->n; i++)
			codes[i] = rank[codes[i]];
		fill_entries(&b, v, entries);
		pfree(rank);
	}
	pfree(b.slots);
	pfree(b.entries);
	return ok;
}

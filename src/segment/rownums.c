/*-------------------------------------------------------------------------
 *
 * rownums.c
 *		Row numbers that are not one run: ranges, and finding a row by number.
 *
 * src/segment/rownums.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "lib/ilist.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "segment/rownums.h"

/* Memory that the maps of a backend may take. */
#define MAPS_MAX_BYTES ((Size) 32 * 1024 * 1024)
/* A map's entry is a row number and a position in the row group. */
#define POSITION_BITS 16

StaticAssertDecl(OLAP_ROWGROUP_ROWS <= 1 << POSITION_BITS,
				 "a position in a row group has 16 bits");

void
olap_row_number_type(OlapColumnType *type)
{
	memset(type, 0, sizeof(*type));
	type->typid = INT8OID;
	type->typmod = -1;
	type->typlen = sizeof(int64);
	type->typbyval = true;
	type->typalign = TYPALIGN_DOUBLE;
	olap_column_type_resolve(type);
}

/* ---- sorting ---- */

/* One pass of a radix sort by the byte at shift. */
static void
sort_byte(const uint64 *from, uint64 *to, uint32 n, int shift)
{
	uint32		start[257] = {0};

	for (uint32 i = 0; i < n; i++)
		start[((from[i] >> shift) & 0xFF) + 1]++;
	for (int i = 0; i < 256; i++)
		start[i + 1] += start[i];
	for (uint32 i = 0; i < n; i++)
		to[start[(from[i] >> shift) & 0xFF]++] = from[i];
}

void
olap_sort_u64(uint64 *values, uint64 *scratch, uint32 n)
{
	uint64		differ = 0;
	bool		sorted = true;
	uint64	   *from = values;
	uint64	   *to = scratch;

	for (uint32 i = 1; i < n; i++)
	{
		differ |= values[i] ^ values[0];
		sorted &= values[i - 1] <= values[i];
	}
	if (sorted)
		return;
	for (int shift = 0; shift < 64; shift += 8)
	{
		uint64	   *swap = from;

		if (((differ >> shift) & 0xFF) == 0)
			continue;
		sort_byte(from, to, n, shift);
		from = to;
		to = swap;
	}
	if (from != values)
		memcpy(values, from, n * sizeof(uint64));
}

/* ---- ranges ---- */

static int
compare_gaps_descending(const void *a, const void *b)
{
	uint32		ga = *(const uint32 *) a;
	uint32		gb = *(const uint32 *) b;

	return ga < gb ? 1 : ga > gb ? -1 : 0;
}

/*
 * The gap from which on ranges are kept apart, so that there are not too many;
 * *equal gets how many gaps of just this size are.
 */
static uint32
least_gap(const uint64 *rows, uint32 n, uint32 *equal)
{
	uint32	   *gaps = palloc_extended(n * sizeof(uint32), MCXT_ALLOC_HUGE);
	uint32		ngaps = 0;
	uint32		least = 2;

	*equal = PG_UINT32_MAX;
	for (uint32 i = 1; i < n; i++)
	{
		uint32		gap = (uint32) (rows[i] / OLAP_VBLOCK_ROWS -
									rows[i - 1] / OLAP_VBLOCK_ROWS);

		if (gap > 1)
			gaps[ngaps++] = gap;
	}
	if (ngaps >= OLAP_SEG_MAX_RANGES)
	{
		uint32		last = OLAP_SEG_MAX_RANGES - 2;

		qsort(gaps, ngaps, sizeof(uint32), compare_gaps_descending);
		least = gaps[last];
		for (*equal = 1; *equal <= last && gaps[last - *equal] == least;)
			(*equal)++;
	}
	pfree(gaps);
	return least;
}

int
olap_row_ranges(uint64 *rows, uint32 n, OlapSegRange *ranges)
{
	uint64	   *scratch = palloc_extended(n * sizeof(uint64), MCXT_ALLOC_HUGE);
	uint32		equal;
	uint32		least;
	int			count = 0;

	olap_sort_u64(rows, scratch, n);
	pfree(scratch);
	least = least_gap(rows, n, &equal);
	for (uint32 i = 0; i < n; i++)
	{
		uint32		vblock = (uint32) (rows[i] / OLAP_VBLOCK_ROWS);
		uint32		gap = count == 0 ? 0 :
			vblock - (ranges[count - 1].first + ranges[count - 1].n - 1);

		if (count == 0 || gap > least || (gap == least && equal > 0))
		{
			if (count > 0 && gap == least)
				equal--;
			ranges[count].first = vblock;
			ranges[count].n = 1;
			count++;
		}
		else
			ranges[count - 1].n = vblock - ranges[count - 1].first + 1;
	}
	return count;
}

/* ---- maps ---- */

typedef struct MapKey
{
	RelFileLocator locator;
	uint32		id;				/* of the entry */
	int32		rg;				/* RANGES_OF: the ranges of the segment */
} MapKey;

#define RANGES_OF (-1)

typedef struct RowMap
{
	MapKey		key;
	dlist_node	node;			/* latest used first */
	uint32		n;
	Size		size;
	union
	{
		void	   *data;
		uint64	   *rows;		/* number << POSITION_BITS | position, ascending */
		OlapSegRange *ranges;
	}			u;
} RowMap;

static HTAB *maps = NULL;
static MemoryContext maps_cxt = NULL;
static Size maps_bytes = 0;
static dlist_head maps_lru = DLIST_STATIC_INIT(maps_lru);

static void
drop_map(RowMap *map)
{
	maps_bytes -= map->size;
	dlist_delete(&map->node);
	pfree(map->u.data);
	hash_search(maps, &map->key, HASH_REMOVE, NULL);
}

void
olap_rownum_forget(Relation rel)
{
	HASH_SEQ_STATUS status;
	RowMap	   *map;

	if (maps == NULL)
		return;
	hash_seq_init(&status, maps);
	while ((map = hash_seq_search(&status)) != NULL)
		if (RelFileLocatorEquals(map->key.locator, rel->rd_locator))
			drop_map(map);
}

static void
create_maps(void)
{
	HASHCTL		ctl = {0};

	if (maps_cxt == NULL)
		maps_cxt = AllocSetContextCreate(TopMemoryContext, "olap row maps",
										 ALLOCSET_DEFAULT_SIZES);
	ctl.keysize = sizeof(MapKey);
	ctl.entrysize = sizeof(RowMap);
	ctl.hcxt = maps_cxt;
	maps = hash_create("olap row maps", 64, &ctl,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* A map that is there; NULL if it is not. */
static RowMap *
known_map(Relation rel, uint32 id, int rg, MapKey *key)
{
	RowMap	   *map;

	memset(key, 0, sizeof(*key));
	key->locator = rel->rd_locator;
	key->id = id;
	key->rg = rg;
	if (maps == NULL)
		create_maps();
	map = hash_search(maps, key, HASH_FIND, NULL);
	if (map != NULL)
		dlist_move_head(&maps_lru, &map->node);
	return map;
}

/* Keep a copy of data[n]; maps that were not used for long make room. */
static RowMap *
keep_map(const MapKey *key, const void *data, uint32 n, Size size)
{
	void	   *copy;
	RowMap	   *map;
	bool		found;

	while (!dlist_is_empty(&maps_lru) && maps_bytes + size > MAPS_MAX_BYTES)
		drop_map(dlist_container(RowMap, node, dlist_tail_node(&maps_lru)));
	copy = MemoryContextAllocHuge(maps_cxt, size);
	memcpy(copy, data, size);
	map = hash_search(maps, key, HASH_ENTER, &found);
	map->u.data = copy;
	map->n = n;
	map->size = size;
	maps_bytes += size;
	dlist_push_head(&maps_lru, &map->node);
	return map;
}

static RowMap *
rows_map(Relation rel, OlapSegment *segment, uint32 id, int rg)
{
	uint32		nrows = olap_segment_rowgroup_rows(segment, rg);
	MapKey		key;
	RowMap	   *map = known_map(rel, id, rg, &key);
	uint64	   *rows;
	uint64	   *scratch;

	if (map != NULL)
		return map;
	rows = palloc(nrows * sizeof(uint64));
	scratch = palloc(Max(nrows, OLAP_VECTOR_ROWS) * sizeof(uint64));
	for (uint32 first = 0; first < nrows;)
	{
		uint32		n = olap_segment_row_numbers(segment, rg,
												 first / OLAP_VECTOR_ROWS, scratch);

		for (uint32 i = 0; i < n; i++)
			rows[first + i] = scratch[i] << POSITION_BITS | (first + i);
		first += n;
	}
	olap_sort_u64(rows, scratch, nrows);
	map = keep_map(&key, rows, nrows, nrows * sizeof(uint64));
	pfree(rows);
	pfree(scratch);
	return map;
}

static bool
find_in_map(const RowMap *map, uint64 row, uint32 *position)
{
	uint32		low = 0,
				high = map->n;

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (map->u.rows[middle] >> POSITION_BITS < row)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == map->n || map->u.rows[low] >> POSITION_BITS != row)
		return false;
	*position = map->u.rows[low] & ((1 << POSITION_BITS) - 1);
	return true;
}

bool
olap_rownum_covers(Relation rel, const OlapDirEntry *entry, BlockNumber vblock)
{
	MapKey		key;
	RowMap	   *map = known_map(rel, entry->id, RANGES_OF, &key);

	if (map == NULL)
	{
		OlapSegment *segment = olap_segment_open(rel, entry,
												 CurrentMemoryContext, NULL);
		const OlapSegRange *ranges;
		int			n;

		ranges = olap_segment_ranges(segment, &n);
		map = keep_map(&key, ranges, n, n * sizeof(OlapSegRange));
		olap_segment_close(segment);
	}
	return olap_seg_in_ranges(map->u.ranges, map->n, vblock);
}

bool
olap_rownum_find(Relation rel, OlapSegment *segment, const OlapDirEntry *entry,
				 uint64 row, uint32 *index)
{
	for (int rg = 0; rg < olap_segment_rowgroups(segment); rg++)
	{
		uint32		position;

		if (olap_segment_rowgroup_covers(segment, rg, row) &&
			find_in_map(rows_map(rel, segment, entry->id, rg), row, &position))
		{
			*index = olap_segment_rowgroup_first(segment, rg) + position;
			return true;
		}
	}
	return false;
}

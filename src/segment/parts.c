/*-------------------------------------------------------------------------
 *
 * parts.c
 *		Make the sketches, blooms and bitmap indexes of a segment's columns.
 *
 * A bloom is made for every row group, and kept only if it can exclude some: not
 * where most row groups have the same values, nor where rows are sorted so that
 * their zones exclude as much. A bitmap index likewise: not where all values are
 * common, nor where rows are sorted.
 *
 * src/segment/parts.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "index/bloom.h"
#include "segment/parts.h"
#include "vector/vector_hash.h"

/* Different values that a single row group must have to be worth a bloom. */
#define BLOOM_MIN_VALUES 64

/* A column's sketch. */
typedef struct ColumnSketch
{
	int			col;
	OlapHashKind kind;			/* NONE: cannot be sketched */
	OlapHll		hll;
} ColumnSketch;

/* A column's blooms. */
typedef struct ColumnBloom
{
	int			col;
	OlapHashKind kind;			/* NONE: cannot be looked up */
	OlapPartState state;		/* decided by olap_parts_count() */
	OlapZone	zones[OLAP_SEGMENT_MAX_ROWGROUPS];
	uint32		values[OLAP_SEGMENT_MAX_ROWGROUPS];
	OlapDistinctKept distinct;	/* of all row groups */
	OlapBytes	bytes;			/* of all row groups */
} ColumnBloom;

/* A column's bitmap indexes. */
typedef struct ColumnBitmap
{
	int			col;
	OlapHashKind kind;			/* NONE: cannot be looked up */
	OlapPartState state;		/* decided by olap_parts_count() */
	OlapZone	zones[OLAP_SEGMENT_MAX_ROWGROUPS];
	uint32		values[OLAP_SEGMENT_MAX_ROWGROUPS];
	uint32		lengths[OLAP_SEGMENT_MAX_ROWGROUPS];
	uint8		bits[OLAP_SEGMENT_MAX_ROWGROUPS];
	uint64		listed;			/* rows */
	OlapBytes	bytes;			/* of all row groups */
} ColumnBitmap;

struct OlapParts
{
	MemoryContext cxt;
	int			nrowgroups;
	int			nhll;
	ColumnSketch *hll;			/* [nhll], ascending by column */
	int			nbloom;
	ColumnBloom *bloom;			/* [nbloom], ascending by column */
	int			nbitmap;
	ColumnBitmap *bitmap;		/* [nbitmap], ascending by column */
};

/* How values of a column are hashed; NONE if they can't be. */
static OlapHashKind
column_kind(const OlapColumnType *type, bool *portable)
{
	OlapHashKind kind = olap_hash_kind_of_type(type->typid, type->collation,
											   portable);

	return olap_vector_hashable(type, kind) ? kind : OLAP_HASH_NONE;
}

static void
init_sketch(ColumnSketch *sketch, const OlapColumnType *type, int col,
			MemoryContext cxt)
{
	bool		portable;

	sketch->col = col;
	sketch->kind = column_kind(type, &portable);
	olap_hll_init(&sketch->hll, OLAP_HLL_DEFAULT_BITS, cxt);
	sketch->hll.flags = portable ? 0 : OLAP_HLL_NOT_PORTABLE;
}

static void
init_bloom(ColumnBloom *bloom, const OlapColumnType *type, int col,
		   MemoryContext cxt)
{
	bool		portable;

	bloom->col = col;
	bloom->kind = column_kind(type, &portable);
	if (!olap_bloom_fits(olap_zone_kind(type), bloom->kind))
		bloom->kind = OLAP_HASH_NONE;
	olap_bytes_init(&bloom->bytes, cxt);
}

static void
init_bitmap(ColumnBitmap *bitmap, const OlapColumnType *type, int col,
			MemoryContext cxt)
{
	bool		portable;

	bitmap->col = col;
	bitmap->kind = column_kind(type, &portable);
	if (!olap_bloom_fits(olap_zone_kind(type), bitmap->kind))
		bitmap->kind = OLAP_HASH_NONE;
	olap_bytes_init(&bitmap->bytes, cxt);
}

static int
compare_attnos(const void *a, const void *b)
{
	return *(const AttrNumber *) a - *(const AttrNumber *) b;
}

/* The columns of a list that there are, ascending; returns how many. */
static int
wanted_columns(const AttrNumber *list, int n, const OlapColumnType *types,
			   int ncols, AttrNumber *attnos)
{
	int			count = 0;

	for (int i = 0; i < n; i++)
		if (list[i] <= ncols && !types[list[i] - 1].dropped)
			attnos[count++] = list[i];
	qsort(attnos, count, sizeof(AttrNumber), compare_attnos);
	return count;
}

OlapParts *
olap_parts_create(const OlapOptions *options, const OlapColumnType *types,
				  int ncols, MemoryContext cxt)
{
	AttrNumber *attnos;
	OlapParts  *parts;

	if (options->nhll == 0 && options->nbloom == 0 && options->nbitmap == 0)
		return NULL;
	attnos = palloc(Max(Max(options->nhll, options->nbloom), options->nbitmap) *
					sizeof(AttrNumber));
	parts = MemoryContextAllocZero(cxt, sizeof(OlapParts));
	parts->cxt = cxt;
	parts->nhll = wanted_columns(options->hll, options->nhll, types, ncols, attnos);
	parts->hll = MemoryContextAllocZero(cxt, Max(parts->nhll, 1) * sizeof(ColumnSketch));
	for (int i = 0; i < parts->nhll; i++)
		init_sketch(&parts->hll[i], &types[attnos[i] - 1], attnos[i] - 1, cxt);
	parts->nbloom = wanted_columns(options->bloom, options->nbloom, types, ncols, attnos);
	parts->bloom = MemoryContextAllocZero(cxt, Max(parts->nbloom, 1) * sizeof(ColumnBloom));
	for (int i = 0; i < parts->nbloom; i++)
		init_bloom(&parts->bloom[i], &types[attnos[i] - 1], attnos[i] - 1, cxt);
	parts->nbitmap = wanted_columns(options->bitmap, options->nbitmap, types, ncols, attnos);
	parts->bitmap = MemoryContextAllocZero(cxt, Max(parts->nbitmap, 1) * sizeof(ColumnBitmap));
	for (int i = 0; i < parts->nbitmap; i++)
		init_bitmap(&parts->bitmap[i], &types[attnos[i] - 1], attnos[i] - 1, cxt);
	pfree(attnos);
	return parts;
}

static void
add_bloom(ColumnBloom *bloom, const OlapVector *v, const OlapSegChunk *chunk,
		  int rg)
{
	uint64	   *hashes = palloc_extended(Max(v->n, 1) * sizeof(uint64),
										 MCXT_ALLOC_HUGE);
	size_t		size = olap_bloom_size(chunk->distinct);
	uint8	   *out = olap_bytes_reserve(&bloom->bytes, size);

	memset(out, 0, size);
	bloom->bytes.len += size;
	olap_bloom_add(out, size, hashes,
				   olap_vector_hash_values(v, bloom->kind, NULL, v->n, hashes));
	pfree(hashes);
	bloom->zones[rg] = chunk->zone;
	bloom->values[rg] = chunk->distinct;
	olap_distinct_merge(&bloom->distinct, &chunk->sketch);
}

static void
add_bitmap(ColumnBitmap *bitmap, const OlapVector *v, const OlapSegChunk *chunk,
		   int rg)
{
	uint64	   *hashes = palloc(Max(v->n, 1) * sizeof(uint64));
	size_t		before = bitmap->bytes.len;

	bitmap->bits[rg] = olap_bitmap_bits(chunk->distinct, v->n);
	olap_vector_hash(v, bitmap->kind, hashes);
	bitmap->listed += olap_bitmap_build(hashes, v->valid, v->n, bitmap->bits[rg],
										&bitmap->bytes);
	pfree(hashes);
	bitmap->zones[rg] = chunk->zone;
	bitmap->values[rg] = chunk->distinct;
	bitmap->lengths[rg] = (uint32) (bitmap->bytes.len - before);
}

void
olap_parts_add(OlapParts *parts, const OlapVector *cols,
			   const OlapSegChunk *chunks)
{
	for (int i = 0; i < parts->nhll; i++)
	{
		ColumnSketch *sketch = &parts->hll[i];

		CHECK_FOR_INTERRUPTS();
		if (sketch->kind != OLAP_HASH_NONE)
			olap_vector_count(&cols[sketch->col], sketch->kind, NULL,
							  cols[sketch->col].n, &sketch->hll);
	}
	for (int i = 0; i < parts->nbloom; i++)
	{
		ColumnBloom *bloom = &parts->bloom[i];

		CHECK_FOR_INTERRUPTS();
		if (bloom->kind != OLAP_HASH_NONE)
			add_bloom(bloom, &cols[bloom->col], &chunks[bloom->col],
					  parts->nrowgroups);
	}
	for (int i = 0; i < parts->nbitmap; i++)
	{
		ColumnBitmap *bitmap = &parts->bitmap[i];

		CHECK_FOR_INTERRUPTS();
		if (bitmap->kind != OLAP_HASH_NONE)
			add_bitmap(bitmap, &cols[bitmap->col], &chunks[bitmap->col],
					   parts->nrowgroups);
	}
	parts->nrowgroups++;
}

/* ---- is it worth it? ---- */

/*
 * Is a value in more row groups than half way between one and all of them?  (A
 * small row group cannot have them all; the estimate is off by some per cent.)
 */
static bool
values_recur(const ColumnBloom *bloom, int n)
{
	double		all = olap_distinct_kept_estimate(&bloom->distinct);
	double		sum = 0;

	for (int rg = 0; rg < n; rg++)
	{
		sum += bloom->values[rg];
		all = Max(all, bloom->values[rg]);
	}
	return n == 1 ? sum < BLOOM_MIN_VALUES : sum > 0.5 * all * (n + 1);
}

/* Do few zones overlap? */
static bool
is_ordered(const OlapZone *zones, int n)
{
	int			pairs = 0;

	for (int i = 0; i < n; i++)
		for (int j = 0; j < i; j++)
			pairs += olap_zone_overlaps(&zones[i], &zones[j]);
	return n > 1 && pairs * 2 < n;
}

static OlapPartState
judge(const ColumnBloom *bloom, int n)
{
	if (bloom->kind == OLAP_HASH_NONE)
		return OLAP_PART_TYPE;
	if (values_recur(bloom, n))
		return OLAP_PART_FEW_VALUES;
	return is_ordered(bloom->zones, n) ? OLAP_PART_ORDERED : OLAP_PART_BUILT;
}

static OlapPartState
judge_bitmap(const ColumnBitmap *bitmap, int n)
{
	if (bitmap->kind == OLAP_HASH_NONE)
		return OLAP_PART_TYPE;
	if (bitmap->listed == 0)
		return OLAP_PART_FEW_VALUES;
	return is_ordered(bitmap->zones, n) ? OLAP_PART_ORDERED : OLAP_PART_BUILT;
}

uint32
olap_parts_count(OlapParts *parts)
{
	uint32		n = parts->nhll;

	for (int i = 0; i < parts->nbloom; i++)
	{
		parts->bloom[i].state = judge(&parts->bloom[i], parts->nrowgroups);
		n += parts->bloom[i].state == OLAP_PART_BUILT ? parts->nrowgroups : 1;
	}
	for (int i = 0; i < parts->nbitmap; i++)
	{
		parts->bitmap[i].state = judge_bitmap(&parts->bitmap[i], parts->nrowgroups);
		n += parts->bitmap[i].state == OLAP_PART_BUILT ? parts->nrowgroups : 1;
	}
	return n;
}

uint32
olap_parts_version(const OlapParts *parts)
{
	return parts->nbitmap > 0 ? OLAP_SEG_VERSION_BITMAPS : OLAP_SEG_VERSION_PARTS;
}

/* ---- finishing ---- */

static void
finish_sketch(const ColumnSketch *sketch, OlapSegPart *part, OlapBytes *bytes)
{
	part->kind = OLAP_PART_HLL;
	part->col = (uint16) sketch->col;
	part->rowgroup = OLAP_PART_WHOLE;
	part->hash = sketch->kind;
	part->state = sketch->kind == OLAP_HASH_NONE ? OLAP_PART_TYPE : OLAP_PART_BUILT;
	part->offset = bytes->len;
	if (part->state != OLAP_PART_BUILT)
		return;
	part->length = (uint32) olap_hll_stored_size(&sketch->hll);
	olap_hll_store(&sketch->hll, olap_bytes_reserve(bytes, part->length));
	bytes->len += part->length;
}

/* Returns the descriptor behind the column's. */
static OlapSegPart *
finish_bloom(const ColumnBloom *bloom, int nrowgroups, OlapSegPart *part,
			 OlapBytes *bytes)
{
	bool		built = bloom->state == OLAP_PART_BUILT;
	uint64		offset = bytes->len;

	if (built)
		olap_bytes_append(bytes, bloom->bytes.data, bloom->bytes.len);
	for (int rg = 0; rg < (built ? nrowgroups : 1); rg++, part++)
	{
		part->kind = OLAP_PART_BLOOM;
		part->col = (uint16) bloom->col;
		part->rowgroup = built ? (uint16) rg : OLAP_PART_WHOLE;
		part->hash = bloom->kind;
		part->state = bloom->state;
		part->offset = offset;
		if (!built)
			continue;
		part->values = bloom->values[rg];
		part->length = (uint32) olap_bloom_size(part->values);
		offset += part->length;
	}
	return part;
}

/* Likewise. */
static OlapSegPart *
finish_bitmap(const ColumnBitmap *bitmap, int nrowgroups, OlapSegPart *part,
			  OlapBytes *bytes)
{
	bool		built = bitmap->state == OLAP_PART_BUILT;
	uint64		offset = bytes->len;

	if (built)
		olap_bytes_append(bytes, bitmap->bytes.data, bitmap->bytes.len);
	for (int rg = 0; rg < (built ? nrowgroups : 1); rg++, part++)
	{
		part->kind = OLAP_PART_BITMAP;
		part->col = (uint16) bitmap->col;
		part->rowgroup = built ? (uint16) rg : OLAP_PART_WHOLE;
		part->hash = bitmap->kind;
		part->state = bitmap->state;
		part->offset = offset;
		if (!built)
			continue;
		part->bits = bitmap->bits[rg];
		part->values = bitmap->values[rg];
		part->length = bitmap->lengths[rg];
		offset += part->length;
	}
	return part;
}

void
olap_parts_finish(OlapParts *parts, OlapSegPart *descriptors, OlapBytes *bytes)
{
	for (int i = 0; i < parts->nhll; i++)
		finish_sketch(&parts->hll[i], descriptors++, bytes);
	for (int i = 0; i < parts->nbloom; i++)
		descriptors = finish_bloom(&parts->bloom[i], parts->nrowgroups,
								   descriptors, bytes);
	for (int i = 0; i < parts->nbitmap; i++)
		descriptors = finish_bitmap(&parts->bitmap[i], parts->nrowgroups,
									descriptors, bytes);
}

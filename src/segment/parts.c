/*-------------------------------------------------------------------------
 *
 * parts.c
 *		Make the sketches of a segment's columns.
 *
 * src/segment/parts.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "segment/parts.h"
#include "vector/vector_hash.h"

/* A column's sketch. */
typedef struct ColumnSketch
{
	int			col;
	OlapHashKind kind;			/* NONE: cannot be sketched */
	OlapHll		hll;
} ColumnSketch;

struct OlapParts
{
	MemoryContext cxt;
	int			nhll;
	ColumnSketch *hll;			/* [nhll], ascending by column */
};

static int
compare_columns(const void *a, const void *b)
{
	return ((const ColumnSketch *) a)->col - ((const ColumnSketch *) b)->col;
}

static void
init_sketch(ColumnSketch *sketch, const OlapColumnType *type, int col,
			MemoryContext cxt)
{
	bool		portable;

	sketch->col = col;
	sketch->kind = olap_hash_kind_of_type(type->typid, type->collation, &portable);
	if (!olap_vector_hashable(type, sketch->kind))
		sketch->kind = OLAP_HASH_NONE;
	olap_hll_init(&sketch->hll, OLAP_HLL_DEFAULT_BITS, cxt);
	sketch->hll.flags = portable ? 0 : OLAP_HLL_NOT_PORTABLE;
}

OlapParts *
olap_parts_create(const OlapOptions *options, const OlapColumnType *types,
				  int ncols, MemoryContext cxt)
{
	OlapParts  *parts;

	if (options->nhll == 0)
		return NULL;
	parts = MemoryContextAllocZero(cxt, sizeof(OlapParts));
	parts->cxt = cxt;
	parts->hll = MemoryContextAllocZero(cxt, options->nhll * sizeof(ColumnSketch));
	for (int i = 0; i < options->nhll; i++)
	{
		int			col = options->hll[i] - 1;

		if (col < ncols && !types[col].dropped)
			init_sketch(&parts->hll[parts->nhll++], &types[col], col, cxt);
	}
	qsort(parts->hll, parts->nhll, sizeof(ColumnSketch), compare_columns);
	return parts;
}

void
olap_parts_add(OlapParts *parts, const OlapVector *cols)
{
	for (int i = 0; i < parts->nhll; i++)
	{
		ColumnSketch *sketch = &parts->hll[i];

		CHECK_FOR_INTERRUPTS();
		if (sketch->kind != OLAP_HASH_NONE)
			olap_vector_count(&cols[sketch->col], sketch->kind, NULL,
							  cols[sketch->col].n, &sketch->hll);
	}
}

uint32
olap_parts_count(const OlapParts *parts)
{
	return parts->nhll;
}

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

void
olap_parts_finish(OlapParts *parts, OlapSegPart *descriptors, OlapBytes *bytes)
{
	for (int i = 0; i < parts->nhll; i++)
		finish_sketch(&parts->hll[i], descriptors++, bytes);
}

/*-------------------------------------------------------------------------
 *
 * encode_slot.c
 *		A column of a row group encoded; row groups in slots of shared memory.
 *
 * Nothing here looks at the catalogs: a column's type and its values are all
 * that encoding, counting and zones need (zones of text are of its bytes).
 *
 * src/segment/encode_slot.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>
#include <signal.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "segment/encode_internal.h"

/* Arrays have room behind their end, as those of vectors have. */
#define ARRAY_PAD 64

void
olap_encode_column(const OlapColumnType *type, const OlapVector *v,
				   OlapBytes *bytes, OlapSegChunk *chunk)
{
	OlapDistinct *distinct;
	OlapChunkInfo info;

	memset(chunk, 0, sizeof(*chunk));
	if (type->dropped)
		return;
	chunk->offset = bytes->len;
	distinct = palloc0(sizeof(OlapDistinct));
	olap_chunk_encode_counted(v, bytes, &info, distinct);
	/* a chunk of 4 GB is an error above */
	chunk->length = (uint32) (bytes->len - chunk->offset);
	chunk->raw_bytes = info.raw_bytes;
	chunk->nulls = info.nulls;
	chunk->encoding = info.encoding;
	chunk->phys = info.phys;
	chunk->scale = info.scale;

	chunk->distinct = info.distinct > 0 ? info.distinct :
		(uint32) rint(Min(olap_distinct_estimate(distinct), v->n - info.nulls));
	olap_distinct_pack(distinct, &chunk->sketch);
	olap_zone_build(&chunk->zone, type, v);
}

/* ---- raw row groups ---- */

static size_t
valid_size(const OlapVector *v)
{
	return v->valid == NULL ? 0 : ((size_t) v->n + 63) / 64 * sizeof(uint64);
}

static size_t
padded(size_t size)
{
	return size == 0 ? 0 : MAXALIGN(size + ARRAY_PAD);
}

size_t
olap_encode_raw_size(const OlapColumnType *types, int ncols,
					 const OlapVector *cols)
{
	size_t		size = MAXALIGN((size_t) ncols * sizeof(OlapEncodeColumn));

	for (int i = 0; i < ncols; i++)
		if (!types[i].dropped)
			size += padded(valid_size(&cols[i])) +
				padded((size_t) cols[i].n * cols[i].width) +
				padded(cols[i].heap_len);
	return size;
}

/* Copy an array to *end; returns where it is, 0 if it is empty. */
static size_t
put_array(uint8 *data, size_t *end, const void *src, size_t size)
{
	size_t		start = *end;

	if (size == 0)
		return 0;
	memcpy(data + start, src, size);
	memset(data + start + size, 0, ARRAY_PAD);
	*end += padded(size);
	return start;
}

void
olap_encode_put(OlapEncodeArea *area, OlapEncodeSlot *slot,
				const OlapColumnType *types, int ncols, const OlapVector *cols,
				uint32 nrows)
{
	uint8	   *data = olap_encode_slot_data(area, slot);
	OlapEncodeColumn *columns = (OlapEncodeColumn *) data;
	size_t		end = MAXALIGN((size_t) ncols * sizeof(OlapEncodeColumn));

	slot->nrows = nrows;
	slot->ncols = ncols;
	for (int i = 0; i < ncols; i++)
	{
		const OlapVector *v = &cols[i];
		OlapEncodeColumn *c = &columns[i];

		memset(c, 0, sizeof(*c));
		c->type = types[i];
		if (types[i].dropped)
			continue;
		if (v->n != nrows)
			elog(ERROR, "column %d of a row group has %u rows, expected %u",
				 i, v->n, nrows);
		c->vector.phys = v->phys;
		c->vector.scale = v->scale;
		c->vector.typalign = v->typalign;
		c->vector.width = v->width;
		c->vector.n = c->vector.capacity = v->n;
		c->vector.heap_len = v->heap_len;
		c->valid = put_array(data, &end, v->valid, valid_size(v));
		c->values = put_array(data, &end, v->values, (size_t) v->n * v->width);
		c->heap = put_array(data, &end, v->heap, v->heap_len);
	}
	Assert(end <= area->slot_size);
}

void
olap_encode_view(OlapEncodeArea *area, const OlapEncodeSlot *slot,
				 OlapColumnType **types, OlapVector **cols)
{
	uint8	   *data = olap_encode_slot_data(area, slot);
	const OlapEncodeColumn *columns = (const OlapEncodeColumn *) data;
	Size		n = Max(slot->ncols, 1);

	*types = palloc(n * sizeof(OlapColumnType));
	*cols = palloc(n * sizeof(OlapVector));
	for (int i = 0; i < slot->ncols; i++)
	{
		const OlapEncodeColumn *c = &columns[i];
		OlapVector *v = &(*cols)[i];

		(*types)[i] = c->type;
		*v = c->vector;
		if (c->valid > 0)
			v->valid = (uint64 *) (data + c->valid);
		v->values = data + c->values;
		if (c->heap > 0)
			v->heap = (char *) data + c->heap;
	}
}

/* ---- encoding them ---- */

OlapEncodeSlot *
olap_encode_claim(OlapEncodeArea *area)
{
	for (;;)
	{
		OlapEncodeSlot *oldest = NULL;
		uint32		expected = OLAP_SLOT_FILLED;

		for (int i = 0; i < area->nslots; i++)
		{
			OlapEncodeSlot *slot = &area->slots[i];

			if (pg_atomic_read_u32(&slot->state) == OLAP_SLOT_FILLED &&
				(oldest == NULL || slot->serial < oldest->serial))
				oldest = slot;
		}
		if (oldest == NULL)
			return NULL;
		/* a barrier: what the slot holds is read after this */
		if (pg_atomic_compare_exchange_u32(&oldest->state, &expected,
										   OLAP_SLOT_BUSY))
			return oldest;
	}
}

/* Put descriptors and bytes where the raw columns were; false: no room. */
static bool
put_result(OlapEncodeArea *area, OlapEncodeSlot *slot,
		   const OlapSegChunk *chunks, const OlapBytes *bytes)
{
	uint8	   *data = olap_encode_slot_data(area, slot);
	size_t		len = (size_t) slot->ncols * sizeof(OlapSegChunk);

	if (bytes->len > area->slot_size || area->slot_size - bytes->len < len)
		return false;
	memcpy(data, chunks, len);
	if (bytes->len > 0)
		memcpy(data + len, bytes->data, bytes->len);
	return true;
}

void
olap_encode_slot(OlapEncodeArea *area, OlapEncodeSlot *slot,
				 const volatile sig_atomic_t *stop)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "olap row group encoding",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	OlapColumnType *types;
	OlapVector *cols;
	OlapSegChunk *chunks;
	OlapBytes	bytes;
	bool		done = true;

	olap_encode_view(area, slot, &types, &cols);
	chunks = palloc(Max(slot->ncols, 1) * sizeof(OlapSegChunk));
	olap_bytes_init(&bytes, cxt);
	for (int i = 0; i < slot->ncols && done; i++)
	{
		CHECK_FOR_INTERRUPTS();
		olap_encode_column(&types[i], &cols[i], &bytes, &chunks[i]);
		done = !*stop && pg_atomic_read_u32(&area->closed) == 0;
	}
	if (done)
		done = put_result(area, slot, chunks, &bytes);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	pg_write_barrier();
	pg_atomic_write_u32(&slot->state, done ? OLAP_SLOT_DONE : OLAP_SLOT_FAILED);
}

const OlapSegChunk *
olap_encode_result(OlapEncodeArea *area, const OlapEncodeSlot *slot,
				   const uint8 **bytes)
{
	const uint8 *data = olap_encode_slot_data(area, slot);

	*bytes = data + (size_t) slot->ncols * sizeof(OlapSegChunk);
	return (const OlapSegChunk *) data;
}

/*-------------------------------------------------------------------------
 *
 * bucket.c
 *		Rows of one time bucket on their way to a segment or the delta.
 *
 * Rows collect in column vectors; a full row group is encoded at once, or handed
 * over to be (making.c), so a bucket holds at most one row group in raw form.
 * What would make a tiny segment when the bucket is flushed goes to the delta
 * instead: a segment costs a page a column at least.
 *
 * src/table/bucket.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "storage/predicate.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "delta/delta.h"
#include "table/writer_internal.h"

/* Fewer rows than OLAP_SEGMENT_MIN_ROWS, and less than this, go to the delta. */
#define SEGMENT_MIN_BYTES (1024 * 1024)
#define FIRST_CAPACITY 64
/* Rows appended between two looks at the size of the row group. */
#define APPEND_STEP 1024
#define DELTA_BATCH 256

size_t		olap_writer_memory = 0;

/*
 * Is a value of typlen -1 compressed, out of line or an expanded object?  A
 * pointer to such a value has the short header's bit too, so it comes first.
 */
static bool
needs_flattening(Datum value)
{
	struct varlena *v = (struct varlena *) DatumGetPointer(value);

	return VARATT_IS_EXTERNAL(v) || VARATT_IS_COMPRESSED(v);
}

Datum
olap_flat_datum(Datum value, int16 typlen)
{
	if (typlen != -1 || !needs_flattening(value))
		return value;
	return PointerGetDatum(detoast_attr((struct varlena *) DatumGetPointer(value)));
}

/* floor(value / interval); infinities have keys of their own. */
int64
olap_bucket_key(int64 interval, bool isnull, int64 value)
{
	int64		key;

	if (interval == 0)
		return 0;
	if (isnull)
		return OLAP_BUCKET_NULL;
	key = value / interval;
	if (value % interval < 0)
		key--;
	return key;
}

int64
olap_bucket_interval(const OlapOptions *options, Oid type)
{
	if (options->time_attno <= 0 || type != DATEOID)
		return options->time_attno <= 0 ? 0 : options->segment_interval;
	return Max(options->segment_interval / USECS_PER_DAY,
			   options->segment_interval > 0 ? 1 : 0);
}

static void
count_memory(OlapBucket *bucket)
{
	size_t		memory = 0;

	for (int i = 0; i < bucket->writer->natts; i++)
		memory += olap_vector_memory(&bucket->cols[i]);
	olap_writer_memory += memory - bucket->memory;
	bucket->memory = memory;
	if (bucket->making != NULL)
		olap_making_count(bucket->making);
}

OlapBucket *
olap_bucket_of(OlapWriter *writer, bool isnull, int64 value)
{
	int64		key = writer->time_attno == 0 ? 0 :
		olap_bucket_key(writer->interval, isnull, value);
	dlist_iter	iter;
	OlapBucket *bucket;
	MemoryContext cxt;

	dlist_foreach(iter, &writer->buckets)
	{
		bucket = dlist_container(OlapBucket, node, iter.cur);
		if (bucket->key == key)
		{
			dlist_move_head(&writer->buckets, &bucket->node);
			return bucket;
		}
	}

	cxt = AllocSetContextCreate(writer->cxt, "olap bucket",
								ALLOCSET_DEFAULT_SIZES);
	bucket = MemoryContextAllocZero(writer->cxt, sizeof(OlapBucket));
	bucket->writer = writer;
	bucket->key = key;
	bucket->cxt = cxt;
	bucket->cols = MemoryContextAllocZero(cxt, Max(writer->natts, 1) *
										  sizeof(OlapVector));
	for (int i = 0; i < writer->natts; i++)
		olap_vector_init(&bucket->cols[i], &writer->types[i], FIRST_CAPACITY,
						 cxt);
	bucket->time_min = PG_INT64_MAX;
	bucket->time_max = PG_INT64_MIN;
	dlist_push_head(&writer->buckets, &bucket->node);
	return bucket;
}

/* Close the row group and the segment when they are full. */
static void
close_if_full(OlapBucket *bucket, Relation rel)
{
	bool		full = bucket->nrows >= OLAP_ROWGROUP_ROWS;

	for (int i = 0; i < bucket->writer->natts && !full; i++)
		full = bucket->cols[i].heap_len >= OLAP_ROWGROUP_BYTES;
	if (!full)
		return;
	olap_making_close_rowgroup(bucket, rel, true);
	/* a reservation covers one row group */
	if (bucket->reserved ||
		bucket->making->nrowgroups >= OLAP_SEGMENT_MAX_ROWGROUPS ||
		bucket->making->raw_bytes >= OLAP_SEGMENT_MAX_BYTES)
		olap_making_end(bucket, rel);
}

static void
widen_time(OlapBucket *bucket, uint32 first)
{
	const OlapVector *v;

	if (bucket->writer->time_attno == 0)
		return;
	v = &bucket->cols[bucket->writer->time_attno - 1];
	for (uint32 i = first; i < v->n; i++)
	{
		int64		t;

		if (olap_vector_is_null(v, i))
			continue;
		t = v->phys == OLAP_PHYS_I32 ? ((int32 *) v->values)[i] :
			((int64 *) v->values)[i];
		bucket->time_min = Min(bucket->time_min, t);
		bucket->time_max = Max(bucket->time_max, t);
	}
}

/* Rows that may be appended before the next look at sizes. */
static uint32
append_room(OlapBucket *bucket, Relation rel)
{
	if (bucket->writer->observable && !bucket->reserved)
		olap_making_reserve(bucket, rel);
	return Min(OLAP_ROWGROUP_ROWS - bucket->nrows, APPEND_STEP);
}

static void
append_slot_column(OlapVector *v, const OlapColumnType *type, int col,
				   TupleTableSlot **slots, int n, MemoryContext scratch)
{
	for (int i = 0; i < n; i++)
	{
		Datum		value = slots[i]->tts_values[col];

		if (type->dropped || slots[i]->tts_isnull[col])
			olap_vector_append_null(v);
		else if (type->typlen == -1 && needs_flattening(value))
		{
			MemoryContext old = MemoryContextSwitchTo(scratch);
			Datum		flat = olap_flat_datum(value, -1);

			MemoryContextSwitchTo(old);
			olap_vector_append_datum(v, type, flat, false);
			pfree(DatumGetPointer(flat));
		}
		else
			olap_vector_append_datum(v, type, value, false);
	}
}

void
olap_bucket_append_slots(OlapBucket *bucket, Relation rel,
						 TupleTableSlot **slots, int n)
{
	OlapWriter *writer = bucket->writer;

	while (n > 0)
	{
		uint32		step = Min((uint32) n, append_room(bucket, rel));
		uint32		first = bucket->nrows;

		for (int col = 0; col < writer->natts; col++)
			append_slot_column(&bucket->cols[col], &writer->types[col], col,
							   slots, step, writer->cxt);
		bucket->nrows += step;
		widen_time(bucket, first);
		for (uint32 i = 0; i < step; i++)
		{
			if (bucket->reserved)
				olap_tid_of_row(&slots[i]->tts_tid,
								(OlapRow) bucket->entry.first_vblock *
								OLAP_VBLOCK_ROWS + first + i);
			else
				ItemPointerSetInvalid(&slots[i]->tts_tid);
		}
		close_if_full(bucket, rel);
		slots += step;
		n -= step;
	}
	count_memory(bucket);
}

void
olap_bucket_append_rows(OlapBucket *bucket, Relation rel,
						const OlapVector *const *cols, const uint32 *sel,
						uint32 n)
{
	OlapWriter *writer = bucket->writer;

	while (n > 0)
	{
		uint32		step = Min(n, append_room(bucket, rel));
		uint32		first = bucket->nrows;

		for (int col = 0; col < writer->natts; col++)
		{
			OlapVector *v = &bucket->cols[col];

			if (cols[col] != NULL && !writer->types[col].dropped)
				olap_vector_append_rows(v, &writer->types[col], cols[col], sel,
										step);
			else
				for (uint32 i = 0; i < step; i++)
					olap_vector_append_null(v);
		}
		bucket->nrows += step;
		widen_time(bucket, first);
		close_if_full(bucket, rel);
		sel += step;
		n -= step;
	}
	count_memory(bucket);
}

/* ---- delta ---- */

static HeapTuple
form_tuple(OlapBucket *bucket, uint32 row, Datum *values, bool *nulls,
		   char *scratch)
{
	OlapWriter *writer = bucket->writer;

	for (int col = 0; col < writer->natts; col++)
	{
		const OlapVector *v = &bucket->cols[col];

		nulls[col] = olap_vector_is_null(v, row);
		values[col] = nulls[col] ? (Datum) 0 :
			olap_vector_datum(v, row, scratch + col * OLAP_DECIMAL_MAX_SIZE);
	}
	return heap_form_tuple(writer->desc, values, nulls);
}

/* Rows too wide for a delta page become a segment of their own. */
static void
write_wide_rows(OlapBucket *bucket, Relation rel, const uint32 *rows, uint32 n)
{
	OlapWriter *writer = bucket->writer;
	OlapVector *wide = palloc0(writer->natts * sizeof(OlapVector));
	OlapSegmentBuilder *builder;
	OlapDirEntry entry = {0};

	for (int col = 0; col < writer->natts; col++)
	{
		olap_vector_init(&wide[col], &writer->types[col], n,
						 CurrentMemoryContext);
		olap_vector_append_rows(&wide[col], &writer->types[col],
								&bucket->cols[col], rows, n);
	}
	builder = olap_segment_builder_create(writer->types, writer->natts,
										  writer->options, CurrentMemoryContext);
	olap_segment_builder_add(builder, wide, n);
	entry.kind = OLAP_ENTRY_SEGMENT;
	entry.xmin = writer->xid;
	entry.cmin = writer->cid;
	entry.time_min = PG_INT64_MIN;
	entry.time_max = PG_INT64_MAX;
	olap_segment_builder_write(builder, rel, &entry, NULL);
	olap_segment_builder_free(builder);
	CheckForSerializableConflictIn(rel, NULL, InvalidBlockNumber);
}

static void
write_delta(OlapBucket *bucket, Relation rel)
{
	OlapWriter *writer = bucket->writer;
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "olap delta rows",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	Datum	   *values = palloc(Max(writer->natts, 1) * sizeof(Datum));
	bool	   *nulls = palloc(Max(writer->natts, 1) * sizeof(bool));
	char	   *scratch = palloc(Max(writer->natts, 1) * OLAP_DECIMAL_MAX_SIZE);
	uint32	   *wide = palloc(bucket->nrows * sizeof(uint32));
	uint32		nwide = 0;
	HeapTuple	tuples[DELTA_BATCH];
	int			n = 0;

	for (uint32 row = 0; row < bucket->nrows; row++)
	{
		HeapTuple	tuple = form_tuple(bucket, row, values, nulls, scratch);

		if (!olap_delta_fits(tuple->t_len))
		{
			wide[nwide++] = row;
			heap_freetuple(tuple);
			continue;
		}
		tuples[n++] = tuple;
		if (n == DELTA_BATCH)
		{
			olap_delta_insert(rel, tuples, n, writer->xid, writer->cid, 0);
			while (n > 0)
				heap_freetuple(tuples[--n]);
		}
	}
	if (n > 0)
		olap_delta_insert(rel, tuples, n, writer->xid, writer->cid, 0);
	if (nwide > 0)
		write_wide_rows(bucket, rel, wide, nwide);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

static bool
worth_a_segment(const OlapBucket *bucket)
{
	size_t		bytes = 0;

	if (bucket->reserved || bucket->making != NULL ||
		bucket->nrows >= OLAP_SEGMENT_MIN_ROWS)
		return true;
	for (int col = 0; col < bucket->writer->natts; col++)
		bytes += bucket->cols[col].heap_len;
	return bytes >= SEGMENT_MIN_BYTES;
}

/*
 * A flush that failed half way may have left rows under the transaction that
 * wrote the bucket.  If that is an outer transaction which goes on (the error
 * was caught around an inner one), a second flush would double them: refuse.
 */
void
olap_bucket_flush(OlapBucket *bucket, Relation rel)
{
	if (bucket->flushing)
		olap_refuse_second_write(rel);
	bucket->flushing = true;
	if (worth_a_segment(bucket))
	{
		olap_making_close_rowgroup(bucket, rel, false);
		olap_making_end(bucket, rel);
	}
	else if (bucket->nrows > 0)
		write_delta(bucket, rel);
	olap_bucket_discard(bucket);
}

void
olap_bucket_discard(OlapBucket *bucket)
{
	olap_writer_memory -= bucket->memory;
	if (bucket->making != NULL)
		olap_making_discard(bucket->making);
	dlist_delete(&bucket->node);
	MemoryContextDelete(bucket->cxt);
	pfree(bucket);
}

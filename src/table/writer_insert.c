/*-------------------------------------------------------------------------
 *
 * writer_insert.c
 *		Where inserted rows go: the buckets of a writer, or the delta at once.
 *
 * Rows whose numbers somebody may ask for before the statement ends (indexes, AFTER
 * triggers, RETURNING) are observable: few of them are written through to the delta,
 * many have their numbers reserved.
 *
 * src/table/writer_insert.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "pgstat.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/errors.h"
#include "delta/delta.h"
#include "table/writer_internal.h"

/* Rows that an observable statement writes through before it reserves. */
#define THROUGH_MAX_ROWS 1000
#define THROUGH_BATCH 256

static int64
time_datum(const OlapWriter *writer, Datum value)
{
	if (writer->types[writer->time_attno - 1].typlen == 4)
		return DatumGetInt32(value);
	return DatumGetInt64(value);
}

static OlapBucket *
slot_bucket(OlapWriter *writer, TupleTableSlot *slot)
{
	int			att = writer->time_attno - 1;

	if (att < 0)
		return olap_bucket_of(writer, false, 0);
	if (slot->tts_isnull[att])
		return olap_bucket_of(writer, true, 0);
	return olap_bucket_of(writer, false, time_datum(writer, slot->tts_values[att]));
}

/* Buffer the rows, runs of the same bucket at a time. */
static void
insert_buffered(OlapWriter *writer, Relation rel, TupleTableSlot **slots, int n)
{
	MemoryContext old = MemoryContextSwitchTo(writer->cxt);

	while (n > 0)
	{
		OlapBucket *bucket = slot_bucket(writer, slots[0]);
		int			run = 1;

		while (run < n && slot_bucket(writer, slots[run]) == bucket)
			run++;
		olap_bucket_append_slots(bucket, rel, slots, run);
		slots += run;
		n -= run;
	}
	MemoryContextSwitchTo(old);
}

static HeapTuple
form_slot_tuple(OlapWriter *writer, TupleTableSlot *slot)
{
	Datum	   *values = palloc(Max(writer->natts, 1) * sizeof(Datum));

	for (int i = 0; i < writer->natts; i++)
		values[i] = slot->tts_isnull[i] ? (Datum) 0 :
			olap_flat_datum(slot->tts_values[i], writer->types[i].typlen);
	return heap_form_tuple(writer->desc, values, slot->tts_isnull);
}

/*
 * Write rows to the delta at once, with a speculative token if not 0.  False,
 * and nothing done, if one is too wide.
 */
static bool
insert_through(OlapWriter *writer, Relation rel, TupleTableSlot **slots, int n,
			   uint32 token)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "olap write-through",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	HeapTuple  *tuples = palloc(n * sizeof(HeapTuple));
	bool		fit = true;

	for (int i = 0; i < n && fit; i++)
	{
		tuples[i] = form_slot_tuple(writer, slots[i]);
		fit = olap_delta_fits(tuples[i]->t_len);
	}
	if (fit)
	{
		olap_delta_insert(rel, tuples, n, writer->xid, writer->cid, token);
		for (int i = 0; i < n; i++)
			slots[i]->tts_tid = tuples[i]->t_self;
		writer->through_rows += n;
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return fit;
}

/* A row that does not fit a delta page. */
static void
insert_wide(OlapWriter *writer, Relation rel, TupleTableSlot **slot)
{
	insert_buffered(writer, rel, slot, 1);
	if (writer->immediate)
		olap_writer_flush_buckets(writer, rel);
}

static void
insert_observable(OlapWriter *writer, Relation rel, TupleTableSlot **slots, int n)
{
	while (n > 0 && (writer->immediate || writer->through_rows < THROUGH_MAX_ROWS))
	{
		int			step = Min(n, THROUGH_BATCH);

		if (!insert_through(writer, rel, slots, step, 0))
		{
			/* one wide row among them: it takes the other way alone */
			if (step == 1 || !insert_through(writer, rel, slots, 1, 0))
				insert_wide(writer, rel, slots);
			step = 1;
		}
		slots += step;
		n -= step;
	}
	if (n > 0)
		insert_buffered(writer, rel, slots, n);
}

/* From here on the TIDs of this writer's rows are known at once. */
static void
make_observable(OlapWriter *writer, Relation rel)
{
	if (!writer->observable)
		olap_writer_flush_buckets(writer, rel);
	writer->observable = true;
}

void
olap_writer_insert_version(Relation rel, TupleTableSlot *slot, CommandId cid)
{
	OlapWriter *writer = olap_writer_get(rel, InvalidTransactionId, cid);

	slot_getallattrs(slot);
	slot->tts_tableOid = RelationGetRelid(rel);
	make_observable(writer, rel);
	insert_observable(writer, rel, &slot, 1);
	olap_writer_enforce_memory(rel);
}

void
olap_writer_insert_speculative(Relation rel, TupleTableSlot *slot,
							   CommandId cid, uint32 token)
{
	OlapWriter *writer = olap_writer_get(rel, InvalidTransactionId, cid);

	slot_getallattrs(slot);
	slot->tts_tableOid = RelationGetRelid(rel);
	make_observable(writer, rel);
	if (!insert_through(writer, rel, &slot, 1, token))
	{
		insert_buffered(writer, rel, &slot, 1);
		olap_writer_flush_buckets(writer, rel);
	}
	pgstat_count_heap_insert(rel, 1);
}

void
olap_writer_insert(Relation rel, TupleTableSlot **slots, int nslots,
				   CommandId cid)
{
	OlapWriter *writer = olap_writer_get(rel, InvalidTransactionId, cid);

	for (int i = 0; i < nslots; i++)
	{
		slot_getallattrs(slots[i]);
		slots[i]->tts_tableOid = RelationGetRelid(rel);
	}
	if (writer->observable)
		insert_observable(writer, rel, slots, nslots);
	else
		insert_buffered(writer, rel, slots, nslots);
	pgstat_count_heap_insert(rel, nslots);
	olap_writer_enforce_memory(rel);
}

void
olap_writer_copy_row(Relation rel, TupleTableSlot *slot, TransactionId xid,
					 CommandId cid)
{
	OlapWriter *writer = olap_writer_get(rel, xid, cid);

	if (writer->observable)
		olap_writer_flush_buckets(writer, rel);
	writer->observable = false;
	slot_getallattrs(slot);
	insert_buffered(writer, rel, &slot, 1);
	olap_writer_enforce_memory(rel);
}

void
olap_writer_copy_row_through(Relation rel, TupleTableSlot *slot,
							 TransactionId xid, CommandId cid)
{
	OlapWriter *writer = olap_writer_get(rel, xid, cid);

	slot_getallattrs(slot);
	make_observable(writer, rel);
	if (!insert_through(writer, rel, &slot, 1, 0))
	{
		insert_buffered(writer, rel, &slot, 1);
		olap_writer_flush_buckets(writer, rel);
	}
}

bool
olap_writer_batch_ok(Relation rel)
{
	TriggerDesc *trig = rel->trigdesc;

	if (trig != NULL &&
		(trig->trig_insert_before_row || trig->trig_insert_after_row ||
		 trig->trig_insert_instead_row || trig->trig_insert_new_table ||
		 trig->trig_insert_before_statement || trig->trig_insert_after_statement))
		return false;
	return !olap_writer_observable(rel);
}

/* The bucket of every row of a batch's time column. */
static OlapBucket *
row_bucket(OlapWriter *writer, const OlapVector *time, uint32 row)
{
	if (writer->time_attno == 0)
		return olap_bucket_of(writer, false, 0);
	if (time == NULL || olap_vector_is_null(time, row))
		return olap_bucket_of(writer, true, 0);
	return olap_bucket_of(writer, false, time->phys == OLAP_PHYS_I32 ?
						  ((int32 *) time->values)[row] :
						  ((int64 *) time->values)[row]);
}

void
olap_writer_insert_batch(Relation rel, const OlapVector *const *cols,
						 uint32 nrows, CommandId cid)
{
	OlapWriter *writer = olap_writer_get(rel, InvalidTransactionId, cid);
	MemoryContext old = MemoryContextSwitchTo(writer->cxt);
	const OlapVector *time = writer->time_attno > 0 ?
		cols[writer->time_attno - 1] : NULL;
	OlapBucket **of = palloc(Max(nrows, 1) * sizeof(OlapBucket *));
	uint32	   *sel = palloc(Max(nrows, 1) * sizeof(uint32));

	Ensure(!writer->observable, "batch insert into an observable table");
	for (uint32 i = 0; i < nrows; i++)
		of[i] = row_bucket(writer, time, i);

	/* one pass a bucket; events arrive nearly in time order, so few passes */
	for (uint32 done = 0, first = 0; done < nrows; first++)
	{
		OlapBucket *bucket = of[first];
		uint32		n = 0;

		if (bucket == NULL)
			continue;
		for (uint32 i = first; i < nrows; i++)
		{
			if (of[i] != bucket)
				continue;
			of[i] = NULL;
			sel[n++] = i;
		}
		olap_bucket_append_rows(bucket, rel, cols, sel, n);
		done += n;
	}
	pfree(of);
	pfree(sel);
	MemoryContextSwitchTo(old);
	pgstat_count_heap_insert(rel, nrows);
	olap_writer_enforce_memory(rel);
}

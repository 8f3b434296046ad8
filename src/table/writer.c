/*-------------------------------------------------------------------------
 *
 * writer.c
 *		Pending inserts of this backend: who owns them, when they are written.
 *
 * Rows must be in the file before anybody can look for them: at the end of the
 * statement (ExecutorFinish, before AFTER triggers), at the end of a bulk
 * insert, before a scan of the same backend, before a subtransaction commits,
 * at PREPARE and commit.  An aborted (sub)transaction just forgets them.
 *
 * src/table/writer.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/pg_index.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/plannodes.h"
#include "pgstat.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/errors.h"
#include "base/guc.h"
#include "delta/delta.h"
#include "meta/options.h"
#include "table/demand.h"
#include "table/writer_internal.h"

/* Rows that an observable statement writes through before it reserves. */
#define THROUGH_MAX_ROWS 1000
#define THROUGH_BATCH 256

static dlist_head writers = DLIST_STATIC_INIT(writers);

/* Running statements whose RETURNING could show a TID. */
static int	returning_depth = 0;

static ExecutorStart_hook_type previous_executor_start = NULL;
static ExecutorFinish_hook_type previous_executor_finish = NULL;
static ExecutorEnd_hook_type previous_executor_end = NULL;

OlapColumnType *
olap_column_types(TupleDesc tupdesc)
{
	OlapColumnType *types = palloc0(Max(tupdesc->natts, 1) *
									sizeof(OlapColumnType));

	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);

		types[i].typid = att->atttypid;
		types[i].typmod = att->atttypmod;
		types[i].collation = att->attcollation;
		types[i].typlen = att->attlen;
		types[i].typbyval = att->attbyval;
		types[i].typalign = att->attalign;
		types[i].dropped = att->attisdropped;
		olap_column_type_resolve(&types[i]);
	}
	return types;
}

/* ---- writers ---- */

static void
discard_writer(OlapWriter *writer)
{
	while (!dlist_is_empty(&writer->buckets))
		olap_bucket_discard(dlist_container(OlapBucket, node,
											dlist_head_node(&writer->buckets)));
	dlist_delete(&writer->node);
	MemoryContextDelete(writer->cxt);
}

/* Write out all buckets of a writer that goes on. */
static void
flush_buckets(OlapWriter *writer, Relation rel)
{
	MemoryContext old = MemoryContextSwitchTo(writer->cxt);

	while (!dlist_is_empty(&writer->buckets))
		olap_bucket_flush(dlist_container(OlapBucket, node,
										  dlist_tail_node(&writer->buckets)),
						  rel);
	MemoryContextSwitchTo(old);
}

static void
flush_writer(OlapWriter *writer, Relation rel)
{
	flush_buckets(writer, rel);
	discard_writer(writer);
}

/* Flush where no Relation is at hand; the transaction still holds its lock. */
static void
flush_writer_by_oid(OlapWriter *writer)
{
	Relation	rel = relation_open(writer->relid, NoLock);

	if (!RelFileLocatorEquals(rel->rd_locator, writer->locator))
		elog(ERROR, "rows of \"%s\" were still pending when its file was replaced",
			 RelationGetRelationName(rel));
	flush_writer(writer, rel);
	relation_close(rel, NoLock);
}

static bool
is_observable(Relation rel)
{
	List	   *indexes;
	bool		observable;

	if (returning_depth > 0)
		return true;
	if (rel->trigdesc != NULL && rel->trigdesc->trig_insert_after_row)
		return true;
	if (!rel->rd_rel->relhasindex)
		return false;
	indexes = RelationGetIndexList(rel);
	observable = indexes != NIL;
	list_free(indexes);
	return observable;
}

/* Does an index look for conflicts in rows that were just inserted? */
static bool
has_conflict_index(Relation rel)
{
	List	   *indexes;
	ListCell   *lc;
	bool		found = false;

	if (!rel->rd_rel->relhasindex)
		return false;
	indexes = RelationGetIndexList(rel);
	foreach(lc, indexes)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID,
											ObjectIdGetDatum(lfirst_oid(lc)));

		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for index %u", lfirst_oid(lc));
		found |= ((Form_pg_index) GETSTRUCT(tuple))->indisunique ||
			((Form_pg_index) GETSTRUCT(tuple))->indisexclusion;
		ReleaseSysCache(tuple);
	}
	list_free(indexes);
	return found;
}

static void
set_options(OlapWriter *writer, Relation rel)
{
	const OlapOptions *options;

	options = writer->options = olap_options_copy(olap_options_get(rel));
	if (options->time_attno <= 0 || options->time_attno > writer->natts)
		return;
	writer->time_attno = options->time_attno;
	writer->interval = olap_bucket_interval(options,
											writer->types[writer->time_attno - 1].typid);
}

static OlapWriter *
create_writer(Relation rel, TransactionId xid, CommandId cid)
{
	MemoryContext cxt = AllocSetContextCreate(TopTransactionContext,
											  "olap writer",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	OlapWriter *writer = palloc0(sizeof(OlapWriter));

	olap_demand_note();
	writer->relid = RelationGetRelid(rel);
	writer->locator = rel->rd_locator;
	writer->subxid = GetCurrentSubTransactionId();
	writer->xid = xid;
	writer->cid = cid;
	writer->cxt = cxt;
	writer->desc = CreateTupleDescCopyConstr(RelationGetDescr(rel));
	writer->natts = writer->desc->natts;
	writer->types = olap_column_types(writer->desc);
	writer->observable = is_observable(rel);
	writer->immediate = has_conflict_index(rel);
	dlist_init(&writer->buckets);
	set_options(writer, rel);
	dlist_push_head(&writers, &writer->node);
	MemoryContextSwitchTo(old);
	return writer;
}

/* The writer of rows inserted by (xid, cid); xid Invalid: the current one. */
static OlapWriter *
get_writer(Relation rel, TransactionId xid, CommandId cid)
{
	SubTransactionId subxid = GetCurrentSubTransactionId();
	dlist_iter	iter;

	dlist_foreach(iter, &writers)
	{
		OlapWriter *writer = dlist_container(OlapWriter, node, iter.cur);

		if (writer->subxid != subxid ||
			!RelFileLocatorEquals(writer->locator, rel->rd_locator))
			continue;
		if (writer->cid == cid &&
			(writer->xid == xid || !TransactionIdIsValid(xid)) &&
			writer->desc->natts == RelationGetDescr(rel)->natts)
		{
			dlist_move_head(&writers, &writer->node);
			return writer;
		}
		flush_writer(writer, rel);
		break;
	}
	return create_writer(rel, TransactionIdIsValid(xid) ? xid :
						 GetCurrentTransactionId(), cid);
}

/* Write out the largest buckets until the backend is within its memory. */
static void
enforce_memory(Relation rel)
{
	while (olap_bucket_total_memory() > (size_t) olap_guc_write_memory * 1024)
	{
		OlapBucket *largest = NULL;
		dlist_iter	w,
					b;

		dlist_foreach(w, &writers)
		{
			OlapWriter *writer = dlist_container(OlapWriter, node, w.cur);

			dlist_foreach(b, &writer->buckets)
			{
				OlapBucket *bucket = dlist_container(OlapBucket, node, b.cur);

				if (largest == NULL || bucket->memory > largest->memory)
					largest = bucket;
			}
		}
		if (largest == NULL)
			return;
		if (RelFileLocatorEquals(largest->writer->locator, rel->rd_locator))
			olap_bucket_flush(largest, rel);
		else
		{
			Relation	other = relation_open(largest->writer->relid, NoLock);

			olap_bucket_flush(largest, other);
			relation_close(other, NoLock);
		}
	}
}

/* ---- inserting ---- */

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
		flush_buckets(writer, rel);
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
		flush_buckets(writer, rel);
	writer->observable = true;
}

void
olap_writer_insert_version(Relation rel, TupleTableSlot *slot, CommandId cid)
{
	OlapWriter *writer = get_writer(rel, InvalidTransactionId, cid);

	slot_getallattrs(slot);
	slot->tts_tableOid = RelationGetRelid(rel);
	make_observable(writer, rel);
	insert_observable(writer, rel, &slot, 1);
	enforce_memory(rel);
}

void
olap_writer_insert_speculative(Relation rel, TupleTableSlot *slot,
							   CommandId cid, uint32 token)
{
	OlapWriter *writer = get_writer(rel, InvalidTransactionId, cid);

	slot_getallattrs(slot);
	slot->tts_tableOid = RelationGetRelid(rel);
	make_observable(writer, rel);
	if (!insert_through(writer, rel, &slot, 1, token))
	{
		insert_buffered(writer, rel, &slot, 1);
		flush_buckets(writer, rel);
	}
	pgstat_count_heap_insert(rel, 1);
}

void
olap_writer_insert(Relation rel, TupleTableSlot **slots, int nslots,
				   CommandId cid)
{
	OlapWriter *writer = get_writer(rel, InvalidTransactionId, cid);

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
	enforce_memory(rel);
}

void
olap_writer_copy_row(Relation rel, TupleTableSlot *slot, TransactionId xid,
					 CommandId cid)
{
	OlapWriter *writer = get_writer(rel, xid, cid);

	if (writer->observable)
		flush_buckets(writer, rel);
	writer->observable = false;
	slot_getallattrs(slot);
	insert_buffered(writer, rel, &slot, 1);
	enforce_memory(rel);
}

void
olap_writer_copy_row_through(Relation rel, TupleTableSlot *slot,
							 TransactionId xid, CommandId cid)
{
	OlapWriter *writer = get_writer(rel, xid, cid);

	slot_getallattrs(slot);
	make_observable(writer, rel);
	if (!insert_through(writer, rel, &slot, 1, 0))
	{
		insert_buffered(writer, rel, &slot, 1);
		flush_buckets(writer, rel);
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
	return !is_observable(rel);
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
	OlapWriter *writer = get_writer(rel, InvalidTransactionId, cid);
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
	enforce_memory(rel);
}

/* ---- flushing ---- */

void
olap_writer_flush(Relation rel)
{
	dlist_mutable_iter iter;

	if (dlist_is_empty(&writers))
		return;
	dlist_foreach_modify(iter, &writers)
	{
		OlapWriter *writer = dlist_container(OlapWriter, node, iter.cur);

		if (RelFileLocatorEquals(writer->locator, rel->rd_locator))
			flush_writer(writer, rel);
	}
}

void
olap_writer_flush_all(void)
{
	while (!dlist_is_empty(&writers))
		flush_writer_by_oid(dlist_container(OlapWriter, node,
											dlist_tail_node(&writers)));
}

void
olap_writer_forget(Relation rel)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &writers)
	{
		OlapWriter *writer = dlist_container(OlapWriter, node, iter.cur);

		if (RelFileLocatorEquals(writer->locator, rel->rd_locator))
			discard_writer(writer);
	}
}

static void
flush_command(CommandId cid)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &writers)
	{
		OlapWriter *writer = dlist_container(OlapWriter, node, iter.cur);

		if (writer->cid == cid)
			flush_writer_by_oid(writer);
	}
}

static void
xact_callback(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			olap_writer_flush_all();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PREPARE:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
			/* the memory goes with TopTransactionContext */
			dlist_init(&writers);
			olap_bucket_reset_total();
			returning_depth = 0;
			break;
	}
}

static void
subxact_callback(SubXactEvent event, SubTransactionId subxid,
				 SubTransactionId parent, void *arg)
{
	dlist_mutable_iter iter;

	if (event != SUBXACT_EVENT_PRE_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB)
		return;
	dlist_foreach_modify(iter, &writers)
	{
		OlapWriter *writer = dlist_container(OlapWriter, node, iter.cur);

		if (writer->subxid != subxid)
			continue;
		if (event == SUBXACT_EVENT_PRE_COMMIT_SUB)
			flush_writer_by_oid(writer);
		else
			discard_writer(writer);
	}
}

/* ---- executor ---- */

static bool
may_return_tids(QueryDesc *query)
{
	PlannedStmt *stmt = query->plannedstmt;

	return stmt->hasModifyingCTE ||
		(query->operation != CMD_SELECT && stmt->hasReturning);
}

static void
executor_start(QueryDesc *query, int eflags)
{
	if (may_return_tids(query))
		returning_depth++;
	if (previous_executor_start)
		previous_executor_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);
}

/* Before the standard function, which fires AFTER triggers. */
static void
executor_finish(QueryDesc *query)
{
	if (!dlist_is_empty(&writers) &&
		(query->operation != CMD_SELECT || query->plannedstmt->hasModifyingCTE))
		flush_command(query->estate->es_output_cid);
	if (previous_executor_finish)
		previous_executor_finish(query);
	else
		standard_ExecutorFinish(query);
}

static void
executor_end(QueryDesc *query)
{
	if (may_return_tids(query) && returning_depth > 0)
		returning_depth--;
	if (previous_executor_end)
		previous_executor_end(query);
	else
		standard_ExecutorEnd(query);
}

void
olap_writer_init(void)
{
	RegisterXactCallback(xact_callback, NULL);
	RegisterSubXactCallback(subxact_callback, NULL);
	previous_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = executor_start;
	previous_executor_finish = ExecutorFinish_hook;
	ExecutorFinish_hook = executor_finish;
	previous_executor_end = ExecutorEnd_hook;
	ExecutorEnd_hook = executor_end;
}

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
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/plannodes.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/guc.h"
#include "meta/options.h"
#include "segment/encoder.h"
#include "table/demand.h"
#include "table/writer_internal.h"

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
	while (!dlist_is_empty(&writer->ended))
		olap_making_discard(dlist_container(OlapMaking, node,
											dlist_head_node(&writer->ended)));
	dlist_delete(&writer->node);
	MemoryContextDelete(writer->cxt);
	if (dlist_is_empty(&writers))
		olap_encoder_stop();
}

void
olap_writer_flush_buckets(OlapWriter *writer, Relation rel)
{
	MemoryContext old = MemoryContextSwitchTo(writer->cxt);

	while (!dlist_is_empty(&writer->buckets))
		olap_bucket_flush(dlist_container(OlapBucket, node,
										  dlist_tail_node(&writer->buckets)),
						  rel);
	while (!dlist_is_empty(&writer->ended))
		olap_making_write_first(writer, rel);
	MemoryContextSwitchTo(old);
}

static void
flush_writer(OlapWriter *writer, Relation rel)
{
	olap_writer_flush_buckets(writer, rel);
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

bool
olap_writer_observable(Relation rel)
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
	writer->observable = olap_writer_observable(rel);
	writer->immediate = has_conflict_index(rel);
	dlist_init(&writer->buckets);
	dlist_init(&writer->ended);
	set_options(writer, rel);
	dlist_push_head(&writers, &writer->node);
	MemoryContextSwitchTo(old);
	return writer;
}

OlapWriter *
olap_writer_get(Relation rel, TransactionId xid, CommandId cid)
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

/* A segment that only waits for row groups, of any writer; NULL: none. */
static OlapWriter *
writer_with_ended(void)
{
	dlist_iter	iter;

	dlist_foreach(iter, &writers)
	{
		OlapWriter *writer = dlist_container(OlapWriter, node, iter.cur);

		if (!dlist_is_empty(&writer->ended))
			return writer;
	}
	return NULL;
}

static OlapBucket *
largest_bucket(void)
{
	OlapBucket *largest = NULL;
	size_t		size = 0;
	dlist_iter	w,
				b;

	dlist_foreach(w, &writers)
	{
		OlapWriter *writer = dlist_container(OlapWriter, node, w.cur);

		dlist_foreach(b, &writer->buckets)
		{
			OlapBucket *bucket = dlist_container(OlapBucket, node, b.cur);
			size_t		memory = bucket->memory +
				(bucket->making != NULL ? bucket->making->memory : 0);

			if (largest == NULL || memory > size)
			{
				largest = bucket;
				size = memory;
			}
		}
	}
	return largest;
}

/* Write one thing out that takes memory; false: there is none. */
static bool
release_memory(Relation rel)
{
	OlapWriter *writer = writer_with_ended();
	OlapBucket *bucket = writer == NULL ? largest_bucket() : NULL;
	Relation	other = NULL;

	if (bucket != NULL)
		writer = bucket->writer;
	if (writer == NULL)
		return false;
	if (!RelFileLocatorEquals(writer->locator, rel->rd_locator))
		rel = other = relation_open(writer->relid, NoLock);
	if (bucket != NULL)
		olap_bucket_flush(bucket, rel);
	else
		olap_making_write_first(writer, rel);
	if (other != NULL)
		relation_close(other, NoLock);
	return true;
}

void
olap_writer_enforce_memory(Relation rel)
{
	while (olap_writer_memory + olap_encoder_memory() >
		   (size_t) olap_guc_write_memory * 1024)
		if (!release_memory(rel))
			return;
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
			olap_writer_memory = 0;
			olap_encoder_stop();
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
	/* parallel workers find only what is in the files, by whatever node or function */
	if (query->plannedstmt->parallelModeNeeded)
		olap_writer_flush_all();
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

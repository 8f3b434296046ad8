/*-------------------------------------------------------------------------
 *
 * handler.c
 *		The table access method: what the server calls for an olap table.
 *
 * A scan of the server's kind hands out rows one by one from the batches of
 * scan.h. It is begun with the first row, because only the slot of that call
 * says which descriptor the rows were written under (ALTER TABLE reads with the
 * old one), and an index build decides about the snapshot itself. The
 * directory is read then, after the snapshot as it must be.
 *
 * src/table/handler.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/skey.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_am_d.h"
#include "fmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "delta/rangelog.h"
#include "segment/visibility.h"
#include "table/am.h"
#include "table/copy_input.h"
#include "table/ddl.h"
#include "table/scan_internal.h"
#include "table/slot.h"
#include "table/writer.h"

extern PGDLLEXPORT Datum olap_tableam_handler(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(olap_tableam_handler);

static const TupleTableSlotOps *
slot_callbacks(Relation rel)
{
	return &olap_slot_ops;
}

/* ---- scans ---- */

static TableScanDesc
scan_begin(Relation rel, Snapshot snapshot, int nkeys, struct ScanKeyData *key,
		   ParallelTableScanDesc pscan, uint32 flags)
{
	OlapScanDesc *scan = palloc0(sizeof(OlapScanDesc));

	RelationIncrementReferenceCount(rel);
	scan->base.rs_rd = rel;
	scan->base.rs_snapshot = snapshot;
	scan->base.rs_nkeys = nkeys;
	scan->base.rs_flags = flags;
	scan->base.rs_parallel = pscan;
	scan->cxt = CurrentMemoryContext;
	if (nkeys > 0)
	{
		scan->base.rs_key = palloc(sizeof(ScanKeyData) * nkeys);
		memcpy(scan->base.rs_key, key, sizeof(ScanKeyData) * nkeys);
	}
	return &scan->base;
}

OlapTableScan *
olap_am_scan(OlapScanDesc *scan, TupleDesc desc, Snapshot snapshot)
{
	if (scan->scan == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(scan->cxt);
		OlapParallelScanDesc *parallel =
			(OlapParallelScanDesc *) scan->base.rs_parallel;

		scan->scan = olap_scan_begin_desc(scan->base.rs_rd, desc, snapshot,
										  NULL, NULL, 0,
										  parallel ? &parallel->shared : NULL);
		MemoryContextSwitchTo(old);
	}
	return scan->scan;
}

static void
scan_end(TableScanDesc sscan)
{
	OlapScanDesc *scan = (OlapScanDesc *) sscan;

	if (scan->scan != NULL)
		olap_scan_end(scan->scan);
	olap_sample_end(scan);
	if (scan->base.rs_key != NULL)
		pfree(scan->base.rs_key);
	if (scan->base.rs_flags & SO_TEMP_SNAPSHOT)
		UnregisterSnapshot(scan->base.rs_snapshot);
	RelationDecrementReferenceCount(scan->base.rs_rd);
	pfree(scan);
}

static void
scan_rescan(TableScanDesc sscan, struct ScanKeyData *key, bool set_params,
			bool allow_strat, bool allow_sync, bool allow_pagemode)
{
	OlapScanDesc *scan = (OlapScanDesc *) sscan;

	if (key != NULL && scan->base.rs_nkeys > 0)
		memcpy(scan->base.rs_key, key,
			   sizeof(ScanKeyData) * scan->base.rs_nkeys);
	if (scan->scan != NULL)
		olap_scan_rescan(scan->scan, NULL, 0);
	olap_sample_end(scan);
	scan->batch = NULL;
}

/* Does the row in slot pass the scan's keys? Only few callers have any. */
static bool
keys_match(OlapScanDesc *scan, TupleTableSlot *slot)
{
	for (int i = 0; i < scan->base.rs_nkeys; i++)
	{
		ScanKey		key = &scan->base.rs_key[i];
		bool		isnull;
		Datum		value = slot_getattr(slot, key->sk_attno, &isnull);

		if (isnull || (key->sk_flags & SK_ISNULL) != 0 ||
			!DatumGetBool(FunctionCall2Coll(&key->sk_func, key->sk_collation,
											value, key->sk_argument)))
			return false;
	}
	return true;
}

static bool
scan_getnextslot(TableScanDesc sscan, ScanDirection direction,
				 TupleTableSlot *slot)
{
	OlapScanDesc *scan = (OlapScanDesc *) sscan;
	bool		forward = !ScanDirectionIsBackward(direction);
	OlapTableScan *batches = olap_am_scan(scan, slot->tts_tupleDescriptor,
										  scan->base.rs_snapshot);

	if (ScanDirectionIsNoMovement(direction))
		return false;
	for (;;)
	{
		if (scan->batch != NULL)
			scan->row += forward ? 1 : -1;
		while (scan->batch == NULL || scan->row < 0 ||
			   scan->row >= (int32) scan->batch->nsel)
		{
			ExecClearTuple(slot);
			scan->batch = olap_scan_move(batches, direction);
			if (scan->batch == NULL)
				return false;
			scan->row = forward ? 0 : (int32) scan->batch->nsel - 1;
		}
		olap_slot_store_row(slot, scan->batch->source, scan->batch->sel ?
							scan->batch->sel[scan->row] : (uint32) scan->row);
		if (olap_scan_judge_row(batches, slot) &&
			(scan->base.rs_nkeys == 0 || keys_match(scan, slot)))
			return true;
	}
}

static Size
parallelscan_estimate(Relation rel)
{
	return sizeof(OlapParallelScanDesc);
}

static Size
parallelscan_initialize(Relation rel, ParallelTableScanDesc pscan)
{
	OlapParallelScanDesc *parallel = (OlapParallelScanDesc *) pscan;

	olap_parallel_scan_set_relation(pscan, rel);
	olap_scan_shared_init(&parallel->shared, rel);
	return sizeof(OlapParallelScanDesc);
}

/* A new pass over the same rows. */
static void
parallelscan_reinitialize(Relation rel, ParallelTableScanDesc pscan)
{
	OlapParallelScanDesc *parallel = (OlapParallelScanDesc *) pscan;

	pg_atomic_write_u64(&parallel->shared.next_unit, 0);
}

/* ---- single rows ---- */

static bool
tuple_tid_valid(TableScanDesc scan, ItemPointer tid)
{
	BlockNumber vblock = ItemPointerGetBlockNumberNoCheck(tid);
	OffsetNumber off = ItemPointerGetOffsetNumberNoCheck(tid);
	OlapMeta	meta;

	return off >= 1 && off <= OLAP_VBLOCK_ROWS &&
		olap_meta_read(scan->rs_rd, &meta) && vblock < meta.next_vblock;
}

static bool
tuple_satisfies_snapshot(Relation rel, TupleTableSlot *slot, Snapshot snapshot)
{
	TransactionId xmin;
	CommandId	cmin;

	/* a frozen row may be one that was moved: ask the place it came from */
	if (olap_slot_get_inserter(slot, &xmin, &cmin) &&
		(TransactionIdIsNormal(xmin) || !IsMVCCSnapshot(snapshot)))
		return olap_xid_visible(xmin, cmin, snapshot) &&
			!olap_log_row_deleted(rel, olap_row_of_tid(&slot->tts_tid), snapshot);
	return olap_fetch_row(olap_fetch_shared(rel), &slot->tts_tid, snapshot,
						  NULL);
}

/* ---- inserts ---- */

static void
multi_insert(Relation rel, TupleTableSlot **slots, int nslots, CommandId cid,
			 int options, struct BulkInsertStateData *bistate)
{
	olap_copy_input_speed_up();
	olap_writer_insert(rel, slots, nslots, cid);
	for (int i = 0; i < nslots; i++)
		olap_slot_set_inserter(slots[i], GetCurrentTransactionIdIfAny(), cid);
}

static void
tuple_insert(Relation rel, TupleTableSlot *slot, CommandId cid, int options,
			 struct BulkInsertStateData *bistate)
{
	multi_insert(rel, &slot, 1, cid, options, bistate);
}

/*
 * A speculative insertion (ON CONFLICT) stands in the delta with its token, so
 * that others wait for the insertion and not for the transaction.
 */
static void
tuple_insert_speculative(Relation rel, TupleTableSlot *slot, CommandId cid,
						 int options, struct BulkInsertStateData *bistate,
						 uint32 token)
{
	olap_writer_insert_speculative(rel, slot, cid, token);
	olap_slot_set_inserter(slot, GetCurrentTransactionIdIfAny(), cid);
}

static void
tuple_complete_speculative(Relation rel, TupleTableSlot *slot, uint32 token,
						   bool succeeded)
{
	olap_fetch_complete_speculative(olap_fetch_shared(rel), &slot->tts_tid,
									succeeded);
}

/*
 * Whoever fills a new file (CREATE TABLE AS, ALTER TABLE, REFRESH) reads or
 * swaps it next; in other tables rows wait for the end of the statement, so
 * that a COPY into many partitions does not cut them into slivers.
 */
static void
finish_bulk_insert(Relation rel, int options)
{
	if (rel->rd_createSubid != InvalidSubTransactionId ||
		!RelationNeedsWAL(rel))
		olap_writer_flush(rel);
}

/* ---- the rest ---- */

/*
 * Values of any size stand in the table's own file.  Only a table on its way to
 * another access method needs what heap would need.
 */
static bool
relation_needs_toast_table(Relation rel)
{
	return olap_ddl_leaves_olap(RelationGetRelid(rel)) &&
		GetHeapamTableAmRoutine()->relation_needs_toast_table(rel);
}

static Oid
relation_toast_am(Relation rel)
{
	return HEAP_TABLE_AM_OID;
}

void
olap_table_init(void)
{
	olap_writer_init();
	olap_fetch_init();
}

static const TableAmRoutine olap_methods = {
	.type = T_TableAmRoutine,
	.slot_callbacks = slot_callbacks,

	.scan_begin = scan_begin,
	.scan_end = scan_end,
	.scan_rescan = scan_rescan,
	.scan_getnextslot = scan_getnextslot,

	.parallelscan_estimate = parallelscan_estimate,
	.parallelscan_initialize = parallelscan_initialize,
	.parallelscan_reinitialize = parallelscan_reinitialize,

	.index_fetch_begin = olap_index_fetch_begin,
	.index_fetch_reset = olap_index_fetch_reset,
	.index_fetch_end = olap_index_fetch_end,
	.index_fetch_tuple = olap_index_fetch_tuple,

	.tuple_fetch_row_version = olap_tuple_fetch_row_version,
	.tuple_tid_valid = tuple_tid_valid,
	.tuple_get_latest_tid = olap_tuple_get_latest_tid,
	.tuple_satisfies_snapshot = tuple_satisfies_snapshot,
	.index_delete_tuples = olap_index_delete_tuples,

	.tuple_insert = tuple_insert,
	.tuple_insert_speculative = tuple_insert_speculative,
	.tuple_complete_speculative = tuple_complete_speculative,
	.multi_insert = multi_insert,
	.tuple_delete = olap_tuple_delete,
	.tuple_update = olap_tuple_update,
	.tuple_lock = olap_tuple_lock,
	.finish_bulk_insert = finish_bulk_insert,

	.relation_set_new_filelocator = olap_relation_set_new_filelocator,
	.relation_nontransactional_truncate = olap_relation_truncate,
	.relation_copy_data = olap_relation_copy_data,
	.relation_copy_for_cluster = olap_relation_copy_for_cluster,
	.relation_vacuum = olap_relation_vacuum,
	.scan_analyze_next_block = olap_scan_analyze_next_block,
	.scan_analyze_next_tuple = olap_scan_analyze_next_tuple,
	.index_build_range_scan = olap_index_build_range_scan,
	.index_validate_scan = olap_index_validate_scan,

	.relation_size = table_block_relation_size,
	.relation_needs_toast_table = relation_needs_toast_table,
	.relation_toast_am = relation_toast_am,
	.relation_estimate_size = olap_relation_estimate_size,

	/*
	 * No bitmap scans and no TID range scans: until 17 the server reads the
	 * blocks that TIDs name, and ours name row numbers.
	 */
	.scan_sample_next_block = olap_scan_sample_next_block,
	.scan_sample_next_tuple = olap_scan_sample_next_tuple,
};

Datum
olap_tableam_handler(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(&olap_methods);
}

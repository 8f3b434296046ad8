/*-------------------------------------------------------------------------
 *
 * indexing.c
 *		Building PostgreSQL's indexes on an olap table.
 *
 * A build that keeps writers away indexes every row that some snapshot may still
 * see, deleted ones included, and says which are alive: only those must be
 * unique. CREATE INDEX CONCURRENTLY reads with an MVCC snapshot.
 *
 * src/table/indexing.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "commands/progress.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "pgstat.h"
#include "storage/procarray.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"

#include "base/compat.h"
#include "base/errors.h"
#include "delta/rangelog.h"
#include "segment/visibility.h"
#include "table/am.h"
#include "table/indexing.h"
#include "table/slot.h"

void
olap_index_rows_begin(OlapIndexRows *rows, Relation rel, IndexInfo *info)
{
	rows->rel = rel;
	rows->info = info;
	rows->estate = CreateExecutorState();
	rows->econtext = GetPerTupleExprContext(rows->estate);
	rows->slot = table_slot_create(rel, NULL);
	rows->econtext->ecxt_scantuple = rows->slot;
	rows->predicate = ExecPrepareQual(info->ii_Predicate, rows->estate);
}

bool
olap_index_rows_compute(OlapIndexRows *rows)
{
	MemoryContextReset(rows->econtext->ecxt_per_tuple_memory);
	if (rows->predicate != NULL && !ExecQual(rows->predicate, rows->econtext))
		return false;
	FormIndexDatum(rows->info, rows->slot, rows->estate, rows->values,
				   rows->isnull);
	return true;
}

void
olap_index_rows_end(OlapIndexRows *rows)
{
	ExecDropSingleTupleTableSlot(rows->slot);
	FreeExecutorState(rows->estate);

	/* these belonged to the executor state */
	rows->info->ii_ExpressionsState = NIL;
	rows->info->ii_PredicateState = NULL;
}

static void
check_index(Relation rel, Relation index)
{
	if (index->rd_rel->relam == BRIN_AM_OID)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("access method \"brin\" is not supported on olap tables"),
				 errhint("Columns of an olap table have zone maps already, which do the same.")));
}

/* Is the row in slot there for those who come from now on? */
static bool
row_alive(Relation rel, TupleTableSlot *slot, bool has_dropped)
{
	TransactionId xmin;
	CommandId	cmin;
	TransactionId dropper;

	if (!olap_slot_get_inserter(slot, &xmin, &cmin) ||
		!olap_xid_visible(xmin, cmin, SnapshotSelf) ||
		olap_log_row_deleted(rel, olap_row_of_tid(&slot->tts_tid), SnapshotSelf))
		return false;
	if (!has_dropped)
		return true;
	dropper = olap_fetch_dropper(olap_fetch_shared(rel), &slot->tts_tid);
	return !TransactionIdIsNormal(dropper) ||
		!olap_xid_visible(dropper, FirstCommandId, SnapshotSelf);
}

double
olap_index_build_range_scan(Relation rel, Relation index,
							struct IndexInfo *info, bool allow_sync,
							bool anyvisible, bool progress,
							BlockNumber start_block, BlockNumber nblocks,
							IndexBuildCallback callback, void *callback_state,
							TableScanDesc scan)
{
	OlapScanDesc *rows_scan;
	OlapIndexRows rows;
	SnapshotData all;
	Snapshot	snapshot = &all;
	bool		registered = false;
	bool		has_log;
	bool		has_dropped;
	double		nrows = 0;
	int64		done = 0;

	check_index(rel, index);
	if (start_block != 0 || nblocks != InvalidBlockNumber)
		OLAP_NOT_SUPPORTED("building an index over a range of blocks");

	InitNonVacuumableSnapshot(all, GlobalVisTestFor(rel));
	has_log = !olap_log_relation_empty(rel);
	has_dropped = olap_fetch_has_dropped(olap_fetch_shared(rel));
	if (info->ii_Concurrent)
	{
		snapshot = scan != NULL ? scan->rs_snapshot :
			RegisterSnapshot(GetTransactionSnapshot());
		registered = scan == NULL;
	}
	if (scan == NULL)
		scan = table_beginscan_strat(rel, snapshot, 0, NULL, true, false);
	rows_scan = (OlapScanDesc *) scan;
	olap_am_scan(rows_scan, RelationGetDescr(rel), snapshot);
	if (progress)
		pgstat_progress_update_param(PROGRESS_SCAN_BLOCKS_TOTAL,
									 RelationGetNumberOfBlocks(rel));

	olap_index_rows_begin(&rows, rel, info);
	while (table_scan_getnextslot(scan, ForwardScanDirection, rows.slot))
	{
		bool		alive;

		CHECK_FOR_INTERRUPTS();
		alive = (!has_log && !has_dropped) || snapshot != &all ||
			row_alive(rel, rows.slot, has_dropped);
		nrows += alive;
		if (olap_index_rows_compute(&rows))
			callback(index, &rows.slot->tts_tid, rows.values, rows.isnull,
					 alive, callback_state);
		if (progress && rows_scan->row == 0)
		{
			const OlapScanStats *stats = olap_scan_stats(rows_scan->scan);

			done = Max(done, (int64) (stats->bytes_read / BLCKSZ));
			pgstat_progress_update_param(PROGRESS_SCAN_BLOCKS_DONE, done);
		}
	}
	if (progress)
		pgstat_progress_update_param(PROGRESS_SCAN_BLOCKS_DONE,
									 RelationGetNumberOfBlocks(rel));
	table_endscan(scan);
	olap_index_rows_end(&rows);
	if (registered)
		UnregisterSnapshot(snapshot);
	return nrows;
}

/* The next TID of a sort; false at the end. */
static bool
next_tid(Tuplesortstate *sort, ItemPointer tid)
{
	Datum		value;
	bool		isnull;

	if (!tuplesort_getdatum(sort, true, false, &value, &isnull, NULL))
		return false;
	Assert(!isnull);
	itemptr_decode(tid, DatumGetInt64(value));
#ifndef USE_FLOAT8_BYVAL
	pfree(DatumGetPointer(value));
#endif
	return true;
}

/* TIDs of all rows that the snapshot sees, in order. */
static Tuplesortstate *
sort_visible(Relation rel, Snapshot snapshot, ValidateIndexState *state)
{
	Tuplesortstate *sort = tuplesort_begin_datum(INT8OID, Int8LessOperator,
												 InvalidOid, false,
												 maintenance_work_mem, NULL,
												 TUPLESORT_NONE);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = table_beginscan_strat(rel, snapshot, 0, NULL, true,
											   false);

	/* no column is decoded: nobody asks the slot for one */
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		state->htups += 1;
		tuplesort_putdatum(sort, Int64GetDatum(itemptr_encode(&slot->tts_tid)),
						   false);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	tuplesort_performsort(sort);
	return sort;
}

/*
 * Insert the rows that the snapshot sees and the index lacks. Rows of a sorted
 * segment do not come in the order of TIDs, so their TIDs are sorted first, and
 * the few that the index lacks are looked up.
 */
void
olap_index_validate_scan(Relation rel, Relation index, struct IndexInfo *info,
						 Snapshot snapshot, struct ValidateIndexState *state)
{
	Tuplesortstate *visible = sort_visible(rel, snapshot, state);
	OlapFetch  *fetch = olap_fetch_create(rel, CurrentMemoryContext);
	ItemPointerData indexed;
	ItemPointerData tid;
	bool		have = next_tid(state->tuplesort, &indexed);
	OlapIndexRows rows;

	olap_index_rows_begin(&rows, rel, info);
	while (next_tid(visible, &tid))
	{
		CHECK_FOR_INTERRUPTS();
		while (have && ItemPointerCompare(&indexed, &tid) < 0)
			have = next_tid(state->tuplesort, &indexed);
		if (have && ItemPointerEquals(&indexed, &tid))
			continue;
		if (!olap_fetch_row(fetch, &tid, snapshot, rows.slot) ||
			!olap_index_rows_compute(&rows))
			continue;
		index_insert(index, rows.values, rows.isnull, &tid, rel,
					 info->ii_Unique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false,
					 info);
		state->tups_inserted += 1;
	}
	olap_index_rows_end(&rows);
	olap_fetch_free(fetch);
	tuplesort_end(visible);
}

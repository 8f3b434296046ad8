/*-------------------------------------------------------------------------
 *
 * fetch.c
 *		Rows by their TID: what a snapshot sees of them, and who wrote them.
 *
 * src/table/fetch.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "storage/predicate.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "table/fetch_internal.h"
#include "table/scan_internal.h"
#include "table/slot.h"
#include "table/writer.h"

/* Is the row deleted for snapshot? */
static bool
row_deleted(OlapFetch *fetch, OlapRow row, Snapshot snapshot)
{
	if (!fetch->one_snapshot || !IsMVCCSnapshot(snapshot))
		return olap_log_row_deleted(fetch->rel, row, snapshot);
	if (fetch->log == NULL || fetch->log_snapshot != snapshot ||
		fetch->log_curcid != snapshot->curcid)
	{
		if (fetch->log != NULL)
			olap_log_reader_free(fetch->log);
		fetch->log = olap_log_reader_create(fetch->rel, snapshot, fetch->cxt);
		fetch->log_snapshot = snapshot;
		fetch->log_curcid = snapshot->curcid;
	}
	return olap_log_reader_row_deleted(fetch->log, row);
}

/*
 * The entry that our own transaction is still filling and that holds vblock; -1
 * if there is none.  Its rows wait in the writer.
 */
static int
find_unfinished(OlapFetch *fetch, BlockNumber vblock)
{
	for (int i = olap_fetch_entries_before(fetch, vblock);
		 (i = olap_fetch_next_cover(fetch, i, vblock)) >= 0;)
	{
		const OlapDirEntry *entry = &fetch->entries[i];

		if ((entry->flags & (OLAP_ENTRY_COMPLETE | OLAP_ENTRY_DEAD |
							 OLAP_ENTRY_OUTPUT)) == 0 &&
			entry->kind == OLAP_ENTRY_SEGMENT &&
			TransactionIdIsCurrentTransactionId(entry->xmin))
			return i;
	}
	return -1;
}

static bool
fetch_delta_row(OlapFetch *fetch, int i, ItemPointer tid, Snapshot snapshot,
				TupleTableSlot *slot, TransactionId *xmin)
{
	OlapDeltaPage *page = olap_fetch_delta_page(fetch, i,
												ItemPointerGetBlockNumberNoCheck(tid));
	OffsetNumber off = ItemPointerGetOffsetNumberNoCheck(tid);
	HeapTupleData tuple;
	CommandId	cmin;

	if (off < 1 || off > page->ntuples ||
		!olap_delta_tuple(fetch->rel, page, off, &tuple, xmin, &cmin) ||
		!olap_row_visible(fetch->rel, *xmin, cmin, snapshot))
		return false;
	if (snapshot->snapshot_type == SNAPSHOT_DIRTY &&
		TransactionIdIsValid(snapshot->xmin) &&
		HeapTupleHeaderIsSpeculative(tuple.t_data))
		snapshot->speculativeToken =
			HeapTupleHeaderGetSpeculativeToken(tuple.t_data);
	if (slot != NULL)
		olap_slot_store_delta(slot, fetch->rel, fetch->desc, &tuple, *xmin,
							  cmin);
	return true;
}

static bool
fetch_segment_row(OlapFetch *fetch, int i, uint32 index, TupleTableSlot *slot)
{
	OlapBatchSource *source;
	uint32		row;

	if (slot == NULL)
		return true;
	source = olap_fetch_vector(fetch, i, index, &row);
	if (source == NULL)
		return false;
	olap_slot_store_row(slot, source, row);
	return true;
}

static bool
fetch_row(OlapFetch *fetch, ItemPointer tid, const OlapView *view,
		  bool with_log, TupleTableSlot *slot)
{
	Snapshot	snapshot = view->snapshot;
	OlapRow		row = olap_row_of_tid(tid);
	uint32		index = 0;
	int			i = olap_fetch_find(fetch, row, view, &index);
	TransactionId xmin;

	if (i < 0 &&
		find_unfinished(fetch, ItemPointerGetBlockNumberNoCheck(tid)) >= 0)
	{
		olap_writer_flush(fetch->rel);
		olap_fetch_refresh(fetch);
		i = olap_fetch_find(fetch, row, view, &index);
	}
	if (i < 0)
		return false;
	xmin = (fetch->entries[i].flags & OLAP_ENTRY_OUTPUT) != 0 ?
		FrozenTransactionId : fetch->entries[i].xmin;
	if (fetch->entries[i].kind == OLAP_ENTRY_DELTA)
	{
		if (!fetch_delta_row(fetch, i, tid, snapshot, slot, &xmin))
			return false;
	}
	else if (!fetch_segment_row(fetch, i, index, slot))
		return false;

	/* before looking for a delete: who deletes it after that finds the lock */
	if (IsMVCCSnapshot(snapshot))
		PredicateLockTID(fetch->rel, tid, snapshot, xmin);
	return !with_log || !row_deleted(fetch, row, snapshot);
}

bool
olap_fetch_inserted(OlapFetch *fetch, ItemPointer tid, Snapshot snapshot)
{
	OlapView	view = {.snapshot = snapshot, .moves = snapshot};

	Assert(IsMVCCSnapshot(snapshot));
	olap_fetch_refresh(fetch);
	return fetch_row(fetch, tid, &view, false, NULL);
}

bool
olap_fetch_row(OlapFetch *fetch, ItemPointer tid, Snapshot snapshot,
			   TupleTableSlot *slot)
{
	OffsetNumber off = ItemPointerGetOffsetNumberNoCheck(tid);
	OlapView	view = {.snapshot = snapshot, .moves = snapshot};
	bool		found;

	if (off < 1 || off > OLAP_VBLOCK_ROWS)
		return false;

	/* what a snapshot may see was complete before the first lookup by it */
	if (!fetch->read || !fetch->one_snapshot || !IsMVCCSnapshot(snapshot))
		olap_fetch_refresh(fetch);
	if (fetch->verdicts == NULL && fetch->one_snapshot && IsMVCCSnapshot(snapshot))
		olap_fetch_judge(fetch, snapshot->xmin);
	if (IsMVCCSnapshot(snapshot) || !fetch->moves)
		return fetch_row(fetch, tid, &view, true, slot);

	/* compactions need judgement: that first, the directory again after it */
	olap_view_begin(&view, fetch->rel, snapshot, InvalidTransactionId);
	olap_fetch_refresh(fetch);
	found = fetch_row(fetch, tid, &view, true, slot);
	olap_view_end(&view);
	return found;
}

/* Entry i's inserter of the row at tid; false if it has no such row. */
static bool
inserter_in(OlapFetch *fetch, int i, ItemPointer tid, TransactionId *xmin,
			CommandId *cmin)
{
	const OlapDirEntry *entry = &fetch->entries[i];
	OffsetNumber off = ItemPointerGetOffsetNumberNoCheck(tid);

	if (entry->kind == OLAP_ENTRY_DELTA)
	{
		OlapDeltaPage *page =
			olap_fetch_delta_page(fetch, i, ItemPointerGetBlockNumberNoCheck(tid));
		HeapTupleData tuple;

		return off >= 1 && off <= page->ntuples &&
			olap_delta_tuple(fetch->rel, page, off, &tuple, xmin, cmin);
	}
	if ((entry->flags & OLAP_ENTRY_OUTPUT) != 0)
	{
		/* moved: its inserter is past (olap_fetch_inserted() knows more) */
		*xmin = FrozenTransactionId;
		*cmin = FirstCommandId;
		return true;
	}
	if ((entry->flags & OLAP_ENTRY_COMPLETE) != 0 &&
		olap_row_of_tid(tid) - (OlapRow) entry->first_vblock * OLAP_VBLOCK_ROWS >=
		entry->nrows)
		return false;
	*xmin = entry->xmin;
	*cmin = entry->cmin;
	return true;
}

bool
olap_fetch_inserter(OlapFetch *fetch, ItemPointer tid, TransactionId *xmin,
					CommandId *cmin)
{
	BlockNumber vblock = ItemPointerGetBlockNumberNoCheck(tid);
	OlapView	view = {.snapshot = SnapshotAny};
	uint32		index;
	bool		found;
	int			i;

	olap_fetch_refresh(fetch);
	i = find_unfinished(fetch, vblock);
	if (i >= 0)
		return inserter_in(fetch, i, tid, xmin, cmin);
	if (fetch->moves)
	{
		olap_view_begin(&view, fetch->rel, SnapshotAny, InvalidTransactionId);
		olap_fetch_refresh(fetch);
	}
	i = olap_fetch_find(fetch, olap_row_of_tid(tid), &view, &index);
	found = i >= 0 && inserter_in(fetch, i, tid, xmin, cmin);
	olap_view_end(&view);
	return found;
}

/*
 * Looks where the row is now: retention may have dropped it from a place that a
 * compaction moved it to after the active snapshot was taken.
 */
TransactionId
olap_fetch_dropper(OlapFetch *fetch, ItemPointer tid)
{
	OlapView	view = {.snapshot = SnapshotAny};
	TransactionId xmax = InvalidTransactionId;
	uint32		index;
	int			i;

	olap_fetch_refresh(fetch);
	if (fetch->moves)
	{
		olap_view_begin_latest(&view, fetch->rel, SnapshotAny);
		olap_fetch_refresh(fetch);
	}
	i = olap_fetch_find(fetch, olap_row_of_tid(tid), &view, &index);
	if (i >= 0 && (fetch->entries[i].flags & OLAP_ENTRY_MOVED) == 0)
		xmax = fetch->entries[i].xmax;
	olap_view_end(&view);
	return xmax;
}

bool
olap_fetch_has_dropped(OlapFetch *fetch)
{
	olap_fetch_refresh(fetch);
	return fetch->drops;
}

void
olap_fetch_complete_speculative(OlapFetch *fetch, ItemPointer tid,
								bool succeeded)
{
	BlockNumber vblock = ItemPointerGetBlockNumber(tid);
	OlapView	view = {.snapshot = SnapshotAny};
	const OlapDirEntry *entry;
	uint32		index;
	int			i;

	/* no compaction takes a place that our transaction writes to */
	olap_fetch_refresh(fetch);
	i = olap_fetch_find(fetch, olap_row_of_tid(tid), &view, &index);
	if (i < 0)
		elog(ERROR, "row (%u,%u) of \"%s\" is not there", vblock,
			 ItemPointerGetOffsetNumber(tid), RelationGetRelationName(fetch->rel));
	entry = &fetch->entries[i];
	if (entry->kind == OLAP_ENTRY_DELTA)
		olap_delta_complete(fetch->rel, entry, vblock - entry->first_vblock,
							ItemPointerGetOffsetNumber(tid), succeeded);
	else if (!succeeded)
		olap_directory_kill(fetch->rel, entry);
}

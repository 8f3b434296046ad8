/*-------------------------------------------------------------------------
 *
 * fetch.c
 *		Find rows by their TID.
 *
 * A TID is a row number, so the place of a row is found by binary search over
 * the row ranges of the directory. Several entries may cover a number: a place
 * and what a compaction made of it, of which a reader sees one; and outputs of
 * compactions, which hold some rows of a range, so each is asked whether it has
 * this one.
 *
 * src/table/fetch.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/tupdesc.h"
#include "access/xact.h"
#include "storage/predicate.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "delta/delta.h"
#include "delta/rangelog.h"
#include "segment/rownums.h"
#include "table/fetch.h"
#include "table/scan_internal.h"
#include "table/slot.h"
#include "table/writer.h"

/* Segments and vectors kept open; a nested loop alternates between few. */
#define FETCH_SEGMENTS 4
#define FETCH_VECTORS 8
/* Entries that are passed over at once if none of them covers a row. */
#define FETCH_BLOCK 64

typedef struct FetchSegment
{
	uint32		entry_id;		/* 0: free */
	OlapSegment *segment;
	int			rg;				/* the row group whose chunks are open */
	uint64		used;
} FetchSegment;

typedef struct FetchVector
{
	uint32		entry_id;		/* 0: free */
	int			rg;
	uint32		vecno;
	OlapBatchSource *source;
	uint64		used;
} FetchVector;

/* Does an MVCC snapshot see an entry? */
typedef enum FetchVerdict
{
	VERDICT_OPEN,				/* ask */
	VERDICT_SEEN,
	VERDICT_UNSEEN
} FetchVerdict;

struct OlapFetch
{
	Relation	rel;
	TupleDesc	desc;
	MemoryContext cxt;
	bool		one_snapshot;	/* all MVCC lookups use the same snapshot */
	bool		read;			/* the directory was read ... */
	uint64		version;		/* ... at this version of it */
	int			n;
	OlapDirEntry *entries;		/* by first_vblock */
	uint32	   *ends;			/* highest end of row ranges up to here */
	uint32	   *block_ends;		/* the same of FETCH_BLOCK entries each */
	bool		moves;			/* a compaction is not history yet */
	uint8	   *verdicts;		/* FetchVerdict of each; NULL: none is kept */
	TransactionId verdict_xmin;	/* for snapshots with this xmin or a later one */
	uint64		clock;
	FetchSegment segments[FETCH_SEGMENTS];
	FetchVector vectors[FETCH_VECTORS];
	OlapDeltaPage *page;

	/* of an index scan: which rows its snapshot takes for deleted */
	OlapLogReader *log;
	Snapshot	log_snapshot;
	CommandId	log_curcid;
};

/* ---- the directory ---- */

OlapFetch *
olap_fetch_create(Relation rel, MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "olap fetch",
											  ALLOCSET_DEFAULT_SIZES);
	OlapFetch  *fetch = MemoryContextAllocZero(cxt, sizeof(OlapFetch));
	MemoryContext old = CurrentMemoryContext;

	fetch->rel = rel;
	fetch->cxt = cxt;
	MemoryContextSwitchTo(cxt);
	fetch->desc = CreateTupleDescCopyConstr(RelationGetDescr(rel));
	MemoryContextSwitchTo(old);
	return fetch;
}

/* Close everything that is open. */
static void
fetch_close(OlapFetch *fetch)
{
	for (int i = 0; i < FETCH_SEGMENTS; i++)
		if (fetch->segments[i].entry_id != 0)
			olap_segment_close(fetch->segments[i].segment);
	memset(fetch->segments, 0, sizeof(fetch->segments));
	for (int i = 0; i < FETCH_VECTORS; i++)
		fetch->vectors[i].entry_id = 0;
}

void
olap_fetch_free(OlapFetch *fetch)
{
	fetch_close(fetch);
	MemoryContextDelete(fetch->cxt);
}

static int
compare_entries(const void *a, const void *b)
{
	const OlapDirEntry *ea = a;
	const OlapDirEntry *eb = b;

	if (ea->first_vblock != eb->first_vblock)
		return ea->first_vblock < eb->first_vblock ? -1 : 1;
	if (ea->id != eb->id)
		return ea->id < eb->id ? -1 : 1;
	return 0;
}

/*
 * Where one directory serves all lookups, old entries are judged while it is new:
 * a cursor may live longer than the commit log knows their transactions.
 */
static void
judge_entries(OlapFetch *fetch, TransactionId xmin)
{
	if (fetch->verdicts == NULL)
		fetch->verdicts = MemoryContextAllocHuge(fetch->cxt, Max(fetch->n, 1));
	fetch->verdict_xmin = xmin;
	for (int i = 0; i < fetch->n; i++)
	{
		bool		visible;

		fetch->verdicts[i] =
			!olap_entry_decided(&fetch->entries[i], xmin, &visible) ? VERDICT_OPEN :
			visible ? VERDICT_SEEN : VERDICT_UNSEEN;
	}
}

/* Put the entries in order and note how far their ranges reach. */
static void
index_entries(OlapFetch *fetch)
{
	uint32		end = 0;

	fetch->block_ends = MemoryContextAllocZero(fetch->cxt, sizeof(uint32) *
											   (fetch->n / FETCH_BLOCK + 1));
	qsort(fetch->entries, fetch->n, sizeof(OlapDirEntry), compare_entries);
	for (int i = 0; i < fetch->n; i++)
	{
		const OlapDirEntry *entry = &fetch->entries[i];
		uint32		own = entry->first_vblock + entry->nvblocks;
		uint32	   *block_end = &fetch->block_ends[i / FETCH_BLOCK];

		end = Max(end, own);
		fetch->ends[i] = end;
		*block_end = Max(*block_end, own);
		fetch->moves |= olap_entry_moves(entry);
	}
}

void
olap_fetch_refresh(OlapFetch *fetch)
{
	MemoryContext old;
	OlapMeta	meta;
	OlapDirList list;

	if (!olap_meta_read(fetch->rel, &meta))
		meta.version = 0;
	if (fetch->read && fetch->version == meta.version)
		return;

	old = MemoryContextSwitchTo(fetch->cxt);
	if (fetch->entries != NULL)
		pfree(fetch->entries);
	if (fetch->ends != NULL)
		pfree(fetch->ends);
	if (fetch->block_ends != NULL)
		pfree(fetch->block_ends);
	if (fetch->verdicts != NULL)
		pfree(fetch->verdicts);
	fetch->entries = NULL;
	fetch->ends = fetch->block_ends = NULL;
	fetch->verdicts = NULL;
	fetch->n = 0;
	fetch->moves = false;
	fetch->read = false;

	olap_directory_read(fetch->rel, &list);
	if (list.n > 0)
	{
		pfree(list.refs);
		fetch->ends = MemoryContextAllocHuge(fetch->cxt,
											 (Size) list.n * sizeof(uint32));
		fetch->entries = list.entries;
		fetch->n = list.n;
		index_entries(fetch);
	}
	fetch->read = true;
	fetch->version = meta.version;
	MemoryContextSwitchTo(old);
}

bool
olap_fetch_current(const OlapFetch *fetch)
{
	OlapMeta	meta;

	return fetch->read && olap_meta_read(fetch->rel, &meta) &&
		fetch->version == meta.version;
}

void
olap_fetch_one_snapshot(OlapFetch *fetch)
{
	fetch->one_snapshot = true;
}

int
olap_fetch_count(const OlapFetch *fetch)
{
	return fetch->n;
}

const OlapDirEntry *
olap_fetch_entry(const OlapFetch *fetch, int i)
{
	return &fetch->entries[i];
}

/* Number of entries that start at or before vblock. */
static int
entries_before(OlapFetch *fetch, BlockNumber vblock)
{
	int			low = 0,
				high = fetch->n;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (fetch->entries[middle].first_vblock <= vblock)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- places ---- */

static FetchSegment *
fetch_segment(OlapFetch *fetch, const OlapDirEntry *entry)
{
	FetchSegment *victim = &fetch->segments[0];

	for (int i = 0; i < FETCH_SEGMENTS; i++)
	{
		if (fetch->segments[i].entry_id == entry->id)
		{
			fetch->segments[i].used = ++fetch->clock;
			return &fetch->segments[i];
		}
		if (fetch->segments[i].used < victim->used)
			victim = &fetch->segments[i];
	}
	if (victim->entry_id != 0)
	{
		/* vectors may point into its chunks */
		for (int i = 0; i < FETCH_VECTORS; i++)
			if (fetch->vectors[i].entry_id == victim->entry_id)
				fetch->vectors[i].entry_id = 0;
		olap_segment_close(victim->segment);
		victim->entry_id = 0;
	}
	victim->segment = olap_segment_open(fetch->rel, entry, fetch->cxt, NULL);
	victim->entry_id = entry->id;
	victim->rg = -1;
	victim->used = ++fetch->clock;
	return victim;
}

/* Only one row group of a segment keeps its chunks open. */
static void
use_rowgroup(OlapFetch *fetch, FetchSegment *place, int rg)
{
	if (place->rg == rg)
		return;
	if (place->rg >= 0)
	{
		for (int i = 0; i < FETCH_VECTORS; i++)
			if (fetch->vectors[i].entry_id == place->entry_id &&
				fetch->vectors[i].rg == place->rg)
				fetch->vectors[i].entry_id = 0;
		olap_segment_release(place->segment, place->rg);
	}
	place->rg = rg;
}

static OlapBatchSource *
fetch_vector(OlapFetch *fetch, FetchSegment *place, const OlapDirEntry *entry,
			 int rg, uint32 vecno)
{
	FetchVector *victim = &fetch->vectors[0];

	for (int i = 0; i < FETCH_VECTORS; i++)
	{
		FetchVector *v = &fetch->vectors[i];

		if (v->entry_id == entry->id && v->rg == rg && v->vecno == vecno)
		{
			v->used = ++fetch->clock;
			return v->source;
		}
		if (v->entry_id == 0 ? victim->entry_id != 0 :
			(victim->entry_id != 0 && v->used < victim->used))
			victim = v;
	}
	use_rowgroup(fetch, place, rg);
	victim->entry_id = 0;
	if (victim->source == NULL)
		victim->source = olap_batch_source_create(fetch->rel, fetch->desc,
												  NULL, fetch->cxt);
	olap_batch_set_segment(victim->source, place->segment, entry, rg, vecno);
	victim->entry_id = entry->id;
	victim->rg = rg;
	victim->vecno = vecno;
	victim->used = ++fetch->clock;
	return victim->source;
}

OlapBatchSource *
olap_fetch_vector(OlapFetch *fetch, int i, uint32 index, uint32 *row)
{
	const OlapDirEntry *entry = &fetch->entries[i];
	FetchSegment *place = fetch_segment(fetch, entry);

	for (int rg = 0; rg < olap_segment_rowgroups(place->segment); rg++)
	{
		uint32		first = olap_segment_rowgroup_first(place->segment, rg);
		uint32		rows = olap_segment_rowgroup_rows(place->segment, rg);

		if (index < first || index - first >= rows)
			continue;
		*row = (index - first) % OLAP_VECTOR_ROWS;
		return fetch_vector(fetch, place, entry, rg,
							(index - first) / OLAP_VECTOR_ROWS);
	}
	return NULL;
}

/* Does the place have the row? *index: where, in a segment. */
static bool
place_holds(OlapFetch *fetch, const OlapDirEntry *entry, OlapRow row,
			uint32 *index)
{
	OlapRow		position = row - (OlapRow) entry->first_vblock * OLAP_VBLOCK_ROWS;

	if (entry->kind == OLAP_ENTRY_DELTA)
		return true;
	if ((entry->flags & OLAP_ENTRY_ROWNUMS) == 0)
	{
		*index = (uint32) position;
		return position < entry->nrows;
	}
	return olap_rownum_covers(fetch->rel, entry, row / OLAP_VBLOCK_ROWS) &&
		olap_rownum_find(fetch->rel, fetch_segment(fetch, entry)->segment,
						 entry, row, index);
}

/* The next entry below i that covers vblock; -1: there is none. */
static int
next_cover(const OlapFetch *fetch, int i, BlockNumber vblock)
{
	for (i--; i >= 0 && fetch->ends[i] > vblock; i--)
	{
		if (i % FETCH_BLOCK == FETCH_BLOCK - 1)
			while (i >= 0 && fetch->block_ends[i / FETCH_BLOCK] <= vblock)
				i -= FETCH_BLOCK;
		if (i >= 0 && vblock - fetch->entries[i].first_vblock <
			fetch->entries[i].nvblocks)
			return i;
	}
	return -1;
}

int
olap_fetch_covering(OlapFetch *fetch, BlockNumber vblock, int before)
{
	return next_cover(fetch, Min(before, entries_before(fetch, vblock)), vblock);
}

/*
 * Where the row was before a compaction dropped it as deleted: SnapshotAny
 * wants rows that are gone for all others. A place that is not marked dead yet
 * is not freed before the snapshot that view holds is gone.
 */
static bool
still_there(const OlapDirEntry *entry, const OlapView *view)
{
	return view->snapshot->snapshot_type == SNAPSHOT_ANY &&
		view->moves != NULL &&
		(entry->flags & (OLAP_ENTRY_MOVED | OLAP_ENTRY_DEAD)) == OLAP_ENTRY_MOVED &&
		(entry->flags & (OLAP_ENTRY_COMPLETE | OLAP_ENTRY_OUTPUT)) == OLAP_ENTRY_COMPLETE;
}

static bool
entry_visible(OlapFetch *fetch, int i, const OlapView *view)
{
	if (fetch->verdicts != NULL && fetch->verdicts[i] != VERDICT_OPEN &&
		IsMVCCSnapshot(view->snapshot) &&
		!TransactionIdPrecedes(view->snapshot->xmin, fetch->verdict_xmin))
		return fetch->verdicts[i] == VERDICT_SEEN;
	return olap_place_visible(fetch->rel, &fetch->entries[i], view);
}

int
olap_fetch_find(OlapFetch *fetch, OlapRow row, const OlapView *view,
				uint32 *index)
{
	BlockNumber vblock = (BlockNumber) (row / OLAP_VBLOCK_ROWS);
	int			start = entries_before(fetch, vblock);

	for (int i = start; (i = next_cover(fetch, i, vblock)) >= 0;)
		if (entry_visible(fetch, i, view) &&
			place_holds(fetch, &fetch->entries[i], row, index))
			return i;
	if (view->snapshot->snapshot_type != SNAPSHOT_ANY || !fetch->moves)
		return -1;
	for (int i = start; (i = next_cover(fetch, i, vblock)) >= 0;)
		if (still_there(&fetch->entries[i], view) &&
			place_holds(fetch, &fetch->entries[i], row, index))
			return i;
	return -1;
}

OlapDeltaPage *
olap_fetch_delta_page(OlapFetch *fetch, int i, BlockNumber vblock)
{
	const OlapDirEntry *entry = &fetch->entries[i];

	if (fetch->page == NULL)
		fetch->page = MemoryContextAlloc(fetch->cxt, sizeof(OlapDeltaPage));
	olap_delta_page_read(fetch->rel, entry, vblock - entry->first_vblock,
						 fetch->page, NULL);
	return fetch->page;
}

/* ---- rows ---- */

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
	for (int i = entries_before(fetch, vblock);
		 (i = next_cover(fetch, i, vblock)) >= 0;)
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
		judge_entries(fetch, snapshot->xmin);
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
	for (int i = 0; i < fetch->n; i++)
		if (TransactionIdIsNormal(fetch->entries[i].xmax) &&
			(fetch->entries[i].flags & (OLAP_ENTRY_MOVED | OLAP_ENTRY_DEAD)) == 0)
			return true;
	return false;
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

/*-------------------------------------------------------------------------
 *
 * dead.c
 *		Rows that no index needs any more, found out without VACUUM.
 *
 * A row that is updated often leaves index entries behind, one an update; a
 * search goes through all of them. So an index scan says of a row it does not
 * see whether anybody still may, and the index drops entries of such rows when
 * a page is full.
 *
 * Only proof counts: a row that is found in no place may be there for a reader
 * whose directory is newer. What a scan finds dead stays so, for row numbers
 * are not used twice.
 *
 * src/table/dead.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "storage/procarray.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "delta/delta.h"
#include "delta/rangelog.h"
#include "segment/visibility.h"
#include "table/am.h"
#include "table/fetch.h"

/* Rows that a bottom-up deletion looks at in vain before it gives up. */
#define BOTTOM_UP_PATIENCE 32

/* Is it certain that xid aborted? */
static bool
is_aborted(TransactionId xid)
{
	return !TransactionIdIsValid(xid) || olap_xid_aborted(xid);
}

/*
 * Is entry i the place where the row was inserted, and did its inserter abort?
 * A place that is being replaced may be gone when we look, and says no more than
 * VACUUM will find.
 */
static bool
aborted_in(OlapFetch *fetch, Relation rel, int i, ItemPointer tid)
{
	const OlapDirEntry *entry = olap_fetch_entry(fetch, i);
	OffsetNumber off = ItemPointerGetOffsetNumberNoCheck(tid);
	OlapDeltaPage *page;
	HeapTupleData tuple;
	TransactionId xmin;
	CommandId	cmin;

	if ((entry->flags & (OLAP_ENTRY_DEAD | OLAP_ENTRY_OUTPUT |
						 OLAP_ENTRY_ROWNUMS)) != 0 ||
		TransactionIdIsValid(entry->xmax))
		return false;

	/*
	 * A writer gives the row numbers that it did not need back before it
	 * completes its entry, and others take them: an older copy of the entry
	 * still claims their rows.
	 */
	if (entry->kind != OLAP_ENTRY_DELTA)
		return is_aborted(entry->xmin) &&
			((entry->flags & OLAP_ENTRY_COMPLETE) != 0 ||
			 olap_fetch_current(fetch));
	page = olap_fetch_delta_page(fetch, i, ItemPointerGetBlockNumberNoCheck(tid));
	if (off < 1 || off > page->ntuples)
		return false;
	if (!olap_delta_tuple(rel, page, off, &tuple, &xmin, &cmin))
		return true;			/* VACUUM has marked it */
	return is_aborted(xmin);
}

bool
olap_fetch_dead(OlapFetch *fetch, Relation rel, ItemPointer tid,
				TransactionId *deleter)
{
	BlockNumber vblock = ItemPointerGetBlockNumberNoCheck(tid);
	OlapLogRecord change;
	bool		dead;
	int			i = olap_fetch_count(fetch);

	*deleter = InvalidTransactionId;
	if (olap_log_row_change(rel, olap_row_of_tid(tid), &change, &dead))
	{
		*deleter = change.xid;
		return GlobalVisTestIsRemovableXid(GlobalVisTestFor(rel), change.xid);
	}
	if (dead)
		return true;			/* VACUUM has told the standbys */
	while ((i = olap_fetch_covering(fetch, vblock, i)) >= 0)
		if (aborted_in(fetch, rel, i, tid))
			return true;
	return false;
}

/*
 * The deleter of a marked row of which nothing is left: compaction dropped it and
 * its change record has been freed. It was below the horizon when a scan marked
 * it, so the newest transaction below today's stands for it on standbys. (The
 * index counts on it that marked entries come back as deletable.)
 */
static TransactionId
marked_horizon(Relation rel, TransactionId *horizon)
{
	if (!TransactionIdIsValid(*horizon))
	{
		*horizon = GetOldestNonRemovableTransactionId(rel);
		TransactionIdRetreat(*horizon);
	}
	return *horizon;
}

/*
 * Which of the TIDs does the index not need?  A simple deletion asks about
 * entries that scans marked, and some beside them; a bottom-up one about entries
 * that may be versions of one row, and wants no more than it needs.
 */
TransactionId
olap_index_delete_tuples(Relation rel, TM_IndexDeleteOp *op)
{
	OlapFetch  *fetch = olap_fetch_shared(rel);
	TransactionId newest = InvalidTransactionId;
	int			ndead = 0;
	int			in_vain = 0;
	int			room = 0;
	TransactionId horizon = InvalidTransactionId;

	olap_fetch_refresh(fetch);
	for (int i = 0; i < op->ndeltids; i++)
	{
		TM_IndexDelete *entry = &op->deltids[i];
		TM_IndexStatus *status = &op->status[entry->id];
		TransactionId deleter;

		if (op->bottomup &&
			(!status->promising || in_vain == BOTTOM_UP_PATIENCE ||
			 room >= op->bottomupfreespace))
			continue;

		if (!olap_fetch_dead(fetch, rel, &entry->tid, &deleter))
		{
			if (!status->knowndeletable)
			{
				in_vain++;
				continue;
			}
			/* what was marked was dead then, even if the horizon went back since */
			if (!TransactionIdIsValid(deleter))
				deleter = marked_horizon(rel, &horizon);
		}
		status->knowndeletable = true;
		in_vain = 0;
		room += status->freespace;
		if (TransactionIdIsValid(deleter) &&
			(!TransactionIdIsValid(newest) ||
			 TransactionIdFollows(deleter, newest)))
			newest = deleter;
		op->deltids[ndead++] = *entry;
	}
	op->ndeltids = ndead;
	return newest;
}

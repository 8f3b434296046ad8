/*-------------------------------------------------------------------------
 *
 * visibility.c
 *		Who sees an entry or a delta row.
 *
 * src/segment/visibility.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/subtrans.h"
#include "access/transam.h"
#include "access/xact.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "storage/procarray.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "segment/visibility.h"

void
olap_xid_limits(OlapXidLimits *limits)
{
	limits->oldest = olap_oldest_logged_xid();
	limits->next = InvalidTransactionId;
}

bool
olap_xid_possible(OlapXidLimits *limits, TransactionId xid)
{
	if (!TransactionIdIsNormal(xid))
		return true;
	if (TransactionIdPrecedes(xid, RecentXmin))
		return !TransactionIdPrecedes(xid, limits->oldest);
	if (!TransactionIdIsValid(limits->next))
		limits->next = ReadNextTransactionId();
	return TransactionIdPrecedes(xid, limits->next);
}

bool
olap_xid_aborted(TransactionId xid)
{
	return TransactionIdIsNormal(xid) &&
		!TransactionIdIsCurrentTransactionId(xid) &&
		!TransactionIdIsInProgress(xid) && !TransactionIdDidCommit(xid);
}

/* MVCC: own rows by command id, others by the snapshot, then by the log. */
static bool
visible_mvcc(TransactionId xid, CommandId cid, Snapshot snapshot)
{
	if (TransactionIdIsCurrentTransactionId(xid))
		return cid < snapshot->curcid;
	if (XidInMVCCSnapshot(xid, snapshot))
		return false;
	return TransactionIdDidCommit(xid);
}

bool
olap_xid_visible(TransactionId xmin, CommandId cmin, Snapshot snapshot)
{
	/* a speculative insertion that was taken back is no row for anybody */
	if (snapshot->snapshot_type == SNAPSHOT_ANY)
		return TransactionIdIsValid(xmin);
	if (snapshot->snapshot_type == SNAPSHOT_DIRTY)
	{
		snapshot->xmin = snapshot->xmax = InvalidTransactionId;
		snapshot->speculativeToken = 0;
	}
	if (!TransactionIdIsValid(xmin))
		return false;
	if (!TransactionIdIsNormal(xmin))
		return true;			/* frozen */

	switch (snapshot->snapshot_type)
	{
		case SNAPSHOT_MVCC:
			return visible_mvcc(xmin, cmin, snapshot);
		case SNAPSHOT_DIRTY:
			if (TransactionIdIsCurrentTransactionId(xmin))
				return true;
			if (TransactionIdIsInProgress(xmin))
			{
				snapshot->xmin = xmin;
				return true;
			}
			return TransactionIdDidCommit(xmin);
		case SNAPSHOT_NON_VACUUMABLE:
			/* only rows of aborted transactions could be removed */
			return !olap_xid_aborted(xmin);
		case SNAPSHOT_SELF:
		case SNAPSHOT_TOAST:
			return TransactionIdIsCurrentTransactionId(xmin) ||
				(!TransactionIdIsInProgress(xmin) &&
				 TransactionIdDidCommit(xmin));
		default:
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("olap tables cannot be read with this kind of snapshot"),
					 errdetail("Snapshot type %d, used by logical decoding of catalogs.",
							   (int) snapshot->snapshot_type)));
	}
	return false;				/* not reached */
}

bool
olap_xid_deletes(TransactionId xid, CommandId cid, Snapshot snapshot)
{
	switch (snapshot->snapshot_type)
	{
		case SNAPSHOT_ANY:
			return false;
		case SNAPSHOT_MVCC:
			return visible_mvcc(xid, cid, snapshot);
		case SNAPSHOT_DIRTY:
			if (TransactionIdIsCurrentTransactionId(xid))
				return true;
			if (TransactionIdIsInProgress(xid))
			{
				snapshot->xmax = xid;
				return false;
			}
			return TransactionIdDidCommit(xid);
		case SNAPSHOT_NON_VACUUMABLE:
			return !TransactionIdIsInProgress(xid) &&
				TransactionIdDidCommit(xid) &&
				GlobalVisTestIsRemovableXid(snapshot->vistest, xid);
		default:
			return olap_xid_visible(xid, cid, SnapshotSelf);
	}
}

void
olap_report_invisible(Relation rel, TransactionId xid, Snapshot snapshot)
{
	TransactionId top;

	if (!CheckForSerializableConflictOutNeeded(rel, snapshot) ||
		!TransactionIdIsNormal(xid) ||
		TransactionIdIsCurrentTransactionId(xid) ||
		TransactionIdPrecedes(xid, TransactionXmin) ||
		(!TransactionIdIsInProgress(xid) && !TransactionIdDidCommit(xid)))
		return;
	top = SubTransGetTopmostTransaction(xid);
	if (!TransactionIdPrecedes(top, TransactionXmin))
		CheckForSerializableConflictOut(rel, top, snapshot);
}

/* ---- places ---- */

TransactionId
olap_view_cutoff(Relation rel)
{
	TransactionId cutoff = GetOldestNonRemovableTransactionId(rel);
	OlapMeta	meta;

	if (olap_meta_read(rel, &meta) && TransactionIdIsNormal(meta.settled) &&
		TransactionIdFollowsOrEquals(meta.settled, cutoff))
	{
		cutoff = meta.settled;
		TransactionIdAdvance(cutoff);
	}
	return cutoff;
}

/* latest: moves must not be older than now */
static void
view_begin(OlapView *view, Relation rel, Snapshot snapshot,
		   TransactionId cutoff, bool latest)
{
	Snapshot	moves;

	memset(view, 0, sizeof(*view));
	view->snapshot = snapshot;
	if (IsMVCCSnapshot(snapshot))
	{
		view->moves = snapshot;
		return;
	}
	if (TransactionIdIsValid(cutoff))
		view->cutoff = cutoff;
	else if (CheckRelationLockedByMe(rel, ShareUpdateExclusiveLock, true))
		view->cutoff = olap_view_cutoff(rel);
	else
	{
		/* an older snapshot does as well as the latest, and costs nothing */
		moves = !latest && ActiveSnapshotSet() && IsMVCCSnapshot(GetActiveSnapshot()) ?
			GetActiveSnapshot() : GetLatestSnapshot();
		view->owner = CurrentResourceOwner;
		view->moves = RegisterSnapshotOnOwner(moves, view->owner);
	}
}

void
olap_view_begin(OlapView *view, Relation rel, Snapshot snapshot,
				TransactionId cutoff)
{
	view_begin(view, rel, snapshot, cutoff, false);
}

void
olap_view_begin_latest(OlapView *view, Relation rel, Snapshot snapshot)
{
	view_begin(view, rel, snapshot, InvalidTransactionId, true);
}

void
olap_view_end(OlapView *view)
{
	if (view->owner != NULL)
		UnregisterSnapshotFromOwner(view->moves, view->owner);
	memset(view, 0, sizeof(*view));
}

/* Does what compaction xid did count for the reader? */
static bool
move_counts(TransactionId xid, CommandId cid, const OlapView *view)
{
	if (!TransactionIdIsNormal(xid))
		return TransactionIdIsValid(xid);
	if (view->moves != NULL)
		return visible_mvcc(xid, cid, view->moves);
	return TransactionIdPrecedes(xid, view->cutoff) &&
		!TransactionIdIsInProgress(xid) && TransactionIdDidCommit(xid);
}

bool
olap_entry_in_view(const OlapDirEntry *entry, const OlapView *view)
{
	Snapshot	snapshot = view->snapshot;

	if (snapshot->snapshot_type == SNAPSHOT_DIRTY)
	{
		snapshot->xmin = snapshot->xmax = InvalidTransactionId;
		snapshot->speculativeToken = 0;
	}
	if ((entry->flags & OLAP_ENTRY_DEAD) != 0)
		return false;
	if (entry->kind == OLAP_ENTRY_SEGMENT)
	{
		if ((entry->flags & OLAP_ENTRY_COMPLETE) == 0)
			return false;
		if ((entry->flags & OLAP_ENTRY_OUTPUT) != 0)
		{
			if (!move_counts(entry->xmin, entry->cmin, view))
				return false;
		}
		else if (!olap_xid_visible(entry->xmin, entry->cmin, snapshot))
			return false;
	}
	if (!TransactionIdIsValid(entry->xmax))
		return true;
	if ((entry->flags & OLAP_ENTRY_MOVED) != 0)
		return !move_counts(entry->xmax, entry->cmax, view);

	/* who wants what the oldest snapshot needs does not want what it lacks */
	if (snapshot->snapshot_type == SNAPSHOT_ANY ||
		snapshot->snapshot_type == SNAPSHOT_NON_VACUUMABLE)
		return !TransactionIdIsValid(view->cutoff) ||
			!move_counts(entry->xmax, entry->cmax, view);

	/* what dropped it counts only once committed, or for its own command */
	if (snapshot->snapshot_type == SNAPSHOT_MVCC)
		return !visible_mvcc(entry->xmax, entry->cmax, snapshot);
	return !olap_xid_visible(entry->xmax, entry->cmax, SnapshotSelf);
}

bool
olap_entry_visible(const OlapDirEntry *entry, Snapshot snapshot)
{
	OlapView	view = {.snapshot = snapshot, .moves = snapshot};

	Assert(IsMVCCSnapshot(snapshot));
	return olap_entry_in_view(entry, &view);
}

/* Had it ended before a snapshot with this xmin was taken? */
static bool
is_past(TransactionId xid, TransactionId xmin)
{
	return !TransactionIdIsNormal(xid) || TransactionIdPrecedes(xid, xmin);
}

static bool
past_committed(TransactionId xid)
{
	return TransactionIdIsNormal(xid) ? TransactionIdDidCommit(xid) :
		TransactionIdIsValid(xid);
}

bool
olap_entry_decided(const OlapDirEntry *entry, TransactionId xmin,
				   bool *visible)
{
	if (!is_past(entry->xmin, xmin) || !is_past(entry->xmax, xmin))
		return false;
	*visible = (entry->flags & OLAP_ENTRY_DEAD) == 0 &&
		(entry->kind == OLAP_ENTRY_DELTA ||
		 ((entry->flags & OLAP_ENTRY_COMPLETE) != 0 &&
		  past_committed(entry->xmin))) &&
		!past_committed(entry->xmax);
	return true;
}

bool
olap_entry_moves(const OlapDirEntry *entry)
{
	return ((entry->flags & OLAP_ENTRY_OUTPUT) != 0 &&
			TransactionIdIsNormal(entry->xmin)) ||
		((entry->flags & OLAP_ENTRY_MOVED) != 0 &&
		 TransactionIdIsNormal(entry->xmax));
}

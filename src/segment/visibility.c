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
#include "storage/predicate.h"
#include "storage/procarray.h"
#include "utils/snapmgr.h"

#include "segment/visibility.h"

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
			return TransactionIdIsCurrentTransactionId(xmin) ||
				TransactionIdIsInProgress(xmin) ||
				TransactionIdDidCommit(xmin);
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

bool
olap_entry_visible(const OlapDirEntry *entry, Snapshot snapshot)
{
	if (entry->kind == OLAP_ENTRY_DELTA)
		return true;
	if ((entry->flags & OLAP_ENTRY_COMPLETE) == 0 ||
		(entry->flags & OLAP_ENTRY_DEAD) != 0)
		return false;
	if (!olap_xid_visible(entry->xmin, entry->cmin, snapshot))
		return false;
	if (!TransactionIdIsValid(entry->xmax) ||
		snapshot->snapshot_type == SNAPSHOT_ANY ||
		snapshot->snapshot_type == SNAPSHOT_NON_VACUUMABLE)
		return true;

	/* what replaced it counts only once committed, or for its own command */
	if (snapshot->snapshot_type == SNAPSHOT_MVCC)
		return !visible_mvcc(entry->xmax, entry->cmax, snapshot);
	return !olap_xid_visible(entry->xmax, entry->cmax, SnapshotSelf);
}

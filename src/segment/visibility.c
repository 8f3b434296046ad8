/*-------------------------------------------------------------------------
 *
 * visibility.c
 *		Who sees an entry or a delta row.
 *
 * src/segment/visibility.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
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
	if (snapshot->snapshot_type == SNAPSHOT_ANY)
		return true;
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

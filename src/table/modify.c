/*-------------------------------------------------------------------------
 *
 * modify.c
 *		DELETE, UPDATE and row locks.
 *
 * All three are a claim on a row number (claim.h).  An UPDATE claims the row first and inserts the new version then (inserting
 * first would leave an orphan when the claim fails), and fills in where it is.
 *
 * Locks that do not conflict with an update must hold for the new version as
 * well, or a foreign key's lock on a parent would be lost.  Whoever comes
 * second passes them on: the updater when it fills in the new row, or the
 * locker if it finds that filled in.
 *
 * src/table/modify.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/predicate.h"
#include "storage/procarray.h"
#include "utils/datum.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "delta/rangelog.h"
#include "table/am.h"
#include "table/claim.h"
#include "table/demand.h"
#include "table/slot.h"
#include "table/writer.h"

static void
refuse_in_parallel(void)
{
	if (IsInParallelMode())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("cannot change rows during a parallel operation")));
}

/* ---- DELETE ---- */

TM_Result
olap_tuple_delete(Relation rel, ItemPointer tid, CommandId cid,
				  Snapshot snapshot, Snapshot crosscheck, bool wait,
				  TM_FailureData *tmfd, bool changing_partition)
{
	OlapClaim	claim = {
		.rel = rel, .tid = *tid, .cid = cid, .kind = OLAP_LOG_DELETE,
		.flags = changing_partition ? OLAP_LOG_MOVED_PARTITION : 0,
		.wait = wait, .policy = LockWaitBlock, .oper = XLTW_Delete,
		.crosscheck = crosscheck, .tmfd = tmfd
	};
	TM_Result	result;

	refuse_in_parallel();
	result = olap_claim_row(&claim);
	if (result != TM_Ok)
		return result;

	/* who looked before the record stood there had told what he reads */
	CheckForSerializableConflictIn(rel, tid, ItemPointerGetBlockNumber(tid));
	olap_demand_note();
	pgstat_count_heap_delete(rel);
	return result;
}

/* ---- UPDATE ---- */

/*
 * Does the new version change a column that a foreign key may refer to?  If
 * not, KEY SHARE locks need not stand in the way.
 */
static bool
key_changes(Relation rel, ItemPointer tid, TupleTableSlot *slot)
{
	Bitmapset  *keys = RelationGetIndexAttrBitmap(rel, INDEX_ATTR_BITMAP_KEY);
	TupleTableSlot *old;
	bool		changed = false;
	int			i = -1;

	if (bms_is_empty(keys))
		return false;
	old = MakeSingleTupleTableSlot(RelationGetDescr(rel), &olap_slot_ops);
	if (!olap_fetch_row(olap_fetch_shared(rel), tid, SnapshotAny, old))
		changed = true;			/* somebody else will tell that it is gone */
	while (!changed && (i = bms_next_member(keys, i)) >= 0)
	{
		int			attno = i + FirstLowInvalidHeapAttributeNumber;
		Form_pg_attribute att;
		Datum		a,
					b;
		bool		a_null,
					b_null;

		if (attno <= 0)
		{
			changed = attno == 0;
			continue;
		}
		att = TupleDescAttr(RelationGetDescr(rel), attno - 1);
		a = slot_getattr(old, attno, &a_null);
		b = slot_getattr(slot, attno, &b_null);
		changed = a_null != b_null ||
			(!a_null && !datum_image_eq(a, b, att->attbyval, att->attlen));
	}
	ExecDropSingleTupleTableSlot(old);
	bms_free(keys);
	return changed;
}

/* Locks of other running transactions on a row, copied. */
static int
foreign_locks(const OlapLogRow *log, OlapLogRecord **locks)
{
	int			n = 0;

	*locks = palloc(Max(log->nrecords, 1) * sizeof(OlapLogRecord));
	for (int i = 0; i < log->nrecords; i++)
		if (OLAP_LOG_IS_LOCK(log->records[i].kind) &&
			!TransactionIdIsCurrentTransactionId(log->records[i].xid) &&
			TransactionIdIsInProgress(log->records[i].xid))
			(*locks)[n++] = log->records[i];
	return n;
}

static bool
has_lock(const OlapLogRecord *records, int n, const OlapLogRecord *lock)
{
	for (int i = 0; i < n; i++)
		if (records[i].xid == lock->xid && records[i].kind == lock->kind)
			return true;
	return false;
}

/* Put a lock that others hold on the old version on the new one. */
static void
pass_lock_on(Relation rel, OlapRow new_row, const OlapLogRecord *lock)
{
	OlapLogRow	log;

	olap_log_lock(&log, rel, new_row);
	if (has_lock(log.records, log.nrecords, lock))
		olap_log_unlock(&log);
	else
		olap_log_append(&log, lock->kind, lock->flags, lock->xid, lock->cid);
}

/*
 * Tell the old version where the new one is, once all locks that stood by then
 * have been passed on.  Only one range is locked at a time, hence the loop.
 */
static void
link_versions(Relation rel, OlapRow old_row, OlapRow new_row)
{
	TransactionId xid = GetCurrentTransactionId();
	OlapLogRow	log;
	OlapLogRecord *passed = NULL;
	int			npassed = 0;

	for (;;)
	{
		OlapLogRecord *locks;
		int			n,
					i;

		CHECK_FOR_INTERRUPTS();
		olap_log_lock(&log, rel, old_row);
		n = foreign_locks(&log, &locks);
		for (i = 0; i < n && has_lock(passed, npassed, &locks[i]); i++)
			;
		if (i == n)
			break;
		olap_log_unlock(&log);
		for (i = 0; i < n; i++)
			pass_lock_on(rel, new_row, &locks[i]);
		if (passed != NULL)
			pfree(passed);
		passed = locks;
		npassed = n;
	}
	olap_log_set_new_row(&log, xid, new_row);
}

TM_Result
olap_tuple_update(Relation rel, ItemPointer otid, TupleTableSlot *slot,
				  CommandId cid, Snapshot snapshot, Snapshot crosscheck,
				  bool wait, TM_FailureData *tmfd, LockTupleMode *lockmode,
				  TU_UpdateIndexes *update_indexes)
{
	ItemPointerData old_tid = *otid;
	bool		key = key_changes(rel, &old_tid, slot);
	OlapClaim	claim = {
		.rel = rel, .tid = old_tid, .cid = cid,
		.kind = key ? OLAP_LOG_UPDATE : OLAP_LOG_UPDATE_NO_KEY,
		.wait = wait, .policy = LockWaitBlock, .oper = XLTW_Update,
		.crosscheck = crosscheck, .tmfd = tmfd
	};
	TM_Result	result;

	refuse_in_parallel();
	*lockmode = olap_claim_mode(claim.kind);
	*update_indexes = TU_None;
	result = olap_claim_row(&claim);
	if (result != TM_Ok)
		return result;

	CheckForSerializableConflictIn(rel, &old_tid,
								   ItemPointerGetBlockNumber(&old_tid));
	olap_writer_insert_version(rel, slot, cid);
	olap_slot_set_inserter(slot, GetCurrentTransactionId(), cid);
	if (claim.own_lock)
		olap_slot_set_locker(slot, GetCurrentTransactionId());
	link_versions(rel, olap_row_of_tid(&old_tid), olap_row_of_tid(&slot->tts_tid));
	*update_indexes = TU_All;
	pgstat_count_heap_update(rel, false, false);
	return TM_Ok;
}

/* ---- locks ---- */

/*
 * Lock the row, and every newer version of it that was made without conflicting
 * with the lock.
 */
static TM_Result
lock_versions(OlapClaim *claim)
{
	TM_Result	result = olap_claim_row(claim);
	OlapClaim	next = *claim;

	while (result == TM_Ok && next.new_row != OLAP_NO_ROW)
	{
		olap_tid_of_row(&next.tid, next.new_row);
		next.running = true;
		result = olap_claim_row(&next);
		if (next.own_change)
			result = TM_Ok;		/* ours anyway; on to the next version */
	}
	return result;
}

TM_Result
olap_tuple_lock(Relation rel, ItemPointer tid, Snapshot snapshot,
				TupleTableSlot *slot, CommandId cid, LockTupleMode mode,
				LockWaitPolicy wait_policy, uint8 flags, TM_FailureData *tmfd)
{
	OlapClaim	claim = {
		.rel = rel, .tid = *tid, .cid = cid, .kind = olap_claim_kind(mode),
		.wait = true, .policy = wait_policy, .oper = XLTW_Lock,
		.crosscheck = InvalidSnapshot, .tmfd = tmfd
	};
	TM_Result	result;

	refuse_in_parallel();
	tmfd->traversed = false;
	for (;;)
	{
		/* behind a version that another made: our own changes as well */
		result = lock_versions(&claim);
		if ((flags & TUPLE_LOCK_FLAG_FIND_LAST_VERSION) == 0 ||
			(result != TM_Updated && !(tmfd->traversed && claim.own_change)))
			break;
		if (ItemPointerEquals(&tmfd->ctid, &claim.tid))
		{
			result = TM_Deleted;
			break;
		}
		if (ItemPointerIndicatesMovedPartitions(&tmfd->ctid))
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("tuple to be locked was already moved to another partition due to concurrent update")));
		claim.tid = tmfd->ctid;
		tmfd->traversed = true;
	}

	/* the newest version is one that our own command made */
	if (result == TM_Invisible && tmfd->traversed &&
		TransactionIdIsCurrentTransactionId(claim.xmin))
	{
		tmfd->xmax = claim.xmin;
		tmfd->cmax = claim.cmin;
		result = TM_SelfModified;
	}
	*tid = claim.tid;

	/* callers look at the row whatever became of the lock */
	if (olap_fetch_row(olap_fetch_shared(rel), tid, SnapshotAny, slot))
		ExecMaterializeSlot(slot);
	else if (result == TM_Ok)
		result = TM_Deleted;
	return result;
}

/* ---- the newest version ---- */

/* Follow updates from *tid to the newest version the scan's snapshot sees. */
void
olap_tuple_get_latest_tid(TableScanDesc scan, ItemPointer tid)
{
	Relation	rel = scan->rs_rd;
	OlapFetch  *fetch = olap_fetch_shared(rel);
	ItemPointerData at = *tid;

	for (;;)
	{
		OlapLogRecord change;
		bool		dead;

		CHECK_FOR_INTERRUPTS();
		if (olap_fetch_row(fetch, &at, scan->rs_snapshot, NULL))
			*tid = at;
		if (!olap_log_row_change(rel, olap_row_of_tid(&at), &change, &dead) ||
			dead || change.new_row == OLAP_NO_ROW)
			return;
		olap_tid_of_row(&at, change.new_row);
	}
}

/*-------------------------------------------------------------------------
 *
 * modify.c
 *		DELETE, UPDATE and row locks.
 *
 * All three are a claim on a row number: judge the row's records under the lock
 * of its range; wait and judge again if a running transaction stands in the
 * way; else append a record.  Judging and appending are one step, so of two
 * sessions that change a row one always sees the other.
 *
 * An UPDATE claims the row first and inserts the new version then (inserting
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
#include "access/transam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "storage/procarray.h"
#include "utils/datum.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "delta/rangelog.h"
#include "meta/options.h"
#include "segment/visibility.h"
#include "table/am.h"
#include "table/demand.h"
#include "table/slot.h"
#include "table/writer.h"

/* A wish to change or lock a row. */
typedef struct RowClaim
{
	Relation	rel;
	ItemPointerData tid;
	CommandId	cid;
	OlapLogKind kind;
	uint8		flags;			/* of the record */
	bool		wait;			/* false: TM_BeingModified instead */
	LockWaitPolicy policy;
	XLTW_Oper	oper;
	Snapshot	crosscheck;		/* or InvalidSnapshot */
	bool		running;		/* the row's inserter need not have committed */
	TM_FailureData *tmfd;
	/* out */
	bool		own_change;		/* we have updated or deleted the row */
	TransactionId xmin;			/* of the row */
	CommandId	cmin;
	bool		crosschecked;	/* crosscheck, if any, sees the insertion */
	OlapRow		new_row;		/* of an update that does not conflict, or ours */
	bool		own_lock;		/* we held a lock on the row before */
} RowClaim;

/* What the records of a row say about a claim. */
typedef struct Verdict
{
	TM_Result	result;
	TransactionId wait_for;		/* TM_Ok: a running transaction to wait for */
	bool		own_lock;		/* we hold some lock on the row ... */
	bool		strong_enough;	/* ... that covers this one */
	bool		own_change;
	bool		superseded;		/* by a committed update that does not conflict */
	OlapRow		new_row;
} Verdict;

/* ---- lock modes ---- */

static LockTupleMode
mode_of_kind(OlapLogKind kind)
{
	switch (kind)
	{
		case OLAP_LOG_LOCK_KEY_SHARE:
			return LockTupleKeyShare;
		case OLAP_LOG_LOCK_SHARE:
			return LockTupleShare;
		case OLAP_LOG_LOCK_NO_KEY:
		case OLAP_LOG_UPDATE_NO_KEY:
			return LockTupleNoKeyExclusive;
		default:
			return LockTupleExclusive;
	}
}

static OlapLogKind
kind_of_mode(LockTupleMode mode)
{
	switch (mode)
	{
		case LockTupleKeyShare:
			return OLAP_LOG_LOCK_KEY_SHARE;
		case LockTupleShare:
			return OLAP_LOG_LOCK_SHARE;
		case LockTupleNoKeyExclusive:
			return OLAP_LOG_LOCK_NO_KEY;
		default:
			return OLAP_LOG_LOCK_EXCLUSIVE;
	}
}

/* The table's lock modes conflict as heap's row locks do. */
static LOCKMODE
heavy_mode(LockTupleMode mode)
{
	static const LOCKMODE modes[] = {
		[LockTupleKeyShare] = AccessShareLock,
		[LockTupleShare] = RowShareLock,
		[LockTupleNoKeyExclusive] = ExclusiveLock,
		[LockTupleExclusive] = AccessExclusiveLock
	};

	return modes[mode];
}

static bool
kinds_conflict(OlapLogKind a, OlapLogKind b)
{
	return DoLockModesConflict(heavy_mode(mode_of_kind(a)),
							   heavy_mode(mode_of_kind(b)));
}

/* ---- judging ---- */

static void
describe_change(const OlapLogRecord *record, ItemPointer tid,
				TM_FailureData *tmfd)
{
	tmfd->ctid = *tid;
	if (record->flags & OLAP_LOG_MOVED_PARTITION)
		ItemPointerSetMovedPartitions(&tmfd->ctid);
	else if (record->new_row != OLAP_NO_ROW)
		olap_tid_of_row(&tmfd->ctid, record->new_row);
	tmfd->xmax = record->xid;
	tmfd->cmax = InvalidCommandId;
}

/* A record of our own transaction; true if it decides. */
static bool
judge_own(const RowClaim *claim, const OlapLogRecord *record, Verdict *verdict)
{
	if (OLAP_LOG_IS_LOCK(record->kind))
	{
		verdict->own_lock = true;
		if (mode_of_kind(record->kind) >= mode_of_kind(claim->kind))
			verdict->strong_enough = true;
		return false;
	}
	describe_change(record, (ItemPointer) &claim->tid, claim->tmfd);
	claim->tmfd->cmax = record->cid;
	verdict->own_change = true;
	verdict->new_row = record->new_row;
	verdict->result = record->cid >= claim->cid ? TM_SelfModified : TM_Invisible;
	return true;
}

static void
judge(const RowClaim *claim, const OlapLogRow *log, Verdict *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
	verdict->result = TM_Ok;
	verdict->new_row = OLAP_NO_ROW;
	if (log->dead)
	{
		claim->tmfd->ctid = claim->tid;
		claim->tmfd->xmax = FrozenTransactionId;
		claim->tmfd->cmax = InvalidCommandId;
		verdict->result = TM_Deleted;
		return;
	}
	for (int i = 0; i < log->nrecords; i++)
	{
		const OlapLogRecord *record = &log->records[i];

		if (TransactionIdIsCurrentTransactionId(record->xid))
		{
			if (judge_own(claim, record, verdict))
				return;
		}
		else if (TransactionIdIsInProgress(record->xid))
		{
			if (kinds_conflict(record->kind, claim->kind))
				verdict->wait_for = record->xid;
			else if (!OLAP_LOG_IS_LOCK(record->kind))
				verdict->new_row = record->new_row;
		}
		else if (!OLAP_LOG_IS_LOCK(record->kind) &&
				 TransactionIdDidCommit(record->xid))
		{
			/* the key that KEY SHARE protects is the newer version's as well */
			if (record->kind == OLAP_LOG_UPDATE_NO_KEY &&
				claim->kind == OLAP_LOG_LOCK_KEY_SHARE)
			{
				verdict->superseded = true;
				verdict->new_row = record->new_row;
				continue;
			}
			describe_change(record, (ItemPointer) &claim->tid, claim->tmfd);
			verdict->result = ItemPointerEquals(&claim->tmfd->ctid,
												(ItemPointer) &claim->tid) ?
				TM_Deleted : TM_Updated;
			return;
		}
	}
}

/*
 * Is there a row that the claim may want?  One that our own command, or one
 * that is running or aborted, inserted is none.
 */
static TM_Result
judge_inserter(RowClaim *claim)
{
	if (!olap_fetch_inserter(olap_fetch_shared(claim->rel), &claim->tid,
							 &claim->xmin, &claim->cmin))
		return TM_Invisible;
	if (TransactionIdIsCurrentTransactionId(claim->xmin))
	{
		if (claim->cmin >= claim->cid)
			return TM_Invisible;
	}
	else if (!olap_xid_visible(claim->xmin, claim->cmin, SnapshotSelf))
		return TM_Invisible;
	claim->crosschecked = claim->crosscheck == InvalidSnapshot ||
		(TransactionIdIsNormal(claim->xmin) ?
		 olap_xid_visible(claim->xmin, claim->cmin, claim->crosscheck) :
		 olap_fetch_inserted(olap_fetch_shared(claim->rel), &claim->tid,
							 claim->crosscheck));
	return TM_Ok;
}

/* Have we changed a row that we inserted too late for the claim? */
static bool
changed_by_us(RowClaim *claim)
{
	OlapLogRecord record;
	bool		dead;

	if (!olap_log_row_change(claim->rel, olap_row_of_tid(&claim->tid), &record,
							 &dead) ||
		!TransactionIdIsCurrentTransactionId(record.xid))
		return false;
	describe_change(&record, &claim->tid, claim->tmfd);
	return true;
}

/* ---- waiting ---- */

static void
lock_not_available(Relation rel)
{
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("could not obtain lock on row in relation \"%s\"",
					RelationGetRelationName(rel))));
}

/*
 * Wait for a transaction that stands in the way.  Those who wait queue for a
 * lock on the TID, unless they hold a lock on the row already: then others may
 * be waiting for them.
 */
static TM_Result
wait_for_other(RowClaim *claim, const Verdict *verdict, bool *queued)
{
	LOCKMODE	mode = heavy_mode(mode_of_kind(claim->kind));

	if (!claim->wait)
		return TM_BeingModified;
	if (!*queued && !verdict->own_lock)
	{
		if (claim->policy == LockWaitBlock)
			LockTuple(claim->rel, &claim->tid, mode);
		else if (!ConditionalLockTuple(claim->rel, &claim->tid, mode, false))
		{
			if (claim->policy == LockWaitSkip)
				return TM_WouldBlock;
			lock_not_available(claim->rel);
		}
		*queued = true;
	}
	if (claim->policy == LockWaitBlock)
		XactLockTableWait(verdict->wait_for, claim->rel, &claim->tid,
						  claim->oper);
	else if (!ConditionalXactLockTableWait(verdict->wait_for, false))
	{
		if (claim->policy == LockWaitSkip)
			return TM_WouldBlock;
		lock_not_available(claim->rel);
	}
	return TM_Ok;
}

/*
 * Our record stands; has retention dropped the row?  It stamps segments first
 * and looks for records then, so one of us sees the other.  It never waits for
 * anybody, so waiting for it is short.
 */
static TM_Result
check_retention(RowClaim *claim)
{
	for (;;)
	{
		TransactionId xid = olap_fetch_dropper(olap_fetch_shared(claim->rel),
											   &claim->tid);

		if (!TransactionIdIsNormal(xid))
			return TM_Ok;
		if (TransactionIdIsInProgress(xid))
		{
			XactLockTableWait(xid, claim->rel, &claim->tid, claim->oper);
			continue;
		}
		if (!TransactionIdDidCommit(xid))
			return TM_Ok;
		claim->tmfd->ctid = claim->tid;
		claim->tmfd->xmax = xid;
		claim->tmfd->cmax = InvalidCommandId;
		return TM_Deleted;
	}
}

/* Judge, wait, and append the record. */
static TM_Result
claim_row(RowClaim *claim)
{
	TransactionId xid = GetCurrentTransactionId();
	OlapRow		row = olap_row_of_tid(&claim->tid);
	TM_Result	result = claim->running ? TM_Ok : judge_inserter(claim);
	bool		queued = false;
	Verdict		verdict;

	claim->new_row = OLAP_NO_ROW;
	claim->crosschecked |= claim->running;
	claim->own_change = result != TM_Ok && changed_by_us(claim);
	if (result != TM_Ok)
		return result;
	for (;;)
	{
		OlapLogRow	log;

		CHECK_FOR_INTERRUPTS();
		olap_log_lock(&log, claim->rel, row);
		judge(claim, &log, &verdict);
		result = verdict.result;
		if (result == TM_Ok && !TransactionIdIsValid(verdict.wait_for) &&
			!claim->crosschecked)
		{
			claim->tmfd->ctid = claim->tid;
			claim->tmfd->xmax = InvalidTransactionId;
			claim->tmfd->cmax = InvalidCommandId;
			result = TM_Updated;
		}
		if (result == TM_Ok && !TransactionIdIsValid(verdict.wait_for))
		{
			/* nobody can change a row that a committed update has replaced */
			if (OLAP_LOG_IS_LOCK(claim->kind) &&
				(verdict.strong_enough || verdict.superseded))
				olap_log_unlock(&log);
			else
				olap_log_append(&log, claim->kind, claim->flags, xid, claim->cid);
			break;
		}
		olap_log_unlock(&log);
		if (result == TM_Ok)
			result = wait_for_other(claim, &verdict, &queued);
		if (result != TM_Ok)
			break;
	}
	if (queued)
		UnlockTuple(claim->rel, &claim->tid,
					heavy_mode(mode_of_kind(claim->kind)));
	claim->new_row = verdict.new_row;
	claim->own_change = verdict.own_change;
	claim->own_lock = verdict.own_lock;
	if (result == TM_Ok && olap_options_get(claim->rel)->retention > 0)
		result = check_retention(claim);
	return result;
}

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
	RowClaim	claim = {
		.rel = rel, .tid = *tid, .cid = cid, .kind = OLAP_LOG_DELETE,
		.flags = changing_partition ? OLAP_LOG_MOVED_PARTITION : 0,
		.wait = wait, .policy = LockWaitBlock, .oper = XLTW_Delete,
		.crosscheck = crosscheck, .tmfd = tmfd
	};
	TM_Result	result;

	refuse_in_parallel();
	result = claim_row(&claim);
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
	RowClaim	claim = {
		.rel = rel, .tid = old_tid, .cid = cid,
		.kind = key ? OLAP_LOG_UPDATE : OLAP_LOG_UPDATE_NO_KEY,
		.wait = wait, .policy = LockWaitBlock, .oper = XLTW_Update,
		.crosscheck = crosscheck, .tmfd = tmfd
	};
	TM_Result	result;

	refuse_in_parallel();
	*lockmode = mode_of_kind(claim.kind);
	*update_indexes = TU_None;
	result = claim_row(&claim);
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
lock_versions(RowClaim *claim)
{
	TM_Result	result = claim_row(claim);
	RowClaim	next = *claim;

	while (result == TM_Ok && next.new_row != OLAP_NO_ROW)
	{
		olap_tid_of_row(&next.tid, next.new_row);
		next.running = true;
		result = claim_row(&next);
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
	RowClaim	claim = {
		.rel = rel, .tid = *tid, .cid = cid, .kind = kind_of_mode(mode),
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

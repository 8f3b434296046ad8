/*-------------------------------------------------------------------------
 *
 * claim.c
 *		A claim on a row: what DELETE, UPDATE and row locks have in common.
 *
 * src/table/claim.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "delta/rangelog.h"
#include "segment/visibility.h"
#include "table/claim.h"
#include "table/fetch.h"

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

LockTupleMode
olap_claim_mode(OlapLogKind kind)
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

OlapLogKind
olap_claim_kind(LockTupleMode mode)
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
	return DoLockModesConflict(heavy_mode(olap_claim_mode(a)),
							   heavy_mode(olap_claim_mode(b)));
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
judge_own(const OlapClaim *claim, const OlapLogRecord *record, Verdict *verdict)
{
	if (OLAP_LOG_IS_LOCK(record->kind))
	{
		verdict->own_lock = true;
		if (olap_claim_mode(record->kind) >= olap_claim_mode(claim->kind))
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
judge(const OlapClaim *claim, const OlapLogRow *log, Verdict *verdict)
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
 * No place has the row: it is none that the claim may see, or a compaction left
 * it behind because it was deleted, and then its log says by whom.
 */
static TM_Result
judge_missing(OlapClaim *claim)
{
	OlapLogRecord change;
	bool		dead;

	if (olap_log_row_change(claim->rel, olap_row_of_tid(&claim->tid), &change,
							&dead))
	{
		if (TransactionIdIsCurrentTransactionId(change.xid) ||
			TransactionIdIsInProgress(change.xid))
			return TM_Invisible;
		describe_change(&change, &claim->tid, claim->tmfd);
		return ItemPointerEquals(&claim->tmfd->ctid, &claim->tid) ?
			TM_Deleted : TM_Updated;
	}
	if (!dead)
		return TM_Invisible;
	claim->tmfd->ctid = claim->tid;
	claim->tmfd->xmax = FrozenTransactionId;
	claim->tmfd->cmax = InvalidCommandId;
	return TM_Deleted;
}

/*
 * Is there a row that the claim may want?  One that our own command, or one
 * that is running or aborted, inserted is none.
 */
static TM_Result
judge_inserter(OlapClaim *claim)
{
	if (!olap_fetch_inserter(olap_fetch_shared(claim->rel), &claim->tid,
							 &claim->xmin, &claim->cmin))
		return judge_missing(claim);
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
changed_by_us(OlapClaim *claim)
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
wait_for_other(OlapClaim *claim, const Verdict *verdict, bool *queued)
{
	LOCKMODE	mode = heavy_mode(olap_claim_mode(claim->kind));

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
 * anybody, so waiting for it is short.  The directory is asked, not the table's
 * options: they may have been set, or reset, since our command began.
 */
static TM_Result
check_retention(OlapClaim *claim)
{
	if (!olap_fetch_has_dropped(olap_fetch_shared(claim->rel)))
		return TM_Ok;
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

TM_Result
olap_claim_row(OlapClaim *claim)
{
	TransactionId xid = GetCurrentTransactionId();
	OlapRow		row = olap_row_of_tid(&claim->tid);
	TM_Result	result = claim->running ? TM_Ok : judge_inserter(claim);
	bool		queued = false;
	Verdict		verdict;

	claim->new_row = OLAP_NO_ROW;
	claim->crosschecked |= claim->running;
	claim->own_change = result == TM_Invisible && changed_by_us(claim);
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
					heavy_mode(olap_claim_mode(claim->kind)));
	claim->new_row = verdict.new_row;
	claim->own_change = verdict.own_change;
	claim->own_lock = verdict.own_lock;
	if (result == TM_Ok)
		result = check_retention(claim);
	return result;
}

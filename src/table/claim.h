/*-------------------------------------------------------------------------
 *
 * claim.h
 *		A claim on a row: what DELETE, UPDATE and row locks have in common.
 *
 * Judge the row's records under the lock of its range; wait and judge again if
 * a running transaction stands in the way; else append a record.  Judging and
 * appending are one step, so of two sessions that change a row one always sees
 * the other.
 *
 * src/table/claim.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TABLE_CLAIM_H
#define OLAP_TABLE_CLAIM_H

#include "access/tableam.h"
#include "storage/lmgr.h"

#include "delta/rangelog.h"

/* A wish to change or lock a row. */
typedef struct OlapClaim
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
} OlapClaim;

/* The strength of a lock or change, as heap names it, and back. */
extern LockTupleMode olap_claim_mode(OlapLogKind kind);
extern OlapLogKind olap_claim_kind(LockTupleMode mode);

/*
 * Make the claim.  TM_Ok: its record stands (or, of a lock, a strong enough one
 * stood before).  Else *tmfd says who was first, as the table access method's
 * callbacks do.
 * Errors: LOCK_NOT_AVAILABLE with LockWaitError; deadlocks; DATA_CORRUPTED.
 */
extern TM_Result olap_claim_row(OlapClaim *claim);

#endif							/* OLAP_TABLE_CLAIM_H */

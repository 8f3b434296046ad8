/*-------------------------------------------------------------------------
 *
 * compat.c
 *		Functions that older servers lack, with the newest signature.
 *
 * src/base/compat.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/nbtxlog.h"
#include "access/transam.h"
#include "access/xlog.h"
#include "access/xloginsert.h"
#include "catalog/pg_authid.h"
#include "nodes/nodeFuncs.h"
#include "storage/buf_internals.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/compat_planner.h"

#if PG_VERSION_NUM < 160000

/*
 * Add up to extend_by empty blocks to a fork and return the first one's number.
 *
 * The new blocks are pinned in buffers[0 .. *extended_by) and zeroed; with
 * EB_LOCK_FIRST the first is locked exclusively. They are contiguous: the
 * extension lock is held over all of them.
 */
BlockNumber
ExtendBufferedRelBy(BufferManagerRelation bmr, ForkNumber fork,
					BufferAccessStrategy strategy, uint32 flags,
					uint32 extend_by, Buffer *buffers, uint32 *extended_by)
{
	bool		lock = !RELATION_IS_LOCAL(bmr.rel) &&
		(flags & EB_SKIP_EXTENSION_LOCK) == 0;

	if (lock)
		LockRelationForExtension(bmr.rel, ExclusiveLock);
	for (uint32 i = 0; i < extend_by; i++)
	{
		ReadBufferMode mode = (i == 0 && (flags & EB_LOCK_FIRST) != 0) ?
			RBM_ZERO_AND_LOCK : RBM_NORMAL;

		buffers[i] = ReadBufferExtended(bmr.rel, fork, P_NEW, mode, strategy);
	}
	if (lock)
		UnlockRelationForExtension(bmr.rel, ExclusiveLock);
	*extended_by = extend_by;
	return BufferGetBlockNumber(buffers[0]);
}

#endif

/*
 * Before 17 (f691f5b80a8) old_snapshot_threshold lets the server choose a horizon
 * in front of old snapshots. On heap these get an error once they read a page that
 * changed since; here nothing would tell them, so they keep what they need.
 */
TransactionId
olap_oldest_needed(Relation rel, TransactionId oldest_xmin)
{
#if PG_VERSION_NUM < 170000
	TransactionId needed = GetOldestNonRemovableTransactionId(rel);

	if (TransactionIdPrecedes(needed, oldest_xmin))
		return needed;
#endif
	return oldest_xmin;
}

void
olap_vacuum_cutoffs(Relation rel, const VacuumParams *params,
					struct VacuumCutoffs *cutoffs)
{
	vacuum_get_cutoffs(rel, params, cutoffs);
	cutoffs->OldestXmin = olap_oldest_needed(rel, cutoffs->OldestXmin);
	if (TransactionIdPrecedes(cutoffs->OldestXmin, cutoffs->FreezeLimit))
		cutoffs->FreezeLimit = cutoffs->OldestXmin;
}

/*
 * The full id of a past transaction of this relation, which is at most half the
 * id space away.
 */
FullTransactionId
olap_full_xid_of(TransactionId xid)
{
	FullTransactionId next = ReadNextFullTransactionId();
	uint32		epoch = EpochFromFullTransactionId(next);

	if (xid > XidFromFullTransactionId(next))
		epoch--;
	return FullTransactionIdFromEpochAndXid(epoch, xid);
}

/*
 * A record of btree's that carries nothing but the conflict: its redo touches no
 * page. Field names and the catalog flag came with 16 (8c847a1b1bc).
 */
void
olap_log_conflict_full(Relation rel, FullTransactionId horizon)
{
	xl_btree_reuse_page record = {0};
	Size		size = SizeOfBtreeReusePage;

	if (!RelationNeedsWAL(rel) || !XLogStandbyInfoActive())
		return;
#if PG_VERSION_NUM >= 160000
	record.locator = rel->rd_locator;
	record.block = 0;
	record.snapshotConflictHorizon = horizon;
	record.isCatalogRel = false;
#else
	record.node = rel->rd_locator;
	record.block = 0;
	record.latestRemovedFullXid = horizon;
#endif
	XLogBeginInsert();
	XLogRegisterData((char *) &record, size);
	XLogInsert(RM_BTREE_ID, XLOG_BTREE_REUSE_PAGE);
}

void
olap_log_conflict(Relation rel, TransactionId horizon)
{
	olap_log_conflict_full(rel, olap_full_xid_of(horizon));
}

/* Server 19 and later: look whether generic_redo() still reads this format. */
#if PG_VERSION_NUM >= 190000
#error "records of the generic resource manager are not known for this server"
#endif

int
olap_generic_fragment(char *delta, Page page, uint16 offset, uint16 len)
{
	memcpy(delta, &offset, sizeof(offset));
	memcpy(delta + sizeof(offset), &len, sizeof(len));
	memcpy(delta + OLAP_GENERIC_FRAGMENT, (char *) page + offset, len);
	return OLAP_GENERIC_FRAGMENT + len;
}

void
olap_generic_insert(Buffer buffer, char *delta, int len)
{
	XLogRecPtr	lsn;

	XLogBeginInsert();
	XLogRegisterBuffer(0, buffer, REGBUF_STANDARD);
	XLogRegisterBufData(0, delta, len);
	lsn = XLogInsert(RM_GENERIC_ID, 0);
	PageSetLSN(BufferGetPage(buffer), lsn);
}

bool
olap_has_createdb_privilege(void)
{
	HeapTuple	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(GetUserId()));
	bool		result = superuser();

	if (HeapTupleIsValid(tuple))
	{
		result |= ((Form_pg_authid) GETSTRUCT(tuple))->rolcreatedb;
		ReleaseSysCache(tuple);
	}
	return result;
}

#if PG_VERSION_NUM >= 180000
static Node *
remove_grouping_nulls(Node *node, void *context)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) copyObject(node);

		var->varnullingrels = NULL;
		return (Node *) var;
	}
	return expression_tree_mutator(node, remove_grouping_nulls, context);
}

Expr *
olap_without_grouping_nulls(Expr *expr)
{
	return (Expr *) remove_grouping_nulls((Node *) expr, NULL);
}
#endif

void
olap_buffer_used(Buffer buffer)
{
	BufferDesc *desc = GetBufferDescriptor(buffer - 1);
	uint32		state = pg_atomic_read_u32(&desc->state);

	/* once is enough: if somebody else changes it, the page is in use as well */
	if (BUF_STATE_GET_USAGECOUNT(state) < BM_MAX_USAGE_COUNT &&
		(state & BM_LOCKED) == 0)
		(void) pg_atomic_compare_exchange_u32(&desc->state, &state,
											  state + BUF_USAGECOUNT_ONE);
}

void
olap_buffer_prefetch(Buffer buffer)
{
	__builtin_prefetch(GetBufferDescriptor(buffer - 1), 1);
}

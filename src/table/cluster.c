/*-------------------------------------------------------------------------
 *
 * cluster.c
 *		VACUUM FULL and CLUSTER: copy the rows into a new file.
 *
 * Rows keep who inserted and who deleted them unless that is older than every
 * snapshot, so a transaction whose snapshot predates the rewrite sees what it
 * saw before.
 *
 * src/table/cluster.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/procarray.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "delta/rangelog.h"
#include "segment/visibility.h"
#include "table/am.h"
#include "table/slot.h"
#include "table/writer.h"

typedef struct Copy
{
	Relation	source;
	Relation	target;
	TransactionId oldest_xmin;
	bool		has_dropped;	/* retention dropped segments */
	double		copied;
	double		dropped;		/* deleted, or in segments of aborted
								 * transactions */
	double		recent;			/* deleted, copied all the same */
} Copy;

/*
 * Copy a row that somebody deleted, but that an old snapshot may still see.
 * What the delete was does not matter any more: whoever sees the row has a
 * snapshot that forbids changing it.
 */
static void
copy_deleted_row(Copy *copy, TupleTableSlot *slot, TransactionId xmin,
				 CommandId cmin, const OlapLogRecord *change)
{
	OlapLogRow	log;

	olap_writer_copy_row_through(copy->target, slot, xmin, cmin);
	olap_log_lock(&log, copy->target, olap_row_of_tid(&slot->tts_tid));
	olap_log_append(&log, OLAP_LOG_DELETE,
					change->flags & OLAP_LOG_MOVED_PARTITION, change->xid,
					TransactionIdIsCurrentTransactionId(change->xid) ?
					change->cid : FirstCommandId);
	copy->recent++;
}

/* Who deleted or updated the row, or dropped its segment; false: nobody. */
static bool
row_change(Copy *copy, ItemPointer tid, OlapLogRecord *change, bool *dead)
{
	TransactionId dropper;

	if (olap_log_row_change(copy->source, olap_row_of_tid(tid), change, dead))
		return true;
	if (*dead || !copy->has_dropped)
		return false;
	dropper = olap_fetch_dropper(olap_fetch_shared(copy->source), tid);
	if (!TransactionIdIsNormal(dropper) || !TransactionIdDidCommit(dropper))
		return false;
	memset(change, 0, sizeof(*change));
	change->xid = dropper;
	return true;
}

static void
copy_row(Copy *copy, TupleTableSlot *slot)
{
	TransactionId xmin;
	CommandId	cmin;
	OlapLogRecord change;
	bool		dead;
	bool		changed = row_change(copy, &slot->tts_tid, &change, &dead);

	CHECK_FOR_INTERRUPTS();
	if (!olap_slot_get_inserter(slot, &xmin, &cmin))
		elog(ERROR, "row of an olap table without an inserter");
	if (olap_xid_aborted(xmin))
	{
		copy->dropped++;
		return;
	}
	if (dead || (changed &&
				 TransactionIdPrecedes(change.xid, copy->oldest_xmin) &&
				 !TransactionIdIsInProgress(change.xid)))
	{
		copy->dropped++;
		return;
	}
	if (!TransactionIdIsNormal(xmin) ||
		TransactionIdPrecedes(xmin, copy->oldest_xmin))
	{
		xmin = FrozenTransactionId;
		cmin = FirstCommandId;
	}
	else if (!TransactionIdIsCurrentTransactionId(xmin))
		cmin = FirstCommandId;
	if (changed)
		copy_deleted_row(copy, slot, xmin, cmin, &change);
	else
		olap_writer_copy_row(copy->target, slot, xmin, cmin);
	copy->copied++;
}

static void
copy_in_index_order(Copy *copy, Relation table, Relation index)
{
	IndexScanDesc scan = olap_index_beginscan(table, index, SnapshotAny, 0);
	TupleTableSlot *slot = table_slot_create(table, NULL);

	index_rescan(scan, NULL, 0, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
		copy_row(copy, slot);
	ExecDropSingleTupleTableSlot(slot);
	index_endscan(scan);
}

static void
copy_in_table_order(Copy *copy, Relation table)
{
	TableScanDesc scan = table_beginscan(table, SnapshotAny, 0, NULL);
	TupleTableSlot *slot = table_slot_create(table, NULL);

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		copy_row(copy, slot);
	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
}

void
olap_relation_copy_for_cluster(Relation old_rel, Relation new_rel,
							   Relation index, bool use_sort,
							   TransactionId oldest_xmin,
							   TransactionId *xid_cutoff,
							   MultiXactId *multi_cutoff, double *num_tuples,
							   double *tups_vacuumed,
							   double *tups_recently_dead)
{
	Copy		copy = {old_rel, new_rel, olap_oldest_needed(old_rel, oldest_xmin)};

	if (TransactionIdPrecedes(copy.oldest_xmin, *xid_cutoff))
		*xid_cutoff = TransactionIdFollows(old_rel->rd_rel->relfrozenxid,
										   copy.oldest_xmin) ?
			old_rel->rd_rel->relfrozenxid : copy.oldest_xmin;
	copy.has_dropped = olap_fetch_has_dropped(olap_fetch_shared(old_rel));
	if (index != NULL)
		copy_in_index_order(&copy, old_rel, index);
	else
		copy_in_table_order(&copy, old_rel);
	olap_writer_flush(new_rel);
	*num_tuples = copy.copied;
	*tups_vacuumed = copy.dropped;
	*tups_recently_dead = copy.recent;
}

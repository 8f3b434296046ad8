/*-------------------------------------------------------------------------
 *
 * retention.c
 *		Drop segments whose rows are all older than the table keeps them.
 *
 * src/compact/retention.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_type_d.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "storage/procarray.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "compact/compact.h"
#include "compact/retention.h"
#include "delta/rangelog.h"
#include "segment/directory.h"
#include "table/ddl.h"
#include "table/writer.h"

/* Does a foreign key refer to the table? */
static bool
is_referenced(Relation rel)
{
	TriggerDesc *triggers = rel->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		if (RI_FKey_trigger_type(triggers->triggers[i].tgfoid) == RI_TRIGGER_PK)
			return true;
	return false;
}

/* Rows before this moment, in a time column's own unit, have expired. */
static int64
expiry(const OlapOptions *options, Oid typid)
{
	TimestampTz moment = GetCurrentTimestamp() - options->retention;

	return typid == DATEOID ? olap_bucket_key(USECS_PER_DAY, false, moment) :
		moment;
}

int64
olap_retention_key(const OlapOptions *options, Oid typid, int64 interval)
{
	if (options->retention == 0 || options->time_attno == 0 || interval == 0)
		return PG_INT64_MIN;
	return olap_bucket_key(interval, false, expiry(options, typid));
}

/* Has the segment's inserter committed, and nobody replaced it? */
static bool
is_settled(const OlapDirEntry *entry)
{
	if (entry->kind != OLAP_ENTRY_SEGMENT ||
		(entry->flags & OLAP_ENTRY_COMPLETE) == 0 ||
		(entry->flags & OLAP_ENTRY_DEAD) != 0)
		return false;
	if (TransactionIdIsNormal(entry->xmin) &&
		(TransactionIdIsInProgress(entry->xmin) ||
		 !TransactionIdDidCommit(entry->xmin)))
		return false;
	return !TransactionIdIsValid(entry->xmax) ||
		(!TransactionIdIsInProgress(entry->xmax) &&
		 !TransactionIdDidCommit(entry->xmax));
}

/*
 * Has every row expired?  The column's own zone says so: the entry's bounds may
 * be those of another time column, if the option was changed.  Rows without a
 * time never expire.
 */
static bool
has_expired(Relation rel, const OlapDirEntry *entry, const OlapDirRef *ref,
			int col, int64 limit, OlapZone *zones)
{
	const OlapZone *zone = &zones[ref->slot];

	return olap_zones_read(rel, ref->block, col, zones) &&
		zone->nrows == entry->nrows && zone->nulls == 0 &&
		zone->kind == OLAP_ZONE_INT && (zone->flags & OLAP_ZONE_HAS_VALUES) != 0 &&
		zone->max.i < limit;
}

static void
stamp(Relation rel, const OlapDirRef *ref, OlapDirEntry *entry,
	  TransactionId xid)
{
	entry->xmax = xid;
	entry->cmax = TransactionIdIsValid(xid) ? GetCurrentCommandId(true) : 0;
	entry->flags &= ~OLAP_ENTRY_MOVED;
	olap_directory_update(rel, ref, entry);
}

static int
drop_expired(Relation rel, const OlapOptions *options)
{
	int			col = options->time_attno - 1;
	int64		limit = expiry(options, TupleDescAttr(RelationGetDescr(rel),
													  col)->atttypid);
	OlapZone   *zones = palloc(OLAP_DIR_ENTRIES * sizeof(OlapZone));
	OlapDirList list;
	int		   *stamped;
	int			n = 0;
	int			dropped = 0;
	int64		rows = 0;

	olap_directory_read(rel, &list);
	stamped = palloc_extended(Max(list.n, 1) * sizeof(int), MCXT_ALLOC_HUGE);
	for (int i = 0; i < list.n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!is_settled(&list.entries[i]) ||
			!has_expired(rel, &list.entries[i], &list.refs[i], col, limit, zones))
			continue;
		if (n == 0)
			CheckForSerializableConflictIn(rel, NULL, InvalidBlockNumber);
		stamp(rel, &list.refs[i], &list.entries[i], GetCurrentTransactionId());
		stamped[n++] = i;
	}
	for (int i = 0; i < n; i++)
	{
		OlapDirEntry *entry = &list.entries[stamped[i]];

		CHECK_FOR_INTERRUPTS();
		if (olap_log_busy(rel, (OlapRow) entry->first_vblock * OLAP_VBLOCK_ROWS,
						  (uint64) entry->nvblocks * OLAP_VBLOCK_ROWS))
			stamp(rel, &list.refs[stamped[i]], entry, InvalidTransactionId);
		else
		{
			rows += entry->nrows;
			dropped++;
		}
	}
	if (dropped > 0)
		olap_meta_count(rel, -rows, -dropped, 0);
	return dropped;
}

int
olap_retention_apply(Oid relid)
{
	Relation	rel;
	int			dropped = 0;

	StartTransactionCommand();
	olap_compact_begin();
	if (!ConditionalLockRelationOid(relid, ShareUpdateExclusiveLock))
	{
		CommitTransactionCommand();
		return 0;
	}
	rel = try_table_open(relid, NoLock);
	if (rel != NULL)
	{
		if (rel->rd_rel->relam == olap_am_oid() && !RELATION_IS_OTHER_TEMP(rel))
		{
			OlapOptions options = *olap_options_get(rel);

			if (options.retention > 0 && options.time_attno > 0 &&
				!is_referenced(rel))
			{
				PushActiveSnapshot(GetTransactionSnapshot());
				dropped = drop_expired(rel, &options);
				PopActiveSnapshot();
			}
		}
		table_close(rel, NoLock);
	}
	CommitTransactionCommand();
	return dropped;
}

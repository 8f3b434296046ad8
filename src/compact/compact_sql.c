/*-------------------------------------------------------------------------
 *
 * compact_sql.c
 *		olap.compact() and what olap.compaction_status shows.
 *
 * olap.compact is a procedure: each job is a transaction of its own, so that
 * its result can be seen, and its space reused, before the next one ends.
 *
 * src/compact/compact_sql.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "compact/compact.h"
#include "compact/progress.h"
#include "segment/directory.h"
#include "segment/freespace.h"
#include "segment/visibility.h"
#include "table/ddl.h"
#include "table/inspect.h"

#define STATUS_COLS 9
/* Times that a table is left to others who want its lock. */
#define MAX_GIVE_UPS 100

PG_FUNCTION_INFO_V1(olap_compact);
PG_FUNCTION_INFO_V1(olap_compaction_table_status);

extern PGDLLEXPORT Datum olap_compact(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_compaction_table_status(PG_FUNCTION_ARGS);

/* ---- olap.compact ---- */

/* The olap tables that relid stands for: itself, or its partitions. */
static List *
tables_of(Oid relid, MemoryContext cxt)
{
	Relation	rel = relation_open(relid, AccessShareLock);
	char		kind = rel->rd_rel->relkind;
	List	   *tables = NIL;

	if (kind != RELKIND_PARTITIONED_TABLE &&
		(rel->rd_rel->relam != olap_am_oid() || !OidIsValid(olap_am_oid()) ||
		 (kind != RELKIND_RELATION && kind != RELKIND_MATVIEW)))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not an olap table", RelationGetRelationName(rel))));
	if (!olap_may_maintain(relid))
		aclcheck_error(ACLCHECK_NOT_OWNER, kind == RELKIND_MATVIEW ?
					   OBJECT_MATVIEW : OBJECT_TABLE,
					   RelationGetRelationName(rel));
	if (RELATION_IS_OTHER_TEMP(rel))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot access temporary tables of other sessions")));

	if (kind != RELKIND_PARTITIONED_TABLE)
	{
		MemoryContext old = MemoryContextSwitchTo(cxt);

		tables = list_make1_oid(relid);
		MemoryContextSwitchTo(old);
	}
	else
	{
		List	   *all = find_all_inheritors(relid, NoLock, NULL);
		ListCell   *lc;

		foreach(lc, all)
		{
			MemoryContext old = MemoryContextSwitchTo(cxt);

			tables = lappend_oid(tables, lfirst_oid(lc));
			MemoryContextSwitchTo(old);
		}
	}
	relation_close(rel, NoLock);
	return tables;
}

/*
 * The table with its lock, if it is still one of ours; a partition may have
 * been dropped, detached or belong to somebody else.
 */
static Relation
open_table(Oid relid)
{
	Relation	rel;

	LockRelationOid(relid, ShareUpdateExclusiveLock);
	rel = try_table_open(relid, NoLock);
	if (rel == NULL)
		return NULL;
	if (rel->rd_rel->relam != olap_am_oid() || !OidIsValid(olap_am_oid()) ||
		(rel->rd_rel->relkind != RELKIND_RELATION &&
		 rel->rd_rel->relkind != RELKIND_MATVIEW) || RELATION_IS_OTHER_TEMP(rel))
	{
		table_close(rel, NoLock);
		return NULL;
	}
	if (!olap_may_maintain(relid))
	{
		ereport(WARNING,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("skipping \"%s\": only its owner can compact it",
						RelationGetRelationName(rel))));
		table_close(rel, NoLock);
		return NULL;
	}
	return rel;
}

/* One job in the current transaction, which ends here. */
static OlapCompactResult
compact_once(Oid relid, OlapCompactPass *pass, MemoryContext cxt)
{
	OlapCompactResult result = OLAP_COMPACT_NOTHING;
	MemoryContext old;
	Relation	rel;

	/* the transaction is new: no snapshot has been taken */
	olap_compact_begin();
	olap_progress_begin(relid, pass->jobs);
	rel = open_table(relid);
	if (rel != NULL)
	{
		OlapMeta	meta;

		if (pass->end_id == 0)
			pass->end_id = olap_meta_read(rel, &meta) ? meta.next_entry_id : 1;
		PushActiveSnapshot(GetTransactionSnapshot());
		old = MemoryContextSwitchTo(cxt);
		result = olap_compact_job(rel, pass);
		MemoryContextSwitchTo(old);
		PopActiveSnapshot();
		table_close(rel, NoLock);
	}
	if (result == OLAP_COMPACT_GAVE_UP)
		SPI_rollback();
	else
		SPI_commit();
	return result;
}

static void
compact_table(Oid relid, MemoryContext cxt)
{
	OlapCompactPass pass = {.effort = OLAP_COMPACT_ALL};
	int			gave_up = 0;

	for (;;)
	{
		OlapCompactResult result;

		CHECK_FOR_INTERRUPTS();
		result = compact_once(relid, &pass, cxt);
		if (result == OLAP_COMPACT_NOTHING)
			return;
		if (result == OLAP_COMPACT_GAVE_UP && ++gave_up >= MAX_GIVE_UPS)
		{
			ereport(WARNING,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("gave up compacting table with OID %u", relid),
					 errdetail("Other sessions asked for a lock on it %d times.",
							   gave_up)));
			return;
		}
	}
}

Datum
olap_compact(PG_FUNCTION_ARGS)
{
	Oid			relid = PG_GETARG_OID(0);
	MemoryContext cxt;
	List	   *tables;
	ListCell   *lc;

	if (fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("olap.compact cannot run inside a transaction block"),
				 errhint("Call it outside of a transaction block and of functions.")));
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("olap.compact cannot run during recovery")));
	if (PG_ARGISNULL(0) ||
		!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there is no such table to compact")));

	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");

	/* what has to outlive the transactions */
	cxt = AllocSetContextCreate(PortalContext, "olap compact",
								ALLOCSET_SMALL_SIZES);
	tables = tables_of(relid, cxt);
	SPI_commit();
	foreach(lc, tables)
		compact_table(lfirst_oid(lc), cxt);
	MemoryContextDelete(cxt);
	SPI_finish();
	PG_RETURN_VOID();
}

/* ---- olap.compaction_status ---- */

typedef struct Status
{
	int64		segments;
	int64		merged;			/* of them, written by compactions */
	int64		rows;
	int64		delta_runs;
	int64		delta_pages;
	int64		replaced_bytes; /* some snapshot may need them */
	int64		dead_bytes;		/* nobody does; not free yet */
} Status;

static void
count_entry(Status *status, const OlapDirEntry *entry)
{
	int64		bytes = entry->first_block == InvalidBlockNumber ? 0 :
		(int64) entry->nblocks * BLCKSZ;

	if ((entry->flags & OLAP_ENTRY_DEAD) != 0)
		status->dead_bytes += bytes;
	else if (TransactionIdIsNormal(entry->xmax) &&
			 !TransactionIdIsInProgress(entry->xmax) &&
			 TransactionIdDidCommit(entry->xmax))
		status->replaced_bytes += bytes;
	else if (entry->kind == OLAP_ENTRY_DELTA)
	{
		status->delta_runs++;
		status->delta_pages += entry->nrows;
	}
	else if (olap_xid_aborted(entry->xmin))
		status->dead_bytes += bytes;
	else if ((entry->flags & OLAP_ENTRY_COMPLETE) != 0)
	{
		status->segments++;
		status->merged += (entry->flags & OLAP_ENTRY_OUTPUT) != 0;
		status->rows += entry->nrows;
	}
}

Datum
olap_compaction_table_status(PG_FUNCTION_ARGS)
{
	Relation	rel = olap_inspect_try_open(PG_GETARG_OID(0));
	TupleDesc	desc;
	Datum		values[STATUS_COLS] = {0};
	bool		nulls[STATUS_COLS] = {0};
	Status		status = {0};
	OlapDirList list;
	uint64		seen = 0;

	/* the view goes over all tables: whoever has one locked does not stop it */
	if (rel == NULL)
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	olap_directory_read(rel, &list);
	for (int i = 0; i < list.n; i++)
		count_entry(&status, &list.entries[i]);
	values[0] = Int64GetDatum(status.segments);
	values[1] = Int64GetDatum(status.merged);
	values[2] = Int64GetDatum(status.rows);
	values[3] = Int64GetDatum(status.delta_runs);
	values[4] = Int64GetDatum(status.delta_pages);
	values[5] = Int64GetDatum(status.replaced_bytes);
	values[6] = Int64GetDatum(status.dead_bytes);
	values[7] = Int64GetDatum((int64) olap_free_blocks(rel) * BLCKSZ);
	values[8] = BoolGetDatum(olap_compact_needed(rel, OLAP_COMPACT_ALL, &seen));
	relation_close(rel, NoLock);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, nulls)));
}

/*-------------------------------------------------------------------------
 *
 * maintenance.c
 *		Compaction and retention in the background.
 *
 * One worker a server at a time: jobs cost CPU, which queries want too.  The
 * launcher sends it into a database some seconds after something was committed
 * there, and into every database in rounds, because time alone makes rows
 * expire and space free.  It goes through the olap tables, does jobs until none
 * is worth it, and leaves; so nothing stays connected to a database.
 *
 * Each job is a transaction of its own, with a pause after it.  A table whose
 * job fails is left for the next visit; the error is in the server's log.
 *
 * src/worker/maintenance.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "base/guc.h"
#include "compact/compact.h"
#include "compact/retention.h"
#include "ingest/live.h"
#include "table/demand.h"
#include "table/inspect.h"
#include "worker/maintenance.h"
#include "worker/worker.h"

/* A pause is this part of the job before it, but not longer than the limit. */
#define PAUSE_DIVISOR 4
#define MAX_PAUSE_MS 2000
/* A visit that lasts longer makes room for other databases. */
#define MAX_VISIT_MS 60000
/* Whoever holds a lock for longer is left alone: other tables wait too. */
#define LOCK_TIMEOUT "2s"

/* ---- in the launcher ---- */

static BackgroundWorkerHandle *handle = NULL;
static TimestampTz next_visit = 0;
static TimestampTz next_round = 0;

/* Databases that are still to be visited in this round through all. */
static Oid *round_databases = NULL;
static int	round_left = 0;

/* The next database to visit; *regular: because it is its turn. */
static Oid
choose_database(TimestampTz now, bool *regular)
{
	if (next_round <= now)
	{
		if (round_databases != NULL)
			pfree(round_databases);
		round_databases = olap_list_databases(&round_left);
		next_round = TimestampTzPlusMilliseconds(now, (int64) 1000 *
												 olap_guc_maintenance_interval);
	}
	*regular = round_left > 0;
	return *regular ? round_databases[--round_left] : olap_demand_take();
}

/* Note who is to be visited, unless the database is held. */
static bool
announce(Oid database)
{
	bool		held;

	olap_live_lock(LW_EXCLUSIVE);
	held = olap_live_held(database);
	if (!held)
	{
		olap_live->maintaining = database;
		olap_live->maintenance_pid = 0;
	}
	olap_live_unlock();
	return !held;
}

static void
forget(void)
{
	olap_live_lock(LW_EXCLUSIVE);
	olap_live->maintaining = InvalidOid;
	olap_live->maintenance_pid = 0;
	olap_live_unlock();
}

void
olap_maintenance_serve(TimestampTz *wake_at)
{
	TimestampTz now = GetCurrentTimestamp();
	OlapWorkerOrder order = {0};
	bool		regular;

	if (!olap_guc_maintenance)
		return;
	if (olap_worker_alive(handle))
		return;					/* its end wakes us */
	if (handle != NULL)
	{
		pfree(handle);
		handle = NULL;
		forget();
		if (round_left == 0)
			next_visit = TimestampTzPlusMilliseconds(now,
													 olap_guc_maintenance_naptime * 1000);
	}
	if (next_visit <= now)
	{
		order.database = choose_database(now, &regular);
		next_visit = TimestampTzPlusMilliseconds(now, round_left > 0 ? 0 :
												 olap_guc_maintenance_naptime * 1000);
		if (OidIsValid(order.database) && announce(order.database))
		{
			snprintf(order.name, NAMEDATALEN, "%u", order.database);
			if (!olap_worker_start("olap_maintenance_main", "olap maintenance",
								   &order, regular, &handle))
			{
				handle = NULL;
				forget();
				olap_demand_add(order.database);
			}
		}
	}
	*wake_at = Min(*wake_at, next_visit);
}

/* ---- in the worker ---- */

static void
detach(int code, Datum arg)
{
	olap_live_lock(LW_EXCLUSIVE);
	if (olap_live->maintenance_pid == MyProcPid)
	{
		olap_live->maintaining = InvalidOid;
		olap_live->maintenance_pid = 0;
	}
	olap_live_unlock();
}

/* False if the visit was called off meanwhile. */
static bool
attach(Oid database)
{
	bool		wanted;

	before_shmem_exit(detach, (Datum) 0);
	olap_live_lock(LW_EXCLUSIVE);
	wanted = olap_live->maintaining == database && !olap_live_held(database);
	if (wanted)
		olap_live->maintenance_pid = MyProcPid;
	else if (olap_live->maintaining == database)
		olap_live->maintaining = InvalidOid;
	olap_live_unlock();
	return wanted;
}

/* The olap tables of the database, in TopMemoryContext. */
static List *
list_tables(void)
{
	List	   *tables = NIL;
	MemoryContext old;
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;
	Oid			am;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	am = OidIsValid(get_extension_oid("olap", true)) ?
		get_table_am_oid("olap", true) : InvalidOid;
	if (OidIsValid(am))
	{
		rel = table_open(RelationRelationId, AccessShareLock);
		scan = table_beginscan_catalog(rel, 0, NULL);
		while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
		{
			Form_pg_class class = (Form_pg_class) GETSTRUCT(tuple);

			if (class->relam != am ||
				class->relpersistence == RELPERSISTENCE_TEMP ||
				(class->relkind != RELKIND_RELATION &&
				 class->relkind != RELKIND_MATVIEW))
				continue;
			old = MemoryContextSwitchTo(TopMemoryContext);
			tables = lappend_oid(tables, class->oid);
			MemoryContextSwitchTo(old);
		}
		table_endscan(scan);
		table_close(rel, AccessShareLock);
	}
	CommitTransactionCommand();
	return tables;
}

/*
 * autovacuum_enabled = off is a wish to be left alone; so is a missing table.
 * One that somebody else has locked is left for the next visit: waiting for it
 * would keep maintenance from every other table of the server.
 */
static bool
wants_maintenance(Oid relid)
{
	Relation	rel;
	bool		wanted;

	StartTransactionCommand();
	rel = olap_open_if_free(relid);
	wanted = rel != NULL && RelationIsValid(rel);
	if (wanted)
	{
		StdRdOptions *options = (StdRdOptions *) rel->rd_options;

		wanted = options == NULL || options->autovacuum.enabled;
		relation_close(rel, AccessShareLock);
	}
	CommitTransactionCommand();
	return wanted;
}

static void
pause_after(TimestampTz start)
{
	long		ms = TimestampDifferenceMilliseconds(start, GetCurrentTimestamp()) /
		PAUSE_DIVISOR;

	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 Min(Max(ms, 1), MAX_PAUSE_MS), PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/*
 * Do the jobs of one table; true if time ran out before the end.  A regular
 * visit also takes what few rows the delta has: they may have expired, and a
 * table that is seldom written to should not have them for ever.  *worked: a
 * job was done, and so there may be space to free later.
 */
static bool
maintain_table(Oid relid, TimestampTz visit_start, bool regular, bool *worked)
{
	if (!wants_maintenance(relid))
		return false;
	if (regular && olap_compact_step(relid, OLAP_COMPACT_DELTA))
		*worked = true;
	if (olap_retention_apply(relid) > 0)
		*worked = true;
	for (;;)
	{
		TimestampTz start = GetCurrentTimestamp();
		bool		more;

		CHECK_FOR_INTERRUPTS();
		if (TimestampDifferenceExceeds(visit_start, start, MAX_VISIT_MS))
			return true;
		more = olap_compact_step(relid, OLAP_COMPACT_WORTH);
		pgstat_report_stat(false);
		if (!more)
			break;
		*worked = true;
		pause_after(start);
	}
	return false;
}

/* The same; an error is logged and ends the jobs of this table only. */
static bool
try_table(Oid relid, TimestampTz visit_start, bool regular, bool *worked)
{
	MemoryContext cxt = CurrentMemoryContext;
	volatile bool late = false;

	PG_TRY();
	{
		late = maintain_table(relid, visit_start, regular, worked);
	}
	PG_CATCH();
	{
		/* SIGTERM and the like end the worker, not just the table */
		if (ProcDiePending)
			PG_RE_THROW();
		HOLD_INTERRUPTS();
		EmitErrorReport();
		AbortCurrentTransaction();
		MemoryContextSwitchTo(cxt);
		FlushErrorState();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	return late;
}

void
olap_maintenance_main(Datum arg)
{
	OlapWorkerOrder order;
	TimestampTz start = GetCurrentTimestamp();
	List	   *tables;
	ListCell   *lc;
	bool		late = false;
	bool		worked = false;

	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	if (!attach(order.database))
		proc_exit(0);
	BackgroundWorkerInitializeConnectionByOid(order.database, InvalidOid, 0);
	olap_worker_set_session(LOCK_TIMEOUT);
	pgstat_report_appname("olap maintenance");

	tables = list_tables();
	foreach(lc, tables)
	{
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		if (!olap_guc_maintenance)
			break;
		late |= try_table(lfirst_oid(lc), start, DatumGetInt32(arg) != 0, &worked);
	}
	if (late || worked)
		olap_demand_add(order.database);
	pgstat_report_stat(true);
	proc_exit(0);
}

/*-------------------------------------------------------------------------
 *
 * launcher.c
 *		Starts an ingest worker for every pipeline that is to run.
 *
 * One static process a server, from the end of recovery on, so there is none on
 * a standby and promotion starts it.  Pipelines are defined in tables of their
 * databases, which the launcher, bound to none, cannot read: it sends short
 * looks (look.c) into the databases, one at a time, at its start, when a session
 * asks, and now and then.  Back-off is kept here: 1, 2, 4 ... 60 s after
 * failures, none after a commit.  It also starts the worker that maintains
 * tables (maintenance.c).
 *
 * src/worker/launcher.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/procarray.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/process.h"
#include "ingest/live.h"
#include "worker/maintenance.h"
#include "worker/worker.h"

#define LOOK_ALL_MS (5 * 60 * 1000)
#define LOOK_RETRY_MS 2000
#define LOOK_RETRIES 5
#define NAP_MS 30000
#define SLOT_RETRY_MS 2000
#define MAX_BACKOFF_MS 60000
#define MIN_RESTART_MS 200

static BackgroundWorkerHandle **handles;	/* [nslots]; NULL: none started by us */
static bool *was_running;		/* [nslots] */
static BackgroundWorkerHandle *look_handle = NULL;
static int	look_retries = 0;
static TimestampTz look_all_at = 0; /* when to look at all databases next */

/* All databases, while they are looked at one after the other. */
static Oid *databases = NULL;
static int	ndatabases = 0;
static int	next_database = 0;

static void
forget_launcher(int code, Datum arg)
{
	olap_live_lock(LW_EXCLUSIVE);
	olap_live->launcher = NULL;
	olap_live->launcher_pid = 0;
	olap_live_unlock();
}

bool
olap_worker_start(const char *function, const char *type, const OlapWorkerOrder *order,
			 int argument, BackgroundWorkerHandle **handle)
{
	BackgroundWorker worker = {0};

	snprintf(worker.bgw_name, BGW_MAXLEN, "%s %s", type, order->name);
	worker.bgw_main_arg = Int32GetDatum(argument);
	StaticAssertStmt(sizeof(OlapWorkerOrder) <= BGW_EXTRALEN, "order too long");
	memcpy(worker.bgw_extra, order, sizeof(*order));
	return olap_process_start(&worker, function, type, handle);
}

bool
olap_worker_alive(BackgroundWorkerHandle *handle)
{
	pid_t		pid;

	return handle != NULL &&
		GetBackgroundWorkerPid(handle, &pid) != BGWH_STOPPED;
}

/* --- looks --- */

Oid *
olap_list_databases(int *n)
{
	int			size = 64;
	Oid		   *list = MemoryContextAlloc(TopMemoryContext, sizeof(Oid) * size);
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;

	*n = 0;
	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database db = (Form_pg_database) GETSTRUCT(tuple);

		if (!db->datallowconn)
			continue;
		if (*n == size)
			list = repalloc(list, sizeof(Oid) * (size *= 2));
		list[(*n)++] = db->oid;
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
	return list;
}

/* Look at every database that takes connections; forget the slots of others. */
static void
list_databases(void)
{
	if (databases != NULL)
		pfree(databases);
	databases = olap_list_databases(&ndatabases);
	next_database = 0;

	olap_live_lock(LW_EXCLUSIVE);
	for (int s = 0; s < olap_live->nslots; s++)
	{
		OlapLiveSlot *slot = &olap_live->slots[s];
		bool		found = false;

		for (int i = 0; i < ndatabases && !found; i++)
			found = databases[i] == slot->database;
		if (slot->in_use && !found)
			slot->wanted = false;
	}
	olap_live_unlock();
}

/* The database to look at next, or InvalidOid: those that asked come first. */
static Oid
choose_database(void)
{
	Oid			database = InvalidOid;
	bool		all = false;

	olap_live_lock(LW_EXCLUSIVE);
	for (int i = 0; i < olap_live->nlooks && !OidIsValid(database); i++)
		if (!olap_live_held(olap_live->looks[i]))
		{
			database = olap_live->looks[i];
			olap_live->looks[i] = olap_live->looks[--olap_live->nlooks];
		}
	if (!OidIsValid(database) && next_database == ndatabases)
	{
		all = olap_live->look_all;
		olap_live->look_all = false;
	}
	olap_live_unlock();
	if (all)
		list_databases();
	olap_live_lock(LW_EXCLUSIVE);
	while (!OidIsValid(database) && next_database < ndatabases)
	{
		/* one that is held is looked at when the hold ends */
		if (!olap_live_held(databases[next_database]))
			database = databases[next_database];
		next_database++;
	}
	if (OidIsValid(database))
	{
		olap_live->looking = database;
		olap_live->look_done = false;
	}
	olap_live_unlock();
	return database;
}

/* Ask for a look at a database again. */
static void
look_again(Oid database)
{
	olap_live_lock(LW_EXCLUSIVE);
	if (olap_live->nlooks < OLAP_LIVE_DATABASES)
		olap_live->looks[olap_live->nlooks++] = database;
	else
		olap_live->look_all = true;
	olap_live->looking = InvalidOid;
	olap_live_unlock();
}

/*
 * Start the next look, if one is wanted.  Returns how many milliseconds to wait
 * before calling again; -1: until something happens.
 */
static int
next_look(void)
{
	OlapWorkerOrder order = {0};
	bool		done;

	if (olap_worker_alive(look_handle))
		return -1;
	olap_live_lock(LW_SHARED);
	done = olap_live->look_done;
	olap_live_unlock();
	if (look_handle != NULL)
	{
		look_handle = NULL;
		if (done)
			look_retries = 0;
		else if (look_retries++ < LOOK_RETRIES)
			/* the database may be gone: list them anew, but not at once */
			look_all_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), LOOK_RETRY_MS);
	}
	order.database = choose_database();
	if (!OidIsValid(order.database))
		return -1;
	snprintf(order.name, NAMEDATALEN, "%u", order.database);
	if (olap_worker_start("olap_look_main", "olap look", &order, 0, &look_handle))
		return -1;
	look_handle = NULL;
	look_again(order.database);
	return SLOT_RETRY_MS;
}

/* --- pipelines --- */

/* A worker of this slot ended: when may the next one start? */
static void
reap(OlapLiveSlot *slot, TimestampTz now)
{
	int			shift = Min(slot->failures, 16);

	switch (slot->exit)
	{
		case OLAP_EXIT_RELOAD:
			slot->next_start = now;
			break;
		case OLAP_EXIT_ASKED:
			/* what it is to do now, a look must tell */
			slot->next_start = TimestampTzPlusMilliseconds(now, MIN_RESTART_MS);
			break;
		case OLAP_EXIT_FAILURE:
			slot->next_start =
				TimestampTzPlusMilliseconds(now, Min(1000 << shift, MAX_BACKOFF_MS));
			slot->failures++;
			/* not even an error was noted: killed, or refused a connection */
			if (slot->error[0] == '\0')
				strlcpy(slot->error, "the worker ended without an error of its own; see the server's log",
						sizeof(slot->error));
			break;
	}
	slot->state = OLAP_LIVE_RETRYING;
	slot->state_since = now;
	slot->rows_per_s = 0;
	slot->exit = OLAP_EXIT_FAILURE;
}

/* What to do about one slot; true if a worker is to be started. */
static bool
examine_slot(int i, TimestampTz now, TimestampTz *wake_at)
{
	OlapLiveSlot *slot = &olap_live->slots[i];
	bool		running = slot->pid != 0 || olap_worker_alive(handles[i]);

	if (!slot->in_use)
		return false;
	if (running)
	{
		was_running[i] = true;
		return false;
	}
	slot->starting = false;
	handles[i] = NULL;
	if (was_running[i])
	{
		was_running[i] = false;
		reap(slot, now);
	}
	if (!slot->wanted)
	{
		slot->in_use = false;
		return false;
	}
	if (olap_live_held(slot->database))
		return false;
	if (slot->next_start > now)
	{
		if (slot->next_start < *wake_at)
			*wake_at = slot->next_start;
		return false;
	}
	slot->starting = true;
	return true;
}

static void
start_pipeline(int i, TimestampTz now)
{
	OlapLiveSlot *slot = &olap_live->slots[i];
	OlapWorkerOrder order = {0};

	olap_live_lock(LW_SHARED);
	order.database = slot->database;
	order.owner = slot->owner;
	strlcpy(order.name, slot->name, NAMEDATALEN);
	olap_live_unlock();
	if (olap_worker_start("olap_ingest_main", "olap pipeline", &order, i, &handles[i]))
	{
		was_running[i] = true;
		return;
	}
	olap_live_lock(LW_EXCLUSIVE);
	slot->starting = false;
	if (slot->state != OLAP_LIVE_WAITING_FOR_SLOT)
		slot->state_since = now;
	slot->state = OLAP_LIVE_WAITING_FOR_SLOT;
	strlcpy(slot->error, "no free background worker; raise max_worker_processes",
			sizeof(slot->error));
	slot->next_start = TimestampTzPlusMilliseconds(now, SLOT_RETRY_MS);
	olap_live_unlock();
}

/* A holder that died without letting go holds no longer. */
static void
drop_dead_holds(void)
{
	for (int i = 0; i < OLAP_LIVE_DATABASES; i++)
	{
		OlapLiveHold *hold = &olap_live->holds[i];

		if (OidIsValid(hold->database) && BackendPidGetProc(hold->holder) == NULL)
			hold->database = InvalidOid;
	}
}

static void
serve_slots(TimestampTz *wake_at)
{
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < olap_live->nslots; i++)
	{
		bool		start;

		olap_live_lock(LW_EXCLUSIVE);
		start = examine_slot(i, now, wake_at);
		olap_live_unlock();
		if (!start)
			continue;
		start_pipeline(i, now);
		if (olap_live->slots[i].next_start > now)
			*wake_at = Min(*wake_at, olap_live->slots[i].next_start);
	}
}

void
olap_launcher_main(Datum arg)
{
	TimestampTz look_at = 0;

	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	pgstat_report_appname("olap launcher");
	handles = MemoryContextAllocZero(TopMemoryContext,
									 sizeof(BackgroundWorkerHandle *) * olap_live->nslots);
	was_running = MemoryContextAllocZero(TopMemoryContext, olap_live->nslots);
	before_shmem_exit(forget_launcher, (Datum) 0);
	olap_live_lock(LW_EXCLUSIVE);
	olap_live->launcher = MyLatch;
	olap_live->launcher_pid = MyProcPid;
	olap_live->look_all = true;
	olap_live_unlock();

	for (;;)
	{
		TimestampTz now = GetCurrentTimestamp();
		TimestampTz wake_at = TimestampTzPlusMilliseconds(now, NAP_MS);

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		olap_live_lock(LW_EXCLUSIVE);
		drop_dead_holds();
		if (look_all_at <= now)
		{
			look_all_at = TimestampTzPlusMilliseconds(now, LOOK_ALL_MS);
			olap_live->look_all = true;
		}
		wake_at = Min(wake_at, look_all_at);
		olap_live_unlock();
		if (look_at <= now)
		{
			int			wait = next_look();

			look_at = wait < 0 ? 0 : TimestampTzPlusMilliseconds(now, wait);
		}
		if (look_at > now)
			wake_at = Min(wake_at, look_at);
		serve_slots(&wake_at);
		olap_maintenance_serve(&wake_at);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 Max(10, (wake_at - GetCurrentTimestamp()) / 1000),
						 PG_WAIT_EXTENSION);
	}
}

void
olap_worker_init(void)
{
	BackgroundWorker worker = {0};

	if (!process_shared_preload_libraries_in_progress)
		return;
	olap_live_init();
	olap_databases_init();

	/*
	 * pg_upgrade copies files while it believes that nobody writes to them, and
	 * hands out transaction ids of its own: no work in the background then.
	 */
	if (IsBinaryUpgrade)
		return;
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 5;
	strlcpy(worker.bgw_library_name, "olap", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "olap_launcher_main", BGW_MAXLEN);
	strlcpy(worker.bgw_name, "olap launcher", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "olap launcher", BGW_MAXLEN);
	RegisterBackgroundWorker(&worker);
}

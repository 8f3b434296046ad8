/*-------------------------------------------------------------------------
 *
 * launcher.c
 *		Starts an ingest worker for every pipeline that is to run.
 *
 * One static process a server, from the end of recovery on, so there is none on
 * a standby and promotion starts it.  Pipelines are defined in tables of their
 * databases, which the launcher, bound to none, cannot read: it sends short
 * looks (looks.c) into the databases, one at a time, at its start, when a session
 * asks, and now and then.  Back-off is kept here: 1, 2, 4 ... 60 s after
 * failures, none after a commit.  It also starts the worker that maintains
 * tables (maintenance.c).
 *
 * src/worker/launcher.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/procarray.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/process.h"
#include "ingest/live.h"
#include "worker/maintenance.h"
#include "worker/worker.h"

#define LOOK_ALL_MS (5 * 60 * 1000)
#define NAP_MS 30000
#define SLOT_RETRY_MS 2000
#define MAX_BACKOFF_MS 60000
#define MIN_RESTART_MS 200

static BackgroundWorkerHandle **handles;	/* [nslots]; NULL: none started by us */
static bool *was_running;		/* [nslots] */
static TimestampTz look_all_at = 0; /* when to look at all databases next */

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
		olap_looks_serve(&wake_at);
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

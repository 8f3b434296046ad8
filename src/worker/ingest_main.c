/*-------------------------------------------------------------------------
 *
 * ingest_main.c
 *		The process of an ingest worker: start, settings, signals, end.
 *
 * One worker runs one pipeline, as the pipeline's owner.  It ends by itself
 * when its slot says it is not wanted or its definition changed; on SIGTERM it
 * just goes (what it has not committed is read again); on an error it notes the
 * error and goes, and the launcher starts another after a while.
 *
 * src/worker/ingest_main.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unistd.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/pmsignal.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/guc.h"
#include "ingest/live.h"
#include "worker/ingest.h"
#include "worker/worker.h"

static int	my_slot = -1;
static OlapWorkerOrder order;

/* On the way out, however that came: threads first, then the slot. */
static void
detach(int code, Datum arg)
{
	olap_ingest_close_source();
	olap_live_lock(LW_EXCLUSIVE);
	olap_live->slots[my_slot].pid = 0;
	olap_live_wake_launcher();
	olap_live_unlock();
}

static void
say_exit(OlapLiveExit reason)
{
	olap_live_lock(LW_EXCLUSIVE);
	olap_live->slots[my_slot].exit = reason;
	olap_live_unlock();
}

/* Take the slot; false if it is not (or no longer) ours to take. */
static bool
attach(int index)
{
	OlapLiveSlot *slot = &olap_live->slots[index];
	bool		taken = false;

	olap_live_lock(LW_EXCLUSIVE);
	if (slot->in_use && slot->wanted && slot->database == order.database &&
		strcmp(slot->name, order.name) == 0 && slot->pid == 0 &&
		!olap_live_held(order.database))
	{
		slot->pid = MyProcPid;
		slot->exit = OLAP_EXIT_FAILURE;
		slot->state = OLAP_LIVE_STARTING;
		slot->started_at = slot->state_since = GetCurrentTimestamp();
		slot->npartitions = 0;
		slot->rows_per_s = 0;
		slot->error[0] = '\0';
		taken = true;
	}
	slot->starting = false;
	olap_live_unlock();
	if (taken)
	{
		my_slot = index;
		before_shmem_exit(detach, (Datum) 0);
	}
	return taken;
}

/*
 * Settings of the session: what the same bytes become, and who writes it, must not
 * depend on the owner's or the database's settings.
 */
static void
set_session(void)
{
	static const char *const settings[][2] = {
		{"role", "none"},
		{"TimeZone", "UTC"},
		{"DateStyle", "ISO, YMD"},
		{"IntervalStyle", "postgres"},
	};

	olap_worker_set(settings, lengthof(settings));
	olap_worker_set_session("0");
	SetConfigOption("synchronous_commit",
					olap_guc_ingest_synchronous_commit ? "on" : "off",
					PGC_SUSET, PGC_S_SESSION);
	SetConfigOption("application_name", psprintf("olap pipeline %s", order.name),
					PGC_USERSET, PGC_S_SESSION);
}

/* What the slot wishes: true to end, with the reason said. */
static bool
should_end(const OlapIngest *ingest)
{
	const OlapLiveSlot *slot = &olap_live->slots[my_slot];
	bool		wanted;
	bool		changed;

	olap_live_lock(LW_SHARED);
	wanted = slot->wanted && !olap_live_held(order.database);
	changed = !olap_ingest_is_of(ingest, slot->version, slot->created_at);
	olap_live_unlock();
	return !wanted || changed || olap_ingest_outdated(ingest);
}

/*
 * The pipeline is not to run, and the slot does not know it: no other worker is to
 * be started before a look has told what is wanted.
 */
static void
give_up_slot(void)
{
	olap_live_lock(LW_EXCLUSIVE);
	olap_live->slots[my_slot].wanted = false;
	olap_live->slots[my_slot].exit = OLAP_EXIT_ASKED;
	olap_live_unlock();
	StartTransactionCommand();
	olap_live_request_look();
	CommitTransactionCommand();
}

static void
run(void)
{
	OlapIngest *ingest = olap_ingest_open(order.name, my_slot);

	if (ingest == NULL)
	{
		give_up_slot();
		return;
	}
	ereport(LOG, (errmsg("pipeline \"%s\" runs", order.name)));
	pgstat_report_activity(STATE_IDLE, NULL);
	for (int ms = olap_ingest_delay(ingest); ms > 0 && !should_end(ingest); ms -= 100)
	{
		CHECK_FOR_INTERRUPTS();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 Min(ms, 100), PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
	olap_ingest_begin(ingest);
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		/* without a postmaster nothing is left to tidy up, and a new one waits */
		if (!PostmasterIsAlive())
			_exit(1);
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			set_session();
		}
		if (should_end(ingest))
			break;
		olap_ingest_step(ingest);
	}
	olap_ingest_finish(ingest);
	if (olap_ingest_superseded(ingest))
	{
		give_up_slot();
		return;
	}
	olap_live_lock(LW_EXCLUSIVE);
	olap_live->slots[my_slot].exit = olap_live->slots[my_slot].wanted ?
		OLAP_EXIT_RELOAD : OLAP_EXIT_ASKED;
	olap_live_unlock();
}

/* Note an error where users see it, and decide what the launcher shall do. */
static void
note_error(ErrorData *edata)
{
	char		state[6];

	strlcpy(state, unpack_sql_state(edata->sqlerrcode), sizeof(state));
	olap_live_lock(LW_EXCLUSIVE);
	strlcpy(olap_live->slots[my_slot].error, edata->message != NULL ? edata->message : "",
			OLAP_LIVE_ERROR_LEN);
	olap_live_unlock();
	if (edata->sqlerrcode == OLAP_ERRCODE_FENCED)
	{
		say_exit(OLAP_EXIT_ASKED);
		return;
	}
	PG_TRY();
	{
		olap_pipeline_note_error(order.name, state,
								 edata->message != NULL ? edata->message : "",
								 edata->sqlerrcode == OLAP_ERRCODE_TOO_MANY_DEAD ?
								 OLAP_ERROR_FAILS : OLAP_ERROR_COUNTS);
	}
	PG_CATCH();
	{
		/* the first error is the one that counts, and it is in the log */
		EmitErrorReport();
		FlushErrorState();
		AbortOutOfAnyTransaction();
	}
	PG_END_TRY();
}

void
olap_ingest_main(Datum arg)
{
	MemoryContext top;
	ErrorData  *edata;

	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	if (!attach(DatumGetInt32(arg)))
		proc_exit(0);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(order.database, order.owner, 0);
	top = AllocSetContextCreate(TopMemoryContext, "olap ingest", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(top);
	set_session();
	PG_TRY();
	{
		run();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(top);
		edata = CopyErrorData();
		EmitErrorReport();
		FlushErrorState();
		AbortOutOfAnyTransaction();
		note_error(edata);
		proc_exit(1);
	}
	PG_END_TRY();
	proc_exit(0);
}

/*-------------------------------------------------------------------------
 *
 * progress.c
 *		How far the compactions are that run now, in shared memory.
 *
 * The server has a view of the kind for each of its own commands, and no room
 * in them for those of extensions; so this does what backend_status.c does,
 * with its macros.
 *
 * src/compact/progress.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/procarray.h"
#include "storage/shmem.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "compact/progress.h"

#define PROGRESS_COLS 10

PG_FUNCTION_INFO_V1(olap_compaction_progress);

extern PGDLLEXPORT Datum olap_compaction_progress(PG_FUNCTION_ARGS);

typedef struct Slot
{
	int			st_changecount; /* odd while it is written; the macros' name */
	int			pid;
	Oid			database;
	Oid			table;
	OlapProgressPhase phase;	/* NONE: the rest means nothing */
	int			segments;		/* -1: sources are not chosen yet */
	int64		delta_pages;
	int64		rows_total;
	int64		rows_read;
	int64		rows_written;
	int64		jobs_done;		/* -1: nobody counts them */
	TimestampTz started;
} Slot;

typedef struct Progress
{
	int			n;
	Slot		slots[FLEXIBLE_ARRAY_MEMBER];	/* [n], by number of the backend */
} Progress;

static Progress *progress = NULL;	/* NULL: not preloaded */
static volatile Slot *mine = NULL;	/* while a job runs here */

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

/* ---- writing ---- */

static void
clear_slot(void)
{
	volatile Slot *slot = mine;

	if (slot == NULL)
		return;
	mine = NULL;
	PGSTAT_BEGIN_WRITE_ACTIVITY(slot);
	slot->phase = OLAP_PROGRESS_NONE;
	PGSTAT_END_WRITE_ACTIVITY(slot);
}

/* Whoever could not end its transaction does not leave its row behind either. */
static void
at_exit(int code, Datum arg)
{
	clear_slot();
}

static void
at_xact_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		clear_slot();
}

void
olap_progress_begin(Oid table, int64 jobs_done)
{
	static bool registered = false;
	TimestampTz now = GetCurrentTimestamp();
	volatile Slot *slot;

	if (progress == NULL || MyProcNumber < 0 || MyProcNumber >= progress->n)
		return;
	if (!registered)
	{
		RegisterXactCallback(at_xact_end, NULL);
		before_shmem_exit(at_exit, (Datum) 0);
		registered = true;
	}
	slot = &progress->slots[MyProcNumber];
	PGSTAT_BEGIN_WRITE_ACTIVITY(slot);
	slot->pid = MyProcPid;
	slot->database = MyDatabaseId;
	slot->table = table;
	slot->phase = OLAP_PROGRESS_WAITING;
	slot->segments = -1;
	slot->delta_pages = 0;
	slot->rows_total = 0;
	slot->rows_read = 0;
	slot->rows_written = 0;
	slot->jobs_done = jobs_done;
	slot->started = now;
	PGSTAT_END_WRITE_ACTIVITY(slot);
	mine = slot;
}

void
olap_progress_phase(OlapProgressPhase phase)
{
	if (mine == NULL)
		return;
	PGSTAT_BEGIN_WRITE_ACTIVITY(mine);
	mine->phase = phase;
	PGSTAT_END_WRITE_ACTIVITY(mine);
}

void
olap_progress_sources(int segments, int64 delta_pages, int64 rows)
{
	if (mine == NULL)
		return;
	PGSTAT_BEGIN_WRITE_ACTIVITY(mine);
	mine->segments = segments;
	mine->delta_pages = delta_pages;
	mine->rows_total = rows;
	PGSTAT_END_WRITE_ACTIVITY(mine);
}

void
olap_progress_read(uint32 rows)
{
	if (mine == NULL)
		return;
	PGSTAT_BEGIN_WRITE_ACTIVITY(mine);
	mine->rows_read += rows;
	PGSTAT_END_WRITE_ACTIVITY(mine);
}

void
olap_progress_written(uint32 rows)
{
	if (mine == NULL)
		return;
	PGSTAT_BEGIN_WRITE_ACTIVITY(mine);
	mine->rows_written += rows;
	PGSTAT_END_WRITE_ACTIVITY(mine);
}

/* ---- shared memory ---- */

/* The numbers of backends begin with 1 before 17, with 0 from then on. */
static int
slots_wanted(void)
{
	return MaxBackends + 1;
}

static Size
progress_size(void)
{
	return add_size(offsetof(Progress, slots),
					mul_size(slots_wanted(), sizeof(Slot)));
}

static void
progress_request(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	RequestAddinShmemSpace(progress_size());
}

static void
progress_startup(void)
{
	bool		found;

	if (previous_startup_hook != NULL)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	progress = ShmemInitStruct("olap compactions", progress_size(), &found);
	if (!found)
	{
		memset(progress, 0, progress_size());
		progress->n = slots_wanted();
	}
	LWLockRelease(AddinShmemInitLock);
}

void
olap_progress_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = progress_request;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = progress_startup;
}

/* ---- olap.compaction_progress ---- */

static const char *
phase_name(OlapProgressPhase phase)
{
	switch (phase)
	{
		case OLAP_PROGRESS_NONE:
			break;
		case OLAP_PROGRESS_WAITING:
			return "waiting for lock";
		case OLAP_PROGRESS_FREEING:
			return "freeing space";
		case OLAP_PROGRESS_CHOOSING:
			return "choosing sources";
		case OLAP_PROGRESS_READING:
			return "reading";
		case OLAP_PROGRESS_SORTING:
			return "sorting";
		case OLAP_PROGRESS_WRITING:
			return "writing";
		case OLAP_PROGRESS_REPLACING:
			return "replacing sources";
		case OLAP_PROGRESS_COMMITTING:
			return "committing";
	}
	return NULL;
}

/* All of a slot as it was at one moment; the owner writes for nanoseconds. */
static Slot
read_slot(const volatile Slot *slot)
{
	for (;;)
	{
		Slot		copy;
		int			before;
		int			after;

		pgstat_begin_read_activity(slot, before);
		copy = *slot;
		pgstat_end_read_activity(slot, after);
		if (pgstat_read_activity_complete(before, after))
			return copy;
		CHECK_FOR_INTERRUPTS();
	}
}

/* As olap.compaction_status: who may read the table; and who may see all statistics. */
static bool
may_see(Oid table)
{
	bool		missing = false;

	if (pg_class_aclcheck_ext(table, GetUserId(), ACL_SELECT, &missing) == ACLCHECK_OK &&
		!missing)
		return true;
	return has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

static void
put_row(ReturnSetInfo *rsinfo, const Slot *slot)
{
	Datum		values[PROGRESS_COLS] = {0};
	bool		nulls[PROGRESS_COLS] = {0};

	values[0] = Int32GetDatum(slot->pid);
	values[1] = ObjectIdGetDatum(slot->table);
	values[2] = CStringGetTextDatum(phase_name(slot->phase));
	values[3] = Int32GetDatum(slot->segments);
	values[4] = Int64GetDatum(slot->delta_pages);
	values[5] = Int64GetDatum(slot->rows_total);
	values[6] = Int64GetDatum(slot->rows_read);
	values[7] = Int64GetDatum(slot->rows_written);
	values[8] = Int64GetDatum(slot->jobs_done);
	values[9] = TimestampTzGetDatum(slot->started);
	for (int i = 3; i <= 7; i++)
		nulls[i] = slot->segments < 0;
	nulls[8] = slot->jobs_done < 0;
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

Datum
olap_compaction_progress(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; progress != NULL && i < progress->n; i++)
	{
		Slot		slot = read_slot(&progress->slots[i]);

		if (slot.phase != OLAP_PROGRESS_NONE && slot.database == MyDatabaseId &&
			may_see(slot.table) && BackendPidGetProc(slot.pid) != NULL)
			put_row(rsinfo, &slot);
	}
	PG_RETURN_NULL();
}

/*-------------------------------------------------------------------------
 *
 * live.c
 *		Shared memory of the pipelines: setting it up, finding slots, waking.
 *
 * src/ingest/live.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#include "base/guc.h"
#include "ingest/live.h"

#define LIVE_TRANCHE "olap_live"

OlapLive   *olap_live = NULL;

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

/* A look was asked for in the current transaction. */
static bool look_at_commit = false;
static bool callback_registered = false;

static Size
live_size(void)
{
	return add_size(offsetof(OlapLive, slots),
					mul_size(olap_guc_max_pipelines, sizeof(OlapLiveSlot)));
}

static void
live_request(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	RequestAddinShmemSpace(live_size());
	RequestNamedLWLockTranche(LIVE_TRANCHE, 1);
}

static void
live_startup(void)
{
	bool		found;

	if (previous_startup_hook != NULL)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	olap_live = ShmemInitStruct("olap pipelines", live_size(), &found);
	if (!found)
	{
		memset(olap_live, 0, live_size());
		olap_live->lock = &GetNamedLWLockTranche(LIVE_TRANCHE)->lock;
		olap_live->nslots = olap_guc_max_pipelines;
		olap_live->look_all = true;
	}
	LWLockRelease(AddinShmemInitLock);
}

void
olap_live_init(void)
{
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = live_request;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = live_startup;
}

void
olap_live_lock(LWLockMode mode)
{
	LWLockAcquire(olap_live->lock, mode);
}

void
olap_live_unlock(void)
{
	LWLockRelease(olap_live->lock);
}

void
olap_live_wake_launcher(void)
{
	if (olap_live->launcher != NULL)
		SetLatch(olap_live->launcher);
}

/*
 * Put the current database on the launcher's list.
 */
static void
request_now(void)
{
	int			i;

	olap_live_lock(LW_EXCLUSIVE);
	for (i = 0; i < olap_live->nlooks; i++)
		if (olap_live->looks[i] == MyDatabaseId)
			break;
	if (i == OLAP_LIVE_DATABASES)
		olap_live->look_all = true;
	else if (i == olap_live->nlooks)
		olap_live->looks[olap_live->nlooks++] = MyDatabaseId;
	olap_live_wake_launcher();
	olap_live_unlock();
}

/*
 * At commit the change is visible to the look; after an abort there is nothing
 * to see. (After PREPARE TRANSACTION the launcher's regular looks find it.)
 */
static void
look_xact_callback(XactEvent event, void *arg)
{
	if (!look_at_commit)
		return;
	if (event == XACT_EVENT_COMMIT)
	{
		look_at_commit = false;
		request_now();
	}
	else if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
		look_at_commit = false;
}

void
olap_live_request_look(void)
{
	if (olap_live == NULL)
		return;
	if (!callback_registered)
	{
		RegisterXactCallback(look_xact_callback, NULL);
		callback_registered = true;
	}
	look_at_commit = true;
}

int
olap_live_find(Oid database, const char *name)
{
	for (int i = 0; i < olap_live->nslots; i++)
	{
		OlapLiveSlot *slot = &olap_live->slots[i];

		if (slot->in_use && slot->database == database &&
			strcmp(slot->name, name) == 0)
			return i;
	}
	return -1;
}

bool
olap_live_held(Oid database)
{
	for (int i = 0; i < OLAP_LIVE_DATABASES; i++)
		if (olap_live->holds[i].database == database)
			return true;
	return false;
}

const char *
olap_live_state_name(OlapLiveState state)
{
	switch (state)
	{
		case OLAP_LIVE_STARTING:
			return "starting";
		case OLAP_LIVE_RUNNING:
			return "running";
		case OLAP_LIVE_DISCONNECTED:
			return "disconnected";
		case OLAP_LIVE_STOPPED:
			return "stopped";
		case OLAP_LIVE_RETRYING:
			return "retrying";
		case OLAP_LIVE_WAITING_FOR_SLOT:
			return "waiting_for_slot";
	}
	return "unknown";
}

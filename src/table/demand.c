/*-------------------------------------------------------------------------
 *
 * demand.c
 *		Which databases have olap tables that were written to.
 *
 * src/table/demand.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "base/compat.h"
#include "table/demand.h"

/* Databases beyond these wait for the round through all of them. */
#define DEMAND_DATABASES 64

typedef struct Demand
{
	pg_atomic_uint32 databases[DEMAND_DATABASES];	/* OIDs; 0: free */
} Demand;

static Demand *demand = NULL;	/* NULL: not preloaded */
static bool wrote = false;		/* this transaction did */

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

void
olap_demand_add(Oid database)
{
	uint32		unused = 0;

	if (demand == NULL || !OidIsValid(database))
		return;
	for (int i = 0; i < DEMAND_DATABASES; i++)
		if (pg_atomic_read_u32(&demand->databases[i]) == database)
			return;
	for (int i = 0; i < DEMAND_DATABASES; i++)
	{
		/* two notes of one database do no harm */
		unused = 0;
		if (pg_atomic_compare_exchange_u32(&demand->databases[i], &unused,
										   database))
			return;
	}
}

Oid
olap_demand_take(void)
{
	static int	next = 0;

	for (int i = 0; demand != NULL && i < DEMAND_DATABASES; i++)
	{
		Oid			database;

		next = (next + 1) % DEMAND_DATABASES;
		database = pg_atomic_exchange_u32(&demand->databases[next], 0);
		if (OidIsValid(database))
			return database;
	}
	return InvalidOid;
}

static void
at_xact_end(XactEvent event, void *arg)
{
	if (wrote && (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE))
		olap_demand_add(MyDatabaseId);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
		wrote = false;
}

void
olap_demand_note(void)
{
	wrote = true;
}

static void
demand_request(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	RequestAddinShmemSpace(sizeof(Demand));
}

static void
demand_startup(void)
{
	bool		found;

	if (previous_startup_hook != NULL)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	demand = ShmemInitStruct("olap demand", sizeof(Demand), &found);
	for (int i = 0; !found && i < DEMAND_DATABASES; i++)
		pg_atomic_init_u32(&demand->databases[i], 0);
	LWLockRelease(AddinShmemInitLock);
}

void
olap_demand_init(void)
{
	RegisterXactCallback(at_xact_end, NULL);
	if (!process_shared_preload_libraries_in_progress)
		return;
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = demand_request;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = demand_startup;
}

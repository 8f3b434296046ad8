/*-------------------------------------------------------------------------
 *
 * looks.c
 *		In the launcher: which database is looked at next, and for how long.
 *
 * Looks (look.c) go into the databases one at a time.  None may keep the others
 * waiting: one that takes long is ended, and a database whose look failed is
 * looked at again after 2, 4, 8 ... 60 s, whatever other databases do.
 *
 * src/worker/looks.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "nodes/pg_list.h"
#include "postmaster/bgworker.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "ingest/live.h"
#include "worker/worker.h"

/* A look takes milliseconds; one that takes longer waits for somebody. */
#define LIMIT_MS 5000
#define RETRY_MS 2000
#define MAX_RETRY_MS 60000
#define SLOT_RETRY_MS 2000

/* A database whose last look failed. */
typedef struct Trouble
{
	Oid			database;
	int			failures;		/* in a row */
	TimestampTz retry_at;
} Trouble;

static List *troubles = NIL;	/* in TopMemoryContext */

static BackgroundWorkerHandle *look_handle = NULL;
static Oid	look_database;
static TimestampTz look_deadline;
static bool look_ended;			/* it was told to end */
static TimestampTz slot_retry_at = 0;

/* All databases, while they are looked at one after the other. */
static Oid *databases = NULL;
static int	ndatabases = 0;
static int	next_database = 0;

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

		if (!db->datallowconn || db->datconnlimit == DATCONNLIMIT_INVALID_DB)
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

static bool
contains(const Oid *list, int n, Oid database)
{
	for (int i = 0; i < n; i++)
		if (list[i] == database)
			return true;
	return false;
}

/* --- databases whose last look failed --- */

static Trouble *
find_trouble(Oid database)
{
	ListCell   *lc;

	foreach(lc, troubles)
		if (((Trouble *) lfirst(lc))->database == database)
			return lfirst(lc);
	return NULL;
}

static void
forget_trouble(Trouble *trouble)
{
	if (trouble == NULL)
		return;
	troubles = list_delete_ptr(troubles, trouble);
	pfree(trouble);
}

static void
note_trouble(Oid database, TimestampTz now)
{
	Trouble    *trouble = find_trouble(database);

	if (trouble == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		trouble = palloc0(sizeof(Trouble));
		trouble->database = database;
		troubles = lappend(troubles, trouble);
		MemoryContextSwitchTo(old);
	}
	trouble->retry_at =
		TimestampTzPlusMilliseconds(now, Min(RETRY_MS << Min(trouble->failures, 8),
											 MAX_RETRY_MS));
	trouble->failures++;
}

/* --- which is next --- */

/* List the databases anew; let go of slots and troubles of those that are gone. */
static void
list_databases(void)
{
	ListCell   *lc;

	if (databases != NULL)
		pfree(databases);
	databases = olap_list_databases(&ndatabases);
	foreach(lc, troubles)
	{
		Trouble    *trouble = lfirst(lc);

		if (contains(databases, ndatabases, trouble->database))
			continue;
		troubles = foreach_delete_current(troubles, lc);
		pfree(trouble);
	}
	olap_live_lock(LW_EXCLUSIVE);
	for (int s = 0; s < olap_live->nslots; s++)
	{
		OlapLiveSlot *slot = &olap_live->slots[s];

		if (slot->in_use && !contains(databases, ndatabases, slot->database))
			slot->wanted = false;
	}
	olap_live_unlock();
}

/* A database that asked, of those in trouble or of the others.  Lock held. */
static Oid
take_request(bool in_trouble)
{
	for (int i = 0; i < olap_live->nlooks; i++)
	{
		Oid			database = olap_live->looks[i];

		if (olap_live_held(database) || (find_trouble(database) != NULL) != in_trouble)
			continue;
		olap_live->looks[i] = olap_live->looks[--olap_live->nlooks];
		return database;
	}
	return InvalidOid;
}

/*
 * The next of all.  One that is held is looked at when the hold ends, one in
 * trouble when it is time.  Lock held.
 */
static Oid
take_turn(void)
{
	while (next_database < ndatabases)
	{
		Oid			database = databases[next_database++];

		if (!olap_live_held(database) && find_trouble(database) == NULL)
			return database;
	}
	return InvalidOid;
}

/* One whose time to be tried again has come.  Lock held. */
static Oid
take_retry(TimestampTz now, TimestampTz *wake_at)
{
	ListCell   *lc;

	foreach(lc, troubles)
	{
		Trouble    *trouble = lfirst(lc);

		if (olap_live_held(trouble->database))
			continue;
		if (trouble->retry_at <= now)
			return trouble->database;
		*wake_at = Min(*wake_at, trouble->retry_at);
	}
	return InvalidOid;
}

static bool
retry_is_due(TimestampTz now)
{
	ListCell   *lc;

	foreach(lc, troubles)
		if (((Trouble *) lfirst(lc))->retry_at <= now)
			return true;
	return false;
}

/* The database to look at next, or InvalidOid: those in trouble come last. */
static Oid
choose_database(TimestampTz now, TimestampTz *wake_at)
{
	Oid			database;
	bool		all = false;

	olap_live_lock(LW_EXCLUSIVE);
	database = take_request(false);
	if (!OidIsValid(database) && next_database == ndatabases)
	{
		all = olap_live->look_all;
		olap_live->look_all = false;
	}
	olap_live_unlock();
	if (all)
		next_database = 0;
	/* what is to be tried again may be gone */
	if (all || (!OidIsValid(database) && next_database == ndatabases && retry_is_due(now)))
	{
		list_databases();
		if (!all)
			next_database = ndatabases;
	}
	olap_live_lock(LW_EXCLUSIVE);
	if (!OidIsValid(database))
		database = take_turn();
	if (!OidIsValid(database))
		database = take_request(true);
	if (!OidIsValid(database))
		database = take_retry(now, wake_at);
	if (OidIsValid(database))
	{
		olap_live->looking = database;
		olap_live->look_done = false;
	}
	olap_live_unlock();
	return database;
}

/* --- the look under way --- */

/* False while it goes on. */
static bool
reap_look(TimestampTz now, TimestampTz *wake_at)
{
	bool		done;

	if (look_handle == NULL)
		return true;
	if (olap_worker_alive(look_handle))
	{
		if (look_ended)
			return false;		/* its end wakes us */
		if (look_deadline <= now)
		{
			ereport(LOG,
					(errmsg("the look into the database with OID %u takes too long and is ended",
							look_database)));
			TerminateBackgroundWorker(look_handle);
			look_ended = true;
		}
		else
			*wake_at = Min(*wake_at, look_deadline);
		return false;
	}
	pfree(look_handle);
	look_handle = NULL;
	olap_live_lock(LW_EXCLUSIVE);
	done = olap_live->look_done;
	olap_live->looking = InvalidOid;
	olap_live_unlock();
	if (done)
		forget_trouble(find_trouble(look_database));
	else
		note_trouble(look_database, now);
	return true;
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

void
olap_looks_serve(TimestampTz *wake_at)
{
	TimestampTz now = GetCurrentTimestamp();
	OlapWorkerOrder order = {0};

	if (!reap_look(now, wake_at))
		return;
	if (slot_retry_at > now)
	{
		*wake_at = Min(*wake_at, slot_retry_at);
		return;
	}
	order.database = choose_database(now, wake_at);
	if (!OidIsValid(order.database))
		return;
	snprintf(order.name, NAMEDATALEN, "%u", order.database);
	look_database = order.database;
	look_deadline = TimestampTzPlusMilliseconds(now, LIMIT_MS);
	look_ended = false;
	if (olap_worker_start("olap_look_main", "olap look", &order, 0, &look_handle))
	{
		*wake_at = Min(*wake_at, look_deadline);
		return;
	}
	look_handle = NULL;
	look_again(order.database);
	slot_retry_at = TimestampTzPlusMilliseconds(now, SLOT_RETRY_MS);
	*wake_at = Min(*wake_at, slot_retry_at);
}

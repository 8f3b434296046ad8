/*-------------------------------------------------------------------------
 *
 * look.c
 *		A short look into a database: which pipelines shall run there?
 *
 * Why a process: only a process bound to the database can read its tables, and
 * one that stayed would stand in the way of DROP DATABASE.  A look takes some
 * milliseconds and leaves its answer in the slots of the live area.
 *
 * src/worker/look.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "ingest/live.h"
#include "ingest/pipeline.h"
#include "worker/worker.h"

typedef struct Wish
{
	char		name[NAMEDATALEN];
	Oid			owner;
	int32		version;
	TimestampTz created_at;		/* tells a pipeline from one dropped before */
	const char *trouble;		/* why it cannot run; NULL: it can */
} Wish;

/* Why a worker could not even connect as a role; NULL: it can. */
static const char *
role_trouble(Oid role)
{
	HeapTuple	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	bool		login;

	if (!HeapTupleIsValid(tuple))
		return "the owner of the pipeline no longer exists";
	login = ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin;
	ReleaseSysCache(tuple);
	return login ? NULL : "the owner of the pipeline is not permitted to log in";
}

static Wish *
read_wishes(int *n)
{
	static const Oid types[] = {INT8OID, OIDOID};
	Datum		values[] = {Int64GetDatum(olap_system_identifier()),
	ObjectIdGetDatum(MyDatabaseId)};
	MemoryContext caller = CurrentMemoryContext;
	OlapCatalogScope scope;
	Wish	   *wishes;
	uint64		rows;

	olap_catalog_begin(&scope);
	rows = olap_catalog_exec(NULL,
							 "SELECT name, owner_oid, config_version, created_at FROM olap.pipeline"
							 " WHERE state = 'running' AND system_identifier = $1"
							 " AND database_oid = $2 ORDER BY created_at, name",
							 2, types, values, NULL);
	wishes = MemoryContextAllocZero(caller, sizeof(Wish) * Max(rows, 1));
	for (uint64 i = 0; i < rows; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;

		strlcpy(wishes[i].name, SPI_getvalue(tuple, desc, 1), NAMEDATALEN);
		wishes[i].owner = DatumGetObjectId(SPI_getbinval(tuple, desc, 2, &isnull));
		wishes[i].version = DatumGetInt32(SPI_getbinval(tuple, desc, 3, &isnull));
		wishes[i].created_at = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 4, &isnull));
	}
	olap_catalog_end(&scope);
	*n = (int) rows;
	return wishes;
}

/* Find or make the slot of a wish; false if all are taken. Lock held. */
static bool
place_wish(const Wish *wish)
{
	int			i = olap_live_find(MyDatabaseId, wish->name);
	OlapLiveSlot *slot;

	for (int j = 0; i < 0 && j < olap_live->nslots; j++)
		if (!olap_live->slots[j].in_use)
		{
			memset(&olap_live->slots[j], 0, sizeof(OlapLiveSlot));
			i = j;
		}
	if (i < 0)
		return false;
	slot = &olap_live->slots[i];
	if (!slot->in_use || !slot->wanted || slot->version != wish->version ||
		slot->created_at != wish->created_at)
	{
		/* somebody did something about it: do not wait any longer */
		slot->next_start = 0;
		slot->failures = 0;
	}
	slot->in_use = true;
	slot->wanted = true;
	slot->database = MyDatabaseId;
	slot->owner = wish->owner;
	slot->version = wish->version;
	slot->created_at = wish->created_at;
	strlcpy(slot->name, wish->name, NAMEDATALEN);
	return true;
}

/* Make the slots of this database equal to the wishes. */
static void
place_wishes(const Wish *wishes, int n)
{
	int			left_out = 0;

	olap_live_lock(LW_EXCLUSIVE);
	for (int s = 0; s < olap_live->nslots; s++)
	{
		OlapLiveSlot *slot = &olap_live->slots[s];
		bool		found = false;

		for (int i = 0; i < n && !found; i++)
			found = wishes[i].trouble == NULL && strcmp(wishes[i].name, slot->name) == 0;
		if (slot->in_use && slot->database == MyDatabaseId && !found)
			slot->wanted = false;
	}
	for (int i = 0; i < n; i++)
		if (wishes[i].trouble == NULL && !place_wish(&wishes[i]))
			left_out++;
	olap_live_wake_launcher();
	olap_live_unlock();
	if (left_out > 0)
		ereport(WARNING,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("%d pipelines cannot run: olap.max_pipelines is used up", left_out),
				 errhint("Raise olap.max_pipelines and restart the server.")));
}

/* Mark those failed that cannot run, after the others have what they need. */
static void
fail_others(const Wish *wishes, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (wishes[i].trouble == NULL)
			continue;
		StartTransactionCommand();
		PushActiveSnapshot(GetTransactionSnapshot());
		olap_pipeline_fail(wishes[i].name, wishes[i].trouble);
		PopActiveSnapshot();
		CommitTransactionCommand();
	}
}

static void
follow_owners(void)
{
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (olap_catalog_exists())
		olap_pipeline_follow_owners();
	PopActiveSnapshot();
	CommitTransactionCommand();
}

static void
say_done(void)
{
	olap_live_lock(LW_EXCLUSIVE);
	olap_live->look_done = true;
	olap_live_wake_launcher();
	olap_live_unlock();
}

void
olap_look_main(Datum arg)
{
	OlapWorkerOrder order;
	Wish	   *wishes = NULL;
	int			n = 0;

	pqsignal(SIGTERM, die);
	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(order.database, InvalidOid, 0);
	/* the looks into all other databases wait for this one */
	olap_worker_set_session("1s");

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	MemoryContextSwitchTo(TopMemoryContext);
	if (olap_catalog_exists())
		wishes = read_wishes(&n);
	for (int i = 0; i < n; i++)
		wishes[i].trouble = role_trouble(wishes[i].owner);
	PopActiveSnapshot();
	CommitTransactionCommand();
	place_wishes(wishes, n);
	fail_others(wishes, n);
	follow_owners();
	say_done();
	proc_exit(0);
}

/*-------------------------------------------------------------------------
 *
 * databases.c
 *		Workers leave a database that is to be dropped, renamed, moved or copied.
 *
 * Why: these commands fail while another process is connected, and PostgreSQL
 * sends only autovacuum away.  So the command puts a hold on the database, ends
 * our workers in it and waits for them; the launcher starts none while the hold
 * lasts, until the end of the transaction.  If the command fails, the workers
 * come back.
 *
 * src/worker/databases.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "ingest/live.h"
#include "worker/worker.h"

#define WAIT_FOR_WORKERS_MS 5000

static ProcessUtility_hook_type previous_utility_hook = NULL;
static bool holding = false;	/* this transaction holds a database */

static void release_holds(XactEvent event, void *arg);

/* The database a command needs for itself; NULL: none. */
static const char *
wanted_database(Node *parsetree)
{
	if (IsA(parsetree, DropdbStmt))
		return ((DropdbStmt *) parsetree)->dbname;
	if (IsA(parsetree, RenameStmt) &&
		((RenameStmt *) parsetree)->renameType == OBJECT_DATABASE)
		return ((RenameStmt *) parsetree)->subname;
	if (IsA(parsetree, AlterDatabaseStmt))
	{
		ListCell   *lc;

		foreach(lc, ((AlterDatabaseStmt *) parsetree)->options)
			if (strcmp(((DefElem *) lfirst(lc))->defname, "tablespace") == 0)
				return ((AlterDatabaseStmt *) parsetree)->dbname;
	}
	if (IsA(parsetree, CreatedbStmt))
	{
		ListCell   *lc;

		foreach(lc, ((CreatedbStmt *) parsetree)->options)
		{
			DefElem    *def = lfirst(lc);

			if (strcmp(def->defname, "template") == 0 && def->arg != NULL)
				return defGetString(def);
		}
		return "template1";		/* also what TEMPLATE DEFAULT means */
	}
	return NULL;
}

/* End what runs in a database; true when nothing is left. Lock held. */
static bool
send_away(Oid database)
{
	bool		gone = olap_live->looking != database || olap_live->look_done;

	if (olap_live->maintaining == database)
	{
		if (olap_live->maintenance_pid != 0)
			kill(olap_live->maintenance_pid, SIGTERM);
		gone = false;
	}
	for (int i = 0; i < olap_live->nslots; i++)
	{
		OlapLiveSlot *slot = &olap_live->slots[i];

		if (!slot->in_use || slot->database != database)
			continue;
		if (slot->pid != 0)
			kill(slot->pid, SIGTERM);
		if (slot->pid != 0 || slot->starting)
			gone = false;
	}
	return gone;
}

/* Keep workers away from a database; false if too many are held already. */
static bool
take_hold(Oid database)
{
	static bool registered = false;

	if (!registered)
		RegisterXactCallback(release_holds, NULL);
	registered = true;
	olap_live_lock(LW_EXCLUSIVE);
	for (int i = 0; i < OLAP_LIVE_DATABASES; i++)
		if (!OidIsValid(olap_live->holds[i].database))
		{
			olap_live->holds[i].database = database;
			olap_live->holds[i].holder = MyProcPid;
			olap_live_unlock();
			holding = true;
			return true;
		}
	olap_live_unlock();
	return false;
}

/*
 * Let go of what this transaction held. Not before its end: until then nobody
 * else sees that a database was dropped or has another name.
 */
static void
release_holds(XactEvent event, void *arg)
{
	if (!holding || (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT &&
					 event != XACT_EVENT_PREPARE))
		return;
	holding = false;
	olap_live_lock(LW_EXCLUSIVE);
	for (int i = 0; i < OLAP_LIVE_DATABASES; i++)
	{
		OlapLiveHold *hold = &olap_live->holds[i];

		if (!OidIsValid(hold->database) || hold->holder != MyProcPid)
			continue;
		for (int s = 0; s < olap_live->nslots; s++)
			if (olap_live->slots[s].database == hold->database)
				olap_live->slots[s].next_start = 0;
		hold->database = InvalidOid;
	}
	/* a look tells what is still there */
	olap_live->look_all = true;
	olap_live_wake_launcher();
	olap_live_unlock();
}

static void
wait_until_gone(Oid database)
{
	TimestampTz start = GetCurrentTimestamp();

	for (;;)
	{
		bool		gone;

		olap_live_lock(LW_SHARED);
		gone = send_away(database);
		olap_live_unlock();
		if (gone || TimestampDifferenceExceeds(start, GetCurrentTimestamp(),
											   WAIT_FOR_WORKERS_MS))
			return;				/* if not, the command itself will say so */
		CHECK_FOR_INTERRUPTS();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 20, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}

static bool
is_template(Oid database)
{
	HeapTuple	tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
	bool		template;

	if (!HeapTupleIsValid(tuple))
		return false;
	template = ((Form_pg_database) GETSTRUCT(tuple))->datistemplate;
	ReleaseSysCache(tuple);
	return template;
}

/*
 * Will PostgreSQL let the current user do this to the database, here?  If not,
 * leave workers alone.
 */
static bool
is_permitted(Oid database, Node *parsetree, bool top_level)
{
	/* of these, only renaming works inside a transaction block */
	if (!IsA(parsetree, RenameStmt) && IsInTransactionBlock(top_level))
		return false;
	if (superuser())
		return true;
	if ((IsA(parsetree, CreatedbStmt) || IsA(parsetree, RenameStmt)) &&
		!olap_has_createdb_privilege())
		return false;
	if (IsA(parsetree, CreatedbStmt) && is_template(database))
		return true;
	return object_ownercheck(DatabaseRelationId, database, GetUserId());
}

static void
call_utility(PlannedStmt *pstmt, const char *query, bool readonly_tree,
			 ProcessUtilityContext context, ParamListInfo params,
			 QueryEnvironment *env, DestReceiver *dest, QueryCompletion *qc)
{
	if (previous_utility_hook != NULL)
		previous_utility_hook(pstmt, query, readonly_tree, context, params, env, dest, qc);
	else
		standard_ProcessUtility(pstmt, query, readonly_tree, context, params, env, dest, qc);
}

static void
utility(PlannedStmt *pstmt, const char *query, bool readonly_tree,
		ProcessUtilityContext context, ParamListInfo params,
		QueryEnvironment *env, DestReceiver *dest, QueryCompletion *qc)
{
	Node	   *tree = pstmt->utilityStmt;
	const char *name = olap_live == NULL ? NULL : wanted_database(tree);
	Oid			database = name == NULL ? InvalidOid : get_database_oid(name, true);

	/* workers of a database whose extension goes must hear of it */
	if (IsA(tree, DropStmt) && olap_live != NULL &&
		(((DropStmt *) tree)->removeType == OBJECT_EXTENSION ||
		 ((DropStmt *) tree)->removeType == OBJECT_SCHEMA))
		olap_live_request_look();

	if (OidIsValid(database) && database != MyDatabaseId &&
		is_permitted(database, tree, context == PROCESS_UTILITY_TOPLEVEL) &&
		take_hold(database))
		wait_until_gone(database);
	call_utility(pstmt, query, readonly_tree, context, params, env, dest, qc);
}

void
olap_databases_init(void)
{
	previous_utility_hook = ProcessUtility_hook;
	ProcessUtility_hook = utility;
}

/*-------------------------------------------------------------------------
 *
 * ddl.c
 *		Table options in utility statements.
 *
 * The core parser of storage parameters knows a fixed set, so statements are
 * changed on their way in: our options are taken out of CREATE TABLE, CREATE
 * TABLE AS and CREATE MATERIALIZED VIEW and stored when the relation exists
 * and nobody has put a row into it yet (object access hook), so that rows of
 * CREATE TABLE AS find them in force.  ALTER TABLE SET and RESET on an olap
 * table are done here altogether, because core would reject our options again
 * whenever it changes one of its own.
 *
 * ddl_options.c stores them; ddl_access.c has the object access hook;
 * ddl_publication.c keeps olap tables out of logical replication.
 *
 * src/table/ddl.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "commands/tablecmds.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "meta/options.h"
#include "table/ddl.h"
#include "table/ddl_internal.h"
#include "table/writer.h"

/* Options taken out of the CREATE statement that is running. */
typedef struct PendingCreate
{
	struct PendingCreate *outer;
	const char *relname;
	List	   *options;			/* of DefElem; NIL once stored */
} PendingCreate;

static PendingCreate *pending = NULL;
static Oid	leaving = InvalidOid;	/* see olap_ddl_leaves_olap() */
static ProcessUtility_hook_type next_utility = NULL;

Oid
olap_am_oid(void)
{
	return get_am_oid("olap", true);
}

Oid
olap_ddl_relation_am(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			am = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		am = ((Form_pg_class) GETSTRUCT(tuple))->relam;
		ReleaseSysCache(tuple);
	}
	return am;
}

bool
olap_ddl_is_olap(Oid relid)
{
	Oid			am = olap_am_oid();

	return OidIsValid(am) && olap_ddl_relation_am(relid) == am;
}

bool
olap_ddl_leaves_olap(Oid relid)
{
	return OidIsValid(leaving) && relid == leaving;
}

/* ---- CREATE ---- */

/* Will the relation be an olap table?  parent: of a partition, or NULL. */
static bool
will_be_olap(const char *access_method, RangeVar *parent)
{
	Oid			am = olap_am_oid();
	Oid			parent_am = InvalidOid;

	if (!OidIsValid(am))
		return false;
	if (access_method != NULL)
		return strcmp(access_method, "olap") == 0;
	/* from 17 on a partition takes its parent's */
	if (parent != NULL)
	{
		Oid			relid = RangeVarGetRelid(parent, NoLock, true);

		if (OidIsValid(relid))
			parent_am = olap_ddl_relation_am(relid);
	}
	if (OidIsValid(parent_am))
		return parent_am == am;
	return strcmp(default_table_access_method, "olap") == 0;
}

/* Move our options from *options to a new list. */
static List *
take_options(List **options, char relkind)
{
	List	   *ours = NIL;
	List	   *others = NIL;
	ListCell   *lc;

	foreach(lc, *options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);

		if (def->defnamespace == NULL && olap_option_known(def->defname))
			ours = lappend(ours, def);
		else
			others = lappend(others, def);
	}
	olap_ddl_check_options(others, relkind);
	*options = others;
	return ours;
}

/* The INTO clause of CREATE TABLE AS and the like, also below EXPLAIN. */
static IntoClause *
find_into(Node *node)
{
	if (IsA(node, ExplainStmt))
	{
		Node	   *query = ((ExplainStmt *) node)->query;

		if (query == NULL || !IsA(query, Query) ||
			((Query *) query)->utilityStmt == NULL)
			return NULL;
		node = ((Query *) query)->utilityStmt;
	}
	return IsA(node, CreateTableAsStmt) ? ((CreateTableAsStmt *) node)->into :
		NULL;
}

/*
 * If node creates an olap table, say so: its name and where its options stand.
 */
static bool
creates_olap(Node *node, const char **relname, List ***options)
{
	IntoClause *into;

	if (IsA(node, CreateStmt))
	{
		CreateStmt *stmt = (CreateStmt *) node;

		if (stmt->partspec != NULL || stmt->options == NIL ||
			!will_be_olap(stmt->accessMethod, stmt->partbound == NULL ? NULL :
						  linitial_node(RangeVar, stmt->inhRelations)))
			return false;
		*relname = stmt->relation->relname;
		*options = &stmt->options;
		return true;
	}
	into = find_into(node);
	if (into == NULL || into->rel == NULL || into->options == NIL ||
		!will_be_olap(into->accessMethod, NULL))
		return false;
	*relname = into->rel->relname;
	*options = &into->options;
	return true;
}

/* A relation has been made: give it the options of the running statement. */
void
olap_ddl_store_created(Oid relid)
{
	HeapTuple	tuple;
	Form_pg_class form;
	bool		match;
	List	   *options;

	if (pending == NULL || pending->options == NIL)
		return;
	CommandCounterIncrement();
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	if (!HeapTupleIsValid(tuple))
		return;
	form = (Form_pg_class) GETSTRUCT(tuple);
	match = (form->relkind == RELKIND_RELATION ||
			 form->relkind == RELKIND_MATVIEW) &&
		form->relam == olap_am_oid() &&
		strcmp(NameStr(form->relname), pending->relname) == 0;
	ReleaseSysCache(tuple);
	if (!match)
		return;
	options = pending->options;
	pending->options = NIL;
	olap_ddl_change_options(relid, options, false);
}

/* ---- ALTER TABLE ---- */

typedef struct AlterPlan
{
	List	   *set;			/* of DefElem */
	List	   *reset;
	bool		columns_change; /* columns are added or change their type */
	bool		set_am;
	bool		am_is_olap;		/* if set_am */
	Oid			leaves;			/* olap table that becomes another one */
} AlterPlan;

static void
inspect_alter(AlterTableStmt *stmt, AlterPlan *plan)
{
	ListCell   *lc;

	memset(plan, 0, sizeof(*plan));
	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		switch (cmd->subtype)
		{
			case AT_SetRelOptions:
				plan->set = list_concat(plan->set, (List *) cmd->def);
				break;
			case AT_ResetRelOptions:
				plan->reset = list_concat(plan->reset, (List *) cmd->def);
				break;
			case AT_AddColumn:
			case AT_AlterColumnType:
				plan->columns_change = true;
				break;
			case AT_SetAccessMethod:
				plan->set_am = true;
				plan->am_is_olap = strcmp(cmd->name != NULL ? cmd->name :
										  default_table_access_method, "olap") == 0;
				break;
			default:
				break;
		}
	}
}

static List *
without_option_cmds(List *cmds)
{
	List	   *rest = NIL;
	ListCell   *lc;

	foreach(lc, cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (cmd->subtype != AT_SetRelOptions &&
			cmd->subtype != AT_ResetRelOptions)
			rest = lappend(rest, cmd);
	}
	return rest;
}

/*
 * Prepare ALTER TABLE of what is or becomes an olap table: take SET and RESET
 * out of the (private) statement.  Returns the table whose options are to be
 * set afterwards, else InvalidOid.
 *
 * Options are set before the rest, so that a rewrite by the same statement
 * finds them, unless they may name a column that the rest adds or retypes.
 */
static Oid
before_alter(AlterTableStmt *stmt, AlterPlan *plan)
{
	Oid			relid;
	bool		was_olap;
	char		relkind;

	relid = AlterTableLookupRelation(stmt, AlterTableGetLockLevel(stmt->cmds));
	if (!OidIsValid(relid))
		return InvalidOid;
	relkind = get_rel_relkind(relid);
	if (relkind != RELKIND_RELATION && relkind != RELKIND_MATVIEW)
		return InvalidOid;
	was_olap = olap_ddl_is_olap(relid);
	if (plan->set_am && !plan->am_is_olap)
	{
		if (was_olap)
		{
			olap_ddl_drop_options(relid);
			plan->leaves = relid;
		}
		return InvalidOid;
	}
	if (!was_olap && !plan->set_am)
		return InvalidOid;
	if (!was_olap)
	{
		olap_ddl_check_indexes(relid);
		olap_ddl_check_published(relid);
	}

	stmt->cmds = without_option_cmds(stmt->cmds);
	if (plan->reset != NIL)
		olap_ddl_change_options(relid, plan->reset, true);
	if (plan->set == NIL)
		return InvalidOid;
	if (plan->columns_change)
		return relid;
	olap_ddl_change_options(relid, plan->set, false);
	return InvalidOid;
}

static bool
alters_options(Node *node, AlterPlan *plan)
{
	AlterTableStmt *stmt = (AlterTableStmt *) node;

	if (!IsA(node, AlterTableStmt) ||
		(stmt->objtype != OBJECT_TABLE && stmt->objtype != OBJECT_MATVIEW) ||
		!OidIsValid(olap_am_oid()))
		return false;
	inspect_alter(stmt, plan);
	return plan->set != NIL || plan->reset != NIL || plan->set_am;
}

/* ---- the utility hook ---- */

static void
call_next(PlannedStmt *pstmt, const char *query, bool read_only,
		  ProcessUtilityContext context, ParamListInfo params,
		  QueryEnvironment *env, DestReceiver *dest, QueryCompletion *qc)
{
	if (next_utility != NULL)
		next_utility(pstmt, query, read_only, context, params, env, dest, qc);
	else
		standard_ProcessUtility(pstmt, query, read_only, context, params, env,
								dest, qc);
}

/* Run a statement whose relation, if it creates one, is what create says. */
static void
run_pushed(PendingCreate *create, PlannedStmt *pstmt, const char *query, bool read_only,
		   ProcessUtilityContext context, ParamListInfo params,
		   QueryEnvironment *env, DestReceiver *dest, QueryCompletion *qc)
{
	create->outer = pending;
	pending = create;
	PG_TRY();
	{
		call_next(pstmt, query, read_only, context, params, env, dest, qc);
	}
	PG_FINALLY();
	{
		pending = create->outer;
	}
	PG_END_TRY();
}

/* Run the private copy of a CREATE statement with our options set aside. */
static void
run_create(PlannedStmt *pstmt, const char *query, bool read_only,
		   ProcessUtilityContext context, ParamListInfo params,
		   QueryEnvironment *env, DestReceiver *dest, QueryCompletion *qc)
{
	PendingCreate create = {0};
	List	  **options;

	if (!creates_olap(pstmt->utilityStmt, &create.relname, &options))
		elog(ERROR, "the copy of a statement differs from it");
	create.options = take_options(options, RELKIND_RELATION);
	run_pushed(&create, pstmt, query, read_only, context, params, env, dest, qc);
}

/* Run ALTER TABLE that gives an olap table another access method. */
static void
run_leaving(Oid relid, PlannedStmt *pstmt, const char *query, bool read_only,
			ProcessUtilityContext context, ParamListInfo params,
			QueryEnvironment *env, DestReceiver *dest, QueryCompletion *qc)
{
	Oid			outer = leaving;

	leaving = relid;
	PG_TRY();
	{
		call_next(pstmt, query, read_only, context, params, env, dest, qc);
	}
	PG_FINALLY();
	{
		leaving = outer;
	}
	PG_END_TRY();
}

/* Statements may belong to a cached plan, so copies are changed. */
static void
process_utility(PlannedStmt *pstmt, const char *query, bool read_only,
				ProcessUtilityContext context, ParamListInfo params,
				QueryEnvironment *env, DestReceiver *dest, QueryCompletion *qc)
{
	AlterPlan	plan;
	const char *relname;
	List	  **options;
	Oid			set_after = InvalidOid;

	/* rows of a COPY must be in the file that a command drops or replaces: a savepoint may bring it back */
	if (!IsA(pstmt->utilityStmt, CopyStmt) &&
		!IsA(pstmt->utilityStmt, TransactionStmt))
		olap_writer_flush_all();
	olap_ddl_check_publication(pstmt->utilityStmt);
	if (creates_olap(pstmt->utilityStmt, &relname, &options))
	{
		run_create(copyObject(pstmt), query, read_only, context, params, env,
				   dest, qc);
		return;
	}
	if (alters_options(pstmt->utilityStmt, &plan))
	{
		pstmt = copyObject(pstmt);
		inspect_alter((AlterTableStmt *) pstmt->utilityStmt, &plan);
		set_after = before_alter((AlterTableStmt *) pstmt->utilityStmt, &plan);
		if (OidIsValid(plan.leaves))
		{
			run_leaving(plan.leaves, pstmt, query, read_only, context, params,
						env, dest, qc);
			return;
		}
	}
	if (pending != NULL)
	{
		/* what a trigger or a function runs within CREATE does not get its options */
		PendingCreate none = {0};

		run_pushed(&none, pstmt, query, read_only, context, params, env, dest, qc);
	}
	else
		call_next(pstmt, query, read_only, context, params, env, dest, qc);
	if (IsA(pstmt->utilityStmt, CopyStmt))
		olap_writer_flush_all();
	if (OidIsValid(set_after))
	{
		CommandCounterIncrement();
		olap_ddl_change_options(set_after, plan.set, false);
	}
}

void
olap_ddl_init(void)
{
	next_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
	olap_ddl_access_init();
}

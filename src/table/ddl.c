/*-------------------------------------------------------------------------
 *
 * ddl.c
 *		Take our options out of CREATE and ALTER, and store them.
 *
 * Core validates reloptions of tables against a fixed list.  So the utility
 * hook removes ours from CREATE TABLE, CREATE TABLE AS and CREATE MATERIALIZED
 * VIEW before core sees them, and the object access hook stores them in
 * pg_class.reloptions as soon as the relation's row exists, within the same
 * command.  ALTER TABLE SET / RESET on our tables is carried out here entirely,
 * because core would re-validate the stored ones.
 *
 * src/table/ddl.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/reloptions.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "commands/tablecmds.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "meta/options.h"
#include "table/ddl.h"

/* Options on their way from a CREATE statement to its relation. */
typedef struct PendingOptions
{
	List	   *options;		/* DefElems of ours */
	bool		stored;
	struct PendingOptions *outer;
} PendingOptions;

static PendingOptions *pending = NULL;
static ProcessUtility_hook_type previous_utility = NULL;
static object_access_hook_type previous_object_access = NULL;

Oid
olap_am_oid(void)
{
	return get_table_am_oid("olap", true);
}

static bool
is_olap_relid(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			am = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		am = ((Form_pg_class) GETSTRUCT(tuple))->relam;
		ReleaseSysCache(tuple);
	}
	return OidIsValid(am) && am == olap_am_oid();
}

bool
olap_is_table(Relation rel)
{
	return OidIsValid(rel->rd_rel->relam) && rel->rd_rel->relam == olap_am_oid();
}

/* ---- the stored options ---- */

/* Split a list of DefElems into ours and core's. */
static void
split_options(List *options, List **ours, List **others)
{
	ListCell   *lc;

	*ours = *others = NIL;
	foreach(lc, options)
	{
		DefElem    *def = lfirst(lc);

		if (def->defnamespace == NULL && olap_option_known(def->defname))
			*ours = lappend(*ours, def);
		else
			*others = lappend(*others, def);
	}
}

/* The stored options of a relation, ours and others apart. */
static void
stored_options(Oid relid, List **ours, List **others)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Datum		datum;
	bool		isnull;

	*ours = *others = NIL;
	if (!HeapTupleIsValid(tuple))
		return;
	datum = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_reloptions, &isnull);
	if (!isnull)
		split_options(untransformRelOptions(datum), ours, others);
	ReleaseSysCache(tuple);
}

/* Write core's options (validated) and ours to pg_class. */
static void
store_options(Oid relid, List *ours, List *others)
{
	Relation	catalog = table_open(RelationRelationId, RowExclusiveLock);
	HeapTuple	tuple = SearchSysCacheCopy1(RELOID, ObjectIdGetDatum(relid));
	Datum		values[Natts_pg_class] = {0};
	bool		nulls[Natts_pg_class] = {0};
	bool		replace[Natts_pg_class] = {0};
	Datum		options;
	HeapTuple	changed;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	options = transformRelOptions((Datum) 0, others, NULL, NULL, false, false);
	if (options != (Datum) 0)
		(void) heap_reloptions(RELKIND_RELATION, options, true);
	options = transformRelOptions(options, ours, NULL, NULL, false, false);

	replace[Anum_pg_class_reloptions - 1] = true;
	if (options != (Datum) 0)
		values[Anum_pg_class_reloptions - 1] = options;
	else
		nulls[Anum_pg_class_reloptions - 1] = true;
	changed = heap_modify_tuple(tuple, RelationGetDescr(catalog), values, nulls,
								replace);
	CatalogTupleUpdate(catalog, &changed->t_self, changed);
	heap_freetuple(changed);
	heap_freetuple(tuple);
	table_close(catalog, RowExclusiveLock);
	CommandCounterIncrement();
}

static void
check_options(List *ours, TupleDesc tupdesc)
{
	ListCell   *lc;

	foreach(lc, ours)
	{
		DefElem    *def = lfirst(lc);
		ListCell   *other;

		if (def->arg == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" needs a value", def->defname)));
		foreach(other, ours)
		{
			if (lfirst(other) == def)
				break;
			if (strcmp(((DefElem *) lfirst(other))->defname, def->defname) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("parameter \"%s\" specified more than once",
								def->defname)));
		}
		olap_option_check(def->defname, defGetString(def), tupdesc);
	}
}

/* list without the option of this name. */
static List *
without_option(List *list, const char *name)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, list)
		if (strcmp(((DefElem *) lfirst(lc))->defname, name) != 0)
			result = lappend(result, lfirst(lc));
	return result;
}

/* ---- CREATE ---- */

/*
 * A name in WITH that neither core nor we know: name ours in the hint.  Core's
 * own message has none.
 */
static void
reject_unknown(List *others)
{
	ListCell   *lc;

	foreach(lc, others)
	{
		DefElem    *def = lfirst(lc);
		const char *name = def->defname;

		if (def->defnamespace == NULL && (strcmp(name, "oids") == 0 ||
										  strcmp(name, "fillfactor") == 0 ||
										  strcmp(name, "parallel_workers") == 0 ||
										  strcmp(name, "user_catalog_table") == 0 ||
										  strcmp(name, "vacuum_index_cleanup") == 0 ||
										  strncmp(name, "vacuum_", 7) == 0 ||
										  strncmp(name, "toast_", 6) == 0 ||
										  strncmp(name, "log_auto", 8) == 0 ||
										  strncmp(name, "autovacuum_", 11) == 0))
			continue;
		if (def->defnamespace != NULL)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized parameter \"%s\"", name),
				 errhint("Options of olap tables are: %s.", olap_option_names())));
	}
}

/* Does a table made with this USING clause (NULL: none) become one of ours? */
static bool
creates_olap(const char *access_method, RangeVar *parent)
{
	if (access_method == NULL && parent != NULL && olap_partition_inherits_am())
	{
		Oid			relid = RangeVarGetRelid(parent, NoLock, true);
		Oid			am = OidIsValid(relid) ? olap_get_rel_relam(relid) : InvalidOid;

		if (OidIsValid(am))
			return am == olap_am_oid();
	}
	if (access_method == NULL)
		access_method = default_table_access_method;
	return strcmp(access_method, "olap") == 0;
}

/* Our options of a CREATE statement; *options is left with core's. */
static List *
take_create_options(Node *parsetree)
{
	List	  **options;
	List	   *ours,
			   *others;

	if (IsA(parsetree, CreateStmt))
	{
		CreateStmt *stmt = (CreateStmt *) parsetree;
		RangeVar   *parent = stmt->partbound != NULL && stmt->inhRelations != NIL ?
			linitial(stmt->inhRelations) : NULL;

		if (stmt->partspec != NULL || !creates_olap(stmt->accessMethod, parent))
			return NIL;
		options = &stmt->options;
	}
	else
	{
		IntoClause *into = ((CreateTableAsStmt *) parsetree)->into;

		if (!creates_olap(into->accessMethod, NULL))
			return NIL;
		options = &into->options;
	}
	split_options(*options, &ours, &others);
	reject_unknown(others);
	*options = others;
	return ours;
}

/* The relation's row exists: store the statement's options with it. */
static void
store_pending(Oid relid)
{
	List	   *ours = pending->options;
	List	   *stored,
			   *others;
	Relation	rel;

	CommandCounterIncrement();
	if (!is_olap_relid(relid) ||
		(get_rel_relkind(relid) != RELKIND_RELATION &&
		 get_rel_relkind(relid) != RELKIND_MATVIEW))
		return;
	pending->stored = true;
	rel = relation_open(relid, NoLock);
	check_options(ours, RelationGetDescr(rel));
	relation_close(rel, NoLock);
	stored_options(relid, &stored, &others);
	store_options(relid, ours, others);
}

/* ---- ALTER ---- */

/* SET or RESET on one of our tables. */
static void
alter_options(Relation rel, AlterTableCmd *cmd)
{
	bool		reset = cmd->subtype == AT_ResetRelOptions;
	List	   *ours,
			   *others,
			   *changes = (List *) cmd->def;
	List	   *check,
			   *rest;
	ListCell   *lc;

	split_options(changes, &check, &rest);
	if (!reset)
	{
		check_options(check, RelationGetDescr(rel));
		reject_unknown(rest);
	}
	stored_options(RelationGetRelid(rel), &ours, &others);
	foreach(lc, changes)
	{
		DefElem    *def = lfirst(lc);
		List	  **list = olap_option_known(def->defname) ? &ours : &others;

		if (def->defnamespace != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unrecognized parameter \"%s.%s\"",
							def->defnamespace, def->defname),
					 errdetail("olap tables have no TOAST table.")));
		*list = without_option(*list, def->defname);
		if (!reset)
			*list = lappend(*list, def);
	}
	store_options(RelationGetRelid(rel), ours, others);
	CacheInvalidateRelcache(rel);
}

static bool
is_option_command(AlterTableCmd *cmd)
{
	return cmd->subtype == AT_SetRelOptions || cmd->subtype == AT_ResetRelOptions;
}

/* Take SET / RESET out of an ALTER TABLE of ours; returns them. */
static List *
take_alter_commands(AlterTableStmt *stmt, Oid relid)
{
	List	   *taken = NIL,
			   *left = NIL;
	bool		ours = is_olap_relid(relid);
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst(lc);

		if (cmd->subtype == AT_SetAccessMethod)
			ours = cmd->name != NULL && strcmp(cmd->name, "olap") == 0;
	}
	foreach(lc, stmt->cmds)
	{
		if (ours && is_option_command(lfirst(lc)))
			taken = lappend(taken, lfirst(lc));
		else
			left = lappend(left, lfirst(lc));
	}
	if (taken != NIL)
		stmt->cmds = left;
	return taken;
}

/* After ALTER TABLE: apply what was taken; a table that left drops ours. */
static void
finish_alter(Oid relid, List *taken)
{
	Relation	rel;
	List	   *ours,
			   *others;
	ListCell   *lc;

	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		return;
	if (!is_olap_relid(relid))
	{
		stored_options(relid, &ours, &others);
		if (ours != NIL && get_rel_relkind(relid) != RELKIND_INDEX)
			store_options(relid, NIL, others);
		return;
	}
	if (taken == NIL)
		return;
	rel = relation_open(relid, ShareUpdateExclusiveLock);
	foreach(lc, taken)
		alter_options(rel, lfirst(lc));
	relation_close(rel, NoLock);
}

/*
 * A column of ours was renamed (new name not yet visible to this command's
 * catalog cache) or is about to be dropped: keep the options in step.
 */
static void
replace_column(Oid relid, const char *from, const char *to)
{
	List	   *ours,
			   *others,
			   *changed = NIL;
	bool		any = false;
	ListCell   *lc;

	stored_options(relid, &ours, &others);
	foreach(lc, ours)
	{
		DefElem    *def = lfirst(lc);
		char	   *value = olap_option_replace_column(def->defname,
													   defGetString(def),
													   from, to);

		if (value == NULL)
			changed = lappend(changed, def);
		else
		{
			any = true;
			if (to == NULL && strcmp(def->defname, "time_column") == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
						 errmsg("cannot drop column \"%s\": it is the time column of \"%s\"",
								from, get_rel_name(relid)),
						 errhint("Use ALTER TABLE %s RESET (time_column) first.",
								 get_rel_name(relid))));
			if (value[0] != '\0')
				changed = lappend(changed,
								  makeDefElem(def->defname,
											  (Node *) makeString(value), -1));
		}
	}
	if (any)
		store_options(relid, changed, others);
}

static void
column_altered(Oid relid, AttrNumber attno)
{
	char	   *before = get_attname(relid, attno, true);
	char	   *after;

	if (before == NULL || !is_olap_relid(relid))
		return;
	CommandCounterIncrement();
	after = get_attname(relid, attno, true);
	if (after != NULL && strcmp(before, after) != 0)
		replace_column(relid, before, after);
}

/* ---- hooks ---- */

static void
object_access(ObjectAccessType access, Oid class_id, Oid object_id, int sub_id,
			  void *arg)
{
	if (previous_object_access)
		previous_object_access(access, class_id, object_id, sub_id, arg);
	if (class_id != RelationRelationId)
		return;
	if (access == OAT_POST_CREATE && sub_id == 0 && pending != NULL &&
		pending->options != NIL && !pending->stored)
		store_pending(object_id);
	else if (access == OAT_POST_ALTER && sub_id > 0)
		column_altered(object_id, sub_id);
	else if (access == OAT_DROP && sub_id > 0 && is_olap_relid(object_id))
	{
		char	   *name = get_attname(object_id, sub_id, true);

		if (name != NULL)
			replace_column(object_id, name, NULL);
	}
}

static void
call_utility(PlannedStmt *pstmt, const char *query, bool read_only_tree,
			 ProcessUtilityContext context, ParamListInfo params,
			 QueryEnvironment *env, DestReceiver *dest, QueryCompletion *qc)
{
	if (previous_utility)
		previous_utility(pstmt, query, read_only_tree, context, params, env,
						 dest, qc);
	else
		standard_ProcessUtility(pstmt, query, read_only_tree, context, params,
								env, dest, qc);
}

static bool
creates_table(Node *node)
{
	return IsA(node, CreateStmt) || IsA(node, CreateTableAsStmt);
}

/* CREATE with our options: they wait in `pending` while core creates. */
static void
utility_create(PlannedStmt *pstmt, const char *query,
			   ProcessUtilityContext context, ParamListInfo params,
			   QueryEnvironment *env, DestReceiver *dest, QueryCompletion *qc)
{
	PendingOptions mine = {0};
	PlannedStmt *copy = copyObject(pstmt);

	mine.outer = pending;
	mine.options = take_create_options(copy->utilityStmt);
	pending = &mine;
	PG_TRY();
	{
		call_utility(copy, query, true, context, params, env, dest, qc);
	}
	PG_FINALLY();
	{
		pending = mine.outer;
	}
	PG_END_TRY();
}

static void
utility_alter(PlannedStmt *pstmt, const char *query,
			  ProcessUtilityContext context, ParamListInfo params,
			  QueryEnvironment *env, DestReceiver *dest, QueryCompletion *qc)
{
	AlterTableStmt *stmt = (AlterTableStmt *) pstmt->utilityStmt;
	Oid			relid = RangeVarGetRelid(stmt->relation, NoLock, true);
	List	   *taken = NIL;

	if (OidIsValid(relid))
	{
		pstmt = copyObject(pstmt);
		stmt = (AlterTableStmt *) pstmt->utilityStmt;
		taken = take_alter_commands(stmt, relid);
	}
	if (taken != NIL && !object_ownercheck(RelationRelationId, relid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER,
					   get_relkind_objtype(get_rel_relkind(relid)),
					   get_rel_name(relid));
	if (stmt->cmds != NIL)
		call_utility(pstmt, query, true, context, params, env, dest, qc);
	else if (qc)
		SetQueryCompletion(qc, CMDTAG_ALTER_TABLE, 0);
	if (OidIsValid(relid))
		finish_alter(relid, taken);
}

static void
utility(PlannedStmt *pstmt, const char *query, bool read_only_tree,
		ProcessUtilityContext context, ParamListInfo params,
		QueryEnvironment *env, DestReceiver *dest, QueryCompletion *qc)
{
	Node	   *node = pstmt->utilityStmt;

	if (creates_table(node))
		utility_create(pstmt, query, context, params, env, dest, qc);
	else if (IsA(node, AlterTableStmt) && !IsAbortedTransactionBlockState())
		utility_alter(pstmt, query, context, params, env, dest, qc);
	else
		call_utility(pstmt, query, read_only_tree, context, params, env, dest, qc);
}

void
olap_ddl_init(void)
{
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = utility;
	previous_object_access = object_access_hook;
	object_access_hook = object_access;
}

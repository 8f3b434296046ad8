/*-------------------------------------------------------------------------
 *
 * ddl.c
 *		Table options in DDL statements, and DDL that olap tables refuse.
 *
 * The core parser of storage parameters knows a fixed set, so statements are
 * changed on their way in: our options are taken out of CREATE TABLE, CREATE
 * TABLE AS and CREATE MATERIALIZED VIEW and stored when the relation exists
 * and nobody has put a row into it yet (object access hook), so that rows of
 * CREATE TABLE AS find them in force.  ALTER TABLE SET and RESET on an olap
 * table are done here altogether, because core would reject our options again
 * whenever it changes one of its own.
 *
 * The object access hook also keeps options in step with their columns, and
 * refuses indexes that olap tables cannot have, whatever statement asks.
 *
 * src/table/ddl.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
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
#include "catalog/pg_am_d.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "commands/defrem.h"
#include "commands/tablecmds.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "meta/options.h"
#include "table/ddl.h"
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
static object_access_hook_type next_object_access = NULL;

Oid
olap_am_oid(void)
{
	return get_am_oid("olap", true);
}

static Oid
relation_am(Oid relid)
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

static bool
is_olap(Oid relid)
{
	Oid			am = olap_am_oid();

	return OidIsValid(am) && relation_am(relid) == am;
}

bool
olap_ddl_leaves_olap(Oid relid)
{
	return OidIsValid(leaving) && relid == leaving;
}

/* ---- options ---- */

static void
option_error_hint(void *arg)
{
	if (geterrcode() == ERRCODE_INVALID_PARAMETER_VALUE)
		errhint("olap tables have the options %s, and accept those of ordinary tables.",
				olap_option_names());
}

/* Let core check its own options; say which are ours where it objects. */
static void
check_core_options(Datum options, char relkind)
{
	ErrorContextCallback callback = {.callback = option_error_hint,
	.previous = error_context_stack};

	error_context_stack = &callback;
	(void) heap_reloptions(relkind, options, true);
	error_context_stack = callback.previous;
}

static void
check_refused_options(List *options)
{
	ListCell   *lc;

	foreach(lc, options)
	{
		DefElem    *def = lfirst_node(DefElem, lc);

		if (def->defnamespace == NULL &&
			strcmp(def->defname, "user_catalog_table") == 0 &&
			defGetBoolean(def))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("an olap table cannot be a user catalog table"),
					 errdetail("Logical decoding cannot look into olap tables."),
					 errhint("Use an ordinary table for this.")));
	}
}

/* Options of core in a list that may have ours too, checked. */
static void
check_core_list(List *options, char relkind)
{
	static const char *const namespaces[] = HEAP_RELOPT_NAMESPACES;

	check_refused_options(options);
	check_core_options(olap_options_filter(transformRelOptions((Datum) 0, options,
															   NULL, namespaces,
															   true, false), false),
					   relkind);
	check_core_options(transformRelOptions((Datum) 0, options, "toast",
										   namespaces, true, false),
					   RELKIND_TOASTVALUE);
}

static Datum
current_reloptions(HeapTuple tuple)
{
	bool		isnull;
	Datum		options = SysCacheGetAttr(RELOID, tuple,
										  Anum_pg_class_reloptions, &isnull);

	return isnull ? (Datum) 0 : options;
}

/* Store reloptions (0: none) in pg_class. */
static void
store_reloptions(Relation pg_class, HeapTuple tuple, Datum reloptions)
{
	Datum		values[Natts_pg_class] = {0};
	bool		nulls[Natts_pg_class] = {0};
	bool		replace[Natts_pg_class] = {0};
	HeapTuple	updated;

	values[Anum_pg_class_reloptions - 1] = reloptions;
	nulls[Anum_pg_class_reloptions - 1] = DatumGetPointer(reloptions) == NULL;
	replace[Anum_pg_class_reloptions - 1] = true;
	updated = heap_modify_tuple(tuple, RelationGetDescr(pg_class), values,
								nulls, replace);
	CatalogTupleUpdate(pg_class, &updated->t_self, updated);
	heap_freetuple(updated);
}

/* Merge options into (or take them out of) those of rel, check, store. */
static void
change_options(Oid relid, List *options, bool reset)
{
	static const char *const namespaces[] = HEAP_RELOPT_NAMESPACES;
	Relation	pg_class = table_open(RelationRelationId, RowExclusiveLock);
	Relation	rel = relation_open(relid, NoLock);
	HeapTuple	tuple = SearchSysCacheCopy1(RELOID, ObjectIdGetDatum(relid));
	Datum		reloptions;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	if (!reset)
		check_core_list(options, rel->rd_rel->relkind);
	reloptions = transformRelOptions(current_reloptions(tuple), options, NULL,
									 namespaces, false, reset);
	olap_options_check(reloptions, RelationGetDescr(rel),
					   RelationGetRelationName(rel));
	store_reloptions(pg_class, tuple, reloptions);
	InvokeObjectPostAlterHook(RelationRelationId, relid, 0);
	heap_freetuple(tuple);
	relation_close(rel, NoLock);
	table_close(pg_class, RowExclusiveLock);
	CommandCounterIncrement();
}

/* The table is about to be no olap table any more. */
static void
drop_options(Oid relid)
{
	Relation	pg_class = table_open(RelationRelationId, RowExclusiveLock);
	HeapTuple	tuple = SearchSysCacheCopy1(RELOID, ObjectIdGetDatum(relid));

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	store_reloptions(pg_class, tuple,
					 olap_options_filter(current_reloptions(tuple), false));
	heap_freetuple(tuple);
	table_close(pg_class, RowExclusiveLock);
	CommandCounterIncrement();
}

/* ---- refusals ---- */

static void
refuse_index(const char *what, Oid table, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s not supported on olap tables", what),
			 errdetail("Table \"%s\" uses the table access method \"olap\".",
					   get_rel_name(table)),
			 errhint("%s", hint)));
}

/* Refuse what olap tables cannot maintain. */
static void
check_index(Form_pg_index index, Oid index_am)
{
	if (index_am == BRIN_AM_OID)
		refuse_index("BRIN indexes are", index->indrelid,
					 "Leave the index out: olap tables keep the bounds of every column themselves.");
}

/* A table with indexes is about to become an olap table. */
static void
check_indexes_of(Oid relid)
{
	Relation	rel = relation_open(relid, NoLock);
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;

	foreach(lc, indexes)
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID,
											ObjectIdGetDatum(lfirst_oid(lc)));

		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for index %u", lfirst_oid(lc));
		check_index((Form_pg_index) GETSTRUCT(tuple),
					relation_am(lfirst_oid(lc)));
		ReleaseSysCache(tuple);
	}
	list_free(indexes);
	relation_close(rel, NoLock);
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
			parent_am = relation_am(relid);
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
	check_core_list(others, relkind);
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
static void
store_created(Oid relid)
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
	change_options(relid, options, false);
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
	was_olap = is_olap(relid);
	if (plan->set_am && !plan->am_is_olap)
	{
		if (was_olap)
		{
			drop_options(relid);
			plan->leaves = relid;
		}
		return InvalidOid;
	}
	if (!was_olap && !plan->set_am)
		return InvalidOid;
	if (!was_olap)
		check_indexes_of(relid);

	stmt->cmds = without_option_cmds(stmt->cmds);
	if (plan->reset != NIL)
		change_options(relid, plan->reset, true);
	if (plan->set == NIL)
		return InvalidOid;
	if (plan->columns_change)
		return relid;
	change_options(relid, plan->set, false);
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

/* Run the private copy of a CREATE statement with our options set aside. */
static void
run_create(PlannedStmt *pstmt, const char *query, bool read_only,
		   ProcessUtilityContext context, ParamListInfo params,
		   QueryEnvironment *env, DestReceiver *dest, QueryCompletion *qc)
{
	PendingCreate create = {.outer = pending};
	List	  **options;

	if (!creates_olap(pstmt->utilityStmt, &create.relname, &options))
		elog(ERROR, "the copy of a statement differs from it");
	create.options = take_options(options, RELKIND_RELATION);
	pending = &create;
	PG_TRY();
	{
		call_next(pstmt, query, read_only, context, params, env, dest, qc);
	}
	PG_FINALLY();
	{
		pending = create.outer;
	}
	PG_END_TRY();
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
	call_next(pstmt, query, read_only, context, params, env, dest, qc);
	if (OidIsValid(set_after))
	{
		CommandCounterIncrement();
		change_options(set_after, plan.set, false);
	}
}

/* ---- the object access hook ---- */

/* Copy of a catalog row as this command left it (no syscache shows it yet). */
static HeapTuple
newest_tuple(Oid catalog, Oid index, AttrNumber key1, Oid oid,
			 AttrNumber key2, AttrNumber attno)
{
	Relation	rel = table_open(catalog, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], key1, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(oid));
	ScanKeyInit(&keys[1], key2, BTEqualStrategyNumber, F_INT2EQ,
				Int16GetDatum(attno));
	scan = systable_beginscan(rel, index, true, SnapshotSelf,
							  key2 == InvalidAttrNumber ? 1 : 2, keys);
	tuple = heap_copytuple(systable_getnext(scan));
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return tuple;
}

static void
check_created_index(Oid indexid)
{
	HeapTuple	tuple = newest_tuple(IndexRelationId, IndexRelidIndexId,
									 Anum_pg_index_indexrelid, indexid,
									 InvalidAttrNumber, 0);
	HeapTuple	class_tuple = newest_tuple(RelationRelationId, ClassOidIndexId,
										   Anum_pg_class_oid, indexid,
										   InvalidAttrNumber, 0);
	Form_pg_index index;

	if (!HeapTupleIsValid(tuple) || !HeapTupleIsValid(class_tuple))
		return;
	index = (Form_pg_index) GETSTRUCT(tuple);
	if (get_rel_relkind(index->indrelid) != RELKIND_TOASTVALUE &&
		is_olap(index->indrelid))
		check_index(index, ((Form_pg_class) GETSTRUCT(class_tuple))->relam);
	heap_freetuple(tuple);
	heap_freetuple(class_tuple);
}

static void
after_create(Oid relid, bool internal)
{
	HeapTuple	tuple = newest_tuple(RelationRelationId, ClassOidIndexId,
									 Anum_pg_class_oid, relid,
									 InvalidAttrNumber, 0);
	char		relkind;

	if (!HeapTupleIsValid(tuple))
		return;
	relkind = ((Form_pg_class) GETSTRUCT(tuple))->relkind;
	heap_freetuple(tuple);
	if (relkind == RELKIND_INDEX)
		check_created_index(relid);
	else if (!internal)
		store_created(relid);
}

/* Change the options of relid for a column that has newname now (or is gone). */
static void
follow_column(Oid relid, AttrNumber attno, const char *newname)
{
	Relation	pg_class = table_open(RelationRelationId, RowExclusiveLock);
	Relation	rel = relation_open(relid, NoLock);
	HeapTuple	tuple = SearchSysCacheCopy1(RELOID, ObjectIdGetDatum(relid));
	Datum		options;

	if (HeapTupleIsValid(tuple) &&
		olap_options_rename_column(current_reloptions(tuple), rel, attno,
								   newname, &options))
		store_reloptions(pg_class, tuple, options);
	relation_close(rel, NoLock);
	table_close(pg_class, RowExclusiveLock);
}

static AttrNumber
time_column_of(Oid relid)
{
	Relation	rel = relation_open(relid, NoLock);
	AttrNumber	attno = olap_options_get(rel)->time_attno;

	relation_close(rel, NoLock);
	return attno;
}

static void
after_alter_column(Oid relid, AttrNumber attno)
{
	HeapTuple	tuple = newest_tuple(AttributeRelationId,
									 AttributeRelidNumIndexId,
									 Anum_pg_attribute_attrelid, relid,
									 Anum_pg_attribute_attnum, attno);
	Form_pg_attribute att;
	char	   *oldname;

	if (!HeapTupleIsValid(tuple))
		return;
	att = (Form_pg_attribute) GETSTRUCT(tuple);
	oldname = get_attname(relid, attno, true);
	if (oldname != NULL && strcmp(oldname, NameStr(att->attname)) != 0)
		follow_column(relid, attno, NameStr(att->attname));
	else if (!olap_option_time_type(att->atttypid) &&
			 time_column_of(relid) == attno)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("time column \"%s\" of olap table \"%s\" cannot get type %s",
						NameStr(att->attname), get_rel_name(relid),
						format_type_be(att->atttypid)),
				 errdetail("The time column must be of type timestamp with time zone, timestamp or date."),
				 errhint("ALTER TABLE ... RESET (time_column, segment_interval, retention) first.")));
	heap_freetuple(tuple);
}

static void
before_drop_column(Oid relid, AttrNumber attno)
{
	if (time_column_of(relid) == attno)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop column \"%s\" of olap table \"%s\" because it is the time column",
						get_attname(relid, attno, false), get_rel_name(relid)),
				 errhint("ALTER TABLE ... RESET (time_column, segment_interval, retention) first.")));
	follow_column(relid, attno, NULL);
}

static void
object_access(ObjectAccessType access, Oid class_id, Oid object_id, int sub_id,
			  void *arg)
{
	if (next_object_access != NULL)
		next_object_access(access, class_id, object_id, sub_id, arg);
	if (class_id != RelationRelationId || IsBootstrapProcessingMode())
		return;
	if (access != OAT_POST_CREATE && access != OAT_POST_ALTER &&
		access != OAT_DROP)
		return;
	if (!OidIsValid(olap_am_oid()))
		return;

	if (access == OAT_POST_CREATE && sub_id == 0)
		after_create(object_id, ((ObjectAccessPostCreate *) arg)->is_internal);
	else if (access == OAT_POST_ALTER && sub_id > 0 && is_olap(object_id))
		after_alter_column(object_id, sub_id);
	else if (access == OAT_DROP && sub_id > 0 && is_olap(object_id))
		before_drop_column(object_id, sub_id);
}

void
olap_ddl_init(void)
{
	next_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
	next_object_access = object_access_hook;
	object_access_hook = object_access;
}

/*-------------------------------------------------------------------------
 *
 * ddl_options.c
 *		The options of an olap table in pg_class: checked, merged, stored.
 *
 * Core would reject our options whenever it looks at a list, so it gets to see its
 * own ones alone, and what is stored is put together here.
 *
 * src/table/ddl_options.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/reloptions.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "meta/options.h"
#include "table/ddl_internal.h"

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
void
olap_ddl_check_options(List *options, char relkind)
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
void
olap_ddl_change_options(Oid relid, List *options, bool reset)
{
	static const char *const namespaces[] = HEAP_RELOPT_NAMESPACES;
	Relation	pg_class = table_open(RelationRelationId, RowExclusiveLock);
	Relation	rel = relation_open(relid, NoLock);
	HeapTuple	tuple = SearchSysCacheCopy1(RELOID, ObjectIdGetDatum(relid));
	Datum		reloptions;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	if (!reset)
		olap_ddl_check_options(options, rel->rd_rel->relkind);
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
void
olap_ddl_drop_options(Oid relid)
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

/* Change the options of relid for a column that has newname now (or is gone). */
void
olap_ddl_follow_column(Oid relid, AttrNumber attno, const char *newname)
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

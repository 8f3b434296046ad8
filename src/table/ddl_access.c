/*-------------------------------------------------------------------------
 *
 * ddl_access.c
 *		The object access hook: what happens to olap tables, whatever statement asks.
 *
 * Relations that have just been made get the options of the running statement;
 * options stay in step with their columns; indexes that olap tables cannot have
 * are refused.
 *
 * src/table/ddl_access.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "meta/options.h"
#include "table/ddl.h"
#include "table/ddl_internal.h"

static object_access_hook_type next_object_access = NULL;

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
void
olap_ddl_check_indexes(Oid relid)
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
					olap_ddl_relation_am(lfirst_oid(lc)));
		ReleaseSysCache(tuple);
	}
	list_free(indexes);
	relation_close(rel, NoLock);
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
		olap_ddl_is_olap(index->indrelid))
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
		olap_ddl_store_created(relid);
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
		olap_ddl_follow_column(relid, attno, NameStr(att->attname));
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
	olap_ddl_follow_column(relid, attno, NULL);
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
	else if (access == OAT_POST_ALTER && sub_id > 0 && olap_ddl_is_olap(object_id))
		after_alter_column(object_id, sub_id);
	else if (access == OAT_DROP && sub_id > 0 && olap_ddl_is_olap(object_id))
		before_drop_column(object_id, sub_id);
}

void
olap_ddl_access_init(void)
{
	next_object_access = object_access_hook;
	object_access_hook = object_access;
}

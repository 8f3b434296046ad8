/*-------------------------------------------------------------------------
 *
 * ddl_publication.c
 *		Olap tables and logical replication.
 *
 * Logical decoding reads the WAL records of heap tables; those of olap tables are pages. A
 * publication would have a subscriber hear of TRUNCATE, which needs no decoding, and of
 * nothing else. So an olap table that is named is refused, and where a publication has
 * olap tables without naming them (partitions, schemas, all tables) a warning says so.
 * A subscriber's table may be an olap table.
 *
 * src/table/ddl_publication.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_publication.h"
#include "nodes/parsenodes.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "table/ddl.h"
#include "table/ddl_internal.h"

#define NOT_DECODED "Changes of olap tables are not decoded for logical replication."
#define INSTEAD "Subscribers may have olap tables; standbys replicate them as they are."

/* Warn that a publication has n olap tables besides those that it names. */
static void
warn_of_silent(const char *publication, int n)
{
	if (n > 0)
		ereport(WARNING,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg_plural("publication \"%s\" has %d olap table whose rows will not be replicated",
							   "publication \"%s\" has %d olap tables whose rows will not be replicated",
							   n, publication, n),
				 errdetail(NOT_DECODED),
				 errhint(INSTEAD)));
}

/* How many olap tables of schema (all, if it is InvalidOid) would be published? */
static int
count_olap(Oid schema)
{
	Relation	classes = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(classes, InvalidOid, false, NULL, 0, NULL);
	Oid			am = olap_am_oid();
	HeapTuple	tuple;
	int			n = 0;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		n += form->relam == am && form->relkind == RELKIND_RELATION &&
			form->relpersistence == RELPERSISTENCE_PERMANENT &&
			(!OidIsValid(schema) || form->relnamespace == schema);
	}
	systable_endscan(scan);
	table_close(classes, AccessShareLock);
	return n;
}

/* Refuse a table that is named; how many olap tables are below it? */
static int
check_table(const RangeVar *named)
{
	Oid			relid = RangeVarGetRelid(named, AccessShareLock, true);
	int			n = 0;

	if (!OidIsValid(relid))
		return 0;				/* core says so */
	if (olap_ddl_is_olap(relid) && get_rel_relkind(relid) == RELKIND_RELATION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot add olap table \"%s\" to a publication", get_rel_name(relid)),
				 errdetail(NOT_DECODED),
				 errhint(INSTEAD)));
	if (named->inh)
		foreach_oid(child, find_all_inheritors(relid, NoLock, NULL))
			n += get_rel_relkind(child) == RELKIND_RELATION && olap_ddl_is_olap(child);
	return n;
}

static int
check_object(const PublicationObjSpec *object)
{
	Oid			schema;
	List	   *path;

	switch (object->pubobjtype)
	{
		case PUBLICATIONOBJ_TABLE:
			return check_table(object->pubtable->relation);
		case PUBLICATIONOBJ_TABLES_IN_SCHEMA:
			schema = get_namespace_oid(object->name, true);
			return OidIsValid(schema) ? count_olap(schema) : 0;
		case PUBLICATIONOBJ_TABLES_IN_CUR_SCHEMA:
			path = fetch_search_path(false);
			return path == NIL ? 0 : count_olap(linitial_oid(path));
		default:
			return 0;
	}
}

void
olap_ddl_check_publication(Node *stmt)
{
	const char *name;
	List	   *objects;
	bool		all;
	int			n = 0;

	if (IsA(stmt, CreatePublicationStmt))
	{
		CreatePublicationStmt *create = (CreatePublicationStmt *) stmt;

		name = create->pubname;
		objects = create->pubobjects;
		all = create->for_all_tables;
	}
	else if (IsA(stmt, AlterPublicationStmt) &&
			 ((AlterPublicationStmt *) stmt)->action != AP_DropObjects)
	{
		AlterPublicationStmt *alter = (AlterPublicationStmt *) stmt;

		name = alter->pubname;
		objects = alter->pubobjects;
		all = alter->for_all_tables;
	}
	else
		return;
	if (!OidIsValid(olap_am_oid()))
		return;

	foreach_ptr(PublicationObjSpec, object, objects)
		n += check_object(object);
	if (all)
		n += count_olap(InvalidOid);
	warn_of_silent(name, n);
}

void
olap_ddl_check_published(Oid relid)
{
	List	   *publications = GetRelationPublications(relid);

	if (publications != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot make the published table \"%s\" an olap table",
						get_rel_name(relid)),
				 errdetail("It is in publication \"%s\". " NOT_DECODED,
						   get_publication_name(linitial_oid(publications), false)),
				 errhint("Take it out with ALTER PUBLICATION ... DROP TABLE first.")));
}

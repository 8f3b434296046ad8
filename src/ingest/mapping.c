/*-------------------------------------------------------------------------
 *
 * mapping.c
 *		Which source column goes to which target column, and by which path.
 *
 * src/ingest/mapping.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupdesc.h"
#include "catalog/catalog.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "ingest/mapping.h"
#include "table/writer.h"

void
olap_mapping_check_target(Relation target, Oid role)
{
	char		relkind = target->rd_rel->relkind;

	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", RelationGetRelationName(target)),
				 errhint("The target of a pipeline is an ordinary or partitioned table.")));
	if (target->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("temporary table \"%s\" cannot be the target of a pipeline",
						RelationGetRelationName(target))));
	if (target->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("unlogged table \"%s\" cannot be the target of a pipeline",
						RelationGetRelationName(target)),
				 errdetail("A crash would empty the table and keep the offsets.")));
	if (IsCatalogRelationOid(RelationGetRelid(target)))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("system catalog \"%s\" cannot be the target of a pipeline",
						RelationGetRelationName(target))));
	if (pg_class_aclcheck(RelationGetRelid(target), role, ACL_INSERT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(RelationGetRelid(target), role, ACL_INSERT,
								  ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(relkind),
					   RelationGetRelationName(target));
}

/* Does a source column address the record rather than carry data? */
static bool
is_meta_column(Oid relid, AttrNumber attnum)
{
	ListCell   *lc;

	foreach(lc, GetForeignColumnOptions(relid, attnum))
		if (strcmp(((DefElem *) lfirst(lc))->defname, "meta") == 0)
			return true;
	return false;
}

/* The attribute index of a column by name, or -1. */
static int
find_column(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0)
			return i;
	}
	return -1;
}

static void
map_column(OlapMapping *m, Relation source, Relation target, int col)
{
	Form_pg_attribute from = TupleDescAttr(RelationGetDescr(source), col);
	int			to_col = find_column(RelationGetDescr(target), NameStr(from->attname));
	Form_pg_attribute to;

	if (to_col < 0)
	{
		if (is_meta_column(RelationGetRelid(source), from->attnum))
			return;
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" has no column \"%s\"",
						RelationGetRelationName(target), NameStr(from->attname)),
				 errdetail("Columns of \"%s\" go to columns of the same name.",
						   RelationGetRelationName(source)),
				 errhint("Add the column to the table, or drop it from the foreign table.")));
	}
	to = TupleDescAttr(RelationGetDescr(target), to_col);
	if (to->attgenerated || to->attidentity == ATTRIBUTE_IDENTITY_ALWAYS)
		ereport(ERROR,
				(errcode(ERRCODE_GENERATED_ALWAYS),
				 errmsg("column \"%s\" of table \"%s\" is generated",
						NameStr(to->attname), RelationGetRelationName(target)),
				 errhint("Drop the column from the foreign table.")));
	if (!can_coerce_type(1, &from->atttypid, &to->atttypid, COERCION_ASSIGNMENT))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s in \"%s\" but of type %s in \"%s\"",
						NameStr(from->attname), format_type_be(from->atttypid),
						RelationGetRelationName(source),
						format_type_be(to->atttypid),
						RelationGetRelationName(target)),
				 errhint("Give both columns the same type.")));
	if (from->atttypid != to->atttypid || from->atttypmod != to->atttypmod)
		m->slow_reason = "column types differ";
	m->target_of[col] = to_col;
	m->source_of[to_col] = col;
}

/* What of the table itself forbids the fast path; NULL: nothing. */
static const char *
table_reason(const OlapMapping *m, Relation target, Oid role)
{
	TupleDesc	desc = RelationGetDescr(target);
	Oid			relid = RelationGetRelid(target);

	if (target->rd_rel->relkind != RELKIND_RELATION ||
		target->rd_rel->relam != get_table_am_oid("olap", true))
		return "the target is no olap table";
	if (target->rd_rel->relispartition)
		return "the target is a partition";
	if (target->rd_rules != NULL)
		return "the target has rules";
	if (target->trigdesc != NULL)
		return "the target has triggers";
	if (desc->constr != NULL && desc->constr->num_check > 0)
		return "the target has CHECK constraints";
	for (int i = 0; i < desc->natts; i++)
		if (TupleDescAttr(desc, i)->attgenerated)
			return "the target has generated columns";
	/* NOT NULL and CHECK of a domain hold for columns that get no value, too */
	for (int i = 0; i < desc->natts; i++)
		if (m->source_of[i] < 0 && !TupleDescAttr(desc, i)->attisdropped &&
			get_typtype(TupleDescAttr(desc, i)->atttypid) == TYPTYPE_DOMAIN)
			return "a column without a source is of a domain";
	if (check_enable_rls(relid, role, true) != RLS_NONE)
		return "row security applies";
	if (pg_class_aclcheck(relid, role, ACL_INSERT) != ACLCHECK_OK)
		return "rights are on columns";
	if (!olap_writer_batch_ok(target))
		return "row numbers are observable";
	return NULL;
}

OlapMapping *
olap_mapping_create(Relation source, Relation target, Oid role)
{
	TupleDesc	from = RelationGetDescr(source);
	TupleDesc	to = RelationGetDescr(target);
	OlapMapping *m = palloc0(sizeof(OlapMapping));
	bool		any = false;

	olap_mapping_check_target(target, role);
	m->nsource = from->natts;
	m->ntarget = to->natts;
	m->target_of = palloc(sizeof(int) * Max(from->natts, 1));
	m->source_of = palloc(sizeof(int) * Max(to->natts, 1));
	memset(m->source_of, -1, sizeof(int) * to->natts);
	for (int i = 0; i < from->natts; i++)
	{
		m->target_of[i] = -1;
		if (!TupleDescAttr(from, i)->attisdropped)
			map_column(m, source, target, i);
		any |= m->target_of[i] >= 0;
	}
	if (!any)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("\"%s\" and \"%s\" have no column in common",
						RelationGetRelationName(source),
						RelationGetRelationName(target))));
	for (int i = 0; i < to->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(to, i);

		if (att->attisdropped || m->source_of[i] >= 0 || !att->attnotnull ||
			att->atthasdef || att->attidentity || att->attgenerated)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("column \"%s\" of table \"%s\" is NOT NULL and would get no value",
						NameStr(att->attname), RelationGetRelationName(target)),
				 errhint("Add the column to the foreign table, or give it a default.")));
	}
	if (m->slow_reason == NULL)
		m->slow_reason = table_reason(m, target, role);
	m->fast = m->slow_reason == NULL;
	return m;
}

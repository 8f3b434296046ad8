/*-------------------------------------------------------------------------
 *
 * inspect.c
 *		SQL functions that show how a table is stored.
 *
 * Everything comes from directory, zone pages and segment headers: no column
 * chunk is read.  Bounds of values are shown only to those who may read all
 * rows of the table.
 *
 * src/table/inspect.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "delta/delta.h"
#include "meta/options.h"
#include "segment/parts.h"
#include "segment/segment.h"
#include "segment/visibility.h"
#include "table/ddl.h"
#include "table/inspect.h"
#include "table/writer.h"

#define SEGMENTS_COLS 8

PG_FUNCTION_INFO_V1(olap_segments);

extern PGDLLEXPORT Datum olap_segments(PG_FUNCTION_ARGS);

/* A standby knows unlogged and temporary tables, and has not their rows. */
static bool
is_elsewhere(Relation rel)
{
	return rel->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT &&
		RecoveryInProgress();
}

/* The errors that olap_inspect_open() promises. */
static void
check_open(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);
	AclResult	acl;

	if (!OidIsValid(olap_am_oid()) || rel->rd_rel->relam != olap_am_oid() ||
		(rel->rd_rel->relkind != RELKIND_RELATION &&
		 rel->rd_rel->relkind != RELKIND_MATVIEW))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not an olap table",
						RelationGetRelationName(rel)),
				 errhint("Of a partitioned table, name a partition that was created USING olap.")));
	acl = pg_class_aclcheck(relid, GetUserId(), ACL_SELECT);
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, rel->rd_rel->relkind == RELKIND_MATVIEW ?
					   OBJECT_MATVIEW : OBJECT_TABLE,
					   RelationGetRelationName(rel));
	if (RELATION_IS_OTHER_TEMP(rel))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot access temporary tables of other sessions")));
}

Relation
olap_open_if_free(Oid relid)
{
	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return NULL;
	return try_relation_open(relid, NoLock);
}

Relation
olap_inspect_open(Oid relid)
{
	Relation	rel = relation_open(relid, AccessShareLock);

	check_open(rel);
	if (is_elsewhere(rel))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot access temporary or unlogged relations during recovery")));
	olap_writer_flush(rel);
	return rel;
}

Relation
olap_inspect_try_open(Oid relid)
{
	Relation	rel;

	if ((rel = olap_open_if_free(relid)) == NULL)
		return NULL;
	check_open(rel);
	if (is_elsewhere(rel))
	{
		relation_close(rel, AccessShareLock);
		return NULL;
	}
	olap_writer_flush(rel);
	return rel;
}

bool
olap_inspect_hidden(Oid relid)
{
	return check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED;
}

/* ---- bounds as text ---- */

static Datum
int_datum(const OlapColumnType *type, int64 value)
{
	if (type->typid == BOOLOID)
		return BoolGetDatum(value != 0);
	switch (type->typlen)
	{
		case 1:
			return CharGetDatum((char) value);
		case 2:
			return Int16GetDatum((int16) value);
		case 4:
			return Int32GetDatum((int32) value);
		default:
			return Int64GetDatum(value);
	}
}

/* A bound of kind BYTES as a Datum; false where it is only a prefix. */
static bool
bytes_datum(const OlapColumnType *type, const uint8 *bytes, int len, bool cut,
			Datum *datum)
{
	if (cut)
		return false;
	if (type->typlen == -1)
	{
		*datum = PointerGetDatum(cstring_to_text_with_len((const char *) bytes,
														  len));
		return true;
	}
	if (type->typlen > 0 && len <= type->typlen)
	{
		char	   *value = palloc0(type->typlen);

		memcpy(value, bytes, len);
		*datum = PointerGetDatum(value);
		return true;
	}
	return false;
}

/*
 * The type comes from a segment's header, that is, from the disk: an output
 * function is called only for a type that has zones of this kind and values of
 * this length, never for one that would follow the bytes as if they were, say, an
 * array's.
 */
char *
olap_inspect_bound(const OlapZone *zone, const OlapColumnType *type, bool max)
{
	const OlapZoneBound *bound = max ? &zone->max : &zone->min;
	char	   *numeric = palloc(OLAP_DECIMAL_MAX_SIZE);
	Datum		datum;
	Oid			output;
	bool		varlena;

	if ((zone->flags & OLAP_ZONE_HAS_VALUES) == 0 ||
		zone->kind != olap_zone_kind(type) ||
		type->typlen != get_typlen(type->typid))
		return NULL;
	switch (zone->kind)
	{
		case OLAP_ZONE_INT:
			datum = int_datum(type, bound->i);
			break;
		case OLAP_ZONE_UINT:
			datum = int_datum(type, (int64) bound->u);
			break;
		case OLAP_ZONE_FLOAT:
			datum = type->typid == FLOAT4OID ?
				Float4GetDatum((float4) bound->f) : Float8GetDatum(bound->f);
			break;
		case OLAP_ZONE_DEC:
			if (zone->scale > 18)
				return NULL;
			olap_decimal_from_i64(bound->i, zone->scale, numeric);
			datum = PointerGetDatum(numeric);
			break;
		case OLAP_ZONE_BYTES:
			if (!bytes_datum(type, bound->b,
							 Min(max ? zone->max_len : zone->min_len,
								 OLAP_ZONE_BYTES_MAX),
							 (zone->flags & (max ? OLAP_ZONE_MAX_CUT :
											 OLAP_ZONE_MIN_CUT)) != 0, &datum))
				return NULL;
			break;
		default:
			return NULL;
	}
	getTypeOutputInfo(type->typid, &output, &varlena);
	return OidOutputFunctionCall(output, datum);
}

void
olap_inspect_put_text(Datum *values, bool *nulls, int i, const char *text)
{
	nulls[i] = text == NULL;
	values[i] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/* ---- olap.segments ---- */

static const char *
entry_state(const OlapDirEntry *entry)
{
	if ((entry->flags & OLAP_ENTRY_DEAD) != 0)
		return (entry->flags & OLAP_ENTRY_MOVED) != 0 ? "replaced" :
			(entry->flags & OLAP_ENTRY_EXPIRED) != 0 ? "expired" : "aborted";
	if (entry->kind == OLAP_ENTRY_DELTA)
	{
		if (TransactionIdIsNormal(entry->xmax) &&
			!TransactionIdIsInProgress(entry->xmax) &&
			TransactionIdDidCommit(entry->xmax))
			return "replaced";
		return (entry->flags & OLAP_ENTRY_SEALED) != 0 ? "sealed" : "open";
	}
	if (TransactionIdIsNormal(entry->xmin))
	{
		if (TransactionIdIsCurrentTransactionId(entry->xmin) ||
			TransactionIdIsInProgress(entry->xmin))
			return (entry->flags & OLAP_ENTRY_COMPLETE) != 0 ? "uncommitted" :
				"writing";
		if (!TransactionIdDidCommit(entry->xmin))
			return "aborted";
	}
	if ((entry->flags & OLAP_ENTRY_COMPLETE) == 0)
		return "aborted";
	if (TransactionIdIsNormal(entry->xmax) &&
		!TransactionIdIsInProgress(entry->xmax) &&
		TransactionIdDidCommit(entry->xmax))
		return (entry->flags & OLAP_ENTRY_MOVED) != 0 ? "replaced" : "expired";
	return "live";
}

/* Rows that stand on the pages of a delta run, whoever may see them. */
static int64
delta_rows(Relation rel, const OlapDirEntry *run)
{
	OlapDeltaPage *page = palloc(sizeof(OlapDeltaPage));
	int64		rows = 0;

	for (uint32 i = 0; i < run->nblocks; i++)
	{
		CHECK_FOR_INTERRUPTS();
		olap_delta_page_read(rel, run, i, page, NULL);
		rows += page->ntuples;
	}
	pfree(page);
	return rows;
}

/*
 * Bounds of the time column of a complete segment, from its header.
 */
static void
time_bounds(Relation rel, const OlapDirEntry *entry, int col, Datum *values,
			bool *nulls, int i)
{
	OlapSegment *segment = olap_segment_open(rel, entry, CurrentMemoryContext,
											 NULL);
	OlapZone	zone = {0};

	for (int rg = 0; rg < olap_segment_rowgroups(segment); rg++)
	{
		const OlapZone *part = olap_segment_zone(segment, col, rg);

		if (part == NULL)
			break;
		if (rg == 0)
			zone = *part;
		else
			olap_zone_merge(&zone, part);
	}
	if (col < olap_segment_ncols(segment))
	{
		olap_inspect_put_text(values, nulls, i,
							  olap_inspect_bound(&zone, olap_segment_type(segment, col), false));
		olap_inspect_put_text(values, nulls, i + 1,
							  olap_inspect_bound(&zone, olap_segment_type(segment, col), true));
	}
	olap_segment_close(segment);
}

Datum
olap_segments(PG_FUNCTION_ARGS)
{
	Relation	rel = olap_inspect_open(PG_GETARG_OID(0));
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	AttrNumber	time_attno = olap_options_get(rel)->time_attno;
	OlapDirList list;

	if (olap_inspect_hidden(RelationGetRelid(rel)))
		time_attno = 0;
	InitMaterializedSRF(fcinfo, 0);
	olap_directory_read(rel, &list);
	for (int i = 0; i < list.n; i++)
	{
		const OlapDirEntry *entry = &list.entries[i];
		bool		segment = entry->kind == OLAP_ENTRY_SEGMENT;
		Datum		values[SEGMENTS_COLS] = {0};
		bool		nulls[SEGMENTS_COLS] = {0};

		/* the space of a dead place may be somebody else's by now */
		bool		dead = (entry->flags & OLAP_ENTRY_DEAD) != 0;

		CHECK_FOR_INTERRUPTS();
		values[0] = Int64GetDatum(entry->id);
		values[1] = CStringGetTextDatum(segment ? "segment" : "delta");
		values[2] = CStringGetTextDatum(entry_state(entry));
		nulls[3] = !segment && dead;
		if (!nulls[3])
			values[3] = Int64GetDatum(segment ? (int64) entry->nrows :
									  delta_rows(rel, entry));
		values[4] = Int64GetDatum(entry->nblocks);
		values[5] = Int64GetDatum((int64) entry->nblocks * BLCKSZ);
		nulls[6] = nulls[7] = true;
		if (segment && time_attno > 0 && !dead &&
			(entry->flags & OLAP_ENTRY_COMPLETE) != 0)
			time_bounds(rel, entry, time_attno - 1, values, nulls, 6);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	relation_close(rel, NoLock);
	return (Datum) 0;
}

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

#include <math.h>

#include "access/relation.h"
#include "access/transam.h"
#include "access/xact.h"
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
#define STATS_COLS 10

PG_FUNCTION_INFO_V1(olap_segments);
PG_FUNCTION_INFO_V1(olap_column_stats);

extern PGDLLEXPORT Datum olap_segments(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_column_stats(PG_FUNCTION_ARGS);

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
olap_inspect_open(Oid relid)
{
	Relation	rel = relation_open(relid, AccessShareLock);

	check_open(rel);
	olap_writer_flush(rel);
	return rel;
}

Relation
olap_inspect_try_open(Oid relid)
{
	Relation	rel;

	if (!ConditionalLockRelationOid(relid, AccessShareLock))
		return NULL;
	rel = try_relation_open(relid, NoLock);
	if (rel == NULL)
		return NULL;
	check_open(rel);
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
 * A bound of zone as the column's output function shows it; NULL if unknown.
 *
 * The type comes from a segment's header, that is, from the disk: an output
 * function is called only for a type that has zones of this kind and values of
 * this length, never for one that would follow the bytes as if they were, say, an
 * array's.
 */
static char *
bound_text(const OlapZone *zone, const OlapColumnType *type, bool max)
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

static void
put_text(Datum *values, bool *nulls, int i, const char *text)
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
		put_text(values, nulls, i,
				 bound_text(&zone, olap_segment_type(segment, col), false));
		put_text(values, nulls, i + 1,
				 bound_text(&zone, olap_segment_type(segment, col), true));
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

/* ---- olap.column_stats ---- */

typedef struct ColumnStats
{
	int64		chunks[OLAP_ENC_MAX + 1];	/* by encoding */
	int64		rows;
	int64		nulls;
	int64		raw;
	int64		stored;
	int64		distinct_most;	/* of any chunk */
	int64		distinct_sum;	/* of all chunks */
	OlapDistinctKept distinct;
	OlapHll		hll;			/* of all segments, if each has one */
	int			segments;
	int			sketched;		/* segments that are in hll */
	OlapZone	zone;
	OlapColumnType type;		/* as in the newest segment */
} ColumnStats;

static void
add_chunk(ColumnStats *stats, OlapSegment *segment, int col, int rg)
{
	const OlapZone *zone = olap_segment_zone(segment, col, rg);
	OlapEncoding encoding;
	uint32		stored;
	uint32		distinct;
	uint64		raw;

	if (zone == NULL ||
		!olap_segment_chunk_info(segment, col, rg, &encoding, &stored, &raw))
		return;
	if (encoding <= OLAP_ENC_MAX)
		stats->chunks[encoding]++;
	stats->raw += raw;
	stats->stored += stored;
	stats->nulls += zone->nulls;
	distinct = olap_segment_distinct(segment, col, rg, &stats->distinct);
	stats->distinct_most = Max(stats->distinct_most, distinct);
	stats->distinct_sum += distinct;
	if (stats->rows == 0)
		stats->zone = *zone;
	else
		olap_zone_merge(&stats->zone, zone);
	stats->rows += zone->nrows;
	stats->type = *olap_segment_type(segment, col);
}

static void
add_sketch(ColumnStats *stats, OlapSegment *segment, int col)
{
	const OlapColumnType *type = olap_segment_type(segment, col);
	bool		portable;

	if (type->dropped || olap_segment_zone(segment, col, 0) == NULL)
		return;
	if (stats->segments++ == 0)
		olap_hll_init(&stats->hll, OLAP_HLL_DEFAULT_BITS, CurrentMemoryContext);
	stats->sketched += olap_segment_hll(segment, col,
										olap_hash_kind_of_type(type->typid,
															   type->collation,
															   &portable),
										&stats->hll);
}

static void
add_segment(ColumnStats *stats, int natts, Relation rel,
			const OlapDirEntry *entry)
{
	OlapSegment *segment = olap_segment_open(rel, entry, CurrentMemoryContext,
											 NULL);
	int			ncols = Min(natts, olap_segment_ncols(segment));

	for (int rg = 0; rg < olap_segment_rowgroups(segment); rg++)
		for (int col = 0; col < ncols; col++)
			add_chunk(&stats[col], segment, col, rg);
	for (int col = 0; col < ncols; col++)
		add_sketch(&stats[col], segment, col);
	olap_segment_close(segment);
}

static char *
encodings_text(const ColumnStats *stats)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < (int) lengthof(stats->chunks); i++)
		if (stats->chunks[i] > 0)
			appendStringInfo(&out, "%s%s:" INT64_FORMAT, out.len > 0 ? ", " : "",
							 olap_encoding_name(i), stats->chunks[i]);
	return out.len > 0 ? out.data : NULL;
}

/*
 * By the sketches of the segments, if all have one; else of all chunks: at least
 * those of the one with most, at most their sum.
 */
static int64
distinct_values(const ColumnStats *stats)
{
	int64		merged;

	if (stats->segments > 0 && stats->sketched == stats->segments)
		return Min(olap_hll_cardinality(&stats->hll), stats->rows - stats->nulls);
	merged = (int64) rint(olap_distinct_kept_estimate(&stats->distinct));
	return Max(stats->distinct_most, Min(merged, stats->distinct_sum));
}

/* segment: the one that stats are of, 0: all */
static void
put_stats(ReturnSetInfo *rsinfo, Form_pg_attribute att,
		  const ColumnStats *stats, uint32 segment, bool hidden)
{
	Datum		values[STATS_COLS] = {0};
	bool		nulls[STATS_COLS] = {0};
	bool		bounds = !hidden && stats->rows > 0;

	put_text(values, nulls, 0, NameStr(att->attname));
	values[1] = Int64GetDatum(segment);
	nulls[1] = segment == 0;
	put_text(values, nulls, 2, encodings_text(stats));
	values[3] = Int64GetDatum(stats->rows);
	values[4] = Int64GetDatum(stats->nulls);
	values[5] = Int64GetDatum(distinct_values(stats));
	values[6] = Int64GetDatum(stats->raw);
	values[7] = Int64GetDatum(stats->stored);
	put_text(values, nulls, 8,
			 bounds ? bound_text(&stats->zone, &stats->type, false) : NULL);
	put_text(values, nulls, 9,
			 bounds ? bound_text(&stats->zone, &stats->type, true) : NULL);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static void
put_all_stats(ReturnSetInfo *rsinfo, TupleDesc desc, const ColumnStats *stats,
			  uint32 segment, bool hidden)
{
	for (int col = 0; col < desc->natts; col++)
		if (!TupleDescAttr(desc, col)->attisdropped)
			put_stats(rsinfo, TupleDescAttr(desc, col), &stats[col], segment,
					  hidden);
}

Datum
olap_column_stats(PG_FUNCTION_ARGS)
{
	Relation	rel = olap_inspect_open(PG_GETARG_OID(0));
	bool		per_segment = PG_GETARG_BOOL(1);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	TupleDesc	desc = RelationGetDescr(rel);
	bool		hidden = olap_inspect_hidden(RelationGetRelid(rel));
	Size		size = Max(desc->natts, 1) * sizeof(ColumnStats);
	ColumnStats *stats = palloc0(size);
	OlapDirList list;

	InitMaterializedSRF(fcinfo, 0);
	olap_directory_read(rel, &list);
	for (int i = 0; i < list.n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (list.entries[i].kind != OLAP_ENTRY_SEGMENT ||
			!olap_entry_visible(&list.entries[i], GetActiveSnapshot()))
			continue;
		add_segment(stats, desc->natts, rel, &list.entries[i]);
		if (per_segment)
		{
			put_all_stats(rsinfo, desc, stats, list.entries[i].id, hidden);
			for (int col = 0; col < desc->natts; col++)
				olap_hll_free(&stats[col].hll);
			memset(stats, 0, size);
		}
	}
	if (!per_segment)
		put_all_stats(rsinfo, desc, stats, 0, hidden);
	relation_close(rel, NoLock);
	return (Datum) 0;
}

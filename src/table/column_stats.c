/*-------------------------------------------------------------------------
 *
 * column_stats.c
 *		olap.column_stats: how the columns of a table are stored.
 *
 * Everything comes from zone pages and segment headers: no column chunk is read.
 *
 * src/table/column_stats.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/relation.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "segment/parts.h"
#include "segment/segment.h"
#include "segment/visibility.h"
#include "table/inspect.h"

#define STATS_COLS 10

PG_FUNCTION_INFO_V1(olap_column_stats);

extern PGDLLEXPORT Datum olap_column_stats(PG_FUNCTION_ARGS);
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

	olap_inspect_put_text(values, nulls, 0, NameStr(att->attname));
	values[1] = Int64GetDatum(segment);
	nulls[1] = segment == 0;
	olap_inspect_put_text(values, nulls, 2, encodings_text(stats));
	values[3] = Int64GetDatum(stats->rows);
	values[4] = Int64GetDatum(stats->nulls);
	values[5] = Int64GetDatum(distinct_values(stats));
	values[6] = Int64GetDatum(stats->raw);
	values[7] = Int64GetDatum(stats->stored);
	olap_inspect_put_text(values, nulls, 8,
						  bounds ? olap_inspect_bound(&stats->zone, &stats->type, false) : NULL);
	olap_inspect_put_text(values, nulls, 9,
						  bounds ? olap_inspect_bound(&stats->zone, &stats->type, true) : NULL);
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

/*-------------------------------------------------------------------------
 *
 * inspect_parts.c
 *		olap.index_stats(): which sketches, blooms and bitmap indexes a table's
 *		segments have.
 *
 * src/table/inspect_parts.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "meta/options.h"
#include "segment/parts.h"
#include "segment/visibility.h"
#include "table/inspect.h"
#include "table/writer.h"

#define INDEX_STATS_COLS 8

PG_FUNCTION_INFO_V1(olap_index_stats);

extern PGDLLEXPORT Datum olap_index_stats(PG_FUNCTION_ARGS);

static const char *const kind_names[] = {
	[OLAP_PART_HLL] = "hll",
	[OLAP_PART_BLOOM] = "bloom",
	[OLAP_PART_BITMAP] = "bitmap",
};

StaticAssertDecl(lengthof(kind_names) == OLAP_PART_KIND_MAX + 1,
				 "every kind has a name");

static const char *const state_names[] = {
	[OLAP_PART_BUILT] = NULL,
	[OLAP_PART_TYPE] = "type is not supported",
	[OLAP_PART_FEW_VALUES] = "few different values",
	[OLAP_PART_ORDERED] = "zone maps do the same",
};

StaticAssertDecl(lengthof(state_names) == OLAP_PART_STATE_MAX + 1,
				 "every state has a name");

/* Of one column and kind. */
typedef struct PartStats
{
	int64		segments;		/* that have parts of it */
	int64		bytes;
	int64		states[OLAP_PART_STATE_MAX + 1];	/* parts in each */
	uint32		last_segment;	/* that was counted */
} PartStats;

typedef struct TableStats
{
	int			natts;
	PartStats  *parts;			/* [natts][OLAP_PART_KIND_MAX + 1] */
	int64	   *segments;		/* [natts] that have the column */
} TableStats;

static PartStats *
stats_of(const TableStats *stats, int col, int kind)
{
	return &stats->parts[col * (OLAP_PART_KIND_MAX + 1) + kind];
}

static void
add_segment(TableStats *stats, Relation rel, const OlapDirEntry *entry)
{
	OlapSegment *segment = olap_segment_open(rel, entry, CurrentMemoryContext,
											 NULL);
	int			n;
	const OlapSegPart *parts = olap_segment_parts(segment, &n);

	for (int col = 0; col < Min(stats->natts, olap_segment_ncols(segment)); col++)
		stats->segments[col] += !olap_segment_type(segment, col)->dropped;
	for (int i = 0; i < n; i++)
	{
		PartStats  *s;

		if (parts[i].col >= stats->natts)
			continue;
		s = stats_of(stats, parts[i].col, parts[i].kind);
		s->segments += s->last_segment != entry->id;
		s->last_segment = entry->id;
		s->bytes += parts[i].length;
		s->states[parts[i].state]++;
	}
	olap_segment_close(segment);
}

static bool
is_wanted(const OlapOptions *options, int col, int kind)
{
	const AttrNumber *attnos = kind == OLAP_PART_HLL ? options->hll :
		kind == OLAP_PART_BLOOM ? options->bloom : options->bitmap;
	int			n = kind == OLAP_PART_HLL ? options->nhll :
		kind == OLAP_PART_BLOOM ? options->nbloom : options->nbitmap;

	for (int i = 0; i < n; i++)
		if (attnos[i] == col + 1)
			return true;
	return false;
}

static char *
reasons_text(const PartStats *stats)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 1; i <= OLAP_PART_STATE_MAX; i++)
		if (stats->states[i] > 0)
			appendStringInfo(&out, "%s%s: " INT64_FORMAT, out.len > 0 ? ", " : "",
							 state_names[i], stats->states[i]);
	return out.len > 0 ? out.data : NULL;
}

static void
put_stats(ReturnSetInfo *rsinfo, const char *column, const char *kind,
		  bool wanted, int64 segments, const PartStats *stats)
{
	Datum		values[INDEX_STATS_COLS] = {0};
	bool		nulls[INDEX_STATS_COLS] = {0};
	char	   *reasons = reasons_text(stats);

	values[0] = CStringGetTextDatum(column);
	values[1] = CStringGetTextDatum(kind);
	values[2] = BoolGetDatum(wanted);
	values[3] = Int64GetDatum(stats->segments);
	values[4] = Int64GetDatum(segments - stats->segments);
	values[5] = Int64GetDatum(stats->states[OLAP_PART_BUILT]);
	values[6] = Int64GetDatum(stats->bytes);
	nulls[7] = reasons == NULL;
	if (reasons != NULL)
		values[7] = CStringGetTextDatum(reasons);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
}

static void
put_all(ReturnSetInfo *rsinfo, Relation rel, const TableStats *stats)
{
	const OlapOptions *options = olap_options_copy(olap_options_get(rel));

	for (int col = 0; col < stats->natts; col++)
	{
		Form_pg_attribute att = TupleDescAttr(RelationGetDescr(rel), col);

		if (att->attisdropped)
			continue;
		for (int kind = 1; kind <= OLAP_PART_KIND_MAX; kind++)
		{
			PartStats  *s = stats_of(stats, col, kind);
			bool		wanted = is_wanted(options, col, kind);

			if (wanted || s->segments > 0)
				put_stats(rsinfo, NameStr(att->attname), kind_names[kind], wanted,
						  stats->segments[col], s);
		}
	}
}

Datum
olap_index_stats(PG_FUNCTION_ARGS)
{
	Relation	rel = olap_inspect_open(PG_GETARG_OID(0));
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	TableStats	stats;
	OlapDirList list;

	InitMaterializedSRF(fcinfo, 0);
	stats.natts = RelationGetDescr(rel)->natts;
	stats.parts = palloc0((Size) Max(stats.natts, 1) * (OLAP_PART_KIND_MAX + 1) * sizeof(PartStats));
	stats.segments = palloc0(Max(stats.natts, 1) * sizeof(int64));
	olap_directory_read(rel, &list);
	for (int i = 0; i < list.n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (list.entries[i].kind == OLAP_ENTRY_SEGMENT &&
			olap_entry_visible(&list.entries[i], GetActiveSnapshot()))
			add_segment(&stats, rel, &list.entries[i]);
	}
	put_all(rsinfo, rel, &stats);
	relation_close(rel, NoLock);
	return (Datum) 0;
}

/*-------------------------------------------------------------------------
 *
 * agg_by_time.c
 *		OlapAgg: olap.first() and olap.last().
 *
 * A vector's times say which of its rows win.  A value that is a column is read of
 * these rows alone, if there are any; any other expression is computed of every
 * row, as it might fail for one that does not win.
 *
 * src/exec/agg_by_time.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/lsyscache.h"

#include "exec/agg_internal.h"
#include "exec/first_last.h"
#include "exec/scan_node.h"
#include "segment/segment.h"

bool
olap_agg_is_by_time(const AggWork *work)
{
	return work->call.kind == OLAP_AGG_FIRST_BY ||
		work->call.kind == OLAP_AGG_LAST_BY;
}

/* Column col of rows[n] of those that batch selects; the others may be missing. */
static const OlapVector *
read_late(OlapAggNode *node, OlapBatch *batch, int col, const uint16 *rows,
		  uint32 n)
{
	uint16	   *sel = batch->sel;
	uint32		nsel = batch->nsel;
	const OlapVector *v;

	for (uint32 i = 0; i < n; i++)
		node->late_sel[i] = sel == NULL ? rows[i] : sel[rows[i]];
	batch->sel = node->late_sel;
	batch->nsel = n;
	v = olap_batch_column_of_rows(batch, col);
	batch->sel = sel;
	batch->nsel = nsel;
	return v;
}

void
olap_agg_update_by_time(OlapAggNode *node, const AggStage *stage, AggWork *work,
						OlapBatch *batch, const uint32 *gids, bool one_group)
{
	int			col = olap_scanned_column(node->columns, work->call.args[0]);
	const OlapVector *value = NULL,
			   *time;
	const uint16 *rows;
	uint32		n;

	/* in the order in which the server evaluates arguments */
	if (col < 0)
		value = olap_program_eval(stage->program, work->outs[0], batch);
	time = olap_program_eval(stage->program, work->outs[1], batch);
	n = olap_agg_contest(work->agg, one_group ? NULL : gids,
						 gids == NULL ? 0 : gids[0], time, batch->nsel, &rows);
	if (n == 0)
		return;
	if (col >= 0)
	{
		value = read_late(node, batch, col, rows, n);
		rows = node->late_sel;
	}
	olap_agg_settle(work->agg, value, rows);
}

/* ---- row groups that need not be read ---- */

bool
olap_agg_by_time_has_zone(const OlapAggNode *node, const AggWork *work)
{
	return work->call.filter < 0 && olap_scanned_column(node->columns, work->call.args[0]) >= 0 &&
		olap_scanned_column(node->columns, work->call.args[1]) >= 0;
}

bool
olap_agg_by_time_loses(const OlapAggNode *node, const AggWork *work,
					   const OlapSegment *segment, int rg)
{
	const OlapZone *zone = olap_segment_zone(segment,
											 olap_scanned_column(node->columns, work->call.args[1]),
											 rg);

	if (zone == NULL || !olap_zone_is_sane(zone) ||
		zone->nrows != olap_segment_rowgroup_rows(segment, rg))
		return false;
	if (zone->nulls == zone->nrows)
		return true;
	return zone->kind == OLAP_ZONE_INT &&
		!olap_agg_time_wins(work->agg, 0, work->call.kind == OLAP_AGG_LAST_BY ?
							zone->max.i : zone->min.i);
}

/*
 * Rows are stored about in the order of time: if only the last ones are wanted, most
 * row groups lose when the scan begins at the end.
 */
void
olap_agg_by_time_start(OlapAggNode *node)
{
	bool		last = false;

	for (int i = 0; i < node->nworks; i++)
	{
		if (node->works[i].call.kind == OLAP_AGG_LAST_BY)
			last = true;
		else if (node->works[i].call.kind != OLAP_AGG_COUNT)
			return;
	}
	if (!last || !olap_scan_node_backward(node->scan))
		return;
	for (int i = 0; i < node->nworks; i++)
		if (node->works[i].call.kind == OLAP_AGG_LAST_BY)
			olap_agg_reverse(node->works[i].agg);
}

/* ---- states ---- */

/* A time as a Datum. */
static Datum
time_datum(Oid typid, int64 time)
{
	switch (get_typlen(typid))
	{
		case sizeof(int16):
			return Int16GetDatum((int16) time);
		case sizeof(int32):
			return Int32GetDatum((int32) time);
		default:
			return Int64GetDatum(time);
	}
}

Datum
olap_agg_by_time_state(const AggWork *work, const OlapAggValue *value, bool *isnull)
{
	const List *types = work->aggref->aggargtypes;
	bool		no_value;
	Datum		datum;

	*isnull = !value->timed;
	if (*isnull)
		return (Datum) 0;
	datum = olap_agg_call_result(&work->call, value, &work->type, &no_value);
	return PointerGetDatum(olap_first_last_state(work->call.kind == OLAP_AGG_LAST_BY,
												 linitial_oid(types), datum,
												 no_value, lsecond_oid(types),
												 time_datum(lsecond_oid(types),
															value->time)));
}

/*-------------------------------------------------------------------------
 *
 * agg_meta.c
 *		OlapAgg: count, min and max from what segments know of their rows.
 *
 * Of a row group that the snapshot sees whole, and all of whose rows pass (there is
 * no clause, or zone maps prove them), count(*) is its number of rows, count(x)
 * that without the NULLs, and min(x) and max(x) are the bounds of its zone, where
 * these are values of the column and the very ones that the server would return:
 * not a text that was cut, and not a float of several faces (0 and -0, NaN).  Else
 * the row group is read, as are delta rows and row groups with deleted ones.  It adds
 * nothing to first(x, time) and last(x, time) if its zone of time says that no row
 * wins, and nothing to a sketch that has its segment's (agg_sketch.c).
 *
 * src/exec/agg_meta.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "exec/agg_internal.h"
#include "exec/scan_node.h"
#include "segment/segment.h"

/* Can zones answer an aggregate at all? */
static bool
is_answerable(const OlapAggNode *node, const AggWork *work)
{
	if (olap_agg_is_by_time(work))
		return olap_agg_by_time_has_zone(node, work);
	if (olap_agg_sketch_stored(node, work))
		return true;
	if (work->agg == NULL || work->call.filter >= 0 || work->call.nargs > 1 ||
		(work->call.nargs == 1 && olap_scanned_column(node->columns, work->call.args[0]) < 0))
		return false;
	switch (work->call.kind)
	{
		case OLAP_AGG_COUNT:
			return !work->call.distinct;
		case OLAP_AGG_MIN:
		case OLAP_AGG_MAX:
			/* zones have the order of bytes */
			return work->call.nargs == 1 &&
				!olap_agg_call_collated(&work->call, work->aggref);
		default:
			return false;
	}
}

static bool
float_bound(const OlapZoneBound *bound, OlapVector *v)
{
	if (isnan(bound->f) || bound->f == 0)
		return false;
	if (v->phys == OLAP_PHYS_F32)
		olap_vector_append_f32(v, (float) bound->f);
	else if (v->phys == OLAP_PHYS_F64)
		olap_vector_append_f64(v, bound->f);
	else
		return false;
	return true;
}

/* A number of v's representation. */
static bool
int_bound(int64 value, OlapVector *v)
{
	switch (v->phys)
	{
		case OLAP_PHYS_I16:
			olap_vector_append_i16(v, (int16) value);
			return true;
		case OLAP_PHYS_I32:
			olap_vector_append_i32(v, (int32) value);
			return true;
		case OLAP_PHYS_I64:
		case OLAP_PHYS_DEC64:
			olap_vector_append_i64(v, value);
			return true;
		default:
			return false;
	}
}

/*
 * Append the least or greatest value of a zone that has values to v, an empty
 * vector of the column's type.  False if the zone does not say which it is.
 */
static bool
append_bound(const OlapZone *zone, bool least, OlapOrder order, OlapVector *v)
{
	const OlapZoneBound *bound = least ? &zone->min : &zone->max;

	switch ((OlapZoneKind) zone->kind)
	{
		case OLAP_ZONE_INT:
			return order == OLAP_ORDER_INT && int_bound(bound->i, v);
		case OLAP_ZONE_UINT:
			return order == OLAP_ORDER_UINT && v->phys == OLAP_PHYS_I32 &&
				int_bound((int64) bound->u, v);
		case OLAP_ZONE_FLOAT:
			return order == OLAP_ORDER_FLOAT && float_bound(bound, v);
		case OLAP_ZONE_DEC:
			return order == OLAP_ORDER_NUMERIC && v->phys == OLAP_PHYS_DEC64 &&
				v->scale == zone->scale && int_bound(bound->i, v);
		case OLAP_ZONE_BYTES:
			if (order != OLAP_ORDER_BYTES || v->phys != OLAP_PHYS_VAR ||
				(zone->flags & (least ? OLAP_ZONE_MIN_CUT : OLAP_ZONE_MAX_CUT)) != 0)
				return false;
			olap_vector_append_var(v, (const char *) bound->b,
								   least ? zone->min_len : zone->max_len);
			return true;
		case OLAP_ZONE_NONE:
			break;
	}
	return false;
}

/*
 * What one row group adds to an aggregate: a count, or a value in work->fresh (or
 * none).  False: its zone does not say.
 */
static bool
look_up(OlapAggNode *node, AggWork *work, OlapSegment *segment, int rg)
{
	const OlapZone *zone;

	if (olap_agg_is_by_time(work))
		return olap_agg_by_time_loses(node, work, segment, rg);
	if (work->call.kind == OLAP_AGG_HLL)
		return olap_agg_sketch_merged(node, segment);
	work->meta_rows = olap_segment_rowgroup_rows(segment, rg);
	if (work->call.nargs == 0)
		return true;
	zone = olap_segment_zone(segment, olap_scanned_column(node->columns, work->call.args[0]), rg);
	if (zone == NULL || !olap_zone_is_sane(zone) || zone->nrows != work->meta_rows)
		return false;
	work->meta_rows -= zone->nulls;
	if (work->call.kind == OLAP_AGG_COUNT)
		return true;
	olap_vector_reset(&work->fresh, &work->type);
	return work->meta_rows == 0 ||
		append_bound(zone, work->call.kind == OLAP_AGG_MIN, work->call.order,
					 &work->fresh);
}

/* OlapScanTakeRowgroup */
static bool
take_rowgroup(void *arg, OlapSegment *segment, int rg, bool matches)
{
	OlapAggNode *node = arg;

	for (int i = 0; i < node->nworks; i++)
		if (!look_up(node, &node->works[i], segment, rg))
			return false;
	for (int i = 0; i < node->nworks; i++)
	{
		AggWork    *work = &node->works[i];

		if (work->call.kind == OLAP_AGG_COUNT)
			olap_agg_count_rows(work->agg, 0, work->meta_rows);
		else if ((work->call.kind == OLAP_AGG_MIN || work->call.kind == OLAP_AGG_MAX) &&
				 work->fresh.n > 0)
			(void) olap_agg_update_one(work->agg, 0, &work->fresh, 1);
	}
	return true;
}

bool
olap_agg_meta_start(OlapAggNode *node)
{
	if (node->nkeys > 0 || node->input.rest != NULL || node->join != NULL ||
		node->append != NULL)
		return false;
	for (int i = 0; i < node->nworks; i++)
		if (!is_answerable(node, &node->works[i]))
			return false;
	for (int i = 0; i < node->nworks; i++)
		if (node->works[i].call.kind == OLAP_AGG_MIN ||
			node->works[i].call.kind == OLAP_AGG_MAX)
			olap_vector_init(&node->works[i].fresh, &node->works[i].type, 1,
							 node->cxt);
	olap_scan_node_offer(node->scan, take_rowgroup, node);
	olap_agg_by_time_start(node);
	return true;
}

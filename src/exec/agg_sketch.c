/*-------------------------------------------------------------------------
 *
 * agg_sketch.c
 *		OlapAgg: approx_count_distinct from the sketches of segments.
 *
 * A segment of which all rows are seen and pass may have stored sketches of the
 * columns asked for (option hll).  Without GROUP BY they are merged.  Where nothing
 * but such sketches is asked for, that is all, and its rows are not read.  Beside
 * aggregates that zones may answer (agg_meta.c) its row groups are offered one by one
 * nevertheless, as each counts once, whoever reads the others.
 *
 * A sketch of some values that is merged with one of the same values stays what it
 * is: so rows of a segment may be read as well.
 *
 * src/exec/agg_sketch.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "exec/agg_internal.h"
#include "exec/scan_node.h"
#include "segment/parts.h"
#include "sketch/value_hash.h"

/* The column that an aggregate sketches, -1 if it is none of these. */
static int
sketched_column(const OlapAggNode *node, const AggWork *work)
{
	if (work->call.kind != OLAP_AGG_HLL || work->call.filter >= 0)
		return -1;
	return olap_scanned_column(node->columns, work->call.args[0]);
}

bool
olap_agg_sketch_stored(const OlapAggNode *node, const AggWork *work)
{
	return sketched_column(node, work) >= 0;
}

bool
olap_agg_sketch_merged(const OlapAggNode *node, const OlapSegment *segment)
{
	return node->sketched == olap_segment_id(segment);
}

/* OlapScanTake */
static bool
take_segment(void *arg, OlapSegment *segment, bool matches)
{
	OlapAggNode *node = arg;

	for (int i = 0; i < node->nworks; i++)
	{
		AggWork    *work = &node->works[i];

		if (olap_agg_sketch_stored(node, work) &&
			!olap_segment_hll(segment, sketched_column(node, work),
							  olap_hash_kind(work->type.typid, true),
							  olap_agg_hll(work->agg, 0)))
			return false;
	}
	return true;
}

/* OlapScanTake, of a segment whose row groups are offered next. */
static bool
merge_segment(void *arg, OlapSegment *segment, bool matches)
{
	OlapAggNode *node = arg;

	node->sketched = take_segment(arg, segment, matches) ?
		olap_segment_id(segment) : 0;
	return false;
}

void
olap_agg_sketch_start(OlapAggNode *node, bool offered)
{
	int			stored = 0;

	node->sketched = 0;
	if (node->nkeys > 0 || node->input.rest != NULL || node->join != NULL ||
		node->append != NULL)
		return;
	for (int i = 0; i < node->nworks; i++)
		stored += olap_agg_sketch_stored(node, &node->works[i]);
	if (stored > 0 && (stored == node->nworks || offered))
		olap_scan_node_offer_segments(node->scan, stored == node->nworks ?
									  take_segment : merge_segment, node);
}

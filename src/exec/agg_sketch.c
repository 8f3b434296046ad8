/*-------------------------------------------------------------------------
 *
 * agg_sketch.c
 *		OlapAgg: approx_count_distinct from the sketches of segments.
 *
 * Where nothing but sketches of columns is asked for, without GROUP BY, and a
 * segment of which all rows are seen and pass has stored sketches of these columns
 * (option hll), they are merged and its rows are not read.  A sketch of some
 * values that is merged with one of the same values stays what it is: so a
 * segment that turns out not to have all of the sketches may be read as well.
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
	const Var  *var;

	if (work->call.kind != OLAP_AGG_HLL || work->call.filter >= 0)
		return -1;
	var = list_nth(node->columns, work->call.args[0]);
	return IsA(var, Var) && var->varattno > 0 ? var->varattno - 1 : -1;
}

/* OlapScanTake */
static bool
take_segment(void *arg, OlapSegment *segment, bool matches)
{
	OlapAggNode *node = arg;

	for (int i = 0; i < node->nworks; i++)
	{
		AggWork    *work = &node->works[i];

		if (!olap_segment_hll(segment, sketched_column(node, work),
							  olap_hash_kind(work->type.typid, true),
							  olap_agg_hll(work->agg, 0)))
			return false;
	}
	return true;
}

void
olap_agg_sketch_start(OlapAggNode *node)
{
	if (node->nkeys > 0 || node->nworks == 0 || node->input.rest != NULL ||
		node->join != NULL)
		return;
	for (int i = 0; i < node->nworks; i++)
		if (sketched_column(node, &node->works[i]) < 0)
			return;
	olap_scan_node_offer_segments(node->scan, take_segment, node);
}

/*-------------------------------------------------------------------------
 *
 * scan_start.c
 *		OlapScan: which columns it reads, its filter, how its scan begins.
 *
 * The vector form of the clauses is built when the first row is asked for, so
 * parameters of prepared statements and now() prune as constants do; a rescan
 * with other parameters builds it anew.  A clause whose values have no vector
 * form is tested on the emitted rows instead.
 *
 * src/exec/scan_start.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "executor/executor.h"
#include "jit/jit.h"
#include "optimizer/optimizer.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "exec/scan_node_internal.h"
#include "table/writer.h"

/* More zone quals than this are not worth probing. */
#define MAX_ZONE_QUALS 64

/*
 * Only the finished plan knows them: the planner replaces a node's target list
 * after the node was made.
 */
bool *
olap_scan_needed_columns(CustomScan *plan, int natts, bool filter)
{
	bool	   *needed = palloc0(Max(natts, 1) * sizeof(bool));
	Bitmapset  *set = NULL;
	int			x = -1;

	pull_varattnos((Node *) plan->scan.plan.targetlist, plan->scan.scanrelid,
				   &set);
	pull_varattnos((Node *) plan->scan.plan.qual, plan->scan.scanrelid, &set);
	if (filter)
	{
		AttrNumber	order = olap_scan_order_of(plan).attno;

		pull_varattnos((Node *) plan->custom_exprs, plan->scan.scanrelid, &set);
		if (order > 0)
			set = bms_add_member(set, order - FirstLowInvalidHeapAttributeNumber);
	}
	while ((x = bms_next_member(set, x)) >= 0)
	{
		int			attno = x + FirstLowInvalidHeapAttributeNumber;

		if (attno == InvalidAttrNumber)
			return NULL;		/* the whole row */
		if (attno > 0 && attno <= natts)
			needed[attno - 1] = true;
	}
	return needed;
}

/* Values are evaluated now, in the per-scan context. */
static void
build_quals(OlapScanNode *node)
{
	CustomScanState *css = &node->css;
	CustomScan *plan = (CustomScan *) css->ss.ps.plan;
	TupleDesc	desc = RelationGetDescr(css->ss.ss_currentRelation);
	OlapQualContext cxt = {plan->scan.scanrelid, &css->ss.ps,
	css->ss.ps.ps_ExprContext};
	MemoryContext old;
	OlapExpr  **exprs;
	int			jit = css->ss.ps.state->es_jit_flags;
	List	   *unbuilt = NIL;
	ListCell   *lc;
	int			n = 0;

	/* compiling an expression to evaluate it once, at every rescan, is no use */
	css->ss.ps.state->es_jit_flags = PGJIT_NONE;
	node->never = false;
	MemoryContextReset(node->cxt);
	old = MemoryContextSwitchTo(node->cxt);
	exprs = palloc(Max(list_length(plan->custom_exprs), 1) * sizeof(OlapExpr *));
	foreach(lc, plan->custom_exprs)
	{
		OlapExpr   *expr = olap_qual_translate(lfirst(lc), &cxt);

		if (expr == NULL)
		{
			unbuilt = lappend(unbuilt, lfirst(lc));
			continue;
		}
		exprs[n++] = expr;
		node->never |= expr->kind == OLAP_EXPR_CONST && !expr->truth;
	}
	node->zones = palloc(MAX_ZONE_QUALS * sizeof(OlapZoneQual));
	node->nzones = olap_qual_zones(exprs, n, olap_column_types(desc),
								   desc->natts, node->zones, 0, MAX_ZONE_QUALS);
	node->zones_whole = olap_qual_zones_are_whole(exprs, n, node->nzones);
	node->exprs = exprs;
	node->nexprs = n;
	node->filter = n > 0 ? olap_filter_create(exprs, n, node->cxt) : NULL;
	node->unbuilt_clauses = unbuilt;
	css->ss.ps.state->es_jit_flags = jit;
	node->unbuilt = unbuilt == NIL ? NULL : ExecInitQual(unbuilt, &css->ss.ps);
	MemoryContextSwitchTo(old);
	node->built = true;
}

OlapScanTimes *
olap_scan_node_times(CustomScanState *css)
{
	OlapScanNode *node = (OlapScanNode *) css;

	return node->timing ? olap_scan_times(node->scan) : NULL;
}

/* OlapOrderedFilter */
bool
olap_scan_filter_batch(void *arg, OlapBatch *batch)
{
	OlapScanNode *node = arg;
	uint32		before = batch->nsel;
	OlapScanTimes *times = olap_scan_node_times(&node->css);
	OlapWatch	watch;

	if (batch->matches && node->zones_whole)
		return true;
	if (batch->place != node->place)
	{
		olap_filter_new_place(node->filter);
		node->place = batch->place;
	}
	olap_watch_start(times, &watch);
	node->filtered += before - olap_filter_run(node->filter, batch);
	olap_watch_stop(times, &watch, OLAP_PART_FILTER);
	return batch->nsel > 0;
}

bool
olap_scan_test_batch(OlapScanNode *node)
{
	OlapScanTimes *times = olap_scan_node_times(&node->css);
	OlapWatch	watch;
	bool		passes;

	if (node->runtime == NULL)
		return node->filter == NULL || olap_scan_filter_batch(node, node->batch);
	olap_watch_start(times, &watch);
	passes = olap_runtime_run(node->runtime, node->batch, true) &&
		(node->filter == NULL || olap_scan_filter_batch(node, node->batch)) &&
		olap_runtime_run(node->runtime, node->batch, false);
	olap_watch_stop(times, &watch, OLAP_PART_FILTER);
	return passes;
}

bool
olap_scan_rejects_nulls(const OlapScanNode *node, int col)
{
	for (int i = 0; i < node->nzones; i++)
		if (node->zones[i].col == col && node->zones[i].op != OLAP_ZONE_IS_NULL)
			return true;
	return false;
}

static void
start_order(OlapScanNode *node)
{
	Relation	rel = node->css.ss.ss_currentRelation;
	OlapOrderedSpec spec = {.col = node->order.attno - 1,
	.limit = node->order.limit};
	MemoryContext old = MemoryContextSwitchTo(node->cxt);
	OlapColumnType *types = olap_column_types(RelationGetDescr(rel));

	MemoryContextSwitchTo(old);
	if (!olap_sort_kind(&types[spec.col], &spec.sort))
		elog(ERROR, "column %d of \"%s\" has no order", node->order.attno,
			 RelationGetRelationName(rel));
	spec.sort.descending = node->order.descending;
	spec.sort.nulls_first = node->order.nulls_first;
	spec.sort.no_nulls = olap_scan_rejects_nulls(node, spec.col);
	node->ordered = olap_ordered_create(node->scan, &spec, node->emitter,
										node->filter == NULL ? NULL : olap_scan_filter_batch,
										node, node->css.ss.ps.state->es_query_cxt);
}

void
olap_scan_start(OlapScanNode *node)
{
	CustomScanState *css = &node->css;
	MemoryContext old = MemoryContextSwitchTo(css->ss.ps.state->es_query_cxt);

	if (!node->built)
		build_quals(node);
	if (node->unbuilt != NULL && !node->tests_rows)
	{
		/* testing a row needs it in the table's form, filter columns included */
		node->direct = false;
		node->tests_rows = true;
		node->emitter = olap_emitter_create(css->ss.ss_currentRelation,
											node->needed,
											css->ss.ss_ScanTupleSlot,
											css->ss.ps.state->es_query_cxt);
	}
	node->scan = olap_scan_begin(css->ss.ss_currentRelation,
								 css->ss.ps.state->es_snapshot, node->needed,
								 node->zones, node->nzones,
								 node->parallel ? &node->parallel->scan : NULL);
	node->timing = (css->ss.ps.state->es_instrument & INSTRUMENT_TIMER) != 0;
	if (node->timing)
		(void) olap_scan_times(node->scan);
	olap_scan_set_filter(node->scan, node->exprs, node->nexprs);
	if (node->order.attno > 0)
		start_order(node);
	MemoryContextSwitchTo(old);
}

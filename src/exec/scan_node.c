/*-------------------------------------------------------------------------
 *
 * scan_node.c
 *		The OlapScan node: scan, prune and filter in vectors, emit rows.
 *
 * src/exec/scan_node.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "tcop/pquery.h"
#include "utils/portal.h"

#include "exec/agg_node.h"
#include "exec/distinct_on.h"
#include "exec/scan_node_internal.h"
#include "segment/segment.h"
#include "table/writer.h"

static Node *create_state(CustomScan *plan);
static void begin(CustomScanState *css, EState *estate, int eflags);
static TupleTableSlot *exec(CustomScanState *css);
static void rescan(CustomScanState *css);

const CustomScanMethods olap_scan_plan_methods = {
	.CustomName = "OlapScan",
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = "OlapScan",
	.BeginCustomScan = begin,
	.ExecCustomScan = exec,
	.EndCustomScan = olap_scan_node_finish,
	.ReScanCustomScan = rescan,
	.EstimateDSMCustomScan = olap_scan_estimate_dsm,
	.InitializeDSMCustomScan = olap_scan_initialize_dsm,
	.ReInitializeDSMCustomScan = olap_scan_reinitialize_dsm,
	.InitializeWorkerCustomScan = olap_scan_initialize_worker,
	.ShutdownCustomScan = olap_scan_shutdown,
	.ExplainCustomScan = olap_scan_explain,
};

uint64		olap_scan_nodes_begun = 0;

void
olap_exec_init(void)
{
	RegisterCustomScanMethods(&olap_scan_plan_methods);
	olap_agg_node_init();
	olap_distinct_on_init();
	olap_runtime_init();
}

static Node *
create_state(CustomScan *plan)
{
	OlapScanNode *node = palloc0(sizeof(OlapScanNode));

	NodeSetTag(node, T_CustomScanState);
	node->css.methods = &exec_methods;
	return (Node *) node;
}

List *
olap_scan_order_list(const OlapScanOrder *order)
{
	return list_make4_int(order->attno, order->descending, order->nulls_first,
						  order->limit);
}

OlapScanOrder
olap_scan_order_of(const CustomScan *plan)
{
	OlapScanOrder order = {0};

	if (plan->custom_private != NIL)
	{
		order.attno = linitial_int(plan->custom_private);
		order.descending = lsecond_int(plan->custom_private);
		order.nulls_first = lthird_int(plan->custom_private);
		order.limit = lfourth_int(plan->custom_private);
	}
	return order;
}

/* Lists of integers hold no larger numbers: thousands of rows are exact enough. */
#define FILTERED_UNIT 1000.0

List *
olap_scan_filtered_list(double rows)
{
	OlapScanOrder none = {0};

	return lappend_int(olap_scan_order_list(&none),
					   (int) Min(rows / FILTERED_UNIT + 1, (double) PG_INT32_MAX));
}

double
olap_scan_unfiltered_rows(const CustomScan *plan)
{
	return list_length(plan->custom_private) <= 4 ? plan->scan.plan.plan_rows :
		Max(plan->scan.plan.plan_rows,
			list_nth_int(plan->custom_private, 4) * FILTERED_UNIT);
}

/*
 * Could WHERE CURRENT OF ask for the row that the scan is at?  Only of a portal
 * with a name: whatever runs inside one counts, which costs little.
 */
static bool
may_be_cursor(void)
{
	return PortalIsValid(ActivePortal) && ActivePortal->name[0] != '\0';
}

/*
 * An emitter into the result slot, if the target list is made of columns alone
 * and no row is looked at before it goes up; else NULL.
 */
static OlapEmitter *
direct_emitter(CustomScanState *css)
{
	CustomScan *plan = (CustomScan *) css->ss.ps.plan;
	List	   *tlist = plan->scan.plan.targetlist;
	EState	   *estate = css->ss.ps.state;
	AttrNumber *attnos = palloc(Max(list_length(tlist), 1) * sizeof(AttrNumber));
	ListCell   *lc;
	int			n = 0;

	if (css->ss.ps.ps_ProjInfo == NULL || css->ss.ps.qual != NULL ||
		estate->es_epq_active != NULL || may_be_cursor())
		return NULL;
	foreach(lc, tlist)
	{
		Var		   *var = (Var *) lfirst_node(TargetEntry, lc)->expr;

		if (!IsA(var, Var) || var->varno != (int) plan->scan.scanrelid ||
			var->varattno <= 0)
			return NULL;
		attnos[n++] = var->varattno;
	}
	return olap_emitter_create_mapped(attnos, n, css->ss.ps.ps_ResultTupleSlot,
									  estate->es_query_cxt);
}

static void
begin(CustomScanState *css, EState *estate, int eflags)
{
	OlapScanNode *node = (OlapScanNode *) css;
	CustomScan *plan = (CustomScan *) css->ss.ps.plan;
	int			natts = RelationGetDescr(css->ss.ss_currentRelation)->natts;

	olap_scan_nodes_begun++;
	node->cxt = AllocSetContextCreate(estate->es_query_cxt, "OlapScan filter",
									  ALLOCSET_DEFAULT_SIZES);
	node->recheck = ExecInitQual(plan->custom_exprs, &css->ss.ps);
	node->order = olap_scan_order_of(plan);
	node->needed = olap_scan_needed_columns(plan, natts, true);
	node->emitted = olap_scan_needed_columns(plan, natts, false);
	node->emitter = direct_emitter(css);
	node->direct = node->emitter != NULL;
	if (!node->direct)
		node->emitter = olap_emitter_create(css->ss.ss_currentRelation,
											node->emitted,
											css->ss.ss_ScanTupleSlot,
											estate->es_query_cxt);

	/* workers do not see rows that wait in this process's memory */
	if (plan->scan.plan.parallel_aware && !IsParallelWorker() &&
		(eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0)
		olap_writer_flush(css->ss.ss_currentRelation);
}

/* ---- rows ---- */

/* This process's counts. */
OlapScanCounts
olap_scan_own_counts(const OlapScanNode *node)
{
	OlapScanCounts counts = node->done;

	if (node->scan != NULL)
	{
		OlapScanCounts running = {.scan = *olap_scan_stats(node->scan)};

		if (node->ordered != NULL)
			running.ordered = *olap_ordered_stats(node->ordered);
		olap_scan_add_counts(&counts, &running);
	}
	counts.filtered += node->filtered;
	if (node->runtime != NULL)
		counts.runtime = olap_runtime_counts(node->runtime);
	return counts;
}

OlapScanCounts
olap_scan_counts(CustomScanState *css)
{
	OlapScanNode *node = (OlapScanNode *) css;
	OlapScanCounts counts = olap_scan_own_counts(node);

	if (node->had_workers)
		olap_scan_add_participant(&counts, &node->workers);
	return counts;
}

/*
 * The next batch with rows left after the filter; false at the end. The row
 * before its first (behind its last, backward) is the current one then.
 */
static bool
next_batch(OlapScanNode *node, ScanDirection direction)
{
	if (node->never)
		return false;
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (node->runtime != NULL)
			olap_runtime_poll(node->runtime, node->scan);
		node->batch = olap_scan_move(node->scan, direction);
		if (node->slot != NULL)
			*node->slot = olap_scan_own_counts(node);
		if (node->batch == NULL)
			return false;
		if (olap_scan_test_batch(node))
			break;
	}
	node->pos = ScanDirectionIsBackward(direction) ?
		(int32) node->batch->nsel : -1;
	return true;
}

/* Put the next row of the direction into the emitter's slot. */
static inline bool
next_row(OlapScanNode *node, ScanDirection direction)
{
	int			step = ScanDirectionIsBackward(direction) ? -1 : 1;

	if (node->ordered != NULL)
	{
		Assert(step > 0);
		return !node->never && olap_ordered_next(node->ordered);
	}
	/* as unsigned, a position before the first row is behind all as well */
	while (node->batch == NULL ||
		   (uint32) (node->pos + step) >= node->batch->nsel)
	{
		if (!next_batch(node, direction))
			return false;
		olap_emitter_load(node->emitter, node->batch);
	}
	node->pos += step;
	olap_emitter_store(node->emitter, node->pos);
	return true;
}

static TupleTableSlot *
access_next(ScanState *ss)
{
	OlapScanNode *node = (OlapScanNode *) ss;
	TupleTableSlot *slot;

	if (node->scan == NULL)
		olap_scan_start(node);
	slot = node->direct ? ss->ps.ps_ResultTupleSlot : ss->ss_ScanTupleSlot;
	for (;;)
	{
		if (!next_row(node, ss->ps.state->es_direction))
			return ExecClearTuple(slot);
		if (unlikely(node->unbuilt != NULL))
		{
			ResetExprContext(ss->ps.ps_ExprContext);
			ss->ps.ps_ExprContext->ecxt_scantuple = slot;
			if (!ExecQual(node->unbuilt, ss->ps.ps_ExprContext))
				continue;
		}
		return slot;
	}
}

/* EvalPlanQual put a row into the slot: do the vector clauses hold for it? */
static bool
recheck_row(ScanState *ss, TupleTableSlot *slot)
{
	OlapScanNode *node = (OlapScanNode *) ss;

	ss->ps.ps_ExprContext->ecxt_scantuple = slot;
	return ExecQual(node->recheck, ss->ps.ps_ExprContext);
}

static TupleTableSlot *
exec(CustomScanState *css)
{
	OlapScanNode *node = (OlapScanNode *) css;

	/* starting may find that rows must be looked at after all */
	if (node->direct && node->scan == NULL)
		olap_scan_start(node);

	/* nothing to project or test: the slot goes up as it is */
	if (node->direct)
		return access_next(&css->ss);
	if (css->ss.ps.qual == NULL && css->ss.ps.ps_ProjInfo == NULL &&
		css->ss.ps.state->es_epq_active == NULL)
		return access_next(&css->ss);
	return ExecScan(&css->ss, access_next, recheck_row);
}

/* ---- runtime filters ---- */

bool
olap_is_scan_node(const PlanState *ps)
{
	return IsA(ps, CustomScanState) &&
		((const CustomScanState *) ps)->methods == &exec_methods;
}

void
olap_scan_node_filter(CustomScanState *css, OlapJoinKey *key, AttrNumber attno)
{
	OlapScanNode *node = (OlapScanNode *) css;

	/* in the order of a column, units are chosen when the scan starts */
	if (node->order.attno != 0)
		return;
	if (node->runtime == NULL)
		node->runtime = olap_runtime_create(&css->ss.ps);
	olap_runtime_add(node->runtime, key, attno);
}

const OlapRuntimeFilter *
olap_scan_node_runtime(const CustomScanState *css)
{
	return ((const OlapScanNode *) css)->runtime;
}

/* ---- for nodes that take batches ---- */

List *
olap_scan_node_start(CustomScanState *css)
{
	OlapScanNode *node = (OlapScanNode *) css;

	if (node->scan == NULL)
		olap_scan_start(node);
	node->moves = ForwardScanDirection;
	return list_concat_copy(node->unbuilt_clauses, css->ss.ps.plan->qual);
}

bool
olap_scan_node_backward(CustomScanState *css)
{
	OlapScanNode *node = (OlapScanNode *) css;

	if (node->parallel != NULL)
		return false;
	node->moves = BackwardScanDirection;
	olap_scan_from_end(node->scan);
	return true;
}

OlapBatch *
olap_scan_node_move(CustomScanState *css)
{
	OlapScanNode *node = (OlapScanNode *) css;

	return next_batch(node, node->moves) ? node->batch : NULL;
}

OlapTableScan *
olap_scan_node_table(CustomScanState *css)
{
	OlapScanNode *node = (OlapScanNode *) css;

	Assert(node->parallel == NULL && node->order.attno == 0);
	return node->never ? NULL : node->scan;
}

bool
olap_scan_node_test(CustomScanState *css, OlapBatch *batch)
{
	OlapScanNode *node = (OlapScanNode *) css;

	Assert(node->runtime == NULL);
	return batch->nsel > 0 &&
		(node->filter == NULL || olap_scan_filter_batch(node, batch));
}

bool
olap_scan_node_rejects_nulls(CustomScanState *css, int col)
{
	OlapScanNode *node = (OlapScanNode *) css;

	return olap_scan_rejects_nulls(node, col);
}

OlapFilter *
olap_scan_node_column_filter(CustomScanState *css, int col, MemoryContext cxt)
{
	OlapScanNode *node = (OlapScanNode *) css;
	MemoryContext old = MemoryContextSwitchTo(cxt);
	OlapExpr  **exprs = palloc(Max(node->nexprs, 1) * sizeof(OlapExpr *));
	int			n = 0;

	for (int i = 0; i < node->nexprs; i++)
		if (olap_expr_only_column(node->exprs[i]) == col)
			exprs[n++] = olap_expr_copy_as(node->exprs[i], 0);
	MemoryContextSwitchTo(old);
	return n == 0 ? NULL : olap_filter_create(exprs, n, cxt);
}

/* OlapScanTakeRowgroup: if no row of it has to be tested, ask the node above. */
static bool
take_rowgroup(void *arg, OlapSegment *segment, int rg, bool matches)
{
	OlapScanNode *node = arg;

	return (node->filter == NULL || (matches && node->zones_whole)) &&
		node->take(node->take_arg, segment, rg, matches);
}

void
olap_scan_node_offer(CustomScanState *css, OlapScanTakeRowgroup take, void *arg)
{
	OlapScanNode *node = (OlapScanNode *) css;

	node->take = take;
	node->take_arg = arg;
	olap_scan_offer_rowgroups(node->scan, take_rowgroup, node);
}

/* OlapScanTake */
static bool
take_segment(void *arg, OlapSegment *segment, bool matches)
{
	OlapScanNode *node = arg;

	return (node->filter == NULL || (matches && node->zones_whole)) &&
		node->take_segment(node->take_arg, segment, matches);
}

void
olap_scan_node_offer_segments(CustomScanState *css, OlapScanTake take, void *arg)
{
	OlapScanNode *node = (OlapScanNode *) css;

	node->take_segment = take;
	node->take_arg = arg;
	olap_scan_offer_segments(node->scan, take_segment, node);
}

void
olap_scan_stop(OlapScanNode *node)
{
	if (node->scan == NULL)
		return;
	node->done = olap_scan_own_counts(node);
	node->filtered = 0;
	if (node->ordered != NULL)
		olap_ordered_free(node->ordered);
	node->ordered = NULL;
	olap_scan_end(node->scan);
	if (node->runtime != NULL)
		olap_runtime_reset(node->runtime);
	node->scan = NULL;
	node->batch = NULL;
	node->pos = 0;
	node->place = 0;
}

void
olap_scan_node_finish(CustomScanState *css)
{
	olap_scan_stop((OlapScanNode *) css);
}

static void
rescan(CustomScanState *css)
{
	OlapScanNode *node = (OlapScanNode *) css;

	olap_scan_stop(node);
	node->built = false;
	ExecScanReScan(&css->ss);
}

/*-------------------------------------------------------------------------
 *
 * scan_node.c
 *		The OlapScan node: scan, prune and filter in vectors, emit rows.
 *
 * The vector form of the clauses is built when the first row is asked for, so
 * parameters of prepared statements and now() prune as constants do; a rescan
 * with other parameters builds it anew.  A clause whose values have no vector
 * form is tested on the emitted rows instead.
 *
 * src/exec/scan_node.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "executor/executor.h"
#include "jit/jit.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "tcop/pquery.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "exec/agg_node.h"
#include "exec/emit.h"
#include "exec/qual.h"
#include "exec/runtime_internal.h"
#include "exec/scan_node.h"
#include "segment/segment.h"
#include "table/writer.h"

/* More zone quals than this are not worth probing. */
#define MAX_ZONE_QUALS 64

/* In dynamic shared memory of a parallel scan. */
typedef struct ParallelState
{
	OlapScanShared scan;
	int			nworkers;
	OlapScanCounts counts[FLEXIBLE_ARRAY_MEMBER];	/* one a worker */
} ParallelState;

typedef struct OlapScanNode
{
	CustomScanState css;
	MemoryContext cxt;			/* filter and zone quals; reset by a rescan */
	bool		built;
	bool		never;			/* some clause is true of no row at all */
	OlapTableScan *scan;
	OlapBatch  *batch;
	OlapOrdered *ordered;		/* NULL: in the order of places */
	OlapScanOrder order;
	OlapEmitter *emitter;
	bool		direct;			/* it fills the result slot: no projection */
	int32		pos;			/* of the current row in batch */
	uint64		place;			/* of the batch before */
	OlapFilter *filter;			/* NULL: none */
	OlapZoneQual *zones;
	int			nzones;
	bool		zones_whole;	/* they say all that filter does */
	OlapRuntimeFilter *runtime; /* of hash joins above; NULL: none */
	OlapScanTakeRowgroup take;	/* of the node above; NULL: none */
	OlapScanTake take_segment;	/* the same */
	void	   *take_arg;
	ExprState  *unbuilt;		/* clauses without a vector form after all */
	bool		tests_rows;		/* there were such: the emitter fetches all */
	List	   *unbuilt_clauses;
	ExprState  *recheck;		/* all vector clauses, for EvalPlanQual */
	bool	   *needed;			/* NULL: all columns */
	bool	   *emitted;		/* likewise, of rows that pass the filter */
	uint64		filtered;
	OlapScanCounts done;		/* of scans that have ended */
	ScanDirection moves;		/* of olap_scan_node_move() */
	ParallelState *parallel;
	OlapScanCounts *slot;		/* a worker's own place in it */
	OlapScanCounts workers;		/* copied when the shared memory goes */
	bool		had_workers;
} OlapScanNode;

static Node *create_state(CustomScan *plan);
static void begin(CustomScanState *css, EState *estate, int eflags);
static TupleTableSlot *exec(CustomScanState *css);
static void end(CustomScanState *css);
static void rescan(CustomScanState *css);
static Size estimate_dsm(CustomScanState *css, ParallelContext *pcxt);
static void initialize_dsm(CustomScanState *css, ParallelContext *pcxt, void *dsm);
static void reinitialize_dsm(CustomScanState *css, ParallelContext *pcxt, void *dsm);
static void initialize_worker(CustomScanState *css, shm_toc *toc, void *dsm);
static void shutdown_scan(CustomScanState *css);

const CustomScanMethods olap_scan_plan_methods = {
	.CustomName = "OlapScan",
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = "OlapScan",
	.BeginCustomScan = begin,
	.ExecCustomScan = exec,
	.EndCustomScan = end,
	.ReScanCustomScan = rescan,
	.EstimateDSMCustomScan = estimate_dsm,
	.InitializeDSMCustomScan = initialize_dsm,
	.ReInitializeDSMCustomScan = reinitialize_dsm,
	.InitializeWorkerCustomScan = initialize_worker,
	.ShutdownCustomScan = shutdown_scan,
	.ExplainCustomScan = olap_scan_explain,
};

uint64		olap_scan_nodes_begun = 0;

void
olap_exec_init(void)
{
	RegisterCustomScanMethods(&olap_scan_plan_methods);
	olap_agg_node_init();
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

/*
 * The columns that the plan reads, with or without those that only its filter
 * does; NULL for all.  Only the finished plan knows: the planner replaces a
 * node's target list after the node was made.
 */
static bool *
needed_columns(CustomScan *plan, int natts, bool filter)
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
	node->needed = needed_columns(plan, natts, true);
	node->emitted = needed_columns(plan, natts, false);
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

/* ---- building the filter ---- */

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
	node->filter = n > 0 ? olap_filter_create(exprs, n, node->cxt) : NULL;
	node->unbuilt_clauses = unbuilt;
	css->ss.ps.state->es_jit_flags = jit;
	node->unbuilt = unbuilt == NIL ? NULL : ExecInitQual(unbuilt, &css->ss.ps);
	MemoryContextSwitchTo(old);
	node->built = true;
}

/* OlapOrderedFilter */
static bool
filter_batch(void *arg, OlapBatch *batch)
{
	OlapScanNode *node = arg;
	uint32		before = batch->nsel;

	if (batch->matches && node->zones_whole)
		return true;
	if (batch->place != node->place)
	{
		olap_filter_new_place(node->filter);
		node->place = batch->place;
	}
	node->filtered += before - olap_filter_run(node->filter, batch);
	return batch->nsel > 0;
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
	for (int i = 0; i < node->nzones; i++)
		if (node->zones[i].col == spec.col &&
			node->zones[i].op != OLAP_ZONE_IS_NULL)
			spec.sort.no_nulls = true;
	node->ordered = olap_ordered_create(node->scan, &spec, node->emitter,
										node->filter == NULL ? NULL : filter_batch,
										node, node->css.ss.ps.state->es_query_cxt);
}

static void
start_scan(OlapScanNode *node)
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
	if (node->order.attno > 0)
		start_order(node);
	MemoryContextSwitchTo(old);
}

/* ---- rows ---- */

/* This process's counts. */
static OlapScanCounts
own_counts(const OlapScanNode *node)
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
	OlapScanCounts counts = own_counts(node);

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
			*node->slot = own_counts(node);
		if (node->batch == NULL)
			return false;
		if (node->runtime != NULL &&
			!olap_runtime_run(node->runtime, node->batch, true))
			continue;
		if ((node->filter == NULL || filter_batch(node, node->batch)) &&
			(node->runtime == NULL ||
			 olap_runtime_run(node->runtime, node->batch, false)))
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
		start_scan(node);
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
		start_scan(node);

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
		start_scan(node);
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

static void
stop_scan(OlapScanNode *node)
{
	if (node->scan == NULL)
		return;
	node->done = own_counts(node);
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

static void
rescan(CustomScanState *css)
{
	OlapScanNode *node = (OlapScanNode *) css;

	stop_scan(node);
	node->built = false;
	ExecScanReScan(&css->ss);
}

static void
end(CustomScanState *css)
{
	stop_scan((OlapScanNode *) css);
}

/* ---- parallel ---- */

static Size
estimate_dsm(CustomScanState *css, ParallelContext *pcxt)
{
	return add_size(offsetof(ParallelState, counts),
					mul_size(pcxt->nworkers, sizeof(OlapScanCounts)));
}

static void
initialize_dsm(CustomScanState *css, ParallelContext *pcxt, void *dsm)
{
	OlapScanNode *node = (OlapScanNode *) css;

	node->parallel = dsm;
	memset(node->parallel, 0, estimate_dsm(css, pcxt));
	node->parallel->nworkers = pcxt->nworkers;
	olap_scan_shared_init(&node->parallel->scan, css->ss.ss_currentRelation);
}

static void
collect_workers(OlapScanNode *node)
{
	OlapScanCounts round = {0};

	for (int i = 0; i < node->parallel->nworkers; i++)
		olap_scan_add_participant(&round, &node->parallel->counts[i]);
	olap_scan_add_counts(&node->workers, &round);
	node->had_workers = true;
}

static void
reinitialize_dsm(CustomScanState *css, ParallelContext *pcxt, void *dsm)
{
	OlapScanNode *node = (OlapScanNode *) css;

	/* keep what the workers of the round before counted */
	collect_workers(node);
	memset(node->parallel->counts, 0,
		   node->parallel->nworkers * sizeof(OlapScanCounts));
	pg_atomic_write_u64(&node->parallel->scan.next_unit, 0);
}

static void
initialize_worker(CustomScanState *css, shm_toc *toc, void *dsm)
{
	OlapScanNode *node = (OlapScanNode *) css;

	node->parallel = dsm;
	if (ParallelWorkerNumber >= 0 && ParallelWorkerNumber < node->parallel->nworkers)
		node->slot = &node->parallel->counts[ParallelWorkerNumber];
}

/* The shared memory is about to go: workers leave, the leader takes counts. */
static void
shutdown_scan(CustomScanState *css)
{
	OlapScanNode *node = (OlapScanNode *) css;

	if (node->parallel == NULL)
		return;
	if (node->slot != NULL)
		*node->slot = own_counts(node);
	else if (!IsParallelWorker())
		collect_workers(node);
	stop_scan(node);
	node->slot = NULL;
	node->parallel = NULL;
}

/*-------------------------------------------------------------------------
 *
 * agg_node.c
 *		The OlapAgg node: filter, group and aggregate in vectors.
 *
 * src/exec/agg_node.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "exec/agg_internal.h"
#include "exec/agg_node.h"
#include "exec/scan_node.h"
#include "table/writer.h"

static Node *create_state(CustomScan *plan);
static void begin(CustomScanState *css, EState *estate, int eflags);
static TupleTableSlot *exec(CustomScanState *css);
static void end(CustomScanState *css);
static void rescan(CustomScanState *css);

const CustomScanMethods olap_agg_plan_methods = {
	.CustomName = "OlapAgg",
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = "OlapAgg",
	.BeginCustomScan = begin,
	.ExecCustomScan = exec,
	.EndCustomScan = end,
	.ReScanCustomScan = rescan,
	.EstimateDSMCustomScan = olap_agg_estimate_dsm,
	.InitializeDSMCustomScan = olap_agg_initialize_dsm,
	.ReInitializeDSMCustomScan = olap_agg_reinitialize_dsm,
	.InitializeWorkerCustomScan = olap_agg_initialize_worker,
	.ShutdownCustomScan = olap_agg_shutdown,
	.ExplainCustomScan = olap_agg_explain,
};

void
olap_agg_node_init(void)
{
	RegisterCustomScanMethods(&olap_agg_plan_methods);
}

List *
olap_agg_plan_private(List *keys, List *derived, List *calls, List *topn,
					  List *sets, List *groupings, List *join, List *division)
{
	/* in the order of OlapAggPrivate */
	return list_concat(list_make4(keys, derived, calls, topn),
					   list_make4(sets, groupings, join, division));
}

List *
olap_agg_private(const CustomScan *plan, OlapAggPrivate which)
{
	return list_nth(plan->custom_private, which);
}

static Node *
create_state(CustomScan *plan)
{
	OlapAggNode *node = palloc0(sizeof(OlapAggNode));

	NodeSetTag(node, T_CustomScanState);
	node->css.methods = &exec_methods;
	return (Node *) node;
}

static void
begin_works(OlapAggNode *node, CustomScan *plan)
{
	List	   *keys = olap_agg_private(plan, PRIVATE_KEYS);
	List	   *calls = olap_agg_private(plan, PRIVATE_CALLS);

	olap_agg_topn_from_list(olap_agg_private(plan, PRIVATE_TOPN), &node->topn);
	if (node->topn.limit == OLAP_TOPN_BY_EXPRS)
		node->topn_exprs = list_copy_tail(plan->custom_exprs,
										  list_length(plan->custom_exprs) - 2);
	node->derived = olap_agg_private(plan, PRIVATE_DERIVED);
	node->nkeys = list_length(keys);
	node->orders = palloc(Max(node->nkeys, 1) * sizeof(OlapOrder));
	node->key_at = palloc(Max(node->nkeys, 1) * sizeof(int));
	node->nslot_keys = node->nkeys;
	for (int i = 0; i < node->nkeys; i++)
	{
		TargetEntry *tle = list_nth(plan->custom_scan_tlist, i);

		node->orders[i] = list_nth_int(keys, i);
		node->key_at[i] = i;
		olap_agg_check_grouping(exprType((Node *) tle->expr));
	}
	node->nworks = list_length(calls);
	node->works = palloc0(Max(node->nworks, 1) * sizeof(AggWork));
	for (int i = 0; i < node->nworks; i++)
	{
		AggWork    *work = &node->works[i];
		TargetEntry *tle = list_nth(plan->custom_scan_tlist, node->nkeys + i);

		work->aggref = (Aggref *) tle->expr;
		olap_agg_call_from_list(list_nth(calls, i), &work->call);
		olap_agg_check_permission(work->aggref->aggfnoid);
		if (DO_AGGSPLIT_SKIPFINAL(work->aggref->aggsplit))
			olap_agg_partial_begin(work);
	}
}

/* The number of the table that comes first in the plan. */
static Index
first_relid(const CustomScan *plan)
{
	const Plan *top = linitial(plan->custom_plans);

	if (IsA(top, Append))
		top = linitial(((const Append *) top)->appendplans);
	return ((const Scan *) top)->scanrelid;
}

/* Of a join: the other sides, and PostgreSQL's own plan. */
static void
begin_join(OlapAggNode *node, CustomScan *plan, EState *estate, int eflags)
{
	List	   *children = NIL;
	int			n = list_length(plan->custom_plans);

	for (int i = 1; i < n; i++)
		children = lappend(children, ExecInitNode(list_nth(plan->custom_plans, i),
												  estate, eflags));
	node->css.custom_ps = list_concat(node->css.custom_ps, children);
	node->core = llast(children);
	if (node->nscans == 0)
		return;
	node->join = olap_join_create(olap_agg_private(plan, PRIVATE_JOIN),
								  node->scan, first_relid(plan), children,
								  &node->css.ss.ps);
}

/* The columns, of the table or the join, that keys, arguments and FILTERs read. */
static void
begin_columns(OlapAggNode *node)
{
	TupleDesc	desc = node->table_desc;
	Index		varno = ((Scan *) node->scan_plan)->scanrelid;
	Bitmapset  *set = NULL;
	int			x = -1;

	if (node->join != NULL)
	{
		varno = OLAP_JOIN_VARNO;
		node->columns = olap_join_exprs(node->join);
		node->types = olap_join_types(node->join);
		node->natts = olap_join_natts(node->join);
	}
	else
	{
		node->columns = get_tlist_exprs(node->scan_plan->targetlist, true);
		node->types = olap_column_types(desc);
		node->natts = desc->natts;
	}
	node->described = palloc0(Max(list_length(node->columns), 1) *
							  sizeof(const char *));
	node->needed = palloc0(Max(node->natts, 1) * sizeof(bool));
	pull_varattnos((Node *) node->columns, varno, &set);
	while ((x = bms_next_member(set, x)) >= 0)
	{
		int			attno = x + FirstLowInvalidHeapAttributeNumber;

		Assert(attno > 0);
		node->needed[attno - 1] = true;
	}
}

static void
begin(CustomScanState *css, EState *estate, int eflags)
{
	OlapAggNode *node = (OlapAggNode *) css;
	CustomScan *plan = (CustomScan *) css->ss.ps.plan;

	eflags &= ~(EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK);
	olap_agg_scans_begin(node, plan, estate, eflags);
	if (olap_agg_private(plan, PRIVATE_JOIN) != NIL)
		begin_join(node, plan, estate, eflags);
	node->cxt = AllocSetContextCreate(estate->es_query_cxt, "OlapAgg",
									  ALLOCSET_DEFAULT_SIZES);
	node->row_cxt = AllocSetContextCreate(estate->es_query_cxt, "OlapAgg row",
										  ALLOCSET_DEFAULT_SIZES);
	begin_columns(node);
	node->timing = (estate->es_instrument & INSTRUMENT_TIMER) != 0;
	begin_works(node, plan);
	olap_agg_sets_begin(node, plan);
	olap_agg_divided_begin(node, olap_agg_private(plan, PRIVATE_DIVISION));
}

/* The same of PostgreSQL's own plan. */
static bool
next_core_row(OlapAggNode *node)
{
	TupleTableSlot *slot = node->css.ss.ss_ScanTupleSlot;
	TupleTableSlot *row = ExecProcNode(node->core);

	ExecClearTuple(slot);
	if (TupIsNull(row))
		return false;
	slot_getallattrs(row);
	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
	{
		slot->tts_values[i] = row->tts_values[i];
		slot->tts_isnull[i] = row->tts_isnull[i];
	}
	ExecStoreVirtualTuple(slot);
	return true;
}

/* The next group's row in the scan slot; false at the end. */
static bool
next_row(OlapAggNode *node)
{
	instr_time	last;
	bool		found;

	if (node->idle)
		return false;
	if (node->core_runs)
		return next_core_row(node);
	do
	{
		if (node->timing)
			INSTR_TIME_SET_CURRENT(last);
		found = node->family != NULL ? olap_agg_sets_next_row(node) :
			olap_agg_emit(node);
		olap_agg_lap(node, &last, &node->times.output);
	} while (!found && (olap_agg_refill(node) || olap_agg_divided_next(node)));
	return found;
}

/* Have the sides; false if it is not here that rows are joined. */
static bool
start_join(OlapAggNode *node)
{
	bool		fits = olap_join_way(node->join) != OLAP_JOIN_BY_CORE &&
		olap_join_build(node->join, get_hash_memory_limit(), node->cxt);
	OlapJoinWay way = olap_join_decide(node->join, fits);

	if (way == OLAP_JOIN_IN_VECTORS)
		return true;
	olap_agg_discard(node);
	node->core_runs = way == OLAP_JOIN_BY_CORE;
	node->idle = way == OLAP_JOIN_BY_OTHERS;
	return false;
}

/* Take all input, or leave all to PostgreSQL's own plan. */
static void
run(OlapAggNode *node)
{
	/* a join of which all partitions are pruned */
	if (node->core != NULL && node->join == NULL)
	{
		node->core_runs = true;
		return;
	}
	if ((node->join != NULL && !start_join(node)) ||
		(node->nparts > 0 && !olap_agg_divided_start(node)))
		return;
	olap_agg_build(node);
	olap_agg_fill(node);
}

static TupleTableSlot *
exec(CustomScanState *css)
{
	OlapAggNode *node = (OlapAggNode *) css;
	ExprContext *econtext = css->ss.ps.ps_ExprContext;

	if (!node->filled && !node->core_runs && !node->idle)
	{
		olap_agg_scans_rescan_changed(node);
		run(node);
	}
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		ResetExprContext(econtext);
		if (!next_row(node))
			return NULL;
		econtext->ecxt_scantuple = css->ss.ss_ScanTupleSlot;
		if (!ExecQual(css->ss.ps.qual, econtext))
		{
			InstrCountFiltered1(css, 1);
			continue;
		}
		olap_agg_topn_passed(node);
		if (css->ss.ps.ps_ProjInfo == NULL)
			return css->ss.ss_ScanTupleSlot;
		return ExecProject(css->ss.ps.ps_ProjInfo);
	}
}

/*
 * May the groups that are there go out once more?  Not where the server's
 * functions hold states: combining and final functions may change them.
 */
bool
olap_agg_results_repeat(const OlapAggNode *node)
{
	if (node->family != NULL && !node->is_set)
		return node->filled && olap_agg_sets_repeat(node);
	if (!node->filled || node->in_parts || node->nparts > 0 ||
		!olap_agg_ordered_repeats(node))
		return false;
	for (int i = 0; i < node->nworks; i++)
		if (node->works[i].server != NULL)
			return false;
	return true;
}

/*
 * Without a change of parameters the groups are the same: they go up once more.
 */
static void
rescan(CustomScanState *css)
{
	OlapAggNode *node = (OlapAggNode *) css;
	bool		changed = css->ss.ps.chgParam != NULL;
	ListCell   *lc;

	ExecClearTuple(css->ss.ss_ScanTupleSlot);
	foreach(lc, css->custom_ps)
	{
		PlanState  *child = lfirst(lc);

		if (css->ss.ps.chgParam != NULL)
			UpdateChangedParamSet(child, css->ss.ps.chgParam);
		changed |= child->chgParam != NULL;
	}
	if (!changed && olap_agg_results_repeat(node))
	{
		if (node->family != NULL)
			olap_agg_sets_again(node);
		node->next = node->first = node->nout = 0;
		return;
	}
	olap_agg_discard(node);
	node->part = -1;
	foreach(lc, css->custom_ps)
	{
		PlanState  *child = lfirst(lc);

		if (child->chgParam == NULL)
			ExecReScan(child);
	}
}

static void
end(CustomScanState *css)
{
	OlapAggNode *node = (OlapAggNode *) css;
	ListCell   *lc;

	olap_agg_discard(node);
	foreach(lc, css->custom_ps)
		ExecEndNode(lfirst(lc));
}

/*-------------------------------------------------------------------------
 *
 * distinct_on.c
 *		The OlapDistinctOn node: of the rows with equal keys, the first by an order.
 *
 * src/exec/distinct_on.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/tlist.h"
#include "utils/memutils.h"

#include "base/errors.h"
#include "exec/agg_generic.h"
#include "exec/compile.h"
#include "exec/distinct_on_internal.h"
#include "exec/scan_node.h"

/* Of a unit with so few rows, little more is read than they need. */
#define FEW_ROWS 64

static Node *create_state(CustomScan *plan);
static void begin(CustomScanState *css, EState *estate, int eflags);
static TupleTableSlot *exec(CustomScanState *css);
static void end(CustomScanState *css);
static void rescan(CustomScanState *css);

const CustomScanMethods olap_distinct_on_plan_methods = {
	.CustomName = "OlapDistinctOn",
	.CreateCustomScanState = create_state,
};

static const CustomExecMethods exec_methods = {
	.CustomName = "OlapDistinctOn",
	.BeginCustomScan = begin,
	.ExecCustomScan = exec,
	.EndCustomScan = end,
	.ReScanCustomScan = rescan,
	.ExplainCustomScan = olap_distinct_on_explain,
};

void
olap_distinct_on_init(void)
{
	RegisterCustomScanMethods(&olap_distinct_on_plan_methods);
}

List *
olap_distinct_on_private(List *keys, List *directions, int nchecks)
{
	return list_make3(keys, directions, list_make1_int(nchecks));
}

static Node *
create_state(CustomScan *plan)
{
	OlapDistinctOnNode *node = palloc0(sizeof(OlapDistinctOnNode));

	NodeSetTag(node, T_CustomScanState);
	node->css.methods = &exec_methods;
	return (Node *) node;
}

/* ---- begin ---- */

static void
begin_keys(OlapDistinctOnNode *node, CustomScan *plan)
{
	List	   *keys = linitial(plan->custom_private);

	node->nkeys = list_length(keys);
	node->key_orders = palloc(node->nkeys * sizeof(OlapOrder));
	for (int i = 0; i < node->nkeys; i++)
	{
		node->key_orders[i] = list_nth_int(keys, i);
		olap_agg_check_grouping(exprType(list_nth(node->columns, i)));
	}
}

static void
begin_orders(OlapDistinctOnNode *node, CustomScan *plan)
{
	List	   *directions = lsecond(plan->custom_private);

	node->norders = list_length(directions);
	Ensure(node->norders <= OLAP_DISTINCT_ON_ORDERS, "%d sort keys", node->norders);
	node->orders = palloc0(Max(node->norders, 1) * sizeof(DistinctOnOrder));
	for (int o = 0; o < node->norders; o++)
	{
		DistinctOnOrder *order = &node->orders[o];
		List	   *direction = list_nth(directions, o);
		OlapColumnType type = olap_expr_type(list_nth(node->columns,
													  node->nkeys + o));

		order->out = node->nkeys + o;
		Ensure(olap_sort_kind(&type, &order->sort), "type %u has no sort keys",
			   type.typid);
		order->sort.descending = linitial_int(direction);
		order->sort.nulls_first = lsecond_int(direction);
	}
}

static void
begin_emitter(OlapDistinctOnNode *node, CustomScan *plan, EState *estate)
{
	int			n = list_length(plan->custom_scan_tlist);
	AttrNumber *attnos = palloc(n * sizeof(AttrNumber));

	for (int i = 0; i < n; i++)
	{
		TargetEntry *tle = list_nth(plan->custom_scan_tlist, i);

		attnos[i] = castNode(Var, tle->expr)->varattno;
	}
	node->emitter = olap_emitter_create_mapped(attnos, n,
											   node->css.ss.ss_ScanTupleSlot,
											   estate->es_query_cxt);
}

static void
begin(CustomScanState *css, EState *estate, int eflags)
{
	OlapDistinctOnNode *node = (OlapDistinctOnNode *) css;
	CustomScan *plan = (CustomScan *) css->ss.ps.plan;
	PlanState  *child;

	child = ExecInitNode(linitial(plan->custom_plans), estate,
						 eflags & ~(EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK));
	css->custom_ps = list_make1(child);
	node->scan = castNode(CustomScanState, child);
	node->columns = get_tlist_exprs(child->plan->targetlist, true);
	node->cxt = AllocSetContextCreate(estate->es_query_cxt, "OlapDistinctOn",
									  ALLOCSET_DEFAULT_SIZES);
	node->nchecks = linitial_int(lthird(plan->custom_private));
	begin_keys(node, plan);
	begin_orders(node, plan);
	begin_emitter(node, plan, estate);
}

/* ---- winners' rows ---- */

static inline uint64
unit_of(const OlapSortPos *pos)
{
	return pos->key >> DISTINCT_ON_UNIT_BITS;
}

/* Has the unit of node->next few winners?  Asked once a unit. */
static bool
has_few(OlapDistinctOnNode *node)
{
	uint64		unit = unit_of(&node->out[node->next]);
	uint32		i = node->next + FEW_ROWS;

	if (node->next == 0 || unit != node->few_unit)
	{
		node->few_unit = unit;
		node->few = i >= node->nout || unit_of(&node->out[i]) != unit;
	}
	return node->few;
}

/* Load the columns of the winners that are in one vector. */
static void
load_rows(OlapDistinctOnNode *node)
{
	const OlapSortPos *pos = &node->out[node->next];
	const DistinctOnUnit *unit = &node->units[unit_of(pos)];
	uint32		vector = (pos->key & ((1 << DISTINCT_ON_UNIT_BITS) - 1)) >>
		DISTINCT_ON_VECTOR_BITS;
	bool		few = has_few(node);
	uint32		n = 0;
	OlapBatch  *batch;

	(void) olap_scan_open_unit(node->table, unit->place, unit->unit, true);
	batch = olap_scan_load_again(node->table, vector, few);
	while (node->next + n < node->nout &&
		   pos[n].key >> DISTINCT_ON_VECTOR_BITS == pos->key >> DISTINCT_ON_VECTOR_BITS)
	{
		node->kept_sel[n] = pos[n].key & (OLAP_VECTOR_ROWS - 1);
		n++;
	}
	Ensure(node->kept_sel[n - 1] < batch->nrows,
		   "row %u of a vector of %u rows was to be read again",
		   node->kept_sel[n - 1], batch->nrows);
	batch->sel = node->kept_sel;
	batch->nsel = n;
	olap_emitter_load(node->emitter, batch);
	node->next += n;
	node->loaded = n;
	node->pos = 0;
}

/* The next row into the scan slot; false at the end. */
static bool
next_row(OlapDistinctOnNode *node)
{
	while (node->pos == node->loaded)
	{
		CHECK_FOR_INTERRUPTS();
		if (node->next < node->nout)
			load_rows(node);
		else if (!olap_distinct_on_pass(node))
			return false;
	}
	olap_emitter_store(node->emitter, node->pos++);
	node->found++;
	return true;
}

static TupleTableSlot *
exec(CustomScanState *css)
{
	OlapDistinctOnNode *node = (OlapDistinctOnNode *) css;
	ExprContext *econtext = css->ss.ps.ps_ExprContext;
	PlanState  *child = &node->scan->ss.ps;

	if (!node->started)
	{
		if (child->chgParam != NULL)
			ExecReScan(child);
		olap_distinct_on_build(node);
		node->started = true;
	}
	ResetExprContext(econtext);
	if (!next_row(node))
		return NULL;
	econtext->ecxt_scantuple = css->ss.ss_ScanTupleSlot;
	return css->ss.ps.ps_ProjInfo == NULL ? css->ss.ss_ScanTupleSlot :
		ExecProject(css->ss.ps.ps_ProjInfo);
}

/* ---- the end of a run ---- */

static void
discard(OlapDistinctOnNode *node)
{
	if (node->started)
		node->left_out += olap_distinct_on_unopened(node);
	node->started = false;
	node->groups = NULL;
	node->program = NULL;
	node->queue = NULL;
	node->nunits = 0;
	node->nout = node->next = node->loaded = node->pos = 0;
	MemoryContextReset(node->cxt);
}

/*
 * Without a change of parameters the winners are the same: they go up once more, if
 * they are all there.
 */
static void
rescan(CustomScanState *css)
{
	OlapDistinctOnNode *node = (OlapDistinctOnNode *) css;
	PlanState  *child = &node->scan->ss.ps;

	ExecClearTuple(css->ss.ss_ScanTupleSlot);
	if (css->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(child, css->ss.ps.chgParam);
	if (node->started && child->chgParam == NULL)
	{
		node->loaded = node->pos = node->next = 0;
		if (node->part.count > 1 || node->parts != NIL)
			olap_distinct_on_restart(node);
		return;
	}
	discard(node);
	if (child->chgParam == NULL)
		ExecReScan(child);
}

static void
end(CustomScanState *css)
{
	OlapDistinctOnNode *node = (OlapDistinctOnNode *) css;

	discard(node);
	ExecEndNode(&node->scan->ss.ps);
}

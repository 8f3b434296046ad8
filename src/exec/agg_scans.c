/*-------------------------------------------------------------------------
 *
 * agg_scans.c
 *		OlapAgg: the scans that it reads, of a table or of all partitions.
 *
 * Programs are compiled for the columns of the first scan, or of a join.  A partition
 * that was made after a column of the others was dropped, or was attached, may have its
 * columns at other places: its batches are then seen through one that has them where
 * the programs look for them.
 *
 * src/exec/agg_scans.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "executor/execPartition.h"
#include "executor/executor.h"
#include "executor/instrument.h"
#include "optimizer/optimizer.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/errors.h"
#include "exec/agg_internal.h"
#include "exec/compile.h"
#include "exec/scan_node.h"

struct AggScan
{
	CustomScanState *scan;
	int		   *map;			/* by place, -1: not read; NULL: the same places */
	OlapBatch	view;			/* with a map: what the programs see ... */
	OlapBatch  *inner;			/* ... of the scan's batch in hand */
};

/* ---- batches with columns at other places ---- */

/* OlapBatch.load */
static void
load(OlapBatch *batch, int col)
{
	AggScan    *scan = batch->source;

	batch->cols[col] = *olap_batch_column(scan->inner, scan->map[col]);
}

static bool
is_loaded(const OlapBatch *batch, int col)
{
	return batch->loaded == NULL || batch->loaded[col];
}

/* OlapBatch.load_selected: the rows are those that are left of the view. */
static bool
load_selected(OlapBatch *batch, int col)
{
	AggScan    *scan = batch->source;
	OlapBatch  *inner = scan->inner;
	int			at = scan->map[col];

	inner->sel = batch->sel;
	inner->nsel = batch->nsel;
	if (is_loaded(inner, at) || inner->load_selected == NULL ||
		!inner->load_selected(inner, at))
		return false;
	batch->cols[col] = inner->cols[at];
	return true;
}

/* OlapBatch.load_codes */
static bool
load_codes(OlapBatch *batch, int col)
{
	AggScan    *scan = batch->source;
	OlapBatch  *inner = scan->inner;
	int			at = scan->map[col];

	if (is_loaded(inner, at) || inner->load_codes == NULL ||
		!inner->load_codes(inner, at))
		return false;
	batch->cols[col] = inner->cols[at];
	return true;
}

static OlapBatch *
see_through(AggScan *scan, OlapBatch *inner)
{
	OlapBatch  *view = &scan->view;

	scan->inner = inner;
	view->nrows = inner->nrows;
	view->nsel = inner->nsel;
	view->sel = inner->sel;
	view->place = inner->place;
	view->matches = inner->matches;
	memset(view->loaded, 0, view->ncols * sizeof(bool));
	return view;
}

/* The columns that a scan reads, in the order of its expressions. */
static List *
columns_of(const Plan *scan)
{
	return pull_var_clause((Node *) scan->targetlist, 0);
}

/*
 * Have the columns at places, of ncols.  The expressions of all scans differ by where
 * columns are only.
 */
static void
map_columns(AggScan *scan, const List *places, int ncols)
{
	List	   *vars = columns_of(scan->scan->ss.ps.plan);
	int		   *map = palloc(ncols * sizeof(int));
	bool		same = true;
	ListCell   *var,
			   *place;

	Ensure(list_length(vars) == list_length(places),
		   "a scan has %d columns, another %d", list_length(vars),
		   list_length(places));
	memset(map, 0xFF, ncols * sizeof(int));
	forboth(var, vars, place, places)
	{
		map[lfirst_int(place) - 1] = lfirst_node(Var, var)->varattno - 1;
		same &= lfirst_node(Var, var)->varattno == lfirst_int(place);
	}
	if (same)
	{
		pfree(map);
		return;
	}
	scan->map = map;
	scan->view.ncols = ncols;
	scan->view.cols = palloc0(ncols * sizeof(OlapVector));
	scan->view.loaded = palloc0(ncols * sizeof(bool));
	scan->view.load = load;
	scan->view.load_selected = load_selected;
	scan->view.load_codes = load_codes;
	scan->view.source = scan;
}

/* Where the programs find columns: as the join says, or as in the first scan. */
static void
map_scans(OlapAggNode *node, const List *join)
{
	List	   *places = NIL;
	int			ncols = node->table_desc->natts;
	ListCell   *lc;

	if (join != NIL)
	{
		ncols = linitial_int(lfourth(join));
		places = list_copy_tail(lfourth(join), 1);
	}
	else
		foreach(lc, columns_of(node->scan_plan))
			places = lappend_int(places, lfirst_node(Var, lc)->varattno);
	for (int i = 0; i < node->nscans; i++)
		map_columns(&node->scans[i], places, ncols);
}

/* ---- the table, or the partitions ---- */

/* All partitions were pruned: the columns are those of the first one all the same. */
static TupleDesc
copy_desc(EState *estate, const Plan *scan)
{
	RangeTblEntry *rte = exec_rt_fetch(((const Scan *) scan)->scanrelid, estate);
	Relation	rel = table_open(rte->relid, AccessShareLock);
	TupleDesc	desc = CreateTupleDescCopy(RelationGetDescr(rel));

	table_close(rel, NoLock);
	return desc;
}

/*
 * The scans are children of an Append that is not executed: it prunes partitions, when
 * it is begun and by parameters.
 */
void
olap_agg_scans_begin(OlapAggNode *node, CustomScan *plan, EState *estate,
					 int eflags)
{
	Plan	   *top = linitial(plan->custom_plans);
	PlanState  *child = ExecInitNode(top, estate, eflags);
	PlanState **scans = &child;

	node->css.custom_ps = list_make1(child);
	node->nscans = 1;
	node->scan_plan = top;
	if (IsA(child, AppendState))
	{
		node->append = (AppendState *) child;
		node->nscans = node->append->as_nplans;
		scans = node->append->appendplans;
		node->scan_plan = linitial(((Append *) top)->appendplans);
	}
	node->scans = palloc0(node->nscans * sizeof(AggScan));
	for (int i = 0; i < node->nscans; i++)
		node->scans[i].scan = castNode(CustomScanState, scans[i]);
	if (node->nscans == 0)
	{
		node->table_desc = copy_desc(estate, node->scan_plan);
		return;
	}
	node->scan = node->scans[0].scan;
	node->scan_plan = node->scan->ss.ps.plan;
	node->table_desc = RelationGetDescr(node->scan->ss.ss_currentRelation);
	map_scans(node, olap_agg_private(plan, PRIVATE_JOIN));
}

CustomScanState *
olap_agg_scan(const OlapAggNode *node, int i)
{
	return node->scans[i].scan;
}

void
olap_agg_scans_rescan_changed(OlapAggNode *node)
{
	if (node->append != NULL && node->append->ps.chgParam != NULL)
		ExecReScan(&node->append->ps);
	for (int i = 0; i < node->nscans; i++)
		if (node->scans[i].scan->ss.ps.chgParam != NULL)
			ExecReScan(&node->scans[i].scan->ss.ps);
}

OlapProgram *
olap_agg_scans_compile(OlapAggNode *node, List *exprs)
{
	PlanState  *parent = node->scan == NULL ? &node->css.ss.ps :
		&node->scan->ss.ps;
	OlapCompileContext compile = {
		.varno = ((Scan *) node->scan_plan)->scanrelid,
		.desc = node->table_desc,
		.parent = parent,
		.econtext = parent->ps_ExprContext,
	};

	return olap_compile(exprs, &compile, node->cxt);
}

/* ---- one after the other ---- */

/* Begin with the next scan that is not pruned; none: at_scan is nscans. */
static void
start_next(OlapAggNode *node)
{
	MemoryContext old;

	do
		node->at_scan++;
	while (node->prunes && node->at_scan < node->nscans &&
		   !bms_is_member(node->at_scan, node->unpruned));
	if (node->at_scan >= node->nscans)
		return;
	old = MemoryContextSwitchTo(node->cxt);
	olap_batch_input_start(&node->input, node->scans[node->at_scan].scan, node->cxt);
	MemoryContextSwitchTo(old);
}

void
olap_agg_scans_start(OlapAggNode *node)
{
	struct PartitionPruneState *prune = node->append == NULL ? NULL :
		node->append->as_prune_state;

	node->prunes = prune != NULL && prune->do_exec_prune && node->nscans > 0;
	if (node->prunes)
		node->unpruned = olap_find_matching_subplans(prune);
	memset(&node->input, 0, sizeof(node->input));
	node->at_scan = -1;
	start_next(node);
}

static OlapBatch *
next_batch(OlapAggNode *node)
{
	while (node->at_scan < node->nscans)
	{
		AggScan    *scan = &node->scans[node->at_scan];
		OlapBatch  *batch = olap_batch_input_next(&node->input);

		if (batch != NULL)
			return scan->map == NULL ? batch : see_through(scan, batch);
		if (node->append == NULL)
			break;
		/* nothing of it is kept: there may be thousands */
		olap_scan_node_finish(scan->scan);
		if (node->input.rest != NULL)
			olap_program_free(node->input.rest);
		node->input.rest = NULL;
		olap_agg_new_place(node);
		start_next(node);
	}
	return NULL;
}

OlapBatch *
olap_agg_scans_next(OlapAggNode *node)
{
	Instrumentation *instrument = node->append == NULL ? NULL :
		node->append->ps.instrument;
	OlapBatch  *batch;

	if (instrument != NULL)
		InstrStartNode(instrument);
	batch = next_batch(node);
	if (instrument != NULL)
		InstrStopNode(instrument, batch == NULL ? 0 : batch->nsel);
	return batch;
}

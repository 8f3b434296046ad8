/*-------------------------------------------------------------------------
 *
 * agg_scans.c
 *		OlapAgg: the scans that it reads, of a table or of all partitions.
 *
 * Programs are compiled for the columns of the first scan.  A partition that was made
 * after a column of the others was dropped, or was attached, may have its columns at
 * other places: its batches are then seen through one that has them where the first
 * scan has them.
 *
 * src/exec/agg_scans.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/errors.h"
#include "exec/agg_internal.h"
#include "exec/scan_node.h"

struct AggScan
{
	CustomScanState *scan;
	int		   *map;			/* [ncols of the first]: -1 not read; NULL: the same */
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

/* Where the columns of the first scan are; the expressions differ by that only. */
static void
map_columns(AggScan *scan, const AggScan *first)
{
	List	   *vars = pull_var_clause((Node *) scan->scan->ss.ps.plan->targetlist,
									   PVC_RECURSE_PLACEHOLDERS);
	List	   *firsts = pull_var_clause((Node *) first->scan->ss.ps.plan->targetlist,
										 PVC_RECURSE_PLACEHOLDERS);
	int			ncols = RelationGetDescr(first->scan->ss.ss_currentRelation)->natts;
	int		   *map = palloc(ncols * sizeof(int));
	bool		same = true;
	ListCell   *var,
			   *at;

	Ensure(list_length(vars) == list_length(firsts),
		   "a partition is asked for %d columns, another for %d",
		   list_length(vars), list_length(firsts));
	memset(map, 0xFF, ncols * sizeof(int));
	forboth(var, vars, at, firsts)
	{
		int			to = lfirst_node(Var, var)->varattno - 1;
		int			from = lfirst_node(Var, at)->varattno - 1;

		same &= to == from;
		map[from] = to;
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

/* ---- one after the other ---- */

void
olap_agg_scans_begin(OlapAggNode *node, CustomScan *plan, EState *estate,
					 int eflags)
{
	node->nscans = olap_agg_private(plan, PRIVATE_JOIN) != NIL ? 1 :
		list_length(plan->custom_plans);
	node->scans = palloc0(node->nscans * sizeof(AggScan));
	for (int i = 0; i < node->nscans; i++)
	{
		PlanState  *child = ExecInitNode(list_nth(plan->custom_plans, i), estate,
										 eflags);

		node->scans[i].scan = castNode(CustomScanState, child);
		node->css.custom_ps = lappend(node->css.custom_ps, child);
		if (i > 0)
			map_columns(&node->scans[i], &node->scans[0]);
	}
	node->scan = node->scans[0].scan;
}

void
olap_agg_scans_rescan_changed(OlapAggNode *node)
{
	for (int i = 0; i < node->nscans; i++)
		if (node->scans[i].scan->ss.ps.chgParam != NULL)
			ExecReScan(&node->scans[i].scan->ss.ps);
}

static void
start(OlapAggNode *node, int i)
{
	MemoryContext old = MemoryContextSwitchTo(node->cxt);

	node->at_scan = i;
	olap_batch_input_start(&node->input, node->scans[i].scan, node->cxt);
	MemoryContextSwitchTo(old);
}

void
olap_agg_scans_start(OlapAggNode *node)
{
	start(node, 0);
}

OlapBatch *
olap_agg_scans_next(OlapAggNode *node)
{
	OlapBatch  *batch;

	while ((batch = olap_batch_input_next(&node->input)) == NULL &&
		   node->at_scan + 1 < node->nscans)
	{
		/* not kept open: there may be thousands */
		olap_scan_node_finish(node->scans[node->at_scan].scan);
		olap_agg_new_place(node);
		start(node, node->at_scan + 1);
	}
	if (batch != NULL && node->scans[node->at_scan].map != NULL)
		batch = see_through(&node->scans[node->at_scan], batch);
	return batch;
}

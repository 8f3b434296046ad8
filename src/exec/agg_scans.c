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

#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/errors.h"
#include "exec/agg_internal.h"
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
columns_of(const AggScan *scan)
{
	return pull_var_clause((Node *) scan->scan->ss.ps.plan->targetlist, 0);
}

/*
 * Have the columns at places, of ncols.  The expressions of all scans differ by where
 * columns are only.
 */
static void
map_columns(AggScan *scan, const List *places, int ncols)
{
	List	   *vars = columns_of(scan);
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
	int			ncols;

	if (join != NIL)
	{
		ncols = linitial_int(lfourth(join));
		places = list_copy_tail(lfourth(join), 1);
	}
	else
	{
		ListCell   *lc;

		ncols = RelationGetDescr(node->scan->ss.ss_currentRelation)->natts;
		foreach(lc, columns_of(&node->scans[0]))
			places = lappend_int(places, lfirst_node(Var, lc)->varattno);
	}
	for (int i = 0; i < node->nscans; i++)
		map_columns(&node->scans[i], places, ncols);
}

/* ---- one after the other ---- */

void
olap_agg_scans_begin(OlapAggNode *node, CustomScan *plan, EState *estate,
					 int eflags)
{
	const List *join = olap_agg_private(plan, PRIVATE_JOIN);

	/* of a join the sides come behind, then PostgreSQL's own plan */
	node->nplans = list_length(plan->custom_plans) -
		(join != NIL ? list_length(lsecond(join)) + 1 : 0);
	node->scans = palloc0(node->nplans * sizeof(AggScan));
	for (int i = 0; i < node->nplans; i++)
	{
		Plan	   *scan = list_nth(plan->custom_plans, i);
		PlanState  *child;

		/* in that plan: it has no row here either */
		if (olap_relation_is_pruned(estate, ((Scan *) scan)->scanrelid))
			continue;
		child = ExecInitNode(scan, estate, eflags);
		node->scans[node->nscans++].scan = castNode(CustomScanState, child);
		node->css.custom_ps = lappend(node->css.custom_ps, child);
	}
	if (node->nscans == 0)
		return;
	node->scan = node->scans[0].scan;
	map_scans(node, join);
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

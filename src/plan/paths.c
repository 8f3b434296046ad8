/*-------------------------------------------------------------------------
 *
 * paths.c
 *		OlapScan paths for tables of ours, and the plan made of one.
 *
 * An OlapScan replaces the sequential scan (serial and partial) of a base
 * relation and obeys enable_seqscan; index paths stay and compete by cost.  Which clauses have a vector
 * form is decided by whitelist here; the rest stays PostgreSQL's.
 *
 * src/plan/paths.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/sysattr.h"
#include "access/table.h"
#include "nodes/makefuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/rel.h"

#include "base/compat_planner.h"
#include "base/guc.h"
#include "exec/qual.h"
#include "exec/scan_node.h"
#include "plan/bitmap_cost.h"
#include "plan/order_paths.h"
#include "plan/paths.h"
#include "table/ddl.h"
#include "table/overlap.h"
#include "table/writer.h"

/*
 * Work a row in units of cpu_tuple_cost and cpu_operator_cost: emitting a row
 * from vectors costs about a third of deforming a heap tuple, testing one in a
 * kernel a twentieth of an operator call.
 */
#define EMIT_FACTOR 0.3
#define KERNEL_FACTOR 0.05
/* Looking a row up in a runtime filter takes as long as so many tests. */
#define PROBE_KERNELS 10

/*
 * Pages that every scan reads before it finds a row: metapage and directory. It
 * makes a scan of a small table dearer than the lookup of one key, as it is.
 */
#define START_PAGES 2

static set_rel_pathlist_hook_type previous_hook = NULL;

static Plan *plan_scan(PlannerInfo *root, RelOptInfo *rel, CustomPath *best,
					   List *tlist, List *clauses, List *custom_plans);

static const CustomPathMethods path_methods = {
	.CustomName = "OlapScan",
	.PlanCustomPath = plan_scan,
};

/* May this clause run before the others, and has it a vector form? */
static bool
is_vector_clause(RelOptInfo *rel, RestrictInfo *rinfo)
{
	OlapQualContext cxt = {rel->relid, NULL, NULL};

	if (rinfo->pseudoconstant)
		return false;
	if (rinfo->security_level > rel->baserestrict_min_security &&
		!rinfo->leakproof)
		return false;
	return olap_qual_translate(rinfo->clause, &cxt) != NULL;
}

/* Attributes of rel in node, system columns included, offset as usual. */
static Bitmapset *
attributes_of(Node *node, Index relid, Bitmapset *set)
{
	pull_varattnos(node, relid, &set);
	return set;
}

static Bitmapset *
needed_attributes(RelOptInfo *rel)
{
	Bitmapset  *set = attributes_of((Node *) rel->reltarget->exprs, rel->relid, NULL);
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
		set = attributes_of((Node *) ((RestrictInfo *) lfirst(lc))->clause,
							rel->relid, set);
	return set;
}

/* System columns that a vector row has: tableoid and ctid only. */
static bool
needs_header(const Bitmapset *set)
{
	int			x = -1;

	while ((x = bms_next_member(set, x)) >= 0)
	{
		int			attno = x + FirstLowInvalidHeapAttributeNumber;

		if (attno < 0 && attno != TableOidAttributeNumber &&
			attno != SelfItemPointerAttributeNumber)
			return true;
	}
	return false;
}

/* Part of the table's columns that will be read. */
double
olap_column_fraction(RelOptInfo *rel, const Bitmapset *set)
{
	int			n = 0,
				x = -1;

	while ((x = bms_next_member(set, x)) >= 0)
	{
		int			attno = x + FirstLowInvalidHeapAttributeNumber;

		if (attno == 0)
			return 1.0;
		if (attno > 0)
			n++;
	}
	return (double) n / Max(rel->max_attr, 1);
}

/*
 * The part of the rows that zone maps leave to be read for a clause: where its
 * matches are, and what lies beside them.
 */
static double
clause_part(PlannerInfo *root, RelOptInfo *rel, Relation relation,
			const OlapColumnType *types, RestrictInfo *rinfo)
{
	Node	   *clause = (Node *) rinfo->clause;
	OlapSortSpec spec;
	Bitmapset  *set = attributes_of(clause, rel->relid, NULL);
	double		values = 1;
	int			attno;

	if (IsA(clause, ScalarArrayOpExpr))
		values = estimate_array_length(root, lsecond(((ScalarArrayOpExpr *) clause)->args));
	else if (!IsA(clause, OpExpr))
		return 1;
	if (!bms_get_singleton_member(set, &attno))
		return 1;
	attno += FirstLowInvalidHeapAttributeNumber;
	if (attno <= 0 || attno > RelationGetDescr(relation)->natts)
		return 1;
	(void) olap_sort_kind(&types[attno - 1], &spec);
	if (spec.kind == OLAP_ZONE_NONE)
		return 1;
	return Min(1, clause_selectivity(root, (Node *) rinfo, rel->relid, JOIN_INNER,
									 NULL) +
			   values * olap_overlap(relation, attno - 1, &spec));
}

/* The part of the rows that zone maps leave for a list of keys. */
static double
keys_part(PlannerInfo *root, RelOptInfo *rel, List *attnos, double left, double keys)
{
	Relation	relation = table_open(planner_rt_fetch(rel->relid, root)->relid, NoLock);
	OlapColumnType *types = olap_column_types(RelationGetDescr(relation));
	double		part = 1;
	ListCell   *lc;

	foreach(lc, attnos)
	{
		int			col = lfirst_int(lc) - 1;
		OlapSortSpec spec;

		(void) olap_sort_kind(&types[col], &spec);
		if (spec.kind != OLAP_ZONE_NONE)
			part = Min(part, left + keys * olap_overlap(relation, col, &spec));
	}
	table_close(relation, NoLock);
	return part;
}

void
olap_plan_work(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte,
			   OlapPlanWork *work)
{
	Relation	relation = table_open(rte->relid, NoLock);
	OlapColumnType *types = olap_column_types(RelationGetDescr(relation));
	const OlapOptions *options = olap_options_copy(olap_options_get(relation));
	List	   *vector = NIL;
	List	   *bare = NIL;
	ListCell   *lc;

	memset(work, 0, sizeof(*work));
	work->read = 1;
	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst(lc);
		QualCost	cost;

		if (is_vector_clause(rel, rinfo))
		{
			work->filter = attributes_of((Node *) rinfo->clause, rel->relid,
										 work->filter);
			vector = lappend(vector, rinfo);
			work->kernels += 1;
			work->read = Min(work->read,
							 clause_part(root, rel, relation, types, rinfo));
			bare = lappend(bare, rinfo->clause);
			continue;
		}
		cost_qual_eval_node(&cost, (Node *) rinfo->clause, root);
		work->rest.startup += cost.startup;
		work->rest.per_tuple += cost.per_tuple;
	}
	table_close(relation, NoLock);
	work->read = Min(work->read, olap_bitmap_read_part(root, rel, options, bare));
	work->tuples = Max(rel->tuples, 1);
	work->vector_rows =
		clamp_row_est(work->tuples * clauselist_selectivity(root, vector,
															rel->relid,
															JOIN_INNER, NULL));
}

/*
 * The part of the columns that is read. A runtime filter has columns that only rows
 * which it leaves need, and vectors without such rows are passed over.
 */
static double
column_part(RelOptInfo *rel, const OlapScanPath *scan)
{
	double		all = olap_column_fraction(rel, scan->set);
	double		filter;
	double		rows;

	if (scan->left >= 1)
		return all;
	filter = Min(olap_column_fraction(rel, scan->work.filter), all);
	rows = scan->work.vector_rows * scan->left /
		Max(scan->work.tuples * scan->work.read, 1);
	return filter + (all - filter) * (1 - exp(-rows * OLAP_VECTOR_ROWS));
}

/* Expects path->rows of all participants. */
static void
cost_scan(RelOptInfo *rel, OlapScanPath *scan, Cost emit)
{
	const OlapPlanWork *work = &scan->work;
	Path	   *path = &scan->cpath.path;
	Cost		io,
				cpu;

	io = rel->pages * column_part(rel, scan) * work->read * seq_page_cost;
	cpu = work->tuples * work->read * olap_kernel_cost(work->kernels) +
		work->vector_rows * scan->left * emit +
		path->rows * path->pathtarget->cost.per_tuple;

	if (path->parallel_workers > 0)
	{
		double		divisor = path->parallel_workers;

		if (parallel_leader_participation)
			divisor += Max(0.0, 1.0 - 0.3 * path->parallel_workers);
		cpu /= divisor;
		path->rows = clamp_row_est(path->rows / divisor);
	}
	path->startup_cost = START_PAGES * random_page_cost + work->rest.startup +
		path->pathtarget->cost.startup + scan->make;
	path->total_cost = path->startup_cost + io + cpu;
	olap_path_set_enabled(path, enable_seqscan);
}

Cost
olap_kernel_cost(double kernels)
{
	return cpu_operator_cost * KERNEL_FACTOR * kernels;
}

Cost
olap_emit_cost(const OlapPlanWork *work)
{
	return cpu_tuple_cost * EMIT_FACTOR + work->rest.per_tuple;
}

CustomPath *
olap_scan_path(PlannerInfo *root, RelOptInfo *rel, int workers,
			   const Bitmapset *set, const OlapPlanWork *work)
{
	OlapScanPath *scan = (OlapScanPath *) newNode(sizeof(OlapScanPath), T_CustomPath);
	CustomPath *cpath = &scan->cpath;

	cpath->path.pathtype = T_CustomScan;
	cpath->path.parent = rel;
	cpath->path.pathtarget = rel->reltarget;
	cpath->path.param_info = get_baserel_parampathinfo(root, rel,
													   rel->lateral_relids);
	cpath->path.parallel_aware = workers > 0;
	cpath->path.parallel_safe = rel->consider_parallel;
	cpath->path.parallel_workers = workers;
	cpath->path.rows = cpath->path.param_info ?
		cpath->path.param_info->ppi_rows : rel->rows;
	cpath->flags = CUSTOMPATH_SUPPORT_PROJECTION |
		CUSTOMPATH_SUPPORT_BACKWARD_SCAN;
	cpath->methods = &path_methods;
	scan->work = *work;
	scan->set = set;
	scan->left = 1;
	cost_scan(rel, scan, olap_emit_cost(work));
	return cpath;
}

OlapScanPath *
olap_plain_scan_path(Path *path)
{
	if (!IsA(path, CustomPath) || path->param_info != NULL ||
		path->pathkeys != NIL || ((CustomPath *) path)->methods != &path_methods)
		return NULL;
	return (OlapScanPath *) path;
}

Path *
olap_filtered_scan_path(PlannerInfo *root, const OlapScanPath *scan, List *attnos,
						double left, double keys, Cost make)
{
	RelOptInfo *rel = scan->cpath.path.parent;
	OlapScanPath *copy = (OlapScanPath *) newNode(sizeof(OlapScanPath), T_CustomPath);
	Path	   *path = &copy->cpath.path;
	ListCell   *lc;

	memcpy(copy, scan, sizeof(OlapScanPath));
	copy->left *= left;
	copy->make += make;
	copy->work.kernels += list_length(attnos) * PROBE_KERNELS;
	copy->work.filter = bms_copy(scan->work.filter);
	foreach(lc, attnos)
		copy->work.filter = bms_add_member(copy->work.filter,
										   lfirst_int(lc) - FirstLowInvalidHeapAttributeNumber);
	if (keys <= OLAP_KEY_LIST_MAX)
		copy->work.read = Min(copy->work.read,
							  keys_part(root, rel, attnos, left, keys));
	path->rows = rel->rows * copy->left;
	cost_scan(rel, copy, olap_emit_cost(&copy->work));
	path->rows = clamp_row_est(path->rows);
	copy->cpath.custom_private = olap_scan_filtered_list(path->rows / copy->left);
	return path;
}

/* The list without plain sequential scans. */
static List *
without_seqscan(List *paths)
{
	List	   *left = NIL;
	ListCell   *lc;

	foreach(lc, paths)
		if (((Path *) lfirst(lc))->pathtype != T_SeqScan)
			left = lappend(left, lfirst(lc));
	return left;
}

static bool
is_our_rel(RelOptInfo *rel, RangeTblEntry *rte)
{
	Relation	relation;
	bool		ours;

	if (!olap_guc_enable_scan || rte->rtekind != RTE_RELATION || rte->inh ||
		rte->tablesample != NULL || IS_DUMMY_REL(rel) ||
		(rte->relkind != RELKIND_RELATION && rte->relkind != RELKIND_MATVIEW) ||
		(rel->reloptkind != RELOPT_BASEREL &&
		 rel->reloptkind != RELOPT_OTHER_MEMBER_REL))
		return false;
	relation = table_open(rte->relid, NoLock);
	ours = OidIsValid(relation->rd_rel->relam) &&
		relation->rd_rel->relam == olap_am_oid();
	table_close(relation, NoLock);
	return ours;
}

static void
set_rel_pathlist(PlannerInfo *root, RelOptInfo *rel, Index rti,
				 RangeTblEntry *rte)
{
	OlapPlanWork work;
	Bitmapset  *set;

	if (previous_hook)
		previous_hook(root, rel, rti, rte);
	if (!is_our_rel(rel, rte))
		return;
	set = needed_attributes(rel);
	if (needs_header(set))
		return;

	rel->pathlist = without_seqscan(rel->pathlist);
	rel->partial_pathlist = without_seqscan(rel->partial_pathlist);
	olap_plan_work(root, rel, rte, &work);
	add_path(rel, &olap_scan_path(root, rel, 0, set, &work)->path);
	if (olap_guc_enable_order)
		olap_add_ordered_paths(root, rel, rte, set, &work);
	if (rel->consider_parallel && bms_is_empty(rel->lateral_relids))
	{
		int			workers = compute_parallel_worker(rel, rel->pages, -1,
													  max_parallel_workers_per_gather);

		if (workers > 0)
			add_partial_path(rel, &olap_scan_path(root, rel, workers, set,
												  &work)->path);
	}
}

bool
olap_rel_is_ours(PlannerInfo *root, RelOptInfo *rel)
{
	return is_our_rel(rel, planner_rt_fetch(rel->relid, root));
}

/* What a path of the same relation found out already; NULL: there is none. */
static const OlapPlanWork *
known_work(RelOptInfo *rel)
{
	ListCell   *lc;

	foreach(lc, rel->pathlist)
	{
		Path	   *path = lfirst(lc);
		const OlapScanPath *scan;

		if (IsA(path, ProjectionPath))
			path = ((ProjectionPath *) path)->subpath;
		scan = olap_plain_scan_path(path);
		if (scan != NULL && path->parent == rel && scan->left >= 1)
			return &scan->work;
	}
	return NULL;
}

Path *
olap_batch_scan_path(PlannerInfo *root, RelOptInfo *rel, PathTarget *target,
					 int workers)
{
	Bitmapset  *set = NULL;
	OlapPlanWork work;
	const OlapPlanWork *known;
	CustomPath *cpath;
	ListCell   *lc;

	if (!olap_rel_is_ours(root, rel) || !bms_is_empty(rel->lateral_relids))
		return NULL;
	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst(lc);

		if (rinfo->pseudoconstant)
			return NULL;
		set = attributes_of((Node *) rinfo->clause, rel->relid, set);
	}
	set = attributes_of((Node *) target->exprs, rel->relid, set);
	if (needs_header(set))
		return NULL;
	/* selectivities of thousands of clauses take a while */
	known = known_work(rel);
	if (known != NULL)
		work = *known;
	else
		olap_plan_work(root, rel, planner_rt_fetch(rel->relid, root), &work);
	cpath = olap_scan_path(root, rel, workers, set, &work);
	cpath->path.rows = rel->rows;
	cost_scan(rel, (OlapScanPath *) cpath,
			  (target->exprs == NIL ? 0 : cpu_tuple_cost * KERNEL_FACTOR) +
			  work.rest.per_tuple);
	cpath->path.pathtarget = target;
	return &cpath->path;
}

static Plan *
plan_scan(PlannerInfo *root, RelOptInfo *rel, CustomPath *best, List *tlist,
		  List *clauses, List *custom_plans)
{
	CustomScan *scan = makeNode(CustomScan);
	List	   *vector = NIL,
			   *rest = NIL;
	ListCell   *lc;

	foreach(lc, clauses)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);

		if (rinfo->pseudoconstant)
			continue;			/* a Result above tests it */
		if (is_vector_clause(rel, rinfo))
			vector = lappend(vector, rinfo->clause);
		else
			rest = lappend(rest, rinfo->clause);
	}

	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = rest;
	scan->scan.scanrelid = rel->relid;
	scan->flags = best->flags;
	scan->custom_exprs = vector;
	scan->custom_private = best->custom_private;
	scan->methods = &olap_scan_plan_methods;
	return &scan->scan.plan;
}

void
olap_plan_init(void)
{
	previous_hook = set_rel_pathlist_hook;
	set_rel_pathlist_hook = set_rel_pathlist;
	olap_filtered_paths_init();
	olap_agg_paths_init();
	olap_cursor_plan_init();
}

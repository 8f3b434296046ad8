/*-------------------------------------------------------------------------
 *
 * paths.c
 *		OlapScan paths for tables of ours, and the plan made of one.
 *
 * An OlapScan replaces the sequential scan (serial and partial) of a base
 * relation and obeys enable_seqscan; index paths stay and compete by cost.
 * What it costs is in scan_cost.c.
 *
 * src/plan/paths.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "nodes/makefuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/rel.h"

#include "base/compat_planner.h"
#include "base/guc.h"
#include "exec/qual.h"
#include "exec/scan_node.h"
#include "plan/order_paths.h"
#include "plan/paths.h"
#include "table/ddl.h"
#include "table/writer.h"

static set_rel_pathlist_hook_type previous_hook = NULL;

static Plan *plan_scan(PlannerInfo *root, RelOptInfo *rel, CustomPath *best,
					   List *tlist, List *clauses, List *custom_plans);

static const CustomPathMethods path_methods = {
	.CustomName = "OlapScan",
	.PlanCustomPath = plan_scan,
};

static Bitmapset *
needed_attributes(RelOptInfo *rel)
{
	Bitmapset  *set = olap_attributes_of((Node *) rel->reltarget->exprs, rel->relid, NULL);
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
		set = olap_attributes_of((Node *) ((RestrictInfo *) lfirst(lc))->clause,
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
	olap_cost_scan(rel, scan, olap_emit_cost(work));
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
	copy->work.kernels += list_length(attnos) * OLAP_PROBE_KERNELS;
	copy->work.filter = bms_copy(scan->work.filter);
	foreach(lc, attnos)
		copy->work.filter = bms_add_member(copy->work.filter,
										   lfirst_int(lc) - FirstLowInvalidHeapAttributeNumber);
	if (keys <= OLAP_KEY_LIST_MAX)
		copy->work.read = Min(copy->work.read,
							  olap_keys_part(root, rel, attnos, left, keys));
	path->rows = rel->rows * copy->left;
	olap_cost_scan(rel, copy, olap_emit_cost(&copy->work));
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
	olap_cost_index_paths(root, rel, &work, set);
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
olap_batch_scan_path(PlannerInfo *root, RelOptInfo *rel, List *exprs, int workers)
{
	PathTarget *target = create_empty_pathtarget();
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
		set = olap_attributes_of((Node *) rinfo->clause, rel->relid, set);
	}
	set = olap_attributes_of((Node *) exprs, rel->relid, set);
	if (needs_header(set))
		return NULL;
	add_new_columns_to_pathtarget(target, exprs);
	set_pathtarget_cost_width(root, target);
	/* selectivities of thousands of clauses take a while */
	known = known_work(rel);
	if (known != NULL)
		work = *known;
	else
		olap_plan_work(root, rel, planner_rt_fetch(rel->relid, root), &work);
	cpath = olap_scan_path(root, rel, workers, set, &work);
	cpath->path.rows = rel->rows;
	/* expressions of the target are computed above it, from columns */
	cpath->path.pathtarget = create_empty_pathtarget();
	olap_cost_scan(rel, (OlapScanPath *) cpath,
				   (target->exprs == NIL ? 0 : cpu_tuple_cost * OLAP_KERNEL_FACTOR) +
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
		if (olap_is_vector_clause(rel, rinfo))
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

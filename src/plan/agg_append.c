/*-------------------------------------------------------------------------
 *
 * agg_append.c
 *		OlapAgg over a partitioned table: one node reads all partitions.
 *
 * What parts of the rows compute can be joined for some aggregates (agg_partial.c).
 * DISTINCT, percentiles, values in order, float sums in the order of the rows and
 * grouping sets want all rows in one place, and where groups are many, those of the
 * parts would be made twice.  So the node takes the batches of one partition's
 * OlapScan after the other's.  They are children of an Append, which prunes partitions
 * when the query starts and is never executed.
 *
 * Where columns are at other places in a partition is the node's business
 * (exec/agg_scans.c): the expressions are the same but for that.
 *
 * src/plan/agg_append.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "optimizer/appendinfo.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/tlist.h"

#include "exec/compile.h"
#include "plan/agg_append.h"
#include "plan/agg_parts.h"
#include "plan/paths.h"

/* From so many groups on parts that each have most of them are worse. */
#define MANY_GROUPS 8192

bool
olap_first_part_is_ours(PlannerInfo *root, RelOptInfo *rel)
{
	for (int i = 0; i < rel->nparts; i++)
		if (rel->part_rels[i] != NULL && !IS_DUMMY_REL(rel->part_rels[i]))
			return olap_first_part_is_ours(root, rel->part_rels[i]);
	return rel->nparts <= 0 && olap_rel_is_ours(root, rel);
}

/* Are the columns the same ones, wherever they are? */
static bool
same_columns(List *a, List *b)
{
	ListCell   *x,
			   *y;

	if (list_length(a) != list_length(b))
		return false;
	forboth(x, a, y, b)
	{
		const Var  *v = lfirst(x);
		const Var  *w = lfirst(y);

		if (!IsA(v, Var) || !IsA(w, Var) || v->vartype != w->vartype ||
			v->vartypmod != w->vartypmod || v->varcollid != w->varcollid)
			return false;
	}
	return true;
}

/* The scans of the partitions. */
typedef struct Tables
{
	PlannerInfo *root;
	List	   *scans;
	List	   *vars;			/* columns that the first one reads */
} Tables;

static bool
add_table(Tables *tables, RelOptInfo *rel, List *columns)
{
	List	   *vars = pull_var_clause((Node *) columns, PVC_INCLUDE_PLACEHOLDERS);
	Path	   *scan;
	ListCell   *lc;

	if (!olap_rel_is_ours(tables->root, rel) || !olap_filters_supported(rel))
		return false;
	foreach(lc, columns)
		if (!olap_compile_supported(lfirst(lc), rel->relid))
			return false;
	if (tables->scans == NIL)
		tables->vars = vars;
	if (!same_columns(tables->vars, vars))
		return false;
	scan = olap_batch_scan_path(tables->root, rel, columns, 0);
	if (scan == NULL)
		return false;
	tables->scans = lappend(tables->scans, scan);
	return true;
}

/* All tables below rel; false if one of them cannot be read by us. */
static bool
add_tables(Tables *tables, RelOptInfo *rel, List *columns)
{
	if (IS_DUMMY_REL(rel))
		return true;
	if (rel->nparts <= 0)
		return add_table(tables, rel, columns);
	for (int i = 0; i < rel->nparts; i++)
	{
		RelOptInfo *child = rel->part_rels[i];
		AppendRelInfo *info;

		if (child == NULL || IS_DUMMY_REL(child))
			continue;
		info = tables->root->append_rel_array[child->relid];
		if (!add_tables(tables, child,
						(List *) adjust_appendrel_attrs(tables->root, (Node *) columns,
														1, &info)))
			return false;
	}
	return true;
}

Path *
olap_tables_path(PlannerInfo *root, RelOptInfo *rel, List *columns)
{
	Tables		tables = {.root = root};
	AppendPath *append;
	PathTarget *target = create_empty_pathtarget();
	Cost		cost = 0;
	ListCell   *lc;

	if (!add_tables(&tables, rel, columns) || tables.scans == NIL)
		return NULL;
	append = create_append_path(root, rel, tables.scans, NIL, NIL, NULL, 0, false, -1);
	add_new_columns_to_pathtarget(target, columns);
	append->path.pathtarget = set_pathtarget_cost_width(root, target);
	/* no row passes through it */
	foreach(lc, tables.scans)
		cost += ((Path *) lfirst(lc))->total_cost;
	append->path.total_cost = cost;
	return &append->path;
}

Path *
olap_agg_tables_path(PlannerInfo *root, OlapAggQuery *query)
{
	/* without groups the parts' metadata answer much, and few states are joined */
	if (query->sets == NIL && olap_agg_parts_allowed(query) &&
		(query->keys == NIL ||
		 olap_agg_count_groups(root, query, query->rel->rows) < MANY_GROUPS))
		return NULL;
	return olap_tables_path(root, query->rel, query->columns);
}

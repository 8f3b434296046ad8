/*-------------------------------------------------------------------------
 *
 * agg_append.c
 *		OlapAgg over a partitioned table: one node reads all partitions.
 *
 * What parts of the rows compute can be joined for some aggregates (agg_partial.c).
 * DISTINCT, percentiles, values in order, float sums in the order of the rows and
 * grouping sets want all rows in one place, and where groups are many, those of the
 * parts would be made twice.  So the node takes the batches of one partition's
 * OlapScan after the other's, in the order in which an Append has them.
 *
 * Where columns are at other places in a partition is the node's business
 * (exec/agg_scans.c): the expressions are the same but for that.
 *
 * src/plan/agg_append.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "optimizer/appendinfo.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"

#include "base/compat_planner.h"
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

static bool
add_table(PlannerInfo *root, RelOptInfo *rel, List *columns, OlapTables *tables)
{
	List	   *vars = pull_var_clause((Node *) columns, PVC_INCLUDE_PLACEHOLDERS);
	Path	   *scan;
	ListCell   *lc;

	if (!olap_rel_is_ours(root, rel) || !olap_filters_supported(rel))
		return false;
	foreach(lc, columns)
		if (!olap_compile_supported(lfirst(lc), rel->relid))
			return false;
	if (tables->scans == NIL)
		tables->vars = vars;
	if (!same_columns(tables->vars, vars))
		return false;
	scan = olap_batch_scan_path(root, rel, columns, 0);
	if (scan == NULL)
		return false;
	if (tables->scans == NIL)
	{
		tables->total.pathtarget = scan->pathtarget;
		tables->total.parallel_safe = true;
	}
	tables->total.rows += scan->rows;
	tables->total.total_cost += scan->total_cost;
	tables->total.parallel_safe &= scan->parallel_safe;
	olap_path_add_disabled(&tables->total, scan);
	tables->scans = lappend(tables->scans, scan);
	return true;
}

/* All tables below rel; false if one of them cannot be read by us. */
static bool
add_tables(PlannerInfo *root, RelOptInfo *rel, List *columns, OlapTables *tables)
{
	if (IS_DUMMY_REL(rel))
		return true;
	if (rel->nparts <= 0)
		return add_table(root, rel, columns, tables);
	for (int i = 0; i < rel->nparts; i++)
	{
		RelOptInfo *child = rel->part_rels[i];
		AppendRelInfo *info;

		if (child == NULL || IS_DUMMY_REL(child))
			continue;
		info = root->append_rel_array[child->relid];
		if (!add_tables(root, child,
						(List *) adjust_appendrel_attrs(root, (Node *) columns, 1,
														&info),
						tables))
			return false;
	}
	return true;
}

bool
olap_tables_add(PlannerInfo *root, RelOptInfo *rel, List *columns,
				OlapTables *tables)
{
	memset(tables, 0, sizeof(*tables));
	return add_tables(root, rel, columns, tables) && tables->scans != NIL;
}

OlapAggPath *
olap_agg_append_path(PlannerInfo *root, OlapAggQuery *query, RelOptInfo *parent,
					 PathTarget *target, List *having)
{
	OlapTables	tables;
	OlapAggPath *agg;
	Path	   *path;

	/* without groups the parts' metadata answer much, and few states are joined */
	if (query->sets == NIL && olap_agg_parts_allowed(query) &&
		(query->keys == NIL ||
		 olap_agg_count_groups(root, query, query->rel->rows) < MANY_GROUPS))
		return NULL;
	if (!olap_tables_add(root, query->rel, query->columns, &tables))
		return NULL;
	agg = olap_agg_path_create(query, parent, having, query->aggs);
	path = &agg->path.path;
	path->pathtarget = target;
	path->parallel_safe = parent->consider_parallel && tables.total.parallel_safe;
	agg->path.custom_paths = tables.scans;
	olap_path_inherit_enabled(path, &tables.total);
	olap_agg_cost(root, query, having, path, &tables.total);
	return agg;
}

/*-------------------------------------------------------------------------
 *
 * index_cost.c
 *		What rows cost that an index finds.
 *
 * PostgreSQL knows pages, as if a row were there once its page is.  Of ours a
 * piece of each column has to be found, opened and decoded as well, which rows
 * that follow each other share, and others do not.
 *
 * src/plan/index_cost.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/amapi.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"

#include "plan/order_paths.h"

/*
 * A row that lies alone, and each of its columns, in units of cpu_operator_cost.
 * Measured against scans of the same tables: 40 to 65 us for one of eight columns
 * where a scan of 500,000 rows takes 24 to 44 ms and costs 4,400 to 6,400.
 */
#define FETCH_OPERATORS 1600
#define COLUMN_OPERATORS 200

/* Tables of fewer rows have hardly more vectors than a fetch keeps open. */
#define MIN_TUPLES 50000

/* The part of an index path's rows that do not follow each other in the table. */
static double
scattered_by_index(PlannerInfo *root, IndexPath *path)
{
	amcostestimate_function estimate =
		(amcostestimate_function) path->indexinfo->amcostestimate;
	Cost		startup,
				total;
	Selectivity selectivity;
	double		correlation = 0;
	double		pages;

	estimate(root, path, 1, &startup, &total, &selectivity, &correlation,
			 &pages);
	return 1 - correlation * correlation;
}

/*
 * The same of what several indexes find: as much as of the worst one.  Rows come
 * in the order of their numbers, which is none of places once a compaction has
 * sorted them.
 */
static double
scattered(PlannerInfo *root, Path *path)
{
	List	   *quals = NIL;
	double		part = 0;
	ListCell   *lc;

	check_stack_depth();
	if (IsA(path, IndexPath))
		return scattered_by_index(root, (IndexPath *) path);
	if (IsA(path, BitmapHeapPath))
		return scattered(root, ((BitmapHeapPath *) path)->bitmapqual);
	if (IsA(path, BitmapAndPath))
		quals = ((BitmapAndPath *) path)->bitmapquals;
	else if (IsA(path, BitmapOrPath))
		quals = ((BitmapOrPath *) path)->bitmapquals;
	foreach(lc, quals)
		part = Max(part, scattered(root, lfirst(lc)));
	return part;
}

/* Rows that a path fetches by an index; 0: it is another path, or fetches none. */
static double
rows_by_index(const RelOptInfo *rel, const Path *path)
{
	Selectivity part;
	Cost		cost;
	double		divisor = path->parallel_workers;

	if (IsA(path, IndexPath) && path->pathtype == T_IndexScan)
		part = ((const IndexPath *) path)->indexselectivity;
	else if (IsA(path, BitmapHeapPath))
		cost_bitmap_tree_node(((const BitmapHeapPath *) path)->bitmapqual, &cost,
							  &part);
	else
		return 0;
	if (divisor > 0 && parallel_leader_participation)
		divisor += Max(0.0, 1.0 - 0.3 * divisor);
	return part * rel->tuples / Max(divisor, 1);
}

/* strings: of each row; alone: of one that does not follow another. */
static void
add_row_costs(PlannerInfo *root, const RelOptInfo *rel, Path *path,
			  Cost strings, Cost alone)
{
	double		rows = rows_by_index(rel, path);

	if (rows > 0)
		path->total_cost += rows * (strings + alone * scattered(root, path));
}

void
olap_cost_index_paths(PlannerInfo *root, RelOptInfo *rel,
					  const OlapPlanWork *work, const Bitmapset *set)
{
	Cost		strings = olap_strings_row_cost(work, set);
	Cost		alone = cpu_operator_cost *
		(FETCH_OPERATORS + COLUMN_OPERATORS * (double) bms_num_members(set));
	List	   *paths = rel->pathlist;
	List	   *partial = rel->partial_pathlist;
	ListCell   *lc;

	if (work->tuples < MIN_TUPLES)
		return;
	/* the lists are in the order of the costs */
	rel->pathlist = rel->partial_pathlist = NIL;
	foreach(lc, paths)
	{
		add_row_costs(root, rel, lfirst(lc), strings, alone);
		add_path(rel, lfirst(lc));
	}
	foreach(lc, partial)
	{
		add_row_costs(root, rel, lfirst(lc), strings, alone);
		add_partial_path(rel, lfirst(lc));
	}
}

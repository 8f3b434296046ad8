/*-------------------------------------------------------------------------
 *
 * agg_divided.c
 *		Parallel aggregation with the groups divided among the processes.
 *
 *		Gather -> OlapAgg -> OlapScan
 *
 * Each process reads all rows and aggregates those whose groups are of its part.
 * Where reading is cheap and grouping is not (many groups, values that must be
 * distinct or in order) that beats partial aggregation: states are not sent, groups
 * are made once, and whatever an aggregate needs of its rows, their order included,
 * it has.  So nothing that OlapAgg computes of one table is left out but grouping sets.
 *
 * src/plan/agg_divided.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <unistd.h>

#include "access/htup_details.h"
#include "catalog/pg_statistic.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "utils/selfuncs.h"

#include "base/compat_planner.h"
#include "exec/agg_node.h"
#include "exec/agg_topn.h"
#include "plan/agg_parts.h"
#include "plan/agg_topn.h"
#include "plan/paths.h"
#include "vector/division.h"

/* A key that divides has so many values a part, so that parts are about equal. */
#define VALUES_A_PART 12

/* Of the rows of an equal part, what the most common value of the key may have. */
#define MOST_COMMON 0.5

/* The part of the rows that have a key's most common value, or NULL. */
static Selectivity
most_common(PlannerInfo *root, Node *key, int nparts)
{
	VariableStatData stats;
	Selectivity common,
				bucket,
				nulls = 0;

	estimate_hash_bucket_stats(root, key, nparts, &common, &bucket);
	examine_variable(root, key, 0, &stats);
	if (HeapTupleIsValid(stats.statsTuple))
		nulls = ((Form_pg_statistic) GETSTRUCT(stats.statsTuple))->stanullfrac;
	ReleaseVariableStats(stats);
	return Max(common, nulls);
}

/*
 * The key to divide by, -1 if none will do.  Integers are hashed in SIMD registers,
 * strings one by one.
 */
static int
choose_key(PlannerInfo *root, const OlapAggQuery *query, int nparts)
{
	double		most = 0;
	bool		is_string = true;
	int			best = -1;

	for (int i = 0; i < list_length(query->keys); i++)
	{
		OlapOrder	order = list_nth_int(query->orders, i);
		Node	   *key = list_nth(query->keys, i);
		OlapAggQuery alone = {.rel = query->rel, .keys = list_make1(key)};
		double		values;

		if (!olap_order_is_exact(order) ||
			(order == OLAP_ORDER_BYTES && !is_string))
			continue;
		values = olap_agg_count_groups(root, &alone, query->rel->rows);
		if (values < VALUES_A_PART * nparts ||
			(values <= most && order == OLAP_ORDER_BYTES))
			continue;
		if (values <= most && !is_string)
			continue;
		if (most_common(root, key, nparts) > MOST_COMMON / nparts)
			continue;
		most = values;
		is_string = order == OLAP_ORDER_BYTES;
		best = i;
	}
	return best;
}

/*
 * PostgreSQL does not ask how many processors there are.  Here more processes than those
 * would all read once more what the others read: with three on two, 1 M groups take
 * 1.2 times as long as with two.
 */
static int
most_workers(void)
{
	long		cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return (int) Max(cpus - (parallel_leader_participation ? 1 : 0), 1);
}

/* The path for so many workers; NULL if there is none. */
static Path *
divided_path(PlannerInfo *root, OlapAggQuery *query, RelOptInfo *output,
			 PathTarget *target, List *having, int workers)
{
	int			nparts = workers + (parallel_leader_participation ? 1 : 0);
	int			key = nparts < 2 || nparts > OLAP_DIVISION_MAX_PARTS ? -1 :
		choose_key(root, query, nparts);
	OlapAggPath *agg;
	Path	   *path,
			   *gather;
	double		groups,
				sent;

	if (key < 0)
		return NULL;
	agg = olap_agg_path(root, query, output, target, having, query->aggs, 0);
	if (agg == NULL || !agg->path.path.parallel_safe)
		return NULL;
	path = &agg->path.path;
	olap_agg_cost_part(root, query, having, path, linitial(agg->path.custom_paths),
					   nparts, key);
	path->parallel_aware = true;
	path->parallel_workers = workers;
	agg->division = olap_agg_division_to_list(key, nparts);
	agg->topn = olap_agg_topn_plan(root, query->rel, query, having);
	groups = path->rows * nparts;
	gather = (Path *) create_gather_path(root, output, path, target, NULL, &groups);

	/* the leader's own rows are not sent, nor those that a LIMIT leaves out */
	sent = groups * workers / nparts;
	if (agg->topn != NIL)
	{
		OlapAggTopN topn;

		olap_agg_topn_from_list(agg->topn, &topn);
		if (topn.limit > 0)
			sent = Min(sent, (double) topn.limit * workers);
	}
	gather->total_cost += parallel_tuple_cost * (sent - groups);
	olap_agg_add_worker_cost(gather, workers);
	return gather;
}

/* Of a partitioned table all partitions' that are read. */
static double
pages_of(const RelOptInfo *rel)
{
	double		pages = rel->nparts > 0 ? 0 : rel->pages;

	for (int i = 0; i < rel->nparts; i++)
		if (rel->part_rels[i] != NULL && !IS_DUMMY_REL(rel->part_rels[i]))
			pages += pages_of(rel->part_rels[i]);
	return pages;
}

void
olap_agg_divided_paths(PlannerInfo *root, OlapAggQuery *query, RelOptInfo *output,
					   PathTarget *target, List *having)
{
	RelOptInfo *rel = query->rel;
	Path	   *best = NULL;
	int			most;

	if (query->keys == NIL || rel->reloptkind != RELOPT_BASEREL ||
		!rel->consider_parallel || !output->consider_parallel ||
		max_parallel_workers_per_gather == 0 ||
		olap_agg_group_work(root, query, rel->rows) < 2 * parallel_setup_cost)
		return;
	most = Min(most_workers(), compute_parallel_worker(rel, pages_of(rel), -1,
													   max_parallel_workers_per_gather));
	for (int workers = 1; workers <= most; workers++)
	{
		Path	   *path = divided_path(root, query, output, target, having, workers);

		if (path != NULL && (best == NULL || path->total_cost < best->total_cost))
			best = path;
	}
	if (best != NULL)
		add_path(output, best);
}

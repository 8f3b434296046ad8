/*-------------------------------------------------------------------------
 *
 * agg_cost.c
 *		What an OlapAgg has to do, and what that costs.
 *
 * src/plan/agg_cost.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "optimizer/cost.h"
#include "optimizer/optimizer.h"

#include "exec/agg_call.h"
#include "plan/agg_query.h"
#include "plan/agg_sets.h"
#include "vector/expr.h"
#include "vector/vector.h"

/*
 * Work a row, in units of cpu_operator_cost: what a kernel, a group number and
 * an update of a state cost, measured against an operator call of the executor;
 * a transition function costs a call, as does comparing text in a collation.
 */
#define KERNEL_FACTOR 0.1
#define UPDATE_FACTOR 0.1
#define GENERIC_FACTOR 1.5
#define COLLATED_FACTOR 1.0

/*
 * The same of a row whose group's state is not in a cache: from so many groups on,
 * and so many times as many until it holds for nearly all of them.  One integer is
 * mostly looked up in an array.  Less than it takes, so that no plan which hashes rows
 * one by one looks cheaper: 1 M rows by three columns with as many groups, 0.24 us a row, by
 * one integer with half as many 0.026, by a thousand groups 0.015.
 */
#define MISS_FACTOR 2.0
#define ARRAY_MISS_FACTOR 0.5
#define CACHED_GROUPS 8192
#define MISS_RANGE 64.0

/* Of a value of DISTINCT, or one that is kept to be sorted, in one of many groups. */
#define KEPT_FACTOR 3.0

/* Finding a row's part where groups are divided among processes. */
#define DIVIDE_FACTOR 0.3
#define DIVIDE_STRING_FACTOR 1.0

/* Building programs and tables, in units of cpu_tuple_cost. */
#define START_TUPLES 100

/* Making a row of a group, in units of cpu_tuple_cost. */
#define GROUP_FACTOR 0.5

static double
miss_factor(const OlapAggQuery *query)
{
	return list_length(query->orders) == 1 &&
		linitial_int(query->orders) <= OLAP_ORDER_UINT ? ARRAY_MISS_FACTOR :
		MISS_FACTOR;
}

/* Work a row for states that are not in a cache, in operators. */
static double
miss_operators(const OlapAggQuery *query, double groups)
{
	if (query->keys == NIL || query->sets != NIL || groups <= CACHED_GROUPS)
		return 0;
	return miss_factor(query) *
		Min(1, log(groups / CACHED_GROUPS) / log(MISS_RANGE));
}

/* The same for values that are kept. */
static double
kept_operators(const OlapAggQuery *query)
{
	double		operators = 0;
	ListCell   *lc;

	foreach(lc, query->calls)
	{
		OlapAggCall call;

		olap_agg_call_from_list(lfirst(lc), &call);
		if (call.distinct || call.kind == OLAP_CALL_ORDERED)
			operators += KEPT_FACTOR;
	}
	return operators;
}

/*
 * What dividing the groups adds to the work of a row, less what it saves beside
 * that of the rows of other parts: values that are kept are in no plan's cost, as
 * PostgreSQL does not count what is sorted inside an aggregate.
 */
static double
divide_operators(const OlapAggQuery *query, int nparts, int key)
{
	double		hash = list_nth_int(query->orders, key) == OLAP_ORDER_BYTES ?
		DIVIDE_STRING_FACTOR : DIVIDE_FACTOR;

	return hash - kept_operators(query) * (nparts - 1) / nparts;
}

Cost
olap_agg_group_work(PlannerInfo *root, const OlapAggQuery *query, double rows)
{
	double		operators = kept_operators(query) + MISS_FACTOR;

	/* statistics are only looked at if it may be worth it */
	if (rows * operators * cpu_operator_cost < parallel_setup_cost)
		return 0;
	operators += miss_operators(query, olap_agg_count_groups(root, query, rows)) -
		MISS_FACTOR;
	return rows * operators * cpu_operator_cost;
}

void
olap_agg_cost(PlannerInfo *root, const OlapAggQuery *query, List *having,
			  Path *path, const Path *scan)
{
	olap_agg_cost_part(root, query, having, path, scan, 1, 0);
}

void
olap_agg_cost_part(PlannerInfo *root, const OlapAggQuery *query, List *having,
				   Path *path, const Path *scan, int nparts, int key)
{
	double		rows = scan->rows;
	double		groups = query->sets != NIL ? olap_agg_sets_groups(query) :
		olap_agg_count_groups(root, query, rows);
	double		operators;
	Cost		work;

	groups = clamp_row_est(groups / nparts);
	operators = KERNEL_FACTOR * scan->pathtarget->cost.per_tuple /
		Max(cpu_operator_cost, 1e-10) +
		UPDATE_FACTOR * (list_length(query->keys) + list_length(query->aggs) +
						 olap_agg_sets_updates(query)) +
		miss_operators(query, groups) +
		GENERIC_FACTOR * query->ngeneric + COLLATED_FACTOR * query->ncollated;
	work = rows / nparts * operators * cpu_operator_cost;
	if (nparts > 1)
		work += rows * cpu_operator_cost * divide_operators(query, nparts, key);
	if (query->columns == NIL)
		work /= OLAP_VECTOR_ROWS;	/* rows are counted, not looked at */

	work = Max(work, 0);

	/* all input is taken before the first group goes up */
	path->startup_cost = scan->total_cost + scan->pathtarget->cost.startup +
		START_TUPLES * cpu_tuple_cost + work;
	path->rows = groups;
	path->total_cost = path->startup_cost +
		groups * GROUP_FACTOR * cpu_tuple_cost;
	if (having != NIL)
	{
		QualCost	cost;

		cost_qual_eval(&cost, having, root);
		path->startup_cost += cost.startup;
		path->total_cost += cost.startup + groups * cost.per_tuple;
		path->rows = clamp_row_est(groups *
								   clauselist_selectivity(root, having, 0,
														  JOIN_INNER, NULL));
	}
	path->startup_cost += path->pathtarget->cost.startup;
	path->total_cost += path->pathtarget->cost.startup +
		path->pathtarget->cost.per_tuple * path->rows;
}

/*-------------------------------------------------------------------------
 *
 * agg_partial.c
 *		OlapAgg in parts: in parallel workers, and partition by partition.
 *
 * An OlapAgg over a part of the rows makes PostgreSQL's own transition states,
 * and PostgreSQL's own Agg above joins them:
 *
 *		Finalize Agg -> [Gather ->] [Append ->] OlapAgg -> OlapScan
 *
 * The hook is not called for partial grouping and comes when PostgreSQL has made
 * its Gather paths, so the whole stack is built here.  Partitions are taken one
 * by one whatever enable_partitionwise_aggregate says: it is off by default to
 * save planning effort, and rows of an Append would leave the vectors.
 *
 * Parts add in another order than one scan of all rows does.  Aggregates whose
 * result shows it (see order_shows()) are not computed in parts.
 *
 * src/plan/agg_partial.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type_d.h"
#include "optimizer/appendinfo.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"
#include "port/pg_bitutils.h"
#include "utils/fmgroids.h"
#include "utils/syscache.h"

#include "base/compat_planner.h"
#include "base/guc.h"
#include "exec/agg_call.h"
#include "plan/agg_append.h"
#include "plan/agg_parts.h"
#include "plan/paths.h"

/*
 * What workers cost beside the vectors' own work, in units of parallel_setup_cost
 * and parallel_tuple_cost: measured against 10 M rows that are aggregated in 62 ms
 * for a cost of 14,700, starting workers takes 7 ms, and a state that is
 * serialized, sent, read and combined more than a microsecond.
 */
#define SETUP_FACTOR 2.0
#define STATE_FACTOR 4.0

/* Of a worker more, where each reads all rows. */
#define EXTRA_WORKER 1.0

/* The paths over the parts of one relation, and what they compute. */
typedef struct Parts
{
	PlannerInfo *root;
	List	   *clauses;		/* SortGroupClauses */
	int			naggs;
	bool		parallel;
	List	   *whole;			/* each to be run by one process */
	List	   *shared;			/* by all together */
	int			workers;
} Parts;

/* ---- which aggregates ---- */

static Oid
serialization_function(Oid aggfnoid)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggfnoid));
	Oid			funcid;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", aggfnoid);
	funcid = ((Form_pg_aggregate) GETSTRUCT(tuple))->aggserialfn;
	ReleaseSysCache(tuple);
	return funcid;
}

/* Does the order of the rows show in the result? */
static bool
order_shows(const Aggref *aggref, const OlapAggCall *call)
{
	Oid			serialfn;

	switch (aggref->aggtranstype)
	{
		case FLOAT4OID:
		case FLOAT8OID:
		case FLOAT8ARRAYOID:
			/* the least and the greatest are what they are */
			return call->kind != OLAP_AGG_MIN && call->kind != OLAP_AGG_MAX &&
				!olap_guc_parallel_float_aggregates;
		case INTERNALOID:
			serialfn = serialization_function(aggref->aggfnoid);
			return !OidIsValid(serialfn) || olap_keeps_row_order(serialfn);
		default:
			return call->kind == OLAP_AGG_FIRST;
	}
}

bool
olap_agg_parts_allowed(const OlapAggQuery *query)
{
	ListCell   *agg,
			   *list;

	forboth(agg, query->aggs, list, query->calls)
	{
		OlapAggCall call;

		olap_agg_call_from_list(lfirst(list), &call);
		if (call.distinct || call.kind == OLAP_CALL_ORDERED ||
			order_shows(lfirst_node(Aggref, agg), &call))
			return false;
	}
	return query->keys != NIL || query->aggs != NIL;
}

/* ---- targets ---- */

List *
olap_agg_partial_aggs(const List *aggs)
{
	List	   *partial = NIL;
	ListCell   *lc;

	foreach(lc, aggs)
	{
		Aggref	   *aggref = copyObject(lfirst_node(Aggref, lc));

		mark_partial_aggref(aggref, AGGSPLIT_INITIAL_SERIAL);
		partial = lappend(partial, aggref);
	}
	return partial;
}

PathTarget *
olap_agg_partial_target(PlannerInfo *root, List *clauses, List *exprs,
						List *others)
{
	PathTarget *target = create_empty_pathtarget();
	ListCell   *clause,
			   *expr;

	forboth(clause, clauses, expr, exprs)
		add_column_to_pathtarget(target, lfirst(expr),
								 lfirst_node(SortGroupClause, clause)->tleSortGroupRef);
	foreach(expr, others)
		add_column_to_pathtarget(target, lfirst(expr), 0);
	return set_pathtarget_cost_width(root, target);
}

/* ---- parts ---- */

static bool
add_leaf(Parts *parts, RelOptInfo *rel, List *exprs, List *outputs)
{
	PlannerInfo *root = parts->root;
	OlapAggQuery query;
	OlapAggPath *path;
	List	   *aggs;
	int			workers = 0;

	if (!olap_rel_is_ours(root, rel) ||
		(parts->parallel && !rel->consider_parallel) ||
		!olap_agg_query_fill(&query, rel, parts->clauses, exprs, outputs,
							 false) ||
		list_length(query.aggs) != parts->naggs)
		return false;
	if (parts->parallel)
		workers = compute_parallel_worker(rel, rel->pages, -1,
										  max_parallel_workers_per_gather);
	/* one that is too small to be shared is, if only whole parts can't be */
	if (parts->parallel && !enable_parallel_append &&
		rel->reloptkind != RELOPT_BASEREL)
		workers = Max(workers, 1);
	aggs = olap_agg_partial_aggs(query.aggs);
	path = olap_agg_path(root, &query, rel,
						 olap_agg_partial_target(root, parts->clauses, exprs,
												 aggs),
						 NIL, aggs, workers);
	if (path == NULL)
		return false;
	if (workers > 0)
		parts->shared = lappend(parts->shared, path);
	else
		parts->whole = lappend(parts->whole, path);
	parts->workers = Max(parts->workers, workers);
	return true;
}

/* All parts of rel; false if one of them cannot be aggregated by us. */
static bool
add_parts(Parts *parts, RelOptInfo *rel, List *exprs, List *outputs)
{
	if (IS_DUMMY_REL(rel))
		return true;
	if (rel->nparts <= 0)
		return add_leaf(parts, rel, exprs, outputs);
	for (int i = 0; i < rel->nparts; i++)
	{
		RelOptInfo *child = rel->part_rels[i];
		AppendRelInfo *info;

		if (child == NULL || IS_DUMMY_REL(child))
			continue;
		info = parts->root->append_rel_array[child->relid];
		if (!add_parts(parts, child,
					   (List *) adjust_appendrel_attrs(parts->root, (Node *) exprs,
													   1, &info),
					   (List *) adjust_appendrel_attrs(parts->root,
													   (Node *) outputs, 1, &info)))
			return false;
	}
	return true;
}

/*
 * One path over all parts that makes target, and in a parallel query wants
 * workers; NULL if there is none.
 */
static Path *
join_parts(Parts *parts, RelOptInfo *rel, PathTarget *target)
{
	int			n = list_length(parts->whole) + list_length(parts->shared);
	AppendPath *append;

	if (n == 0)
		return NULL;
	if (rel->nparts <= 0)
		return parts->parallel && parts->workers == 0 ? NULL :
			linitial(parts->parallel ? parts->shared : parts->whole);
	if (parts->parallel && enable_parallel_append && n > 1)
		parts->workers = Min(Max(parts->workers, pg_leftmost_one_pos32(n) + 1),
							 max_parallel_workers_per_gather);
	if (parts->parallel && parts->workers == 0)
		return NULL;
	append = create_append_path(parts->root, rel, parts->whole, parts->shared,
								NIL, NULL, parts->workers,
								parts->parallel && enable_parallel_append, -1);
	append->path.pathtarget = target;
	return &append->path;
}

/* ---- what joins them ---- */

bool
olap_agg_is_cheap(const Path *path)
{
	return path->total_cost < SETUP_FACTOR * parallel_setup_cost;
}

void
olap_agg_add_worker_cost(Path *gather, int workers)
{
	Cost		setup = (SETUP_FACTOR - 1) * parallel_setup_cost +
		EXTRA_WORKER * parallel_setup_cost * (workers - 1);

	gather->startup_cost += setup;
	gather->total_cost += setup;
}

Path *
olap_agg_gather_parts(PlannerInfo *root, RelOptInfo *output, Path *path)
{
	double		rows = path->rows * path->parallel_workers;
	Path	   *gather = (Path *) create_gather_path(root, output, path,
													 path->pathtarget, NULL,
													 &rows);
	Cost		setup = (SETUP_FACTOR - 1) * parallel_setup_cost;

	gather->startup_cost += setup;
	gather->total_cost += setup +
		(STATE_FACTOR - 1) * parallel_tuple_cost * rows;
	return gather;
}

/*
 * The parts of input that make target, joined and gathered; NULL if there are
 * none.  *cheap: workers are not worth a thought.
 */
static Path *
plan_parts(Parts *parts, RelOptInfo *input, RelOptInfo *output, List *exprs,
		   List *outputs, PathTarget *target, bool *cheap)
{
	PlannerInfo *root = parts->root;
	Path	   *path;

	/* a single table is no parts, unless workers make some */
	if (parts->parallel ? !input->consider_parallel ||
		!output->consider_parallel || max_parallel_workers_per_gather == 0 :
		input->nparts <= 0)
		return NULL;
	if (!add_parts(parts, input, exprs, outputs))
		return NULL;
	path = join_parts(parts, input, target);
	if (path == NULL || parts->parallel)
		return path == NULL ? NULL : olap_agg_gather_parts(root, output, path);
	*cheap = olap_agg_is_cheap(path);
	return path;
}

/* The server's Agg hashes if it can: not all types have a hash function (money). */
void
olap_agg_add_final_paths(PlannerInfo *root, RelOptInfo *output, Path *path,
						 List *clauses, List *having, List *tlist,
						 double groups)
{
	AggClauseCosts costs = {0};
	bool		hashable = clauses != NIL && grouping_is_hashable(clauses);
	List	   *pathkeys;
	Path	   *sorted;

	get_agg_clause_costs(root, AGGSPLIT_FINAL_DESERIAL, &costs);
	if (clauses == NIL || hashable)
		add_path(output, (Path *)
				 create_agg_path(root, output, path, output->reltarget,
								 clauses == NIL ? AGG_PLAIN : AGG_HASHED,
								 AGGSPLIT_FINAL_DESERIAL, clauses, having, &costs,
								 groups));
	if (clauses == NIL || (hashable && enable_hashagg) ||
		!grouping_is_sortable(clauses))
		return;
	/* none is left if WHERE says what each key is */
	pathkeys = make_pathkeys_for_sortclauses(root, clauses, tlist);
	sorted = pathkeys == NIL ? path :
		(Path *) create_sort_path(root, output, path, pathkeys, -1);
	add_path(output, (Path *)
			 create_agg_path(root, output, sorted, output->reltarget, AGG_SORTED,
							 AGGSPLIT_FINAL_DESERIAL, clauses, having, &costs,
							 groups));
}

void
olap_agg_partial_paths(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output,
					   GroupPathExtraData *extra)
{
	List	   *clauses = olap_group_clauses(root);
	List	   *exprs = get_sortgrouplist_exprs(clauses, extra->targetList);
	List	   *having = (List *) extra->havingQual;
	List	   *outputs = list_make2(output->reltarget->exprs, having);
	OlapAggQuery query;
	PathTarget *target;
	bool		cheap = false;

	if ((extra->flags & GROUPING_CAN_PARTIAL_AGG) == 0 || IS_DUMMY_REL(input) ||
		!olap_first_part_is_ours(root, input) ||
		(root->parse->groupClause != NIL && clauses == NIL) ||
		!olap_agg_query_fill(&query, input, clauses, exprs, outputs, false) ||
		!olap_agg_parts_allowed(&query))
		return;
	target = olap_agg_partial_target(root, clauses, exprs,
									 olap_agg_partial_aggs(query.aggs));
	for (int parallel = 0; parallel <= 1 && !cheap; parallel++)
	{
		Parts		parts = {.root = root, .clauses = clauses, .parallel = parallel,
		.naggs = list_length(query.aggs)};
		Path	   *path = plan_parts(&parts, input, output, exprs, outputs, target,
									  &cheap);

		if (path != NULL)
			olap_agg_add_final_paths(root, output, path, clauses, having,
									 extra->targetList,
									 olap_agg_count_groups(root, &query,
														   input->rows));
	}
}

/* SELECT DISTINCT: what the parts find is made unique. */
void
olap_distinct_partial_paths(PlannerInfo *root, RelOptInfo *input,
							RelOptInfo *output, PathTarget *target)
{
	List	   *clauses = olap_distinct_clauses(root);
	List	   *exprs = get_sortgrouplist_exprs(clauses, root->processed_tlist);
	OlapAggQuery query;
	PathTarget *keys;
	bool		cheap = false;

	if (clauses == NIL || !enable_hashagg || !grouping_is_hashable(clauses) ||
		IS_DUMMY_REL(input) ||
		!olap_first_part_is_ours(root, input) ||
		!olap_agg_query_fill(&query, input, clauses, exprs, target->exprs, false))
		return;
	keys = olap_agg_partial_target(root, clauses, exprs, NIL);
	for (int parallel = 0; parallel <= 1 && !cheap; parallel++)
	{
		Parts		parts = {.root = root, .clauses = clauses, .parallel = parallel};
		Path	   *path = plan_parts(&parts, input, output, exprs, target->exprs,
									  keys, &cheap);

		if (path != NULL)
			add_path(output, (Path *)
					 create_agg_path(root, output, path, target, AGG_HASHED,
									 AGGSPLIT_SIMPLE, clauses, NIL, NULL,
									 olap_agg_count_groups(root, &query,
														   input->rows)));
	}
}

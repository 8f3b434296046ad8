/*-------------------------------------------------------------------------
 *
 * filtered_paths.c
 *		Hash joins whose keys filter an OlapScan: what they cost.
 *
 * Why: PostgreSQL reckons that an outer side gives all of its rows to a hash join. A
 * runtime filter (exec/runtime_filter.h) leaves out those without a partner before they
 * are made, so a join with few partners is cheaper than it looks, and loses to
 * one that hashes the large table, to workers or to index lookups.
 *
 * How: PostgreSQL's own path is made and costed with the scan as it is; then the scan is
 * replaced by a copy of fewer rows, and what that saves is taken off: at
 * the scan, hashing the rows that do not come, writing them to files. The rows of
 * the join itself stay as they were. The scan may be below further hash joins: so
 * are those that have a filter of their own, as several filters add up.
 *
 * src/plan/filtered_paths.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"

#include "base/compat_planner.h"
#include "base/guc.h"
#include "exec/qual.h"
#include "exec/runtime_filter.h"
#include "plan/order_paths.h"
#include "plan/paths.h"

/* Making a key of a tuple, in units of cpu_operator_cost. */
#define MAKE_FACTOR 4
/* A bloom filter has so many bits a key, or no memory for them. */
#define BLOOM_BITS 32
#define BLOOM_BITS_MIN 6
/*
 * One that leaves a larger part of the rows is not counted on: what it would save is less
 * than what such estimates are off.
 */
#define MOST_LEFT 0.25

static set_join_pathlist_hook_type previous_hook = NULL;

/* A join and what its filter does to one scan on its outer side. */
typedef struct JoinFilter
{
	PlannerInfo *root;
	RelOptInfo *joinrel;
	RelOptInfo *outer;
	RelOptInfo *inner;
	JoinType	type;
	JoinPathExtraData *extra;
	List	   *hashclauses;	/* of RestrictInfo, all of them */
	RelOptInfo *rel;			/* the scan's, */
	List	   *attnos;			/* ... its columns that are compared, */
	double		left;			/* ... and the part of its rows that has a partner */
} JoinFilter;

/* ---- what is filtered ---- */

static bool
is_hash_clause(const JoinFilter *filter, const RestrictInfo *rinfo)
{
	if ((IS_OUTER_JOIN(filter->type) &&
		 RINFO_IS_PUSHED_DOWN(rinfo, filter->joinrel->relids)) ||
		!rinfo->can_join || !OidIsValid(rinfo->hashjoinoperator))
		return false;
	return (bms_is_subset(rinfo->left_relids, filter->outer->relids) &&
			bms_is_subset(rinfo->right_relids, filter->inner->relids)) ||
		(bms_is_subset(rinfo->right_relids, filter->outer->relids) &&
		 bms_is_subset(rinfo->left_relids, filter->inner->relids));
}

/* The outer column that the executor would filter by a clause; NULL: it would not. */
static Var *
filtered_column(const JoinFilter *filter, const RestrictInfo *rinfo)
{
	bool		left = bms_is_subset(rinfo->left_relids, filter->outer->relids);
	OpExpr	   *clause = (OpExpr *) rinfo->clause;
	Oid			opno = left ? clause->opno : get_commutator(clause->opno);
	Node	   *outer = left ? get_leftop(clause) : get_rightop(clause);
	Node	   *inner = left ? get_rightop(clause) : get_leftop(clause);
	OlapCompareOp op;

	while (outer != NULL && IsA(outer, RelabelType))
		outer = (Node *) ((RelabelType *) outer)->arg;
	if (outer == NULL || !IsA(outer, Var) || ((Var *) outer)->varattno <= 0 ||
		!OidIsValid(opno) || !olap_compare_op(get_opcode(opno), &op) ||
		op.cmp != OLAP_CMP_EQ ||
		!olap_compare_collation_fits(&op, clause->inputcollid) ||
		olap_compare_converts(&op) ||
		contain_subplans(inner))
		return NULL;
	return (Var *) outer;
}

/* The part of the outer rows that have a partner by one clause. */
static double
part_with_partner(const JoinFilter *filter, const RestrictInfo *rinfo)
{
	SpecialJoinInfo *sjinfo = makeNode(SpecialJoinInfo);

	sjinfo->min_lefthand = sjinfo->syn_lefthand = filter->outer->relids;
	sjinfo->min_righthand = sjinfo->syn_righthand = filter->inner->relids;
	sjinfo->jointype = JOIN_SEMI;
	/* not the RestrictInfo: that would keep the answer for the join's own type */
	return clause_selectivity(filter->root, (Node *) rinfo->clause, 0, JOIN_SEMI,
							  sjinfo);
}

/*
 * What a filter of so many keys lets pass beside rows that have a partner; 1 if
 * work_mem has no room for it. Keys may be dense integers, which take less, but that is
 * not known.
 */
static double
false_part(double keys)
{
	double		bits = Min(BLOOM_BITS, work_mem * 1024.0 * BITS_PER_BYTE / Max(keys, 1));

	return bits < BLOOM_BITS_MIN ? 1 : pow(1 - exp(-4 / bits), 4);
}

/* False: nothing is filtered, or nothing to speak of. */
static bool
find_filter(JoinFilter *filter)
{
	double		left = 1;
	double		wrong = false_part(filter->inner->rows);
	ListCell   *lc;

	foreach(lc, filter->extra->restrictlist)
	{
		RestrictInfo *rinfo = lfirst(lc);
		Var		   *var;

		if (!is_hash_clause(filter, rinfo))
			continue;
		filter->hashclauses = lappend(filter->hashclauses, rinfo);
		var = filtered_column(filter, rinfo);
		if (var == NULL || !bms_is_member(var->varno, filter->outer->relids))
			continue;
		if (filter->rel == NULL)
		{
			RelOptInfo *rel = find_base_rel(filter->root, var->varno);

			if (!olap_rel_is_ours(filter->root, rel))
				continue;
			filter->rel = rel;
		}
		if (filter->rel->relid != (Index) var->varno)
			continue;
		filter->attnos = lappend_int(filter->attnos, var->varattno);
		left *= part_with_partner(filter, rinfo);
	}
	filter->left = left + (1 - left) * wrong;
	return filter->rel != NULL && filter->left <= MOST_LEFT;
}

/* ---- paths with fewer rows ---- */

/* Rows of the inner side in the bucket of an outer row, as final_cost_hashjoin() has it. */
static double
rows_in_bucket(const HashPath *path)
{
	const Path *inner = path->jpath.innerjoinpath;
	double		size = IsA(inner, UniquePath) ? 0 : 1;
	ListCell   *lc;

	foreach(lc, path->path_hashclauses)
	{
		const RestrictInfo *rinfo = lfirst(lc);
		double		one = bms_is_subset(rinfo->right_relids, inner->parent->relids) ?
			rinfo->right_bucketsize : rinfo->left_bucketsize;

		if (one >= 0)
			size = Min(size, one);
	}
	return clamp_row_est(inner->rows * size);
}

/* What does a hash join no longer do that gets so many rows without a partner less? */
static Cost
saved_by_join(PlannerInfo *root, const HashPath *path, double rows)
{
	const Path *outer = path->jpath.outerjoinpath;
	bool		first_only = path->jpath.inner_unique ||
		path->jpath.jointype == JOIN_SEMI || path->jpath.jointype == JOIN_ANTI;
	QualCost	quals;
	Cost		saved;

	cost_qual_eval(&quals, path->path_hashclauses, root);
	saved = rows * (cpu_operator_cost * list_length(path->path_hashclauses) +
					quals.per_tuple *
					(first_only ? 0.05 : 0.5 * rows_in_bucket(path)));
	/* written and read again */
	if (path->num_batches > 1)
		saved += 2 * seq_page_cost * rows / BLCKSZ *
			(MAXALIGN(outer->pathtarget->width) + MAXALIGN(SizeofHeapTupleHeader));
	return saved;
}

/* Give a join of ours the outer side with fewer rows, and take off what that saves. */
static void
replace_outer(HashPath *path, Path *outer, Cost saved)
{
	Path	   *old = path->jpath.outerjoinpath;
	Path	   *whole = &path->jpath.path;

	whole->startup_cost -= old->startup_cost - outer->startup_cost;
	whole->total_cost -= old->total_cost - outer->total_cost + saved;
	whole->total_cost = Max(whole->total_cost, whole->startup_cost);
	path->jpath.outerjoinpath = outer;
}

/* A copy of a path with the scan filtered; NULL: the filter does not reach it. */
static Path *
filtered_path(const JoinFilter *filter, Path *path, double outer_rows)
{
	HashPath   *join;
	Path	   *outer;

	check_stack_depth();
	if (path->param_info != NULL)
		return NULL;
	if (path->parent == filter->rel)
	{
		OlapScanPath *scan = olap_plain_scan_path(path);

		if (scan == NULL ||
			!olap_runtime_pays(filter->inner->rows, outer_rows,
							   path->rows / scan->left, filter->joinrel->rows))
			return NULL;
		return olap_filtered_scan_path(filter->root, scan, filter->attnos,
									   filter->left, filter->inner->rows,
									   MAKE_FACTOR * cpu_operator_cost * filter->inner->rows);
	}
	if (!IsA(path, HashPath) ||
		!bms_is_member(filter->rel->relid,
					   ((HashPath *) path)->jpath.outerjoinpath->parent->relids))
		return NULL;
	switch (((HashPath *) path)->jpath.jointype)
	{
		case JOIN_INNER:
		case JOIN_LEFT:
		case JOIN_SEMI:
		case JOIN_ANTI:
			break;
		default:
			return NULL;
	}
	outer = filtered_path(filter, ((HashPath *) path)->jpath.outerjoinpath, outer_rows);
	if (outer == NULL)
		return NULL;
	join = makeNode(HashPath);
	memcpy(join, path, sizeof(HashPath));
	/* nothing for fewer rows here: of joins in two orders, that with few rows first wins */
	replace_outer(join, outer, 0);
	join->jpath.path.rows = clamp_row_est(path->rows * filter->left);
	return &join->jpath.path;
}

/* ---- paths of the join ---- */

/*
 * Of joins with a unique inner side PostgreSQL takes the rows to be outer rows with a
 * partner, of which it estimates the part as of an inner join, next to nothing. Among many
 * costs of outer rows that does no harm; without these it would.
 */
static Cost
rows_not_counted(const JoinFilter *filter, const Path *outer, const HashPath *path)
{
	if (filter->type != JOIN_INNER || !path->jpath.inner_unique)
		return 0;
	return cpu_tuple_cost *
		Max(path->jpath.path.rows -
			outer->rows * filter->extra->semifactors.outer_match_frac, 0);
}

static HashPath *
filtered_join(const JoinFilter *filter, Path *outer, Path *inner, bool parallel_hash)
{
	JoinCostWorkspace workspace;
	HashPath   *path;
	Path	   *filtered = filtered_path(filter, outer, outer->rows);
	Cost		saved;

	if (filtered == NULL)
		return NULL;
	initial_cost_hashjoin(filter->root, &workspace, filter->type,
						  filter->hashclauses, outer, inner, filter->extra,
						  parallel_hash);
	path = create_hashjoin_path(filter->root, filter->joinrel, filter->type,
								&workspace, filter->extra, outer, inner,
								parallel_hash, filter->extra->restrictlist, NULL,
								filter->hashclauses);
	saved = saved_by_join(filter->root, path, outer->rows - filtered->rows) -
		rows_not_counted(filter, outer, path);
	replace_outer(path, filtered, saved);
	return path;
}

static void
add_serial(const JoinFilter *filter)
{
	Path	   *inner = filter->inner->cheapest_total_path;
	HashPath   *best = NULL;
	ListCell   *lc;

	if (inner == NULL || inner->param_info != NULL)
		return;
	/* not added yet: that may free paths of the same list */
	foreach(lc, filter->outer->pathlist)
	{
		HashPath   *path = filtered_join(filter, lfirst(lc), inner, false);

		if (path != NULL && (best == NULL ||
							 path->jpath.path.total_cost < best->jpath.path.total_cost))
			best = path;
	}
	if (best != NULL)
		add_path(filter->joinrel, &best->jpath.path);
}

static void
add_partial(const JoinFilter *filter)
{
	Path	   *inner = get_cheapest_parallel_safe_total_inner(filter->inner->pathlist);
	List	   *added = NIL;
	ListCell   *lc;

	foreach(lc, filter->outer->partial_pathlist)
	{
		HashPath   *path;

		if (inner != NULL &&
			(path = filtered_join(filter, lfirst(lc), inner, false)) != NULL)
			added = lappend(added, path);
		if (enable_parallel_hash && filter->inner->partial_pathlist != NIL &&
			(path = filtered_join(filter, lfirst(lc),
								  linitial(filter->inner->partial_pathlist),
								  true)) != NULL)
			added = lappend(added, path);
	}
	foreach(lc, added)
		add_partial_path(filter->joinrel, lfirst(lc));
}

static void
set_join_pathlist(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outerrel,
				  RelOptInfo *innerrel, JoinType jointype,
				  JoinPathExtraData *extra)
{
	JoinFilter	filter = {
		.root = root,
		.joinrel = joinrel,
		.outer = outerrel,
		.inner = innerrel,
		.type = jointype,
		.extra = extra,
	};

	if (previous_hook)
		previous_hook(root, joinrel, outerrel, innerrel, jointype, extra);
	if (!olap_guc_enable_runtime_filters || !olap_guc_enable_scan ||
		!enable_hashjoin || !olap_join_ignores_outer(jointype) ||
		!bms_is_empty(joinrel->lateral_relids) || !find_filter(&filter))
		return;
	add_serial(&filter);
	/* others give rows of the inner side that have no partner in any process */
	if (joinrel->consider_parallel &&
		(jointype == JOIN_INNER || jointype == JOIN_SEMI))
		add_partial(&filter);
}

void
olap_filtered_paths_init(void)
{
	previous_hook = set_join_pathlist_hook;
	set_join_pathlist_hook = set_join_pathlist;
}

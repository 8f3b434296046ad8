/*-------------------------------------------------------------------------
 *
 * agg_join_internal.h
 *		What the files of joins below OlapAgg share.
 *
 * src/plan/agg_join_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PLAN_AGG_JOIN_INTERNAL_H
#define OLAP_PLAN_AGG_JOIN_INTERNAL_H

#include "plan/agg_join.h"
#include "plan/agg_query.h"

/* The largest olap table of a join; NULL if there is none. */
extern RelOptInfo *olap_join_fact(PlannerInfo *root, RelOptInfo *input);

/* agg_join_twice.c: may two plans be made of path; may parts of the query run twice? */
extern bool olap_join_plans_twice(Path *path);
extern bool olap_join_runs_twice(PlannerInfo *root);

/* Add the joins of path; false if one can't be done. */
extern bool olap_join_add_path(OlapJoinQuery *join, Path *path);

/*
 * agg_join_core.c: PostgreSQL's own aggregation, whose rows are OlapAgg's; the other one
 * is of one participant's part, with the states of aggs.  NULL if no plan can be made.
 */
extern Path *olap_join_core_path(PlannerInfo *root, const OlapAggQuery *query,
								 RelOptInfo *input, RelOptInfo *output,
								 List *tlist);
extern Path *olap_join_partial_core_path(PlannerInfo *root,
										 const OlapAggQuery *query,
										 RelOptInfo *input, RelOptInfo *output,
										 List *aggs, List *tlist);

/*
 * agg_join_paths.c: a scan of what the join and the aggregates read of the table, or an
 * Append of those of its partitions; the join in a plan, with that scan; the cost of
 * path, for so many joined rows; that of reading and hashing the sides once.
 */
extern Path *olap_join_fact_path(PlannerInfo *root, const OlapAggQuery *query,
								 int workers);
extern List *olap_join_plan_list(const OlapAggQuery *query, const Path *scan);
extern void olap_join_cost(PlannerInfo *root, const OlapAggQuery *query,
						   double rows, List *having, Path *path,
						   const Path *scan);

extern Cost olap_join_sides_cost(const OlapAggQuery *query);

/* agg_join_partial.c: add paths with workers, if query can be computed in parts. */
extern void olap_agg_join_partial_path(PlannerInfo *root,
									   const OlapAggQuery *query,
									   RelOptInfo *input, RelOptInfo *output,
									   GroupPathExtraData *extra);

#endif							/* OLAP_PLAN_AGG_JOIN_INTERNAL_H */

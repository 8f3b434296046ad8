/*-------------------------------------------------------------------------
 *
 * agg_parts.h
 *		Aggregation in parts: what a table and a join have in common.
 *
 * src/plan/agg_parts.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_PARTS_H
#define OLAP_AGG_PARTS_H

#include "plan/agg_query.h"

/* May query be computed in parts?  Not if the order of rows shows, ... */
extern bool olap_agg_parts_allowed(const OlapAggQuery *query);

/* The aggregates' states, as Aggrefs. */
extern List *olap_agg_partial_aggs(const List *aggs);

/* exprs, one of each of clauses, and others. */
extern PathTarget *olap_agg_partial_target(PlannerInfo *root, List *clauses,
										   List *exprs, List *others);

/* So little to do that workers are not worth a thought. */
extern bool olap_agg_is_cheap(const Path *path);

/* What starting workers costs beside what PostgreSQL counts: see SETUP_FACTOR. */
extern void olap_agg_add_worker_cost(Path *gather, int workers);

/* path's participants, gathered. */
extern Path *olap_agg_gather_parts(PlannerInfo *root, RelOptInfo *output,
								   Path *path);

/* What joins the states that path puts out. */
extern void olap_agg_add_final_paths(PlannerInfo *root, RelOptInfo *output,
									 Path *path, List *clauses, List *having,
									 List *tlist, double groups);

#endif							/* OLAP_AGG_PARTS_H */

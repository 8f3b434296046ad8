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

/* The largest olap table of a join; NULL if there is none. */
extern RelOptInfo *olap_join_fact(PlannerInfo *root, RelOptInfo *input);

/* agg_join_twice.c: may two plans be made of path; may parts of the query run twice? */
extern bool olap_join_plans_twice(Path *path);
extern bool olap_join_runs_twice(PlannerInfo *root);

/* Add the joins of path; false if one can't be done. */
extern bool olap_join_add_path(OlapJoinQuery *join, Path *path);

#endif							/* OLAP_PLAN_AGG_JOIN_INTERNAL_H */

/*-------------------------------------------------------------------------
 *
 * agg_topn.h
 *		Is an aggregation below an ORDER BY, by what it computes, and a LIMIT?
 *
 * src/plan/agg_topn.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PLAN_AGG_TOPN_H
#define OLAP_PLAN_AGG_TOPN_H

#include "nodes/pathnodes.h"

#include "exec/agg_topn.h"
#include "plan/agg_query.h"

/*
 * olap_agg_topn_to_list() of what the query asks for, NIL if it is not sorted by one
 * of its aggregates or keys first or its limit is not known.
 */
extern List *olap_agg_topn_plan(PlannerInfo *root, const RelOptInfo *input,
								const OlapAggQuery *query, List *having);

/* Of such a list: the plan's last custom_exprs, LIMIT and OFFSET, if it needs them. */
extern List *olap_agg_topn_exprs(PlannerInfo *root, const List *list);

#endif							/* OLAP_PLAN_AGG_TOPN_H */

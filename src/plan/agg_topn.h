/*-------------------------------------------------------------------------
 *
 * agg_topn.h
 *		Is an aggregation below an ORDER BY of an aggregate, and a LIMIT?
 *
 * src/plan/agg_topn.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PLAN_AGG_TOPN_H
#define OLAP_PLAN_AGG_TOPN_H

#include "nodes/pathnodes.h"

#include "exec/agg_topn.h"

/*
 * olap_agg_topn_to_list() of what the query asks for, NIL if it is not sorted by one
 * of aggs first or its limit is not known.  calls: olap_agg_call_to_list() of each.
 */
extern List *olap_agg_topn_plan(PlannerInfo *root, const RelOptInfo *input,
								List *having, List *aggs, List *calls);

#endif							/* OLAP_PLAN_AGG_TOPN_H */

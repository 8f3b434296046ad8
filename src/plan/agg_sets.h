/*-------------------------------------------------------------------------
 *
 * agg_sets.h
 *		GROUPING SETS, ROLLUP and CUBE of an aggregation by OlapAgg.
 *
 * src/plan/agg_sets.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_SETS_H
#define OLAP_AGG_SETS_H

#include "plan/agg_query.h"

/*
 * Fill query->sets and ->grouping_keys for root's query, whose clauses are those
 * that query's keys were made of.  False if OlapAgg cannot compute it.
 */
extern bool olap_agg_sets_plan(PlannerInfo *root, OlapAggQuery *query,
							   List *clauses);

/* Is there a GROUPING() in node?  Without sets it is left to the server. */
extern bool olap_agg_has_grouping(Node *node);

/* Groups of all sets; what feeding them adds for each row, in updates. */
extern double olap_agg_sets_groups(const OlapAggQuery *query);
extern double olap_agg_sets_updates(const OlapAggQuery *query);

/* When the plan is made: setrefs.c looks up what GROUPING() refers to. */
extern void olap_agg_sets_set_map(PlannerInfo *root, List *groupings);

#endif							/* OLAP_AGG_SETS_H */

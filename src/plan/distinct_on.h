/*-------------------------------------------------------------------------
 *
 * distinct_on.h
 *		OlapDistinctOn paths.
 *
 * src/plan/distinct_on.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PLAN_DISTINCT_ON_H
#define OLAP_PLAN_DISTINCT_ON_H

#include "nodes/pathnodes.h"

/*
 * Add to output, the relation of DISTINCT ON over the rows of input, a path that finds
 * the winning rows in vectors, if input is an olap table and the query one of those
 * that OlapDistinctOn computes.
 */
extern void olap_distinct_on_paths(PlannerInfo *root, RelOptInfo *input,
								   RelOptInfo *output);

#endif							/* OLAP_PLAN_DISTINCT_ON_H */

/*-------------------------------------------------------------------------
 *
 * agg_append.h
 *		OlapAgg over all partitions of a table.
 *
 * src/plan/agg_append.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_APPEND_H
#define OLAP_AGG_APPEND_H

#include "plan/agg_query.h"

/* Is the first of rel's parts of ours?  Then it is worth to look closer. */
extern bool olap_first_part_is_ours(PlannerInfo *root, RelOptInfo *rel);

/*
 * An Append of scans of all tables below rel that read columns, expressions over rel.
 * It costs what they do.  NULL if one of them cannot be read by us, or there is none.
 */
extern Path *olap_tables_path(PlannerInfo *root, RelOptInfo *rel, List *columns);

/*
 * The same for query, filled for a partitioned table.  NULL too if parts that each
 * partition computes for itself (agg_partial.c) do as well.
 */
extern Path *olap_agg_tables_path(PlannerInfo *root, OlapAggQuery *query);

#endif							/* OLAP_AGG_APPEND_H */

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

/* The scans of a table's partitions, and what they cost together. */
typedef struct OlapTables
{
	List	   *scans;
	List	   *vars;			/* columns that the first one reads */
	Path		total;
} OlapTables;

/*
 * Scans of all tables below rel that read columns, expressions over rel.  False if one
 * of them cannot be read by us, or there is none.
 */
extern bool olap_tables_add(PlannerInfo *root, RelOptInfo *rel, List *columns,
							OlapTables *tables);

/*
 * A path for query, filled for a partitioned table, that reads one partition after
 * the other.  NULL: not all of them are ours with the same columns, or parts that each
 * partition computes for itself (agg_partial.c) do as well.
 */
extern OlapAggPath *olap_agg_append_path(PlannerInfo *root, OlapAggQuery *query,
										 RelOptInfo *parent, PathTarget *target,
										 List *having);

#endif							/* OLAP_AGG_APPEND_H */

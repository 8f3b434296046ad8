/*-------------------------------------------------------------------------
 *
 * agg_join.h
 *		Joins below OlapAgg: what the planner knows of one.
 *
 * src/plan/agg_join.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PLAN_AGG_JOIN_H
#define OLAP_PLAN_AGG_JOIN_H

#include "nodes/pathnodes.h"

typedef struct OlapJoinQuery
{
	PlannerInfo *root;
	RelOptInfo *fact;			/* the olap table */
	List	   *dims;			/* Paths of the other sides */
	List	   *sources;		/* their Vars, in the order of the joined columns */
	List	   *steps;			/* see exec/agg_join.h */
	List	   *names;			/* of the steps, the same */
	double		rows;			/* joined, estimated */
	double		dim_rows;
	double		bytes;			/* what the sides take in memory, estimated */
} OlapJoinQuery;

/*
 * expr with each Var replaced by its joined column (exec/agg_join.h); NULL if
 * there is something that is not a column of the join.
 */
extern Expr *olap_join_rewrite(const OlapJoinQuery *join, const Expr *expr);

/* Add a path to output, if input is a join that OlapAgg can do. */
extern void olap_agg_join_paths(PlannerInfo *root, RelOptInfo *input,
								RelOptInfo *output, GroupPathExtraData *extra);

#endif							/* OLAP_PLAN_AGG_JOIN_H */

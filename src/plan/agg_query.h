/*-------------------------------------------------------------------------
 *
 * agg_query.h
 *		What a query asks of OlapAgg, for the files that make paths of it.
 *
 * src/plan/agg_query.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_QUERY_H
#define OLAP_AGG_QUERY_H

#include "nodes/pathnodes.h"

typedef struct OlapAggQuery
{
	RelOptInfo *rel;			/* the scanned relation, or a partitioned one */
	List	   *keys;			/* group expressions, each once */
	List	   *derived;		/* those that keys determine are none: columns */
	List	   *orders;			/* OlapOrder of each */
	List	   *aggs;			/* Aggrefs, each once */
	List	   *calls;			/* olap_agg_call_to_list() of each */
	int			ngeneric;		/* by the server's functions */
	int			ncollated;		/* olap_agg_call_collated() */
	List	   *columns;		/* the scan's target list, or of joined columns */
	struct OlapJoinQuery *join; /* NULL: one table */
	List	   *groupings;		/* GroupingFuncs, each once */
	List	   *grouping_keys;	/* of each the keys of its arguments, one a bit */
	List	   *sets;			/* grouping sets: groups expected, keys */
} OlapAggQuery;

/* A path of OlapAgg, with what its plan is made of. */
typedef struct OlapAggPath
{
	CustomPath	path;
	OlapAggQuery query;
	List	   *having;
	List	   *aggs;			/* to compute: query.aggs, or partial ones */
	List	   *topn;			/* olap_agg_topn_plan() */
	List	   *join;			/* NIL: one table; else see exec/agg_join.h */
	List	   *division;		/* NIL, or olap_agg_division_to_list() */
} OlapAggPath;

/*
 * Fill query for rel: clauses are SortGroupClauses, exprs the expression of each,
 * outputs lists of what is made of groups; sets: there are grouping sets.  False if
 * OlapAgg cannot compute it.
 */
extern bool olap_agg_query_fill(OlapAggQuery *query, RelOptInfo *rel,
								List *clauses, List *exprs, List *outputs,
								bool sets);

/* Are all clauses that filter the rows of rel of our doing? */
extern bool olap_filters_supported(RelOptInfo *rel);

/* agg_derived.c: those of exprs that are functions of others, and make no groups. */
extern List *olap_agg_derived_keys(List *clauses, List *exprs);

/*
 * A path for query that computes target, not yet costed as anything's part: its
 * costs are those of taking scan's batches and making a row a group.  aggs: the
 * Aggrefs to compute, query->aggs or partial ones in the same order.  root's
 * statistics say how many groups there are.  Of a partitioned table it reads all
 * partitions, without workers of its own (agg_append.h).
 */
extern OlapAggPath *olap_agg_path(PlannerInfo *root, OlapAggQuery *query,
								  RelOptInfo *parent, PathTarget *target,
								  List *having, List *aggs, int workers);

/* One without children, costs and target, of which the caller makes the rest. */
extern OlapAggPath *olap_agg_path_create(const OlapAggQuery *query,
										 RelOptInfo *parent, List *having,
										 List *aggs);

/* The same for rows of a join. */
extern bool olap_agg_join_query_fill(OlapAggQuery *query,
									 struct OlapJoinQuery *join, List *clauses,
									 List *exprs, List *outputs);

/* The costs of path, which takes the batches of scan. */
extern void olap_agg_cost(PlannerInfo *root, const OlapAggQuery *query,
						  List *having, Path *path, const Path *scan);

/* Those of one of nparts processes that have the groups divided by a key among them. */
extern void olap_agg_cost_part(PlannerInfo *root, const OlapAggQuery *query,
							   List *having, Path *path, const Path *scan,
							   int nparts, int key);

/* The part of the costs that depends on how many groups there are. */
extern Cost olap_agg_group_work(PlannerInfo *root, const OlapAggQuery *query,
								double rows);

extern bool olap_is_agg_path(const CustomPath *path);

/* May two plans be made of path, an OlapAgg's? */
extern bool olap_agg_path_plans_twice(const CustomPath *path);

/* agg_join_paths.c: expressions of a join in a form that PostgreSQL can look at. */
extern List *olap_join_dependencies(List *join);

/* Groups of query among rows. */
extern double olap_agg_count_groups(PlannerInfo *root,
									const OlapAggQuery *query, double rows);

/*
 * agg_partial.c: paths that aggregate in parallel workers or partition by
 * partition, and put PostgreSQL's own Agg above to join the parts.
 */
extern void olap_agg_partial_paths(PlannerInfo *root, RelOptInfo *input,
								   RelOptInfo *output,
								   GroupPathExtraData *extra);
extern void olap_distinct_partial_paths(PlannerInfo *root, RelOptInfo *input,
										RelOptInfo *output, PathTarget *target);

/* agg_divided.c: paths whose processes have the groups divided among them. */
extern void olap_agg_divided_paths(PlannerInfo *root, OlapAggQuery *query,
								   RelOptInfo *output, PathTarget *target,
								   List *having);

#endif							/* OLAP_AGG_QUERY_H */

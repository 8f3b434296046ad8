/*-------------------------------------------------------------------------
 *
 * agg_topn.h
 *		OlapAgg: groups that a LIMIT above leaves out.
 *
 * src/exec/agg_topn.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_TOPN_H
#define OLAP_AGG_TOPN_H

#include "nodes/pg_list.h"

/* With more rows than this little is won. */
#define OLAP_TOPN_MAX_ROWS 10000

/* The number of rows is that of the last two custom_exprs, of LIMIT and OFFSET. */
#define OLAP_TOPN_BY_EXPRS (-1)

/* The query's first sort key is an aggregate, or a group key, of this number. */
typedef struct OlapAggTopN
{
	bool		by_key;
	int			item;
	bool		descending;
	bool		nulls_first;
	int			limit;			/* with OFFSET; 0: every group goes up */
} OlapAggTopN;

/* NIL for none. */
extern List *olap_agg_topn_to_list(const OlapAggTopN *topn);
extern void olap_agg_topn_from_list(const List *list, OlapAggTopN *topn);

struct OlapAggNode;

/*
 * To be called when the groups are complete, before the first goes up; then
 * olap_agg_topn_next() moves node->next to the next group that may be among the
 * first ones, and is false if there is none.
 */
extern void olap_agg_topn_start(struct OlapAggNode *node);
extern bool olap_agg_topn_next(struct OlapAggNode *node);

/* Do the groups that go up lie apart from each other? */
extern bool olap_agg_topn_few(const struct OlapAggNode *node);

/* The row of the group that went up last passed HAVING. */
extern void olap_agg_topn_passed(struct OlapAggNode *node);

#endif							/* OLAP_AGG_TOPN_H */

/*-------------------------------------------------------------------------
 *
 * agg_sets_internal.h
 *		OlapAgg: the sets of a GROUP BY, shared by the agg_sets*.c files.
 *
 * src/exec/agg_sets_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_SETS_INTERNAL_H
#define OLAP_AGG_SETS_INTERNAL_H

#include "exec/agg_internal.h"

/*
 * More groups than this of a set that nobody asked for: their states leave the
 * cache, and feeding the others is cheaper.  Measured: docs/architecture/agg.md.
 */
#define MAX_HIDDEN_GROUPS 1024

#define SET_FED (-1)

typedef struct AggSetMember
{
	OlapAggNode *node;
	int			source;			/* number of a set before this one, or SET_FED */
	bool		hidden;			/* not one of the query's */
	bool		gone;			/* its memory is freed, or soon will be */
	bool		feed;			/* with the batch at work, still */
} AggSetMember;

struct OlapAggFamily
{
	OlapAggNode *parent;
	size_t		limit;			/* memory of all sets */
	bool		spilled;		/* some rows were put aside */
	int			out;			/* set whose groups go up; n and more: of files */
	int			n;
	AggSetMember members[FLEXIBLE_ARRAY_MEMBER]; /* those with more keys first */
};

/* agg_sets.c: empty a set's groups and give their memory back. */
extern void olap_agg_sets_free(OlapAggFamily *family, int i);

/* Counters of a set start anew. */
extern void olap_agg_sets_forget_counts(OlapAggNode *set);

/*
 * agg_sets_build.c: the place of each key of set among those of other; false if
 * one is missing.
 */
extern bool olap_agg_sets_find_keys(const OlapAggNode *set,
									const OlapAggNode *other, int *places);

/* agg_sets_roll_up.c: add the groups of source to those of set. */
extern void olap_agg_sets_roll_up(OlapAggNode *set, const OlapAggNode *source);

/* Roll up what set i is the source of; those sets are fed from now on. */
extern void olap_agg_sets_detach(OlapAggFamily *family, int i);

/* Memory of all sets, in bytes. */
extern size_t olap_agg_sets_used(const OlapAggFamily *family);

#endif							/* OLAP_AGG_SETS_INTERNAL_H */

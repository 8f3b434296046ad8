/*-------------------------------------------------------------------------
 *
 * agg_ordered.h
 *		Aggregates over the values of a group in order.
 *
 * A set holds the values of all groups for the aggregates that have argument,
 * FILTER and order in common.  Values that have words (integers, floats, dates,
 * ...) are kept in memory and selected from by rank; others are rows in memory, and
 * a group's are sorted when it goes up.  When memory is spent, one tuplesort of the
 * server has all of them, by group and value, and is read group by group.
 *
 * src/exec/agg_ordered.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_ORDERED_H
#define OLAP_AGG_ORDERED_H

#include "utils/array.h"
#include "utils/tuplesort.h"

#include "exec/agg_internal.h"
#include "vector/value_lists.h"

/* Values of one column as words, see value_lists.h. */
typedef struct OlapOrderedWords
{
	OlapPhys	phys;
	OlapOrder	order;
	bool		descending;		/* the aggregate's order; words ascend */
} OlapOrderedWords;

/* One aggregate over a set. */
typedef struct OrderedCall
{
	AggWork    *work;
	bool		descending;		/* ranks count from the set's end */

	/* percentiles: direct argument, evaluated at the first group */
	bool		known;
	bool		isnull;
	ArrayType  *array;			/* NULL: a single fraction */
	int			nfractions;
	Datum	   *fractions;
	bool	   *nulls;			/* those of them that are NULL */

	OlapGeneric *server;		/* SORTED_ROWS: the server's functions */
	int			nargs;			/* columns that they take; the rest orders */
} OrderedCall;

typedef struct OrderedRank
{
	uint64		rank;			/* in the set's order */
	Datum		value;
} OrderedRank;

/* The most frequent value of a group. */
typedef struct OrderedMode
{
	Datum		first;			/* of those as frequent, the first in order ... */
	Datum		last;			/* ... and, of words, the last */
	uint64		frequency;
	Datum		current;
	uint64		run;
} OrderedMode;

typedef struct OlapOrderedSet
{
	List	   *calls;			/* OrderedCall */
	AggWork    *leader;			/* whose arguments are evaluated */
	bool		has_mode;
	bool		has_words;
	OlapOrderedWords words;

	/* in memory, or on the way to the sort: words, or with groups pointers to rows */
	OlapValueLists *lists;
	MemoryContext rows_cxt;		/* those, MinimalTuples */
	Tuplesortstate *group_sort; /* of the group that goes up */

	/* in the server's sort: [group number,] columns */
	Tuplesortstate *sort;		/* NULL: not used so far */
	TupleDesc	desc;
	bool		by_datum;		/* one column without groups: no rows are made */
	TupleTableSlot *in;
	TupleTableSlot *out;
	int			ncols;			/* without the group number */
	int			first;			/* where they begin: 1 with groups */
	int		   *places;			/* [ncols] where each argument is */
	int			nequal;			/* DISTINCT: leading sort columns that make it */
	AttrNumber *equal_cols;		/* ... and which these are */
	FmgrInfo   *equal_fns;
	Oid		   *equal_collations;
	FmgrInfo	mode_equal;
	Oid			mode_collation;
	int16		typlen;			/* of the first column */
	bool		typbyval;
	char	  (*scratch)[OLAP_DECIMAL_MAX_SIZE + 8];	/* [ncols] */
	uint64	   *counts;			/* of each group, what the sort has */
	uint32		ncounts;
	size_t		sort_bytes;		/* memory that the sort may have by now */
	uint32		next;			/* group that is read next */

	/* of the group that goes up */
	bool		loaded;
	uint32		gid;
	uint64		n;
	OrderedRank *ranks;			/* ascending, each once */
	int			nranks;
	int			max_ranks;
	OrderedMode mode;
} OlapOrderedSet;

/* agg_ordered.c: rows sorted by [group and] the set's columns. */
extern Tuplesortstate *olap_ordered_sort(OlapAggNode *node, OlapOrderedSet *set,
										 bool by_group);

/* agg_ordered_plan.c: the clauses that sort; has the order words? */
extern List *olap_ordered_clauses(const Aggref *aggref);
extern bool olap_ordered_has_words(const Aggref *aggref, int shape,
								   OlapOrderedWords *words);

/*
 * agg_ordered_read.c: the values of group gid, of which set->ranks and the mode
 * are kept and rows go to the server's functions.
 */
extern void olap_ordered_read(OlapAggNode *node, OlapOrderedSet *set,
							  uint32 gid);
extern uint64 olap_ordered_count(OlapOrderedSet *set, uint32 gid);

#endif							/* OLAP_AGG_ORDERED_H */

/*-------------------------------------------------------------------------
 *
 * agg_join_internal.h
 *		What the files of joins below OlapAgg share.
 *
 * src/exec/agg_join_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_JOIN_INTERNAL_H
#define OLAP_AGG_JOIN_INTERNAL_H

#include "exec/agg_join.h"
#include "vector/group.h"

/* A column of a side: all its values; row 0 is NULL, for rows without a match. */
typedef struct OlapJoinColumn
{
	OlapVector	values;
	bool		has_nulls;		/* behind row 0 */

	/* few distinct strings: each of them, and the entry of each row */
	uint32	   *codes;			/* NULL: none */
	OlapVector	dict;

	/* room for a batch's rows */
	void	   *out_values;
	uint64	   *out_valid;
	uint32	   *out_codes;
} OlapJoinColumn;

/* For EXPLAIN. */
typedef struct OlapJoinCounts
{
	uint64		rows_read;
	uint64		rows_hashed;
	uint64		rows_probed;
	uint64		rows_matched;
	size_t		peak_memory;	/* the greatest of a process */
} OlapJoinCounts;

typedef struct OlapJoinSide
{
	PlanState  *ps;
	JoinType	type;
	List	   *outer_keys;
	List	   *inner_keys;
	List	   *filters;
	OlapOrder  *orders;
	int			nkeys;
	int			first;			/* joined column of the plan's first one */
	int			ncols;

	/* of a run */
	size_t		limit;
	OlapJoinColumn *columns;	/* [ncols] */
	OlapGroups *groups;			/* of keys; group g is row g + 1 */
	uint32		rows;
	OlapProgram *probe;
	OlapProgram *filter;		/* NULL: none */
	const OlapVector **keys;	/* [nkeys] */
	uint32		match[OLAP_VECTOR_ROWS];	/* row of each row of the batch */

	OlapJoinCounts counts;
} OlapJoinSide;

typedef struct OlapJoinShared OlapJoinShared;	/* of parallel participants */

struct OlapJoin
{
	OlapJoinShared *shared;		/* NULL: not in a parallel plan, or not any more */
	bool		core_ran;		/* in some participant, maybe not in this one */

	CustomScanState *scan;
	Index		relid;			/* the number that the planner's names begin with */
	PlanState  *parent;
	List	   *exprs;
	List	   *names;
	TupleDesc	desc;			/* of joined columns */
	OlapColumnType *types;
	bool	   *needed;			/* columns that expressions behind a side read */
	int			nfact;
	int			nsides;
	OlapJoinSide *sides;
	MemoryContext cxt;			/* of a run */
	OlapBatch  *inner;			/* of the table, in hand */
	OlapBatch	batch;

	/*
	 * Rows that columns are gathered for: those in play in the join, later all
	 * that it let pass, whichever of them a FILTER has selected when a column is
	 * first read.  sel NULL: the first nsel.
	 */
	bool		joined;
	const uint16 *out_sel;
	uint32		out_nsel;
	uint32		gids[OLAP_VECTOR_ROWS];
	uint16		sel[OLAP_VECTOR_ROWS];
};

/* agg_join_side.c: run a side; false if limit is passed. */
extern bool olap_join_build_side(OlapJoin *join, OlapJoinSide *side, size_t limit);
extern size_t olap_join_side_memory(const OlapJoinSide *side);

#endif							/* OLAP_AGG_JOIN_INTERNAL_H */

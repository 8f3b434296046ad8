/*-------------------------------------------------------------------------
 *
 * distinct_on_internal.h
 *		What the files of the OlapDistinctOn node share.
 *
 * A run makes passes over the table, each for a part of the keys by their hash; there
 * is one part unless memory is spent.  A pass finds the winner of each key and where
 * it is; then the winners' columns are read, in the order of the table.
 *
 * src/exec/distinct_on_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DISTINCT_ON_INTERNAL_H
#define OLAP_DISTINCT_ON_INTERNAL_H

#include "nodes/execnodes.h"

#include "exec/distinct_on.h"
#include "exec/emit.h"
#include "exec/place_queue.h"
#include "exec/scan_batch.h"
#include "vector/group.h"

/* Where a row is: the number of its unit, its vector, its index in the vector. */
#define DISTINCT_ON_UNIT_BITS 16
#define DISTINCT_ON_VECTOR_BITS 11

/* A sort key beside those of DISTINCT ON. */
typedef struct DistinctOnOrder
{
	int			out;			/* result of the program */
	OlapSortSpec sort;
	uint64		keys[OLAP_VECTOR_ROWS]; /* of a vector's rows, ... */
	uint8		seconds[OLAP_VECTOR_ROWS];	/* ... see olap_sort_second() */
} DistinctOnOrder;

/* The winner so far of each group; one without a winner has none that it loses to. */
typedef struct DistinctOnWinners
{
	uint32		ngroups;
	uint32		capacity;
	uint32		nwon;			/* groups that have one */
	uint64	   *keys[OLAP_DISTINCT_ON_ORDERS];
	uint8	   *seconds[OLAP_DISTINCT_ON_ORDERS];
	uint64	   *where;			/* DISTINCT_ON_NOWHERE: none */
} DistinctOnWinners;

#define DISTINCT_ON_NOWHERE PG_UINT64_MAX
#define DISTINCT_ON_NO_SECOND 2

/* A unit that had its turn, by its number. */
typedef struct DistinctOnUnit
{
	OlapSortPos first;			/* no row is before it */
	int			place;
	int			unit;
	bool		opened;
} DistinctOnUnit;

/* The keys whose hash is number, modulo count, a power of two. */
typedef struct DistinctOnPart
{
	uint32		number;
	uint32		count;
} DistinctOnPart;

typedef struct OlapDistinctOnNode
{
	CustomScanState css;
	CustomScanState *scan;
	List	   *columns;		/* expressions of the scan's target list */
	int			nkeys;
	OlapOrder  *key_orders;		/* [nkeys] */
	int			norders;
	DistinctOnOrder *orders;	/* [norders] */
	int			nchecks;

	/* of one run: from the first call to the next rescan with other parameters */
	MemoryContext cxt;
	bool		started;
	OlapBatchInput input;
	OlapTableScan *table;		/* NULL: no row passes */
	OlapProgram *program;
	List	   *check_outs;		/* results that may raise errors */
	OlapGroups *groups;
	DistinctOnWinners winners;
	OlapPlaceQueue *queue;
	DistinctOnUnit *units;
	uint64		nunits;
	uint64		units_capacity;
	int			skip_col;		/* key that says what a unit holds; -1: none */
	OlapVector	null_key;		/* one row of it */
	OlapFilter *key_filter;		/* WHERE about it alone; NULL: nothing */
	size_t		memory_limit;
	List	   *parts;			/* DistinctOnPart, to be done */
	DistinctOnPart part;		/* being done */

	/* buffers of a batch */
	const OlapVector **keys;	/* [nkeys] */
	uint32	   *gids;			/* [OLAP_VECTOR_ROWS], as the others */
	uint32	   *hashes;
	uint16	   *kept_sel;

	/* winners on their way out, in the order of their places */
	OlapEmitter *emitter;
	OlapSortPos *out;
	uint32		nout;
	uint32		next;			/* first whose columns are not loaded */
	uint32		loaded;			/* rows in the emitter, ... */
	uint32		pos;			/* ... and the next of these */
	uint64		few_unit;		/* the unit whose rows were counted last, ... */
	bool		few;			/* ... and whether they are few */

	/* for EXPLAIN, of all runs */
	uint64		found;			/* rows that went up */
	uint64		left_out;		/* units of row groups that were never opened */
	uint64		runs;
	uint64		passes;			/* one a run, and more where memory is short */
	uint64		peak_memory;
} OlapDistinctOnNode;

/* distinct_on_pass.c: what a run needs; the winners of the next part of the keys. */
extern void olap_distinct_on_build(OlapDistinctOnNode *node);
extern void olap_distinct_on_restart(OlapDistinctOnNode *node);
extern bool olap_distinct_on_pass(OlapDistinctOnNode *node);

/* Units that no pass opened so far. */
extern uint64 olap_distinct_on_unopened(const OlapDistinctOnNode *node);

/* Does row i, whose hash is in node->hashes, belong to the part at hand? */
static inline bool
olap_distinct_on_in_part(const OlapDistinctOnNode *node, uint32 i)
{
	return (node->hashes[i] & (node->part.count - 1)) == node->part.number;
}

/*
 * distinct_on_skip.c: what it needs of a run, if node->skip_col is set; does no row of
 * unit win, as its keys tell?
 */
extern void olap_distinct_on_build_skip(OlapDistinctOnNode *node);
extern bool olap_distinct_on_loses(OlapDistinctOnNode *node,
								   const DistinctOnUnit *unit);

/*
 * distinct_on_contest.c: room for ngroups winners; none; the rows of batch, which are
 * at where + their index in the vector, of groups node->gids, against those there are.
 */
extern void olap_distinct_on_grow(OlapDistinctOnNode *node, uint32 ngroups);
extern void olap_distinct_on_forget(OlapDistinctOnNode *node);
extern void olap_distinct_on_contest(OlapDistinctOnNode *node, OlapBatch *batch,
									 uint64 where);
/* Does no row at or behind first win group gid? */
extern bool olap_distinct_on_beats(const OlapDistinctOnNode *node, uint32 gid,
								   const OlapSortPos *first);
/* Where the winners are, in that order, as keys of node->out. */
extern void olap_distinct_on_collect(OlapDistinctOnNode *node);
extern size_t olap_distinct_on_memory(const OlapDistinctOnNode *node);

/* distinct_on_explain.c, of CustomExecMethods */
struct ExplainState;
extern void olap_distinct_on_explain(CustomScanState *css, List *ancestors,
									 struct ExplainState *es);

#endif							/* OLAP_DISTINCT_ON_INTERNAL_H */

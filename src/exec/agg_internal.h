/*-------------------------------------------------------------------------
 *
 * agg_internal.h
 *		What the files of the OlapAgg node share.
 *
 * src/exec/agg_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_INTERNAL_H
#define OLAP_AGG_INTERNAL_H

#include "nodes/execnodes.h"
#include "portability/instr_time.h"

#include "exec/agg_call.h"
#include "exec/agg_generic.h"
#include "exec/agg_join.h"
#include "exec/agg_spill.h"
#include "exec/agg_topn.h"
#include "exec/scan_batch.h"
#include "vector/agg.h"
#include "vector/distinct_sets.h"
#include "vector/division.h"
#include "vector/group.h"
#include "vector/program.h"

/* An aggregate at work. */
typedef struct AggWork
{
	OlapAggCall call;
	Aggref	   *aggref;
	OlapColumnType type;		/* of the first argument, if there is one */
	Oid			deserialfn;		/* of a partial aggregate with internal states */
	int			outs[FUNC_MAX_ARGS];	/* arguments: results of the program */
	OlapAgg    *agg;			/* NULL: generic */
	OlapDistinctSets *sets;		/* DISTINCT */
	OlapVector	fresh;			/* DISTINCT: values new to their groups */
	uint64		meta_rows;		/* of a row group, see agg_meta.c */
	OlapSpill  *aside;			/* DISTINCT: values that the sets have no memory for */
	struct OlapOrderedSet *ordered; /* OLAP_CALL_ORDERED */
	struct OrderedCall *ordered_call;
	List	   *aside_files;	/* OlapSpillFile, to be read */
	int			aside_level;	/* of the values being read: 0 from the input */

	/*
	 * The server's functions: for generic calls all rows; for others rows that
	 * agg does not take, and final functions.  Made when first needed.
	 */
	OlapGeneric *server;
	uint64		server_rows;
} AggWork;

struct ExplainState;

/* Aggregates that have their FILTER, or none, in common. */
typedef struct AggStage
{
	int			filter;			/* result of the main program; -1: none */
	OlapProgram *program;		/* of the arguments */
	int			nworks;
	AggWork   **works;
} AggStage;

/* Time spent, in seconds; only kept with EXPLAIN (ANALYZE, TIMING). */
typedef struct AggTimes
{
	double		input;			/* reading, decoding, filtering */
	double		group;
	double		update;
	double		output;
} AggTimes;

typedef struct AggScan AggScan; /* agg_scans.c: a partition */
typedef struct AggShared AggShared; /* of parallel participants */
typedef struct OlapTopN OlapTopN;
typedef struct OlapAggFamily OlapAggFamily; /* of grouping sets */

typedef struct OlapAggNode
{
	CustomScanState css;
	CustomScanState *scan;		/* the table, or the first partition; NULL: pruned */
	Plan	   *scan_plan;		/* its plan */
	TupleDesc	table_desc;
	AppendState *append;		/* of partitions; not executed */
	AggScan    *scans;			/* [nscans], read one after the other */
	int			nscans;			/* 0: all partitions are pruned */
	int			at_scan;
	bool		prunes;			/* parameters leave unpruned ones */
	Bitmapset  *unpruned;
	OlapJoin   *join;			/* NULL: one table */
	PlanState  *core;			/* join: what runs if its sides take too much */
	bool		core_runs;
	bool		idle;			/* join: other participants take all rows */
	List	   *columns;		/* expressions of the scan's target list, or the join's */
	const char **described;		/* how each is computed, NULL: not known yet */
	int			nkeys;
	int		   *key_at;			/* [nkeys]: result of the program, column of the slot */
	int			nslot_keys;		/* keys in the slot; aggregates follow */
	OlapOrder  *orders;			/* [nkeys] */
	List	   *derived;		/* group expressions that keys determine: columns, */
	List	   *derived_outs;	/* ... and results of the program that may fail */
	int			nworks;
	AggWork    *works;
	bool		has_sets;		/* some of them are DISTINCT */
	List	   *ordered;		/* struct OlapOrderedSet: see agg_ordered.h */

	/* groups divided among parallel processes: see agg_divided.c */
	int			nparts;			/* 0: not divided */
	int			divide_key;
	int			part;			/* this process's now; -1: none so far */
	OlapDivision *division;		/* of one run; NULL: all rows are its own */
	uint16	   *part_sel;		/* [OLAP_VECTOR_ROWS] */

	/*
	 * GROUPING SETS: the plan's lists, and of one run the nodes of its sets (see
	 * agg_sets_build.c); then this one has no groups itself.  A set's node knows its
	 * family and is not executed.
	 */
	List	   *sets;
	List	   *groupings;
	OlapAggFamily *family;
	bool		is_set;

	/* of one run: from the first call to the next rescan */
	MemoryContext cxt;
	bool		filled;			/* all input is taken */
	OlapBatchInput input;
	OlapProgram *program;		/* keys, FILTERs, arguments without FILTER */
	int			nstages;
	AggStage   *stages;
	OlapGroups *groups;			/* NULL: no GROUP BY */
	uint32		ngroups;

	/* rows put aside when memory is spent */
	size_t		memory_limit;
	OlapColumnType *types;		/* [natts] of the table */
	bool	   *needed;			/* [natts] columns that the programs read */
	int			natts;
	OlapSpill  *spill;			/* NULL: new groups are still made */
	OlapSpillReader *reader;
	List	   *files;			/* OlapSpillFile, to be read */
	int			level;			/* of the rows being read: 0 from the table */

	/* buffers of a batch */
	const OlapVector **keys;	/* [nkeys] */
	uint32	   *gids;			/* [OLAP_VECTOR_ROWS], as the others */
	uint32	   *stage_gids;
	uint32	   *fresh_gids;
	uint32	   *hashes;
	uint16	   *positions;
	uint16	   *stage_sel;
	uint16	   *fresh_sel;
	uint16	   *kept_sel;
	uint16	   *aside_sel;
	uint16	   *late_sel;

	/* the way out */
	uint32		next;			/* group to go up */
	uint32		first;			/* first group whose keys are in out_keys */
	uint32		nout;
	OlapAggTopN topn;
	List	   *topn_exprs;		/* LIMIT, OFFSET: for OLAP_TOPN_BY_EXPRS */
	OlapTopN   *topn_work;		/* of this run; NULL: not needed so far */
	uint32		sketched;		/* segment whose sketches are merged; 0: none */
	OlapVector *out_keys;		/* [nkeys] */
	char	  (*scratch)[OLAP_DECIMAL_MAX_SIZE + 8];	/* [nkeys] */
	MemoryContext row_cxt;		/* results of the row that went up last */

	/* for EXPLAIN */
	AggShared  *shared;			/* NULL: not in a parallel plan, or not any more */
	bool		timing;
	AggTimes	times;
	uint64		peak_memory;
	uint64		groups_made;	/* of all runs */
	uint64		left_out;		/* of those, as a LIMIT does */
	uint64		spilled_files;
	bool		in_parts;		/* the groups of this run were not all there at once */
	uint64		spilled_rows;
	uint64		spilled_bytes;
	int			spilled_level;	/* greatest */
	uint64		aside_files;	/* of values of DISTINCT */
	uint64		aside_values;
	uint64		aside_bytes;
	uint64		sets_fed;		/* grouping sets: by rows, and from other sets */
	uint64		sets_rolled_up;
	uint64		ordered_sorts;	/* of agg_ordered.c that were on disk */
	uint64		ordered_kb;
} OlapAggNode;

/* Add what passed since the last call to *sum. */
static inline void
olap_agg_lap(OlapAggNode *node, instr_time *last, double *sum)
{
	instr_time	now,
				passed;

	if (!node->timing)
		return;
	INSTR_TIME_SET_CURRENT(now);
	passed = now;
	INSTR_TIME_SUBTRACT(passed, *last);
	*sum += INSTR_TIME_GET_DOUBLE(passed);
	*last = now;
}

/*
 * agg_scans.c: the table, or the partitions.  _start begins with the first one that
 * parameters leave; the next batch has the columns where programs look for them, and if
 * input.new_place is set its dictionaries are others.
 */
extern void olap_agg_scans_begin(OlapAggNode *node, CustomScan *plan,
								 EState *estate, int eflags);
extern CustomScanState *olap_agg_scan(const OlapAggNode *node, int i);
extern void olap_agg_scans_start(OlapAggNode *node);
extern OlapBatch *olap_agg_scans_next(OlapAggNode *node);
extern OlapProgram *olap_agg_scans_compile(OlapAggNode *node, List *exprs);
extern void olap_agg_scans_rescan_changed(OlapAggNode *node);

/* agg_build.c: make and free what a run needs. */
extern void olap_agg_build(OlapAggNode *node);
extern void olap_agg_discard(OlapAggNode *node);
extern OlapGeneric *olap_agg_server(OlapAggNode *node, AggWork *work);

/*
 * agg_input.c: take all input; then, when the groups made of it went up, that of
 * a file.  False if there is no file left.
 */
extern void olap_agg_fill(OlapAggNode *node);
extern bool olap_agg_refill(OlapAggNode *node);

/* agg_node.c: the parts of olap_agg_plan_private(). */
typedef enum OlapAggPrivate
{
	PRIVATE_KEYS,
	PRIVATE_DERIVED,
	PRIVATE_CALLS,
	PRIVATE_TOPN,
	PRIVATE_SETS,
	PRIVATE_GROUPINGS,
	PRIVATE_JOIN,
	PRIVATE_DIVISION
} OlapAggPrivate;

extern List *olap_agg_private(const CustomScan *plan, OlapAggPrivate which);

/* Parts of these, for agg_sets*.c. */
extern void olap_agg_build_states(OlapAggNode *node, double expected);
extern void olap_agg_discard_states(OlapAggNode *node);
extern void olap_agg_grow_states(OlapAggNode *node, uint32 ngroups);
extern void olap_agg_new_place(OlapAggNode *node);
extern void olap_agg_take_rows(OlapAggNode *node, OlapBatch *batch,
							   instr_time *last);
extern void olap_agg_end_input(OlapAggNode *node);
extern bool olap_agg_results_repeat(const OlapAggNode *node);

/*
 * agg_sets*.c: one node for each grouping set, fed with the batches of the one that
 * has the scan, or rolled up from another.
 */
extern void olap_agg_sets_begin(OlapAggNode *node, CustomScan *plan);
extern void olap_agg_sets_build(OlapAggNode *node);
extern void olap_agg_sets_take(OlapAggNode *node, OlapBatch *batch,
							   instr_time *last);
extern void olap_agg_sets_end(OlapAggNode *node);
/* The set has spent its memory: is there more? */
extern bool olap_agg_sets_make_room(OlapAggNode *set);
extern bool olap_agg_sets_next_row(OlapAggNode *node);
extern bool olap_agg_sets_repeat(const OlapAggNode *node);
extern void olap_agg_sets_again(OlapAggNode *node);
extern void olap_agg_sets_discard(OlapAggNode *node);
/* Add the counters of the sets to node's. */
extern void olap_agg_sets_count(OlapAggNode *node);
extern void olap_agg_sets_explain(OlapAggNode *node, List *names,
								  struct ExplainState *es);
/* Each set of a family. */
extern int	olap_agg_sets_number(const OlapAggNode *node);
extern OlapAggNode *olap_agg_sets_get(const OlapAggNode *node, int i);

struct OlapSegment;

/* agg_meta.c: take row groups without reading them, where metadata do; true: may be. */
extern bool olap_agg_meta_start(OlapAggNode *node);

/* agg_sketch.c: the same of sketches, which stand for segments; offered: of the above. */
extern void olap_agg_sketch_start(OlapAggNode *node, bool offered);

/* Can stored sketches answer work?  And are those of the segment merged into it? */
extern bool olap_agg_sketch_stored(const OlapAggNode *node, const AggWork *work);
extern bool olap_agg_sketch_merged(const OlapAggNode *node,
								   const struct OlapSegment *segment);
/* agg_input.c: memory of what grows with groups and sets. */
extern size_t olap_agg_memory_used(const OlapAggNode *node);
extern void olap_agg_update_server(OlapAggNode *node, AggWork *work,
								   const uint32 *gids,
								   const OlapVector *const *args, uint32 n);

/*
 * agg_distinct.c: update an aggregate with the values that are new to their
 * group (gids: NULL without GROUP BY); before a batch, share the memory out;
 * after the last, take the values that were put aside.
 */
extern void olap_agg_update_distinct(OlapAggNode *node, AggWork *work,
									 const uint32 *gids, bool one_group,
									 const OlapVector *arg, uint32 n);
extern void olap_agg_limit_sets(OlapAggNode *node);
extern void olap_agg_end_sets(OlapAggNode *node);
extern void olap_agg_discard_sets(OlapAggNode *node);

/*
 * agg_ordered*.c: values of aggregates that want them in order.  _limit_ moves some
 * out of memory that is spent, _end_ comes after the last one.
 */
extern void olap_agg_build_ordered(OlapAggNode *node);
extern void olap_agg_update_ordered(OlapAggNode *node, AggWork *work,
									const uint32 *gids,
									const OlapVector *const *args, uint32 n);
extern bool olap_agg_leads_ordered(const AggWork *work);
extern void olap_agg_limit_ordered(OlapAggNode *node);
extern void olap_agg_end_ordered(OlapAggNode *node);
extern size_t olap_agg_ordered_memory(const OlapAggNode *node);
extern Datum olap_agg_ordered_result(OlapAggNode *node, AggWork *work,
									 uint32 gid, bool *isnull);
/* Can what has gone up go up again? */
extern bool olap_agg_ordered_repeats(const OlapAggNode *node);
/* For new groups; for another run. */
extern void olap_agg_reset_ordered(OlapAggNode *node);
extern void olap_agg_discard_ordered(OlapAggNode *node);

/*
 * agg_by_time.c: first and last by time, whose values are read of the rows that win
 * alone.
 */
extern bool olap_agg_is_by_time(const AggWork *work);
extern void olap_agg_update_by_time(OlapAggNode *node, const AggStage *stage,
									AggWork *work, OlapBatch *batch,
									const uint32 *gids, bool one_group);
/* Can zones say that no row of a row group wins?  Those of one do say so. */
extern bool olap_agg_by_time_has_zone(const OlapAggNode *node,
									  const AggWork *work);
extern bool olap_agg_by_time_loses(const OlapAggNode *node, const AggWork *work,
								   const struct OlapSegment *segment, int rg);
/* Before the first batch, if zones can say so for all aggregates. */
extern void olap_agg_by_time_start(OlapAggNode *node);
/* Their state as the server's serialization function writes it. */
extern Datum olap_agg_by_time_state(const AggWork *work,
									const OlapAggValue *value, bool *isnull);

/*
 * agg_divided.c: parallel processes each have a part of the groups.  _start takes the
 * first one, _next, when its groups went up, another and makes its groups: false if
 * none is left.  _build makes what a run needs; olap_agg_divide() narrows a batch to
 * rows of the part.
 */
extern void olap_agg_divided_begin(OlapAggNode *node, const List *division);
extern bool olap_agg_divided_start(OlapAggNode *node);
extern bool olap_agg_divided_next(OlapAggNode *node);
extern void olap_agg_divided_build(OlapAggNode *node);
extern void olap_agg_divide(OlapAggNode *node, OlapBatch *batch);
/* agg_shared.c: the number of a part, one that nobody has yet. */
extern uint32 olap_agg_next_part(AggShared *shared);

/* agg_output.c: the next row into the scan slot; false at the end. */
extern bool olap_agg_emit(OlapAggNode *node);

/*
 * agg_partial.c: the server's transition state instead of a result, where the
 * plan has a Finalize Agg above.
 */
extern void olap_agg_partial_begin(AggWork *work);
extern Datum olap_agg_partial_result(OlapAggNode *node, AggWork *work,
									 uint32 gid, bool *isnull);

/* agg_shared.c: counters of parallel workers. */
struct ParallelContext;
struct shm_toc;
extern Size olap_agg_estimate_dsm(CustomScanState *node,
								  struct ParallelContext *pcxt);
extern void olap_agg_initialize_dsm(CustomScanState *node,
									struct ParallelContext *pcxt, void *dsm);
extern void olap_agg_reinitialize_dsm(CustomScanState *node,
									  struct ParallelContext *pcxt, void *dsm);
extern void olap_agg_initialize_worker(CustomScanState *node,
									   struct shm_toc *toc, void *dsm);
extern void olap_agg_shutdown(CustomScanState *node);

#endif							/* OLAP_AGG_INTERNAL_H */

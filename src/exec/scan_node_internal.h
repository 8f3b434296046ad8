/*-------------------------------------------------------------------------
 *
 * scan_node_internal.h
 *		The OlapScan node: its state, and what its files share.
 *
 * src/exec/scan_node_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_SCAN_NODE_INTERNAL_H
#define OLAP_SCAN_NODE_INTERNAL_H

#include "access/parallel.h"

#include "exec/emit.h"
#include "exec/qual.h"
#include "exec/runtime_internal.h"
#include "exec/scan_node.h"


/* In dynamic shared memory of a parallel scan. */
typedef struct OlapScanParallel
{
	OlapScanShared scan;
	int			nworkers;
	OlapScanCounts counts[FLEXIBLE_ARRAY_MEMBER];	/* one a worker */
} OlapScanParallel;

typedef struct OlapScanNode
{
	CustomScanState css;
	MemoryContext cxt;			/* filter and zone quals; reset by a rescan */
	bool		built;
	bool		never;			/* some clause is true of no row at all */
	OlapTableScan *scan;
	OlapBatch  *batch;
	OlapOrdered *ordered;		/* NULL: in the order of places */
	OlapScanOrder order;
	OlapEmitter *emitter;
	bool		direct;			/* it fills the result slot: no projection */
	int32		pos;			/* of the current row in batch */
	uint64		place;			/* of the batch before */
	OlapFilter *filter;			/* NULL: none */
	OlapExpr  **exprs;			/* [nexprs], of it */
	int			nexprs;
	OlapZoneQual *zones;
	int			nzones;
	bool		zones_whole;	/* they say all that filter does */
	OlapRuntimeFilter *runtime; /* of hash joins above; NULL: none */
	OlapScanTakeRowgroup take;	/* of the node above; NULL: none */
	OlapScanTake take_segment;	/* the same */
	void	   *take_arg;
	ExprState  *unbuilt;		/* clauses without a vector form after all */
	bool		tests_rows;		/* there were such: the emitter fetches all */
	List	   *unbuilt_clauses;
	ExprState  *recheck;		/* all vector clauses, for EvalPlanQual */
	bool	   *needed;			/* NULL: all columns */
	bool	   *emitted;		/* likewise, of rows that pass the filter */
	uint64		filtered;
	bool		timing;			/* EXPLAIN wants to know how long parts take */
	OlapScanCounts done;		/* of scans that have ended */
	ScanDirection moves;		/* of olap_scan_node_move() */
	OlapScanParallel *parallel;
	OlapScanCounts *slot;		/* a worker's own place in it */
	OlapScanCounts workers;		/* copied when the shared memory goes */
	bool		had_workers;
} OlapScanNode;

/* This process's counts. */
extern OlapScanCounts olap_scan_own_counts(const OlapScanNode *node);

/* End the scan, if one runs, and keep its counts. */
extern void olap_scan_stop(OlapScanNode *node);

/*
 * scan_start.c: the columns that the plan reads, with or without those that only
 * its filter does; NULL for all.
 */
extern bool *olap_scan_needed_columns(CustomScan *plan, int natts, bool filter);

/* Begin the scan; the filter is built first if it is not yet. */
extern void olap_scan_start(OlapScanNode *node);

/* Does a zone qual exclude rows where column col is NULL? */
extern bool olap_scan_rejects_nulls(const OlapScanNode *node, int col);

/* OlapOrderedFilter: the vector filter; false if no row is left. */
extern bool olap_scan_filter_batch(void *node, OlapBatch *batch);

/* The node's batch: cheap runtime filters, the filter, other runtime filters. */
extern bool olap_scan_test_batch(OlapScanNode *node);

/* scan_parallel.c: of CustomExecMethods. */
extern Size olap_scan_estimate_dsm(CustomScanState *css, ParallelContext *pcxt);
extern void olap_scan_initialize_dsm(CustomScanState *css, ParallelContext *pcxt,
									 void *dsm);
extern void olap_scan_reinitialize_dsm(CustomScanState *css,
									   ParallelContext *pcxt, void *dsm);
extern void olap_scan_initialize_worker(CustomScanState *css, shm_toc *toc,
										void *dsm);
extern void olap_scan_shutdown(CustomScanState *css);

#endif							/* OLAP_SCAN_NODE_INTERNAL_H */

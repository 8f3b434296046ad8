/*-------------------------------------------------------------------------
 *
 * scan_node.h
 *		The OlapScan node: scan, prune and filter in vectors, emit rows.
 *
 * src/exec/scan_node.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_SCAN_NODE_H
#define OLAP_SCAN_NODE_H

#include "nodes/extensible.h"

#include "exec/ordered.h"
#include "exec/runtime_filter.h"
#include "table/scan.h"

/*
 * Plan: custom_exprs holds the clauses with a vector form; plan.qual the
 * others.  custom_private is empty, or olap_scan_order_list()'s for a scan in
 * the order of a column, or olap_scan_filtered_list()'s.
 */
extern const CustomScanMethods olap_scan_plan_methods;

/* The order of a scan, in a form that plans can hold. */
typedef struct OlapScanOrder
{
	AttrNumber	attno;			/* 0: none */
	bool		descending;
	bool		nulls_first;
	int			limit;			/* rows probably asked for; 0: not known */
} OlapScanOrder;

extern List *olap_scan_order_list(const OlapScanOrder *order);
extern OlapScanOrder olap_scan_order_of(const CustomScan *plan);

/*
 * For a scan whose plan_rows are what runtime filters leave of so many rows; and these,
 * plan_rows if there is none such.
 */
extern List *olap_scan_filtered_list(double rows);
extern double olap_scan_unfiltered_rows(const CustomScan *plan);

/* What one process did; summed for EXPLAIN. */
typedef struct OlapScanCounts
{
	OlapScanStats scan;
	OlapOrderedStats ordered;
	uint64		filtered;		/* rows removed by vector filters */
	OlapRuntimeCounts runtime;	/* by runtime filters */
} OlapScanCounts;

/* scan_counts.c: add what an earlier scan of the same process did. */
extern void olap_scan_add_counts(OlapScanCounts *to, const OlapScanCounts *from);

/*
 * Add what another participant of the same scan did.  Each of them looks at the
 * whole directory, so totals and pruned segments are the same for all and must
 * not be added; a segment may have been opened by several.
 */
extern void olap_scan_add_participant(OlapScanCounts *to,
									  const OlapScanCounts *from);

/* Register the node; called by _PG_init. */
extern void olap_exec_init(void);

/* EXPLAIN of one node; in explain.c. */
struct ExplainState;
extern void olap_scan_explain(CustomScanState *node, List *ancestors,
							  struct ExplainState *es);

/* Where this process adds how long its parts of the scan take; NULL: nobody asks. */
extern OlapScanTimes *olap_scan_node_times(CustomScanState *node);

/*
 * Add what the workers of a round counted, for a node above that shares the work of
 * scans which do not.
 */
extern void olap_scan_add_workers(CustomScanState *node, const OlapScanCounts *round);

/* Counts of all processes that took part so far. */
extern OlapScanCounts olap_scan_counts(CustomScanState *node);

/*
 * For nodes above that work on batches and take the scan apart: they never call
 * ExecProcNode() on it.  _start: evaluate parameters and begin; returns the
 * clauses (ANDed, in order) that the caller has to test on the rows of each
 * batch.  _move: the next batch with rows left after the vector filter, NULL at
 * the end.  ExecReScan() starts over, with _start.
 */
extern List *olap_scan_node_start(CustomScanState *node);
extern OlapBatch *olap_scan_node_move(CustomScanState *node);

/* After the end: give back what the scan holds, the last batch too. */
extern void olap_scan_node_finish(CustomScanState *node);

/*
 * After _start, if it returned no clause: row groups all of whose rows pass are
 * offered to take before they are read.
 */
extern void olap_scan_node_offer(CustomScanState *node,
								 OlapScanTakeRowgroup take, void *arg);

/* The same with segments, see olap_scan_offer_segments(). */
extern void olap_scan_node_offer_segments(CustomScanState *node,
										  OlapScanTake take, void *arg);

/*
 * After _start: batches come from the last one on, their rows as always.  False: this
 * scan does not go backward, as processes share it.
 */
extern bool olap_scan_node_backward(CustomScanState *node);

/*
 * After _start, for who chooses the order of units: the scan, as it was begun, to be
 * moved by the caller alone; NULL: no row passes.  _test narrows a batch of it to rows
 * that pass the vector filter; false if none is left.  Does a clause pass no row where
 * column col is NULL?
 */
extern OlapTableScan *olap_scan_node_table(CustomScanState *node);
extern bool olap_scan_node_test(CustomScanState *node, OlapBatch *batch);
extern bool olap_scan_node_rejects_nulls(CustomScanState *node, int col);

/*
 * After _start: the clauses of the vector filter about column col alone, as a filter of
 * column 0 in cxt; NULL: there are none.
 */
extern OlapFilter *olap_scan_node_column_filter(CustomScanState *node, int col,
												MemoryContext cxt);

/* How many of these nodes the process has begun. */
extern uint64 olap_scan_nodes_begun;

extern bool olap_is_scan_node(const PlanState *ps);

/*
 * Rows whose column has no partner under the key of a hash join above need not be
 * returned.  After the executor's start, in its memory context.
 */
struct OlapJoinKey;
extern void olap_scan_node_filter(CustomScanState *node, struct OlapJoinKey *key,
								  AttrNumber attno);

/* NULL: no filter. */
extern const OlapRuntimeFilter *olap_scan_node_runtime(const CustomScanState *node);

#endif							/* OLAP_SCAN_NODE_H */

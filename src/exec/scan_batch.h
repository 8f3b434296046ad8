/*-------------------------------------------------------------------------
 *
 * scan_batch.h
 *		Batches of an OlapScan node, filtered by all of its clauses.
 *
 * Why: a node above that works on batches wants rows that WHERE let pass, not
 * to know which clause had a predicate on vectors and which is an expression
 * program.
 *
 * src/exec/scan_batch.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_SCAN_BATCH_H
#define OLAP_SCAN_BATCH_H

#include "nodes/execnodes.h"

#include "vector/program.h"
#include "vector/vector.h"

typedef struct OlapBatchInput
{
	CustomScanState *scan;
	OlapProgram *rest;			/* clauses left to test; NULL: none */
	int			nrest;
	uint64		place;			/* of the batch before */
	bool		new_place;		/* the batch in hand is the first of its place */
} OlapBatchInput;

/*
 * Start (over): parameters are evaluated, programs built below cxt.  To be
 * called again after ExecReScan() of the scan.
 */
extern void olap_batch_input_start(OlapBatchInput *input, CustomScanState *scan,
								   MemoryContext cxt);

/*
 * The next batch with rows left, NULL at the end.  Counts in the scan's
 * instrumentation.
 */
extern OlapBatch *olap_batch_input_next(OlapBatchInput *input);

/*
 * For who chooses the order of units (olap_scan_node_table()): the batch of a vector of
 * the unit that was opened last, NULL if no row passes; new_place is to be looked at in
 * either case.  Counts likewise.
 */
extern OlapBatch *olap_batch_input_load(OlapBatchInput *input, uint32 vector);

/* A program of exprs over the scan's columns, see olap_compile(). */
extern OlapProgram *olap_batch_input_compile(OlapBatchInput *input, List *exprs,
											 MemoryContext cxt);

/* The column that expression i of exprs is, by its number - 1; -1: something else. */
static inline int
olap_scanned_column(const List *exprs, int i)
{
	const Var  *var = list_nth(exprs, i);

	return IsA(var, Var) && var->varattno > 0 ? var->varattno - 1 : -1;
}

#endif							/* OLAP_SCAN_BATCH_H */

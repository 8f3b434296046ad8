/*-------------------------------------------------------------------------
 *
 * scan_batch.c
 *		Batches of an OlapScan node, filtered by all of its clauses.
 *
 * Clauses without a vector predicate are tested one after the other, each on the
 * rows that the one before let pass, in the order that the planner gave them:
 * so no clause sees a row that a cheaper one, or one of a security barrier,
 * removes.
 *
 * src/exec/scan_batch.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/instrument.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "exec/compile.h"
#include "exec/scan_batch.h"
#include "exec/scan_node.h"

OlapProgram *
olap_batch_input_compile(OlapBatchInput *input, List *exprs, MemoryContext cxt)
{
	ScanState  *ss = &input->scan->ss;
	OlapCompileContext compile = {
		.varno = ((Scan *) ss->ps.plan)->scanrelid,
		.desc = RelationGetDescr(ss->ss_currentRelation),
		.parent = &ss->ps,
		.econtext = ss->ps.ps_ExprContext,
	};

	return olap_compile(exprs, &compile, cxt);
}

void
olap_batch_input_start(OlapBatchInput *input, CustomScanState *scan,
					   MemoryContext cxt)
{
	List	   *rest;

	input->scan = scan;
	input->place = 0;
	rest = olap_scan_node_start(scan);
	input->nrest = list_length(rest);
	input->rest = rest == NIL ? NULL : olap_batch_input_compile(input, rest, cxt);
}

/* The clauses that are left; returns the number of rows that pass. */
static uint32
test_rest(OlapBatchInput *input, OlapBatch *batch)
{
	OlapScanTimes *times = olap_scan_node_times(input->scan);
	OlapWatch	watch;

	olap_watch_start(times, &watch);
	if (input->new_place)
		olap_program_new_place(input->rest);
	olap_program_next(input->rest);
	for (int i = 0; i < input->nrest && batch->nsel > 0; i++)
		olap_program_filter(input->rest, i, batch);
	olap_watch_stop(times, &watch, OLAP_PART_FILTER);
	return batch->nsel;
}

/* The batch in hand may be the first of its place. */
static void
note_place(OlapBatchInput *input, const OlapBatch *batch)
{
	if (batch->place == input->place)
		return;
	input->new_place = true;
	input->place = batch->place;
}

OlapBatch *
olap_batch_input_load(OlapBatchInput *input, uint32 vector)
{
	PlanState  *ps = &input->scan->ss.ps;
	OlapBatch  *batch;
	uint32		before;

	if (ps->instrument != NULL)
		InstrStartNode(ps->instrument);
	batch = olap_scan_load(olap_scan_node_table(input->scan), vector);
	input->new_place = false;
	if (!olap_scan_node_test(input->scan, batch))
		batch = NULL;
	else
	{
		note_place(input, batch);
		before = batch->nsel;
		if (input->rest != NULL && test_rest(input, batch) < before)
			InstrCountFiltered1(ps, before - batch->nsel);
	}
	if (ps->instrument != NULL)
		InstrStopNode(ps->instrument, batch == NULL ? 0 : batch->nsel);
	return batch != NULL && batch->nsel > 0 ? batch : NULL;
}

OlapBatch *
olap_batch_input_next(OlapBatchInput *input)
{
	PlanState  *ps = &input->scan->ss.ps;
	OlapBatch  *batch;
	uint64		removed = 0;

	if (ps->instrument != NULL)
		InstrStartNode(ps->instrument);
	input->new_place = false;
	for (;;)
	{
		uint32		before;

		CHECK_FOR_INTERRUPTS();
		batch = olap_scan_node_move(input->scan);
		if (batch == NULL)
			break;
		note_place(input, batch);
		if (input->rest == NULL)
			break;
		before = batch->nsel;
		removed += before - test_rest(input, batch);
		if (batch->nsel > 0)
			break;
	}
	if (removed > 0)
		InstrCountFiltered1(ps, removed);
	if (ps->instrument != NULL)
		InstrStopNode(ps->instrument, batch == NULL ? 0 : batch->nsel);
	return batch;
}

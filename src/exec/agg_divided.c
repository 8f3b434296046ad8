/*-------------------------------------------------------------------------
 *
 * agg_divided.c
 *		OlapAgg in parallel processes that have the groups divided among them.
 *
 * Every participant reads all rows and takes those whose groups are of its part, so
 * what it puts out are whole groups, and a Gather above is all that joins the parts.
 * How many there are is planned; who takes which is settled by a counter in
 * shared memory when a participant starts, and again when it is through with one: if
 * fewer workers come than were asked for, the others do more than one part.
 *
 * src/exec/agg_divided.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"

#include "exec/agg_internal.h"
#include "exec/agg_node.h"

List *
olap_agg_division_to_list(int key, int nparts)
{
	return list_make2_int(key, nparts);
}

void
olap_agg_divided_begin(OlapAggNode *node, const List *division)
{
	node->part = -1;
	if (division == NIL)
		return;
	node->divide_key = linitial_int(division);
	node->nparts = lsecond_int(division);
}

/*
 * Take a part that nobody has.  False if there is none.  A process that is alone,
 * because its query may not start workers after all, has one part: everything.
 */
static bool
claim(OlapAggNode *node)
{
	if (node->shared != NULL)
	{
		uint32		part = olap_agg_next_part(node->shared);

		if (part >= (uint32) node->nparts)
			return false;
		node->part = part;
		return true;
	}
	if (node->part >= 0)
		return false;
	node->part = 0;
	return true;
}

bool
olap_agg_divided_start(OlapAggNode *node)
{
	node->idle = !claim(node);
	return !node->idle;
}

bool
olap_agg_divided_next(OlapAggNode *node)
{
	if (node->nparts == 0 || node->idle)
		return false;
	if (!claim(node))
	{
		node->idle = true;
		return false;
	}
	olap_agg_discard(node);
	ExecReScan(linitial(node->css.custom_ps));
	olap_agg_build(node);
	olap_agg_fill(node);
	return true;
}

void
olap_agg_divided_build(OlapAggNode *node)
{
	node->division = NULL;
	if (node->nparts == 0 || node->shared == NULL)
		return;
	node->division = olap_division_create(node->orders[node->divide_key],
										  node->nparts, node->cxt);
	node->part_sel = palloc(OLAP_VECTOR_ROWS * sizeof(uint16));
}

/* Rows of other parts leave the batch. */
void
olap_agg_divide(OlapAggNode *node, OlapBatch *batch)
{
	const OlapVector *key;
	uint32		n = batch->nsel,
				kept;

	if (n == 0)
		return;
	olap_program_next(node->program);
	key = olap_program_eval(node->program, node->key_at[node->divide_key], batch);
	kept = olap_division_rows(node->division, key, n, node->part,
							  node->positions);
	if (kept == n)
		return;
	for (uint32 i = 0; i < kept; i++)
		node->part_sel[i] = batch->sel == NULL ? node->positions[i] :
			batch->sel[node->positions[i]];
	batch->sel = node->part_sel;
	batch->nsel = kept;
}

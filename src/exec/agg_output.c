/*-------------------------------------------------------------------------
 *
 * agg_output.c
 *		OlapAgg: from groups and states to rows.
 *
 * src/exec/agg_output.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "exec/agg_internal.h"

/* Groups whose keys are fetched at a time. */
#define OUT_GROUPS 1024
/* ... if few of them go up. */
#define OUT_FEW_GROUPS 16

/* Have the keys of node->next in out_keys. */
static void
load_keys(OlapAggNode *node)
{
	if (node->next < node->first + node->nout)
		return;
	CHECK_FOR_INTERRUPTS();
	node->first = node->next;
	node->nout = Min(node->ngroups - node->next,
					 olap_agg_topn_few(node) ? OUT_FEW_GROUPS : OUT_GROUPS);
	for (int k = 0; k < node->nkeys; k++)
	{
		olap_vector_reset(&node->out_keys[k], olap_program_type(node->program, node->key_at[k]));
		olap_groups_keys(node->groups, k, node->first, node->nout,
						 &node->out_keys[k]);
	}
}

/* The result of an aggregate some of whose states need the server. */
static Datum
server_result(OlapAggNode *node, AggWork *work, uint32 gid,
			  const OlapAggValue *value, bool *isnull)
{
	OlapGeneric *server = olap_agg_server(node, work);
	bytea	   *state = NULL;

	if (value->count > 0)
		state = olap_agg_call_serialize(value, olap_generic_deserialfn(server));
	return olap_generic_result(server, gid, state, isnull);
}

static Datum
work_result(OlapAggNode *node, AggWork *work, uint32 gid, bool *isnull)
{
	OlapAggValue value;

	if (work->ordered != NULL)
		return olap_agg_ordered_result(node, work, gid, isnull);
	if (work->agg == NULL)
		return olap_generic_result(work->server, gid, NULL, isnull);
	if (DO_AGGSPLIT_SKIPFINAL(work->aggref->aggsplit))
		return olap_agg_partial_result(node, work, gid, isnull);
	olap_agg_get(work->agg, gid, &value);
	if (work->call.shape == OLAP_SHAPE_SERVER ||
		(work->server != NULL && olap_generic_has_rows(work->server, gid)))
		return server_result(node, work, gid, &value, isnull);
	return olap_agg_call_result(&work->call, &value, &work->type, isnull);
}

bool
olap_agg_emit(OlapAggNode *node)
{
	TupleTableSlot *slot = node->css.ss.ss_ScanTupleSlot;
	MemoryContext old;
	uint32		gid;

	ExecClearTuple(slot);
	if (node->next == 0)
		olap_agg_topn_start(node);
	if (!olap_agg_topn_next(node))
		return false;
	MemoryContextReset(node->row_cxt);
	old = MemoryContextSwitchTo(node->row_cxt);
	if (node->groups != NULL)
		load_keys(node);
	gid = node->next++;
	for (int k = 0; k < node->nkeys; k++)
	{
		uint32		row = gid - node->first;
		int			at = node->key_at[k];

		slot->tts_isnull[at] = olap_vector_is_null(&node->out_keys[k], row);
		slot->tts_values[at] = slot->tts_isnull[at] ? (Datum) 0 :
			olap_vector_datum(&node->out_keys[k], row, node->scratch[k]);
	}
	for (int i = 0; i < node->nworks; i++)
		slot->tts_values[node->nslot_keys + i] =
			work_result(node, &node->works[i], gid,
						&slot->tts_isnull[node->nslot_keys + i]);
	MemoryContextSwitchTo(old);
	ExecStoreVirtualTuple(slot);
	return true;
}

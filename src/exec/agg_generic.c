/*-------------------------------------------------------------------------
 *
 * agg_generic.c
 *		States of one aggregate through the server's own functions.
 *
 * Aggregate functions ask their caller for the memory that states live in, and
 * recognise it by the node's tag; so the caller has to be an AggState.  Ours is
 * never executed: it carries the two contexts and what AggGetAggref() and its
 * kin look at.  The rules for strict functions and by-reference states are those
 * of the server's Agg node.
 *
 * src/exec/agg_generic.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/datum.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"

#include "exec/agg_generic_internal.h"

/* ---- transitions ---- */

void
olap_generic_grow(OlapGeneric *generic, uint32 ngroups)
{
	MemoryContext old;

	if (ngroups > generic->capacity)
	{
		generic->capacity = Max(ngroups, Max(64, generic->capacity * 2));
		generic->groups = generic->groups == NULL ?
			MemoryContextAllocHuge(generic->cxt,
								   generic->capacity * sizeof(ServerState)) :
			repalloc_huge(generic->groups,
						  generic->capacity * sizeof(ServerState));
	}
	old = MemoryContextSwitchTo(generic->states_cxt->ecxt_per_tuple_memory);
	for (; generic->ngroups < ngroups; generic->ngroups++)
	{
		ServerState *group = &generic->groups[generic->ngroups];

		group->isnull = group->empty = generic->trans.initValueIsNull;
		group->touched = false;
		group->value = group->isnull ? (Datum) 0 :
			datumCopy(generic->trans.initValue, generic->trans.transtypeByVal,
					  generic->trans.transtypeLen);
	}
	MemoryContextSwitchTo(old);
}

/* Make a by-reference state that a function returned the group's own. */
static Datum
keep_state(OlapGeneric *generic, ServerState *group, Datum value, bool isnull)
{
	int16		len = generic->trans.transtypeLen;
	MemoryContext states = generic->states_cxt->ecxt_per_tuple_memory;

	if (isnull)
		value = (Datum) 0;
	else if (!DatumIsReadWriteExpandedObject(value, false, len) ||
			 MemoryContextGetParent(DatumGetEOHP(value)->eoh_context) != states)
	{
		MemoryContext old = MemoryContextSwitchTo(states);

		value = datumCopy(value, false, len);
		MemoryContextSwitchTo(old);
	}
	if (!group->isnull)
	{
		if (DatumIsReadWriteExpandedObject(group->value, false, len))
			DeleteExpandedObject(group->value);
		else
			pfree(DatumGetPointer(group->value));
	}
	return value;
}

/* The arguments are in generic->call. */
static void
advance(OlapGeneric *generic, ServerState *group)
{
	FunctionCallInfo call = generic->call;
	AggStatePerTrans trans = &generic->trans;
	Datum		value;

	group->touched = true;
	if (trans->transfn.fn_strict)
	{
		for (int i = 1; i <= generic->nargs; i++)
			if (call->args[i].isnull)
				return;
		if (group->empty)
		{
			MemoryContext old = MemoryContextSwitchTo(generic->states_cxt->ecxt_per_tuple_memory);

			group->value = datumCopy(call->args[1].value, trans->transtypeByVal,
									 trans->transtypeLen);
			group->isnull = group->empty = false;
			MemoryContextSwitchTo(old);
			return;
		}
		if (group->isnull)
			return;
	}
	call->args[0].value = group->value;
	call->args[0].isnull = group->isnull;
	call->isnull = false;
	value = FunctionCallInvoke(call);
	if (!trans->transtypeByVal &&
		DatumGetPointer(value) != DatumGetPointer(group->value))
		value = keep_state(generic, group, value, call->isnull);
	group->value = value;
	group->isnull = call->isnull;
}

void
olap_generic_update(OlapGeneric *generic, const uint32 *gids,
					const OlapVector *const *args, uint32 n)
{
	MemoryContext row = generic->row_cxt->ecxt_per_tuple_memory;
	MemoryContext old = MemoryContextSwitchTo(row);
	NullableDatum *values = generic->call->args + 1;

	generic->aggstate->curpertrans = &generic->trans;
	for (uint32 i = 0; i < n; i++)
	{
		for (int a = 0; a < generic->nargs; a++)
		{
			values[a].isnull = olap_vector_is_null(args[a], i);
			values[a].value = values[a].isnull ? (Datum) 0 :
				olap_vector_datum(args[a], i, generic->scratch[a]);
		}
		advance(generic, &generic->groups[gids == NULL ? 0 : gids[i]]);
		MemoryContextReset(row);
	}
	generic->aggstate->curpertrans = NULL;
	MemoryContextSwitchTo(old);
}

void
olap_generic_add(OlapGeneric *generic, uint32 gid, const NullableDatum *args)
{
	MemoryContext row = generic->row_cxt->ecxt_per_tuple_memory;
	MemoryContext old = MemoryContextSwitchTo(row);

	generic->aggstate->curpertrans = &generic->trans;
	memcpy(generic->call->args + 1, args, generic->nargs * sizeof(*args));
	advance(generic, &generic->groups[gid]);
	MemoryContextReset(row);
	generic->aggstate->curpertrans = NULL;
	MemoryContextSwitchTo(old);
}

bool
olap_generic_has_rows(const OlapGeneric *generic, uint32 gid)
{
	return gid < generic->ngroups && generic->groups[gid].touched;
}

/* ---- results ---- */

static Datum
deserialize(OlapGeneric *generic, bytea *state)
{
	LOCAL_FCINFO(fcinfo, 2);

	InitFunctionCallInfoData(*fcinfo, &generic->deserialfn, 2, InvalidOid,
							 (Node *) generic->aggstate, NULL);
	fcinfo->args[0].value = PointerGetDatum(state);
	fcinfo->args[0].isnull = false;
	fcinfo->args[1].value = (Datum) 0;
	fcinfo->args[1].isnull = false;
	return FunctionCallInvoke(fcinfo);
}

/* The group's state, if it has one, and another; allocated as states are. */
static Datum
call_combine(OlapGeneric *generic, const ServerState *group, Datum other)
{
	LOCAL_FCINFO(fcinfo, 2);

	InitFunctionCallInfoData(*fcinfo, &generic->combinefn, 2,
							 generic->trans.aggCollation,
							 (Node *) generic->aggstate, NULL);
	fcinfo->args[0].value = group->value;
	fcinfo->args[0].isnull = group->isnull;
	fcinfo->args[1].value = other;
	fcinfo->args[1].isnull = false;
	return FunctionCallInvoke(fcinfo);
}

/* Read state, and combine it with the group's if that has rows. */
static Datum
combine(OlapGeneric *generic, ServerState *group, bytea *state)
{
	Datum		other = deserialize(generic, state);

	if (!group->touched || group->isnull)
		return other;
	group->value = call_combine(generic, group, other);
	return group->value;
}

/* other: a transition value of type internal, of whatever lifetime. */
static void
merge_value(OlapGeneric *generic, uint32 gid, Datum other)
{
	ServerState *group = &generic->groups[gid];

	group->value = call_combine(generic, group, other);
	group->isnull = group->empty = false;
	group->touched = true;
}

void
olap_generic_merge_state(OlapGeneric *generic, uint32 gid, bytea *state)
{
	MemoryContext row = generic->row_cxt->ecxt_per_tuple_memory;
	MemoryContext old = MemoryContextSwitchTo(row);

	merge_value(generic, gid, deserialize(generic, state));
	MemoryContextReset(row);
	MemoryContextSwitchTo(old);
}

void
olap_generic_merge_group(OlapGeneric *generic, uint32 gid,
						 const OlapGeneric *from, uint32 from_gid)
{
	MemoryContext row = generic->row_cxt->ecxt_per_tuple_memory;
	MemoryContext old = MemoryContextSwitchTo(row);

	Assert(generic->aggref->aggtranstype == INTERNALOID);
	if (!from->groups[from_gid].isnull)
		merge_value(generic, gid, from->groups[from_gid].value);
	MemoryContextReset(row);
	MemoryContextSwitchTo(old);
}

static Datum
call_final(OlapGeneric *generic, Datum value, bool *isnull)
{
	AggStatePerAgg agg = &generic->agg;
	LOCAL_FCINFO(fcinfo, FUNC_MAX_ARGS);
	bool		anynull = *isnull || agg->numFinalArgs > 1;
	Datum		result;

	InitFunctionCallInfoData(*fcinfo, &agg->finalfn, agg->numFinalArgs,
							 generic->trans.aggCollation,
							 (Node *) generic->aggstate, NULL);
	fcinfo->args[0].value = MakeExpandedObjectReadOnly(value, *isnull,
													   generic->trans.transtypeLen);
	fcinfo->args[0].isnull = *isnull;
	for (int i = 1; i < agg->numFinalArgs; i++)
	{
		fcinfo->args[i].value = (Datum) 0;
		fcinfo->args[i].isnull = true;
	}
	if (agg->finalfn.fn_strict && anynull)
	{
		*isnull = true;
		return (Datum) 0;
	}
	generic->aggstate->curperagg = agg;
	result = FunctionCallInvoke(fcinfo);
	generic->aggstate->curperagg = NULL;
	*isnull = fcinfo->isnull;
	return result;
}

/* The state as a worker sends it. */
static Datum
call_serial(OlapGeneric *generic, Datum value)
{
	LOCAL_FCINFO(fcinfo, 1);

	InitFunctionCallInfoData(*fcinfo, &generic->serialfn, 1, InvalidOid,
							 (Node *) generic->aggstate, NULL);
	fcinfo->args[0].value = value;
	fcinfo->args[0].isnull = false;
	return FunctionCallInvoke(fcinfo);
}

Datum
olap_generic_result(OlapGeneric *generic, uint32 gid, bytea *state, bool *isnull)
{
	MemoryContext row = generic->row_cxt->ecxt_per_tuple_memory;
	MemoryContext old = MemoryContextSwitchTo(row);
	ServerState *group;
	Datum		value;

	if (gid >= generic->ngroups)
		olap_generic_grow(generic, gid + 1);
	group = &generic->groups[gid];
	value = state != NULL ? combine(generic, group, state) : group->value;
	*isnull = state == NULL && group->isnull;
	if (OidIsValid(generic->agg.finalfn_oid))
		value = call_final(generic, value, isnull);
	else if (OidIsValid(generic->serialfn.fn_oid) && !*isnull)
		value = call_serial(generic, value);
	MemoryContextSwitchTo(old);
	if (!*isnull && !generic->agg.resulttypeByVal)
		value = datumCopy(value, false, generic->agg.resulttypeLen);
	MemoryContextReset(row);
	return value;
}

/* ---- memory ---- */

void
olap_generic_reset(OlapGeneric *generic)
{
	/* callbacks that functions registered run here */
	ReScanExprContext(generic->states_cxt);
	ReScanExprContext(generic->row_cxt);
	generic->ngroups = 0;
}

size_t
olap_generic_memory(const OlapGeneric *generic)
{
	return MemoryContextMemAllocated(generic->cxt, false) +
		MemoryContextMemAllocated(generic->states_cxt->ecxt_per_tuple_memory,
								  true);
}

void
olap_generic_free(OlapGeneric *generic)
{
	FreeExprContext(generic->states_cxt, true);
	FreeExprContext(generic->row_cxt, true);
	MemoryContextDelete(generic->cxt);
}

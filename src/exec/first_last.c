/*-------------------------------------------------------------------------
 *
 * first_last.c
 *		olap.first(value, time) and olap.last(value, time).
 *
 * The value of the row with the least, or greatest, time; a row without a time
 * takes no part, a row without a value wins like any other, and its NULL is the
 * answer.  Of rows with the same time the one met first wins.  These are the
 * server's functions, for tables of every kind; OlapAgg has the same in vectors
 * (agg_by_time.c) where times are integers.
 *
 * src/exec/first_last.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "exec/first_last.h"

PG_FUNCTION_INFO_V1(olap_first_trans);
PG_FUNCTION_INFO_V1(olap_last_trans);
PG_FUNCTION_INFO_V1(olap_first_last_combine);
PG_FUNCTION_INFO_V1(olap_first_last_serialize);
PG_FUNCTION_INFO_V1(olap_first_last_deserialize);
PG_FUNCTION_INFO_V1(olap_first_last_final);
PGDLLEXPORT Datum olap_first_trans(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum olap_last_trans(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum olap_first_last_combine(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum olap_first_last_serialize(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum olap_first_last_deserialize(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum olap_first_last_final(PG_FUNCTION_ARGS);

typedef struct TypeInfo
{
	Oid			typid;
	int16		len;
	bool		byval;
} TypeInfo;

/* The types of a call's arguments; kept in fn_extra. */
typedef struct Types
{
	TypeInfo	value;
	TypeInfo	time;
	FmgrInfo   *compare;		/* of times; NULL: not looked up */
} Types;

/* The row that wins so far. */
typedef struct State
{
	Oid			value_type;
	Oid			time_type;
	bool		last;
	bool		isnull;			/* the value */
	Datum		value;
	Datum		time;
} State;

/* ---- types ---- */

static void
fill_type(TypeInfo *type, Oid typid)
{
	type->typid = typid;
	get_typlenbyval(typid, &type->len, &type->byval);
}

static Types *
get_types(FunctionCallInfo fcinfo, Oid value_type, Oid time_type)
{
	Types	   *types = fcinfo->flinfo->fn_extra;

	if (types != NULL && types->value.typid == value_type &&
		types->time.typid == time_type)
		return types;
	if (types == NULL)
		types = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(Types));
	fill_type(&types->value, value_type);
	fill_type(&types->time, time_type);
	types->compare = NULL;
	fcinfo->flinfo->fn_extra = types;
	return types;
}

/* Of a transition function. */
static Types *
argument_types(FunctionCallInfo fcinfo)
{
	Oid			value_type,
				time_type;

	if (fcinfo->flinfo->fn_extra != NULL)
		return fcinfo->flinfo->fn_extra;
	value_type = get_fn_expr_argtype(fcinfo->flinfo, 1);
	time_type = get_fn_expr_argtype(fcinfo->flinfo, 2);
	if (!OidIsValid(value_type) || !OidIsValid(time_type))
		elog(ERROR, "could not determine the types of arguments");
	return get_types(fcinfo, value_type, time_type);
}

static int
compare_times(FunctionCallInfo fcinfo, Types *types, Datum a, Datum b)
{
	if (types->compare == NULL)
	{
		TypeCacheEntry *cache = lookup_type_cache(types->time.typid,
												  TYPECACHE_CMP_PROC_FINFO);

		if (!OidIsValid(cache->cmp_proc))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FUNCTION),
					 errmsg("could not identify a comparison function for type %s",
							format_type_be(types->time.typid))));
		types->compare = &cache->cmp_proc_finfo;
	}
	return DatumGetInt32(FunctionCall2Coll(types->compare, PG_GET_COLLATION(), a,
										   b));
}

/* ---- transitions ---- */

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext cxt;

	if (!AggCheckCallContext(fcinfo, &cxt))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return cxt;
}

static State *
state_arg(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL : (State *) PG_GETARG_POINTER(argno);
}

static Datum
state_result(FunctionCallInfo fcinfo, State *state)
{
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state);
}

static void
set_datum(Datum *to, const TypeInfo *type, Datum value)
{
	if (!type->byval && DatumGetPointer(*to) != NULL)
		pfree(DatumGetPointer(*to));
	*to = DatumGetPointer(value) == NULL && !type->byval ? (Datum) 0 :
		datumCopy(value, type->byval, type->len);
}

/* Make a row the winner; state: NULL if it is the first. */
static State *
set_winner(State *state, const Types *types, const State *row, MemoryContext cxt)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);

	if (state == NULL)
	{
		state = palloc0(sizeof(State));
		state->value_type = types->value.typid;
		state->time_type = types->time.typid;
		state->last = row->last;
	}
	set_datum(&state->value, &types->value, row->isnull ? (Datum) 0 : row->value);
	state->isnull = row->isnull;
	set_datum(&state->time, &types->time, row->time);
	MemoryContextSwitchTo(old);
	return state;
}

/* state, or the row if its time is better. */
static State *
contest(FunctionCallInfo fcinfo, State *state, Types *types, const State *row)
{
	MemoryContext cxt = aggregate_context(fcinfo);

	if (state != NULL)
	{
		int			order = compare_times(fcinfo, types, row->time, state->time);

		if (row->last ? order <= 0 : order >= 0)
			return state;
	}
	return set_winner(state, types, row, cxt);
}

/* (state, value, time) */
static Datum
advance(FunctionCallInfo fcinfo, bool last)
{
	State	   *state = state_arg(fcinfo, 0);
	State		row = {.last = last, .isnull = PG_ARGISNULL(1)};

	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(2))
		return state_result(fcinfo, state);
	row.value = row.isnull ? (Datum) 0 : PG_GETARG_DATUM(1);
	row.time = PG_GETARG_DATUM(2);
	return state_result(fcinfo, contest(fcinfo, state, argument_types(fcinfo),
										&row));
}

Datum
olap_first_trans(PG_FUNCTION_ARGS)
{
	return advance(fcinfo, false);
}

Datum
olap_last_trans(PG_FUNCTION_ARGS)
{
	return advance(fcinfo, true);
}

Datum
olap_first_last_combine(PG_FUNCTION_ARGS)
{
	State	   *state = state_arg(fcinfo, 0);
	const State *other = state_arg(fcinfo, 1);

	(void) aggregate_context(fcinfo);
	if (other == NULL)
		return state_result(fcinfo, state);
	return state_result(fcinfo,
						contest(fcinfo, state,
								get_types(fcinfo, other->value_type,
										  other->time_type), other));
}

Datum
olap_first_last_final(PG_FUNCTION_ARGS)
{
	const State *state = state_arg(fcinfo, 0);

	(void) aggregate_context(fcinfo);
	if (state == NULL || state->isnull)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(state->value);
}

/* ---- between processes ---- */

/*
 * Types, flags, and both values in the server's form of Datums between processes:
 * not every type has functions that send and receive.
 */
static bytea *
store(bool last, const TypeInfo *value_type, Datum value, bool isnull,
	  const TypeInfo *time_type, Datum time)
{
	Size		size = datumEstimateSpace(value, isnull, value_type->byval,
										  value_type->len) +
		datumEstimateSpace(time, false, time_type->byval, time_type->len);
	StringInfoData buf;
	char	   *at;

	pq_begintypsend(&buf);
	pq_sendint32(&buf, value_type->typid);
	pq_sendint32(&buf, time_type->typid);
	pq_sendint8(&buf, last);
	enlargeStringInfo(&buf, size);
	at = buf.data + buf.len;
	datumSerialize(value, isnull, value_type->byval, value_type->len, &at);
	datumSerialize(time, false, time_type->byval, time_type->len, &at);
	buf.len = at - buf.data;
	return pq_endtypsend(&buf);
}

bytea *
olap_first_last_state(bool last, Oid value_type, Datum value, bool isnull,
					  Oid time_type, Datum time)
{
	TypeInfo	value_info,
				time_info;

	fill_type(&value_info, value_type);
	fill_type(&time_info, time_type);
	return store(last, &value_info, value, isnull, &time_info, time);
}

Datum
olap_first_last_serialize(PG_FUNCTION_ARGS)
{
	const State *state = state_arg(fcinfo, 0);
	const Types *types;

	(void) aggregate_context(fcinfo);
	types = get_types(fcinfo, state->value_type, state->time_type);
	PG_RETURN_BYTEA_P(store(state->last, &types->value, state->value,
							state->isnull, &types->time, state->time));
}

Datum
olap_first_last_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *stored = PG_GETARG_BYTEA_PP(0);
	State	   *state;
	StringInfoData buf;
	char	   *at;
	bool		isnull;

	(void) aggregate_context(fcinfo);
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf, VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored));
	state = palloc0(sizeof(State));
	state->value_type = pq_getmsgint(&buf, 4);
	state->time_type = pq_getmsgint(&buf, 4);
	state->last = pq_getmsgbyte(&buf) != 0;
	at = buf.data + buf.cursor;
	state->value = datumRestore(&at, &state->isnull);
	state->time = datumRestore(&at, &isnull);
	if (at != buf.data + buf.len || isnull)
		elog(ERROR, "state of an aggregate cannot be read");
	PG_RETURN_POINTER(state);
}

/* ---- in vectors ---- */

/* Which of the two an aggregate is; known by its functions, which are in this library. */
static bool
is_first_last(Oid aggfnoid, bool *last)
{
	HeapTuple	tuple;
	Form_pg_aggregate form;
	FmgrInfo	trans;

	if (aggfnoid < FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggfnoid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", aggfnoid);
	form = (Form_pg_aggregate) GETSTRUCT(tuple);
	fmgr_info(form->aggtransfn, &trans);
	ReleaseSysCache(tuple);
	*last = trans.fn_addr == olap_last_trans;
	return *last || trans.fn_addr == olap_first_trans;
}

bool
olap_first_last_plan(const Aggref *aggref, OlapAggCall *call)
{
	bool		last;

	if (aggref->aggdistinct != NIL || list_length(aggref->args) != 2)
		return false;
	switch (exprType((Node *) lsecond_node(TargetEntry, aggref->args)->expr))
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			break;
		default:
			return false;
	}
	if (!is_first_last(aggref->aggfnoid, &last))
		return false;
	call->kind = last ? OLAP_AGG_LAST_BY : OLAP_AGG_FIRST_BY;
	call->shape = OLAP_SHAPE_VALUE;
	call->order = OLAP_ORDER_INT;
	return true;
}

/*-------------------------------------------------------------------------
 *
 * agg_partial.c
 *		From states of ours to the server's transition states.
 *
 * An OlapAgg that sees a part of the rows, in a parallel worker or of a
 * partition, passes states to the server's Agg node.  They are the transition
 * values that the server's own partial Agg would pass: a value of the transition
 * type, or, where that is internal, what the serialization function makes of it.
 *
 * src/exec/agg_partial.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type_d.h"
#include "utils/array.h"
#include "utils/syscache.h"

#include "exec/agg_internal.h"

void
olap_agg_partial_begin(AggWork *work)
{
	HeapTuple	tuple;

	work->deserialfn = InvalidOid;
	if (work->aggref->aggtranstype != INTERNALOID)
		return;
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(work->aggref->aggfnoid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u",
			 work->aggref->aggfnoid);
	work->deserialfn = ((Form_pg_aggregate) GETSTRUCT(tuple))->aggdeserialfn;
	ReleaseSysCache(tuple);
}

/* An array without NULLs. */
static Datum
array_state(Datum *values, int n, Oid type)
{
	return PointerGetDatum(construct_array(values, n, type, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* avg() of int2 and int4: {count, sum} */
static Datum
average_state(const OlapAggValue *value)
{
	Datum		values[2] = {Int64GetDatum(value->count),
	Int64GetDatum((int64) value->sum)};

	return array_state(values, 2, INT8OID);
}

/* avg() and variances of floats: {N, sum, sum of squared distances} */
static Datum
moments_state(const OlapAggValue *value)
{
	bool		none = value->count == 0;
	Datum		values[3] = {Float8GetDatum((double) value->count),
	Float8GetDatum(none ? 0 : value->f[0]), Float8GetDatum(none ? 0 : value->f[1])};

	return array_state(values, 3, FLOAT8OID);
}

/* A state of internal type: ours, the server's, or both joined. */
static Datum
internal_state(OlapAggNode *node, AggWork *work, uint32 gid,
			   const OlapAggValue *value, bool *isnull)
{
	bytea	   *state = NULL;

	if (work->call.kind == OLAP_AGG_HLL)
	{
		*isnull = value->hll == NULL;
		return *isnull ? (Datum) 0 :
			PointerGetDatum(olap_agg_call_serialize_hll(value->hll));
	}
	if (olap_agg_is_by_time(work))
		return olap_agg_by_time_state(work, value, isnull);
	if (value->count > 0)
		state = olap_agg_call_serialize(value, work->deserialfn);
	if (work->server != NULL && olap_generic_has_rows(work->server, gid))
		return olap_generic_result(work->server, gid, state, isnull);
	*isnull = state == NULL;
	return PointerGetDatum(state);
}

Datum
olap_agg_partial_result(OlapAggNode *node, AggWork *work, uint32 gid,
						bool *isnull)
{
	OlapAggValue value;

	olap_agg_get(work->agg, gid, &value);
	*isnull = false;
	if (OidIsValid(work->deserialfn))
		return internal_state(node, work, gid, &value, isnull);
	switch (work->aggref->aggtranstype)
	{
		case INT8ARRAYOID:
			return average_state(&value);
		case FLOAT8ARRAYOID:
			return moments_state(&value);
		default:
			/* the transition value is the result */
			return olap_agg_call_result(&work->call, &value, &work->type, isnull);
	}
}

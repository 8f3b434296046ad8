/*-------------------------------------------------------------------------
 *
 * agg_final.c
 *		From states to results, and to the server's own states.
 *
 * Counts, sums, bounds and averages are made here, as a query may have millions
 * of groups.  What takes long arithmetic in numeric (variances) goes through the
 * server's final function: the state is written as the server's serialization
 * function writes it, and read back by its deserialization function.
 *
 * src/exec/agg_final.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "base/compat.h"
#include "exec/agg_call.h"
#include "vector/decimal.h"

static Datum
numeric_result(__int128 value, int scale)
{
	char	   *numeric = palloc(OLAP_DECIMAL128_MAX_SIZE);

	(void) olap_decimal_from_i128(value, scale, numeric);
	return PointerGetDatum(numeric);
}

/* The value of a MIN, MAX, ... as a Datum of the argument's type. */
static Datum
value_result(const OlapAggValue *value, const OlapColumnType *type)
{
	char	   *copy;

	switch (value->phys)
	{
		case OLAP_PHYS_BOOL:
			return BoolGetDatum(value->i != 0);
		case OLAP_PHYS_I8:
			return CharGetDatum((char) value->i);
		case OLAP_PHYS_I16:
			return Int16GetDatum((int16) value->i);
		case OLAP_PHYS_I32:
			return Int32GetDatum((int32) value->i);
		case OLAP_PHYS_I64:
			return Int64GetDatum(value->i);
		case OLAP_PHYS_F32:
			return Float4GetDatum((float4) value->f[0]);
		case OLAP_PHYS_F64:
			return Float8GetDatum(value->f[0]);
		case OLAP_PHYS_DEC64:
			return numeric_result(value->i, value->scale);
		case OLAP_PHYS_FIXED:
			copy = palloc(value->len);
			memcpy(copy, value->data, value->len);
			return PointerGetDatum(copy);
		case OLAP_PHYS_VAR:
			copy = palloc(value->len + VARHDRSZ);
			SET_VARSIZE(copy, value->len + VARHDRSZ);
			memcpy(VARDATA(copy), value->data, value->len);
			return PointerGetDatum(copy);
	}
	return (Datum) 0;
}

/* Moments: f[0] is the sum, f[1] the sum of squared distances from the mean. */
static double
moments_result(OlapAggShape shape, const OlapAggValue *value, bool *isnull)
{
	double		n = (double) value->count;

	switch (shape)
	{
		case OLAP_SHAPE_FLOAT_AVG:
			return value->f[0] / n;
		case OLAP_SHAPE_FLOAT_VAR_POP:
			return value->f[1] / n;
		case OLAP_SHAPE_FLOAT_STDDEV_POP:
			return sqrt(value->f[1] / n);
		default:
			break;
	}
	*isnull = value->count <= 1;
	if (*isnull)
		return 0;
	if (shape == OLAP_SHAPE_FLOAT_VAR_SAMP)
		return value->f[1] / (n - 1.0);
	return sqrt(value->f[1] / (n - 1.0));
}

Datum
olap_agg_call_result(const OlapAggCall *call, const OlapAggValue *value,
					 const OlapColumnType *type, bool *isnull)
{
	*isnull = value->count == 0 && call->shape != OLAP_SHAPE_COUNT &&
		call->shape != OLAP_SHAPE_HLL_COUNT;
	if (*isnull)
		return (Datum) 0;
	switch ((OlapAggShape) call->shape)
	{
		case OLAP_SHAPE_COUNT:
			return Int64GetDatum(value->count);
		case OLAP_SHAPE_INT8:
			return Int64GetDatum((int64) value->sum);
		case OLAP_SHAPE_SUM:
			return numeric_result(value->sum, value->scale);
		case OLAP_SHAPE_AVG:
			return DirectFunctionCall2(numeric_div,
									   numeric_result(value->sum, value->scale),
									   numeric_result(value->count, 0));
		case OLAP_SHAPE_FLOAT4:
			return Float4GetDatum((float4) value->f[0]);
		case OLAP_SHAPE_FLOAT8:
			return Float8GetDatum(value->f[0]);
		case OLAP_SHAPE_FLOAT_AVG:
		case OLAP_SHAPE_FLOAT_VAR_POP:
		case OLAP_SHAPE_FLOAT_VAR_SAMP:
		case OLAP_SHAPE_FLOAT_STDDEV_POP:
		case OLAP_SHAPE_FLOAT_STDDEV_SAMP:
			return Float8GetDatum(moments_result(call->shape, value, isnull));
		case OLAP_SHAPE_VALUE:
			return value_result(value, type);
		case OLAP_SHAPE_HLL_COUNT:
			*isnull = false;
			return Int64GetDatum(value->hll == NULL ? 0 :
								 olap_hll_cardinality(value->hll));
		case OLAP_SHAPE_SERVER:
		case OLAP_SHAPE_PERCENTILE_DISC:
		case OLAP_SHAPE_PERCENTILE_FLOAT:
		case OLAP_SHAPE_PERCENTILE_INTERVAL:
		case OLAP_SHAPE_MODE:
		case OLAP_SHAPE_SORTED_ROWS:
			break;
	}
	elog(ERROR, "aggregate of unknown shape %d", call->shape);
}

/* ---- the server's states ---- */

/* A numeric as the server's serialization functions write it. */
static void
send_numeric(StringInfo buf, __int128 value, int scale)
{
	OlapDecimalDigits d;

	olap_decimal_digits(value, scale, &d);
	pq_sendint32(buf, d.ndigits);
	pq_sendint32(buf, d.weight);
	pq_sendint32(buf, d.negative ? 0x4000 : 0);
	pq_sendint32(buf, scale);
	for (int i = 0; i < d.ndigits; i++)
		pq_sendint16(buf, d.digits[i]);
}

bytea *
olap_agg_call_serialize_hll(const OlapHll *hll)
{
	size_t		size = olap_hll_stored_size(hll);
	bytea	   *stored = palloc(VARHDRSZ + size);

	SET_VARSIZE(stored, VARHDRSZ + size);
	olap_hll_store(hll, (uint8 *) VARDATA(stored));
	return stored;
}

bool
olap_agg_call_serializable(Oid deserialfn)
{
	return deserialfn == F_INT8_AVG_DESERIALIZE ||
		deserialfn == F_NUMERIC_AVG_DESERIALIZE ||
		deserialfn == F_NUMERIC_POLY_DESERIALIZE ||
		deserialfn == F_NUMERIC_DESERIALIZE;
}

bytea *
olap_agg_call_serialize(const OlapAggValue *value, Oid deserialfn)
{
	StringInfoData buf;
	bool		squares = deserialfn == F_NUMERIC_POLY_DESERIALIZE ||
		deserialfn == F_NUMERIC_DESERIALIZE;

	Assert(olap_agg_call_serializable(deserialfn));
	pq_begintypsend(&buf);
	pq_sendint64(&buf, value->count);
	send_numeric(&buf, value->sum, value->scale);
	if (squares)
		send_numeric(&buf, value->squares, 2 * value->scale);
	if (deserialfn == F_NUMERIC_DESERIALIZE ||
		deserialfn == F_NUMERIC_AVG_DESERIALIZE)
	{
		pq_sendint32(&buf, value->scale);	/* the greatest scale seen ... */
		pq_sendint64(&buf, value->count);	/* ... and how often */
		pq_sendint64(&buf, 0);	/* NaN, infinity, -infinity */
		pq_sendint64(&buf, 0);
		pq_sendint64(&buf, 0);
	}
	return pq_endtypsend(&buf);
}

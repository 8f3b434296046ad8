/*-------------------------------------------------------------------------
 *
 * fdw_bounds.c
 *		The piece of a topic that the quals of a SELECT leave.
 *
 * src/ingest/kafka/fdw_bounds.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type_d.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "ingest/kafka/fdw.h"
#include "ingest/kafka/options.h"

/* 1970-01-01 to 2000-01-01 */
#define EPOCH_SHIFT_MS \
	((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * INT64CONST(1000))

static int64
bound_value(Datum datum, Oid type, OlapKafkaMeta meta)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetInt16(datum);
		case INT4OID:
			return DatumGetInt32(datum);
		case INT8OID:
			return DatumGetInt64(datum);
		default:				/* timestamptz, floor to milliseconds */
			if (TIMESTAMP_IS_NOBEGIN(DatumGetTimestampTz(datum)))
				return PG_INT64_MIN;
			if (TIMESTAMP_IS_NOEND(DatumGetTimestampTz(datum)))
				return END_TIMESTAMP / 1000 + EPOCH_SHIFT_MS;	/* as the decoder has it */
			return DatumGetTimestampTz(datum) / 1000 - 1 + EPOCH_SHIFT_MS;
	}
}

/* Narrow [*lo, *hi] by OP value. */
static void
narrow(int64 *lo, int64 *hi, int strategy, int64 value)
{
	switch (strategy)
	{
		case BTLessStrategyNumber:
			*hi = Min(*hi, value == PG_INT64_MIN ? value : value - 1);
			break;
		case BTLessEqualStrategyNumber:
			*hi = Min(*hi, value);
			break;
		case BTEqualStrategyNumber:
			*lo = Max(*lo, value);
			*hi = Min(*hi, value);
			break;
		case BTGreaterEqualStrategyNumber:
			*lo = Max(*lo, value);
			break;
		case BTGreaterStrategyNumber:
			*lo = Max(*lo, value == PG_INT64_MAX ? value : value + 1);
			break;
	}
}

static void
add_partition_list(OlapKafkaBounds *bounds, Datum datum)
{
	ArrayType  *array = DatumGetArrayTypeP(datum);
	Oid			type = ARR_ELEMTYPE(array);
	List	   *mine = NIL;
	Datum	   *elems;
	bool	   *nulls,
				byval;
	int16		len;
	char		align;
	int			n;

	get_typlenbyvalalign(type, &len, &byval, &align);
	deconstruct_array(array, type, len, byval, align, &elems, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		int64		value;

		if (nulls[i])
			continue;
		value = bound_value(elems[i], type, OLAP_META_PARTITION);
		if (value >= 0 && value <= PG_INT32_MAX)
			mine = list_append_unique_int(mine, (int) value);
	}
	bounds->any = bounds->any_given ? list_intersection_int(bounds->any, mine) : mine;
	bounds->any_given = true;
}

/* Evaluate the pushed-down bounds.  False: nothing can match. */
bool
olap_kafka_get_bounds(ForeignScanState *node, List *states, OlapKafkaBounds *bounds)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	List	   *codes = linitial(plan->fdw_private);
	int64		off_max = PG_INT64_MAX - 1,
				ts_max = PG_INT64_MAX;

	memset(bounds, 0, sizeof(*bounds));
	bounds->since_ms = PG_INT64_MIN;
	bounds->part_max = PG_INT32_MAX;
	for (int i = 0; i < list_length(states); i++)
	{
		OlapKafkaMeta meta = list_nth_int(codes, 2 * i);
		int			strategy = list_nth_int(codes, 2 * i + 1);
		Oid			type = exprType(list_nth(plan->fdw_exprs, i));
		bool		isnull;
		Datum		datum = ExecEvalExpr((ExprState *) list_nth(states, i),
										 node->ss.ps.ps_ExprContext, &isnull);

		if (isnull)
			return false;
		if (strategy == OLAP_BOUND_ANY)
			add_partition_list(bounds, datum);
		else if (meta == OLAP_META_PARTITION)
			narrow(&bounds->part_min, &bounds->part_max, strategy,
				   bound_value(datum, type, meta));
		else if (meta == OLAP_META_OFFSET)
			narrow(&bounds->first, &off_max, strategy,
				   bound_value(datum, type, meta));
		else
			narrow(&bounds->since_ms, &ts_max, strategy == BTGreaterStrategyNumber ?
				   BTGreaterEqualStrategyNumber : strategy,
				   bound_value(datum, type, meta));
	}
	bounds->end = off_max == PG_INT64_MAX ? off_max : off_max + 1;
	return bounds->first < bounds->end && bounds->part_min <= bounds->part_max;
}

bool
olap_kafka_partition_wanted(const OlapKafkaBounds *bounds, int32 partition)
{
	return partition >= bounds->part_min && partition <= bounds->part_max &&
		(!bounds->any_given || list_member_int(bounds->any, partition));
}

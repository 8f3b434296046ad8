/*-------------------------------------------------------------------------
 *
 * program_time.c
 *		Buckets and fields of time: date_trunc, date_bin, time_bucket, extract.
 *
 * All of these are step functions: constant over a range of time.  A node keeps
 * the range [lo, hi) and the value of the step that it was on last, so a row of
 * the same step costs one comparison, and tables are nearly in order of time.
 * A step is found by plain arithmetic, within a range of constant UTC offset.
 *
 * src/vector/program_time.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"

#include "vector/program_calendar.h"

typedef struct StepNode
{
	OlapNode	node;
	bool		is_field;
	OlapTimeField field;
	OlapBuckets buckets;		/* of a field: what it is constant in */
	OlapTimeZone	zone;
	OlapTimeZoneCache cache;
	bool		in_days;		/* a is a date */
	bool		out_days;		/* the result is a date */
	OlapNode   *fallback;

	/* value of [lo, lo + span), in units of a */
	int64		lo;
	uint64		span;
	int64		value;
} StepNode;

/* What a whole-number field is constant in. */
static OlapTimeUnit
field_unit(OlapTimeField field)
{
	switch (field)
	{
		case OLAP_FIELD_MINUTE:
			return OLAP_UNIT_MINUTE;
		case OLAP_FIELD_HOUR:
			return OLAP_UNIT_HOUR;
		case OLAP_FIELD_MONTH:
		case OLAP_FIELD_QUARTER:
			return OLAP_UNIT_MONTH;
		case OLAP_FIELD_YEAR:
			return OLAP_UNIT_YEAR;
		default:
			return OLAP_UNIT_DAY;
	}
}

/* ---- steps ---- */

/* Move to the step of v (microseconds). */
static void
find_step(StepNode *self, int64 v)
{
	int64		offset = olap_zone_offset(&self->cache, v);
	int64		zone_lo = self->cache.lo;
	int64		zone_hi = self->cache.hi;
	int64		lo;
	int64		hi;

	olap_find_bucket(&self->buckets, v + offset, &lo, &hi);
	if (self->is_field)
		self->value = olap_field_value(self->field, v + offset);
	else if (self->out_days)
		self->value = olap_floor_div(lo, OLAP_USECS_DAY);
	else
		self->value = olap_start_of(&self->buckets, &self->cache, lo, offset);
	lo = Max(lo - offset, zone_lo);
	hi = Min(hi - offset, zone_hi);
	if (self->in_days)
	{
		/* the days whose beginnings are in it */
		lo = -olap_floor_div(-lo, OLAP_USECS_DAY);
		hi = -olap_floor_div(-hi, OLAP_USECS_DAY);
	}
	self->lo = lo;
	self->span = (uint64) hi - (uint64) lo;
}

/* The step of a row that is not on the last one; false: not for kernels. */
static bool
next_step(StepNode *self, int64 v)
{
	if (self->in_days)
	{
		if (v < OLAP_MIN_DAY || v >= OLAP_MAX_DAY)
			return false;
		find_step(self, v * OLAP_USECS_DAY);
		return true;
	}
	if (olap_time_is_infinite(v))
	{
		if (self->is_field || self->out_days)
			return false;
		self->lo = self->value = v;
		self->span = 1;
		return true;
	}
	if (!olap_time_in_range(v))
		return false;
	find_step(self, v);
	return true;
}

#define STEPS(name, itype, otype) \
static bool \
steps_##name(StepNode *self, const OlapVector *a, OlapVector *out, uint32 n) \
{ \
	const itype *x = a->values; \
	otype	   *r = out->values; \
	for (uint32 i = 0; i < n; i++) \
	{ \
		if (unlikely((uint64) x[i] - (uint64) self->lo >= self->span)) \
		{ \
			if (olap_vector_is_null(a, i)) \
			{ \
				r[i] = 0; \
				continue; \
			} \
			if (!next_step(self, x[i])) \
				return false; \
		} \
		r[i] = (otype) self->value; \
	} \
	return true; \
}

STEPS(time_time, int64, int64)
STEPS(time_date, int64, int32)
STEPS(time_float, int64, double)
STEPS(date_time, int32, int64)
STEPS(date_date, int32, int32)
STEPS(date_float, int32, double)

static bool
run_steps(StepNode *self, const OlapVector *a, OlapVector *out, uint32 n)
{
	if (olap_zone_changed(&self->cache))
		self->span = 0;
	switch (out->phys)
	{
		case OLAP_PHYS_I32:
			return (self->in_days ? steps_date_date : steps_time_date)
				(self, a, out, n);
		case OLAP_PHYS_F64:
			return (self->in_days ? steps_date_float : steps_time_float)
				(self, a, out, n);
		default:
			return (self->in_days ? steps_date_time : steps_time_time)
				(self, a, out, n);
	}
}

static const OlapVector *
eval_step(OlapNode *node)
{
	StepNode   *self = (StepNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	uint32		n = node->scope->n;
	bool		numeric = node->type.typid == NUMERICOID;
	OlapVector *out = numeric ?
		olap_node_result_as(node, OLAP_PHYS_DEC64, sizeof(int64), n) :
		olap_node_result(node, n);

	out->scale = 0;
	if (!run_steps(self, a, out, n))
		return olap_node_eval(self->fallback);
	olap_node_strict(node, a, NULL);
	return out;
}

/* ---- fields that change with every row ---- */

/* Seconds, or microseconds of the minute, or since 1970. */
static int64
seconds_value(StepNode *self, int64 v)
{
	if (self->in_days)
		return (v + 10957) * 86400;
	if (self->field == OLAP_FIELD_EPOCH)
		return v + 10957 * OLAP_USECS_DAY;
	v += olap_zone_offset(&self->cache, v);
	return v - olap_floor_div(v, OLAP_USECS_MINUTE) * OLAP_USECS_MINUTE;
}

/* The same as double precision, by the server's formulas. */
static double
seconds_double(const StepNode *self, int64 value)
{
	double		second = (double) (value / OLAP_USECS_SECOND);
	double		fraction = (double) (value % OLAP_USECS_SECOND);

	switch (self->field)
	{
		case OLAP_FIELD_MICROSECOND:
			return second * 1000000.0 + fraction;
		case OLAP_FIELD_MILLISECOND:
			return second * 1000.0 + fraction / 1000.0;
		case OLAP_FIELD_SECOND:
			return second + fraction / 1000000.0;
		default:
			return self->in_days ? (double) value : (double) value / 1000000.0;
	}
}

static bool
run_seconds(StepNode *self, const OlapVector *a, OlapVector *out, uint32 n)
{
	(void) olap_zone_changed(&self->cache);
	for (uint32 i = 0; i < n; i++)
	{
		int64		v = self->in_days ? ((const int32 *) a->values)[i] :
			((const int64 *) a->values)[i];
		int64		value = 0;

		if (!olap_vector_is_null(a, i))
		{
			if (self->in_days ? v < OLAP_MIN_DAY || v >= OLAP_MAX_DAY :
				!olap_time_in_range(v))
				return false;
			value = seconds_value(self, v);
		}
		if (out->phys == OLAP_PHYS_F64)
			((double *) out->values)[i] = seconds_double(self, value);
		else
			((int64 *) out->values)[i] = value;
	}
	return true;
}

static const OlapVector *
eval_seconds(OlapNode *node)
{
	StepNode   *self = (StepNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	uint32		n = node->scope->n;
	bool		numeric = node->type.typid == NUMERICOID;
	OlapVector *out = numeric ?
		olap_node_result_as(node, OLAP_PHYS_DEC64, sizeof(int64), n) :
		olap_node_result(node, n);

	switch (self->field)
	{
		case OLAP_FIELD_MICROSECOND:
			out->scale = 0;
			break;
		case OLAP_FIELD_MILLISECOND:
			out->scale = 3;
			break;
		default:
			out->scale = self->in_days ? 0 : 6;
			break;
	}
	if (!run_seconds(self, a, out, n))
		return olap_node_eval(self->fallback);
	olap_node_strict(node, a, NULL);
	return out;
}

/* ---- making nodes ---- */

static StepNode *
make_step(OlapScope *scope, OlapNodeEval eval, const OlapTimeZone *zone,
		  const OlapColumnType *type, OlapNode *a, const OlapBridge *bridge)
{
	StepNode   *self = olap_node_make(scope, sizeof(StepNode), eval, type, &a,
									  1);

	if (zone != NULL)
		self->zone = *zone;
	olap_zone_open(&self->cache, zone != NULL ? &self->zone : NULL);
	self->in_days = a->type.phys == OLAP_PHYS_I32;
	self->out_days = type->phys == OLAP_PHYS_I32;
	self->fallback = olap_node_bridge(scope, type, bridge, &a, 1);
	return self;
}

OlapNode *
olap_node_bucket(OlapScope *scope, const OlapBuckets *buckets,
				 const OlapTimeZone *zone, const OlapColumnType *type, OlapNode *a,
				 const OlapBridge *bridge)
{
	StepNode   *self = make_step(scope, eval_step, zone, type, a, bridge);

	self->buckets = *buckets;
	return &self->node;
}

OlapNode *
olap_node_field(OlapScope *scope, OlapTimeField field, const OlapTimeZone *zone,
				const OlapColumnType *type, OlapNode *a,
				const OlapBridge *bridge)
{
	StepNode   *self = make_step(scope, field >= OLAP_FIELD_MINUTE ? eval_step :
								 eval_seconds, zone, type, a, bridge);

	self->is_field = true;
	self->field = field;
	self->buckets.unit = field_unit(field);
	return &self->node;
}

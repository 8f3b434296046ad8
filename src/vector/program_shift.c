/*-------------------------------------------------------------------------
 *
 * program_shift.c
 *		Casts between dates and timestamps, sums with intervals, the seconds between
 *		timestamps, and dates by the day.
 *
 * Casts and sums are "to local time, add days, to UTC, add a time", some steps left out.
 *
 * src/vector/program_shift.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "vector/program_calendar.h"

typedef struct ShiftNode
{
	OlapNode	node;
	bool		from_utc;
	bool		to_utc;
	bool		in_days;
	bool		out_days;
	int64		days;			/* in microseconds */
	int64		usecs;
	OlapTimeZone	zone;
	OlapTimeZoneCache cache;		/* of operands */
	OlapTimeZoneCache back;			/* of results */
	OlapNode   *fallback;
} ShiftNode;

/* Infinite values keep their sign in another type. */
static bool
shift_infinite(const ShiftNode *self, int64 v, int64 *result)
{
	bool		below = v < 0;

	if (self->in_days ? v != PG_INT32_MIN && v != PG_INT32_MAX :
		!olap_time_is_infinite(v))
		return false;
	if (self->out_days)
		*result = below ? PG_INT32_MIN : PG_INT32_MAX;
	else
		*result = below ? PG_INT64_MIN : PG_INT64_MAX;
	return true;
}

/* False: not for kernels. */
static inline bool
shift_value(ShiftNode *self, int64 v, int64 *result)
{
	if (self->in_days)
	{
		if (v < OLAP_MIN_DAY || v >= OLAP_MAX_DAY)
			return shift_infinite(self, v, result);
		v *= OLAP_USECS_DAY;
	}
	else if (!olap_time_in_range(v))
		return shift_infinite(self, v, result);
	if (self->from_utc)
		v += olap_zone_offset(&self->cache, v);
	v += self->days;
	if (!olap_time_in_range(v))
		return false;
	if (self->to_utc)
		v = olap_zone_to_utc(&self->back, v);
	v += self->usecs;
	if (!olap_time_in_range(v))
		return false;
	*result = self->out_days ? olap_floor_div(v, OLAP_USECS_DAY) : v;
	return true;
}

static bool
run_shift(ShiftNode *self, const OlapVector *a, OlapVector *out, uint32 n)
{
	(void) olap_zone_changed(&self->cache);
	(void) olap_zone_changed(&self->back);
	for (uint32 i = 0; i < n; i++)
	{
		int64		v = self->in_days ? ((const int32 *) a->values)[i] :
			((const int64 *) a->values)[i];
		int64		value = 0;

		if (!olap_vector_is_null(a, i) && !shift_value(self, v, &value))
			return false;
		if (self->out_days)
			((int32 *) out->values)[i] = (int32) value;
		else
			((int64 *) out->values)[i] = value;
	}
	return true;
}

static const OlapVector *
eval_shift(OlapNode *node)
{
	ShiftNode  *self = (ShiftNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result(node, n);

	if (!run_shift(self, a, out, n))
		return olap_node_eval(self->fallback);
	olap_node_strict(node, a, NULL);
	return out;
}

OlapNode *
olap_node_shift(OlapScope *scope, bool from_utc, bool to_utc, int32 days,
				int64 usecs, const OlapTimeZone *zone, const OlapColumnType *type,
				OlapNode *a, const OlapBridge *bridge)
{
	ShiftNode  *self = olap_node_make(scope, sizeof(ShiftNode), eval_shift,
									  type, &a, 1);

	/* without days, time zones are of no matter to a sum */
	self->from_utc = from_utc && !(to_utc && days == 0);
	self->to_utc = to_utc && !(from_utc && days == 0);
	self->in_days = a->type.phys == OLAP_PHYS_I32;
	self->out_days = type->phys == OLAP_PHYS_I32;
	self->days = days * OLAP_USECS_DAY;
	self->usecs = usecs;
	if (zone != NULL)
		self->zone = *zone;
	olap_zone_open(&self->cache, self->from_utc ? &self->zone : NULL);
	olap_zone_open(&self->back, self->to_utc ? &self->zone : NULL);
	self->fallback = olap_node_bridge(scope, type, bridge, &a, 1);
	return &self->node;
}

/* ---- seconds between timestamps ---- */

typedef struct ElapsedNode
{
	OlapNode	node;
	OlapNode   *fallback;
} ElapsedNode;

/*
 * The server makes an interval of days and a time of the same sign; as double
 * precision, their seconds are added.
 */
static double
seconds_of_interval(int64 usecs)
{
	double		seconds = (double) (usecs % OLAP_USECS_DAY) / 1000000.0;

	return seconds + 86400.0 * (double) (usecs / OLAP_USECS_DAY);
}

/* False: not for kernels. */
static bool
run_elapsed(const OlapVector *a, const OlapVector *b, OlapVector *out, uint32 n)
{
	const int64 *x = a->values;
	const int64 *y = b->values;

	for (uint32 i = 0; i < n; i++)
	{
		int64		usecs = 0;

		if (olap_time_in_range(x[i]) && olap_time_in_range(y[i]))
			usecs = x[i] - y[i];
		else if (!olap_vector_is_null(out, i))
			return false;
		if (out->phys == OLAP_PHYS_F64)
			((double *) out->values)[i] = seconds_of_interval(usecs);
		else
			((int64 *) out->values)[i] = usecs;
	}
	return true;
}

static const OlapVector *
eval_elapsed(OlapNode *node)
{
	ElapsedNode *self = (ElapsedNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	const OlapVector *b = olap_node_eval(node->args[1]);
	uint32		n = node->scope->n;
	OlapVector *out;

	if (node->type.phys == OLAP_PHYS_F64)
		out = olap_node_result(node, n);
	else
	{
		out = olap_node_result_as(node, OLAP_PHYS_DEC64, sizeof(int64), n);
		out->scale = 6;
	}
	olap_node_strict(node, a, b);
	return run_elapsed(a, b, out, n) ? out : olap_node_eval(self->fallback);
}

OlapNode *
olap_node_elapsed(OlapScope *scope, const OlapColumnType *type, OlapNode *a,
				  OlapNode *b, OlapNode *fallback)
{
	OlapNode   *args[] = {a, b};
	ElapsedNode *self = olap_node_make(scope, sizeof(ElapsedNode), eval_elapsed,
									   type, args, 2);

	self->fallback = fallback;
	return &self->node;
}

/* ---- dates and days ---- */

typedef struct DaysNode
{
	OlapNode	node;
	int			sign;			/* of b */
	bool		dates;			/* b is a date, the result days; else the reverse */
	OlapNode   *fallback;
} DaysNode;

static inline bool
day_in_range(int64 day)
{
	return day >= OLAP_MIN_DAY && day < OLAP_MAX_DAY;
}

/* False: not for kernels. */
static bool
run_days(const DaysNode *self, const OlapVector *a, const OlapVector *b,
		 OlapVector *out, uint32 n)
{
	const int32 *x = a->values;
	const int32 *y = b->values;
	int32	   *r = out->values;

	for (uint32 i = 0; i < n; i++)
	{
		int64		sum = (int64) x[i] + self->sign * (int64) y[i];

		r[i] = (int32) sum;
		if (!(day_in_range(x[i]) && day_in_range(self->dates ? y[i] : sum)) &&
			!olap_vector_is_null(out, i))
			return false;
	}
	return true;
}

static const OlapVector *
eval_days(OlapNode *node)
{
	DaysNode   *self = (DaysNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	const OlapVector *b = olap_node_eval(node->args[1]);
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result(node, n);

	olap_node_strict(node, a, b);
	return run_days(self, a, b, out, n) ? out : olap_node_eval(self->fallback);
}

OlapNode *
olap_node_days(OlapScope *scope, int sign, bool dates, const OlapColumnType *type,
			   OlapNode *a, OlapNode *b, const OlapBridge *bridge)
{
	OlapNode   *args[] = {a, b};
	DaysNode   *self = olap_node_make(scope, sizeof(DaysNode), eval_days, type,
									  args, 2);

	self->sign = sign;
	self->dates = dates;
	self->fallback = olap_node_bridge(scope, type, bridge, args, 2);
	return &self->node;
}

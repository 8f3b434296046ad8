/*-------------------------------------------------------------------------
 *
 * compile_time.c
 *		Functions of dates and timestamps with a kernel, and time zones.
 *
 * src/exec/compile_time.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type_d.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "exec/compile_internal.h"
#include "exec/time_bucket.h"

/* Buckets wider than this (3,000 years) are left to the server. */
#define MAX_WIDTH (INT64CONST(3000) * 366 * USECS_PER_DAY)

/*
 * A zone by its name, which must be the name of one and not an abbreviation:
 * these are looked up otherwise.
 */
static bool
named_zone(OlapCompiler *compiler, Node *node, OlapTimeZone *zone)
{
	Datum		datum;
	bool		isnull;
	char	   *name;
	pg_tz	   *tz;

	if (!olap_known_value(compiler, node, &datum, &isnull) || isnull)
		return false;
	name = TextDatumGetCString(datum);
	if (strchr(name, '/') == NULL && pg_strcasecmp(name, "UTC") != 0)
		return false;
	tz = pg_tzset(name);
	if (tz == NULL)
		return false;
	*zone = olap_make_time_zone(tz);
	return true;
}

/* ---- units and fields by name ---- */

typedef struct NameRow
{
	const char *name;
	int			value;
} NameRow;

static const NameRow units[] = {
	{"microseconds", OLAP_UNIT_MICROSECOND},
	{"milliseconds", OLAP_UNIT_MILLISECOND},
	{"second", OLAP_UNIT_SECOND},
	{"minute", OLAP_UNIT_MINUTE},
	{"hour", OLAP_UNIT_HOUR},
	{"day", OLAP_UNIT_DAY},
	{"week", OLAP_UNIT_WEEK},
	{"month", OLAP_UNIT_MONTH},
	{"quarter", OLAP_UNIT_QUARTER},
	{"year", OLAP_UNIT_YEAR},
	{"decade", OLAP_UNIT_DECADE},
	{"century", OLAP_UNIT_CENTURY},
	{"millennium", OLAP_UNIT_MILLENNIUM},
};

static const NameRow fields[] = {
	{"microseconds", OLAP_FIELD_MICROSECOND},
	{"milliseconds", OLAP_FIELD_MILLISECOND},
	{"second", OLAP_FIELD_SECOND},
	{"epoch", OLAP_FIELD_EPOCH},
	{"minute", OLAP_FIELD_MINUTE},
	{"hour", OLAP_FIELD_HOUR},
	{"day", OLAP_FIELD_DAY},
	{"dow", OLAP_FIELD_DOW},
	{"isodow", OLAP_FIELD_ISODOW},
	{"doy", OLAP_FIELD_DOY},
	{"week", OLAP_FIELD_WEEK},
	{"isoyear", OLAP_FIELD_ISOYEAR},
	{"month", OLAP_FIELD_MONTH},
	{"quarter", OLAP_FIELD_QUARTER},
	{"year", OLAP_FIELD_YEAR},
};

/* A constant name; others than these spellings are left to the server. */
static bool
find_name(OlapCompiler *compiler, Node *node, const NameRow *rows, int nrows,
		  int *value)
{
	Datum		datum;
	bool		isnull;
	char	   *name;

	if (!olap_known_value(compiler, node, &datum, &isnull) || isnull)
		return false;
	name = TextDatumGetCString(datum);
	for (int i = 0; i < nrows; i++)
		if (pg_strcasecmp(name, rows[i].name) == 0)
		{
			*value = rows[i].value;
			return true;
		}
	return false;
}

/* ---- calls ---- */

/* A call in the making: its operand (argument number at), and the bridge. */
typedef struct Making
{
	OlapCompiler *compiler;
	OlapScope  *scope;
	const OlapCall *call;
	OlapColumnType type;
} Making;

static Node *
argument(const Making *m, int at)
{
	return list_nth(m->call->args, at);
}

static OlapNode *
operand(const Making *m, int at)
{
	return olap_compile_node(m->compiler, m->scope, argument(m, at));
}

/* The server's own function, of the operand alone: all else is constant. */
static OlapBridge
bridge_of(const Making *m, int at)
{
	return olap_argument_bridge(m->compiler, m->call, at);
}

static OlapNode *
compile_trunc(const Making *m, const OlapTimeZone *zone)
{
	OlapBuckets buckets = {0};
	OlapBridge	bridge = bridge_of(m, 1);
	int			unit;

	if (!find_name(m->compiler, argument(m, 0), units, lengthof(units), &unit))
		return NULL;
	buckets.unit = unit;
	return olap_node_bucket(m->scope, &buckets, zone, &m->type, operand(m, 1),
							&bridge);
}

static OlapNode *
compile_field(const Making *m, const OlapTimeZone *zone)
{
	OlapBridge	bridge = bridge_of(m, 1);
	int			field;

	if (!find_name(m->compiler, argument(m, 0), fields, lengthof(fields),
				   &field))
		return NULL;
	if (exprType(argument(m, 1)) == DATEOID &&
		(field < OLAP_FIELD_DAY && field != OLAP_FIELD_EPOCH))
		return NULL;			/* an error */
	return olap_node_field(m->scope, field, zone, &m->type, operand(m, 1),
						   &bridge);
}

static OlapNode *
compile_shift(const Making *m, int at, bool from_utc, bool to_utc,
			  const OlapTimeZone *zone)
{
	OlapBridge	bridge = bridge_of(m, at);

	return olap_node_shift(m->scope, from_utc, to_utc, 0, 0, zone, &m->type,
						   operand(m, at), &bridge);
}

/* operand + interval (sign 1) or - interval (-1) */
static OlapNode *
compile_sum(const Making *m, int sign, bool utc, const OlapTimeZone *zone)
{
	OlapBridge	bridge = bridge_of(m, 0);
	Interval   *span;
	Datum		datum;
	bool		isnull;

	if (!olap_known_value(m->compiler, argument(m, 1), &datum, &isnull) ||
		isnull)
		return NULL;
	span = DatumGetIntervalP(datum);
	if (span->month != 0 || llabs(span->day) > 1000000 ||
		span->time > MAX_WIDTH || span->time < -MAX_WIDTH)
		return NULL;
	return olap_node_shift(m->scope, utc, utc, sign * span->day,
						   sign * span->time, zone, &m->type, operand(m, 0),
						   &bridge);
}

/* date_bin(stride, time, origin) */
static OlapNode *
compile_bin(const Making *m)
{
	OlapBuckets buckets = {.unit = OLAP_UNIT_BIN};
	OlapBridge	bridge = bridge_of(m, 1);
	Interval   *stride;
	Datum		datum;
	bool		isnull;

	if (!olap_known_value(m->compiler, argument(m, 0), &datum, &isnull) ||
		isnull)
		return NULL;
	stride = DatumGetIntervalP(datum);
	if (stride->month != 0 || llabs(stride->day) > 1000000 ||
		stride->time > MAX_WIDTH || stride->time < 0)
		return NULL;
	buckets.width = stride->day * USECS_PER_DAY + stride->time;
	if (!olap_known_value(m->compiler, argument(m, 2), &datum, &isnull) ||
		isnull)
		return NULL;
	buckets.origin = DatumGetTimestamp(datum);
	/* the server's own answers differ by release left of the origin */
	if (buckets.width <= 0 || buckets.width > MAX_WIDTH ||
		TIMESTAMP_NOT_FINITE(buckets.origin) ||
		buckets.origin > MAX_WIDTH || buckets.origin < -MAX_WIDTH / 2)
		return NULL;
	return olap_node_bucket(m->scope, &buckets, NULL, &m->type, operand(m, 1),
							&bridge);
}

/* extract(epoch FROM a - b) of timestamps */
static OlapNode *
compile_elapsed(const Making *m)
{
	OpExpr	   *difference = (OpExpr *) argument(m, 1);
	Node	   *a;
	Node	   *b;
	int			field;

	if (!IsA(difference, OpExpr) ||
		!find_name(m->compiler, argument(m, 0), fields, lengthof(fields), &field) ||
		field != OLAP_FIELD_EPOCH)
		return NULL;
	set_opfuncid(difference);
	if (difference->opfuncid != F_TIMESTAMP_MI &&
		difference->opfuncid != F_TIMESTAMPTZ_MI)
		return NULL;
	a = linitial(difference->args);
	b = lsecond(difference->args);
	/* in their type's own form: not of domains */
	if (exprType(a) != exprType(b) ||
		(exprType(a) != TIMESTAMPOID && exprType(a) != TIMESTAMPTZOID))
		return NULL;
	return olap_node_elapsed(m->scope, &m->type,
							 olap_compile_node(m->compiler, m->scope, a),
							 olap_compile_node(m->compiler, m->scope, b),
							 olap_compile_bridge(m->compiler, m->scope,
												 m->call->expr));
}

/* date + days, date - days, date - date */
static OlapNode *
compile_days(const Making *m, int sign, bool dates)
{
	OlapBridge	bridge = olap_call_bridge(m->compiler, m->call);

	return olap_node_days(m->scope, sign, dates, &m->type, operand(m, 0),
						  operand(m, 1), &bridge);
}

static OlapNode *
compile_time_function(const Making *m, const OlapTimeZone *session)
{
	OlapTimeZone named;

	switch (m->call->funcid)
	{
		case F_DATE_TRUNC_TEXT_TIMESTAMP:
			return compile_trunc(m, NULL);
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
			return compile_trunc(m, session);
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT:
			return named_zone(m->compiler, argument(m, 2), &named) ?
				compile_trunc(m, &named) : NULL;
		case F_DATE_BIN_INTERVAL_TIMESTAMP_TIMESTAMP:
		case F_DATE_BIN_INTERVAL_TIMESTAMPTZ_TIMESTAMPTZ:
			return compile_bin(m);
		case F_EXTRACT_TEXT_DATE:
		case F_EXTRACT_TEXT_TIMESTAMP:
		case F_DATE_PART_TEXT_TIMESTAMP:
			return compile_field(m, NULL);
		case F_EXTRACT_TEXT_TIMESTAMPTZ:
		case F_DATE_PART_TEXT_TIMESTAMPTZ:
			return compile_field(m, session);
		case F_DATE_PLI:
			return compile_days(m, 1, false);
		case F_DATE_MII:
			return compile_days(m, -1, false);
		case F_DATE_MI:
			return compile_days(m, -1, true);
		case F_EXTRACT_TEXT_INTERVAL:
		case F_DATE_PART_TEXT_INTERVAL:
			return compile_elapsed(m);
		case F_TIMESTAMP_DATE:
		case F_DATE_TIMESTAMP:
			return compile_shift(m, 0, false, false, NULL);
		case F_TIMESTAMPTZ_DATE:
		case F_TIMESTAMPTZ_TIMESTAMP:
			return compile_shift(m, 0, false, true, session);
		case F_DATE_TIMESTAMPTZ:
		case F_TIMESTAMP_TIMESTAMPTZ:
			return compile_shift(m, 0, true, false, session);
		case F_TIMEZONE_TEXT_TIMESTAMPTZ:
			return named_zone(m->compiler, argument(m, 0), &named) ?
				compile_shift(m, 1, true, false, &named) : NULL;
		case F_TIMEZONE_TEXT_TIMESTAMP:
			return named_zone(m->compiler, argument(m, 0), &named) ?
				compile_shift(m, 1, false, true, &named) : NULL;
		case F_TIMESTAMP_PL_INTERVAL:
		case F_DATE_PL_INTERVAL:
			return compile_sum(m, 1, false, NULL);
		case F_TIMESTAMP_MI_INTERVAL:
		case F_DATE_MI_INTERVAL:
			return compile_sum(m, -1, false, NULL);
		case F_TIMESTAMPTZ_PL_INTERVAL:
			return compile_sum(m, 1, true, session);
		case F_TIMESTAMPTZ_MI_INTERVAL:
			return compile_sum(m, -1, true, session);
		default:
			return NULL;
	}
}

/* time_bucket(width, time [, origin or zone]) */
static OlapNode *
compile_bucket(const Making *m)
{
	OlapBuckets buckets;
	OlapBridge	bridge = bridge_of(m, 1);
	OlapTimeZone named;
	Datum		width;
	Datum		third = (Datum) 0;
	bool		isnull;
	bool		has_third = list_length(m->call->args) == 3;
	bool		has_zone = has_third && exprType(argument(m, 2)) == TEXTOID;

	if (!olap_known_value(m->compiler, argument(m, 0), &width, &isnull) ||
		isnull)
		return NULL;
	if (has_zone && !named_zone(m->compiler, argument(m, 2), &named))
		return NULL;
	if (has_third && !has_zone &&
		(!olap_known_value(m->compiler, argument(m, 2), &third, &isnull) ||
		 isnull))
		return NULL;
	if (!olap_time_buckets(DatumGetIntervalP(width), m->type.typid,
						   has_third && !has_zone ? &third : NULL, &buckets))
		return NULL;			/* an error */
	return olap_node_bucket(m->scope, &buckets, has_zone ? &named : NULL,
							&m->type, operand(m, 1), &bridge);
}

OlapNode *
olap_compile_time(OlapCompiler *compiler, OlapScope *scope,
				  const OlapCall *call)
{
	Making		m = {compiler, scope, call};
	OlapTimeZone session = olap_make_time_zone(NULL);

	/* operands in their types' own form: not of domains */
	foreach_ptr(Node, arg, call->args)
	{
		switch (exprType(arg))
		{
			case DATEOID:
			case TIMESTAMPOID:
			case TIMESTAMPTZOID:
			case TEXTOID:
			case INTERVALOID:
			case INT4OID:
				break;
			default:
				return NULL;
		}
	}
	m.type = olap_expr_type(call->expr);
	if (call->funcid >= FirstNormalObjectId)
		return olap_is_time_bucket(call->funcid) ? compile_bucket(&m) : NULL;
	return compile_time_function(&m, &session);
}

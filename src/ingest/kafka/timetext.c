/*-------------------------------------------------------------------------
 *
 * timetext.c
 *		Points in time as messages write them.
 *
 * src/ingest/kafka/timetext.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"

#include "ingest/kafka/number.h"
#include "ingest/kafka/timetext.h"
#include "vector/program_calendar.h"

/* 1970-01-01 to 2000-01-01 */
#define EPOCH_SHIFT_US \
	((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY)

typedef struct Cursor
{
	const char *p;
	const char *end;
} Cursor;

static bool
in_range(Timestamp value)
{
	return value >= MIN_TIMESTAMP && value < END_TIMESTAMP;
}

OlapTimeResult
olap_timetext_epoch(const char *text, size_t len, OlapTimeFormat format,
					Timestamp *out)
{
	static const int micro_scale[] = {0, 6, 3, 0, -3};
	OlapNumber	number;
	int64		micros;

	if (!olap_number_parse(text, len, &number))
		return OLAP_TIMETEXT_SYNTAX;
	if (olap_number_scaled(&number, micro_scale[format], false, &micros) !=
		OLAP_NUMBER_OK ||
		pg_sub_s64_overflow(micros, EPOCH_SHIFT_US, out) || !in_range(*out))
		return OLAP_TIMETEXT_RANGE;
	return OLAP_TIMETEXT_OK;
}

Timestamp
olap_timetext_round(Timestamp value, int32 typmod)
{
	static const int64 scale[] = {1000000, 100000, 10000, 1000, 100, 10};
	int64		unit;
	int64		rest;

	if (typmod < 0 || typmod >= (int32) lengthof(scale))
		return value;
	unit = scale[typmod];
	rest = value % unit;		/* of the value's sign */
	value -= rest;
	if (rest >= unit / 2)
		return value + unit;
	return rest <= -unit / 2 ? value - unit : value;
}

int32
olap_timetext_day(Timestamp value)
{
	int64		day = value / USECS_PER_DAY;

	return (int32) (day - (value % USECS_PER_DAY < 0));
}

static bool
next_is(Cursor *c, char wanted)
{
	if (c->p == c->end || *c->p != wanted)
		return false;
	c->p++;
	return true;
}

/* Read min to max digits; returns how many there were, 0 if too few. */
static int
digits(Cursor *c, int min, int max, int *value)
{
	int			n = 0;

	*value = 0;
	while (n < max && c->p < c->end && *c->p >= '0' && *c->p <= '9')
	{
		*value = *value * 10 + (*c->p++ - '0');
		n++;
	}
	return n < min ? 0 : n;
}

static OlapTimeResult
parse_date(Cursor *c, int64 *day)
{
	bool		negative = next_is(c, '-');
	int			y,
				m,
				d;

	if (!negative)
		next_is(c, '+');
	if (!digits(c, 4, 6, &y) || !next_is(c, '-') || digits(c, 2, 2, &m) == 0 ||
		!next_is(c, '-') || digits(c, 2, 2, &d) == 0)
		return OLAP_TIMETEXT_SYNTAX;
	if (negative || y == 0 || m < 1 || m > 12 || d < 1 ||
		d > olap_days_of_month(y, m))
		return OLAP_TIMETEXT_RANGE;
	*day = olap_days_of(y, m, d);
	return OLAP_TIMETEXT_OK;
}

/*
 * Digits behind the point, to microseconds.  More than six are rounded as
 * PostgreSQL's input functions do, by way of a double.
 */
static bool
parse_fraction(Cursor *c, int64 *micros)
{
	char		text[64] = ".";
	int			n = 0;
	int64		value = 0;

	for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++, n++)
	{
		if (n < 6)
			value = value * 10 + (*c->p - '0');
		if (n < (int) sizeof(text) - 2)
			text[n + 1] = *c->p;
	}
	for (int i = n; i < 6; i++)
		value *= 10;
	*micros = n <= 6 ? value : (int64) rint(strtod(text, NULL) * 1000000);
	return n > 0;
}

static OlapTimeResult
parse_time(Cursor *c, int64 *micros)
{
	int			h,
				m,
				s = 0;
	int64		fraction = 0;

	if (!digits(c, 2, 2, &h) || !next_is(c, ':') || !digits(c, 2, 2, &m))
		return OLAP_TIMETEXT_SYNTAX;
	if (next_is(c, ':'))
	{
		if (!digits(c, 2, 2, &s))
			return OLAP_TIMETEXT_SYNTAX;
		if (c->p < c->end && (*c->p == '.' || *c->p == ','))
		{
			c->p++;
			if (!parse_fraction(c, &fraction))
				return OLAP_TIMETEXT_SYNTAX;
		}
	}
	if (h > 24 || m > 59 || s > 60 || (s == 60 && fraction > 0) ||
		(h == 24 && (m > 0 || s > 0 || fraction > 0)))
		return OLAP_TIMETEXT_RANGE;
	*micros = (((int64) h * 60 + m) * 60 + s) * USECS_PER_SEC + fraction;
	return OLAP_TIMETEXT_OK;
}

/* Offset from UTC, in microseconds east. */
static OlapTimeResult
parse_offset(Cursor *c, int64 *east)
{
	bool		negative;
	int			h,
				m = 0,
				s = 0;

	*east = 0;
	if (next_is(c, 'Z') || next_is(c, 'z'))
		return OLAP_TIMETEXT_OK;
	negative = next_is(c, '-');
	if (!negative && !next_is(c, '+'))
		return OLAP_TIMETEXT_SYNTAX;
	if (!digits(c, 2, 2, &h))
		return OLAP_TIMETEXT_SYNTAX;
	if (next_is(c, ':'))
	{
		if (!digits(c, 2, 2, &m))
			return OLAP_TIMETEXT_SYNTAX;
		if (next_is(c, ':') && !digits(c, 2, 2, &s))
			return OLAP_TIMETEXT_SYNTAX;
	}
	else if (c->p < c->end && !digits(c, 2, 2, &m))
		return OLAP_TIMETEXT_SYNTAX;
	if (h > 15 || m > 59 || s > 59)
		return OLAP_TIMETEXT_RANGE;
	*east = (((int64) h * 60 + m) * 60 + s) * USECS_PER_SEC;
	if (negative)
		*east = -*east;
	return OLAP_TIMETEXT_OK;
}

OlapTimeResult
olap_timetext_iso8601(const char *text, size_t len, Timestamp *out)
{
	Cursor		c = {text, text + len};
	int64		day;
	int64		time = 0;
	int64		east = 0;
	OlapTimeResult result;

	while (c.p < c.end && *c.p == ' ')
		c.p++;
	while (c.end > c.p && c.end[-1] == ' ')
		c.end--;
	result = parse_date(&c, &day);
	if (result != OLAP_TIMETEXT_OK)
		return result;
	if (c.p < c.end)
	{
		if (!next_is(&c, 'T') && !next_is(&c, 't') && !next_is(&c, ' '))
			return OLAP_TIMETEXT_SYNTAX;
		result = parse_time(&c, &time);
		if (result != OLAP_TIMETEXT_OK)
			return result;
		if (c.p < c.end)
		{
			next_is(&c, ' ');
			result = parse_offset(&c, &east);
			if (result != OLAP_TIMETEXT_OK)
				return result;
		}
		if (c.p < c.end)
			return OLAP_TIMETEXT_SYNTAX;
	}
	/* year 999,999 is 3.7e8 days: no overflow before the range check */
	if (day > END_TIMESTAMP / USECS_PER_DAY + 2)
		return OLAP_TIMETEXT_RANGE;
	*out = day * USECS_PER_DAY + time - east;
	return in_range(*out) ? OLAP_TIMETEXT_OK : OLAP_TIMETEXT_RANGE;
}

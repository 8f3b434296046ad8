/*-------------------------------------------------------------------------
 *
 * timetext.h
 *		Points in time as messages write them: epoch numbers and ISO 8601.
 *
 * Why: PostgreSQL's own input depends on DateStyle, TimeZone and the clock
 * ('now'), so the same bytes could decode differently on replay.  Nothing here
 * does: a time without an offset is UTC, and columns without time zone hold
 * UTC.
 *
 * src/ingest/kafka/timetext.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TIMETEXT_H
#define OLAP_TIMETEXT_H

#include "datatype/timestamp.h"

typedef enum OlapTimeFormat
{
	OLAP_TIME_ISO8601 = 0,
	OLAP_TIME_EPOCH_S,
	OLAP_TIME_EPOCH_MS,
	OLAP_TIME_EPOCH_US,
	OLAP_TIME_EPOCH_NS
} OlapTimeFormat;

typedef enum OlapTimeResult
{
	OLAP_TIMETEXT_OK = 0,
	OLAP_TIMETEXT_SYNTAX,
	OLAP_TIMETEXT_RANGE			/* no such date, or outside the type */
} OlapTimeResult;

/*
 * A number of seconds, milli-, micro- or nanoseconds since 1970-01-01 UTC, to
 * microseconds since 2000-01-01 UTC.  Fractions are rounded half away from
 * zero.
 */
extern OlapTimeResult olap_timetext_epoch(const char *text, size_t len,
										  OlapTimeFormat format,
										  Timestamp *out);

/*
 * YYYY-MM-DD, optionally followed by T or a blank and hh:mm[:ss[.fraction]] and
 * an offset Z, +hh, +hhmm, +hh:mm or +hh:mm:ss.  Years have 4 to 6 digits and
 * may carry a sign; year 0 and before are out of range.  24:00 and second 60
 * mean the next day and minute, as in PostgreSQL.
 */
extern OlapTimeResult olap_timetext_iso8601(const char *text, size_t len,
											Timestamp *out);

/* Rounded to the precision of timestamp(typmod), half away from 2000-01-01. */
extern Timestamp olap_timetext_round(Timestamp value, int32 typmod);

/* Day number (since 2000-01-01) of a timestamp. */
extern int32 olap_timetext_day(Timestamp value);

#endif							/* OLAP_TIMETEXT_H */

/*-------------------------------------------------------------------------
 *
 * time_bucket.c
 *		time_bucket(): buckets of any width.
 *
 * As date_bin(), but with a default origin, for dates, for months and for local
 * time as well: what dashboards call it.  Buckets of weeks and less begin at
 * multiples of the width from Monday, 2000-01-03, on; buckets of months on the
 * first of a month, counted from 2000-01.  One code finds buckets here and in
 * vectors (vector/program_time.c).
 *
 * src/exec/time_bucket.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "exec/time_bucket.h"
#include "vector/program_calendar.h"

PG_FUNCTION_INFO_V1(olap_time_bucket_timestamp);
PG_FUNCTION_INFO_V1(olap_time_bucket_date);
PG_FUNCTION_INFO_V1(olap_time_bucket_zone);
PGDLLEXPORT Datum olap_time_bucket_timestamp(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum olap_time_bucket_date(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum olap_time_bucket_zone(PG_FUNCTION_ARGS);

/* 3,000 years */
#define MAX_MONTHS 36000
#define MAX_WIDTH (INT64CONST(3000) * 366 * USECS_PER_DAY)

#define DEFAULT_ORIGIN (2 * USECS_PER_DAY)	/* Monday, 2000-01-03 */
#define DEFAULT_MONTH (2000 * 12)

bool
olap_is_time_bucket(Oid funcid)
{
	FmgrInfo	info;

	fmgr_info(funcid, &info);
	return info.fn_addr == olap_time_bucket_timestamp ||
		info.fn_addr == olap_time_bucket_date ||
		info.fn_addr == olap_time_bucket_zone;
}

bool
olap_time_buckets(const Interval *width, Oid typid, const Datum *origin,
				  OlapBuckets *buckets)
{
	int64		start = 0;
	int			year;
	int			month;
	int			day;

	memset(buckets, 0, sizeof(*buckets));
	if (origin != NULL)
	{
		start = typid == DATEOID ? DatumGetDateADT(*origin) :
			DatumGetTimestamp(*origin);
		if (typid == DATEOID ? start < OLAP_MIN_DAY || start >= OLAP_MAX_DAY :
			!olap_time_in_range(start))
			return false;
		if (typid == DATEOID)
			start *= USECS_PER_DAY;
	}
	if (width->month != 0)
	{
		buckets->unit = OLAP_UNIT_MONTHS;
		buckets->width = width->month;
		buckets->origin = DEFAULT_MONTH;
		if (origin != NULL)
		{
			olap_date_of(olap_floor_div(start, USECS_PER_DAY), &year, &month,
						 &day);
			buckets->origin = year * 12 + month - 1;
		}
		return width->day == 0 && width->time == 0 && width->month > 0 &&
			width->month <= MAX_MONTHS;
	}
	buckets->unit = OLAP_UNIT_BIN;
	buckets->origin = origin != NULL ? start : DEFAULT_ORIGIN;
	if (llabs(width->day) > MAX_WIDTH / USECS_PER_DAY ||
		width->time > MAX_WIDTH || width->time < -MAX_WIDTH)
		return false;
	buckets->width = width->day * USECS_PER_DAY + width->time;
	buckets->local_origin = buckets->width >= USECS_PER_DAY;
	return buckets->width > 0 && buckets->width <= MAX_WIDTH &&
		(typid != DATEOID || buckets->width % USECS_PER_DAY == 0);
}

static OlapBuckets
get_buckets(FunctionCallInfo fcinfo, Oid typid, bool has_origin)
{
	const Interval *width = PG_GETARG_INTERVAL_P(0);
	Datum		origin = has_origin ? PG_GETARG_DATUM(2) : (Datum) 0;
	OlapBuckets buckets;

	if (olap_time_buckets(width, typid, has_origin ? &origin : NULL, &buckets))
		return buckets;
	if (width->month != 0 && (width->day != 0 || width->time != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a bucket of months can't have days or a time as well")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid width or origin of a time bucket"),
			 errdetail("The width is more than zero and at most 3000 years, for dates whole days; the origin is of the years 2 to 270000.")));
	pg_unreachable();
}

static void
check_range(int64 time)
{
	if (!olap_time_in_range(time))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range"),
				 errdetail("Time buckets are of the years 2 to 270000.")));
}

/* time_bucket(interval, timestamp[tz] [, origin]) */
Datum
olap_time_bucket_timestamp(PG_FUNCTION_ARGS)
{
	int64		time = PG_GETARG_TIMESTAMP(1);
	OlapBuckets buckets = get_buckets(fcinfo, TIMESTAMPOID, PG_NARGS() == 3);
	OlapTimeZoneCache none;

	if (TIMESTAMP_NOT_FINITE(time))
		PG_RETURN_TIMESTAMP(time);
	check_range(time);
	olap_zone_open(&none, NULL);
	PG_RETURN_TIMESTAMP(olap_bucket_start(&buckets, &none, time));
}

/* time_bucket(interval, date [, origin]) */
Datum
olap_time_bucket_date(PG_FUNCTION_ARGS)
{
	DateADT		date = PG_GETARG_DATEADT(1);
	OlapBuckets buckets = get_buckets(fcinfo, DATEOID, PG_NARGS() == 3);
	OlapTimeZoneCache none;
	int64		start;

	if (DATE_NOT_FINITE(date))
		PG_RETURN_DATEADT(date);
	check_range(date < OLAP_MIN_DAY || date >= OLAP_MAX_DAY ? PG_INT64_MAX :
				date * USECS_PER_DAY);
	olap_zone_open(&none, NULL);
	start = olap_bucket_start(&buckets, &none, date * USECS_PER_DAY);
	PG_RETURN_DATEADT((DateADT) olap_floor_div(start, USECS_PER_DAY));
}

/* time_bucket(interval, timestamptz, timezone text) */
Datum
olap_time_bucket_zone(PG_FUNCTION_ARGS)
{
	int64		time = PG_GETARG_TIMESTAMPTZ(1);
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(2));
	OlapBuckets buckets = get_buckets(fcinfo, TIMESTAMPTZOID, false);
	OlapTimeZoneCache cache;
	OlapTimeZone zone;
	pg_tz	   *tz = pg_tzset(name);

	if (tz == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", name)));
	if (TIMESTAMP_NOT_FINITE(time))
		PG_RETURN_TIMESTAMPTZ(time);
	check_range(time);
	zone = olap_make_time_zone(tz);
	olap_zone_open(&cache, &zone);
	PG_RETURN_TIMESTAMPTZ(olap_bucket_start(&buckets, &cache, time));
}

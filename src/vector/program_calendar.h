/*-------------------------------------------------------------------------
 *
 * program_calendar.h
 *		Days and the Gregorian calendar; time zones' offsets, cached.
 *
 * src/vector/program_calendar.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PROGRAM_CALENDAR_H
#define OLAP_PROGRAM_CALENDAR_H

#include "vector/program_internal.h"

#define OLAP_USECS_SECOND INT64CONST(1000000)
#define OLAP_USECS_MINUTE (60 * OLAP_USECS_SECOND)
#define OLAP_USECS_HOUR (60 * OLAP_USECS_MINUTE)
#define OLAP_USECS_DAY (24 * OLAP_USECS_HOUR)

/*
 * What kernels compute: from the year 2 on, so that no year is below 1 whatever
 * the bucket, to some 270,000 AD, so that sums of two spans fit 64 bits.
 */
#define OLAP_MIN_DAY (-729754)
#define OLAP_MAX_DAY 100000000
#define OLAP_MIN_TIME (OLAP_MIN_DAY * OLAP_USECS_DAY)
#define OLAP_MAX_TIME (OLAP_MAX_DAY * OLAP_USECS_DAY)

static inline bool
olap_time_in_range(int64 v)
{
	return v >= OLAP_MIN_TIME && v < OLAP_MAX_TIME;
}

/* Infinite timestamps and dates are the ends of their types' ranges. */
static inline bool
olap_time_is_infinite(int64 v)
{
	return v == PG_INT64_MIN || v == PG_INT64_MAX;
}

static inline int64
olap_floor_div(int64 a, int64 b)
{
	return a / b - (a % b < 0);
}

/* Days since 2000-01-01 of a date; month may be any number. */
static inline int64
olap_days_of(int64 year, int month, int day)
{
	int64		y = year + olap_floor_div(month - 3, 12);
	int			m = (int) ((month + 9) - 12 * olap_floor_div(month + 9, 12));

	/* years begin with March, so that the leap day is their last */
	return y * 365 + olap_floor_div(y, 4) - olap_floor_div(y, 100) +
		olap_floor_div(y, 400) + (m * 153 + 2) / 5 + day - 1 - 730425;
}

/* month: 1 to 12. */
static inline int
olap_days_of_month(int year, int month)
{
	static const int8 days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* The date of a day >= OLAP_MIN_DAY. */
static inline void
olap_date_of(int64 days, int *year, int *month, int *day)
{
	int64		d = days + 730425;	/* since 0000-03-01 */
	int64		era = d / 146097;
	int			of_era = (int) (d % 146097);
	int			yoe = (of_era - of_era / 1460 + of_era / 36524 -
					   of_era / 146096) / 365;
	int			doy = of_era - (365 * yoe + yoe / 4 - yoe / 100);
	int			m = (5 * doy + 2) / 153;

	*day = doy - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = (int) (era * 400 + yoe + (*month <= 2));
}

/* The offset last looked up, and where it holds. */
typedef struct OlapTimeZoneCache
{
	const OlapTimeZone *zone;		/* NULL: no zone, offset 0 */
	const void *identity;
	int64		lo;				/* [lo, hi); empty at first */
	int64		hi;
	int64		offset;
} OlapTimeZoneCache;

extern void olap_zone_open(OlapTimeZoneCache *cache, const OlapTimeZone *zone);

/* To be called for each vector; true if the zone is another one now. */
extern bool olap_zone_changed(OlapTimeZoneCache *cache);
extern void olap_zone_look(OlapTimeZoneCache *cache, int64 utc);

/* UTC -> offset of local time. */
static inline int64
olap_zone_offset(OlapTimeZoneCache *cache, int64 utc)
{
	if (unlikely(utc < cache->lo || utc >= cache->hi))
		olap_zone_look(cache, utc);
	return cache->offset;
}

extern int64 olap_zone_to_utc(OlapTimeZoneCache *cache, int64 local);

/* The bucket [*lo, *hi) that local time is in. */
extern void olap_find_bucket(const OlapBuckets *buckets, int64 local, int64 *lo,
							 int64 *hi);

/*
 * The start, local time lo, of a bucket in UTC; offset is that of a row in it.
 * Buckets shorter than a day are cut in local time at the offset that time has;
 * longer ones begin at a local time, whose offset may be another one.
 */
extern int64 olap_start_of(const OlapBuckets *buckets,
						   OlapTimeZoneCache *cache, int64 lo, int64 offset);

/* A field of local time that is a whole number. */
extern int64 olap_field_value(OlapTimeField field, int64 local);

/* The start of the bucket of time, which is in range; in UTC if there is a zone. */
extern int64 olap_bucket_start(const OlapBuckets *buckets,
							   OlapTimeZoneCache *cache, int64 time);

#endif							/* OLAP_PROGRAM_CALENDAR_H */

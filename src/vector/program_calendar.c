/*-------------------------------------------------------------------------
 *
 * program_calendar.c
 *		Buckets and fields of local time, and what they are in UTC.
 *
 * src/vector/program_calendar.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "vector/program_calendar.h"

/* ---- time zones ---- */

void
olap_zone_open(OlapTimeZoneCache *cache, const OlapTimeZone *zone)
{
	memset(cache, 0, sizeof(*cache));
	cache->zone = zone;
	if (zone == NULL)
	{
		cache->lo = PG_INT64_MIN;
		cache->hi = PG_INT64_MAX;
	}
}

bool
olap_zone_changed(OlapTimeZoneCache *cache)
{
	const void *identity;

	if (cache->zone == NULL)
		return false;
	identity = cache->zone->identity(cache->zone->arg);
	if (identity == cache->identity)
		return false;
	cache->identity = identity;
	cache->lo = cache->hi = 0;
	return true;
}

void
olap_zone_look(OlapTimeZoneCache *cache, int64 utc)
{
	cache->offset = cache->zone->offset(cache->zone->arg, utc, &cache->lo,
										&cache->hi);
}

/*
 * Far from a change of the offset a local time is itself minus the offset; near
 * one it may exist twice or not at all, and the server is asked.
 */
int64
olap_zone_to_utc(OlapTimeZoneCache *cache, int64 local)
{
	int64		utc;

	if (cache->zone == NULL)
		return local;
	utc = local - olap_zone_offset(cache, local);
	if (utc - 2 * OLAP_USECS_DAY >= cache->lo &&
		utc + 2 * OLAP_USECS_DAY < cache->hi)
		return utc;
	return cache->zone->to_utc(cache->zone->arg, local);
}

/* ---- buckets of local time ---- */

/* The range of years that begins at year / n * n + plus. */
static void
find_years(int year, int n, int plus, int64 *lo, int64 *hi)
{
	int			first = (year - plus) / n * n + plus;

	*lo = olap_days_of(first, 1, 1) * OLAP_USECS_DAY;
	*hi = olap_days_of(first + n, 1, 1) * OLAP_USECS_DAY;
}

static void
find_months(int64 month, int64 n, int64 origin, int64 *lo, int64 *hi)
{
	int64		first = origin + olap_floor_div(month - origin, n) * n;
	int64		last = first + n;

	*lo = olap_days_of(olap_floor_div(first, 12),
					   (int) (first - 12 * olap_floor_div(first, 12)) + 1, 1);
	*hi = olap_days_of(olap_floor_div(last, 12),
					   (int) (last - 12 * olap_floor_div(last, 12)) + 1, 1);
	*lo *= OLAP_USECS_DAY;
	*hi *= OLAP_USECS_DAY;
}

static void
find_calendar(const OlapBuckets *buckets, int64 local, int64 *lo, int64 *hi)
{
	int			year;
	int			month;
	int			day;
	int64		months;

	olap_date_of(olap_floor_div(local, OLAP_USECS_DAY), &year, &month, &day);
	months = (int64) year * 12 + month - 1;
	switch (buckets->unit)
	{
		case OLAP_UNIT_MONTHS:
			find_months(months, buckets->width, buckets->origin, lo, hi);
			break;
		case OLAP_UNIT_MONTH:
			find_months(months, 1, 0, lo, hi);
			break;
		case OLAP_UNIT_QUARTER:
			find_months(months, 3, 0, lo, hi);
			break;
		case OLAP_UNIT_YEAR:
			find_years(year, 1, 0, lo, hi);
			break;
		case OLAP_UNIT_DECADE:
			find_years(year, 10, 0, lo, hi);
			break;
		case OLAP_UNIT_CENTURY:
			find_years(year, 100, 1, lo, hi);
			break;
		default:
			find_years(year, 1000, 1, lo, hi);
			break;
	}
}

void
olap_find_bucket(const OlapBuckets *buckets, int64 local, int64 *lo, int64 *hi)
{
	static const int64 widths[] = {
		[OLAP_UNIT_MICROSECOND] = 1,
		[OLAP_UNIT_MILLISECOND] = 1000,
		[OLAP_UNIT_SECOND] = OLAP_USECS_SECOND,
		[OLAP_UNIT_MINUTE] = OLAP_USECS_MINUTE,
		[OLAP_UNIT_HOUR] = OLAP_USECS_HOUR,
		[OLAP_UNIT_DAY] = OLAP_USECS_DAY,
		[OLAP_UNIT_WEEK] = 7 * OLAP_USECS_DAY,
	};
	int64		width = buckets->width;
	int64		origin = buckets->origin;

	if (buckets->unit == OLAP_UNIT_MONTHS || buckets->unit >= OLAP_UNIT_MONTH)
	{
		find_calendar(buckets, local, lo, hi);
		return;
	}
	if (buckets->unit != OLAP_UNIT_BIN)
	{
		width = widths[buckets->unit];
		/* weeks begin on Monday: 2000-01-03 */
		origin = buckets->unit == OLAP_UNIT_WEEK ? 2 * OLAP_USECS_DAY : 0;
	}
	*lo = origin + olap_floor_div(local - origin, width) * width;
	*hi = *lo + width;
}

/* ---- fields ---- */

/* ISO 8601: a week belongs to the year that its Thursday is in. */
static void
iso_week(int64 days, int64 *week, int64 *isoyear)
{
	int64		monday = days - 2 - 7 * olap_floor_div(days - 2, 7);
	int64		thursday = days - monday + 3;
	int			year;
	int			month;
	int			day;

	olap_date_of(thursday, &year, &month, &day);
	*isoyear = year;
	*week = (thursday - olap_days_of(year, 1, 1)) / 7 + 1;
}

int64
olap_field_value(OlapTimeField field, int64 local)
{
	int64		days = olap_floor_div(local, OLAP_USECS_DAY);
	int64		time = local - days * OLAP_USECS_DAY;
	int64		week;
	int64		isoyear;
	int			year;
	int			month;
	int			day;

	olap_date_of(days, &year, &month, &day);
	switch (field)
	{
		case OLAP_FIELD_MINUTE:
			return time / OLAP_USECS_MINUTE % 60;
		case OLAP_FIELD_HOUR:
			return time / OLAP_USECS_HOUR;
		case OLAP_FIELD_DAY:
			return day;
		case OLAP_FIELD_DOW:
			return days + 6 - 7 * olap_floor_div(days + 6, 7);
		case OLAP_FIELD_ISODOW:
			return days + 5 - 7 * olap_floor_div(days + 5, 7) + 1;
		case OLAP_FIELD_DOY:
			return days - olap_days_of(year, 1, 1) + 1;
		case OLAP_FIELD_WEEK:
			iso_week(days, &week, &isoyear);
			return week;
		case OLAP_FIELD_ISOYEAR:
			iso_week(days, &week, &isoyear);
			return isoyear;
		case OLAP_FIELD_MONTH:
			return month;
		case OLAP_FIELD_QUARTER:
			return (month - 1) / 3 + 1;
		default:
			return year;
	}
}

/* ---- where buckets start ---- */

int64
olap_start_of(const OlapBuckets *buckets, OlapTimeZoneCache *cache, int64 lo,
			  int64 offset)
{
	if (buckets->unit >= OLAP_UNIT_DAY || buckets->unit == OLAP_UNIT_MONTHS ||
		buckets->local_origin)
		return olap_zone_to_utc(cache, lo);
	return lo - offset;
}

int64
olap_bucket_start(const OlapBuckets *buckets, OlapTimeZoneCache *cache,
				  int64 time)
{
	int64		offset = olap_zone_offset(cache, time);
	int64		lo;
	int64		hi;

	olap_find_bucket(buckets, time + offset, &lo, &hi);
	return olap_start_of(buckets, cache, lo, offset);
}

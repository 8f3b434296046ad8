/*-------------------------------------------------------------------------
 *
 * time_zone.c
 *		The server's time zones, for programs over vectors.
 *
 * src/exec/time_zone.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "exec/time_bucket.h"

#define UNIX_EPOCH_SECS \
	((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY)

/* ---- time zones ---- */

/* The session's zone (zone NULL), whatever it is at the time, or a given one. */
typedef struct Zone
{
	pg_tz	   *zone;
} Zone;

static pg_tz *
zone_of(const Zone *zone)
{
	return zone->zone != NULL ? zone->zone : session_timezone;
}

static const void *
zone_identity(void *arg)
{
	return zone_of(arg);
}

/* Between offsets of so many hours from UTC clocks jump by less than two days. */
#define USUAL_OFFSET (16 * SECS_PER_HOUR)
/* POSIX specifications may say up to 168 hours. */
#define LARGEST_JUMP (14 * USECS_PER_DAY)

/*
 * Where clocks jump by more than two days, the range in which an offset holds is
 * said to end by so much earlier: who turns local times into UTC keeps two days
 * from its ends (olap_zone_to_utc()).
 */
static void
keep_from_jumps(int64 utc, int64 *lo, int64 *hi)
{
	*lo += LARGEST_JUMP;
	if (*hi != PG_INT64_MAX)
		*hi -= LARGEST_JUMP;
	if (utc < *lo || utc >= *hi)
	{
		*lo = utc;
		*hi = utc + 1;
	}
}

/*
 * The zone's transitions are walked from a year before utc on, as the server
 * finds the next one only.
 */
static int64
zone_offset(void *arg, int64 utc, int64 *lo, int64 *hi)
{
	pg_tz	   *zone = zone_of(arg);
	int64		second = utc / USECS_PER_SEC - (utc % USECS_PER_SEC < 0);
	pg_time_t	at = second + UNIX_EPOCH_SECS;
	pg_time_t	from = at - 366 * SECS_PER_DAY;
	pg_time_t	boundary = from;
	struct pg_tm *tm = pg_localtime(&at, zone);
	long		before = 0;
	long		after;
	int			before_dst;
	int			after_dst;
	int			found;
	bool		usual = true;

	if (tm == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	*lo = utc;
	*hi = utc + 1;
	for (int i = 0; i < 100; i++)
	{
		found = pg_next_dst_boundary(&from, &before, &before_dst, &boundary,
									 &after, &after_dst, zone);
		usual &= labs(before) <= USUAL_OFFSET &&
			(found <= 0 || labs(after) <= USUAL_OFFSET);
		if (found <= 0 || boundary > at)
			break;
		from = boundary;
	}
	/* found < 0, or not what the zone says: only the one value is sure */
	if (found < 0 || (found > 0 && boundary <= at) || before != tm->tm_gmtoff)
		return tm->tm_gmtoff * USECS_PER_SEC;
	*lo = (from - UNIX_EPOCH_SECS) * USECS_PER_SEC;
	*hi = found == 0 ? PG_INT64_MAX :
		(boundary - UNIX_EPOCH_SECS) * USECS_PER_SEC;
	if (!usual)
		keep_from_jumps(utc, lo, hi);
	return tm->tm_gmtoff * USECS_PER_SEC;
}

static int64
zone_to_utc(void *arg, int64 local)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (timestamp2tm(local, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return local + DetermineTimeZoneOffset(&tm, zone_of(arg)) * USECS_PER_SEC;
}

OlapTimeZone
olap_make_time_zone(pg_tz *zone)
{
	Zone	   *own = palloc(sizeof(Zone));
	OlapTimeZone result = {zone_identity, zone_offset, zone_to_utc, own};

	own->zone = zone;
	return result;
}

/*-------------------------------------------------------------------------
 *
 * time_bucket.h
 *		time_bucket(): buckets of any width.
 *
 * src/exec/time_bucket.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TIME_BUCKET_H
#define OLAP_TIME_BUCKET_H

#include "pgtime.h"
#include "utils/timestamp.h"

#include "vector/program_build.h"

/* Is this one of the extension's time_bucket functions? */
extern bool olap_is_time_bucket(Oid funcid);

/*
 * The buckets that a width and an origin (NULL: the default; else of type
 * typid) mean; false if there are none.
 */
extern bool olap_time_buckets(const Interval *width, Oid typid,
							  const Datum *origin, OlapBuckets *buckets);

/* A time zone for programs: the session's if zone is NULL.  Allocates. */
extern OlapTimeZone olap_make_time_zone(pg_tz *zone);

#endif							/* OLAP_TIME_BUCKET_H */

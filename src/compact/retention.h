/*-------------------------------------------------------------------------
 *
 * retention.h
 *		Drop segments whose rows are all older than the table keeps them.
 *
 * A segment holds rows of one time bucket, so a whole one expires at a time: its
 * directory entry gets an xmax, and that is all, whatever it holds.  Late rows
 * of the delta expire once compaction has put them into their bucket.
 *
 * The race with DELETE and row locks, which know nothing of entries: retention
 * stamps first and then takes the stamp back from every segment with a row that
 * a running transaction has changed or locked; those append their record first
 * and then look for a stamp (modify.c).  One of the two always sees the other;
 * retention never waits.
 *
 * Tables that foreign keys refer to are left alone: whole segments cannot ask
 * the referring rows.
 *
 * src/compact/retention.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_RETENTION_H
#define OLAP_RETENTION_H

#include "utils/relcache.h"

#include "meta/options.h"

/*
 * Buckets of the time column (type typid, interval in its unit) before this
 * key hold nothing but expired rows; PG_INT64_MIN: none do.  Compaction keeps
 * them apart from others, so that they can be dropped.
 */
extern int64 olap_retention_key(const OlapOptions *options, Oid typid,
								int64 interval);

/*
 * Drop what has expired, in a transaction of its own; must be called outside of
 * one.  Takes the lock only if it is free.  Returns the number of segments.
 */
extern int	olap_retention_apply(Oid relid);

#endif							/* OLAP_RETENTION_H */

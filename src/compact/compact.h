/*-------------------------------------------------------------------------
 *
 * compact.h
 *		Compaction: delta rows to segments, small segments to larger ones.
 *
 * A job writes the rows of some places anew, sorted, and replaces the places
 * when its transaction commits.  Rows keep their numbers, so indexes and the
 * records of deletes and locks stay valid, and neither readers nor writers wait
 * for a job or a job for them.  Only one job of a table runs at a time, under
 * ShareUpdateExclusiveLock, which keeps VACUUM and DDL away.
 *
 * src/compact/compact.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_COMPACT_H
#define OLAP_COMPACT_H

#include "nodes/pg_list.h"
#include "utils/relcache.h"

typedef enum OlapCompactResult
{
	OLAP_COMPACT_NOTHING,		/* nothing to do */
	OLAP_COMPACT_DONE,			/* a job is done; there may be more */
	OLAP_COMPACT_GAVE_UP		/* somebody waits for our lock: roll back */
} OlapCompactResult;

/* What is taken for worth a job. */
typedef enum OlapCompactEffort
{
	OLAP_COMPACT_WORTH,			/* what has grown enough */
	OLAP_COMPACT_DELTA,			/* also any rows of the delta */
	OLAP_COMPACT_ALL			/* everything that is not perfect */
} OlapCompactEffort;

/* What a series of jobs on a table is about. */
typedef struct OlapCompactPass
{
	OlapCompactEffort effort;
	uint32		end_id;			/* delta runs from this entry id on are left */
	List	   *skip;			/* ids (an OID list) that could not be taken */
	int64		jobs;			/* that replaced something so far */
} OlapCompactPass;

/*
 * What a transaction that changes places begins with: it takes no part in
 * serializability, and sees what is committed, whatever the session's defaults.
 */
extern void olap_compact_begin(void);

/*
 * One job in the caller's transaction, which must have done nothing else and
 * commits (or, on GAVE_UP, rolls back) next.  The caller holds
 * ShareUpdateExclusiveLock on rel.  pass->skip grows in CurrentMemoryContext.
 */
extern OlapCompactResult olap_compact_job(Relation rel, OlapCompactPass *pass);

/*
 * One bounded job on the table in a transaction of its own, for workers; must
 * be called outside of one.  Takes the lock only if it is free.  Returns whether
 * the table probably has more to do.  With more effort than OLAP_COMPACT_WORTH
 * a table that is written to always has.
 */
extern bool olap_compact_step(Oid relid, OlapCompactEffort effort);

/*
 * Does the table have a job?  Costs one page if it did not change since *seen,
 * which the caller keeps between calls (0 at first).
 */
extern bool olap_compact_needed(Relation rel, OlapCompactEffort effort,
								uint64 *seen);

#endif							/* OLAP_COMPACT_H */

/*-------------------------------------------------------------------------
 *
 * progress.h
 *		How far the compactions are that run now, in shared memory.
 *
 * olap.compaction_progress shows it.  Each backend has a slot of its own, which
 * nobody else writes; readers notice by a count of changes that they have met
 * one and read again, so a compaction waits for nobody.  A row is there from
 * olap_progress_begin() to the end of the transaction, however it ends.
 *
 * Without the preload there is no such memory: all of these do nothing then,
 * and so do they outside of a compaction.  None of them fails.
 *
 * src/compact/progress.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_COMPACT_PROGRESS_H
#define OLAP_COMPACT_PROGRESS_H

/* In the order of a job; it reads, sorts and writes once for each load of memory. */
typedef enum OlapProgressPhase
{
	OLAP_PROGRESS_NONE,			/* no job */
	OLAP_PROGRESS_WAITING,		/* for the lock of the table */
	OLAP_PROGRESS_FREEING,		/* space of places that nobody needs any more */
	OLAP_PROGRESS_CHOOSING,		/* sources; also seals and looks through delta runs */
	OLAP_PROGRESS_READING,
	OLAP_PROGRESS_SORTING,
	OLAP_PROGRESS_WRITING,		/* encodes, too */
	OLAP_PROGRESS_REPLACING,	/* stamps the sources */
	OLAP_PROGRESS_COMMITTING
} OlapProgressPhase;

/* Ask for the shared memory; called by _PG_init. */
extern void olap_progress_init(void);

/*
 * The current transaction is a job of the table, about to wait for its lock.
 * jobs_done: jobs before it in the same series; -1: nobody counts them.
 */
extern void olap_progress_begin(Oid table, int64 jobs_done);

extern void olap_progress_phase(OlapProgressPhase phase);

/* What the job replaces; rows: with those that are left behind as deleted. */
extern void olap_progress_sources(int segments, int64 delta_pages, int64 rows);

/* So many more rows of the sources were read, of the outputs encoded. */
extern void olap_progress_read(uint32 rows);
extern void olap_progress_written(uint32 rows);

#endif							/* OLAP_COMPACT_PROGRESS_H */

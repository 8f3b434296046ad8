/*-------------------------------------------------------------------------
 *
 * reclaim.h
 *		Give the space of places back that nobody needs any more.
 *
 * Three steps, each logged, so that a crash between them only makes the next
 * one late:
 *
 *	bury	mark a place dead: its inserter aborted, or what replaced or dropped
 *			it is older than every snapshot
 *	stamp	note the next transaction id, read after the mark was logged.  Who has
 *			read the directory without the mark holds a snapshot that is not
 *			younger, so while such a reader is there, on a standby that gives
 *			feedback as well, the stamp is not older than the horizon
 *	free	once it is: a conflict record for standbys, then the entry leaves the
 *			directory and its blocks join the free ones in one WAL record
 *
 * Locks: all of it under ShareUpdateExclusiveLock, so there is one at a time and
 * an entry's place in the directory does not change meanwhile.
 *
 * src/table/reclaim.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TABLE_RECLAIM_H
#define OLAP_TABLE_RECLAIM_H

#include "commands/vacuum.h"

#include "segment/directory.h"

/*
 * To be called before places are buried that newest and older transactions
 * replaced or dropped (Invalid: none); meta: a copy of the metapage.  Returns
 * what is settled then (olap_meta_settle()).
 */
extern TransactionId olap_reclaim_settle(Relation rel, const OlapMeta *meta,
										 TransactionId newest);

/* Stamp and free what is buried.  horizon: the oldest xid that snapshots need. */
extern void olap_reclaim_buried(Relation rel, TransactionId horizon);

/*
 * All of it, outside of VACUUM: places are buried whose rows are in no index or
 * live on elsewhere.
 */
extern void olap_reclaim(Relation rel);

/* Free the pages of the range log that no place's rows need. Only VACUUM. */
extern void olap_reclaim_log(Relation rel, BufferAccessStrategy strategy);

/*
 * Cut off what the file has behind the last block in use, if it is worth it and
 * nobody uses the table or waits for it.
 */
extern void olap_reclaim_tail(Relation rel, const VacuumParams *params);

#endif							/* OLAP_TABLE_RECLAIM_H */

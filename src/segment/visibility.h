/*-------------------------------------------------------------------------
 *
 * visibility.h
 *		Who sees an entry or a delta row.
 *
 * The order of questions is the one that survives an aborted, a running and an
 * ancient transaction: own transaction first (then command ids), then the
 * snapshot, then the commit log.  Nothing is remembered on the page.
 *
 * src/segment/visibility.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_VISIBILITY_H
#define OLAP_VISIBILITY_H

#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "segment/directory.h"

/* Is a row or entry inserted by (xmin, cmin) there for snapshot? */
extern bool olap_xid_visible(TransactionId xmin, CommandId cmin,
							 Snapshot snapshot);

/* Is xid one that ended without a commit? */
extern bool olap_xid_aborted(TransactionId xid);

/* For the transaction ids of one page. */
typedef struct OlapXidLimits
{
	TransactionId oldest;		/* that the commit log knew */
	TransactionId next;			/* the server's; Invalid: not asked for yet */
} OlapXidLimits;

/*
 * To be called while the page is locked: VACUUM may freeze ids once it is not, and
 * the commit log forget them.
 */
extern void olap_xid_limits(OlapXidLimits *limits);

/* Has a transaction with this id begun, and is what became of it known? */
extern bool olap_xid_possible(OlapXidLimits *limits, TransactionId xid);

/*
 * Is a delete or update by (xid, cid) in force for snapshot?  SNAPSHOT_DIRTY
 * reports running deleters in snapshot->xmax, as heap does.
 */
extern bool olap_xid_deletes(TransactionId xid, CommandId cid,
							 Snapshot snapshot);

/*
 * Tell SERIALIZABLE of a row or delete by xid that snapshot does not see: a
 * conflict out, unless xid aborted.
 */
extern void olap_report_invisible(Relation rel, TransactionId xid,
								  Snapshot snapshot);

/*
 * How a reader judges places.  What users did is judged by its snapshot.  What
 * compactions did must look the same for all places of a list, or rows would
 * be seen twice or not at all; so where the snapshot is not an MVCC one, one of
 * these decides:
 *
 *	moves	an MVCC snapshot, which also keeps replaced places from being freed
 *	cutoff	a compaction counts if it is older than this, the horizon of
 *			removal: for readers who want the places that the oldest snapshot
 *			needs, and whose table lock keeps VACUUM away
 */
typedef struct OlapView
{
	Snapshot	snapshot;
	Snapshot	moves;
	TransactionId cutoff;
	struct ResourceOwnerData *owner;	/* moves is registered with it */
} OlapView;

/*
 * The horizon of removal as a cutoff.  The server's may go back (a standby's
 * feedback), but not behind what VACUUM has marked places dead by: their rows
 * would be in neither place.
 */
extern TransactionId olap_view_cutoff(Relation rel);

/*
 * cutoff: Invalid, or what the participants of a parallel scan agreed on.  Must
 * come before the directory is read.  olap_view_end() may be left out only for
 * MVCC snapshots, and after errors.
 */
extern void olap_view_begin(OlapView *view, Relation rel, Snapshot snapshot,
							TransactionId cutoff);
extern void olap_view_end(OlapView *view);

/*
 * The same, never older than what has been committed by now: olap_view_begin()
 * takes the active snapshot, if there is one, for moves.
 */
extern void olap_view_begin_latest(OlapView *view, Relation rel,
								   Snapshot snapshot);

/*
 * Is the place there for the reader?  Segments: complete, xmin visible, xmax
 * not.  Delta runs: xmax is not (of the rows tuple headers decide).
 * SNAPSHOT_DIRTY reports running inserters in snapshot->xmin, as heap does.
 */
extern bool olap_entry_in_view(const OlapDirEntry *entry, const OlapView *view);

/* The same for an MVCC snapshot. */
extern bool olap_entry_visible(const OlapDirEntry *entry, Snapshot snapshot);

/*
 * Is the answer the same for all MVCC snapshots with this xmin or a later one?
 * *visible: the answer.  Of such old transactions one must ask while the directory
 * is new: later VACUUM may have frozen them, and the commit log forgotten them.
 */
extern bool olap_entry_decided(const OlapDirEntry *entry, TransactionId xmin,
							   bool *visible);

/* Has a compaction left its mark on the entry that is not history yet? */
extern bool olap_entry_moves(const OlapDirEntry *entry);

#endif							/* OLAP_VISIBILITY_H */

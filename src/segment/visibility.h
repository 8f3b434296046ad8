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
 * Is the segment entry visible to snapshot: complete, its xmin visible, its
 * xmax not?  Delta runs: true (the tuples decide).  SNAPSHOT_DIRTY reports
 * running inserters in snapshot->xmin, as heap does.
 */
extern bool olap_entry_visible(const OlapDirEntry *entry, Snapshot snapshot);

#endif							/* OLAP_VISIBILITY_H */

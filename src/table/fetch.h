/*-------------------------------------------------------------------------
 *
 * fetch.h
 *		Find rows by their TID.
 *
 * A fetch knows the directory and keeps a few segments and decoded vectors
 * open, so rows that lie close together cost little. It notices by the
 * metapage's version when its directory is out of date.
 *
 * src/table/fetch.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TABLE_FETCH_H
#define OLAP_TABLE_FETCH_H

#include "access/relscan.h"
#include "utils/snapshot.h"

#include "segment/visibility.h"
#include "table/batch.h"

typedef struct OlapFetch OlapFetch;

/* A fetch in a context below parent, for the relation's own descriptor. */
extern OlapFetch *olap_fetch_create(Relation rel, MemoryContext parent);
extern void olap_fetch_free(OlapFetch *fetch);

/*
 * The row at tid as snapshot sees it. The slot stands on memory of the fetch
 * until its next call; materialize it to keep it. slot may be NULL: only tell.
 */
extern bool olap_fetch_row(OlapFetch *fetch, ItemPointer tid,
						   Snapshot snapshot, TupleTableSlot *slot);

/* All MVCC lookups will use one snapshot: the directory need not be read again. */
extern void olap_fetch_one_snapshot(OlapFetch *fetch);

/*
 * Does an MVCC snapshot see the insertion of the row at tid, whatever became of
 * the row since?  For rows whose inserter reads as frozen because a compaction
 * moved them.
 */
extern bool olap_fetch_inserted(OlapFetch *fetch, ItemPointer tid,
								Snapshot snapshot);

/*
 * Who inserted the row at tid, whether anybody sees it or not; rows that wait in
 * the writer included.  False: there is no such row.
 */
extern bool olap_fetch_inserter(OlapFetch *fetch, ItemPointer tid,
								TransactionId *xmin, CommandId *cmin);

/*
 * Who dropped (retention), or is dropping, the segment that holds the row;
 * InvalidTransactionId: nobody.
 */
extern TransactionId olap_fetch_dropper(OlapFetch *fetch, ItemPointer tid);

/* May there be such a row? */
extern bool olap_fetch_has_dropped(OlapFetch *fetch);

/*
 * Is there proof that nobody, on this server, can ever see the row at tid again?
 * Then no index needs it.  *deleter: who deleted it, for standbys that may still
 * see it; Invalid if none can.
 */
extern bool olap_fetch_dead(OlapFetch *fetch, Relation rel, ItemPointer tid,
							TransactionId *deleter);

/* End a speculative insertion: see tuple_complete_speculative. */
extern void olap_fetch_complete_speculative(OlapFetch *fetch, ItemPointer tid,
											bool succeeded);

/* Read the directory again if it changed. */
extern void olap_fetch_refresh(OlapFetch *fetch);

/* Has the directory not changed since the last refresh? */
extern bool olap_fetch_current(const OlapFetch *fetch);

/* Entries in the order of their row numbers, as of the last refresh. */
extern int	olap_fetch_count(const OlapFetch *fetch);
extern const OlapDirEntry *olap_fetch_entry(const OlapFetch *fetch, int i);

/*
 * The last entry before number `before` whose row range has vblock, seen by
 * anybody or not; -1 if there is none.
 */
extern int	olap_fetch_covering(OlapFetch *fetch, BlockNumber vblock,
								int before);

/*
 * The entry that holds row for a reader with this view, -1 if there is none.
 * Of a segment *index gets the row's index in it; of a delta run the page may
 * still lack the row, or the snapshot may not see it.
 */
extern int	olap_fetch_find(OlapFetch *fetch, OlapRow row,
							const OlapView *view, uint32 *index);

/*
 * The decoded vector that holds row `index` of segment entry i; *row is its
 * position there. NULL if the segment is shorter.
 */
extern OlapBatchSource *olap_fetch_vector(OlapFetch *fetch, int i, uint32 index,
										  uint32 *row);

/* The page of delta entry i for vblock; valid until the next page is read. */
extern OlapDeltaPage *olap_fetch_delta_page(OlapFetch *fetch, int i,
											BlockNumber vblock);

/*
 * A fetch for callers that come row by row without a handle (foreign-key
 * triggers, EvalPlanQual): one per backend, kept until the transaction ends.
 */
extern OlapFetch *olap_fetch_shared(Relation rel);
extern void olap_fetch_forget(void);
extern void olap_fetch_init(void);

/* Table access method callbacks. */
extern IndexFetchTableData *olap_index_fetch_begin(Relation rel);
extern void olap_index_fetch_reset(IndexFetchTableData *data);
extern void olap_index_fetch_end(IndexFetchTableData *data);
extern bool olap_index_fetch_tuple(IndexFetchTableData *data, ItemPointer tid,
								   Snapshot snapshot, TupleTableSlot *slot,
								   bool *call_again, bool *all_dead);
extern bool olap_tuple_fetch_row_version(Relation rel, ItemPointer tid,
										 Snapshot snapshot,
										 TupleTableSlot *slot);

#endif							/* OLAP_TABLE_FETCH_H */

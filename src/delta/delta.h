/*-------------------------------------------------------------------------
 *
 * delta.h
 *		The row store for small writes.
 *
 * Rows of small inserts stand in heap tuple format on delta pages, visible to
 * others as soon as their transaction commits.  One delta page is one virtual
 * block: line pointer n of the page is TID (vblock, n).  Tuple headers carry
 * xmin and cmin only; deletes never touch them.  Tuples never move.
 *
 * src/delta/delta.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DELTA_H
#define OLAP_DELTA_H

#include "access/htup_details.h"

#include "segment/directory.h"
#include "segment/visibility.h"

/* Can a tuple of this t_len stand on a delta page? */
extern bool olap_delta_fits(Size len);

/*
 * Insert tuples (already flat: no external, compressed or expanded values) as
 * written by (xid, cid), WAL-logged page by page.  Sets t_self and the header's
 * xmin and cmin of each.  Every tuple must fit (olap_delta_fits()).
 * token: of a speculative insertion, or 0.
 */
extern void olap_delta_insert(Relation rel, HeapTuple *tuples, int ntuples,
							  TransactionId xid, CommandId cid, uint32 token);

/*
 * End the speculative insertion of tuple off on page `index` of run: it becomes
 * an ordinary row, or (succeeded = false) none at all, for nobody.
 */
extern void olap_delta_complete(Relation rel, const OlapDirEntry *run,
								uint32 index, OffsetNumber off, bool succeeded);

/*
 * A checked private copy of a delta page.
 */
typedef struct OlapDeltaPage
{
	BlockNumber vblock;
	int			ntuples;		/* highest line pointer */
	OlapXidLimits limits;
	PGAlignedBlock page;
} OlapDeltaPage;

/*
 * Copy page number index (0 .. nblocks - 1) of a delta run.  A page that was
 * not handed out when run was read gives ntuples = 0.
 * Errors: ERRCODE_DATA_CORRUPTED.
 */
extern void olap_delta_page_read(Relation rel, const OlapDirEntry *run,
								 uint32 index, OlapDeltaPage *page,
								 BufferAccessStrategy strategy);

/*
 * Tuple off (1 .. ntuples) of the copy: fills *tuple (t_data points into page,
 * t_self is its TID) and the inserter.  False if the line pointer is unused.
 * Errors: ERRCODE_DATA_CORRUPTED; the values are for olap_delta_deform().
 */
extern bool olap_delta_tuple(Relation rel, OlapDeltaPage *page, OffsetNumber off,
							 HeapTuple tuple, TransactionId *xmin,
							 CommandId *cmin);

/*
 * Can the line pointer's item be a row, as far as its header goes: does it lie on
 * the page, and do the values begin within it?
 */
extern bool olap_delta_item_sound(Page page, ItemId item);

/*
 * The values of a tuple that olap_delta_tuple() gave, by the descriptor that it
 * was written under; columns that are younger have their missing value.  Values
 * by reference point into the tuple, which is not trusted.
 * Errors: ERRCODE_DATA_CORRUPTED.
 */
extern void olap_delta_deform(Relation rel, HeapTuple tuple, TupleDesc desc,
							  Datum *values, bool *isnull);

/* One of them (column col from 0). */
extern Datum olap_delta_value(Relation rel, HeapTuple tuple, TupleDesc desc,
							  int col, bool *isnull);

/*
 * Seal the run at ref: no row is put on its pages from now on.  *run becomes
 * the entry as it is then.  Calling it again does no harm.
 */
extern void olap_delta_seal(Relation rel, const OlapDirRef *ref,
							OlapDirEntry *run);

/*
 * Of page number index of a run: give rows of transactions committed before
 * freeze_limit the frozen id, and mark the line pointers of aborted rows dead
 * (they are never used again) if aborted(arg, row) says that the caller knew of
 * them. One WAL record, if there is anything to do.
 */
extern void olap_delta_page_freeze(Relation rel, const OlapDirEntry *run,
								   uint32 index, TransactionId freeze_limit,
								   bool (*aborted) (void *arg, OlapRow row),
								   void *arg, BufferAccessStrategy strategy);

#endif							/* OLAP_DELTA_H */

/*-------------------------------------------------------------------------
 *
 * scan_rows.c
 *		The rows of a unit that the snapshot sees, as a batch.
 *
 * A vector of a segment comes without its deleted rows and those that cannot
 * match; delta pages are read row by row. SNAPSHOT_DIRTY is asked about each row
 * once more, but only where a running transaction was met.
 *
 * src/table/scan_rows.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "storage/procarray.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "delta/delta.h"
#include "table/scan_state.h"
#include "table/slot.h"

/* SNAPSHOT_DIRTY: did what was just judged meet a running transaction? */
static void
note_busy(OlapTableScan *scan)
{
	if (scan->snapshot->snapshot_type == SNAPSHOT_DIRTY &&
		(TransactionIdIsValid(scan->snapshot->xmin) ||
		 TransactionIdIsValid(scan->snapshot->xmax)))
		scan->busy = true;
}

/* Keep the visible rows of a delta page. */
static void
keep_visible(OlapTableScan *scan, OlapDeltaPage *page)
{
	uint64		deleted[(OLAP_VBLOCK_ROWS + 63) / 64];

	olap_log_reader_deleted(scan->log, (OlapRow) page->vblock * OLAP_VBLOCK_ROWS,
							page->ntuples, deleted);
	note_busy(scan);
	for (OffsetNumber off = 1; off <= page->ntuples; off++)
	{
		HeapTupleData tuple;
		TransactionId xmin;
		CommandId	cmin;

		if (olap_delta_tuple(scan->rel, page, off, &tuple, &xmin, &cmin) &&
			olap_row_visible(scan->rel, xmin, cmin, scan->snapshot) &&
			((deleted[(off - 1) >> 6] >> ((off - 1) & 63)) & 1) == 0)
			olap_batch_delta_keep(scan->source, &tuple, xmin, cmin);
		note_busy(scan);
	}
}

static void
load_delta_unit(OlapTableScan *scan)
{
	OlapScanPlace  *place = &scan->list.places[scan->place];
	uint32		first = (scan->unit - place->first_unit) * OLAP_BATCH_DELTA_PAGES;
	uint32		last = Min(first + OLAP_BATCH_DELTA_PAGES, place->entry.nblocks);
	BufferAccessStrategy strategy = olap_scan_strategy(scan);

	olap_batch_set_delta(scan->source);
	for (uint32 i = first; i < last; i++)
	{
		OlapDeltaPage *page = olap_batch_delta_page(scan->source, &place->entry,
													i, i - first,
													strategy);

		if (page->ntuples == 0)
			continue;
		if (!scan->again)
			scan->stats.delta_pages++;
		scan->stats.bytes_read += BLCKSZ;
		keep_visible(scan, page);
	}
}

/* Take rows that cannot match, and deleted ones, out of a vector of a segment. */
static void
drop_rows(OlapTableScan *scan, OlapBatch *batch)
{
	uint64		deleted[OLAP_VECTOR_ROWS / 64];
	uint32		ndeleted = 0;

	if (!olap_log_reader_empty(scan->log))
		ndeleted = olap_log_reader_deleted_batch(scan->log, batch, deleted);
	if (ndeleted == 0 && scan->rows == NULL)
		return;
	if (scan->live == NULL)
		scan->live = MemoryContextAlloc(scan->cxt,
										OLAP_VECTOR_ROWS * sizeof(uint16));
	if (!scan->again)
		scan->stats.rows_deleted += ndeleted;
	batch->sel = scan->live;
	batch->nsel = olap_rows_select(scan->rows, ndeleted > 0 ? deleted : NULL,
								   scan->vector, batch->nrows, scan->live);
}

/* all: rows that cannot match, and deleted ones, may be in it. */
OlapBatch *
olap_scan_load_batch(OlapTableScan *scan, bool all)
{
	OlapScanPlace  *place = &scan->list.places[scan->place];

	scan->busy = false;
	if (scan->snapshot->snapshot_type == SNAPSHOT_DIRTY)
		scan->snapshot->xmin = scan->snapshot->xmax = InvalidTransactionId;
	if (place->entry.kind == OLAP_ENTRY_DELTA)
		load_delta_unit(scan);
	else
	{
		olap_batch_set_segment(scan->source, scan->segment, &place->entry,
							   scan->unit - place->first_unit, scan->vector);
		if (!all)
			drop_rows(scan, &scan->source->batch);
		note_busy(scan);
		if (scan->snapshot->snapshot_type == SNAPSHOT_DIRTY &&
			TransactionIdIsNormal(place->entry.xmin) &&
			TransactionIdIsInProgress(place->entry.xmin))
			scan->busy = true;
	}
	scan->source->batch.matches = scan->matches;
	return &scan->source->batch;
}

bool
olap_scan_judge_row(OlapTableScan *scan, TupleTableSlot *slot)
{
	Snapshot	snapshot = scan->snapshot;
	TransactionId xmin;
	CommandId	cmin;

	if (snapshot->snapshot_type != SNAPSHOT_DIRTY)
		return true;
	snapshot->xmin = snapshot->xmax = InvalidTransactionId;
	return !scan->busy || !olap_slot_get_inserter(slot, &xmin, &cmin) ||
		(olap_xid_visible(xmin, cmin, snapshot) &&
		 !olap_log_row_deleted(scan->rel, olap_row_of_tid(&slot->tts_tid),
							   snapshot));
}

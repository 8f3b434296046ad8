/*-------------------------------------------------------------------------
 *
 * scan.c
 *		Scan a relation in batches.
 *
 * The directory is read once, after the snapshot, and put in the order of row
 * numbers. Its entries are divided into units: a row group, or as many delta
 * pages as make one batch. A segment counts as the largest number of row groups
 * whatever it really has, so the numbering needs no segment header, and all
 * participants of a parallel scan agree on it by the directory alone; whoever
 * learns that units are not worth visiting moves the shared counter over them.
 *
 * src/table/scan.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "segment/segment.h"
#include "segment/visibility.h"
#include "table/scan_state.h"
#include "table/slot.h"
#include "table/writer.h"

/* ---- visibility ---- */

bool
olap_row_visible(Relation rel, TransactionId xmin, CommandId cmin,
				 Snapshot snapshot)
{
	/*
	 * SnapshotAny neither: nobody can read a row that came after a column was
	 * added, when both were rolled back and another column has the number now.
	 */
	if (snapshot->snapshot_type == SNAPSHOT_ANY && olap_xid_aborted(xmin))
		return false;
	if (olap_xid_visible(xmin, cmin, snapshot))
		return true;
	olap_report_invisible(rel, xmin, snapshot);
	return false;
}

bool
olap_place_visible(Relation rel, const OlapDirEntry *entry,
				   const OlapView *view)
{
	if (olap_entry_in_view(entry, view))
		return true;

	/* a compaction changes nothing that anybody could have read */
	if ((entry->flags & (OLAP_ENTRY_DEAD | OLAP_ENTRY_OUTPUT)) == 0 &&
		entry->kind == OLAP_ENTRY_SEGMENT)
		olap_report_invisible(rel, entry->xmin, view->snapshot);
	return false;
}

/* ---- begin, end ---- */

static void
scan_start(OlapTableScan *scan)
{
	if (scan->segment != NULL)
		olap_segment_close(scan->segment);
	scan->segment = NULL;
	memset(&scan->stats, 0, sizeof(scan->stats));

	olap_view_end(&scan->view);
	olap_view_begin(&scan->view, scan->rel, scan->snapshot,
					scan->shared != NULL ? scan->shared->cutoff :
					InvalidTransactionId);
	olap_places_read(&scan->list, scan->rel, &scan->view, scan->shared,
					 scan->quals, scan->nquals, &scan->stats, scan->cxt);
	if (scan->narrow != NULL)
		olap_narrow_free(scan->narrow);
	scan->rows = NULL;
	scan->nlater = 0;
	olap_scan_make_narrow(scan);
	if (scan->log != NULL)
		olap_log_reader_free(scan->log);
	scan->log = olap_log_reader_create(scan->rel, scan->snapshot, scan->cxt);
	scan->unit = -1;
	scan->place = -1;
	scan->nvectors = 0;
	scan->vector = 0;
}

OlapTableScan *
olap_scan_begin_desc(Relation rel, TupleDesc desc, Snapshot snapshot,
					 const bool *needed, const OlapZoneQual *quals, int nquals,
					 OlapScanShared *shared)
{
	MemoryContext cxt;
	OlapTableScan *scan;

	/* a shared scan was preceded by olap_scan_shared_init(), which flushed */
	if (shared == NULL)
		olap_writer_flush(rel);

	cxt = AllocSetContextCreate(CurrentMemoryContext, "olap scan",
								ALLOCSET_DEFAULT_SIZES);
	scan = MemoryContextAllocZero(cxt, sizeof(OlapTableScan));
	scan->rel = rel;
	scan->desc = desc;
	scan->snapshot = snapshot;
	scan->quals = quals;
	scan->nquals = nquals;
	scan->shared = shared;
	scan->cxt = cxt;
	scan->count_rows = true;
	scan->source = olap_batch_source_create(rel, desc, needed, cxt);

	PredicateLockRelation(rel, snapshot);
	pgstat_count_heap_scan(rel);
	scan_start(scan);
	return scan;
}

OlapTableScan *
olap_scan_begin(Relation rel, Snapshot snapshot, const bool *needed,
				const OlapZoneQual *quals, int nquals, OlapScanShared *shared)
{
	return olap_scan_begin_desc(rel, RelationGetDescr(rel), snapshot, needed,
								quals, nquals, shared);
}

void
olap_scan_rescan(OlapTableScan *scan, const OlapZoneQual *quals, int nquals)
{
	if (scan->shared == NULL)
		olap_writer_flush(scan->rel);
	scan->quals = quals;
	scan->nquals = nquals;
	pgstat_count_heap_scan(scan->rel);
	scan_start(scan);
}

void
olap_scan_end(OlapTableScan *scan)
{
	if (scan->segment != NULL)
		olap_segment_close(scan->segment);
	if (scan->strategy != NULL)
		FreeAccessStrategy(scan->strategy);
	olap_view_end(&scan->view);
	MemoryContextDelete(scan->cxt);
}

OlapScanTimes *
olap_scan_times(OlapTableScan *scan)
{
	scan->source->times = &scan->stats.times;
	return scan->source->times;
}

void
olap_scan_count_bytes(OlapTableScan *scan)
{
	uint64		now = olap_segment_bytes_read(scan->segment);

	scan->stats.bytes_read += now - scan->segment_bytes;
	scan->segment_bytes = now;
	olap_segment_take_opened(scan->segment, scan->stats.chunks);
}

const OlapScanStats *
olap_scan_stats(OlapTableScan *scan)
{
	if (scan->segment != NULL)
		olap_scan_count_bytes(scan);
	return &scan->stats;
}

void
olap_scan_note_index(OlapScanStats *stats, int attno)
{
	int			i = 0;

	while (i < stats->nindexes && stats->indexes[i] < attno)
		i++;
	if (stats->nindexes == OLAP_SCAN_INDEXES ||
		(i < stats->nindexes && stats->indexes[i] == attno))
		return;
	memmove(stats->indexes + i + 1, stats->indexes + i,
			(stats->nindexes++ - i) * sizeof(int16));
	stats->indexes[i] = (int16) attno;
}

void
olap_scan_shared_init(OlapScanShared *shared, Relation rel)
{
	OlapMeta	meta;

	olap_writer_flush(rel);
	shared->max_entry_id = olap_meta_read(rel, &meta) ?
		meta.next_entry_id - 1 : 0;
	shared->cutoff = RecoveryInProgress() ? InvalidTransactionId :
		olap_view_cutoff(rel);
	pg_atomic_init_u64(&shared->next_unit, 0);
}

/* ---- reading ---- */

/*
 * The buffers to read through. Unlike a heap's, a scan may read a small part of a
 * large table, and the same part again: so not the table's size decides when it
 * is to spare other pages, but what was read. Up to a quarter of shared buffers
 * counts as any other reading.
 */
BufferAccessStrategy
olap_scan_strategy(OlapTableScan *scan)
{
	MemoryContext old;

	if (scan->strategy != NULL || RelationUsesLocalBuffers(scan->rel) ||
		scan->stats.bytes_read / BLCKSZ < (uint64) NBuffers / 4)
		return scan->strategy;
	old = MemoryContextSwitchTo(scan->cxt);
	scan->strategy = GetAccessStrategy(BAS_BULKREAD);
	MemoryContextSwitchTo(old);
	return scan->strategy;
}

void
olap_scan_count_rows(OlapTableScan *scan, const OlapBatch *batch)
{
	scan->stats.rows += batch->nsel;
	olap_pgstat_count_rows(scan->rel, batch->nsel);
}

OlapBatch *
olap_scan_move(OlapTableScan *scan, ScanDirection direction)
{
	bool		forward = !ScanDirectionIsBackward(direction);
	OlapBatch  *batch;

	Assert(forward || scan->shared == NULL);
	if (scan->segment != NULL)
		olap_scan_count_bytes(scan);
	do
	{
		CHECK_FOR_INTERRUPTS();
		scan->vector += forward ? 1 : -1;
		while (scan->vector < 0 || scan->vector >= scan->nvectors)
		{
			scan->nvectors = 0;
			if (!olap_scan_next_unit(scan, forward))
				return NULL;
			olap_scan_enter_unit(scan);
			scan->vector = forward ? 0 : scan->nvectors - 1;
		}
		batch = olap_scan_vector_is_empty(scan) ? NULL :
			olap_scan_load_batch(scan, false);
	} while (batch == NULL || batch->nsel == 0);

	olap_scan_count_rows(scan, batch);
	return batch;
}

OlapBatch *
olap_scan_next(OlapTableScan *scan)
{
	return olap_scan_move(scan, ForwardScanDirection);
}

void
olap_scan_fill_slot(OlapTableScan *scan, OlapBatch *batch, uint32 row,
					TupleTableSlot *slot)
{
	olap_slot_store_row(slot, batch->source, row);
}

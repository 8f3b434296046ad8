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
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/guc.h"
#include "delta/delta.h"
#include "delta/rangelog.h"
#include "segment/parts.h"
#include "segment/segment.h"
#include "segment/visibility.h"
#include "table/narrow.h"
#include "table/places.h"
#include "table/scan_internal.h"
#include "table/slot.h"
#include "table/whole.h"
#include "table/writer.h"

struct OlapTableScan
{
	Relation	rel;
	TupleDesc	desc;
	Snapshot	snapshot;
	OlapView	view;			/* of places */
	const OlapZoneQual *quals;
	int			nquals;
	OlapScanShared *shared;
	MemoryContext cxt;
	BufferAccessStrategy strategy;	/* NULL: not yet, see reading_strategy() */
	bool		count_rows;		/* in the table's statistics */
	OlapScanStats stats;

	OlapPlaces	list;			/* of places */

	/* where the scan stands */
	int64		unit;			/* -1: before the first, nunits: behind the last */
	int			place;			/* of unit, if there is one */
	int			nvectors;		/* of unit; 0: nothing to read there */
	int			vector;
	bool		again;			/* unit was read before: count nothing */
	bool		matches;		/* zone maps prove the quals of all rows of unit */
	OlapNarrow *narrow;			/* NULL: no qual for an index */
	bool		asked;			/* it was, about unit */
	const OlapRowSet *rows;		/* of unit that may match; NULL: any */

	OlapSegment *segment;		/* open segment of place segment_place */
	int			segment_place;
	uint64		segment_bytes;	/* bytes read of it, counted so far */
	OlapBatchSource *source;

	OlapScanTake take;			/* NULL: segments are not offered */
	void	   *take_arg;
	OlapScanTakeRowgroup take_rowgroup; /* NULL: row groups are not offered */
	void	   *take_rowgroup_arg;

	OlapLogReader *log;			/* which rows are deleted */
	bool		busy;			/* SNAPSHOT_DIRTY: somebody changes rows of the batch */
	uint16	   *live;			/* [OLAP_VECTOR_ROWS], the others of a batch */
};

/* So few rows of a row group are read one by one rather than by the page. */
#define SPARSE_ROWS 8

/* ---- visibility ---- */

bool
olap_row_visible(Relation rel, TransactionId xmin, CommandId cmin,
				 Snapshot snapshot)
{
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
	scan->narrow = olap_narrow_create(scan->quals, scan->nquals,
									  scan->list.nunits, scan->cxt);
	scan->rows = NULL;
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

static void
count_segment_bytes(OlapTableScan *scan)
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
		count_segment_bytes(scan);
	return &scan->stats;
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

/* ---- units ---- */

/* Move the shared counter out of [from, to), where nothing is to be done. */
static void
skip_units(OlapTableScan *scan, uint64 from, uint64 to)
{
	if (scan->shared != NULL)
	{
		uint64		now = pg_atomic_read_u64(&scan->shared->next_unit);

		while (now >= from && now < to &&
			   !pg_atomic_compare_exchange_u64(&scan->shared->next_unit, &now,
											   to))
			;
	}
}

/* Take the next unit of the direction; false if there is none. */
static bool
next_unit(OlapTableScan *scan, bool forward)
{
	if (!forward)
	{
		if (scan->unit >= 0)
			scan->unit--;
		return scan->unit >= 0;
	}
	if (scan->shared != NULL)
	{
		uint64		next = pg_atomic_fetch_add_u64(&scan->shared->next_unit, 1);

		scan->unit = Min(next, scan->list.nunits);
	}
	else if (scan->unit < (int64) scan->list.nunits)
		scan->unit++;
	return scan->unit < (int64) scan->list.nunits;
}

/* The place that the scan's unit is in; the scan moves by small steps. */
static OlapScanPlace *
find_place(OlapTableScan *scan)
{
	uint64		unit = scan->unit;
	int			i = Min(Max(scan->place, 0), scan->list.n - 1);

	while (unit < scan->list.places[i].first_unit)
		i--;
	while (unit >= scan->list.places[i].first_unit + scan->list.places[i].nunits)
		i++;
	scan->place = i;
	return &scan->list.places[i];
}

/*
 * The buffers to read through. Unlike a heap's, a scan may read a small part of a
 * large table, and the same part again: so not the table's size decides when it
 * is to spare other pages, but what was read. Up to a quarter of shared buffers
 * counts as any other reading.
 */
static BufferAccessStrategy
reading_strategy(OlapTableScan *scan)
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

static void
open_segment(OlapTableScan *scan, OlapScanPlace *place, bool again)
{
	if (scan->segment != NULL && scan->segment_place == scan->place)
		return;
	if (scan->segment != NULL)
	{
		count_segment_bytes(scan);
		olap_segment_close(scan->segment);
		scan->segment = NULL;
	}
	scan->segment = olap_segment_open(scan->rel, &place->entry, scan->cxt,
									  reading_strategy(scan));
	scan->segment_place = scan->place;
	scan->segment_bytes = 0;
	if (again)
		return;
	scan->stats.segments_read++;
	scan->stats.rowgroups_total += olap_segment_rowgroups(scan->segment);
	scan->stats.rowgroups_total -= olap_expected_rowgroups(&place->entry);
	skip_units(scan, place->first_unit + olap_segment_rowgroups(scan->segment),
			   place->first_unit + place->nunits);
}

/* Ask the indexes about a unit, which is row group rg; false: no row matches. */
static bool
narrow_unit(OlapTableScan *scan, int rg, uint64 unit, bool keep)
{
	OlapNarrowAnswer answer = OLAP_NARROW_ALL;
	uint32		n;

	if (scan->narrow != NULL)
		answer = olap_narrow_ask(scan->narrow, scan->segment, rg, unit, keep);
	scan->asked = true;
	scan->rows = answer == OLAP_NARROW_SOME ?
		olap_narrow_set(scan->narrow, &n) : NULL;
	olap_segment_set_sparse(scan->segment, scan->rows != NULL && n <= SPARSE_ROWS);
	return answer != OLAP_NARROW_NONE;
}

static void
count_narrowed(OlapTableScan *scan, int rg)
{
	uint32		n;

	if (scan->rows == NULL)
		return;
	(void) olap_narrow_set(scan->narrow, &n);
	scan->stats.rowgroups_narrowed++;
	scan->stats.rows_narrowed += n;
	scan->stats.rows_passed += olap_segment_rowgroup_rows(scan->segment, rg) - n;
}

/* keep: the unit, which is row group rg, will be asked for again. */
static bool
rowgroup_excluded(OlapTableScan *scan, int rg, uint64 unit, bool keep)
{
	for (int q = 0; q < scan->nquals; q++)
	{
		const OlapZone *zone = olap_segment_zone(scan->segment,
												 scan->quals[q].col, rg);

		if (zone != NULL &&
			olap_zone_probe(zone, &scan->quals[q]) == OLAP_MATCH_NONE)
			return true;
	}
	if (!narrow_unit(scan, rg, unit, keep))
	{
		scan->stats.rowgroups_bitmap++;
		return true;
	}
	for (int q = 0; q < scan->nquals && olap_guc_enable_bloom; q++)
		if (olap_segment_bloom_excludes(scan->segment, &scan->quals[q], rg))
		{
			scan->stats.rowgroups_bloom++;
			return true;
		}
	return false;
}

/* Do zone maps prove the quals of all rows of a row group? */
static bool
rowgroup_matches(OlapTableScan *scan, int rg)
{
	for (int q = 0; q < scan->nquals; q++)
	{
		const OlapZone *zone = olap_segment_zone(scan->segment,
												 scan->quals[q].col, rg);

		if (zone == NULL ||
			olap_zone_probe(zone, &scan->quals[q]) != OLAP_MATCH_ALL)
			return false;
	}
	return true;
}

void
olap_scan_offer_rowgroups(OlapTableScan *scan, OlapScanTakeRowgroup take,
						  void *arg)
{
	scan->take_rowgroup = take;
	scan->take_rowgroup_arg = arg;
}

/* Offer the row group at hand; true if it was taken. */
static bool
rowgroup_taken(OlapTableScan *scan, OlapScanPlace *place, int rg)
{
	if (scan->take_rowgroup == NULL || !IsMVCCSnapshot(scan->snapshot) ||
		!olap_rowgroup_is_whole(scan->segment, &place->entry, rg, scan->log) ||
		!scan->take_rowgroup(scan->take_rowgroup_arg, scan->segment, rg,
							 scan->matches))
		return false;
	scan->stats.rowgroups_taken++;
	return true;
}

void
olap_scan_offer_segments(OlapTableScan *scan, OlapScanTake take, void *arg)
{
	scan->take = take;
	scan->take_arg = arg;
}

/* Offer the segment that was just opened; true if it was taken. */
static bool
segment_taken(OlapTableScan *scan, OlapScanPlace *place)
{
	bool		matches = true;

	if (scan->take == NULL || !IsMVCCSnapshot(scan->snapshot) ||
		!olap_segment_is_whole(scan->segment, &place->entry, scan->log))
		return false;
	for (int rg = 0; rg < olap_segment_rowgroups(scan->segment) && matches; rg++)
		matches = rowgroup_matches(scan, rg);
	if (!scan->take(scan->take_arg, scan->segment, matches))
		return false;
	scan->stats.segments_taken++;
	place->skip = true;
	skip_units(scan, place->first_unit, place->first_unit + place->nunits);
	return true;
}

/* Close the row groups of the scan's place that are not the one to be read. */
static void
release_others(OlapTableScan *scan, int index)
{
	if (scan->segment == NULL || scan->segment_place != scan->place)
		return;
	for (int rg = 0; rg < olap_segment_rowgroups(scan->segment); rg++)
		if (rg != index)
			olap_segment_release(scan->segment, rg);
}

static int
vectors_of(OlapTableScan *scan, int rg)
{
	return (olap_segment_rowgroup_rows(scan->segment, rg) +
			OLAP_VECTOR_ROWS - 1) / OLAP_VECTOR_ROWS;
}

/* Find out what the scan's unit holds: sets nvectors. */
static void
open_unit(OlapTableScan *scan)
{
	OlapScanPlace  *place = find_place(scan);
	int			index = scan->unit - place->first_unit;
	bool		opened;

	scan->nvectors = 0;
	scan->rows = NULL;
	if (place->skip)
	{
		skip_units(scan, place->first_unit, place->first_unit + place->nunits);
		return;
	}
	scan->matches = false;
	if (place->entry.kind == OLAP_ENTRY_DELTA)
	{
		scan->nvectors = 1;
		return;
	}

	opened = scan->segment == NULL || scan->segment_place != scan->place;
	release_others(scan, index);
	open_segment(scan, place, false);
	if (opened && segment_taken(scan, place))
		return;
	if (index >= olap_segment_rowgroups(scan->segment))
		return;
	if (rowgroup_excluded(scan, index, scan->unit, false))
	{
		scan->stats.rowgroups_pruned++;
		return;
	}
	scan->matches = rowgroup_matches(scan, index);
	if (rowgroup_taken(scan, place, index))
		return;
	scan->stats.rowgroups_read++;
	scan->stats.rowgroups_matched += scan->matches && scan->nquals > 0;
	count_narrowed(scan, index);
	scan->nvectors = vectors_of(scan, index);
}

/* ---- batches ---- */

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
	BufferAccessStrategy strategy = reading_strategy(scan);

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

/* Has the vector at hand no row that may match, as far as is known? */
static inline bool
vector_is_empty(const OlapTableScan *scan)
{
	return scan->rows != NULL && olap_rows_empty(scan->rows, scan->vector);
}

/* all: rows that cannot match, and deleted ones, may be in it. */
static OlapBatch *
load_batch(OlapTableScan *scan, bool all)
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

static void
count_rows(OlapTableScan *scan, const OlapBatch *batch)
{
	scan->stats.rows += batch->nsel;
	olap_pgstat_count_rows(scan->rel, batch->nsel);
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

OlapBatch *
olap_scan_move(OlapTableScan *scan, ScanDirection direction)
{
	bool		forward = !ScanDirectionIsBackward(direction);
	OlapBatch  *batch;

	Assert(forward || scan->shared == NULL);
	if (scan->segment != NULL)
		count_segment_bytes(scan);
	do
	{
		CHECK_FOR_INTERRUPTS();
		scan->vector += forward ? 1 : -1;
		while (scan->vector < 0 || scan->vector >= scan->nvectors)
		{
			scan->nvectors = 0;
			if (!next_unit(scan, forward))
				return NULL;
			open_unit(scan);
			scan->vector = forward ? 0 : scan->nvectors - 1;
		}
		batch = vector_is_empty(scan) ? NULL : load_batch(scan, false);
	} while (batch == NULL || batch->nsel == 0);

	count_rows(scan, batch);
	return batch;
}

OlapBatch *
olap_scan_next(OlapTableScan *scan)
{
	return olap_scan_move(scan, ForwardScanDirection);
}

/* ---- in an order that the caller chooses ---- */

int
olap_scan_nplaces(const OlapTableScan *scan)
{
	return scan->list.n;
}

void
olap_scan_bounds(OlapTableScan *scan, int col, const OlapSortSpec *spec,
				 OlapSortPos *first, OlapSortPos *last)
{
	olap_places_bounds(&scan->list, scan->rel, col, spec, first, last);
}

uint32
olap_scan_open_place(OlapTableScan *scan, int index)
{
	OlapScanPlace *place = &scan->list.places[index];

	Assert(scan->shared == NULL && !place->skip);
	scan->place = index;
	scan->unit = -1;
	if (place->entry.kind == OLAP_ENTRY_DELTA)
		return place->nunits;
	open_segment(scan, place, false);
	return olap_segment_rowgroups(scan->segment);
}

bool
olap_scan_unit_zone(OlapTableScan *scan, uint32 unit, int col,
					const OlapZone **zone)
{
	*zone = NULL;
	if (scan->list.places[scan->place].entry.kind == OLAP_ENTRY_DELTA)
		return true;
	if (rowgroup_excluded(scan, unit, scan->list.places[scan->place].first_unit + unit, true))
	{
		scan->stats.rowgroups_pruned++;
		return false;
	}
	*zone = olap_segment_zone(scan->segment, col, unit);
	return true;
}

uint32
olap_scan_open_unit(OlapTableScan *scan, int index, uint32 unit, bool again)
{
	OlapScanPlace *place = &scan->list.places[index];
	int64		number = (int64) place->first_unit + unit;

	if (scan->unit == number)
	{
		scan->again |= again;
		return scan->nvectors;
	}
	scan->place = index;
	scan->unit = number;
	scan->again = again;
	scan->matches = false;
	scan->asked = false;
	scan->rows = NULL;
	if (place->entry.kind == OLAP_ENTRY_DELTA)
	{
		scan->asked = true;
		scan->nvectors = 1;
		return 1;
	}
	release_others(scan, unit);
	open_segment(scan, place, true);
	scan->matches = rowgroup_matches(scan, unit);
	if (!again)
	{
		scan->stats.rowgroups_read++;
		scan->stats.rowgroups_matched += scan->matches && scan->nquals > 0;
	}
	scan->nvectors = vectors_of(scan, unit);
	return scan->nvectors;
}

OlapBatch *
olap_scan_load(OlapTableScan *scan, uint32 vector)
{
	OlapBatch  *batch;

	CHECK_FOR_INTERRUPTS();
	scan->vector = vector;
	if (!scan->asked)
	{
		int			rg = scan->unit - scan->list.places[scan->place].first_unit;

		(void) narrow_unit(scan, rg, scan->unit, false);
		if (!scan->again)
			count_narrowed(scan, rg);
	}
	if (vector_is_empty(scan))
	{
		scan->source->batch.nsel = 0;
		return &scan->source->batch;
	}
	batch = load_batch(scan, false);
	if (!scan->again)
		count_rows(scan, batch);
	return batch;
}

OlapBatch *
olap_scan_load_again(OlapTableScan *scan, uint32 vector, bool few)
{
	CHECK_FOR_INTERRUPTS();
	scan->vector = vector;
	if (scan->list.places[scan->place].entry.kind == OLAP_ENTRY_SEGMENT)
		olap_segment_set_sparse(scan->segment, few);
	return load_batch(scan, true);
}

void
olap_scan_fill_slot(OlapTableScan *scan, OlapBatch *batch, uint32 row,
					TupleTableSlot *slot)
{
	olap_slot_store_row(slot, batch->source, row);
}

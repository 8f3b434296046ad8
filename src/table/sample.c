/*-------------------------------------------------------------------------
 *
 * sample.c
 *		ANALYZE and TABLESAMPLE.
 *
 * ANALYZE picks blocks of the file. A block of a delta run stands for its rows,
 * block i of a segment's n for the i-th n-th of the segment's rows, any other
 * block for none; so the row count extrapolates exactly. But 30,000 blocks hit
 * nearly every vector of a table, and reading any row of a chunk costs the
 * whole chunk. So of a large table only some row groups, and some vectors of
 * each, offer their rows; the others are merely counted. The choice is even
 * over the table, one group a stratum, so time-ordered columns are covered.
 *
 * TABLESAMPLE samples virtual blocks, the ones that TIDs name.
 *
 * src/table/sample.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/tsmapi.h"
#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "pgstat.h"
#include "storage/predicate.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "delta/rangelog.h"
#include "segment/verified.h"
#include "segment/visibility.h"
#include "table/am.h"
#include "table/scan_internal.h"
#include "table/slot.h"
#include "table/writer.h"

/* At most about so many row groups and vectors are read for statistics. */
#define SAMPLE_ROWGROUPS 128
#define SAMPLE_VECTORS 768

typedef enum RowState
{
	ROW_LIVE,
	ROW_DEAD,
	ROW_RUNNING					/* of another transaction: not counted */
} RowState;

typedef struct OlapSample
{
	MemoryContext cxt;
	OlapFetch  *fetch;

	/* ANALYZE: entries by block, with the live rows of segments before each */
	int		   *by_block;
	uint64	   *rows_before;
	uint64		total_rows;
	uint32		seed;

	/* what the current block offers */
	int			entry;			/* -1: nothing */
	BlockNumber block;			/* ANALYZE: of the file */
	RowState	state;			/* of a segment, when its block came */
	uint32		next;			/* row of segment, or line pointer */
	uint32		end;			/* behind the last */
	OlapDeltaPage *page;
	BlockNumber vblock;

	/* rows of the block that are deleted: bit i is row `first` + i */
	OlapLogReader *log;
	uint32		first;
	uint64	   *deleted;
	Size		deleted_words;

	/* TABLESAMPLE without a block method: the next block */
	BlockNumber next_vblock;
	BlockNumber nvblocks;
} OlapSample;

static OlapSample *
sample_begin(OlapScanDesc *scan)
{
	MemoryContext cxt;
	OlapSample *sample;

	olap_writer_flush(scan->base.rs_rd);
	cxt = AllocSetContextCreate(scan->cxt, "olap sample",
								ALLOCSET_DEFAULT_SIZES);
	sample = MemoryContextAllocZero(cxt, sizeof(OlapSample));
	sample->cxt = cxt;
	sample->fetch = olap_fetch_create(scan->base.rs_rd, cxt);
	sample->entry = -1;
	olap_fetch_refresh(sample->fetch);
	sample->log = olap_log_reader_create(scan->base.rs_rd,
										 scan->base.rs_snapshot != NULL ?
										 scan->base.rs_snapshot :
										 GetActiveSnapshot(), cxt);
	scan->sample = sample;
	return sample;
}

void
olap_sample_end(OlapScanDesc *scan)
{
	OlapSample *sample = scan->sample;

	scan->sample = NULL;
	if (sample != NULL)
	{
		olap_fetch_free(sample->fetch);
		MemoryContextDelete(sample->cxt);
	}
}

/* ---- ANALYZE ---- */

static RowState
row_state(TransactionId xmin)
{
	if (!TransactionIdIsNormal(xmin))
		return TransactionIdIsValid(xmin) ? ROW_LIVE : ROW_DEAD;
	if (TransactionIdIsCurrentTransactionId(xmin))
		return ROW_LIVE;
	if (TransactionIdIsInProgress(xmin))
		return ROW_RUNNING;
	return TransactionIdDidCommit(xmin) ? ROW_LIVE : ROW_DEAD;
}

static RowState
segment_state(const OlapDirEntry *entry)
{
	if ((entry->flags & OLAP_ENTRY_DEAD) != 0)
		return ROW_RUNNING;		/* counted as removed by the last VACUUM */
	if (TransactionIdIsValid(entry->xmax) &&
		row_state(entry->xmax) == ROW_LIVE)
		/* moved rows count where they are now; our lock keeps compaction away */
		return (entry->flags & OLAP_ENTRY_MOVED) != 0 ? ROW_RUNNING : ROW_DEAD;
	if (entry->kind == OLAP_ENTRY_DELTA)
		return ROW_LIVE;		/* each row has a state of its own */
	if ((entry->flags & OLAP_ENTRY_COMPLETE) == 0)
		return ROW_RUNNING;
	return row_state(entry->xmin);
}

static int
compare_blocks(const void *a, const void *b, void *arg)
{
	OlapFetch  *fetch = arg;
	BlockNumber fa = olap_fetch_entry(fetch, *(const int *) a)->first_block;
	BlockNumber fb = olap_fetch_entry(fetch, *(const int *) b)->first_block;

	return fa < fb ? -1 : fa > fb;
}

static void
analyze_begin(OlapSample *sample)
{
	int			n = olap_fetch_count(sample->fetch);
	MemoryContext old = MemoryContextSwitchTo(sample->cxt);

	sample->by_block = palloc_extended(Max(n, 1) * sizeof(int), MCXT_ALLOC_HUGE);
	sample->rows_before = palloc_extended(Max(n, 1) * sizeof(uint64),
										  MCXT_ALLOC_HUGE);
	for (int i = 0; i < n; i++)
	{
		const OlapDirEntry *entry = olap_fetch_entry(sample->fetch, i);

		sample->by_block[i] = i;
		sample->rows_before[i] = sample->total_rows;
		if (entry->kind == OLAP_ENTRY_SEGMENT &&
			segment_state(entry) == ROW_LIVE)
			sample->total_rows += entry->nrows;
	}
	qsort_arg(sample->by_block, n, sizeof(int), compare_blocks, sample->fetch);
	sample->seed = (uint32) random();
	MemoryContextSwitchTo(old);
}

/* The entry whose extent holds block; -1 if none does. */
static int
entry_of_block(OlapSample *sample, BlockNumber block)
{
	int			low = 0,
				high = olap_fetch_count(sample->fetch);
	const OlapDirEntry *entry;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (olap_fetch_entry(sample->fetch, sample->by_block[middle])->first_block <= block)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return -1;
	entry = olap_fetch_entry(sample->fetch, sample->by_block[low - 1]);
	return block - entry->first_block < entry->nblocks ?
		sample->by_block[low - 1] : -1;
}

/* The row numbers of rows first .. first + n of a segment that stores them. */
static uint64 *
stored_numbers(OlapSample *sample, uint32 first, uint32 n)
{
	uint64	   *rows = palloc_extended(Max(n, 1) * sizeof(uint64), MCXT_ALLOC_HUGE);

	for (uint32 i = 0; i < n; i++)
	{
		uint32		row;
		OlapBatchSource *source = olap_fetch_vector(sample->fetch, sample->entry,
													first + i, &row);

		rows[i] = source == NULL ? 0 : olap_batch_row_number(&source->batch, row);
	}
	return rows;
}

/* Find out which of the block's rows (from row number base + first) are gone. */
static void
look_for_deleted(OlapSample *sample, OlapRow base)
{
	const OlapDirEntry *entry = olap_fetch_entry(sample->fetch, sample->entry);
	uint32		n = sample->end - sample->next;

	sample->first = sample->next;
	if ((n + 63) / 64 > sample->deleted_words)
	{
		sample->deleted_words = (n + 63) / 64;
		sample->deleted = MemoryContextAllocHuge(sample->cxt,
												 sample->deleted_words * sizeof(uint64));
	}
	if (n > 0 && (entry->flags & OLAP_ENTRY_ROWNUMS) != 0 &&
		!olap_log_reader_empty(sample->log))
	{
		uint64	   *rows = stored_numbers(sample, sample->first, n);

		olap_log_reader_deleted_rows(sample->log, rows, n, sample->deleted);
		pfree(rows);
	}
	else if (n > 0)
		olap_log_reader_deleted(sample->log, base + sample->first, n,
								sample->deleted);
}

static bool
is_deleted(const OlapSample *sample, uint32 i)
{
	i -= sample->first;
	return (sample->deleted[i >> 6] >> (i & 63)) & 1;
}

bool
olap_scan_analyze_next_block(OLAP_ANALYZE_BLOCK_ARGS)
{
	OlapScanDesc *desc = (OlapScanDesc *) scan;
	OlapSample *sample = desc->sample;
	const OlapDirEntry *entry;
	BlockNumber block;
	Buffer		buffer;
	uint32		index;

	if (!olap_analyze_block(OLAP_ANALYZE_BLOCK_PASS, &block, &buffer))
		return false;
	if (BufferIsValid(buffer))
	{
		/* the server may have read it from the file */
		olap_page_forget_verified(buffer);
		ReleaseBuffer(buffer);
	}
	if (sample == NULL)
	{
		sample = sample_begin(desc);
		analyze_begin(sample);
	}
	sample->next = sample->end = 0;
	sample->block = block;
	sample->entry = entry_of_block(sample, block);
	if (sample->entry < 0)
		return true;

	entry = olap_fetch_entry(sample->fetch, sample->entry);
	index = block - entry->first_block;
	if (entry->kind == OLAP_ENTRY_SEGMENT)
	{
		sample->next = (uint64) entry->nrows * index / entry->nblocks;
		sample->end = (uint64) entry->nrows * (index + 1) / entry->nblocks;

		/* into others nobody may look: they need not be there, or not whole */
		sample->state = segment_state(entry);
		if (sample->state == ROW_LIVE)
			look_for_deleted(sample, (OlapRow) entry->first_vblock *
							 OLAP_VBLOCK_ROWS);
	}
	else if (segment_state(entry) == ROW_LIVE)
	{
		sample->page = olap_fetch_delta_page(sample->fetch, sample->entry,
											 entry->first_vblock + index);
		sample->next = 1;
		sample->end = sample->page->ntuples + 1;
		look_for_deleted(sample, (OlapRow) sample->page->vblock *
						 OLAP_VBLOCK_ROWS - 1);
	}
	return true;
}

/* Evenly chosen: is item number i one of about `wanted` out of n? */
static bool
chosen(OlapSample *sample, uint64 i, uint64 n, uint64 wanted)
{
	uint64		stratum;
	uint64		first;
	uint64		last;

	if (n <= wanted)
		return true;
	stratum = i * wanted / n;
	first = (stratum * n + wanted - 1) / wanted;
	last = ((stratum + 1) * n + wanted - 1) / wanted;
	return i == first + hash_bytes_uint32(sample->seed ^ (uint32) stratum) %
		Max(last - first, 1);
}

/* Does the vector that holds this row of the entry offer its rows? */
static bool
vector_chosen(OlapSample *sample, uint32 row)
{
	uint64		position = sample->rows_before[sample->entry] + row;
	uint64		groups = sample->total_rows / OLAP_ROWGROUP_ROWS + 1;
	uint64		vectors = OLAP_ROWGROUP_ROWS / OLAP_VECTOR_ROWS;
	uint64		wanted = Max(SAMPLE_VECTORS / Min(groups, SAMPLE_ROWGROUPS), 1);

	return chosen(sample, position / OLAP_ROWGROUP_ROWS, groups,
				  SAMPLE_ROWGROUPS) &&
		chosen(sample, position % OLAP_ROWGROUP_ROWS / OLAP_VECTOR_ROWS,
			   vectors, wanted);
}

/*
 * The sample is sorted by TID before its correlations are taken, which tell what
 * it costs to fetch rows in the order of an index.  Row numbers are no places
 * once a compaction has sorted the rows: the sample's TIDs are where rows are.
 */
static void
set_place(OlapSample *sample, uint32 row, TupleTableSlot *slot)
{
	const OlapDirEntry *entry = olap_fetch_entry(sample->fetch, sample->entry);
	BlockNumber index = (uint64) row * entry->nblocks / Max(entry->nrows, 1);
	uint64		first = (uint64) index * entry->nrows / entry->nblocks;

	ItemPointerSet(&slot->tts_tid, entry->first_block + index,
				   Min(row - first, PG_UINT16_MAX - 1) + FirstOffsetNumber);
}

static bool
analyze_segment_row(OlapSample *sample, double *liverows, double *deadrows,
					TupleTableSlot *slot)
{
	while (sample->next < sample->end && sample->state == ROW_LIVE)
	{
		OlapBatchSource *source;
		uint32		row;

		if (is_deleted(sample, sample->next))
		{
			sample->next++;
			*deadrows += 1;
			continue;
		}
		if (vector_chosen(sample, sample->next))
		{
			source = olap_fetch_vector(sample->fetch, sample->entry,
									   sample->next, &row);
			sample->next++;
			*liverows += 1;
			if (source == NULL)
				continue;
			olap_slot_store_row(slot, source, row);
			set_place(sample, sample->next - 1, slot);
			return true;
		}
		sample->next++;
		*liverows += 1;
	}
	if (sample->state == ROW_DEAD)
		*deadrows += sample->end - sample->next;
	sample->next = sample->end;
	return false;
}

static bool
analyze_delta_row(OlapSample *sample, Relation rel, double *liverows,
				  double *deadrows, TupleTableSlot *slot)
{
	while (sample->next < sample->end)
	{
		HeapTupleData tuple;
		TransactionId xmin;
		CommandId	cmin;

		if (!olap_delta_tuple(rel, sample->page, sample->next++, &tuple, &xmin,
							  &cmin))
			continue;
		switch (is_deleted(sample, sample->next - 1) ? ROW_DEAD : row_state(xmin))
		{
			case ROW_LIVE:
				*liverows += 1;
				olap_slot_store_delta(slot, rel, slot->tts_tupleDescriptor,
									  &tuple, xmin, cmin);
				ItemPointerSetBlockNumber(&slot->tts_tid, sample->block);
				return true;
			case ROW_DEAD:
				*deadrows += 1;
				break;
			case ROW_RUNNING:
				break;
		}
	}
	return false;
}

bool
olap_scan_analyze_next_tuple(TableScanDesc scan, TransactionId oldest_xmin,
							 double *liverows, double *deadrows,
							 TupleTableSlot *slot)
{
	OlapSample *sample = ((OlapScanDesc *) scan)->sample;

	if (sample->entry < 0)
		return false;
	if (olap_fetch_entry(sample->fetch, sample->entry)->kind == OLAP_ENTRY_SEGMENT)
		return analyze_segment_row(sample, liverows, deadrows, slot);
	return analyze_delta_row(sample, scan->rs_rd, liverows, deadrows, slot);
}

/* ---- TABLESAMPLE ---- */

static OlapSample *
tablesample_begin(OlapScanDesc *scan)
{
	OlapSample *sample = sample_begin(scan);
	int			n = olap_fetch_count(sample->fetch);

	for (int i = 0; i < n; i++)
	{
		const OlapDirEntry *entry = olap_fetch_entry(sample->fetch, i);

		sample->nvblocks = Max(sample->nvblocks,
							   entry->first_vblock + entry->nvblocks);
	}
	olap_fetch_one_snapshot(sample->fetch);
	PredicateLockRelation(scan->base.rs_rd, scan->base.rs_snapshot);
	pgstat_count_heap_scan(scan->base.rs_rd);
	return sample;
}

bool
olap_scan_sample_next_block(TableScanDesc sscan, struct SampleScanState *state)
{
	OlapScanDesc *scan = (OlapScanDesc *) sscan;
	TsmRoutine *method = state->tsmroutine;
	BlockNumber vblock;

	if (scan->sample == NULL)
		tablesample_begin(scan);
	if (scan->sample->nvblocks == 0)
		return false;
	if (method->NextSampleBlock != NULL)
		vblock = method->NextSampleBlock(state, scan->sample->nvblocks);
	else
		vblock = scan->sample->next_vblock < scan->sample->nvblocks ?
			scan->sample->next_vblock++ : InvalidBlockNumber;
	if (!BlockNumberIsValid(vblock))
		return false;
	CHECK_FOR_INTERRUPTS();
	scan->sample->vblock = vblock;
	return true;
}

bool
olap_scan_sample_next_tuple(TableScanDesc sscan, struct SampleScanState *state,
							TupleTableSlot *slot)
{
	OlapScanDesc *scan = (OlapScanDesc *) sscan;
	OlapSample *sample = scan->sample;

	for (;;)
	{
		ItemPointerData tid;
		OffsetNumber off;

		CHECK_FOR_INTERRUPTS();

		/*
		 * Rows of a virtual block may be in several places, so each that the
		 * method picks is looked up; what is not there is passed over, as a
		 * dead line pointer of a heap page is.
		 */
		off = state->tsmroutine->NextSampleTuple(state, sample->vblock,
												 OLAP_VBLOCK_ROWS);
		if (!OffsetNumberIsValid(off))
			break;
		ItemPointerSet(&tid, sample->vblock, off);
		if (olap_fetch_row(sample->fetch, &tid, scan->base.rs_snapshot, slot))
		{
			pgstat_count_heap_getnext(scan->base.rs_rd);
			return true;
		}
	}
	ExecClearTuple(slot);
	return false;
}

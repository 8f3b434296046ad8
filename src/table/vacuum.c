/*-------------------------------------------------------------------------
 *
 * vacuum.c
 *		VACUUM: freeze, mark what aborted writers left, tend the indexes.
 *
 * No transaction id is assigned here: snapshots skip vacuuming backends, so an
 * id of ours would look aborted to others. Row numbers of aborted rows are not
 * reused, so their index entries are removed at leisure; an entry or tuple is
 * marked dead only after that, for nobody could name its rows afterwards.
 *
 * Standbys: before ids are forgotten one conflict record ends the snapshots
 * there that still take them for running.
 *
 * src/table/vacuum.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/multixact.h"
#include "access/transam.h"
#include "access/xact.h"
#include "commands/vacuum.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/autovacuum.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "delta/delta.h"
#include "delta/rangelog.h"
#include "segment/segment.h"
#include "table/am.h"
#include "table/deadset.h"
#include "table/reclaim.h"

typedef struct VacuumState
{
	Relation	rel;
	BufferAccessStrategy strategy;
	struct VacuumCutoffs cutoffs;
	OlapDirList list;
	TransactionId oldest;		/* of the ids that stay */
	TransactionId newest_frozen;	/* of the ids to forget; Invalid: none */
	TransactionId oldest_aborted;	/* Invalid: none */
	TransactionId newest_replaced;	/* of xmax before OldestXmin */
	bool		aborted;		/* something is to be marked dead */
	Bitmapset  *unfinished;		/* aborted entries that were not complete */
	OlapLogVacuum log;
	OlapLogReader *reader;		/* what is deleted by now */
	uint64		recently_dead;
	bool		fold;			/* deleted rows are in no index any more */
	double		live_rows;
	double		running_rows;
	uint64		dead_rows;
	OlapDeadSet dead;			/* rows to remove from the indexes, of this pass */
	OlapDeadSet aborted_rows;	/* those among the first pass's */
	bool		has_index;
	int			next_dropped;	/* entry of list where to look for more */
} VacuumState;

typedef enum XidFate
{
	XID_KEEP,					/* young or running */
	XID_FREEZE,
	XID_ABORTED,
	XID_FROZEN					/* already */
} XidFate;

static void
note_aborted(VacuumState *state, TransactionId xid)
{
	state->aborted = true;
	if (!TransactionIdIsValid(state->oldest_aborted) ||
		TransactionIdPrecedes(xid, state->oldest_aborted))
		state->oldest_aborted = xid;
}

/* What becomes of an inserter; remembers the oldest that stays. */
static XidFate
judge_xid(VacuumState *state, TransactionId xid)
{
	XidFate		fate = XID_KEEP;

	if (!TransactionIdIsValid(xid))
	{
		state->aborted = true;	/* a speculative insertion, taken back */
		return XID_ABORTED;
	}
	if (!TransactionIdIsNormal(xid))
		return XID_FROZEN;
	if (!TransactionIdIsInProgress(xid))
	{
		if (!TransactionIdDidCommit(xid))
		{
			note_aborted(state, xid);
			return XID_ABORTED;
		}
		if (TransactionIdPrecedes(xid, state->cutoffs.FreezeLimit))
			fate = XID_FREEZE;
	}
	if (fate == XID_KEEP && TransactionIdPrecedes(xid, state->oldest))
		state->oldest = xid;
	if (fate == XID_FREEZE &&
		(!TransactionIdIsValid(state->newest_frozen) ||
		 TransactionIdFollows(xid, state->newest_frozen)))
		state->newest_frozen = xid;
	return fate;
}

/* ---- pass 1: look ---- */

/* Is there a committed xmax? (No compaction can run: our lock excludes it.) */
static bool
is_replaced(const OlapDirEntry *entry)
{
	return TransactionIdIsNormal(entry->xmax) &&
		!TransactionIdIsInProgress(entry->xmax) &&
		TransactionIdDidCommit(entry->xmax);
}

static void
look_at_xmax(VacuumState *state, const OlapDirEntry *entry)
{
	if (!TransactionIdIsNormal(entry->xmax))
		return;
	if (!is_replaced(entry))
		state->aborted |= !TransactionIdIsInProgress(entry->xmax);
	else if (TransactionIdPrecedes(entry->xmax, state->cutoffs.OldestXmin))
	{
		state->aborted = true;	/* it becomes dead */
		if (!TransactionIdIsValid(state->newest_frozen) ||
			TransactionIdFollows(entry->xmax, state->newest_frozen))
			state->newest_frozen = entry->xmax;
		if (!TransactionIdIsValid(state->newest_replaced) ||
			TransactionIdFollows(entry->xmax, state->newest_replaced))
			state->newest_replaced = entry->xmax;
	}
	else if (TransactionIdPrecedes(entry->xmax, state->oldest))
		state->oldest = entry->xmax;
}

static bool
add_dead(VacuumState *state, OlapRow first, OlapRow end)
{
	state->dead_rows += end - first;
	return olap_dead_add(&state->dead, first, end);
}

/* OlapLogVacuum.dead: enough when the list fills the memory for it. */
static bool
add_deleted(void *arg, OlapRow first, OlapRow end)
{
	return add_dead(arg, first, end);
}

/* Rows [first, first + n) that are deleted by now. */
static uint64
count_deleted(VacuumState *state, OlapRow first, uint64 n)
{
	uint64		bits[OLAP_RANGE_WORDS];
	uint64		count = 0;

	for (uint64 done = 0; done < n && !olap_log_reader_empty(state->reader);)
	{
		uint32		step = Min(n - done, OLAP_RANGE_ROWS);

		count += olap_log_reader_deleted(state->reader, first + done, step, bits);
		done += step;
	}
	return count;
}

/* The same of a segment's rows. */
static uint64
count_deleted_segment(VacuumState *state, const OlapDirEntry *entry)
{
	uint64		rows[OLAP_VECTOR_ROWS];
	uint64		bits[OLAP_VECTOR_ROWS / 64];
	uint64		count = 0;
	OlapSegment *segment;

	if ((entry->flags & OLAP_ENTRY_ROWNUMS) == 0)
		return count_deleted(state, (OlapRow) entry->first_vblock *
							 OLAP_VBLOCK_ROWS, entry->nrows);
	if (olap_log_reader_empty(state->reader))
		return 0;
	segment = olap_segment_open(state->rel, entry, CurrentMemoryContext,
								state->strategy);
	for (int rg = 0; rg < olap_segment_rowgroups(segment); rg++)
	{
		for (uint32 done = 0; done < olap_segment_rowgroup_rows(segment, rg);)
		{
			uint32		n = olap_segment_row_numbers(segment, rg,
													 done / OLAP_VECTOR_ROWS, rows);

			vacuum_delay_point(false);
			count += olap_log_reader_deleted_rows(state->reader, rows, n, bits);
			done += n;
		}
		olap_segment_release(segment, rg);
	}
	olap_segment_close(segment);
	return count;
}

static void
look_at_delta(VacuumState *state, const OlapDirEntry *run)
{
	bool		moved = is_replaced(run);

	OlapDeltaPage *page = palloc(sizeof(OlapDeltaPage));

	for (uint32 i = 0; i < run->nblocks; i++)
	{
		vacuum_delay_point(false);
		olap_delta_page_read(state->rel, run, i, page, state->strategy);
		for (OffsetNumber off = 1; off <= page->ntuples; off++)
		{
			HeapTupleData tuple;
			TransactionId xmin;
			CommandId	cmin;
			OlapRow		row;

			if (!olap_delta_tuple(state->rel, page, off, &tuple, &xmin, &cmin))
				continue;
			row = olap_row_of_tid(&tuple.t_self);
			if (judge_xid(state, xmin) == XID_ABORTED)
				add_dead(state, row, row + 1);
			else if (TransactionIdIsNormal(xmin) && TransactionIdIsInProgress(xmin))
				state->running_rows++;
			else if (!moved)
				state->live_rows++;
		}
		if (!moved)
			state->live_rows -= count_deleted(state, (OlapRow) page->vblock *
											  OLAP_VBLOCK_ROWS, page->ntuples);
	}
	pfree(page);
}

/* All row numbers of an aborted entry: one that is not complete knows no count. */
static void
add_dead_range(VacuumState *state, const OlapDirEntry *entry)
{
	OlapRow		first = (OlapRow) entry->first_vblock * OLAP_VBLOCK_ROWS;

	if (entry->nvblocks > 0)
		add_dead(state, first, first + (OlapRow) entry->nvblocks * OLAP_VBLOCK_ROWS);
}

/*
 * A writer gives the row numbers that it did not need back before it completes
 * its entry, and others take them.  So the rows of one that aborted are those
 * that the entry has now, not when we read the directory.
 */
static void
look_again(VacuumState *state)
{
	OlapDirList fresh;
	int			at = 0;

	if (bms_is_empty(state->unfinished))
		return;
	olap_directory_read(state->rel, &fresh);
	for (int i = -1; (i = bms_next_member(state->unfinished, i)) >= 0;)
	{
		OlapDirEntry *entry = &state->list.entries[i];

		/* what both lists have is in the same order in both */
		while (at < fresh.n && fresh.entries[at].id != entry->id)
			at++;
		if (at == fresh.n)
			elog(ERROR, "segment %u of \"%s\" is not there", entry->id,
				 RelationGetRelationName(state->rel));
		*entry = fresh.entries[at];
		add_dead_range(state, entry);
	}
	pfree(fresh.entries);
	pfree(fresh.refs);
}

static void
keep_xid(VacuumState *state, TransactionId xid)
{
	if (TransactionIdIsValid(xid) && TransactionIdPrecedes(xid, state->oldest))
		state->oldest = xid;
}

/* A place that its inserter marked dead; one that is buried has no xmin. */
static void
look_at_given_up(VacuumState *state, const OlapDirEntry *entry)
{
	if (!TransactionIdIsNormal(entry->xmin))
		return;
	if (TransactionIdIsInProgress(entry->xmin))
	{
		keep_xid(state, entry->xmin);
		return;
	}
	note_aborted(state, entry->xmin);
	add_dead_range(state, entry);
}

static void
look(VacuumState *state)
{
	for (int i = 0; i < state->list.n; i++)
	{
		const OlapDirEntry *entry = &state->list.entries[i];

		vacuum_delay_point(false);
		if ((entry->flags & OLAP_ENTRY_DEAD) != 0)
		{
			look_at_given_up(state, entry);
			continue;
		}
		look_at_xmax(state, entry);
		if (entry->kind == OLAP_ENTRY_DELTA)
		{
			look_at_delta(state, entry);
			continue;
		}
		if (judge_xid(state, entry->xmin) == XID_ABORTED)
		{
			/* the rows of an aborted compaction are where they were */
			if ((entry->flags & OLAP_ENTRY_OUTPUT) != 0)
				;
			else if ((entry->flags & OLAP_ENTRY_COMPLETE) != 0)
				add_dead_range(state, entry);
			else
				state->unfinished = bms_add_member(state->unfinished, i);
		}
		else if (TransactionIdIsNormal(entry->xmin) &&
				 TransactionIdIsInProgress(entry->xmin))
			state->running_rows += entry->nrows;
		else if (!is_replaced(entry))
			state->live_rows += entry->nrows - count_deleted_segment(state, entry);
	}
	look_again(state);
}

/* Was the place dropped with its rows, by what everybody sees? */
static bool
is_dropped(const VacuumState *state, const OlapDirEntry *entry)
{
	return (entry->flags & (OLAP_ENTRY_DEAD | OLAP_ENTRY_MOVED)) == 0 &&
		is_replaced(entry) &&
		TransactionIdPrecedes(entry->xmax, state->cutoffs.OldestXmin);
}

/* Rows of dropped places leave the indexes, as many places at a time as fit. */
static void
look_at_dropped(VacuumState *state)
{
	bool		room = true;

	if (!state->has_index)
		state->next_dropped = state->list.n;
	while (room && state->next_dropped < state->list.n)
	{
		const OlapDirEntry *entry = &state->list.entries[state->next_dropped++];

		if (is_dropped(state, entry))
			room = olap_dead_add_place(&state->dead, state->rel, entry,
									   state->strategy);
	}
}

static void
look_at_log(VacuumState *state)
{
	state->log.rel = state->rel;
	state->log.oldest_xmin = state->cutoffs.OldestXmin;
	state->log.dead = add_deleted;
	state->log.arg = state;
	olap_log_vacuum_look(&state->log);
	keep_xid(state, state->log.oldest_left);
	state->recently_dead += state->log.rows_left;
}

/*
 * End the snapshots on standbys that still need what is about to be forgotten:
 * ids of inserters, and rows whose index entries go.
 */
static void
announce(VacuumState *state)
{
	TransactionId newest = state->newest_frozen;

	if (!TransactionIdIsValid(newest) ||
		(TransactionIdIsValid(state->log.newest_folded) &&
		 TransactionIdFollows(state->log.newest_folded, newest)))
		newest = state->log.newest_folded;
	if (TransactionIdIsValid(newest))
		olap_log_conflict(state->rel, newest);
}

/* ---- pass 2: indexes ---- */

/* IndexBulkDeleteCallback */
static bool
row_is_dead(ItemPointer tid, void *arg)
{
	return olap_dead_contains(&((VacuumState *) arg)->dead, olap_row_of_tid(tid));
}

/*
 * Remember the aborted rows of the first pass: only they may be marked dead at
 * the end. One whose transaction aborts meanwhile is still in the indexes.
 */
static void
remember_aborted(VacuumState *state)
{
	OlapDeadSet *set = &state->aborted_rows;

	olap_dead_sort(&state->dead);
	*set = state->dead;
	if (set->n == 0)
		return;
	set->ranges = MemoryContextAllocHuge(CurrentMemoryContext,
										 set->n * sizeof(OlapDeadRange));
	memcpy(set->ranges, state->dead.ranges, set->n * sizeof(OlapDeadRange));
}

static bool
row_was_aborted(void *arg, OlapRow row)
{
	return olap_dead_contains(&((VacuumState *) arg)->aborted_rows, row);
}

static void
vacuum_one_index(VacuumState *state, Relation index)
{
	IndexVacuumInfo info = {0};
	IndexBulkDeleteResult *stats = NULL;

	info.index = index;
	info.report_progress = false;
	info.estimated_count = false;
	info.message_level = DEBUG2;
	info.num_heap_tuples = state->live_rows;
	info.strategy = state->strategy;
	if (state->dead.n > 0)
		stats = index_bulk_delete(&info, stats, row_is_dead, state);
	stats = index_vacuum_cleanup(&info, stats);
	if (stats == NULL)
		return;
	if (!stats->estimated_count)
		vac_update_relstats(index, stats->num_pages, stats->num_index_tuples,
							0, 0, false, InvalidTransactionId,
							InvalidMultiXactId, NULL, NULL, false);
	pfree(stats);
}

static void
vacuum_indexes(VacuumState *state, VacuumParams *params)
{
	Relation   *indexes;
	int			nindexes;

	vac_open_indexes(state->rel, RowExclusiveLock, &nindexes, &indexes);
	olap_dead_sort(&state->dead);
	state->fold = nindexes == 0 ||
		params->index_cleanup != VACOPTVALUE_DISABLED;
	if (params->index_cleanup != VACOPTVALUE_DISABLED)
		for (int i = 0; i < nindexes; i++)
			vacuum_one_index(state, indexes[i]);
	vac_close_indexes(nindexes, indexes, NoLock);
}

/* ---- pass 3: write ---- */

typedef enum EntryFate
{
	ENTRY_KEEP,
	ENTRY_UPDATE,				/* the copy was changed */
	ENTRY_BURY
} EntryFate;

/*
 * An aborted xmax goes away. A place that was replaced or dropped before the
 * oldest snapshot is buried: nobody looks into it any more. Rows that did not
 * move, of a delta run the aborted ones, have left the indexes.
 */
static EntryFate
settle_xmax(VacuumState *state, OlapDirEntry *entry)
{
	if (!TransactionIdIsNormal(entry->xmax) ||
		TransactionIdIsInProgress(entry->xmax))
		return ENTRY_KEEP;
	if (!TransactionIdDidCommit(entry->xmax))
	{
		entry->xmax = InvalidTransactionId;
		entry->flags &= ~OLAP_ENTRY_MOVED;
		return ENTRY_UPDATE;
	}
	if (!TransactionIdPrecedes(entry->xmax, state->cutoffs.OldestXmin) ||
		(!state->fold && ((entry->flags & OLAP_ENTRY_MOVED) == 0 ||
						  entry->kind == OLAP_ENTRY_DELTA)))
	{
		keep_xid(state, entry->xmax);
		return ENTRY_KEEP;
	}
	return ENTRY_BURY;
}

/*
 * What becomes of the inserter of a segment. One that aborted, or gave the
 * segment up, leaves a place without rows once the indexes have forgotten them.
 */
static EntryFate
settle_xmin(VacuumState *state, OlapDirEntry *entry)
{
	if (!TransactionIdIsNormal(entry->xmin) ||
		TransactionIdIsInProgress(entry->xmin))
		return ENTRY_KEEP;
	if ((entry->flags & OLAP_ENTRY_DEAD) != 0 ||
		!TransactionIdDidCommit(entry->xmin))
		return entry->nvblocks == 0 || (entry->flags & OLAP_ENTRY_OUTPUT) != 0 ||
			row_was_aborted(state, (OlapRow) entry->first_vblock *
							OLAP_VBLOCK_ROWS) ? ENTRY_BURY : ENTRY_KEEP;
	if (!TransactionIdPrecedes(entry->xmin, state->cutoffs.FreezeLimit))
		return ENTRY_KEEP;
	entry->xmin = FrozenTransactionId;
	return ENTRY_UPDATE;
}

static void
write_entry(VacuumState *state, int i)
{
	OlapDirEntry entry = state->list.entries[i];
	EntryFate	fate = settle_xmin(state, &entry);

	if (fate != ENTRY_BURY && (entry.flags & OLAP_ENTRY_DEAD) == 0)
		fate = Max(fate, settle_xmax(state, &entry));
	if (fate == ENTRY_UPDATE)
		olap_directory_update(state->rel, &state->list.refs[i], &entry);
	else if (fate == ENTRY_BURY)
		olap_directory_bury(state->rel, &state->list.refs[i], entry.id);
}

static void
write_changes(VacuumState *state)
{
	for (int i = 0; i < state->list.n; i++)
	{
		const OlapDirEntry *entry = &state->list.entries[i];

		vacuum_delay_point(false);
		write_entry(state, i);
		if (entry->kind == OLAP_ENTRY_DELTA &&
			(entry->flags & OLAP_ENTRY_DEAD) == 0)
			for (uint32 page = 0; page < entry->nrows; page++)
			{
				vacuum_delay_point(false);
				olap_delta_page_freeze(state->rel, entry, page,
									   state->cutoffs.FreezeLimit,
									   row_was_aborted, state,
									   state->strategy);
			}
	}
}

/*
 * Mark what is to be marked.  Before that, say by which transactions places become
 * dead (see olap_meta_settle()); when all outputs that old are frozen there is
 * nothing to remember, and until then relfrozenxid waits.
 */
static void
change_places(VacuumState *state)
{
	OlapMeta	meta;

	if (!olap_meta_read(state->rel, &meta))
		return;
	meta.settled = olap_reclaim_settle(state->rel, &meta, state->newest_replaced);
	if (state->aborted || TransactionIdIsValid(state->newest_frozen))
		write_changes(state);
	if (!TransactionIdIsNormal(meta.settled))
		return;
	if (state->fold && TransactionIdPrecedes(meta.settled, state->cutoffs.FreezeLimit))
		olap_meta_settle(state->rel, InvalidTransactionId);
	else
		keep_xid(state, meta.settled);
}

/* The planner's row count drifts with aborted inserts; put it right. */
static void
correct_hints(VacuumState *state)
{
	OlapMeta	meta;
	int64		rows = (int64) (state->live_rows + state->running_rows);

	if (olap_meta_read(state->rel, &meta) && meta.rows_hint != (uint64) rows &&
		state->dead_rows > 0)
		olap_meta_count(state->rel, rows - (int64) meta.rows_hint, 0, 0);
}

void
olap_relation_vacuum(Relation rel, VacuumParams *params,
					 BufferAccessStrategy strategy)
{
	VacuumState state = {0};
	TimestampTz start = GetCurrentTimestamp();
	int			memory = AmAutoVacuumWorkerProcess() && autovacuum_work_mem != -1 ?
		autovacuum_work_mem : maintenance_work_mem;

	pgstat_progress_start_command(PROGRESS_COMMAND_VACUUM,
								  RelationGetRelid(rel));
	state.rel = rel;
	state.strategy = strategy;
	state.has_index = RelationGetIndexList(rel) != NIL;
	state.dead.limit = (Size) memory * 1024;
	vacuum_get_cutoffs(rel, params, &state.cutoffs);
	state.oldest = state.cutoffs.OldestXmin;
	olap_directory_read(rel, &state.list);

	/* an MVCC snapshot: its answers are kept */
	state.reader = olap_log_reader_create(rel, GetActiveSnapshot(),
										  CurrentMemoryContext);

	look(&state);
	remember_aborted(&state);
	do
	{
		/* as many deleted rows at a time as there is memory for */
		look_at_log(&state);
		look_at_dropped(&state);
		announce(&state);
		vacuum_indexes(&state, params);
		olap_log_vacuum_write(&state.log, state.fold);
		if (!state.fold)
			keep_xid(&state, state.log.oldest_folded);
		state.log.first_range = state.log.end_range;
		state.dead.n = 0;
	} while (!state.log.done || state.next_dropped < state.list.n);
	if (!state.fold)
	{
		/* as long as they are in the indexes, they stay as they are */
		keep_xid(&state, state.oldest_aborted);
		state.aborted_rows.n = 0;
	}
	change_places(&state);
	correct_hints(&state);
	olap_reclaim_buried(rel, state.cutoffs.OldestXmin);
	olap_reclaim_log(rel, strategy);
	olap_reclaim_tail(rel, params);

	vac_update_relstats(rel, RelationGetNumberOfBlocks(rel), state.live_rows,
						0, 0, state.has_index, state.oldest,
						state.cutoffs.OldestMxact, NULL, NULL, false);
	pgstat_report_vacuum(RelationGetRelid(rel), rel->rd_rel->relisshared,
						 state.live_rows, state.recently_dead, start);
	pgstat_progress_end_command();
	ereport((params->options & VACOPT_VERBOSE) ? INFO : DEBUG2,
			(errmsg("vacuumed \"%s\": %.0f rows, %llu of aborted transactions marked, oldest transaction %u",
					RelationGetRelationName(rel), state.live_rows,
					(unsigned long long) state.dead_rows, state.oldest)));
}

/*-------------------------------------------------------------------------
 *
 * vacuum_look.c
 *		The first pass of VACUUM: what is there, and what becomes of it.
 *
 * Nothing is written here. Every inserter, and every xmax of a place, is judged
 * once; what stays bounds relfrozenxid, what goes is noted for the passes that
 * tend the indexes and write.
 *
 * src/table/vacuum_look.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "commands/vacuum.h"
#include "storage/procarray.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "segment/segment.h"
#include "table/vacuum_internal.h"

typedef enum XidFate
{
	XID_KEEP,					/* young or running */
	XID_FREEZE,
	XID_ABORTED,
	XID_FROZEN					/* already */
} XidFate;

static void
note_aborted(OlapVacuumState *state, TransactionId xid)
{
	state->aborted = true;
	if (!TransactionIdIsValid(state->oldest_aborted) ||
		TransactionIdPrecedes(xid, state->oldest_aborted))
		state->oldest_aborted = xid;
}

/* What becomes of an inserter; remembers the oldest that stays. */
static XidFate
judge_xid(OlapVacuumState *state, TransactionId xid)
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

/* Is there a committed xmax? (No compaction can run: our lock excludes it.) */
static bool
is_replaced(const OlapDirEntry *entry)
{
	return TransactionIdIsNormal(entry->xmax) &&
		!TransactionIdIsInProgress(entry->xmax) &&
		TransactionIdDidCommit(entry->xmax);
}

static void
look_at_xmax(OlapVacuumState *state, const OlapDirEntry *entry)
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
add_dead(OlapVacuumState *state, OlapRow first, OlapRow end)
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
count_deleted(OlapVacuumState *state, OlapRow first, uint64 n)
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
count_deleted_segment(OlapVacuumState *state, const OlapDirEntry *entry)
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
look_at_delta(OlapVacuumState *state, const OlapDirEntry *run)
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
add_dead_range(OlapVacuumState *state, const OlapDirEntry *entry)
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
look_again(OlapVacuumState *state)
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

void
olap_vacuum_keep_xid(OlapVacuumState *state, TransactionId xid)
{
	if (TransactionIdIsValid(xid) && TransactionIdPrecedes(xid, state->oldest))
		state->oldest = xid;
}

/* A place that its inserter marked dead; one that is buried has no xmin. */
static void
look_at_given_up(OlapVacuumState *state, const OlapDirEntry *entry)
{
	if (!TransactionIdIsNormal(entry->xmin))
		return;
	if (TransactionIdIsInProgress(entry->xmin))
	{
		olap_vacuum_keep_xid(state, entry->xmin);
		return;
	}
	note_aborted(state, entry->xmin);
	add_dead_range(state, entry);
}

void
olap_vacuum_look(OlapVacuumState *state)
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
is_dropped(const OlapVacuumState *state, const OlapDirEntry *entry)
{
	return (entry->flags & (OLAP_ENTRY_DEAD | OLAP_ENTRY_MOVED)) == 0 &&
		is_replaced(entry) &&
		TransactionIdPrecedes(entry->xmax, state->cutoffs.OldestXmin);
}

/* Rows of dropped places leave the indexes, as many places at a time as fit. */
void
olap_vacuum_look_at_dropped(OlapVacuumState *state)
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

void
olap_vacuum_look_at_log(OlapVacuumState *state)
{
	state->log.rel = state->rel;
	state->log.oldest_xmin = state->cutoffs.OldestXmin;
	state->log.dead = add_deleted;
	state->log.arg = state;
	olap_log_vacuum_look(&state->log);
	olap_vacuum_keep_xid(state, state->log.oldest_left);
	state->recently_dead += state->log.rows_left;
}

/*-------------------------------------------------------------------------
 *
 * vacuum_write.c
 *		The last pass of VACUUM: freeze, bury, mark dead.
 *
 * An entry or tuple is marked dead only here, after the indexes have forgotten its
 * rows: nobody could name them afterwards.
 *
 * src/table/vacuum_write.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "commands/vacuum.h"
#include "storage/procarray.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "table/reclaim.h"
#include "table/vacuum_internal.h"

static bool
row_was_aborted(void *arg, OlapRow row)
{
	return olap_dead_contains(&((OlapVacuumState *) arg)->aborted_rows, row);
}

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
settle_xmax(OlapVacuumState *state, OlapDirEntry *entry)
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
		olap_vacuum_keep_xid(state, entry->xmax);
		return ENTRY_KEEP;
	}
	return ENTRY_BURY;
}

/*
 * What becomes of the inserter of a segment. One that aborted, or gave the
 * segment up, leaves a place without rows once the indexes have forgotten them.
 */
static EntryFate
settle_xmin(OlapVacuumState *state, OlapDirEntry *entry)
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
write_entry(OlapVacuumState *state, int i)
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
write_changes(OlapVacuumState *state)
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
void
olap_vacuum_change_places(OlapVacuumState *state)
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
		olap_vacuum_keep_xid(state, meta.settled);
}

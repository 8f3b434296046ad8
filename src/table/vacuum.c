/*-------------------------------------------------------------------------
 *
 * vacuum.c
 *		VACUUM: freeze, mark what aborted writers left, tend the indexes.
 *
 * Three passes: look at everything (vacuum_look.c), tend the indexes (here, as
 * often as memory for row numbers asks), write (vacuum_write.c).
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
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "table/am.h"
#include "table/reclaim.h"
#include "table/vacuum_internal.h"

/*
 * End the snapshots on standbys that still need what is about to be forgotten:
 * ids of inserters, and rows whose index entries go.
 */
static void
announce(OlapVacuumState *state)
{
	TransactionId newest = state->newest_frozen;

	if (!TransactionIdIsValid(newest) ||
		(TransactionIdIsValid(state->log.newest_folded) &&
		 TransactionIdFollows(state->log.newest_folded, newest)))
		newest = state->log.newest_folded;
	if (TransactionIdIsValid(newest))
		olap_log_conflict(state->rel, newest);
}

/* ---- the indexes ---- */

/* IndexBulkDeleteCallback */
static bool
row_is_dead(ItemPointer tid, void *arg)
{
	return olap_dead_contains(&((OlapVacuumState *) arg)->dead, olap_row_of_tid(tid));
}

/*
 * Remember the aborted rows of the first pass: only they may be marked dead at
 * the end. One whose transaction aborts meanwhile is still in the indexes.
 */
static void
remember_aborted(OlapVacuumState *state)
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

static void
vacuum_one_index(OlapVacuumState *state, Relation index)
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
vacuum_indexes(OlapVacuumState *state, VacuumParams *params)
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

/* The planner's row count drifts with aborted inserts; put it right. */
static void
correct_hints(OlapVacuumState *state)
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
	OlapVacuumState state = {0};
	TimestampTz start = GetCurrentTimestamp();
	int			memory = AmAutoVacuumWorkerProcess() && autovacuum_work_mem != -1 ?
		autovacuum_work_mem : maintenance_work_mem;

	pgstat_progress_start_command(PROGRESS_COMMAND_VACUUM,
								  RelationGetRelid(rel));
	state.rel = rel;
	state.strategy = strategy;
	state.has_index = RelationGetIndexList(rel) != NIL;
	state.dead.limit = (Size) memory * 1024;
	olap_vacuum_cutoffs(rel, params, &state.cutoffs);
	state.oldest = state.cutoffs.OldestXmin;
	olap_directory_read(rel, &state.list);

	/* an MVCC snapshot: its answers are kept */
	state.reader = olap_log_reader_create(rel, GetActiveSnapshot(),
										  CurrentMemoryContext);

	olap_vacuum_look(&state);
	remember_aborted(&state);
	do
	{
		/* as many deleted rows at a time as there is memory for */
		olap_vacuum_look_at_log(&state);
		olap_vacuum_look_at_dropped(&state);
		announce(&state);
		vacuum_indexes(&state, params);
		olap_log_vacuum_write(&state.log, state.fold);
		if (!state.fold)
			olap_vacuum_keep_xid(&state, state.log.oldest_folded);
		state.log.first_range = state.log.end_range;
		state.dead.n = 0;
	} while (!state.log.done || state.next_dropped < state.list.n);
	if (!state.fold)
	{
		/* as long as they are in the indexes, they stay as they are */
		olap_vacuum_keep_xid(&state, state.oldest_aborted);
		state.aborted_rows.n = 0;
	}
	olap_vacuum_change_places(&state);
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

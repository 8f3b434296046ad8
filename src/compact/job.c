/*-------------------------------------------------------------------------
 *
 * job.c
 *		One compaction: seal, take a snapshot, write, replace.
 *
 * The snapshot Q is taken after the delta runs are sealed.  Sources are places
 * whose rows Q sees all, so whoever sees this transaction sees all of them,
 * too, on standbys as well: their inserters committed before Q was taken, and
 * we commit after.  Rows that Q sees as deleted are left behind; a delete that
 * is younger is a record by row number and finds the row in its new place.
 *
 * src/compact/job.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_class_d.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "compact/choose.h"
#include "compact/compact.h"
#include "compact/merge.h"
#include "compact/progress.h"
#include "delta/delta.h"
#include "delta/rangelog.h"
#include "segment/segment.h"
#include "segment/visibility.h"
#include "table/batch.h"
#include "table/ddl.h"
#include "table/reclaim.h"
#include "table/writer.h"

typedef struct Source
{
	OlapDirEntry entry;
	OlapDirRef	ref;
	uint64		rows;			/* with those that are left behind */
} Source;

typedef struct Job
{
	Relation	rel;
	Snapshot	q;
	BufferAccessStrategy strategy;
	Source	   *sources;
	int			n;
	OlapMerge  *merge;
	OlapBatchSource *batches;
	OlapLogReader *log;
	uint16		live[OLAP_VECTOR_ROWS];
	bool		stopped;		/* choosing: somebody waits for our lock */
} Job;

static Size
job_budget(void)
{
	return Min(Max((Size) maintenance_work_mem * 1024, (Size) 16 * 1024 * 1024),
			   (Size) 1024 * 1024 * 1024);
}

/* Does nobody wait for a lock that ours is in the way of? */
static bool
nobody_waits(Relation rel)
{
	CHECK_FOR_INTERRUPTS();
	return !LockHasWaitersRelation(rel, ShareUpdateExclusiveLock);
}

/* ---- sources ---- */

/* Can a delta row be moved (or, never committed, be left behind)? */
static bool
row_is_settled(TransactionId xmin, CommandId cmin, Snapshot q)
{
	if (!TransactionIdIsNormal(xmin))
		return true;
	if (TransactionIdIsCurrentTransactionId(xmin))
		return false;
	return olap_xid_visible(xmin, cmin, q) || olap_xid_aborted(xmin);
}

/* Can all rows of a delta run be moved?  Counts them: its entry does not. */
static bool
run_is_settled(Job *job, const OlapDirEntry *run, uint64 *rows)
{
	OlapDeltaPage *page = palloc(sizeof(OlapDeltaPage));
	bool		settled = true;

	*rows = 0;
	for (uint32 i = 0; i < run->nrows && settled; i++)
	{
		CHECK_FOR_INTERRUPTS();
		olap_delta_page_read(job->rel, run, i, page, job->strategy);
		*rows += page->ntuples;
		for (OffsetNumber off = 1; off <= page->ntuples && settled; off++)
		{
			HeapTupleData tuple;
			TransactionId xmin;
			CommandId	cmin;

			settled = !olap_delta_tuple(job->rel, page, off, &tuple, &xmin, &cmin) ||
				row_is_settled(xmin, cmin, job->q);
		}
	}
	pfree(page);
	return settled;
}

static bool
source_is_settled(Job *job, Source *source)
{
	const OlapDirEntry *entry = &source->entry;

	if (!olap_entry_visible(entry, job->q))
		return false;
	if (entry->kind == OLAP_ENTRY_DELTA)
		return run_is_settled(job, entry, &source->rows);
	source->rows = entry->nrows;
	return !TransactionIdIsCurrentTransactionId(entry->xmin);
}

static OlapChoice
choose(Relation rel, const OlapDirList *list, const OlapCompactPass *pass,
	   OlapKeepGoing keep_going)
{
	OlapChoice	choice = olap_compact_choose(rel, list, pass, job_budget());

	if (choice.n == 0 && list->n > 0)
	{
		int			i = olap_compact_choose_deleted(rel, list, pass,
													GetActiveSnapshot(), keep_going);

		if (i == OLAP_CHOSE_NONE)
			i = olap_compact_choose_lacking(rel, list, pass, keep_going);
		choice.stopped = i == OLAP_CHOICE_STOPPED;
		choice.index[0] = i;
		choice.n = i >= 0;
	}
	return choice;
}

/* Choose, seal, take Q; keeps the sources that can be taken. */
static bool
find_sources(Job *job, OlapCompactPass *pass)
{
	OlapDirList list;
	OlapChoice	choice;
	int			n = 0;

	olap_directory_read(job->rel, &list);
	choice = choose(job->rel, &list, pass, nobody_waits);
	job->stopped = choice.stopped;
	job->sources = palloc_extended(Max(choice.n, 1) * sizeof(Source),
								   MCXT_ALLOC_HUGE);
	for (int i = 0; i < choice.n; i++)
	{
		Source	   *source = &job->sources[i];

		source->entry = list.entries[choice.index[i]];
		source->ref = list.refs[choice.index[i]];
		if (source->entry.kind == OLAP_ENTRY_DELTA)
			olap_delta_seal(job->rel, &source->ref, &source->entry);
	}
	job->q = RegisterSnapshot(GetLatestSnapshot());
	for (int i = 0; i < choice.n; i++)
	{
		if (source_is_settled(job, &job->sources[i]))
			job->sources[n++] = job->sources[i];
		else
			pass->skip = lappend_oid(pass->skip, job->sources[i].entry.id);
	}
	job->n = n;
	return choice.n > 0;
}

static void
report_sources(const Job *job)
{
	int			segments = 0;
	int64		delta_pages = 0;
	int64		rows = 0;

	for (int i = 0; i < job->n; i++)
	{
		const Source *source = &job->sources[i];

		rows += source->rows;
		if (source->entry.kind == OLAP_ENTRY_DELTA)
			delta_pages += source->entry.nrows;
		else
			segments++;
	}
	olap_progress_sources(segments, delta_pages, rows);
}

/* ---- reading ---- */

/*
 * Leave out the rows of a batch that Q sees as deleted; hand on the others.
 * read: rows of the source that it stands for.
 */
static bool
merge_batch(Job *job, OlapBatch *batch, uint32 read)
{
	uint64		deleted[OLAP_VECTOR_ROWS / 64];
	uint32		n = 0;

	olap_progress_read(read);
	if (olap_log_reader_deleted_batch(job->log, batch, deleted) > 0)
	{
		for (uint32 i = 0; i < batch->nrows; i++)
			if (((deleted[i >> 6] >> (i & 63)) & 1) == 0)
				job->live[n++] = i;
		batch->sel = job->live;
		batch->nsel = n;
	}
	return olap_merge_add(job->merge, batch);
}

static bool
read_run(Job *job, const OlapDirEntry *run)
{
	for (uint32 first = 0; first < run->nrows; first += OLAP_BATCH_DELTA_PAGES)
	{
		uint32		last = Min(first + OLAP_BATCH_DELTA_PAGES, run->nrows);
		uint32		read = 0;

		if (first % (OLAP_BATCH_DELTA_PAGES * 16) == 0 && !nobody_waits(job->rel))
			return false;
		olap_batch_set_delta(job->batches);
		for (uint32 i = first; i < last; i++)
		{
			OlapDeltaPage *page = olap_batch_delta_page(job->batches, run, i,
														i - first, job->strategy);

			read += page->ntuples;
			for (OffsetNumber off = 1; off <= page->ntuples; off++)
			{
				HeapTupleData tuple;
				TransactionId xmin;
				CommandId	cmin;

				if (olap_delta_tuple(job->rel, page, off, &tuple, &xmin, &cmin) &&
					olap_xid_visible(xmin, cmin, job->q))
					olap_batch_delta_keep(job->batches, &tuple, xmin, cmin);
			}
		}
		if (!merge_batch(job, &job->batches->batch, read))
			return false;
	}
	return true;
}

static bool
read_segment(Job *job, const OlapDirEntry *entry)
{
	OlapSegment *segment = olap_segment_open(job->rel, entry,
											 CurrentMemoryContext, job->strategy);

	for (int rg = 0; rg < olap_segment_rowgroups(segment); rg++)
	{
		uint32		rows = olap_segment_rowgroup_rows(segment, rg);

		if (!nobody_waits(job->rel))
			return false;
		for (uint32 done = 0; done < rows; done += OLAP_VECTOR_ROWS)
		{
			CHECK_FOR_INTERRUPTS();
			olap_batch_set_segment(job->batches, segment, entry, rg,
								   done / OLAP_VECTOR_ROWS);
			if (!merge_batch(job, &job->batches->batch,
							 job->batches->batch.nrows))
				return false;
		}
		olap_segment_release(segment, rg);
	}
	olap_segment_close(segment);
	return true;
}

static bool
read_sources(Job *job)
{
	for (int i = 0; i < job->n; i++)
	{
		const OlapDirEntry *entry = &job->sources[i].entry;

		if (!(entry->kind == OLAP_ENTRY_DELTA ? read_run(job, entry) :
			  read_segment(job, entry)))
			return false;
	}
	return true;
}

/* ---- the job ---- */

static void
replace_sources(Job *job, TransactionId xid, CommandId cid,
				const OlapMergeCounts *counts)
{
	int64		old_rows = 0;
	int			old_segments = 0;

	for (int i = 0; i < job->n; i++)
	{
		Source	   *source = &job->sources[i];

		source->entry.xmax = xid;
		source->entry.cmax = cid;
		source->entry.flags |= OLAP_ENTRY_MOVED;
		olap_directory_update(job->rel, &source->ref, &source->entry);
		if (source->entry.kind == OLAP_ENTRY_SEGMENT)
		{
			old_rows += source->entry.nrows;
			old_segments++;
		}
	}

	/* rows on delta pages are not in the hints yet */
	olap_meta_count(job->rel, (int64) counts->rows - old_rows,
					(int64) counts->segments - old_segments,
					counts->rows == 0 ? 0 :
					(int64) ((double) counts->raw_bytes / counts->rows *
							 ((double) counts->rows - old_rows)));
}

/* Fewer segments than the job replaces, unless it replaces other things. */
static uint32
segments_wanted(const Job *job)
{
	for (int i = 0; i < job->n; i++)
		if (job->sources[i].entry.kind == OLAP_ENTRY_DELTA)
			return PG_UINT32_MAX;
	return job->n == 1 ? PG_UINT32_MAX : job->n - 1;
}

static OlapCompactResult
run_job(Job *job, OlapCompactPass *pass)
{
	OlapMergeCounts counts;
	TransactionId xid;
	CommandId	cid;

	olap_progress_phase(OLAP_PROGRESS_CHOOSING);
	if (!find_sources(job, pass))
		return job->stopped ? OLAP_COMPACT_GAVE_UP : OLAP_COMPACT_NOTHING;
	if (job->n == 0)
		return OLAP_COMPACT_DONE;	/* others may be there to take */
	report_sources(job);
	olap_progress_phase(OLAP_PROGRESS_READING);
	xid = GetCurrentTransactionId();
	cid = GetCurrentCommandId(true);
	job->merge = olap_merge_create(job->rel, xid, cid, job_budget(),
								   nobody_waits, CurrentMemoryContext);
	job->batches = olap_batch_source_create(job->rel, RelationGetDescr(job->rel),
											NULL, CurrentMemoryContext);
	job->log = olap_log_reader_create(job->rel, job->q, CurrentMemoryContext);
	if (!read_sources(job) || !olap_merge_finish(job->merge, segments_wanted(job), &counts))
		return OLAP_COMPACT_GAVE_UP;
	olap_progress_phase(OLAP_PROGRESS_REPLACING);
	replace_sources(job, xid, cid, &counts);
	olap_progress_phase(OLAP_PROGRESS_COMMITTING);
	pass->jobs++;
	ereport(DEBUG1,
			(errmsg_internal("compacted %d places of \"%s\" into %u segments of " UINT64_FORMAT " rows",
							 job->n, RelationGetRelationName(job->rel),
							 counts.segments, counts.rows)));
	return OLAP_COMPACT_DONE;
}

void
olap_compact_begin(void)
{
	XactIsoLevel = XACT_READ_COMMITTED;
}

OlapCompactResult
olap_compact_job(Relation rel, OlapCompactPass *pass)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "olap compaction",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = CurrentMemoryContext;
	Job			job = {.rel = rel};
	OlapCompactPass own = *pass;
	OlapCompactResult result;
	Oid			user;
	int			security;
	int			nesting;

	/* until the commit: nobody needs to hear that standbys have it */
	if (synchronous_commit > SYNCHRONOUS_COMMIT_LOCAL_FLUSH)
		(void) set_config_option("synchronous_commit", "local", PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);

	/* operators of user types run as the table's owner, as in VACUUM */
	GetUserIdAndSecContext(&user, &security);
	SetUserIdAndSecContext(rel->rd_rel->relowner,
						   security | SECURITY_RESTRICTED_OPERATION);
	nesting = NewGUCNestLevel();
	if (user != rel->rd_rel->relowner && !AmBackgroundWorkerProcess())
		olap_restrict_search_path();

	olap_progress_phase(OLAP_PROGRESS_FREEING);
	olap_reclaim(rel);
	MemoryContextSwitchTo(cxt);
	job.strategy = GetAccessStrategy(BAS_VACUUM);
	own.skip = list_copy(pass->skip);
	result = run_job(&job, &own);
	if (job.q != NULL)
		UnregisterSnapshot(job.q);
	MemoryContextSwitchTo(old);
	pass->skip = list_copy(own.skip);
	pass->jobs = own.jobs;
	MemoryContextDelete(cxt);

	AtEOXact_GUC(false, nesting);
	SetUserIdAndSecContext(user, security);
	return result;
}

bool
olap_compact_needed(Relation rel, OlapCompactEffort effort, uint64 *seen)
{
	MemoryContext cxt;
	MemoryContext old;
	OlapCompactPass pass = {.effort = effort, .end_id = PG_UINT32_MAX};
	OlapMeta	meta;
	OlapDirList list;
	bool		needed;

	if (!olap_meta_read(rel, &meta) || meta.version == *seen)
		return false;
	cxt = AllocSetContextCreate(CurrentMemoryContext, "olap compaction",
								ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(cxt);
	olap_directory_read(rel, &list);
	needed = choose(rel, &list, &pass, NULL).n > 0;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	if (!needed)
		*seen = meta.version;
	return needed;
}

bool
olap_compact_step(Oid relid, OlapCompactEffort effort)
{
	OlapCompactResult result = OLAP_COMPACT_NOTHING;
	OlapCompactPass pass = {.effort = effort, .end_id = PG_UINT32_MAX};
	Relation	rel;
	bool		more;

	StartTransactionCommand();
	olap_compact_begin();
	if (!ConditionalLockRelationOid(relid, ShareUpdateExclusiveLock))
	{
		CommitTransactionCommand();
		return false;
	}
	rel = try_table_open(relid, NoLock);
	if (rel != NULL && rel->rd_rel->relam == olap_am_oid() &&
		!RELATION_IS_OTHER_TEMP(rel))
	{
		olap_progress_begin(relid, -1);
		PushActiveSnapshot(GetTransactionSnapshot());
		result = olap_compact_job(rel, &pass);
		PopActiveSnapshot();
	}
	if (result == OLAP_COMPACT_GAVE_UP)
	{
		AbortCurrentTransaction();
		return false;
	}
	if (rel != NULL)
		table_close(rel, NoLock);
	more = result == OLAP_COMPACT_DONE && pass.skip == NIL;
	CommitTransactionCommand();
	return more;
}

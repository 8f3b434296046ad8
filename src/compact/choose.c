/*-------------------------------------------------------------------------
 *
 * choose.c
 *		Which places of a table are compacted next.
 *
 * src/compact/choose.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "miscadmin.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "compact/choose.h"
#include "compact/retention.h"
#include "delta/rangelog.h"
#include "meta/options.h"
#include "segment/parts.h"
#include "segment/segment.h"
#include "table/writer.h"

/* Delta pages that make a job in the background. */
#define DELTA_MIN_PAGES 128
/* Small segments that make one there. */
#define MERGE_MIN_SEGMENTS 4
/* One of so many rows being deleted makes a segment worth writing anew. */
#define DELETED_FRACTION 5
/* Ranges of so many times the rows of a segment say less than its row numbers. */
#define MAX_SPREAD 64
/* Bytes of a row whose size is not known. */
#define DEFAULT_ROW_BYTES 64

typedef struct Candidate
{
	int			index;
	int64		first_key;		/* buckets that its rows are in */
	int64		last_key;
	uint64		bytes;			/* raw, about */
} Candidate;

typedef struct Chooser
{
	const OlapDirList *list;
	const OlapCompactPass *pass;
	const OlapMeta *meta;
	Size		budget;
	bool		has_time;
	int64		interval;
	int64		live_key;		/* first bucket with rows that retention keeps */
	bool		sorted;			/* the table has a sort order */
	double		row_bytes;
	OlapChoice	choice;
} Chooser;

static bool
is_over(TransactionId xid)
{
	return !TransactionIdIsNormal(xid) || !TransactionIdIsInProgress(xid);
}

/* Committed, complete and not replaced? */
static bool
is_current(const Chooser *c, const OlapDirEntry *entry)
{
	if ((entry->flags & OLAP_ENTRY_DEAD) != 0 || list_member_oid(c->pass->skip, entry->id))
		return false;
	if (TransactionIdIsValid(entry->xmax) &&
		(!is_over(entry->xmax) || !TransactionIdIsNormal(entry->xmax) ||
		 TransactionIdDidCommit(entry->xmax)))
		return false;
	if (entry->kind == OLAP_ENTRY_DELTA)
		return entry->nrows > 0;
	return (entry->flags & OLAP_ENTRY_COMPLETE) != 0 && is_over(entry->xmin) &&
		(!TransactionIdIsNormal(entry->xmin) || TransactionIdDidCommit(entry->xmin));
}

static void
add(Chooser *c, int index)
{
	c->choice.index[c->choice.n++] = index;
}

/* ---- delta ---- */

/* Runs in the order of their row numbers, until the budget is used up. */
static void
choose_delta(Chooser *c)
{
	uint64		pages = 0;

	for (int i = 0; i < c->list->n; i++)
	{
		const OlapDirEntry *run = &c->list->entries[i];

		if (run->kind != OLAP_ENTRY_DELTA || run->id >= c->pass->end_id ||
			!is_current(c, run))
			continue;
		/* who writes to the newest run would have to start another one */
		if (c->pass->effort < OLAP_COMPACT_DELTA && run->id == c->meta->delta_id &&
			(run->flags & OLAP_ENTRY_SEALED) == 0)
			continue;
		if (pages > 0 && (pages + run->nrows) * BLCKSZ > c->budget)
			break;
		pages += run->nrows;
		add(c, i);
	}
	if (c->pass->effort < OLAP_COMPACT_DELTA && pages < DELTA_MIN_PAGES)
		c->choice.n = 0;
}

/* ---- segments ---- */

static bool
is_unsorted(const Chooser *c, const OlapDirEntry *entry)
{
	return c->sorted && (entry->flags & OLAP_ENTRY_OUTPUT) == 0;
}

/*
 * Are some of a segment's buckets to be dropped, and others not?  Only small
 * buckets share a segment, so it is cheap to part them.
 */
static bool
expires_in_part(const Chooser *c, const OlapDirEntry *entry)
{
	return c->live_key != PG_INT64_MIN && entry->kind == OLAP_ENTRY_SEGMENT &&
		entry->time_min != PG_INT64_MIN && entry->time_max != PG_INT64_MAX &&
		olap_bucket_key(c->interval, false, entry->time_min) < c->live_key &&
		olap_bucket_key(c->interval, false, entry->time_max) >= c->live_key &&
		is_current(c, entry);
}

/* The segment as a candidate; false if it is large, and sorted if need be. */
static bool
make_candidate(const Chooser *c, int index, Candidate *candidate)
{
	const OlapDirEntry *entry = &c->list->entries[index];
	bool		known = entry->time_min > PG_INT64_MIN ||
		entry->time_max < PG_INT64_MAX;

	if (entry->kind != OLAP_ENTRY_SEGMENT || !is_current(c, entry))
		return false;
	candidate->index = index;
	candidate->bytes = Max((uint64) (entry->nrows * c->row_bytes),
						   (uint64) entry->nblocks * BLCKSZ);
	if ((entry->flags & OLAP_ENTRY_OUTPUT) != 0)
	{
		if ((entry->flags & OLAP_ENTRY_FULL) != 0)
			return false;
	}
	else if (!is_unsorted(c, entry) &&
			 (entry->nrows >= OLAP_SEGMENT_MAX_ROWS / 2 ||
			  candidate->bytes >= c->budget / 2))
		return false;
	candidate->first_key = candidate->last_key = 0;
	if (c->has_time)
	{
		/* rows without a time, or not known: a group of their own */
		candidate->first_key = olap_bucket_key(c->interval, !known, entry->time_min);
		candidate->last_key = olap_bucket_key(c->interval, !known, entry->time_max);
	}
	return true;
}

static int
compare_keys(const void *a, const void *b)
{
	const Candidate *x = a;
	const Candidate *y = b;

	if (x->first_key != y->first_key)
		return x->first_key < y->first_key ? -1 : 1;
	return x->index - y->index;
}

static int
compare_sizes(const void *a, const void *b)
{
	const Candidate *x = a;
	const Candidate *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? -1 : 1;
	return x->index - y->index;
}

/*
 * How many of the group's smallest segments are worth merging: group[n] by
 * size. In the background, as many as weigh no less than half of the largest
 * of them without it.
 */
static int
merge_count(const Chooser *c, const Candidate *group, int n)
{
	uint64		bytes = group[0].bytes;
	int			count = 1;

	for (int i = 1; i < n; i++)
	{
		if (bytes + group[i].bytes > c->budget ||
			(c->pass->effort < OLAP_COMPACT_ALL && i >= 2 && group[i].bytes > 2 * bytes))
			break;
		bytes += group[i].bytes;
		count = i + 1;
	}
	if (count < (c->pass->effort == OLAP_COMPACT_ALL ? 2 : MERGE_MIN_SEGMENTS))
		return 0;
	return count;
}

/* The first unsorted one of the group; it is rewritten alone. */
static int
unsorted_member(const Chooser *c, const Candidate *group, int n)
{
	for (int i = 0; i < n; i++)
		if (is_unsorted(c, &c->list->entries[group[i].index]))
			return i;
	return -1;
}

static void
choose_segments(Chooser *c)
{
	Candidate  *all = palloc_extended(Max(c->list->n, 1) * sizeof(Candidate),
									  MCXT_ALLOC_HUGE);
	int			n = 0;
	int			best = 0;		/* of what is worth most */
	int			unsorted = -1;
	int			expired = -1;

	for (int i = 0; i < c->list->n; i++)
	{
		if (expired < 0 && expires_in_part(c, &c->list->entries[i]))
			expired = i;
		n += make_candidate(c, i, &all[n]);
	}
	qsort(all, n, sizeof(Candidate), compare_keys);
	for (int first = 0, last; first < n; first = last)
	{
		int64		end = all[first].last_key;
		int			count;

		/* as long as buckets overlap */
		for (last = first + 1; last < n && all[last].first_key <= end; last++)
			end = Max(end, all[last].last_key);
		qsort(all + first, last - first, sizeof(Candidate), compare_sizes);
		count = merge_count(c, all + first, last - first);
		if (count > best)
		{
			best = count;
			c->choice.n = 0;
			for (int i = 0; i < count; i++)
				add(c, all[first + i].index);
		}
		if (unsorted < 0)
		{
			int			i = unsorted_member(c, all + first, last - first);

			unsorted = i < 0 ? -1 : all[first + i].index;
		}
	}
	if (best == 0 && (expired >= 0 || unsorted >= 0))
		add(c, expired >= 0 ? expired : unsorted);
	pfree(all);
}

/* ---- deleted rows ---- */

/* Deleted ones of the row numbers in some virtual blocks, until enough are found. */
static uint64
deleted_in_blocks(OlapLogReader *log, uint32 first_vblock, uint32 nvblocks,
				  uint64 enough)
{
	OlapRow		first = (OlapRow) first_vblock * OLAP_VBLOCK_ROWS;
	uint64		n = (uint64) nvblocks * OLAP_VBLOCK_ROWS;
	uint64		bits[OLAP_RANGE_WORDS];
	uint64		count = 0;

	for (uint64 done = 0; done < n && count < enough; done += OLAP_RANGE_ROWS)
	{
		CHECK_FOR_INTERRUPTS();
		count += olap_log_reader_deleted(log, first + done,
										 (uint32) Min(n - done, OLAP_RANGE_ROWS),
										 bits);
	}
	return count;
}

/*
 * Can so many rows of a segment that stores its row numbers be deleted?  Most have
 * few such rows in their ranges, and need not be read.
 */
static bool
may_have_deleted(OlapSegment *segment, const OlapDirEntry *entry,
				 OlapLogReader *log, uint64 enough)
{
	const OlapSegRange *ranges;
	int			n;
	uint64		vblocks = 0;
	uint64		count = 0;

	ranges = olap_segment_ranges(segment, &n);
	for (int i = 0; i < n; i++)
		vblocks += ranges[i].n;
	if (vblocks * OLAP_VBLOCK_ROWS / MAX_SPREAD > entry->nrows)
		return true;
	for (int i = 0; i < n && count < enough; i++)
		count += deleted_in_blocks(log, ranges[i].first, ranges[i].n,
								   enough - count);
	return count >= enough;
}

static uint64
deleted_numbered(OlapSegment *segment, OlapLogReader *log)
{
	uint64		bits[OLAP_VECTOR_ROWS / 64];
	uint64		count = 0;

	for (int rg = 0; rg < olap_segment_rowgroups(segment); rg++)
	{
		for (uint32 done = 0; done < olap_segment_rowgroup_rows(segment, rg);)
		{
			uint64		rows[OLAP_VECTOR_ROWS];
			uint32		n = olap_segment_row_numbers(segment, rg,
													 done / OLAP_VECTOR_ROWS, rows);

			count += olap_log_reader_deleted_rows(log, rows, n, bits);
			done += n;
		}
		olap_segment_release(segment, rg);
	}
	return count;
}

static bool
has_many_deleted(Relation rel, const OlapDirEntry *entry, OlapLogReader *log)
{
	uint64		enough = (entry->nrows + DELETED_FRACTION - 1) / DELETED_FRACTION;
	OlapSegment *segment;
	bool		many;

	if ((entry->flags & OLAP_ENTRY_ROWNUMS) == 0)
		return deleted_in_blocks(log, entry->first_vblock, entry->nvblocks,
								 enough) >= enough;
	segment = olap_segment_open(rel, entry, CurrentMemoryContext, NULL);
	many = may_have_deleted(segment, entry, log, enough) &&
		deleted_numbered(segment, log) >= enough;
	olap_segment_close(segment);
	return many;
}

int
olap_compact_choose_deleted(Relation rel, const OlapDirList *list,
							const OlapCompactPass *pass, Snapshot snapshot,
							OlapKeepGoing keep_going)
{
	Chooser		c = {.list = list, .pass = pass};
	OlapLogReader *log = olap_log_reader_create(rel, snapshot,
												CurrentMemoryContext);
	int			found = OLAP_CHOSE_NONE;

	for (int i = 0; i < list->n && found == OLAP_CHOSE_NONE &&
		 !olap_log_reader_empty(log); i++)
	{
		const OlapDirEntry *entry = &list->entries[i];

		CHECK_FOR_INTERRUPTS();
		if (entry->kind != OLAP_ENTRY_SEGMENT || !is_current(&c, entry))
			continue;
		if (keep_going != NULL && !keep_going(rel))
			found = OLAP_CHOICE_STOPPED;
		else if (has_many_deleted(rel, entry, log))
			found = i;
	}
	olap_log_reader_free(log);
	return found;
}

/* ---- sketches ---- */

int
olap_compact_choose_lacking(Relation rel, const OlapDirList *list,
							const OlapCompactPass *pass, OlapKeepGoing keep_going)
{
	const OlapOptions *options;
	Chooser		c = {.list = list, .pass = pass};
	int			found = OLAP_CHOSE_NONE;

	options = olap_options_copy(olap_options_get(rel));
	if (options->nhll == 0 && options->nbloom == 0 && options->nbitmap == 0)
		return OLAP_CHOSE_NONE;
	for (int i = 0; i < list->n && found == OLAP_CHOSE_NONE; i++)
	{
		OlapSegment *segment;

		CHECK_FOR_INTERRUPTS();
		if (list->entries[i].kind != OLAP_ENTRY_SEGMENT ||
			!is_current(&c, &list->entries[i]))
			continue;
		if (keep_going != NULL && !keep_going(rel))
			return OLAP_CHOICE_STOPPED;
		segment = olap_segment_open(rel, &list->entries[i],
									CurrentMemoryContext, NULL);
		if (olap_segment_lacks_parts(segment, options))
			found = i;
		olap_segment_close(segment);
	}
	return found;
}

OlapChoice
olap_compact_choose(Relation rel, const OlapDirList *list,
					const OlapCompactPass *pass, Size budget)
{
	const OlapOptions *options = olap_options_get(rel);
	OlapMeta	meta;
	Chooser		c = {.list = list, .pass = pass, .meta = &meta, .budget = budget};

	c.choice.index = palloc_extended(Max(list->n, 1) * sizeof(int), MCXT_ALLOC_HUGE);
	if (list->n == 0 || !olap_meta_read(rel, &meta))
		return c.choice;
	c.has_time = options->time_attno > 0 && options->segment_interval > 0;
	c.live_key = PG_INT64_MIN;
	if (c.has_time)
	{
		Oid			typid = TupleDescAttr(RelationGetDescr(rel),
										  options->time_attno - 1)->atttypid;

		c.interval = olap_bucket_interval(options, typid);
		c.live_key = olap_retention_key(options, typid, c.interval);
	}
	c.sorted = options->norder > 0;
	c.row_bytes = meta.rows_hint > 0 && meta.bytes_hint > 0 ?
		(double) meta.bytes_hint / meta.rows_hint : DEFAULT_ROW_BYTES;

	choose_delta(&c);
	if (c.choice.n == 0)
		choose_segments(&c);
	return c.choice;
}

/*-------------------------------------------------------------------------
 *
 * rangelog_read.c
 *		Which rows are deleted for a snapshot.
 *
 * Records are copied under the head page's lock and judged after it is gone:
 * asking the commit log may wait for the disk.  For an MVCC snapshot the answer
 * does not depend on when it is asked, so it is kept, a range at a time; a
 * relation that had no log when the reader was made cannot have lost rows that
 * the snapshot sees.
 *
 * src/delta/rangelog_read.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/predicate.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "delta/rangelog_page.h"
#include "segment/visibility.h"

/*
 * Ranges whose answers are kept, 4 kB each: as many as a sorted segment has its
 * rows from, or every row of it would find another range thrown out.
 */
#define READER_RANGES 64

/* Single rows of a range that are looked up before the whole range is. */
#define READER_SINGLE_ROWS 16

typedef struct ReaderRange
{
	bool		valid;
	uint32		range;
	uint32		ndeleted;
	uint64		used;
	uint64	   *deleted;		/* [OLAP_RANGE_WORDS] */
} ReaderRange;

struct OlapLogReader
{
	Relation	rel;
	Snapshot	snapshot;
	MemoryContext cxt;
	bool		keep;			/* answers stay true */
	OlapMeta	meta;			/* of which only the root of the map is used */
	bool		empty;
	uint64		clock;
	uint8		hints[READER_RANGES];	/* where a range was found last */
	ReaderRange ranges[READER_RANGES];
	uint32		single_range;	/* of the last row that was looked up alone */
	uint32		singles;		/* so many since another range's */
};

/* Records and dead bits of a range, copied from its pages. */
typedef struct RangeCopy
{
	bool		exists;
	bool		locks;			/* in: locks as well */
	int			ndead;			/* in all of the range */
	int			n;
	int			capacity;
	OlapLogRecord *records;
	uint64		dead[OLAP_RANGE_WORDS]; /* the words of the rows asked for */
} RangeCopy;

static void
copy_records(RangeCopy *copy, const OlapLogRecord *records, int n, int first,
			 int last)
{
	for (int i = 0; i < n; i++)
	{
		if ((!copy->locks && OLAP_LOG_IS_LOCK(records[i].kind)) ||
			records[i].last < first || records[i].first > last)
			continue;
		if (copy->n == copy->capacity)
		{
			copy->capacity = Max(16, copy->capacity * 2);
			copy->records = copy->records == NULL ?
				palloc(copy->capacity * sizeof(OlapLogRecord)) :
				repalloc_huge(copy->records,
							  (Size) copy->capacity * sizeof(OlapLogRecord));
		}
		copy->records[copy->n++] = records[i];
	}
}

/* Copy what is known of rows first .. last of a range. */
static void
copy_range(Relation rel, const OlapMeta *meta, uint32 range, int first,
		   int last, RangeCopy *copy)
{
	Buffer		buffer = olap_log_find_head(rel, meta, range, BUFFER_LOCK_SHARE);
	OlapLogHeadPage *head;
	uint64		length = 0;

	copy->exists = BufferIsValid(buffer);
	copy->n = copy->ndead = 0;
	if (!copy->exists)
		return;
	head = (OlapLogHeadPage *) OlapPageGetPayload(BufferGetPage(buffer));
	copy->ndead = head->ndead;
	memcpy(&copy->dead[first >> 6], &head->dead[first >> 6],
		   ((last >> 6) - (first >> 6) + 1) * sizeof(uint64));
	copy_records(copy, head->records, head->nrecords, first, last);
	for (int i = first >> OLAP_LOG_BUCKET_BITS; i <= last >> OLAP_LOG_BUCKET_BITS; i++)
		for (BlockNumber next = head->buckets[i]; next != InvalidBlockNumber;)
		{
			Buffer		page = olap_log_read_bucket(rel, next, range, i,
													BUFFER_LOCK_SHARE);
			OlapLogBucketPage *bucket = (OlapLogBucketPage *)
				OlapPageGetPayload(BufferGetPage(page));

			olap_log_check_chain(rel, next, &length);
			copy_records(copy, bucket->records, bucket->nrecords, first, last);
			next = bucket->next;
			UnlockReleaseBuffer(page);
		}
	UnlockReleaseBuffer(buffer);
}

static void
free_copy(RangeCopy *copy)
{
	if (copy->records != NULL)
		pfree(copy->records);
}

/* Is the change in force for the snapshot?  Tells SERIALIZABLE if not. */
static bool
in_force(Relation rel, const OlapLogRecord *record, Snapshot snapshot)
{
	if (olap_xid_deletes(record->xid, record->cid, snapshot))
		return true;
	olap_report_invisible(rel, record->xid, snapshot);
	return false;
}

/* ---- readers ---- */

static void
look_at_root(OlapLogReader *reader)
{
	reader->empty = !olap_meta_read(reader->rel, &reader->meta) ||
		reader->meta.log_levels == 0;
}

OlapLogReader *
olap_log_reader_create(Relation rel, Snapshot snapshot, MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "olap range log",
											  ALLOCSET_SMALL_SIZES);
	OlapLogReader *reader = MemoryContextAllocZero(cxt, sizeof(OlapLogReader));

	reader->rel = rel;
	reader->snapshot = snapshot;
	reader->cxt = cxt;
	reader->keep = IsMVCCSnapshot(snapshot);
	look_at_root(reader);
	return reader;
}

void
olap_log_reader_free(OlapLogReader *reader)
{
	MemoryContextDelete(reader->cxt);
}

bool
olap_log_reader_empty(OlapLogReader *reader)
{
	if (!reader->keep)
		look_at_root(reader);
	return reader->empty;
}

static void
set_bits(uint64 *bits, uint32 first, uint32 last)
{
	for (uint32 i = first; i <= last; i++)
	{
		if ((i & 63) == 0 && i + 63 <= last)
		{
			bits[i >> 6] = ~UINT64CONST(0);
			i += 63;
		}
		else
			bits[i >> 6] |= UINT64CONST(1) << (i & 63);
	}
}

/* Work out the deleted rows of first .. last of a range. */
static uint32
judge_range(OlapLogReader *reader, uint32 range, int first, int last,
			uint64 *deleted)
{
	MemoryContext old = MemoryContextSwitchTo(reader->cxt);
	RangeCopy  *copy = palloc(sizeof(RangeCopy));
	TransactionId last_xid = InvalidTransactionId;
	CommandId	last_cid = 0;
	bool		last_answer = false;
	uint32		n = 0;

	memset(copy, 0, offsetof(RangeCopy, dead));
	copy_range(reader->rel, &reader->meta, range, first, last, copy);
	memset(deleted, 0, OLAP_RANGE_WORDS * sizeof(uint64));
	if (copy->ndead > 0)
		memcpy(&deleted[first >> 6], &copy->dead[first >> 6],
			   ((last >> 6) - (first >> 6) + 1) * sizeof(uint64));
	for (int i = 0; i < copy->n; i++)
	{
		const OlapLogRecord *record = &copy->records[i];

		if (record->xid != last_xid || record->cid != last_cid || !reader->keep)
			last_answer = in_force(reader->rel, record, reader->snapshot);
		last_xid = record->xid;
		last_cid = record->cid;
		if (last_answer)
			set_bits(deleted, record->first, record->last);
	}
	if (copy->n > 0 || copy->ndead > 0)
		for (int i = 0; i < OLAP_RANGE_WORDS; i++)
			n += pg_popcount64(deleted[i]);
	free_copy(copy);
	pfree(copy);
	MemoryContextSwitchTo(old);
	return n;
}

static const ReaderRange *
reader_range(OlapLogReader *reader, uint32 range, int first, int last)
{
	ReaderRange *victim = &reader->ranges[0];
	uint8	   *hint = &reader->hints[range % READER_RANGES];

	if (reader->keep && reader->ranges[*hint].valid &&
		reader->ranges[*hint].range == range)
	{
		reader->ranges[*hint].used = ++reader->clock;
		return &reader->ranges[*hint];
	}
	for (int i = 0; i < (reader->keep ? READER_RANGES : 1); i++)
	{
		ReaderRange *r = &reader->ranges[i];

		if (reader->keep && r->valid && r->range == range)
		{
			r->used = ++reader->clock;
			*hint = i;
			return r;
		}
		if (r->used < victim->used)
			victim = r;
	}
	if (victim->deleted == NULL)
		victim->deleted = MemoryContextAlloc(reader->cxt, OLAP_RANGE_WORDS *
											 sizeof(uint64));
	victim->valid = false;
	if (reader->keep)
	{
		first = 0;
		last = OLAP_RANGE_ROWS - 1;
	}
	victim->ndeleted = judge_range(reader, range, first, last, victim->deleted);
	victim->range = range;
	victim->valid = true;
	victim->used = ++reader->clock;
	*hint = victim - reader->ranges;
	return victim;
}

uint32
olap_log_reader_deleted(OlapLogReader *reader, OlapRow first, uint32 n,
						uint64 *bits)
{
	uint32		count = 0;

	memset(bits, 0, (n + 63) / 64 * sizeof(uint64));
	if (olap_log_reader_empty(reader))
		return 0;
	for (uint32 done = 0; done < n;)
	{
		uint32		start = (first + done) & (OLAP_RANGE_ROWS - 1);
		uint32		step = Min(n - done, OLAP_RANGE_ROWS - start);
		const ReaderRange *r = reader_range(reader,
											(first + done) >> OLAP_RANGE_BITS,
											start, start + step - 1);

		for (uint32 i = 0; r->ndeleted > 0 && i < step; i++)
			if ((r->deleted[(start + i) >> 6] >> ((start + i) & 63)) & 1)
			{
				bits[(done + i) >> 6] |= UINT64CONST(1) << ((done + i) & 63);
				count++;
			}
		done += step;
	}
	return count;
}

uint32
olap_log_reader_deleted_rows(OlapLogReader *reader, const uint64 *rows,
							 uint32 n, uint64 *bits)
{
	uint32		count = 0;

	memset(bits, 0, (n + 63) / 64 * sizeof(uint64));
	if (olap_log_reader_empty(reader))
		return 0;
	for (uint32 i = 0; i < n; i++)
	{
		uint32		start = rows[i] & (OLAP_RANGE_ROWS - 1);
		const ReaderRange *r = reader_range(reader, rows[i] >> OLAP_RANGE_BITS,
											start, start);

		if (r->ndeleted > 0 && ((r->deleted[start >> 6] >> (start & 63)) & 1))
		{
			bits[i >> 6] |= UINT64CONST(1) << (i & 63);
			count++;
		}
	}
	return count;
}

uint32
olap_log_reader_deleted_batch(OlapLogReader *reader, OlapBatch *batch,
							  uint64 *bits)
{
	const uint64 *rows;

	/* do not load row numbers for nothing */
	if (olap_log_reader_empty(reader))
	{
		memset(bits, 0, (batch->nrows + 63) / 64 * sizeof(uint64));
		return 0;
	}
	rows = olap_batch_row_numbers(batch);
	return rows == NULL ?
		olap_log_reader_deleted(reader, batch->first_row, batch->nrows, bits) :
		olap_log_reader_deleted_rows(reader, rows, batch->nrows, bits);
}

/* ---- one row ---- */

/* The records of row that are changes; false if there is no log for it. */
static bool
copy_row(Relation rel, const OlapMeta *meta, OlapRow row, RangeCopy *copy)
{
	uint32		start = row & (OLAP_RANGE_ROWS - 1);

	memset(copy, 0, offsetof(RangeCopy, dead));
	copy_range(rel, meta, row >> OLAP_RANGE_BITS, start, start, copy);
	return copy->exists;
}

static bool
row_deleted(Relation rel, const OlapMeta *meta, OlapRow row, Snapshot snapshot)
{
	RangeCopy	copy;
	bool		deleted;

	if (!copy_row(rel, meta, row, &copy))
		return false;
	deleted = (copy.dead[(row & (OLAP_RANGE_ROWS - 1)) >> 6] >> (row & 63)) & 1;
	for (int i = 0; i < copy.n && !deleted; i++)
		deleted = in_force(rel, &copy.records[i], snapshot);
	free_copy(&copy);
	return deleted;
}

/*
 * Is the answer for the whole range there, or worth having?  It costs a look at
 * all its records, an index lookup only wants those of a few rows.
 */
static bool
whole_range(OlapLogReader *reader, uint32 range)
{
	const ReaderRange *hinted =
		&reader->ranges[reader->hints[range % READER_RANGES]];

	if (hinted->valid && hinted->range == range)
		return true;
	if (reader->single_range != range)
		reader->singles = 0;
	reader->single_range = range;
	return ++reader->singles > READER_SINGLE_ROWS;
}

bool
olap_log_reader_row_deleted(OlapLogReader *reader, OlapRow row)
{
	uint32		start = row & (OLAP_RANGE_ROWS - 1);
	uint32		range = row >> OLAP_RANGE_BITS;
	const ReaderRange *r;

	if (olap_log_reader_empty(reader))
		return false;

	/* for a serializable one: a conflict of this row, not of its neighbours */
	if (!reader->keep || IsolationIsSerializable() || !whole_range(reader, range))
		return row_deleted(reader->rel, &reader->meta, row, reader->snapshot);
	r = reader_range(reader, range, start, start);
	return (r->deleted[start >> 6] >> (start & 63)) & 1;
}

bool
olap_log_relation_empty(Relation rel)
{
	OlapMeta	meta;

	return !olap_meta_read(rel, &meta) || meta.log_levels == 0;
}

bool
olap_log_row_deleted(Relation rel, OlapRow row, Snapshot snapshot)
{
	OlapMeta	meta;

	return olap_meta_read(rel, &meta) && meta.log_levels > 0 &&
		row_deleted(rel, &meta, row, snapshot);
}

bool
olap_log_row_change(Relation rel, OlapRow row, OlapLogRecord *record, bool *dead)
{
	OlapMeta	meta;
	RangeCopy	copy;
	bool		found = false;

	*dead = false;
	if (!olap_meta_read(rel, &meta) || meta.log_levels == 0 ||
		!copy_row(rel, &meta, row, &copy))
		return false;
	*dead = (copy.dead[(row & (OLAP_RANGE_ROWS - 1)) >> 6] >> (row & 63)) & 1;
	for (int i = 0; i < copy.n && !found; i++)
	{
		found = TransactionIdIsInProgress(copy.records[i].xid) ||
			TransactionIdDidCommit(copy.records[i].xid);
		if (found)
			*record = copy.records[i];
	}
	free_copy(&copy);
	return found;
}

bool
olap_log_busy(Relation rel, OlapRow first, uint64 n)
{
	RangeCopy  *copy = palloc0(sizeof(RangeCopy));
	bool		busy = false;
	OlapMeta	meta;

	if (!olap_meta_read(rel, &meta) || meta.log_levels == 0)
		n = 0;
	copy->locks = true;
	for (uint64 done = 0; done < n && !busy;)
	{
		uint32		start = (first + done) & (OLAP_RANGE_ROWS - 1);
		uint32		step = Min(n - done, OLAP_RANGE_ROWS - start);

		CHECK_FOR_INTERRUPTS();
		copy_range(rel, &meta, (first + done) >> OLAP_RANGE_BITS, start,
				   start + step - 1, copy);
		for (int i = 0; i < copy->n && !busy; i++)
			busy = !TransactionIdIsCurrentTransactionId(copy->records[i].xid) &&
				TransactionIdIsInProgress(copy->records[i].xid);
		done += step;
	}
	free_copy(copy);
	pfree(copy);
	return busy;
}

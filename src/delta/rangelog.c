/*-------------------------------------------------------------------------
 *
 * rangelog.c
 *		Search and change the records of a row.
 *
 * A record goes to the head page while that has room, then to the newest page
 * of the row's bucket; so a range with few changes has one page, and a row of
 * one with many is found by reading the head and the pages of 1,024 rows.  A
 * full page is first cleared of records that have lost their meaning (aborted
 * changes, locks of transactions that ended), so a parent row that foreign
 * keys lock again and again does not grow a chain.
 *
 * src/delta/rangelog.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/generic_xlog.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/errors.h"
#include "delta/rangelog_page.h"

static inline OlapLogHeadPage *
head_of(Page page)
{
	return (OlapLogHeadPage *) OlapPageGetPayload(page);
}

static inline OlapLogBucketPage *
bucket_of(Page page)
{
	return (OlapLogBucketPage *) OlapPageGetPayload(page);
}

static inline uint16
in_range(OlapRow row)
{
	return row & (OLAP_RANGE_ROWS - 1);
}

/* ---- collecting ---- */

static void
keep_record(OlapLogRow *log, const OlapLogRecord *record)
{
	if (log->nrecords == log->capacity)
	{
		log->capacity = Max(8, log->capacity * 2);
		log->records = log->records == NULL ?
			palloc(log->capacity * sizeof(OlapLogRecord)) :
			repalloc(log->records, log->capacity * sizeof(OlapLogRecord));
	}
	log->records[log->nrecords++] = *record;
}

static void
collect(OlapLogRow *log, const OlapLogRecord *records, int n)
{
	uint16		row = in_range(log->row);

	for (int i = 0; i < n; i++)
		if (records[i].first <= row && row <= records[i].last)
			keep_record(log, &records[i]);
}

void
olap_log_lock(OlapLogRow *log, Relation rel, OlapRow row)
{
	uint32		range = row >> OLAP_RANGE_BITS;
	int			bucket = olap_log_bucket_of(row);
	OlapLogHeadPage *head;
	BlockNumber block;
	uint64		length = 0;

	memset(log, 0, sizeof(*log));
	log->rel = rel;
	log->row = row;
	log->head = olap_log_read_head(rel, olap_log_map_make(rel, range), range,
								   BUFFER_LOCK_EXCLUSIVE);
	head = head_of(BufferGetPage(log->head));
	log->dead = (head->dead[in_range(row) >> 6] >> (row & 63)) & 1;
	collect(log, head->records, head->nrecords);
	for (block = head->buckets[bucket]; block != InvalidBlockNumber;)
	{
		Buffer		buffer = olap_log_read_bucket(rel, block, range, bucket,
												  BUFFER_LOCK_SHARE);
		OlapLogBucketPage *page = bucket_of(BufferGetPage(buffer));

		olap_log_check_chain(rel, block, &length);
		collect(log, page->records, page->nrecords);
		block = page->next;
		UnlockReleaseBuffer(buffer);
	}
}

void
olap_log_unlock(OlapLogRow *log)
{
	UnlockReleaseBuffer(log->head);
	if (log->records != NULL)
		pfree(log->records);
	log->records = NULL;
	log->head = InvalidBuffer;
}

/* ---- appending ---- */

/* The last record, if the new one can become part of it. */
static OlapLogRecord *
extensible(OlapLogRecord *records, int n, const OlapLogRecord *record)
{
	OlapLogRecord *last = &records[n - 1];

	if (n == 0 || record->kind == OLAP_LOG_UPDATE ||
		record->kind == OLAP_LOG_UPDATE_NO_KEY ||
		last->kind != record->kind || last->flags != record->flags ||
		last->xid != record->xid || last->cid != record->cid ||
		last->last + 1 != record->first)
		return NULL;
	return last;
}

/*
 * Put the record among records[*n] of a page's image: as part of the last one,
 * or behind it, clearing the page first if it is full.  False if there is no
 * room.
 */
static bool
put_record(OlapLogRecord *records, uint16 *n, int max, const OlapLogRecord *record)
{
	OlapLogRecord *last = extensible(records, *n, record);

	if (last != NULL)
	{
		last->last = record->last;
		return true;
	}
	if (*n == max)
	{
		int			kept = 0;

		for (int i = 0; i < *n; i++)
			if (!olap_log_record_ended(&records[i]))
				records[kept++] = records[i];
		*n = kept;
	}
	if (*n == max)
		return false;
	records[(*n)++] = *record;
	return true;
}

static bool
append_to_head(OlapLogRow *log, const OlapLogRecord *record)
{
	GenericXLogState *xlog = GenericXLogStart(log->rel);
	Page		page = GenericXLogRegisterBuffer(xlog, log->head, 0);
	OlapLogHeadPage *head = head_of(page);

	if (!put_record(head->records, &head->nrecords, OLAP_LOG_HEAD_RECORDS,
					record))
	{
		GenericXLogAbort(xlog);
		return false;
	}
	olap_page_seal(page, BufferGetBlockNumber(log->head));
	GenericXLogFinish(xlog);
	return true;
}

static bool
append_to_bucket(OlapLogRow *log, BlockNumber block, const OlapLogRecord *record)
{
	Buffer		buffer = olap_log_read_bucket(log->rel, block,
											  log->row >> OLAP_RANGE_BITS,
											  olap_log_bucket_of(log->row),
											  BUFFER_LOCK_EXCLUSIVE);
	GenericXLogState *xlog = GenericXLogStart(log->rel);
	Page		page = GenericXLogRegisterBuffer(xlog, buffer, 0);
	OlapLogBucketPage *bucket = bucket_of(page);
	bool		done = put_record(bucket->records, &bucket->nrecords,
								  OLAP_LOG_BUCKET_RECORDS, record);

	if (done)
	{
		olap_page_seal(page, block);
		GenericXLogFinish(xlog);
	}
	else
		GenericXLogAbort(xlog);
	UnlockReleaseBuffer(buffer);
	return done;
}

/* Start a new page of the row's bucket with the record. */
static void
append_page(OlapLogRow *log, const OlapLogRecord *record)
{
	GenericXLogState *xlog = GenericXLogStart(log->rel);
	Page		head_page = GenericXLogRegisterBuffer(xlog, log->head, 0);
	OlapLogHeadPage *head = head_of(head_page);
	int			i = olap_log_bucket_of(log->row);
	OlapLogBucketPage *bucket;
	OlapMetaEdit edit;
	BlockNumber block;
	Buffer		buffer;
	Page		page;

	olap_meta_edit_begin(&edit, log->rel, xlog);
	block = olap_meta_edit_take_block(&edit);
	buffer = ReadBufferExtended(log->rel, MAIN_FORKNUM, block,
								RBM_ZERO_AND_LOCK, NULL);
	page = GenericXLogRegisterBuffer(xlog, buffer, GENERIC_XLOG_FULL_IMAGE);
	olap_page_init(page, OLAP_PAGE_LOG_BUCKET, 0);
	bucket = bucket_of(page);
	bucket->range = head->range;
	bucket->bucket = i;
	bucket->next = head->buckets[i];
	bucket->records[bucket->nrecords++] = *record;
	head->buckets[i] = block;

	olap_page_seal(page, block);
	olap_page_seal(head_page, BufferGetBlockNumber(log->head));
	olap_meta_edit_seal(&edit);
	GenericXLogFinish(xlog);
	UnlockReleaseBuffer(buffer);
	UnlockReleaseBuffer(edit.buffer);
}

void
olap_log_append(OlapLogRow *log, OlapLogKind kind, uint8 flags,
				TransactionId xid, CommandId cid)
{
	OlapLogRecord record = {0};
	BlockNumber block = head_of(BufferGetPage(log->head))->
		buckets[olap_log_bucket_of(log->row)];

	record.first = record.last = in_range(log->row);
	record.kind = kind;
	record.flags = flags;
	record.xid = xid;
	record.cid = cid;
	record.new_row = OLAP_NO_ROW;

	/* once a bucket has pages the head is full, or was: newest page first */
	if (block != InvalidBlockNumber)
	{
		if (!append_to_bucket(log, block, &record) &&
			!append_to_head(log, &record))
			append_page(log, &record);
	}
	else if (!append_to_head(log, &record))
		append_page(log, &record);
	olap_log_unlock(log);
}

/* ---- the new version of a row ---- */

static OlapLogRecord *
find_update(OlapLogRecord *records, int n, OlapRow row, TransactionId xid)
{
	for (int i = n - 1; i >= 0; i--)
		if (records[i].first == in_range(row) && records[i].xid == xid &&
			(records[i].kind == OLAP_LOG_UPDATE ||
			 records[i].kind == OLAP_LOG_UPDATE_NO_KEY) &&
			records[i].new_row == OLAP_NO_ROW)
			return &records[i];
	return NULL;
}

/*
 * Set the new row in the update of xid on a locked page whose records start at
 * byte offset of the payload; false if it is not there.
 */
static bool
set_new_row(OlapLogRow *log, Buffer buffer, Size offset, int n,
			TransactionId xid, OlapRow new_row)
{
	char	   *payload = OlapPageGetPayload(BufferGetPage(buffer));
	OlapLogRecord *records = (OlapLogRecord *) (payload + offset);
	OlapLogRecord *found = find_update(records, n, log->row, xid);
	GenericXLogState *xlog;
	Page		page;

	if (found == NULL)
		return false;
	xlog = GenericXLogStart(log->rel);
	page = GenericXLogRegisterBuffer(xlog, buffer, 0);
	((OlapLogRecord *) (OlapPageGetPayload(page) + offset))
		[found - records].new_row = new_row;
	olap_page_seal(page, BufferGetBlockNumber(buffer));
	GenericXLogFinish(xlog);
	return true;
}

void
olap_log_set_new_row(OlapLogRow *log, TransactionId xid, OlapRow new_row)
{
	OlapLogHeadPage *head = head_of(BufferGetPage(log->head));
	int			i = olap_log_bucket_of(log->row);
	BlockNumber block = head->buckets[i];
	bool		done = set_new_row(log, log->head,
								   offsetof(OlapLogHeadPage, records),
								   head->nrecords, xid, new_row);

	while (!done && block != InvalidBlockNumber)
	{
		Buffer		buffer = olap_log_read_bucket(log->rel, block, head->range, i,
												  BUFFER_LOCK_EXCLUSIVE);
		OlapLogBucketPage *bucket = bucket_of(BufferGetPage(buffer));

		done = set_new_row(log, buffer, offsetof(OlapLogBucketPage, records),
						   bucket->nrecords, xid, new_row);
		block = bucket->next;
		UnlockReleaseBuffer(buffer);
	}
	Ensure(done, "update of row " UINT64_FORMAT " of \"%s\" by %u is not in the log",
		   log->row, RelationGetRelationName(log->rel), xid);
	olap_log_unlock(log);
}

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
	log->head = olap_log_make_head(rel, range);
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

/*
 * The last record, if the new one can become part of it.  When a command took a
 * lock is never asked, and foreign keys lock each parent by a command of its own.
 */
static OlapLogRecord *
extensible(OlapLogRecord *records, int n, const OlapLogRecord *record)
{
	OlapLogRecord *last = &records[n - 1];

	if (n == 0 || record->kind == OLAP_LOG_UPDATE ||
		record->kind == OLAP_LOG_UPDATE_NO_KEY ||
		last->kind != record->kind || last->flags != record->flags ||
		last->xid != record->xid ||
		(last->cid != record->cid && !OLAP_LOG_IS_LOCK(record->kind)) ||
		last->last + 1 != record->first)
		return NULL;
	return last;
}

/*
 * A locked page of records: where the count and the records stand in its
 * payload, and how many fit.
 */
typedef struct RecordPage
{
	Buffer		buffer;
	Size		count_offset;
	Size		records_offset;
	int			max;
} RecordPage;

static const RecordPage head_layout = {
	InvalidBuffer, offsetof(OlapLogHeadPage, nrecords),
	offsetof(OlapLogHeadPage, records), OLAP_LOG_HEAD_RECORDS
};
static const RecordPage bucket_layout = {
	InvalidBuffer, offsetof(OlapLogBucketPage, nrecords),
	offsetof(OlapLogBucketPage, records), OLAP_LOG_BUCKET_RECORDS
};

static uint16 *
record_count(const RecordPage *page)
{
	return (uint16 *) (OlapPageGetPayload(BufferGetPage(page->buffer)) +
					   page->count_offset);
}

static OlapLogRecord *
page_records(const RecordPage *page)
{
	return (OlapLogRecord *) (OlapPageGetPayload(BufferGetPage(page->buffer)) +
							  page->records_offset);
}

/*
 * Change records[i] of a locked page, or add it: then it is the count's last.  The
 * page is logged.
 */
static void
write_record(Relation rel, const RecordPage *page, int i,
			 const OlapLogRecord *record)
{
	OlapPatch	patches[2];

	patches[0].offset = SizeOfPageHeaderData + page->count_offset;
	patches[0].len = sizeof(uint16);
	patches[1].offset = SizeOfPageHeaderData + page->records_offset +
		i * sizeof(OlapLogRecord);
	patches[1].len = sizeof(OlapLogRecord);
	olap_patches_begin(BufferGetPage(page->buffer), patches, 2);
	START_CRIT_SECTION();
	page_records(page)[i] = *record;
	*record_count(page) = Max(*record_count(page), i + 1);
	olap_page_log_patched(rel, page->buffer, patches, 2);
	END_CRIT_SECTION();
	olap_log_note_sound(rel, page->buffer);
}

/* Clear a full page of records that mean nothing any more. */
static bool
clear_page(Relation rel, const RecordPage *page)
{
	OlapLogRecord *records = page_records(page);
	int			n = *record_count(page);
	bool	   *ended = palloc(n * sizeof(bool));
	int			kept = 0;

	for (int i = 0; i < n; i++)
	{
		ended[i] = olap_log_record_ended(&records[i]);
		kept += !ended[i];
	}
	if (kept < n)
	{
		GenericXLogState *xlog = GenericXLogStart(rel);
		Page		image = GenericXLogRegisterBuffer(xlog, page->buffer, 0);
		char	   *payload = OlapPageGetPayload(image);

		records = (OlapLogRecord *) (payload + page->records_offset);
		kept = 0;
		for (int i = 0; i < n; i++)
			if (!ended[i])
				records[kept++] = records[i];
		*(uint16 *) (payload + page->count_offset) = kept;
		olap_page_seal(image, BufferGetBlockNumber(page->buffer));
		GenericXLogFinish(xlog);
	}
	pfree(ended);
	return kept < n;
}

/*
 * Put the record on a locked page: as part of the last one, or behind it.  False
 * if there is no room.
 */
static bool
put_record(Relation rel, const RecordPage *page, const OlapLogRecord *record)
{
	OlapLogRecord *records = page_records(page);
	uint16	   *n = record_count(page);
	OlapLogRecord *last = extensible(records, *n, record);

	if (last != NULL)
	{
		OlapLogRecord longer = *last;

		longer.last = record->last;
		write_record(rel, page, last - records, &longer);
		return true;
	}
	if (*n == page->max && !clear_page(rel, page))
		return false;
	write_record(rel, page, *n, record);
	return true;
}

static bool
append_to_head(OlapLogRow *log, const OlapLogRecord *record)
{
	RecordPage	page = head_layout;

	page.buffer = log->head;
	return put_record(log->rel, &page, record);
}

static bool
append_to_bucket(OlapLogRow *log, BlockNumber block, const OlapLogRecord *record)
{
	RecordPage	page = bucket_layout;
	bool		done;

	page.buffer = olap_log_read_bucket(log->rel, block,
									   log->row >> OLAP_RANGE_BITS,
									   olap_log_bucket_of(log->row),
									   BUFFER_LOCK_EXCLUSIVE);
	done = put_record(log->rel, &page, record);
	UnlockReleaseBuffer(page.buffer);
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
	olap_meta_edit_release(&edit);
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

/* Set the new row in the update of xid on a locked page; false if it is not there. */
static bool
set_new_row(OlapLogRow *log, const RecordPage *page, TransactionId xid,
			OlapRow new_row)
{
	OlapLogRecord *found = find_update(page_records(page), *record_count(page),
									   log->row, xid);
	OlapLogRecord led;

	if (found == NULL)
		return false;
	led = *found;
	led.new_row = new_row;
	write_record(log->rel, page, found - page_records(page), &led);
	return true;
}

void
olap_log_set_new_row(OlapLogRow *log, TransactionId xid, OlapRow new_row)
{
	OlapLogHeadPage *head = head_of(BufferGetPage(log->head));
	int			i = olap_log_bucket_of(log->row);
	BlockNumber block = head->buckets[i];
	RecordPage	page = head_layout;
	bool		done;

	page.buffer = log->head;
	done = set_new_row(log, &page, xid, new_row);
	page = bucket_layout;
	while (!done && block != InvalidBlockNumber)
	{
		page.buffer = olap_log_read_bucket(log->rel, block, head->range, i,
										   BUFFER_LOCK_EXCLUSIVE);
		done = set_new_row(log, &page, xid, new_row);
		block = bucket_of(BufferGetPage(page.buffer))->next;
		UnlockReleaseBuffer(page.buffer);
	}
	Ensure(done, "update of row " UINT64_FORMAT " of \"%s\" by %u is not in the log",
		   log->row, RelationGetRelationName(log->rel), xid);
	olap_log_unlock(log);
}

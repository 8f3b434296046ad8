/*-------------------------------------------------------------------------
 *
 * rangelog_vacuum.c
 *		What VACUUM does to the range log, and its verification.
 *
 * A change that every snapshot sees is folded: its bits are set in the head
 * page and the record goes, in one WAL record.  Index entries of the rows were
 * removed before, so a set bit always means "dead, and in no index".  The
 * caller has logged a conflict record for standbys before.
 *
 * src/delta/rangelog_vacuum.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/generic_xlog.h"
#include "access/transam.h"
#include "commands/vacuum.h"
#include "miscadmin.h"
#include "storage/procarray.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "delta/rangelog_page.h"

/* Is the record a change that nobody can miss? */
static bool
foldable(const OlapLogVacuum *vacuum, const OlapLogRecord *record)
{
	return !OLAP_LOG_IS_LOCK(record->kind) &&
		TransactionIdPrecedes(record->xid, vacuum->oldest_xmin) &&
		!TransactionIdIsInProgress(record->xid) &&
		TransactionIdDidCommit(record->xid);
}

/* ---- look ---- */

static void
keep_oldest(TransactionId *oldest, TransactionId xid)
{
	if (!TransactionIdIsValid(*oldest) || TransactionIdPrecedes(xid, *oldest))
		*oldest = xid;
}

static void
look_at_records(OlapLogVacuum *vacuum, uint32 range, const OlapLogRecord *records,
				int n)
{
	OlapRow		base = (OlapRow) range << OLAP_RANGE_BITS;

	for (int i = 0; i < n; i++)
	{
		TransactionId xid = records[i].xid;

		if (foldable(vacuum, &records[i]))
		{
			if (!vacuum->dead(vacuum->arg, base + records[i].first,
							  base + records[i].last + 1))
				vacuum->done = false;
			if (!TransactionIdIsValid(vacuum->newest_folded) ||
				TransactionIdFollows(xid, vacuum->newest_folded))
				vacuum->newest_folded = xid;
			keep_oldest(&vacuum->oldest_folded, xid);
			vacuum->records++;
		}
		else if (olap_log_record_ended(&records[i]))
			vacuum->records++;
		else
		{
			keep_oldest(&vacuum->oldest_left, xid);
			if (!OLAP_LOG_IS_LOCK(records[i].kind))
				vacuum->rows_left += records[i].last - records[i].first + 1;
		}
	}
}

static void
look_at_head(void *arg, BlockNumber block, uint32 range)
{
	OlapLogVacuum *vacuum = arg;
	OlapLogRecord *copy;
	Buffer		buffer;
	OlapLogHeadPage *head;
	BlockNumber buckets[OLAP_LOG_BUCKETS];
	uint64		length = 0;
	int			n;

	/* a pass ends behind the range in which it had enough */
	if (range < vacuum->first_range || !vacuum->done)
		return;
	vacuum->end_range = (uint64) range + 1;
	copy = palloc(OLAP_LOG_BUCKET_RECORDS * sizeof(OlapLogRecord));
	vacuum_delay_point(false);
	buffer = olap_log_read_head(vacuum->rel, block, range, BUFFER_LOCK_SHARE);
	head = (OlapLogHeadPage *) OlapPageGetPayload(BufferGetPage(buffer));
	n = head->nrecords;
	memcpy(copy, head->records, n * sizeof(OlapLogRecord));
	memcpy(buckets, head->buckets, sizeof(buckets));
	UnlockReleaseBuffer(buffer);
	look_at_records(vacuum, range, copy, n);

	/* pages leave a chain only in VACUUM, so the copy of its start will do */
	for (int i = 0; i < OLAP_LOG_BUCKETS; i++)
		for (BlockNumber next = buckets[i]; next != InvalidBlockNumber;)
		{
			OlapLogBucketPage *bucket;

			vacuum_delay_point(false);
			olap_log_check_chain(vacuum->rel, next, &length);
			buffer = olap_log_read_bucket(vacuum->rel, next, range, i,
										  BUFFER_LOCK_SHARE);
			bucket = (OlapLogBucketPage *) OlapPageGetPayload(BufferGetPage(buffer));
			n = bucket->nrecords;
			memcpy(copy, bucket->records, n * sizeof(OlapLogRecord));
			next = bucket->next;
			UnlockReleaseBuffer(buffer);
			look_at_records(vacuum, range, copy, n);
		}
	pfree(copy);
}

void
olap_log_vacuum_look(OlapLogVacuum *vacuum)
{
	vacuum->newest_folded = InvalidTransactionId;
	vacuum->oldest_folded = vacuum->oldest_left = InvalidTransactionId;
	vacuum->records = vacuum->rows_left = 0;
	vacuum->end_range = vacuum->first_range;
	vacuum->done = true;
	olap_log_map_walk(vacuum->rel, NULL, look_at_head, vacuum);
}

/* ---- write ---- */

typedef struct WriteState
{
	OlapLogVacuum *vacuum;
	bool		fold;
} WriteState;

static bool
any_to_clear(WriteState *state, const OlapLogRecord *records, int n)
{
	for (int i = 0; i < n; i++)
		if (olap_log_record_ended(&records[i]) ||
			(state->fold && foldable(state->vacuum, &records[i])))
			return true;
	return false;
}

/* Fold and clear records[n]; returns how many are left. */
static int
clear_records(WriteState *state, OlapLogHeadPage *head, OlapLogRecord *records,
			  int n)
{
	int			kept = 0;

	for (int i = 0; i < n; i++)
	{
		if (state->fold && foldable(state->vacuum, &records[i]))
		{
			for (int row = records[i].first; row <= records[i].last; row++)
			{
				uint64		bit = UINT64CONST(1) << (row & 63);

				head->ndead += (head->dead[row >> 6] & bit) == 0;
				head->dead[row >> 6] |= bit;
			}
		}
		else if (!olap_log_record_ended(&records[i]))
			records[kept++] = records[i];
	}
	return kept;
}

/* How many of records[n] stay. */
static int
count_left(WriteState *state, const OlapLogRecord *records, int n)
{
	int			left = 0;

	for (int i = 0; i < n; i++)
		left += !any_to_clear(state, &records[i], 1);
	return left;
}

/* One bucket page, with the head page's bits, in one WAL record. */
static void
write_bucket(WriteState *state, Buffer head_buffer, Buffer buffer)
{
	GenericXLogState *xlog = GenericXLogStart(state->vacuum->rel);
	Page		head_page = GenericXLogRegisterBuffer(xlog, head_buffer, 0);
	Page		page = GenericXLogRegisterBuffer(xlog, buffer, 0);
	OlapLogBucketPage *bucket = (OlapLogBucketPage *) OlapPageGetPayload(page);

	bucket->nrecords = clear_records(state, (OlapLogHeadPage *)
									 OlapPageGetPayload(head_page),
									 bucket->records, bucket->nrecords);
	olap_page_seal(head_page, BufferGetBlockNumber(head_buffer));
	olap_page_seal(page, BufferGetBlockNumber(buffer));
	GenericXLogFinish(xlog);
}

/*
 * Take a page without records that stay out of its chain and give its block
 * back, in one WAL record with the head page's bits.  before: the page before it
 * in the chain, Invalid if the head page leads to it.  The page itself stays as
 * it is; nobody can be in the chain, for readers hold the head page's lock.
 */
static void
free_bucket(WriteState *state, Buffer head_buffer, Buffer before, Buffer buffer)
{
	Relation	rel = state->vacuum->rel;
	GenericXLogState *xlog = GenericXLogStart(rel);
	Page		head_page = GenericXLogRegisterBuffer(xlog, head_buffer, 0);
	OlapLogHeadPage *head = (OlapLogHeadPage *) OlapPageGetPayload(head_page);
	OlapLogBucketPage *bucket = palloc(OLAP_PAGE_PAYLOAD);
	OlapMetaEdit edit;

	memcpy(bucket, OlapPageGetPayload(BufferGetPage(buffer)), OLAP_PAGE_PAYLOAD);
	(void) clear_records(state, head, bucket->records, bucket->nrecords);
	if (BufferIsValid(before))
	{
		Page		page = GenericXLogRegisterBuffer(xlog, before, 0);

		((OlapLogBucketPage *) OlapPageGetPayload(page))->next = bucket->next;
		olap_page_seal(page, BufferGetBlockNumber(before));
	}
	else
		head->buckets[bucket->bucket] = bucket->next;
	olap_page_seal(head_page, BufferGetBlockNumber(head_buffer));
	olap_meta_edit_begin(&edit, rel, xlog);
	olap_meta_edit_free_block(&edit, BufferGetBlockNumber(buffer));
	olap_meta_edit_seal(&edit);
	GenericXLogFinish(xlog);
	olap_meta_edit_release(&edit);
	pfree(bucket);
}

/* The pages of bucket i, newest first, under the lock of the head page at block. */
static void
write_chain(WriteState *state, BlockNumber block, uint32 range, int i)
{
	Relation	rel = state->vacuum->rel;
	Buffer		head_buffer = olap_log_read_head(rel, block, range,
												 BUFFER_LOCK_EXCLUSIVE);
	BlockNumber next = ((OlapLogHeadPage *)
						OlapPageGetPayload(BufferGetPage(head_buffer)))->buckets[i];
	Buffer		before = InvalidBuffer;
	uint64		length = 0;

	while (next != InvalidBlockNumber)
	{
		Buffer		buffer;
		OlapLogBucketPage *bucket;
		int			left;

		olap_log_check_chain(rel, next, &length);
		buffer = olap_log_read_bucket(rel, next, range, i, BUFFER_LOCK_EXCLUSIVE);
		bucket = (OlapLogBucketPage *) OlapPageGetPayload(BufferGetPage(buffer));
		next = bucket->next;
		left = count_left(state, bucket->records, bucket->nrecords);
		if (left == 0)
		{
			free_bucket(state, head_buffer, before, buffer);
			UnlockReleaseBuffer(buffer);
			continue;
		}
		if (left < bucket->nrecords)
			write_bucket(state, head_buffer, buffer);
		if (BufferIsValid(before))
			UnlockReleaseBuffer(before);
		before = buffer;
	}
	if (BufferIsValid(before))
		UnlockReleaseBuffer(before);
	UnlockReleaseBuffer(head_buffer);
}

/*
 * The lock is given up after each chain: all of a range may be a hundred pages, and
 * whoever reads or changes rows of it waits.
 */
static void
write_head(void *arg, BlockNumber block, uint32 range)
{
	WriteState *state = arg;
	Relation	rel = state->vacuum->rel;
	Buffer		buffer;
	OlapLogHeadPage *head;
	bool		chain[OLAP_LOG_BUCKETS];

	if (range < state->vacuum->first_range || range >= state->vacuum->end_range)
		return;
	vacuum_delay_point(false);
	buffer = olap_log_read_head(rel, block, range, BUFFER_LOCK_EXCLUSIVE);
	head = (OlapLogHeadPage *) OlapPageGetPayload(BufferGetPage(buffer));
	if (any_to_clear(state, head->records, head->nrecords))
	{
		GenericXLogState *xlog = GenericXLogStart(rel);
		Page		page = GenericXLogRegisterBuffer(xlog, buffer, 0);
		OlapLogHeadPage *image = (OlapLogHeadPage *) OlapPageGetPayload(page);

		image->nrecords = clear_records(state, image, image->records,
										image->nrecords);
		olap_page_seal(page, block);
		GenericXLogFinish(xlog);
	}
	for (int i = 0; i < OLAP_LOG_BUCKETS; i++)
		chain[i] = head->buckets[i] != InvalidBlockNumber;
	UnlockReleaseBuffer(buffer);

	/* one that begins meanwhile has nothing for us yet */
	for (int i = 0; i < OLAP_LOG_BUCKETS; i++)
	{
		if (!chain[i])
			continue;
		vacuum_delay_point(false);
		write_chain(state, block, range, i);
	}
}

void
olap_log_vacuum_write(OlapLogVacuum *vacuum, bool fold)
{
	WriteState	state = {vacuum, fold};

	if (vacuum->records > 0)
		olap_log_map_walk(vacuum->rel, NULL, write_head, &state);
}

/* ---- verification ---- */

typedef struct VerifyState
{
	Relation	rel;
	OlapMeta	meta;
	void		(*used) (void *arg, BlockNumber block);
	void	   *arg;
} VerifyState;

static void
verify_map(void *arg, BlockNumber block, uint32 level, uint64 first)
{
	VerifyState *state = arg;

	state->used(state->arg, block);
}

static void
verify_head(void *arg, BlockNumber block, uint32 range)
{
	VerifyState *state = arg;
	Relation	rel = state->rel;
	Buffer		buffer = olap_log_find_head(rel, &state->meta, range,
											BUFFER_LOCK_SHARE);
	OlapLogHeadPage *head;
	uint64		length = 0;
	uint32		ndead = 0;

	CHECK_FOR_INTERRUPTS();
	if (!BufferIsValid(buffer))
		return;					/* VACUUM has freed it meanwhile */
	block = BufferGetBlockNumber(buffer);
	head = (OlapLogHeadPage *) OlapPageGetPayload(BufferGetPage(buffer));
	state->used(state->arg, block);
	for (int i = 0; i < OLAP_RANGE_WORDS; i++)
		ndead += pg_popcount64(head->dead[i]);
	if (ndead != head->ndead)
		olap_log_corrupted(rel, block, "count of dead rows does not match");
	for (int i = 0; i < OLAP_LOG_BUCKETS; i++)
		for (BlockNumber next = head->buckets[i]; next != InvalidBlockNumber;)
		{
			Buffer		page = olap_log_read_bucket(rel, next, range, i,
													BUFFER_LOCK_SHARE);

			olap_log_check_chain(rel, next, &length);
			state->used(state->arg, next);
			next = ((OlapLogBucketPage *)
					OlapPageGetPayload(BufferGetPage(page)))->next;
			UnlockReleaseBuffer(page);
		}
	UnlockReleaseBuffer(buffer);
}

void
olap_log_verify(Relation rel, void (*used) (void *arg, BlockNumber block),
				void *arg)
{
	VerifyState state = {.rel = rel, .used = used, .arg = arg};

	if (olap_meta_read(rel, &state.meta))
		olap_log_map_walk(rel, verify_map, verify_head, &state);
}

/*-------------------------------------------------------------------------
 *
 * ingest_step.c
 *		The work of an ingest worker: read, buffer, decide when to commit.
 *
 * Records wait in the buffer outside of any transaction (an open one would hold
 * back vacuum) as the source's own memory, until max_rows, max_bytes or
 * max_delay is reached.  When the table is slower than the topic, the buffer is
 * full, poll() is not called, and fetching stops by itself.
 *
 * src/worker/ingest_step.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "worker/ingest_internal.h"

#define UNIX_SHIFT_MS \
	((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * INT64CONST(1000))

#define POLL_MS 100
#define POLL_RECORDS 10000
/* Positions without records (control records, compaction) are committed so often. */
#define PROGRESS_MS 10000
/*
 * How often the topic is looked at: for partitions that were added, and because
 * librdkafka does not tell soon that it was deleted, or at all that it is another.
 */
#define DISCOVERY_MS 5000
#define FIRST_LOOK_MS 500
#define INVALIDATION_MS 1000
#define MIRROR_MS 5000
/* A worker that lived so long did not crash on its first record. */
#define SETTLED_MS 10000
/* Delay of a worker's first batch. */
#define FIRST_DELAY_MS 100

/* Count n records that poll() put behind the buffer's end. */
static void
take_records(OlapIngest *ingest, int n)
{
	TimestampTz now = n > 0 ? GetCurrentTimestamp() : 0;

	if (n > 0 && ingest->nbuffer == 0)
		ingest->buffered_since = ingest->waiting_since != 0 ? ingest->waiting_since : now;
	ingest->waiting_since = 0;
	for (int i = ingest->nbuffer; i < ingest->nbuffer + n; i++)
	{
		const OlapMessage *m = &ingest->buffer[i];
		IngestPartition *p = ingest_partition(ingest, m->partition);

		ingest->bytes += m->value_len + m->key_len + sizeof(OlapMessage);
		if (p == NULL)
			continue;
		if (p->verifying)
			ingest_check_record(ingest, p, m);
		if (p->buffered++ == 0 || p->oldest_ms < 0)
			p->oldest_ms = m->timestamp_ms >= 0 ? m->timestamp_ms :
				now / 1000 + UNIX_SHIFT_MS;
	}
	ingest->nbuffer += n;
}

/*
 * Something is wrong from now on.  What was read is sound and is stored; of a
 * topic that is gone nothing is read, for it may come back as another one.
 */
static void
secure_buffer(OlapIngest *ingest)
{
	if (ingest->nbuffer > 0 && !ingest_flush(ingest))
		return;
	if (ingest->status == OLAP_SOURCE_TOPIC_GONE)
		ingest->api->assign(ingest->source, 0, NULL, NULL);
}

static void
handle_status(OlapIngest *ingest, const OlapSourceError *error)
{
	if (error->status == OLAP_SOURCE_UNREADABLE)
	{
		ingest_note_unreadable(ingest, error->message);
		return;
	}
	if (error->status == OLAP_SOURCE_OFFSET_LOST)
	{
		ingest_offset_lost(ingest, error);
		return;
	}
	if (error->status == OLAP_SOURCE_FATAL)
		ereport(ERROR,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("reading the topic failed: %s", error->message)));
	if (error->status == ingest->status)
		return;
	ingest->status = error->status;
	strlcpy(ingest->status_text, error->message, sizeof(ingest->status_text));
	if (error->status == OLAP_SOURCE_OK)
	{
		ereport(LOG, (errmsg("pipeline \"%s\" is connected again", ingest->pipeline->name)));
		ingest_verify_again(ingest);
	}
	else
	{
		secure_buffer(ingest);
		ereport(LOG, (errmsg("pipeline \"%s\": %s", ingest->pipeline->name, error->message)));
		olap_pipeline_note_error(ingest->pipeline->name,
								 error->status == OLAP_SOURCE_DISCONNECTED ? "08006" :
								 error->status == OLAP_SOURCE_AUTH ? "28000" : "42704",
								 error->message, OLAP_ERROR_NOTED);
	}
	ingest_report(ingest, true);
}

/* Is there a position to commit that no record led to? */
static bool
has_progress(OlapIngest *ingest)
{
	for (int i = 0; i < ingest->npartitions; i++)
	{
		IngestPartition *p = &ingest->partitions[i];
		const OlapPartitionState *state = p->offset.stopped ? NULL :
			ingest->api->partition_state(ingest->source, p->offset.partition);

		if (state != NULL && state->next_offset > p->offset.next_offset)
			return true;
	}
	return false;
}

/*
 * Tell the broker's group where we are, for lag monitors outside.  Best effort;
 * never read back.
 */
static void
mirror_offsets(OlapIngest *ingest)
{
	int32	   *partitions = palloc(sizeof(int32) * Max(ingest->npartitions, 1));
	int64	   *offsets = palloc(sizeof(int64) * Max(ingest->npartitions, 1));
	int			n = 0;

	for (int i = 0; i < ingest->npartitions; i++)
	{
		if (ingest->partitions[i].offset.stopped)
			continue;
		partitions[n] = ingest->partitions[i].offset.partition;
		offsets[n++] = ingest->partitions[i].offset.next_offset;
	}
	if (n > 0)
		ingest->api->mirror(ingest->source, n, partitions, offsets);
	pfree(partitions);
	pfree(offsets);
}

/* What is done between batches. */
static void
housekeeping(OlapIngest *ingest)
{
	TimestampTz now = GetCurrentTimestamp();

	if (TimestampDifferenceExceeds(ingest->inval_at, now, INVALIDATION_MS))
	{
		/* hear of ALTER and DROP, and of a pause, while no batch comes */
		ingest->inval_at = now;
		ingest_begin_transaction();
		(void) ingest_check_current(ingest);
		ingest_commit_transaction();
		if (olap_ingest_outdated(ingest))
			return;
	}
	if (TimestampDifferenceExceeds(ingest->progress_at, now, PROGRESS_MS))
	{
		ingest->progress_at = now;
		if (has_progress(ingest))
			(void) ingest_flush(ingest);
	}
	if (ingest->last_commit > ingest->mirror_at &&
		TimestampDifferenceExceeds(ingest->mirror_at, now, MIRROR_MS))
	{
		ingest->mirror_at = now;
		mirror_offsets(ingest);
	}
	if (now >= ingest->fold_at)
		ingest_tidy_up(ingest, now);
	if (!ingest->settled && TimestampDifferenceExceeds(ingest->opened_at, now, SETTLED_MS))
	{
		ingest_begin_transaction();
		olap_offsets_clear_crashes(ingest->pipeline);
		ingest_commit_transaction();
		ingest->settled = true;
		ingest->singles = 0;
	}
	ingest_retry_refused(ingest, now);
	if (TimestampDifferenceExceeds(ingest->discovery_at, now,
								   ingest->look_soon ? FIRST_LOOK_MS : DISCOVERY_MS))
	{
		ingest->discovery_at = now;
		ingest_look_at_topic(ingest);
	}
}

/* The first batch is committed soon: then what comes after a crash is known to be sound. */
static int
max_delay(const OlapIngest *ingest)
{
	return ingest->last_commit == 0 ? FIRST_DELAY_MS : ingest->pipeline->max_delay_ms;
}

/*
 * Is it time to commit?  Records that are at hand come along, however late it is:
 * else a worker that lags would commit ever smaller batches.
 */
static bool
is_full(const OlapIngest *ingest, TimestampTz now)
{
	if (ingest->nbuffer == 0)
		return false;
	return ingest->nbuffer >= ingest->pipeline->max_rows ||
		ingest->bytes >= ingest->pipeline->max_bytes || ingest->singles > 0 ||
		(!ingest->more &&
		 TimestampDifferenceExceeds(ingest->buffered_since, now, max_delay(ingest)));
}

/* Milliseconds to wait for records before something else is due. */
static int
poll_timeout(const OlapIngest *ingest)
{
	long		waited;

	if (ingest->nbuffer == 0)
		return POLL_MS;
	waited = (long) ((GetCurrentTimestamp() - ingest->buffered_since) / 1000);
	return (int) Max(0, Min(POLL_MS, max_delay(ingest) - waited));
}

void
olap_ingest_step(OlapIngest *ingest)
{
	OlapSourceError error = {.partition = -1};
	int			room = Min(ingest->pipeline->max_rows - ingest->nbuffer, POLL_RECORDS);
	int			n;

	if (ingest->singles > 0)
		room = 1;
	n = ingest->api->poll(ingest->source, poll_timeout(ingest),
						  ingest->buffer + ingest->nbuffer, room,
						  ingest->pipeline->max_bytes - ingest->bytes, &error);
	ingest->more = n > 0 && n == room;
	take_records(ingest, n);
	handle_status(ingest, &error);
	if (is_full(ingest, GetCurrentTimestamp()))
		(void) ingest_flush(ingest);
	if (ingest->nbuffer == 0)
	{
		/* what is stopped need not be fetched */
		if (ingest->reassign && ingest->status == OLAP_SOURCE_OK)
			ingest_assign(ingest);
		housekeeping(ingest);
	}
	ingest_report(ingest, false);
}

void
olap_ingest_finish(OlapIngest *ingest)
{
	ingest->ending = true;
	if (ingest->nbuffer > 0 || has_progress(ingest))
		(void) ingest_flush(ingest);
	ingest_report(ingest, true);
}

/*-------------------------------------------------------------------------
 *
 * ingest.c
 *		The work of an ingest worker: read, buffer, decide when to commit.
 *
 * Records wait in the buffer outside of any transaction (an open one would hold
 * back vacuum) as the source's own memory, until max_rows, max_bytes or
 * max_delay is reached.  When the table is slower than the topic, the buffer is
 * full, poll() is not called, and fetching stops by itself.
 *
 * src/worker/ingest.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "ingest/live.h"
#include "ingest/source_load.h"
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
#define FOLD_FIRST_MS (5 * 1000)
#define FOLD_MS (3600 * 1000)
#define INVALIDATION_MS 1000
#define MIRROR_MS 5000
/* A worker that lived so long did not crash on its first record. */
#define SETTLED_MS 10000
/* Longest pause between crashes, and delay of a worker's first batch. */
#define MAX_CRASH_DELAY_MS 5000
#define FIRST_DELAY_MS 100
/* Records tried one by one after crashes. */
#define SINGLES 1000

/* For the exit callback; one worker reads one source. */
static const OlapSourceApi *open_api = NULL;
static OlapSource *open_source = NULL;

/* Set by invalidations: definition of the source changed. */
static Oid	watched_source = InvalidOid;
static bool outdated = false;

/* The pipeline is paused, dropped or another's: nobody is to go on with it. */
static bool superseded = false;

void
olap_ingest_close_source(void)
{
	OlapSource *source = open_source;

	open_source = NULL;
	if (source != NULL)
		open_api->close(source);
}

static void
relation_changed(Datum arg, Oid relid)
{
	if (relid == watched_source || relid == InvalidOid)
		outdated = true;
}

static void
server_changed(Datum arg, int cacheid, uint32 hash)
{
	outdated = true;
}

/* Watch for ALTER FOREIGN TABLE, ALTER SERVER, ALTER USER MAPPING. */
static void
watch_source(Oid source)
{
	watched_source = source;
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, server_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, server_changed, (Datum) 0);
}

void
ingest_begin_transaction(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
}

void
ingest_commit_transaction(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
}

bool
ingest_check_current(OlapIngest *ingest)
{
	if (olap_offsets_current(ingest->pipeline, ingest->ending))
		return true;
	ereport(LOG,
			(errmsg("pipeline \"%s\" was paused, taken over or dropped: its worker ends",
					ingest->pipeline->name)));
	/* whoever told nobody, as COMMIT PREPARED does, is heard of now */
	olap_live_request_look();
	outdated = superseded = true;
	return false;
}

/* The entry of a partition; records come in runs, so the last one is tried first. */
IngestPartition *
ingest_partition(OlapIngest *ingest, int32 partition)
{
	static int	last = 0;
	int			lo = 0;
	int			hi = ingest->npartitions;

	if (last < ingest->npartitions &&
		ingest->partitions[last].offset.partition == partition)
		return &ingest->partitions[last];
	while (lo < hi)
	{
		int			mid = lo + (hi - lo) / 2;

		if (ingest->partitions[mid].offset.partition < partition)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == ingest->npartitions ||
		ingest->partitions[lo].offset.partition != partition)
		return NULL;
	last = lo;
	return &ingest->partitions[lo];
}

/* The buffer holds nothing any more; its records were given back. */
void
ingest_forget_buffer(OlapIngest *ingest)
{
	ingest->nbuffer = 0;
	ingest->bytes = 0;
	for (int i = 0; i < ingest->npartitions; i++)
	{
		ingest->partitions[i].oldest_ms = -1;
		ingest->partitions[i].buffered = 0;
	}
}

void
ingest_assign(OlapIngest *ingest)
{
	int32	   *partitions = palloc(sizeof(int32) * Max(ingest->npartitions, 1));
	int64	   *offsets = palloc(sizeof(int64) * Max(ingest->npartitions, 1));
	int			n = 0;

	for (int i = 0; i < ingest->npartitions; i++)
	{
		IngestPartition *p = &ingest->partitions[i];

		if (p->offset.stopped)
			continue;
		partitions[n] = p->offset.partition;
		offsets[n++] = p->verifying ? p->anchor.offset : p->offset.next_offset;
	}
	ingest->api->assign(ingest->source, n, partitions, offsets);
	ingest->reassign = false;
	ingest->refused_at = 0;
	pfree(partitions);
	pfree(offsets);
}

static void
load_partitions(OlapIngest *ingest)
{
	int			n;
	OlapOffset *offsets = olap_offsets_load(ingest->pipeline->name, &n);

	ingest->partitions = MemoryContextAllocZero(TopMemoryContext,
												sizeof(IngestPartition) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		ingest_init_partition(&ingest->partitions[i], &offsets[i]);
	}
	ingest->npartitions = n;
}

OlapIngest *
olap_ingest_open(const char *name, int slot)
{
	MemoryContext top = CurrentMemoryContext;
	OlapIngest *ingest = palloc0(sizeof(OlapIngest));
	TimestampTz now = GetCurrentTimestamp();

	ingest_begin_transaction();
	MemoryContextSwitchTo(top);
	ingest->pipeline = olap_catalog_exists() ? olap_offsets_claim(name) : NULL;
	ingest_commit_transaction();
	MemoryContextSwitchTo(top);
	if (ingest->pipeline == NULL)
		return NULL;
	ingest->slot = slot;
	ingest->fold_at = TimestampTzPlusMilliseconds(now, FOLD_FIRST_MS);
	ingest->opened_at = ingest->discovery_at = ingest->progress_at =
		ingest->rate_at = ingest->inval_at = now;
	if (ingest->pipeline->crashes >= OLAP_PIPELINE_MAX_CRASHES)
	{
		ingest->singles = SINGLES;
		ereport(LOG,
				(errmsg("pipeline \"%s\" ended %d times without a commit, the next %d records are tried one by one",
						name, ingest->pipeline->crashes, SINGLES)));
	}
	ingest->batch_cxt = AllocSetContextCreate(top, "olap ingest batch", ALLOCSET_DEFAULT_SIZES);
	ingest->flush_cxt = AllocSetContextCreate(top, "olap ingest flush", ALLOCSET_DEFAULT_SIZES);
	ingest->buffer = MemoryContextAllocHuge(top, sizeof(OlapMessage) * ingest->pipeline->max_rows);

	ingest_begin_transaction();
	MemoryContextSwitchTo(top);
	olap_source_check(ingest->pipeline->source);
	ingest->api = olap_source_load();
	load_partitions(ingest);
	watch_source(ingest->pipeline->source);
	ingest->decoder = ingest->api->decoder_create(ingest->pipeline->source);
	ingest->types = ingest->api->decoder_types(ingest->decoder, &ingest->ncols);
	ingest->source = ingest->api->open(ingest->pipeline->source,
									   ingest->pipeline->owner,
									   olap_source_group(name));
	open_api = ingest->api;
	open_source = ingest->source;
	ingest_commit_transaction();
	MemoryContextSwitchTo(top);
	ingest_init_batch(ingest);
	ingest_assign(ingest);
	ingest_report(ingest, true);
	return ingest;
}

int
olap_ingest_delay(const OlapIngest *ingest)
{
	int			crashes = ingest->pipeline->crashes;

	return crashes < 2 ? 0 : Min(250 << Min(crashes - 2, 8), MAX_CRASH_DELAY_MS);
}

/* Keep the ledger small, and dead letters no longer than they are to be kept. */
static void
tidy_up(OlapIngest *ingest, TimestampTz now)
{
	ingest->fold_at = TimestampTzPlusMilliseconds(now, FOLD_MS);
	ingest_begin_transaction();
	if (olap_pipeline_load(ingest->pipeline->name, true) != NULL)
	{
		olap_offsets_fold_ledger(ingest->pipeline);
		olap_dead_letters_expire(ingest->pipeline);
	}
	ingest_commit_transaction();
}

void
olap_ingest_begin(OlapIngest *ingest)
{
	ingest_begin_transaction();
	olap_offsets_count_start(ingest->pipeline);
	ingest_commit_transaction();
	/* was it this that failed?  A batch before it would have errors counted anew */
	if (ingest->pipeline->errors > 0)
		tidy_up(ingest, GetCurrentTimestamp());
}

bool
olap_ingest_is_of(const OlapIngest *ingest, int version, TimestampTz created_at)
{
	return ingest->pipeline->version == version &&
		ingest->pipeline->created_at == created_at;
}

bool
olap_ingest_outdated(const OlapIngest *ingest)
{
	return outdated;
}

bool
olap_ingest_superseded(const OlapIngest *ingest)
{
	return superseded;
}

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
		if (outdated)
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
		tidy_up(ingest, now);
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

/*-------------------------------------------------------------------------
 *
 * ingest_flush.c
 *		One transaction: records become rows, dead letters, ledger, offsets.
 *
 * Why one: data and offsets share a commit record, so a crash at any point
 * loses or repeats nothing.  For the same reason synchronous_commit could be off:
 * a lost tail of the WAL takes the offsets with it, and is read again.
 *
 * Errors: any ERROR leaves through the worker's end; nothing here is undone by
 * hand.
 *
 * src/worker/ingest_flush.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "ingest/sink.h"
#include "worker/ingest_internal.h"

/* Rows decoded at a time: columns of a batch stay in the cache. */
#define BATCH_ROWS 8192
/* Values of one batch; a vector's heap must stay far below 4 GB. */
#define BATCH_BYTES (64 * 1024 * 1024)
/* Memory of vectors kept from batch to batch. */
#define BATCH_KEEP_BYTES (256 * 1024 * 1024)

/* A ratio of fewer records says nothing. */
#define DEAD_RATIO_RECORDS 100

/* A record that took the worker down so often is not decoded again. */
#define MAX_ATTEMPTS 2

typedef struct DeadLetter
{
	slist_node	node;
	const OlapMessage *message;
	const OlapOffset *offset;
	OlapDecodeError error;
} DeadLetter;

/* What one flush carries along. */
typedef struct Flush
{
	OlapIngest *ingest;
	OlapSink   *sink;
	IngestPartition *partition;
	OlapOutcome outcome;		/* of the current partition */
	const OlapMessage *messages[BATCH_ROWS];	/* of the rows in the batch */
	slist_head	dead;			/* of all partitions */
	const DeadLetter *first_dead;
	int64		ndead;			/* of all partitions, as the following */
	int64		read;
	int64		inserted;
} Flush;

void
ingest_init_batch(OlapIngest *ingest)
{
	OlapBatch  *batch = &ingest->batch;
	MemoryContext old;

	MemoryContextReset(ingest->batch_cxt);
	old = MemoryContextSwitchTo(ingest->batch_cxt);
	memset(batch, 0, sizeof(OlapBatch));
	batch->ncols = ingest->ncols;
	batch->cols = palloc0(sizeof(OlapVector) * Max(ingest->ncols, 1));
	for (int i = 0; i < ingest->ncols; i++)
		olap_vector_init(&batch->cols[i], &ingest->types[i], 1024,
						 ingest->batch_cxt);
	MemoryContextSwitchTo(old);
}

static void
reset_batch(OlapIngest *ingest)
{
	ingest->batch.nrows = 0;
	ingest->batch.nsel = 0;
	for (int i = 0; i < ingest->ncols; i++)
		olap_vector_reset(&ingest->batch.cols[i], &ingest->types[i]);
}

static void
add_dead(Flush *f, const OlapMessage *message, const OlapDecodeError *error)
{
	DeadLetter *d = MemoryContextAlloc(f->ingest->flush_cxt, sizeof(DeadLetter));

	d->message = message;
	d->offset = &f->partition->offset;
	d->error = *error;
	olap_clean_reason(d->error.message);
	d->error.sqlstate = MemoryContextStrdup(f->ingest->flush_cxt, error->sqlstate);
	slist_push_head(&f->dead, &d->node);
	if (f->ndead++ == 0)
		f->first_dead = d;
	f->outcome.dead++;
}

static void
reject_row(void *arg, uint32 row, const OlapDecodeError *error)
{
	Flush	   *f = arg;

	add_dead(f, f->messages[row], error);
}

/* Hand the rows decoded so far, all of one partition, to the table. */
static void
insert_batch(Flush *f)
{
	OlapBatch  *batch = &f->ingest->batch;
	int64		dead = f->outcome.dead;
	uint32		inserted;

	if (batch->nrows == 0)
		return;
	batch->nsel = batch->nrows;
	inserted = olap_sink_insert(f->sink, batch, reject_row, f);
	dead = f->outcome.dead - dead;
	f->outcome.inserted += inserted;
	f->outcome.filtered += (int64) batch->nrows - inserted - dead;
	f->inserted += inserted;
	reset_batch(f->ingest);
}

/* How often the worker went down while it tried this record alone. */
static int
crashes_of(const OlapIngest *ingest, const OlapMessage *m)
{
	const OlapPipeline *p = ingest->pipeline;

	return p->attempt_partition == m->partition &&
		p->attempt_offset == m->offset ? p->attempts : 0;
}

static void
decode_one(Flush *f, const OlapMessage *m)
{
	OlapBatch  *batch = &f->ingest->batch;
	OlapDecodeError error = {.sqlstate = "XX000"};
	uint32		row = batch->nrows;

	f->outcome.read++;
	f->read++;
	if (m->timestamp_ms >= 0)
	{
		f->outcome.min_ms = f->outcome.min_ms < 0 ? m->timestamp_ms :
			Min(f->outcome.min_ms, m->timestamp_ms);
		f->outcome.max_ms = Max(f->outcome.max_ms, m->timestamp_ms);
	}
	if (f->ingest->singles > 0 && crashes_of(f->ingest, m) >= MAX_ATTEMPTS)
	{
		strlcpy(error.message, "the record ended the worker repeatedly and was set aside",
				sizeof(error.message));
		add_dead(f, m, &error);
		return;
	}
	switch (f->ingest->api->decode(f->ingest->decoder, m, batch, &error))
	{
		case OLAP_DECODE_ROW:
			f->messages[row] = m;
			break;
		case OLAP_DECODE_TOMBSTONE:
			f->outcome.tombstone++;
			break;
		case OLAP_DECODE_BAD:
			add_dead(f, m, &error);
			break;
	}
}

/* Is a buffered record to be stored, or was it only read along? */
static bool
is_due(const IngestPartition *p, const OlapMessage *m)
{
	return !p->offset.stopped && m->offset >= p->offset.next_offset;
}

/*
 * Decode and insert the buffered records of a partition: messages[0 .. n), in
 * order.  Sets the position behind them and the fingerprint of the last.
 */
static void
flush_partition(Flush *f, const OlapMessage *const *messages, int n,
				int64 *to, OlapFingerprint *last)
{
	int64		bytes = 0;

	for (int i = 0; i < n; i++)
	{
		const OlapMessage *m = messages[i];

		CHECK_FOR_INTERRUPTS();
		decode_one(f, m);
		*to = m->offset + 1;
		bytes += m->value_len;
		if (f->ingest->batch.nrows >= BATCH_ROWS || bytes >= BATCH_BYTES)
		{
			insert_batch(f);
			bytes = 0;
		}
	}
	insert_batch(f);
	if (n > 0)
		*last = olap_fingerprint(messages[n - 1]);
}

/* Commit what became of one partition, with or without records. */
static void
settle_partition(Flush *f, const OlapMessage *const *messages, int n)
{
	IngestPartition *p = f->partition;
	const OlapPartitionState *state;
	OlapFingerprint last = {.offset = -1};
	int64		to = p->offset.next_offset;

	memset(&f->outcome, 0, sizeof(f->outcome));
	f->outcome.min_ms = f->outcome.max_ms = -1;
	flush_partition(f, messages, n, &to, &last);

	/* the end of the partition lies behind records that are never handed out */
	state = f->ingest->api->partition_state(f->ingest->source, p->offset.partition);
	if (state != NULL && f->ingest->singles == 0)
		to = Max(to, state->next_offset);
	if (to > p->offset.next_offset)
		olap_offsets_advance(f->ingest->pipeline, &p->offset, to, &f->outcome,
							 &last);
	ingest_committed(f->ingest, p);
}

static void
write_dead_letters(Flush *f)
{
	slist_iter	iter;

	slist_foreach(iter, &f->dead)
	{
		DeadLetter *d = slist_container(DeadLetter, node, iter.cur);

		olap_dead_letter_add(f->ingest->pipeline, d->offset, d->message, &d->error);
	}
}

/*
 * Is the contract wrong rather than a record?  Then the batch is not committed:
 * better stop than turn a topic into dead letters.  Looks at this batch and at
 * those of late, for batches may be small.
 */
static void
check_dead_ratio(OlapIngest *ingest, const Flush *f)
{
	const OlapPipeline *p = ingest->pipeline;
	int64		read = ingest->recent_read + f->read;
	int64		dead = ingest->recent_dead + f->ndead;

	if (f->ndead == 0 || p->max_dead_ratio >= 1 || read < DEAD_RATIO_RECORDS ||
		dead <= p->max_dead_ratio * read)
		return;
	ereport(ERROR,
			(errcode(OLAP_ERRCODE_TOO_MANY_DEAD),
			 errmsg(INT64_FORMAT " of the last " INT64_FORMAT " records are dead letters, more than max_dead_ratio %g; offset " INT64_FORMAT " of partition %d: %s",
					dead, read, p->max_dead_ratio, f->first_dead->message->offset,
					f->first_dead->message->partition, f->first_dead->error.message)));
}

/* Sort the buffered records by partition, order within one kept. */
static const OlapMessage **
sort_buffer(OlapIngest *ingest, int *starts)
{
	const OlapMessage **sorted = palloc(sizeof(OlapMessage *) * Max(ingest->nbuffer, 1));
	int		   *fill = palloc0(sizeof(int) * (ingest->npartitions + 1));

	for (int i = 0; i < ingest->nbuffer; i++)
	{
		IngestPartition *p = ingest_partition(ingest, ingest->buffer[i].partition);

		if (p != NULL && is_due(p, &ingest->buffer[i]))
			fill[p - ingest->partitions]++;
	}
	starts[0] = 0;
	for (int i = 0; i < ingest->npartitions; i++)
	{
		starts[i + 1] = starts[i] + fill[i];
		fill[i] = starts[i];
	}
	for (int i = 0; i < ingest->nbuffer; i++)
	{
		IngestPartition *p = ingest_partition(ingest, ingest->buffer[i].partition);

		if (p != NULL && is_due(p, &ingest->buffer[i]))
			sorted[fill[p - ingest->partitions]++] = &ingest->buffer[i];
	}
	return sorted;
}

/* Say once, and when it changes, why rows go in by INSERT. */
static void
tell_path(OlapIngest *ingest, const OlapSink *sink)
{
	const char *reason = olap_sink_slow_reason(sink);

	if (reason != NULL && reason != ingest->slow_reason)
		ereport(LOG,
				(errmsg("pipeline \"%s\" stores rows by INSERT, not as column vectors: %s",
						ingest->pipeline->name, reason)));
	ingest->slow_reason = reason;
}

/* The transaction. */
static void
flush_in_transaction(OlapIngest *ingest, Flush *f)
{
	OlapPipeline *p = ingest->pipeline;
	int		   *starts = palloc(sizeof(int) * (ingest->npartitions + 1));
	const OlapMessage **sorted = sort_buffer(ingest, starts);

	if (starts[ingest->npartitions] > 0)
	{
		f->sink = olap_sink_open(p->source, p->target, ingest->types,
								 ingest->ncols, p->owner);
		tell_path(ingest, f->sink);
	}
	for (int i = 0; i < ingest->npartitions; i++)
	{
		f->partition = &ingest->partitions[i];
		if (!f->partition->offset.stopped)
			settle_partition(f, sorted + starts[i], starts[i + 1] - starts[i]);
	}
	if (f->sink != NULL)
		olap_sink_close(f->sink);
	check_dead_ratio(ingest, f);
	write_dead_letters(f);
}

/* The first batch is in: the worker did not crash on it. */
static void
settle(OlapIngest *ingest)
{
	ingest_begin_transaction();
	olap_offsets_clear_crashes(ingest->pipeline);
	ingest_commit_transaction();
	ingest->settled = true;
}

/* After the commit: give the records back and count. */
static void
after_commit(OlapIngest *ingest, const Flush *f)
{
	size_t		memory = 0;

	if (ingest->nbuffer > 0)
		ingest->api->release(ingest->source, ingest->buffer, ingest->nbuffer);
	if (ingest->singles > 0 && ingest->nbuffer > 0)
		ingest->singles--;
	else if (ingest->singles == 0 && !ingest->settled)
		settle(ingest);
	ingest_forget_buffer(ingest);
	ingest->rate_rows += f->inserted;
	ingest->recent_read += f->read;
	ingest->recent_dead += f->ndead;
	if (ingest->recent_read > DEAD_RATIO_RECORDS)
	{
		/* older batches weigh less and less */
		ingest->recent_read /= 2;
		ingest->recent_dead /= 2;
	}
	ingest->last_commit = ingest->progress_at = GetCurrentTimestamp();
	MemoryContextReset(ingest->flush_cxt);
	for (int i = 0; i < ingest->ncols; i++)
		memory += olap_vector_memory(&ingest->batch.cols[i]);
	if (memory > BATCH_KEEP_BYTES)
		ingest_init_batch(ingest);
}

/* After crashes, a record is noted before it is tried. */
static void
note_attempt(OlapIngest *ingest, const OlapMessage *m)
{
	IngestPartition *p = ingest_partition(ingest, m->partition);

	if (p == NULL || !is_due(p, m))
		return;
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	olap_offsets_note_attempt(ingest->pipeline, m->partition, m->offset,
							  crashes_of(ingest, m) + 1);
	PopActiveSnapshot();
	ForceSyncCommit();
	CommitTransactionCommand();
}

bool
ingest_flush(OlapIngest *ingest)
{
	Flush	   *f = MemoryContextAllocZero(ingest->flush_cxt, sizeof(Flush));
	TimestampTz start = GetCurrentTimestamp();
	MemoryContext old;

	if (ingest->singles > 0 && ingest->nbuffer > 0)
		note_attempt(ingest, &ingest->buffer[0]);
	f->ingest = ingest;
	slist_init(&f->dead);
	pgstat_report_activity(STATE_RUNNING, "committing a batch");
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	/* the decoder was made for the foreign table as it was: is it still so? */
	LockRelationOid(ingest->pipeline->source, AccessShareLock);
	if (olap_ingest_outdated(ingest))
	{
		CommitTransactionCommand();
		return false;
	}
	PushActiveSnapshot(GetTransactionSnapshot());
	if (!ingest_check_current(ingest))
	{
		ingest_commit_transaction();
		return false;
	}
	old = MemoryContextSwitchTo(ingest->flush_cxt);
	flush_in_transaction(ingest, f);
	MemoryContextSwitchTo(old);
	PopActiveSnapshot();
	CommitTransactionCommand();
	after_commit(ingest, f);
	ingest->waiting_since = start;
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
	return true;
}

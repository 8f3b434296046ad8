/*-------------------------------------------------------------------------
 *
 * ingest_internal.h
 *		What the files of the ingest worker share.
 *
 * src/worker/ingest_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_WORKER_INGEST_INTERNAL_H
#define OLAP_WORKER_INGEST_INTERNAL_H

#include "datatype/timestamp.h"

#include "ingest/source.h"
#include "worker/ingest.h"

/* A partition as the worker sees it. */
typedef struct IngestPartition
{
	OlapOffset	offset;			/* as committed */
	bool		verifying;		/* the anchor is read again first */
	int64		oldest_ms;		/* of the records in the buffer; -1 */
	int			buffered;
	int			missing;		/* times in a row the topic did not list it */
	OlapFingerprint anchor;		/* a committed record of this topic; see
								 * ingest_topic.c */
	int64		younger;		/* offset of the first record younger than the
								 * anchor if it lies before it, or OLAP_TIME_ */
	int64		suspect;		/* the same as told now, while the anchor is
								 * verified because of it */
	int64		low;			/* begin of the log as seen last; -1 */
} IngestPartition;

struct OlapIngest
{
	OlapPipeline *pipeline;
	int			slot;
	const OlapSourceApi *api;
	OlapSource *source;
	OlapDecoder *decoder;
	const OlapColumnType *types;
	int			ncols;

	IngestPartition *partitions;	/* by ascending number */
	int			npartitions;

	/* read, not yet committed; owned by the source until release() */
	OlapMessage *buffer;		/* [pipeline->max_rows] */
	int			nbuffer;
	int64		bytes;
	TimestampTz buffered_since;
	TimestampTz waiting_since;	/* start of the commit just done: records that
								 * are there have waited since then; else 0 */
	bool		more;			/* the last poll() left records behind */

	OlapBatch	batch;			/* reused; in batch_cxt */
	MemoryContext batch_cxt;
	MemoryContext flush_cxt;	/* reset after each flush */

	bool		look_soon;		/* an anchor was not asked for yet */
	bool		ending;			/* what was read is committed, and that is all */
	bool		reassign;		/* partitions were stopped since assign() */
	TimestampTz refused_at;		/* an offset was refused since assign(); else 0 */
	const char *slow_reason;	/* as told last; a constant */
	int64		recent_read;	/* records committed lately, and how many of */
	int64		recent_dead;	/* them are dead letters; see check_dead_ratio() */
	int			singles;		/* records still to be tried one by one */
	bool		settled;		/* crash counter cleared */
	TimestampTz opened_at;
	TimestampTz progress_at;
	TimestampTz discovery_at;
	TimestampTz mirror_at;
	TimestampTz fold_at;		/* when the ledger is folded, and dead letters
								 * expire, next */
	TimestampTz live_at;
	TimestampTz inval_at;
	TimestampTz rate_at;
	int64		rate_rows;		/* committed since rate_at */
	double		rows_per_s;
	TimestampTz last_commit;
	OlapSourceStatus status;
	char		status_text[256];
	TimestampTz unreadable_at;	/* when records could not be read, and why */
	char		unreadable[256];
};

extern IngestPartition *ingest_partition(OlapIngest *ingest, int32 partition);
extern void ingest_forget_buffer(OlapIngest *ingest);
extern void ingest_begin_transaction(void);
extern void ingest_commit_transaction(void);

/*
 * May this worker still store something?  If not, the worker is outdated.  In a
 * transaction with a snapshot.
 */
extern bool ingest_check_current(OlapIngest *ingest);

/* Keep the ledger small, and dead letters no longer than they are to be kept. */
extern void ingest_tidy_up(OlapIngest *ingest, TimestampTz now);

/* Tell the source what to read.  The buffer is empty. */
extern void ingest_assign(OlapIngest *ingest);

/* --- ingest_topic.c --- */

/* A partition as it was committed. */
extern void ingest_init_partition(IngestPartition *p, const OlapOffset *offset);

/* More of a partition was committed. */
extern void ingest_committed(OlapIngest *ingest, IngestPartition *p);

/* The first record read of a partition that is verifying: is it the anchor? */
extern void ingest_check_record(OlapIngest *ingest, IngestPartition *p,
								const OlapMessage *message);

/* The offset a partition wants is not in the log (any more). */
extern void ingest_offset_lost(OlapIngest *ingest, const OlapSourceError *error);

/* Ask again for what was refused without a proof of loss, if it is time. */
extern void ingest_retry_refused(OlapIngest *ingest, TimestampTz now);

/*
 * The brokers answer again, or the topic is back: is it still the same one?
 * Records that came meanwhile may be of another, so they are dropped and read
 * again behind the record that tells.
 */
extern void ingest_verify_again(OlapIngest *ingest);

/*
 * Did the topic get more partitions, did it lose some, is it another one?  New
 * ones are read from their first record on.  The buffer is empty.
 */
extern void ingest_look_at_topic(OlapIngest *ingest);

/*
 * ingest_flush.c: commit the buffer and the positions.  false: nothing was done,
 * because the worker is outdated and must end; the buffer is as before.
 */
extern bool ingest_flush(OlapIngest *ingest);
extern void ingest_init_batch(OlapIngest *ingest);

/* ingest_live.c: tell the shared area. */
extern void ingest_report(OlapIngest *ingest, bool now);

/*
 * Records cannot be read, for this reason: shown as long as it is told again, and
 * noted as the pipeline's last error, now and then.  Runs a transaction of its own.
 */
extern void ingest_note_unreadable(OlapIngest *ingest, const char *reason);

#endif							/* OLAP_WORKER_INGEST_INTERNAL_H */

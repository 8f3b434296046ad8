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
	bool		verifying;		/* the last committed record is read again first */
	int64		oldest_ms;		/* of the records in the buffer; -1 */
	int			buffered;
	int			missing;		/* times in a row the topic did not list it */
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

	bool		reassign;		/* partitions were stopped since assign() */
	const char *slow_reason;	/* as told last; a constant */
	int64		recent_read;	/* records committed lately, and how many of */
	int64		recent_dead;	/* them are dead letters; see check_dead_ratio() */
	int			singles;		/* records still to be tried one by one */
	bool		settled;		/* crash counter cleared */
	TimestampTz opened_at;
	TimestampTz progress_at;
	TimestampTz discovery_at;
	TimestampTz mirror_at;
	TimestampTz fold_at;		/* when the ledger is folded next */
	TimestampTz live_at;
	TimestampTz inval_at;
	TimestampTz rate_at;
	int64		rate_rows;		/* committed since rate_at */
	double		rows_per_s;
	TimestampTz last_commit;
	OlapSourceStatus status;
	char		status_text[256];
};

extern IngestPartition *ingest_partition(OlapIngest *ingest, int32 partition);
extern void ingest_forget_buffer(OlapIngest *ingest);

/*
 * ingest_flush.c: commit the buffer and the positions.  false: nothing was done,
 * because the worker is outdated and must end; the buffer is as before.
 */
extern bool ingest_flush(OlapIngest *ingest);
extern void ingest_init_batch(OlapIngest *ingest);

/* ingest_live.c: tell the shared area. */
extern void ingest_report(OlapIngest *ingest, bool now);

#endif							/* OLAP_WORKER_INGEST_INTERNAL_H */

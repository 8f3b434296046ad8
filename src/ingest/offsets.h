/*-------------------------------------------------------------------------
 *
 * offsets.h
 *		Where the partitions of a pipeline stand: offsets, ledger, dead letters.
 *
 * All functions write inside the caller's transaction, the one that writes the
 * rows; each opens a catalog scope of its own.  A worker owns the epoch it
 * claimed: a commit of another epoch, or from another offset than the one
 * stored, finds nothing to update and is an error, so a left-over process
 * cannot write twice.
 *
 * Locks: whoever needs the row of the pipeline and others of it locks that one
 * first, and rows of partitions by ascending number.  A batch locks its
 * partitions and reads the pipeline, for it may take long and pause is not to
 * wait for it.
 *
 * src/ingest/offsets.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_OFFSETS_H
#define OLAP_OFFSETS_H

#include "ingest/pipeline.h"
#include "ingest/source.h"

/* The commit of a worker that no longer owns the pipeline. */
#define OLAP_ERRCODE_FENCED MAKE_SQLSTATE('5','5','O','L','1')

/* More dead letters than the pipeline's limit allows. */
#define OLAP_ERRCODE_TOO_MANY_DEAD MAKE_SQLSTATE('5','5','O','L','2')

/* Payload bytes of one dead letter that are kept; value_length has the whole. */
#define OLAP_DEAD_LETTER_BYTES (1024 * 1024)
#define OLAP_DEAD_LETTER_KEY_BYTES (OLAP_DEAD_LETTER_BYTES + 1)	/* so a key that was cut is known by its length */

/* Longest dead_letter_retention. */
#define OLAP_DEAD_LETTER_MAX_YEARS 1000

/* A record, to be recognised when read again. */
typedef struct OlapFingerprint
{
	int64		offset;			/* -1: none */
	int64		timestamp_ms;
	uint32		crc;
} OlapFingerprint;

typedef struct OlapOffset
{
	int32		partition;
	int32		incarnation;
	int64		next_offset;
	bool		stopped;		/* waits for accept_gap */
	OlapFingerprint last;
} OlapOffset;

typedef struct OlapOutcome
{
	int64		read;
	int64		inserted;
	int64		filtered;
	int64		tombstone;
	int64		dead;
	int64		min_ms;			/* of record timestamps; -1: none */
	int64		max_ms;
} OlapOutcome;

extern OlapFingerprint olap_fingerprint(const OlapMessage *message);

/*
 * Take a pipeline over: raises its epoch.  NULL if it does not exist, is not to
 * run, or does not belong here.
 */
extern OlapPipeline *olap_offsets_claim(const char *name);

/*
 * Does the pipeline that was claimed still run, under the epoch claimed?  ending:
 * it may be paused, but not taken over or dropped.
 */
extern bool olap_offsets_current(const OlapPipeline *pipeline, bool ending);

/* Offsets by partition, palloc'd. */
extern OlapOffset *olap_offsets_load(const char *pipeline, int *n);

/*
 * Move a partition from offset->next_offset to `to`, with what became of the
 * records between, and write the ledger.  Updates *offset.
 * ERROR OLAP_ERRCODE_FENCED if epoch or offset are not the stored ones.
 */
extern void olap_offsets_advance(const OlapPipeline *pipeline,
								 OlapOffset *offset, int64 to,
								 const OlapOutcome *outcome,
								 const OlapFingerprint *last);

/*
 * A new partition of the topic, to be read from its offset 0 on.
 * ERROR OLAP_ERRCODE_FENCED if the pipeline was taken over or dropped.
 */
extern OlapOffset olap_offsets_add(const OlapPipeline *pipeline,
								   int32 partition, int64 start);

/* Stop a partition until accept_gap; state: 'offset_lost', 'topic_recreated'. */
extern void olap_offsets_stop(const OlapPipeline *pipeline,
							  const OlapOffset *offset, const char *state,
							  int64 log_start, const char *reason);

/* Make a reason that quotes a record's bytes valid text, in place. */
extern void olap_clean_reason(char *text);

extern void olap_dead_letter_add(const OlapPipeline *pipeline,
								 const OlapOffset *offset,
								 const OlapMessage *message,
								 const OlapDecodeError *error);

/* Delete the dead letters that are older than the pipeline keeps them. */
extern void olap_dead_letters_expire(const OlapPipeline *pipeline);

/* From now on, an end without a commit counts as a crash. */
extern void olap_offsets_count_start(const OlapPipeline *pipeline);

/*
 * The worker committed, so it did not crash.  In a transaction of its own: that of
 * a batch has locked rows of partitions.
 */
extern void olap_offsets_clear_crashes(const OlapPipeline *pipeline);

/*
 * Fold ledger rows older than OLAP_LEDGER_DETAIL into one an hour and partition,
 * those older than OLAP_LEDGER_KEEP into one a partition, so that the ledger
 * stays small (a batch adds a row a partition) and still tiles.  Accepted gaps
 * are kept as they are, and so is a hole that should not be.
 */
#define OLAP_LEDGER_DETAIL "3 hours"
#define OLAP_LEDGER_KEEP "7 days"
extern void olap_offsets_fold_ledger(const OlapPipeline *pipeline);

/* Note the record about to be tried alone, after crashes. */
extern void olap_offsets_note_attempt(const OlapPipeline *pipeline,
									  int32 partition, int64 offset,
									  int attempts);

#endif							/* OLAP_OFFSETS_H */

/*-------------------------------------------------------------------------
 *
 * ingest.h
 *		The work of an ingest worker: read, buffer, commit.
 *
 * src/worker/ingest.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_WORKER_INGEST_H
#define OLAP_WORKER_INGEST_H

#include "ingest/offsets.h"

typedef struct OlapIngest OlapIngest;

/*
 * Take over the pipeline and open its source; NULL if it is not to run.
 * Runs transactions of its own.  Everything lives in the current context,
 * which must last as long as the process.
 */
extern OlapIngest *olap_ingest_open(const char *name, int slot);

/*
 * Wait up to 100 ms for records and commit what is due.  Outside any
 * transaction before and after.
 */
extern void olap_ingest_step(OlapIngest *ingest);

/* Commit everything that was read. */
extern void olap_ingest_finish(OlapIngest *ingest);

/*
 * Milliseconds to wait before olap_ingest_begin(): a record that ends the whole
 * server must not do so without a pause.
 */
extern int	olap_ingest_delay(const OlapIngest *ingest);

/* From here on, the worker reads, and its end without a commit is a crash. */
extern void olap_ingest_begin(OlapIngest *ingest);

/* Is this the definition it works by? */
extern bool olap_ingest_is_of(const OlapIngest *ingest, int version,
							  TimestampTz created_at);

/* Did something it depends on change, so that it must start anew? */
extern bool olap_ingest_outdated(const OlapIngest *ingest);

/* Is the pipeline paused, dropped or taken over, whatever the slot says? */
extern bool olap_ingest_superseded(const OlapIngest *ingest);

/* Close the source, if one is open; safe at any time, also at exit. */
extern void olap_ingest_close_source(void);

#endif							/* OLAP_WORKER_INGEST_H */

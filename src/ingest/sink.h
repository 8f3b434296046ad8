/*-------------------------------------------------------------------------
 *
 * sink.h
 *		Decoded batches into the target table of a pipeline.
 *
 * A sink lives for one transaction: relations are locked, columns mapped and
 * the path chosen anew each time, so ALTER TABLE between two batches is simply
 * seen.  Rows that the table refuses (a constraint, a trigger's exception, no
 * partition for it) are reported one by one; the others go in.
 *
 * src/ingest/sink.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_SINK_H
#define OLAP_SINK_H

#include "ingest/source.h"

typedef struct OlapSink OlapSink;

/* Row `row` of the batch was refused; error is the callee's to copy. */
typedef void (*OlapSinkReject) (void *arg, uint32 row,
								const OlapDecodeError *error);

/*
 * Open source and target in the current transaction for inserts as role, which
 * is the current user.  types[ncols] are the decoder's.  Everything lives in
 * the current context.
 * ERROR: a table is gone, or the columns do not fit any more.
 */
extern OlapSink *olap_sink_open(Oid source, Oid target,
								const OlapColumnType *types, int ncols,
								Oid role);

/*
 * Insert the rows of a batch (nrows, no selection).  Returns how many went in;
 * the others were rejected, or swallowed by a trigger or rule.
 * ERROR: trouble that no single row is to blame for.
 */
extern uint32 olap_sink_insert(OlapSink *sink, OlapBatch *batch,
							   OlapSinkReject reject, void *arg);

/* Write out what waits in buffers; relations stay locked until commit. */
extern void olap_sink_close(OlapSink *sink);

/* NULL on the fast path, else why not: a constant. */
extern const char *olap_sink_slow_reason(const OlapSink *sink);

#endif							/* OLAP_SINK_H */

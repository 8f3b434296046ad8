/*-------------------------------------------------------------------------
 *
 * encoder.h
 *		Row groups of a large load, encoded by another process.
 *
 * Why: a fifth of a COPY's time is the encoding of row groups, which needs
 * nothing but the values.  A worker does it while the session reads on.
 *
 * A row group that is handed over is *pending* until olap_encoder_take() puts
 * it into its builder.  They come back in the order in which they went; so a
 * builder's row groups are in order if none is added to it otherwise while some
 * are pending.  There is one encoder a backend, for all its builders.
 *
 * A worker that does not start, fails or goes away costs only time: row groups
 * without an answer are encoded here.
 *
 * Locks: to be called without any of the server's light-weight locks, for
 * olap_encoder_take() waits; interrupts are served then.
 * Memory: bounded by the memory given to olap_encoder_start(), and shared.
 *
 * src/segment/encoder.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_ENCODER_H
#define OLAP_ENCODER_H

#include "segment/segment.h"

/*
 * Start workers for row groups of about the size of cols[ncols], within memory
 * bytes.  Nothing happens if they run, if this process should have none, or if
 * there is no room, no shared memory or no free worker.
 */
extern void olap_encoder_start(const OlapColumnType *types, int ncols,
							   const OlapVector *cols, size_t memory);

extern bool olap_encoder_running(void);

/* Bytes of shared memory. */
extern size_t olap_encoder_memory(void);

/* Could olap_encoder_add() ever take these columns? */
extern bool olap_encoder_fits(OlapSegmentBuilder *builder,
							  const OlapVector *cols);

/* Is there room for a row group just now?  If not: take one. */
extern bool olap_encoder_has_room(void);

/*
 * Hand a row group over that fits, where there is room.  The vectors stay the
 * caller's and may be reused at once.  owner is what olap_encoder_take() returns
 * for it.
 */
extern void olap_encoder_add(OlapSegmentBuilder *builder, void *owner,
							 const OlapVector *cols, uint32 nrows);

/*
 * Put the oldest pending row group into its builder, if it is ready or, with wait,
 * whatever that takes.  False: it is not, or there is none.  *owner: NULL if its
 * builder was freed meanwhile.
 */
extern bool olap_encoder_take(bool wait, void **owner);

/* Forget what is pending and let the workers go; safe at any time. */
extern void olap_encoder_stop(void);

/* The memory of builder goes: what comes back for it is dropped. */
extern void olap_encoder_forget(OlapSegmentBuilder *builder);

#endif							/* OLAP_ENCODER_H */

/*-------------------------------------------------------------------------
 *
 * encode_internal.h
 *		Encoding row groups, here or in another process: what the files share.
 *
 * The backend and its encode workers share one area: a header and slots of equal
 * size, each for one row group.  The backend puts the raw columns into a slot;
 * whoever takes it out of OLAP_SLOT_FILLED encodes it, worker or backend, and
 * what came of it replaces the raw columns in one piece, when nothing can fail
 * any more.  So as long as there is no answer the raw row group is there, and
 * nothing is lost with a worker.
 *
 * src/segment/encode_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_ENCODE_INTERNAL_H
#define OLAP_ENCODE_INTERNAL_H

#include "port/atomics.h"
#include "storage/latch.h"

#include "segment/segment.h"

#define OLAP_ENCODE_MAGIC 0x51454e43
#define OLAP_ENCODE_MAX_WORKERS 8
#define OLAP_ENCODE_MAX_SLOTS (OLAP_ENCODE_MAX_WORKERS + 1)

typedef enum OlapSlotState
{
	OLAP_SLOT_IDLE = 0,			/* the backend's */
	OLAP_SLOT_FILLED,			/* raw; whoever wants to may take it */
	OLAP_SLOT_BUSY,				/* raw; somebody encodes it */
	OLAP_SLOT_DONE,				/* encoded; the backend's */
	OLAP_SLOT_FAILED			/* raw as ever; the backend's */
} OlapSlotState;

typedef struct OlapEncodeSlot
{
	pg_atomic_uint32 state;		/* OlapSlotState */
	uint32		nrows;
	uint64		serial;			/* the least is encoded first */
	int			ncols;
	size_t		offset;			/* of its bytes, in the area */
} OlapEncodeSlot;

typedef struct OlapEncodeArea
{
	uint32		magic;
	int			nslots;
	size_t		slot_size;
	Latch	   *backend;
	pg_atomic_uint32 closed;	/* the backend wants nothing any more */
	pg_atomic_uint32 nworkers;	/* that have come */
	Latch	   *workers[OLAP_ENCODE_MAX_WORKERS];	/* NULL: not there */
	OlapEncodeSlot slots[OLAP_ENCODE_MAX_SLOTS];
} OlapEncodeArea;

/* A raw column in a slot; its arrays are offsets from the slot's first byte. */
typedef struct OlapEncodeColumn
{
	OlapColumnType type;
	OlapVector	vector;			/* without pointers */
	size_t		valid;			/* 0: none */
	size_t		values;
	size_t		heap;			/* 0: none */
} OlapEncodeColumn;

/*
 * Encode v, a column of this type: its bytes are appended to bytes and described
 * in *chunk, whose offset is that in bytes.  A dropped column has none.  Scratch
 * memory comes from CurrentMemoryContext and is left there.
 */
extern void olap_encode_column(const OlapColumnType *type, const OlapVector *v,
							   OlapBytes *bytes, OlapSegChunk *chunk);

static inline uint8 *
olap_encode_slot_data(OlapEncodeArea *area, const OlapEncodeSlot *slot)
{
	return (uint8 *) area + slot->offset;
}

/* Bytes that a row group takes in a slot. */
extern size_t olap_encode_raw_size(const OlapColumnType *types, int ncols,
								   const OlapVector *cols);

/* Copy a row group into a slot that is the backend's; it has room. */
extern void olap_encode_put(OlapEncodeArea *area, OlapEncodeSlot *slot,
							const OlapColumnType *types, int ncols,
							const OlapVector *cols, uint32 nrows);

/* The raw row group in a slot: types and vectors in CurrentMemoryContext. */
extern void olap_encode_view(OlapEncodeArea *area, const OlapEncodeSlot *slot,
							 OlapColumnType **types, OlapVector **cols);

/*
 * Encode the row group of a slot that the caller made BUSY, and make it DONE, or
 * FAILED if its encoded form has no room.  An error leaves it BUSY and raw.  Ends
 * early, with FAILED, when *stop becomes true or the area is closed.
 */
extern void olap_encode_slot(OlapEncodeArea *area, OlapEncodeSlot *slot,
							 const volatile sig_atomic_t *stop);

/* What DONE left: descriptors [ncols], offsets from *bytes. */
extern const OlapSegChunk *olap_encode_result(OlapEncodeArea *area,
											  const OlapEncodeSlot *slot,
											  const uint8 **bytes);

/* The oldest slot that is FILLED, now BUSY and the caller's; NULL: none. */
extern OlapEncodeSlot *olap_encode_claim(OlapEncodeArea *area);

/* Start of an encode worker; arg is the handle of the area. */
extern PGDLLEXPORT void olap_encode_main(Datum arg);

#endif							/* OLAP_ENCODE_INTERNAL_H */

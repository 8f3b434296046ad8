/*-------------------------------------------------------------------------
 *
 * source.h
 *		The seam between the olap library and the olap_kafka library.
 *
 * Why: librdkafka must not be loaded by the postmaster nor by sessions that
 * never read a topic (it starts threads).  So everything that touches
 * librdkafka or simdjson lives in the library olap_kafka, which hands this
 * table of functions to the ingest worker:
 *
 *		load_external_function("$libdir/olap_kafka", "olap_kafka_source_api", ...)
 *
 * returns a function of type OlapSourceApiFn.  Nothing here calls back into
 * the olap library: batches are plain memory (vector/vector.h), whose code both
 * libraries carry.
 *
 * src/ingest/source.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_SOURCE_H
#define OLAP_SOURCE_H

#include "access/tupdesc.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "vector/vector.h"

#define OLAP_SOURCE_API_VERSION 3

/* Starting points that are resolved once to absolute offsets. */
#define OLAP_OFFSET_EARLIEST (-2)
#define OLAP_OFFSET_LATEST (-1)

/* Instead of an offset: none, or no answer. */
#define OLAP_TIME_NONE (-1)
#define OLAP_TIME_UNKNOWN (-2)

typedef struct OlapSource OlapSource;
typedef struct OlapDecoder OlapDecoder;

/*
 * One message as read.  Pointers are valid until the source's release().
 */
typedef struct OlapMessage
{
	int32		partition;
	int64		offset;
	int64		timestamp_ms;	/* -1: none */
	const char *key;			/* NULL: absent */
	size_t		key_len;
	const char *value;			/* NULL: tombstone */
	size_t		value_len;
	void	   *handle;			/* the source's own */
} OlapMessage;

/* What the source knows of one assigned partition. */
typedef struct OlapPartitionState
{
	int32		partition;
	int64		next_offset;	/* the next one to read: one behind the last
								 * message handed out, or the end-of-partition
								 * position, which is past control records */
	int64		high_offset;	/* end of the partition as last heard, -1 if
								 * never heard; last stable offset under
								 * read_committed */
	int64		low_offset;		/* log start as last heard, -1 */
	bool		at_end;			/* next_offset was the end when last heard */
	TimestampTz contact;		/* last proof that the broker answered for it */
} OlapPartitionState;

typedef enum OlapSourceStatus
{
	OLAP_SOURCE_OK = 0,			/* nothing special: messages or none */
	OLAP_SOURCE_DISCONNECTED,	/* no broker reachable now; it keeps trying */
	OLAP_SOURCE_OFFSET_LOST,	/* next offset below log start or beyond the
								 * end: partition in error->partition stops */
	OLAP_SOURCE_TOPIC_GONE,		/* unknown topic or partition; lasts until
								 * records or partitions() show otherwise */
	OLAP_SOURCE_AUTH,			/* authentication or authorization refused;
								 * lasts likewise */
	OLAP_SOURCE_UNREADABLE,		/* records cannot be read: damaged, or larger
								 * than allowed; told each time, it keeps
								 * trying */
	OLAP_SOURCE_FATAL			/* needs a new source */
} OlapSourceStatus;

typedef struct OlapSourceError
{
	OlapSourceStatus status;
	int32		partition;		/* -1: not of one partition */
	int64		offset;			/* OFFSET_LOST: the offset asked for */
	char		message[256];
} OlapSourceError;

/* Why a message did not become a row. */
typedef struct OlapDecodeError
{
	const char *sqlstate;		/* five characters, static */
	char		column[NAMEDATALEN];	/* "" if not of one column */
	char		message[256];
} OlapDecodeError;

typedef enum OlapDecodeResult
{
	OLAP_DECODE_ROW,			/* one row appended to the batch */
	OLAP_DECODE_TOMBSTONE,		/* value is NULL: no row, no error */
	OLAP_DECODE_BAD				/* nothing appended, *error says why */
} OlapDecodeResult;

typedef struct OlapSourceApi
{
	uint32		version;		/* OLAP_SOURCE_API_VERSION */

	/*
	 * Open a consumer for the topic of a foreign table, with the options of
	 * its server and the user mapping of userid.  No partition is assigned.
	 * group_id is for the broker's logs and quotas (offsets are ours).
	 * Allocates in CurrentMemoryContext plus librdkafka's own memory; the
	 * caller must close() it also on error (PG_TRY or on_shmem_exit).
	 * ERROR: bad options; connection trouble is no error here.
	 */
	OlapSource *(*open) (Oid foreign_table, Oid userid, const char *group_id);

	/* Free everything; waits a bounded time (seconds) for threads to end. */
	void		(*close) (OlapSource *source);

	/*
	 * Partition numbers of the topic: a palloc'd array, count in *n.  -1 if
	 * the broker did not answer in time (*error says why).
	 */
	int32	   *(*partitions) (OlapSource *source, int timeout_ms, int *n,
							   OlapSourceError *error);

	/*
	 * Turn OLAP_OFFSET_EARLIEST or _LATEST of a partition into a number, and
	 * tell the log's low and high offset.  false: no answer (*error).
	 */
	bool		(*resolve) (OlapSource *source, int32 partition, int64 start,
							int timeout_ms, int64 *offset, int64 *low,
							int64 *high, OlapSourceError *error);

	/* Offset of the first message not older than ts_ms; end if none. */
	bool		(*resolve_time) (OlapSource *source, int32 partition,
								 int64 ts_ms, int timeout_ms, int64 *offset,
								 OlapSourceError *error);

	/*
	 * For each partition the offset of its first message not older than
	 * times_ms, OLAP_TIME_NONE or, for a negative time too, OLAP_TIME_UNKNOWN,
	 * in one request a broker.  false: nothing is known.
	 */
	bool		(*find_times) (OlapSource *source, int n, const int32 *partitions,
							   const int64 *times_ms, int timeout_ms,
							   int64 *offsets);

	/* Read these partitions from these absolute offsets on; replaces an
	 * earlier assignment and drops what was queued for it. */
	void		(*assign) (OlapSource *source, int n, const int32 *partitions,
						   const int64 *offsets);

	/*
	 * Wait up to timeout_ms for messages, hand out at most max, and no more
	 * behind the one that reaches max_bytes.  Returns the count; also serves librdkafka's events.  Messages of one partition come
	 * in offset order.  *error->status tells trouble even if messages came.
	 * Does not CHECK_FOR_INTERRUPTS.
	 */
	int			(*poll) (OlapSource *source, int timeout_ms,
						 OlapMessage *messages, int max, int64 max_bytes,
						 OlapSourceError *error);

	/* Give back messages (all those of poll() since the last release). */
	void		(*release) (OlapSource *source, OlapMessage *messages, int n);

	/* State of an assigned partition, or NULL. Valid until the next call. */
	const OlapPartitionState *(*partition_state) (OlapSource *source,
												  int32 partition);

	/* Mirror offsets to the broker's group, asynchronously, best effort. */
	void		(*mirror) (OlapSource *source, int n, const int32 *partitions,
						   const int64 *offsets);

	/*
	 * A decoder for the foreign table's contract (format, paths, time
	 * formats, meta columns).  Lives in CurrentMemoryContext.
	 */
	OlapDecoder *(*decoder_create) (Oid foreign_table);

	/* Column types of the rows it makes, by attribute of the foreign table. */
	const OlapColumnType *(*decoder_types) (OlapDecoder *decoder, int *ncols);

	/*
	 * Decode one message onto the end of batch (ncols as decoder_types, all
	 * columns loaded, made by olap_vector_init with growing capacity).
	 * Identical bytes give identical rows: nothing depends on settings or the
	 * clock.  Types without a decoder of their own go through their input
	 * function: then an ERROR is caught inside, in a subtransaction, so the
	 * caller must be in a transaction with a snapshot.
	 */
	OlapDecodeResult (*decode) (OlapDecoder *decoder, const OlapMessage *message,
								OlapBatch *batch, OlapDecodeError *error);
} OlapSourceApi;

typedef const OlapSourceApi *(*OlapSourceApiFn) (void);

#endif							/* OLAP_SOURCE_H */

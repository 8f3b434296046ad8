/*-------------------------------------------------------------------------
 *
 * writer.h
 *		Inserts: where rows wait, and where they go.
 *
 * A table whose row numbers someone can observe before the statement ends
 * (indexes, AFTER ROW triggers, RETURNING) is written through: each row goes
 * to a delta page at once; a statement that turns out large switches to
 * segments with reserved row numbers.  With a unique or exclusion index every
 * row goes to the delta at once, for others must find it as soon as the index
 * names it.  All others are buffered in column
 * vectors, a bucket of the time column each, and at the end of the statement
 * become segments (a few thousand rows and more) or delta rows.  Memory over
 * all tables of the backend is bounded by olap.write_memory.
 *
 * A buffer belongs to one (relation file, subtransaction, command id); rows of
 * several commands never share a segment.
 *
 * Every reader of a relation in the same backend calls olap_writer_flush()
 * first, so own rows are always found in the file.
 *
 * src/table/writer.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_WRITER_H
#define OLAP_WRITER_H

#include "executor/tuptable.h"
#include "utils/relcache.h"

#include "meta/options.h"
#include "vector/vector.h"

/*
 * Insert the rows of slots.  Sets tts_tid (invalid while the row waits in a
 * buffer, which happens only where nobody can observe it) and tts_tableOid.
 */
extern void olap_writer_insert(Relation rel, TupleTableSlot **slots, int nslots,
							   CommandId cid);

/*
 * Insert the row of slot as the new version of one: its TID is known at once.
 * Not counted as an insert.
 */
extern void olap_writer_insert_version(Relation rel, TupleTableSlot *slot,
									   CommandId cid);

/*
 * Insert the row of slot so that others who look for a conflict see it at once
 * and wait for token; olap_fetch_complete_speculative() must follow.  A row too
 * wide for a delta page is visible at once all the same, but without a token.
 */
extern void olap_writer_insert_speculative(Relation rel, TupleTableSlot *slot,
										   CommandId cid, uint32 token);

/*
 * Insert a batch of columns: cols[natts] by attribute number - 1 of rel (types
 * as olap_column_types(rel)), nrows rows; NULL entries are all NULL.  Only for
 * tables where row numbers are not observable (olap_writer_batch_ok()).
 * The caller has checked constraints.
 */
extern void olap_writer_insert_batch(Relation rel, const OlapVector *const *cols,
									 uint32 nrows, CommandId cid);

/*
 * Copy a row into a new file of the table, as inserted by (xid, cid): VACUUM
 * FULL and CLUSTER keep who inserted what.  The caller flushes.
 */
extern void olap_writer_copy_row(Relation rel, TupleTableSlot *slot,
								 TransactionId xid, CommandId cid);

/* The same at once, and so that the row's TID is known. */
extern void olap_writer_copy_row_through(Relation rel, TupleTableSlot *slot,
										 TransactionId xid, CommandId cid);

/* No index, no row trigger: batches may be inserted. */
extern bool olap_writer_batch_ok(Relation rel);

/* Write out what this backend holds for rel. Cheap if it holds nothing. */
extern void olap_writer_flush(Relation rel);

/* Write out everything (end of statement, before PREPARE and commit). */
extern void olap_writer_flush_all(void);

/* Forget what is held for a relation file (TRUNCATE, DROP in the transaction). */
extern void olap_writer_forget(Relation rel);

/*
 * The bucket of a time value: segments keep to one where they can.  NULLs have
 * one of their own, before all others.
 */
#define OLAP_BUCKET_NULL PG_INT64_MIN
extern int64 olap_bucket_key(int64 interval, bool isnull, int64 value);

/* The interval in units of a time column of this type; 0: a single bucket. */
extern int64 olap_bucket_interval(const OlapOptions *options, Oid type);

/* Rows of a bucket that are worth a segment of their own. */
#define OLAP_SEGMENT_MIN_ROWS 4096
/* Input after which a segment is closed. */
#define OLAP_SEGMENT_MAX_BYTES ((size_t) 256 * 1024 * 1024)

/* Column types of rel by attribute, palloc'd. */
extern OlapColumnType *olap_column_types(TupleDesc tupdesc);

/* Install transaction callbacks and executor hooks; called by _PG_init. */
extern void olap_writer_init(void);

#endif							/* OLAP_WRITER_H */

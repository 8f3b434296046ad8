/*-------------------------------------------------------------------------
 *
 * rangelog.h
 *		Deletes, updates and row locks: records keyed by row number.
 *
 * Why not xmax in tuples and bitmaps in segments: a record that hangs on the row
 * number stays valid when the row moves from the delta to a segment and on to
 * a larger one, so compaction and deleters never wait for each other, and no
 * place is ever changed.
 *
 * A range is 32,768 row numbers.  A map (a radix tree, its root in the
 * metapage) leads from the range to its head page, which has a bitmap of the
 * rows that are dead for everybody, some records, and the chains of 32 buckets
 * of 1,024 rows each for more.  A record covers one row, or a run of them that
 * one command deleted or locked one after the other.
 *
 * Locks: the buffer lock of the head page orders everything in its range.  Who
 * changes anything holds it exclusively, who reads holds it shared until he has
 * read the buckets as well.  Order: map, head, bucket, metapage.  A record and
 * a bitmap bit that takes its place change in one WAL record, so no reader,
 * on a standby neither, finds both gone.
 *
 * Row locks are records too, one a locker; nobody reads them once their
 * transaction has ended.  There are no multixacts.
 *
 * src/delta/rangelog.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_RANGELOG_H
#define OLAP_RANGELOG_H

#include "storage/bufmgr.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "segment/page.h"
#include "vector/vector.h"

#define OLAP_RANGE_BITS 15
#define OLAP_RANGE_ROWS (1 << OLAP_RANGE_BITS)
#define OLAP_RANGE_WORDS (OLAP_RANGE_ROWS / 64)

/* On disk: never renumber.  Up to OLAP_LOG_LOCK_EXCLUSIVE: locks only. */
typedef enum OlapLogKind
{
	OLAP_LOG_LOCK_KEY_SHARE = 1,
	OLAP_LOG_LOCK_SHARE = 2,
	OLAP_LOG_LOCK_NO_KEY = 3,
	OLAP_LOG_LOCK_EXCLUSIVE = 4,
	OLAP_LOG_UPDATE_NO_KEY = 5, /* no column of a key changed */
	OLAP_LOG_UPDATE = 6,
	OLAP_LOG_DELETE = 7
} OlapLogKind;

#define OLAP_LOG_IS_LOCK(kind) ((kind) <= OLAP_LOG_LOCK_EXCLUSIVE)

/* Flags of a record; on disk. */
#define OLAP_LOG_MOVED_PARTITION 0x01	/* the row went to another partition */

#define OLAP_NO_ROW PG_UINT64_MAX

/* On disk, 24 bytes. */
typedef struct OlapLogRecord
{
	uint16		first;			/* rows of the range, first .. last */
	uint16		last;
	uint8		kind;			/* OlapLogKind */
	uint8		flags;
	uint16		unused;
	TransactionId xid;
	CommandId	cid;
	uint64		new_row;		/* of an update; OLAP_NO_ROW: none (yet) */
} OlapLogRecord;

StaticAssertDecl(sizeof(OlapLogRecord) == 24, "OlapLogRecord is part of the format");

/* ---- changing ---- */

/* A row whose range is locked exclusively, with the records that cover it. */
typedef struct OlapLogRow
{
	Relation	rel;
	OlapRow		row;
	Buffer		head;
	bool		dead;			/* its bit is set */
	int			nrecords;
	OlapLogRecord *records;		/* [nrecords], in CurrentMemoryContext */
	int			capacity;
} OlapLogRow;

/*
 * Lock the range of row (making it if need be) and collect the row's records.
 * Nothing that may wait, and no other buffer of the relation, until _unlock(),
 * _append() or _set_new_row().
 * Errors: ERRCODE_DATA_CORRUPTED.
 */
extern void olap_log_lock(OlapLogRow *log, Relation rel, OlapRow row);
extern void olap_log_unlock(OlapLogRow *log);

/* Append a record of (xid, cid) for the row, then unlock. */
extern void olap_log_append(OlapLogRow *log, OlapLogKind kind, uint8 flags,
							TransactionId xid, CommandId cid);

/*
 * Fill in where the new version of the row is that xid is updating, then
 * unlock.
 */
extern void olap_log_set_new_row(OlapLogRow *log, TransactionId xid,
								 OlapRow new_row);

/* ---- reading ---- */

typedef struct OlapLogReader OlapLogReader;

/*
 * A reader for one snapshot, in a context below parent.  Answers for an MVCC
 * snapshot are kept a range; all others are looked up each time.
 */
extern OlapLogReader *olap_log_reader_create(Relation rel, Snapshot snapshot,
											 MemoryContext parent);
extern void olap_log_reader_free(OlapLogReader *reader);

/* The relation had no log when asked last: no row is deleted for an MVCC snapshot. */
extern bool olap_log_reader_empty(OlapLogReader *reader);

/*
 * Set bit i of bits for every row first + i, i < n, that is deleted for the
 * snapshot; returns how many.  bits: (n + 63) / 64 words, cleared here.
 */
extern uint32 olap_log_reader_deleted(OlapLogReader *reader, OlapRow first,
									  uint32 n, uint64 *bits);

/* The same for rows[n] in any order. */
extern uint32 olap_log_reader_deleted_rows(OlapLogReader *reader,
										   const uint64 *rows, uint32 n,
										   uint64 *bits);

/* The same for all rows of a batch: bit i is row i of it. */
extern uint32 olap_log_reader_deleted_batch(OlapLogReader *reader,
											OlapBatch *batch, uint64 *bits);

extern bool olap_log_reader_row_deleted(OlapLogReader *reader, OlapRow row);

/* Has nobody ever deleted, updated or locked a row? */
extern bool olap_log_relation_empty(Relation rel);

/* The same for one row, without a reader. */
extern bool olap_log_row_deleted(Relation rel, OlapRow row, Snapshot snapshot);

/*
 * The delete or update of row that did not abort (of any transaction, running
 * ones included); false if there is none.  *dead: its bit is set.
 */
extern bool olap_log_row_change(Relation rel, OlapRow row, OlapLogRecord *record,
								bool *dead);

/*
 * Has a running transaction other than ours changed or locked one of rows
 * [first, first + n)?
 */
extern bool olap_log_busy(Relation rel, OlapRow first, uint64 n);

/* ---- VACUUM ---- */

typedef struct OlapLogVacuum
{
	Relation	rel;
	TransactionId oldest_xmin;
	uint32		first_range;	/* where this pass begins */

	/*
	 * Told of rows that are dead for everybody and whose bits are not set yet;
	 * ascending by range.  False: no more in this pass, please.
	 */
	bool		(*dead) (void *arg, OlapRow first, OlapRow end);
	void	   *arg;
	/* out */
	uint64		end_range;		/* where the next pass begins */
	bool		done;			/* there is none */
	TransactionId newest_folded;	/* Invalid: none */
	TransactionId oldest_folded;
	TransactionId oldest_left;	/* of records that stay; Invalid: none */
	uint64		records;		/* that fold or go away */
	uint64		rows_left;		/* deleted, but not for everybody */
} OlapLogVacuum;

/* Look: calls dead() and fills the results of this pass; changes nothing. */
extern void olap_log_vacuum_look(OlapLogVacuum *vacuum);

/*
 * Set the bits of what look found, and remove aborted records and ended locks;
 * pages without records are freed.  fold = false (index entries are still there): only the latter.
 */
extern void olap_log_vacuum_write(OlapLogVacuum *vacuum, bool fold);

/*
 * Free the head pages without records of ranges that no place has rows of: what
 * their bits say concerns nobody.  Only VACUUM.
 */
extern void olap_log_free_heads(Relation rel,
								bool (*needed) (void *arg, uint32 range),
								void *arg);

/* Read every page of the log and name it to used; ERROR at the first fault. */
extern void olap_log_verify(Relation rel,
							void (*used) (void *arg, BlockNumber block),
							void *arg);

#endif							/* OLAP_RANGELOG_H */

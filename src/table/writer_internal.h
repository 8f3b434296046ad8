/*-------------------------------------------------------------------------
 *
 * writer_internal.h
 *		State of a pending insert, shared by writer*.c, bucket.c and making.c.
 *
 * src/table/writer_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_WRITER_INTERNAL_H
#define OLAP_WRITER_INTERNAL_H

#include "access/tupdesc.h"
#include "lib/ilist.h"

#include "base/compat.h"
#include "segment/segment.h"
#include "table/writer.h"

/* A segment whose row groups are closed, not in the file yet. */
typedef struct OlapMaking
{
	dlist_node	node;			/* in writer->ended, if it is */
	struct OlapWriter *writer;
	OlapSegmentBuilder *builder;
	int			nrowgroups;		/* pending ones too */
	size_t		raw_bytes;
	size_t		memory;			/* counted in the backend's total */
	bool		ended;			/* it takes no more row groups */
	bool		writing;		/* a write has begun */
	/* once it has ended */
	int64		time_min;		/* min > max if no row has a time */
	int64		time_max;
	bool		reserved;		/* entry and ref stand in the directory */
	OlapDirEntry entry;
	OlapDirRef	ref;
} OlapMaking;

/* Rows of one time bucket that are not in the file yet. */
typedef struct OlapBucket
{
	dlist_node	node;			/* in writer->buckets, latest used first */
	struct OlapWriter *writer;
	int64		key;
	MemoryContext cxt;
	OlapVector *cols;			/* [natts], the open row group */
	uint32		nrows;
	OlapMaking *making;			/* closed row groups; NULL if none */
	int64		time_min;		/* of all rows here; min > max if none */
	int64		time_max;
	size_t		memory;			/* of cols, counted in the backend's total */
	bool		flushing;		/* a flush has begun */
	/* observable tables: the entry that holds the row numbers */
	bool		reserved;
	OlapDirEntry entry;
	OlapDirRef	ref;
} OlapBucket;

/* Pending rows of one (relation file, subtransaction, command). */
typedef struct OlapWriter
{
	dlist_node	node;
	Oid			relid;
	RelFileLocator locator;
	SubTransactionId subxid;
	TransactionId xid;
	CommandId	cid;
	MemoryContext cxt;
	TupleDesc	desc;
	OlapColumnType *types;
	int			natts;
	bool		observable;		/* row numbers are known before the end */
	bool		immediate;		/* rows must be in the file at once */
	uint64		through_rows;	/* written through so far */
	const OlapOptions *options;
	AttrNumber	time_attno;		/* 0: a single bucket */
	int64		interval;		/* in units of the time column */
	int			full_rowgroups;	/* closed because they were full */
	bool		encoder_asked;	/* was told to start */
	dlist_head	buckets;
	dlist_head	ended;			/* segments that wait for row groups */
} OlapWriter;

/* The writer of rows inserted by (xid, cid); xid Invalid: the current one. */
extern OlapWriter *olap_writer_get(Relation rel, TransactionId xid, CommandId cid);

/* Could somebody ask for the numbers of inserted rows before the statement ends? */
extern bool olap_writer_observable(Relation rel);

/* Write out all buckets of a writer that goes on. */
extern void olap_writer_flush_buckets(OlapWriter *writer, Relation rel);

/* Write out the largest buckets until the backend is within its memory. */
extern void olap_writer_enforce_memory(Relation rel);

/* Bucket of a row whose time column is value (in the column's own unit). */
extern OlapBucket *olap_bucket_of(OlapWriter *writer, bool isnull, int64 value);

/* Append rows of slots, all of this bucket; write full segments on the way. */
extern void olap_bucket_append_slots(OlapBucket *bucket, Relation rel,
									 TupleTableSlot **slots, int n);

/* Append rows sel[0..n) of cols likewise; a NULL column is all NULL. */
extern void olap_bucket_append_rows(OlapBucket *bucket, Relation rel,
									const OlapVector *const *cols,
									const uint32 *sel, uint32 n);

/* Write all rows to segments or the delta and free the bucket. */
extern void olap_bucket_flush(OlapBucket *bucket, Relation rel);

/* Free without writing. */
extern void olap_bucket_discard(OlapBucket *bucket);

/* Memory of all pending rows of this backend, but for what the encoder shares. */
extern size_t olap_writer_memory;

/* Raise the error for rows of which a part may stand in the file already. */
pg_noreturn extern void olap_refuse_second_write(Relation rel);

/* ---- making.c ---- */

/* Let the rows that come next have row numbers at once: a row group of them. */
extern void olap_making_reserve(OlapBucket *bucket, Relation rel);

/* Encode the open row group, or have it encoded; full: it takes no more rows. */
extern void olap_making_close_rowgroup(OlapBucket *bucket, Relation rel, bool full);

/*
 * The bucket's segment takes no more row groups: write it, or leave it with the
 * writer until those that are pending come back.
 */
extern void olap_making_end(OlapBucket *bucket, Relation rel);

/* Write the writer's oldest ended segment, whatever it waits for. */
extern void olap_making_write_first(OlapWriter *writer, Relation rel);

/* Count the memory of a segment in the making anew. */
extern void olap_making_count(OlapMaking *making);

/* Free without writing. */
extern void olap_making_discard(OlapMaking *making);

/* value as a plain varlena: detoasted, decompressed, flat. */
extern Datum olap_flat_datum(Datum value, int16 typlen);

#endif							/* OLAP_WRITER_INTERNAL_H */

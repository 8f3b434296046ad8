/*-------------------------------------------------------------------------
 *
 * fetch_internal.h
 *		State of a fetch, shared by those who find places and who read rows.
 *
 * src/table/fetch_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TABLE_FETCH_INTERNAL_H
#define OLAP_TABLE_FETCH_INTERNAL_H

#include "delta/delta.h"
#include "delta/rangelog.h"
#include "table/fetch.h"

/* Segments and vectors kept open; a nested loop alternates between few. */
#define FETCH_SEGMENTS 4
#define FETCH_VECTORS 8
/* Entries that are passed over at once if none of them covers a row. */
#define FETCH_BLOCK 64

typedef struct FetchSegment
{
	uint32		entry_id;		/* 0: free */
	OlapSegment *segment;
	int			rg;				/* the row group whose chunks are open */
	uint64		used;
} FetchSegment;

typedef struct FetchVector
{
	uint32		entry_id;		/* 0: free */
	int			rg;
	uint32		vecno;
	OlapBatchSource *source;
	uint64		used;
} FetchVector;

/* Does an MVCC snapshot see an entry? */
typedef enum FetchVerdict
{
	VERDICT_OPEN,				/* ask */
	VERDICT_SEEN,
	VERDICT_UNSEEN
} FetchVerdict;

struct OlapFetch
{
	Relation	rel;
	TupleDesc	desc;
	MemoryContext cxt;
	bool		one_snapshot;	/* all MVCC lookups use the same snapshot */
	bool		read;			/* the directory was read ... */
	uint64		version;		/* ... at this version of it */
	int			n;
	OlapDirEntry *entries;		/* by first_vblock */
	uint32	   *ends;			/* highest end of row ranges up to here */
	uint32	   *block_ends;		/* the same of FETCH_BLOCK entries each */
	bool		moves;			/* a compaction is not history yet */
	bool		drops;			/* a dropped segment, or one that is being dropped */
	uint8	   *verdicts;		/* FetchVerdict of each; NULL: none is kept */
	TransactionId verdict_xmin;	/* for snapshots with this xmin or a later one */
	uint64		clock;
	FetchSegment segments[FETCH_SEGMENTS];
	FetchVector vectors[FETCH_VECTORS];
	OlapDeltaPage *page;

	/* of an index scan: which rows its snapshot takes for deleted */
	OlapLogReader *log;
	Snapshot	log_snapshot;
	CommandId	log_curcid;
};

/*
 * Where one directory serves all lookups, old entries are judged while it is new:
 * a cursor may live longer than the commit log knows their transactions.
 */
extern void olap_fetch_judge(OlapFetch *fetch, TransactionId xmin);

/* Number of entries that start at or before vblock. */
extern int	olap_fetch_entries_before(OlapFetch *fetch, BlockNumber vblock);

/* The next entry below i that covers vblock; -1: there is none. */
extern int	olap_fetch_next_cover(const OlapFetch *fetch, int i, BlockNumber vblock);

#endif							/* OLAP_TABLE_FETCH_INTERNAL_H */

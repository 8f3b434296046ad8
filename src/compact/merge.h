/*-------------------------------------------------------------------------
 *
 * merge.h
 *		Collect rows and write them as sorted segments.
 *
 * Rows keep their numbers.  A merge holds raw rows up to a budget of memory;
 * when that is used up it sorts and writes what it has and goes on, so what it
 * is given may be of any size.
 *
 * src/compact/merge.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_COMPACT_MERGE_H
#define OLAP_COMPACT_MERGE_H

#include "utils/relcache.h"

#include "vector/vector.h"

typedef struct OlapMerge OlapMerge;

typedef struct OlapMergeCounts
{
	uint64		rows;			/* written */
	uint64		raw_bytes;
	uint32		segments;
} OlapMergeCounts;

/*
 * keep_going is asked before each row group is encoded; false ends the merge
 * (olap_merge_add() and _finish() return false), and the caller rolls back.
 */
extern OlapMerge *olap_merge_create(Relation rel, TransactionId xid,
									CommandId cid, Size budget,
									bool (*keep_going) (Relation rel),
									MemoryContext parent);

/* Add the rows that batch->sel lists. */
extern bool olap_merge_add(OlapMerge *merge, OlapBatch *batch);

/*
 * Write what is left.  If more than max_segments were written in all, merging
 * them again would be no better: they are marked FULL.
 */
extern bool olap_merge_finish(OlapMerge *merge, uint32 max_segments,
							  OlapMergeCounts *counts);

#endif							/* OLAP_COMPACT_MERGE_H */

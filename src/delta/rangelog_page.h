/*-------------------------------------------------------------------------
 *
 * rangelog_page.h
 *		Pages of the range log, shared by the files that implement it.
 *
 * src/delta/rangelog_page.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_RANGELOG_PAGE_H
#define OLAP_RANGELOG_PAGE_H

#include "base/compat.h"
#include "delta/rangelog.h"
#include "segment/directory.h"

#define OLAP_LOG_BUCKETS 32
#define OLAP_LOG_BUCKET_BITS 10 /* 1,024 rows a bucket */

/* A map page; level 1 leads to head pages.  On disk. */
#define OLAP_LOG_MAP_FANOUT ((int) ((OLAP_PAGE_PAYLOAD - 8) / sizeof(BlockNumber)))
typedef struct OlapLogMapPage
{
	uint32		level;
	uint32		unused;
	BlockNumber children[FLEXIBLE_ARRAY_MEMBER];	/* InvalidBlockNumber: none */
} OlapLogMapPage;

/* A head page.  On disk. */
typedef struct OlapLogHeadPage
{
	uint32		range;			/* row number >> OLAP_RANGE_BITS */
	uint16		nrecords;
	uint16		ndead;			/* bits set */
	BlockNumber buckets[OLAP_LOG_BUCKETS];	/* newest page of each */
	uint64		dead[OLAP_RANGE_WORDS];
	OlapLogRecord records[FLEXIBLE_ARRAY_MEMBER];
} OlapLogHeadPage;

#define OLAP_LOG_HEAD_RECORDS \
	((int) ((OLAP_PAGE_PAYLOAD - offsetof(OlapLogHeadPage, records)) / \
			sizeof(OlapLogRecord)))

/* A page of a bucket's chain.  On disk. */
typedef struct OlapLogBucketPage
{
	uint32		range;
	uint16		bucket;
	uint16		nrecords;
	BlockNumber next;			/* the page before it; InvalidBlockNumber: none */
	uint32		unused;
	OlapLogRecord records[FLEXIBLE_ARRAY_MEMBER];
} OlapLogBucketPage;

#define OLAP_LOG_BUCKET_RECORDS \
	((int) ((OLAP_PAGE_PAYLOAD - offsetof(OlapLogBucketPage, records)) / \
			sizeof(OlapLogRecord)))

static inline int
olap_log_bucket_of(OlapRow row)
{
	return (row & (OLAP_RANGE_ROWS - 1)) >> OLAP_LOG_BUCKET_BITS;
}

/*
 * The head page of a range, pinned, locked and checked; InvalidBuffer if there is
 * none.  meta: a copy of the metapage, which may be old.
 */
extern Buffer olap_log_find_head(Relation rel, const OlapMeta *meta,
								 uint32 range, int lockmode);

/* The same, exclusively locked, making map and head pages as needed. */
extern Buffer olap_log_make_head(Relation rel, uint32 range);

/*
 * Call visit(block, range) for every head page in order, and map() for every map
 * page, with its level and the first of its ranges; either may be NULL.  Only who
 * keeps VACUUM away can rely on a head page's block.
 */
extern void olap_log_map_walk(Relation rel,
							  void (*map) (void *arg, BlockNumber block,
										   uint32 level, uint64 first),
							  void (*visit) (void *arg, BlockNumber block,
											 uint32 range),
							  void *arg);

/* Pin, lock and check a page of the log, counts and keys included. */
extern Buffer olap_log_read_head(Relation rel, BlockNumber block, uint32 range,
								 int lockmode);
extern Buffer olap_log_read_bucket(Relation rel, BlockNumber block,
								   uint32 range, int bucket, int lockmode);

/* A locked page, which was checked, has been changed and logged by us since. */
extern void olap_log_note_sound(Relation rel, Buffer buffer);

pg_noreturn extern void olap_log_corrupted(Relation rel, BlockNumber block,
										   const char *what);

/* A chain of pages that is longer than any can be. */
extern void olap_log_check_chain(Relation rel, BlockNumber block,
								 uint64 *length);

/* Did the transaction of a record end without effect on anybody? */
extern bool olap_log_record_ended(const OlapLogRecord *record);

#endif							/* OLAP_RANGELOG_PAGE_H */

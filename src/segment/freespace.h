/*-------------------------------------------------------------------------
 *
 * freespace.h
 *		Blocks that were used and can be used again.
 *
 * Why a list on the metapage and no map: every allocation locks and logs the
 * metapage anyway, so an extent leaves or joins the list in the record of what
 * takes it or gives it back, and no crash can leave a block in two hands or in
 * none.  What does not fit the metapage moves to pages of its own, which are
 * made of free blocks.
 *
 * Neighbours in the list are joined; an extent that ends at the high-water mark
 * lowers that mark instead.
 *
 * Locks: the caller holds the metapage's exclusive lock, and meta points into
 * the image of it in his WAL record.
 *
 * src/segment/freespace.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_FREESPACE_H
#define OLAP_FREESPACE_H

#include "access/generic_xlog.h"

#include "segment/directory.h"

/* Blocks [first, first + n).  On disk. */
typedef struct OlapExtent
{
	BlockNumber first;
	uint32		n;
} OlapExtent;

/* On the metapage, behind OlapMeta.  On disk. */
typedef struct OlapFreeList
{
	uint32		changes;		/* counts what is taken and given back */
	uint32		blocks;			/* free ones, those on further pages included */
	BlockNumber next;			/* first further page; 0: none */
	uint32		n;
	OlapExtent	extents[FLEXIBLE_ARRAY_MEMBER]; /* in no order */
} OlapFreeList;

/* Payload of a further page.  On disk. */
typedef struct OlapFreePage
{
	BlockNumber next;			/* 0: last */
	uint32		n;
	OlapExtent	extents[FLEXIBLE_ARRAY_MEMBER];
} OlapFreePage;

#define OLAP_FREE_META_EXTENTS \
	((int) ((OLAP_PAGE_PAYLOAD - sizeof(OlapMeta) - \
			 offsetof(OlapFreeList, extents)) / sizeof(OlapExtent)))
#define OLAP_FREE_PAGE_EXTENTS \
	((int) ((OLAP_PAGE_PAYLOAD - offsetof(OlapFreePage, extents)) / \
			sizeof(OlapExtent)))

static inline OlapFreeList *
olap_free_list(OlapMeta *meta)
{
	return (OlapFreeList *) ((char *) meta + sizeof(OlapMeta));
}

/*
 * Take nblocks neighbouring blocks: from the smallest extent that has them,
 * else from the high-water mark.  The file may be shorter, and what the blocks
 * contain is what they were used for before.
 * Errors: PROGRAM_LIMIT_EXCEEDED.
 */
extern BlockNumber olap_free_take(Relation rel, OlapMeta *meta, uint32 nblocks);

/*
 * Give back blocks that nobody can be reading.  Returns the buffer of a page
 * that had to be added to xlog, for the caller to release after
 * GenericXLogFinish(); InvalidBuffer if there is none.  Nothing may be taken in
 * the same record any more: that page, locked here, belongs to the list already.
 */
extern Buffer olap_free_put(Relation rel, GenericXLogState *xlog, OlapMeta *meta,
							BlockNumber first, uint32 nblocks);

/* Bring extents from further pages back to the metapage, as far as there is room. */
extern void olap_free_gather(Relation rel);

/* Number of free blocks. */
extern uint32 olap_free_blocks(Relation rel);

/*
 * Call visit for every free extent, and with page = true for every further page
 * of the list.  *changes: see OlapFreeList.  False if the list changed while it
 * was read, whatever visit has seen.
 */
extern bool olap_free_walk(Relation rel,
						   void (*visit) (void *arg, BlockNumber first,
										  uint32 n, bool page),
						   void *arg, uint32 *changes);

/* Has nothing been taken or given back since? */
extern bool olap_free_unchanged(Relation rel, uint32 changes);

#endif							/* OLAP_FREESPACE_H */

/*-------------------------------------------------------------------------
 *
 * recent.h
 *		Where this backend saw pages in shared buffers.
 *
 * A lookup by an index visits a thousand pages for some tens of bytes of each, and
 * most of its time is waiting for memory: the buffer manager's hash table alone is
 * four places of it that no cache holds.  So a backend remembers which buffer a page
 * was in.  Whether it still is there is for the buffer's own tag to say, so nothing
 * that is remembered here has to be forgotten: a table that is truncated, a block that
 * is used again, a buffer that holds another page are just not found.  And as places
 * are known before they are looked at, what a visit touches is asked for at once.
 *
 * Memory: fixed, for the life of the process (96 kB).
 *
 * src/segment/recent.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_RECENT_H
#define OLAP_RECENT_H

#include "storage/bufmgr.h"
#include "utils/relcache.h"

/* Of what will be read, so much is asked for; the rest comes by itself. */
#define OLAP_EXPECT_BYTES 320

/* Pin a page of a table in shared buffers; InvalidBuffer: it has to be looked up. */
extern Buffer olap_recent_pin(Relation rel, BlockNumber blkno);

/* The page is pinned in that buffer. */
extern void olap_recent_note(Relation rel, BlockNumber blkno, Buffer buffer);

/*
 * Bytes [offset, offset + len) of the page's payload will be read soon: ask for the
 * first of them, and for what a visit looks at before.  No more than a hint.
 */
extern void olap_recent_expect(Relation rel, BlockNumber blkno, size_t offset,
							   size_t len);

#endif							/* OLAP_RECENT_H */

/*-------------------------------------------------------------------------
 *
 * verified.h
 *		Which pages in shared buffers have had their checksum verified.
 *
 * A page's CRC guards against what happens to bytes between memory and disk.
 * Once a page has been verified in a shared buffer, verifying it again at every
 * access costs more than reading a directory page does (half the time of a
 * DELETE, measured), so a word of shared memory for each buffer remembers what
 * was verified there.  The word depends on file, block and LSN, and on the page's
 * kind and owner: another page in the buffer, or a change, does not match it, and
 * for who expects what it says, the special space need not be looked at.  The same page read into the same
 * buffer again would: so who reads a page from the file makes the word void
 * (olap_buffer_read()).  Between the read and that, another backend may take
 * the page for verified once, and so may who meets a page that another extension
 * (pg_prewarm) read back to its former buffer.
 *
 * Only with the library preloaded; otherwise, and for local buffers, every
 * access verifies.
 *
 * src/segment/verified.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_VERIFIED_H
#define OLAP_VERIFIED_H

#include "storage/bufmgr.h"
#include "utils/relcache.h"

#include "segment/page.h"

/*
 * Was the page in this pinned and locked buffer verified as it is now, and found
 * to be of that kind and owner?
 */
extern bool olap_page_verified(Relation rel, Buffer buffer, OlapPageKind kind,
							   uint32 owner);

/* It is verified now, or was just sealed: whole, and what its special space says. */
extern void olap_page_set_verified(Relation rel, Buffer buffer);

/* The page was just read from the file: whatever was known does not hold. */
extern void olap_page_forget_verified(Buffer buffer);

/* It will be asked soon. */
extern void olap_page_prefetch_verified(Buffer buffer);

/* Ask for the shared memory; called by _PG_init. */
extern void olap_verified_init(void);

#endif							/* OLAP_VERIFIED_H */

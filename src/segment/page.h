/*-------------------------------------------------------------------------
 *
 * page.h
 *		Pages of an olap relation: kinds, owner, checksum, access.
 *
 * Every page of the main fork but a never-written one (all zeros) is a standard
 * PostgreSQL page whose special space names what it is and who owns it, with a
 * CRC-32C over everything a reader relies on and over its block number.  So a
 * flipped bit, a stale page or a misplaced one is an error with the table's
 * name, with or without data checksums.  No hint bits are ever set on our
 * pages, hence a page changes only through olap_page_seal()ed edits.
 *
 * Readers keep at least a share lock while they look at a page: a pin alone
 * does not keep a concurrent generic-WAL edit away.
 *
 * src/segment/page.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PAGE_H
#define OLAP_PAGE_H

#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "storage/itemptr.h"
#include "utils/relcache.h"

#include "base/compat.h"

/* On disk: never renumber. */
typedef enum OlapPageKind
{
	OLAP_PAGE_META = 1,
	OLAP_PAGE_DIRECTORY = 2,
	OLAP_PAGE_ZONE = 3,
	OLAP_PAGE_DELTA = 4,
	OLAP_PAGE_SEGMENT = 5,
	OLAP_PAGE_LOG_MAP = 6,
	OLAP_PAGE_LOG_HEAD = 7,
	OLAP_PAGE_LOG_BUCKET = 8,
	OLAP_PAGE_FREE = 9
} OlapPageKind;

/* Special space of every page. */
typedef struct OlapPageOpaque
{
	uint32		crc;			/* see olap_page_crc() */
	uint32		owner;			/* entry id; 0 for pages of the whole table */
	uint16		kind;			/* OlapPageKind */
	uint16		version;		/* OLAP_FORMAT_VERSION when written */
	uint32		vblock;			/* delta pages: virtual block; zone pages:
								 * block of the directory page; else 0 */
} OlapPageOpaque;

#define OLAP_FORMAT_VERSION 1
/* Bytes between page header and special space. */
#define OLAP_PAGE_PAYLOAD \
	((int) (BLCKSZ - SizeOfPageHeaderData - MAXALIGN(sizeof(OlapPageOpaque))))

#define OlapPageGetOpaque(page) \
	((OlapPageOpaque *) ((char *) (page) + BLCKSZ - MAXALIGN(sizeof(OlapPageOpaque))))
#define OlapPageGetPayload(page) ((char *) (page) + SizeOfPageHeaderData)

/*
 * Row numbers and TIDs: a virtual block is a range of OLAP_VBLOCK_ROWS row
 * numbers, its number the TID's block number.
 */
#define OLAP_VBLOCK_ROWS 291	/* MaxHeapTuplesPerPage of 8 kB pages */

typedef uint64 OlapRow;

static inline OlapRow
olap_row_of_tid(ItemPointer tid)
{
	return (OlapRow) ItemPointerGetBlockNumberNoCheck(tid) * OLAP_VBLOCK_ROWS +
		ItemPointerGetOffsetNumberNoCheck(tid) - 1;
}

static inline void
olap_tid_of_row(ItemPointer tid, OlapRow row)
{
	ItemPointerSet(tid, (BlockNumber) (row / OLAP_VBLOCK_ROWS),
				   (OffsetNumber) (row % OLAP_VBLOCK_ROWS) + 1);
}

/*
 * Initialise page as an empty one.  All kinds but OLAP_PAGE_DELTA count their
 * whole payload as used (pd_lower = pd_upper), so no WAL form drops bytes.
 */
extern void olap_page_init(Page page, OlapPageKind kind, uint32 owner);

/* Compute and store the checksum; the last step of every edit. */
extern void olap_page_seal(Page page, BlockNumber blkno);

/*
 * Check that the page in a pinned and locked buffer is a sound one of this kind
 * and owner.
 * Errors: ERRCODE_DATA_CORRUPTED, naming table, block and (owner != 0) segment.
 */
extern void olap_page_check(Relation rel, Buffer buffer, OlapPageKind kind,
							uint32 owner);

/*
 * What is wrong with a table, as the detail of the error; the hint names
 * olap.verify.
 */
pg_noreturn extern void olap_corrupted(Relation rel, const char *format,...)
			pg_attribute_printf(2, 3);

/* The same without an error: a static reason, or NULL if sound. */
extern const char *olap_page_fault(Relation rel, Buffer buffer,
								   OlapPageKind kind, uint32 owner);

/* Bytes [offset, offset + len) of a page that an edit changed. */
typedef struct OlapPatch
{
	uint16		offset;
	uint16		len;
	uint32		crc;			/* of olap_patches_begin() */
} OlapPatch;

/*
 * The end of an edit made in place, for edits so frequent that comparing whole
 * pages (as generic WAL does) shows: seals the page, marks it dirty and logs
 * what patches[n] say.  At most OLAP_MAX_PATCHES patches of at most
 * OLAP_MAX_PATCH_BYTES in all.  The caller holds the exclusive lock, and has
 * been in a critical section since before the first byte changed.
 */
#define OLAP_MAX_PATCHES 8
#define OLAP_MAX_PATCH_BYTES 4096
extern void olap_page_log(Relation rel, Buffer buffer, const OlapPatch *patches,
						  int n);

/*
 * The same where patches[n] are in the payload of a checked page of a kind that has
 * no free space, and olap_patches_begin() saw them before the first byte changed:
 * the page's checksum follows from what changed, in a fifth of the time.
 */
extern void olap_patches_begin(Page page, OlapPatch *patches, int n);
extern void olap_page_log_patched(Relation rel, Buffer buffer,
								  const OlapPatch *patches, int n);

/*
 * Pin, lock (BUFFER_LOCK_*) and check a page.  The caller releases it with
 * UnlockReleaseBuffer().  A block beyond the end of the file is reported as
 * corruption as well.
 */
extern Buffer olap_page_read(Relation rel, BlockNumber blkno, OlapPageKind kind,
							 uint32 owner, int lockmode);

/*
 * Pin a page, as every part of olap that reads one from the file must: what was
 * read anew is verified anew.
 */
extern Buffer olap_buffer_read(Relation rel, BlockNumber blkno,
							   BufferAccessStrategy strategy);

/* Pin and lock a page that may never have been written; nothing is checked. */
extern Buffer olap_page_pin(Relation rel, BlockNumber blkno, int lockmode);

/* A piece of what is to be written. */
typedef struct OlapSpan
{
	const uint8 *data;
	size_t		len;
} OlapSpan;

/*
 * Write the bytes of spans[nspans], one after the other, to the extent of
 * nblocks pages from first, OLAP_PAGE_PAYLOAD bytes a page, as multi-block
 * full-page images.  The extent is the caller's (olap_directory_insert()) and
 * was never written.
 */
extern void olap_extent_writev(Relation rel, BlockNumber first, uint32 nblocks,
							   uint32 owner, const OlapSpan *spans, int nspans);

/*
 * Copy bytes [offset, offset + len) of an extent written so into dst.
 * The caller has checked that the range lies within nblocks pages.
 */
extern void olap_extent_read(Relation rel, BlockNumber first, uint32 nblocks,
							 uint32 owner, uint64 offset, size_t len,
							 uint8 *dst, BufferAccessStrategy strategy);

/*
 * Pin, lock in share mode and check page `page` of such an extent, of whose payload
 * bytes [offset, offset + len) will be read.
 */
extern Buffer olap_extent_page(Relation rel, BlockNumber first, uint32 owner,
							   uint64 page, size_t offset, size_t len,
							   BufferAccessStrategy strategy);

/* Grow the file so that it has at least nblocks blocks. */
extern void olap_extend_to(Relation rel, BlockNumber nblocks);

#endif							/* OLAP_PAGE_H */

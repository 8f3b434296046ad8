/*-------------------------------------------------------------------------
 *
 * directory.h
 *		Metapage and directory: which places a relation has, and who sees them.
 *
 * Storage layout: block 0 is the metapage; directory pages are chained from
 * it, 127 entries each, one entry a segment or run of delta pages.  Each
 * directory page that lists segments has a run of zone pages, one a column,
 * whose slot i belongs to the page's entry i.  A file of 0 blocks is a valid
 * empty table.
 *
 * Entries are versioned rows of their own: xmin/cmin of the writer, xmax/cmax
 * of what replaced or dropped it.  Delta runs have no xmin: tuple headers
 * decide there.  An entry is inserted before any page or index tuple of it
 * exists (protocol: I4), so a crash leaves a place that describes itself.
 *
 * Locks: the caller holds a table lock that fits its statement.  The
 * metapage's buffer lock orders all allocations; directory pages are locked
 * after it.  Everything is WAL-logged here.
 *
 * src/segment/directory.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DIRECTORY_H
#define OLAP_DIRECTORY_H

#include "access/generic_xlog.h"
#include "utils/snapshot.h"

#include "index/zone.h"
#include "segment/page.h"

#define OLAP_META_MAGIC 0x50414C4F	/* "OLAP" */
#define OLAP_DIR_ENTRIES 127	/* a page */

/* Entry kinds and flags; on disk, never renumber. */
#define OLAP_ENTRY_SEGMENT 1
#define OLAP_ENTRY_DELTA 2

#define OLAP_ENTRY_COMPLETE 0x0001	/* all pages are written */
#define OLAP_ENTRY_DEAD 0x0002	/* nobody sees it any more */
#define OLAP_ENTRY_OUTPUT 0x0004	/* xmin is a compaction: the rows are older */
#define OLAP_ENTRY_MOVED 0x0008	/* xmax is a compaction: the rows live on in
								 * what it wrote, unless they were deleted */
#define OLAP_ENTRY_ROWNUMS 0x0010	/* segment with a column of row numbers */
#define OLAP_ENTRY_SEALED 0x0020	/* delta run that takes no more rows */
#define OLAP_ENTRY_FULL 0x0040	/* output as large as compactions make them */
#define OLAP_ENTRY_EXPIRED 0x0080	/* dead: its rows were dropped */

/* One place.  On disk, 64 bytes. */
typedef struct OlapDirEntry
{
	TransactionId xmin;			/* inserter; Invalid for delta runs */
	CommandId	cmin;
	TransactionId xmax;
	CommandId	cmax;
	uint32		id;				/* from 1; never reused; owner of its pages */
	uint16		kind;
	uint16		flags;
	BlockNumber first_block;	/* extent */
	uint32		nblocks;
	uint32		first_vblock;	/* row numbers: first_vblock * 291 + i; with */
	uint32		nvblocks;		/* ROWNUMS: all are in here, others as well */
	uint32		nrows;			/* segments: rows; delta: pages handed out */
	uint32		header_len;		/* segments: bytes of the segment's header */
	int64		time_min;		/* bounds of the time column in its own unit */
	int64		time_max;		/* (date: days); MIN .. MAX if not known */
} OlapDirEntry;

StaticAssertDecl(sizeof(OlapDirEntry) == 64, "OlapDirEntry is part of the format");

/* Where an entry lies. */
typedef struct OlapDirRef
{
	BlockNumber block;
	uint16		slot;
} OlapDirRef;

/* Payload of the metapage; a copy in memory is read-only. */
typedef struct OlapMeta
{
	uint32		magic;
	uint32		format_version;
	uint32		next_entry_id;
	uint32		next_vblock;
	BlockNumber high_water;		/* blocks handed out; the file may be shorter */
	BlockNumber dir_first;		/* chain of directory pages */
	BlockNumber dir_last;
	uint32		dir_pages;
	uint64		version;		/* counts every change of an entry */
	uint64		rows_hint;		/* planner only: rows ever stored */
	uint64		segments_hint;
	uint64		bytes_hint;		/* raw bytes of stored rows, for row width */
	/* where the next delta page comes from */
	OlapDirRef	delta_ref;		/* InvalidBlockNumber: no run yet */
	uint32		delta_id;
	BlockNumber delta_first_block;
	uint32		delta_first_vblock;
	uint32		delta_nblocks;
	uint32		delta_used;		/* pages of the run handed out */
	/* the range log (delta/rangelog.h) */
	uint32		log_levels;		/* height of its map; 0: there is none yet */
	BlockNumber log_root;
	TransactionId settled;		/* newest that places were marked dead for */
	BlockNumber dir_free;		/* chain of directory pages with free slots;
								 * 0: none */
	uint32		unused;
} OlapMeta;						/* the list of free blocks follows */

/* A list of entries and where they stand, in the order of the directory. */
typedef struct OlapDirList
{
	int			n;
	OlapDirEntry *entries;
	OlapDirRef *refs;
} OlapDirList;

/* Copy the metapage. False if the relation has no block yet (empty table). */
extern bool olap_meta_read(Relation rel, OlapMeta *meta);

/*
 * Insert an entry and give it what it asks for.
 *
 * In:	kind, flags, xmin, cmin, nblocks (0: extent comes later), nvblocks
 *		(0: none yet), nrows, time bounds; ncols > 0 makes sure that the
 *		directory page has zone pages.  With flag ROWNUMS first_vblock and
 *		nvblocks are the caller's: the rows have their numbers already.
 * Out:	id, first_block, first_vblock, *ref; the file is long enough.
 * Errors: PROGRAM_LIMIT_EXCEEDED when block or row numbers run out.
 */
extern void olap_directory_insert(Relation rel, OlapDirEntry *entry,
								  OlapDirRef *ref, int ncols);

/*
 * Give the entry at ref, which was inserted without blocks, an extent of
 * entry->nblocks, and store *entry.  The file is long enough afterwards.
 */
extern void olap_directory_place(Relation rel, const OlapDirRef *ref,
								 OlapDirEntry *entry);

/*
 * Mark the entry at ref dead and forget its transactions; its time bounds become
 * a stamp, 0 for now (table/reclaim.h).  The entry is changed where it stands:
 * a copy of it may be older than the last thing that an inserter who aborted did.
 */
extern void olap_directory_bury(Relation rel, const OlapDirRef *ref, uint32 id);

/*
 * Take the dead entry at ref out and give its blocks back, in one WAL record.
 * Nobody can be reading them (table/reclaim.h).
 */
extern void olap_directory_free(Relation rel, const OlapDirRef *ref, uint32 id);

/*
 * A change of the metapage within a WAL record of the caller's, who has locked
 * all his other pages before.  begin locks the metapage and adds it to xlog;
 * the caller may change edit->meta, take blocks, and give one back, which adds
 * a page at most; seal() before GenericXLogFinish(), then release().
 */
typedef struct OlapMetaEdit
{
	Relation	rel;
	GenericXLogState *xlog;
	Buffer		buffer;
	Page		page;			/* image in the record */
	OlapMeta   *meta;
	Buffer		free_page;		/* of the list of free blocks; or Invalid */
} OlapMetaEdit;

extern void olap_meta_edit_begin(OlapMetaEdit *edit, Relation rel,
								 GenericXLogState *xlog);

/* One more block; the file is long enough afterwards. */
extern BlockNumber olap_meta_edit_take_block(OlapMetaEdit *edit);
extern void olap_meta_edit_free_block(OlapMetaEdit *edit, BlockNumber block);
extern void olap_meta_edit_seal(OlapMetaEdit *edit);
extern void olap_meta_edit_release(OlapMetaEdit *edit);

/* Rewrite the entry at ref (whose id must not change). */
extern void olap_directory_update(Relation rel, const OlapDirRef *ref,
								  const OlapDirEntry *entry);

/* Mark our own transaction's segment dead: no row of it is there for anybody. */
extern void olap_directory_kill(Relation rel, const OlapDirEntry *entry);

/*
 * Give back the row numbers behind the first nvblocks of the entry at ref if
 * nobody has reserved any since; sets entry->nvblocks if it could.
 */
extern void olap_directory_trim(Relation rel, const OlapDirRef *ref,
								OlapDirEntry *entry, uint32 nvblocks);

/*
 * Take no more pages from the delta run at ref: sets flag SEALED, *entry as it
 * is then.
 */
extern void olap_directory_seal(Relation rel, const OlapDirRef *ref,
								OlapDirEntry *entry);

/*
 * An empty delta page, from the current run or a new one (doubling from 8 to
 * 128 pages).  Others may put rows on it before the caller does.
 */
extern BlockNumber olap_delta_page_allocate(Relation rel);

/* All entries, in CurrentMemoryContext; empty list for an empty relation. */
extern void olap_directory_read(Relation rel, OlapDirList *list);

/* Add to the planner's hints. Cheap; one metapage edit. */
extern void olap_meta_count(Relation rel, int64 rows, int64 segments,
							int64 bytes);

/*
 * Before places are marked dead that xid and older transactions replaced: who
 * looks at compactions by the horizon of removal must not take an older one
 * from then on.  Invalid: the inserters of their outputs are frozen.
 */
extern void olap_meta_settle(Relation rel, TransactionId xid);

/*
 * Write zone i = 0..ncols-1 of the segment at ref, and "not known" for further
 * columns that have zone pages.
 */
extern void olap_zones_write(Relation rel, const OlapDirRef *ref,
							 const OlapZone *zones, int ncols);

/*
 * Is the page in a locked buffer a zone page of the directory page at dir_block?
 * Before its first use it is whatever was in the block.
 */
extern bool olap_is_zone_page(Relation rel, Buffer buffer, BlockNumber dir_block);

/*
 * Read column col's zones of all entries on the directory page of block
 * dir_block into zones[OLAP_DIR_ENTRIES].  False if that page has none for the
 * column (added later, or no segment there): nothing is known.
 */
extern bool olap_zones_read(Relation rel, BlockNumber dir_block, int col,
							OlapZone *zones);

/*
 * The zone pages of the directory page at dir_block: *ncols pages from *first,
 * some perhaps not written yet.  False if it has none.
 */
extern bool olap_zones_extent(Relation rel, BlockNumber dir_block,
							  BlockNumber *first, uint32 *ncols);

#endif							/* OLAP_DIRECTORY_H */

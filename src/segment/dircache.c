/*-------------------------------------------------------------------------
 *
 * dircache.c
 *		The directory of a relation as this backend last read it.
 *
 * src/segment/dircache.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "segment/dircache.h"
#include "segment/directory_page.h"
#include "segment/visibility.h"

/* Relations that are kept, and pages of all of them together. */
#define CACHE_RELATIONS 16
#define CACHE_MAX_PAGES 8192

typedef struct CacheSlot
{
	RelFileLocator locator;
	MemoryContext cxt;			/* NULL: free */
	uint64		version;		/* of the metapage that it is as new as */
	uint64		used;
	uint32		capacity;		/* pages there is room for */
	OlapDirCache dir;
} CacheSlot;

static CacheSlot slots[CACHE_RELATIONS];
static uint64 clock_hand = 0;

static const OlapDirCache empty_directory = {0, NULL};

static void
directory_corrupted(Relation rel, BlockNumber block, const char *what)
{
	olap_corrupted(rel, "Directory block %u: %s.", block, what);
}

static void
check_entry(Relation rel, BlockNumber block, const OlapDirEntry *entry,
			OlapXidLimits *limits)
{
	if (entry->kind == 0)
		return;					/* a free slot */
	if (entry->kind != OLAP_ENTRY_SEGMENT && entry->kind != OLAP_ENTRY_DELTA)
		directory_corrupted(rel, block, "entry of unknown kind");
	if ((uint64) entry->first_vblock + entry->nvblocks > MaxBlockNumber)
		directory_corrupted(rel, block, "row numbers out of range");
	if ((entry->flags & OLAP_ENTRY_COMPLETE) != 0 &&
		((uint64) entry->first_block + entry->nblocks > MaxBlockNumber ||
		 entry->first_block == 0 ||
		 entry->nrows > (uint64) entry->nvblocks * OLAP_VBLOCK_ROWS))
		directory_corrupted(rel, block, "extent or row count out of range");
	if ((entry->flags & OLAP_ENTRY_DEAD) == 0 &&
		(!olap_xid_possible(limits, entry->xmin) ||
		 !olap_xid_possible(limits, entry->xmax)))
		directory_corrupted(rel, block, "entry of a transaction that cannot have been");
}

/*
 * Nothing complete may lie behind what the metapage has handed out (a writer
 * may be giving back row numbers of an entry that is not).
 */
static void
check_limits(Relation rel, const OlapMeta *meta, const OlapDirCachePage *page)
{
	for (uint32 i = 0; i < page->nentries; i++)
	{
		const OlapDirEntry *entry = &page->entries[i];

		/* a dead one may have been freed since, and the file cut off */
		if ((entry->flags & (OLAP_ENTRY_COMPLETE | OLAP_ENTRY_DEAD)) ==
			OLAP_ENTRY_COMPLETE &&
			((uint64) entry->first_vblock + entry->nvblocks > meta->next_vblock ||
			 (uint64) entry->first_block + entry->nblocks > meta->high_water))
			directory_corrupted(rel, page->block,
								"entry behind what the metapage has handed out");
	}
}

/* ---- slots ---- */

static void
free_slot(CacheSlot *slot)
{
	if (slot->cxt != NULL)
		MemoryContextDelete(slot->cxt);
	memset(slot, 0, sizeof(*slot));
}

void
olap_directory_forget(Relation rel)
{
	for (int i = 0; i < CACHE_RELATIONS; i++)
		if (slots[i].cxt != NULL &&
			RelFileLocatorEquals(slots[i].locator, rel->rd_locator))
			free_slot(&slots[i]);
}

/* The slot of rel; the one used longest ago makes room. */
static CacheSlot *
find_slot(Relation rel)
{
	CacheSlot  *victim = &slots[0];
	uint64		pages = 0;

	for (int i = 0; i < CACHE_RELATIONS; i++)
	{
		CacheSlot  *slot = &slots[i];

		if (slot->cxt != NULL &&
			RelFileLocatorEquals(slot->locator, rel->rd_locator))
			return slot;
		if (slot->used < victim->used)
			victim = slot;
		pages += slot->dir.npages;
	}
	free_slot(victim);
	for (int i = 0; pages > CACHE_MAX_PAGES && i < CACHE_RELATIONS; i++)
		free_slot(&slots[i]);
	victim->locator = rel->rd_locator;
	victim->cxt = AllocSetContextCreate(CacheMemoryContext, "olap directory",
										ALLOCSET_DEFAULT_SIZES);
	return victim;
}

static void
make_room(CacheSlot *slot, uint32 npages)
{
	Size		size;

	if (npages <= slot->capacity)
		return;
	npages = Max(npages, slot->capacity * 2);
	size = (Size) npages * sizeof(OlapDirCachePage);
	slot->dir.pages = slot->dir.pages == NULL ?
		MemoryContextAllocExtended(slot->cxt, size, MCXT_ALLOC_HUGE) :
		repalloc_huge(slot->dir.pages, size);
	memset(slot->dir.pages + slot->capacity, 0,
		   (npages - slot->capacity) * sizeof(OlapDirCachePage));
	slot->capacity = npages;
}

/* ---- reading ---- */

/* Bring a page up to date; returns the next one's block. */
static BlockNumber
refresh_page(Relation rel, CacheSlot *slot, uint32 i, BlockNumber block)
{
	OlapDirCachePage *page = &slot->dir.pages[i];
	Buffer		buffer = olap_page_read(rel, block, OLAP_PAGE_DIRECTORY, 0,
										BUFFER_LOCK_SHARE);
	OlapDirPage *dir = (OlapDirPage *) OlapPageGetPayload(BufferGetPage(buffer));
	XLogRecPtr	lsn = PageGetLSN(BufferGetPage(buffer));
	BlockNumber next = dir->next;
	OlapXidLimits limits;
	OlapMeta	meta;

	if (page->entries != NULL && page->block == block && page->lsn == lsn &&
		page->lsn != InvalidXLogRecPtr)
	{
		UnlockReleaseBuffer(buffer);
		return next;
	}
	page->lsn = InvalidXLogRecPtr;
	page->block = block;
	page->zone_first = dir->zone_first;
	page->zone_ncols = dir->zone_first == InvalidBlockNumber ? 0 : dir->zone_ncols;
	page->nentries = dir->nentries;
	if (page->nentries > OLAP_DIR_ENTRIES)
		directory_corrupted(rel, block, "too many entries");
	if (page->entries == NULL)
		page->entries = MemoryContextAlloc(slot->cxt, OLAP_DIR_ENTRIES *
										   sizeof(OlapDirEntry));
	memcpy(page->entries, dir->entries, page->nentries * sizeof(OlapDirEntry));
	olap_xid_limits(&limits);
	UnlockReleaseBuffer(buffer);
	for (uint32 e = 0; e < page->nentries; e++)
		check_entry(rel, block, &page->entries[e], &limits);

	/* read after the page: an entry may be younger than an older copy */
	if (olap_meta_read(rel, &meta))
		check_limits(rel, &meta, page);

	/*
	 * A page that changes without WAL keeps its LSN.  So do those of a file that
	 * this transaction made under wal_level = minimal, and of such a file the
	 * next transaction would find the same LSN on a page that is not the same.
	 */
	if (RelationNeedsWAL(rel))
		page->lsn = lsn;
	return next;
}

/*
 * Entries that were inserted after the metapage was read are of no interest to
 * the caller's snapshot, which is older; so as many pages as it counts will do.
 */
static void
refresh(Relation rel, CacheSlot *slot, const OlapMeta *meta)
{
	BlockNumber block = meta->dir_first;

	if (meta->dir_pages > meta->high_water)
		directory_corrupted(rel, 0, "more directory pages than blocks");
	make_room(slot, meta->dir_pages);
	slot->dir.npages = 0;
	for (uint32 i = 0; i < meta->dir_pages; i++)
	{
		CHECK_FOR_INTERRUPTS();
		block = refresh_page(rel, slot, i, block);
	}
	slot->dir.npages = meta->dir_pages;
}

const OlapDirCache *
olap_directory_cached(Relation rel)
{
	OlapMeta	meta;
	CacheSlot  *slot;

	if (!olap_meta_read(rel, &meta) || meta.dir_pages == 0)
		return &empty_directory;
	slot = find_slot(rel);
	slot->used = ++clock_hand;
	if (slot->version != meta.version)
	{
		slot->version = 0;
		refresh(rel, slot, &meta);
		slot->version = meta.version;
	}
	return &slot->dir;
}

void
olap_directory_read(Relation rel, OlapDirList *list)
{
	const OlapDirCache *dir = olap_directory_cached(rel);
	Size		n = 0;

	memset(list, 0, sizeof(*list));
	for (uint32 i = 0; i < dir->npages; i++)
		n += dir->pages[i].nentries;
	if (n == 0)
		return;
	list->entries = MemoryContextAllocHuge(CurrentMemoryContext,
										   n * sizeof(OlapDirEntry));
	list->refs = MemoryContextAllocHuge(CurrentMemoryContext,
										n * sizeof(OlapDirRef));
	for (uint32 i = 0; i < dir->npages; i++)
	{
		const OlapDirCachePage *page = &dir->pages[i];

		for (uint32 e = 0; e < page->nentries; e++)
		{
			if (page->entries[e].kind == 0)
				continue;
			list->entries[list->n] = page->entries[e];
			list->refs[list->n].block = page->block;
			list->refs[list->n++].slot = e;
		}
	}
}

/*-------------------------------------------------------------------------
 *
 * freespace.c
 *		The list of free extents.
 *
 * The list on the metapage is short enough (a thousand extents) to be searched
 * from end to end, and is kept in no order, so that a change of it is a few
 * bytes of WAL.  If it is full, the smaller half moves to a page of its own, and
 * comes back when there is room and an allocation finds nothing.
 *
 * src/segment/freespace.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/generic_xlog.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "segment/freespace.h"

/*
 * Blocks (8 GB) by which the high-water mark may be ahead of the file.  Writers
 * grow it as soon as they have their blocks, so only those that wait to do so or
 * died there are missing; a false mark would let the file grow up to it.
 */
#define MAX_AHEAD (1U << 20)

/* Extents that stay on the metapage when it is full. */
#define KEEP_EXTENTS (OLAP_FREE_META_EXTENTS / 2)

StaticAssertDecl(sizeof(OlapExtent) == 8, "OlapExtent is part of the format");
StaticAssertDecl(sizeof(OlapMeta) % 8 == 0, "the free list is aligned");
StaticAssertDecl(OLAP_FREE_META_EXTENTS - KEEP_EXTENTS <= OLAP_FREE_PAGE_EXTENTS,
				 "what leaves the metapage fits a page");

static void
list_corrupted(Relation rel, BlockNumber block, const char *what)
{
	olap_corrupted(rel, "Block %u, list of free blocks: %s.", block, what);
}

/* The list behind meta, with a count that can be relied on. */
static OlapFreeList *
checked_list(Relation rel, OlapMeta *meta)
{
	OlapFreeList *list = olap_free_list(meta);

	if (list->n > (uint32) OLAP_FREE_META_EXTENTS)
		list_corrupted(rel, 0, "too many extents");
	return list;
}

static void
check_extent(Relation rel, const OlapMeta *meta, const OlapExtent *extent)
{
	if (extent->first == 0 || extent->n == 0 ||
		(uint64) extent->first + extent->n > meta->high_water)
		list_corrupted(rel, 0, "extent out of range");
}

static void
remove_extent(OlapFreeList *list, uint32 i)
{
	list->extents[i] = list->extents[--list->n];
	list->extents[list->n].first = list->extents[list->n].n = 0;
}

/*
 * Add an extent, joined with its neighbours.  False, and nothing done, if there
 * is no room.
 */
static bool
add_extent(OlapMeta *meta, OlapFreeList *list, OlapExtent extent)
{
	int			before = -1;
	int			after = -1;
	uint32		joined = 0;

	for (uint32 i = 0; i < list->n; i++)
	{
		if (list->extents[i].first + list->extents[i].n == extent.first)
			before = i;
		else if (extent.first + extent.n == list->extents[i].first)
			after = i;
	}
	if (before < 0 && after < 0 &&
		extent.first + extent.n != meta->high_water &&
		list->n == (uint32) OLAP_FREE_META_EXTENTS)
		return false;
	if (after >= 0)
	{
		joined += list->extents[after].n;
		extent.n += list->extents[after].n;
		remove_extent(list, after);
		if (before == (int) list->n)
			before = after;		/* it was the last, and took the place */
	}
	if (before >= 0)
	{
		joined += list->extents[before].n;
		extent.first = list->extents[before].first;
		extent.n += list->extents[before].n;
		remove_extent(list, before);
	}
	list->blocks -= Min(list->blocks, joined);
	if (extent.first + extent.n == meta->high_water)
		meta->high_water = extent.first;
	else
	{
		list->blocks += extent.n;
		list->extents[list->n++] = extent;
	}
	return true;
}

/* The page at block, locked for reading, with a count that can be relied on. */
static Buffer
read_further(Relation rel, BlockNumber block)
{
	Buffer		buffer = olap_page_read(rel, block, OLAP_PAGE_FREE, 0,
										BUFFER_LOCK_SHARE);
	OlapFreePage *page = (OlapFreePage *)
		OlapPageGetPayload(BufferGetPage(buffer));

	if (page->n > (uint32) OLAP_FREE_PAGE_EXTENTS)
		list_corrupted(rel, block, "too many extents");
	return buffer;
}

/*
 * Take the first further page in, and its block with it, if there is one and its
 * extents fit.  The page stays as it is: it belongs to nobody now.
 */
static bool
gather_page(Relation rel, OlapMeta *meta, OlapFreeList *list)
{
	OlapExtent	own = {list->next, 1};
	Buffer		buffer;
	OlapFreePage *page;
	bool		fits;

	if (list->next == 0)
		return false;
	buffer = read_further(rel, list->next);
	page = (OlapFreePage *) OlapPageGetPayload(BufferGetPage(buffer));
	fits = list->n + page->n + 1 <= (uint32) OLAP_FREE_META_EXTENTS;
	if (fits)
	{
		check_extent(rel, meta, &own);
		for (uint32 i = 0; i < page->n; i++)
			check_extent(rel, meta, &page->extents[i]);
		for (uint32 i = 0; i < page->n; i++)
		{
			/* it is counted already */
			list->blocks -= Min(list->blocks, page->extents[i].n);
			(void) add_extent(meta, list, page->extents[i]);
		}
		(void) add_extent(meta, list, own);
		list->next = page->next;
		list->changes++;
	}
	UnlockReleaseBuffer(buffer);
	return fits;
}

/* ---- taking ---- */

/* The smallest extent of at least nblocks, the lowest of several; -1: none. */
static int
best_fit(const OlapFreeList *list, uint32 nblocks)
{
	int			best = -1;

	for (uint32 i = 0; i < list->n; i++)
	{
		const OlapExtent *extent = &list->extents[i];

		if (extent->n >= nblocks &&
			(best < 0 || extent->n < list->extents[best].n ||
			 (extent->n == list->extents[best].n &&
			  extent->first < list->extents[best].first)))
			best = i;
	}
	return best;
}

BlockNumber
olap_free_take(Relation rel, OlapMeta *meta, uint32 nblocks)
{
	OlapFreeList *list = checked_list(rel, meta);
	int			i = best_fit(list, nblocks);
	BlockNumber first;

	while (i < 0 && gather_page(rel, meta, list))
		i = best_fit(list, nblocks);
	first = meta->high_water;
	list->changes++;
	if (i >= 0)
	{
		OlapExtent *extent = &list->extents[i];

		check_extent(rel, meta, extent);
		first = extent->first;
		extent->first += nblocks;
		extent->n -= nblocks;
		list->blocks -= Min(list->blocks, nblocks);
		if (extent->n == 0)
			remove_extent(list, i);
		return first;
	}
	if (first > MAX_AHEAD && first - MAX_AHEAD > RelationGetNumberOfBlocks(rel))
		olap_corrupted(rel, "The metapage says that %u blocks are handed out; the file has %u.",
					   first, RelationGetNumberOfBlocks(rel));
	if ((uint64) first + nblocks > MaxBlockNumber)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("olap table \"%s\" cannot grow beyond %u blocks",
						RelationGetRelationName(rel), MaxBlockNumber),
				 errhint("Partition the table.")));
	meta->high_water += nblocks;
	return first;
}

/* ---- giving back ---- */

static int
compare_sizes_descending(const void *a, const void *b)
{
	const OlapExtent *x = a;
	const OlapExtent *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return x->first < y->first ? -1 : x->first > y->first;
}

/*
 * Move the smaller half of a full list to a page that is made of the smallest
 * extent's first block.
 */
static Buffer
spill(Relation rel, GenericXLogState *xlog, OlapMeta *meta, OlapFreeList *list)
{
	OlapExtent *smallest;
	OlapFreePage *further;
	BlockNumber block;
	Buffer		buffer;
	Page		page;

	qsort(list->extents, list->n, sizeof(OlapExtent), compare_sizes_descending);
	smallest = &list->extents[list->n - 1];
	check_extent(rel, meta, smallest);
	block = smallest->first++;
	list->blocks -= Min(list->blocks, 1);
	if (--smallest->n == 0)
		list->n--;

	olap_extend_to(rel, block + 1);
	buffer = ReadBufferExtended(rel, MAIN_FORKNUM, block, RBM_ZERO_AND_LOCK,
								NULL);
	page = GenericXLogRegisterBuffer(xlog, buffer, GENERIC_XLOG_FULL_IMAGE);
	olap_page_init(page, OLAP_PAGE_FREE, 0);
	further = (OlapFreePage *) OlapPageGetPayload(page);
	further->next = list->next;
	further->n = list->n - KEEP_EXTENTS;
	memcpy(further->extents, &list->extents[KEEP_EXTENTS],
		   further->n * sizeof(OlapExtent));
	memset(&list->extents[KEEP_EXTENTS], 0,
		   (OLAP_FREE_META_EXTENTS - KEEP_EXTENTS) * sizeof(OlapExtent));
	olap_page_seal(page, block);
	list->n = KEEP_EXTENTS;
	list->next = block;
	return buffer;
}

Buffer
olap_free_put(Relation rel, GenericXLogState *xlog, OlapMeta *meta,
			  BlockNumber first, uint32 nblocks)
{
	OlapFreeList *list = checked_list(rel, meta);
	OlapExtent	extent = {first, nblocks};
	Buffer		buffer = InvalidBuffer;

	check_extent(rel, meta, &extent);
	list->changes++;
	if (!add_extent(meta, list, extent))
	{
		buffer = spill(rel, xlog, meta, list);
		(void) add_extent(meta, list, extent);
	}
	return buffer;
}

/* ---- further pages ---- */

void
olap_free_gather(Relation rel)
{
	OlapMeta	copy;
	bool		more = olap_meta_read(rel, &copy);

	while (more)
	{
		GenericXLogState *xlog;
		OlapMetaEdit edit;
		OlapFreeList *list;

		CHECK_FOR_INTERRUPTS();
		xlog = GenericXLogStart(rel);
		olap_meta_edit_begin(&edit, rel, xlog);
		list = checked_list(rel, edit.meta);
		more = gather_page(rel, edit.meta, list);
		if (more)
		{
			olap_meta_edit_seal(&edit);
			GenericXLogFinish(xlog);
		}
		else
			GenericXLogAbort(xlog);
		olap_meta_edit_release(&edit);
	}
}

/* ---- looking ---- */

/* A copy of the metapage's payload, or NULL if there is none. */
static OlapMeta *
copy_metapage(Relation rel)
{
	OlapMeta   *meta = palloc(OLAP_PAGE_PAYLOAD);
	Buffer		buffer;

	if (!olap_meta_read(rel, meta))
	{
		pfree(meta);
		return NULL;
	}
	buffer = olap_page_read(rel, 0, OLAP_PAGE_META, 0, BUFFER_LOCK_SHARE);
	memcpy(meta, OlapPageGetPayload(BufferGetPage(buffer)), OLAP_PAGE_PAYLOAD);
	UnlockReleaseBuffer(buffer);
	(void) checked_list(rel, meta);
	return meta;
}

uint32
olap_free_blocks(Relation rel)
{
	OlapMeta   *meta = copy_metapage(rel);
	uint32		blocks = meta == NULL ? 0 : olap_free_list(meta)->blocks;

	if (meta != NULL)
		pfree(meta);
	return blocks;
}

bool
olap_free_unchanged(Relation rel, uint32 changes)
{
	OlapMeta   *meta = copy_metapage(rel);
	bool		same = meta != NULL && olap_free_list(meta)->changes == changes;

	if (meta != NULL)
		pfree(meta);
	return same;
}

/*
 * Visit what a further page lists; *next is the one behind it.  False if the
 * page is none of the list any more.
 */
static bool
walk_page(Relation rel, BlockNumber block, uint32 changes, BlockNumber *next,
		  void (*visit) (void *arg, BlockNumber first, uint32 n, bool page),
		  void *arg)
{
	OlapFreePage *copy = palloc(OLAP_PAGE_PAYLOAD);
	Buffer		buffer = olap_page_pin(rel, block, BUFFER_LOCK_SHARE);
	bool		fault = olap_page_fault(rel, buffer, OLAP_PAGE_FREE, 0) != NULL;

	memcpy(copy, OlapPageGetPayload(BufferGetPage(buffer)), OLAP_PAGE_PAYLOAD);
	UnlockReleaseBuffer(buffer);
	if (!olap_free_unchanged(rel, changes))
		return false;
	if (fault || copy->n > (uint32) OLAP_FREE_PAGE_EXTENTS)
		list_corrupted(rel, block, "page is not valid");
	visit(arg, block, 1, true);
	for (uint32 i = 0; i < copy->n; i++)
		visit(arg, copy->extents[i].first, copy->extents[i].n, false);
	*next = copy->next;
	pfree(copy);
	return true;
}

bool
olap_free_walk(Relation rel,
			   void (*visit) (void *arg, BlockNumber first, uint32 n, bool page),
			   void *arg, uint32 *changes)
{
	OlapMeta   *meta = copy_metapage(rel);
	OlapFreeList *list;
	uint64		length = 0;

	*changes = 0;
	if (meta == NULL)
		return true;
	list = olap_free_list(meta);
	*changes = list->changes;
	for (uint32 i = 0; i < list->n; i++)
		visit(arg, list->extents[i].first, list->extents[i].n, false);
	for (BlockNumber block = list->next; block != 0;)
	{
		CHECK_FOR_INTERRUPTS();
		if (block >= meta->high_water || ++length > meta->high_water)
			list_corrupted(rel, block, "a chain of pages has no end");
		if (!walk_page(rel, block, list->changes, &block, visit, arg))
			return false;
	}
	pfree(meta);
	return true;
}

/*-------------------------------------------------------------------------
 *
 * rangelog_map.c
 *		From a range of row numbers to the head page of its log.
 *
 * A radix tree whose root and height stand in the metapage.  Map pages stay for
 * good; head pages come and go (rangelog_free.c), so a head page is locked before
 * the map page that leads to it is left.  Page and pointer to it change in one
 * WAL record, so no pointer ever leads to a page that is not there.
 *
 * src/delta/rangelog_map.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/generic_xlog.h"
#include "access/transam.h"
#include "miscadmin.h"
#include "storage/procarray.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "delta/rangelog_page.h"
#include "segment/visibility.h"

/* More levels than row numbers can fill. */
#define MAP_MAX_LEVELS 4

StaticAssertDecl(sizeof(OlapLogHeadPage) + 100 * sizeof(OlapLogRecord) <
				 OLAP_PAGE_PAYLOAD, "a head page holds a bitmap and records");

void
olap_log_corrupted(Relation rel, BlockNumber block, const char *what)
{
	olap_corrupted(rel, "Block %u of the range log: %s.", block, what);
}

void
olap_log_check_chain(Relation rel, BlockNumber block, uint64 *length)
{
	/* asking for the file's length takes longer than reading a page */
	if (++*length % 256 == 0 && *length > RelationGetNumberOfBlocks(rel))
		olap_log_corrupted(rel, block, "a chain of pages has no end");
}

bool
olap_log_record_ended(const OlapLogRecord *record)
{
	if (TransactionIdIsInProgress(record->xid))
		return false;
	return OLAP_LOG_IS_LOCK(record->kind) || !TransactionIdDidCommit(record->xid);
}

/* ---- checked access ---- */

/*
 * Every change of a row and every look at one asks for whole pages.  So what this
 * backend found sound, or changed itself, is remembered until it changes again.
 * Pages whose changes are not logged have no LSN to tell.
 */
#define SOUND_PAGES 64

typedef struct SoundPage
{
	RelFileNumber file;
	BlockNumber block;
	XLogRecPtr	lsn;			/* Invalid: none */
} SoundPage;

static SoundPage sound_pages[SOUND_PAGES];

static SoundPage *
sound_page(Relation rel, BlockNumber block)
{
	return &sound_pages[(block ^ rel->rd_locator.relNumber) % SOUND_PAGES];
}

void
olap_log_note_sound(Relation rel, Buffer buffer)
{
	BlockNumber block = BufferGetBlockNumber(buffer);
	SoundPage  *page = sound_page(rel, block);

	page->file = rel->rd_locator.relNumber;
	page->block = block;
	page->lsn = RelationIsPermanent(rel) ? PageGetLSN(BufferGetPage(buffer)) :
		InvalidXLogRecPtr;
}

static bool
known_sound(Relation rel, Buffer buffer)
{
	BlockNumber block = BufferGetBlockNumber(buffer);
	const SoundPage *page = sound_page(rel, block);

	return page->block == block && page->file == rel->rd_locator.relNumber &&
		!XLogRecPtrIsInvalid(page->lsn) &&
		page->lsn == PageGetLSN(BufferGetPage(buffer));
}

/* Ids are possible up to some distance from the oldest: the greatest decides. */
static bool
records_sound(const OlapLogRecord *records, int n)
{
	OlapXidLimits limits;
	uint32		distance = 0;
	uint32		faults = 0;

	olap_xid_limits(&limits);
	for (int i = 0; i < n; i++)
	{
		const OlapLogRecord *record = &records[i];

		distance = Max(distance, record->xid - limits.oldest);
		faults |= (record->kind < OLAP_LOG_LOCK_KEY_SHARE) |
			(record->kind > OLAP_LOG_DELETE) |
			(record->first > record->last) |
			(record->last >= OLAP_RANGE_ROWS) |
			(record->xid < FirstNormalTransactionId);
	}
	return faults == 0 &&
		(n == 0 || olap_xid_possible(&limits, limits.oldest + distance));
}

Buffer
olap_log_read_head(Relation rel, BlockNumber block, uint32 range, int lockmode)
{
	Buffer		buffer = olap_page_read(rel, block, OLAP_PAGE_LOG_HEAD, 0,
										lockmode);
	OlapLogHeadPage *head = (OlapLogHeadPage *)
		OlapPageGetPayload(BufferGetPage(buffer));

	if (head->range != range)
		olap_log_corrupted(rel, block, "head page of another range");
	if (known_sound(rel, buffer))
		return buffer;
	if (head->nrecords > OLAP_LOG_HEAD_RECORDS ||
		!records_sound(head->records, head->nrecords))
		olap_log_corrupted(rel, block, "records of a head page are not valid");
	olap_log_note_sound(rel, buffer);
	return buffer;
}

Buffer
olap_log_read_bucket(Relation rel, BlockNumber block, uint32 range, int bucket,
					 int lockmode)
{
	Buffer		buffer = olap_page_read(rel, block, OLAP_PAGE_LOG_BUCKET, 0,
										lockmode);
	OlapLogBucketPage *page = (OlapLogBucketPage *)
		OlapPageGetPayload(BufferGetPage(buffer));

	if (page->range != range || page->bucket != bucket)
		olap_log_corrupted(rel, block, "page of another bucket");
	if (known_sound(rel, buffer))
		return buffer;
	if (page->nrecords > OLAP_LOG_BUCKET_RECORDS ||
		!records_sound(page->records, page->nrecords))
		olap_log_corrupted(rel, block, "records of a bucket page are not valid");
	olap_log_note_sound(rel, buffer);
	return buffer;
}

static Buffer
read_map(Relation rel, BlockNumber block, uint32 level, int lockmode)
{
	Buffer		buffer = olap_page_read(rel, block, OLAP_PAGE_LOG_MAP, 0,
										lockmode);

	if (((OlapLogMapPage *) OlapPageGetPayload(BufferGetPage(buffer)))->level != level)
		olap_log_corrupted(rel, block, "map page of another level");
	return buffer;
}

/* ---- finding ---- */

/* Ranges below one child of a page of this level. */
static uint64
child_ranges(uint32 level)
{
	uint64		n = 1;

	while (--level > 0)
		n *= OLAP_LOG_MAP_FANOUT;
	return n;
}

/* Ranges that a tree of so many levels has room for. */
static uint64
map_capacity(uint32 levels)
{
	return levels == 0 ? 0 : child_ranges(levels + 1);
}

/* Child of a page of this level that leads to range. */
static int
child_index(uint32 level, uint32 range)
{
	return (range / child_ranges(level)) % OLAP_LOG_MAP_FANOUT;
}

static void
check_root(Relation rel, const OlapMeta *meta)
{
	if (meta->log_levels > MAP_MAX_LEVELS ||
		(meta->log_levels > 0) != (meta->log_root != InvalidBlockNumber))
		olap_log_corrupted(rel, 0, "the metapage does not lead to a map");
}

Buffer
olap_log_find_head(Relation rel, const OlapMeta *meta, uint32 range, int lockmode)
{
	BlockNumber block = meta->log_root;
	Buffer		head = InvalidBuffer;

	check_root(rel, meta);
	if (range >= map_capacity(meta->log_levels))
		return InvalidBuffer;
	for (uint32 level = meta->log_levels; level > 0 && block != InvalidBlockNumber;
		 level--)
	{
		Buffer		buffer = read_map(rel, block, level, BUFFER_LOCK_SHARE);
		OlapLogMapPage *map = (OlapLogMapPage *)
			OlapPageGetPayload(BufferGetPage(buffer));

		block = map->children[child_index(level, range)];
		if (level == 1 && block != InvalidBlockNumber)
			head = olap_log_read_head(rel, block, range, lockmode);
		UnlockReleaseBuffer(buffer);
	}
	return head;
}

/* ---- making ---- */

/* Make block an empty map page in the record. */
static Buffer
new_map(Relation rel, GenericXLogState *xlog, BlockNumber block, uint32 level,
		BlockNumber first_child)
{
	Buffer		buffer = ReadBufferExtended(rel, MAIN_FORKNUM, block,
											RBM_ZERO_AND_LOCK, NULL);
	Page		page = GenericXLogRegisterBuffer(xlog, buffer,
												 GENERIC_XLOG_FULL_IMAGE);
	OlapLogMapPage *map = (OlapLogMapPage *) OlapPageGetPayload(page);

	olap_page_init(page, OLAP_PAGE_LOG_MAP, 0);
	map->level = level;
	map->unused = 0;
	memset(map->children, 0xFF, OLAP_LOG_MAP_FANOUT * sizeof(BlockNumber));
	map->children[0] = first_child;
	olap_page_seal(page, block);
	return buffer;
}

static Buffer
new_head(Relation rel, GenericXLogState *xlog, BlockNumber block, uint32 range)
{
	Buffer		buffer = ReadBufferExtended(rel, MAIN_FORKNUM, block,
											RBM_ZERO_AND_LOCK, NULL);
	Page		page = GenericXLogRegisterBuffer(xlog, buffer,
												 GENERIC_XLOG_FULL_IMAGE);
	OlapLogHeadPage *head = (OlapLogHeadPage *) OlapPageGetPayload(page);

	olap_page_init(page, OLAP_PAGE_LOG_HEAD, 0);
	head->range = range;
	memset(head->buckets, 0xFF, sizeof(head->buckets));
	olap_page_seal(page, block);
	return buffer;
}

/* Put a new root above the tree, unless somebody else did. */
static void
grow_map(Relation rel, uint32 levels)
{
	GenericXLogState *xlog = GenericXLogStart(rel);
	OlapMetaEdit edit;

	olap_meta_edit_begin(&edit, rel, xlog);
	if (edit.meta->log_levels == levels)
	{
		BlockNumber block = olap_meta_edit_take_block(&edit);
		Buffer		buffer = new_map(rel, xlog, block, levels + 1,
									 edit.meta->log_root);

		edit.meta->log_root = block;
		edit.meta->log_levels++;
		olap_meta_edit_seal(&edit);
		GenericXLogFinish(xlog);
		UnlockReleaseBuffer(buffer);
	}
	else
		GenericXLogAbort(xlog);
	olap_meta_edit_release(&edit);
}

/*
 * Make the missing child of an exclusively locked map page: a map page, or at
 * level 1 the head page of range.
 */
static BlockNumber
make_child(Relation rel, Buffer parent, uint32 level, uint32 range)
{
	GenericXLogState *xlog = GenericXLogStart(rel);
	Page		page = GenericXLogRegisterBuffer(xlog, parent, 0);
	OlapLogMapPage *map = (OlapLogMapPage *) OlapPageGetPayload(page);
	OlapMetaEdit edit;
	Buffer		child;
	BlockNumber block;

	olap_meta_edit_begin(&edit, rel, xlog);
	block = olap_meta_edit_take_block(&edit);
	if (level > 1)
		child = new_map(rel, xlog, block, level - 1, InvalidBlockNumber);
	else
		child = new_head(rel, xlog, block, range);
	map->children[child_index(level, range)] = block;
	olap_page_seal(page, BufferGetBlockNumber(parent));
	olap_meta_edit_seal(&edit);
	GenericXLogFinish(xlog);
	UnlockReleaseBuffer(child);
	olap_meta_edit_release(&edit);
	return block;
}

Buffer
olap_log_make_head(Relation rel, uint32 range)
{
	OlapMeta	meta;
	BlockNumber block;
	Buffer		head = InvalidBuffer;

	for (;;)
	{
		if (!olap_meta_read(rel, &meta))
			olap_log_corrupted(rel, 0, "there is no metapage");
		check_root(rel, &meta);
		if (range < map_capacity(meta.log_levels))
			break;
		grow_map(rel, meta.log_levels);
	}

	/* a later root leads to this one, and map pages never go away */
	block = meta.log_root;
	for (uint32 level = meta.log_levels; level > 0; level--)
	{
		int			i = child_index(level, range);
		Buffer		buffer = read_map(rel, block, level, BUFFER_LOCK_SHARE);
		BlockNumber child = ((OlapLogMapPage *)
							 OlapPageGetPayload(BufferGetPage(buffer)))->children[i];

		if (child == InvalidBlockNumber)
		{
			LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
			LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
			child = ((OlapLogMapPage *)
					 OlapPageGetPayload(BufferGetPage(buffer)))->children[i];
			if (child == InvalidBlockNumber)
				child = make_child(rel, buffer, level, range);
		}
		if (level == 1)
			head = olap_log_read_head(rel, child, range, BUFFER_LOCK_EXCLUSIVE);
		UnlockReleaseBuffer(buffer);
		block = child;
	}
	return head;
}

/* ---- walking ---- */

static void
walk(Relation rel, BlockNumber block, uint32 level, uint64 first,
	 void (*map) (void *arg, BlockNumber block, uint32 level, uint64 first),
	 void (*visit) (void *arg, BlockNumber block, uint32 range), void *arg)
{
	BlockNumber *children = palloc(OLAP_LOG_MAP_FANOUT * sizeof(BlockNumber));
	Buffer		buffer = read_map(rel, block, level, BUFFER_LOCK_SHARE);
	uint64		step = child_ranges(level);

	memcpy(children, ((OlapLogMapPage *)
					  OlapPageGetPayload(BufferGetPage(buffer)))->children,
		   OLAP_LOG_MAP_FANOUT * sizeof(BlockNumber));
	UnlockReleaseBuffer(buffer);

	if (map != NULL)
		map(arg, block, level, first);
	for (int i = 0; i < OLAP_LOG_MAP_FANOUT; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (children[i] == InvalidBlockNumber)
			continue;
		if (level > 1)
			walk(rel, children[i], level - 1, first + i * step, map, visit, arg);
		else if (visit != NULL)
			visit(arg, children[i], (uint32) (first + i));
	}
	pfree(children);
}

void
olap_log_map_walk(Relation rel, void (*map) (void *arg, BlockNumber block, uint32 level, uint64 first),
				  void (*visit) (void *arg, BlockNumber block, uint32 range),
				  void *arg)
{
	OlapMeta	meta;

	if (!olap_meta_read(rel, &meta))
		return;
	check_root(rel, &meta);
	if (meta.log_levels > 0)
		walk(rel, meta.log_root, meta.log_levels, 0, map, visit, arg);
}

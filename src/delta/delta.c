/*-------------------------------------------------------------------------
 *
 * delta.c
 *		The row store for small writes.
 *
 * Why not a heap beside the table: one relation needs no mirrored DDL, swap or
 * dump, and row numbers stay valid when rows move to a segment.
 *
 * A backend keeps writing to the page it wrote last.  A backend without one
 * takes the newest page of the current run if nobody else holds it, so that a
 * series of short connections does not start a page each.
 *
 * src/delta/delta.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/generic_xlog.h"
#include "access/htup_details.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "delta/delta.h"

/* Size a tuple takes on a page, line pointer included. */
#define TUPLE_SPACE(len) (MAXALIGN(len) + sizeof(ItemIdData))

bool
olap_delta_fits(Size len)
{
	return TUPLE_SPACE(len) <= (Size) OLAP_PAGE_PAYLOAD;
}

/* Has page room for a tuple of this length? */
static bool
has_room(Page page, Size len)
{
	PageHeader	header = (PageHeader) page;

	return PageGetMaxOffsetNumber(page) < OLAP_VBLOCK_ROWS &&
		(Size) (header->pd_upper - header->pd_lower) >= TUPLE_SPACE(len);
}

/*
 * Lock block if it is a delta page with room for len bytes.  wait = false
 * gives up when somebody else has it.
 */
static Buffer
try_page(Relation rel, BlockNumber block, Size len, bool wait)
{
	Buffer		buffer;

	if (block == InvalidBlockNumber || block >= RelationGetNumberOfBlocks(rel))
		return InvalidBuffer;
	buffer = olap_buffer_read(rel, block, NULL);
	if (wait)
		LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	else if (!ConditionalLockBuffer(buffer))
	{
		ReleaseBuffer(buffer);
		return InvalidBuffer;
	}
	if (olap_page_fault(rel, buffer, OLAP_PAGE_DELTA, 0) == NULL &&
		has_room(BufferGetPage(buffer), len))
		return buffer;
	UnlockReleaseBuffer(buffer);
	return InvalidBuffer;
}

/* An exclusively locked page with room for len bytes. */
static Buffer
target_page(Relation rel, Size len)
{
	BlockNumber block = RelationGetTargetBlock(rel);
	Buffer		buffer = try_page(rel, block, len, true);
	OlapMeta	meta;

	if (!BufferIsValid(buffer) && block == InvalidBlockNumber &&
		olap_meta_read(rel, &meta) && meta.delta_used > 0)
		buffer = try_page(rel, meta.delta_first_block + meta.delta_used - 1,
						  len, false);
	/* somebody else may fill the new page first */
	while (!BufferIsValid(buffer))
		buffer = try_page(rel, olap_delta_page_allocate(rel), len, true);
	RelationSetTargetBlock(rel, BufferGetBlockNumber(buffer));
	return buffer;
}

static void
stamp_tuple(HeapTuple tuple, TransactionId xid, CommandId cid, uint32 token,
			Oid relid, BlockNumber vblock, OffsetNumber off)
{
	HeapTupleHeader header = tuple->t_data;

	ItemPointerSet(&tuple->t_self, vblock, off);
	tuple->t_tableOid = relid;
	header->t_infomask &= ~HEAP_XACT_MASK;
	header->t_infomask2 &= ~HEAP2_XACT_MASK;
	header->t_infomask |= HEAP_XMAX_INVALID;
	HeapTupleHeaderSetXmin(header, xid);
	HeapTupleHeaderSetXmax(header, InvalidTransactionId);
	HeapTupleHeaderSetCmin(header, cid);
	if (token != 0)
		HeapTupleHeaderSetSpeculativeToken(header, token);
	else
		header->t_ctid = tuple->t_self;
}

/* A few rows at most: edited in place, because comparing pages would show. */
#define IN_PLACE_BYTES 1024

/* Put the tuples that fit on page (or its image in a WAL record); returns their number. */
static int
add_tuples(Relation rel, Page page, BlockNumber block, HeapTuple *tuples,
		   int ntuples, TransactionId xid, CommandId cid, uint32 token)
{
	uint32		vblock = OlapPageGetOpaque(page)->vblock;
	int			n = 0;

	while (n < ntuples && has_room(page, tuples[n]->t_len))
	{
		OffsetNumber off = PageGetMaxOffsetNumber(page) + 1;

		stamp_tuple(tuples[n], xid, cid, token, RelationGetRelid(rel), vblock,
					off);
		if (PageAddItemExtended(page, (Item) tuples[n]->t_data,
								tuples[n]->t_len, off,
								PAI_OVERWRITE | PAI_IS_HEAP) != off)
			elog(ERROR, "could not add a row to delta block %u of \"%s\"",
				 block, RelationGetRelationName(rel));
		n++;
	}
	return n;
}

/* The one tuple, in place. */
static void
add_in_place(Relation rel, Buffer buffer, HeapTuple tuple, TransactionId xid,
			 CommandId cid, uint32 token)
{
	Page		page = BufferGetPage(buffer);
	PageHeader	header = (PageHeader) page;
	OlapPatch	patches[3];

	patches[0].offset = offsetof(PageHeaderData, pd_lower);
	patches[0].len = SizeOfPageHeaderData - offsetof(PageHeaderData, pd_lower);
	patches[1].offset = header->pd_lower;
	patches[1].len = sizeof(ItemIdData);
	START_CRIT_SECTION();
	add_tuples(rel, page, BufferGetBlockNumber(buffer), &tuple, 1, xid, cid,
			   token);
	patches[2].offset = header->pd_upper;
	patches[2].len = tuple->t_len;
	olap_page_log(rel, buffer, patches, 3);
	END_CRIT_SECTION();
}

/* Put as many of the tuples as fit on one page; returns their number. */
static int
fill_page(Relation rel, HeapTuple *tuples, int ntuples, TransactionId xid,
		  CommandId cid, uint32 token)
{
	Buffer		buffer = target_page(rel, tuples[0]->t_len);
	int			n = 1;

	if (ntuples == 1 && tuples[0]->t_len <= IN_PLACE_BYTES)
		add_in_place(rel, buffer, tuples[0], xid, cid, token);
	else
	{
		GenericXLogState *xlog = GenericXLogStart(rel);
		Page		page = GenericXLogRegisterBuffer(xlog, buffer, 0);

		n = add_tuples(rel, page, BufferGetBlockNumber(buffer), tuples, ntuples,
					   xid, cid, token);
		olap_page_seal(page, BufferGetBlockNumber(buffer));
		GenericXLogFinish(xlog);
	}
	UnlockReleaseBuffer(buffer);
	return n;
}

void
olap_delta_insert(Relation rel, HeapTuple *tuples, int ntuples,
				  TransactionId xid, CommandId cid, uint32 token)
{
	for (int done = 0; done < ntuples;)
	{
		CHECK_FOR_INTERRUPTS();
		if (!olap_delta_fits(tuples[done]->t_len))
			elog(ERROR, "a row of %u bytes does not fit a delta page",
				 tuples[done]->t_len);
		done += fill_page(rel, tuples + done, ntuples - done, xid, cid, token);
	}

	/* who scanned before had locked the relation; who comes now sees us */
	CheckForSerializableConflictIn(rel, NULL, InvalidBlockNumber);
}

/*
 * A sealed page is one without room: its free space counts as used, which
 * every writer that has the page in mind notices under the page's lock.
 */
static void
seal_page(Relation rel, const OlapDirEntry *run, uint32 index)
{
	BlockNumber block = run->first_block + index;
	Buffer		buffer = olap_page_read(rel, block, OLAP_PAGE_DELTA, run->id,
										BUFFER_LOCK_EXCLUSIVE);
	PageHeader	header = (PageHeader) BufferGetPage(buffer);

	if (header->pd_upper > header->pd_lower)
	{
		GenericXLogState *xlog = GenericXLogStart(rel);
		Page		page = GenericXLogRegisterBuffer(xlog, buffer, 0);

		header = (PageHeader) page;
		memset((char *) page + header->pd_lower, 0,
			   header->pd_upper - header->pd_lower);
		header->pd_upper = header->pd_lower;
		olap_page_seal(page, block);
		GenericXLogFinish(xlog);
	}
	UnlockReleaseBuffer(buffer);
}

void
olap_delta_seal(Relation rel, const OlapDirRef *ref, OlapDirEntry *run)
{
	olap_directory_seal(rel, ref, run);
	for (uint32 i = 0; i < run->nrows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		seal_page(rel, run, i);
	}
}

void
olap_delta_complete(Relation rel, const OlapDirEntry *run, uint32 index,
					OffsetNumber off, bool succeeded)
{
	BlockNumber block = run->first_block + index;
	Buffer		buffer = olap_page_read(rel, block, OLAP_PAGE_DELTA, run->id,
										BUFFER_LOCK_EXCLUSIVE);
	GenericXLogState *xlog = GenericXLogStart(rel);
	Page		page = GenericXLogRegisterBuffer(xlog, buffer, 0);
	HeapTupleHeader header;

	if (off < 1 || off > PageGetMaxOffsetNumber(page) ||
		!ItemIdIsNormal(PageGetItemId(page, off)) ||
		!olap_delta_item_sound(page, PageGetItemId(page, off)))
		elog(ERROR, "row %u of delta block %u of \"%s\" is not there", off, block,
			 RelationGetRelationName(rel));
	header = (HeapTupleHeader) PageGetItem(page, PageGetItemId(page, off));
	ItemPointerSet(&header->t_ctid, run->first_vblock + index, off);
	if (!succeeded)
		HeapTupleHeaderSetXmin(header, InvalidTransactionId);
	olap_page_seal(page, block);
	GenericXLogFinish(xlog);
	UnlockReleaseBuffer(buffer);
}

void
olap_delta_page_read(Relation rel, const OlapDirEntry *run, uint32 index,
					 OlapDeltaPage *page, BufferAccessStrategy strategy)
{
	BlockNumber block = run->first_block + index;
	Buffer		buffer;
	Page		source;

	page->vblock = run->first_vblock + index;
	page->ntuples = 0;
	if (index >= run->nrows)
		return;					/* not handed out when the entry was read */
	if (block >= RelationGetNumberOfBlocks(rel))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("segment %u of \"%s\" is corrupted", run->id,
						RelationGetRelationName(rel)),
				 errdetail("Delta block %u lies behind the end of the file.",
						   block)));

	buffer = olap_page_read(rel, block, OLAP_PAGE_DELTA, run->id,
							BUFFER_LOCK_SHARE);
	source = BufferGetPage(buffer);
	memcpy(page->page.data, source, BLCKSZ);
	page->ntuples = PageGetMaxOffsetNumber(source);
	olap_xid_limits(&page->limits);
	UnlockReleaseBuffer(buffer);

	if (page->ntuples > OLAP_VBLOCK_ROWS ||
		(page->ntuples > 0 &&
		 OlapPageGetOpaque(page->page.data)->vblock != page->vblock))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("segment %u of \"%s\" is corrupted", run->id,
						RelationGetRelationName(rel)),
				 errdetail("Delta block %u has %d rows of virtual block %u, expected at most %d of %u.",
						   block, page->ntuples,
						   OlapPageGetOpaque(page->page.data)->vblock,
						   OLAP_VBLOCK_ROWS, page->vblock)));
}

bool
olap_delta_tuple(Relation rel, OlapDeltaPage *page, OffsetNumber off,
				 HeapTuple tuple, TransactionId *xmin, CommandId *cmin)
{
	Page		copy = (Page) page->page.data;
	ItemId		item = PageGetItemId(copy, off);
	HeapTupleHeader header;

	if (!ItemIdIsNormal(item))
		return false;
	if (!olap_delta_item_sound(copy, item))
		olap_corrupted(rel, "Line pointer %u of virtual block %u does not lead to a row.",
					   off, page->vblock);

	header = (HeapTupleHeader) PageGetItem(copy, item);
	tuple->t_data = header;
	tuple->t_len = ItemIdGetLength(item);
	tuple->t_tableOid = RelationGetRelid(rel);
	ItemPointerSet(&tuple->t_self, page->vblock, off);
	*xmin = HeapTupleHeaderGetRawXmin(header);
	*cmin = HeapTupleHeaderGetRawCommandId(header);
	if (!olap_xid_possible(&page->limits, *xmin))
		olap_corrupted(rel, "Row (%u,%u) was inserted by transaction %u, which cannot have been.",
					   page->vblock, off, *xmin);
	return true;
}

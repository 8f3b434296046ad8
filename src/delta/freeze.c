/*-------------------------------------------------------------------------
 *
 * freeze.c
 *		What VACUUM does to delta pages.
 *
 * src/delta/freeze.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/generic_xlog.h"
#include "access/transam.h"
#include "storage/bufmgr.h"
#include "storage/procarray.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "delta/delta.h"

/* What to change on a page. */
typedef struct Freeze
{
	TransactionId limit;
	OlapRow		first_row;		/* of the page */
	bool		(*aborted) (void *arg, OlapRow row);
	void	   *arg;
} Freeze;

/* Change what is to change on a page; false if nothing is. */
static bool
freeze_tuples(Relation rel, Page page, const Freeze *freeze, bool only_look)
{
	OffsetNumber max = PageGetMaxOffsetNumber(page);
	bool		changed = false;

	for (OffsetNumber off = 1; off <= max; off++)
	{
		ItemId		item = PageGetItemId(page, off);
		HeapTupleHeader header;
		TransactionId xmin;

		if (!ItemIdIsNormal(item))
			continue;
		if (!olap_delta_item_sound(page, item))
			olap_corrupted(rel, "Line pointer %u of virtual block %u does not lead to a row.",
						   off, OlapPageGetOpaque(page)->vblock);
		header = (HeapTupleHeader) PageGetItem(page, item);
		xmin = HeapTupleHeaderGetRawXmin(header);
		if (xmin == FrozenTransactionId || TransactionIdIsInProgress(xmin))
			continue;
		/* aborted, or a speculative insertion that was taken back */
		if (!TransactionIdIsValid(xmin) || !TransactionIdDidCommit(xmin))
		{
			if (!freeze->aborted(freeze->arg, freeze->first_row + off - 1))
				continue;
			if (!only_look)
				ItemIdMarkDead(item);
		}
		else if (TransactionIdPrecedes(xmin, freeze->limit))
		{
			if (!only_look)
				HeapTupleHeaderSetXmin(header, FrozenTransactionId);
		}
		else
			continue;
		changed = true;
		if (only_look)
			break;
	}
	return changed;
}

void
olap_delta_page_freeze(Relation rel, const OlapDirEntry *run, uint32 index,
					   TransactionId freeze_limit,
					   bool (*aborted) (void *arg, OlapRow row), void *arg,
					   BufferAccessStrategy strategy)
{
	BlockNumber block = run->first_block + index;
	Freeze		freeze = {
		freeze_limit,
		(OlapRow) (run->first_vblock + index) * OLAP_VBLOCK_ROWS, aborted, arg
	};
	Buffer		buffer;

	if (block >= RelationGetNumberOfBlocks(rel))
		return;
	buffer = olap_buffer_read(rel, block, strategy);
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	if (!PageIsNew(BufferGetPage(buffer)))
	{
		olap_page_check(rel, buffer, OLAP_PAGE_DELTA, run->id);
		if (freeze_tuples(rel, BufferGetPage(buffer), &freeze, true))
		{
			GenericXLogState *xlog = GenericXLogStart(rel);
			Page		page = GenericXLogRegisterBuffer(xlog, buffer, 0);

			freeze_tuples(rel, page, &freeze, false);
			olap_page_seal(page, block);
			GenericXLogFinish(xlog);
		}
	}
	UnlockReleaseBuffer(buffer);
}

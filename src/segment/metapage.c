/*-------------------------------------------------------------------------
 *
 * metapage.c
 *		The metapage: made, locked, checked, read, and changed in records of others.
 *
 * src/segment/metapage.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/generic_xlog.h"
#include "access/xlog.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/errors.h"
#include "segment/directory.h"
#include "segment/freespace.h"
#include "segment/metapage.h"
#include "segment/recent.h"

StaticAssertDecl(sizeof(OlapMeta) <= OLAP_PAGE_PAYLOAD,
				 "the metapage holds OlapMeta");

static void
init_metapage(Relation rel, Buffer buffer)
{
	GenericXLogState *xlog = GenericXLogStart(rel);
	Page		page = GenericXLogRegisterBuffer(xlog, buffer,
												 GENERIC_XLOG_FULL_IMAGE);
	OlapMeta   *meta;
	XLogRecPtr	lsn;

	olap_page_init(page, OLAP_PAGE_META, 0);
	meta = (OlapMeta *) OlapPageGetPayload(page);
	meta->magic = OLAP_META_MAGIC;
	meta->format_version = OLAP_FORMAT_VERSION;
	meta->next_entry_id = 1;
	meta->next_vblock = 0;
	meta->high_water = 1;
	meta->dir_first = meta->dir_last = InvalidBlockNumber;
	meta->delta_ref.block = InvalidBlockNumber;
	meta->delta_first_block = InvalidBlockNumber;
	meta->log_root = InvalidBlockNumber;
	olap_page_seal(page, 0);
	lsn = GenericXLogFinish(xlog);

	/*
	 * A file with more than one block and a zero metapage is reported as
	 * corrupted.  So a crash must not leave one: the record goes out before
	 * anybody can grow the file.
	 */
	if (RelationNeedsWAL(rel))
		XLogFlush(lsn);
}

Buffer
olap_metapage_lock(Relation rel)
{
	BlockNumber nblocks = RelationGetNumberOfBlocks(rel);
	Buffer		buffer;

	if (nblocks == 0)
	{
		LockRelationForExtension(rel, ExclusiveLock);
		nblocks = RelationGetNumberOfBlocks(rel);
		if (nblocks == 0)
		{
			uint32		got;

			ExtendBufferedRelBy(BMR_REL(rel), MAIN_FORKNUM, NULL,
								EB_SKIP_EXTENSION_LOCK, 1, &buffer, &got);
			ReleaseBuffer(buffer);
			nblocks = 1;
		}
		UnlockRelationForExtension(rel, ExclusiveLock);
	}

	buffer = olap_page_pin(rel, 0, BUFFER_LOCK_EXCLUSIVE);
	if (nblocks == 1 && PageIsNew(BufferGetPage(buffer)))
		init_metapage(rel, buffer);
	else
		olap_page_check(rel, buffer, OLAP_PAGE_META, 0);
	return buffer;
}

void
olap_metapage_check(Relation rel, const OlapMeta *meta)
{
	if (meta->magic != OLAP_META_MAGIC)
		olap_corrupted(rel, "The metapage has magic number %08X, expected %08X.",
					   meta->magic, OLAP_META_MAGIC);
	if (meta->format_version != OLAP_FORMAT_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("olap table \"%s\" has storage format %u, this release reads %d",
						RelationGetRelationName(rel), meta->format_version,
						OLAP_FORMAT_VERSION),
				 errhint("Install the release of olap that wrote the table.")));
}

/*
 * The metapage, pinned and locked; InvalidBuffer if there is none yet.  In most
 * cases it is known to be in shared buffers, and how long the file is need not be
 * asked.
 */
static Buffer
find_metapage(Relation rel)
{
	Buffer		buffer = RelationUsesLocalBuffers(rel) ? InvalidBuffer :
		olap_recent_pin(rel, 0);
	BlockNumber nblocks;

	if (buffer != InvalidBuffer)
	{
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		if (!PageIsNew(BufferGetPage(buffer)))
			return buffer;
		UnlockReleaseBuffer(buffer);
	}
	nblocks = RelationGetNumberOfBlocks(rel);
	if (nblocks == 0)
		return InvalidBuffer;
	buffer = olap_page_pin(rel, 0, BUFFER_LOCK_SHARE);
	if (nblocks > 1 || !PageIsNew(BufferGetPage(buffer)))
		return buffer;
	UnlockReleaseBuffer(buffer);
	return InvalidBuffer;
}

bool
olap_meta_read(Relation rel, OlapMeta *meta)
{
	Buffer		buffer = find_metapage(rel);

	if (buffer == InvalidBuffer)
		return false;
	olap_page_check(rel, buffer, OLAP_PAGE_META, 0);
	memcpy(meta, OlapPageGetPayload(BufferGetPage(buffer)), sizeof(*meta));
	UnlockReleaseBuffer(buffer);
	olap_metapage_check(rel, meta);
	return true;
}

/* ---- the metapage in records of other layers ---- */

void
olap_meta_edit_begin(OlapMetaEdit *edit, Relation rel,
					 GenericXLogState *xlog)
{
	edit->rel = rel;
	edit->xlog = xlog;
	edit->free_page = InvalidBuffer;
	edit->buffer = olap_metapage_lock(rel);
	edit->page = GenericXLogRegisterBuffer(xlog, edit->buffer, 0);
	edit->meta = (OlapMeta *) OlapPageGetPayload(edit->page);
	olap_metapage_check(rel, edit->meta);
}

BlockNumber
olap_meta_edit_take_block(OlapMetaEdit *edit)
{
	BlockNumber block = olap_free_take(edit->rel, edit->meta, 1);

	olap_extend_to(edit->rel, block + 1);
	return block;
}

void
olap_meta_edit_free_block(OlapMetaEdit *edit, BlockNumber block)
{
	edit->free_page = olap_free_put(edit->rel, edit->xlog, edit->meta, block, 1);
}

void
olap_meta_edit_seal(OlapMetaEdit *edit)
{
	olap_page_seal(edit->page, 0);
}

void
olap_meta_edit_release(OlapMetaEdit *edit)
{
	if (BufferIsValid(edit->free_page))
		UnlockReleaseBuffer(edit->free_page);
	UnlockReleaseBuffer(edit->buffer);
}

/*-------------------------------------------------------------------------
 *
 * zone_pages.c
 *		Zones of segments, by column, on pages beside the directory.
 *
 * A directory page that lists segments has a run of zone pages, one a column, whose
 * slot i belongs to its entry i: what a column's bounds are in 127 segments is read
 * from one page.
 *
 * src/segment/zone_pages.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/generic_xlog.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "base/errors.h"
#include "segment/directory.h"
#include "segment/directory_page.h"

bool
olap_zones_extent(Relation rel, BlockNumber dir_block, BlockNumber *first, uint32 *ncols)
{
	Buffer		buffer = olap_page_read(rel, dir_block, OLAP_PAGE_DIRECTORY, 0,
										BUFFER_LOCK_SHARE);
	OlapDirPage    *dir = (OlapDirPage *) OlapPageGetPayload(BufferGetPage(buffer));

	*first = dir->zone_first;
	*ncols = dir->zone_first == InvalidBlockNumber ? 0 : dir->zone_ncols;
	UnlockReleaseBuffer(buffer);
	return *ncols > 0;
}

bool
olap_is_zone_page(Relation rel, Buffer buffer, BlockNumber dir_block)
{
	Page		page = BufferGetPage(buffer);
	OlapPageOpaque *opaque = OlapPageGetOpaque(page);

	if (PageIsNew(page))
		return false;
	if (olap_page_fault(rel, buffer, opaque->kind, 0) == NULL &&
		(opaque->kind != OLAP_PAGE_ZONE || opaque->vblock != dir_block))
		return false;
	olap_page_check(rel, buffer, OLAP_PAGE_ZONE, 0);
	return true;
}

void
olap_zones_write(Relation rel, const OlapDirRef *ref, const OlapZone *zones,
				 int ncols)
{
	BlockNumber first;
	uint32		have;
	OlapMeta	meta;

	if (!olap_zones_extent(rel, ref->block, &first, &have))
		return;
	/* a false place would let the file grow up to it */
	if (!olap_meta_read(rel, &meta) || (uint64) first + have > meta.high_water)
		olap_corrupted(rel, "Zone pages of directory block %u are where no block has been handed out.",
					   ref->block);
	olap_extend_to(rel, first + have);

	for (int col = 0; col < (int) have; col += MAX_GENERIC_XLOG_PAGES)
	{
		int			n = Min((int) have - col, MAX_GENERIC_XLOG_PAGES);
		GenericXLogState *xlog = GenericXLogStart(rel);
		Buffer		buffers[MAX_GENERIC_XLOG_PAGES];

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < n; i++)
		{
			BlockNumber block = first + col + i;
			bool		fresh;
			Page		page;
			OlapZone   *zone;

			buffers[i] = olap_page_pin(rel, block, BUFFER_LOCK_EXCLUSIVE);
			fresh = !olap_is_zone_page(rel, buffers[i], ref->block);
			page = GenericXLogRegisterBuffer(xlog, buffers[i],
											 fresh ? GENERIC_XLOG_FULL_IMAGE : 0);
			if (fresh)
			{
				olap_page_init(page, OLAP_PAGE_ZONE, 0);
				OlapPageGetOpaque(page)->vblock = ref->block;
			}
			zone = (OlapZone *) OlapPageGetPayload(page) + ref->slot;
			if (col + i < ncols)
				*zone = zones[col + i];
			else
				memset(zone, 0, sizeof(*zone));
			olap_page_seal(page, block);
		}
		GenericXLogFinish(xlog);
		for (int i = 0; i < n; i++)
			UnlockReleaseBuffer(buffers[i]);
	}
}

bool
olap_zones_read(Relation rel, BlockNumber dir_block, int col, OlapZone *zones)
{
	BlockNumber first;
	uint32		ncols;
	Buffer		buffer;
	bool		written;

	if (!olap_zones_extent(rel, dir_block, &first, &ncols) || col >= (int) ncols)
		return false;
	if (first + col >= RelationGetNumberOfBlocks(rel))
		return false;			/* its first segment is not complete yet */
	buffer = olap_page_pin(rel, first + col, BUFFER_LOCK_SHARE);
	written = olap_is_zone_page(rel, buffer, dir_block);
	if (written)
		memcpy(zones, OlapPageGetPayload(BufferGetPage(buffer)),
			   OLAP_DIR_ENTRIES * sizeof(OlapZone));
	UnlockReleaseBuffer(buffer);
	return written;
}

/*-------------------------------------------------------------------------
 *
 * places.c
 *		The places that a scan reads: visible, and not excluded by zone maps.
 *
 * One pass over the cached directory, a page of it at a time: judge who sees
 * its entries, ask the page's zone pages about those, list what is left.  Zones
 * are probed in the buffer.  So a query on one of ten thousand segments looks
 * at some eighty pages of a column's zones and copies one entry.
 *
 * src/table/places.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "segment/dircache.h"
#include "segment/segment.h"
#include "table/batch.h"
#include "table/places.h"
#include "table/scan_internal.h"

typedef struct PlaceReader
{
	OlapPlaces *list;
	Relation	rel;
	const OlapView *view;
	const OlapScanShared *shared;
	const OlapZoneQual *quals;
	int			nquals;
	OlapScanStats *stats;
	MemoryContext cxt;
	int			capacity;
} PlaceReader;

uint32
olap_expected_rowgroups(const OlapDirEntry *entry)
{
	return Max(1, (entry->nrows + OLAP_ROWGROUP_ROWS - 1) / OLAP_ROWGROUP_ROWS);
}

static int
compare_places(const void *a, const void *b)
{
	const OlapDirEntry *ea = &((const OlapScanPlace *) a)->entry;
	const OlapDirEntry *eb = &((const OlapScanPlace *) b)->entry;

	if (ea->first_vblock != eb->first_vblock)
		return ea->first_vblock < eb->first_vblock ? -1 : 1;
	if (ea->id != eb->id)
		return ea->id < eb->id ? -1 : 1;
	return 0;
}

/*
 * Only places that the snapshot sees are listed: those are the same for all
 * participants of a parallel scan, whatever comes or is freed meanwhile.
 */
static bool
is_there(PlaceReader *reader, const OlapDirEntry *entry)
{
	if (entry->kind == 0)
		return false;			/* a free slot */
	if (reader->shared != NULL && entry->id > reader->shared->max_entry_id)
		return false;
	if (!olap_place_visible(reader->rel, entry, reader->view))
		return false;
	if (entry->kind == OLAP_ENTRY_SEGMENT)
	{
		reader->stats->segments_total++;
		reader->stats->rowgroups_total += olap_expected_rowgroups(entry);
	}
	return true;
}

/*
 * What the zone of one entry says about a qual. A slot that was never written
 * for this entry (the column is younger) does not carry its row count.
 */
static bool
zone_excludes(const OlapZone *zone, const OlapDirEntry *entry,
			  const OlapZoneQual *qual)
{
	return zone->nrows == entry->nrows &&
		olap_zone_probe(zone, qual) == OLAP_MATCH_NONE;
}

/*
 * The page with column col's zones of a directory page, locked; Invalid if there
 * is none.  One that is missing belongs to a segment not complete yet.
 */
static Buffer
zone_page(Relation rel, const OlapDirCachePage *page, int col)
{
	BlockNumber block = page->zone_first + col;
	Buffer		buffer;

	if (page->zone_first == InvalidBlockNumber ||
		col >= (int) page->zone_ncols || block >= RelationGetNumberOfBlocks(rel))
		return InvalidBuffer;
	buffer = olap_page_pin(rel, block, BUFFER_LOCK_SHARE);
	if (olap_is_zone_page(rel, buffer, page->block))
		return buffer;
	UnlockReleaseBuffer(buffer);
	return InvalidBuffer;
}

/* Take the entries out of keep[] that a qual excludes; returns how many. */
static int
prune_page(PlaceReader *reader, const OlapDirCachePage *page,
		   const OlapZoneQual *qual, bool *keep)
{
	Buffer		buffer = zone_page(reader->rel, page, qual->col);
	const OlapZone *zones;
	int			pruned = 0;

	if (!BufferIsValid(buffer))
		return 0;
	zones = (const OlapZone *) OlapPageGetPayload(BufferGetPage(buffer));
	for (uint32 i = 0; i < page->nentries; i++)
		if (keep[i] && page->entries[i].kind == OLAP_ENTRY_SEGMENT &&
			zone_excludes(&zones[i], &page->entries[i], qual))
		{
			keep[i] = false;
			pruned++;
			reader->stats->segments_pruned++;
			reader->stats->rowgroups_pruned +=
				olap_expected_rowgroups(&page->entries[i]);
		}
	UnlockReleaseBuffer(buffer);
	return pruned;
}

static void
add_place(PlaceReader *reader, const OlapDirCachePage *page, int i, bool skip)
{
	OlapPlaces *list = reader->list;
	OlapScanPlace *place;

	if (list->n == reader->capacity)
	{
		reader->capacity = Max(16, reader->capacity * 2);
		list->places = list->places == NULL ?
			MemoryContextAlloc(reader->cxt,
							   reader->capacity * sizeof(OlapScanPlace)) :
			repalloc_huge(list->places,
						  (Size) reader->capacity * sizeof(OlapScanPlace));
	}
	place = &list->places[list->n++];
	place->entry = page->entries[i];
	place->ref.block = page->block;
	place->ref.slot = i;
	place->skip = skip;
	place->nunits = place->entry.kind == OLAP_ENTRY_SEGMENT ?
		OLAP_SEGMENT_MAX_ROWGROUPS :
		(place->entry.nblocks + OLAP_BATCH_DELTA_PAGES - 1) /
		OLAP_BATCH_DELTA_PAGES;
}

static void
read_page(PlaceReader *reader, const OlapDirCachePage *page)
{
	bool		there[OLAP_DIR_ENTRIES];
	bool		keep[OLAP_DIR_ENTRIES];
	int			nsegments = 0;

	for (uint32 i = 0; i < page->nentries; i++)
	{
		keep[i] = there[i] = is_there(reader, &page->entries[i]);
		nsegments += there[i] && page->entries[i].kind == OLAP_ENTRY_SEGMENT;
	}
	for (int q = 0; q < reader->nquals && nsegments > 0; q++)
		nsegments -= prune_page(reader, page, &reader->quals[q], keep);
	for (uint32 i = 0; i < page->nentries; i++)
		if (keep[i] || (there[i] && reader->shared != NULL))
			add_place(reader, page, i, !keep[i]);
}

void
olap_places_read(OlapPlaces *list, Relation rel, const OlapView *view,
				 const OlapScanShared *shared, const OlapZoneQual *quals,
				 int nquals, OlapScanStats *stats, MemoryContext cxt)
{
	PlaceReader reader = {list, rel, view, shared, quals, nquals, stats, cxt};
	const OlapDirCache *dir = olap_directory_cached(rel);
	bool		sorted = true;

	if (list->places != NULL)
		pfree(list->places);
	memset(list, 0, sizeof(*list));
	for (uint32 i = 0; i < dir->npages; i++)
	{
		CHECK_FOR_INTERRUPTS();
		read_page(&reader, &dir->pages[i]);
	}

	for (int i = 1; i < list->n && sorted; i++)
		sorted = compare_places(&list->places[i - 1], &list->places[i]) <= 0;
	if (!sorted)
		qsort(list->places, list->n, sizeof(OlapScanPlace), compare_places);
	for (int i = 0; i < list->n; i++)
	{
		list->places[i].first_unit = list->nunits;
		list->nunits += list->places[i].nunits;
	}
}

/* The directory page at block; places come nearly in its order: try *hint first. */
static const OlapDirCachePage *
find_page(const OlapDirCache *dir, BlockNumber block, uint32 *hint)
{
	for (uint32 i = 0; i < dir->npages; i++)
	{
		uint32		p = (*hint + i) % dir->npages;

		if (dir->pages[p].block == block)
		{
			*hint = p;
			return &dir->pages[p];
		}
	}
	return NULL;
}

void
olap_places_bounds(const OlapPlaces *list, Relation rel, int col,
				   const OlapSortSpec *spec, OlapSortPos *first,
				   OlapSortPos *last)
{
	const OlapDirCache *dir = olap_directory_cached(rel);
	BlockNumber block = InvalidBlockNumber;
	Buffer		buffer = InvalidBuffer;
	uint32		hint = 0;

	for (int i = 0; i < list->n; i++)
	{
		const OlapScanPlace *place = &list->places[i];
		const OlapZone *zone = NULL;

		if (place->ref.block != block)
		{
			const OlapDirCachePage *page = find_page(dir, place->ref.block, &hint);

			if (BufferIsValid(buffer))
				UnlockReleaseBuffer(buffer);
			block = place->ref.block;
			buffer = page == NULL ? InvalidBuffer : zone_page(rel, page, col);
			CHECK_FOR_INTERRUPTS();
		}
		if (BufferIsValid(buffer) && place->entry.kind == OLAP_ENTRY_SEGMENT)
		{
			zone = (const OlapZone *) OlapPageGetPayload(BufferGetPage(buffer)) +
				place->ref.slot;
			if (zone->nrows != place->entry.nrows)
				zone = NULL;
		}
		olap_sort_bounds(spec, zone, &first[i], &last[i]);
	}
	if (BufferIsValid(buffer))
		UnlockReleaseBuffer(buffer);
}

/* Skip the segments that one qual excludes. */
static void
exclude_by_qual(OlapPlaces *list, Relation rel, int first,
				const OlapZoneQual *qual, OlapScanStats *stats)
{
	const OlapDirCache *dir = olap_directory_cached(rel);
	BlockNumber block = InvalidBlockNumber;
	Buffer		buffer = InvalidBuffer;
	uint32		hint = 0;

	for (int i = first; i < list->n; i++)
	{
		OlapScanPlace *place = &list->places[i];
		const OlapZone *zones;

		if (place->skip || place->entry.kind != OLAP_ENTRY_SEGMENT)
			continue;
		if (place->ref.block != block)
		{
			const OlapDirCachePage *page = find_page(dir, place->ref.block, &hint);

			if (BufferIsValid(buffer))
				UnlockReleaseBuffer(buffer);
			block = place->ref.block;
			buffer = page == NULL ? InvalidBuffer :
				zone_page(rel, page, qual->col);
			CHECK_FOR_INTERRUPTS();
		}
		if (!BufferIsValid(buffer))
			continue;
		zones = (const OlapZone *) OlapPageGetPayload(BufferGetPage(buffer));
		if (!zone_excludes(&zones[place->ref.slot], &place->entry, qual))
			continue;
		place->skip = true;
		stats->segments_later++;
		stats->segments_pruned++;
		stats->rowgroups_pruned += olap_expected_rowgroups(&place->entry);
	}
	if (BufferIsValid(buffer))
		UnlockReleaseBuffer(buffer);
}

void
olap_places_exclude(OlapPlaces *list, Relation rel, int first,
					const OlapZoneQual *quals, int nquals, OlapScanStats *stats)
{
	for (int q = 0; q < nquals; q++)
		exclude_by_qual(list, rel, first, &quals[q], stats);
}

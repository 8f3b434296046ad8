/*-------------------------------------------------------------------------
 *
 * fetch_places.c
 *		Find the place that holds a row number.
 *
 * A TID is a row number, so the place of a row is found by binary search over
 * the row ranges of the directory. Several entries may cover a number: a place
 * and what a compaction made of it, of which a reader sees one; and outputs of
 * compactions, which hold some rows of a range, so each is asked whether it has
 * this one.
 *
 * src/table/fetch_places.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/tupdesc.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "segment/rownums.h"
#include "table/fetch_internal.h"
#include "table/scan_internal.h"

/* ---- the directory ---- */

OlapFetch *
olap_fetch_create(Relation rel, MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "olap fetch",
											  ALLOCSET_DEFAULT_SIZES);
	OlapFetch  *fetch = MemoryContextAllocZero(cxt, sizeof(OlapFetch));
	MemoryContext old = CurrentMemoryContext;

	fetch->rel = rel;
	fetch->cxt = cxt;
	MemoryContextSwitchTo(cxt);
	fetch->desc = CreateTupleDescCopyConstr(RelationGetDescr(rel));
	MemoryContextSwitchTo(old);
	return fetch;
}

/* Close everything that is open. */
static void
fetch_close(OlapFetch *fetch)
{
	for (int i = 0; i < FETCH_SEGMENTS; i++)
		if (fetch->segments[i].entry_id != 0)
			olap_segment_close(fetch->segments[i].segment);
	memset(fetch->segments, 0, sizeof(fetch->segments));
	for (int i = 0; i < FETCH_VECTORS; i++)
		fetch->vectors[i].entry_id = 0;
}

void
olap_fetch_free(OlapFetch *fetch)
{
	fetch_close(fetch);
	MemoryContextDelete(fetch->cxt);
}

static int
compare_entries(const void *a, const void *b)
{
	const OlapDirEntry *ea = a;
	const OlapDirEntry *eb = b;

	if (ea->first_vblock != eb->first_vblock)
		return ea->first_vblock < eb->first_vblock ? -1 : 1;
	if (ea->id != eb->id)
		return ea->id < eb->id ? -1 : 1;
	return 0;
}

void
olap_fetch_judge(OlapFetch *fetch, TransactionId xmin)
{
	if (fetch->verdicts == NULL)
		fetch->verdicts = MemoryContextAllocHuge(fetch->cxt, Max(fetch->n, 1));
	fetch->verdict_xmin = xmin;
	for (int i = 0; i < fetch->n; i++)
	{
		bool		visible;

		fetch->verdicts[i] =
			!olap_entry_decided(&fetch->entries[i], xmin, &visible) ? VERDICT_OPEN :
			visible ? VERDICT_SEEN : VERDICT_UNSEEN;
	}
}

/* Put the entries in order and note how far their ranges reach. */
static void
index_entries(OlapFetch *fetch)
{
	uint32		end = 0;

	fetch->block_ends = MemoryContextAllocZero(fetch->cxt, sizeof(uint32) *
											   (fetch->n / FETCH_BLOCK + 1));
	qsort(fetch->entries, fetch->n, sizeof(OlapDirEntry), compare_entries);
	for (int i = 0; i < fetch->n; i++)
	{
		const OlapDirEntry *entry = &fetch->entries[i];
		uint32		own = entry->first_vblock + entry->nvblocks;
		uint32	   *block_end = &fetch->block_ends[i / FETCH_BLOCK];

		end = Max(end, own);
		fetch->ends[i] = end;
		*block_end = Max(*block_end, own);
		fetch->moves |= olap_entry_moves(entry);
		fetch->drops |= TransactionIdIsNormal(entry->xmax) &&
			(entry->flags & (OLAP_ENTRY_MOVED | OLAP_ENTRY_DEAD)) == 0;
	}
}

void
olap_fetch_refresh(OlapFetch *fetch)
{
	MemoryContext old;
	OlapMeta	meta;
	OlapDirList list;

	if (!olap_meta_read(fetch->rel, &meta))
		meta.version = 0;
	if (fetch->read && fetch->version == meta.version)
		return;

	old = MemoryContextSwitchTo(fetch->cxt);
	if (fetch->entries != NULL)
		pfree(fetch->entries);
	if (fetch->ends != NULL)
		pfree(fetch->ends);
	if (fetch->block_ends != NULL)
		pfree(fetch->block_ends);
	if (fetch->verdicts != NULL)
		pfree(fetch->verdicts);
	fetch->entries = NULL;
	fetch->ends = fetch->block_ends = NULL;
	fetch->verdicts = NULL;
	fetch->n = 0;
	fetch->moves = fetch->drops = false;
	fetch->read = false;

	olap_directory_read(fetch->rel, &list);
	if (list.n > 0)
	{
		pfree(list.refs);
		fetch->ends = MemoryContextAllocHuge(fetch->cxt,
											 (Size) list.n * sizeof(uint32));
		fetch->entries = list.entries;
		fetch->n = list.n;
		index_entries(fetch);
	}
	fetch->read = true;
	fetch->version = meta.version;
	MemoryContextSwitchTo(old);
}

bool
olap_fetch_current(const OlapFetch *fetch)
{
	OlapMeta	meta;

	return fetch->read && olap_meta_read(fetch->rel, &meta) &&
		fetch->version == meta.version;
}

void
olap_fetch_one_snapshot(OlapFetch *fetch)
{
	fetch->one_snapshot = true;
}

int
olap_fetch_count(const OlapFetch *fetch)
{
	return fetch->n;
}

const OlapDirEntry *
olap_fetch_entry(const OlapFetch *fetch, int i)
{
	return &fetch->entries[i];
}

int
olap_fetch_entries_before(OlapFetch *fetch, BlockNumber vblock)
{
	int			low = 0,
				high = fetch->n;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (fetch->entries[middle].first_vblock <= vblock)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* ---- places ---- */

static FetchSegment *
fetch_segment(OlapFetch *fetch, const OlapDirEntry *entry)
{
	FetchSegment *victim = &fetch->segments[0];

	for (int i = 0; i < FETCH_SEGMENTS; i++)
	{
		if (fetch->segments[i].entry_id == entry->id)
		{
			fetch->segments[i].used = ++fetch->clock;
			return &fetch->segments[i];
		}
		if (fetch->segments[i].used < victim->used)
			victim = &fetch->segments[i];
	}
	if (victim->entry_id != 0)
	{
		/* vectors may point into its chunks */
		for (int i = 0; i < FETCH_VECTORS; i++)
			if (fetch->vectors[i].entry_id == victim->entry_id)
				fetch->vectors[i].entry_id = 0;
		olap_segment_close(victim->segment);
		victim->entry_id = 0;
	}
	victim->segment = olap_segment_open(fetch->rel, entry, fetch->cxt, NULL);
	victim->entry_id = entry->id;
	victim->rg = -1;
	victim->used = ++fetch->clock;
	return victim;
}

/* Only one row group of a segment keeps its chunks open. */
static void
use_rowgroup(OlapFetch *fetch, FetchSegment *place, int rg)
{
	if (place->rg == rg)
		return;
	if (place->rg >= 0)
	{
		for (int i = 0; i < FETCH_VECTORS; i++)
			if (fetch->vectors[i].entry_id == place->entry_id &&
				fetch->vectors[i].rg == place->rg)
				fetch->vectors[i].entry_id = 0;
		olap_segment_release(place->segment, place->rg);
	}
	place->rg = rg;
}

static OlapBatchSource *
fetch_vector(OlapFetch *fetch, FetchSegment *place, const OlapDirEntry *entry,
			 int rg, uint32 vecno, uint32 row)
{
	FetchVector *victim = &fetch->vectors[0];

	for (int i = 0; i < FETCH_VECTORS; i++)
	{
		FetchVector *v = &fetch->vectors[i];

		if (v->entry_id == entry->id && v->rg == rg && v->vecno == vecno)
		{
			v->used = ++fetch->clock;
			olap_batch_want_row(v->source, row, false);
			return v->source;
		}
		if (v->entry_id == 0 ? victim->entry_id != 0 :
			(victim->entry_id != 0 && v->used < victim->used))
			victim = v;
	}
	use_rowgroup(fetch, place, rg);
	victim->entry_id = 0;
	if (victim->source == NULL)
		victim->source = olap_batch_source_create(fetch->rel, fetch->desc,
												  NULL, fetch->cxt);
	olap_batch_set_segment(victim->source, place->segment, entry, rg, vecno);
	olap_batch_want_row(victim->source, row, true);
	victim->entry_id = entry->id;
	victim->rg = rg;
	victim->vecno = vecno;
	victim->used = ++fetch->clock;
	return victim->source;
}

OlapBatchSource *
olap_fetch_vector(OlapFetch *fetch, int i, uint32 index, uint32 *row)
{
	const OlapDirEntry *entry = &fetch->entries[i];
	FetchSegment *place = fetch_segment(fetch, entry);

	for (int rg = 0; rg < olap_segment_rowgroups(place->segment); rg++)
	{
		uint32		first = olap_segment_rowgroup_first(place->segment, rg);
		uint32		rows = olap_segment_rowgroup_rows(place->segment, rg);

		if (index < first || index - first >= rows)
			continue;
		*row = (index - first) % OLAP_VECTOR_ROWS;
		return fetch_vector(fetch, place, entry, rg,
							(index - first) / OLAP_VECTOR_ROWS, *row);
	}
	return NULL;
}

/* Does the place have the row? *index: where, in a segment. */
static bool
place_holds(OlapFetch *fetch, const OlapDirEntry *entry, OlapRow row,
			uint32 *index)
{
	OlapRow		position = row - (OlapRow) entry->first_vblock * OLAP_VBLOCK_ROWS;

	if (entry->kind == OLAP_ENTRY_DELTA)
		return true;
	if ((entry->flags & OLAP_ENTRY_ROWNUMS) == 0)
	{
		*index = (uint32) position;
		return position < entry->nrows;
	}
	return olap_rownum_covers(fetch->rel, entry, row / OLAP_VBLOCK_ROWS) &&
		olap_rownum_find(fetch->rel, fetch_segment(fetch, entry)->segment,
						 entry, row, index);
}

int
olap_fetch_next_cover(const OlapFetch *fetch, int i, BlockNumber vblock)
{
	for (i--; i >= 0 && fetch->ends[i] > vblock; i--)
	{
		if (i % FETCH_BLOCK == FETCH_BLOCK - 1)
			while (i >= 0 && fetch->block_ends[i / FETCH_BLOCK] <= vblock)
				i -= FETCH_BLOCK;
		if (i >= 0 && vblock - fetch->entries[i].first_vblock <
			fetch->entries[i].nvblocks)
			return i;
	}
	return -1;
}

int
olap_fetch_covering(OlapFetch *fetch, BlockNumber vblock, int before)
{
	return olap_fetch_next_cover(fetch, Min(before, olap_fetch_entries_before(fetch, vblock)), vblock);
}

/*
 * Where the row was before a compaction dropped it as deleted: SnapshotAny
 * wants rows that are gone for all others. A place that is not marked dead yet
 * is not freed before the snapshot that view holds is gone.
 */
static bool
still_there(const OlapDirEntry *entry, const OlapView *view)
{
	return view->snapshot->snapshot_type == SNAPSHOT_ANY &&
		view->moves != NULL &&
		(entry->flags & (OLAP_ENTRY_MOVED | OLAP_ENTRY_DEAD)) == OLAP_ENTRY_MOVED &&
		(entry->flags & (OLAP_ENTRY_COMPLETE | OLAP_ENTRY_OUTPUT)) == OLAP_ENTRY_COMPLETE;
}

static bool
entry_visible(OlapFetch *fetch, int i, const OlapView *view)
{
	if (fetch->verdicts != NULL && fetch->verdicts[i] != VERDICT_OPEN &&
		IsMVCCSnapshot(view->snapshot) &&
		!TransactionIdPrecedes(view->snapshot->xmin, fetch->verdict_xmin))
		return fetch->verdicts[i] == VERDICT_SEEN;
	return olap_place_visible(fetch->rel, &fetch->entries[i], view);
}

int
olap_fetch_find(OlapFetch *fetch, OlapRow row, const OlapView *view,
				uint32 *index)
{
	BlockNumber vblock = (BlockNumber) (row / OLAP_VBLOCK_ROWS);
	int			start = olap_fetch_entries_before(fetch, vblock);

	for (int i = start; (i = olap_fetch_next_cover(fetch, i, vblock)) >= 0;)
		if (entry_visible(fetch, i, view) &&
			place_holds(fetch, &fetch->entries[i], row, index))
			return i;
	if (view->snapshot->snapshot_type != SNAPSHOT_ANY || !fetch->moves)
		return -1;
	for (int i = start; (i = olap_fetch_next_cover(fetch, i, vblock)) >= 0;)
		if (still_there(&fetch->entries[i], view) &&
			place_holds(fetch, &fetch->entries[i], row, index))
			return i;
	return -1;
}

OlapDeltaPage *
olap_fetch_delta_page(OlapFetch *fetch, int i, BlockNumber vblock)
{
	const OlapDirEntry *entry = &fetch->entries[i];

	if (fetch->page == NULL)
		fetch->page = MemoryContextAlloc(fetch->cxt, sizeof(OlapDeltaPage));
	olap_delta_page_read(fetch->rel, entry, vblock - entry->first_vblock,
						 fetch->page, NULL);
	return fetch->page;
}

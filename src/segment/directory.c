/*-------------------------------------------------------------------------
 *
 * directory.c
 *		Directory pages and the allocation of blocks and rows.
 *
 * Every change happens under the metapage's exclusive buffer lock, taken
 * before any directory page's, and is one generic WAL record over the metapage
 * and at most two directory pages.  Blocks are handed out by number
 * (high_water) and the file is grown afterwards, outside the lock; so an
 * extent is always contiguous and a crash between the two leaves nothing but a
 * file that is a little shorter than the metapage says.
 *
 * Slots of entries that were freed are used again: pages that have some are in a
 * chain of their own.
 *
 * src/segment/directory.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/generic_xlog.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/errors.h"
#include "segment/directory.h"
#include "segment/directory_page.h"
#include "segment/freespace.h"
#include "segment/metapage.h"

/* Delta runs double from the first to the last of these. */
#define DELTA_RUN_FIRST 8
#define DELTA_RUN_LAST 128

StaticAssertDecl(sizeof(OlapDirPage) == OLAP_PAGE_PAYLOAD || BLCKSZ != 8192,
				 "a directory page holds 127 entries");

/* One change of metapage and directory, from lock to WAL record. */
typedef struct DirEdit
{
	Relation	rel;
	GenericXLogState *xlog;
	Buffer		meta_buffer;
	Page		meta_page;
	OlapMeta   *meta;			/* in the record's image of the metapage */
	Buffer		dir_buffers[2];
	Page		dir_pages[2];
	int			ndirs;
	Buffer		free_page;		/* of the list of free blocks; or Invalid */
} DirEdit;

static void
edit_begin(DirEdit *edit, Relation rel)
{
	memset(edit, 0, sizeof(*edit));
	edit->rel = rel;
	edit->meta_buffer = olap_metapage_lock(rel);
	edit->xlog = GenericXLogStart(rel);
	edit->meta_page = GenericXLogRegisterBuffer(edit->xlog, edit->meta_buffer, 0);
	edit->meta = (OlapMeta *) OlapPageGetPayload(edit->meta_page);
	olap_metapage_check(rel, edit->meta);
}

/* Add directory page block to the edit; returns its image's payload. */
static OlapDirPage *
edit_directory(DirEdit *edit, BlockNumber block)
{
	Buffer		buffer = olap_page_read(edit->rel, block, OLAP_PAGE_DIRECTORY, 0,
										BUFFER_LOCK_EXCLUSIVE);
	OlapDirPage *dir;
	int			i = edit->ndirs++;

	edit->dir_buffers[i] = buffer;
	edit->dir_pages[i] = GenericXLogRegisterBuffer(edit->xlog, buffer, 0);
	dir = (OlapDirPage *) OlapPageGetPayload(edit->dir_pages[i]);
	if (dir->nentries > OLAP_DIR_ENTRIES)
		olap_corrupted(edit->rel, "Directory block %u has %u entries, expected at most %d.",
					   block, dir->nentries, OLAP_DIR_ENTRIES);
	return dir;
}

/* Append an empty directory page to the chain and to the edit. */
static OlapDirPage *
edit_new_directory(DirEdit *edit, OlapDirPage *last)
{
	BlockNumber block = olap_free_take(edit->rel, edit->meta, 1);
	Buffer		buffer;
	OlapDirPage    *dir;
	int			i = edit->ndirs++;

	olap_extend_to(edit->rel, block + 1);
	buffer = ReadBufferExtended(edit->rel, MAIN_FORKNUM, block,
								RBM_ZERO_AND_LOCK, NULL);
	edit->dir_buffers[i] = buffer;
	edit->dir_pages[i] = GenericXLogRegisterBuffer(edit->xlog, buffer,
												   GENERIC_XLOG_FULL_IMAGE);
	olap_page_init(edit->dir_pages[i], OLAP_PAGE_DIRECTORY, 0);
	dir = (OlapDirPage *) OlapPageGetPayload(edit->dir_pages[i]);
	dir->next = InvalidBlockNumber;
	dir->zone_first = InvalidBlockNumber;

	if (last != NULL)
		last->next = block;
	else
		edit->meta->dir_first = block;
	edit->meta->dir_last = block;
	edit->meta->dir_pages++;
	return dir;
}

static void
edit_finish(DirEdit *edit)
{
	edit->meta->version++;
	olap_page_seal(edit->meta_page, 0);
	for (int i = 0; i < edit->ndirs; i++)
		olap_page_seal(edit->dir_pages[i],
					   BufferGetBlockNumber(edit->dir_buffers[i]));
	GenericXLogFinish(edit->xlog);
	if (BufferIsValid(edit->free_page))
		UnlockReleaseBuffer(edit->free_page);
	for (int i = edit->ndirs - 1; i >= 0; i--)
		UnlockReleaseBuffer(edit->dir_buffers[i]);
	UnlockReleaseBuffer(edit->meta_buffer);
}

/* Take the free slot of the first page that has one. */
static OlapDirPage *
edit_free_slot(DirEdit *edit, OlapDirRef *ref)
{
	OlapDirPage *dir;

	ref->block = edit->meta->dir_free;
	dir = edit_directory(edit, ref->block);
	for (ref->slot = 0; ref->slot < dir->nentries; ref->slot++)
		if (dir->entries[ref->slot].kind == 0)
			break;
	if (ref->slot == dir->nentries || dir->nfree == 0 || dir->nfree > dir->nentries)
		olap_corrupted(edit->rel, "Directory block %u should have %u free slots.",
					   ref->block, dir->nfree);
	if (--dir->nfree == 0)
	{
		edit->meta->dir_free = dir->next_free;
		dir->next_free = 0;
	}
	return dir;
}

/* Take a slot behind all others. */
static OlapDirPage *
edit_append_slot(DirEdit *edit, OlapDirRef *ref)
{
	OlapDirPage *dir = NULL;

	if (edit->meta->dir_last != InvalidBlockNumber)
		dir = edit_directory(edit, edit->meta->dir_last);
	if (dir == NULL || dir->nentries >= OLAP_DIR_ENTRIES)
		dir = edit_new_directory(edit, dir);
	ref->block = edit->meta->dir_last;
	ref->slot = dir->nentries++;
	return dir;
}

/*
 * See that the page has zone pages, if it has none.  Those that were made when
 * the table had fewer columns are replaced once no entry needs them: *replaced,
 * for the caller to give back.
 */
static void
edit_zones(DirEdit *edit, OlapDirPage *dir, int ncols, OlapExtent *replaced)
{
	if (dir->zone_first != InvalidBlockNumber)
	{
		if (dir->zone_ncols >= (uint32) ncols || dir->nfree + 1 < dir->nentries)
			return;
		replaced->first = dir->zone_first;
		replaced->n = dir->zone_ncols;
	}
	dir->zone_first = olap_free_take(edit->rel, edit->meta, ncols);
	dir->zone_ncols = ncols;
}

/* The body of olap_directory_insert(), within an edit. */
static void
edit_insert(DirEdit *edit, OlapDirEntry *entry, OlapDirRef *ref, int ncols)
{
	OlapMeta   *meta = edit->meta;
	OlapExtent	replaced = {0, 0};
	OlapDirPage *dir;

	if (meta->next_entry_id == PG_UINT32_MAX ||
		((entry->flags & OLAP_ENTRY_ROWNUMS) == 0 &&
		 (uint64) meta->next_vblock + entry->nvblocks > MaxBlockNumber))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("olap table \"%s\" has used up its row numbers",
						RelationGetRelationName(edit->rel)),
				 errhint("Rewrite it with VACUUM FULL.")));

	dir = meta->dir_free != 0 ? edit_free_slot(edit, ref) :
		edit_append_slot(edit, ref);
	entry->id = meta->next_entry_id++;
	if ((entry->flags & OLAP_ENTRY_ROWNUMS) == 0)
	{
		entry->first_vblock = meta->next_vblock;
		meta->next_vblock += entry->nvblocks;
	}

	/* zone pages first: they stay, and would keep the file from shrinking */
	if (ncols > 0)
		edit_zones(edit, dir, ncols, &replaced);
	entry->first_block = entry->nblocks > 0 ?
		olap_free_take(edit->rel, meta, entry->nblocks) : InvalidBlockNumber;
	dir->entries[ref->slot] = *entry;
	if (replaced.n > 0)
		edit->free_page = olap_free_put(edit->rel, edit->xlog, meta,
										replaced.first, replaced.n);
}

void
olap_directory_insert(Relation rel, OlapDirEntry *entry, OlapDirRef *ref,
					  int ncols)
{
	DirEdit		edit;

	edit_begin(&edit, rel);
	edit_insert(&edit, entry, ref, ncols);
	edit_finish(&edit);
	if (entry->nblocks > 0)
		olap_extend_to(rel, entry->first_block + entry->nblocks);
}

/* The entry at ref, which must have this id, in an edit. */
static OlapDirEntry *
edit_entry(DirEdit *edit, const OlapDirRef *ref, uint32 id)
{
	OlapDirPage    *dir = edit_directory(edit, ref->block);

	if (ref->slot >= dir->nentries || dir->entries[ref->slot].id != id)
		olap_corrupted(edit->rel, "Segment %u is not in slot %u of directory block %u.",
					   id, ref->slot, ref->block);
	return &dir->entries[ref->slot];
}

void
olap_directory_update(Relation rel, const OlapDirRef *ref,
					  const OlapDirEntry *entry)
{
	DirEdit		edit;

	edit_begin(&edit, rel);
	*edit_entry(&edit, ref, entry->id) = *entry;
	edit_finish(&edit);
}

void
olap_directory_place(Relation rel, const OlapDirRef *ref, OlapDirEntry *entry)
{
	DirEdit		edit;
	OlapDirEntry *place;

	edit_begin(&edit, rel);
	place = edit_entry(&edit, ref, entry->id);
	entry->first_block = olap_free_take(rel, edit.meta, entry->nblocks);
	*place = *entry;
	edit_finish(&edit);
	olap_extend_to(rel, entry->first_block + entry->nblocks);
}

void
olap_directory_bury(Relation rel, const OlapDirRef *ref, uint32 id)
{
	DirEdit		edit;
	OlapDirEntry *place;

	edit_begin(&edit, rel);
	place = edit_entry(&edit, ref, id);
	if (TransactionIdIsValid(place->xmax) && (place->flags & OLAP_ENTRY_MOVED) == 0)
		place->flags |= OLAP_ENTRY_EXPIRED;
	place->flags |= OLAP_ENTRY_DEAD;
	place->xmin = place->xmax = InvalidTransactionId;
	place->cmin = place->cmax = 0;
	place->time_min = place->time_max = 0;
	edit_finish(&edit);
}

void
olap_directory_free(Relation rel, const OlapDirRef *ref, uint32 id)
{
	DirEdit		edit;
	OlapDirEntry *place;
	OlapDirEntry entry;
	OlapDirPage *dir;

	edit_begin(&edit, rel);
	place = edit_entry(&edit, ref, id);
	dir = (OlapDirPage *) OlapPageGetPayload(edit.dir_pages[0]);
	entry = *place;
	Ensure((entry.flags & OLAP_ENTRY_DEAD) != 0,
		   "segment %u of \"%s\" is to be freed and is not dead", id,
		   RelationGetRelationName(rel));
	memset(place, 0, sizeof(*place));
	if (dir->nfree++ == 0)
	{
		dir->next_free = edit.meta->dir_free;
		edit.meta->dir_free = ref->block;
	}
	if (entry.nblocks > 0 && entry.first_block != InvalidBlockNumber)
		edit.free_page = olap_free_put(rel, edit.xlog, edit.meta,
									   entry.first_block, entry.nblocks);
	edit_finish(&edit);
}

void
olap_directory_seal(Relation rel, const OlapDirRef *ref, OlapDirEntry *entry)
{
	DirEdit		edit;
	OlapDirEntry *place;

	edit_begin(&edit, rel);
	place = edit_entry(&edit, ref, entry->id);
	place->flags |= OLAP_ENTRY_SEALED;
	*entry = *place;
	/* the next page that somebody asks for begins a new run */
	if (edit.meta->delta_id == entry->id)
		edit.meta->delta_used = edit.meta->delta_nblocks;
	edit_finish(&edit);
}

void
olap_directory_kill(Relation rel, const OlapDirEntry *entry)
{
	OlapDirList list;
	OlapDirEntry dead = *entry;

	olap_directory_read(rel, &list);
	for (int i = 0; i < list.n; i++)
		if (list.entries[i].id == entry->id)
		{
			dead.flags |= OLAP_ENTRY_DEAD;
			olap_directory_update(rel, &list.refs[i], &dead);
			pfree(list.entries);
			pfree(list.refs);
			return;
		}
	elog(ERROR, "segment %u of \"%s\" is not there", entry->id,
		 RelationGetRelationName(rel));
}

/*
 * Give back the row numbers behind the first nvblocks of the entry at ref, if
 * nobody has reserved any since; the caller updates its copy of the entry.
 */
void
olap_directory_trim(Relation rel, const OlapDirRef *ref, OlapDirEntry *entry,
					uint32 nvblocks)
{
	DirEdit		edit;
	OlapDirPage    *dir;

	edit_begin(&edit, rel);
	dir = edit_directory(&edit, ref->block);
	if (nvblocks < entry->nvblocks &&
		edit.meta->next_vblock == entry->first_vblock + entry->nvblocks &&
		ref->slot < dir->nentries && dir->entries[ref->slot].id == entry->id)
	{
		edit.meta->next_vblock = entry->first_vblock + nvblocks;
		entry->nvblocks = nvblocks;
		dir->entries[ref->slot].nvblocks = nvblocks;
	}
	edit_finish(&edit);
}

/* Put a run of delta pages into the directory; part of an edit. */
static void
edit_delta_run(DirEdit *edit)
{
	OlapMeta   *meta = edit->meta;
	OlapDirEntry run = {0};
	OlapDirRef	ref;

	run.kind = OLAP_ENTRY_DELTA;
	run.flags = OLAP_ENTRY_COMPLETE;
	run.nblocks = meta->delta_nblocks == 0 ? DELTA_RUN_FIRST :
		Min(meta->delta_nblocks * 2, DELTA_RUN_LAST);
	run.nvblocks = run.nblocks;
	run.time_min = PG_INT64_MIN;
	run.time_max = PG_INT64_MAX;
	edit_insert(edit, &run, &ref, 0);

	meta->delta_ref = ref;
	meta->delta_id = run.id;
	meta->delta_first_block = run.first_block;
	meta->delta_first_vblock = run.first_vblock;
	meta->delta_nblocks = run.nblocks;
	meta->delta_used = 0;
}

/* A false place of the run would let the file grow up to it. */
static void
check_delta_run(Relation rel, const OlapMeta *meta, const OlapDirPage *dir)
{
	const OlapDirEntry *run = &dir->entries[meta->delta_ref.slot];

	if (meta->delta_ref.slot >= dir->nentries || run->id != meta->delta_id ||
		run->first_block != meta->delta_first_block ||
		run->nblocks != meta->delta_nblocks ||
		(uint64) run->first_block + run->nblocks > meta->high_water)
		olap_corrupted(rel, "Delta run %u is not where the metapage says.",
					   meta->delta_id);
}

/*
 * The page is made an empty delta page in the record that hands it out.  So a
 * page below the run's count that is missing or zero is corruption, never a
 * page somebody was about to write.
 */
BlockNumber
olap_delta_page_allocate(Relation rel)
{
	DirEdit		edit;
	OlapMeta   *meta;
	OlapDirPage    *dir;
	Buffer		buffer;
	Page		page;
	BlockNumber block;

	edit_begin(&edit, rel);
	meta = edit.meta;
	if (meta->delta_used >= meta->delta_nblocks)
	{
		edit_delta_run(&edit);
		dir = (OlapDirPage *) OlapPageGetPayload(edit.dir_pages[edit.ndirs - 1]);
	}
	else
		dir = edit_directory(&edit, meta->delta_ref.block);
	check_delta_run(rel, meta, dir);
	block = meta->delta_first_block + meta->delta_used;
	olap_extend_to(rel, block + 1);
	buffer = ReadBufferExtended(rel, MAIN_FORKNUM, block, RBM_ZERO_AND_LOCK,
								NULL);
	page = GenericXLogRegisterBuffer(edit.xlog, buffer, GENERIC_XLOG_FULL_IMAGE);
	olap_page_init(page, OLAP_PAGE_DELTA, meta->delta_id);
	OlapPageGetOpaque(page)->vblock = meta->delta_first_vblock + meta->delta_used;
	olap_page_seal(page, block);
	dir->entries[meta->delta_ref.slot].nrows = ++meta->delta_used;
	edit_finish(&edit);
	UnlockReleaseBuffer(buffer);
	return block;
}

void
olap_meta_count(Relation rel, int64 rows, int64 segments, int64 bytes)
{
	DirEdit		edit;

	edit_begin(&edit, rel);
	edit.meta->rows_hint += rows;
	edit.meta->segments_hint += segments;
	edit.meta->bytes_hint += bytes;
	edit_finish(&edit);
}

void
olap_meta_settle(Relation rel, TransactionId xid)
{
	DirEdit		edit;

	edit_begin(&edit, rel);
	edit.meta->settled = xid;
	edit_finish(&edit);
}

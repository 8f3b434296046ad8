/*-------------------------------------------------------------------------
 *
 * verify_space.c
 *		Is every block below the high-water mark in one hand?
 *
 * Two counters on the metapage say whether anything was allocated, freed or
 * entered into the directory while everything was read, one page after the other;
 * if so, it is done again.
 *
 * src/table/verify_space.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "delta/rangelog.h"
#include "segment/dircache.h"
#include "segment/directory_page.h"
#include "segment/freespace.h"
#include "table/inspect.h"

/* Times to try, and the pause between. */
#define ATTEMPTS 20
#define PAUSE_US 20000L

typedef enum Holder
{
	HOLDER_META,
	HOLDER_DIRECTORY,
	HOLDER_ZONES,
	HOLDER_PLACE,
	HOLDER_LOG,
	HOLDER_FREE_PAGE,
	HOLDER_FREE
} Holder;

static const char *const holder_names[] = {
	"metapage", "directory", "zone pages", "place", "range log",
	"list of free blocks", "free blocks"
};

/* Blocks [first, first + n) and what they are used for. */
typedef struct Use
{
	uint64		first;
	uint64		n;
	Holder		holder;
	uint32		id;				/* entry, of a place */
} Use;

typedef struct SpaceState
{
	Relation	rel;
	Use		   *uses;
	Size		n;
	Size		cap;
	uint64		free;			/* blocks */
	uint32		free_pages;		/* directory pages with free slots */
	List	   *faults;
} SpaceState;

static void
add_use(SpaceState *state, uint64 first, uint64 n, Holder holder, uint32 id)
{
	Use		   *use;

	if (state->n == state->cap)
	{
		state->cap = Max(64, state->cap * 2);
		state->uses = state->uses == NULL ? palloc(state->cap * sizeof(Use)) :
			repalloc_huge(state->uses, state->cap * sizeof(Use));
	}
	use = &state->uses[state->n++];
	use->first = first;
	use->n = n;
	use->holder = holder;
	use->id = id;
}

static void
add_fault(SpaceState *state, uint32 id, const char *what, char *detail)
{
	state->faults = lappend(state->faults, olap_fault(id, what, detail));
}

/* ---- collecting ---- */

static void
add_free(void *arg, BlockNumber first, uint32 n, bool page)
{
	SpaceState *state = arg;

	add_use(state, first, n, page ? HOLDER_FREE_PAGE : HOLDER_FREE, 0);
	if (!page)
		state->free += n;
}

static void
add_log_page(void *arg, BlockNumber block)
{
	add_use(arg, block, 1, HOLDER_LOG, 0);
}

/* Free slots of a directory page, counted and as it says. */
static void
check_slots(SpaceState *state, BlockNumber block)
{
	Buffer		buffer = olap_page_read(state->rel, block, OLAP_PAGE_DIRECTORY,
										0, BUFFER_LOCK_SHARE);
	OlapDirPage *dir = (OlapDirPage *) OlapPageGetPayload(BufferGetPage(buffer));
	uint32		nentries = Min(dir->nentries, OLAP_DIR_ENTRIES);
	uint32		nfree = dir->nfree;
	uint32		counted = 0;

	for (uint32 i = 0; i < nentries; i++)
		counted += dir->entries[i].kind == 0;
	UnlockReleaseBuffer(buffer);
	state->free_pages += nfree > 0;
	if (nfree != counted)
		add_fault(state, 0, "a directory page does not know its free slots",
				  psprintf("Block %u has %u, and says %u.", block, counted, nfree));
}

/* Are the pages with free slots those of the chain? */
static void
check_slot_chain(SpaceState *state, const OlapMeta *meta)
{
	BlockNumber block = meta->dir_free;
	uint32		n = 0;

	for (; block != 0 && n <= state->free_pages; n++)
	{
		Buffer		buffer = olap_page_read(state->rel, block,
											OLAP_PAGE_DIRECTORY, 0,
											BUFFER_LOCK_SHARE);

		block = ((OlapDirPage *)
				 OlapPageGetPayload(BufferGetPage(buffer)))->next_free;
		UnlockReleaseBuffer(buffer);
	}
	if (n != state->free_pages)
		add_fault(state, 0, "the chain of directory pages with free slots is wrong",
				  psprintf("It has %u pages or more, expected %u.", n,
						   state->free_pages));
}

static void
add_directory(SpaceState *state)
{
	const OlapDirCache *dir = olap_directory_cached(state->rel);

	for (uint32 i = 0; i < dir->npages; i++)
	{
		const OlapDirCachePage *page = &dir->pages[i];

		CHECK_FOR_INTERRUPTS();
		add_use(state, page->block, 1, HOLDER_DIRECTORY, 0);
		if (page->zone_ncols > 0)
			add_use(state, page->zone_first, page->zone_ncols, HOLDER_ZONES, 0);
		for (uint32 e = 0; e < page->nentries; e++)
		{
			const OlapDirEntry *entry = &page->entries[e];

			if (entry->kind != 0 && entry->nblocks > 0 &&
				entry->first_block != InvalidBlockNumber)
				add_use(state, entry->first_block, entry->nblocks, HOLDER_PLACE,
						entry->id);
		}
		check_slots(state, page->block);
	}
}

/* False if something changed meanwhile. */
static bool
collect(SpaceState *state, OlapMeta *meta)
{
	OlapMeta	after;
	uint32		changes;
	uint32		blocks;

	state->n = 0;
	state->free = 0;
	state->free_pages = 0;
	state->faults = NIL;
	if (!olap_meta_read(state->rel, meta))
		return true;
	if (!olap_free_walk(state->rel, add_free, state, &changes))
		return false;
	add_use(state, 0, 1, HOLDER_META, 0);
	add_directory(state);
	check_slot_chain(state, meta);
	olap_log_verify(state->rel, add_log_page, state);
	blocks = olap_free_blocks(state->rel);
	if (!olap_free_unchanged(state->rel, changes) ||
		!olap_meta_read(state->rel, &after) || after.version != meta->version)
		return false;
	if (blocks != state->free)
		add_fault(state, 0, "the count of free blocks does not match",
				  psprintf(UINT64_FORMAT " are listed, %u counted.", state->free,
						   blocks));
	return true;
}

/* ---- judging ---- */

static int
compare_uses(const void *a, const void *b)
{
	const Use  *x = a;
	const Use  *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static void
judge(SpaceState *state, uint64 high_water)
{
	uint64		end = 0;

	qsort(state->uses, state->n, sizeof(Use), compare_uses);
	for (Size i = 0; i < state->n; i++)
	{
		const Use  *use = &state->uses[i];

		if (use->first + use->n > high_water)
			add_fault(state, use->id, "blocks lie behind what was handed out",
					  psprintf("Blocks " UINT64_FORMAT " to " UINT64_FORMAT " (%s), expected less than " UINT64_FORMAT ".",
							   use->first, use->first + use->n - 1,
							   holder_names[use->holder], high_water));
		if (use->first < end)
			add_fault(state, use->id, "blocks are used twice",
					  psprintf("Blocks " UINT64_FORMAT " to " UINT64_FORMAT " (%s, entry %u), and blocks from " UINT64_FORMAT " (%s, entry %u; 0: none).",
							   use[-1].first, use[-1].first + use[-1].n - 1,
							   holder_names[use[-1].holder], use[-1].id,
							   use->first, holder_names[use->holder], use->id));
		else if (use->first > end)
			add_fault(state, 0, "blocks are neither used nor free",
					  psprintf("Blocks " UINT64_FORMAT " to " UINT64_FORMAT ".",
							   end, use->first - 1));
		end = Max(end, use->first + use->n);
	}
	if (end < high_water)
		add_fault(state, 0, "blocks are neither used nor free",
				  psprintf("Blocks " UINT64_FORMAT " to " UINT64_FORMAT ".", end,
						   high_water - 1));
}

List *
olap_verify_space(Relation rel)
{
	SpaceState	state = {.rel = rel};
	OlapMeta	meta = {0};

	for (int i = 0; !collect(&state, &meta); i++)
	{
		if (i == ATTEMPTS)
		{
			ereport(NOTICE,
					(errmsg("the use of blocks of \"%s\" was not verified",
							RelationGetRelationName(rel)),
					 errdetail("The table changed all the time.")));
			return NIL;
		}
		CHECK_FOR_INTERRUPTS();
		pg_usleep(PAUSE_US);
	}
	if (state.n > 0)
		judge(&state, meta.high_water);
	return state.faults;
}

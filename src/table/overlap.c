/*-------------------------------------------------------------------------
 *
 * overlap.c
 *		How well the places of a table are ordered by a column: an estimate.
 *
 * The part of the segments that overlap one of them, times the part of the row
 * groups within a segment that do; both from samples.
 *
 * src/table/overlap.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "segment/dircache.h"
#include "segment/segment.h"
#include "segment/visibility.h"
#include "table/overlap.h"
#include "table/places.h"

/* Segments whose zones are looked at, and of these whose row groups are. */
#define SAMPLE_SEGMENTS 2048
#define SAMPLE_PROBES 64
#define SAMPLE_OPEN 3

#define CACHE_SIZE 64

typedef struct CacheEntry
{
	RelFileLocator locator;
	int			col;			/* -1: free */
	uint64		version;		/* of the metapage */
	uint64		segments;		/* its hint then */
	double		overlap;
	uint64		used;
} CacheEntry;

static CacheEntry cache[CACHE_SIZE];
static uint64 clock_hand = 0;

/* Bounds of segments in ascending order of keys. */
typedef struct Sample
{
	int			n;
	int			unknown;		/* segments with no bounds, not among n */
	OlapSortPos *first;			/* [n], each for itself sorted */
	OlapSortPos *last;
	OlapSortPos *probe_first;	/* [nprobes], of the same segment */
	OlapSortPos *probe_last;
	int			nprobes;
} Sample;

/* Are they bounds, not the ends of the order? */
static bool
is_known(const OlapSortPos *first, const OlapSortPos *last)
{
	return first->ref != 0 || first->key != 0 || last->key != PG_UINT64_MAX ||
		last->ref != PG_UINT64_MAX;
}

/* Entries of a sorted array that are before pos. */
static int
count_before(const OlapSortPos *sorted, int n, const OlapSortPos *pos)
{
	int			low = 0,
				high = n;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (olap_sort_before(&sorted[middle], pos))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* How many of the n ranges overlap each of the probes, on average, of all. */
static double
part_overlapping(const Sample *s)
{
	double		sum = 0;

	if (s->n + s->unknown == 0 || s->nprobes == 0)
		return 1;
	for (int i = 0; i < s->nprobes; i++)
		sum += count_before(s->first, s->n, &s->probe_last[i]) -
			count_before(s->last, s->n, &s->probe_first[i]);
	return Min(1, (sum / s->nprobes + s->unknown) / (s->n + s->unknown));
}

static void
add_range(Sample *s, const OlapSortPos *first, const OlapSortPos *last)
{
	if (!is_known(first, last))
	{
		s->unknown++;
		return;
	}
	s->first[s->n] = *first;
	s->last[s->n++] = *last;
}

static void
sample_init(Sample *s, int max)
{
	memset(s, 0, sizeof(*s));
	s->first = palloc(Max(max, 1) * sizeof(OlapSortPos));
	s->last = palloc(Max(max, 1) * sizeof(OlapSortPos));
	s->probe_first = palloc(SAMPLE_PROBES * sizeof(OlapSortPos));
	s->probe_last = palloc(SAMPLE_PROBES * sizeof(OlapSortPos));
}

/* Choose probes, evenly, then sort. */
static void
sample_finish(Sample *s)
{
	s->nprobes = Min(s->n, SAMPLE_PROBES);
	for (int i = 0; i < s->nprobes; i++)
	{
		int			from = (int64) i * s->n / s->nprobes;

		s->probe_first[i] = s->first[from];
		s->probe_last[i] = s->last[from];
	}
	olap_sort_positions(s->first, s->n);
	olap_sort_positions(s->last, s->n);
}

/* The part of a segment's row groups that overlap one of them. */
static double
inner_overlap(Relation rel, const OlapDirEntry *entry, int col,
			  const OlapSortSpec *spec)
{
	OlapSegment *segment = olap_segment_open(rel, entry, CurrentMemoryContext,
											 NULL);
	Sample		s;

	sample_init(&s, olap_segment_rowgroups(segment));
	for (int rg = 0; rg < olap_segment_rowgroups(segment); rg++)
	{
		OlapSortPos first,
					last;

		olap_sort_bounds(spec, olap_segment_zone(segment, col, rg), &first, &last);
		add_range(&s, &first, &last);
	}
	olap_segment_close(segment);
	sample_finish(&s);
	return part_overlapping(&s);
}

/*
 * inner_overlap(), or 1 of a segment that is damaged: the query that is planned
 * may never read it, and otherwise the error is for its scan to raise.
 */
static double
try_inner_overlap(Relation rel, const OlapDirEntry *entry, int col,
				  const OlapSortSpec *spec)
{
	MemoryContext cxt = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile double overlap = 1;

	if (IsInParallelMode())
		return 1;				/* no subtransactions there */
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		overlap = inner_overlap(rel, entry, col, spec);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		MemoryContextSwitchTo(cxt);
		edata = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		CurrentResourceOwner = owner;
		MemoryContextSwitchTo(cxt);
		if (ERRCODE_TO_CATEGORY(edata->sqlerrcode) != ERRCODE_INTERNAL_ERROR)
			ReThrowError(edata);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
	CurrentResourceOwner = owner;
	return overlap;
}

/*
 * The segments that the active snapshot sees, or some of them; those it does not
 * see may be gone from the file.
 */
static void
sample_places(Relation rel, OlapPlaces *list)
{
	const OlapDirCache *dir = olap_directory_cached(rel);
	Snapshot	snapshot = GetActiveSnapshot();
	uint64		total = 0;
	uint64		step;
	uint64		index = 0;

	for (uint32 i = 0; i < dir->npages; i++)
		total += dir->pages[i].nentries;
	step = total / SAMPLE_SEGMENTS + 1;
	memset(list, 0, sizeof(*list));
	list->places = palloc0((total / step + 1) * sizeof(OlapScanPlace));
	for (uint32 i = 0; i < dir->npages; i++)
	{
		const OlapDirCachePage *page = &dir->pages[i];

		for (uint32 e = 0; e < page->nentries; e++)
		{
			OlapScanPlace *place = &list->places[list->n];

			if (index++ % step != 0 ||
				page->entries[e].kind != OLAP_ENTRY_SEGMENT ||
				!olap_entry_visible(&page->entries[e], snapshot))
				continue;
			place->entry = page->entries[e];
			place->ref.block = page->block;
			place->ref.slot = e;
			list->n++;
		}
	}
}

static double
estimate(Relation rel, int col, const OlapSortSpec *spec)
{
	OlapPlaces	list;
	Sample		s;
	double		inner = 0;
	int			nopen;
	OlapSortPos *first,
			   *last;

	sample_places(rel, &list);
	if (list.n == 0)
		return 1;
	first = palloc(list.n * sizeof(OlapSortPos));
	last = palloc(list.n * sizeof(OlapSortPos));
	olap_places_bounds(&list, rel, col, spec, first, last);
	sample_init(&s, list.n);
	for (int i = 0; i < list.n; i++)
		add_range(&s, &first[i], &last[i]);
	sample_finish(&s);

	nopen = Min(list.n, SAMPLE_OPEN);
	for (int i = 0; i < nopen; i++)
		inner += try_inner_overlap(rel, &list.places[(int64) i * list.n / nopen].entry,
								   col, spec) / nopen;
	return part_overlapping(&s) * inner;
}

/* A place to keep an answer: that of the question, or the one used longest ago. */
static CacheEntry *
find_entry(Relation rel, int col)
{
	CacheEntry *oldest = &cache[0];

	for (int i = 0; i < CACHE_SIZE; i++)
	{
		if (cache[i].used > 0 && cache[i].col == col &&
			RelFileLocatorEquals(cache[i].locator, rel->rd_locator))
			return &cache[i];
		if (cache[i].used < oldest->used)
			oldest = &cache[i];
	}
	memset(oldest, 0, sizeof(*oldest));
	return oldest;
}

/* Is what was found then still good enough? */
static bool
is_fresh(const CacheEntry *entry, const OlapMeta *meta)
{
	uint64		change = meta->segments_hint > entry->segments ?
		meta->segments_hint - entry->segments :
		entry->segments - meta->segments_hint;

	return entry->used > 0 && meta->version >= entry->version &&
		(meta->version == entry->version || change * 8 < entry->segments);
}

double
olap_overlap(Relation rel, int col, const OlapSortSpec *spec)
{
	OlapSortSpec ascending = {.kind = spec->kind, .scale = spec->scale,
		.no_nulls = true};
	CacheEntry *entry = find_entry(rel, col);
	OlapMeta	meta;

	if (!ActiveSnapshotSet() || !olap_meta_read(rel, &meta))
		return 1;
	if (!is_fresh(entry, &meta))
	{
		MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
												  "olap overlap",
												  ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(cxt);
		double		overlap = estimate(rel, col, &ascending);

		MemoryContextSwitchTo(old);
		MemoryContextDelete(cxt);
		entry->locator = rel->rd_locator;
		entry->col = col;
		entry->version = meta.version;
		entry->segments = meta.segments_hint;
		entry->overlap = overlap;
	}
	entry->used = ++clock_hand;
	return entry->overlap;
}

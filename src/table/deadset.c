/*-------------------------------------------------------------------------
 *
 * deadset.c
 *		The rows whose index entries a VACUUM removes.
 *
 * src/table/deadset.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/vacuum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "segment/rownums.h"
#include "segment/segment.h"
#include "table/deadset.h"

static bool
has_room(const OlapDeadSet *set)
{
	return set->n * sizeof(OlapDeadRange) < set->limit;
}

bool
olap_dead_add(OlapDeadSet *set, OlapRow first, OlapRow end)
{
	if (set->n > 0 && set->ranges[set->n - 1].end == first)
	{
		set->ranges[set->n - 1].end = end;
		return has_room(set);
	}
	if (set->n == set->cap)
	{
		set->cap = Max(64, set->cap * 2);
		set->ranges = set->ranges == NULL ?
			palloc(set->cap * sizeof(OlapDeadRange)) :
			repalloc_huge(set->ranges, set->cap * sizeof(OlapDeadRange));
	}
	set->ranges[set->n].first = first;
	set->ranges[set->n].end = end;
	set->n++;
	return has_room(set);
}

/* Add rows[n] in any order. */
static void
add_rows(OlapDeadSet *set, uint64 *rows, uint64 *scratch, uint32 n)
{
	olap_sort_u64(rows, scratch, n);
	for (uint32 i = 0; i < n; i++)
		olap_dead_add(set, rows[i], rows[i] + 1);
}

static void
add_numbered(OlapDeadSet *set, Relation rel, const OlapDirEntry *entry,
			 BufferAccessStrategy strategy)
{
	OlapSegment *segment = olap_segment_open(rel, entry, CurrentMemoryContext,
											 strategy);
	uint64	   *rows = palloc(OLAP_ROWGROUP_ROWS * sizeof(uint64));
	uint64	   *scratch = palloc(OLAP_ROWGROUP_ROWS * sizeof(uint64));

	for (int rg = 0; rg < olap_segment_rowgroups(segment); rg++)
	{
		uint32		nrows = olap_segment_rowgroup_rows(segment, rg);

		for (uint32 done = 0; done < nrows;)
		{
			uint32		n = olap_segment_row_numbers(segment, rg,
													 done / OLAP_VECTOR_ROWS,
													 scratch);

			vacuum_delay_point(false);
			memcpy(rows + done, scratch, n * sizeof(uint64));
			done += n;
		}
		olap_segment_release(segment, rg);
		add_rows(set, rows, scratch, nrows);
		if (!has_room(set))
			olap_dead_sort(set);
	}
	olap_segment_close(segment);
	pfree(rows);
	pfree(scratch);
}

bool
olap_dead_add_place(OlapDeadSet *set, Relation rel, const OlapDirEntry *entry,
					BufferAccessStrategy strategy)
{
	OlapRow		first = (OlapRow) entry->first_vblock * OLAP_VBLOCK_ROWS;

	if ((entry->flags & OLAP_ENTRY_ROWNUMS) != 0)
		add_numbered(set, rel, entry, strategy);
	else
		olap_dead_add(set, first, first +
					  (OlapRow) entry->nvblocks * OLAP_VBLOCK_ROWS);
	return has_room(set);
}

static int
compare_ranges(const void *a, const void *b)
{
	OlapRow		fa = ((const OlapDeadRange *) a)->first;
	OlapRow		fb = ((const OlapDeadRange *) b)->first;

	return fa < fb ? -1 : fa > fb;
}

/* Sort, and join what touches or overlaps. */
void
olap_dead_sort(OlapDeadSet *set)
{
	Size		n = 0;

	if (set->n == 0)
		return;
	qsort(set->ranges, set->n, sizeof(OlapDeadRange), compare_ranges);
	for (Size i = 1; i < set->n; i++)
	{
		OlapDeadRange *last = &set->ranges[n];

		if (set->ranges[i].first <= last->end)
			last->end = Max(last->end, set->ranges[i].end);
		else
			set->ranges[++n] = set->ranges[i];
	}
	set->n = n + 1;
}

bool
olap_dead_contains(const OlapDeadSet *set, OlapRow row)
{
	Size		low = 0,
				high = set->n;

	while (low < high)
	{
		Size		middle = low + (high - low) / 2;

		if (row < set->ranges[middle].first)
			high = middle;
		else if (row >= set->ranges[middle].end)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

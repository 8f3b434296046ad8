/*-------------------------------------------------------------------------
 *
 * verify_rows.c
 *		Is every row in exactly one place of those that a snapshot sees?
 *
 * A place that no compaction wrote has a range of row numbers of its own, and
 * ranges are compared as such.  Outputs of compactions list theirs: all of them
 * are sorted, which finds doubles, and compared with the ranges.
 *
 * src/table/verify_rows.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "utils/tuplesort.h"

#include "base/compat.h"
#include "segment/segment.h"
#include "segment/visibility.h"
#include "table/inspect.h"

/* Rows [first, end) of a visible place that is one range. */
typedef struct RowRange
{
	uint64		first;
	uint64		end;
	uint32		id;
} RowRange;

static int
compare_ranges(const void *a, const void *b)
{
	const RowRange *x = a;
	const RowRange *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static RowRange
range_of(const OlapDirEntry *entry)
{
	RowRange	range;

	range.first = (uint64) entry->first_vblock * OLAP_VBLOCK_ROWS;
	range.end = range.first + (entry->kind == OLAP_ENTRY_DELTA ?
							   (uint64) entry->nvblocks * OLAP_VBLOCK_ROWS :
							   entry->nrows);
	range.id = entry->id;
	return range;
}

static void
add_numbers(Relation rel, const OlapDirEntry *entry, Tuplesortstate *sort)
{
	OlapSegment *segment = olap_segment_open(rel, entry, CurrentMemoryContext,
											 NULL);
	uint64		rows[OLAP_VECTOR_ROWS];

	for (int rg = 0; rg < olap_segment_rowgroups(segment); rg++)
	{
		for (uint32 done = 0; done < olap_segment_rowgroup_rows(segment, rg);)
		{
			uint32		n = olap_segment_row_numbers(segment, rg,
													 done / OLAP_VECTOR_ROWS, rows);

			CHECK_FOR_INTERRUPTS();
			for (uint32 i = 0; i < n; i++)
				tuplesort_putdatum(sort, Int64GetDatum((int64) rows[i]), false);
			done += n;
		}
		olap_segment_release(segment, rg);
	}
	olap_segment_close(segment);
}

/* Walk through both lists, which ascend. */
static char *
merge(Tuplesortstate *sort, const RowRange *ranges, int nranges, uint32 *id)
{
	int			i = 0;
	int64		last = -1;
	Datum		value;
	bool		isnull;

	while (tuplesort_getdatum(sort, true, false, &value, &isnull, NULL))
	{
		int64		row = DatumGetInt64(value);

		CHECK_FOR_INTERRUPTS();
		while (i < nranges && ranges[i].end <= (uint64) row)
			i++;
		*id = i < nranges ? ranges[i].id : 0;
		if (row == last)
			return psprintf("Row number " INT64_FORMAT " is in two places written by compactions.",
							row);
		if (i < nranges && ranges[i].first <= (uint64) row)
			return psprintf("Row number " INT64_FORMAT " is in entry %u and in a place written by a compaction.",
							row, ranges[i].id);
		last = row;
	}
	return NULL;
}

char *
olap_verify_rows(Relation rel, const OlapDirList *list, Snapshot snapshot,
				 uint32 *id)
{
	RowRange   *ranges = palloc_extended(Max(list->n, 1) * sizeof(RowRange),
										 MCXT_ALLOC_HUGE);
	int			nranges = 0;
	Tuplesortstate *sort = tuplesort_begin_datum(INT8OID, Int8LessOperator,
												 InvalidOid, false,
												 maintenance_work_mem, NULL,
												 TUPLESORT_NONE);
	char	   *found = NULL;

	for (int i = 0; i < list->n; i++)
	{
		const OlapDirEntry *entry = &list->entries[i];

		if (!olap_entry_visible(entry, snapshot))
			continue;
		if ((entry->flags & OLAP_ENTRY_ROWNUMS) != 0)
			add_numbers(rel, entry, sort);
		else
			ranges[nranges++] = range_of(entry);
	}
	qsort(ranges, nranges, sizeof(RowRange), compare_ranges);
	for (int i = 1; i < nranges && found == NULL; i++)
		if (ranges[i].first < ranges[i - 1].end)
		{
			*id = ranges[i].id;
			found = psprintf("Row number " UINT64_FORMAT " is in entries %u and %u.",
							 ranges[i].first, ranges[i - 1].id, ranges[i].id);
		}
	tuplesort_performsort(sort);
	if (found == NULL)
		found = merge(sort, ranges, nranges, id);
	tuplesort_end(sort);
	return found;
}

/*-------------------------------------------------------------------------
 *
 * whole.c
 *		Are all rows of a segment there for a snapshot?
 *
 * src/table/whole.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "table/whole.h"

static bool
none_deleted(OlapLogReader *log, OlapRow first, uint64 n)
{
	uint64		bits[OLAP_VECTOR_ROWS / 64];

	for (uint64 done = 0; done < n; done += OLAP_VECTOR_ROWS)
	{
		CHECK_FOR_INTERRUPTS();
		if (olap_log_reader_deleted(log, first + done,
									(uint32) Min(n - done, OLAP_VECTOR_ROWS),
									bits) > 0)
			return false;
	}
	return true;
}

bool
olap_segment_is_whole(OlapSegment *segment, const OlapDirEntry *entry,
					  OlapLogReader *log)
{
	const OlapSegRange *ranges;
	int			nranges;

	if (olap_log_reader_empty(log))
		return true;
	if (!olap_segment_numbered(segment))
		return none_deleted(log, (OlapRow) entry->first_vblock * OLAP_VBLOCK_ROWS,
							entry->nrows);
	/* its row numbers need not be read: these hold them all, and some more */
	ranges = olap_segment_ranges(segment, &nranges);
	for (int i = 0; i < nranges; i++)
		if (!none_deleted(log, (OlapRow) ranges[i].first * OLAP_VBLOCK_ROWS,
						  (uint64) ranges[i].n * OLAP_VBLOCK_ROWS))
			return false;
	return true;
}

bool
olap_rowgroup_is_whole(OlapSegment *segment, const OlapDirEntry *entry, int rg,
					   OlapLogReader *log)
{
	if (olap_log_reader_empty(log) || olap_segment_numbered(segment))
		return olap_segment_is_whole(segment, entry, log);
	return none_deleted(log, (OlapRow) entry->first_vblock * OLAP_VBLOCK_ROWS +
						olap_segment_rowgroup_first(segment, rg),
						olap_segment_rowgroup_rows(segment, rg));
}

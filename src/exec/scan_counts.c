/*-------------------------------------------------------------------------
 *
 * scan_counts.c
 *		What an OlapScan did, summed over scans and processes.
 *
 * src/exec/scan_counts.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "exec/scan_node.h"

static void
add_ordered(OlapOrderedStats *to, const OlapOrderedStats *from)
{
	to->waiting = Max(to->waiting, from->waiting);
	to->passes += from->passes;
	to->late_rows += from->late_rows;
	to->late_vectors += from->late_vectors;
}

static void
add_chunks(OlapScanStats *to, const OlapScanStats *from)
{
	for (int e = 0; e <= OLAP_ENC_MAX; e++)
		to->chunks[e] += from->chunks[e];
}

static void
add_indexes(OlapScanStats *to, const OlapScanStats *from)
{
	to->bytes_indexes += from->bytes_indexes;
	for (int i = 0; i < from->nindexes; i++)
		olap_scan_note_index(to, from->indexes[i]);
}

void
olap_scan_add_counts(OlapScanCounts *to, const OlapScanCounts *from)
{
	to->scan.segments_total += from->scan.segments_total;
	to->scan.segments_pruned += from->scan.segments_pruned;
	to->scan.segments_read += from->scan.segments_read;
	to->scan.segments_taken += from->scan.segments_taken;
	to->scan.rowgroups_total += from->scan.rowgroups_total;
	to->scan.rowgroups_pruned += from->scan.rowgroups_pruned;
	to->scan.segments_later += from->scan.segments_later;
	to->scan.rowgroups_later += from->scan.rowgroups_later;
	to->scan.rowgroups_bloom += from->scan.rowgroups_bloom;
	to->scan.rowgroups_bitmap += from->scan.rowgroups_bitmap;
	to->scan.rowgroups_narrowed += from->scan.rowgroups_narrowed;
	to->scan.rows_narrowed += from->scan.rows_narrowed;
	to->scan.rows_passed += from->scan.rows_passed;
	to->scan.rowgroups_read += from->scan.rowgroups_read;
	to->scan.rowgroups_matched += from->scan.rowgroups_matched;
	to->scan.rowgroups_taken += from->scan.rowgroups_taken;
	to->scan.delta_pages += from->scan.delta_pages;
	to->scan.rows += from->scan.rows;
	to->scan.bytes_read += from->scan.bytes_read;
	olap_times_add(&to->scan.times, &from->scan.times);
	add_chunks(&to->scan, &from->scan);
	add_indexes(&to->scan, &from->scan);
	to->filtered += from->filtered;
	olap_runtime_add_counts(&to->runtime, &from->runtime);
	add_ordered(&to->ordered, &from->ordered);
}

void
olap_scan_add_participant(OlapScanCounts *to, const OlapScanCounts *from)
{
	OlapScanStats *s = &to->scan;
	uint64		left;

	s->segments_total = Max(s->segments_total, from->scan.segments_total);
	s->segments_pruned = Max(s->segments_pruned, from->scan.segments_pruned);
	s->rowgroups_total = Max(s->rowgroups_total, from->scan.rowgroups_total);
	left = s->segments_total - s->segments_pruned;
	s->segments_read = Min(s->segments_read + from->scan.segments_read, left);
	s->segments_taken = Min(s->segments_taken + from->scan.segments_taken, left);
	s->rowgroups_read += from->scan.rowgroups_read;
	s->rowgroups_bloom += from->scan.rowgroups_bloom;
	s->rowgroups_bitmap += from->scan.rowgroups_bitmap;
	s->rowgroups_narrowed += from->scan.rowgroups_narrowed;
	s->rows_narrowed += from->scan.rows_narrowed;
	s->rows_passed += from->scan.rows_passed;
	s->rowgroups_matched += from->scan.rowgroups_matched;
	s->rowgroups_taken += from->scan.rowgroups_taken;
	s->rowgroups_pruned = s->rowgroups_total -
		Min(s->rowgroups_read + s->rowgroups_taken, s->rowgroups_total);
	s->delta_pages += from->scan.delta_pages;
	s->rows += from->scan.rows;
	s->bytes_read += from->scan.bytes_read;
	olap_times_add(&s->times, &from->scan.times);
	add_chunks(s, &from->scan);
	add_indexes(s, &from->scan);
	s->segments_later = Max(s->segments_later, from->scan.segments_later);
	s->rowgroups_later += from->scan.rowgroups_later;
	to->filtered += from->filtered;
	olap_runtime_add_counts(&to->runtime, &from->runtime);
}

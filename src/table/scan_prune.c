/*-------------------------------------------------------------------------
 *
 * scan_prune.c
 *		Which row groups of an open segment a scan need not read: zones, bitmap indexes
 *		and blooms tell, in this order, for each costs more than the one before.
 *
 * src/table/scan_prune.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bitutils.h"

#include "base/guc.h"
#include "segment/parts.h"
#include "segment/segment.h"
#include "table/scan_state.h"

/* So few rows of a row group are read one by one rather than by the page. */
#define SPARSE_ROWS 8

bool
olap_scan_narrow(OlapTableScan *scan, int rg, uint64 unit, bool keep, bool *read)
{
	OlapRowsAnswer answer = OLAP_ROWS_ALL;
	uint32		n;

	if (scan->narrow != NULL)
		answer = olap_narrow_ask(scan->narrow, scan->segment, rg, unit, keep,
								 &scan->stats, read);
	scan->asked = true;
	scan->rows = answer == OLAP_ROWS_SOME ?
		olap_narrow_set(scan->narrow, &n) : NULL;
	olap_segment_set_sparse(scan->segment, scan->rows != NULL && n <= SPARSE_ROWS);
	return answer != OLAP_ROWS_NONE;
}

void
olap_scan_count_narrowed(OlapTableScan *scan, int rg)
{
	uint32		n;

	if (scan->rows == NULL)
		return;
	(void) olap_narrow_set(scan->narrow, &n);
	scan->stats.rowgroups_narrowed++;
	scan->stats.rows_narrowed += n;
	scan->stats.rows_passed += olap_segment_rowgroup_rows(scan->segment, rg) - n;
}

void
olap_scan_expect_rows(OlapTableScan *scan, int rg)
{
	uint32		n;
	uint32		i;

	if (scan->rows == NULL)
		return;
	(void) olap_narrow_set(scan->narrow, &n);
	if (n > SPARSE_ROWS)
		return;
	i = olap_rows_next_word(scan->rows, 0);
	while (i < OLAP_BITMAP_WORDS && scan->rows->words[i] == 0)
		i = olap_rows_next_word(scan->rows, i + 1);
	if (i < OLAP_BITMAP_WORDS)
		olap_segment_expect_row(scan->segment, rg, i * 64 +
								pg_rightmost_one_pos64(scan->rows->words[i]),
								scan->source->needed, scan->source->natts);
}

bool
olap_scan_zones_exclude(OlapTableScan *scan, const OlapZoneQual *quals, int nquals, int rg)
{
	for (int q = 0; q < nquals; q++)
	{
		const OlapZone *zone = olap_segment_zone(scan->segment, quals[q].col, rg);

		if (zone != NULL && olap_zone_probe(zone, &quals[q]) == OLAP_MATCH_NONE)
			return true;
	}
	return false;
}

static bool
blooms_exclude(OlapTableScan *scan, const OlapZoneQual *quals, int nquals, int rg)
{
	for (int q = 0; q < nquals && olap_guc_enable_bloom; q++)
		if (olap_segment_bloom_excludes(scan->segment, &quals[q], rg))
			return true;
	return false;
}

bool
olap_scan_excludes(OlapTableScan *scan, int rg, uint64 unit, bool keep)
{
	bool		read;

	if (olap_scan_zones_exclude(scan, scan->quals, scan->nquals, rg))
		return true;
	if (olap_scan_zones_exclude(scan, scan->later, scan->nlater, rg))
	{
		scan->stats.rowgroups_later++;
		return true;
	}
	if (!olap_scan_narrow(scan, rg, unit, keep, &read))
	{
		scan->stats.rowgroups_bitmap += read;
		return true;
	}
	if (!blooms_exclude(scan, scan->quals, scan->nquals, rg) &&
		!blooms_exclude(scan, scan->later, scan->nlater, rg))
		return false;
	scan->stats.rowgroups_bloom++;
	return true;
}

bool
olap_scan_proves(OlapTableScan *scan, int rg)
{
	for (int q = 0; q < scan->nquals; q++)
	{
		const OlapZone *zone = olap_segment_zone(scan->segment,
												 scan->quals[q].col, rg);

		if (zone == NULL ||
			olap_zone_probe(zone, &scan->quals[q]) != OLAP_MATCH_ALL)
			return false;
	}
	return true;
}

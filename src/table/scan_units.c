/*-------------------------------------------------------------------------
 *
 * scan_units.c
 *		The units of a scan: which it visits, and which it need not.
 *
 * A unit is a row group, or as many delta pages as make one batch; see scan.c for
 * how they are numbered. Zones, bitmap indexes and blooms exclude row groups,
 * callers take segments and row groups that they can answer without rows, and
 * callers that want rows in an order of their own choose units themselves.
 *
 * src/table/scan_units.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/snapmgr.h"

#include "segment/parts.h"
#include "segment/segment.h"
#include "table/scan_state.h"
#include "table/whole.h"

/* Move the shared counter out of [from, to), where nothing is to be done. */
static void
skip_units(OlapTableScan *scan, uint64 from, uint64 to)
{
	if (scan->shared != NULL)
	{
		uint64		now = pg_atomic_read_u64(&scan->shared->next_unit);

		while (now >= from && now < to &&
			   !pg_atomic_compare_exchange_u64(&scan->shared->next_unit, &now,
											   to))
			;
	}
}

/* Take the next unit of the direction; false if there is none. */
bool
olap_scan_next_unit(OlapTableScan *scan, bool forward)
{
	if (!forward)
	{
		if (scan->unit >= 0)
			scan->unit--;
		return scan->unit >= 0;
	}
	if (scan->shared != NULL)
	{
		uint64		next = pg_atomic_fetch_add_u64(&scan->shared->next_unit, 1);

		scan->unit = Min(next, scan->list.nunits);
	}
	else if (scan->unit < (int64) scan->list.nunits)
		scan->unit++;
	return scan->unit < (int64) scan->list.nunits;
}

void
olap_scan_from_end(OlapTableScan *scan)
{
	Assert(scan->shared == NULL);
	scan->unit = scan->list.nunits;
}

/* The place that the scan's unit is in; the scan moves by small steps. */
static OlapScanPlace *
find_place(OlapTableScan *scan)
{
	uint64		unit = scan->unit;
	int			i = Min(Max(scan->place, 0), scan->list.n - 1);

	while (unit < scan->list.places[i].first_unit)
		i--;
	while (unit >= scan->list.places[i].first_unit + scan->list.places[i].nunits)
		i++;
	scan->place = i;
	return &scan->list.places[i];
}

static void
open_segment(OlapTableScan *scan, OlapScanPlace *place, bool again)
{
	if (scan->segment != NULL && scan->segment_place == scan->place)
		return;
	if (scan->segment != NULL)
	{
		olap_scan_count_bytes(scan);
		olap_segment_close(scan->segment);
		scan->segment = NULL;
	}
	scan->segment = olap_segment_open(scan->rel, &place->entry, scan->cxt,
									  olap_scan_strategy(scan));
	olap_segment_measure(scan->segment, scan->source->times);
	scan->segment_place = scan->place;
	scan->segment_bytes = 0;
	if (again)
		return;
	scan->stats.segments_read++;
	scan->stats.rowgroups_total += olap_segment_rowgroups(scan->segment);
	scan->stats.rowgroups_total -= olap_expected_rowgroups(&place->entry);
	skip_units(scan, place->first_unit + olap_segment_rowgroups(scan->segment),
			   place->first_unit + place->nunits);
}

void
olap_scan_offer_rowgroups(OlapTableScan *scan, OlapScanTakeRowgroup take,
						  void *arg)
{
	scan->take_rowgroup = take;
	scan->take_rowgroup_arg = arg;
}

/* Offer the row group at hand; true if it was taken. */
static bool
rowgroup_taken(OlapTableScan *scan, OlapScanPlace *place, int rg)
{
	if (scan->take_rowgroup == NULL || !IsMVCCSnapshot(scan->snapshot) ||
		!olap_rowgroup_is_whole(scan->segment, &place->entry, rg, scan->log) ||
		!scan->take_rowgroup(scan->take_rowgroup_arg, scan->segment, rg,
							 scan->matches))
		return false;
	scan->stats.rowgroups_taken++;
	return true;
}

void
olap_scan_offer_segments(OlapTableScan *scan, OlapScanTake take, void *arg)
{
	scan->take = take;
	scan->take_arg = arg;
}

/* Offer the segment that was just opened; true if it was taken. */
static bool
segment_taken(OlapTableScan *scan, OlapScanPlace *place)
{
	bool		matches = true;

	if (scan->take == NULL || !IsMVCCSnapshot(scan->snapshot) ||
		!olap_segment_is_whole(scan->segment, &place->entry, scan->log))
		return false;
	for (int rg = 0; rg < olap_segment_rowgroups(scan->segment) && matches; rg++)
		matches = olap_scan_proves(scan, rg);
	if (!scan->take(scan->take_arg, scan->segment, matches))
		return false;
	scan->stats.segments_taken++;
	place->skip = true;
	skip_units(scan, place->first_unit, place->first_unit + place->nunits);
	return true;
}

/* Close the row groups of the scan's place that are not the one to be read. */
static void
release_others(OlapTableScan *scan, int index)
{
	if (scan->segment == NULL || scan->segment_place != scan->place)
		return;
	olap_segment_release_others(scan->segment, index);
}

static int
vectors_of(OlapTableScan *scan, int rg)
{
	return (olap_segment_rowgroup_rows(scan->segment, rg) +
			OLAP_VECTOR_ROWS - 1) / OLAP_VECTOR_ROWS;
}

/* Find out what the scan's unit holds: sets nvectors. */
void
olap_scan_enter_unit(OlapTableScan *scan)
{
	OlapScanPlace  *place = find_place(scan);
	int			index = scan->unit - place->first_unit;
	bool		opened;

	scan->nvectors = 0;
	scan->rows = NULL;
	if (place->skip)
	{
		skip_units(scan, place->first_unit, place->first_unit + place->nunits);
		return;
	}
	scan->matches = false;
	if (place->entry.kind == OLAP_ENTRY_DELTA)
	{
		scan->nvectors = 1;
		return;
	}

	opened = scan->segment == NULL || scan->segment_place != scan->place;
	release_others(scan, index);
	open_segment(scan, place, false);
	if (opened && segment_taken(scan, place))
		return;
	if (index >= olap_segment_rowgroups(scan->segment))
		return;
	if (olap_scan_excludes(scan, index, scan->unit, false))
	{
		scan->stats.rowgroups_pruned++;
		return;
	}
	scan->matches = olap_scan_proves(scan, index);
	if (rowgroup_taken(scan, place, index))
		return;
	scan->stats.rowgroups_read++;
	scan->stats.rowgroups_matched += scan->matches && scan->nquals > 0;
	olap_scan_count_narrowed(scan, index);
	olap_scan_expect_rows(scan, index);
	scan->nvectors = vectors_of(scan, index);
}

/* ---- quals that come later ---- */

/* The first place of which nobody has read anything. */
static int
first_untouched(const OlapTableScan *scan)
{
	uint64		next = scan->unit + 1;
	int			i = 0;

	if (scan->shared != NULL)
		next = pg_atomic_read_u64(&scan->shared->next_unit);
	while (i < scan->list.n && scan->list.places[i].first_unit < next)
		i++;
	return i;
}

void
olap_scan_make_narrow(OlapTableScan *scan)
{
	OlapNarrowSpec spec = {
		.exprs = scan->exprs,
		.nexprs = scan->nexprs,
		.quals = scan->later,
		.nquals = scan->nlater,
		.types = scan->source->types,
		.natts = scan->desc->natts,
	};

	/* the one before is not freed: the unit at hand may go by what it found */
	scan->narrow = olap_narrow_create(&spec, scan->list.nunits, scan->cxt);
}

void
olap_scan_set_filter(OlapTableScan *scan, OlapExpr **exprs, int n)
{
	Assert(scan->unit == -1);
	scan->exprs = exprs;
	scan->nexprs = n;
	olap_scan_make_narrow(scan);
}

void
olap_scan_add_quals(OlapTableScan *scan, const OlapZoneQual *quals, int nquals)
{
	OlapZoneQual *later;

	if (nquals == 0)
		return;
	later = MemoryContextAlloc(scan->cxt,
							   (scan->nlater + nquals) * sizeof(OlapZoneQual));
	if (scan->nlater > 0)
		memcpy(later, scan->later, scan->nlater * sizeof(OlapZoneQual));
	memcpy(later + scan->nlater, quals, nquals * sizeof(OlapZoneQual));
	scan->later = later;
	scan->nlater += nquals;
	olap_places_exclude(&scan->list, scan->rel, first_untouched(scan), quals,
						nquals, &scan->stats);
	olap_scan_make_narrow(scan);

	/* what is left of the row group at hand */
	if (scan->nvectors > 0 &&
		scan->list.places[scan->place].entry.kind == OLAP_ENTRY_SEGMENT &&
		olap_scan_zones_exclude(scan, quals, nquals,
					  scan->unit - scan->list.places[scan->place].first_unit))
		scan->nvectors = 0;
}

/* ---- in an order that the caller chooses ---- */

int
olap_scan_nplaces(const OlapTableScan *scan)
{
	return scan->list.n;
}

void
olap_scan_bounds(OlapTableScan *scan, int col, const OlapSortSpec *spec,
				 OlapSortPos *first, OlapSortPos *last)
{
	olap_places_bounds(&scan->list, scan->rel, col, spec, first, last);
}

uint32
olap_scan_open_place(OlapTableScan *scan, int index)
{
	OlapScanPlace *place = &scan->list.places[index];

	Assert(scan->shared == NULL && !place->skip);
	scan->place = index;
	scan->unit = -1;
	if (place->entry.kind == OLAP_ENTRY_DELTA)
		return place->nunits;
	open_segment(scan, place, false);
	return olap_segment_rowgroups(scan->segment);
}

bool
olap_scan_unit_zone(OlapTableScan *scan, uint32 unit, int col,
					const OlapZone **zone)
{
	*zone = NULL;
	if (scan->list.places[scan->place].entry.kind == OLAP_ENTRY_DELTA)
		return true;
	if (olap_scan_excludes(scan, unit, scan->list.places[scan->place].first_unit + unit, true))
	{
		scan->stats.rowgroups_pruned++;
		return false;
	}
	*zone = olap_segment_zone(scan->segment, col, unit);
	return true;
}

uint32
olap_scan_open_unit(OlapTableScan *scan, int index, uint32 unit, bool again)
{
	OlapScanPlace *place = &scan->list.places[index];
	int64		number = (int64) place->first_unit + unit;

	if (scan->unit == number)
	{
		scan->again |= again;
		return scan->nvectors;
	}
	scan->place = index;
	scan->unit = number;
	scan->again = again;
	scan->matches = false;
	scan->asked = false;
	scan->rows = NULL;
	if (place->entry.kind == OLAP_ENTRY_DELTA)
	{
		scan->asked = true;
		scan->nvectors = 1;
		return 1;
	}
	release_others(scan, unit);
	open_segment(scan, place, true);
	scan->matches = olap_scan_proves(scan, unit);
	if (!again)
	{
		scan->stats.rowgroups_read++;
		scan->stats.rowgroups_matched += scan->matches && scan->nquals > 0;
	}
	scan->nvectors = vectors_of(scan, unit);
	return scan->nvectors;
}

/* The value of a unit that has only one, by its zone; NULL: it does not say so. */
static const OlapVector *
only_value(const OlapColumnType *type, const OlapZone *zone)
{
	OlapVector *v;

	if (zone->kind != OLAP_ZONE_BYTES || (zone->flags & OLAP_ZONE_HAS_VALUES) == 0 ||
		(zone->flags & (OLAP_ZONE_MIN_CUT | OLAP_ZONE_MAX_CUT)) != 0 ||
		zone->min_len != zone->max_len ||
		memcmp(zone->min.b, zone->max.b, zone->min_len) != 0 ||
		(type->phys != OLAP_PHYS_VAR &&
		 (type->phys != OLAP_PHYS_FIXED || type->width != zone->min_len)))
		return NULL;
	v = palloc0(sizeof(OlapVector));
	olap_vector_init(v, type, 1, CurrentMemoryContext);
	if (type->phys == OLAP_PHYS_VAR)
		olap_vector_append_var(v, (const char *) zone->min.b, zone->min_len);
	else
		olap_vector_append_fixed(v, zone->min.b);
	return v;
}

const OlapVector *
olap_scan_unit_values(OlapTableScan *scan, int index, uint32 unit, int col,
					  uint32 max, bool *nulls)
{
	OlapScanPlace *place = &scan->list.places[index];
	const OlapZone *zone;
	const OlapVector *values;

	if (place->entry.kind == OLAP_ENTRY_DELTA)
		return NULL;
	scan->place = index;
	scan->unit = -1;
	release_others(scan, unit);
	open_segment(scan, place, true);
	zone = olap_segment_zone(scan->segment, col, unit);
	if (zone == NULL || !olap_zone_is_sane(zone) ||
		zone->nrows != olap_segment_rowgroup_rows(scan->segment, unit))
		return NULL;
	*nulls = zone->nulls > 0;
	values = only_value(olap_segment_type(scan->segment, col), zone);
	return values != NULL ? values :
		olap_segment_chunk_values(scan->segment, col, unit, OLAP_ZONE_NONE, 0,
								  PG_INT64_MIN, PG_INT64_MAX, max);
}

OlapBatch *
olap_scan_load(OlapTableScan *scan, uint32 vector)
{
	OlapBatch  *batch;

	CHECK_FOR_INTERRUPTS();
	scan->vector = vector;
	if (!scan->asked)
	{
		int			rg = scan->unit - scan->list.places[scan->place].first_unit;
		bool		read;

		(void) olap_scan_narrow(scan, rg, scan->unit, false, &read);
		if (!scan->again)
			olap_scan_count_narrowed(scan, rg);
	}
	if (olap_scan_vector_is_empty(scan))
	{
		scan->source->batch.nsel = 0;
		return &scan->source->batch;
	}
	batch = olap_scan_load_batch(scan, false);
	if (!scan->again)
		olap_scan_count_rows(scan, batch);
	return batch;
}

OlapBatch *
olap_scan_load_again(OlapTableScan *scan, uint32 vector, bool few)
{
	CHECK_FOR_INTERRUPTS();
	scan->vector = vector;
	if (scan->list.places[scan->place].entry.kind == OLAP_ENTRY_SEGMENT)
		olap_segment_set_sparse(scan->segment, few);
	return olap_scan_load_batch(scan, true);
}

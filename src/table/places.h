/*-------------------------------------------------------------------------
 *
 * places.h
 *		The places that a scan reads: visible, and not excluded by zone maps.
 *
 * src/table/places.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PLACES_H
#define OLAP_PLACES_H

#include "index/sortkey.h"
#include "segment/visibility.h"
#include "table/scan.h"

typedef struct OlapScanPlace
{
	OlapDirEntry entry;
	OlapDirRef	ref;
	uint64		first_unit;
	uint32		nunits;
	bool		skip;			/* pruned, but listed: see below */
} OlapScanPlace;

typedef struct OlapPlaces
{
	int			n;
	uint64		nunits;
	OlapScanPlace *places;		/* in the order of row numbers */
} OlapPlaces;

/*
 * Fill list, whose last contents are freed, in cxt, and count in stats what is
 * there and what the ANDed quals exclude.  Participants of a parallel scan
 * (shared) must number units alike, so they keep excluded places listed and
 * skip them.
 */
extern void olap_places_read(OlapPlaces *list, Relation rel,
							 const OlapView *view, const OlapScanShared *shared,
							 const OlapZoneQual *quals, int nquals,
							 OlapScanStats *stats, MemoryContext cxt);

/*
 * What the zone pages say of the order of column col: first[list->n] and
 * last[list->n] get the bounds of each place, the ends where nothing is known.
 */
extern void olap_places_bounds(const OlapPlaces *list, Relation rel, int col,
							   const OlapSortSpec *spec, OlapSortPos *first,
							   OlapSortPos *last);

/*
 * Skip the segments from place number first on that the ANDed quals exclude;
 * counts them in stats.
 */
extern void olap_places_exclude(OlapPlaces *list, Relation rel, int first,
								const OlapZoneQual *quals, int nquals,
								OlapScanStats *stats);

/* Row groups that a segment has if they are full; its header knows better. */
extern uint32 olap_expected_rowgroups(const OlapDirEntry *entry);

#endif							/* OLAP_PLACES_H */

/*-------------------------------------------------------------------------
 *
 * sortkey.h
 *		Values as integers that sort as ORDER BY wants them.
 *
 * Rows that wait to be handed out in the order of a column are compared often
 * and kept in numbers; with the value mapped to a uint64 that already has the
 * direction in it, neither needs to know of types.  Only types whose values fit
 * are served: numbers, dates, times; not strings.
 *
 * A position adds what tells equal keys apart: where NULLs go, then the
 * caller's reference to the row.
 *
 * src/index/sortkey.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_SORTKEY_H
#define OLAP_SORTKEY_H

#include "index/zone.h"

typedef struct OlapSortSpec
{
	OlapZoneKind kind;			/* how values compare */
	uint8		scale;			/* OLAP_ZONE_DEC */
	bool		descending;
	bool		nulls_first;
	bool		no_nulls;		/* the caller takes no rows where it is NULL */
} OlapSortSpec;

/*
 * NULL shares the least (greatest) key with real values; whichever of the two
 * comes second has this bit set in its reference.
 */
#define OLAP_SORT_SECOND (UINT64CONST(1) << 63)

typedef struct OlapSortPos
{
	uint64		key;
	uint64		ref;			/* OLAP_SORT_SECOND and what the caller likes */
} OlapSortPos;

static inline bool
olap_sort_before(const OlapSortPos *a, const OlapSortPos *b)
{
	return a->key != b->key ? a->key < b->key : a->ref < b->ref;
}

static inline uint64
olap_sort_second(const OlapSortSpec *spec, bool isnull)
{
	return isnull == !spec->nulls_first ? OLAP_SORT_SECOND : 0;
}

/*
 * Can a column of this type be sorted by?  Fills in how its values compare in
 * any case: bounds exist of byte strings as well.
 */
extern bool olap_sort_kind(const OlapColumnType *type, OlapSortSpec *spec);

/*
 * The keys of all rows of v, NULLs included, into keys[v->n].  False if a value
 * is none that the column can hold.
 */
extern bool olap_sort_keys(const OlapSortSpec *spec, const OlapVector *v,
						   uint64 *keys);

/*
 * No row of the zone's place is before *first or after *last, whatever its
 * reference.  zone may be NULL or prove nothing: then they are the ends.
 */
extern void olap_sort_bounds(const OlapSortSpec *spec, const OlapZone *zone,
							 OlapSortPos *first, OlapSortPos *last);

/* Sort positions. */
extern void olap_sort_positions(OlapSortPos *positions, size_t n);

#endif							/* OLAP_SORTKEY_H */

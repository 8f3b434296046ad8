/*-------------------------------------------------------------------------
 *
 * zone_internal.h
 *		Orders of values, shared by those who build zones and who use them.
 *
 * src/index/zone_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_ZONE_INTERNAL_H
#define OLAP_ZONE_INTERNAL_H

#include <math.h>

#include "index/zone.h"

/* PostgreSQL's order: NaN equals NaN and is above everything else. */
static inline int
compare_float(double a, double b)
{
	if (isnan(a) || isnan(b))
		return (int) isnan(a) - (int) isnan(b);
	return a < b ? -1 : a > b ? 1 : 0;
}

/* Bytes as unsigned numbers, a prefix before what it begins. */
static inline int
compare_bytes(const uint8 *a, size_t alen, const uint8 *b, size_t blen)
{
	int			order = memcmp(a, b, Min(alen, blen));

	if (order != 0)
		return order;
	return alen < blen ? -1 : alen > blen ? 1 : 0;
}

/* Keep the row counts, forget the bounds. */
extern void olap_zone_drop_bounds(OlapZone *zone);

#endif							/* OLAP_ZONE_INTERNAL_H */

/*-------------------------------------------------------------------------
 *
 * zone.c
 *		Zone maps: compare, merge, probe.
 *
 * A probe places the constant against the bounds first (below, at, above, or
 * not known where a bound is only a prefix) and derives every operator's answer
 * from the two places, so all kinds share one set of rules.
 *
 * src/index/zone.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/zone_internal.h"

static inline int
order_i(int64 a, int64 b)
{
	return a < b ? -1 : a > b ? 1 : 0;
}

static inline int
order_u(uint64 a, uint64 b)
{
	return a < b ? -1 : a > b ? 1 : 0;
}

/*
 * Order of two lower (upper) bounds of one kind.  Of two byte bounds with equal
 * bytes, the one that was cut is the greater: its true value is longer.
 */
static int
compare_bounds(OlapZoneKind kind, const OlapZoneBound *a, int alen, bool acut,
			   const OlapZoneBound *b, int blen, bool bcut)
{
	int			order;

	switch (kind)
	{
		case OLAP_ZONE_INT:
		case OLAP_ZONE_DEC:
			return order_i(a->i, b->i);
		case OLAP_ZONE_UINT:
			return order_u(a->u, b->u);
		case OLAP_ZONE_FLOAT:
			return compare_float(a->f, b->f);
		default:
			order = compare_bytes(a->b, alen, b->b, blen);
			return order != 0 ? order : (int) acut - (int) bcut;
	}
}

void
olap_zone_drop_bounds(OlapZone *zone)
{
	zone->kind = OLAP_ZONE_NONE;
	zone->flags = 0;
	zone->min_len = zone->max_len = zone->scale = 0;
	memset(&zone->min, 0, sizeof(zone->min));
	memset(&zone->max, 0, sizeof(zone->max));
}

bool
olap_zone_is_sane(const OlapZone *zone)
{
	if (zone->nulls > zone->nrows)
		return false;
	if (zone->kind == OLAP_ZONE_NONE)
		return true;
	if (zone->kind > OLAP_ZONE_BYTES)
		return false;
	if ((zone->flags & OLAP_ZONE_HAS_VALUES) == 0)
		return zone->nulls == zone->nrows;
	if (zone->nulls == zone->nrows)
		return false;
	if (zone->kind == OLAP_ZONE_BYTES)
	{
		if (zone->min_len > OLAP_ZONE_BYTES_MAX ||
			zone->max_len > OLAP_ZONE_BYTES_MAX)
			return false;
		if (((zone->flags & OLAP_ZONE_MIN_CUT) &&
			 zone->min_len != OLAP_ZONE_BYTES_MAX) ||
			((zone->flags & OLAP_ZONE_MAX_CUT) &&
			 zone->max_len != OLAP_ZONE_BYTES_MAX))
			return false;
	}
	if (zone->kind == OLAP_ZONE_FLOAT &&
		((zone->flags & OLAP_ZONE_HAS_NAN) != 0) != (bool) isnan(zone->max.f))
		return false;
	return compare_bounds((OlapZoneKind) zone->kind,
						  &zone->min, zone->min_len,
						  (zone->flags & OLAP_ZONE_MIN_CUT) != 0,
						  &zone->max, zone->max_len,
						  (zone->flags & OLAP_ZONE_MAX_CUT) != 0) <= 0;
}

bool
olap_zone_overlaps(const OlapZone *a, const OlapZone *b)
{
	OlapZoneKind kind = (OlapZoneKind) a->kind;

	if (a->kind != b->kind || kind == OLAP_ZONE_NONE ||
		(a->flags & b->flags & OLAP_ZONE_HAS_VALUES) == 0)
		return false;
	return compare_bounds(kind, &a->min, a->min_len, false,
						  &b->max, b->max_len, (b->flags & OLAP_ZONE_MAX_CUT) != 0) < 0 &&
		compare_bounds(kind, &b->min, b->min_len, false,
					   &a->max, a->max_len, (a->flags & OLAP_ZONE_MAX_CUT) != 0) < 0;
}

static void
copy_bounds(OlapZone *to, const OlapZone *from)
{
	uint32		nrows = to->nrows;
	uint32		nulls = to->nulls;

	*to = *from;
	to->nrows = nrows;
	to->nulls = nulls;
}

static void
merge_bounds(OlapZone *a, const OlapZone *b)
{
	OlapZoneKind kind = (OlapZoneKind) a->kind;

	if (compare_bounds(kind, &b->min, b->min_len, b->flags & OLAP_ZONE_MIN_CUT,
					   &a->min, a->min_len, a->flags & OLAP_ZONE_MIN_CUT) < 0)
	{
		a->min = b->min;
		a->min_len = b->min_len;
		a->flags = (a->flags & ~OLAP_ZONE_MIN_CUT) |
			(b->flags & OLAP_ZONE_MIN_CUT);
	}
	if (compare_bounds(kind, &b->max, b->max_len,
					   (b->flags & OLAP_ZONE_MAX_CUT) != 0,
					   &a->max, a->max_len,
					   (a->flags & OLAP_ZONE_MAX_CUT) != 0) > 0)
	{
		a->max = b->max;
		a->max_len = b->max_len;
		a->flags = (a->flags & ~OLAP_ZONE_MAX_CUT) |
			(b->flags & OLAP_ZONE_MAX_CUT);
	}
	a->flags |= b->flags & OLAP_ZONE_HAS_NAN;
}

void
olap_zone_merge(OlapZone *a, const OlapZone *b)
{
	bool		sane = olap_zone_is_sane(a) && olap_zone_is_sane(b);
	bool		a_empty = a->nulls == a->nrows;
	bool		b_empty = b->nulls == b->nrows;
	uint64		nrows = (uint64) a->nrows + b->nrows;
	uint64		nulls = (uint64) a->nulls + b->nulls;

	if (!sane || nrows > PG_UINT32_MAX)
	{
		/* counts that prove nothing about NULLs either */
		olap_zone_drop_bounds(a);
		a->nrows = PG_UINT32_MAX;
		a->nulls = 1;
		return;
	}
	if (a_empty && (!b_empty || a->kind == OLAP_ZONE_NONE))
		copy_bounds(a, b);
	else if (!b_empty)
	{
		if (a->kind != b->kind || a->scale != b->scale)
			olap_zone_drop_bounds(a);
		else if (a->kind != OLAP_ZONE_NONE)
			merge_bounds(a, b);
	}
	a->nrows = (uint32) nrows;
	a->nulls = (uint32) nulls;
}

/* Where a constant lies against a bound's true value. */
typedef enum Place
{
	BELOW,
	AT,
	ABOVE,
	UNKNOWN						/* the bound is cut, and so is the answer */
} Place;

static inline Place
place_of(int order)
{
	return order < 0 ? BELOW : order > 0 ? ABOVE : AT;
}

static Place
place_bytes(const OlapZoneValue *value, const OlapZoneBound *bound, int len,
			bool cut)
{
	int			order;

	if (!cut)
		return place_of(compare_bytes(value->data, value->len, bound->b, len));

	/* the true value starts with the bound's bytes and goes on */
	order = memcmp(value->data, bound->b, Min(value->len, (size_t) len));
	if (order != 0)
		return place_of(order);
	return value->len <= (size_t) len ? BELOW : UNKNOWN;
}

/* 10 ^ 18 times an int64 fits, so decimals of any two scales compare exactly. */
static Place
place_decimal(int64 a, int ascale, int64 b, int bscale)
{
	__int128	x = a;
	__int128	y = b;

	for (; ascale < bscale; ascale++)
		x *= 10;
	for (; bscale < ascale; bscale++)
		y *= 10;
	return x < y ? BELOW : x > y ? ABOVE : AT;
}

static Place
place(const OlapZone *zone, const OlapZoneQual *qual,
	  const OlapZoneValue *value, bool against_max)
{
	const OlapZoneBound *bound = against_max ? &zone->max : &zone->min;

	switch ((OlapZoneKind) zone->kind)
	{
		case OLAP_ZONE_INT:
			return place_of(order_i(value->v.i, bound->i));
		case OLAP_ZONE_UINT:
			return place_of(order_u(value->v.u, bound->u));
		case OLAP_ZONE_FLOAT:
			return place_of(compare_float(value->is_nan ? (double) NAN
										  : value->v.f, bound->f));
		case OLAP_ZONE_DEC:
			return place_decimal(value->v.i, qual->scale, bound->i,
								 zone->scale);
		case OLAP_ZONE_BYTES:
			if (against_max)
				return place_bytes(value, bound, zone->max_len,
								   (zone->flags & OLAP_ZONE_MAX_CUT) != 0);
			return place_bytes(value, bound, zone->min_len,
							   (zone->flags & OLAP_ZONE_MIN_CUT) != 0);
		case OLAP_ZONE_NONE:
			break;
	}
	return UNKNOWN;
}

static inline OlapZoneMatch
verdict(bool none, bool all)
{
	return none ? OLAP_MATCH_NONE : all ? OLAP_MATCH_ALL : OLAP_MATCH_SOME;
}

/* The answer for the rows that are not NULL. */
static OlapZoneMatch
probe_value(const OlapZone *zone, const OlapZoneQual *qual, OlapZoneOp op,
			const OlapZoneValue *value)
{
	Place		min = place(zone, qual, value, false);
	Place		max = place(zone, qual, value, true);

	switch (op)
	{
		case OLAP_ZONE_LT:
			return verdict(min == BELOW || min == AT, max == ABOVE);
		case OLAP_ZONE_LE:
			return verdict(min == BELOW, max == ABOVE || max == AT);
		case OLAP_ZONE_EQ:
			return verdict(min == BELOW || max == ABOVE,
						   min == AT && max == AT);
		case OLAP_ZONE_GE:
			return verdict(max == ABOVE, min == BELOW || min == AT);
		case OLAP_ZONE_GT:
			return verdict(max == ABOVE || max == AT, min == BELOW);
		default:
			return OLAP_MATCH_SOME;
	}
}

static OlapZoneMatch
probe_any(const OlapZone *zone, const OlapZoneQual *qual)
{
	OlapZoneMatch best = OLAP_MATCH_NONE;

	for (int i = 0; i < qual->nvalues; i++)
	{
		OlapZoneMatch match = probe_value(zone, qual, OLAP_ZONE_EQ,
										  &qual->values[i]);

		if (match == OLAP_MATCH_ALL)
			return OLAP_MATCH_ALL;
		if (match == OLAP_MATCH_SOME)
			best = OLAP_MATCH_SOME;
	}
	return best;
}

OlapZoneMatch
olap_zone_probe(const OlapZone *zone, const OlapZoneQual *qual)
{
	OlapZoneMatch match;

	/* a slot nobody wrote (the column is newer) must not count as "no row" */
	if (!olap_zone_is_sane(zone) || zone->nrows == 0)
		return OLAP_MATCH_SOME;
	if (qual->op == OLAP_ZONE_IS_NULL)
		return verdict(zone->nulls == 0, zone->nulls == zone->nrows);
	if (qual->op == OLAP_ZONE_NOT_NULL)
		return verdict(zone->nulls == zone->nrows, zone->nulls == 0);

	/* comparisons are never true of NULL, whatever the type */
	if (zone->nulls == zone->nrows)
		return OLAP_MATCH_NONE;
	if (zone->kind != qual->kind || zone->kind == OLAP_ZONE_NONE)
		return OLAP_MATCH_SOME;
	if (zone->kind == OLAP_ZONE_DEC && (zone->scale > 18 || qual->scale > 18))
		return OLAP_MATCH_SOME;

	if (qual->op == OLAP_ZONE_IN)
		match = probe_any(zone, qual);
	else if (qual->nvalues == 1)
		match = probe_value(zone, qual, qual->op, &qual->values[0]);
	else
		match = OLAP_MATCH_SOME;
	if (match == OLAP_MATCH_ALL && zone->nulls > 0)
		match = OLAP_MATCH_SOME;
	return match;
}

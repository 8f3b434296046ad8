/*-------------------------------------------------------------------------
 *
 * zone.c
 *		Zone maps: build from a vector, merge, probe.
 *
 * A probe places the constant against the bounds first (below, at, above, or
 * not known where a bound is only a prefix) and derives every operator's answer
 * from the two places, so all kinds share one set of rules.
 *
 * src/index/zone.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type_d.h"
#include "port/pg_bswap.h"

#include "base/kernel.h"
#include "base/varlena.h"
#include "index/zone.h"

OlapZoneKind
olap_zone_kind(const OlapColumnType *type)
{
	if (type->dropped)
		return OLAP_ZONE_NONE;
	switch (type->typid)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case MONEYOID:
			return OLAP_ZONE_INT;
		case CHAROID:			/* charlt and its family compare uint8 */
		case OIDOID:
		case PG_LSNOID:
		case XID8OID:
			return OLAP_ZONE_UINT;
		case FLOAT4OID:
		case FLOAT8OID:
			return OLAP_ZONE_FLOAT;
		case NUMERICOID:
			return type->phys == OLAP_PHYS_DEC64 ? OLAP_ZONE_DEC
				: OLAP_ZONE_NONE;
		case TEXTOID:
		case VARCHAROID:
		case BYTEAOID:
		case UUIDOID:
		case NAMEOID:			/* up to the first NUL */
			return OLAP_ZONE_BYTES;
		default:
			return OLAP_ZONE_NONE;
	}
}

/*
 * Least and greatest of the non-NULL values, one word of the bitmap at a time:
 * words without NULLs, which are most, take a loop that vectorizes.
 */
#define MINMAX(name, ctype, btype) \
OLAP_KERNEL static void \
minmax_##name(const ctype *values, const uint64 *valid, uint32 n, \
			  btype *out_min, btype *out_max) \
{ \
	ctype		min = 0; \
	ctype		max = 0; \
	bool		any = false; \
\
	for (uint32 base = 0; base < n; base += 64) \
	{ \
		uint32		rows = n - base < 64 ? n - base : 64; \
		uint64		word = valid != NULL ? valid[base / 64] : ~UINT64CONST(0); \
\
		if (rows < 64) \
			word &= (UINT64CONST(1) << rows) - 1; \
		if (word == 0) \
			continue; \
		if (!any) \
		{ \
			min = max = values[base + __builtin_ctzll(word)]; \
			any = true; \
		} \
		if (word == ~UINT64CONST(0)) \
		{ \
			for (uint32 i = 0; i < 64; i++) \
			{ \
				ctype		value = values[base + i]; \
\
				min = value < min ? value : min; \
				max = value > max ? value : max; \
			} \
			continue; \
		} \
		for (; word != 0; word &= word - 1) \
		{ \
			ctype		value = values[base + __builtin_ctzll(word)]; \
\
			min = value < min ? value : min; \
			max = value > max ? value : max; \
		} \
	} \
	*out_min = min; \
	*out_max = max; \
}

MINMAX(i8, int8, int64)
MINMAX(i16, int16, int64)
MINMAX(i32, int32, int64)
MINMAX(i64, int64, int64)
MINMAX(u8, uint8, uint64)
MINMAX(u32, uint32, uint64)
MINMAX(u64, uint64, uint64)

static bool
build_int(OlapZone *zone, const OlapVector *v)
{
	int64	   *min = &zone->min.i;
	int64	   *max = &zone->max.i;

	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
		case OLAP_PHYS_I8:
			minmax_i8(v->values, v->valid, v->n, min, max);
			return true;
		case OLAP_PHYS_I16:
			minmax_i16(v->values, v->valid, v->n, min, max);
			return true;
		case OLAP_PHYS_I32:
			minmax_i32(v->values, v->valid, v->n, min, max);
			return true;
		case OLAP_PHYS_I64:
		case OLAP_PHYS_DEC64:
			minmax_i64(v->values, v->valid, v->n, min, max);
			return true;
		default:
			return false;
	}
}

static bool
build_uint(OlapZone *zone, const OlapVector *v)
{
	uint64	   *min = &zone->min.u;
	uint64	   *max = &zone->max.u;

	switch (v->phys)
	{
		case OLAP_PHYS_I8:
			minmax_u8(v->values, v->valid, v->n, min, max);
			return true;
		case OLAP_PHYS_I32:
			minmax_u32(v->values, v->valid, v->n, min, max);
			return true;
		case OLAP_PHYS_I64:
			minmax_u64(v->values, v->valid, v->n, min, max);
			return true;
		default:
			return false;
	}
}

/* PostgreSQL's order: NaN equals NaN and is above everything else. */
static inline int
compare_float(double a, double b)
{
	if (isnan(a) || isnan(b))
		return (int) isnan(a) - (int) isnan(b);
	return a < b ? -1 : a > b ? 1 : 0;
}

static bool
build_float(OlapZone *zone, const OlapVector *v)
{
	double		min = INFINITY;
	double		max = -INFINITY;
	bool		numbers = false;
	bool		nan = false;

	if (v->phys != OLAP_PHYS_F32 && v->phys != OLAP_PHYS_F64)
		return false;
	for (uint32 row = 0; row < v->n; row++)
	{
		double		value = v->phys == OLAP_PHYS_F32
			? (double) ((const float *) v->values)[row]
			: ((const double *) v->values)[row];

		if (olap_vector_is_null(v, row))
			continue;
		if (isnan(value))
		{
			nan = true;
			continue;
		}
		numbers = true;
		min = value < min ? value : min;
		max = value > max ? value : max;
	}
	if (nan)
		zone->flags |= OLAP_ZONE_HAS_NAN;
	/* adding 0 turns -0 into 0, which is equal */
	zone->min.f = numbers ? min + 0.0 : (double) NAN;
	zone->max.f = nan ? (double) NAN : max + 0.0;
	return true;
}

/* A byte string, and its first 8 bytes as a number that sorts like them. */
typedef struct ByteValue
{
	const uint8 *data;
	size_t		len;
	uint64		head;
} ByteValue;

static inline uint64
load_head(const uint8 *data, size_t len)
{
	uint64		head = 0;

	memcpy(&head, data, len < sizeof(head) ? len : sizeof(head));
	return pg_ntoh64(head);
}

static int
compare_bytes(const uint8 *a, size_t alen, const uint8 *b, size_t blen)
{
	int			order = memcmp(a, b, Min(alen, blen));

	if (order != 0)
		return order;
	return alen < blen ? -1 : alen > blen ? 1 : 0;
}

static inline int
compare_byte_values(const ByteValue *a, const ByteValue *b)
{
	if (a->head != b->head)
		return a->head < b->head ? -1 : 1;
	return compare_bytes(a->data, a->len, b->data, b->len);
}

static inline ByteValue
byte_value(const OlapVector *v, bool is_name, uint32 row)
{
	ByteValue	value;

	if (v->phys == OLAP_PHYS_VAR)
	{
		const char *p = v->heap + ((const uint32 *) v->values)[row];

		value.data = (const uint8 *) VARDATA(p);
		value.len = VARSIZE(p) - VARHDRSZ;
	}
	else
	{
		value.data = (const uint8 *) v->values + (size_t) row * v->width;
		value.len = is_name ? strnlen((const char *) value.data, v->width)
			: v->width;
	}
	value.head = load_head(value.data, value.len);
	return value;
}

static bool
build_bytes(OlapZone *zone, const OlapColumnType *type, const OlapVector *v)
{
	bool		is_name = type->typid == NAMEOID;
	ByteValue	min = {NULL, 0, 0};
	ByteValue	max = {NULL, 0, 0};

	if (v->phys != OLAP_PHYS_VAR && v->phys != OLAP_PHYS_FIXED)
		return false;
	for (uint32 row = 0; row < v->n; row++)
	{
		ByteValue	value;

		if (olap_vector_is_null(v, row))
			continue;
		value = byte_value(v, is_name, row);
		if (min.data == NULL)
			min = max = value;
		else if (compare_byte_values(&value, &min) < 0)
			min = value;
		else if (compare_byte_values(&value, &max) > 0)
			max = value;
	}
	zone->min_len = (uint8) Min(min.len, OLAP_ZONE_BYTES_MAX);
	zone->max_len = (uint8) Min(max.len, OLAP_ZONE_BYTES_MAX);
	memcpy(zone->min.b, min.data, zone->min_len);
	memcpy(zone->max.b, max.data, zone->max_len);
	if (min.len > OLAP_ZONE_BYTES_MAX)
		zone->flags |= OLAP_ZONE_MIN_CUT;
	if (max.len > OLAP_ZONE_BYTES_MAX)
		zone->flags |= OLAP_ZONE_MAX_CUT;
	return true;
}

static uint32
count_nulls(const OlapVector *v)
{
	uint32		valid = 0;

	if (v->valid == NULL)
		return 0;
	for (uint32 base = 0; base < v->n; base += 64)
	{
		uint64		word = v->valid[base / 64];

		if (v->n - base < 64)
			word &= (UINT64CONST(1) << (v->n - base)) - 1;
		valid += (uint32) __builtin_popcountll(word);
	}
	return v->n - valid;
}

/* Keep the row counts, forget the bounds. */
static void
drop_bounds(OlapZone *zone)
{
	zone->kind = OLAP_ZONE_NONE;
	zone->flags = 0;
	zone->min_len = zone->max_len = zone->scale = 0;
	memset(&zone->min, 0, sizeof(zone->min));
	memset(&zone->max, 0, sizeof(zone->max));
}

void
olap_zone_build(OlapZone *zone, const OlapColumnType *type, const OlapVector *v)
{
	bool		done = false;

	memset(zone, 0, sizeof(OlapZone));
	zone->kind = olap_zone_kind(type);
	zone->nrows = v->n;
	zone->nulls = count_nulls(v);
	if (zone->kind == OLAP_ZONE_DEC)
		zone->scale = type->scale;
	if (zone->kind == OLAP_ZONE_NONE || zone->nulls == zone->nrows)
		return;

	switch ((OlapZoneKind) zone->kind)
	{
		case OLAP_ZONE_INT:
			done = build_int(zone, v);
			break;
		case OLAP_ZONE_UINT:
			done = build_uint(zone, v);
			break;
		case OLAP_ZONE_FLOAT:
			done = build_float(zone, v);
			break;
		case OLAP_ZONE_DEC:
			done = v->phys == OLAP_PHYS_DEC64 && build_int(zone, v);
			break;
		case OLAP_ZONE_BYTES:
			done = build_bytes(zone, type, v);
			break;
		case OLAP_ZONE_NONE:
			break;
	}
	if (done)
		zone->flags |= OLAP_ZONE_HAS_VALUES;
	else
		drop_bounds(zone);
}

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
		drop_bounds(a);
		a->nrows = PG_UINT32_MAX;
		a->nulls = 1;
		return;
	}
	if (a_empty && (!b_empty || a->kind == OLAP_ZONE_NONE))
		copy_bounds(a, b);
	else if (!b_empty)
	{
		if (a->kind != b->kind || a->scale != b->scale)
			drop_bounds(a);
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

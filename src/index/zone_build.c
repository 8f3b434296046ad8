/*-------------------------------------------------------------------------
 *
 * zone_build.c
 *		Zone maps: which types have them, and the bounds of a vector.
 *
 * src/index/zone_build.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "port/pg_bswap.h"

#include "base/kernel.h"
#include "base/varlena.h"
#include "index/zone_internal.h"

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
		olap_zone_drop_bounds(zone);
}

/*-------------------------------------------------------------------------
 *
 * sortkey.c
 *		Values as integers that sort as ORDER BY wants them.
 *
 * src/index/sortkey.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "port/pg_bswap.h"

#include "base/kernel.h"
#include "base/varlena.h"
#include "index/sortkey.h"

#define SIGN_BIT (UINT64CONST(1) << 63)

/* All there is of a numeric that is NaN (PostgreSQL's numeric.c). */
#define NUMERIC_NAN_HEADER 0xC000

#define ST_SORT sort_positions
#define ST_ELEMENT_TYPE OlapSortPos
#define ST_COMPARE(a, b) (olap_sort_before(a, b) ? -1 : olap_sort_before(b, a))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

void
olap_sort_positions(OlapSortPos *positions, size_t n)
{
	sort_positions(positions, n);
}

bool
olap_sort_kind(const OlapColumnType *type, OlapSortSpec *spec)
{
	spec->kind = olap_zone_kind(type);
	spec->scale = type->scale;
	return spec->kind == OLAP_ZONE_INT || spec->kind == OLAP_ZONE_UINT ||
		spec->kind == OLAP_ZONE_FLOAT || spec->kind == OLAP_ZONE_DEC;
}

/* ---- one value ---- */

static inline uint64
key_of_int(int64 value)
{
	return (uint64) value ^ SIGN_BIT;
}

/* NaN above all others; -0 = 0. */
static inline uint64
key_of_float(double value)
{
	uint64		bits;

	if (isnan(value))
		return PG_UINT64_MAX;
	value += 0.0;
	memcpy(&bits, &value, sizeof(bits));
	return (bits & SIGN_BIT) != 0 ? ~bits : bits | SIGN_BIT;
}

/* ---- vectors ---- */

#define KEYS(name, ctype, conversion) \
OLAP_KERNEL static void \
keys_##name(const ctype *values, uint32 n, uint64 flip, uint64 *keys) \
{ \
	for (uint32 i = 0; i < n; i++) \
	{ \
		ctype		value = values[i]; \
\
		keys[i] = (conversion) ^ flip; \
	} \
}

KEYS(i8, int8, (uint64) (int64) value ^ SIGN_BIT)
KEYS(i16, int16, (uint64) (int64) value ^ SIGN_BIT)
KEYS(i32, int32, (uint64) (int64) value ^ SIGN_BIT)
KEYS(i64, int64, (uint64) value ^ SIGN_BIT)
KEYS(u8, uint8, value)
KEYS(u32, uint32, value)
KEYS(u64, uint64, value)

static bool
int_keys(const OlapVector *v, uint64 flip, uint64 *keys)
{
	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
		case OLAP_PHYS_I8:
			keys_i8(v->values, v->n, flip, keys);
			return true;
		case OLAP_PHYS_I16:
			keys_i16(v->values, v->n, flip, keys);
			return true;
		case OLAP_PHYS_I32:
			keys_i32(v->values, v->n, flip, keys);
			return true;
		case OLAP_PHYS_I64:
		case OLAP_PHYS_DEC64:
			keys_i64(v->values, v->n, flip, keys);
			return true;
		default:
			return false;
	}
}

static bool
uint_keys(const OlapVector *v, uint64 flip, uint64 *keys)
{
	switch (v->phys)
	{
		case OLAP_PHYS_I8:
			keys_u8(v->values, v->n, flip, keys);
			return true;
		case OLAP_PHYS_I32:
			keys_u32(v->values, v->n, flip, keys);
			return true;
		case OLAP_PHYS_I64:
			keys_u64(v->values, v->n, flip, keys);
			return true;
		default:
			return false;
	}
}

static bool
float_keys(const OlapVector *v, uint64 flip, uint64 *keys)
{
	if (v->phys != OLAP_PHYS_F32 && v->phys != OLAP_PHYS_F64)
		return false;
	for (uint32 i = 0; i < v->n; i++)
		keys[i] = flip ^ key_of_float(v->phys == OLAP_PHYS_F32 ?
									  ((const float *) v->values)[i] :
									  ((const double *) v->values)[i]);
	return true;
}

static bool
is_nan(const char *numeric)
{
	uint16		header;

	if (VARSIZE(numeric) != VARHDRSZ + sizeof(header))
		return false;
	memcpy(&header, VARDATA(numeric), sizeof(header));
	return header == NUMERIC_NAN_HEADER;
}

/*
 * Numerics that came as they are, since one of the vector's was no scaled
 * integer; of a column with a scale that is NaN, which sorts above the others
 * (they have 18 digits at most).
 */
static bool
numeric_keys(const OlapSortSpec *spec, const OlapVector *v, uint64 flip,
			 uint64 *keys)
{
	for (uint32 i = 0; i < v->n; i++)
	{
		const char *value;
		int64		scaled;

		if (olap_vector_is_null(v, i))
			continue;
		value = v->heap + ((const uint32 *) v->values)[i];
		if (olap_decimal_to_i64(value, spec->scale, &scaled))
			keys[i] = key_of_int(scaled) ^ flip;
		else if (is_nan(value))
			keys[i] = PG_UINT64_MAX ^ flip;
		else
			return false;
	}
	return true;
}

static void
null_keys(const OlapSortSpec *spec, const OlapVector *v, uint64 *keys)
{
	uint64		key = spec->nulls_first ? 0 : PG_UINT64_MAX;

	for (uint32 i = 0; i < v->n; i++)
		if (olap_vector_is_null(v, i))
			keys[i] = key;
}

bool
olap_sort_keys(const OlapSortSpec *spec, const OlapVector *v, uint64 *keys)
{
	uint64		flip = spec->descending ? PG_UINT64_MAX : 0;
	bool		done;

	switch (spec->kind)
	{
		case OLAP_ZONE_INT:
			done = int_keys(v, flip, keys);
			break;
		case OLAP_ZONE_UINT:
			done = uint_keys(v, flip, keys);
			break;
		case OLAP_ZONE_FLOAT:
			done = float_keys(v, flip, keys);
			break;
		case OLAP_ZONE_DEC:
			if (v->phys == OLAP_PHYS_DEC64)
				done = v->scale == spec->scale && int_keys(v, flip, keys);
			else
				done = v->phys == OLAP_PHYS_VAR &&
					numeric_keys(spec, v, flip, keys);
			break;
		default:
			return false;
	}
	if (done && v->valid != NULL)
		null_keys(spec, v, keys);
	return done;
}

/* ---- zones ---- */

/* Of byte strings the first bytes; more of them than keys have one, then. */
static uint64
key_of_bytes(const OlapZoneBound *bound, int len)
{
	uint64		head = 0;

	memcpy(&head, bound->b, Min(len, (int) sizeof(head)));
	return pg_ntoh64(head);
}

static uint64
key_of_bound(const OlapSortSpec *spec, const OlapZoneBound *bound, int len)
{
	uint64		flip = spec->descending ? PG_UINT64_MAX : 0;

	switch (spec->kind)
	{
		case OLAP_ZONE_UINT:
			return bound->u ^ flip;
		case OLAP_ZONE_FLOAT:
			return key_of_float(bound->f) ^ flip;
		case OLAP_ZONE_BYTES:
			return key_of_bytes(bound, len) ^ flip;
		default:
			return key_of_int(bound->i) ^ flip;
	}
}

void
olap_sort_bounds(const OlapSortSpec *spec, const OlapZone *zone,
				 OlapSortPos *first, OlapSortPos *last)
{
	uint64		second = olap_sort_second(spec, false);
	bool		nulls;

	first->key = 0;
	first->ref = 0;
	last->key = PG_UINT64_MAX;
	last->ref = PG_UINT64_MAX;
	if (zone == NULL || zone->nrows == 0 || !olap_zone_is_sane(zone) ||
		zone->kind != spec->kind ||
		(zone->flags & OLAP_ZONE_HAS_VALUES) == 0 ||
		(zone->kind == OLAP_ZONE_DEC && zone->scale != spec->scale))
		return;
	nulls = zone->nulls > 0 && !spec->no_nulls;
	if (!nulls || !spec->nulls_first)
	{
		first->key = spec->descending ?
			key_of_bound(spec, &zone->max, zone->max_len) :
			key_of_bound(spec, &zone->min, zone->min_len);
		first->ref = second;
	}
	if (!nulls || spec->nulls_first)
	{
		last->key = spec->descending ?
			key_of_bound(spec, &zone->min, zone->min_len) :
			key_of_bound(spec, &zone->max, zone->max_len);
		last->ref = second | (OLAP_SORT_SECOND - 1);
	}
}

/*-------------------------------------------------------------------------
 *
 * chunk_values.c
 *		A chunk's different values, and its NULLs, without decoding it.
 *
 * For tests that a bitmap index cannot look up, as it knows values by their hashes
 * alone: the values are tested one by one, and the rows of those that pass are found.
 *
 * src/segment/chunk_values.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "segment/parts.h"
#include "segment/reader_internal.h"

/* Numbers between bounds are taken if this times as many as different values. */
#define SPARSE_NUMBERS 4
/* So few are taken in any case. */
#define FEW_NUMBERS 64

bool
olap_segment_nulls(OlapSegment *s, int col, int rg, uint32 *nulls, uint32 *length)
{
	const OlapSegChunk *descs = col < s->ncols ? olap_segment_descs(s, col) : NULL;

	if (descs == NULL)
		return false;
	*nulls = descs[rg].nulls;
	*length = descs[rg].length;
	return true;
}

void
olap_segment_find_nulls(OlapSegment *s, int col, int rg, bool nulls,
						OlapRowSet *rows)
{
	uint32		nrows = s->rowgroups[rg].rows;
	uint32		words = (nrows + 63) / 64;
	uint64		valid[OLAP_BITMAP_WORDS];

	olap_chunk_valid(olap_segment_chunk(s, col, rg), valid);
	for (uint32 i = 0; i < words; i++)
	{
		uint64		all = i == words - 1 && nrows % 64 != 0 ?
			(UINT64CONST(1) << nrows % 64) - 1 : PG_UINT64_MAX;

		olap_rows_fill_word(rows, i, (nulls ? ~valid[i] : valid[i]) & all);
	}
}

static const OlapVector *
dictionary(OlapSegment *s, int col, int rg)
{
	OlapChunk  *chunk = olap_segment_chunk(s, col, rg);
	const char *reason = NULL;
	const OlapVector *dict = olap_chunk_dict(chunk, &reason);

	if (dict == NULL && reason != NULL)
		CORRUPTED(s, "The dictionary of column %d, row group %d cannot be read: %s.",
				  col + 1, rg, reason);
	return dict;
}

/*
 * Which numbers may be in a chunk, as they are stored; false: more than max, or
 * values of another kind.
 */
static bool
number_range(const OlapSegChunk *desc, OlapZoneKind kind, uint8 scale,
			 int64 lo, int64 hi, uint32 max, int64 *first, uint32 *n)
{
	const OlapZone *zone = &desc->zone;
	bool		dec = desc->phys == OLAP_PHYS_DEC64;

	if (dec ? zone->kind != OLAP_ZONE_DEC : desc->phys > OLAP_PHYS_I64 ||
		(zone->kind != OLAP_ZONE_INT && zone->kind != OLAP_ZONE_UINT))
		return false;
	if (!olap_zone_is_sane(zone) || (zone->flags & OLAP_ZONE_HAS_VALUES) == 0 ||
		(dec && zone->scale != desc->scale) ||
		(zone->kind == OLAP_ZONE_UINT && zone->max.u > PG_INT64_MAX))
		return false;
	if (kind != zone->kind || (dec && scale != zone->scale))
	{
		lo = PG_INT64_MIN;
		hi = PG_INT64_MAX;
	}
	lo = Max(lo, zone->min.i);
	hi = Min(hi, zone->max.i);
	*first = lo;
	*n = 0;
	if (lo > hi)
		return true;
	if ((uint64) hi - (uint64) lo >= max)
		return false;
	*n = (uint32) (hi - lo) + 1;
	return true;
}

static const OlapVector *
numbers(const OlapSegChunk *desc, int64 first, uint32 n)
{
	OlapVector *v = palloc0(sizeof(OlapVector));

	v->phys = desc->phys;
	v->scale = desc->scale;
	v->width = desc->phys <= OLAP_PHYS_I8 ? 1 : desc->phys == OLAP_PHYS_I16 ? 2 :
		desc->phys == OLAP_PHYS_I32 ? 4 : 8;
	v->n = v->capacity = n;
	v->values = palloc(Max(n, 1) * v->width);
	for (uint32 i = 0; i < n; i++)
	{
		int64		value = first + i;

		if (v->width == 1)
			((int8 *) v->values)[i] = (int8) value;
		else if (v->width == 2)
			((int16 *) v->values)[i] = (int16) value;
		else if (v->width == 4)
			((int32 *) v->values)[i] = (int32) value;
		else
			((int64 *) v->values)[i] = value;
	}
	return v;
}

const OlapVector *
olap_segment_chunk_values(OlapSegment *s, int col, int rg, OlapZoneKind kind,
						  uint8 scale, int64 lo, int64 hi, uint32 max)
{
	const OlapSegChunk *desc = &olap_segment_descs(s, col)[rg];
	bool		dict = desc->encoding == OLAP_ENC_DICT && desc->distinct <= max;
	int64		first;
	uint32		n;

	if (number_range(desc, kind, scale, lo, hi, max, &first, &n) &&
		(!dict || n <= Max(FEW_NUMBERS, (uint64) desc->distinct * SPARSE_NUMBERS)))
		return numbers(desc, first, n);
	return dict ? dictionary(s, col, rg) : NULL;
}

/*-------------------------------------------------------------------------
 *
 * key_set_probe.c
 *		Sets of join keys: which rows of a vector may have a partner.
 *
 * src/vector/key_set_probe.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/varlena.h"
#include "vector/key_set_internal.h"

/* A dictionary of at most this many entries is always answered whole. */
#define SMALL_DICT 256

static inline bool
bloom_has(const OlapKeySet *set, uint64 key)
{
	uint64		hash = olap_hash_u64(key);
	uint64		mask = olap_key_bloom_mask(hash);

	return (set->bits[hash >> set->shift] & mask) == mask;
}

/* Of numbers that are keys themselves. */
static inline bool
in_bitmap(const OlapKeySet *set, uint64 key)
{
	uint64		bit = key - (uint64) set->lo;

	return bit <= set->span && (set->bits[bit / 64] >> bit % 64 & 1) != 0;
}

static inline bool
in_range(const OlapKeySet *set, uint64 key)
{
	return key - (uint64) set->lo <= set->span;
}

static inline bool
in_range_and_bloom(const OlapKeySet *set, uint64 key)
{
	return in_range(set, key) && bloom_has(set, key);
}

/* Rows of sel (NULL: the first nsel) that pass into out, without branches. */
#define SELECT_ROWS(test) \
	for (uint32 i = 0; i < nsel; i++) \
	{ \
		uint32		row = sel != NULL ? sel[i] : i; \
		\
		out[n] = (uint16) row; \
		n += !olap_vector_is_null(v, row) && (test); \
	}

/* A function for each width: KEYS(name, type) turns a value into its key. */
#define SELECT_INTEGERS(name, type) \
static uint32 \
select_##name(const OlapKeySet *set, const OlapVector *v, const uint16 *sel, \
			  uint32 nsel, uint16 *out) \
{ \
	const type *values = v->values; \
	uint32		n = 0; \
	\
	switch (set->summary.kind) \
	{ \
		case OLAP_KEYS_BITMAP: \
			SELECT_ROWS(in_bitmap(set, (uint64) (int64) values[row])) \
			break; \
		case OLAP_KEYS_BLOOM: \
			SELECT_ROWS(in_range_and_bloom(set, (uint64) (int64) values[row])) \
			break; \
		default: \
			SELECT_ROWS(in_range(set, (uint64) (int64) values[row])) \
			break; \
	} \
	return n; \
}

SELECT_INTEGERS(u8, uint8)
SELECT_INTEGERS(i8, int8)
SELECT_INTEGERS(i16, int16)
SELECT_INTEGERS(i32, int32)
SELECT_INTEGERS(u32, uint32)
SELECT_INTEGERS(i64, int64)

static uint32
select_f32(const OlapKeySet *set, const OlapVector *v, const uint16 *sel,
		   uint32 nsel, uint16 *out)
{
	const float *values = v->values;
	uint32		n = 0;

	SELECT_ROWS(bloom_has(set, olap_key_of_float(values[row])))
	return n;
}

static uint32
select_f64(const OlapKeySet *set, const OlapVector *v, const uint16 *sel,
		   uint32 nsel, uint16 *out)
{
	const double *values = v->values;
	uint32		n = 0;

	SELECT_ROWS(bloom_has(set, olap_key_of_float(values[row])))
	return n;
}

/* ---- bytes ---- */

static inline bool
bytes_may_be_in(const OlapKeySet *set, const OlapVector *v, uint32 row)
{
	const char *value;

	if (v->phys == OLAP_PHYS_FIXED)
		return bloom_has(set, olap_key_of_bytes(set->order,
												(const uint8 *) v->values +
												(size_t) row * v->width, v->width));
	value = v->heap + ((const uint32 *) v->values)[row];
	return bloom_has(set, olap_key_of_bytes(set->order,
											(const uint8 *) VARDATA(value),
											VARSIZE(value) - VARHDRSZ));
}

static uint32
select_bytes(const OlapKeySet *set, const OlapVector *v, const uint16 *sel,
			 uint32 nsel, uint16 *out)
{
	uint32		n = 0;

	for (uint32 i = 0; i < nsel; i++)
	{
		uint32		row = sel != NULL ? sel[i] : i;

		out[n] = (uint16) row;
		if (!olap_vector_is_null(v, row))
			n += bytes_may_be_in(set, v, row);
	}
	return n;
}

/* Answer all entries of v's dictionary, unless that is more work than the rows. */
static bool
answer_dictionary(const OlapKeySet *set, OlapKeyProbe *probe,
				  const OlapVector *dict, uint64 place, uint32 nsel)
{
	if (probe->dict == dict && probe->place == place)
		return true;
	if (dict->n > SMALL_DICT && dict->n / 4 > nsel)
		return false;
	probe->dict = NULL;
	if (probe->capacity < dict->n)
	{
		if (probe->answers != NULL)
			pfree(probe->answers);
		probe->capacity = 0;
		probe->answers = MemoryContextAllocHuge(probe->cxt, dict->n);
		probe->capacity = dict->n;
	}
	for (uint32 code = 0; code < dict->n; code++)
		probe->answers[code] = bytes_may_be_in(set, dict, code);
	probe->dict = dict;
	probe->place = place;
	return true;
}

static uint32
select_codes(const OlapKeySet *set, OlapKeyProbe *probe, const OlapVector *v,
			 uint64 place, const uint16 *sel, uint32 nsel, uint16 *out)
{
	uint32		n = 0;

	if (answer_dictionary(set, probe, v->dict, place, nsel))
	{
		SELECT_ROWS(v->codes[row] < v->dict->n && probe->answers[v->codes[row]])
	}
	else
	{
		SELECT_ROWS(bytes_may_be_in(set, v->dict, v->codes[row]))
	}
	return n;
}

static bool
filter_bytes(const OlapKeySet *set, OlapKeyProbe *probe, OlapBatch *batch, int col,
			 const uint16 *sel)
{
	const OlapVector *v = olap_batch_codes(batch, col);

	if (set->summary.kind != OLAP_KEYS_BLOOM)
		return false;
	if (v->codes != NULL && v->dict != NULL && v->dict->n > 0 &&
		v->dict->valid == NULL &&
		(v->dict->phys == OLAP_PHYS_VAR || v->dict->phys == OLAP_PHYS_FIXED))
		batch->nsel = select_codes(set, probe, v, batch->place, sel, batch->nsel,
								   probe->sel);
	else
	{
		v = olap_batch_column(batch, col);
		if (v->phys != OLAP_PHYS_VAR && v->phys != OLAP_PHYS_FIXED)
			return false;
		batch->nsel = select_bytes(set, v, sel, batch->nsel, probe->sel);
	}
	return true;
}

/* ---- */

typedef uint32 (*SelectFunction) (const OlapKeySet *set, const OlapVector *v,
								  const uint16 *sel, uint32 nsel, uint16 *out);

/* NULL: vectors of this representation are not tested. */
static SelectFunction
select_function(const OlapKeySet *set, const OlapVector *v)
{
	bool		is_unsigned = set->order == OLAP_ORDER_UINT;

	if (set->order == OLAP_ORDER_NUMERIC)
		return v->phys == OLAP_PHYS_DEC64 && v->scale == set->scale ?
			select_i64 : NULL;
	if (set->order == OLAP_ORDER_FLOAT)
		return set->summary.kind != OLAP_KEYS_BLOOM ? NULL :
			v->phys == OLAP_PHYS_F64 ? select_f64 :
			v->phys == OLAP_PHYS_F32 ? select_f32 : NULL;
	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
			return select_u8;
		case OLAP_PHYS_I8:
			return is_unsigned ? select_u8 : select_i8;
		case OLAP_PHYS_I16:
			return select_i16;
		case OLAP_PHYS_I32:
			return is_unsigned ? select_u32 : select_i32;
		case OLAP_PHYS_I64:
			return select_i64;
		default:
			return NULL;
	}
}

void
olap_key_set_filter(const OlapKeySet *set, OlapKeyProbe *probe, OlapBatch *batch,
					int col)
{
	const uint16 *sel = batch->sel;

	/* out is never ahead of sel, so both may be the same array */
	if (set->integers || set->order == OLAP_ORDER_FLOAT)
	{
		const OlapVector *v = olap_batch_column(batch, col);
		SelectFunction select = select_function(set, v);

		if (select == NULL)
			return;
		batch->nsel = select(set, v, sel, batch->nsel, probe->sel);
	}
	else if (!filter_bytes(set, probe, batch, col, sel))
		return;
	batch->sel = probe->sel;
}

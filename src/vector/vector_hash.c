/*-------------------------------------------------------------------------
 *
 * vector_hash.c
 *		Hashes of a vector's values, the same as SQL functions compute.
 *
 * src/vector/vector_hash.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/kernel.h"
#include "base/varlena.h"
#include "vector/vector_hash.h"

bool
olap_vector_hashable(const OlapColumnType *type, OlapHashKind kind)
{
	switch (kind)
	{
		case OLAP_HASH_NONE:
			return false;
		case OLAP_HASH_INT:
			return type->phys >= OLAP_PHYS_BOOL && type->phys <= OLAP_PHYS_I64;
		case OLAP_HASH_UINT:
			return type->phys == OLAP_PHYS_I32;
		case OLAP_HASH_FLOAT:
			return type->phys == OLAP_PHYS_F32 || type->phys == OLAP_PHYS_F64;
		case OLAP_HASH_NUMERIC:
			return type->phys == OLAP_PHYS_DEC64 || type->phys == OLAP_PHYS_VAR;
		case OLAP_HASH_BYTES:
			return type->phys == OLAP_PHYS_FIXED || type->phys == OLAP_PHYS_VAR;
		case OLAP_HASH_BPCHAR:
			return type->phys == OLAP_PHYS_VAR;
	}
	return false;
}

/* ---- by representation ---- */

#define HASH_LOOP(name, ctype, expression) \
OLAP_KERNEL static void \
name(const ctype *values, uint32 n, uint64 *hashes) \
{ \
	for (uint32 i = 0; i < n; i++) \
		hashes[i] = (expression); \
}

HASH_LOOP(hash_bool, uint8, olap_value_hash_u64(values[i]))
HASH_LOOP(hash_i8, int8, olap_value_hash_u64((uint64) (int64) values[i]))
HASH_LOOP(hash_i16, int16, olap_value_hash_u64((uint64) (int64) values[i]))
HASH_LOOP(hash_i32, int32, olap_value_hash_u64((uint64) (int64) values[i]))
HASH_LOOP(hash_u32, uint32, olap_value_hash_u64(values[i]))
HASH_LOOP(hash_i64, uint64, olap_value_hash_u64(values[i]))
HASH_LOOP(hash_f32, float, olap_value_hash_double(values[i]))
HASH_LOOP(hash_f64, double, olap_value_hash_double(values[i]))

static void
hash_scaled(const OlapVector *v, uint64 *hashes)
{
	const int64 *values = v->values;
	int64		factor = olap_value_hash_factor(v->scale);

	for (uint32 i = 0; i < v->n; i++)
		hashes[i] = olap_value_hash_scaled(values[i], factor);
}

static void
hash_fixed(const OlapVector *v, uint64 *hashes)
{
	const uint8 *values = v->values;

	for (uint32 i = 0; i < v->n; i++)
		hashes[i] = olap_value_hash_bytes(values + (size_t) i * v->width,
										  v->width);
}

static inline uint64
hash_varlena(const char *p, OlapHashKind kind)
{
	const char *data = VARDATA(p);
	size_t		len = VARSIZE(p) - VARHDRSZ;

	if (kind == OLAP_HASH_NUMERIC)
		return olap_value_hash_numeric(data, len);
	if (kind == OLAP_HASH_BPCHAR)
		return olap_value_hash_bpchar(data, len);
	return olap_value_hash_bytes(data, len);
}

/* Rows that share a value with the one before need no hashing. */
static void
hash_var(const OlapVector *v, OlapHashKind kind, uint64 *hashes)
{
	const uint32 *offsets = v->values;

	if (v->heap_len == 0)
	{
		memset(hashes, 0, v->n * sizeof(uint64));	/* all NULL */
		return;
	}
	for (uint32 i = 0; i < v->n; i++)
	{
		if (olap_vector_is_null(v, i))
			hashes[i] = 0;
		else if (i > 0 && offsets[i] == offsets[i - 1] &&
				 !olap_vector_is_null(v, i - 1))
			hashes[i] = hashes[i - 1];
		else
			hashes[i] = hash_varlena(v->heap + offsets[i], kind);
	}
}

static void
hash_values(const OlapVector *v, OlapHashKind kind, uint64 *hashes)
{
	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
			hash_bool(v->values, v->n, hashes);
			break;
		case OLAP_PHYS_I8:
			hash_i8(v->values, v->n, hashes);
			break;
		case OLAP_PHYS_I16:
			hash_i16(v->values, v->n, hashes);
			break;
		case OLAP_PHYS_I32:
			if (kind == OLAP_HASH_UINT)
				hash_u32(v->values, v->n, hashes);
			else
				hash_i32(v->values, v->n, hashes);
			break;
		case OLAP_PHYS_I64:
			hash_i64(v->values, v->n, hashes);
			break;
		case OLAP_PHYS_F32:
			hash_f32(v->values, v->n, hashes);
			break;
		case OLAP_PHYS_F64:
			hash_f64(v->values, v->n, hashes);
			break;
		case OLAP_PHYS_DEC64:
			hash_scaled(v, hashes);
			break;
		case OLAP_PHYS_FIXED:
			hash_fixed(v, hashes);
			break;
		case OLAP_PHYS_VAR:
			hash_var(v, kind, hashes);
			break;
	}
}

void
olap_vector_hash(const OlapVector *v, OlapHashKind kind, uint64 *hashes)
{
	uint64	   *entries;

	if (v->codes == NULL || v->dict->n > v->n / 2 ||
		(v->phys != OLAP_PHYS_VAR && v->phys != OLAP_PHYS_FIXED))
	{
		hash_values(v, kind, hashes);
		return;
	}
	entries = palloc(Max(v->dict->n, 1) * sizeof(uint64));
	hash_values(v->dict, kind, entries);
	for (uint32 i = 0; i < v->n; i++)
		hashes[i] = olap_vector_is_null(v, i) ? 0 : entries[v->codes[i]];
	pfree(entries);
}

uint32
olap_vector_hash_values(const OlapVector *v, OlapHashKind kind,
						const uint16 *sel, uint32 nsel, uint64 *hashes)
{
	uint32		n = 0;

	olap_vector_hash(v, kind, hashes);
	if (sel == NULL && v->valid == NULL)
		return nsel;
	for (uint32 i = 0; i < nsel; i++)
	{
		uint32		row = sel != NULL ? sel[i] : i;

		/* ascending: what is read was not written over */
		if (!olap_vector_is_null(v, row))
			hashes[n++] = hashes[row];
	}
	return n;
}

void
olap_vector_count(const OlapVector *v, OlapHashKind kind, const uint16 *sel,
				  uint32 nsel, OlapHll *h)
{
	uint64	   *hashes = palloc_extended(Max(v->n, 1) * sizeof(uint64),
										 MCXT_ALLOC_HUGE);

	olap_hll_add_hashes(h, hashes,
						olap_vector_hash_values(v, kind, sel, nsel, hashes));
	pfree(hashes);
}

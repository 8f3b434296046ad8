/*
 * test/unit/codec_data.h
 *		Vectors of many shapes, for the tests and benchmarks of the codecs.
 */
#ifndef CODEC_DATA_H
#define CODEC_DATA_H

#include "catalog/pg_type_d.h"

#include "base/varlena.h"
#include "unit.h"
#include "vector/vector.h"

/* A column type of each physical representation. */
static inline OlapColumnType
data_type(OlapPhys phys)
{
	OlapColumnType type = {.typmod = -1, .typalign = TYPALIGN_INT};

	switch (phys)
	{
		case OLAP_PHYS_BOOL:
			type.typid = BOOLOID;
			type.typlen = 1;
			type.typbyval = true;
			break;
		case OLAP_PHYS_I8:
			type.typid = CHAROID;
			type.typlen = 1;
			type.typbyval = true;
			break;
		case OLAP_PHYS_I16:
			type.typid = INT2OID;
			type.typlen = 2;
			type.typbyval = true;
			break;
		case OLAP_PHYS_I32:
			type.typid = INT4OID;
			type.typlen = 4;
			type.typbyval = true;
			break;
		case OLAP_PHYS_I64:
			type.typid = INT8OID;
			type.typlen = 8;
			type.typbyval = true;
			break;
		case OLAP_PHYS_F32:
			type.typid = FLOAT4OID;
			type.typlen = 4;
			type.typbyval = true;
			break;
		case OLAP_PHYS_F64:
			type.typid = FLOAT8OID;
			type.typlen = 8;
			type.typbyval = true;
			break;
		case OLAP_PHYS_DEC64:
			type.typid = NUMERICOID;
			type.typmod = ((18 << 16) | 4) + VARHDRSZ;
			type.typlen = -1;
			break;
		case OLAP_PHYS_FIXED:
			type.typid = UUIDOID;
			type.typlen = 16;
			break;
		case OLAP_PHYS_VAR:
			type.typid = TEXTOID;
			type.typlen = -1;
			break;
	}
	olap_column_type_resolve(&type);
	return type;
}

/* Append eight random-looking bytes as a value of v's representation. */
static inline void
data_append(OlapVector *v, int64 value)
{
	int32		narrow = (int32) value;
	uint64		wide[2] = {(uint64) value, ~(uint64) value};
	float		f32;
	double		f64;
	char		text[64];
	int			len;

	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
			olap_vector_append_bool(v, value & 1);
			break;
		case OLAP_PHYS_I8:
			olap_vector_reserve(v, 1);
			((int8 *) v->values)[v->n] = (int8) value;
			if (v->valid != NULL)
				v->valid[v->n / 64] |= UINT64CONST(1) << (v->n % 64);
			v->n++;
			break;
		case OLAP_PHYS_I16:
			olap_vector_append_i16(v, (int16) value);
			break;
		case OLAP_PHYS_I32:
			olap_vector_append_i32(v, (int32) value);
			break;
		case OLAP_PHYS_I64:
		case OLAP_PHYS_DEC64:
			olap_vector_append_i64(v, value);
			break;
		case OLAP_PHYS_F32:
			memcpy(&f32, &narrow, sizeof(f32));
			olap_vector_append_f32(v, f32);
			break;
		case OLAP_PHYS_F64:
			memcpy(&f64, &value, sizeof(f64));
			olap_vector_append_f64(v, f64);
			break;
		case OLAP_PHYS_FIXED:
			olap_vector_append_fixed(v, wide);
			break;
		case OLAP_PHYS_VAR:
			len = snprintf(text, sizeof(text), "%lld", (long long) value);
			olap_vector_append_var(v, text, len);
			break;
	}
}

/* Two rows are equal bit for bit (or both NULL). */
static inline bool
data_equal(const OlapVector *a, uint32 i, const OlapVector *b, uint32 k)
{
	const char *x;
	const char *y;

	if (olap_vector_is_null(a, i) || olap_vector_is_null(b, k))
		return olap_vector_is_null(a, i) && olap_vector_is_null(b, k);
	if (a->phys != b->phys || a->width != b->width)
		return false;
	if (a->phys != OLAP_PHYS_VAR)
		return memcmp((char *) a->values + (size_t) i * a->width,
					  (char *) b->values + (size_t) k * b->width,
					  a->width) == 0;
	x = a->heap + ((uint32 *) a->values)[i];
	y = b->heap + ((uint32 *) b->values)[k];
	return VARSIZE(x) == VARSIZE(y) && memcmp(x, y, VARSIZE(x)) == 0;
}

#endif							/* CODEC_DATA_H */

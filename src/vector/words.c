/*-------------------------------------------------------------------------
 *
 * words.c
 *		Vectors of any integer width as int64, validity as a byte a row.
 *
 * src/vector/words.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/kernel.h"
#include "vector/expr_kernels.h"
#include "vector/words.h"

OlapVector
olap_vector_slice(const OlapVector *v, uint32 first, uint32 n)
{
	OlapVector	slice = *v;

	Assert(first % 64 == 0);
	slice.values = (char *) v->values + (size_t) first * v->width;
	if (v->valid != NULL)
		slice.valid = v->valid + first / 64;
	if (v->codes != NULL)
		slice.codes = v->codes + first;
	slice.n = n;
	return slice;
}

#define WIDEN(name, ctype) \
OLAP_KERNEL static void \
widen_##name(int64 *restrict out, const ctype *restrict v, uint32 n) \
{ \
	for (uint32 i = 0; i < n; i++) \
		out[i] = (int64) v[i]; \
}

WIDEN(i8, int8)
WIDEN(u8, uint8)
WIDEN(i16, int16)
WIDEN(i32, int32)
WIDEN(u32, uint32)

/* The bits of a float, one form for NaN and for zero. */
static void
float_words(int64 *out, const OlapVector *v, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
	{
		double		value = v->phys == OLAP_PHYS_F32 ?
			(double) ((const float *) v->values)[i] :
			((const double *) v->values)[i];

		if (isnan(value))
			value = (double) NAN;
		value += 0.0;			/* -0 becomes 0 */
		memcpy(&out[i], &value, sizeof(int64));
	}
}

const int64 *
olap_vector_words(const OlapVector *v, bool is_unsigned, uint32 n,
				  int64 *buffer)
{
	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
			widen_u8(buffer, v->values, n);
			break;
		case OLAP_PHYS_I8:
			if (is_unsigned)
				widen_u8(buffer, v->values, n);
			else
				widen_i8(buffer, v->values, n);
			break;
		case OLAP_PHYS_I16:
			widen_i16(buffer, v->values, n);
			break;
		case OLAP_PHYS_I32:
			if (is_unsigned)
				widen_u32(buffer, v->values, n);
			else
				widen_i32(buffer, v->values, n);
			break;
		case OLAP_PHYS_F32:
		case OLAP_PHYS_F64:
			float_words(buffer, v, n);
			break;
		default:
			return v->values;
	}
	return buffer;
}

const uint8 *
olap_vector_live(const OlapVector *v, uint32 n, uint8 *buffer)
{
	if (v->valid == NULL)
		return NULL;
	memset(buffer, 1, n);
	olap_mask_valid(buffer, v->valid, n, 0);
	return memchr(buffer, 0, n) == NULL ? NULL : buffer;
}

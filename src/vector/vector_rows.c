/*-------------------------------------------------------------------------
 *
 * vector_rows.c
 *		Rows out of vectors: Datums, and rows copied to another vector.
 *
 * src/vector/vector_rows.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/varlena.h"
#include "vector/vector.h"

Datum
olap_vector_datum(const OlapVector *v, uint32 row, char *scratch)
{
	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
			return BoolGetDatum(((const uint8 *) v->values)[row] != 0);
		case OLAP_PHYS_I8:
			return CharGetDatum(((const char *) v->values)[row]);
		case OLAP_PHYS_I16:
			return Int16GetDatum(((const int16 *) v->values)[row]);
		case OLAP_PHYS_I32:
			return Int32GetDatum(((const int32 *) v->values)[row]);
		case OLAP_PHYS_I64:
			return Int64GetDatum(((const int64 *) v->values)[row]);
		case OLAP_PHYS_F32:
			return Float4GetDatum(((const float *) v->values)[row]);
		case OLAP_PHYS_F64:
			return Float8GetDatum(((const double *) v->values)[row]);
		case OLAP_PHYS_DEC64:
			olap_decimal_from_i64(((const int64 *) v->values)[row], v->scale,
								  scratch);
			return PointerGetDatum(scratch);
		case OLAP_PHYS_FIXED:
			return PointerGetDatum((char *) v->values +
								   (size_t) row * v->width);
		case OLAP_PHYS_VAR:
			return PointerGetDatum(v->heap + ((const uint32 *) v->values)[row]);
	}
	return (Datum) 0;
}

/* One row of any representation. The slow way: numerics of two forms meet. */
static void
append_row(OlapVector *dst, const OlapColumnType *type, const OlapVector *src,
		   uint32 row)
{
	union
	{
		char		bytes[OLAP_DECIMAL_MAX_SIZE];
		uint32		align;
	}			scratch;

	if (olap_vector_is_null(src, row))
		olap_vector_append_null(dst);
	else
		olap_vector_append_datum(dst, type,
								 olap_vector_datum(src, row, scratch.bytes),
								 false);
}

/* Varlenas. Neighbours that share a value in src share it in dst. */
static void
append_var_rows(OlapVector *dst, const OlapVector *src, const uint32 *sel,
				uint32 nsel)
{
	const uint32 *offsets = src->values;
	bool		have_last = false;
	uint32		last = 0;

	for (uint32 i = 0; i < nsel; i++)
	{
		uint32		row = sel != NULL ? sel[i] : i;
		const char *value;

		if (olap_vector_is_null(src, row))
			olap_vector_append_null(dst);
		else if (have_last && offsets[row] == last)
		{
			uint32	   *out;

			olap_vector_reserve(dst, 1);
			out = (uint32 *) dst->values + dst->n;
			out[0] = out[-1];	/* a NULL in between repeats it, too */
			if (dst->valid != NULL)
				dst->valid[dst->n >> 6] |= UINT64CONST(1) << (dst->n & 63);
			dst->n++;
		}
		else
		{
			value = src->heap + offsets[row];
			olap_vector_append_var(dst, VARDATA(value),
								   VARSIZE(value) - VARHDRSZ);
			have_last = true;
			last = offsets[row];
		}
	}
}

#define GATHER(ctype) \
	for (uint32 i = 0; i < nsel; i++) \
		((ctype *) out)[i] = ((const ctype *) src->values)[sel[i]]

/* Values of a plain width. */
static void
copy_values(void *out, const OlapVector *src, const uint32 *sel, uint32 nsel)
{
	size_t		width = src->width;

	if (sel == NULL)
	{
		memcpy(out, src->values, nsel * width);
		return;
	}
	switch (width)
	{
		case 1:
			GATHER(uint8);
			break;
		case 2:
			GATHER(uint16);
			break;
		case 4:
			GATHER(uint32);
			break;
		case 8:
			GATHER(uint64);
			break;
		default:
			for (uint32 i = 0; i < nsel; i++)
				memcpy((char *) out + i * width,
					   (const char *) src->values + sel[i] * width, width);
	}
}

void
olap_vector_append_rows(OlapVector *dst, const OlapColumnType *type,
						const OlapVector *src, const uint32 *sel, uint32 nsel)
{
	dst->codes = NULL;
	dst->dict = NULL;
	if (nsel == 0)
		return;
	if (dst->phys != src->phys || dst->width != src->width ||
		dst->scale != src->scale)
	{
		for (uint32 i = 0; i < nsel; i++)
			append_row(dst, type, src, sel != NULL ? sel[i] : i);
		return;
	}
	if (dst->phys == OLAP_PHYS_VAR)
	{
		append_var_rows(dst, src, sel, nsel);
		return;
	}

	olap_vector_reserve(dst, nsel);
	copy_values((char *) dst->values + (size_t) dst->n * dst->width, src, sel,
				nsel);
	if (src->valid != NULL)
		olap_vector_make_valid(dst);
	if (dst->valid != NULL)
	{
		for (uint32 i = 0; i < nsel; i++)
		{
			uint32		row = dst->n + i;
			uint64		bit = UINT64CONST(1) << (row & 63);

			if (olap_vector_is_null(src, sel != NULL ? sel[i] : i))
				dst->valid[row >> 6] &= ~bit;
			else
				dst->valid[row >> 6] |= bit;
		}
	}
	dst->n += nsel;
}

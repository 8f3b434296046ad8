/*
 * test/fuzz/fuzz_chunk.c
 *		Hostile chunk bytes are refused or give a well-formed vector.
 *
 * Byte 0 chooses the column type, the shape of values and the mode, bytes 1-2
 * the number of rows.
 * The rest is either the chunk itself, or values that are encoded, after which
 * the last bytes say where the encoded form is damaged: that reaches the depths
 * of each codec at once. Whatever decodes is read as a reader would read it.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "codec/codec.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct
{
	OlapPhys	phys;
	int16		typlen;
	bool		byval;
	char		align;
	uint16		width;
}			kinds[] = {
	{OLAP_PHYS_BOOL, 1, true, 'c', 1},
	{OLAP_PHYS_I16, 2, true, 's', 2},
	{OLAP_PHYS_I32, 4, true, 'i', 4},
	{OLAP_PHYS_I64, 8, true, 'd', 8},
	{OLAP_PHYS_F32, 4, true, 'i', 4},
	{OLAP_PHYS_F64, 8, true, 'd', 8},
	{OLAP_PHYS_DEC64, -1, false, 'i', 8},
	{OLAP_PHYS_FIXED, 16, false, 'c', 16},
	{OLAP_PHYS_VAR, -1, false, 'i', 4},
	{OLAP_PHYS_VAR, -1, false, 'd', 4}
};

static void
check(bool condition)
{
	if (!condition)
		abort();
}

/* Read all a reader may read: every value, every byte of a varlena. */
static uint64
consume(const OlapVector *v, uint32 nrows)
{
	uint64		sum = 0;

	check(v->n == nrows);
	for (uint32 i = 0; i < v->n; i++)
	{
		if (v->phys == OLAP_PHYS_VAR)
		{
			uint32		offset = ((const uint32 *) v->values)[i];
			uint32		len;

			if (v->heap_len == 0)
			{
				check(olap_vector_is_null(v, i));
				continue;
			}
			check(offset % (v->typalign == 'd' ? 8 : 4) == 0);
			check((size_t) offset + VARHDRSZ <= v->heap_len);
			if (olap_vector_is_null(v, i))
				continue;
			check(VARATT_IS_4B_U(v->heap + offset));
			len = VARSIZE(v->heap + offset);
			check(len >= VARHDRSZ && offset + (size_t) len <= v->heap_len);
			for (uint32 k = 0; k < len; k++)
				sum += (uint8) v->heap[offset + k];
		}
		else
		{
			const uint8 *value = (const uint8 *) v->values + (size_t) i * v->width;

			for (uint32 k = 0; k < v->width; k++)
				sum += value[k];
			if (v->phys == OLAP_PHYS_BOOL)
				check(*value <= 1 || olap_vector_is_null(v, i));
		}
		if (v->codes != NULL && !olap_vector_is_null(v, i))
			check(v->codes[i] < v->dict->n);
	}
	return sum;
}

/* The rows from first on of original came back bit for bit. */
static void
compare(const OlapVector *original, uint32 first, const OlapVector *out)
{
	for (uint32 i = 0; i < out->n; i++)
	{
		const char *a = (const char *) original->values +
			(size_t) (first + i) * original->width;
		const char *b = (const char *) out->values + (size_t) i * out->width;
		size_t		len = out->width;

		check(olap_vector_is_null(original, first + i) ==
			  olap_vector_is_null(out, i));
		if (olap_vector_is_null(out, i))
			continue;
		if (out->phys == OLAP_PHYS_VAR)
		{
			a = original->heap + *(const uint32 *) a;
			b = out->heap + *(const uint32 *) b;
			check(VARSIZE(a) == VARSIZE(b));
			len = VARSIZE(a);
		}
		check(memcmp(a, b, len) == 0);
	}
}

/* original: what these bytes were just made of, or NULL if they are damaged */
static uint64
decode_all(const uint8 *src, size_t len, const OlapColumnType *type,
		   uint32 nrows, const OlapVector *original, MemoryContext cxt)
{
	bool		intact = original != NULL;
	const char *reason = NULL;
	OlapChunk  *chunk = olap_chunk_open(src, len, type, nrows, cxt, &reason);
	OlapVector	out;
	uint64		sum = 0;

	if (chunk == NULL)
	{
		check(reason != NULL && !intact);
		return 0;
	}
	check(olap_chunk_info(chunk)->nrows == nrows);
	olap_vector_init(&out, type, OLAP_VECTOR_ROWS, cxt);
	if (olap_chunk_decodes_rows(chunk, 1))
	{
		const uint16 row = (uint16) ((nrows - 1) % OLAP_VECTOR_ROWS);

		if (olap_chunk_decode_rows(chunk, (nrows - 1) / OLAP_VECTOR_ROWS, &row,
								   1, &out, &reason))
			sum += consume(&out, (nrows - 1) % OLAP_VECTOR_ROWS + 1);
		else
			check(reason != NULL && !intact);
	}
	for (uint32 first = 0; first < nrows; first += OLAP_VECTOR_ROWS)
	{
		if (!olap_chunk_decode(chunk, first / OLAP_VECTOR_ROWS, &out, &reason))
		{
			check(reason != NULL && !intact);
			break;
		}
		sum += consume(&out, Min(OLAP_VECTOR_ROWS, nrows - first));
		if (intact)
			compare(original, first, &out);
	}
	if (olap_chunk_dict(chunk, &reason) != NULL)
		sum += olap_chunk_dict(chunk, &reason)->n;
	olap_chunk_close(chunk);
	return sum;
}

/* Make bytes a number of any length, or one of few such: for bins and classes. */
static void
skew(uint8 *bytes, uint32 row, bool few)
{
	uint64		hash = (row + 1) * UINT64CONST(0x9E3779B97F4A7C15);
	int			bits = (bytes[0] ^ hash >> 59) % 62;

	if (few)
		hash = (bytes[1] + (hash >> 60)) * UINT64CONST(0xBF58476D1CE4E5B9);
	else
		hash = (hash >> 2 & ((UINT64CONST(1) << bits) - 1)) - bytes[2];
	memcpy(bytes, &hash, sizeof(hash));
	bytes[0] = (uint8) (bytes[0] % 15);
	bytes[14] |= 1;
}

/* Fill a vector from the input, repeating it until there are enough rows. */
static void
fill(OlapVector *v, uint32 nrows, int shape, const uint8_t *data, size_t size)
{
	for (uint32 i = 0; i < nrows; i++)
	{
		uint8		bytes[16] pg_attribute_aligned(8);

		for (int k = 0; k < 16; k++)
			bytes[k] = size ? data[(i * 5 + k) % size] : 0;
		if (shape >= 2)
			skew(bytes, i, shape == 3);
		if (bytes[15] >= 250)
		{
			olap_vector_append_null(v);
			continue;
		}
		switch (v->phys)
		{
			case OLAP_PHYS_BOOL:
				olap_vector_append_bool(v, bytes[0] & 1);
				break;
			case OLAP_PHYS_I16:
				olap_vector_append_i16(v, *(int16 *) bytes);
				break;
			case OLAP_PHYS_I32:
				olap_vector_append_i32(v, *(int32 *) bytes);
				break;
			case OLAP_PHYS_I64:
			case OLAP_PHYS_DEC64:
				olap_vector_append_i64(v, bytes[14] % 2 == 0
									   ? (int64) i + bytes[0]
									   : *(int64 *) bytes);
				break;
			case OLAP_PHYS_F32:
				olap_vector_append_f32(v, bytes[14] % 2 == 0 ? bytes[0] / 4.0f
									   : *(float *) bytes);
				break;
			case OLAP_PHYS_F64:
				olap_vector_append_f64(v, bytes[14] % 2 == 0 ? bytes[0] / 100.0
									   : *(double *) bytes);
				break;
			case OLAP_PHYS_FIXED:
				olap_vector_append_fixed(v, bytes);
				break;
			default:
				olap_vector_append_var(v, (char *) bytes + 1, bytes[0] % 15);
				break;
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	MemoryContext cxt;
	OlapColumnType type;
	uint32		nrows;
	int			kind;

	if (size < 8)
		return 0;
	kind = (data[0] & 0x1f) % lengthof(kinds);
	nrows = 1 + (data[1] | data[2] << 8) % 5000;
	memset(&type, 0, sizeof(type));
	type.phys = kinds[kind].phys;
	type.typlen = kinds[kind].typlen;
	type.typbyval = kinds[kind].byval;
	type.typalign = kinds[kind].align;
	type.width = kinds[kind].width;
	type.typmod = -1;

	cxt = AllocSetContextCreate(TopMemoryContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(cxt);
	if (data[0] & 0x80)
	{
		OlapVector	v;
		OlapBytes	out;
		OlapChunkInfo info;
		uint8	   *copy;

		olap_vector_init(&v, &type, nrows, cxt);
		fill(&v, nrows, data[0] >> 5 & 3, data + 3, size - 7);
		olap_bytes_init(&out, cxt);
		olap_chunk_encode(&v, &out, &info);
		check(info.nrows == nrows);
		/* an exact copy, so that reading past its end is seen */
		copy = palloc(out.len);
		memcpy(copy, out.data, out.len);
		decode_all(copy, out.len, &type, nrows, &v, cxt);
		copy[(data[size - 4] | data[size - 3] << 8) % out.len] ^= data[size - 2];
		decode_all(copy, out.len - (data[size - 1] % out.len) / 16, &type, nrows,
				   NULL, cxt);
	}
	else
	{
		uint8	   *copy = palloc(size - 3);

		memcpy(copy, data + 3, size - 3);
		decode_all(copy, size - 3, &type, nrows, NULL, cxt);
	}
	MemoryContextSwitchTo(TopMemoryContext);
	MemoryContextDelete(cxt);
	return 0;
}

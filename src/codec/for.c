/*-------------------------------------------------------------------------
 *
 * for.c
 *		The FOR encoding: every vector is a frame of its own.
 *
 * Payload: mode, exponent, 2 bytes 0, then the vector index and the vectors.
 * Mode 0: a vector is a frame of integers.  Mode 1, floats that are decimals: a
 * vector is the count of odd rows (4 bytes), their positions (2 bytes each),
 * their values, then the frame of whole numbers (decimal_float.c).
 *
 * src/codec/for.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "codec/codec_internal.h"

#define FOR_HEADER 4
#define MODE_INTEGER 0
#define MODE_DECIMAL 1

static double
for_score(const OlapAnalysis *a)
{
	double		bits = olap_phys_is_float(a->v->phys) ? a->alp_bits
		: a->for_bits;

	return FOR_HEADER + 4 + bits / 8 * a->n;
}

static void
encode_decimals(const OlapAnalysis *a, uint32 first, uint32 n, OlapBytes *out)
{
	int64		wholes[OLAP_VECTOR_ROWS];
	uint16		odd[OLAP_VECTOR_ROWS];
	OlapFrame	frame;
	uint32		width = a->v->width;
	uint32		nodd = olap_alp_encode(a->v, first, n, a->exponent, wholes,
									   odd);

	olap_bytes_append(out, &nodd, sizeof(nodd));
	olap_bytes_append(out, odd, nodd * sizeof(uint16));
	for (uint32 i = 0; i < nodd; i++)
		olap_bytes_append(out, (const char *) a->v->values +
						  (size_t) (first + odd[i]) * width, width);
	olap_frame_fit(&frame, wholes, n, false);
	olap_frame_encode(&frame, wholes, n, out);
}

static bool
for_encode(const OlapAnalysis *a, OlapBytes *out, OlapChunkInfo *info)
{
	bool		decimal = olap_phys_is_float(a->v->phys);
	uint8		header[FOR_HEADER] = {decimal ? MODE_DECIMAL : MODE_INTEGER,
		decimal ? (uint8) a->exponent : 0};
	uint32		nvec = olap_vector_count(a->n);
	size_t		index;

	olap_bytes_append(out, header, sizeof(header));
	index = olap_index_begin(out, a->n);
	for (uint32 vecno = 0; vecno < nvec; vecno++)
	{
		uint32		first = vecno * OLAP_VECTOR_ROWS;
		uint32		n = olap_vector_rows_of(a->n, vecno);
		int64		values[OLAP_VECTOR_ROWS];
		OlapFrame	frame;

		olap_index_set(out, index, a->n, vecno);
		if (decimal)
		{
			encode_decimals(a, first, n, out);
			continue;
		}
		olap_load_integers(a->v, first, n, values);
		olap_frame_fit(&frame, values, n, true);
		olap_frame_encode(&frame, values, n, out);
	}
	olap_index_set(out, index, a->n, nvec);
	return true;
}

static bool
for_open(OlapChunk *chunk, const char **reason)
{
	bool		is_float = olap_phys_is_float(chunk->info.phys);

	if (!is_float && !olap_phys_is_integer(chunk->info.phys))
		OLAP_REJECT("frames hold numbers only");
	if (chunk->payload_len < FOR_HEADER)
		OLAP_REJECT("a chunk is cut short");
	olap_chunk_need(&chunk->source, chunk->payload, FOR_HEADER);
	chunk->mode = chunk->payload[0];
	chunk->exponent = chunk->payload[1];
	if (chunk->mode != (is_float ? MODE_DECIMAL : MODE_INTEGER))
		OLAP_REJECT("a chunk of frames has an unknown mode");
	return olap_index_open(chunk, chunk->payload + FOR_HEADER,
						   chunk->payload_len - FOR_HEADER, reason);
}

/* The odd rows of a vector of decimals. */
typedef struct OddRows
{
	uint32		n;
	const uint8 *rows;
	const uint8 *values;
} OddRows;

/* Take them off *src. */
static bool
read_odd(OlapChunk *chunk, const uint8 **src, size_t *len, uint32 n, OddRows *odd,
		 const char **reason)
{
	uint32		width = chunk->width;

	if (*len < sizeof(odd->n))
		OLAP_REJECT("a vector of decimals is cut short");
	olap_chunk_need(&chunk->source, *src, sizeof(odd->n));
	memcpy(&odd->n, *src, sizeof(odd->n));
	*src += sizeof(odd->n);
	*len -= sizeof(odd->n);
	if (odd->n > n || odd->n * (sizeof(uint16) + width) > *len)
		OLAP_REJECT("a vector of decimals is cut short");
	olap_chunk_need(&chunk->source, *src, odd->n * (sizeof(uint16) + width));
	odd->rows = *src;
	odd->values = odd->rows + odd->n * sizeof(uint16);
	*src = odd->values + odd->n * width;
	*len -= odd->n * (sizeof(uint16) + width);
	return true;
}

static bool
odd_row(const OddRows *odd, uint32 i, uint32 n, uint16 *row, const char **reason)
{
	memcpy(row, odd->rows + i * sizeof(uint16), sizeof(*row));
	if (*row >= n)
		OLAP_REJECT("a vector of decimals names a row beyond its end");
	return true;
}

static bool
decode_decimals(OlapChunk *chunk, const uint8 *src, size_t len, uint32 n,
				uint8 *out, const char **reason)
{
	int64		wholes[OLAP_VECTOR_ROWS];
	uint32		width = chunk->width;
	OddRows		odd;

	if (!read_odd(chunk, &src, &len, n, &odd, reason) ||
		!olap_frame_decode(src, len, n, wholes, sizeof(int64), reason))
		return false;
	olap_alp_decode(wholes, n, chunk->exponent, chunk->info.phys, out);
	for (uint32 i = 0; i < odd.n; i++)
	{
		uint16		row;

		if (!odd_row(&odd, i, n, &row, reason))
			return false;
		memcpy(out + row * width, odd.values + i * width, width);
	}
	return true;
}

/* Of rows[nrows] alone, side by side. */
static bool
decode_decimal_rows(OlapChunk *chunk, const uint8 *src, size_t len, uint32 n,
					const uint16 *rows, uint32 nrows, uint8 *out,
					const char **reason)
{
	uint64		wholes[OLAP_FEW_ROWS];
	uint32		width = chunk->width;
	OddRows		odd;

	if (!read_odd(chunk, &src, &len, n, &odd, reason) ||
		!olap_frame_decode_rows(&chunk->source, src, len, n, rows, nrows, wholes,
								reason))
		return false;
	olap_alp_decode((const int64 *) wholes, nrows, chunk->exponent,
					chunk->info.phys, out);
	for (uint32 i = 0; i < odd.n; i++)
	{
		uint16		row;

		if (!odd_row(&odd, i, n, &row, reason))
			return false;
		for (uint32 k = 0; k < nrows; k++)
			if (rows[k] == row)
				memcpy(out + k * width, odd.values + i * width, width);
	}
	return true;
}

static bool
for_decode(OlapChunk *chunk, uint32 vecno, OlapVector *out,
		   const char **reason)
{
	uint32		n = olap_vector_rows_of(chunk->info.nrows, vecno);
	uint8	   *dst = (uint8 *) out->values + (size_t) out->n * chunk->width;
	size_t		len;
	const uint8 *src = olap_index_get(chunk, vecno, &len);
	bool		ok;

	if (chunk->mode == MODE_DECIMAL)
		ok = decode_decimals(chunk, src, len, n, dst, reason);
	else
		ok = olap_frame_decode(src, len, n, dst, chunk->width, reason);
	if (ok)
		out->n += n;
	return ok;
}

static bool
for_decode_rows(OlapChunk *chunk, uint32 vecno, const uint16 *rows, uint32 nrows,
				void *out, const char **reason)
{
	uint32		n = olap_vector_rows_of(chunk->info.nrows, vecno);
	size_t		len;
	const uint8 *src = olap_index_get_rows(chunk, vecno, nrows, &len);
	uint64		values[OLAP_FEW_ROWS];

	if (chunk->mode == MODE_DECIMAL)
		return decode_decimal_rows(chunk, src, len, n, rows, nrows, out, reason);
	if (!olap_frame_decode_rows(&chunk->source, src, len, n, rows, nrows, values,
								reason))
		return false;
	olap_store_integers(values, nrows, out, chunk->width);
	return true;
}

const OlapCodec olap_codec_for = {
	.encoding = OLAP_ENC_FOR,
	.name = "for",
	.decode_cost = 0.02,
	.pieces = true,
	.score = for_score,
	.encode = for_encode,
	.open = for_open,
	.decode = for_decode,
	.decode_rows = for_decode_rows,
};

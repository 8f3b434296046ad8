/*-------------------------------------------------------------------------
 *
 * rows.c
 *		Decode few rows of a vector.
 *
 * An index finds a row here and there, and a LIMIT takes the newest few: most of
 * what decoding whole vectors costs would be for rows that nobody looks at.
 * Encodings that can give a value without those before it do (decode_rows of the
 * codec), dictionaries decode no entries but those that the rows have.
 *
 * src/codec/rows.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/kernel.h"
#include "codec/bins.h"
#include "codec/dict_entries.h"

/* Where a packed value is guessed to be: so many bytes, that begin so much before. */
#define EXPECT_PACKED 192
#define EXPECT_BEFORE 96

bool
olap_chunk_decodes_rows(const OlapChunk *chunk, uint32 n)
{
	if (chunk->info.encoding == OLAP_ENC_DICT)
		return olap_dict_decodes_rows(chunk, n);
	return n <= OLAP_FEW_ROWS && chunk->codec->decode_rows != NULL &&
		chunk->info.phys != OLAP_PHYS_VAR;
}

OLAP_KERNEL static void
fill_offsets(uint32 *values, uint32 n)
{
	uint32		first = values[0];

	for (uint32 i = 1; i < n; i++)
		values[i] = first;
}

/*
 * The values of rows[n] are at the start of out: put them where the rows are.  All
 * other rows keep what they were, but offsets are those of a value.
 */
static void
place_rows(OlapVector *out, const uint16 *rows, uint32 n, uint32 nrows)
{
	size_t		width = out->width;
	char	   *values = palloc(n * width);

	memcpy(values, out->values, n * width);
	if (out->phys == OLAP_PHYS_VAR)
		fill_offsets(out->values, nrows);
	for (uint32 i = 0; i < n; i++)
		memcpy((char *) out->values + rows[i] * width, values + i * width, width);
	pfree(values);
	out->n = nrows;
}

/* About where row of the vector's n is, whose packed values are len bytes from src on. */
static void
expect_packed(const OlapChunk *chunk, const uint8 *src, size_t len, uint32 row, uint32 n)
{
	size_t		at = len * row / n;

	olap_chunk_expect(&chunk->source, src + at - Min(at, EXPECT_BEFORE), EXPECT_PACKED);
}

void
olap_chunk_expect_row(const OlapChunk *chunk, uint32 vecno, uint32 row)
{
	uint32		n;
	size_t		len;
	size_t		head;
	const uint8 *src;

	if (chunk->source.expect == NULL || vecno >= olap_vector_count(chunk->info.nrows))
		return;
	n = olap_vector_rows_of(chunk->info.nrows, vecno);
	row = Min(row, n - 1);
	switch (chunk->info.encoding)
	{
		case OLAP_ENC_DICT:
			olap_chunk_expect_row(chunk->inner, vecno, row);
			break;
		case OLAP_ENC_FOR:
		case OLAP_ENC_BINS:
			/* a header or the bin numbers, then a value */
			src = olap_index_get_rows(chunk, vecno, 1, &len);
			head = chunk->bins == NULL ? OLAP_FRAME_HEADER :
				olap_bitpack_size(n, chunk->bins->id_bits);
			head = Min(head, len);
			olap_chunk_expect(&chunk->source, src, head);
			expect_packed(chunk, src + head, len - head, row, n);
			break;
		case OLAP_ENC_RAW:
			if (chunk->info.phys != OLAP_PHYS_VAR)
				olap_chunk_expect(&chunk->source, chunk->payload +
								  ((size_t) vecno * OLAP_VECTOR_ROWS + row) * chunk->width,
								  chunk->width);
			break;
		default:
			break;
	}
}

bool
olap_chunk_decode_rows(OlapChunk *chunk, uint32 vecno, const uint16 *rows,
					   uint32 n, OlapVector *out, const char **reason)
{
	OlapColumnType type = olap_chunk_type(chunk);
	uint32		nrows;
	bool		ok;

	olap_vector_reset(out, &type);
	if (vecno >= olap_vector_count(chunk->info.nrows))
		OLAP_REJECT("a chunk has no such vector");
	nrows = olap_vector_rows_of(chunk->info.nrows, vecno);
	for (uint32 i = 0; i < n; i++)
		if (rows[i] >= nrows)
			OLAP_REJECT("a vector has no such row");
	olap_vector_reserve(out, nrows);
	ok = chunk->info.encoding == OLAP_ENC_DICT ?
		olap_dict_decode_rows(chunk, vecno, rows, n, out, reason) :
		chunk->codec->decode_rows(chunk, vecno, rows, n, out->values, reason);
	if (!ok)
	{
		olap_vector_reset(out, &type);
		return false;
	}
	place_rows(out, rows, n, nrows);
	olap_chunk_finish(chunk, vecno, out);
	return true;
}

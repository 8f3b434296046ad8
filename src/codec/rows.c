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
#include "codec/dict_entries.h"

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

/*-------------------------------------------------------------------------
 *
 * chunk_bytes.c
 *		What chunks are made of: byte strings that grow, the index of vectors.
 *
 * src/codec/chunk_bytes.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "codec/codec_internal.h"

/* Byte strings ------------------------------------------------------------ */

void
olap_bytes_init(OlapBytes *b, MemoryContext cxt)
{
	memset(b, 0, sizeof(OlapBytes));
	b->cxt = cxt;
}

uint8 *
olap_bytes_reserve(OlapBytes *b, size_t len)
{
	if (b->cap - b->len < len)
	{
		size_t		cap = Max(Max(b->cap * 2, b->len + len), 1024);

		b->data = b->data == NULL ? MemoryContextAllocHuge(b->cxt, cap)
			: repalloc_huge(b->data, cap);
		b->cap = cap;
	}
	return b->data + b->len;
}

void
olap_bytes_append(OlapBytes *b, const void *src, size_t len)
{
	uint8	   *dst = olap_bytes_reserve(b, len);

	if (len > 0)
		memcpy(dst, src, len);
	b->len += len;
}

/* Vector index ------------------------------------------------------------ */

size_t
olap_index_begin(OlapBytes *out, uint32 nrows)
{
	size_t		index = out->len;
	size_t		len = (olap_vector_count(nrows) + 1) * sizeof(uint32);

	memset(olap_bytes_reserve(out, len), 0, len);
	out->len += len;
	return index;
}

void
olap_index_set(OlapBytes *out, size_t index, uint32 nrows, uint32 vecno)
{
	size_t		base = index + (olap_vector_count(nrows) + 1) * sizeof(uint32);
	uint32		offset = (uint32) (out->len - base);

	if (out->len - base > PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a column chunk exceeds 4 GB")));
	memcpy(out->data + index + vecno * sizeof(uint32), &offset,
		   sizeof(offset));
}

static uint32
index_entry(const uint8 *index, uint32 vecno)
{
	uint32		offset;

	memcpy(&offset, index + vecno * sizeof(uint32), sizeof(offset));
	return offset;
}

bool
olap_index_open(OlapChunk *chunk, const uint8 *src, size_t len,
				const char **reason)
{
	uint32		nvec = olap_vector_count(chunk->info.nrows);
	size_t		index_len = (nvec + 1) * sizeof(uint32);

	if (len < index_len)
		OLAP_REJECT("a vector index is cut short");
	olap_chunk_need(&chunk->source, src, index_len);
	for (uint32 i = 0; i < nvec; i++)
		if (index_entry(src, i) > index_entry(src, i + 1))
			OLAP_REJECT("a vector index is out of order");
	if (index_entry(src, 0) != 0 || index_entry(src, nvec) != len - index_len)
		OLAP_REJECT("a vector index does not cover the chunk");
	chunk->index = src;
	chunk->vectors = src + index_len;
	chunk->vectors_len = len - index_len;
	return true;
}

const uint8 *
olap_index_get(const OlapChunk *chunk, uint32 vecno, size_t *len)
{
	uint32		start = index_entry(chunk->index, vecno);

	*len = index_entry(chunk->index, vecno + 1) - start;
	olap_chunk_need(&chunk->source, chunk->vectors + start,
					*len + OLAP_INDEX_SLACK);
	return chunk->vectors + start;
}

const uint8 *
olap_index_get_rows(const OlapChunk *chunk, uint32 vecno, uint32 n, size_t *len)
{
	uint32		start = index_entry(chunk->index, vecno);

	if (n > OLAP_SINGLE_ROWS)
		return olap_index_get(chunk, vecno, len);
	*len = index_entry(chunk->index, vecno + 1) - start;
	return chunk->vectors + start;
}

/*-------------------------------------------------------------------------
 *
 * dict_decode.c
 *		The DICT encoding, the way back.
 *
 * The entries are loaded when a vector is decoded.  A few rows do without
 * (dict_rows.c).
 *
 * src/codec/dict_decode.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/kernel.h"
#include "codec/codec_internal.h"
#include "codec/dict_entries.h"

/* The class of each entry, and how many each class has. */
static bool
load_classes(OlapChunk *chunk, uint32 *counts, const char **reason)
{
	OlapDictEntries *entries = chunk->entries;

	if (!olap_dict_need_classes(chunk, chunk->info.distinct, reason))
		return false;
	if (!olap_classes_count(&entries->class_of, entries->counts, counts))
		OLAP_REJECT("a dictionary's classes are not as many as they should");
	return true;
}

/* Which entry each code is, by their classes. */
static bool
load_order(OlapChunk *chunk, const char **reason)
{
	OlapDictEntries *entries = chunk->entries;
	uint32		counts[OLAP_BINS_MAX];

	if (entries->classes_len == 0 || entries->order != NULL)
		return true;
	if (!load_classes(chunk, counts, reason))
		return false;
	entries->order = MemoryContextAlloc(chunk->cxt, chunk->info.distinct *
										sizeof(uint32));
	olap_classes_order(&entries->class_of, counts, entries->order);
	return true;
}

/* Put the entries, which are loaded, in the order of the codes. */
static void
order_entries(OlapVector *dict, const uint32 *order)
{
	size_t		width = dict->width;
	char	   *ordered = MemoryContextAlloc(dict->cxt, dict->n * width);

	for (uint32 i = 0; i < dict->n; i++)
		memcpy(ordered + i * width,
			   (const char *) dict->values + order[i] * width, width);
	pfree(dict->values);
	dict->values = ordered;
	dict->capacity = dict->n;
}

static bool
load_entries(OlapChunk *chunk, const char **reason)
{
	OlapColumnType type = olap_chunk_type(chunk);

	if (!load_order(chunk, reason))
		return false;
	olap_vector_init(&chunk->dict, &type, chunk->info.distinct, chunk->cxt);
	if (!olap_chunk_decode_all(chunk->entries->chunk, &chunk->dict, reason))
	{
		olap_vector_free(&chunk->dict);
		return false;
	}
	if (chunk->entries->order != NULL)
		order_entries(&chunk->dict, chunk->entries->order);
	chunk->has_dict = true;
	return true;
}

const OlapVector *
olap_chunk_dict(OlapChunk *chunk, const char **reason)
{
	if (chunk->info.encoding != OLAP_ENC_DICT ||
		(!chunk->has_dict && !load_entries(chunk, reason)))
		return NULL;
	return &chunk->dict;
}

bool
olap_dict_open(OlapChunk *chunk, const char **reason)
{
	const uint8 *src = chunk->payload;
	OlapColumnType type = {.phys = OLAP_PHYS_I32, .width = sizeof(uint32),
		.typalign = TYPALIGN_INT};
	size_t		len = chunk->payload_len;
	OlapDictEntries *entries;
	uint32		header[3];		/* count, lengths of entries and classes */
	size_t		counts = 0;

	if (chunk->depth != OLAP_DEPTH_COLUMN)
		OLAP_REJECT("a dictionary is not allowed here");
	if (len < sizeof(header))
		OLAP_REJECT("a dictionary chunk is cut short");
	olap_chunk_need(&chunk->source, src, sizeof(header));
	memcpy(header, src, sizeof(header));
	src += sizeof(header);
	len -= sizeof(header);
	if ((header[0] & OLAP_DICT_COUNTS) != 0)
	{
		header[0] &= ~OLAP_DICT_COUNTS;
		counts = (size_t) olap_vector_count(header[0]) * OLAP_CLASSES_VECTOR_BYTES;
	}
	if (header[0] == 0 || header[0] > chunk->info.nrows || header[1] > len ||
		header[2] > len - header[1] || counts > len - header[1] - header[2] ||
		(counts > 0 && header[2] == 0))
		OLAP_REJECT("a dictionary chunk has a header out of range");

	/* the codes' head is behind all entries: it can come while theirs is read */
	olap_chunk_expect(&chunk->source, src + header[1] + header[2],
					  counts + OLAP_DICT_CODES_HEAD);

	entries = MemoryContextAllocZero(chunk->cxt, sizeof(OlapDictEntries));
	entries->classes = src + header[1];
	entries->classes_len = header[2];
	chunk->entries = entries;
	chunk->info.distinct = header[0];
	entries->chunk = olap_chunk_open_at(src, header[1], chunk->info.phys,
										chunk->info.scale, chunk->width,
										chunk->typalign, header[0],
										OLAP_DEPTH_CODES, &chunk->source,
										chunk->cxt, reason);
	if (entries->chunk == NULL)
		return false;
	src += header[1] + header[2];
	len -= header[1] + header[2];
	if (counts > 0)
	{
		olap_chunk_need(&chunk->source, src, counts);
		entries->counts = src;
		src += counts;
		len -= counts;
	}
	chunk->inner = olap_chunk_open_at(src, len, type.phys, 0, type.width,
									  type.typalign, chunk->info.nrows,
									  OLAP_DEPTH_CODES, &chunk->source,
									  chunk->cxt, reason);
	if (chunk->inner == NULL)
		return false;
	olap_vector_init(&chunk->inner_out, &type, OLAP_VECTOR_ROWS, chunk->cxt);
	return true;
}

void
olap_dict_close(OlapChunk *chunk)
{
	OlapDictEntries *entries = chunk->entries;

	if (entries == NULL)
		return;
	if (entries->chunk != NULL)
		olap_chunk_close(entries->chunk);
	if (entries->order != NULL)
		pfree(entries->order);
	if (entries->class_of.cxt != NULL)
		olap_vector_free(&entries->class_of);
	if (entries->some_classes.cxt != NULL)
		olap_vector_free(&entries->some_classes);
	if (entries->class_chunk != NULL)
		olap_chunk_close(entries->class_chunk);
	if (entries->block.cxt != NULL)
		olap_vector_free(&entries->block);
	pfree(entries);
}

OLAP_KERNEL static uint32
max_code(const uint32 *codes, uint32 n)
{
	uint32		max = 0;

	for (uint32 i = 0; i < n; i++)
		max = codes[i] > max ? codes[i] : max;
	return max;
}

/* The codes of a vector into chunk->inner_out. */
static bool
load_codes(OlapChunk *chunk, uint32 vecno, const char **reason)
{
	uint32		n = olap_vector_rows_of(chunk->info.nrows, vecno);

	chunk->inner_out.n = 0;
	if (!chunk->inner->codec->decode(chunk->inner, vecno, &chunk->inner_out,
									 reason))
		return false;
	if (max_code(chunk->inner_out.values, n) >= chunk->info.distinct)
		OLAP_REJECT("a dictionary code is out of range");
	return true;
}

/* Make out a view of codes into the dictionary, whose heap it borrows. */
static void
set_view(OlapChunk *chunk, OlapVector *out)
{
	if (out->phys == OLAP_PHYS_VAR)
	{
		if (out->heap_cap != 0)
			pfree(out->heap);
		out->heap = chunk->dict.heap;
		out->heap_len = chunk->dict.heap_len;
		out->heap_cap = 0;
	}
	out->codes = chunk->inner_out.values;
	out->dict = &chunk->dict;
}

bool
olap_dict_decode(OlapChunk *chunk, uint32 vecno, OlapVector *out,
				 const char **reason)
{
	uint32		n = olap_vector_rows_of(chunk->info.nrows, vecno);
	size_t		width = chunk->width;

	if ((!chunk->has_dict && !load_entries(chunk, reason)) ||
		!load_codes(chunk, vecno, reason))
		return false;
	set_view(chunk, out);
	olap_dict_gather(&chunk->dict, out->codes, n, width,
					 (char *) out->values + out->n * width);
	out->n += n;
	return true;
}

/* ---- codes alone ---- */

bool
olap_chunk_decode_codes(OlapChunk *chunk, uint32 vecno, OlapVector *out,
						const char **reason)
{
	OlapColumnType type = olap_chunk_type(chunk);

	olap_vector_reset(out, &type);
	if (vecno >= olap_vector_count(chunk->info.nrows))
		OLAP_REJECT("a chunk has no such vector");
	olap_vector_reserve(out, olap_vector_rows_of(chunk->info.nrows, vecno));
	if ((!chunk->has_dict && !load_entries(chunk, reason)) ||
		!load_codes(chunk, vecno, reason))
		return false;
	set_view(chunk, out);
	out->n = olap_vector_rows_of(chunk->info.nrows, vecno);
	olap_chunk_finish(chunk, vecno, out);
	return true;
}

void
olap_chunk_fill_values(const OlapChunk *chunk, OlapVector *out)
{
	olap_dict_gather(&chunk->dict, out->codes, out->n, chunk->width, out->values);
}

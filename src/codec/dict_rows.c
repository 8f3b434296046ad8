/*-------------------------------------------------------------------------
 *
 * dict_rows.c
 *		The entries of a dictionary that few rows have.
 *
 * Of the entries those blocks are decoded that hold the rows', or of a block one
 * entry.  Where codes are in the order of classes, the entry of a code is found by
 * counting classes: in one vector if the chunk says how many each has, else from the
 * first entry on.
 *
 * src/codec/dict_rows.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "codec/bins.h"
#include "codec/dict_entries.h"

/* So few entries are worth decoding alone, however few there are in all. */
#define FEW_ENTRIES 4
/* So many rows of a block that come one after the other are decoded alone. */
#define BLOCK_ROWS 3

bool
olap_dict_decodes_rows(const OlapChunk *chunk, uint32 n)
{
	/* blocks may turn out to be the same, and all of them are worth keeping */
	return !chunk->has_dict &&
		2 * (chunk->entries->nblocks + n) <=
		Max(olap_vector_count(chunk->info.distinct), 2 * FEW_ENTRIES);
}

static const OlapColumnType class_type = {.phys = OLAP_PHYS_I16,
	.width = sizeof(int16), .typalign = TYPALIGN_SHORT};

static bool
open_classes(OlapChunk *chunk, const char **reason)
{
	OlapDictEntries *entries = chunk->entries;

	if (entries->class_chunk == NULL)
		entries->class_chunk =
			olap_chunk_open_at(entries->classes, entries->classes_len, class_type.phys,
							   0, class_type.width, class_type.typalign,
							   chunk->info.distinct, OLAP_DEPTH_CODES,
							   &chunk->source, chunk->cxt, reason);
	return entries->class_chunk != NULL;
}

bool
olap_dict_need_classes(OlapChunk *chunk, uint32 n, const char **reason)
{
	OlapDictEntries *entries = chunk->entries;

	if (entries->class_of.cxt == NULL)
	{
		/* a few bits each: better all at once than vector by vector */
		olap_chunk_need(&chunk->source, entries->classes, entries->classes_len);
		if (!open_classes(chunk, reason))
			return false;
		olap_vector_init(&entries->class_of, &class_type, chunk->info.distinct,
						 chunk->cxt);
	}
	while (entries->class_of.n < n)
	{
		if (!entries->class_chunk->codec->decode(entries->class_chunk,
												 entries->class_vectors,
												 &entries->class_of, reason))
			return false;
		entries->class_vectors++;
	}
	return true;
}

/* Begin with the classes of one vector's entries. */
static bool
begin_some_classes(OlapChunk *chunk, uint32 vecno, const char **reason)
{
	OlapDictEntries *entries = chunk->entries;

	if (entries->some_number == vecno + 1)
		return true;
	if (!open_classes(chunk, reason))
		return false;
	if (entries->some_classes.cxt == NULL)
		olap_vector_init(&entries->some_classes, &class_type, OLAP_VECTOR_ROWS,
						 chunk->cxt);
	entries->some_number = vecno + 1;
	entries->some_state = 0;
	entries->some_classes.n = 0;
	return true;
}

/* Decode more of them. */
static bool
load_some_classes(OlapChunk *chunk, const char **reason)
{
	OlapDictEntries *entries = chunk->entries;
	OlapChunk  *classes = entries->class_chunk;
	uint32		vecno = entries->some_number - 1;
	bool		ok = classes->codec->decode_block == NULL ?
		classes->codec->decode(classes, vecno, &entries->some_classes, reason) :
		classes->codec->decode_block(classes, vecno, &entries->some_state,
									 &entries->some_classes, reason);

	if (!ok)
		entries->some_number = 0;
	return ok;
}

/*
 * The entry with this number in a class, of the vector begun with: most are found
 * before all of its classes are decoded.
 */
static bool
find_in_vector(OlapChunk *chunk, int16 class, uint32 number, uint32 *entry,
			   const char **reason)
{
	OlapDictEntries *entries = chunk->entries;
	const OlapVector *classes = &entries->some_classes;
	uint32		n = olap_vector_rows_of(chunk->info.distinct, entries->some_number - 1);

	for (uint32 from = 0; from < n; from = classes->n)
	{
		if (classes->n == from && !load_some_classes(chunk, reason))
			return false;
		if (olap_classes_find((const int16 *) classes->values + from, classes->n - from,
							  class, &number, entry))
		{
			*entry += from;
			return true;
		}
	}
	OLAP_REJECT("a dictionary's classes are not as many as they should");
}

/*
 * The class of a code, which is made its number in the class.  Codes are in bins,
 * one a class; if they are not, classes are counted.
 */
static bool
take_class(OlapChunk *chunk, uint32 *code, int16 *class, const char **reason)
{
	const OlapBinTable *bins = chunk->inner->bins;
	uint32		counts[OLAP_BINS_MAX];

	*class = 0;
	if (bins != NULL && bins->base == 0)
	{
		while (*class + 1 < bins->n && bins->start[*class + 1] <= *code)
			++*class;
		if (bins->start[*class] > *code)
			OLAP_REJECT("a dictionary code is out of range");
		*code -= (uint32) bins->start[*class];
		return true;
	}
	if (!olap_dict_need_classes(chunk, chunk->info.distinct, reason))
		return false;
	if (!olap_classes_count(&chunk->entries->class_of, chunk->entries->counts, counts))
		OLAP_REJECT("a dictionary's classes are not as many as they should");
	while (*code >= counts[*class])
		*code -= counts[(*class)++];
	return true;
}

/* The entry with this number in a class, by stored counts. */
static bool
find_counted(OlapChunk *chunk, int16 class, uint32 number, uint32 *entry,
			 const char **reason)
{
	OlapDictEntries *entries = chunk->entries;
	uint32		nvec = olap_vector_count(chunk->info.distinct);
	uint32		vecno = 0;

	for (; vecno < nvec; vecno++)
	{
		uint32		count = olap_classes_stored(entries->counts, vecno, class);

		if (number < count)
			break;
		number -= count;
	}
	if (vecno == nvec)
		OLAP_REJECT("a dictionary code is out of range");
	/* the entry is in the block of that vector, if they are in blocks */
	if (entries->chunk->index != NULL)
	{
		size_t		len;
		const uint8 *block = olap_index_get_rows(entries->chunk, vecno, 1, &len);

		olap_chunk_expect(&chunk->source, block, len);
	}
	if (!begin_some_classes(chunk, vecno, reason) ||
		!find_in_vector(chunk, class, number, entry, reason))
		return false;
	*entry += vecno * OLAP_VECTOR_ROWS;
	return true;
}

/* The same, by counting classes from the first entry on. */
static bool
find_counting(OlapChunk *chunk, int16 class, uint32 number, uint32 *entry,
			  const char **reason)
{
	OlapDictEntries *entries = chunk->entries;
	uint32		count = chunk->info.distinct;

	for (uint32 from = 0; from < count; from += OLAP_VECTOR_ROWS)
	{
		uint32		end = Min(count, from + OLAP_VECTOR_ROWS);

		if (!olap_dict_need_classes(chunk, end, reason))
			return false;
		if (olap_classes_find((const int16 *) entries->class_of.values + from, end - from,
							  class, &number, entry))
		{
			*entry += from;
			return true;
		}
	}
	OLAP_REJECT("a dictionary code is out of range");
}

/* The entry that a code, which is one, stands for. */
static bool
find_entry(OlapChunk *chunk, uint32 code, uint32 *entry, const char **reason)
{
	OlapDictEntries *entries = chunk->entries;
	int16		class;

	*entry = code;
	if (entries->classes_len == 0)
		return true;
	if (entries->order != NULL)
	{
		*entry = entries->order[code];
		return true;
	}
	if (!take_class(chunk, &code, &class, reason))
		return false;
	return entries->counts != NULL ?
		find_counted(chunk, class, code, entry, reason) :
		find_counting(chunk, class, code, entry, reason);
}

/* Append an entry of a block that has to be decoded to out. */
static bool
append_entry(OlapChunk *chunk, uint32 entry, OlapVector *out, const char **reason)
{
	OlapDictEntries *entries = chunk->entries;
	OlapColumnType type = olap_chunk_type(chunk);
	uint32		number = entry / OLAP_VECTOR_ROWS;
	uint32		row = entry % OLAP_VECTOR_ROWS;

	if (entries->row_block != number + 1)
	{
		entries->row_block = number + 1;
		entries->block_rows = 0;
	}
	/* more rows of the same block make all of it worth decoding */
	if (entries->block_number != number + 1 && entries->block_rows < BLOCK_ROWS &&
		chunk->info.phys == OLAP_PHYS_VAR &&
		entries->chunk->codec->decode_row != NULL)
	{
		entries->block_rows++;
		entries->nblocks++;
		return entries->chunk->codec->decode_row(entries->chunk, number, row, out,
												 reason);
	}
	if (entries->block_number != number + 1)
	{
		if (entries->block.cxt == NULL)
			olap_vector_init(&entries->block, &type, OLAP_VECTOR_ROWS, chunk->cxt);
		entries->block_number = 0;
		if (!olap_chunk_decode(entries->chunk, number, &entries->block, reason))
			return false;
		entries->block_number = number + 1;
		entries->nblocks++;
	}
	olap_vector_append_rows(out, &type, &entries->block, &row, 1);
	return true;
}

/* The codes of rows[n]. */
static bool
load_codes(OlapChunk *chunk, uint32 vecno, const uint16 *rows, uint32 n,
		   uint32 *codes, const char **reason)
{
	OlapChunk  *inner = chunk->inner;
	bool		bad = false;

	if (inner->codec->decode_rows != NULL)
	{
		if (!inner->codec->decode_rows(inner, vecno, rows, n, codes, reason))
			return false;
	}
	else
	{
		chunk->inner_out.n = 0;
		if (!inner->codec->decode(inner, vecno, &chunk->inner_out, reason))
			return false;
		for (uint32 i = 0; i < n; i++)
			codes[i] = ((const uint32 *) chunk->inner_out.values)[rows[i]];
	}
	for (uint32 i = 0; i < n; i++)
		bad |= codes[i] >= chunk->info.distinct;
	if (bad)
		OLAP_REJECT("a dictionary code is out of range");
	return true;
}

bool
olap_dict_decode_rows(OlapChunk *chunk, uint32 vecno, const uint16 *rows,
					  uint32 n, OlapVector *out, const char **reason)
{
	uint32	   *codes = palloc(n * sizeof(uint32));
	bool		ok = load_codes(chunk, vecno, rows, n, codes, reason);

	for (uint32 i = 0; i < n && ok; i++)
	{
		uint32		entry;

		ok = find_entry(chunk, codes[i], &entry, reason) &&
			append_entry(chunk, entry, out, reason);
	}
	pfree(codes);
	return ok;
}

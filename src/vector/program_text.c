/*-------------------------------------------------------------------------
 *
 * program_text.c
 *		Lengths of strings, in bytes or in characters of UTF-8.
 *
 * What the server keeps as text is valid in its encoding, so a string has as many
 * characters as bytes that do not continue one.  They are counted eight at a
 * time.  Of a column with a dictionary each entry is counted once.
 *
 * src/vector/program_text.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/varlena.h"
#include "vector/program_internal.h"

#define UNKNOWN (-1)

/* One bit a byte. */
#define LOW_BITS UINT64CONST(0x0101010101010101)

/* Words whose counts fit a byte each, and whose sum fits one as well. */
#define BLOCK_WORDS 31

typedef struct LengthNode
{
	OlapNode	node;
	bool		utf8;			/* count characters */
	uint64		place;			/* lengths are of this place ... */
	const OlapVector *dict;		/* ... and dictionary */
	uint32		nlengths;
	uint32		max_lengths;
	int32	   *lengths;		/* of its entries, or UNKNOWN */
} LengthNode;

/* The low bit of each byte 10xxxxxx. */
static inline uint64
continuing(uint64 word)
{
	return (word >> 7) & ~(word >> 6) & LOW_BITS;
}

static inline uint64
load_word(const char *p)
{
	uint64		word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* Bytes of p[0 .. len) that do not begin a character. */
static inline uint32
count_continuing(const char *p, uint32 len)
{
	uint32		count = 0;
	uint32		i = 0;
	uint64		sum;

	while (len - i >= 8)
	{
		uint32		end = i + Min((len - i) / 8, BLOCK_WORDS) * 8;

		for (sum = 0; i < end; i += 8)
			sum += continuing(load_word(p + i));
		count += (uint32) ((sum * LOW_BITS) >> 56);
	}
	if (len >= 8)
	{
		/* the last eight bytes without those that were counted */
		int			counted = (int) (8 - (len - i)) * 8;

		if (counted == 64)
			return count;
		sum = continuing(load_word(p + len - 8));
#ifdef WORDS_BIGENDIAN
		sum <<= counted;
#else
		sum >>= counted;
#endif
		return count + (uint32) ((sum * LOW_BITS) >> 56);
	}
	for (; i < len; i++)
		count += ((uint8) p[i] & 0xC0) == 0x80;
	return count;
}

static inline int32
length_of(const char *value, bool utf8)
{
	uint32		len = VARSIZE_4B(value) - VARHDRSZ;

	return (int32) (utf8 ? len - count_continuing(VARDATA_4B(value), len) : len);
}

/* Lengths of the dictionary that codes now refer to. */
static void
open_lengths(LengthNode *self, const OlapVector *dict)
{
	OlapProgram *program = self->node.scope->program;

	if (self->place != program->place || self->dict != dict)
		self->nlengths = 0;
	self->place = program->place;
	self->dict = dict;
	if (dict->n > self->max_lengths)
	{
		uint32		max = Max(dict->n, self->max_lengths * 2);
		int32	   *lengths = MemoryContextAllocHuge(program->cxt,
													 max * sizeof(int32));

		if (self->lengths != NULL)
		{
			memcpy(lengths, self->lengths, self->nlengths * sizeof(int32));
			pfree(self->lengths);
		}
		self->lengths = lengths;
		self->max_lengths = max;
	}
	for (; self->nlengths < dict->n; self->nlengths++)
		self->lengths[self->nlengths] = UNKNOWN;
}

static void
by_dictionary(LengthNode *self, const OlapVector *a, int32 *out, uint32 n)
{
	const uint32 *offsets = a->dict->values;
	int32	   *lengths;

	open_lengths(self, a->dict);
	lengths = self->lengths;
	for (uint32 i = 0; i < n; i++)
	{
		uint32		code = a->codes[i];

		out[i] = 0;
		if (olap_vector_is_null(a, i))
			continue;
		if (lengths[code] == UNKNOWN)
			lengths[code] = length_of(a->dict->heap + offsets[code], self->utf8);
		out[i] = lengths[code];
	}
}

static const OlapVector *
eval_length(OlapNode *node)
{
	LengthNode *self = (LengthNode *) node;
	const OlapVector *a = olap_node_eval(node->args[0]);
	const uint32 *offsets = a->values;
	uint32		n = node->scope->n;
	OlapVector *out = olap_node_result(node, n);
	int32	   *lengths = out->values;

	Assert(a->phys == OLAP_PHYS_VAR);
	olap_node_strict(node, a, NULL);
	if (a->codes != NULL && a->dict->n > 0)
		by_dictionary(self, a, lengths, n);
	else if (a->heap_len == 0)
		memset(lengths, 0, n * sizeof(int32));
	else if (self->utf8)
		for (uint32 i = 0; i < n; i++)
			lengths[i] = length_of(a->heap + offsets[i], true);
	else
		for (uint32 i = 0; i < n; i++)
			lengths[i] = length_of(a->heap + offsets[i], false);
	return out;
}

OlapNode *
olap_node_length(OlapScope *scope, bool utf8, const OlapColumnType *type,
				 OlapNode *a)
{
	LengthNode *self = olap_node_make(scope, sizeof(LengthNode), eval_length,
									  type, &a, 1);

	self->utf8 = utf8;
	self->node.safe = a->safe;
	return &self->node;
}

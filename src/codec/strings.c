/*-------------------------------------------------------------------------
 *
 * strings.c
 *		The varlenas of one vector as lengths and one block of bytes.
 *
 * Layout: a mode byte, the frame of lengths, in mode 1 the frame of prefix
 * lengths, then a block (lz.c); each frame has its own byte length (4 bytes)
 * before it.  In mode 0 the block is all values' bytes one after the other.  In
 * mode 1, for sorted values, a value starts with as many bytes of its
 * predecessor as its prefix length says, and the block has the rest: a sorted
 * dictionary of URLs shrinks to a seventh even before compression, and is
 * faster to read for it.  Mode 2 is mode 1 for short values, with lengths of
 * prefixes and of what follows them as one byte each in blocks of their own:
 * neighbours in a dictionary alternate between few lengths, which a frame cannot
 * use.  Headers and padding, a quarter of short texts, are made anew on
 * decoding.
 *
 * src/codec/strings.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "codec/codec_internal.h"

#define MODE_PLAIN 0
#define MODE_FRONT 1
#define MODE_FRONT_SHORT 2
/* No value of a block in mode 2 is longer. */
#define SHORT_MAX 255

/*
 * Prefixes expand without any bytes of their own; this bounds by how much, for
 * len bytes stored.
 */
static inline size_t
max_front_heap(size_t len, uint32 n)
{
	return len * OLAP_LZ_MAX_RATIO + (size_t) n * 256;
}

static void
append_frame(const int64 *values, uint32 n, OlapBytes *out)
{
	OlapFrame	frame;
	uint32		len;

	olap_frame_fit(&frame, values, n, false);
	len = (uint32) frame.size;
	olap_bytes_append(out, &len, sizeof(len));
	olap_frame_encode(&frame, values, n, out);
}

/* The numbers as bytes, compressed, in a block behind its length. */
static void
append_short(const int64 *values, uint32 n, OlapBytes *out)
{
	uint8		bytes[OLAP_VECTOR_ROWS];
	size_t		start = out->len;
	uint32		len = 0;

	for (uint32 i = 0; i < n; i++)
		bytes[i] = (uint8) values[i];
	olap_bytes_append(out, &len, sizeof(len));
	(void) olap_lz_append(out, bytes, n, true);
	len = (uint32) (out->len - start - sizeof(len));
	memcpy(out->data + start, &len, sizeof(len));
}

/*
 * What mode 1 has before the bytes, or mode 2 if that is shorter and allowed.
 * The mode goes to where it belongs, at start.
 */
static void
append_front_lengths(const int64 *lengths, const int64 *prefixes, uint32 n,
					 bool compress, size_t start, OlapBytes *out)
{
	size_t		begin = out->len;
	size_t		frames;
	int64		rests[OLAP_VECTOR_ROWS];
	int64		longest = 0;

	append_frame(lengths, n, out);
	append_frame(prefixes, n, out);
	for (uint32 i = 0; i < n; i++)
	{
		rests[i] = lengths[i] - prefixes[i];
		longest = Max(longest, lengths[i]);
	}
	if (!compress || longest > SHORT_MAX)
		return;
	frames = out->len - begin;
	append_short(rests, n, out);
	append_short(prefixes, n, out);
	if (out->len - begin < 2 * frames)
	{
		memmove(out->data + begin, out->data + begin + frames,
				out->len - begin - frames);
		out->data[start] = MODE_FRONT_SHORT;
		out->len -= frames;
	}
	else
		out->len = begin + frames;
}

/* How much each value shares with the one before; returns the sum. */
static size_t
find_prefixes(const OlapVector *v, const uint32 *offsets, uint32 n,
			  const int64 *lengths, int64 *prefixes)
{
	size_t		sum = 0;

	prefixes[0] = 0;
	for (uint32 i = 1; i < n; i++)
	{
		const char *a = VARDATA(v->heap + offsets[i - 1]);
		const char *b = VARDATA(v->heap + offsets[i]);
		int64		most = Min(lengths[i - 1], lengths[i]);
		int64		shared = 0;

		while (shared < most && a[shared] == b[shared])
			shared++;
		prefixes[i] = shared;
		sum += (size_t) shared;
	}
	return sum;
}

int64
olap_strings_encode(const OlapVector *v, uint32 first, uint32 n, bool sorted,
					bool compress, OlapBytes *out)
{
	const uint32 *offsets = (const uint32 *) v->values + first;
	int64		lengths[OLAP_VECTOR_ROWS] = {0};
	int64		prefixes[OLAP_VECTOR_ROWS] = {0};
	size_t		start = out->len;
	size_t		total = 0;
	size_t		shared = 0;
	uint8		mode = MODE_PLAIN;
	uint8	   *bytes;
	uint8	   *p;

	for (uint32 i = 0; i < n; i++)
	{
		lengths[i] = VARSIZE(v->heap + offsets[i]) - VARHDRSZ;
		total += (size_t) lengths[i];
	}
	if (total > PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("values of one column chunk exceed 4 GB")));
	if (sorted)
		shared = find_prefixes(v, offsets, n, lengths, prefixes);
	if (shared > total / 4)
		mode = MODE_FRONT;
	olap_bytes_append(out, &mode, sizeof(mode));
	if (mode == MODE_FRONT)
		append_front_lengths(lengths, prefixes, n, compress, start, out);
	else
		append_frame(lengths, n, out);

	bytes = MemoryContextAllocHuge(CurrentMemoryContext, Max(total, 1));
	p = bytes;
	for (uint32 i = 0; i < n; i++)
	{
		size_t		skip = mode == MODE_FRONT ? (size_t) prefixes[i] : 0;
		size_t		len = (size_t) lengths[i] - skip;

		memcpy(p, VARDATA(v->heap + offsets[i]) + skip, len);
		p += len;
	}
	(void) olap_lz_append(out, bytes, p - bytes, compress);
	pfree(bytes);
	/* values that share nearly everything may pass the bound of the format */
	if (mode == MODE_FRONT &&
		total + (size_t) n * 2 * VARHDRSZ + n * MAXIMUM_ALIGNOF >
		max_front_heap(out->len - start, n))
	{
		out->len = start;
		return olap_strings_encode(v, first, n, false, compress, out);
	}
	return (int64) total - (int64) (out->len - start);
}

/*
 * Bytes that values of these lengths take in a heap; false if lengths and
 * prefixes (NULL: none) are not possible or do not add up to the block.
 */
static bool
measure(const uint32 *lengths, const uint32 *prefixes, uint32 n, size_t align,
		size_t raw_len, size_t *need)
{
	uint64		sum = 0;
	uint64		bytes = 0;

	for (uint32 i = 0; i < n; i++)
	{
		uint32		prefix = prefixes != NULL ? prefixes[i] : 0;

		if (lengths[i] > MaxAllocSize - VARHDRSZ || prefix > lengths[i] ||
			prefix > (i > 0 ? lengths[i - 1] : 0))
			return false;
		sum += lengths[i] - prefix;
		bytes += TYPEALIGN(align, (uint64) lengths[i] + VARHDRSZ);
	}
	*need = bytes;
	return sum == raw_len;
}

/*
 * Spread the bytes at src, one after the other, to varlenas from dst on.  src
 * may overlap dst's end: every value moves down, by its own header at least.
 */
static void
spread(char *heap, size_t start, const uint8 *src, const uint32 *lengths,
	   uint32 n, size_t align, uint32 *offsets)
{
	size_t		at = start;

	for (uint32 i = 0; i < n; i++)
	{
		size_t		len = lengths[i];
		size_t		end = at + VARHDRSZ + len;
		size_t		next = TYPEALIGN(align, end);

		offsets[i] = (uint32) at;
		memmove(heap + at + VARHDRSZ, src, len);
		SET_VARSIZE(heap + at, len + VARHDRSZ);
		src += len;
		while (end < next)
			heap[end++] = 0;
		at = next;
	}
}

/* As spread, for values that continue a prefix of the one before. */
static void
unfold(char *heap, size_t start, const uint8 *src, const uint32 *lengths,
	   const uint32 *prefixes, uint32 n, size_t align, uint32 *offsets)
{
	size_t		at = start;
	const char *last = heap + start;

	for (uint32 i = 0; i < n; i++)
	{
		size_t		len = lengths[i];
		size_t		prefix = prefixes[i];
		size_t		end = at + VARHDRSZ + len;
		size_t		next = TYPEALIGN(align, end);
		char	   *value = heap + at + VARHDRSZ;

		offsets[i] = (uint32) at;
		SET_VARSIZE(heap + at, len + VARHDRSZ);
		memcpy(value, last, prefix);
		memcpy(value + prefix, src, len - prefix);
		src += len - prefix;
		last = value;
		while (end < next)
			heap[end++] = 0;
		at = next;
	}
}

/* Take a frame with its length off *src. */
static bool
read_frame(const uint8 **src, size_t *len, uint32 n, uint32 *values,
		   const char **reason)
{
	uint32		frame_len;

	if (*len < sizeof(frame_len))
		OLAP_REJECT("a string block is cut short");
	memcpy(&frame_len, *src, sizeof(frame_len));
	*src += sizeof(frame_len);
	*len -= sizeof(frame_len);
	if (frame_len > *len)
		OLAP_REJECT("a string block is cut short");
	if (!olap_frame_decode(*src, frame_len, n, values, sizeof(uint32), reason))
		return false;
	*src += frame_len;
	*len -= frame_len;
	return true;
}

/* Take a block of bytes with its length off *src. */
static bool
read_short(const uint8 **src, size_t *len, uint32 n, uint32 *values,
		   const char **reason)
{
	uint8		bytes[OLAP_VECTOR_ROWS];
	uint32		block_len;
	size_t		raw_len;

	if (*len < sizeof(block_len))
		OLAP_REJECT("a string block is cut short");
	memcpy(&block_len, *src, sizeof(block_len));
	*src += sizeof(block_len);
	*len -= sizeof(block_len);
	if (block_len > *len || !olap_lz_size(*src, block_len, &raw_len) ||
		raw_len != n || !olap_lz_extract(*src, block_len, bytes, raw_len))
		OLAP_REJECT("a string block has wrong lengths");
	for (uint32 i = 0; i < n; i++)
		values[i] = bytes[i];
	*src += block_len;
	*len -= block_len;
	return true;
}

/* Lengths, and prefixes if the mode has them, off *src. */
static bool
read_lengths(uint8 mode, const uint8 **src, size_t *len, uint32 n,
			 uint32 *lengths, uint32 *prefixes, const char **reason)
{
	if (mode != MODE_FRONT_SHORT)
		return read_frame(src, len, n, lengths, reason) &&
			(mode == MODE_PLAIN || read_frame(src, len, n, prefixes, reason));
	if (!read_short(src, len, n, lengths, reason) ||
		!read_short(src, len, n, prefixes, reason))
		return false;
	for (uint32 i = 0; i < n; i++)
	{
		lengths[i] += prefixes[i];
		if (lengths[i] > SHORT_MAX)
			OLAP_REJECT("a short string is long");
	}
	return true;
}

/* Fill the heap from start on with the values; room for them is there. */
static bool
fill_heap(const uint8 *src, size_t len, size_t raw_len, uint32 n,
		  const uint32 *lengths, const uint32 *prefixes, size_t start,
		  size_t need, OlapVector *out)
{
	size_t		align = out->typalign == TYPALIGN_DOUBLE ? 8 : 4;
	uint32	   *offsets = (uint32 *) out->values + out->n;
	uint8	   *bytes;
	bool		ok;

	if (prefixes == NULL)
	{
		/* extract to the end of the room, and spread from there */
		bytes = (uint8 *) out->heap + start + need - raw_len;
		if (!olap_lz_extract(src, len, bytes, raw_len))
			return false;
		spread(out->heap, start, bytes, lengths, n, align, offsets);
		return true;
	}
	bytes = MemoryContextAllocHuge(CurrentMemoryContext, Max(raw_len, 1));
	ok = olap_lz_extract(src, len, bytes, raw_len);
	if (ok)
		unfold(out->heap, start, bytes, lengths, prefixes, n, align, offsets);
	pfree(bytes);
	return ok;
}

/* What stands before a block's bytes, checked. */
typedef struct StringBlock
{
	bool		front;
	size_t		need;			/* bytes of the values in a heap */
	const uint8 *src;			/* the compressed bytes */
	size_t		len;
	size_t		raw_len;
	uint32		lengths[OLAP_VECTOR_ROWS];
	uint32		prefixes[OLAP_VECTOR_ROWS]; /* if front */
} StringBlock;

static bool
open_block(StringBlock *block, const uint8 *src, size_t len, uint32 n,
		   size_t align, const char **reason)
{
	size_t		whole = len;
	uint8		mode;

	if (len == 0 || src[0] > MODE_FRONT_SHORT)
		OLAP_REJECT("a string block has an unknown mode");
	mode = src[0];
	block->front = mode != MODE_PLAIN;
	src++;
	len--;
	if (!read_lengths(mode, &src, &len, n, block->lengths, block->prefixes, reason))
		return false;
	if (!olap_lz_size(src, len, &block->raw_len) ||
		!measure(block->lengths, block->front ? block->prefixes : NULL, n, align,
				 block->raw_len, &block->need))
		OLAP_REJECT("a string block has the wrong size");
	if (block->front && block->need > max_front_heap(whole, n))
		OLAP_REJECT("a string block is too large");
	block->src = src;
	block->len = len;
	return true;
}

bool
olap_strings_decode(const uint8 *src, size_t len, uint32 n, OlapVector *out,
					const char **reason)
{
	size_t		align = out->typalign == TYPALIGN_DOUBLE ? 8 : 4;
	StringBlock block;
	size_t		start = TYPEALIGN(align, out->heap_len);

	if (!open_block(&block, src, len, n, align, reason))
		return false;
	if (start + block.need > PG_UINT32_MAX)
		OLAP_REJECT("a string block is too large");

	olap_vector_reserve_heap(out, start - out->heap_len + block.need);
	memset(out->heap + out->heap_len, 0, start - out->heap_len);
	if (!fill_heap(block.src, block.len, block.raw_len, n, block.lengths,
				   block.front ? block.prefixes : NULL, start, block.need, out))
		OLAP_REJECT("a string block cannot be extracted");
	out->heap_len = start + block.need;
	out->n += n;
	return true;
}

/*
 * Put a value together from its own bytes and those before it, backwards: of value i,
 * whose bytes end at `at`, what is still missing is from its prefix on.
 */
static void
collect_value(const StringBlock *block, const uint8 *bytes, uint32 row, size_t at,
			  char *value)
{
	uint32		missing = block->lengths[row];

	for (uint32 i = row;; i--)
	{
		uint32		prefix = block->front ? block->prefixes[i] : 0;

		at -= block->lengths[i] - prefix;
		if (missing > prefix)
		{
			memcpy(value + prefix, bytes + at, missing - prefix);
			missing = prefix;
		}
		if (missing == 0)
			return;
	}
}

bool
olap_strings_decode_row(const uint8 *src, size_t len, uint32 n, uint32 row,
						OlapVector *out, const char **reason)
{
	StringBlock block;
	size_t		at = 0;
	uint8	   *bytes;
	char	   *value;
	bool		ok;

	if (!open_block(&block, src, len, n, 4, reason))
		return false;
	for (uint32 i = 0; i <= row; i++)
		at += block.lengths[i] - (block.front ? block.prefixes[i] : 0);
	bytes = MemoryContextAllocHuge(CurrentMemoryContext, Max(block.raw_len, 1));
	ok = olap_lz_extract(block.src, block.len, bytes, block.raw_len);
	if (ok)
	{
		value = palloc(Max(block.lengths[row], 1));
		collect_value(&block, bytes, row, at, value);
		olap_vector_append_var(out, value, block.lengths[row]);
		pfree(value);
	}
	pfree(bytes);
	if (!ok)
		OLAP_REJECT("a string block cannot be extracted");
	return true;
}

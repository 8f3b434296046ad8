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
 * use.  Mode 3, which was written for a while, is mode 2 with the rest in a block for
 * each GROUP_ROWS values; mode 4 is that of strings_groups.c.  Headers and padding, a
 * quarter of short texts, are made anew on decoding.
 *
 * src/codec/strings.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "codec/strings.h"

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
	int			shift = 0;
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
	if (mode == MODE_FRONT && compress)
		shift = olap_string_groups_fit(lengths, n, total - shared);
	for (uint32 i = 0; shift > 0 && i < n; i += 1U << shift)
		prefixes[i] = 0;
	if (shift > 0)
		mode = MODE_GROUPS;
	olap_bytes_append(out, &mode, sizeof(mode));
	if (mode == MODE_GROUPS)
		;						/* lengths and bytes together, below */
	else if (mode == MODE_FRONT)
		append_front_lengths(lengths, prefixes, n, compress, start, out);
	else
		append_frame(lengths, n, out);

	bytes = MemoryContextAllocHuge(CurrentMemoryContext, Max(total, 1));
	p = bytes;
	for (uint32 i = 0; i < n; i++)
	{
		size_t		skip = mode == MODE_PLAIN ? 0 : (size_t) prefixes[i];
		size_t		len = (size_t) lengths[i] - skip;

		memcpy(p, VARDATA(v->heap + offsets[i]) + skip, len);
		p += len;
	}
	if (mode == MODE_GROUPS)
		olap_string_groups_append(bytes, lengths, prefixes, n, shift, out);
	else
		(void) olap_lz_append(out, bytes, p - bytes, compress);
	pfree(bytes);
	/* values that share nearly everything may pass the bound of the format */
	if (mode != MODE_PLAIN &&
		total + (size_t) n * 2 * VARHDRSZ + n * MAXIMUM_ALIGNOF >
		max_front_heap(out->len - start, n))
	{
		out->len = start;
		return olap_strings_encode(v, first, n, false, compress, out);
	}
	return (int64) total - (int64) (out->len - start);
}

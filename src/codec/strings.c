/*-------------------------------------------------------------------------
 *
 * strings.c
 *		The varlenas of one vector as lengths and one block of bytes.
 *
 * Layout: the byte length of the frame of lengths (4 bytes), the frame, then
 * the block (lz.c) of all values' bytes one after the other.  Headers and
 * padding, a quarter of short texts, are made anew on decoding.
 *
 * src/codec/strings.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "codec/codec_internal.h"

int64
olap_strings_encode(const OlapVector *v, uint32 first, uint32 n, bool compress,
					OlapBytes *out)
{
	const uint32 *offsets = (const uint32 *) v->values + first;
	int64		lengths[OLAP_VECTOR_ROWS] = {0};
	size_t		total = 0;
	OlapFrame	frame;
	uint32		frame_len;
	uint8	   *bytes;
	uint8	   *p;
	int64		saved;

	for (uint32 i = 0; i < n; i++)
	{
		lengths[i] = VARSIZE(v->heap + offsets[i]) - VARHDRSZ;
		total += (size_t) lengths[i];
	}
	olap_frame_fit(&frame, lengths, n, false);
	frame_len = (uint32) frame.size;
	olap_bytes_append(out, &frame_len, sizeof(frame_len));
	olap_frame_encode(&frame, lengths, n, out);

	bytes = MemoryContextAllocHuge(CurrentMemoryContext, Max(total, 1));
	p = bytes;
	for (uint32 i = 0; i < n; i++)
	{
		memcpy(p, VARDATA(v->heap + offsets[i]), (size_t) lengths[i]);
		p += lengths[i];
	}
	saved = olap_lz_append(out, bytes, total, compress);
	pfree(bytes);
	return saved;
}

/* Bytes that values of these lengths take in a heap; false if they lie. */
static bool
measure(const uint32 *lengths, uint32 n, size_t align, size_t raw_len,
		size_t *need)
{
	uint64		sum = 0;
	uint64		bytes = 0;

	for (uint32 i = 0; i < n; i++)
	{
		if (lengths[i] > MaxAllocSize - VARHDRSZ)
			return false;
		sum += lengths[i];
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

bool
olap_strings_decode(const uint8 *src, size_t len, uint32 n, OlapVector *out,
					const char **reason)
{
	uint32		lengths[OLAP_VECTOR_ROWS];
	size_t		align = out->typalign == TYPALIGN_DOUBLE ? 8 : 4;
	size_t		start;
	size_t		need;
	size_t		raw_len;
	uint32		frame_len;
	uint8	   *bytes;

	if (len < sizeof(frame_len))
		OLAP_REJECT("a string block is cut short");
	memcpy(&frame_len, src, sizeof(frame_len));
	src += sizeof(frame_len);
	len -= sizeof(frame_len);
	if (frame_len > len)
		OLAP_REJECT("a string block is cut short");
	if (!olap_frame_decode(src, frame_len, n, lengths, sizeof(uint32), reason))
		return false;
	src += frame_len;
	len -= frame_len;
	if (!olap_lz_size(src, len, &raw_len) ||
		!measure(lengths, n, align, raw_len, &need))
		OLAP_REJECT("a string block has the wrong size");
	start = TYPEALIGN(align, out->heap_len);
	if (start + need > PG_UINT32_MAX)
		OLAP_REJECT("a string block is too large");

	olap_vector_reserve_heap(out, start - out->heap_len + need);
	memset(out->heap + out->heap_len, 0, start - out->heap_len);
	/* extract to the end of the room, and spread from there */
	bytes = (uint8 *) out->heap + start + need - raw_len;
	if (!olap_lz_extract(src, len, bytes, raw_len))
		OLAP_REJECT("a string block cannot be extracted");
	spread(out->heap, start, bytes, lengths, n, align,
		   (uint32 *) out->values + out->n);
	out->heap_len = start + need;
	out->n += n;
	return true;
}

/*-------------------------------------------------------------------------
 *
 * strings_decode.c
 *		The varlenas of one vector, from string blocks: all of them, or one.
 *
 * Lengths and prefixes are checked against the size of what follows them before a
 * byte of it is extracted, so that hostile ones allocate and copy no more than the
 * format allows.
 *
 * src/codec/strings_decode.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/kernel.h"
#include "codec/strings.h"

/* The sums of n lengths, and of the room that such values take in a heap. */
OLAP_KERNEL static bool
sum_whole_lengths(const uint32 *restrict lengths, uint32 n, uint64 align,
				  uint64 *bytes, uint64 *room)
{
	uint64		sum = 0;
	uint64		sum_room = 0;
	uint32		bad = 0;

	for (uint32 i = 0; i < n; i++)
	{
		bad |= lengths[i] > MaxAllocSize - VARHDRSZ;
		sum += lengths[i];
		sum_room += ((uint64) lengths[i] + VARHDRSZ + align - 1) & ~(align - 1);
	}
	*bytes = sum;
	*room = sum_room;
	return bad == 0;
}

/*
 * The sums of n lengths less their prefixes, and of the room that values of these
 * lengths take in a heap; false if one is not possible.
 */
OLAP_KERNEL static bool
sum_lengths(const uint32 *restrict lengths, const uint32 *restrict prefixes,
			uint32 n, uint64 align, uint64 *bytes, uint64 *room)
{
	uint64		sum = 0;
	uint64		sum_room = 0;
	uint32		bad = prefixes[0] != 0;

	for (uint32 i = 0; i < n; i++)
	{
		bad |= lengths[i] > MaxAllocSize - VARHDRSZ;
		bad |= prefixes[i] > lengths[i];
		sum += (uint64) lengths[i] - prefixes[i];
		sum_room += ((uint64) lengths[i] + VARHDRSZ + align - 1) & ~(align - 1);
	}
	for (uint32 i = 1; i < n; i++)
		bad |= prefixes[i] > lengths[i - 1];
	*bytes = sum;
	*room = sum_room;
	return bad == 0;
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

OLAP_KERNEL static void
widen(const uint8 *restrict bytes, uint32 n, uint32 *restrict values)
{
	for (uint32 i = 0; i < n; i++)
		values[i] = bytes[i];
}

/* As olap_string_lengths_add(), for n > 0. */
OLAP_KERNEL static uint32
add_prefixes(uint32 *restrict lengths, const uint32 *restrict prefixes, uint32 n,
			 uint32 *bytes)
{
	uint32		max = 0;
	uint32		sum = 0;
	uint32		bad = prefixes[0] != 0;

	for (uint32 i = 0; i < n; i++)
	{
		sum += lengths[i];
		lengths[i] += prefixes[i];
		max = lengths[i] > max ? lengths[i] : max;
	}
	for (uint32 i = 1; i < n; i++)
		bad |= prefixes[i] > lengths[i - 1];
	*bytes = sum;
	return bad != 0 ? PG_UINT32_MAX : max;
}

uint32
olap_string_lengths_add(uint32 *lengths, const uint32 *prefixes, uint32 n,
						uint32 *bytes)
{
	return add_prefixes(lengths, prefixes, n, bytes);
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
	widen(bytes, n, values);
	*src += block_len;
	*len -= block_len;
	return true;
}

/* Lengths, and prefixes if the mode has them, off *src. */
static bool
read_lengths(uint8 mode, const uint8 **src, size_t *len, uint32 n,
			 uint32 *lengths, uint32 *prefixes, const char **reason)
{
	uint32		bytes;

	if (mode != MODE_FRONT_SHORT && mode != MODE_FRONT_GROUPS)
		return read_frame(src, len, n, lengths, reason) &&
			(mode == MODE_PLAIN || read_frame(src, len, n, prefixes, reason));
	if (!read_short(src, len, n, lengths, reason) ||
		!read_short(src, len, n, prefixes, reason))
		return false;
	if (add_prefixes(lengths, prefixes, n, &bytes) > SHORT_MAX)
		OLAP_REJECT("a short string is long");
	return true;
}

/* The bytes of all groups, one after the other. */
static bool
extract_groups(const StringBlock *block, uint8 *dst)
{
	for (uint32 g = 0; g < block->ngroups; g++)
	{
		const StringGroup *group = &block->groups[g];

		if (!olap_lz_extract(group->src, group->len, dst, group->raw_len))
			return false;
		dst += group->raw_len;
	}
	return true;
}

/* Fill the heap from start on with n values; room for them is there. */
static bool
fill_heap(const StringBlock *block, uint32 n, size_t start, OlapVector *out)
{
	size_t		align = out->typalign == TYPALIGN_DOUBLE ? 8 : 4;
	uint32	   *offsets = (uint32 *) out->values + out->n;
	uint8	   *bytes;
	bool		ok;

	if (!block->front)
	{
		/* extract to the end of the room, and spread from there; more than that room is there */
		bytes = (uint8 *) out->heap + start + block->need - block->raw_len;
		if (!extract_groups(block, bytes))
			return false;
		olap_strings_spread(out->heap, start, bytes, block->lengths, n, align, offsets);
		return true;
	}
	bytes = MemoryContextAllocHuge(CurrentMemoryContext,
								   block->raw_len + 2 * OLAP_SPREAD_STEP);
	ok = extract_groups(block, bytes + OLAP_SPREAD_STEP);
	if (ok)
		olap_strings_unfold(out->heap, start, bytes + OLAP_SPREAD_STEP, block->lengths,
							block->prefixes, n, align, offsets);
	pfree(bytes);
	return ok;
}

/* Does group g of the n values have as many bytes as they take, and no more? */
static bool
group_fits(const StringBlock *block, uint32 g, uint32 n)
{
	uint32		first = g * block->group_rows;
	uint64		sum = 0;

	for (uint32 i = first; i < Min(n, first + block->group_rows); i++)
		sum += block->lengths[i] - block->prefixes[i];
	return block->prefixes[first] == 0 && sum == block->groups[g].raw_len;
}

/* The groups of mode 3, whose lengths stand before them. */
static bool
read_groups(StringBlock *block, const uint8 *src, size_t len, uint32 n)
{
	const uint8 *lengths = src;

	block->group_rows = GROUP_ROWS;
	block->ngroups = (n + GROUP_ROWS - 1) / GROUP_ROWS;
	if (len < block->ngroups * sizeof(uint32))
		return false;
	src += block->ngroups * sizeof(uint32);
	len -= block->ngroups * sizeof(uint32);
	for (uint32 g = 0; g < block->ngroups; g++)
	{
		StringGroup *group = &block->groups[g];
		uint32		stored;

		memcpy(&stored, lengths + g * sizeof(stored), sizeof(stored));
		if (stored > len || !olap_lz_size(src, stored, &group->raw_len))
			return false;
		group->src = src;
		group->len = stored;
		block->raw_len += group->raw_len;
		src += stored;
		len -= stored;
	}
	return len == 0;
}

/* The blocks of bytes: of mode 3, which stand behind the lengths, or the only one. */
static bool
read_bytes(StringBlock *block, uint8 mode, const uint8 *src, size_t len, uint32 n)
{
	block->raw_len = 0;
	if (mode == MODE_FRONT_GROUPS)
		return read_groups(block, src, len, n);
	block->group_rows = n;
	block->ngroups = 1;
	block->groups[0].src = src;
	block->groups[0].len = len;
	if (!olap_lz_size(src, len, &block->groups[0].raw_len))
		return false;
	block->raw_len = block->groups[0].raw_len;
	return true;
}

/* Do lengths and bytes agree?  Sets need. */
static bool
check_block(StringBlock *block, uint8 mode, uint32 n, size_t align)
{
	uint64		bytes;
	uint64		room;

	if (!(block->front ?
		  sum_lengths(block->lengths, block->prefixes, n, align, &bytes, &room) :
		  sum_whole_lengths(block->lengths, n, align, &bytes, &room)) ||
		bytes != block->raw_len)
		return false;
	block->need = room;
	for (uint32 g = 0; mode == MODE_FRONT_GROUPS && g < block->ngroups; g++)
		if (!group_fits(block, g, n))
			return false;
	return true;
}

static bool
open_block(StringBlock *block, const uint8 *src, size_t len, uint32 n,
		   size_t align, const char **reason)
{
	size_t		whole = len;
	uint8		mode;

	if (len == 0 || src[0] > MODE_GROUPS)
		OLAP_REJECT("a string block has an unknown mode");
	mode = src[0];
	block->front = mode != MODE_PLAIN;
	src++;
	len--;
	if (mode == MODE_GROUPS)
	{
		if (!olap_string_groups_open(block, src, len, n, reason))
			return false;
	}
	else if (!read_lengths(mode, &src, &len, n, block->lengths, block->prefixes, reason))
		return false;
	else if (!read_bytes(block, mode, src, len, n))
		OLAP_REJECT("a string block has the wrong size");
	if (!check_block(block, mode, n, align))
		OLAP_REJECT("a string block has the wrong size");
	if (block->front && block->need > max_front_heap(whole, n))
		OLAP_REJECT("a string block is too large");
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

	olap_vector_reserve_heap(out, start - out->heap_len + block.need + OLAP_SPREAD_STEP);
	memset(out->heap + out->heap_len, 0, start - out->heap_len);
	if (!fill_heap(&block, n, start, out))
		OLAP_REJECT("a string block cannot be extracted");
	out->heap_len = start + block.need;
	out->n += n;
	return true;
}

/* ---- one value ---- */

/*
 * Put a value together from its own bytes and those before it, backwards: of value i,
 * whose bytes end at `at`, what is still missing is from its prefix on.
 */
static void
collect_value(const uint32 *lengths, const uint32 *prefixes, const uint8 *bytes,
			  uint32 row, size_t at, char *value)
{
	uint32		missing = lengths[row];

	for (uint32 i = row;; i--)
	{
		uint32		prefix = prefixes[i];

		at -= lengths[i] - prefix;
		if (missing > prefix)
		{
			memcpy(value + prefix, bytes + at, missing - prefix);
			missing = prefix;
		}
		if (missing == 0)
			return;
	}
}

/* The bytes that the first n values have of their own. */
OLAP_KERNEL static size_t
sum_rests(const uint32 *restrict lengths, const uint32 *restrict prefixes, uint32 n)
{
	uint64		sum = 0;

	for (uint32 i = 0; i < n; i++)
		sum += lengths[i] - prefixes[i];
	return sum;
}

bool
olap_string_group_row(const StringGroup *group, const uint32 *lengths,
					  const uint32 *prefixes, uint32 row, OlapVector *out,
					  const char **reason)
{
	uint8	   *bytes = MemoryContextAllocHuge(CurrentMemoryContext,
											   Max(group->raw_len, 1));
	bool		ok = olap_lz_extract(group->src, group->len, bytes, group->raw_len);

	if (ok)
	{
		char	   *value = palloc(Max(lengths[row], 1));

		collect_value(lengths, prefixes, bytes, row,
					  sum_rests(lengths, prefixes, row + 1), value);
		olap_vector_append_var(out, value, lengths[row]);
		pfree(value);
	}
	pfree(bytes);
	if (!ok)
		OLAP_REJECT("a string block cannot be extracted");
	return true;
}

bool
olap_strings_decode_row(const OlapChunkSource *source, const uint8 *src, size_t len,
						uint32 n, uint32 row, OlapVector *out, const char **reason)
{
	StringBlock block;
	uint32		g;
	uint32		first;

	olap_chunk_need(source, src, Min(len, 1));
	if (len > 0 && src[0] == MODE_GROUPS)
		return olap_string_groups_row(source, src + 1, len - 1, n, row, out, reason);
	olap_chunk_need(source, src, len);
	if (!open_block(&block, src, len, n, 4, reason))
		return false;
	if (!block.front)
		memset(block.prefixes, 0, n * sizeof(uint32));
	g = row / block.group_rows;
	first = g * block.group_rows;
	return olap_string_group_row(&block.groups[g], block.lengths + first,
								 block.prefixes + first, row - first, out, reason);
}

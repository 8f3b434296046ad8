/*
 * test/fuzz/fuzz_bitmap.c
 *		Hostile bitmap indexes: any answer, but within the rows there are.
 *
 * Bytes 0 to 2 choose the number of rows and of buckets, bytes 3 to 10 are the hash
 * that is looked up; the rest is an index, or the bucket alone if bit 7 of byte 2 is set.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "index/bitmap.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEADER 11

static void
check(bool condition)
{
	if (!condition)
		abort();
}

static void
check_rows(const OlapRowSet *rows, OlapBitmapAnswer answer, uint32 nrows)
{
	uint64		any = 0;

	for (uint32 row = 0; row < OLAP_ROWGROUP_ROWS; row++)
	{
		uint64		bit = rows->words[row / 64] >> row % 64 & 1;

		check(bit == 0 || row < nrows);
		any |= bit;
	}
	check(answer == OLAP_BITMAP_BAD || answer == OLAP_BITMAP_MANY ||
		  (any != 0) == (answer == OLAP_BITMAP_ROWS));
}

/* One value, and some that begin with the same bits. */
static void
search(const uint8 *bytes, size_t len, int bits, uint64 hash, uint32 nrows)
{
	OlapRowSet *rows = palloc0(sizeof(OlapRowSet));
	uint8	   *bucket = palloc(len + OLAP_BITMAP_PADDING);	/* exact, for sanitizers */
	OlapBitmapAnswer answer;
	uint64		first = hash & ~((UINT64CONST(1) << 40) - 1);
	uint64		hashes[16];

	memcpy(bucket, bytes, len);
	memset(bucket + len, 0xAA, OLAP_BITMAP_PADDING);
	answer = olap_bitmap_find(bucket, len, bits, hash, nrows, rows);
	check_rows(rows, answer, nrows);
	memset(rows, 0, sizeof(*rows));
	for (int i = 0; i < (int) lengthof(hashes); i++)
		hashes[i] = first + ((uint64) i << (64 - OLAP_BITMAP_MAX_BITS - OLAP_BITMAP_FINGER_BITS));
	answer = olap_bitmap_find_list(bucket, len, bits, hashes,
								   olap_bitmap_same_bucket(bits, hashes, lengthof(hashes)),
								   nrows, rows);
	check_rows(rows, answer, nrows);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	MemoryContext cxt;
	uint32		nrows;
	int			bits;
	uint64		hash;
	uint32		ends[2];
	size_t		at;
	size_t		offset;
	size_t		len;

	if (size < HEADER)
		return 0;
	nrows = 1 + data[0] + data[1] * 256;
	bits = (data[2] & 0x7F) % (OLAP_BITMAP_MAX_BITS + 1);
	memcpy(&hash, data + 3, sizeof(hash));
	cxt = AllocSetContextCreate(TopMemoryContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(cxt);
	at = olap_bitmap_ends_offset(bits, hash);
	if ((data[2] & 0x80) != 0)
		search(data + HEADER, size - HEADER, bits, hash, nrows);
	else if (at + sizeof(ends) <= size - HEADER)
	{
		memcpy(ends, data + HEADER + at, sizeof(ends));
		if (olap_bitmap_bucket(bits, size - HEADER, ends, &offset, &len))
		{
			check(offset + len <= size - HEADER);
			search(data + HEADER + offset, len, bits, hash, nrows);
		}
	}
	MemoryContextSwitchTo(TopMemoryContext);
	MemoryContextDelete(cxt);
	return 0;
}

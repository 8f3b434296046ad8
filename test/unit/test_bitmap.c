/*
 * test/unit/test_bitmap.c
 *		Bitmap indexes find every row of a value, few others, and survive any bytes.
 */
#include "postgres.h"

#include "port/pg_bitutils.h"

#include "index/bitmap.h"
#include "sketch/value_hash.h"
#include "unit.h"

typedef struct Built
{
	uint32		nrows;
	int			bits;
	uint32		listed;
	OlapBytes	bytes;
} Built;

/* The index of rows with these values, as far as valid. */
static Built
build(const uint64 *values, const uint64 *valid, uint32 nrows, uint32 distinct)
{
	Built		index = {.nrows = nrows,.bits = olap_bitmap_bits(distinct, nrows)};
	uint64	   *hashes = palloc(nrows * sizeof(uint64));

	for (uint32 i = 0; i < nrows; i++)
		hashes[i] = olap_value_hash_u64(values[i]);
	olap_bytes_init(&index.bytes, CurrentMemoryContext);
	index.listed = olap_bitmap_build(hashes, valid, nrows, index.bits, &index.bytes);
	pfree(hashes);
	return index;
}

static OlapBitmapAnswer
find(const Built *index, uint64 value, OlapRowSet *rows)
{
	uint64		hash = olap_value_hash_u64(value);
	size_t		at = olap_bitmap_ends_offset(index->bits, hash);
	OlapBitmapAnswer answer = OLAP_BITMAP_BAD;
	uint32		ends[2];
	size_t		offset;
	size_t		len;

	if (at + sizeof(ends) > index->bytes.len)
		return OLAP_BITMAP_BAD;
	memcpy(ends, index->bytes.data + at, sizeof(ends));
	if (olap_bitmap_bucket(index->bits, index->bytes.len, ends, &offset, &len))
	{
		/* exactly as long as the contract says, for sanitizers */
		uint8	   *bucket = palloc(len + OLAP_BITMAP_PADDING);

		memcpy(bucket, index->bytes.data + offset, len);
		memset(bucket + len, unit_random() & 1 ? 0xff : 0, OLAP_BITMAP_PADDING);
		answer = olap_bitmap_find(bucket, len, index->bits, hash, index->nrows, rows);
		pfree(bucket);
	}
	return answer;
}

static bool
has(const OlapRowSet *rows, uint32 row)
{
	return (rows->words[row / 64] >> row % 64 & 1) != 0;
}

/* Every row of every value is found; others only where hashes meet. */
static uint64
check_all(const uint64 *values, const uint64 *valid, uint32 nrows, uint64 below,
		  uint32 distinct)
{
	Built		index = build(values, valid, nrows, distinct);
	uint32	   *counts = palloc0(below * sizeof(uint32));
	uint64		others = 0;
	uint32		listed = 0;
	uint32		lost = 0;

	for (uint32 i = 0; i < nrows; i++)
		if (valid == NULL || has((const OlapRowSet *) valid, i))
			counts[values[i]]++;
	for (uint64 value = 0; value < below; value++)
	{
		OlapRowSet	rows = {0};
		uint32		found;
		OlapBitmapAnswer answer = find(&index, value, &rows);

		CHECK(answer != OLAP_BITMAP_BAD);
		if (answer == OLAP_BITMAP_BAD)
			break;
		found = (uint32) pg_popcount((const char *) rows.words, sizeof(rows.words));
		if (answer != OLAP_BITMAP_ROWS)
		{
			CHECK_INT(found, 0);
			CHECK(answer == OLAP_BITMAP_MANY || counts[value] == 0);
			continue;
		}
		CHECK(found <= Max(nrows / OLAP_BITMAP_COMMON, 1));
		listed += counts[value];
		others += found - counts[value];
		if (counts[value] > 0)
			for (uint32 i = 0; i < nrows; i++)
				if (values[i] == value && !has(&rows, i) &&
					(valid == NULL || has((const OlapRowSet *) valid, i)))
					lost++;
	}
	CHECK_INT(lost, 0);
	CHECK_INT(index.listed, listed);
	pfree(index.bytes.data);
	pfree(counts);
	return nrows > 1000 ? others * 1000 / nrows : 0;
}

static void
fill(uint64 *values, uint32 nrows, uint64 below)
{
	for (uint32 i = 0; i < nrows; i++)
		values[i] = unit_random() % below;
}

static void
rows_of_every_value_are_found(void)
{
	static const uint32 rows[] = {1, 2, 63, 64, 65, 1000, 2049, 65535, 65536};
	static const uint64 belows[] = {1, 2, 50, 300, 5000};
	uint64	   *values = palloc(OLAP_ROWGROUP_ROWS * sizeof(uint64));

	for (int r = 0; r < (int) lengthof(rows); r++)
		for (int b = 0; b < (int) lengthof(belows); b++)
		{
			fill(values, rows[r], belows[b]);
			CHECK(check_all(values, NULL, rows[r], belows[b], belows[b]) < 20);
		}
	pfree(values);
}

/* The number of different values is an estimate: a wrong one costs, but loses nothing. */
static void
wrong_estimates_lose_nothing(void)
{
	uint64	   *values = palloc(OLAP_ROWGROUP_ROWS * sizeof(uint64));

	fill(values, 20000, 2000);
	check_all(values, NULL, 20000, 2000, 1);
	check_all(values, NULL, 20000, 2000, 65536);
	check_all(values, NULL, 20000, 2000, 0);
	pfree(values);
}

static void
nulls_are_in_no_list(void)
{
	uint64	   *values = palloc(OLAP_ROWGROUP_ROWS * sizeof(uint64));
	OlapRowSet *valid = palloc0(sizeof(OlapRowSet));

	fill(values, 10000, 1000);
	check_all(values, valid->words, 10000, 1000, 1000);
	for (uint32 i = 0; i < OLAP_BITMAP_WORDS; i++)
		valid->words[i] = unit_random();
	check_all(values, valid->words, 10000, 1000, 1000);
	pfree(values);
	pfree(valid);
}

/* Looking many values up finds what looking up each of them does. */
static void
lists_find_what_values_do(void)
{
	static const uint64 belows[] = {40, 300, 5000};
	uint64	   *values = palloc(20000 * sizeof(uint64));

	for (int round = 0; round < 30; round++)
	{
		uint64		below = belows[round % lengthof(belows)];
		uint64		hashes[64];
		uint32		n = 1 + unit_random() % lengthof(hashes);
		OlapRowSet	each = {0};
		OlapRowSet	all = {0};
		bool		many[2] = {false, false};
		Built		index;

		fill(values, 20000, below);
		index = build(values, NULL, 20000, (uint32) below);
		for (uint32 i = 0; i < n; i++)
		{
			uint64		value = unit_random() % (below + 20);
			uint32		at = i;

			hashes[i] = olap_value_hash_u64(value);
			many[0] |= find(&index, value, &each) == OLAP_BITMAP_MANY;
			for (; at > 0 && hashes[at - 1] > hashes[at]; at--)
			{
				uint64		swap = hashes[at];

				hashes[at] = hashes[at - 1];
				hashes[at - 1] = swap;
			}
		}
		for (uint32 i = 0, same; i < n; i += same)
		{
			uint32		ends[2];
			size_t		offset;
			size_t		len;
			uint8	   *bucket;

			same = olap_bitmap_same_bucket(index.bits, hashes + i, n - i);
			memcpy(ends, index.bytes.data + olap_bitmap_ends_offset(index.bits, hashes[i]), sizeof(ends));
			CHECK(olap_bitmap_bucket(index.bits, index.bytes.len, ends, &offset, &len));
			bucket = palloc(len + OLAP_BITMAP_PADDING);
			memcpy(bucket, index.bytes.data + offset, len);
			memset(bucket + len, 0, OLAP_BITMAP_PADDING);
			many[1] |= olap_bitmap_find_list(bucket, len, index.bits, hashes + i, same,
											 index.nrows, &all) == OLAP_BITMAP_MANY;
			pfree(bucket);
		}
		CHECK(many[0] == many[1]);
		CHECK(many[0] || memcmp(&each, &all, sizeof(all)) == 0);
		pfree(index.bytes.data);
	}
	pfree(values);
}

/* Of unique values: the size, and how many absent ones find a row. */
static void
unique_values_take_four_bytes(void)
{
	uint32		n = OLAP_ROWGROUP_ROWS;
	uint64	   *values = palloc(n * sizeof(uint64));
	uint32		wrong = 0;
	Built		index;

	for (uint32 i = 0; i < n; i++)
		values[i] = i;
	index = build(values, NULL, n, n);
	CHECK_INT(index.listed, n);
	CHECK(index.bytes.len < 4 * n);
	for (uint32 i = 0; i < 50000; i++)
	{
		OlapRowSet	rows = {0};

		wrong += find(&index, n + i, &rows) != OLAP_BITMAP_NONE;
	}
	CHECK(wrong < 400);
	wrong = 0;
	for (uint32 i = 0; i < n; i += 97)
	{
		OlapRowSet	rows = {0};

		wrong += find(&index, i, &rows) != OLAP_BITMAP_ROWS || !has(&rows, i);
	}
	CHECK_INT(wrong, 0);
	pfree(index.bytes.data);
	pfree(values);
}

/* A few rare values beside common ones cost next to nothing. */
static void
common_values_are_not_listed(void)
{
	uint32		n = OLAP_ROWGROUP_ROWS;
	uint64	   *values = palloc(n * sizeof(uint64));
	OlapRowSet	rows = {0};
	Built		index;

	fill(values, n, 4);
	for (uint32 i = 0; i < n; i += 1000)
		values[i] = 7;
	index = build(values, NULL, n, 5);
	CHECK_INT(index.listed, 66);
	CHECK(index.bytes.len < 300);
	CHECK(find(&index, 2, &rows) == OLAP_BITMAP_MANY);
	CHECK(find(&index, 7, &rows) == OLAP_BITMAP_ROWS);
	for (uint32 i = 0; i < n; i++)
		CHECK(has(&rows, i) == (i % 1000 == 0));
	pfree(index.bytes.data);
	pfree(values);
}

/* Sets of several look-ups are united by the caller's bits. */
static void
found_rows_are_added(void)
{
	uint64		values[300];
	OlapRowSet	rows = {0};
	Built		index;

	for (uint32 i = 0; i < 300; i++)
		values[i] = i / 2;
	index = build(values, NULL, 300, 150);
	CHECK(find(&index, 3, &rows) == OLAP_BITMAP_ROWS);
	CHECK(find(&index, 140, &rows) == OLAP_BITMAP_ROWS);
	CHECK(rows.words[0] == 0xC0 && has(&rows, 280) && has(&rows, 281));
	pfree(index.bytes.data);
}

/* Bits and bytes that are turned over: any answer, but no read or write astray. */
static void
damaged_bytes_are_survived(void)
{
	uint64		values[3000];
	uint32		answers[4] = {0};

	for (int round = 0; round < 2000; round++)
	{
		Built		index;

		fill(values, lengthof(values), 1 + unit_random() % 3000);
		index = build(values, NULL, lengthof(values), 1 + unit_random() % 3000);
		for (int i = 0; i < 20; i++)
		{
			OlapRowSet	rows = {0};

			index.bytes.data[unit_random() % index.bytes.len] = unit_random();
			answers[find(&index, values[i], &rows)]++;
			for (uint32 w = lengthof(values) / 64 + 1; w < OLAP_BITMAP_WORDS; w++)
				CHECK(rows.words[w] == 0);
		}
		pfree(index.bytes.data);
	}
	CHECK(answers[OLAP_BITMAP_BAD] > 0 && answers[OLAP_BITMAP_ROWS] > 0);
}

/* What docs/format.md says, written down by another program that follows it. */
static void
bytes_are_those_of_the_format(void)
{
	static const uint8 expected[] = {
		0x0C, 0x00, 0x00, 0x00, 0x18, 0x00, 0x00, 0x00, 0x1F, 0x00, 0x00, 0x00,
		0x72, 0x84, 0x1C, 0xB0, 0x80, 0x1B, 0x6A, 0x00, 0xC0, 0xED, 0x32, 0x00,
		0x02, 0x08, 0x90, 0x47, 0x00, 0x80, 0x41
	};
	uint64	   *hashes = palloc(320 * sizeof(uint64));
	uint64		valid[5] = {PG_UINT64_MAX, PG_UINT64_MAX, PG_UINT64_MAX,
	PG_UINT64_MAX, PG_UINT64_MAX};
	OlapBytes	bytes;

	for (uint32 row = 0; row < 320; row++)
		hashes[row] = UINT64CONST(0x1801) << 51;
	hashes[7] = hashes[8] = hashes[100] = hashes[319] = UINT64CONST(0x123) << 51;
	hashes[50] = UINT64CONST(0xFFF) << 51;
	hashes[60] = UINT64CONST(0x1800) << 51;
	valid[0] &= ~(UINT64CONST(1) << 61);
	olap_bytes_init(&bytes, CurrentMemoryContext);
	CHECK_INT(olap_bitmap_build(hashes, valid, 320, 1, &bytes), 6);
	CHECK_INT(bytes.len, sizeof(expected));
	CHECK(bytes.len == sizeof(expected) &&
		  memcmp(bytes.data, expected, sizeof(expected)) == 0);
	pfree(bytes.data);
	pfree(hashes);
}

static void
ends_are_within_the_index(void)
{
	size_t		offset;
	size_t		len;

	CHECK(olap_bitmap_bucket(1, 100, (uint32[]) {12, 100}, &offset, &len) &&
		  offset == 12 && len == 88);
	CHECK(!olap_bitmap_bucket(1, 100, (uint32[]) {11, 100}, &offset, &len));
	CHECK(!olap_bitmap_bucket(1, 100, (uint32[]) {12, 101}, &offset, &len));
	CHECK(!olap_bitmap_bucket(1, 100, (uint32[]) {20, 19}, &offset, &len));
	CHECK(!olap_bitmap_bucket(17, 1000000, (uint32[]) {524292, 524292}, &offset, &len));
	CHECK_INT(olap_bitmap_bits(0, 0), 0);
	CHECK_INT(olap_bitmap_bits(PG_UINT32_MAX, 65536), OLAP_BITMAP_MAX_BITS);
}

int
main(void)
{
	RUN(rows_of_every_value_are_found);
	RUN(wrong_estimates_lose_nothing);
	RUN(nulls_are_in_no_list);
	RUN(lists_find_what_values_do);
	RUN(unique_values_take_four_bytes);
	RUN(common_values_are_not_listed);
	RUN(found_rows_are_added);
	RUN(damaged_bytes_are_survived);
	RUN(bytes_are_those_of_the_format);
	RUN(ends_are_within_the_index);
	return DONE();
}

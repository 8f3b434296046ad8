/*
 * test/unit/test_codec.c
 *		Chunks give back what went in, whatever the codec; bad bytes are refused.
 */
#include "postgres.h"

#include <math.h>

#include "utils/memutils.h"

#include "codec/codec.h"
#include "codec_data.h"

static const uint32 sizes[] = {1, 63, 64, 2047, 2048, 2049, 6000, 65536};

static const OlapPhys all_phys[] = {
	OLAP_PHYS_BOOL, OLAP_PHYS_I8, OLAP_PHYS_I16, OLAP_PHYS_I32, OLAP_PHYS_I64,
	OLAP_PHYS_F32, OLAP_PHYS_F64, OLAP_PHYS_DEC64, OLAP_PHYS_FIXED,
	OLAP_PHYS_VAR
};

static const OlapPhys integers[] = {
	OLAP_PHYS_I8, OLAP_PHYS_I16, OLAP_PHYS_I32, OLAP_PHYS_I64, OLAP_PHYS_DEC64
};

typedef int64 (*Shape) (uint32 row);

/* Is row NULL? 0: never, 1: some, 2: long runs, 3: all but one, 4: the first */
#define NULL_PATTERNS 5

static bool
pattern_null(int pattern, uint32 row, uint32 n)
{
	switch (pattern)
	{
		case 1:
			return (row * 2654435761U) >> 30 == 0;
		case 2:
			return (row / 3000) % 2 == 1;
		case 3:
			return row != n / 2;
		case 4:
			return row < 70 && row + 1 < n;
		default:
			return false;
	}
}

static void
fill(OlapVector *v, Shape shape, uint32 n, int pattern)
{
	for (uint32 i = 0; i < n; i++)
	{
		if (pattern_null(pattern, i, n))
			olap_vector_append_null(v);
		else
			data_append(v, shape(i));
	}
}

/* Bytes that get in place when they are asked for. */
typedef struct Pieces
{
	const uint8 *from;
	uint8	   *to;
	size_t		len;
	size_t		fetched;		/* with repetitions */
} Pieces;

static void
fetch_piece(void *arg, size_t offset, size_t len)
{
	Pieces	   *pieces = arg;

	CHECK(offset <= pieces->len && len <= pieces->len - offset);
	memcpy(pieces->to + offset, pieces->from + offset, len);
	pieces->fetched += len;
}

static uint64 rows_decoded;

/* Rows of a vector on their own, if the chunk decodes them so; b: all of it. */
static void
check_rows(OlapChunk *chunk, uint32 vecno, const OlapVector *b, OlapVector *a)
{
	const uint16 rows[] = {0, 1, (uint16) (b->n / 3), (uint16) (b->n - 1)};
	uint32		n = b->n >= 8 && olap_chunk_decodes_rows(chunk, 4) ? 4 : 1;
	const char *reason = NULL;
	uint32		wrong = 0;

	if (!olap_chunk_decodes_rows(chunk, n))
		return;
	CHECK(olap_chunk_decode_rows(chunk, vecno, rows, n, a, &reason));
	CHECK_INT(a->n, b->n);
	for (uint32 i = 0; i < n; i++)
		wrong += !data_equal(b, rows[i], a, rows[i]);
	CHECK_INT(wrong, 0);
	rows_decoded += n;
}

/* Codes alone say what the values are, and can be made values. */
static void
check_codes(OlapChunk *chunk, uint32 vecno, const OlapVector *b, OlapVector *a)
{
	const char *reason = NULL;
	uint32		wrong = 0;

	if (olap_chunk_info(chunk)->encoding != OLAP_ENC_DICT)
		return;
	CHECK(olap_chunk_decode_codes(chunk, vecno, a, &reason));
	CHECK_INT(a->n, b->n);
	for (uint32 i = 0; i < a->n; i++)
		wrong += olap_vector_is_null(a, i) != olap_vector_is_null(b, i) ||
			(!olap_vector_is_null(b, i) && !data_equal(b, i, a->dict, a->codes[i]));
	CHECK_INT(wrong, 0);
	olap_chunk_fill_values(chunk, a);
	for (uint32 i = 0; i < a->n; i++)
		wrong += !data_equal(b, i, a, i);
	CHECK_INT(wrong, 0);
}

/*
 * Each vector, read of a chunk none of whose other vectors is in place, is as
 * that of a chunk all of which is.
 */
static void
check_pieces(const OlapBytes *bytes, size_t skip, const OlapColumnType *type,
			 uint32 n)
{
	size_t		len = bytes->len - skip;
	OlapChunk  *whole;
	OlapVector	a;
	OlapVector	b;
	const char *reason = NULL;

	whole = olap_chunk_open(bytes->data + skip, len, type, n,
							CurrentMemoryContext, &reason);
	olap_vector_init(&a, type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	olap_vector_init(&b, type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	for (uint32 vecno = 0; vecno * OLAP_VECTOR_ROWS < n; vecno++)
	{
		Pieces		pieces = {bytes->data + skip, palloc(len), len, 0};
		uint32		wrong = 0;
		OlapChunk  *chunk;

		memset(pieces.to, 0xA5, len);
		chunk = olap_chunk_open_pieces(pieces.to, len, fetch_piece, &pieces,
									   type, n, CurrentMemoryContext, &reason);
		CHECK(chunk != NULL);
		CHECK(olap_chunk_decode(whole, vecno, &b, &reason));
		check_rows(chunk, vecno, &b, &a);
		check_codes(chunk, vecno, &b, &a);
		CHECK(olap_chunk_decode(chunk, vecno, &a, &reason));
		CHECK_INT(a.n, b.n);
		for (uint32 i = 0; i < a.n; i++)
			wrong += !data_equal(&b, i, &a, i);
		CHECK_INT(wrong, 0);
		if (olap_chunk_info(chunk)->encoding == OLAP_ENC_FOR && n > 60000 &&
			olap_chunk_info(chunk)->nulls == 0)
			CHECK(pieces.fetched < len / 8 + 512);
		olap_chunk_close(chunk);
		pfree(pieces.to);
	}
	olap_vector_free(&a);
	olap_vector_free(&b);
	olap_chunk_close(whole);
}

/*
 * Encode v, open the chunk and compare every vector, from the last to the
 * first; returns what olap_chunk_encode() said.
 */
static OlapChunkInfo
round_trip(const OlapVector *v, const OlapColumnType *type)
{
	OlapBytes	bytes;
	OlapChunkInfo info;
	const char *reason = NULL;
	OlapChunk  *chunk;
	uint8	   *copy;
	uint32		nvec = (v->n + OLAP_VECTOR_ROWS - 1) / OLAP_VECTOR_ROWS;
	uint32		wrong = 0;
	uint32		nulls = 0;
	OlapVector	out;

	olap_bytes_init(&bytes, CurrentMemoryContext);
	olap_bytes_append(&bytes, "x", 1);
	olap_chunk_encode(v, &bytes, &info);
	/* at an odd address, and with nothing readable behind it */
	copy = palloc(bytes.len);
	memcpy(copy, bytes.data, bytes.len);
	chunk = olap_chunk_open(copy + 1, bytes.len - 1, type, v->n,
							CurrentMemoryContext, &reason);
	CHECK(chunk != NULL);
	if (chunk == NULL)
	{
		printf("# %s\n", reason);
		return info;
	}
	CHECK(memcmp(&info, olap_chunk_info(chunk), sizeof(info)) == 0);
	olap_vector_init(&out, type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	for (uint32 vecno = nvec; vecno-- > 0;)
	{
		uint32		first = vecno * OLAP_VECTOR_ROWS;

		CHECK(olap_chunk_decode(chunk, vecno, &out, &reason));
		CHECK_INT(out.n, Min(v->n - first, OLAP_VECTOR_ROWS));
		for (uint32 i = 0; i < out.n; i++)
		{
			wrong += !data_equal(v, first + i, &out, i);
			nulls += olap_vector_is_null(&out, i);
			if (out.codes != NULL && !olap_vector_is_null(&out, i))
				wrong += !data_equal(v, first + i, out.dict, out.codes[i]);
		}
	}
	CHECK_INT(wrong, 0);
	CHECK_INT(nulls, info.nulls);
	CHECK(!olap_chunk_decode(chunk, nvec, &out, &reason));
	olap_vector_free(&out);
	olap_chunk_close(chunk);
	check_pieces(&bytes, 1, type, v->n);
	pfree(copy);
	pfree(bytes.data);
	return info;
}

/* Round trips of a shape in every size and NULL pattern. */
static void
check_shape(OlapPhys phys, Shape shape)
{
	OlapColumnType type = data_type(phys);

	for (int s = 0; s < (int) lengthof(sizes); s++)
	{
		for (int pattern = 0; pattern < NULL_PATTERNS; pattern++)
		{
			OlapVector	v;
			size_t		before = unit_allocated();

			olap_vector_init(&v, &type, 64, CurrentMemoryContext);
			fill(&v, shape, sizes[s], pattern);
			round_trip(&v, &type);
			olap_vector_free(&v);
			CHECK_INT(unit_allocated(), before);
		}
	}
}

/* The encoding chosen for 65,536 rows of a shape, and its bytes a row. */
static OlapEncoding
encoding_of(OlapPhys phys, Shape shape)
{
	OlapColumnType type = data_type(phys);
	OlapVector	v;
	OlapChunkInfo info;

	olap_vector_init(&v, &type, OLAP_ROWGROUP_ROWS, CurrentMemoryContext);
	fill(&v, shape, OLAP_ROWGROUP_ROWS, 0);
	info = round_trip(&v, &type);
	olap_vector_free(&v);
	return info.encoding;
}

static double
bytes_per_row(OlapPhys phys, Shape shape)
{
	OlapColumnType type = data_type(phys);
	OlapVector	v;
	OlapBytes	bytes;
	OlapChunkInfo info;
	double		result;

	olap_vector_init(&v, &type, OLAP_ROWGROUP_ROWS, CurrentMemoryContext);
	fill(&v, shape, OLAP_ROWGROUP_ROWS, 0);
	olap_bytes_init(&bytes, CurrentMemoryContext);
	olap_chunk_encode(&v, &bytes, &info);
	result = (double) bytes.len / OLAP_ROWGROUP_ROWS;
	olap_vector_free(&v);
	pfree(bytes.data);
	return result;
}

static uint64
scramble(uint64 x)
{
	x = (x + 1) * UINT64CONST(0x9E3779B97F4A7C15);
	x = (x ^ (x >> 29)) * UINT64CONST(0xBF58476D1CE4E5B9);
	return x ^ (x >> 32);
}

static int64
shape_constant(uint32 row)
{
	return 77;
}

static int64
shape_sorted(uint32 row)
{
	return (int64) row - 1000;
}

static int64
shape_random(uint32 row)
{
	return (int64) scramble(row);
}

static int64
shape_small(uint32 row)
{
	return (int64) (scramble(row) % 100);
}

static int64
shape_runs(uint32 row)
{
	return (int64) scramble(row / 500);
}

static int64
shape_few(uint32 row)
{
	return (int64) scramble(scramble(row) % 50);
}

static int64
shape_extremes(uint32 row)
{
	switch (row % 7)
	{
		case 0:
			return PG_INT64_MIN;
		case 1:
			return PG_INT64_MAX;
		case 2:
			return -1;
		case 3:
			return PG_INT32_MIN;
		case 4:
			return PG_INT32_MAX;
		default:
			return (int64) scramble(row);
	}
}

static int64
shape_outliers(uint32 row)
{
	if (scramble(row) % 100 == 0)
		return row % 2 == 0 ? PG_INT64_MIN + row : PG_INT64_MAX - row;
	return 1000000 + (int64) (scramble(row) % 1000);
}

/* Microseconds, about 0.26 s apart, up to 5 s late, few up to 600 s. */
static int64
shape_timestamps(uint32 row)
{
	uint64		late = scramble(row) % 1000 < 5 ? 600000000 : 5000000;

	return INT64CONST(823000000000000) + (int64) row * 259200 -
		(int64) (scramble(row + 1000000) % late);
}

static int64
shape_gaps(uint32 row)
{
	static int64 last;

	last = row == 0 ? 0 : last + 1 + (int64) (scramble(row) % 8);
	return last;
}

static int64
shape_prices(uint32 row)
{
	double		price = scramble(row) % 60 == 0
		? (double) (scramble(row) % 10000) / 100 : 0;
	int64		bits;

	memcpy(&bits, &price, sizeof(bits));
	return bits;
}

static int64
shape_decimals(uint32 row)
{
	double		price = (double) (scramble(row) % 10000000) / 1000;
	int64		bits;

	memcpy(&bits, &price, sizeof(bits));
	return bits;
}

/* Decimals among which all odd floats occur. */
static int64
shape_odd_floats(uint32 row)
{
	double		value = (double) (scramble(row) % 1000) / 8;
	int64		bits;

	if (row % 50 == 7)
		value = -0.0;
	else if (row % 50 == 17)
		value = row % 100 == 17 ? INFINITY : -INFINITY;
	else if (row % 50 == 27)
		value = 5e-324;
	memcpy(&bits, &value, sizeof(bits));
	if (row % 50 == 37)
		bits = INT64CONST(0x7FF8000000000000) | row;	/* NaN with a payload */
	if (row % 50 == 47)
		bits = INT64CONST(0xFFF0000000000001);	/* signalling, negative */
	return bits;
}

static int64
shape_floats32(uint32 row)
{
	float		value = (float) (scramble(row) % 10000) / 10;
	int32		bits;

	if (row % 40 == 3)
		value = -0.0f;
	if (row % 40 == 13)
		value = 1e-40f;
	memcpy(&bits, &value, sizeof(bits));
	return row % 40 == 23 ? 0x7FC00001 : bits;
}

/* About as many values of each length in bits, as with Zipf's law. */
static int64
shape_skewed(uint32 row)
{
	int			bits = (int) (scramble(row) >> 40) % 16;

	return (INT64CONST(1) << bits) +
		(int64) (scramble(row + 77) & ((UINT64CONST(1) << bits) - 1));
}

/* The same, with values that are far apart. */
static int64
shape_popular(uint32 row)
{
	return (int64) scramble((uint64) shape_skewed(row) % 5000) >> 8;
}

/* Few narrow ranges at both ends of 64 bits, and some zeros. */
static int64
shape_islands(uint32 row)
{
	uint64		r = scramble(row);
	int64		at[] = {PG_INT64_MIN + 3, -1, 0, 70000, PG_INT64_MAX - 5000};

	return row % 3 == 0 ? 0 : at[r % 5] + (int64) (r >> 20) % 3 * (r % 5 != 4);
}

/* A measured double: few exponents, all bits of the mantissa in use. */
static int64
shape_gauge(uint32 row)
{
	double		value = 20;
	int64		bits;

	for (int i = 0; i < 6; i++)
		value += (double) (scramble(row * 6 + i) >> 11) / 9007199254740992.0;
	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

#define EVERY_PHYS(test, shape) \
static void \
test(void) \
{ \
	for (int i = 0; i < (int) lengthof(all_phys); i++) \
		check_shape(all_phys[i], shape); \
}

EVERY_PHYS(constants_round_trip, shape_constant)
EVERY_PHYS(sorted_values_round_trip, shape_sorted)
EVERY_PHYS(random_values_round_trip, shape_random)
EVERY_PHYS(small_values_round_trip, shape_small)
EVERY_PHYS(runs_round_trip, shape_runs)
EVERY_PHYS(few_values_round_trip, shape_few)
EVERY_PHYS(extremes_round_trip, shape_extremes)
EVERY_PHYS(outliers_round_trip, shape_outliers)
EVERY_PHYS(timestamps_round_trip, shape_timestamps)
EVERY_PHYS(gaps_round_trip, shape_gaps)
EVERY_PHYS(skewed_values_round_trip, shape_skewed)
EVERY_PHYS(popular_values_round_trip, shape_popular)
EVERY_PHYS(islands_round_trip, shape_islands)
EVERY_PHYS(gauges_round_trip, shape_gauge)

/* -0, NaN with payloads, infinities and denormals keep their bits. */
static void
odd_floats_round_trip(void)
{
	check_shape(OLAP_PHYS_F64, shape_odd_floats);
	check_shape(OLAP_PHYS_F64, shape_prices);
	check_shape(OLAP_PHYS_F64, shape_decimals);
	check_shape(OLAP_PHYS_F32, shape_floats32);
}

/* Integers of every bit width, packed in blocks and as a tail. */
static int random_width;

static int64
shape_of_width(uint32 row)
{
	return random_width == 0 ? 5
		: (int64) (scramble(row) >> (64 - random_width));
}

static void
every_bit_width_round_trips(void)
{
	OlapColumnType type = data_type(OLAP_PHYS_I64);

	for (random_width = 0; random_width <= 64; random_width++)
	{
		OlapVector	v;

		olap_vector_init(&v, &type, 64, CurrentMemoryContext);
		fill(&v, shape_of_width, 2048 + 700, 0);
		round_trip(&v, &type);
		olap_vector_free(&v);
	}
}

/* Bins of every width, narrow ones and those beyond 25 and 32 bits. */
static int64
shape_of_widths(uint32 row)
{
	int			bits = (int) (scramble(row) >> 40) % (random_width + 1);
	int64		value = (int64) (scramble(row + 77) &
								 ((UINT64CONST(1) << bits) - 1));

	return value + (INT64CONST(1) << bits) - (row % 3 == 0 ? 1000 : 0);
}

static void
bins_of_every_width_round_trip(void)
{
	for (random_width = 1; random_width <= 60; random_width++)
	{
		for (int i = 0; i < (int) lengthof(integers); i++)
		{
			OlapColumnType type = data_type(integers[i]);
			OlapVector	v;

			olap_vector_init(&v, &type, 64, CurrentMemoryContext);
			fill(&v, shape_of_widths, 2048 + 701, random_width % 3);
			round_trip(&v, &type);
			olap_vector_free(&v);
		}
		if (random_width >= 6 && random_width <= 50)
			CHECK_INT(encoding_of(OLAP_PHYS_I64, shape_of_widths),
					  OLAP_ENC_BINS);
	}
}

/* NULLs take the shortest bin, so half of them halve the rest. */
static void
nulls_take_few_bits(void)
{
	OlapColumnType type = data_type(OLAP_PHYS_I32);
	size_t		len[2];

	for (int nulls = 0; nulls < 2; nulls++)
	{
		OlapVector	v;
		OlapBytes	bytes;
		OlapChunkInfo info;

		olap_vector_init(&v, &type, 64, CurrentMemoryContext);
		for (uint32 row = 0; row < OLAP_ROWGROUP_ROWS; row++)
		{
			if (nulls == 1 && scramble(row + 5) % 2 == 0)
				olap_vector_append_null(&v);
			else
				data_append(&v, shape_skewed(row));
		}
		olap_bytes_init(&bytes, CurrentMemoryContext);
		olap_chunk_encode(&v, &bytes, &info);
		CHECK_INT(info.encoding, OLAP_ENC_BINS);
		len[nulls] = bytes.len;
		round_trip(&v, &type);
	}
	CHECK(len[1] - OLAP_ROWGROUP_ROWS / 8 < len[0] * 3 / 4);
}

static void
all_null_columns_round_trip(void)
{
	for (int i = 0; i < (int) lengthof(all_phys); i++)
	{
		OlapColumnType type = data_type(all_phys[i]);
		OlapVector	v;
		OlapChunkInfo info;

		olap_vector_init(&v, &type, 64, CurrentMemoryContext);
		for (int row = 0; row < 3000; row++)
			olap_vector_append_null(&v);
		info = round_trip(&v, &type);
		CHECK_INT(info.encoding, OLAP_ENC_CONST);
		CHECK_INT(info.nulls, 3000);
	}
}

/* Empty, long, NUL-containing and prefix-sharing strings of both alignments. */
static void
odd_strings_round_trip(void)
{
	char		big[20000];

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char) scramble(i / 3);
	for (int variant = 0; variant < 8; variant++)
	{
		OlapColumnType type = data_type(OLAP_PHYS_VAR);
		OlapVector	v;
		uint32		n = variant % 2 == 0 ? 5000 : 40;

		type.typalign = variant % 4 < 2 ? 'i' : 'd';
		olap_vector_init(&v, &type, 64, CurrentMemoryContext);
		for (uint32 i = 0; i < n; i++)
		{
			uint64		r = scramble(variant < 4 ? i : i % 37);

			if (r % 11 == 0)
				olap_vector_append_null(&v);
			else if (r % 11 == 1)
				olap_vector_append_var(&v, "", 0);
			else if (r % 11 == 2)
				olap_vector_append_var(&v, "\0\0\0\0\0\0\0\0\0\0\0", r % 12);
			else if (r % 11 == 3)
				olap_vector_append_var(&v, big, r % sizeof(big));
			else
				olap_vector_append_var(&v, big, r / 16 % 50);
		}
		round_trip(&v, &type);
		olap_vector_free(&v);
	}
}

/*
 * A dictionary has no duplicates, and is sorted byte by byte, shorter first,
 * within each of at most eight classes.
 */
static void
dictionaries_are_sorted(void)
{
	uint32		descents = 0;

	OlapColumnType type = data_type(OLAP_PHYS_VAR);
	OlapVector	v;
	OlapBytes	bytes;
	OlapChunkInfo info;
	OlapChunk  *chunk;
	const OlapVector *dict;
	const char *reason;

	olap_vector_init(&v, &type, 64, CurrentMemoryContext);
	for (uint32 i = 0; i < 50000; i++)
	{
		char		text[64];
		uint64		r = scramble(scramble(i) % 3000);
		int			len = snprintf(text, sizeof(text),
								   "https://www.example.com/%llu",
								   (unsigned long long) (r % 100000));

		memset(text + len, 0, 8);
		olap_vector_append_var(&v, text, len - (r >> 40) % 16 + (r >> 50) % 8);
	}
	olap_bytes_init(&bytes, CurrentMemoryContext);
	olap_chunk_encode(&v, &bytes, &info);
	CHECK_INT(info.encoding, OLAP_ENC_DICT);
	chunk = olap_chunk_open(bytes.data, bytes.len, &type, v.n,
							CurrentMemoryContext, &reason);
	dict = olap_chunk_dict(chunk, &reason);
	CHECK_INT(dict->n, info.distinct);
	for (uint32 i = 1; i < dict->n; i++)
	{
		const char *a = dict->heap + ((uint32 *) dict->values)[i - 1];
		const char *b = dict->heap + ((uint32 *) dict->values)[i];
		size_t		alen = VARSIZE(a) - VARHDRSZ;
		size_t		blen = VARSIZE(b) - VARHDRSZ;
		int			order = memcmp(VARDATA(a), VARDATA(b), Min(alen, blen));

		CHECK(order != 0 || alen != blen);
		descents += order > 0 || (order == 0 && alen > blen);
	}
	CHECK(descents < 8);
	for (uint32 i = 0; i < dict->n; i += 97)
		for (uint32 k = 0; k < i; k++)
			CHECK(!data_equal(dict, i, dict, k));
	round_trip(&v, &type);
}

static void
each_shape_gets_its_encoding(void)
{
	for (int i = 0; i < (int) lengthof(all_phys); i++)
		CHECK_INT(encoding_of(all_phys[i], shape_constant), OLAP_ENC_CONST);
	for (int i = 0; i < (int) lengthof(integers); i++)
	{
		CHECK_INT(encoding_of(integers[i], shape_small), OLAP_ENC_FOR);
		CHECK_INT(encoding_of(integers[i], shape_runs), OLAP_ENC_RLE);
	}
	CHECK_INT(encoding_of(OLAP_PHYS_I64, shape_random), OLAP_ENC_RAW);
	CHECK_INT(encoding_of(OLAP_PHYS_I64, shape_few), OLAP_ENC_DICT);
	CHECK_INT(encoding_of(OLAP_PHYS_I64, shape_gaps), OLAP_ENC_DELTA);
	CHECK_INT(encoding_of(OLAP_PHYS_I64, shape_skewed), OLAP_ENC_BINS);
	CHECK_INT(encoding_of(OLAP_PHYS_I32, shape_skewed), OLAP_ENC_BINS);
	CHECK_INT(encoding_of(OLAP_PHYS_I64, shape_popular), OLAP_ENC_DICT);
	CHECK_INT(encoding_of(OLAP_PHYS_F64, shape_gauge), OLAP_ENC_BINS);
	CHECK_INT(encoding_of(OLAP_PHYS_F64, shape_random), OLAP_ENC_RAW);
	CHECK_INT(encoding_of(OLAP_PHYS_F64, shape_few), OLAP_ENC_DICT);
	CHECK_INT(encoding_of(OLAP_PHYS_F64, shape_decimals), OLAP_ENC_FOR);
	CHECK_INT(encoding_of(OLAP_PHYS_FIXED, shape_random), OLAP_ENC_RAW);
	CHECK_INT(encoding_of(OLAP_PHYS_FIXED, shape_few), OLAP_ENC_DICT);
	CHECK_INT(encoding_of(OLAP_PHYS_VAR, shape_few), OLAP_ENC_DICT);
	CHECK_INT(encoding_of(OLAP_PHYS_VAR, shape_random), OLAP_ENC_LZ);
}

/* Sizes that the design counts on. */
static void
sizes_meet_their_targets(void)
{
	CHECK(bytes_per_row(OLAP_PHYS_I64, shape_sorted) < 0.03);
	CHECK(bytes_per_row(OLAP_PHYS_I64, shape_timestamps) < 2.95);
	/* 4 bits of which length, 7.5 of the rest on average: 1.44 bytes */
	CHECK(bytes_per_row(OLAP_PHYS_I32, shape_skewed) < 1.5);
	CHECK(bytes_per_row(OLAP_PHYS_I64, shape_popular) < 1.95);
	CHECK(bytes_per_row(OLAP_PHYS_F64, shape_gauge) < 6.7);
	CHECK(bytes_per_row(OLAP_PHYS_I64, shape_gaps) < 0.45);
	CHECK(bytes_per_row(OLAP_PHYS_I64, shape_outliers) < 1.5);
	CHECK(bytes_per_row(OLAP_PHYS_F64, shape_prices) < 0.15);
	CHECK(bytes_per_row(OLAP_PHYS_VAR, shape_runs) < 0.1);
	CHECK(bytes_per_row(OLAP_PHYS_FIXED, shape_random) < 16.01);
}

/* A numeric column whose rows do not all fit a scaled integer. */
static void
fallback_numerics_round_trip(void)
{
	OlapColumnType type = data_type(OLAP_PHYS_DEC64);
	OlapVector	v;
	OlapVector	out;
	OlapBytes	bytes;
	OlapChunkInfo info;
	OlapChunk  *chunk;
	const char *reason;

	olap_vector_init(&v, &type, 64, CurrentMemoryContext);
	fill(&v, shape_extremes, 5000, 1);
	olap_vector_to_numeric(&v);
	info = round_trip(&v, &type);
	CHECK_INT(info.phys, OLAP_PHYS_VAR);

	/* one out vector takes both forms in turn */
	olap_vector_init(&out, &type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	for (int turn = 0; turn < 6; turn++)
	{
		OlapVector	other;

		olap_vector_init(&other, &type, 64, CurrentMemoryContext);
		fill(&other, shape_sorted, 3000, 0);
		olap_bytes_init(&bytes, CurrentMemoryContext);
		olap_chunk_encode(turn % 2 == 0 ? &v : &other, &bytes, &info);
		chunk = olap_chunk_open(bytes.data, bytes.len, &type, info.nrows,
								CurrentMemoryContext, &reason);
		CHECK(olap_chunk_decode(chunk, 0, &out, &reason));
		CHECK(data_equal(turn % 2 == 0 ? &v : &other, 2040, &out, 2040));
		olap_chunk_close(chunk);
	}
}

/* A few rows of a chunk with many entries, with classes or not, NULLs or not. */
static void
rows_need_few_entries(void)
{
	for (int turn = 0; turn < 4; turn++)
	{
		OlapColumnType type = data_type(OLAP_PHYS_VAR);
		uint64		before = rows_decoded;
		OlapVector	v;

		olap_vector_init(&v, &type, 64, CurrentMemoryContext);
		for (uint32 i = 0; i < 65000; i++)
		{
			uint64		r = scramble(i) % (turn % 2 == 0 ? 24000 : 9000);
			char		text[64] = {0};

			/* a few values are much more common than others */
			if (turn % 2 == 0 && i % 3 != 0)
				r %= 8;
			snprintf(text, sizeof(text), "https://www.example.com/%llu",
					 (unsigned long long) scramble(r));
			if (i % 7 == 6 && turn > 1)
				olap_vector_append_null(&v);
			else
				olap_vector_append_var(&v, text, strlen(text));
		}
		CHECK_INT(round_trip(&v, &type).encoding, OLAP_ENC_DICT);
		CHECK(rows_decoded > before);
		olap_vector_free(&v);
	}
}

/* Another type, row count, version or length than the chunk's. */
static void
mismatches_are_refused(void)
{
	OlapColumnType type = data_type(OLAP_PHYS_I32);
	OlapColumnType other = data_type(OLAP_PHYS_I64);
	OlapVector	v;
	OlapBytes	bytes;
	OlapChunkInfo info;
	const char *reason = NULL;

	olap_vector_init(&v, &type, 64, CurrentMemoryContext);
	fill(&v, shape_small, 3000, 1);
	olap_bytes_init(&bytes, CurrentMemoryContext);
	olap_chunk_encode(&v, &bytes, &info);
	CHECK(olap_chunk_open(bytes.data, bytes.len, &other, 3000,
						  CurrentMemoryContext, &reason) == NULL);
	CHECK(reason != NULL);
	CHECK(olap_chunk_open(bytes.data, bytes.len, &type, 2999,
						  CurrentMemoryContext, &reason) == NULL);
	for (size_t len = 0; len < bytes.len; len++)
		CHECK(olap_chunk_open(bytes.data, len, &type, 3000,
							  CurrentMemoryContext, &reason) == NULL);
	bytes.data[0] = 99;
	CHECK(olap_chunk_open(bytes.data, bytes.len, &type, 3000,
						  CurrentMemoryContext, &reason) == NULL);
}

/* Open and decode bytes that may be anything. */
static void
try_bytes(const uint8 *data, size_t len, const OlapColumnType *type, uint32 n)
{
	const char *reason = NULL;
	uint8	   *copy = palloc(Max(len, 1));
	OlapChunk  *chunk;
	OlapVector	out;

	memcpy(copy, data, len);
	chunk = olap_chunk_open(copy, len, type, n, CurrentMemoryContext, &reason);
	if (chunk == NULL)
		CHECK(reason != NULL);
	else
	{
		olap_vector_init(&out, type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
		for (uint32 vecno = 0; vecno * OLAP_VECTOR_ROWS < n; vecno++)
			if (!olap_chunk_decode(chunk, vecno, &out, &reason))
				CHECK(reason != NULL);
		olap_vector_free(&out);
		olap_chunk_close(chunk);
	}
	pfree(copy);
}

/* Flipped bytes and cut ends: any answer but a crash. */
static void
damaged_chunks_do_no_harm(void)
{
	const Shape shapes[] = {shape_constant, shape_small, shape_random,
		shape_runs, shape_few, shape_gaps, shape_prices, shape_skewed,
		shape_popular, shape_islands};

	for (int p = 0; p < (int) lengthof(all_phys); p++)
	{
		for (int s = 0; s < (int) lengthof(shapes); s++)
		{
			OlapColumnType type = data_type(all_phys[p]);
			OlapVector	v;
			OlapBytes	bytes;
			OlapChunkInfo info;
			size_t		before = unit_allocated();

			olap_vector_init(&v, &type, 64, CurrentMemoryContext);
			fill(&v, shapes[s], 4200, s % 3);
			olap_bytes_init(&bytes, CurrentMemoryContext);
			olap_chunk_encode(&v, &bytes, &info);
			for (int k = 0; k < 150; k++)
			{
				size_t		at = k < 80 ? k % Min(bytes.len, 80)
					: unit_random() % bytes.len;
				uint8		old = bytes.data[at];

				bytes.data[at] = (uint8) unit_random();
				try_bytes(bytes.data, bytes.len - (k % 9 == 0 ? k : 0) %
						  bytes.len, &type, v.n);
				bytes.data[at] = old;
			}
			olap_vector_free(&v);
			pfree(bytes.data);
			CHECK_INT(unit_allocated(), before);
		}
	}
}

static void
encodings_have_names(void)
{
	CHECK(strcmp(olap_encoding_name(OLAP_ENC_DICT), "dict") == 0);
	CHECK(strcmp(olap_encoding_name((OlapEncoding) 99), "unknown") == 0);
}

int
main(void)
{
	RUN(constants_round_trip);
	RUN(sorted_values_round_trip);
	RUN(random_values_round_trip);
	RUN(small_values_round_trip);
	RUN(runs_round_trip);
	RUN(few_values_round_trip);
	RUN(extremes_round_trip);
	RUN(outliers_round_trip);
	RUN(timestamps_round_trip);
	RUN(gaps_round_trip);
	RUN(skewed_values_round_trip);
	RUN(popular_values_round_trip);
	RUN(islands_round_trip);
	RUN(gauges_round_trip);
	RUN(odd_floats_round_trip);
	RUN(every_bit_width_round_trips);
	RUN(bins_of_every_width_round_trip);
	RUN(nulls_take_few_bits);
	RUN(all_null_columns_round_trip);
	RUN(odd_strings_round_trip);
	RUN(dictionaries_are_sorted);
	RUN(rows_need_few_entries);
	RUN(each_shape_gets_its_encoding);
	RUN(sizes_meet_their_targets);
	RUN(fallback_numerics_round_trip);
	RUN(mismatches_are_refused);
	RUN(damaged_chunks_do_no_harm);
	RUN(encodings_have_names);
	return DONE();
}

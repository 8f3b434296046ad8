/*
 * test/unit/test_codec.c
 *		Chunks give back what went in, whatever the codec, and each shape of values
 *		gets the codec that suits it.
 */
#include "postgres.h"

#include "codec/codec_internal.h"
#include "codec_check.h"
#include "codec_shapes.h"

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

static uint32 blocks_checked;

/* Vectors of bins, block by block, as they are whole. */
static void
check_blocks(const OlapVector *v, const OlapColumnType *type)
{
	OlapBytes	bytes;
	OlapChunkInfo info;
	const char *reason = NULL;
	OlapChunk  *chunk;
	OlapVector	out;
	uint32		wrong = 0;

	olap_bytes_init(&bytes, CurrentMemoryContext);
	olap_chunk_encode(v, &bytes, &info);
	chunk = olap_chunk_open(bytes.data, bytes.len, type, v->n, CurrentMemoryContext, &reason);
	olap_vector_init(&out, type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	for (uint32 vecno = 0; info.encoding == OLAP_ENC_BINS && info.nulls == 0 &&
		 vecno < olap_vector_count(v->n); vecno++)
	{
		uint32		n = olap_vector_rows_of(v->n, vecno);
		uint32		state = 0;

		olap_vector_reset(&out, type);
		while (out.n < n && chunk->codec->decode_block(chunk, vecno, &state, &out, &reason))
			;
		CHECK_INT(out.n, n);
		for (uint32 i = 0; i < out.n; i++)
			wrong += !data_equal(v, vecno * OLAP_VECTOR_ROWS + i, &out, i);
		blocks_checked++;
	}
	CHECK_INT(wrong, 0);
	olap_vector_free(&out);
	olap_chunk_close(chunk);
	pfree(bytes.data);
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
			check_blocks(&v, &type);
			olap_vector_free(&v);
		}
		if (random_width >= 6 && random_width <= 50)
			CHECK_INT(encoding_of(OLAP_PHYS_I64, shape_of_widths),
					  OLAP_ENC_BINS);
	}
	CHECK(blocks_checked > 100);
}

/* Dictionaries of as many entries as registers hold, of one more and of far more. */
static int64 entry_count;

static int64
shape_of_entries(uint32 row)
{
	return (int64) (scramble(row) >> 20) % entry_count * 1000003;
}

static void
dictionaries_of_every_size_round_trip(void)
{
	static const int sizes[] = {2, 5, 31, 32, 33, 63, 64, 65, 127, 128, 129, 500};
	OlapColumnType type = data_type(OLAP_PHYS_VAR);

	for (int i = 0; i < (int) lengthof(sizes); i++)
	{
		entry_count = sizes[i];
		for (uint32 n = 2048 - 17; n <= 2048 + 300; n += 77)
		{
			OlapVector	v;

			olap_vector_init(&v, &type, 64, CurrentMemoryContext);
			fill(&v, shape_of_entries, n, n % 2 * 5);
			round_trip(&v, &type);
			olap_vector_free(&v);
		}
		CHECK_INT(encoding_of(OLAP_PHYS_VAR, shape_of_entries), OLAP_ENC_DICT);
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
	RUN(dictionaries_of_every_size_round_trip);
	RUN(nulls_take_few_bits);
	RUN(all_null_columns_round_trip);
	RUN(each_shape_gets_its_encoding);
	RUN(sizes_meet_their_targets);
	RUN(fallback_numerics_round_trip);
	RUN(encodings_have_names);
	return DONE();
}

/*
 * test/unit/test_distinct.c
 *		Sketches count distinct values about right, alone and merged.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type_d.h"

#include "codec/codec.h"
#include "codec_data.h"

static uint32
count_vector(const OlapVector *v, OlapDistinctPacked *packed)
{
	OlapDistinct *d = palloc0(sizeof(OlapDistinct));
	uint32		count;

	olap_count_values(d, v);
	olap_distinct_pack(d, packed);
	count = (uint32) rint(olap_distinct_estimate(d));
	pfree(d);
	return count;
}

/* Distinct values first .. first + n - 1, each twice. */
static uint32
count_of(uint32 first, uint32 n, OlapDistinctPacked *packed)
{
	OlapColumnType type = data_type(OLAP_PHYS_I64);
	OlapVector	v;
	uint32		count;

	olap_vector_init(&v, &type, 64, CurrentMemoryContext);
	for (uint32 i = 0; i < 2 * n; i++)
		data_append(&v, (int64) (first + i / 2) * 1000);
	count = count_vector(&v, packed);
	olap_vector_free(&v);
	return count;
}

static void
counts_are_near(void)
{
	static const uint32 sizes[] = {1, 2, 10, 100, 1000, 5000, 20000, 32000};
	OlapDistinctPacked packed;

	for (int s = 0; s < (int) lengthof(sizes); s++)
	{
		for (int k = 0; k < 20; k++)
		{
			uint32		n = sizes[s];
			uint32		count = count_of(k * 40000, n, &packed);

			/* 4 standard errors; few values are nearly exact */
			CHECK(fabs((double) count - n) <= 0.1 * n);
			if (n <= 10)
				CHECK_INT(count, n);
		}
	}
}

/* Each representation, with NULLs, which do not count. */
static void
every_representation_is_counted(void)
{
	static const OlapPhys all[] = {OLAP_PHYS_BOOL, OLAP_PHYS_I8, OLAP_PHYS_I16,
		OLAP_PHYS_I32, OLAP_PHYS_I64, OLAP_PHYS_F32, OLAP_PHYS_F64,
	OLAP_PHYS_DEC64, OLAP_PHYS_FIXED, OLAP_PHYS_VAR};

	for (int p = 0; p < (int) lengthof(all); p++)
	{
		OlapColumnType type = data_type(all[p]);
		OlapDistinctPacked packed;
		OlapVector	v;
		uint32		want = all[p] == OLAP_PHYS_BOOL ? 2 : 60;

		olap_vector_init(&v, &type, 64, CurrentMemoryContext);
		for (int i = 0; i < 3000; i++)
		{
			if (i % 7 == 3)
				olap_vector_append_null(&v);
			else
				data_append(&v, i % 60 + 1);
		}
		CHECK(abs((int) count_vector(&v, &packed) - (int) want) <= 3);
		olap_vector_reset(&v, &type);
		for (int i = 0; i < 100; i++)
			olap_vector_append_null(&v);
		CHECK_INT(count_vector(&v, &packed), 0);
		olap_vector_free(&v);
	}
}

/* Merging counts values that several parts have once. */
static void
sketches_merge(void)
{
	for (int overlap = 0; overlap < 2; overlap++)
	{
		OlapDistinctKept kept = {{0}};
		double		estimate;

		CHECK(olap_distinct_kept_estimate(&kept) == 0);
		for (int k = 0; k < 30; k++)
		{
			OlapDistinctPacked packed;

			count_of(overlap ? k * 10 : k * 20000, 20000, &packed);
			olap_distinct_merge(&kept, &packed);
		}
		estimate = olap_distinct_kept_estimate(&kept);
		CHECK(fabs(estimate / (overlap ? 20290 : 600000) - 1) < 0.3);
	}
}

/* Merging parts is the same as packing all of it, where nothing is cut off. */
static void
merged_is_as_whole(void)
{
	OlapDistinctKept parts = {{0}};
	OlapDistinctKept whole = {{0}};
	OlapDistinctPacked packed;

	for (int k = 0; k < 4; k++)
	{
		count_of(k * 5000, 5000, &packed);
		olap_distinct_merge(&parts, &packed);
	}
	count_of(0, 20000, &packed);
	olap_distinct_merge(&whole, &packed);
	CHECK(memcmp(&parts, &whole, sizeof(whole)) == 0);
}

/* The sketch of an encoded vector is that of its values, whatever the codec. */
static void
encoding_counts_the_same(void)
{
	OlapColumnType type = data_type(OLAP_PHYS_VAR);

	for (int k = 0; k < 6; k++)
	{
		OlapDistinct *d = palloc0(sizeof(OlapDistinct));
		OlapDistinctPacked a;
		OlapDistinctPacked b;
		OlapVector	v;
		OlapBytes	bytes;
		OlapChunkInfo info;

		type = data_type(k % 2 == 0 ? OLAP_PHYS_VAR : OLAP_PHYS_I32);
		olap_vector_init(&v, &type, 64, CurrentMemoryContext);
		for (int i = 0; i < 20000; i++)
		{
			if (i % 7 == 3)
				olap_vector_append_null(&v);
			else
				data_append(&v, (int64) (unit_random() % (k < 2 ? 90 : 1 << (k * 5))));
		}
		olap_bytes_init(&bytes, CurrentMemoryContext);
		olap_chunk_encode_counted(&v, &bytes, &info, d);
		olap_distinct_pack(d, &a);
		count_vector(&v, &b);
		CHECK(memcmp(&a, &b, sizeof(a)) == 0);
	}
}

/* Any bytes merge to something finite. */
static void
hostile_sketches_do_no_harm(void)
{
	for (int k = 0; k < 1000; k++)
	{
		OlapDistinctKept kept = {{0}};
		OlapDistinctPacked packed;

		for (size_t i = 0; i < sizeof(packed); i++)
			((uint8 *) &packed)[i] = k == 0 ? 255 : (uint8) unit_random();
		olap_distinct_merge(&kept, &packed);
		CHECK(olap_distinct_kept_estimate(&kept) >= 0);
		CHECK(!isnan(olap_distinct_kept_estimate(&kept)));
	}
}

int
main(void)
{
	RUN(counts_are_near);
	RUN(every_representation_is_counted);
	RUN(sketches_merge);
	RUN(merged_is_as_whole);
	RUN(encoding_counts_the_same);
	RUN(hostile_sketches_do_no_harm);
	return DONE();
}

/*
 * test/unit/test_sortkey.c
 *		Sort keys order as values do; a bounded set of rows forgets none that
 *		comes in time.
 */
#include "postgres.h"

#include <math.h>

#include "codec_data.h"
#include "index/topn.h"

static OlapSortSpec
spec_of(const OlapColumnType *type, bool descending, bool nulls_first)
{
	OlapSortSpec spec = {0};

	CHECK(olap_sort_kind(type, &spec));
	spec.descending = descending;
	spec.nulls_first = nulls_first;
	return spec;
}

/* values ascend: so must their keys, and descend the other way. */
static void
check_ascending(const OlapColumnType *type, const OlapVector *v)
{
	uint64		keys[16];

	for (int descending = 0; descending <= 1; descending++)
	{
		OlapSortSpec spec = spec_of(type, descending, false);

		CHECK(olap_sort_keys(&spec, v, keys));
		for (uint32 i = 1; i < v->n; i++)
			CHECK(descending ? keys[i - 1] > keys[i] : keys[i - 1] < keys[i]);
	}
}

static void
integers_keep_their_order(void)
{
	static const int64 values[] = {PG_INT64_MIN, -5, -1, 0, 1, 7, PG_INT64_MAX};
	OlapColumnType type = data_type(OLAP_PHYS_I64);
	OlapVector	v;

	olap_column_type_resolve(&type);
	olap_vector_init(&v, &type, 8, CurrentMemoryContext);
	for (size_t i = 0; i < lengthof(values); i++)
		olap_vector_append_i64(&v, values[i]);
	check_ascending(&type, &v);
}

static void
oids_are_unsigned(void)
{
	OlapColumnType type = {.typid = OIDOID, .typmod = -1, .typlen = 4,
		.typbyval = true, .typalign = TYPALIGN_INT};
	OlapVector	v;

	olap_column_type_resolve(&type);
	olap_vector_init(&v, &type, 8, CurrentMemoryContext);
	olap_vector_append_i32(&v, 5);
	olap_vector_append_i32(&v, (int32) 3000000000u);
	check_ascending(&type, &v);
}

static void
floats_follow_postgres(void)
{
	static const double values[] = {-INFINITY, -1e300, -1, -5e-324, 0, 5e-324, 1,
	INFINITY, NAN};
	OlapColumnType type = data_type(OLAP_PHYS_F64);
	OlapSortSpec spec;
	uint64		keys[2];
	OlapVector	v;

	olap_column_type_resolve(&type);
	olap_vector_init(&v, &type, 16, CurrentMemoryContext);
	for (size_t i = 0; i < lengthof(values); i++)
		olap_vector_append_f64(&v, values[i]);
	check_ascending(&type, &v);

	olap_vector_reset(&v, &type);
	olap_vector_append_f64(&v, -0.0);
	olap_vector_append_f64(&v, 0.0);
	spec = spec_of(&type, false, false);
	CHECK(olap_sort_keys(&spec, &v, keys));
	CHECK(keys[0] == keys[1]);
}

/* NULL and the value that has its key are told apart, on the right side. */
static void
nulls_go_where_they_should(void)
{
	OlapColumnType type = data_type(OLAP_PHYS_I64);

	olap_column_type_resolve(&type);
	for (int way = 0; way < 4; way++)
	{
		OlapSortSpec spec = spec_of(&type, way & 1, way & 2);
		OlapSortPos null = {.ref = olap_sort_second(&spec, true)};
		OlapSortPos value = {.ref = olap_sort_second(&spec, false)};
		uint64		keys[3];
		OlapVector	v;

		olap_vector_init(&v, &type, 8, CurrentMemoryContext);
		olap_vector_append_null(&v);
		olap_vector_append_i64(&v, PG_INT64_MIN);
		olap_vector_append_i64(&v, PG_INT64_MAX);
		CHECK(olap_sort_keys(&spec, &v, keys));
		null.key = keys[0];
		for (int i = 1; i < 3; i++)
		{
			value.key = keys[i];
			CHECK(olap_sort_before(&null, &value) == spec.nulls_first);
			CHECK(olap_sort_before(&value, &null) == !spec.nulls_first);
		}
	}
}

static void
bounds_enclose_all_rows(void)
{
	OlapColumnType type = data_type(OLAP_PHYS_I64);

	olap_column_type_resolve(&type);
	for (int round = 0; round < 400; round++)
	{
		OlapSortSpec spec = spec_of(&type, round & 1, round & 2);
		uint64		keys[20];
		OlapSortPos first,
					last;
		OlapVector	v;
		OlapZone	zone;

		olap_vector_init(&v, &type, 32, CurrentMemoryContext);
		for (int i = 0; i < 20; i++)
		{
			if (unit_random() % 4 == 0 && (round & 4))
				olap_vector_append_null(&v);
			else
				olap_vector_append_i64(&v, (int64) unit_random() >> (unit_random() % 60));
		}
		olap_zone_build(&zone, &type, &v);
		olap_sort_bounds(&spec, &zone, &first, &last);
		CHECK(olap_sort_keys(&spec, &v, keys));
		for (uint32 i = 0; i < 20; i++)
		{
			OlapSortPos pos = {keys[i],
			olap_sort_second(&spec, olap_vector_is_null(&v, i)) | i};

			CHECK(!olap_sort_before(&pos, &first));
			CHECK(!olap_sort_before(&last, &pos));
		}
		zone.kind = OLAP_ZONE_FLOAT;
		olap_sort_bounds(&spec, &zone, &first, &last);
		CHECK(first.key == 0 && first.ref == 0 && last.key == PG_UINT64_MAX);
		olap_vector_free(&v);
	}
}

/* Read all of a column in order, a bounded number of rows at a time. */
static void
passes_give_every_row_once(void)
{
	OlapColumnType type = data_type(OLAP_PHYS_I64);

	olap_column_type_resolve(&type);
	for (uint32 keep = 1; keep <= 2000; keep = keep * 3 + 1)
	{
		OlapSortSpec spec = spec_of(&type, false, true);
		OlapSortPos *all = palloc(4000 * sizeof(OlapSortPos));
		OlapSortPos *out = palloc(8000 * sizeof(OlapSortPos));
		OlapVector	v[2];
		uint64		keys[2][2000];
		OlapTopN	top;
		uint32		taken = 0;

		for (int part = 0; part < 2; part++)
		{
			olap_vector_init(&v[part], &type, 2000, CurrentMemoryContext);
			for (int i = 0; i < 2000; i++)
			{
				if (unit_random() % 10 == 0)
					olap_vector_append_null(&v[part]);
				else
					olap_vector_append_i64(&v[part], unit_random() % 500 - 250);
			}
			CHECK(olap_sort_keys(&spec, &v[part], keys[part]));
			for (uint32 i = 0; i < 2000; i++)
			{
				all[part * 2000 + i].key = keys[part][i];
				all[part * 2000 + i].ref = (part << 16 | i) |
					olap_sort_second(&spec, olap_vector_is_null(&v[part], i));
			}
		}
		olap_sort_positions(all, 4000);

		olap_topn_init(&top, keep, CurrentMemoryContext);
		while (taken < 4000)
		{
			uint32		n;

			for (int part = 0; part < 2; part++)
				olap_topn_add(&top, &spec, &v[part], keys[part], NULL, 2000,
							  (uint64) part << 16);
			olap_topn_trim(&top);
			n = olap_topn_take(&top, taken + keep / 2 < 4000 ?
							   &all[taken + keep / 2] : NULL, out);
			CHECK_INT(n, Min(keep / 2, 4000 - taken));
			n += olap_topn_take(&top, NULL, out + n);
			CHECK_INT(n, Min(keep, 4000 - taken));
			CHECK(memcmp(out, all + taken, n * sizeof(OlapSortPos)) == 0);
			taken += n;
			if (taken < 4000)
				olap_topn_resume(&top, keep, &out[n - 1]);
		}
		CHECK_INT(taken, 4000);
	}
}

int
main(void)
{
	RUN(integers_keep_their_order);
	RUN(oids_are_unsigned);
	RUN(floats_follow_postgres);
	RUN(nulls_go_where_they_should);
	RUN(bounds_enclose_all_rows);
	RUN(passes_give_every_row_once);
	return DONE();
}

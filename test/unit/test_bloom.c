/*
 * test/unit/test_bloom.c
 *		Blooms never lose a value, and take few absent ones for present.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type_d.h"

#include "codec_data.h"
#include "index/bloom.h"
#include "vector/vector_hash.h"

static bool
has(const uint8 *bloom, size_t size, uint64 hash)
{
	return olap_bloom_block_has(bloom + olap_bloom_block(size, hash), hash);
}

/* Present values are found; of absent ones at most 2 %, or so few hashes. */
static void
filters_hold_what_they_promise(void)
{
	static const uint32 sizes[] = {1, 2, 30, 100, 1000, 20000, 65536};

	for (int s = 0; s < (int) lengthof(sizes); s++)
	{
		uint32		n = sizes[s];
		size_t		size = olap_bloom_size(n);
		uint8	   *bloom = palloc0(size);
		uint64	   *hashes = palloc(n * sizeof(uint64));
		uint32		wrong = 0;

		CHECK(size % OLAP_BLOOM_BLOCK == 0 && size >= OLAP_BLOOM_BLOCK);
		CHECK(size <= (size_t) n * OLAP_BLOOM_BITS / 8 + OLAP_BLOOM_BLOCK);
		for (uint32 i = 0; i < n; i++)
			hashes[i] = olap_value_hash_u64(i);
		olap_bloom_add(bloom, size, hashes, n);
		for (uint32 i = 0; i < n; i++)
			if (!has(bloom, size, hashes[i]))
				wrong++;
		CHECK_INT(wrong, 0);
		for (uint32 i = 0; i < 100000; i++)
		{
			uint64		hash = olap_value_hash_u64(n + i);

			CHECK(olap_bloom_block(size, hash) < size);
			wrong += has(bloom, size, hash);
		}
		CHECK(wrong < 2000);
		pfree(bloom);
		pfree(hashes);
	}
}

static void
nothing_is_in_an_empty_filter(void)
{
	uint8	   *bloom = palloc0(olap_bloom_size(0));

	for (uint32 i = 0; i < 1000; i++)
		CHECK(!has(bloom, olap_bloom_size(0), olap_value_hash_u64(i)));
}

static OlapZoneQual
qual_of(OlapZoneKind kind, OlapZoneValue *value)
{
	OlapZoneQual qual = {.op = OLAP_ZONE_EQ,.kind = kind,.nvalues = 1,
	.values = value};

	return qual;
}

/* A constant of a qual has the hash that its value has in a vector. */
static void
constants_hash_like_values(void)
{
	static const struct
	{
		Oid			typid;
		OlapPhys	phys;
	}			all[] = {
		{INT2OID, OLAP_PHYS_I16}, {INT4OID, OLAP_PHYS_I32},
		{INT8OID, OLAP_PHYS_I64}, {OIDOID, OLAP_PHYS_I32},
		{FLOAT4OID, OLAP_PHYS_F32}, {FLOAT8OID, OLAP_PHYS_F64},
		{NUMERICOID, OLAP_PHYS_DEC64}, {TEXTOID, OLAP_PHYS_VAR},
		{UUIDOID, OLAP_PHYS_FIXED}
	};

	for (int t = 0; t < (int) lengthof(all); t++)
	{
		OlapColumnType type = data_type(all[t].phys);
		OlapHashKind hash = olap_hash_kind(all[t].typid, true);
		OlapZoneValue value = {0};
		OlapZoneQual qual;
		OlapVector	v;
		uint64		want;

		type.typid = all[t].typid;
		olap_vector_init(&v, &type, 64, CurrentMemoryContext);
		data_append(&v, 1234);
		olap_vector_hash(&v, hash, &want);
		qual = qual_of(olap_zone_kind(&type), &value);
		CHECK(olap_bloom_fits(qual.kind, hash));
		qual.scale = type.scale;
		switch (v.phys)
		{
			case OLAP_PHYS_I16:
				value.v.i = *(int16 *) v.values;
				break;
			case OLAP_PHYS_I32:
				if (qual.kind == OLAP_ZONE_UINT)
					value.v.u = *(uint32 *) v.values;
				else
					value.v.i = *(int32 *) v.values;
				break;
			case OLAP_PHYS_F32:
				value.v.f = *(float *) v.values;
				break;
			case OLAP_PHYS_F64:
				value.v.f = *(double *) v.values;
				break;
			case OLAP_PHYS_FIXED:
				value.data = v.values;
				value.len = v.width;
				break;
			case OLAP_PHYS_VAR:
				value.data = (uint8 *) VARDATA(v.heap + *(uint32 *) v.values);
				value.len = VARSIZE(v.heap + *(uint32 *) v.values) - VARHDRSZ;
				break;
			default:
				value.v.i = *(int64 *) v.values;
				break;
		}
		CHECK(olap_bloom_hash(&qual, 0) == want);
		olap_vector_free(&v);
	}
}

static void
nans_and_zeros_are_one(void)
{
	OlapZoneValue value = {.is_nan = true};
	OlapZoneQual qual = qual_of(OLAP_ZONE_FLOAT, &value);

	CHECK(olap_bloom_hash(&qual, 0) == olap_value_hash_double(-NAN));
	value.is_nan = false;
	value.v.f = -0.0;
	CHECK(olap_bloom_hash(&qual, 0) == olap_value_hash_double(0));
}

/* Types whose hash and bounds differ in kind are not looked up. */
static void
other_kinds_do_not_fit(void)
{
	CHECK(!olap_bloom_fits(OLAP_ZONE_NONE, OLAP_HASH_BYTES));
	CHECK(!olap_bloom_fits(OLAP_ZONE_UINT, OLAP_HASH_INT));
	CHECK(!olap_bloom_fits(OLAP_ZONE_INT, OLAP_HASH_NONE));
	CHECK(!olap_bloom_fits(OLAP_ZONE_NONE, OLAP_HASH_NONE));
	CHECK(!olap_bloom_fits(OLAP_ZONE_BYTES, OLAP_HASH_BPCHAR));
}

static OlapZone
int_zone(int64 min, int64 max)
{
	OlapZone	zone = {.kind = OLAP_ZONE_INT,.flags = OLAP_ZONE_HAS_VALUES,
	.nrows = 10};

	zone.min.i = min;
	zone.max.i = max;
	return zone;
}

static void
zones_overlap(void)
{
	OlapZone	a = int_zone(1, 10);
	OlapZone	b = int_zone(5, 20);
	OlapZone	c = int_zone(10, 30);
	OlapZone	none = {.nrows = 10,.nulls = 10};

	CHECK(olap_zone_overlaps(&a, &b) && olap_zone_overlaps(&b, &a));
	CHECK(olap_zone_overlaps(&a, &a));
	CHECK(!olap_zone_overlaps(&a, &c) && !olap_zone_overlaps(&c, &a));
	CHECK(!olap_zone_overlaps(&a, &none) && !olap_zone_overlaps(&none, &a));
}

int
main(void)
{
	RUN(filters_hold_what_they_promise);
	RUN(nothing_is_in_an_empty_filter);
	RUN(constants_hash_like_values);
	RUN(nans_and_zeros_are_one);
	RUN(other_kinds_do_not_fit);
	RUN(zones_overlap);
	return DONE();
}

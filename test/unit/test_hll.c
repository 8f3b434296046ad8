/*
 * test/unit/test_hll.c
 *		HyperLogLog: errors within bounds, merging, the stored form, hashes.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type_d.h"

#include "codec_data.h"
#include "sketch/hll.h"
#include "sketch/hll_internal.h"
#include "vector/vector_hash.h"

static void
add_range(OlapHll *h, uint64 first, uint64 n)
{
	uint64		hashes[1000];

	while (n > 0)
	{
		uint32		m = (uint32) Min(n, lengthof(hashes));

		for (uint32 i = 0; i < m; i++)
			hashes[i] = olap_value_hash_u64(first++);
		olap_hll_add_hashes(h, hashes, m);
		n -= m;
	}
}

static bool
same(const OlapHll *a, const OlapHll *b)
{
	size_t		len = olap_hll_stored_size(a);
	uint8	   *x = palloc(len);
	uint8	   *y = palloc(olap_hll_stored_size(b));
	bool		equal = len == olap_hll_stored_size(b);

	olap_hll_store(a, x);
	olap_hll_store(b, y);
	equal = equal && memcmp(x, y, len) == 0;
	pfree(x);
	pfree(y);
	return equal;
}

/*
 * Over many disjoint sets of each size: root mean square of the relative error
 * at most 1.04 / sqrt(m) and a quarter (sampling), no bias, none beyond 4.5
 * sigma; exact as long as a sketch is sparse.
 */
static void
check_errors(int bits, uint64 n, int trials)
{
	double		sigma = 1.04 / sqrt((double) (1 << bits));
	double		squares = 0;
	double		sum = 0;
	uint64		first = (uint64) bits << 50;

	for (int t = 0; t < trials; t++)
	{
		OlapHll		h;
		double		error;

		olap_hll_init(&h, bits, CurrentMemoryContext);
		add_range(&h, first, n);
		first += n;
		error = (olap_hll_estimate(&h) - n) / n;
		squares += error * error;
		sum += error;
		CHECK(fabs(error) < 4.5 * sigma);
		if (n <= 100)
			CHECK_INT(olap_hll_cardinality(&h), n);
		if (h.registers == NULL)
			CHECK(fabs(error) < 0.002);
		olap_hll_free(&h);
	}
	CHECK(sqrt(squares / trials) < 1.25 * sigma);
	CHECK(fabs(sum / trials) < 4 * sigma / sqrt(trials));
}

static void
errors_are_within_bounds(void)
{
	static const uint64 sizes[] = {1, 2, 10, 100, 1000, 3000, 3100, 5000, 10000,
	20000, 40000, 60000, 100000, 300000};

	for (int s = 0; s < (int) lengthof(sizes); s++)
		check_errors(14, sizes[s], 60);
	check_errors(14, 1000000, 20);
	check_errors(14, 10000000, 4);
	check_errors(10, 20000, 100);
	check_errors(12, 20000, 100);
	check_errors(18, 500000, 10);
}

static void
nothing_is_zero(void)
{
	for (int bits = OLAP_HLL_MIN_BITS; bits <= OLAP_HLL_MAX_BITS; bits++)
	{
		OlapHll		h;

		olap_hll_init(&h, bits, CurrentMemoryContext);
		CHECK_INT(olap_hll_cardinality(&h), 0);
		CHECK_INT(olap_hll_stored_size(&h), OLAP_HLL_HEADER);
	}
	CHECK_ERROR({OlapHll h; olap_hll_init(&h, 3, CurrentMemoryContext);}, "3 bits");
	CHECK_ERROR({OlapHll h; olap_hll_init(&h, 19, CurrentMemoryContext);}, "19 bits");
}

/* One by one, many at once, twice, in parts merged: all the same bytes. */
static void
sketches_are_canonical(void)
{
	static const uint64 sizes[] = {1, 15, 700, 3072, 3073, 3200, 100000};

	for (int s = 0; s < (int) lengthof(sizes); s++)
	{
		uint64		n = sizes[s];
		OlapHll		whole;
		OlapHll		single;
		OlapHll		parts;

		olap_hll_init(&whole, 14, CurrentMemoryContext);
		add_range(&whole, 0, n);
		olap_hll_init(&single, 14, CurrentMemoryContext);
		for (uint64 i = n; i-- > 0;)
			olap_hll_add(&single, olap_value_hash_u64(i));
		CHECK(same(&whole, &single));
		add_range(&whole, 0, n / 2);
		CHECK(same(&whole, &single));
		olap_hll_init(&parts, 14, CurrentMemoryContext);
		for (int k = 0; k < 7; k++)
		{
			OlapHll		part;
			uint64		from = n * k / 7;

			olap_hll_init(&part, 14, CurrentMemoryContext);
			add_range(&part, from, n * (k + 1) / 7 - from);
			olap_hll_merge(&parts, &part);
			olap_hll_free(&part);
		}
		CHECK(same(&whole, &parts));
		CHECK(whole.registers == NULL ? n <= 3072 : n > 3072);
		CHECK(olap_hll_memory(&whole) <= 1 << 14);
	}
}

/* Merging with a coarser sketch gives what the coarser one would have counted. */
static void
precisions_fold(void)
{
	static const int bits[] = {4, 5, 8, 13, 14, 17, 18};
	static const uint64 sizes[] = {2, 50, 4000, 60000, 400000};

	for (int a = 0; a < (int) lengthof(bits); a++)
		for (int b = 0; b < (int) lengthof(bits); b++)
			for (int s = 0; s < (int) lengthof(sizes); s++)
			{
				OlapHll		x;
				OlapHll		y;
				OlapHll		want;

				olap_hll_init(&x, bits[a], CurrentMemoryContext);
				olap_hll_init(&y, bits[b], CurrentMemoryContext);
				olap_hll_init(&want, Min(bits[a], bits[b]), CurrentMemoryContext);
				add_range(&x, 0, sizes[s]);
				add_range(&y, sizes[s] / 2, sizes[s]);
				add_range(&want, 0, sizes[s] + sizes[s] / 2);
				olap_hll_merge(&x, &y);
				CHECK(same(&x, &want));
				olap_hll_free(&x);
				olap_hll_free(&y);
				olap_hll_free(&want);
			}
}

static void
stored_form_comes_back(void)
{
	for (int bits = OLAP_HLL_MIN_BITS; bits <= OLAP_HLL_MAX_BITS; bits++)
		for (uint64 n = 0; n < 1000000; n = n * 5 + 1)
		{
			OlapHll		h;
			OlapHll		back;
			uint8	   *bytes;
			size_t		len;
			const char *reason = NULL;

			olap_hll_init(&h, bits, CurrentMemoryContext);
			add_range(&h, 0, n);
			h.flags = n % 2 == 0 ? OLAP_HLL_NOT_PORTABLE : 0;
			len = olap_hll_stored_size(&h);
			bytes = palloc(len);
			olap_hll_store(&h, bytes);
			CHECK(olap_hll_load(&back, bytes, len, CurrentMemoryContext, &reason));
			CHECK(reason == NULL);
			CHECK(same(&h, &back));
			CHECK(h.flags == back.flags);
			CHECK(olap_hll_estimate(&h) == olap_hll_estimate(&back));
			CHECK(!olap_hll_check(bytes, len - 1, &reason));
			CHECK(reason != NULL);
			olap_hll_free(&h);
			olap_hll_free(&back);
			pfree(bytes);
		}
}

/* Damaged bytes are refused, or are a sketch that can be used. */
static void
hostile_bytes_do_no_harm(void)
{
	for (int k = 0; k < 20000; k++)
	{
		OlapHll		h;
		OlapHll		sum;
		uint8		bytes[64];
		size_t		len = unit_random() % (sizeof(bytes) + 1);
		uint8	   *copy;
		const char *reason = NULL;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8) unit_random();
		if (k % 4 != 0)
		{
			bytes[0] = OLAP_HLL_VERSION;
			bytes[1] = 1 + k % 2;
			bytes[2] = 4 + k % 3;
			bytes[3] = 0;
			if (k % 2 == 1)
				len = OLAP_HLL_HEADER + olap_hll_dense_bytes(bytes[2]);
		}
		copy = palloc(len);
		memcpy(copy, bytes, len);
		if (!olap_hll_load(&h, copy, len, CurrentMemoryContext, &reason))
		{
			CHECK(reason != NULL);
			continue;
		}
		olap_hll_init(&sum, 12, CurrentMemoryContext);
		add_range(&sum, 0, 10000);
		olap_hll_merge(&sum, &h);
		CHECK(olap_hll_estimate(&sum) >= 0);
		CHECK(olap_hll_cardinality(&h) >= 0);
		pfree(copy);
	}
}

/* ---- hashes ---- */

/* They are stored: these numbers must never change. */
static void
hashes_are_stable(void)
{
	CHECK(olap_value_hash_u64(0) == UINT64CONST(0xE220A8397B1DCDAF));
	CHECK(olap_value_hash_u64(1) == UINT64CONST(0x910A2DEC89025CC1));
	CHECK(olap_value_hash_double(-0.0) == olap_value_hash_double(0.0));
	CHECK(olap_value_hash_double(NAN) == olap_value_hash_double(-NAN));
	CHECK(olap_value_hash_double(1.5f) == olap_value_hash_double(1.5));
	CHECK(olap_value_hash_bytes("", 0) == UINT64CONST(0x520561B2321CAA08));
	CHECK(olap_value_hash_bytes("abc", 3) == UINT64CONST(0xA358382F3C552AD5));
	CHECK(olap_value_hash_bytes("abcdefgh", 8) == UINT64CONST(0x38740E49397B5281));
	CHECK(olap_value_hash_bytes("The quick brown fox jumps", 25) ==
		  UINT64CONST(0x9A481F10C31F222E));
	CHECK(olap_value_hash_scaled(5, olap_value_hash_factor(0)) ==
		  UINT64CONST(0x285B0587792331DF));
	CHECK(olap_value_hash_bpchar("abc   ", 6) == olap_value_hash_bytes("abc", 3));
}

/* A numeric's hash is that of its value, in both forms and any scale. */
static void
numerics_hash_by_value(void)
{
	for (int scale = 0; scale <= 18; scale++)
		for (int k = 0; k < 200; k++)
		{
			char		numeric[OLAP_DECIMAL_MAX_SIZE] pg_attribute_aligned(4);
			int64		value = (int64) (unit_random() >> (unit_random() % 64));
			uint64		hash;
			int			len;

			if (k % 2 == 0)
				value = -value;
			if (k < 2)
				value = k == 0 ? PG_INT64_MIN : PG_INT64_MAX;
			hash = olap_value_hash_scaled(value, olap_value_hash_factor(scale));
			len = olap_decimal_from_i64(value, scale, numeric);
			CHECK(hash == olap_value_hash_numeric(numeric + VARHDRSZ,
												  len - VARHDRSZ));
			if (scale < 18 && value < PG_INT64_MAX / 10 && value > PG_INT64_MIN / 10)
				CHECK(hash == olap_value_hash_scaled(value * 10,
													 olap_value_hash_factor(scale + 1)));
		}
}

/* Sequential strings, the worst common case, count as well as numbers. */
static void
strings_count(void)
{
	for (int width = 0; width < 40; width += 3)
	{
		OlapHll		h;
		char		text[64];

		olap_hll_init(&h, 14, CurrentMemoryContext);
		for (int i = 0; i < 200000; i++)
		{
			int			len = snprintf(text, sizeof(text), "user%0*d", width, i);

			olap_hll_add(&h, olap_value_hash_bytes(text, len));
		}
		CHECK(fabs(olap_hll_estimate(&h) / 200000 - 1) < 4 * 0.0081);
		olap_hll_free(&h);
	}
}

/* Counting vectors: each representation, NULLs, selections, dictionaries. */
static void
vectors_count(void)
{
	static const struct
	{
		OlapPhys	phys;
		OlapHashKind kind;
	}			all[] = {
		{OLAP_PHYS_I8, OLAP_HASH_INT}, {OLAP_PHYS_I16, OLAP_HASH_INT},
		{OLAP_PHYS_I32, OLAP_HASH_INT}, {OLAP_PHYS_I32, OLAP_HASH_UINT},
		{OLAP_PHYS_I64, OLAP_HASH_INT}, {OLAP_PHYS_F32, OLAP_HASH_FLOAT},
		{OLAP_PHYS_F64, OLAP_HASH_FLOAT}, {OLAP_PHYS_DEC64, OLAP_HASH_NUMERIC},
		{OLAP_PHYS_FIXED, OLAP_HASH_BYTES}, {OLAP_PHYS_VAR, OLAP_HASH_BYTES},
		{OLAP_PHYS_VAR, OLAP_HASH_BPCHAR}
	};

	for (int p = 0; p < (int) lengthof(all); p++)
	{
		OlapColumnType type = data_type(all[p].phys);
		OlapVector	v;
		OlapHll		h;
		uint16		sel[500];
		uint64		hashes[1000];

		CHECK(olap_vector_hashable(&type, all[p].kind));
		CHECK(!olap_vector_hashable(&type, OLAP_HASH_NONE));
		olap_vector_init(&v, &type, 64, CurrentMemoryContext);
		for (int i = 0; i < 1000; i++)
		{
			if (i % 10 == 3)
				olap_vector_append_null(&v);
			else
				data_append(&v, i / 2 % 50 + 1);
		}
		olap_hll_init(&h, 14, CurrentMemoryContext);
		olap_vector_count(&v, all[p].kind, NULL, v.n, &h);
		CHECK_INT(olap_hll_cardinality(&h), 50);
		olap_hll_free(&h);
		/* the first twenty values only */
		for (int i = 0; i < 40; i++)
			sel[i] = (uint16) i;
		olap_vector_count(&v, all[p].kind, sel, 40, &h);
		CHECK_INT(olap_hll_cardinality(&h), 20);
		olap_vector_hash(&v, all[p].kind, hashes);
		CHECK(hashes[0] == hashes[1] && hashes[0] == hashes[100]);
		CHECK(hashes[0] != hashes[2]);
		olap_hll_free(&h);
		olap_vector_free(&v);
	}
}

/* Integers hash the same in every width. */
static void
widths_agree(void)
{
	static const OlapPhys all[] = {OLAP_PHYS_I8, OLAP_PHYS_I16, OLAP_PHYS_I32,
	OLAP_PHYS_I64};

	for (int p = 0; p < (int) lengthof(all); p++)
	{
		OlapColumnType type = data_type(all[p]);
		OlapVector	v;
		uint64		hash;

		olap_vector_init(&v, &type, 64, CurrentMemoryContext);
		olap_vector_reserve(&v, 1);
		memset(v.values, 0xFF, 8);	/* -1 */
		v.n = 1;
		olap_vector_hash(&v, OLAP_HASH_INT, &hash);
		CHECK(hash == olap_value_hash_u64(PG_UINT64_MAX));
		if (all[p] == OLAP_PHYS_I32)
		{
			olap_vector_hash(&v, OLAP_HASH_UINT, &hash);
			CHECK(hash == olap_value_hash_u64(PG_UINT32_MAX));
		}
	}
}

static void
kinds_of_types(void)
{
	CHECK_INT(olap_hash_kind(INT2OID, true), OLAP_HASH_INT);
	CHECK_INT(olap_hash_kind(TEXTOID, true), OLAP_HASH_BYTES);
	CHECK_INT(olap_hash_kind(TEXTOID, false), OLAP_HASH_NONE);
	CHECK_INT(olap_hash_kind(BPCHAROID, false), OLAP_HASH_NONE);
	CHECK_INT(olap_hash_kind(INTERVALOID, true), OLAP_HASH_NONE);
}

int
main(void)
{
	RUN(errors_are_within_bounds);
	RUN(nothing_is_zero);
	RUN(sketches_are_canonical);
	RUN(precisions_fold);
	RUN(stored_form_comes_back);
	RUN(hostile_bytes_do_no_harm);
	RUN(hashes_are_stable);
	RUN(numerics_hash_by_value);
	RUN(strings_count);
	RUN(vectors_count);
	RUN(widths_agree);
	RUN(kinds_of_types);
	return DONE();
}

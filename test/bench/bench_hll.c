/*
 * test/bench/bench_hll.c
 *		What counting by sketch costs: ns a row by type, and a merge.
 *
 * make -C test/unit bench-hll
 */
#include "postgres.h"

#include <time.h>

#include "sketch/hll.h"
#include "vector/vector_hash.h"

#define ROWS 10000000
#define SETS 5

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void
fill(OlapVector *v, uint64 first, OlapPhys phys)
{
	for (uint32 i = 0; i < OLAP_VECTOR_ROWS; i++)
	{
		uint64		value = (first + i) * UINT64CONST(0x9E3779B97F4A7C15) % 5600000;
		char		text[32];

		if (phys == OLAP_PHYS_I32)
			olap_vector_append_i32(v, (int32) value);
		else if (phys == OLAP_PHYS_VAR)
			olap_vector_append_var(v, text,
								   snprintf(text, sizeof(text), "user-%07u", (uint32) value));
		else if (phys == OLAP_PHYS_FIXED)
		{
			uint64		uuid[2] = {value * 77, value};

			olap_vector_append_fixed(v, uuid);
		}
		else
			olap_vector_append_i64(v, (int64) value);
	}
}

static void
bench(const char *name, OlapPhys phys, OlapHashKind kind, int bits)
{
	static const int16 typlen[] = {
		[OLAP_PHYS_I32] = 4,[OLAP_PHYS_I64] = 8,[OLAP_PHYS_DEC64] = -1,
		[OLAP_PHYS_FIXED] = 16,[OLAP_PHYS_VAR] = -1
	};
	OlapColumnType type = {.phys = phys,.typlen = typlen[phys],.typmod = -1,
		.typalign = 'i',.width = phys == OLAP_PHYS_FIXED ? 16 :
	phys == OLAP_PHYS_I32 || phys == OLAP_PHYS_VAR ? 4 : 8,.scale = 6};
	OlapVector	sets[SETS * 20];
	double		best = 1e9;
	OlapHll		h;

	for (int s = 0; s < (int) lengthof(sets); s++)
	{
		olap_vector_init(&sets[s], &type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
		fill(&sets[s], (uint64) s * OLAP_VECTOR_ROWS, phys);
	}
	olap_hll_init(&h, bits, CurrentMemoryContext);
	for (int k = 0; k < 5; k++)
	{
		double		start = now_ms();

		olap_hll_free(&h);
		for (int i = 0; i < ROWS / OLAP_VECTOR_ROWS; i++)
			olap_vector_count(&sets[i % lengthof(sets)], kind, NULL,
							  OLAP_VECTOR_ROWS, &h);
		best = Min(best, now_ms() - start);
	}
	printf("%-10s %2d bits  %6.1f ms for 10 M rows  %.2f ns a row\n", name, bits,
		   best, best * 1e6 / ROWS);
}

static void
bench_merge(void)
{
	OlapHll		a;
	OlapHll		b;
	uint8	   *bytes;
	size_t		len;
	double		start;
	double		load;
	const char *reason;

	olap_hll_init(&a, 14, CurrentMemoryContext);
	for (uint64 i = 0; i < 1000000; i++)
		olap_hll_add(&a, olap_value_hash_u64(i));
	len = olap_hll_stored_size(&a);
	bytes = palloc(len);
	olap_hll_store(&a, bytes);
	start = now_ms();
	for (int i = 0; i < 1000; i++)
	{
		olap_hll_load(&b, bytes, len, CurrentMemoryContext, &reason);
		if (i < 999)
			olap_hll_free(&b);
	}
	load = now_ms();
	for (int i = 0; i < 1000; i++)
		olap_hll_merge(&a, &b);
	printf("load %.1f us, merge %.1f us", load - start, now_ms() - load);
	start = now_ms();
	for (int i = 0; i < 1000; i++)
		(void) olap_hll_cardinality(&a);
	printf(", estimate %.1f us; stored %zu bytes\n", now_ms() - start, len);
}

int
main(void)
{
	bench("int4", OLAP_PHYS_I32, OLAP_HASH_INT, 14);
	bench("int8", OLAP_PHYS_I64, OLAP_HASH_INT, 14);
	bench("int8", OLAP_PHYS_I64, OLAP_HASH_INT, 18);
	bench("numeric", OLAP_PHYS_DEC64, OLAP_HASH_NUMERIC, 14);
	bench("uuid", OLAP_PHYS_FIXED, OLAP_HASH_BYTES, 14);
	bench("text", OLAP_PHYS_VAR, OLAP_HASH_BYTES, 14);
	bench_merge();
	return 0;
}

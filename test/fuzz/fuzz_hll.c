/*
 * test/fuzz/fuzz_hll.c
 *		Hostile sketches are refused or can be used like any other.
 *
 * Byte 0 is the precision of a sketch of our own, byte 1 how much is in it; the
 * rest is the stored form of the other one, which is merged into it, and back.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "sketch/hll.h"
#include "sketch/value_hash.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool condition)
{
	if (!condition)
		abort();
}

/* What is stored can be read again, and is the same. */
static void
store(const OlapHll *h, MemoryContext cxt)
{
	size_t		len = olap_hll_stored_size(h);
	uint8	   *bytes = palloc(len);
	uint8	   *again = palloc(len);
	const char *reason = NULL;
	OlapHll		back;

	olap_hll_store(h, bytes);
	check(olap_hll_load(&back, bytes, len, cxt, &reason));
	check(olap_hll_stored_size(&back) == len);
	olap_hll_store(&back, again);
	check(memcmp(bytes, again, len) == 0);
	check(olap_hll_estimate(&back) == olap_hll_estimate(h));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	MemoryContext cxt;
	OlapHll		h;
	OlapHll		other;
	const char *reason = NULL;
	uint8	   *copy;

	if (size < 2)
		return 0;
	cxt = AllocSetContextCreate(TopMemoryContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(cxt);
	copy = palloc(size - 2);
	memcpy(copy, data + 2, size - 2);
	if (olap_hll_load(&other, copy, size - 2, cxt, &reason))
	{
		check(reason == NULL);
		olap_hll_init(&h, OLAP_HLL_MIN_BITS + data[0] % 15, cxt);
		for (int i = 0; i < data[1] * 20; i++)
			olap_hll_add(&h, olap_value_hash_u64(i));
		check(olap_hll_cardinality(&other) >= 0);
		store(&other, cxt);
		olap_hll_merge(&h, &other);
		check(olap_hll_cardinality(&h) >= 0);
		store(&h, cxt);
		olap_hll_add(&other, olap_value_hash_u64(data[1]));
		olap_hll_merge(&other, &h);
		store(&other, cxt);
	}
	else
		check(reason != NULL);
	MemoryContextSwitchTo(TopMemoryContext);
	MemoryContextDelete(cxt);
	return 0;
}

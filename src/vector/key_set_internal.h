/*-------------------------------------------------------------------------
 *
 * key_set_internal.h
 *		What making and probing a set of join keys share.
 *
 * src/vector/key_set_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_KEY_SET_INTERNAL_H
#define OLAP_KEY_SET_INTERNAL_H

#include "base/hash.h"
#include "vector/key_set.h"

/* Longer values are neither listed nor bounds. */
#define OLAP_KEY_BYTES_MAX 256

struct OlapKeySet
{
	MemoryContext cxt;
	OlapOrder	order;
	int			scale;			/* of decimals, as integers; -1 */
	bool		integers;		/* keys are numbers themselves: lo, hi, span */
	uint64		expected;
	size_t		memory;
	OlapKeySummary summary;
	int64		lo;
	int64		hi;
	uint64		span;			/* hi - lo */
	uint8		lo_bytes[OLAP_KEY_BYTES_MAX];	/* of summary.lo, by reference */
	uint8		hi_bytes[OLAP_KEY_BYTES_MAX];

	/* while it is made */
	bool		streaming;		/* keys go to the bloom filter at once */
	uint64	   *values;			/* else they wait here */
	uint64		nvalues;
	uint64		capacity;
	uint16	   *slots;			/* of list: hash table of positions + 1 */
	OlapExprValue *list;
	uint64	   *list_keys;

	uint64	   *bits;			/* bitmap: from lo on; bloom: words */
	int			shift;			/* bloom: hash >> shift is the word */
};

static inline uint64
olap_key_bloom_mask(uint64 hash)
{
	return UINT64CONST(1) << (hash & 63) |
		UINT64CONST(1) << (hash >> 6 & 63) |
		UINT64CONST(1) << (hash >> 12 & 63) |
		UINT64CONST(1) << (hash >> 18 & 63);
}

/* -0 = 0, and all NaN are one value. */
static inline uint64
olap_key_of_float(double value)
{
	uint64		bits;

	if (value != value)
		return UINT64CONST(0x7FF8000000000000);
	value += 0.0;
	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* bpchar: blanks at the end do not count. */
static inline uint64
olap_key_of_bytes(OlapOrder order, const uint8 *data, size_t len)
{
	if (order == OLAP_ORDER_NUMERIC)
		return olap_numeric_hash(data, len);
	while (order == OLAP_ORDER_BPCHAR && len > 0 && data[len - 1] == ' ')
		len--;
	return olap_hash_bytes(data, len);
}

#endif							/* OLAP_KEY_SET_INTERNAL_H */

/*-------------------------------------------------------------------------
 *
 * count.c
 *		Count distinct values.
 *
 * Of a chunk with a dictionary only the entries are counted: a value's second
 * appearance changes no register.
 *
 * src/codec/count.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "codec/codec_internal.h"

/* Registers need every bit of a hash to be good, which one product is not. */
static inline uint64
spread(uint64 hash)
{
	return olap_hash_mix(hash ^ UINT64CONST(0xA0761D6478BD642F),
						 UINT64CONST(0x9FB21C651E98DF25));
}

#define ADD_NUMBERS(ctype) \
	do { \
		const ctype *values = v->values; \
\
		for (uint32 i = 0; i < v->n; i++) \
			if (!olap_vector_is_null(v, i)) \
				olap_distinct_add(d, spread(olap_hash_u64(values[i]))); \
	} while (0)

static void
add_bytes(OlapDistinct *d, const OlapVector *v)
{
	const uint32 *offsets = v->values;
	const uint8 *values = v->values;
	uint32		last = PG_UINT32_MAX;	/* offset of the last one added */

	for (uint32 i = 0; i < v->n; i++)
	{
		const uint8 *data = values + (size_t) i * v->width;
		uint32		len = v->width;

		if (olap_vector_is_null(v, i))
			continue;
		if (v->phys == OLAP_PHYS_VAR)
		{
			const char *p = v->heap + offsets[i];

			if (offsets[i] == last)
				continue;
			last = offsets[i];
			data = (const uint8 *) VARDATA(p);
			len = VARSIZE(p) - VARHDRSZ;
		}
		olap_distinct_add(d, spread(olap_hash_bytes(data, len)));
	}
}

void
olap_count_values(OlapDistinct *d, const OlapVector *v)
{
	if (v->phys == OLAP_PHYS_VAR || v->phys == OLAP_PHYS_FIXED)
		add_bytes(d, v);
	else if (v->width == 8)
		ADD_NUMBERS(uint64);
	else if (v->width == 4)
		ADD_NUMBERS(uint32);
	else if (v->width == 2)
		ADD_NUMBERS(uint16);
	else
		ADD_NUMBERS(uint8);
}

/*-------------------------------------------------------------------------
 *
 * bloom.c
 *		Split-block bloom filters; see bloom.h.
 *
 * src/index/bloom.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "index/bloom.h"

#define WORDS (OLAP_BLOOM_BLOCK / sizeof(uint32))

static const uint32 salts[WORDS] = {
	0x47B6137BU, 0x44974D91U, 0x8824AD5BU, 0xA2B7289DU,
	0x705495C7U, 0x2DF1424BU, 0x9EFC4947U, 0x5C6BFB31U
};

size_t
olap_bloom_size(uint32 values)
{
	uint64		bits = (uint64) Max(values, 1) * OLAP_BLOOM_BITS;

	return (bits + OLAP_BLOOM_BLOCK * 8 - 1) / (OLAP_BLOOM_BLOCK * 8) *
		OLAP_BLOOM_BLOCK;
}

size_t
olap_bloom_block(size_t size, uint64 hash)
{
	uint64		blocks = size / OLAP_BLOOM_BLOCK;

	return (size_t) (((hash >> 32) * blocks) >> 32) * OLAP_BLOOM_BLOCK;
}

static inline uint32
bit_of(uint64 hash, int word)
{
	return (uint32) 1 << (((uint32) hash * salts[word]) >> 27);
}

void
olap_bloom_add(uint8 *bloom, size_t size, const uint64 *hashes, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
	{
		uint32	   *block = (uint32 *) (bloom + olap_bloom_block(size, hashes[i]));

		for (int w = 0; w < (int) WORDS; w++)
			block[w] |= bit_of(hashes[i], w);
	}
}

bool
olap_bloom_block_has(const uint8 *block, uint64 hash)
{
	uint32		words[WORDS];
	uint32		missing = 0;

	memcpy(words, block, sizeof(words));
	for (int w = 0; w < (int) WORDS; w++)
		missing |= bit_of(hash, w) & ~words[w];
	return missing == 0;
}

bool
olap_bloom_fits(OlapZoneKind zone, OlapHashKind hash)
{
	return (zone == OLAP_ZONE_INT && hash == OLAP_HASH_INT) ||
		(zone == OLAP_ZONE_UINT && hash == OLAP_HASH_UINT) ||
		(zone == OLAP_ZONE_FLOAT && hash == OLAP_HASH_FLOAT) ||
		(zone == OLAP_ZONE_DEC && hash == OLAP_HASH_NUMERIC) ||
		(zone == OLAP_ZONE_BYTES && hash == OLAP_HASH_BYTES);
}

uint64
olap_bloom_hash(const OlapZoneQual *qual, int i)
{
	const OlapZoneValue *value = &qual->values[i];

	switch (qual->kind)
	{
		case OLAP_ZONE_INT:
			return olap_value_hash_u64((uint64) value->v.i);
		case OLAP_ZONE_UINT:
			return olap_value_hash_u64(value->v.u);
		case OLAP_ZONE_FLOAT:
			return olap_value_hash_double(value->is_nan ? (double) NAN : value->v.f);
		case OLAP_ZONE_DEC:
			return olap_value_hash_scaled(value->v.i,
										  olap_value_hash_factor(Min(qual->scale, 18)));
		default:
			return olap_value_hash_bytes(value->data, value->len);
	}
}

/*-------------------------------------------------------------------------
 *
 * hash.h
 *		Hash values of numbers and byte strings.
 *
 * They end up on disk, in sketches (codec/count.c, sketch/value_hash.h): a change
 * is a change of the format.
 *
 * src/base/hash.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_BASE_HASH_H
#define OLAP_BASE_HASH_H

static inline uint64
olap_hash_mix(uint64 a, uint64 b)
{
	unsigned __int128 product = (unsigned __int128) a * b;

	return (uint64) product ^ (uint64) (product >> 64);
}

static inline uint64
olap_hash_u64(uint64 value)
{
	return olap_hash_mix(value ^ UINT64CONST(0x9E3779B97F4A7C15),
						 UINT64CONST(0xD6E8FEB86659FD93));
}

/* Little-endian on every machine. */
static inline uint64
olap_hash_load64(const uint8 *data)
{
	uint64		value;

	memcpy(&value, data, sizeof(value));
#ifdef WORDS_BIGENDIAN
	value = __builtin_bswap64(value);
#endif
	return value;
}

static inline uint32
olap_hash_load32(const uint8 *data)
{
	uint32		value;

	memcpy(&value, data, sizeof(value));
#ifdef WORDS_BIGENDIAN
	value = __builtin_bswap32(value);
#endif
	return value;
}

/* Not for hostile inputs to lean on: tables that use it bound their probes. */
static inline uint64
olap_hash_bytes(const uint8 *data, size_t len)
{
	uint64		hash = len * UINT64CONST(0x9E3779B97F4A7C15);
	uint64		a;
	uint64		b;

	while (len > 16)
	{
		a = olap_hash_load64(data);
		b = olap_hash_load64(data + 8);
		hash = olap_hash_mix(a ^ UINT64CONST(0xA0761D6478BD642F), b ^ hash);
		data += 16;
		len -= 16;
	}
	if (len >= 8)
	{
		a = olap_hash_load64(data);
		b = olap_hash_load64(data + len - 8);
	}
	else if (len >= 4)
	{
		a = olap_hash_load32(data);
		b = olap_hash_load32(data + len - 4);
	}
	else
	{
		a = len > 0 ? (uint64) data[0] << 16 | (uint64) data[len / 2] << 8 |
			data[len - 1] : 0;
		b = 0;
	}
	return olap_hash_mix(a ^ UINT64CONST(0xE7037ED1A0B428DB),
						 b ^ hash ^ UINT64CONST(0x8EBC6AF09C88C6E3));
}

#endif							/* OLAP_BASE_HASH_H */

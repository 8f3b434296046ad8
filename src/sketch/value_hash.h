/*-------------------------------------------------------------------------
 *
 * value_hash.h
 *		Hashes of SQL values that mean the same everywhere and for ever.
 *
 * Why: sketches are stored, dumped and sent, and merged with those that another
 * release, server or machine made.  So values of the common built-in types are
 * brought into a form of our own before hashing, in which values that the type
 * calls equal are the same bytes:
 *
 *		integers, date, time, timestamp(tz), money, bool
 *					the value as a 64-bit integer, whatever the width
 *		oid, enums	the same, unsigned (an enum's OIDs are this database's own)
 *		real, double precision
 *					the bits as a double; -0 is 0, all NaNs are one
 *		numeric		value * 10^18 as a 128-bit integer if it is one, else the
 *					digits without zeros at either end
 *		text, varchar, bytea, uuid
 *					the bytes; text under a deterministic collation
 *		char(n)		the bytes without the blanks at the end
 *
 * All other types are hashed by their own hash function, which may change
 * from one release of PostgreSQL, or of the type's extension, to the next.
 *
 * The integer mixer is the finalizer of SplitMix64 (Steele, Lea & Flood 2014,
 * "Fast splittable pseudorandom number generators"; constants: Stafford's
 * variant 13): a bijection, so different integers have different hashes, made of
 * operations that vectorize.  A change of anything here is a change of the format.
 *
 * src/sketch/value_hash.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_VALUE_HASH_H
#define OLAP_VALUE_HASH_H

#include "base/hash.h"

/* What is hashed of a type's values.  On disk: never renumber. */
typedef enum OlapHashKind
{
	OLAP_HASH_NONE = 0,			/* by the type's own function */
	OLAP_HASH_INT = 1,
	OLAP_HASH_UINT = 2,			/* 32 bits, unsigned */
	OLAP_HASH_FLOAT = 3,
	OLAP_HASH_NUMERIC = 4,
	OLAP_HASH_BYTES = 5,
	OLAP_HASH_BPCHAR = 6
} OlapHashKind;

#define OLAP_HASH_KIND_MAX OLAP_HASH_BPCHAR

/*
 * The kind of a built-in type.  deterministic: of the collation, true for types
 * without one.
 */
extern OlapHashKind olap_hash_kind(Oid typid, bool deterministic);

/*
 * The same for any type, domains and enums included; looks into the catalogs,
 * so only within the server.  OLAP_HASH_NONE if type or collation is not there
 * (any more).  *portable: hashes mean the same elsewhere.
 */
extern OlapHashKind olap_hash_kind_of_type(Oid typid, Oid collation,
										   bool *portable);

static inline uint64
olap_value_mix(uint64 x)
{
	x ^= x >> 30;
	x *= UINT64CONST(0xBF58476D1CE4E5B9);
	x ^= x >> 27;
	x *= UINT64CONST(0x94D049BB133111EB);
	return x ^ x >> 31;
}

static inline uint64
olap_value_hash_u64(uint64 value)
{
	return olap_value_mix(value + UINT64CONST(0x9E3779B97F4A7C15));
}

static inline uint64
olap_value_hash_u128(uint64 low, uint64 high)
{
	return olap_value_mix(olap_value_hash_u64(low) ^
						  (high + UINT64CONST(0x632BE59BD9B4E019)));
}

static inline uint64
olap_value_hash_double(double value)
{
	uint64		bits;

	memcpy(&bits, &value, sizeof(bits));
	if (value == 0)
		bits = 0;
	if (value != value)
		bits = UINT64CONST(0x7FF8000000000000);
	return olap_value_hash_u64(bits);
}

static inline uint64
olap_value_hash_bytes(const void *data, size_t len)
{
	return olap_value_mix(olap_hash_bytes(data, len));
}

static inline uint64
olap_value_hash_bpchar(const void *data, size_t len)
{
	const char *p = data;

	while (len > 0 && p[len - 1] == ' ')
		len--;
	return olap_value_hash_bytes(p, len);
}

/* value / 10^scale, scale at most 18: as olap_value_hash_numeric(). */
static inline uint64
olap_value_hash_scaled(int64 value, int64 factor)
{
	__int128	scaled = (__int128) value * factor;

	return olap_value_hash_u128((uint64) scaled, (uint64) (scaled >> 64));
}

/* 10^(18 - scale): the factor of _hash_scaled(). */
extern int64 olap_value_hash_factor(int scale);

/* The content of a numeric, without the varlena header; any bytes. */
extern uint64 olap_value_hash_numeric(const void *data, size_t len);

#endif							/* OLAP_VALUE_HASH_H */

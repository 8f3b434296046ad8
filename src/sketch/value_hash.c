/*-------------------------------------------------------------------------
 *
 * value_hash.c
 *		Hashes of SQL values that mean the same everywhere and for ever.
 *
 * Layout of a numeric's content: see vector/decimal.c; this file reads the
 * long form and the special values as well.
 *
 * src/sketch/value_hash.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"

#include "sketch/value_hash.h"

#define SCALE 18				/* digits behind the point that count exactly */

#define NUMERIC_FORM_MASK 0xC000
#define NUMERIC_NEGATIVE 0x4000
#define NUMERIC_SHORT 0x8000
#define NUMERIC_SPECIAL 0xC000
#define NUMERIC_SPECIAL_MASK 0xF000	/* NaN C000, infinities D000, F000 */
#define NUMERIC_SHORT_NEGATIVE 0x2000
#define NUMERIC_SHORT_WEIGHT_SIGN 0x0040
#define NUMERIC_SHORT_WEIGHT_MASK 0x003F

#define NBASE 10000

/* A numeric: sum of digit i * 10000^(weight - i), zeros cut off at both ends. */
typedef struct Numeric
{
	bool		negative;
	int			weight;
	int			ndigits;
	const uint8 *digits;		/* uint16 each, in the server's order */
} Numeric;

OlapHashKind
olap_hash_kind(Oid typid, bool deterministic)
{
	switch (typid)
	{
		case BOOLOID:
		case CHAROID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case CASHOID:
			return OLAP_HASH_INT;
		case OIDOID:
			return OLAP_HASH_UINT;
		case FLOAT4OID:
		case FLOAT8OID:
			return OLAP_HASH_FLOAT;
		case NUMERICOID:
			return OLAP_HASH_NUMERIC;
		case TEXTOID:
		case VARCHAROID:
			return deterministic ? OLAP_HASH_BYTES : OLAP_HASH_NONE;
		case BPCHAROID:
			return deterministic ? OLAP_HASH_BPCHAR : OLAP_HASH_NONE;
		case BYTEAOID:
		case UUIDOID:
			return OLAP_HASH_BYTES;
		default:
			return OLAP_HASH_NONE;
	}
}

int64
olap_value_hash_factor(int scale)
{
	int64		factor = 1;

	for (int i = scale; i < SCALE; i++)
		factor *= 10;
	return factor;
}

static uint16
digit(const Numeric *n, int i)
{
	uint16		d;

	memcpy(&d, n->digits + 2 * (size_t) i, sizeof(d));
	return d;
}

/* Returns false for NaN and infinities, and for what no server wrote. */
static bool
read_numeric(Numeric *n, const uint8 *data, size_t len)
{
	uint16		header;
	int16		weight;
	size_t		at = sizeof(header);

	if (len < sizeof(header))
		return false;
	memcpy(&header, data, sizeof(header));
	if ((header & NUMERIC_FORM_MASK) == NUMERIC_SPECIAL)
		return false;
	if ((header & NUMERIC_FORM_MASK) == NUMERIC_SHORT)
	{
		n->negative = (header & NUMERIC_SHORT_NEGATIVE) != 0;
		n->weight = (header & NUMERIC_SHORT_WEIGHT_MASK) -
			((header & NUMERIC_SHORT_WEIGHT_SIGN) != 0 ?
			 NUMERIC_SHORT_WEIGHT_SIGN : 0);
	}
	else
	{
		if (len < at + sizeof(weight))
			return false;
		memcpy(&weight, data + at, sizeof(weight));
		at += sizeof(weight);
		n->negative = (header & NUMERIC_FORM_MASK) == NUMERIC_NEGATIVE;
		n->weight = weight;
	}
	n->digits = data + at;
	n->ndigits = (int) Min((len - at) / sizeof(uint16), 100000);
	while (n->ndigits > 0 && digit(n, 0) == 0)
	{
		n->digits += sizeof(uint16);
		n->ndigits--;
		n->weight--;
	}
	while (n->ndigits > 0 && digit(n, n->ndigits - 1) == 0)
		n->ndigits--;
	return true;
}

/* The value * 10^18; false if that is no integer of 127 bits. */
static bool
scale_numeric(const Numeric *n, __int128 *out)
{
	unsigned __int128 sum = 0;
	int			last = n->weight - (n->ndigits - 1);	/* of the last digit */

	/* 10^18 = 100 * 10000^4; 10000^5 * 10^18 < 2^127 */
	if (n->ndigits > 0 && (n->weight > 4 || last < -5))
		return false;
	for (int i = 0; i < n->ndigits; i++)
	{
		int			power = n->weight - i;
		uint16		d = digit(n, i);

		if (d >= NBASE)
			return false;
		if (power == -5)
		{
			if (d % 100 != 0)
				return false;
			sum = sum * 100 + d / 100;
		}
		else
			sum = sum * NBASE + d;
	}
	if (n->ndigits > 0 && last > -5)
	{
		for (int power = last; power > -4; power--)
			sum *= NBASE;
		sum *= 100;
	}
	*out = n->negative ? -(__int128) sum : (__int128) sum;
	return true;
}

uint64
olap_value_hash_numeric(const void *data, size_t len)
{
	Numeric		n;
	__int128	scaled;
	uint64		hash;

	if (!read_numeric(&n, data, len))
	{
		uint16		header = 0;

		memcpy(&header, data, Min(len, sizeof(header)));
		/* no scaled value is that small */
		return olap_value_hash_u128(header & NUMERIC_SPECIAL_MASK,
									UINT64CONST(1) << 63);
	}
	if (scale_numeric(&n, &scaled))
		return olap_value_hash_u128((uint64) scaled, (uint64) (scaled >> 64));
	hash = olap_value_hash_u64(((uint64) (uint32) n.weight << 1) | n.negative);
	for (int i = 0; i < n.ndigits; i++)
		hash = olap_value_hash_u64(hash ^ digit(&n, i));
	return hash;
}

/*-------------------------------------------------------------------------
 *
 * expr_numeric.c
 *		Compare numerics without the server: as varlenas and as scaled int64.
 *
 * Layout of a numeric's content (PostgreSQL's numeric.c): a uint16 header whose
 * top bits are 00 (positive) or 01 (negative) with an int16 weight behind it,
 * 10 (short form, weight inside the header) or 11 (special: NaN, infinities);
 * then base-10000 digits, digit i counting 10000 ^ (weight - i).  Contents that
 * make no sense give some order, never a read out of bounds.
 *
 * src/vector/expr_numeric.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/hash.h"
#include "vector/expr.h"

#define FORM_MASK 0xC000
#define FORM_NEGATIVE 0x4000
#define FORM_SHORT 0x8000
#define FORM_SPECIAL 0xC000
#define SPECIAL_MASK 0xF000
#define SPECIAL_PLUS_INFINITY 0xD000
#define SPECIAL_MINUS_INFINITY 0xF000
#define SHORT_SIGN 0x2000
#define SHORT_WEIGHT_SIGN 0x0040
#define SHORT_WEIGHT_MASK 0x003F

/* Ranks of what is not a finite number, and of those that are. */
enum
{
	RANK_MINUS_INFINITY = -1,
	RANK_FINITE = 0,
	RANK_PLUS_INFINITY = 1,
	RANK_NAN = 2
};

typedef struct Number
{
	int			rank;
	int			sign;			/* -1, 0, 1 */
	int			weight;			/* of digit 0 */
	int			ndigits;
	const uint8 *digits;		/* uint16 each, not aligned */
} Number;

static inline int
digit_at(const Number *n, int i)
{
	uint16		digit;

	if (i >= n->ndigits)
		return 0;
	memcpy(&digit, n->digits + 2 * (size_t) i, sizeof(digit));
	return digit;
}

static void
parse(const uint8 *data, size_t len, Number *n)
{
	uint16		header;
	int16		weight;

	memset(n, 0, sizeof(*n));
	if (len < sizeof(uint16))
		return;
	memcpy(&header, data, sizeof(uint16));
	if ((header & FORM_MASK) == FORM_SPECIAL)
	{
		n->rank = (header & SPECIAL_MASK) == SPECIAL_PLUS_INFINITY ?
			RANK_PLUS_INFINITY :
			(header & SPECIAL_MASK) == SPECIAL_MINUS_INFINITY ?
			RANK_MINUS_INFINITY : RANK_NAN;
		return;
	}
	if ((header & FORM_MASK) == FORM_SHORT)
	{
		n->weight = header & SHORT_WEIGHT_MASK;
		if (header & SHORT_WEIGHT_SIGN)
			n->weight -= SHORT_WEIGHT_MASK + 1;
		n->sign = (header & SHORT_SIGN) ? -1 : 1;
		n->digits = data + 2;
		n->ndigits = (int) ((len - 2) / 2);
	}
	else
	{
		if (len < 2 * sizeof(uint16))
			return;
		memcpy(&weight, data + 2, sizeof(weight));
		n->weight = weight;
		n->sign = (header & FORM_NEGATIVE) ? -1 : 1;
		n->digits = data + 4;
		n->ndigits = (int) ((len - 4) / 2);
	}
	while (n->ndigits > 0 && digit_at(n, 0) == 0)
	{
		n->digits += 2;
		n->ndigits--;
		n->weight--;
	}
	while (n->ndigits > 0 && digit_at(n, n->ndigits - 1) == 0)
		n->ndigits--;
	if (n->ndigits == 0)
		n->sign = 0;
}

int
olap_numeric_compare(const uint8 *a, size_t alen, const uint8 *b, size_t blen)
{
	Number		x;
	Number		y;
	int			ndigits;

	parse(a, alen, &x);
	parse(b, blen, &y);
	if (x.rank != y.rank)
		return x.rank < y.rank ? -1 : 1;
	if (x.rank != RANK_FINITE)
		return 0;
	if (x.sign != y.sign)
		return x.sign < y.sign ? -1 : 1;
	if (x.sign == 0)
		return 0;
	if (x.weight != y.weight)
		return x.weight < y.weight ? -x.sign : x.sign;
	ndigits = Max(x.ndigits, y.ndigits);
	for (int i = 0; i < ndigits; i++)
	{
		int			dx = digit_at(&x, i);
		int			dy = digit_at(&y, i);

		if (dx != dy)
			return dx < dy ? -x.sign : x.sign;
	}
	return 0;
}

uint64
olap_numeric_hash(const uint8 *data, size_t len)
{
	Number		n;

	parse(data, len, &n);
	if (n.rank != RANK_FINITE)
		return olap_hash_u64((uint64) (n.rank + 2));
	if (n.sign == 0)
		return 0;
	return olap_hash_mix(olap_hash_bytes(n.digits, 2 * (size_t) n.ndigits),
						 olap_hash_u64((uint64) ((int64) n.weight * 2 +
												 (n.sign < 0))));
}

OlapDecimalFit
olap_numeric_floor(const uint8 *data, size_t len, int scale, int64 *out)
{
	static const int power[] = {1, 10, 100, 1000};
	Number		n;
	unsigned __int128 acc = 0;
	bool		inexact = false;

	*out = 0;
	parse(data, len, &n);
	if (n.rank != RANK_FINITE)
		return n.rank < 0 ? OLAP_DECIMAL_BELOW : OLAP_DECIMAL_ABOVE;

	for (int i = 0; i < n.ndigits; i++)
	{
		int			digit = digit_at(&n, i);
		/* the digit counts 10 ^ exponent in units of the scale */
		int			exponent = 4 * (n.weight - i) + scale;

		if (exponent <= -4)
		{
			inexact |= digit != 0;
			continue;
		}
		if (exponent < 0)
		{
			/* its upper decimals belong to the integer */
			acc = acc * power[4 + exponent] + digit / power[-exponent];
			inexact |= digit % power[-exponent] != 0;
		}
		else
			acc = acc * 10000 + digit;
		if (acc > (unsigned __int128) PG_UINT64_MAX * 10000)
			return n.sign < 0 ? OLAP_DECIMAL_BELOW : OLAP_DECIMAL_ABOVE;
	}

	/* digits that are not written out are zeros */
	if (n.ndigits > 0)
	{
		int			exponent = 4 * (n.weight - n.ndigits + 1) + scale;

		for (; exponent > 0; exponent--)
		{
			acc *= 10;
			if (acc > (unsigned __int128) PG_INT64_MAX + 1)
				return n.sign < 0 ? OLAP_DECIMAL_BELOW : OLAP_DECIMAL_ABOVE;
		}
	}
	if (n.sign < 0)
	{
		if (inexact)
			acc++;
		if (acc > (unsigned __int128) PG_INT64_MAX + 1)
			return OLAP_DECIMAL_BELOW;
		*out = (int64) (0 - (uint64) acc);
	}
	else
	{
		if (acc > (unsigned __int128) PG_INT64_MAX)
			return OLAP_DECIMAL_ABOVE;
		*out = (int64) acc;
	}
	return inexact ? OLAP_DECIMAL_INEXACT : OLAP_DECIMAL_EXACT;
}

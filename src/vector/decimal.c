/*-------------------------------------------------------------------------
 *
 * decimal.c
 *		numeric <-> scaled int64.
 *
 * Why: a numeric(p <= 18, s) as an int64 is summed and compared thousands of
 * times faster than the varlena, and packs well.  Only numerics whose bytes
 * come out the same again take this form; the others stay varlenas.
 *
 * Layout of a numeric's content (PostgreSQL's numeric.c): a uint16 header, then
 * base-10000 digits, most significant first.  In the short form the header's
 * top bits are 10, then 1 bit sign, 6 bits display scale, 7 bits weight (two's
 * complement): digit i counts 10000 ^ (weight - i).  Zero has no digits, weight
 * 0 and no sign; the first and the last digit are never zero.  The server
 * writes the short form whenever the scale is <= 63 and the weight in -64..63,
 * so for our scales every other form is left as it is.
 *
 * src/vector/decimal.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/varlena.h"
#include "vector/vector.h"

#define NUMERIC_FORM_MASK 0xC000
#define NUMERIC_FORM_SHORT 0x8000
#define NUMERIC_SIGN 0x2000
#define NUMERIC_SCALE_SHIFT 7
#define NUMERIC_SCALE_MASK 0x3F
#define NUMERIC_WEIGHT_SIGN 0x0040
#define NUMERIC_WEIGHT_MASK 0x003F

/* Base-10000 digits that 19 decimal digits can touch. */
#define MAX_DIGITS 6
#define MAX_SCALE 18

static const uint64 pow10_table[MAX_SCALE + 1] = {
	UINT64CONST(1), UINT64CONST(10), UINT64CONST(100), UINT64CONST(1000),
	UINT64CONST(10000), UINT64CONST(100000), UINT64CONST(1000000),
	UINT64CONST(10000000), UINT64CONST(100000000), UINT64CONST(1000000000),
	UINT64CONST(10000000000), UINT64CONST(100000000000),
	UINT64CONST(1000000000000), UINT64CONST(10000000000000),
	UINT64CONST(100000000000000), UINT64CONST(1000000000000000),
	UINT64CONST(10000000000000000), UINT64CONST(100000000000000000),
	UINT64CONST(1000000000000000000)
};

/*
 * Multiply acc by 10 ^ exponent without loss.  false if digits would be cut off
 * or the result does not fit 64 bits.
 */
static bool
shift_decimal(unsigned __int128 acc, int exponent, uint64 *out)
{
	if (exponent >= 0)
	{
		if (exponent > MAX_SCALE || acc > PG_UINT64_MAX)
			return false;
		acc *= pow10_table[exponent];
	}
	else
	{
		if (exponent < -3 || acc % pow10_table[-exponent] != 0)
			return false;
		acc /= pow10_table[-exponent];
	}
	if (acc > PG_UINT64_MAX)
		return false;
	*out = (uint64) acc;
	return true;
}

bool
olap_decimal_to_i64(const void *numeric, int scale, int64 *out)
{
	const char *data = VARDATA_ANY(numeric);
	size_t		len = VARSIZE_ANY_EXHDR(numeric);
	uint16		header;
	uint16		digit = 0;
	int			weight;
	int			ndigits;
	bool		negative;
	unsigned __int128 acc = 0;
	uint64		value;

	if (len < sizeof(uint16) || len % 2 != 0 || scale > MAX_SCALE)
		return false;
	memcpy(&header, data, sizeof(uint16));
	if ((header & NUMERIC_FORM_MASK) != NUMERIC_FORM_SHORT ||
		((header >> NUMERIC_SCALE_SHIFT) & NUMERIC_SCALE_MASK) != scale)
		return false;
	weight = header & NUMERIC_WEIGHT_MASK;
	if (header & NUMERIC_WEIGHT_SIGN)
		weight -= NUMERIC_WEIGHT_MASK + 1;
	negative = (header & NUMERIC_SIGN) != 0;
	ndigits = (int) (len / 2) - 1;

	if (ndigits == 0)
	{
		*out = 0;
		return !negative && weight == 0;
	}
	if (ndigits > MAX_DIGITS)
		return false;
	for (int i = 0; i < ndigits; i++)
	{
		memcpy(&digit, data + 2 + 2 * i, sizeof(uint16));
		if (digit > 9999 || (i == 0 && digit == 0))
			return false;
		acc = acc * 10000 + digit;
	}
	if (digit == 0)
		return false;
	if (!shift_decimal(acc, 4 * (weight - ndigits + 1) + scale, &value))
		return false;

	if (negative)
	{
		if (value > (uint64) PG_INT64_MAX + 1)
			return false;
		*out = (int64) (0 - value);
	}
	else
	{
		if (value > (uint64) PG_INT64_MAX)
			return false;
		*out = (int64) value;
	}
	return true;
}

int
olap_numeric_scale(const void *numeric)
{
	uint16		header;
	int			scale;

	if (VARSIZE_ANY_EXHDR(numeric) < sizeof(uint16))
		return -1;
	memcpy(&header, VARDATA_ANY(numeric), sizeof(uint16));
	if ((header & NUMERIC_FORM_MASK) != NUMERIC_FORM_SHORT)
		return -1;
	scale = (header >> NUMERIC_SCALE_SHIFT) & NUMERIC_SCALE_MASK;
	return scale <= MAX_SCALE ? scale : -1;
}

int
olap_decimal_from_i64(int64 value, int scale, char *out)
{
	uint64		rest = value < 0 ? 0 - (uint64) value : (uint64) value;
	uint16		digits[MAX_DIGITS]; /* least significant first */
	int			ndigits = 0;
	int			first = 0;
	int			weight;
	int			odd = scale % 4;
	uint16		header;
	char	   *p = out + VARHDRSZ;

	Assert(scale >= 0 && scale <= MAX_SCALE);

	/* the last digit may hold fewer than four decimals */
	if (odd != 0)
	{
		digits[ndigits++] = (uint16) ((rest % pow10_table[odd]) *
									  pow10_table[4 - odd]);
		rest /= pow10_table[odd];
	}
	while (rest != 0)
	{
		digits[ndigits++] = (uint16) (rest % 10000);
		rest /= 10000;
	}
	weight = ndigits - 1 - (scale + 3) / 4;

	while (ndigits > 0 && digits[ndigits - 1] == 0)
	{
		ndigits--;
		weight--;
	}
	while (first < ndigits && digits[first] == 0)
		first++;
	if (ndigits == 0)
		weight = 0;

	header = NUMERIC_FORM_SHORT | (uint16) (scale << NUMERIC_SCALE_SHIFT) |
		(weight & NUMERIC_WEIGHT_MASK);
	if (weight < 0)
		header |= NUMERIC_WEIGHT_SIGN;
	if (value < 0)
		header |= NUMERIC_SIGN;
	memcpy(p, &header, sizeof(uint16));
	p += sizeof(uint16);
	for (int i = ndigits - 1; i >= first; i--)
	{
		memcpy(p, &digits[i], sizeof(uint16));
		p += sizeof(uint16);
	}
	SET_VARSIZE(out, p - out);
	return (int) (p - out);
}

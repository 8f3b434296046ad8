/*-------------------------------------------------------------------------
 *
 * decimal128.c
 *		Numerics of sums: scaled integers of up to 128 bits.
 *
 * The layout of a numeric is told in decimal.c; a sum's scale and weight always
 * fit the short form.
 *
 * src/vector/decimal128.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/varlena.h"
#include "vector/decimal.h"
#include "vector/vector.h"

#define NUMERIC_FORM_SHORT 0x8000
#define NUMERIC_SIGN 0x2000
#define NUMERIC_SCALE_SHIFT 7
#define NUMERIC_WEIGHT_SIGN 0x0040
#define NUMERIC_WEIGHT_MASK 0x003F

static const uint16 pow10_small[4] = {1, 10, 100, 1000};

void
olap_decimal_digits(__int128 value, int scale, OlapDecimalDigits *out)
{
	unsigned __int128 rest = value < 0 ? -(unsigned __int128) value :
		(unsigned __int128) value;
	uint16		reversed[OLAP_DECIMAL_MAX_DIGITS];
	int			n = 0;
	int			first = 0;
	int			odd = scale % 4;

	out->negative = value < 0;

	/* the last digit may hold fewer than four decimals */
	if (odd != 0)
	{
		reversed[n++] = (uint16) (rest % pow10_small[odd]) * pow10_small[4 - odd];
		rest /= pow10_small[odd];
	}
	while (rest > PG_UINT64_MAX)
	{
		reversed[n++] = (uint16) (rest % 10000);
		rest /= 10000;
	}
	for (uint64 low = (uint64) rest; low != 0; low /= 10000)
		reversed[n++] = (uint16) (low % 10000);
	out->weight = n - 1 - (scale + 3) / 4;

	while (n > 0 && reversed[n - 1] == 0)
	{
		n--;
		out->weight--;
	}
	while (first < n && reversed[first] == 0)
		first++;
	out->ndigits = n - first;
	if (out->ndigits == 0)
		out->weight = 0;
	for (int i = 0; i < out->ndigits; i++)
		out->digits[i] = reversed[n - 1 - i];
}

int
olap_decimal_from_i128(__int128 value, int scale, char *out)
{
	OlapDecimalDigits d;
	uint16		header;
	int			size;

	if (value >= PG_INT64_MIN && value <= PG_INT64_MAX && scale <= 18)
		return olap_decimal_from_i64((int64) value, scale, out);
	olap_decimal_digits(value, scale, &d);
	header = NUMERIC_FORM_SHORT | (uint16) (scale << NUMERIC_SCALE_SHIFT) |
		(d.weight & NUMERIC_WEIGHT_MASK);
	if (d.weight < 0)
		header |= NUMERIC_WEIGHT_SIGN;
	if (d.negative)
		header |= NUMERIC_SIGN;
	memcpy(out + VARHDRSZ, &header, sizeof(uint16));
	memcpy(out + VARHDRSZ + sizeof(uint16), d.digits, d.ndigits * sizeof(uint16));
	size = VARHDRSZ + sizeof(uint16) + d.ndigits * sizeof(uint16);
	SET_VARSIZE(out, size);
	return size;
}

/*-------------------------------------------------------------------------
 *
 * decimal.h
 *		Numerics of sums: scaled integers of up to 128 bits.
 *
 * src/vector/decimal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DECIMAL_H
#define OLAP_DECIMAL_H

/* 128 bits are 39 decimal digits; a scale that is no multiple of 4 splits one. */
#define OLAP_DECIMAL_MAX_DIGITS 12
#define OLAP_DECIMAL128_MAX_SIZE 32

/* value in base 10,000 without leading and trailing zeros. */
typedef struct OlapDecimalDigits
{
	bool		negative;
	int			ndigits;
	int			weight;			/* of the first digit: 10000 ^ weight */
	uint16		digits[OLAP_DECIMAL_MAX_DIGITS];	/* most significant first */
} OlapDecimalDigits;

/* value / 10 ^ scale, 0 <= scale <= 36 */
extern void olap_decimal_digits(__int128 value, int scale,
								OlapDecimalDigits *out);

/*
 * As olap_decimal_from_i64(): a numeric of at most OLAP_DECIMAL128_MAX_SIZE
 * bytes with display scale `scale`.
 */
extern int	olap_decimal_from_i128(__int128 value, int scale, char *out);

#endif							/* OLAP_DECIMAL_H */

/*-------------------------------------------------------------------------
 *
 * number.h
 *		Decimal text to numbers: exact where the type is, rounded as
 *		PostgreSQL rounds.
 *
 * Two grammars: JSON's own for number tokens, and PostgreSQL's wider one (sign,
 * leading zeros, bare point, surrounding white space) for numbers in strings.
 *
 * src/ingest/kafka/number.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_NUMBER_H
#define OLAP_NUMBER_H

typedef enum OlapNumberResult
{
	OLAP_NUMBER_OK = 0,
	OLAP_NUMBER_SYNTAX,			/* not a number */
	OLAP_NUMBER_RANGE,			/* does not fit */
	OLAP_NUMBER_FRACTION		/* digits behind the last one wanted */
} OlapNumberResult;

/* A number taken apart: value = (-1)^negative * digits * 10^exponent. */
typedef struct OlapNumber
{
	bool		negative;
	const char *text;			/* first digit that is not a leading zero ... */
	const char *end;			/* ... to the end; a '.' may be among them */
	int			ndigits;		/* digits in [text, end) */
	int			nfraction;		/* digits written behind the point */
	bool		has_exponent;
	int			exponent;		/* clamped to +-1,000,000 */
} OlapNumber;

/* Is text[0, len) a number of JSON's grammar? */
extern bool olap_number_is_json(const char *text, size_t len);

/* Take text[0, len) apart by PostgreSQL's grammar; false: not a number. */
extern bool olap_number_parse(const char *text, size_t len, OlapNumber *out);

/*
 * number * 10^scale as an integer.  Digits below are rounded half away from
 * zero, as numeric does, or with exact refused if they are not all zero.
 */
extern OlapNumberResult olap_number_scaled(const OlapNumber *number, int scale,
										   bool exact, int64 *out);

/*
 * The nearest float8 / float4.  scratch has len + 1 bytes.  Infinity and NaN
 * by name are read too if special.
 */
extern OlapNumberResult olap_number_float8(const char *text, size_t len,
										   bool special, char *scratch,
										   double *out);
extern OlapNumberResult olap_number_float4(const char *text, size_t len,
										   bool special, char *scratch,
										   float *out);

#endif							/* OLAP_NUMBER_H */

/*-------------------------------------------------------------------------
 *
 * number.c
 *		Decimal text to numbers.
 *
 * src/ingest/kafka/number.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <errno.h>
#include <math.h>

#include "ingest/kafka/number.h"

#define MAX_EXPONENT 1000000

static const double power_of_ten[] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
};

static inline bool
is_digit(char c)
{
	return (unsigned char) (c - '0') < 10;
}

static inline bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool
olap_number_is_json(const char *text, size_t len)
{
	const char *p = text;
	const char *end = text + len;

	if (p < end && *p == '-')
		p++;
	if (p == end || !is_digit(*p))
		return false;
	if (*p == '0')
		p++;
	else
		while (p < end && is_digit(*p))
			p++;
	if (p < end && *p == '.')
	{
		p++;
		if (p == end || !is_digit(*p))
			return false;
		while (p < end && is_digit(*p))
			p++;
	}
	if (p < end && (*p == 'e' || *p == 'E'))
	{
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		if (p == end || !is_digit(*p))
			return false;
		while (p < end && is_digit(*p))
			p++;
	}
	return p == end;
}

/* The part behind 'e'; returns its end, or NULL if it has no digit. */
static const char *
parse_exponent(const char *p, const char *end, int *exponent)
{
	bool		negative = false;
	int			value = 0;

	if (p < end && (*p == '+' || *p == '-'))
		negative = *p++ == '-';
	if (p == end || !is_digit(*p))
		return NULL;
	for (; p < end && is_digit(*p); p++)
		if (value < MAX_EXPONENT)
			value = value * 10 + (*p - '0');
	value = Min(value, MAX_EXPONENT);
	*exponent = negative ? -value : value;
	return p;
}

bool
olap_number_parse(const char *text, size_t len, OlapNumber *out)
{
	const char *p = text;
	const char *end = text + len;
	int			integer_digits;

	while (p < end && is_space(*p))
		p++;
	while (end > p && is_space(end[-1]))
		end--;
	out->negative = false;
	out->has_exponent = false;
	out->exponent = 0;
	out->nfraction = 0;
	if (p < end && (*p == '-' || *p == '+'))
		out->negative = *p++ == '-';

	out->text = p;
	while (p < end && is_digit(*p))
		p++;
	if (p - out->text > MAX_EXPONENT)
		return false;
	integer_digits = (int) (p - out->text);
	if (p < end && *p == '.')
	{
		const char *fraction = ++p;

		while (p < end && is_digit(*p))
			p++;
		if (p - fraction > MAX_EXPONENT)
			return false;
		out->nfraction = (int) (p - fraction);
	}
	out->ndigits = integer_digits + out->nfraction;
	if (out->ndigits == 0)
		return false;
	out->end = p;
	if (p < end && (*p == 'e' || *p == 'E'))
	{
		out->has_exponent = true;
		p = parse_exponent(p + 1, end, &out->exponent);
		if (p == NULL)
			return false;
	}
	if (p != end)
		return false;

	while (out->text < out->end && (*out->text == '0' || *out->text == '.'))
		out->ndigits -= *out->text++ == '0';
	out->exponent -= out->nfraction;
	return true;
}

OlapNumberResult
olap_number_scaled(const OlapNumber *number, int scale, bool exact, int64 *out)
{
	int			shift = number->exponent + scale;
	int			keep;			/* digits that end up in front of the point */
	int			taken = 0;
	uint64		value = 0;
	bool		up = false;

	*out = 0;
	if (number->ndigits == 0)
		return OLAP_NUMBER_OK;
	keep = number->ndigits + shift;
	if (keep > 19)
		return OLAP_NUMBER_RANGE;
	for (const char *p = number->text; p < number->end; p++)
	{
		if (*p == '.')
			continue;
		if (taken < keep)
			value = value * 10 + (uint64) (*p - '0');
		else
		{
			if (exact && *p != '0')
				return OLAP_NUMBER_FRACTION;
			if (taken == keep)
				up = *p >= '5';
			if (!exact)
				break;
		}
		taken++;
	}
	for (; taken < keep; taken++)
		value *= 10;
	value += up;
	if (value > (uint64) PG_INT64_MAX + (number->negative ? 1 : 0))
		return OLAP_NUMBER_RANGE;
	*out = number->negative ? (int64) (0 - value) : (int64) value;
	return OLAP_NUMBER_OK;
}

/* NaN, Infinity and inf with an optional sign, in any case. */
static bool
special_float(const char *text, size_t len, double *out)
{
	const char *p = text;
	const char *end = text + len;
	bool		negative = false;

	while (p < end && is_space(*p))
		p++;
	while (end > p && is_space(end[-1]))
		end--;
	if (end - p == 3 && pg_strncasecmp(p, "nan", 3) == 0)
	{
		*out = NAN;
		return true;
	}
	if (p < end && (*p == '-' || *p == '+'))
		negative = *p++ == '-';
	if ((end - p == 8 && pg_strncasecmp(p, "infinity", 8) == 0) ||
		(end - p == 3 && pg_strncasecmp(p, "inf", 3) == 0))
	{
		*out = negative ? -INFINITY : INFINITY;
		return true;
	}
	return false;
}

/*
 * An integer below 2^53 times or over a power of ten up to 10^22: both are
 * exact in a double, so one operation rounds once, correctly.
 * Source: Clinger 1990, "How to read floating point numbers accurately".
 */
static bool
exact_float(const OlapNumber *number, int64 max_mantissa, int max_power,
			double *out)
{
	int64		mantissa;
	OlapNumber	integer = *number;

	if (number->ndigits > 18 || number->exponent < -max_power ||
		number->exponent > max_power)
		return false;
	integer.exponent = 0;
	if (olap_number_scaled(&integer, 0, true, &mantissa) != OLAP_NUMBER_OK ||
		mantissa > max_mantissa || mantissa < -max_mantissa)
		return false;
	if (mantissa == 0)
		*out = number->negative ? -0.0 : 0.0;
	else if (number->exponent < 0)
		*out = (double) mantissa / power_of_ten[-number->exponent];
	else
		*out = (double) mantissa * power_of_ten[number->exponent];
	return true;
}

OlapNumberResult
olap_number_float8(const char *text, size_t len, bool special, char *scratch,
				   double *out)
{
	OlapNumber	number;

	if (!olap_number_parse(text, len, &number))
		return special && special_float(text, len, out) ? OLAP_NUMBER_OK
			: OLAP_NUMBER_SYNTAX;
	if (exact_float(&number, INT64CONST(1) << 53, 22, out))
		return OLAP_NUMBER_OK;
	memcpy(scratch, text, len);
	scratch[len] = '\0';
	errno = 0;
	*out = strtod(scratch, NULL);
	if (errno == ERANGE && (*out == 0.0 || isinf(*out)))
		return OLAP_NUMBER_RANGE;
	return OLAP_NUMBER_OK;
}

OlapNumberResult
olap_number_float4(const char *text, size_t len, bool special, char *scratch,
				   float *out)
{
	OlapNumber	number;
	double		value;

	if (!olap_number_parse(text, len, &number))
	{
		if (!special || !special_float(text, len, &value))
			return OLAP_NUMBER_SYNTAX;
		*out = (float) value;
		return OLAP_NUMBER_OK;
	}

	/*
	 * One rounding to double and one to float: harmless when both operands
	 * are exact in a float already (double has more than twice its digits).
	 */
	if (exact_float(&number, INT64CONST(1) << 24, 10, &value))
	{
		*out = (float) value;
		return OLAP_NUMBER_OK;
	}
	memcpy(scratch, text, len);
	scratch[len] = '\0';
	errno = 0;
	*out = strtof(scratch, NULL);
	if (errno == ERANGE && (*out == 0.0f || isinf(*out)))
		return OLAP_NUMBER_RANGE;
	return OLAP_NUMBER_OK;
}

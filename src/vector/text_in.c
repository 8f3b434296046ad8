/*-------------------------------------------------------------------------
 *
 * text_in.c
 *		The commonest texts of values, read without the types' input functions.
 *
 * src/vector/text_in.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "vector/program_calendar.h"
#include "vector/text_in.h"

#define MAX_DECIMAL_DIGITS 18
#define MAX_FLOAT_DIGITS 15
#define MAX_FLOAT_FRACTION 22

static const double float_power[MAX_FLOAT_FRACTION + 1] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
};

bool
olap_text_uuid(const char *text, uint8 *out)
{
	for (int i = 0; i < 16; i++)
	{
		int			high;
		int			low;

		if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
			return false;
		/* no digit is NUL: nothing is read behind the end */
		high = olap_hex_digit(text[0]);
		if (high < 0)
			return false;
		low = olap_hex_digit(text[1]);
		if (low < 0)
			return false;
		out[i] = (uint8) (high << 4 | low);
		text += 2;
	}
	return *text == '\0';
}

/* ---- dates and times ---- */

/* n digits at *text, which moves behind them; -1: others are there. */
static inline int
take_digits(const char **text, int n)
{
	int			value = 0;

	for (int i = 0; i < n; i++)
	{
		unsigned	digit = (unsigned char) ((*text)[i] - '0');

		if (digit > 9)
			return -1;
		value = value * 10 + (int) digit;
	}
	*text += n;
	return value;
}

static inline bool
take(const char **text, char wanted)
{
	if (**text != wanted)
		return false;
	(*text)++;
	return true;
}

/* The date at *text, and its day number. */
static bool
take_date(const char **text, OlapTextTime *t, int64 *day)
{
	t->year = take_digits(text, 4);
	if (t->year < 1000 || !take(text, '-'))
		return false;
	t->month = take_digits(text, 2);
	if (t->month < 1 || t->month > 12 || !take(text, '-'))
		return false;
	t->day = take_digits(text, 2);
	if (t->day < 1 || t->day > olap_days_of_month(t->year, t->month))
		return false;
	*day = olap_days_of(t->year, t->month, t->day);
	return true;
}

/* The fraction of a second at *text, in microseconds; -1: none that is exact. */
static int
take_fraction(const char **text)
{
	int			micros = 0;
	int			n = 0;

	for (; (unsigned char) (**text - '0') <= 9; (*text)++, n++)
	{
		if (n == 6)
			return -1;
		micros = micros * 10 + (**text - '0');
	}
	if (n == 0)
		return -1;
	for (; n < 6; n++)
		micros *= 10;
	return micros;
}

/* Z, +hh or +hh:mm at *text, to the end. */
static bool
take_offset(const char **text, OlapTextTime *t)
{
	bool		west = **text == '-';
	int			hours;
	int			minutes = 0;

	t->has_offset = true;
	t->east = 0;
	if (take(text, 'Z'))
		return **text == '\0';
	if (!west && **text != '+')
		return false;
	(*text)++;
	hours = take_digits(text, 2);
	if (hours < 0 || hours > 14)
		return false;
	if (take(text, ':'))
	{
		minutes = take_digits(text, 2);
		if (minutes < 0 || minutes > 59)
			return false;
	}
	t->east = (hours * 60 + minutes) * 60;
	if (west)
		t->east = -t->east;
	return **text == '\0';
}

bool
olap_text_date(const char *text, int32 *day)
{
	OlapTextTime t;
	int64		number;

	if (!take_date(&text, &t, &number) || *text != '\0')
		return false;
	*day = (int32) number;
	return true;
}

bool
olap_text_time(const char *text, OlapTextTime *out)
{
	int64		day;
	int			micros = 0;

	if (!take_date(&text, out, &day) || (!take(&text, ' ') && !take(&text, 'T')))
		return false;
	out->hour = take_digits(&text, 2);
	if (out->hour < 0 || out->hour > 23 || !take(&text, ':'))
		return false;
	out->minute = take_digits(&text, 2);
	if (out->minute < 0 || out->minute > 59 || !take(&text, ':'))
		return false;
	out->second = take_digits(&text, 2);
	if (out->second < 0 || out->second > 59)
		return false;
	if (take(&text, '.'))
	{
		micros = take_fraction(&text);
		if (micros < 0)
			return false;
	}
	out->has_offset = false;
	if (*text != '\0' && !take_offset(&text, out))
		return false;
	out->local = ((day * 24 + out->hour) * 60 + out->minute) * INT64CONST(60000000) +
		out->second * INT64CONST(1000000) + micros;
	return true;
}

/* ---- numbers ---- */

/*
 * A number of at most max_digits from the first that is not zero on, the last
 * *fraction of them behind the point.
 */
static bool
take_number(const char *text, int max_digits, bool *negative, uint64 *value, int *fraction)
{
	const char *start;
	int			digits = 0;

	*negative = take(&text, '-');
	*value = 0;
	*fraction = 0;
	start = text;
	for (unsigned digit; (digit = (unsigned char) (*text - '0')) <= 9; text++)
	{
		digits += *value != 0 || digit != 0;
		if (digits > max_digits)
			return false;
		*value = *value * 10 + digit;
	}
	if (text == start)
		return false;
	if (*text == '.')
	{
		start = ++text;
		for (unsigned digit; (digit = (unsigned char) (*text - '0')) <= 9; text++)
		{
			digits += *value != 0 || digit != 0;
			if (digits > max_digits || text - start == MAX_FLOAT_FRACTION)
				return false;
			*value = *value * 10 + digit;
		}
		*fraction = (int) (text - start);
		if (*fraction == 0)
			return false;
	}
	return *text == '\0';
}

bool
olap_text_float8(const char *text, double *out)
{
	bool		negative;
	uint64		value;
	int			fraction;

	if (!take_number(text, MAX_FLOAT_DIGITS, &negative, &value, &fraction))
		return false;
	*out = (double) value / float_power[fraction];
	if (negative)
		*out = -*out;
	return true;
}

bool
olap_text_decimal(const char *text, int64 *value, int *scale)
{
	bool		negative;
	uint64		digits;

	if (!take_number(text, MAX_DECIMAL_DIGITS, &negative, &digits, scale) ||
		*scale > MAX_DECIMAL_DIGITS)
		return false;
	*value = negative ? -(int64) digits : (int64) digits;
	return true;
}

bool
olap_decimal_widen(int64 *value, int from_scale, int precision, int scale)
{
	int64		size = *value < 0 ? -*value : *value;

	if (from_scale > scale || scale > MAX_DECIMAL_DIGITS)
		return false;
	for (int i = from_scale; i < scale; i++)
	{
		if (size >= INT64CONST(100000000000000000))
			return false;
		size *= 10;
	}
	/* exact: all powers up to here are */
	if (precision <= MAX_DECIMAL_DIGITS && (double) size >= float_power[precision])
		return false;
	*value = *value < 0 ? -size : size;
	return true;
}

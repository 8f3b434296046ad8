/*-------------------------------------------------------------------------
 *
 * text_in.h
 *		The commonest texts of values, read without the types' input functions.
 *
 * Each function knows one form of its type, in which PostgreSQL writes values
 * itself, and gives for it what the type's input function gives.  False: the text
 * is of another form, or no value; ask the input function, which knows all of them
 * and whose errors are the server's.  Texts end with a NUL.
 *
 * src/vector/text_in.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TEXT_IN_H
#define OLAP_TEXT_IN_H

/* A point in time as it is written: local, and maybe with an offset from UTC. */
typedef struct OlapTextTime
{
	int			year;			/* 1000 to 9999 */
	int			month;
	int			day;
	int			hour;			/* 0 to 23 */
	int			minute;
	int			second;			/* 0 to 59 */
	int64		local;			/* all that, microseconds since 2000-01-01 */
	bool		has_offset;
	int32		east;			/* seconds */
} OlapTextTime;

/* What a hexadecimal digit is worth; -1: it is none. */
static inline int
olap_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 8-4-4-4-12 hexadecimal digits; out has 16 bytes. */
extern bool olap_text_uuid(const char *text, uint8 *out);

/* YYYY-MM-DD; *day since 2000-01-01. */
extern bool olap_text_date(const char *text, int32 *day);

/* YYYY-MM-DD hh:mm:ss[.f to .ffffff][Z, or +hh or +hh:mm, or -]; T for the blank. */
extern bool olap_text_time(const char *text, OlapTextTime *out);

/*
 * [-]digits[.digits], at most 15 of them from the first that is not zero on, at most 22
 * behind the point: such a number is the quotient of two doubles, rounded once (Clinger,
 * "How to Read Floating Point Numbers Accurately", 1990).
 */
extern bool olap_text_float8(const char *text, double *out);

/* The same with at most 18 digits: *value is the number times 10^*scale. */
extern bool olap_text_decimal(const char *text, int64 *value, int *scale);

/*
 * value with the scale of a numeric(precision, scale), both 0 to 18 and 1 to 1,000.
 * False: it would have to be rounded, or does not fit.
 */
extern bool olap_decimal_widen(int64 *value, int from_scale, int precision, int scale);

#endif							/* OLAP_TEXT_IN_H */

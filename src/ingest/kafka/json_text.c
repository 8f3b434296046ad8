/*-------------------------------------------------------------------------
 *
 * json_text.c
 *		Text of limited length, booleans, uuids and times of a JSON message.
 *
 * By readers of our own, without a call of an input function for each value.
 *
 * src/ingest/kafka/json_text.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "ingest/kafka/json_int.h"
#include "vector/text_in.h"

static size_t
count_chars(const char *text, size_t len)
{
	size_t		n = 0;

	for (size_t i = 0; i < len; i++)
		n += (text[i] & 0xC0) != 0x80;
	return n;
}

/*
 * varchar(n) and char(n) as an INSERT has it: too long is an error, unless all
 * that is too much is blanks; char(n) is filled up.
 */
bool
olap_json_append_limited(OlapJsonDecoder *d, int col,
						 const OlapJsonValue *value, OlapVector *v)
{
	const OlapJsonColumn *column = &d->columns[col];
	const char *text = value->text;
	size_t		len = value->len;
	size_t		chars = len;
	char	   *padded;

	if (len > (size_t) column->max_chars || column->pad)
		chars = count_chars(text, len);
	while (chars > (size_t) column->max_chars)
	{
		if (text[len - 1] != ' ')
			return olap_json_fail(d, "22001", col,
								  "value too long for type %s(%d)",
								  column->pad ? "character" : "character varying",
								  column->max_chars);
		len--;
		chars--;
	}
	if (!column->pad || chars == (size_t) column->max_chars)
	{
		olap_vector_append_var(v, text, len);
		return true;
	}
	padded = palloc(len + column->max_chars - chars);
	memcpy(padded, text, len);
	memset(padded + len, ' ', column->max_chars - chars);
	olap_vector_append_var(v, padded, len + column->max_chars - chars);
	pfree(padded);
	return true;
}

bool
olap_json_append_bool(OlapJsonDecoder *d, int col, const OlapJsonValue *value,
					  OlapVector *v)
{
	static const char *const words[] = {"true", "yes", "on", "false", "no", "off"};
	const char *text = value->text;
	size_t		len = value->len;

	while (len > 0 && isspace((unsigned char) *text))
	{
		text++;
		len--;
	}
	while (len > 0 && isspace((unsigned char) text[len - 1]))
		len--;
	if (len == 1 && (*text == '1' || *text == '0'))
	{
		olap_vector_append_bool(v, *text == '1');
		return true;
	}
	/* any prefix that says which, as boolin: "o" could be on or off */
	for (int i = 0; len > 0 && i < 6; i++)
		if (len <= strlen(words[i]) && pg_strncasecmp(text, words[i], len) == 0 &&
			!(len == 1 && (*text == 'o' || *text == 'O')))
		{
			olap_vector_append_bool(v, i < 3);
			return true;
		}
	return olap_json_fail_syntax(d, col, value, "boolean");
}

/* Hyphens are optional, after every four digits; braces too, as uuid_in. */
bool
olap_json_append_uuid(OlapJsonDecoder *d, int col, const OlapJsonValue *value,
					  OlapVector *v)
{
	unsigned char uuid[16] = {0};
	const char *p = value->text;
	const char *end = p + value->len;
	bool		braces = p < end && *p == '{';

	p += braces;
	for (int i = 0; i < 32; i++)
	{
		char		c = p < end ? *p++ : '\0';
		int			digit = olap_hex_digit(c);

		if (digit < 0)
			return olap_json_fail_syntax(d, col, value, "uuid");
		uuid[i / 2] = (unsigned char) (uuid[i / 2] << 4 | digit);
		if (i % 4 == 3 && i < 31 && p < end && *p == '-')
			p++;
	}
	if (braces && (p == end || *p++ != '}'))
		return olap_json_fail_syntax(d, col, value, "uuid");
	if (p != end)
		return olap_json_fail_syntax(d, col, value, "uuid");
	olap_vector_append_fixed(v, uuid);
	return true;
}

bool
olap_json_append_time(OlapJsonDecoder *d, int col, const OlapJsonValue *value,
					  OlapVector *v)
{
	const OlapJsonColumn *column = &d->columns[col];
	bool		date = column->kind == OLAP_JSON_DATE;
	const char *what = date ? "date" : "timestamp";
	Timestamp	when;
	OlapTimeResult result;
	char		buffer[64];

	if (column->time_format == OLAP_TIME_ISO8601)
	{
		if (value->first != '"')
			return olap_json_fail(d, "22007", col,
								  "a number where an ISO 8601 string is expected (column option time_format says what numbers mean)");
		result = olap_timetext_iso8601(value->text, value->len, &when);
	}
	else
		result = olap_timetext_epoch(value->text, value->len,
									 column->time_format, &when);
	if (result == OLAP_TIMETEXT_SYNTAX)
		return olap_json_fail(d, "22007", col, "invalid input for %s: \"%s\"",
							  what, olap_json_shown(value, buffer));
	if (result == OLAP_TIMETEXT_RANGE)
		return olap_json_fail(d, "22008", col, "\"%s\" is out of range for %s",
							  olap_json_shown(value, buffer), what);
	if (date)
		olap_vector_append_i32(v, olap_timetext_day(when));
	else
		olap_vector_append_i64(v, olap_timetext_round(when, column->type.typmod));
	return true;
}

/*-------------------------------------------------------------------------
 *
 * json_value.c
 *		One value of a JSON message onto the end of its column's vector.
 *
 * Lax columns, the default, take a value from a string as well as from a number
 * or a literal, by the same reader; strict ones want the natural JSON type.
 *
 * src/ingest/kafka/json_value.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "ingest/kafka/json_int.h"
#include "ingest/kafka/number.h"

/* A value ready for conversion. */
typedef struct Value
{
	char		first;			/* first character of the token */
	const char *text;			/* string: between the quotes, without escapes */
	size_t		len;
} Value;

/* Byte behind the scalar at a token. */
uint32
olap_json_token_end(const OlapJsonDecoder *d, uint32 token)
{
	uint32		end = olap_json_token_at(d, token + 1);

	while (end > d->index[token] && olap_json_is_space(d->text[end - 1]))
		end--;
	return end;
}

static bool
is_literal(const char *text, size_t len, const char *literal)
{
	return strlen(literal) == len && memcmp(text, literal, len) == 0;
}

static bool
fail_scalar(OlapJsonDecoder *d, uint32 token)
{
	return olap_json_fail(d, "22032", -1,
						  "invalid JSON: the value at byte %u is malformed",
						  d->index[token]);
}

/*
 * Is the value at a token well-formed, as far as JSON goes?  True for arrays
 * and objects, which the walk checks.
 */
bool
olap_json_scalar_check(OlapJsonDecoder *d, uint32 token)
{
	uint32		start = d->index[token];
	const char *text = d->text + start;
	uint32		end;

	switch (*text)
	{
		case '{':
		case '[':
			return true;
		case '"':
			return olap_json_string_bounds(d, token, &start, &end) &&
				olap_json_string_check(d, start, end);
		default:
			end = olap_json_token_end(d, token);
			if (is_literal(text, end - start, "true") ||
				is_literal(text, end - start, "false") ||
				is_literal(text, end - start, "null") ||
				olap_number_is_json(text, end - start))
				return true;
			return fail_scalar(d, token);
	}
}

/* How a value reads in an error: shortened, and never with control bytes. */
static const char *
shown(const Value *value, char buffer[64])
{
	size_t		n = 0;

	for (size_t i = 0; i < value->len && n < 40; i++)
		buffer[n++] = (unsigned char) value->text[i] < 0x20 ? ' '
			: value->text[i];
	/* do not cut a character in two */
	if (n < value->len)
	{
		while (n > 0 && (value->text[n] & 0xC0) == 0x80)
			n--;
		memcpy(buffer + n, "...", 3);
		n += 3;
	}
	buffer[n] = '\0';
	return buffer;
}

static bool
fail_syntax(OlapJsonDecoder *d, int col, const Value *value, const char *what)
{
	char		buffer[64];

	return olap_json_fail(d, "22P02", col, "invalid input for %s: \"%s\"",
						  what, shown(value, buffer));
}

static bool
fail_range(OlapJsonDecoder *d, int col, const Value *value, const char *what)
{
	char		buffer[64];

	return olap_json_fail(d, "22003", col, "\"%s\" is out of range for %s",
						  shown(value, buffer), what);
}

static bool
fail_number(OlapJsonDecoder *d, int col, const Value *value, const char *what,
			OlapNumberResult result)
{
	char		buffer[64];

	if (result == OLAP_NUMBER_SYNTAX)
		return fail_syntax(d, col, value, what);
	if (result == OLAP_NUMBER_RANGE)
		return fail_range(d, col, value, what);
	return olap_json_fail(d, "22P02", col,
						  "\"%s\" has a fraction, which %s cannot hold",
						  shown(value, buffer), what);
}

static bool
fail_type(OlapJsonDecoder *d, int col, const Value *value, const char *what)
{
	const char *got = value->first == '"' ? "a string"
		: value->first == '{' ? "an object"
		: value->first == '[' ? "an array"
		: value->first == 't' || value->first == 'f' ? "a boolean"
		: "a number";

	return olap_json_fail(d, "22P02", col, "%s where %s is expected", got, what);
}

static bool
append_integer(OlapJsonDecoder *d, int col, const Value *value, OlapVector *v)
{
	OlapJsonKind kind = d->columns[col].kind;
	const char *what = kind == OLAP_JSON_I16 ? "smallint"
		: kind == OLAP_JSON_I32 ? "integer" : "bigint";
	OlapNumber	number;
	OlapNumberResult result = OLAP_NUMBER_SYNTAX;
	int64		n;

	if (olap_number_parse(value->text, value->len, &number))
		result = olap_number_scaled(&number, 0, true, &n);
	if (result != OLAP_NUMBER_OK)
		return fail_number(d, col, value, what, result);
	if ((kind == OLAP_JSON_I16 && n != (int16) n) ||
		(kind == OLAP_JSON_I32 && n != (int32) n))
		return fail_range(d, col, value, what);
	if (kind == OLAP_JSON_I16)
		olap_vector_append_i16(v, (int16) n);
	else if (kind == OLAP_JSON_I32)
		olap_vector_append_i32(v, (int32) n);
	else
		olap_vector_append_i64(v, n);
	return true;
}

static bool
append_float(OlapJsonDecoder *d, int col, const Value *value, OlapVector *v)
{
	bool		string = value->first == '"';
	bool		narrow = d->columns[col].kind == OLAP_JSON_F32;
	char		stack[128];
	char	   *room = stack;
	OlapNumberResult result;
	float		f4;
	double		f8;

	/* the value itself may be in the scratch buffer: do not reuse that */
	if (value->len >= sizeof(stack))
		room = palloc(value->len + 1);
	result = narrow
		? olap_number_float4(value->text, value->len, string, room, &f4)
		: olap_number_float8(value->text, value->len, string, room, &f8);
	if (room != stack)
		pfree(room);
	if (result != OLAP_NUMBER_OK)
		return fail_number(d, col, value, narrow ? "real" : "double precision",
						   result);
	if (narrow)
		olap_vector_append_f32(v, f4);
	else
		olap_vector_append_f64(v, f8);
	return true;
}

/* Hand a value to the caller's function, which wants it NUL-terminated. */
static bool
append_input(OlapJsonDecoder *d, int col, const char *text, size_t len,
			 OlapVector *v)
{
	char	   *copy = palloc(len + 1);
	bool		ok;

	memcpy(copy, text, len);
	copy[len] = '\0';
	ok = d->input(d->input_arg, col, copy, len, v, d->error);
	if (!ok)
		strlcpy(d->error->column, d->columns[col].name, NAMEDATALEN);
	pfree(copy);
	return ok;
}

/* Absent or null: a domain may have something against it. */
static bool
append_null(OlapJsonDecoder *d, int col, bool absent, OlapVector *v)
{
	const OlapJsonColumn *column = &d->columns[col];

	if (column->required)
		return olap_json_fail(d, "23502", col, "a value is required, but %s",
							  absent ? "absent" : "null");
	if (!column->null_input)
	{
		olap_vector_append_null(v);
		return true;
	}
	if (d->input(d->input_arg, col, NULL, 0, v, d->error))
		return true;
	strlcpy(d->error->column, column->name, NAMEDATALEN);
	return false;
}

static void
append_decimal(OlapVector *v, int64 value, int scale)
{
	union
	{
		char		bytes[OLAP_DECIMAL_MAX_SIZE];
		int32		align;
	}			numeric;
	int			size = olap_decimal_from_i64(value, scale, numeric.bytes);

	olap_vector_append_var(v, numeric.bytes + VARHDRSZ, size - VARHDRSZ);
}

static bool
append_dec64(OlapJsonDecoder *d, int col, const Value *value, OlapVector *v)
{
	static const int64 power[] = {
		INT64CONST(1), INT64CONST(10), INT64CONST(100), INT64CONST(1000),
		INT64CONST(10000), INT64CONST(100000), INT64CONST(1000000),
		INT64CONST(10000000), INT64CONST(100000000), INT64CONST(1000000000),
		INT64CONST(10000000000), INT64CONST(100000000000),
		INT64CONST(1000000000000), INT64CONST(10000000000000),
		INT64CONST(100000000000000), INT64CONST(1000000000000000),
		INT64CONST(10000000000000000), INT64CONST(100000000000000000),
		INT64CONST(1000000000000000000)
	};
	const OlapJsonColumn *column = &d->columns[col];
	OlapNumber	number;
	OlapNumberResult result;
	int64		n;

	/* NaN and what else numeric knows by name */
	if (!olap_number_parse(value->text, value->len, &number))
	{
		if (value->first != '"')
			return fail_syntax(d, col, value, "numeric");
		return append_input(d, col, value->text, value->len, v);
	}
	result = olap_number_scaled(&number, column->type.scale, false, &n);
	if (result == OLAP_NUMBER_RANGE || n >= power[column->precision] ||
		n <= -power[column->precision])
	{
		char		buffer[64];

		return olap_json_fail(d, "22003", col,
							  "\"%s\" overflows numeric(%d,%d)",
							  shown(value, buffer), column->precision,
							  column->type.scale);
	}
	if (v->phys == OLAP_PHYS_DEC64)
		olap_vector_append_i64(v, n);
	else
		append_decimal(v, n, column->type.scale);
	return true;
}

/* numeric without a scale keeps the one it is written with. */
static bool
append_numeric(OlapJsonDecoder *d, int col, const Value *value, OlapVector *v)
{
	OlapNumber	number;
	int64		n;

	if (d->columns[col].type.typmod < 0 &&
		olap_number_parse(value->text, value->len, &number) &&
		!number.has_exponent && number.ndigits <= 18 && number.nfraction <= 18 &&
		olap_number_scaled(&number, number.nfraction, true, &n) == OLAP_NUMBER_OK)
	{
		append_decimal(v, n, number.nfraction);
		return true;
	}
	return append_input(d, col, value->text, value->len, v);
}

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
static bool
append_limited(OlapJsonDecoder *d, int col, const Value *value, OlapVector *v)
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

static bool
append_bool(OlapJsonDecoder *d, int col, const Value *value, OlapVector *v)
{
	static const char *const words[] = {"true", "yes", "on", "false", "no", "off"};
	const char *text = value->text;
	size_t		len = value->len;

	while (len > 0 && *text == ' ')
	{
		text++;
		len--;
	}
	while (len > 0 && text[len - 1] == ' ')
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
	return fail_syntax(d, col, value, "boolean");
}

/* Hyphens are optional, after every four digits; braces too, as uuid_in. */
static bool
append_uuid(OlapJsonDecoder *d, int col, const Value *value, OlapVector *v)
{
	unsigned char uuid[16] = {0};
	const char *p = value->text;
	const char *end = p + value->len;
	bool		braces = p < end && *p == '{';

	p += braces;
	for (int i = 0; i < 32; i++)
	{
		char		c = p < end ? *p++ : '\0';
		int			digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (c | 0x20) - 'a' + 10;
		else
			return fail_syntax(d, col, value, "uuid");
		uuid[i / 2] = (unsigned char) (uuid[i / 2] << 4 | digit);
		if (i % 4 == 3 && i < 31 && p < end && *p == '-')
			p++;
	}
	if (braces && (p == end || *p++ != '}'))
		return fail_syntax(d, col, value, "uuid");
	if (p != end)
		return fail_syntax(d, col, value, "uuid");
	olap_vector_append_fixed(v, uuid);
	return true;
}

static bool
append_time(OlapJsonDecoder *d, int col, const Value *value, OlapVector *v)
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
							  what, shown(value, buffer));
	if (result == OLAP_TIMETEXT_RANGE)
		return olap_json_fail(d, "22008", col, "\"%s\" is out of range for %s",
							  shown(value, buffer), what);
	if (date)
		olap_vector_append_i32(v, olap_timetext_day(when));
	else
		olap_vector_append_i64(v, olap_timetext_round(when, column->type.typmod));
	return true;
}

/*
 * A JSON array as PostgreSQL's array literal: brackets become braces, every
 * element but null and nested arrays is quoted.  Objects keep their JSON text.
 */
static bool
array_literal(OlapJsonDecoder *d, int col, uint32 token, uint32 end, char **out,
			  size_t *len)
{
	/* quotes and escapes at most double it, an element adds two quotes */
	size_t		room = (size_t) (end - d->index[token]) * 4 + 16;
	char	   *literal;
	char	   *to;

	if (room > MaxAllocSize)
		return olap_json_fail(d, "54000", col, "the array is too large");
	literal = to = palloc(room);

	for (; token < d->n && d->index[token] < end; token++)
	{
		uint32		at = d->index[token];
		char		c = d->text[at];
		const char *text = d->text + at;
		size_t		n;

		if (c == '[' || c == ']' || c == ',')
		{
			*to++ = c == '[' ? '{' : c == ']' ? '}' : ',';
			continue;
		}
		if (c == '{')
		{
			int			depth = 0;

			do
			{
				c = d->text[d->index[token]];
				depth += (c == '{') - (c == '}');
			} while (depth > 0 && ++token < d->n);
			n = d->index[token] + 1 - at;
		}
		else if (c == '"')
		{
			uint32		start;
			uint32		stop;

			if (!olap_json_string_bounds(d, token, &start, &stop) ||
				!olap_json_string(d, col, start, stop, false, &text, &n))
			{
				pfree(literal);
				return false;
			}
		}
		else
		{
			n = olap_json_token_end(d, token) - at;
			if (is_literal(text, n, "null"))
			{
				memcpy(to, "NULL", 4);
				to += 4;
				continue;
			}
		}
		*to++ = '"';
		for (size_t i = 0; i < n; i++)
		{
			if (text[i] == '"' || text[i] == '\\')
				*to++ = '\\';
			*to++ = text[i];
		}
		*to++ = '"';
	}
	*to = '\0';
	*out = literal;
	*len = to - literal;
	return true;
}

static bool
append_array(OlapJsonDecoder *d, int col, const Value *value, OlapVector *v)
{
	const OlapJsonSlot *slot = &d->slots[col];
	char	   *literal = NULL;
	size_t		len = 0;
	bool		ok;

	if (value->first != '[')
		return append_input(d, col, value->text, value->len, v);
	if (!array_literal(d, col, slot->token - 1, slot->end, &literal, &len))
		return false;
	ok = append_input(d, col, literal, len, v);
	pfree(literal);
	return ok;
}

/* Does a strict column take this JSON type?  *what names the one it wants. */
static bool
natural_type(const OlapJsonColumn *column, char first, const char **what)
{
	switch (column->kind)
	{
		case OLAP_JSON_BOOL:
			*what = "a boolean";
			return first == 't' || first == 'f';
		case OLAP_JSON_I16:
		case OLAP_JSON_I32:
		case OLAP_JSON_I64:
		case OLAP_JSON_F32:
		case OLAP_JSON_F64:
		case OLAP_JSON_DEC64:
		case OLAP_JSON_NUMERIC:
			*what = "a number";
			return first == '-' || (first >= '0' && first <= '9');
		case OLAP_JSON_DATE:
		case OLAP_JSON_TIMESTAMP:
			if (column->time_format != OLAP_TIME_ISO8601)
			{
				*what = "a number";
				return first == '-' || (first >= '0' && first <= '9');
			}
			*what = "a string";
			return first == '"';
		case OLAP_JSON_ARRAY:
			*what = "an array";
			return first == '[';
		case OLAP_JSON_DOCUMENT:
		case OLAP_JSON_INPUT_DOCUMENT:
			return true;
		default:
			*what = "a string";
			return first == '"';
	}
}

/* May an array or object be converted by its text? */
static bool
takes_containers(OlapJsonKind kind)
{
	return kind == OLAP_JSON_TEXT || kind == OLAP_JSON_DOCUMENT ||
		kind == OLAP_JSON_ARRAY || kind == OLAP_JSON_INPUT_DOCUMENT ||
		kind == OLAP_JSON_INPUT;
}

static bool
append_value(OlapJsonDecoder *d, int col, const Value *value, OlapVector *v)
{
	switch (d->columns[col].kind)
	{
		case OLAP_JSON_BOOL:
			return append_bool(d, col, value, v);
		case OLAP_JSON_I16:
		case OLAP_JSON_I32:
		case OLAP_JSON_I64:
			return append_integer(d, col, value, v);
		case OLAP_JSON_F32:
		case OLAP_JSON_F64:
			return append_float(d, col, value, v);
		case OLAP_JSON_DEC64:
			return append_dec64(d, col, value, v);
		case OLAP_JSON_NUMERIC:
			return append_numeric(d, col, value, v);
		case OLAP_JSON_TEXT:
			if (d->columns[col].max_chars > 0)
				return append_limited(d, col, value, v);
			olap_vector_append_var(v, value->text, value->len);
			return true;
		case OLAP_JSON_DOCUMENT:
			olap_vector_append_var(v, value->text, value->len);
			return true;
		case OLAP_JSON_UUID:
			return append_uuid(d, col, value, v);
		case OLAP_JSON_DATE:
		case OLAP_JSON_TIMESTAMP:
			return append_time(d, col, value, v);
		case OLAP_JSON_ARRAY:
			return append_array(d, col, value, v);
		case OLAP_JSON_INPUT:
		case OLAP_JSON_INPUT_DOCUMENT:
			return append_input(d, col, value->text, value->len, v);
		case OLAP_JSON_NONE:
			break;
	}
	return true;
}

/*
 * Append the value of a column, found by the walk, to v.
 */
bool
olap_json_append(OlapJsonDecoder *d, int col, OlapVector *v)
{
	const OlapJsonColumn *column = &d->columns[col];
	const OlapJsonSlot *slot = &d->slots[col];
	bool		whole = column->kind == OLAP_JSON_DOCUMENT ||
		column->kind == OLAP_JSON_INPUT_DOCUMENT;
	uint32		token = slot->token - 1;
	uint32		start;
	uint32		end;
	Value		value;
	const char *what = NULL;

	if (slot->token == 0)
		return append_null(d, col, true, v);

	start = d->index[token];
	value.first = d->text[start];
	value.text = d->text + start;
	if (value.first == '{' || value.first == '[')
		value.len = slot->end - start;
	else if (value.first == '"' && !whole)
	{
		if (!olap_json_string_bounds(d, token, &start, &end) ||
			!olap_json_string(d, col, start, end, false, &value.text, &value.len))
			return false;
	}
	else
	{
		if (!olap_json_scalar_check(d, token))
			return false;
		value.len = olap_json_token_end(d, token) - start;
		if (value.first == 'n')
			return append_null(d, col, false, v);
	}

	if (column->strict && !natural_type(column, value.first, &what))
		return fail_type(d, col, &value, what);
	if ((value.first == '{' || value.first == '[') &&
		!takes_containers(column->kind))
		return fail_type(d, col, &value, "a single value");
	return append_value(d, col, &value, v);
}

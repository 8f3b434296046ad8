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

#include "ingest/kafka/json_int.h"
#include "ingest/kafka/number.h"

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
			if (olap_json_is_literal(text, end - start, "true") ||
				olap_json_is_literal(text, end - start, "false") ||
				olap_json_is_literal(text, end - start, "null") ||
				olap_number_is_json(text, end - start))
				return true;
			return fail_scalar(d, token);
	}
}

/* How a value reads in an error: shortened, and never with control bytes. */
const char *
olap_json_shown(const OlapJsonValue *value, char buffer[64])
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

bool
olap_json_fail_syntax(OlapJsonDecoder *d, int col, const OlapJsonValue *value,
					  const char *what)
{
	char		buffer[64];

	return olap_json_fail(d, "22P02", col, "invalid input for %s: \"%s\"",
						  what, olap_json_shown(value, buffer));
}

bool
olap_json_fail_range(OlapJsonDecoder *d, int col, const OlapJsonValue *value,
					 const char *what)
{
	char		buffer[64];

	return olap_json_fail(d, "22003", col, "\"%s\" is out of range for %s",
						  olap_json_shown(value, buffer), what);
}

static bool
fail_type(OlapJsonDecoder *d, int col, const OlapJsonValue *value, const char *what)
{
	const char *got = value->first == '"' ? "a string"
		: value->first == '{' ? "an object"
		: value->first == '[' ? "an array"
		: value->first == 't' || value->first == 'f' ? "a boolean"
		: "a number";

	return olap_json_fail(d, "22P02", col, "%s where %s is expected", got, what);
}

/* Hand a value to the caller's function, which wants it NUL-terminated. */
bool
olap_json_append_input(OlapJsonDecoder *d, int col, const char *text,
					   size_t len, OlapVector *v)
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
append_value(OlapJsonDecoder *d, int col, const OlapJsonValue *value, OlapVector *v)
{
	switch (d->columns[col].kind)
	{
		case OLAP_JSON_BOOL:
			return olap_json_append_bool(d, col, value, v);
		case OLAP_JSON_I16:
		case OLAP_JSON_I32:
		case OLAP_JSON_I64:
			return olap_json_append_integer(d, col, value, v);
		case OLAP_JSON_F32:
		case OLAP_JSON_F64:
			return olap_json_append_float(d, col, value, v);
		case OLAP_JSON_DEC64:
			return olap_json_append_dec64(d, col, value, v);
		case OLAP_JSON_NUMERIC:
			return olap_json_append_numeric(d, col, value, v);
		case OLAP_JSON_TEXT:
			if (d->columns[col].max_chars > 0)
				return olap_json_append_limited(d, col, value, v);
			olap_vector_append_var(v, value->text, value->len);
			return true;
		case OLAP_JSON_DOCUMENT:
			olap_vector_append_var(v, value->text, value->len);
			return true;
		case OLAP_JSON_UUID:
			return olap_json_append_uuid(d, col, value, v);
		case OLAP_JSON_DATE:
		case OLAP_JSON_TIMESTAMP:
			return olap_json_append_time(d, col, value, v);
		case OLAP_JSON_ARRAY:
			return olap_json_append_array(d, col, value, v);
		case OLAP_JSON_INPUT:
		case OLAP_JSON_INPUT_DOCUMENT:
			return olap_json_append_input(d, col, value->text, value->len, v);
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
	OlapJsonValue		value;
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

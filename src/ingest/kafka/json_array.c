/*-------------------------------------------------------------------------
 *
 * json_array.c
 *		JSON arrays as array literals of PostgreSQL, for the input functions of arrays.
 *
 * src/ingest/kafka/json_array.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "ingest/kafka/json_int.h"

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
			if (olap_json_is_literal(text, n, "null"))
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

bool
olap_json_append_array(OlapJsonDecoder *d, int col, const OlapJsonValue *value,
					   OlapVector *v)
{
	const OlapJsonSlot *slot = &d->slots[col];
	char	   *literal = NULL;
	size_t		len = 0;
	bool		ok;

	if (value->first != '[')
		return olap_json_append_input(d, col, value->text, value->len, v);
	if (!array_literal(d, col, slot->token - 1, slot->end, &literal, &len))
		return false;
	ok = olap_json_append_input(d, col, literal, len, v);
	pfree(literal);
	return ok;
}

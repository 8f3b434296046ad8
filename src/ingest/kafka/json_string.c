/*-------------------------------------------------------------------------
 *
 * json_string.c
 *		Strings of a JSON text: bounds, escapes.
 *
 * src/ingest/kafka/json_string.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "ingest/kafka/json_int.h"
#include "vector/text_in.h"

/*
 * Bytes between the quotes of the string at a token.  The next token starts
 * behind the closing quote, and only white space lies between them.
 */
bool
olap_json_string_bounds(OlapJsonDecoder *d, uint32 token, uint32 *start,
						uint32 *end)
{
	uint32		open = d->index[token];
	uint32		close = olap_json_token_at(d, token + 1) - 1;

	while (close > open && olap_json_is_space(d->text[close]))
		close--;
	if (close == open || d->text[close] != '"')
		return olap_json_fail(d, "22032", -1,
							  "invalid JSON: the string at byte %u is malformed",
							  open);
	*start = open + 1;
	*end = close;
	return true;
}

static int
hex4(const char *p, const char *end)
{
	int			value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		int			digit = olap_hex_digit(p[i]);

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

static char *
put_utf8(char *out, uint32 c)
{
	if (c < 0x80)
		*out++ = (char) c;
	else if (c < 0x800)
	{
		*out++ = (char) (0xC0 | (c >> 6));
		*out++ = (char) (0x80 | (c & 0x3F));
	}
	else if (c < 0x10000)
	{
		*out++ = (char) (0xE0 | (c >> 12));
		*out++ = (char) (0x80 | ((c >> 6) & 0x3F));
		*out++ = (char) (0x80 | (c & 0x3F));
	}
	else
	{
		*out++ = (char) (0xF0 | (c >> 18));
		*out++ = (char) (0x80 | ((c >> 12) & 0x3F));
		*out++ = (char) (0x80 | ((c >> 6) & 0x3F));
		*out++ = (char) (0x80 | (c & 0x3F));
	}
	return out;
}

/* \uXXXX, behind the u; a surrogate takes its other half along. */
static const char *
unescape_unicode(OlapJsonDecoder *d, int col, const char *p, const char *end,
				 char **out)
{
	int			c = hex4(p, end);

	if (c < 0)
	{
		olap_json_fail(d, "22032", col,
					   "invalid JSON: \\u is not followed by four hexadecimal digits");
		return NULL;
	}
	p += 4;
	if (c == 0)
	{
		olap_json_fail(d, "22P05", col, "\\u0000 cannot be stored in a text value");
		return NULL;
	}
	if (c >= 0xD800 && c <= 0xDFFF)
	{
		int			low = -1;

		if (c < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u')
			low = hex4(p + 2, end);
		if (low < 0xDC00 || low > 0xDFFF)
		{
			olap_json_fail(d, "22P05", col,
						   "\\u%04x is one half of a surrogate pair without the other",
						   c);
			return NULL;
		}
		p += 6;
		c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
	}
	*out = put_utf8(*out, (uint32) c);
	return p;
}

static int
simple_escape(char c)
{
	switch (c)
	{
		case '"':
		case '\\':
		case '/':
			return c;
		case 'b':
			return '\b';
		case 'f':
			return '\f';
		case 'n':
			return '\n';
		case 'r':
			return '\r';
		case 't':
			return '\t';
		default:
			return -1;
	}
}

/*
 * The string text[start, end) without escapes.  *out points into the message
 * when there is none and copy is false, else into the scratch buffer, followed
 * by a NUL byte that *out_len does not count.  col is for the error.
 */
bool
olap_json_string(OlapJsonDecoder *d, int col, uint32 start, uint32 end,
				 bool copy, const char **out, size_t *out_len)
{
	const char *p = d->text + start;
	const char *stop = d->text + end;
	const char *escape = memchr(p, '\\', stop - p);
	char	   *scratch;
	char	   *to;

	if (escape == NULL && !copy)
	{
		*out = p;
		*out_len = end - start;
		return true;
	}
	/* an escape is never shorter than what it stands for */
	scratch = to = olap_json_scratch(d, (size_t) (end - start) + 1);
	while (escape != NULL)
	{
		memcpy(to, p, escape - p);
		to += escape - p;
		p = escape + 1;
		if (p < stop && *p == 'u')
		{
			p = unescape_unicode(d, col, p + 1, stop, &to);
			if (p == NULL)
				return false;
		}
		else
		{
			int			c = p < stop ? simple_escape(*p) : -1;

			if (c < 0)
				return olap_json_fail(d, "22032", col,
									  "invalid JSON: unknown escape in a string");
			*to++ = (char) c;
			p++;
		}
		escape = memchr(p, '\\', stop - p);
	}
	memcpy(to, p, stop - p);
	to += stop - p;
	*to = '\0';
	*out = scratch;
	*out_len = to - scratch;
	return true;
}

/*
 * Are the escapes of a skipped string well-formed?  Only the grammar counts
 * here: what no column stores may hold \u0000 and half surrogates.
 */
bool
olap_json_string_check(OlapJsonDecoder *d, uint32 start, uint32 end)
{
	const char *stop = d->text + end;
	const char *p = d->text + start;

	while ((p = memchr(p, '\\', stop - p)) != NULL)
	{
		p++;
		if (p < stop && *p == 'u' && hex4(p + 1, stop) >= 0)
			p += 5;
		else if (p < stop && simple_escape(*p) >= 0)
			p++;
		else
			return olap_json_fail(d, "22032", -1,
								  "invalid JSON: unknown escape in a string");
	}
	return true;
}

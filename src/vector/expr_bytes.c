/*-------------------------------------------------------------------------
 *
 * expr_bytes.c
 *		Tests of one byte string: comparisons, lists, LIKE, prefixes.
 *
 * A LIKE pattern is cut at its '%' into pieces.  The first piece is anchored
 * at the start of the value and the last one at its end; each of those between
 * may take the first place it is found at, because a piece matches a fixed
 * number of characters, so the leftmost match ends leftmost.  No backtracking.
 *
 * src/vector/expr_bytes.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "datatype/timestamp.h"

#include "vector/expr_internal.h"
#include "vector/search.h"

/* A run of literal bytes, or of characters that may be anything. */
typedef struct Element
{
	const uint8 *bytes;			/* NULL: any characters */
	size_t		len;			/* bytes, or characters */
} Element;

typedef struct Piece
{
	int			nelements;
	Element    *elements;
	size_t		nbytes;			/* of literals */
	size_t		nany;			/* characters that may be anything */
	OlapNeedle	needle;			/* its longest run of literals, if nbytes > 0 */
	size_t		before;			/* characters before that */
} Piece;

struct OlapPattern
{
	bool		utf8;
	int			npieces;		/* number of '%' + 1 */
	Piece	   *pieces;
	const OlapNeedle *needle;	/* the longest between two '%', or NULL */
};

size_t
olap_bpchar_length(const uint8 *data, size_t len)
{
	while (len > 0 && data[len - 1] == ' ')
		len--;
	return len;
}

__int128
olap_interval_span(const uint8 *data)
{
	Interval	interval;

	memcpy(&interval, data, sizeof(interval));
	return interval.time + (__int128) USECS_PER_DAY *
		(interval.month * INT64CONST(30) + interval.day);
}

int
olap_value_compare(OlapOrder order, const uint8 *a, size_t alen,
				   const uint8 *b, size_t blen)
{
	int			result;

	if (order == OLAP_ORDER_NUMERIC)
		return olap_numeric_compare(a, alen, b, blen);
	if (order == OLAP_ORDER_INTERVAL)
	{
		__int128	left = olap_interval_span(a);
		__int128	right = olap_interval_span(b);

		return left < right ? -1 : left > right;
	}
	if (order == OLAP_ORDER_BPCHAR)
	{
		alen = olap_bpchar_length(a, alen);
		blen = olap_bpchar_length(b, blen);
	}
	result = memcmp(a, b, Min(alen, blen));
	if (result == 0 && alen != blen)
		result = alen < blen ? -1 : 1;
	return result;
}

static bool
test_equal(const OlapExpr *expr, const uint8 *data, size_t len)
{
	return len == expr->values[0].len &&
		olap_same_bytes(data, expr->values[0].data, len);
}

static bool
test_compare(const OlapExpr *expr, const uint8 *data, size_t len)
{
	int			order = olap_value_compare(expr->order, data, len,
										   expr->values[0].data,
										   expr->values[0].len);

	switch (expr->cmp)
	{
		case OLAP_CMP_LT:
			return order < 0;
		case OLAP_CMP_LE:
			return order <= 0;
		case OLAP_CMP_EQ:
			return order == 0;
		case OLAP_CMP_NE:
			return order != 0;
		case OLAP_CMP_GE:
			return order >= 0;
		case OLAP_CMP_GT:
			return order > 0;
	}
	return false;
}

/* values are sorted */
static bool
test_in(const OlapExpr *expr, const uint8 *data, size_t len)
{
	int			low = 0;
	int			high = expr->nvalues;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;
		int			order = olap_value_compare(expr->order, data, len,
											   expr->values[middle].data,
											   expr->values[middle].len);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static bool
test_prefix(const OlapExpr *expr, const uint8 *data, size_t len)
{
	return len >= expr->values[0].len &&
		olap_same_bytes(data, expr->values[0].data, expr->values[0].len);
}

static bool
test_like(const OlapExpr *expr, const uint8 *data, size_t len)
{
	return olap_pattern_match(expr->state->pattern, data, len);
}

OlapByteTest
olap_byte_test(const OlapExpr *expr)
{
	switch (expr->kind)
	{
		case OLAP_EXPR_COMPARE:
			if (expr->order == OLAP_ORDER_BYTES && expr->cmp == OLAP_CMP_EQ)
				return test_equal;
			return test_compare;
		case OLAP_EXPR_IN:
			return test_in;
		case OLAP_EXPR_LIKE:
			return test_like;
		case OLAP_EXPR_PREFIX:
			return test_prefix;
		default:
			return NULL;
	}
}

/* Bytes of the character at data; a continuation byte never starts one. */
static inline size_t
char_length(const uint8 *data, size_t len, bool utf8)
{
	size_t		n = 1;

	if (utf8)
		while (n < len && (data[n] & 0xC0) == 0x80)
			n++;
	return n;
}

/* Characters of an element. */
static size_t
element_chars(const Element *element, bool utf8)
{
	size_t		n = 0;

	if (element->bytes == NULL || !utf8)
		return element->len;
	for (size_t i = 0; i < element->len; i++)
		n += (element->bytes[i] & 0xC0) != 0x80;
	return n;
}

static void
compile_piece(Piece *piece, const uint8 *pattern, size_t len, bool utf8,
			  uint8 *literals)
{
	size_t		i = 0;
	size_t		nchars = 0;

	piece->elements = palloc((len + 1) * sizeof(Element));
	piece->nelements = 0;
	piece->nbytes = piece->nany = 0;
	while (i < len)
	{
		Element    *element = &piece->elements[piece->nelements++];

		if (pattern[i] == '_')
		{
			element->bytes = NULL;
			for (element->len = 0; i < len && pattern[i] == '_'; i++)
				element->len++;
			piece->nany += element->len;
			nchars += element->len;
			continue;
		}
		element->bytes = literals;
		while (i < len && pattern[i] != '_')
		{
			if (pattern[i] == '\\')
				i++;
			*literals++ = pattern[i++];
		}
		element->len = literals - element->bytes;
		if (piece->nbytes == 0 || element->len > piece->needle.len)
		{
			olap_needle_init(&piece->needle, element->bytes, element->len);
			piece->before = nchars;
		}
		piece->nbytes += element->len;
		nchars += element_chars(element, utf8);
	}
}

OlapPattern *
olap_pattern_compile(const uint8 *pattern, size_t len, bool utf8)
{
	OlapPattern *result = palloc0(sizeof(OlapPattern));
	uint8	   *literals = palloc(len + 1);
	size_t		start = 0;

	result->utf8 = utf8;
	result->npieces = 1;
	for (size_t i = 0; i < len; i++)
	{
		if (pattern[i] == '\\')
		{
			if (++i == len)
				return NULL;
		}
		else if (pattern[i] == '%')
			result->npieces++;
	}
	result->pieces = palloc(result->npieces * sizeof(Piece));
	result->npieces = 0;
	for (size_t i = 0; i <= len; i++)
	{
		if (i < len && pattern[i] == '\\')
			i++;
		else if (i == len || pattern[i] == '%')
		{
			compile_piece(&result->pieces[result->npieces++],
						  pattern + start, i - start, utf8, literals + start);
			start = i + 1;
		}
	}
	for (int i = 1; i < result->npieces - 1; i++)
	{
		const Piece *piece = &result->pieces[i];

		if (piece->nbytes > 0 &&
			(result->needle == NULL || piece->needle.len > result->needle->len))
			result->needle = &piece->needle;
	}
	return result;
}

const OlapNeedle *
olap_pattern_needle(const OlapPattern *pattern, bool *alone)
{
	*alone = pattern->npieces == 3 && pattern->pieces[0].nelements == 0 &&
		pattern->pieces[1].nany == 0 && pattern->pieces[2].nelements == 0;
	return pattern->needle;
}

bool
olap_pattern_prefix(const OlapPattern *pattern, const uint8 **prefix, size_t *len)
{
	const Piece *piece = &pattern->pieces[0];

	if (pattern->npieces != 2 || pattern->pieces[1].nelements != 0 ||
		piece->nany != 0 || piece->nbytes == 0)
		return false;
	*prefix = piece->needle.bytes;
	*len = piece->nbytes;
	return true;
}

/* Match a piece where some characters may be anything. */
static bool
elements_match(const Piece *piece, const uint8 *data, size_t len, bool utf8,
			   size_t *used)
{
	size_t		at = 0;

	for (int e = 0; e < piece->nelements; e++)
	{
		const Element *element = &piece->elements[e];

		if (element->bytes != NULL)
		{
			if (len - at < element->len ||
				memcmp(data + at, element->bytes, element->len) != 0)
				return false;
			at += element->len;
			continue;
		}
		for (size_t i = 0; i < element->len; i++)
		{
			if (at == len)
				return false;
			at += char_length(data + at, len - at, utf8);
		}
	}
	*used = at;
	return true;
}

/* Match piece at data; *used gets the bytes it takes. */
static inline bool
piece_matches(const Piece *piece, const uint8 *data, size_t len, bool utf8,
			  size_t *used)
{
	*used = piece->nbytes;
	if (piece->nany > 0)
		return elements_match(piece, data, len, utf8, used);
	return len >= piece->nbytes &&
		(piece->nbytes == 0 || olap_same_bytes(data, piece->needle.bytes, piece->nbytes));
}

/*
 * Go back by nchars characters from *at, which is where one begins; false if there are
 * not so many.
 */
static inline bool
go_back(const uint8 *data, size_t *at, size_t nchars, bool utf8)
{
	for (; nchars > 0; nchars--)
	{
		if (*at == 0)
			return false;
		--*at;
		while (utf8 && *at > 0 && (data[*at] & 0xC0) == 0x80)
			--*at;
	}
	return true;
}

/*
 * As piece_find(), of a piece with literals and others: the piece can only be where its
 * needle is.
 */
static ssize_t
piece_find_needle(const Piece *piece, const uint8 *data, size_t len, bool utf8)
{
	const uint8 *hit = data;

	while ((hit = olap_needle_find(&piece->needle, hit, data + len - hit)) != NULL)
	{
		size_t		at = hit - data;
		size_t		used;

		if (go_back(data, &at, piece->before, utf8) &&
			piece_matches(piece, data + at, len - at, utf8, &used))
			return (ssize_t) (at + used);
		hit++;
	}
	return -1;
}

/* First match of piece in data: where it ends, or -1. */
static ssize_t
piece_find(const Piece *piece, const uint8 *data, size_t len, bool utf8)
{
	size_t		used;

	if (piece->nelements == 0)
		return 0;
	if (piece->nany == 0)
	{
		const uint8 *at = olap_needle_find(&piece->needle, data, len);

		return at == NULL ? -1 : (ssize_t) (at - data + piece->nbytes);
	}
	if (piece->nbytes > 0 && (!utf8 || (piece->needle.bytes[0] & 0xC0) != 0x80))
		return piece_find_needle(piece, data, len, utf8);
	for (size_t at = 0; at < len; at += char_length(data + at, len - at, utf8))
		if (piece_matches(piece, data + at, len - at, utf8, &used))
			return (ssize_t) (at + used);
	return -1;
}

/* Does data end in a match of piece? */
static bool
piece_at_end(const Piece *piece, const uint8 *data, size_t len, bool utf8)
{
	size_t		start = len;
	size_t		used;

	if (piece->nany == 0)
	{
		if (len < piece->nbytes)
			return false;
		start = len - piece->nbytes;
	}
	else
	{
		size_t		nchars = piece->nany;

		for (int e = 0; e < piece->nelements; e++)
			if (piece->elements[e].bytes != NULL)
				nchars += element_chars(&piece->elements[e], utf8);
		if (!go_back(data, &start, nchars, utf8))
			return false;
	}
	return piece_matches(piece, data + start, len - start, utf8, &used) &&
		used == len - start;
}

bool
olap_pattern_match(const OlapPattern *pattern, const uint8 *data, size_t len)
{
	const Piece *last = &pattern->pieces[pattern->npieces - 1];
	size_t		used;

	if (!piece_matches(&pattern->pieces[0], data, len, pattern->utf8, &used))
		return false;
	if (pattern->npieces == 1)
		return used == len;
	data += used;
	len -= used;
	for (int i = 1; i < pattern->npieces - 1; i++)
	{
		ssize_t		end = piece_find(&pattern->pieces[i], data, len,
									 pattern->utf8);

		if (end < 0)
			return false;
		data += end;
		len -= end;
	}
	return piece_at_end(last, data, len, pattern->utf8);
}

/*
 * test/fuzz/fuzz_json.c
 *		Hostile messages are refused or give one well-formed row.
 *
 * Columns of every kind, with paths through objects and arrays. Byte 0 chooses
 * among contracts (lax or strict, formats of time, required columns); the rest is
 * the message. Checked besides what the sanitizers see:
 *
 * - a row is on all vectors or on none;
 * - what the decoder takes as JSON, a second reader of JSON's grammar takes too,
 *   and what it refuses as JSON (22032), that reader refuses;
 * - the same message gives the same row again;
 * - values are in range, and texts are UTF-8 without NUL bytes.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/memutils.h"

#include "ingest/kafka/json.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NCOLS 18
#define NUMERIC_TYPMOD(p, s) (((p) << 16 | (s)) + VARHDRSZ)

static OlapJsonColumn columns[NCOLS];
static OlapVector vectors[NCOLS];
static OlapJsonIndexer *indexer;

static void
check(bool condition)
{
	if (!condition)
		abort();
}

/* --- a second reader of JSON --- */

typedef struct Reader
{
	const uint8_t *p;
	const uint8_t *end;
} Reader;

static void
skip_space(Reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
		r->p++;
}

static bool
take(Reader *r, char c)
{
	if (r->p == r->end || *r->p != (uint8_t) c)
		return false;
	r->p++;
	return true;
}

static bool
take_digits(Reader *r)
{
	const uint8_t *start = r->p;

	while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
		r->p++;
	return r->p > start;
}

static bool
read_number(Reader *r)
{
	take(r, '-');
	if (!take(r, '0') && !take_digits(r))
		return false;
	if (take(r, '.') && !take_digits(r))
		return false;
	if (take(r, 'e') || take(r, 'E'))
	{
		if (!take(r, '+'))
			take(r, '-');
		return take_digits(r);
	}
	return true;
}

static bool
is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
read_string(Reader *r)
{
	if (!take(r, '"'))
		return false;
	while (r->p < r->end && *r->p != '"')
	{
		if (*r->p < 0x20)
			return false;
		if (*r->p++ != '\\')
			continue;
		if (r->p == r->end || strchr("\"\\/bfnrtu", *r->p) == NULL || *r->p == 0)
			return false;
		if (*r->p++ == 'u')
			for (int i = 0; i < 4; i++)
				if (r->p == r->end || !is_hex(*r->p++))
					return false;
	}
	return take(r, '"');
}

static bool
read_word(Reader *r, const char *word)
{
	for (; *word != '\0'; word++)
		if (!take(r, *word))
			return false;
	return true;
}

static bool
read_value(Reader *r, int depth)
{
	char		close;

	skip_space(r);
	if (r->p == r->end)
		return false;
	switch (*r->p)
	{
		case '"':
			return read_string(r);
		case 't':
			return read_word(r, "true");
		case 'f':
			return read_word(r, "false");
		case 'n':
			return read_word(r, "null");
		case '{':
		case '[':
			break;
		default:
			return read_number(r);
	}
	if (depth == OLAP_JSON_MAX_DEPTH)
		return false;
	close = *r->p++ == '{' ? '}' : ']';
	skip_space(r);
	if (take(r, close))
		return true;
	do
	{
		skip_space(r);
		if (close == '}')
		{
			if (!read_string(r))
				return false;
			skip_space(r);
			if (!take(r, ':'))
				return false;
		}
		if (!read_value(r, depth + 1))
			return false;
		skip_space(r);
	} while (take(r, ','));
	return take(r, close);
}

static bool
is_utf8(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len;)
	{
		int			more = p[i] < 0x80 ? 0 : p[i] >= 0xc2 && p[i] < 0xe0 ? 1 :
			(p[i] & 0xf0) == 0xe0 ? 2 : p[i] >= 0xf0 && p[i] < 0xf5 ? 3 : -1;
		uint32		c;

		if (more < 0 || i + more >= len)
			return false;
		c = more == 0 ? p[i] : p[i] & (0x3f >> more);
		i++;
		for (int k = 0; k < more; k++, i++)
		{
			if ((p[i] & 0xc0) != 0x80)
				return false;
			c = c << 6 | (p[i] & 0x3f);
		}
		if ((more == 2 && (c < 0x800 || (c >= 0xd800 && c <= 0xdfff))) ||
			(more == 3 && (c < 0x10000 || c > 0x10ffff)))
			return false;
	}
	return true;
}

static bool
is_json(const uint8_t *data, size_t size)
{
	Reader		r = {data, data + size};

	if (size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0)
		r.p += 3;
	if (!is_utf8(r.p, r.end - r.p) || !read_value(&r, 0))
		return false;
	skip_space(&r);
	return r.p == r.end;
}

/* --- the decoder --- */

/* In place of an input function: takes text that starts with no x. */
static bool
input(void *arg, int col, char *text, size_t len, OlapVector *v, OlapDecodeError *error)
{
	check(text == NULL || strlen(text) <= len);
	check(text == NULL || text[len] == '\0');
	if (text == NULL)
	{
		olap_vector_append_null(v);
		return true;
	}
	if (text[0] == 'x')
	{
		error->sqlstate = "22P02";
		error->message[0] = '\0';
		return false;
	}
	if (v->phys == OLAP_PHYS_DEC64)
		olap_vector_append_i64(v, len);
	else
		olap_vector_append_var(v, text, len);
	return true;
}

static void
column(int i, OlapJsonKind kind, const char *name, const char *path, Oid type,
	   int16 len, int32 typmod)
{
	OlapJsonColumn *c = &columns[i];

	memset(c, 0, sizeof(*c));
	c->kind = kind;
	c->name = name;
	c->path = path;
	c->type.typid = type;
	c->type.typmod = typmod;
	c->type.typlen = len;
	c->type.typbyval = len > 0 && len <= 8;
	c->type.typalign = len == 8 ? 'd' : len == 2 ? 's' : len == 1 || len == 16 ? 'c' : 'i';
	olap_column_type_resolve(&c->type);
}

static void
choose_contract(uint8_t choice)
{
	column(0, OLAP_JSON_BOOL, "b", NULL, BOOLOID, 1, -1);
	column(1, OLAP_JSON_I16, "s", "o.s", INT2OID, 2, -1);
	column(2, OLAP_JSON_I32, "i", "o.i", INT4OID, 4, -1);
	column(3, OLAP_JSON_I64, "l", "a[0]", INT8OID, 8, -1);
	column(4, OLAP_JSON_F32, "f", "a[1].f", FLOAT4OID, 4, -1);
	column(5, OLAP_JSON_F64, "d", NULL, FLOAT8OID, 8, -1);
	column(6, OLAP_JSON_DEC64, "n", NULL, NUMERICOID, -1, NUMERIC_TYPMOD(12, 6));
	columns[6].precision = 12;
	column(7, OLAP_JSON_NUMERIC, "m", "o.\"m.m\"", NUMERICOID, -1, -1);
	column(8, OLAP_JSON_TEXT, "t", NULL, TEXTOID, -1, -1);
	column(9, OLAP_JSON_TEXT, "v", NULL, VARCHAROID, -1, 3 + VARHDRSZ);
	columns[9].max_chars = 3;
	column(10, OLAP_JSON_TEXT, "c", NULL, BPCHAROID, -1, 4 + VARHDRSZ);
	columns[10].max_chars = 4;
	columns[10].pad = true;
	column(11, OLAP_JSON_UUID, "u", NULL, UUIDOID, 16, -1);
	column(12, OLAP_JSON_DATE, "day", "day", DATEOID, 4, -1);
	column(13, OLAP_JSON_TIMESTAMP, "ts", "o.ts", TIMESTAMPTZOID, 8, choice & 4 ? 3 : -1);
	column(14, OLAP_JSON_DOCUMENT, "j", "$", JSONOID, -1, -1);
	column(15, OLAP_JSON_ARRAY, "arr", "a", TEXTARRAYOID, -1, -1);
	column(16, OLAP_JSON_INPUT_DOCUMENT, "jb", "o", JSONBOID, -1, -1);
	column(17, OLAP_JSON_INPUT, "x", NULL, BYTEAOID, -1, -1);
	columns[17].null_input = true;
	for (int i = 0; i < NCOLS; i++)
	{
		columns[i].strict = choice & 1;
		columns[i].required = (choice & 2) && i == 8;
	}
	columns[12].time_format = choice & 8 ? OLAP_TIME_EPOCH_S : OLAP_TIME_ISO8601;
	columns[13].time_format = (OlapTimeFormat) (choice >> 4) % 5;
}

/* Is what was appended what a column of its type may hold? */
static void
check_row(uint32 row)
{
	for (int i = 0; i < NCOLS; i++)
	{
		const OlapVector *v = &vectors[i];
		const char *value;

		if (olap_vector_is_null(v, row))
			continue;
		switch (columns[i].kind)
		{
			case OLAP_JSON_BOOL:
				check(((const uint8 *) v->values)[row] <= 1);
				break;
			case OLAP_JSON_DEC64:
				if (v->phys == OLAP_PHYS_DEC64)
					check(Abs(((const int64 *) v->values)[row]) < INT64CONST(1000000000000));
				break;
			case OLAP_JSON_DATE:
				check(IS_VALID_DATE(((const int32 *) v->values)[row]));
				break;
			case OLAP_JSON_TIMESTAMP:
				check(((const int64 *) v->values)[row] >= MIN_TIMESTAMP);
				check(((const int64 *) v->values)[row] <= END_TIMESTAMP);
				break;
			case OLAP_JSON_TEXT:
				value = v->heap + ((const uint32 *) v->values)[row];
				check(memchr(VARDATA(value), 0, VARSIZE(value) - VARHDRSZ) == NULL);
				check(is_utf8((const uint8_t *) VARDATA(value), VARSIZE(value) - VARHDRSZ));
				break;
			default:
				break;
		}
	}
}

/* Are rows 0 and 1 the same? */
static void
check_same(void)
{
	for (int i = 0; i < NCOLS; i++)
	{
		const OlapVector *v = &vectors[i];

		check(olap_vector_is_null(v, 0) == olap_vector_is_null(v, 1));
		if (olap_vector_is_null(v, 0))
			continue;
		if (v->phys == OLAP_PHYS_VAR)
		{
			const char *a = v->heap + ((const uint32 *) v->values)[0];
			const char *b = v->heap + ((const uint32 *) v->values)[1];

			check(VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0);
		}
		else
			check(memcmp(v->values, (const char *) v->values + v->width, v->width) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	MemoryContext cxt;
	OlapJsonDecoder *decoder;
	OlapDecodeError error;
	const char *problem;
	char	   *message;
	bool		json;

	if (size < 1)
		return 0;
	if (indexer == NULL)
		indexer = olap_json_indexer_create();
	cxt = AllocSetContextCreate(TopMemoryContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(cxt);
	choose_contract(data[0]);
	for (int i = 0; i < NCOLS; i++)
		olap_vector_init(&vectors[i], &columns[i].type, 1, cxt);
	decoder = olap_json_decoder_create(NCOLS, columns, indexer, input, NULL, &problem);
	check(decoder != NULL);

	/* an exact copy, so that reading past its end is seen */
	message = malloc(Max(size - 1, 1));
	memcpy(message, data + 1, size - 1);
	json = is_json(data + 1, size - 1);
	for (uint32 n = 0; n < 2; n++)
	{
		bool		ok = olap_json_decode(decoder, message, size - 1, vectors, &error);

		check(!ok || json);
		check(ok || strlen(error.sqlstate) == 5);
		check(ok || strcmp(error.sqlstate, "22032") != 0 || !json);
		check(ok || memchr(error.message, 0, sizeof(error.message)) != NULL);
		for (int i = 0; i < NCOLS; i++)
			check(vectors[i].n == (ok ? n + 1 : 0));
		if (!ok)
			break;
		check_row(n);
		if (n == 1)
			check_same();
	}
	free(message);
	MemoryContextSwitchTo(TopMemoryContext);
	MemoryContextDelete(cxt);
	return 0;
}

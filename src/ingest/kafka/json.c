/*-------------------------------------------------------------------------
 *
 * json.c
 *		JSON messages to rows: the walk over a message.
 *
 * The walk checks the grammar of the whole text, depth included, and notes for
 * each column the token its path leads to.  Values that no column wants are
 * checked and skipped.  Tokens of the index are trusted to ascend and to lie in
 * the text, nothing else.
 *
 * src/ingest/kafka/json.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <stdarg.h>

#include "ingest/kafka/json_int.h"

static bool walk_value(OlapJsonDecoder *d, OlapJsonNode *node, int depth);

OlapJsonDecoder *
olap_json_decoder_create(int ncols, const OlapJsonColumn *columns,
						 OlapJsonIndexer *indexer, OlapJsonInput input,
						 void *input_arg, const char **problem)
{
	OlapJsonDecoder *d = palloc0(sizeof(OlapJsonDecoder));

	d->root = olap_json_trie_create(ncols, columns, problem);
	if (d->root == NULL)
		return NULL;
	d->ncols = ncols;
	d->columns = columns;
	d->indexer = indexer;
	d->input = input;
	d->input_arg = input_arg;
	d->slots = palloc0(sizeof(OlapJsonSlot) * Max(ncols, 1));
	d->cxt = CurrentMemoryContext;
	return d;
}

uint64
olap_json_duplicate_keys(const OlapJsonDecoder *decoder)
{
	return decoder->duplicates;
}

/* Fill the error; col is -1 where no column is to blame. Returns false. */
bool
olap_json_fail(OlapJsonDecoder *d, const char *sqlstate, int col,
			   const char *format,...)
{
	va_list		args;

	d->error->sqlstate = sqlstate;
	if (col >= 0)
		strlcpy(d->error->column, d->columns[col].name, NAMEDATALEN);
	else
		d->error->column[0] = '\0';
	va_start(args, format);
	vsnprintf(d->error->message, sizeof(d->error->message), format, args);
	va_end(args);
	return false;
}

/* At least size bytes that stay until the next call. */
char *
olap_json_scratch(OlapJsonDecoder *d, size_t size)
{
	if (size > d->scratch_size)
	{
		size_t		wanted = Max(d->scratch_size, 1024);

		while (wanted < size)
			wanted *= 2;
		if (d->scratch != NULL)
			pfree(d->scratch);
		d->scratch = NULL;
		d->scratch_size = 0;
		d->scratch = MemoryContextAllocHuge(d->cxt, wanted);
		d->scratch_size = wanted;
	}
	return d->scratch;
}

static bool
fail_grammar(OlapJsonDecoder *d, const char *what)
{
	if (d->i >= d->n)
		return olap_json_fail(d, "22032", -1,
							  "invalid JSON: the text ends where %s is expected",
							  what);
	return olap_json_fail(d, "22032", -1,
						  "invalid JSON: %s is expected at byte %u",
						  what, d->index[d->i]);
}

/*
 * Forget the columns at and below a node: its value is being replaced.  What was
 * noted is checked now, for no column will read it: the whole text must be JSON.
 */
static bool
forget(OlapJsonDecoder *d, OlapJsonNode *node)
{
	for (int i = 0; i < node->ncolumns; i++)
	{
		OlapJsonSlot *slot = &d->slots[node->columns[i]];

		if (slot->token != 0 && !olap_json_scalar_check(d, slot->token - 1))
			return false;
		slot->token = 0;
	}
	for (int i = 0; i < node->nkeys; i++)
		if (!forget(d, node->keys[i]))
			return false;
	for (int i = 0; i < node->nelements; i++)
		if (!forget(d, node->elements[i]))
			return false;
	return true;
}

static bool
walk_key(OlapJsonDecoder *d, const char **key, size_t *len)
{
	uint32		start;
	uint32		end;

	if (d->i >= d->n || d->text[d->index[d->i]] != '"')
		return fail_grammar(d, "a key in quotes");
	if (!olap_json_string_bounds(d, d->i, &start, &end))
		return false;
	d->i++;
	*key = d->text + start;
	*len = end - start;
	if (memchr(*key, '\\', *len) == NULL)
		return true;
	return olap_json_string(d, -1, start, end, true, key, len);
}

/* The child a key leads to, guessing that keys come in the usual order. */
static OlapJsonNode *
find_child(OlapJsonNode *node, OlapJsonNode **previous, const char *key,
		   size_t len)
{
	OlapJsonNode **guess = *previous != NULL ? &(*previous)->expected
		: &node->first;
	OlapJsonNode *child = *guess;

	if (child == NULL || child->key_len != len ||
		memcmp(child->key, key, len) != 0)
	{
		child = olap_json_trie_key(node, key, (uint32) len);
		if (child == NULL)
			return NULL;
		*guess = child;
	}
	*previous = child;
	return child;
}

static bool
walk_object(OlapJsonDecoder *d, OlapJsonNode *node, int depth)
{
	OlapJsonNode *previous = NULL;

	d->i++;
	if (d->i < d->n && d->text[d->index[d->i]] == '}')
	{
		d->i++;
		return true;
	}
	for (;;)
	{
		OlapJsonNode *child = NULL;
		const char *key;
		size_t		len;
		char		c;

		if (!walk_key(d, &key, &len))
			return false;
		if (node != NULL && node->nkeys > 0)
			child = find_child(node, &previous, key, len);
		if (d->i >= d->n || d->text[d->index[d->i]] != ':')
			return fail_grammar(d, "a colon");
		d->i++;
		if (!walk_value(d, child, depth))
			return false;
		c = d->i < d->n ? d->text[d->index[d->i]] : '\0';
		if (c != ',' && c != '}')
			return fail_grammar(d, "a comma or a closing brace");
		d->i++;
		if (c == '}')
			return true;
	}
}

static bool
walk_array(OlapJsonDecoder *d, OlapJsonNode *node, int depth)
{
	d->i++;
	if (d->i < d->n && d->text[d->index[d->i]] == ']')
	{
		d->i++;
		return true;
	}
	for (uint32 element = 0;; element++)
	{
		OlapJsonNode *child = NULL;
		char		c;

		if (node != NULL)
			for (int i = 0; i < node->nelements; i++)
				if (node->elements[i]->element == element)
					child = node->elements[i];
		if (!walk_value(d, child, depth))
			return false;
		c = d->i < d->n ? d->text[d->index[d->i]] : '\0';
		if (c != ',' && c != ']')
			return fail_grammar(d, "a comma or a closing bracket");
		d->i++;
		if (c == ']')
			return true;
	}
}

/*
 * A value: what node (NULL: nobody) wants of it is noted.  Scalars a column
 * wants are checked when they are converted, unless a later one replaces them.
 */
static bool
walk_value(OlapJsonDecoder *d, OlapJsonNode *node, int depth)
{
	uint32		token = d->i;
	bool		wanted = false;
	char		c;

	if (token >= d->n)
		return fail_grammar(d, "a value");
	if (node != NULL)
	{
		if (node->seen == d->row)
		{
			d->duplicates++;
			if (!forget(d, node))
				return false;
		}
		node->seen = d->row;
		wanted = node->ncolumns > 0;
		for (int i = 0; i < node->ncolumns; i++)
			d->slots[node->columns[i]].token = token + 1;
	}

	c = d->text[d->index[token]];
	if (c == '{' || c == '[')
	{
		if (depth >= OLAP_JSON_MAX_DEPTH)
			return olap_json_fail(d, "54000", -1,
								  "JSON is nested more than %d levels deep",
								  OLAP_JSON_MAX_DEPTH);
		if (!(c == '{' ? walk_object(d, node, depth + 1)
			  : walk_array(d, node, depth + 1)))
			return false;
		for (int i = 0; wanted && i < node->ncolumns; i++)
			d->slots[node->columns[i]].end = d->index[d->i - 1] + 1;
		return true;
	}
	if (c == '}' || c == ']' || c == ',' || c == ':')
		return fail_grammar(d, "a value");
	if (!wanted && !olap_json_scalar_check(d, token))
		return false;
	d->i++;
	return true;
}

static bool
fail_index(OlapJsonDecoder *d, OlapJsonIndexResult result)
{
	switch (result)
	{
		case OLAP_JSON_INDEX_NO_MEMORY:
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("out of memory"),
					 errdetail("Failed on indexing a JSON message of %zu bytes.",
							   (size_t) d->len)));
			return false;
		case OLAP_JSON_INDEX_EMPTY:
			return olap_json_fail(d, "22032", -1,
								  "invalid JSON: the message is empty");
		case OLAP_JSON_INDEX_UTF8:
			return olap_json_fail(d, "22021", -1, "the message is not valid UTF-8");
		case OLAP_JSON_INDEX_CONTROL:
			return olap_json_fail(d, "22032", -1,
								  "invalid JSON: a control character in a string is not escaped");
		case OLAP_JSON_INDEX_UNCLOSED:
			return olap_json_fail(d, "22032", -1,
								  "invalid JSON: a string is not closed");
		case OLAP_JSON_INDEX_TOO_LARGE:
			return olap_json_fail(d, "54000", -1, "the message is too large");
		default:
			return olap_json_fail(d, "22032", -1, "invalid JSON");
	}
}

bool
olap_json_decode(OlapJsonDecoder *d, const char *text, size_t len,
				 OlapVector *vectors, OlapDecodeError *error)
{
	OlapJsonIndexResult result;
	int			col;

	d->error = error;
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
	{
		text += 3;				/* a byte order mark */
		len -= 3;
	}
	result = olap_json_index(d->indexer, text, len, &d->index, &d->n);
	if (result != OLAP_JSON_INDEX_OK)
		return fail_index(d, result);

	d->text = text;
	d->len = (uint32) len;
	d->i = 0;
	d->row++;
	memset(d->slots, 0, sizeof(OlapJsonSlot) * d->ncols);
	if (!walk_value(d, d->root, 0))
		return false;
	if (d->i < d->n)
		return olap_json_fail(d, "22032", -1,
							  "invalid JSON: more text follows the value at byte %u",
							  d->index[d->i]);

	for (col = 0; col < d->ncols; col++)
		if (d->columns[col].kind != OLAP_JSON_NONE &&
			!olap_json_append(d, col, &vectors[col]))
			break;
	if (col == d->ncols)
		return true;
	while (--col >= 0)
		if (d->columns[col].kind != OLAP_JSON_NONE)
			olap_vector_truncate(&vectors[col], vectors[col].n - 1);
	return false;
}

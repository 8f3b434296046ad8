/*-------------------------------------------------------------------------
 *
 * json_path.c
 *		Paths of columns, and the trie they make.
 *
 * A path is a row of object keys joined by dots and of array indexes in
 * brackets, counted from 0: event.time, items[0].id, [2].x.  A key with other
 * characters is written in double quotes, a quote in it doubled:
 * labels."app.kubernetes.io/name".  $ alone is the whole message.
 *
 * src/ingest/kafka/json_path.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "ingest/kafka/json_int.h"

#define MAX_ELEMENT 65535

/*
 * Read the key at *p into key (room for the rest of the path).
 */
static const char *
parse_key(const char **p, char *key, uint32 *len)
{
	const char *s = *p;

	*len = 0;
	if (*s == '"')
	{
		for (s++;; s++)
		{
			if (*s == '\0')
				return "a quoted key is not closed";
			if (*s == '"' && *++s != '"')
				break;
			key[(*len)++] = *s;
		}
	}
	else
	{
		for (; *s != '\0' && *s != '.' && *s != '[' && *s != ']' && *s != '"';
			 s++)
			key[(*len)++] = *s;
		if (*len == 0)
			return "a key is empty";
	}
	*p = s;
	return NULL;
}

static const char *
parse_element(const char **p, uint32 *element)
{
	const char *s = *p + 1;

	*element = 0;
	if (*s < '0' || *s > '9')
		return "an array index is a number in brackets";
	for (; *s >= '0' && *s <= '9'; s++)
	{
		*element = *element * 10 + (uint32) (*s - '0');
		if (*element > MAX_ELEMENT)
			return "an array index is too large";
	}
	if (*s != ']')
		return "an array index is a number in brackets";
	*p = s + 1;
	return NULL;
}

/*
 * Hand out the next step of the path: a key (*is_key) or an array index.
 * *p is NULL-terminated text; first is set for the first step.
 */
static const char *
next_step(const char **p, bool first, bool *is_key, char *key, uint32 *len,
		  uint32 *element)
{
	if (**p == '[')
	{
		*is_key = false;
		return parse_element(p, element);
	}
	*is_key = true;
	if (!first)
	{
		if (**p != '.')
			return "keys are joined by dots";
		(*p)++;
	}
	return parse_key(p, key, len);
}

const char *
olap_json_path_problem(const char *path)
{
	char	   *key = palloc(strlen(path) + 1);
	const char *problem = NULL;
	int			steps = 0;

	if (*path == '\0')
		problem = "it is empty";
	else if (strcmp(path, "$") != 0)
		while (*path != '\0' && problem == NULL)
		{
			bool		is_key;
			uint32		len;
			uint32		element;

			problem = next_step(&path, steps == 0, &is_key, key, &len, &element);
			if (++steps > OLAP_JSON_MAX_DEPTH)
				problem = "it has too many steps";
		}
	pfree(key);
	return problem;
}

static OlapJsonNode *
add_child(OlapJsonNode ***children, int *n)
{
	OlapJsonNode *node = palloc0(sizeof(OlapJsonNode));

	if (*n == 0)
		*children = palloc(sizeof(OlapJsonNode *));
	else
		*children = repalloc(*children, sizeof(OlapJsonNode *) * (*n + 1));
	(*children)[(*n)++] = node;
	return node;
}

static OlapJsonNode *
step_key(OlapJsonNode *node, const char *key, uint32 len)
{
	OlapJsonNode *child;

	for (int i = 0; i < node->nkeys; i++)
		if (node->keys[i]->key_len == len &&
			memcmp(node->keys[i]->key, key, len) == 0)
			return node->keys[i];
	child = add_child(&node->keys, &node->nkeys);
	child->key = palloc(len + 1);
	memcpy(child->key, key, len);
	child->key[len] = '\0';
	child->key_len = len;
	return child;
}

static OlapJsonNode *
step_element(OlapJsonNode *node, uint32 element)
{
	OlapJsonNode *child;

	for (int i = 0; i < node->nelements; i++)
		if (node->elements[i]->element == element)
			return node->elements[i];
	child = add_child(&node->elements, &node->nelements);
	child->element = element;
	return child;
}

static void
add_column(OlapJsonNode *node, int col)
{
	if (node->ncolumns == 0)
		node->columns = palloc(sizeof(int));
	else
		node->columns = repalloc(node->columns,
								 sizeof(int) * (node->ncolumns + 1));
	node->columns[node->ncolumns++] = col;
}

static const char *
add_path(OlapJsonNode *root, int col, const char *path)
{
	OlapJsonNode *node = root;
	char	   *buffer;
	bool		first = true;
	const char *problem = olap_json_path_problem(path);

	if (problem != NULL)
		return problem;
	buffer = palloc(strlen(path) + 1);
	while (*path != '\0' && strcmp(path, "$") != 0)
	{
		bool		is_key;
		uint32		len = 0;
		uint32		element = 0;

		problem = next_step(&path, first, &is_key, buffer, &len, &element);
		Assert(problem == NULL);
		node = is_key ? step_key(node, buffer, len)
			: step_element(node, element);
		first = false;
	}
	pfree(buffer);
	add_column(node, col);
	return NULL;
}

/* Keys are short: the length and the first and last bytes tell most apart. */
static inline uint32
hash_key(const char *key, uint32 len)
{
	uint64		head = 0;
	uint64		tail = 0;

	if (len >= 8)
	{
		memcpy(&head, key, 8);
		memcpy(&tail, key + len - 8, 8);
	}
	else
	{
		for (uint32 i = 0; i < len; i++)
			head = (head << 8) | (unsigned char) key[i];
	}
	head = (head ^ (tail << 1) ^ len) * UINT64CONST(0x9E3779B97F4A7C15);
	return (uint32) (head >> 32);
}

static void
build_tables(OlapJsonNode *node)
{
	uint32		size = 4;

	while (size < (uint32) node->nkeys * 2)
		size *= 2;
	node->mask = size - 1;
	node->table = palloc0(sizeof(OlapJsonNode *) * size);
	for (int i = 0; i < node->nkeys; i++)
	{
		OlapJsonNode *child = node->keys[i];
		uint32		at = hash_key(child->key, child->key_len) & node->mask;

		while (node->table[at] != NULL)
			at = (at + 1) & node->mask;
		node->table[at] = child;
		build_tables(child);
	}
	for (int i = 0; i < node->nelements; i++)
		build_tables(node->elements[i]);
}

OlapJsonNode *
olap_json_trie_key(const OlapJsonNode *node, const char *key, uint32 len)
{
	uint32		at = hash_key(key, len) & node->mask;
	OlapJsonNode *child;

	while ((child = node->table[at]) != NULL)
	{
		if (child->key_len == len && memcmp(child->key, key, len) == 0)
			return child;
		at = (at + 1) & node->mask;
	}
	return NULL;
}

/*
 * The trie of all columns' paths; NULL if one is malformed.  Depth is bounded
 * by the paths' number of steps.
 */
OlapJsonNode *
olap_json_trie_create(int ncols, const OlapJsonColumn *columns,
					  const char **problem)
{
	OlapJsonNode *root = palloc0(sizeof(OlapJsonNode));

	for (int col = 0; col < ncols; col++)
	{
		const OlapJsonColumn *column = &columns[col];

		if (column->kind == OLAP_JSON_NONE)
			continue;
		if (column->path != NULL)
		{
			*problem = add_path(root, col, column->path);
			if (*problem != NULL)
				return NULL;
		}
		else
			add_column(step_key(root, column->name,
								(uint32) strlen(column->name)), col);
	}
	build_tables(root);
	return root;
}

/*-------------------------------------------------------------------------
 *
 * json_int.h
 *		What the files of the JSON decoder share; nobody else includes it.
 *
 * src/ingest/kafka/json_int.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_JSON_INT_H
#define OLAP_JSON_INT_H

#include "ingest/kafka/json.h"

/*
 * A place in the documents that a path leads through or to.  Children of an
 * object are found by key (in a small hash table), those of an array by index.
 */
typedef struct OlapJsonNode
{
	char	   *key;			/* of the parent's object; NULL: array element */
	uint32		key_len;
	uint32		element;		/* index in the parent's array */
	int			ncolumns;		/* columns whose path ends here */
	int		   *columns;
	int			nkeys;
	struct OlapJsonNode **keys;
	int			nelements;
	struct OlapJsonNode **elements;
	uint32		mask;			/* hash table size - 1 */
	struct OlapJsonNode **table;
	struct OlapJsonNode *expected;	/* key that followed this one last time */
	struct OlapJsonNode *first; /* key that came first last time */
	uint64		seen;			/* row in which a value was noted last */
} OlapJsonNode;

/* Where a column's value is. */
typedef struct OlapJsonSlot
{
	uint32		token;			/* position in the index + 1; 0: absent */
	uint32		end;			/* byte behind the value */
} OlapJsonSlot;

struct OlapJsonDecoder
{
	int			ncols;
	const OlapJsonColumn *columns;
	OlapJsonIndexer *indexer;
	OlapJsonInput input;
	void	   *input_arg;
	OlapJsonNode *root;
	OlapJsonSlot *slots;		/* [ncols] */
	uint64		row;			/* counts calls; see OlapJsonNode.seen */
	uint64		duplicates;

	/* the text being decoded */
	const char *text;
	uint32		len;
	const uint32 *index;
	uint32		n;
	uint32		i;				/* next token */
	OlapDecodeError *error;

	/* room for unescaped strings; grows */
	char	   *scratch;
	size_t		scratch_size;
	MemoryContext cxt;
};

/* json_path.c */
extern OlapJsonNode *olap_json_trie_create(int ncols,
										   const OlapJsonColumn *columns,
										   const char **problem);
extern OlapJsonNode *olap_json_trie_key(const OlapJsonNode *node,
										const char *key, uint32 len);

/* json.c */
extern bool olap_json_fail(OlapJsonDecoder *d, const char *sqlstate, int col,
						   const char *format,...) pg_attribute_printf(4, 5);
extern char *olap_json_scratch(OlapJsonDecoder *d, size_t size);

/* json_string.c */
extern bool olap_json_string_bounds(OlapJsonDecoder *d, uint32 token,
									uint32 *start, uint32 *end);
extern bool olap_json_string_check(OlapJsonDecoder *d, uint32 start,
								   uint32 end);
extern bool olap_json_string(OlapJsonDecoder *d, int col, uint32 start,
							 uint32 end, bool copy, const char **out,
							 size_t *out_len);

/* A value ready for conversion. */
typedef struct OlapJsonValue
{
	char		first;			/* first character of the token */
	const char *text;			/* string: between the quotes, without escapes */
	size_t		len;
} OlapJsonValue;

/* json_value.c */
extern bool olap_json_append(OlapJsonDecoder *d, int col, OlapVector *v);
extern bool olap_json_append_input(OlapJsonDecoder *d, int col,
								   const char *text, size_t len,
								   OlapVector *v);
extern bool olap_json_scalar_check(OlapJsonDecoder *d, uint32 token);
extern uint32 olap_json_token_end(const OlapJsonDecoder *d, uint32 token);
extern const char *olap_json_shown(const OlapJsonValue *value, char buffer[64]);
extern bool olap_json_fail_syntax(OlapJsonDecoder *d, int col,
								  const OlapJsonValue *value, const char *what);
extern bool olap_json_fail_range(OlapJsonDecoder *d, int col,
								 const OlapJsonValue *value, const char *what);

/* json_number.c, json_text.c, json_array.c: one value onto the end of v */
extern bool olap_json_append_integer(OlapJsonDecoder *d, int col,
									 const OlapJsonValue *value, OlapVector *v);
extern bool olap_json_append_float(OlapJsonDecoder *d, int col,
								   const OlapJsonValue *value, OlapVector *v);
extern bool olap_json_append_dec64(OlapJsonDecoder *d, int col,
								   const OlapJsonValue *value, OlapVector *v);
extern bool olap_json_append_numeric(OlapJsonDecoder *d, int col,
									 const OlapJsonValue *value, OlapVector *v);
extern bool olap_json_append_limited(OlapJsonDecoder *d, int col,
									 const OlapJsonValue *value, OlapVector *v);
extern bool olap_json_append_bool(OlapJsonDecoder *d, int col,
								  const OlapJsonValue *value, OlapVector *v);
extern bool olap_json_append_uuid(OlapJsonDecoder *d, int col,
								  const OlapJsonValue *value, OlapVector *v);
extern bool olap_json_append_time(OlapJsonDecoder *d, int col,
								  const OlapJsonValue *value, OlapVector *v);
extern bool olap_json_append_array(OlapJsonDecoder *d, int col,
								   const OlapJsonValue *value, OlapVector *v);

static inline bool
olap_json_is_literal(const char *text, size_t len, const char *literal)
{
	return strlen(literal) == len && memcmp(text, literal, len) == 0;
}

static inline uint32
olap_json_token_at(const OlapJsonDecoder *d, uint32 token)
{
	return token < d->n ? d->index[token] : d->len;
}

static inline bool
olap_json_is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

#endif							/* OLAP_JSON_INT_H */

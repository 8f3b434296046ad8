/*-------------------------------------------------------------------------
 *
 * json.h
 *		JSON messages to rows: the decoder's core, outside of the server.
 *
 * One pass over the structural index validates the whole text and notes where
 * each column's value is (object keys are looked up in a trie of the columns'
 * paths); then each column's value is converted by its kind and appended.  So a
 * repeated key costs nothing (the last one wins), and a bad row is known before
 * most of the work is done.
 *
 * Pure: palloc and vectors only.  Types without a kind of their own go through
 * a function of the caller (in the server: the type's input function).
 *
 * src/ingest/kafka/json.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_JSON_H
#define OLAP_JSON_H

#include "ingest/kafka/json_index.h"
#include "ingest/kafka/timetext.h"
#include "ingest/source.h"
#include "vector/vector.h"

/* Nested arrays and objects a message may have. */
#define OLAP_JSON_MAX_DEPTH 64

typedef enum OlapJsonKind
{
	OLAP_JSON_NONE = 0,			/* not of the message: skipped, the caller's */
	OLAP_JSON_BOOL,
	OLAP_JSON_I16,
	OLAP_JSON_I32,
	OLAP_JSON_I64,
	OLAP_JSON_F32,
	OLAP_JSON_F64,
	OLAP_JSON_DEC64,			/* numeric(p, s) held in an int64 */
	OLAP_JSON_NUMERIC,			/* any other numeric */
	OLAP_JSON_TEXT,				/* text, varchar, char */
	OLAP_JSON_UUID,
	OLAP_JSON_DATE,
	OLAP_JSON_TIMESTAMP,		/* with or without time zone */
	OLAP_JSON_DOCUMENT,			/* json: the value's own text */
	OLAP_JSON_ARRAY,			/* array types: array literal, input function */
	OLAP_JSON_INPUT_DOCUMENT,	/* jsonb: the value's text, input function */
	OLAP_JSON_INPUT				/* anything else: string or text, input function */
} OlapJsonKind;

typedef struct OlapJsonColumn
{
	OlapJsonKind kind;
	const char *name;
	const char *path;			/* NULL: an object key of the column's name */
	OlapColumnType type;
	bool		required;		/* absent or null makes a bad row */
	bool		strict;			/* the JSON type must be the natural one */
	bool		null_input;		/* NULL goes through the input function, too */
	bool		pad;			/* char(n): filled up with blanks */
	int32		max_chars;		/* varchar(n), char(n); 0: no limit */
	int			precision;		/* of DEC64 */
	OlapTimeFormat time_format;
} OlapJsonColumn;

/*
 * Convert text (NUL-terminated, of len bytes) and append it to v, or say why
 * not and append nothing.  Text is NULL for the NULL of a column with null_input.
 */
typedef bool (*OlapJsonInput) (void *arg, int col, char *text, size_t len,
							   OlapVector *v, OlapDecodeError *error);

typedef struct OlapJsonDecoder OlapJsonDecoder;

/*
 * A decoder for columns[0..ncols), which must outlive it.  NULL: a path is
 * malformed, *problem says how.  Lives in CurrentMemoryContext, except for the
 * indexer, which the caller frees after the decoder's last use.
 */
extern OlapJsonDecoder *olap_json_decoder_create(int ncols,
												 const OlapJsonColumn *columns,
												 OlapJsonIndexer *indexer,
												 OlapJsonInput input,
												 void *input_arg,
												 const char **problem);

/*
 * Decode text onto the ends of vectors[0..ncols), those of kind NONE excepted.
 * false: *error says why, and the vectors are as before.  Raises an error only
 * when memory runs out.
 */
extern bool olap_json_decode(OlapJsonDecoder *decoder, const char *text,
							 size_t len, OlapVector *vectors,
							 OlapDecodeError *error);

/* Keys seen more than once in one object, since creation. */
extern uint64 olap_json_duplicate_keys(const OlapJsonDecoder *decoder);

/* Check a path's syntax; NULL: fine, else what is wrong with it. */
extern const char *olap_json_path_problem(const char *path);

#endif							/* OLAP_JSON_H */

/*-------------------------------------------------------------------------
 *
 * json_index.h
 *		Structural index of a JSON text: the C face of simdjson.
 *
 * Why: of simdjson only the first stage is used.  It validates UTF-8 and finds
 * every bracket, colon, comma and start of a value with vector instructions
 * chosen at run time.  The values themselves are read by our own code, because
 * both of simdjson's interfaces for that turn numbers into doubles or reject
 * them beyond 64 bits, and its on-demand one is compiled for the build's
 * instruction set only.  The first stage never reads past the text, so a
 * message needs neither a copy nor padding.
 *
 * src/ingest/kafka/json_index.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_JSON_INDEX_H
#define OLAP_JSON_INDEX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C"
{
#endif

typedef struct OlapJsonIndexer OlapJsonIndexer;

typedef enum OlapJsonIndexResult
{
	OLAP_JSON_INDEX_OK = 0,
	OLAP_JSON_INDEX_EMPTY,		/* nothing but white space, or nothing */
	OLAP_JSON_INDEX_UTF8,		/* not UTF-8 */
	OLAP_JSON_INDEX_CONTROL,	/* a control character inside a string */
	OLAP_JSON_INDEX_UNCLOSED,	/* a string without its closing quote */
	OLAP_JSON_INDEX_TOO_LARGE,
	OLAP_JSON_INDEX_NO_MEMORY,
	OLAP_JSON_INDEX_OTHER
} OlapJsonIndexResult;

/* NULL: out of memory. Memory is malloc'ed; the caller frees it. */
extern OlapJsonIndexer *olap_json_indexer_create(void);
extern void olap_json_indexer_free(OlapJsonIndexer *indexer);

/*
 * Index text[0, len).  *index holds *n ascending byte positions of the
 * characters { } [ ] : , outside strings and of the first character of every
 * string (its quote) and other token; valid until the next call.
 */
extern OlapJsonIndexResult olap_json_index(OlapJsonIndexer *indexer,
										   const char *text, size_t len,
										   const uint32_t **index, uint32_t *n);

#ifdef __cplusplus
}
#endif

#endif							/* OLAP_JSON_INDEX_H */

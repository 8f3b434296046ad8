/*-------------------------------------------------------------------------
 *
 * json_index.cpp
 *		Structural index of a JSON text, by simdjson's first stage.
 *
 * The only C++ of the project: no exceptions, no RTTI, no server headers.
 * Nothing here may longjmp or be jumped over.
 *
 * src/ingest/kafka/json_index.cpp
 *-------------------------------------------------------------------------
 */
#include <memory>
#include <new>

#include <simdjson.h>

#include "ingest/kafka/json_index.h"

/* Grown to a power of two, so that a stream of messages settles quickly. */
static const size_t first_capacity = 64 * 1024;
/* Positions are 32 bits; leave room for the block that rounds them up. */
static const size_t most_capacity = (size_t) 1 << 30;

struct OlapJsonIndexer
{
	std::unique_ptr<simdjson::internal::dom_parser_implementation> impl;
	size_t		capacity;
};

OlapJsonIndexer *
olap_json_indexer_create(void)
{
	OlapJsonIndexer *indexer = new (std::nothrow) OlapJsonIndexer;

	if (indexer != nullptr)
		indexer->capacity = 0;
	return indexer;
}

void
olap_json_indexer_free(OlapJsonIndexer *indexer)
{
	delete indexer;
}

static bool
reserve(OlapJsonIndexer *indexer, size_t len)
{
	size_t		capacity = first_capacity;

	while (capacity < len)
		capacity *= 2;
	indexer->capacity = 0;
	/* depth is checked by the reader of the index, not in this stage */
	if (simdjson::get_active_implementation()->create_dom_parser_implementation(
			capacity, 1, indexer->impl) != simdjson::SUCCESS)
		return false;
	indexer->capacity = capacity;
	return true;
}

OlapJsonIndexResult
olap_json_index(OlapJsonIndexer *indexer, const char *text, size_t len,
				const uint32_t **index, uint32_t *n)
{
	if (len > most_capacity)
		return OLAP_JSON_INDEX_TOO_LARGE;
	if (len > indexer->capacity || indexer->capacity == 0)
		if (!reserve(indexer, len))
			return OLAP_JSON_INDEX_NO_MEMORY;

	simdjson::error_code code =
		indexer->impl->stage1((const uint8_t *) text, len,
							  simdjson::stage1_mode::regular);

	*index = indexer->impl->structural_indexes.get();
	*n = indexer->impl->n_structural_indexes;
	switch (code)
	{
		case simdjson::SUCCESS:
			return *n == 0 ? OLAP_JSON_INDEX_EMPTY : OLAP_JSON_INDEX_OK;
		case simdjson::EMPTY:
			return OLAP_JSON_INDEX_EMPTY;
		case simdjson::UTF8_ERROR:
			return OLAP_JSON_INDEX_UTF8;
		case simdjson::UNESCAPED_CHARS:
			return OLAP_JSON_INDEX_CONTROL;
		case simdjson::UNCLOSED_STRING:
			return OLAP_JSON_INDEX_UNCLOSED;
		case simdjson::CAPACITY:
			return OLAP_JSON_INDEX_TOO_LARGE;
		case simdjson::MEMALLOC:
			return OLAP_JSON_INDEX_NO_MEMORY;
		default:
			return OLAP_JSON_INDEX_OTHER;
	}
}

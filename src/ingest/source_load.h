/*-------------------------------------------------------------------------
 *
 * source_load.h
 *		Loading the library that reads topics.
 *
 * src/ingest/source_load.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_SOURCE_LOAD_H
#define OLAP_SOURCE_LOAD_H

#include "ingest/source.h"

/*
 * Load olap_kafka into this process and return its table of functions.
 * ERROR: the library is missing or of another version.
 */
extern const OlapSourceApi *olap_source_load(void);

/* group.id of a pipeline: unlike in any clone of the database. palloc'd. */
extern char *olap_source_group(const char *pipeline);

/* ERROR unless the relation is a foreign table of olap_kafka. */
extern void olap_source_check(Oid relid);

#endif							/* OLAP_SOURCE_LOAD_H */

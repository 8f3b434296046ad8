/*-------------------------------------------------------------------------
 *
 * options_int.h
 *		The options there are, shared by the options*.c files.
 *
 * src/ingest/kafka/options_int.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_KAFKA_OPTIONS_INT_H
#define OLAP_KAFKA_OPTIONS_INT_H

#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "nodes/pg_list.h"

#include "base/compat.h"
#include "ingest/kafka/options.h"

typedef enum OlapOptionType
{
	OPT_TEXT,					/* one printable line, not empty */
	OPT_PEM,					/* text in PEM form */
	OPT_HOSTS,
	OPT_TOPIC,
	OPT_PATH,
	OPT_BOOL,
	OPT_INT,					/* in [min, max] */
	OPT_ENUM					/* one of values */
} OlapOptionType;

typedef struct OlapKafkaOption
{
	const char *name;
	Oid			context;		/* catalog it belongs to */
	OlapOptionType type;
	const char *setting;		/* of librdkafka; NULL: ours */
	const char *values;			/* OPT_ENUM: separated by blanks */
	int64		min;
	int64		max;
	bool		secret;
} OlapKafkaOption;

#define SERVER ForeignServerRelationId
#define MAPPING UserMappingRelationId
#define TABLE ForeignTableRelationId
#define COLUMN AttributeRelationId

/* options.c: NULL if the catalog has no such option. */
extern const OlapKafkaOption *olap_kafka_find_option(const char *name, Oid context);

/* The value in a list of DefElem, NULL if it is not there. */
extern const char *olap_kafka_option(List *defs, const char *name);

/* Position of value among blank-separated words, -1 if it is none of them. */
extern int	olap_kafka_word_position(const char *words, const char *value);

/* Raise the error for a name that find_option() does not know. */
pg_noreturn extern void olap_kafka_reject_name(const char *name, Oid context);

/* Raise an error unless the value is one of the option. */
extern void olap_kafka_check_value(const OlapKafkaOption *option, const char *value);

/*
 * Options that exclude or require each other.  What is missing is an error for
 * a foreign table and a server only, as they are created whole.
 */
extern void olap_kafka_check_together(List *defs, Oid context);

#endif							/* OLAP_KAFKA_OPTIONS_INT_H */

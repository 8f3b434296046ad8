/*-------------------------------------------------------------------------
 *
 * options.h
 *		Options of servers, user mappings, foreign tables and their columns.
 *
 * Why: librdkafka has settings that run programs, load libraries, read files or
 * connect elsewhere.  So nothing is passed through: options.c lists every option
 * there is, what it may hold, and the setting it stands for.
 *
 * src/ingest/kafka/options.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_KAFKA_OPTIONS_H
#define OLAP_KAFKA_OPTIONS_H

#include "nodes/pg_list.h"

#include "ingest/kafka/timetext.h"

/* A setting of librdkafka. */
typedef struct OlapKafkaSetting
{
	const char *name;
	const char *value;
	bool		secret;			/* never to be shown */
} OlapKafkaSetting;

typedef enum OlapKafkaFormat
{
	OLAP_KAFKA_JSON,
	OLAP_KAFKA_RAW				/* meta columns only */
} OlapKafkaFormat;

/* What a foreign table, its server and a user's mapping say. */
typedef struct OlapKafkaTable
{
	Oid			relid;
	Oid			serverid;
	char	   *topic;
	OlapKafkaFormat format;
	bool		strict;			/* default of the columns' mode */
	bool		skip_errors;	/* SELECT skips messages it cannot decode */
	int			timeout_ms;		/* SELECT gives up after silence this long */
	char	   *group_id_prefix;	/* NULL: none */
	List	   *settings;		/* of OlapKafkaSetting */
} OlapKafkaTable;

typedef enum OlapKafkaMeta
{
	OLAP_META_NONE = 0,			/* a column of the message */
	OLAP_META_PARTITION,
	OLAP_META_OFFSET,
	OLAP_META_TIMESTAMP,
	OLAP_META_KEY,
	OLAP_META_VALUE,
	OLAP_META_TOPIC
} OlapKafkaMeta;

typedef struct OlapKafkaColumn
{
	OlapKafkaMeta meta;
	char	   *path;			/* NULL: the column's name */
	bool		has_time_format;
	OlapTimeFormat time_format;
	bool		required;
	bool		strict;
} OlapKafkaColumn;

/*
 * Read the options of a foreign table and its server.  userid's mapping is
 * added to settings if valid.  All in CurrentMemoryContext.
 * ERROR: not a foreign table of olap_kafka, a required option is missing, or
 * a host that olap.allowed_hosts does not allow.
 */
extern OlapKafkaTable *olap_kafka_table(Oid relid, Oid userid);

/* Read the options of a column; table gives the defaults. */
extern OlapKafkaColumn *olap_kafka_column(const OlapKafkaTable *table,
										  AttrNumber attnum);

#endif							/* OLAP_KAFKA_OPTIONS_H */

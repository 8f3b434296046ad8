/*-------------------------------------------------------------------------
 *
 * source_int.h
 *		What the files of the source share; nobody else includes it.
 *
 * Threads: librdkafka's own threads call nothing of ours but the address
 * resolver, which looks at OlapSourceShared only.  All other callbacks (log,
 * statistics, errors) are queued and run inside poll() on the server's thread.
 *
 * src/ingest/kafka/source_int.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_KAFKA_SOURCE_INT_H
#define OLAP_KAFKA_SOURCE_INT_H

#include <pthread.h>

#include <librdkafka/rdkafka.h>

#include "lib/ilist.h"

#include "ingest/kafka/consumer.h"
#include "ingest/kafka/json_index.h"
#include "ingest/kafka/options.h"

/*
 * malloc'ed, because librdkafka's threads use it and may, when a close() ran
 * out of time, live longer than the source.
 */
typedef struct OlapSourceShared
{
	pthread_mutex_t lock;
	char	   *allowed_hosts;	/* copy of the setting; under lock */
	rd_kafka_t *rk;				/* handed to the thread that destroys it */
	pthread_cond_t destroyed_cond;
	bool		destroyed;		/* under lock */
	bool		abandoned;		/* under lock: the last one frees this */
	struct OlapSource *source;	/* server thread only; NULL once closed */
} OlapSourceShared;

struct OlapSource
{
	dlist_node	node;			/* in the list of open sources */
	MemoryContext cxt;
	OlapSourceShared *shared;
	rd_kafka_t *rk;
	rd_kafka_topic_t *rkt;
	rd_kafka_queue_t *queue;	/* the consumer's */
	char	   *topic;
	OlapJsonIndexer *indexer;	/* of statistics */

	int			nparts;
	OlapPartitionState *parts;	/* as assigned, [nparts] */
	int		   *part_of;		/* partition number -> position, -1: none */
	int			npart_of;

	/* messages handed out, and those read but not yet handed out */
	rd_kafka_message_t **held;
	int			nheld;
	int			held_capacity;

	/* trouble not yet told, oldest first */
	OlapSourceError *pending;
	int			npending;
	int			pending_capacity;
	OlapSourceStatus refused;	/* TOPIC_GONE or AUTH until the broker says
								 * otherwise; else OK */
	char		refused_reason[256];
	bool		down;			/* no broker reachable */
	TimestampTz silent_since;	/* no connection has heard anything, 0: some has */
	char		reason[256];	/* what the last connection trouble was */
	TimestampTz reason_at;
	TimestampTz hosts_checked;	/* when allowed_hosts was copied last */
};

/* source_conf.c */
extern rd_kafka_conf_t *olap_source_conf(const OlapKafkaTable *table,
										 const char *group_id,
										 OlapSourceShared *shared);
extern bool olap_source_hides_secrets(const OlapKafkaTable *table,
									  const char *text);
extern void olap_source_refresh_hosts(OlapSourceShared *shared);

/* source.c */
extern void olap_source_trouble(OlapSource *source, OlapSourceStatus status,
								int32 partition, int64 offset,
								const char *message);
extern void olap_source_refuse(OlapSource *source, OlapSourceStatus status,
							   const char *message);
extern OlapPartitionState *olap_source_find(OlapSource *source,
											int32 partition);

/* source_query.c */
extern OlapSourceStatus olap_source_status_of(rd_kafka_resp_err_t err);

/* stats.c: statistics, a JSON text of len bytes */
extern void olap_source_statistics(OlapSource *source, const char *json,
								   size_t len);

#endif							/* OLAP_KAFKA_SOURCE_INT_H */

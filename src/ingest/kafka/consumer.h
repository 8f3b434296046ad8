/*-------------------------------------------------------------------------
 *
 * consumer.h
 *		The source: one librdkafka consumer of one topic.
 *
 * Why this and not librdkafka's own bookkeeping: partitions are assigned, not
 * subscribed to, and offsets are counted here, because librdkafka 2.0's idea of
 * the position is wrong around control records and ends of partitions.
 *
 * The functions are OlapSourceApi's members of the same names, see
 * ingest/source.h.
 *
 * src/ingest/kafka/consumer.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_KAFKA_CONSUMER_H
#define OLAP_KAFKA_CONSUMER_H

#include "ingest/source.h"

extern OlapSource *olap_source_open(Oid foreign_table, Oid userid,
									const char *group_id);
extern void olap_source_close(OlapSource *source);
extern int32 *olap_source_partitions(OlapSource *source, int timeout_ms,
									 int *n, OlapSourceError *error);
extern bool olap_source_resolve(OlapSource *source, int32 partition,
								int64 start, int timeout_ms, int64 *offset,
								int64 *low, int64 *high,
								OlapSourceError *error);
extern bool olap_source_resolve_time(OlapSource *source, int32 partition,
									 int64 ts_ms, int timeout_ms,
									 int64 *offset, OlapSourceError *error);
extern bool olap_source_find_times(OlapSource *source, int n,
								   const int32 *partitions,
								   const int64 *times_ms, int timeout_ms,
								   int64 *offsets);
extern void olap_source_assign(OlapSource *source, int n,
							   const int32 *partitions, const int64 *offsets);
extern int	olap_source_poll(OlapSource *source, int timeout_ms,
							 OlapMessage *messages, int max,
							 int64 max_bytes, OlapSourceError *error);
extern void olap_source_release(OlapSource *source, OlapMessage *messages,
								int n);
extern const OlapPartitionState *olap_source_partition_state(OlapSource *source,
															 int32 partition);
extern void olap_source_mirror(OlapSource *source, int n,
							   const int32 *partitions, const int64 *offsets);

#endif							/* OLAP_KAFKA_CONSUMER_H */

/*-------------------------------------------------------------------------
 *
 * source_query.c
 *		The source: questions to the brokers.
 *
 * These block, at most timeout_ms, outside of the server's interrupts.
 *
 * src/ingest/kafka/source_query.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "ingest/kafka/source_int.h"

OlapSourceStatus
olap_source_status_of(rd_kafka_resp_err_t err)
{
	switch (err)
	{
		case RD_KAFKA_RESP_ERR_NO_ERROR:
			/* the group is for the mirrored offsets only */
		case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
			return OLAP_SOURCE_OK;
		case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
		case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
			return OLAP_SOURCE_OFFSET_LOST;
		case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
		case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
		case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
		case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
			return OLAP_SOURCE_TOPIC_GONE;
		case RD_KAFKA_RESP_ERR__AUTHENTICATION:
		case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
		case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
		case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
		case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
			return OLAP_SOURCE_AUTH;
		case RD_KAFKA_RESP_ERR__FATAL:
			return OLAP_SOURCE_FATAL;
		default:
			return OLAP_SOURCE_DISCONNECTED;
	}
}

static void
fill_error(OlapSource *source, OlapSourceError *error, rd_kafka_resp_err_t err,
		   int32 partition)
{
	error->status = olap_source_status_of(err);
	if (error->status == OLAP_SOURCE_OK)
		error->status = OLAP_SOURCE_DISCONNECTED;
	error->partition = partition;
	error->offset = -1;

	/*
	 * The reason of a time-out is in the events; they can be read as long as
	 * no partition is assigned and so no message can come along.
	 */
	if (error->status == OLAP_SOURCE_DISCONNECTED && source->nparts == 0)
	{
		OlapMessage none;
		OlapSourceError event;

		(void) olap_source_poll(source, 0, &none, 1, &event);
		if (event.status == OLAP_SOURCE_AUTH || event.status == OLAP_SOURCE_FATAL)
		{
			*error = event;
			return;
		}
	}
	snprintf(error->message, sizeof(error->message), "%s%s%s",
			 rd_kafka_err2str(err), source->reason[0] != '\0' ? ": " : "",
			 source->reason);
}

/* Partition numbers of one topic's metadata, ascending as the broker has them. */
static int32 *
copy_partitions(const rd_kafka_metadata_topic_t *topic, int *n)
{
	int32	   *partitions = palloc(sizeof(int32) * Max(topic->partition_cnt, 1));

	*n = topic->partition_cnt;
	for (int i = 0; i < topic->partition_cnt; i++)
		partitions[i] = topic->partitions[i].id;
	return partitions;
}

int32 *
olap_source_partitions(OlapSource *source, int timeout_ms, int *n,
					   OlapSourceError *error)
{
	const rd_kafka_metadata_t *metadata;
	rd_kafka_resp_err_t err;
	int32	   *partitions = NULL;

	*n = -1;
	err = rd_kafka_metadata(source->rk, 0, source->rkt, &metadata, timeout_ms);
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
	{
		if (metadata->topic_cnt == 1)
			err = metadata->topics[0].err;
		else
			err = RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
		if (err == RD_KAFKA_RESP_ERR_NO_ERROR &&
			metadata->topics[0].partition_cnt == 0)
			err = RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
		if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
			partitions = copy_partitions(&metadata->topics[0], n);
		rd_kafka_metadata_destroy(metadata);
	}
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		fill_error(source, error, err, -1);
	else
		error->status = OLAP_SOURCE_OK;
	return partitions;
}

bool
olap_source_resolve(OlapSource *source, int32 partition, int64 start,
					int timeout_ms, int64 *offset, int64 *low, int64 *high,
					OlapSourceError *error)
{
	rd_kafka_resp_err_t err;

	err = rd_kafka_query_watermark_offsets(source->rk, source->topic, partition,
										   low, high, timeout_ms);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
	{
		fill_error(source, error, err, partition);
		return false;
	}
	error->status = OLAP_SOURCE_OK;
	*offset = start == OLAP_OFFSET_EARLIEST ? *low
		: start == OLAP_OFFSET_LATEST ? *high : start;
	return true;
}

/* Offset of the first message not older than ts_ms, -1 if there is none. */
static rd_kafka_resp_err_t
offset_for_time(OlapSource *source, int32 partition, int64 ts_ms,
				int timeout_ms, int64 *offset)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t err;

	rd_kafka_topic_partition_list_add(list, source->topic, partition)->offset =
		ts_ms;
	err = rd_kafka_offsets_for_times(source->rk, list, timeout_ms);
	if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
		err = list->elems[0].err;
	*offset = list->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(list);
	return err;
}

bool
olap_source_resolve_time(OlapSource *source, int32 partition, int64 ts_ms,
						 int timeout_ms, int64 *offset, OlapSourceError *error)
{
	rd_kafka_resp_err_t err;
	int64		first;
	int64		end;
	int64		low;
	int64		high;

	/* negative numbers have meanings of their own; no record is that old */
	ts_ms = Max(ts_ms, 0);
	err = offset_for_time(source, partition, ts_ms, timeout_ms, offset);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
	{
		fill_error(source, error, err, partition);
		return false;
	}
	error->status = OLAP_SOURCE_OK;
	if (*offset >= 0)
		return true;

	/*
	 * Nothing that young - or a broker without a time index, which would find
	 * nothing for the oldest time either.
	 */
	if (!olap_source_resolve(source, partition, OLAP_OFFSET_LATEST, timeout_ms,
							 &end, &low, &high, error))
		return false;
	if (low < high)
	{
		err = offset_for_time(source, partition, 0, timeout_ms, &first);
		if (err != RD_KAFKA_RESP_ERR_NO_ERROR || first < 0)
		{
			error->status = OLAP_SOURCE_DISCONNECTED;
			error->partition = partition;
			error->offset = -1;
			strlcpy(error->message,
					"the broker cannot look up offsets by time",
					sizeof(error->message));
			return false;
		}
	}
	*offset = end;
	return true;
}

/*-------------------------------------------------------------------------
 *
 * source_query.c
 *		The source: questions to the brokers.
 *
 * librdkafka's calls cannot be interrupted, so each question is asked with a
 * short time limit first, then with longer ones: a cancel waits for about as long
 * as the session has waited already, and a slow broker gets its time.
 *
 * src/ingest/kafka/source_query.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "ingest/kafka/source_int.h"

#define FIRST_TRY_MS 250

/* The tries of one question. */
typedef struct Patience
{
	TimestampTz start;
	int			timeout_ms;		/* of all tries */
	int			try_ms;			/* of this one */
} Patience;

static void
be_patient(Patience *patience, int timeout_ms)
{
	patience->start = GetCurrentTimestamp();
	patience->timeout_ms = timeout_ms;
	patience->try_ms = Min(FIRST_TRY_MS, timeout_ms);
}

/* Is it worth while to ask again after err?  Interrupts are served in between. */
static bool
ask_again(Patience *patience, rd_kafka_resp_err_t err)
{
	int64		waited = (GetCurrentTimestamp() - patience->start) / 1000;

	CHECK_FOR_INTERRUPTS();
	if ((err != RD_KAFKA_RESP_ERR__TIMED_OUT && err != RD_KAFKA_RESP_ERR__TRANSPORT) ||
		waited >= patience->timeout_ms)
		return false;
	/* told at once that there is no connection: wait for one a little */
	if (waited < patience->try_ms / 2)
		pg_usleep(50 * 1000);
	patience->try_ms = (int) Min(Max(waited, FIRST_TRY_MS),
								 patience->timeout_ms - waited);
	return true;
}

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
		case RD_KAFKA_RESP_ERR__BAD_MSG:
		case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
		case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
		case RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE:
		case RD_KAFKA_RESP_ERR_INVALID_MSG:
		case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
		case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
		case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
			return OLAP_SOURCE_UNREADABLE;
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

		(void) olap_source_poll(source, 0, &none, 1, 1, &event);
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
	Patience	patience;
	int32	   *partitions = NULL;

	*n = -1;
	be_patient(&patience, timeout_ms);
	do
		err = rd_kafka_metadata(source->rk, 0, source->rkt, &metadata,
								patience.try_ms);
	while (ask_again(&patience, err));
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
	{
		fill_error(source, error, err, -1);
		if (error->status == OLAP_SOURCE_TOPIC_GONE ||
			error->status == OLAP_SOURCE_AUTH)
			olap_source_refuse(source, error->status, error->message);
		return NULL;
	}
	error->status = OLAP_SOURCE_OK;
	source->down = false;
	/* who may see the topic may still not read it: that, records must show */
	if (source->refused == OLAP_SOURCE_TOPIC_GONE)
		olap_source_refuse(source, OLAP_SOURCE_OK, "");
	return partitions;
}

bool
olap_source_resolve(OlapSource *source, int32 partition, int64 start,
					int timeout_ms, int64 *offset, int64 *low, int64 *high,
					OlapSourceError *error)
{
	rd_kafka_resp_err_t err;
	Patience	patience;

	be_patient(&patience, timeout_ms);
	do
		err = rd_kafka_query_watermark_offsets(source->rk, source->topic,
											   partition, low, high,
											   patience.try_ms);
	while (ask_again(&patience, err));
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
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_resp_err_t err;
	Patience	patience;

	be_patient(&patience, timeout_ms);
	do
	{
		list = rd_kafka_topic_partition_list_new(1);
		rd_kafka_topic_partition_list_add(list, source->topic,
										  partition)->offset = ts_ms;
		err = rd_kafka_offsets_for_times(source->rk, list, patience.try_ms);
		if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
			err = list->elems[0].err;
		*offset = list->elems[0].offset;
		rd_kafka_topic_partition_list_destroy(list);
	} while (ask_again(&patience, err));
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

bool
olap_source_find_times(OlapSource *source, int n, const int32 *partitions,
					   const int64 *times_ms, int timeout_ms, int64 *offsets)
{
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;

	list = rd_kafka_topic_partition_list_new(n);
	for (int i = 0; i < n; i++)
	{
		offsets[i] = OLAP_TIME_UNKNOWN;
		if (times_ms[i] >= 0)
			rd_kafka_topic_partition_list_add(list, source->topic,
											  partitions[i])->offset = times_ms[i];
	}
	if (list->cnt > 0)
		err = rd_kafka_offsets_for_times(source->rk, list, timeout_ms);
	for (int i = 0; i < n && err == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
	{
		const rd_kafka_topic_partition_t *answer =
			rd_kafka_topic_partition_list_find(list, source->topic, partitions[i]);

		if (answer != NULL && answer->err == RD_KAFKA_RESP_ERR_NO_ERROR)
			offsets[i] = answer->offset >= 0 ? answer->offset : OLAP_TIME_NONE;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return err == RD_KAFKA_RESP_ERR_NO_ERROR;
}

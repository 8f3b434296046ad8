/*-------------------------------------------------------------------------
 *
 * source_poll.c
 *		The source: messages, and trouble that is told with them.
 *
 * src/ingest/kafka/source_poll.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "ingest/kafka/source_int.h"

/*
 * Remember that the topic is gone or access refused (OK: not any more).  Why
 * remember: librdkafka tells it once, poll() must tell it as long as it is so.
 */
void
olap_source_refuse(OlapSource *source, OlapSourceStatus status,
				   const char *message)
{
	source->refused = status;
	strlcpy(source->refused_reason, message, sizeof(source->refused_reason));
}

/* Queue trouble for the next poll() to tell; repeats are dropped. */
void
olap_source_trouble(OlapSource *source, OlapSourceStatus status,
					int32 partition, int64 offset, const char *message)
{
	OlapSourceError *error;

	if (status == OLAP_SOURCE_TOPIC_GONE || status == OLAP_SOURCE_AUTH)
	{
		olap_source_refuse(source, status, message);
		return;
	}
	for (int i = 0; i < source->npending; i++)
		if (source->pending[i].status == status &&
			source->pending[i].partition == partition)
			return;
	if (source->npending == source->pending_capacity)
	{
		int			capacity = Max(16, source->pending_capacity * 2);

		source->pending = source->pending == NULL
			? MemoryContextAlloc(source->cxt, sizeof(OlapSourceError) * capacity)
			: repalloc(source->pending, sizeof(OlapSourceError) * capacity);
		source->pending_capacity = capacity;
	}
	error = &source->pending[source->npending++];
	error->status = status;
	error->partition = partition;
	error->offset = offset;
	strlcpy(error->message, message, sizeof(error->message));
}

/* What poll() tells: queued trouble first, then what lasts. */
static void
tell_trouble(OlapSource *source, OlapSourceError *error)
{
	if (source->npending > 0)
	{
		*error = source->pending[0];
		source->npending--;
		memmove(source->pending, source->pending + 1,
				sizeof(OlapSourceError) * source->npending);
		return;
	}
	error->partition = -1;
	error->offset = -1;
	if (source->refused != OLAP_SOURCE_OK)
	{
		error->status = source->refused;
		strlcpy(error->message, source->refused_reason, sizeof(error->message));
	}
	else if (source->down)
	{
		error->status = OLAP_SOURCE_DISCONNECTED;
		strlcpy(error->message, source->reason[0] != '\0' ? source->reason
				: "no broker can be reached", sizeof(error->message));
	}
	else
	{
		error->status = OLAP_SOURCE_OK;
		error->message[0] = '\0';
	}
}

/* A message that carries no data: an end of partition, or an error. */
static void
take_event(OlapSource *source, const rd_kafka_message_t *rkm, TimestampTz now)
{
	OlapPartitionState *part = olap_source_find(source, rkm->partition);
	OlapSourceStatus status;

	if (rkm->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
	{
		if (part == NULL || rkm->offset < part->next_offset)
			return;
		part->next_offset = rkm->offset;
		part->high_offset = Max(part->high_offset, rkm->offset);
		part->at_end = true;
		part->contact = now;
		source->down = false;
		olap_source_refuse(source, OLAP_SOURCE_OK, "");
		return;
	}
	status = olap_source_status_of(rkm->err);
	if (status == OLAP_SOURCE_OK)
		return;
	if (status == OLAP_SOURCE_DISCONNECTED)
	{
		strlcpy(source->reason, rd_kafka_message_errstr(rkm),
				sizeof(source->reason));
		return;
	}
	olap_source_trouble(source, status, part != NULL ? rkm->partition : -1,
						part != NULL ? part->next_offset : -1,
						rd_kafka_message_errstr(rkm));
}

/* Fill out from rkm; false: it is not of the assignment, or read before. */
static bool
take_message(OlapSource *source, rd_kafka_message_t *rkm, TimestampTz now,
			 OlapMessage *out)
{
	OlapPartitionState *part = olap_source_find(source, rkm->partition);
	rd_kafka_timestamp_type_t type;

	if (part == NULL || rkm->offset < part->next_offset)
		return false;
	part->next_offset = rkm->offset + 1;
	/* that a record is there does not say that it is the last */
	if (part->high_offset >= 0)
		part->high_offset = Max(part->high_offset, rkm->offset + 1);
	part->at_end = false;
	part->contact = now;

	out->partition = rkm->partition;
	out->offset = rkm->offset;
	out->timestamp_ms = rd_kafka_message_timestamp(rkm, &type);
	if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE)
		out->timestamp_ms = -1;
	out->key = rkm->key;
	out->key_len = rkm->key_len;
	out->value = rkm->payload;
	out->value_len = rkm->len;
	out->handle = rkm;
	return true;
}

static void
reserve_held(OlapSource *source, int more)
{
	int			wanted = source->nheld + more;

	if (wanted <= source->held_capacity)
		return;
	wanted = Max(wanted, source->held_capacity * 2);
	source->held = source->held == NULL
		? MemoryContextAllocHuge(source->cxt, sizeof(void *) * (Size) wanted)
		: repalloc_huge(source->held, sizeof(void *) * (Size) wanted);
	source->held_capacity = wanted;
}

int
olap_source_poll(OlapSource *source, int timeout_ms, OlapMessage *messages,
				 int max, int64 max_bytes, OlapSourceError *error)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz end = TimestampTzPlusMilliseconds(now, timeout_ms);
	int64		bytes = 0;
	int			n = 0;

	if (now - source->hosts_checked > USECS_PER_SEC)
	{
		source->hosts_checked = now;
		olap_source_refresh_hosts(source->shared);
	}
	reserve_held(source, max);
	while (n < max && bytes < max_bytes && source->npending == 0)
	{
		rd_kafka_message_t *rkm;
		int			wait = n > 0 ? 0 : (int) Max(0, (end - now) / 1000);

		rkm = rd_kafka_consumer_poll(source->rk, wait);
		if (n == 0)
			now = GetCurrentTimestamp();
		if (rkm == NULL)
			break;
		if (rkm->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
			take_message(source, rkm, now, &messages[n]))
		{
			source->held[source->nheld++] = rkm;
			bytes += rkm->len + rkm->key_len;
			n++;
			continue;
		}
		if (rkm->err != RD_KAFKA_RESP_ERR_NO_ERROR)
			take_event(source, rkm, now);
		rd_kafka_message_destroy(rkm);
	}
	if (n > 0)
	{
		source->down = false;
		olap_source_refuse(source, OLAP_SOURCE_OK, "");
	}
	tell_trouble(source, error);
	return n;
}

void
olap_source_release(OlapSource *source, OlapMessage *messages, int n)
{
	for (int i = 0; i < source->nheld; i++)
		rd_kafka_message_destroy(source->held[i]);
	source->nheld = 0;
}

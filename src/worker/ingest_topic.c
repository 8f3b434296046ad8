/*-------------------------------------------------------------------------
 *
 * ingest_topic.c
 *		Is it still the same topic, and is all of it there?
 *
 * Why: offsets mean nothing in a topic that was deleted and made anew under its
 * name, and librdkafka 2.0 neither tells that nor knows the identity of a topic.
 * So each partition has an anchor, a committed record known to be of this topic,
 * which is read again when something hints at another one:
 *
 * - the worker starts, the brokers or the topic were away, the log's first
 *	 offset went back, or the offset to read was out of its range
 * - the broker, asked now and then where the first record younger than the
 *	 anchor lies, names another place before the anchor than it did at first:
 *	 what lies before a record never changes, but for compaction and retention
 *
 * The last hint comes after records were committed, of which some may be of the
 * new topic; the anchor then says from which offset on.  So an anchor is moved
 * only after the broker's answer, to a record committed before the question.
 *
 * src/worker/ingest_topic.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "worker/ingest_internal.h"

/* Looks that must miss a partition before it counts as gone: brokers may lag. */
#define MISSING_LOOKS 3
#define LOOK_TIMEOUT_MS 1000
/* Until a refused offset is asked for again, when nothing could be found out of it. */
#define REFUSED_MS 1000

/* Is there a committed record to be recognised? */
static bool
can_verify(const IngestPartition *p)
{
	return p->anchor.offset >= 0 && p->anchor.offset < p->offset.next_offset;
}

void
ingest_init_partition(IngestPartition *p, const OlapOffset *offset)
{
	memset(p, 0, sizeof(*p));
	p->offset = *offset;
	p->oldest_ms = p->low = -1;
	p->anchor = offset->last;
	p->younger = p->suspect = OLAP_TIME_UNKNOWN;
	p->verifying = can_verify(p);
}

void
ingest_committed(OlapIngest *ingest, IngestPartition *p)
{
	if (p->anchor.offset >= 0)
		return;
	p->anchor = p->offset.last;
	ingest->look_soon = true;
}

/* Stop a partition for good, loudly, and go on with the others. */
static void
stop_partition(OlapIngest *ingest, IngestPartition *p, const char *state,
			   int64 log_start, const char *reason)
{
	ereport(LOG,
			(errmsg("pipeline \"%s\" stops partition %d: %s",
					ingest->pipeline->name, p->offset.partition, reason)));
	ingest_begin_transaction();
	olap_offsets_stop(ingest->pipeline, &p->offset, state, log_start, reason);
	ingest_commit_transaction();
	olap_pipeline_note_error(ingest->pipeline->name, "55000", reason,
							 OLAP_ERROR_NOTED);
	p->offset.stopped = true;
	ingest->reassign = true;
}

/* The comparison is over: the anchor is there, or cannot be read any more. */
static void
end_verifying(OlapIngest *ingest, IngestPartition *p)
{
	p->verifying = false;
	if (p->suspect != OLAP_TIME_UNKNOWN)
		p->younger = p->suspect;
	p->suspect = OLAP_TIME_UNKNOWN;
	if (p->younger == OLAP_TIME_UNKNOWN)
		ingest->look_soon = true;
}

/* Which records may be of another topic: those stored behind the anchor. */
static const char *
doubtful_range(const IngestPartition *p)
{
	if (p->anchor.offset + 1 >= p->offset.next_offset)
		return "";
	return psprintf(", what was stored from offsets " INT64_FORMAT " to " INT64_FORMAT " may be of another topic",
					p->anchor.offset + 1, p->offset.next_offset - 1);
}

void
ingest_check_record(OlapIngest *ingest, IngestPartition *p, const OlapMessage *m)
{
	OlapFingerprint now;

	end_verifying(ingest, p);
	if (m->offset != p->anchor.offset)
		return;					/* compacted away */
	now = olap_fingerprint(m);
	if (now.crc == p->anchor.crc && now.timestamp_ms == p->anchor.timestamp_ms)
		return;
	stop_partition(ingest, p, "topic_recreated", -1,
				   psprintf("topic_recreated: partition %d holds another record at offset " INT64_FORMAT " than the one stored from there%s; olap.accept_gap decides where to go on",
							p->offset.partition, m->offset, doubtful_range(p)));
}

/*
 * An offset was refused, and where the log begins is not known either: that proves
 * no loss.  It is asked for again in a while, by ingest_retry_refused().
 */
static void
retry_later(OlapIngest *ingest, IngestPartition *p, const OlapSourceError *refused,
			const OlapSourceError *trouble)
{
	const char *reason =
		psprintf("partition %d was refused (%s), and where its log begins could not be asked: %s",
				 refused->partition, refused->message, trouble->message);

	ereport(LOG, (errmsg("pipeline \"%s\": %s", ingest->pipeline->name, reason)));
	olap_pipeline_note_error(ingest->pipeline->name, "08006", reason, OLAP_ERROR_NOTED);
	p->verifying = can_verify(p);
	ingest->refused_at = GetCurrentTimestamp();
}

void
ingest_retry_refused(OlapIngest *ingest, TimestampTz now)
{
	if (ingest->refused_at == 0 || ingest->status != OLAP_SOURCE_OK ||
		!TimestampDifferenceExceeds(ingest->refused_at, now, REFUSED_MS))
		return;
	ingest_assign(ingest);
}

void
ingest_offset_lost(OlapIngest *ingest, const OlapSourceError *error)
{
	IngestPartition *p = ingest_partition(ingest, error->partition);
	OlapSourceError trouble = {0};
	int64		offset;
	int64		low = -1;
	int64		high = -1;
	bool		below;

	if (!ingest_flush(ingest) || p == NULL || p->offset.stopped)
		return;
	if (p->verifying)
	{
		/* only the record for comparison is gone, perhaps; ask for the next */
		end_verifying(ingest, p);
		ingest_assign(ingest);
		return;
	}
	if (!ingest->api->resolve(ingest->source, error->partition, OLAP_OFFSET_EARLIEST,
							  5000, &offset, &low, &high, &trouble))
	{
		retry_later(ingest, p, error, &trouble);
		return;
	}
	below = p->offset.next_offset < low;
	if (!below && p->offset.next_offset <= high)
	{
		/* it is there: the log moved meanwhile, or is another one */
		p->verifying = can_verify(p);
		ingest_assign(ingest);
		return;
	}
	stop_partition(ingest, p, below ? "offset_lost" : "topic_recreated", low,
				   below ?
				   psprintf("offset_lost: partition %d begins at offset " INT64_FORMAT ", records from " INT64_FORMAT " on are gone; olap.accept_gap lets it go on",
							error->partition, low, p->offset.next_offset) :
				   psprintf("topic_recreated: partition %d ends at offset " INT64_FORMAT ", before the committed " INT64_FORMAT "; olap.accept_gap decides where to go on",
							error->partition, high, p->offset.next_offset));
	ingest_assign(ingest);
}

void
ingest_verify_again(OlapIngest *ingest)
{
	if (ingest->nbuffer > 0)
		ingest->api->release(ingest->source, ingest->buffer, ingest->nbuffer);
	ingest_forget_buffer(ingest);
	for (int i = 0; i < ingest->npartitions; i++)
		ingest->partitions[i].verifying = can_verify(&ingest->partitions[i]);
	ingest_assign(ingest);
}

/*
 * A partition that the topic has no more: topics cannot shrink, so this is
 * another one of the same name.
 */
static void
find_missing(OlapIngest *ingest, const int32 *partitions, int n)
{
	for (int i = 0; i < ingest->npartitions; i++)
	{
		IngestPartition *p = &ingest->partitions[i];
		bool		found = p->offset.stopped;

		for (int j = 0; j < n && !found; j++)
			found = partitions[j] == p->offset.partition;
		p->missing = found ? 0 : p->missing + 1;
		if (p->missing >= MISSING_LOOKS)
			stop_partition(ingest, p, "topic_recreated", -1,
						   psprintf("topic_recreated: the topic has no partition %d any more, it has %d",
									p->offset.partition, n));
	}
}

/* Does the log begin before where it began?  Only another one does. */
static bool
went_back(OlapIngest *ingest, IngestPartition *p)
{
	const OlapPartitionState *state =
		ingest->api->partition_state(ingest->source, p->offset.partition);
	int64		before = p->low;

	if (state == NULL || state->low_offset < 0)
		return false;
	p->low = state->low_offset;
	return before >= 0 && p->low < before;
}

/* May this partition's anchor be asked for? */
static bool
has_proof(const IngestPartition *p)
{
	return !p->offset.stopped && !p->verifying && can_verify(p);
}

/* Where the broker has the first record younger than f, if that is before f. */
static int64
place_before(const OlapFingerprint *f, int64 found)
{
	return found > f->offset ? OLAP_TIME_NONE : found;
}

/*
 * What the broker says of one partition's anchor, and of the record that was
 * committed last when it was asked.  True: this may be another topic.
 */
static bool
judge(OlapIngest *ingest, IngestPartition *p, int64 of_anchor, int64 of_last)
{
	bool		back = went_back(ingest, p);

	if (p->anchor.timestamp_ms < 0)
		p->anchor = p->offset.last; /* nothing to ask by */
	else if (of_anchor == OLAP_TIME_UNKNOWN)
		;
	else if (place_before(&p->anchor, of_anchor) != p->younger)
	{
		p->suspect = place_before(&p->anchor, of_anchor);
		back = true;
	}
	else if (of_last != OLAP_TIME_UNKNOWN && !back)
	{
		p->anchor = p->offset.last;
		p->younger = place_before(&p->anchor, of_last);
	}
	p->verifying = back && can_verify(p);
	return p->verifying;
}

/*
 * Look for hints of another topic in the partitions whose anchors can be read.
 * The buffer is empty: what is committed now was committed before the question.
 * The anchor is asked for last: if its answer is right, so was that of the other.
 */
static void
look_for_another(OlapIngest *ingest)
{
	int			n = 0;
	int			nsuspects = 0;
	int32	   *partitions = palloc(sizeof(int32) * ingest->npartitions);
	int64	   *times = palloc(sizeof(int64) * ingest->npartitions * 4);
	int64	   *last_times = times + ingest->npartitions;
	int64	   *of_anchor = last_times + ingest->npartitions;
	int64	   *of_last = of_anchor + ingest->npartitions;

	for (int i = 0; i < ingest->npartitions; i++)
	{
		const IngestPartition *p = &ingest->partitions[i];

		if (!has_proof(p))
			continue;
		partitions[n] = p->offset.partition;
		times[n] = p->anchor.timestamp_ms < 0 ? -1 : p->anchor.timestamp_ms + 1;
		last_times[n] = p->offset.last.offset == p->anchor.offset ||
			p->offset.last.timestamp_ms < 0 ? -1 : p->offset.last.timestamp_ms + 1;
		n++;
	}
	if (n > 0 &&
		ingest->api->find_times(ingest->source, n, partitions, last_times, LOOK_TIMEOUT_MS, of_last) &&
		ingest->api->find_times(ingest->source, n, partitions, times, LOOK_TIMEOUT_MS, of_anchor))
		for (int i = 0; i < n; i++)
			if (judge(ingest, ingest_partition(ingest, partitions[i]), of_anchor[i], of_last[i]))
				nsuspects++;
	if (nsuspects > 0)
		ingest_assign(ingest);
	pfree(partitions);
	pfree(times);
}

/* A partition that the topic did not have before: read from its first record on. */
static void
add_partition(OlapIngest *ingest, int32 partition)
{
	OlapOffset	offset;
	int			at = 0;

	while (at < ingest->npartitions &&
		   ingest->partitions[at].offset.partition < partition)
		at++;
	ingest_begin_transaction();
	ingest->partitions = repalloc(ingest->partitions,
								  sizeof(IngestPartition) * (ingest->npartitions + 1));
	memmove(&ingest->partitions[at + 1], &ingest->partitions[at],
			sizeof(IngestPartition) * (ingest->npartitions - at));
	offset = olap_offsets_add(ingest->pipeline, partition, 0);
	ingest_init_partition(&ingest->partitions[at], &offset);
	ingest->npartitions++;
	ingest_commit_transaction();
	ereport(LOG, (errmsg("pipeline \"%s\" reads new partition %d",
						 ingest->pipeline->name, partition)));
}

void
ingest_look_at_topic(OlapIngest *ingest)
{
	OlapSourceError error = {0};
	int			n;
	int32	   *partitions = ingest->api->partitions(ingest->source,
													 LOOK_TIMEOUT_MS, &n, &error);
	int			added = 0;

	ingest->look_soon = false;
	if (partitions == NULL)
		return;
	for (int i = 0; i < n; i++)
		if (ingest_partition(ingest, partitions[i]) == NULL)
		{
			add_partition(ingest, partitions[i]);
			added++;
		}
	find_missing(ingest, partitions, n);
	pfree(partitions);
	/* permission to read may be back: try anew, an idle topic tells nothing */
	if (ingest->status == OLAP_SOURCE_AUTH)
		ingest_assign(ingest);
	if (added > 0 && ingest_flush(ingest))
		ingest_assign(ingest);
	if (ingest->status == OLAP_SOURCE_OK)
		look_for_another(ingest);
}

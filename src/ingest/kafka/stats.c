/*-------------------------------------------------------------------------
 *
 * stats.c
 *		librdkafka's statistics: when a broker answered last, and log ends.
 *
 * Why: a broker that is gone gives no error on a partition that has been read to
 * its end, so "lag 0" needs proof of contact.  The statistics, which come once a
 * second, tell how long each broker has been silent (rxidle).
 *
 * src/ingest/kafka/stats.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "ingest/kafka/source_int.h"

/* A broker that has been silent for longer is not counted as reachable. */
#define SILENT_US (2 * USECS_PER_SEC)

/* A JSON text and its index; positions count tokens. */
typedef struct Stats
{
	const char *text;
	const uint32 *index;
	uint32		n;
} Stats;

/* Position behind the value at i. */
static uint32
skip(const Stats *s, uint32 i)
{
	int			depth = 0;

	do
	{
		char		c = s->text[s->index[i++]];

		depth += (c == '{' || c == '[') - (c == '}' || c == ']');
	} while (depth > 0 && i < s->n);
	return i;
}

static bool
key_is(const Stats *s, uint32 key, const char *name)
{
	size_t		len = strlen(name);
	const char *text = s->text + s->index[key] + 1;

	/* a colon, a value and a brace follow: reading len + 1 bytes is safe */
	return strncmp(text, name, len) == 0 && text[len] == '"';
}

/* Position of the value of a member of the object at i, 0: none. */
static uint32
member(const Stats *s, uint32 i, const char *name)
{
	if (i >= s->n || s->text[s->index[i]] != '{')
		return 0;
	for (i++; i + 2 < s->n && s->text[s->index[i]] == '"';)
	{
		if (key_is(s, i, name))
			return i + 2;
		i = skip(s, i + 2);
		if (i < s->n && s->text[s->index[i]] == ',')
			i++;
	}
	return 0;
}

static int64
number(const Stats *s, uint32 object, const char *name, int64 missing)
{
	uint32		i = member(s, object, name);
	const char *text;

	if (i == 0)
		return missing;
	text = s->text + s->index[i];
	if (*text != '-' && (*text < '0' || *text > '9'))
		return missing;
	return strtoll(text, NULL, 10);
}

/* Microseconds since a broker answered, -1 if it never did. */
static int64
broker_silence(const Stats *s, uint32 brokers, int64 nodeid)
{
	int64		best = -1;

	if (s->text[s->index[brokers]] != '{')
		return -1;
	for (uint32 i = brokers + 1; i + 2 < s->n && s->text[s->index[i]] == '"';)
	{
		int64		idle = number(s, i + 2, "rxidle", -1);

		if ((nodeid < 0 || number(s, i + 2, "nodeid", -1) == nodeid) &&
			idle >= 0 && (best < 0 || idle < best))
			best = idle;
		i = skip(s, i + 2);
		if (i < s->n && s->text[s->index[i]] == ',')
			i++;
	}
	return best;
}

static void
take_partition(OlapSource *source, const Stats *s, uint32 object,
			   uint32 brokers, TimestampTz now)
{
	int64		id = number(s, object, "partition", -1);
	OlapPartitionState *part = olap_source_find(source, (int32) id);
	int64		high;
	int64		low;
	int64		silence;
	int64		leader;

	if (part == NULL)
		return;
	leader = number(s, object, "leader", -1);
	silence = leader >= 0 ? broker_silence(s, brokers, leader) : -1;
	if (silence >= 0)
		part->contact = Max(part->contact, now - silence);
	high = number(s, object, "ls_offset", -1);
	if (high < 0)
		high = number(s, object, "hi_offset", -1);
	part->high_offset = Max(part->high_offset, high);
	low = number(s, object, "lo_offset", -1);
	if (low >= 0)
		part->low_offset = low;
	if (part->high_offset > part->next_offset)
		part->at_end = false;
}

/*
 * Is a broker there?  That all are down librdkafka tells once, and records that
 * were fetched before and come after it look like an answer.
 */
static void
take_silence(OlapSource *source, int64 silence, TimestampTz now)
{
	/* without a partition to fetch, brokers have no reason to say anything */
	if (source->nparts == 0)
		return;
	if (silence < 0 && source->silent_since == 0)
		source->silent_since = now;
	else if (silence < 0 && now - source->silent_since > SILENT_US)
		source->down = true;
	if (silence < 0)
		return;
	source->silent_since = 0;
	source->down = silence > SILENT_US;
}

void
olap_source_statistics(OlapSource *source, const char *json, size_t len)
{
	TimestampTz now = GetCurrentTimestamp();
	Stats		s = {json};
	uint32		brokers;
	uint32		partitions;
	int64		silence;

	if (olap_json_index(source->indexer, json, len, &s.index, &s.n) !=
		OLAP_JSON_INDEX_OK)
		return;
	brokers = member(&s, 0, "brokers");
	if (brokers == 0)
		return;
	silence = broker_silence(&s, brokers, -1);
	take_silence(source, silence, now);
	if (source->refused != OLAP_SOURCE_OK)
		return;					/* an answer, but none that is of use */

	partitions = member(&s, member(&s, member(&s, 0, "topics"), source->topic),
						"partitions");
	if (partitions == 0 || s.text[s.index[partitions]] != '{')
		return;
	for (uint32 i = partitions + 1; i + 2 < s.n && s.text[s.index[i]] == '"';)
	{
		take_partition(source, &s, i + 2, brokers, now);
		i = skip(&s, i + 2);
		if (i < s.n && s.text[s.index[i]] == ',')
			i++;
	}
}

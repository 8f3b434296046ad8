/*-------------------------------------------------------------------------
 *
 * ingest_live.c
 *		What an ingest worker tells of itself, in shared memory.
 *
 * src/worker/ingest_live.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "utils/timestamp.h"

#include "ingest/live.h"
#include "worker/ingest_internal.h"

#define REPORT_INTERVAL_MS 200
#define RATE_INTERVAL_MS 1000
/* How often it is noted that records cannot be read. */
#define UNREADABLE_NOTE_MS (10 * 1000)
/* What cannot be read is told again at least every 30 s, as long as it is so. */
#define UNREADABLE_SHOW_MS 45000
/* Weight of the newest second in the rate. */
#define RATE_WEIGHT 0.4

static void
update_rate(OlapIngest *ingest, TimestampTz now)
{
	double		seconds = (double) (now - ingest->rate_at) / USECS_PER_SEC;
	double		rate;

	if (seconds * 1000 < RATE_INTERVAL_MS)
		return;
	rate = ingest->rate_rows / seconds;
	ingest->rows_per_s += RATE_WEIGHT * (rate - ingest->rows_per_s);
	if (ingest->rows_per_s < 0.5)
		ingest->rows_per_s = 0;
	ingest->rate_rows = 0;
	ingest->rate_at = now;
}

static OlapLiveState
state_of(OlapSourceStatus status)
{
	switch (status)
	{
		case OLAP_SOURCE_DISCONNECTED:
			return OLAP_LIVE_DISCONNECTED;
		case OLAP_SOURCE_TOPIC_GONE:
		case OLAP_SOURCE_AUTH:
			return OLAP_LIVE_STOPPED;
		default:
			return OLAP_LIVE_RUNNING;
	}
}

static void
copy_partition(OlapIngest *ingest, const IngestPartition *p,
			   OlapLivePartition *out)
{
	const OlapPartitionState *state = p->offset.stopped ? NULL :
		ingest->api->partition_state(ingest->source, p->offset.partition);

	out->partition = p->offset.partition;
	out->committed = p->offset.next_offset;
	out->position = p->offset.next_offset;
	out->oldest_ms = p->oldest_ms;
	out->last_ms = p->offset.last.timestamp_ms;
	if (state == NULL)
		return;					/* stopped: the last figures stay */
	out->position = Max(out->position, state->next_offset);
	out->at_end = state->at_end;
	out->high = state->high_offset;
	out->low = state->low_offset;
	out->contact = state->contact;
	if (out->at_end && out->oldest_ms < 0 && out->position >= out->high)
		out->complete_at = Max(out->complete_at, out->contact);
}

void
ingest_report(OlapIngest *ingest, bool force)
{
	TimestampTz now = GetCurrentTimestamp();
	OlapLiveSlot *slot = &olap_live->slots[ingest->slot];
	OlapLiveState state = state_of(ingest->status);
	int			n = Min(ingest->npartitions, OLAP_LIVE_PARTITIONS);

	if (!force && !TimestampDifferenceExceeds(ingest->live_at, now, REPORT_INTERVAL_MS))
		return;
	ingest->live_at = now;
	update_rate(ingest, now);
	olap_live_lock(LW_EXCLUSIVE);
	if (slot->state != state)
		slot->state_since = now;
	slot->state = state;
	strlcpy(slot->error, state != OLAP_LIVE_RUNNING ? ingest->status_text :
			TimestampDifferenceExceeds(ingest->unreadable_at, now, UNREADABLE_SHOW_MS) ?
			"" : ingest->unreadable, sizeof(slot->error));
	slot->rows_per_s = ingest->rows_per_s;
	if (ingest->last_commit != 0)
	{
		slot->last_commit = ingest->last_commit;
		slot->failures = 0;
	}
	for (int i = 0; i < n; i++)
	{
		if (i >= slot->npartitions)
		{
			memset(&slot->partitions[i], 0, sizeof(OlapLivePartition));
			slot->partitions[i].high = slot->partitions[i].low = -1;
		}
		copy_partition(ingest, &ingest->partitions[i], &slot->partitions[i]);
	}
	slot->npartitions = n;
	olap_live_unlock();
}

void
ingest_note_unreadable(OlapIngest *ingest, const char *reason)
{
	TimestampTz now = GetCurrentTimestamp();

	if (!TimestampDifferenceExceeds(ingest->unreadable_at, now, UNREADABLE_NOTE_MS))
		return;
	ingest->unreadable_at = now;
	strlcpy(ingest->unreadable, reason, sizeof(ingest->unreadable));
	ereport(LOG, (errmsg("pipeline \"%s\": %s", ingest->pipeline->name, reason)));
	olap_pipeline_note_error(ingest->pipeline->name, "58030", reason, OLAP_ERROR_NOTED);
	ingest_report(ingest, true);
}

/*-------------------------------------------------------------------------
 *
 * live_sql.c
 *		What the views read of the live area, and who may see it.
 *
 * src/ingest/live_sql.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "ingest/live.h"
#include "ingest/pipeline.h"

extern PGDLLEXPORT Datum olap_pipeline_visible_sql(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_pipeline_local(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_preloaded(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_live_full(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_live_slots(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_live_partitions(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(olap_pipeline_visible_sql);
PG_FUNCTION_INFO_V1(olap_pipeline_local);
PG_FUNCTION_INFO_V1(olap_preloaded);
PG_FUNCTION_INFO_V1(olap_live_full);
PG_FUNCTION_INFO_V1(olap_live_slots);
PG_FUNCTION_INFO_V1(olap_live_partitions);

/* Without an answer for so long, "nothing to read" is no longer known. */
#define CONTACT_MS 5000

static bool
is_local(int64 system_identifier, Oid database)
{
	return system_identifier == olap_system_identifier() && database == MyDatabaseId;
}

Datum
olap_pipeline_visible_sql(PG_FUNCTION_ARGS)
{
	bool		local = is_local(PG_GETARG_INT64(0), PG_GETARG_OID(1));
	Oid			owner = olap_pipeline_owner(local, NameStr(*PG_GETARG_NAME(2)),
											PG_GETARG_OID(3));

	PG_RETURN_BOOL(olap_pipeline_visible(GetUserId(), owner, PG_GETARG_BOOL(4)));
}

Datum
olap_pipeline_local(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_local(PG_GETARG_INT64(0), PG_GETARG_OID(1)));
}

Datum
olap_preloaded(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(olap_live != NULL);
}

/* Are all slots taken, so that one more pipeline cannot run? */
Datum
olap_live_full(PG_FUNCTION_ARGS)
{
	bool		full = olap_live != NULL;

	if (full)
		olap_live_lock(LW_SHARED);
	for (int i = 0; olap_live != NULL && i < olap_live->nslots; i++)
		full &= olap_live->slots[i].in_use;
	if (olap_live != NULL)
		olap_live_unlock();
	PG_RETURN_BOOL(full);
}

/*
 * Copy the slots of this database that the caller may see; palloc'd, *n.
 */
static OlapLiveSlot *
copy_slots(int *n)
{
	OlapLiveSlot *copy;
	int			kept = 0;
	int			count = 0;

	*n = 0;
	if (olap_live == NULL)
		return NULL;
	copy = palloc_extended(sizeof(OlapLiveSlot) * olap_live->nslots, MCXT_ALLOC_HUGE);
	olap_live_lock(LW_SHARED);
	for (int i = 0; i < olap_live->nslots; i++)
		if (olap_live->slots[i].in_use && olap_live->slots[i].database == MyDatabaseId)
			copy[count++] = olap_live->slots[i];
	olap_live_unlock();
	/* rights need the catalogs, so they are looked at without the lock */
	for (int i = 0; i < count; i++)
		if (olap_pipeline_visible(GetUserId(), copy[i].owner, true))
			copy[kept++] = copy[i];
	*n = kept;
	return copy;
}

static void
set_time(Datum *values, bool *nulls, int i, TimestampTz t)
{
	values[i] = TimestampTzGetDatum(t);
	nulls[i] = t == 0;
}

static void
set_offset(Datum *values, bool *nulls, int i, int64 offset)
{
	values[i] = Int64GetDatum(offset);
	nulls[i] = offset < 0;
}

Datum
olap_live_slots(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			n;
	OlapLiveSlot *slots = copy_slots(&n);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		OlapLiveSlot *s = &slots[i];
		Datum		values[9];
		bool		nulls[9] = {0};

		values[0] = CStringGetTextDatum(s->name);
		values[1] = CStringGetTextDatum(olap_live_state_name(s->state));
		set_time(values, nulls, 2, s->state_since);
		values[3] = Int32GetDatum(s->pid);
		nulls[3] = s->pid == 0;
		set_time(values, nulls, 4, s->started_at);
		set_time(values, nulls, 5, s->last_commit);
		values[6] = Float8GetDatum(s->rows_per_s);
		set_time(values, nulls, 7, s->pid == 0 ? s->next_start : 0);
		values[8] = CStringGetTextDatum(s->error);
		nulls[8] = s->error[0] == '\0';
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* The position that counts: read so far, unless something waits to be committed. */
static int64
effective_position(const OlapLivePartition *p)
{
	return p->oldest_ms >= 0 ? p->committed : Max(p->committed, p->position);
}

static bool
in_contact(const OlapLivePartition *p, TimestampTz now)
{
	return p->contact != 0 &&
		!TimestampDifferenceExceeds(p->contact, now, CONTACT_MS);
}

/*
 * Records not yet in the table. Nought is claimed only while the broker
 * answers; more than nought is a lower bound in any case.
 */
static int64
lag_of(const OlapLivePartition *p, TimestampTz now)
{
	int64		lag;

	if (p->high < 0)
		return -1;
	lag = Max(0, p->high - effective_position(p));
	return lag == 0 && !in_contact(p, now) ? -1 : lag;
}

/*
 * How old the table's knowledge of the partition is: caught up at the last
 * contact, the time since then; else the age of the oldest record that is not
 * committed, but no more than since the table had all.  Timestamps are the
 * producer's: one of the future counts as the time of the last contact, else a
 * pipeline that is stuck would look fresh.  False: not known.
 */
static bool
freshness_of(const OlapLivePartition *p, TimestampTz now, TimestampTz *since)
{
	int64		epoch_ms = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
		(int64) SECS_PER_DAY * 1000;
	int64		ms = p->oldest_ms >= 0 ? p->oldest_ms : p->last_ms;

	if (p->contact != 0 && p->oldest_ms < 0 && p->at_end &&
		effective_position(p) >= p->high)
		*since = p->contact;
	else if (ms >= 0 && ms < INT64CONST(200000000000000))
	{
		*since = (ms - epoch_ms) * 1000;
		if (p->contact != 0)
			*since = Min(*since, p->contact);
	}
	else if (p->contact != 0)
		*since = p->contact;
	else
		return false;
	*since = Max(*since, p->complete_at);
	if (*since > now)
		*since = now;			/* clocks differ */
	return true;
}

static void
put_partition(ReturnSetInfo *result, const char *name,
			  const OlapLivePartition *p, TimestampTz now)
{
	Datum		values[9];
	bool		nulls[9] = {0};
	TimestampTz since;

	values[0] = CStringGetTextDatum(name);
	values[1] = Int32GetDatum(p->partition);
	values[2] = Int64GetDatum(p->position);
	values[3] = BoolGetDatum(p->at_end);
	set_offset(values, nulls, 4, p->high);
	set_offset(values, nulls, 5, p->low);
	set_time(values, nulls, 6, p->contact);
	set_offset(values, nulls, 7, lag_of(p, now));
	nulls[8] = !freshness_of(p, now, &since);
	if (!nulls[8])
		values[8] = DirectFunctionCall2(timestamp_mi, TimestampTzGetDatum(now),
										TimestampTzGetDatum(since));
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

Datum
olap_live_partitions(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TimestampTz now = GetCurrentTimestamp();
	int			n;
	OlapLiveSlot *slots = copy_slots(&n);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < slots[i].npartitions; j++)
			put_partition(result, slots[i].name, &slots[i].partitions[j], now);
	return (Datum) 0;
}

/*-------------------------------------------------------------------------
 *
 * ingest.c
 *		What an ingest worker works with: its pipeline, source and partitions.
 *
 * It ends when what it works by changed (outdated), and for good when the
 * pipeline is paused, dropped or another's (superseded).
 *
 * src/worker/ingest.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "ingest/live.h"
#include "ingest/source_load.h"
#include "worker/ingest_internal.h"

#define FOLD_FIRST_MS (5 * 1000)
#define FOLD_MS (3600 * 1000)
/* Longest pause between crashes. */
#define MAX_CRASH_DELAY_MS 5000
/* Records tried one by one after crashes. */
#define SINGLES 1000

/* For the exit callback; one worker reads one source. */
static const OlapSourceApi *open_api = NULL;
static OlapSource *open_source = NULL;

/* Set by invalidations: definition of the source changed. */
static Oid	watched_source = InvalidOid;
static bool outdated = false;

/* The pipeline is paused, dropped or another's: nobody is to go on with it. */
static bool superseded = false;

void
olap_ingest_close_source(void)
{
	OlapSource *source = open_source;

	open_source = NULL;
	if (source != NULL)
		open_api->close(source);
}

static void
relation_changed(Datum arg, Oid relid)
{
	if (relid == watched_source || relid == InvalidOid)
		outdated = true;
}

static void
server_changed(Datum arg, int cacheid, uint32 hash)
{
	outdated = true;
}

/* Watch for ALTER FOREIGN TABLE, ALTER SERVER, ALTER USER MAPPING. */
static void
watch_source(Oid source)
{
	watched_source = source;
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(FOREIGNSERVEROID, server_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(USERMAPPINGOID, server_changed, (Datum) 0);
}

void
ingest_begin_transaction(void)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
}

void
ingest_commit_transaction(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
}

bool
ingest_check_current(OlapIngest *ingest)
{
	if (olap_offsets_current(ingest->pipeline, ingest->ending))
		return true;
	ereport(LOG,
			(errmsg("pipeline \"%s\" was paused, taken over or dropped: its worker ends",
					ingest->pipeline->name)));
	/* whoever told nobody, as COMMIT PREPARED does, is heard of now */
	olap_live_request_look();
	outdated = superseded = true;
	return false;
}

/* The entry of a partition; records come in runs, so the last one is tried first. */
IngestPartition *
ingest_partition(OlapIngest *ingest, int32 partition)
{
	static int	last = 0;
	int			lo = 0;
	int			hi = ingest->npartitions;

	if (last < ingest->npartitions &&
		ingest->partitions[last].offset.partition == partition)
		return &ingest->partitions[last];
	while (lo < hi)
	{
		int			mid = lo + (hi - lo) / 2;

		if (ingest->partitions[mid].offset.partition < partition)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == ingest->npartitions ||
		ingest->partitions[lo].offset.partition != partition)
		return NULL;
	last = lo;
	return &ingest->partitions[lo];
}

/* The buffer holds nothing any more; its records were given back. */
void
ingest_forget_buffer(OlapIngest *ingest)
{
	ingest->nbuffer = 0;
	ingest->bytes = 0;
	for (int i = 0; i < ingest->npartitions; i++)
	{
		ingest->partitions[i].oldest_ms = -1;
		ingest->partitions[i].buffered = 0;
	}
}

void
ingest_assign(OlapIngest *ingest)
{
	int32	   *partitions = palloc(sizeof(int32) * Max(ingest->npartitions, 1));
	int64	   *offsets = palloc(sizeof(int64) * Max(ingest->npartitions, 1));
	int			n = 0;

	for (int i = 0; i < ingest->npartitions; i++)
	{
		IngestPartition *p = &ingest->partitions[i];

		if (p->offset.stopped)
			continue;
		partitions[n] = p->offset.partition;
		offsets[n++] = p->verifying ? p->anchor.offset : p->offset.next_offset;
	}
	ingest->api->assign(ingest->source, n, partitions, offsets);
	ingest->reassign = false;
	ingest->refused_at = 0;
	pfree(partitions);
	pfree(offsets);
}

static void
load_partitions(OlapIngest *ingest)
{
	int			n;
	OlapOffset *offsets = olap_offsets_load(ingest->pipeline->name, &n);

	ingest->partitions = MemoryContextAllocZero(TopMemoryContext,
												sizeof(IngestPartition) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		ingest_init_partition(&ingest->partitions[i], &offsets[i]);
	}
	ingest->npartitions = n;
}

OlapIngest *
olap_ingest_open(const char *name, int slot)
{
	MemoryContext top = CurrentMemoryContext;
	OlapIngest *ingest = palloc0(sizeof(OlapIngest));
	TimestampTz now = GetCurrentTimestamp();

	ingest_begin_transaction();
	MemoryContextSwitchTo(top);
	ingest->pipeline = olap_catalog_exists() ? olap_offsets_claim(name) : NULL;
	ingest_commit_transaction();
	MemoryContextSwitchTo(top);
	if (ingest->pipeline == NULL)
		return NULL;
	ingest->slot = slot;
	ingest->fold_at = TimestampTzPlusMilliseconds(now, FOLD_FIRST_MS);
	ingest->opened_at = ingest->discovery_at = ingest->progress_at =
		ingest->rate_at = ingest->inval_at = now;
	if (ingest->pipeline->crashes >= OLAP_PIPELINE_MAX_CRASHES)
	{
		ingest->singles = SINGLES;
		ereport(LOG,
				(errmsg("pipeline \"%s\" ended %d times without a commit, the next %d records are tried one by one",
						name, ingest->pipeline->crashes, SINGLES)));
	}
	ingest->batch_cxt = AllocSetContextCreate(top, "olap ingest batch", ALLOCSET_DEFAULT_SIZES);
	ingest->flush_cxt = AllocSetContextCreate(top, "olap ingest flush", ALLOCSET_DEFAULT_SIZES);
	ingest->buffer = MemoryContextAllocHuge(top, sizeof(OlapMessage) * ingest->pipeline->max_rows);

	ingest_begin_transaction();
	MemoryContextSwitchTo(top);
	olap_source_check(ingest->pipeline->source);
	ingest->api = olap_source_load();
	load_partitions(ingest);
	watch_source(ingest->pipeline->source);
	ingest->decoder = ingest->api->decoder_create(ingest->pipeline->source);
	ingest->types = ingest->api->decoder_types(ingest->decoder, &ingest->ncols);
	ingest->source = ingest->api->open(ingest->pipeline->source,
									   ingest->pipeline->owner,
									   olap_source_group(name));
	open_api = ingest->api;
	open_source = ingest->source;
	ingest_commit_transaction();
	MemoryContextSwitchTo(top);
	ingest_init_batch(ingest);
	ingest_assign(ingest);
	ingest_report(ingest, true);
	return ingest;
}

int
olap_ingest_delay(const OlapIngest *ingest)
{
	int			crashes = ingest->pipeline->crashes;

	return crashes < 2 ? 0 : Min(250 << Min(crashes - 2, 8), MAX_CRASH_DELAY_MS);
}

void
ingest_tidy_up(OlapIngest *ingest, TimestampTz now)
{
	ingest->fold_at = TimestampTzPlusMilliseconds(now, FOLD_MS);
	ingest_begin_transaction();
	if (olap_pipeline_load(ingest->pipeline->name, true) != NULL)
	{
		olap_offsets_fold_ledger(ingest->pipeline);
		olap_dead_letters_expire(ingest->pipeline);
	}
	ingest_commit_transaction();
}

void
olap_ingest_begin(OlapIngest *ingest)
{
	ingest_begin_transaction();
	olap_offsets_count_start(ingest->pipeline);
	ingest_commit_transaction();
	/* was it this that failed?  A batch before it would have errors counted anew */
	if (ingest->pipeline->errors > 0)
		ingest_tidy_up(ingest, GetCurrentTimestamp());
}

bool
olap_ingest_is_of(const OlapIngest *ingest, int version, TimestampTz created_at)
{
	return ingest->pipeline->version == version &&
		ingest->pipeline->created_at == created_at;
}

bool
olap_ingest_outdated(const OlapIngest *ingest)
{
	return outdated;
}

bool
olap_ingest_superseded(const OlapIngest *ingest)
{
	return superseded;
}

/*-------------------------------------------------------------------------
 *
 * fdw_scan.c
 *		Reading a bounded piece of a topic for a SELECT.
 *
 * The ends of the partitions are asked for once, at the first row; what is
 * produced later is not read, so a SELECT ends however busy the topic is.
 *
 * src/ingest/kafka/fdw_scan.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "foreign/fdwapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "ingest/kafka/consumer.h"
#include "ingest/kafka/decoder.h"
#include "ingest/kafka/fdw.h"
#include "ingest/kafka/options.h"

#define BATCH_MESSAGES 1000
#define BATCH_BYTES (16 * 1024 * 1024)
#define POLL_MS 100

/* One partition to be read: offsets [first, end). */
typedef struct PartitionRange
{
	int32		partition;
	int64		first;
	int64		end;
	bool		done;
} PartitionRange;

typedef struct KafkaScan
{
	OlapKafkaTable *table;
	MemoryContext cxt;			/* of the running read */
	MemoryContextCallback cleanup;
	OlapSource *source;
	OlapDecoder *decoder;
	int			ncols;
	OlapBatch	batch;
	uint32		next_row;
	char	   *scratch;		/* numerics of a row */
	PartitionRange *ranges;
	int			nranges;
	OlapMessage *messages;
	List	   *states;			/* ExprStates of fdw_exprs */
	TimestampTz last_news;
	uint64		skipped;		/* messages that could not be decoded */
	uint64		read;
	bool		ran;
	StringInfoData where;		/* ranges, for EXPLAIN */
} KafkaScan;

static void
close_source(void *arg)
{
	KafkaScan  *scan = arg;

	if (scan->source != NULL)
		olap_source_close(scan->source);
	scan->source = NULL;
}

void
olap_kafka_begin(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = (ForeignScan *) node->ss.ps.plan;
	KafkaScan  *scan = palloc0(sizeof(KafkaScan));
	Oid			relid = RelationGetRelid(node->ss.ss_currentRelation);

	node->fdw_state = scan;
	scan->table = olap_kafka_table(relid, InvalidOid);
	scan->states = ExecInitExprList(plan->fdw_exprs, &node->ss.ps);
	initStringInfo(&scan->where);
}

/* ---- starting ---- */

static void
source_failed(KafkaScan *scan, const OlapSourceError *error)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION),
			 errmsg("could not read topic \"%s\": %s", scan->table->topic,
					error->message),
			 errhint("Check that the brokers of the server's bootstrap_servers run and can be reached, and that the topic exists.")));
}

static void
resolve_range(KafkaScan *scan, const OlapKafkaBounds *bounds, PartitionRange *range)
{
	OlapSourceError error = {0};
	int64		start,
				low,
				high;

	if (!olap_source_resolve(scan->source, range->partition, OLAP_OFFSET_EARLIEST,
							 scan->table->timeout_ms, &start, &low, &high, &error))
		source_failed(scan, &error);
	if (bounds->since_ms != PG_INT64_MIN && low < high)
	{
		int64		at;

		/* a broker that cannot tell is read from its beginning */
		if (olap_source_resolve_time(scan->source, range->partition,
									 bounds->since_ms, scan->table->timeout_ms,
									 &at, &error))
			start = Max(start, at);
	}
	range->first = Max(start, bounds->first);
	range->end = Min(high, bounds->end);
	range->done = range->first >= range->end;
	appendStringInfo(&scan->where, "%s%d: [" INT64_FORMAT ", " INT64_FORMAT ")",
					 scan->where.len > 0 ? ", " : "", range->partition,
					 range->first, Max(range->end, range->first));
}

static void
assign_ranges(KafkaScan *scan)
{
	int32	   *partitions = palloc(Max(scan->nranges, 1) * sizeof(int32));
	int64	   *offsets = palloc(Max(scan->nranges, 1) * sizeof(int64));
	int			n = 0;

	for (int i = 0; i < scan->nranges; i++)
	{
		if (scan->ranges[i].done)
			continue;
		partitions[n] = scan->ranges[i].partition;
		offsets[n++] = scan->ranges[i].first;
	}
	if (n > 0)
		olap_source_assign(scan->source, n, partitions, offsets);
}

static void
init_batch(KafkaScan *scan, const OlapColumnType *types)
{
	scan->batch.ncols = scan->ncols;
	scan->batch.cols = palloc0(Max(scan->ncols, 1) * sizeof(OlapVector));
	for (int i = 0; i < scan->ncols; i++)
		olap_vector_init(&scan->batch.cols[i], &types[i], BATCH_MESSAGES,
						 CurrentMemoryContext);
	scan->scratch = palloc(Max(scan->ncols, 1) * OLAP_DECIMAL_MAX_SIZE);
	scan->messages = palloc(BATCH_MESSAGES * sizeof(OlapMessage));
}

static void
start_read(ForeignScanState *node)
{
	KafkaScan  *scan = node->fdw_state;
	Relation	rel = node->ss.ss_currentRelation;
	RangeTblEntry *rte = exec_rt_fetch(((Scan *) node->ss.ps.plan)->scanrelid,
									   node->ss.ps.state);
	Oid			user = olap_rte_check_as_user(node->ss.ps.state, rte);
	OlapSourceError error = {0};
	MemoryContext old;
	OlapKafkaBounds		bounds;
	int32	   *partitions;
	int			n = 0;

	scan->cxt = AllocSetContextCreate(node->ss.ps.state->es_query_cxt,
									  "kafka read", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(scan->cxt);
	scan->ran = true;
	scan->next_row = 0;
	memset(&scan->batch, 0, sizeof(scan->batch));
	scan->nranges = 0;
	resetStringInfo(&scan->where);
	if (!olap_kafka_get_bounds(node, scan->states, &bounds))
	{
		MemoryContextSwitchTo(old);
		return;
	}

	scan->source = olap_source_open(RelationGetRelid(rel), user,
									"olap-select");
	scan->cleanup.func = close_source;
	scan->cleanup.arg = scan;
	MemoryContextRegisterResetCallback(scan->cxt, &scan->cleanup);
	scan->decoder = olap_decoder_create(RelationGetRelid(rel));
	init_batch(scan, olap_decoder_types(scan->decoder, &scan->ncols));
	partitions = olap_source_partitions(scan->source, scan->table->timeout_ms, &n,
										&error);
	if (n < 0 || partitions == NULL)
		source_failed(scan, &error);
	scan->ranges = palloc0(Max(n, 1) * sizeof(PartitionRange));
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!olap_kafka_partition_wanted(&bounds, partitions[i]))
			continue;
		scan->ranges[scan->nranges].partition = partitions[i];
		resolve_range(scan, &bounds, &scan->ranges[scan->nranges++]);
	}
	assign_ranges(scan);
	scan->last_news = GetCurrentTimestamp();
	MemoryContextSwitchTo(old);
}

/* ---- reading ---- */

static PartitionRange *
find_range(KafkaScan *scan, int32 partition)
{
	for (int i = 0; i < scan->nranges; i++)
		if (scan->ranges[i].partition == partition)
			return &scan->ranges[i];
	return NULL;
}

/* Mark partitions whose end is reached; true when all are. */
static bool
all_done(KafkaScan *scan)
{
	bool		all = true;

	for (int i = 0; i < scan->nranges; i++)
	{
		PartitionRange *range = &scan->ranges[i];
		const OlapPartitionState *state;

		if (range->done)
			continue;
		state = olap_source_partition_state(scan->source, range->partition);
		if (state != NULL &&
			(state->next_offset >= range->end || state->at_end))
			range->done = true;
		else
			all = false;
	}
	return all;
}

static void
decode_message(KafkaScan *scan, const OlapMessage *message)
{
	PartitionRange *range = find_range(scan, message->partition);
	OlapDecodeError error = {0};

	if (range == NULL || message->offset < range->first ||
		message->offset >= range->end)
		return;
	scan->read++;
	if (olap_decoder_decode(scan->decoder, message, &scan->batch, &error) !=
		OLAP_DECODE_BAD)
		return;
	if (scan->table->skip_errors)
	{
		scan->skipped++;
		return;
	}
	ereport(ERROR,
			(errcode(error.sqlstate != NULL ?
					 MAKE_SQLSTATE(error.sqlstate[0], error.sqlstate[1],
								   error.sqlstate[2], error.sqlstate[3],
								   error.sqlstate[4]) : ERRCODE_FDW_ERROR),
			 errmsg("message at offset " INT64_FORMAT " of partition %d of topic \"%s\" does not fit foreign table: %s",
					message->offset, message->partition, scan->table->topic,
					error.message),
			 error.column[0] != '\0' ? errdetail("Column \"%s\".", error.column) : 0,
			 errhint("Set the foreign table's option on_error to 'skip' to leave such messages out.")));
}

/* Fill the batch; false at the end of the read. */
static bool
next_batch(KafkaScan *scan)
{
	OlapSourceError error = {0};

	for (int i = 0; i < scan->ncols; i++)
		olap_vector_truncate(&scan->batch.cols[i], 0);
	scan->batch.nrows = scan->batch.nsel = 0;
	scan->next_row = 0;
	while (scan->batch.nrows == 0)
	{
		int			n;

		CHECK_FOR_INTERRUPTS();
		if (scan->source == NULL || all_done(scan))
			return false;
		n = olap_source_poll(scan->source, POLL_MS, scan->messages,
							 BATCH_MESSAGES, BATCH_BYTES, &error);
		for (int i = 0; i < n; i++)
			decode_message(scan, &scan->messages[i]);
		olap_source_release(scan->source, scan->messages, n);
		if (error.status != OLAP_SOURCE_OK &&
			error.status != OLAP_SOURCE_DISCONNECTED)
			source_failed(scan, &error);
		if (n > 0)
			scan->last_news = GetCurrentTimestamp();
		else if (TimestampDifferenceExceeds(scan->last_news, GetCurrentTimestamp(),
											scan->table->timeout_ms))
		{
			if (error.message[0] == '\0')
				snprintf(error.message, sizeof(error.message),
						 "no answer for %d ms", scan->table->timeout_ms);
			source_failed(scan, &error);
		}
	}
	return true;
}

TupleTableSlot *
olap_kafka_iterate(ForeignScanState *node)
{
	KafkaScan  *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	ExecClearTuple(slot);
	if (!scan->ran)
		start_read(node);
	if (scan->next_row >= scan->batch.nrows && !next_batch(scan))
		return slot;
	for (int col = 0; col < slot->tts_tupleDescriptor->natts; col++)
	{
		const OlapVector *v = col < scan->ncols ? &scan->batch.cols[col] : NULL;

		slot->tts_isnull[col] = v == NULL || olap_vector_is_null(v, scan->next_row);
		slot->tts_values[col] = slot->tts_isnull[col] ? (Datum) 0 :
			olap_vector_datum(v, scan->next_row,
							  scan->scratch + col * OLAP_DECIMAL_MAX_SIZE);
	}
	scan->next_row++;
	return ExecStoreVirtualTuple(slot);
}

static void
stop_read(KafkaScan *scan)
{
	if (scan->cxt != NULL)
		MemoryContextDelete(scan->cxt);
	scan->cxt = NULL;
	scan->source = NULL;
	scan->ran = false;
}

void
olap_kafka_rescan(ForeignScanState *node)
{
	stop_read(node->fdw_state);
}

void
olap_kafka_end(ForeignScanState *node)
{
	if (node->fdw_state != NULL)
		stop_read(node->fdw_state);
}

void
olap_kafka_explain(ForeignScanState *node, ExplainState *es)
{
	KafkaScan  *scan = node->fdw_state;

	ExplainPropertyText("Topic", scan->table->topic, es);
	ExplainPropertyInteger("Pushed Bounds", NULL, list_length(scan->states), es);
	if (!es->analyze)
		return;
	ExplainPropertyText("Offsets", scan->where.data, es);
	ExplainPropertyUInteger("Messages Read", NULL, scan->read, es);
	ExplainPropertyUInteger("Messages Skipped", NULL, scan->skipped, es);
}

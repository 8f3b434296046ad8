/*-------------------------------------------------------------------------
 *
 * replay.c
 *		Dead letters tried again: those that become rows now are letters no more.
 *
 * Why: a letter is most often the fault of the contract or of the table, and
 * once that is mended its record should not be lost, nor typed in by hand.
 * The bytes that were kept go the way a worker takes, in the caller's
 * transaction: decoder, sink, as the pipeline's owner and with a worker's
 * settings.  What fails again stays, with the reason of today.
 *
 * Offsets and ledger are history and stay as they are; the letters that are gone
 * are counted in olap.pipeline, as the last thing.  Two replays of one pipeline
 * wait for each other by a lock of their own.  Its worker waits for neither the
 * lock nor letters in work: it skips those when it deletes old ones.  Whoever
 * deletes letters with the pipeline's row locked takes that lock first.  Only what
 * updates the pipeline's row (start, stop, alter, an end of trouble) waits for a
 * transaction that is kept open behind the count.
 *
 * src/ingest/replay.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "ingest/offsets.h"
#include "ingest/pipeline_sql.h"
#include "ingest/sink.h"
#include "ingest/source_load.h"

extern PGDLLEXPORT Datum olap_replay_dead_letters(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_delete_dead_letters(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(olap_replay_dead_letters);
PG_FUNCTION_INFO_V1(olap_delete_dead_letters);

/* Letters tried at a time, and bytes of their values unless one alone has more. */
#define CHUNK_LETTERS 1000
#define CHUNK_BYTES (32 * 1024 * 1024)

typedef struct Letter
{
	int32		incarnation;
	OlapMessage message;
	bool		failed;
	OlapDecodeError error;
} Letter;

typedef struct Replay
{
	const OlapPipeline *pipeline;
	const OlapSourceApi *api;
	OlapDecoder *decoder;
	const OlapColumnType *types;
	int			ncols;
	Datum		before;			/* timestamptz; or without_before */
	bool		without_before;
	int64		left;			/* letters still to be tried */
	MemoryContext chunk_cxt;
	Letter		letters[CHUNK_LETTERS];
	int			n;
	uint32		of_row[CHUNK_LETTERS];	/* letter of each row of the batch */
	int64		gone;
	int64		failed;
} Replay;

/* --- reading --- */

static const char *
bytes_of(HeapTuple tuple, TupleDesc desc, int column, MemoryContext cxt, size_t *len)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, column, &isnull);
	bytea	   *bytes;
	char	   *copy;

	*len = 0;
	if (isnull)
		return NULL;
	bytes = DatumGetByteaPP(value);
	*len = VARSIZE_ANY_EXHDR(bytes);
	copy = MemoryContextAllocHuge(cxt, *len + 1);
	memcpy(copy, VARDATA_ANY(bytes), *len);
	return copy;
}

static int64
integer_of(HeapTuple tuple, TupleDesc desc, int column, bool is_int8, int64 missing)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, column, &isnull);

	return isnull ? missing : is_int8 ? DatumGetInt64(value) : DatumGetInt32(value);
}

static void
read_letter(Replay *r, HeapTuple tuple, TupleDesc desc)
{
	Letter	   *letter = &r->letters[r->n++];
	OlapMessage *m = &letter->message;

	memset(letter, 0, sizeof(Letter));
	m->partition = (int32) integer_of(tuple, desc, 1, false, 0);
	letter->incarnation = (int32) integer_of(tuple, desc, 2, false, 0);
	m->offset = integer_of(tuple, desc, 3, true, 0);
	m->timestamp_ms = integer_of(tuple, desc, 4, true, -1);
	m->key = bytes_of(tuple, desc, 5, r->chunk_cxt, &m->key_len);
	m->value = bytes_of(tuple, desc, 6, r->chunk_cxt, &m->value_len);
	if ((int64) m->value_len < integer_of(tuple, desc, 7, true, 0) ||
		m->key_len >= OLAP_DEAD_LETTER_KEY_BYTES)
	{
		letter->failed = true;
		letter->error.sqlstate = "54000";
		snprintf(letter->error.message, sizeof(letter->error.message),
				 "only the first %d bytes of the record were kept, so it cannot be replayed",
				 OLAP_DEAD_LETTER_BYTES);
	}
}

/* The letters behind the last one read; false if there are none. */
static bool
read_chunk(Replay *r)
{
	static const Oid types[] = {TEXTOID, INT4OID, INT4OID, INT8OID, TIMESTAMPTZOID, INT8OID, INT8OID};
	const Letter *last = r->n > 0 ? &r->letters[r->n - 1] : NULL;
	Datum		values[] = {
		CStringGetTextDatum(r->pipeline->name),
		Int32GetDatum(last != NULL ? last->message.partition : -1),
		Int32GetDatum(last != NULL ? last->incarnation : 0),
		Int64GetDatum(last != NULL ? last->message.offset : 0),
		r->before, Int64GetDatum(Min(r->left, CHUNK_LETTERS)), Int64GetDatum(CHUNK_BYTES)};
	OlapCatalogScope scope;
	uint64		n;

	MemoryContextReset(r->chunk_cxt);
	r->n = 0;
	olap_catalog_begin(&scope);
	n = olap_catalog_exec(NULL,
						  "SELECT partition, incarnation, \"offset\","
						  " (EXTRACT(epoch FROM \"timestamp\") * 1000)::bigint, key, value, value_length"
						  " FROM (SELECT *, sum(octet_length(value)) OVER w AS bytes, row_number() OVER w AS number"
						  "  FROM (SELECT * FROM olap.dead_letter WHERE pipeline = $1"
						  "    AND (partition, incarnation, \"offset\") > ($2, $3, $4)"
						  "    AND ($5 IS NULL OR at < $5)"
						  "    ORDER BY partition, incarnation, \"offset\" LIMIT $6) l"
						  "  WINDOW w AS (ORDER BY partition, incarnation, \"offset\")) l"
						  " WHERE number = 1 OR bytes IS NULL OR bytes <= $7"
						  " ORDER BY partition, incarnation, \"offset\"",
						  lengthof(types), types, values, r->without_before ? "    n  " : NULL);
	for (uint64 i = 0; i < n; i++)
		read_letter(r, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
	olap_catalog_end(&scope);
	r->left -= n;
	return n > 0;
}

/* --- trying --- */

static void
note_failure(const Replay *r, Letter *letter, const OlapDecodeError *error)
{
	letter->failed = true;
	letter->error = *error;
	letter->error.sqlstate = MemoryContextStrdup(r->chunk_cxt, error->sqlstate);
	olap_clean_reason(letter->error.message);
}

static void
reject_row(void *arg, uint32 row, const OlapDecodeError *error)
{
	Replay	   *r = arg;

	note_failure(r, &r->letters[r->of_row[row]], error);
}

static OlapBatch *
make_batch(const Replay *r)
{
	OlapBatch  *batch = palloc0(sizeof(OlapBatch));

	batch->ncols = r->ncols;
	batch->cols = palloc0(sizeof(OlapVector) * Max(r->ncols, 1));
	for (int i = 0; i < r->ncols; i++)
		olap_vector_init(&batch->cols[i], &r->types[i], CHUNK_LETTERS, CurrentMemoryContext);
	return batch;
}

/* Decode and insert the chunk, as the owner. */
static void
try_chunk(Replay *r)
{
	MemoryContext old = MemoryContextSwitchTo(r->chunk_cxt);
	OlapBatch  *batch = make_batch(r);
	OlapSink   *sink = olap_sink_open(r->pipeline->source, r->pipeline->target,
									  r->types, r->ncols, r->pipeline->owner);

	for (int i = 0; i < r->n; i++)
	{
		OlapDecodeError error = {.sqlstate = "XX000"};
		uint32		row = batch->nrows;

		CHECK_FOR_INTERRUPTS();
		if (r->letters[i].failed)
			continue;
		switch (r->api->decode(r->decoder, &r->letters[i].message, batch, &error))
		{
			case OLAP_DECODE_ROW:
				r->of_row[row] = i;
				break;
			case OLAP_DECODE_TOMBSTONE:
				break;
			case OLAP_DECODE_BAD:
				note_failure(r, &r->letters[i], &error);
				break;
		}
	}
	batch->nsel = batch->nrows;
	olap_sink_insert(sink, batch, reject_row, r);
	olap_sink_close(sink);
	MemoryContextSwitchTo(old);
}

/* --- keeping the books --- */

static void
settle_letter(Replay *r, const Letter *letter)
{
	static const Oid types[] = {TEXTOID, INT4OID, INT4OID, INT8OID, TEXTOID, TEXTOID, TEXTOID};
	static SPIPlanPtr delete_plan = NULL;
	static SPIPlanPtr update_plan = NULL;
	Datum		values[] = {
		CStringGetTextDatum(r->pipeline->name), Int32GetDatum(letter->message.partition),
		Int32GetDatum(letter->incarnation), Int64GetDatum(letter->message.offset),
	(Datum) 0, (Datum) 0, (Datum) 0};

	if (!letter->failed)
	{
		olap_catalog_exec(&delete_plan,
						  "DELETE FROM olap.dead_letter WHERE pipeline = $1 AND partition = $2"
						  " AND incarnation = $3 AND \"offset\" = $4", 4, types, values, NULL);
		r->gone++;
		return;
	}
	values[4] = CStringGetTextDatum(letter->error.column);
	values[5] = CStringGetTextDatum(letter->error.sqlstate);
	values[6] = CStringGetTextDatum(letter->error.message);
	olap_catalog_exec(&update_plan,
					  "UPDATE olap.dead_letter SET column_name = $5, sqlstate = $6, error = $7"
					  " WHERE pipeline = $1 AND partition = $2 AND incarnation = $3 AND \"offset\" = $4"
					  " AND (column_name, sqlstate, error) IS DISTINCT FROM ($5, $6, $7)",
					  7, types, values, NULL);
	r->failed++;
}

static void
settle_chunk(Replay *r)
{
	OlapCatalogScope scope;

	olap_catalog_begin(&scope);
	for (int i = 0; i < r->n; i++)
		settle_letter(r, &r->letters[i]);
	olap_catalog_end(&scope);
}

static void
count_replayed(const Replay *r)
{
	static const Oid types[] = {TEXTOID, INT8OID};
	Datum		values[] = {CStringGetTextDatum(r->pipeline->name), Int64GetDatum(r->gone)};
	OlapCatalogScope scope;

	if (r->gone == 0)
		return;
	olap_catalog_begin(&scope);
	olap_catalog_exec(NULL, "UPDATE olap.pipeline SET replayed = replayed + $2 WHERE name = $1",
					  2, types, values, NULL);
	olap_catalog_end(&scope);
}

/* --- the function --- */

/* What the same bytes become must not depend on the caller's settings. */
static void
set_like_worker(void)
{
	static const char *const settings[][2] = {
		{"TimeZone", "UTC"},
		{"DateStyle", "ISO, YMD"},
		{"IntervalStyle", "postgres"},
		{"row_security", "on"},
		{"session_replication_role", "origin"},
	};

	for (int i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_SUSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/* All of it, as the pipeline's owner: rights, triggers and defaults are his. */
static void
replay_as_owner(Replay *r)
{
	Oid			userid;
	int			sec_context;
	int			guc_level = NewGUCNestLevel();

	GetUserIdAndSecContext(&userid, &sec_context);
	SetUserIdAndSecContext(r->pipeline->owner, sec_context | SECURITY_RESTRICTED_OPERATION);
	set_like_worker();
	LockRelationOid(r->pipeline->source, AccessShareLock);
	olap_source_check(r->pipeline->source);
	r->api = olap_source_load();
	r->decoder = r->api->decoder_create(r->pipeline->source);
	r->types = r->api->decoder_types(r->decoder, &r->ncols);
	while (r->left > 0 && read_chunk(r))
	{
		try_chunk(r);
		settle_chunk(r);
	}
	AtEOXact_GUC(false, guc_level);
	SetUserIdAndSecContext(userid, sec_context);
	count_replayed(r);
}

/*
 * The sink makes deferred constraints immediate, to tell which row is at fault.
 * What the caller's transaction has queued would be run now, and as the owner;
 * a transaction that has changed nothing has queued nothing.
 */
static void
refuse_changed_transaction(void)
{
	if (TransactionIdIsValid(GetTopTransactionIdIfAny()))
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("olap.replay_dead_letters must come before other changes in a transaction"),
				 errdetail("It makes deferred constraints immediate, those of earlier changes included."),
				 errhint("Commit first.")));
}

void
olap_replay_lock(const char *name)
{
	uint32		key = DatumGetUInt32(hash_any((const unsigned char *) name, (int) strlen(name)));

	LockDatabaseObject(ExtensionRelationId, get_extension_oid("olap", false),
					   (uint16) (key ^ (key >> 16)), ExclusiveLock);
}

Datum
olap_replay_dead_letters(PG_FUNCTION_ARGS)
{
	Replay	   *r;
	TupleDesc	desc;
	char	   *name;
	Datum		values[2];
	bool		nulls[2] = {false, false};

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", "pipeline")));
	PreventCommandIfReadOnly("replay_dead_letters()");
	PreventCommandDuringRecovery("replay_dead_letters()");
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	r = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Replay));
	memset(r, 0, sizeof(Replay));
	refuse_changed_transaction();
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	(void) olap_pipeline_load_own(name, false);
	olap_replay_lock(name);
	r->pipeline = olap_pipeline_load_own(name, false);	/* as it is behind the lock */
	if (!r->pipeline->local || !SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(r->pipeline->owner)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pipeline \"%s\" comes from another database", r->pipeline->name),
				 errhint("olap.resume_pipeline adopts it.")));
	r->without_before = PG_ARGISNULL(1);
	r->before = r->without_before ? (Datum) 0 : PG_GETARG_DATUM(1);
	r->left = PG_ARGISNULL(2) ? PG_INT64_MAX : PG_GETARG_INT64(2);
	r->chunk_cxt = AllocSetContextCreate(CurrentMemoryContext, "olap replay", ALLOCSET_DEFAULT_SIZES);
	replay_as_owner(r);
	values[0] = Int64GetDatum(r->gone);
	values[1] = Int64GetDatum(r->failed);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

Datum
olap_delete_dead_letters(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TIMESTAMPTZOID};
	Datum		values[1];
	char	   *name;

	olap_require_arg(fcinfo, 0, "pipeline");
	name = olap_text_arg(fcinfo, 0);
	olap_pipeline_load_own(name, false);
	olap_replay_lock(name);		/* a replay has dead letters, and wants the pipeline */
	olap_pipeline_load_own(name, true);
	values[0] = PG_GETARG_DATUM(1);
	PG_RETURN_INT64((int64) olap_exec_named("DELETE FROM olap.dead_letter WHERE pipeline = $1"
											" AND ($2 IS NULL OR at < $2)", name, 1, types,
											values, PG_ARGISNULL(1) ? "n" : " "));
}

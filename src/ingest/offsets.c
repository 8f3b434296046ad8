/*-------------------------------------------------------------------------
 *
 * offsets.c
 *		Where the partitions of a pipeline stand: offsets, ledger, dead letters.
 *
 * src/ingest/offsets.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "ingest/offsets.h"

static SPIPlanPtr current_plan = NULL;
static SPIPlanPtr advance_plan = NULL;
static SPIPlanPtr ledger_plan = NULL;
static SPIPlanPtr dead_plan = NULL;

OlapFingerprint
olap_fingerprint(const OlapMessage *message)
{
	OlapFingerprint f = {message->offset, message->timestamp_ms, 0};
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	if (message->key != NULL)
		COMP_CRC32C(crc, message->key, message->key_len);
	if (message->value != NULL)
		COMP_CRC32C(crc, message->value, message->value_len);
	FIN_CRC32C(crc);
	f.crc = crc;
	return f;
}

/* Timestamps outside of what PostgreSQL stores are left out. */
static bool
timestamp_fits(int64 ms)
{
	return ms >= 0 && ms < INT64CONST(200000000000000);
}

static Datum
timestamp_of_ms(int64 ms)
{
	if (!timestamp_fits(ms))
		return (Datum) 0;
	return TimestampTzGetDatum((ms - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
								(int64) SECS_PER_DAY * 1000) * 1000);
}

OlapPipeline *
olap_offsets_claim(const char *name)
{
	static const Oid types[] = {TEXTOID, INT8OID};
	OlapPipeline *p = olap_pipeline_load(name, true);
	OlapCatalogScope scope;
	Datum		values[2];

	if (p == NULL || !p->local || strcmp(p->state, "running") != 0)
		return NULL;
	p->epoch++;
	values[0] = CStringGetTextDatum(name);
	values[1] = Int64GetDatum(p->epoch);
	olap_catalog_begin(&scope);
	olap_catalog_exec(NULL,
					  "UPDATE olap.pipeline SET epoch = $2 WHERE name = $1", 2, types, values, NULL);
	olap_catalog_exec(NULL,
					  "UPDATE olap.pipeline_offset SET epoch = $2"
					  " WHERE pipeline = $1", 2, types, values, NULL);
	olap_catalog_end(&scope);
	return p;
}

bool
olap_offsets_current(const OlapPipeline *p, bool ending)
{
	static const Oid types[] = {TEXTOID, INT8OID, TIMESTAMPTZOID, BOOLOID};
	Datum		values[] = {CStringGetTextDatum(p->name), Int64GetDatum(p->epoch),
	TimestampTzGetDatum(p->created_at), BoolGetDatum(ending)};
	OlapCatalogScope scope;
	bool		current;

	if (!olap_catalog_exists())
		return false;
	olap_catalog_begin(&scope);
	current = olap_catalog_exec(&current_plan,
								"SELECT FROM olap.pipeline WHERE name = $1 AND epoch = $2"
								" AND created_at = $3 AND (state = 'running' OR $4)",
								lengthof(types), types, values, NULL) == 1;
	olap_catalog_end(&scope);
	return current;
}

static int64
field(SPITupleTable *table, uint64 row, int column, bool is_int8, int64 missing)
{
	bool		isnull;
	Datum		value = SPI_getbinval(table->vals[row], table->tupdesc, column,
									  &isnull);

	if (isnull)
		return missing;
	return is_int8 ? DatumGetInt64(value) : DatumGetInt32(value);
}

OlapOffset *
olap_offsets_load(const char *pipeline, int *n)
{
	static const Oid types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(pipeline)};
	MemoryContext caller = CurrentMemoryContext;
	OlapOffset *offsets;
	OlapCatalogScope scope;
	uint64		rows;

	olap_catalog_begin(&scope);
	rows = olap_catalog_exec(NULL,
							 "SELECT partition, incarnation, next_offset,"
							 " (state <> 'ok')::int, last_offset, last_timestamp_ms, last_crc"
							 " FROM olap.pipeline_offset WHERE pipeline = $1 ORDER BY partition",
							 1, types, values, NULL);
	offsets = MemoryContextAllocZero(caller, sizeof(OlapOffset) * Max(rows, 1));
	for (uint64 i = 0; i < rows; i++)
	{
		offsets[i].partition = (int32) field(SPI_tuptable, i, 1, false, 0);
		offsets[i].incarnation = (int32) field(SPI_tuptable, i, 2, false, 0);
		offsets[i].next_offset = field(SPI_tuptable, i, 3, true, 0);
		offsets[i].stopped = field(SPI_tuptable, i, 4, false, 0) != 0;
		offsets[i].last.offset = field(SPI_tuptable, i, 5, true, -1);
		offsets[i].last.timestamp_ms = field(SPI_tuptable, i, 6, true, -1);
		offsets[i].last.crc = (uint32) field(SPI_tuptable, i, 7, true, 0);
	}
	olap_catalog_end(&scope);
	*n = (int) rows;
	return offsets;
}

static void
write_ledger(const OlapPipeline *p, const OlapOffset *offset, int64 to,
			 const OlapOutcome *o)
{
	static const Oid types[] = {TEXTOID, INT4OID, INT4OID, INT8OID, INT8OID,
		TEXTOID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, TIMESTAMPTZOID,
	TIMESTAMPTZOID, INT8OID};
	char		nulls[] = "              ";
	Datum		values[] = {
		CStringGetTextDatum(p->name), Int32GetDatum(offset->partition),
		Int32GetDatum(offset->incarnation), Int64GetDatum(offset->next_offset),
		Int64GetDatum(to), CStringGetTextDatum(o->read > 0 ? "batch" : "progress"),
		Int64GetDatum(o->read), Int64GetDatum(o->inserted),
		Int64GetDatum(o->filtered), Int64GetDatum(o->tombstone),
		Int64GetDatum(o->dead), timestamp_of_ms(o->min_ms),
	timestamp_of_ms(o->max_ms), Int64GetDatum(p->epoch)};

	if (!timestamp_fits(o->min_ms) || !timestamp_fits(o->max_ms))
		nulls[11] = nulls[12] = 'n';
	olap_catalog_exec(&ledger_plan,
					  "INSERT INTO olap.pipeline_ledger (pipeline, partition, incarnation,"
					  " from_offset, to_offset, kind, read, inserted, filtered, tombstone,"
					  " dead, min_time, max_time, epoch)"
					  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
					  lengthof(types), types, values, nulls);
}

void
olap_offsets_advance(const OlapPipeline *p, OlapOffset *offset, int64 to,
					 const OlapOutcome *o, const OlapFingerprint *last)
{
	static const Oid types[] = {TEXTOID, INT4OID, INT8OID, INT8OID, INT8OID,
		INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID, INT8OID};
	Datum		values[] = {
		CStringGetTextDatum(p->name), Int32GetDatum(offset->partition),
		Int64GetDatum(offset->next_offset), Int64GetDatum(p->epoch),
		Int64GetDatum(to), Int64GetDatum(o->read), Int64GetDatum(o->inserted),
		Int64GetDatum(o->filtered), Int64GetDatum(o->tombstone),
		Int64GetDatum(o->dead), Int64GetDatum(last->offset),
	Int64GetDatum(last->timestamp_ms), Int64GetDatum(last->crc)};
	OlapCatalogScope scope;

	olap_catalog_begin(&scope);
	if (olap_catalog_exec(&advance_plan,
						  "UPDATE olap.pipeline_offset SET next_offset = $5, read = read + $6,"
						  " inserted = inserted + $7, filtered = filtered + $8,"
						  " tombstone = tombstone + $9, dead = dead + $10,"
						  " last_offset = CASE WHEN $11 < 0 THEN last_offset ELSE $11 END,"
						  " last_timestamp_ms = CASE WHEN $11 < 0 THEN last_timestamp_ms ELSE $12 END,"
						  " last_crc = CASE WHEN $11 < 0 THEN last_crc ELSE $13 END,"
						  " committed_at = now()"
						  " WHERE pipeline = $1 AND partition = $2 AND next_offset = $3"
						  " AND epoch = $4 AND state = 'ok'",
						  lengthof(types), types, values, NULL) != 1)
		ereport(ERROR,
				(errcode(OLAP_ERRCODE_FENCED),
				 errmsg("pipeline \"%s\" was taken over, changed or dropped", p->name),
				 errdetail("Partition %d is not at offset " INT64_FORMAT " of epoch " INT64_FORMAT " any more.",
						   offset->partition, offset->next_offset, p->epoch)));
	write_ledger(p, offset, to, o);
	olap_catalog_end(&scope);
	offset->next_offset = to;
	if (last->offset >= 0)
		offset->last = *last;
}

OlapOffset
olap_offsets_add(const OlapPipeline *p, int32 partition, int64 start)
{
	static const Oid types[] = {TEXTOID, INT4OID, INT8OID, INT8OID};
	Datum		values[] = {
		CStringGetTextDatum(p->name), Int32GetDatum(partition),
	Int64GetDatum(start), Int64GetDatum(p->epoch)};
	OlapOffset	offset = {.partition = partition, .next_offset = start};
	OlapCatalogScope scope;

	offset.last.offset = -1;
	olap_catalog_begin(&scope);
	if (olap_catalog_exec(NULL,
						  "INSERT INTO olap.pipeline_offset (pipeline, partition, start_offset, next_offset, epoch)"
						  " SELECT name, $2, $3, $3, $4 FROM olap.pipeline"
						  " WHERE name = $1 AND epoch = $4 FOR UPDATE",
						  4, types, values, NULL) != 1)
		ereport(ERROR,
				(errcode(OLAP_ERRCODE_FENCED),
				 errmsg("pipeline \"%s\" was taken over or dropped", p->name)));
	olap_catalog_end(&scope);
	return offset;
}

void
olap_offsets_stop(const OlapPipeline *p, const OlapOffset *offset,
				  const char *state, int64 log_start, const char *reason)
{
	static const Oid types[] = {TEXTOID, INT4OID, INT8OID, TEXTOID, INT8OID,
	TEXTOID};
	char		nulls[] = "      ";
	Datum		values[] = {
		CStringGetTextDatum(p->name), Int32GetDatum(offset->partition),
		Int64GetDatum(p->epoch), CStringGetTextDatum(state),
	Int64GetDatum(log_start), CStringGetTextDatum(reason)};
	OlapCatalogScope scope;

	if (log_start < 0)
		nulls[4] = 'n';
	olap_catalog_begin(&scope);
	olap_catalog_exec(NULL,
					  "UPDATE olap.pipeline_offset SET state = $4, log_start = $5, reason = $6"
					  " WHERE pipeline = $1 AND partition = $2 AND epoch = $3",
					  6, types, values, nulls);
	olap_catalog_end(&scope);
}

static Datum
bytes_datum(const char *data, size_t len)
{
	bytea	   *b = palloc(VARHDRSZ + len);

	SET_VARSIZE(b, VARHDRSZ + len);
	if (len > 0)
		memcpy(VARDATA(b), data, len);
	return PointerGetDatum(b);
}

/* It may end inside a character, or hold bytes that are none. */
void
olap_clean_reason(char *text)
{
	size_t		len = strlen(text);

	for (size_t cut = 0; cut < 4 && cut <= len; cut++)
		if (pg_verifymbstr(text, len - cut, true))
		{
			text[len - cut] = '\0';
			return;
		}
	for (char *c = text; *c != '\0'; c++)
		if (IS_HIGHBIT_SET(*c))
			*c = '?';
}

void
olap_dead_letter_add(const OlapPipeline *p, const OlapOffset *offset,
					 const OlapMessage *m, const OlapDecodeError *error)
{
	static const Oid types[] = {TEXTOID, INT4OID, INT4OID, INT8OID,
		TIMESTAMPTZOID, BYTEAOID, BYTEAOID, INT8OID, TEXTOID, TEXTOID, TEXTOID};
	char		nulls[] = "           ";
	Datum		values[lengthof(types)];
	OlapCatalogScope scope;

	values[0] = CStringGetTextDatum(p->name);
	values[1] = Int32GetDatum(m->partition);
	values[2] = Int32GetDatum(offset->incarnation);
	values[3] = Int64GetDatum(m->offset);
	values[4] = timestamp_of_ms(m->timestamp_ms);
	values[5] = bytes_datum(m->key, Min(m->key_len, OLAP_DEAD_LETTER_KEY_BYTES));
	values[6] = bytes_datum(m->value, Min(m->value_len, OLAP_DEAD_LETTER_BYTES));
	values[7] = Int64GetDatum((int64) m->value_len);
	values[8] = CStringGetTextDatum(error->column);
	values[9] = CStringGetTextDatum(error->sqlstate);
	values[10] = CStringGetTextDatum(error->message);
	if (!timestamp_fits(m->timestamp_ms))
		nulls[4] = 'n';
	if (m->key == NULL)
		nulls[5] = 'n';
	if (m->value == NULL)
		nulls[6] = nulls[7] = 'n';
	if (error->column[0] == '\0')
		nulls[8] = 'n';
	olap_catalog_begin(&scope);
	olap_catalog_exec(&dead_plan,
					  "INSERT INTO olap.dead_letter (pipeline, partition, incarnation, \"offset\","
					  " \"timestamp\", key, value, value_length, column_name, sqlstate, error)"
					  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
					  lengthof(types), types, values, nulls);
	olap_catalog_end(&scope);
	for (int i = 0; i < lengthof(values); i++)
		if (types[i] == TEXTOID || types[i] == BYTEAOID)
			pfree(DatumGetPointer(values[i]));
}

void
olap_offsets_count_start(const OlapPipeline *p)
{
	static const Oid types[] = {TEXTOID, INT8OID};
	Datum		values[] = {CStringGetTextDatum(p->name), Int64GetDatum(p->epoch)};
	OlapCatalogScope scope;

	olap_catalog_begin(&scope);
	olap_catalog_exec(NULL,
					  "UPDATE olap.pipeline SET crashes = crashes + 1"
					  " WHERE name = $1 AND epoch = $2",
					  2, types, values, NULL);
	olap_catalog_end(&scope);
}

void
olap_offsets_clear_crashes(const OlapPipeline *p)
{
	static const Oid types[] = {TEXTOID, INT8OID};
	Datum		values[] = {CStringGetTextDatum(p->name), Int64GetDatum(p->epoch)};
	OlapCatalogScope scope;

	olap_catalog_begin(&scope);
	olap_catalog_exec(NULL,
					  "UPDATE olap.pipeline SET crashes = 0, attempts = 0, error_count = 0,"
					  " attempt_partition = NULL, attempt_offset = NULL"
					  " WHERE name = $1 AND epoch = $2",
					  2, types, values, NULL);
	olap_catalog_end(&scope);
}

void
olap_offsets_note_attempt(const OlapPipeline *p, int32 partition, int64 offset,
						  int attempts)
{
	static const Oid types[] = {TEXTOID, INT8OID, INT4OID, INT8OID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(p->name), Int64GetDatum(p->epoch),
	Int32GetDatum(partition), Int64GetDatum(offset), Int32GetDatum(attempts)};
	OlapCatalogScope scope;

	olap_catalog_begin(&scope);
	olap_catalog_exec(NULL,
					  "UPDATE olap.pipeline SET attempt_partition = $3, attempt_offset = $4,"
					  " attempts = $5 WHERE name = $1 AND epoch = $2",
					  5, types, values, NULL);
	olap_catalog_end(&scope);
}

void
olap_offsets_fold_ledger(const OlapPipeline *p)
{
	static const Oid types[] = {TEXTOID, INT8OID};
	Datum		values[] = {CStringGetTextDatum(p->name), Int64GetDatum(p->epoch)};
	OlapCatalogScope scope;

	olap_catalog_begin(&scope);
	olap_catalog_exec(NULL,
					  "WITH marked AS ("
					  " SELECT partition, incarnation, from_offset, to_offset,"
					  "  CASE WHEN kind = 'gap' THEN NULL"
					  "   WHEN committed_at < now() - interval '" OLAP_LEDGER_KEEP "' THEN '-infinity'"
					  "   WHEN committed_at < date_trunc('hour', now()) - interval '" OLAP_LEDGER_DETAIL "'"
					  "   THEN date_trunc('hour', committed_at) END AS bucket"
					  " FROM olap.pipeline_ledger WHERE pipeline = $1),"
					  " joined AS ("
					  " SELECT *, COALESCE(bucket = lag(bucket) OVER w"
					  "  AND from_offset = lag(to_offset) OVER w, false) AS joins FROM marked"
					  " WINDOW w AS (PARTITION BY partition, incarnation ORDER BY from_offset)),"
					  " numbered AS ("
					  " SELECT *, count(*) FILTER (WHERE NOT joins) OVER"
					  "  (PARTITION BY partition, incarnation ORDER BY from_offset) AS run FROM joined),"
					  " counted AS ("
					  " SELECT *, count(*) OVER (PARTITION BY partition, incarnation, run) AS n FROM numbered),"
					  " old AS ("
					  " DELETE FROM olap.pipeline_ledger l USING counted c"
					  " WHERE l.pipeline = $1 AND l.partition = c.partition"
					  "  AND l.incarnation = c.incarnation AND l.from_offset = c.from_offset"
					  "  AND c.n > 1 RETURNING l.*, c.run)"
					  " INSERT INTO olap.pipeline_ledger (pipeline, partition, incarnation,"
					  "  from_offset, to_offset, kind, read, inserted, updated, deleted,"
					  "  filtered, tombstone, dead, min_time, max_time, epoch, committed_at)"
					  " SELECT $1, partition, incarnation, min(from_offset), max(to_offset),"
					  "  'summary', sum(read), sum(inserted), sum(updated), sum(deleted),"
					  "  sum(filtered), sum(tombstone), sum(dead), min(min_time),"
					  "  max(max_time), $2, max(committed_at)"
					  " FROM old GROUP BY partition, incarnation, run",
					  2, types, values, NULL);
	olap_catalog_end(&scope);
}

void
olap_dead_letters_expire(const OlapPipeline *p)
{
	static const Oid types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(p->name)};
	OlapCatalogScope scope;
	uint64		n;

	olap_catalog_begin(&scope);
	n = olap_catalog_exec(NULL,
						  "DELETE FROM olap.dead_letter WHERE (pipeline, partition, incarnation, \"offset\") IN"
						  " (SELECT d.pipeline, d.partition, d.incarnation, d.\"offset\""
						  "  FROM olap.dead_letter d JOIN olap.pipeline p ON p.name = d.pipeline"
						  "  WHERE d.pipeline = $1 AND d.at < now() - LEAST(p.dead_letter_retention,"
						  "   interval '" CppAsString2(OLAP_DEAD_LETTER_MAX_YEARS) " years')"
						  "  FOR UPDATE OF d SKIP LOCKED)",
						  1, types, values, NULL);
	olap_catalog_end(&scope);
	if (n > 0)
		ereport(LOG,
				(errmsg("pipeline \"%s\" deleted " UINT64_FORMAT " dead letters that were past their retention",
						p->name, n)));
}

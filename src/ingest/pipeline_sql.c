/*-------------------------------------------------------------------------
 *
 * pipeline_sql.c
 *		SQL functions that make, change and end pipelines.
 *
 * Each changes rows of the catalogs as its caller's right allows, and asks the
 * launcher to look when the transaction commits.
 *
 * src/ingest/pipeline_sql.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "ingest/live.h"
#include "ingest/mapping.h"
#include "ingest/offsets.h"
#include "ingest/pipeline.h"
#include "ingest/pipeline_sql.h"
#include "ingest/source_load.h"
#include "ingest/start.h"

extern PGDLLEXPORT Datum olap_create_pipeline(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_pause_pipeline(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_resume_pipeline(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_drop_pipeline(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_alter_pipeline(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(olap_create_pipeline);
PG_FUNCTION_INFO_V1(olap_pause_pipeline);
PG_FUNCTION_INFO_V1(olap_resume_pipeline);
PG_FUNCTION_INFO_V1(olap_drop_pipeline);
PG_FUNCTION_INFO_V1(olap_alter_pipeline);

#define MAX_ROWS_LIMIT 10000000
#define MIN_BYTES_LIMIT 1024
#define MAX_BYTES_LIMIT INT64CONST(4294967296)
#define MIN_DELAY_MS 100
#define MAX_DELAY_MS 60000
#define MAX_RETENTION_MONTHS (OLAP_DEAD_LETTER_MAX_YEARS * MONTHS_PER_YEAR)

void
olap_require_arg(FunctionCallInfo fcinfo, int i, const char *name)
{
	if (PG_ARGISNULL(i))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
}

char *
olap_text_arg(FunctionCallInfo fcinfo, int i)
{
	return text_to_cstring(PG_GETARG_TEXT_PP(i));
}

uint64
olap_exec_named(const char *sql, const char *name, int nargs, const Oid *types,
				Datum *values, const char *nulls)
{
	Oid			all_types[16] = {TEXTOID};
	Datum		all_values[16] = {CStringGetTextDatum(name)};
	char		all_nulls[17] = "                ";
	OlapCatalogScope scope;
	uint64		n;

	for (int i = 0; i < nargs; i++)
	{
		all_types[i + 1] = types[i];
		all_values[i + 1] = values[i];
		if (nulls != NULL)
			all_nulls[i + 1] = nulls[i];
	}
	olap_catalog_begin(&scope);
	n = olap_catalog_exec(NULL, sql, nargs + 1, all_types, all_values, all_nulls);
	olap_catalog_end(&scope);
	return n;
}

/* --- limits --- */

static void
check_range(const char *name, int64 value, int64 min, int64 max, const char *unit)
{
	if (value < min || value > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be between " INT64_FORMAT "%s and " INT64_FORMAT "%s",
						name, min, unit, max, unit)));
}

/* max_delay as milliseconds, checked. */
static int
delay_of(Interval *delay)
{
	double		ms = (delay->time / 1000.0) +
		(delay->day + delay->month * 30.0) * SECS_PER_DAY * 1000.0;

	if (!(ms >= MIN_DELAY_MS && ms <= MAX_DELAY_MS))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_delay must be between 100 ms and 60 s")));
	return (int) ms;
}

static Datum
ratio_arg(FunctionCallInfo fcinfo, int i)
{
	double		ratio = PG_GETARG_FLOAT8(i);

	if (!(ratio >= 0 && ratio <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_dead_ratio must be between 0 and 1")));
	return Float8GetDatum(ratio);
}

/*
 * How long dead letters are kept; *keep: no end of it.  A time so long ago must
 * be a timestamp, whichever way the interval is written.
 */
static Datum
retention_arg(FunctionCallInfo fcinfo, int i, bool *keep)
{
	static const Interval none = {0};
	const Interval *given = PG_GETARG_INTERVAL_P(i);
	Datum		retention = PG_GETARG_DATUM(i);
	int			sign = DatumGetInt32(DirectFunctionCall2(interval_cmp, retention,
														 IntervalPGetDatum(&none)));

	if (sign < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dead_letter_retention must not be negative")));
	if (given->month < -MAX_RETENTION_MONTHS || given->month > MAX_RETENTION_MONTHS ||
		given->day < -MAX_RETENTION_MONTHS * DAYS_PER_MONTH ||
		given->day > MAX_RETENTION_MONTHS * DAYS_PER_MONTH ||
		given->time < -MAX_RETENTION_MONTHS * DAYS_PER_MONTH * USECS_PER_DAY ||
		given->time > MAX_RETENTION_MONTHS * DAYS_PER_MONTH * USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dead_letter_retention must be at most %d years", OLAP_DEAD_LETTER_MAX_YEARS),
				 errhint("0 keeps dead letters for ever.")));
	*keep = sign == 0;
	return retention;
}

/* --- create --- */

/* May the caller read the source, and do source and target fit? */
static void
check_tables(Oid source, Oid target)
{
	Relation	from;
	Relation	to;

	olap_source_check(source);
	if (pg_class_aclcheck(source, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE, get_rel_name(source));
	from = table_open(source, AccessShareLock);
	to = try_relation_open(target, AccessShareLock);
	if (to == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", target)));
	pfree(olap_mapping_create(from, to, GetUserId()));
	table_close(to, AccessShareLock);
	table_close(from, AccessShareLock);
}

static void
insert_pipeline(const char *name, Oid source, Oid target, int max_rows,
				int64 max_bytes, int max_delay_ms, bool paused, Datum max_dead_ratio,
				Datum retention, bool keep)
{
	static const Oid types[] = {OIDOID, OIDOID, TEXTOID, OIDOID, INT8OID, OIDOID,
	TEXTOID, INT4OID, INT8OID, INT4OID, FLOAT8OID, INTERVALOID};
	char		nulls[] = "            ";
	Datum		values[] = {
		ObjectIdGetDatum(source), ObjectIdGetDatum(target),
		CStringGetTextDatum(GetUserNameFromId(GetUserId(), false)),
		ObjectIdGetDatum(GetUserId()), Int64GetDatum(olap_system_identifier()),
		ObjectIdGetDatum(MyDatabaseId),
		CStringGetTextDatum(paused ? "paused" : "running"),
		Int32GetDatum(max_rows), Int64GetDatum(max_bytes),
	Int32GetDatum(max_delay_ms), max_dead_ratio, retention};

	if (keep)
		nulls[11] = 'n';

	if (olap_exec_named("INSERT INTO olap.pipeline (name, source, target, owner, owner_oid,"
						" system_identifier, database_oid, state, max_rows, max_bytes, max_delay_ms,"
						" max_dead_ratio, dead_letter_retention)"
						" VALUES ($1, $2, $3, $4::name, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
						" ON CONFLICT DO NOTHING",
						name, lengthof(types), types, values, nulls) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("pipeline \"%s\" already exists", name)));
}

static void
insert_offsets(const char *name, const OlapStartOffset *offsets, int n)
{
	static const Oid types[] = {INT4OID, INT8OID};

	for (int i = 0; i < n; i++)
	{
		Datum		values[] = {Int32GetDatum(offsets[i].partition),
		Int64GetDatum(offsets[i].offset)};

		olap_exec_named("INSERT INTO olap.pipeline_offset (pipeline, partition, start_offset, next_offset)"
						" VALUES ($1, $2, $3, $3)", name, 2, types, values, NULL);
	}
}

Datum
olap_create_pipeline(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"name", "source", "target", "start",
	"max_rows", "max_bytes", "max_delay"};
	char	   *name;
	OlapStartOffset *offsets;
	Datum		ratio;
	Datum		retention = (Datum) 0;
	bool		keep = true;
	int			delay_ms;
	int			n;

	for (int i = 0; i < lengthof(names); i++)
		olap_require_arg(fcinfo, i, names[i]);
	name = olap_text_arg(fcinfo, 0);
	if (name[0] == '\0' || strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("name of a pipeline must have 1 to %d bytes", NAMEDATALEN - 1)));
	if (!PG_ARGISNULL(7))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a query between topic and table is not supported yet"),
				 errhint("Use generated columns, or a trigger on the target table.")));
	check_range("max_rows", PG_GETARG_INT32(4), 1, MAX_ROWS_LIMIT, "");
	check_range("max_bytes", PG_GETARG_INT64(5), MIN_BYTES_LIMIT, MAX_BYTES_LIMIT, "");
	delay_ms = delay_of(PG_GETARG_INTERVAL_P(6));
	olap_require_arg(fcinfo, 9, "max_dead_ratio");
	ratio = ratio_arg(fcinfo, 9);
	if (!PG_ARGISNULL(10))
		retention = retention_arg(fcinfo, 10, &keep);
	PreventCommandIfReadOnly("create_pipeline()");
	PreventCommandDuringRecovery("create_pipeline()");
	check_tables(PG_GETARG_OID(1), PG_GETARG_OID(2));

	/* the name first: a second session waits here, not with a broker open */
	insert_pipeline(name, PG_GETARG_OID(1), PG_GETARG_OID(2), PG_GETARG_INT32(4),
					PG_GETARG_INT64(5), delay_ms, !PG_ARGISNULL(8) && PG_GETARG_BOOL(8), ratio,
					retention, keep);
	offsets = olap_start_resolve(PG_GETARG_OID(1), GetUserId(), name,
								 olap_text_arg(fcinfo, 3), -1, &n);
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the topic of \"%s\" has no partitions",
						get_rel_name(PG_GETARG_OID(1)))));
	insert_offsets(name, offsets, n);
	olap_live_request_look();
	if (olap_live == NULL)
		ereport(WARNING,
				(errmsg("pipeline \"%s\" does not run: olap is not in shared_preload_libraries", name),
				 errhint("Add olap to shared_preload_libraries and restart the server.")));
	PG_RETURN_VOID();
}

/* --- pause, resume, drop, alter --- */

Datum
olap_pause_pipeline(PG_FUNCTION_ARGS)
{
	char	   *name = olap_text_arg(fcinfo, 0);

	olap_pipeline_load_own(name, true);
	olap_exec_named("UPDATE olap.pipeline SET state = 'paused' WHERE name = $1",
					name, 0, NULL, NULL, NULL);
	olap_live_request_look();
	PG_RETURN_VOID();
}

Datum
olap_resume_pipeline(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {OIDOID, TEXTOID, INT8OID, OIDOID};
	char	   *name = olap_text_arg(fcinfo, 0);
	OlapPipeline *p = olap_pipeline_load_own(name, true);
	Oid			owner = p->owner;
	Datum		values[4];

	if (!OidIsValid(owner) || !SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(owner)))
		owner = GetUserId();	/* restored without its owner: adopted by us */
	values[0] = ObjectIdGetDatum(owner);
	values[1] = CStringGetTextDatum(GetUserNameFromId(owner, false));
	values[2] = Int64GetDatum(olap_system_identifier());
	values[3] = ObjectIdGetDatum(MyDatabaseId);
	if (olap_exec_named("SELECT FROM olap.pipeline_offset WHERE pipeline = $1",
						name, 0, NULL, NULL, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pipeline \"%s\" has no offsets", name),
				 errdetail("A dump was restored in part, perhaps."),
				 errhint("Drop the pipeline and create it with the start it needs.")));
	olap_exec_named("UPDATE olap.pipeline SET state = 'running', owner_oid = $2, owner = $3::name,"
					" system_identifier = $4, database_oid = $5, error_count = 0, crashes = 0,"
					" config_version = config_version + 1"
					" WHERE name = $1", name, 4, types, values, NULL);
	olap_live_request_look();
	PG_RETURN_VOID();
}

Datum
olap_drop_pipeline(PG_FUNCTION_ARGS)
{
	char	   *name = olap_text_arg(fcinfo, 0);

	if (PG_GETARG_BOOL(1) && olap_pipeline_load(name, false) == NULL)
	{
		ereport(NOTICE, (errmsg("pipeline \"%s\" does not exist, skipping", name)));
		PG_RETURN_VOID();
	}
	olap_pipeline_load_own(name, false);
	olap_replay_lock(name);		/* a replay has dead letters, and wants the pipeline */
	olap_pipeline_load_own(name, true);
	olap_exec_named("SELECT FROM olap.pipeline_offset WHERE pipeline = $1 ORDER BY partition FOR UPDATE",
					name, 0, NULL, NULL, NULL);
	olap_exec_named("DELETE FROM olap.pipeline_offset WHERE pipeline = $1", name, 0, NULL, NULL, NULL);
	olap_exec_named("DELETE FROM olap.pipeline_ledger WHERE pipeline = $1", name, 0, NULL, NULL, NULL);
	olap_exec_named("DELETE FROM olap.dead_letter WHERE pipeline = $1", name, 0, NULL, NULL, NULL);
	olap_exec_named("DELETE FROM olap.pipeline WHERE name = $1", name, 0, NULL, NULL, NULL);
	olap_live_request_look();
	PG_RETURN_VOID();
}

Datum
olap_alter_pipeline(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {INT4OID, INT8OID, INT4OID, FLOAT8OID, INTERVALOID, BOOLOID};
	Datum		values[6] = {0};
	char		nulls[] = "nnnnn ";
	bool		keep = false;
	char	   *name;

	olap_require_arg(fcinfo, 0, "name");
	name = olap_text_arg(fcinfo, 0);
	olap_pipeline_load_own(name, true);
	if (!PG_ARGISNULL(1))
	{
		check_range("max_rows", PG_GETARG_INT32(1), 1, MAX_ROWS_LIMIT, "");
		values[0] = PG_GETARG_DATUM(1);
		nulls[0] = ' ';
	}
	if (!PG_ARGISNULL(2))
	{
		check_range("max_bytes", PG_GETARG_INT64(2), MIN_BYTES_LIMIT, MAX_BYTES_LIMIT, "");
		values[1] = PG_GETARG_DATUM(2);
		nulls[1] = ' ';
	}
	if (!PG_ARGISNULL(3))
	{
		values[2] = Int32GetDatum(delay_of(PG_GETARG_INTERVAL_P(3)));
		nulls[2] = ' ';
	}
	if (!PG_ARGISNULL(4))
	{
		values[3] = ratio_arg(fcinfo, 4);
		nulls[3] = ' ';
	}
	if (!PG_ARGISNULL(5))
	{
		values[4] = retention_arg(fcinfo, 5, &keep);
		nulls[4] = ' ';
	}
	values[5] = BoolGetDatum(keep);
	olap_exec_named("UPDATE olap.pipeline SET max_rows = COALESCE($2, max_rows),"
					" max_bytes = COALESCE($3, max_bytes),"
					" max_delay_ms = COALESCE($4, max_delay_ms),"
					" max_dead_ratio = COALESCE($5, max_dead_ratio),"
					" dead_letter_retention = CASE WHEN NOT $7 THEN COALESCE($6, dead_letter_retention) END,"
					" config_version = config_version + 1 WHERE name = $1",
					name, lengthof(types), types, values, nulls);
	olap_live_request_look();
	PG_RETURN_VOID();
}

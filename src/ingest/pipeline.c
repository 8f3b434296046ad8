/*-------------------------------------------------------------------------
 *
 * pipeline.c
 *		Definitions of pipelines: reading them, and access to the catalogs.
 *
 * src/ingest/pipeline.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "ingest/live.h"
#include "ingest/pipeline.h"

void
olap_catalog_begin(OlapCatalogScope *scope)
{
	GetUserIdAndSecContext(&scope->userid, &scope->sec_context);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID,
						   scope->sec_context | SECURITY_LOCAL_USERID_CHANGE);
	scope->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp",
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

void
olap_catalog_end(OlapCatalogScope *scope)
{
	SPI_finish();
	AtEOXact_GUC(true, scope->guc_level);
	SetUserIdAndSecContext(scope->userid, scope->sec_context);
}

uint64
olap_catalog_exec(SPIPlanPtr *plan, const char *sql, int nargs,
				  const Oid *types, Datum *values, const char *nulls)
{
	int			result;

	if (plan == NULL)
		result = SPI_execute_with_args(sql, nargs, unconstify(Oid *, types),
									   values, nulls, false, 0);
	else
	{
		if (*plan == NULL)
		{
			SPIPlanPtr	prepared = SPI_prepare(sql, nargs,
											   unconstify(Oid *, types));

			if (prepared == NULL)
				elog(ERROR, "SPI_prepare failed: %s",
					 SPI_result_code_string(SPI_result));
			if (SPI_keepplan(prepared) != 0)
				elog(ERROR, "SPI_keepplan failed");
			*plan = prepared;
		}
		result = SPI_execute_plan(*plan, values, nulls, false, 0);
	}
	if (result < 0)
		elog(ERROR, "statement on the pipeline catalogs failed: %s",
			 SPI_result_code_string(result));
	return SPI_processed;
}

bool
olap_catalog_exists(void)
{
	Oid			schema;

	if (!OidIsValid(get_extension_oid("olap", true)))
		return false;
	schema = get_namespace_oid("olap", true);
	return OidIsValid(schema) && OidIsValid(get_relname_relid("pipeline", schema)) &&
		OidIsValid(get_relname_relid("pipeline_offset", schema));
}

int64
olap_system_identifier(void)
{
	return (int64) GetSystemIdentifier();
}

Oid
olap_pipeline_owner(bool local, const char *name, Oid oid)
{
	return local ? oid : get_role_oid(name, true);
}

/* A column of the first result row as an integer; missing if NULL. */
static int64
result_int(int column, bool is_int8, int64 missing)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[0],
									  SPI_tuptable->tupdesc, column, &isnull);

	if (isnull)
		return missing;
	return is_int8 ? DatumGetInt64(value) : DatumGetInt32(value);
}

static double
result_float(int column)
{
	bool		isnull;

	return DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[0],
										SPI_tuptable->tupdesc, column, &isnull));
}

static char *
result_text(int column, MemoryContext cxt)
{
	char	   *value = SPI_getvalue(SPI_tuptable->vals[0],
									 SPI_tuptable->tupdesc, column);

	return value == NULL ? NULL : MemoryContextStrdup(cxt, value);
}

static Oid
result_oid(int column)
{
	return (Oid) result_int(column, false, 0);
}

OlapPipeline *
olap_pipeline_load(const char *name, bool lock)
{
	static const Oid types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(name)};
	MemoryContext caller = CurrentMemoryContext;
	OlapPipeline *p = NULL;
	OlapCatalogScope scope;

	olap_catalog_begin(&scope);
	if (olap_catalog_exec(NULL, lock ?
						  "SELECT name, source::oid, target::oid, owner, owner_oid,"
						  " system_identifier, database_oid, state, max_rows, max_bytes,"
						  " max_delay_ms, config_version, epoch, crashes,"
						  " attempt_partition, attempt_offset, attempts, created_at, max_dead_ratio,"
						  " error_count"
						  " FROM olap.pipeline WHERE name = $1 FOR UPDATE" :
						  "SELECT name, source::oid, target::oid, owner, owner_oid,"
						  " system_identifier, database_oid, state, max_rows, max_bytes,"
						  " max_delay_ms, config_version, epoch, crashes,"
						  " attempt_partition, attempt_offset, attempts, created_at, max_dead_ratio,"
						  " error_count"
						  " FROM olap.pipeline WHERE name = $1",
						  1, types, values, NULL) == 1)
	{
		p = MemoryContextAllocZero(caller, sizeof(OlapPipeline));
		p->name = result_text(1, caller);
		p->source = result_oid(2);
		p->target = result_oid(3);
		p->owner_name = result_text(4, caller);
		p->local = result_int(6, true, 0) == olap_system_identifier() &&
			result_oid(7) == MyDatabaseId;
		p->owner = olap_pipeline_owner(p->local, p->owner_name, result_oid(5));
		p->state = result_text(8, caller);
		p->max_rows = (int) result_int(9, false, 0);
		p->max_bytes = result_int(10, true, 0);
		p->max_delay_ms = (int) result_int(11, false, 0);
		p->version = (int) result_int(12, false, 0);
		p->epoch = result_int(13, true, 0);
		p->crashes = (int) result_int(14, false, 0);
		p->attempt_partition = (int) result_int(15, false, -1);
		p->attempt_offset = result_int(16, true, -1);
		p->attempts = (int) result_int(17, false, 0);
		p->max_dead_ratio = result_float(19);
		p->errors = (int) result_int(20, false, 0);
		p->created_at = (TimestampTz) result_int(18, true, 0);
	}
	olap_catalog_end(&scope);
	return p;
}

/* An error unless p, the pipeline called name, is the caller's. */
static OlapPipeline *
check_own(OlapPipeline *p, const char *name)
{
	if (p == NULL || !olap_pipeline_visible(GetUserId(), p->owner, true))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("pipeline \"%s\" does not exist", name)));
	if (!olap_pipeline_visible(GetUserId(), p->owner, false))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of pipeline \"%s\"", name)));
	return p;
}

OlapPipeline *
olap_pipeline_load_own(const char *name, bool lock)
{
	OlapPipeline *p = check_own(olap_pipeline_load(name, false), name);

	/* who may not must not hold others up by waiting for, or having, the lock */
	return lock ? check_own(olap_pipeline_load(name, true), name) : p;
}

bool
olap_pipeline_visible(Oid role, Oid owner, bool monitor)
{
	if (superuser_arg(role))
		return true;
	if (OidIsValid(owner) && has_privs_of_role(role, owner))
		return true;
	return monitor && has_privs_of_role(role, ROLE_PG_MONITOR);
}

void
olap_pipeline_note_error(const char *name, const char *sqlstate,
						 const char *message, OlapErrorWeight weight)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID, BOOLOID, INT4OID, BOOLOID};
	OlapCatalogScope scope;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (!RecoveryInProgress() && olap_catalog_exists())
	{
		Datum		values[6];

		values[0] = CStringGetTextDatum(name);
		values[1] = CStringGetTextDatum(sqlstate);
		values[2] = CStringGetTextDatum(message);
		values[3] = BoolGetDatum(weight != OLAP_ERROR_NOTED);
		values[4] = Int32GetDatum(OLAP_PIPELINE_MAX_ERRORS);
		values[5] = BoolGetDatum(weight == OLAP_ERROR_FAILS);
		olap_catalog_begin(&scope);
		olap_catalog_exec(NULL,
						  "UPDATE olap.pipeline SET last_error = $3, last_error_sqlstate = $2,"
						  " last_error_at = now(), crashes = 0,"
						  " error_count = CASE WHEN NOT $4 THEN error_count"
						  "   WHEN last_error = $3 AND last_error_sqlstate = $2 THEN error_count + 1"
						  "   ELSE 1 END,"
						  " state = CASE WHEN state = 'running' AND ($6 OR $4 AND last_error = $3"
						  "   AND last_error_sqlstate = $2 AND error_count + 1 >= $5)"
						  "   THEN 'failed' ELSE state END"
						  " WHERE name = $1",
						  6, types, values, NULL);
		olap_catalog_end(&scope);
		if (weight != OLAP_ERROR_NOTED)
			olap_live_request_look();
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
}

void
olap_pipeline_fail(const char *name, const char *message)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	Datum		values[2];
	OlapCatalogScope scope;

	values[0] = CStringGetTextDatum(name);
	values[1] = CStringGetTextDatum(message);
	olap_catalog_begin(&scope);
	olap_catalog_exec(NULL,
					  "UPDATE olap.pipeline SET state = 'failed', last_error = $2,"
					  " last_error_sqlstate = '28000', last_error_at = now()"
					  " WHERE name = (SELECT name FROM olap.pipeline WHERE name = $1"
					  " AND state = 'running' FOR NO KEY UPDATE SKIP LOCKED)",
					  2, types, values, NULL);
	olap_catalog_end(&scope);
}

void
olap_pipeline_follow_owners(void)
{
	static const Oid types[] = {INT8OID, OIDOID};
	Datum		values[] = {Int64GetDatum(olap_system_identifier()),
	ObjectIdGetDatum(MyDatabaseId)};
	OlapCatalogScope scope;

	olap_catalog_begin(&scope);
	olap_catalog_exec(NULL,
					  "WITH stale AS MATERIALIZED (SELECT p.name, r.rolname"
					  " FROM olap.pipeline p JOIN pg_authid r ON r.oid = p.owner_oid"
					  " WHERE r.rolname <> p.owner AND p.system_identifier = $1"
					  " AND p.database_oid = $2 FOR NO KEY UPDATE OF p SKIP LOCKED)"
					  " UPDATE olap.pipeline p SET owner = s.rolname FROM stale s"
					  " WHERE p.name = s.name",
					  2, types, values, NULL);
	olap_catalog_end(&scope);
}

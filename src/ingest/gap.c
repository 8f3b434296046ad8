/*-------------------------------------------------------------------------
 *
 * gap.c
 *		olap.accept_gap: go on behind offsets that are lost.
 *
 * Only a person can know that what is missing may be missing; the ledger says
 * who accepted it and why.
 *
 * src/ingest/gap.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "ingest/live.h"
#include "ingest/pipeline.h"
#include "ingest/pipeline_sql.h"
#include "ingest/start.h"

extern PGDLLEXPORT Datum olap_accept_gap(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(olap_accept_gap);

/* The state, next offset and incarnation of a partition; ERROR if it runs. */
static int64
stopped_partition(const char *name, int32 partition, char **state)
{
	static const Oid types[] = {TEXTOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(name), Int32GetDatum(partition)};
	MemoryContext caller = CurrentMemoryContext;
	OlapCatalogScope scope;
	int64		next = 0;
	bool		isnull;

	olap_catalog_begin(&scope);
	if (olap_catalog_exec(NULL,
						  "SELECT state, next_offset FROM olap.pipeline_offset"
						  " WHERE pipeline = $1 AND partition = $2 FOR UPDATE",
						  2, types, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("pipeline \"%s\" has no partition %d", name, partition)));
	*state = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[0],
													  SPI_tuptable->tupdesc, 1));
	next = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 2, &isnull));
	olap_catalog_end(&scope);
	if (strcmp(*state, "ok") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("partition %d of pipeline \"%s\" has lost no offsets",
						partition, name)));
	return next;
}

Datum
olap_accept_gap(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {INT4OID, INT8OID, TEXTOID};
	char	   *name;
	char	   *state;
	OlapPipeline *p;
	OlapStartOffset *at;
	Datum		values[3];
	int64		next;
	int			n;
	bool		lost;
	bool		forward;

	olap_require_arg(fcinfo, 0, "pipeline");
	olap_require_arg(fcinfo, 1, "partition");
	olap_require_arg(fcinfo, 2, "reason");
	name = olap_text_arg(fcinfo, 0);
	p = olap_pipeline_load_own(name, true);
	next = stopped_partition(name, PG_GETARG_INT32(1), &state);
	at = olap_start_resolve(p->source, p->owner, name,
							PG_ARGISNULL(3) ? "earliest" : olap_text_arg(fcinfo, 3),
							PG_GETARG_INT32(1), &n);
	if (n != 1)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the topic has no partition %d any more", PG_GETARG_INT32(1))));
	lost = strcmp(state, "offset_lost") == 0;
	/* reading again what is stored must be asked for */
	if (lost && PG_ARGISNULL(3))
		at->offset = Max(at->offset, next);
	values[0] = PG_GETARG_DATUM(1);
	values[1] = Int64GetDatum(at->offset);
	values[2] = PG_GETARG_DATUM(2);
	forward = lost && at->offset >= next;
	if (forward)
	{
		/* the same log, with a hole: the ledger says who accepted it */
		olap_exec_named("INSERT INTO olap.pipeline_ledger (pipeline, partition, incarnation,"
						" from_offset, to_offset, kind, epoch, note)"
						" SELECT pipeline, partition, incarnation, next_offset, $3, 'gap', epoch, $4"
						" FROM olap.pipeline_offset WHERE pipeline = $1 AND partition = $2"
						" AND next_offset < $3",
						name, 3, types, values, NULL);
		olap_exec_named("UPDATE olap.pipeline_offset SET next_offset = $3, state = 'ok', reason = $4,"
						" last_offset = NULL WHERE pipeline = $1 AND partition = $2",
						name, 3, types, values, NULL);
	}
	else
		/* another log under the same name: offsets and ledger begin anew */
		olap_exec_named("UPDATE olap.pipeline_offset SET next_offset = $3, start_offset = $3,"
						" incarnation = incarnation + 1, state = 'ok', reason = $4,"
						" last_offset = NULL WHERE pipeline = $1 AND partition = $2",
						name, 3, types, values, NULL);
	olap_exec_named("UPDATE olap.pipeline SET config_version = config_version + 1 WHERE name = $1",
					name, 0, NULL, NULL, NULL);
	olap_live_request_look();
	PG_RETURN_INT64(at->offset);
}

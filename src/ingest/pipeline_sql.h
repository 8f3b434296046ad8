/*-------------------------------------------------------------------------
 *
 * pipeline_sql.h
 *		What the SQL functions of pipelines share.
 *
 * src/ingest/pipeline_sql.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_INGEST_PIPELINE_SQL_H
#define OLAP_INGEST_PIPELINE_SQL_H

#include "fmgr.h"

/* Errors: NULL_VALUE_NOT_ALLOWED if argument i, called name, is null. */
extern void olap_require_arg(FunctionCallInfo fcinfo, int i, const char *name);

/* Argument i, a text that is not null; palloc'd. */
extern char *olap_text_arg(FunctionCallInfo fcinfo, int i);

/*
 * Run one statement on the catalogs, as their owner; $1 is the pipeline's name,
 * the up to 15 others follow.  nulls: as SPI has it, or NULL for none.  Returns
 * the number of rows it changed.
 */
extern uint64 olap_exec_named(const char *sql, const char *name, int nargs,
							  const Oid *types, Datum *values, const char *nulls);

#endif							/* OLAP_INGEST_PIPELINE_SQL_H */

/*-------------------------------------------------------------------------
 *
 * pipeline.h
 *		Definitions of pipelines: rows of olap.pipeline, and who may touch them.
 *
 * Access to the tables of schema olap goes through a catalog scope: it runs as
 * the bootstrap superuser (a pipeline's owner has no rights on them) and with
 * search_path pinned, so that no setting of the role can turn a statement of
 * ours into something else.  Nothing of a user's is ever evaluated inside.
 *
 * src/ingest/pipeline.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PIPELINE_H
#define OLAP_PIPELINE_H

#include "datatype/timestamp.h"
#include "executor/spi.h"

/* Identical errors in a row, without a commit between, that make it 'failed'. */
#define OLAP_PIPELINE_MAX_ERRORS 10
/* Starts without a commit between that look like a record that crashes us. */
#define OLAP_PIPELINE_MAX_CRASHES 3

typedef struct OlapPipeline
{
	char	   *name;
	Oid			source;
	Oid			target;
	char	   *owner_name;
	Oid			owner;			/* InvalidOid: no such role here */
	bool		local;			/* belongs to this database */
	char	   *state;
	int			max_rows;
	int64		max_bytes;
	int			max_delay_ms;
	double		max_dead_ratio; /* 1: no limit */
	int			version;
	TimestampTz created_at;
	int64		epoch;
	int			crashes;
	int			errors;			/* identical ones in a row, up to now */
	int			attempt_partition;	/* -1: none */
	int64		attempt_offset;
	int			attempts;
} OlapPipeline;

typedef struct OlapCatalogScope
{
	Oid			userid;
	int			sec_context;
	int			guc_level;
} OlapCatalogScope;

/*
 * Enter and leave a catalog scope; connects to SPI.  An ERROR inside leaves
 * it through the end of the (sub)transaction.
 */
extern void olap_catalog_begin(OlapCatalogScope *scope);
extern void olap_catalog_end(OlapCatalogScope *scope);

/*
 * Run a statement inside a scope; NULL nulls: no argument is NULL.  Returns
 * the number of rows, results in SPI_tuptable.  plan: if not NULL, the plan is
 * prepared once and kept there.  ERROR if it fails.
 */
extern uint64 olap_catalog_exec(SPIPlanPtr *plan, const char *sql, int nargs,
								const Oid *types, Datum *values,
								const char *nulls);

/* Do schema and tables exist in this database?  Needs a transaction. */
extern bool olap_catalog_exists(void);

/* Identity of this database: system identifier. */
extern int64 olap_system_identifier(void);

/*
 * Read a definition; lock: FOR UPDATE.  NULL if there is none.  Allocated in
 * the caller's context.
 */
extern OlapPipeline *olap_pipeline_load(const char *name, bool lock);

/* The same, but ERROR if there is none or the current user may not control it. */
extern OlapPipeline *olap_pipeline_load_own(const char *name, bool lock);

/*
 * May a role see a pipeline of this owner: as a member of the owner, or, for
 * what holds no data of the pipeline (monitor), as a member of pg_monitor.
 */
extern bool olap_pipeline_visible(Oid role, Oid owner, bool monitor);

/* Owner of a row as valid here, from its stored name and OID. */
extern Oid	olap_pipeline_owner(bool local, const char *name, Oid oid);

typedef enum OlapErrorWeight
{
	OLAP_ERROR_NOTED,			/* shown, no more */
	OLAP_ERROR_COUNTS,			/* identical ones in a row count up to 'failed' */
	OLAP_ERROR_FAILS			/* 'failed' at once: trying again is of no use */
} OlapErrorWeight;

/*
 * Note an error in olap.pipeline in a transaction of its own; the caller is
 * outside of one.
 */
extern void olap_pipeline_note_error(const char *name, const char *sqlstate,
									 const char *message, OlapErrorWeight weight);

/*
 * One replay of a pipeline's dead letters at a time, and nobody else who deletes
 * them and holds its row; to the end of the transaction.
 */
extern void olap_replay_lock(const char *name);

/*
 * Mark a running pipeline failed, in the current transaction; not while somebody
 * has its row locked.
 */
extern void olap_pipeline_fail(const char *name, const char *message);

/*
 * Store the present names of roles that were renamed as the owners of this
 * database's pipelines: a dump has only names.  Not where a row is locked.
 */
extern void olap_pipeline_follow_owners(void);

#endif							/* OLAP_PIPELINE_H */

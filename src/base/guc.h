/*-------------------------------------------------------------------------
 *
 * guc.h
 *		The settings of the extension: one variable each, defined in one table.
 *
 * src/base/guc.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_BASE_GUC_H
#define OLAP_BASE_GUC_H

/* olap.enable_scan: let the planner use the vectorized scan */
extern bool olap_guc_enable_scan;

/* olap.enable_bitmap: look constants up in bitmap indexes, read their rows alone */
extern bool olap_guc_enable_bitmap;
/* olap.enable_bloom: look constants up in blooms before a row group is read */
extern bool olap_guc_enable_bloom;

/* olap.enable_order: let the planner use scans in the order of a column */
extern bool olap_guc_enable_order;

/* olap.enable_vector_agg: let the planner group and aggregate in vectors */
extern bool olap_guc_enable_vector_agg;

/* olap.enable_runtime_filters: leave out rows without a partner in a hash join */
extern bool olap_guc_enable_runtime_filters;

/*
 * olap.parallel_float_aggregates: let OlapAgg add floats in parts, so that the
 * last digits of a sum may differ from run to run
 */
extern bool olap_guc_parallel_float_aggregates;

/* olap.enable_fast_input: COPY reads common texts without the types' input functions */
extern bool olap_guc_enable_fast_input;

/* olap.keep_memory, kB: free memory that a session does not give back to the system */
extern int	olap_guc_keep_memory;

/* olap.write_memory, kB: memory one session may hold in unwritten rows */
extern int	olap_guc_write_memory;

/* olap.encode_workers: processes that encode row groups for one session */
extern int	olap_guc_encode_workers;

/* olap.max_pipelines: slots of the live area; set at server start */
extern int	olap_guc_max_pipelines;

/* olap.ingest_synchronous_commit: batches of pipelines wait for their WAL */
extern bool olap_guc_ingest_synchronous_commit;
extern bool olap_guc_maintenance;	/* background work on tables */
extern int	olap_guc_maintenance_naptime;	/* in seconds, as the next */
extern int	olap_guc_maintenance_interval;

/* olap.allowed_hosts: which brokers may be connected to; read by olap_kafka */
extern char *olap_guc_allowed_hosts;

/* Define every setting; called once by _PG_init. */
extern void olap_guc_init(void);

#endif							/* OLAP_BASE_GUC_H */

/*-------------------------------------------------------------------------
 *
 * worker.h
 *		Background workers: the launcher, looks into databases, ingest,
 *		maintenance.
 *
 * src/worker/worker.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_WORKER_H
#define OLAP_WORKER_H

/* What the launcher tells a worker, in bgw_extra. */
typedef struct OlapWorkerOrder
{
	Oid			database;
	Oid			owner;
	char		name[NAMEDATALEN];
} OlapWorkerOrder;

/*
 * In the launcher: start a worker that runs function of our library and gets the
 * order and the argument; false if no slot is free.  The handle is in
 * TopMemoryContext.
 */
extern bool olap_worker_start(const char *function, const char *type,
							  const OlapWorkerOrder *order, int argument,
							  struct BackgroundWorkerHandle **handle);

/*
 * In the launcher: the databases that take connections, *n of them, in
 * TopMemoryContext; the caller frees the list.
 */
extern Oid *olap_list_databases(int *n);

/* Is it starting or running?  NULL: no. */
extern bool olap_worker_alive(struct BackgroundWorkerHandle *handle);

/*
 * Register launcher, shared memory and the hook on database commands; does
 * nothing unless shared_preload_libraries is being processed.
 */
extern void olap_worker_init(void);

/* Install the utility hook that keeps workers out of the way (databases.c). */
extern void olap_databases_init(void);

/* Entry points of the processes. */
extern PGDLLEXPORT void olap_launcher_main(Datum arg);
extern PGDLLEXPORT void olap_look_main(Datum arg);
extern PGDLLEXPORT void olap_ingest_main(Datum arg);

#endif							/* OLAP_WORKER_H */

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

#include "datatype/timestamp.h"

struct BackgroundWorkerHandle;

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
 * TopMemoryContext; the caller frees the list.  Not those of which a DROP
 * DATABASE was interrupted.
 */
extern Oid *olap_list_databases(int *n);

/*
 * In the launcher: end a look that takes too long, start the next one if one is
 * wanted; *wake_at: lowered to when to call again.
 */
extern void olap_looks_serve(TimestampTz *wake_at);

/*
 * In a worker that is connected: what a transaction is and how long it waits,
 * whatever role and database have as their defaults.  lock_timeout: with unit;
 * "0": none.  And the same for n settings of the caller's: name, value; those
 * that this version does not have are passed over.
 */
extern void olap_worker_set_session(const char *lock_timeout);
extern void olap_worker_set(const char *const settings[][2], int n);

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

/*-------------------------------------------------------------------------
 *
 * process.h
 *		Start a background process of ours.
 *
 * src/base/process.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PROCESS_H
#define OLAP_PROCESS_H

#include "postmaster/bgworker.h"

/*
 * Register a dynamic worker that runs function of this library and is not started
 * again; the caller has filled its name, argument and extra bytes.  This process is
 * told of its start and end.  False: max_worker_processes are in use.  *handle is
 * the caller's, in TopMemoryContext.
 */
extern bool olap_process_start(BackgroundWorker *worker, const char *function,
							   const char *type, BackgroundWorkerHandle **handle);

#endif							/* OLAP_PROCESS_H */

/*-------------------------------------------------------------------------
 *
 * maintenance.h
 *		Compaction and retention in the background.
 *
 * src/worker/maintenance.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_MAINTENANCE_H
#define OLAP_MAINTENANCE_H

#include "datatype/timestamp.h"

/*
 * In the launcher: start the maintenance worker if a database wants one and
 * none runs.  Moves *wake_at forward to when it wants to be called again.
 */
extern void olap_maintenance_serve(TimestampTz *wake_at);

extern PGDLLEXPORT void olap_maintenance_main(Datum arg);

#endif							/* OLAP_MAINTENANCE_H */

/*-------------------------------------------------------------------------
 *
 * demand.h
 *		Which databases have olap tables that were written to.
 *
 * Maintenance in the background (worker/maintenance.c) looks into a database
 * only after something was committed there, so an idle server does nothing.
 * This is the note that sessions leave for it in shared memory.  Losing a note
 * costs nothing but time: all databases are visited in rounds.
 *
 * src/table/demand.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TABLE_DEMAND_H
#define OLAP_TABLE_DEMAND_H

/* The current transaction wrote to an olap table; counts when it commits. */
extern void olap_demand_note(void);

/* A database with notes, which are taken away; InvalidOid: none. */
extern Oid	olap_demand_take(void);

/* Put a note there again, or for the first time. */
extern void olap_demand_add(Oid database);

/* Ask for the shared memory; called by _PG_init. */
extern void olap_demand_init(void);

#endif							/* OLAP_TABLE_DEMAND_H */

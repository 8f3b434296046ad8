/*-------------------------------------------------------------------------
 *
 * ddl.h
 *		Options of olap tables in CREATE and ALTER statements.
 *
 * src/table/ddl.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DDL_H
#define OLAP_DDL_H

#include "utils/relcache.h"

/* Install the utility and object access hooks; called by _PG_init. */
extern void olap_ddl_init(void);

/* Is this a table, materialized view or partition of ours? */
extern bool olap_is_table(Relation rel);

/* OID of the access method, InvalidOid if the extension is not there. */
extern Oid	olap_am_oid(void);

#endif							/* OLAP_DDL_H */

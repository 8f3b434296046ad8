/*-------------------------------------------------------------------------
 *
 * ddl.h
 *		What olap tables need of DDL statements: options and refusals.
 *
 * src/table/ddl.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DDL_H
#define OLAP_DDL_H

/* OID of the access method "olap"; InvalidOid without the extension. */
extern Oid	olap_am_oid(void);

/* Install the utility and object access hooks; called by _PG_init. */
extern void olap_ddl_init(void);

#endif							/* OLAP_DDL_H */

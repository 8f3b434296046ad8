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

/*
 * Is the running ALTER TABLE about to give this olap table another access method?
 * Then it needs a toast table before its rows are copied: core makes one for the
 * copy only where the table has one.
 */
extern bool olap_ddl_leaves_olap(Oid relid);

/* Install the utility and object access hooks; called by _PG_init. */
extern void olap_ddl_init(void);

#endif							/* OLAP_DDL_H */

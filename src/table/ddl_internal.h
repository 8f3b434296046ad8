/*-------------------------------------------------------------------------
 *
 * ddl_internal.h
 *		What the files of DDL share.
 *
 * src/table/ddl_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DDL_INTERNAL_H
#define OLAP_DDL_INTERNAL_H

#include "nodes/parsenodes.h"

/* ddl.c: the access method of a relation; InvalidOid if it is not there */
extern Oid	olap_ddl_relation_am(Oid relid);
extern bool olap_ddl_is_olap(Oid relid);

/* A relation has been made: give it the options of the running statement. */
extern void olap_ddl_store_created(Oid relid);

/* ddl_options.c: check those of core in a list that may have ours too */
extern void olap_ddl_check_options(List *options, char relkind);

/* Merge options into (or take them out of) those of a table, check, store. */
extern void olap_ddl_change_options(Oid relid, List *options, bool reset);

/* The table is about to be no olap table any more. */
extern void olap_ddl_drop_options(Oid relid);

/* Change the options of relid for a column that has newname now (or is gone). */
extern void olap_ddl_follow_column(Oid relid, AttrNumber attno,
								   const char *newname);

/* ddl_access.c: a table with indexes is about to become an olap table */
extern void olap_ddl_check_indexes(Oid relid);
extern void olap_ddl_access_init(void);

/*
 * ddl_publication.c: refuse or warn where a CREATE or ALTER PUBLICATION would have
 * olap tables; of other statements nothing is asked
 */
extern void olap_ddl_check_publication(Node *stmt);
/* A table is about to become an olap table: is it published? */
extern void olap_ddl_check_published(Oid relid);

#endif							/* OLAP_DDL_INTERNAL_H */

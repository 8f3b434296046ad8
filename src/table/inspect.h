/*-------------------------------------------------------------------------
 *
 * inspect.h
 *		What the functions that look into a table's storage share.
 *
 * src/table/inspect.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_INSPECT_H
#define OLAP_INSPECT_H

#include "nodes/pg_list.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "segment/directory.h"

/*
 * Open an olap table for inspection, AccessShareLock held until the end of the
 * transaction; rows this backend holds back are written first.
 * Errors: WRONG_OBJECT_TYPE, INSUFFICIENT_PRIVILEGE (SELECT is needed),
 * FEATURE_NOT_SUPPORTED for temporary tables of other sessions, and on a standby for
 * what is not permanent.
 */
extern Relation olap_inspect_open(Oid relid);

/*
 * The same without waiting: NULL if somebody has the table locked, or it does not
 * exist any more, and for an unlogged table on a standby.
 */
extern Relation olap_inspect_try_open(Oid relid);

/*
 * Open a relation with AccessShareLock, whoever's it is; NULL at once if somebody
 * holds a lock that conflicts, or it does not exist any more.
 */
extern Relation olap_open_if_free(Oid relid);

/* Does row security keep the user from values of the table? */
extern bool olap_inspect_hidden(Oid relid);

/*
 * A bound of zone as the column's output function shows it, palloc'd; NULL if
 * unknown.  type may come from the disk.
 */
extern char *olap_inspect_bound(const OlapZone *zone, const OlapColumnType *type,
								bool max);

/* Column i of a result: a text, null for NULL. */
extern void olap_inspect_put_text(Datum *values, bool *nulls, int i,
								  const char *text);

/*
 * Is a row in two places that the snapshot sees?  NULL if none is, else a
 * description of the first, palloc'd, and the entry of one of the places.
 */
extern char *olap_verify_rows(Relation rel, const OlapDirList *list,
							  Snapshot snapshot, uint32 *id);

/* What is wrong; id: the entry, 0 if it is none's. */
typedef struct OlapFault
{
	uint32		id;
	const char *fault;
	char	   *detail;
} OlapFault;

extern OlapFault *olap_fault(uint32 id, const char *fault, char *detail);

/*
 * Is every block in one hand: metapage, directory, zone pages, a place, the range
 * log (which is verified by the way), or free?  List of OlapFault.
 * Errors: ERRCODE_DATA_CORRUPTED.
 */
extern List *olap_verify_space(Relation rel);

/*
 * Has the index, if it is valid, an entry for every row that the snapshot (an
 * MVCC one, taken before) sees, and none for row numbers that were never handed
 * out?  List of OlapFault.  Takes maintenance_work_mem; a NOTICE if the access
 * method cannot be asked.
 * Errors: ERRCODE_INDEX_CORRUPTED, those of reading table and index, and those
 * of the functions in its expressions.
 */
extern List *olap_verify_index(Relation rel, Oid indexid, Snapshot snapshot);

#endif							/* OLAP_INSPECT_H */

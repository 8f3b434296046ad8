/*-------------------------------------------------------------------------
 *
 * scan_internal.h
 *		What the table access method knows of a scan beyond scan.h.
 *
 * src/table/scan_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TABLE_SCAN_INTERNAL_H
#define OLAP_TABLE_SCAN_INTERNAL_H

#include "access/sdir.h"
#include "access/tupdesc.h"

#include "segment/visibility.h"
#include "table/batch.h"
#include "table/scan.h"

/*
 * olap_scan_begin() with a descriptor: the one that the file's rows were
 * written under, which differs from the relation's while ALTER TABLE rewrites.
 */
extern OlapTableScan *olap_scan_begin_desc(Relation rel, TupleDesc desc,
										   Snapshot snapshot,
										   const bool *needed,
										   const OlapZoneQual *quals,
										   int nquals,
										   OlapScanShared *shared);

/*
 * Is a delta row inserted by (xmin, cmin) there for snapshot? As olap_xid_visible(),
 * but SnapshotAny has no rows of aborted transactions; and tells SERIALIZABLE about
 * rows that are not.
 */
extern bool olap_row_visible(Relation rel, TransactionId xmin, CommandId cmin,
							 Snapshot snapshot);
extern bool olap_place_visible(Relation rel, const OlapDirEntry *entry,
							   const OlapView *view);

#endif							/* OLAP_TABLE_SCAN_INTERNAL_H */

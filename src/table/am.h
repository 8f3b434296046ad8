/*-------------------------------------------------------------------------
 *
 * am.h
 *		The callbacks of the table access method, one file a subject.
 *
 * handler.c puts them into the routine that the server calls.
 *
 * src/table/am.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TABLE_AM_H
#define OLAP_TABLE_AM_H

#include "access/tableam.h"

#include "base/compat.h"
#include "table/fetch.h"
#include "table/scan.h"

/* What a scan of the server's kind is made of. */
typedef struct OlapScanDesc
{
	TableScanDescData base;
	MemoryContext cxt;
	OlapTableScan *scan;		/* begun with the first row: see handler.c */
	OlapBatch  *batch;			/* where the scan stands; NULL: between batches */
	int32		row;
	struct OlapSample *sample;	/* ANALYZE and TABLESAMPLE */
} OlapScanDesc;

typedef struct OlapParallelScanDesc
{
	ParallelTableScanDescData base;
	OlapScanShared shared;
} OlapParallelScanDesc;

/* handler.c: the batches of a scan, begun with this snapshot if need be */
extern OlapTableScan *olap_am_scan(OlapScanDesc *scan, TupleDesc desc,
								   Snapshot snapshot);

/* modify.c */
extern TM_Result olap_tuple_delete(Relation rel, ItemPointer tid, CommandId cid,
								   Snapshot snapshot, Snapshot crosscheck,
								   bool wait, TM_FailureData *tmfd,
								   bool changing_partition);
extern TM_Result olap_tuple_update(Relation rel, ItemPointer otid,
								   TupleTableSlot *slot, CommandId cid,
								   Snapshot snapshot, Snapshot crosscheck,
								   bool wait, TM_FailureData *tmfd,
								   LockTupleMode *lockmode,
								   TU_UpdateIndexes *update_indexes);
extern TM_Result olap_tuple_lock(Relation rel, ItemPointer tid,
								 Snapshot snapshot, TupleTableSlot *slot,
								 CommandId cid, LockTupleMode mode,
								 LockWaitPolicy wait_policy, uint8 flags,
								 TM_FailureData *tmfd);
extern void olap_tuple_get_latest_tid(TableScanDesc scan, ItemPointer tid);

/* storage.c */
extern void olap_relation_set_new_filelocator(Relation rel,
											  const RelFileLocator *locator,
											  char persistence,
											  TransactionId *freezeXid,
											  MultiXactId *minmulti);
extern void olap_relation_truncate(Relation rel);
extern void olap_relation_copy_data(Relation rel, const RelFileLocator *locator);
extern void olap_relation_estimate_size(Relation rel, int32 *attr_widths,
										BlockNumber *pages, double *tuples,
										double *allvisfrac);

/* cluster.c */
extern void olap_relation_copy_for_cluster(Relation old_rel, Relation new_rel,
										   Relation index, bool use_sort,
										   TransactionId oldest_xmin,
										   TransactionId *xid_cutoff,
										   MultiXactId *multi_cutoff,
										   double *num_tuples,
										   double *tups_vacuumed,
										   double *tups_recently_dead);

/* vacuum.c */
extern void olap_relation_vacuum(Relation rel, VacuumParams *params,
								 BufferAccessStrategy strategy);

/* sample.c */
extern bool olap_scan_analyze_next_block(OLAP_ANALYZE_BLOCK_ARGS);
extern bool olap_scan_analyze_next_tuple(TableScanDesc scan,
										 TransactionId oldest_xmin,
										 double *liverows, double *deadrows,
										 TupleTableSlot *slot);
extern bool olap_scan_sample_next_block(TableScanDesc scan,
										struct SampleScanState *state);
extern bool olap_scan_sample_next_tuple(TableScanDesc scan,
										struct SampleScanState *state,
										TupleTableSlot *slot);
extern void olap_sample_end(OlapScanDesc *scan);

/* indexing.c */
extern double olap_index_build_range_scan(Relation rel, Relation index,
										  struct IndexInfo *info,
										  bool allow_sync, bool anyvisible,
										  bool progress,
										  BlockNumber start_block,
										  BlockNumber nblocks,
										  IndexBuildCallback callback,
										  void *callback_state,
										  TableScanDesc scan);
extern void olap_index_validate_scan(Relation rel, Relation index,
									 struct IndexInfo *info, Snapshot snapshot,
									 struct ValidateIndexState *state);
extern TransactionId olap_index_delete_tuples(Relation rel,
											  TM_IndexDeleteOp *delstate);

/* Callbacks of transactions and caches; called by _PG_init. */
extern void olap_table_init(void);

#endif							/* OLAP_TABLE_AM_H */

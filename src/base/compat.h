/*-------------------------------------------------------------------------
 *
 * compat.h
 *		One API over PostgreSQL 15 to 18: old servers get the newest signature.
 *
 * The only place, with compat.c and compat_planner.h, that tests PG_VERSION_NUM. Where a server's
 * function changed, the newest form is offered here under the server's name; so
 * the rest of the source reads as if written for the newest release. The commit
 * that changed upstream is named where it helps to find the reason.
 *
 * src/base/compat.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_BASE_COMPAT_H
#define OLAP_BASE_COMPAT_H

#include "access/reloptions.h"
#include "access/relscan.h"
#include "access/transam.h"
#include "miscadmin.h"
#include "commands/explain.h"
#include "commands/vacuum.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/rel.h"

#if PG_VERSION_NUM < 150000
#error "olap needs PostgreSQL 15 or newer"
#endif

/* Headers that were split off; older servers declare the same names above. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif

/* May a subtransaction begin while workers run?  From 17 on (0075d78947e). */
#define OLAP_PARALLEL_SUBTRANSACTIONS (PG_VERSION_NUM >= 170000)

/*
 * Relation files: RelFileNode became RelFileLocator in 16 (b0a55e43299).
 */
#if PG_VERSION_NUM < 160000
#include "storage/relfilenode.h"

typedef Oid RelFileNumber;

#define RelFileLocator RelFileNode
#define RelFileLocatorEquals(a, b) RelFileNodeEquals(a, b)
#define InvalidRelFileNumber InvalidOid
#define RelFileNumberIsValid(n) OidIsValid(n)
#define rd_locator rd_node
#define spcOid spcNode
#define dbOid dbNode
#define relNumber relNode
#define relation_set_new_filelocator relation_set_new_filenode
#endif

/*
 * Backends: BackendId became ProcNumber in 17 (024c5211173).
 */
#if PG_VERSION_NUM < 170000
typedef BackendId ProcNumber;

#define INVALID_PROC_NUMBER InvalidBackendId
#define MyProcNumber MyBackendId
#define AmBackgroundWorkerProcess() IsBackgroundWorker
#define AmAutoVacuumWorkerProcess() IsAutoVacuumWorkerProcess()
#endif

/*
 * tuple_update's index hint became an enumeration in 16 (19d8e2308bc).
 */
#if PG_VERSION_NUM < 160000
typedef bool TU_UpdateIndexes;

#define TU_None false
#define TU_All true
#define TU_Summarizing true
#endif

/*
 * The namespaces of reloptions are constants from 18 on.
 */
#if PG_VERSION_NUM < 180000
#define transformRelOptions(old, list, namspace, validnsps, oids_off, reset) \
	transformRelOptions(old, list, namspace, (char **) (validnsps), oids_off, \
						reset)
#endif

/*
 * Typed list iteration came with 17 (14dd0f27d7c).
 */
#if PG_VERSION_NUM < 170000
#define foreach_ptr(type, var, lst) foreach_internal(type, *, var, lst, lfirst)
#define foreach_int(var, lst) foreach_internal(int, , var, lst, lfirst_int)
#define foreach_oid(var, lst) foreach_internal(Oid, , var, lst, lfirst_oid)
#define foreach_node(type, var, lst) foreach_internal(type, *, var, lst, lfirst)
#define foreach_internal(type, pointer, var, lst, func) \
	for (type pointer var = 0, pointer var##__outerloop = (type pointer) 1; \
		 var##__outerloop; \
		 var##__outerloop = 0) \
		for (ForEachState var##__state = {(lst), 0}; \
			 (var##__state.l != NIL && \
			  var##__state.i < var##__state.l->length && \
			  (var = (type pointer) func(&var##__state.l->elements[var##__state.i]), true)); \
			 var##__state.i++)
#endif

/*
 * Functions that do not return: the attribute moved to the front in 18.
 */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/*
 * Growing a relation by several blocks at once came with 16 (31966b151e6).
 * Before, blocks are added one by one under the extension lock, which costs
 * about a third more time a page.
 */
#if PG_VERSION_NUM < 160000
typedef struct BufferManagerRelation
{
	Relation	rel;
} BufferManagerRelation;

#define BMR_REL(p_rel) ((BufferManagerRelation) {.rel = p_rel})
#define EB_SKIP_EXTENSION_LOCK (1 << 0)
#define EB_LOCK_FIRST (1 << 3)

extern BlockNumber ExtendBufferedRelBy(BufferManagerRelation bmr,
									   ForkNumber fork,
									   BufferAccessStrategy strategy,
									   uint32 flags, uint32 extend_by,
									   Buffer *buffers, uint32 *extended_by);
#endif

/* Generated columns that are not stored came with 18 (83ea6c54025). */
#if PG_VERSION_NUM < 180000
#define ATTRIBUTE_GENERATED_VIRTUAL 'v'
#endif

/*
 * Statistics of a vacuumed table: 18 counts all-frozen pages (99f8f3fbbc8).
 */
#if PG_VERSION_NUM < 180000
static inline void
olap_vac_update_relstats(Relation relation, BlockNumber num_pages,
						 double num_tuples,
						 BlockNumber num_all_visible_pages,
						 BlockNumber num_all_frozen_pages,
						 bool hasindex, TransactionId frozenxid,
						 MultiXactId minmulti, bool *frozenxid_updated,
						 bool *minmulti_updated, bool in_outer_xact)
{
	vac_update_relstats(relation, num_pages, num_tuples, num_all_visible_pages,
						hasindex, frozenxid, minmulti, frozenxid_updated,
						minmulti_updated, in_outer_xact);
}

#define vac_update_relstats olap_vac_update_relstats
#endif

/*
 * Cumulative statistics: 18 passes the start time along (30a6ed0ce4b).
 */
#if PG_VERSION_NUM < 180000
static inline void
olap_pgstat_report_vacuum(Oid tableoid, bool shared, PgStat_Counter livetuples,
						  PgStat_Counter deadtuples, TimestampTz starttime)
{
	pgstat_report_vacuum(tableoid, shared, livetuples, deadtuples);
}

#define pgstat_report_vacuum olap_pgstat_report_vacuum
#endif

/*
 * ANALYZE's choice of blocks: 15 and 16 hand over a block number, 17 a stream
 * of pinned buffers (041b96802ef). The callback is written once:
 *
 *		static bool
 *		scan_analyze_next_block(OLAP_ANALYZE_BLOCK_ARGS)
 *		{
 *			BlockNumber block;
 *
 *			if (!olap_analyze_block(OLAP_ANALYZE_BLOCK_PASS, &block, &buffer))
 *				return false;	buffer is pinned, or Invalid
 *			...
 */
#if PG_VERSION_NUM >= 170000
#include "storage/read_stream.h"

#define OLAP_ANALYZE_BLOCK_ARGS TableScanDesc scan, ReadStream *stream
#define OLAP_ANALYZE_BLOCK_PASS scan, stream

static inline bool
olap_analyze_block(OLAP_ANALYZE_BLOCK_ARGS, BlockNumber *block,
				   Buffer *buffer)
{
	*buffer = read_stream_next_buffer(stream, NULL);
	if (!BufferIsValid(*buffer))
		return false;
	*block = BufferGetBlockNumber(*buffer);
	return true;
}
#else
#define OLAP_ANALYZE_BLOCK_ARGS \
	TableScanDesc scan, BlockNumber blockno, BufferAccessStrategy bstrategy
#define OLAP_ANALYZE_BLOCK_PASS scan, blockno, bstrategy

static inline bool
olap_analyze_block(OLAP_ANALYZE_BLOCK_ARGS, BlockNumber *block,
				   Buffer *buffer)
{
	*buffer = InvalidBuffer;
	*block = blockno;
	return true;
}
#endif

/*
 * Ownership checks became generic in 16 (afbfc02983f).
 */
#if PG_VERSION_NUM < 160000
#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "utils/acl.h"

#define object_ownercheck(class_id, object_id, role) \
	((class_id) == DatabaseRelationId ? \
	 pg_database_ownercheck(object_id, role) : \
	 pg_class_ownercheck(object_id, role))
#endif

/*
 * Who may maintain a table (VACUUM, CLUSTER, compaction): its owner, and since
 * 17 (ecb0fd33720) whoever has MAINTAIN.
 */
#include "utils/acl.h"
static inline bool
olap_may_maintain(Oid relid)
{
#if PG_VERSION_NUM >= 170000
	return pg_class_aclcheck(relid, GetUserId(), ACL_MAINTAIN) == ACLCHECK_OK;
#else
	return object_ownercheck(RelationRelationId, relid, GetUserId());
#endif
}

/*
 * Has the current user CREATEDB? The server's have_createdb_privilege can be
 * called in the latest minor releases only, and a library built against these
 * must load into older ones.
 */
extern bool olap_has_createdb_privilege(void);

/*
 * Slots: 17 asks whether the current transaction inserted the row (0997e0af273), 18
 * lets copies of minimal tuples have room in front (4d143509cbf).
 */
#if PG_VERSION_NUM >= 170000
#define OLAP_SLOT_IS_CURRENT_XACT(function) .is_current_xact_tuple = function,
#else
#define OLAP_SLOT_IS_CURRENT_XACT(function)
#endif
#if PG_VERSION_NUM >= 180000
#define OLAP_COPY_MINIMAL_ARGS TupleTableSlot *slot, Size extra
#define OLAP_COPY_MINIMAL_PASS slot, extra
#else
#define OLAP_COPY_MINIMAL_ARGS TupleTableSlot *slot
#define OLAP_COPY_MINIMAL_PASS slot
#endif

/*
 * Parallel scans name their relation by its file in 18, by its OID before.
 */
static inline void
olap_parallel_scan_set_relation(ParallelTableScanDesc pscan, Relation rel)
{
#if PG_VERSION_NUM >= 180000
	pscan->phs_locator = rel->rd_locator;
#else
	pscan->phs_relid = RelationGetRelid(rel);
#endif
	pscan->phs_syncscan = false;
}

/*
 * Cutoffs of VACUUM: 16 put them into one struct (4ce3afb82ec).
 */
#if PG_VERSION_NUM < 160000
struct VacuumCutoffs
{
	TransactionId OldestXmin;
	MultiXactId OldestMxact;
	TransactionId FreezeLimit;
	MultiXactId MultiXactCutoff;
};

static inline bool
vacuum_get_cutoffs(Relation rel, const VacuumParams *params,
				   struct VacuumCutoffs *cutoffs)
{
	return vacuum_set_xid_limits(rel, params->freeze_min_age,
								 params->freeze_table_age,
								 params->multixact_freeze_min_age,
								 params->multixact_freeze_table_age,
								 &cutoffs->OldestXmin, &cutoffs->OldestMxact,
								 &cutoffs->FreezeLimit,
								 &cutoffs->MultiXactCutoff);
}
#endif

/*
 * The server's cutoffs, but never in front of what a snapshot needs; and the
 * oldest such xid, if oldest_xmin is what VACUUM FULL was told.
 */
extern void olap_vacuum_cutoffs(Relation rel, const VacuumParams *params,
								struct VacuumCutoffs *cutoffs);
extern TransactionId olap_oldest_needed(Relation rel, TransactionId oldest_xmin);

/*
 * The oldest transaction that the commit log knows. Read without its lock: what was
 * true a moment ago, which is older if anything. The variable was renamed in 17
 * (b31ba5310b5).
 */
static inline TransactionId
olap_oldest_logged_xid(void)
{
#if PG_VERSION_NUM >= 170000
	return TransamVariables->oldestClogXid;
#else
	return ShmemVariableCache->oldestClogXid;
#endif
}

#if PG_VERSION_NUM < 180000
#define vacuum_delay_point(is_analyze) vacuum_delay_point()
#endif

/*
 * The next datum of a sort: 16 asks whether to copy the datum
 * (d2b4b4c2259).
 */
#if PG_VERSION_NUM < 160000
#define tuplesort_getdatum(state, forward, copy, val, isnull, abbrev) \
	tuplesort_getdatum(state, forward, val, isnull, abbrev)
#endif

/*
 * Log that transactions up to horizon are forgotten: standbys cancel the
 * snapshots that still take one of them for running. Nothing else happens at
 * replay. No-op for relations without WAL.
 */
extern void olap_log_conflict(Relation rel, TransactionId horizon);
extern void olap_log_conflict_full(Relation rel, FullTransactionId horizon);

/* The full id of a transaction id that is less than 2^31 back, or the next one. */
extern FullTransactionId olap_full_xid_of(TransactionId xid);

/*
 * Index scans: 18 counts searches per scan (0fbceae841c).
 */
#if PG_VERSION_NUM >= 180000
#define olap_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0)
#else
#define olap_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, nkeys, 0)
#endif

/*
 * Functions of indexes that run as the table's owner find what they name in
 * pg_catalog alone, not where the caller says: 17 (2af07e2f749).  The caller
 * opens and closes a GUC nest level.
 */
#include "utils/guc.h"
#if PG_VERSION_NUM < 170000
static inline void
RestrictSearchPath(void)
{
	set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
					  PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}
#endif

/*
 * The same for functions that others than the owner may have called by maintaining a table,
 * which 17 has the privilege MAINTAIN for; before, only the owner and superusers may.
 */
static inline void
olap_restrict_search_path(void)
{
#if PG_VERSION_NUM >= 170000
	RestrictSearchPath();
#endif
}

/*
 * As whom a scanned table is checked: 16 moved it out of the range table entry
 * (a61b1f74823).
 */
#if PG_VERSION_NUM >= 160000
#include "executor/executor.h"
#include "parser/parse_relation.h"

static inline Oid
olap_rte_check_as_user(EState *estate, RangeTblEntry *rte)
{
	RTEPermissionInfo *perm = rte->perminfoindex == 0 ? NULL :
		getRTEPermissionInfo(estate->es_rteperminfos, rte);

	return perm != NULL && OidIsValid(perm->checkAsUser) ? perm->checkAsUser :
		GetUserId();
}
#else
static inline Oid
olap_rte_check_as_user(EState *estate, RangeTblEntry *rte)
{
	return OidIsValid(rte->checkAsUser) ? rte->checkAsUser : GetUserId();
}
#endif

/*
 * Records of the server's generic resource manager, made without comparing
 * pages.  A block's data is a list of fragments: offset and length (2 bytes
 * each) and the new bytes (generic_xlog.c).  olap_generic_fragment() appends
 * one and returns its size; olap_generic_insert() logs the list for a buffer
 * that is locked, changed and marked dirty, and sets its LSN.
 */
#define OLAP_GENERIC_FRAGMENT 4
extern int	olap_generic_fragment(char *delta, Page page, uint16 offset,
								  uint16 len);
/*
 * What the buffer manager does when it looks up a page and ReadRecentBuffer() does
 * not: raise the usage count of a pinned shared buffer.
 */
extern void olap_buffer_used(Buffer buffer);
/* A hint that a shared buffer will be pinned. */
extern void olap_buffer_prefetch(Buffer buffer);

extern void olap_generic_insert(Buffer buffer, char *delta, int len);

/* Rows that a scan returned, all at once; 16 renamed the counters. */
#if PG_VERSION_NUM >= 160000
#define olap_pgstat_count_rows(rel, n) \
	do { \
		if (pgstat_should_count_relation(rel)) \
			(rel)->pgstat_info->counts.tuples_returned += (n); \
	} while (0)
#else
#define olap_pgstat_count_rows(rel, n) \
	do { \
		if (pgstat_should_count_relation(rel)) \
			(rel)->pgstat_info->t_counts.t_tuples_returned += (n); \
	} while (0)
#endif

/* 16: whether an update went to a new page; 18: whether to log a failure. */
#if PG_VERSION_NUM < 160000
#define pgstat_count_heap_update(rel, hot, newpage) \
	(pgstat_count_heap_update)(rel, hot)
#endif
#if PG_VERSION_NUM < 180000
#define ConditionalLockTuple(rel, tid, mode, log) \
	(ConditionalLockTuple)(rel, tid, mode)
#define ConditionalXactLockTableWait(xid, log) \
	(ConditionalXactLockTableWait)(xid)
#endif

/* 16: what was wrong with a date, for its error. */
#if PG_VERSION_NUM < 160000
typedef int DateTimeErrorExtra;

#define DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tzp, extra) \
	((void) (extra), (DecodeDateTime)(field, ftype, nf, dtype, tm, fsec, tzp))
#endif

/* Subplans of an Append that parameters leave; 18 asks for their relations too. */
#if PG_VERSION_NUM >= 180000
#define olap_find_matching_subplans(prune) \
	ExecFindMatchingSubPlans(prune, false, NULL)
#else
#define olap_find_matching_subplans(prune) \
	ExecFindMatchingSubPlans(prune, false)
#endif

#endif							/* OLAP_BASE_COMPAT_H */

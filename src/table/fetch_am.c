/*-------------------------------------------------------------------------
 *
 * fetch_am.c
 *		Fetches for the server: those of index scans, and one that callers without
 *		a handle share.
 *
 * src/table/fetch_am.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relscan.h"
#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "utils/inval.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "table/fetch.h"
#include "table/writer.h"

/* ---- the backend's own fetch ---- */

static OlapFetch *shared_fetch = NULL;
static Relation shared_rel = NULL;	/* only compared */
static Oid	shared_relid = InvalidOid;
static RelFileLocator shared_locator;

static SubTransactionId shared_subid = InvalidSubTransactionId;

/* The relation changed: columns, or where its relcache entry is. */
static bool shared_stale = false;

OlapFetch *
olap_fetch_shared(Relation rel)
{
	if (shared_fetch != NULL &&
		(shared_stale || shared_relid != RelationGetRelid(rel) ||
		 shared_subid != GetCurrentSubTransactionId() ||
		 shared_rel != rel ||
		 !RelFileLocatorEquals(shared_locator, rel->rd_locator)))
		olap_fetch_forget();
	if (shared_fetch == NULL)
	{
		shared_stale = false;
		shared_fetch = olap_fetch_create(rel, CurTransactionContext);
		shared_rel = rel;
		shared_relid = RelationGetRelid(rel);
		shared_locator = rel->rd_locator;
		shared_subid = GetCurrentSubTransactionId();
	}
	return shared_fetch;
}

void
olap_fetch_forget(void)
{
	OlapFetch  *fetch = shared_fetch;

	shared_fetch = NULL;
	if (fetch != NULL)
		olap_fetch_free(fetch);
}

/* Its memory goes with the (sub)transaction. */
static void
at_xact_end(XactEvent event, void *arg)
{
	shared_fetch = NULL;
}

static void
at_subxact_end(SubXactEvent event, SubTransactionId subid,
			   SubTransactionId parent, void *arg)
{
	if (subid != shared_subid)
		return;

	/* memory of a committed subtransaction would stay until the end */
	if (event == SUBXACT_EVENT_PRE_COMMIT_SUB)
		olap_fetch_forget();
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		shared_fetch = NULL;
}

static void
at_relcache_change(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == shared_relid)
		shared_stale = true;
}

void
olap_fetch_init(void)
{
	CacheRegisterRelcacheCallback(at_relcache_change, (Datum) 0);
	RegisterXactCallback(at_xact_end, NULL);
	RegisterSubXactCallback(at_subxact_end, NULL);
}

/* ---- callbacks ---- */

typedef struct OlapIndexFetch
{
	IndexFetchTableData base;
	OlapFetch  *fetch;
} OlapIndexFetch;

IndexFetchTableData *
olap_index_fetch_begin(Relation rel)
{
	OlapIndexFetch *index = palloc0(sizeof(OlapIndexFetch));

	olap_writer_flush(rel);
	index->base.rel = rel;
	index->fetch = olap_fetch_create(rel, CurrentMemoryContext);
	olap_fetch_one_snapshot(index->fetch);
	return &index->base;
}

/* What is open stays open: the next lookup is probably close by. */
void
olap_index_fetch_reset(IndexFetchTableData *data)
{
}

void
olap_index_fetch_end(IndexFetchTableData *data)
{
	olap_fetch_free(((OlapIndexFetch *) data)->fetch);
	pfree(data);
}

/*
 * An index entry is marked dead without WAL: that must not reach the disk before
 * the deleter's commit, or a crash would bring the row back but not its entry.
 */
static bool
deleter_is_safe(Relation rel, TransactionId deleter)
{
	return !TransactionIdIsValid(deleter) ||
		rel->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT ||
		!XLogNeedsFlush(TransactionIdGetCommitLSN(deleter));
}

bool
olap_index_fetch_tuple(IndexFetchTableData *data, ItemPointer tid,
					   Snapshot snapshot, TupleTableSlot *slot,
					   bool *call_again, bool *all_dead)
{
	OlapFetch  *fetch = ((OlapIndexFetch *) data)->fetch;
	bool		found = olap_fetch_row(fetch, tid, snapshot, slot);
	TransactionId deleter;

	*call_again = false;
	if (all_dead != NULL)
		*all_dead = !found && !RecoveryInProgress() &&
			olap_fetch_dead(fetch, data->rel, tid, &deleter) &&
			deleter_is_safe(data->rel, deleter);
	return found;
}

bool
olap_tuple_fetch_row_version(Relation rel, ItemPointer tid, Snapshot snapshot,
							 TupleTableSlot *slot)
{
	if (!olap_fetch_row(olap_fetch_shared(rel), tid, snapshot, slot))
		return false;

	/* the fetch is used by others before the slot is read */
	ExecMaterializeSlot(slot);
	return true;
}

/*-------------------------------------------------------------------------
 *
 * reclaim.c
 *		Give the space of places back that nobody needs any more.
 *
 * src/table/reclaim.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/storage.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "delta/rangelog.h"
#include "segment/freespace.h"
#include "segment/segment.h"
#include "table/reclaim.h"

/* The tail is cut off if it has so many blocks or is such a part of the file. */
#define TAIL_BLOCKS 1000
#define TAIL_FRACTION 16
/* How long, and how often, to try for the lock. */
#define TAIL_WAIT_MS 5000
#define TAIL_RETRY_MS 50

/* ---- burying ---- */

TransactionId
olap_reclaim_settle(Relation rel, const OlapMeta *meta, TransactionId newest)
{
	if (!TransactionIdIsValid(newest) ||
		(TransactionIdIsNormal(meta->settled) &&
		 TransactionIdFollowsOrEquals(meta->settled, newest)))
		return meta->settled;
	olap_meta_settle(rel, newest);
	return newest;
}

static bool
is_over(TransactionId xid)
{
	return TransactionIdIsNormal(xid) && !TransactionIdIsInProgress(xid);
}

/*
 * May the place be buried without looking at indexes?  *newest: the newest xid
 * that is forgotten with it.
 */
static bool
nobody_needs(const OlapDirEntry *entry, TransactionId horizon, bool has_index,
			 TransactionId *newest)
{
	if ((entry->flags & OLAP_ENTRY_DEAD) != 0)
		return is_over(entry->xmin) && !has_index;	/* its inserter gave it up */
	if (is_over(entry->xmax) && TransactionIdDidCommit(entry->xmax))
	{
		bool		moved = (entry->flags & OLAP_ENTRY_MOVED) != 0 &&
			entry->kind == OLAP_ENTRY_SEGMENT;

		/* a delta run has rows of aborted transactions, which did not move */
		if (!TransactionIdPrecedes(entry->xmax, horizon) || (has_index && !moved))
			return false;
		if (!TransactionIdIsValid(*newest) ||
			TransactionIdFollows(entry->xmax, *newest))
			*newest = entry->xmax;
		return true;
	}
	/* the rows of an aborted compaction are where they were */
	return entry->kind == OLAP_ENTRY_SEGMENT && is_over(entry->xmin) &&
		!TransactionIdDidCommit(entry->xmin) &&
		(!has_index || (entry->flags & OLAP_ENTRY_OUTPUT) != 0);
}

static void
bury_places(Relation rel, TransactionId horizon)
{
	List	   *indexes = RelationGetIndexList(rel);
	TransactionId newest = InvalidTransactionId;
	OlapMeta	meta;
	OlapDirList list;
	int		   *index;
	int			n = 0;

	if (!olap_meta_read(rel, &meta))
		return;
	olap_directory_read(rel, &list);
	index = palloc_extended(Max(list.n, 1) * sizeof(int), MCXT_ALLOC_HUGE);
	for (int i = 0; i < list.n; i++)
		if (nobody_needs(&list.entries[i], horizon, indexes != NIL, &newest))
			index[n++] = i;
	list_free(indexes);
	if (TransactionIdIsValid(newest))
		olap_log_conflict(rel, newest);
	(void) olap_reclaim_settle(rel, &meta, newest);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		olap_directory_bury(rel, &list.refs[index[i]],
							list.entries[index[i]].id);
	}
}

/* ---- stamping and freeing ---- */

static bool
is_buried(const OlapDirEntry *entry)
{
	return (entry->flags & OLAP_ENTRY_DEAD) != 0 &&
		!TransactionIdIsValid(entry->xmin);
}

static FullTransactionId
stamp_of(const OlapDirEntry *entry)
{
	return FullTransactionIdFromU64((uint64) entry->time_min);
}

static void
stamp_places(Relation rel, OlapDirList *list)
{
	FullTransactionId next = ReadNextFullTransactionId();

	for (int i = 0; i < list->n; i++)
	{
		OlapDirEntry *entry = &list->entries[i];

		if (!is_buried(entry) || FullTransactionIdIsNormal(stamp_of(entry)))
			continue;
		CHECK_FOR_INTERRUPTS();
		entry->time_min = (int64) U64FromFullTransactionId(next);
		olap_directory_update(rel, &list->refs[i], entry);
	}
}

static bool
is_free(const OlapDirEntry *entry, FullTransactionId horizon)
{
	return is_buried(entry) && FullTransactionIdIsNormal(stamp_of(entry)) &&
		FullTransactionIdPrecedes(stamp_of(entry), horizon);
}

static void
free_places(Relation rel, OlapDirList *list, TransactionId horizon)
{
	FullTransactionId full = olap_full_xid_of(horizon);
	FullTransactionId newest = InvalidFullTransactionId;

	for (int i = 0; i < list->n; i++)
		if (is_free(&list->entries[i], full) &&
			FullTransactionIdFollows(stamp_of(&list->entries[i]), newest))
			newest = stamp_of(&list->entries[i]);
	if (!FullTransactionIdIsValid(newest))
		return;
	olap_log_conflict_full(rel, newest);
	for (int i = 0; i < list->n; i++)
	{
		if (!is_free(&list->entries[i], full))
			continue;
		CHECK_FOR_INTERRUPTS();
		olap_directory_free(rel, &list->refs[i], list->entries[i].id);
	}
}

void
olap_reclaim_buried(Relation rel, TransactionId horizon)
{
	OlapDirList list;

	olap_directory_read(rel, &list);
	stamp_places(rel, &list);
	free_places(rel, &list, horizon);
	olap_free_gather(rel);
}

void
olap_reclaim(Relation rel)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "olap reclaim",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	TransactionId horizon = GetOldestNonRemovableTransactionId(rel);

	bury_places(rel, horizon);
	olap_reclaim_buried(rel, horizon);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

/* ---- the range log ---- */

/* Ranges of row numbers that some place has rows of. */
typedef struct Covered
{
	uint64		nranges;		/* handed out, the last one in part */
	uint64	   *bits;
} Covered;

static void
cover(Covered *covered, uint64 first_vblock, uint64 nvblocks)
{
	uint64		first = (first_vblock * OLAP_VBLOCK_ROWS) >> OLAP_RANGE_BITS;
	uint64		last = ((first_vblock + nvblocks) * OLAP_VBLOCK_ROWS - 1) >>
		OLAP_RANGE_BITS;

	for (uint64 i = first; nvblocks > 0 && i <= last && i < covered->nranges; i++)
		covered->bits[i >> 6] |= UINT64CONST(1) << (i & 63);
}

/* Rows of a segment that stores their numbers lie in several ranges. */
static void
cover_numbered(Covered *covered, Relation rel, const OlapDirEntry *entry,
			   BufferAccessStrategy strategy)
{
	OlapSegment *segment = olap_segment_open(rel, entry, CurrentMemoryContext,
											 strategy);
	const OlapSegRange *ranges;
	int			n;

	ranges = olap_segment_ranges(segment, &n);
	for (int i = 0; i < n; i++)
		cover(covered, ranges[i].first, ranges[i].n);
	olap_segment_close(segment);
}

static bool
is_covered(void *arg, uint32 range)
{
	Covered    *covered = arg;

	return range >= covered->nranges ||
		((covered->bits[range >> 6] >> (range & 63)) & 1) != 0;
}

void
olap_reclaim_log(Relation rel, BufferAccessStrategy strategy)
{
	Covered		covered;
	OlapMeta	meta;
	OlapDirList list;

	/*
	 * A place that comes into a range later has no bits there, for only VACUUM
	 * sets them; records of it keep the page.
	 */
	if (!olap_meta_read(rel, &meta) || meta.log_levels == 0)
		return;
	covered.nranges = (((uint64) meta.next_vblock * OLAP_VBLOCK_ROWS) >>
					   OLAP_RANGE_BITS) + 1;
	covered.bits = palloc0((covered.nranges / 64 + 1) * sizeof(uint64));
	olap_directory_read(rel, &list);
	for (int i = 0; i < list.n; i++)
	{
		const OlapDirEntry *entry = &list.entries[i];

		vacuum_delay_point(false);
		if ((entry->flags & (OLAP_ENTRY_ROWNUMS | OLAP_ENTRY_COMPLETE |
							 OLAP_ENTRY_DEAD)) ==
			(OLAP_ENTRY_ROWNUMS | OLAP_ENTRY_COMPLETE))
			cover_numbered(&covered, rel, entry, strategy);
		else
			cover(&covered, entry->first_vblock, entry->nvblocks);
	}
	olap_log_free_heads(rel, is_covered, &covered);
	pfree(covered.bits);
}

/* ---- the end of the file ---- */

/* Blocks of the file that nothing is in; *end: how many it needs. */
static BlockNumber
tail_blocks(Relation rel, BlockNumber *end)
{
	BlockNumber nblocks = RelationGetNumberOfBlocks(rel);
	OlapMeta	meta;

	if (!olap_meta_read(rel, &meta))
		return 0;
	*end = meta.high_water;
	return nblocks > meta.high_water ? nblocks - meta.high_water : 0;
}

/*
 * The lock that keeps everybody away, without queueing for it: who came behind us
 * would wait for those before us.
 */
static bool
lock_table(Relation rel)
{
	for (int waited = 0; !ConditionalLockRelation(rel, AccessExclusiveLock);
		 waited += TAIL_RETRY_MS)
	{
		CHECK_FOR_INTERRUPTS();
		if (waited >= TAIL_WAIT_MS ||
			LockHasWaitersRelation(rel, ShareUpdateExclusiveLock))
			return false;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 TAIL_RETRY_MS, WAIT_EVENT_VACUUM_TRUNCATE);
		ResetLatch(MyLatch);
	}
	return true;
}

void
olap_reclaim_tail(Relation rel, const VacuumParams *params)
{
	BlockNumber end;
	BlockNumber tail = tail_blocks(rel, &end);

	if (params->truncate == VACOPTVALUE_DISABLED || tail == 0 ||
		(tail < TAIL_BLOCKS &&
		 tail < RelationGetNumberOfBlocks(rel) / TAIL_FRACTION))
		return;
	if (!lock_table(rel))
		return;

	/* the metapage says so in a record before: RelationTruncate() flushes it */
	if (tail_blocks(rel, &end) > 0)
		RelationTruncate(rel, end);
	UnlockRelation(rel, AccessExclusiveLock);
}

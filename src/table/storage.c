/*-------------------------------------------------------------------------
 *
 * storage.c
 *		Files of an olap table: create, truncate, move, estimate.
 *
 * A file without blocks is a valid empty table, so nothing is ever written at
 * creation, and the init fork of an unlogged table is an empty file.
 *
 * src/table/storage.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/multixact.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/storage.h"
#include "catalog/storage_xlog.h"
#include "optimizer/plancat.h"
#include "storage/bufmgr.h"
#include "storage/smgr.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "segment/dircache.h"
#include "segment/rownums.h"
#include "table/am.h"
#include "table/writer.h"

/* Pages that a table which was never analyzed is taken to have at least. */
#define NEW_TABLE_PAGES 10

void
olap_relation_set_new_filelocator(Relation rel, const RelFileLocator *locator,
								  char persistence, TransactionId *freezeXid,
								  MultiXactId *minmulti)
{
	SMgrRelation file;

	/*
	 * Pending rows are the old file's, which a savepoint may bring back.  A
	 * TRUNCATE that comes from a publisher is no utility statement: ddl.c does not see it.
	 */
	if (!RelFileLocatorEquals(rel->rd_locator, *locator))
		olap_writer_flush(rel);

	/* nothing older than what runs now can be written to the new file */
	*freezeXid = RecentXmin;
	*minmulti = GetOldestMultiXactId();

	file = RelationCreateStorage(*locator, persistence, true);
	if (persistence == RELPERSISTENCE_UNLOGGED)
	{
		/*
		 * A crash replaces the table by its init fork, which therefore must
		 * be on disk and in the WAL for standbys and archives.
		 */
		smgrcreate(file, INIT_FORKNUM, false);
		log_smgrcreate(locator, INIT_FORKNUM);
		smgrimmedsync(file, INIT_FORKNUM);
	}
	smgrclose(file);
}

void
olap_relation_truncate(Relation rel)
{
	olap_writer_forget(rel);
	olap_fetch_forget();
	olap_rownum_forget(rel);
	olap_directory_forget(rel);
	RelationTruncate(rel, 0);
}

/* Copy one fork to the new file, with the WAL that its creation needs. */
static void
copy_fork(Relation rel, SMgrRelation target, const RelFileLocator *locator,
		  ForkNumber fork)
{
	char		persistence = rel->rd_rel->relpersistence;

	if (fork != MAIN_FORKNUM)
	{
		smgrcreate(target, fork, false);
		if (RelationIsPermanent(rel) ||
			(persistence == RELPERSISTENCE_UNLOGGED && fork == INIT_FORKNUM))
			log_smgrcreate(locator, fork);
	}
	RelationCopyStorage(RelationGetSmgr(rel), target, fork, persistence);
}

void
olap_relation_copy_data(Relation rel, const RelFileLocator *locator)
{
	SMgrRelation target;

	/* pending rows belong to the old file; so does what a fetch has open */
	olap_writer_flush(rel);
	olap_fetch_forget();

	/* the copy reads the file, not the buffers */
	FlushRelationBuffers(rel);
	target = RelationCreateStorage(*locator, rel->rd_rel->relpersistence, true);
	copy_fork(rel, target, locator, MAIN_FORKNUM);
	for (ForkNumber fork = MAIN_FORKNUM + 1; fork <= MAX_FORKNUM; fork++)
		if (smgrexists(RelationGetSmgr(rel), fork))
			copy_fork(rel, target, locator, fork);
	RelationDropStorage(rel);
	smgrclose(target);
}

/* Rows that a page of small inserts holds, if full. */
static double
rows_of_page(Relation rel, int32 *attr_widths)
{
	int32		width = get_rel_data_width(rel, attr_widths);

	return (double) OLAP_PAGE_PAYLOAD /
		(MAXALIGN(width) + MAXALIGN(SizeofHeapTupleHeader) + sizeof(ItemIdData));
}

/*
 * Constant time: the metapage counts the rows of segments; those of small
 * inserts follow from the number of pages, as in a heap.  Where the table was
 * analyzed, its rows a page were counted.  Else, segments take no more pages
 * than their raw bytes would, so the rest is small inserts.
 *
 * A table without rows that was never analyzed is probably about to be filled,
 * and plans may be kept; heap then assumes a few pages, and so do we.
 */
void
olap_relation_estimate_size(Relation rel, int32 *attr_widths,
							BlockNumber *pages, double *tuples,
							double *allvisfrac)
{
	BlockNumber nblocks = RelationGetNumberOfBlocks(rel);
	Form_pg_class form = rel->rd_rel;
	double		others;			/* rows that may be in no segment */
	OlapMeta	meta;

	*allvisfrac = 0;
	*pages = nblocks;
	*tuples = 0;
	if (nblocks > 0 && olap_meta_read(rel, &meta))
	{
		*tuples = (double) meta.rows_hint;
		if (form->reltuples >= 0 && form->relpages > 0)
			others = form->reltuples / form->relpages * nblocks - *tuples;
		else
			others = (nblocks - 1.0 - meta.dir_pages -
					  (double) meta.bytes_hint / OLAP_PAGE_PAYLOAD) *
				rows_of_page(rel, attr_widths);
		*tuples = rint(*tuples + Max(others, 0));
	}

	if (*tuples == 0 && form->reltuples < 0 && !form->relhassubclass)
	{
		*pages = Max(nblocks, NEW_TABLE_PAGES);
		*tuples = NEW_TABLE_PAGES * rows_of_page(rel, attr_widths);
	}
}

/*-------------------------------------------------------------------------
 *
 * batch.h
 *		Fill batches from the places of a relation.
 *
 * Why: sequential scans, fetches by TID, ANALYZE and sampling all read the same
 * two kinds of places: vectors of segments and rows of delta pages. Here a
 * source is pointed at one place and offers it as an OlapBatch whose columns
 * are decoded when first asked for.
 *
 * The descriptor is the caller's, not the relation's: while ALTER TABLE
 * rewrites, the relation already has the new one and the file the old rows.
 *
 * Memory: everything is in a context of the source's own. Vectors are valid
 * until the source is pointed elsewhere.
 *
 * src/table/batch.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TABLE_BATCH_H
#define OLAP_TABLE_BATCH_H

#include "access/tupdesc.h"
#include "executor/tuptable.h"

#include "delta/delta.h"
#include "segment/segment.h"
#include "vector/vector.h"

/*
 * Delta pages a batch is made of: as many as can never hold more rows than a
 * vector.
 */
#define OLAP_BATCH_DELTA_PAGES (OLAP_VECTOR_ROWS / OLAP_VBLOCK_ROWS)

typedef struct OlapBatchSource
{
	OlapBatch	batch;			/* batch.source points back here */
	Relation	rel;
	TupleDesc	desc;
	int			natts;
	const bool *needed;			/* NULL: all */
	int			nneeded;
	MemoryContext cxt;
	MemoryContext scratch_cxt;	/* emptied with every new place */
	OlapColumnType *types;		/* [natts], what the table has now */
	OlapVector *own;			/* [natts], what columns are decoded into */
	bool	   *own_ready;
	bool	   *codes_only;		/* [natts], own has the codes of this vector */
	OlapVector *missing;		/* [natts], full vectors of missing values */
	bool	   *missing_ready;
	char	   *scratch;		/* [natts], numerics of one row */

	/* a vector of a segment, ... */
	OlapSegment *segment;
	uint64		serial;			/* of the row group; 0: none */
	int			rg;
	uint32		vecno;
	TransactionId xmin;			/* of all its rows; frozen if they were moved */
	CommandId	cmin;
	int			only_row;		/* to decode alone; -1: all rows */
	int			few_rows;		/* that were asked for one by one */
	OlapScanTimes *times;		/* NULL: nobody measures */

	/* ... or rows of delta pages */
	OlapDeltaPage *pages;		/* [OLAP_BATCH_DELTA_PAGES] */
	HeapTupleData *tuples;		/* [OLAP_VECTOR_ROWS] */
	uint64	   *row_numbers;	/* also of segments that store them */
	TransactionId *xmins;
	CommandId  *cmins;
	bool		delta_filled;	/* all needed columns are transposed */
} OlapBatchSource;

/*
 * desc and needed must stay valid as long as the source. desc's columns decide
 * what attribute numbers mean.
 */
extern OlapBatchSource *olap_batch_source_create(Relation rel, TupleDesc desc,
												 const bool *needed,
												 MemoryContext parent);

extern void olap_batch_source_free(OlapBatchSource *source);

/* Point source at vector vecno of row group rg; segment stays the caller's. */
extern void olap_batch_set_segment(OlapBatchSource *source,
								   OlapSegment *segment,
								   const OlapDirEntry *entry,
								   int rg, uint32 vecno);

/*
 * Point source at npages (at most OLAP_BATCH_DELTA_PAGES) pages of a run. Then
 * the caller reads each with olap_batch_delta_page() and keeps the rows it
 * wants with olap_batch_delta_keep().
 */
extern void olap_batch_set_delta(OlapBatchSource *source);
extern OlapDeltaPage *olap_batch_delta_page(OlapBatchSource *source,
											const OlapDirEntry *run,
											uint32 index, int i,
											BufferAccessStrategy strategy);
extern void olap_batch_delta_keep(OlapBatchSource *source,
								  const HeapTupleData *tuple,
								  TransactionId xmin, CommandId cmin);

/* Put column col of row into slot's arrays. */
/*
 * A reader by row numbers wants this row of the vector that source points to,
 * the first one or another.  As long as it has wanted but few, columns are
 * decoded of this one alone where that is less work: rows that an index finds may
 * lie far apart.  What was decoded of the row before is gone then.
 */
extern void olap_batch_want_row(OlapBatchSource *source, uint32 row, bool first);

extern void olap_batch_fill_column(OlapBatchSource *source, uint32 row, int col,
								   TupleTableSlot *slot);

#endif							/* OLAP_TABLE_BATCH_H */

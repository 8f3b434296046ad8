/*-------------------------------------------------------------------------
 *
 * scan_state.h
 *		What the files of a scan share: where it stands.
 *
 * src/table/scan_state.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TABLE_SCAN_STATE_H
#define OLAP_TABLE_SCAN_STATE_H

#include "storage/bufmgr.h"

#include "delta/rangelog.h"
#include "table/narrow.h"
#include "table/places.h"
#include "table/scan_internal.h"

struct OlapTableScan
{
	Relation	rel;
	TupleDesc	desc;
	Snapshot	snapshot;
	OlapView	view;			/* of places */
	const OlapZoneQual *quals;
	int			nquals;
	OlapExpr  **exprs;			/* of olap_scan_set_filter() */
	int			nexprs;
	OlapZoneQual *later;		/* of olap_scan_add_quals() */
	int			nlater;
	OlapScanShared *shared;
	MemoryContext cxt;
	BufferAccessStrategy strategy;	/* NULL: not yet, see olap_scan_strategy() */
	bool		count_rows;		/* in the table's statistics */
	OlapScanStats stats;

	OlapPlaces	list;			/* of places */

	/* where the scan stands */
	int64		unit;			/* -1: before the first, nunits: behind the last */
	int			place;			/* of unit, if there is one */
	int			nvectors;		/* of unit; 0: nothing to read there */
	int			vector;
	bool		again;			/* unit was read before: count nothing */
	bool		matches;		/* zone maps prove the quals of all rows of unit */
	OlapNarrow *narrow;			/* NULL: no qual for an index */
	bool		asked;			/* it was, about unit */
	const OlapRowSet *rows;		/* of unit that may match; NULL: any */

	OlapSegment *segment;		/* open segment of place segment_place */
	int			segment_place;
	uint64		segment_bytes;	/* bytes read of it, counted so far */
	OlapBatchSource *source;

	OlapScanTake take;			/* NULL: segments are not offered */
	void	   *take_arg;
	OlapScanTakeRowgroup take_rowgroup; /* NULL: row groups are not offered */
	void	   *take_rowgroup_arg;

	OlapLogReader *log;			/* which rows are deleted */
	bool		busy;			/* SNAPSHOT_DIRTY: somebody changes rows of the batch */
	uint16	   *live;			/* [OLAP_VECTOR_ROWS], the others of a batch */
};

/* scan.c: add the bytes read of the open segment to the counters */
extern void olap_scan_count_bytes(OlapTableScan *scan);
extern BufferAccessStrategy olap_scan_strategy(OlapTableScan *scan);

/* Rows go to the caller: count them. */
extern void olap_scan_count_rows(OlapTableScan *scan, const OlapBatch *batch);

/* scan_units.c: take the next unit of the direction; false if there is none */
extern bool olap_scan_next_unit(OlapTableScan *scan, bool forward);

/* Make the narrow of what is asked by now. */
extern void olap_scan_make_narrow(OlapTableScan *scan);

/* Find out what the scan's unit holds: sets nvectors. */
extern void olap_scan_enter_unit(OlapTableScan *scan);

/*
 * scan_prune.c: has row group rg of the open segment, which is that unit, no row that
 * the scan wants?  Sets rows.  keep: the unit will be asked for again.
 */
extern bool olap_scan_excludes(OlapTableScan *scan, int rg, uint64 unit, bool keep);

/*
 * Its parts: ask the indexes, false: no row matches, *read: they knew it and not the
 * zones; do the zones exclude the row group by one of quals?
 */
extern bool olap_scan_narrow(OlapTableScan *scan, int rg, uint64 unit, bool keep,
							 bool *read);
extern bool olap_scan_zones_exclude(OlapTableScan *scan, const OlapZoneQual *quals,
									int nquals, int rg);

/* Do zone maps prove the quals of all rows of a row group? */
extern bool olap_scan_proves(OlapTableScan *scan, int rg);

/* Row group rg will be read, of which rows are few perhaps: count them; prefetch the first. */
extern void olap_scan_count_narrowed(OlapTableScan *scan, int rg);
extern void olap_scan_expect_rows(OlapTableScan *scan, int rg);

/*
 * scan_rows.c: the vector where the scan stands; without rows perhaps. all: rows
 * that cannot match, and deleted ones, may be in it.
 */
extern OlapBatch *olap_scan_load_batch(OlapTableScan *scan, bool all);

/* Has the vector at hand no row that may match, as far as is known? */
static inline bool
olap_scan_vector_is_empty(const OlapTableScan *scan)
{
	return scan->rows != NULL && olap_rows_empty(scan->rows, scan->vector);
}

#endif							/* OLAP_TABLE_SCAN_STATE_H */

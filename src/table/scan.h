/*-------------------------------------------------------------------------
 *
 * scan.h
 *		Scan a relation in batches; shared by the table access method and by
 *		the OlapScan node.
 *
 * The scan takes the directory once, after its snapshot, prunes segments by
 * zone pages and row groups by the segment headers' zones, and hands out
 * batches of at most OLAP_VECTOR_ROWS rows from segments and delta pages
 * alike.  Columns are decoded when first asked for.
 *
 * src/table/scan.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TABLE_SCAN_H
#define OLAP_TABLE_SCAN_H

#include "access/sdir.h"
#include "port/atomics.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "base/stopwatch.h"
#include "codec/codec.h"
#include "index/sortkey.h"
#include "vector/expr.h"
#include "vector/vector.h"

typedef struct OlapTableScan OlapTableScan;

/*
 * What parallel participants share: the counter of units (a row group, or some
 * delta pages each), and what makes all of them build the same list of places.
 */
typedef struct OlapScanShared
{
	uint32		max_entry_id;	/* entries above it are of later transactions */
	TransactionId cutoff;		/* see OlapView; for snapshots that need one */
	pg_atomic_uint64 next_unit;
} OlapScanShared;

/* Indexes that are named in OlapScanStats; more are not worth naming. */
#define OLAP_SCAN_INDEXES 8

typedef struct OlapScanStats
{
	uint64		segments_total; /* visible to the snapshot */
	uint64		segments_pruned;
	uint64		segments_read;
	uint64		segments_taken; /* of those, whole, without reading rows */
	uint64		rowgroups_total;	/* of all visible segments */
	uint64		rowgroups_pruned;
	uint64		segments_later; /* pruned by olap_scan_add_quals() */
	uint64		rowgroups_later;	/* likewise, of segments that were opened */
	uint64		rowgroups_bloom;	/* of rowgroups_pruned, by blooms */
	uint64		rowgroups_bitmap;	/* likewise, by bitmap indexes */
	uint64		rowgroups_read;
	uint64		rowgroups_matched;	/* of those, all rows match by zone maps */
	uint64		rowgroups_narrowed; /* of those read, to rows that bitmap indexes found */
	uint64		rows_narrowed;	/* how many these rows are */
	uint64		rows_passed;	/* how many are in the same row groups besides */
	uint64		rowgroups_taken;	/* not read: see olap_scan_offer_rowgroups() */
	uint64		delta_pages;
	uint64		rows;			/* handed out in batches */
	uint64		rows_deleted;	/* of segments, left out */
	uint64		bytes_read;		/* of column chunks and delta pages */
	uint64		chunks[OLAP_ENC_MAX + 1];	/* opened, by encoding */
	OlapScanTimes times;		/* after olap_scan_times() */
	uint64		bytes_indexes;	/* of bitmap indexes, in bytes_read */
	int			nindexes;		/* columns whose bitmap index, or NULLs, were asked */
	int16		indexes[OLAP_SCAN_INDEXES]; /* attribute numbers, ascending */
} OlapScanStats;

/* Note that the bitmap index of column attno was asked. */
extern void olap_scan_note_index(OlapScanStats *stats, int attno);

/*
 * Begin a scan.
 *
 * needed:	[natts], columns that may be asked for; NULL = all.
 * quals:	ANDed; used only to skip places, rows that do not match may come.
 *			Must stay valid during the scan; olap_scan_rescan() may replace.
 * shared:	NULL, or the parallel state that olap_scan_shared_init() made.
 * Snapshot: MVCC, or SnapshotAny / Self / Dirty; registered by the caller.
 * Memory:	a context below CurrentMemoryContext.
 */
extern OlapTableScan *olap_scan_begin(Relation rel, Snapshot snapshot,
									  const bool *needed,
									  const OlapZoneQual *quals, int nquals,
									  OlapScanShared *shared);

/*
 * What rows are going to be tested for, as trees, ANDed: what indexes and zones know
 * of them beyond quals is used to skip row groups and rows.  Before the first batch;
 * trees and values must stay valid during the scan, rescans included.
 */
extern void olap_scan_set_filter(OlapTableScan *scan, OlapExpr **exprs, int n);

/*
 * From the first call on, before the first batch, the scan adds reading and decoding to
 * these, which are in its stats; the caller may add filtering.
 */
extern OlapScanTimes *olap_scan_times(OlapTableScan *scan);

/* The next batch with nsel > 0, or NULL. Valid until the next call. */
extern OlapBatch *olap_scan_next(OlapTableScan *scan);

/*
 * The same in a direction. Backward only without shared state. After the end
 * (NULL) the scan stands behind the last (before the first) batch.
 */
extern OlapBatch *olap_scan_move(OlapTableScan *scan, ScanDirection direction);

/*
 * Batches are judged as a whole, but SNAPSHOT_DIRTY tells its caller of the
 * running inserter or deleter of the row in hand: judge the row in slot again.
 * False if it is not there any more.  Other snapshots: true.
 */
extern bool olap_scan_judge_row(OlapTableScan *scan, struct TupleTableSlot *slot);

/* Before the first batch: stand behind the last one, without shared state. */
extern void olap_scan_from_end(OlapTableScan *scan);

/*
 * More quals, ANDed to those there are, for what is not read yet: segments and
 * row groups are skipped by them, never shown to match.  They must stay valid
 * until the end of the scan.  Not for who chooses the order of units.
 */
extern void olap_scan_add_quals(OlapTableScan *scan, const OlapZoneQual *quals,
								int nquals);

extern void olap_scan_rescan(OlapTableScan *scan, const OlapZoneQual *quals,
							 int nquals);
extern void olap_scan_end(OlapTableScan *scan);

/*
 * Offer whole segments: when the scan comes to a segment of which the snapshot
 * (MVCC) sees every row, take(arg, segment, matches) is asked; matches: zone maps
 * prove the quals of all its rows.  True: it took from the
 * segment's sketches what the rows would have given, and they are not read.  In
 * a parallel scan several participants may be asked about one segment, and
 * others may be reading some of its rows: it is for what may count a row twice.
 * To be set before the first batch.
 */
struct OlapSegment;
typedef bool (*OlapScanTake) (void *arg, struct OlapSegment *segment,
							  bool matches);

extern void olap_scan_offer_segments(OlapTableScan *scan, OlapScanTake take,
									 void *arg);

/*
 * Offer row groups: before the rows of one are read of which the snapshot (MVCC)
 * sees every row, take(arg, segment, rg, matches) is asked.  matches: zone maps
 * prove the quals of all its rows.  True: it took what the rows would have given
 * from what the segment knows of them.  Each row group is offered to one
 * participant of a parallel scan.  To be set before the first batch.
 */
typedef bool (*OlapScanTakeRowgroup) (void *arg, struct OlapSegment *segment,
									  int rg, bool matches);

extern void olap_scan_offer_rowgroups(OlapTableScan *scan,
									  OlapScanTakeRowgroup take, void *arg);

extern const OlapScanStats *olap_scan_stats(OlapTableScan *scan);

/*
 * For a reader that chooses the order itself, instead of olap_scan_next(): places
 * are numbered 0 .. n - 1 and divided into units, the row groups of a segment or
 * some delta pages each, which hold vectors.  Without shared state only.
 */
extern int	olap_scan_nplaces(const OlapTableScan *scan);

/* Bounds of column col in each place: see olap_places_bounds(). */
extern void olap_scan_bounds(OlapTableScan *scan, int col,
							 const OlapSortSpec *spec, OlapSortPos *first,
							 OlapSortPos *last);

/* Open a place for the first time: how many units it has. */
extern uint32 olap_scan_open_place(OlapTableScan *scan, int place);

/*
 * Column col's zone in a unit of the place opened last, NULL if there is none.
 * False: the quals exclude the unit.
 */
extern bool olap_scan_unit_zone(OlapTableScan *scan, uint32 unit, int col,
								const OlapZone **zone);

/*
 * Go to a unit of a place that was opened before; again: not for the first time,
 * so it is not counted.  Returns its vectors.
 */
extern uint32 olap_scan_open_unit(OlapTableScan *scan, int place, uint32 unit,
								  bool again);

/*
 * The different values of column col in a unit of a place that was opened before, and
 * perhaps some that it does not have, whether or not their rows are visible; nulls:
 * there are NULLs besides.  It does not go to the unit; valid until the scan does
 * anything else.  NULL: there are more than max, or they cannot be told without
 * reading the column.
 */
extern const OlapVector *olap_scan_unit_values(OlapTableScan *scan, int place,
											   uint32 unit, int col, uint32 max,
											   bool *nulls);

/*
 * The batch of a vector of that unit, perhaps without rows.  Where a row is in it
 * is the same whenever it is loaded.
 */
extern OlapBatch *olap_scan_load(OlapTableScan *scan, uint32 vector);

/*
 * The same for who has chosen rows of it before: more may be in play.  few: they are
 * few in each place, so little more than they need is worth reading.
 */
extern OlapBatch *olap_scan_load_again(OlapTableScan *scan, uint32 vector, bool few);

extern void olap_scan_shared_init(OlapScanShared *shared, Relation rel);

/*
 * Fill slot (virtual, of the table's descriptor) with row of batch: columns
 * in needed (NULL = all), others NULL; sets tts_tid.  By-reference values live
 * until the next batch (numeric: in scratch memory of the batch's scan).
 */
extern void olap_scan_fill_slot(OlapTableScan *scan, OlapBatch *batch,
								uint32 row, struct TupleTableSlot *slot);

#endif							/* OLAP_TABLE_SCAN_H */

/*-------------------------------------------------------------------------
 *
 * ordered.h
 *		Rows of a scan in the order of a column, without reading all of it.
 *
 * Zone maps say what each place can hold.  Places are opened from the one that
 * may have the first row on; a row goes out when no place that is still closed
 * can have one before it.  Until then only its sort key and where it is are
 * kept; the other columns are read of the rows that go out.
 *
 * src/exec/ordered.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_ORDERED_H
#define OLAP_ORDERED_H

#include "exec/emit.h"
#include "index/sortkey.h"
#include "table/scan.h"

typedef struct OlapOrdered OlapOrdered;

typedef struct OlapOrderedStats
{
	uint64		waiting;		/* most rows that waited at a time */
	uint64		passes;			/* 1, and 1 more whenever memory was short */
	uint64		late_rows;		/* rows whose columns were read late, ... */
	uint64		late_vectors;	/* ... and of how many vectors */
} OlapOrderedStats;

/* What is ordered, and what is known of the demand. */
typedef struct OlapOrderedSpec
{
	int			col;			/* attribute number - 1 */
	OlapSortSpec sort;
	uint64		limit;			/* rows probably asked for; 0: not known */
} OlapOrderedSpec;

/* Narrow batch to the rows that are wanted; false if none is left. */
typedef bool (*OlapOrderedFilter) (void *arg, OlapBatch *batch);

/*
 * scan was just begun and is moved by nobody else; col is among its columns.
 * All memory is in a context below cxt and stays within work_mem, about; plus
 * the values of the rows that go out next.
 */
extern OlapOrdered *olap_ordered_create(OlapTableScan *scan,
										const OlapOrderedSpec *spec,
										OlapEmitter *emitter,
										OlapOrderedFilter filter, void *arg,
										MemoryContext cxt);
extern void olap_ordered_free(OlapOrdered *ordered);

/* Put the next row into the emitter's slot; false at the end. */
extern bool olap_ordered_next(OlapOrdered *ordered);

extern const OlapOrderedStats *olap_ordered_stats(const OlapOrdered *ordered);

#endif							/* OLAP_ORDERED_H */

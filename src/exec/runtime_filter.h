/*-------------------------------------------------------------------------
 *
 * runtime_filter.h
 *		Runtime filters: an OlapScan leaves out rows that have no partner in a
 *		hash join above it.
 *
 * Why: PostgreSQL's hash join asks its outer side for every row. When its hash
 * table is there, the keys in it say which segments, row groups and rows cannot
 * have a partner, in the terms of a scan: bounds and lists for zone maps, blooms
 * and bitmap indexes, a set for vectors.
 *
 * Where: after the executor's start joins are looked for whose outer side, or what
 * is below it through nodes that hand their rows on, is an OlapScan. A join may
 * fetch its first outer row before it builds its table, so a scan looks before
 * each vector whether the table is there.
 *
 * What is left out changes no answer: the join is one whose outer rows without a
 * partner have no effect, and the equality is one of the whitelist of qual.h.
 *
 * src/exec/runtime_filter.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_RUNTIME_FILTER_H
#define OLAP_RUNTIME_FILTER_H

#include "nodes/execnodes.h"

#include "table/scan.h"
#include "vector/key_set.h"

/*
 * Is a hash table of so many tuples worth a filter?  A few are whatever the outer side
 * is, as is a small part of the outer rows, or of the scan's, which several joins may
 * share; more where the planner expects the join to halve the outer rows.  Both are
 * counts before any filter.  The planner asks of estimates, the executor of the table.
 */
static inline bool
olap_runtime_pays(double tuples, double outer_rows, double scan_rows, double joined_rows)
{
	double		most = Max(outer_rows, scan_rows);

	return tuples <= Max(most / 8, 1000) ||
		(tuples <= most && joined_rows <= outer_rows / 2);
}

/* What one process did; fits into shared memory. */
typedef struct OlapRuntimeCounts
{
	uint64		rows;			/* left out one by one */
	uint64		keys;			/* of the largest filter made */
	uint32		kinds;			/* bits: 1 << OlapKeySetKind of those made */
} OlapRuntimeCounts;

/* All filters of one scan. */
typedef struct OlapRuntimeFilter OlapRuntimeFilter;

/* Install the hook; called by olap_exec_init(). */
extern void olap_runtime_init(void);

/* Before the next batch: use what hash tables are there by now. */
extern void olap_runtime_poll(OlapRuntimeFilter *filter, OlapTableScan *scan);

/*
 * Leave out rows of a batch; false if there is none left.  To be called before and
 * after the scan's own filter: filters that leave few rows run before it.
 */
extern bool olap_runtime_run(OlapRuntimeFilter *filter, OlapBatch *batch,
							 bool first);

/* The scan ends or starts over, maybe under another hash table. */
extern void olap_runtime_reset(OlapRuntimeFilter *filter);

extern OlapRuntimeCounts olap_runtime_counts(const OlapRuntimeFilter *filter);
extern void olap_runtime_add_counts(OlapRuntimeCounts *to,
									const OlapRuntimeCounts *from);

/* The attribute numbers that are filtered, without duplicates. */
extern List *olap_runtime_columns(const OlapRuntimeFilter *filter);

#endif							/* OLAP_RUNTIME_FILTER_H */

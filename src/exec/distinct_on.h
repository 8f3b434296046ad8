/*-------------------------------------------------------------------------
 *
 * distinct_on.h
 *		The OlapDistinctOn node: of the rows with equal keys, the first by an order.
 *
 * Why: the newest row of each device takes PostgreSQL a sort of all rows with all
 * columns.  But which row is first can be told from keys and times alone, all other
 * columns matter for the rows that win, and row groups are done with unread once each
 * key they have has a row that is before all of theirs.
 *
 * src/exec/distinct_on.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DISTINCT_ON_H
#define OLAP_DISTINCT_ON_H

#include "nodes/extensible.h"

/* Sort keys beside DISTINCT ON's. */
#define OLAP_DISTINCT_ON_ORDERS 8

/*
 * Plan: a CustomScan without a relation.
 *
 * custom_plans		one OlapScan; its target list holds the keys, then the sort keys
 *					beside them, then expressions that are computed of every row
 *					although only a few rows' are asked for, as they may raise errors;
 *					then columns.  It is never executed as such: batches are taken
 *					from it.
 * custom_scan_tlist	columns of the table, at least one.  The target list refers to it.
 * custom_private	olap_distinct_on_private()
 */
extern const CustomScanMethods olap_distinct_on_plan_methods;

/*
 * keys: the OlapOrder of each; directions: of each sort key a list of two integers,
 * whether it is descending and has NULLs first; nchecks: how many expressions follow.
 */
extern List *olap_distinct_on_private(List *keys, List *directions, int nchecks);

/* Register the node; called by olap_exec_init(). */
extern void olap_distinct_on_init(void);

#endif							/* OLAP_DISTINCT_ON_H */

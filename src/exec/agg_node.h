/*-------------------------------------------------------------------------
 *
 * agg_node.h
 *		The OlapAgg node: filter, group and aggregate in vectors.
 *
 * Why: between a scan and an aggregate PostgreSQL moves one row at a time, which
 * costs many times what the arithmetic does.  Here batches go from the scan
 * through expression programs, group numbers and state arrays; rows exist only
 * once a group.
 *
 * src/exec/agg_node.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_NODE_H
#define OLAP_AGG_NODE_H

#include "nodes/extensible.h"

/*
 * Plan: a CustomScan without a relation.
 *
 * custom_plans		one OlapScan; its target list holds the keys, the other group
 *					expressions, then arguments and FILTERs of aggregates in any
 *					order.  It is never executed as such: OlapAgg takes its
 *					batches.
 *					In a join: the columns that are read; then come the plans of
 *					the other sides, and last a plan of OlapAgg's rows that does
 *					without it.
 * custom_scan_tlist	the rows that OlapAgg makes: keys, Aggrefs, and with grouping
 *					sets GroupingFuncs.
 *					Target list and HAVING (plan.qual) refer to it.
 * custom_private	olap_agg_plan_private()
 */
extern const CustomScanMethods olap_agg_plan_methods;

/*
 * keys: the OlapOrder of each; derived: columns of the scan's target list, of group
 * expressions that keys determine; calls: olap_agg_call_to_list() of each; topn:
 * olap_agg_topn_to_list(); sets: NIL, or of each grouping set a list of integers,
 * the groups expected and then its keys; groupings: of each GROUPING() a list of
 * its keys; join: NIL, or see agg_join.h; division: NIL, or
 * olap_agg_division_to_list().
 */
extern List *olap_agg_plan_private(List *keys, List *derived, List *calls,
								   List *topn, List *sets, List *groupings,
								   List *join, List *division);

/*
 * Parallel processes each take the groups of one of nparts parts, by the value of
 * key number key.
 */
extern List *olap_agg_division_to_list(int key, int nparts);

/* Register the node; called by olap_exec_init(). */
extern void olap_agg_node_init(void);

/* EXPLAIN of one node; in agg_explain.c. */
struct ExplainState;
extern void olap_agg_explain(CustomScanState *node, List *ancestors,
							 struct ExplainState *es);

#endif							/* OLAP_AGG_NODE_H */

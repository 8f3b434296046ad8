/*-------------------------------------------------------------------------
 *
 * paths.h
 *		Where the planner meets olap tables.
 *
 * src/plan/paths.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PATHS_H
#define OLAP_PATHS_H

/* Install the planner hook; called by _PG_init. */
extern void olap_plan_init(void);

/*
 * Can rel, a base relation or a partition, be read by an OlapScan?
 *
 * A scan path of rel that computes exprs, each once, for a node above that takes its
 * batches (olap_scan_node_start()), so that no row is emitted: the cost is of
 * reading and filtering alone.  Serial, or one participant's part of a scan with
 * so many workers.  NULL if rel is not ours to scan, or needs
 * more than that (system columns, gating quals, parameters).
 */
struct PlannerInfo;
struct RelOptInfo;
struct Path;
extern bool olap_rel_is_ours(struct PlannerInfo *root, struct RelOptInfo *rel);
extern struct Path *olap_batch_scan_path(struct PlannerInfo *root,
										 struct RelOptInfo *rel,
										 List *exprs, int workers);

/* Install the hook for aggregates; called by olap_plan_init(). */
extern void olap_agg_paths_init(void);

/* Install the hook for hash joins that filter a scan; called by olap_plan_init(). */
extern void olap_filtered_paths_init(void);

/* Install the hook for cursors; called by olap_plan_init(). */
extern void olap_cursor_plan_init(void);

#endif							/* OLAP_PATHS_H */

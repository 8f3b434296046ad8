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

#endif							/* OLAP_PATHS_H */

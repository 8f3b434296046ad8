/*-------------------------------------------------------------------------
 *
 * guc.h
 *		The settings of the extension: one variable each, defined in one table.
 *
 * src/base/guc.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_BASE_GUC_H
#define OLAP_BASE_GUC_H

/* olap.enable_scan: let the planner use the vectorized scan */
extern bool olap_guc_enable_scan;

/* olap.write_memory, kB: memory one session may hold in unwritten rows */
extern int	olap_guc_write_memory;

/* Define every setting; called once by _PG_init. */
extern void olap_guc_init(void);

#endif							/* OLAP_BASE_GUC_H */

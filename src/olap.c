/*-------------------------------------------------------------------------
 *
 * olap.c
 *		Entry point of the olap library: calls each layer's init, in rank order.
 *
 * The library works in any session that loads it (CREATE EXTENSION, the first
 * use of an olap table); shared_preload_libraries is needed only by what must
 * start with the server: the launcher and its shared memory. So _PG_init never
 * fails for want of a preload; the functions that need one say so themselves.
 *
 * src/olap.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/guc.h"
#include "compact/progress.h"
#include "exec/scan_node.h"
#include "plan/paths.h"
#include "segment/verified.h"
#include "table/am.h"
#include "table/ddl.h"
#include "table/demand.h"
#include "worker/worker.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	olap_guc_init();
	olap_verified_init();
	olap_demand_init();
	olap_table_init();
	olap_ddl_init();
	olap_progress_init();
	olap_exec_init();
	olap_plan_init();
	olap_worker_init();
}

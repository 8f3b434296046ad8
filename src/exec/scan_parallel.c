/*-------------------------------------------------------------------------
 *
 * scan_parallel.c
 *		OlapScan among parallel workers: units are handed out, counts collected.
 *
 * src/exec/scan_parallel.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "exec/scan_node_internal.h"

Size
olap_scan_estimate_dsm(CustomScanState *css, ParallelContext *pcxt)
{
	return add_size(offsetof(OlapScanParallel, counts),
					mul_size(pcxt->nworkers, sizeof(OlapScanCounts)));
}

void
olap_scan_initialize_dsm(CustomScanState *css, ParallelContext *pcxt, void *dsm)
{
	OlapScanNode *node = (OlapScanNode *) css;

	node->parallel = dsm;
	memset(node->parallel, 0, olap_scan_estimate_dsm(css, pcxt));
	node->parallel->nworkers = pcxt->nworkers;
	olap_scan_shared_init(&node->parallel->scan, css->ss.ss_currentRelation);
}

void
olap_scan_add_workers(CustomScanState *css, const OlapScanCounts *round)
{
	OlapScanNode *node = (OlapScanNode *) css;

	olap_scan_add_counts(&node->workers, round);
	node->had_workers = true;
}

static void
collect_workers(OlapScanNode *node)
{
	OlapScanCounts round = {0};

	for (int i = 0; i < node->parallel->nworkers; i++)
		olap_scan_add_participant(&round, &node->parallel->counts[i]);
	olap_scan_add_workers(&node->css, &round);
}

void
olap_scan_reinitialize_dsm(CustomScanState *css, ParallelContext *pcxt, void *dsm)
{
	OlapScanNode *node = (OlapScanNode *) css;

	/* keep what the workers of the round before counted */
	collect_workers(node);
	memset(node->parallel->counts, 0,
		   node->parallel->nworkers * sizeof(OlapScanCounts));
	pg_atomic_write_u64(&node->parallel->scan.next_unit, 0);
}

void
olap_scan_initialize_worker(CustomScanState *css, shm_toc *toc, void *dsm)
{
	OlapScanNode *node = (OlapScanNode *) css;

	node->parallel = dsm;
	if (ParallelWorkerNumber >= 0 && ParallelWorkerNumber < node->parallel->nworkers)
		node->slot = &node->parallel->counts[ParallelWorkerNumber];
}

/* The shared memory is about to go: workers leave, the leader takes counts. */
void
olap_scan_shutdown(CustomScanState *css)
{
	OlapScanNode *node = (OlapScanNode *) css;

	if (node->parallel == NULL)
		return;
	if (node->slot != NULL)
		*node->slot = olap_scan_own_counts(node);
	else if (!IsParallelWorker())
		collect_workers(node);
	olap_scan_stop(node);
	node->slot = NULL;
	node->parallel = NULL;
}

/*-------------------------------------------------------------------------
 *
 * agg_shared.c
 *		What parallel participants of an OlapAgg tell of their work.
 *
 * Workers share nothing to aggregate: the scan below hands out row groups.  For
 * EXPLAIN each leaves its counters in shared memory when it ends, and the leader
 * adds them to its own when the query shuts down, or starts over.
 *
 * src/exec/agg_shared.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"

#include "exec/agg_internal.h"
#include "exec/agg_node.h"

typedef struct Counts
{
	AggTimes	times;
	uint64		peak_memory;	/* the greatest of a process */
	uint64		groups_made;
	uint64		server_rows;
	uint64		spilled_files;
	uint64		spilled_rows;
	uint64		spilled_bytes;
	int			spilled_level;
} Counts;

/* In dynamic shared memory. */
struct AggShared
{
	int			nworkers;
	Counts		counts[FLEXIBLE_ARRAY_MEMBER];	/* one a worker */
};

Size
olap_agg_estimate_dsm(CustomScanState *css, ParallelContext *pcxt)
{
	return add_size(offsetof(AggShared, counts),
					mul_size(pcxt->nworkers, sizeof(Counts)));
}

void
olap_agg_initialize_dsm(CustomScanState *css, ParallelContext *pcxt, void *dsm)
{
	OlapAggNode *node = (OlapAggNode *) css;

	node->shared = dsm;
	memset(dsm, 0, olap_agg_estimate_dsm(css, pcxt));
	node->shared->nworkers = pcxt->nworkers;
}

/* Add what workers have left, once. */
static void
collect(OlapAggNode *node)
{
	for (int i = 0; i < node->shared->nworkers; i++)
	{
		Counts	   *from = &node->shared->counts[i];

		node->times.input += from->times.input;
		node->times.group += from->times.group;
		node->times.update += from->times.update;
		node->times.output += from->times.output;
		node->peak_memory = Max(node->peak_memory, from->peak_memory);
		node->groups_made += from->groups_made;
		if (node->nworks > 0)
			node->works[0].server_rows += from->server_rows;
		node->spilled_files += from->spilled_files;
		node->spilled_rows += from->spilled_rows;
		node->spilled_bytes += from->spilled_bytes;
		node->spilled_level = Max(node->spilled_level, from->spilled_level);
		memset(from, 0, sizeof(*from));
	}
}

void
olap_agg_reinitialize_dsm(CustomScanState *css, ParallelContext *pcxt, void *dsm)
{
	collect((OlapAggNode *) css);
}

void
olap_agg_initialize_worker(CustomScanState *css, shm_toc *toc, void *dsm)
{
	((OlapAggNode *) css)->shared = dsm;
}

static void
leave(OlapAggNode *node)
{
	Counts	   *to = &node->shared->counts[ParallelWorkerNumber];

	to->times = node->times;
	to->peak_memory = node->peak_memory;
	to->groups_made = node->groups_made;
	for (int i = 0; i < node->nworks; i++)
		to->server_rows += node->works[i].server_rows;
	to->spilled_files = node->spilled_files;
	to->spilled_rows = node->spilled_rows;
	to->spilled_bytes = node->spilled_bytes;
	to->spilled_level = node->spilled_level;
}

/* The shared memory is about to go. */
void
olap_agg_shutdown(CustomScanState *css)
{
	OlapAggNode *node = (OlapAggNode *) css;

	if (node->shared == NULL)
		return;
	if (!IsParallelWorker())
		collect(node);
	else if (ParallelWorkerNumber < node->shared->nworkers)
		leave(node);
	node->shared = NULL;
}

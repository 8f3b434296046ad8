/*-------------------------------------------------------------------------
 *
 * agg_shared.c
 *		What parallel participants of an OlapAgg tell of their work.
 *
 * Workers share nothing to aggregate: the scan below hands out row groups, or a counter
 * here the parts of the groups (agg_divided.c), and what
 * they have to agree on in a join is in agg_join_shared.c.  For
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
#include "exec/scan_node.h"

typedef struct Counts
{
	AggTimes	times;
	uint64		peak_memory;	/* the greatest of a process */
	uint64		groups_made;
	uint64		left_out;
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
	int			nscans;			/* whose counts are kept here */
	pg_atomic_uint32 next_part;
	Counts		counts[FLEXIBLE_ARRAY_MEMBER];	/* one a worker; scans' and a join's follow */
};

static Size
scans_offset(int nworkers)
{
	return MAXALIGN(add_size(offsetof(AggShared, counts),
							 mul_size(nworkers, sizeof(Counts))));
}

static Size
join_offset(int nworkers, int nscans)
{
	return add_size(scans_offset(nworkers),
					MAXALIGN(mul_size(mul_size(nworkers, nscans),
									  sizeof(OlapScanCounts))));
}

/* Scans that divide the rows have a place of their own for counts. */
static int
counted_scans(const OlapAggNode *node)
{
	return node->nparts > 0 ? node->nscans : 0;
}

/* [nscans], of a worker */
static OlapScanCounts *
scan_counts(AggShared *shared, int worker)
{
	return (OlapScanCounts *) ((char *) shared + scans_offset(shared->nworkers)) +
		(Size) worker * shared->nscans;
}

Size
olap_agg_estimate_dsm(CustomScanState *css, ParallelContext *pcxt)
{
	OlapAggNode *node = (OlapAggNode *) css;
	Size		size = join_offset(pcxt->nworkers, counted_scans(node));

	return node->join == NULL ? size :
		add_size(size, olap_join_shared_size(node->join, pcxt->nworkers));
}

static void
share(OlapAggNode *node, void *dsm)
{
	node->shared = dsm;
	if (node->join != NULL)
		olap_join_share(node->join, (char *) dsm +
						join_offset(node->shared->nworkers, node->shared->nscans));
}

void
olap_agg_initialize_dsm(CustomScanState *css, ParallelContext *pcxt, void *dsm)
{
	memset(dsm, 0, olap_agg_estimate_dsm(css, pcxt));
	((AggShared *) dsm)->nworkers = pcxt->nworkers;
	((AggShared *) dsm)->nscans = counted_scans((OlapAggNode *) css);
	pg_atomic_init_u32(&((AggShared *) dsm)->next_part, 0);
	share((OlapAggNode *) css, dsm);
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
		node->left_out += from->left_out;
		if (node->nworks > 0)
			node->works[0].server_rows += from->server_rows;
		node->spilled_files += from->spilled_files;
		node->spilled_rows += from->spilled_rows;
		node->spilled_bytes += from->spilled_bytes;
		node->spilled_level = Max(node->spilled_level, from->spilled_level);
		memset(from, 0, sizeof(*from));
	}
	for (int s = 0; s < node->shared->nscans; s++)
	{
		OlapScanCounts sum = {0};

		for (int i = 0; i < node->shared->nworkers; i++)
		{
			OlapScanCounts *from = &scan_counts(node->shared, i)[s];

			olap_scan_add_participant(&sum, from);
			memset(from, 0, sizeof(*from));
		}
		olap_scan_add_workers(olap_agg_scan(node, s), &sum);
	}
	if (node->join != NULL)
		olap_join_collect_counts(node->join, node->shared->nworkers);
}

void
olap_agg_reinitialize_dsm(CustomScanState *css, ParallelContext *pcxt, void *dsm)
{
	OlapAggNode *node = (OlapAggNode *) css;

	collect(node);
	pg_atomic_write_u32(&node->shared->next_part, 0);
	if (node->join != NULL)
		olap_join_undecide(node->join);
}

uint32
olap_agg_next_part(AggShared *shared)
{
	return pg_atomic_fetch_add_u32(&shared->next_part, 1);
}

void
olap_agg_initialize_worker(CustomScanState *css, shm_toc *toc, void *dsm)
{
	share((OlapAggNode *) css, dsm);
}

static void
leave(OlapAggNode *node)
{
	Counts	   *to = &node->shared->counts[ParallelWorkerNumber];

	to->times = node->times;
	to->peak_memory = node->peak_memory;
	to->groups_made = node->groups_made;
	to->left_out = node->left_out;
	for (int i = 0; i < node->nworks; i++)
		to->server_rows += node->works[i].server_rows;
	to->spilled_files = node->spilled_files;
	to->spilled_rows = node->spilled_rows;
	to->spilled_bytes = node->spilled_bytes;
	to->spilled_level = node->spilled_level;
	/* other values of stable functions might leave it other partitions */
	if (node->shared->nscans == counted_scans(node))
		for (int s = 0; s < node->shared->nscans; s++)
			scan_counts(node->shared, ParallelWorkerNumber)[s] =
				olap_scan_counts(olap_agg_scan(node, s));
	if (node->join != NULL)
		olap_join_leave_counts(node->join, ParallelWorkerNumber);
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
	if (node->join != NULL)
		olap_join_unshare(node->join);
}

/*-------------------------------------------------------------------------
 *
 * agg_topn.c
 *		OlapAgg: groups that a LIMIT above leaves out.
 *
 * Of millions of groups the query may want the first twenty.  Those that are
 * behind the twentieth in the first sort key are not made rows; the Sort and Limit
 * above decide about all others, ties and further keys included.  So states need
 * only be mapped to words that do not contradict their order: equal words for
 * different values let more groups pass.
 *
 * src/exec/agg_topn.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "exec/agg_internal.h"

/* Groups looked at at a time. */
#define CHUNK 1024

struct OlapTopN
{
	bool		active;
	uint64		threshold;		/* groups behind it are left out */
	uint32		first;			/* of the groups whose keys are there */
	uint32		n;
	uint64		keys[CHUNK];	/* the smaller, the earlier */
	int64		words[CHUNK];
	uint8		nulls[CHUNK];
	uint64		heap[FLEXIBLE_ARRAY_MEMBER];	/* [limit] */
};

List *
olap_agg_topn_to_list(const OlapAggTopN *topn)
{
	return topn->limit == 0 ? NIL :
		list_make4_int(topn->work, topn->descending, topn->nulls_first, topn->limit);
}

void
olap_agg_topn_from_list(const List *list, OlapAggTopN *topn)
{
	memset(topn, 0, sizeof(*topn));
	if (list == NIL)
		return;
	topn->work = linitial_int(list);
	topn->descending = lsecond_int(list);
	topn->nulls_first = lthird_int(list);
	topn->limit = lfourth_int(list);
}

/* Keys of the groups from first on; false if the states have no words. */
static bool
load_chunk(OlapAggNode *node, OlapTopN *work, uint32 first)
{
	uint64		flip = node->topn.descending ? 0 : PG_UINT64_MAX;
	uint64		null = node->topn.nulls_first ? 0 : PG_UINT64_MAX;

	CHECK_FOR_INTERRUPTS();
	work->first = first;
	work->n = Min(node->ngroups - first, CHUNK);
	if (!olap_agg_order_words(node->works[node->topn.work].agg, first, work->n,
							  work->words, work->nulls))
		return false;
	for (uint32 i = 0; i < work->n; i++)
	{
		/* unsigned, in descending order */
		uint64		key = ~((uint64) work->words[i] ^ (UINT64CONST(1) << 63));

		work->keys[i] = work->nulls[i] ? null : key ^ flip;
	}
	return true;
}

/* Restore a heap, greatest first, whose root was replaced. */
static void
sift_down(uint64 *heap, uint32 n)
{
	uint64		moved = heap[0];
	uint32		at = 0;

	for (;;)
	{
		uint32		child = 2 * at + 1;

		if (child >= n)
			break;
		if (child + 1 < n && heap[child + 1] > heap[child])
			child++;
		if (heap[child] <= moved)
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static int
compare_descending(const void *a, const void *b)
{
	uint64		x = *(const uint64 *) a;
	uint64		y = *(const uint64 *) b;

	return x < y ? 1 : x > y ? -1 : 0;
}

void
olap_agg_topn_start(OlapAggNode *node)
{
	uint32		limit = node->topn.limit;
	OlapTopN   *work = node->topn_work;
	uint64	   *heap;
	uint32		n = 0;

	if (work != NULL)
		work->active = false;
	if (limit == 0 || node->ngroups <= limit || node->groups == NULL ||
		node->works[node->topn.work].server != NULL)
		return;
	if (work == NULL)
		work = node->topn_work = MemoryContextAllocZero(node->cxt, sizeof(OlapTopN) +
														limit * sizeof(uint64));
	heap = work->heap;
	for (uint32 first = 0; first < node->ngroups; first += CHUNK)
	{
		uint32		i = 0;

		if (!load_chunk(node, work, first))
			return;
		for (; n < limit && i < work->n; i++)
		{
			heap[n++] = work->keys[i];
			if (n == limit)
				qsort(heap, n, sizeof(uint64), compare_descending);
		}
		for (; i < work->n; i++)
			if (work->keys[i] < heap[0])
			{
				heap[0] = work->keys[i];
				sift_down(heap, n);
			}
	}
	work->threshold = heap[0];
	work->n = 0;
	work->active = true;
}

bool
olap_agg_topn_next(OlapAggNode *node)
{
	OlapTopN   *work = node->topn_work;

	if (work == NULL || !work->active)
		return node->next < node->ngroups;
	for (; node->next < node->ngroups; node->next++)
	{
		if (node->next - work->first >= work->n &&
			!load_chunk(node, work, node->next))
			elog(ERROR, "states of an aggregate lost their order");
		if (work->keys[node->next - work->first] <= work->threshold)
			return true;
		node->left_out++;
	}
	return false;
}

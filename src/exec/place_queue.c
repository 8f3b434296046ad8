/*-------------------------------------------------------------------------
 *
 * place_queue.c
 *		Places of a scan that are not open yet, the one that may have the first row of
 *		an order on top.
 *
 * src/exec/place_queue.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "exec/place_queue.h"
#include "segment/segment.h"

/* Without an order: references that keep places, and their units, one after another. */
#define PLACE_SHIFT 24

struct OlapPlaceQueue
{
	MemoryContext cxt;
	OlapTableScan *scan;
	int			col;
	OlapSortSpec sort;
	OlapClosedPlace *heap;
	uint32		n;
	uint32		capacity;
};

static void
sift_down(OlapClosedPlace *heap, uint32 n, uint32 i)
{
	OlapClosedPlace item = heap[i];

	for (;;)
	{
		uint32		child = 2 * i + 1;

		if (child >= n)
			break;
		if (child + 1 < n &&
			olap_sort_before(&heap[child + 1].first, &heap[child].first))
			child++;
		if (!olap_sort_before(&heap[child].first, &item.first))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = item;
}

static void
push(OlapPlaceQueue *queue, const OlapClosedPlace *item)
{
	uint32		i = queue->n++;

	if (i == queue->capacity)
	{
		queue->capacity *= 2;
		queue->heap = repalloc_huge(queue->heap,
									queue->capacity * sizeof(OlapClosedPlace));
	}
	while (i > 0 &&
		   olap_sort_before(&item->first, &queue->heap[(i - 1) / 2].first))
	{
		queue->heap[i] = queue->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	queue->heap[i] = *item;
}

/* The units of a place instead of the place. */
static void
expand(OlapPlaceQueue *queue, int place)
{
	uint32		n = olap_scan_open_place(queue->scan, place);

	for (uint32 i = 0; i < n; i++)
	{
		OlapClosedPlace item = {.place = place, .unit = i};
		const OlapZone *zone;

		if (!olap_scan_unit_zone(queue->scan, i, Max(queue->col, 0), &zone))
			continue;
		olap_sort_bounds(&queue->sort, queue->col < 0 ? NULL : zone, &item.first,
						 &item.last);
		if (queue->col < 0)
			item.first.ref = ((uint64) place << PLACE_SHIFT) + i;
		push(queue, &item);
	}
}

OlapPlaceQueue *
olap_place_queue_create(OlapTableScan *scan, int col, const OlapSortSpec *sort,
						MemoryContext cxt)
{
	OlapPlaceQueue *queue = MemoryContextAllocZero(cxt, sizeof(OlapPlaceQueue));
	int			n = olap_scan_nplaces(scan);
	OlapSortPos *first = MemoryContextAllocHuge(cxt, Max(n, 1) * sizeof(OlapSortPos));
	OlapSortPos *last = MemoryContextAllocHuge(cxt, Max(n, 1) * sizeof(OlapSortPos));

	queue->cxt = cxt;
	queue->scan = scan;
	queue->col = col;
	queue->sort = *sort;
	if (col >= 0)
		olap_scan_bounds(scan, col, sort, first, last);
	queue->capacity = n + OLAP_SEGMENT_MAX_ROWGROUPS;
	queue->heap = MemoryContextAllocHuge(cxt, queue->capacity *
										 sizeof(OlapClosedPlace));
	for (int i = 0; i < n; i++)
	{
		if (col < 0)
		{
			first[i] = (OlapSortPos) {.ref = (uint64) i << PLACE_SHIFT};
			last[i] = (OlapSortPos) {.key = PG_UINT64_MAX, .ref = PG_UINT64_MAX};
		}
		queue->heap[i] = (OlapClosedPlace) {.first = first[i], .last = last[i],
			.place = i, .unit = -1};
	}
	queue->n = n;
	for (uint32 i = queue->n / 2; i-- > 0;)
		sift_down(queue->heap, queue->n, i);
	pfree(first);
	pfree(last);
	return queue;
}

const OlapSortPos *
olap_place_queue_first(const OlapPlaceQueue *queue)
{
	return queue->n == 0 ? NULL : &queue->heap[0].first;
}

bool
olap_place_queue_pop(OlapPlaceQueue *queue, OlapClosedPlace *item)
{
	*item = queue->heap[0];
	queue->heap[0] = queue->heap[--queue->n];
	if (queue->n > 0)
		sift_down(queue->heap, queue->n, 0);
	if (item->unit >= 0)
		return true;
	expand(queue, item->place);
	return false;
}

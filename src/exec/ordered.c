/*-------------------------------------------------------------------------
 *
 * ordered.c
 *		Rows of a scan in the order of a column, without reading all of it.
 *
 * A row's reference is the number of its unit, in the order in which units were
 * opened, and its index in the unit.  So of rows with equal keys the one from a
 * unit opened before is first, and a row may go out even if a closed place may
 * hold its equals.
 *
 * Memory: as many waiting rows as work_mem allows, or as are asked for. If there
 * are more, those behind the worst one kept are forgotten; when all the others
 * are out, units that may have had such rows are read again (another pass).
 *
 * src/exec/ordered.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "exec/ordered.h"
#include "exec/place_queue.h"
#include "index/topn.h"
#include "segment/segment.h"

/* Rows of a unit fit these bits of a reference, those of a vector these. */
#define UNIT_BITS 16
#define VECTOR_BITS 11

StaticAssertDecl(OLAP_ROWGROUP_ROWS == 1 << UNIT_BITS, "rows of a unit");
StaticAssertDecl(OLAP_VECTOR_ROWS == 1 << VECTOR_BITS, "rows of a vector");

/* Rows kept if nobody says how many are wanted; passes keep more. */
#define FIRST_KEEP 1024
#define KEEP_GROWTH 8
#define SMALL_KEEP 8192

/* Rows whose columns are fetched at once: from few to many. */
#define FIRST_FETCH 64
#define LIMIT_FETCH 256			/* at first, if that many are wanted: how wide they are is not known */
#define MAX_FETCH 65536

/* An opened unit, by its number. */
typedef struct Unit
{
	int			place;
	uint32		unit;
} Unit;

/* One that may have rows for another pass. */
typedef struct Reread
{
	uint64		number;
	OlapSortPos last;
} Reread;

struct OlapOrdered
{
	MemoryContext cxt;
	OlapTableScan *scan;
	OlapOrderedSpec spec;
	OlapEmitter *emitter;
	OlapOrderedFilter filter;
	void	   *arg;
	OlapOrderedStats stats;
	uint64		memory;			/* bytes */

	OlapPlaceQueue *closed;
	Unit	   *units;
	uint64		nunits;
	uint64		units_capacity;
	Reread	   *rereads;
	uint64		nrereads;
	uint64		rereads_capacity;
	uint64		reread;			/* the next of this pass */

	OlapTopN	top;
	bool		pass_over;		/* all that was kept is out, but more follows */
	uint64	   *keys;			/* [OLAP_VECTOR_ROWS] */

	/* rows that can go out, in order */
	OlapSortPos *ready;
	uint32		ready_capacity;
	uint32		nready;
	uint32		next;
	uint32		fetched_from;	/* [fetched_from, fetched) have their columns */
	uint32		fetched;
	uint32		fetch;			/* how many to fetch the next time */
	OlapSortPos *order;			/* [order_capacity], of a fetch */
	uint32		order_capacity;
	uint32	   *where;			/* [OLAP_VECTOR_ROWS] */
	uint16	   *sel;			/* [OLAP_VECTOR_ROWS] */
};

static void *
make_room(MemoryContext cxt, void *array, uint64 n, uint64 *capacity, Size size)
{
	if (n < *capacity)
		return array;
	*capacity = Max(64, *capacity * 2);
	if (array == NULL)
		return MemoryContextAllocHuge(cxt, *capacity * size);
	return repalloc_huge(array, *capacity * size);
}

/*
 * What no row of a closed place is before: its unit will have a greater number
 * than those that are open.
 */
static OlapSortPos
closed_bound(const OlapOrdered *o)
{
	OlapSortPos bound = *olap_place_queue_first(o->closed);

	bound.ref |= o->nunits << UNIT_BITS;
	return bound;
}

/* ---- keys ---- */

/* Show the rows of unit number to those that wait. */
static void
read_keys(OlapOrdered *o, uint64 number, bool again)
{
	const Unit *unit = &o->units[number];
	uint32		n = olap_scan_open_unit(o->scan, unit->place, unit->unit, again);

	for (uint32 i = 0; i < n; i++)
	{
		/* rows tend to be in ascending order: take the best ones first */
		uint32		vector = o->spec.sort.descending ? n - 1 - i : i;
		OlapBatch  *batch = olap_scan_load(o->scan, vector);
		const OlapVector *v;

		if (batch->nsel == 0 || (o->filter != NULL && !o->filter(o->arg, batch)))
			continue;
		v = olap_batch_column(batch, o->spec.col);
		if (!olap_sort_keys(&o->spec.sort, v, o->keys))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("a value of column %d is none that its type can hold",
							o->spec.col + 1)));
		olap_topn_add(&o->top, &o->spec.sort, v, o->keys, batch->sel,
					  batch->nsel, number << UNIT_BITS | vector << VECTOR_BITS);
	}

	/* what is worse than all kept need not be opened; choosing them takes time */
	if (!o->top.full || o->top.keep <= SMALL_KEEP)
		olap_topn_trim(&o->top);
	o->stats.waiting = Max(o->stats.waiting, o->top.n);
}

static void
open_unit(OlapOrdered *o, const OlapClosedPlace *item)
{
	uint64		number = o->nunits++;

	o->units = make_room(o->cxt, o->units, number, &o->units_capacity,
						 sizeof(Unit));
	o->units[number].place = item->place;
	o->units[number].unit = item->unit;
	o->rereads = make_room(o->cxt, o->rereads, o->nrereads,
						   &o->rereads_capacity, sizeof(Reread));
	o->rereads[o->nrereads].number = number;
	o->rereads[o->nrereads++].last = item->last;
	o->reread = o->nrereads;
	read_keys(o, number, false);
}

/* ---- passes ---- */

static uint32
most_kept(const OlapOrdered *o)
{
	/* twice the room for those kept, and as much again for those ready */
	return Min(o->memory / (4 * sizeof(OlapSortPos)), PG_INT32_MAX / 2);
}

/* Everything up to the worst row kept is out: go on behind it. */
static void
next_pass(OlapOrdered *o)
{
	OlapSortPos after = o->top.worst;
	uint64		keep = Min((uint64) o->top.keep * KEEP_GROWTH, most_kept(o));
	uint64		left = 0;

	for (uint64 i = 0; i < o->nrereads; i++)
		if (!olap_sort_before(&o->rereads[i].last, &after))
			o->rereads[left++] = o->rereads[i];
	o->nrereads = left;
	o->reread = 0;
	olap_topn_resume(&o->top, Max(keep, o->top.keep), &after);
	o->pass_over = false;
	o->stats.passes++;
}

static void
take_ready(OlapOrdered *o, const OlapSortPos *before)
{
	if (o->top.n > o->ready_capacity)
	{
		if (o->ready != NULL)
			pfree(o->ready);
		o->ready_capacity = Max(o->top.n, 256);
		o->ready = MemoryContextAllocHuge(o->cxt, o->ready_capacity *
										  sizeof(OlapSortPos));
	}
	o->nready = olap_topn_take(&o->top, before, o->ready);
}

/* Read until some rows can go out; false at the end. */
static bool
advance(OlapOrdered *o)
{
	OlapSortPos bound;

	o->next = o->fetched_from = o->fetched = o->nready = 0;
	while (o->nready == 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (o->pass_over)
			next_pass(o);
		if (o->reread < o->nrereads)
			read_keys(o, o->rereads[o->reread++].number, true);
		else if (olap_place_queue_first(o->closed) == NULL ||
				 (bound = closed_bound(o),
				  o->top.full && !olap_sort_before(&bound, &o->top.worst)))
		{
			take_ready(o, NULL);
			o->pass_over = o->top.full;
			if (o->nready == 0 && !o->pass_over)
				return false;
			continue;
		}
		else
		{
			OlapClosedPlace item;

			if (!olap_place_queue_pop(o->closed, &item))
				continue;
			open_unit(o, &item);
		}
		if (o->reread == o->nrereads && olap_place_queue_first(o->closed) != NULL)
		{
			bound = closed_bound(o);
			take_ready(o, &bound);
		}
	}
	return true;
}

/* ---- the other columns ---- */

/* Load and keep the rows order[0 .. n), all of one vector; few: see the scan. */
static void
fetch_vector(OlapOrdered *o, const OlapSortPos *order, uint32 n, bool few)
{
	const Unit *unit = &o->units[order->key >> UNIT_BITS];
	uint32		vector = (order->key >> VECTOR_BITS) &
		((1 << (UNIT_BITS - VECTOR_BITS)) - 1);
	OlapBatch  *batch;

	(void) olap_scan_open_unit(o->scan, unit->place, unit->unit, true);
	batch = olap_scan_load_again(o->scan, vector, few);
	for (uint32 i = 0; i < n; i++)
	{
		o->sel[i] = order[i].key & (OLAP_VECTOR_ROWS - 1);
		o->where[i] = order[i].ref;
	}
	if (o->sel[n - 1] >= batch->nrows)
		elog(ERROR, "row %u of a vector of %u rows was to be read again",
			 o->sel[n - 1], batch->nrows);
	batch->sel = o->sel;
	batch->nsel = n;
	olap_emitter_load(o->emitter, batch);
	olap_emitter_keep(o->emitter, o->where);
	o->stats.late_vectors++;
	o->stats.late_rows += n;
}

/* How many rows to fetch now: few at first, and as memory allows. */
static uint32
choose_fetch(OlapOrdered *o)
{
	uint32		last = o->fetched - o->fetched_from;
	uint64		n = o->fetch;

	if (last > 0)
		n = Min(n, Max(o->memory / 4 / (olap_emitter_kept_bytes(o->emitter) / last +
										sizeof(OlapSortPos)), 1));
	/* from what memory allowed: the next rows may be wider than the last */
	o->fetch = Min(n * 2, MAX_FETCH);
	n = Min(n, o->nready - o->next);
	if (n > o->order_capacity)
	{
		if (o->order != NULL)
			pfree(o->order);
		o->order_capacity = Max(n, FIRST_FETCH);
		o->order = MemoryContextAlloc(o->cxt, o->order_capacity *
									  sizeof(OlapSortPos));
	}
	return n;
}

/*
 * Fetch the columns of the rows that go out next, vector by vector, so that each
 * vector is decoded once.
 */
static void
fetch_rows(OlapOrdered *o)
{
	uint32		n = choose_fetch(o);

	for (uint32 i = 0; i < n; i++)
	{
		o->order[i].key = o->ready[o->next + i].ref & ~OLAP_SORT_SECOND;
		o->order[i].ref = i;
	}
	olap_sort_positions(o->order, n);
	olap_emitter_keep_begin(o->emitter, n);
	for (uint32 start = 0, end; start < n; start = end)
	{
		for (end = start + 1; end < n &&
			 o->order[end].key >> VECTOR_BITS == o->order[start].key >> VECTOR_BITS; end++)
			;
		fetch_vector(o, o->order + start, end - start, n <= LIMIT_FETCH);
	}
	o->fetched_from = o->next;
	o->fetched = o->next + n;
}

bool
olap_ordered_next(OlapOrdered *o)
{
	for (;;)
	{
		if (o->next < o->fetched)
		{
			olap_emitter_store_kept(o->emitter, o->next++ - o->fetched_from);
			return true;
		}
		if (o->next < o->nready)
			fetch_rows(o);
		else if (!advance(o))
			return false;
	}
}

/* ---- begin, end ---- */

OlapOrdered *
olap_ordered_create(OlapTableScan *scan, const OlapOrderedSpec *spec,
					OlapEmitter *emitter, OlapOrderedFilter filter, void *arg,
					MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "OlapScan order",
											  ALLOCSET_DEFAULT_SIZES);
	OlapOrdered *o = MemoryContextAllocZero(cxt, sizeof(OlapOrdered));
	uint64		keep = spec->limit > 0 ? spec->limit : FIRST_KEEP;

	o->cxt = cxt;
	o->scan = scan;
	o->spec = *spec;
	o->emitter = emitter;
	o->filter = filter;
	o->arg = arg;
	o->memory = (uint64) work_mem * 1024;
	o->fetch = spec->limit > 0 ? Min(spec->limit, LIMIT_FETCH) : FIRST_FETCH;
	o->keys = MemoryContextAlloc(cxt, OLAP_VECTOR_ROWS * sizeof(uint64));
	o->where = MemoryContextAlloc(cxt, OLAP_VECTOR_ROWS * sizeof(uint32));
	o->sel = MemoryContextAlloc(cxt, OLAP_VECTOR_ROWS * sizeof(uint16));
	olap_topn_init(&o->top, Min(keep, most_kept(o)), cxt);
	o->stats.passes = 1;
	o->closed = olap_place_queue_create(scan, spec->col, &spec->sort, cxt);
	return o;
}

void
olap_ordered_free(OlapOrdered *o)
{
	MemoryContextDelete(o->cxt);
}

const OlapOrderedStats *
olap_ordered_stats(const OlapOrdered *o)
{
	return &o->stats;
}

/*-------------------------------------------------------------------------
 *
 * encoder.c
 *		The session's side of encode workers: start, hand over, take back.
 *
 * Slots are a ring, so row groups come back in order.  When the oldest is not
 * ready the session does not sleep as long as there is a row group that nobody
 * has begun: it encodes that one.  So a worker that got no processor, or none
 * at all, never costs more than the time it saves.
 *
 * The area is pinned, for the command may begin in one resource owner and end in
 * another; olap_encoder_stop() detaches it at the end of the transaction at the
 * latest, the exit of the process does otherwise.
 *
 * src/segment/encoder.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "storage/dsm.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "base/guc.h"
#include "base/process.h"
#include "segment/encode_internal.h"
#include "segment/encoder.h"

/* How much larger than the first row group later ones may be, and still go. */
#define SLOT_SLACK(size) ((size) + (size) / 4 + 64 * 1024)
/* A worker that is gone wakes us; this is for one that could not. */
#define LOOK_AT_WORKERS_MS 1000

typedef struct PendingGroup
{
	OlapSegmentBuilder *builder;	/* NULL: freed */
	void	   *owner;
} PendingGroup;

static dsm_segment *segment = NULL;
static OlapEncodeArea *area = NULL;
static BackgroundWorkerHandle *handles[OLAP_ENCODE_MAX_WORKERS];
static int	nhandles = 0;
static PendingGroup ring[OLAP_ENCODE_MAX_SLOTS];
static int	head = 0;
static int	count = 0;
static uint64 next_serial = 0;
static uint64 by_workers;		/* row groups, as is the next */
static uint64 by_ourselves;

bool
olap_encoder_running(void)
{
	return area != NULL;
}

size_t
olap_encoder_memory(void)
{
	return segment == NULL ? 0 : dsm_segment_map_length(segment);
}

/* ---- start and stop ---- */

/* Whatever ends our use of the area, the workers see it. */
static void
close_area(dsm_segment *seg, Datum arg)
{
	OlapEncodeArea *a = (OlapEncodeArea *) DatumGetPointer(arg);

	pg_atomic_write_u32(&a->closed, 1);
	pg_memory_barrier();
	for (int i = 0; i < OLAP_ENCODE_MAX_WORKERS; i++)
	{
		Latch	   *latch = a->workers[i];

		if (latch != NULL)
			SetLatch(latch);
	}
}

/*
 * Shared memory, or NULL if there is none: /dev/shm may be full.  A segment that
 * failed half way hangs on a resource owner of its own.
 */
static dsm_segment *
create_segment(size_t size)
{
	ResourceOwner old = CurrentResourceOwner;
	ResourceOwner own = ResourceOwnerCreate(NULL, "olap encoder");
	MemoryContext cxt = CurrentMemoryContext;
	dsm_segment *volatile seg = NULL;

	CurrentResourceOwner = own;
	PG_TRY();
	{
		seg = dsm_create(size, DSM_CREATE_NULL_IF_MAXSEGMENTS);
		if (seg != NULL)
			dsm_pin_mapping(seg);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(cxt);
		FlushErrorState();
		seg = NULL;
	}
	PG_END_TRY();
	CurrentResourceOwner = old;
	ResourceOwnerRelease(own, RESOURCE_RELEASE_BEFORE_LOCKS, false, false);
	ResourceOwnerRelease(own, RESOURCE_RELEASE_LOCKS, false, false);
	ResourceOwnerRelease(own, RESOURCE_RELEASE_AFTER_LOCKS, false, false);
	ResourceOwnerDelete(own);
	return seg;
}

static bool
start_worker(dsm_handle handle)
{
	BackgroundWorker worker = {0};
	bool		started;

	snprintf(worker.bgw_name, BGW_MAXLEN, "olap encode worker for PID %d", MyProcPid);
	worker.bgw_main_arg = UInt32GetDatum(handle);
	started = olap_process_start(&worker, "olap_encode_main", "olap encode worker",
								 &handles[nhandles]);
	if (started)
		nhandles++;
	return started;
}

static void
init_area(int nslots, size_t slot_size)
{
	size_t		offset = MAXALIGN(sizeof(OlapEncodeArea));

	area = dsm_segment_address(segment);
	memset(area, 0, sizeof(*area));
	area->magic = OLAP_ENCODE_MAGIC;
	area->nslots = nslots;
	area->slot_size = slot_size;
	area->backend = &MyProc->procLatch;
	pg_atomic_init_u32(&area->closed, 0);
	pg_atomic_init_u32(&area->nworkers, 0);
	for (int i = 0; i < nslots; i++)
	{
		pg_atomic_init_u32(&area->slots[i].state, OLAP_SLOT_IDLE);
		area->slots[i].offset = offset + i * slot_size;
	}
}

void
olap_encoder_start(const OlapColumnType *types, int ncols,
				   const OlapVector *cols, size_t memory)
{
	size_t		slot_size;
	int			nslots;
	int			nworkers = Min(olap_guc_encode_workers, OLAP_ENCODE_MAX_WORKERS);

	/* workers, parallel ones too, are somebody's second process already */
	if (area != NULL || nworkers == 0 || !IsUnderPostmaster ||
		MyBgworkerEntry != NULL)
		return;
	slot_size = MAXALIGN(SLOT_SLACK(olap_encode_raw_size(types, ncols, cols)));
	nslots = (int) Min((size_t) nworkers + 1, memory / slot_size);
	nworkers = Min(nworkers, nslots);
	if (nworkers == 0)
		return;
	segment = create_segment(MAXALIGN(sizeof(OlapEncodeArea)) + nslots * slot_size);
	if (segment == NULL)
		return;
	init_area(nslots, slot_size);
	on_dsm_detach(segment, close_area, PointerGetDatum(area));
	head = count = 0;
	by_workers = by_ourselves = 0;
	while (nhandles < nworkers && start_worker(dsm_segment_handle(segment)))
		;
	if (nhandles == 0)
		olap_encoder_stop();
}

void
olap_encoder_stop(void)
{
	dsm_segment *seg = segment;

	if (seg == NULL)
		return;
	if (by_workers + by_ourselves > 0)
		ereport(DEBUG1,
				(errmsg_internal("row groups encoded: " UINT64_FORMAT " by workers, "
								 UINT64_FORMAT " of those handed over by ourselves",
								 by_workers, by_ourselves)));
	segment = NULL;
	area = NULL;
	count = 0;
	dsm_detach(seg);
	while (nhandles > 0)
		pfree(handles[--nhandles]);
}

/* Is any worker there, or yet to come? */
static bool
workers_alive(void)
{
	for (int i = 0; i < nhandles; i++)
	{
		pid_t		pid;

		if (GetBackgroundWorkerPid(handles[i], &pid) != BGWH_STOPPED)
			return true;
	}
	return false;
}

/* ---- handing over ---- */

bool
olap_encoder_fits(OlapSegmentBuilder *builder, const OlapVector *cols)
{
	int			ncols;
	const OlapColumnType *types;

	if (area == NULL || !olap_segment_builder_plain(builder))
		return false;
	types = olap_segment_builder_types(builder, &ncols);
	return olap_encode_raw_size(types, ncols, cols) <= area->slot_size &&
		workers_alive();
}

bool
olap_encoder_has_room(void)
{
	return area != NULL && count < area->nslots;
}

void
olap_encoder_add(OlapSegmentBuilder *builder, void *owner,
				 const OlapVector *cols, uint32 nrows)
{
	int			i = (head + count) % area->nslots;
	OlapEncodeSlot *slot = &area->slots[i];
	int			ncols;
	const OlapColumnType *types = olap_segment_builder_types(builder, &ncols);

	Assert(count < area->nslots);
	olap_encode_put(area, slot, types, ncols, cols, nrows);
	slot->serial = next_serial++;
	ring[i].builder = builder;
	ring[i].owner = owner;
	olap_segment_builder_hand_over(builder);
	count++;
	pg_write_barrier();
	pg_atomic_write_u32(&slot->state, OLAP_SLOT_FILLED);
	pg_memory_barrier();
	for (int w = 0; w < OLAP_ENCODE_MAX_WORKERS; w++)
	{
		Latch	   *latch = area->workers[w];

		if (latch != NULL)
			SetLatch(latch);
	}
}

void
olap_encoder_forget(OlapSegmentBuilder *builder)
{
	for (int n = 0; n < count; n++)
	{
		int			i = (head + n) % area->nslots;
		uint32		expected = OLAP_SLOT_FILLED;

		if (ring[i].builder != builder)
			continue;
		ring[i].builder = NULL;
		ring[i].owner = NULL;
		(void) pg_atomic_compare_exchange_u32(&area->slots[i].state, &expected,
											  OLAP_SLOT_FAILED);
	}
}

/* ---- taking back ---- */

/* Encode a row group that nobody has begun; false: there is none. */
static bool
help(void)
{
	static const volatile sig_atomic_t never = 0;
	OlapEncodeSlot *slot = olap_encode_claim(area);

	if (slot == NULL)
		return false;
	PG_TRY();
	{
		olap_encode_slot(area, slot, &never);
	}
	PG_CATCH();
	{
		pg_atomic_write_u32(&slot->state, OLAP_SLOT_FAILED);
		PG_RE_THROW();
	}
	PG_END_TRY();
	by_ourselves++;
	by_workers--;				/* it will be counted there */
	return true;
}

/* Wait until a worker has done something about the slot it is at. */
static void
wait_for(OlapEncodeSlot *slot)
{
	uint32		expected = OLAP_SLOT_BUSY;

	if (help())
		return;
	if (!workers_alive() && pg_atomic_read_u32(&slot->state) == OLAP_SLOT_BUSY)
	{
		(void) pg_atomic_compare_exchange_u32(&slot->state, &expected,
											  OLAP_SLOT_FAILED);
		return;
	}
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 LOOK_AT_WORKERS_MS, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/* The state of the oldest slot, once it is ours: DONE or FAILED. */
static bool
settle(OlapEncodeSlot *slot, bool wait, OlapSlotState *result)
{
	for (;;)
	{
		uint32		state = pg_atomic_read_u32(&slot->state);

		if (state == OLAP_SLOT_DONE || state == OLAP_SLOT_FAILED)
		{
			*result = (OlapSlotState) state;
			pg_read_barrier();
			return true;
		}
		if (!wait)
			return false;
		if (state == OLAP_SLOT_FILLED)
		{
			if (!pg_atomic_compare_exchange_u32(&slot->state, &state,
												OLAP_SLOT_FAILED))
				continue;
			*result = OLAP_SLOT_FAILED;
			return true;
		}
		wait_for(slot);
	}
}

/* Encode the raw row group of a slot into its builder. */
static void
add_raw(OlapSegmentBuilder *builder, const OlapEncodeSlot *slot)
{
	OlapColumnType *types;
	OlapVector *cols;

	olap_encode_view(area, slot, &types, &cols);
	olap_segment_builder_take_raw(builder, cols, slot->nrows);
	pfree(types);
	pfree(cols);
	by_ourselves++;
}

bool
olap_encoder_take(bool wait, void **owner)
{
	OlapEncodeSlot *slot;
	OlapSegmentBuilder *builder;
	OlapSlotState state;

	*owner = NULL;
	if (count == 0)
		return false;
	slot = &area->slots[head];
	if (!settle(slot, wait, &state))
		return false;

	/* first, so that what fails below stands in nobody's way */
	builder = ring[head].builder;
	*owner = ring[head].owner;
	head = (head + 1) % area->nslots;
	count--;
	if (builder == NULL)
		return true;
	olap_segment_builder_came_back(builder);
	if (state == OLAP_SLOT_DONE)
	{
		const uint8 *bytes;
		const OlapSegChunk *chunks = olap_encode_result(area, slot, &bytes);

		olap_segment_builder_take(builder, chunks, bytes, slot->nrows);
		by_workers++;
	}
	else
		add_raw(builder, slot);
	return true;
}

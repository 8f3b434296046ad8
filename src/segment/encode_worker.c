/*-------------------------------------------------------------------------
 *
 * encode_worker.c
 *		The process that encodes row groups for a session that loads many.
 *
 * It is bound to no database and reads no table; the connection it has is there
 * so that it shows in pg_stat_activity and can be terminated.  It ends with the
 * command it was started for.
 *
 * src/segment/encode_worker.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "segment/encode_internal.h"

static OlapEncodeSlot *volatile current = NULL;
static uint32 my_number;

/* However this process ends: whoever waits for the row group encodes it himself. */
static void
leave_area(dsm_segment *segment, Datum arg)
{
	OlapEncodeArea *area = (OlapEncodeArea *) DatumGetPointer(arg);

	area->workers[my_number] = NULL;
	if (current != NULL)
		pg_atomic_write_u32(&current->state, OLAP_SLOT_FAILED);
	current = NULL;
	pg_memory_barrier();
	SetLatch(area->backend);
}

static dsm_segment *
enter_area(dsm_handle handle)
{
	dsm_segment *segment = dsm_attach(handle);
	OlapEncodeArea *area;

	/* the session has ended its command already */
	if (segment == NULL)
		return NULL;
	area = dsm_segment_address(segment);
	if (area->magic != OLAP_ENCODE_MAGIC)
		elog(ERROR, "no area for encoding row groups");
	my_number = pg_atomic_fetch_add_u32(&area->nworkers, 1);
	if (my_number >= OLAP_ENCODE_MAX_WORKERS)
		elog(ERROR, "too many processes in an area for encoding row groups");
	on_dsm_detach(segment, leave_area, PointerGetDatum(area));
	area->workers[my_number] = &MyProc->procLatch;
	/* who fills a slot from here on sees the latch, what was filled before we see */
	pg_memory_barrier();
	return segment;
}

/* Encode the row group of the slot, which is ours; an error is not the end. */
static void
serve(OlapEncodeArea *area, OlapEncodeSlot *slot)
{
	MemoryContext cxt = CurrentMemoryContext;

	current = slot;
	PG_TRY();
	{
		olap_encode_slot(area, slot, &ShutdownRequestPending);
	}
	PG_CATCH();
	{
		/* out of memory, say: the session tries itself and reports what it meets */
		MemoryContextSwitchTo(cxt);
		MemoryContextReset(cxt);
		FlushErrorState();
		pg_atomic_write_u32(&slot->state, OLAP_SLOT_FAILED);
	}
	PG_END_TRY();
	current = NULL;
	pg_memory_barrier();
	SetLatch(area->backend);
}

void
olap_encode_main(Datum arg)
{
	dsm_segment *segment;
	OlapEncodeArea *area;

	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	segment = enter_area(DatumGetUInt32(arg));
	if (segment == NULL)
		proc_exit(0);
	area = dsm_segment_address(segment);
	pgstat_report_activity(STATE_RUNNING, MyBgworkerEntry->bgw_name);
	MemoryContextSwitchTo(AllocSetContextCreate(TopMemoryContext,
												"olap encode worker",
												ALLOCSET_DEFAULT_SIZES));

	while (!ShutdownRequestPending && pg_atomic_read_u32(&area->closed) == 0)
	{
		OlapEncodeSlot *slot = olap_encode_claim(area);

		if (slot != NULL)
		{
			serve(area, slot);
			continue;
		}
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, -1,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	proc_exit(0);
}

/*-------------------------------------------------------------------------
 *
 * sparse.c
 *		Reading few bytes of many chunks.
 *
 * A row that an index found takes some tens of bytes of each column, most of them
 * from few pages: heads of an encoding, of its codes and its dictionary are side by
 * side, as are the ends of one chunk and the next.  So the last few pages stay pinned
 * while a row group is read, and finding them again costs a lock.
 *
 * A chunk's bytes are addressed by where they are in it, so its memory is as long as
 * it is, although little of it is written to.  To take that from the operating system
 * for each chunk, and give it back, costs more than the reading: one piece of memory
 * for the life of the process serves all row groups, one at a time.
 *
 * src/segment/sparse.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/kernel.h"
#include "segment/page.h"
#include "segment/reader_internal.h"
#include "segment/recent.h"

/* Chunks of one row group that the memory has room for; others have their own. */
#define ROOM_SIZE (4 * 1024 * 1024)

static uint8 *room = NULL;		/* [ROOM_SIZE] */
static RowGroup *room_owner = NULL;
static size_t room_used = 0;

/* Pages that all segments of this process hold. */
static uint32 held_total = 0;

/* ---- pages ---- */

/*
 * MemoryContextCallback of a segment's context: pages that it still holds were let go
 * by the resource owner of what failed.
 */
static void
forget_held(void *arg)
{
	const OlapSegment *s = arg;

	for (int i = 0; i < OLAP_HELD_PAGES; i++)
		held_total -= s->held[i].buffer != InvalidBuffer;
}

void
olap_segment_prepare_held(OlapSegment *s)
{
	s->held_callback.func = forget_held;
	s->held_callback.arg = s;
	MemoryContextRegisterResetCallback(s->cxt, &s->held_callback);
}

/*
 * May a segment that holds n pages hold another?  Of shared buffers a process keeps
 * no more than its part, with as many open scans as there may be; beyond that each
 * has one page, as index scans of heap tables do.
 */
static bool
may_hold_another(int n)
{
	return n == 0 || held_total < (uint32) NBuffers / (MaxBackends + NUM_AUXILIARY_PROCS);
}

/* A place for a page: an empty one, or that of the page used least recently. */
static OlapHeldPage *
held_place(OlapSegment *s)
{
	OlapHeldPage *empty = NULL;
	OlapHeldPage *oldest = NULL;
	int			n = 0;

	for (int i = 0; i < OLAP_HELD_PAGES; i++)
	{
		OlapHeldPage *held = &s->held[i];

		if (held->buffer == InvalidBuffer)
		{
			empty = held;
			continue;
		}
		n++;
		if (oldest == NULL || held->used < oldest->used)
			oldest = held;
	}
	return empty != NULL && may_hold_another(n) ? empty : oldest;
}

static void
let_go(OlapHeldPage *held)
{
	Buffer		buffer = held->buffer;

	if (buffer == InvalidBuffer)
		return;
	held->buffer = InvalidBuffer;
	held_total--;
	ReleaseBuffer(buffer);
}

/*
 * The segment's page, pinned and locked; it may be found here again.  Of its payload
 * bytes [offset, offset + len) will be read.
 */
static Buffer
hold_page(OlapSegment *s, uint64 page, size_t offset, size_t len)
{
	OlapHeldPage *place;

	for (int i = 0; i < OLAP_HELD_PAGES; i++)
	{
		OlapHeldPage *held = &s->held[i];

		if (held->buffer != InvalidBuffer && held->page == page)
		{
			held->used = ++s->held_clock;
			LockBuffer(held->buffer, BUFFER_LOCK_SHARE);
			return held->buffer;
		}
	}
	place = held_place(s);
	let_go(place);
	place->buffer = olap_extent_page(s->rel, s->entry.first_block, s->entry.id,
									 page, offset, len, s->strategy);
	held_total++;
	place->page = page;
	place->used = ++s->held_clock;
	return place->buffer;
}

void
olap_segment_read_held(OlapSegment *s, uint64 offset, uint64 len, uint8 *dst)
{
	uint64		end = (uint64) s->entry.nblocks * OLAP_PAGE_PAYLOAD;
	OlapWatch	watch;

	/* an error there */
	if (offset > end || len > end - offset)
		olap_segment_read(s, offset, len, dst);
	olap_watch_start(s->times, &watch);
	while (len > 0)
	{
		size_t		skip = offset % OLAP_PAGE_PAYLOAD;
		size_t		take = Min(len, OLAP_PAGE_PAYLOAD - skip);
		Buffer		buffer;

		CHECK_FOR_INTERRUPTS();
		buffer = hold_page(s, offset / OLAP_PAGE_PAYLOAD, skip, take);
		olap_copy(dst, OlapPageGetPayload(BufferGetPage(buffer)) + skip, take);
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
		dst += take;
		offset += take;
		len -= take;
	}
	olap_watch_stop(s->times, &watch, OLAP_PART_READ);
}

void
olap_segment_expect(OlapSegment *s, uint64 offset, size_t len)
{
	uint64		page = offset / OLAP_PAGE_PAYLOAD;
	size_t		skip = offset % OLAP_PAGE_PAYLOAD;

	if (s->strategy != NULL || RelationUsesLocalBuffers(s->rel) || page >= s->entry.nblocks)
		return;
	olap_recent_expect(s->rel, s->entry.first_block + page, skip, len);
	if (len > OLAP_PAGE_PAYLOAD - skip && page + 1 < s->entry.nblocks)
		olap_recent_expect(s->rel, s->entry.first_block + page + 1, 0,
						   len - (OLAP_PAGE_PAYLOAD - skip));
}

void
olap_segment_let_go(OlapSegment *s)
{
	if (s->held_clock == 0)
		return;
	for (int i = 0; i < OLAP_HELD_PAGES; i++)
		let_go(&s->held[i]);
	s->held_clock = 0;
}

/* ---- memory ---- */

/* MemoryContextCallback of a row group's context */
static void
leave_room(void *arg)
{
	if (room_owner == arg)
		room_owner = NULL;
}

uint8 *
olap_sparse_room(RowGroup *group, size_t len)
{
	uint8	   *bytes;

	if (room == NULL)
		room = MemoryContextAlloc(TopMemoryContext, ROOM_SIZE);
	if (room_owner == NULL && len <= ROOM_SIZE)
	{
		MemoryContextCallback *callback = MemoryContextAllocZero(group->cxt,
																 sizeof(*callback));

		callback->func = leave_room;
		callback->arg = group;
		MemoryContextRegisterResetCallback(group->cxt, callback);
		room_owner = group;
		room_used = 0;
	}
	if (room_owner != group || len > ROOM_SIZE - room_used)
		return MemoryContextAllocHuge(group->cxt, len);
	bytes = room + room_used;
	room_used += MAXALIGN(len);
	return bytes;
}

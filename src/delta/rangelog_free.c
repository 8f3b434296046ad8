/*-------------------------------------------------------------------------
 *
 * rangelog_free.c
 *		Free head pages of ranges whose rows are all gone.
 *
 * Row numbers are not used again, so once no place has rows of a range nobody
 * asks for its log.  Readers lock the head page before they leave the map page,
 * and the record that frees it locks both, on a standby as well; so who got hold
 * of the page before is waited for, and who comes later does not find it.
 *
 * src/delta/rangelog_free.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/generic_xlog.h"
#include "commands/vacuum.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "delta/rangelog_page.h"

typedef struct FreeState
{
	Relation	rel;
	bool		(*needed) (void *arg, uint32 range);
	void	   *arg;
} FreeState;

static OlapLogMapPage *
map_of(Page page)
{
	return (OlapLogMapPage *) OlapPageGetPayload(page);
}

/* Has the range no record any more? */
static bool
is_empty(Buffer buffer)
{
	OlapLogHeadPage *head = (OlapLogHeadPage *)
		OlapPageGetPayload(BufferGetPage(buffer));
	bool		empty = head->nrecords == 0;

	for (int i = 0; i < OLAP_LOG_BUCKETS; i++)
		empty &= head->buckets[i] == InvalidBlockNumber;
	return empty;
}

/* Free child i of the lowest map page at block, if it is empty. */
static void
free_head(FreeState *state, BlockNumber block, int i, uint32 range)
{
	Relation	rel = state->rel;
	Buffer		map = olap_page_read(rel, block, OLAP_PAGE_LOG_MAP, 0,
									 BUFFER_LOCK_EXCLUSIVE);
	BlockNumber child = map_of(BufferGetPage(map))->children[i];
	Buffer		head = olap_log_read_head(rel, child, range,
										  BUFFER_LOCK_EXCLUSIVE);

	if (is_empty(head))
	{
		GenericXLogState *xlog = GenericXLogStart(rel);
		Page		page = GenericXLogRegisterBuffer(xlog, map, 0);
		OlapMetaEdit edit;

		/* does not change: its lock counts */
		(void) GenericXLogRegisterBuffer(xlog, head, 0);
		olap_meta_edit_begin(&edit, rel, xlog);
		map_of(page)->children[i] = InvalidBlockNumber;
		olap_meta_edit_free_block(&edit, child);
		olap_page_seal(page, block);
		olap_meta_edit_seal(&edit);
		GenericXLogFinish(xlog);
		olap_meta_edit_release(&edit);
	}
	UnlockReleaseBuffer(head);
	UnlockReleaseBuffer(map);
}

static void
look_at_map(void *arg, BlockNumber block, uint32 level, uint64 first)
{
	FreeState  *state = arg;
	BlockNumber *children;
	Buffer		buffer;

	if (level > 1)
		return;
	children = palloc(OLAP_LOG_MAP_FANOUT * sizeof(BlockNumber));
	buffer = olap_page_read(state->rel, block, OLAP_PAGE_LOG_MAP, 0,
							BUFFER_LOCK_SHARE);
	memcpy(children, map_of(BufferGetPage(buffer))->children,
		   OLAP_LOG_MAP_FANOUT * sizeof(BlockNumber));
	UnlockReleaseBuffer(buffer);
	for (int i = 0; i < OLAP_LOG_MAP_FANOUT; i++)
	{
		if (children[i] == InvalidBlockNumber ||
			state->needed(state->arg, (uint32) (first + i)))
			continue;
		vacuum_delay_point(false);
		free_head(state, block, i, (uint32) (first + i));
	}
	pfree(children);
}

void
olap_log_free_heads(Relation rel, bool (*needed) (void *arg, uint32 range),
					void *arg)
{
	FreeState	state = {rel, needed, arg};

	olap_log_map_walk(rel, look_at_map, NULL, &state);
}

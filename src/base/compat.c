/*-------------------------------------------------------------------------
 *
 * compat.c
 *		Functions that older servers lack, with the newest signature.
 *
 * src/base/compat.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "storage/lmgr.h"

#include "base/compat.h"

#if PG_VERSION_NUM < 160000

/*
 * Add up to extend_by empty blocks to a fork and return the first one's number.
 *
 * The new blocks are pinned in buffers[0 .. *extended_by) and zeroed; with
 * EB_LOCK_FIRST the first is locked exclusively. They are contiguous: the
 * extension lock is held over all of them.
 */
BlockNumber
ExtendBufferedRelBy(BufferManagerRelation bmr, ForkNumber fork,
					BufferAccessStrategy strategy, uint32 flags,
					uint32 extend_by, Buffer *buffers, uint32 *extended_by)
{
	bool		lock = !RELATION_IS_LOCAL(bmr.rel) &&
		(flags & EB_SKIP_EXTENSION_LOCK) == 0;

	if (lock)
		LockRelationForExtension(bmr.rel, ExclusiveLock);
	for (uint32 i = 0; i < extend_by; i++)
	{
		ReadBufferMode mode = (i == 0 && (flags & EB_LOCK_FIRST) != 0) ?
			RBM_ZERO_AND_LOCK : RBM_NORMAL;

		buffers[i] = ReadBufferExtended(bmr.rel, fork, P_NEW, mode, strategy);
	}
	if (lock)
		UnlockRelationForExtension(bmr.rel, ExclusiveLock);
	*extended_by = extend_by;
	return BufferGetBlockNumber(buffers[0]);
}

#endif

/*-------------------------------------------------------------------------
 *
 * verified.c
 *		Which pages in shared buffers have had their checksum verified.
 *
 * src/segment/verified.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/bufpage.h"
#include "storage/ipc.h"
#include "storage/shmem.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "segment/verified.h"

static pg_atomic_uint64 *words = NULL;	/* [NBuffers], or NULL */

static shmem_request_hook_type previous_request_hook = NULL;
static shmem_startup_hook_type previous_startup_hook = NULL;

static Size
words_size(void)
{
	return mul_size(NBuffers, sizeof(pg_atomic_uint64));
}

static void
verified_request(void)
{
	if (previous_request_hook != NULL)
		previous_request_hook();
	RequestAddinShmemSpace(words_size());
}

static void
verified_startup(void)
{
	bool		found;

	if (previous_startup_hook != NULL)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	words = ShmemInitStruct("olap verified pages", words_size(), &found);
	for (int i = 0; !found && i < NBuffers; i++)
		pg_atomic_init_u64(&words[i], 0);
	LWLockRelease(AddinShmemInitLock);
}

void
olap_verified_init(void)
{
	if (!process_shared_preload_libraries_in_progress)
		return;
	previous_request_hook = shmem_request_hook;
	shmem_request_hook = verified_request;
	previous_startup_hook = shmem_startup_hook;
	shmem_startup_hook = verified_startup;
}

/* The finalizer of splitmix64 (Steele, Lea & Flood 2014). */
static inline uint64
mix(uint64 h)
{
	h ^= h >> 30;
	h *= UINT64CONST(0xbf58476d1ce4e5b9);
	h ^= h >> 27;
	h *= UINT64CONST(0x94d049bb133111eb);
	return h ^ (h >> 31);
}

/*
 * Never 0.  Different pages share a word with a probability of 2^-63; the
 * worst that follows is a checksum that is not looked at.
 */
static inline uint64
word_of(Relation rel, Buffer buffer, OlapPageKind kind, uint32 owner)
{
	uint64		file = ((uint64) rel->rd_locator.dbOid << 32) |
		rel->rd_locator.relNumber;
	uint64		block = ((uint64) rel->rd_locator.spcOid << 32) |
		BufferGetBlockNumber(buffer);
	uint64		lsn = PageGetLSN(BufferGetPage(buffer));

	return mix(file + mix(block + mix(lsn + mix((uint64) owner << 32 | kind)))) | 1;
}

bool
olap_page_verified(Relation rel, Buffer buffer, OlapPageKind kind, uint32 owner)
{
	return words != NULL && !BufferIsLocal(buffer) &&
		pg_atomic_read_u64(&words[buffer - 1]) == word_of(rel, buffer, kind, owner);
}

void
olap_page_forget_verified(Buffer buffer)
{
	if (words != NULL && !BufferIsLocal(buffer))
		pg_atomic_write_u64(&words[buffer - 1], 0);
}

void
olap_page_prefetch_verified(Buffer buffer)
{
	if (words != NULL)
		__builtin_prefetch(&words[buffer - 1]);
}

void
olap_page_set_verified(Relation rel, Buffer buffer)
{
	const OlapPageOpaque *opaque = OlapPageGetOpaque(BufferGetPage(buffer));

	if (words != NULL && !BufferIsLocal(buffer))
		pg_atomic_write_u64(&words[buffer - 1],
							word_of(rel, buffer, opaque->kind, opaque->owner));
}

/*-------------------------------------------------------------------------
 *
 * recent.c
 *		Where this backend saw pages in shared buffers.
 *
 * src/segment/recent.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "segment/page.h"
#include "segment/recent.h"
#include "segment/verified.h"

#define RECENT_SETS 4096
#define CACHE_LINE 64

typedef struct RecentPage
{
	RelFileNumber file;
	BlockNumber block;
	Buffer		buffer;			/* InvalidBuffer: none */
} RecentPage;

/* Two pages that share a place; the one seen last is the first. */
static RecentPage recent[RECENT_SETS][2];

static inline RecentPage *
recent_set(Relation rel, BlockNumber blkno)
{
	uint64		key = (uint64) rel->rd_locator.relNumber << 32 | blkno;

	return recent[(key * UINT64CONST(0x9E3779B97F4A7C15)) >> 52];
}

StaticAssertDecl(RECENT_SETS == 1 << (64 - 52), "the bits that choose a set");

/* The buffer that the page may be in; InvalidBuffer: nothing is known. */
static inline Buffer
recent_buffer(Relation rel, BlockNumber blkno)
{
	const RecentPage *set = recent_set(rel, blkno);
	RelFileNumber file = rel->rd_locator.relNumber;

	if (set[0].block == blkno && set[0].file == file)
		return set[0].buffer;
	if (set[1].block == blkno && set[1].file == file)
		return set[1].buffer;
	return InvalidBuffer;
}

Buffer
olap_recent_pin(Relation rel, BlockNumber blkno)
{
	Buffer		buffer = recent_buffer(rel, blkno);

	/* VACUUM's delays are counted where pages are looked up */
	if (buffer == InvalidBuffer || VacuumCostActive ||
		!ReadRecentBuffer(rel->rd_locator, MAIN_FORKNUM, blkno, buffer))
		return InvalidBuffer;
	olap_buffer_used(buffer);
	pgstat_count_buffer_read(rel);
	pgstat_count_buffer_hit(rel);
	return buffer;
}

void
olap_recent_note(Relation rel, BlockNumber blkno, Buffer buffer)
{
	RecentPage *set = recent_set(rel, blkno);

	if (set[0].block != blkno || set[0].file != rel->rd_locator.relNumber)
		set[1] = set[0];
	set[0] = (RecentPage) {rel->rd_locator.relNumber, blkno, buffer};
}

void
olap_recent_expect(Relation rel, BlockNumber blkno, size_t offset, size_t len)
{
	Buffer		buffer = recent_buffer(rel, blkno);
	const char *page;
	const char *end;

	if (buffer == InvalidBuffer)
		return;
	olap_buffer_prefetch(buffer);
	olap_page_prefetch_verified(buffer);
	page = (const char *) BufferGetBlock(buffer);
	__builtin_prefetch(page);
	page += SizeOfPageHeaderData;
	end = page + Min(offset + Min(len, OLAP_EXPECT_BYTES), OLAP_PAGE_PAYLOAD);
	for (page += offset; page < end; page += CACHE_LINE)
		__builtin_prefetch(page);
}

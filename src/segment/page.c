/*-------------------------------------------------------------------------
 *
 * page.c
 *		Page checks, extents as byte streams, and file growth.
 *
 * Why multi-block full-page images for extents: segment pages are written once
 * and whole, so one XLOG_FPI record of 32 blocks costs 38 bytes a page over the
 * page itself, against 80 for a generic record each, and needs no resource
 * manager of ours on the side that replays it.
 *
 * src/segment/page.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xlog.h"
#include "access/xloginsert.h"
#include "catalog/pg_control.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/crc_shift.h"
#include "base/kernel.h"
#include "segment/page.h"
#include "segment/recent.h"
#include "segment/verified.h"

/* Pages of an extent that go into one WAL record. */
#define EXTENT_BATCH 32

#define OPAQUE_OFFSET (BLCKSZ - (int) MAXALIGN(sizeof(OlapPageOpaque)))

StaticAssertDecl(sizeof(OlapPageOpaque) == 16, "OlapPageOpaque is part of the format");
StaticAssertDecl(OLAP_VBLOCK_ROWS <= (BLCKSZ - SizeOfPageHeaderData) /
				 (MAXALIGN(SizeofHeapTupleHeader) + sizeof(ItemIdData)),
				 "a virtual block must not exceed what TID bitmaps accept");

typedef struct ReadContext
{
	Relation	rel;
	BlockNumber blkno;
	uint32		owner;
} ReadContext;

void
olap_page_init(Page page, OlapPageKind kind, uint32 owner)
{
	OlapPageOpaque *opaque;

	PageInit(page, BLCKSZ, sizeof(OlapPageOpaque));
	if (kind != OLAP_PAGE_DELTA)
		((PageHeader) page)->pd_lower = ((PageHeader) page)->pd_upper;
	opaque = OlapPageGetOpaque(page);
	opaque->owner = owner;
	opaque->kind = kind;
	opaque->version = OLAP_FORMAT_VERSION;
	opaque->vblock = 0;
}

/*
 * CRC-32C over the block number and all of the page but LSN, data checksum,
 * flags, the free space between pd_lower and pd_upper, and the CRC itself.
 */
static uint32
page_crc(Page page, BlockNumber blkno)
{
	const char *bytes = (const char *) page;
	PageHeader	header = (PageHeader) page;
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, &blkno, sizeof(blkno));
	COMP_CRC32C(crc, bytes + offsetof(PageHeaderData, pd_lower),
				header->pd_lower - offsetof(PageHeaderData, pd_lower));
	COMP_CRC32C(crc, bytes + header->pd_upper,
				OPAQUE_OFFSET - header->pd_upper);
	COMP_CRC32C(crc, bytes + OPAQUE_OFFSET + sizeof(uint32),
				sizeof(OlapPageOpaque) - sizeof(uint32));
	FIN_CRC32C(crc);
	return crc;
}

void
olap_page_seal(Page page, BlockNumber blkno)
{
	OlapPageGetOpaque(page)->crc = page_crc(page, blkno);
}

const char *
olap_page_fault(Relation rel, Buffer buffer, OlapPageKind kind, uint32 owner)
{
	Page		page = BufferGetPage(buffer);
	PageHeader	header = (PageHeader) page;
	OlapPageOpaque *opaque = OlapPageGetOpaque(page);
	bool		verified;

	/* most pages: all there is to say was found out before */
	if (likely(olap_page_verified(rel, buffer, kind, owner)))
		return NULL;
	if (PageIsNew(page))
		return "page was never written";
	if (PageGetPageSize(page) != BLCKSZ ||
		PageGetPageLayoutVersion(page) != PG_PAGE_LAYOUT_VERSION ||
		header->pd_special != OPAQUE_OFFSET ||
		header->pd_lower < SizeOfPageHeaderData ||
		header->pd_lower > header->pd_upper ||
		header->pd_upper > header->pd_special)
		return "page header is not valid";
	verified = olap_page_verified(rel, buffer, opaque->kind, opaque->owner);
	if (!verified && opaque->crc != page_crc(page, BufferGetBlockNumber(buffer)))
		return "page checksum does not match its contents";
	if (opaque->version != OLAP_FORMAT_VERSION)
		return "page has a format version that this release does not know";
	if (opaque->kind != kind)
		return "page is of another kind";
	if (owner != 0 && opaque->owner != owner)
		return "page belongs to another segment";
	if (kind != OLAP_PAGE_DELTA && header->pd_lower != header->pd_upper)
		return "page is not filled";
	if (!verified)
		olap_page_set_verified(rel, buffer);
	return NULL;
}

void
olap_corrupted(Relation rel, const char *format,...)
{
	char		detail[512];
	va_list		args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("olap table \"%s\" is corrupted",
					RelationGetRelationName(rel)),
			 errdetail_internal("%s", detail),
			 errhint("Run olap.verify('%s') for a full report; restore the table from a backup or replay its source.",
					 RelationGetRelationName(rel))));
}

void
olap_page_check(Relation rel, Buffer buffer, OlapPageKind kind, uint32 owner)
{
	const char *fault = olap_page_fault(rel, buffer, kind, owner);
	BlockNumber blkno = BufferGetBlockNumber(buffer);

	if (likely(fault == NULL))
		return;
	if (owner != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("segment %u of \"%s\" is corrupted", owner,
						RelationGetRelationName(rel)),
				 errdetail("Block %u: %s.", blkno, fault),
				 errhint("Run olap.verify('%s') for a full report; restore the table from a backup or replay its source.",
						 RelationGetRelationName(rel))));
	olap_corrupted(rel, "Block %u: %s.", blkno, fault);
}

/* Name the table and segment also in errors that the buffer manager raises. */
static void
read_error_context(void *arg)
{
	ReadContext *ctx = arg;

	if (ctx->owner != 0)
		errcontext("reading block %u of segment %u of olap table \"%s\"",
				   ctx->blkno, ctx->owner, RelationGetRelationName(ctx->rel));
	else
		errcontext("reading block %u of olap table \"%s\"", ctx->blkno,
				   RelationGetRelationName(ctx->rel));
}

Buffer
olap_buffer_read(Relation rel, BlockNumber blkno, BufferAccessStrategy strategy)
{
	bool		shared = !RelationUsesLocalBuffers(rel);
	int64		hits;
	Buffer		buffer = InvalidBuffer;

	if (shared && strategy == NULL)
		buffer = olap_recent_pin(rel, blkno);
	if (buffer != InvalidBuffer)
		return buffer;
	hits = pgBufferUsage.shared_blks_hit;
	buffer = ReadBufferExtended(rel, MAIN_FORKNUM, blkno, RBM_NORMAL, strategy);
	/* not found in the pool: it comes from the file, perhaps to where it was */
	if (unlikely(hits == pgBufferUsage.shared_blks_hit))
		olap_page_forget_verified(buffer);
	if (shared)
		olap_recent_note(rel, blkno, buffer);
	return buffer;
}

static Buffer
pin_page(Relation rel, BlockNumber blkno, uint32 owner, int lockmode,
		 BufferAccessStrategy strategy)
{
	ReadContext ctx = {rel, blkno, owner};
	ErrorContextCallback callback;
	Buffer		buffer;

	/* P_NEW would add a block to the file */
	if (blkno == InvalidBlockNumber)
		olap_corrupted(rel, "A block number is missing where one must stand (segment %u).",
					   owner);

	callback.callback = read_error_context;
	callback.arg = &ctx;
	callback.previous = error_context_stack;
	error_context_stack = &callback;

	buffer = olap_buffer_read(rel, blkno, strategy);
	LockBuffer(buffer, lockmode);
	error_context_stack = callback.previous;
	return buffer;
}

Buffer
olap_page_pin(Relation rel, BlockNumber blkno, int lockmode)
{
	return pin_page(rel, blkno, 0, lockmode, NULL);
}

static Buffer
read_page(Relation rel, BlockNumber blkno, OlapPageKind kind, uint32 owner,
		  int lockmode, BufferAccessStrategy strategy)
{
	Buffer		buffer = pin_page(rel, blkno, owner, lockmode, strategy);

	olap_page_check(rel, buffer, kind, owner);
	return buffer;
}

Buffer
olap_page_read(Relation rel, BlockNumber blkno, OlapPageKind kind, uint32 owner,
			   int lockmode)
{
	return read_page(rel, blkno, kind, owner, lockmode, NULL);
}

/*
 * How many pages to pin at a time: no more than one backend's part of shared
 * buffers, so that few of them, or many writers, do not run out of unpinned ones.
 */
static uint32
batch_size(void)
{
	return Max(1, Min(EXTENT_BATCH, NBuffers / MaxBackends));
}

/*
 * Two backends that grow the file at once may make it longer than either
 * needs: the blocks are zeros and belong to whoever the metapage hands them to
 * later, so no lock around the comparison is needed.
 */
void
olap_extend_to(Relation rel, BlockNumber nblocks)
{
	BlockNumber have;

	while ((have = RelationGetNumberOfBlocks(rel)) < nblocks)
	{
		Buffer		buffers[EXTENT_BATCH];
		uint32		got = 0;

		CHECK_FOR_INTERRUPTS();
		ExtendBufferedRelBy(BMR_REL(rel), MAIN_FORKNUM, NULL, 0,
							Min(nblocks - have, batch_size()), buffers, &got);
		for (uint32 i = 0; i < got; i++)
			ReleaseBuffer(buffers[i]);
	}
}

static void
log_sealed(Relation rel, Buffer buffer, const OlapPatch *patches, int n)
{
	Page		page = BufferGetPage(buffer);
	char		delta[OLAP_MAX_PATCH_BYTES +
					  (OLAP_MAX_PATCHES + 1) * OLAP_GENERIC_FRAGMENT + 16];
	int			len = 0;

	Assert(CritSectionCount > 0 && n <= OLAP_MAX_PATCHES);
	MarkBufferDirty(buffer);
	if (RelationNeedsWAL(rel))
	{
		for (int i = 0; i < n; i++)
			len += olap_generic_fragment(delta + len, page, patches[i].offset,
										 patches[i].len);
		len += olap_generic_fragment(delta + len, page,
									 OPAQUE_OFFSET + offsetof(OlapPageOpaque, crc),
									 sizeof(uint32));
		olap_generic_insert(buffer, delta, len);
	}
	olap_page_set_verified(rel, buffer);
}

void
olap_page_log(Relation rel, Buffer buffer, const OlapPatch *patches, int n)
{
	olap_page_seal(BufferGetPage(buffer), BufferGetBlockNumber(buffer));
	log_sealed(rel, buffer, patches, n);
}

/* The part of the page's checksum that the bytes of a patch are. */
static uint32
patch_crc(Page page, const OlapPatch *patch)
{
	pg_crc32c	crc = 0;

	COMP_CRC32C(crc, (const char *) page + patch->offset, patch->len);
	return crc;
}

void
olap_patches_begin(Page page, OlapPatch *patches, int n)
{
	Assert(((PageHeader) page)->pd_lower == ((PageHeader) page)->pd_upper);
	for (int i = 0; i < n; i++)
		patches[i].crc = patch_crc(page, &patches[i]);
}

void
olap_page_log_patched(Relation rel, Buffer buffer, const OlapPatch *patches, int n)
{
	Page		page = BufferGetPage(buffer);
	OlapPageOpaque *opaque = OlapPageGetOpaque(page);

	for (int i = 0; i < n; i++)
	{
		int			end = patches[i].offset + patches[i].len;

		Assert(patches[i].offset >= SizeOfPageHeaderData && end <= OPAQUE_OFFSET);
		/* behind the payload comes what page_crc() takes of the special space */
		opaque->crc ^= olap_crc_shift(patches[i].crc ^ patch_crc(page, &patches[i]),
									  OPAQUE_OFFSET - end +
									  sizeof(OlapPageOpaque) - sizeof(uint32));
	}
	Assert(opaque->crc == page_crc(page, BufferGetBlockNumber(buffer)));
	log_sealed(rel, buffer, patches, n);
}

/* Where a writer stands in its list of spans. */
typedef struct SpanCursor
{
	const OlapSpan *spans;
	int			nspans;
	int			index;
	size_t		done;			/* bytes taken of spans[index] */
} SpanCursor;

/* Move up to n bytes to dst; returns how many there were. */
static size_t
take_bytes(SpanCursor *cursor, char *dst, size_t n)
{
	size_t		taken = 0;

	while (taken < n && cursor->index < cursor->nspans)
	{
		const OlapSpan *span = &cursor->spans[cursor->index];
		size_t		step = Min(n - taken, span->len - cursor->done);

		if (step > 0)
			memcpy(dst + taken, span->data + cursor->done, step);
		taken += step;
		cursor->done += step;
		if (cursor->done == span->len)
		{
			cursor->index++;
			cursor->done = 0;
		}
	}
	return taken;
}

/*
 * Fill, log and release one batch of at most EXTENT_BATCH locked pages with
 * what comes next.
 */
static void
write_batch(Relation rel, Buffer *buffers, BlockNumber first, int n,
			uint32 owner, SpanCursor *cursor)
{
	bool		wal = RelationNeedsWAL(rel);

	if (wal)
		XLogEnsureRecordSpace(EXTENT_BATCH - 1, 0);

	START_CRIT_SECTION();
	for (int i = 0; i < n; i++)
	{
		Page		page = BufferGetPage(buffers[i]);

		olap_page_init(page, OLAP_PAGE_SEGMENT, owner);
		take_bytes(cursor, OlapPageGetPayload(page), OLAP_PAGE_PAYLOAD);
		olap_page_seal(page, first + i);
		MarkBufferDirty(buffers[i]);
	}
	if (wal)
	{
		XLogRecPtr	lsn;
		int			compression = wal_compression;

		/*
		 * The pages hold encoded columns: compressing their images again took
		 * 13 % of a COPY's time and saved nothing.  Nothing can fail between
		 * here and putting the setting back: this is a critical section.
		 */
		wal_compression = WAL_COMPRESSION_NONE;
		XLogBeginInsert();
		for (int i = 0; i < n; i++)
			XLogRegisterBuffer(i, buffers[i],
							   REGBUF_FORCE_IMAGE | REGBUF_STANDARD);
		lsn = XLogInsert(RM_XLOG_ID, XLOG_FPI);
		wal_compression = compression;
		for (int i = 0; i < n; i++)
			PageSetLSN(BufferGetPage(buffers[i]), lsn);
	}
	END_CRIT_SECTION();

	for (int i = 0; i < n; i++)
		UnlockReleaseBuffer(buffers[i]);
}

void
olap_extent_writev(Relation rel, BlockNumber first, uint32 nblocks,
				   uint32 owner, const OlapSpan *spans, int nspans)
{
	Buffer		buffers[EXTENT_BATCH];
	SpanCursor	cursor = {spans, nspans};
	uint64		len = 0;

	for (int i = 0; i < nspans; i++)
		len += spans[i].len;
	if (len > (uint64) nblocks * OLAP_PAGE_PAYLOAD)
		elog(ERROR, UINT64_FORMAT " bytes do not fit an extent of %u blocks",
			 len, nblocks);

	olap_extend_to(rel, first + nblocks);
	for (uint32 done = 0; done < nblocks;)
	{
		int			n = Min(nblocks - done, batch_size());

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < n; i++)
			buffers[i] = ReadBufferExtended(rel, MAIN_FORKNUM, first + done + i,
											RBM_ZERO_AND_LOCK, NULL);
		write_batch(rel, buffers, first + done, n, owner, &cursor);
		done += n;
	}
}

Buffer
olap_extent_page(Relation rel, BlockNumber first, uint32 owner, uint64 page,
				 size_t offset, size_t len, BufferAccessStrategy strategy)
{
	olap_recent_expect(rel, first + page, offset, len);
	return read_page(rel, first + page, OLAP_PAGE_SEGMENT, owner,
					 BUFFER_LOCK_SHARE, strategy);
}

void
olap_extent_read(Relation rel, BlockNumber first, uint32 nblocks, uint32 owner,
				 uint64 offset, size_t len, uint8 *dst,
				 BufferAccessStrategy strategy)
{
	uint64		index = offset / OLAP_PAGE_PAYLOAD;
	size_t		skip = offset % OLAP_PAGE_PAYLOAD;

	if (offset + len < offset || offset + len > (uint64) nblocks * OLAP_PAGE_PAYLOAD)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("segment %u of \"%s\" is corrupted", owner,
						RelationGetRelationName(rel)),
				 errdetail("%zu bytes at " UINT64_FORMAT " lie outside its %u blocks.",
						   len, offset, nblocks)));

	while (len > 0)
	{
		size_t		take = Min(len, OLAP_PAGE_PAYLOAD - skip);
		Buffer		buffer;

		CHECK_FOR_INTERRUPTS();
		buffer = olap_extent_page(rel, first, owner, index, skip, take, strategy);
		olap_copy(dst, OlapPageGetPayload(BufferGetPage(buffer)) + skip, take);
		UnlockReleaseBuffer(buffer);
		dst += take;
		len -= take;
		skip = 0;
		index++;
	}
}

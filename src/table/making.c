/*-------------------------------------------------------------------------
 *
 * making.c
 *		Segments of pending rows: from closed row groups to the file.
 *
 * A row group is encoded here, or, once a command has shown to be a large load,
 * handed over to a process that does it meanwhile (segment/encoder.h).  A segment
 * is written when it is full or when its bucket is flushed, but not before all of
 * its row groups are back; until then it waits with its writer, so that the
 * session reads on.
 *
 * src/table/making.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "storage/predicate.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/errors.h"
#include "base/guc.h"
#include "segment/encoder.h"
#include "table/writer_internal.h"

/* Row numbers that an observable bucket reserves at a time: a row group. */
#define RESERVE_VBLOCKS \
	((OLAP_ROWGROUP_ROWS + OLAP_VBLOCK_ROWS - 1) / OLAP_VBLOCK_ROWS)
/* Full row groups after which a command is a large load. */
#define LARGE_ROWGROUPS 2
/* The part of olap.write_memory that may be shared with who encodes. */
#define SHARED_PART 3

void
olap_refuse_second_write(Relation rel)
{
	ereport(ERROR,
			(errcode(ERRCODE_IN_FAILED_SQL_TRANSACTION),
			 errmsg("rows inserted into \"%s\" could not be written by an earlier attempt",
					RelationGetRelationName(rel)),
			 errhint("Roll the whole transaction back and repeat it.")));
}

void
olap_making_reserve(OlapBucket *bucket, Relation rel)
{
	memset(&bucket->entry, 0, sizeof(bucket->entry));
	bucket->entry.kind = OLAP_ENTRY_SEGMENT;
	bucket->entry.xmin = bucket->writer->xid;
	bucket->entry.cmin = bucket->writer->cid;
	bucket->entry.first_block = InvalidBlockNumber;
	bucket->entry.nvblocks = RESERVE_VBLOCKS;
	bucket->entry.time_min = PG_INT64_MIN;
	bucket->entry.time_max = PG_INT64_MAX;
	olap_directory_insert(rel, &bucket->entry, &bucket->ref,
						  bucket->writer->natts);
	bucket->reserved = true;
}

void
olap_making_count(OlapMaking *making)
{
	size_t		memory = olap_segment_builder_memory(making->builder);

	olap_writer_memory += memory - making->memory;
	making->memory = memory;
}

void
olap_making_discard(OlapMaking *making)
{
	olap_writer_memory -= making->memory;
	if (making->ended)
		dlist_delete(&making->node);
	olap_segment_builder_free(making->builder);
	pfree(making);
}

/* ---- row groups ---- */

/* Take one that was handed over back, of whatever segment. */
static bool
take_one(bool wait)
{
	void	   *owner;

	if (!olap_encoder_take(wait, &owner))
		return false;
	if (owner != NULL)
		olap_making_count(owner);
	return true;
}

/* Until the segment has all of its row groups. */
static void
take_all(OlapMaking *making)
{
	while (olap_segment_builder_pending(making->builder) > 0)
	{
		bool		took = take_one(true);

		Ensure(took, "a row group that was handed over is not pending");
	}
}

/* Hand the open row group over; false: encode it here. */
static bool
hand_over(OlapBucket *bucket, bool full)
{
	OlapWriter *writer = bucket->writer;
	OlapMaking *making = bucket->making;

	if (bucket->reserved || !olap_segment_builder_plain(making->builder))
		return false;
	if (full && ++writer->full_rowgroups >= LARGE_ROWGROUPS &&
		!writer->encoder_asked)
	{
		writer->encoder_asked = true;
		olap_encoder_start(writer->types, writer->natts, bucket->cols,
						   (size_t) olap_guc_write_memory * 1024 / SHARED_PART);
	}
	if (!olap_encoder_fits(making->builder, bucket->cols))
		return false;
	while (!olap_encoder_has_room())
	{
		if (take_one(false))
			continue;
		/* others are busy, and nothing says that this one has to wait */
		if (olap_segment_builder_pending(making->builder) == 0)
			return false;
		(void) take_one(true);
	}
	olap_encoder_add(making->builder, making, bucket->cols, bucket->nrows);
	return true;
}

static OlapMaking *
start_making(OlapWriter *writer)
{
	OlapMaking *making = MemoryContextAllocZero(writer->cxt, sizeof(OlapMaking));

	making->writer = writer;
	making->builder = olap_segment_builder_create(writer->types, writer->natts,
												  writer->options, writer->cxt);
	return making;
}

/* ---- segments ---- */

/* Write an ended segment that has all of its row groups, and free it. */
static void
write_making(OlapMaking *making, Relation rel)
{
	OlapDirEntry *entry = &making->entry;

	if (making->writing)
		olap_refuse_second_write(rel);
	making->writing = true;
	if (making->reserved)
	{
		uint32		rows = olap_segment_builder_rows(making->builder);

		olap_directory_trim(rel, &making->ref, entry,
							(rows + OLAP_VBLOCK_ROWS - 1) / OLAP_VBLOCK_ROWS);
	}
	entry->kind = OLAP_ENTRY_SEGMENT;
	entry->xmin = making->writer->xid;
	entry->cmin = making->writer->cid;
	if (making->time_min <= making->time_max)
	{
		entry->time_min = making->time_min;
		entry->time_max = making->time_max;
	}
	else
	{
		entry->time_min = PG_INT64_MIN;
		entry->time_max = PG_INT64_MAX;
	}
	olap_segment_builder_write(making->builder, rel, entry,
							   making->reserved ? &making->ref : NULL);
	olap_making_discard(making);

	/* who scanned before had locked the relation; who comes now sees the entry */
	CheckForSerializableConflictIn(rel, NULL, InvalidBlockNumber);
}

void
olap_making_write_first(OlapWriter *writer, Relation rel)
{
	OlapMaking *making = dlist_container(OlapMaking, node,
										 dlist_head_node(&writer->ended));

	take_all(making);
	write_making(making, rel);
}

/* Write those ended segments that have all of their row groups by now. */
static void
write_ready(OlapWriter *writer, Relation rel)
{
	while (take_one(false))
		;
	while (!dlist_is_empty(&writer->ended))
	{
		OlapMaking *making = dlist_container(OlapMaking, node,
											 dlist_head_node(&writer->ended));

		if (olap_segment_builder_pending(making->builder) > 0)
			return;
		write_making(making, rel);
	}
}

void
olap_making_close_rowgroup(OlapBucket *bucket, Relation rel, bool full)
{
	OlapWriter *writer = bucket->writer;
	OlapMaking *making = bucket->making;

	if (bucket->nrows == 0)
		return;
	if (making == NULL)
		making = bucket->making = start_making(writer);
	for (int i = 0; i < writer->natts; i++)
		making->raw_bytes += bucket->cols[i].heap_len +
			(size_t) bucket->cols[i].n * bucket->cols[i].width;
	if (!hand_over(bucket, full))
	{
		take_all(making);
		olap_segment_builder_add(making->builder, bucket->cols, bucket->nrows);
	}
	for (int i = 0; i < writer->natts; i++)
		olap_vector_reset(&bucket->cols[i], &writer->types[i]);
	bucket->nrows = 0;
	making->nrowgroups++;
	write_ready(writer, rel);
}

void
olap_making_end(OlapBucket *bucket, Relation rel)
{
	OlapMaking *making = bucket->making;

	if (making == NULL)
		return;
	making->time_min = bucket->time_min;
	making->time_max = bucket->time_max;
	making->reserved = bucket->reserved;
	if (bucket->reserved)
	{
		making->entry = bucket->entry;
		making->ref = bucket->ref;
	}
	making->ended = true;
	dlist_push_tail(&bucket->writer->ended, &making->node);
	olap_making_count(making);
	bucket->making = NULL;
	bucket->reserved = false;
	bucket->time_min = PG_INT64_MAX;
	bucket->time_max = PG_INT64_MIN;
	write_ready(bucket->writer, rel);
}

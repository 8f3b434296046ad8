/*-------------------------------------------------------------------------
 *
 * merge.c
 *		Collect rows and write them as sorted segments.
 *
 * src/compact/merge.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "compact/merge.h"
#include "compact/order.h"
#include "compact/progress.h"
#include "compact/retention.h"
#include "meta/options.h"
#include "segment/segment.h"
#include "table/writer.h"

struct OlapMerge
{
	Relation	rel;
	TransactionId xid;
	CommandId	cid;
	Size		budget;
	bool		(*keep_going) (Relation rel);
	MemoryContext cxt;
	OlapColumnType *types;
	int			natts;
	const OlapOptions *options;
	int			time_col;		/* -1: none */
	int64		interval;
	int64		live_key;		/* first bucket with rows that retention keeps */
	OlapMergeCounts counts;
	OlapDirEntry *written;		/* [counts.segments], in cxt */
	OlapDirRef *refs;

	/* rows not written yet, in load_cxt */
	MemoryContext load_cxt;
	OlapVector *cols;			/* [natts] */
	uint64	   *rows;			/* [cap] row numbers */
	int64	   *buckets;		/* [cap], only with buckets */
	uint32		n;
	uint32		cap;

	/* the segment being made, in write_cxt */
	MemoryContext write_cxt;
	OlapSegmentBuilder *builder;
	OlapVector *group;			/* [natts], a row group */
	uint64	   *group_rows;
	uint32		ngroup;
	int			ngroups;		/* row groups in builder */
	uint64		raw_bytes;		/* in builder */
	int64		time_min;
	int64		time_max;
};

OlapMerge *
olap_merge_create(Relation rel, TransactionId xid, CommandId cid, Size budget,
				  bool (*keep_going) (Relation rel), MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "olap merge",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	OlapMerge  *m = palloc0(sizeof(OlapMerge));

	m->rel = rel;
	m->xid = xid;
	m->cid = cid;
	m->budget = budget;
	m->keep_going = keep_going;
	m->cxt = cxt;
	m->natts = RelationGetDescr(rel)->natts;
	m->types = olap_column_types(RelationGetDescr(rel));
	/* in memory of ours: the cache may drop its copy */
	m->options = olap_options_copy(olap_options_get(rel));
	m->time_col = m->options->time_attno - 1;
	if (m->time_col >= 0)
	{
		Oid			typid = m->types[m->time_col].typid;

		m->interval = olap_bucket_interval(m->options, typid);
		m->live_key = olap_retention_key(m->options, typid, m->interval);
	}
	m->load_cxt = AllocSetContextCreate(cxt, "olap merge rows",
										ALLOCSET_DEFAULT_SIZES);
	m->write_cxt = AllocSetContextCreate(cxt, "olap merge output",
										 ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(old);
	return m;
}

/* ---- writing ---- */

static void
begin_segment(OlapMerge *m)
{
	MemoryContext old = MemoryContextSwitchTo(m->write_cxt);

	m->builder = olap_segment_builder_create(m->types, m->natts, m->options,
											 m->write_cxt);
	m->group = palloc0(Max(m->natts, 1) * sizeof(OlapVector));
	for (int col = 0; col < m->natts; col++)
		olap_vector_init(&m->group[col], &m->types[col], OLAP_VECTOR_ROWS,
						 m->write_cxt);
	m->group_rows = palloc(OLAP_ROWGROUP_ROWS * sizeof(uint64));
	m->ngroup = 0;
	m->ngroups = 0;
	m->raw_bytes = 0;
	m->time_min = PG_INT64_MAX;
	m->time_max = PG_INT64_MIN;
	MemoryContextSwitchTo(old);
}

static bool
close_group(OlapMerge *m)
{
	if (m->ngroup == 0)
		return true;
	if (!m->keep_going(m->rel))
		return false;
	for (int col = 0; col < m->natts; col++)
		m->raw_bytes += m->group[col].heap_len +
			(uint64) m->group[col].n * m->group[col].width;
	olap_segment_builder_add_numbered(m->builder, m->group, m->group_rows,
									  m->ngroup);
	olap_progress_written(m->ngroup);
	for (int col = 0; col < m->natts; col++)
		olap_vector_reset(&m->group[col], &m->types[col]);
	m->ngroup = 0;
	m->ngroups++;
	return true;
}

static void
remember_segment(OlapMerge *m, const OlapDirEntry *entry, const OlapDirRef *ref)
{
	uint32		n = m->counts.segments++;

	if ((n & (n + 1)) == 0)
	{
		Size		cap = (Size) n * 2 + 2;

		m->written = n == 0 ? MemoryContextAlloc(m->cxt, cap * sizeof(OlapDirEntry)) :
			repalloc_huge(m->written, cap * sizeof(OlapDirEntry));
		m->refs = n == 0 ? MemoryContextAlloc(m->cxt, cap * sizeof(OlapDirRef)) :
			repalloc_huge(m->refs, cap * sizeof(OlapDirRef));
	}
	m->written[n] = *entry;
	m->refs[n] = *ref;
}

static bool
close_segment(OlapMerge *m)
{
	OlapDirEntry entry = {0};
	OlapDirRef	ref;

	if (m->builder == NULL)
		return true;
	if (!close_group(m))
		return false;
	entry.xmin = m->xid;
	entry.cmin = m->cid;
	entry.flags = OLAP_ENTRY_OUTPUT;
	if (m->raw_bytes >= m->budget / 2 ||
		m->raw_bytes >= OLAP_SEGMENT_MAX_BYTES / 2 ||
		m->ngroups >= OLAP_SEGMENT_MAX_ROWGROUPS / 2)
		entry.flags |= OLAP_ENTRY_FULL;
	entry.time_min = m->time_min <= m->time_max ? m->time_min : PG_INT64_MIN;
	entry.time_max = m->time_min <= m->time_max ? m->time_max : PG_INT64_MAX;
	m->counts.rows += olap_segment_builder_rows(m->builder);
	m->counts.raw_bytes += m->raw_bytes;
	ref = olap_segment_builder_write(m->builder, m->rel, &entry, NULL);
	remember_segment(m, &entry, &ref);
	m->builder = NULL;
	MemoryContextReset(m->write_cxt);
	return true;
}

static void
widen_time(OlapMerge *m, const uint32 *sel, uint32 n)
{
	const OlapVector *v;

	if (m->time_col < 0)
		return;
	v = &m->cols[m->time_col];
	for (uint32 i = 0; i < n; i++)
	{
		int64		t;

		if (olap_vector_is_null(v, sel[i]))
			continue;
		t = v->phys == OLAP_PHYS_I32 ? ((int32 *) v->values)[sel[i]] :
			((int64 *) v->values)[sel[i]];
		m->time_min = Min(m->time_min, t);
		m->time_max = Max(m->time_max, t);
	}
}

/* Rows sel[n] as part of the open row group; n is small. */
static bool
append_rows(OlapMerge *m, const uint32 *sel, uint32 n)
{
	bool		full;

	CHECK_FOR_INTERRUPTS();
	if (m->builder == NULL)
		begin_segment(m);
	for (int col = 0; col < m->natts; col++)
		if (!m->types[col].dropped)
			olap_vector_append_rows(&m->group[col], &m->types[col],
									&m->cols[col], sel, n);
	for (uint32 i = 0; i < n; i++)
		m->group_rows[m->ngroup + i] = m->rows[sel[i]];
	m->ngroup += n;
	widen_time(m, sel, n);

	full = m->ngroup == OLAP_ROWGROUP_ROWS;
	for (int col = 0; col < m->natts && !full; col++)
		full = m->group[col].heap_len >= OLAP_ROWGROUP_BYTES;
	if (!full)
		return true;
	if (!close_group(m))
		return false;
	return (m->ngroups < OLAP_SEGMENT_MAX_ROWGROUPS &&
			m->raw_bytes < OLAP_SEGMENT_MAX_BYTES) || close_segment(m);
}

static uint64
segment_rows(const OlapMerge *m)
{
	return m->builder == NULL ? 0 :
		olap_segment_builder_rows(m->builder) + m->ngroup;
}

/*
 * Does the segment end before a row of another bucket? Buckets that are not
 * worth a segment share one with those that follow; rows without a time do not,
 * nor expired ones with others.
 */
static bool
bucket_ends(const OlapMerge *m, int64 before, int64 after)
{
	return before != after &&
		(before == OLAP_BUCKET_NULL ||
		 (before < m->live_key && after >= m->live_key) ||
		 segment_rows(m) >= OLAP_SEGMENT_MIN_ROWS);
}

/* Sort and write all that is loaded. */
static bool
write_loaded(OlapMerge *m)
{
	MemoryContext old = MemoryContextSwitchTo(m->load_cxt);
	uint32	   *order;

	if (m->n > 0)
	{
		olap_progress_phase(OLAP_PROGRESS_SORTING);
		order = olap_compact_order(m->cols, m->types, m->options, m->buckets,
								   m->rows, m->n);
		olap_progress_phase(OLAP_PROGRESS_WRITING);
		for (uint32 first = 0, n; first < m->n; first += n)
		{
			uint32		room = Min(m->n - first, OLAP_VECTOR_ROWS / 2);

			if (m->builder != NULL)
				room = Min(room, OLAP_ROWGROUP_ROWS - m->ngroup);
			if (m->buckets != NULL && first > 0 &&
				bucket_ends(m, m->buckets[order[first - 1]], m->buckets[order[first]]) &&
				!close_segment(m))
				return false;
			/* as far as the bucket goes */
			for (n = 1; n < room && (m->buckets == NULL ||
									 m->buckets[order[first + n]] == m->buckets[order[first]]); n++)
				;
			if (!append_rows(m, order + first, n))
				return false;
		}
		if (!close_segment(m))
			return false;
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(m->load_cxt);
	m->cols = NULL;
	m->n = 0;
	return true;
}

/* ---- loading ---- */

static void
begin_load(OlapMerge *m)
{
	MemoryContext old = MemoryContextSwitchTo(m->load_cxt);

	m->n = 0;
	m->cap = OLAP_VECTOR_ROWS * 4;
	m->cols = palloc0(Max(m->natts, 1) * sizeof(OlapVector));
	for (int col = 0; col < m->natts; col++)
		olap_vector_init(&m->cols[col], &m->types[col], m->cap, m->load_cxt);
	m->rows = palloc(m->cap * sizeof(uint64));
	m->buckets = m->interval > 0 ? palloc(m->cap * sizeof(int64)) : NULL;
	MemoryContextSwitchTo(old);
}

static void
reserve(OlapMerge *m, uint32 more)
{
	if (m->n + more <= m->cap)
		return;
	m->cap *= 2;
	m->rows = repalloc_huge(m->rows, (Size) m->cap * sizeof(uint64));
	if (m->buckets != NULL)
		m->buckets = repalloc_huge(m->buckets, (Size) m->cap * sizeof(int64));
}

static void
load_buckets(OlapMerge *m, uint32 n)
{
	const OlapVector *v = &m->cols[m->time_col];

	for (uint32 i = m->n; i < m->n + n; i++)
	{
		bool		isnull = olap_vector_is_null(v, i);

		m->buckets[i] = olap_bucket_key(m->interval, isnull, isnull ? 0 :
										v->phys == OLAP_PHYS_I32 ?
										((int32 *) v->values)[i] :
										((int64 *) v->values)[i]);
	}
}

/* Bytes that the loaded rows take, with what sorting them needs. */
static Size
loaded_bytes(const OlapMerge *m)
{
	Size		bytes = (Size) m->n * (2 * sizeof(uint64) + 4 * sizeof(uint32));

	for (int col = 0; col < m->natts; col++)
		bytes += m->cols[col].heap_len + (Size) m->cols[col].n * m->cols[col].width;
	return bytes;
}

bool
olap_merge_add(OlapMerge *m, OlapBatch *batch)
{
	const uint64 *numbers;
	uint32		sel[OLAP_VECTOR_ROWS];
	uint32		n = batch->nsel;

	if (n == 0)
		return true;
	if (m->cols == NULL)
		begin_load(m);
	reserve(m, n);
	for (uint32 i = 0; i < n; i++)
		sel[i] = batch->sel != NULL ? batch->sel[i] : i;
	for (int col = 0; col < m->natts; col++)
		if (!m->types[col].dropped)
			olap_vector_append_rows(&m->cols[col], &m->types[col],
									olap_batch_column(batch, col), sel, n);
	numbers = olap_batch_row_numbers(batch);
	for (uint32 i = 0; i < n; i++)
		m->rows[m->n + i] = numbers != NULL ? numbers[sel[i]] :
			batch->first_row + sel[i];
	if (m->buckets != NULL)
		load_buckets(m, n);
	m->n += n;
	if (loaded_bytes(m) < m->budget)
		return true;
	if (!write_loaded(m))
		return false;
	olap_progress_phase(OLAP_PROGRESS_READING);
	return true;
}

bool
olap_merge_finish(OlapMerge *m, uint32 max_segments, OlapMergeCounts *counts)
{
	if (!write_loaded(m))
		return false;
	for (uint32 i = 0; i < m->counts.segments && m->counts.segments > max_segments; i++)
	{
		m->written[i].flags |= OLAP_ENTRY_FULL;
		olap_directory_update(m->rel, &m->refs[i], &m->written[i]);
	}
	*counts = m->counts;
	MemoryContextDelete(m->cxt);
	return true;
}

/*-------------------------------------------------------------------------
 *
 * batch.c
 *		Fill batches from the places of a relation.
 *
 * src/table/batch.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "table/batch.h"
#include "table/writer.h"

/*
 * With up to this many needed columns delta rows are picked apart column by
 * column; with more of them deforming whole rows is cheaper.
 */
#define DELTA_SINGLE_COLUMNS 3

/* Rows of a vector that are decoded one by one before all are. */
#define FEW_ROWS 3

static void load_column(OlapBatch *batch, int col);
static bool load_selected(OlapBatch *batch, int col);
static bool load_codes(OlapBatch *batch, int col);
static void load_rows(OlapBatch *batch);

OlapBatchSource *
olap_batch_source_create(Relation rel, TupleDesc desc, const bool *needed,
						 MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "olap batch",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	OlapBatchSource *source = palloc0(sizeof(OlapBatchSource));
	int			natts = desc->natts;

	source->rel = rel;
	source->desc = desc;
	source->natts = natts;
	source->needed = needed;
	source->cxt = cxt;
	source->scratch_cxt = AllocSetContextCreate(cxt, "olap batch scratch",
												ALLOCSET_DEFAULT_SIZES);
	source->types = olap_column_types(desc);
	source->own = palloc0(Max(natts, 1) * sizeof(OlapVector));
	source->own_ready = palloc0(Max(natts, 1) * sizeof(bool));
	source->codes_only = palloc0(Max(natts, 1) * sizeof(bool));
	source->missing_ready = palloc0(Max(natts, 1) * sizeof(bool));
	source->scratch = palloc(Max(natts, 1) * OLAP_DECIMAL_MAX_SIZE);
	for (int i = 0; i < natts; i++)
		source->nneeded += needed == NULL || needed[i];

	source->batch.ncols = natts;
	source->batch.cols = palloc0(Max(natts, 1) * sizeof(OlapVector));
	source->batch.loaded = palloc0(Max(natts, 1) * sizeof(bool));
	source->batch.load = load_column;
	source->batch.load_selected = load_selected;
	source->batch.load_codes = load_codes;
	source->batch.source = source;
	MemoryContextSwitchTo(old);
	return source;
}

void
olap_batch_source_free(OlapBatchSource *source)
{
	MemoryContextDelete(source->cxt);
}

static void
forget_columns(OlapBatchSource *source)
{
	memset(source->batch.loaded, 0, source->natts * sizeof(bool));
	memset(source->codes_only, 0, source->natts * sizeof(bool));
	MemoryContextReset(source->scratch_cxt);
	source->delta_filled = false;
	source->only_row = -1;
	source->batch.sel = NULL;
}

static void
need_row_numbers(OlapBatchSource *source)
{
	if (source->row_numbers == NULL)
		source->row_numbers = MemoryContextAlloc(source->cxt, OLAP_VECTOR_ROWS *
												 sizeof(uint64));
}

/* OlapBatch.load_rows */
static void
load_rows(OlapBatch *batch)
{
	OlapBatchSource *source = batch->source;

	need_row_numbers(source);
	olap_segment_row_numbers(source->segment, source->rg, source->vecno,
							 source->row_numbers);
	batch->row_numbers = source->row_numbers;
}

void
olap_batch_set_segment(OlapBatchSource *source, OlapSegment *segment,
					   const OlapDirEntry *entry, int rg, uint32 vecno)
{
	OlapBatch  *batch = &source->batch;
	uint32		rows = olap_segment_rowgroup_rows(segment, rg);
	uint32		first = vecno * OLAP_VECTOR_ROWS;

	forget_columns(source);

	/* dictionaries live as long as a row group is open */
	if (source->serial != olap_segment_serial(segment, rg))
		batch->place++;
	source->serial = olap_segment_serial(segment, rg);
	source->segment = segment;
	source->rg = rg;
	source->vecno = vecno;

	/*
	 * Who sees a compaction's output sees the inserters of all its rows: they
	 * count as frozen, as rows do that VACUUM has frozen.
	 */
	if ((entry->flags & OLAP_ENTRY_OUTPUT) != 0)
	{
		source->xmin = FrozenTransactionId;
		source->cmin = FirstCommandId;
	}
	else
	{
		source->xmin = entry->xmin;
		source->cmin = entry->cmin;
	}
	batch->nrows = batch->nsel = Min(rows - first, OLAP_VECTOR_ROWS);
	batch->row_numbers = NULL;
	batch->load_rows = olap_segment_numbered(segment) ? load_rows : NULL;
	batch->first_row = (uint64) entry->first_vblock * OLAP_VBLOCK_ROWS +
		olap_segment_rowgroup_first(segment, rg) + first;
}

void
olap_batch_set_delta(OlapBatchSource *source)
{
	OlapBatch  *batch = &source->batch;

	forget_columns(source);
	batch->place++;
	source->serial = 0;
	source->segment = NULL;
	need_row_numbers(source);
	if (source->pages == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(source->cxt);

		source->pages = palloc(OLAP_BATCH_DELTA_PAGES * sizeof(OlapDeltaPage));
		source->tuples = palloc(OLAP_VECTOR_ROWS * sizeof(HeapTupleData));
		source->xmins = palloc(OLAP_VECTOR_ROWS * sizeof(TransactionId));
		source->cmins = palloc(OLAP_VECTOR_ROWS * sizeof(CommandId));
		MemoryContextSwitchTo(old);
	}
	batch->nrows = batch->nsel = 0;
	batch->first_row = 0;
	batch->row_numbers = source->row_numbers;
	batch->load_rows = NULL;
}

OlapDeltaPage *
olap_batch_delta_page(OlapBatchSource *source, const OlapDirEntry *run,
					  uint32 index, int i, BufferAccessStrategy strategy)
{
	OlapDeltaPage *page = &source->pages[i];

	Assert(i < OLAP_BATCH_DELTA_PAGES);
	olap_delta_page_read(source->rel, run, index, page, strategy);
	return page;
}

void
olap_batch_delta_keep(OlapBatchSource *source, const HeapTupleData *tuple,
					  TransactionId xmin, CommandId cmin)
{
	OlapBatch  *batch = &source->batch;
	uint32		row = batch->nrows++;
	ItemPointerData tid = tuple->t_self;

	Assert(row < OLAP_VECTOR_ROWS);
	source->tuples[row] = *tuple;
	source->row_numbers[row] = olap_row_of_tid(&tid);
	source->xmins[row] = xmin;
	source->cmins[row] = cmin;
	batch->nsel = batch->nrows;
}

/*
 * An empty vector for values of this type, in the memory of the last batch
 * where possible.
 */
static OlapVector *
own_vector(OlapBatchSource *source, int col, const OlapColumnType *type)
{
	OlapVector *v = &source->own[col];

	if (source->own_ready[col])
		olap_vector_reset(v, type);
	else
	{
		olap_vector_init(v, type, OLAP_VECTOR_ROWS, source->cxt);
		source->own_ready[col] = true;
	}
	return v;
}

/* nrows times the value that rows have which are older than the column. */
static void
load_missing(OlapBatchSource *source, int col, uint32 nrows)
{
	OlapVector *v;

	if (source->missing == NULL)
		source->missing = MemoryContextAllocZero(source->cxt,
												 source->natts * sizeof(OlapVector));
	v = &source->missing[col];
	if (!source->missing_ready[col])
	{
		Form_pg_attribute att = TupleDescAttr(source->desc, col);
		bool		isnull = true;
		Datum		value = (Datum) 0;
		OlapVector	one;

		if (!att->attisdropped)
			value = getmissingattr(source->desc, col + 1, &isnull);
		if (!isnull && att->attlen == -1)
			value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
		olap_vector_init(&one, &source->types[col], 1, source->scratch_cxt);
		olap_vector_append_datum(&one, &source->types[col], value, isnull);

		olap_vector_init(v, &source->types[col], OLAP_VECTOR_ROWS, source->cxt);
		if (isnull)
			for (uint32 i = 0; i < OLAP_VECTOR_ROWS; i++)
				olap_vector_append_null(v);
		else if (one.phys == OLAP_PHYS_VAR)
		{
			/* all rows share the one value */
			olap_vector_append_datum(v, &source->types[col], value, false);
			for (uint32 i = 1; i < OLAP_VECTOR_ROWS; i++)
				((uint32 *) v->values)[i] = ((uint32 *) v->values)[0];
			v->n = OLAP_VECTOR_ROWS;
		}
		else
			for (uint32 i = 0; i < OLAP_VECTOR_ROWS; i++)
				olap_vector_append_datum(v, &source->types[col], value, false);
		source->missing_ready[col] = true;
	}
	source->batch.cols[col] = *v;
	source->batch.cols[col].n = nrows;
}

/* Is there a stored column behind attribute col of the segment? */
static bool
segment_has(OlapBatchSource *source, int col)
{
	return col < olap_segment_ncols(source->segment) &&
		!TupleDescAttr(source->desc, col)->attisdropped &&
		!olap_segment_type(source->segment, col)->dropped;
}

static void
load_segment_column(OlapBatchSource *source, int col)
{
	OlapWatch	watch;
	OlapVector *v;

	if (!segment_has(source, col))
	{
		load_missing(source, col, source->batch.nrows);
		return;
	}
	olap_watch_start(source->times, &watch);
	if (source->codes_only[col])
	{
		v = &source->own[col];
		olap_segment_fill_values(source->segment, col, source->rg, v);
		source->batch.cols[col] = *v;
		olap_watch_stop(source->times, &watch, OLAP_PART_DECODE);
		return;
	}
	v = own_vector(source, col, olap_segment_type(source->segment, col));
	olap_segment_decode(source->segment, col, source->rg, source->vecno, v);
	olap_watch_stop(source->times, &watch, OLAP_PART_DECODE);
	if (v->n != source->batch.nrows)
		olap_corrupted(source->rel, "Column %d has %u rows in a vector of %u.",
					   col + 1, v->n, source->batch.nrows);
	source->batch.cols[col] = *v;
}

static void
append_delta_value(OlapBatchSource *source, int col, OlapVector *v, Datum value,
				   bool isnull)
{
	if (!isnull && source->types[col].typlen == -1)
		value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
	olap_vector_append_datum(v, &source->types[col], value, isnull);
}

static void
load_delta_column(OlapBatchSource *source, int col)
{
	OlapVector *v = own_vector(source, col, &source->types[col]);
	bool		dropped = TupleDescAttr(source->desc, col)->attisdropped;

	for (uint32 row = 0; row < source->batch.nrows; row++)
	{
		bool		isnull = true;
		Datum		value = (Datum) 0;

		if (!dropped)
			value = olap_delta_value(source->rel, &source->tuples[row],
									 source->desc, col, &isnull);
		append_delta_value(source, col, v, value, isnull);
	}
	source->batch.cols[col] = *v;
}

/* Transpose all needed columns of all rows. */
static void
load_delta_columns(OlapBatchSource *source)
{
	Datum	   *values = palloc(source->natts * sizeof(Datum));
	bool	   *isnull = palloc(source->natts * sizeof(bool));

	for (int col = 0; col < source->natts; col++)
		if (source->needed == NULL || source->needed[col])
			own_vector(source, col, &source->types[col]);

	for (uint32 row = 0; row < source->batch.nrows; row++)
	{
		olap_delta_deform(source->rel, &source->tuples[row], source->desc,
						  values, isnull);
		for (int col = 0; col < source->natts; col++)
		{
			if (source->needed != NULL && !source->needed[col])
				continue;
			if (TupleDescAttr(source->desc, col)->attisdropped)
				isnull[col] = true;
			append_delta_value(source, col, &source->own[col], values[col],
							   isnull[col]);
		}
	}
	for (int col = 0; col < source->natts; col++)
		if (source->needed == NULL || source->needed[col])
		{
			source->batch.cols[col] = source->own[col];
			source->batch.loaded[col] = true;
		}
	source->delta_filled = true;
}

/* OlapBatch.load */
static void
load_column(OlapBatch *batch, int col)
{
	OlapBatchSource *source = batch->source;
	MemoryContext old = MemoryContextSwitchTo(source->scratch_cxt);

	if (source->segment != NULL)
		load_segment_column(source, col);
	else if (source->nneeded <= DELTA_SINGLE_COLUMNS || source->delta_filled ||
			 (source->needed != NULL && !source->needed[col]))
		load_delta_column(source, col);
	else
		load_delta_columns(source);
	MemoryContextSwitchTo(old);
}

/* OlapBatch.load_codes */
static bool
load_codes(OlapBatch *batch, int col)
{
	OlapBatchSource *source = batch->source;
	MemoryContext old;
	OlapWatch	watch;
	OlapVector *v;
	bool		done;

	if (source->segment == NULL || !segment_has(source, col))
		return false;
	if (source->codes_only[col])
		return true;
	old = MemoryContextSwitchTo(source->scratch_cxt);
	v = own_vector(source, col, olap_segment_type(source->segment, col));
	olap_watch_start(source->times, &watch);
	done = olap_segment_decode_codes(source->segment, col, source->rg,
									 source->vecno, v);
	olap_watch_stop(source->times, &watch, OLAP_PART_DECODE);
	MemoryContextSwitchTo(old);
	if (!done)
		return false;
	if (v->n != batch->nrows)
		olap_corrupted(source->rel, "Column %d has %u rows in a vector of %u.",
					   col + 1, v->n, batch->nrows);
	batch->cols[col] = *v;
	source->codes_only[col] = true;
	return true;
}

/* OlapBatch.load_selected */
static bool
load_selected(OlapBatch *batch, int col)
{
	OlapBatchSource *source = batch->source;
	OlapSegment *segment = source->segment;
	MemoryContext old;
	OlapWatch	watch;
	OlapVector *v;

	if (source->codes_only[col])
		return false;
	if (segment == NULL || batch->nsel == 0 || !segment_has(source, col) ||
		!olap_segment_decodes_rows(segment, col, source->rg, batch->nsel))
		return false;
	old = MemoryContextSwitchTo(source->scratch_cxt);
	v = own_vector(source, col, olap_segment_type(segment, col));
	olap_watch_start(source->times, &watch);
	olap_segment_decode_rows(segment, col, source->rg, source->vecno,
							 batch->sel, batch->nsel, v);
	olap_watch_stop(source->times, &watch, OLAP_PART_DECODE);
	if (v->n != batch->nrows)
		olap_corrupted(source->rel, "Column %d has %u rows in a vector of %u.",
					   col + 1, v->n, batch->nrows);
	batch->cols[col] = *v;
	MemoryContextSwitchTo(old);
	return true;
}

void
olap_batch_want_row(OlapBatchSource *source, uint32 row, bool first)
{
	if (first)
		source->few_rows = 0;
	else if (source->only_row < 0 || source->only_row == (int) row)
		return;
	source->only_row = ++source->few_rows <= FEW_ROWS ? (int) row : -1;
}

/* The column's vector with this row's value at least; NULL: decode all of it. */
static const OlapVector *
column_of_row(OlapBatchSource *source, uint32 row, int col)
{
	OlapBatch  *batch = &source->batch;
	uint16		sel[1] = {row};
	uint32		nsel = batch->nsel;
	bool		done;

	if (source->only_row != (int) row || batch->loaded[col])
		return NULL;
	batch->sel = sel;
	batch->nsel = 1;
	done = load_selected(batch, col);
	batch->sel = NULL;
	batch->nsel = nsel;
	return done ? &batch->cols[col] : NULL;
}

void
olap_batch_fill_column(OlapBatchSource *source, uint32 row, int col,
					   TupleTableSlot *slot)
{
	const OlapVector *v;

	if (TupleDescAttr(source->desc, col)->attisdropped)
	{
		slot->tts_values[col] = (Datum) 0;
		slot->tts_isnull[col] = true;
		return;
	}
	v = column_of_row(source, row, col);
	if (v == NULL)
		v = olap_batch_column(&source->batch, col);
	slot->tts_isnull[col] = olap_vector_is_null(v, row);
	slot->tts_values[col] = slot->tts_isnull[col] ? (Datum) 0 :
		olap_vector_datum(v, row, source->scratch + col * OLAP_DECIMAL_MAX_SIZE);
}

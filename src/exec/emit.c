/*-------------------------------------------------------------------------
 *
 * emit.c
 *		From the surviving rows of a batch to slots, a column at a time.
 *
 * src/exec/emit.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/rel.h"

#include "exec/emit.h"
#include "segment/page.h"

/* One column: Datums (and NULL flags) of the batch's surviving rows. */
typedef struct EmitColumn
{
	int			col;			/* of the batch */
	int			out;			/* of the slot */
	int			same;			/* the column before it with the same values; -1: none */
	bool		has_nulls;		/* in this batch */
	Datum	   *values;			/* [OLAP_VECTOR_ROWS] */
	bool	   *nulls;
	char	   *numerics;		/* bytes of scaled decimals */
	int16		typlen;
	bool		byval;
	Datum	   *kept;			/* [kept_capacity], see olap_emitter_keep() */
	bool	   *kept_nulls;
} EmitColumn;

struct OlapEmitter
{
	MemoryContext cxt;
	TupleTableSlot *slot;
	int			natts;			/* of the slot */
	Oid			relid;			/* invalid: rows carry no identity */
	OlapBatch  *batch;
	int			ncolumns;
	EmitColumn *columns;

	MemoryContext kept_cxt;		/* by-reference values of kept rows */
	size_t		kept_bytes;
	uint32		kept_capacity;
	uint64	   *kept_rows;		/* their numbers */
};

static void
resolve_types(OlapEmitter *emitter)
{
	for (int c = 0; c < emitter->ncolumns; c++)
	{
		EmitColumn *column = &emitter->columns[c];
		Form_pg_attribute att = TupleDescAttr(emitter->slot->tts_tupleDescriptor,
											  column->out);

		column->typlen = att->attlen;
		column->byval = att->attbyval;
	}
}

OlapEmitter *
olap_emitter_create(Relation rel, const bool *needed, TupleTableSlot *slot,
					MemoryContext cxt)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	OlapEmitter *emitter = palloc0(sizeof(OlapEmitter));
	TupleDesc	desc = RelationGetDescr(rel);

	emitter->cxt = cxt;
	emitter->slot = slot;
	emitter->natts = desc->natts;
	emitter->relid = RelationGetRelid(rel);
	emitter->columns = palloc0(Max(desc->natts, 1) * sizeof(EmitColumn));
	for (int i = 0; i < desc->natts; i++)
	{
		slot->tts_values[i] = (Datum) 0;
		slot->tts_isnull[i] = true;
		if ((needed == NULL || needed[i]) &&
			!TupleDescAttr(desc, i)->attisdropped)
		{
			emitter->columns[emitter->ncolumns].col = i;
			emitter->columns[emitter->ncolumns].same = -1;
			emitter->columns[emitter->ncolumns++].out = i;
		}
	}
	resolve_types(emitter);
	MemoryContextSwitchTo(old);
	return emitter;
}

/* The first of columns[n] that is column col of the batch; -1: there is none. */
static int
find_column(const EmitColumn *columns, int n, int col)
{
	for (int i = 0; i < n; i++)
		if (columns[i].col == col)
			return i;
	return -1;
}

OlapEmitter *
olap_emitter_create_mapped(const AttrNumber *attnos, int n, TupleTableSlot *slot,
						   MemoryContext cxt)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	OlapEmitter *emitter = palloc0(sizeof(OlapEmitter));

	emitter->cxt = cxt;
	emitter->slot = slot;
	emitter->natts = n;
	emitter->columns = palloc0(Max(n, 1) * sizeof(EmitColumn));
	emitter->ncolumns = n;
	for (int i = 0; i < n; i++)
	{
		emitter->columns[i].col = attnos[i] - 1;
		emitter->columns[i].out = i;
		emitter->columns[i].same = find_column(emitter->columns, i, attnos[i] - 1);
	}
	resolve_types(emitter);
	MemoryContextSwitchTo(old);
	return emitter;
}

#define FETCH(conversion) \
	do { \
		if (sel == NULL) \
			for (uint32 i = 0; i < n; i++) \
			{ \
				uint32		row = i; \
				out[i] = (conversion); \
			} \
		else \
			for (uint32 i = 0; i < n; i++) \
			{ \
				uint32		row = sel[i]; \
				out[i] = (conversion); \
			} \
	} while (0)

/* Numerics of a scaled vector, side by side in memory kept for them. */
static void
fetch_decimals(OlapEmitter *emitter, EmitColumn *column, const OlapVector *v,
			   const uint16 *sel, uint32 n)
{
	const int64 *values = v->values;

	if (column->numerics == NULL)
		column->numerics = MemoryContextAlloc(emitter->cxt, OLAP_VECTOR_ROWS *
											  OLAP_DECIMAL_MAX_SIZE);
	for (uint32 i = 0; i < n; i++)
	{
		char	   *numeric = column->numerics + i * OLAP_DECIMAL_MAX_SIZE;

		olap_decimal_from_i64(values[sel != NULL ? sel[i] : i], v->scale,
							  numeric);
		column->values[i] = PointerGetDatum(numeric);
	}
}

static void
fetch_column(OlapEmitter *emitter, EmitColumn *column, const OlapVector *v,
			 const uint16 *sel, uint32 n)
{
	Datum	   *out;

	if (column->values == NULL)
	{
		column->values = MemoryContextAlloc(emitter->cxt, OLAP_VECTOR_ROWS *
											sizeof(Datum));
		column->nulls = MemoryContextAlloc(emitter->cxt, OLAP_VECTOR_ROWS *
										   sizeof(bool));
	}
	out = column->values;
	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
			FETCH(BoolGetDatum(((const uint8 *) v->values)[row]));
			break;
		case OLAP_PHYS_I8:
			FETCH(CharGetDatum(((const char *) v->values)[row]));
			break;
		case OLAP_PHYS_I16:
			FETCH(Int16GetDatum(((const int16 *) v->values)[row]));
			break;
		case OLAP_PHYS_I32:
			FETCH(Int32GetDatum(((const int32 *) v->values)[row]));
			break;
		case OLAP_PHYS_I64:
			FETCH(Int64GetDatum(((const int64 *) v->values)[row]));
			break;
		case OLAP_PHYS_F32:
			FETCH(Float4GetDatum(((const float *) v->values)[row]));
			break;
		case OLAP_PHYS_F64:
			FETCH(Float8GetDatum(((const double *) v->values)[row]));
			break;
		case OLAP_PHYS_DEC64:
			fetch_decimals(emitter, column, v, sel, n);
			break;
		case OLAP_PHYS_FIXED:
			FETCH(PointerGetDatum((const char *) v->values +
								  (size_t) row * v->width));
			break;
		case OLAP_PHYS_VAR:
			FETCH(PointerGetDatum(v->heap + ((const uint32 *) v->values)[row]));
			break;
	}
	column->has_nulls = v->valid != NULL;
	if (column->has_nulls)
		for (uint32 i = 0; i < n; i++)
			column->nulls[i] = olap_vector_is_null(v, sel != NULL ? sel[i] : i);
}

/* The arrays of a column that was fetched: it must not be asked for again. */
static void
share_column(EmitColumn *column, const EmitColumn *same)
{
	column->values = same->values;
	column->nulls = same->nulls;
	column->has_nulls = same->has_nulls;
}

void
olap_emitter_load(OlapEmitter *emitter, OlapBatch *batch)
{
	emitter->batch = batch;
	for (int c = 0; c < emitter->ncolumns; c++)
	{
		EmitColumn *column = &emitter->columns[c];

		if (column->same >= 0)
			share_column(column, &emitter->columns[column->same]);
		else
			fetch_column(emitter, column,
						 olap_batch_column_of_rows(batch, column->col),
						 batch->sel, batch->nsel);
		emitter->slot->tts_isnull[column->out] = false;
	}
}

/* The slot is about to be filled; somebody may have materialized it. */
static inline void
begin_store(TupleTableSlot *slot)
{
	if (unlikely(TTS_SHOULDFREE(slot)))
		ExecClearTuple(slot);
}

static inline void
finish_store(OlapEmitter *emitter, uint64 row)
{
	TupleTableSlot *slot = emitter->slot;

	slot->tts_flags &= ~TTS_FLAG_EMPTY;
	slot->tts_nvalid = (AttrNumber) emitter->natts;
	if (OidIsValid(emitter->relid))
	{
		slot->tts_tableOid = emitter->relid;
		olap_tid_of_row(&slot->tts_tid, row);
	}
}

void
olap_emitter_store(OlapEmitter *emitter, uint32 pos)
{
	TupleTableSlot *slot = emitter->slot;
	OlapBatch  *batch = emitter->batch;
	const EmitColumn *column = emitter->columns;
	const EmitColumn *end = column + emitter->ncolumns;
	uint64		row = 0;

	begin_store(slot);
	for (; column < end; column++)
	{
		slot->tts_values[column->out] = column->values[pos];
		if (column->has_nulls)
			slot->tts_isnull[column->out] = column->nulls[pos];
	}
	if (OidIsValid(emitter->relid))
		row = olap_batch_row_number(batch, batch->sel != NULL ?
									batch->sel[pos] : pos);
	finish_store(emitter, row);
}

/* ---- rows that outlive their batch ---- */

void
olap_emitter_keep_begin(OlapEmitter *emitter, uint32 n)
{
	if (emitter->kept_cxt == NULL)
		emitter->kept_cxt = AllocSetContextCreate(emitter->cxt, "olap kept rows",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContextReset(emitter->kept_cxt);
	emitter->kept_bytes = n * (sizeof(uint64) + emitter->ncolumns *
							   (sizeof(Datum) + sizeof(bool)));
	if (n <= emitter->kept_capacity)
		return;
	if (emitter->kept_capacity > 0)
		pfree(emitter->kept_rows);
	emitter->kept_rows = MemoryContextAlloc(emitter->cxt, n * sizeof(uint64));
	for (int c = 0; c < emitter->ncolumns; c++)
	{
		EmitColumn *column = &emitter->columns[c];

		if (emitter->kept_capacity > 0)
		{
			pfree(column->kept);
			pfree(column->kept_nulls);
		}
		column->kept = MemoryContextAlloc(emitter->cxt, n * sizeof(Datum));
		column->kept_nulls = MemoryContextAlloc(emitter->cxt, n * sizeof(bool));
	}
	emitter->kept_capacity = n;
}

static inline Size
datum_size(const EmitColumn *column, Datum value)
{
	return column->typlen == -1 ? VARSIZE_ANY(DatumGetPointer(value)) :
		column->typlen == -2 ? strlen(DatumGetCString(value)) + 1 :
		(Size) column->typlen;
}

/* By-reference values of the loaded rows, copied side by side. */
static void
keep_references(OlapEmitter *emitter, EmitColumn *column, const uint32 *where,
				uint32 n)
{
	Size		total = 0;
	char	   *to;

	for (uint32 i = 0; i < n; i++)
		if (!column->kept_nulls[where[i]])
			total += MAXALIGN(datum_size(column, column->values[i]));
	if (total == 0)
		return;
	to = MemoryContextAllocHuge(emitter->kept_cxt, total);
	emitter->kept_bytes += total;
	for (uint32 i = 0; i < n; i++)
	{
		Size		size;

		if (column->kept_nulls[where[i]])
			continue;
		size = datum_size(column, column->values[i]);
		memcpy(to, DatumGetPointer(column->values[i]), size);
		column->kept[where[i]] = PointerGetDatum(to);
		to += MAXALIGN(size);
	}
}

void
olap_emitter_keep(OlapEmitter *emitter, const uint32 *where)
{
	OlapBatch  *batch = emitter->batch;
	uint32		n = batch->nsel;

	for (int c = 0; c < emitter->ncolumns; c++)
	{
		EmitColumn *column = &emitter->columns[c];

		for (uint32 i = 0; i < n; i++)
			column->kept_nulls[where[i]] = column->has_nulls && column->nulls[i];
		if (column->byval)
			for (uint32 i = 0; i < n; i++)
				column->kept[where[i]] = column->values[i];
		else
			keep_references(emitter, column, where, n);
	}
	if (OidIsValid(emitter->relid))
		for (uint32 i = 0; i < n; i++)
			emitter->kept_rows[where[i]] =
				olap_batch_row_number(batch, batch->sel != NULL ?
									  batch->sel[i] : i);
}

size_t
olap_emitter_kept_bytes(const OlapEmitter *emitter)
{
	return emitter->kept_bytes;
}

void
olap_emitter_store_kept(OlapEmitter *emitter, uint32 i)
{
	TupleTableSlot *slot = emitter->slot;

	begin_store(slot);
	for (int c = 0; c < emitter->ncolumns; c++)
	{
		const EmitColumn *column = &emitter->columns[c];

		slot->tts_values[column->out] = column->kept[i];
		slot->tts_isnull[column->out] = column->kept_nulls[i];
	}
	finish_store(emitter, emitter->kept_rows[i]);
}

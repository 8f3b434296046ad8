/*-------------------------------------------------------------------------
 *
 * agg_join_side.c
 *		A side of a join below OlapAgg: from the rows of a plan to a hash table.
 *
 * Keys are numbered like groups, and a frozen table of groups is what batches look
 * keys up in: dictionaries once an entry, integers of a small range in an array.
 *
 * src/exec/agg_join_side.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"

#include "base/varlena.h"
#include "exec/agg_join_internal.h"

/* A chunk of rows ends early when its strings have so many bytes, or such a part of the limit. */
#define CHUNK_BYTES (1024 * 1024)
#define CHUNK_PART 8

/* Offsets in a column's heap have 32 bits. */
#define HEAP_BYTES UINT64CONST(0xF0000000)

/* Rows and groups are numbered in 32 bits, and there is a row 0. */
#define MAX_ROWS (PG_UINT32_MAX - 2 * OLAP_VECTOR_ROWS)

/* Most entries of a dictionary, and how many rows one of them must have. */
#define DICT_ENTRIES 4096
#define DICT_ROWS 4

/* Strings are numbered for a dictionary so many bytes at a time. */
#define DICT_PART_BYTES (64 * 1024)

/* Rows on their way into the table. */
typedef struct Chunk
{
	OlapBatch	batch;
	OlapProgram *program;		/* keys */
	uint32		gids[OLAP_VECTOR_ROWS];
	uint32		fresh[OLAP_VECTOR_ROWS];
	uint16		sel[OLAP_VECTOR_ROWS];
} Chunk;

size_t
olap_join_side_memory(const OlapJoinSide *side)
{
	size_t		used = side->groups == NULL ? 0 : olap_groups_memory(side->groups);

	for (int c = 0; side->columns != NULL && c < side->ncols; c++)
		used += olap_vector_memory(&side->columns[c].values) +
			(side->columns[c].codes == NULL ? 0 :
			 (side->rows + 1) * sizeof(uint32) +
			 olap_vector_memory(&side->columns[c].dict));
	return used;
}

/* ---- rows ---- */

static void
start(OlapJoin *join, OlapJoinSide *side)
{
	side->rows = 0;
	side->groups = NULL;
	side->columns = palloc0(Max(side->ncols, 1) * sizeof(OlapJoinColumn));
	for (int c = 0; c < side->ncols; c++)
	{
		OlapVector *values = &side->columns[c].values;

		olap_vector_init(values, &join->types[side->first + c], 1, join->cxt);
		olap_vector_append_null(values);
	}
}

static void
start_groups(OlapJoin *join, OlapJoinSide *side, const OlapProgram *program,
			 size_t limit)
{
	OlapGroupKey *keys = palloc0(side->nkeys * sizeof(OlapGroupKey));

	for (int k = 0; k < side->nkeys; k++)
	{
		keys[k].type = *olap_program_type(program, k);
		keys[k].order = side->orders[k];
	}
	side->groups = olap_groups_create(keys, side->nkeys, limit, join->cxt);
}

static Chunk *
start_chunk(OlapJoin *join, OlapJoinSide *side)
{
	Chunk	   *chunk = palloc0(sizeof(Chunk));

	chunk->batch.ncols = join->desc->natts;
	chunk->batch.cols = palloc0(join->desc->natts * sizeof(OlapVector));
	chunk->batch.place = 1;
	for (int c = side->first; c < side->first + side->ncols; c++)
		olap_vector_init(&chunk->batch.cols[c], &join->types[c],
						 OLAP_VECTOR_ROWS, join->cxt);
	chunk->program = olap_join_compile(join, side->inner_keys, join->cxt);
	return chunk;
}

/* Append a row to the chunk; false if it is full then. */
static bool
add_row(OlapJoin *join, OlapJoinSide *side, Chunk *chunk, TupleTableSlot *slot)
{
	size_t		bytes = 0;

	chunk->batch.nrows++;
	slot_getallattrs(slot);
	for (int c = 0; c < side->ncols; c++)
	{
		OlapVector *values = &chunk->batch.cols[side->first + c];
		const OlapColumnType *type = &join->types[side->first + c];
		Datum		datum = slot->tts_values[c];

		if (slot->tts_isnull[c])
			olap_vector_append_null(values);
		else if (type->typlen == -1)
		{
			struct varlena *plain = PG_DETOAST_DATUM_PACKED(datum);

			olap_vector_append_datum(values, type, PointerGetDatum(plain), false);
			if ((Pointer) plain != DatumGetPointer(datum))
				pfree(plain);
		}
		else
			olap_vector_append_datum(values, type, datum, false);
		bytes += values->heap_len;
	}
	return chunk->batch.nrows < OLAP_VECTOR_ROWS &&
		bytes < Min(CHUNK_BYTES, side->limit / CHUNK_PART);
}

/* Rows with a key that is NULL match nothing: they leave the chunk. */
static void
drop_null_keys(OlapJoinSide *side, Chunk *chunk)
{
	OlapBatch  *batch = &chunk->batch;
	uint32		n = 0;

	for (uint32 i = 0; i < batch->nrows; i++)
	{
		bool		isnull = false;

		for (int k = 0; k < side->nkeys; k++)
			isnull |= olap_vector_is_null(side->keys[k], i);
		chunk->sel[n] = i;
		n += !isnull;
	}
	if (n == batch->nrows)
		return;
	batch->sel = chunk->sel;
	batch->nsel = n;
	olap_program_next(chunk->program);
	for (int k = 0; k < side->nkeys && n > 0; k++)
		side->keys[k] = olap_program_eval(chunk->program, k, batch);
}

/* Is there memory for the rows of the chunk, and for what doubles with them? */
static bool
has_room(OlapJoin *join, OlapJoinSide *side, Chunk *chunk)
{
	OlapBatch  *batch = &chunk->batch;
	size_t		need = olap_join_side_memory(side) +
		olap_groups_growth(side->groups, side->keys, batch->nsel);

	for (int c = 0; c < side->ncols; c++)
		if (join->needed[side->first + c])
			need += olap_vector_growth(&side->columns[c].values, batch->nsel,
									   batch->cols[side->first + c].heap_len);
	return need <= side->limit;
}

/*
 * Of rows with equal keys the first one stays.  Where more than one of them would
 * match, the planner has proven that there are none; should it be wrong, this is
 * no join of ours.
 */
static bool
take_rows(OlapJoin *join, OlapJoinSide *side, Chunk *chunk)
{
	OlapBatch  *batch = &chunk->batch;
	uint32		n = 0;

	if (side->rows > MAX_ROWS || !has_room(join, side, chunk))
		return false;
	olap_groups_assign(side->groups, side->keys, batch->nsel, chunk->gids);
	for (uint32 i = 0; i < batch->nsel; i++)
	{
		if (chunk->gids[i] != side->rows)
			continue;
		chunk->fresh[n++] = batch->sel == NULL ? i : batch->sel[i];
		side->rows++;
	}
	if (n < batch->nsel && side->type != JOIN_SEMI && side->type != JOIN_ANTI)
		return false;
	for (int c = 0; c < side->ncols; c++)
	{
		int			column = side->first + c;
		OlapVector *values = &side->columns[c].values;
		const OlapVector *from = &batch->cols[column];

		if (!join->needed[column])
			continue;
		if (values->heap_len + from->heap_len > HEAP_BYTES)
			return false;
		olap_vector_append_rows(values, &join->types[column], from, chunk->fresh, n);
	}
	return true;
}

static bool
flush(OlapJoin *join, OlapJoinSide *side, Chunk *chunk)
{
	OlapBatch  *batch = &chunk->batch;
	bool		fits = true;

	if (batch->nrows == 0)
		return true;
	side->counts.rows_read += batch->nrows;
	batch->sel = NULL;
	batch->nsel = batch->nrows;
	olap_program_next(chunk->program);
	for (int k = 0; k < side->nkeys; k++)
		side->keys[k] = olap_program_eval(chunk->program, k, batch);
	drop_null_keys(side, chunk);
	if (batch->nsel > 0)
		fits = take_rows(join, side, chunk);
	for (int c = side->first; c < side->first + side->ncols; c++)
		olap_vector_reset(&batch->cols[c], &join->types[c]);
	batch->nrows = 0;
	return fits;
}

/* ---- columns ---- */

/* Number a column's strings; false if there are more than entries, or no room. */
static bool
number_strings(const OlapVector *values, uint32 rows, OlapGroups *groups,
			   uint32 *codes, uint32 entries, size_t room)
{
	size_t		empty = olap_groups_memory(groups);
	size_t		step = DICT_PART_BYTES / (values->heap_len / rows + 1);

	step = Min(Max(step, 1), OLAP_VECTOR_ROWS);
	for (uint32 row = 1; row <= rows; row += step)
	{
		uint32		n = Min(rows + 1 - row, step);
		OlapVector	part = *values;
		const OlapVector *vector = &part;
		size_t		bytes;

		part.values = (char *) values->values + (size_t) row * values->width;
		part.valid = NULL;
		part.n = part.capacity = n;
		bytes = olap_groups_memory(groups) - empty +
			olap_groups_growth(groups, &vector, n);
		/* beside the strings there will be a vector of them, made by doubling */
		if (empty + 4 * bytes > room)
			return false;
		olap_groups_assign(groups, &vector, n, codes + row);
		if (olap_groups_count(groups) > entries)
			return false;
	}
	return true;
}

/*
 * Number the strings of a column that has few of them: what is computed of it is
 * then computed once a string.
 */
static void
make_dictionary(OlapJoin *join, OlapJoinSide *side, int c)
{
	OlapJoinColumn *column = &side->columns[c];
	OlapVector *values = &column->values;
	OlapGroupKey key = {.type = join->types[side->first + c],.order = OLAP_ORDER_BYTES};
	OlapGroups *groups;
	uint32		entries = Min(DICT_ENTRIES, side->rows / DICT_ROWS);
	size_t		bytes = (side->rows + 1) * sizeof(uint32);
	size_t		room = side->limit - Min(side->limit, olap_join_side_memory(side));
	uint32	   *codes;

	if ((key.type.typid != TEXTOID && key.type.typid != VARCHAROID) ||
		values->phys != OLAP_PHYS_VAR || column->has_nulls || entries == 0 ||
		bytes >= room)
		return;
	groups = olap_groups_create(&key, 1, DICT_ENTRIES * sizeof(uint64), join->cxt);
	codes = palloc0(bytes);
	if (number_strings(values, side->rows, groups, codes, entries, room - bytes))
	{
		olap_vector_init(&column->dict, &key.type, olap_groups_count(groups),
						 join->cxt);
		olap_groups_keys(groups, 0, 0, olap_groups_count(groups), &column->dict);
		column->codes = codes;
	}
	else
		pfree(codes);
	olap_groups_free(groups);
}

static void
finish_column(OlapJoin *join, OlapJoinSide *side, int c)
{
	OlapJoinColumn *column = &side->columns[c];
	OlapVector *values = &column->values;

	if (!join->needed[side->first + c])
		return;
	for (uint32 row = 1; row <= side->rows && !column->has_nulls; row++)
		column->has_nulls = olap_vector_is_null(values, row);
	make_dictionary(join, side, c);
	column->out_values = palloc0((size_t) OLAP_VECTOR_ROWS * values->width);
	column->out_valid = palloc(OLAP_VECTOR_ROWS / 8);
	if (column->codes != NULL)
		column->out_codes = palloc0(OLAP_VECTOR_ROWS * sizeof(uint32));
}

/* ---- a run ---- */

/* Nodes keep what they make in the context they are called in. */
static TupleTableSlot *
next_row(OlapJoinSide *side)
{
	MemoryContext old = MemoryContextSwitchTo(side->ps->state->es_query_cxt);
	TupleTableSlot *slot = ExecProcNode(side->ps);

	MemoryContextSwitchTo(old);
	return slot;
}

/*
 * Stop before the end: workers wait to send the rest.  Shutting the side down would be
 * for good, but it may run again, or a subplan of it in PostgreSQL's plan.
 */
static void
give_up(OlapJoinSide *side)
{
	MemoryContext old = MemoryContextSwitchTo(side->ps->state->es_query_cxt);

	ExecReScan(side->ps);
	MemoryContextSwitchTo(old);
}

bool
olap_join_build_side(OlapJoin *join, OlapJoinSide *side, size_t limit)
{
	Chunk	   *chunk;
	TupleTableSlot *slot;
	bool		fits = true;

	start(join, side);
	side->limit = limit;
	side->keys = palloc(side->nkeys * sizeof(OlapVector *));
	chunk = start_chunk(join, side);
	start_groups(join, side, chunk->program, limit);
	do
	{
		CHECK_FOR_INTERRUPTS();
		slot = next_row(side);
		if (TupIsNull(slot) || !add_row(join, side, chunk, slot))
			fits = flush(join, side, chunk) &&
				olap_join_side_memory(side) <= limit;
	} while (fits && !TupIsNull(slot));
	if (fits)
	{
		olap_groups_freeze(side->groups);
		for (int c = 0; c < side->ncols; c++)
			finish_column(join, side, c);
		for (int c = side->first; c < side->first + side->ncols; c++)
			olap_vector_free(&chunk->batch.cols[c]);
	}
	else
		give_up(side);
	side->counts.rows_hashed += side->rows;
	side->counts.peak_memory = Max(side->counts.peak_memory,
								   olap_join_side_memory(side));
	olap_program_free(chunk->program);
	pfree(chunk);
	return fits;
}

/*
 * test/unit/program_check.h
 *		Types, columns, batches and what arithmetic is to give, for the tests of
 *		programs.
 */
#ifndef PROGRAM_CHECK_H
#define PROGRAM_CHECK_H

#include "catalog/pg_type_d.h"

#include "base/varlena.h"
#include "unit.h"
#include "vector/program_build.h"

#define ROWS 1500

static inline OlapColumnType
make_type(Oid typid, int typlen, bool byval, char align)
{
	OlapColumnType type = {.typid = typid, .typmod = -1, .typlen = typlen,
		.typbyval = byval, .typalign = align};

	olap_column_type_resolve(&type);
	return type;
}

static OlapColumnType bool_type;
static OlapColumnType int2_type;
static OlapColumnType int4_type;
static OlapColumnType int8_type;
static OlapColumnType float8_type;
static OlapColumnType text_type;
static OlapColumnType numeric_type;
static OlapColumnType timestamp_type;

static inline void
make_types(void)
{
	bool_type = make_type(BOOLOID, 1, true, 'c');
	int2_type = make_type(INT2OID, 2, true, 's');
	int4_type = make_type(INT4OID, 4, true, 'i');
	int8_type = make_type(INT8OID, 8, true, 'd');
	float8_type = make_type(FLOAT8OID, 8, true, 'd');
	text_type = make_type(TEXTOID, -1, false, 'i');
	numeric_type = make_type(NUMERICOID, -1, false, 'i');
	timestamp_type = make_type(TIMESTAMPOID, 8, true, 'd');
}

/* A batch of one column, with every third row in play if so wished. */
static inline OlapBatch *
make_batch(OlapVector *cols, int ncols, bool selected)
{
	OlapBatch  *batch = palloc0(sizeof(OlapBatch));

	batch->ncols = ncols;
	batch->cols = cols;
	batch->nrows = batch->nsel = cols[0].n;
	batch->place = 1;
	if (selected)
	{
		batch->sel = palloc(OLAP_VECTOR_ROWS * sizeof(uint16));
		batch->nsel = 0;
		for (uint32 i = 1; i < batch->nrows; i += 3)
			batch->sel[batch->nsel++] = (uint16) i;
	}
	return batch;
}

static inline uint32
row_of(const OlapBatch *batch, uint32 i)
{
	return batch->sel != NULL ? batch->sel[i] : i;
}

static inline bool
null_at(uint32 row)
{
	return (row * 2654435761u) % 7 == 0;
}

static inline void
fill_ints(OlapVector *v, const OlapColumnType *type, bool nulls, int64 range)
{
	olap_vector_init(v, type, ROWS, CurrentMemoryContext);
	for (uint32 i = 0; i < ROWS; i++)
	{
		int64		value = (int64) (unit_random() % (uint64) (2 * range + 1)) - range;

		if (nulls && null_at(i))
			olap_vector_append_null(v);
		else if (type->phys == OLAP_PHYS_I16)
			olap_vector_append_i16(v, (int16) value);
		else if (type->phys == OLAP_PHYS_I32)
			olap_vector_append_i32(v, (int32) value);
		else
			olap_vector_append_i64(v, value);
	}
}

static inline int64
int_at(const OlapVector *v, uint32 row)
{
	return v->phys == OLAP_PHYS_BOOL ? ((uint8 *) v->values)[row] :
		v->phys == OLAP_PHYS_I16 ? ((int16 *) v->values)[row] :
		v->phys == OLAP_PHYS_I32 ? ((int32 *) v->values)[row] :
		((int64 *) v->values)[row];
}

static inline int64
reference(OlapArith op, int64 a, int64 b)
{
	switch (op)
	{
		case OLAP_ARITH_ADD:
			return a + b;
		case OLAP_ARITH_SUB:
			return a - b;
		case OLAP_ARITH_MUL:
			return a * b;
		case OLAP_ARITH_DIV:
			return a / b;
		default:
			return a % b;
	}
}

/* ---- arithmetic ---- */

#endif							/* PROGRAM_CHECK_H */

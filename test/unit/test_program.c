/*
 * test/unit/test_program.c
 *		Programs give what a scalar reference gives, for the rows in play and no
 *		others; branches run for the rows that take them, bridges as rarely as
 *		dictionaries allow.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type_d.h"

#include "base/varlena.h"
#include "unit.h"
#include "vector/program_build.h"

#define ROWS 1500

static OlapColumnType
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

static void
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
static OlapBatch *
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

static uint32
row_of(const OlapBatch *batch, uint32 i)
{
	return batch->sel != NULL ? batch->sel[i] : i;
}

static bool
null_at(uint32 row)
{
	return (row * 2654435761u) % 7 == 0;
}

static void
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

static int64
int_at(const OlapVector *v, uint32 row)
{
	return v->phys == OLAP_PHYS_BOOL ? ((uint8 *) v->values)[row] :
		v->phys == OLAP_PHYS_I16 ? ((int16 *) v->values)[row] :
		v->phys == OLAP_PHYS_I32 ? ((int32 *) v->values)[row] :
		((int64 *) v->values)[row];
}

static int64
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

static void
check_arith(const OlapColumnType *type, OlapArith op, int64 range, bool selected)
{
	OlapVector	cols[2];
	OlapProgram *program = olap_program_create(CurrentMemoryContext);
	OlapScope  *root = olap_program_root(program);
	OlapNode   *a = olap_node_column(root, type, 0);
	OlapNode   *b = olap_node_column(root, type, 1);
	OlapBatch  *batch;
	const OlapVector *v;
	uint32		wrong = 0;

	fill_ints(&cols[0], type, true, range);
	fill_ints(&cols[1], type, true, range);
	if (op == OLAP_ARITH_DIV || op == OLAP_ARITH_MOD)
		for (uint32 i = 0; i < ROWS; i++)
			if (int_at(&cols[1], i) == 0)
				memset((char *) cols[1].values + i * cols[1].width, 1, 1);
	batch = make_batch(cols, 2, selected);
	olap_program_add(program, olap_node_int_arith(root, op, type, a, b));
	v = olap_program_eval(program, 0, batch);
	CHECK_INT(v->n, batch->nsel);
	for (uint32 i = 0; i < batch->nsel; i++)
	{
		uint32		row = row_of(batch, i);
		bool		isnull = olap_vector_is_null(&cols[0], row) ||
			olap_vector_is_null(&cols[1], row);

		if (olap_vector_is_null(v, i) != isnull ||
			(!isnull && int_at(v, i) != reference(op, int_at(&cols[0], row),
												  int_at(&cols[1], row))))
			wrong++;
	}
	CHECK_INT(wrong, 0);
	olap_program_free(program);
}

static void
integers_as_the_reference(void)
{
	for (int op = OLAP_ARITH_ADD; op <= OLAP_ARITH_MOD; op++)
		for (int selected = 0; selected < 2; selected++)
		{
			check_arith(&int2_type, op, 180, selected);
			check_arith(&int4_type, op, 46000, selected);
			check_arith(&int8_type, op, 40000, selected);
			check_arith(&int8_type, op, INT64CONST(3000000000), selected);
		}
}

/* A value that fails is an error where its row is in play, and not NULL. */
static void
errors_of_rows_in_play_only(void)
{
	OlapVector	col;
	OlapProgram *program = olap_program_create(CurrentMemoryContext);
	OlapScope  *root = olap_program_root(program);
	OlapNode   *a = olap_node_column(root, &int4_type, 0);
	OlapNode   *ten = olap_node_const(root, &int4_type, Int32GetDatum(10), false);
	OlapBatch  *batch;

	olap_vector_init(&col, &int4_type, ROWS, CurrentMemoryContext);
	for (uint32 i = 0; i < ROWS; i++)
		if (i == 8)
			olap_vector_append_null(&col);
		else
			olap_vector_append_i32(&col, i == 5 ? 0 : i == 6 ? PG_INT32_MAX : 1);
	olap_program_add(program, olap_node_int_arith(root, OLAP_ARITH_DIV,
												  &int4_type, ten, a));
	olap_program_add(program, olap_node_int_arith(root, OLAP_ARITH_ADD,
												  &int4_type, ten, a));
	batch = make_batch(&col, 1, true);
	CHECK_INT(olap_program_eval(program, 0, batch)->n, 500);
	CHECK_INT(olap_program_eval(program, 1, batch)->n, 500);
	olap_program_next(program);
	batch = make_batch(&col, 1, false);
	CHECK_ERROR(olap_program_eval(program, 0, batch), "division by zero");
	CHECK_INT(unit_last_sqlstate(), ERRCODE_DIVISION_BY_ZERO);
	CHECK_ERROR(olap_program_eval(program, 1, batch), "integer out of range");
	CHECK_INT(unit_last_sqlstate(), ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE);
	batch->nrows = batch->nsel = 5;
	olap_program_next(program);
	CHECK_INT(int_at(olap_program_eval(program, 1, batch), 4), 11);
	batch->nsel = 0;
	olap_program_next(program);
	CHECK_INT(olap_program_eval(program, 0, batch)->n, 0);
}

/* ---- logic and branches ---- */

/* a and b of three values each; AND, OR in SQL's way, one argument in a branch. */
static void
three_valued_logic(void)
{
	OlapVector	cols[2];
	OlapProgram *program = olap_program_create(CurrentMemoryContext);
	OlapScope  *root = olap_program_root(program);
	OlapScope  *branch[2] = {olap_scope_branch(root), olap_scope_branch(root)};
	OlapBatch  *batch;

	for (int c = 0; c < 2; c++)
	{
		olap_vector_init(&cols[c], &bool_type, 9, CurrentMemoryContext);
		for (int i = 0; i < 9; i++)
		{
			int			x = c == 0 ? i / 3 : i % 3;

			if (x == 2)
				olap_vector_append_null(&cols[c]);
			else
				olap_vector_append_bool(&cols[c], x == 1);
		}
	}
	for (int is_or = 0; is_or < 2; is_or++)
		for (int branched = 0; branched < 2; branched++)
		{
			OlapNode   *args[2];

			args[0] = olap_node_column(root, &bool_type, 0);
			args[1] = olap_node_column(branched ? branch[is_or] : root,
									   &bool_type, 1);
			olap_program_add(program, olap_node_logic(root, is_or, args, 2));
		}
	batch = make_batch(cols, 2, false);
	for (int out = 0; out < 4; out++)
	{
		const OlapVector *v = olap_program_eval(program, out, batch);
		int			strong = out >= 2;

		for (int i = 0; i < 9; i++)
		{
			int			a = i / 3;
			int			b = i % 3;
			int			want = a == strong || b == strong ? strong :
				a == 2 || b == 2 ? 2 : !strong;

			CHECK_INT(olap_vector_is_null(v, i) ? 2 : int_at(v, i), want);
		}
	}
}

/* CASE WHEN a > 0 THEN 1000 / a WHEN a < 0 THEN a ELSE NULL END */
static void
branches_run_for_their_rows(void)
{
	OlapVector	col;
	OlapProgram *program = olap_program_create(CurrentMemoryContext);
	OlapScope  *root = olap_program_root(program);
	OlapScope  *then = olap_scope_branch(root);
	OlapNode   *a = olap_node_column(root, &int4_type, 0);
	OlapNode   *zero = olap_node_const(root, &int4_type, Int32GetDatum(0), false);
	OlapNode   *conds[2];
	OlapNode   *results[3];

	fill_ints(&col, &int4_type, true, 3);
	conds[0] = olap_node_compare(root, OLAP_ORDER_INT, OLAP_CMP_GT, a, zero);
	conds[1] = olap_node_compare(root, OLAP_ORDER_INT, OLAP_CMP_LT, a, zero);
	results[0] = olap_node_int_arith(then, OLAP_ARITH_DIV, &int4_type,
									 olap_node_const(then, &int4_type,
													 Int32GetDatum(1000), false),
									 olap_node_column(then, &int4_type, 0));
	results[1] = a;
	results[2] = olap_node_const(root, &int4_type, (Datum) 0, true);
	olap_program_add(program, olap_node_case(root, &int4_type, conds, results, 2));
	for (int selected = 0; selected < 2; selected++)
	{
		OlapBatch  *batch = make_batch(&col, 1, selected);
		const OlapVector *v;
		uint32		wrong = 0;

		olap_program_next(program);
		v = olap_program_eval(program, 0, batch);
		for (uint32 i = 0; i < batch->nsel; i++)
		{
			uint32		row = row_of(batch, i);
			int64		x = int_at(&col, row);
			bool		isnull = olap_vector_is_null(&col, row) || x == 0;

			if (olap_vector_is_null(v, i) != isnull ||
				(!isnull && int_at(v, i) != (x > 0 ? 1000 / x : x)))
				wrong++;
		}
		CHECK_INT(wrong, 0);
	}
}

/* ---- bridges ---- */

typedef struct Upper
{
	Datum		values[1];
	bool		nulls[1];
	int			calls;
	char		buffer[64];
} Upper;

/* The first letter in upper case; NULL for "n..."; an error for "!...". */
static Datum
call_upper(void *arg, bool *isnull)
{
	Upper	   *self = arg;
	const char *data = self->nulls[0] ? "z" :
		VARDATA_ANY(DatumGetPointer(self->values[0]));

	self->calls++;
	if (*data == '!')
		ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION), errmsg("no such letter")));
	*isnull = *data == 'n';
	self->buffer[VARHDRSZ] = (char) (*data & ~0x20);
	SET_VARSIZE(self->buffer, VARHDRSZ + 1);
	return PointerGetDatum(self->buffer);
}

static const char *const words[] = {"apple", "avocado", "beer", "nothing", "!"};

/* Rows of words by code, the last word only where a row is not in play. */
static void
fill_words(OlapVector *v, OlapVector *dict, uint32 *codes)
{
	olap_vector_init(dict, &text_type, 8, CurrentMemoryContext);
	for (int i = 0; i < 5; i++)
		olap_vector_append_var(dict, words[i], strlen(words[i]));
	olap_vector_init(v, &text_type, ROWS, CurrentMemoryContext);
	for (uint32 i = 0; i < ROWS; i++)
	{
		codes[i] = i % 3 == 0 ? 4 : (uint32) (unit_random() % 4);
		if (null_at(i))
			olap_vector_append_null(v);
		else
			olap_vector_append_var(v, words[codes[i]], strlen(words[codes[i]]));
	}
}

static uint32
count_wrong(const OlapVector *v, const OlapVector *col, const uint32 *codes,
			const OlapBatch *batch, bool coded)
{
	uint32		wrong = 0;

	for (uint32 i = 0; i < batch->nsel; i++)
	{
		uint32		row = row_of(batch, i);
		bool		isnull = olap_vector_is_null(col, row);
		char		want = isnull ? 'Z' : (char) (words[codes[row]][0] & ~0x20);
		const char *value = v->heap + ((uint32 *) v->values)[i];

		if (olap_vector_is_null(v, i) != (want == 'N'))
			wrong++;
		else if (want != 'N' && (VARSIZE(value) != VARHDRSZ + 1 ||
								 value[VARHDRSZ] != want))
			wrong++;
		else if (want != 'N' && coded &&
				 ((uint32 *) v->dict->values)[v->codes[i]] !=
				 ((uint32 *) v->values)[i])
			wrong++;
	}
	return wrong;
}

/* One call for each entry in play and for NULL; equal results have one code. */
static void
bridge_once_per_dictionary_entry(void)
{
	OlapVector	col;
	OlapVector	dict;
	uint32		codes[ROWS];
	Upper		upper = {0};
	OlapBridge	bridge = {call_upper, &upper, upper.values, upper.nulls};
	OlapProgram *program = olap_program_create(CurrentMemoryContext);
	OlapScope  *root = olap_program_root(program);
	OlapNode   *a = olap_node_column(root, &text_type, 0);
	OlapBatch  *batch;
	const OlapVector *v;

	fill_words(&col, &dict, codes);
	olap_program_add(program, olap_node_bridge(root, &text_type, &bridge, &a, 1));
	batch = make_batch(&col, 1, true);

	v = olap_program_eval(program, 0, batch);
	CHECK_INT(count_wrong(v, &col, codes, batch, false), 0);
	CHECK(upper.calls > 5);
	CHECK(v->codes == NULL);

	col.codes = codes;
	col.dict = &dict;
	upper.calls = 0;
	olap_program_new_place(program);
	for (int again = 0; again < 2; again++)
	{
		olap_program_next(program);
		v = olap_program_eval(program, 0, batch);
		CHECK_INT(count_wrong(v, &col, codes, batch, true), 0);
		CHECK_INT(upper.calls, 5);	/* four words, NULL */
		CHECK_INT(v->dict->n, 3);	/* A, B, Z */
	}
	olap_program_new_place(program);
	v = olap_program_eval(program, 0, batch);
	CHECK_INT(upper.calls, 10);
	CHECK_INT(v->dict->n, 3);

	/* with all rows in play the word that raises an error is as well */
	batch = make_batch(&col, 1, false);
	olap_program_next(program);
	CHECK_ERROR(olap_program_eval(program, 0, batch), "no such letter");
	olap_program_free(program);
}

/* A filter narrows to the rows that are true, not NULL. */
static void
filter_by_a_result(void)
{
	OlapVector	col;
	OlapProgram *program = olap_program_create(CurrentMemoryContext);
	OlapScope  *root = olap_program_root(program);
	OlapNode   *a = olap_node_column(root, &int4_type, 0);
	OlapNode   *zero = olap_node_const(root, &int4_type, Int32GetDatum(0), false);

	fill_ints(&col, &int4_type, true, 100);
	olap_program_add(program, olap_node_compare(root, OLAP_ORDER_INT,
												OLAP_CMP_GT, a, zero));
	olap_program_add(program, a);
	for (int selected = 0; selected < 2; selected++)
	{
		OlapBatch  *batch = make_batch(&col, 1, selected);
		uint32		want = 0;
		const OlapVector *v;

		for (uint32 i = 0; i < batch->nsel; i++)
			want += !olap_vector_is_null(&col, row_of(batch, i)) &&
				int_at(&col, row_of(batch, i)) > 0;
		olap_program_next(program);
		CHECK_INT(olap_program_filter(program, 0, batch), want);
		CHECK_INT(batch->nsel, want);
		v = olap_program_eval(program, 1, batch);
		for (uint32 i = 0; i < want; i++)
			if (olap_vector_is_null(v, i) || int_at(v, i) <= 0)
				CHECK(false);
	}
}

/* ---- numerics and time ---- */

/* The bridge of these tests says that it was asked. */
static Datum
call_fallback(void *arg, bool *isnull)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION), errmsg("asked the bridge")));
	return (Datum) 0;
}

static void
numerics_keep_their_scale(void)
{
	OlapVector	cols[2];
	Datum		values[2];
	bool		nulls[2];
	OlapBridge	bridge = {call_fallback, NULL, values, nulls};
	OlapProgram *program = olap_program_create(CurrentMemoryContext);
	OlapScope  *root = olap_program_root(program);
	OlapColumnType types[2] = {numeric_type, numeric_type};
	OlapNode   *args[2];
	const int	scales[2] = {2, 5};
	OlapBatch  *batch;
	const OlapVector *v;

	for (int c = 0; c < 2; c++)
	{
		types[c].typmod = ((15 << 16) | scales[c]) + VARHDRSZ;
		olap_column_type_resolve(&types[c]);
		fill_ints(&cols[c], &types[c], true, 1000000);
		args[c] = olap_node_column(root, &types[c], c);
	}
	for (int op = OLAP_ARITH_ADD; op <= OLAP_ARITH_MUL; op++)
		olap_program_add(program, olap_node_decimal_arith(root, op, &numeric_type,
														  args[0], args[1],
														  &bridge));
	batch = make_batch(cols, 2, true);
	for (int op = OLAP_ARITH_ADD; op <= OLAP_ARITH_MUL; op++)
	{
		uint32		wrong = 0;

		v = olap_program_eval(program, op, batch);
		CHECK_INT(v->phys, OLAP_PHYS_DEC64);
		CHECK_INT(v->scale, op == OLAP_ARITH_MUL ? 7 : 5);
		for (uint32 i = 0; i < batch->nsel; i++)
		{
			uint32		row = row_of(batch, i);
			int64		a = int_at(&cols[0], row);

			wrong += !olap_vector_is_null(v, i) &&
				int_at(v, i) != reference(op, op == OLAP_ARITH_MUL ? a : a * 1000,
										  int_at(&cols[1], row));
		}
		CHECK_INT(wrong, 0);
	}
	((int64 *) cols[0].values)[4] = PG_INT64_MAX;
	((int64 *) cols[1].values)[4] = 2;
	olap_program_next(program);
	for (int op = OLAP_ARITH_ADD; op <= OLAP_ARITH_MUL; op++)
		CHECK_ERROR(olap_program_eval(program, op, batch), "asked the bridge");
}

#define DAY INT64CONST(86400000000)

/* Month starts, from a calendar that counts days one by one. */
static void
months_as_days_counted(void)
{
	OlapVector	col;
	OlapVector	want;
	Datum		values[1];
	bool		nulls[1];
	OlapBridge	bridge = {call_fallback, NULL, values, nulls};
	OlapProgram *program = olap_program_create(CurrentMemoryContext);
	OlapScope  *root = olap_program_root(program);
	OlapBuckets buckets = {.unit = OLAP_UNIT_MONTH};
	OlapNode   *a = olap_node_column(root, &timestamp_type, 0);
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64		day = -36524;	/* 1900-01-01 */
	int			wrong = 0;

	olap_program_add(program, olap_node_bucket(root, &buckets, NULL,
											   &timestamp_type, a, &bridge));
	olap_vector_init(&col, &timestamp_type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	olap_vector_init(&want, &timestamp_type, OLAP_VECTOR_ROWS,
					 CurrentMemoryContext);
	for (int year = 1900; year < 2500; year++)
	{
		olap_vector_reset(&col, &timestamp_type);
		olap_vector_reset(&want, &timestamp_type);
		for (int m = 0; m < 12; m++)
		{
			int			n = lengths[m] + (m == 1 && year % 4 == 0 &&
										  (year % 100 != 0 || year % 400 == 0));

			for (int d = 0; d < n; d++)
				for (int k = 0; k < 2; k++)
				{
					olap_vector_append_i64(&col, (day + d) * DAY +
										   (k ? DAY - 1 : 0));
					olap_vector_append_i64(&want, day * DAY);
				}
			day += n;
		}
		olap_program_next(program);
		wrong += memcmp(olap_program_eval(program, 0, make_batch(&col, 1, false))->values,
						want.values, col.n * sizeof(int64)) != 0;
	}
	CHECK_INT(wrong, 0);
}

int
main(void)
{
	make_types();
	RUN(integers_as_the_reference);
	RUN(errors_of_rows_in_play_only);
	RUN(three_valued_logic);
	RUN(branches_run_for_their_rows);
	RUN(bridge_once_per_dictionary_entry);
	RUN(filter_by_a_result);
	RUN(numerics_keep_their_scale);
	RUN(months_as_days_counted);
	return DONE();
}

/*
 * test/unit/test_program.c
 *		Programs give what a scalar reference gives, for the rows in play and no
 *		others; branches run for the rows that take them, bridges as rarely as
 *		dictionaries allow.
 */
#include "postgres.h"

#include "program_check.h"

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
	return DONE();
}

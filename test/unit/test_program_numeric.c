/*
 * test/unit/test_program_numeric.c
 *		Numerics and times in programs: what does not fit goes to the bridge, months
 *		are counted as a calendar has them.
 */
#include "postgres.h"

#include "program_check.h"

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
	RUN(numerics_keep_their_scale);
	RUN(months_as_days_counted);
	return DONE();
}

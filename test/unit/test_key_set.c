/*
 * test/unit/test_key_set.c
 *		Sets of join keys: no row with a partner is left out, few without one stay.
 */
#include "postgres.h"

#include <math.h>

#include "unit.h"
#include "catalog/pg_type_d.h"
#include "vector/key_set.h"

#define N OLAP_VECTOR_ROWS

static OlapVector vector;
static OlapBatch batch;
static OlapKeyProbe probe;

static void
start(Oid typid, OlapPhys phys, uint16 width)
{
	OlapColumnType type = {.typid = typid, .typlen = phys == OLAP_PHYS_VAR ? -1 : width,
		.typbyval = phys != OLAP_PHYS_VAR, .typalign = 'i', .phys = phys, .width = width};

	olap_vector_init(&vector, &type, N, CurrentMemoryContext);
	memset(&probe, 0, sizeof(probe));
	probe.cxt = CurrentMemoryContext;
}

/* Run the filter over all rows; returns the rows left, which are ascending. */
static uint32
run(const OlapKeySet *set)
{
	memset(&batch, 0, sizeof(batch));
	batch.ncols = 1;
	batch.nrows = batch.nsel = vector.n;
	batch.cols = &vector;
	batch.place++;
	olap_key_set_filter(set, &probe, &batch, 0);
	for (uint32 i = 1; batch.sel != NULL && i < batch.nsel; i++)
		CHECK(batch.sel[i - 1] < batch.sel[i]);
	return batch.nsel;
}

static bool
is_left(uint32 row)
{
	for (uint32 i = 0; i < batch.nsel; i++)
		if ((batch.sel != NULL ? batch.sel[i] : i) == row)
			return true;
	return false;
}

static OlapKeySet *
integers(const int64 *keys, int n, size_t memory)
{
	OlapKeySet *set = olap_key_set_create(OLAP_ORDER_INT, -1, n, memory,
										  CurrentMemoryContext);

	for (int i = 0; i < n; i++)
	{
		OlapExprValue value = {.i = keys[i]};

		olap_key_set_add(set, &value);
	}
	olap_key_set_finish(set);
	return set;
}

/* Half of the rows have partners among n keys; memory decides what the set is. */
static void
check_integers(int n, int64 step, int64 base, size_t memory, OlapKeySetKind kind)
{
	int64	   *keys = palloc(n * sizeof(int64));
	OlapKeySet *set;
	uint32		wrong = 0;

	for (int i = 0; i < n; i++)
		keys[i] = base + i * step;
	set = integers(keys, n, memory);
	CHECK_INT(olap_key_set_summary(set)->kind, kind);
	CHECK_INT(olap_key_set_summary(set)->n, n);
	CHECK_INT(olap_key_set_summary(set)->nlist, n <= OLAP_KEY_LIST_MAX ? n : -1);
	CHECK_INT(olap_key_set_summary(set)->lo.i, base);
	CHECK_INT(olap_key_set_summary(set)->hi.i, base + (n - 1) * step);

	start(INT8OID, OLAP_PHYS_I64, 8);
	for (int i = 0; i < N; i++)
		if (i % 7 == 6)
			olap_vector_append_null(&vector);
		else
			olap_vector_append_i64(&vector, i % 2 == 0 ? keys[unit_random() % n] :
								   base - 1 - (int64) (unit_random() % 100000));
	run(set);
	for (int i = 0; i < N; i++)
	{
		bool		left = is_left(i);

		if (i % 7 == 6)
			CHECK(!left);
		else if (i % 2 == 0)
			CHECK(left);
		else
			wrong += left;
	}
	/* below the bounds: none */
	CHECK_INT(wrong, 0);
}

static void
integers_of_all_kinds(void)
{
	check_integers(1, 1, 5, 65536, OLAP_KEYS_BITMAP);
	check_integers(500, 3, -700, 65536, OLAP_KEYS_BITMAP);
	check_integers(512, INT64CONST(1) << 50, PG_INT64_MIN + 200000, 65536, OLAP_KEYS_BLOOM);
	check_integers(513, 1000000, 0, 65536, OLAP_KEYS_BLOOM);
	check_integers(60000, 1, 1, 1024 * 1024, OLAP_KEYS_BITMAP);
	check_integers(30000, 1000, 1, 65536, OLAP_KEYS_BLOOM);
	check_integers(300000, 1000, 1, 1024 * 1024, OLAP_KEYS_BLOOM);
	check_integers(300000, 1000, 1, 65536, OLAP_KEYS_RANGE);
}

/* Absent keys between the bounds: a bitmap takes none for present, a bloom few. */
static void
false_positives(void)
{
	int64	   *keys = palloc(20000 * sizeof(int64));

	for (int i = 0; i < 20000; i++)
		keys[i] = (int64) i * 100000;
	start(INT8OID, OLAP_PHYS_I64, 8);
	for (int i = 0; i < N; i++)
		olap_vector_append_i64(&vector, (int64) (unit_random() % 20000) * 100000 + 1 + i);
	CHECK(run(integers(keys, 20000, 1024 * 1024)) < N / 50);
	for (int i = 0; i < 20000; i++)
		keys[i] = (int64) i * 2;
	start(INT4OID, OLAP_PHYS_I32, 4);
	for (int i = 0; i < N; i++)
		olap_vector_append_i32(&vector, i * 2 + 1);
	CHECK_INT(run(integers(keys, 20000, 1024 * 1024)), 0);
}

/* A key that a narrow column cannot hold, one that it can. */
static void
narrow_columns(void)
{
	int64		keys[] = {-3, 65533, INT64CONST(4294967293)};

	start(INT2OID, OLAP_PHYS_I16, 2);
	for (int i = 0; i < 10; i++)
		olap_vector_append_i16(&vector, (int16) (i - 5));
	CHECK_INT(run(integers(keys, 3, 65536)), 1);
	CHECK(is_left(2));
	start(INT4OID, OLAP_PHYS_I32, 4);
	for (int i = 0; i < 10; i++)
		olap_vector_append_i32(&vector, i - 5);
	CHECK_INT(run(integers(keys, 3, 65536)), 1);
	CHECK_INT(run(integers(keys, 0, 65536)), 0);
}

static void
floats(void)
{
	OlapKeySet *set = olap_key_set_create(OLAP_ORDER_FLOAT, -1, 3, 65536,
										  CurrentMemoryContext);
	OlapExprValue keys[] = {{.f = 0.0}, {.f = NAN}, {.f = 1.5}};

	for (int i = 0; i < 3; i++)
		olap_key_set_add(set, &keys[i]);
	olap_key_set_finish(set);
	CHECK(!olap_key_set_summary(set)->bounded);
	start(FLOAT8OID, OLAP_PHYS_F64, 8);
	olap_vector_append_f64(&vector, -0.0);
	olap_vector_append_f64(&vector, -NAN);
	olap_vector_append_f64(&vector, 1.5);
	olap_vector_append_f64(&vector, 2.5);
	CHECK_INT(run(set), 3);
	start(FLOAT4OID, OLAP_PHYS_F32, 4);
	olap_vector_append_f32(&vector, 1.5f);
	olap_vector_append_f32(&vector, 2.5f);
	CHECK_INT(run(set), 1);
}

/* Strings, blanks at the end, dictionaries; long ones are no bounds. */
static void
bytes(void)
{
	OlapKeySet *set = olap_key_set_create(OLAP_ORDER_BYTES, -1, 2, 65536,
										  CurrentMemoryContext);
	OlapKeySet *blank = olap_key_set_create(OLAP_ORDER_BPCHAR, -1, 2, 65536,
											CurrentMemoryContext);
	OlapExprValue key = {.data = (const uint8 *) "key", .len = 3};
	char		text[300];
	uint32		codes[N];
	OlapVector	dict;

	olap_key_set_add(set, &key);
	olap_key_set_add(blank, &key);
	CHECK(olap_key_set_summary(set)->bounded);
	memset(text, 'x', sizeof(text));
	key.data = (uint8 *) text;
	key.len = sizeof(text);
	olap_key_set_add(set, &key);
	CHECK(!olap_key_set_summary(set)->bounded);
	CHECK_INT(olap_key_set_summary(set)->nlist, -1);
	olap_key_set_finish(set);
	olap_key_set_finish(blank);
	start(TEXTOID, OLAP_PHYS_VAR, 4);
	olap_vector_append_var(&vector, "key", 3);
	olap_vector_append_var(&vector, "key  ", 5);
	olap_vector_append_var(&vector, text, sizeof(text));
	olap_vector_append_var(&vector, "", 0);
	olap_vector_append_null(&vector);
	CHECK_INT(run(set), 2);
	CHECK(is_left(0) && is_left(2));
	CHECK_INT(run(blank), 2);
	CHECK(is_left(0) && is_left(1));

	dict = vector;
	dict.n = 4;
	dict.valid = NULL;
	start(TEXTOID, OLAP_PHYS_VAR, 4);
	for (int i = 0; i < N; i++)
	{
		codes[i] = i % 4;
		olap_vector_append_var(&vector, "?", 1);
	}
	vector.codes = codes;
	vector.dict = &dict;
	CHECK_INT(run(set), N / 2);
}

int
main(void)
{
	RUN(integers_of_all_kinds);
	RUN(false_positives);
	RUN(narrow_columns);
	RUN(floats);
	RUN(bytes);
	return DONE();
}

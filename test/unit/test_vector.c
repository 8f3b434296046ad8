/*
 * test/unit/test_vector.c
 *		Vectors keep what is appended, in every representation.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"

#include "base/varlena.h"
#include "unit.h"
#include "vector/vector.h"

static OlapColumnType
make_type(Oid typid, int32 typmod, int typlen, bool byval, char align)
{
	OlapColumnType type = {.typid = typid, .typmod = typmod, .typlen = typlen,
		.typbyval = byval, .typalign = align};

	olap_column_type_resolve(&type);
	return type;
}

#define NUMERIC_TYPMOD(p, s) ((((p) << 16) | ((s) & 0x7FF)) + VARHDRSZ)

static OlapColumnType
numeric_type(int precision, int scale)
{
	return make_type(NUMERICOID, NUMERIC_TYPMOD(precision, scale), -1, false,
					 'i');
}

static OlapColumnType
text_type(void)
{
	return make_type(TEXTOID, -1, -1, false, 'i');
}

static bool
var_equals(const OlapVector *v, uint32 row, const char *expected, size_t len)
{
	char	   *value = DatumGetPointer(olap_vector_datum(v, row, NULL));

	return VARSIZE(value) == len + VARHDRSZ &&
		memcmp(VARDATA(value), expected, len) == 0;
}

static void
types_resolve_to_their_representation(void)
{
	OlapColumnType type;

	CHECK_INT(make_type(BOOLOID, -1, 1, true, 'c').phys, OLAP_PHYS_BOOL);
	CHECK_INT(make_type(CHAROID, -1, 1, true, 'c').phys, OLAP_PHYS_I8);
	CHECK_INT(make_type(INT2OID, -1, 2, true, 's').phys, OLAP_PHYS_I16);
	CHECK_INT(make_type(DATEOID, -1, 4, true, 'i').phys, OLAP_PHYS_I32);
	CHECK_INT(make_type(TIMESTAMPTZOID, -1, 8, true, 'd').phys, OLAP_PHYS_I64);
	CHECK_INT(make_type(FLOAT4OID, -1, 4, true, 'i').phys, OLAP_PHYS_F32);
	CHECK_INT(make_type(FLOAT8OID, -1, 8, true, 'd').phys, OLAP_PHYS_F64);
	CHECK_INT(text_type().phys, OLAP_PHYS_VAR);
	CHECK_INT(text_type().width, 4);
	type = make_type(UUIDOID, -1, 16, false, 'c');
	CHECK_INT(type.phys, OLAP_PHYS_FIXED);
	CHECK_INT(type.width, 16);
}

static void
numerics_of_up_to_18_digits_are_scaled(void)
{
	CHECK_INT(numeric_type(12, 6).phys, OLAP_PHYS_DEC64);
	CHECK_INT(numeric_type(12, 6).scale, 6);
	CHECK_INT(numeric_type(18, 18).phys, OLAP_PHYS_DEC64);
	CHECK_INT(numeric_type(19, 2).phys, OLAP_PHYS_VAR);
	CHECK_INT(numeric_type(5, -3).phys, OLAP_PHYS_DEC64);
	CHECK_INT(numeric_type(5, -3).scale, 0);
	CHECK_INT(numeric_type(5, -14).phys, OLAP_PHYS_VAR);
	CHECK_INT(numeric_type(3, 19).phys, OLAP_PHYS_VAR);
	CHECK_INT(make_type(NUMERICOID, -1, -1, false, 'i').phys, OLAP_PHYS_VAR);
}

/* Appends beyond the first capacity keep values and validity. */
/* Rows of a vector whose array is copied to large pages as it grows (base/large.h). */
#define GROWN 1200000

static void
vectors_grow(void)
{
	OlapColumnType type = make_type(INT8OID, -1, 8, true, 'd');
	OlapVector	v;
	int			wrong = 0;

	olap_vector_init(&v, &type, 1, CurrentMemoryContext);
	for (int64 i = 0; i < GROWN; i++)
	{
		if (i % 7 == 3)
			olap_vector_append_null(&v);
		else
			olap_vector_append_i64(&v, i * i);
	}
	CHECK_INT(v.n, GROWN);
	for (int64 i = 0; i < GROWN; i++)
	{
		if (olap_vector_is_null(&v, i) != (i % 7 == 3))
			wrong++;
		else if (i % 7 != 3 && DatumGetInt64(olap_vector_datum(&v, i, NULL)) != i * i)
			wrong++;
	}
	CHECK_INT(wrong, 0);
	olap_vector_free(&v);
}

static void
no_nulls_means_no_bitmap(void)
{
	OlapColumnType type = make_type(BOOLOID, -1, 1, true, 'c');
	OlapVector	v;

	olap_vector_init(&v, &type, 10, CurrentMemoryContext);
	olap_vector_append_bool(&v, true);
	CHECK(v.valid == NULL);
	olap_vector_append_null(&v);
	CHECK(v.valid != NULL);
	CHECK(!olap_vector_is_null(&v, 0));
	CHECK(olap_vector_is_null(&v, 1));
	olap_vector_reset(&v, &type);
	CHECK(v.valid == NULL);
	CHECK_INT(v.n, 0);
}

/* Every by-value and by-reference Datum comes back as it went in. */
static void
datums_round_trip(void)
{
	char		uuid[16] = "0123456789abcde";
	OlapColumnType types[] = {
		make_type(BOOLOID, -1, 1, true, 'c'), make_type(CHAROID, -1, 1, true, 'c'),
		make_type(INT2OID, -1, 2, true, 's'), make_type(INT4OID, -1, 4, true, 'i'),
		make_type(INT8OID, -1, 8, true, 'd'), make_type(FLOAT4OID, -1, 4, true, 'i'),
		make_type(FLOAT8OID, -1, 8, true, 'd')};
	Datum		datums[] = {
		BoolGetDatum(true), CharGetDatum((char) 0xF0), Int16GetDatum(-2),
		Int32GetDatum(PG_INT32_MIN), Int64GetDatum(PG_INT64_MIN),
		Float4GetDatum(-0.0f), Float8GetDatum(1e300)};
	OlapColumnType uuid_type = make_type(UUIDOID, -1, 16, false, 'c');
	OlapVector	v;

	for (int i = 0; i < (int) lengthof(types); i++)
	{
		olap_vector_init(&v, &types[i], 4, CurrentMemoryContext);
		olap_vector_append_datum(&v, &types[i], datums[i], false);
		olap_vector_append_datum(&v, &types[i], (Datum) 0, true);
		CHECK(olap_vector_datum(&v, 0, NULL) == datums[i]);
		CHECK(olap_vector_is_null(&v, 1));
		olap_vector_free(&v);
	}
	olap_vector_init(&v, &uuid_type, 4, CurrentMemoryContext);
	olap_vector_append_datum(&v, &uuid_type, PointerGetDatum(uuid), false);
	CHECK(memcmp(DatumGetPointer(olap_vector_datum(&v, 0, NULL)), uuid, 16) == 0);
}

static void
varlenas_are_aligned_and_expanded(void)
{
	OlapColumnType type = make_type(TEXTOID, -1, -1, false, 'd');
	OlapVector	v;
	char		shorty[4];

	olap_vector_init(&v, &type, 4, CurrentMemoryContext);
	olap_vector_append_var(&v, "abc", 3);
	SET_VARSIZE_SHORT(shorty, 4);
	memcpy(shorty + 1, "xyz", 3);
	olap_vector_append_datum(&v, &type, PointerGetDatum(shorty), false);
	olap_vector_append_var(&v, "", 0);
	CHECK_INT(((uint32 *) v.values)[1], 8);
	CHECK_INT(((uint32 *) v.values)[2], 16);
	CHECK(var_equals(&v, 0, "abc", 3));
	CHECK(var_equals(&v, 1, "xyz", 3));
	CHECK(var_equals(&v, 2, "", 0));
}

/* Taking a row back frees its heap bytes, with NULLs around, too. */
static void
truncation_takes_heap_back(void)
{
	OlapColumnType type = text_type();
	OlapVector	v;
	size_t		len;

	olap_vector_init(&v, &type, 4, CurrentMemoryContext);
	olap_vector_append_null(&v);
	olap_vector_append_var(&v, "first", 5);
	olap_vector_append_null(&v);
	len = v.heap_len;
	for (int i = 0; i < 1000; i++)
	{
		olap_vector_append_var(&v, "rejected", 8);
		olap_vector_truncate(&v, 3);
		CHECK_INT(v.heap_len, len);
	}
	olap_vector_append_var(&v, "second", 6);
	CHECK(var_equals(&v, 1, "first", 5));
	CHECK(var_equals(&v, 3, "second", 6));
	olap_vector_truncate(&v, 0);
	CHECK_INT(v.heap_len, 0);
}

/* A numeric that does not fit turns the vector over, keeping earlier rows. */
static void
odd_numeric_turns_the_vector(void)
{
	OlapColumnType type = numeric_type(12, 2);
	OlapVector	v;
	char		nan[8];
	char		scratch[OLAP_DECIMAL_MAX_SIZE] pg_attribute_aligned(4);
	char		expected[OLAP_DECIMAL_MAX_SIZE] pg_attribute_aligned(4);
	uint16		header = 0xC000;

	SET_VARSIZE(nan, 6);
	memcpy(nan + 4, &header, 2);
	olap_vector_init(&v, &type, 4, CurrentMemoryContext);
	for (int64 i = 0; i < 1000; i++)
	{
		olap_decimal_from_i64(i * 37 - 5000, 2, scratch);
		olap_vector_append_datum(&v, &type, PointerGetDatum(scratch), i % 5 == 0);
	}
	CHECK_INT(v.phys, OLAP_PHYS_DEC64);
	olap_vector_append_datum(&v, &type, PointerGetDatum(nan), false);
	CHECK_INT(v.phys, OLAP_PHYS_VAR);
	CHECK_INT(v.n, 1001);
	for (int64 i = 0; i < 1000; i++)
	{
		int			len = olap_decimal_from_i64(i * 37 - 5000, 2, expected);

		CHECK(olap_vector_is_null(&v, i) == (i % 5 == 0));
		if (i % 5 != 0)
			CHECK(var_equals(&v, i, expected + 4, len - 4));
	}
	CHECK(var_equals(&v, 1000, nan + 4, 2));
	olap_vector_reset(&v, &type);
	CHECK_INT(v.phys, OLAP_PHYS_DEC64);
	for (int64 i = 0; i < 5000; i++)
		olap_vector_append_i64(&v, i);
	CHECK_INT(((int64 *) v.values)[4999], 4999);
}

static void
rows_are_copied_by_selection(void)
{
	OlapColumnType types[] = {
		make_type(INT2OID, -1, 2, true, 's'), make_type(INT8OID, -1, 8, true, 'd'),
		make_type(UUIDOID, -1, 16, false, 'c'), text_type()};

	for (int t = 0; t < (int) lengthof(types); t++)
	{
		OlapVector	src;
		OlapVector	dst;
		uint32		sel[300];
		uint32		nsel = 0;

		olap_vector_init(&src, &types[t], 4, CurrentMemoryContext);
		olap_vector_init(&dst, &types[t], 4, CurrentMemoryContext);
		for (int i = 0; i < 1000; i++)
		{
			char		buf[32] = {0};

			snprintf(buf, sizeof(buf), "value %d", i);
			if (i % 10 == 9)
				olap_vector_append_null(&src);
			else if (t == 0)
				olap_vector_append_i16(&src, i);
			else if (t == 1)
				olap_vector_append_i64(&src, i);
			else if (t == 2)
				olap_vector_append_fixed(&src, buf);
			else
				olap_vector_append_var(&src, buf, strlen(buf));
			if (i % 4 == 1)
				sel[nsel++] = i;
		}
		olap_vector_append_rows(&dst, &types[t], &src, NULL, 100);
		olap_vector_append_rows(&dst, &types[t], &src, sel, nsel);
		CHECK_INT(dst.n, 100 + nsel);
		for (uint32 i = 0; i < dst.n; i++)
		{
			uint32		row = i < 100 ? i : sel[i - 100];
			Datum		a;
			Datum		b;

			CHECK(olap_vector_is_null(&dst, i) == olap_vector_is_null(&src, row));
			if (olap_vector_is_null(&src, row))
				continue;
			a = olap_vector_datum(&dst, i, NULL);
			b = olap_vector_datum(&src, row, NULL);
			if (types[t].typbyval)
				CHECK(a == b);
			else
				CHECK(memcmp(DatumGetPointer(a), DatumGetPointer(b),
							 t == 2 ? 16 : VARSIZE(DatumGetPointer(b))) == 0);
		}
	}
}

/* Rows that share a value keep sharing it, and truncation stays right. */
static void
shared_values_stay_shared(void)
{
	OlapColumnType type = text_type();
	OlapVector	src;
	OlapVector	dst;

	olap_vector_init(&src, &type, 4, CurrentMemoryContext);
	olap_vector_init(&dst, &type, 4, CurrentMemoryContext);
	olap_vector_append_var(&src, "shared", 6);
	olap_vector_append_var(&src, "x", 1);
	((uint32 *) src.values)[1] = 0;
	olap_vector_append_null(&src);
	olap_vector_append_var(&src, "y", 1);
	((uint32 *) src.values)[3] = 0;
	olap_vector_append_rows(&dst, &type, &src, NULL, 4);
	CHECK_INT(dst.heap_len, 10);
	CHECK(var_equals(&dst, 1, "shared", 6));
	CHECK(var_equals(&dst, 3, "shared", 6));
	olap_vector_truncate(&dst, 1);
	olap_vector_append_var(&dst, "next", 4);
	CHECK(var_equals(&dst, 0, "shared", 6));
	CHECK(var_equals(&dst, 1, "next", 4));
}

/* Scaled and varlena numerics meet in one vector. */
static void
numeric_forms_mix(void)
{
	OlapColumnType type = numeric_type(10, 3);
	OlapVector	scaled;
	OlapVector	mixed;
	char		expected[OLAP_DECIMAL_MAX_SIZE] pg_attribute_aligned(4);
	int			len = olap_decimal_from_i64(-12345, 3, expected);

	olap_vector_init(&scaled, &type, 4, CurrentMemoryContext);
	olap_vector_init(&mixed, &type, 4, CurrentMemoryContext);
	olap_vector_append_i64(&scaled, -12345);
	olap_vector_append_null(&scaled);
	olap_vector_append_rows(&mixed, &type, &scaled, NULL, 2);
	olap_vector_to_numeric(&mixed);
	olap_vector_append_rows(&mixed, &type, &scaled, NULL, 2);
	olap_vector_append_rows(&scaled, &type, &mixed, NULL, 4);
	CHECK(var_equals(&mixed, 0, expected + 4, len - 4));
	CHECK(var_equals(&mixed, 2, expected + 4, len - 4));
	CHECK(olap_vector_is_null(&mixed, 3));
	CHECK_INT(scaled.phys, OLAP_PHYS_DEC64);
	CHECK_INT(scaled.n, 6);
	CHECK_INT(((int64 *) scaled.values)[4], -12345);
}

static void
free_returns_all_memory(void)
{
	size_t		before = unit_allocated();
	OlapColumnType type = text_type();
	OlapVector	v;

	olap_vector_init(&v, &type, 4, CurrentMemoryContext);
	olap_vector_append_var(&v, "abc", 3);
	olap_vector_append_null(&v);
	CHECK(olap_vector_memory(&v) <= unit_allocated() - before);
	olap_vector_free(&v);
	CHECK_INT(unit_allocated(), before);
}

int
main(void)
{
	RUN(types_resolve_to_their_representation);
	RUN(numerics_of_up_to_18_digits_are_scaled);
	RUN(vectors_grow);
	RUN(no_nulls_means_no_bitmap);
	RUN(datums_round_trip);
	RUN(varlenas_are_aligned_and_expanded);
	RUN(truncation_takes_heap_back);
	RUN(odd_numeric_turns_the_vector);
	RUN(rows_are_copied_by_selection);
	RUN(shared_values_stay_shared);
	RUN(numeric_forms_mix);
	RUN(free_returns_all_memory);
	return DONE();
}

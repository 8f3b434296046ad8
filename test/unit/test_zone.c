/*
 * test/unit/test_zone.c
 *		Zones prove only what is true of every row.
 */
#include "postgres.h"

#include <math.h>

#include "codec_data.h"
#include "index/zone.h"

static OlapColumnType
sql_type(Oid typid, int typlen, bool byval)
{
	OlapColumnType type = {.typid = typid, .typmod = -1, .typlen = typlen,
		.typbyval = byval, .typalign = TYPALIGN_INT};

	olap_column_type_resolve(&type);
	return type;
}

static OlapZoneMatch
probe_text(const OlapZone *zone, OlapZoneOp op, const char *text, size_t len)
{
	OlapZoneValue value = {.data = (const uint8 *) text, .len = len};
	OlapZoneQual qual = {.op = op, .kind = OLAP_ZONE_BYTES, .nvalues = 1,
		.values = &value};

	return olap_zone_probe(zone, &qual);
}

static OlapZoneMatch
probe_number(const OlapZone *zone, OlapZoneKind kind, OlapZoneOp op, int64 i)
{
	OlapZoneValue value = {.v.i = i};
	OlapZoneQual qual = {.op = op, .kind = kind, .nvalues = 1,
		.values = &value};

	return olap_zone_probe(zone, &qual);
}

static OlapZoneMatch
probe_float(const OlapZone *zone, OlapZoneOp op, double f)
{
	OlapZoneValue value = {.v.f = f, .is_nan = isnan(f)};
	OlapZoneQual qual = {.op = op, .kind = OLAP_ZONE_FLOAT, .nvalues = 1,
		.values = &value};

	return olap_zone_probe(zone, &qual);
}

static OlapZone
zone_of_ints(const int64 *values, int n, bool with_null)
{
	OlapColumnType type = sql_type(INT8OID, 8, true);
	OlapVector	v;
	OlapZone	zone;

	olap_vector_init(&v, &type, 4, CurrentMemoryContext);
	if (with_null)
		olap_vector_append_null(&v);
	for (int i = 0; i < n; i++)
		olap_vector_append_i64(&v, values[i]);
	olap_zone_build(&zone, &type, &v);
	olap_vector_free(&v);
	return zone;
}

static OlapZone
zone_of_texts(const char *const *values, int n)
{
	OlapColumnType type = sql_type(TEXTOID, -1, false);
	OlapVector	v;
	OlapZone	zone;

	olap_vector_init(&v, &type, 4, CurrentMemoryContext);
	for (int i = 0; i < n; i++)
		olap_vector_append_var(&v, values[i], strlen(values[i]));
	olap_zone_build(&zone, &type, &v);
	olap_vector_free(&v);
	return zone;
}

static OlapZone
zone_of_floats(const double *values, int n)
{
	OlapColumnType type = sql_type(FLOAT8OID, 8, true);
	OlapVector	v;
	OlapZone	zone;

	olap_vector_init(&v, &type, 4, CurrentMemoryContext);
	for (int i = 0; i < n; i++)
		olap_vector_append_f64(&v, values[i]);
	olap_zone_build(&zone, &type, &v);
	olap_vector_free(&v);
	return zone;
}

#define INTS(with_null, ...) \
	zone_of_ints((const int64[]) {__VA_ARGS__}, \
				 lengthof(((const int64[]) {__VA_ARGS__})), with_null)
#define TEXTS(...) \
	zone_of_texts((const char *const[]) {__VA_ARGS__}, \
				  lengthof(((const char *const[]) {__VA_ARGS__})))
#define FLOATS(...) \
	zone_of_floats((const double[]) {__VA_ARGS__}, \
				   lengthof(((const double[]) {__VA_ARGS__})))

static bool
holds(int order, OlapZoneOp op)
{
	switch (op)
	{
		case OLAP_ZONE_LT:
			return order < 0;
		case OLAP_ZONE_LE:
			return order <= 0;
		case OLAP_ZONE_EQ:
			return order == 0;
		case OLAP_ZONE_GE:
			return order >= 0;
		default:
			return order > 0;
	}
}

/* NONE and ALL are claimed exactly when the bounds decide it. */
static void
integer_probes_are_exact(void)
{
	for (int lo = -2; lo <= 2; lo++)
		for (int hi = lo; hi <= 2; hi++)
			for (int x = -4; x <= 4; x++)
				for (OlapZoneOp op = OLAP_ZONE_LT; op <= OLAP_ZONE_GT; op++)
				{
					OlapZone	zone = INTS(false, lo, hi);
					OlapZoneMatch match = probe_number(&zone, OLAP_ZONE_INT,
													   op, x);
					int			matching = 0;

					/* every integer between the bounds may be there */
					for (int value = lo; value <= hi; value++)
						matching += holds(value - x, op);
					CHECK_INT(match, matching == 0 ? OLAP_MATCH_NONE
							  : matching == hi - lo + 1 ? OLAP_MATCH_ALL
							  : OLAP_MATCH_SOME);
				}
}

static void
nulls_keep_all_from_being_claimed(void)
{
	OlapZone	zone = INTS(true, 1, 2);

	CHECK_INT(zone.nulls, 1);
	CHECK_INT(probe_number(&zone, OLAP_ZONE_INT, OLAP_ZONE_GT, 0),
			  OLAP_MATCH_SOME);
	CHECK_INT(probe_number(&zone, OLAP_ZONE_INT, OLAP_ZONE_GT, 2),
			  OLAP_MATCH_NONE);
	CHECK_INT(probe_number(&zone, OLAP_ZONE_INT, OLAP_ZONE_IS_NULL, 0),
			  OLAP_MATCH_SOME);
	zone = INTS(false, 1, 2);
	CHECK_INT(probe_number(&zone, OLAP_ZONE_INT, OLAP_ZONE_IS_NULL, 0),
			  OLAP_MATCH_NONE);
	CHECK_INT(probe_number(&zone, OLAP_ZONE_INT, OLAP_ZONE_NOT_NULL, 0),
			  OLAP_MATCH_ALL);
}

/* No comparison is true of a column of NULLs, of any kind. */
static void
all_null_matches_nothing(void)
{
	OlapColumnType types[] = {sql_type(INT8OID, 8, true),
		sql_type(TEXTOID, -1, false), sql_type(JSONBOID, -1, false)};

	for (int i = 0; i < (int) lengthof(types); i++)
	{
		OlapVector	v;
		OlapZone	zone;

		olap_vector_init(&v, &types[i], 4, CurrentMemoryContext);
		olap_vector_append_null(&v);
		olap_zone_build(&zone, &types[i], &v);
		CHECK_INT(probe_number(&zone, OLAP_ZONE_INT, OLAP_ZONE_EQ, 0),
				  OLAP_MATCH_NONE);
		CHECK_INT(probe_number(&zone, OLAP_ZONE_INT, OLAP_ZONE_IS_NULL, 0),
				  OLAP_MATCH_ALL);
		CHECK_INT(probe_number(&zone, OLAP_ZONE_INT, OLAP_ZONE_NOT_NULL, 0),
				  OLAP_MATCH_NONE);
	}
}

static void
integer_extremes_are_bounds(void)
{
	OlapZone	zone = INTS(false, PG_INT64_MAX, 0, PG_INT64_MIN);

	CHECK(zone.min.i == PG_INT64_MIN && zone.max.i == PG_INT64_MAX);
}

/* The values of NULL rows are garbage and no bounds, at any bitmap word. */
static void
null_rows_do_not_count(void)
{
	OlapColumnType type = sql_type(INT4OID, 4, true);
	OlapVector	v;
	OlapZone	zone;

	olap_vector_init(&v, &type, 4, CurrentMemoryContext);
	for (int i = 0; i < 300; i++)
	{
		if (i < 70 || i % 3 == 0 || i == 299)
		{
			olap_vector_append_null(&v);
			((int32 *) v.values)[i] = i % 2 == 0 ? PG_INT32_MIN : PG_INT32_MAX;
		}
		else
			olap_vector_append_i32(&v, i);
	}
	olap_zone_build(&zone, &type, &v);
	CHECK_INT(zone.min.i, 70);
	CHECK_INT(zone.max.i, 298);
	CHECK_INT(zone.nrows, 300);
}

static void
every_type_has_its_kind(void)
{
	OlapColumnType dropped = sql_type(INT4OID, 4, true);

	dropped.dropped = true;
	CHECK_INT(olap_zone_kind(&dropped), OLAP_ZONE_NONE);
	CHECK_INT(data_type(OLAP_PHYS_DEC64).phys, OLAP_PHYS_DEC64);
#define KIND(typid, typlen, byval, kind) \
	do { \
		OlapColumnType type = sql_type(typid, typlen, byval); \
		CHECK_INT(olap_zone_kind(&type), kind); \
	} while (0)
	KIND(BOOLOID, 1, true, OLAP_ZONE_INT);
	KIND(MONEYOID, 8, true, OLAP_ZONE_INT);
	KIND(TIMESTAMPTZOID, 8, true, OLAP_ZONE_INT);
	KIND(CHAROID, 1, true, OLAP_ZONE_UINT);
	KIND(OIDOID, 4, true, OLAP_ZONE_UINT);
	KIND(PG_LSNOID, 8, true, OLAP_ZONE_UINT);
	KIND(XID8OID, 8, true, OLAP_ZONE_UINT);
	KIND(FLOAT4OID, 4, true, OLAP_ZONE_FLOAT);
	KIND(NUMERICOID, -1, false, OLAP_ZONE_NONE);
	KIND(UUIDOID, 16, false, OLAP_ZONE_BYTES);
	KIND(NAMEOID, 64, false, OLAP_ZONE_BYTES);
	KIND(BYTEAOID, -1, false, OLAP_ZONE_BYTES);
	KIND(BPCHAROID, -1, false, OLAP_ZONE_NONE);
	KIND(JSONBOID, -1, false, OLAP_ZONE_NONE);
	KIND(XIDOID, 4, true, OLAP_ZONE_NONE);
	KIND(TIMETZOID, 12, false, OLAP_ZONE_NONE);
	KIND(INTERVALOID, 16, false, OLAP_ZONE_NONE);
	KIND(INETOID, -1, false, OLAP_ZONE_NONE);
	KIND(VARBITOID, -1, false, OLAP_ZONE_NONE);
	KIND(16384, 4, true, OLAP_ZONE_NONE);	/* an enum */
}

/* oid, pg_lsn and "char" compare unsigned. */
static void
unsigned_types_compare_unsigned(void)
{
	OlapColumnType oid = sql_type(OIDOID, 4, true);
	OlapColumnType lsn = sql_type(PG_LSNOID, 8, true);
	OlapColumnType letter = sql_type(CHAROID, 1, true);
	OlapVector	v;
	OlapZone	zone;

	olap_vector_init(&v, &oid, 4, CurrentMemoryContext);
	olap_vector_append_i32(&v, 1);
	olap_vector_append_i32(&v, (int32) 4000000000U);
	olap_zone_build(&zone, &oid, &v);
	CHECK(zone.min.u == 1 && zone.max.u == 4000000000U);

	olap_vector_init(&v, &lsn, 4, CurrentMemoryContext);
	olap_vector_append_i64(&v, 1);
	olap_vector_append_i64(&v, -1);
	olap_zone_build(&zone, &lsn, &v);
	CHECK(zone.min.u == 1 && zone.max.u == PG_UINT64_MAX);
	CHECK_INT(probe_number(&zone, OLAP_ZONE_UINT, OLAP_ZONE_GT, -1),
			  OLAP_MATCH_NONE);

	olap_vector_init(&v, &letter, 4, CurrentMemoryContext);
	olap_vector_append_datum(&v, &letter, CharGetDatum('a'), false);
	olap_vector_append_datum(&v, &letter, CharGetDatum((char) 0xC3), false);
	olap_zone_build(&zone, &letter, &v);
	CHECK(zone.min.u == 'a' && zone.max.u == 0xC3);
}

/* As PostgreSQL orders floats: NaN = NaN, above infinity; -0 = 0. */
static void
floats_follow_postgres(void)
{
	OlapZone	zone = FLOATS(-0.0, 1.5);

	CHECK_INT(probe_float(&zone, OLAP_ZONE_GE, 0.0), OLAP_MATCH_ALL);
	CHECK_INT(probe_float(&zone, OLAP_ZONE_LT, -0.0), OLAP_MATCH_NONE);
	CHECK_INT(probe_float(&zone, OLAP_ZONE_LT, NAN), OLAP_MATCH_ALL);
	CHECK_INT(probe_float(&zone, OLAP_ZONE_EQ, NAN), OLAP_MATCH_NONE);

	zone = FLOATS(1.0, NAN, 2.0);
	CHECK(zone.flags & OLAP_ZONE_HAS_NAN);
	CHECK(zone.min.f == 1.0 && isnan(zone.max.f));
	CHECK_INT(probe_float(&zone, OLAP_ZONE_GT, 1e308), OLAP_MATCH_SOME);
	CHECK_INT(probe_float(&zone, OLAP_ZONE_EQ, NAN), OLAP_MATCH_SOME);
	CHECK_INT(probe_float(&zone, OLAP_ZONE_LE, NAN), OLAP_MATCH_ALL);
	CHECK_INT(probe_float(&zone, OLAP_ZONE_GT, NAN), OLAP_MATCH_NONE);

	zone = FLOATS(NAN, NAN);
	CHECK_INT(probe_float(&zone, OLAP_ZONE_EQ, NAN), OLAP_MATCH_ALL);
	CHECK_INT(probe_float(&zone, OLAP_ZONE_GT, INFINITY), OLAP_MATCH_ALL);
	CHECK_INT(probe_float(&zone, OLAP_ZONE_LE, INFINITY), OLAP_MATCH_NONE);
}

static void
short_texts_are_exact(void)
{
	OlapZone	zone = TEXTS("b", "banana", "bb");

	CHECK_INT(zone.flags, OLAP_ZONE_HAS_VALUES);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_EQ, "a", 1), OLAP_MATCH_NONE);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_EQ, "", 0), OLAP_MATCH_NONE);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_EQ, "b\0", 2), OLAP_MATCH_SOME);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_EQ, "bb\0", 3), OLAP_MATCH_NONE);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_GE, "b", 1), OLAP_MATCH_ALL);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_GT, "b", 1), OLAP_MATCH_SOME);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_LE, "bb", 2), OLAP_MATCH_ALL);
	zone = TEXTS("same", "same");
	CHECK_INT(probe_text(&zone, OLAP_ZONE_EQ, "same", 4), OLAP_MATCH_ALL);
	zone = TEXTS("", "");
	CHECK_INT(probe_text(&zone, OLAP_ZONE_EQ, "", 0), OLAP_MATCH_ALL);
}

#define LONG24 "abcdefghijklmnopqrstuvwx"

/* What a prefix cannot tell stays open, the rest is still decided. */
static void
cut_texts_prove_no_more_than_they_know(void)
{
	OlapZone	zone = TEXTS(LONG24 "yz", LONG24 "zz");

	CHECK_INT(zone.flags, OLAP_ZONE_HAS_VALUES | OLAP_ZONE_MIN_CUT |
			  OLAP_ZONE_MAX_CUT);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_EQ, LONG24 "yzz", 27),
			  OLAP_MATCH_SOME);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_LT, LONG24 "~", 25),
			  OLAP_MATCH_SOME);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_EQ, LONG24, 24), OLAP_MATCH_NONE);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_GT, LONG24, 24), OLAP_MATCH_ALL);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_GT, "abc", 3), OLAP_MATCH_ALL);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_LT, "abd", 3), OLAP_MATCH_ALL);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_EQ, "abd", 3), OLAP_MATCH_NONE);
	zone = TEXTS(LONG24, LONG24);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_EQ, LONG24, 24), OLAP_MATCH_ALL);
}

/* name ends at its first NUL, whatever follows. */
static void
names_end_at_nul(void)
{
	OlapColumnType type = sql_type(NAMEOID, 64, false);
	OlapVector	v;
	OlapZone	zone;
	char		name[64] = "users\0garbage";

	olap_vector_init(&v, &type, 4, CurrentMemoryContext);
	olap_vector_append_fixed(&v, name);
	olap_zone_build(&zone, &type, &v);
	CHECK_INT(probe_text(&zone, OLAP_ZONE_EQ, "users", 5), OLAP_MATCH_ALL);
}

/* Decimals compare at any scale; a vector that fell back has no bounds. */
static void
decimals_compare_across_scales(void)
{
	OlapColumnType type = data_type(OLAP_PHYS_DEC64);
	OlapVector	v;
	OlapZone	zone;
	OlapZoneValue value = {.v.i = 15};
	OlapZoneQual qual = {.op = OLAP_ZONE_EQ, .kind = OLAP_ZONE_DEC,
		.scale = 1, .nvalues = 1, .values = &value};

	olap_vector_init(&v, &type, 4, CurrentMemoryContext);
	olap_vector_append_i64(&v, 15000);	/* 1.5000 */
	olap_zone_build(&zone, &type, &v);
	CHECK_INT(olap_zone_probe(&zone, &qual), OLAP_MATCH_ALL);
	qual.scale = 18;
	CHECK_INT(olap_zone_probe(&zone, &qual), OLAP_MATCH_NONE);
	olap_vector_to_numeric(&v);
	olap_zone_build(&zone, &type, &v);
	CHECK_INT(zone.kind, OLAP_ZONE_NONE);
	CHECK_INT(zone.nrows, 1);
	CHECK_INT(olap_zone_probe(&zone, &qual), OLAP_MATCH_SOME);
}

static void
in_lists_are_probed(void)
{
	OlapZone	zone = INTS(false, 10, 20);
	OlapZoneValue values[] = {{.v.i = 1}, {.v.i = 9}, {.v.i = 21}};
	OlapZoneQual qual = {.op = OLAP_ZONE_IN, .kind = OLAP_ZONE_INT,
		.nvalues = 3, .values = values};

	CHECK_INT(olap_zone_probe(&zone, &qual), OLAP_MATCH_NONE);
	values[1].v.i = 10;
	CHECK_INT(olap_zone_probe(&zone, &qual), OLAP_MATCH_SOME);
	zone = INTS(false, 10, 10);
	CHECK_INT(olap_zone_probe(&zone, &qual), OLAP_MATCH_ALL);
	qual.nvalues = 0;
	CHECK_INT(olap_zone_probe(&zone, &qual), OLAP_MATCH_NONE);
}

/* A merged zone is what one over all rows would be. */
static void
merging_is_building_over_all_rows(void)
{
	const char *const texts[] = {"a", "zz", LONG24 "1", LONG24, LONG24 "2",
	"zzzzzzzzzzzzzzzzzzzzzzzzzzz", "zzzzzzzzzzzzzzzzzzzzzzzz", ""};

	for (int i = 0; i < (int) lengthof(texts); i++)
		for (int k = 0; k < (int) lengthof(texts); k++)
		{
			OlapZone	a = TEXTS(texts[i]);
			OlapZone	b = TEXTS(texts[k]);
			OlapZone	both = TEXTS(texts[i], texts[k]);

			olap_zone_merge(&a, &b);
			CHECK(memcmp(&a, &both, sizeof(a)) == 0);
		}
	for (int i = 0; i < 500; i++)
	{
		int64		x = (int64) unit_random() >> (unit_random() % 64);
		int64		y = (int64) unit_random() >> (unit_random() % 64);
		OlapZone	a = INTS(i % 2 == 0, x);
		OlapZone	b = INTS(false, y);
		OlapZone	both = INTS(i % 2 == 0, x, y);

		olap_zone_merge(&a, &b);
		CHECK(memcmp(&a, &both, sizeof(a)) == 0);
	}
}

static void
merging_starts_from_an_empty_zone(void)
{
	OlapZone	a;
	OlapZone	b = INTS(true, 3, 4);

	memset(&a, 0, sizeof(a));
	olap_zone_merge(&a, &b);
	CHECK(memcmp(&a, &b, sizeof(a)) == 0);
}

/* Rows without bounds take the bounds of the others away, and only those. */
static void
merging_with_unknown_bounds_forgets(void)
{
	OlapZone	a = INTS(true, 3, 4);
	OlapZone	none = INTS(false, 1);

	none.kind = OLAP_ZONE_NONE;
	none.flags = 0;
	olap_zone_merge(&a, &none);
	CHECK_INT(a.kind, OLAP_ZONE_NONE);
	CHECK_INT(a.nrows, 4);
	CHECK_INT(a.nulls, 1);
	CHECK_INT(probe_number(&a, OLAP_ZONE_INT, OLAP_ZONE_EQ, 100),
			  OLAP_MATCH_SOME);
}

/* Any 64 bytes are a zone; one that contradicts itself proves nothing. */
static void
nonsense_proves_nothing(void)
{
	OlapZone	zone = INTS(false, 10, 20);

	zone.min.i = 30;
	CHECK_INT(probe_number(&zone, OLAP_ZONE_INT, OLAP_ZONE_EQ, 1),
			  OLAP_MATCH_SOME);
	zone = TEXTS("abc");
	zone.min_len = 200;
	CHECK_INT(probe_text(&zone, OLAP_ZONE_EQ, "x", 1), OLAP_MATCH_SOME);
	zone = INTS(false, 10, 20);
	zone.nulls = 3;
	CHECK_INT(probe_number(&zone, OLAP_ZONE_INT, OLAP_ZONE_IS_NULL, 1),
			  OLAP_MATCH_SOME);
	for (int i = 0; i < 200000; i++)
	{
		OlapZone	other;

		for (size_t k = 0; k < sizeof(zone); k++)
			((uint8 *) &zone)[k] = unit_random() >> (unit_random() % 8 + 48);
		zone.kind %= 8;
		other = zone;
		(void) probe_number(&zone, (OlapZoneKind) (1 + i % 4),
							(OlapZoneOp) (1 + i % 8), (int64) unit_random());
		(void) probe_text(&zone, (OlapZoneOp) (1 + i % 8), "abc", 3);
		olap_zone_merge(&other, &zone);
	}
	CHECK(true);
}

int
main(void)
{
	RUN(integer_probes_are_exact);
	RUN(nulls_keep_all_from_being_claimed);
	RUN(all_null_matches_nothing);
	RUN(integer_extremes_are_bounds);
	RUN(null_rows_do_not_count);
	RUN(every_type_has_its_kind);
	RUN(unsigned_types_compare_unsigned);
	RUN(floats_follow_postgres);
	RUN(short_texts_are_exact);
	RUN(cut_texts_prove_no_more_than_they_know);
	RUN(names_end_at_nul);
	RUN(decimals_compare_across_scales);
	RUN(in_lists_are_probed);
	RUN(merging_is_building_over_all_rows);
	RUN(merging_starts_from_an_empty_zone);
	RUN(merging_with_unknown_bounds_forgets);
	RUN(nonsense_proves_nothing);
	return DONE();
}

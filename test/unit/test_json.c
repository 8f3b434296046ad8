/*
 * test/unit/test_json.c
 *		The JSON decoder outside of the server: semantics and speed.
 *
 * Objects it needs beside the pure ranks: OLAP_UNIT_OBJS in src/ingest/objs.mk.
 */
#include "postgres.h"

#include <time.h>

#include "catalog/pg_type_d.h"
#if __has_include("varatt.h")
#include "varatt.h"				/* split off in 16 */
#endif

#include "ingest/kafka/json.h"
#include "unit.h"

#define NCOLS 8
static OlapJsonColumn cols[NCOLS];
static OlapVector v[NCOLS];
static OlapDecodeError err;
static OlapJsonIndexer *indexer;
static OlapJsonDecoder *dec;

static bool
input(void *arg, int col, char *text, size_t len, OlapVector *vec, OlapDecodeError *e)
{
	e->sqlstate = "22P02";
	e->message[0] = 0;
	return false;
}

static void
column(int i, OlapJsonKind kind, const char *name, Oid typ, int len, bool byval, int typmod)
{
	cols[i].kind = kind;
	cols[i].name = name;
	cols[i].type = (OlapColumnType) {.typid = typ,.typmod = typmod,.typlen = len,.typbyval = byval,.typalign = 'i'};
	olap_column_type_resolve(&cols[i].type);
}

static void
setup(void)
{
	const char *problem;

	memset(cols, 0, sizeof(cols));
	column(0, OLAP_JSON_I64, "a", INT8OID, 8, true, -1);
	column(1, OLAP_JSON_TEXT, "t", TEXTOID, -1, false, -1);
	column(2, OLAP_JSON_DEC64, "d", NUMERICOID, -1, false, ((12 << 16) | 6) + 4);
	cols[2].precision = 12;
	column(3, OLAP_JSON_F64, "f", FLOAT8OID, 8, true, -1);
	column(4, OLAP_JSON_TIMESTAMP, "ts", TIMESTAMPTZOID, 8, true, -1);
	column(5, OLAP_JSON_BOOL, "b", BOOLOID, 1, true, -1);
	column(6, OLAP_JSON_TEXT, "g", TEXTOID, -1, false, -1);
	cols[6].path = "geo.tags[1].name";
	column(7, OLAP_JSON_TIMESTAMP, "e", TIMESTAMPTZOID, 8, true, -1);
	cols[7].time_format = OLAP_TIME_EPOCH_MS;
	for (int i = 0; i < NCOLS; i++)
		olap_vector_init(&v[i], &cols[i].type, 64, CurrentMemoryContext);
	indexer = olap_json_indexer_create();
	dec = olap_json_decoder_create(NCOLS, cols, indexer, input, NULL, &problem);
}

static bool
decode(const char *s, size_t len)
{
	char	   *exact = malloc(len ? len : 1);
	bool		ok;
	uint32		n = v[0].n;

	memcpy(exact, s, len);
	ok = olap_json_decode(dec, exact, len, v, &err);
	for (int i = 0; i < NCOLS; i++)
		CHECK_INT(v[i].n, n + ok);
	free(exact);
	return ok;
}

#define GOOD(s) do { bool ok_ = decode(s, sizeof(s) - 1); CHECK(ok_); if (!ok_) printf("# %s: %s\n", s, err.message); } while (0)
#define BAD(s, state) do { bool ok_ = decode(s, sizeof(s) - 1); CHECK(!ok_); if (ok_ || strcmp(err.sqlstate, state)) { CHECK(false); printf("# %s: %s %s\n", s, ok_ ? "accepted" : err.sqlstate, err.message); } } while (0)
#define I64(c) (((int64 *) v[c].values)[v[c].n - 1])
#define NUL(c) olap_vector_is_null(&v[c], v[c].n - 1)

static bool
text_is(int c, const char *s)
{
	char	   *p = v[c].heap + ((uint32 *) v[c].values)[v[c].n - 1];

	return !NUL(c) && VARSIZE(p) - 4 == strlen(s) && memcmp(p + 4, s, strlen(s)) == 0;
}

/* Numbers, strings, times, booleans and structure: what becomes a row, what is refused. */
static void
semantics(void)
{
	char		deep[400];

	setup();
	GOOD("{\"a\":9223372036854775807}"); CHECK_INT(I64(0), PG_INT64_MAX);
	GOOD("{\"a\":-9223372036854775808}"); CHECK_INT(I64(0), PG_INT64_MIN);
	BAD("{\"a\":9223372036854775808}", "22003");
	GOOD("{\"a\":9007199254740993}"); CHECK_INT(I64(0), INT64CONST(9007199254740993));
	GOOD("{\"a\":\"12\"}"); CHECK_INT(I64(0), 12);
	GOOD("{\"a\":1e3}"); CHECK_INT(I64(0), 1000);
	BAD("{\"a\":1.5}", "22P02"); BAD("{\"a\":\"\"}", "22P02"); BAD("{\"a\":01}", "22032");
	BAD("{\"a\":+1}", "22032"); BAD("{\"a\":1,}", "22032"); BAD("{\"a\":.5}", "22032");
	BAD("{\"f\":1e400}", "22003"); BAD("{\"f\":NaN}", "22032"); GOOD("{\"f\":\"NaN\"}");
	GOOD("{\"f\":0.1}"); CHECK(((double *) v[3].values)[v[3].n - 1] == 0.1);
	GOOD("{\"f\":123456789012345678901234567890e-10}");
	CHECK(((double *) v[3].values)[v[3].n - 1] == 123456789012345678901234567890e-10);
	GOOD("{\"d\":1.2345675}"); CHECK_INT(I64(2), 1234568);
	GOOD("{\"d\":-1.2345675}"); CHECK_INT(I64(2), -1234568);
	GOOD("{\"d\":999999.999999}"); BAD("{\"d\":999999.9999995}", "22003"); BAD("{\"d\":1000000}", "22003");
	GOOD("{\"d\":1e-400}"); CHECK_INT(I64(2), 0);
	GOOD("{}"); CHECK(NUL(0) && NUL(1)); GOOD("{\"t\":null}"); CHECK(NUL(1)); GOOD("{\"t\":\"\"}"); CHECK(text_is(1, ""));
	GOOD("{\"t\":12.50}"); CHECK(text_is(1, "12.50")); GOOD("{\"t\":[1, {\"x\":2}]}"); CHECK(text_is(1, "[1, {\"x\":2}]"));
	GOOD("{\"t\":\"\\u00e9\\ud83d\\ude00\\n\"}"); CHECK(text_is(1, "\303\251\360\237\230\200\n"));
	BAD("{\"t\":\"\\u0000\"}", "22P05"); BAD("{\"t\":\"\\ud800x\"}", "22P05"); BAD("{\"t\":\"\\udc00\"}", "22P05");
	BAD("{\"t\":\"\\x\"}", "22032"); BAD("{\"zz\":\"\\x\"}", "22032"); BAD("{\"t\":\"a\0b\"}", "22032");
	BAD("{\"t\":\"\xff\"}", "22021"); BAD("{\"t\":\"abc}", "22032"); BAD("{\"t\":\"a\tb\"}", "22032");
	BAD("", "22032"); BAD("  ", "22032"); BAD("{\"a\":1}x", "22032"); BAD("{\"a\":1}\n{\"a\":2}", "22032");
	GOOD("\xEF\xBB\xBF{\"a\":1}"); BAD("{\"a\":1}\0", "22032"); BAD("{\"a\":tru}", "22032"); BAD("{\"zz\":nul}", "22032");
	GOOD("{\"a\":1,\"a\":2}"); CHECK_INT(I64(0), 2); CHECK_INT(olap_json_duplicate_keys(dec), 1);
	BAD("{\"a\":1x,\"a\":2}", "22032");
	BAD("{\"geo\":{\"tags\":[0,{\"name\":1x}]},\"geo\":5}", "22032");
	GOOD("{\"geo\":{\"tags\":[{\"name\":\"x\"},{\"name\":\"y\"}]}}"); CHECK(text_is(6, "y"));
	GOOD("{\"geo\":{\"tags\":[0,{\"name\":\"y\"}]},\"geo\":5}"); CHECK(NUL(6));
	GOOD("{\"ts\":\"2024-02-29T23:59:60+01:00\"}"); CHECK_INT(I64(4), INT64CONST(762562800000000));
	BAD("{\"ts\":\"2023-02-29\"}", "22008"); BAD("{\"ts\":\"0000-01-01\"}", "22008"); BAD("{\"ts\":\"now\"}", "22007");
	BAD("{\"ts\":1}", "22007"); GOOD("{\"ts\":\"+12345-01-01\"}"); BAD("{\"ts\":\"294277-01-01\"}", "22008");
	GOOD("{\"e\":946684800000.5}"); CHECK_INT(I64(7), 500); GOOD("{\"e\":-1}"); CHECK_INT(I64(7), INT64CONST(-946684800001000));
	/* halves of a microsecond, as timestamptz_in */
	GOOD("{\"ts\":\"2000-01-01T00:00:00.0000005Z\"}"); CHECK_INT(I64(4), 0);
	GOOD("{\"ts\":\"2000-01-01T00:00:00.0000015Z\"}"); CHECK_INT(I64(4), 2);
	GOOD("{\"ts\":\"2000-01-01T00:00:00.1234565Z\"}"); CHECK_INT(I64(4), 123456);
	GOOD("{\"ts\":\"2000-01-01T00:00:00.99999950000000000000000000000000000000000000000000000000000000000000000001Z\"}"); CHECK_INT(I64(4), 1000000);
	/* timestamp(3) and (0), as AdjustTimestampForTypmod */
	CHECK_INT(olap_timetext_round(1499, 3), 1000); CHECK_INT(olap_timetext_round(1500, 3), 2000);
	CHECK_INT(olap_timetext_round(-1500, 3), -2000); CHECK_INT(olap_timetext_round(-1499, 3), -1000);
	CHECK_INT(olap_timetext_round(-500000, 0), -1000000); CHECK_INT(olap_timetext_round(15, 5), 20);
	CHECK_INT(olap_timetext_round(15, 6), 15); CHECK_INT(olap_timetext_round(15, -1), 15);
	BAD("{\"e\":1e30}", "22008"); GOOD("{\"b\":\"yes\"}"); GOOD("{\"b\":false}"); GOOD("{\"b\":\"\\tTRUE\\n\"}"); BAD("{\"b\":\"o\"}", "22P02");
	memset(deep, '[', 200); memset(deep + 200, ']', 200);
	CHECK(!decode(deep, 400) && strcmp(err.sqlstate, "54000") == 0);
	CHECK(!decode("[[1]", 4)); CHECK(!decode("{\"a\"", 4)); CHECK(!decode("{\"a\":", 5)); CHECK(!decode("]", 1)); CHECK(!decode("{]", 2));
	olap_json_indexer_free(indexer);
}

/* Damaged messages of any kind are refused or decoded, never a read outside of them. */
static void
mutations(void)
{
	static const char seed[] = "{\"a\":12,\"t\":\"x\\u00e9y\",\"d\":1.5,\"f\":2e3,\"ts\":\"2024-02-29T10:00:00Z\",\"b\":true,\"geo\":{\"tags\":[1,{\"name\":\"q\"}]},\"e\":17}";

	setup();
	for (int k = 0; k < 300000; k++)
	{
		char		b[sizeof(seed)];
		size_t		len = unit_random() % 4 ? sizeof(seed) - 1 : unit_random() % sizeof(seed);

		memcpy(b, seed, sizeof(seed));
		for (int j = unit_random() % 4; j >= 0; j--)
			b[unit_random() % (sizeof(seed) - 1)] = unit_random() % 2 ? "\"\\{}[]:,0-e. \n"[unit_random() % 14] : (char) unit_random();
		(void) decode(b, len);
		if (v[0].n > 1000)
			for (int i = 0; i < NCOLS; i++)
				olap_vector_truncate(&v[i], 0);
	}
	olap_json_indexer_free(indexer);
}

static void
speed(void)
{
	static const char msg[] = "{\"a\":1234567,\"t\":\"some text value\",\"d\":0.123456,\"f\":12.5,\"ts\":\"2024-02-29T10:00:00.123Z\",\"b\":true,\"geo\":{\"tags\":[1,{\"name\":\"qqqq\"}]},\"e\":1700000000123,\"skip1\":\"not wanted\",\"skip2\":12345678901}";
	clock_t		c;
	int			n = 2000000;

	setup();
	c = clock();
	for (int k = 0; k < n; k++)
	{
		olap_json_decode(dec, msg, sizeof(msg) - 1, v, &err);
		if (v[0].n >= 2048)
			for (int i = 0; i < NCOLS; i++)
				olap_vector_truncate(&v[i], 0);
	}
	printf("# %zu bytes: %.0f rows/s\n", sizeof(msg) - 1, n / ((double) (clock() - c) / CLOCKS_PER_SEC));
	olap_json_indexer_free(indexer);
}

int
main(int argc, char **argv)
{
	RUN(semantics);
	RUN(mutations);
	if (argc > 1)
		RUN(speed);
	return DONE();
}

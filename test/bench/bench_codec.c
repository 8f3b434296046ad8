/*
 * test/bench/bench_codec.c
 *		What each column of an ad-tech stream costs: bytes, encoding, decoding.
 *
 *		make -C test/unit bench-codec
 *
 * Makes row groups of the columns that test/bench/adtech/generate.sql describes, and
 * prints per column the encoding chosen, bytes a row, nanoseconds a row to
 * encode and to build its zone, and values a second decoded on one core.  Then
 * the slowest integer or dictionary column, and how near to the machine's memory
 * bandwidth raw chunks come that are in no cache.
 */
#include "postgres.h"

#include <math.h>
#include <time.h>

#include "utils/memutils.h"

#include "base/kernel.h"
#include "codec/codec.h"
#include "index/zone.h"
#include "../unit/codec_data.h"

#define GROUPS 6
/* Of raw chunks; more than any cache holds. */
#define MEMORY_BYTES ((size_t) 1 << 30)

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec + (double) t.tv_nsec * 1e-9;
}

/* A function of row and salt, as in generate.sql. */
static uint64
h(uint64 row, uint64 salt)
{
	uint64		x = (row + 1) * UINT64CONST(0x9E3779B97F4A7C15) +
		salt * UINT64CONST(0xD1B54A32D192ED03);

	x = (x ^ (x >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

static double
u(uint64 row, uint64 salt)
{
	return (double) (h(row, salt) >> 11) / 9007199254740992.0;
}

static int
zipf(int n, double x)
{
	return (int) floor(pow(n + 1, x));
}

static double
gauss(uint64 row, uint64 salt)
{
	return sqrt(-2 * log(1 - u(row, salt))) *
		cos(6.283185307179586 * u(row, salt + 1));
}

/* Event types by share: 0 impression, 1 viewable, 2 click, 3 install, 4 buy. */
static int
event_type(uint64 i)
{
	double		x = u(i, 6);

	return x < 0.8 ? 0 : x < 0.955 ? 1 : x < 0.985 ? 2 : x < 0.995 ? 3 : 4;
}

static void
add_text(OlapVector *v, const char *text)
{
	olap_vector_append_var(v, text, strlen(text));
}

static void
add_ts(OlapVector *v, uint64 i)
{
	double		d = 30.0 * (double) i / 10000000;
	double		late = u(i, 7) < 0.005 ? 600e6 : 5e6;

	olap_vector_append_i64(v, INT64CONST(820540800000000) +
						   (int64) (86400e6 * (d - 0.6 / 6.283185307179586 *
											   sin(6.283185307179586 * d))) -
						   (int64) (late * u(i, 10)));
}

static void
add_campaign(OlapVector *v, uint64 i)
{
	olap_vector_append_i32(v, zipf(50000, u(i, 1)));
}

static void
add_country(OlapVector *v, uint64 i)
{
	char		code[3] = "AA";
	int			rank = zipf(200, u(i, 3));

	code[0] += (char) (rank * 7 % 26);
	code[1] += (char) (rank / 8);
	add_text(v, code);
}

static void
add_device(OlapVector *v, uint64 i)
{
	static const char *const forms[] = {"phone", "tablet", "desktop", "ctv",
	"console"};
	static const char *const systems[] = {"android", "ios", "windows", "macos",
	"linux", "tizen", "webos", "roku", "fireos", "other"};
	int			rank = zipf(50, u(i, 4)) - 1;
	char		text[32];

	snprintf(text, sizeof(text), "%s/%s", forms[rank % 5],
			 systems[Min(rank / 5, 9)]);
	add_text(v, text);
}

static void
add_event(OlapVector *v, uint64 i)
{
	static const char *const names[] = {"impression", "viewable", "click",
	"install", "purchase"};

	add_text(v, names[event_type(i)]);
}

static int64
user_rank(uint64 i)
{
	return (int64) (10000000 * pow(u(i, 5), 2));
}

static void
add_user(OlapVector *v, uint64 i)
{
	olap_vector_append_i64(v, 100000000 + user_rank(i) * 7919 % 10000019);
}

static void
add_creative(OlapVector *v, uint64 i)
{
	olap_vector_append_i32(v, zipf(50000, u(i, 1)) * 10 + zipf(9, u(i, 11)));
}

static void
add_publisher(OlapVector *v, uint64 i)
{
	olap_vector_append_i32(v, zipf(5000, u(i, 2)));
}

static void
add_cost(OlapVector *v, uint64 i)
{
	int			type = event_type(i);
	double		cost = 0;

	if (type == 0)
		cost = Min(0.0008 * exp(0.9 * gauss(i, 12)), 0.09);
	else if (type == 2)
		cost = Min(0.12 * exp(0.7 * gauss(i, 12)), 5);
	olap_vector_append_i64(v, (int64) round(cost * 1e6));
}

static void
add_revenue(OlapVector *v, uint64 i)
{
	int			type = event_type(i);
	double		value = 0;

	if (type == 4)
		value = round(20 * exp(gauss(i, 14)) * 100) / 100;
	else if (type == 3)
		value = round(1.5 * exp(0.5 * gauss(i, 14)) * 100) / 100;
	olap_vector_append_f64(v, value);
}

static void
add_latency(OlapVector *v, uint64 i)
{
	double		ms = exp(3.4 + 0.8 * gauss(i, 16));

	olap_vector_append_i32(v, (int32) Min(Max(ms, 1), 5000));
}

static void
add_click(OlapVector *v, uint64 i)
{
	olap_vector_append_bool(v, event_type(i) == 2);
}

/* One session per user and half hour. */
static void
add_session(OlapVector *v, uint64 i)
{
	uint64		uuid[2];

	uuid[0] = h((uint64) user_rank(i), 100 + i * 30 * 48 / 10000000);
	uuid[1] = h(uuid[0], 7);
	olap_vector_append_fixed(v, uuid);
}

static void
add_url(OlapVector *v, uint64 i)
{
	static const char *const sections[] = {"news", "sports", "games",
	"finance", "recipes", "travel", "tech", "video", "checkout", "weather"};
	int			publisher = zipf(5000, u(i, 2));
	int			article = zipf(20, u(i, 18));
	char		text[128];

	snprintf(text, sizeof(text), "https://www.pub%d.example.com/%s/article-%d",
			 publisher, sections[h(publisher, article) % 10],
			 publisher * 20 + article);
	add_text(v, text);
}

static void
add_referrer(OlapVector *v, uint64 i)
{
	double		x = u(i, 8);
	char		text[128];

	if (x < 0.4)
	{
		olap_vector_append_null(v);
		return;
	}
	if (x < 0.7)
		snprintf(text, sizeof(text), "https://search.example.com/?q=term%d",
				 zipf(20000, u(i, 19)));
	else if (x < 0.9)
		snprintf(text, sizeof(text), "https://social.example.net/feed/%d",
				 zipf(200, u(i, 19)));
	else
		snprintf(text, sizeof(text), "https://www.pub%d.example.com/",
				 zipf(5000, u(i, 2)));
	add_text(v, text);
}

static void
add_version(OlapVector *v, uint64 i)
{
	char		text[32];

	if (u(i, 9) < 0.15)
	{
		olap_vector_append_null(v);
		return;
	}
	snprintf(text, sizeof(text), "8.%d.%d", 40 - zipf(40, u(i, 20)),
			 (int) (h(i, 21) % 3));
	add_text(v, text);
}

/* Beyond ad-tech: shapes that other encodings are for. */
/* Ids of which few are frequent, but not the lowest. */
static void
add_popular(OlapVector *v, uint64 i)
{
	olap_vector_append_i64(v, (int64) (h(zipf(50000, u(i, 41)), 42) >> 32));
}

static void
add_sequence(OlapVector *v, uint64 i)
{
	olap_vector_append_i64(v, (int64) i * 3 + 17);
}

static void
add_gauge(OlapVector *v, uint64 i)
{
	olap_vector_append_f64(v, 20 + sin((double) i / 5000) + gauss(i, 40));
}

static void
add_log_line(OlapVector *v, uint64 i)
{
	char		text[160];

	snprintf(text, sizeof(text),
			 "request %016llx served by worker-%d in %d us, status %d",
			 (unsigned long long) h(i, 30), (int) (h(i, 31) % 64),
			 (int) (h(i, 32) % 100000), h(i, 33) % 20 == 0 ? 500 : 200);
	add_text(v, text);
}

static const struct
{
	const char *name;
	OlapPhys	phys;
	void		(*add) (OlapVector *v, uint64 i);
	bool		adtech;
}			columns[] = {
	{"ts", OLAP_PHYS_I64, add_ts, true},
	{"campaign_id", OLAP_PHYS_I32, add_campaign, true},
	{"country", OLAP_PHYS_VAR, add_country, true},
	{"device_type", OLAP_PHYS_VAR, add_device, true},
	{"event_type", OLAP_PHYS_VAR, add_event, true},
	{"user_id", OLAP_PHYS_I64, add_user, true},
	{"creative_id", OLAP_PHYS_I32, add_creative, true},
	{"publisher_id", OLAP_PHYS_I32, add_publisher, true},
	{"cost", OLAP_PHYS_DEC64, add_cost, true},
	{"revenue", OLAP_PHYS_F64, add_revenue, true},
	{"latency_ms", OLAP_PHYS_I32, add_latency, true},
	{"is_click", OLAP_PHYS_BOOL, add_click, true},
	{"session_id", OLAP_PHYS_FIXED, add_session, true},
	{"url", OLAP_PHYS_VAR, add_url, true},
	{"referrer", OLAP_PHYS_VAR, add_referrer, true},
	{"app_version", OLAP_PHYS_VAR, add_version, true},
	{"(sequence)", OLAP_PHYS_I64, add_sequence, false},
	{"(popular)", OLAP_PHYS_I64, add_popular, false},
	{"(gauge)", OLAP_PHYS_F64, add_gauge, false},
	{"(log line)", OLAP_PHYS_VAR, add_log_line, false},
};

typedef struct ColumnCost
{
	double		bytes;
	double		encode;
	double		zone;
	double		open;
	double		decode;
	OlapEncoding encoding;
} ColumnCost;

/* Seconds of the fastest of several passes: others may use the machine too. */
static double
time_decode(OlapChunk *chunk, uint32 n, OlapVector *out)
{
	const char *reason;
	double		best = INFINITY;
	uint32		nvec = (n + OLAP_VECTOR_ROWS - 1) / OLAP_VECTOR_ROWS;

	for (int pass = 0; pass < 15; pass++)
	{
		double		start = now();

		for (uint32 vecno = 0; vecno < nvec; vecno++)
			if (!olap_chunk_decode(chunk, vecno, out, &reason))
				elog(ERROR, "%s", reason);
		best = Min(best, now() - start);
	}
	return best;
}

static void
measure(int col, ColumnCost *cost)
{
	OlapColumnType type = data_type(columns[col].phys);
	OlapVector	v;
	OlapVector	out;

	memset(cost, 0, sizeof(*cost));
	olap_vector_init(&v, &type, OLAP_ROWGROUP_ROWS, CurrentMemoryContext);
	olap_vector_init(&out, &type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	for (int group = 0; group < GROUPS; group++)
	{
		uint64		first = UINT64CONST(1600000) * group;
		OlapBytes	bytes;
		OlapChunkInfo info;
		OlapChunk  *chunk;
		OlapZone	zone;
		const char *reason;
		double		t;
		double		encode = 0;
		double		open = 0;

		olap_vector_reset(&v, &type);
		for (uint32 i = 0; i < OLAP_ROWGROUP_ROWS; i++)
			columns[col].add(&v, first + i);
		olap_bytes_init(&bytes, CurrentMemoryContext);
		for (int pass = 0; pass < 3; pass++)
		{
			bytes.len = 0;
			t = now();
			olap_chunk_encode(&v, &bytes, &info);
			t = now() - t;
			encode = pass == 0 ? t : Min(encode, t);
		}
		cost->encode += encode;
		t = now();
		olap_zone_build(&zone, &type, &v);
		cost->zone += now() - t;
		for (int pass = 0;; pass++)
		{
			t = now();
			chunk = olap_chunk_open(bytes.data, bytes.len, &type, v.n,
									CurrentMemoryContext, &reason);
			t = now() - t;
			open = pass == 0 ? t : Min(open, t);
			if (pass == 4)
				break;
			olap_chunk_close(chunk);
		}
		cost->open += open;
		cost->decode += time_decode(chunk, v.n, &out);
		cost->bytes += (double) bytes.len;
		cost->encoding = info.encoding;
		olap_chunk_close(chunk);
		pfree(bytes.data);
	}
	olap_vector_free(&v);
	olap_vector_free(&out);
}

OLAP_KERNEL static uint64
sum_up(const uint64 *values, size_t n)
{
	uint64		sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += values[i];
	return sum;
}

/* Bytes a second, from memory: adding up, and decoding raw chunks. */
static void
measure_memory(void)
{
	OlapColumnType type = data_type(OLAP_PHYS_I64);
	size_t		chunk_len = 0;
	OlapBytes	bytes;
	OlapVector	out;
	double		best[2] = {INFINITY, INFINITY};
	uint64		sum = 0;

	olap_bytes_init(&bytes, CurrentMemoryContext);
	olap_bytes_reserve(&bytes, MEMORY_BYTES);
	olap_vector_init(&out, &type, OLAP_ROWGROUP_ROWS, CurrentMemoryContext);
	while (bytes.len + chunk_len <= MEMORY_BYTES)
	{
		OlapChunkInfo info;

		if (chunk_len == 0)
		{
			for (uint32 i = 0; i < OLAP_ROWGROUP_ROWS; i++)
				olap_vector_append_i64(&out, (int64) h(i, 50));
			olap_chunk_encode(&out, &bytes, &info);
			chunk_len = bytes.len;
			if (info.encoding != OLAP_ENC_RAW)
				elog(ERROR, "random numbers are not stored raw");
		}
		else
			olap_bytes_append(&bytes, bytes.data, chunk_len);
	}
	for (int pass = 0; pass < 5; pass++)
	{
		double		t = now();

		sum += sum_up((const uint64 *) bytes.data, bytes.len / sizeof(uint64));
		best[0] = Min(best[0], now() - t);
		t = now();
		for (size_t at = 0; at < bytes.len; at += chunk_len)
		{
			const char *reason;
			OlapChunk  *chunk = olap_chunk_open(bytes.data + at, chunk_len,
												&type, OLAP_ROWGROUP_ROWS,
												CurrentMemoryContext, &reason);

			for (uint32 vecno = 0; vecno * OLAP_VECTOR_ROWS <
				 OLAP_ROWGROUP_ROWS; vecno++)
				if (!olap_chunk_decode(chunk, vecno, &out, &reason))
					elog(ERROR, "%s", reason);
			sum += ((uint64 *) out.values)[0];
			olap_chunk_close(chunk);
		}
		best[1] = Min(best[1], now() - t);
	}
	printf("memory: %.1f GB/s read; raw 8-byte chunks from memory: %.1f GB/s, %.0f %% (%d)\n",
		   (double) bytes.len / best[0] / 1e9, (double) bytes.len / best[1] / 1e9,
		   100 * best[0] / best[1], (int) (sum & 1));
	olap_vector_free(&out);
	pfree(bytes.data);
}

int
main(void)
{
	double		rows = (double) GROUPS * OLAP_ROWGROUP_ROWS;
	double		slowest = INFINITY;
	ColumnCost		all = {0};

	printf("%-13s %-6s %8s %10s %8s %8s %10s\n", "column", "codec", "bytes",
		   "encode ns", "zone ns", "open ns", "decode M/s");
	for (int col = 0; col < (int) lengthof(columns); col++)
	{
		ColumnCost		cost;

		measure(col, &cost);
		printf("%-13s %-6s %8.3f %10.1f %8.1f %8.1f %10.0f\n",
			   columns[col].name, olap_encoding_name(cost.encoding),
			   cost.bytes / rows, cost.encode / rows * 1e9,
			   cost.zone / rows * 1e9, cost.open / rows * 1e9,
			   rows / cost.decode / 1e6);
		if (!columns[col].adtech)
			continue;
		if (cost.encoding == OLAP_ENC_DICT ||
			(columns[col].phys != OLAP_PHYS_FIXED &&
			 columns[col].phys != OLAP_PHYS_BOOL))
			slowest = Min(slowest, rows / cost.decode / 1e6);
		all.bytes += cost.bytes;
		all.encode += cost.encode;
		all.zone += cost.zone;
		all.open += cost.open;
		all.decode += cost.decode;
	}
	printf("%-13s %-6s %8.3f %10.1f %8.1f %8.1f %10.0f\n", "ad-tech row", "",
		   all.bytes / rows, all.encode / rows * 1e9, all.zone / rows * 1e9,
		   all.open / rows * 1e9, rows / all.decode / 1e6);
	printf("slowest integer or dictionary column: %.0f M values/s\n", slowest);
	measure_memory();
	return 0;
}

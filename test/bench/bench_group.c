/*
 * test/bench/bench_group.c
 *		Rows a second of grouping, aggregates and distinct sets, each beside the
 *		plain C loop that knows its data.
 *
 *		make -C test/unit bench-group [BENCH='name ...']
 *
 * Columns are shaped as those of an ad-tech stream: a dictionary of 200
 * countries (skewed), 5 types, 50,000 campaigns, user ids in a range of 10 M,
 * hours in time order, amounts as scaled integers.  Times are of the thread's
 * CPU, the best of several runs, as the machine may be busy otherwise.
 */
#include "postgres.h"

#include <math.h>
#include <time.h>

#include "catalog/pg_type_d.h"
#include "utils/memutils.h"

#include "base/hash.h"
#include "base/kernel.h"
#include "unit.h"
#include "vector/agg.h"
#include "vector/distinct_sets.h"
#include "vector/group.h"

#define ROWS (10 * 1000 * 1000 / OLAP_VECTOR_ROWS * OLAP_VECTOR_ROWS)
#define COUNTRIES 200
#define TYPES 5
#define CAMPAIGNS 50000
#define USERS 10000000
#define WORDS 100000
#define RUNS 3

static uint32 *country;
static uint32 *type;
static int32 *campaign;
static int64 *user;
static int64 *hour;
static int64 *cost;
static int32 *latency;
static double *score;
static uint32 *country_text;	/* offsets of the countries' names */
static uint32 *word;			/* offsets of text without a dictionary */
static OlapVector countries;	/* dictionaries */
static OlapVector types;
static OlapVector words;

static OlapColumnType text_type;
static OlapColumnType int4_type;
static OlapColumnType int8_type;
static OlapColumnType float8_type;
static OlapColumnType numeric_type;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double) t.tv_sec + (double) t.tv_nsec * 1e-9;
}

static uint64
h(uint64 row, uint64 salt)
{
	return olap_hash_u64(olap_hash_u64(row) + salt);
}

static OlapColumnType
make_type(Oid typid, int typlen, bool byval, char align)
{
	OlapColumnType made = {.typid = typid, .typmod = -1, .typlen = typlen,
		.typbyval = byval, .typalign = align};

	if (typid == NUMERICOID)
		made.typmod = (12 << 16 | 6) + VARHDRSZ;
	olap_column_type_resolve(&made);
	return made;
}

static void
make_words(OlapVector *dict, int n, const char *format)
{
	olap_vector_init(dict, &text_type, n, TopMemoryContext);
	for (int i = 0; i < n; i++)
	{
		char	   *text = psprintf(format, i, (int) (h(i, 9) % 1000000));

		olap_vector_append_var(dict, text, strlen(text));
	}
}

static void
make_data(void)
{
	country = MemoryContextAllocHuge(TopMemoryContext, (size_t) ROWS * 4);
	type = MemoryContextAllocHuge(TopMemoryContext, (size_t) ROWS * 4);
	campaign = MemoryContextAllocHuge(TopMemoryContext, (size_t) ROWS * 4);
	user = MemoryContextAllocHuge(TopMemoryContext, (size_t) ROWS * 8);
	hour = MemoryContextAllocHuge(TopMemoryContext, (size_t) ROWS * 8);
	cost = MemoryContextAllocHuge(TopMemoryContext, (size_t) ROWS * 8);
	latency = MemoryContextAllocHuge(TopMemoryContext, (size_t) ROWS * 4);
	score = MemoryContextAllocHuge(TopMemoryContext, (size_t) ROWS * 8);
	country_text = MemoryContextAllocHuge(TopMemoryContext, (size_t) ROWS * 4);
	word = MemoryContextAllocHuge(TopMemoryContext, (size_t) ROWS * 4);
	text_type = make_type(TEXTOID, -1, false, TYPALIGN_INT);
	int4_type = make_type(INT4OID, 4, true, TYPALIGN_INT);
	int8_type = make_type(INT8OID, 8, true, TYPALIGN_DOUBLE);
	float8_type = make_type(FLOAT8OID, 8, true, TYPALIGN_DOUBLE);
	numeric_type = make_type(NUMERICOID, -1, false, TYPALIGN_INT);
	make_words(&countries, COUNTRIES, "C%d-%d");
	make_words(&types, TYPES, "type %d %d");
	make_words(&words, WORDS, "https://example.com/page/%d/%d");
	for (size_t i = 0; i < ROWS; i++)
	{
		uint64		r = h(i, 1);

		country[i] = (r & 0xFFFF) * (r >> 16 & 0xFFFF) % COUNTRIES *
			(r >> 32 & 0xFF) >> 8;
		country_text[i] = ((uint32 *) countries.values)[country[i]];
		type[i] = (r >> 40) % TYPES;
		campaign[i] = (int32) (h(i, 2) % CAMPAIGNS);
		user[i] = (int64) (h(i, 3) % USERS);
		hour[i] = (int64) (i / (ROWS / 48)) * INT64CONST(3600000000) +
			INT64CONST(700000000000000);
		cost[i] = (int64) (h(i, 4) % 3000000);
		latency[i] = (int32) (h(i, 5) % 2000);
		score[i] = (double) (h(i, 6) >> 11) / 1e15;
		word[i] = ((uint32 *) words.values)[h(i, 7) % WORDS];
	}
}

/* Rows first .. of an array, as a vector. */
static OlapVector
view(const OlapColumnType *t, const void *values, size_t first)
{
	return (OlapVector) {.phys = t->phys, .scale = t->scale, .typalign = t->typalign,
		.width = t->width, .n = OLAP_VECTOR_ROWS, .capacity = OLAP_VECTOR_ROWS,
		.values = (char *) values + first * t->width};
}

/* The rows' offsets are not looked at where there are codes. */
static OlapVector
dict_view(const OlapVector *dict, const uint32 *codes, size_t first)
{
	OlapVector	v = view(&text_type, dict == &countries ? country_text : codes,
						 first);

	v.heap = dict->heap;
	v.heap_len = dict->heap_len;
	v.codes = codes + first;
	v.dict = dict;
	return v;
}

static OlapVector
text_view(size_t first)
{
	OlapVector	v = view(&text_type, word, first);

	v.heap = words.heap;
	v.heap_len = words.heap_len;
	return v;
}

static OlapVector
column(char which, size_t first)
{
	switch (which)
	{
		case 'c':
			return dict_view(&countries, country, first);
		case 't':
			return dict_view(&types, type, first);
		case 'p':
			return view(&int4_type, campaign, first);
		case 'u':
			return view(&int8_type, user, first);
		case 'h':
			return view(&int8_type, hour, first);
		case '$':
			return view(&numeric_type, cost, first);
		case 'l':
			return view(&int4_type, latency, first);
		case 's':
			return view(&float8_type, score, first);
		default:
			return text_view(first);
	}
}

static const OlapColumnType *
type_of(char which, OlapOrder *order)
{
	*order = OLAP_ORDER_INT;
	switch (which)
	{
		case 'c':
		case 't':
		case 'w':
			*order = OLAP_ORDER_BYTES;
			return &text_type;
		case 'p':
		case 'l':
			return &int4_type;
		case '$':
			*order = OLAP_ORDER_NUMERIC;
			return &numeric_type;
		case 's':
			*order = OLAP_ORDER_FLOAT;
			return &float8_type;
		default:
			return &int8_type;
	}
}

typedef struct Wanted
{
	OlapAggKind kind;
	char		arg;			/* ' ': none */
	bool		distinct;
} Wanted;

/* GROUP BY keys with the aggregates wanted; seconds, groups, bytes. */
static double
run_engine(const char *keys, const Wanted *wanted, int nwanted,
		   uint32 *ngroups, size_t *memory)
{
	int			nkeys = (int) strlen(keys);
	OlapGroupKey key[4] = {0};
	OlapGroups *groups = NULL;
	OlapAgg    *aggs[8];
	OlapDistinctSets *sets[8] = {NULL};
	OlapOrder	order = OLAP_ORDER_INT;
	double		start = now();

	for (int k = 0; k < nkeys; k++)
	{
		key[k].type = *type_of(keys[k], &order);
		key[k].order = order;
	}
	if (nkeys > 0)
		groups = olap_groups_create(key, nkeys, (size_t) 512 << 20,
									TopMemoryContext);
	for (int a = 0; a < nwanted; a++)
	{
		const OlapColumnType *t = wanted[a].arg == ' ' ? NULL :
			type_of(wanted[a].arg, &order);

		aggs[a] = olap_agg_create(wanted[a].kind, t, order, TopMemoryContext);
		if (wanted[a].distinct)
			sets[a] = olap_distinct_sets_create(t, order, nkeys > 0,
												TopMemoryContext);
		olap_agg_grow(aggs[a], 1);
	}
	for (size_t first = 0; first < ROWS; first += OLAP_VECTOR_ROWS)
	{
		OlapVector	vectors[4];
		const OlapVector *pointers[4];
		uint32		gids[OLAP_VECTOR_ROWS];
		uint32	   *by = gids;

		for (int k = 0; k < nkeys; k++)
		{
			vectors[k] = column(keys[k], first);
			pointers[k] = &vectors[k];
		}
		if (nkeys == 0)
			by = NULL;
		else if (olap_groups_assign(groups, pointers, OLAP_VECTOR_ROWS, gids))
			by = NULL;
		for (int a = 0; a < nwanted; a++)
		{
			OlapVector	arg;
			uint32		n = OLAP_VECTOR_ROWS;
			uint16		fresh[OLAP_VECTOR_ROWS];

			if (nkeys > 0)
				olap_agg_grow(aggs[a], olap_groups_count(groups));
			if (wanted[a].arg != ' ')
				arg = column(wanted[a].arg, first);
			if (wanted[a].distinct)
			{
				uint32		some[OLAP_VECTOR_ROWS];
				uint16		aside[OLAP_VECTOR_ROWS];
				uint32		naside;

				n = olap_distinct_sets_add(sets[a], nkeys == 0 ? NULL : gids,
										   &arg, n, fresh, aside, &naside);
				for (uint32 i = 0; nkeys > 0 && i < n; i++)
					some[i] = gids[fresh[i]];
				olap_agg_update(aggs[a], nkeys == 0 ? NULL : some, NULL, n);
			}
			else if (by == NULL)
				olap_agg_update_one(aggs[a], nkeys > 0 ? gids[0] : 0,
									wanted[a].arg == ' ' ? NULL : &arg, n);
			else
				olap_agg_update(aggs[a], by,
								wanted[a].arg == ' ' ? NULL : &arg, n);
		}
	}
	*ngroups = nkeys > 0 ? olap_groups_count(groups) : 1;
	*memory = nkeys > 0 ? olap_groups_memory(groups) : 0;
	start = now() - start;
	for (int a = 0; a < nwanted; a++)
	{
		*memory += olap_agg_memory(aggs[a]);
		olap_agg_free(aggs[a]);
		if (sets[a] != NULL)
		{
			*memory += olap_distinct_sets_memory(sets[a]);
			olap_distinct_sets_free(sets[a]);
		}
	}
	if (groups != NULL)
		olap_groups_free(groups);
	return start;
}

/* Floors: loops that know ranges and types beforehand ----------------------- */

static volatile int64 sink;

OLAP_KERNEL static int64
add_up(const int64 *restrict v, size_t n)
{
	int64		sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return sum;
}

static void
floor_sum(void)
{
	sink = add_up(cost, ROWS);
}

static void
floor_count(void)
{
	static int64 counts[COUNTRIES];

	for (size_t i = 0; i < ROWS; i++)
		counts[country[i]]++;
	sink = counts[3];
}

static void
floor_country(void)
{
	static int64 states[COUNTRIES][4];

	for (size_t i = 0; i < ROWS; i++)
	{
		int64	   *s = states[country[i]];

		s[0]++;
		s[1] += cost[i];
		s[2] += latency[i];
		s[3] = Max(s[3], latency[i]);
	}
	sink = states[3][1];
}

static void
floor_type(void)
{
	static int64 states[TYPES][2];

	for (size_t i = 0; i < ROWS; i++)
	{
		states[type[i]][0]++;
		states[type[i]][1] += cost[i];
	}
	sink = states[3][1];
}

static void
floor_hour_type(void)
{
	static int64 states[48][TYPES];

	for (size_t i = 0; i < ROWS; i++)
		states[(hour[i] - INT64CONST(700000000000000)) /
			   INT64CONST(3600000000)][type[i]]++;
	sink = states[3][1];
}

static void
floor_country_type(void)
{
	static int64 states[COUNTRIES][TYPES];

	for (size_t i = 0; i < ROWS; i++)
		states[country[i]][type[i]]++;
	sink = states[3][1];
}

static void
floor_campaign(void)
{
	static int64 states[CAMPAIGNS][2];

	for (size_t i = 0; i < ROWS; i++)
	{
		states[campaign[i]][0]++;
		states[campaign[i]][1] += cost[i];
	}
	sink = states[3][1];
}

static void
floor_user(void)
{
	uint32	   *counts = calloc(USERS, sizeof(uint32));

	for (size_t i = 0; i < ROWS; i++)
		counts[user[i]]++;
	sink = counts[7];
	free(counts);
}

static void
floor_distinct(void)
{
	uint64	   *bits = calloc(USERS / 64 + 1, sizeof(uint64));
	int64		count = 0;

	for (size_t i = 0; i < ROWS; i++)
		bits[user[i] >> 6] |= UINT64CONST(1) << (user[i] & 63);
	for (size_t i = 0; i <= USERS / 64; i++)
		count += __builtin_popcountll(bits[i]);
	sink = count;
	free(bits);
}

static void
floor_score(void)
{
	static double states[COUNTRIES];

	for (size_t i = 0; i < ROWS; i++)
		states[country[i]] += score[i];
	sink = (int64) states[3];
}

typedef struct Case
{
	const char *name;
	const char *keys;
	int			nwanted;
	Wanted		wanted[4];
	void		(*floor) (void);
} Case;

#define COUNT {OLAP_AGG_COUNT, ' '}

static const Case cases[] = {
	{"sum", "", 1, {{OLAP_AGG_SUM_INT, '$'}}, floor_sum},
	{"minmax", "", 2, {{OLAP_AGG_MIN, 'l'}, {OLAP_AGG_MAX, '$'}}, NULL},
	{"country-count", "c", 1, {COUNT}, floor_count},
	{"country-4", "c", 4, {COUNT, {OLAP_AGG_SUM_INT, '$'},
			{OLAP_AGG_SUM_INT, 'l'}, {OLAP_AGG_MAX, 'l'}}, floor_country},
	{"type-2", "t", 2, {COUNT, {OLAP_AGG_SUM_INT, '$'}}, floor_type},
	{"hour-type", "ht", 1, {COUNT}, floor_hour_type},
	{"country-type", "ct", 1, {COUNT}, floor_country_type},
	{"hour", "h", 2, {COUNT, {OLAP_AGG_SUM_INT, '$'}}, NULL},
	{"campaign-2", "p", 2, {COUNT, {OLAP_AGG_SUM_INT, '$'}}, floor_campaign},
	{"user", "u", 1, {COUNT}, floor_user},
	{"user-type", "ut", 1, {COUNT}, NULL},
	{"text", "w", 1, {COUNT}, NULL},
	{"distinct", "", 1, {{OLAP_AGG_COUNT, 'u', true}}, floor_distinct},
	{"distinct-country", "c", 1, {{OLAP_AGG_COUNT, 'u', true}}, NULL},
	{"distinct-campaign", "p", 1, {{OLAP_AGG_COUNT, 'u', true}}, NULL},
	{"score-sum", "c", 1, {{OLAP_AGG_SUM_FLOAT, 's'}}, floor_score},
	{"score-avg", "c", 1, {{OLAP_AGG_MOMENTS_FLOAT, 's'}}, floor_score},
	{"score-one", "", 2, {{OLAP_AGG_SUM_FLOAT, 's'}, {OLAP_AGG_MAX, 's'}}, NULL},
	{"word-max", "t", 1, {{OLAP_AGG_MAX, 'w'}}, NULL},
	{"country-max", "t", 1, {{OLAP_AGG_MAX, 'c'}}, NULL},
};

static void
run_case(const Case *c)
{
	double		best = 1e9;
	double		plain = 1e9;
	uint32		ngroups = 0;
	size_t		memory = 0;

	for (int run = 0; run < RUNS; run++)
	{
		best = Min(best, run_engine(c->keys, c->wanted, c->nwanted, &ngroups,
									&memory));
		if (c->floor != NULL)
		{
			double		start = now();

			c->floor();
			plain = Min(plain, now() - start);
		}
	}
	printf("%-18s %8.1f M rows/s %7.1f ms a 10 M", c->name, ROWS / best / 1e6,
		   best * 1e3 / ROWS * 1e7);
	if (c->floor != NULL)
		printf(", floor %6.1f ms (%.2f x)", plain * 1e3 / ROWS * 1e7, best / plain);
	else
		printf("%28s", "");
	printf(" %9u groups %7.1f MB\n", ngroups, (double) memory / 1e6);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	unit_fill_memory = false;
	make_data();
	for (int i = 0; i < lengthof(cases); i++)
	{
		bool		asked = argc < 2;

		for (int a = 1; a < argc; a++)
			asked |= strcmp(argv[a], cases[i].name) == 0;
		if (asked)
			run_case(&cases[i]);
	}
	return 0;
}

/*
 * test/unit/test_group.c
 *		Group tables give each row the number a naive search gives it: keys of
 *		every representation, alone and together, in every layout, frozen, used
 *		again; and they show each group's first row.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "group_data.h"
#include "vector/group_internal.h"

#define MAX_KEYS 6
#define BUCKETS 65536

/* What has been seen: canonical keys of each group, chained by a hash. */
typedef struct Naive
{
	uint32		count;
	uint32		capacity;
	char	  **keys;
	int		   *lens;
	uint32	   *next;
	uint32		heads[BUCKETS];
	/* where the first row of a group is */
	OlapVector ***vectors;
	uint32	   *rows;
} Naive;

static Naive *
naive_create(void)
{
	Naive	   *naive = palloc0(sizeof(Naive));

	naive->capacity = 1 << 20;
	naive->keys = MemoryContextAllocHuge(CurrentMemoryContext, naive->capacity * 8);
	naive->vectors = MemoryContextAllocHuge(CurrentMemoryContext, naive->capacity * 8);
	naive->lens = palloc(naive->capacity * 4);
	naive->next = palloc(naive->capacity * 4);
	naive->rows = palloc(naive->capacity * 4);
	memset(naive->heads, 0xFF, sizeof(naive->heads));
	return naive;
}

static uint32
naive_find(Naive *naive, const char *key, int len, bool frozen,
		   OlapVector **vectors, uint32 row)
{
	uint32		hash = 2166136261u;
	uint32		g;

	for (int i = 0; i < len; i++)
		hash = (hash ^ (uint8) key[i]) * 16777619u;
	hash = (hash ^ hash >> 16) % BUCKETS;
	for (g = naive->heads[hash]; g != PG_UINT32_MAX; g = naive->next[g])
		if (naive->lens[g] == len && memcmp(naive->keys[g], key, len) == 0)
			return g;
	if (frozen)
		return OLAP_GROUP_NONE;
	g = naive->count++;
	naive->keys[g] = palloc(len);
	memcpy(naive->keys[g], key, len);
	naive->lens[g] = len;
	naive->next[g] = naive->heads[hash];
	naive->heads[hash] = g;
	naive->vectors[g] = vectors;
	naive->rows[g] = row;
	return g;
}

static uint32
naive_row(Naive *naive, const DataColumn *columns, int nkeys,
		  OlapVector **vectors, uint32 row, bool frozen)
{
	char		key[MAX_KEYS * 80];
	int			len = 0;

	for (int k = 0; k < nkeys; k++)
	{
		int			own = data_canonical(vectors[k], columns[k].order, row,
										 key + len + 1);

		key[len] = (char) own;
		len += own + 1;
	}
	return naive_find(naive, key, len, frozen, vectors, row);
}

/* The Datums of both rows have the same bytes. */
static bool
same_value(const OlapVector *a, uint32 i, const OlapVector *b, uint32 j)
{
	union
	{
		char		bytes[OLAP_DECIMAL_MAX_SIZE];
		uint32		align;
	}			s[2];
	Datum		x;
	Datum		y;

	if (olap_vector_is_null(a, i) || olap_vector_is_null(b, j))
		return olap_vector_is_null(a, i) && olap_vector_is_null(b, j);
	x = olap_vector_datum(a, i, s[0].bytes);
	y = olap_vector_datum(b, j, s[1].bytes);
	if (a->phys == OLAP_PHYS_FIXED)
		return memcmp(DatumGetPointer(x), DatumGetPointer(y), a->width) == 0;
	if (a->phys == OLAP_PHYS_VAR || a->phys == OLAP_PHYS_DEC64)
		return VARSIZE(x) == VARSIZE(y) &&
			memcmp(DatumGetPointer(x), DatumGetPointer(y), VARSIZE(x)) == 0;
	if (a->phys == OLAP_PHYS_F64 && isnan(DatumGetFloat8(x)))
		return isnan(DatumGetFloat8(y));
	if (a->phys == OLAP_PHYS_F32 && isnan(DatumGetFloat4(x)))
		return isnan(DatumGetFloat4(y));
	return x == y;
}

static void
check_keys(OlapGroups *groups, Naive *naive, const DataColumn *columns,
		   int nkeys)
{
	CHECK_INT(olap_groups_count(groups), naive->count);
	for (int k = 0; k < nkeys; k++)
	{
		OlapVector	out;
		uint32		wrong = 0;
		uint32		half = naive->count / 2;

		olap_vector_init(&out, &columns[k].type, 0, CurrentMemoryContext);
		olap_groups_keys(groups, k, 0, half, &out);
		olap_groups_keys(groups, k, half, naive->count - half, &out);
		CHECK_INT(out.n, naive->count);
		for (uint32 g = 0; g < naive->count; g++)
			wrong += !same_value(&out, g, naive->vectors[g][k], naive->rows[g]);
		CHECK_INT(wrong, 0);
		olap_vector_free(&out);
	}
}

/* Equal keys have equal hashes; others seldom do. */
static void
check_hashes(OlapGroups *groups, OlapVector **keys, uint32 n,
			 const uint32 *gids, uint32 *hash_of, bool *have)
{
	uint32		hashes[OLAP_VECTOR_ROWS];
	uint32		wrong = 0;

	olap_groups_hash(groups, (const OlapVector *const *) keys, n, 7, hashes);
	for (uint32 i = 0; i < n; i++)
	{
		if (gids[i] == OLAP_GROUP_NONE)
			continue;
		if (have[gids[i]])
			wrong += hash_of[gids[i]] != hashes[i];
		have[gids[i]] = true;
		hash_of[gids[i]] = hashes[i];
	}
	CHECK_INT(wrong, 0);
}

typedef struct Plan
{
	int			batches;
	int			freeze_at;		/* batch number, -1: never */
	bool		codes;
	int			shape;			/* -1: any */
	size_t		memory_limit;
} Plan;

static void
run_batches(OlapGroups *groups, const DataColumn *columns, int nkeys,
			const Plan *plan)
{
	Naive	   *naive = naive_create();
	uint32	   *hash_of = palloc(naive->capacity * 4);
	bool	   *have = palloc0(naive->capacity);

	for (int b = 0; b < plan->batches; b++)
	{
		OlapVector **vectors = palloc(MAX_KEYS * sizeof(OlapVector *));
		uint32		n = b % 3 == 0 ? OLAP_VECTOR_ROWS : 1 + unit_random() % OLAP_VECTOR_ROWS;
		uint32		gids[OLAP_VECTOR_ROWS];
		bool		frozen = plan->freeze_at >= 0 && b >= plan->freeze_at;
		uint32		wrong = 0;
		bool		one = true;
		bool		all_one;
		size_t		growth,
					before;

		for (int k = 0; k < nkeys; k++)
			vectors[k] = data_vector(&columns[k], n, plan->shape >= 0 ? plan->shape :
									 (int) (unit_random() % 3),
									 plan->codes && unit_random() % 2);
		if (b == plan->freeze_at)
			olap_groups_freeze(groups);
		olap_groups_new_place(groups);
		growth = olap_groups_growth(groups, (const OlapVector *const *) vectors, n);
		before = unit_allocated();
		(void) unit_peak();
		all_one = olap_groups_assign(groups, (const OlapVector *const *) vectors,
									 n, gids);
		CHECK(frozen || unit_peak() - before <= growth);
		for (uint32 i = 0; i < n; i++)
		{
			wrong += gids[i] != naive_row(naive, columns, nkeys, vectors, i,
										  frozen);
			one &= gids[i] == gids[0];
		}
		CHECK_INT(wrong, 0);
		CHECK(!all_one || one);
		check_hashes(groups, vectors, n, gids, hash_of, have);
	}
	check_keys(groups, naive, columns, nkeys);
}

static void
run_plan(const DataColumn *columns, int nkeys, const Plan *plan)
{
	OlapGroupKey keys[MAX_KEYS] = {0};
	OlapGroups *groups;
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "plan",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);

	for (int k = 0; k < nkeys; k++)
	{
		keys[k].type = columns[k].type;
		keys[k].order = columns[k].order;
		if (columns[k].kind == DATA_SMALL && unit_random() % 2)
		{
			keys[k].bounded = true;
			keys[k].min = -5;
			keys[k].max = 10;	/* a hint that is wrong */
		}
	}
	groups = olap_groups_create(keys, nkeys, plan->memory_limit, cxt);
	run_batches(groups, columns, nkeys, plan);
	olap_groups_reset(groups);
	CHECK_INT(olap_groups_count(groups), 0);
	run_batches(groups, columns, nkeys, plan);
	CHECK(olap_groups_memory(groups) > 0);
	olap_groups_free(groups);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

/* Each kind of key alone, with and without NULLs, dictionaries, a freeze. */
static void
one_key(void)
{
	for (int kind = 0; kind < DATA_KINDS; kind++)
		for (int variant = 0; variant < 8; variant++)
		{
			DataColumn	column = data_column(kind, variant & 1);
			Plan		plan = {.batches = 6, .shape = -1,
				.codes = (variant & 2) != 0,
				.freeze_at = variant & 4 ? 3 : -1, .memory_limit = 1 << 22};

			run_plan(&column, 1, &plan);
		}
}

/* Two to six keys of random kinds. */
static void
several_keys(void)
{
	for (int run = 0; run < 150; run++)
	{
		DataColumn	columns[MAX_KEYS];
		int			nkeys = 2 + unit_random() % (MAX_KEYS - 1);
		Plan		plan = {.batches = 5, .shape = -1,
			.codes = run % 2, .freeze_at = run % 3 == 0 ? 2 : -1,
			.memory_limit = run % 5 == 0 ? 1 << 14 : 1 << 24};

		for (int k = 0; k < nkeys; k++)
			columns[k] = data_column(unit_random() % DATA_KINDS,
									 unit_random() % 2);
		run_plan(columns, nkeys, &plan);
	}
}

/* So many groups that tables grow and layouts change. */
static void
many_groups(void)
{
	static const DataKind kinds[][3] = {
		{DATA_RANGE, DATA_KINDS}, {DATA_RANGE, DATA_BUCKETS, DATA_KINDS},
		{DATA_RANGE, DATA_WORDS, DATA_KINDS}, {DATA_RANGE, DATA_I64, DATA_WORDS},
		{DATA_WORDS, DATA_UUID, DATA_NUMERIC}, {DATA_I16, DATA_SMALL, DATA_KINDS},
		{DATA_INTERVAL, DATA_RANGE, DATA_KINDS},
	};

	for (int i = 0; i < lengthof(kinds); i++)
	{
		DataColumn	columns[3];
		int			nkeys = 0;
		Plan		plan = {.batches = 60, .shape = 0, .freeze_at = -1,
			.memory_limit = 1 << 26};

		while (nkeys < 3 && kinds[i][nkeys] != DATA_KINDS)
		{
			columns[nkeys] = data_column(kinds[i][nkeys], i % 2);
			nkeys++;
		}
		run_plan(columns, nkeys, &plan);
	}
}

/* A key whose range moves on, as time does. */
static void
moving_range(void)
{
	OlapGroupKey key = {.order = OLAP_ORDER_INT};
	OlapGroups *groups;
	uint32		wrong = 0;

	key.type = data_type(INT8OID, 8, true, TYPALIGN_DOUBLE);
	groups = olap_groups_create(&key, 1, 1 << 22, CurrentMemoryContext);
	for (int b = 0; b < 500; b++)
	{
		OlapVector	v;
		const OlapVector *keys = &v;
		uint32		gids[OLAP_VECTOR_ROWS];

		olap_vector_init(&v, &key.type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
		for (int i = 0; i < OLAP_VECTOR_ROWS; i++)
			olap_vector_append_i64(&v, b * 100 + i / 20 + (b % 7 == 0 ? -50 : 0) +
								   (b == 400 ? PG_INT64_MAX / 2 : 0));
		olap_groups_assign(groups, &keys, v.n, gids);
		for (int i = 0; i < OLAP_VECTOR_ROWS; i++)
		{
			OlapVector	out;

			if (i % 100 != 0)
				continue;
			olap_vector_init(&out, &key.type, 1, CurrentMemoryContext);
			olap_groups_keys(groups, 0, gids[i], 1, &out);
			wrong += ((int64 *) out.values)[0] != ((int64 *) v.values)[i];
			olap_vector_free(&out);
		}
		olap_vector_free(&v);
	}
	CHECK_INT(wrong, 0);
	olap_groups_free(groups);
}

/*
 * A key over all of int8 and NULL beside one of so many bits that the words are
 * full: the first vector has a layout.
 */
static void
wide_ranges(void)
{
	OlapGroupKey def[2] = {{.order = OLAP_ORDER_INT}, {.order = OLAP_ORDER_INT}};

	def[0].type = def[1].type = data_type(INT8OID, 8, true, TYPALIGN_DOUBLE);
	for (int bits = 20; bits < 64; bits++)
	{
		OlapGroups *groups = olap_groups_create(def, 2, 1 << 17, CurrentMemoryContext);
		OlapVector	v[2];
		const OlapVector *keys[2] = {&v[0], &v[1]};
		uint32		gids[OLAP_VECTOR_ROWS];
		uint32		wrong = 0;

		for (int k = 0; k < 2; k++)
			olap_vector_init(&v[k], &def[k].type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
		for (int i = 0; i < OLAP_VECTOR_ROWS; i++)
		{
			if (i == 2)
				olap_vector_append_null(&v[0]);
			else
				olap_vector_append_i64(&v[0], i == 0 ? PG_INT64_MIN : i == 1 ? PG_INT64_MAX : i);
			olap_vector_append_i64(&v[1], i * ((INT64CONST(1) << (bits - 1)) / OLAP_VECTOR_ROWS));
		}
		for (int again = 0; again < 2; again++)
		{
			olap_groups_assign(groups, keys, OLAP_VECTOR_ROWS, gids);
			for (uint32 i = 0; i < OLAP_VECTOR_ROWS; i++)
				wrong += gids[i] != i;
		}
		CHECK_INT(wrong, 0);
		olap_vector_free(&v[0]);
		olap_vector_free(&v[1]);
		olap_groups_free(groups);
	}
}

/* Keys made to share a hash do not make a table slow or endless. */
static void
colliding_words(void)
{
	OlapWordTable table;
	uint32		wrong = 0;

	olap_word_table_init(&table, CurrentMemoryContext);
	for (uint64 i = 0; i < 20000; i++)
	{
		/* a multiple of 2 ^ 44 behind the seed: the low bits hardly move */
		uint64		key = (i << 44) ^ table.seed;
		uint32		number;
		uint32		again;

		olap_word_table_assign(&table, &key, NULL, 1, &number);
		olap_word_table_assign(&table, &key, NULL, 1, &again);
		wrong += number != again || number > i;
	}
	CHECK_INT(wrong, 0);
	olap_word_table_free(&table);
}

/* Memory is what the contexts hold, and all of it is given back. */
static void
memory_is_given_back(void)
{
	size_t		before = unit_allocated();
	OlapGroupKey keys[2] = {{.order = OLAP_ORDER_BYTES},
	{.order = OLAP_ORDER_INT}};
	DataColumn	columns[2] = {data_column(DATA_WORDS, true),
	data_column(DATA_RANGE, true)};
	OlapGroups *groups;
	OlapVector *vectors[2];
	uint32		gids[OLAP_VECTOR_ROWS];

	keys[0].type = columns[0].type;
	keys[1].type = columns[1].type;
	vectors[0] = data_vector(&columns[0], OLAP_VECTOR_ROWS, 0, false);
	vectors[1] = data_vector(&columns[1], OLAP_VECTOR_ROWS, 0, false);
	before = unit_allocated();
	groups = olap_groups_create(keys, 2, 1 << 20, CurrentMemoryContext);
	olap_groups_assign(groups, (const OlapVector *const *) vectors,
					   OLAP_VECTOR_ROWS, gids);
	CHECK_INT(olap_groups_memory(groups), unit_allocated() - before);
	olap_groups_free(groups);
	CHECK_INT(unit_allocated(), before);
}

int
main(void)
{
	RUN(one_key);
	RUN(several_keys);
	RUN(many_groups);
	RUN(moving_range);
	RUN(wide_ranges);
	RUN(colliding_words);
	RUN(memory_is_given_back);
	return DONE();
}

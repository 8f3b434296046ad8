/*
 * test/unit/test_distinct_sets.c
 *		Distinct sets against the plainest set that can be written, a row at a
 *		time; with and without enough memory.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/hash.h"
#include "group_data.h"
#include "vector/distinct_sets.h"
#include "vector/pair_set.h"
#include "vector/words.h"

/* The plainest set ---------------------------------------------------------- */

#define HEADS 65536
#define MEMBERS 400000

typedef struct NaiveSet
{
	uint32		n;
	char		(*members)[84];
	int		   *lens;
	int			heads[HEADS];
	int		   *next;
} NaiveSet;

static bool
naive_add(NaiveSet *set, const char *member, int len)
{
	uint32		hash = 2166136261u;

	for (int i = 0; i < len; i++)
		hash = (hash ^ (uint8) member[i]) * 16777619u;
	hash = (hash ^ hash >> 16) % HEADS;
	for (int m = set->heads[hash]; m >= 0; m = set->next[m])
		if (set->lens[m] == len && memcmp(set->members[m], member, len) == 0)
			return false;
	Assert(set->n < MEMBERS);
	set->lens[set->n] = len;
	memcpy(set->members[set->n], member, len);
	set->next[set->n] = set->heads[hash];
	set->heads[hash] = set->n++;
	return true;
}

static NaiveSet *
naive_set(void)
{
	NaiveSet   *set = palloc(sizeof(NaiveSet));

	set->n = 0;
	set->members = palloc_extended((Size) MEMBERS * sizeof(*set->members),
								   MCXT_ALLOC_HUGE);
	set->lens = palloc(MEMBERS * sizeof(int));
	set->next = palloc(MEMBERS * sizeof(int));
	memset(set->heads, 0xFF, sizeof(set->heads));
	return set;
}

/* Every type ---------------------------------------------------------------- */

/* Groups of the rows: one, few, or many; new ones appear as time goes by. */
static void
random_gids(uint32 *gids, uint32 n, int batch, int shape)
{
	uint32		limit = shape == 0 ? 1 : shape == 1 ? 5 :
		Min(300, 20 + batch * 40);
	bool		constant = unit_random() % 3 == 0;

	for (uint32 i = 0; i < n; i++)
		gids[i] = constant && i > 0 ? gids[0] : unit_random() % limit;
}

static int
member_of(const DataColumn *column, const OlapVector *v, const uint32 *gids,
		  uint32 i, char *member)
{
	memcpy(member, &gids[i], 4);
	return 4 + data_canonical(v, column->order, i, member + 4);
}

static void
check_types(DataKind data, bool nulls, int shape, bool codes)
{
	DataColumn	column = data_column(data, nulls);
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "distinct",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	OlapDistinctSets *sets = olap_distinct_sets_create(&column.type, column.order,
													   shape > 0, cxt);

	for (int round = 0; round < 2; round++)
	{
		NaiveSet   *naive = naive_set();
		uint32		wrong = 0;

		for (int batch = 0; batch < 16; batch++)
		{
			uint32		n = 1 + unit_random() % OLAP_VECTOR_ROWS;
			OlapVector *v = data_vector(&column, n, batch % 3, codes);
			uint32		gids[OLAP_VECTOR_ROWS];
			uint16		fresh[OLAP_VECTOR_ROWS];
			uint16		aside[OLAP_VECTOR_ROWS];
			uint32		nfresh;
			uint32		naside;
			uint32		expected = 0;

			random_gids(gids, n, batch, shape);
			olap_distinct_sets_new_place(sets);
			nfresh = olap_distinct_sets_add(sets, shape == 0 ? NULL : gids, v, n,
											fresh, aside, &naside);
			for (uint32 i = 0; i < n; i++)
			{
				char		member[84];

				if (olap_vector_is_null(v, i) ||
					!naive_add(naive, member, member_of(&column, v, gids, i,
														member)))
					continue;
				wrong += expected >= nfresh || fresh[expected] != i;
				expected++;
			}
			CHECK_INT(nfresh, expected);
			CHECK_INT(naside, 0);
		}
		CHECK_INT(wrong, 0);
		CHECK(olap_distinct_sets_memory(sets) > 0);
		olap_distinct_sets_reset(sets);
	}
	olap_distinct_sets_free(sets);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

/* The first row of each value of a group is fresh, no other, no NULL. */
static void
types(void)
{
	for (int data = 0; data < DATA_KINDS; data++)
		for (int variant = 0; variant < 12; variant++)
			check_types(data, variant & 1, variant / 4, variant & 2);
}

/* Rows put aside ------------------------------------------------------------ */

typedef struct Part
{
	OlapVector	v;
	uint32	   *gids;
} Part;

#define PARTS 16

typedef struct Aside
{
	DataColumn	column;
	NaiveSet   *naive;
	OlapDistinctSets *sets;
	bool		grouped;
	size_t		limit;
	uint32		wrong;			/* values counted twice */
	int			deepest;
} Aside;

static void take_part(Aside *a, const Part *part, int level);

/* Rows of v into PARTS by the hash of group and value. */
static void
divide(Aside *a, Part *parts, const OlapVector *v, const uint32 *gids,
	   const uint16 *aside, uint32 naside, int level)
{
	uint32		hashes[OLAP_VECTOR_ROWS];

	olap_distinct_sets_hash(a->sets, a->grouped ? gids : NULL, v, v->n, level,
							hashes);
	for (uint32 i = 0; i < naside; i++)
	{
		Part	   *part = &parts[hashes[aside[i]] % PARTS];
		uint32		row = aside[i];

		if (part->gids == NULL)
		{
			olap_vector_init(&part->v, &a->column.type, 0, CurrentMemoryContext);
			part->gids = palloc(MEMBERS * sizeof(uint32));
		}
		part->gids[part->v.n] = gids[row];
		olap_vector_append_rows(&part->v, &a->column.type, v, &row, 1);
	}
}

static void
take_vector(Aside *a, Part *parts, const OlapVector *v, const uint32 *gids,
			int level)
{
	uint16		fresh[OLAP_VECTOR_ROWS];
	uint16		aside[OLAP_VECTOR_ROWS];
	uint32		naside;
	uint32		nfresh;

	olap_distinct_sets_limit(a->sets, a->limit);
	olap_distinct_sets_new_place(a->sets);
	nfresh = olap_distinct_sets_add(a->sets, a->grouped ? gids : NULL, v, v->n,
									fresh, aside, &naside);
	for (uint32 i = 0; i < nfresh; i++)
	{
		char		member[84];

		a->wrong += !naive_add(a->naive, member,
							   member_of(&a->column, v, gids, fresh[i], member));
	}
	for (uint32 i = 0; i < naside; i++)
		a->wrong += olap_vector_is_null(v, aside[i]);
	divide(a, parts, v, gids, aside, naside, level);
}

static void
take_parts(Aside *a, Part *parts, int level)
{
	a->deepest = Max(a->deepest, level);
	for (int p = 0; p < PARTS; p++)
	{
		if (parts[p].gids == NULL)
			continue;
		olap_distinct_sets_reset(a->sets);
		take_part(a, &parts[p], level);
		olap_vector_free(&parts[p].v);
		pfree(parts[p].gids);
	}
}

static void
take_part(Aside *a, const Part *part, int level)
{
	Part		parts[PARTS] = {0};

	for (uint32 first = 0; first < part->v.n; first += OLAP_VECTOR_ROWS)
	{
		uint32		n = Min(part->v.n - first, OLAP_VECTOR_ROWS);
		OlapVector	slice = olap_vector_slice(&part->v, first, n);

		take_vector(a, parts, &slice, part->gids + first, level + 1);
	}
	take_parts(a, parts, level + 1);
}

static void
check_aside(DataKind data, bool nulls, bool grouped, bool codes, size_t limit)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "aside",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	Aside		a = {.column = data_column(data, nulls), .grouped = grouped,
		.limit = limit, .naive = naive_set()};
	NaiveSet   *all = naive_set();
	Part		parts[PARTS] = {0};

	a.sets = olap_distinct_sets_create(&a.column.type, a.column.order, grouped,
									   cxt);
	for (int batch = 0; batch < 16; batch++)
	{
		uint32		n = 1 + unit_random() % OLAP_VECTOR_ROWS;
		OlapVector *v = data_vector(&a.column, n, batch % 3, codes);
		uint32		gids[OLAP_VECTOR_ROWS];

		random_gids(gids, n, batch, grouped ? 2 : 0);
		for (uint32 i = 0; i < n; i++)
		{
			char		member[84];

			if (!olap_vector_is_null(v, i))
				naive_add(all, member, member_of(&a.column, v, gids, i, member));
		}
		take_vector(&a, parts, v, gids, 0);
	}
	take_parts(&a, parts, 0);
	CHECK_INT(a.wrong, 0);
	CHECK_INT(a.naive->n, all->n);
	if (all->n > 10000)
		CHECK(a.deepest > 0);
	olap_distinct_sets_free(a.sets);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

/* However little memory there is, each value is fresh once. */
static void
little_memory(void)
{
	for (int data = 0; data < DATA_KINDS; data++)
		for (int variant = 0; variant < 8; variant++)
			check_aside(data, variant & 1, variant & 2, variant & 4,
						unit_random() % 200000);
}

/* Pairs --------------------------------------------------------------------- */

/* Words in many shapes: what a map takes, what it does not, and both. */
static int64
random_word(int shape, uint32 step, uint32 gid)
{
	switch (shape)
	{
		case 0:					/* dense */
			return 100000000 + unit_random() % 50000;
		case 1:					/* grow with time */
			return step;
		case 2:					/* fall with time */
			return -(int64) step;
		case 3:					/* a range of each group's own */
			return gid * INT64CONST(1000000) + unit_random() % 5000;
		case 4:					/* sparse */
			return (int64) unit_random() % 2000000000;
		default:				/* dense, and some far away */
			return unit_random() % 256 == 0 ?
				(int64) (unit_random() % 2000000000) : unit_random() % 3000;
	}
}

static void
check_pairs(int shape, bool single, uint32 ngroups, size_t limit)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext, "pairs",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	OlapPairSet set;
	NaiveSet   *naive = naive_set();
	NaiveSet   *aside = naive_set();
	uint32		wrong = 0;
	uint32		step = 0;

	olap_pair_set_init(&set, single, -(INT64CONST(1) << 32), cxt);
	set.limit = limit;
	for (int batch = 0; batch < 80; batch++)
	{
		uint32		gids[OLAP_VECTOR_ROWS];
		int64		words[OLAP_VECTOR_ROWS];
		uint16		rows[OLAP_VECTOR_ROWS];
		uint8		state[OLAP_VECTOR_ROWS];
		uint32		n = 0;
		bool		constant = unit_random() % 2;

		for (uint32 i = 0; i < OLAP_VECTOR_ROWS; i++)
		{
			gids[i] = constant ? batch % ngroups : unit_random() % ngroups;
			words[i] = random_word(shape, step++ / 2, gids[i]);
			rows[n] = i;
			n += batch % 2 || unit_random() % 2;
		}
		olap_pair_set_add(&set, single ? NULL : gids, words,
						  n == OLAP_VECTOR_ROWS ? NULL : rows, n, state);
		for (uint32 k = 0; k < n; k++)
		{
			uint32		i = n == OLAP_VECTOR_ROWS ? k : rows[k];
			char		member[12];

			memcpy(member, &gids[i], 4);
			memcpy(member + 4, &words[i], 8);
			if (state[i] == OLAP_PAIR_ASIDE)
				naive_add(aside, member, 12);
			else
				wrong += (state[i] == OLAP_PAIR_NEW) !=
					naive_add(naive, member, 12);
		}
	}
	/* what was aside once is never in */
	for (uint32 m = 0; m < aside->n; m++)
		wrong += !naive_add(naive, aside->members[m], 12);
	CHECK_INT(wrong, 0);
	CHECK(limit == SIZE_MAX ? aside->n == 0 :
		  olap_pair_set_memory(&set) <= Max(limit, 16384) + 16384);
	if (ngroups == 1 && limit == SIZE_MAX)
		CHECK_INT(set.used_maps, shape == 4 ? 0 : 1);
	olap_pair_set_free(&set);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

static void
pairs(void)
{
	static const uint32 groups[] = {1, 3, 40, 20000};

	for (int shape = 0; shape < 6; shape++)
	{
		check_pairs(shape, true, 1, SIZE_MAX);
		check_pairs(shape, true, 1, 100000);
		for (int g = 0; g < (int) lengthof(groups); g++)
		{
			check_pairs(shape, false, groups[g], SIZE_MAX);
			check_pairs(shape, false, groups[g], 30000);
			check_pairs(shape, false, groups[g], 1000000);
		}
	}
}

/* The ends of the range, and the one word that has no key in the table. */
static void
extreme_words(void)
{
	OlapPairSet set;
	int64		words[OLAP_VECTOR_ROWS];
	uint8		state[OLAP_VECTOR_ROWS];
	uint32		fresh = 0;

	olap_pair_set_init(&set, true, 0, CurrentMemoryContext);
	for (int round = 0; round < 20; round++)
	{
		for (int i = 0; i < OLAP_VECTOR_ROWS; i++)
			words[i] = i % 2 ? PG_INT64_MIN + i * (round % 10) / 2 :
				PG_INT64_MAX - i * (round / 2) / 2;
		olap_pair_set_add(&set, NULL, words, NULL, OLAP_VECTOR_ROWS, state);
		for (int i = 0; i < OLAP_VECTOR_ROWS; i++)
			fresh += state[i] == OLAP_PAIR_NEW;
	}
	{
		NaiveSet   *naive = naive_set();

		for (int round = 0; round < 20; round++)
			for (int i = 0; i < OLAP_VECTOR_ROWS; i++)
			{
				int64		word = i % 2 ? PG_INT64_MIN + i * (round % 10) / 2 :
					PG_INT64_MAX - i * (round / 2) / 2;

				naive_add(naive, (char *) &word, 8);
			}
		CHECK_INT(fresh, naive->n);
	}
	/* near to the least word alone, so that a map is made that covers it */
	olap_pair_set_free(&set);
	olap_pair_set_init(&set, true, 0, CurrentMemoryContext);
	for (int round = fresh = 0; round < 4; round++)
	{
		for (int i = 0; i < OLAP_VECTOR_ROWS; i++)
			words[i] = PG_INT64_MIN + i;
		olap_pair_set_add(&set, NULL, words, NULL, OLAP_VECTOR_ROWS, state);
		for (int i = 0; i < OLAP_VECTOR_ROWS; i++)
			fresh += state[i] == OLAP_PAIR_NEW;
	}
	CHECK_INT(fresh, OLAP_VECTOR_ROWS);
	CHECK_INT(set.used_maps, 1);
	olap_pair_set_free(&set);
}

/* Words chosen to collide make the table take another seed. */
static void
hostile_words(void)
{
	OlapPairSet set;
	int64		words[OLAP_VECTOR_ROWS];
	uint8		state[OLAP_VECTOR_ROWS];
	uint64		seed;
	uint32		n = 0;

	olap_pair_set_init(&set, true, 0, CurrentMemoryContext);
	seed = set.seed;
	for (int64 word = 1; n < 2000; word += INT64CONST(1000000007))
	{
		uint64		key = (uint64) word ^ UINT64CONST(1) << 63;

		if (olap_hash_mix(key ^ seed, UINT64CONST(0xD6E8FEB86659FD93)) >> 52 == 77)
			words[n++] = word;
	}
	for (int round = 0; round < 2; round++)
	{
		uint32		fresh = 0;

		olap_pair_set_add(&set, NULL, words, NULL, n, state);
		for (uint32 i = 0; i < n; i++)
			fresh += state[i] == OLAP_PAIR_NEW;
		CHECK_INT(fresh, round == 0 ? n : 0);
	}
	CHECK(set.seed != seed);
	olap_pair_set_free(&set);
}

/*
 * Decimals of a range that an array would number: it is no way around the limit,
 * of which a table that doubles may need twice as much.
 */
static void
sparse_decimals(bool grouped)
{
	OlapColumnType type = {.typid = NUMERICOID, .typmod = ((12 << 16) | 2) + VARHDRSZ,
		.typlen = -1, .typalign = TYPALIGN_INT};
	size_t		limit = 6 * 1024 * 1024;
	OlapDistinctSets *sets;
	uint16		fresh[OLAP_VECTOR_ROWS];
	uint16		aside[OLAP_VECTOR_ROWS];
	uint32		gids[OLAP_VECTOR_ROWS] = {0};
	uint32		naside = 0;
	OlapVector	v;

	olap_column_type_resolve(&type);
	sets = olap_distinct_sets_create(&type, OLAP_ORDER_NUMERIC, grouped,
									 CurrentMemoryContext);
	olap_distinct_sets_limit(sets, limit);
	olap_vector_init(&v, &type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	for (int64 row = 0; naside == 0; v.n = 0)
	{
		for (int i = 0; i < OLAP_VECTOR_ROWS; i++, row++)
			olap_vector_append_i64(&v, row * 7919 % 3999971);
		CHECK_INT(olap_distinct_sets_add(sets, grouped ? gids : NULL, &v, v.n, fresh,
										 aside, &naside) + naside, v.n);
		CHECK(olap_distinct_sets_memory(sets) < limit * 3 / 2);
	}
	olap_vector_free(&v);
	olap_distinct_sets_free(sets);
}

static void
sparse_decimals_of_one_set(void)
{
	sparse_decimals(false);
}

static void
sparse_decimals_of_groups(void)
{
	sparse_decimals(true);
}

int
main(void)
{
	RUN(types);
	RUN(little_memory);
	RUN(pairs);
	RUN(extreme_words);
	RUN(hostile_words);
	RUN(sparse_decimals_of_one_set);
	RUN(sparse_decimals_of_groups);
	return DONE();
}

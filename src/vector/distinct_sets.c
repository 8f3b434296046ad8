/*-------------------------------------------------------------------------
 *
 * distinct_sets.c
 *		Sets of distinct values, one a group.
 *
 * Integers near to the first one seen are members of the set `near` as they
 * are.  All other values are numbered, whatever their group, and their numbers
 * are members of `far`: numbers are dense, so groups with many values keep them
 * as bits.  Without groups every integer is near, and a value that gets a number
 * for the first time is new.
 *
 * src/vector/distinct_sets.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/hash.h"
#include "vector/distinct_sets.h"
#include "vector/group.h"
#include "vector/group_table.h"
#include "vector/pair_set.h"
#include "vector/words.h"

struct OlapDistinctSets
{
	MemoryContext cxt;
	MemoryContext values_cxt;	/* what a reset forgets */
	OlapGroupKey key;
	bool		grouped;
	bool		is_words;		/* integers, floats; else bytes */
	size_t		limit;
	bool		frozen;

	bool		has_near;
	OlapPairSet near;
	bool		has_far;
	OlapPairSet far;
	OlapWordTable *numbers;		/* of words that are not near; NULL: none yet */
	OlapGroups *values;			/* of bytes; the same */

	/* of the vector at work */
	int64		words[OLAP_VECTOR_ROWS];
	int64		members[OLAP_VECTOR_ROWS];
	uint32		gids[OLAP_VECTOR_ROWS];
	uint8		live[OLAP_VECTOR_ROWS];
	uint8		state[OLAP_VECTOR_ROWS];
	uint16		rows[OLAP_VECTOR_ROWS];
	uint16		far_rows[OLAP_VECTOR_ROWS];
};

OlapDistinctSets *
olap_distinct_sets_create(const OlapColumnType *type, OlapOrder order,
						  bool grouped, MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "olap distinct sets",
											  ALLOCSET_DEFAULT_SIZES);
	OlapDistinctSets *sets = MemoryContextAllocZero(cxt, sizeof(*sets));

	sets->cxt = cxt;
	sets->values_cxt = AllocSetContextCreate(cxt, "olap distinct values",
											 ALLOCSET_SMALL_SIZES);
	sets->key.type = *type;
	sets->key.order = order;
	sets->grouped = grouped;
	sets->is_words = order < OLAP_ORDER_NUMERIC;
	sets->limit = SIZE_MAX;
	return sets;
}

void
olap_distinct_sets_free(OlapDistinctSets *sets)
{
	MemoryContextDelete(sets->cxt);
}

void
olap_distinct_sets_reset(OlapDistinctSets *sets)
{
	MemoryContextReset(sets->values_cxt);
	sets->has_near = sets->has_far = false;
	sets->numbers = NULL;
	sets->values = NULL;
	sets->frozen = false;
}

void
olap_distinct_sets_new_place(OlapDistinctSets *sets)
{
	if (sets->values != NULL)
		olap_groups_new_place(sets->values);
}

size_t
olap_distinct_sets_memory(const OlapDistinctSets *sets)
{
	return MemoryContextMemAllocated(sets->cxt, true);
}

/* ---- limits ---- */

void
olap_distinct_sets_limit(OlapDistinctSets *sets, size_t limit)
{
	sets->limit = limit;
}

/* Give each set of pairs what the rest leaves. */
static void
limit_pairs(OlapDistinctSets *sets, OlapPairSet *set)
{
	size_t		others = olap_distinct_sets_memory(sets) -
		olap_pair_set_memory(set);

	set->limit = sets->limit > others ? sets->limit - others : 0;
}

/*
 * No new value from now on.  A value that was set aside must not get in later,
 * so all parts stop at once, and for good.
 */
static void
freeze(OlapDistinctSets *sets)
{
	sets->frozen = true;
	sets->near.frozen = sets->far.frozen = true;
	if (sets->numbers != NULL)
		sets->numbers->frozen = true;
	if (sets->values != NULL)
		olap_groups_freeze(sets->values);
}

/* After a vector: tables of numbers do not know a limit, pairs have theirs. */
static void
check_limit(OlapDistinctSets *sets)
{
	if (sets->frozen)
		return;
	if ((sets->has_near && sets->near.frozen) ||
		(sets->has_far && sets->far.frozen) ||
		((sets->numbers != NULL || sets->values != NULL) &&
		 olap_distinct_sets_memory(sets) > sets->limit))
		freeze(sets);
}

/* ---- members ---- */

static OlapPairSet *
far_set(OlapDistinctSets *sets)
{
	if (!sets->has_far)
	{
		/* numbers from 0 on */
		olap_pair_set_init(&sets->far, false, -1, sets->values_cxt);
		sets->far.frozen = sets->frozen;
		sets->has_far = true;
	}
	limit_pairs(sets, &sets->far);
	return &sets->far;
}

/* The middle of the window of near words is the first one seen. */
static OlapPairSet *
near_set(OlapDistinctSets *sets, int64 first)
{
	if (!sets->has_near)
	{
		uint64		half = UINT64CONST(1) << (OLAP_PAIR_WORD_BITS - 1);

		olap_pair_set_init(&sets->near, !sets->grouped,
						   (int64) ((uint64) first - half), sets->values_cxt);
		sets->near.frozen = sets->frozen;
		sets->has_near = true;
	}
	limit_pairs(sets, &sets->near);
	return &sets->near;
}

/*
 * Numbers of rows, of groups each, become members of the far set; a number of
 * OLAP_NUMBER_NONE is none.
 */
static void
add_numbers(OlapDistinctSets *sets, const uint32 *gids, const uint32 *numbers,
			const uint16 *rows, uint32 n)
{
	uint32		nrows = 0;

	for (uint32 i = 0; i < n; i++)
	{
		uint32		row = rows[i];

		sets->members[row] = numbers[row];
		sets->state[row] = OLAP_PAIR_ASIDE;
		sets->far_rows[nrows] = (uint16) row;
		nrows += numbers[row] != OLAP_NUMBER_NONE;
	}
	olap_pair_set_add(far_set(sets), gids, sets->members, sets->far_rows, nrows,
					  sets->state);
}

/* Words that are not near: rows[0 .. n). */
static void
add_far_words(OlapDistinctSets *sets, const uint32 *gids, const int64 *words,
			  const uint16 *rows, uint32 n)
{
	uint64		keys[OLAP_VECTOR_ROWS];
	uint32		packed[OLAP_VECTOR_ROWS];
	uint32		numbers[OLAP_VECTOR_ROWS];

	if (sets->numbers == NULL)
	{
		sets->numbers = MemoryContextAllocZero(sets->values_cxt,
											   sizeof(OlapWordTable));
		olap_word_table_init(sets->numbers, sets->values_cxt);
		sets->numbers->frozen = sets->frozen;
	}
	for (uint32 i = 0; i < n; i++)
		keys[i] = (uint64) words[rows[i]];
	olap_word_table_assign(sets->numbers, keys, NULL, n, packed);
	for (uint32 i = 0; i < n; i++)
		numbers[rows[i]] = packed[i];
	add_numbers(sets, gids, numbers, rows, n);
}

/* Rows 0 .. n - 1 but those that are NULL, into sets->rows. */
static uint32
live_rows(OlapDistinctSets *sets, const uint8 *live, uint32 n)
{
	uint32		nrows = 0;

	for (uint32 i = 0; i < n; i++)
	{
		sets->rows[nrows] = (uint16) i;
		sets->state[i] = OLAP_PAIR_OLD;
		nrows += live == NULL || live[i];
	}
	return nrows;
}

static const int64 *
words_of(OlapDistinctSets *sets, const OlapVector *arg, uint32 n)
{
	return olap_vector_words(arg, sets->key.order == OLAP_ORDER_UINT, n,
							 sets->words);
}

/* The words of rows 0 .. n - 1 are in the window, for certain? */
static bool
all_near(const OlapPairSet *near, const int64 *words, uint32 n)
{
	bool		all = true;

	if (near->single)
		return true;
	for (uint32 i = 0; i < n; i++)
		all &= olap_pair_set_takes(near, words[i]);
	return all;
}

static void
add_words(OlapDistinctSets *sets, const uint32 *gids, const OlapVector *arg,
		  uint32 n)
{
	const int64 *words = words_of(sets, arg, n);
	const uint8 *live = olap_vector_live(arg, n, sets->live);
	OlapPairSet *near;
	uint32		nrows = n;
	uint32		nnear = 0;
	uint32		nfar = 0;

	if (live != NULL && (nrows = live_rows(sets, live, n)) == 0)
		return;
	near = near_set(sets, words[live == NULL ? 0 : sets->rows[0]]);
	if (live == NULL)
	{
		if (all_near(near, words, n))
		{
			olap_pair_set_add(near, gids, words, NULL, n, sets->state);
			return;
		}
		nrows = live_rows(sets, NULL, n);
	}
	for (uint32 i = 0; i < nrows; i++)
	{
		uint16		row = sets->rows[i];
		bool		takes = olap_pair_set_takes(near, words[row]);

		sets->rows[nnear] = row;
		nnear += takes;
		sets->far_rows[nfar] = row;
		nfar += !takes;
	}
	olap_pair_set_add(near, gids, words, sets->rows, nnear, sets->state);
	if (nfar > 0)
	{
		uint16		rows[OLAP_VECTOR_ROWS];

		memcpy(rows, sets->far_rows, nfar * sizeof(uint16));
		add_far_words(sets, gids, words, rows, nfar);
	}
}

static void
add_bytes(OlapDistinctSets *sets, const uint32 *gids, const OlapVector *arg,
		  uint32 n)
{
	const OlapVector *keys[1] = {arg};
	const uint8 *live = olap_vector_live(arg, n, sets->live);
	uint32		numbers[OLAP_VECTOR_ROWS];
	uint32		count;
	uint32		nrows;

	if (sets->values == NULL)
	{
		sets->values = olap_groups_create(&sets->key, 1, sets->limit,
										  sets->values_cxt);
		if (sets->frozen)
			olap_groups_freeze(sets->values);
	}
	olap_groups_limit(sets->values, sets->limit);
	count = olap_groups_count(sets->values);
	(void) olap_groups_assign(sets->values, keys, n, numbers);
	nrows = live_rows(sets, live, n);
	if (sets->grouped)
	{
		add_numbers(sets, gids, numbers, sets->rows, nrows);
		return;
	}
	for (uint32 i = 0; i < n; i++)
	{
		bool		is_new = numbers[i] == count;

		count += is_new;
		if (live == NULL || live[i])
			sets->state[i] = numbers[i] == OLAP_NUMBER_NONE ? OLAP_PAIR_ASIDE :
				is_new ? OLAP_PAIR_NEW : OLAP_PAIR_OLD;
	}
}

uint32
olap_distinct_sets_add(OlapDistinctSets *sets, const uint32 *gids,
					   const OlapVector *arg, uint32 n, uint16 *fresh,
					   uint16 *aside, uint32 *naside)
{
	const uint8 *state = sets->state;
	uint32		nfresh = 0;

	*naside = 0;
	if (n == 0)
		return 0;
	Assert(sets->grouped || gids == NULL);
	if (sets->is_words)
		add_words(sets, gids, arg, n);
	else
		add_bytes(sets, gids, arg, n);
	for (uint32 i = 0; i < n; i++)
	{
		fresh[nfresh] = (uint16) i;
		nfresh += state[i] == OLAP_PAIR_NEW;
	}
	check_limit(sets);
	if (sets->frozen)
		for (uint32 i = 0; i < n; i++)
		{
			aside[*naside] = (uint16) i;
			*naside += state[i] == OLAP_PAIR_ASIDE;
		}
	return nfresh;
}

/* ---- hashes ---- */

void
olap_distinct_sets_hash(OlapDistinctSets *sets, const uint32 *gids,
						const OlapVector *arg, uint32 n, uint32 seed,
						uint32 *hashes)
{
	const int64 *words = sets->is_words ? words_of(sets, arg, n) : NULL;

	for (uint32 i = 0; i < n; i++)
	{
		OlapNumericScratch scratch;
		const uint8 *data;
		size_t		len;
		uint64		hash = 0;

		if (words != NULL)
			hash = (uint64) words[i];
		else if (!olap_vector_is_null(arg, i))
		{
			data = olap_vector_bytes(arg, i, &scratch, &len);
			hash = olap_bytes_hash(sets->key.order, data, len);
		}
		hash = olap_hash_u64(hash ^ olap_hash_u64(seed));
		if (gids != NULL)
			hash = olap_hash_u64(hash ^ gids[i]);
		hashes[i] = (uint32) (hash ^ hash >> 32);
	}
}

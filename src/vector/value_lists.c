/*-------------------------------------------------------------------------
 *
 * value_lists.c
 *		All values of many groups, to be picked from by their rank.
 *
 * Rows come with their groups mixed, so values are logged with the number of
 * their group, in blocks that never move; a counting sort by group puts them into
 * one array.
 *
 * src/vector/value_lists.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/large.h"
#include "vector/value_lists.h"

#define BLOCK_VALUES 4096

typedef struct Block
{
	struct Block *next;
	uint32		n;
	uint32		gids[BLOCK_VALUES];
	int64		words[BLOCK_VALUES];
} Block;

struct OlapValueLists
{
	MemoryContext cxt;
	OlapPhys	phys;
	OlapOrder	order;
	Block	   *first;
	Block	   *last;
	size_t		nblocks;
	uint64		n;

	/* after olap_value_lists_finish() */
	int64	   *words;			/* [n], group by group */
	uint64	   *starts;			/* [ngroups + 1] */
	uint32		ngroups;
};

/* ---- words ---- */

bool
olap_value_has_word(OlapPhys phys, OlapOrder order)
{
	switch (phys)
	{
		case OLAP_PHYS_I16:
		case OLAP_PHYS_I64:
			return order == OLAP_ORDER_INT;
		case OLAP_PHYS_I32:
			return order == OLAP_ORDER_INT || order == OLAP_ORDER_UINT;
		case OLAP_PHYS_F32:
		case OLAP_PHYS_F64:
			return order == OLAP_ORDER_FLOAT;
		default:
			return false;
	}
}

/* Bits of a double below zero descend where its value ascends. */
static inline int64
flip_negative(int64 bits)
{
	return bits ^ ((bits >> 63) & PG_INT64_MAX);
}

static inline int64
float_word(double value)
{
	int64		bits;

	if (unlikely(isnan(value)))
		return PG_INT64_MAX;
	memcpy(&bits, &value, sizeof(bits));
	return flip_negative(bits);
}

static inline double
word_float(int64 word)
{
	double		value;

	if (word == PG_INT64_MAX)
		return NAN;
	word = flip_negative(word);
	memcpy(&value, &word, sizeof(value));
	return value;
}

bool
olap_value_words_equal(OlapOrder order, int64 a, int64 b)
{
	/* the words of 0 and -0 */
	if (order == OLAP_ORDER_FLOAT && (a == 0 || a == -1))
		return b == 0 || b == -1;
	return a == b;
}

Datum
olap_value_of_word(OlapPhys phys, OlapOrder order, int64 word)
{
	switch (phys)
	{
		case OLAP_PHYS_I16:
			return Int16GetDatum((int16) word);
		case OLAP_PHYS_I32:
			if (order == OLAP_ORDER_UINT)
				return UInt32GetDatum((uint32) word);
			return Int32GetDatum((int32) word);
		case OLAP_PHYS_I64:
			return Int64GetDatum(word);
		case OLAP_PHYS_F32:
			return Float4GetDatum((float4) word_float(word));
		default:
			Assert(phys == OLAP_PHYS_F64);
			return Float8GetDatum(word_float(word));
	}
}

/* ---- input ---- */

OlapValueLists *
olap_value_lists_create(OlapPhys phys, OlapOrder order, MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "olap value lists",
											  ALLOCSET_DEFAULT_SIZES);
	OlapValueLists *lists = MemoryContextAllocZero(cxt, sizeof(*lists));

	Assert(olap_value_has_word(phys, order));
	lists->cxt = cxt;
	lists->phys = phys;
	lists->order = order;
	return lists;
}

/* Words of rows [from, from + n) of arg. */
static void
make_words(const OlapValueLists *lists, const OlapVector *arg, uint32 from,
		   uint32 n, int64 *words)
{
#define MAKE(type, expr) \
	do { \
		const type *values = (const type *) arg->values + from; \
		for (uint32 i = 0; i < n; i++) \
			words[i] = (expr); \
	} while (0)

	switch (lists->phys)
	{
		case OLAP_PHYS_I16:
			MAKE(int16, values[i]);
			break;
		case OLAP_PHYS_I32:
			if (lists->order == OLAP_ORDER_UINT)
				MAKE(uint32, values[i]);
			else
				MAKE(int32, values[i]);
			break;
		case OLAP_PHYS_I64:
			MAKE(int64, values[i]);
			break;
		case OLAP_PHYS_F32:
			MAKE(float, float_word(values[i]));
			break;
		default:
			MAKE(double, float_word(values[i]));
			break;
	}
#undef MAKE
}

/* Leave out the NULLs among the n rows from row from; how many are left. */
static uint32
drop_nulls(const OlapVector *arg, uint32 from, uint32 n, int64 *words,
		   uint32 *gids)
{
	uint32		kept = 0;

	for (uint32 i = 0; i < n; i++)
	{
		words[kept] = words[i];
		gids[kept] = gids[i];
		kept += !olap_vector_is_null(arg, from + i);
	}
	return kept;
}

static Block *
new_block(OlapValueLists *lists)
{
	Block	   *block = MemoryContextAlloc(lists->cxt, sizeof(Block));

	block->next = NULL;
	block->n = 0;
	if (lists->last == NULL)
		lists->first = block;
	else
		lists->last->next = block;
	lists->last = block;
	lists->nblocks++;
	return block;
}

void
olap_value_lists_add(OlapValueLists *lists, const uint32 *gids,
					 const OlapVector *arg, uint32 n)
{
	uint32		from = 0;

	Assert(arg->phys == lists->phys && lists->words == NULL);
	while (from < n)
	{
		Block	   *block = lists->last;
		uint32		count;

		if (block == NULL || block->n == BLOCK_VALUES)
			block = new_block(lists);
		count = Min(n - from, BLOCK_VALUES - block->n);
		make_words(lists, arg, from, count, block->words + block->n);
		if (gids != NULL)
			memcpy(block->gids + block->n, gids + from, count * sizeof(uint32));
		else
			memset(block->gids + block->n, 0, count * sizeof(uint32));
		from += count;
		if (arg->valid != NULL)
			count = drop_nulls(arg, from - count, count,
							   block->words + block->n, block->gids + block->n);
		block->n += count;
		lists->n += count;
	}
}

uint64
olap_value_lists_count(const OlapValueLists *lists)
{
	return lists->n;
}

size_t
olap_value_lists_memory(const OlapValueLists *lists)
{
	return lists->nblocks * sizeof(Block) + lists->n * sizeof(int64);
}

static void
free_blocks(OlapValueLists *lists)
{
	while (lists->first != NULL)
	{
		Block	   *block = lists->first;

		lists->first = block->next;
		pfree(block);
	}
	lists->last = NULL;
	lists->nblocks = 0;
}

void
olap_value_lists_drain(OlapValueLists *lists,
					   void (*take) (uint32 gid, int64 word, void *arg),
					   void *arg)
{
	for (const Block *block = lists->first; block != NULL; block = block->next)
		for (uint32 i = 0; i < block->n; i++)
			take(block->gids[i], block->words[i], arg);
	free_blocks(lists);
	lists->n = 0;
}

/* ---- groups ---- */

void
olap_value_lists_finish(OlapValueLists *lists, uint32 ngroups)
{
	uint64	   *next;

	Assert(lists->words == NULL);
	lists->ngroups = ngroups;
	/* next[g + 1] is where group g's next value goes: at last, where it ends */
	lists->starts = next = MemoryContextAllocHuge(lists->cxt,
												  ((size_t) ngroups + 2) * sizeof(uint64));
	memset(next, 0, ((size_t) ngroups + 2) * sizeof(uint64));
	for (const Block *block = lists->first; block != NULL; block = block->next)
	{
		CHECK_FOR_INTERRUPTS();
		for (uint32 i = 0; i < block->n; i++)
			next[block->gids[i] + 2]++;
	}
	for (uint64 g = 1; g <= (uint64) ngroups + 1; g++)
		next[g] += next[g - 1];

	lists->words = olap_large_alloc(lists->cxt, Max(lists->n, 1) * sizeof(int64));
	for (const Block *block = lists->first; block != NULL; block = block->next)
	{
		CHECK_FOR_INTERRUPTS();
		for (uint32 i = 0; i < block->n; i++)
			lists->words[next[block->gids[i] + 1]++] = block->words[i];
	}
	free_blocks(lists);
}

int64 *
olap_value_lists_group(OlapValueLists *lists, uint32 gid, uint64 *n)
{
	Assert(lists->words != NULL && gid < lists->ngroups);
	*n = lists->starts[gid + 1] - lists->starts[gid];
	return lists->words + lists->starts[gid];
}

void
olap_value_lists_reset(OlapValueLists *lists)
{
	free_blocks(lists);
	if (lists->words != NULL)
	{
		pfree(lists->words);
		pfree(lists->starts);
	}
	lists->words = NULL;
	lists->starts = NULL;
	lists->n = 0;
}

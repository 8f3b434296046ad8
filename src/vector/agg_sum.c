/*-------------------------------------------------------------------------
 *
 * agg_sum.c
 *		Sums, and sums of squares, of integers and decimals.
 *
 * A state adds in 64 bits as long as the sum of the magnitudes cannot overflow:
 * bound is above every |sum|, because each vector adds rows times its greatest
 * magnitude to it.  When it would pass 2^63 the sums are moved to wide, 128
 * bits, and start again.
 *
 * src/vector/agg_sum.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "vector/agg_kernels.h"

/* Sums -------------------------------------------------------------------- */

void
olap_agg_sum_flush(OlapAgg *agg)
{
	if (agg->wide == NULL)
	{
		agg->wide = MemoryContextAllocHuge(agg->cxt, (size_t) agg->capacity *
										   sizeof(__int128));
		memset(agg->wide, 0, agg->ngroups * sizeof(__int128));
	}
	for (uint32 g = 0; g < agg->ngroups; g++)
	{
		agg->wide[g] += agg->sums[g].sum;
		agg->sums[g].sum = 0;
	}
	agg->bound = 0;
}

/* Greatest magnitude, rounded up to a power of two, of a vector's words. */
static uint64
words_bound(const OlapVector *arg, const int64 *words, uint32 n)
{
	uint64		bits;

	/* of narrow types it is known, unless they have been scaled */
	if (arg->width < sizeof(int64) && arg->phys != OLAP_PHYS_VAR)
		return UINT64CONST(1) << (8 * arg->width);
	bits = olap_magnitude_i64(words, n);
	if (bits >> 62 != 0)
		return UINT64CONST(1) << 63;
	return bits == 0 ? 1 : UINT64CONST(1) << (64 - __builtin_clzll(bits));
}

static void
add_wide(OlapAgg *agg, const uint32 *gids, const int64 *words,
		 const uint8 *live, uint32 n)
{
	if (agg->wide == NULL)
		olap_agg_sum_flush(agg);
	for (uint32 i = 0; i < n; i++)
	{
		agg->wide[gids[i]] += words[i];
		agg->sums[gids[i]].count += live == NULL || live[i];
	}
}

/* Room for n more squares of at most bound each? */
static bool
squares_fit(OlapAgg *agg, uint64 bound, uint32 n)
{
	unsigned __int128 more = (unsigned __int128) bound * bound;

	if (more >= OLAP_WIDE_LIMIT / OLAP_VECTOR_ROWS)
		return false;
	more *= n;
	if (agg->square_bound + more >= OLAP_WIDE_LIMIT)
		return false;
	agg->square_bound += more;
	return true;
}

static bool
add_squares(OlapAgg *agg, const uint32 *gids, uint32 gid, const int64 *words,
			uint64 bound, uint32 n)
{
	if (!squares_fit(agg, bound, n))
		return false;
	if (gids == NULL && bound <= (UINT64CONST(1) << 26))
	{
		uint64		sum = 0;

		for (uint32 i = 0; i < n; i++)
			sum += (uint64) (words[i] * words[i]);
		agg->squares[gid] += sum;
		return true;
	}
	for (uint32 i = 0; i < n; i++)
		agg->squares[gids == NULL ? gid : gids[i]] +=
			(__int128) words[i] * words[i];
	return true;
}

/* Room in 64 bits for n more words of at most bound each; made if need be. */
static void
make_room(OlapAgg *agg, uint64 bound, uint32 n)
{
	bound *= n;
	if (agg->bound + bound > (uint64) PG_INT64_MAX)
		olap_agg_sum_flush(agg);
	agg->bound += bound;
}

#define BOTH(name) \
	do { \
		if (gids != NULL) \
			olap_group_sum_##name(agg->sums, agg->ngroups, gids, v, n); \
		else \
			agg->sums[gid].sum += olap_sum_##name(v, n); \
	} while (0)

/* Integers without NULLs, from where they are. */
static void
add_native(OlapAgg *agg, const uint32 *gids, uint32 gid, const OlapVector *arg,
		   uint32 n)
{
	bool		is_unsigned = agg->order == OLAP_ORDER_UINT;
	const void *v = arg->values;

	switch (arg->phys)
	{
		case OLAP_PHYS_BOOL:
			BOTH(u8);
			break;
		case OLAP_PHYS_I8:
			if (is_unsigned)
				BOTH(u8);
			else
				BOTH(i8);
			break;
		case OLAP_PHYS_I16:
			BOTH(i16);
			break;
		case OLAP_PHYS_I32:
			if (is_unsigned)
				BOTH(u32);
			else
				BOTH(i32);
			break;
		default:
			BOTH(i64);
	}
	if (gids == NULL)
		agg->sums[gid].count += n;
}

static void
add_narrow(OlapAgg *agg, const uint32 *gids, uint32 gid, const int64 *words,
		   const uint8 *live, uint32 n)
{
	OlapVector	v = {.phys = OLAP_PHYS_I64, .values = (void *) words};

	if (live == NULL)
		add_native(agg, gids, gid, &v, n);
	else if (gids != NULL)
		olap_group_sum_live(agg->sums, gids, words, live, n);
	else
	{
		agg->sums[gid].count += olap_count_live(live, n);
		agg->sums[gid].sum += olap_sum_i64(words, n);
	}
}

bool
olap_agg_sum_update(OlapAgg *agg, const uint32 *gids, uint32 gid,
					const OlapVector *arg, uint32 n)
{
	const uint8 *live = olap_vector_live(arg, n, agg->live);
	bool		squares = agg->kind == OLAP_AGG_SUM_SQUARES_INT;
	const int64 *words;
	uint64		bound;

	if (live == NULL && arg->width < sizeof(int64) && !squares &&
		agg->order != OLAP_ORDER_NUMERIC)
	{
		make_room(agg, words_bound(arg, NULL, n), n);
		add_native(agg, gids, gid, arg, n);
		return true;
	}
	if (agg->order == OLAP_ORDER_NUMERIC)
		words = olap_agg_decimal_words(agg, arg, live, n);
	else
		words = olap_vector_words(arg, agg->order == OLAP_ORDER_UINT, n,
								  agg->words);
	if (words == NULL)
		return false;
	if (live != NULL)
	{
		olap_mask_i64(agg->masked, words, live, n, 0);
		words = agg->masked;
	}
	bound = words_bound(arg, words, n);
	if (squares && !add_squares(agg, gids, gid, words, bound, n))
		return false;
	if (agg->order == OLAP_ORDER_NUMERIC)
		olap_agg_decimal_scales(agg, gids, gid, arg, live, n);
	if (bound > (uint64) PG_INT64_MAX / OLAP_VECTOR_ROWS)
	{
		add_wide(agg, olap_agg_gids(agg, gids, gid, n), words, live, n);
		return true;
	}
	make_room(agg, bound, n);
	add_narrow(agg, gids, gid, words, live, n);
	return true;
}

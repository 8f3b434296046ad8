/*-------------------------------------------------------------------------
 *
 * agg_decimal.c
 *		Sums of decimals: one scale for the states, one to show for each group.
 *
 * All states are integers of the same scale, the greatest seen.  As the server
 * has it, a sum shows the greatest scale among the values of its own group; so
 * long as all values have one scale, nothing is kept of that.  A group's sum has
 * zeros behind its own scale, so bringing it there is exact.
 *
 * src/vector/agg_decimal.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/varlena.h"
#include "vector/agg_kernels.h"

/* The square of 10 ^ 18 fits 128 bits. */
#define MAX_STEPS 18

static __int128
power_of_ten(int exponent)
{
	__int128	power = 1;

	while (exponent-- > 0)
		power *= 10;
	return power;
}

/* The display scale of a numeric that is finite; -1 of others. */
static int
display_scale(const uint8 *data, size_t len)
{
	uint16		header;

	if (len < sizeof(header))
		return -1;
	memcpy(&header, data, sizeof(header));
	if ((header & 0xC000) == 0xC000)
		return -1;
	if ((header & 0xC000) == 0x8000)
		return (header >> 7) & 0x3F;
	return header & 0x3FFF;
}

/* Have a scale for each group: so far that of the states. */
static void
make_scales(OlapAgg *agg)
{
	if (agg->scales != NULL)
		return;
	agg->scales = MemoryContextAllocHuge(agg->cxt, agg->capacity);
	for (uint32 g = 0; g < agg->ngroups; g++)
		agg->scales[g] = agg->sums[g].count > 0 ? agg->scale : 0;
}

/* Bring all states to a greater scale; false if one would be too large. */
static bool
rescale(OlapAgg *agg, int scale)
{
	int			steps = scale - agg->scale;
	__int128	factor;
	unsigned __int128 most;

	if (steps == 0)
		return true;
	make_scales(agg);
	if (steps > MAX_STEPS)
		return false;
	factor = power_of_ten(steps);
	most = OLAP_WIDE_LIMIT / (unsigned __int128) factor;
	if (agg->squares != NULL &&
		agg->square_bound >= most / (unsigned __int128) factor)
		return false;
	olap_agg_sum_flush(agg);
	for (uint32 g = 0; g < agg->ngroups; g++)
	{
		__int128	sum = agg->wide[g];

		if ((unsigned __int128) (sum < 0 ? -sum : sum) >= most)
			return false;
	}
	for (uint32 g = 0; g < agg->ngroups; g++)
	{
		agg->wide[g] *= factor;
		if (agg->squares != NULL)
			agg->squares[g] *= factor * factor;
	}
	agg->square_bound *= factor * factor;
	agg->scale = (uint8) scale;
	return true;
}

/* words = v's scaled integers times 10 ^ steps; false if one does not fit. */
static bool
scale_words(int64 *out, const int64 *words, const uint8 *live, uint32 n,
			int steps)
{
	__int128	factor = power_of_ten(Min(steps, MAX_STEPS));

	if (steps > MAX_STEPS)
		return false;
	for (uint32 i = 0; i < n; i++)
	{
		__int128	scaled = live != NULL && !live[i] ? 0 : words[i] * factor;

		out[i] = (int64) scaled;
		if (scaled != (int64) scaled)
			return false;
	}
	return true;
}

/*
 * Numerics as integers of one scale: the greatest of the states' and the
 * values'.
 */
static bool
numeric_words(OlapAgg *agg, const OlapVector *v, const uint8 *live, uint32 n)
{
	int			scale = agg->has_scale ? agg->scale : 0;
	const uint32 *offsets = v->values;

	for (uint32 i = 0; i < n; i++)
	{
		const char *value = v->heap + offsets[i];
		int			own;

		if (live != NULL && !live[i])
			continue;
		own = display_scale((const uint8 *) VARDATA(value),
							VARSIZE(value) - VARHDRSZ);
		if (own < 0)
			return false;
		scale = Max(scale, own);
		agg->row_scales[i] = (uint8) Min(own, PG_UINT8_MAX);
	}
	if (scale > 18)
		return false;
	for (uint32 i = 0; i < n; i++)
	{
		const char *value = v->heap + offsets[i];

		agg->words[i] = 0;
		if (live != NULL && !live[i])
			continue;
		if (olap_numeric_floor((const uint8 *) VARDATA(value),
							   VARSIZE(value) - VARHDRSZ, scale,
							   &agg->words[i]) != OLAP_DECIMAL_EXACT)
			return false;
	}
	if (!agg->has_scale)
		agg->scale = (uint8) scale;
	else if (!rescale(agg, scale))
		return false;
	agg->has_scale = true;
	return true;
}

const int64 *
olap_agg_decimal_words(OlapAgg *agg, const OlapVector *v, const uint8 *live,
					   uint32 n)
{
	const int64 *words = v->values;

	if (live != NULL && memchr(live, 1, n) == NULL)
	{
		/* nothing but NULLs says nothing of the scale */
		memset(agg->words, 0, n * sizeof(int64));
		return agg->words;
	}
	if (v->phys == OLAP_PHYS_VAR)
		return numeric_words(agg, v, live, n) ? agg->words : NULL;
	if (!agg->has_scale)
		agg->scale = v->scale;
	if (v->scale < agg->scale)
	{
		if (!scale_words(agg->words, words, live, n, agg->scale - v->scale))
			return NULL;
		words = agg->words;
	}
	else if (!rescale(agg, v->scale))
		return NULL;
	agg->has_scale = true;
	return words;
}

/* Is the scale of all rows the states', as of all rows before? */
static bool
is_uniform(const OlapAgg *agg, const OlapVector *v, const uint8 *live, uint32 n)
{
	if (agg->scales != NULL)
		return false;
	if (v->phys == OLAP_PHYS_DEC64)
		return v->scale == agg->scale;
	for (uint32 i = 0; i < n; i++)
		if (agg->row_scales[i] != agg->scale && (live == NULL || live[i]))
			return false;
	return true;
}

void
olap_agg_decimal_scales(OlapAgg *agg, const uint32 *gids, uint32 gid,
						const OlapVector *v, const uint8 *live, uint32 n)
{
	if (live != NULL && memchr(live, 1, n) == NULL)
		return;
	if (is_uniform(agg, v, live, n))
		return;
	make_scales(agg);
	for (uint32 i = 0; i < n; i++)
	{
		uint8	   *scale = &agg->scales[gids == NULL ? gid : gids[i]];
		uint8		own = v->phys == OLAP_PHYS_DEC64 ? v->scale :
			agg->row_scales[i];

		if (live == NULL || live[i])
			*scale = Max(*scale, own);
	}
}

void
olap_agg_decimal_get(const OlapAgg *agg, uint32 gid, OlapAggValue *value)
{
	__int128	factor;

	value->scale = agg->scale;
	if (agg->scales == NULL || value->count == 0)
		return;
	value->scale = agg->scales[gid];
	factor = power_of_ten(agg->scale - value->scale);
	value->sum /= factor;
	value->squares /= factor;
	value->squares /= factor;
}

__int128
olap_agg_decimal_join(OlapAgg *agg, uint32 gid, int scale)
{
	if (!agg->has_scale)
	{
		agg->scale = (uint8) scale;
		agg->has_scale = true;
	}
	if (scale > agg->scale && !rescale(agg, scale))
		return 0;
	if (agg->scale - scale > MAX_STEPS)
		return 0;
	if (scale != agg->scale || agg->scales != NULL)
	{
		make_scales(agg);
		agg->scales[gid] = Max(agg->scales[gid], (uint8) scale);
	}
	return power_of_ten(agg->scale - scale);
}

/*-------------------------------------------------------------------------
 *
 * agg_kernels.c
 *		Inner loops of aggregates.
 *
 * src/vector/agg_kernels.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "base/kernel.h"
#include "vector/agg_kernels.h"

/* One group --------------------------------------------------------------- */

#define ONE(name, ctype) \
OLAP_KERNEL int64 \
olap_sum_##name(const ctype *restrict v, uint32 n) \
{ \
	int64		sum = 0; \
	for (uint32 i = 0; i < n; i++) \
		sum += v[i]; \
	return sum; \
} \
OLAP_KERNEL int64 \
olap_min_##name(const ctype *restrict v, uint32 n) \
{ \
	ctype		least = v[0]; \
	for (uint32 i = 1; i < n; i++) \
		least = v[i] < least ? v[i] : least; \
	return least; \
} \
OLAP_KERNEL int64 \
olap_max_##name(const ctype *restrict v, uint32 n) \
{ \
	ctype		greatest = v[0]; \
	for (uint32 i = 1; i < n; i++) \
		greatest = v[i] > greatest ? v[i] : greatest; \
	return greatest; \
}

ONE(i8, int8)
ONE(u8, uint8)
ONE(i16, int16)
ONE(i32, int32)
ONE(u32, uint32)
ONE(i64, int64)

OLAP_KERNEL uint64
olap_magnitude_i64(const int64 *restrict v, uint32 n)
{
	uint64		bits = 0;

	for (uint32 i = 0; i < n; i++)
		bits |= (uint64) (v[i] ^ (v[i] >> 63));
	return bits;
}

OLAP_KERNEL void
olap_mask_i64(int64 *restrict out, const int64 *restrict v,
			  const uint8 *restrict live, uint32 n, int64 rest)
{
	for (uint32 i = 0; i < n; i++)
		out[i] = live[i] ? v[i] : rest;
}

OLAP_KERNEL void
olap_mask_f64(double *restrict out, const double *restrict v,
			  const uint8 *restrict live, uint32 n, double rest)
{
	for (uint32 i = 0; i < n; i++)
		out[i] = live[i] ? v[i] : rest;
}

OLAP_KERNEL void
olap_widen_f32(double *restrict out, const float *restrict v, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
		out[i] = v[i];
}

OLAP_KERNEL uint32
olap_count_live(const uint8 *restrict live, uint32 n)
{
	uint32		count = 0;

	for (uint32 i = 0; i < n; i++)
		count += live[i];
	return count;
}

OLAP_KERNEL bool
olap_all_finite(const double *restrict v, uint32 n)
{
	uint64		bad = 0;

	for (uint32 i = 0; i < n; i++)
		bad |= !(fabs(v[i]) <= DBL_MAX);
	return bad == 0;
}

/* An integer for each double, in the order of the doubles. */
static inline int64
ordered_bits(double value)
{
	int64		bits;

	memcpy(&bits, &value, sizeof(bits));
	bits ^= (bits >> 63) & PG_INT64_MAX;
	return value != value ? PG_INT64_MAX : bits;
}

OLAP_KERNEL static int64
best_bits(const double *restrict values, uint32 n, bool least)
{
	int64		best = least ? PG_INT64_MAX : PG_INT64_MIN;

	if (least)
		for (uint32 i = 0; i < n; i++)
		{
			int64		bits = ordered_bits(values[i]);

			best = bits < best ? bits : best;
		}
	else
		for (uint32 i = 0; i < n; i++)
		{
			int64		bits = ordered_bits(values[i]);

			best = bits > best ? bits : best;
		}
	return best;
}

double
olap_best_float(const double *values, uint32 n, bool least)
{
	int64		bits = best_bits(values, n, least);
	double		best;

	if (bits == PG_INT64_MAX)
		return NAN;
	bits ^= (bits >> 63) & PG_INT64_MAX;
	memcpy(&best, &bits, sizeof(best));
	return best;
}

/* Many groups ------------------------------------------------------------- */

static void
count_few(int64 *counts, uint32 ngroups, const uint32 *gids, uint32 n)
{
	uint32		copies[4][OLAP_FEW_GROUPS] = {{0}};
	uint32		i;

	for (i = 0; i + 4 <= n; i += 4)
	{
		copies[0][gids[i]]++;
		copies[1][gids[i + 1]]++;
		copies[2][gids[i + 2]]++;
		copies[3][gids[i + 3]]++;
	}
	for (; i < n; i++)
		copies[0][gids[i]]++;
	for (uint32 g = 0; g < ngroups; g++)
		counts[g] += (int64) copies[0][g] + copies[1][g] + copies[2][g] +
			copies[3][g];
}

void
olap_group_count(int64 *counts, uint32 ngroups, const uint32 *gids,
				 const uint8 *live, uint32 n)
{
	if (live != NULL)
	{
		for (uint32 i = 0; i < n; i++)
			counts[gids[i]] += live[i];
		return;
	}
	if (ngroups <= OLAP_FEW_GROUPS && n >= ngroups * 2)
	{
		count_few(counts, ngroups, gids, n);
		return;
	}
	for (uint32 i = 0; i < n; i++)
		counts[gids[i]]++;
}

/* A sum state as one value: one load, one addition and one store a row. */
typedef int64 StatePair __attribute__((vector_size(16), aligned(8), may_alias));

static inline void
add_pair(OlapSumState *state, int64 value)
{
	StatePair  *pair = (StatePair *) state;

	*pair += (StatePair) {1, value};
}

#define GROUP_SUM(name, ctype) \
static void \
sum_few_##name(OlapSumState *sums, uint32 ngroups, const uint32 *gids, \
			   const ctype *v, uint32 n) \
{ \
	OlapSumState copies[4][OLAP_FEW_GROUPS] __attribute__((aligned(16))); \
	uint32		i; \
	for (int c = 0; c < 4; c++) \
		memset(copies[c], 0, ngroups * sizeof(OlapSumState)); \
	for (i = 0; i + 4 <= n; i += 4) \
	{ \
		add_pair(&copies[0][gids[i]], v[i]); \
		add_pair(&copies[1][gids[i + 1]], v[i + 1]); \
		add_pair(&copies[2][gids[i + 2]], v[i + 2]); \
		add_pair(&copies[3][gids[i + 3]], v[i + 3]); \
	} \
	for (; i < n; i++) \
		add_pair(&copies[0][gids[i]], v[i]); \
	for (uint32 g = 0; g < ngroups; g++) \
		for (int c = 0; c < 4; c++) \
		{ \
			sums[g].count += copies[c][g].count; \
			sums[g].sum += copies[c][g].sum; \
		} \
} \
void \
olap_group_sum_##name(OlapSumState *sums, uint32 ngroups, \
					  const uint32 *gids, const ctype *v, uint32 n) \
{ \
	if (ngroups <= OLAP_FEW_GROUPS && n >= ngroups * 2) \
	{ \
		sum_few_##name(sums, ngroups, gids, v, n); \
		return; \
	} \
	for (uint32 i = 0; i < n; i++) \
		add_pair(&sums[gids[i]], v[i]); \
}

GROUP_SUM(i8, int8)
GROUP_SUM(u8, uint8)
GROUP_SUM(i16, int16)
GROUP_SUM(i32, int32)
GROUP_SUM(u32, uint32)
GROUP_SUM(i64, int64)

void
olap_group_sum_live(OlapSumState *sums, const uint32 *gids,
					const int64 *words, const uint8 *live, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
	{
		StatePair  *pair = (StatePair *) &sums[gids[i]];

		*pair += (StatePair) {live[i], words[i]};
	}
}

#define GROUP_BEST(name, op) \
static void \
name##_few(int64 *states, uint32 ngroups, const uint32 *gids, \
		   const int64 *words, uint32 n) \
{ \
	int64		copies[4][OLAP_FEW_GROUPS]; \
	uint32		i; \
	for (int c = 0; c < 4; c++) \
		memcpy(copies[c], states, ngroups * sizeof(int64)); \
	for (i = 0; i + 4 <= n; i += 4) \
		for (int c = 0; c < 4; c++) \
		{ \
			int64	   *state = &copies[c][gids[i + c]]; \
			int64		word = words[i + c]; \
			*state = word op *state ? word : *state; \
		} \
	for (; i < n; i++) \
		copies[0][gids[i]] = words[i] op copies[0][gids[i]] ? words[i] : \
			copies[0][gids[i]]; \
	for (uint32 g = 0; g < ngroups; g++) \
		for (int c = 0; c < 4; c++) \
			states[g] = copies[c][g] op states[g] ? copies[c][g] : states[g]; \
} \
void \
name(int64 *states, uint32 ngroups, const uint32 *gids, const int64 *words, \
	 uint32 n) \
{ \
	if (ngroups <= OLAP_FEW_GROUPS && n >= ngroups * 2) \
	{ \
		name##_few(states, ngroups, gids, words, n); \
		return; \
	} \
	for (uint32 i = 0; i < n; i++) \
	{ \
		int64	   *state = &states[gids[i]]; \
		int64		word = words[i]; \
		*state = word op *state ? word : *state; \
	} \
}

GROUP_BEST(olap_group_min, <)
GROUP_BEST(olap_group_max, >)

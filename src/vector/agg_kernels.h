/*-------------------------------------------------------------------------
 *
 * agg_kernels.h
 *		Inner loops of aggregates.
 *
 * Those of one group are plain reductions, which compilers vectorize.  Those of
 * many groups are bound by the updates in memory: an update of the state that
 * the row before has just written waits for it, so with few groups the rows take
 * turns in several copies of the states.
 *
 * src/vector/agg_kernels.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_KERNELS_H
#define OLAP_AGG_KERNELS_H

#include "vector/agg_internal.h"

/* Up to so many groups have their states in several copies. */
#define OLAP_FEW_GROUPS 64

/*
 * One group.  _sum: bits is a mask above all magnitudes of int64s; of narrower
 * types no sum of a vector overflows.
 */
#define OLAP_AGG_ONE_KERNELS(name, ctype) \
extern int64 olap_sum_##name(const ctype *restrict v, uint32 n); \
extern int64 olap_min_##name(const ctype *restrict v, uint32 n); \
extern int64 olap_max_##name(const ctype *restrict v, uint32 n)

OLAP_AGG_ONE_KERNELS(i8, int8);
OLAP_AGG_ONE_KERNELS(u8, uint8);
OLAP_AGG_ONE_KERNELS(i16, int16);
OLAP_AGG_ONE_KERNELS(i32, int32);
OLAP_AGG_ONE_KERNELS(u32, uint32);
OLAP_AGG_ONE_KERNELS(i64, int64);

extern uint64 olap_magnitude_i64(const int64 *restrict v, uint32 n);

/* out[i] = v[i], or rest where live[i] is 0. */
extern void olap_mask_i64(int64 *restrict out, const int64 *restrict v,
						  const uint8 *restrict live, uint32 n, int64 rest);
extern void olap_mask_f64(double *restrict out, const double *restrict v,
						  const uint8 *restrict live, uint32 n, double rest);
extern void olap_widen_f32(double *restrict out, const float *restrict v,
						   uint32 n);

/* Number of ones. */
extern uint32 olap_count_live(const uint8 *restrict live, uint32 n);

/* Are all values finite? */
extern bool olap_all_finite(const double *restrict v, uint32 n);

/* The least or greatest of values, NaN above all, 0 above -0. */
extern double olap_best_float(const double *values, uint32 n, bool least);

/*
 * Many groups.  Sums may be taken of any integers whose sums fit 64 bits; live:
 * NULL, or which rows count (words of the others are 0).
 */
extern void olap_group_count(int64 *counts, uint32 ngroups, const uint32 *gids,
							 const uint8 *live, uint32 n);

#define OLAP_GROUP_SUM_KERNEL(name, ctype) \
extern void olap_group_sum_##name(OlapSumState *sums, uint32 ngroups, \
								  const uint32 *gids, const ctype *v, uint32 n)

OLAP_GROUP_SUM_KERNEL(i8, int8);
OLAP_GROUP_SUM_KERNEL(u8, uint8);
OLAP_GROUP_SUM_KERNEL(i16, int16);
OLAP_GROUP_SUM_KERNEL(i32, int32);
OLAP_GROUP_SUM_KERNEL(u32, uint32);
OLAP_GROUP_SUM_KERNEL(i64, int64);

extern void olap_group_sum_live(OlapSumState *sums, const uint32 *gids,
								const int64 *words, const uint8 *live,
								uint32 n);

/* states[g] = the least or greatest of it and the words of group g. */
extern void olap_group_min(int64 *states, uint32 ngroups, const uint32 *gids,
						   const int64 *words, uint32 n);
extern void olap_group_max(int64 *states, uint32 ngroups, const uint32 *gids,
						   const int64 *words, uint32 n);

#endif							/* OLAP_AGG_KERNELS_H */

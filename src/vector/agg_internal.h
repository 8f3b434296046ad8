/*-------------------------------------------------------------------------
 *
 * agg_internal.h
 *		What the files of the aggregate states share.
 *
 * src/vector/agg_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_INTERNAL_H
#define OLAP_AGG_INTERNAL_H

#include "vector/agg.h"

/* palloc aligns to 8 bytes only */
typedef __int128 OlapInt128 __attribute__((aligned(8)));
typedef unsigned __int128 OlapUint128 __attribute__((aligned(8)));
#include "vector/group_table.h"
#include "vector/words.h"

/* Count and sum side by side: an update touches one cache line. */
typedef struct OlapSumState
{
	int64		count;
	int64		sum;
} OlapSumState;

typedef struct OlapFloatState
{
	int64		count;
	double		sum;			/* of F32 vectors: holds a float */
} OlapFloatState;

/* As the server's float8_accum keeps them. */
typedef struct OlapMomentState
{
	double		n;
	double		sum;
	double		sxx;
} OlapMomentState;

/* The least, greatest or first byte string; in the arena. */
typedef struct OlapStringState
{
	char	   *data;			/* NULL: none yet */
	uint32		len;
	uint32		room;
	uint64		prefix;			/* MIN, MAX: its first bytes as a number that sorts */
	uint32		ranking;		/* the ranks that rank is one of; 0: none */
	uint32		rank;			/* see agg_string_dict.c */
} OlapStringState;

/* FIRST_BY, LAST_BY: of the row that wins so far. */
typedef struct OlapTimeState
{
	int64		key;			/* of its time: the least wins */
	uint32		slot;			/* among the winners of a vector */
	bool		timed;
} OlapTimeState;

/* How a MIN, MAX or FIRST keeps its values. */
typedef enum OlapValueMode
{
	OLAP_VALUE_UNKNOWN,			/* no row seen yet */
	OLAP_VALUE_WORD,
	OLAP_VALUE_FLOAT,
	OLAP_VALUE_BYTES
} OlapValueMode;

struct OlapAgg
{
	MemoryContext cxt;
	OlapAggKind kind;
	OlapColumnType type;
	OlapOrder	order;
	uint32		ngroups;
	uint32		capacity;
	uint32		expected;		/* groups, by the caller's guess */

	/* by group; which there are depends on the kind */
	int64	   *counts;			/* COUNT */
	OlapSumState *sums;			/* SUM_INT, SUM_SQUARES_INT; aligned in ... */
	void	   *raw_sums;
	OlapInt128 *wide;			/* the part of the sums beyond .sum, or NULL */
	OlapInt128 *squares;		/* SUM_SQUARES_INT */
	OlapFloatState *floats;		/* SUM_FLOAT */
	OlapMomentState *moments;	/* MOMENTS_FLOAT */
	OlapHll    *hlls;			/* HLL, in hll_cxt; no .cxt: none yet */
	MemoryContext hll_cxt;
	int64	   *values;			/* MIN, MAX, FIRST in WORD mode, BOOL_* */
	double	   *doubles;		/* ... in FLOAT mode */
	OlapStringState *strings;	/* ... in BYTES mode */
	OlapStringCompare compare;	/* NULL: order says it all */
	Oid			collation;		/* for compare */
	struct OlapStringDict *dict;	/* of the vectors at work, once there was one */
	OlapTimeState *times;		/* FIRST_BY, LAST_BY, whose values are as above */
	bool		keeps_turns;
	uint64		turn;			/* of the next row */
	uint64	   *turns;			/* of the row whose value a state is; 0: long ago */
	struct OlapContest *contest;	/* their buffers, once there was a row */
	bool		reversed;		/* the vectors come from the last one on */

	/*
	 * FLOAT, FIRST, FIRST_BY, LAST_BY: is there a value?  WORD of others: is it there
	 * although it is the neutral one, which a state has at first?
	 */
	uint8	   *seen;

	/* no sums[].sum is greater than this in magnitude */
	uint64		bound;
	OlapUint128 square_bound; /* nor squares[] than this */
	bool		has_infinite;	/* a float sum is, or was added, inf or NaN */
	bool		has_scale;
	uint8		scale;			/* of sums of decimals: of the states */
	uint8	   *scales;			/* ... by group, as shown; NULL: all the same */
	OlapPhys	phys;			/* of values */
	OlapValueMode mode;
	OlapByteArena arena;

	/* of the vector at work */
	int64		words[OLAP_VECTOR_ROWS];
	int64		masked[OLAP_VECTOR_ROWS];
	double		floating[OLAP_VECTOR_ROWS];
	uint8		live[OLAP_VECTOR_ROWS];
	uint32		gids[OLAP_VECTOR_ROWS];
	uint8		row_scales[OLAP_VECTOR_ROWS];	/* of numerics */
};

/* What changes no MIN, or MAX; a word that is no value of a FIRST. */
static inline int64
olap_agg_neutral(const OlapAgg *agg)
{
	return agg->kind == OLAP_AGG_MIN || agg->kind == OLAP_AGG_BOOL_AND ?
		PG_INT64_MAX : PG_INT64_MIN;
}

/* Arrays of MIN, MAX and FIRST: for a mode, empty; none at all. */
extern void olap_agg_set_mode(OlapAgg *agg, OlapValueMode mode);
extern void olap_agg_drop_values(OlapAgg *agg);

/* 128-bit sums are kept below this, so that no addition of two overflows. */
#define OLAP_WIDE_LIMIT (((unsigned __int128) 1) << 126)

/*
 * agg_decimal.c: a vector's decimals as integers in agg's scale, which may be
 * raised; NULL: no way.  Then, before they are added, what that means for the
 * scales of their groups; in the end, a group's value in its own scale.
 */
extern const int64 *olap_agg_decimal_words(OlapAgg *agg, const OlapVector *v,
										   const uint8 *live, uint32 n);
extern void olap_agg_decimal_scales(OlapAgg *agg, const uint32 *gids,
									uint32 gid, const OlapVector *v,
									const uint8 *live, uint32 n);
extern void olap_agg_decimal_get(const OlapAgg *agg, uint32 gid,
								 OlapAggValue *value);

/*
 * For a state of scale that joins group gid: both are brought to one scale, by the
 * factor that is returned, and the group's own scale is noted.  0: no way.
 */
extern __int128 olap_agg_decimal_join(OlapAgg *agg, uint32 gid, int scale);

/* MIN, MAX, BOOL_*: merge states, as olap_agg_merge(). */
extern void olap_agg_value_merge(OlapAgg *agg, const uint32 *gids,
								 const OlapAgg *from, uint32 first, uint32 n);

/* Is this kind's first row, or time, what decides? */
static inline bool
olap_agg_keeps_seen(const OlapAgg *agg)
{
	return agg->kind == OLAP_AGG_FIRST || agg->kind == OLAP_AGG_FIRST_BY ||
		agg->kind == OLAP_AGG_LAST_BY;
}

/* Of a state and a merged one that are equal: does the latter take its place? */
static inline bool
olap_agg_takes_turn(const OlapAgg *agg, uint64 state, uint64 other)
{
	return agg->order == OLAP_ORDER_BPCHAR ? other < state : other > state;
}

/* agg_value.c: have arrays for values as arg's. */
extern void olap_agg_value_prepare(OlapAgg *agg, const OlapVector *arg);

/*
 * agg_string.c: a string in a state's memory; updates and merges in BYTES mode.
 * live: as olap_vector_live() gives it.
 */
extern void olap_agg_set_string(OlapAgg *agg, OlapStringState *state,
								const uint8 *data, size_t len);
extern void olap_agg_string_update(OlapAgg *agg, const uint32 *gids, uint32 gid,
								   const OlapVector *v, const uint8 *live,
								   uint32 n);
extern void olap_agg_string_merge(OlapAgg *agg, const uint32 *gids,
								  const OlapAgg *from, uint32 first, uint32 n);

/* The order of two strings, of MIN and MAX. */
extern int	olap_agg_string_compare(const OlapAgg *agg, const uint8 *a,
									size_t alen, const uint8 *b, size_t blen);

/* Row i of v, which is not NULL: group gid gets it if it is better. */
extern void olap_agg_string_row(OlapAgg *agg, uint32 gid, const OlapVector *v,
								uint32 i);

/* The same for one that is better: the state has a copy of it. */
extern void olap_agg_string_take(OlapAgg *agg, uint32 gid, const uint8 *data,
								 size_t len, uint64 turn);

/*
 * agg_string_dict.c: MIN and MAX of a vector with a dictionary, if that is less
 * work than row by row; else nothing is done, and the rows are counted.
 */
extern bool olap_agg_string_dict_update(OlapAgg *agg, const uint32 *gids,
										uint32 gid, const OlapVector *v,
										const uint8 *live, uint32 n);
extern void olap_agg_string_dict_free(OlapAgg *agg);

/* agg_value.c: room for the turns of capacity states. */
extern void olap_agg_grow_turns(OlapAgg *agg, uint32 capacity);

/* agg_by_time.c: room for capacity states; n new ones. */
extern void olap_agg_grow_times(OlapAgg *agg, uint32 capacity);
extern void olap_agg_clear_times(OlapAgg *agg, uint32 first, uint32 n);
extern void olap_agg_time_get(const OlapAgg *agg, uint32 gid,
							  OlapAggValue *value);

/* Move all 64-bit sums to the 128-bit ones. */
extern void olap_agg_sum_flush(OlapAgg *agg);

/*
 * Updates by gids, or, if that is NULL, of group gid.  The latter as an array,
 * for those who have no loop for it.
 */
extern const uint32 *olap_agg_gids(OlapAgg *agg, const uint32 *gids, uint32 gid,
								   uint32 n);
extern bool olap_agg_sum_update(OlapAgg *agg, const uint32 *gids, uint32 gid,
								const OlapVector *arg, uint32 n);
extern void olap_agg_float_update(OlapAgg *agg, const uint32 *gids, uint32 gid,
								  const OlapVector *arg, uint32 n);
extern void olap_agg_moments_update(OlapAgg *agg, const uint32 *gids, uint32 gid,
									const OlapVector *arg, uint32 n);
extern void olap_agg_hll_update(OlapAgg *agg, const uint32 *gids, uint32 gid,
								const OlapVector *arg, uint32 n);
extern void olap_agg_value_update(OlapAgg *agg, const uint32 *gids, uint32 gid,
								  const OlapVector *arg, uint32 n);
extern void olap_agg_value_get(const OlapAgg *agg, uint32 gid,
							   OlapAggValue *value);

#endif							/* OLAP_AGG_INTERNAL_H */

/*-------------------------------------------------------------------------
 *
 * agg.h
 *		Aggregate states of many groups, updated a vector at a time.
 *
 * An OlapAgg holds the states of one aggregate for all groups in arrays indexed
 * by group number.  Kinds are few and physical: what SQL calls avg(int4) and
 * sum(int4) share a kind, and the layer above makes the SQL result, or the
 * server's own transition value, of the state.
 *
 * Sums are kept in the narrowest type that cannot overflow: int64 as long as
 * rows times the greatest magnitude seen fits, int128 behind.  Floats are added
 * one by one in the order of the rows, as the server does, so that the result
 * has the same digits; what the server raises as overflow is raised here.
 *
 * src/vector/agg.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_H
#define OLAP_AGG_H

#include "sketch/hll.h"
#include "vector/expr.h"
#include "vector/vector.h"

typedef enum OlapAggKind
{
	OLAP_AGG_COUNT,				/* rows, or rows whose argument is not NULL */
	OLAP_AGG_SUM_INT,			/* I8..I64, BOOL, DEC64: count and sum */
	OLAP_AGG_SUM_SQUARES_INT,	/* the same and the sum of squares */
	OLAP_AGG_SUM_FLOAT,			/* F32: float, F64: double: sum() */
	OLAP_AGG_MOMENTS_FLOAT,		/* N, sum, Sxx (Youngs and Cramer), in double */
	OLAP_AGG_MIN,				/* by OlapOrder */
	OLAP_AGG_MAX,
	OLAP_AGG_BOOL_AND,
	OLAP_AGG_BOOL_OR,
	OLAP_AGG_FIRST,				/* first value that is not NULL: any_value() */
	OLAP_AGG_FIRST_BY,			/* value of the row with the least time */
	OLAP_AGG_LAST_BY,			/* ... with the greatest */
	OLAP_AGG_HLL				/* sketches of different values */
} OlapAggKind;

/* The state of one group, as olap_agg_get() shows it. */
typedef struct OlapAggValue
{
	/* rows that took part; 0: the result is NULL.  1 of one value's kinds */
	int64		count;
	__int128	sum;			/* SUM_INT, SUM_SQUARES_INT: of scaled integers */
	__int128	squares;
	double		f[2];			/* sum; MOMENTS_FLOAT: and Sxx; a float value */
	int64		i;				/* of one value's kinds: integers, DEC64; BOOL_* */
	const uint8 *data;			/* ... of bytes: content without a header */
	size_t		len;
	uint8		scale;			/* of decimal sums, of a DEC64 value */
	OlapPhys	phys;			/* how the value is given: one value's kinds */
	bool		timed;			/* FIRST_BY, LAST_BY: some row had a time ... */
	int64		time;			/* ... and this is the winner's */
	const OlapHll *hll;			/* HLL: NULL if there was no row */
} OlapAggValue;

typedef struct OlapAgg OlapAgg;

/*
 * States of an aggregate over arguments of type (NULL for count(*)); all
 * memory in a context below parent.  order: of MIN and MAX.
 */
extern OlapAgg *olap_agg_create(OlapAggKind kind, const OlapColumnType *type,
								OlapOrder order, MemoryContext parent);

/*
 * MIN and MAX of text in a collation whose order is not that of bytes, before the first
 * row.  compare is called with what OLAP_ORDER_BYTES or OLAP_ORDER_BPCHAR looks at,
 * the latter without trailing blanks; it may find the same bytes equal, and no others.
 */
typedef int (*OlapStringCompare) (Oid collation, const uint8 *a, size_t alen,
								  const uint8 *b, size_t blen);
extern void olap_agg_collate(OlapAgg *agg, OlapStringCompare compare,
							 Oid collation);

/* Dictionaries of vectors are others from now on, whatever their addresses. */
extern void olap_agg_new_dictionaries(OlapAgg *agg);

/*
 * About how many groups there will be: once there are many, states get room for
 * as many at once.
 */
extern void olap_agg_expect(OlapAgg *agg, double ngroups);

/* HLL: can values of this type be sketched? */
extern bool olap_agg_sketches(const OlapColumnType *type);

/* HLL: the sketch of group gid, to merge others into. */
extern OlapHll *olap_agg_hll(OlapAgg *agg, uint32 gid);

/* Make room for states 0 .. ngroups - 1; new ones are empty. */
extern void olap_agg_grow(OlapAgg *agg, uint32 ngroups);

/*
 * Add n rows.  gids[i] is the group of row i; NULL: all are of group 0.  arg is
 * a dense vector of n rows, NULL for count(*).
 *
 * False: this vector has no form that the kind can add (a numeric out of
 * DEC64's range, NaN, sums of squares beyond int128): nothing was changed, the
 * caller goes another way for these rows.
 */
extern bool olap_agg_update(OlapAgg *agg, const uint32 *gids,
							const OlapVector *arg, uint32 n);

/* The same for rows that are all of group gid. */
extern bool olap_agg_update_one(OlapAgg *agg, uint32 gid,
								const OlapVector *arg, uint32 n);

/*
 * FIRST_BY, LAST_BY, instead of updates.  _contest: which of n rows are the first
 * or last of their group so far, in their order, one a group; of equal times the one
 * met first is.  time: a dense vector of integers.  _settle: their values, rows
 * at[] of value, which need not have other rows.  The arrays are the states' until
 * the next call.
 */
extern uint32 olap_agg_contest(OlapAgg *agg, const uint32 *gids, uint32 gid,
							   const OlapVector *time, uint32 n,
							   const uint16 **rows);
extern void olap_agg_settle(OlapAgg *agg, const OlapVector *value,
							const uint16 *at);

/*
 * Would a row with this time win?  _reverse: from now on vectors come from the last
 * one on, while the rows of each are in their order.
 */
extern bool olap_agg_time_wins(const OlapAgg *agg, uint32 gid, int64 time);
extern void olap_agg_reverse(OlapAgg *agg);

/* COUNT: n more rows of group gid. */
extern void olap_agg_count_rows(OlapAgg *agg, uint32 gid, uint64 n);

extern void olap_agg_get(const OlapAgg *agg, uint32 gid, OlapAggValue *value);

/*
 * Add states first .. first + n - 1 of from, n <= OLAP_VECTOR_ROWS, to groups
 * gids[0 .. n) of agg, which is of the same kind; from stays as it is.  Not of
 * kinds whose result shows the order of rows (olap_agg_kind_merges()).
 *
 * False: these states have to be added one by one; nothing was changed.
 */
extern bool olap_agg_merge(OlapAgg *agg, const uint32 *gids,
						   const OlapAgg *from, uint32 first, uint32 n);

/*
 * One state.  False: the sum of both has no form here, nothing was changed; the
 * caller goes another way.
 */
extern bool olap_agg_merge_one(OlapAgg *agg, uint32 gid, const OlapAgg *from,
							   uint32 from_gid);
extern bool olap_agg_kind_merges(OlapAggKind kind);

/*
 * For states that are merged: remember whose turn it was to give a MIN or MAX, where
 * equal values may look different (1.0 and 1.00), so that the one shown is that of
 * an update with all rows.  Before the first row.
 */
extern void olap_agg_keep_turns(OlapAgg *agg);

/* What is made of the states of a sum, for words. */
typedef enum OlapWordsOf
{
	OLAP_WORDS_OF_VALUE,		/* the state's own result */
	OLAP_WORDS_OF_MEAN			/* the sum by the count: also of MOMENTS_FLOAT */
} OlapWordsOf;

/*
 * States of n groups as words that sort as the results do, except that different
 * ones may have the same word; nulls: those that have no result.  Means of integers
 * are those of exact quotients, rounded to double.  False if these states have none.
 */
extern bool olap_agg_order_words(const OlapAgg *agg, OlapWordsOf what,
								 uint32 first, uint32 n, int64 *words,
								 uint8 *nulls);

/* Forget the states, keep the memory. */
extern void olap_agg_reset(OlapAgg *agg);
extern size_t olap_agg_memory(const OlapAgg *agg);
extern void olap_agg_free(OlapAgg *agg);

#endif							/* OLAP_AGG_H */

/*-------------------------------------------------------------------------
 *
 * agg_call.h
 *		One aggregate of a query: how OlapAgg computes it.
 *
 * The planner decides (olap_agg_call_plan()), the plan carries the decision as a
 * list of integers, the executor makes results of states.
 *
 * src/exec/agg_call.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_CALL_H
#define OLAP_AGG_CALL_H

#include "nodes/primnodes.h"

#include "vector/agg.h"

/* Through the server's own transition and final functions, row by row. */
#define OLAP_CALL_GENERIC (-1)
/* Over the values of a group in order: agg_ordered.c */
#define OLAP_CALL_ORDERED (-2)

/* What is made of a state. */
typedef enum OlapAggShape
{
	OLAP_SHAPE_COUNT,
	OLAP_SHAPE_INT8,			/* the sum as int8 */
	OLAP_SHAPE_SUM,				/* as numeric */
	OLAP_SHAPE_AVG,				/* numeric sum / count */
	OLAP_SHAPE_SERVER,			/* what the server's final function says */
	OLAP_SHAPE_FLOAT4,
	OLAP_SHAPE_FLOAT8,
	OLAP_SHAPE_FLOAT_AVG,		/* float8, of moments, as the next */
	OLAP_SHAPE_FLOAT_VAR_POP,
	OLAP_SHAPE_FLOAT_VAR_SAMP,
	OLAP_SHAPE_FLOAT_STDDEV_POP,
	OLAP_SHAPE_FLOAT_STDDEV_SAMP,
	OLAP_SHAPE_VALUE,			/* of the argument's type */
	OLAP_SHAPE_HLL_COUNT,		/* how many values a sketch has seen */
	OLAP_SHAPE_PERCENTILE_DISC, /* OLAP_CALL_ORDERED, as the next */
	OLAP_SHAPE_PERCENTILE_FLOAT,	/* between two values */
	OLAP_SHAPE_PERCENTILE_INTERVAL,
	OLAP_SHAPE_MODE,
	OLAP_SHAPE_SORTED_ROWS		/* the server's functions, rows in order */
} OlapAggShape;

typedef struct OlapAggCall
{
	int			kind;			/* OlapAggKind, or OLAP_CALL_... */
	int			shape;			/* OlapAggShape */
	OlapOrder	order;			/* of the argument's values */
	bool		distinct;
	int			filter;			/* column of the scan's target list; -1: none */
	int			nargs;
	int			args[FUNC_MAX_ARGS];	/* the same */
} OlapAggCall;

/*
 * Fill kind, shape, order and distinct of call for aggref; false if OlapAgg
 * cannot compute it.
 */
extern bool olap_agg_call_plan(const Aggref *aggref, OlapAggCall *call);

/* agg_ordered_plan.c: the same for what needs the values of a group in order. */
extern bool olap_agg_ordered_plan(const Aggref *aggref, OlapAggCall *call);

/* Such a call: do vectors take its values, and no sort of rows? */
extern bool olap_agg_ordered_by_words(const Aggref *aggref,
									  const OlapAggCall *call);

/*
 * Is it a min or max of text whose collation has another order than its bytes?  call
 * knows the order of bytes alone.
 */
extern bool olap_agg_call_collated(const OlapAggCall *call, const Aggref *aggref);

extern List *olap_agg_call_to_list(const OlapAggCall *call);
extern void olap_agg_call_from_list(const List *list, OlapAggCall *call);

/* A sketch as its aggregate's serialization function would write it. */
extern bytea *olap_agg_call_serialize_hll(const OlapHll *hll);

/*
 * Do equal values under this equality operator compare equal in the way of
 * order?  Fills *order; false if there is none.
 */
extern bool olap_equality_order(Oid eqop, Oid type, Oid collation,
								OlapOrder *order);

/*
 * The same where only equality counts, as of group keys and DISTINCT: also for types
 * whose equal values are the same bytes but do not sort as those do, and for
 * intervals.
 */
extern bool olap_group_order(Oid eqop, Oid type, Oid collation,
							 OlapOrder *order);

/*
 * The result of a state of a call that is not generic and not of
 * OLAP_SHAPE_SERVER; allocated in CurrentMemoryContext.  type: of the argument.
 */
extern Datum olap_agg_call_result(const OlapAggCall *call,
								  const OlapAggValue *value,
								  const OlapColumnType *type, bool *isnull);

/*
 * The state as the server's serialization function of it would write it; for
 * calls of integers and numerics whose transition type is internal.
 */
extern bytea *olap_agg_call_serialize(const OlapAggValue *value, Oid deserialfn);

/* Is a state of this transition's deserialization function known to us? */
extern bool olap_agg_call_serializable(Oid deserialfn);

#endif							/* OLAP_AGG_CALL_H */

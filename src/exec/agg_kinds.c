/*-------------------------------------------------------------------------
 *
 * agg_kinds.c
 *		Which aggregates have states of ours.
 *
 * Aggregates that are not in the table run through the server's transition
 * functions, so the table is about speed, not about what is possible.
 *
 * src/exec/agg_kinds.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type_d.h"
#include "nodes/nodeFuncs.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/compat_planner.h"
#include "exec/agg_call.h"
#include "exec/first_last.h"
#include "exec/qual.h"
#include "sketch/hll_sql.h"

typedef struct KindRow
{
	Oid			fnoid;
	OlapAggKind kind;
	OlapAggShape shape;
	OlapOrder	order;
} KindRow;

#define ROW(fnoid, kind, shape) \
	{fnoid, OLAP_AGG_##kind, OLAP_SHAPE_##shape, OLAP_ORDER_INT}
#define MIN_MAX(type, order) \
	{F_MIN_##type, OLAP_AGG_MIN, OLAP_SHAPE_VALUE, OLAP_ORDER_##order}, \
	{F_MAX_##type, OLAP_AGG_MAX, OLAP_SHAPE_VALUE, OLAP_ORDER_##order}
#define NUMERIC_ROW(fnoid, kind, shape) \
	{fnoid, OLAP_AGG_##kind, OLAP_SHAPE_##shape, OLAP_ORDER_NUMERIC}
#define VARIANCES(type, ROW) \
	ROW(F_VAR_POP_##type, SUM_SQUARES_INT, SERVER), \
	ROW(F_VAR_SAMP_##type, SUM_SQUARES_INT, SERVER), \
	ROW(F_VARIANCE_##type, SUM_SQUARES_INT, SERVER), \
	ROW(F_STDDEV_POP_##type, SUM_SQUARES_INT, SERVER), \
	ROW(F_STDDEV_SAMP_##type, SUM_SQUARES_INT, SERVER), \
	ROW(F_STDDEV_##type, SUM_SQUARES_INT, SERVER)
#define FLOAT_VARIANCES(type) \
	ROW(F_VAR_POP_##type, MOMENTS_FLOAT, FLOAT_VAR_POP), \
	ROW(F_VAR_SAMP_##type, MOMENTS_FLOAT, FLOAT_VAR_SAMP), \
	ROW(F_VARIANCE_##type, MOMENTS_FLOAT, FLOAT_VAR_SAMP), \
	ROW(F_STDDEV_POP_##type, MOMENTS_FLOAT, FLOAT_STDDEV_POP), \
	ROW(F_STDDEV_SAMP_##type, MOMENTS_FLOAT, FLOAT_STDDEV_SAMP), \
	ROW(F_STDDEV_##type, MOMENTS_FLOAT, FLOAT_STDDEV_SAMP)

static const KindRow rows[] = {
	ROW(F_COUNT_, COUNT, COUNT),
	ROW(F_COUNT_ANY, COUNT, COUNT),
	ROW(F_SUM_INT2, SUM_INT, INT8),
	ROW(F_SUM_INT4, SUM_INT, INT8),
	ROW(F_SUM_INT8, SUM_INT, SUM),
	NUMERIC_ROW(F_SUM_NUMERIC, SUM_INT, SUM),
	ROW(F_SUM_FLOAT4, SUM_FLOAT, FLOAT4),
	ROW(F_SUM_FLOAT8, SUM_FLOAT, FLOAT8),
	ROW(F_AVG_INT2, SUM_INT, AVG),
	ROW(F_AVG_INT4, SUM_INT, AVG),
	ROW(F_AVG_INT8, SUM_INT, AVG),
	NUMERIC_ROW(F_AVG_NUMERIC, SUM_INT, AVG),
	ROW(F_AVG_FLOAT4, MOMENTS_FLOAT, FLOAT_AVG),
	ROW(F_AVG_FLOAT8, MOMENTS_FLOAT, FLOAT_AVG),
	VARIANCES(INT2, ROW),
	VARIANCES(INT4, ROW),
	VARIANCES(INT8, ROW),
	VARIANCES(NUMERIC, NUMERIC_ROW),
	FLOAT_VARIANCES(FLOAT4),
	FLOAT_VARIANCES(FLOAT8),
	MIN_MAX(INT2, INT),
	MIN_MAX(INT4, INT),
	MIN_MAX(INT8, INT),
	MIN_MAX(OID, UINT),
	MIN_MAX(FLOAT4, FLOAT),
	MIN_MAX(FLOAT8, FLOAT),
	MIN_MAX(DATE, INT),
	MIN_MAX(TIME, INT),
	MIN_MAX(MONEY, INT),
	MIN_MAX(TIMESTAMP, INT),
	MIN_MAX(TIMESTAMPTZ, INT),
	MIN_MAX(NUMERIC, NUMERIC),
	MIN_MAX(TEXT, BYTES),
	MIN_MAX(BPCHAR, BPCHAR),
	ROW(F_BOOL_AND, BOOL_AND, VALUE),
	ROW(F_BOOL_OR, BOOL_OR, VALUE),
	ROW(F_EVERY, BOOL_AND, VALUE),
	ROW(OLAP_F_ANY_VALUE, FIRST, VALUE),
};

static bool
is_text_order(OlapOrder order)
{
	return order == OLAP_ORDER_BYTES || order == OLAP_ORDER_BPCHAR;
}

static const KindRow *
kind_of(const Aggref *aggref)
{
	for (size_t i = 0; i < lengthof(rows); i++)
		if (rows[i].fnoid == aggref->aggfnoid && OidIsValid(rows[i].fnoid))
		{
			/* else it shows in the bytes which of equal values was met first */
			if (is_text_order(rows[i].order) &&
				(!OidIsValid(aggref->inputcollid) ||
				 !get_collation_isdeterministic(aggref->inputcollid)))
				return NULL;
			return &rows[i];
		}
	return NULL;
}

bool
olap_agg_call_collated(const OlapAggCall *call, const Aggref *aggref)
{
	return (call->kind == OLAP_AGG_MIN || call->kind == OLAP_AGG_MAX) &&
		is_text_order(call->order) && !olap_collation_is_c(aggref->inputcollid);
}

/* approx_count_distinct(), known by its functions: they are in this library. */
static bool
is_hll_count(const Aggref *aggref)
{
	HeapTuple	tuple;
	Form_pg_aggregate form;
	FmgrInfo	trans,
				final;

	if (aggref->aggfnoid < FirstNormalObjectId || list_length(aggref->args) != 1)
		return false;
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggref->aggfnoid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for aggregate %u", aggref->aggfnoid);
	form = (Form_pg_aggregate) GETSTRUCT(tuple);
	if (OidIsValid(form->aggfinalfn))
	{
		fmgr_info(form->aggtransfn, &trans);
		fmgr_info(form->aggfinalfn, &final);
	}
	else
		trans.fn_addr = final.fn_addr = NULL;
	ReleaseSysCache(tuple);
	return trans.fn_addr == olap_hll_trans && final.fn_addr == olap_hll_final_count;
}

/* Is it one, of values that we hash as it does? */
static bool
plan_hll_count(const Aggref *aggref, OlapAggCall *call)
{
	Node	   *arg;
	OlapColumnType type;

	if (aggref->aggdistinct != NIL || !is_hll_count(aggref) ||
		(OidIsValid(aggref->inputcollid) &&
		 !get_collation_isdeterministic(aggref->inputcollid)))
		return false;
	arg = (Node *) linitial_node(TargetEntry, aggref->args)->expr;
	type = (OlapColumnType) {.typid = exprType(arg), .typmod = exprTypmod(arg)};
	get_typlenbyvalalign(type.typid, &type.typlen, &type.typbyval,
						 &type.typalign);
	olap_column_type_resolve(&type);
	if (!olap_agg_sketches(&type))
		return false;
	call->kind = OLAP_AGG_HLL;
	call->shape = OLAP_SHAPE_HLL_COUNT;
	return true;
}

bool
olap_equality_order(Oid eqop, Oid type, Oid collation, OlapOrder *order)
{
	OlapCompareOp op;

	if (!olap_compare_op(get_opcode(eqop), &op) || op.cmp != OLAP_CMP_EQ ||
		op.left != op.right)
		return false;
	if ((op.left == TEXTOID || op.left == BPCHAROID) &&
		(!OidIsValid(collation) || !get_collation_isdeterministic(collation)))
		return false;
	/* a domain over a float is kept as plain bytes */
	if (op.order == OLAP_ORDER_FLOAT && type != FLOAT4OID && type != FLOAT8OID)
		return false;
	*order = op.order;
	return true;
}

bool
olap_group_order(Oid eqop, Oid type, Oid collation, OlapOrder *order)
{
	static const struct
	{
		Oid			funcid;
		OlapOrder	order;
	}			more[] = {
		{F_INTERVAL_EQ, OLAP_ORDER_INTERVAL},
		{F_TIMETZ_EQ, OLAP_ORDER_BYTES},
		{F_NETWORK_EQ, OLAP_ORDER_BYTES},
		{F_MACADDR_EQ, OLAP_ORDER_BYTES},
		{F_MACADDR8_EQ, OLAP_ORDER_BYTES},
		{F_BITEQ, OLAP_ORDER_BYTES},
		{F_VARBITEQ, OLAP_ORDER_BYTES},
	};
	Oid			funcid = get_opcode(eqop);

	for (size_t i = 0; i < lengthof(more); i++)
		if (more[i].funcid == funcid)
		{
			*order = more[i].order;
			return true;
		}
	return olap_equality_order(eqop, type, collation, order);
}

/* DISTINCT: which aggregates our sets of values serve. */
static bool
plan_distinct(const Aggref *aggref, const KindRow *row, OlapAggCall *call)
{
	SortGroupClause *clause = linitial(aggref->aggdistinct);
	Node	   *arg = (Node *) ((TargetEntry *) linitial(aggref->args))->expr;
	OlapColumnType type = {.typid = exprType(arg), .typmod = exprTypmod(arg)};

	switch (row->kind)
	{
		case OLAP_AGG_MIN:
		case OLAP_AGG_MAX:
		case OLAP_AGG_BOOL_AND:
		case OLAP_AGG_BOOL_OR:
			return true;		/* it changes nothing */
		case OLAP_AGG_COUNT:
			break;
		case OLAP_AGG_SUM_INT:
		case OLAP_AGG_SUM_SQUARES_INT:
			/* which of 1.0 and 1.00 is added shows in the result's scale */
			olap_column_type_resolve(&type);
			if (type.typid == NUMERICOID && type.phys != OLAP_PHYS_DEC64)
				return false;
			break;
		default:
			return false;		/* the order in which values are added shows */
	}
	call->distinct = true;
	return olap_group_order(clause->eqop, type.typid, exprCollation(arg),
							&call->order);
}

bool
olap_agg_call_plan(const Aggref *aggref, OlapAggCall *call)
{
	const KindRow *row;

	memset(call, 0, sizeof(*call));
	call->kind = OLAP_CALL_GENERIC;
	call->filter = -1;
	if (aggref->aggsplit != AGGSPLIT_SIMPLE || aggref->agglevelsup != 0)
		return false;
	if (aggref->aggkind != AGGKIND_NORMAL ||
		(aggref->aggorder != NIL && aggref->aggdistinct == NIL))
		return olap_agg_ordered_plan(aggref, call);

	row = kind_of(aggref);
	if (row != NULL)
	{
		call->kind = row->kind;
		call->shape = row->shape;
		call->order = row->order;
	}
	else if (plan_hll_count(aggref, call) || olap_first_last_plan(aggref, call))
		return true;
	if (aggref->aggdistinct == NIL)
		return true;
	if (row != NULL && list_length(aggref->args) == 1 &&
		plan_distinct(aggref, row, call))
		return true;
	call->distinct = false;
	return olap_agg_ordered_plan(aggref, call);
}

List *
olap_agg_call_to_list(const OlapAggCall *call)
{
	List	   *list = list_make5_int(call->kind, call->shape, call->order,
									  call->distinct, call->filter);

	for (int i = 0; i < call->nargs; i++)
		list = lappend_int(list, call->args[i]);
	return list;
}

void
olap_agg_call_from_list(const List *list, OlapAggCall *call)
{
	call->kind = list_nth_int(list, 0);
	call->shape = list_nth_int(list, 1);
	call->order = list_nth_int(list, 2);
	call->distinct = list_nth_int(list, 3);
	call->filter = list_nth_int(list, 4);
	call->nargs = list_length(list) - 5;
	for (int i = 0; i < call->nargs; i++)
		call->args[i] = list_nth_int(list, 5 + i);
}

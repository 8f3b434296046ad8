/*-------------------------------------------------------------------------
 *
 * agg_ordered_final.c
 *		OlapAgg: percentiles, modes and what sorted rows give.
 *
 * The rules are those of the server's final functions: which NULL comes before
 * which error, the ranks of a fraction, and interpolation in the same steps of
 * double precision.
 *
 * src/exec/agg_ordered_final.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type_d.h"
#include "executor/executor.h"
#include "jit/jit.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "exec/agg_ordered.h"

/* ---- the direct argument ---- */

static void
evaluate_fractions(OlapAggNode *node, OrderedCall *call)
{
	List	   *direct = call->work->aggref->aggdirectargs;
	EState	   *estate = node->css.ss.ps.state;
	int			jit = estate->es_jit_flags;
	ExprState  *state;
	Datum		value;
	MemoryContext old;

	call->known = true;
	if (direct == NIL)
		return;					/* mode() */
	old = MemoryContextSwitchTo(node->cxt);
	/* compiling an expression to evaluate it once, at every rescan, is no use */
	estate->es_jit_flags = PGJIT_NONE;
	state = ExecInitExpr(linitial(direct), &node->css.ss.ps);
	estate->es_jit_flags = jit;
	value = ExecEvalExpr(state, node->css.ss.ps.ps_ExprContext, &call->isnull);
	if (call->isnull)
		;
	else if (OidIsValid(get_element_type(exprType(linitial(direct)))))
	{
		call->array = DatumGetArrayTypePCopy(value);
		deconstruct_array(call->array, FLOAT8OID, sizeof(float8),
						  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &call->fractions,
						  &call->nulls, &call->nfractions);
	}
	else
	{
		call->fractions = palloc(sizeof(Datum));
		call->fractions[0] = value;
		call->nulls = palloc0(sizeof(bool));
		call->nfractions = 1;
	}
	MemoryContextSwitchTo(old);
}

static void
check_fraction(double fraction)
{
	if (fraction < 0 || fraction > 1 || isnan(fraction))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("percentile value %g is not between 0 and 1", fraction)));
}

/* ---- ranks ---- */

/*
 * The ranks, in the aggregate's order, of the values that fraction needs of n,
 * and where between them the result lies.
 */
static double
ranks_of(int shape, double fraction, uint64 n, uint64 *lower, uint64 *upper)
{
	int64		rows = n;

	if (shape == OLAP_SHAPE_PERCENTILE_DISC)
	{
		int64		row = (int64) ceil(fraction * rows);

		*lower = *upper = Max(row, 1) - 1;
		return 0;
	}
	*lower = (uint64) floor(fraction * (rows - 1));
	*upper = (uint64) ceil(fraction * (rows - 1));
	return fraction * (rows - 1) - (double) *lower;
}

/* A rank in the set's order. */
static inline uint64
set_rank(const OlapOrderedSet *set, const OrderedCall *call, uint64 rank)
{
	return call->descending ? set->n - 1 - rank : rank;
}

static void
add_rank(OlapAggNode *node, OlapOrderedSet *set, uint64 rank)
{
	if (set->nranks == set->max_ranks)
	{
		set->max_ranks = Max(16, set->max_ranks * 2);
		set->ranks = set->ranks == NULL ?
			MemoryContextAlloc(node->cxt, set->max_ranks * sizeof(OrderedRank)) :
			repalloc(set->ranks, set->max_ranks * sizeof(OrderedRank));
	}
	set->ranks[set->nranks++].rank = rank;
}

static int
compare_ranks(const void *a, const void *b)
{
	uint64		x = ((const OrderedRank *) a)->rank;
	uint64		y = ((const OrderedRank *) b)->rank;

	return (x > y) - (x < y);
}

/* Of every call of the set, ascending and each once. */
static void
collect_ranks(OlapAggNode *node, OlapOrderedSet *set)
{
	ListCell   *lc;
	int			n = 0;

	set->nranks = 0;
	foreach(lc, set->calls)
	{
		OrderedCall *call = lfirst(lc);

		if (!call->known)
			evaluate_fractions(node, call);
		if (call->isnull || set->n == 0)
			continue;
		for (int i = 0; i < call->nfractions; i++)
		{
			uint64		lower,
						upper;
			double		fraction = DatumGetFloat8(call->fractions[i]);

			/* the error is raised with the result of its own call */
			if (call->nulls[i] || !(fraction >= 0 && fraction <= 1))
				continue;
			(void) ranks_of(call->work->call.shape, fraction, set->n, &lower,
							&upper);
			add_rank(node, set, set_rank(set, call, lower));
			if (upper != lower)
				add_rank(node, set, set_rank(set, call, upper));
		}
	}
	qsort(set->ranks, set->nranks, sizeof(OrderedRank), compare_ranks);
	for (int i = 0; i < set->nranks; i++)
		if (n == 0 || set->ranks[n - 1].rank != set->ranks[i].rank)
			set->ranks[n++] = set->ranks[i];
	set->nranks = n;
}

/* ---- results ---- */

/* What the set keeps as a Datum of the argument's type. */
static Datum
value_of(const OlapOrderedSet *set, Datum kept)
{
	return set->has_words ? olap_value_of_word(set->words.phys, set->words.order,
											   DatumGetInt64(kept)) : kept;
}

static Datum
value_at(const OlapOrderedSet *set, const OrderedCall *call, uint64 rank)
{
	OrderedRank key = {.rank = set_rank(set, call, rank)};
	const OrderedRank *found = bsearch(&key, set->ranks, set->nranks,
									   sizeof(OrderedRank), compare_ranks);

	Assert(found != NULL);
	return value_of(set, found->value);
}

static Datum
interpolate(int shape, Datum low, Datum high, double part)
{
	if (shape == OLAP_SHAPE_PERCENTILE_FLOAT)
	{
		double		a = DatumGetFloat8(low);
		double		b = DatumGetFloat8(high);

		return Float8GetDatum(a + part * (b - a));
	}
	high = DirectFunctionCall2(interval_mi, high, low);
	high = DirectFunctionCall2(interval_mul, high, Float8GetDatum(part));
	return DirectFunctionCall2(interval_pl, high, low);
}

static Datum
percentile(const OlapOrderedSet *set, const OrderedCall *call, double fraction)
{
	int			shape = call->work->call.shape;
	uint64		lower,
				upper;
	double		part = ranks_of(shape, fraction, set->n, &lower, &upper);
	Datum		low = value_at(set, call, lower);

	if (lower == upper)
		return low;
	return interpolate(shape, low, value_at(set, call, upper), part);
}

/* An array of the dimensions of the fractions'. */
static Datum
percentiles(const OlapOrderedSet *set, const OrderedCall *call)
{
	Oid			type = get_element_type(call->work->aggref->aggtype);
	Datum	   *values;
	int16		len;
	bool		byval;
	char		align;

	if (call->nfractions == 0)
		return PointerGetDatum(construct_empty_array(type));
	for (int i = 0; i < call->nfractions; i++)
		if (!call->nulls[i])
			check_fraction(DatumGetFloat8(call->fractions[i]));
	values = palloc0(call->nfractions * sizeof(Datum));
	for (int i = 0; i < call->nfractions; i++)
		if (!call->nulls[i])
			values[i] = percentile(set, call, DatumGetFloat8(call->fractions[i]));
	get_typlenbyvalalign(type, &len, &byval, &align);
	return PointerGetDatum(construct_md_array(values, call->nulls,
											  ARR_NDIM(call->array),
											  ARR_DIMS(call->array),
											  ARR_LBOUND(call->array), type, len,
											  byval, align));
}

static void
load_group(OlapAggNode *node, OlapOrderedSet *set, uint32 gid)
{
	set->n = olap_ordered_count(set, gid);
	collect_ranks(node, set);
	olap_ordered_read(node, set, gid);
	set->gid = gid;
	set->loaded = true;
}

Datum
olap_agg_ordered_result(OlapAggNode *node, AggWork *work, uint32 gid,
						bool *isnull)
{
	OlapOrderedSet *set = work->ordered;
	OrderedCall *call = work->ordered_call;

	if (!set->loaded || set->gid != gid)
		load_group(node, set, gid);
	if (call->server != NULL)
		return olap_generic_result(call->server, 0, NULL, isnull);
	*isnull = call->isnull || set->n == 0;
	if (work->call.shape == OLAP_SHAPE_MODE)
		return *isnull ? (Datum) 0 :
			value_of(set, call->descending ? set->mode.last : set->mode.first);
	/* a single fraction is looked at before the rows, several are after them */
	if (!call->isnull && call->array == NULL)
		check_fraction(DatumGetFloat8(call->fractions[0]));
	if (*isnull)
		return (Datum) 0;
	if (call->array != NULL)
		return percentiles(set, call);
	return percentile(set, call, DatumGetFloat8(call->fractions[0]));
}

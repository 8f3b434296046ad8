/*-------------------------------------------------------------------------
 *
 * agg_join.c
 *		Joins below OlapAgg: batches of an olap table get columns of other sides.
 *
 * src/exec/agg_join.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type_d.h"
#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "utils/rel.h"

#include "base/errors.h"
#include "exec/agg_join_internal.h"
#include "exec/compile.h"
#include "table/writer.h"

/* ---- the join of a plan ---- */

static void
create_side(OlapJoinSide *side, List *plan, PlanState *ps, int first)
{
	List	   *orders = lfourth(plan);

	side->ps = ps;
	side->type = linitial_int(linitial(plan));
	side->outer_keys = lsecond(plan);
	side->inner_keys = lthird(plan);
	side->filters = list_nth(plan, 4);
	side->nkeys = list_length(orders);
	side->orders = palloc(side->nkeys * sizeof(OlapOrder));
	for (int k = 0; k < side->nkeys; k++)
		side->orders[k] = list_nth_int(orders, k);
	side->first = first;
	side->ncols = ExecGetResultType(ps)->natts;
}

/*
 * The columns of the table that are read, at the places where the planner has them.
 * A partition may have them elsewhere.
 */
static void
describe_table(OlapJoin *join, CustomScanState *scan, List *places)
{
	TupleDesc	table = RelationGetDescr(scan->ss.ss_currentRelation);
	OlapColumnType *types = olap_column_types(table);
	List	   *vars = pull_var_clause((Node *) scan->ss.ps.plan->targetlist, 0);
	ListCell   *lc,
			   *place;

	Ensure(list_length(vars) == list_length(places),
		   "a scan has %d columns, a join wants %d", list_length(vars),
		   list_length(places));
	for (int c = 0; c < join->nfact; c++)
		TupleDescInitEntry(join->desc, c + 1, NULL, INT4OID, -1, 0);
	forboth(lc, vars, place, places)
	{
		AttrNumber	attno = lfirst_node(Var, lc)->varattno;

		TupleDescCopyEntry(join->desc, lfirst_int(place), table, attno);
		join->types[lfirst_int(place) - 1] = types[attno - 1];
	}
}

/* The columns of the table, then those of each side. */
static void
create_desc(OlapJoin *join, List *places)
{
	int			natts = join->nfact;

	for (int s = 0; s < join->nsides; s++)
		natts += join->sides[s].ncols;
	join->desc = CreateTemplateTupleDesc(natts);
	join->types = palloc0(natts * sizeof(OlapColumnType));
	join->needed = palloc0(natts * sizeof(bool));
	describe_table(join, join->scan, places);
	for (int s = 0; s < join->nsides; s++)
	{
		OlapJoinSide *side = &join->sides[s];
		TupleDesc	desc = ExecGetResultType(side->ps);
		OlapColumnType *side_types = olap_column_types(desc);

		for (int c = 0; c < side->ncols; c++)
		{
			TupleDescCopyEntry(join->desc, side->first + c + 1, desc, c + 1);
			join->types[side->first + c] = side_types[c];
		}
	}
}

static void
find_needed(OlapJoin *join, List *exprs)
{
	Bitmapset  *set = NULL;
	int			x = -1;

	pull_varattnos((Node *) exprs, OLAP_JOIN_VARNO, &set);
	while ((x = bms_next_member(set, x)) >= 0)
		join->needed[x + FirstLowInvalidHeapAttributeNumber - 1] = true;
}

OlapJoin *
olap_join_create(List *plan, CustomScanState *scan, Index relid, List *sides,
				 PlanState *parent)
{
	OlapJoin   *join = palloc0(sizeof(OlapJoin));
	List	   *steps = lsecond(plan);
	int			first;

	join->scan = scan;
	join->relid = relid;
	join->parent = parent;
	join->exprs = linitial(plan);
	join->names = lthird(plan);
	join->nfact = first = linitial_int(lfourth(plan));
	join->nsides = list_length(steps);
	join->sides = palloc0(join->nsides * sizeof(OlapJoinSide));
	for (int s = 0; s < join->nsides; s++)
	{
		create_side(&join->sides[s], list_nth(steps, s), list_nth(sides, s), first);
		first += join->sides[s].ncols;
	}
	create_desc(join, list_copy_tail(lfourth(plan), 1));
	find_needed(join, join->exprs);
	for (int s = 0; s < join->nsides; s++)
	{
		find_needed(join, join->sides[s].outer_keys);
		find_needed(join, join->sides[s].filters);
	}
	return join;
}

List *
olap_join_exprs(const OlapJoin *join)
{
	return join->exprs;
}

int
olap_join_natts(const OlapJoin *join)
{
	return join->desc->natts;
}

OlapColumnType *
olap_join_types(const OlapJoin *join)
{
	return join->types;
}

OlapProgram *
olap_join_compile(OlapJoin *join, List *exprs, MemoryContext cxt)
{
	OlapCompileContext compile = {
		.varno = OLAP_JOIN_VARNO,
		.desc = join->desc,
		.parent = join->parent,
		.econtext = join->parent->ps_ExprContext,
	};

	return olap_compile(exprs, &compile, cxt);
}

/* ---- columns of a joined batch ---- */

static OlapJoinSide *
side_of(OlapJoin *join, int col)
{
	OlapJoinSide *side = join->sides;

	while (col >= side->first + side->ncols)
		side++;
	return side;
}

/* Values of the rows rows[n] of a batch; others keep what they had. */
static void
gather_values(void *out, const OlapVector *from, const uint32 *match,
			  const uint16 *rows, uint32 n)
{
#define GATHER(type) \
	for (uint32 i = 0; i < n; i++) \
	{ \
		uint32		r = rows == NULL ? i : rows[i]; \
		((type *) out)[r] = ((const type *) from->values)[match[r]]; \
	}

	switch (from->width)
	{
		case 1:
			GATHER(uint8);
			break;
		case 2:
			GATHER(uint16);
			break;
		case 4:
			GATHER(uint32);
			break;
		case 8:
			GATHER(uint64);
			break;
		default:
			for (uint32 i = 0; i < n; i++)
			{
				uint32		r = rows == NULL ? i : rows[i];

				memcpy((char *) out + (size_t) r * from->width,
					   (char *) from->values + (size_t) match[r] * from->width,
					   from->width);
			}
	}
#undef GATHER
}

static void
gather(OlapJoin *join, int col)
{
	OlapJoinSide *side = side_of(join, col);
	OlapJoinColumn *column = &side->columns[col - side->first];
	const OlapBatch *batch = &join->batch;
	OlapVector *out = &batch->cols[col];
	const uint16 *sel = join->joined ? join->out_sel : batch->sel;
	uint32		n = sel == NULL ? batch->nrows :
		join->joined ? join->out_nsel : batch->nsel;

	*out = column->values;
	out->values = column->out_values;
	out->n = batch->nrows;
	out->capacity = OLAP_VECTOR_ROWS;
	out->valid = NULL;
	gather_values(out->values, &column->values, side->match, sel, n);
	if (column->has_nulls || side->type == JOIN_LEFT || side->type == JOIN_ANTI)
	{
		out->valid = column->out_valid;
		memset(out->valid, 0xFF, OLAP_VECTOR_ROWS / 8);
		for (uint32 i = 0; i < n; i++)
		{
			uint32		r = sel == NULL ? i : sel[i];

			if (olap_vector_is_null(&column->values, side->match[r]))
				out->valid[r >> 6] &= ~(UINT64CONST(1) << (r & 63));
		}
	}
	if (column->codes == NULL)
		return;
	for (uint32 i = 0; i < n; i++)
	{
		uint32		r = sel == NULL ? i : sel[i];

		column->out_codes[r] = column->codes[side->match[r]];
	}
	out->codes = column->out_codes;
	out->dict = &column->dict;
}

static void
load(OlapBatch *batch, int col)
{
	OlapJoin   *join = batch->source;

	if (col < join->nfact)
		batch->cols[col] = *olap_batch_column(join->inner, col);
	else
		gather(join, col);
}

/* ---- a run ---- */

bool
olap_join_build(OlapJoin *join, size_t limit, MemoryContext cxt)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	size_t		used = 0;
	bool		fits = true;

	join->cxt = cxt;
	for (int s = 0; s < join->nsides; s++)
	{
		join->sides[s].columns = NULL;
		join->sides[s].groups = NULL;
	}
	for (int s = 0; fits && s < join->nsides; s++)
	{
		OlapJoinSide *side = &join->sides[s];

		fits = used < limit && olap_join_build_side(join, side, limit - used);
		if (!fits)
			break;
		used += olap_join_side_memory(side);
		side->probe = olap_join_compile(join, side->outer_keys, cxt);
		side->filter = side->filters == NIL ? NULL :
			olap_join_compile(join, side->filters, cxt);
	}
	memset(&join->batch, 0, sizeof(join->batch));
	join->batch.ncols = join->desc->natts;
	join->batch.cols = palloc0(join->desc->natts * sizeof(OlapVector));
	join->batch.loaded = palloc0(join->desc->natts * sizeof(bool));
	join->batch.load = load;
	join->batch.source = join;
	MemoryContextSwitchTo(old);
	return fits;
}

/* Find the row of each row's key, and keep the rows that the join lets pass. */
static void
probe(OlapJoin *join, OlapJoinSide *side)
{
	OlapBatch  *batch = &join->batch;
	uint32		n = batch->nsel,
				kept = 0,
				matched = 0;

	olap_program_next(side->probe);
	for (int k = 0; k < side->nkeys; k++)
		side->keys[k] = olap_program_eval(side->probe, k, batch);
	olap_groups_assign(side->groups, side->keys, n, join->gids);
	for (uint32 i = 0; i < n; i++)
	{
		uint32		r = batch->sel == NULL ? i : batch->sel[i];
		uint32		match = join->gids[i] + 1;	/* OLAP_GROUP_NONE: row 0 */
		bool		found = match != 0;

		side->match[r] = match;
		join->sel[kept] = r;
		matched += found;
		kept += side->type == JOIN_LEFT || found == (side->type != JOIN_ANTI);
	}
	side->counts.rows_probed += n;
	side->counts.rows_matched += matched;
	if (kept == n)
		return;
	batch->sel = join->sel;
	batch->nsel = kept;
}

OlapBatch *
olap_join_batch(OlapJoin *join, OlapBatch *inner, bool new_place)
{
	OlapBatch  *batch = &join->batch;

	join->inner = inner;
	join->joined = false;
	batch->nrows = inner->nrows;
	batch->sel = inner->sel;
	batch->nsel = inner->nsel;
	batch->first_row = inner->first_row;
	batch->place = inner->place;
	memset(batch->loaded, 0, batch->ncols * sizeof(bool));
	for (int s = 0; s < join->nsides; s++)
	{
		OlapJoinSide *side = &join->sides[s];

		if (new_place)
		{
			olap_program_new_place(side->probe);
			olap_groups_new_place(side->groups);
			if (side->filter != NULL)
				olap_program_new_place(side->filter);
		}
		if (batch->nsel == 0)
			continue;
		probe(join, side);
		if (side->filter == NULL)
			continue;
		olap_program_next(side->filter);
		for (int f = 0; f < list_length(side->filters) && batch->nsel > 0; f++)
			olap_program_filter(side->filter, f, batch);
	}
	join->joined = true;
	join->out_sel = batch->sel;
	join->out_nsel = batch->nsel;
	return batch;
}

/*-------------------------------------------------------------------------
 *
 * agg_build.c
 *		OlapAgg: programs, groups and states for one run.
 *
 * Everything is made when the first row is asked for, so parameters have their
 * values, and again after a rescan.
 *
 * src/exec/agg_build.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "base/keep_memory.h"
#include "exec/agg_internal.h"

/* ---- programs ---- */

/* The place of column in list, appended if it is not there. */
static int
program_column(List **list, int column)
{
	ListCell   *lc;
	int			i = 0;

	foreach(lc, *list)
	{
		if (lfirst_int(lc) == column)
			return i;
		i++;
	}
	*list = lappend_int(*list, column);
	return i;
}

static OlapProgram *
compile_columns(OlapAggNode *node, List *columns)
{
	List	   *exprs = NIL;
	OlapProgram *program;
	ListCell   *lc;
	int			out = 0;

	foreach(lc, columns)
		exprs = lappend(exprs, list_nth(node->columns, lfirst_int(lc)));
	program = node->join != NULL ?
		olap_join_compile(node->join, exprs, node->cxt) :
		olap_agg_scans_compile(node, exprs);
	foreach(lc, columns)
		node->described[lfirst_int(lc)] = olap_program_describe(program, out++);
	return program;
}

static AggStage *
stage_of(OlapAggNode *node, int filter)
{
	for (int i = 0; i < node->nstages; i++)
		if (node->stages[i].filter == filter)
			return &node->stages[i];
	node->stages[node->nstages].filter = filter;
	node->stages[node->nstages].works = palloc(node->nworks * sizeof(AggWork *));
	return &node->stages[node->nstages++];
}

/*
 * Arguments of aggregates without FILTER are results of the main program, with
 * the keys; those of others of a program for each FILTER, run on the rows that
 * it lets pass.
 */
static void
build_programs(OlapAggNode *node)
{
	List	  **columns = palloc0((node->nworks + 1) * sizeof(List *));
	List	   *main = NIL;
	ListCell   *lc;

	node->stages = palloc0((node->nworks + 1) * sizeof(AggStage));
	(void) stage_of(node, -1);
	for (int i = 0; i < node->nkeys; i++)
		main = lappend_int(main, i);
	foreach(lc, node->derived)
		(void) program_column(&main, lfirst_int(lc));
	for (int i = 0; i < node->nworks; i++)
	{
		AggWork    *work = &node->works[i];
		int			filter = work->call.filter < 0 ? -1 :
			program_column(&main, work->call.filter);
		AggStage   *stage = stage_of(node, filter);
		List	  **list = filter < 0 ? &main : &columns[stage - node->stages];

		stage->works[stage->nworks++] = work;
		for (int a = 0; a < work->call.nargs; a++)
			work->outs[a] = program_column(list, work->call.args[a]);
	}
	node->program = compile_columns(node, main);
	node->derived_outs = NIL;
	foreach(lc, node->derived)
	{
		int			out = program_column(&main, lfirst_int(lc));

		if (!olap_program_is_safe(node->program, out))
			node->derived_outs = lappend_int(node->derived_outs, out);
	}
	for (int s = 0; s < node->nstages; s++)
		node->stages[s].program = node->stages[s].filter < 0 ? node->program :
			compile_columns(node, columns[s]);
}

/* ---- groups and states ---- */

/*
 * The planner's guess, but no more than half of the memory has room for: a wrong
 * one must not spend it.
 */
static double
expected_groups(const OlapAggNode *node, double expected)
{
	size_t		bytes = 2 * sizeof(int64) * (node->nworks + node->nkeys);

	return Min(expected, (double) (node->memory_limit / 2 / Max(bytes, 1)));
}

static void
build_groups(OlapAggNode *node, double expected)
{
	OlapGroupKey *keys;

	if (node->nkeys == 0)
		return;
	keys = palloc0(node->nkeys * sizeof(OlapGroupKey));
	node->out_keys = palloc0(node->nkeys * sizeof(OlapVector));
	for (int i = 0; i < node->nkeys; i++)
	{
		keys[i].type = *olap_program_type(node->program, node->key_at[i]);
		keys[i].order = node->orders[i];
		olap_vector_init(&node->out_keys[i], &keys[i].type, 0, node->cxt);
	}
	node->groups = olap_groups_create(keys, node->nkeys, node->memory_limit,
									  node->cxt);
	olap_groups_expect(node->groups, expected);
}

/* OlapStringCompare */
static int
compare_text(Oid collation, const uint8 *a, size_t alen, const uint8 *b,
			 size_t blen)
{
	return varstr_cmp((const char *) a, (int) alen, (const char *) b, (int) blen,
					  collation);
}

static void
build_work(OlapAggNode *node, AggStage *stage, AggWork *work, double expected)
{
	const OlapColumnType *type = NULL;

	work->agg = NULL;
	work->sets = NULL;
	work->aside = NULL;
	work->aside_files = NIL;
	work->aside_level = 0;
	if (work->call.nargs > 0)
	{
		work->type = *olap_program_type(stage->program, work->outs[0]);
		type = &work->type;
	}
	if (work->call.kind == OLAP_CALL_ORDERED)
		return;
	if (work->call.kind == OLAP_CALL_GENERIC)
		(void) olap_agg_server(node, work);
	else
	{
		work->agg = olap_agg_create(work->call.kind, type, work->call.order,
									node->cxt);
		if (olap_agg_call_collated(&work->call, work->aggref))
			olap_agg_collate(work->agg, compare_text, work->aggref->inputcollid);
		olap_agg_expect(work->agg, expected);
	}
	if (work->call.distinct)
	{
		work->sets = olap_distinct_sets_create(type, work->call.order,
											   node->nkeys > 0, node->cxt);
		node->has_sets = true;
		olap_vector_init(&work->fresh, type, OLAP_VECTOR_ROWS, node->cxt);
	}
}

/* Groups and states, none yet. */
void
olap_agg_build_states(OlapAggNode *node, double expected)
{
	expected = expected_groups(node, expected);
	build_groups(node, expected);
	for (int s = 0; s < node->nstages; s++)
		for (int w = 0; w < node->stages[s].nworks; w++)
			build_work(node, &node->stages[s], node->stages[s].works[w], expected);
	olap_agg_build_ordered(node);
}

void
olap_agg_build(OlapAggNode *node)
{
	MemoryContext old = MemoryContextSwitchTo(node->cxt);

	node->nstages = 0;
	node->groups = NULL;
	node->topn_work = NULL;
	node->spill = NULL;
	node->reader = NULL;
	node->files = NIL;
	node->level = 0;
	olap_keep_memory();
	node->memory_limit = get_hash_memory_limit();
	node->ngroups = 0;
	olap_agg_scans_start(node);
	build_programs(node);
	olap_agg_divided_build(node);
	if (node->sets == NIL)
	{
		olap_agg_build_states(node, node->css.ss.ps.plan->plan_rows);
		olap_agg_sketch_start(node, olap_agg_meta_start(node));
	}

	node->keys = palloc(Max(node->nkeys, 1) * sizeof(OlapVector *));
	node->scratch = palloc(Max(node->nkeys, 1) * sizeof(node->scratch[0]));
	node->hashes = palloc(OLAP_VECTOR_ROWS * sizeof(uint32));
	node->kept_sel = palloc(OLAP_VECTOR_ROWS * sizeof(uint16));
	node->gids = palloc(OLAP_VECTOR_ROWS * sizeof(uint32));
	node->stage_gids = palloc(OLAP_VECTOR_ROWS * sizeof(uint32));
	node->fresh_gids = palloc(OLAP_VECTOR_ROWS * sizeof(uint32));
	node->positions = palloc(OLAP_VECTOR_ROWS * sizeof(uint16));
	node->stage_sel = palloc(OLAP_VECTOR_ROWS * sizeof(uint16));
	node->fresh_sel = palloc(OLAP_VECTOR_ROWS * sizeof(uint16));
	node->aside_sel = palloc(OLAP_VECTOR_ROWS * sizeof(uint16));
	node->late_sel = palloc(OLAP_VECTOR_ROWS * sizeof(uint16));
	if (node->sets != NIL)
		olap_agg_sets_build(node);
	MemoryContextSwitchTo(old);
}

OlapGeneric *
olap_agg_server(OlapAggNode *node, AggWork *work)
{
	if (work->server == NULL)
		work->server = olap_generic_create(work->aggref, node->css.ss.ps.state);
	olap_generic_grow(work->server, Max(node->ngroups, 1));
	return work->server;
}

/* What is not in node->cxt. */
void
olap_agg_discard_states(OlapAggNode *node)
{
	ListCell   *lc;

	foreach(lc, node->files)
		BufFileClose(((OlapSpillFile *) lfirst(lc))->file);
	node->files = NIL;
	olap_agg_discard_sets(node);
	olap_agg_discard_ordered(node);
	for (int i = 0; i < node->nworks; i++)
	{
		if (node->works[i].server != NULL)
			olap_generic_free(node->works[i].server);
		node->works[i].server = NULL;
		node->works[i].agg = NULL;
		node->works[i].sets = NULL;
	}
}

void
olap_agg_discard(OlapAggNode *node)
{
	if (node->family != NULL)
		olap_agg_sets_discard(node);
	olap_agg_discard_states(node);
	node->groups = NULL;
	node->topn_work = NULL;
	node->program = NULL;
	node->filled = node->core_runs = node->idle = false;
	node->in_parts = false;
	node->next = node->first = node->nout = 0;
	MemoryContextReset(node->row_cxt);
	MemoryContextReset(node->cxt);
}

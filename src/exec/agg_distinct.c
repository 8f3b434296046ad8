/*-------------------------------------------------------------------------
 *
 * agg_distinct.c
 *		OlapAgg: aggregates over the distinct values of their group.
 *
 * Sets of values say which rows have a value that is new to its group; the
 * states are updated with these.  When the memory of the sets is spent, values
 * that are not in them are put aside, with the numbers of their groups, in files
 * by a hash of both.  After the last row the sets are emptied, and each file's
 * values are taken like those of rows: no value that was put aside was counted
 * before, and equal ones are in one file.  A file that is too large is divided
 * in the same way.
 *
 * src/exec/agg_distinct.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "miscadmin.h"

#include "exec/agg_internal.h"

/* What the files have: the group's number, if there are groups, and the value. */
typedef struct AsideColumns
{
	OlapColumnType types[2];
	bool		needed[2];
} AsideColumns;

static void
aside_columns(const OlapAggNode *node, const AggWork *work, AsideColumns *columns)
{
	memset(columns, 0, sizeof(*columns));
	columns->types[0] = (OlapColumnType) {.typid = INT4OID, .typmod = -1,
		.typlen = 4, .typbyval = true, .typalign = TYPALIGN_INT};
	olap_column_type_resolve(&columns->types[0]);
	columns->types[1] = work->type;
	columns->needed[0] = node->groups != NULL;
	columns->needed[1] = true;
}

/* ---- input ---- */

/* Put rows aside_sel[0 .. naside) of arg aside. */
static void
put_aside(OlapAggNode *node, AggWork *work, const uint32 *gids,
		  const OlapVector *arg, uint32 n, uint32 naside)
{
	OlapVector	cols[2] = {{.phys = OLAP_PHYS_I32, .width = sizeof(uint32),
		.n = n, .values = (void *) gids}, *arg};
	OlapBatch	batch = {.ncols = 2, .nrows = n, .nsel = n, .cols = cols};

	if (work->aside == NULL)
	{
		AsideColumns *columns = MemoryContextAlloc(node->cxt, sizeof(*columns));

		aside_columns(node, work, columns);
		work->aside = olap_spill_create(columns->types, columns->needed, 2,
										work->aside_level + 1, node->cxt);
	}
	olap_distinct_sets_hash(work->sets, gids, arg, n, work->aside_level,
							node->hashes);
	olap_spill_add(work->aside, &batch, node->aside_sel, naside, node->hashes);
	node->aside_values += naside;
}

/* Rows fresh_sel[0 .. nfresh) of arg are new to their groups. */
static void
update_fresh(OlapAggNode *node, AggWork *work, const uint32 *gids,
			 bool one_group, const OlapVector *arg, uint32 n, uint32 nfresh)
{
	const OlapVector *values = arg;
	uint32		gid = gids == NULL ? 0 : gids[0];

	if (work->call.kind == OLAP_AGG_COUNT)
		values = NULL;			/* none of them is NULL */
	else if (nfresh < n)
	{
		olap_vector_gather(&work->fresh, arg, node->fresh_sel, nfresh);
		values = &work->fresh;
	}
	if (gids != NULL && nfresh < n)
	{
		for (uint32 i = 0; i < nfresh; i++)
			node->fresh_gids[i] = gids[node->fresh_sel[i]];
		gids = node->fresh_gids;
	}
	if (one_group ? olap_agg_update_one(work->agg, gid, values, nfresh) :
		olap_agg_update(work->agg, gids, values, nfresh))
		return;
	olap_agg_update_server(node, work, gids, &values, nfresh);
}

void
olap_agg_update_distinct(OlapAggNode *node, AggWork *work, const uint32 *gids,
						 bool one_group, const OlapVector *arg, uint32 n)
{
	uint32		naside;
	uint32		nfresh = olap_distinct_sets_add(work->sets, gids, arg, n,
												node->fresh_sel,
												node->aside_sel, &naside);

	if (naside > 0)
		put_aside(node, work, gids, arg, n, naside);
	if (nfresh > 0)
		update_fresh(node, work, gids, one_group, arg, n, nfresh);
}

/* ---- memory ---- */

/*
 * All sets together may have three quarters of the memory less what groups and
 * states have; the rest is left for those to grow.
 */
void
olap_agg_limit_sets(OlapAggNode *node)
{
	size_t		used = 0;
	size_t		others = olap_agg_memory_used(node);
	size_t		budget = node->memory_limit / 4 * 3;
	size_t		more;

	for (int i = 0; i < node->nworks; i++)
		if (node->works[i].sets != NULL)
			used += olap_distinct_sets_memory(node->works[i].sets);
	others -= used;
	budget = budget > others ? budget - others : 0;
	budget = Max(budget, node->memory_limit / 8);
	more = budget > used ? budget - used : 0;
	for (int i = 0; i < node->nworks; i++)
	{
		OlapDistinctSets *sets = node->works[i].sets;

		if (sets != NULL)
			olap_distinct_sets_limit(sets, olap_distinct_sets_memory(sets) +
									 more);
	}
}

/* ---- values put aside ---- */

/* The sets are complete for what they hold: begin with the rest. */
static void
finish_aside(OlapAggNode *node, AggWork *work)
{
	ListCell   *lc;
	List	   *files;
	MemoryContext old;

	olap_distinct_sets_reset(work->sets);
	if (work->aside == NULL)
		return;
	old = MemoryContextSwitchTo(node->cxt);
	files = olap_spill_finish(work->aside);
	work->aside = NULL;
	foreach(lc, files)
		node->aside_bytes += ((OlapSpillFile *) lfirst(lc))->bytes;
	node->aside_files += list_length(files);
	work->aside_files = list_concat(files, work->aside_files);
	MemoryContextSwitchTo(old);
}

static void
take_file(OlapAggNode *node, AggWork *work, OlapSpillReader *reader)
{
	OlapSpillFile *file = linitial(work->aside_files);
	OlapBatch  *batch;

	work->aside_level = file->level;
	olap_spill_reader_open(reader, file);
	while ((batch = olap_spill_reader_next(reader)) != NULL)
	{
		const uint32 *gids = node->groups == NULL ? NULL :
			(const uint32 *) batch->cols[0].values;

		CHECK_FOR_INTERRUPTS();
		/* a table of dictionary codes must not survive the vector */
		olap_distinct_sets_new_place(work->sets);
		olap_agg_limit_sets(node);
		olap_agg_update_distinct(node, work, gids, gids == NULL,
								 &batch->cols[1], batch->nrows);
	}
	work->aside_files = list_delete_first(work->aside_files);
	node->peak_memory = Max(node->peak_memory, olap_agg_memory_used(node));
	finish_aside(node, work);
}

void
olap_agg_end_sets(OlapAggNode *node)
{
	/* all are emptied first, so that each has the memory in its turn */
	for (int i = 0; i < node->nworks; i++)
		if (node->works[i].sets != NULL)
			finish_aside(node, &node->works[i]);
	for (int i = 0; i < node->nworks; i++)
	{
		AggWork    *work = &node->works[i];
		AsideColumns columns;
		OlapSpillReader *reader;

		if (work->aside_files == NIL)
			continue;
		aside_columns(node, work, &columns);
		reader = olap_spill_reader_create(columns.types, columns.needed, 2,
										  node->cxt);
		while (work->aside_files != NIL)
			take_file(node, work, reader);
		olap_spill_reader_free(reader);
		work->aside_level = 0;
	}
}

void
olap_agg_discard_sets(OlapAggNode *node)
{
	for (int i = 0; i < node->nworks; i++)
	{
		ListCell   *lc;

		foreach(lc, node->works[i].aside_files)
			BufFileClose(((OlapSpillFile *) lfirst(lc))->file);
		node->works[i].aside_files = NIL;
	}
}

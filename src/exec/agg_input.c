/*-------------------------------------------------------------------------
 *
 * agg_input.c
 *		OlapAgg: from batches to groups and states.
 *
 * src/exec/agg_input.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "exec/agg_internal.h"

/* ---- one aggregate ---- */

/* Rows that the states have no form for go to the server's functions. */
void
olap_agg_update_server(OlapAggNode *node, AggWork *work, const uint32 *gids,
			  const OlapVector *const *args, uint32 n)
{
	olap_generic_update(olap_agg_server(node, work), gids, args, n);
	work->server_rows += n;
}

/* gids: NULL if all rows are of group gid. */
static void
update_agg(OlapAggNode *node, AggWork *work, const uint32 *gids,
		   const uint32 *all_gids, uint32 gid, const OlapVector *arg, uint32 n)
{
	bool		done;

	if (gids == NULL)
		done = olap_agg_update_one(work->agg, gid, arg, n);
	else
		done = olap_agg_update(work->agg, gids, arg, n);
	if (!done)
		olap_agg_update_server(node, work, all_gids, &arg, n);
}

/*
 * One aggregate for the n rows that batch selects now.  gids: of each row, NULL
 * without GROUP BY; one_group: they are all the same.
 */
static void
update_work(OlapAggNode *node, AggStage *stage, AggWork *work, OlapBatch *batch,
			const uint32 *gids, bool one_group)
{
	const OlapVector *args[FUNC_MAX_ARGS];
	uint32		n = batch->nsel;

	if (work->ordered != NULL && !olap_agg_leads_ordered(work))
		return;
	if (olap_agg_is_by_time(work))
	{
		olap_agg_update_by_time(node, stage, work, batch, gids, one_group);
		return;
	}
	for (int a = 0; a < work->call.nargs; a++)
		args[a] = olap_program_eval(stage->program, work->outs[a], batch);
	if (work->ordered != NULL)
		olap_agg_update_ordered(node, work, gids, args, n);
	else if (work->agg == NULL)
		olap_agg_update_server(node, work, gids, args, n);
	else if (work->sets != NULL)
		olap_agg_update_distinct(node, work, gids, one_group, args[0], n);
	else if (one_group)
		update_agg(node, work, NULL, gids, gids == NULL ? 0 : gids[0],
				   work->call.nargs > 0 ? args[0] : NULL, n);
	else
		update_agg(node, work, gids, gids, 0,
				   work->call.nargs > 0 ? args[0] : NULL, n);
}

/* ---- stages ---- */

/*
 * Positions of the rows for which a boolean is true: as these are often few, eight
 * bytes, 0 or 1 each, are looked at as one word.
 */
static uint32
true_positions(const OlapVector *v, uint32 n, uint16 *positions)
{
	const uint8 *values = v->values;
	uint32		count = 0;

	for (uint32 base = 0; base < n; base += 8)
	{
		uint64		word = 0;

		if (base + sizeof(word) <= n)
			memcpy(&word, values + base, sizeof(word));
		else
			memcpy(&word, values + base, n - base);
		for (; word != 0; word &= word - 1)
		{
			uint32		i = base + (uint32) __builtin_ctzll(word) / 8;

			positions[count] = i;
			count += !olap_vector_is_null(v, i);
		}
	}
	return count;
}

/* Aggregates with a FILTER: narrow the batch for as long as they are updated. */
static void
run_filtered_stage(OlapAggNode *node, AggStage *stage, OlapBatch *batch,
				   bool one_group)
{
	uint16	   *sel = batch->sel;
	uint32		nsel = batch->nsel;
	const uint16 *positions = node->positions;
	uint32		n = true_positions(olap_program_eval(node->program, stage->filter,
													 batch),
								   nsel, node->positions);

	if (n == 0)
		return;
	for (uint32 i = 0; i < n; i++)
		node->stage_sel[i] = sel == NULL ? positions[i] : sel[positions[i]];
	if (node->groups != NULL)
		for (uint32 i = 0; i < n; i++)
			node->stage_gids[i] = node->gids[positions[i]];
	batch->sel = node->stage_sel;
	batch->nsel = n;
	olap_program_next(stage->program);
	for (int w = 0; w < stage->nworks; w++)
		update_work(node, stage, stage->works[w], batch,
					node->groups == NULL ? NULL : node->stage_gids, one_group);
	batch->sel = sel;
	batch->nsel = nsel;
}

static void
run_stages(OlapAggNode *node, OlapBatch *batch, bool one_group)
{
	for (int s = 0; s < node->nstages; s++)
	{
		AggStage   *stage = &node->stages[s];

		if (stage->filter >= 0)
		{
			run_filtered_stage(node, stage, batch, one_group);
			continue;
		}
		for (int w = 0; w < stage->nworks; w++)
			update_work(node, stage, stage->works[w], batch,
						node->groups == NULL ? NULL : node->gids, one_group);
	}
}

/* ---- memory ---- */

/* Of what grows with the number of groups. */
size_t
olap_agg_memory_used(const OlapAggNode *node)
{
	size_t		used = node->groups == NULL ? 0 : olap_groups_memory(node->groups);

	for (int i = 0; i < node->nworks; i++)
	{
		const AggWork *work = &node->works[i];

		if (work->agg != NULL)
			used += olap_agg_memory(work->agg);
		if (work->sets != NULL)
			used += olap_distinct_sets_memory(work->sets);
		if (work->server != NULL)
			used += olap_generic_memory(work->server);
	}
	return used + olap_agg_ordered_memory(node);
}

/* No new groups from now on if memory is spent. */
static void
check_memory(OlapAggNode *node)
{
	if (node->groups == NULL || node->spill != NULL ||
		olap_agg_memory_used(node) <= node->memory_limit ||
		(node->is_set && olap_agg_sets_make_room(node)))
		return;
	olap_groups_freeze(node->groups);
	node->spill = olap_spill_create(node->types, node->needed, node->natts,
									node->level + 1, node->cxt);
}

/* Rows without a group leave the batch. */
static void
put_aside(OlapAggNode *node, OlapBatch *batch)
{
	uint32		n = batch->nsel,
				nkept = 0,
				nput = 0;

	for (uint32 i = 0; i < n; i++)
		if (node->gids[i] == OLAP_GROUP_NONE)
			node->positions[nput++] = i;
	if (nput == 0)
		return;
	olap_groups_hash(node->groups, node->keys, n, node->level, node->hashes);
	olap_spill_add(node->spill, batch, node->positions, nput, node->hashes);
	node->spilled_rows += nput;
	for (uint32 i = 0; i < n; i++)
	{
		if (node->gids[i] == OLAP_GROUP_NONE)
			continue;
		node->kept_sel[nkept] = batch->sel == NULL ? i : batch->sel[i];
		node->gids[nkept++] = node->gids[i];
	}
	batch->sel = node->kept_sel;
	batch->nsel = nkept;
	olap_program_next(node->program);
}

/* ---- batches ---- */

void
olap_agg_grow_states(OlapAggNode *node, uint32 ngroups)
{
	node->ngroups = ngroups;
	for (int i = 0; i < node->nworks; i++)
	{
		AggWork    *work = &node->works[i];

		if (work->agg != NULL)
			olap_agg_grow(work->agg, ngroups);
		if (work->server != NULL)
			olap_generic_grow(work->server, ngroups);
	}
}

/*
 * The group of each row of batch, which is narrowed to rows that have one; the
 * others are put aside.  Returns whether they are all of one group.
 */
static bool
assign_groups(OlapAggNode *node, OlapBatch *batch)
{
	bool		one_group;
	ListCell   *lc;

	if (node->groups == NULL)
		return true;
	/* for their errors; rows that were put aside have raised none */
	if (node->level == 0)
		foreach(lc, node->derived_outs)
			(void) olap_program_eval(node->program, lfirst_int(lc), batch);
	for (int k = 0; k < node->nkeys; k++)
		node->keys[k] = olap_program_eval(node->program, node->key_at[k], batch);
	one_group = olap_groups_assign(node->groups, node->keys, batch->nsel,
								   node->gids);
	if (node->spill != NULL)
	{
		put_aside(node, batch);
		return false;
	}
	if (olap_groups_count(node->groups) > node->ngroups)
		olap_agg_grow_states(node, olap_groups_count(node->groups));
	return one_group;
}

/* Dictionaries are others from now on. */
void
olap_agg_new_place(OlapAggNode *node)
{
	for (int s = 0; s < node->nstages; s++)
		olap_program_new_place(node->stages[s].program);
	if (node->division != NULL)
		olap_division_new_place(node->division);
	if (node->groups != NULL)
		olap_groups_new_place(node->groups);
	for (int i = 0; i < node->nworks; i++)
	{
		if (node->works[i].agg != NULL)
			olap_agg_new_dictionaries(node->works[i].agg);
		if (node->works[i].sets != NULL)
			olap_distinct_sets_new_place(node->works[i].sets);
	}
	for (int i = 0; i < olap_agg_sets_number(node); i++)
		olap_agg_new_place(olap_agg_sets_get(node, i));
}

/* Group and aggregate the rows of a batch, which may be narrowed. */
void
olap_agg_take_rows(OlapAggNode *node, OlapBatch *batch, instr_time *last)
{
	uint32		before = node->ngroups;
	bool		one_group;

	one_group = assign_groups(node, batch);
	olap_agg_lap(node, last, &node->times.group);
	if (node->has_sets)
		olap_agg_limit_sets(node);
	if (batch->nsel > 0)
		run_stages(node, batch, one_group);
	if (node->ordered != NIL)
		olap_agg_limit_ordered(node);
	if (node->ngroups > before)
		check_memory(node);
	olap_agg_lap(node, last, &node->times.update);
}

static void
take_batch(OlapAggNode *node, OlapBatch *batch, instr_time *last)
{
	olap_program_next(node->program);
	if (node->family != NULL && !node->is_set)
		olap_agg_sets_take(node, batch, last);
	else
		olap_agg_take_rows(node, batch, last);
}

void
olap_agg_end_input(OlapAggNode *node)
{
	ListCell   *lc;

	node->peak_memory = Max(node->peak_memory, olap_agg_memory_used(node));
	if (node->has_sets)
		olap_agg_end_sets(node);
	olap_agg_end_ordered(node);
	node->groups_made += node->ngroups;
	if (node->spill != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(node->cxt);
		List	   *files = olap_spill_finish(node->spill);

		foreach(lc, files)
			node->spilled_bytes += ((OlapSpillFile *) lfirst(lc))->bytes;
		node->spilled_files += list_length(files);
		node->in_parts = true;
		node->spilled_level = Max(node->spilled_level, node->level + 1);
		node->files = list_concat(files, node->files);
		node->spill = NULL;
		MemoryContextSwitchTo(old);
	}
}

void
olap_agg_fill(OlapAggNode *node)
{
	instr_time	last;
	OlapBatch  *batch;

	if (node->timing)
		INSTR_TIME_SET_CURRENT(last);
	if (node->groups == NULL && node->family == NULL)
		olap_agg_grow_states(node, 1);
	while ((batch = olap_agg_scans_next(node)) != NULL)
	{
		olap_agg_lap(node, &last, &node->times.input);
		if (node->input.new_place)
			olap_agg_new_place(node);
		if (node->join != NULL)
			batch = olap_join_batch(node->join, batch, node->input.new_place);
		if (node->division != NULL)
			olap_agg_divide(node, batch);
		if (batch->nsel > 0)
			take_batch(node, batch, &last);
	}
	olap_agg_lap(node, &last, &node->times.input);
	if (node->family != NULL)
		olap_agg_sets_end(node);
	else
		olap_agg_end_input(node);
	node->filled = true;
}

/* Groups and states of the rows before are not needed any more. */
static void
forget_groups(OlapAggNode *node)
{
	olap_groups_reset(node->groups);
	node->ngroups = 0;
	node->next = node->first = node->nout = 0;
	for (int i = 0; i < node->nworks; i++)
	{
		AggWork    *work = &node->works[i];

		if (work->agg != NULL)
			olap_agg_reset(work->agg);
		if (work->sets != NULL)
			olap_distinct_sets_reset(work->sets);
		if (work->server != NULL)
			olap_generic_reset(work->server);
	}
	olap_agg_reset_ordered(node);
}

bool
olap_agg_refill(OlapAggNode *node)
{
	OlapSpillFile *file;
	OlapBatch  *batch;
	instr_time	last;

	if (node->files == NIL)
		return false;
	if (node->timing)
		INSTR_TIME_SET_CURRENT(last);
	if (node->reader == NULL)
		node->reader = olap_spill_reader_create(node->types, node->needed,
												node->natts, node->cxt);
	file = linitial(node->files);
	node->level = file->level;
	forget_groups(node);
	olap_agg_new_place(node);
	olap_spill_reader_open(node->reader, file);
	while ((batch = olap_spill_reader_next(node->reader)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		olap_agg_lap(node, &last, &node->times.input);
		take_batch(node, batch, &last);
	}
	node->files = list_delete_first(node->files);
	olap_agg_end_input(node);
	return true;
}

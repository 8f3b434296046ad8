/*-------------------------------------------------------------------------
 *
 * distinct_on_pass.c
 *		OlapDistinctOn: passes over the table, and what they leave out.
 *
 * Units (row groups, delta pages) are opened in the order of the best row that they
 * may have, by their zones.
 *
 * If the winners take more memory than there is, the keys are divided by their hash,
 * and each part has a pass of its own.  Units that earlier passes opened come first
 * then, in the same order.
 *
 * src/exec/distinct_on_pass.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/keep_memory.h"
#include "exec/distinct_on_internal.h"
#include "exec/scan_node.h"

/* How many parts the keys of one are divided into, and the most there are of all. */
#define DIVIDE 4
#define MAX_PARTS 4096

/* Winners that are kept whatever memory they take. */
#define LEAST_GROUPS (2 * OLAP_VECTOR_ROWS)

/* ---- what a run needs ---- */

static void
build_program(OlapDistinctOnNode *node)
{
	int			n = node->nkeys + node->norders + node->nchecks;
	bool		safe = true;

	node->program = olap_batch_input_compile(&node->input,
											 list_truncate(list_copy(node->columns), n),
											 node->cxt);
	node->check_outs = NIL;
	for (int out = 0; out < n; out++)
	{
		if (olap_program_is_safe(node->program, out))
			continue;
		safe = false;
		/* keys, and the first sort key, are computed of every row anyway */
		if (out >= node->nkeys + Min(node->norders, 1))
			node->check_outs = lappend_int(node->check_outs, out);
	}
	for (int i = 0; i < node->input.nrest; i++)
		safe &= olap_program_is_safe(node->input.rest, i);
	node->skip_col = safe && node->nkeys == 1 ? olap_scanned_column(node->columns, 0) : -1;
}

static void
build_groups(OlapDistinctOnNode *node)
{
	OlapGroupKey *keys = palloc0(node->nkeys * sizeof(OlapGroupKey));
	double		expected = node->css.ss.ps.plan->plan_rows;

	for (int i = 0; i < node->nkeys; i++)
	{
		keys[i].type = *olap_program_type(node->program, i);
		keys[i].order = node->key_orders[i];
	}
	node->groups = olap_groups_create(keys, node->nkeys, node->memory_limit, node->cxt);
	olap_groups_expect(node->groups,
					   Min(expected, (double) (node->memory_limit / 4 /
											   (2 * sizeof(int64) * node->nkeys))));
}

void
olap_distinct_on_restart(OlapDistinctOnNode *node)
{
	DistinctOnPart *all = MemoryContextAlloc(node->cxt, sizeof(DistinctOnPart));
	MemoryContext old = MemoryContextSwitchTo(node->cxt);

	*all = (DistinctOnPart) {.number = 0, .count = 1};
	node->parts = list_make1(all);
	MemoryContextSwitchTo(old);
	node->nout = node->next = node->loaded = node->pos = 0;
	node->runs++;
}

void
olap_distinct_on_build(OlapDistinctOnNode *node)
{
	MemoryContext old = MemoryContextSwitchTo(node->cxt);
	OlapSortSpec *sort = NULL;
	OlapSortSpec none = {0};
	int			col = -1;

	olap_batch_input_start(&node->input, node->scan, node->cxt);
	node->table = olap_scan_node_table(node->scan);
	olap_keep_memory();
	node->memory_limit = get_hash_memory_limit();
	build_program(node);
	build_groups(node);
	olap_distinct_on_build_skip(node);
	memset(&node->winners, 0, sizeof(node->winners));
	node->units = NULL;
	node->nunits = node->units_capacity = 0;
	node->out = NULL;
	node->keys = palloc(node->nkeys * sizeof(OlapVector *));
	node->gids = palloc(OLAP_VECTOR_ROWS * sizeof(uint32));
	node->hashes = palloc(OLAP_VECTOR_ROWS * sizeof(uint32));
	node->kept_sel = palloc(OLAP_VECTOR_ROWS * sizeof(uint16));
	if (node->norders > 0)
	{
		sort = &node->orders[0].sort;
		col = olap_scanned_column(node->columns, node->orders[0].out);
		sort->no_nulls = col >= 0 && olap_scan_node_rejects_nulls(node->scan, col);
	}
	if (node->table != NULL)
		node->queue = olap_place_queue_create(node->table, col,
											  sort == NULL ? &none : sort, node->cxt);
	olap_distinct_on_restart(node);
	MemoryContextSwitchTo(old);
}

/* ---- rows ---- */

static void
eval_keys(OlapDistinctOnNode *node, OlapBatch *batch)
{
	for (int k = 0; k < node->nkeys; k++)
		node->keys[k] = olap_program_eval(node->program, k, batch);
}

/* Narrow batch to the rows of the part at hand. */
static void
keep_part(OlapDistinctOnNode *node, OlapBatch *batch)
{
	uint32		n = 0;

	olap_groups_hash(node->groups, node->keys, batch->nsel, 0, node->hashes);
	for (uint32 i = 0; i < batch->nsel; i++)
		if (olap_distinct_on_in_part(node, i))
			node->kept_sel[n++] = batch->sel == NULL ? i : batch->sel[i];
	batch->sel = node->kept_sel;
	batch->nsel = n;
	olap_program_next(node->program);
}

static void
take_batch(OlapDistinctOnNode *node, OlapBatch *batch, uint64 where)
{
	ListCell   *lc;

	olap_program_next(node->program);
	foreach(lc, node->check_outs)
		(void) olap_program_eval(node->program, lfirst_int(lc), batch);
	eval_keys(node, batch);
	if (node->part.count > 1)
	{
		keep_part(node, batch);
		if (batch->nsel == 0)
			return;
		eval_keys(node, batch);
	}
	(void) olap_groups_assign(node->groups, node->keys, batch->nsel, node->gids);
	if (olap_groups_count(node->groups) > node->winners.ngroups)
		olap_distinct_on_grow(node, olap_groups_count(node->groups));
	olap_distinct_on_contest(node, batch, where);
}

/* Do the winners take so much memory that fewer keys had better be looked at? */
static bool
too_many(OlapDistinctOnNode *node)
{
	size_t		memory = olap_distinct_on_memory(node);

	node->peak_memory = Max(node->peak_memory, memory);
	return memory > node->memory_limit && node->part.count < MAX_PARTS &&
		node->winners.ngroups > LEAST_GROUPS;
}

/* False: too many winners. */
static bool
read_unit(OlapDistinctOnNode *node, uint64 number)
{
	DistinctOnUnit *unit = &node->units[number];
	uint32		n = olap_scan_open_unit(node->table, unit->place, unit->unit,
										unit->opened);
	bool		descending = node->norders > 0 && node->orders[0].sort.descending;

	unit->opened = true;
	for (uint32 i = 0; i < n; i++)
	{
		/* rows tend to be in ascending order: take the best ones first */
		uint32		vector = descending ? n - 1 - i : i;
		OlapBatch  *batch = olap_batch_input_load(&node->input, vector);

		if (node->input.new_place)
		{
			olap_program_new_place(node->program);
			olap_groups_new_place(node->groups);
		}
		if (batch == NULL)
			continue;
		take_batch(node, batch, number << DISTINCT_ON_UNIT_BITS |
				   vector << DISTINCT_ON_VECTOR_BITS);
		if (too_many(node))
			return false;
	}
	return true;
}

/* ---- passes ---- */

uint64
olap_distinct_on_unopened(const OlapDistinctOnNode *node)
{
	uint64		n = 0;

	for (uint64 i = 0; i < node->nunits; i++)
		n += !node->units[i].opened;
	return n;
}

static void
add_unit(OlapDistinctOnNode *node, const OlapClosedPlace *item)
{
	if (node->nunits == node->units_capacity)
	{
		node->units_capacity = Max(64, node->units_capacity * 2);
		node->units = node->units == NULL ?
			MemoryContextAllocHuge(node->cxt, node->units_capacity *
								   sizeof(DistinctOnUnit)) :
			repalloc_huge(node->units, node->units_capacity *
						  sizeof(DistinctOnUnit));
	}
	node->units[node->nunits++] = (DistinctOnUnit) {.first = item->first,
		.place = item->place, .unit = item->unit};
}

/* Have unit number in node->units; false if there is none. */
static bool
have_unit(OlapDistinctOnNode *node, uint64 number)
{
	while (number >= node->nunits)
	{
		OlapClosedPlace item;

		CHECK_FOR_INTERRUPTS();
		if (olap_place_queue_first(node->queue) == NULL)
			return false;
		if (olap_place_queue_pop(node->queue, &item))
			add_unit(node, &item);
	}
	return true;
}

/* The keys of the part at hand are too many. */
static void
divide_part(OlapDistinctOnNode *node)
{
	MemoryContext old = MemoryContextSwitchTo(node->cxt);

	for (uint32 i = 0; i < DIVIDE; i++)
	{
		DistinctOnPart *part = palloc(sizeof(DistinctOnPart));

		part->number = node->part.number + i * node->part.count;
		part->count = node->part.count * DIVIDE;
		node->parts = lcons(part, node->parts);
	}
	MemoryContextSwitchTo(old);
}

/* Find the winners of the part at hand; false if they take too much memory. */
static bool
run_part(OlapDistinctOnNode *node)
{
	olap_groups_reset(node->groups);
	olap_distinct_on_forget(node);
	node->passes++;
	for (uint64 i = 0; have_unit(node, i); i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!olap_distinct_on_loses(node, &node->units[i]) && !read_unit(node, i))
			return false;
	}
	return true;
}

bool
olap_distinct_on_pass(OlapDistinctOnNode *node)
{
	do
	{
		if (node->parts == NIL || node->table == NULL)
			return false;
		node->nout = node->next = 0;
		node->part = *(DistinctOnPart *) linitial(node->parts);
		pfree(linitial(node->parts));
		node->parts = list_delete_first(node->parts);
		if (run_part(node))
			olap_distinct_on_collect(node);
		else
			divide_part(node);
	} while (node->nout == 0);
	return true;
}

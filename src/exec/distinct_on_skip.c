/*-------------------------------------------------------------------------
 *
 * distinct_on_skip.c
 *		OlapDistinctOn: row groups that are left out.
 *
 * If there is one key, a column, a row group's dictionary or the range of its integers
 * says which keys it may have: if each of them has a winner that no row of the row
 * group is before, it is left out.  Keys that a clause about them alone rejects do not
 * count.  What is said is of all rows, whether or not they are visible or pass other
 * clauses: then more is read, never less.  Nothing is left out where an expression may
 * raise an error.
 *
 * src/exec/distinct_on_skip.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "exec/distinct_on_internal.h"
#include "exec/scan_node.h"
#include "vector/words.h"

/* So many keys are tested by clauses, at most. */
#define MAX_TESTED (8 * OLAP_VECTOR_ROWS)

void
olap_distinct_on_build_skip(OlapDistinctOnNode *node)
{
	if (node->skip_col < 0)
		return;
	olap_vector_init(&node->null_key, olap_program_type(node->program, 0), 1,
					 node->cxt);
	olap_vector_append_null(&node->null_key);
	node->key_filter = olap_scan_node_column_filter(node->scan, node->skip_col,
													node->cxt);
}

/* Positions of the n keys of v that WHERE lets pass, in sel; returns how many. */
static uint32
test_keys(OlapDistinctOnNode *node, const OlapVector *v, uint32 n, uint16 *sel)
{
	OlapVector	key = *v;
	OlapBatch	batch = {.ncols = 1, .nrows = n, .nsel = n, .cols = &key, .place = 1};

	if (node->key_filter != NULL)
	{
		olap_filter_new_place(node->key_filter);
		(void) olap_filter_run(node->key_filter, &batch);
	}
	for (uint32 i = 0; i < batch.nsel; i++)
		sel[i] = batch.sel == NULL ? i : batch.sel[i];
	return batch.nsel;
}

/* Has each of the n keys of v a winner that no row behind first is before? */
static bool
keys_lose(OlapDistinctOnNode *node, const OlapVector *v, uint32 n,
		  const OlapSortPos *first)
{
	uint16	   *sel = node->kept_sel;
	uint32		nsel = test_keys(node, v, n, sel);

	(void) olap_groups_assign(node->groups, &v, n, node->gids);
	if (node->part.count > 1)
		olap_groups_hash(node->groups, &v, n, 0, node->hashes);
	for (uint32 s = 0; s < nsel; s++)
	{
		uint32		i = sel[s];

		if (node->part.count > 1 && !olap_distinct_on_in_part(node, i))
			continue;
		if (node->gids[i] == OLAP_GROUP_NONE ||
			!olap_distinct_on_beats(node, node->gids[i], first))
			return false;
	}
	return true;
}

/* More different keys than winners cannot all have one, if all count. */
static uint32
most_keys(const OlapDistinctOnNode *node)
{
	uint64		most = (uint64) node->winners.nwon;

	if (node->part.count > 1)
		most *= 2 * node->part.count;
	if (node->key_filter != NULL)
		most = Max(most, MAX_TESTED);
	return (uint32) Min(most, PG_INT32_MAX);
}

static bool
unit_loses(OlapDistinctOnNode *node, const DistinctOnUnit *unit)
{
	bool		nulls = false;
	const OlapVector *values = olap_scan_unit_values(node->table, unit->place,
													 unit->unit, node->skip_col,
													 most_keys(node), &nulls);

	if (values == NULL ||
		(nulls && !keys_lose(node, &node->null_key, 1, &unit->first)))
		return false;
	for (uint32 first = 0; first < values->n; first += OLAP_VECTOR_ROWS)
	{
		uint32		n = Min(values->n - first, OLAP_VECTOR_ROWS);
		OlapVector	slice = olap_vector_slice(values, first, n);

		if (!keys_lose(node, &slice, n, &unit->first))
			return false;
	}
	return true;
}

bool
olap_distinct_on_loses(OlapDistinctOnNode *node, const DistinctOnUnit *unit)
{
	MemoryContext cxt,
				old;
	bool		loses;

	if (node->skip_col < 0 || node->winners.nwon == 0)
		return false;
	cxt = AllocSetContextCreate(node->cxt, "OlapDistinctOn keys",
								ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(cxt);
	olap_groups_freeze(node->groups);
	loses = unit_loses(node, unit);
	olap_groups_thaw(node->groups);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return loses;
}

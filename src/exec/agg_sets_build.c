/*-------------------------------------------------------------------------
 *
 * agg_sets_build.c
 *		OlapAgg: the nodes of grouping sets, and what each is made of.
 *
 * src/exec/agg_sets_build.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "exec/agg_sets_internal.h"

/* May sets be rolled up? */
static bool
all_merge(const OlapAggNode *node)
{
	for (int i = 0; i < node->nworks; i++)
	{
		const OlapAggCall *call = &node->works[i].call;

		if (call->kind == OLAP_CALL_GENERIC || call->kind == OLAP_CALL_ORDERED ||
			call->distinct || !olap_agg_kind_merges(call->kind))
			return false;
	}
	return true;
}

/* A node for the keys in list, without groups. */
static OlapAggNode *
make_set(OlapAggNode *parent, const List *keys)
{
	OlapAggNode *set = palloc(sizeof(OlapAggNode));

	*set = *parent;
	set->is_set = true;
	set->family = parent->family;
	set->cxt = AllocSetContextCreate(parent->cxt, "OlapAgg set",
									 ALLOCSET_DEFAULT_SIZES);
	memset(&set->topn, 0, sizeof(set->topn));
	set->sets = set->groupings = NIL;
	set->shared = NULL;

	set->nkeys = list_length(keys);
	set->key_at = palloc(Max(set->nkeys, 1) * sizeof(int));
	set->orders = palloc(Max(set->nkeys, 1) * sizeof(OlapOrder));
	for (int k = 0; k < set->nkeys; k++)
	{
		set->key_at[k] = list_nth_int(keys, k);
		set->orders[k] = parent->orders[set->key_at[k]];
	}
	set->works = palloc(Max(set->nworks, 1) * sizeof(AggWork));
	memcpy(set->works, parent->works, set->nworks * sizeof(AggWork));
	olap_agg_sets_forget_counts(set);
	set->stages = palloc(set->nstages * sizeof(AggStage));
	for (int s = 0; s < set->nstages; s++)
	{
		AggStage   *stage = &set->stages[s];

		*stage = parent->stages[s];
		stage->works = palloc(Max(stage->nworks, 1) * sizeof(AggWork *));
		for (int w = 0; w < stage->nworks; w++)
			stage->works[w] = set->works +
				(parent->stages[s].works[w] - parent->works);
	}
	return set;
}

static void
build_set(OlapAggFamily *family, OlapAggNode *set, double expected)
{
	MemoryContext old = MemoryContextSwitchTo(set->cxt);

	set->memory_limit = family->limit / family->n;
	olap_agg_build_states(set, expected);
	if (set->groups == NULL)
		olap_agg_grow_states(set, 1);
	MemoryContextSwitchTo(old);
}

bool
olap_agg_sets_find_keys(const OlapAggNode *set, const OlapAggNode *other, int *places)
{
	for (int k = 0; k < set->nkeys; k++)
	{
		int			at = 0;

		while (at < other->nkeys && other->key_at[at] != set->key_at[k])
			at++;
		if (at == other->nkeys)
			return false;
		places[k] = at;
	}
	return true;
}

/* The source of set i: the one with the fewest keys. */
static int
find_source(const OlapAggFamily *family, int i)
{
	const OlapAggNode *set = family->members[i].node;
	int		   *places = palloc(Max(set->nkeys, 1) * sizeof(int));
	int			source = i;

	while (--source >= 0)
		if (olap_agg_sets_find_keys(set, family->members[source].node, places))
			break;
	pfree(places);
	return source;
}

static int
compare_sets(const ListCell *a, const ListCell *b)
{
	return list_length(lfirst(b)) - list_length(lfirst(a));
}

/* All keys of sets in lists of the plan. */
static List *
all_keys(const List *sets)
{
	List	   *keys = NIL;
	ListCell   *lc;

	foreach(lc, sets)
		keys = list_concat_unique_int(keys, list_copy_tail(lfirst(lc), 1));
	return keys;
}

/* How many of sets, in order, have no source among the others? */
static int
count_fed(const List *sets)
{
	int			fed = 0;

	for (int i = 0; i < list_length(sets); i++)
	{
		List	   *keys = list_copy_tail(list_nth(sets, i), 1);
		int			source = i;

		while (--source >= 0)
			if (list_difference_int(keys, list_copy_tail(list_nth(sets, source),
														 1)) == NIL)
				break;
		fed += source < 0;
	}
	return fed;
}

void
olap_agg_sets_build(OlapAggNode *node)
{
	List	   *sets = list_copy(node->sets);
	bool		merge = all_merge(node);
	bool		hidden;
	OlapAggFamily *family;

	list_sort(sets, compare_sets);
	hidden = merge && count_fed(sets) > 1;
	if (hidden)
		sets = lcons(lcons_int(MAX_HIDDEN_GROUPS, all_keys(sets)), sets);
	family = palloc0(offsetof(OlapAggFamily, members) +
					 list_length(sets) * sizeof(AggSetMember));
	family->parent = node;
	family->limit = node->memory_limit;
	family->n = list_length(sets);
	node->family = family;
	for (int i = 0; i < family->n; i++)
	{
		List	   *set = list_nth(sets, i);
		AggSetMember *member = &family->members[i];

		member->node = make_set(node, list_copy_tail(set, 1));
		member->hidden = hidden && i == 0;
		member->source = merge ? find_source(family, i) : SET_FED;
		build_set(family, member->node, linitial_int(set));
		for (int w = 0; merge && w < node->nworks; w++)
			olap_agg_keep_turns(member->node->works[w].agg);
	}
}

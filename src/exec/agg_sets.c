/*-------------------------------------------------------------------------
 *
 * agg_sets.c
 *		OlapAgg: GROUPING SETS, ROLLUP, CUBE in one scan.
 *
 * Each set has a node of its own, with groups, states, and files of rows that were
 * put aside; the node of the plan reads batches, and their expressions are
 * evaluated once for all sets.  A set gets its groups in one of two ways:
 *
 * - it is fed with rows;
 * - it is rolled up from its source, a set with all of its keys and more, when the
 *   input ends: the source's groups are its rows.  That takes states that can be
 *   added up (olap_agg_kind_merges()), and only sets without rows put aside are
 *   sources.
 *
 * So each set is fed that has no source among the others.  If there are several of
 * these, one more set of all their keys is the source of all, for as long as it has
 * few groups.  When memory gets short, sets are rolled up from what their sources
 * have so far, and fed from then on; when it is spent, a set makes no new groups,
 * and puts its rows aside like any OlapAgg.
 *
 * src/exec/agg_sets.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "exec/agg_internal.h"

/*
 * More groups than this of a set that nobody asked for: their states leave the
 * cache, and feeding the others is cheaper.  Measured: docs/architecture/agg.md.
 */
#define MAX_HIDDEN_GROUPS 1024

#define FED (-1)

typedef struct Member
{
	OlapAggNode *node;
	int			source;			/* number of a set before this one, or FED */
	bool		hidden;			/* not one of the query's */
	bool		gone;			/* its memory is freed, or soon will be */
	bool		feed;			/* with the batch at work, still */
} Member;

struct OlapAggFamily
{
	OlapAggNode *parent;
	size_t		limit;			/* memory of all sets */
	bool		spilled;		/* some rows were put aside */
	int			out;			/* set whose groups go up; n and more: of files */
	int			n;
	Member		members[FLEXIBLE_ARRAY_MEMBER]; /* those with more keys first */
};

int
olap_agg_sets_number(const OlapAggNode *node)
{
	return node->family == NULL || node->is_set ? 0 : node->family->n;
}

OlapAggNode *
olap_agg_sets_get(const OlapAggNode *node, int i)
{
	return node->family->members[i].node;
}

void
olap_agg_sets_begin(OlapAggNode *node, CustomScan *plan)
{
	node->sets = lfourth(plan->custom_private);
	node->groupings = list_nth(plan->custom_private, 4);
}

/* ---- build ---- */

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

static void
forget_counts(OlapAggNode *set)
{
	memset(&set->times, 0, sizeof(set->times));
	set->peak_memory = set->groups_made = set->left_out = 0;
	set->spilled_files = set->spilled_rows = set->spilled_bytes = 0;
	set->spilled_level = 0;
	set->aside_files = set->aside_values = set->aside_bytes = 0;
	set->ordered_sorts = set->ordered_kb = 0;
	for (int i = 0; i < set->nworks; i++)
		set->works[i].server_rows = 0;
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
	forget_counts(set);
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

/* The place of each key of set among those of other; false if one is missing. */
static bool
find_keys(const OlapAggNode *set, const OlapAggNode *other, int *places)
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
		if (find_keys(set, family->members[source].node, places))
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
					 list_length(sets) * sizeof(Member));
	family->parent = node;
	family->limit = node->memory_limit;
	family->n = list_length(sets);
	node->family = family;
	for (int i = 0; i < family->n; i++)
	{
		List	   *set = list_nth(sets, i);
		Member	   *member = &family->members[i];

		member->node = make_set(node, list_copy_tail(set, 1));
		member->hidden = hidden && i == 0;
		member->source = merge ? find_source(family, i) : FED;
		build_set(family, member->node, linitial_int(set));
		for (int w = 0; merge && w < node->nworks; w++)
			olap_agg_keep_turns(member->node->works[w].agg);
	}
}

/* ---- rolling up ---- */

/* Add the states of source's groups from first on to those of gids. */
static void
merge_work(OlapAggNode *set, AggWork *work, const AggWork *from,
		   const uint32 *gids, uint32 first, uint32 n)
{
	if (!olap_agg_merge(work->agg, gids, from->agg, first, n))
		for (uint32 i = 0; i < n; i++)
		{
			OlapAggValue value;
			OlapGeneric *server;

			if (olap_agg_merge_one(work->agg, gids[i], from->agg, first + i))
				continue;
			olap_agg_get(from->agg, first + i, &value);
			server = olap_agg_server(set, work);
			olap_generic_merge_state(server, gids[i],
									 olap_agg_call_serialize(&value,
															 olap_generic_deserialfn(server)));
		}
	if (from->server == NULL)
		return;
	for (uint32 i = 0; i < n; i++)
		if (olap_generic_has_rows(from->server, first + i))
			olap_generic_merge_group(olap_agg_server(set, work), gids[i],
									 from->server, first + i);
}

/* The groups of set to which those of source from first on belong. */
static void
assign(OlapAggNode *set, const OlapAggNode *source, const int *places,
	   uint32 first, uint32 n)
{
	if (set->groups == NULL)
	{
		memset(set->gids, 0, n * sizeof(uint32));
		return;
	}
	for (int k = 0; k < set->nkeys; k++)
	{
		OlapVector *v = &set->out_keys[k];

		olap_vector_reset(v, olap_program_type(set->program, set->key_at[k]));
		olap_groups_keys(source->groups, places[k], first, n, v);
		set->keys[k] = v;
	}
	(void) olap_groups_assign(set->groups, set->keys, n, set->gids);
	if (olap_groups_count(set->groups) > set->ngroups)
		olap_agg_grow_states(set, olap_groups_count(set->groups));
}

static void
roll_up(OlapAggNode *set, const OlapAggNode *source)
{
	MemoryContext old = MemoryContextSwitchTo(set->cxt);
	int		   *places = palloc(Max(set->nkeys, 1) * sizeof(int));

	if (!find_keys(set, source, places))
		elog(ERROR, "a grouping set's source has not its keys");
	for (uint32 first = 0; first < source->ngroups; first += OLAP_VECTOR_ROWS)
	{
		uint32		n = Min(source->ngroups - first, OLAP_VECTOR_ROWS);

		CHECK_FOR_INTERRUPTS();
		assign(set, source, places, first, n);
		for (int i = 0; i < set->nworks; i++)
			merge_work(set, &set->works[i], &source->works[i], set->gids, first, n);
	}
	if (set->groups != NULL)
		olap_groups_new_place(set->groups);
	pfree(places);
	MemoryContextSwitchTo(old);
}

/* Roll up what set i is the source of; those sets are fed from now on. */
static void
detach(OlapAggFamily *family, int i)
{
	Member	   *source = &family->members[i];

	for (int m = i + 1; m < family->n; m++)
		if (family->members[m].source == i)
		{
			roll_up(family->members[m].node, source->node);
			family->members[m].source = FED;
			/* the batch at work: if the source has it, so has the set */
			family->members[m].feed = source->feed;
		}
	source->gone |= source->hidden;
}

/* ---- memory ---- */

/* How many sets wait for each set: its own, and what waits for those. */
static void
count_waiting(const OlapAggFamily *family, int *waiting)
{
	memset(waiting, 0, family->n * sizeof(int));
	/* sources come before the sets that are made of them */
	for (int m = family->n - 1; m > 0; m--)
		if (family->members[m].source != FED)
			waiting[family->members[m].source] += 1 + waiting[m];
}

/*
 * What the sets will have when those that wait have as much as their sources;
 * *largest: whose waiting sets have most of it, -1 if none waits.
 */
static size_t
expected_memory(const OlapAggFamily *family, int *largest)
{
	int		   *waiting = palloc(family->n * sizeof(int));
	size_t		sum = 0,
				most = 0;

	*largest = -1;
	count_waiting(family, waiting);
	for (int i = 0; i < family->n; i++)
	{
		const Member *member = &family->members[i];
		size_t		mine,
					others;

		if (member->gone || member->source != FED)
			continue;
		mine = olap_agg_memory_used(member->node);
		others = mine * waiting[i];
		sum += mine + others;
		if (others > most)
		{
			most = others;
			*largest = i;
		}
	}
	pfree(waiting);
	return sum;
}

static void
free_set(OlapAggFamily *family, int i)
{
	OlapAggNode *set = family->members[i].node;

	olap_agg_discard_states(set);
	set->groups = NULL;
	MemoryContextReset(set->cxt);
	family->members[i].gone = true;
}

static size_t
used_by(const OlapAggFamily *family)
{
	size_t		used = 0;

	for (int i = 0; i < family->n; i++)
		if (!family->members[i].gone)
			used += olap_agg_memory_used(family->members[i].node);
	return used;
}

/*
 * Sets that wait may need as much memory as their source has.  If that is more
 * than there is, the sets of the largest source wait no longer.
 */
bool
olap_agg_sets_make_room(OlapAggNode *set)
{
	OlapAggFamily *family = set->family;
	size_t		used = olap_agg_memory_used(set);
	size_t		share = family->limit / family->n / 4;

	for (;;)
	{
		int			largest;
		size_t		worst = expected_memory(family, &largest);

		if (worst <= family->limit)
		{
			set->memory_limit = used + Max((family->limit - worst) / family->n,
										   share / 4);
			return true;
		}
		if (largest < 0)
			break;
		detach(family, largest);
	}
	/* what is small may grow a little, so that it need not be put aside */
	if (used >= share)
		return false;
	set->memory_limit = share;
	return true;
}

/* ---- input ---- */

void
olap_agg_sets_take(OlapAggNode *node, OlapBatch *batch, instr_time *last)
{
	OlapAggFamily *family = node->family;
	uint16	   *sel = batch->sel;
	uint32		nsel = batch->nsel;
	Member	   *first = &family->members[0];

	for (int i = 0; i < family->n; i++)
		family->members[i].feed = !family->members[i].gone &&
			family->members[i].source == FED;
	for (int i = 0; i < family->n; i++)
	{
		if (!family->members[i].feed)
			continue;
		family->members[i].feed = false;
		olap_agg_take_rows(family->members[i].node, batch, last);
		if (batch->sel != sel || batch->nsel != nsel)
		{
			batch->sel = sel;
			batch->nsel = nsel;
			olap_program_next(node->program);
		}
	}
	if (first->hidden && first->node->groups != NULL)
	{
		if (first->node->ngroups > MAX_HIDDEN_GROUPS)
			detach(family, 0);
		if (first->gone)
			free_set(family, 0);
	}
}

void
olap_agg_sets_end(OlapAggNode *node)
{
	OlapAggFamily *family = node->family;

	for (int i = 0; i < family->n; i++)
	{
		Member	   *member = &family->members[i];

		if (member->source == FED)
			node->sets_fed += !member->gone;
		else
		{
			roll_up(member->node, family->members[member->source].node);
			node->sets_rolled_up++;
		}
	}
	node->peak_memory = Max(node->peak_memory, used_by(family));
	if (family->members[0].hidden && !family->members[0].gone)
		free_set(family, 0);
	for (int i = 0; i < family->n; i++)
	{
		OlapAggNode *set = family->members[i].node;

		if (family->members[i].gone)
			continue;
		olap_agg_end_input(set);
		set->filled = true;
		family->spilled |= set->files != NIL;
	}
}

/* ---- the way out ---- */

/* What a row of set has beside its keys and aggregates. */
static void
complete_row(OlapAggNode *node, const OlapAggNode *set)
{
	TupleTableSlot *slot = node->css.ss.ss_ScanTupleSlot;
	uint64		has[(MaxTupleAttributeNumber + 63) / 64] = {0};
	int			at = node->nkeys + node->nworks;
	ListCell   *lc,
			   *key;

	for (int k = 0; k < set->nkeys; k++)
		has[set->key_at[k] / 64] |= UINT64CONST(1) << (set->key_at[k] % 64);
	for (int k = 0; k < node->nkeys; k++)
		if ((has[k / 64] >> (k % 64) & 1) == 0)
		{
			slot->tts_isnull[k] = true;
			slot->tts_values[k] = (Datum) 0;
		}
	foreach(lc, node->groupings)
	{
		int32		bits = 0;

		foreach(key, (List *) lfirst(lc))
		{
			int			k = lfirst_int(key);

			bits = bits << 1 | !(has[k / 64] >> (k % 64) & 1);
		}
		slot->tts_isnull[at] = false;
		slot->tts_values[at++] = Int32GetDatum(bits);
	}
}

/*
 * First the groups that are in memory, whose sets then are freed if memory is
 * wanted; then, one set after another, those of files.
 */
bool
olap_agg_sets_next_row(OlapAggNode *node)
{
	OlapAggFamily *family = node->family;

	for (; family->out < 2 * family->n; family->out++)
	{
		int			i = family->out % family->n;
		OlapAggNode *set = family->members[i].node;

		if (family->members[i].gone)
			continue;
		do
		{
			if (olap_agg_emit(set))
			{
				complete_row(node, set);
				return true;
			}
		} while (family->out >= family->n && olap_agg_refill(set));
		if (family->spilled && set->files == NIL)
			free_set(family, i);
	}
	return false;
}

bool
olap_agg_sets_repeat(const OlapAggNode *node)
{
	const OlapAggFamily *family = node->family;

	if (family->spilled)
		return false;
	for (int i = 0; i < family->n; i++)
		if (!family->members[i].gone &&
			!olap_agg_results_repeat(family->members[i].node))
			return false;
	return true;
}

void
olap_agg_sets_again(OlapAggNode *node)
{
	for (int i = 0; i < node->family->n; i++)
	{
		OlapAggNode *set = node->family->members[i].node;

		set->next = set->first = set->nout = 0;
	}
	node->family->out = 0;
}

/* ---- the end ---- */

void
olap_agg_sets_discard(OlapAggNode *node)
{
	olap_agg_sets_count(node);
	for (int i = 0; i < node->family->n; i++)
		olap_agg_discard_states(node->family->members[i].node);
	node->family = NULL;
}

/* Move the counters of a set to node. */
static void
move_counts(OlapAggNode *node, OlapAggNode *set)
{
	node->times.input += set->times.input;
	node->times.group += set->times.group;
	node->times.update += set->times.update;
	node->times.output += set->times.output;
	node->peak_memory = Max(node->peak_memory, set->peak_memory);
	node->groups_made += set->groups_made;
	node->spilled_files += set->spilled_files;
	node->spilled_rows += set->spilled_rows;
	node->spilled_bytes += set->spilled_bytes;
	node->spilled_level = Max(node->spilled_level, set->spilled_level);
	node->aside_files += set->aside_files;
	node->aside_values += set->aside_values;
	node->aside_bytes += set->aside_bytes;
	node->ordered_sorts += set->ordered_sorts;
	node->ordered_kb += set->ordered_kb;
	for (int i = 0; i < node->nworks; i++)
		node->works[i].server_rows += set->works[i].server_rows;
	forget_counts(set);
}

void
olap_agg_sets_count(OlapAggNode *node)
{
	for (int i = 0; i < olap_agg_sets_number(node); i++)
		move_counts(node, node->family->members[i].node);
}

void
olap_agg_sets_explain(OlapAggNode *node, List *names, ExplainState *es)
{
	List	   *sets = NIL;
	ListCell   *lc;

	foreach(lc, node->sets)
	{
		List	   *set = lfirst(lc);
		StringInfoData text;

		initStringInfo(&text);
		appendStringInfoChar(&text, '(');
		for (int i = 1; i < list_length(set); i++)
			appendStringInfo(&text, "%s%s", i > 1 ? ", " : "",
							 (char *) list_nth(names, list_nth_int(set, i)));
		appendStringInfoChar(&text, ')');
		sets = lappend(sets, text.data);
	}
	ExplainPropertyList("Grouping Sets", sets, es);
	if (!es->analyze)
		return;
	ExplainPropertyUInteger("Sets Fed by Rows", NULL, node->sets_fed, es);
	ExplainPropertyUInteger("Sets Rolled Up", NULL, node->sets_rolled_up, es);
}

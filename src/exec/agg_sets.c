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

#include "utils/memutils.h"

#include "base/compat.h"
#include "exec/agg_sets_internal.h"

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
	node->sets = olap_agg_private(plan, PRIVATE_SETS);
	node->groupings = olap_agg_private(plan, PRIVATE_GROUPINGS);
}

/* ---- input ---- */

void
olap_agg_sets_take(OlapAggNode *node, OlapBatch *batch, instr_time *last)
{
	OlapAggFamily *family = node->family;
	uint16	   *sel = batch->sel;
	uint32		nsel = batch->nsel;
	AggSetMember *first = &family->members[0];

	for (int i = 0; i < family->n; i++)
		family->members[i].feed = !family->members[i].gone &&
			family->members[i].source == SET_FED;
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
			olap_agg_sets_detach(family, 0);
		if (first->gone)
			olap_agg_sets_free(family, 0);
	}
}

void
olap_agg_sets_end(OlapAggNode *node)
{
	OlapAggFamily *family = node->family;

	for (int i = 0; i < family->n; i++)
	{
		AggSetMember *member = &family->members[i];

		if (member->source == SET_FED)
			node->sets_fed += !member->gone;
		else
		{
			olap_agg_sets_roll_up(member->node, family->members[member->source].node);
			node->sets_rolled_up++;
		}
	}
	node->peak_memory = Max(node->peak_memory, olap_agg_sets_used(family));
	if (family->members[0].hidden && !family->members[0].gone)
		olap_agg_sets_free(family, 0);
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
			olap_agg_sets_free(family, i);
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
olap_agg_sets_free(OlapAggFamily *family, int i)
{
	OlapAggNode *set = family->members[i].node;

	olap_agg_discard_states(set);
	set->groups = NULL;
	MemoryContextReset(set->cxt);
	family->members[i].gone = true;
}

void
olap_agg_sets_forget_counts(OlapAggNode *set)
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
	olap_agg_sets_forget_counts(set);
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

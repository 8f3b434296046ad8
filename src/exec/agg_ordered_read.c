/*-------------------------------------------------------------------------
 *
 * agg_ordered_read.c
 *		OlapAgg: go through the values of a group in order.
 *
 * One pass gives every aggregate of the set what it needs: values at ranks, the
 * most frequent one, or all rows.  By-reference values live as long as the row
 * that goes up.
 *
 * src/exec/agg_ordered_read.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/datum.h"

#include "base/compat.h"
#include "exec/agg_ordered.h"

/* ---- the most frequent value ---- */

static bool
same_value(OlapOrderedSet *set, Datum a, Datum b)
{
	if (set->has_words)
		return olap_value_words_equal(set->words.order, DatumGetInt64(a),
									  DatumGetInt64(b));
	return DatumGetBool(FunctionCall2Coll(&set->mode_equal, set->mode_collation,
										  a, b));
}

static void
advance_mode(OlapOrderedSet *set, Datum value)
{
	OrderedMode *mode = &set->mode;

	if (mode->run > 0 && same_value(set, mode->current, value))
		mode->run++;
	else
	{
		if (mode->run > 0 && !set->has_words && !set->typbyval &&
			mode->current != mode->first)
			pfree(DatumGetPointer(mode->current));
		mode->current = set->has_words ? value :
			datumCopy(value, set->typbyval, set->typlen);
		mode->run = 1;
	}
	if (mode->run > mode->frequency)
	{
		if (mode->frequency > 0 && !set->has_words && !set->typbyval &&
			mode->first != mode->current)
			pfree(DatumGetPointer(mode->first));
		mode->frequency = mode->run;
		mode->first = mode->last = mode->current;
	}
	else if (mode->run == mode->frequency)
		mode->last = mode->current;
}

/* ---- words in memory ---- */

static void
read_words(OlapOrderedSet *set, uint32 gid)
{
	uint64		n;
	int64	   *words = olap_value_lists_group(set->lists, gid, &n);

	if (set->has_mode)
	{
		olap_words_sort(words, n);
		for (uint64 i = 0; i < n; i++)
		{
			CHECK_FOR_INTERRUPTS();
			advance_mode(set, Int64GetDatum(words[i]));
		}
	}
	else
	{
		uint64	   *ranks = palloc(Max(set->nranks, 1) * sizeof(uint64));

		for (int i = 0; i < set->nranks; i++)
			ranks[i] = set->ranks[i].rank;
		olap_words_select(words, n, ranks, set->nranks);
		pfree(ranks);
	}
	for (int i = 0; i < set->nranks; i++)
		set->ranks[i].value = Int64GetDatum(words[set->ranks[i].rank]);
}

/* ---- the server's sort ---- */

static void
skip_groups(OlapOrderedSet *set, uint32 gid)
{
	int64		n = 0;

	for (; set->next < gid; set->next++)
		n += set->next < set->ncounts ? set->counts[set->next] : 0;
	if (n > 0 && !tuplesort_skiptuples(set->sort, n, true))
		elog(ERROR, "sorted values of an aggregate end early");
}

/* DISTINCT: is the row in slot the one before once more? */
static bool
is_repeated(OlapOrderedSet *set, const TupleTableSlot *slot,
			const NullableDatum *before)
{
	for (int i = 0; i < set->nequal; i++)
	{
		int			col = set->equal_cols[i];
		const NullableDatum *other = &before[col - set->first];

		if (slot->tts_isnull[col] != other->isnull)
			return false;
		if (!other->isnull &&
			!DatumGetBool(FunctionCall2Coll(&set->equal_fns[i],
											set->equal_collations[i],
											other->value, slot->tts_values[col])))
			return false;
	}
	return true;
}

/* Keep the row's columns in before. */
static void
remember(OlapOrderedSet *set, const TupleTableSlot *slot, NullableDatum *before,
		 bool first)
{
	for (int i = 0; i < set->nequal; i++)
	{
		int			col = set->equal_cols[i];
		NullableDatum *kept = &before[col - set->first];
		Form_pg_attribute att = TupleDescAttr(set->desc, col);

		if (!first && !kept->isnull && !att->attbyval)
			pfree(DatumGetPointer(kept->value));
		kept->isnull = slot->tts_isnull[col];
		kept->value = kept->isnull ? (Datum) 0 :
			datumCopy(slot->tts_values[col], att->attbyval, att->attlen);
	}
}

/* A set of rows has one call. */
static void
add_row(OlapOrderedSet *set, const TupleTableSlot *slot, NullableDatum *args,
		NullableDatum *before, bool first)
{
	OrderedCall *call = linitial(set->calls);

	if (set->nequal > 0)
	{
		if (!first && is_repeated(set, slot, before))
			return;
		remember(set, slot, before, first);
	}
	for (int a = 0; a < call->nargs; a++)
	{
		args[a].value = slot->tts_values[set->places[a]];
		args[a].isnull = slot->tts_isnull[set->places[a]];
	}
	olap_generic_add(call->server, 0, args);
}

/* Sort the rows of a group that are listed. */
static void
sort_group(OlapAggNode *node, OlapOrderedSet *set, uint32 gid)
{
	uint64		n;
	const int64 *rows = olap_value_lists_group(set->lists, gid, &n);

	if (set->group_sort == NULL)
		set->group_sort = olap_ordered_sort(node, set, false);
	else
		tuplesort_reset(set->group_sort);
	for (uint64 i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		ExecStoreMinimalTuple((MinimalTuple) (uintptr_t) rows[i], set->out, false);
		tuplesort_puttupleslot(set->group_sort, set->out);
	}
	ExecClearTuple(set->out);
	tuplesort_performsort(set->group_sort);
}

/* The next row; what by_datum has in it is freed by free_sorted(). */
static TupleTableSlot *
next_sorted(OlapOrderedSet *set)
{
	TupleTableSlot *slot = set->in;

	if (!set->by_datum)
	{
		slot = set->out;
		if (!tuplesort_gettupleslot(set->sort != NULL ? set->sort :
									set->group_sort, true, false, slot, NULL))
			elog(ERROR, "sorted values of an aggregate end early");
		slot_getallattrs(slot);
		return slot;
	}
	if (!tuplesort_getdatum(set->sort, true, true, &slot->tts_values[0],
							&slot->tts_isnull[0], NULL))
		elog(ERROR, "sorted values of an aggregate end early");
	return slot;
}

static void
free_sorted(OlapOrderedSet *set, TupleTableSlot *slot)
{
	if (set->by_datum && !set->typbyval && !slot->tts_isnull[0])
		pfree(DatumGetPointer(slot->tts_values[0]));
}

/* Value number i; *rank: the next one of set->ranks. */
static void
take_value(OlapOrderedSet *set, Datum value, uint64 i, int *rank)
{
	if (set->has_mode)
		advance_mode(set, value);
	if (*rank < set->nranks && set->ranks[*rank].rank == i)
		set->ranks[(*rank)++].value = set->has_words ? value :
			datumCopy(value, set->typbyval, set->typlen);
}

static void
read_sorted(OlapAggNode *node, OlapOrderedSet *set, uint32 gid)
{
	bool		rows = set->leader->call.shape == OLAP_SHAPE_SORTED_ROWS;
	NullableDatum *args = palloc0(set->ncols * sizeof(NullableDatum));
	NullableDatum *before = palloc0(set->ncols * sizeof(NullableDatum));
	int			rank = 0;

	if (set->n > 0 && set->sort != NULL)
		skip_groups(set, gid);
	else if (set->n > 0)
		sort_group(node, set, gid);
	for (uint64 i = 0; i < set->n; i++)
	{
		TupleTableSlot *slot;

		CHECK_FOR_INTERRUPTS();
		slot = next_sorted(set);
		if (rows)
			add_row(set, slot, args, before, i == 0);
		else
			take_value(set, slot->tts_values[set->first], i, &rank);
		free_sorted(set, slot);
	}
	if (set->n > 0)
		set->next = gid + 1;
	ExecClearTuple(set->out);
}

uint64
olap_ordered_count(OlapOrderedSet *set, uint32 gid)
{
	uint64		n = 0;

	if (set->sort != NULL)
		return gid < set->ncounts ? set->counts[gid] : 0;
	if (set->lists != NULL)
		(void) olap_value_lists_group(set->lists, gid, &n);
	return n;
}

void
olap_ordered_read(OlapAggNode *node, OlapOrderedSet *set, uint32 gid)
{
	OrderedCall *call = linitial(set->calls);

	memset(&set->mode, 0, sizeof(set->mode));
	if (call->server != NULL)
	{
		olap_generic_reset(call->server);
		olap_generic_grow(call->server, 1);
	}
	if (set->sort == NULL && set->has_words)
		read_words(set, gid);
	else
		read_sorted(node, set, gid);
}

/*-------------------------------------------------------------------------
 *
 * agg_topn.c
 *		OlapAgg: groups that a LIMIT above leaves out.
 *
 * Of millions of groups the query may want the first twenty.  Those that are
 * behind the twentieth in the first sort key are not made rows; the Sort and Limit
 * above decide about all others, ties and further keys included.  So states, or the
 * values of a group key, need only be mapped to words that do not contradict their
 * order: equal words for different values let more groups pass.
 *
 * Which groups pass HAVING is known when their rows are there.  So groups go up in
 * rounds, each with the next ones by their words, in which they go up by their
 * numbers, until as many rows have passed as are wanted.  Where few pass, looking
 * for the next ones costs more than it saves: the last round is all that are left.
 *
 * src/exec/agg_topn.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "jit/jit.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"

#include "exec/agg_internal.h"
#include "vector/order_words.h"
#include "vector/value_lists.h"

/* Groups looked at at a time. */
#define CHUNK 1024

/*
 * By so many doubles an average of integers or numerics, which the server rounds to 16
 * digits or more, may lie beside the one next to the exact quotient.
 */
#define QUOTIENT_SLACK 4

/* Most groups of a round that has an end, and rounds that have one. */
#define MAX_ROUND 32768
#define MAX_ROUNDS 3

/* With HAVING, groups of the first round beside those wanted. */
#define FIRST_ROUND 512

struct OlapTopN
{
	bool		active;
	bool		done;
	uint32		limit;
	int			round;			/* from 0 */
	int64		before;			/* groups up to it went up in rounds before */
	bool		has_end;		/* of this round: it has groups up to end */
	int64		end;
	int64		slack;			/* of groups whose keys differ by less nothing is known */
	int64		sure;			/* those up to it are before all behind end */
	uint64		sent;			/* groups that went up */
	uint64	   *sent_bits;		/* with HAVING: which */
	uint64		passed;			/* of those, what HAVING let pass ... */
	uint64		unsure;			/* ... and is not counted yet: behind `sure` */

	uint32		first;			/* of the groups whose keys are there */
	uint32		n;
	int64		keys[CHUNK];	/* the smaller, the earlier */
	int64		words[CHUNK];
	uint8		nulls[CHUNK];
	OlapVector	values;			/* group keys that are sort keys */
	int64	   *selected;		/* [capacity <= 2 * MAX_ROUND] */
	uint32		capacity;
	int64	   *least;			/* of each chunk, the least key that has not gone up */
};

/* Of keys so far the least ones, as many as wanted and as many again. */
typedef struct OlapSelection
{
	uint32		wanted;
	uint32		n;
	bool		bounded;		/* those from bound on are not needed */
	int64		bound;
} OlapSelection;

List *
olap_agg_topn_to_list(const OlapAggTopN *topn)
{
	return topn->limit == 0 ? NIL :
		list_make5_int(topn->by_key, topn->item, topn->descending,
					   topn->nulls_first, topn->limit);
}

void
olap_agg_topn_from_list(const List *list, OlapAggTopN *topn)
{
	memset(topn, 0, sizeof(*topn));
	if (list == NIL)
		return;
	topn->by_key = linitial_int(list);
	topn->item = lsecond_int(list);
	topn->descending = lthird_int(list);
	topn->nulls_first = lfourth_int(list);
	topn->limit = list_nth_int(list, 4);
}

/* ---- keys ---- */

/* Words of the groups' keys of that number; false if they have none. */
static bool
load_key_words(OlapAggNode *node, OlapTopN *work)
{
	int			key = node->topn.item;
	const OlapColumnType *type = olap_program_type(node->program, node->key_at[key]);

	olap_vector_reset(&work->values, type);
	olap_groups_keys(node->groups, key, work->first, work->n, &work->values);
	return olap_vector_order_words(&work->values, type, node->orders[key], work->n,
								   work->words, work->nulls);
}

/* Those of their states. */
static bool
load_state_words(OlapAggNode *node, OlapTopN *work)
{
	const AggWork *agg = &node->works[node->topn.item];
	bool		mean = agg->call.shape == OLAP_SHAPE_AVG ||
		agg->call.shape == OLAP_SHAPE_FLOAT_AVG;

	return olap_agg_order_words(agg->agg, mean ? OLAP_WORDS_OF_MEAN :
								OLAP_WORDS_OF_VALUE, work->first, work->n,
								work->words, work->nulls);
}

/* Sort keys of the groups from first on; false if they have no words. */
static bool
load_chunk(OlapAggNode *node, OlapTopN *work, uint32 first)
{
	int64		flip = node->topn.descending ? -1 : 0;
	int64		null = node->topn.nulls_first ? PG_INT64_MIN : PG_INT64_MAX;

	CHECK_FOR_INTERRUPTS();
	work->first = first;
	work->n = Min(node->ngroups - first, CHUNK);
	if (!(node->topn.by_key ? load_key_words(node, work) :
		  load_state_words(node, work)))
		return false;
	for (uint32 i = 0; i < work->n; i++)
		work->keys[i] = work->nulls[i] ? null : work->words[i] ^ flip;
	return true;
}

/* The key of this rank among n selected ones, which it puts in their place. */
static int64
select_key(OlapTopN *work, uint32 n, uint64 rank)
{
	olap_words_select(work->selected, n, &rank, 1);
	return work->selected[rank];
}

/* Select keys of the chunk that is loaded, behind `before` if not the first. */
static int64
select_chunk(OlapTopN *work, OlapSelection *selection)
{
	int64		least = PG_INT64_MAX;

	for (uint32 i = 0; i < work->n; i++)
	{
		int64		key = work->keys[i];

		if (work->round > 0 && key <= work->before)
			continue;
		least = Min(least, key);
		if (selection->bounded && key >= selection->bound)
			continue;
		work->selected[selection->n++] = key;
		if (selection->n == 2 * selection->wanted)
		{
			selection->bound = select_key(work, selection->n, selection->wanted - 1);
			selection->bounded = true;
			selection->n = selection->wanted;
		}
	}
	return least;
}

/*
 * Have the end of a round of so many groups behind those of the rounds before.  False
 * if there are no more than that, or there are no words.
 */
static bool
find_end(OlapAggNode *node, OlapTopN *work, uint32 wanted)
{
	OlapSelection selection = {.wanted = wanted};

	if (work->capacity < 2 * wanted)
	{
		if (work->selected != NULL)
			pfree(work->selected);
		work->capacity = 2 * wanted;
		work->selected = MemoryContextAlloc(node->cxt,
											work->capacity * sizeof(int64));
	}
	for (uint32 first = 0; first < node->ngroups; first += CHUNK)
	{
		if (!load_chunk(node, work, first))
			return false;
		work->least[first / CHUNK] = select_chunk(work, &selection);
	}
	work->n = 0;
	if (selection.n <= wanted && !selection.bounded)
		return false;
	work->sure = select_key(work, selection.n, wanted - 1);
	work->end = work->sure > PG_INT64_MAX - work->slack ? PG_INT64_MAX :
		work->sure + work->slack;
	return true;
}

/* ---- how many ---- */

/*
 * The value of a LIMIT or OFFSET; false if it is NULL.  The Limit above has evaluated
 * it before it asked for a row, so errors have been raised there.
 */
static bool
evaluate_rows(OlapAggNode *node, Expr *expr, int64 *rows)
{
	EState	   *estate = node->css.ss.ps.state;
	int			jit = estate->es_jit_flags;
	MemoryContext old = MemoryContextSwitchTo(node->row_cxt);
	bool		isnull;

	/* compiling an expression to evaluate it once is no use */
	estate->es_jit_flags = PGJIT_NONE;
	*rows = DatumGetInt64(ExecEvalExpr(ExecInitExpr(expr, &node->css.ss.ps),
									   node->css.ss.ps.ps_ExprContext, &isnull));
	estate->es_jit_flags = jit;
	MemoryContextSwitchTo(old);
	return !isnull;
}

/* Rows wanted, with those that OFFSET skips; 0: all, or more than pays. */
static uint32
rows_wanted(OlapAggNode *node)
{
	int64		count,
				offset;

	if (node->topn.limit != OLAP_TOPN_BY_EXPRS)
		return node->topn.limit;
	/* a part of it that is a group key as well became a column of the slot */
	if (contain_var_clause((Node *) node->topn_exprs) ||
		!evaluate_rows(node, linitial(node->topn_exprs), &count) || count < 0)
		return 0;
	if (!evaluate_rows(node, lsecond(node->topn_exprs), &offset))
		offset = 0;
	if (offset < 0 || count > OLAP_TOPN_MAX_ROWS || offset > OLAP_TOPN_MAX_ROWS ||
		count + offset > OLAP_TOPN_MAX_ROWS)
		return 0;
	return count + offset;
}

/* ---- rounds ---- */

/* What is as large as there are groups, for the groups there are now. */
static void
prepare(OlapAggNode *node, OlapTopN *work, bool having)
{
	size_t		nwords = ((size_t) node->ngroups + 63) / 64;

	if (work->least != NULL)
		pfree(work->least);
	work->least = MemoryContextAlloc(node->cxt, (node->ngroups / CHUNK + 1) *
									 sizeof(int64));
	if (work->sent_bits != NULL)
		pfree(work->sent_bits);
	if (having)
		work->sent_bits = MemoryContextAllocZero(node->cxt, nwords * sizeof(uint64));
}

void
olap_agg_topn_start(OlapAggNode *node)
{
	OlapTopN   *work = node->topn_work;
	uint32		limit;
	bool		having = node->css.ss.ps.qual != NULL;

	if (work != NULL)
		work->active = false;
	/* values in order are read once, by the number of their group */
	if (node->topn.limit == 0 || node->groups == NULL ||
		(!node->topn.by_key && node->works[node->topn.item].server != NULL) ||
		(having && node->ordered != NIL))
		return;
	limit = rows_wanted(node);
	if (limit == 0 || node->ngroups <= limit)
		return;
	if (work == NULL)
	{
		work = node->topn_work = MemoryContextAllocZero(node->cxt, sizeof(OlapTopN));
		if (node->topn.by_key)
			olap_vector_init(&work->values,
							 olap_program_type(node->program,
											   node->key_at[node->topn.item]),
							 CHUNK, node->cxt);
	}
	prepare(node, work, having);
	work->limit = limit;
	work->round = 0;
	work->done = false;
	work->sent = work->passed = work->unsure = 0;
	work->slack = !node->topn.by_key &&
		node->works[node->topn.item].call.shape == OLAP_SHAPE_AVG ?
		QUOTIENT_SLACK : 0;
	work->has_end = find_end(node, work, having ? 2 * limit + FIRST_ROUND : limit);
	work->active = work->has_end;
}

/* Groups of the next round, as may be enough; 0: nobody knows. */
static double
next_size(const OlapTopN *work)
{
	double		missing = (double) work->limit - (double) work->passed;

	return work->passed == 0 ? 0 :
		FIRST_ROUND + 1.5 * Max(missing, 0) * work->sent / work->passed;
}

/* False if the groups that are left are behind the last row wanted. */
static bool
next_round(OlapAggNode *node, OlapTopN *work)
{
	double		size;

	work->done = node->css.ss.ps.qual == NULL || !work->has_end ||
		work->passed >= work->limit;
	if (work->done)
	{
		node->left_out += node->ngroups - work->sent;
		return false;
	}
	work->passed += work->unsure;
	work->unsure = 0;
	size = next_size(work);
	work->before = work->end;
	work->round++;
	work->has_end = work->round < MAX_ROUNDS && size > 0 && size <= MAX_ROUND &&
		size <= (node->ngroups - work->sent) / 4 &&
		find_end(node, work, (uint32) size);
	work->n = 0;
	node->next = node->first = node->nout = 0;
	return true;
}

/* Move to the next group of this round, which is not the last. */
static bool
next_of_round(OlapAggNode *node, OlapTopN *work)
{
	while (node->next < node->ngroups)
	{
		uint32		first = node->next / CHUNK * CHUNK;

		if (work->least[first / CHUNK] > work->end)
		{
			node->next = Min(first + CHUNK, node->ngroups);
			continue;
		}
		if ((work->n == 0 || work->first != first) && !load_chunk(node, work, first))
			elog(ERROR, "groups lost their order");
		for (; node->next < first + work->n; node->next++)
		{
			int64		key = work->keys[node->next - first];

			if (key <= work->end && (work->round == 0 || key > work->before))
				return true;
		}
	}
	return false;
}

/* Of the last round: what has not gone up. */
static bool
next_of_rest(OlapAggNode *node, const OlapTopN *work)
{
	while (node->next < node->ngroups &&
		   (work->sent_bits[node->next / 64] >> (node->next % 64) & 1) != 0)
		node->next++;
	return node->next < node->ngroups;
}

bool
olap_agg_topn_next(OlapAggNode *node)
{
	OlapTopN   *work = node->topn_work;

	if (work == NULL || !work->active)
		return node->next < node->ngroups;
	if (work->done)
		return false;
	while (!(work->has_end ? next_of_round(node, work) : next_of_rest(node, work)))
		if (!next_round(node, work))
			return false;
	work->sent++;
	if (work->sent_bits != NULL)
		work->sent_bits[node->next / 64] |= UINT64CONST(1) << (node->next % 64);
	return true;
}

bool
olap_agg_topn_few(const OlapAggNode *node)
{
	const OlapTopN *work = node->topn_work;

	return work != NULL && work->active && work->has_end;
}

void
olap_agg_topn_passed(OlapAggNode *node)
{
	OlapTopN   *work = node->topn_work;

	if (work == NULL || !work->active || !work->has_end)
		return;
	if (work->keys[node->next - 1 - work->first] <= work->sure)
		work->passed++;
	else
		work->unsure++;
}

/*-------------------------------------------------------------------------
 *
 * runtime_build.c
 *		Runtime filters: from a hash table to a set of its keys.
 *
 * The tuples of a table are in its memory chunks, in skew buckets and, if it has
 * several batches, in the inner files of those that come later; these are read
 * once more (runtime_batches.c).
 * A table that parallel workers share is complete when the first of them asks for
 * an outer row, and its chunks stay as long as a process is at its batch. One
 * with several batches asks for all outer rows before it begins with the first, to
 * divide them; until each process has done so the first batch is in memory.
 *
 * src/exec/runtime_build.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "executor/executor.h"
#include "executor/nodeHash.h"
#include "jit/jit.h"
#include "miscadmin.h"
#include "utils/dsa.h"
#include "utils/memutils.h"

#include "base/compat_planner.h"
#include "exec/runtime_internal.h"

/* A set of key's, for one form of columns. */
typedef struct OlapJoinKeySet
{
	int			scale;
	OlapKeySet *set;
} OlapJoinKeySet;

/* What the walk through a table hands on. */
typedef struct Build
{
	OlapJoinKey *key;
	OlapKeySet *set;
	uint64		count;			/* tuples so far */
} Build;

/* ---- one tuple ---- */

static void
prepare_eval(OlapJoinKey *key)
{
	EState	   *estate = key->join->js.ps.state;
	MemoryContext old;
	int			jit = estate->es_jit_flags;

	if (key->eval != NULL)
		return;
	old = MemoryContextSwitchTo(estate->es_query_cxt);
	estate->es_jit_flags = PGJIT_NONE;
	key->slot = ExecInitExtraTupleSlot(estate,
									   ExecGetResultType(innerPlanState(key->join)),
									   &TTSOpsMinimalTuple);
	key->econtext = CreateExprContext(estate);
	key->econtext->ecxt_innertuple = key->slot;
	key->eval = ExecInitExpr(key->inner, &key->join->js.ps);
	estate->es_jit_flags = jit;
	MemoryContextSwitchTo(old);
}

/* OlapJoinTuple */
static void
add_tuple(void *arg, MinimalTuple tuple)
{
	Build	   *build = arg;
	OlapJoinKey *key = build->key;
	OlapExprValue value;
	MemoryContext old;
	Datum		datum;
	bool		isnull;

	if (++build->count % 4096 == 0)
		CHECK_FOR_INTERRUPTS();
	ExecStoreMinimalTuple(tuple, key->slot, false);
	ResetExprContext(key->econtext);
	datum = ExecEvalExprSwitchContext(key->eval, key->econtext, &isnull);
	/* tables of right joins hold NULLs too, which have no partner */
	if (isnull)
		return;
	old = MemoryContextSwitchTo(key->econtext->ecxt_per_tuple_memory);
	olap_qual_value(datum, key->op.right, &value);
	MemoryContextSwitchTo(old);
	olap_key_set_add(build->set, &value);
}

/* ---- all tuples ---- */

static void
add_chunk(Build *build, HashMemoryChunk chunk)
{
	size_t		at = 0;

	while (at < chunk->used)
	{
		HashJoinTuple tuple = (HashJoinTuple) (HASH_CHUNK_DATA(chunk) + at);
		MinimalTuple mintuple = HJTUPLE_MINTUPLE(tuple);

		at += MAXALIGN(HJTUPLE_OVERHEAD + mintuple->t_len);
		add_tuple(build, mintuple);
	}
}

static void
add_shared_chunks(Build *build, HashJoinTable table)
{
	dsa_pointer next = table->batches[0].shared->chunks;

	while (DsaPointerIsValid(next))
	{
		HashMemoryChunk chunk = dsa_get_address(table->area, next);

		next = chunk->next.shared;
		add_chunk(build, chunk);
	}
}

static void
add_skewed(Build *build, HashJoinTable table)
{
	for (int i = 0; i < table->nSkewBuckets; i++)
	{
		HashSkewBucket *bucket = table->skewBucket[table->skewBucketNums[i]];
		HashJoinTuple tuple = bucket->tuples;

		for (; tuple != NULL; tuple = tuple->next.unshared)
			add_tuple(build, HJTUPLE_MINTUPLE(tuple));
	}
}

static void
add_table(Build *build, HashJoinTable table)
{
	prepare_eval(build->key);
	if (table->parallel_state != NULL)
	{
		add_shared_chunks(build, table);
		olap_join_shared_files(table, add_tuple, build);
	}
	else
	{
		for (HashMemoryChunk chunk = table->chunks; chunk != NULL;
			 chunk = chunk->next.unshared)
			add_chunk(build, chunk);
		if (table->skewEnabled)
			add_skewed(build, table);
		for (int i = 1; i < table->nbatch; i++)
			if (table->innerBatchFile[i] != NULL)
				olap_join_own_file(table->innerBatchFile[i], add_tuple, build);
	}
	ExecClearTuple(build->key->slot);
	ResetExprContext(build->key->econtext);
}

/* ---- the set ---- */

/* Is where add_table() looks all that the table has? */
static bool
all_is_there(HashJoinTable table)
{
	if (table->parallel_state != NULL && table->nbatch > 1)
		return BarrierPhase(&table->parallel_state->build_barrier) ==
			PHJ_BUILD_HASH_OUTER;
	return table->curbatch == 0;
}

/*
 * A tuple takes a few times as long as looking up an outer row, which a filter that
 * leaves nothing out soon ceases to do: so what can be lost is the making, and
 * larger tables must promise to win.
 */
static bool
is_worth_it(const OlapJoinKey *key, const OlapScanRows *rows)
{
	HashJoinTable table = key->join->hj_HashTable;
	Plan	   *plan = key->join->js.ps.plan;
	double		outer_rows = outerPlan(plan)->plan_rows;

	if (!all_is_there(table))
		return false;
	/* the planner may have counted on the filter already */
	outer_rows *= rows->unfiltered / Max(rows->expected, 1);
	return olap_runtime_pays(table->totalTuples, outer_rows, rows->unfiltered,
							 plan->plan_rows);
}

/* MemoryContextCallback: the hash table goes, with the sets. */
static void
table_goes(void *arg)
{
	OlapJoinKey *key = arg;

	key->generation++;
	key->sets = NIL;
}

/* NULL: it cannot be had. */
static OlapKeySet *
build_set(OlapJoinKey *key, int scale)
{
	HashJoinTable table = key->join->hj_HashTable;
	size_t		memory = Max((size_t) work_mem * 1024, 64 * 1024);
	Build		build = {.key = key};
	MemoryContext cxt = AllocSetContextCreate(table->hashCxt, "olap join keys",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext old;
	MemoryContextCallback *callback;
	OlapJoinKeySet *entry;

	build.set = olap_key_set_create(key->op.order, scale, table->totalTuples,
									memory, cxt);
	add_table(&build, table);
	if (build.count != (uint64) table->totalTuples)
	{
		/* another form of files than is known here: no filter */
		MemoryContextDelete(cxt);
		return NULL;
	}
	olap_key_set_finish(build.set);

	/* nothing points to it before it is complete */
	old = MemoryContextSwitchTo(cxt);
	entry = palloc(sizeof(OlapJoinKeySet));
	entry->scale = scale;
	entry->set = build.set;
	callback = palloc(sizeof(MemoryContextCallback));
	callback->func = table_goes;
	callback->arg = key;
	key->sets = lappend(key->sets, entry);
	MemoryContextRegisterResetCallback(cxt, callback);
	MemoryContextSwitchTo(old);
	return build.set;
}

const OlapKeySet *
olap_join_key_set(OlapJoinKey *key, int scale, const OlapScanRows *rows,
				  bool *refused)
{
	const OlapKeySet *set = NULL;
	ListCell   *lc;

	*refused = false;
	if (key->join->hj_HashTable == NULL)
		return NULL;
	foreach(lc, key->sets)
	{
		OlapJoinKeySet *entry = lfirst(lc);

		if (entry->scale == scale)
			return entry->set;
	}
	*refused = !is_worth_it(key, rows);
	if (!*refused)
		set = build_set(key, scale);
	*refused = set == NULL;
	return set;
}

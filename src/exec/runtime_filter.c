/*-------------------------------------------------------------------------
 *
 * runtime_filter.c
 *		Runtime filters of one scan: use them while they leave something out.
 *
 * src/exec/runtime_filter.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "exec/runtime_internal.h"
#include "exec/scan_node.h"
#include "table/writer.h"

/* A filter is judged by so many rows at a time, ... */
#define JUDGED_ROWS OLAP_ROWGROUP_ROWS
/* ... and is worth it if it leaves out one in so many. */
#define WORTH_PART 16
/* One that leaves one in so many runs before the scan's own filter. */
#define FIRST_PART 4
/* One that is not worth it looks at every so many-th vector only, until it is again. */
#define ASLEEP_VECTORS 32

/* The filter that one equality of one join is to the scan. */
typedef struct Filter
{
	OlapJoinKey *key;
	AttrNumber	attno;
	bool		refused;		/* there is a hash table, but no set */
	const OlapKeySet *set;		/* NULL: none yet */
	uint64		generation;		/* of the hash table that set is of */
	bool		first;			/* runs before the scan's own filter */
	bool		asleep;
	uint32		skipped;		/* vectors, asleep */
	uint64		seen;			/* rows, since it was judged */
	uint64		passed;
	OlapKeyProbe probe;
} Filter;

struct OlapRuntimeFilter
{
	ScanState  *scan;
	MemoryContext cxt;			/* reset when the scan ends */
	List	   *filters;		/* of Filter */
	int			waiting;		/* for a hash table */
	OlapColumnType *types;		/* NULL: not yet */
	OlapRuntimeCounts counts;
};

/* All memory is of the query. */
OlapRuntimeFilter *
olap_runtime_create(PlanState *scan)
{
	OlapRuntimeFilter *rf = palloc0(sizeof(OlapRuntimeFilter));

	rf->scan = (ScanState *) scan;
	rf->cxt = AllocSetContextCreate(CurrentMemoryContext, "olap runtime filters",
									ALLOCSET_SMALL_SIZES);
	return rf;
}

void
olap_runtime_add(OlapRuntimeFilter *rf, OlapJoinKey *key, AttrNumber attno)
{
	Filter	   *filter = palloc0(sizeof(Filter));

	filter->key = key;
	filter->attno = attno;
	rf->filters = lappend(rf->filters, filter);
	rf->waiting++;
}

List *
olap_runtime_columns(const OlapRuntimeFilter *rf)
{
	List	   *attnos = NIL;
	ListCell   *lc;

	foreach(lc, rf->filters)
		attnos = list_append_unique_int(attnos, ((Filter *) lfirst(lc))->attno);
	return attnos;
}

void
olap_runtime_reset(OlapRuntimeFilter *rf)
{
	ListCell   *lc;

	rf->waiting = list_length(rf->filters);
	foreach(lc, rf->filters)
	{
		Filter	   *filter = lfirst(lc);

		filter->refused = false;
		filter->set = NULL;
		filter->asleep = filter->first = false;
		filter->seen = filter->passed = 0;
		filter->probe.dict = NULL;
		filter->probe.answers = NULL;
		filter->probe.capacity = 0;
	}
	MemoryContextReset(rf->cxt);
	rf->types = NULL;
}

OlapRuntimeCounts
olap_runtime_counts(const OlapRuntimeFilter *rf)
{
	return rf->counts;
}

void
olap_runtime_add_counts(OlapRuntimeCounts *to, const OlapRuntimeCounts *from)
{
	to->rows += from->rows;
	to->keys = Max(to->keys, from->keys);
	to->kinds |= from->kinds;
}

/* ---- a hash table is there ---- */

/* What the keys say in terms of zones and indexes, for what is not read yet. */
static void
add_quals(OlapRuntimeFilter *rf, const Filter *filter, OlapTableScan *scan)
{
	const OlapKeySummary *sum = olap_key_set_summary(filter->set);
	int			natts = RelationGetDescr(rf->scan->ss_currentRelation)->natts;
	OlapOrder	order = filter->key->op.order;
	int			col = filter->attno - 1;
	OlapZoneQual *quals = palloc(2 * sizeof(OlapZoneQual));
	OlapExpr   *exprs[2];
	int			n = 0;

	if (sum->nlist > 0)
		exprs[n++] = olap_expr_in(col, order, false, sum->list, sum->nlist, false);
	else if (sum->bounded)
	{
		exprs[n++] = olap_expr_compare(col, order, OLAP_CMP_GE, &sum->lo);
		exprs[n++] = olap_expr_compare(col, order, OLAP_CMP_LE, &sum->hi);
	}
	n = olap_qual_zones(exprs, n, rf->types, natts, quals, 0, 2);
	olap_scan_add_quals(scan, quals, n);
}

static void
use_set(OlapRuntimeFilter *rf, Filter *filter, OlapTableScan *scan)
{
	const OlapKeySummary *sum = olap_key_set_summary(filter->set);

	filter->generation = filter->key->generation;
	filter->probe.cxt = rf->cxt;
	rf->counts.keys = Max(rf->counts.keys, sum->n);
	rf->counts.kinds |= 1 << sum->kind;
	add_quals(rf, filter, scan);
}

void
olap_runtime_poll(OlapRuntimeFilter *rf, OlapTableScan *scan)
{
	const CustomScan *plan = (CustomScan *) rf->scan->ps.plan;
	OlapScanRows rows = {plan->scan.plan.plan_rows, olap_scan_unfiltered_rows(plan)};
	MemoryContext old;
	ListCell   *lc;

	if (rf->waiting == 0)
		return;
	old = MemoryContextSwitchTo(rf->cxt);
	if (rf->types == NULL)
		rf->types = olap_column_types(RelationGetDescr(rf->scan->ss_currentRelation));
	foreach(lc, rf->filters)
	{
		Filter	   *filter = lfirst(lc);
		const OlapColumnType *type = &rf->types[filter->attno - 1];

		if (filter->set != NULL || filter->refused)
			continue;
		filter->set = olap_join_key_set(filter->key,
										filter->key->op.order == OLAP_ORDER_NUMERIC &&
										type->phys == OLAP_PHYS_DEC64 ? type->scale : -1,
										&rows, &filter->refused);
		if (filter->set != NULL)
			use_set(rf, filter, scan);
		if (filter->set != NULL || filter->refused)
			rf->waiting--;
	}
	MemoryContextSwitchTo(old);
}

/* ---- rows ---- */

/* Is this vector one that the filter looks at? */
static bool
is_awake(Filter *filter)
{
	if (!filter->asleep)
		return true;
	if (++filter->skipped < ASLEEP_VECTORS)
		return false;
	filter->skipped = 0;
	return true;
}

static void
judge(Filter *filter)
{
	/* asleep: by one vector, a better one than would put it to sleep */
	if (!filter->asleep && filter->seen < JUDGED_ROWS)
		return;
	filter->first = filter->passed < filter->seen / FIRST_PART;
	filter->asleep = filter->seen - filter->passed <
		filter->seen / (filter->asleep ? WORTH_PART / 2 : WORTH_PART);
	filter->seen = filter->passed = 0;
}

bool
olap_runtime_run(OlapRuntimeFilter *rf, OlapBatch *batch, bool first)
{
	ListCell   *lc;

	foreach(lc, rf->filters)
	{
		Filter	   *filter = lfirst(lc);
		uint32		before = batch->nsel;

		if (filter->set == NULL || filter->first != first ||
			filter->generation != filter->key->generation || !is_awake(filter))
			continue;
		olap_key_set_filter(filter->set, &filter->probe, batch, filter->attno - 1);
		rf->counts.rows += before - batch->nsel;
		filter->seen += before;
		filter->passed += batch->nsel;
		judge(filter);
		if (batch->nsel == 0)
			return false;
	}
	return true;
}

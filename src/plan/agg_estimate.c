/*-------------------------------------------------------------------------
 *
 * agg_estimate.c
 *		How many groups there are.
 *
 * Dashboards group by hours and days.  PostgreSQL knows nothing of the values of
 * date_trunc() and takes each row for a group, a million times too many; then sorts
 * and states look dear, and plans that put them together dearer.  But a column's
 * statistics say from when to when it goes, what of that a filter leaves is known, and
 * so is the width of a bucket; fields such as the hour have few values anyhow.
 *
 * src/plan/agg_estimate.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/sysattr.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type_d.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/timestamp.h"

#include "exec/time_bucket.h"
#include "plan/agg_query.h"
#include "plan/order_paths.h"

typedef struct NameRow
{
	const char *name;
	double		value;
} NameRow;

/* Widths in microseconds. */
static const NameRow widths[] = {
	{"microseconds", 1}, {"milliseconds", 1e3}, {"second", 1e6}, {"minute", 60e6},
	{"hour", 3600e6}, {"day", 86400e6}, {"week", 7 * 86400e6},
	{"month", 30 * 86400e6}, {"quarter", 91 * 86400e6}, {"year", 365 * 86400e6}
};

/* How many values a field of a time has. */
static const NameRow fields[] = {
	{"minute", 60}, {"hour", 24}, {"day", 31}, {"dow", 7}, {"isodow", 7},
	{"doy", 366}, {"week", 53}, {"month", 12}, {"quarter", 4}
};

/* The row of a name that is a constant; 0 if there is none. */
static double
value_of(const Node *name, const NameRow *rows, int n)
{
	const Const *value = (const Const *) name;
	const char *string;

	if (!IsA(name, Const) || value->constisnull || value->consttype != TEXTOID)
		return 0;
	string = TextDatumGetCString(value->constvalue);
	for (int i = 0; i < n; i++)
		if (pg_strcasecmp(rows[i].name, string) == 0)
			return rows[i].value;
	return 0;
}

static double
interval_width(const Node *node)
{
	const Const *value = (const Const *) node;
	const Interval *width;

	if (!IsA(node, Const) || value->constisnull || value->consttype != INTERVALOID)
		return 0;
	width = DatumGetIntervalP(value->constvalue);
	return (width->month * 30.0 + width->day) * USECS_PER_DAY + width->time;
}

/* The time that func cuts into buckets, and how wide they are; 0: it does not. */
static double
bucket_width(const FuncExpr *func, Node **time)
{
	*time = list_length(func->args) > 1 ? lsecond(func->args) : NULL;
	switch (func->funcid)
	{
		case F_DATE_TRUNC_TEXT_TIMESTAMP:
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ:
		case F_DATE_TRUNC_TEXT_TIMESTAMPTZ_TEXT:
			return value_of(linitial(func->args), widths, lengthof(widths));
		case F_DATE_BIN_INTERVAL_TIMESTAMP_TIMESTAMP:
		case F_DATE_BIN_INTERVAL_TIMESTAMPTZ_TIMESTAMPTZ:
			return interval_width(linitial(func->args));
		case F_DATE_TIMESTAMP:
		case F_DATE_TIMESTAMPTZ:
			*time = linitial(func->args);
			return USECS_PER_DAY;
		default:
			return *time != NULL && olap_is_time_bucket(func->funcid) ?
				interval_width(linitial(func->args)) : 0;
	}
}

/* The values of a field, as those of the hour; 0: none of ours. */
static double
field_values(const FuncExpr *func)
{
	switch (func->funcid)
	{
		case F_EXTRACT_TEXT_DATE:
		case F_EXTRACT_TEXT_TIMESTAMP:
		case F_EXTRACT_TEXT_TIMESTAMPTZ:
		case F_DATE_PART_TEXT_DATE:
		case F_DATE_PART_TEXT_TIMESTAMP:
		case F_DATE_PART_TEXT_TIMESTAMPTZ:
			return value_of(linitial(func->args), fields, lengthof(fields));
		default:
			return 0;
	}
}

static double
microseconds(Datum value, Oid type)
{
	return type == DATEOID ? (double) DatumGetDateADT(value) * USECS_PER_DAY :
		(double) DatumGetTimestamp(value);
}

/* Widen first .. last to the column's values in one of its statistics. */
static void
add_values(HeapTuple stats, int kind, Oid type, double *first, double *last)
{
	AttStatsSlot slot;

	if (!get_attstatsslot(&slot, stats, kind, InvalidOid, ATTSTATSSLOT_VALUES))
		return;
	for (int i = 0; i < slot.nvalues; i++)
	{
		double		value = microseconds(slot.values[i], type);

		*first = Min(*first, value);
		*last = Max(*last, value);
	}
	free_attstatsslot(&slot);
}

/* From the first to the last value that is known of, in microseconds; 0: of none. */
static double
column_range(PlannerInfo *root, Var *var)
{
	VariableStatData stats;
	double		first = HUGE_VAL,
				last = -HUGE_VAL;

	if (var->vartype != TIMESTAMPOID && var->vartype != TIMESTAMPTZOID &&
		var->vartype != DATEOID)
		return 0;
	examine_variable(root, (Node *) var, 0, &stats);
	if (HeapTupleIsValid(stats.statsTuple))
	{
		add_values(stats.statsTuple, STATISTIC_KIND_HISTOGRAM, var->vartype, &first,
				   &last);
		add_values(stats.statsTuple, STATISTIC_KIND_MCV, var->vartype, &first, &last);
	}
	ReleaseVariableStats(stats);
	return Max(last - first, 0);
}

/* The part of a column's range that the filters of its relation leave. */
static Selectivity
range_left(PlannerInfo *root, RelOptInfo *rel, Var *var)
{
	List	   *clauses = NIL;
	ListCell   *lc;

	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		Bitmapset  *set = olap_attributes_of((Node *) rinfo->clause, rel->relid, NULL);
		int			attno;

		if (bms_get_singleton_member(set, &attno) &&
			attno + FirstLowInvalidHeapAttributeNumber == var->varattno)
			clauses = lappend(clauses, rinfo);
	}
	return clauselist_selectivity(root, clauses, rel->relid, JOIN_INNER, NULL);
}

/* The values of a key that is a bucket or a field of a time; 0: it is neither. */
static double
time_values(PlannerInfo *root, RelOptInfo *rel, Node *key)
{
	Node	   *time;
	double		width;
	double		range;

	if (!IsA(key, FuncExpr))
		return 0;
	width = bucket_width((FuncExpr *) key, &time);
	if (width <= 0)
		return field_values((FuncExpr *) key);
	while (time != NULL && IsA(time, RelabelType))
		time = (Node *) ((RelabelType *) time)->arg;
	if (time == NULL || !IsA(time, Var) || ((Var *) time)->varno != rel->relid)
		return 0;
	range = column_range(root, (Var *) time);
	if (range <= 0)
		return 0;
	return range * range_left(root, rel, (Var *) time) / width + 1;
}

double
olap_agg_count_groups(PlannerInfo *root, const OlapAggQuery *query, double rows)
{
	List	   *others = NIL;
	double		values = 1;
	double		groups;
	ListCell   *lc;

	if (query->keys == NIL)
		return 1;
	groups = estimate_num_groups(root, query->keys, rows, NULL, NULL);
	foreach(lc, query->keys)
	{
		double		n = query->rel->relid > 0 ?
			time_values(root, query->rel, lfirst(lc)) : 0;

		if (n > 0)
			values *= n;
		else
			others = lappend(others, lfirst(lc));
	}
	if (list_length(others) == list_length(query->keys))
		return groups;
	if (others != NIL)
		values *= estimate_num_groups(root, others, rows, NULL, NULL);
	return clamp_row_est(Min(groups, values));
}

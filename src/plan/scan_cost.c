/*-------------------------------------------------------------------------
 *
 * scan_cost.c
 *		What an OlapScan has to do, and what that costs.
 *
 * src/plan/scan_cost.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/sysattr.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_statistic.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "base/compat_planner.h"
#include "exec/qual.h"
#include "plan/bitmap_cost.h"
#include "plan/order_paths.h"
#include "table/ddl.h"
#include "table/overlap.h"
#include "table/writer.h"

/* Emitting a row from vectors costs about a third of deforming a heap tuple. */
#define EMIT_FACTOR 0.3

/*
 * Pages that every scan reads before it finds a row: metapage and directory. It
 * makes a scan of a small table dearer than the lookup of one key, as it is.
 */
#define START_PAGES 2

/*
 * A byte of a string that is compressed, in operators: a scan of 1 M URLs of 40 bytes
 * takes 35 ms, as long as one of 10 M rows whose numbers are summed and grouped for
 * a cost of 8,300.  With less distinct values than a part of the rows there is a
 * dictionary; in small tables it is of no account.
 */
#define STRING_FACTOR 0.08
#define FEW_DISTINCT 0.1
#define STRING_TUPLES 50000

bool
olap_is_vector_clause(RelOptInfo *rel, RestrictInfo *rinfo)
{
	OlapQualContext cxt = {rel->relid, NULL, NULL};

	if (rinfo->pseudoconstant)
		return false;
	if (rinfo->security_level > rel->baserestrict_min_security &&
		!rinfo->leakproof)
		return false;
	return olap_qual_translate(rinfo->clause, &cxt) != NULL;
}

Bitmapset *
olap_attributes_of(Node *node, Index relid, Bitmapset *set)
{
	pull_varattnos(node, relid, &set);
	return set;
}

double
olap_column_fraction(RelOptInfo *rel, const Bitmapset *set)
{
	int			n = 0,
				x = -1;

	while ((x = bms_next_member(set, x)) >= 0)
	{
		int			attno = x + FirstLowInvalidHeapAttributeNumber;

		if (attno == 0)
			return 1.0;
		if (attno > 0)
			n++;
	}
	return (double) n / Max(rel->max_attr, 1);
}

/* The column whose zone maps a clause asks; 0: there is not one. */
static int
zone_column(RelOptInfo *rel, Relation relation, const OlapColumnType *types,
			RestrictInfo *rinfo)
{
	Node	   *clause = (Node *) rinfo->clause;
	OlapSortSpec spec;
	int			attno;

	if ((!IsA(clause, ScalarArrayOpExpr) && !IsA(clause, OpExpr)) ||
		!bms_get_singleton_member(olap_attributes_of(clause, rel->relid, NULL), &attno))
		return 0;
	attno += FirstLowInvalidHeapAttributeNumber;
	if (attno <= 0 || attno > RelationGetDescr(relation)->natts)
		return 0;
	(void) olap_sort_kind(&types[attno - 1], &spec);
	return spec.kind == OLAP_ZONE_NONE ? 0 : attno;
}

/*
 * The part of the rows that zone maps leave to be read for clauses: where the matches
 * of those of one column are, which may be the two ends of a range, and what lies
 * beside them.
 */
static double
zones_part(PlannerInfo *root, RelOptInfo *rel, Relation relation,
		   const OlapColumnType *types, List *clauses)
{
	int		   *columns = palloc(Max(list_length(clauses), 1) * sizeof(int));
	double		part = 1;

	foreach_ptr(RestrictInfo, rinfo, clauses)
		columns[foreach_current_index(rinfo)] = zone_column(rel, relation, types, rinfo);
	for (int i = 0; i < list_length(clauses); i++)
	{
		int			attno = columns[i];
		List	   *same = NIL;
		double		values = 1;
		OlapSortSpec spec;

		for (int k = i; k < list_length(clauses) && attno > 0; k++)
		{
			Expr	   *clause = list_nth_node(RestrictInfo, clauses, k)->clause;

			if (columns[k] != attno)
				continue;
			columns[k] = 0;
			same = lappend(same, list_nth(clauses, k));
			if (IsA(clause, ScalarArrayOpExpr))
				values = Max(values, estimate_array_length(root, lsecond(((ScalarArrayOpExpr *) clause)->args)));
		}
		if (same == NIL)
			continue;
		(void) olap_sort_kind(&types[attno - 1], &spec);
		part = Min(part, clauselist_selectivity(root, same, rel->relid, JOIN_INNER, NULL) +
				   values * olap_overlap(relation, attno - 1, &spec));
	}
	pfree(columns);
	return part;
}

double
olap_keys_part(PlannerInfo *root, RelOptInfo *rel, List *attnos, double left, double keys)
{
	Relation	relation = table_open(planner_rt_fetch(rel->relid, root)->relid, NoLock);
	OlapColumnType *types = olap_column_types(RelationGetDescr(relation));
	double		part = 1;
	ListCell   *lc;

	foreach(lc, attnos)
	{
		int			col = lfirst_int(lc) - 1;
		OlapSortSpec spec;

		(void) olap_sort_kind(&types[col], &spec);
		if (spec.kind != OLAP_ZONE_NONE)
			part = Min(part, left + keys * olap_overlap(relation, col, &spec));
	}
	table_close(relation, NoLock);
	return part;
}

void
olap_plan_work(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte,
			   OlapPlanWork *work)
{
	Relation	relation = table_open(rte->relid, NoLock);
	OlapColumnType *types = olap_column_types(RelationGetDescr(relation));
	const OlapOptions *options = olap_options_copy(olap_options_get(relation));
	List	   *vector = NIL;
	List	   *bare = NIL;
	ListCell   *lc;

	memset(work, 0, sizeof(*work));
	work->table = rte->relid;
	foreach(lc, rel->baserestrictinfo)
	{
		RestrictInfo *rinfo = lfirst(lc);
		QualCost	cost;

		if (olap_is_vector_clause(rel, rinfo))
		{
			work->filter = olap_attributes_of((Node *) rinfo->clause, rel->relid,
										 work->filter);
			vector = lappend(vector, rinfo);
			work->kernels += 1;
			bare = lappend(bare, rinfo->clause);
			continue;
		}
		cost_qual_eval_node(&cost, (Node *) rinfo->clause, root);
		work->rest.startup += cost.startup;
		work->rest.per_tuple += cost.per_tuple;
	}
	work->read = zones_part(root, rel, relation, types, vector);
	table_close(relation, NoLock);
	work->read = Min(work->read, olap_bitmap_read_part(root, rel, options, bare));
	work->tuples = Max(rel->tuples, 1);
	work->vector_rows =
		clamp_row_est(work->tuples * clauselist_selectivity(root, vector,
															rel->relid,
															JOIN_INNER, NULL));
}

/*
 * The part of the columns that is read. A runtime filter has columns that only rows
 * which it leaves need, and vectors without such rows are passed over.
 */
static double
column_part(RelOptInfo *rel, const OlapScanPath *scan)
{
	double		all = olap_column_fraction(rel, scan->set);
	double		filter;
	double		rows;

	if (scan->left >= 1)
		return all;
	filter = Min(olap_column_fraction(rel, scan->work.filter), all);
	rows = scan->work.vector_rows * scan->left /
		Max(scan->work.tuples * scan->work.read, 1);
	return filter + (all - filter) * (1 - exp(-rows * OLAP_VECTOR_ROWS));
}

/*
 * Strings with many distinct values, which no dictionary stands for, are
 * decompressed and copied: operators a row and column.
 */
static double
string_operators(const OlapPlanWork *work, int attno)
{
	HeapTuple	tuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(work->table),
										Int16GetDatum(attno), BoolGetDatum(false));
	Form_pg_statistic stats;
	double		distinct;
	double		width;

	if (!HeapTupleIsValid(tuple))
		return 0;
	stats = (Form_pg_statistic) GETSTRUCT(tuple);
	distinct = stats->stadistinct < 0 ? -stats->stadistinct :
		stats->stadistinct / work->tuples;
	width = stats->stawidth * (1 - stats->stanullfrac);
	ReleaseSysCache(tuple);
	return STRING_FACTOR * width * Min(1, distinct / FEW_DISTINCT);
}

/* The same of an attribute, offset as pull_varattnos() does; of no string nothing. */
static double
attribute_operators(const OlapPlanWork *work, int x)
{
	int			attno = x + FirstLowInvalidHeapAttributeNumber;

	if (attno <= 0 || get_typlen(get_atttype(work->table, attno)) != -1)
		return 0;
	return string_operators(work, attno);
}

/* Those of the filter's columns for all rows that are read, of others for rows left. */
static Cost
strings_cost(const OlapScanPath *scan)
{
	const OlapPlanWork *work = &scan->work;
	double		filter = 0,
				rest = 0;
	int			x = -1;

	if (work->tuples < STRING_TUPLES)
		return 0;
	while ((x = bms_next_member(scan->set, x)) >= 0)
	{
		if (bms_is_member(x, work->filter))
			filter += attribute_operators(work, x);
		else
			rest += attribute_operators(work, x);
	}
	return cpu_operator_cost * (work->tuples * work->read * filter +
								work->vector_rows * scan->left * rest);
}

Cost
olap_strings_row_cost(const OlapPlanWork *work, const Bitmapset *set)
{
	double		operators = 0;
	int			x = -1;

	if (work->tuples < STRING_TUPLES)
		return 0;
	while ((x = bms_next_member(set, x)) >= 0)
		operators += attribute_operators(work, x);
	return cpu_operator_cost * operators;
}

void
olap_cost_scan(RelOptInfo *rel, OlapScanPath *scan, Cost emit)
{
	const OlapPlanWork *work = &scan->work;
	Path	   *path = &scan->cpath.path;
	Cost		io,
				cpu;

	io = rel->pages * column_part(rel, scan) * work->read * seq_page_cost;
	cpu = work->tuples * work->read * olap_kernel_cost(work->kernels) +
		strings_cost(scan) +
		work->vector_rows * scan->left * emit +
		path->rows * path->pathtarget->cost.per_tuple;

	if (path->parallel_workers > 0)
	{
		double		divisor = path->parallel_workers;

		if (parallel_leader_participation)
			divisor += Max(0.0, 1.0 - 0.3 * path->parallel_workers);
		cpu /= divisor;
		path->rows = clamp_row_est(path->rows / divisor);
	}
	path->startup_cost = START_PAGES * random_page_cost + work->rest.startup +
		path->pathtarget->cost.startup + scan->make;
	path->total_cost = path->startup_cost + io + cpu;
	olap_path_set_enabled(path, enable_seqscan);
}

Cost
olap_kernel_cost(double kernels)
{
	return cpu_operator_cost * OLAP_KERNEL_FACTOR * kernels;
}

Cost
olap_emit_cost(const OlapPlanWork *work)
{
	return cpu_tuple_cost * EMIT_FACTOR + work->rest.per_tuple;
}

/*-------------------------------------------------------------------------
 *
 * bitmap_cost.c
 *		What bitmap indexes leave to be read: an estimate.
 *
 * By the table's options, not by what its segments have: segments that are older
 * than an option get their indexes by compaction, and to know which did would
 * mean to open all of them.
 *
 * The executor (index/row_tests.h, table/narrow.c) looks named values up, and of
 * other tests those of the column's values that pass, where that is less work than
 * reading what it saves. Here it is the statistics that tell: how many rows pass, how many
 * different values there are in a row group, and how long codes of these are.
 *
 * src/plan/bitmap_cost.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "catalog/pg_statistic.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

#include "base/compat_planner.h"
#include "base/guc.h"
#include "exec/qual.h"
#include "index/bitmap.h"
#include "meta/options.h"
#include "plan/bitmap_cost.h"
#include "table/narrow.h"

/* Looking a value up costs as much as reading so much of a row group. */
#define PROBE_PART 0.01

/* Besides the work in narrow.h: that of a page of an index that is read whole. */
#define COPY_WORK 5.0

typedef struct Columns
{
	PlannerInfo *root;
	RelOptInfo *rel;
	const OlapOptions *options;
} Columns;

static double and_part(const Columns *c, List *clauses);

/* The only column of a clause, if it has an index; else 0. */
static AttrNumber
indexed_column(const Columns *c, Node *clause)
{
	Bitmapset  *set = NULL;
	int			attno;

	pull_varattnos(clause, c->rel->relid, &set);
	if (!bms_get_singleton_member(set, &attno))
		return 0;
	attno += FirstLowInvalidHeapAttributeNumber;
	for (int i = 0; i < c->options->nbitmap; i++)
		if (c->options->bitmap[i] == attno)
			return attno;
	return 0;
}

/* ---- one column ---- */

/* What a test says of the column's values. */
typedef enum TestKind
{
	TEST_NAMES,					/* these, or NULL */
	TEST_RANGE,					/* those in a range, with a prefix and the like */
	TEST_OTHERS					/* all but some */
} TestKind;

static TestKind
kind_of_operator(Oid opno, bool any, double values)
{
	OlapCompareOp op;

	if (!olap_compare_op(get_opcode(opno), &op))
		return TEST_RANGE;
	if (op.cmp == OLAP_CMP_EQ && any)
		return values <= OLAP_BITMAP_MAX_PROBES ? TEST_NAMES : TEST_RANGE;
	return op.cmp == OLAP_CMP_NE || !any ? TEST_OTHERS : TEST_RANGE;
}

static TestKind
kind_of_clause(const Columns *c, Node *clause)
{
	if (IsA(clause, OpExpr))
		return kind_of_operator(((OpExpr *) clause)->opno, true, 1);
	if (IsA(clause, ScalarArrayOpExpr))
		return kind_of_operator(((ScalarArrayOpExpr *) clause)->opno,
								((ScalarArrayOpExpr *) clause)->useOr,
								estimate_array_length(c->root,
													  lsecond(((ScalarArrayOpExpr *) clause)->args)));
	if (IsA(clause, NullTest))
		return TEST_NAMES;		/* a chunk knows which these are */
	if (is_andclause(clause) || is_orclause(clause))
	{
		/* of an AND the most exact one, of an OR the least */
		TestKind	kind = is_andclause(clause) ? TEST_OTHERS : TEST_NAMES;
		ListCell   *lc;

		foreach(lc, ((BoolExpr *) clause)->args)
		{
			TestKind	one = kind_of_clause(c, lfirst(lc));

			kind = is_andclause(clause) ? Min(kind, one) : Max(kind, one);
		}
		return kind;
	}
	return is_notclause(clause) ? TEST_OTHERS : TEST_RANGE;
}

typedef struct ColumnValues
{
	double		n;				/* different ones in a row group; 0: not known */
	double		listed;			/* part of the rows whose values are in the index */
} ColumnValues;

static double
listed_part(const VariableStatData *stats)
{
	double		part = 1;
	AttStatsSlot common;

	if (!HeapTupleIsValid(stats->statsTuple))
		return part;
	part -= ((Form_pg_statistic) GETSTRUCT(stats->statsTuple))->stanullfrac;
	if (get_attstatsslot(&common, stats->statsTuple, STATISTIC_KIND_MCV, InvalidOid,
						 ATTSTATSSLOT_NUMBERS))
	{
		for (int i = 0; i < common.nnumbers; i++)
			if (common.numbers[i] * OLAP_BITMAP_COMMON > 1)
				part -= common.numbers[i];
		free_attstatsslot(&common);
	}
	return Max(part, 0);
}

static ColumnValues
values_of(const Columns *c, AttrNumber attno)
{
	RangeTblEntry *rte = planner_rt_fetch(c->rel->relid, c->root);
	double		rows = Min(Max(c->rel->tuples, 1), OLAP_ROWGROUP_ROWS);
	ColumnValues values = {0};
	VariableStatData stats;
	bool		isdefault;
	double		n;
	Oid			type,
				collation;
	int32		typmod;

	get_atttypetypmodcoll(rte->relid, attno, &type, &typmod, &collation);
	examine_variable(c->root, (Node *) makeVar(c->rel->relid, attno, type, typmod,
											   collation, 0), 0, &stats);
	n = get_variable_numdistinct(&stats, &isdefault);
	if (!isdefault && n >= 1)
		values.n = Max(n * (1 - exp(-rows / n)), 1);
	values.listed = listed_part(&stats);
	ReleaseVariableStats(stats);
	return values;
}

/* Is looking up those values that pass less work than what it saves of a row group? */
static bool
pays(double part, const ColumnValues *values, double passing)
{
	double		code = Max(log2(values->n), 1) / BITS_PER_BYTE;
	double		column = OLAP_ROWGROUP_ROWS * code / BLCKSZ;
	double		index = OLAP_ROWGROUP_ROWS * values->listed * (code + 0.25) / BLCKSZ;
	double		work = Min(2 * passing, COPY_WORK * (index + 1)) +
		OLAP_NARROW_BUCKET_WORK * index * Min(passing / values->n, 1);

	return column * OLAP_NARROW_PAGE_WORK * exp(-part * OLAP_VECTOR_ROWS) > work;
}

/* The part of the rows that an index leaves of ANDed tests of its column. */
static double
column_part(const Columns *c, AttrNumber attno, List *tests)
{
	double		part = clauselist_selectivity(c->root, tests, c->rel->relid,
											  JOIN_INNER, NULL);
	TestKind	kind = TEST_OTHERS;
	ListCell   *lc;
	ColumnValues values;

	/* values that are so common are in no index */
	if (part * OLAP_BITMAP_COMMON > 1)
		return 1;
	foreach(lc, tests)
		kind = Min(kind, kind_of_clause(c, lfirst(lc)));
	if (kind == TEST_NAMES)
		return part;
	values = values_of(c, attno);
	if (values.n == 0 ||
		values.n > Min(Max(c->rel->tuples, 1), OLAP_ROWGROUP_ROWS) / OLAP_NARROW_VALUES_PART)
		return 1;
	return pays(part, &values, kind == TEST_OTHERS ? values.n :
				Max(values.n * part, 1)) ? part : 1;
}

/* ---- trees ---- */

/*
 * Of an OR what its arms leave together; arms are asked one by one here, where the executor
 * puts those of one column together.
 */
static double
or_part(const Columns *c, List *arms)
{
	double		part = 0;
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, arms)
	{
		CHECK_FOR_INTERRUPTS();
		part += and_part(c, list_make1(lfirst(lc)));
		if (part * OLAP_BITMAP_COMMON > 1)
			return 1;			/* of that many rows all vectors have some */
	}
	return part;
}

/* Conjuncts of conjuncts. */
static List *
flatten(List *clauses, List *to)
{
	ListCell   *lc;

	check_stack_depth();
	foreach(lc, clauses)
		to = is_andclause(lfirst(lc)) ?
			flatten(((BoolExpr *) lfirst(lc))->args, to) : lappend(to, lfirst(lc));
	return to;
}

/*
 * Of an AND what all of its arguments that indexes know of leave; 1 if there is none
 * such. Tests of one column are one: of a range, both bounds.
 */
static double
and_part(const Columns *c, List *clauses)
{
	List	   *all = flatten(clauses, NIL);
	List	  **tests = palloc0(c->options->nbitmap * sizeof(List *));
	double		part = 1;
	ListCell   *lc;

	foreach(lc, all)
	{
		Node	   *clause = lfirst(lc);
		AttrNumber	attno = indexed_column(c, clause);

		for (int i = 0; attno != 0 && i < c->options->nbitmap; i++)
			if (c->options->bitmap[i] == attno)
				tests[i] = lappend(tests[i], clause);
		if (attno == 0 && is_orclause(clause))
			part *= or_part(c, ((BoolExpr *) clause)->args);
	}
	for (int i = 0; i < c->options->nbitmap; i++)
		if (tests[i] != NIL)
			part *= column_part(c, c->options->bitmap[i], tests[i]);
	return part;
}

double
olap_bitmap_read_part(PlannerInfo *root, RelOptInfo *rel,
					  const OlapOptions *options, List *clauses)
{
	Columns		c = {root, rel, options};
	double		part;

	if (options->nbitmap == 0 || !olap_guc_enable_bitmap || clauses == NIL)
		return 1;
	part = and_part(&c, clauses);
	/* vectors without any of the rows, which are anywhere, are passed over */
	return part >= 1 ? 1 : Min(PROBE_PART + 1 - exp(-part * OLAP_VECTOR_ROWS), 1);
}

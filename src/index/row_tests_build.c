/*-------------------------------------------------------------------------
 *
 * row_tests_build.c
 *		Bring a filter's trees into the form that indexes answer.
 *
 * src/index/row_tests_build.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "index/bloom.h"
#include "index/qual_zones.h"
#include "index/row_tests_internal.h"

/* Beyond so many values looked for, a list is not worth keeping. */
#define MAX_VALUES 4096

typedef struct Builder
{
	const OlapColumnType *types;
	int			natts;
	MemoryContext cxt;			/* of filters */
} Builder;

static OlapRowNode *build(Builder *b, const OlapExpr *expr);

/* ---- one column ---- */

static OlapZoneTest *
zone_test(const Builder *b, const OlapExpr *expr)
{
	OlapZoneTest *test = palloc0(sizeof(OlapZoneTest));

	if (!olap_expr_is_list(expr))
	{
		test->kind = olap_qual_zone(expr, b->types, b->natts, &test->qual) ?
			OLAP_ZONE_TEST_QUAL : OLAP_ZONE_TEST_UNKNOWN;
		return test;
	}
	test->kind = expr->kind == OLAP_EXPR_AND ? OLAP_ZONE_TEST_AND :
		expr->kind == OLAP_EXPR_OR ? OLAP_ZONE_TEST_OR : OLAP_ZONE_TEST_NOT;
	test->nargs = expr->nargs;
	test->args = palloc(Max(expr->nargs, 1) * sizeof(OlapZoneTest *));
	for (int i = 0; i < expr->nargs; i++)
		test->args[i] = zone_test(b, expr->args[i]);
	return test;
}

/* Quals that list every value, NULL aside, of which a tree can be true. */
typedef struct ValueList
{
	int			n;
	int			nvalues;
	const OlapZoneQual *quals[OLAP_EXPR_MAX_DEPTH * 4];
} ValueList;

/* False: there is no such list, or it is long. */
static bool
list_values(const OlapZoneTest *test, ValueList *list)
{
	ValueList	best = {.n = -1};

	switch (test->kind)
	{
		case OLAP_ZONE_TEST_QUAL:
			if (test->qual.op == OLAP_ZONE_IS_NULL)
				return true;
			if ((test->qual.op != OLAP_ZONE_EQ && test->qual.op != OLAP_ZONE_IN) ||
				list->n == (int) lengthof(list->quals) ||
				(list->n > 0 && list->quals[0]->kind != test->qual.kind) ||
				list->nvalues + test->qual.nvalues > MAX_VALUES)
				return false;
			list->quals[list->n++] = &test->qual;
			list->nvalues += test->qual.nvalues;
			return true;
		case OLAP_ZONE_TEST_AND:
			/* what any argument lists is enough: take the shortest */
			for (int i = 0; i < test->nargs; i++)
			{
				ValueList	one = *list;

				if (list_values(test->args[i], &one) &&
					(best.n < 0 || one.nvalues < best.nvalues))
					best = one;
			}
			if (best.n < 0)
				return false;
			*list = best;
			return true;
		case OLAP_ZONE_TEST_OR:
			for (int i = 0; i < test->nargs; i++)
				if (!list_values(test->args[i], list))
					return false;
			return true;
		default:
			return false;
	}
}

static int
compare_hashes(const void *a, const void *b)
{
	uint64		x = *(const uint64 *) a;
	uint64		y = *(const uint64 *) b;

	return x < y ? -1 : x > y;
}

static void
set_hashes(OlapColumnTest *test, const ValueList *list)
{
	int			n = 0;

	test->listed = true;
	test->kind = list->n > 0 ? list->quals[0]->kind : OLAP_ZONE_NONE;
	test->hashes = palloc(Max(list->nvalues, 1) * sizeof(uint64));
	for (int q = 0; q < list->n; q++)
		for (int i = 0; i < list->quals[q]->nvalues; i++)
			test->hashes[n++] = olap_bloom_hash(list->quals[q], i);
	qsort(test->hashes, n, sizeof(uint64), compare_hashes);
	for (int i = 0; i < n; i++)
		if (i == 0 || test->hashes[i] != test->hashes[i - 1])
			test->hashes[test->nhashes++] = test->hashes[i];
}

/* Numbers outside of which a tree is not true. */
typedef struct Bounds
{
	OlapZoneKind kind;			/* NONE: not known */
	uint8		scale;
	int64		lo;				/* above hi: there are none */
	int64		hi;
} Bounds;

static Bounds
qual_bounds(const OlapZoneQual *qual)
{
	Bounds		b = {qual->kind, qual->scale, PG_INT64_MIN, PG_INT64_MAX};
	int64		value;

	if ((qual->kind != OLAP_ZONE_INT && qual->kind != OLAP_ZONE_UINT &&
		 qual->kind != OLAP_ZONE_DEC) || qual->op == OLAP_ZONE_IS_NULL ||
		qual->op == OLAP_ZONE_NOT_NULL)
		return (Bounds) {OLAP_ZONE_NONE};
	for (int i = 0; i < qual->nvalues; i++)
	{
		/* of unsigned numbers the lower half is enough: wider ranges are no use */
		if (qual->kind == OLAP_ZONE_UINT && qual->values[i].v.u > PG_INT64_MAX)
			return (Bounds) {OLAP_ZONE_NONE};
		value = qual->values[i].v.i;
		if (i == 0 || value > b.hi)
			b.hi = value;
		if (i == 0 || value < b.lo)
			b.lo = value;
	}
	value = b.lo;
	switch (qual->op)
	{
		case OLAP_ZONE_LT:
		case OLAP_ZONE_LE:
			b.lo = PG_INT64_MIN;
			b.hi = value - (qual->op == OLAP_ZONE_LT && value > PG_INT64_MIN);
			break;
		case OLAP_ZONE_GT:
		case OLAP_ZONE_GE:
			b.hi = PG_INT64_MAX;
			b.lo = value + (qual->op == OLAP_ZONE_GT && value < PG_INT64_MAX);
			break;
		default:
			break;
	}
	return b;
}

static Bounds
bounds_of(const OlapZoneTest *test)
{
	Bounds		b = {OLAP_ZONE_NONE};

	if (test->kind == OLAP_ZONE_TEST_QUAL)
		return qual_bounds(&test->qual);
	if (test->kind != OLAP_ZONE_TEST_AND && test->kind != OLAP_ZONE_TEST_OR)
		return b;
	for (int i = 0; i < test->nargs; i++)
	{
		Bounds		one = bounds_of(test->args[i]);
		bool		fits = one.kind == b.kind && one.scale == b.scale;

		if (test->kind == OLAP_ZONE_TEST_OR)
		{
			if (one.kind == OLAP_ZONE_NONE || (i > 0 && !fits))
				return (Bounds) {OLAP_ZONE_NONE};
			if (i == 0)
				b = one;
			b.lo = Min(b.lo, one.lo);
			b.hi = Max(b.hi, one.hi);
		}
		else if (b.kind == OLAP_ZONE_NONE)
			b = one;
		else if (fits)
		{
			b.lo = Max(b.lo, one.lo);
			b.hi = Min(b.hi, one.hi);
		}
	}
	return b;
}

static OlapRowNode *
column_node(const OlapZoneTest *zones, int col, bool nulls)
{
	OlapRowNode *node = palloc0(sizeof(OlapRowNode));
	ValueList	list = {0};
	Bounds		bounds = bounds_of(zones);

	node->kind = OLAP_ROW_COLUMN;
	node->test.col = col;
	node->test.nulls = nulls;
	node->test.zones = (OlapZoneTest *) zones;
	if (list_values(zones, &list))
		set_hashes(&node->test, &list);
	node->test.bounds_kind = bounds.kind;
	node->test.scale = bounds.scale;
	node->test.lo = bounds.lo;
	node->test.hi = bounds.hi;
	node->cost = !node->test.listed ? 8 : node->test.nhashes > 0 ? 0 : 1;
	return node;
}

static OlapRowNode *
column_of_expr(Builder *b, const OlapExpr *expr)
{
	OlapRowNode *node = column_node(zone_test(b, expr), olap_expr_only_column(expr),
									olap_expr_true_of_null(expr));
	OlapExpr   *copy = olap_expr_copy_as(expr, 0);

	/* whoever looks its values up needs no test of others */
	if (!node->test.listed)
		node->test.filter = olap_filter_create(&copy, 1, b->cxt);
	return node;
}

/* ---- trees ---- */

/* Cheap ones first; equal ones in the order given. */
static OlapRowNode *
list_node(OlapRowNodeKind kind, OlapRowNode **args, int nargs)
{
	OlapRowNode *node;

	if (nargs == 1)
		return args[0];
	node = palloc0(sizeof(OlapRowNode));
	node->kind = kind;
	node->args = palloc(nargs * sizeof(OlapRowNode *));
	for (int i = 0; i < nargs; i++)
	{
		int			at = node->nargs++;

		for (; at > 0 && node->args[at - 1]->cost > args[i]->cost; at--)
			node->args[at] = node->args[at - 1];
		node->args[at] = args[i];
		node->cost = Max(node->cost, args[i]->cost + 1);
	}
	node->scratch = palloc(sizeof(OlapScratchRows));
	olap_scratch_rows_init(node->scratch);
	return node;
}

/* Arguments of a list, and of lists of the same kind in it; returns the new count. */
static int
flatten(const OlapExpr *expr, OlapExprKind kind, const OlapExpr ***list, int n, int *max)
{
	if (expr->kind == kind)
	{
		for (int i = 0; i < expr->nargs; i++)
			n = flatten(expr->args[i], kind, list, n, max);
		return n;
	}
	if (n == *max)
	{
		*max *= 2;
		*list = repalloc(*list, *max * sizeof(OlapExpr *));
	}
	(*list)[n] = expr;
	return n + 1;
}

/* Those from args[i] on that are of the same column as it, as one; they are taken. */
static OlapRowNode *
take_column(Builder *b, OlapExprKind kind, const OlapExpr **args, int nargs, int i)
{
	OlapExpr  **same = palloc(nargs * sizeof(OlapExpr *));
	int			col = olap_expr_only_column(args[i]);
	int			n = 0;

	for (int j = i; j < nargs; j++)
	{
		if (args[j] == NULL || olap_expr_only_column(args[j]) != col)
			continue;
		same[n++] = (OlapExpr *) args[j];
		args[j] = NULL;
	}
	return column_of_expr(b, n == 1 ? same[0] :
						  kind == OLAP_EXPR_AND ? olap_expr_and(same, n) :
						  olap_expr_or(same, n));
}

/*
 * A list of conjuncts or arms.  NULL: nothing can be said, which goes for an OR
 * as soon as it goes for one of its arms.
 */
static OlapRowNode *
build_list(Builder *b, OlapExprKind kind, const OlapExpr **args, int nargs)
{
	bool		is_and = kind == OLAP_EXPR_AND;
	OlapRowNode **nodes = palloc(Max(nargs, 1) * sizeof(OlapRowNode *));
	int			n = 0;

	for (int i = 0; i < nargs; i++)
	{
		OlapRowNode *node;

		if (args[i] == NULL)
			continue;
		if (args[i]->kind == OLAP_EXPR_CONST && args[i]->truth == is_and)
			continue;
		node = olap_expr_only_column(args[i]) >= 0 ?
			take_column(b, kind, args, nargs, i) : build(b, args[i]);
		if (node != NULL)
			nodes[n++] = node;
		else if (!is_and)
			return NULL;
	}
	return n == 0 ? NULL :
		list_node(is_and ? OLAP_ROW_AND : OLAP_ROW_OR, nodes, n);
}

static OlapRowNode *
build(Builder *b, const OlapExpr *expr)
{
	int			max = 8;
	int			nargs;
	const OlapExpr **args;

	if (olap_expr_only_column(expr) >= 0)
		return column_of_expr(b, expr);
	if (expr->kind != OLAP_EXPR_AND && expr->kind != OLAP_EXPR_OR)
		return NULL;
	args = palloc(max * sizeof(OlapExpr *));
	nargs = flatten(expr, expr->kind, &args, 0, &max);
	return build_list(b, expr->kind, args, nargs);
}

/* One that looks values up; NULL if this one does not. */
static OlapRowNode *
qual_node(const OlapZoneQual *qual)
{
	OlapZoneTest *zones;

	if (qual->op != OLAP_ZONE_EQ && qual->op != OLAP_ZONE_IN)
		return NULL;
	zones = palloc0(sizeof(OlapZoneTest));
	zones->kind = OLAP_ZONE_TEST_QUAL;
	zones->qual = *qual;
	return column_node(zones, qual->col, false);
}

OlapRowTests *
olap_row_tests_create(OlapExpr *const *exprs, int n, const OlapColumnType *types,
					  int natts, const OlapZoneQual *quals, int nquals,
					  MemoryContext cxt)
{
	MemoryContext old = MemoryContextSwitchTo(cxt);
	Builder		b = {types, natts, cxt};
	OlapRowTests *tests = NULL;
	OlapRowNode **nodes = palloc((nquals + 1) * sizeof(OlapRowNode *));
	int			nnodes = 0;

	if (n > 0)
		nodes[nnodes] = build(&b, n == 1 ? exprs[0] : olap_expr_and((OlapExpr **) exprs, n));
	nnodes += n > 0 && nodes[nnodes] != NULL;
	for (int q = 0; q < nquals; q++)
	{
		nodes[nnodes] = qual_node(&quals[q]);
		nnodes += nodes[nnodes] != NULL;
	}
	if (nnodes > 0)
	{
		tests = palloc(sizeof(OlapRowTests));
		tests->root = list_node(OLAP_ROW_AND, nodes, nnodes);
		olap_scratch_rows_init(&tests->found);
	}
	MemoryContextSwitchTo(old);
	return tests;
}

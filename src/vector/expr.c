/*-------------------------------------------------------------------------
 *
 * expr.c
 *		Build trees of predicates.
 *
 * src/vector/expr.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "vector/expr_internal.h"

static OlapExpr *
make_expr(OlapExprKind kind)
{
	OlapExpr   *expr = palloc0(sizeof(OlapExpr));

	expr->kind = kind;
	return expr;
}

OlapExpr *
olap_expr_const(bool truth)
{
	OlapExpr   *expr = make_expr(OLAP_EXPR_CONST);

	expr->truth = truth;
	return expr;
}

static OlapExpr *
make_list(OlapExprKind kind, OlapExpr **args, int nargs)
{
	OlapExpr   *expr = make_expr(kind);

	expr->nargs = nargs;
	expr->args = palloc(Max(nargs, 1) * sizeof(OlapExpr *));
	memcpy(expr->args, args, nargs * sizeof(OlapExpr *));
	return expr;
}

OlapExpr *
olap_expr_and(OlapExpr **args, int nargs)
{
	return make_list(OLAP_EXPR_AND, args, nargs);
}

OlapExpr *
olap_expr_or(OlapExpr **args, int nargs)
{
	return make_list(OLAP_EXPR_OR, args, nargs);
}

OlapExpr *
olap_expr_not_true(OlapExpr *arg)
{
	return make_list(OLAP_EXPR_NOT_TRUE, &arg, 1);
}

static void
set_values(OlapExpr *expr, const OlapExprValue *values, int nvalues)
{
	expr->nvalues = nvalues;
	expr->values = palloc(Max(nvalues, 1) * sizeof(OlapExprValue));
	memcpy(expr->values, values, nvalues * sizeof(OlapExprValue));
}

OlapExpr *
olap_expr_compare(int col, OlapOrder order, OlapCompare cmp,
				  const OlapExprValue *value)
{
	OlapExpr   *expr = make_expr(OLAP_EXPR_COMPARE);

	expr->col = col;
	expr->order = order;
	expr->cmp = cmp;
	set_values(expr, value, 1);
	return expr;
}

OlapExpr *
olap_expr_columns(int col, OlapOrder order, OlapCompare cmp, int col2)
{
	OlapExpr   *expr = make_expr(OLAP_EXPR_COLUMNS);

	expr->col = col;
	expr->col2 = col2;
	expr->order = order;
	expr->cmp = cmp;
	return expr;
}

static int
compare_double(double a, double b)
{
	if (isnan(a) || isnan(b))
		return (int) isnan(a) - (int) isnan(b);
	return a < b ? -1 : a > b;
}

static int
compare_values(OlapOrder order, const OlapExprValue *a, const OlapExprValue *b)
{
	switch (order)
	{
		case OLAP_ORDER_INT:
			return a->i < b->i ? -1 : a->i > b->i;
		case OLAP_ORDER_UINT:
			return (uint64) a->i < (uint64) b->i ? -1 :
				(uint64) a->i > (uint64) b->i;
		case OLAP_ORDER_FLOAT:
			return compare_double(a->f, b->f);
		default:
			return olap_value_compare(order, a->data, a->len, b->data, b->len);
	}
}

/* Sift value down from the root of a heap of n values. */
static void
sift(OlapOrder order, OlapExprValue *values, int root, int n)
{
	OlapExprValue value = values[root];

	for (;;)
	{
		int			child = 2 * root + 1;

		if (child >= n)
			break;
		if (child + 1 < n &&
			compare_values(order, &values[child], &values[child + 1]) < 0)
			child++;
		if (compare_values(order, &value, &values[child]) >= 0)
			break;
		values[root] = values[child];
		root = child;
	}
	values[root] = value;
}

/* Heap sort: the order is an argument, which qsort's callback cannot have. */
static void
sort_values(OlapOrder order, OlapExprValue *values, int n)
{
	for (int root = n / 2 - 1; root >= 0; root--)
		sift(order, values, root, n);
	for (int end = n - 1; end > 0; end--)
	{
		OlapExprValue top = values[0];

		values[0] = values[end];
		values[end] = top;
		sift(order, values, 0, end);
	}
}

OlapExpr *
olap_expr_in(int col, OlapOrder order, bool negated,
			 const OlapExprValue *values, int nvalues, bool has_null)
{
	OlapExpr   *expr;
	int			n = 0;

	/* x = ANY ('{}') is false, even for NULL */
	if (nvalues == 0 && !has_null)
		return olap_expr_const(negated);
	if (negated ? has_null : nvalues == 0)
		return olap_expr_const(false);
	expr = make_expr(OLAP_EXPR_IN);
	expr->col = col;
	expr->order = order;
	expr->negated = negated;
	set_values(expr, values, nvalues);
	sort_values(order, expr->values, nvalues);
	for (int i = 1; i < nvalues; i++)
		if (compare_values(order, &expr->values[n], &expr->values[i]) != 0)
			expr->values[++n] = expr->values[i];
	expr->nvalues = n + 1;
	return expr;
}

OlapExpr *
olap_expr_null(int col, bool is_null)
{
	OlapExpr   *expr = make_expr(OLAP_EXPR_NULL);

	expr->col = col;
	expr->negated = !is_null;
	return expr;
}

OlapExpr *
olap_expr_like(int col, bool negated, const uint8 *pattern, size_t len,
			   bool utf8)
{
	OlapPattern *compiled = olap_pattern_compile(pattern, len, utf8);
	OlapExpr   *expr;

	if (compiled == NULL)
		return NULL;
	expr = make_expr(OLAP_EXPR_LIKE);
	expr->col = col;
	expr->negated = negated;
	expr->order = OLAP_ORDER_BYTES;
	expr->state = palloc0(sizeof(OlapExprState));
	expr->state->pattern = compiled;
	return expr;
}

OlapExpr *
olap_expr_prefix(int col, bool negated, const OlapExprValue *prefix)
{
	OlapExpr   *expr = make_expr(OLAP_EXPR_PREFIX);

	expr->col = col;
	expr->negated = negated;
	expr->order = OLAP_ORDER_BYTES;
	set_values(expr, prefix, 1);
	return expr;
}

OlapCompare
olap_compare_negate(OlapCompare cmp)
{
	static const OlapCompare negated[] = {
		[OLAP_CMP_LT] = OLAP_CMP_GE,
		[OLAP_CMP_LE] = OLAP_CMP_GT,
		[OLAP_CMP_EQ] = OLAP_CMP_NE,
		[OLAP_CMP_NE] = OLAP_CMP_EQ,
		[OLAP_CMP_GE] = OLAP_CMP_LT,
		[OLAP_CMP_GT] = OLAP_CMP_LE,
	};

	return negated[cmp];
}

OlapCompare
olap_compare_commute(OlapCompare cmp)
{
	static const OlapCompare commuted[] = {
		[OLAP_CMP_LT] = OLAP_CMP_GT,
		[OLAP_CMP_LE] = OLAP_CMP_GE,
		[OLAP_CMP_EQ] = OLAP_CMP_EQ,
		[OLAP_CMP_NE] = OLAP_CMP_NE,
		[OLAP_CMP_GE] = OLAP_CMP_LE,
		[OLAP_CMP_GT] = OLAP_CMP_LT,
	};

	return commuted[cmp];
}

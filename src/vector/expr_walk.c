/*-------------------------------------------------------------------------
 *
 * expr_walk.c
 *		Look at trees of predicates: which column, true of NULL?  And copy them.
 *
 * src/vector/expr_walk.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "vector/expr_internal.h"

bool
olap_expr_is_list(const OlapExpr *expr)
{
	return expr->kind == OLAP_EXPR_AND || expr->kind == OLAP_EXPR_OR ||
		expr->kind == OLAP_EXPR_NOT_TRUE;
}

int
olap_expr_only_column(const OlapExpr *expr)
{
	int			col = -1;

	if (expr->kind == OLAP_EXPR_CONST || expr->kind == OLAP_EXPR_COLUMNS)
		return -1;
	if (!olap_expr_is_list(expr))
		return expr->col;
	for (int i = 0; i < expr->nargs; i++)
	{
		int			one = olap_expr_only_column(expr->args[i]);

		if (one < 0 || (i > 0 && one != col))
			return -1;
		col = one;
	}
	return col;
}

bool
olap_expr_true_of_null(const OlapExpr *expr)
{
	switch (expr->kind)
	{
		case OLAP_EXPR_CONST:
			return expr->truth;
		case OLAP_EXPR_AND:
			for (int i = 0; i < expr->nargs; i++)
				if (!olap_expr_true_of_null(expr->args[i]))
					return false;
			return true;
		case OLAP_EXPR_OR:
			for (int i = 0; i < expr->nargs; i++)
				if (olap_expr_true_of_null(expr->args[i]))
					return true;
			return false;
		case OLAP_EXPR_NOT_TRUE:
			return !olap_expr_true_of_null(expr->args[0]);
		case OLAP_EXPR_NULL:
			return !expr->negated;
		default:
			return false;
	}
}

OlapExpr *
olap_expr_copy_as(const OlapExpr *expr, int col)
{
	OlapExpr   *copy = palloc(sizeof(OlapExpr));

	*copy = *expr;
	copy->state = NULL;
	if (olap_expr_is_list(expr))
	{
		copy->args = palloc(Max(expr->nargs, 1) * sizeof(OlapExpr *));
		for (int i = 0; i < expr->nargs; i++)
			copy->args[i] = olap_expr_copy_as(expr->args[i], col);
		return copy;
	}
	copy->col = col;
	if (expr->kind == OLAP_EXPR_LIKE)
	{
		/* it is not changed by matching */
		copy->state = palloc0(sizeof(OlapExprState));
		copy->state->pattern = expr->state->pattern;
	}
	return copy;
}

/*-------------------------------------------------------------------------
 *
 * qual_zones.c
 *		From vector predicates to zone quals.
 *
 * What a zone can prove of a predicate without its rows. Only ANDed tests of one
 * column come here; all others just have no zone qual.
 *
 * src/index/qual_zones.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/qual_zones.h"

static bool
zone_kind_of(OlapOrder order, OlapZoneKind *kind)
{
	switch (order)
	{
		case OLAP_ORDER_INT:
			*kind = OLAP_ZONE_INT;
			return true;
		case OLAP_ORDER_UINT:
			*kind = OLAP_ZONE_UINT;
			return true;
		case OLAP_ORDER_FLOAT:
			*kind = OLAP_ZONE_FLOAT;
			return true;
		case OLAP_ORDER_NUMERIC:
			*kind = OLAP_ZONE_DEC;
			return true;
		case OLAP_ORDER_BYTES:
			*kind = OLAP_ZONE_BYTES;
			return true;
		default:
			return false;
	}
}

/*
 * A constant as a zone value.  A numeric between two representable ones moves
 * the operator: col < c and col <= c are col <= floor(c), col > c and col >= c
 * are col > floor(c).  False if the zone can't help.
 */
static bool
zone_value(const OlapExprValue *value, OlapZoneKind kind, int scale,
		   OlapZoneOp *op, OlapZoneValue *out)
{
	memset(out, 0, sizeof(*out));
	switch (kind)
	{
		case OLAP_ZONE_INT:
			out->v.i = value->i;
			return true;
		case OLAP_ZONE_UINT:
			out->v.u = (uint64) value->i;
			return true;
		case OLAP_ZONE_FLOAT:
			out->v.f = value->f;
			out->is_nan = value->f != value->f;
			return true;
		case OLAP_ZONE_BYTES:
			out->data = value->data;
			out->len = value->len;
			return true;
		case OLAP_ZONE_DEC:
			switch (olap_numeric_floor(value->data, value->len, scale, &out->v.i))
			{
				case OLAP_DECIMAL_EXACT:
					return true;
				case OLAP_DECIMAL_INEXACT:
					if (*op == OLAP_ZONE_LT || *op == OLAP_ZONE_LE)
						*op = OLAP_ZONE_LE;
					else if (*op == OLAP_ZONE_GT || *op == OLAP_ZONE_GE)
						*op = OLAP_ZONE_GT;
					else
						return false;
					return true;
				default:
					return false;
			}
		default:
			return false;
	}
}

static bool
zone_op_of(const OlapExpr *expr, OlapZoneOp *op)
{
	static const OlapZoneOp ops[] = {
		[OLAP_CMP_LT] = OLAP_ZONE_LT,
		[OLAP_CMP_LE] = OLAP_ZONE_LE,
		[OLAP_CMP_EQ] = OLAP_ZONE_EQ,
		[OLAP_CMP_GE] = OLAP_ZONE_GE,
		[OLAP_CMP_GT] = OLAP_ZONE_GT,
	};

	if (expr->kind == OLAP_EXPR_IN && !expr->negated)
		*op = OLAP_ZONE_IN;
	else if (expr->kind == OLAP_EXPR_COMPARE && expr->cmp != OLAP_CMP_NE)
		*op = ops[expr->cmp];
	else
		return false;
	return true;
}

bool
olap_qual_zone(const OlapExpr *expr, const OlapColumnType *types, int natts,
			   OlapZoneQual *qual)
{
	const OlapColumnType *type;

	if (expr->kind != OLAP_EXPR_IN && expr->kind != OLAP_EXPR_COMPARE &&
		expr->kind != OLAP_EXPR_NULL)
		return false;
	if (expr->col < 0 || expr->col >= natts)
		return false;
	type = &types[expr->col];
	memset(qual, 0, sizeof(*qual));
	qual->col = expr->col;
	if (expr->kind == OLAP_EXPR_NULL)
	{
		qual->op = expr->negated ? OLAP_ZONE_NOT_NULL : OLAP_ZONE_IS_NULL;
		qual->kind = olap_zone_kind(type);
		return true;
	}
	if (!zone_op_of(expr, &qual->op) ||
		!zone_kind_of(expr->order, &qual->kind) ||
		qual->kind != olap_zone_kind(type))
		return false;
	qual->scale = type->scale;
	qual->nvalues = expr->nvalues;
	qual->values = palloc(Max(expr->nvalues, 1) * sizeof(OlapZoneValue));
	for (int i = 0; i < expr->nvalues; i++)
		if (!zone_value(&expr->values[i], qual->kind, type->scale, &qual->op,
						&qual->values[i]))
			return false;
	return expr->nvalues > 0;
}

int
olap_qual_zones(OlapExpr **exprs, int n, const OlapColumnType *types, int natts,
				OlapZoneQual *quals, int nquals, int max)
{
	for (int i = 0; i < n; i++)
	{
		if (exprs[i]->kind == OLAP_EXPR_AND)
			nquals = olap_qual_zones(exprs[i]->args, exprs[i]->nargs, types,
									 natts, quals, nquals, max);
		else if (nquals < max &&
				 olap_qual_zone(exprs[i], types, natts, &quals[nquals]))
			nquals++;
	}
	return nquals;
}

static int
count_tests(OlapExpr *const *exprs, int n)
{
	int			count = 0;

	for (int i = 0; i < n; i++)
		count += exprs[i]->kind == OLAP_EXPR_AND ?
			count_tests(exprs[i]->args, exprs[i]->nargs) : 1;
	return count;
}

bool
olap_qual_zones_are_whole(OlapExpr *const *exprs, int n, int nquals)
{
	return count_tests(exprs, n) == nquals;
}

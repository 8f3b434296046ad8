/*-------------------------------------------------------------------------
 *
 * qual_ops.c
 *		The whitelist of comparison functions with a vector form.
 *
 * By function, not by operator: an operator of any schema that calls one of
 * these does the same thing.  Cross-type members are in it where comparing
 * int64 or double gives their answer for every pair of values, or qual_time.c
 * finds the values of a column that do.
 *
 * src/exec/qual_ops.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "base/compat_planner.h"
#include "exec/qual.h"

typedef struct OpRow
{
	Oid			funcid;
	OlapCompareOp op;
} OpRow;

#define ROW(func, order, cmp, left, right) \
	{func, {OLAP_ORDER_##order, OLAP_CMP_##cmp, left, right}}

/* The six functions of a family: prefix of the name and its suffixes. */
#define SIX(order, left, right, lt, le, eq, ne, ge, gt) \
	ROW(lt, order, LT, left, right), ROW(le, order, LE, left, right), \
	ROW(eq, order, EQ, left, right), ROW(ne, order, NE, left, right), \
	ROW(ge, order, GE, left, right), ROW(gt, order, GT, left, right)

#define SIX_PLAIN(order, p, left, right) \
	SIX(order, left, right, p##LT, p##LE, p##EQ, p##NE, p##GE, p##GT)
#define SIX_UNDER(order, p, left, right) \
	SIX(order, left, right, p##_LT, p##_LE, p##_EQ, p##_NE, p##_GE, p##_GT)

static const OpRow rows[] = {
	SIX_PLAIN(INT, F_BOOL, BOOLOID, BOOLOID),
	SIX_PLAIN(INT, F_INT2, INT2OID, INT2OID),
	SIX_PLAIN(INT, F_INT4, INT4OID, INT4OID),
	SIX_PLAIN(INT, F_INT8, INT8OID, INT8OID),
	SIX_PLAIN(INT, F_INT24, INT2OID, INT4OID),
	SIX_PLAIN(INT, F_INT28, INT2OID, INT8OID),
	SIX_PLAIN(INT, F_INT42, INT4OID, INT2OID),
	SIX_PLAIN(INT, F_INT48, INT4OID, INT8OID),
	SIX_PLAIN(INT, F_INT82, INT8OID, INT2OID),
	SIX_PLAIN(INT, F_INT84, INT8OID, INT4OID),
	SIX_UNDER(INT, F_TIME, TIMEOID, TIMEOID),
	SIX_UNDER(INT, F_TIMESTAMP, TIMESTAMPOID, TIMESTAMPOID),
	SIX_UNDER(INT, F_TIMESTAMPTZ, TIMESTAMPTZOID, TIMESTAMPTZOID),
	SIX_UNDER(INT, F_CASH, MONEYOID, MONEYOID),
	SIX_UNDER(INT, F_DATE, DATEOID, DATEOID),
	SIX(INT, DATEOID, TIMESTAMPOID, F_DATE_LT_TIMESTAMP, F_DATE_LE_TIMESTAMP,
		F_DATE_EQ_TIMESTAMP, F_DATE_NE_TIMESTAMP, F_DATE_GE_TIMESTAMP,
		F_DATE_GT_TIMESTAMP),
	SIX(INT, TIMESTAMPOID, DATEOID, F_TIMESTAMP_LT_DATE, F_TIMESTAMP_LE_DATE,
		F_TIMESTAMP_EQ_DATE, F_TIMESTAMP_NE_DATE, F_TIMESTAMP_GE_DATE,
		F_TIMESTAMP_GT_DATE),
	SIX(INT, DATEOID, TIMESTAMPTZOID, F_DATE_LT_TIMESTAMPTZ,
		F_DATE_LE_TIMESTAMPTZ, F_DATE_EQ_TIMESTAMPTZ, F_DATE_NE_TIMESTAMPTZ,
		F_DATE_GE_TIMESTAMPTZ, F_DATE_GT_TIMESTAMPTZ),
	SIX(INT, TIMESTAMPTZOID, DATEOID, F_TIMESTAMPTZ_LT_DATE,
		F_TIMESTAMPTZ_LE_DATE, F_TIMESTAMPTZ_EQ_DATE, F_TIMESTAMPTZ_NE_DATE,
		F_TIMESTAMPTZ_GE_DATE, F_TIMESTAMPTZ_GT_DATE),
	SIX(INT, TIMESTAMPOID, TIMESTAMPTZOID, F_TIMESTAMP_LT_TIMESTAMPTZ,
		F_TIMESTAMP_LE_TIMESTAMPTZ, F_TIMESTAMP_EQ_TIMESTAMPTZ,
		F_TIMESTAMP_NE_TIMESTAMPTZ, F_TIMESTAMP_GE_TIMESTAMPTZ,
		F_TIMESTAMP_GT_TIMESTAMPTZ),
	SIX(INT, TIMESTAMPTZOID, TIMESTAMPOID, F_TIMESTAMPTZ_LT_TIMESTAMP,
		F_TIMESTAMPTZ_LE_TIMESTAMP, F_TIMESTAMPTZ_EQ_TIMESTAMP,
		F_TIMESTAMPTZ_NE_TIMESTAMP, F_TIMESTAMPTZ_GE_TIMESTAMP,
		F_TIMESTAMPTZ_GT_TIMESTAMP),
	SIX_PLAIN(UINT, F_OID, OIDOID, OIDOID),
	/* the labels of an enum differ as their OIDs do, but sort otherwise */
	ROW(F_ENUM_EQ, UINT, EQ, OIDOID, OIDOID),
	ROW(F_ENUM_NE, UINT, NE, OIDOID, OIDOID),
	SIX_PLAIN(UINT, F_CHAR, CHAROID, CHAROID),
	SIX_PLAIN(FLOAT, F_FLOAT4, FLOAT4OID, FLOAT4OID),
	SIX_PLAIN(FLOAT, F_FLOAT8, FLOAT8OID, FLOAT8OID),
	SIX_PLAIN(FLOAT, F_FLOAT48, FLOAT4OID, FLOAT8OID),
	SIX_PLAIN(FLOAT, F_FLOAT84, FLOAT8OID, FLOAT4OID),
	SIX_UNDER(NUMERIC, F_NUMERIC, NUMERICOID, NUMERICOID),
	SIX_UNDER(BYTES, F_UUID, UUIDOID, UUIDOID),
	SIX_PLAIN(BYTES, F_BYTEA, BYTEAOID, BYTEAOID),
	SIX(BYTES, TEXTOID, TEXTOID, F_TEXT_LT, F_TEXT_LE, F_TEXTEQ, F_TEXTNE,
		F_TEXT_GE, F_TEXT_GT),
	SIX_PLAIN(BPCHAR, F_BPCHAR, BPCHAROID, BPCHAROID),
};

bool
olap_compare_op(Oid funcid, OlapCompareOp *op)
{
	for (size_t i = 0; i < lengthof(rows); i++)
		if (rows[i].funcid == funcid)
		{
			*op = rows[i].op;
			return true;
		}
	return false;
}

bool
olap_compare_converts(const OlapCompareOp *op)
{
	return op->left != op->right && op->order == OLAP_ORDER_INT &&
		(op->left == DATEOID || op->left == TIMESTAMPOID ||
		 op->left == TIMESTAMPTZOID);
}

bool
olap_compare_collation_fits(const OlapCompareOp *op, Oid collation)
{
	if (op->left != TEXTOID && op->left != BPCHAROID)
		return true;
	if (!OidIsValid(collation))
		return false;
	if (op->cmp == OLAP_CMP_EQ || op->cmp == OLAP_CMP_NE)
		return get_collation_isdeterministic(collation);
	return olap_collation_is_c(collation);
}

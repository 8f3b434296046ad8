/*-------------------------------------------------------------------------
 *
 * qual.h
 *		From PostgreSQL's clauses to vector predicates.
 *
 * src/exec/qual.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_QUAL_H
#define OLAP_QUAL_H

#include "nodes/execnodes.h"
#include "nodes/primnodes.h"

#include "index/qual_zones.h"
#include "vector/expr.h"

/* What a clause is translated against. */
typedef struct OlapQualContext
{
	Index		varno;			/* of the scanned relation */
	PlanState  *parent;			/* NULL at plan time: values are not known */
	ExprContext *econtext;
} OlapQualContext;

/*
 * The vector form of a boolean clause, NULL if it has none.  At plan time the
 * result only says that there is one; at execution constants, parameters and
 * stable expressions are evaluated now, and a value without a vector form (a
 * LIKE pattern that ends in an escape) gives NULL after all.
 *
 * Whitelisted are operators that raise no error for any value and compare as
 * OlapOrder says under their collation.
 */
extern OlapExpr *olap_qual_translate(Expr *clause, const OlapQualContext *cxt);

/* How a comparison function compares. */
typedef struct OlapCompareOp
{
	OlapOrder	order;
	OlapCompare cmp;
	Oid			left;			/* types as the function takes them */
	Oid			right;
} OlapCompareOp;

/*
 * A value of type typid (one of OlapCompareOp, not NULL) in the form that predicates
 * take; bytes are a copy, in CurrentMemoryContext.
 */
extern void olap_qual_value(Datum datum, Oid typid, OlapExprValue *value);

/* False if funcid is not a comparison with a vector form. */
extern bool olap_compare_op(Oid funcid, OlapCompareOp *op);

/*
 * Does the comparison convert one side, so that the two are no numbers of one
 * kind?  Date, timestamp and timestamptz do with each other.
 */
extern bool olap_compare_converts(const OlapCompareOp *op);

/* Do comparisons of text under this collation agree with bytes? */
extern bool olap_compare_collation_fits(const OlapCompareOp *op, Oid collation);

#endif							/* OLAP_QUAL_H */

/*-------------------------------------------------------------------------
 *
 * expr.h
 *		Predicates over batches: a tree of typed tests, run by kernels.
 *
 * A filter is a list of ANDed trees.  It answers one question, "for which rows
 * is this true", so NULL and false are one thing to it.  That is sound because
 * the trees hold no NOT: whoever builds one drives negations down to the tests
 * (NOT (a AND b) = NOT a OR NOT b, NOT (x < c) = x >= c), which keeps SQL's
 * three-valued logic exactly; what is left, AND and OR, is monotone.
 * OLAP_EXPR_NOT_TRUE is the one complement, of "x IS NOT TRUE".
 *
 * No test can raise an error, so the order of evaluation is free: cheap tests
 * run first, and a batch without survivors is left at once, its other columns
 * never decoded.  Tests of a dictionary column run once per distinct value.
 *
 * src/vector/expr.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_EXPR_H
#define OLAP_EXPR_H

#include "vector/vector.h"

/* How values compare. */
typedef enum OlapOrder
{
	OLAP_ORDER_INT,				/* BOOL, I8, I16, I32, I64 as signed numbers */
	OLAP_ORDER_UINT,			/* I8, I32 as unsigned numbers: "char", oid */
	OLAP_ORDER_FLOAT,			/* F32, F64; NaN = NaN, above all; -0 = 0 */
	OLAP_ORDER_NUMERIC,			/* DEC64, or VAR holding numerics */
	OLAP_ORDER_BYTES,			/* VAR, FIXED: memcmp, then the length */
	OLAP_ORDER_BPCHAR,			/* VAR: the same without trailing blanks */
	OLAP_ORDER_INTERVAL			/* FIXED: days of 24 hours, months of 30 days */
} OlapOrder;

/* Are equal values the same bytes?  Not 0 and -0, 1.0 and 1.00, "a" and "a ", 24 hours and a day. */
static inline bool
olap_order_is_exact(OlapOrder order)
{
	return order == OLAP_ORDER_INT || order == OLAP_ORDER_UINT ||
		order == OLAP_ORDER_BYTES;
}

typedef enum OlapCompare
{
	OLAP_CMP_LT,
	OLAP_CMP_LE,
	OLAP_CMP_EQ,
	OLAP_CMP_NE,
	OLAP_CMP_GE,
	OLAP_CMP_GT
} OlapCompare;

/* A constant that is not NULL. */
typedef struct OlapExprValue
{
	int64		i;				/* INT, UINT */
	double		f;				/* FLOAT */
	const uint8 *data;			/* NUMERIC, BYTES, BPCHAR: content, no header */
	size_t		len;
} OlapExprValue;

typedef enum OlapExprKind
{
	OLAP_EXPR_CONST,			/* truth: true, else false or NULL */
	OLAP_EXPR_AND,
	OLAP_EXPR_OR,
	OLAP_EXPR_NOT_TRUE,			/* args[0] is false or NULL */
	OLAP_EXPR_COMPARE,			/* col cmp values[0] */
	OLAP_EXPR_COLUMNS,			/* col cmp col2, both of one type */
	OLAP_EXPR_IN,				/* col is (not) one of values */
	OLAP_EXPR_NULL,				/* col is (not) NULL */
	OLAP_EXPR_LIKE,				/* col (not) LIKE */
	OLAP_EXPR_PREFIX			/* col starts (not) with values[0] */
} OlapExprKind;

typedef struct OlapExprState OlapExprState;

typedef struct OlapExpr
{
	OlapExprKind kind;
	OlapOrder	order;
	OlapCompare cmp;
	bool		truth;			/* CONST */
	bool		negated;		/* IN, NULL, LIKE, PREFIX */
	int			col;			/* attribute number - 1 */
	int			col2;
	int			nvalues;
	OlapExprValue *values;
	int			nargs;			/* AND, OR, NOT_TRUE */
	struct OlapExpr **args;
	OlapExprState *state;		/* set by olap_filter_create() */
} OlapExpr;

/* Trees nest at most this deep; whoever builds one checks. */
#define OLAP_EXPR_MAX_DEPTH 16

/*
 * Constructors; the tree and what its values point to must live as long as the
 * filter.  All allocate in CurrentMemoryContext.
 */
extern OlapExpr *olap_expr_const(bool truth);
extern OlapExpr *olap_expr_and(OlapExpr **args, int nargs);
extern OlapExpr *olap_expr_or(OlapExpr **args, int nargs);
extern OlapExpr *olap_expr_not_true(OlapExpr *arg);
extern OlapExpr *olap_expr_compare(int col, OlapOrder order, OlapCompare cmp,
								   const OlapExprValue *value);
extern OlapExpr *olap_expr_columns(int col, OlapOrder order, OlapCompare cmp,
								   int col2);

/*
 * col = ANY (values), or with negated col <> ALL (values).  values are the
 * elements that are not NULL; has_null says whether there are others.  The
 * array is copied and sorted.
 */
extern OlapExpr *olap_expr_in(int col, OlapOrder order, bool negated,
							  const OlapExprValue *values, int nvalues,
							  bool has_null);
extern OlapExpr *olap_expr_null(int col, bool is_null);

/*
 * LIKE with backslash as escape.  utf8: how long a character is ('_' matches
 * one), else every byte is one.  NULL if the pattern ends in an escape, which
 * is an error for some values only.
 */
extern OlapExpr *olap_expr_like(int col, bool negated, const uint8 *pattern,
								size_t len, bool utf8);
extern OlapExpr *olap_expr_prefix(int col, bool negated,
								  const OlapExprValue *prefix);

/* NOT (a cmp b), for values that are not NULL; and b cmp a. */
extern OlapCompare olap_compare_negate(OlapCompare cmp);
extern OlapCompare olap_compare_commute(OlapCompare cmp);

/* ---- looking at trees: expr_walk.c ---- */

/* Has it args instead of a test: AND, OR, NOT_TRUE? */
extern bool olap_expr_is_list(const OlapExpr *expr);

/* The one column that all tests of a tree are of; -1 if there is no such. */
extern int	olap_expr_only_column(const OlapExpr *expr);

/* Is a tree true of a row whose column, the only one that it asks for, is NULL? */
extern bool olap_expr_true_of_null(const OlapExpr *expr);

/*
 * A copy of a tree of one column, for another filter and as of column number
 * col; it shares the values.
 */
extern OlapExpr *olap_expr_copy_as(const OlapExpr *expr, int col);

typedef struct OlapFilter OlapFilter;

/*
 * Make a filter of exprs[n], ANDed.  All memory is in a context below cxt;
 * the trees belong to this filter from now on.
 */
extern OlapFilter *olap_filter_create(OlapExpr **exprs, int n,
									  MemoryContext cxt);
extern void olap_filter_free(OlapFilter *filter);

/*
 * Narrow batch->sel, nsel to the rows for which all trees are true; returns
 * nsel.  batch->sel may point into the filter afterwards, until the next run.
 */
extern uint32 olap_filter_run(OlapFilter *filter, OlapBatch *batch);

/*
 * Answers found per dictionary are kept until this call: to be made whenever
 * the batches' dictionaries may have been freed or replaced.
 */
extern void olap_filter_new_place(OlapFilter *filter);

/*
 * floor(numeric * 10 ^ scale), for any numeric (content without its header).
 */
typedef enum OlapDecimalFit
{
	OLAP_DECIMAL_BELOW,			/* less than every int64 */
	OLAP_DECIMAL_EXACT,
	OLAP_DECIMAL_INEXACT,		/* *out is the next smaller integer */
	OLAP_DECIMAL_ABOVE			/* greater than every int64; infinity; NaN */
} OlapDecimalFit;

extern OlapDecimalFit olap_numeric_floor(const uint8 *data, size_t len,
										 int scale, int64 *out);

/* Order of two numerics as the server has it: -1, 0, 1. */
extern int	olap_numeric_compare(const uint8 *a, size_t alen,
								 const uint8 *b, size_t blen);

/* Equal for equal numerics, whatever their display scale. */
extern uint64 olap_numeric_hash(const uint8 *data, size_t len);

#endif							/* OLAP_EXPR_H */

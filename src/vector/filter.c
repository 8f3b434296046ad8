/*-------------------------------------------------------------------------
 *
 * filter.c
 *		Run trees of predicates over batches.
 *
 * A tree narrows a mask of one byte a row.  Fixed-width tests run over the
 * whole vector, dead rows included, because that loop is faster than picking
 * rows; tests of byte strings look at live rows only.
 *
 * src/vector/filter.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "vector/expr_kernels.h"
#include "vector/filter_internal.h"

/* Of a batch that comes with so few rows, columns are decoded for these alone. */
#define FEW_ROWS 8

static void eval(OlapFilter *filter, OlapExpr *expr, uint8 *mask);

/* Which lengths do strings have that pass a test?  As a bit each, modulo 64. */
static uint64
possible_lengths(const OlapExpr *expr)
{
	uint64		lengths = 0;

	if (expr->kind != OLAP_EXPR_IN || expr->order != OLAP_ORDER_BYTES)
		return PG_UINT64_MAX;
	for (int i = 0; i < expr->nvalues; i++)
		lengths |= UINT64CONST(1) << expr->values[i].len % 64;
	return lengths;
}

/* Make the states of a tree; returns its cost in units of an integer test. */
static int
prepare(OlapExpr *expr)
{
	int			cost = 0;

	if (expr->state == NULL)
		expr->state = palloc0(sizeof(OlapExprState));
	switch (expr->kind)
	{
		case OLAP_EXPR_CONST:
			break;
		case OLAP_EXPR_AND:
		case OLAP_EXPR_OR:
		case OLAP_EXPR_NOT_TRUE:
			for (int i = 0; i < expr->nargs; i++)
				cost += prepare(expr->args[i]) + 1;
			break;
		case OLAP_EXPR_NULL:
			cost = 1;
			break;
		case OLAP_EXPR_LIKE:
			cost = 40;
			break;
		default:
			cost = expr->order >= OLAP_ORDER_BYTES ? 20 :
				expr->order == OLAP_ORDER_NUMERIC ? 4 : 2;
			if (expr->kind == OLAP_EXPR_IN)
				cost += Min(expr->nvalues, 16);
			break;
	}
	expr->state->test = olap_byte_test(expr);
	expr->state->lengths = possible_lengths(expr);
	expr->state->cost = cost;
	return cost;
}

OlapFilter *
olap_filter_create(OlapExpr **exprs, int n, MemoryContext cxt)
{
	MemoryContext own = AllocSetContextCreate(cxt, "olap filter",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(own);
	OlapFilter *filter = palloc0(sizeof(OlapFilter));

	filter->cxt = own;
	filter->n = n;
	filter->place = 1;
	filter->exprs = palloc(Max(n, 1) * sizeof(OlapExpr *));
	for (int i = 0; i < n; i++)
	{
		int			at = i;

		prepare(exprs[i]);
		/* insertion keeps the given order among equals */
		for (; at > 0 && filter->exprs[at - 1]->state->cost >
			 exprs[i]->state->cost; at--)
			filter->exprs[at] = filter->exprs[at - 1];
		filter->exprs[at] = exprs[i];
	}
	MemoryContextSwitchTo(old);
	return filter;
}

void
olap_filter_free(OlapFilter *filter)
{
	MemoryContextDelete(filter->cxt);
}

void
olap_filter_new_place(OlapFilter *filter)
{
	filter->place++;
}

/* How much of a column a test looks at. */
typedef enum Look
{
	LOOK_VALUES,				/* at values, while another column is loaded */
	LOOK_ROWS,					/* at values of rows in play */
	LOOK_CODES					/* the same, or at codes */
} Look;

/* Load a column; its NULL rows leave the mask. */
static const OlapVector *
load_valid(OlapFilter *filter, int col, Look look, uint8 *mask)
{
	OlapBatch  *batch = filter->batch;
	const OlapVector *v;

	if (look != LOOK_VALUES && batch->sel != NULL && batch->nsel <= FEW_ROWS)
		v = olap_batch_column_of_rows(batch, col);
	else if (look == LOOK_CODES)
		v = olap_batch_codes(batch, col);
	else
		v = olap_batch_column(batch, col);

	if (v->valid != NULL)
		olap_mask_valid(mask, v->valid, filter->batch->nrows, 0);
	return v;
}

/*
 * A test of integers.  Where the batch came with few rows, of those alone: all others
 * are out of the mask.
 */
static void
eval_int(OlapFilter *filter, const OlapExpr *expr, const OlapVector *v, uint8 *mask)
{
	const OlapBatch *batch = filter->batch;
	bool		is_unsigned = expr->order == OLAP_ORDER_UINT;
	OlapVector	one = *v;

	if (batch->sel == NULL || batch->nsel > FEW_ROWS)
	{
		olap_filter_int(v, is_unsigned, expr->cmp, expr->values[0].i, mask, batch->nrows);
		return;
	}
	for (uint32 i = 0; i < batch->nsel; i++)
	{
		one.values = (char *) v->values + (size_t) batch->sel[i] * v->width;
		olap_filter_int(&one, is_unsigned, expr->cmp, expr->values[0].i,
						mask + batch->sel[i], 1);
	}
}

static void
eval_leaf(OlapFilter *filter, OlapExpr *expr, uint8 *mask)
{
	uint32		n = filter->batch->nrows;
	const OlapVector *v;

	if (expr->kind == OLAP_EXPR_NULL && !expr->negated)
	{
		v = olap_batch_codes(filter->batch, expr->col);
		if (v->valid != NULL)
			olap_mask_valid(mask, v->valid, n, 1);
		else
			memset(mask, 0, n);
		return;
	}
	v = load_valid(filter, expr->col,
				   expr->kind == OLAP_EXPR_COLUMNS ? LOOK_VALUES :
				   expr->kind == OLAP_EXPR_NULL || expr->order >= OLAP_ORDER_BYTES ?
				   LOOK_CODES : LOOK_ROWS, mask);
	if (expr->kind == OLAP_EXPR_NULL)
		return;
	if (expr->kind == OLAP_EXPR_COLUMNS)
	{
		olap_filter_columns(expr, v, load_valid(filter, expr->col2, LOOK_VALUES, mask),
							mask, n);
		return;
	}
	if (expr->order >= OLAP_ORDER_BYTES ||
		(expr->order == OLAP_ORDER_NUMERIC && v->phys != OLAP_PHYS_DEC64))
		olap_filter_bytes(filter, expr, v, mask, n);
	else if (expr->kind == OLAP_EXPR_IN)
		olap_filter_in(filter, expr, v, mask, n);
	else if (expr->order == OLAP_ORDER_NUMERIC)
		olap_filter_decimal(expr, v, mask, n);
	else if (expr->order == OLAP_ORDER_FLOAT)
		olap_filter_float(v, expr->cmp, expr->values[0].f, mask, n);
	else
		eval_int(filter, expr, v, mask);
}

static void
eval_or(OlapFilter *filter, OlapExpr *expr, uint8 *mask)
{
	uint32		n = filter->batch->nrows;
	uint8		found[OLAP_VECTOR_ROWS];
	uint8		one[OLAP_VECTOR_ROWS];

	/* mask holds the rows that no argument has been true of yet */
	memset(found, 0, n);
	for (int i = 0; i < expr->nargs; i++)
	{
		/* each may have a dictionary to test, and they may be thousands */
		CHECK_FOR_INTERRUPTS();
		memcpy(one, mask, n);
		eval(filter, expr->args[i], one);
		olap_mask_or(found, one, n);
		olap_mask_and_not(mask, one, n);
		if (olap_mask_count(mask, n) == 0)
			break;
	}
	memcpy(mask, found, n);
}

/* Narrow mask to the rows for which expr is true. */
static void
eval(OlapFilter *filter, OlapExpr *expr, uint8 *mask)
{
	uint32		n = filter->batch->nrows;

	switch (expr->kind)
	{
		case OLAP_EXPR_CONST:
			if (!expr->truth)
				memset(mask, 0, n);
			break;
		case OLAP_EXPR_AND:
			for (int i = 0; i < expr->nargs; i++)
			{
				eval(filter, expr->args[i], mask);
				if (olap_mask_count(mask, n) == 0)
					break;
			}
			break;
		case OLAP_EXPR_OR:
			eval_or(filter, expr, mask);
			break;
		case OLAP_EXPR_NOT_TRUE:
			{
				uint8		one[OLAP_VECTOR_ROWS];

				memcpy(one, mask, n);
				eval(filter, expr->args[0], one);
				olap_mask_and_not(mask, one, n);
				break;
			}
		default:
			eval_leaf(filter, expr, mask);
			break;
	}
}

uint32
olap_filter_run(OlapFilter *filter, OlapBatch *batch)
{
	uint32		n = batch->nrows;
	uint32		left = batch->nsel;
	uint8		mask[OLAP_VECTOR_ROWS];

	Assert(n <= OLAP_VECTOR_ROWS);
	if (filter->n == 0 || left == 0)
		return left;
	filter->batch = batch;
	memset(mask, batch->sel == NULL, n);
	for (uint32 i = 0; batch->sel != NULL && i < batch->nsel; i++)
		mask[batch->sel[i]] = 1;
	for (int i = 0; i < filter->n && left > 0; i++)
	{
		eval(filter, filter->exprs[i], mask);
		left = olap_mask_count(mask, n);
	}
	if (left < batch->nsel)
	{
		batch->sel = filter->sel;
		batch->nsel = left;
		if (left > 0)
			olap_mask_to_sel(mask, n, filter->sel);
	}
	return left;
}

/*-------------------------------------------------------------------------
 *
 * filter_internal.h
 *		What the files of the filter share.
 *
 * src/vector/filter_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_FILTER_INTERNAL_H
#define OLAP_FILTER_INTERNAL_H

#include "vector/expr_internal.h"

struct OlapFilter
{
	MemoryContext cxt;
	int			n;
	OlapExpr  **exprs;			/* cheapest first */
	OlapBatch  *batch;			/* of the run in progress */
	uint64		place;
	uint16		sel[OLAP_VECTOR_ROWS];
};

/*
 * The tests of leaves. Each narrows mask, one byte a row of v, to the rows that
 * pass; rows that are NULL have left it before.
 */

/* filter_number.c: v cmp c, where c may lie outside of what v's representation holds */
extern void olap_filter_int(const OlapVector *v, bool is_unsigned,
							OlapCompare cmp, int64 c, uint8 *mask, uint32 n);
extern void olap_filter_float(const OlapVector *v, OlapCompare cmp, double c,
							  uint8 *mask, uint32 n);
extern void olap_filter_decimal(const OlapExpr *expr, const OlapVector *v,
								uint8 *mask, uint32 n);
extern void olap_filter_in(OlapFilter *filter, OlapExpr *expr,
						   const OlapVector *v, uint8 *mask, uint32 n);

/* filter_bytes.c */
extern void olap_filter_bytes(OlapFilter *filter, OlapExpr *expr,
							  const OlapVector *v, uint8 *mask, uint32 n);

/* filter_columns.c */
extern void olap_filter_columns(OlapExpr *expr, const OlapVector *a,
								const OlapVector *b, uint8 *mask, uint32 n);

static inline void
olap_filter_unexpected(const OlapVector *v)
{
	elog(ERROR, "unexpected representation %d of a filtered column",
		 (int) v->phys);
}

#endif							/* OLAP_FILTER_INTERNAL_H */

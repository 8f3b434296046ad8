/*-------------------------------------------------------------------------
 *
 * order.h
 *		The order that a compaction writes rows in.
 *
 * Every sort key becomes one 64-bit number a row that sorts as the key does:
 * integers and times as they are, everything else as its rank among the
 * distinct values, which alone are compared with the type's own operator.  So
 * the sort itself is a stable radix sort that calls nothing.
 *
 * src/compact/order.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_COMPACT_ORDER_H
#define OLAP_COMPACT_ORDER_H

#include "meta/options.h"
#include "vector/vector.h"

/*
 * The rows 0 .. n - 1 of cols (types by attribute) sorted by bucket, then by
 * the option order_by, then by row number.
 *
 * Shapes:	buckets[n] (NULL: all the same) and rows[n] as the columns.
 * Owner:	the result is palloc'd; scratch memory is given back.
 */
extern uint32 *olap_compact_order(const OlapVector *cols,
								  const OlapColumnType *types,
								  const OlapOptions *options,
								  const int64 *buckets, const uint64 *rows,
								  uint32 n);

#endif							/* OLAP_COMPACT_ORDER_H */

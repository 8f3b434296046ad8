/*-------------------------------------------------------------------------
 *
 * distinct_count.h
 *		Count the distinct values of a vector.
 *
 * src/index/distinct_count.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DISTINCT_COUNT_H
#define OLAP_DISTINCT_COUNT_H

#include "sketch/distinct.h"
#include "vector/vector.h"

/*
 * About how many values, told apart by their bytes, v has that are not NULL,
 * and the sketch to count them together with those of other vectors.
 */
extern uint32 olap_distinct_count(const OlapVector *v,
								  OlapDistinctPacked *packed);

#endif							/* OLAP_DISTINCT_COUNT_H */

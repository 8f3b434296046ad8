/*-------------------------------------------------------------------------
 *
 * bitmap_cost.h
 *		What bitmap indexes leave to be read: an estimate.
 *
 * src/plan/bitmap_cost.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_BITMAP_COST_H
#define OLAP_BITMAP_COST_H

#include "nodes/pathnodes.h"

#include "meta/options.h"

/*
 * The part of the rows that are read, 1 without an index.  clauses: all that are ANDed
 * and have a vector form, without their RestrictInfos.
 */
extern double olap_bitmap_read_part(PlannerInfo *root, RelOptInfo *rel,
									const OlapOptions *options, List *clauses);

#endif							/* OLAP_BITMAP_COST_H */

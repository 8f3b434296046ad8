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

/* Zeros at first. */
typedef struct OlapBitmapCost
{
	bool		used;			/* some clause can use an index */
	double		rows;			/* part of the table's that all of these leave */
} OlapBitmapCost;

/* Take another of the ANDed clauses, one with a vector form, into account. */
extern void olap_bitmap_cost_add(OlapBitmapCost *cost, PlannerInfo *root,
								 RelOptInfo *rel, const OlapOptions *options,
								 RestrictInfo *rinfo);

/* The part of the rows that are read, 1 without an index. */
extern double olap_bitmap_cost_read(const OlapBitmapCost *cost);

#endif							/* OLAP_BITMAP_COST_H */

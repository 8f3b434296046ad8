/*-------------------------------------------------------------------------
 *
 * overlap.h
 *		How well the places of a table are ordered by a column: an estimate.
 *
 * A scan in the order of a column has to read all places that may hold the next
 * row.  Zone maps tell how many those are.  What was found is kept for a while:
 * the planner asks at every query, and nobody's answer depends on it.
 *
 * src/table/overlap.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_OVERLAP_H
#define OLAP_OVERLAP_H

#include "utils/relcache.h"

#include "index/sortkey.h"

/*
 * The part of the rows of segments (0 to 1) that lie in row groups which may hold
 * a value, for a value that occurs; 1 if nothing is known.  Costs little: at
 * most some thousand zones are looked at, and that not often.
 */
extern double olap_overlap(Relation rel, int col, const OlapSortSpec *spec);

#endif							/* OLAP_OVERLAP_H */

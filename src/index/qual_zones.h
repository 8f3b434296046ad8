/*-------------------------------------------------------------------------
 *
 * qual_zones.h
 *		From vector predicates to zone quals.
 *
 * src/index/qual_zones.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_QUAL_ZONES_H
#define OLAP_QUAL_ZONES_H

#include "index/zone.h"
#include "vector/expr.h"

/*
 * The zone qual of one test of one column, whose values point into CurrentMemoryContext
 * and expr; false if it has none.  types are the columns' types.
 */
extern bool olap_qual_zone(const OlapExpr *expr, const OlapColumnType *types,
						   int natts, OlapZoneQual *qual);

/*
 * Append to quals what zone maps can use of exprs[n], which are ANDed.  Returns the
 * new count; room for max.
 */
extern int	olap_qual_zones(OlapExpr **exprs, int n,
							const OlapColumnType *types, int natts,
							OlapZoneQual *quals, int nquals, int max);

/*
 * Is what n ANDed trees say all said by nquals zone quals, which _zones() made of
 * them?  Then rows of which a zone proves the quals pass.
 */
extern bool olap_qual_zones_are_whole(OlapExpr *const *exprs, int n, int nquals);

#endif							/* OLAP_QUAL_ZONES_H */

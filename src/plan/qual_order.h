/*-------------------------------------------------------------------------
 *
 * qual_order.h
 *		The order in which PostgreSQL tests clauses.
 *
 * src/plan/qual_order.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PLAN_QUAL_ORDER_H
#define OLAP_PLAN_QUAL_ORDER_H

#include "nodes/pathnodes.h"

/*
 * quals, clauses or RestrictInfos, in PostgreSQL's order: no clause sees a row
 * that one of a lower security level removes, and the cheapest one comes first, so
 * that the same rows raise errors.
 */
extern List *olap_order_quals(PlannerInfo *root, List *quals);

#endif							/* OLAP_PLAN_QUAL_ORDER_H */

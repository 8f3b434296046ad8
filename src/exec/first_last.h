/*-------------------------------------------------------------------------
 *
 * first_last.h
 *		The aggregates olap.first() and olap.last(), and their states.
 *
 * src/exec/first_last.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_FIRST_LAST_H
#define OLAP_FIRST_LAST_H

#include "exec/agg_call.h"

/* What their serialization function makes of a row. */
extern bytea *olap_first_last_state(bool last, Oid value_type, Datum value,
									bool isnull, Oid time_type, Datum time);

/*
 * Is aggref one of them, over times that are integers?  Fills kind, shape and order
 * of call.
 */
extern bool olap_first_last_plan(const Aggref *aggref, OlapAggCall *call);

#endif							/* OLAP_FIRST_LAST_H */

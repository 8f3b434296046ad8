/*-------------------------------------------------------------------------
 *
 * qual_time.h
 *		Predicates on columns of time against constants of another type of time.
 *
 * src/exec/qual_time.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_QUAL_TIME_H
#define OLAP_QUAL_TIME_H

#include "utils/date.h"

#include "exec/qual.h"

/*
 * A column of column_type compared with a constant of another type, both among
 * date, timestamp and timestamptz, in the session's time zone.  NULL if there is
 * no predicate that says just this.
 */
extern OlapExpr *olap_qual_compare_time(int col, Oid column_type,
										OlapCompare cmp, Oid type,
										Datum constant);

/* The day of a timestamp column (with_zone: timestamptz) compared with a day. */
extern OlapExpr *olap_qual_compare_day(int col, bool with_zone,
									   OlapCompare cmp, DateADT day);

#endif							/* OLAP_QUAL_TIME_H */

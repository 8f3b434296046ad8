/*-------------------------------------------------------------------------
 *
 * hll_sql.h
 *		SQL functions of approx_count_distinct(), by which it is known.
 *
 * src/sketch/hll_sql.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_HLL_SQL_H
#define OLAP_HLL_SQL_H

#include "fmgr.h"

extern PGDLLEXPORT Datum olap_hll_trans(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_hll_final_count(PG_FUNCTION_ARGS);

#endif							/* OLAP_HLL_SQL_H */

/*-------------------------------------------------------------------------
 *
 * indexing.h
 *		The columns of an index, computed for one row after the other.
 *
 * src/table/indexing.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TABLE_INDEXING_H
#define OLAP_TABLE_INDEXING_H

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/relcache.h"

/* What evaluating an index's columns and predicate needs. */
typedef struct OlapIndexRows
{
	Relation	rel;
	IndexInfo  *info;
	EState	   *estate;
	ExprContext *econtext;
	ExprState  *predicate;
	TupleTableSlot *slot;		/* the caller puts a row there */
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];
} OlapIndexRows;

extern void olap_index_rows_begin(OlapIndexRows *rows, Relation rel,
								  IndexInfo *info);

/* Compute the index columns of the row in the slot; false: not indexed. */
extern bool olap_index_rows_compute(OlapIndexRows *rows);
extern void olap_index_rows_end(OlapIndexRows *rows);

#endif							/* OLAP_TABLE_INDEXING_H */

/*-------------------------------------------------------------------------
 *
 * runtime_internal.h
 *		Runtime filters: what finding, making and using them share.
 *
 * src/exec/runtime_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_RUNTIME_INTERNAL_H
#define OLAP_RUNTIME_INTERNAL_H

#include "executor/hashjoin.h"
#include "storage/buffile.h"

#include "exec/qual.h"
#include "exec/runtime_filter.h"

/* One equality of a hash join; all scans below that it filters share it. */
typedef struct OlapJoinKey
{
	HashJoinState *join;
	Expr	   *inner;			/* the hash side's expression */
	OlapCompareOp op;			/* equality, the outer side is left */

	/* of the hash table that there is */
	uint64		generation;		/* counts tables that have gone */
	List	   *sets;			/* of OlapJoinKeySet; NIL: none yet, or refused */
	ExprState  *eval;			/* of inner; NULL: not yet */
	TupleTableSlot *slot;
	ExprContext *econtext;
} OlapJoinKey;

/* What the planner expects of a scan: rows that filters leave, and all. */
typedef struct OlapScanRows
{
	double		expected;
	double		unfiltered;
} OlapScanRows;

/* runtime_find.c: the joins above a scan */
extern OlapRuntimeFilter *olap_runtime_create(PlanState *scan);
extern void olap_runtime_add(OlapRuntimeFilter *filter, OlapJoinKey *key,
							 AttrNumber attno);

/*
 * runtime_build.c: the keys in the join's table as columns with decimals of scale
 * (-1: no decimals) have them.  NULL: there is no table, or none that is worth it
 * for a scan of these rows.  *refused tells these two apart.  The set is the hash
 * table's: gone when key->generation changes.
 */
extern const OlapKeySet *olap_join_key_set(OlapJoinKey *key, int scale,
										   const OlapScanRows *rows,
										   bool *refused);

/* runtime_batches.c: tuples of a file, valid until the next one. */
typedef void (*OlapJoinTuple) (void *arg, MinimalTuple tuple);

/* A later batch of a process' own table; the file's position is kept. */
extern void olap_join_own_file(BufFile *file, OlapJoinTuple take, void *arg);

/* The later batches of a table that workers share, which has all of its tuples. */
extern void olap_join_shared_files(HashJoinTable table, OlapJoinTuple take, void *arg);

#endif							/* OLAP_RUNTIME_INTERNAL_H */

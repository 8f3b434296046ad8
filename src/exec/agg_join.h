/*-------------------------------------------------------------------------
 *
 * agg_join.h
 *		Joins below OlapAgg: batches of an olap table get columns of other sides.
 *
 * Each other side is a plan that runs once.  Its rows are hashed by key, the
 * batches of the olap table look them up in vectors, and the side's columns are
 * gathered when an expression reads them.  To all that comes behind, the joined
 * columns are columns of the batch: first those of the table, by attribute
 * number, then those of each side's plan.
 *
 * src/exec/agg_join.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_JOIN_H
#define OLAP_AGG_JOIN_H

#include "nodes/execnodes.h"

#include "vector/program.h"
#include "vector/vector.h"

/*
 * Joined columns are Vars of this relation, whatever the range table has there.
 *
 * In a plan a join is a list: expressions that are computed of it, and a list for
 * each side, from the olap table outwards: a list of the JoinType, keys of the rows
 * so far, keys of the side's rows, an OlapOrder each, clauses to test behind.  Then
 * comes what EXPLAIN says, as the planner numbered relations: the number of the olap
 * table or its first partition, and for each side a list of its relations, key clauses, and
 * clauses behind.  Last the number of the olap table's columns, and of each column of
 * the scans' target lists its place among them.
 */
#define OLAP_JOIN_VARNO 1

typedef struct OlapJoin OlapJoin;

struct ExplainState;

/*
 * scan: of the olap table, or of its first partition that is not pruned; relid: of the
 * first one in the plan; sides: PlanStates in the order of the list; parent: of
 * expressions.
 */
extern OlapJoin *olap_join_create(List *plan, CustomScanState *scan, Index relid,
								  List *sides, PlanState *parent);

/* Expressions, and the columns with their types. */
extern List *olap_join_exprs(const OlapJoin *join);
extern int	olap_join_natts(const OlapJoin *join);
extern OlapColumnType *olap_join_types(const OlapJoin *join);

/*
 * Run the sides; all memory below cxt, which the caller resets.  False if that
 * takes more than limit bytes, or if a key that should occur once occurs twice:
 * nothing but a new start is possible then.
 */
extern bool olap_join_build(OlapJoin *join, size_t limit, MemoryContext cxt);
extern OlapProgram *olap_join_compile(OlapJoin *join, List *exprs,
									  MemoryContext cxt);

/* The joined batch of a batch of the table; it may have no rows. */
extern OlapBatch *olap_join_batch(OlapJoin *join, OlapBatch *batch,
								  bool new_place);

/* How one participant of a parallel plan gets joined rows, or the only process. */
typedef enum OlapJoinWay
{
	OLAP_JOIN_UNDECIDED,
	OLAP_JOIN_IN_VECTORS,
	OLAP_JOIN_BY_CORE,			/* by PostgreSQL's own plan */
	OLAP_JOIN_BY_OTHERS			/* not at all: others do without this one */
} OlapJoinWay;

/*
 * agg_join_shared.c: before a run, what was decided; after olap_join_build(), what
 * this process does: fits is what that returned.
 */
extern OlapJoinWay olap_join_way(const OlapJoin *join);
extern OlapJoinWay olap_join_decide(OlapJoin *join, bool fits);
/* For another run. */
extern void olap_join_undecide(OlapJoin *join);
/* Did PostgreSQL's plan run in some process? */
extern bool olap_join_core_ran(const OlapJoin *join);

/*
 * Memory that participants share, zero at first: have it, and no longer; a worker
 * leaves its counters there, which the leader adds to its own.
 */
extern Size olap_join_shared_size(const OlapJoin *join, int nworkers);
extern void olap_join_share(OlapJoin *join, void *shared);
extern void olap_join_unshare(OlapJoin *join);
extern void olap_join_leave_counts(OlapJoin *join, int worker);
extern void olap_join_collect_counts(OlapJoin *join, int nworkers);

/* agg_join_explain.c: ancestors: of plan, OlapAgg's. */
extern void olap_join_explain(OlapJoin *join, Plan *plan, List *ancestors,
							  struct ExplainState *es);

#endif							/* OLAP_AGG_JOIN_H */

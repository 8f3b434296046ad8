/*-------------------------------------------------------------------------
 *
 * fdw.h
 *		A foreign table read as a bounded piece of its topic.
 *
 * src/ingest/kafka/fdw.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_KAFKA_FDW_H
#define OLAP_KAFKA_FDW_H

#include "commands/explain.h"
#include "nodes/execnodes.h"

/*
 * A pushed-down bound: meta column OP expression.  fdw_private of the plan is
 * a list of integer pairs (OlapKafkaMeta, strategy), fdw_exprs the expressions;
 * strategy is a btree strategy number, or OLAP_BOUND_ANY for = ANY (array).
 */
#define OLAP_BOUND_ANY 100

/* fdw_scan.c: the callbacks that execute */
extern void olap_kafka_begin(ForeignScanState *node, int eflags);
extern TupleTableSlot *olap_kafka_iterate(ForeignScanState *node);
extern void olap_kafka_rescan(ForeignScanState *node);
extern void olap_kafka_end(ForeignScanState *node);
struct ExplainState;
extern void olap_kafka_explain(ForeignScanState *node, struct ExplainState *es);

/* Bounds that hold for every partition. */
typedef struct OlapKafkaBounds
{
	int64		first;			/* offsets [first, end) */
	int64		end;
	int64		since_ms;		/* messages not older; PG_INT64_MIN: any */
	int64		part_min;
	int64		part_max;
	bool		any_given;		/* partition = ANY was given: any lists them */
	List	   *any;
} OlapKafkaBounds;

/*
 * fdw_bounds.c: evaluate the pushed-down bounds of the plan, whose expressions are
 * states.  False: nothing can match.
 */
extern bool olap_kafka_get_bounds(ForeignScanState *node, List *states,
								  OlapKafkaBounds *bounds);
extern bool olap_kafka_partition_wanted(const OlapKafkaBounds *bounds,
										int32 partition);

#endif							/* OLAP_KAFKA_FDW_H */

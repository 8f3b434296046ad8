/*-------------------------------------------------------------------------
 *
 * agg_generic_internal.h
 *		States through the server's own functions, shared by the agg_generic*.c files.
 *
 * src/exec/agg_generic_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_GENERIC_INTERNAL_H
#define OLAP_AGG_GENERIC_INTERNAL_H

#include "executor/nodeAgg.h"

#include "base/compat.h"
#include "exec/agg_generic.h"

typedef struct ServerState
{
	Datum		value;
	bool		isnull;
	bool		empty;			/* strict, and no value yet */
	bool		touched;		/* some row was added */
} ServerState;

struct OlapGeneric
{
	MemoryContext cxt;
	Aggref	   *aggref;
	AggState   *aggstate;
	AggStatePerTransData trans;
	AggStatePerAggData agg;
	ExprContext *states_cxt;	/* by-reference states */
	ExprContext *row_cxt;		/* emptied after each row */
	int			nargs;			/* of the transition function, without the state */
	Oid			combinefn_oid;
	FmgrInfo	combinefn;
	FmgrInfo	deserialfn;
	FmgrInfo	serialfn;		/* of partial aggregates with internal states */
	FunctionCallInfo call;		/* of the transition function */
	char	  (*scratch)[OLAP_DECIMAL_MAX_SIZE + 8];	/* numerics of one row */
	uint32		ngroups;
	uint32		capacity;
	ServerState *groups;
};

#endif							/* OLAP_AGG_GENERIC_INTERNAL_H */

/*-------------------------------------------------------------------------
 *
 * compile.h
 *		From PostgreSQL's expressions to programs over vectors.
 *
 * src/exec/compile.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_COMPILE_H
#define OLAP_COMPILE_H

#include "nodes/execnodes.h"
#include "nodes/primnodes.h"

#include "vector/program.h"

/* What expressions are compiled against. */
typedef struct OlapCompileContext
{
	Index		varno;			/* of the scanned relation */
	TupleDesc	desc;			/* its columns */
	PlanState  *parent;
	ExprContext *econtext;		/* where parameters are found */
} OlapCompileContext;

/*
 * Can expr be a result of a program?  That is so for every expression over
 * plain columns of one relation that has one value a row and is not volatile,
 * without subplans; what has no kernel is evaluated by the executor's own
 * means, row by row or entry by entry of a dictionary.  For the planner.
 */
extern bool olap_compile_supported(Expr *expr, Index varno);

/* The stored type of an expression's values. */
extern OlapColumnType olap_expr_type(Node *node);

/*
 * A program below parent whose result i is exprs[i].  Values of parameters, and
 * of stable functions, are those of now: a rescan compiles anew.  Checks the
 * right to execute the functions in exprs.
 */
extern OlapProgram *olap_compile(List *exprs, const OlapCompileContext *cxt,
								 MemoryContext parent);

#endif							/* OLAP_COMPILE_H */

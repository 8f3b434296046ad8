/*-------------------------------------------------------------------------
 *
 * compile_internal.h
 *		What the files of the compiler share.
 *
 * src/exec/compile_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_COMPILE_INTERNAL_H
#define OLAP_COMPILE_INTERNAL_H

#include "exec/compile.h"
#include "vector/program_build.h"

typedef struct OlapCompiler
{
	const OlapCompileContext *cxt;
	OlapProgram *program;
	ExprContext *econtext;		/* of the bridges; the program's own */
	List	   *known;			/* expressions that have a node */
} OlapCompiler;

/* A call of a function, by whatever node. */
typedef struct OlapCall
{
	Node	   *expr;
	Oid			funcid;
	Oid			collation;		/* input collation */
	List	   *args;
} OlapCall;

/* The node of an expression in scope; never NULL. */
extern OlapNode *olap_compile_node(OlapCompiler *compiler, OlapScope *scope,
								   Node *node);

/* The node of column attno. */
extern OlapNode *olap_compile_column(OlapCompiler *compiler, OlapScope *scope,
									 AttrNumber attno);

/* The value of something known before rows are; false if it is none. */
extern bool olap_known_value(OlapCompiler *compiler, Node *node, Datum *value,
							 bool *isnull);

/* By the executor's own means: from the columns that the expression reads ... */
extern OlapNode *olap_compile_bridge(OlapCompiler *compiler, OlapScope *scope,
									 Node *node);

/*
 * ... and a callback for call alone, of operands that are its arguments;
 * constant ones need not be given.
 */
extern OlapBridge olap_call_bridge(OlapCompiler *compiler, const OlapCall *call);

/* The same with argument number at as the only operand. */
extern OlapBridge olap_argument_bridge(OlapCompiler *compiler,
									   const OlapCall *call, int at);

/*
 * Kernels, NULL if there is none: of functions and operators by their function,
 * and of the SQL constructs that are neither.
 */
extern OlapNode *olap_compile_call(OlapCompiler *compiler, OlapScope *scope,
								   const OlapCall *call);
extern OlapNode *olap_compile_compare(OlapCompiler *compiler, OlapScope *scope,
									  const OlapCall *call);
/* Can kernels of this order read vectors of this representation? */
extern bool olap_order_reads(OlapOrder order, OlapPhys phys);
extern OlapNode *olap_compile_time(OlapCompiler *compiler, OlapScope *scope,
								   const OlapCall *call);
extern OlapNode *olap_compile_logic(OlapCompiler *compiler, OlapScope *scope,
									Node *node);

#endif							/* OLAP_COMPILE_INTERNAL_H */

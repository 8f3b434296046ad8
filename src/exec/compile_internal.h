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

/* The stored type of an expression's values. */
extern OlapColumnType olap_expr_type(Node *node);

/* The node of an expression in scope; never NULL. */
extern OlapNode *olap_compile_node(OlapCompiler *compiler, OlapScope *scope,
								   Node *node);

/* The same by the executor's own means. */
extern OlapNode *olap_compile_bridge(OlapCompiler *compiler, OlapScope *scope,
									 Node *node);

/* The node of column attno. */
extern OlapNode *olap_compile_column(OlapCompiler *compiler, OlapScope *scope,
									 AttrNumber attno);

#endif							/* OLAP_COMPILE_INTERNAL_H */

/*-------------------------------------------------------------------------
 *
 * program_build.h
 *		Constructors of expression programs.
 *
 * A program is a graph of nodes.  Every node belongs to a scope, a set of rows:
 * the root scope is the rows in play, and a branch (what a CASE does for the
 * rows of one WHEN) is a scope below.  A node takes operands of its own scope
 * only, so a node may be an operand of several others and is computed once.
 *
 * What the arguments' representations must be is said at each constructor; the
 * layer above knows the SQL types and converts.  Everything is allocated in the
 * program's context and freed with it.
 *
 * src/vector/program_build.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PROGRAM_BUILD_H
#define OLAP_PROGRAM_BUILD_H

#include "vector/expr.h"
#include "vector/program.h"

typedef struct OlapScope OlapScope;

/* An empty program; its memory is a context below parent. */
extern OlapProgram *olap_program_create(MemoryContext parent);
extern MemoryContext olap_program_context(const OlapProgram *program);
extern OlapScope *olap_program_root(OlapProgram *program);

/* Make node, of the root scope, the next result; returns its number. */
extern int	olap_program_add(OlapProgram *program, OlapNode *node);

/* A branch below scope. */
extern OlapScope *olap_scope_branch(OlapScope *scope);

extern const OlapColumnType *olap_node_type(const OlapNode *node);

/*
 * Can node's evaluation raise no error, so that it may be computed for rows
 * that would not need it?
 */
extern bool olap_node_is_safe(const OlapNode *node);

/* ---- leaves ---- */

/* Column col (attribute number - 1) of the batch. */
extern OlapNode *olap_node_column(OlapScope *scope, const OlapColumnType *type,
								  int col);

/*
 * A constant; value is copied, as olap_vector_append_datum() does.  Numerics
 * become DEC64 of their own display scale where they fit.
 */
extern OlapNode *olap_node_const(OlapScope *scope, const OlapColumnType *type,
								 Datum value, bool isnull);

/* What node, of the scope above, was computed to be, for this branch's rows. */
extern OlapNode *olap_node_outer(OlapScope *scope, OlapNode *node);

/*
 * arg under another type of the same width: bytes are taken as they are (a
 * domain's values are kept as integers where its base type's are floats).
 */
extern OlapNode *olap_node_relabel(OlapScope *scope, const OlapColumnType *type,
								   OlapNode *arg);

/* ---- the way out: a row at a time ---- */

/*
 * A callback for one row.  The operands are put into values[i], nulls[i], and
 * call() returns the result: by-reference values detoasted, valid until the
 * next call.  It must be a function of the operands alone, for as long as the
 * program lives; without operands it is called once, when first needed.
 */
#define OLAP_BRIDGE_ARGS 64		/* most operands */

typedef struct OlapBridge
{
	Datum		(*call) (void *arg, bool *isnull);
	void	   *arg;
	Datum	   *values;
	bool	   *nulls;
} OlapBridge;

extern OlapNode *olap_node_bridge(OlapScope *scope, const OlapColumnType *type,
								  const OlapBridge *bridge,
								  OlapNode *const *args, int nargs);

#endif							/* OLAP_PROGRAM_BUILD_H */

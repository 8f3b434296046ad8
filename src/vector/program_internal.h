/*-------------------------------------------------------------------------
 *
 * program_internal.h
 *		What the files of expression programs share.
 *
 * src/vector/program_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PROGRAM_INTERNAL_H
#define OLAP_PROGRAM_INTERNAL_H

#include "vector/program_build.h"

#define OLAP_VALID_WORDS (OLAP_VECTOR_ROWS / 64)

/* A set of rows. The root's is set by a run, a branch's by the branching node. */
struct OlapScope
{
	OlapProgram *program;
	OlapScope  *parent;			/* NULL: the root */
	uint64		epoch;			/* changes with the set */
	uint32		n;
	const uint16 *sel;			/* rows of the batch; NULL: all */
	const uint16 *pos;			/* rows of the parent; NULL: all of them */
	uint16	   *sel_buffer;		/* a branch's own */
};

typedef const OlapVector *(*OlapNodeEval) (OlapNode *node);

/* Kinds of nodes embed this as their first member. */
struct OlapNode
{
	OlapNodeEval eval;			/* for the n > 0 rows of scope */
	OlapScope  *scope;
	OlapColumnType type;
	bool		safe;			/* raises no error, whatever the operands */
	bool		constant;		/* one value for all rows */
	bool		bridged;		/* row by row, or on top of such nodes */
	int			nargs;
	OlapNode  **args;
	uint64		epoch;			/* of scope, when current was computed */
	const OlapVector *current;

	/*
	 * Memory of kernels' results: olap_node_result().  valid may be that of
	 * an operand.
	 */
	OlapVector	result;
	uint64	   *valid_buffer;
	OlapVector *empty;			/* what a batch without rows gives */
};

struct OlapProgram
{
	MemoryContext cxt;
	OlapScope	root;
	OlapBatch  *batch;			/* of the run in progress */
	uint64		epochs;			/* counter for scopes */
	uint64		place;			/* counts calls of _new_place() */
	bool		started;		/* root's set is that of the batch */
	int			nouts;
	int			max_outs;
	OlapNode  **outs;
	uint16		sel[OLAP_VECTOR_ROWS];	/* of olap_program_filter() */
};

/* A node of `size` bytes (that embeds OlapNode), zeroed. Operands are copied. */
extern void *olap_node_make(OlapScope *scope, size_t size, OlapNodeEval eval,
							const OlapColumnType *type,
							OlapNode *const *args, int nargs);

/* The vector of node for its scope's rows, computed if need be. */
static inline const OlapVector *
olap_node_eval(OlapNode *node)
{
	if (node->epoch != node->scope->epoch)
	{
		node->current = node->eval(node);
		node->epoch = node->scope->epoch;
	}
	return node->current;
}

/*
 * node->result with room for a batch, n rows of its type's representation
 * (_as: another one), no NULLs, no dictionary.
 */
extern OlapVector *olap_node_result(OlapNode *node, uint32 n);
extern OlapVector *olap_node_result_as(OlapNode *node, OlapPhys phys,
									   uint16 width, uint32 n);

/* A validity bitmap of the node's own, uninitialised, for its result. */
extern uint64 *olap_node_valid(OlapNode *node);

/* Rows are NULL where a or b (which may be NULL) is. */
extern void olap_node_strict(OlapNode *node, const OlapVector *a,
							 const OlapVector *b);

/* Make pos[0 .. n) of the parent the rows of a branch; NULL: all of them. */
extern void olap_scope_enter(OlapScope *scope, const uint16 *pos, uint32 n);

/* Make dst a dense vector of the rows of src, see olap_vector_gather(). */
extern void olap_bits_gather(uint64 *dst, const uint64 *src, const uint16 *sel,
							 uint32 nsel);

/* The one row of a constant; NULL if node is not made by olap_node_const(). */
extern const OlapVector *olap_node_const_value(const OlapNode *node);

/* A value of an integer representation, or DEC64's. */
extern int64 olap_vector_int(const OlapVector *v, uint32 row);

/* out[i] = a[i] * b[i]; true if one overflows. */
extern bool olap_mul_i64(void *restrict out, const void *restrict a,
						 const void *restrict b, uint32 n);

/* The server's errors. phys: I16, I32 or I64. */
extern void olap_raise_int_range(OlapPhys phys);
extern void olap_raise_zero_divide(void);
extern void olap_raise_float(bool underflow);

/* The stored type of plain values. */
extern OlapColumnType olap_plain_type(Oid typid);

#endif							/* OLAP_PROGRAM_INTERNAL_H */

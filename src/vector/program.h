/*-------------------------------------------------------------------------
 *
 * program.h
 *		Expressions over batches: typed kernels in, dense vectors out.
 *
 * Why dense: an expression is evaluated for the rows that are in play and for
 * no others, as an error (overflow, division by zero) of a row that a filter
 * removed must not be raised.  Operands are gathered once; behind that every
 * kernel is a plain loop over n values without a selection, which compilers
 * turn into SIMD code, and group and aggregate kernels need no selection
 * either.  Without a selection a column is used in place.
 *
 * A program has several results; what they have in common is computed once a
 * batch.  Branches (CASE, COALESCE, AND, OR) run on the rows that take them.
 * What has no kernel is a bridge: a callback of the layer above, asked once a
 * row, or once a dictionary entry that occurs if the expression reads one
 * column only and that column has a dictionary.
 *
 * src/vector/program.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PROGRAM_H
#define OLAP_PROGRAM_H

#include "vector/vector.h"

typedef struct OlapProgram OlapProgram;

/* A node of a program; made by the constructors in program_build.h. */
typedef struct OlapNode OlapNode;

/*
 * Result number out of program for the rows batch->sel[0 .. nsel) of batch: a
 * vector of nsel rows, row i for sel[i].
 *
 * Shapes:	phys may differ from the result's type as everywhere (numerics:
 *			DEC64 of any scale, or VAR).  codes and dict are set where they are
 *			known; then entry codes[i] of dict is row i's value, unless that is
 *			NULL.  dict may be one that grows: from batch to batch it gets
 *			further entries, while those it has stay until
 *			olap_program_new_place().
 * Owner:	the program's; valid until the next batch, or until
 *			olap_program_next() after batch's selection changed.
 * Errors:	what the server's own functions raise for these rows, and only for
 *			rows in play.
 */
extern const OlapVector *olap_program_eval(OlapProgram *program, int out,
										   OlapBatch *batch);

/*
 * To be called for every new batch, and when its selection was narrowed:
 * results computed so far are forgotten.
 */
extern void olap_program_next(OlapProgram *program);

/* As olap_filter_new_place(): dictionaries may have been freed or replaced. */
extern void olap_program_new_place(OlapProgram *program);

/*
 * Narrow batch->sel, nsel to the rows for which result number out, a boolean,
 * is true; returns nsel.  batch->sel may point into the program afterwards,
 * until the next call.  Implies olap_program_next().
 */
extern uint32 olap_program_filter(OlapProgram *program, int out,
								  OlapBatch *batch);

/* Type of result number out. */
extern const OlapColumnType *olap_program_type(const OlapProgram *program,
											   int out);

/* Result number out raises no error, whatever the rows are. */
extern bool olap_program_is_safe(const OlapProgram *program, int out);

/* How result number out is computed, for EXPLAIN. */
extern const char *olap_program_describe(const OlapProgram *program, int out);

extern void olap_program_free(OlapProgram *program);

/*
 * Rows sel[0 .. nsel) of src as a dense vector in dst (codes gathered as well
 * where src has them; heap shared with src).  dst was made by
 * olap_vector_init() for the type; valid as long as src is.
 */
extern void olap_vector_gather(OlapVector *dst, const OlapVector *src,
							   const uint16 *sel, uint32 nsel);

#endif							/* OLAP_PROGRAM_H */

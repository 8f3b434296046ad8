/*-------------------------------------------------------------------------
 *
 * division.h
 *		Which rows' groups are one process's own.
 *
 * Why: parallel processes that each aggregate a share of the rows make nearly all
 * groups each, and somebody has to join them.  If each takes all rows of a share of
 * the groups there is nothing to join: what costs is spread, the tables are smaller,
 * and every group meets its rows in the order of the table.
 *
 * Rows are divided by the value of one key.  Equal values are of one part in every
 * process and whatever their representation; NULL is a value.
 *
 * src/vector/division.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DIVISION_H
#define OLAP_DIVISION_H

#include "vector/expr.h"
#include "vector/vector.h"

/* Parts are numbered in bytes. */
#define OLAP_DIVISION_MAX_PARTS 128

typedef struct OlapDivision OlapDivision;

/* order: one that olap_order_is_exact().  nparts: 1 to OLAP_DIVISION_MAX_PARTS.  All memory comes from cxt. */
extern OlapDivision *olap_division_create(OlapOrder order, uint32 nparts,
										  MemoryContext cxt);

/* Dictionaries may have been freed or replaced. */
extern void olap_division_new_place(OlapDivision *division);

/*
 * positions, ascending, of the rows of part among the n rows of key, a dense vector,
 * n <= OLAP_VECTOR_ROWS.  Returns how many there are.
 */
extern uint32 olap_division_rows(OlapDivision *division, const OlapVector *key,
								 uint32 n, uint32 part, uint16 *positions);

#endif							/* OLAP_DIVISION_H */

/*-------------------------------------------------------------------------
 *
 * words.h
 *		Vectors of any integer width as int64, validity as a byte a row.
 *
 * src/vector/words.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_WORDS_H
#define OLAP_WORDS_H

#include "vector/vector.h"

/*
 * The integers of v as int64: v's own array, or buffer filled.  is_unsigned: I8
 * and I32 hold unsigned numbers.  Floats are given as bits of a double, with
 * one form for NaN and one for zero.  NULL rows hold anything.
 *
 * Shapes:	n <= OLAP_VECTOR_ROWS; buffer has room for as many.
 */
extern const int64 *olap_vector_words(const OlapVector *v, bool is_unsigned,
									  uint32 n, int64 *buffer);

/* NULL if no row is NULL, else buffer: a byte a row, 0 = NULL. */
extern const uint8 *olap_vector_live(const OlapVector *v, uint32 n,
									 uint8 *buffer);

/* Rows first .. first + n - 1 of v, first being a multiple of 64. */
extern OlapVector olap_vector_slice(const OlapVector *v, uint32 first,
									uint32 n);

#endif							/* OLAP_WORDS_H */

/*-------------------------------------------------------------------------
 *
 * order_words.h
 *		Values as words that sort: for those who look for the first ones.
 *
 * Equal words may stand for different values, where those are longer than a word.
 *
 * src/vector/order_words.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_ORDER_WORDS_H
#define OLAP_ORDER_WORDS_H

#include "port/pg_bswap.h"

#include "vector/expr.h"
#include "vector/vector.h"

/* NaN above all, -0 as 0. */
static inline int64
olap_float_order_word(double value)
{
	int64		word;

	if (value != value)
		return PG_INT64_MAX;
	value += 0.0;
	memcpy(&word, &value, sizeof(word));
	return word < 0 ? word ^ PG_INT64_MAX : word;
}

/* The first bytes as a number; different ones have the order of the strings. */
static inline uint64
olap_prefix_word(const uint8 *data, size_t len)
{
	uint64		word = 0;

	if (len >= sizeof(word))
		memcpy(&word, data, sizeof(word));
	else
		memcpy(&word, data, len);
	return pg_ntoh64(word);
}

/*
 * Words of v, n rows, that sort as values of its type do; nulls: a byte a row, 1 =
 * NULL.  False if this vector has none: decimals of another scale than the type's, and
 * intervals.
 *
 * Shapes:	n <= OLAP_VECTOR_ROWS.
 */
extern bool olap_vector_order_words(const OlapVector *v,
									const OlapColumnType *type, OlapOrder order,
									uint32 n, int64 *words, uint8 *nulls);

#endif							/* OLAP_ORDER_WORDS_H */

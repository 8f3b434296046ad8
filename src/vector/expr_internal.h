/*-------------------------------------------------------------------------
 *
 * expr_internal.h
 *		What the files of the expression program share.
 *
 * src/vector/expr_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_EXPR_INTERNAL_H
#define OLAP_EXPR_INTERNAL_H

#include "vector/expr.h"
#include "vector/search.h"

/* Does a value pass?  Without regard to expr->negated. */
typedef bool (*OlapByteTest) (const OlapExpr *expr, const uint8 *data,
							  size_t len);

typedef struct OlapPattern OlapPattern;

/* What a test keeps between batches. */
struct OlapExprState
{
	OlapByteTest test;			/* VAR and FIXED values */
	OlapPattern *pattern;		/* LIKE */
	uint64		lengths;		/* modulo 64, that VAR values can have which pass */
	int			cost;			/* to order the tests of a filter */

	/* the constants as sorted integers: of this decimal scale, or -1 */
	int64	   *ints;
	int			nints;
	int			ints_scale;
	bool		ints_ready;

	/* answers by code, for the dictionary last seen; before, how many rows asked */
	const OlapVector *dict;
	uint64		dict_place;
	bool		answered;
	uint32		asked;
	uint8	   *answers;
	uint32		answers_cap;
	uint32		nmatches;		/* entries that pass, ... */
	uint32		odd;			/* ... and the only one that does, or does not */
};

extern OlapPattern *olap_pattern_compile(const uint8 *pattern, size_t len,
										 bool utf8);
extern bool olap_pattern_match(const OlapPattern *pattern, const uint8 *data,
							   size_t len);

/*
 * What every value that matches has in it, NULL if there is no such thing.  Alone: a
 * value that has it matches.
 */
extern const OlapNeedle *olap_pattern_needle(const OlapPattern *pattern,
											 bool *alone);

/* Is the pattern some bytes, and then anything? */
extern bool olap_pattern_prefix(const OlapPattern *pattern, const uint8 **prefix,
								size_t *len);

/* Length without trailing blanks. */
extern size_t olap_bpchar_length(const uint8 *data, size_t len);

/* Microseconds of an interval's 16 bytes, as the server compares intervals. */
extern __int128 olap_interval_span(const uint8 *data);

/* Order of two values of a by-reference order. */
extern int	olap_value_compare(OlapOrder order, const uint8 *a, size_t alen,
							   const uint8 *b, size_t blen);

/* The test of values of a by-reference order; NULL if expr has none. */
extern OlapByteTest olap_byte_test(const OlapExpr *expr);

#endif							/* OLAP_EXPR_INTERNAL_H */

/*-------------------------------------------------------------------------
 *
 * row_tests.h
 *		Which rows of a row group can a filter be true of?  Its trees, for indexes.
 *
 * An index (bitmap.h) knows rows by value and by column; a filter is trees of
 * AND, OR and tests. Here the trees are brought into a form that indexes can
 * answer: tests of the same column that meet in an AND or an OR become one, which
 * says what it wants of that column's values; sets of rows are united and
 * intersected above that.
 *
 * Sets are supersets of the rows that pass, and AND and OR keep them so. No set is
 * ever complemented, so neither rows of other values with the same hash nor NULLs
 * get lost or come in: negations are driven down to the tests (vector/expr.h), where
 * a column's different values are asked one by one. Whatever cannot be answered is
 * "all rows": it ends an OR, and is nothing to an AND.
 *
 * src/index/row_tests.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_ROW_TESTS_H
#define OLAP_ROW_TESTS_H

#include "index/bitmap.h"
#include "index/zone.h"
#include "sketch/value_hash.h"
#include "vector/expr.h"

/* What is known of the rows that pass. */
typedef enum OlapRowsAnswer
{
	OLAP_ROWS_ALL,				/* nothing */
	OLAP_ROWS_NONE,				/* there are none */
	OLAP_ROWS_SOME				/* they are in a set */
} OlapRowsAnswer;

/* All that a filter, or an arm of an OR, says of one column. */
typedef struct OlapColumnTest
{
	int			col;
	bool		nulls;			/* it is true of NULL */
	bool		listed;			/* of other values, only of those with these hashes */
	OlapZoneKind kind;			/* of the values hashed; NONE if there are none */
	int			nhashes;
	uint64	   *hashes;			/* ascending */
	OlapZoneKind bounds_kind;	/* INT, UINT, DEC: it is true only of numbers ... */
	uint8		scale;			/* ... (at this scale) ... */
	int64		lo;				/* ... from lo to hi; NONE: not known */
	int64		hi;
	struct OlapZoneTest *zones; /* what a zone says of it */
	OlapFilter *filter;			/* the test, of a batch of one column; NULL: none */

	/* for who answers, zeros at first */
	uint32		in_vain;		/* times in turn that asking did not pay */
	uint32		resting;		/* times left to pass over */
	double		values_found;	/* looked up so far, ... */
	double		rows_found;		/* ... and the rows that they had */
} OlapColumnTest;

typedef struct OlapRowTests OlapRowTests;

/*
 * From exprs[n], ANDed, and quals[nquals], ANDed as well, which look for values (the
 * others are ignored).  Trees are copied, but values must stay.  NULL: nothing is
 * said that could be answered.
 */
extern OlapRowTests *olap_row_tests_create(OlapExpr *const *exprs, int n,
										   const OlapColumnType *types, int natts,
										   const OlapZoneQual *quals, int nquals,
										   MemoryContext cxt);

/*
 * Answer for one column: rows, zeros at first, get the rows that may pass, if that
 * is SOME; after NONE they are zeros still.  among: the others do not matter, NULL
 * for all of them.
 */
typedef OlapRowsAnswer (*OlapAskColumn) (void *arg, OlapColumnTest *test,
										 const OlapRowSet *among,
										 OlapRowSet *rows);

/*
 * Ask about a row group.  After SOME, *rows and their number *n > 0 are the tests'
 * until the next time.
 */
extern OlapRowsAnswer olap_row_tests_ask(OlapRowTests *tests, OlapAskColumn ask,
										 void *arg, OlapRowSet **rows, uint32 *n);

/* What a zone of the column proves. */
extern OlapZoneMatch olap_column_test_probe(const OlapColumnTest *test,
											const OlapZone *zone);

/*
 * The hashes, by kind, of those of n values that pass, into hashes[n]; returns how
 * many.  values has no NULLs, and may be a dictionary.
 */
extern uint32 olap_column_test_hashes(OlapColumnTest *test,
									  const OlapVector *values,
									  OlapHashKind kind, uint64 *hashes);

/* ---- sets ---- */

/* Make it zeros again. */
extern void olap_rows_clear(OlapRowSet *rows);

/* Has vector number `vector` no row in the set? */
extern bool olap_rows_empty(const OlapRowSet *rows, uint32 vector);

extern uint32 olap_rows_count(const OlapRowSet *rows);

/* How many of the row group's vectors have a row in the set? */
extern uint32 olap_rows_vectors(const OlapRowSet *rows);

#endif							/* OLAP_ROW_TESTS_H */

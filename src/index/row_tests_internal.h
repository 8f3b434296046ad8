/*-------------------------------------------------------------------------
 *
 * row_tests_internal.h
 *		What the files of row_tests.h share.
 *
 * src/index/row_tests_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_ROW_TESTS_INTERNAL_H
#define OLAP_ROW_TESTS_INTERNAL_H

#include "index/row_tests.h"

/* A tree of tests of one column, as far as zones know them. */
typedef enum OlapZoneTestKind
{
	OLAP_ZONE_TEST_UNKNOWN,		/* nothing is proven */
	OLAP_ZONE_TEST_QUAL,
	OLAP_ZONE_TEST_AND,
	OLAP_ZONE_TEST_OR,
	OLAP_ZONE_TEST_NOT			/* IS NOT TRUE */
} OlapZoneTestKind;

typedef struct OlapZoneTest
{
	OlapZoneTestKind kind;
	OlapZoneQual qual;
	int			nargs;
	struct OlapZoneTest **args;
} OlapZoneTest;

/* A set that is zeros, or not. */
typedef struct OlapScratchRows
{
	bool		dirty;
	OlapRowSet	rows;
} OlapScratchRows;

/* Whatever its words are, they are made zeros when it is used. */
static inline void
olap_scratch_rows_init(OlapScratchRows *set)
{
	memset(set->rows.filled, 0xFF, sizeof(set->rows.filled));
	set->dirty = true;
}

typedef enum OlapRowNodeKind
{
	OLAP_ROW_AND,
	OLAP_ROW_OR,
	OLAP_ROW_COLUMN
} OlapRowNodeKind;

typedef struct OlapRowNode
{
	OlapRowNodeKind kind;
	int			cost;			/* of asking: the cheap ones come first */
	int			nargs;
	struct OlapRowNode **args;
	OlapScratchRows *scratch;	/* of an argument but the first */
	OlapColumnTest test;
} OlapRowNode;

struct OlapRowTests
{
	OlapRowNode *root;
	OlapScratchRows found;
};

#endif							/* OLAP_ROW_TESTS_INTERNAL_H */

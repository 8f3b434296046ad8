/*-------------------------------------------------------------------------
 *
 * key_set.h
 *		Which rows can have a partner: a set of join keys, probed by vectors.
 *
 * Why: the hash table of a join knows which keys there are; asking it costs a
 * row.  This asks a vector, in a few cycles a row, and may say yes to a key that
 * is not there, never no to one that is.
 *
 * What it is depends on the keys: a bitmap where integers are dense, else a bloom
 * filter of one 64-bit word a key (four bits of it), which touches one cache line.
 * Where neither is worth its memory only the bounds are left.  Up to
 * OLAP_KEY_LIST_MAX different keys are listed as well, for zone maps and indexes.
 *
 * src/vector/key_set.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_KEY_SET_H
#define OLAP_KEY_SET_H

#include "vector/expr.h"

/* So many different keys are listed at most. */
#define OLAP_KEY_LIST_MAX 512

typedef struct OlapKeySet OlapKeySet;

typedef enum OlapKeySetKind
{
	OLAP_KEYS_RANGE = 0,		/* bounds alone */
	OLAP_KEYS_BITMAP,
	OLAP_KEYS_BLOOM
} OlapKeySetKind;

/* What is known of the keys as values. */
typedef struct OlapKeySummary
{
	OlapKeySetKind kind;
	uint64		n;				/* keys added, equal ones counted each time */
	int			nlist;			/* different ones in list; -1: too many */
	const OlapExprValue *list;
	bool		bounded;		/* lo and hi are known */
	OlapExprValue lo;
	OlapExprValue hi;
} OlapKeySummary;

/* What probing one column remembers from batch to batch; zeros at first. */
typedef struct OlapKeyProbe
{
	MemoryContext cxt;			/* for answers */
	const OlapVector *dict;		/* that answers are of */
	uint64		place;
	uint8	   *answers;
	uint32		capacity;
	uint16		sel[OLAP_VECTOR_ROWS];
} OlapKeyProbe;

/*
 * An empty set for keys that compare by order (under equality).
 *
 * scale:	OLAP_ORDER_NUMERIC: of the decimals that columns have; -1: they have
 *			numerics.
 * expected: how many keys will be added, about.
 * memory:	bytes that it may take, at least 64 kB.
 * Owner:	everything is in cxt.
 */
extern OlapKeySet *olap_key_set_create(OlapOrder order, int scale,
									   double expected, size_t memory,
									   MemoryContext cxt);

/* Add a key that is not NULL; bytes are copied if they are kept. */
extern void olap_key_set_add(OlapKeySet *set, const OlapExprValue *key);

/* All are there: to be called once, before the set is asked. */
extern void olap_key_set_finish(OlapKeySet *set);

extern const OlapKeySummary *olap_key_set_summary(const OlapKeySet *set);

/*
 * Narrow batch->sel, nsel to the rows whose value of column col may be in the
 * set; NULL is never.  batch->sel may point into probe afterwards.
 */
extern void olap_key_set_filter(const OlapKeySet *set, OlapKeyProbe *probe,
								OlapBatch *batch, int col);

#endif							/* OLAP_KEY_SET_H */

/*-------------------------------------------------------------------------
 *
 * deadset.h
 *		The rows whose index entries a VACUUM removes.
 *
 * A list of ranges of row numbers: what is dead lies together, and rows that a
 * sorted segment has in any order are neighbours again once they are sorted.
 *
 * src/table/deadset.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TABLE_DEADSET_H
#define OLAP_TABLE_DEADSET_H

#include "segment/directory.h"

/* Row numbers [first, end). */
typedef struct OlapDeadRange
{
	OlapRow		first;
	OlapRow		end;
} OlapDeadRange;

typedef struct OlapDeadSet
{
	Size		limit;			/* bytes that it may take, about */
	Size		n;
	Size		cap;
	OlapDeadRange *ranges;		/* in CurrentMemoryContext */
} OlapDeadSet;

/* Add rows; false if the set is as large as it may be. */
extern bool olap_dead_add(OlapDeadSet *set, OlapRow first, OlapRow end);

/*
 * Add all rows of a place, whoever sees them; false as above.  Row numbers of a
 * segment that stores them are read.
 */
extern bool olap_dead_add_place(OlapDeadSet *set, Relation rel,
								const OlapDirEntry *entry,
								BufferAccessStrategy strategy);

/* Bring the set into the order that olap_dead_contains() needs. */
extern void olap_dead_sort(OlapDeadSet *set);
extern bool olap_dead_contains(const OlapDeadSet *set, OlapRow row);

#endif							/* OLAP_TABLE_DEADSET_H */

/*-------------------------------------------------------------------------
 *
 * choose.h
 *		Which places of a table are compacted next.
 *
 * Decided in steps; the first that finds something wins.  Delta runs become segments.  Small segments of the same time
 * buckets become larger ones: all of them on request, in the background when
 * together they weigh as much as the next larger one, so that a row is written
 * a logarithmic number of times.  Segments that were loaded unsorted are
 * sorted, if the table has a sort order.  Segments that lost a fifth of their
 * rows are written anew, and so are those without the sketches that options want.
 *
 * Every job leaves fewer places, delta pages, unsorted segments, deleted rows
 * or lacking sketches behind, so a caller that repeats until nothing is found comes to an end.
 *
 * src/compact/choose.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_COMPACT_CHOOSE_H
#define OLAP_COMPACT_CHOOSE_H

#include "utils/relcache.h"

#include "compact/compact.h"
#include "segment/directory.h"

typedef struct OlapChoice
{
	int			n;
	int		   *index;			/* [n] in the list that was given */
	bool		stopped;		/* keep_going() said no before all was looked at */
} OlapChoice;

/* For what takes long: asked before each segment; NULL: yes. */
typedef bool (*OlapKeepGoing) (Relation rel);

/* What choosing a single segment may answer instead of its index. */
#define OLAP_CHOSE_NONE (-1)
#define OLAP_CHOICE_STOPPED (-2)	/* keep_going() said no */

/*
 * budget: bytes of raw rows that a job should not exceed.
 * Judges places by the commit log: the caller holds the lock that compactions
 * need, or takes the answer for a hint.
 */
extern OlapChoice olap_compact_choose(Relation rel, const OlapDirList *list,
									  const OlapCompactPass *pass,
									  Size budget);

/*
 * When the directory shows no job: a segment of which many rows are deleted for
 * snapshot.  Reads the range log, and where many rows of the ranges of a segment
 * are deleted, its row numbers.
 */
extern int	olap_compact_choose_deleted(Relation rel, const OlapDirList *list,
										const OlapCompactPass *pass,
										Snapshot snapshot,
										OlapKeepGoing keep_going);

/*
 * When there is none either: a segment that lacks a sketch which the table's
 * options want by now. Reads the headers of segments.
 */
extern int	olap_compact_choose_lacking(Relation rel, const OlapDirList *list,
										const OlapCompactPass *pass,
										OlapKeepGoing keep_going);

#endif							/* OLAP_COMPACT_CHOOSE_H */

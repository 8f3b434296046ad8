/*-------------------------------------------------------------------------
 *
 * place_queue.h
 *		Places of a scan that are not open yet, the one that may have the first row of
 *		an order on top.
 *
 * Why: who wants the first rows of an order opens places only for as long as one may
 * have a row that is before those at hand; so a segment's header is read when the
 * segment's turn comes, not before.
 *
 * src/exec/place_queue.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PLACE_QUEUE_H
#define OLAP_PLACE_QUEUE_H

#include "executor/tuptable.h"

#include "table/scan.h"

typedef struct OlapPlaceQueue OlapPlaceQueue;

/* A place, or a unit of an open one. */
typedef struct OlapClosedPlace
{
	OlapSortPos first;			/* no row is before it, ... */
	OlapSortPos last;			/* ... none after it */
	int			place;
	int			unit;			/* -1: the whole place */
} OlapClosedPlace;

/*
 * All places of scan, which was just begun and is moved by nobody else, by column
 * col; col -1: there is nothing to go by, and places come one after the other.  All
 * memory comes from cxt.
 */
extern OlapPlaceQueue *olap_place_queue_create(OlapTableScan *scan, int col,
											   const OlapSortSpec *sort,
											   MemoryContext cxt);

/* What no row of the queue's places is before; NULL: there are none left. */
extern const OlapSortPos *olap_place_queue_first(const OlapPlaceQueue *queue);

/*
 * Take the place on top of a queue that is not empty.  A unit that the scan's quals
 * do not exclude is in *item, to be opened; false: it was a whole place, whose units
 * are in the queue now.
 */
extern bool olap_place_queue_pop(OlapPlaceQueue *queue, OlapClosedPlace *item);

#endif							/* OLAP_PLACE_QUEUE_H */

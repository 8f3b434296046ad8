/*-------------------------------------------------------------------------
 *
 * stopwatch.h
 *		Seconds that the parts of a scan take, for EXPLAIN (ANALYZE, TIMING).
 *
 * A part may contain others, as filtering loads columns and that reads pages: each
 * counts what it takes itself.  Where nobody measures there are no times (NULL), and
 * no clock is read.
 *
 * src/base/stopwatch.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_STOPWATCH_H
#define OLAP_STOPWATCH_H

#include "portability/instr_time.h"

typedef enum OlapScanPart
{
	OLAP_PART_READ,				/* pages, with the waits for them */
	OLAP_PART_DECODE,			/* columns, of segments */
	OLAP_PART_FILTER			/* the rest of testing rows */
} OlapScanPart;

typedef struct OlapScanTimes
{
	double		parts[OLAP_PART_FILTER + 1];	/* seconds each */
	double		total;			/* their sum */
} OlapScanTimes;

typedef struct OlapWatch
{
	instr_time	start;
	double		before;			/* total then */
} OlapWatch;

static inline void
olap_watch_start(const OlapScanTimes *times, OlapWatch *watch)
{
	INSTR_TIME_SET_ZERO(watch->start);
	watch->before = 0;
	if (times == NULL)
		return;
	INSTR_TIME_SET_CURRENT(watch->start);
	watch->before = times->total;
}

static inline void
olap_watch_stop(OlapScanTimes *times, const OlapWatch *watch, OlapScanPart part)
{
	instr_time	passed;
	double		own;

	if (times == NULL)
		return;
	INSTR_TIME_SET_CURRENT(passed);
	INSTR_TIME_SUBTRACT(passed, watch->start);
	own = INSTR_TIME_GET_DOUBLE(passed) - (times->total - watch->before);
	times->parts[part] += own;
	times->total += own;
}

static inline void
olap_times_add(OlapScanTimes *to, const OlapScanTimes *from)
{
	for (int i = 0; i <= OLAP_PART_FILTER; i++)
		to->parts[i] += from->parts[i];
	to->total += from->total;
}

#endif							/* OLAP_STOPWATCH_H */

/*-------------------------------------------------------------------------
 *
 * start.h
 *		Turning "where to start" into absolute offsets, once.
 *
 * src/ingest/start.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_START_H
#define OLAP_START_H

#include "nodes/pg_list.h"

typedef struct OlapStartOffset
{
	int32		partition;
	int64		offset;
	int64		low;			/* start of the log; -1 unknown */
	int64		high;			/* -1 unknown */
} OlapStartOffset;

/*
 * Ask the broker for the partitions of a topic and where to start in each.
 *
 * start: 'earliest', 'latest', a JSON object of offsets by partition
 * ('{"0": 123}'; partitions it does not name start at the earliest offset),
 * an integer (the same offset in every partition asked for), or a point in
 * time (the first record not older).
 * partition: only this one; -1: all.
 * Returns: a palloc'd array, *n entries, by ascending partition.
 * ERROR: the text is none of these, or the broker does not answer.
 */
extern OlapStartOffset *olap_start_resolve(Oid source, Oid userid,
										   const char *pipeline,
										   const char *start, int32 partition,
										   int *n);

#endif							/* OLAP_START_H */

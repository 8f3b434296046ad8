/*-------------------------------------------------------------------------
 *
 * whole.h
 *		Are all rows of a segment there for a snapshot?
 *
 * What a segment knows about itself (sketches, counts, zones) is about every row
 * stored.  It is an answer only where none of them is deleted.
 *
 * src/table/whole.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TABLE_WHOLE_H
#define OLAP_TABLE_WHOLE_H

#include "delta/rangelog.h"
#include "segment/segment.h"

/*
 * Is no row of a segment that the snapshot of log sees deleted for it?  May say
 * no where rows of the same virtual blocks are deleted that others hold.
 */
extern bool olap_segment_is_whole(OlapSegment *segment,
								  const OlapDirEntry *entry,
								  OlapLogReader *log);

/* The same of a row group; of a numbered segment's, of all of them. */
extern bool olap_rowgroup_is_whole(OlapSegment *segment,
								   const OlapDirEntry *entry, int rg,
								   OlapLogReader *log);

#endif							/* OLAP_TABLE_WHOLE_H */

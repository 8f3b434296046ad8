/*-------------------------------------------------------------------------
 *
 * directory_page.h
 *		A directory page, shared by those who write and who read it.
 *
 * src/segment/directory_page.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DIRECTORY_PAGE_H
#define OLAP_DIRECTORY_PAGE_H

#include "segment/directory.h"

/* Payload of a directory page.  On disk. */
typedef struct OlapDirPage
{
	BlockNumber next;			/* InvalidBlockNumber: last */
	uint32		nentries;
	BlockNumber zone_first;		/* InvalidBlockNumber: no zone pages */
	uint32		zone_ncols;
	BlockNumber next_free;		/* of the pages with free slots; 0: last */
	uint32		nfree;			/* free slots below nentries; 0: not in that chain */
	OlapDirEntry entries[OLAP_DIR_ENTRIES]; /* kind 0: free */
} OlapDirPage;

#endif							/* OLAP_DIRECTORY_PAGE_H */

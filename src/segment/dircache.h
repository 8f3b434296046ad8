/*-------------------------------------------------------------------------
 *
 * dircache.h
 *		The directory of a relation as this backend last read it.
 *
 * A dashboard asks small questions of a table with thousands of segments; to
 * copy the whole directory for each costs more than the answer.  So a backend
 * keeps the directories of a few relations.  The metapage's version says
 * whether one is current; if not, only pages whose LSN changed are copied anew.
 * Entries are raw: who sees them is judged for each snapshot.
 *
 * src/segment/dircache.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_DIRCACHE_H
#define OLAP_DIRCACHE_H

#include "segment/directory.h"

typedef struct OlapDirCachePage
{
	BlockNumber block;
	BlockNumber zone_first;		/* InvalidBlockNumber: no zone pages */
	uint32		zone_ncols;
	uint32		nentries;
	XLogRecPtr	lsn;
	OlapDirEntry *entries;
} OlapDirCachePage;

typedef struct OlapDirCache
{
	uint32		npages;
	OlapDirCachePage *pages;
} OlapDirCache;

/*
 * The directory of rel, at least as new as the call.  Read-only; valid until
 * the next call or invalidation, so copy what is to last.
 * Errors: ERRCODE_DATA_CORRUPTED.
 */
extern const OlapDirCache *olap_directory_cached(Relation rel);

/* Forget what is kept of a relation file: its versions start anew. */
extern void olap_directory_forget(Relation rel);

#endif							/* OLAP_DIRCACHE_H */

/*-------------------------------------------------------------------------
 *
 * metapage.h
 *		What the directory needs of the metapage.
 *
 * src/segment/metapage.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_METAPAGE_H
#define OLAP_METAPAGE_H

#include "storage/buf.h"
#include "utils/relcache.h"

#include "segment/directory.h"

/* Pin and lock the metapage exclusively; make it if the file is empty. */
extern Buffer olap_metapage_lock(Relation rel);

/*
 * Is this release the one to read it?
 * Errors: DATA_CORRUPTED, or FEATURE_NOT_SUPPORTED for another format version.
 */
extern void olap_metapage_check(Relation rel, const OlapMeta *meta);

#endif							/* OLAP_METAPAGE_H */

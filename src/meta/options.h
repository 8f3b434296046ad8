/*-------------------------------------------------------------------------
 *
 * options.h
 *		Table options (reloptions) of olap tables.
 *
 * Why stored in pg_class.reloptions: psql shows them and pg_dump carries them
 * without help.  The core parser knows nothing of them, so the utility hook
 * (table/ddl) takes them out of statements, checks them here and stores them.
 *
 * src/meta/options.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_OPTIONS_H
#define OLAP_OPTIONS_H

#include "access/attnum.h"
#include "utils/relcache.h"

typedef struct OlapOptions
{
	AttrNumber	time_attno;		/* 0: none */
	int64		segment_interval;	/* microseconds; 0: no buckets */
	int			norder;
	AttrNumber *order_by;
	bool	   *order_desc;
	int			nbitmap;
	AttrNumber *bitmap;
	int			nbloom;
	AttrNumber *bloom;
	int			nhll;
	AttrNumber *hll;
	int64		retention;		/* microseconds; 0: keep for ever */
} OlapOptions;

/*
 * The options of rel, defaults where not set.  Cached per backend, dropped by
 * relcache invalidation; valid until the next call that may invalidate, so
 * copy what must live longer.
 */
extern const OlapOptions *olap_options_get(Relation rel);

#endif							/* OLAP_OPTIONS_H */

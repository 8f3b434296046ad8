/*-------------------------------------------------------------------------
 *
 * options.h
 *		Table options (reloptions) of olap tables.
 *
 * Why stored in pg_class.reloptions: psql shows them and pg_dump carries them
 * without help.  The core parser knows nothing of them, so the utility hook
 * (table/ddl) takes them out of statements, checks them here and stores them.
 *
 * Column names in options are identifiers: folded to lower case unless quoted,
 * except that an unquoted name that matches a column as it stands is taken so.
 *
 * src/meta/options.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_OPTIONS_H
#define OLAP_OPTIONS_H

#include "access/attnum.h"
#include "access/tupdesc.h"
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

/* A copy in CurrentMemoryContext. */
extern OlapOptions *olap_options_copy(const OlapOptions *options);

/* Names for hints: "time_column, segment_interval, ...". */
extern const char *olap_option_names(void);

/* Is name an option of ours? */
extern bool olap_option_known(const char *name);

/*
 * Check those of reloptions (a text[] as in pg_class) that are ours against
 * the columns of a table.
 * Errors: INVALID_PARAMETER_VALUE, UNDEFINED_COLUMN, DATATYPE_MISMATCH, each
 * with a hint.
 */
extern void olap_options_check(Datum reloptions, TupleDesc desc,
							   const char *relname);

/*
 * The reloptions of rel after column attno got another name (NULL: after it
 * was dropped).  Returns false if they do not mention it.  rel still has the
 * column under its old name.
 */
extern bool olap_options_rename_column(Datum reloptions, Relation rel,
									   AttrNumber attno, const char *newname,
									   Datum *result);

/* reloptions without ours (keep_ours = false) or with ours only; 0 if none. */
extern Datum olap_options_filter(Datum reloptions, bool keep_ours);

/* May a column of this type be the time column? */
extern bool olap_option_time_type(Oid typid);

#endif							/* OLAP_OPTIONS_H */

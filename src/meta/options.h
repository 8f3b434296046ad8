/*-------------------------------------------------------------------------
 *
 * options.h
 *		Table options (reloptions) of olap tables.
 *
 * Why stored in pg_class.reloptions: psql shows them and pg_dump carries them
 * without help.  The core parser knows nothing of them, so the utility hook
 * (table/ddl.c) takes them out of statements, checks them here and stores them.
 *
 * src/meta/options.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_OPTIONS_H
#define OLAP_OPTIONS_H

#include "access/attnum.h"
#include "access/tupdesc.h"
#include "nodes/pg_list.h"
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

/* Is this the name of one of our options? */
extern bool olap_option_known(const char *name);

/* The option names, for hints. */
extern const char *olap_option_names(void);

/*
 * Check one option's text against the table's columns.
 * Errors: INVALID_PARAMETER_VALUE, UNDEFINED_COLUMN, ... with detail and hint.
 */
extern void olap_option_check(const char *name, const char *value,
							  TupleDesc tupdesc);

/*
 * The value of a column-list option (or time_column) after column from was
 * renamed to to, or dropped (to = NULL).  palloc'd; the empty string if no
 * column is left.  NULL if value does not name the column.
 */
extern char *olap_option_replace_column(const char *name, const char *value,
										const char *from, const char *to);

#endif							/* OLAP_OPTIONS_H */

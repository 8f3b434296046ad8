/*-------------------------------------------------------------------------
 *
 * options_internal.h
 *		Shared by the files that parse, keep and rewrite options.
 *
 * src/meta/options_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_OPTIONS_INTERNAL_H
#define OLAP_OPTIONS_INTERNAL_H

#include "meta/options.h"

/* One column of a list. */
typedef struct OlapOptionItem
{
	const char *start;			/* the item's text, without white space around */
	int			len;
	char	   *name;
	bool		quoted;
	bool		directed;		/* says asc or desc */
	bool		desc;
} OlapOptionItem;

/*
 * Read the next item at *p, and the comma behind it; directions: asc or desc may
 * follow the name.  Returns NULL or what is wrong.
 */
extern const char *olap_option_read_item(const char **p, OlapOptionItem *item,
										 bool directions);

/* The column that item names, or InvalidAttrNumber. */
extern AttrNumber olap_option_item_column(TupleDesc desc, const OlapOptionItem *item);

/*
 * Parse those of reloptions (a text[] as in pg_class, or 0) that are ours, into *o and
 * CurrentMemoryContext.  strict: what is wrong is an error; else it counts as not set.
 */
extern void olap_options_parse(Datum reloptions, TupleDesc desc,
							   const char *relname, bool strict, OlapOptions *o);

#endif							/* OLAP_OPTIONS_INTERNAL_H */

/*-------------------------------------------------------------------------
 *
 * mapping.h
 *		Which source column goes to which target column, and by which path.
 *
 * Columns map by name.  A payload column of the source that the target lacks is
 * an error (data would vanish silently); a column with the option meta may be
 * left out (it addresses records).  Columns of the target alone get their
 * defaults.
 *
 * Two paths lead into the table.  The fast one hands column vectors to the
 * writer of an olap table and needs that nothing can tell the difference: same
 * types, no row trigger or index, no CHECK, no rule, no row security for the
 * owner, no partition bound.  The generic one runs an INSERT ... SELECT, which
 * does all of PostgreSQL.
 *
 * src/ingest/mapping.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_MAPPING_H
#define OLAP_MAPPING_H

#include "utils/relcache.h"

typedef struct OlapMapping
{
	int			nsource;		/* attributes of the source */
	int			ntarget;		/* attributes of the target */
	int		   *target_of;		/* [nsource]: attribute index of the target or -1 */
	int		   *source_of;		/* [ntarget]: attribute index of the source or -1 */
	bool		fast;
	const char *slow_reason;	/* why not fast: completes "because ..." */
} OlapMapping;

/*
 * Map the columns of two open relations for a role that inserts; palloc'd in
 * the current context.  ERROR: a column does not fit, or no right to insert.
 */
extern OlapMapping *olap_mapping_create(Relation source, Relation target,
										Oid role);

/* ERROR unless a relation can be the target of a pipeline of this role. */
extern void olap_mapping_check_target(Relation target, Oid role);

#endif							/* OLAP_MAPPING_H */

/*-------------------------------------------------------------------------
 *
 * agg_generic.h
 *		States of one aggregate through the server's own functions.
 *
 * Serves three ends: aggregates that have no state of ours; rows that a state of
 * ours cannot take, beside it; and final functions over states of ours.
 *
 * src/exec/agg_generic.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_GENERIC_H
#define OLAP_AGG_GENERIC_H

#include "nodes/execnodes.h"

#include "vector/vector.h"

typedef struct OlapGeneric OlapGeneric;

/*
 * Looks up the functions and whether aggref's aggregate may use them.  All
 * memory is in contexts below estate's query context, until _free().
 */
extern OlapGeneric *olap_generic_create(Aggref *aggref, EState *estate);

/* Room for groups 0 .. ngroups - 1. */
extern void olap_generic_grow(OlapGeneric *generic, uint32 ngroups);

/*
 * Add n rows: gids as in olap_agg_update(), args one dense vector an argument
 * of the transition function.
 */
extern void olap_generic_update(OlapGeneric *generic, const uint32 *gids,
								const OlapVector *const *args, uint32 n);

/* Add one row: args as many as the transition function takes. */
extern void olap_generic_add(OlapGeneric *generic, uint32 gid,
							 const NullableDatum *args);

/* Has group gid been given rows?  gid may be beyond the last _grow(). */
extern bool olap_generic_has_rows(const OlapGeneric *generic, uint32 gid);

/*
 * The result of group gid; of a partial aggregate its state, serialized if its
 * type is internal.  state: NULL, or another partial state of the group
 * in the form that the aggregate's deserialization function reads.  By-reference
 * results are in CurrentMemoryContext.
 */
extern Datum olap_generic_result(OlapGeneric *generic, uint32 gid,
								 bytea *state, bool *isnull);

/*
 * Add to group gid a state in the form that the deserialization function reads, or
 * that of a group of from, which stays as it is.  For aggregates with that
 * function.
 */
extern void olap_generic_merge_state(OlapGeneric *generic, uint32 gid,
									 bytea *state);
extern void olap_generic_merge_group(OlapGeneric *generic, uint32 gid,
									 const OlapGeneric *from, uint32 from_gid);

/* The deserialization function of the aggregate, invalid if it has none. */
extern Oid	olap_generic_deserialfn(const OlapGeneric *generic);

/* Forget all groups. */
extern void olap_generic_reset(OlapGeneric *generic);
extern size_t olap_generic_memory(const OlapGeneric *generic);
extern void olap_generic_free(OlapGeneric *generic);

/*
 * Raise the server's error if the current user may not call the aggregate; for
 * aggregates with states of ours, too.
 */
extern void olap_agg_check_permission(Oid aggfnoid);
/* And the equality of values of this type, which tells groups apart. */
extern void olap_agg_check_grouping(Oid type);

#endif							/* OLAP_AGG_GENERIC_H */

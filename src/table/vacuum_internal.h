/*-------------------------------------------------------------------------
 *
 * vacuum_internal.h
 *		What the passes of VACUUM share.
 *
 * src/table/vacuum_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_VACUUM_INTERNAL_H
#define OLAP_VACUUM_INTERNAL_H

#include "commands/vacuum.h"

#include "base/compat.h"
#include "delta/delta.h"
#include "delta/rangelog.h"
#include "table/deadset.h"

typedef struct OlapVacuumState
{
	Relation	rel;
	BufferAccessStrategy strategy;
	struct VacuumCutoffs cutoffs;
	OlapDirList list;
	TransactionId oldest;		/* of the ids that stay */
	TransactionId newest_frozen;	/* of the ids to forget; Invalid: none */
	TransactionId oldest_aborted;	/* Invalid: none */
	TransactionId newest_replaced;	/* of xmax before OldestXmin */
	bool		aborted;		/* something is to be marked dead */
	Bitmapset  *unfinished;		/* aborted entries that were not complete */
	OlapLogVacuum log;
	OlapLogReader *reader;		/* what is deleted by now */
	uint64		recently_dead;
	bool		fold;			/* deleted rows are in no index any more */
	double		live_rows;
	double		running_rows;
	uint64		dead_rows;
	OlapDeadSet dead;			/* rows to remove from the indexes, of this pass */
	OlapDeadSet aborted_rows;	/* those among the first pass's */
	bool		has_index;
	int			next_dropped;	/* entry of list where to look for more */
} OlapVacuumState;

/* vacuum_look.c: all places; sets what the other passes go by */
extern void olap_vacuum_look(OlapVacuumState *state);

/* Rows that the next pass over the indexes removes: deleted ones, of dropped places. */
extern void olap_vacuum_look_at_log(OlapVacuumState *state);
extern void olap_vacuum_look_at_dropped(OlapVacuumState *state);

/* A transaction id stays in the file: relfrozenxid is no younger. */
extern void olap_vacuum_keep_xid(OlapVacuumState *state, TransactionId xid);

/* vacuum_write.c: mark what is to be marked */
extern void olap_vacuum_change_places(OlapVacuumState *state);

#endif							/* OLAP_VACUUM_INTERNAL_H */

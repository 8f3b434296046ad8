/*-------------------------------------------------------------------------
 *
 * live.h
 *		Shared memory of the pipelines: who shall run, who runs, how far.
 *
 * Why: what a worker knows from moment to moment (lag, contact with the broker,
 * rows a second) is worth no write to a table, and launcher, workers and
 * sessions must talk without one.  Everything here may be lost with a crash:
 * truth is in the tables olap.pipeline and olap.pipeline_offset, and the
 * launcher fills this area anew from them.
 *
 * Flow: a session changes olap.pipeline and at commit asks the launcher to look
 * (olap_live_request_look); the launcher sends a short-lived worker into the
 * database, which copies the wishes into slots; the launcher starts what is
 * wanted and not running; a worker that is no longer wanted, or whose
 * definition changed, sees that in its slot and ends by itself.
 *
 * Locks: all fields are read and written under olap_live_lock() /
 * olap_live_unlock(), held for copies only, never across anything that can
 * wait.
 *
 * src/ingest/live.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_LIVE_H
#define OLAP_LIVE_H

#include "datatype/timestamp.h"
#include "storage/latch.h"
#include "storage/lwlock.h"

/* Partitions of one pipeline with live figures; others show stored ones. */
#define OLAP_LIVE_PARTITIONS 512
#define OLAP_LIVE_ERROR_LEN 256
/* Databases that ask for a look, or are held, one by one; more: look at all. */
#define OLAP_LIVE_DATABASES 32

typedef enum OlapLiveState
{
	OLAP_LIVE_STARTING = 0,
	OLAP_LIVE_RUNNING,
	OLAP_LIVE_DISCONNECTED,		/* no broker answers */
	OLAP_LIVE_STOPPED,			/* alive, but nothing can be read: see error */
	OLAP_LIVE_RETRYING,			/* ended with an error, waits to start again */
	OLAP_LIVE_WAITING_FOR_SLOT	/* max_worker_processes is used up */
} OlapLiveState;

/* How the last worker of a slot ended. */
typedef enum OlapLiveExit
{
	OLAP_EXIT_FAILURE = 0,		/* what remains if it could not say */
	OLAP_EXIT_ASKED,			/* paused, dropped, fenced: look again */
	OLAP_EXIT_RELOAD			/* definition changed: start again at once */
} OlapLiveExit;

typedef struct OlapLivePartition
{
	int32		partition;
	bool		at_end;			/* the position was the end when last heard */
	int64		committed;		/* next offset as committed */
	int64		position;		/* next offset to read */
	int64		high;			/* -1 unknown */
	int64		low;			/* -1 unknown */
	TimestampTz contact;		/* last proof that the broker answered; 0 never */
	TimestampTz complete_at;	/* contact at which all was committed last; 0 */
	int64		oldest_ms;		/* timestamp of the oldest record read but not
								 * committed; -1 none */
	int64		last_ms;		/* timestamp of the last committed record; -1 */
} OlapLivePartition;

typedef struct OlapLiveSlot
{
	/* wishes, written by a look */
	bool		in_use;
	bool		wanted;
	Oid			database;
	Oid			owner;
	int32		version;		/* olap.pipeline.config_version */
	TimestampTz created_at;		/* olap.pipeline.created_at */
	char		name[NAMEDATALEN];

	/* written by the launcher */
	bool		starting;		/* registered, not yet attached */
	int			failures;		/* in a row; a commit clears it */
	TimestampTz next_start;

	/* written by the worker */
	int			pid;			/* 0: none */
	OlapLiveExit exit;
	OlapLiveState state;
	TimestampTz state_since;
	TimestampTz started_at;
	TimestampTz last_commit;
	double		rows_per_s;
	char		error[OLAP_LIVE_ERROR_LEN];
	int			npartitions;
	OlapLivePartition partitions[OLAP_LIVE_PARTITIONS];
} OlapLiveSlot;

/* A database whose workers must stay away while holder works on it. */
typedef struct OlapLiveHold
{
	Oid			database;		/* InvalidOid: free */
	int			holder;			/* pid */
} OlapLiveHold;

typedef struct OlapLive
{
	LWLock	   *lock;
	Latch	   *launcher;		/* NULL: not running */
	int			launcher_pid;
	bool		look_all;
	int			nlooks;
	Oid			looks[OLAP_LIVE_DATABASES];
	Oid			looking;		/* database of the look under way */
	bool		look_done;		/* the last look came to its end */
	Oid			maintaining;	/* database of the maintenance worker */
	int			maintenance_pid;	/* 0: starting, if maintaining is set */
	OlapLiveHold holds[OLAP_LIVE_DATABASES];
	int			nslots;
	OlapLiveSlot slots[FLEXIBLE_ARRAY_MEMBER];
} OlapLive;

/* NULL where the library was not preloaded. */
extern OlapLive *olap_live;

/* Install the shared memory hooks; from _PG_init while preloading only. */
extern void olap_live_init(void);

/* mode: LW_SHARED or LW_EXCLUSIVE. The area must exist. */
extern void olap_live_lock(LWLockMode mode);
extern void olap_live_unlock(void);

/*
 * Ask the launcher to look at the current database once the current
 * transaction has committed; nothing happens if it does not.
 */
extern void olap_live_request_look(void);

/* The slot of a pipeline or -1. Caller holds the lock. */
extern int	olap_live_find(Oid database, const char *name);

/* Is a database held? Caller holds the lock. */
extern bool olap_live_held(Oid database);

/* Wake the launcher. Caller holds the lock (any mode). */
extern void olap_live_wake_launcher(void);

extern const char *olap_live_state_name(OlapLiveState state);

#endif							/* OLAP_LIVE_H */

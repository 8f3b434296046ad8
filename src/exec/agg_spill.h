/*-------------------------------------------------------------------------
 *
 * agg_spill.h
 *		Rows put aside in files, by the hash of their group.
 *
 * What is written are the columns of the table that the aggregation reads, not
 * its keys and arguments: so a row that comes back is a row of a batch like any
 * other, expressions are evaluated for the rows that need them and for no others,
 * and there is one way through the aggregation.
 *
 * src/exec/agg_spill.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_AGG_SPILL_H
#define OLAP_AGG_SPILL_H

#include "nodes/pg_list.h"
#include "storage/buffile.h"

#include "vector/vector.h"

/* Files rows are divided into at a time. */
#define OLAP_SPILL_FILES 16

typedef struct OlapSpill OlapSpill;

/* A file that is written whole, of rows whose groups no other file has. */
typedef struct OlapSpillFile
{
	BufFile    *file;
	int			level;			/* how often its rows were put aside */
	uint64		rows;
	uint64		bytes;
} OlapSpillFile;

/*
 * Begin to divide rows.  needed: the columns to keep, of types[natts]; level is
 * that of the files.  All memory in a context below parent.
 */
extern OlapSpill *olap_spill_create(const OlapColumnType *types,
									const bool *needed, int natts, int level,
									MemoryContext parent);

/*
 * Put aside rows[n] (positions in batch's selection) with the hash of each
 * position of the selection.
 */
extern void olap_spill_add(OlapSpill *spill, OlapBatch *batch,
						   const uint16 *rows, uint32 n, const uint32 *hashes);

/*
 * The files that have rows, allocated in CurrentMemoryContext; spill is gone
 * then.
 */
extern List *olap_spill_finish(OlapSpill *spill);

/* Reads one file. */
typedef struct OlapSpillReader OlapSpillReader;

extern OlapSpillReader *olap_spill_reader_create(const OlapColumnType *types,
												 const bool *needed, int natts,
												 MemoryContext parent);
extern void olap_spill_reader_open(OlapSpillReader *reader, OlapSpillFile *file);

/* The next batch, valid until the next call; NULL, and the file gone, at the end. */
extern OlapBatch *olap_spill_reader_next(OlapSpillReader *reader);

/* Not while a file is open. */
extern void olap_spill_reader_free(OlapSpillReader *reader);

#endif							/* OLAP_AGG_SPILL_H */

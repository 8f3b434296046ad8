/*-------------------------------------------------------------------------
 *
 * runtime_batches.c
 *		Runtime filters: the tuples of a hash table that are in temporary files.
 *
 * Why: a table of several batches has the keys of all but the first in files, and
 * outer rows of those are written to files as well, so it is there that leaving rows
 * out saves most. Files of a process are its own and are read in between, see
 * ExecHashJoinSaveTuple(); those of parallel workers are complete once outer rows
 * are asked for, and each process reads all of them, with positions of its own:
 * PostgreSQL's readers of these hand out each tuple once.
 *
 * The form of the shared ones is sharedtuplestore.c's: chunks of four pages, the
 * number of tuples that begin in one, and how many chunks more the last of them
 * takes. It is not in a header of the server's, hence who reads holds the number of
 * tuples against the table's.
 *
 * src/exec/runtime_batches.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>

#include "executor/hashjoin.h"
#include "storage/buffile.h"
#include "utils/memutils.h"

#include "exec/runtime_internal.h"

static void
read_exactly(BufFile *file, void *to, size_t len)
{
	if (BufFileRead(file, to, len) != len)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from hash-join temporary file")));
}

/* Memory for a tuple of len bytes in all; its content is lost. */
static MinimalTuple
room_for(MinimalTuple tuple, size_t *capacity, uint32 len)
{
	if (*capacity < len)
	{
		if (tuple != NULL)
			pfree(tuple);
		*capacity = Max(len, 1024);
		tuple = MemoryContextAllocHuge(CurrentMemoryContext, *capacity);
	}
	tuple->t_len = len;
	return tuple;
}

void
olap_join_own_file(BufFile *file, OlapJoinTuple take, void *arg)
{
	MinimalTuple tuple = NULL;
	size_t		capacity = 0;
	uint32		header[2];		/* hash value, t_len */
	size_t		n;
	int			fileno;
	off_t		offset;

	/* more may be appended when later batches are split: come back to the end */
	BufFileTell(file, &fileno, &offset);
	if (BufFileSeek(file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind hash-join temporary file")));
	while ((n = BufFileRead(file, header, sizeof(header))) == sizeof(header))
	{
		tuple = room_for(tuple, &capacity, header[1]);
		read_exactly(file, (char *) tuple + sizeof(uint32),
					 header[1] - sizeof(uint32));
		take(arg, tuple);
	}
	if (n != 0 || BufFileSeek(file, fileno, offset, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from hash-join temporary file")));
	if (tuple != NULL)
		pfree(tuple);
}

/* ---- shared files ---- */

#define SHARED_CHUNK_BYTES (4 * BLCKSZ)

typedef struct SharedChunk
{
	int			ntuples;		/* that begin in it */
	int			overflow;		/* > 0: it goes on with a tuple of an earlier one */
	char		data[SHARED_CHUNK_BYTES - 2 * sizeof(int)];
} SharedChunk;

typedef struct SharedReader
{
	BufFile    *file;
	SharedChunk *chunk;
	size_t		at;				/* in chunk->data */
	int			ntuples;		/* that begin in the rest of chunk */
} SharedReader;

/* False at the end of the file. */
static bool
next_chunk(SharedReader *reader)
{
	size_t		n = BufFileRead(reader->file, reader->chunk, sizeof(SharedChunk));

	if (n != 0 && n != sizeof(SharedChunk))
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from hash-join temporary file")));
	reader->at = 0;
	reader->ntuples = n != 0 ? reader->chunk->ntuples : 0;
	return n != 0;
}

/* The next len bytes of a tuple. */
static void
take_bytes(SharedReader *reader, void *to, size_t len)
{
	while (len > 0)
	{
		size_t		n = Min(len, sizeof(reader->chunk->data) - reader->at);

		memcpy(to, reader->chunk->data + reader->at, n);
		to = (char *) to + n;
		reader->at += n;
		len -= n;
		if (len > 0 && (!next_chunk(reader) || reader->chunk->overflow <= 0))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("a tuple in a hash-join temporary file ends early")));
	}
}

static void
read_shared(BufFile *file, OlapJoinTuple take, void *arg)
{
	SharedReader reader = {.file = file,.chunk = palloc(sizeof(SharedChunk))};
	MinimalTuple tuple = NULL;
	size_t		capacity = 0;
	uint32		header[2];		/* hash value, t_len */

	while (reader.ntuples > 0 || next_chunk(&reader))
	{
		/* one that overflows leaves the reader in its last chunk, ntuples of that */
		if (reader.ntuples-- <= 0)
			continue;
		take_bytes(&reader, header, sizeof(header));
		tuple = room_for(tuple, &capacity, header[1]);
		take_bytes(&reader, (char *) tuple + sizeof(uint32),
				   header[1] - sizeof(uint32));
		take(arg, tuple);
	}
	if (tuple != NULL)
		pfree(tuple);
	pfree(reader.chunk);
}

void
olap_join_shared_files(HashJoinTable table, OlapJoinTuple take, void *arg)
{
	ParallelHashJoinState *state = table->parallel_state;
	char		name[MAXPGPATH];

	for (int i = 1; i < table->nbatch; i++)
		for (int p = 0; p < state->nparticipants; p++)
		{
			BufFile    *file;

			snprintf(name, sizeof(name), "i%dof%d.p%d", i, table->nbatch, p);
			file = BufFileOpenFileSet(&state->fileset.fs, name, O_RDONLY, true);
			if (file == NULL)
				continue;
			read_shared(file, take, arg);
			BufFileClose(file);
		}
}

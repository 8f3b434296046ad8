/*-------------------------------------------------------------------------
 *
 * agg_spill.c
 *		Rows put aside in files, by the hash of their group.
 *
 * src/exec/agg_spill.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "exec/agg_spill.h"

/* Rows that a file's buffer gathers before they are written. */
#define BUFFER_ROWS 512

typedef struct Partition
{
	OlapSpillFile *out;			/* NULL: no row yet */
	OlapVector *columns;		/* [natts], those needed */
	uint32		n;
} Partition;

struct OlapSpill
{
	MemoryContext cxt;
	MemoryContext files_cxt;	/* outlives the spill */
	const OlapColumnType *types;
	const bool *needed;
	int			natts;
	int			level;
	Partition	partitions[OLAP_SPILL_FILES];
	uint32		rows[OLAP_SPILL_FILES][OLAP_VECTOR_ROWS];
};

/* Before each column's validity bitmap, values and heap. */
typedef struct ColumnHeader
{
	uint32		n;
	uint16		width;
	uint8		phys;
	uint8		scale;
	bool		has_nulls;
	uint64		heap_len;
} ColumnHeader;

struct OlapSpillReader
{
	MemoryContext cxt;
	const OlapColumnType *types;
	const bool *needed;
	OlapSpillFile *in;
	uint64		left;			/* rows not read yet */
	OlapBatch	batch;
};

/* ---- writing ---- */

OlapSpill *
olap_spill_create(const OlapColumnType *types, const bool *needed, int natts,
				  int level, MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "OlapAgg spill",
											  ALLOCSET_DEFAULT_SIZES);
	OlapSpill  *spill = MemoryContextAllocZero(cxt, sizeof(OlapSpill));

	spill->cxt = cxt;
	spill->files_cxt = parent;
	spill->types = types;
	spill->needed = needed;
	spill->natts = natts;
	spill->level = level;
	PrepareTempTablespaces();
	return spill;
}

static void
write_bytes(OlapSpillFile *out, void *data, size_t len)
{
	BufFileWrite(out->file, data, len);
	out->bytes += len;
}

static void
write_column(OlapSpillFile *out, const OlapVector *v)
{
	ColumnHeader header = {0};

	header.n = v->n;
	header.width = v->width;
	header.phys = v->phys;
	header.scale = v->scale;
	header.has_nulls = v->valid != NULL;
	header.heap_len = v->phys == OLAP_PHYS_VAR ? v->heap_len : 0;
	write_bytes(out, &header, sizeof(header));
	if (header.has_nulls)
		write_bytes(out, v->valid, (v->n + 63) / 64 * sizeof(uint64));
	write_bytes(out, v->values, (size_t) v->n * v->width);
	if (header.heap_len > 0)
		write_bytes(out, v->heap, header.heap_len);
}

/* Write what the buffer holds: the number of rows, and each needed column. */
static void
flush_partition(OlapSpill *spill, Partition *partition)
{
	if (partition->n == 0)
		return;
	write_bytes(partition->out, &partition->n, sizeof(uint32));
	for (int c = 0; c < spill->natts; c++)
		if (spill->needed[c])
		{
			write_column(partition->out, &partition->columns[c]);
			olap_vector_reset(&partition->columns[c], &spill->types[c]);
		}
	partition->out->rows += partition->n;
	partition->n = 0;
}

static void
start_partition(OlapSpill *spill, Partition *partition)
{
	MemoryContext old = MemoryContextSwitchTo(spill->files_cxt);

	partition->out = palloc0(sizeof(OlapSpillFile));
	partition->out->level = spill->level;
	partition->out->file = BufFileCreateTemp(false);
	MemoryContextSwitchTo(spill->cxt);
	partition->columns = palloc0(Max(spill->natts, 1) * sizeof(OlapVector));
	for (int c = 0; c < spill->natts; c++)
		if (spill->needed[c])
			olap_vector_init(&partition->columns[c], &spill->types[c],
							 BUFFER_ROWS, spill->cxt);
	MemoryContextSwitchTo(old);
}

void
olap_spill_add(OlapSpill *spill, OlapBatch *batch, const uint16 *rows, uint32 n,
			   const uint32 *hashes)
{
	uint32		counts[OLAP_SPILL_FILES] = {0};

	for (uint32 i = 0; i < n; i++)
	{
		uint32		p = hashes[rows[i]] % OLAP_SPILL_FILES;

		spill->rows[p][counts[p]++] = batch->sel == NULL ? rows[i] :
			batch->sel[rows[i]];
	}
	for (int p = 0; p < OLAP_SPILL_FILES; p++)
	{
		Partition  *partition = &spill->partitions[p];

		if (counts[p] == 0)
			continue;
		if (partition->out == NULL)
			start_partition(spill, partition);
		if (partition->n + counts[p] > OLAP_VECTOR_ROWS)
			flush_partition(spill, partition);
		for (int c = 0; c < spill->natts; c++)
			if (spill->needed[c])
				olap_vector_append_rows(&partition->columns[c], &spill->types[c],
										olap_batch_column(batch, c),
										spill->rows[p], counts[p]);
		partition->n += counts[p];
		if (partition->n >= BUFFER_ROWS)
			flush_partition(spill, partition);
	}
}

List *
olap_spill_finish(OlapSpill *spill)
{
	List	   *files = NIL;

	for (int p = 0; p < OLAP_SPILL_FILES; p++)
	{
		Partition  *partition = &spill->partitions[p];

		if (partition->out == NULL)
			continue;
		flush_partition(spill, partition);
		files = lappend(files, partition->out);
	}
	MemoryContextDelete(spill->cxt);
	return files;
}

/* ---- reading ---- */

OlapSpillReader *
olap_spill_reader_create(const OlapColumnType *types, const bool *needed,
						 int natts, MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "OlapAgg spill reader",
											  ALLOCSET_DEFAULT_SIZES);
	OlapSpillReader *reader = MemoryContextAllocZero(cxt, sizeof(OlapSpillReader));

	reader->cxt = cxt;
	reader->types = types;
	reader->needed = needed;
	reader->batch.ncols = natts;
	reader->batch.cols = MemoryContextAllocZero(cxt, Max(natts, 1) *
												sizeof(OlapVector));
	for (int c = 0; c < natts; c++)
		if (needed[c])
			olap_vector_init(&reader->batch.cols[c], &types[c], BUFFER_ROWS, cxt);
	return reader;
}

void
olap_spill_reader_open(OlapSpillReader *reader, OlapSpillFile *file)
{
	reader->in = file;
	reader->left = file->rows;
	if (BufFileSeek(file->file, 0, 0, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rewind a temporary file of OlapAgg: %m")));
}

static void
read_bytes(OlapSpillReader *reader, void *data, size_t len)
{
	size_t		got = BufFileRead(reader->in->file, data, len);

	if (got != len)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from a temporary file of OlapAgg: read only %zu of %zu bytes",
						got, len)));
}

static void
read_column(OlapSpillReader *reader, int col)
{
	OlapVector *v = &reader->batch.cols[col];
	ColumnHeader header;

	read_bytes(reader, &header, sizeof(header));
	olap_vector_reset(v, &reader->types[col]);
	if (v->phys != header.phys || v->width != header.width)
		olap_vector_set_phys(v, header.phys, header.width);
	v->scale = header.scale;
	olap_vector_reserve(v, header.n);
	if (header.has_nulls)
	{
		olap_vector_make_valid(v);
		read_bytes(reader, v->valid, (header.n + 63) / 64 * sizeof(uint64));
	}
	read_bytes(reader, v->values, (size_t) header.n * header.width);
	if (header.heap_len > 0)
	{
		olap_vector_reserve_heap(v, header.heap_len);
		read_bytes(reader, v->heap, header.heap_len);
		v->heap_len = header.heap_len;
	}
	v->n = header.n;
}

OlapBatch *
olap_spill_reader_next(OlapSpillReader *reader)
{
	OlapBatch  *batch = &reader->batch;
	uint32		n;

	if (reader->left == 0)
	{
		BufFileClose(reader->in->file);
		reader->in = NULL;
		return NULL;
	}
	read_bytes(reader, &n, sizeof(n));
	for (int c = 0; c < batch->ncols; c++)
		if (reader->needed[c])
			read_column(reader, c);
	batch->nrows = batch->nsel = n;
	batch->sel = NULL;
	reader->left -= n;
	return batch;
}

void
olap_spill_reader_free(OlapSpillReader *reader)
{
	MemoryContextDelete(reader->cxt);
}

/*-------------------------------------------------------------------------
 *
 * rle.c
 *		The RLE encoding: runs of equal values.
 *
 * Payload: count of runs (4 bytes), length of the first inner chunk (4 bytes),
 * a chunk with one value a run, and a chunk of int32 with each run's end (the
 * row after its last).  Fixed widths only: runs of text become runs of
 * dictionary codes.
 *
 * src/codec/rle.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/kernel.h"
#include "codec/codec_internal.h"

#define RLE_HEADER 8
/* Shorter runs are better packed: less to decode at open. */
#define MIN_RUN 4

static double
rle_score(const OlapAnalysis *a)
{
	double		value_bits = a->v->width * 8;

	if (a->depth >= OLAP_DEPTH_RUNS || a->v->phys == OLAP_PHYS_VAR ||
		a->runs > a->n / MIN_RUN)
		return INFINITY;
	value_bits = Min(value_bits, a->alp_bits * 2);
	if (olap_phys_is_integer(a->v->phys))
		value_bits = Min(value_bits, a->for_bits * 2 + 2);
	return RLE_HEADER + 48 + a->runs * (value_bits / 8 +
										log2((double) a->n / a->runs + 1) / 8 +
										0.25);
}

static bool
rle_encode(const OlapAnalysis *a, OlapBytes *out, OlapChunkInfo *info)
{
	const OlapVector *v = a->v;
	size_t		width = v->width;
	const char *values = v->values;
	OlapVector	run_values = *v;
	OlapVector	run_ends = {.phys = OLAP_PHYS_I32, .width = sizeof(uint32),
		.typalign = TYPALIGN_INT};
	char	   *firsts = palloc(a->runs * width);
	uint32	   *ends = palloc(a->runs * sizeof(uint32));
	uint32		runs = 0;
	uint32		inner_len;
	size_t		start = out->len;
	OlapChunkInfo inner;

	for (uint32 i = 0; i < a->n; i++)
	{
		if (i + 1 < a->n && memcmp(values + i * width,
								   values + (i + 1) * width, width) == 0)
			continue;
		memcpy(firsts + runs * width, values + i * width, width);
		ends[runs++] = i + 1;
	}
	run_values.values = firsts;
	run_values.n = runs;
	run_ends.values = ends;
	run_ends.n = runs;

	olap_bytes_append(out, &runs, sizeof(runs));
	olap_bytes_append(out, &runs, sizeof(runs));	/* room for the length */
	olap_chunk_encode_at(&run_values, OLAP_DEPTH_RUNS, out, &inner);
	inner_len = (uint32) (out->len - start - RLE_HEADER);
	memcpy(out->data + start + 4, &inner_len, sizeof(inner_len));
	olap_chunk_encode_at(&run_ends, OLAP_DEPTH_RUNS, out, &inner);
	pfree(firsts);
	pfree(ends);
	return true;
}

/* Decode a chunk inside this one. */
static bool
load_inner(OlapChunk *chunk, const uint8 *src, size_t len, OlapPhys phys,
		   uint32 nrows, OlapVector *out, const char **reason)
{
	bool		same = phys == chunk->info.phys;
	uint16		width = same ? chunk->width : sizeof(uint32);
	OlapColumnType type = {.phys = phys, .width = width,
		.scale = same ? chunk->info.scale : 0, .typalign = chunk->typalign};
	OlapChunk  *inner = olap_chunk_open_at(src, len, phys, type.scale, width,
										   type.typalign, nrows,
										   OLAP_DEPTH_RUNS, NULL,
										   chunk->cxt, reason);
	bool		ok;

	if (inner == NULL)
		return false;
	olap_vector_init(out, &type, nrows, chunk->cxt);
	ok = olap_chunk_decode_all(inner, out, reason);
	olap_chunk_close(inner);
	return ok;
}

static bool
rle_open(OlapChunk *chunk, const char **reason)
{
	const uint8 *src = chunk->payload;
	uint32		runs;
	uint32		values_len;
	uint32		last = 0;

	if (chunk->depth >= OLAP_DEPTH_RUNS || chunk->info.phys == OLAP_PHYS_VAR)
		OLAP_REJECT("runs are not allowed here");
	if (chunk->payload_len < RLE_HEADER)
		OLAP_REJECT("a chunk of runs is cut short");
	memcpy(&runs, src, sizeof(runs));
	memcpy(&values_len, src + 4, sizeof(values_len));
	if (runs == 0 || runs > chunk->info.nrows ||
		values_len > chunk->payload_len - RLE_HEADER)
		OLAP_REJECT("a chunk of runs has a header out of range");
	src += RLE_HEADER;
	chunk->has_dict = true;
	if (!load_inner(chunk, src, values_len, chunk->info.phys, runs,
					&chunk->dict, reason) ||
		!load_inner(chunk, src + values_len,
					chunk->payload_len - RLE_HEADER - values_len,
					OLAP_PHYS_I32, runs, &chunk->inner_out, reason))
		return false;
	chunk->run_ends = chunk->inner_out.values;
	for (uint32 i = 0; i < runs; i++)
	{
		if (chunk->run_ends[i] <= last ||
			chunk->run_ends[i] > chunk->info.nrows)
			OLAP_REJECT("runs are out of order");
		last = chunk->run_ends[i];
	}
	if (last != chunk->info.nrows)
		OLAP_REJECT("runs do not cover the chunk");
	return true;
}

/* The run that holds row. */
static uint32
find_run(const OlapChunk *chunk, uint32 row)
{
	uint32		lo = 0;
	uint32		hi = chunk->dict.n - 1;

	while (lo < hi)
	{
		uint32		mid = (lo + hi) / 2;

		if (chunk->run_ends[mid] > row)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Bytes that are written at a time. */
#define STEP 32

/*
 * Rows [0, n) of out from runs that end before rows ends[] of the chunk, of which
 * out's first is row first.  Runs are filled in whole steps as long as there is
 * room: what is too much belongs to the next ones, which are filled later.
 */
#define FILL_RUNS(bits, splat) \
OLAP_KERNEL static void \
fill_runs_##bits(const uint##bits *restrict values, \
				 const uint32 *restrict ends, uint32 first, uint32 n, \
				 uint##bits *restrict out) \
{ \
	const uint32 step = STEP * 8 / bits; \
\
	for (uint32 row = 0, run = 0; row < n; run++) \
	{ \
		uint32		end = ends[run] - first < n ? ends[run] - first : n; \
		uint64		word = values[run] * UINT64CONST(splat); \
		uint64		words[STEP / 8] = {word, word, word, word}; \
\
		for (; row < end && row + step <= n; row += step) \
			memcpy(out + row, words, STEP); \
		for (; row < end; row++) \
			out[row] = values[run]; \
		row = end; \
	} \
}

FILL_RUNS(8, 0x0101010101010101)
FILL_RUNS(16, 0x0001000100010001)
FILL_RUNS(32, 0x0000000100000001)
FILL_RUNS(64, 1)

static bool
rle_decode(OlapChunk *chunk, uint32 vecno, OlapVector *out,
		   const char **reason)
{
	uint32		first = vecno * OLAP_VECTOR_ROWS;
	uint32		n = olap_vector_rows_of(chunk->info.nrows, vecno);
	size_t		width = chunk->width;
	uint8	   *dst = (uint8 *) out->values + out->n * width;
	uint32		run = find_run(chunk, first);
	const char *values = (const char *) chunk->dict.values + run * width;
	const uint32 *ends = chunk->run_ends + run;

	switch (width)
	{
		case 1:
			fill_runs_8((const uint8 *) values, ends, first, n, dst);
			break;
		case 2:
			fill_runs_16((const uint16 *) values, ends, first, n, (uint16 *) dst);
			break;
		case 4:
			fill_runs_32((const uint32 *) values, ends, first, n, (uint32 *) dst);
			break;
		case 8:
			fill_runs_64((const uint64 *) values, ends, first, n, (uint64 *) dst);
			break;
		default:
			for (uint32 row = 0; row < n; row++)
			{
				if (first + row == *ends)
				{
					ends++;
					values += width;
				}
				memcpy(dst + row * width, values, width);
			}
	}
	out->n += n;
	return true;
}

static bool
rle_decode_rows(OlapChunk *chunk, uint32 vecno, const uint16 *rows, uint32 n,
				void *out, const char **reason)
{
	size_t		width = chunk->width;

	for (uint32 i = 0; i < n; i++)
		memcpy((char *) out + i * width, (const char *) chunk->dict.values +
			   find_run(chunk, vecno * OLAP_VECTOR_ROWS + rows[i]) * width, width);
	return true;
}

const OlapCodec olap_codec_rle = {
	.encoding = OLAP_ENC_RLE,
	.name = "rle",
	.decode_cost = 0.02,
	.score = rle_score,
	.encode = rle_encode,
	.open = rle_open,
	.decode = rle_decode,
	.decode_rows = rle_decode_rows,
};

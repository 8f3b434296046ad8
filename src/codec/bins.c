/*-------------------------------------------------------------------------
 *
 * bins.c
 *		The BINS encoding: common values take few bits, rare ones many.
 *
 * Up to eight bins, ranges of values, are chosen for the whole chunk.  A value
 * is the number of its bin and its distance from the bin's start, in as many
 * bits as the bin is wide.  So a value costs about what its probability asks
 * for, as with entropy coding, but is found without decoding its neighbours:
 * Zipf's ids, amounts and durations take a quarter less than in frames.
 *
 * Payload: bits of a bin number, count of bins, 6 bytes 0; the base (8 bytes);
 * the bins' starts (8 bytes each); their widths (8 bytes, one each); vector
 * index and vectors; 8 bytes 0.  A vector is its bin numbers, packed, and its
 * distances as one bit stream.  Floats are the integers that their bits are: few
 * exponents, and mantissas as they come, which is what ALP-RD does.
 *
 * Source: the idea is that of Loncaric, Jeppesen & Zinberg 2025, "Pcodec: better
 * compression for numerical sequences"; bin numbers of fixed width in place of
 * its tANS codes cost some per cent of size and save most of the time.  ALP-RD:
 * Afroozeh, Kuffo & Boncz 2023.
 *
 * src/codec/bins.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "base/kernel.h"
#include "codec/bins.h"

#define BINS_HEADER 16
#define SAMPLE 2048
/* Fewer rows do not pay for the bins. */
#define MIN_ROWS 128
/* A sample flatters the bins that are made for it. */
#define SAMPLE_ERROR 1.03

static inline bool
is_valid(const uint64 *valid, uint32 row)
{
	return valid == NULL || (valid[row / 64] >> row % 64 & 1) != 0;
}

/* Make the n values distances from the least of them, which is returned. */
static int64
make_offsets(int64 *values, uint32 n, uint64 *max)
{
	int64		base = values[0];
	int64		top = values[0];

	for (uint32 i = 1; i < n; i++)
	{
		base = values[i] < base ? values[i] : base;
		top = values[i] > top ? values[i] : top;
	}
	for (uint32 i = 0; i < n; i++)
		values[i] = (int64) ((uint64) values[i] - (uint64) base);
	*max = (uint64) top - (uint64) base;
	return base;
}

static double
bins_score(const OlapAnalysis *a)
{
	int64	   *values;
	uint64	   *scratch;
	OlapBinGroup groups[OLAP_BIN_GROUPS];
	OlapBins	bins;
	uint32		m = Min(a->n, SAMPLE);
	uint32		n = 0;
	uint64		max;
	double		bits = INFINITY;

	if (a->n < MIN_ROWS || a->v->phys == OLAP_PHYS_BOOL ||
		!(olap_phys_is_integer(a->v->phys) || olap_phys_is_float(a->v->phys)))
		return INFINITY;
	values = palloc(m * sizeof(int64));
	scratch = palloc(m * sizeof(uint64));
	for (uint32 k = 0; k < m; k++)
	{
		uint32		row = (uint32) ((uint64) k * a->n / m);

		if (is_valid(a->valid, row))
			olap_load_integers(a->v, row, 1, &values[n++]);
	}
	if (n > 0)
	{
		make_offsets(values, n, &max);
		olap_radix_sort((uint64 *) values, n, max, scratch);
		bits = olap_bins_choose(groups,
								olap_bins_group((uint64 *) values, n, groups),
								m - n, &bins);
	}
	pfree(values);
	pfree(scratch);
	return BINS_HEADER + 10 * OLAP_BINS_MAX + OLAP_BINS_TRAILER + 4 +
		SAMPLE_ERROR * bits / 8 * a->n / m;
}

OLAP_KERNEL static void
find_bins(const uint64 *restrict offsets, uint32 n, uint64 start,
		  uint32 *restrict ids)
{
	for (uint32 i = 0; i < n; i++)
		ids[i] += offsets[i] >= start;
}

/* One vector: bin numbers, then distances. */
static void
write_vector(const OlapBins *bins, const uint64 *offsets, uint32 n,
			 OlapBytes *out)
{
	uint32		ids[OLAP_VECTOR_ROWS] = {0};
	size_t		ids_len = olap_bitpack_size(n, bins->id_bits);
	uint8	   *dst = olap_bytes_reserve(out, ids_len + n * sizeof(uint64) + 8);
	uint64		word = 0;
	int			bit = 0;

	for (int b = 1; b < bins->n; b++)
		find_bins(offsets, n, bins->start[b], ids);
	olap_bitpack32(ids, n, bins->id_bits, dst);
	out->len += ids_len;
	dst += ids_len;
	for (uint32 i = 0; i < n; i++)
	{
		int			whole;

		/* word holds the bits of the byte at dst that are there already */
		word |= (offsets[i] - bins->start[ids[i]]) << bit;
		memcpy(dst, &word, sizeof(word));
		bit += bins->width[ids[i]];
		whole = bit / 8;
		word >>= whole * 8;
		dst += whole;
		out->len += whole;
		bit %= 8;
	}
	out->len += bit > 0;
}

void
olap_bins_write(const OlapBins *bins, int64 base, uint64 *offsets,
				const uint64 *valid, uint32 n, OlapBytes *out)
{
	uint8		header[BINS_HEADER] = {bins->id_bits, bins->n};
	uint8		trailer[OLAP_BINS_TRAILER] = {0};
	uint32		nvec = olap_vector_count(n);
	int			shortest = 0;
	size_t		index;

	memcpy(header + 8, &base, sizeof(base));
	olap_bytes_append(out, header, sizeof(header));
	olap_bytes_append(out, bins->start, bins->n * sizeof(uint64));
	olap_bytes_append(out, bins->width, OLAP_BINS_MAX);
	for (int b = 1; b < bins->n; b++)
		if (bins->width[b] < bins->width[shortest])
			shortest = b;
	if (valid != NULL)
		for (uint32 i = 0; i < n; i++)
			if (!is_valid(valid, i))
				offsets[i] = bins->start[shortest];
	index = olap_index_begin(out, n);
	for (uint32 vecno = 0; vecno < nvec; vecno++)
	{
		olap_index_set(out, index, n, vecno);
		write_vector(bins, offsets + vecno * OLAP_VECTOR_ROWS,
					 olap_vector_rows_of(n, vecno), out);
	}
	olap_index_set(out, index, n, nvec);
	olap_bytes_append(out, trailer, sizeof(trailer));
}

static bool
bins_encode(const OlapAnalysis *a, OlapBytes *out, OlapChunkInfo *info)
{
	int64	   *values = palloc(a->n * sizeof(int64));
	uint64	   *sorted = palloc(a->n * 2 * sizeof(uint64));
	OlapBinGroup groups[OLAP_BIN_GROUPS];
	OlapBins	bins;
	uint32		n = 0;
	uint64		max;
	int64		base;
	double		bits;

	olap_load_integers(a->v, 0, a->n, values);
	base = make_offsets(values, a->n, &max);
	for (uint32 i = 0; i < a->n; i++)
		if (is_valid(a->valid, i))
			sorted[n++] = (uint64) values[i];
	olap_radix_sort(sorted, n, max, sorted + a->n);
	bits = olap_bins_choose(groups, olap_bins_group(sorted, n, groups),
							a->n - n, &bins);
	if (bits < INFINITY)
		olap_bins_write(&bins, base, (uint64 *) values, a->valid, a->n, out);
	pfree(values);
	pfree(sorted);
	return bits < INFINITY;
}

/* Bins as the kernels want them, for values of value_width bytes. */
static void
fill_table(OlapBinTable *table, const uint8 *starts, const uint8 *widths,
		   int n, int value_width)
{
	uint32		base32 = value_width == sizeof(uint32) ? (uint32) table->base
		: 0;

	table->n = (uint8) n;
	table->narrow = true;
	for (int b = 0; b < n; b++)
	{
		uint64		start;
		uint64		mask = (UINT64CONST(1) << widths[b]) - 1;

		memcpy(&start, starts + b * sizeof(start), sizeof(start));
		table->width[b] = widths[b];
		table->start[b] = start;
		table->mask[b] = mask;
		table->start32[b] = base32 + (uint32) start;
		table->mask32[b] = (uint32) mask;
		if (start > PG_UINT32_MAX - (mask & PG_UINT32_MAX) || widths[b] > 25)
			table->narrow = false;
	}
}

static bool
bins_open(OlapChunk *chunk, const char **reason)
{
	const uint8 *src = chunk->payload;
	size_t		len = chunk->payload_len;
	const uint8 *widths;
	uint32		n;

	if (!olap_phys_is_integer(chunk->info.phys) &&
		!olap_phys_is_float(chunk->info.phys))
		OLAP_REJECT("bins hold numbers only");
	if (len < BINS_HEADER + OLAP_BINS_MAX + OLAP_BINS_TRAILER)
		OLAP_REJECT("a chunk of bins is cut short");
	olap_chunk_need(&chunk->source, src, BINS_HEADER + OLAP_BINS_MAX *
					(sizeof(uint64) + 1));
	n = src[1];
	len -= BINS_HEADER + OLAP_BINS_MAX + OLAP_BINS_TRAILER;
	if (src[0] > OLAP_BINS_MAX_ID_BITS || n == 0 || n > 1U << src[0] ||
		n * sizeof(uint64) > len)
		OLAP_REJECT("a chunk of bins has a header out of range");
	widths = src + BINS_HEADER + n * sizeof(uint64);
	for (uint32 b = 0; b < n; b++)
		if (widths[b] > OLAP_BINS_MAX_WIDTH)
			OLAP_REJECT("a bin is too wide");
	chunk->bins = MemoryContextAllocZero(chunk->cxt, sizeof(OlapBinTable));
	chunk->bins->id_bits = src[0];
	memcpy(&chunk->bins->base, src + 8, sizeof(uint64));
	fill_table(chunk->bins, src + BINS_HEADER, widths, (int) n, chunk->width);
	return olap_index_open(chunk, widths + OLAP_BINS_MAX,
						   len - n * sizeof(uint64), reason);
}

static bool
bins_decode(OlapChunk *chunk, uint32 vecno, OlapVector *out,
			const char **reason)
{
	uint32		n = olap_vector_rows_of(chunk->info.nrows, vecno);
	size_t		len;
	const uint8 *src = olap_index_get(chunk, vecno, &len);

	if (!olap_bins_unpack(chunk->bins, src, len, n, (uint8 *) out->values +
						  (size_t) out->n * chunk->width, chunk->width))
		OLAP_REJECT("a vector of bins has the wrong length");
	out->n += n;
	return true;
}

static bool
bins_decode_block(OlapChunk *chunk, uint32 vecno, uint32 *state, OlapVector *out,
				  const char **reason)
{
	uint32		n = olap_vector_rows_of(chunk->info.nrows, vecno);
	uint32		first = out->n;
	size_t		len;
	const uint8 *src = first == 0 ? olap_index_get(chunk, vecno, &len) :
		olap_index_get_rows(chunk, vecno, 1, &len);

	if (!olap_bins_unpack_block(chunk->bins, src, len, n, first, state,
								(uint8 *) out->values + (size_t) first * chunk->width,
								chunk->width))
		OLAP_REJECT("a vector of bins has the wrong length");
	out->n += Min(n - first, OLAP_BITPACK_BLOCK);
	return true;
}

static bool
bins_decode_rows(OlapChunk *chunk, uint32 vecno, const uint16 *rows, uint32 n,
				 void *out, const char **reason)
{
	size_t		len;
	const uint8 *src = olap_index_get_rows(chunk, vecno, n, &len);
	uint64		values[OLAP_FEW_ROWS];

	if (!olap_bins_unpack_rows(chunk->bins, &chunk->source, src, len,
							   olap_vector_rows_of(chunk->info.nrows, vecno),
							   rows, n, values))
		OLAP_REJECT("a vector of bins has the wrong length");
	olap_store_integers(values, n, out, chunk->width);
	return true;
}

const OlapCodec olap_codec_bins = {
	.encoding = OLAP_ENC_BINS,
	.name = "bins",
	.decode_cost = 0.05,
	.pieces = true,
	.score = bins_score,
	.encode = bins_encode,
	.open = bins_open,
	.decode = bins_decode,
	.decode_rows = bins_decode_rows,
	.decode_block = bins_decode_block,
};

/*-------------------------------------------------------------------------
 *
 * bins.h
 *		Bins: few ranges of values, each with a width of its own.
 *
 * A value is stored as the number of its bin (0 to 3 bits) and its distance
 * from the bin's start in as many bits as the bin is wide.  See bins.c.
 *
 * src/codec/bins.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_BINS_H
#define OLAP_BINS_H

#include "codec/codec_internal.h"

#define OLAP_BINS_MAX 8
#define OLAP_BINS_MAX_ID_BITS 3
/* A distance at any bit of a byte is within one 8-byte word. */
#define OLAP_BINS_MAX_WIDTH 56
/* Zeros behind the last vector, so that words may be read whole. */
#define OLAP_BINS_TRAILER 8

typedef struct OlapBins
{
	uint8		id_bits;
	uint8		n;				/* 1 .. 1 << id_bits */
	uint8		width[OLAP_BINS_MAX];	/* bits of a distance */
	uint64		start[OLAP_BINS_MAX];	/* ascending */
} OlapBins;

/* Values that stay together when bins are chosen, ascending, disjoint. */
typedef struct OlapBinGroup
{
	uint64		lo;
	uint64		hi;				/* inclusive */
	uint32		count;
} OlapBinGroup;

#define OLAP_BIN_GROUPS 160

/* bins_choose.c ----------------------------------------------------------- */

/* Sort values, of which max is the greatest; scratch has room for n. */
extern void olap_radix_sort(uint64 *values, uint32 n, uint64 max,
						  uint64 *scratch);
/* Groups of about equal counts of sorted values; returns their number. */
extern int	olap_bins_group(const uint64 *sorted, uint32 n,
							OlapBinGroup groups[OLAP_BIN_GROUPS]);
/*
 * The bins that take the fewest bits for all groups and for nulls more rows
 * that may take any value.  Returns the bits, infinity if no bins will do.
 */
extern double olap_bins_choose(const OlapBinGroup *groups, int ngroups,
							   uint32 nulls, OlapBins *bins);

/* bins.c ------------------------------------------------------------------ */

/*
 * Append the payload of offsets[n], each within some bin, as base + offset.
 * Rows that are not in valid (NULL: all are) take whatever is shortest.
 */
extern void olap_bins_write(const OlapBins *bins, int64 base, uint64 *offsets,
							const uint64 *valid, uint32 n, OlapBytes *out);

/* bins_unpack.c ----------------------------------------------------------- */

/* Bins as the kernels read them; those not in use are all zeros. */
typedef struct OlapBinTable
{
	uint8		id_bits;
	uint8		n;
	bool		narrow;			/* offsets fit 32 bits, distances 25 */
	uint64		base;
	uint32		width[OLAP_BINS_MAX];
	uint64		start[OLAP_BINS_MAX];
	uint64		mask[OLAP_BINS_MAX];
	uint32		start32[OLAP_BINS_MAX]; /* 4-byte values: with the base */
	uint32		mask32[OLAP_BINS_MAX];
} OlapBinTable;

/*
 * Decode n values, at most OLAP_VECTOR_ROWS, to integers of width bytes.  src
 * has len bytes of a vector, and OLAP_BINS_TRAILER readable bytes behind them.
 * false: the vector is not of that length.
 */
extern bool olap_bins_unpack(const OlapBinTable *table, const uint8 *src,
							 size_t len, uint32 n, void *out, int width);
/*
 * The same of those from first, a multiple of OLAP_BITPACK_BLOCK, on: one block, whose
 * distances begin at bit *pos, which is moved to the next one's.
 */
extern bool olap_bins_unpack_block(const OlapBinTable *table, const uint8 *src,
								   size_t len, uint32 n, uint32 first,
								   uint32 *pos, void *out, int width);
/*
 * Take the distances of n values, at most OLAP_VECTOR_ROWS, in bins ids[n] off *src,
 * as many bytes as they fill, and make them values.  For narrow tables with values of
 * 4 bytes; OLAP_BINS_TRAILER bytes behind *len are readable.  false: *len is less.
 */
extern bool olap_bins_take(const OlapBinTable *table, const uint32 *ids,
						   const uint8 **src, size_t *len, uint32 n,
						   uint32 *out);
/*
 * The same of rows[nrows] alone, modulo 2^64.  The bytes that it takes are asked for
 * of source.
 */
extern bool olap_bins_unpack_rows(const OlapBinTable *table,
								  const OlapChunkSource *source, const uint8 *src,
								  size_t len, uint32 n, const uint16 *rows,
								  uint32 nrows, uint64 *out);

/* bins_blocks.c ----------------------------------------------------------- */

/*
 * Decode the first of n values, at most OLAP_VECTOR_ROWS, in bins ids[n] of a
 * narrow table, whose distances are src[len], from bit *pos < 8 on.  Returns how many
 * were decoded, a multiple of 64, and in *pos the bit behind their distances, which
 * may be behind len; 0, and the same bit, where the processor has no AVX-512 VBMI or a
 * bin is too wide.
 */
extern uint32 olap_bins_unpack_blocks(const OlapBinTable *table, const uint32 *ids,
									  const uint8 *src, size_t len, uint32 n,
									  uint32 *out, uint32 *pos);

#endif							/* OLAP_BINS_H */

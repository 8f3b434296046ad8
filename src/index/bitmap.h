/*-------------------------------------------------------------------------
 *
 * bitmap.h
 *		Bitmap indexes: which rows of a chunk may have a value?
 *
 * When they pay: equality with a value that few rows have, scattered over the
 * table. Bounds exclude nothing then, a bloom only the row groups that have no
 * such row; with the rows known, of the others only the vectors with such rows
 * are read, and rows of several columns are intersected before any of them is.
 *
 * An index is an inverted file by hash: buckets by the first bits of a value's
 * hash, in a bucket each value's next bits and its rows. Values that hash alike are
 * one, so the rows found are a superset: the filter runs over them as ever. Rows
 * are listed as gaps in Rice codes (near to the least that random rows can take),
 * and only of values that less than a 64th of all rows have: the others are
 * in every vector, where reading the column takes no longer than their rows would.
 * What was found is a bitmap of the row group.
 *
 * Sources: Rice 1979, "Some practical universal noiseless coding techniques";
 * Elias 1975, "Universal codeword sets" (gamma); fingerprints behind quotients:
 * Bender et al. 2012, "Don't thrash: how to cache your hash on flash".
 * Hashes are those of sketch/value_hash.h.  docs/format.md has the bytes.
 *
 * src/index/bitmap.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_BITMAP_H
#define OLAP_BITMAP_H

#include "port/pg_bitutils.h"

#include "codec/codec.h"

/* A change of these is a change of the format. */
#define OLAP_BITMAP_FINGER_BITS 12	/* of the hash behind those of the bucket */
#define OLAP_BITMAP_MAX_BITS 16	/* 2^bits buckets at most */
#define OLAP_BITMAP_COMMON 64	/* of values in more than a 64th no rows are listed */

/* Constants of an IN list that are looked up. */
#define OLAP_BITMAP_MAX_PROBES 32

/* What lies behind a bucket's bytes when it is searched. */
#define OLAP_BITMAP_PADDING 8

#define OLAP_BITMAP_WORDS (OLAP_ROWGROUP_ROWS / 64)

/*
 * Rows of a row group: bit row % 64 of word row / 64.  Mostly they are few: words that
 * are not noted in filled are 0 and need not be looked at.
 */
typedef struct OlapRowSet
{
	uint64		words[OLAP_BITMAP_WORDS];
	uint64		filled[OLAP_BITMAP_WORDS / 64]; /* bit i % 64 of i / 64: words[i] */
} OlapRowSet;

static inline void
olap_rows_fill_word(OlapRowSet *rows, uint32 i, uint64 word)
{
	rows->words[i] |= word;
	rows->filled[i / 64] |= UINT64CONST(1) << i % 64;
}

static inline void
olap_rows_add(OlapRowSet *rows, uint32 row)
{
	olap_rows_fill_word(rows, row / 64, UINT64CONST(1) << row % 64);
}

/*
 * The next word that may be other than 0, from i on; OLAP_BITMAP_WORDS if there is
 * none.
 */
static inline uint32
olap_rows_next_word(const OlapRowSet *rows, uint32 i)
{
	while (i < OLAP_BITMAP_WORDS)
	{
		uint64		left = rows->filled[i / 64] >> i % 64;

		if (left != 0)
			return i + pg_rightmost_one_pos64(left);
		i = (i / 64 + 1) * 64;
	}
	return OLAP_BITMAP_WORDS;
}

/* ---- making ---- */

/* log2 of the number of buckets for so many different values in so many rows. */
extern int	olap_bitmap_bits(uint32 values, uint32 nrows);

/*
 * Append the index of nrows rows (1 .. OLAP_ROWGROUP_ROWS) with these hashes to
 * out; valid: which are not NULL, or NULL for all.  Returns how many rows are
 * listed.
 */
extern uint32 olap_bitmap_build(const uint64 *hashes, const uint64 *valid,
								uint32 nrows, int bits, OlapBytes *out);

/* ---- searching: two pieces of the index are looked at ---- */

/* Bytes before the first bucket: an index has as many at least. */
extern size_t olap_bitmap_directory(int bits);

/* Where a hash's two ends, uint32 each, are in an index. */
extern size_t olap_bitmap_ends_offset(int bits, uint64 hash);

/*
 * Where its bucket is, by its ends; false if that is not within an index of
 * length bytes.
 */
extern bool olap_bitmap_bucket(int bits, size_t length, const uint32 *ends,
							   size_t *offset, size_t *len);

typedef enum OlapBitmapAnswer
{
	OLAP_BITMAP_BAD,			/* the bytes make no sense */
	OLAP_BITMAP_NONE,			/* no row has the value */
	OLAP_BITMAP_ROWS,			/* only rows that were added to the set may */
	OLAP_BITMAP_MANY			/* a common value: any row may */
} OlapBitmapAnswer;

/*
 * Look n > 0 hashes of one bucket, ascending, up in it; len bytes are followed by
 * OLAP_BITMAP_PADDING more that may be read; nrows as when it was built.  ROWS: of
 * some of them; NONE: of all; MANY: one of them is common.  MANY and BAD may have
 * added rows.
 */
extern OlapBitmapAnswer olap_bitmap_find_list(const uint8 *bucket, size_t len,
											  int bits, const uint64 *hashes,
											  uint32 n, uint32 nrows,
											  OlapRowSet *rows);

/* How many of hashes[n], which ascend, n > 0, are in the first one's bucket? */
extern uint32 olap_bitmap_same_bucket(int bits, const uint64 *hashes, uint32 n);

/*
 * Look a hash up in its bucket of len bytes, followed by OLAP_BITMAP_PADDING
 * more that may be read; nrows as when it was built.  BAD may have added rows.
 */
extern OlapBitmapAnswer olap_bitmap_find(const uint8 *bucket, size_t len,
										 int bits, uint64 hash, uint32 nrows,
										 OlapRowSet *rows);

#endif							/* OLAP_BITMAP_H */

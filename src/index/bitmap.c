/*-------------------------------------------------------------------------
 *
 * bitmap.c
 *		Bitmap indexes: which rows of a chunk may have a value?  See bitmap.h.
 *
 * Bits of a bucket are taken from bytes, the least significant first.
 *
 * src/index/bitmap.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "index/bitmap.h"

/* Buckets have about so many values, ... */
#define BUCKET_VALUES 16
/* ... and as far as there are values for it, so many rows. */
#define BUCKET_ROWS 64

/* Parameter of the fingerprints' Rice codes: for BUCKET_VALUES in a bucket. */
#define FINGER_RICE 8
/* Bits of the parameter that a list's gaps have. */
#define RICE_BITS 4

#define ROW_BITS 16
#define RADIX_BITS 10

StaticAssertDecl(OLAP_ROWGROUP_ROWS == 1 << ROW_BITS, "rows of a row group");

static inline int
log2_ceiling(uint32 n)
{
	return n <= 1 ? 0 : pg_leftmost_one_pos32(n - 1) + 1;
}

int
olap_bitmap_bits(uint32 values, uint32 nrows)
{
	uint32		by_rows = Min(values, nrows / BUCKET_ROWS);

	return Min(log2_ceiling(Max(values / BUCKET_VALUES, by_rows)),
			   OLAP_BITMAP_MAX_BITS);
}

static inline uint32
bucket_of(int bits, uint64 hash)
{
	return bits == 0 ? 0 : (uint32) (hash >> (64 - bits));
}

/* The bits that tell values apart: those of the bucket and the fingerprint. */
static inline uint64
prefix_of(int bits, uint64 hash)
{
	return hash >> (64 - bits - OLAP_BITMAP_FINGER_BITS);
}

/* How many rows a value may have to be listed. */
static inline uint32
common_limit(uint32 nrows)
{
	return Max(nrows / OLAP_BITMAP_COMMON, 1);
}

/* ---- writing bits ---- */

typedef struct BitWriter
{
	OlapBytes  *out;
	uint64		bits;			/* not written yet */
	int			n;				/* how many, below 8 between calls */
} BitWriter;

/* The lowest n bits of value, which has no others; n up to 32. */
static inline void
put(BitWriter *w, uint32 value, int n)
{
	w->bits |= (uint64) value << w->n;
	w->n += n;
	if (w->n < 8)
		return;
	memcpy(olap_bytes_reserve(w->out, sizeof(uint64)), &w->bits, sizeof(uint64));
	w->out->len += w->n / 8;
	w->bits >>= w->n & ~7;
	w->n &= 7;
}

static inline void
put_zeros(BitWriter *w, uint32 n)
{
	for (; n > 32; n -= 32)
		put(w, 0, 32);
	put(w, 0, n);
}

/* value > 0 */
static inline void
put_gamma(BitWriter *w, uint32 value)
{
	int			n = pg_leftmost_one_pos32(value);

	put_zeros(w, n);
	put(w, 1, 1);
	put(w, value & ((1U << n) - 1), n);
}

static inline void
put_rice(BitWriter *w, uint32 value, int k)
{
	put_zeros(w, value >> k);
	put(w, 1, 1);
	put(w, value & ((1U << k) - 1), k);
}

/* Fill the last byte. */
static void
put_end(BitWriter *w)
{
	if (w->n > 0)
		put(w, 0, 8 - w->n);
}

/* ---- making ---- */

/*
 * Sort keys, whose lowest ROW_BITS ascend already, by the nbits above these;
 * returns the array that has them, keys or scratch.
 */
static uint64 *
sort_keys(uint64 *keys, uint64 *scratch, uint32 n, int nbits)
{
	uint32		counts[1 << RADIX_BITS];

	for (int shift = ROW_BITS; shift < ROW_BITS + nbits; shift += RADIX_BITS)
	{
		uint64	   *swap = keys;
		uint32		sum = 0;

		memset(counts, 0, sizeof(counts));
		for (uint32 i = 0; i < n; i++)
			counts[keys[i] >> shift & (lengthof(counts) - 1)]++;
		for (uint32 i = 0; i < lengthof(counts); i++)
		{
			uint32		count = counts[i];

			counts[i] = sum;
			sum += count;
		}
		for (uint32 i = 0; i < n; i++)
			scratch[counts[keys[i] >> shift & (lengthof(counts) - 1)]++] = keys[i];
		keys = scratch;
		scratch = swap;
	}
	return keys;
}

static inline uint32
row_of(uint64 key)
{
	return (uint32) key & (OLAP_ROWGROUP_ROWS - 1);
}

/* The rows of a value, keys[n]. */
static void
put_rows(BitWriter *w, const uint64 *keys, uint32 n, uint32 nrows)
{
	uint32		last = row_of(keys[0]);
	int			k;

	put(w, last, log2_ceiling(nrows));
	if (n == 1)
		return;
	k = pg_leftmost_one_pos32(Max((row_of(keys[n - 1]) - last) / (n - 1), 1));
	put(w, k, RICE_BITS);
	for (uint32 i = 1; i < n; i++)
	{
		put_rice(w, row_of(keys[i]) - last - 1, k);
		last = row_of(keys[i]);
	}
}

/* The end of the value that begins at keys[i]. */
static inline uint32
value_end(const uint64 *keys, uint32 i, uint32 n)
{
	uint64		prefix = keys[i] >> ROW_BITS;

	while (i < n && keys[i] >> ROW_BITS == prefix)
		i++;
	return i;
}

/* The values of a bucket, keys[n]; returns how many rows are listed. */
static uint32
put_bucket(BitWriter *w, const uint64 *keys, uint32 n, uint32 nrows)
{
	const uint32 mask = (1 << OLAP_BITMAP_FINGER_BITS) - 1;
	uint32		values = 0;
	uint32		before = 0;
	uint32		listed = 0;

	if (n == 0)
		return 0;
	for (uint32 i = 0; i < n; i = value_end(keys, i, n))
		values++;
	put_gamma(w, values);
	for (uint32 i = 0, end; i < n; i = end)
	{
		uint32		finger = (uint32) (keys[i] >> ROW_BITS) & mask;

		end = value_end(keys, i, n);
		put_rice(w, finger - before, FINGER_RICE);
		before = finger + 1;
		if (end - i > common_limit(nrows))
		{
			put_gamma(w, nrows + 1);
			continue;
		}
		put_gamma(w, end - i);
		put_rows(w, keys + i, end - i, nrows);
		listed += end - i;
	}
	put_end(w);
	return listed;
}

uint32
olap_bitmap_build(const uint64 *hashes, const uint64 *valid, uint32 nrows,
				  int bits, OlapBytes *out)
{
	uint32		nbuckets = 1U << bits;
	uint64	   *arrays = palloc(2 * (Size) nrows * sizeof(uint64));
	uint64	   *keys;
	BitWriter	w = {.out = out};
	size_t		start = out->len;
	uint32		n = 0;
	uint32		listed = 0;

	for (uint32 i = 0; i < nrows; i++)
		if (valid == NULL || (valid[i / 64] >> i % 64 & 1) != 0)
			arrays[n++] = prefix_of(bits, hashes[i]) << ROW_BITS | i;
	keys = sort_keys(arrays, arrays + nrows, n, bits + OLAP_BITMAP_FINGER_BITS);

	(void) olap_bytes_reserve(out, olap_bitmap_directory(bits));
	out->len += olap_bitmap_directory(bits);
	for (uint32 bucket = 0, i = 0; bucket <= nbuckets; bucket++)
	{
		uint32		at = (uint32) (out->len - start);
		uint32		end = i;

		/* reserving may have moved the bytes */
		memcpy(out->data + start + bucket * sizeof(uint32), &at, sizeof(at));
		while (end < n &&
			   keys[end] >> (ROW_BITS + OLAP_BITMAP_FINGER_BITS) == bucket)
			end++;
		listed += put_bucket(&w, keys + i, end - i, nrows);
		i = end;
	}
	pfree(arrays);
	return listed;
}

/* ---- reading bits ---- */

typedef struct BitReader
{
	const uint8 *bytes;
	size_t		at;
	size_t		end;			/* bits; behind them, the padding may be read */
	bool		bad;			/* somebody read beyond them */
} BitReader;

/* The next bits, 57 at least. */
static inline uint64
peek(const BitReader *r)
{
	uint64		bits;

	memcpy(&bits, r->bytes + r->at / 8, sizeof(bits));
	return bits >> r->at % 8;
}

/* Step over n bits; stays within, and notes it, if there are not so many. */
static inline void
skip(BitReader *r, uint32 n)
{
	if (n > r->end - r->at)
	{
		r->bad = true;
		n = (uint32) (r->end - r->at);
	}
	r->at += n;
}

/* n up to 32 */
static inline uint32
get(BitReader *r, int n)
{
	uint32		value = (uint32) (peek(r) & ((UINT64CONST(1) << n) - 1));

	skip(r, n);
	return value;
}

/* Zeros before a one, and the one. */
static inline uint32
get_zeros(BitReader *r)
{
	uint32		n = 0;

	while (!r->bad)
	{
		uint64		bits = peek(r) & ((UINT64CONST(1) << 57) - 1);

		if (bits != 0)
		{
			int			zeros = pg_rightmost_one_pos64(bits);

			skip(r, zeros + 1);
			return n + zeros;
		}
		skip(r, 57);
		n += 57;
	}
	return 0;
}

static inline uint32
get_gamma(BitReader *r)
{
	uint64		bits = peek(r);
	uint32		n = bits == 0 ? PG_UINT32_MAX : pg_rightmost_one_pos64(bits);

	/* mostly all of it is in the bits at hand */
	if (likely(n <= ROW_BITS))
	{
		skip(r, 2 * n + 1);
		return 1U << n | (uint32) (bits >> (n + 1) & ((UINT64CONST(1) << n) - 1));
	}
	n = get_zeros(r);

	if (n > ROW_BITS)
	{
		r->bad = true;
		return 1;
	}
	return 1U << n | get(r, n);
}

/* What is too large for any row or fingerprint comes out as some such number. */
static inline uint32
get_rice(BitReader *r, int k)
{
	uint64		bits = peek(r) & ((UINT64CONST(1) << 57) - 1);
	uint32		high;
	uint64		value;

	/* mostly all of it is in the bits at hand */
	if (likely(bits != 0))
	{
		high = pg_rightmost_one_pos64(bits);
		if (likely(high + 1 + k <= 57))
		{
			skip(r, high + 1 + k);
			value = (uint64) high << k | (bits >> high >> 1 & ((UINT64CONST(1) << k) - 1));
			return (uint32) Min(value, OLAP_ROWGROUP_ROWS);
		}
	}
	high = get_zeros(r);
	value = (uint64) Min(high, OLAP_ROWGROUP_ROWS) << k;
	value |= get(r, k);
	return (uint32) Min(value, OLAP_ROWGROUP_ROWS);
}

/* ---- searching ---- */

size_t
olap_bitmap_directory(int bits)
{
	return (((size_t) 1 << bits) + 1) * sizeof(uint32);
}

size_t
olap_bitmap_ends_offset(int bits, uint64 hash)
{
	return bucket_of(bits, hash) * sizeof(uint32);
}

bool
olap_bitmap_bucket(int bits, size_t length, const uint32 *ends, size_t *offset,
				   size_t *len)
{
	if (bits > OLAP_BITMAP_MAX_BITS || ends[0] < olap_bitmap_directory(bits) ||
		ends[1] < ends[0] || ends[1] > length)
		return false;
	*offset = ends[0];
	*len = ends[1] - ends[0];
	return true;
}

/* The n rows of a value, into rows if that is not NULL; false if they make no sense. */
static bool
get_rows(BitReader *r, uint32 n, uint32 nrows, OlapRowSet *rows)
{
	uint32		row = get(r, log2_ceiling(nrows));
	int			k = n > 1 ? get(r, RICE_BITS) : 0;

	for (uint32 i = 0;;)
	{
		if (r->bad || row >= nrows)
			return false;
		if (rows != NULL)
			olap_rows_add(rows, row);
		if (++i == n)
			return true;
		row += get_rice(r, k) + 1;
	}
}

/* The fingerprint of a hash. */
static inline uint32
finger_of(int bits, uint64 hash)
{
	return (uint32) prefix_of(bits, hash) & ((1 << OLAP_BITMAP_FINGER_BITS) - 1);
}

/* The first of hashes[n], from i on, whose fingerprint is not below finger. */
static inline uint32
seek(const uint64 *hashes, uint32 n, uint32 i, int bits, uint32 finger)
{
	while (i < n && finger_of(bits, hashes[i]) < finger)
		i++;
	return i;
}

OlapBitmapAnswer
olap_bitmap_find_list(const uint8 *bucket, size_t len, int bits,
					  const uint64 *hashes, uint32 n, uint32 nrows,
					  OlapRowSet *rows)
{
	OlapBitmapAnswer answer = OLAP_BITMAP_NONE;
	BitReader	r = {.bytes = bucket,.end = len * 8};
	uint32		finger = 0;
	uint32		at = 0;
	uint32		values;

	if (len == 0)
		return OLAP_BITMAP_NONE;
	values = get_gamma(&r);
	for (uint32 i = 0; i < values; i++, finger++)
	{
		uint32		count;
		bool		wanted;

		finger += get_rice(&r, FINGER_RICE);
		count = get_gamma(&r);
		if (r.bad || finger >> OLAP_BITMAP_FINGER_BITS != 0 ||
			(count > common_limit(nrows) && count != nrows + 1))
			return OLAP_BITMAP_BAD;
		at = seek(hashes, n, at, bits, finger);
		if (at == n)
			return answer;
		wanted = finger_of(bits, hashes[at]) == finger;
		if (count == nrows + 1)
		{
			if (wanted)
				return OLAP_BITMAP_MANY;
		}
		else if (!get_rows(&r, count, nrows, wanted ? rows : NULL))
			return OLAP_BITMAP_BAD;
		else if (wanted)
		{
			answer = OLAP_BITMAP_ROWS;
			at = seek(hashes, n, at, bits, finger + 1);
			if (at == n)
				break;
		}
	}
	return answer;
}

OlapBitmapAnswer
olap_bitmap_find(const uint8 *bucket, size_t len, int bits, uint64 hash,
				 uint32 nrows, OlapRowSet *rows)
{
	return olap_bitmap_find_list(bucket, len, bits, &hash, 1, nrows, rows);
}

uint32
olap_bitmap_same_bucket(int bits, const uint64 *hashes, uint32 n)
{
	uint32		i = 1;

	while (i < n && bucket_of(bits, hashes[i]) == bucket_of(bits, hashes[0]))
		i++;
	return i;
}

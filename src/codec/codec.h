/*-------------------------------------------------------------------------
 *
 * codec.h
 *		Encodings of column chunks.
 *
 * A chunk holds one column of one row group (1 .. 65,536 rows).  The encoding
 * is chosen per chunk: every codec analyzes the values, the cheapest by size
 * and decode cost wins.  Chunks are self-describing byte strings, written by
 * olap_chunk_encode() and read vector by vector (OLAP_VECTOR_ROWS rows) after
 * olap_chunk_open(), so a filter can skip vectors without decoding them.
 * Integrity (CRC) is the business of the pages below; a chunk's bytes are
 * nevertheless untrusted: open and decode bounds-check everything and answer
 * hostile bytes with false and a reason, never with a crash.
 *
 * src/codec/codec.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_CODEC_H
#define OLAP_CODEC_H

#include "sketch/distinct.h"
#include "vector/vector.h"

/* Stored in chunks: never renumber. */
typedef enum OlapEncoding
{
	OLAP_ENC_CONST = 1,			/* all non-NULL values equal, or all NULL */
	OLAP_ENC_RAW = 2,			/* values as they are */
	OLAP_ENC_FOR = 3,			/* frame of reference + bit packing, per vector */
	OLAP_ENC_DELTA = 4,			/* zig-zag deltas + FOR, per vector */
	OLAP_ENC_RLE = 5,			/* runs */
	OLAP_ENC_DICT = 6,			/* distinct values + packed codes */
	OLAP_ENC_LZ = 7,			/* bytes compressed by lz4 or zstd */
	OLAP_ENC_BINS = 8			/* ranges of values, each with its own width */
} OlapEncoding;

#define OLAP_ENC_MAX OLAP_ENC_BINS

typedef struct OlapChunkInfo
{
	OlapEncoding encoding;
	OlapPhys	phys;			/* of the values in this chunk */
	uint8		scale;
	uint32		nrows;
	uint32		nulls;
	uint32		distinct;		/* exact if the chunk has a dictionary, else 0 */
	uint64		raw_bytes;		/* size of the values before encoding */
} OlapChunkInfo;

/* A growing byte string; data is palloc'd in cxt. */
typedef struct OlapBytes
{
	uint8	   *data;
	size_t		len;
	size_t		cap;
	MemoryContext cxt;
} OlapBytes;

extern void olap_bytes_init(OlapBytes *b, MemoryContext cxt);
extern void olap_bytes_append(OlapBytes *b, const void *src, size_t len);
/* Room for len more bytes; returns where they go. The caller adds to b->len. */
extern uint8 *olap_bytes_reserve(OlapBytes *b, size_t len);

/*
 * Append the encoded form of v (n = 1 .. OLAP_ROWGROUP_ROWS rows) to out and
 * describe it in *info.  Scratch memory comes from and is returned to
 * CurrentMemoryContext.
 */
extern void olap_chunk_encode(const OlapVector *v, OlapBytes *out,
							  OlapChunkInfo *info);

/*
 * The same, and count v's values that are not NULL, told apart by their bytes.
 */
extern void olap_chunk_encode_counted(const OlapVector *v, OlapBytes *out,
									  OlapChunkInfo *info, OlapDistinct *count);

/* Count values without encoding them. */
extern void olap_count_values(OlapDistinct *count, const OlapVector *v);

typedef struct OlapChunk OlapChunk;

/*
 * Open a chunk.  src must stay in place as long as the chunk; all allocations
 * are in cxt.  type is the column's declared type (the chunk's phys must be
 * its preferred one or OLAP_PHYS_VAR for numerics); nrows the expected rows.
 * On bytes that do not make sense: NULL and a static string in *reason.
 */
extern OlapChunk *olap_chunk_open(const uint8 *src, size_t len,
								  const OlapColumnType *type, uint32 nrows,
								  MemoryContext cxt, const char **reason);

/*
 * The same for bytes that are not in place yet: before bytes of src are looked
 * at, by _open or _decode, fetch puts those at offset there.  It may be asked for
 * the same ones again.
 */
typedef void (*OlapChunkFetch) (void *arg, size_t offset, size_t len);

/*
 * expect (NULL: none) is told about bytes that fetch will be asked for soon, as far as
 * that is known: where they are far away, they can be on their way meanwhile.
 */
extern OlapChunk *olap_chunk_open_pieces(const uint8 *src, size_t len,
										 OlapChunkFetch fetch,
										 OlapChunkFetch expect, void *arg,
										 const OlapColumnType *type,
										 uint32 nrows, MemoryContext cxt,
										 const char **reason);

extern const OlapChunkInfo *olap_chunk_info(const OlapChunk *chunk);

/*
 * Decode vector vecno (rows vecno * OLAP_VECTOR_ROWS ..., the last one may be
 * shorter) into *out, which olap_vector_init() made for the column's type and
 * which gets the chunk's phys.  For OLAP_PHYS_VAR, out->heap may point into
 * the chunk's own memory (heap_cap = 0 says so).  Dictionary chunks set
 * out->codes and out->dict.  false and *reason on bad bytes.
 */
extern bool olap_chunk_decode(OlapChunk *chunk, uint32 vecno, OlapVector *out,
							  const char **reason);

/*
 * The same where only rows[n] of the vector will be looked at, n > 0: the others
 * hold values that mean nothing, and there is no dictionary view.  For chunks and
 * numbers of rows of which _decodes_rows says that it is less work.
 */
extern bool olap_chunk_decodes_rows(const OlapChunk *chunk, uint32 n);
extern bool olap_chunk_decode_rows(OlapChunk *chunk, uint32 vecno,
								   const uint16 *rows, uint32 n,
								   OlapVector *out, const char **reason);

/* This row will be decoded so: tell expect about its bytes, about where they are. */
extern void olap_chunk_expect_row(const OlapChunk *chunk, uint32 vecno, uint32 row);

/*
 * The same of an OLAP_ENC_DICT chunk without values: out has its dictionary view
 * only, and whether rows are NULL.  _fill_values adds the values, before anything
 * else is decoded of chunk.
 */
extern bool olap_chunk_decode_codes(OlapChunk *chunk, uint32 vecno,
									OlapVector *out, const char **reason);
extern void olap_chunk_fill_values(const OlapChunk *chunk, OlapVector *out);

/*
 * The dictionary of an OLAP_ENC_DICT chunk, else NULL; NULL and *reason on bad
 * bytes.  Entries are distinct and in no order that a reader could use: frequent
 * values tend to come first.
 */
extern const OlapVector *olap_chunk_dict(OlapChunk *chunk,
										 const char **reason);

/* One bit a row, set where it is not NULL, into valid, (nrows + 63) / 64 words. */
extern void olap_chunk_valid(const OlapChunk *chunk, uint64 *valid);

/* Free all memory of the chunk. */
extern void olap_chunk_close(OlapChunk *chunk);

extern const char *olap_encoding_name(OlapEncoding encoding);

#endif							/* OLAP_CODEC_H */

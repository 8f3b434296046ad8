/*-------------------------------------------------------------------------
 *
 * codec_internal.h
 *		What the codecs share: the vtable, analysis, frames, strings.
 *
 * Codecs need not see NULLs: before encoding, every NULL row takes the value of
 * the row before it, and after decoding the validity bitmap tells them apart.
 * One that has cheaper values for them looks at the analysis' bitmap.
 * Chunks nest: dictionaries, codes and runs are chunks again, with fewer
 * encodings allowed, so nesting ends at depth 2.
 *
 * Integers are stored in the machine's byte order, as PostgreSQL stores its own.
 *
 * src/codec/codec_internal.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_CODEC_INTERNAL_H
#define OLAP_CODEC_INTERNAL_H

#include "catalog/pg_type_d.h"

#include "base/hash.h"
#include "base/varlena.h"
#include "codec/codec.h"

#define OLAP_CHUNK_VERSION 1
#define OLAP_CHUNK_HAS_NULLS 0x01	/* a validity bitmap follows the header */
#define OLAP_CHUNK_ALL_NULL 0x02	/* no bitmap, no value */

/* On disk, 24 bytes; docs/format.md, "Column chunks". */
typedef struct OlapChunkHeader
{
	uint8		version;
	uint8		encoding;
	uint8		phys;
	uint8		scale;
	uint16		width;
	uint8		flags;
	uint8		unused;
	uint32		nrows;
	uint32		nulls;
	uint64		raw_bytes;
} OlapChunkHeader;

StaticAssertDecl(sizeof(OlapChunkHeader) == 24,
				 "OlapChunkHeader is part of the format");

/* A chunk inside a chunk: which encodings it may have. */
#define OLAP_DEPTH_COLUMN 0		/* all */
#define OLAP_DEPTH_CODES 1		/* no DICT: dictionary and codes */
#define OLAP_DEPTH_RUNS 2		/* neither DICT nor RLE: runs */

/* Where a chunk's bytes come from, those of chunks inside it as well. */
typedef struct OlapChunkSource
{
	OlapChunkFetch fetch;		/* NULL: all are in place */
	OlapChunkFetch expect;		/* NULL: nobody wants to know */
	void	   *arg;
	const uint8 *start;
	const uint8 *end;
} OlapChunkSource;

/* See to it that len bytes from p on, as far as there are so many, are in place. */
static inline void
olap_chunk_need(const OlapChunkSource *source, const uint8 *p, size_t len)
{
	if (source->fetch != NULL)
		source->fetch(source->arg, (size_t) (p - source->start),
					  Min(len, (size_t) (source->end - p)));
}

/* len bytes from p on will be needed; p may be anywhere up to the chunk's end. */
static inline void
olap_chunk_expect(const OlapChunkSource *source, const uint8 *p, size_t len)
{
	if (source->expect != NULL && p < source->end)
		source->expect(source->arg, (size_t) (p - source->start),
					   Min(len, (size_t) (source->end - p)));
}

struct OlapChunk
{
	OlapChunkInfo info;
	OlapChunkSource source;
	const struct OlapCodec *codec;
	const uint8 *valid;			/* bitmap of the whole chunk, or NULL */
	const uint8 *payload;		/* what the codec wrote */
	size_t		payload_len;
	uint16		width;
	char		typalign;
	int			depth;
	bool		all_null;
	MemoryContext cxt;

	/* the codec's own */
	const uint8 *index;			/* vector offsets, if the codec has them */
	const uint8 *vectors;		/* ... relative to this */
	size_t		vectors_len;
	uint8		mode;
	uint8		exponent;
	OlapVector	dict;			/* DICT: entries; RLE: one value a run */
	bool		has_dict;		/* dict is loaded */
	uint32	   *run_ends;		/* RLE */
	struct OlapBinTable *bins;	/* BINS */
	struct OlapDictEntries *entries;	/* DICT: as stored */
	struct OlapChunk *inner;	/* DICT: the codes */
	OlapVector	inner_out;		/* ... of the vector decoded last */
};

/* What is known of the values before a codec is chosen. */
typedef struct OlapAnalysis
{
	const OlapVector *v;		/* NULL rows filled; v->valid is not used */
	const uint64 *valid;		/* which rows are not; NULL: all */
	OlapDistinct *count;		/* a dictionary's entries are counted in it */
	int			depth;
	uint32		n;
	uint32		runs;			/* fixed widths: exact; VAR: 1 or n */
	double		distinct;		/* estimate */
	double		entropy;		/* estimated bits of which value a row has */
	uint64		raw_bytes;
	double		for_bits;		/* integers: bits a value, estimated */
	double		delta_bits;
	double		alp_bits;		/* floats that are decimals, or infinity */
	int			exponent;
} OlapAnalysis;

/*
 * An encoding.
 *
 * score:	bytes that encode would write, estimated; infinity if it does not
 *			apply.
 * encode:	append the payload to out.  false: it does not pay after all, and
 *			what was appended is dropped.
 * open:	check what can be checked once, load dictionaries.
 * decode:	append the rows of one vector to out, without its validity.
 * pieces:	open and decode ask for the bytes they need (olap_chunk_need()); else
 *			the whole payload is in place before open.
 */
typedef struct OlapCodec
{
	OlapEncoding encoding;
	const char *name;
	double		decode_cost;	/* as bytes a row: what a reader pays */
	bool		pieces;
	double		(*score) (const OlapAnalysis *a);
	bool		(*encode) (const OlapAnalysis *a, OlapBytes *out,
						   OlapChunkInfo *info);
	bool		(*open) (OlapChunk *chunk, const char **reason);
	bool		(*decode) (OlapChunk *chunk, uint32 vecno, OlapVector *out,
						   const char **reason);
	/* one row of a vector of varlenas, if that is less work; may be NULL */
	bool		(*decode_row) (OlapChunk *chunk, uint32 vecno, uint32 row,
							   OlapVector *out, const char **reason);
	/* up to OLAP_FEW_ROWS of a vector of fixed widths, side by side; may be NULL */
	bool		(*decode_rows) (OlapChunk *chunk, uint32 vecno, const uint16 *rows,
								uint32 n, void *out, const char **reason);
	/*
	 * of a vector OLAP_BITPACK_BLOCK values, or what is left of it, behind the out->n
	 * that are there; *state: 0 before the first; may be NULL
	 */
	bool		(*decode_block) (OlapChunk *chunk, uint32 vecno, uint32 *state,
								 OlapVector *out, const char **reason);
} OlapCodec;

extern const OlapCodec olap_codec_const;
extern const OlapCodec olap_codec_raw;
extern const OlapCodec olap_codec_for;
extern const OlapCodec olap_codec_delta;
extern const OlapCodec olap_codec_rle;
extern const OlapCodec olap_codec_dict;
extern const OlapCodec olap_codec_lz;
extern const OlapCodec olap_codec_bins;

/* More rows are not much less work than all of them. */
#define OLAP_FEW_ROWS 64
/* The bytes of so many are fetched one by one. */
#define OLAP_SINGLE_ROWS 4

#define OLAP_MAX_VECTORS (OLAP_ROWGROUP_ROWS / OLAP_VECTOR_ROWS)

static inline uint32
olap_vector_count(uint32 nrows)
{
	return (nrows + OLAP_VECTOR_ROWS - 1) / OLAP_VECTOR_ROWS;
}

static inline uint32
olap_vector_rows_of(uint32 nrows, uint32 vecno)
{
	return Min(nrows - vecno * OLAP_VECTOR_ROWS, OLAP_VECTOR_ROWS);
}

static inline bool
olap_phys_is_integer(OlapPhys phys)
{
	return (phys >= OLAP_PHYS_BOOL && phys <= OLAP_PHYS_I64) ||
		phys == OLAP_PHYS_DEC64;
}

static inline bool
olap_phys_is_float(OlapPhys phys)
{
	return phys == OLAP_PHYS_F32 || phys == OLAP_PHYS_F64;
}

/* What olap_vector_init() wants to know of the chunk's values. */
static inline OlapColumnType
olap_chunk_type(const OlapChunk *chunk)
{
	return (OlapColumnType) {.phys = chunk->info.phys, .width = chunk->width,
		.scale = chunk->info.scale, .typalign = chunk->typalign};
}

/* Bits that a code of 0 .. n - 1 takes. */
static inline int
olap_bits_for(uint64 max)
{
	return max == 0 ? 0 : 64 - __builtin_clzll(max);
}

#define OLAP_REJECT(text) \
	do { \
		*reason = (text); \
		return false; \
	} while (0)

/* chunk.c, chunk_encode.c, chunk_bytes.c ---------------------------------- */

/* All codecs there are; RAW, which takes everything, is number 1. */
#define OLAP_CODECS 8

extern const OlapCodec *const olap_codecs[OLAP_CODECS];

/*
 * olap_chunk_encode() and olap_chunk_open() with a nesting depth.  source: NULL
 * if all bytes are in place.
 */
extern void olap_chunk_encode_at(const OlapVector *v, int depth,
								 OlapBytes *out, OlapChunkInfo *info);
extern OlapChunk *olap_chunk_open_at(const uint8 *src, size_t len,
									 OlapPhys phys, uint8 scale, uint16 width,
									 char typalign, uint32 nrows, int depth,
									 const OlapChunkSource *source,
									 MemoryContext cxt, const char **reason);
/* Append the header of a chunk without NULLs, whose payload follows. */
extern void olap_chunk_put_header(OlapBytes *out, OlapEncoding encoding,
								  OlapPhys phys, uint16 width, uint32 nrows,
								  uint64 raw_bytes);
/* Append all rows of a chunk without NULLs to out. */
extern bool olap_chunk_decode_all(OlapChunk *chunk, OlapVector *out,
								  const char **reason);

/*
 * The vector index: offsets of all vectors and the end, 4 bytes each, relative
 * to what follows the index.  _begin reserves it and returns its place, _set
 * notes that vector vecno (or, for the count of vectors, the end) starts at the
 * end of out, _open checks the whole index, _get gives a vector's bytes (and has
 * OLAP_INDEX_SLACK more in place, if the chunk has so many).
 */
#define OLAP_INDEX_SLACK 8

extern size_t olap_index_begin(OlapBytes *out, uint32 nrows);
extern void olap_index_set(OlapBytes *out, size_t index, uint32 nrows,
						   uint32 vecno);
extern bool olap_index_open(OlapChunk *chunk, const uint8 *src, size_t len,
							const char **reason);
extern const uint8 *olap_index_get(const OlapChunk *chunk, uint32 vecno,
								   size_t *len);
/*
 * The same for n rows of it: a reader of few of them asks for the bytes that it
 * takes (nothing is in place yet), of more everything is in place.
 */
extern const uint8 *olap_index_get_rows(const OlapChunk *chunk, uint32 vecno,
										uint32 n, size_t *len);

/* What is left to be done with the values of a vector that was decoded. */
extern void olap_chunk_finish(const OlapChunk *chunk, uint32 vecno,
							  OlapVector *out);

/* dict_decode.c ----------------------------------------------------------- */

extern bool olap_dict_open(OlapChunk *chunk, const char **reason);
extern bool olap_dict_decode(OlapChunk *chunk, uint32 vecno, OlapVector *out,
							 const char **reason);
extern void olap_dict_close(OlapChunk *chunk);

/* analyze.c --------------------------------------------------------------- */

extern void olap_analyze(OlapAnalysis *a, const OlapVector *v,
						 const uint64 *valid, int depth);

/* bitpack.c --------------------------------------------------------------- */

/* Packed values are in blocks of so many, each of which can be unpacked alone. */
#define OLAP_BITPACK_BLOCK 512

extern size_t olap_bitpack_size(uint32 n, int width);
extern void olap_bitpack32(const uint32 *in, uint32 n, int width, uint8 *dst);
extern void olap_bitpack64(const uint64 *in, uint32 n, int width, uint8 *dst);
extern void olap_bitunpack32(const uint8 *src, uint32 n, int width,
							 uint32 *out);
extern void olap_bitunpack64(const uint8 *src, uint32 n, int width,
							 uint64 *out);
/* Value i of the n, whose bits are in *len bytes from *offset on. */
extern uint64 olap_bitpack_get(const uint8 *src, uint32 n, int width, uint32 i);
extern void olap_bitpack_where(uint32 n, int width, uint32 i, size_t *offset,
							   size_t *len);

/* frame.c, frame_encode.c -------------------------------------------------- */

#define OLAP_FRAME_HEADER 20
#define OLAP_FRAME_SLOPE_SHIFT 12

/* How up to OLAP_VECTOR_ROWS integers are stored; see frame_encode.c. */
typedef struct OlapFrame
{
	int64		base;
	int64		slope;
	uint8		width;
	uint8		patch_bytes;
	uint16		npatches;
	size_t		size;			/* in bytes, all told */
} OlapFrame;

extern void olap_frame_fit(OlapFrame *frame, const int64 *values, uint32 n,
						   bool try_slope);
extern void olap_frame_encode(const OlapFrame *frame, const int64 *values,
							  uint32 n, OlapBytes *out);
/* width: bytes of an integer in out */
extern bool olap_frame_decode(const uint8 *src, size_t len, uint32 n,
							  void *out, int width, const char **reason);
/* A frame's header, checked. */
extern bool olap_frame_open(OlapFrame *frame, const uint8 *src, size_t len,
							uint32 n, const char **reason);
/*
 * Values rows[nrows] of a frame's n, modulo 2^64; frame_rows.c.  The bytes that it
 * takes are asked for of source.
 */
extern bool olap_frame_decode_rows(const OlapChunkSource *source, const uint8 *src,
								   size_t len, uint32 n, const uint16 *rows,
								   uint32 nrows, uint64 *out, const char **reason);
/* out[i] = base + in[i], integers of width bytes; they may not overlap. */
extern void olap_add_base32(const uint32 *in, uint32 n, uint64 base, void *out,
							int width);
extern void olap_add_base64(const uint64 *in, uint32 n, uint64 base, void *out,
							int width);
/* out[i] = in[i] in so many bytes */
extern void olap_store_integers(const uint64 *in, uint32 n, void *out, int width);
/* Widen n values of v from row first on. */
extern void olap_load_integers(const OlapVector *v, uint32 first, uint32 n,
							   int64 *out);

/* decimal_float.c --------------------------------------------------------- */

/* The power of ten that makes most sampled floats whole; -1 if none does. */
extern int	olap_alp_exponent(const OlapVector *v);
/*
 * n floats as whole numbers; rows that would not come back bit for bit are
 * listed in odd (room for n) and take a neighbour's number.  Returns their
 * count.
 */
extern uint32 olap_alp_encode(const OlapVector *v, uint32 first, uint32 n,
							  int exponent, int64 *out, uint16 *odd);
extern void olap_alp_decode(const int64 *in, uint32 n, int exponent,
							OlapPhys phys, void *out);

/* strings.c --------------------------------------------------------------- */

typedef enum OlapLzMethod
{
	OLAP_LZ_NONE = 0,
	OLAP_LZ_LZ4 = 1,
	OLAP_LZ_ZSTD = 2
} OlapLzMethod;

/* A block never expands to more than this many times its stored bytes. */
#define OLAP_LZ_MAX_RATIO 255

/*
 * Append the rows of one vector.  sorted: neighbours share prefixes that are
 * worth leaving out.  Returns the bytes saved by compression.
 */
extern int64 olap_strings_encode(const OlapVector *v, uint32 first, uint32 n,
								 bool sorted, bool compress, OlapBytes *out);
extern bool olap_strings_decode(const uint8 *src, size_t len, uint32 n,
								OlapVector *out, const char **reason);

/* Append row `row` alone of the block's n; its bytes are asked for of source. */
extern bool olap_strings_decode_row(const OlapChunkSource *source,
									const uint8 *src, size_t len, uint32 n,
									uint32 row, OlapVector *out,
									const char **reason);
/* len bytes, compressed if that pays. Returns the bytes saved. */
extern int64 olap_lz_append(OlapBytes *out, const uint8 *src, size_t len,
							bool compress);
/* The size of the block's content, or false if the block makes no sense. */
extern bool olap_lz_size(const uint8 *src, size_t len, size_t *raw_len);
/* dst has room for what olap_lz_size() said. */
extern bool olap_lz_extract(const uint8 *src, size_t len, uint8 *dst,
							size_t raw_len);

#endif							/* OLAP_CODEC_INTERNAL_H */

/*
 * test/unit/codec_check.h
 *		Round trips of vectors through chunks, whole, in pieces and by rows, for the
 *		tests of the codecs.
 */
#ifndef CODEC_CHECK_H
#define CODEC_CHECK_H

#include "utils/memutils.h"

#include "codec/codec.h"
#include "codec_data.h"

static const uint32 sizes[] = {1, 63, 64, 2047, 2048, 2049, 6000, 65536};

static const OlapPhys all_phys[] = {
	OLAP_PHYS_BOOL, OLAP_PHYS_I8, OLAP_PHYS_I16, OLAP_PHYS_I32, OLAP_PHYS_I64,
	OLAP_PHYS_F32, OLAP_PHYS_F64, OLAP_PHYS_DEC64, OLAP_PHYS_FIXED,
	OLAP_PHYS_VAR
};

static const OlapPhys integers[] = {
	OLAP_PHYS_I8, OLAP_PHYS_I16, OLAP_PHYS_I32, OLAP_PHYS_I64, OLAP_PHYS_DEC64
};

typedef int64 (*Shape) (uint32 row);

/* Is row NULL? 0: never, 1: some, 2: long runs, 3: all but one, 4: the first */
#define NULL_PATTERNS 5

static inline bool
pattern_null(int pattern, uint32 row, uint32 n)
{
	switch (pattern)
	{
		case 1:
			return (row * 2654435761U) >> 30 == 0;
		case 2:
			return (row / 3000) % 2 == 1;
		case 3:
			return row != n / 2;
		case 4:
			return row < 70 && row + 1 < n;
		default:
			return false;
	}
}

static inline void
fill(OlapVector *v, Shape shape, uint32 n, int pattern)
{
	for (uint32 i = 0; i < n; i++)
	{
		if (pattern_null(pattern, i, n))
			olap_vector_append_null(v);
		else
			data_append(v, shape(i));
	}
}

/* Bytes that get in place when they are asked for. */
typedef struct Pieces
{
	const uint8 *from;
	uint8	   *to;
	size_t		len;
	size_t		fetched;		/* with repetitions */
} Pieces;

static inline void
fetch_piece(void *arg, size_t offset, size_t len)
{
	Pieces	   *pieces = arg;

	CHECK(offset <= pieces->len && len <= pieces->len - offset);
	memcpy(pieces->to + offset, pieces->from + offset, len);
	pieces->fetched += len;
}

/* What is expected is within the chunk. */
static inline void
expect_piece(void *arg, size_t offset, size_t len)
{
	Pieces	   *pieces = arg;

	CHECK(offset < pieces->len && len <= pieces->len - offset);
}

static uint64 rows_decoded;

/* Rows of a vector on their own, if the chunk decodes them so; b: all of it. */
static inline void
check_rows(OlapChunk *chunk, uint32 vecno, const OlapVector *b, OlapVector *a)
{
	const uint16 rows[] = {0, 1, (uint16) (b->n / 3), (uint16) (b->n - 1)};
	uint32		n = b->n >= 8 && olap_chunk_decodes_rows(chunk, 4) ? 4 : 1;
	const char *reason = NULL;
	uint32		wrong = 0;

	if (!olap_chunk_decodes_rows(chunk, n))
		return;
	CHECK(olap_chunk_decode_rows(chunk, vecno, rows, n, a, &reason));
	CHECK_INT(a->n, b->n);
	for (uint32 i = 0; i < n; i++)
		wrong += !data_equal(b, rows[i], a, rows[i]);
	CHECK_INT(wrong, 0);
	rows_decoded += n;
}

/* Codes alone say what the values are, and can be made values. */
static inline void
check_codes(OlapChunk *chunk, uint32 vecno, const OlapVector *b, OlapVector *a)
{
	const char *reason = NULL;
	uint32		wrong = 0;

	if (olap_chunk_info(chunk)->encoding != OLAP_ENC_DICT)
		return;
	CHECK(olap_chunk_decode_codes(chunk, vecno, a, &reason));
	CHECK_INT(a->n, b->n);
	for (uint32 i = 0; i < a->n; i++)
		wrong += olap_vector_is_null(a, i) != olap_vector_is_null(b, i) ||
			(!olap_vector_is_null(b, i) && !data_equal(b, i, a->dict, a->codes[i]));
	CHECK_INT(wrong, 0);
	olap_chunk_fill_values(chunk, a);
	for (uint32 i = 0; i < a->n; i++)
		wrong += !data_equal(b, i, a, i);
	CHECK_INT(wrong, 0);
}

/* One row of a chunk none of which is in place, if it decodes rows; b: its vector. */
static inline void
check_one_row(const OlapBytes *bytes, size_t skip, const OlapColumnType *type,
			  uint32 n, uint32 vecno, const OlapVector *b, OlapVector *a)
{
	size_t		len = bytes->len - skip;
	Pieces		pieces = {bytes->data + skip, palloc(len), len, 0};
	uint16		row = (uint16) ((vecno * 577 + b->n / 2) % b->n);
	const char *reason = NULL;
	OlapChunk  *chunk;

	memset(pieces.to, 0xA5, len);
	chunk = olap_chunk_open_pieces(pieces.to, len, fetch_piece, expect_piece,
								   &pieces, type, n, CurrentMemoryContext, &reason);
	if (olap_chunk_decodes_rows(chunk, 1))
	{
		CHECK(olap_chunk_decode_rows(chunk, vecno, &row, 1, a, &reason));
		CHECK(data_equal(b, row, a, row));
	}
	olap_chunk_close(chunk);
	pfree(pieces.to);
}

/*
 * Each vector, read of a chunk none of whose other vectors is in place, is as
 * that of a chunk all of which is.
 */
static inline void
check_pieces(const OlapBytes *bytes, size_t skip, const OlapColumnType *type,
			 uint32 n)
{
	size_t		len = bytes->len - skip;
	OlapChunk  *whole;
	OlapVector	a;
	OlapVector	b;
	const char *reason = NULL;

	whole = olap_chunk_open(bytes->data + skip, len, type, n,
							CurrentMemoryContext, &reason);
	olap_vector_init(&a, type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	olap_vector_init(&b, type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	for (uint32 vecno = 0; vecno * OLAP_VECTOR_ROWS < n; vecno++)
	{
		Pieces		pieces = {bytes->data + skip, palloc(len), len, 0};
		uint32		wrong = 0;
		OlapChunk  *chunk;

		memset(pieces.to, 0xA5, len);
		chunk = olap_chunk_open_pieces(pieces.to, len, fetch_piece, expect_piece,
									   &pieces, type, n, CurrentMemoryContext, &reason);
		CHECK(chunk != NULL);
		CHECK(olap_chunk_decode(whole, vecno, &b, &reason));
		check_one_row(bytes, skip, type, n, vecno, &b, &a);
		olap_chunk_expect_row(chunk, vecno, vecno * 97);
		check_rows(chunk, vecno, &b, &a);
		check_codes(chunk, vecno, &b, &a);
		CHECK(olap_chunk_decode(chunk, vecno, &a, &reason));
		CHECK_INT(a.n, b.n);
		for (uint32 i = 0; i < a.n; i++)
			wrong += !data_equal(&b, i, &a, i);
		CHECK_INT(wrong, 0);
		if (olap_chunk_info(chunk)->encoding == OLAP_ENC_FOR && n > 60000 &&
			olap_chunk_info(chunk)->nulls == 0)
			CHECK(pieces.fetched < len / 8 + 512);
		olap_chunk_close(chunk);
		pfree(pieces.to);
	}
	olap_vector_free(&a);
	olap_vector_free(&b);
	olap_chunk_close(whole);
}

/*
 * Encode v, open the chunk and compare every vector, from the last to the
 * first; returns what olap_chunk_encode() said.
 */
static inline OlapChunkInfo
round_trip(const OlapVector *v, const OlapColumnType *type)
{
	OlapBytes	bytes;
	OlapChunkInfo info;
	const char *reason = NULL;
	OlapChunk  *chunk;
	uint8	   *copy;
	uint32		nvec = (v->n + OLAP_VECTOR_ROWS - 1) / OLAP_VECTOR_ROWS;
	uint32		wrong = 0;
	uint32		nulls = 0;
	OlapVector	out;

	olap_bytes_init(&bytes, CurrentMemoryContext);
	olap_bytes_append(&bytes, "x", 1);
	olap_chunk_encode(v, &bytes, &info);
	/* at an odd address, and with nothing readable behind it */
	copy = palloc(bytes.len);
	memcpy(copy, bytes.data, bytes.len);
	chunk = olap_chunk_open(copy + 1, bytes.len - 1, type, v->n,
							CurrentMemoryContext, &reason);
	CHECK(chunk != NULL);
	if (chunk == NULL)
	{
		printf("# %s\n", reason);
		return info;
	}
	CHECK(memcmp(&info, olap_chunk_info(chunk), sizeof(info)) == 0);
	olap_vector_init(&out, type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	for (uint32 vecno = nvec; vecno-- > 0;)
	{
		uint32		first = vecno * OLAP_VECTOR_ROWS;

		CHECK(olap_chunk_decode(chunk, vecno, &out, &reason));
		CHECK_INT(out.n, Min(v->n - first, OLAP_VECTOR_ROWS));
		for (uint32 i = 0; i < out.n; i++)
		{
			wrong += !data_equal(v, first + i, &out, i);
			nulls += olap_vector_is_null(&out, i);
			if (out.codes != NULL && !olap_vector_is_null(&out, i))
				wrong += !data_equal(v, first + i, out.dict, out.codes[i]);
		}
	}
	CHECK_INT(wrong, 0);
	CHECK_INT(nulls, info.nulls);
	CHECK(!olap_chunk_decode(chunk, nvec, &out, &reason));
	olap_vector_free(&out);
	olap_chunk_close(chunk);
	check_pieces(&bytes, 1, type, v->n);
	pfree(copy);
	pfree(bytes.data);
	return info;
}

/* Round trips of a shape in every size and NULL pattern. */
static inline void
check_shape(OlapPhys phys, Shape shape)
{
	OlapColumnType type = data_type(phys);

	for (int s = 0; s < (int) lengthof(sizes); s++)
	{
		for (int pattern = 0; pattern < NULL_PATTERNS; pattern++)
		{
			OlapVector	v;
			size_t		before = unit_allocated();

			olap_vector_init(&v, &type, 64, CurrentMemoryContext);
			fill(&v, shape, sizes[s], pattern);
			round_trip(&v, &type);
			olap_vector_free(&v);
			CHECK_INT(unit_allocated(), before);
		}
	}
}

/* The encoding chosen for 65,536 rows of a shape, and its bytes a row. */
static inline OlapEncoding
encoding_of(OlapPhys phys, Shape shape)
{
	OlapColumnType type = data_type(phys);
	OlapVector	v;
	OlapChunkInfo info;

	olap_vector_init(&v, &type, OLAP_ROWGROUP_ROWS, CurrentMemoryContext);
	fill(&v, shape, OLAP_ROWGROUP_ROWS, 0);
	info = round_trip(&v, &type);
	olap_vector_free(&v);
	return info.encoding;
}

static inline double
bytes_per_row(OlapPhys phys, Shape shape)
{
	OlapColumnType type = data_type(phys);
	OlapVector	v;
	OlapBytes	bytes;
	OlapChunkInfo info;
	double		result;

	olap_vector_init(&v, &type, OLAP_ROWGROUP_ROWS, CurrentMemoryContext);
	fill(&v, shape, OLAP_ROWGROUP_ROWS, 0);
	olap_bytes_init(&bytes, CurrentMemoryContext);
	olap_chunk_encode(&v, &bytes, &info);
	result = (double) bytes.len / OLAP_ROWGROUP_ROWS;
	olap_vector_free(&v);
	pfree(bytes.data);
	return result;
}

#endif							/* CODEC_CHECK_H */

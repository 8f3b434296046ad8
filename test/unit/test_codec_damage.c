/*
 * test/unit/test_codec_damage.c
 *		Chunks that are damaged, or not what the caller expects, are refused or decode
 *		to something; they do no harm.
 */
#include "postgres.h"

#include "codec_check.h"
#include "codec_shapes.h"

/* Another type, row count, version or length than the chunk's. */
static void
mismatches_are_refused(void)
{
	OlapColumnType type = data_type(OLAP_PHYS_I32);
	OlapColumnType other = data_type(OLAP_PHYS_I64);
	OlapVector	v;
	OlapBytes	bytes;
	OlapChunkInfo info;
	const char *reason = NULL;

	olap_vector_init(&v, &type, 64, CurrentMemoryContext);
	fill(&v, shape_small, 3000, 1);
	olap_bytes_init(&bytes, CurrentMemoryContext);
	olap_chunk_encode(&v, &bytes, &info);
	CHECK(olap_chunk_open(bytes.data, bytes.len, &other, 3000,
						  CurrentMemoryContext, &reason) == NULL);
	CHECK(reason != NULL);
	CHECK(olap_chunk_open(bytes.data, bytes.len, &type, 2999,
						  CurrentMemoryContext, &reason) == NULL);
	for (size_t len = 0; len < bytes.len; len++)
		CHECK(olap_chunk_open(bytes.data, len, &type, 3000,
							  CurrentMemoryContext, &reason) == NULL);
	bytes.data[0] = 99;
	CHECK(olap_chunk_open(bytes.data, bytes.len, &type, 3000,
						  CurrentMemoryContext, &reason) == NULL);
}

/* Nothing: all is in place; but not beyond the chunk. */
static void
fetch_nothing(void *arg, size_t offset, size_t len)
{
	Pieces	   *pieces = arg;

	CHECK(offset <= pieces->len && len <= pieces->len - offset);
}

/* Open and decode bytes that may be anything. */
static void
try_bytes(const uint8 *data, size_t len, const OlapColumnType *type, uint32 n)
{
	const char *reason = NULL;
	uint8	   *copy = palloc(Max(len, 1));
	Pieces		pieces = {copy, copy, len, 0};
	OlapChunk  *chunk;
	OlapVector	out;

	memcpy(copy, data, len);
	chunk = olap_chunk_open_pieces(copy, len, fetch_nothing, expect_piece, &pieces,
								   type, n, CurrentMemoryContext, &reason);
	if (chunk == NULL)
		CHECK(reason != NULL);
	else
	{
		olap_vector_init(&out, type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
		for (uint32 vecno = 0; vecno * OLAP_VECTOR_ROWS < n; vecno++)
		{
			const uint16 rows[] = {(uint16) (unit_random() % Min(n, OLAP_VECTOR_ROWS)), 0};

			olap_chunk_expect_row(chunk, vecno, rows[0]);
			if (olap_chunk_decodes_rows(chunk, 2) &&
				!olap_chunk_decode_rows(chunk, vecno, rows, 2, &out, &reason))
				CHECK(reason != NULL);
			if (!olap_chunk_decode(chunk, vecno, &out, &reason))
				CHECK(reason != NULL);
		}
		olap_vector_free(&out);
		olap_chunk_close(chunk);
	}
	pfree(copy);
}

/* Flipped bytes and cut ends: any answer but a crash. */
static void
damaged_chunks_do_no_harm(void)
{
	const Shape shapes[] = {shape_constant, shape_small, shape_random,
		shape_runs, shape_few, shape_gaps, shape_prices, shape_skewed,
		shape_popular, shape_islands};

	for (int p = 0; p < (int) lengthof(all_phys); p++)
	{
		for (int s = 0; s < (int) lengthof(shapes); s++)
		{
			OlapColumnType type = data_type(all_phys[p]);
			OlapVector	v;
			OlapBytes	bytes;
			OlapChunkInfo info;
			size_t		before = unit_allocated();

			olap_vector_init(&v, &type, 64, CurrentMemoryContext);
			fill(&v, shapes[s], 4200, s % 3);
			olap_bytes_init(&bytes, CurrentMemoryContext);
			olap_chunk_encode(&v, &bytes, &info);
			for (int k = 0; k < 150; k++)
			{
				size_t		at = k < 80 ? k % Min(bytes.len, 80)
					: unit_random() % bytes.len;
				uint8		old = bytes.data[at];

				bytes.data[at] = (uint8) unit_random();
				try_bytes(bytes.data, bytes.len - (k % 9 == 0 ? k : 0) %
						  bytes.len, &type, v.n);
				bytes.data[at] = old;
			}
			olap_vector_free(&v);
			pfree(bytes.data);
			CHECK_INT(unit_allocated(), before);
		}
	}
}

/* The same of a dictionary of long texts: classes, prefixes, groups of values. */
static void
damaged_dictionaries_do_no_harm(void)
{
	OlapColumnType type = data_type(OLAP_PHYS_VAR);
	OlapVector	v;
	OlapBytes	bytes;
	OlapChunkInfo info;
	size_t		before = unit_allocated();

	olap_vector_init(&v, &type, 64, CurrentMemoryContext);
	for (uint32 i = 0; i < 9000; i++)
	{
		uint32		r = i % 3 != 0 ? i % 8 : i % 4096;
		char		text[64];

		snprintf(text, sizeof(text), "https://www.example.com/%u/article-%u",
				 r * 2654435761U, r * 40503U);
		olap_vector_append_var(&v, text, strlen(text));
	}
	olap_bytes_init(&bytes, CurrentMemoryContext);
	olap_chunk_encode(&v, &bytes, &info);
	CHECK_INT(info.encoding, OLAP_ENC_DICT);
	for (int k = 0; k < 600; k++)
	{
		size_t		at = k < 200 ? k : unit_random() % bytes.len;
		uint8		old = bytes.data[at];

		bytes.data[at] = (uint8) unit_random();
		try_bytes(bytes.data, bytes.len - (k % 9 == 0 ? k : 0), &type, v.n);
		bytes.data[at] = old;
	}
	olap_vector_free(&v);
	pfree(bytes.data);
	CHECK_INT(unit_allocated(), before);
}

int
main(void)
{
	RUN(mismatches_are_refused);
	RUN(damaged_chunks_do_no_harm);
	RUN(damaged_dictionaries_do_no_harm);
	return DONE();
}

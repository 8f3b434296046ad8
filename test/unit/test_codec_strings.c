/*
 * test/unit/test_codec_strings.c
 *		Strings, and their dictionaries: in order, without duplicates, and read for a
 *		few rows by a few entries.
 */
#include "postgres.h"

#include "codec_check.h"
#include "codec_shapes.h"

/* Empty, long, NUL-containing and prefix-sharing strings of both alignments. */
static void
odd_strings_round_trip(void)
{
	char		big[20000];

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char) scramble(i / 3);
	for (int variant = 0; variant < 8; variant++)
	{
		OlapColumnType type = data_type(OLAP_PHYS_VAR);
		OlapVector	v;
		uint32		n = variant % 2 == 0 ? 5000 : 40;

		type.typalign = variant % 4 < 2 ? 'i' : 'd';
		olap_vector_init(&v, &type, 64, CurrentMemoryContext);
		for (uint32 i = 0; i < n; i++)
		{
			uint64		r = scramble(variant < 4 ? i : i % 37);

			if (r % 11 == 0)
				olap_vector_append_null(&v);
			else if (r % 11 == 1)
				olap_vector_append_var(&v, "", 0);
			else if (r % 11 == 2)
				olap_vector_append_var(&v, "\0\0\0\0\0\0\0\0\0\0\0", r % 12);
			else if (r % 11 == 3)
				olap_vector_append_var(&v, big, r % sizeof(big));
			else
				olap_vector_append_var(&v, big, r / 16 % 50);
		}
		round_trip(&v, &type);
		olap_vector_free(&v);
	}
}

/*
 * A dictionary has no duplicates, and is sorted byte by byte, shorter first,
 * within each of at most eight classes.
 */
static void
dictionaries_are_sorted(void)
{
	uint32		descents = 0;

	OlapColumnType type = data_type(OLAP_PHYS_VAR);
	OlapVector	v;
	OlapBytes	bytes;
	OlapChunkInfo info;
	OlapChunk  *chunk;
	const OlapVector *dict;
	const char *reason;

	olap_vector_init(&v, &type, 64, CurrentMemoryContext);
	for (uint32 i = 0; i < 50000; i++)
	{
		char		text[64];
		uint64		r = scramble(scramble(i) % 3000);
		int			len = snprintf(text, sizeof(text),
								   "https://www.example.com/%llu",
								   (unsigned long long) (r % 100000));

		memset(text + len, 0, 8);
		olap_vector_append_var(&v, text, len - (r >> 40) % 16 + (r >> 50) % 8);
	}
	olap_bytes_init(&bytes, CurrentMemoryContext);
	olap_chunk_encode(&v, &bytes, &info);
	CHECK_INT(info.encoding, OLAP_ENC_DICT);
	chunk = olap_chunk_open(bytes.data, bytes.len, &type, v.n,
							CurrentMemoryContext, &reason);
	dict = olap_chunk_dict(chunk, &reason);
	CHECK_INT(dict->n, info.distinct);
	for (uint32 i = 1; i < dict->n; i++)
	{
		const char *a = dict->heap + ((uint32 *) dict->values)[i - 1];
		const char *b = dict->heap + ((uint32 *) dict->values)[i];
		size_t		alen = VARSIZE(a) - VARHDRSZ;
		size_t		blen = VARSIZE(b) - VARHDRSZ;
		int			order = memcmp(VARDATA(a), VARDATA(b), Min(alen, blen));

		CHECK(order != 0 || alen != blen);
		descents += order > 0 || (order == 0 && alen > blen);
	}
	CHECK(descents < 8);
	for (uint32 i = 0; i < dict->n; i += 97)
		for (uint32 k = 0; k < i; k++)
			CHECK(!data_equal(dict, i, dict, k));
	round_trip(&v, &type);
}

/* A few rows of a chunk with many entries, with classes or not, NULLs or not. */
static void
rows_need_few_entries(void)
{
	for (int turn = 0; turn < 4; turn++)
	{
		OlapColumnType type = data_type(OLAP_PHYS_VAR);
		uint64		before = rows_decoded;
		OlapVector	v;

		olap_vector_init(&v, &type, 64, CurrentMemoryContext);
		for (uint32 i = 0; i < 65000; i++)
		{
			uint64		r = scramble(i) % (turn % 2 == 0 ? 24000 : 9000);
			char		text[64] = {0};

			/* a few values are much more common than others */
			if (turn % 2 == 0 && i % 3 != 0)
				r %= 8;
			snprintf(text, sizeof(text), "https://www.example.com/%llu",
					 (unsigned long long) scramble(r));
			if (i % 7 == 6 && turn > 1)
				olap_vector_append_null(&v);
			else
				olap_vector_append_var(&v, text, strlen(text));
		}
		CHECK_INT(round_trip(&v, &type).encoding, OLAP_ENC_DICT);
		CHECK(rows_decoded > before);
		olap_vector_free(&v);
	}
}

int
main(void)
{
	RUN(odd_strings_round_trip);
	RUN(dictionaries_are_sorted);
	RUN(rows_need_few_entries);
	return DONE();
}

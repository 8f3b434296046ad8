/*
 * test/unit/test_codec_strings.c
 *		Strings, and their dictionaries: in order, without duplicates, and read for a
 *		few rows by a few entries, as they are written and as they were before.
 */
#include "postgres.h"

#include "codec/bins.h"
#include "codec/dict_entries.h"
#include "codec/strings.h"
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
 * Values of the lengths where copying takes another step, that share nothing or prefixes
 * of such lengths, and empty ones at the end: the heap is what appends make of them,
 * padding included.
 */
static void
heaps_are_as_appended(void)
{
	static const uint16 edges[] = {0, 1, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 390};

	uint32		modes[MODE_GROUPS + 1] = {0};

	for (int turn = 0; turn < 600; turn++)
	{
		OlapColumnType type = data_type(OLAP_PHYS_VAR);
		uint32		n = turn % 3 == 0 ? OLAP_VECTOR_ROWS : 1 + scramble(turn) % 60;
		uint32		longest = 1 + scramble(turn + 1000) % (turn % 4 == 0 ? 400 : 140);
		bool		sorted = turn % 5 < 3;
		char		value[400] = {0};
		OlapVector	v;
		OlapVector	out;
		OlapBytes	bytes;
		const char *reason = NULL;

		type.typalign = turn % 2 == 0 ? 'i' : 'd';
		olap_vector_init(&v, &type, n, CurrentMemoryContext);
		olap_vector_init(&out, &type, n + 1, CurrentMemoryContext);
		olap_bytes_init(&bytes, CurrentMemoryContext);
		for (uint32 i = 0; i < n; i++)
		{
			uint64		r = scramble(turn * 10000 + i);
			size_t		len = n - i < r % 30 ? 0 : r / 32 % longest;
			size_t		shared = sorted ? edges[(r >> 40) % lengthof(edges)] : 0;

			if (r >> 50 & 1)
				len = Min(shared + (r >> 51) % 3, longest);
			for (size_t k = shared; k < len; k++)
				value[k] = (char) (scramble(r + k) % 5 * 50);
			olap_vector_append_var(&v, value, len);
		}
		(void) olap_strings_encode(&v, 0, n, sorted, turn % 4 < 3, &bytes);
		modes[bytes.data[0]]++;
		/* values before, as in a dictionary's heap */
		if (turn % 7 == 0)
			olap_vector_append_var(&out, "before", 6);
		CHECK(olap_strings_decode(bytes.data, bytes.len, n, &out, &reason));
		if (turn % 7 != 0)
		{
			size_t		align = type.typalign == 'd' ? 8 : 4;

			CHECK_INT(out.heap_len, TYPEALIGN(align, v.heap_len));
			CHECK(memcmp(out.heap, v.heap, v.heap_len) == 0);
			CHECK(memcmp(out.values, v.values, n * sizeof(uint32)) == 0);
			for (size_t i = v.heap_len; i < out.heap_len; i++)
				CHECK_INT(out.heap[i], 0);
		}
		else
		{
			uint32		wrong = 0;

			for (uint32 i = 0; i < n; i++)
				wrong += !data_equal(&v, i, &out, i + 1);
			CHECK_INT(wrong, 0);
		}
		olap_vector_free(&v);
		olap_vector_free(&out);
		pfree(bytes.data);
	}
	CHECK(modes[MODE_PLAIN] > 0 && modes[MODE_FRONT] > 0 && modes[MODE_FRONT_SHORT] > 0 &&
		  modes[MODE_GROUPS] > 0);
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

/* Value i of a sorted list of addresses. */
static int
address(uint32 i, char *text, size_t size)
{
	return snprintf(text, size, "https://www.example.com/%08u/%u", i * 3,
					(uint32) (scramble(i) % 1000000));
}

static void
append_block(OlapBytes *out, const uint8 *bytes, size_t len)
{
	size_t		at = out->len;
	uint32		stored = 0;

	olap_bytes_append(out, &stored, sizeof(stored));
	(void) olap_lz_append(out, bytes, len, true);
	stored = (uint32) (out->len - at - sizeof(stored));
	memcpy(out->data + at, &stored, sizeof(stored));
}

/* n values in mode 3: lengths in blocks of their own, the bytes of each 512 in one. */
static void
write_mode_3(uint32 n, OlapBytes *out)
{
	const uint8 mode = MODE_FRONT_GROUPS;
	uint8		rests[OLAP_VECTOR_ROWS];
	uint8		prefixes[OLAP_VECTOR_ROWS];
	OlapBytes	groups[OLAP_VECTOR_ROWS / GROUP_ROWS];
	uint32		ngroups = (n + GROUP_ROWS - 1) / GROUP_ROWS;
	char		last[64] = "";

	for (uint32 g = 0; g < ngroups; g++)
		olap_bytes_init(&groups[g], CurrentMemoryContext);
	for (uint32 i = 0; i < n; i++)
	{
		char		text[64];
		int			len = address(i, text, sizeof(text));
		int			prefix = 0;

		while (i % GROUP_ROWS != 0 && text[prefix] == last[prefix])
			prefix++;
		prefixes[i] = (uint8) prefix;
		rests[i] = (uint8) (len - prefix);
		olap_bytes_append(&groups[i / GROUP_ROWS], text + prefix, len - prefix);
		memcpy(last, text, sizeof(text));
	}
	olap_bytes_append(out, &mode, 1);
	append_block(out, rests, n);
	append_block(out, prefixes, n);
	for (uint32 g = 0; g < ngroups; g++)
	{
		OlapBytes	block;
		uint32		stored;

		olap_bytes_init(&block, CurrentMemoryContext);
		(void) olap_lz_append(&block, groups[g].data, groups[g].len, true);
		stored = (uint32) block.len;
		olap_bytes_append(out, &stored, sizeof(stored));
		pfree(block.data);
	}
	for (uint32 g = 0; g < ngroups; g++)
	{
		(void) olap_lz_append(out, groups[g].data, groups[g].len, true);
		pfree(groups[g].data);
	}
}

/* All values of a block of n addresses, and some of them alone. */
static void
check_addresses(const OlapBytes *block, uint32 n)
{
	static const OlapChunkSource in_place = {NULL};
	OlapColumnType type = data_type(OLAP_PHYS_VAR);
	const char *reason = NULL;
	uint32		wrong = 0;
	OlapVector	all;
	OlapVector	one;

	olap_vector_init(&all, &type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	olap_vector_init(&one, &type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	CHECK(olap_strings_decode(block->data, block->len, n, &all, &reason));
	CHECK_INT(all.n, n);
	for (uint32 i = 0; i < n; i++)
	{
		char		text[64];
		int			len = address(i, text, sizeof(text));
		const char *value = all.heap + ((uint32 *) all.values)[i];

		wrong += VARSIZE(value) - VARHDRSZ != len || memcmp(VARDATA(value), text, len) != 0;
		if (i % 61 != 0 && i + 1 != n)
			continue;
		CHECK(olap_strings_decode_row(&in_place, block->data, block->len, n, i, &one,
									  &reason));
		wrong += !data_equal(&all, i, &one, one.n - 1);
	}
	CHECK_INT(wrong, 0);
	olap_vector_free(&all);
	olap_vector_free(&one);
}

/* Blocks in the mode that is written, and in the one that was. */
static void
groups_of_values_are_read(void)
{
	const uint32 counts[] = {1, 511, 512, 513, 1500, 2047, 2048};

	for (int k = 0; k < (int) lengthof(counts); k++)
	{
		OlapColumnType type = data_type(OLAP_PHYS_VAR);
		OlapVector	v;
		OlapBytes	now;
		OlapBytes	before;

		olap_vector_init(&v, &type, 64, CurrentMemoryContext);
		for (uint32 i = 0; i < counts[k]; i++)
		{
			char		text[64];

			olap_vector_append_var(&v, text, address(i, text, sizeof(text)));
		}
		olap_bytes_init(&now, CurrentMemoryContext);
		olap_bytes_init(&before, CurrentMemoryContext);
		olap_strings_encode(&v, 0, v.n, true, true, &now);
		CHECK_INT(now.data[0], counts[k] > 1000 ? MODE_GROUPS : now.data[0]);
		check_addresses(&now, v.n);
		write_mode_3(v.n, &before);
		check_addresses(&before, v.n);
		olap_vector_free(&v);
		pfree(now.data);
		pfree(before.data);
	}
}

/* The chunk without the counts of classes, as it was written before. */
static void
drop_counts(OlapBytes *bytes)
{
	size_t		header = 24;	/* of the chunk; it has no NULLs */
	size_t		at;
	uint32		dict[3];
	size_t		len;

	memcpy(dict, bytes->data + header, sizeof(dict));
	CHECK((dict[0] & OLAP_DICT_COUNTS) != 0 && dict[2] > 0);
	dict[0] &= ~OLAP_DICT_COUNTS;
	memcpy(bytes->data + header, dict, sizeof(dict));
	at = header + sizeof(dict) + dict[1] + dict[2];
	len = (dict[0] + OLAP_VECTOR_ROWS - 1) / OLAP_VECTOR_ROWS * OLAP_CLASSES_VECTOR_BYTES;
	memmove(bytes->data + at, bytes->data + at + len, bytes->len - at - len);
	bytes->len -= len;
}

static void
dictionaries_without_counts_are_read(void)
{
	OlapColumnType type = data_type(OLAP_PHYS_VAR);
	OlapVector	v;
	OlapBytes	bytes;
	OlapChunkInfo info;
	uint64		before = rows_decoded;

	olap_vector_init(&v, &type, 64, CurrentMemoryContext);
	for (uint32 i = 0; i < 65000; i++)
	{
		char		text[64];
		uint32		r = (uint32) (scramble(i) % 24000);

		olap_vector_append_var(&v, text, address(i % 3 != 0 ? r % 8 : r, text, sizeof(text)));
	}
	olap_bytes_init(&bytes, CurrentMemoryContext);
	olap_chunk_encode(&v, &bytes, &info);
	CHECK_INT(info.encoding, OLAP_ENC_DICT);
	drop_counts(&bytes);
	check_pieces(&bytes, 0, &type, v.n);
	CHECK(rows_decoded > before);
	olap_vector_free(&v);
	pfree(bytes.data);
}

/* Counts that are not those of the classes are noticed. */
static void
false_counts_are_refused(void)
{
	OlapColumnType type = data_type(OLAP_PHYS_VAR);
	OlapVector	v;
	OlapVector	out;
	OlapBytes	bytes;
	OlapChunkInfo info;
	OlapChunk  *chunk;
	uint32		dict[3];
	const char *reason = NULL;

	olap_vector_init(&v, &type, 64, CurrentMemoryContext);
	for (uint32 i = 0; i < 65000; i++)
	{
		char		text[64];
		uint32		r = (uint32) (scramble(i) % 24000);

		olap_vector_append_var(&v, text, address(i % 3 != 0 ? r % 8 : r, text, sizeof(text)));
	}
	olap_bytes_init(&bytes, CurrentMemoryContext);
	olap_chunk_encode(&v, &bytes, &info);
	memcpy(dict, bytes.data + 24, sizeof(dict));
	CHECK((dict[0] & OLAP_DICT_COUNTS) != 0);
	bytes.data[24 + sizeof(dict) + dict[1] + dict[2]] ^= 1;
	chunk = olap_chunk_open(bytes.data, bytes.len, &type, v.n, CurrentMemoryContext,
							&reason);
	CHECK(chunk != NULL);
	olap_vector_init(&out, &type, OLAP_VECTOR_ROWS, CurrentMemoryContext);
	CHECK(!olap_chunk_decode(chunk, 0, &out, &reason));
	CHECK(reason != NULL);
	olap_chunk_close(chunk);
	olap_vector_free(&out);
	olap_vector_free(&v);
	pfree(bytes.data);
}

int
main(void)
{
	RUN(odd_strings_round_trip);
	RUN(heaps_are_as_appended);
	RUN(dictionaries_are_sorted);
	RUN(rows_need_few_entries);
	RUN(groups_of_values_are_read);
	RUN(dictionaries_without_counts_are_read);
	RUN(false_counts_are_refused);
	return DONE();
}

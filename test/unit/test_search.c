/*
 * test/unit/test_search.c
 *		A needle is found where a naive search finds it, and nowhere else.
 */
#include "postgres.h"

#include "unit.h"
#include "vector/search.h"

static const uint8 *
find_naively(const uint8 *needle, size_t m, const uint8 *hay, size_t len)
{
	for (size_t i = 0; i + m <= len; i++)
		if (memcmp(hay + i, needle, m) == 0)
			return hay + i;
	return NULL;
}

/* In memory of its own size each, so that the sanitizer sees what is read. */
static void
check_find(const uint8 *bytes, size_t m, const uint8 *from, size_t len)
{
	uint8	   *hay = palloc(Max(len, 1));
	uint8	   *copy = palloc(m);
	OlapNeedle	needle;

	memcpy(hay, from, len);
	memcpy(copy, bytes, m);
	olap_needle_init(&needle, copy, m);
	CHECK(olap_needle_find(&needle, hay, len) == find_naively(copy, m, hay, len));
	pfree(hay);
	pfree(copy);
}

static void
random_needles_are_found(void)
{
	static const int alphabets[] = {1, 2, 3, 26, 256};

	for (int turn = 0; turn < 200000; turn++)
	{
		int			alphabet = alphabets[unit_random() % lengthof(alphabets)];
		size_t		len = unit_random() % (turn % 50 == 0 ? 900 : 150);
		size_t		m = 1 + unit_random() % (turn % 50 == 0 ? 400 : 20);
		uint8		hay[900];
		uint8		needle[400];

		for (size_t i = 0; i < len; i++)
			hay[i] = (uint8) ('a' + unit_random() % alphabet);
		for (size_t i = 0; i < m; i++)
			needle[i] = (uint8) ('a' + unit_random() % alphabet);
		/* half of them are there, or are up to a byte */
		if (turn % 2 == 0 && m <= len)
			memcpy(needle, hay + unit_random() % (len - m + 1), m);
		if (turn % 4 == 0)
			needle[unit_random() % m] ^= 1;
		check_find(needle, m, hay, len);
	}
}

/* At each place of hays whose other bytes are like the needle's. */
static void
needles_are_found_at_all_places(void)
{
	static const size_t lens[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 40, 255, 256, 257};

	for (int l = 0; l < lengthof(lens); l++)
		for (size_t len = lens[l]; len < lens[l] + 150; len += 1 + len / 20)
			for (size_t at = 0; at + lens[l] <= len; at++)
			{
				uint8		hay[500];

				memset(hay, 'a', len);
				hay[at + lens[l] - 1] = 'b';
				check_find(hay + at, lens[l], hay, len);
				hay[at + lens[l] / 2] = 'c';
				check_find(hay + at, lens[l], hay, len);
			}
}

int
main(void)
{
	RUN(random_needles_are_found);
	RUN(needles_are_found_at_all_places);
	return DONE();
}

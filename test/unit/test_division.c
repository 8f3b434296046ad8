/*
 * test/unit/test_division.c
 *		Rows are divided by their key's value alone, each into one part.
 */
#include "postgres.h"

#include <stdlib.h>

#include "group_data.h"
#include "vector/division.h"

#define MAX_PARTS 5

/* The part that each process, alone with its vector, says row i is of. */
static void
parts_of(const OlapVector *v, OlapOrder order, uint32 n, uint32 nparts, uint8 *parts)
{
	uint16		positions[OLAP_VECTOR_ROWS];
	uint32		total = 0;

	memset(parts, 0xFF, n);
	for (uint32 part = 0; part < nparts; part++)
	{
		OlapDivision *division = olap_division_create(order, nparts,
													  CurrentMemoryContext);
		uint32		count = olap_division_rows(division, v, n, part, positions);

		for (uint32 i = 0; i < count; i++)
		{
			CHECK(i == 0 || positions[i] > positions[i - 1]);
			CHECK_INT(parts[positions[i]], 0xFF);
			parts[positions[i]] = part;
		}
		total += count;
	}
	CHECK_INT(total, n);
}

/* Equal values have equal parts, whatever vector they are in. */
static void
equal_values_stay_together(void)
{
	for (int kind = 0; kind < DATA_KINDS; kind++)
	{
		DataColumn	column = data_column(kind, kind % 2 == 0);

		if (!olap_order_is_exact(column.order))
			continue;
		for (uint32 nparts = 1; nparts <= MAX_PARTS; nparts++)
		{
			/* a table of values that have been seen, by their form */
			char		seen[512][64];
			int			lengths[512];
			uint8		known[512];
			int			nseen = 0;

			for (int round = 0; round < 12; round++)
			{
				uint32		n = round % 4 == 3 ? 17 : 300;
				OlapVector *v = data_vector(&column, n, round % 3,
											column.order == OLAP_ORDER_BYTES && round % 2);
				uint8		parts[300];

				parts_of(v, column.order, n, nparts, parts);
				for (uint32 i = 0; i < n; i++)
				{
					char		form[64];
					int			len = data_canonical(v, column.order, i, form);
					int			at = 0;

					while (at < nseen && (lengths[at] != len ||
										  memcmp(seen[at], form, len) != 0))
						at++;
					if (at < nseen)
						CHECK_INT(parts[i], known[at]);
					else if (nseen < lengthof(seen))
					{
						memcpy(seen[nseen], form, len);
						lengths[nseen] = len;
						known[nseen++] = parts[i];
					}
				}
			}
		}
	}
}

/* A dictionary that grows, and one that takes another's place. */
static void
dictionaries_may_change(void)
{
	DataColumn	column = data_column(DATA_TEXT, false);
	OlapDivision *division = olap_division_create(OLAP_ORDER_BYTES, 3,
												  CurrentMemoryContext);
	OlapVector	dict;
	OlapVector	v;
	uint32		codes[OLAP_VECTOR_ROWS];
	uint16		positions[OLAP_VECTOR_ROWS];
	uint16		again[OLAP_VECTOR_ROWS];

	olap_vector_init(&dict, &column.type, 0, CurrentMemoryContext);
	for (int round = 0; round < 8; round++)
	{
		uint32		n = 100,
					count;
		OlapVector	plain;

		if (round == 5)
		{
			olap_vector_reset(&dict, &column.type);
			olap_division_new_place(division);
		}
		for (int i = 0; i < 40; i++)
		{
			char		text[32];

			snprintf(text, sizeof(text), "%d of %d", i, round);
			olap_vector_append_var(&dict, text, strlen(text));
		}
		olap_vector_init(&v, &column.type, n, CurrentMemoryContext);
		for (uint32 i = 0; i < n; i++)
		{
			const char *entry;

			codes[i] = unit_random() % dict.n;
			entry = dict.heap + ((uint32 *) dict.values)[codes[i]];
			olap_vector_append_var(&v, VARDATA(entry), VARSIZE(entry) - VARHDRSZ);
		}
		plain = v;
		v.codes = codes;
		v.dict = &dict;
		count = olap_division_rows(division, &v, n, 1, positions);
		CHECK_INT(olap_division_rows(olap_division_create(OLAP_ORDER_BYTES, 3, CurrentMemoryContext),
									 &plain, n, 1, again), count);
		CHECK(memcmp(positions, again, count * sizeof(uint16)) == 0);
	}
}

/* Numbers in a row, and strings that differ little, make parts of about one size. */
static void
parts_are_about_equal(void)
{
	DataColumn	columns[] = {data_column(DATA_RANGE, false), data_column(DATA_WORDS, false)};

	for (int c = 0; c < lengthof(columns); c++)
		for (uint32 nparts = 2; nparts <= MAX_PARTS; nparts++)
		{
			uint32		n = 2000;
			OlapVector	v;
			uint8		parts[2000];
			uint32		counts[MAX_PARTS] = {0};

			olap_vector_init(&v, &columns[c].type, n, CurrentMemoryContext);
			for (uint32 i = 0; i < n; i++)
				data_append(&v, columns[c].kind, i);
			parts_of(&v, columns[c].order, n, nparts, parts);
			for (uint32 i = 0; i < n; i++)
				counts[parts[i]]++;
			for (uint32 part = 0; part < nparts; part++)
				CHECK(abs((int) counts[part] - (int) (n / nparts)) < (int) (n / nparts / 4));
		}
}

int
main(void)
{
	RUN(equal_values_stay_together);
	RUN(dictionaries_may_change);
	RUN(parts_are_about_equal);
	return DONE();
}

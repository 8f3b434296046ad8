/*
 * test/unit/test_expr_bytes.c
 *		Filters of texts and uuids keep exactly the rows a scalar reference keeps:
 *		plain and through dictionaries, with and without NULLs and selections.
 */
#include "postgres.h"

#include "expr_check.h"

static void
check_text(bool with_dict, Nulls nulls)
{
	OlapVector	v;
	OlapVector	dict;
	int			word[ROWS];
	bool		expected[ROWS];

	make_words(&v, with_dict ? &dict : NULL, word, nulls);
	for (int c = 0; c < lengthof(words); c++)
	{
		OlapExprValue list[] = {
			{.data = (const uint8 *) words[c], .len = strlen(words[c])},
			{.data = (const uint8 *) "zzzz", .len = 4},
			{.data = (const uint8 *) "none", .len = 4}
		};

		for (int blanks = 0; blanks < 2; blanks++)
			for (OlapCompare cmp = OLAP_CMP_LT; cmp <= OLAP_CMP_GT; cmp++)
			{
				for (uint32 i = 0; i < ROWS; i++)
					expected[i] = !null_at(nulls, i) &&
						truth(cmp, order_text(words[word[i]], words[c], blanks));
				check_filter(olap_expr_compare(0, blanks ? OLAP_ORDER_BYTES :
											   OLAP_ORDER_BPCHAR, cmp, list),
							 &v, 1, expected);
			}
		for (int negated = 0; negated < 2; negated++)
		{
			for (uint32 i = 0; i < ROWS; i++)
				expected[i] = !null_at(nulls, i) &&
					(word[i] == c || strcmp(words[word[i]], "zzzz") == 0) !=
					(bool) negated;
			check_filter(olap_expr_in(0, OLAP_ORDER_BYTES, negated, list, 3,
									  false), &v, 1, expected);
			for (uint32 i = 0; i < ROWS; i++)
				expected[i] = !null_at(nulls, i) &&
					(strncmp(words[word[i]], words[c], strlen(words[c])) == 0) !=
					(bool) negated;
			check_filter(olap_expr_prefix(0, negated, list), &v, 1, expected);
		}
	}
}

static void
texts_compare_bytewise(void)
{
	for (Nulls nulls = NULLS_NONE; nulls <= NULLS_ALL; nulls++)
	{
		check_text(false, nulls);
		check_text(true, nulls);
	}
}

/* LIKE by its definition: recursion over pattern and value. */
static bool
like(const char *p, const char *s)
{
	if (*p == '\0')
		return *s == '\0';
	if (*p == '%')
		return like(p + 1, s) || (*s != '\0' && like(p, s + 1));
	if (*s == '\0')
		return false;
	if (*p == '_')
	{
		s++;
		while ((*s & 0xC0) == 0x80)
			s++;
		return like(p + 1, s);
	}
	if (*p == '\\')
		p++;
	return *p == *s && like(p + 1, s + 1);
}

static void
like_matches_by_its_definition(void)
{
	static const char *const fixed[] = {
		"", "%", "%%", "_", "__", "%_", "_%", "a%", "%c", "%b%", "a%c", "a_c%",
		"%abc", "abc%abc", "%a%b%c%", "\\%", "a\\%c", "\\_", "\\\\", "_\xc3\xb6",
		"%\xc3\xb6", "x_", "x\xe2\x82\xac", "%_c", "%a_c_b%", "a%\\%%", "_%_%_",
		"%b_aa%"
	};
	static const char *const tokens[] = {
		"a", "a", "b", "c", "\xc3\xa4", "\xe2\x82\xac", "%", "%", "%", "_", "_"
	};

	for (int i = 0; i < lengthof(fixed) + 10000; i++)
	{
		char		random[64] = "";
		char		value[64] = "";
		const char *pattern = random;
		bool		expected[lengthof(words) + 1];
		OlapColumnType type = make_type(TEXTOID, -1, -1, false, 'i');
		OlapVector	v;

		/* the first six are literals; half of the patterns are made of the value */
		for (int n = (int) (unit_random() % 12); n > 0 && i % 2 == 0; n--)
			strcat(random, tokens[unit_random() % lengthof(tokens)]);
		strcat(random, i % 4 == 1 ? "%" : "");
		for (int n = (int) (unit_random() % 16); n > 0; n--)
		{
			const char *token = tokens[unit_random() % (i % 8 == 1 ? 3 : 6)];
			int			change = (int) (unit_random() % 12);

			strcat(value, token);
			if (i % 2 == 1)
				strcat(random, change < 3 ? "_" : change < 5 ? "%" : change < 6 ? "" : token);
		}
		strcat(random, i % 4 == 1 ? "%" : "");
		if (i < lengthof(fixed))
			pattern = fixed[i];

		olap_vector_init(&v, &type, ROWS, CurrentMemoryContext);
		for (int w = 0; w <= lengthof(words); w++)
		{
			const char *word = w < lengthof(words) ? words[w] : value;

			olap_vector_append_var(&v, word, strlen(word));
			expected[w] = like(pattern, word);
		}
		check_filter(olap_expr_like(0, false, (const uint8 *) pattern,
									strlen(pattern), true), &v, 1, expected);
		for (int w = 0; w <= lengthof(words); w++)
			expected[w] = !expected[w];
		check_filter(olap_expr_like(0, true, (const uint8 *) pattern,
									strlen(pattern), true), &v, 1, expected);
		olap_vector_free(&v);
	}
	CHECK(olap_expr_like(0, false, (const uint8 *) "a\\", 2, true) == NULL);
}

/* The same of values with any bytes, of which each is a character. */
static bool
like_bytes(const uint8 *p, size_t plen, const uint8 *s, size_t len)
{
	if (plen == 0)
		return len == 0;
	if (*p == '%')
		return like_bytes(p + 1, plen - 1, s, len) ||
			(len > 0 && like_bytes(p, plen, s + 1, len - 1));
	if (len == 0)
		return false;
	if (*p == '_')
		return like_bytes(p + 1, plen - 1, s + 1, len - 1);
	if (*p == '\\')
	{
		p++;
		plen--;
	}
	return *p == *s && like_bytes(p + 1, plen - 1, s + 1, len - 1);
}

/* Rows some of which are empty, long, NULL, or share the value of the one before. */
static void
make_many(OlapVector *v, uint32 n, int alphabet, bool nulls)
{
	OlapColumnType type = make_type(TEXTOID, -1, -1, false,
									unit_random() % 2 == 0 ? 'i' : 'd');

	olap_vector_init(v, &type, n, CurrentMemoryContext);
	for (uint32 i = 0; i < n; i++)
	{
		uint8		value[200];
		size_t		len = unit_random() % 100 == 0 ? unit_random() % sizeof(value) :
			unit_random() % 12;

		/* NULs and bytes that headers have as well */
		for (size_t k = 0; k < len; k++)
			value[k] = "abc\0 $(d"[unit_random() % alphabet];
		if (nulls && unit_random() % 5 == 0)
			olap_vector_append_null(v);
		else if (i > 0 && !olap_vector_is_null(v, i - 1) && unit_random() % 7 == 0)
		{
			uint32	   *offsets = v->values;

			if (v->valid != NULL)
				v->valid[i / 64] |= UINT64CONST(1) << i % 64;
			offsets[i] = offsets[i - 1];
			v->n++;
		}
		else
			olap_vector_append_var(v, (const char *) value, len);
	}
}

/* Bytes of the heap as they are, headers and borders of values included. */
static size_t
add_slice(uint8 *pattern, size_t len, const OlapVector *v)
{
	size_t		m = 1 + unit_random() % 12;
	size_t		at = unit_random() % (v->heap_len - m);

	for (size_t i = 0; i < m; i++)
	{
		uint8		byte = (uint8) v->heap[at + i];

		if (byte == '%' || byte == '_' || byte == '\\')
			pattern[len++] = '\\';
		pattern[len++] = byte;
	}
	return len;
}

static void
like_finds_nothing_across_rows(void)
{
	static const char *const shapes[] = {
		"%x%", "%x%", "%x%x%", "a%x%", "%x%b", "%_x%", "%x_x%", "%x__%x%", "%x"
	};

	for (int turn = 0; turn < 3000; turn++)
	{
		const char *shape = shapes[unit_random() % lengthof(shapes)];
		uint32		n = turn % 10 == 0 ? OLAP_VECTOR_ROWS : 1 + unit_random() % 300;
		uint8		pattern[100];
		size_t		len = 0;
		OlapVector	v;
		bool		expected[OLAP_VECTOR_ROWS];

		make_many(&v, n, 1 + unit_random() % 8, turn % 3 == 0);
		if (v.heap_len < 16)
			olap_vector_append_var(&v, "aaaaaaaaaaaa", 12);
		for (; *shape != '\0'; shape++)
			if (*shape == 'x')
				len = add_slice(pattern, len, &v);
			else
				pattern[len++] = (uint8) *shape;
		for (int negated = 0; negated < 2; negated++)
		{
			for (uint32 i = 0; i < v.n; i++)
			{
				const char *value = v.heap + ((uint32 *) v.values)[i];

				expected[i] = !olap_vector_is_null(&v, i) &&
					like_bytes(pattern, len, (const uint8 *) VARDATA(value),
							   VARSIZE(value) - VARHDRSZ) != (bool) negated;
			}
			check_filter(olap_expr_like(0, negated, pattern, len, false), &v, 1, expected);
		}
		olap_vector_free(&v);
	}
}

/* Many rows have the value that is found, and NULLs among them repeat its place. */
static void
like_finds_values_that_rows_share(void)
{
	for (uint32 from = 0; from < 80; from++)
	{
		OlapColumnType type = make_type(TEXTOID, -1, -1, false, 'i');
		OlapVector	v;
		bool		expected[300];

		olap_vector_init(&v, &type, 300, CurrentMemoryContext);
		for (uint32 i = 0; i < 300; i++)
		{
			if (i % 7 == 3 && i != from)
				olap_vector_append_null(&v);
			else
				olap_vector_append_var(&v, i == from ? "a needle" : "hay", i == from ? 8 : 3);
			expected[i] = i >= from && i < from + 150 && (i == from || i % 7 != 3);
			if (i > from && i < from + 150)
				((uint32 *) v.values)[i] = ((uint32 *) v.values)[from];
		}
		check_filter(olap_expr_like(0, false, (const uint8 *) "%need%", 6, true), &v, 1,
					 expected);
		olap_vector_free(&v);
	}
}

/* A byte is a character where the encoding says so. */
static void
like_counts_bytes_in_single_byte_encodings(void)
{
	OlapColumnType type = make_type(TEXTOID, -1, -1, false, 'i');
	OlapVector	v;
	bool		expected[1] = {true};

	olap_vector_init(&v, &type, 1, CurrentMemoryContext);
	olap_vector_append_var(&v, "\xc3\xa4", 2);
	check_filter(olap_expr_like(0, false, (const uint8 *) "__", 2, false), &v,
				 1, expected);
	expected[0] = false;
	check_filter(olap_expr_like(0, false, (const uint8 *) "__", 2, true), &v, 1,
				 expected);
}

static void
uuids_compare_bytewise(void)
{
	OlapColumnType type = make_type(UUIDOID, -1, 16, false, 'c');
	uint8		constant[16] = {1, 2, 3};
	OlapExprValue value = {.data = constant, .len = 16};
	OlapVector	v;
	int			order[ROWS];
	bool		expected[ROWS];

	olap_vector_init(&v, &type, ROWS, CurrentMemoryContext);
	for (uint32 i = 0; i < ROWS; i++)
	{
		uint8		id[16] = {1, 2, (uint8) (unit_random() % 5)};

		id[15] = (uint8) (unit_random() % 2);
		olap_vector_append_fixed(&v, id);
		order[i] = memcmp(id, constant, 16);
	}
	for (OlapCompare cmp = OLAP_CMP_LT; cmp <= OLAP_CMP_GT; cmp++)
	{
		for (uint32 i = 0; i < ROWS; i++)
			expected[i] = truth(cmp, order[i]);
		check_filter(olap_expr_compare(0, OLAP_ORDER_BYTES, cmp, &value), &v, 1,
					 expected);
	}
}

/* A new dictionary at the old address is not answered from memory. */
static void
answers_do_not_outlive_their_dictionary(void)
{
	OlapExprValue value = {.data = (const uint8 *) "b", .len = 1};
	OlapExpr   *expr = olap_expr_compare(0, OLAP_ORDER_BYTES, OLAP_CMP_EQ,
										 &value);
	OlapFilter *filter = olap_filter_create(&expr, 1, CurrentMemoryContext);
	OlapColumnType type = make_type(TEXTOID, -1, -1, false, 'i');
	OlapVector	v;
	OlapVector	dict;
	uint32		codes[1] = {0};

	olap_vector_init(&dict, &type, 1, CurrentMemoryContext);
	olap_vector_append_var(&dict, "a", 1);
	olap_vector_init(&v, &type, 1, CurrentMemoryContext);
	olap_vector_append_var(&v, "a", 1);
	v.codes = codes;
	v.dict = &dict;
	CHECK_INT(olap_filter_run(filter, make_batch(&v, 1)), 0);
	memcpy(VARDATA(dict.heap), "b", 1);
	olap_filter_new_place(filter);
	CHECK_INT(olap_filter_run(filter, make_batch(&v, 1)), 1);
}

/* Entry i, of the dictionary with this number. */
static int
make_entry(char *text, uint32 i, int number)
{
	return sprintf(text, "%05u-%d-entry", i * 7919 % 65536, number);
}

/*
 * Rows ask for entries one by one until all entries are answered: the answers are the
 * same, and those of the next dictionary, which has the same address, are others.
 */
static void
large_dictionaries_are_asked_in_part_and_whole(void)
{
	OlapExprValue value = {.data = (const uint8 *) "00000-1-entry", .len = 13};
	OlapExpr   *exprs[] = {
		olap_expr_like(0, false, (const uint8 *) "%7-1-%", 6, true),
		olap_expr_like(0, true, (const uint8 *) "0%", 2, true),
		olap_expr_compare(0, OLAP_ORDER_BYTES, OLAP_CMP_EQ, &value),
		olap_expr_compare(0, OLAP_ORDER_BYTES, OLAP_CMP_NE, &value)
	};
	OlapColumnType type = make_type(TEXTOID, -1, -1, false, 'i');

	for (int e = 0; e < lengthof(exprs); e++)
	{
		OlapFilter *filter = olap_filter_create(&exprs[e], 1, CurrentMemoryContext);
		OlapVector	dict;

		for (int turn = 0; turn < 60; turn++)
		{
			int			number = turn < 40;
			uint32		entries = turn < 40 ? 9000 : 12000;
			OlapVector	v;
			uint32		codes[ROWS];
			OlapBatch  *batch;
			uint32		kept = 0;
			uint32		wrong = 0;
			char		text[32];

			if (turn % 40 == 0)
			{
				olap_vector_init(&dict, &type, entries, CurrentMemoryContext);
				for (uint32 i = 0; i < entries; i++)
					olap_vector_append_var(&dict, text, make_entry(text, i, number));
				olap_filter_new_place(filter);
			}
			olap_vector_init(&v, &type, ROWS, CurrentMemoryContext);
			v.n = ROWS;
			for (uint32 i = 0; i < ROWS; i++)
				codes[i] = unit_random() % 20 == 0 ? 0 : (uint32) (unit_random() % entries);
			v.codes = codes;
			v.dict = &dict;
			batch = make_batch(&v, 1);
			olap_filter_run(filter, batch);
			for (uint32 i = 0; i < ROWS; i++)
			{
				bool		expected;

				make_entry(text, codes[i], number);
				expected = e == 0 ? strstr(text, "7-1-") != NULL : e == 1 ? text[0] != '0' :
					(strcmp(text, "00000-1-entry") == 0) == (e == 2);
				if (!expected)
					continue;
				wrong += kept >= batch->nsel ||
					(batch->sel != NULL ? batch->sel[kept] : kept) != i;
				kept++;
			}
			CHECK_INT(wrong, 0);
			CHECK_INT(batch->nsel, kept);
		}
	}
}

int
main(void)
{
	RUN(texts_compare_bytewise);
	RUN(like_matches_by_its_definition);
	RUN(like_finds_nothing_across_rows);
	RUN(like_finds_values_that_rows_share);
	RUN(like_counts_bytes_in_single_byte_encodings);
	RUN(uuids_compare_bytewise);
	RUN(answers_do_not_outlive_their_dictionary);
	RUN(large_dictionaries_are_asked_in_part_and_whole);
	return DONE();
}

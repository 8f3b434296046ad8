/*
 * test/unit/test_program_text.c
 *		Lengths of strings, against characters counted one by one.
 */
#include "postgres.h"

#include "program_check.h"

#define MAX_CHARS 600

/* The first and the last character of each length in UTF-8, and some between. */
static const char *const chars[] = {
	"\x01", "a", "\x7F", "\xC2\x80", "\xC3\xA9", "\xDF\xBF", "\xE0\xA0\x80",
	"\xE2\x82\xAC", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF0\x9F\x98\x80",
	"\xF4\x8F\xBF\xBF"
};

/* A string of nchars characters; returns its bytes. */
static size_t
make_string(char *out, uint32 nchars)
{
	size_t		len = 0;
	uint32		kinds = 1 + unit_random() % lengthof(chars);

	for (uint32 i = 0; i < nchars; i++)
	{
		const char *c = chars[unit_random() % kinds];

		if (unit_random() % 4 == 0)
			c = chars[lengthof(chars) - 1];
		memcpy(out + len, c, strlen(c));
		len += strlen(c);
	}
	return len;
}

static void
fill_strings(OlapVector *v, uint32 n, bool nulls, int32 *nchars, int32 *nbytes)
{
	static char buffer[MAX_CHARS * 4];

	olap_vector_init(v, &text_type, n, CurrentMemoryContext);
	for (uint32 i = 0; i < n; i++)
	{
		/* every short length, and longer ones */
		nchars[i] = i < 80 ? (int32) i : (int32) (unit_random() % MAX_CHARS);
		nbytes[i] = (int32) make_string(buffer, (uint32) nchars[i]);
		if (nulls && null_at(i))
			olap_vector_append_null(v);
		else
			olap_vector_append_var(v, buffer, (size_t) nbytes[i]);
	}
}

static uint32
count_wrong(const OlapVector *v, const OlapBatch *batch, const OlapVector *col,
			const int32 *want)
{
	uint32		wrong = v->n != batch->nsel;

	for (uint32 i = 0; i < batch->nsel; i++)
	{
		uint32		row = row_of(batch, i);
		bool		isnull = olap_vector_is_null(col, row);

		wrong += isnull != olap_vector_is_null(v, i) ||
			(!isnull && int_at(v, i) !=
			 want[col->codes != NULL ? col->codes[row] : row]);
	}
	return wrong;
}

static OlapProgram *
make_program(void)
{
	OlapProgram *program = olap_program_create(CurrentMemoryContext);
	OlapScope  *root = olap_program_root(program);
	OlapNode   *a = olap_node_column(root, &text_type, 0);

	olap_program_add(program, olap_node_length(root, false, &int4_type, a));
	olap_program_add(program, olap_node_length(root, true, &int4_type, a));
	return program;
}

static void
lengths_of_rows(void)
{
	OlapProgram *program = make_program();

	for (int round = 0; round < 40; round++)
	{
		OlapVector	col;
		int32		nchars[ROWS];
		int32		nbytes[ROWS];
		OlapBatch  *batch;

		fill_strings(&col, ROWS, round % 2 != 0, nchars, nbytes);
		batch = make_batch(&col, 1, round % 4 >= 2);
		olap_program_next(program);
		CHECK_INT(count_wrong(olap_program_eval(program, 0, batch), batch, &col,
							  nbytes), 0);
		CHECK_INT(count_wrong(olap_program_eval(program, 1, batch), batch, &col,
							  nchars), 0);
		olap_vector_free(&col);
	}
	olap_program_free(program);
}

/* Dictionaries that grow, and others at the same address in the next place. */
static void
lengths_by_dictionary(void)
{
	OlapProgram *program = make_program();
	OlapVector	dict;
	OlapVector	col;
	uint32		codes[ROWS];
	int32		nchars[ROWS];
	int32		nbytes[ROWS];
	OlapBatch  *batch;

	for (int round = 0; round < 20; round++)
	{
		uint32		nentries = round < 10 ? 200 : 50;

		fill_strings(&dict, nentries, false, nchars, nbytes);
		olap_program_new_place(program);
		for (uint32 n = nentries / 3; n <= nentries; n += nentries / 3)
		{
			dict.n = n;
			fill_ints(&col, &int4_type, true, 1);	/* values are not looked at */
			col.phys = OLAP_PHYS_VAR;
			for (uint32 i = 0; i < ROWS; i++)
				codes[i] = olap_vector_is_null(&col, i) ? PG_UINT32_MAX :
					(uint32) (unit_random() % n);
			col.codes = codes;
			col.dict = &dict;
			batch = make_batch(&col, 1, n % 2 == 0);
			olap_program_next(program);
			CHECK_INT(count_wrong(olap_program_eval(program, 0, batch), batch,
								  &col, nbytes), 0);
			CHECK_INT(count_wrong(olap_program_eval(program, 1, batch), batch,
								  &col, nchars), 0);
		}
	}
	olap_program_free(program);
}

/* A vector of NULLs alone has no bytes at all. */
static void
lengths_of_nothing(void)
{
	OlapProgram *program = make_program();
	OlapVector	col;
	OlapBatch  *batch;
	int32		none[ROWS] = {0};

	olap_vector_init(&col, &text_type, ROWS, CurrentMemoryContext);
	for (int i = 0; i < 100; i++)
		olap_vector_append_null(&col);
	col.heap = NULL;
	col.heap_len = 0;
	batch = make_batch(&col, 1, false);
	for (int out = 0; out < 2; out++)
		CHECK_INT(count_wrong(olap_program_eval(program, out, batch), batch, &col,
							  none), 0);
	olap_program_free(program);
}

int
main(void)
{
	make_types();
	RUN(lengths_of_rows);
	RUN(lengths_by_dictionary);
	RUN(lengths_of_nothing);
	return DONE();
}
